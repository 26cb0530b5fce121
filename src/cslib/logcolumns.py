"""Log columns: the log of many accounts as columns, read, cut, ordered and rid of duplicates.

A part of :mod:`cslib.lifecycle`, beneath :mod:`cslib.journeycolumns`. What two events have to share
to be one, and which of two goes first, is as in :mod:`cslib.logs`; only ties are looked at as
:class:`~cslib.logs.Event` has them. A row of the columns is called by its number from beginning to
end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.blocks import Array
from cslib.faults import shown
from cslib.logorder import order_of, repeats
from cslib.logs import Event, Payload, content_of, known_entries
from cslib.tables import ColumnsError
from cslib.termids import TermColumn, numbered
from cslib.visitcolumns import limit_of

__all__ = [
    "LogColumns",
    "OrderedLog",
    "column_of",
    "entry",
    "limit_in",
    "names_in",
    "positions",
    "record_of",
    "runs",
]

Wholes: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

_DAY, _INSTANT = np.dtype("datetime64[D]"), np.dtype("datetime64[us]")
_NAT = np.datetime64("NaT", "D")
_YEARS = np.datetime64("0001-01-01T00:00:00.000000"), np.datetime64("9999-12-31T23:59:59.999999")


# --------------------------------------------------------------------------------------
# The log


@attrs.frozen(kw_only=True, eq=False)
class LogColumns:
    """A log as it was given, with a number for each account and each name.

    Attributes:
        ids: The accounts that have a row, each once, sorted.
        account: Of each row the account, a position in ``ids``.
        names: The events of the definition in their order, then the names that it does not know.
        known: How many of the names the definition knows.
        event: Of each row the name, a position in ``names``.
        at: When it happened, in days or microseconds.
        kind: What ``at`` counts: the type of a day or of an instant.
        recorded: When it became known, days or instants, NaT where that is not told; None: nowhere.
        id: The event's id, None where it has none; None: nowhere.
        payload: What came with the events, as columns.
    """

    ids: Array
    account: Wholes
    names: tuple[str, ...]
    known: int
    event: Array
    at: Wholes
    kind: np.dtype[Any]
    recorded: Array | None
    id: Array | None
    payload: Mapping[str, Array]

    @classmethod
    def read(
        cls,
        account: npt.ArrayLike,
        event: npt.ArrayLike,
        at: npt.ArrayLike,
        *,
        events: Sequence[str],
        recorded_at: npt.ArrayLike | None = None,
        id: npt.ArrayLike | None = None,  # noqa: A002 - it is called so wherever events are
        payload: Mapping[str, npt.ArrayLike] | None = None,
    ) -> LogColumns:
        """A log of columns of equal length.

        Args:
            account: Texts or whole numbers.
            event: Names, or whole numbers that are places in ``events``.
            at: Days (datetime64[D]) or instants in UTC (of a finer unit).
            events: The events of the definition.
            recorded_at: Days or instants; NaT where it is not told.
            id: Texts; None where there is none.
            payload: Columns by name.

        Raises:
            ColumnsError: If a column is none of these, holds what is missing or cannot be exact in
                microseconds, or is of another length.

        >>> log = LogColumns.read(
        ...     ["b", "a"], ["paid", "payed"], np.array(["2026-03-09", "2026-03-02"], "M8[D]"),
        ...     events=("signed", "paid"),
        ... )
        >>> log.ids.tolist(), log.account.tolist(), log.names, log.event.tolist()
        (['a', 'b'], [1, 0], ('signed', 'paid', 'payed'), [1, 2])
        """
        accounts = column_of("account", account)
        ids, codes = _numbered("account", accounts)
        names, names_of_rows = _events(column_of("event", event), tuple(events))
        moments_at = _moments("at", column_of("at", at), may_miss=False)
        log = cls(
            ids=ids,
            account=codes,
            names=names,
            known=len(tuple(events)),
            event=names_of_rows,
            at=moments_at.view(np.int64),
            kind=moments_at.dtype,
            recorded=None if recorded_at is None else _recorded(recorded_at),
            id=None if id is None else _ids(column_of("id", id)),
            payload=_payload(payload),
        )
        log._check_lengths()
        return log

    def _check_lengths(self) -> None:
        lengths = {"account": self.account.size, "event": self.event.size, "at": self.at.size}
        lengths |= {"recorded_at": len(self.recorded)} if self.recorded is not None else {}
        lengths |= {"id": len(self.id)} if self.id is not None else {}
        lengths |= {f"payload {name!r}": len(column) for name, column in self.payload.items()}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise ColumnsError(f"columns must be equally long, but {listed}")

    def moment(self, at: int) -> dt.date:
        """A moment as an event has it."""
        found: dt.date = entry(np.array([at], np.int64).view(self.kind), 0)
        return found

    def event_in(self, row: int) -> Event:
        """A row as the event that it stands for."""
        return Event(
            account=str(self.ids[self.account[row]]),
            name=self.names[int(self.event[row])],
            at=self.moment(int(self.at[row])),
            id=None if self.id is None else entry(self.id, row),
            recorded_at=None if self.recorded is None else entry(self.recorded, row),
            payload=record_of(self.payload, row),
        )

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing but account, moment and known names to tell events apart."""
        is_plain = self.recorded is None and self.id is None and not self.payload
        return is_plain and len(self.names) == self.known

    def counted(self, as_of: dt.date, known_at: dt.date | None) -> Wholes | None:
        """The rows that happened by ``as_of`` and were known by ``known_at``; None: all."""
        until = limit_in(self.kind, as_of)
        counts = None if not self.at.size or self.at.max() <= until else self.at <= until
        if known_at is not None:
            known = self._known_by(known_at)
            counts = known if counts is None else counts & known
        return None if counts is None or counts.all() else np.flatnonzero(counts)

    def _known_by(self, known_at: dt.date) -> Mask:
        as_it_happened = self.at <= limit_in(self.kind, known_at)
        if self.recorded is None:
            return as_it_happened
        known: Mask = self.recorded <= limit_of(known_at, self.recorded.dtype)
        return np.where(np.isnat(self.recorded), as_it_happened, known)


# --------------------------------------------------------------------------------------
# In order


@attrs.frozen(kw_only=True, eq=False)
class OrderedLog:
    """The rows that count, in order: by account, then as :mod:`cslib.logs` says.

    What stands twice is not taken out, which would move all that comes after it, but named.

    Attributes:
        log: The log.
        rows: The rows, in order; None: all, as they stand.
        account: Of each its account.
        event: Its name.
        at: Its moment.
        duplicates: The places of those that are the same as the one before.
        conflicts: The accounts in which an id has two contents.
    """

    log: LogColumns
    rows: Wholes | None
    account: Wholes
    event: Array
    at: Wholes
    duplicates: Wholes
    conflicts: Wholes

    @classmethod
    def of(cls, log: LogColumns, rows: Wholes | None) -> OrderedLog:
        """Some rows of a log in order; None: all.

        >>> log = LogColumns.read([7, 7, 7], [1, 0, 1], np.array([5, 5, 5], "M8[D]"),
        ...                       events=("signed", "paid"))
        >>> ordered = OrderedLog.of(log, None)
        >>> ordered.row(np.arange(3)), ordered.duplicates
        (array([1, 0, 2]), array([2]))
        """
        found = cls._chosen(log, rows)
        seconds = repeats(found._columns())
        if seconds is None:
            order = order_of(found._columns())
            found = cls._chosen(log, order if rows is None else rows[order])
            seconds = repeats(found._columns())
        assert seconds is not None  # noqa: S101 - they stand in order now
        return found._settled(seconds)._with_conflicts()

    @classmethod
    def _chosen(cls, log: LogColumns, rows: Wholes | None) -> OrderedLog:
        nothing = np.empty(0, np.int64)
        return cls(
            log=log,
            rows=rows,
            account=log.account if rows is None else log.account[rows],
            event=log.event if rows is None else log.event[rows],
            at=log.at if rows is None else log.at[rows],
            duplicates=nothing,
            conflicts=nothing,
        )

    def _columns(self) -> list[Array]:
        """What decides the order before anything else does."""
        is_told = len(self.log.names) == self.log.known
        place = self.event if is_told else np.minimum(self.event, self.log.known)
        return [self.account, self.at, place]

    @property
    def size(self) -> int:
        """How many rows there are."""
        return self.at.size

    def row(self, places: Wholes) -> Wholes:
        """The rows of the log that stand at some places."""
        return places if self.rows is None else self.rows[places]

    def _settled(self, seconds: Wholes) -> OrderedLog:
        """Ties put in order, and what stands twice named.

        Args:
            seconds: The places that agree with the one before in account, moment and place.
        """
        if not seconds.size or self.log.is_bare:
            return attrs.evolve(self, duplicates=seconds)
        is_second = np.zeros(self.size, bool)
        is_second[seconds] = True
        is_tied = is_second.copy()
        is_tied[seconds - 1] = True
        tied = np.flatnonzero(is_tied)
        order, again = _in_order(self.log, self.row(tied), np.cumsum(~is_second[tied]))
        if order is None:
            return attrs.evolve(self, duplicates=tied[again])
        rows, event = self.row(np.arange(self.size)), self.event.copy()
        rows[tied], event[tied] = rows[tied[order]], event[tied[order]]
        return attrs.evolve(self, rows=rows, event=event, duplicates=tied[again])

    def _with_conflicts(self) -> OrderedLog:
        if self.log.id is None:
            return self
        given = self.log.id if self.rows is None else self.log.id[self.rows]
        has_id = _has_id(given)
        has_id[self.duplicates] = False
        places = np.flatnonzero(has_id)
        distinct, codes = _coded(given[places])
        if distinct == places.size:
            return self
        account = self.account[places]
        order = order_of([account, codes])
        if order is not None:
            account, codes = account[order], codes[order]
        twice = (account[1:] == account[:-1]) & (codes[1:] == codes[:-1])
        return attrs.evolve(self, conflicts=np.unique(account[1:][twice]))


def _in_order(log: LogColumns, rows: Wholes, group: Wholes) -> tuple[Wholes | None, Mask]:
    """The order of ties, None: as they stand; and which, in order, are the same as the one before.

    As :func:`cslib.logs.log_of` has it. A payload is dear to compare, so it is looked at where all
    else is the same.
    """
    columns = [group, *_rest(log, rows)]
    order, again = _compared(columns)
    if log.payload and again.any():
        some = np.flatnonzero(again | np.append(again[1:], False))
        some = some if order is None else order[some]
        content = np.zeros(rows.size, np.int64)
        content[some] = _contents(log.payload, rows[some])
        return _compared([*columns, content])
    return order, again


def _compared(columns: list[Wholes]) -> tuple[Wholes | None, Mask]:
    order = order_of(columns)
    if order is not None:
        columns = [column[order] for column in columns]
    again = np.zeros(columns[0].size, bool)
    again[1:] = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    return order, again


def _contents(payload: Mapping[str, Array], rows: Wholes) -> Wholes:
    """The order of payloads by their text, each that there is written once."""
    first, codes = _unlike(payload, rows)
    records = (known_entries(record_of(payload, row)) for row in first.tolist())
    return _ranked([content_of(record) for record in records])[codes]


def _unlike(payload: Mapping[str, Array], rows: Wholes) -> tuple[Wholes, Wholes]:
    """Rows with a payload of their own, and for each row the place of its payload among them."""
    codes = np.zeros(rows.size, np.int64)
    for column in payload.values():
        if column.dtype == object or isinstance(column, np.ma.MaskedArray):
            return rows, np.arange(rows.size)  # entries that may be of any kind are each written
        _, own = np.unique(column[rows], return_inverse=True)
        _, codes = np.unique(codes * (own.max() + 1) + own, return_inverse=True)
    _, first = np.unique(codes, return_index=True)
    return rows[first], codes


def _rest(log: LogColumns, rows: Wholes) -> Iterator[Wholes]:
    """What decides between events of one moment and place before their payload does."""
    at = log.at[rows].view(log.kind).astype(_INSTANT)
    recorded = at if log.recorded is None else log.recorded[rows].astype(_INSTANT)
    ids = [] if log.id is None else [entry(log.id, row) for row in rows.tolist()]
    yield np.where(np.isnat(recorded), at, recorded).view(np.int64)
    if ids:
        yield _ranked([each or "" for each in ids])
    if len(log.names) > log.known:
        yield _ranked([log.names[code] for code in log.event[rows].tolist()])
    if ids:
        yield np.array([each is None for each in ids], np.int64)
    yield np.isnat(recorded).astype(np.int64)


def _ranked(keys: list[Any]) -> Wholes:
    ranks = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    return np.fromiter(map(ranks.__getitem__, keys), np.int64, len(keys))


# --------------------------------------------------------------------------------------
# Columns and their entries


def column_of(name: str, given: npt.ArrayLike) -> Array:
    """A column of one dimension; a masked one stays so.

    Raises:
        ColumnsError: If it has another number of dimensions.

    >>> column_of("account", ["a", "b"])
    array(['a', 'b'], dtype='<U1')
    """
    if isinstance(given, (str, bytes, Mapping)):
        raise ColumnsError(f"{name}: expected a column, but got {shown(given)}")
    column = np.asanyarray(given)
    if column.ndim != 1:
        problem = f"{name}: expected a column of one dimension, but its shape is {column.shape}"
        raise ColumnsError(problem)
    return column


def entry(column: Array, row: int) -> Any:
    """An entry as a record has it: plain Python, None where it is missing, instants aware.

    >>> entry(np.array(["2026-03-09T12", "NaT"], "M8[h]"), 0)
    datetime.datetime(2026, 3, 9, 12, 0, tzinfo=datetime.timezone.utc)
    """
    value: Any = column[row]
    if value is np.ma.masked:
        return None
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            return None
        is_day = np.datetime_data(value.dtype)[0] in ("Y", "M", "W", "D")
        found = value.astype(_DAY if is_day else _INSTANT).item()
        return found.replace(tzinfo=dt.UTC) if isinstance(found, dt.datetime) else found
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def record_of(columns: Mapping[str, Array], row: int) -> Payload:
    """A row of some columns by name.

    >>> record_of({"seats": np.array([5, 9])}, 1)
    {'seats': 9}
    """
    return Payload({name: entry(column, row) for name, column in columns.items()})


def limit_in(kind: np.dtype[Any], limit: dt.date) -> int:
    """The last moment that counts, as a number of days or microseconds.

    >>> limit_in(np.dtype("M8[D]"), dt.date(1970, 1, 5))
    4
    """
    return int(limit_of(limit, kind).view(np.int64))


def positions(ids: Array, asked: Array) -> Wholes:
    """Where each of ``asked`` stands among sorted ids; -1 where it does not.

    >>> positions(np.array(["a", "c"]), np.array(["c", "b"]))
    array([ 1, -1])
    """
    if not ids.size or not asked.size:
        return np.full(asked.size, -1, np.int64)
    places = np.minimum(np.searchsorted(ids, asked), ids.size - 1)
    return np.where(ids[places] == asked, places, -1)


def _moments(name: str, column: Array, *, may_miss: bool) -> Array:
    """Days or instants in microseconds."""
    unit = np.datetime_data(column.dtype)[0] if column.dtype.kind == "M" else "generic"
    if unit in ("generic", "Y", "M", "W") and not (column.size == 0 and unit == "generic"):
        way = "expected days or instants, datetime64[D] or of a finer unit"
        raise ColumnsError(f"{name} holds {column.dtype}: {way}")
    if isinstance(column, np.ma.MaskedArray):
        column = np.where(np.ma.getmaskarray(column), _NAT.astype(column.dtype), column.data)
    found = np.ascontiguousarray(
        column.astype(_DAY if unit in ("D", "generic") else _INSTANT, copy=False)
    )
    if not _are_usual(found.view(np.int64), found.dtype):
        missing = np.isnat(found)
        outside = ~missing & ((found < _YEARS[0]) | (found > _YEARS[1]))
        _refuse_rows(name, column, outside, "expected the years 1 to 9999")
        if not may_miss:
            _refuse_rows(name, column, missing, "expected when each event happened")
    if found.dtype != column.dtype:
        inexact = (found != column) & ~np.isnat(found)
        _refuse_rows(name, column, inexact, "expected whole microseconds")
    return found


def _are_usual(numbers: Wholes, kind: np.dtype[Any]) -> bool:
    """Whether all moments are known and in the years that there are: NaT is the least number."""
    least, most = (int(each.astype(kind).view(np.int64)) for each in _YEARS)
    return not numbers.size or least <= int(numbers.min()) <= int(numbers.max()) <= most


def _refuse_rows(name: str, column: Array, wrong: Mask, expected: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        raise ColumnsError(f"{name}[{row}] is {shown(entry(column, row))}: {expected}")


def _recorded(given: npt.ArrayLike) -> Array | None:
    column = column_of("recorded_at", given)
    if column.dtype == object and not any(each is not None for each in column):
        return np.full(column.size, "NaT", _DAY)
    return _moments("recorded_at", column, may_miss=True)


def _payload(payload: Mapping[str, npt.ArrayLike] | None) -> dict[str, Array]:
    columns = {} if payload is None else payload
    if not isinstance(columns, Mapping):
        problem = f"payload: expected columns by name, but got {shown(columns)}"
        raise ColumnsError(f"{problem}; of a data frame, dict(frame)")
    return {name: column_of(f"payload {name!r}", given) for name, given in columns.items()}


# --------------------------------------------------------------------------------------
# Numbers for names


def _numbered(name: str, column: Array) -> tuple[Array, Wholes]:
    """The distinct entries of a column, sorted, and the position of each row's among them."""
    if not column.size:
        return np.empty(0, np.str_), np.empty(0, np.int64)
    _check_names(name, column)
    column = np.asarray(column)
    first = runs(column)
    if 2 * first.size >= column.size:
        return _distinct(column)
    distinct, codes = _distinct(column[first])
    if column.dtype == np.int64 and distinct[0] == 0 and distinct[-1] == distinct.size - 1:
        return distinct, column  # they are numbered already
    return distinct, np.repeat(codes, np.diff(first, append=column.size))


def runs(column: Array) -> Wholes:
    """The first row of each run of equal entries.

    >>> runs(np.array([7, 7, 9, 7]))
    array([0, 2, 3])
    """
    return np.flatnonzero(np.append(column.size > 0, column[1:] != column[:-1]))


def names_in(name: str, column: Array) -> Array:
    """A column of ids, each a text or a whole number.

    Raises:
        ColumnsError: If it holds something else, or nothing in some row.

    >>> names_in("account", np.array([7, 8]))
    array([7, 8])
    """
    if column.size:
        _check_names(name, column)
    return np.asarray(column)


def _check_names(name: str, column: Array) -> None:
    """Refuse what is neither text nor a whole number."""
    if np.ma.is_masked(column):
        row = int(np.ma.getmaskarray(column).argmax())
        raise ColumnsError(f"{name}[{row}] is masked: expected one in each row")
    if column.dtype.kind == "O":
        for row, each in enumerate(column):
            if not isinstance(each, str):
                raise ColumnsError(f"{name}[{row}] is {shown(each)}: expected text in each row")
    elif column.dtype.kind not in "Uiu":
        raise ColumnsError(f"{name} holds {column.dtype}: expected texts or whole numbers")


def _distinct(column: Array) -> tuple[Array, Wholes]:
    if column.dtype.kind == "O":
        keys = sorted(set(column))
        place = {key: code for code, key in enumerate(keys)}
        codes = np.fromiter(map(place.__getitem__, column), np.int64, column.size)
        return np.fromiter(keys, object, len(keys)), codes
    if column.dtype.kind == "U":
        return _distinct_texts(column)
    low, high = int(column.min()), int(column.max())
    if high - low > 2 * column.size + 1024:
        distinct, codes = np.unique(column, return_inverse=True)
        return distinct, codes.astype(np.int64, copy=False)
    return _distinct_near(column, low, high)


def _distinct_near(column: Array, low: int, high: int) -> tuple[Array, Wholes]:
    """Whole numbers in a modest range: by their distance from the least, modulo 2**64."""
    least = np.uint64(low % 2**64)
    is_plain = low == 0 and column.dtype == np.int64
    gaps = column if is_plain else (column.astype(np.uint64) - least).astype(np.int64)
    is_there = np.zeros(high - low + 1, bool)
    is_there[gaps] = True
    distinct = np.flatnonzero(is_there)
    if distinct.size < is_there.size:
        gaps = (np.cumsum(is_there) - 1)[gaps]
    return (distinct.astype(np.uint64) + least).astype(column.dtype), gaps


def _distinct_texts(column: Array) -> tuple[Array, Wholes]:
    codes, doubtful = numbered(TermColumn(column, np.ones(column.size, bool)))
    if doubtful.any():  # two texts of one hash
        distinct, codes = np.unique(column, return_inverse=True)
        return distinct, codes.astype(np.int64, copy=False)
    first = np.zeros(int(codes.max()) + 1, np.int64)
    first[codes] = np.arange(codes.size)
    texts = column[first]
    order = np.argsort(texts)
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    return texts[order], rank[codes]


def _events(column: Array, events: tuple[str, ...]) -> tuple[tuple[str, ...], Array]:
    """Names, those of the definition first, and the place of each row's among them."""
    small = np.min_scalar_type(len(events))
    if column.dtype.kind in "iu":
        _check_names("event", column)
        if column.size and not 0 <= column.min() <= column.max() < len(events):
            outside = (column < 0) | (column >= len(events))
            expected = f"expected a place among the {len(events)} events, 0 to {len(events) - 1}"
            _refuse_rows("event", column, outside, expected)
        return events, np.asarray(column).astype(small, copy=False)
    distinct, codes = _numbered("event", column)
    texts = [str(each) for each in distinct]
    places = {name: place for place, name in enumerate(events)}
    for name in texts:
        places.setdefault(name, len(places))
    table = np.array([places[name] for name in texts], np.min_scalar_type(len(places)))
    return tuple(places), table[codes] if codes.size else np.empty(0, small)


def _ids(column: Array) -> Array:
    if column.dtype.kind == "U":
        return column
    if column.dtype.kind == "f" and np.isnan(np.ma.filled(column, np.nan)).all():
        return np.full(column.size, None, object)  # none at all, or none is known
    if column.dtype.kind != "O":
        raise ColumnsError(f"id holds {column.dtype}: expected texts, None where there is none")
    for row, each in enumerate(column):
        if not isinstance(each, str) and not _is_missing(each):
            raise ColumnsError(f"id[{row}] is {shown(each)}: expected text, or None")
    known = _has_id(column)
    return column if known.all() else np.where(known, column, np.array(None))


def _is_missing(value: Any) -> bool:
    """None, NaN, numpy's masked or pandas' NA, which is not even unlike itself."""
    if value is None or value is np.ma.masked or type(value).__name__ == "NAType":
        return True
    return isinstance(value, float) and value != value


def _has_id(column: Array) -> Mask:
    if column.dtype.kind == "U":
        return ~np.ma.getmaskarray(column)
    return np.fromiter((isinstance(each, str) for each in column), bool, column.size)


def _coded(column: Array) -> tuple[int, Wholes]:
    """How many distinct ids there are, and a number for each."""
    distinct, codes = _numbered("id", column)
    return distinct.size, codes
