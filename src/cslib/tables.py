"""Tables: the columns handed over to a rule, found, checked and read as blocks of facts.

A column holds one kind of value; what is unknown in a record is unknown in a row of it. An absent
column, and one in which nothing is known whatever its type, is unknown in every row.

A column whose type tells its kind is read all at once; any other entry by entry, by the functions
of :mod:`cslib.facts` that read a record. Errors name the row.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from types import NoneType
from typing import Any

import attrs
import numpy as np

from cslib import facts
from cslib.blocks import (
    Array,
    Mask,
    Operand,
    Quantity,
    Text,
    is_wide,
    only,
    packed,
    partly,
    unknown_of,
)
from cslib.compiling import lags_of, raw_facts
from cslib.errors import CslibError
from cslib.expressions import MAX_NUMBER, Fact, Kind, Kinds, Node, Value
from cslib.inference import Inferred

__all__ = ["ColumnsError", "Table", "read_each"]


@attrs.define
class ColumnsError(CslibError, ValueError):
    """The columns handed over do not make a table.

    Attributes:
        problem: What does not fit, and the way out.
    """

    problem: str

    def __str__(self) -> str:
        return self.problem


class Table:
    """The columns that a rule reads.

    A column is found by its name, or by the rest of it in the mapping of its owner.

    Attributes:
        rows: How many rows there are.

    Raises:
        FactError: If columns that are compared with one another are of different kinds.
        ColumnsError: If columns differ in length or have too many dimensions, there is none to tell
            the length, or they are no mapping of names to arrays.

    >>> from cslib.inference import infer
    >>> node = Fact("seats")
    >>> Table(node, infer(node), {"seats": [5, None]}).read(slice(0, 2))
    {Fact(name='seats', lag=0): Quantity(value=array([ 5., nan]))}
    """

    def __init__(self, lowered: Node, inferred: Inferred, columns: Mapping[str, Any]) -> None:
        _check_mapping(columns)
        raw = raw_facts(lowered)
        self.sources: dict[str, _Source | _Absent] = {}
        for name, lags in lags_of(lowered).items():
            given, kinds = _find(columns, name), inferred.facts[name]
            self.sources[name] = (
                _Absent(name, kinds, lags)
                if given is None
                else _Source(name, kinds, lags, name in raw, *_array(given, name))
            )
        self.rows = _length(self.sources.values(), columns)
        for group in inferred.groups:
            _agree([self.sources[name] for name in group])
        self.doubles = {
            Fact(name): source.data
            for name, source in self.sources.items()
            if isinstance(source, _Source) and source.is_double
        }
        self.others = [
            each for each in self.sources.values() if Fact(each.name) not in self.doubles
        ]

    def read(self, rows: slice) -> dict[Fact, Operand | None]:
        """A block of every fact at every lag; None is an unknown of no kind.

        Raises:
            FactError: If an entry is not of the kind its use asks for.
        """
        read: dict[Fact, Operand | None] = {
            fact: Quantity(column[rows]) for fact, column in self.doubles.items()
        }
        for source in self.others:
            for lag, block in source.read(rows).items():
                read[Fact(source.name, lag)] = block
        return read


def _check_mapping(columns: Any) -> None:
    """Refuse what cannot be asked for a column by its name, such as a list of records."""
    asked = hasattr(columns, "__contains__") and hasattr(columns, "__getitem__")
    if not asked or isinstance(columns, (Sequence, np.ndarray)):
        expected = "expected a mapping of names to arrays, such as {'seats': array([3, 5])}"
        remedy = "; for records, call the rule on each" if isinstance(columns, Sequence) else ""
        raise ColumnsError(f"{expected}, but got {type(columns).__name__}{remedy}")


def _find(columns: Any, name: str) -> Any:
    """The column of a name, else that of the rest of it in the mapping of its owner."""
    if name in columns:
        return columns[name]
    owner, _, rest = name.partition(".")
    if rest and owner in columns and isinstance(columns[owner], Mapping):
        return _find(columns[owner], rest)
    return None


def _length(sources: Iterable[_Source | _Absent], columns: Mapping[str, Any]) -> int:
    lengths = {each.name: len(each.data) for each in sources if isinstance(each, _Source)}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise ColumnsError(f"columns must be equally long, but {listed}")
    for length in (*lengths.values(), *_lengths(columns)):
        return length
    problem = "the rule reads no column that is there, so the number of rows is unknown"
    raise ColumnsError(f"{problem}; pass at least one column")


def _lengths(columns: Mapping[str, Any]) -> Iterator[int]:
    """The length of each column, whether the rule reads it or not."""
    for name in columns:
        column = columns[name]
        if isinstance(column, Mapping):
            yield from _lengths(column)
        elif isinstance(column, Sized) and getattr(column, "ndim", None) != 0:
            yield len(column)


def _array(given: Any, name: str) -> tuple[Array, Mask | None]:
    """A column as an array, and where it is masked. A list is taken entry by entry."""
    if isinstance(given, (list, tuple)):
        return np.fromiter(given, object, len(given)), None
    array, mask = np.asarray(given), None
    if isinstance(given, np.ma.MaskedArray):
        array, mask = np.asarray(given.data), np.ma.getmaskarray(given)
    if array.ndim not in (1, 2):
        problem = f"column {name!r} must have one or two dimensions, but has {array.ndim}"
        raise ColumnsError(problem)
    return array, mask


def _kind_of(dtype: np.dtype[Any]) -> Kind | None:
    """The kind of a column; None where its entries have to be looked at one by one."""
    match dtype.kind:
        case "f" if dtype.itemsize <= 8:
            return Kind.NUMBER
        case "M":
            return _MOMENTS.get(np.datetime_data(dtype)[0], Kind.INSTANT)
    return _KINDS.get(dtype.kind)


_KINDS = {"b": Kind.BOOLEAN, "i": Kind.NUMBER, "u": Kind.NUMBER, "U": Kind.TEXT}
_MOMENTS = {**dict.fromkeys(("Y", "M", "W", "D"), Kind.DATE), "generic": None}
"""Kinds of datetime64 by its unit; a finer one is an instant, and without one all is NaT."""


def _agree(sources: Sequence[_Source | _Absent]) -> None:
    """Give columns that must be of one kind the kind that the data tell."""
    told = [each for each in sources if isinstance(each, _Source) and each.first is not None]
    for source in told:
        if source.kinds != told[0].kinds and source.first is not None:
            row, value = source.first
            expected = f"{only(told[0].kinds)}, like fact {told[0].name!r}"
            raise facts.FactError(source.name, expected, value, row)
    settled = told[0] if told else min(sources, key=lambda each: len(each.kinds))
    for each in sources:
        each.kinds = settled.kinds


@attrs.define(eq=False)
class _Absent:
    """A fact without a column: unknown in every row."""

    name: str
    kinds: Kinds
    lags: tuple[int, ...]

    def read(self, rows: slice) -> dict[int, Operand | None]:
        return dict.fromkeys(self.lags, unknown_of(self.kinds))


@attrs.define(eq=False)
class _Source:
    """One fact's column.

    Attributes:
        kinds: What the rule allows it to be; then the kind that it is. More than one is left only
            where nothing in it is known.
        raw: Whether its numbers are only compared.
        lags: The periods that the rule reads, counted back from the last.
        data: The column.
        mask: Where it is masked.
        first: A row and its known value, looked for where the rule allows several kinds.
    """

    name: str
    kinds: Kinds
    lags: tuple[int, ...]
    raw: bool
    data: Array
    mask: Mask | None
    first: tuple[int, Value] | None = None

    def __attrs_post_init__(self) -> None:
        if len(self.kinds) == 1:
            return
        self.first = self.find_first()
        kind = _kind_of(self.data.dtype) if self.first is None else facts.kind_of(self.first[1])
        if kind is not None and kind in self.kinds:
            self.kinds = frozenset({kind})

    def find_first(self) -> tuple[int, Value] | None:
        for start in range(0, len(self.data), _FEW):
            for values in self.values(slice(start, start + _FEW)):
                for row, value in enumerate(values, start):
                    if value is not None:
                        return row, value
        return None

    def read(self, rows: slice) -> dict[int, Operand | None]:
        """A block at each lag; None is an unknown of no kind."""
        kind = only(self.kinds)
        if kind is None:
            return dict.fromkeys(self.lags)
        if self.is_ragged or _kind_of(self.data.dtype) is not kind:
            return {
                lag: packed(values, kind)
                for lag, values in zip(self.lags, self.values(rows), strict=True)
            }
        return {
            lag: self.from_array(kind, *self.period(rows, lag), rows.start) for lag in self.lags
        }

    @property
    def is_double(self) -> bool:
        """Whether it is read as it is: doubles without a mask, and of one period."""
        is_number = self.data.dtype == np.float64 and self.kinds == {Kind.NUMBER}
        return is_number and self.mask is None and self.data.ndim == 1 and self.lags == (0,)

    @property
    def is_ragged(self) -> bool:
        """Whether each entry is a series of its own length."""
        return self.data.ndim == 1 and self.lags != (0,)

    def period(self, rows: slice, lag: int) -> tuple[Array, Mask | None]:
        """One period of some rows, and its mask."""
        if self.data.ndim == 1:
            return self.data[rows], None if self.mask is None else self.mask[rows]
        back = self.data.shape[1] - 1 - lag
        if back < 0:
            none = np.zeros(len(self.data[rows]), self.data.dtype)
            return none, np.ones(len(none), bool)
        return self.data[rows, back], None if self.mask is None else self.mask[rows, back]

    # entry by entry, as in a record

    def values(self, rows: slice) -> list[list[Value]]:
        """The checked values of some rows at each lag."""
        read = facts.known if self.raw else facts.real
        if self.is_ragged:
            entries = _entries(*self.period(rows, 0))
            series = functools.partial(
                facts.series, name=self.name, kinds=self.kinds, lags=self.lags, read=read
            )
            found = read_each(series, entries, rows.start)
            return [[entry[place] for entry in found] for place in range(len(self.lags))]
        listed = [_entries(*self.period(rows, lag)) for lag in self.lags]
        one = functools.partial(read, name=self.name, kinds=self.kinds)
        return [
            entries if self.are_plain(entries) else read_each(one, entries, rows.start)
            for entries in listed
        ]

    def are_plain(self, entries: list[Any]) -> bool:
        """Whether the entries are as they have to be, at a glance at their types."""
        kind = only(self.kinds)
        if kind is None or not {*map(type, entries)} <= _PLAIN[kind]:
            return False
        return self.raw or kind is not Kind.NUMBER or not any(map(is_wide, entries))

    # all at once

    def from_array(self, kind: Kind, data: Array, mask: Mask | None, start: int) -> Operand:
        match kind:
            case Kind.TEXT:
                return Text(data, np.False_ if mask is None else mask)
            case Kind.BOOLEAN:
                return partly(data, np.True_ if mask is None else ~mask)
            case Kind.DATE | Kind.INSTANT:
                self.check_years(data, mask, start)
                unit = "D" if kind is Kind.DATE else "us"
                moments = data.astype(f"datetime64[{unit}]", copy=False)
                return Quantity(_masked(moments, mask))
        return Quantity(_masked(self.numbers(data, mask, start), mask))

    def numbers(self, data: Array, mask: Mask | None, start: int) -> Array:
        """Doubles; integers that no double holds stay what they are if they are only compared."""
        if data.dtype.kind in "iu" and data.dtype.itemsize == 8:
            beyond = (data > MAX_NUMBER) | (data < -MAX_NUMBER)
            if self.raw and beyond.any():
                return data.astype(object)
            self.refuse(beyond, facts.WHOLE, data, mask, start)
        return data.astype(np.float64, copy=False)

    def check_years(self, data: Array, mask: Mask | None, start: int) -> None:
        if np.datetime_data(data.dtype)[0] not in _FINE:
            low, high = (each.astype(data.dtype) for each in _YEARS)
            self.refuse((data < low) | (data > high), facts.YEARS, data, mask, start)

    def refuse(
        self, wrong: Mask, expected: str, data: Array, mask: Mask | None, start: int
    ) -> None:
        if mask is not None:
            wrong = wrong & ~mask
        if wrong.any():
            row = int(wrong.argmax())
            raise facts.FactError(self.name, expected, data[row], start + row)


_FEW = 1_000
"""Rows looked at together in search of a known value: most often the first has one."""
_FINE = ("ns", "ps", "fs", "as")
"""Units so fine that their years lie within Python's."""
_YEARS = np.datetime64("0001-01-01T00:00:00.000000"), np.datetime64("9999-12-31T23:59:59.999999")
_PLAIN: Mapping[Kind, set[type]] = {
    Kind.NUMBER: {float, int, NoneType},
    Kind.TEXT: {str, NoneType},
    Kind.BOOLEAN: {bool, NoneType},
    Kind.DATE: {dt.date, NoneType},
    Kind.INSTANT: {NoneType},
}


def _masked(data: Array, mask: Mask | None) -> Array:
    return data if mask is None else np.where(mask, Quantity(data).unknown().value, data)


def _entries(data: Array, mask: Mask | None) -> list[Any]:
    """The entries of an array, None where masked."""
    if data.dtype.kind in "fM" and not (data == data).any():
        return [None] * len(data)
    if mask is None:
        return list(data)
    return [None if masked else entry for entry, masked in zip(data, mask, strict=True)]


def read_each(read: Callable[[Any], Any], entries: Iterable[Any], start: int) -> list[Any]:
    """What ``read`` makes of each entry, the first of which stands in row ``start``.

    Raises:
        FactError: The first that ``read`` raises, with its row.

    >>> read_each(abs, [1, -2], 0)
    [1, 2]
    """
    found: list[Any] = []
    try:
        for entry in entries:
            found.append(read(entry))  # noqa: PERF401  the length says where it failed
    except facts.FactError as error:
        raise attrs.evolve(error, row=start + len(found)) from None
    return found
