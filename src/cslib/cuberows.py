"""The rows of a customer cube, read from columns and checked: nothing is coerced or dropped.

A row says what one customer pays for one month. Its key is a whole number, a text or a tuple of
these; its month a ``datetime64[M]``; its amount (and its units, where given) a whole number of 0
or more. What is missing is an error: unknown is not 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from cslib.arguments import ArgumentError, check_lengths, flat, refuse_rows
from cslib.faults import shown
from cslib.periods import Period

__all__ = [
    "MOST",
    "CubeError",
    "CubeRows",
    "flat_column",
    "month_of",
    "parts",
    "read_rows",
    "whole_column",
]

Column: TypeAlias = npt.NDArray[Any]
Integers: TypeAlias = npt.NDArray[np.int64]
Positions: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]

MOST = 2**63 - 1
"""The most that a sum may come to: the largest number of int64."""

_MOST_MONTHS = 1_200  # a century: a month beyond is a slip of the pen, and would cost a table
_ROWS_AT_ONCE = 2**15  # so that temporary arrays stay in the cache


class CubeError(ArgumentError):
    """A column, row or month of which no customer cube can be made, or which a cube does not have.

    >>> print(CubeError("amount", 3, "is -500: expected 0 or more"))
    amount[3] is -500: expected 0 or more
    """


class CubeRows(NamedTuple):
    """Columns of one length, checked.

    A row's ``customer`` is a position in ``keys``, and its ``month`` one in ``months``.
    """

    keys: Column
    """Every key once, sorted; whole numbers close together with those between that no row has."""
    months: Column
    """Every month from the first to the last, ``datetime64[M]``."""
    customer: npt.NDArray[np.int32]
    month: Positions
    amount: Integers
    units: Integers | None
    pays: Column | slice
    """An index of the rows whose amount is above 0; a slice where all are, to copy nothing."""


def parts(length: int) -> Iterator[slice]:
    """Slices that cover a column a part at a time.

    >>> list(parts(3))
    [slice(0, 3, None)]
    """
    return (slice(i, min(i + _ROWS_AT_ONCE, length)) for i in range(0, length, _ROWS_AT_ONCE))


def _range(column: Column) -> tuple[int, int]:
    """The smallest and the largest number, in one pass through memory; 0 and -1 of none."""
    if not len(column):
        return 0, -1
    chunks = (column[part] for part in parts(len(column)))
    lows, highs = zip(*((each.min(), each.max()) for each in chunks), strict=True)
    return int(min(lows)), int(max(highs))


def read_rows(
    customer: npt.ArrayLike,
    month: npt.ArrayLike,
    amount: npt.ArrayLike,
    units: npt.ArrayLike | None,
    span: Period | None,
) -> CubeRows:
    """The columns of :meth:`cslib.cubes.CustomerCube.of_columns`, checked and numbered.

    Raises:
        CubeError: As said there.

    >>> months = np.array(["2026-02", "2026-01"], "datetime64[M]")
    >>> rows = read_rows(["bo", "ada"], months, [50_00, 100_00], None, None)
    >>> rows.keys.tolist(), rows.customer.tolist(), rows.month.tolist()
    (['ada', 'bo'], [1, 0], [1, 0])
    """
    months, positions = _months(month, span)
    amounts, least = _whole(
        "amount", amount, "minor units; cslib.money.to_minor_columns makes them"
    )
    seats = None if units is None else whole_column("units", units, "units")
    keys, numbers = _customers(customer)
    lengths = {"customer": len(numbers), "month": len(positions), "amount": len(amounts)}
    lengths |= {} if seats is None else {"units": len(seats)}
    check_lengths(CubeError, lengths)
    pays = slice(None) if least > 0 else amounts > 0
    return CubeRows(keys, months, numbers, positions, amounts, seats, pays)


def flat_column(argument: str, column: npt.ArrayLike) -> Column:
    """A column as an array of one dimension, without a masked row.

    Raises:
        CubeError: If it has more dimensions, is ragged, or has a masked row.

    >>> flat_column("month", ["2026-01"])
    array(['2026-01'], dtype='<U7')
    """
    if isinstance(column, np.ma.MaskedArray) and column.mask.any():
        row = int(np.flatnonzero(column.mask)[0])
        raise CubeError(argument, row, "is masked: unknown is not 0, take the row out first")
    return np.asarray(flat(CubeError, argument, column))


# Months


def month_of(period: Period, row: int | None = None) -> np.datetime64:
    """A calendar month as numpy has it.

    Raises:
        CubeError: If the period is no calendar month.

    >>> month_of(Period.month(2026, 6))
    np.datetime64('2026-06')
    """
    if not isinstance(period, Period):
        raise CubeError("month", row, f"is {shown(period)}: expected a Period of one month")
    first, end = np.array([period.start, period.end], "datetime64[M]").astype(np.int64).tolist()
    if period.start.day != 1 or period.end.day != 1 or end != first + 1:
        raise CubeError("month", row, f"is {period}: expected one calendar month")
    return np.datetime64(period.start, "M")


def _months(column: npt.ArrayLike, span: Period | None) -> tuple[Column, Positions]:
    """All months of the cube, and where in them each row's month stands."""
    values = flat_column("month", column)
    if len(values) and values.dtype.newbyteorder("=") != "datetime64[M]":
        way = 'give numpy.datetime64[M], as by .astype("datetime64[M]") of dates'
        raise CubeError("month", None, f"has dtype {values.dtype}: {way}")
    values = values.astype("datetime64[M]", copy=False)
    numbers = values.view(np.int64)  # months since 1970; a missing one is the least of all
    low, high = _range(numbers)
    if low == _MISSING:
        raise CubeError("month", int(numbers.argmin()), "is missing: take the row out first")
    if low < _LEAST or high > _LAST:
        bounds = "expected one from 0001-01 to 9999-11, the last that a Period can hold"
        refuse_rows(CubeError, "month", values, (numbers < _LEAST) | (numbers > _LAST), bounds)
    first, end = _bounds(span, low, high)
    if len(values) and not first <= low <= high < end:
        outside = (numbers < first) | (numbers >= end)
        refuse_rows(CubeError, "month", values, outside, f"expected one within {span}")
    positions = np.empty(len(values), np.min_scalar_type(end - first))
    np.subtract(numbers, first, out=positions, casting="unsafe")  # at most a century of months
    return np.arange(first, end).astype(values.dtype), positions


_MISSING = np.datetime64("NaT", "M").astype(np.int64)
_LEAST, _LAST = np.array(["0001-01", "9999-11"], "datetime64[M]").astype(np.int64).tolist()


def _bounds(span: Period | None, low: int, high: int) -> tuple[int, int]:
    """The first month of the cube, and the one after its last, counted from 1970."""
    first, end = low, high + 1
    if span is not None:
        if not isinstance(span, Period):
            expected = "expected a Period of whole months, as Period.year(2026)"
            raise CubeError("span", None, f"is {shown(span)}: {expected}")
        if span.start.day != 1 or span.end.day != 1:
            raise CubeError("span", None, f"is {span}: expected whole calendar months")
        bounds = np.array([span.start, span.end], "datetime64[M]")
        first, end = bounds.astype(np.int64).tolist()
    if first == end:
        raise CubeError("span", None, "is not given: a cube without rows needs one")
    if end - first > _MOST_MONTHS:
        months = np.array([first, end - 1]).astype("datetime64[M]")
        given = f"run from {months[0]} to {months[1]}"
        raise CubeError("months", None, f"{given}: expected at most a century")
    return first, end


# Amounts


def whole_column(argument: str, column: npt.ArrayLike, unit: str) -> Integers:
    """A column of whole numbers of 0 or more, whose sum int64 can hold.

    Args:
        argument: How it is called in an error.
        column: The numbers.
        unit: What they are, in words.

    Raises:
        CubeError: If a row is missing, negative or no whole number, or their sum passes int64.

    >>> whole_column("units", [5, 12], "units")
    array([ 5, 12])
    """
    values, _ = _whole(argument, column, unit)
    return values


def _whole(argument: str, column: npt.ArrayLike, unit: str) -> tuple[Integers, int]:
    """The column and its smallest number."""
    values = flat_column(argument, column)
    flags = isinstance(column, Sequence) and any(isinstance(each, bool) for each in column)
    if (flags or values.dtype.kind not in "iu") and len(values):  # numpy takes True for 1
        raise _inexact(argument, column, unit)
    low, high = _range(values)
    if low < 0:
        way = "expected 0 or more; take a credit off the row that it lowers"
        refuse_rows(CubeError, argument, values, values < 0, way)
    if high * len(values) > MOST and _exact_sum(values) > MOST:
        raise CubeError(argument, None, "adds up to more than int64 holds: split the cube")
    return values.astype(np.int64, copy=False), low


def _inexact(argument: str, column: Any, unit: str) -> CubeError:
    """The error of the first row that is missing, or else no whole number, or else too large."""
    values = column.tolist() if hasattr(column, "__array__") else list(column)
    missing = (row for row, value in enumerate(values) if value is None or value != value)
    broken = (row for row, value in enumerate(values) if _kind(type(value)) is not int)
    beyond = (row for row, value in enumerate(values) if not -MOST - 1 <= value <= MOST)
    row = next(itertools.chain(missing, broken, beyond), None)
    if row is None:
        return CubeError(argument, None, "holds objects: give the whole numbers as int64")
    too_large = _kind(type(values[row])) is int
    problem = f"beyond int64: expected 0 to {MOST}" if too_large else f"expected whole {unit}"
    return CubeError(argument, row, f"is {shown(values[row])}{',' if too_large else ':'} {problem}")


def _exact_sum(values: Column) -> int:
    """The sum in two halves, neither of which can overflow."""
    wide = values.astype(np.uint64)
    low, high = wide & np.uint64(2**32 - 1), wide >> np.uint64(32)
    return int(low.sum()) + (int(high.sum()) << 32)


# Keys


def _customers(column: npt.ArrayLike) -> tuple[Column, npt.NDArray[np.int32]]:
    """Every key once, sorted, and the position of each row's key in them."""
    if hasattr(column, "__array__"):
        values = flat_column("customer", column)
        if values.dtype.kind in "iu":
            return _numbered_integers(values)
        column = values.tolist()
    if isinstance(column, str | bytes | set | frozenset) or not isinstance(column, Iterable):
        way = "expected a key for each row, in their order"
        raise CubeError("customer", None, f"is {shown(column)}: {way}")
    return _numbered_objects(list(column))


def _numbered_integers(keys: Column) -> tuple[Column, npt.NDArray[np.int32]]:
    """Whole numbers in a modest range by their distance from the least, others by sorting."""
    low, high = _range(keys)
    if high - low > 2 * len(keys) + 1024:
        unique, places = np.unique(keys, return_inverse=True)
        return unique, places.astype(np.int32)
    wide = keys.astype(np.uint64 if keys.dtype.kind == "u" else np.int64, copy=False)
    least = wide.dtype.type(low)
    numbers = np.empty(len(keys), np.int32)
    np.subtract(wide, least, out=numbers, casting="unsafe")  # within the range, which is modest
    return np.arange(high - low + 1, dtype=wide.dtype) + least, numbers


def _numbered_objects(keys: list[Any]) -> tuple[Column, npt.NDArray[np.int32]]:
    _check_kind(keys)
    try:
        unique = sorted(set(keys))
    except TypeError as error:
        raise CubeError("customer", None, f"holds keys that cannot be sorted: {error}") from None
    position = {key: i for i, key in enumerate(unique)}
    numbers = np.fromiter(map(position.__getitem__, keys), np.int32, len(keys))
    return np.fromiter(unique, object, len(unique)), numbers


def _check_kind(keys: list[Any]) -> None:
    """All keys are whole numbers, or all are text, or all are tuples of these."""
    kinds = {_kind(each) for each in set(map(type, keys))}
    if None in kinds or kinds & {str, tuple}:
        for row, key in enumerate(keys):
            if not _is_key(key):
                raise CubeError("customer", row, f"is {shown(key)}: expected {_KEYS}")
    if len(kinds) > 1:
        raise CubeError("customer", None, "holds keys of several kinds: expected one kind")


_KEYS = "a whole number, a text that is not empty, or a tuple of these"


def _kind(kind: type) -> type | None:
    if issubclass(kind, bool):
        return None
    if issubclass(kind, np.integer):
        return int
    return next((each for each in (int, str, tuple) if issubclass(kind, each)), None)


def _is_key(key: Any) -> bool:
    if type(key) is str:
        return key != ""
    kind = _kind(type(key))
    if kind is tuple:
        return all(_kind(type(part)) in (int, str) and part != "" for part in key)
    return kind is not None and key != ""
