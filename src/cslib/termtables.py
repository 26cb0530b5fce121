"""Term tables: contracts and payments handed over as columns, read, checked and numbered.

A part of :mod:`cslib.renewal`, beneath :mod:`cslib.termcolumns`. A table is a mapping of names to
arrays, under the names of the fields of :class:`~cslib.ledger.Contract` and
:class:`~cslib.ledger.Entry`.

Conventions:

- Ids are text or whole numbers. Where one may be missing it is empty, None, NaN or masked.
- Days are ``datetime64[D]``, NaT where missing. What the records have as an instant is given as
  its day in UTC; an instant within a day is refused.
- Amounts are whole minor units of the one currency, and add up to less than 2**62.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from cslib.arguments import refuse_rows
from cslib.errors import CslibError, suggestion
from cslib.ledger import Contract, EndReason, Entry, EntryKind, LedgerError
from cslib.money import UnknownCurrencyError, currency_exponent, to_major
from cslib.termids import Array, Mask, TermColumn, Wholes

__all__ = [
    "NO_DAY",
    "TermColumnsError",
    "TermTable",
    "as_objects",
    "check_alike",
    "day_number",
    "names_column",
    "read_contracts",
    "read_entries",
    "unit_of",
]

NO_DAY = int(np.iinfo(np.int64).min)
"""The number of a day that is missing: less than that of any other."""


@attrs.define
class TermColumnsError(CslibError, ValueError):
    """A column of contracts or payments cannot be used.

    Attributes:
        table: ``contracts`` or ``payments``.
        column: The column at fault.
        row: Its first row at fault, counted from 0; None where the whole column is.
        message: What was given, what was expected and the way out.

    >>> print(TermColumnsError("contracts", "annual_value", 3, "is -1: expected 0 or more"))
    contracts['annual_value'][3] is -1: expected 0 or more
    """

    table: str
    column: str
    row: int | None
    message: str

    def __str__(self) -> str:
        place = f"{self.table}[{self.column!r}]"
        return f"{place if self.row is None else f'{place}[{self.row}]'} {self.message}"


@attrs.frozen
class _Place:
    """A column under its name, for its errors."""

    table: str
    column: str

    def error(self, message: str, row: int | None = None) -> TermColumnsError:
        return TermColumnsError(self.table, self.column, row, message)

    def refuse(self, column: Any, wrong: Mask, expected: str) -> None:
        """Name the first wrong row, and how many there are."""
        error = functools.partial(TermColumnsError, self.table)
        refuse_rows(error, self.column, column, wrong, expected)

    def refuse_missing(self, known: Mask) -> None:
        """Name the first row in which there is nothing, and how many there are."""
        self.refuse(["missing"] * known.size if not known.all() else (), ~known, "say what it is")


# --------------------------------------------------------------------------------------
# Tables


@attrs.frozen(kw_only=True, eq=False)
class TermTable:
    """A table of contracts or of payments.

    Attributes:
        name: ``contracts`` or ``payments``.
        rows: How many rows it has.
        currency: ISO 4217 code; empty where none is stated, and a minor unit is then a whole one.
        columns: Every column by name, also those that were not given, which are all unknown.
        several: The ids in ``renews`` by row, where there is more than one.
    """

    name: str
    rows: int
    currency: str
    columns: Mapping[str, TermColumn]
    several: Mapping[int, tuple[Any, ...]]

    def __getitem__(self, name: str) -> Array:
        return self.columns[name].values

    def known(self, name: str) -> Mask:
        """Where a column has a value."""
        return self.columns[name].known

    def contracts(self, rows: Wholes) -> list[Contract]:
        """Some rows as records.

        Raises:
            LedgerError: If one is not valid; a note names the row.
        """
        return [self._record(Contract, row, currency=self.currency) for row in rows.tolist()]

    def entries(self, rows: Wholes) -> list[Entry]:
        """Some rows as records, likewise."""
        return [self._record(Entry, row) for row in rows.tolist()]

    def _record(self, kind: Callable[..., Any], row: int, **more: Any) -> Any:
        fields = {
            name: _FIELDS[name].record(column.values[row], self.currency)
            for name, column in self.columns.items()
            if column.known[row]
        }
        if row in self.several:
            fields["renews"] = tuple(map(str, self.several[row]))
        try:
            return kind(**{"end": None, **fields, **more} if kind is Contract else fields)
        except LedgerError as error:
            error.add_note(f"in row {row} of {self.name}")
            raise


def read_contracts(given: Mapping[str, Any]) -> TermTable:
    """The contracts: columns as the fields of a contract, and ``currency`` as one text.

    Raises:
        TermColumnsError: If a column is missing, unknown, or not what it should be.

    >>> read_contracts({"contract": ["C-1"], "currency": "EUR"})
    Traceback (most recent call last):
        ...
    cslib.termtables.TermColumnsError: contracts['account'] is missing
    """
    _check_names("contracts", given, (*_CONTRACT, "currency"), (*_NEEDED, "currency"))
    currency = _currency(given["currency"])
    single, several = _apart(given.get("renews"))
    columns = {**given, "renews": single} if "renews" in given else given
    table = _table("contracts", columns, _CONTRACT, currency, several)
    start, end = table["start"], table["end"]
    place = _Place("contracts", "end")
    place.refuse(end.view("M8[D]"), table.known("end") & (end <= start), "must lie after the start")
    return table


def read_entries(given: Mapping[str, Any], currency: str) -> TermTable:
    """The payments: columns as the fields of an entry, in the currency of the contracts.

    Raises:
        TermColumnsError: As for :func:`read_contracts`.
    """
    _check_names("payments", given, _ENTRY, _ENTRY[:-1])
    return _table("payments", given, _ENTRY, currency, {})


_NEEDED = ("contract", "account", "start", "end", "annual_value")
_CONTRACT = (
    *_NEEDED,
    *("signed_on", "recorded_at", "renews", "sale", "end_reason", "product"),
    *("total_value", "seats"),
)
_ENTRY = ("entry", "contract", "kind", "on", "amount", "recorded_at")
_MAY_MISS = {*_CONTRACT[len(_NEEDED) :], "end"}


def _check_names(table: str, given: Any, allowed: Sequence[str], needed: Sequence[str]) -> None:
    if not isinstance(given, Mapping):
        expected = "expected names mapped to arrays; of a frame, dict(frame.items())"
        raise TermColumnsError(table, "*", None, f"is of {type(given).__name__}: {expected}")
    for name in given:
        if name not in allowed:
            near = suggestion(str(name), allowed) or f": expected one of {', '.join(allowed)}"
            raise TermColumnsError(table, str(name), None, f"is not a column of it{near}")
    for name in needed:
        if name not in given:
            raise TermColumnsError(table, name, None, "is missing")


def _currency(given: object) -> str:
    place = _Place("contracts", "currency")
    if not isinstance(given, str):
        expected = "expected one text; ask for each currency apart, or convert them first"
        raise place.error(f"is {type(given).__name__}: {expected}")
    try:
        unit_of(given)
    except UnknownCurrencyError as error:
        raise place.error(f"is {given!r}: {error}") from None
    return given


def unit_of(currency: str) -> dict[str, int]:
    """The exponent of a currency, by its code; of none that is stated, 0.

    >>> unit_of("EUR"), unit_of("")
    ({'EUR': 2}, {'': 0})
    """
    return {currency: currency_exponent(currency) if currency else 0}


def _apart(given: Any) -> tuple[Any, dict[int, tuple[Any, ...]]]:
    """The column of ``renews`` with one id each, and the rows that have several, apart."""
    if not isinstance(given, (list, tuple)) and getattr(given, "dtype", None) != np.object_:
        return given, {}
    single, several = as_objects(given).copy(), {}
    for row, names in enumerate(single):
        if isinstance(names, (tuple, list)):
            single[row] = names[0] if len(names) == 1 else None
            if len(names) > 1:
                several[row] = tuple(names)
    return single, several


def _table(
    name: str,
    given: Mapping[str, Any],
    names: Sequence[str],
    currency: str,
    several: Mapping[int, tuple[Any, ...]],
) -> TermTable:
    columns: dict[str, TermColumn] = {}
    rows = None
    for each in names:
        if each not in given:
            continue
        place = _Place(name, each)
        column = _FIELDS[each].read(place, given[each])
        rows = len(column.values) if rows is None else rows
        if len(column.values) != rows:
            raise place.error(f"has {len(column.values)} rows: expected {rows}, as {names[0]}")
        if each not in _MAY_MISS:
            place.refuse_missing(column.known)
        columns[each] = column
    rows = rows or 0
    absent = {each: _nothing(each, rows) for each in names if each not in columns}
    return TermTable(
        name=name, rows=rows, currency=currency, columns=columns | absent, several=several
    )


def _nothing(name: str, rows: int) -> TermColumn:
    """An absent column, which takes no memory."""
    value = np.int64(NO_DAY if _FIELDS[name].read is _days else 0)
    return TermColumn(np.broadcast_to(value, rows), np.broadcast_to(np.False_, rows))


# --------------------------------------------------------------------------------------
# Columns


def as_objects(given: Any) -> Array:
    """A column of objects; a list is taken entry by entry, so that one of tuples is no table.

    >>> as_objects([("C-1", "C-2"), None]).shape
    (2,)
    """
    if isinstance(given, (list, tuple)):
        return np.fromiter(given, object, len(given))
    return np.asarray(given, object)


def _array(place: _Place, given: Any) -> TermColumn:
    values = np.asarray(given)
    if values.ndim != 1:
        raise place.error(f"has {values.ndim} dimensions: expected one column")
    masked = isinstance(given, np.ma.MaskedArray)
    return TermColumn(values, ~np.ma.getmaskarray(given) if masked else np.ones(values.size, bool))


_EXPECTED_DAYS = "expected days; np.array(days, 'datetime64[D]') makes a column of dates and None"


def _days(place: _Place, given: Any) -> TermColumn:
    column = _array(place, given)
    values = column.values if column.values.size else column.values.astype("M8[D]")
    if values.dtype.kind != "M" or np.datetime_data(values.dtype)[0] in ("generic", "Y", "M", "W"):
        raise place.error(f"holds {values.dtype}: {_EXPECTED_DAYS}")
    days = values.astype("M8[D]")
    known = column.known & ~np.isnat(days)
    place.refuse(values, known & (days != values), "expected a day; of an instant, that in UTC")
    numbers = np.where(known, days.astype(np.int64), NO_DAY)
    outside = (numbers < day_number(dt.date.min)) | (numbers > day_number(dt.date.max))
    place.refuse(days, known & outside, f"expected a day from {dt.date.min} to {dt.date.max}")
    return TermColumn(numbers, known)


_MOST = 2.0**62


def _amounts(place: _Place, given: Any) -> TermColumn:
    column = _wholes(place, given, "an amount of 0 or more in minor units, int64")
    together = float(column.values.sum(dtype=np.float64))
    if together >= _MOST:
        raise place.error(f"adds up to {together:.3g}: expected less than 2**62; ask in parts")
    return column


def _numbers(place: _Place, given: Any) -> TermColumn:
    return _wholes(place, given, "a whole number of 0 or more, int64")


def _wholes(place: _Place, given: Any, expected: str) -> TermColumn:
    column = _array(place, given)
    values, known = column.values, column.known
    if values.size and values.dtype.kind not in "iu":
        raise place.error(f"holds {values.dtype}: expected {expected}; mask what is missing")
    place.refuse(values, known & ((values < 0) | (values > _MOST)), f"expected {expected}")
    return TermColumn(np.where(known, values, 0).astype(np.int64), known)


def _names(place: _Place, given: Any) -> TermColumn:
    listed = isinstance(given, (list, tuple))
    column = _array(place, as_objects(given) if listed else given)
    if column.values.dtype.kind in "OT" or not column.values.size:
        column = _from_objects(place, column)
    values, known = column.values, column.known
    if values.dtype.kind == "U":
        native = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
        return TermColumn(native, known & (native != ""))
    if values.dtype.kind not in "iu":
        raise place.error(f"holds {values.dtype}: expected text or whole numbers")
    place.refuse(values, known & ((values > _MOST) | (values < -_MOST)), _EXPECTED_IDS)
    return TermColumn(np.where(known, values, 0).astype(np.int64), known)


_LONGEST = 255
_EXPECTED_IDS = "expected a number within 2**62, or text"


def _from_objects(place: _Place, column: TermColumn) -> TermColumn:
    """Python's own texts or whole numbers as an array of them; None and NaN are missing."""
    items = column.values.tolist()
    missing = [item is None or (isinstance(item, float) and item != item) for item in items]
    known = column.known & ~np.array(missing, bool)
    kinds = {type(items[row]) for row in np.flatnonzero(known).tolist()}
    lost = (~known).tolist()
    if all(issubclass(kind, str) for kind in kinds):
        texts = ["" if none else text for text, none in zip(items, lost, strict=True)]
        long = np.array([len(text) > _LONGEST for text in texts], bool)
        place.refuse(texts, long, f"expected {_LONGEST} letters at most")
        return TermColumn(np.array(texts, np.str_), known)
    if all(issubclass(kind, int | np.integer) and kind is not bool for kind in kinds):
        numbers = [0 if none else int(number) for number, none in zip(items, lost, strict=True)]
        place.refuse(numbers, np.array([abs(n) > _MOST for n in numbers], bool), _EXPECTED_IDS)
        return TermColumn(np.array(numbers, np.int64), known)
    listed = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise place.error(f"holds {listed}: expected text throughout, or whole numbers throughout")


def names_column(names: Sequence[Any]) -> TermColumn:
    """Some ids as a column.

    >>> names_column(["C-1", None]).known
    array([ True, False])
    """
    return _names(_Place("contracts", "renews"), list(names))


def check_alike(terms: TermTable, table: TermTable, name: str) -> None:
    """Refuse ids that are text where those of the contracts are numbers, or the reverse.

    Raises:
        TermColumnsError: If they are, since they would never meet.
    """
    ids, column = terms["contract"], table.columns[name]
    if column.known.any() and column.values.dtype.kind != ids.dtype.kind:
        kinds = f"holds {column.values.dtype}: expected ids like those of the contracts"
        raise TermColumnsError(table.name, name, None, f"{kinds}, {ids.dtype}")


def _words(kind: type[enum.StrEnum]) -> Callable[[_Place, Any], TermColumn]:
    def read(place: _Place, given: Any) -> TermColumn:
        column = _names(place, given)
        codes = np.zeros(column.values.size, np.int8)
        for code, word in enumerate(kind, 1):
            codes[column.values == str(word)] = code
        listed = ", ".join(repr(str(word)) for word in kind)
        place.refuse(column.values, column.known & (codes == 0), f"expected one of {listed}")
        return TermColumn(codes, column.known)

    return read


# --------------------------------------------------------------------------------------
# A field as a column, and back as a value of a record


def day_number(day: dt.date) -> int:
    """The number of a day as ``datetime64`` counts: 0 is 1970-01-01.

    >>> day_number(dt.date(1970, 1, 2))
    1
    """
    return day.toordinal() - _FIRST


_FIRST = dt.date(1970, 1, 1).toordinal()


@attrs.frozen
class _Field:
    """How a field is read as a column, and how one of its values stands in a record."""

    read: Callable[[_Place, Any], TermColumn]
    record: Callable[[Any, str], Any]


def _member(kind: type[enum.StrEnum]) -> Callable[[Any, str], Any]:
    return lambda code, _: tuple(kind)[code - 1]


_ID = _Field(_names, lambda value, _: str(value))
_DAY = _Field(_days, lambda value, _: dt.date.fromordinal(int(value) + _FIRST))
_AMOUNT = _Field(
    _amounts,
    lambda value, currency: to_major(int(value), currency, exponents=unit_of(currency)),
)
_FIELDS: Mapping[str, _Field] = {
    **dict.fromkeys(("contract", "account", "entry", "renews", "sale", "product"), _ID),
    **dict.fromkeys(("start", "end", "signed_on", "recorded_at", "on"), _DAY),
    **dict.fromkeys(("annual_value", "total_value", "amount"), _AMOUNT),
    "seats": _Field(_numbers, lambda value, _: int(value)),
    "end_reason": _Field(_words(EndReason), _member(EndReason)),
    "kind": _Field(_words(EntryKind), _member(EntryKind)),
}
