"""The waterfall: where the recurring revenue of each month came from, and where it went.

Conventions are those of :mod:`cslib.movements`: the first month of a cube has no movements, and
contraction and churn are amounts above 0 that are taken off. In every month, to the minor unit:

    opening + new + reactivation + expansion - contraction - churn + fx = closing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.cuberows import MOST, month_of
from cslib.cubes import CubeError, CustomerCube, check_cube, check_rates
from cslib.faults import shown
from cslib.money import ExchangeRates, to_major
from cslib.movements import MonthStep, Movement, check_within, month_steps
from cslib.periods import Period
from cslib.rates import Rate
from cslib.series import BY_CONTENT, read_only, text_table

__all__ = ["Logos", "Waterfall", "waterfall", "waterfall_across"]

Integers: TypeAlias = npt.NDArray[np.int64]

_GAINS = ("new", "reactivation", "expansion")
_LOSSES = ("contraction", "churn")
_MONEY = ("opening", *_GAINS, *_LOSSES, "fx", "closing")


@attrs.frozen(kw_only=True)
class Logos:
    """The waterfall in customers: how many, not how much; one entry for each month.

    Opening + new + reactivation - churn = closing.
    """

    opening: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    new: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    reactivation: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    churn: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    closing: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)


@attrs.frozen(kw_only=True, repr=False)
class Waterfall:
    """Where the recurring revenue of each month came from, and where it went.

    The columns run side by side, one entry for each of :attr:`months`, in minor units.

    Attributes:
        months: Every month of the cube but the first, ``datetime64[M]``.
        currency: ISO 4217 code.
        basis: What the amounts are, as the cube says.
        opening: What the month before closed with.
        new: From customers who never paid before.
        reactivation: From customers who paid before, though not in the month before.
        expansion: More from customers who stay.
        contraction: Less from customers who stay; 0 or more, and taken off.
        churn: From customers who stop; 0 or more, and taken off.
        fx: What other exchange rates make of the opening; 0 in one currency.
        closing: What the month's customers pay.
        logos: The same in customers.
    """

    months: npt.NDArray[Any] = attrs.field(converter=read_only, eq=BY_CONTENT)
    currency: str
    basis: str = ""
    opening: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    new: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    reactivation: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    expansion: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    contraction: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    churn: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    fx: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    closing: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    logos: Logos

    @property
    def gains(self) -> Integers:
        """What was won in each month: new, reactivation and expansion."""
        return self.new + self.reactivation + self.expansion

    @property
    def losses(self) -> Integers:
        """What leaked in each month, contraction and churn: what had to be won to stand still."""
        return self.contraction + self.churn

    def quick_ratio(self, month: Period) -> Rate:
        """Gains over losses of a month; undefined where nothing was lost.

        It is no proportion and has no interval. Source: Mamoon Hamid, Social Capital (2015), who
        asked for 4 or more of a young company.

        Raises:
            CubeError: If the waterfall does not have the month.

        >>> months = [Period.month(2026, m) for m in (1, 2)]
        >>> rows = [("ada", months[0], 100), ("bo", months[1], 150)]
        >>> report = waterfall(CustomerCube.of_rows(rows, currency="EUR"))
        >>> report.quick_ratio(months[1]).value
        Fraction(3, 2)
        """
        place = self._place(month)
        return Rate(
            numerator=int(self.gains[place]),
            denominator=int(self.losses[place]),
            convention="quick ratio: gains over losses",
            bounded=False,
        )

    def _place(self, month: Period) -> int:
        found = np.flatnonzero(self.months == month_of(month))
        if len(found) != 1:
            raise CubeError("month", None, f"{month} is not in the waterfall")
        return int(found[0])

    def __repr__(self) -> str:
        names = ["opening", *_GAINS, *_LOSSES, *(["fx"] if self.fx.any() else []), "closing"]
        signed = {name: getattr(self, name) * (-1 if name in _LOSSES else 1) for name in names}
        rows = [
            [str(month), *(_shown(int(signed[name][i]), self.currency) for name in names)]
            for i, month in enumerate(self.months)
        ]
        head = ", ".join(filter(None, ["waterfall", self.basis]))
        return f"{head} in {self.currency}{self._history}\n" + text_table(["month", *names], rows)

    @property
    def _history(self) -> str:
        """Since when it is known who was a customer: the month before the first of its own."""
        if not len(self.months):
            return ""
        begins = self.months[0] - np.timedelta64(1, "M")
        return f"; history begins {begins}, and who paid only before it counts as new"


def _shown(minor: int, currency: str) -> str:
    return f"{to_major(minor, currency):,}"


def waterfall(cube: CustomerCube, *, reactivation_within: int | None = None) -> Waterfall:
    """The movements of every month, added up over all customers.

    Args:
        cube: Recurring revenue by customer and month.
        reactivation_within: As for :func:`movements`.

    Raises:
        CubeError: If ``reactivation_within`` is below 1, or the cube is none.

    >>> january, february = Period.month(2026, 1), Period.month(2026, 2)
    >>> rows = [("ada", january, 100), ("bo", january, 50), ("ada", february, 120)]
    >>> waterfall(CustomerCube.of_rows(rows, currency="EUR"))
    waterfall in EUR; history begins 2026-01, and who paid only before it counts as new
      month  opening   new  reactivation  expansion  contraction   churn  closing
    2026-02   150.00  0.00          0.00      20.00         0.00  -50.00   120.00
    """
    check_cube(cube)
    check_within(reactivation_within)
    last = len(cube.months)
    both = np.array([cube.overlap(i - 1, i) for i in range(1, last)]).reshape(-1, 4)
    kept, before, after, stayed = both.astype(np.int64).T
    late, late_logos = _late_returns(cube, reactivation_within)
    amounts, logos = cube.cohort_amounts.sum(axis=1), cube.cohort_customers.sum(axis=1)
    new = np.diagonal(cube.cohort_amounts)[1:] + late
    new_logos = np.diagonal(cube.cohort_customers)[1:] + late_logos
    return Waterfall(
        months=cube.months[1:],
        currency=cube.currency,
        basis=cube.basis,
        opening=amounts[:-1],
        new=new,
        reactivation=amounts[1:] - after - new,
        expansion=after - kept,
        contraction=before - kept,
        churn=amounts[:-1] - before,
        fx=np.zeros(last - 1, np.int64),
        closing=amounts[1:],
        logos=Logos(
            opening=logos[:-1],
            new=new_logos,
            reactivation=logos[1:] - stayed - new_logos,
            churn=logos[:-1] - stayed,
            closing=logos[1:],
        ),
    )


def _late_returns(cube: CustomerCube, within: int | None) -> tuple[Integers, Integers]:
    """What comes back in each month but the first after too long, and from how many."""
    returns = np.zeros((len(cube.months), 2), np.int64)
    if within is not None:
        last_paid = np.full(len(cube.customers), -1)
        for month in range(len(cube.months)):
            customers, amounts = cube.paying(month)
            since = last_paid[customers]
            late = amounts[(since >= 0) & (month - 1 - since > within)]
            returns[month] = late.sum(), len(late)
            last_paid[customers] = month
    return returns[1:, 0], returns[1:, 1]


# --------------------------------------------------------------------------------------
# Several currencies


def waterfall_across(
    cubes: Iterable[CustomerCube],
    rates: ExchangeRates | Mapping[Period, ExchangeRates],
    currency: str,
    *,
    reactivation_within: int | None = None,
) -> Waterfall:
    """One waterfall of cubes in several currencies, with the effect of exchange rates apart.

    Every balance is converted and rounded by itself. A month's movements are what they are in the
    customer's own currency, valued at the rate of that month; ``fx`` is its opening at the rate
    of the month less its opening at the rate of the month before. At one constant rate it is 0.

    Args:
        cubes: One cube for each currency, all of one basis and of the same months (``span`` sees
            to that). A key in two of them counts as two customers.
        rates: A table for each calendar month, or one for all.
        currency: The currency to report in.
        reactivation_within: As for :func:`movements`.

    Raises:
        AmountError: If a converted amount passes int64.
        CubeError: If there is no cube, the months or the bases differ, a month has no table, or a
            sum passes int64.
        MissingRateError: If a table lacks a currency.

    >>> import datetime as dt
    >>> months = [Period.month(2026, m) for m in (1, 2)]
    >>> cube = CustomerCube.of_rows([("ada", month, 100) for month in months], currency="USD")
    >>> rates = {
    ...     month: ExchangeRates(base="USD", per_base={"EUR": euros}, as_of=month.last_day)
    ...     for month, euros in zip(months, (1, 2))
    ... }
    >>> report = waterfall_across([cube], rates, "EUR")
    >>> report.opening.tolist(), report.fx.tolist(), report.closing.tolist()
    ([10000], [10000], [20000])
    """
    if not isinstance(cubes, Iterable):
        expected = "expected cubes, one alone as [cube]"
        raise CubeError("cubes", None, f"is {shown(cubes)}: {expected}")
    given = tuple(cubes)
    months = _common_months(given)
    tables = [_table_of(rates, month) for month in months]
    return _added([_converted(cube, tables, currency, reactivation_within) for cube in given])


def _common_months(cubes: Sequence[CustomerCube]) -> npt.NDArray[Any]:
    if not cubes:
        raise CubeError("cubes", None, "are none: expected at least one")
    for place, cube in enumerate(cubes):
        check_cube(cube)
        if not np.array_equal(cube.months, cubes[0].months):
            raise CubeError("cubes", place, "has other months than the first: give both one span")
        if cube.basis != cubes[0].basis:
            one, other = (each.basis or "not told" for each in (cubes[0], cube))
            given = f"has another basis, {other}, than the first, {one}"
            raise CubeError("cubes", place, f"{given}: these never add up")
    return cubes[0].months


def _table_of(rates: ExchangeRates | Mapping[Period, ExchangeRates], month: Any) -> ExchangeRates:
    if not isinstance(rates, Mapping):
        check_rates(rates)
        return rates
    first = month.astype(object)
    period = Period.month(first.year, first.month)
    if period not in rates:
        raise CubeError("rates", None, f"have no table for {period}")
    check_rates(rates[period])
    return rates[period]


def _converted(
    cube: CustomerCube, tables: Sequence[ExchangeRates], currency: str, within: int | None
) -> Waterfall:
    """The waterfall of one cube in another currency."""
    plain = waterfall(cube, reactivation_within=within)
    rows = [_converted_step(cube, step, tables, currency) for step in month_steps(cube, within)]
    return Waterfall(
        months=plain.months,
        currency=currency,
        basis=cube.basis,
        logos=plain.logos,
        **_columns(rows),
    )


def _columns(rows: Sequence[Mapping[str, int]]) -> dict[str, Integers]:
    return {name: np.array([row[name] for row in rows], np.int64) for name in _MONEY}


def _converted_step(
    cube: CustomerCube, step: MonthStep, tables: Sequence[ExchangeRates], currency: str
) -> dict[str, int]:
    then, now = tables[step.month - 1], tables[step.month]
    opening = _total(then.convert_columns(step.before, cube.currency, currency))
    before = now.convert_columns(step.before, cube.currency, currency)
    after = now.convert_columns(step.after, cube.currency, currency)
    total = _total(before), _total(after)
    changes = step.sums(after - before)
    return {
        "opening": opening,
        **{name: changes[Movement(name)] for name in _GAINS},
        **{name: -changes[Movement(name)] for name in _LOSSES},
        "fx": total[0] - opening,
        "closing": total[1],
    }


def _total(amounts: Integers) -> int:
    """The sum, refused where a part of it might pass int64."""
    if int(amounts.max(initial=0)) * len(amounts) > MOST and sum(amounts.tolist()) > MOST:
        raise CubeError("rates", None, "make of the amounts more than int64 holds")
    return int(amounts.sum())


def _added(waterfalls: Sequence[Waterfall]) -> Waterfall:
    """Waterfalls of customers apart, line by line."""
    first = waterfalls[0]
    return Waterfall(
        months=first.months,
        currency=first.currency,
        basis=first.basis,
        logos=Logos(**_sums([each.logos for each in waterfalls], attrs.fields_dict(Logos))),
        **_sums(waterfalls, _MONEY),
    )


def _sums(parts: Sequence[Waterfall | Logos], names: Iterable[str]) -> dict[str, Integers]:
    return {name: _sum([getattr(part, name) for part in parts]) for name in names}


def _sum(columns: Sequence[Integers]) -> Integers:
    exactly = np.sum([column.astype(object) for column in columns], axis=0)
    if any(abs(each) > MOST for each in exactly):
        raise CubeError("cubes", None, "add up to more than int64 holds")
    return np.array(exactly, np.int64)
