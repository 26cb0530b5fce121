"""One playbook: what to do about a need, when, at what cost, and how it is judged.

A part of :mod:`cslib.playbooks`. A :class:`Playbook` is data, and keeps three conditions apart: its
*entry* says when it applies, its *exit* that the reason has gone, its *success* that it worked.
"""

from __future__ import annotations

import decimal
import enum
import functools
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import attrs

from cslib.documents import document, fingerprint
from cslib.errors import Fault
from cslib.faults import (
    decimal_faults,
    exact_decimal,
    member,
    name_faults,
    refuse,
    several,
    shown,
    text_faults,
    unique_faults,
    whole_faults,
)
from cslib.rules import Rule, condition
from cslib.steps import Step, step_faults

__all__ = [
    "EXACT",
    "Effect",
    "Layer",
    "Level",
    "Limits",
    "Playbook",
    "Success",
    "amounts",
    "exact_sum",
]

EXACT = decimal.Context(prec=60, traps=[decimal.Inexact])
"""Hours and prices are exact, whatever the caller's context is."""

_MOST_HOURS = 1_000_000
_MOST_PRIORITY = 1_000_000
_MOST_DAYS = 10_000


class Layer(enum.StrEnum):
    """The layers of P1 (Sang Wenfeng), cheapest first."""

    PRODUCT = "product"
    SERVICE = "service"
    CONSULTING = "consulting"

    @property
    def rank(self) -> int:
        """Its place, 0 for the cheapest."""
        return _RANK[self]


_RANK: dict[enum.StrEnum, int] = {layer: rank for rank, layer in enumerate(Layer)}


class Level(enum.StrEnum):
    """The kinds of service of P2 (Wang Daiming), in rising difficulty."""

    SUPPORT = "support"
    """Training, fixes, daily questions: by trained service staff."""
    IMPLEMENTATION = "implementation"
    """Solution design and implementation: by specialists."""
    CONSULTING = "consulting"
    """Best practice and change management: by scarce experts of an industry."""

    @property
    def rank(self) -> int:
        """Its place, 0 for the easiest."""
        return _LEVEL_RANK[self]


_LEVEL_RANK: dict[enum.StrEnum, int] = {level: rank for rank, level in enumerate(Level)}


@attrs.frozen(kw_only=True)
class Success:
    """How it is told whether a playbook worked.

    Attributes:
        when: What must hold then.
        within: The evaluation window ends so many days after the end of the run, that day included.
        after: It begins so many days after the end of the run; facts of a day before are not asked.

    Raises:
        DefinitionError: If the window has no day.

    >>> print(Success(when="seats_used / seats >= 0.6", within=30))
    seats_used / seats >= 0.6, 0 to 30 days after the end
    """

    when: Rule = attrs.field(converter=condition)
    within: int
    after: int = 0

    def __attrs_post_init__(self) -> None:
        faults = (
            *whole_faults("$.within", self.within, 0, _MOST_DAYS),
            *whole_faults("$.after", self.after, 0, _MOST_DAYS),
        )
        refuse("success", faults)
        if self.after > self.within:
            problem = f"begins {self.after} days after the end, when it is over ({self.within})"
            refuse("success", (Fault("$.after", problem),))

    def __str__(self) -> str:
        return f"{self.when}, {self.after} to {self.within} days after the end"


@attrs.frozen(kw_only=True)
class Effect:
    """What a playbook is believed to do, until effects are measured: a prior.

    Attributes:
        lift: By how much it raises the chance of renewal, 0 to 1; exact.
        weight: How many observed accounts that belief is worth: the size of the prior sample of a
            conjugate (beta) prior (Gelman et al., *Bayesian Data Analysis*, 3rd ed. 2013, 2.4).

    Raises:
        DefinitionError: If one of them is no exact number in its range.

    >>> Effect(lift="0.05", weight=20).lift
    Decimal('0.05')
    """

    lift: Decimal = attrs.field(converter=exact_decimal)
    weight: Decimal = attrs.field(default=Decimal(1), converter=exact_decimal)

    def __attrs_post_init__(self) -> None:
        faults = (
            *decimal_faults("$.lift", self.lift, 1),
            *decimal_faults("$.weight", self.weight, 1_000_000),
        )
        refuse("effect", faults)


@attrs.frozen(kw_only=True)
class Limits:
    """How often a playbook may be run for an account.

    Attributes:
        cool_down: It may start so many days after the end of the last run for the same need,
            whatever its playbook, and no day earlier.
        at_most: How many runs of it an account may have, all versions counted; None: as many as it
            takes.
        retry_after: A failure counts no more so many days after it was judged; None: it always
            counts.

    Raises:
        DefinitionError: If a number is out of bounds.

    A run that ended on 1 July may be followed on 31 July, and not on 30 July:

    >>> Limits(cool_down=30, at_most=2)
    Limits(cool_down=30, at_most=2, retry_after=None)
    """

    cool_down: int = 0
    at_most: int | None = None
    retry_after: int | None = None

    def __attrs_post_init__(self) -> None:
        faults = [*whole_faults("$.cool_down", self.cool_down, 0, _MOST_DAYS)]
        if self.at_most is not None:
            faults += whole_faults("$.at_most", self.at_most, 1, _MOST_DAYS)
        if self.retry_after is not None:
            faults += whole_faults("$.retry_after", self.retry_after, 1, _MOST_DAYS)
        refuse("limits", faults)


def amounts(subject: str, path: str, given: Any) -> Mapping[str, Decimal]:
    """Exact numbers by role: hours, or what an hour costs.

    Raises:
        DefinitionError: If it is no mapping from names to exact numbers of 0 to a million.

    >>> amounts("playbook", "$.effort", {"csm": 6})
    {'csm': Decimal('6')}
    """
    if not isinstance(given, Mapping):
        problem = f"expected numbers by role, as {{'csm': 6}}, but got {shown(given)}"
        refuse(subject, (Fault(path, problem),))
    found = {role: exact_decimal(value) for role, value in given.items()}
    refuse(
        subject,
        (
            fault
            for role, value in found.items()
            for fault in (
                *name_faults(path, role),
                *decimal_faults(f"{path}.{role}", value, _MOST_HOURS),
            )
        ),
    )
    return found


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """The sum of exact numbers.

    >>> exact_sum([Decimal("0.1"), Decimal("0.2")])
    Decimal('0.3')
    """
    return functools.reduce(EXACT.add, numbers, Decimal(0))


def _layer(value: str) -> Layer:
    return member("playbook", "$.layer", "layer", Layer, value)


def _level(value: str | None) -> Level | None:
    return None if value is None else member("playbook", "$.level", "level", Level, value)


def _effort(value: Any) -> Mapping[str, Decimal]:
    return amounts("playbook", "$.effort", value)


def _steps(steps: Iterable[Step]) -> tuple[Step, ...]:
    return several("playbook", "$.steps", steps, Step)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return several("playbook", "$.excludes", names, str)


@document("playbook", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Playbook:
    """What to do about a need, and when.

    Attributes:
        name: Its name.
        need: The need it serves; playbooks of one need are alternatives to one another.
        layer: Product, service or consulting (P1).
        entry: The condition under which it applies: a rule over facts, which may speak of
            ``stage``, ``tier`` or days to renewal like of any other fact.
        version: Raised when what is done changes: a failure of another version does not count.
        level: The kind of service it takes (P2); None: none, as with most of the product.
        effort: Hours of people's work by role, exact; no floats.
        lead: The role that leads the taking of it (P8); empty: none is asked for.
        steps: What is done.
        success: How it is told whether it worked; None: nobody judges it.
        exit: The condition under which the reason for it has gone: it is not begun, and a run under
            way may stop.
        effect: What it is believed to do.
        limits: How often it may be run.
        excludes: Names of playbooks that no account has beside it; to name one of the two is
            enough.
        priority: Between needs, the higher goes first; a whole number within plus or minus a
            million. Within a need it says nothing.
        title: What is done, in words.
        source: Where it comes from: a doctrine id and its author, a programme.

    Raises:
        DefinitionError: With every fault: an empty name or need, an unknown layer, a number out of
            bounds, steps that wait for one another, an exit or a success that is the entry itself.
        RuleSyntaxError, KindError: If a condition is none.

    >>> tour = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
    >>> tour.hours, tour.success is None
    (Decimal('0'), True)
    """

    name: str
    need: str
    layer: Layer = attrs.field(converter=_layer)
    entry: Rule = attrs.field(converter=condition)
    version: int = attrs.field(default=1, metadata={"key": "playbook_version"})
    level: Level | None = attrs.field(default=None, converter=_level)
    effort: Mapping[str, Decimal] = attrs.field(factory=dict, converter=_effort, hash=False)
    lead: str = ""
    steps: tuple[Step, ...] = attrs.field(default=(), converter=_steps)
    success: Success | None = None
    exit: Rule | None = attrs.field(default=None, converter=attrs.converters.optional(condition))
    effect: Effect | None = None
    limits: Limits = Limits()
    excludes: tuple[str, ...] = attrs.field(default=(), converter=_names)
    priority: int = 0
    title: str = ""
    source: str = ""

    def __attrs_post_init__(self) -> None:
        refuse(f"playbook {self.name!r}", (*_own_faults(self), *_condition_faults(self)))

    @functools.cached_property
    def hours(self) -> Decimal:
        """Hours of people's work in all."""
        return exact_sum(self.effort.values())

    @property
    def fingerprint(self) -> str:
        """By which definition a run was prescribed."""
        return fingerprint(self)

    def __str__(self) -> str:
        return f"{self.name} ({self.layer}, {self.hours:f} h)"


def _own_faults(playbook: Playbook) -> Iterator[Fault]:
    yield from name_faults("$.name", playbook.name)
    yield from name_faults("$.need", playbook.need)
    yield from whole_faults("$.version", playbook.version, 1, 1_000_000)
    yield from whole_faults("$.priority", playbook.priority, -_MOST_PRIORITY, _MOST_PRIORITY)
    yield from text_faults("$.lead", playbook.lead)
    yield from text_faults("$.title", playbook.title)
    yield from text_faults("$.source", playbook.source)
    yield from step_faults(playbook.steps)
    yield from unique_faults("$.excludes", playbook.excludes, end="")
    kinds = (("success", Success | None), ("effect", Effect | None), ("limits", Limits))
    for name, kind in kinds:
        value = getattr(playbook, name)
        if not isinstance(value, kind):
            expected = f"expected {name.capitalize()}(...), but got {shown(value)}"
            yield Fault(f"$.{name}", expected)
    if playbook.name in playbook.excludes:
        yield Fault("$.excludes", f"{playbook.name!r} cannot exclude itself")


def _condition_faults(playbook: Playbook) -> Iterator[Fault]:
    if playbook.exit == playbook.entry:
        yield Fault("$.exit", "is the entry itself: it could never begin")
    if isinstance(playbook.success, Success) and playbook.success.when == playbook.entry:
        yield Fault("$.success.when", "is the entry itself: it would have worked at the start")
