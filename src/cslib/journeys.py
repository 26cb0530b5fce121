"""Journeys: where an account stands, how it came there, and what was refused on the way.

A :class:`State` is what the pure step hands on; an :class:`Outcome` is what one event did; a
:class:`Journey` is the whole account of a log. States, moves and outcomes are made by the hundred
thousand a second, so they are plain named tuples; everything that is kept is an attrs value.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

import attrs

from cslib import moments, timelines
from cslib.charts import Move
from cslib.codecs import codec_of
from cslib.documents import document
from cslib.errors import CslibError, DefinitionError, Fault, suggestion
from cslib.explanations import Explanation
from cslib.faults import brief
from cslib.logs import Event, Payload, content_of, known_entries
from cslib.moments import Moment
from cslib.rules import Rule
from cslib.stages import inside

__all__ = [
    "Clock",
    "DeadlineState",
    "DeadlineStatus",
    "Effect",
    "Journey",
    "Memory",
    "Outcome",
    "OutcomeKind",
    "Possibility",
    "Refusal",
    "RefusalReason",
    "RefusedError",
    "State",
    "StateError",
    "UnknownDeadlineError",
    "Visit",
]


# --------------------------------------------------------------------------------------
# What a step needs and gives


@functools.cache
def _form(cls: Any) -> Any:
    """An attrs class with the fields of a named tuple, since those have a JSON form."""
    hints, defaults = typing.get_type_hints(cls), cls._field_defaults
    fields = {
        name: attrs.field(type=hints[name], default=defaults.get(name, attrs.NOTHING))
        for name in cls._fields
    }
    return attrs.make_class(cls.__name__, fields, frozen=True)


def _written(value: tuple[Any, ...]) -> Any:
    form = _form(type(value))
    return codec_of(form).write(form(*value), normal=False)


def _formed(cls: Any, data: object) -> Any:
    return cls(*attrs.astuple(codec_of(_form(cls)).read(data), recurse=False))


class Clock(NamedTuple):
    """A deadline that runs.

    Attributes:
        start: Since when.
        limit: Until when, where the account has a limit of its own; None: that is not known.
        met: When it was met.
        waived: When it stopped to matter.
        breached: Whether its breach has happened.
    """

    start: Moment
    limit: Moment | None = None
    met: Moment | None = None
    waived: Moment | None = None
    breached: bool = False

    def __to_data__(self) -> Any:
        return _written(self)

    @classmethod
    def __from_data__(cls, data: object, functions: object) -> Clock:
        """The clock that JSON data describes."""
        made: Clock = _formed(cls, data)
        return made

    @property
    def runs(self) -> bool:
        """Whether it is neither met nor waived."""
        return self.met is None and self.waived is None


class Memory(NamedTuple):
    """What a journey keeps in mind besides its stage.

    Attributes:
        done: The tracks of this visit that are done.
        tried: The places of the timed moves of this visit that were tried.
        clocks: Of each deadline, its clock; None: it has not started.
        reached: Of each milestone, when it was reached.
        holds: Since when it was on hold, and until when; None: it still is.
    """

    done: frozenset[str] = frozenset()
    tried: frozenset[int] = frozenset()
    clocks: tuple[Clock | None, ...] = ()
    reached: tuple[Moment | None, ...] = ()
    holds: tuple[tuple[Moment, Moment | None], ...] = ()

    def __to_data__(self) -> Any:
        return _written(self)

    @classmethod
    def __from_data__(cls, data: object, functions: object) -> Memory:
        """The memory that JSON data describes."""
        made: Memory = _formed(cls, data)
        return made

    @property
    def on_hold(self) -> bool:
        """Whether the last hold has not ended."""
        return bool(self.holds) and self.holds[-1][1] is None


class State(NamedTuple):
    """Where an account stands, as the next step needs it; it goes to JSON and back.

    Attributes:
        stage: The stage.
        entered: When it was entered; None for the initial stage.
        now: When the last event or timed move happened.
        wakes: When the next timed thing is due; None: nothing is.
        refused: How many events were refused.
        last: The last event; None at the start.
        memory: What else it keeps in mind.
        beside: The events of the moment of ``last`` that were taken before it.
        definition: The fingerprint of the lifecycle that made it; no other takes it.

    >>> from cslib.documents import from_json, to_json
    >>> to_json(State("trial", dt.date(2026, 3, 1)))
    '{"stage": "trial", "entered": "2026-03-01"}'
    >>> from_json(to_json(State("trial")), State) == State("trial")
    True
    """

    stage: str
    entered: Moment | None = None
    now: Moment | None = None
    wakes: Moment | None = None
    refused: int = 0
    last: Event | None = None
    memory: Memory = Memory()
    beside: tuple[Event, ...] = ()
    definition: str = ""

    def __to_data__(self) -> Any:
        return _written(self)

    @classmethod
    def __from_data__(cls, data: object, functions: object) -> State:
        """The state that JSON data describes."""
        made: State = _formed(cls, data)
        return made


@attrs.define
class StateError(CslibError, ValueError):
    """A state that another definition made: what it says may mean something else in this one.

    Attributes:
        stage: The stage in which the account stands.
        made_by: The fingerprint of the definition that made it; empty where it says none.
        definition: That of the definition that is asked.
    """

    stage: str
    made_by: str
    definition: str

    def __str__(self) -> str:
        made_by = (
            f"the definition {self.made_by}" if self.made_by else "no definition that it names"
        )
        return (
            f"the state in {self.stage!r} was made by {made_by}, and this is {self.definition}; "
            "make a Migration between the two, or replay the log (state_of)"
        )


class OutcomeKind(enum.StrEnum):
    """What an event did."""

    MOVED = "moved"
    STAYED = "stayed"
    REFUSED = "refused"


class Outcome(NamedTuple):
    """What an event did, and what time had done before it.

    Attributes:
        kind: Whether the event itself moved the account, was noted, or was refused.
        state: Where the account stands now.
        moves: The moves made, those by time first, each with the event that made it; for a move
            by time, an event that is named after its span.
        refusals: Timed moves whose guard did not hold, and the event itself if it was refused.
    """

    kind: OutcomeKind
    state: State
    moves: tuple[tuple[Event, Move], ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def refusal(self) -> Refusal | None:
        """Why the event was refused; None if it was not."""
        return self.refusals[-1] if self.kind is OutcomeKind.REFUSED else None

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What should happen now; it is for the caller to do it."""
        return tuple(_effects(self.moves))

    def __bool__(self) -> NoReturn:
        problem = "an outcome is not true or false: ask its kind (moved, stayed, refused)"
        raise TypeError(problem)


@attrs.frozen(kw_only=True)
class Effect:
    """Something that a transition asks for.

    The event and the place of the transition are its key: replaying a log tells the same effects
    again, and does none of them. After a late event the caller compares the two lists.

    Attributes:
        name: What should happen.
        event: What made the transition.
        transition: The transition's place in the definition.
    """

    name: str
    event: Event
    transition: int


def _effects(moves: Iterable[tuple[Event, Move]]) -> Iterator[Effect]:
    for event, move in moves:
        for name in move.effects:
            yield Effect(name=name, event=event, transition=move.place)


# --------------------------------------------------------------------------------------
# Refusals


class RefusalReason(enum.StrEnum):
    """Why an event was not accepted."""

    NO_TRANSITION = "no_transition"
    GUARD_FALSE = "guard_false"
    GUARD_UNKNOWN = "guard_unknown"
    UNKNOWN_EVENT = "unknown_event"
    AFTER_END = "after_end"
    PAYLOAD = "payload"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"


_IN_WORDS = {
    RefusalReason.DUPLICATE: "it was taken already",
    RefusalReason.OUT_OF_ORDER: "it happened before what was taken already; replay the whole log",
}


@attrs.frozen(kw_only=True)
class Refusal:
    """An event that the definition did not allow; the account stayed where it was.

    Attributes:
        event: The event; a timed move whose guard did not hold is named after its span.
        stage: The stage in which it arrived.
        reason: Why it was refused.
        allowed: Where there was no transition, the events that are accepted in that stage; where
            there is no such event, all that there are.
        problem: What is wrong with its payload, or why it neither begins a hold nor ends one.
        guard: The guard that refused it.
        facts: What that guard read; what is unknown is left out.
    """

    event: Event
    stage: str
    reason: RefusalReason
    allowed: tuple[str, ...] = ()
    problem: str = ""
    guard: Rule | None = attrs.field(default=None, eq=str)  # a bare fact reads back as any kind
    facts: Payload = attrs.field(factory=Payload, converter=known_entries, eq=content_of)

    @property
    def explanation(self) -> Explanation | None:
        """Where a guard refused it, which part of the guard, with the values."""
        if self.guard is None:
            return None
        return self.guard.explain(self.facts, as_of=self.event.at)

    @property
    def why(self) -> str:
        """The reason in words.

        >>> payed = Event(account="a", name="payed", at=dt.date(2026, 3, 9))
        >>> Refusal(event=payed, stage="trial", reason=RefusalReason.UNKNOWN_EVENT,
        ...         allowed=("paid",)).why
        "no event of this lifecycle: did you mean 'paid'?"
        """
        explanation = self.explanation
        if explanation is not None:
            return _why(explanation)
        if self.problem:
            return self.problem
        if self.reason in _IN_WORDS:
            return _IN_WORDS[self.reason]
        if self.reason is RefusalReason.UNKNOWN_EVENT:
            return f"no event of this lifecycle{suggestion(self.event.name, self.allowed)}"
        what = "it is an end" if self.reason is RefusalReason.AFTER_END else "no such transition"
        return f"{what}; allowed there: {', '.join(self.allowed) or 'nothing'}"

    def __str__(self) -> str:
        """One line for people.

        >>> event = Event(account="a", name="renewed", at=dt.date(2026, 3, 9))
        >>> print(Refusal(event=event, stage="trial", reason=RefusalReason.NO_TRANSITION,
        ...               allowed=("paid",)))
        'renewed' on 2026-03-09 refused in 'trial': no such transition; allowed there: paid
        """
        return f"{self.event.name!r} on {self.event.at} refused in {self.stage!r}: {self.why}"


def _why(explanation: Explanation) -> str:
    """Why a guard did not let an event pass, in words."""
    if explanation.missing:
        return f"not known: {', '.join(explanation.missing)}"
    read = ", ".join(f"{name} = {value}" for name, value in _read(explanation).items())
    fault = "it does not hold" if explanation.value is False else "it cannot be told"
    return f"{fault} that {explanation.text} ({read})"


def _read(explanation: Explanation) -> dict[str, object]:
    """The facts that a condition reads, with their values."""
    shown = {name: "unknown" if value is None else value for name, value in explanation.facts}
    return shown | {k: value for part in explanation.parts for k, value in _read(part).items()}


@attrs.define
class UnknownDeadlineError(CslibError, KeyError):
    """The definition has no deadline of that name.

    Attributes:
        name: The name asked for.
        known: The deadlines that there are.

    >>> print(UnknownDeadlineError("life", ("live", "first_call")))
    no deadline 'life': did you mean 'live'?
    """

    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"no deadline {self.name!r}{suggestion(str(self.name), self.known)}"


@attrs.define
class RefusedError(CslibError, ValueError):
    """An event was refused in a strict replay.

    Attributes:
        refusal: Which, and why.
    """

    refusal: Refusal

    def __str__(self) -> str:
        return f"account {self.refusal.event.account!r}: {self.refusal}"


@attrs.frozen(kw_only=True)
class Possibility:
    """What an event would do, were it to happen now with an empty payload.

    Attributes:
        event: The event's name.
        kind: What it would do, as far as can be told.
        target: The stage it would lead to; None: the account would stay.
        missing: What is not known and could decide: the facts to ask for, or to give with it.
        values: Of those that are one of some texts, which.
        refusal: Why it would be refused.
    """

    event: str
    kind: OutcomeKind
    target: str | None = None
    missing: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, hash=False)
    refusal: Refusal | None = None

    def __str__(self) -> str:
        if self.missing:
            return f"{self.event}: asks for {', '.join(map(self._asked, self.missing))}"
        if self.refusal is not None:
            return f"{self.event}: refused, {self.refusal.why}"
        return f"{self.event}: {'stays' if self.target is None else f'leads to {self.target}'}"

    def _asked(self, name: str) -> str:
        values = self.values.get(name, ())
        return f"{name} ({' or '.join(map(repr, values))})" if values else name


# --------------------------------------------------------------------------------------
# The journey


class DeadlineStatus(enum.StrEnum):
    """How a deadline stands."""

    NOT_STARTED = "not_started"
    OPEN = "open"
    MET = "met"
    LATE = "late"
    MISSED = "missed"
    WAIVED = "waived"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class DeadlineState:
    """How a deadline stands.

    Attributes:
        name: The deadline.
        status: Not started, open, met (in time), late (met after it was due), missed, or waived;
            unknown where the account's own limit is not known.
        start: When its clock last started.
        due: Until when it is in time, that moment included; None while it has not started, and
            while its clock stands still.
        met: When it was met.
        waived: When it stopped to matter.
        held: Since when the account is on hold, while the clock stands still.
    """

    name: str
    status: DeadlineStatus
    start: Moment | None = None
    due: Moment | None = None
    met: Moment | None = None
    waived: Moment | None = None
    held: Moment | None = None

    def __str__(self) -> str:
        """One line for people.

        >>> print(DeadlineState(name="activated", status=DeadlineStatus.OPEN,
        ...                     start=dt.date(2026, 4, 14), due=dt.date(2026, 7, 14)))
        activated: open, due 2026-07-14
        """
        due = "" if self.due is None else f", due {self.due}"
        met = "" if self.met is None else f", met {self.met}"
        held = "" if self.held is None else f", on hold since {self.held}"
        return f"{self.name}: {self.status.replace('_', ' ')}{due}{met}{held}"


@attrs.frozen(kw_only=True)
class Visit:
    """A stay in a stage.

    Attributes:
        stage: The stage.
        entered: When; None for the initial stage, in which an account has always been.
        left: When it ended; None while it lasts.
        event: The event that led in; None for the initial stage. A move by time has one of its
            own, named after its span.
    """

    stage: str
    entered: Moment | None = None
    left: Moment | None = None
    event: Event | None = None

    @property
    def duration(self) -> dt.timedelta | None:
        """How long it lasted; None while it lasts, and for the initial stage.

        >>> Visit(stage="trial", entered=dt.date(2026, 3, 1), left=dt.date(2026, 3, 9)).duration
        datetime.timedelta(days=8)
        """
        if self.entered is None or self.left is None:
            return None
        return _between(self.entered, self.left)


def _stands_somewhere(
    _: object, attribute: attrs.Attribute[Any], visits: tuple[Visit, ...]
) -> None:
    if not visits:
        problem = "expected one or more; an account always stands in a stage"
        raise DefinitionError("journey", (Fault(f"$.{attribute.name}", problem),))


@document("journey", version=1)
@attrs.frozen(kw_only=True)
class Journey:
    """Where an account stands, and how it came there.

    Attributes:
        visits: Every stay in a stage, in order; the last is where it stands.
        refused: The events that were not accepted, in order.
        deadlines: How each deadline of the definition stands.
        milestones: Of each milestone that was reached, when.
        tracks_done: The tracks of the stage it stands in that are done.
        tracks_open: Those that are not.
        holds: Since when it was on hold, and until when; None: it still is.
        effects: What its transitions asked for, in order.
        as_of: Up to when events counted.
        known_at: What became known later was left out; None: all was known.
        duplicates: How many events were dropped because they stood in the log already.
        unrecorded: How many of the events that counted do not say when they were recorded, and
            were taken as known when they happened.
        definition: The fingerprint of the lifecycle.
    """

    visits: tuple[Visit, ...] = attrs.field(validator=_stands_somewhere)
    refused: tuple[Refusal, ...] = ()
    deadlines: tuple[DeadlineState, ...] = ()
    milestones: Mapping[str, Moment] = attrs.field(factory=dict, hash=False)
    tracks_done: tuple[str, ...] = ()
    tracks_open: tuple[str, ...] = ()
    holds: tuple[tuple[Moment, Moment | None], ...] = ()
    effects: tuple[Effect, ...] = ()
    as_of: Moment
    known_at: Moment | None = None
    duplicates: int = 0
    unrecorded: int = 0
    definition: str

    @property
    def stage(self) -> str:
        """The stage in which the account stands."""
        return self.visits[-1].stage

    @property
    def on_hold(self) -> bool:
        """Whether the account is on hold."""
        return bool(self.holds) and self.holds[-1][1] is None

    @property
    def days_in_stage(self) -> int | None:
        """Whole days from entering the stage to ``as_of``, in UTC; None in the initial stage."""
        return days_since(self.visits[-1].entered, self.as_of)

    def deadline(self, name: str) -> DeadlineState:
        """How a deadline stands, by its name.

        Raises:
            UnknownDeadlineError: If the definition has no such deadline.
        """
        for each in self.deadlines:
            if each.name == name:
                return each
        raise UnknownDeadlineError(name, tuple(each.name for each in self.deadlines))

    def visits_to(self, stage: str) -> tuple[Visit, ...]:
        """The stays in a stage, and in those inside it, in order."""
        return tuple(visit for visit in self.visits if inside(visit.stage, stage))

    def entered_first(self, stage: str) -> dt.date | None:
        """When it first entered a stage; None if it never did, or has always been there."""
        visits = self.visits_to(stage)
        return visits[0].entered if visits else None

    def exited_last(self, stage: str) -> dt.date | None:
        """When it last left a stage; None if it never was there, or is there now."""
        visits = self.visits_to(stage)
        return visits[-1].left if visits else None

    def time_in(self, stage: str) -> dt.timedelta | None:
        """How long it was in a stage in all, up to ``as_of``.

        None where that cannot be told: nothing says when it came to its initial stage.
        """
        total = dt.timedelta()
        for visit in self.visits_to(stage):
            if visit.entered is None:
                return None
            total += _between(visit.entered, _until(visit.left, self.as_of, visit.entered))
        return total

    def __str__(self) -> str:
        last = self.visits[-1]
        parts = [last.stage if last.entered is None else f"{last.stage} since {last.entered}"]
        parts += ["on hold"] if self.on_hold else []
        parts += [f"events refused: {len(self.refused)}"] if self.refused else []
        return ", ".join(parts)

    __repr__ = brief

    def timeline(self, width: int = 40) -> str:
        """The journey drawn as a time line in text, for people.

        Args:
            width: Of the bars, in characters, 40 to 200.

        Raises:
            DefinitionError: If the width is none.
        """
        return timelines.timeline(
            self.visits, self.as_of, refused=self.refused, deadlines=self.deadlines, width=width
        )

    @property
    def facts(self) -> dict[str, object]:
        """What rules elsewhere can read of it.

        ``stage``, ``days_in_stage``, ``events_refused``, ``on_hold``, ``tracks_done`` and
        ``tracks_open`` (how many), ``done_`` and each track of its stage, ``deadline_`` and
        ``due_`` and each deadline, ``milestone_`` and each milestone that was reached.
        """
        return {
            "stage": self.stage,
            "days_in_stage": self.days_in_stage,
            "events_refused": len(self.refused),
            "on_hold": self.on_hold,
            "tracks_done": len(self.tracks_done),
            "tracks_open": len(self.tracks_open),
            **{f"done_{name}": True for name in self.tracks_done},
            **{f"done_{name}": False for name in self.tracks_open},
            **{f"deadline_{each.name}": str(each.status) for each in self.deadlines},
            **{f"due_{each.name}": each.due for each in self.deadlines},
            **{f"milestone_{name}": reached for name, reached in self.milestones.items()},
        }


def days_since(entered: dt.date | None, now: dt.date) -> int | None:
    """Whole days in UTC from one moment to another; None from no moment."""
    if entered is None:
        return None
    return (moments.utc_day(now) - moments.utc_day(entered)).days


def _between(start: dt.date, end: dt.date) -> dt.timedelta:
    return end - start


def _until(left: dt.date | None, as_of: dt.date, entered: dt.date) -> dt.date:
    """The end of a visit, of the same kind as its beginning."""
    if left is not None:
        return left
    if not isinstance(entered, dt.datetime):
        return moments.utc_day(as_of)
    if isinstance(as_of, dt.datetime):
        return as_of
    if as_of == dt.date.max:
        return dt.datetime.max.replace(tzinfo=dt.UTC)
    return moments.instant(as_of) + dt.timedelta(days=1)  # the whole of its day
