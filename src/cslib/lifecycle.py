"""Lifecycle: where an account stands, by what happened to it.

A :class:`Lifecycle` is data: stages, the events that there are, and transitions between stages,
some under a guard (a rule). Nothing is ever set by hand: :meth:`Lifecycle.replay` reads the log of
an account's events and gives its :class:`Journey`, with the visits that led to its stage and every
event that the definition refused.

A log may arrive in any order, and an event more than once. Events are taken by ``(at, place in the
definition's list of events, recorded_at, id)``. What lies after ``as_of`` is not looked at
(``docs/semantics.md``, "Time" and "Lifecycle").
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
from attrs import validators as v

from cslib import facts, moments
from cslib.documents import document, fingerprint
from cslib.errors import CslibError, DefinitionError, Fault, suggestion
from cslib.expressions import Kind
from cslib.faults import refuse
from cslib.rules import Explanation, FactError, Rule, rule

__all__ = [
    "Event",
    "Journey",
    "Lifecycle",
    "LogError",
    "Refusal",
    "RefusalReason",
    "Stage",
    "Transition",
    "Visit",
]


# --------------------------------------------------------------------------------------
# The log


@attrs.define
class LogError(CslibError, ValueError):
    """A log that cannot be read as the log of one account.

    Attributes:
        account: The account.
        event: The event at fault: its id, or its name and when, where it has none.
        problem: What is wrong, and the way out.
    """

    account: str
    event: str
    problem: str

    def __str__(self) -> str:
        return f"account {self.account!r}, event {self.event!r}: {self.problem}"


def _is_unknown(value: object) -> bool:
    if isinstance(value, (str, Mapping, list, tuple)) or getattr(value, "ndim", 0) > 0:
        return False
    try:
        return facts.known(value, "payload", frozenset(Kind)) is None
    except FactError:  # nothing that a rule reads, but something
        if type(value).__repr__ is object.__repr__:  # its text is its address, another each time
            raise
        return False


def _known_entries(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if not _is_unknown(value)}


def _content(value: Any) -> str:
    """A payload, or a value in it, as text that is the same where they say the same."""
    if _is_unknown(value):
        return "None"
    if hasattr(value, "tolist"):  # numpy's
        value = value.tolist()
    match value:
        case bool():
            return str(value)
        case int() | Fraction():
            return _digits(Fraction(value))
        case float() if math.isfinite(value):
            return _digits(Fraction(value))
        case Decimal() if value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS:
            return _digits(Fraction(value))
        case str():
            return str.__repr__(value)
        case dt.datetime() if value.utcoffset() is not None:
            return moments.in_utc(value).isoformat()
        case list() | tuple():
            return f"[{', '.join(map(_content, value))}]"
        case set() | frozenset():
            return f"set({', '.join(sorted(map(_content, value)))})"
        case Mapping():
            entries = (f"{_content(name)}: {_content(each)}" for name, each in value.items())
            return f"{{{', '.join(sorted(entries))}}}"
    return repr(value)


_MOST_DIGITS = 400  # as in cslib.money: a longer Decimal stands for itself, not written out


def _digits(number: Fraction) -> str:
    """The number in hexadecimal, of which Python writes any length."""
    return f"{number.numerator:x}/{number.denominator:x}"


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened to an account.

    Events are equal that say the same: 1 is 1.0, and an instant is the same in any time zone.

    Attributes:
        account: The account's id.
        name: What happened, one of the definition's events.
        at: When it happened: a date or an aware datetime (held in UTC), the same for a whole log.
        id: Its id within the account's log; without one, equal events are one and the same.
        recorded_at: When it became known, a date or an aware datetime; None: when it happened.
        payload: What came with it; guards read it before the account's facts. What is unknown
            in it (None, NaN ...) is left out: it says no more than an entry that is absent.

    Raises:
        MomentError: If ``at`` or ``recorded_at`` is no date and no aware datetime.
        FactError: If a value of the payload is nothing that a rule reads and has no text of its own
            (its class has no ``__repr__``), so that nothing tells two such events apart.

    >>> paid = Event(account="a", name="paid", at=dt.date(2026, 3, 9),
    ...              payload={"amount": 90, "discount": None})
    >>> paid.payload, paid.known
    ({'amount': 90}, datetime.date(2026, 3, 9))
    """

    account: str = attrs.field(validator=v.instance_of(str))
    name: str = attrs.field(validator=v.instance_of(str))
    at: dt.date
    id: str | None = attrs.field(default=None, validator=v.optional(v.instance_of(str)))
    recorded_at: dt.date | None = None
    payload: Mapping[str, Any] = attrs.field(factory=dict, converter=_known_entries, eq=_content)

    def __attrs_post_init__(self) -> None:
        what = f"event {self.label!r}"
        object.__setattr__(self, "at", moments.in_utc(self.at, what))
        if self.recorded_at is not None:
            recorded_at = moments.in_utc(self.recorded_at, f"{what}, recorded_at")
            object.__setattr__(self, "recorded_at", recorded_at)

    @property
    def label(self) -> str:
        """What to call it in a message: its id, or its name and when."""
        return f"{self.name} on {self.at}" if self.id is None else self.id

    @property
    def known(self) -> dt.date:
        """When it became known: ``recorded_at``, or else ``at``."""
        return self.at if self.recorded_at is None else self.recorded_at


# --------------------------------------------------------------------------------------
# The definition


@attrs.frozen(kw_only=True)
class Stage:
    """A standard stage (L1).

    Attributes:
        name: Its name.
        owner: The role that owns accounts in it, never a person.
        norm: What must be true to enter it and to leave it, in words.
        final: Whether an account in it is no longer a customer; a win-back may still lead out.
    """

    name: str = attrs.field(validator=v.and_(v.instance_of(str), v.min_len(1)))
    owner: str = attrs.field(default="", validator=v.instance_of(str))
    norm: str = attrs.field(default="", validator=v.instance_of(str))
    final: bool = attrs.field(default=False, validator=v.instance_of(bool))


def _sources(names: Iterable[str]) -> tuple[str, ...]:
    return _names("transition", "$.sources", names)


def _events(names: Iterable[str]) -> tuple[str, ...]:
    return _names("lifecycle", "$.events", names)


def _names(subject: str, path: str, names: Iterable[str]) -> tuple[str, ...]:
    """A tuple of names; a text alone would fall into its letters."""
    if isinstance(names, str):
        problem = f"expected several names, but got the text {names!r}; write ({names!r},)"
        raise DefinitionError(subject, (Fault(path, problem),))
    return tuple(names)


def _condition(source: object) -> Rule | None:
    return None if source is None else rule(source, kind=Kind.BOOLEAN)


@attrs.frozen(kw_only=True)
class Transition:
    """A move between stages.

    Attributes:
        event: The event that makes the move.
        sources: The stages it leaves.
        target: The stage it enters.
        guard: What must hold, over the event's payload and the account's facts, on the day of the
            event; unknown is not enough.
    """

    event: str
    sources: tuple[str, ...] = attrs.field(converter=_sources, validator=v.min_len(1))
    target: str
    guard: Rule | None = attrs.field(default=None, converter=_condition)


def _stages(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    return tuple(stages)


def _transitions(transitions: Iterable[Transition]) -> tuple[Transition, ...]:
    return tuple(transitions)


@document("lifecycle", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Lifecycle:
    """A lifecycle as data.

    Attributes:
        name: Its name.
        initial: The stage of an account to which nothing has happened.
        stages: All stages.
        events: All events, in the order in which those of one moment are taken.
        transitions: All moves.

    Raises:
        DefinitionError: With every fault: names that do not exist (and a suggestion) or stand
            twice, two moves by one event from one stage, stages that cannot be reached.

    >>> trial = Lifecycle(
    ...     name="trial",
    ...     initial="lead",
    ...     stages=(Stage(name="lead"), Stage(name="trial"), Stage(name="customer")),
    ...     events=("started", "paid"),
    ...     transitions=(
    ...         Transition(event="started", sources=("lead",), target="trial"),
    ...         Transition(event="paid", sources=("trial",), target="customer", guard="amount > 0"),
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
    """

    name: str
    initial: str
    stages: tuple[Stage, ...] = attrs.field(converter=_stages)
    events: tuple[str, ...] = attrs.field(converter=_events)
    transitions: tuple[Transition, ...] = attrs.field(converter=_transitions)

    def __attrs_post_init__(self) -> None:
        faults = [*_name_faults(self), *_clash_faults(self)]
        faults = faults or list(_reach_faults(self))
        refuse(f"lifecycle {self.name!r}", faults)

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition a journey was made."""
        return fingerprint(self)

    def replay(
        self,
        events: Iterable[Event],
        *,
        as_of: dt.date,
        known_at: dt.date | None = None,
        account: object = None,
    ) -> Journey:
        """The journey of one account.

        Args:
            events: Its log, in any order; empty: it stands in the initial stage.
            as_of: Up to when events count: a date with the whole of its day, or an instant.
            known_at: Events that became known later are left out; None: all are known.
            account: The account's facts, for guards: a mapping or an object. They are taken as
                they are, whenever the event was.

        Raises:
            LogError: If the events that count are of several accounts, mix dates with instants,
                hold two different events of one id, or a guard meets a fact of the wrong kind.
            MomentError: If ``as_of`` or ``known_at`` is no date and no aware datetime.
        """
        as_of = moments.in_utc(as_of, "as_of")
        counted = [event for event in events if moments.is_by(event.at, as_of)]
        if known_at is not None:
            known_at = moments.in_utc(known_at, "known_at")
            counted = [event for event in counted if moments.is_by(event.known, known_at)]
        _check_alike(counted)
        log = sorted(_once(counted), key=self._order)
        visits, refused = self._walk(log, account)
        return Journey(
            visits=tuple(visits),
            refused=tuple(refused),
            as_of=as_of,
            known_at=known_at,
            duplicates=len(counted) - len(log),
            unrecorded=sum(event.recorded_at is None for event in log),
            definition=self.fingerprint,
        )

    def replay_all(
        self,
        events: Iterable[Event],
        *,
        as_of: dt.date,
        known_at: dt.date | None = None,
        accounts: Mapping[str, object] | None = None,
    ) -> dict[str, Journey]:
        """The journey of every account in a log, and of every account in ``accounts``.

        Args:
            events: The log of all accounts, in any order.
            as_of: As in :meth:`replay`.
            known_at: As in :meth:`replay`.
            accounts: Facts by account id, for guards.

        Returns:
            Journeys by account id: those in ``accounts`` in their order, then the others by id.

        Raises:
            LogError, MomentError: As :meth:`replay`.
        """
        known = accounts or {}
        logs: dict[str, list[Event]] = {}
        for event in events:
            logs.setdefault(event.account, []).append(event)
        return {
            name: self.replay(
                logs.get(name, ()), as_of=as_of, known_at=known_at, account=known.get(name)
            )
            for name in (*known, *sorted(logs.keys() - known.keys()))
        }

    @functools.cached_property
    def _moves(self) -> Mapping[tuple[str, str], Transition]:
        return {(source, move.event): move for move in self.transitions for source in move.sources}

    @functools.cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.events)}

    def _order(self, event: Event) -> tuple[Any, ...]:
        """The total order; its last two parts only see to it that arrival never matters."""
        place = self._places.get(event.name, len(self._places))
        known = moments.instant(event.known)
        content = (str(event.recorded_at), _content(event.payload)) if event.id is None else ()
        return event.at, place, known, event.id or "", event.name, content

    def _walk(self, log: Iterable[Event], account: object) -> tuple[list[Visit], list[Refusal]]:
        visits = [Visit(stage=self.initial)]
        refused: list[Refusal] = []
        for event in log:
            stage = visits[-1].stage
            refusal = self._refusal(event, stage, account)
            if refusal is not None:
                refused.append(refusal)
                continue
            visits[-1] = attrs.evolve(visits[-1], left=event.at)
            target = self._moves[stage, event.name].target
            visits.append(Visit(stage=target, entered=event.at, event=event))
        return visits, refused

    def _refusal(self, event: Event, stage: str, account: object) -> Refusal | None:
        """Why the event makes no move, or None where it makes one."""
        move = self._moves.get((stage, event.name))
        if move is None:
            known = event.name in self._places
            reason = RefusalReason.NO_TRANSITION if known else RefusalReason.UNKNOWN_EVENT
            allowed = self._allowed(stage) if known else self.events
            return Refusal(event=event, stage=stage, reason=reason, allowed=allowed)
        if move.guard is None:
            return None
        record = _guard_facts(move.guard, event, account)
        try:
            held = move.guard(record, as_of=event.at)
        except FactError as error:
            raise LogError(event.account, event.label, f"its guard cannot tell: {error}") from error
        if held:
            return None
        reason = RefusalReason.GUARD_UNKNOWN if held is None else RefusalReason.GUARD_FALSE
        why = move.guard.explain(record, as_of=event.at)
        return Refusal(event=event, stage=stage, reason=reason, explanation=why)

    def _allowed(self, stage: str) -> tuple[str, ...]:
        return tuple(name for name in self.events if (stage, name) in self._moves)


def _guard_facts(guard: Rule, event: Event, account: object) -> dict[str, object]:
    """What a guard reads: the payload first, then the account's facts."""
    payload = facts.getter(event.payload)
    get = facts.getter({} if account is None else account)
    found = {name: payload(name) for name in guard.facts}
    return {name: get(name) if value is None else value for name, value in found.items()}


def _check_alike(events: list[Event]) -> None:
    for event in events:
        if event.account != events[0].account:
            problem = f"the log is that of account {events[0].account!r}; use replay_all for many"
            raise LogError(event.account, event.label, problem)
        if isinstance(event.at, dt.datetime) is not isinstance(events[0].at, dt.datetime):
            problem = "a log holds dates or instants, never both; convert one kind"
            raise LogError(event.account, event.label, problem)


def _once(events: Iterable[Event]) -> Iterable[Event]:
    """Each event once."""
    kept: dict[str | Event, Event] = {}
    for event in events:
        first = kept.setdefault(event if event.id is None else event.id, event)
        if first is not event and first != event:
            problem = (
                f"the id stands twice, with another {_unlike(first, event)}; keep the right one"
            )
            raise LogError(event.account, event.label, problem)
    return kept.values()


def _unlike(first: Event, other: Event) -> str:
    names = ("name", "at", "recorded_at")
    unlike = [name for name in names if getattr(first, name) != getattr(other, name)]
    unlike += ["payload"] if _content(first.payload) != _content(other.payload) else []
    return " and ".join(unlike)


# Checks of a definition


def _name_faults(lifecycle: Lifecycle) -> Iterator[Fault]:
    stages = [stage.name for stage in lifecycle.stages]
    for place in _repeats(stages):
        yield Fault(f"$.stages[{place}].name", f"{stages[place]!r} stands twice")
    for place in _repeats(lifecycle.events):
        yield Fault(f"$.events[{place}]", f"{lifecycle.events[place]!r} stands twice")
    yield from _unknown("$.initial", "stage", lifecycle.initial, stages)
    for place, move in enumerate(lifecycle.transitions):
        path = f"$.transitions[{place}]"
        yield from _unknown(f"{path}.event", "event", move.event, lifecycle.events)
        for at, source in enumerate(move.sources):
            yield from _unknown(f"{path}.sources[{at}]", "stage", source, stages)
        for at in _repeats(move.sources):
            yield Fault(f"{path}.sources[{at}]", f"{move.sources[at]!r} stands twice")
        yield from _unknown(f"{path}.target", "stage", move.target, stages)


def _repeats(names: Iterable[str]) -> Iterator[int]:
    """The places of names that stood before."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            yield place
        seen.add(name)


def _unknown(path: str, what: str, name: str, known: Collection[str]) -> Iterator[Fault]:
    if name not in known:
        yield Fault(path, f"unknown {what} {name!r}{suggestion(name, known)}")


def _clash_faults(lifecycle: Lifecycle) -> Iterator[Fault]:
    first: dict[tuple[str, str], int] = {}
    for place, move in enumerate(lifecycle.transitions):
        for source in dict.fromkeys(move.sources):
            other = first.setdefault((source, move.event), place)
            if other != place:
                problem = (
                    f"{move.event!r} already leaves {source!r} by $.transitions[{other}]; "
                    "give each stage one move per event"
                )
                yield Fault(f"$.transitions[{place}]", problem)


def _reach_faults(lifecycle: Lifecycle) -> Iterator[Fault]:
    onward: dict[str, list[str]] = {}
    for move in lifecycle.transitions:
        for source in move.sources:
            onward.setdefault(source, []).append(move.target)
    reached, frontier = {lifecycle.initial}, [lifecycle.initial]
    while frontier:
        new = set(onward.get(frontier.pop(), ())) - reached
        reached |= new
        frontier += new
    for place, stage in enumerate(lifecycle.stages):
        if stage.name not in reached:
            problem = (
                f"no transitions lead from {lifecycle.initial!r} to {stage.name!r}; "
                "add one, or leave the stage out"
            )
            yield Fault(f"$.stages[{place}]", problem)


# --------------------------------------------------------------------------------------
# The journey


class RefusalReason(enum.StrEnum):
    """Why an event made no move."""

    NO_TRANSITION = "no_transition"
    GUARD_FALSE = "guard_false"
    GUARD_UNKNOWN = "guard_unknown"
    UNKNOWN_EVENT = "unknown_event"


@attrs.frozen(kw_only=True)
class Refusal:
    """An event that the definition did not allow; the account stayed where it was.

    Attributes:
        event: The event.
        stage: The stage in which it arrived.
        reason: Why it was refused.
        allowed: Where there was no transition, the events that make a move from that stage; where
            there is no such event, all that there are.
        explanation: Where a guard refused it, which part of the guard, with the values.
    """

    event: Event
    stage: str
    reason: RefusalReason
    allowed: tuple[str, ...] = ()
    explanation: Explanation | None = None

    @property
    def why(self) -> str:
        """The reason in words.

        >>> payed = Event(account="a", name="payed", at=dt.date(2026, 3, 9))
        >>> Refusal(event=payed, stage="trial", reason=RefusalReason.UNKNOWN_EVENT,
        ...         allowed=("paid",)).why
        "no event of this lifecycle: did you mean 'paid'?"
        """
        if self.explanation is not None:
            return _why(self.explanation)
        if self.reason is RefusalReason.UNKNOWN_EVENT:
            return f"no event of this lifecycle{suggestion(self.event.name, self.allowed)}"
        return f"no such transition; allowed there: {', '.join(self.allowed) or 'nothing'}"

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


@attrs.frozen(kw_only=True)
class Visit:
    """A stay in a stage.

    Attributes:
        stage: The stage.
        entered: When; None for the initial stage, in which an account has always been.
        left: When it ended; None while it lasts.
        event: The event that led in; None for the initial stage.
    """

    stage: str
    entered: dt.date | None = None
    left: dt.date | None = None
    event: Event | None = None


@attrs.frozen(kw_only=True)
class Journey:
    """Where an account stands, and how it came there.

    Attributes:
        visits: Every stay in a stage, in order; the last is where it stands.
        refused: The events that made no move, in order.
        as_of: Up to when events counted.
        known_at: What became known later was left out; None: all was known.
        duplicates: How many events were dropped because they stood in the log already.
        unrecorded: How many of the events that counted do not say when they were recorded, and
            were taken as known when they happened.
        definition: The fingerprint of the lifecycle.
    """

    visits: tuple[Visit, ...]
    refused: tuple[Refusal, ...]
    as_of: dt.date
    known_at: dt.date | None
    duplicates: int
    unrecorded: int
    definition: str

    @property
    def stage(self) -> str:
        """The stage in which the account stands."""
        return self.visits[-1].stage

    @property
    def days_in_stage(self) -> int | None:
        """Whole days from entering the stage to ``as_of``, in UTC; None in the initial stage."""
        entered = self.visits[-1].entered
        if entered is None:
            return None
        return (moments.utc_day(self.as_of) - moments.utc_day(entered)).days

    @property
    def facts(self) -> dict[str, object]:
        """What rules elsewhere can read of it: ``stage``, ``days_in_stage``, ``events_refused``."""
        return {
            "stage": self.stage,
            "days_in_stage": self.days_in_stage,
            "events_refused": len(self.refused),
        }
