"""Lifecycle: where an account stands, by what happened to it.

A :class:`Lifecycle` is data: stages, the events that there are, transitions between stages by an
event or by time, some under a guard (a rule), deadlines and milestones. Nothing is ever set by
hand: :meth:`Lifecycle.replay` reads the log of an account's events and gives its
:class:`Journey`, with the visits that led to its stage and every event that was refused;
:meth:`Lifecycle.step` takes one event at a time.

A log may arrive in any order, and an event more than once. Events are taken by ``(at, place in the
definition's list of events, recorded_at, id)``. What lies after ``as_of`` is not looked at
(``docs/semantics.md``, "Time" and "Lifecycle and logs").
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from cslib import diagrams, drawings, moments, stepping, wording
from cslib.charts import Chart, Move
from cslib.clocks import deadline_state
from cslib.documents import document
from cslib.faults import check_mapping, refuse
from cslib.journeys import (
    DeadlineState,
    DeadlineStatus,
    Effect,
    Journey,
    Outcome,
    OutcomeKind,
    Possibility,
    Refusal,
    RefusalReason,
    RefusedError,
    State,
    StateError,
    UnknownDeadlineError,
    Visit,
)
from cslib.logs import Event, LogError, counted, events_in, log_of
from cslib.soundness import faults
from cslib.stages import Deadline, Definition, Milestone, Pause, Stage, Track, Transition

if TYPE_CHECKING:
    import numpy.typing as npt

    from cslib.journeycolumns import JourneyColumns

__all__ = [
    "Deadline",
    "DeadlineState",
    "DeadlineStatus",
    "Effect",
    "Event",
    "Journey",
    "Lifecycle",
    "LogError",
    "Milestone",
    "Move",
    "Outcome",
    "OutcomeKind",
    "Pause",
    "Possibility",
    "Refusal",
    "RefusalReason",
    "RefusedError",
    "Stage",
    "State",
    "StateError",
    "Track",
    "Transition",
    "UnknownDeadlineError",
    "Visit",
]


_tuple: Any = tuple.__new__  # named tuples made as tuples are: four times as quick
_MOVED = OutcomeKind.MOVED


@document("lifecycle", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Lifecycle(Definition):
    """A lifecycle as data.

    Attributes:
        name: Its name.
        initial: The stage of an account to which nothing has happened.
        stages: All stages.
        events: All events, in the order in which those of one moment are taken.
        transitions: All moves, by an event or by time.
        deadlines: What must happen within a limit.
        milestones: What is worth knowing the first date of.
        pause: What puts an account on hold, for the clocks that stand still then.
        calendar: Which days are business days, for spans that count in them.
        payloads: Of an event, what it carries: a value of another kind, or not among those listed,
            is refused. What it carries besides is let be.
        facts: What accounts are known by; where given, guards are checked against it.

    Raises:
        DefinitionError: With every fault, its place and the way out: names that do not exist (and
            a suggestion) or stand twice, stages that cannot be reached or not be left, two moves
            that could be made at once, deadlines that cannot be met (:mod:`cslib.soundness`).

    >>> trial = Lifecycle(
    ...     name="trial",
    ...     initial="lead",
    ...     stages=(Stage(name="lead"), Stage(name="trial"),
    ...             Stage(name="customer"), Stage(name="lapsed", final=True)),
    ...     events=("started", "paid", "left"),
    ...     transitions=(
    ...         Transition(event="started", sources="lead", target="trial"),
    ...         Transition(event="paid", sources="trial", target="customer", guard="amount > 0"),
    ...         Transition(after="30 days", sources="trial", target="lapsed"),
    ...         Transition(event="left", sources="customer", target="lapsed"),
    ...     ),
    ... )
    >>> log = [
    ...     Event(account="a", name="paid", at=dt.date(2026, 3, 9), payload={"amount": 90}),
    ...     Event(account="a", name="started", at=dt.date(2026, 3, 1)),
    ... ]
    >>> trial.replay(log, as_of=dt.date(2026, 3, 5)).stage
    'trial'
    >>> trial.replay(log, as_of=dt.date(2026, 3, 31)).stage
    'customer'
    >>> trial.replay(log[1:], as_of=dt.date(2026, 3, 31)).stage
    'lapsed'
    """

    def __attrs_post_init__(self) -> None:
        refuse(f"lifecycle {self.name!r}", faults(self))

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition a journey was made."""
        return self.chart.fingerprint

    @functools.cached_property
    def chart(self) -> Chart:
        """The definition, arranged for looking up what an event does."""
        return Chart.of(self)

    # Pictures

    def to_mermaid(self) -> str:
        """The definition as a state diagram for Mermaid: a text that many pages draw."""
        return diagrams.to_mermaid(self)

    def to_graphviz(self) -> str:
        """The definition as a graph in Graphviz' language, DOT."""
        return diagrams.to_graphviz(self)

    def words(self) -> str:
        """The definition in words, for people."""
        return wording.to_words(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the lifecycle as a picture, with a text in its place."""
        return drawings.to_svg(self)

    # One event at a time

    @functools.cached_property
    def start(self) -> State:
        """The state of an account to which nothing has happened."""
        return stepping.beginning(self.chart)

    def step(self, state: State, event: Event, *, account: object = None) -> Outcome:
        """What an event does to an account that stands in a state; nothing else is changed.

        Args:
            state: :attr:`start`, or the state of an earlier outcome.
            event: The event. What time does up to it comes first.
            account: As in :meth:`replay`.

        Raises:
            DefinitionError: If it is no state or no event, or a state that cannot be.
            StateError: If another definition made the state.
            LogError: If the event is of another account than the one before, an instant among
                dates or the other way round, has the id of one of the same moment that says
                something else, or a guard meets a fact of the wrong kind.

        >>> door = Lifecycle(name="door", initial="shut", events=("opened",),
        ...                  stages=(Stage(name="shut"), Stage(name="open", final=True)),
        ...                  transitions=(Transition(event="opened", sources="shut",
        ...                                          target="open", effects="ring"),))
        >>> opened = Event(account="a", name="opened", at=dt.date(2026, 3, 1))
        >>> outcome = door.step(door.start, opened)
        >>> str(outcome.kind), outcome.state.stage, [each.name for each in outcome.effects]
        ('moved', 'open', ['ring'])
        >>> print(door.step(outcome.state, opened).refusal)
        'opened' on 2026-03-01 refused in 'open': it was taken already
        """
        chart = self.chart
        try:  # nearly all are a later event that makes a plain move: as stepping.step, in one go
            stage, _, now, _, refused, last, memory, _, made_by = state
            at = event.at
            later = now is not None and now < at
            same = last is not None and last.account == event.account
            if later and same and made_by == chart.fingerprint:
                made = (event, chart.plain[stage][event.name])
                after = _tuple(
                    State, (made[1].target, at, at, None, refused, event, memory, (), made_by)
                )
                done: Outcome = _tuple(Outcome, (_MOVED, after, (made,), ()))
                return done
        except (AttributeError, LookupError, TypeError, ValueError):
            pass  # the general way takes it, or says what is wrong
        return self._stepped(state, event, account)

    def _stepped(self, state: State, event: Event, account: object) -> Outcome:
        try:
            return stepping.step(self.chart, state, event, account)
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError):
            stepping.check_state(state, self.chart)  # only now, for the speed of a step
            events_in([event])
            raise

    def advance(self, state: State, as_of: dt.date, *, account: object = None) -> Outcome:
        """What time alone does to an account up to ``as_of``: moves by time, deadlines that pass.

        Raises:
            DefinitionError: If it is no state, or none that this lifecycle can have made.
            StateError: If another definition made the state.
            LogError: If a guard meets a fact of the wrong kind.
            MomentError: If ``as_of`` is no date and no aware datetime.
        """
        stepping.check_state(state, self.chart)
        return stepping.advance(self.chart, state, moments.in_utc(as_of, "as_of"), account)

    def possible(
        self, state: State, *, at: dt.date, account: object = None
    ) -> tuple[Possibility, ...]:
        """What each event would do, were it to happen at a moment with an empty payload.

        Args:
            state: Where the account stands.
            at: When; before what was taken already, each is out of order.
            account: As in :meth:`replay`.

        Returns:
            One for each event of the definition, in its order, without those that time makes (the
            breach of a deadline) and those of a hold that does not apply; where a guard cannot be
            told, or its payload must have something, with what to ask for.

        Raises:
            DefinitionError, StateError, LogError: As :meth:`step`.
            MomentError: If ``at`` is no date and no aware datetime.
        """
        stepping.check_state(state, self.chart)
        at = moments.in_utc(at, "at")
        names = [name for name in self.events if name not in self.chart.breaches]
        found = (self._possibility(state, name, at, account) for name in names)
        return tuple(each for each in found if not _is_idle_hold(each))

    def _possibility(self, state: State, name: str, at: dt.date, account: object) -> Possibility:
        known_as = "" if state.last is None else state.last.account
        event = Event(account=known_as, name=name, at=at, id="possible")  # none that was taken
        outcome = stepping.step(self._lenient, state, event, account)
        why = None if outcome.refusal is None else outcome.refusal.explanation
        missing = () if why is None else why.missing
        specs = self.payloads[name].facts if name in self.payloads else ()
        required = [spec.name for spec in specs if spec.required]
        if required and (outcome.refusal is None or missing):
            missing = tuple(dict.fromkeys((*required, *missing)))
            outcome = stepping.step(self.chart, state, event, account)  # refused for its payload
        return Possibility(
            event=name,
            kind=outcome.kind,
            target=outcome.moves[-1][1].target if outcome.kind is OutcomeKind.MOVED else None,
            missing=missing,
            values={spec.name: spec.values for spec in specs if spec.name in missing},
            refusal=outcome.refusal,
        )

    @functools.cached_property
    def _lenient(self) -> Chart:
        """The chart for events whose payload is yet to come."""
        return attrs.evolve(self.chart, payloads={}) if self.payloads else self.chart

    # A whole log

    def replay(
        self,
        events: Iterable[Event],
        *,
        as_of: dt.date,
        known_at: dt.date | None = None,
        account: object = None,
        strict: bool = False,
    ) -> Journey:
        """The journey of one account.

        Args:
            events: Its log, in any order; empty: it stands in the initial stage.
            as_of: Up to when events count: a date with the whole of its day, or an instant.
            known_at: Events that became known later are left out; None: all are known.
            account: The account's facts, for guards: a mapping or an object, taken as they are
                whenever the event was; or a function that gives them as of a moment.
            strict: Whether to raise on the first refusal; otherwise all are listed.

        Raises:
            RefusedError: If ``strict`` and an event is refused.
            LogError: If the events that count are of several accounts, mix dates with instants,
                hold two different events of one id, or a guard meets a fact of the wrong kind.
            MomentError: If ``as_of`` or ``known_at`` is no date and no aware datetime.
        """
        as_of, known_at = _moments(as_of, known_at)
        given = counted(events, as_of=as_of, known_at=known_at)
        log = log_of(given, self.chart.places)
        state, moves, refused = self._walked(log, as_of, account, strict=strict)
        return Journey(
            **self._standing(state, as_of),
            visits=tuple(_visits(self.initial, moves)),
            refused=tuple(refused),
            effects=Outcome(OutcomeKind.STAYED, state, tuple(moves)).effects,
            as_of=as_of,
            known_at=known_at,
            duplicates=len(given) - len(log),
            unrecorded=sum(event.recorded_at is None for event in log),
            definition=self.fingerprint,
        )

    def state_of(
        self,
        events: Iterable[Event],
        *,
        as_of: dt.date,
        known_at: dt.date | None = None,
        account: object = None,
    ) -> State:
        """The state in which :meth:`replay` ends, for :meth:`step` and :meth:`possible`.

        Args:
            events: As in :meth:`replay`.
            as_of: As in :meth:`replay`.
            known_at: As in :meth:`replay`.
            account: As in :meth:`replay`.

        Raises:
            LogError, MomentError: As :meth:`replay`.
        """
        as_of, known_at = _moments(as_of, known_at)
        log = log_of(counted(events, as_of=as_of, known_at=known_at), self.chart.places)
        state, _, _ = self._walked(log, as_of, account, strict=False)
        beside = tuple(event for event in log[:-1] if event.at == log[-1].at)
        return state._replace(beside=beside)

    def replay_all(
        self,
        events: Iterable[Event],
        *,
        as_of: dt.date,
        known_at: dt.date | None = None,
        accounts: Mapping[str, object] | None = None,
        strict: bool = False,
    ) -> dict[str, Journey]:
        """The journey of every account in a log, and of every account in ``accounts``.

        Args:
            events: The log of all accounts, in any order.
            as_of: As in :meth:`replay`.
            known_at: As in :meth:`replay`.
            accounts: Facts by account id, for guards.
            strict: As in :meth:`replay`.

        Returns:
            Journeys by account id: those in ``accounts`` in their order, then the others by id.

        Raises:
            RefusedError, LogError, MomentError: As :meth:`replay`.
        """
        known = {} if accounts is None else accounts
        check_mapping("accounts", known)
        logs: dict[str, list[Event]] = {}
        for event in events_in(events):
            logs.setdefault(event.account, []).append(event)
        return {
            name: self.replay(
                logs.get(name, ()),
                as_of=as_of,
                known_at=known_at,
                account=known.get(name),
                strict=strict,
            )
            for name in (*known, *sorted(logs.keys() - known.keys()))
        }

    def replay_columns(
        self,
        account: npt.ArrayLike,
        event: npt.ArrayLike,
        at: npt.ArrayLike,
        *,
        as_of: dt.date,
        known_at: dt.date | None = None,
        recorded_at: npt.ArrayLike | None = None,
        id: npt.ArrayLike | None = None,  # noqa: A002 - it is called so wherever events are
        payload: Mapping[str, npt.ArrayLike] | None = None,
        accounts: Mapping[str, npt.ArrayLike] | None = None,
    ) -> JourneyColumns:
        """The journeys of all accounts at once: what :meth:`replay_all` says, as columns.

        A row of the columns is an event; rows may stand in any order. Accounts that do what
        columns cannot tell are replayed one by one (:mod:`cslib.journeycolumns` says which, and
        what that costs).

        Args:
            account: The accounts' ids, texts or whole numbers.
            event: What happened: names, or whole numbers that are places in ``events``.
            at: When: datetime64[D], or of a finer unit for instants in UTC.
            as_of: As in :meth:`replay`.
            known_at: As in :meth:`replay`.
            recorded_at: When it became known, days or instants; NaT where that is not told.
            id: The events' ids, texts; None where there is none.
            payload: What came with the events, as columns by name; what is missing is unknown.
            accounts: What is known of accounts, as columns by name, one of them ``account``, each
                once. Accounts without an event stand in the initial stage.

        Returns:
            Columns by account: those in ``accounts`` in their order, then the others by id.

        Raises:
            ColumnsError: If a column holds what it cannot, or is of another length.
            LogError, MomentError: As :meth:`replay`.

        >>> import numpy as np
        >>> door = Lifecycle(name="door", initial="shut", events=("opened",),
        ...                  stages=(Stage(name="shut"), Stage(name="open", final=True)),
        ...                  transitions=(Transition(event="opened", sources="shut",
        ...                                          target="open"),))
        >>> found = door.replay_columns(
        ...     account=["a", "b", "a"], event=["opened", "open", "opened"],
        ...     at=np.array(["2026-03-01", "2026-03-02", "2026-03-03"], "datetime64[D]"),
        ...     as_of=dt.date(2026, 3, 31),
        ... )
        >>> found
        <JourneyColumns: 2 accounts, 3 events, 2 refused, as of 2026-03-31>
        >>> found.facts["stage"].tolist(), found.days_in_stage.tolist()
        (['open', 'shut'], [30.0, nan])
        """
        from cslib.journeycolumns import replay_columns
        from cslib.logcolumns import LogColumns

        log = LogColumns.read(
            account, event, at, events=self.events, recorded_at=recorded_at, id=id, payload=payload
        )
        return replay_columns(
            self.chart,
            self.replay,
            log,
            as_of=as_of,
            known_at=known_at,
            accounts=accounts,
            definition=self.fingerprint,
        )

    def _walked(
        self, log: Iterable[Event], as_of: dt.date, account: object, *, strict: bool
    ) -> tuple[State, list[tuple[Event, Move]], list[Refusal]]:
        chart, state = self.chart, self.start
        moves: list[tuple[Event, Move]] = []
        refused: list[Refusal] = []

        def keep(outcome: Outcome) -> State:
            moves.extend(outcome.moves)
            refused.extend(outcome.refusals)
            if strict and outcome.refusal is not None:  # of an event; what time tries is no fault
                raise RefusedError(outcome.refusal)
            return outcome.state

        for event in log:
            state = keep(stepping.take(chart, state, event, account))
        return keep(stepping.advance(chart, state, as_of, account)), moves, refused

    def _standing(self, state: State, as_of: dt.date) -> dict[str, Any]:
        """What a journey says of the state in which it ends."""
        memory = state.memory
        tracks = self.chart.checklists[state.stage]
        return {
            "deadlines": tuple(
                deadline_state(deadline, clock, memory.holds, self.calendar, as_of)
                for deadline, clock in zip(self.deadlines, memory.clocks, strict=True)
            ),
            "milestones": {
                milestone.name: reached
                for milestone, reached in zip(self.milestones, memory.reached, strict=True)
                if reached is not None
            },
            "tracks_done": tuple(name for name in tracks if name in memory.done),
            "tracks_open": tuple(name for name in tracks if name not in memory.done),
            "holds": memory.holds,
        }


def _moments(as_of: dt.date, known_at: dt.date | None) -> tuple[dt.date, dt.date | None]:
    as_of = moments.in_utc(as_of, "as_of")
    return as_of, None if known_at is None else moments.in_utc(known_at, "known_at")


def _is_idle_hold(each: Possibility) -> bool:
    """Whether it would begin a hold in a hold, or end one where there is none."""
    refusal = each.refusal
    return (
        refusal is not None
        and refusal.reason is RefusalReason.NO_TRANSITION
        and refusal.problem != ""
    )


def _visits(initial: str, moves: Iterable[tuple[Event, Move]]) -> Iterator[Visit]:
    """The stays in stages: each move but those that stay ends one and begins another."""
    stage, entered, by = initial, None, None
    for event, move in moves:
        if move.target is not None:
            yield Visit(stage=stage, entered=entered, left=event.at, event=by)
            stage, entered, by = move.target, event.at, event
    yield Visit(stage=stage, entered=entered, event=by)
