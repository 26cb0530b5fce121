"""Retention under a named convention, and the bridge from one convention to another.

Conventions:

- A window ends with a month and opens with the last month before it. *Customers of the opening* pay
  there; *others* do not: they came, or came back, within the window.
- Every figure is the opening and what is added to it or taken off, cause by cause. So two figures
  differ by their causes, and a :class:`Bridge` has a line for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.conventions import POINT_TO_POINT, Method, RetentionConvention, check_convention
from cslib.cubes import CubeError, CustomerCube, check_cube
from cslib.money import to_major
from cslib.periods import Period
from cslib.rates import Rate
from cslib.series import text_table

__all__ = ["Bridge", "BridgeLine", "Retention", "retention", "retention_bridge"]

Integers: TypeAlias = npt.NDArray[np.int64]


@attrs.frozen(kw_only=True, repr=False)
class Retention:
    """Retention over one window under a convention, each rate with its evidence.

    Attributes:
        month: The month in which the window ends.
        currency: ISO 4217 code.
        grr: Gross revenue retention, in minor units; printed in major ones.
        nrr: Net revenue retention, likewise.
        logos: Logo retention.
    """

    month: Period
    currency: str
    grr: Rate
    nrr: Rate
    logos: Rate

    def __repr__(self) -> str:
        rows = [
            f"retention to {self.month}, {self.grr.convention.removeprefix('GRR, ')}",
            f"  GRR    {self._major(self.grr)}",
            f"  NRR    {self._major(self.nrr)}",
            f"  logos  {attrs.evolve(self.logos, convention='')}",
        ]
        return "\n".join(rows)

    def _major(self, rate: Rate) -> str:
        """A rate of minor units in major ones, and its currency."""
        both = (rate.numerator, rate.denominator)
        above, below = (to_major(int(each), self.currency) for each in both)
        shown = attrs.evolve(rate, numerator=above, denominator=below, convention="")
        return f"{self.currency} {shown}"


def retention(
    cube: CustomerCube, month: Period, convention: RetentionConvention = POINT_TO_POINT
) -> Retention:
    """Gross, net and logo retention over the window that ends with a month.

    Point to point, over the customers ``i`` who pay ``b`` at the opening and ``a`` at the closing:
    GRR is ``sum(min(a, b)) / sum(b)``, NRR ``sum(a) / sum(b)``, logo retention the share of them
    with ``a > 0``. By movements: GRR is ``1 - (contraction + churn) / opening``, NRR adds
    ``(expansion + reactivation) / opening``, logo retention is ``1 - churned / opening``; these may
    fall below 0.

    GRR point to point has an interval that weighs each customer by what it paid, logo retention
    Wilson's. What is no proportion has none, and says so.

    Args:
        cube: Recurring revenue by customer and month.
        month: The month in which the window ends.
        convention: What counts, such as :data:`~cslib.conventions.GITLAB`.

    Raises:
        CubeError: If the cube does not have the whole window and the month before it.
        DefinitionError: If the convention is none of retention.

    >>> january, february = Period.month(2026, 1), Period.month(2026, 2)
    >>> rows = [("ada", january, 100), ("bo", january, 50), ("ada", february, 120)]
    >>> cube = CustomerCube.of_rows(rows, currency="EUR")
    >>> found = retention(cube, february, RetentionConvention(name="a month", months=1))
    >>> f"{found.grr:.1%}", f"{found.nrr:.1%}", f"{found.logos:.0%}"
    ('66.7%', '80.0%', '50%')
    >>> found
    retention to 2026-02, a month, over a month
      GRR    EUR 100.00 of 150.00 = 66.7 % (14.8 to 95.8 %, 95 % Wilson on n_eff 1.8)
      NRR    EUR 120.00 of 150.00 = 80.0 % (no interval: a net rate is no proportion)
      logos  1 of 2 = 50.0 % (9.5 to 90.5 %, 95 % Wilson)
    """
    window = _Window.of(cube, month, convention)
    rates = {measure: _rate(window, convention, measure) for measure in _MEASURES}
    return Retention(month=month, currency=cube.currency, **rates)


_MEASURES = {"grr": "GRR", "nrr": "NRR", "logos": "logo retention"}


def _rate(window: _Window, convention: RetentionConvention, measure: str) -> Rate:
    """One rate of a window: of its customers, or by movements of totals."""
    span = "over a month" if convention.months == 1 else f"over {convention.months} months"
    name = ", ".join(filter(None, [_MEASURES[measure], convention.name, span, window.basis]))
    before, after = window.before, window.after
    if convention.method is Method.MOVEMENTS:
        causes = _causes(window, convention, measure)
        below = causes[_OPENING] + causes.get(_CAME, 0)
        return Rate(numerator=sum(causes.values()), denominator=below, convention=name)
    if measure == "logos":
        return Rate.of_counts(int(np.count_nonzero(after)), len(before), convention=name)
    kept = np.minimum(before, after) if measure == "grr" else after
    return Rate.of_values(kept.tolist(), before.tolist(), convention=name)


# --------------------------------------------------------------------------------------
# What happened in a window


@attrs.frozen
class _Window:
    """What the customers of the opening paid before and after, and what happened in between."""

    before: Integers
    after: Integers
    sums: Mapping[str, int]
    came: int
    basis: str

    @classmethod
    def of(cls, cube: CustomerCube, month: Period, convention: RetentionConvention) -> _Window:
        """The window of a convention; point to point has no use for what happened in between."""
        check_cube(cube)
        check_convention(convention, RetentionConvention)
        end, months = cube.position(month), convention.months
        if end < months:
            given = f"{months} months to {month} need {months} before it"
            raise CubeError("months", None, f"are too many: {given}, and the cube has {end}")
        opening, closing = cube.amounts(end - months), cube.amounts(end)
        sums: Counter[str] = Counter()
        if convention.method is Method.MOVEMENTS:
            for position in range(end - months + 1, end + 1):
                sums.update(dict(_step(cube, position, opening)))
        there, came = opening > 0, int(cube.begun[end] - cube.begun[end - months])
        return cls(opening[there], closing[there], sums, came, cube.basis)


def _step(cube: CustomerCube, position: int, opening: Integers) -> Iterator[tuple[str, int]]:
    """What one month adds to a window.

    Of a customer of the opening, each loss is cut at its opening amount. What lies above had been
    won within the window; what lies below is made good later, or still missing at the closing.
    """
    was, now = cube.amounts(position - 1), cube.amounts(position)
    there, begun = opening > 0, np.arange(len(was)) < cube.begun[position - 1]
    lost, gained = np.maximum(was - now, 0), np.maximum(now - was, 0)
    below = np.minimum(now, opening) - np.minimum(was, opening)
    returns, expands, churns = begun & (was == 0), was > 0, (was > 0) & (now == 0)
    yield "lost above", int((lost - np.maximum(-below, 0))[there].sum())
    yield "regained by return", int(np.maximum(below, 0)[returns].sum())
    yield "regained by expansion", int(np.maximum(below, 0)[expands].sum())
    yield "returned", int(gained[returns & there].sum())
    yield "others lost", int(lost[~there].sum())
    yield "others expanded", int(gained[expands & ~there].sum())
    yield "others returned", int(gained[returns & ~there].sum())
    yield "churned", int(np.count_nonzero(churns & there))
    yield "others churned", int(np.count_nonzero(churns & ~there))


_OPENING = "opening"
_CAME = "new customers, who stand below the line too"


def _causes(window: _Window, convention: RetentionConvention, measure: str) -> dict[str, int]:
    """The opening, and what is added to it or taken off."""
    by_movements = convention.method is Method.MOVEMENTS
    others = by_movements and convention.others
    find = {"grr": _gross, "nrr": _net, "logos": _logos}[measure]
    return find(window, convention, by_movements, others)


def _gross(
    window: _Window, convention: RetentionConvention, by_movements: bool, others: bool
) -> dict[str, int]:
    sums, missing = window.sums, np.minimum(window.after - window.before, 0)
    found = {_OPENING: int(window.before.sum()), "still missing at the closing": int(missing.sum())}
    if by_movements:
        found["lost and won again by coming back"] = -sums["regained by return"]
        found["lost and won again by expansion"] = -sums["regained by expansion"]
        found["won within the window and lost again"] = -sums["lost above"]
    if others:
        found["lost by others, who did not pay at the opening"] = -sums["others lost"]
    return found


def _net(
    window: _Window, convention: RetentionConvention, by_movements: bool, others: bool
) -> dict[str, int]:
    sums = window.sums
    found = {
        _OPENING: int(window.before.sum()),
        "closing less opening of the same customers": int((window.after - window.before).sum()),
    }
    if by_movements and not convention.reactivation:
        found["came back, left out"] = -sums["returned"]
    if others:
        found["lost by others, who did not pay at the opening"] = -sums["others lost"]
        found["expansion of others"] = sums["others expanded"]
        if convention.reactivation:
            found["others who came back"] = sums["others returned"]
    return found


def _logos(
    window: _Window, convention: RetentionConvention, by_movements: bool, others: bool
) -> dict[str, int]:
    sums, gone = window.sums, int(np.count_nonzero(window.after == 0))
    found = {_OPENING: len(window.before), "gone at the closing": -gone}
    if by_movements:
        found["gone and back, each time"] = gone - sums["churned"]
    if others:
        found["churned others, who did not pay at the opening"] = -sums["others churned"]
    if by_movements and convention.new_logos:
        found[_CAME] = window.came
    return found


# --------------------------------------------------------------------------------------
# The bridge


@attrs.frozen(kw_only=True)
class BridgeLine:
    """One cause by which two conventions differ.

    Attributes:
        cause: What it is.
        a: What it adds under the first convention, in minor units or customers; 0 for nothing.
        b: What it adds under the second.
    """

    cause: str
    a: int
    b: int


@attrs.frozen(kw_only=True, repr=False)
class Bridge:
    """Why one figure of retention differs between two conventions.

    Each convention's numerator is the sum of its column; its denominator is the opening and, where
    the convention has :attr:`~cslib.conventions.RetentionConvention.new_logos`, who came.

    Attributes:
        measure: ``grr``, ``nrr`` or ``logos``.
        month: The month in which both windows end.
        currency: ISO 4217 code; empty for logos.
        basis: What the amounts are, as the cube says.
        a: The rate under the first convention.
        b: The rate under the second.
        windows: The months of the window of each.
        lines: The causes, the opening first.
    """

    measure: str
    month: Period
    currency: str
    basis: str = ""
    a: Rate
    b: Rate
    windows: tuple[int, int]
    lines: tuple[BridgeLine, ...]

    def __repr__(self) -> str:
        total = BridgeLine(
            cause="retained", a=sum(each.a for each in self.lines), b=sum(e.b for e in self.lines)
        )
        rows = [
            [each.cause, *(self._shown(n) for n in (each.a, each.b, each.b - each.a))]
            for each in (*self.lines, total)
        ]
        head = [f"a: {self.a.convention} = {self.a:.1%}", f"b: {self.b.convention} = {self.b:.1%}"]
        one, other = self.windows
        if one != other:
            head.append(f"the windows differ, {one} and {other} months: ask both over one of them")
        table = text_table([f"to {self.month}", "a", "b", "b - a"], rows)
        return "\n".join([*head, table])

    def _shown(self, amount: int) -> str:
        return f"{to_major(amount, self.currency):,}" if self.currency else f"{amount:,}"


def retention_bridge(
    cube: CustomerCube,
    month: Period,
    a: RetentionConvention,
    b: RetentionConvention,
    measure: str = "grr",
) -> Bridge:
    """From one convention's figure to another's, line by line and to the minor unit.

    Args:
        cube: Recurring revenue by customer and month.
        month: The month in which both windows end.
        a: The first convention.
        b: The second.
        measure: ``grr``, ``nrr`` or ``logos``.

    Raises:
        CubeError: If the cube does not have a whole window, or there is no such measure.

    >>> months = Period(Period.month(2026, 1).start, Period.month(2026, 5).start).months()
    >>> rows = [("ada", month, paid) for month, paid in zip(months, (100, 130, 0, 80))]
    >>> cube = CustomerCube.of_rows(rows, currency="EUR")
    >>> ends = RetentionConvention(name="point to point", months=3)
    >>> moves = RetentionConvention(name="movements", method="movements", months=3)
    >>> retention_bridge(cube, months[-1], ends, moves)
    a: GRR, point to point, over 3 months = 80.0%
    b: GRR, movements, over 3 months = -30.0%
                                        to 2026-04       a       b    b - a
                                           opening  100.00  100.00     0.00
                      still missing at the closing  -20.00  -20.00     0.00
                 lost and won again by coming back    0.00  -80.00   -80.00
                   lost and won again by expansion    0.00    0.00     0.00
              won within the window and lost again    0.00  -30.00   -30.00
    lost by others, who did not pay at the opening    0.00    0.00     0.00
                                          retained   80.00  -30.00  -110.00
    """
    if not isinstance(measure, str) or measure not in _MEASURES:
        known = ", ".join(_MEASURES)
        raise CubeError("measure", None, f"is {measure!r}: expected one of {known}")
    both = [(_Window.of(cube, month, each), each) for each in (a, b)]
    one, other = (_causes(window, each, measure) for window, each in both)
    rates = [_rate(window, each, measure) for window, each in both]
    return Bridge(
        measure=measure,
        month=month,
        currency="" if measure == "logos" else cube.currency,
        basis=cube.basis,
        a=rates[0],
        b=rates[1],
        windows=(a.months, b.months),
        lines=tuple(
            BridgeLine(cause=cause, a=one.get(cause, 0), b=other.get(cause, 0))
            for cause in {**one, **other}
        ),
    )
