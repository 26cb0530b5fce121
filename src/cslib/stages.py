"""What a lifecycle is made of: stages, the moves between them, and what is timed.

Names of stages are paths: ``onboarding/training`` lies in ``onboarding``, and a move that leaves
``onboarding`` leaves each stage in it. An account stands in a stage that has none below.

A *mark* is the moment when an event of a name is accepted or a stage of that name is entered; so
``since="signed"`` counts from the event, and ``since="onboarding"`` from the stage. Deadlines and
milestones speak of marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from attrs import validators as v

from cslib.calendars import BusinessCalendar
from cslib.errors import DefinitionError, Fault
from cslib.expressions import Kind
from cslib.faults import name_faults, refuse, shown
from cslib.rules import Rule, condition, rule
from cslib.schemas import Schema
from cslib.spans import Span

__all__ = [
    "Deadline",
    "Definition",
    "Milestone",
    "Pause",
    "Stage",
    "Track",
    "Transition",
    "inside",
    "lineage_of",
    "part_faults",
]


def _is(kind: type) -> Any:
    """A validator of a kind, which tells the fault with its path."""

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, kind):
            problem = f"expected {_IN_WORDS[kind]}, but got {shown(value)}"
            raise DefinitionError(attribute.name, (Fault(f"$.{attribute.name}", problem),))

    return check


_IN_WORDS: Mapping[type, str] = {str: "text", bool: "True or False", int: "a whole number"}


def _is_name(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    refuse(attribute.name, name_faults(f"$.{attribute.name}", value))


def _is_path(_: object, attribute: attrs.Attribute[str], name: str) -> None:
    if not all(name.split("/")):
        problem = f"expected a path of names such as 'onboarding/training', but got {name!r}"
        raise DefinitionError("stage", (Fault(f"$.{attribute.name}", problem),))


def inside(stage: str, parent: str) -> bool:
    """Whether a stage is ``parent``, or lies below it.

    >>> inside("onboarding/training", "onboarding"), inside("onboarding", "on")
    (True, False)
    """
    return stage == parent or stage.startswith(f"{parent}/")


def lineage_of(stage: str) -> tuple[str, ...]:
    """The stage and all that it lies in, from the inside out.

    >>> lineage_of("onboarding/data/access")
    ('onboarding/data/access', 'onboarding/data', 'onboarding')
    """
    parts = stage.split("/")
    return tuple("/".join(parts[:end]) for end in range(len(parts), 0, -1))


def _names(names: str | Iterable[str]) -> tuple[str, ...]:
    """Several names, of which one may be given as it is."""
    alone = isinstance(names, str) or not isinstance(names, Iterable)
    return (names,) if alone else tuple(names)  # type: ignore[return-value]


def _are_names(_: object, attribute: attrs.Attribute[Any], names: tuple[Any, ...]) -> None:
    faults = (
        Fault(f"$.{attribute.name}[{place}]", f"expected a name, but got {name!r}")
        for place, name in enumerate(names)
        if not isinstance(name, str) or not name
    )
    refuse(attribute.name, faults)


def _are_some(_: object, attribute: attrs.Attribute[Any], names: tuple[Any, ...]) -> None:
    if not names:
        problem = "expected one name or several, but got none"
        raise DefinitionError(attribute.name, (Fault(f"$.{attribute.name}", problem),))


_SOME = v.and_(_are_some, _are_names)


def _fact_name(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not (isinstance(value, str) and value.isidentifier()):
        problem = f"expected a name that rules can read, such as 'first_use', but got {value!r}"
        raise DefinitionError(attribute.name, (Fault(f"$.{attribute.name}", problem),))


def _tuple(parts: Iterable[Any]) -> tuple[Any, ...]:
    """Parts as a tuple; what is none is left as it is, to be told with its path."""
    several = isinstance(parts, Iterable) and not isinstance(parts, (str, Mapping))
    return tuple(parts) if several else parts  # type: ignore[return-value]


def part_faults(path: str, parts: object, kind: type) -> Iterator[Fault]:
    """The faults of what should be several parts of a kind.

    >>> [str(fault) for fault in part_faults("$.stages", ("trial",), Stage)]
    ["$.stages[0]: expected a Stage, but got the str 'trial'"]
    """
    if not isinstance(parts, tuple):
        yield Fault(path, f"expected several {kind.__name__} parts, but got {shown(parts)}")
        return
    for place, part in enumerate(parts):
        if not isinstance(part, kind):
            yield Fault(f"{path}[{place}]", f"expected a {kind.__name__}, but got {shown(part)}")


def _are_tracks(_: object, attribute: attrs.Attribute[Any], tracks: object) -> None:
    refuse(attribute.name, part_faults(f"$.{attribute.name}", tracks, Track))


def _day(source: object) -> Rule | None:
    if source is None:
        return None
    given = rule(source)
    if not (given.may_be(Kind.DATE) or given.may_be(Kind.INSTANT)):
        problem = f"expected a rule for a date or an instant, but {str(given)!r} gives {given.kind}"
        raise DefinitionError("deadline", (Fault("$.due", problem),))
    return given


def _span(given: object) -> Span | None:
    return None if given is None else Span.parse(given)


@attrs.frozen(kw_only=True)
class Track:
    """One of several works that run side by side in a stage, each with its own end (L2, N).

    Attributes:
        name: Its name; while the account is in the stage, rules read ``done_`` and the name.
        done_by: The events that end it; any one of them.
        owner: The role that does it, never a person.
        norm: What must be true for it to be done, in words.

    >>> Track(name="data", done_by="data_integrated", owner="support engineer").done_by
    ('data_integrated',)
    """

    name: str = attrs.field(validator=_fact_name)
    done_by: tuple[str, ...] = attrs.field(converter=_names, validator=_SOME)
    owner: str = attrs.field(default="", validator=_is(str))
    norm: str = attrs.field(default="", validator=_is(str))


@attrs.frozen(kw_only=True)
class Stage:
    """A standard stage (L1, S).

    Attributes:
        name: Its name; ``onboarding/training`` lies in ``onboarding``.
        owner: The role that owns accounts in it, never a person.
        norm: What must be true to enter it and to leave it, in words.
        final: Whether it is an end: an account in it is no longer a customer, and only a win-back
            leads out.
        tracks: The works that run side by side in it; each visit begins them anew.

    >>> Stage(name="onboarding/training", owner="csm", norm="Left by the training on site.").final
    False
    """

    name: str = attrs.field(validator=[_is_name, _is_path])
    owner: str = attrs.field(default="", validator=_is(str))
    norm: str = attrs.field(default="", validator=_is(str))
    final: bool = attrs.field(default=False, validator=_is(bool))
    tracks: tuple[Track, ...] = attrs.field(default=(), converter=_tuple, validator=_are_tracks)


@attrs.frozen(kw_only=True)
class Transition:
    """A move, by an event or by time.

    Attributes:
        event: The event that makes it. Either this or ``after`` is given.
        after: How long after entering the stage it is made, unless the stage was left before.
        sources: The stages that it leaves; a stage with others in it stands for all of them.
        target: The stage that it enters; None: the account stays, and the event is noted.
        guard: What must hold, over the event's payload, the journey and the account's facts, at
            the moment of the move; unknown is not enough.
        priority: Where two could be made at once, the one of the smaller number is looked at
            first. A move of an inner stage goes before one of the stage around it, whatever their
            numbers.
        effects: What should happen then, by name; never done here, only told.
        win_back: Whether it leads out of a final stage on purpose (L13, S).
        pauses: Whether the clock of ``after`` stands still while the account is on hold.

    >>> Transition(after="30 days", sources="trial", target="lapsed").after
    Span.parse('30 days')
    """

    event: str | None = attrs.field(default=None, validator=v.optional(_is_name))
    after: Span | None = attrs.field(default=None, converter=_span)
    sources: tuple[str, ...] = attrs.field(converter=_names, validator=_SOME)
    target: str | None = attrs.field(default=None, validator=v.optional(_is_name))
    guard: Rule | None = attrs.field(default=None, converter=attrs.converters.optional(condition))
    priority: int = attrs.field(default=0, validator=_is(int))
    effects: tuple[str, ...] = attrs.field(default=(), converter=_names, validator=_are_names)
    win_back: bool = attrs.field(default=False, validator=_is(bool))
    pauses: bool = attrs.field(default=False, validator=_is(bool))

    def __attrs_post_init__(self) -> None:
        refuse("transition", self._faults())

    def _faults(self) -> Iterator[Fault]:
        if (self.event is None) == (self.after is None):
            yield Fault("$.event", "expected an event or after=, one of the two")
        if self.pauses and self.after is None:
            yield Fault("$.pauses", "only a move with after= has a clock to stop")
        if self.after is not None and self.target is None:
            yield Fault("$.target", "expected a stage; a move by time that stays moves nothing")

    @property
    def label(self) -> str:
        """What makes it, for people: the event, or ``after 30 days``."""
        return f"after {self.after}" if self.event is None else self.event


@attrs.frozen(kw_only=True)
class Deadline:
    """Something that must happen within a limit (L6, W).

    Attributes:
        name: Its name; rules read ``deadline_`` and the name, its status as text.
        since: The marks that start its clock; each of them starts it anew.
        by: The marks that meet it.
        within: The limit, counted from the mark that started it. What happens at the due moment is
            in time.
        due: In place of ``within``, a rule for a limit that each account has of its own: a date or
            an instant, read from the event that started the clock and then from the account, as
            of that moment. A date holds with the whole of its day.
        waived_by: The marks after which it no longer matters.
        breach: The event that happens when it passes unmet; None: it shows, and moves nothing.
        pauses: Whether its clock stands still while the account is on hold.

    >>> limit = Deadline(name="activated", since="signed", by="first_use", within="3 months")
    >>> limit.within
    Span.parse('3 months')
    """

    name: str = attrs.field(validator=_fact_name)
    since: tuple[str, ...] = attrs.field(converter=_names, validator=_SOME)
    by: tuple[str, ...] = attrs.field(converter=_names, validator=_SOME)
    within: Span | None = attrs.field(default=None, converter=_span)
    due: Rule | None = attrs.field(default=None, converter=_day)
    waived_by: tuple[str, ...] = attrs.field(default=(), converter=_names, validator=_are_names)
    breach: str | None = attrs.field(default=None, validator=v.optional(_is_name))
    pauses: bool = attrs.field(default=False, validator=_is(bool))

    def __attrs_post_init__(self) -> None:
        if (self.within is None) == (self.due is None):
            problem = "expected within= or due=, one of the two"
            raise DefinitionError(f"deadline {self.name!r}", (Fault("$.within", problem),))


@attrs.frozen(kw_only=True)
class Milestone:
    """Something worth knowing the first date of.

    Attributes:
        name: Its name; rules read ``milestone_`` and the name, the moment of its first mark.
        by: The marks that reach it.

    >>> Milestone(name="first_value", by="report_shared").by
    ('report_shared',)
    """

    name: str = attrs.field(validator=_fact_name)
    by: tuple[str, ...] = attrs.field(converter=_names, validator=_SOME)


@attrs.frozen(kw_only=True)
class Pause:
    """What puts an account on hold, and what ends that.

    Only the clocks that say so (``pauses=True``) stand still meanwhile.

    Attributes:
        starts: The events that put it on hold.
        ends: The events that end the hold.

    >>> Pause(starts="put_on_hold", ends="resumed").ends
    ('resumed',)
    """

    starts: tuple[str, ...] = attrs.field(converter=_names, validator=_SOME)
    ends: tuple[str, ...] = attrs.field(converter=_names, validator=_SOME)


def _events(names: Iterable[str]) -> tuple[str, ...]:
    """A tuple of names; a text alone would fall into its letters."""
    if isinstance(names, str):
        problem = f"expected several names, but got the text {names!r}; write ({names!r},)"
        raise DefinitionError("lifecycle", (Fault("$.events", problem),))
    return _tuple(names)


@attrs.frozen(kw_only=True, slots=False)  # cached properties of a lifecycle need a __dict__
class Definition:
    """The parts of a lifecycle, as everything that reads one needs them.

    :class:`cslib.lifecycle.Lifecycle` is this with its verbs, checked when it is made; what each
    part is stands there.
    """

    name: str = attrs.field(validator=_is(str))
    initial: str
    stages: tuple[Stage, ...] = attrs.field(converter=_tuple)
    events: tuple[str, ...] = attrs.field(converter=_events)
    transitions: tuple[Transition, ...] = attrs.field(converter=_tuple)
    deadlines: tuple[Deadline, ...] = attrs.field(default=(), converter=_tuple)
    milestones: tuple[Milestone, ...] = attrs.field(default=(), converter=_tuple)
    pause: Pause | None = None
    calendar: BusinessCalendar = attrs.field(factory=BusinessCalendar)
    payloads: Mapping[str, Schema] = attrs.field(factory=dict, hash=False)
    facts: Schema | None = None
