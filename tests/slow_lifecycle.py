"""A slow, plain reading of the rulings on lifecycles, against which the engine is tested.

It keeps changing values and counts forward, where the engine keeps frozen ones and computes anew
from the start: a hold stops the clocks when it begins and lets them go on when it ends. Only spans,
business days and the rule language are shared with the engine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from cslib.lifecycle import Deadline, Event, Journey, Lifecycle, Transition
from cslib.rules import Rule
from cslib.spans import Span


def in_stage(leaf: str, stage: str) -> bool:
    return f"{leaf}/".startswith(f"{stage}/")


def day_of(moment: dt.date) -> dt.date:
    return moment.astimezone(dt.UTC).date() if isinstance(moment, dt.datetime) else moment


def by(moment: dt.date, limit: dt.date) -> bool:
    if isinstance(moment, dt.datetime) and isinstance(limit, dt.datetime):
        return moment <= limit
    return day_of(moment) <= day_of(limit)


def after(moment: dt.date) -> dt.date:
    exact = isinstance(moment, dt.datetime)
    return moment + (dt.timedelta(microseconds=1) if exact else dt.timedelta(days=1))


@attrs.define
class Timer:
    """A moment that holds put off: of a move by time, or the due moment of a deadline."""

    span: Span | None
    start: dt.date
    moment: dt.date
    pauses: bool
    stopped_since: dt.date | None = None

    def stop(self, at: dt.date, last: dt.date) -> None:
        """A hold begins; it counts if the moment has not passed."""
        if self.pauses and self.stopped_since is None and at <= last:
            self.stopped_since = max(at, self.start)

    def go_on(self, at: dt.date, calendar: Any) -> None:
        if self.stopped_since is None:
            return
        began, self.stopped_since = self.stopped_since, None
        if self.span is not None and self.span.unit == "business day":
            day = day_of(began)
            while day < day_of(at):
                if calendar.is_business_day(day):
                    self.moment = Span.parse("1 business day").after(self.moment, calendar)
                day += dt.timedelta(days=1)
            self.moment = max(self.moment, at)
        else:
            self.moment = max(self.moment + (at - began), at)


@attrs.define
class Clock:
    """A deadline that was started."""

    deadline: Deadline
    start: dt.date
    timer: Timer | None
    met: dt.date | None = None
    waived: dt.date | None = None
    breached: bool = False

    @property
    def runs(self) -> bool:
        return self.met is None and self.waived is None

    @property
    def due(self) -> dt.date | None:
        return None if self.timer is None or self.timer.stopped_since else self.timer.moment

    def status(self, now: dt.date) -> str:
        if self.waived is not None:
            return "waived"
        if self.timer is None:
            return "unknown"
        if self.met is not None:
            return "met" if self.met <= self.timer.moment else "late"
        passed = self.due is not None and by(after(self.due), now)
        return "missed" if passed else "open"


class Walk:
    """One account, event after event."""

    def __init__(self, definition: Lifecycle, account: Any = None) -> None:
        self.definition, self.account = definition, account
        self.stage = definition.initial
        self.entered: dt.date | None = None
        self.visits: list[list[Any]] = [[definition.initial, None, None]]
        self.refused: list[tuple[str, dt.date, str, str]] = []
        self.effects: list[tuple[str, dt.date, str]] = []
        self.clocks: dict[str, Clock] = {}
        self.reached: dict[str, dt.date] = {}
        self.done: set[tuple[str, str]] = set()
        self.timers: list[tuple[int, int, int, Timer]] = []
        self.holds: list[list[Any]] = []

    # What is so now

    @property
    def on_hold(self) -> bool:
        return bool(self.holds) and self.holds[-1][1] is None

    @property
    def is_final(self) -> bool:
        return any(each.final and in_stage(self.stage, each.name) for each in self.stages)

    @property
    def stages(self) -> Iterable[Any]:
        return self.definition.stages

    def tracks(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {
            (stage.name, track.name): track.done_by
            for stage in self.stages
            if in_stage(self.stage, stage.name)
            for track in stage.tracks
        }

    def facts(self, now: dt.date) -> dict[str, Any]:
        tracks = self.tracks()
        days = None if self.entered is None else (day_of(now) - day_of(self.entered)).days
        found: dict[str, Any] = {
            "stage": self.stage,
            "days_in_stage": days,
            "events_refused": len(self.refused),
            "on_hold": self.on_hold,
            "tracks_done": len(self.done),
            "tracks_open": len(tracks) - len(self.done),
        }
        found |= {f"done_{key[1]}": key in self.done for key in tracks}
        for each in self.definition.deadlines:
            clock = self.clocks.get(each.name)
            found[f"deadline_{each.name}"] = clock.status(now) if clock else "not_started"
            found[f"due_{each.name}"] = clock.due if clock else None
        for milestone in self.definition.milestones:
            found[f"milestone_{milestone.name}"] = self.reached.get(milestone.name)
        return found

    def holds_true(self, guard: Rule | None, event: Event) -> bool | None:
        if guard is None:
            return True
        known = self.account(event.at) if callable(self.account) else self.account
        record = {**(known or {}), **self.facts(event.at)}
        record |= {name: value for name, value in event.payload.items() if value is not None}
        held: bool | None = guard(record, as_of=event.at)
        return held

    # What an event does

    def take(self, event: Event) -> None:
        self.pass_time(lambda moment: moment <= event.at)
        why = self.problem(event)
        if why is not None:
            self.refuse(event, why)

    def problem(self, event: Event) -> str | None:
        """Takes the event, or says why not."""
        specs = self.definition.payloads.get(event.name)
        if specs is not None and isinstance(event.payload.get("n"), str):
            return "payload"
        rows = self.candidates(event.name)
        for rank in sorted({row[0] for row in rows}):
            group = [row for row in rows if row[0] == rank]
            answers = [self.holds_true(row[2].guard, event) for row in group]
            if True in answers:
                self.make(event, group[answers.index(True)][2])
                return None
            if None in answers:
                return "guard_unknown"
        if rows:
            return "guard_false"
        if event.name not in self.definition.events:
            return "unknown_event"
        if self.is_final:
            return "after_end"
        if not self.is_noted(event.name):
            return "no_transition"
        self.note(event, [event.name])
        return None

    def candidates(self, name: str) -> list[tuple[tuple[int, int], int, Transition]]:
        return [
            ((self.distance(each), each.priority), place, each)
            for place, each in enumerate(self.definition.transitions)
            if each.event == name and self.leaves(each)
        ]

    def leaves(self, move: Transition) -> bool:
        return any(in_stage(self.stage, source) for source in move.sources)

    def distance(self, move: Transition) -> int:
        """How far around the stage the source lies."""
        return min(
            self.stage.count("/") - source.count("/")
            for source in move.sources
            if in_stage(self.stage, source)
        )

    def is_noted(self, name: str) -> bool:
        pause = self.definition.pause
        if pause and name in (pause.ends if self.on_hold else pause.starts):
            return True
        marks = [
            *(each.since + each.by + each.waived_by for each in self.definition.deadlines),
            *(each.by for each in self.definition.milestones),
        ]
        moves = any(
            each.event == name and each.target is not None for each in self.definition.transitions
        )
        is_mark = any(name in names for names in marks) and not moves
        return is_mark or any(name in names for names in self.tracks().values())

    def refuse(self, event: Event, why: str) -> None:
        self.refused.append((event.name, event.at, self.stage, why))

    def make(self, event: Event, move: Transition) -> None:
        self.effects += [(name, event.at, event.name) for name in move.effects]
        marks = [event.name] if move.event else []
        if move.target is None:
            self.note(event, marks)
            return
        parts = move.target.split("/")
        entered = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        entered = [s for s in entered if s == move.target or not in_stage(self.stage, s)]
        fresh = self.note(event, [*marks, *entered])
        self.done = {
            key for key in self.done if in_stage(move.target, key[0]) and key[0] not in entered
        }
        self.visits[-1][2] = event.at
        self.visits.append([move.target, event.at, None])
        self.stage, self.entered = move.target, event.at
        self.timers = list(self.new_timers(event.at))
        if self.is_final:
            self.end(event.at, fresh)

    def new_timers(self, at: dt.date) -> Iterable[tuple[int, int, int, Timer]]:
        for place, each in enumerate(self.definition.transitions):
            if each.after is not None and self.leaves(each):
                moment = each.after.after(at, self.definition.calendar)
                timer = Timer(each.after, at, moment, each.pauses)
                if self.on_hold:
                    timer.stop(at, moment)
                yield self.distance(each), each.priority, place, timer

    def note(self, event: Event, marks: list[str]) -> set[str]:
        """Marks everything; says which deadlines were started."""
        pause, at = self.definition.pause, event.at
        if pause and self.on_hold and event.name in pause.ends:
            self.resume(at)
        elif pause and not self.on_hold and event.name in pause.starts:
            self.holds.append([at, None])
            for clock in self.clocks.values():
                if clock.runs and clock.timer:
                    clock.timer.stop(at, clock.timer.moment)
            for _, _, _, timer in self.timers:
                if at < timer.moment:
                    timer.stop(at, timer.moment)
        fresh = set()
        for name in marks:
            for milestone in self.definition.milestones:
                if name in milestone.by:
                    self.reached.setdefault(milestone.name, at)
            for each in self.definition.deadlines:
                if self.mark(each, name, event):
                    fresh.add(each.name)
        self.done |= {key for key, names in self.tracks().items() if event.name in names}
        return fresh

    def mark(self, deadline: Deadline, name: str, event: Event) -> bool:
        at, clock = event.at, self.clocks.get(deadline.name)
        if clock is not None and clock.runs and name in (*deadline.by, *deadline.waived_by):
            if name in deadline.by:
                clock.met = at
            else:
                clock.waived = at
            if clock.timer:
                clock.timer.go_on(at, self.definition.calendar)
        if name not in deadline.since:
            return False
        due = self.limit(deadline, event)
        timer = None if due is None else Timer(deadline.within, at, due, deadline.pauses)
        if timer and due and self.on_hold and self.holds[-1][0] <= due:
            timer.stop(at, max(at, due))
        self.clocks[deadline.name] = Clock(deadline, at, timer)
        return True

    def limit(self, deadline: Deadline, event: Event) -> dt.date | None:
        if deadline.within is not None:
            return deadline.within.after(event.at, self.definition.calendar)
        known = self.account(event.at) if callable(self.account) else self.account
        own = event.payload.get("limit") or (known or {}).get("limit")
        if own is None or not isinstance(event.at, dt.datetime):
            return own
        return dt.datetime.combine(own, dt.time.max, dt.UTC)

    def resume(self, at: dt.date) -> None:
        self.holds[-1][1] = at
        for clock in self.clocks.values():
            if clock.timer:
                clock.timer.go_on(at, self.definition.calendar)
        for _, _, _, timer in self.timers:
            timer.go_on(at, self.definition.calendar)

    def end(self, at: dt.date, fresh: set[str]) -> None:
        if self.on_hold:
            self.resume(at)
        for name, clock in self.clocks.items():
            in_time = clock.timer is None or at <= clock.timer.moment
            if clock.runs and name not in fresh and in_time:
                clock.waived = at

    # What time does

    def pass_time(self, is_due: Callable[[dt.date], bool]) -> None:
        while True:
            ahead: list[tuple[Any, ...]] = []
            for place, deadline in enumerate(self.definition.deadlines):
                clock = self.clocks.get(deadline.name)
                if clock and deadline.breach and clock.runs and not clock.breached and clock.due:
                    moment = max(after(clock.due), clock.start)
                    ahead.append((moment, 0, place, 0, 0, None))
            ahead += [
                (row[3].moment, 1, *row[:3], row)
                for row in self.timers
                if row[3].stopped_since is None
            ]
            ahead = [each for each in ahead if is_due(each[0])]
            if not ahead:
                return
            moment, kind, place, _, _, row = min(ahead, key=lambda each: each[:5])
            if kind == 0:
                self.breach(self.definition.deadlines[place], moment)
            else:
                self.try_timer(row, moment)

    def breach(self, deadline: Deadline, moment: dt.date) -> None:
        self.clocks[deadline.name].breached = True
        assert deadline.breach is not None
        event = Event(account="time", name=deadline.breach, at=moment)
        why = self.problem(event)
        if why in ("guard_false", "guard_unknown"):
            self.refuse(event, why)

    def try_timer(self, row: tuple[int, int, int, Timer], moment: dt.date) -> None:
        self.timers.remove(row)
        move = self.definition.transitions[row[2]]
        event = Event(account="time", name=f"after {move.after}", at=moment)
        held = self.holds_true(move.guard, event)
        if held:
            self.make(event, move)
        else:
            self.refuse(event, "guard_unknown" if held is None else "guard_false")


def slow_replay(
    definition: Lifecycle, log: Iterable[Event], as_of: dt.date, account: Any = None
) -> Mapping[str, Any]:
    """What :func:`told` tells of the journey. Events without an id must not tie."""
    kept: list[Event] = []
    for event in log:
        if by(event.at, as_of) and event not in kept:
            kept.append(event)
    order = [*definition.events, None]

    def key(event: Event) -> Any:
        known = event.known
        first = dt.datetime(known.year, known.month, known.day, tzinfo=dt.UTC)
        place = order.index(event.name if event.name in order else None)
        known = known if isinstance(known, dt.datetime) else first
        return event.at, place, known, event.id or "", event.name, str(event.recorded_at)

    walk = Walk(definition, account)
    for event in sorted(kept, key=key):
        walk.take(event)
    walk.pass_time(lambda moment: by(moment, as_of))
    return told_by(walk, as_of)


def told_by(walk: Walk, as_of: dt.date) -> Mapping[str, Any]:
    deadlines = []
    for each in walk.definition.deadlines:
        clock = walk.clocks.get(each.name)
        if clock is None:
            deadlines.append((each.name, "not_started", None, None, None, None))
        else:
            status = clock.status(as_of)
            told = each.name, status, clock.start, clock.due, clock.met, clock.waived
            deadlines.append(told)
    facts = walk.facts(as_of)
    return {
        "visits": [tuple(visit) for visit in walk.visits],
        "refused": walk.refused,
        "effects": walk.effects,
        "deadlines": deadlines,
        "holds": [tuple(hold) for hold in walk.holds],
        "facts": {name: value for name, value in facts.items() if value is not None},
    }


def told(journey: Journey) -> Mapping[str, Any]:
    """A journey in the words of :func:`slow_replay`."""
    return {
        "visits": [(each.stage, each.entered, each.left) for each in journey.visits],
        "refused": [
            (each.event.name, each.event.at, each.stage, each.reason.value)
            for each in journey.refused
        ],
        "effects": [(each.name, each.event.at, each.event.name) for each in journey.effects],
        "deadlines": [
            (each.name, each.status.value, each.start, each.due, each.met, each.waived)
            for each in journey.deadlines
        ],
        "holds": list(journey.holds),
        "facts": {name: value for name, value in journey.facts.items() if value is not None},
    }
