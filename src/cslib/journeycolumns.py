"""Journey columns: where millions of accounts stand and how they came there, as columns.

A part of :mod:`cslib.lifecycle`: what :meth:`cslib.lifecycle.Lifecycle.replay_columns` does and
gives. It equals a replay account by account. The log is ordered once (:mod:`cslib.logcolumns`);
guards are asked ahead, each once, over columns (:mod:`cslib.guardcolumns`); an event and what its
guards say make a letter (:mod:`cslib.letters`), and all accounts are followed together through a
table of stages and letters (:mod:`cslib.scans`); deadlines, milestones and tracks are found from
what was marked on the way (:mod:`cslib.duecolumns`).

*Odd* accounts are replayed one by one, and their journeys written into the columns: those that are
on hold once, that meet a guard which reads the journey or a timed move with a guard, whose missed
deadline moves or marks something, and those for which the facts of a guard cannot be told from
columns. Each costs what :meth:`~cslib.lifecycle.Lifecycle.replay` costs.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from cslib import moments
from cslib.blocks import Array
from cslib.charts import Chart
from cslib.duecolumns import (
    NEVER,
    STATUSES,
    Clocks,
    DeadlineColumns,
    Occasions,
    clocks_of,
    deadline_columns,
    limits_in,
    reached,
    span_after,
    tracks_done,
)
from cslib.journeys import Journey
from cslib.letters import OUTCOMES, takers
from cslib.logcolumns import LogColumns, Mask, OrderedLog, Wholes, limit_in, record_of
from cslib.logorder import order_of
from cslib.logs import Event
from cslib.series import read_only
from cslib.stages import Deadline
from cslib.visitcolumns import moment
from cslib.visits import Refusals, VisitTable
from cslib.walks import Book, Walk

__all__ = ["DeadlineColumns", "JourneyColumns", "replay_columns"]

_DAY = np.dtype("datetime64[D]")
_MOVED, _STAYED = OUTCOMES.index("moved"), OUTCOMES.index("stayed")
_DUPLICATE, _NOT_COUNTED = OUTCOMES.index("duplicate"), OUTCOMES.index("not_counted")
_NAT = np.iinfo(np.int64).min


@attrs.frozen(kw_only=True, eq=False, slots=False)  # cached properties need a __dict__
class JourneyColumns:
    """Where accounts stand and how they came there: a column for each thing a journey tells.

    Columns are by account, in the order of ``accounts``, unless they say otherwise.

    Attributes:
        accounts: The accounts' ids.
        stages: The names of the stages in which an account can stand.
        stage: Where it stands, a position in ``stages``.
        entered: Since when; NaT in the initial stage.
        refused: How many events were refused.
        duplicates: How many were dropped because they stood in the log already.
        unrecorded: How many that counted do not say when they were recorded.
        on_hold: Whether it is on hold.
        deadlines: How each deadline stands, by name.
        milestones: When each milestone was reached, by name; NaT: it was not.
        tracks: Of each track whether it is done, by name; masked where its stage has no such track.
        outcome: By row of the log, what became of it: a position in :data:`OUTCOMES`.
        odd: The accounts that were replayed one by one, as positions.
        as_of: Up to when events counted.
        known_at: What became known later was left out; None: all was known.
        definition: The fingerprint of the lifecycle.
        visits_of: Makes ``visits`` when they are asked for.
    """

    accounts: Array = attrs.field(converter=read_only)
    stages: tuple[str, ...]
    stage: Array = attrs.field(converter=read_only)
    entered: Array = attrs.field(converter=read_only)
    refused: Wholes = attrs.field(converter=read_only)
    duplicates: Wholes = attrs.field(converter=read_only)
    unrecorded: Wholes = attrs.field(converter=read_only)
    on_hold: Mask = attrs.field(converter=read_only)
    deadlines: Mapping[str, DeadlineColumns]
    milestones: Mapping[str, Array]
    tracks: Mapping[str, Any]
    outcome: Array = attrs.field(converter=read_only)
    odd: Wholes = attrs.field(converter=read_only)
    as_of: dt.date
    known_at: dt.date | None
    definition: str
    visits_of: Callable[[], VisitTable]

    @functools.cached_property
    def visits(self) -> VisitTable:
        """Every visit and every refusal, for funnels, dwell times and conformance."""
        return self.visits_of()

    @property
    def days_in_stage(self) -> npt.NDArray[np.float64]:
        """Whole days from entering the stage to ``as_of``, in UTC; NaN in the initial stage."""
        today = np.datetime64(moments.utc_day(self.as_of), "D")
        days: npt.NDArray[np.float64] = (today - self.entered.astype(_DAY)) / np.timedelta64(1, "D")
        return days

    @property
    def facts(self) -> dict[str, Any]:
        """What rules elsewhere can read of them, as :attr:`cslib.journeys.Journey.facts`."""
        done = {name: np.ma.filled(track, False) for name, track in self.tracks.items()}
        there = {name: ~np.ma.getmaskarray(track) for name, track in self.tracks.items()}
        nothing = np.zeros(self.accounts.size, np.int64)
        return {
            "stage": np.array(self.stages)[self.stage],
            "days_in_stage": self.days_in_stage,
            "events_refused": self.refused,
            "on_hold": self.on_hold,
            "tracks_done": sum(done.values(), nothing),
            "tracks_open": sum((there[name] & ~done[name] for name in done), nothing),
            **{f"done_{name}": track for name, track in self.tracks.items()},
            **{f"deadline_{name}": each.texts() for name, each in self.deadlines.items()},
            **{f"due_{name}": each.due for name, each in self.deadlines.items()},
            **{f"milestone_{name}": each for name, each in self.milestones.items()},
        }

    def __repr__(self) -> str:
        rows = f"{self.accounts.size:,} accounts, {self.outcome.size:,} events"
        refused = f"{int(self.refused.sum()):,} refused"
        odd = f", {self.odd.size:,} replayed one by one" if self.odd.size else ""
        return f"<JourneyColumns: {rows}, {refused}{odd}, as of {self.as_of}>"


# --------------------------------------------------------------------------------------
# The replay


def replay_columns(
    chart: Chart,
    replay: Callable[..., Journey],
    log: LogColumns,
    *,
    as_of: dt.date,
    known_at: dt.date | None,
    accounts: Mapping[str, npt.ArrayLike] | None,
    definition: str,
) -> JourneyColumns:
    """The journeys of all accounts of a log.

    Args:
        chart: The definition, arranged for looking up.
        replay: The replay of one account, for those that are odd.
        log: The log.
        as_of: Up to when events count.
        known_at: What became known later is left out.
        accounts: What is known of accounts: columns, one of which is ``account``.
        definition: The fingerprint of the definition.

    Raises:
        ColumnsError: If the columns of ``accounts`` are no table with a name in each row.
        LogError: As :meth:`cslib.lifecycle.Lifecycle.replay` does, of the first account at fault.
    """
    as_of = moments.in_utc(as_of, "as_of")
    known_at = None if known_at is None else moments.in_utc(known_at, "known_at")
    book = Book.of(log, accounts)
    ordered = OrderedLog.of(log, log.counted(as_of, known_at))
    walk = Walk.of(chart, ordered, book, limit_in(log.kind, as_of))
    draft = _Draft.of(walk)
    for inner in sorted(np.flatnonzero(draft.odd).tolist(), key=book.place.__getitem__):
        events = _events(walk, inner)
        place = int(book.place[inner])
        facts = record_of(book.facts, place) if place < book.known else None
        journey = replay(list(events.values()), as_of=as_of, known_at=known_at, account=facts)
        draft.put(place, events, journey)
    return draft.columns(as_of, known_at, definition)


def _events(walk: Walk, inner: int) -> dict[int, Event]:
    """The events of an account that count, by their rows, in the order of these."""
    log = walk.log
    rows = np.sort(log.row(np.arange(walk.starts[inner], walk.ends[inner])))
    return {row: log.log.event_in(row) for row in rows.tolist()}


# --------------------------------------------------------------------------------------
# What comes out


@attrs.define(kw_only=True, eq=False)
class _Draft:
    """The columns while they are made: by account as they come out, moments as numbers.

    Attributes:
        walk: The log as it was followed.
        odd: Which accounts of the log have to be replayed one by one.
        whole: The columns of whole numbers and moments, by name.
        deadlines: Those of each deadline.
        milestones: When each milestone was reached.
        tracks: Where each track is done.
        outcome: What became of each row.
        journeys: The journeys that were written in, by the account's position.
        refused: What these refused: the position, stage, name of the event, reason, and whether it
            is no event of the log.
    """

    walk: Walk
    odd: Mask
    whole: dict[str, Array]
    deadlines: dict[str, dict[str, Array]]
    milestones: dict[str, Array]
    tracks: dict[str, Array]
    outcome: Array
    journeys: dict[int, Journey] = attrs.Factory(dict)
    refused: list[tuple[int, str, str, str, bool]] = attrs.Factory(list)

    @classmethod
    def of(cls, walk: Walk) -> _Draft:
        """What the walk tells."""
        chart = walk.chart
        clocks, occasions, odd = _clocks(walk)
        initial = chart.leaves.index(chart.initial)

        def out(column: Array, missing: int | bool) -> Array:
            return _spread(walk.book, column, missing)

        return cls(
            walk=walk,
            odd=odd | walk.odd,
            whole={
                "stage": out(walk.scan.final, initial),
                "entered": out(walk.entered(), _NAT),
                **{name: out(column, 0) for name, column in _counts(walk).items()},
                "on_hold": np.zeros(walk.book.accounts.size, bool),
            },
            deadlines={
                each.deadline.name: {
                    name: out(column, 0 if name == "status" else NEVER)
                    for name, column in deadline_columns(each, walk.until).items()
                }
                for each in clocks
            },
            milestones={
                each.name: out(reached(each, occasions), NEVER) for each in chart.milestones
            },
            tracks={name: out(tracks_done(name, occasions), False) for name in walk.tracks},
            outcome=_outcomes(walk),
        )

    def put(self, place: int, events: Mapping[int, Event], journey: Journey) -> None:
        """Write in a journey that was replayed by itself."""
        self.journeys[place] = journey
        kind = self.walk.log.log.kind
        entered = journey.visits[-1].entered
        whole = {
            "stage": self.walk.chart.leaves.index(journey.stage),
            "entered": _NAT if entered is None else _number(entered, kind),
            "refused": len(journey.refused),
            "duplicates": journey.duplicates,
            "unrecorded": journey.unrecorded,
            "on_hold": journey.on_hold,
        }
        for name, value in whole.items():
            self.whole[name][place] = value
        for state in journey.deadlines:
            columns = self.deadlines[state.name]
            columns["status"][place] = STATUSES.index(str(state.status))
            for name in ("start", "due", "met", "waived"):
                columns[name][place] = _number(getattr(state, name), kind)
        for name, column in self.milestones.items():
            column[place] = _number(journey.milestones.get(name), kind)
        for name, column in self.tracks.items():
            column[place] = name in journey.tracks_done
        self._put_outcomes(events, journey)
        given = {id(event) for event in events.values()}
        self.refused += [
            (place, each.stage, each.event.name, str(each.reason), id(each.event) not in given)
            for each in journey.refused
        ]

    def _put_outcomes(self, events: Mapping[int, Event], journey: Journey) -> None:
        refused = {id(each.event): str(each.reason) for each in journey.refused}
        moved = {id(visit.event) for visit in journey.visits}
        for row, event in events.items():
            if self.outcome[row] == _DUPLICATE:
                continue
            reason = refused.get(id(event), "moved" if id(event) in moved else "stayed")
            self.outcome[row] = OUTCOMES.index(reason)

    def columns(self, as_of: dt.date, known_at: dt.date | None, definition: str) -> JourneyColumns:
        """The columns as they are given."""
        walk, kind = self.walk, self.walk.log.log.kind
        whole = dict(self.whole)
        there = {
            name: np.array([name in walk.chart.checklists[leaf] for leaf in walk.chart.leaves])
            for name in self.tracks
        }
        stage = whole.pop("stage")
        odd = np.array(sorted(self.journeys), np.int64)
        return JourneyColumns(
            accounts=walk.book.accounts,
            stages=walk.chart.leaves,
            stage=stage,
            entered=whole.pop("entered").view(kind),
            **whole,
            deadlines={name: _deadline(each, kind) for name, each in self.deadlines.items()},
            milestones={name: _dated(column, kind) for name, column in self.milestones.items()},
            tracks={
                name: np.ma.array(column & there[name][stage], mask=~there[name][stage])
                for name, column in self.tracks.items()
            },
            outcome=self.outcome,
            odd=odd,
            as_of=as_of,
            known_at=known_at,
            definition=definition,
            visits_of=functools.partial(_visits, self, as_of),
        )


def _spread(book: Book, column: Array, missing: int | bool) -> Array:
    """A column of the accounts of the log as one of all accounts."""
    if not book.known:  # these are all, in this order
        return column.copy()
    found = np.full(book.accounts.size, missing, column.dtype)
    found[book.place] = column
    return found


def _counts(walk: Walk) -> dict[str, Wholes]:
    """How many events were refused, dropped, and not recorded."""
    log = walk.log
    duplicates = np.bincount(log.account[log.duplicates], minlength=walk.size)
    unrecorded = walk.ends - walk.starts - duplicates
    if log.log.recorded is not None:
        untold = np.isnat(log.log.recorded if log.rows is None else log.log.recorded[log.rows])
        untold[log.duplicates] = False
        unrecorded = np.bincount(log.account[untold], minlength=walk.size)
    return {
        "refused": _counted(walk, walk.is_refused),
        "duplicates": duplicates,
        "unrecorded": unrecorded,
    }


def _counted(walk: Walk, chosen: Mask) -> Wholes:
    """How many of the rows of each account are chosen."""
    narrow = np.min_scalar_type(walk.log.size)  # no more are counted than there are
    padded = np.append(chosen, False)  # an account without rows may start after the last one
    found: Wholes = np.add.reduceat(padded, walk.starts, dtype=narrow).astype(np.int64)
    found[walk.starts == walk.ends] = 0
    return found


def _outcomes(walk: Walk) -> Array:
    """What became of each row of the log."""
    if walk.log.rows is None:
        return walk.outcome.copy()
    found = np.full(walk.log.log.at.size, _NOT_COUNTED, walk.outcome.dtype)
    found[walk.log.rows] = walk.outcome
    return found


def _number(when: dt.date | None, kind: np.dtype[Any]) -> int:
    return NEVER if when is None else int(moment(when).astype(kind).view(np.int64))


def _dated(column: Wholes, kind: np.dtype[Any]) -> Array:
    return np.where(column == NEVER, _NAT, column).view(kind)


def _deadline(columns: Mapping[str, Wholes], kind: np.dtype[Any]) -> DeadlineColumns:
    dated = {name: _dated(columns[name], kind) for name in ("start", "due", "met", "waived")}
    return DeadlineColumns(status=columns["status"].astype(np.uint8), **dated)


# --------------------------------------------------------------------------------------
# Deadlines


def _clocks(walk: Walk) -> tuple[list[Clocks], Occasions, Mask]:
    """The clocks of each deadline, what marked them, and which accounts these make odd."""
    chart, odd = walk.chart, np.zeros(walk.size, bool)
    taken = {each.name: takers(chart, each.breach) for each in chart.deadlines if each.breach}
    occasions = walk.occasions(moves=any(stages.any() for stages in taken.values()))
    clocks = []
    for deadline in chart.deadlines:
        untold: list[Wholes] = []
        found = clocks_of(
            deadline, occasions, functools.partial(_due, walk, deadline, occasions, untold)
        )
        odd[occasions.account[np.concatenate([*untold, np.empty(0, np.int64)])]] = True
        if deadline.name in taken and taken[deadline.name].any():
            start, when = found.breached(walk.until)
            stage = occasions.after[occasions.since(start, when) - 1]
            odd[occasions.account[start[taken[deadline.name][stage]]]] = True
        clocks.append(found)
    return clocks, occasions, odd


def _due(
    walk: Walk, deadline: Deadline, occasions: Occasions, untold: list[Wholes], start: Wholes
) -> Wholes:
    """Until when a clock has time; what cannot be told is added to ``untold``."""
    kind = walk.log.log.kind
    if deadline.within is not None:
        found = span_after(deadline.within, walk.chart.calendar, kind)(occasions.at[start])
        untold.append(start[found == NEVER])
        return found
    assert deadline.due is not None  # noqa: S101 - it is one or the other
    asked = walk.asked(occasions.row[start], occasions.account[start], occasions.at[start])
    answer = walk.known.answer(deadline.due, asked)
    if answer is None:
        untold.append(start)
        return np.full(start.size, NEVER)
    return limits_in(answer, kind)


# --------------------------------------------------------------------------------------
# Visits


def _visits(draft: _Draft, as_of: dt.date) -> VisitTable:
    """All visits, in the order of the accounts."""
    walk, book = draft.walk, draft.walk.book
    place, stage, at = _entries(draft)
    total = book.accounts.size + place.size
    first = np.bincount(place, minlength=book.accounts.size)
    first = np.cumsum(first) - first + np.arange(first.size)
    is_later = np.ones(total, bool)
    is_later[first] = False
    stages = np.full(total, walk.chart.leaves.index(walk.chart.initial), np.int64)
    stages[is_later] = stage
    entered = np.full(total, _NAT)
    entered[is_later] = at
    left = np.append(entered[1:], _NAT)[:total]
    left[first[1:] - 1] = _NAT
    account = np.repeat(np.arange(first.size), np.diff(np.append(first, total)))
    return VisitTable(
        accounts=book.accounts,
        stages=walk.chart.leaves,
        account=account,
        stage=stages,
        entered=entered.view(walk.log.log.kind),
        left=left.view(walk.log.log.kind),
        as_of=as_of,
        refusals=_refusals(draft),
    )


def _entries(draft: _Draft) -> tuple[Wholes, Wholes, Wholes]:
    """Every move into a stage: the account, the stage and the moment, by account and in order."""
    walk, kind = draft.walk, draft.walk.log.log.kind
    wakes, moves = walk.scan.wakes, walk.moves
    turn = np.searchsorted(moves, wakes.row)
    account = np.insert(walk.log.account[moves], turn, wakes.account)
    stage = np.insert(walk.scan.after[moves].astype(np.int64), turn, walk.targets[wakes.timer])
    at = np.insert(walk.log.at[moves], turn, wakes.at)
    even = ~draft.odd[account]
    place, stage, at = walk.book.place[account[even]], stage[even], at[even]
    leaves = walk.chart.leaves
    others = [
        (odd, leaves.index(visit.stage), _number(visit.entered, kind))
        for odd, journey in draft.journeys.items()
        for visit in journey.visits[1:]
    ]
    return _by_place((place, stage, at), others)


def _by_place(columns: tuple[Wholes, ...], others: Sequence[tuple[int, ...]]) -> tuple[Any, ...]:
    """Columns with some rows more, in order of the first."""
    rest = np.array(others, np.int64).reshape(-1, len(columns)).T
    joined = [np.concatenate(pair) for pair in zip(columns, rest, strict=True)]
    order = order_of(joined[:1])
    return tuple(joined if order is None else [column[order] for column in joined])


def _refusals(draft: _Draft) -> Refusals:
    """All refusals, in the order of the accounts."""
    walk, log = draft.walk, draft.walk.log
    names = {name: code for code, name in enumerate(log.log.names)}
    even = np.flatnonzero(walk.is_refused & ~draft.odd[log.account])
    columns = (
        walk.book.place[log.account[even]],
        walk.scan.before[even].astype(np.int64),
        log.event[even].astype(np.int64),
        walk.outcome[even].astype(np.int64) - (_STAYED + 1),
        np.zeros(even.size, np.int64),
    )
    leaves = walk.chart.leaves
    others = [
        (
            place,
            leaves.index(stage),
            names.setdefault(name, len(names)),
            _REASONS.index(reason),
            int(is_timed),
        )
        for place, stage, name, reason, is_timed in draft.refused
    ]
    account, stage, event, reason, timed = _by_place(columns, others)
    accepted = np.flatnonzero(draft.outcome <= _STAYED)
    by_account = walk.book.place[log.log.account[accepted]]
    return Refusals(
        events=tuple(names),
        reasons=_REASONS,
        account=account,
        stage=stage,
        event=event,
        reason=reason,
        timed=timed.astype(bool),
        accepted_by_event=np.bincount(log.log.event[accepted], minlength=len(names)),
        accepted_by_account=np.bincount(by_account, minlength=walk.book.accounts.size),
    )


_REASONS = OUTCOMES[_STAYED + 1 : _DUPLICATE]
