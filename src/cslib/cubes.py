"""The customer cube: recurring revenue by customer and month, from which retention follows.

Conventions:

- An amount is what a customer pays for a month, in whole minor units, 0 or more. Several rows of
  one customer and month add up. A month without a row, or with 0, is a month without revenue.
- A *customer* is whatever the caller hands as key: a customer, a contract, a customer and a product
  line. Whoever paid in no month is none.
- The months run from the first to the last that is given, without a gap. What stood before the
  first is unknown; a customer *begins* in the first month of the cube in which it pays.
- All sums are int64 and exact: a cube whose amounts add up to more is refused.

One content, two layouts. *Dense* is a table of months by customers, zeros included; *packed* holds
for each month the customers who pay. Both number the customers by the month in which they begin,
so that a cohort is a slice, and nobody looks at those who have not begun.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, cast

import attrs
import numpy as np
import numpy.typing as npt

from cslib.cuberows import CubeError, CubeRows, month_of, parts, read_rows
from cslib.errors import CslibError
from cslib.faults import shown
from cslib.money import Exact, ExchangeRates, currency_exponent, to_minor
from cslib.periods import Period
from cslib.series import read_only

__all__ = ["CubeError", "CustomerCube", "Layout", "Overlap", "Paying"]

Column: TypeAlias = npt.NDArray[Any]
Integers: TypeAlias = npt.NDArray[np.int64]

Layout: TypeAlias = Literal["dense", "packed"]
"""How a cube is held; its content is the same."""

_MOST_CELLS_PER_ROW = 10  # to step over a zero costs about a tenth of what a row costs when packed


class Paying(NamedTuple):
    """Who pays in a month, and how much."""

    customers: Column
    """Positions in :attr:`CustomerCube.customers`, rising."""
    amounts: Integers
    """Minor units, above 0."""


class Overlap(NamedTuple):
    """Two months of the customers who pay in both, summed over these customers."""

    kept: int
    """The smaller of the two amounts."""
    before: int
    """The amounts of the earlier month."""
    after: int
    """The amounts of the later month."""
    customers: int
    """How many there are."""


# --------------------------------------------------------------------------------------
# The two layouts


class _Beginnings(NamedTuple):
    """The customers by the month in which they begin: who pays in no month is none."""

    order: Column
    """For each customer its position in the keys."""
    rank: npt.NDArray[np.int32]
    """For each of the keys its position in this order; one past the last for those who are none."""
    begun: Integers
    """How many customers had begun by the end of each month."""

    @classmethod
    def of(cls, rows: CubeRows) -> _Beginnings:
        begins = np.full(len(rows.keys), len(rows.months), rows.month.dtype)
        np.minimum.at(begins, rows.customer[rows.pays], rows.month[rows.pays])
        order = np.argsort(begins, kind="stable")
        months = np.arange(len(rows.months))
        begun = np.searchsorted(begins, months, side="right", sorter=order)
        order = order[: begun[-1]]
        rank = np.full(len(rows.keys), len(order), np.int32)
        rank[order] = np.arange(len(order))
        return cls(order, rank, begun)


class _Table(Protocol):
    """What both layouts answer, of one column of the rows."""

    @property
    def by(self) -> _Beginnings: ...

    def paying(self, month: int) -> Paying: ...

    def overlap(self, before: int, after: int) -> Overlap: ...

    def cohorts(self, month: int) -> tuple[Integers, Integers]:
        """What the customers who began in each month up to this one pay in it, and how many."""
        ...


@attrs.frozen(eq=False)
class _Dense:
    """Every month of every customer, zeros included; in 32 bits where that holds all amounts."""

    cells: Column
    most: int
    """The largest of the cells."""
    by: _Beginnings

    @classmethod
    def of(cls, rows: CubeRows, values: Integers, by: _Beginnings) -> _Dense:
        """The table in 32 bits, if these hold every cell.

        A cell in 32 bits is right, or short of the right one by a multiple of ``2**32``. So all are
        right if together they come to what the rows come to.
        """
        cells = _added_cells(rows, values, by, np.uint32)
        mosts = [int(month.max()) for month in cells]
        if sum(map(_sum, cells, mosts)) != values.sum():
            cells = _added_cells(rows, values, by, np.int64)
            mosts = [int(month.max()) for month in cells]
        return cls(cells, max(mosts), by)

    def paying(self, month: int) -> Paying:
        amounts = self.cells[month, : self.by.begun[month]]
        customers = np.flatnonzero(amounts)
        return Paying(read_only(customers), read_only(amounts[customers].astype(np.int64)))

    def overlap(self, before: int, after: int) -> Overlap:
        total = np.zeros(4, np.int64)
        for part in parts(int(self.by.begun[before])):
            first, last = self.cells[before, part], self.cells[after, part]
            kept = np.minimum(first, last)
            both = np.sign(kept)  # 1 where both pay, of the type of the amounts
            sums = [_sum(each, self.most) for each in (kept, first * both, last * both)]
            total += [*sums, int(np.count_nonzero(kept))]
        return Overlap(*total.tolist())

    def cohorts(self, month: int) -> tuple[Integers, Integers]:
        ends, amounts = self.by.begun[: month + 1], self.cells[month]
        return _slices(amounts, ends, _wide_sum), _slices(amounts, ends, np.count_nonzero)


def _added_cells(
    rows: CubeRows, values: Integers, by: _Beginnings, dtype: type[np.integer[Any]]
) -> Column:
    """A table of months by customers with the rows added up, modulo what its type can hold.

    Its last column is of those who are no customers, so that no row is looked at twice.
    """
    cells = np.zeros((len(rows.months), len(by.order) + 1), dtype)
    for part in parts(len(values)):
        place = np.multiply(rows.month[part], cells.shape[1], dtype=np.intp)
        place += by.rank.take(rows.customer[part], mode="clip")  # saves a check of what is within
        np.add.at(cells.reshape(-1), place, values[part].astype(dtype, copy=False))
    return cells


@attrs.frozen(eq=False)
class _Packed:
    """The customers who pay, month by month: for a book in which most cells would be zeros."""

    months: tuple[Paying, ...]
    by: _Beginnings

    @classmethod
    def of(cls, rows: CubeRows, values: Integers, by: _Beginnings) -> _Packed:
        customer, month = by.rank[rows.customer], rows.month
        kept = (values > 0) & (customer < len(by.order))
        if not kept.all():
            customer, month, values = customer[kept], month[kept], values[kept]
        order = np.argsort(month, kind="stable")
        bounds = np.searchsorted(month, np.arange(len(rows.months) + 1), sorter=order)
        slices = (order[start:end] for start, end in itertools.pairwise(bounds.tolist()))
        return cls(tuple(_added_up(customer[each], values[each]) for each in slices), by)

    def paying(self, month: int) -> Paying:
        return self.months[month]

    def overlap(self, before: int, after: int) -> Overlap:
        first, last = self.months[before], self.months[after]
        place = np.searchsorted(last.customers, first.customers)
        found = np.append(last.customers, -1)[place] == first.customers
        was, now = first.amounts[found], last.amounts[place[found]]
        kept, before_sum, after_sum = (int(x.sum()) for x in (np.minimum(was, now), was, now))
        return Overlap(kept, before_sum, after_sum, len(was))

    def cohorts(self, month: int) -> tuple[Integers, Integers]:
        customers, amounts = self.months[month]
        ends = np.searchsorted(customers, self.by.begun[: month + 1])
        return _slices(amounts, ends, _wide_sum), np.diff(ends, prepend=0)


def _sum(amounts: Column, most: int) -> int:
    """The sum of amounts of ``most`` at the most, in stretches whose sum their own type holds.

    To widen each amount first, as :meth:`numpy.ndarray.sum` does, takes three times as long.
    """
    stretch = int(np.iinfo(amounts.dtype).max) // max(most, 1)
    starts = np.arange(0, len(amounts), stretch)
    stretches = np.add.reduceat(amounts, starts, dtype=amounts.dtype)
    return int(stretches.sum(dtype=np.int64))


def _slices(
    amounts: Integers, ends: Integers, count: Callable[[Integers], np.integer[Any] | int]
) -> Integers:
    """A count of each slice of a column, given where the slices end."""
    bounds = itertools.pairwise([0, *ends.tolist()])
    return np.array([count(amounts[start:end]) for start, end in bounds], np.int64)


def _wide_sum(amounts: Column) -> np.int64:
    return amounts.sum(dtype=np.int64)  # type: ignore[no-any-return]


def _added_up(customers: Column, amounts: Integers) -> Paying:
    """The rows of one month by customer, several of one customer added up."""
    order = np.argsort(customers)
    customers, amounts = customers[order], amounts[order]
    another = np.diff(customers, prepend=-1) > 0
    if another.all():
        return Paying(read_only(customers), read_only(amounts))
    together = np.add.reduceat(amounts, np.flatnonzero(another))
    return Paying(read_only(customers[another]), read_only(together))


# --------------------------------------------------------------------------------------
# The cube


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CustomerCube:
    """Recurring revenue by customer and month, in one currency.

    Make it with :meth:`of_columns` or :meth:`of_rows`. A month is named by its position, 0 for the
    first of :attr:`months`; :meth:`position` finds that of a period.

    Attributes:
        currency: ISO 4217 code of the amounts.
        basis: What the amounts are, such as ``contracted``, ``billed`` or ``collected``; empty
            where nobody said. Amounts of different bases are never mixed.
        months: The months, ``datetime64[M]``, without a gap.
        customers: The keys, by the month in which they begin and then in order.
        begun: How many customers had begun by the end of each month; those who begin in month
            ``i`` are ``customers[begun[i - 1] : begun[i]]``.
        cohort_amounts: What the customers who began in each month (columns) pay in each month
            (rows), in minor units.
        cohort_customers: How many of them pay.
        layout: How it is held.
    """

    currency: str
    basis: str = ""
    months: Column = attrs.field(converter=read_only)
    customers: Column = attrs.field(converter=read_only)
    begun: Integers = attrs.field(converter=read_only)
    cohort_amounts: Integers = attrs.field(converter=read_only)
    cohort_customers: Integers = attrs.field(converter=read_only)
    layout: Layout
    _amounts: _Table = attrs.field(alias="amounts")
    _units: _Table | None = attrs.field(alias="units")

    @classmethod
    def of_columns(
        cls,
        *,
        customer: npt.ArrayLike,
        month: npt.ArrayLike,
        amount: npt.ArrayLike,
        currency: str,
        basis: str = "",
        units: npt.ArrayLike | None = None,
        span: Period | None = None,
        layout: Layout | None = None,
    ) -> CustomerCube:
        """A cube of columns, side by side and in any order; ten million rows take a second.

        Args:
            customer: Keys: whole numbers, texts, or tuples of these; all of one kind.
            month: The month that each row is for, ``datetime64[M]``.
            amount: What is paid for that month: whole minor units, 0 or more.
                :func:`~cslib.money.to_minor_columns` makes them of major units.
            currency: ISO 4217 code of all amounts.
            basis: What the amounts are, in a word or two; empty where that is not to be told.
            units: Seats, or whatever the price is for: whole numbers, 0 or more. A customer that
                pays in a month has at least one; those of a month without revenue do not count.
            span: The whole months of the cube; None: from the first row's to the last's, so that
                a month after which nobody pays any more is not seen.
            layout: None chooses by fill.

        Raises:
            CubeError: If a row is missing, negative, no whole number or outside the span; if the
                columns differ in length; if their sum passes int64; or if the basis is no text.
            UnknownCurrencyError: If the code is not known.

        >>> cube = CustomerCube.of_columns(
        ...     customer=["ada", "bo", "ada"],
        ...     month=np.array(["2026-01", "2026-01", "2026-02"], "datetime64[M]"),
        ...     amount=[100_00, 50_00, 120_00],
        ...     currency="EUR",
        ... )
        >>> cube
        <CustomerCube of 2 customers, 2026-01 to 2026-02, EUR, dense>
        >>> cube.customers.tolist(), cube.amounts(1).tolist()
        (['ada', 'bo'], [12000, 0])
        """
        currency_exponent(currency)
        if not isinstance(basis, str):
            raise CubeError("basis", None, f"is {shown(basis)}: expected text")
        rows = read_rows(customer, month, amount, units, span)
        return _cube(rows, currency, str(basis), layout)

    @classmethod
    def of_rows(
        cls,
        rows: Iterable[tuple[object, Period, Exact]],
        *,
        currency: str,
        basis: str = "",
        span: Period | None = None,
        layout: Layout | None = None,
    ) -> CustomerCube:
        """A cube of records: a key, a month, and an amount in major units.

        Args:
            rows: A key, a calendar month, and the exact amount for it, an ``int`` or ``Decimal``.
            currency: ISO 4217 code of all amounts.
            basis: As for :meth:`of_columns`.
            span: As for :meth:`of_columns`.
            layout: As for :meth:`of_columns`.

        Raises:
            AmountError: If an amount is finer than the minor unit; a note names the row.
            CubeError: As for :meth:`of_columns`, or if a row is no key, month and amount.
            InexactError: If an amount is a float, text or missing; a note names the row.
            UnknownCurrencyError: If the code is not known.

        >>> from decimal import Decimal
        >>> january = Period.month(2026, 1)
        >>> CustomerCube.of_rows([("ada", january, Decimal("0.125"))], currency="KWD").amounts(0)
        array([125])
        """
        records = _records(rows)
        months = [month_of(period, row) for row, (_, period, _) in enumerate(records)]
        return cls.of_columns(
            customer=[key for key, _, _ in records],  # type: ignore[arg-type]
            month=np.array(months, "datetime64[M]"),
            amount=[_minor(amount, currency, row) for row, (_, _, amount) in enumerate(records)],
            currency=currency,
            basis=basis,
            span=span,
            layout=layout,
        )

    def position(self, month: Period) -> int:
        """Where a calendar month stands in :attr:`months`.

        Raises:
            CubeError: If the cube does not have it.

        >>> cube = CustomerCube.of_rows([], currency="EUR", span=Period.year(2026))
        >>> cube.position(Period.month(2026, 12))
        11
        """
        place = int((month_of(month) - self.months[0]).astype(np.int64))
        if 0 <= place < len(self.months):
            return place
        raise CubeError("month", None, f"{month} is not in the cube, which has {self._span}")

    def paying(self, month: int) -> Paying:
        """The customers who pay in a month, and how much.

        Raises:
            CubeError: If there is no month at this position, as for all that is asked by one.
        """
        return self._amounts.paying(self._place(month))

    def amounts(self, month: int) -> Integers:
        """What each of :attr:`customers` pays in a month, 0 included."""
        return _spread(self.paying(month), len(self.customers))

    def units(self, month: int) -> Integers | None:
        """The units that each of :attr:`customers` pays for in a month; None without units."""
        if self._units is None:
            return None
        units = _spread(self._units.paying(self._place(month)), len(self.customers))
        return np.where(self.amounts(month) > 0, units, 0)

    def overlap(self, before: int, after: int) -> Overlap:
        """Two months, the earlier one first, of the customers who pay in both."""
        return self._amounts.overlap(self._place(before), self._place(after))

    def _place(self, month: Any) -> int:
        """The position of a month, checked: numpy takes -1 for the last."""
        is_whole = isinstance(month, int | np.integer) and not isinstance(month, bool)
        if is_whole and 0 <= month < len(self.months):
            return int(month)
        expected = f"expected a position from 0 to {len(self.months) - 1}, as position() finds"
        raise CubeError("month", None, f"is {shown(month)}: {expected}")

    def converted(self, table: ExchangeRates, currency: str) -> CustomerCube:
        """The cube in another currency, at one constant rate for all months; without units.

        Each balance is converted and rounded by itself; one that rounds to 0 is no revenue.

        Raises:
            AmountError: If an amount passes int64.
            CubeError: If their sum does, or the table is none.
            MissingRateError: If the table lacks one of the two currencies.

        >>> import datetime as dt
        >>> rates = ExchangeRates(base="EUR", per_base={"USD": 2}, as_of=dt.date(2026, 6, 30))
        >>> cube = CustomerCube.of_rows([("ada", Period.month(2026, 1), 10)], currency="EUR")
        >>> cube.converted(rates, "USD").amounts(0)
        array([2000])
        """
        check_rates(table)
        months = [self.paying(each) for each in range(len(self.months))]
        amounts = np.concatenate([each.amounts for each in months])
        return CustomerCube.of_columns(
            customer=self.customers[np.concatenate([each.customers for each in months])],
            month=np.repeat(self.months, [len(each.amounts) for each in months]),
            amount=table.convert_columns(amounts, self.currency, currency),
            currency=currency,
            basis=self.basis,
            span=Period(
                self.months[0].astype(object),
                (self.months[-1] + np.timedelta64(1, "M")).astype(object),
            ),
        )

    @property
    def _span(self) -> str:
        return f"{self.months[0]} to {self.months[-1]}"

    def __repr__(self) -> str:
        who = f"{len(self.customers):,} customers"
        told = [who, self._span, self.basis, self.currency, self.layout]
        return f"<CustomerCube of {', '.join(filter(None, told))}>"


def check_cube(given: object) -> None:
    """Refuses what is no cube.

    Raises:
        CubeError: With what was given.

    >>> check_cube("cube.csv")
    Traceback (most recent call last):
    ...
    cslib.cuberows.CubeError: cube is of str: expected a CustomerCube, as CustomerCube.of_columns \
makes it
    """
    if not isinstance(given, CustomerCube):
        expected = "expected a CustomerCube, as CustomerCube.of_columns makes it"
        raise CubeError("cube", None, f"is of {type(given).__name__}: {expected}")


def check_rates(given: object) -> None:
    """Refuses what is no table of exchange rates.

    Raises:
        CubeError: With what was given.

    >>> check_rates(1.08)
    Traceback (most recent call last):
    ...
    cslib.cuberows.CubeError: rates is the float 1.08: expected ExchangeRates
    """
    if not isinstance(given, ExchangeRates):
        raise CubeError("rates", None, f"is {shown(given)}: expected ExchangeRates")


def _records(rows: Any) -> list[tuple[object, Any, Any]]:
    """Rows of three, in their order."""
    expected = "expected a key, a month and an amount"
    if not isinstance(rows, Iterable):
        raise CubeError("rows", None, f"is {shown(rows)}: {expected} for each row")
    records: list[Any] = list(rows)
    for place, row in enumerate(records):
        if not isinstance(row, tuple | list) or len(cast("Sequence[Any]", row)) != 3:
            raise CubeError("rows", place, f"is {shown(row)}: {expected}")
    return records


def _minor(amount: Exact, currency: str, row: int) -> int:
    try:
        return to_minor(amount, currency)
    except CslibError as error:
        error.add_note(f"in row {row}")
        raise


def _spread(paying: Paying, length: int) -> Integers:
    amounts = np.zeros(length, np.int64)
    amounts[paying.customers] = paying.amounts
    return amounts


def _cube(rows: CubeRows, currency: str, basis: str, layout: Layout | None) -> CustomerCube:
    cells = len(rows.months) * len(rows.keys)
    kind = _layout(layout, cells, len(rows.amount[rows.pays]))
    by = _Beginnings.of(rows)
    amounts = kind.of(rows, rows.amount, by)
    units = None if rows.units is None else kind.of(rows, rows.units, by)
    cohorts = [amounts.cohorts(month) for month in range(len(rows.months))]
    cube = CustomerCube(
        currency=currency,
        basis=basis,
        months=rows.months,
        customers=rows.keys[by.order],
        begun=by.begun,
        cohort_amounts=_triangle([paid for paid, _ in cohorts]),
        cohort_customers=_triangle([number for _, number in cohorts]),
        layout="dense" if kind is _Dense else "packed",
        amounts=amounts,
        units=units,
    )
    _check_units(cube)
    return cube


def _triangle(rows: Sequence[Integers]) -> Integers:
    """Rows of 1, 2, 3 ... numbers as a square, zeros beyond."""
    square = np.zeros((len(rows), len(rows)), np.int64)
    for place, row in enumerate(rows):
        square[place, : len(row)] = row
    return square


def _layout(given: Layout | None, cells: int, rows: int) -> type[_Dense | _Packed]:
    if given not in (None, "dense", "packed"):
        raise CubeError("layout", None, f"is {given!r}: expected 'dense', 'packed' or None")
    if given is None:
        return _Dense if cells <= _MOST_CELLS_PER_ROW * rows else _Packed
    return _Dense if given == "dense" else _Packed


def _check_units(cube: CustomerCube) -> None:
    for month in range(len(cube.months)):
        units = cube.units(month)
        if units is None:
            return
        lacking = cube.paying(month).customers[units[cube.paying(month).customers] == 0]
        if len(lacking):
            who = f"{cube.customers[lacking[0]]} in {cube.months[month]}"
            way = "price and seats cannot be told apart; give its units, or no units at all"
            raise CubeError("units", None, f"are 0 for {who}, which pays: {way}")
