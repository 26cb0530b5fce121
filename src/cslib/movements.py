"""Movements of recurring revenue: what is new, lost, more or less from one month to the next.

Conventions:

- A movement is what one customer's amount does from a month to the next, and each has exactly one
  kind or none: :func:`classify` is the whole truth table.
- The first time a customer pays is *new*; paying again after a month without revenue is a
  *reactivation*, whatever the amount, and never an expansion. ``reactivation_within`` makes it new
  again after more than so many months without.
- The first month of a cube has no movements. It is the opening of the second; what stood before it
  is unknown, and who pays in it is no new customer.
- Contraction and churn are amounts above 0 that are taken off. In every month, to the minor unit:
  opening + new + reactivation + expansion - contraction - churn + fx = closing.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.cuberows import MOST
from cslib.cubes import CubeError, CustomerCube, check_cube
from cslib.money import Exact, exact
from cslib.periods import Period
from cslib.series import BY_CONTENT, read_only

__all__ = [
    "MonthStep",
    "Movement",
    "MovementLine",
    "UnitSplit",
    "check_within",
    "classify",
    "month_steps",
    "movement_lines",
    "movements",
    "unit_split",
]

Integers: TypeAlias = npt.NDArray[np.int64]


# --------------------------------------------------------------------------------------
# One customer


class Movement(enum.StrEnum):
    """What became of one customer's recurring revenue from a month to the next."""

    NEW = "new"
    """It pays for the first time."""
    REACTIVATION = "reactivation"
    """It pays again, after at least one month without revenue."""
    EXPANSION = "expansion"
    """It paid, and pays more."""
    CONTRACTION = "contraction"
    """It paid, and pays less."""
    CHURN = "churn"
    """It paid, and pays nothing."""


def classify(before: Exact, after: Exact, was_customer: bool) -> Movement | None:
    """The movement between two months of one customer; None where nothing moves.

    Args:
        before: What it paid in the earlier month: exact, 0 or more.
        after: What it pays in the later month: exact, 0 or more.
        was_customer: Whether it had paid in any month before the later one. Read only where
            ``before`` is 0: who paid before was a customer.

    Raises:
        CubeError: If an amount is negative.
        InexactError: If an amount is a float, text or missing.

    >>> print(classify(0, 90, True), classify(0, 90, False), classify(90, 90, True))
    reactivation new None
    """
    _check_amount("before", None, before)
    _check_amount("after", None, after)
    return _movement(before, after, was_customer)


def _movement(before: Exact, after: Exact, was_customer: bool) -> Movement | None:
    """:func:`classify` of amounts that have been checked."""
    if before == 0:
        if after == 0:
            return None
        return Movement.REACTIVATION if was_customer else Movement.NEW
    if after == 0:
        return Movement.CHURN
    if after == before:
        return None
    return Movement.EXPANSION if after > before else Movement.CONTRACTION


def movements(
    history: Iterable[Exact], *, reactivation_within: int | None = None
) -> tuple[Movement | None, ...]:
    """The movement of each step of one customer's history; one fewer than there are months.

    Args:
        history: What it paid in each month, without a gap: exact, 0 or more.
        reactivation_within: Months without revenue after which a return is still a reactivation;
            after more it counts as new. None: it is one however late.

    Raises:
        CubeError: If the history is none, an amount is negative, or ``reactivation_within`` is
            below 1.
        InexactError: If an amount is a float, text or missing.

    >>> print(*movements((100, 120, 0, 0, 90)))
    expansion churn None reactivation
    >>> print(*movements((100, 120, 0, 0, 90), reactivation_within=1))
    expansion churn None new
    """
    check_within(reactivation_within)
    steps: list[Movement | None] = []
    was_customer, without = False, 0
    for before, after in itertools.pairwise(_amounts(history)):
        was_customer = was_customer or before > 0
        without = 0 if before else without + 1
        recent = reactivation_within is None or without <= reactivation_within
        steps.append(_movement(before, after, was_customer and recent))
    return tuple(steps)


def _amounts(history: Iterable[Exact]) -> list[Exact]:
    if not isinstance(history, Iterable):
        expected = "expected what one customer paid month by month, as (100, 120, 0)"
        problem = f"is of {type(history).__name__}: {expected}; of a cube ask month_steps"
        raise CubeError("history", None, problem)
    amounts = list(history)
    for month, amount in enumerate(amounts):
        _check_amount("history", month, amount)
    return amounts


def _check_amount(name: str, month: int | None, amount: Exact) -> None:
    of = f"'{name}'" if month is None else f"month {month} of a {name}"
    if exact(amount, of) < 0:
        raise CubeError(name, month, f"is {amount}: expected 0 or more")


def check_within(months: int | None) -> None:
    """Refuses a ``reactivation_within`` that is neither None nor a whole number of 1 or more.

    Raises:
        CubeError: If it is none.

    >>> check_within(0)
    Traceback (most recent call last):
    ...
    cslib.cuberows.CubeError: reactivation_within is 0: expected 1 or more, or None
    """
    if months is not None and (type(months) is not int or months < 1):
        raise CubeError("reactivation_within", None, f"is {months!r}: expected 1 or more, or None")


# --------------------------------------------------------------------------------------
# Every customer of a step


class MonthStep(NamedTuple):
    """A month after the first, customer by customer, in the order of the cube's."""

    month: int
    """Its position in the months of the cube."""
    before: Integers
    """What each customer paid in the month before."""
    after: Integers
    """What it pays in this month."""
    kinds: npt.NDArray[np.int8]
    """What happened: 0 for nothing, else 1 and up in the order of :class:`Movement`."""

    def sums(self, amounts: Integers) -> dict[Movement | None, int]:
        """The sum of a column of amounts for each kind."""
        return {kind: int(amounts[self.kinds == i].sum()) for i, kind in enumerate(_KINDS)}


_KINDS = (None, *Movement)


def _kinds(
    before: Integers, after: Integers, was_customer: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int8]:
    """:func:`classify` of columns."""
    starts, stays, pays = (before == 0) & (after > 0), (before > 0) & (after > 0), before > 0
    holds = {
        Movement.NEW: starts & ~was_customer,
        Movement.REACTIVATION: starts & was_customer,
        Movement.EXPANSION: stays & (after > before),
        Movement.CONTRACTION: stays & (after < before),
        Movement.CHURN: pays & (after == 0),
    }
    return np.select(list(holds.values()), [_KINDS.index(each) for each in holds], 0).astype(
        np.int8
    )


def month_steps(cube: CustomerCube, within: int | None = None) -> Iterator[MonthStep]:
    """Every month of a cube but the first, customer by customer: the evidence of its movements.

    Args:
        cube: Recurring revenue by customer and month.
        within: As ``reactivation_within`` of :func:`movements`.

    Raises:
        CubeError: If the cube is none, or ``within`` is below 1.

    >>> months = [Period.month(2026, m) for m in (1, 2)]
    >>> rows = [("ada", months[0], 100), ("bo", months[1], 150)]
    >>> [step] = month_steps(CustomerCube.of_rows(rows, currency="EUR"))
    >>> {str(kind): total for kind, total in step.sums(step.after - step.before).items() if total}
    {'new': 15000, 'churn': -10000}
    """
    check_cube(cube)
    check_within(within)
    return _steps(cube, within)


def _steps(cube: CustomerCube, within: int | None) -> Iterator[MonthStep]:
    last_paid = np.full(len(cube.customers), -1)
    before = cube.amounts(0)
    for month in range(1, len(cube.months)):
        last_paid[before > 0] = month - 1
        after = cube.amounts(month)
        recent = within is None or month - 1 - last_paid <= within
        yield MonthStep(month, before, after, _kinds(before, after, (last_paid >= 0) & recent))
        before = after


@attrs.frozen(kw_only=True)
class MovementLine:
    """The movement of one customer in one month: the evidence behind a figure.

    Attributes:
        customer: Its key.
        movement: What happened.
        before: What it paid in the month before, in minor units.
        after: What it pays in this month.
        units_effect: What of an expansion or contraction is due to units; None without units.
        price_effect: The rest of it; None without units.
    """

    customer: Any
    movement: Movement
    before: int
    after: int
    units_effect: int | None = None
    price_effect: int | None = None


def movement_lines(
    cube: CustomerCube, month: Period, *, reactivation_within: int | None = None
) -> tuple[MovementLine, ...]:
    """Every movement of a month, by kind and key; who pays what it paid before has no line.

    Args:
        cube: Recurring revenue by customer and month.
        month: A calendar month of the cube, not the first.
        reactivation_within: As for :func:`movements`.

    Raises:
        CubeError: If the cube does not have the month, or it is the first.

    >>> january, february = Period.month(2026, 1), Period.month(2026, 2)
    >>> rows = [("ada", january, 100), ("bo", january, 50), ("ada", february, 120)]
    >>> for line in movement_lines(CustomerCube.of_rows(rows, currency="EUR"), february):
    ...     print(line.customer, line.movement, line.before, line.after)
    ada expansion 10000 12000
    bo churn 5000 0
    """
    check_cube(cube)
    place = cube.position(month)
    if place == 0:
        raise CubeError("month", None, f"{month} is the first of the cube: it has no movements")
    step = next(itertools.islice(month_steps(cube, reactivation_within), place - 1, None))
    effects = _effects(cube, step)
    moved = np.flatnonzero(step.kinds)
    lines = [_line(cube, step, effects, customer) for customer in moved.tolist()]
    order = list(Movement)
    return tuple(sorted(lines, key=lambda line: (order.index(line.movement), line.customer)))


def _line(
    cube: CustomerCube, step: MonthStep, effects: tuple[Integers, Integers] | None, customer: int
) -> MovementLine:
    kind = _KINDS[step.kinds[customer]]
    stays = kind in (Movement.EXPANSION, Movement.CONTRACTION)
    units, price = (
        (each[customer].item() for each in effects) if effects and stays else (None, None)
    )
    return MovementLine(
        customer=cube.customers[customer : customer + 1].tolist()[0],
        movement=kind,
        before=step.before[customer].item(),
        after=step.after[customer].item(),
        units_effect=units,
        price_effect=price,
    )


# --------------------------------------------------------------------------------------
# Units against price


@attrs.frozen(kw_only=True)
class UnitSplit:
    """What of each month's expansion and contraction is due to units, and what to price.

    In minor units, one entry for each of :attr:`months`. An effect may be below 0: more seats at a
    lower price. The two of expansion add up to the waterfall's expansion, the two of contraction to
    its contraction.
    """

    months: npt.NDArray[Any] = attrs.field(converter=read_only, eq=BY_CONTENT)
    currency: str
    expansion_units: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    expansion_price: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    contraction_units: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    contraction_price: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)


def unit_split(cube: CustomerCube) -> UnitSplit:
    """Expansion and contraction of each month, split into units (seats) and price.

    The effect of units is what the month before would have paid for the units of this month, less
    what it paid: ``round(before * units_after / units_before) - before``, a half to the even minor
    unit. The effect of price is the rest, so that nothing is lost.

    Raises:
        CubeError: If the cube has no units, or an effect passes int64.

    >>> cube = CustomerCube.of_columns(
    ...     customer=["ada", "ada"],
    ...     month=np.array(["2026-01", "2026-02"], "datetime64[M]"),
    ...     amount=[100_00, 165_00],
    ...     units=[10, 15],
    ...     currency="EUR",
    ... )
    >>> split = unit_split(cube)
    >>> split.expansion_units.tolist(), split.expansion_price.tolist()
    ([5000], [1500])
    """
    sums: list[tuple[int, int, int, int]] = []
    for step in month_steps(cube):
        effects = _effects(cube, step)
        if effects is None:
            raise CubeError("units", None, "are not in the cube: give them when it is made")
        units, price = map(step.sums, effects)
        more, less = Movement.EXPANSION, Movement.CONTRACTION
        sums.append((units[more], price[more], -units[less], -price[less]))
    table = np.array(sums, np.int64).reshape(-1, 4).T
    names = ("expansion_units", "expansion_price", "contraction_units", "contraction_price")
    columns = dict(zip(names, table, strict=True))
    return UnitSplit(months=cube.months[1:], currency=cube.currency, **columns)


def _effects(cube: CustomerCube, step: MonthStep) -> tuple[Integers, Integers] | None:
    """The effects of units and of price on every customer who stays; 0 for the others."""
    before, after = cube.units(step.month - 1), cube.units(step.month)
    if before is None or after is None:
        return None
    stays = (step.before > 0) & (step.after > 0)
    was, now = step.before[stays], step.after[stays]
    units, price = np.zeros((2, len(stays)), np.int64)
    units[stays] = _half_even(was, after[stays], before[stays]) - was
    price[stays] = now - was - units[stays]
    return units, price


def _half_even(amounts: Integers, times: Integers, over: Integers) -> Integers:
    """``amounts * times / over``, a half to the even; Python's integers where int64 is narrow."""
    largest = _largest(amounts) * max(1, _largest(times)) * max(1, len(amounts))
    exactly = amounts.astype(np.int64 if largest <= MOST else object)
    products = exactly * times
    whole, rest = products // over, products % over
    other = over - rest  # compared with the rest, since twice the rest may pass int64
    whole += (rest > other) | ((rest == other) & (whole % 2 == 1))
    if whole.sum() > MOST:
        raise CubeError("units", None, "make of the amounts more than int64 holds")
    return whole.astype(np.int64)


def _largest(values: Integers) -> int:
    return int(values.max(initial=0))
