"""Lifecycles and logs, drawn for the tests of the engine and of its columns.

:func:`definitions` gives sound lifecycles of every kind of part: nested stages, guards,
priorities, moves by time, deadlines with and without a breach, milestones, tracks, holds, payloads.
:func:`logs` gives logs of dates or of instants: late, tied, doubled, some of events that do not
exist. What is drawn is small on purpose, so that moments collide.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from cslib.calendars import BusinessCalendar
from cslib.errors import DefinitionError
from cslib.lifecycle import (
    Deadline,
    Event,
    Lifecycle,
    Milestone,
    Pause,
    Stage,
    Track,
    Transition,
)
from cslib.schemas import FactSpec, Schema

fewer = settings(max_examples=40)
"""For laws over drawn definitions, of which each takes some 25 ms to draw."""

LEAVES = ("lead", "on/data", "on/use/early", "on/use/late", "live")
ENDS = ("end/gone", "end/shut")
PARENTS = ("on", "on/use")
EVENTS = ("go", "grow", "stop", "wait", "back")

FACT_GUARDS = ("ok", "not ok", "n > 1", "n <= 1", "ok and n > 1")
"""Guards over what events and accounts tell."""

JOURNEY_GUARDS = (
    *("days_in_stage >= 2", "events_refused > 0", "on_hold", "tracks_open == 0", "done_data"),
    *("deadline_first == 'open'", "deadline_first == 'missed'", "stage == 'live'"),
    "days_since(milestone_start) >= 1",
)
"""Guards over the journey itself."""

SPANS = ("1 day", "2 days", "3 days", "1 week", "2 business days", "1 month")
HOLIDAY = dt.date(2026, 2, 4)

FIRST = dt.date(2026, 1, 29)
"""The first day on which anything happens: a Thursday, two days before the month ends."""

PAYLOADS: tuple[Mapping[str, Any], ...] = tuple(
    {"ok": ok, "n": n} for ok in (None, True, False) for n in (None, 1, 2, 1.5, Decimal(3))
)
ACCOUNTS = st.none() | st.builds(
    lambda known, days: {**known, "limit": days and FIRST + dt.timedelta(days=days)},
    st.sampled_from(PAYLOADS),
    st.sampled_from((None, 1, 3, 6, 9)),
)
"""What is known of an account."""


# --------------------------------------------------------------------------------------
# Definitions: each part is one draw from all that there are, which is quick


@st.composite
def definitions(
    draw: st.DrawFn,
    *,
    nested: bool = True,
    timed: bool = True,
    guards: Sequence[str] = (*FACT_GUARDS, *JOURNEY_GUARDS),
) -> Lifecycle:
    """Sound lifecycles.

    Args:
        draw: Given by hypothesis.
        nested: Whether stages may lie in stages.
        timed: Whether there may be moves by time, deadlines, milestones, tracks and holds.
        guards: What transitions may ask for.
    """
    leaves, ends = draw(_some_stages(nested))
    pool = _Pool(leaves, ends, tuple(guards))
    spine = [draw(st.sampled_from(pool.moves(*pair))) for pair in _way(leaves, ends)]
    others = draw(st.lists(pool.others(timed=timed), max_size=7))
    deadlines = draw(_FEW) if timed else 0
    parts: dict[str, Any] = {
        "name": "drawn",
        "initial": leaves[0],
        "stages": _stages(leaves, ends, draw(_TRACKED) if timed else ()),
        "events": draw(_ORDERS),
        "calendar": CALENDAR,
        "payloads": draw(_SCHEMAS),
    }
    if timed:
        parts["milestones"] = draw(st.sampled_from(pool.milestones))
        parts["pause"] = draw(_PAUSES)
    return _sound(parts, spine, others, [draw(pool.deadline(i)) for i in range(deadlines)])


CALENDAR = BusinessCalendar(holidays=[HOLIDAY])
_FEW = st.integers(0, 2)
_ORDERS = st.sampled_from([EVENTS, EVENTS[::-1], (*EVENTS[2:], *EVENTS[:2])])
_PAUSES = st.none() | st.just(Pause(starts="wait", ends=("back", "go")))
_NUMBER = Schema((FactSpec(name="n", kind="number"),))
_SCHEMAS = st.sampled_from([{}, {}, {"go": _NUMBER}, {"go": _NUMBER, "stop": _NUMBER}])
_SETUP = Track(name="setup", done_by=("go", "stop"))
_DATA, _PEOPLE = Track(name="data", done_by=("grow", "stop")), Track(name="people", done_by="grow")
_TRACKED = st.sampled_from(((), (), (_SETUP,), (_DATA,), (_DATA, _PEOPLE), (_SETUP, _DATA)))


@functools.cache
def _some_stages(nested: bool) -> st.SearchStrategy[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Stages, and ends; without an end at least two, so that each can lead on."""
    leaves = [name for name in LEAVES if nested or "/" not in name]
    ends = ENDS if nested else tuple(name.removeprefix("end/") for name in ENDS)
    return st.sampled_from(
        [
            (some, end)
            for end in (ends[:1], ends, ())
            for many in range(1 if end else 2, len(leaves) + 1)
            for some in itertools.combinations(leaves, many)
        ]
    )


def _way(leaves: tuple[str, ...], ends: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pairs of stages by which all are reached, and all lead on."""
    return [*itertools.pairwise(leaves), *((leaves[-1], each) for each in ends or leaves[:1])]


def _around(leaves: tuple[str, ...]) -> list[str]:
    return [each for each in PARENTS if any(leaf.startswith(f"{each}/") for leaf in leaves)]


def _stages(
    leaves: tuple[str, ...], ends: tuple[str, ...], tracks: tuple[Track, ...]
) -> tuple[Stage, ...]:
    """All leaves, with tracks; where one of these is ``setup``, it lies in the parent ``on``."""
    outer = [Stage(name="on", tracks=tracks[:1])] if _SETUP in tracks and _around(leaves) else []
    own = [Stage(name=name, tracks=set_apart(tracks, _SETUP)) for name in leaves]
    nested = any(name.startswith("end/") for name in ends)
    around = [Stage(name="end", final=True)] if nested else []
    return (*outer, *own, *around, *(Stage(name=name, final=not nested) for name in ends))


def set_apart(tracks: tuple[Track, ...], one: Track) -> tuple[Track, ...]:
    return tuple(each for each in tracks if each != one)


@functools.cache
def _transition(**options: Any) -> Transition:
    return Transition(**options)


class _Pool:
    """What the parts of a definition may be, given its stages."""

    def __init__(
        self, leaves: tuple[str, ...], ends: tuple[str, ...], guards: tuple[str, ...]
    ) -> None:
        self.leaves, self.ends = leaves, ends
        self.sources = [*leaves, *_around(leaves)]
        self.guards = (*(None for _ in range(2 * len(guards) + 1)), *guards)
        self.marks = [*EVENTS, *self.sources, *ends]

    @property
    def milestones(self) -> list[tuple[Milestone, ...]]:
        return [(), *((Milestone(name="start", by=mark),) for mark in self.marks)]

    def moves(self, source: str, target: str) -> list[Transition]:
        """Moves that lead on; those to a second end by another event than those to the first."""
        events = ("stop",) if target in self.ends[1:] else ("go", "go", "grow", "back")
        effects = ((), ("ring",))
        return [
            _transition(event=event, sources=source, target=target, guard=guard, effects=effect)
            for event, guard, effect in itertools.product(events, self.guards, effects)
        ]

    def others(self, *, timed: bool) -> st.SearchStrategy[Transition]:
        pools = [self._by_event(), *([self._by_time()] if timed else [])]
        return st.one_of(*pools, *([self._win_backs()] if self.ends else []))

    def _by_event(self) -> st.SearchStrategy[Transition]:
        targets = (*self.leaves, *self.ends, None)
        parts = st.tuples(
            st.sampled_from(list(itertools.product(EVENTS, self.sources, targets))),
            st.sampled_from(list(itertools.product(self.guards, (0, 0, -1, 1)))),
        )
        return parts.map(lambda each: _named(("event", "sources", "target"), *each))

    def _by_time(self) -> st.SearchStrategy[Transition]:
        targets = (*self.leaves, *self.ends)
        parts = st.tuples(
            st.sampled_from(list(itertools.product(SPANS, self.sources, targets, (True, False)))),
            st.sampled_from(list(itertools.product(self.guards, (0, 0, 1)))),
        )
        return parts.map(lambda each: _named(("after", "sources", "target", "pauses"), *each))

    def _win_backs(self) -> st.SearchStrategy[Transition]:
        return st.sampled_from(
            [
                _transition(event=event, sources=source, target=target, win_back=True)
                for event, source, target in itertools.product(EVENTS, self.ends, self.leaves)
            ]
        )

    def deadline(self, place: int) -> st.SearchStrategy[Deadline]:
        mark = st.sampled_from(self.marks)
        marks = st.tuples(mark) | st.tuples(mark, mark)
        spans = (*SPANS, *SPANS, None, None)
        rest = itertools.product(spans, (None, *EVENTS), (True, False), (0, 0, 1))
        return st.builds(
            lambda since, by, rest: Deadline(
                name=("first", "second")[place],
                since=since,
                by=by,
                within=rest[0],
                due="limit" if rest[0] is None else None,
                breach=rest[1],
                pauses=rest[2],
                waived_by=("stop",) * rest[3],
            ),
            marks,
            marks,
            st.sampled_from(list(rest)),
        )


def _named(
    names: tuple[str, ...], parts: tuple[Any, ...], rest: tuple[str | None, int]
) -> Transition:
    guard, priority = rest
    return _transition(**dict(zip(names, parts, strict=True)), guard=guard, priority=priority)


def _sound(
    parts: dict[str, Any],
    spine: list[Transition],
    others: list[Transition],
    deadlines: list[Deadline],
) -> Lifecycle:
    """The lifecycle, less what would make it unsound; the way through its stages stays."""
    while True:
        try:
            return Lifecycle(transitions=[*spine, *others], deadlines=deadlines, **parts)
        except DefinitionError as error:
            paths = " ".join(fault.path for fault in error.faults)
            if not others and not deadlines:
                raise
        blamed = {int(place) - len(spine) for place in re.findall(r"\.transitions\[(\d+)", paths)}
        late = {int(place) for place in re.findall(r"\.deadlines\[(\d+)", paths)}
        kept = [each for place, each in enumerate(others) if place not in blamed]
        if late:
            deadlines = [each for place, each in enumerate(deadlines) if place not in late]
        elif others:
            others = kept if len(kept) < len(others) else others[:-1]
        else:
            deadlines = deadlines[:-1]


# --------------------------------------------------------------------------------------
# Logs


ZONE = dt.timezone(dt.timedelta(hours=-9))
_OFFSETS = (*range(10), *range(10), *range(10, 46, 3))
_DATES = [FIRST + dt.timedelta(days=days) for days in _OFFSETS]
_INSTANTS = [
    dt.datetime(day.year, day.month, day.day, hour, tzinfo=zone)
    for day in _DATES
    for hour, zone in ((0, dt.UTC), (9, dt.UTC), (0, ZONE))
]
_BAD = {"n": "many"}
_ROWS = list(
    itertools.product(
        (*EVENTS, *EVENTS, "go", "go", "zap"),
        (*PAYLOADS, _BAD),
        (None, None, *_DATES[2:20:3]),
        ("once", "once", "twice", "without id"),
    )
)


def dates() -> st.SearchStrategy[dt.date]:
    """Days on which something may happen."""
    return st.sampled_from(_DATES)


def instants() -> st.SearchStrategy[dt.datetime]:
    """Instants at which something may happen, in two zones."""
    return st.sampled_from(_INSTANTS)


def moments() -> st.SearchStrategy[dt.date]:
    """What ``as_of`` may be."""
    return dates() | instants()


@st.composite
def logs(
    draw: st.DrawFn,
    definition: Lifecycle,
    *,
    accounts: Sequence[str] = ("a",),
    of_instants: bool | None = None,
    most: int = 16,
) -> list[Event]:
    """A log of a definition's events, of dates or of instants, in any order, some of it twice.

    Args:
        draw: Given by hypothesis.
        definition: Whose events.
        accounts: To whom they happen.
        of_instants: Whether their moments are instants; None: they may be either.
        most: How many events at most, those that stand twice apart.
    """
    exact = draw(st.booleans()) if of_instants is None else of_instants
    row = st.tuples(
        instants() if exact else dates(), st.sampled_from(list(accounts)), st.sampled_from(_ROWS)
    )
    rows = draw(st.lists(row, min_size=draw(st.sampled_from((most // 2, 0))), max_size=most))
    log = []
    for place, (at, account, (name, payload, recorded_at, odd)) in enumerate(rows):
        event = Event(
            account=account,
            name=name,
            at=at,
            id=None if odd == "without id" else f"e{place}",
            recorded_at=recorded_at,
            payload=payload if payload is not _BAD or name in definition.payloads else {},
        )
        log += [event, event] if odd == "twice" else [event]
    return log
