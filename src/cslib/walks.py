"""Walks: a log of many accounts followed through a chart, and what was marked on the way.

A part of :mod:`cslib.lifecycle`, beneath :mod:`cslib.journeycolumns`. An event and what its guards
say make a letter; all accounts are followed together through a table of stages and letters
(:mod:`cslib.scans`). Accounts of the log are numbered as in :mod:`cslib.logcolumns`; a *book* says
where each of them, and those without a row, stands in what comes out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from cslib.blocks import Array
from cslib.charts import Candidate, Chart
from cslib.duecolumns import NEVER, Occasions, fixed_length, matters, span_after
from cslib.guardcolumns import Asked, FactColumns, ill_payloads
from cslib.letters import OUTCOMES, Cell, Letter, Table, guards_of, timed_cell
from cslib.logcolumns import (
    LogColumns,
    Mask,
    OrderedLog,
    Wholes,
    column_of,
    names_in,
    positions,
    runs,
)
from cslib.scans import Clock, Scan, Timer, scan
from cslib.tables import ColumnsError

__all__ = ["Book", "Walk"]

_DAY = np.dtype("datetime64[D]")
_MOVED, _STAYED = OUTCOMES.index("moved"), OUTCOMES.index("stayed")
_DUPLICATE = OUTCOMES.index("duplicate")  # after all that refuses an event


# --------------------------------------------------------------------------------------
# The accounts


@attrs.frozen(kw_only=True, eq=False)
class Book:
    """All accounts: those that are known first, in their order, then the others of the log by id.

    Attributes:
        accounts: Their ids.
        place: Of each account of the log, its position among them.
        inner: Of each account its position in the log; -1: it has no row there.
        facts: What is known of the first ones, as columns.
        known: How many these are.
    """

    accounts: Array
    place: Wholes
    inner: Wholes
    facts: Mapping[str, Array]
    known: int

    @classmethod
    def of(cls, log: LogColumns, accounts: Mapping[str, npt.ArrayLike] | None) -> Book:
        """The accounts of a log and of a table.

        Raises:
            ColumnsError: If the table has no column ``account``, or an account twice.
        """
        if accounts is None:
            everyone = np.arange(log.ids.size)
            return cls(accounts=log.ids, place=everyone, inner=everyone, facts={}, known=0)
        facts = _facts(accounts)
        names = facts.pop("account")
        _check_once(names)
        ids, names = _of_one_kind(log.ids, names)
        inner = positions(ids, names)
        place = np.full(ids.size, -1, np.int64)
        place[inner[inner >= 0]] = np.flatnonzero(inner >= 0)
        others = np.flatnonzero(place < 0)
        place[others] = np.arange(others.size) + names.size
        return cls(
            accounts=np.concatenate([names, ids[others]]),
            place=place,
            inner=np.append(inner, others),
            facts=facts,
            known=names.size,
        )

    def holders(self, account: Wholes) -> Wholes:
        """The row in ``facts`` of each account of the log; -1: it is not known."""
        place = self.place[account]
        return np.where(place < self.known, place, -1)


def _facts(accounts: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
    if not isinstance(accounts, Mapping) or "account" not in accounts:
        problem = "accounts: expected a mapping of columns, one of them 'account' with the ids"
        raise ColumnsError(problem)
    facts = {name: np.asanyarray(given) for name, given in accounts.items()}
    facts["account"] = names_in("accounts['account']", column_of("account", facts["account"]))
    lengths = {name: column.shape[0] if column.ndim else -1 for name, column in facts.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise ColumnsError(f"columns of accounts must be equally long, but {listed}")
    return facts


def _check_once(names: Array) -> None:
    distinct, first = np.unique(names, return_index=True)
    if distinct.size < names.size:
        row = int(np.setdiff1d(np.arange(names.size), first)[0])
        (name,) = names[row : row + 1].tolist()
        raise ColumnsError(f"accounts['account'][{row}] is {name!r}, which stands there before")


def _of_one_kind(ids: Array, names: Array) -> tuple[Array, Array]:
    """Ids of the log and of the table, both texts or both whole numbers."""
    if not ids.size:
        return ids.astype(names.dtype), names
    if not names.size:
        return ids, names.astype(ids.dtype)
    texts = [each.dtype.kind in "UO" for each in (ids, names)]
    if texts[0] is not texts[1]:
        given = f"accounts['account'] holds {names.dtype}, but the log's accounts {ids.dtype}"
        raise ColumnsError(f"{given}: expected texts in both, or whole numbers")
    if "O" in (ids.dtype.kind, names.dtype.kind):
        return ids.astype(object), names.astype(object)
    return ids, names


# --------------------------------------------------------------------------------------
# Following all accounts at once


@attrs.frozen(kw_only=True, eq=False, slots=False)  # cached properties need a __dict__
class Walk:
    """A log that was followed through a chart.

    Attributes:
        chart: The chart.
        log: The rows that count, in order.
        book: All accounts.
        known: What guards read.
        until: The last moment that counts.
        table: What each letter does in each stage.
        timed: What each timer does.
        timers: What is timed: a stage, by its place, and the move out of it.
        cell: Of each row the stage that it found and its letter, as a place in the table.
        scan: Where the accounts stood.
        starts: The first row of each account.
        ends: The row after its last.
    """

    chart: Chart
    log: OrderedLog
    book: Book
    known: FactColumns
    until: int
    table: Table
    timed: tuple[Cell, ...]
    timers: tuple[tuple[int, Candidate], ...]
    cell: Array
    scan: Scan
    starts: Wholes
    ends: Wholes

    @classmethod
    def of(cls, chart: Chart, log: OrderedLog, book: Book, until: int) -> Walk:
        """Follow a log."""
        known = FactColumns(log.log.payload, book.facts)
        letters, of_rows = _letters(chart, log, book, known)
        table = Table.of(chart, letters)
        timers = _timers(chart)
        first, counts = runs(log.account), np.zeros(log.log.ids.size, np.int64)
        counts[log.account[first]] = np.diff(first, append=log.size)
        ends = np.cumsum(counts)
        starts = ends - counts
        clock = _clock(chart, log, timers, until)
        scanned = scan(
            starts, of_rows, table.follows, initial=chart.leaves.index(chart.initial), clock=clock
        )
        width = table.follows.shape[1]
        small = np.min_scalar_type(len(table.cells) + len(timers))
        cell = scanned.before.astype(small)
        cell *= small.type(width)
        cell += of_rows.astype(small, copy=False)
        return cls(
            chart=chart,
            log=log,
            book=book,
            known=known,
            until=until,
            table=table,
            timed=tuple(timed_cell(chart, move) for _, move in timers),
            timers=timers,
            cell=cell,
            scan=scanned,
            starts=starts,
            ends=ends,
        )

    @property
    def size(self) -> int:
        """How many accounts the log has."""
        return self.starts.size

    @functools.cached_property
    def outcome(self) -> Array:
        """What became of each row."""
        return _looked_up(self.table.outcomes, self.cell)

    @property
    def is_refused(self) -> Mask:
        """The rows that were refused."""
        refused: Mask = (self.outcome > _STAYED) & (self.outcome < _DUPLICATE)
        return refused

    @functools.cached_property
    def moves(self) -> Wholes:
        """The rows that moved their account."""
        return np.flatnonzero(self.outcome == _MOVED)

    @functools.cached_property
    def targets(self) -> Wholes:
        """The stage to which each timer leads."""
        found: Wholes = np.array([cell.follows for cell in self.timed], np.int64)
        return found

    @functools.cached_property
    def tracks(self) -> tuple[str, ...]:
        """The tracks of all stages, in order."""
        lists = self.chart.checklists.values()
        return tuple(dict.fromkeys(name for names in lists for name in names))

    @functools.cached_property
    def odd(self) -> Mask:
        """The accounts that the table does not tell, or whose log is at fault."""
        odd: Mask = self.overrun() | (self.scan.final == len(self.chart.leaves))
        odd[self.log.conflicts] = True
        return odd

    def asked(self, places: Wholes, account: Wholes, at: Wholes) -> Asked:
        """Rows of which something is asked; a place of -1 is no row."""
        return _asked(self.log, self.book, places, account, at)

    def entered(self) -> Wholes:
        """When each account entered the stage in which it stands; the least number: never."""
        found, woken = (np.full(self.size, np.iinfo(np.int64).min) for _ in range(2))
        found[self.log.account[self.moves]] = self.log.at[self.moves]  # of several the last remains
        woken[self.scan.wakes.account] = self.scan.wakes.at
        latest: Wholes = np.maximum(found, woken)
        return latest

    def occasions(self, *, moves: bool) -> Occasions:
        """What marks something, with timed moves in their places.

        Args:
            moves: Whether all moves are asked for, whether they mark something or not.
        """
        cells = (*self.table.cells, *self.timed)
        tracks = frozenset(self.tracks)
        ends = bool(self.chart.deadlines)
        is_asked = np.array(
            [
                matters(cell, self.chart.marked, tracks, ends=ends) or (moves and cell.follows >= 0)
                for cell in cells
            ]
        )
        rows = np.flatnonzero(_looked_up(is_asked, self.cell) if is_asked.any() else [])
        wakes = self.scan.wakes
        count = len(self.table.cells)
        woken = (
            np.flatnonzero(is_asked[count:].take(wakes.timer)) if wakes.timer.size else wakes.timer
        )
        turn = np.searchsorted(rows, wakes.row[woken])
        timer = wakes.timer[woken]

        def joined(of_rows: Array, of_wakes: Array) -> Array:
            return np.insert(of_rows.astype(np.int64, copy=False), turn, of_wakes)

        return Occasions(
            cells=cells,
            account=joined(self.log.account[rows], wakes.account[woken]),
            at=joined(self.log.at[rows], wakes.at[woken]),
            cell=joined(self.cell[rows], timer + count),
            row=joined(rows, np.full(woken.size, -1)),
            after=joined(self.scan.after[rows], self.targets[timer]),
            accounts=self.size,
        )

    def overrun(self) -> Mask:
        """The accounts in which a move may be timed for a moment that cannot be reckoned."""
        found = np.zeros(self.size, bool)
        if not self.timers or not self.log.size:
            return found
        ends = [moments.max() for moments in (self.log.at, self.scan.wakes.at) if moments.size]
        for stage, move in self.timers:
            if _after(self.chart, self.log, move)(np.array([max(ends)]))[0] == NEVER:
                found[self.log.account[self.scan.after == stage]] = True
                found[self.scan.wakes.account[self.targets[self.scan.wakes.timer] == stage]] = True
        return found


_BLOCK = 1 << 15  # rows worked on at a time: they stay in the processor's cache


def _looked_up(table: Array, places: Array) -> Array:
    """What a short table has at many places."""
    found = np.empty(places.size, table.dtype)
    for start in range(0, places.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        table.take(places[block], out=found[block], mode="clip")  # all are there: none is clipped
    return found


def _asked(log: OrderedLog, book: Book, places: Wholes, account: Wholes, at: Wholes) -> Asked:
    rows = log.row(np.maximum(places, 0)) if log.size else places
    return Asked(
        row=np.where(places < 0, -1, rows),
        holder=book.holders(account),
        day=at.view(log.log.kind).astype(_DAY),
    )


# --------------------------------------------------------------------------------------
# What is timed


def _timers(chart: Chart) -> tuple[tuple[int, Candidate], ...]:
    return tuple(
        (stage, move) for stage, leaf in enumerate(chart.leaves) for move in chart.timers[leaf]
    )


def _after(chart: Chart, log: OrderedLog, move: Candidate) -> Callable[[Wholes], Wholes]:
    span = move.transition.after
    assert span is not None  # noqa: S101 - a timer has one
    return span_after(span, chart.calendar, log.log.kind)


def _clock(
    chart: Chart, log: OrderedLog, timers: Sequence[tuple[int, Candidate]], until: int
) -> Clock | None:
    if not timers:
        return None
    made: Any = tuple(_timer(chart, log, stage, move) for stage, move in timers)
    return Clock(at=log.at, until=until, timers=made)


def _timer(chart: Chart, log: OrderedLog, stage: int, move: Candidate) -> Timer:
    span = move.transition.after
    fixed = None if span is None else fixed_length(span, log.log.kind)
    after = _after(chart, log, move) if fixed is None else fixed
    return Timer(stage=stage, target=timed_cell(chart, move).follows, after=after)


# --------------------------------------------------------------------------------------
# Letters


def _letters(
    chart: Chart, log: OrderedLog, book: Book, known: FactColumns
) -> tuple[list[Letter], Array]:
    """The letters that there are, and that of each row."""
    names, count = log.log.names, log.log.known
    letters = [Letter(name) for name in names[: count + 1]]  # one for all names that are unknown
    places = log.event if len(names) <= count + 1 else np.minimum(log.event, count)
    if log.duplicates.size:
        places = places.astype(np.min_scalar_type(len(letters)))
        places[log.duplicates] = len(letters)
        letters.append(Letter("", is_again=True))
    parts = []
    for place, name in enumerate(names[:count]):
        if guards_of(chart, name) or name in chart.payloads:
            rows = np.flatnonzero(places == place)
            own, codes = _spelt(chart, name, known, rows, log, book)
            parts.append((rows, codes + len(letters)))
            letters += own
    if parts:
        places = places.astype(np.min_scalar_type(len(letters)))
        for rows, codes in parts:
            places[rows] = codes
    return letters, places


def _spelt(
    chart: Chart, name: str, known: FactColumns, rows: Wholes, log: OrderedLog, book: Book
) -> tuple[list[Letter], Array]:
    """The letters of a name, and which of them each row is."""
    ill = np.zeros(rows.size, bool)
    if name in chart.payloads:
        ill = ill_payloads(chart.payloads[name], known.payload, log.row(rows))
    asked = _asked(log, book, rows, log.account[rows], log.at[rows])
    says = [np.where(ill, 0, known.holds(guard, asked)) for guard in guards_of(chart, name)]
    found, codes = _combined([ill, *says])
    return [Letter(name, tuple(rest), bool(first)) for first, *rest in found], codes


def _combined(parts: Iterable[Array]) -> tuple[list[tuple[int, ...]], Wholes]:
    """The combinations of small numbers that there are, and which of them each row has."""
    found: list[tuple[int, ...]] = [()]
    codes: Wholes | None = None
    for part in parts:
        codes = part.astype(np.int64) if codes is None else codes * 4 + part
        there = np.flatnonzero(np.bincount(codes, minlength=1))
        found = [(*found[code // 4], code % 4) for code in there.tolist()]
        number = np.zeros(int(there[-1]) + 1 if there.size else 1, np.int64)
        number[there] = np.arange(there.size)
        codes = number[codes]
    assert codes is not None  # noqa: S101 - there is one part or more
    return found, codes
