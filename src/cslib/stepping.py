"""The step: what one event does to where an account stands.

:func:`step` and :func:`advance` are pure: a state and an event in, an outcome out. A replay is
nothing but steps over a log in order. What is timed for a moment happens before the events of that
moment (``docs/semantics.md``, "Lifecycle and logs").
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from cslib import facts, moments
from cslib.charts import Candidate, Chart, Move, Row
from cslib.clocks import Alarm, alarms, deadline_state, due_of
from cslib.errors import DefinitionError, Fault, suggestion
from cslib.facts import FactError
from cslib.faults import refuse, shown
from cslib.journeys import (
    Clock,
    Memory,
    Outcome,
    OutcomeKind,
    Refusal,
    RefusalReason,
    State,
    StateError,
    days_since,
)
from cslib.logs import Event, LogError, check_id
from cslib.rules import Rule
from cslib.stages import Deadline

__all__ = ["advance", "beginning", "check_state", "journey_facts", "rewound", "step", "take"]


_NOTHING: Mapping[str, object] = MappingProxyType({})


def beginning(chart: Chart) -> State:
    """The state of an account to which nothing has happened."""
    made_by = chart.fingerprint
    if not chart.deadlines and not chart.milestones:
        return State(chart.initial, definition=made_by)
    blank = Memory(clocks=(None,) * len(chart.deadlines), reached=(None,) * len(chart.milestones))
    return State(chart.initial, memory=blank, definition=made_by)


def check_state(state: object, chart: Chart) -> None:
    """Refuse what is no state of this lifecycle, such as one from a forged document.

    A state of another definition is the matter of :class:`~cslib.journeys.StateError`.

    Raises:
        DefinitionError: With what cannot be.
    """
    if not isinstance(state, State):
        problem = f"expected a State, but got {shown(state)}; begin with lifecycle.start"
        raise DefinitionError("state", (Fault("$", problem),))
    if state.definition == chart.fingerprint:
        refuse("state", _state_faults(state, chart))
        refuse("state", _time_faults(state, chart))


def _state_faults(state: State, chart: Chart) -> Iterator[Fault]:
    if state.stage not in chart.leaves:
        hint = suggestion(state.stage, chart.leaves)
        yield Fault("$.stage", f"no account stands in {state.stage!r}{hint}")
    memory = state.memory
    for name, kept, parts in (
        ("clocks", memory.clocks, chart.deadlines),
        ("reached", memory.reached, chart.milestones),
    ):
        if len(kept) != len(parts):
            yield Fault(f"$.memory.{name}", f"expected {len(parts)}, but got {len(kept)}")
    places = range(len(chart.definition.transitions))
    for place in sorted(memory.tried):
        if place not in places:
            yield Fault("$.memory.tried", f"there is no transition {place}")


def _time_faults(state: State, chart: Chart) -> Iterator[Fault]:
    """What of the moments of a state cannot be; its parts are taken to be those of the chart."""
    memory, last = state.memory, state.last
    clocks = [(c.start, c.limit, c.met, c.waived) for c in memory.clocks if c is not None]
    own = (state.entered, state.now, state.wakes, None if last is None else last.at)
    every = itertools.chain(own, memory.reached, *clocks, *memory.holds)
    kinds = {isinstance(moment, dt.datetime) for moment in every if moment is not None}
    if len(kinds) > 1:
        yield Fault("$", "holds dates and instants; all moments of a log are of one kind")
    elif kinds and (last is None or state.now is None):
        yield Fault("$.last", "expected the last event and now, since something has happened")
    elif (wakes := rewound(chart, state).wakes) != state.wakes:
        yield Fault("$.wakes", f"expected {wakes}, when time acts next, but got {state.wakes}")


def step(chart: Chart, state: State, event: Event, account: object = None) -> Outcome:
    """What an event does to an account that stands in a state.

    What time does up to the event comes first. Nothing is kept of events before the moment of the
    last: what comes before those taken is refused, and a replay of the log puts it in its place.

    Raises:
        StateError: If another definition made the state.
        LogError: If the event is of another account than those before, an instant among dates or
            the other way round, or a guard meets a fact of the wrong kind.
    """
    if state.definition != chart.fingerprint:
        raise StateError(state.stage, state.definition, chart.fingerprint)
    if state.last is None or state.now is None:  # it is the first
        return take(chart, state, event, account)
    taken = _beside(state, event)
    reason = _out_of_place(chart, state, event, taken)
    if reason is not None:
        refusal = Refusal(event=event, stage=state.stage, reason=reason)
        return Outcome(OutcomeKind.REFUSED, state, (), (refusal,))
    return take(chart, state._replace(beside=taken), event, account)


def take(chart: Chart, state: State, event: Event, account: object = None) -> Outcome:
    """As :func:`step`, for an event that is known to follow those before."""
    at = event.at
    if state.wakes is None or state.wakes > at:
        return _took(chart, state, event, account)
    before = _timed(chart, state, account, lambda moment: moment <= at)
    outcome = _took(chart, before.state, event, account)
    moves, refusals = before.moves + outcome.moves, before.refusals + outcome.refusals
    return Outcome(outcome.kind, outcome.state, moves, refusals)


def advance(chart: Chart, state: State, as_of: dt.date, account: object = None) -> Outcome:
    """What time alone does to an account up to a moment.

    Raises:
        StateError: If another definition made the state.
        LogError: If a guard meets a fact of the wrong kind.
    """
    if state.definition != chart.fingerprint:
        raise StateError(state.stage, state.definition, chart.fingerprint)
    return _timed(chart, state, account, lambda moment: moments.is_by(moment, as_of))


def _beside(state: State, event: Event) -> tuple[Event, ...]:
    """The events of its moment that were taken already.

    Raises:
        LogError: If it can come neither before nor after them.
    """
    last, now = state.last, state.now
    assert last is not None and now is not None  # noqa: S101, PT018 - the first follows nothing
    if event.account != last.account:
        problem = f"the state is that of account {last.account!r}"
        raise LogError(event.account, event.label, problem)
    if isinstance(event.at, dt.datetime) is not isinstance(now, dt.datetime):
        problem = "a log holds dates or instants, never both; convert one kind"
        raise LogError(event.account, event.label, problem)
    return (*state.beside, last) if event.at == last.at else ()


def _out_of_place(
    chart: Chart, state: State, event: Event, taken: Iterable[Event]
) -> RefusalReason | None:
    """Why an event does not come after those before; None if it does, at the same moment.

    Raises:
        LogError: If one of that moment has its id, and says something else.
    """
    if any(_same(event, each) for each in taken):
        return RefusalReason.DUPLICATE
    place = chart.places.get(event.name, len(chart.places))
    overtakes = any(place < chart.places.get(each.name, -1) for each in taken)
    assert state.now is not None  # noqa: S101 - as in _beside
    return RefusalReason.OUT_OF_ORDER if overtakes or event.at < state.now else None


def _same(event: Event, other: Event) -> bool:
    if event.id is None or event.id != other.id:
        return event.name == other.name and event == other
    check_id(other, event)
    return True


# --------------------------------------------------------------------------------------
# An event


def _took(chart: Chart, state: State, event: Event, account: object) -> Outcome:
    name = event.name
    if chart.payloads and name in chart.payloads:
        problem = "; ".join(_payload_problems(chart, event))
        if problem:
            return _refused(state, event, RefusalReason.PAYLOAD, problem=problem)
    row = chart.rows[state.stage].get(name)
    if row is not None:
        if row.sure is not None:
            return _made(chart, state, event, row.sure, account)
        return _guarded(chart, state, event, row, account)
    if chart.notes(state.stage, name, on_hold=state.memory.on_hold):
        return Outcome(OutcomeKind.STAYED, _noted(chart, state, event, account))
    return _refused_there(chart, state, event)


def _payload_problems(chart: Chart, event: Event) -> Iterator[str]:
    for spec in chart.payloads[event.name].facts:
        problem = spec.problem(event.payload.get(spec.name))
        if problem:
            yield problem


def _refused_there(chart: Chart, state: State, event: Event) -> Outcome:
    if event.name not in chart.places:
        reason, known = RefusalReason.UNKNOWN_EVENT, tuple(chart.places)
        return _refused(state, event, reason, allowed=known)
    allowed = chart.allowed(state.stage, on_hold=state.memory.on_hold)
    if state.stage in chart.final:
        return _refused(state, event, RefusalReason.AFTER_END, allowed=allowed)
    problem = _hold_problem(chart, event.name)
    return _refused(state, event, RefusalReason.NO_TRANSITION, allowed=allowed, problem=problem)


def _hold_problem(chart: Chart, name: str) -> str:
    """Why an event that nothing takes begins no hold, or ends none."""
    if chart.pause is None or name not in (*chart.pause.starts, *chart.pause.ends):
        return ""
    return "not on hold" if name in chart.pause.ends else "on hold already"


def _refused(
    state: State,
    event: Event,
    reason: RefusalReason,
    *,
    allowed: tuple[str, ...] = (),
    problem: str = "",
    guard: Rule | None = None,
    record: Mapping[str, object] = _NOTHING,
) -> Outcome:
    refusal = Refusal(
        event=event,
        stage=state.stage,
        reason=reason,
        allowed=allowed,
        problem=problem,
        guard=guard,
        facts=record,
    )
    after = state._replace(now=event.at, refused=state.refused + 1, last=event)
    return Outcome(OutcomeKind.REFUSED, after, (), (refusal,))


# --------------------------------------------------------------------------------------
# Guards


def _guarded(chart: Chart, state: State, event: Event, row: Row, account: object) -> Outcome:
    """The first group in which a move can be made, or in which that cannot be told, decides."""
    for group in row.groups:
        unknown = None
        for candidate in group:
            held = _holds(chart, state, candidate, event, account)
            if held:
                return _made(chart, state, event, candidate, account)
            unknown = candidate if held is None and unknown is None else unknown
        if unknown is not None:
            return _barred(chart, state, unknown, event, account, RefusalReason.GUARD_UNKNOWN)
    first = row.groups[0][0]
    return _barred(chart, state, first, event, account, RefusalReason.GUARD_FALSE)


def _holds(
    chart: Chart, state: State, candidate: Candidate, event: Event, account: object
) -> bool | None:
    guard = candidate.transition.guard
    if guard is None:
        return True
    record = _record(chart, state, candidate, event, account)
    try:
        held: bool | None = guard(record, as_of=event.at)
    except FactError as error:
        raise LogError(event.account, event.label, f"its guard cannot tell: {error}") from error
    return held


def _barred(
    chart: Chart,
    state: State,
    candidate: Candidate,
    event: Event,
    account: object,
    reason: RefusalReason,
) -> Outcome:
    guard = candidate.transition.guard
    record = {} if guard is None else _record(chart, state, candidate, event, account)
    return _refused(state, event, reason, guard=guard, record=record)


def _record(
    chart: Chart, state: State, candidate: Candidate, event: Event, account: object
) -> dict[str, object]:
    """What a guard reads: the payload first, then the journey, then the account."""
    assert candidate.transition.guard is not None  # noqa: S101 - only guards ask
    own = journey_facts(chart, state, event.at) if candidate.journey else {}
    return _known_facts(candidate.transition.guard, own, event, account)


def _known_facts(
    asked: Rule, journey: Mapping[str, object], event: Event, account: object
) -> dict[str, object]:
    payload = facts.getter(event.payload)
    known = account(event.at) if callable(account) else account
    get = facts.getter({} if known is None else known)
    record = {}
    for name in asked.facts:
        value = payload(name)
        if value is None:
            value = journey[name] if name in journey else get(name)
        record[name] = value
    return record


def journey_facts(chart: Chart, state: State, moment: dt.date) -> dict[str, object]:
    """What rules can read of an account that stands in a state, as :attr:`Journey.facts`."""
    memory = state.memory
    tracks = chart.checklists[state.stage]
    clocks = [
        deadline_state(deadline, clock, memory.holds, chart.calendar, moment)
        for deadline, clock in zip(chart.deadlines, memory.clocks, strict=True)
    ]
    return {
        "stage": state.stage,
        "days_in_stage": days_since(state.entered, moment),
        "events_refused": state.refused,
        "on_hold": memory.on_hold,
        "tracks_done": sum(track in memory.done for track in tracks),
        "tracks_open": sum(track not in memory.done for track in tracks),
        **{f"done_{track}": track in memory.done for track in tracks},
        **{f"deadline_{each.name}": str(each.status) for each in clocks},
        **{f"due_{each.name}": each.due for each in clocks},
        **{
            f"milestone_{milestone.name}": reached
            for milestone, reached in zip(chart.milestones, memory.reached, strict=True)
        },
    }


# --------------------------------------------------------------------------------------
# What is kept in mind


def _made(
    chart: Chart, state: State, event: Event, candidate: Candidate, account: object
) -> Outcome:
    target = candidate.move.target
    if chart.remembers:
        after = _noted(chart, state, event, account, candidate)
    elif target is None:
        after = _moved(state, state.stage, state.entered, event)
    else:
        after = _moved(state, target, event.at, event)
    kind = OutcomeKind.STAYED if target is None else OutcomeKind.MOVED
    return Outcome(kind, after, ((event, candidate.move),))


def _moved(
    state: State,
    stage: str,
    entered: dt.date | None,
    event: Event,
    wakes: dt.date | None = None,
    memory: Memory | None = None,
) -> State:
    """The state after an accepted event; made in one go, which is quicker than to replace."""
    memory = state.memory if memory is None else memory
    return State(
        stage,
        entered,
        event.at,
        wakes,
        state.refused,
        event,
        memory,
        state.beside,
        state.definition,
    )


def _noted(
    chart: Chart, state: State, event: Event, account: object, candidate: Candidate | None = None
) -> State:
    """The state after an accepted event, with everything that it marks."""
    before, at = state.memory, event.at
    stage, entered = state.stage, state.entered
    marks = (event.name,) if candidate is None else candidate.marks
    memory = _held(chart, before, event)
    marked = [name for name in marks if name in chart.marked]
    memory = _marked(chart, memory, marked, event, account) if marked else memory
    ended = chart.tracks[stage].get(event.name)
    memory = memory._replace(done=memory.done.union(ended)) if ended else memory
    if candidate is not None and candidate.transition.target is not None:
        stage, entered = candidate.transition.target, at
        memory = memory._replace(done=memory.done & candidate.keeps, tried=frozenset())
        memory = _ended(chart, memory, before, at) if stage in chart.final else memory
    wakes = _wakes(chart, stage, entered, memory)
    return _moved(state, stage, entered, event, wakes, memory)


def _wakes(chart: Chart, stage: str, entered: dt.date | None, memory: Memory) -> dt.date | None:
    return min((each.moment for each in alarms(chart, stage, entered, memory)), default=None)


def _held(chart: Chart, memory: Memory, event: Event) -> Memory:
    pause = chart.pause
    if pause is None:
        return memory
    if event.name in pause.starts and not memory.on_hold:
        return memory._replace(holds=(*memory.holds, (event.at, None)))
    if event.name in pause.ends and memory.on_hold:
        return _resumed(memory, event.at)
    return memory


def _resumed(memory: Memory, at: dt.date) -> Memory:
    began, _ = memory.holds[-1]
    return memory._replace(holds=(*memory.holds[:-1], (began, at)))


def _marked(
    chart: Chart, memory: Memory, marks: Iterable[str], event: Event, account: object
) -> Memory:
    for name in marks:
        clocks = tuple(
            _wound(each, clock, name, event, account)
            for each, clock in zip(chart.deadlines, memory.clocks, strict=True)
        )
        reached = tuple(
            event.at if moment is None and name in each.by else moment
            for each, moment in zip(chart.milestones, memory.reached, strict=True)
        )
        memory = memory._replace(clocks=clocks, reached=reached)
    return memory


def _wound(
    deadline: Deadline, clock: Clock | None, name: str, event: Event, account: object
) -> Clock | None:
    """A clock after a mark: met or waived first, then started anew."""
    if clock is not None and clock.runs:
        if name in deadline.by:
            clock = clock._replace(met=event.at)
        elif name in deadline.waived_by:
            clock = clock._replace(waived=event.at)
    if name not in deadline.since:
        return clock
    return Clock(
        event.at, None if deadline.due is None else _own_limit(deadline.due, event, account)
    )


def _own_limit(due: Rule, event: Event, account: object) -> dt.date | None:
    """The limit that an account has of its own, of the same kind as the log's moments."""
    try:
        limit: dt.date | None = due(_known_facts(due, {}, event, account), as_of=event.at)
    except FactError as error:
        raise LogError(
            event.account, event.label, f"its due date cannot be told: {error}"
        ) from error
    if limit is None or not isinstance(event.at, dt.datetime):
        return None if limit is None else moments.utc_day(limit)
    if isinstance(limit, dt.datetime):
        return limit
    return moments.instant(limit) + dt.timedelta(days=1, microseconds=-1)  # the whole of its day


def _ended(chart: Chart, memory: Memory, before: Memory, at: dt.date) -> Memory:
    """At an end, holds end, and a deadline that was open before no longer matters."""
    memory = _resumed(memory, at) if memory.on_hold else memory
    clocks = []
    rows = zip(chart.deadlines, memory.clocks, before.clocks, strict=True)
    for deadline, clock, old in rows:
        if clock is not None and clock is old and clock.runs:
            due = due_of(deadline, clock, memory.holds, chart.calendar)
            clock = clock._replace(waived=at) if due is None or at <= due else clock
        clocks.append(clock)
    return memory._replace(clocks=tuple(clocks))


# --------------------------------------------------------------------------------------
# Time


def _timed(
    chart: Chart, state: State, account: object, is_due: Callable[[dt.date], bool]
) -> Outcome:
    """Everything timed that is due, one after another."""
    moves: tuple[tuple[Event, Move], ...] = ()
    refusals: tuple[Refusal, ...] = ()
    last, times = None, 0
    while state.wakes is not None and is_due(state.wakes):
        alarm = min(alarms(chart, state.stage, state.entered, state.memory))
        last, times = alarm.moment, times + 1 if alarm.moment == last else 1
        if times > _MOST_AT_ONCE + len(chart.deadlines) + len(chart.leaves):
            raise _endless(chart, state, alarm)
        outcome = _rung(chart, state, alarm, account)
        moves, refusals = moves + outcome.moves, refusals + outcome.refusals
        state = outcome.state._replace(last=state.last)  # what time does is no event of the log
    moved = any(move.target is not None for _, move in moves)
    kind = OutcomeKind.MOVED if moved else OutcomeKind.STAYED
    return Outcome(kind, state, moves, refusals)


_MOST_AT_ONCE = 1_000
"""How much time may do at one moment, besides what each deadline and stage may ask for."""


def _endless(chart: Chart, state: State, alarm: Alarm) -> LogError:
    """The error of a breach that starts its own clock with a limit that has passed."""
    assert state.last is not None and alarm.deadline is not None  # noqa: S101, PT018 - spans advance
    deadline = chart.deadlines[alarm.deadline]
    problem = (
        f"time comes to no end at {alarm.moment}: the breach {deadline.breach!r} of the deadline "
        f"{deadline.name!r} starts clocks anew whose limits have passed; leave it, and the stages "
        "that it leads to, out of since=, or give limits that lie ahead"
    )
    return LogError(state.last.account, f"{deadline.breach} on {alarm.moment}", problem)


def _rung(chart: Chart, state: State, alarm: Alarm, account: object) -> Outcome:
    if alarm.candidate is not None:
        return _timed_move(chart, state, alarm.candidate, alarm.moment, account)
    assert alarm.deadline is not None  # noqa: S101 - it is one or the other
    return _breach(chart, state, alarm.deadline, alarm.moment, account)


def _timed_move(
    chart: Chart, state: State, candidate: Candidate, moment: dt.date, account: object
) -> Outcome:
    event = _happening(state, candidate.transition.label, moment)
    held = _holds(chart, state, candidate, event, account)
    if held:
        return _made(chart, state, event, candidate, account)
    memory = state.memory._replace(tried=state.memory.tried | {candidate.place})
    reason = RefusalReason.GUARD_UNKNOWN if held is None else RefusalReason.GUARD_FALSE
    outcome = _barred(chart, state, candidate, event, account, reason)
    return outcome._replace(state=rewound(chart, outcome.state._replace(memory=memory)))


def _breach(chart: Chart, state: State, place: int, moment: dt.date, account: object) -> Outcome:
    deadline = chart.deadlines[place]
    clocks = list(state.memory.clocks)
    clock = clocks[place]
    assert clock is not None and deadline.breach is not None  # noqa: S101, PT018 - it has run out
    clocks[place] = clock._replace(breached=True)
    memory = state.memory._replace(clocks=tuple(clocks))
    state = state._replace(memory=memory, now=moment)
    event = _happening(state, deadline.breach, moment)
    if not chart.takes(state.stage, event.name, on_hold=memory.on_hold):
        return Outcome(OutcomeKind.STAYED, rewound(chart, state))
    outcome = _took(chart, state, event, account)
    return outcome._replace(state=rewound(chart, outcome.state))


def _happening(state: State, name: str, moment: dt.date) -> Event:
    """The event of something that time does."""
    assert state.last is not None  # noqa: S101 - nothing is timed before the first event
    return Event(account=state.last.account, name=name, at=moment)


def rewound(chart: Chart, state: State) -> State:
    """The state, with what is timed for it next worked out anew."""
    return state._replace(wakes=_wakes(chart, state.stage, state.entered, state.memory))
