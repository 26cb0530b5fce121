"""Variants: the standard flow, adjusted to a kind of customer (L11, S and N).

A :class:`Variant` is data: what it skips, drops, adds and replaces. Applied to a lifecycle it gives
another one, which is checked like any; :func:`cslib.migrations.difference` tells the two apart
in words. Which account has which is for a table to say (:mod:`cslib.decisions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar, cast

import attrs
from attrs import validators as v

from cslib.documents import document
from cslib.errors import Fault, suggestion
from cslib.faults import check_mapping, refuse
from cslib.schemas import Schema
from cslib.stages import (
    Deadline,
    Definition,
    Milestone,
    Stage,
    Transition,
    inside,
    lineage_of,
    part_faults,
)

__all__ = ["Variant"]

D = TypeVar("D", bound=Definition)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def _names(names: str | Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _stages(parts: Iterable[Stage]) -> tuple[Stage, ...]:
    return tuple(parts)


def _transitions(parts: Iterable[Transition]) -> tuple[Transition, ...]:
    return tuple(parts)


def _deadlines(parts: Iterable[Deadline]) -> tuple[Deadline, ...]:
    return tuple(parts)


def _milestones(parts: Iterable[Milestone]) -> tuple[Milestone, ...]:
    return tuple(parts)


@document("variant", version=1)
@attrs.frozen(kw_only=True)
class Variant:
    """What is other for a kind of customer.

    Attributes:
        name: Its name; the lifecycle it gives is named after both.
        skip: Of each stage that is left out, the stage that takes its place: moves that lead into
            the one lead into the other.
        stages: Stages that are new, or stand for one of the same name.
        events: Events that are new, after those there are.
        transitions: Moves that are new. One that leaves a stage by an event, or after a span,
            takes the place of what leaves that stage by the same.
        deadlines: Deadlines that are new, or stand for one of the same name.
        drop_deadlines: The names of deadlines that do not apply to this kind of customer.
        milestones: Milestones that are new, or stand for one of the same name.
        payloads: Of an event, what it carries, in place of what the standard flow says of it.

    >>> from cslib.lifecycle import Lifecycle
    >>> base = Lifecycle(
    ...     name="delivery", initial="sold", events=("kick_off", "trained"),
    ...     stages=(Stage(name="sold"), Stage(name="preparation"), Stage(name="live", final=True)),
    ...     transitions=(
    ...         Transition(event="kick_off", sources="sold", target="preparation"),
    ...         Transition(event="trained", sources="preparation", target="live"),
    ...     ),
    ... )
    >>> cloud = Variant(name="cloud", skip={"preparation": "live"})
    >>> [stage.name for stage in cloud.of(base).stages]
    ['sold', 'live']
    """

    name: str = attrs.field(validator=v.and_(v.instance_of(str), v.min_len(1)))
    skip: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    stages: tuple[Stage, ...] = attrs.field(default=(), converter=_stages)
    events: tuple[str, ...] = attrs.field(default=(), converter=_names)
    transitions: tuple[Transition, ...] = attrs.field(default=(), converter=_transitions)
    deadlines: tuple[Deadline, ...] = attrs.field(default=(), converter=_deadlines)
    drop_deadlines: tuple[str, ...] = attrs.field(default=(), converter=_names)
    milestones: tuple[Milestone, ...] = attrs.field(default=(), converter=_milestones)
    payloads: Mapping[str, Schema] = attrs.field(factory=dict, hash=False)

    def __attrs_post_init__(self) -> None:
        check_mapping("variant", self.skip, "$.skip")
        check_mapping("variant", self.payloads, "$.payloads")
        kinds: dict[str, type] = {"stages": Stage, "transitions": Transition, "deadlines": Deadline}
        kinds |= {"milestones": Milestone, "events": str, "drop_deadlines": str}
        for name, kind in kinds.items():
            refuse("variant", part_faults(f"$.{name}", getattr(self, name), kind))

    def of(self, base: D) -> D:
        """The lifecycle that it makes of another.

        Raises:
            DefinitionError: If it skips a stage or drops a deadline that there is not, puts a stage
                in the place of one that is skipped itself, drops a deadline that it gives or
                that a guard reads, or what it gives is not sound.
        """
        moves = (*_displaced(base.transitions, self.transitions), *self.transitions)
        transitions = tuple(self._redirected(moves))
        faults = (*self._skip_faults(base), *self._drop_faults(base, transitions))
        refuse(f"variant {self.name!r}", faults)
        changed = attrs.evolve(
            cast("Any", base),  # a definition is an attrs class
            name=f"{base.name}/{self.name}",
            initial=self._place(base.initial),
            stages=_merged(self._kept(base.stages), self.stages),
            events=(*base.events, *(each for each in self.events if each not in base.events)),
            transitions=transitions,
            deadlines=tuple(
                attrs.evolve(
                    each,
                    since=self._marks(each.since, base),
                    by=self._marks(each.by, base),
                    waived_by=self._marks(each.waived_by, base),
                )
                for each in _merged(base.deadlines, self.deadlines)
                if each.name not in self.drop_deadlines
            ),
            milestones=tuple(
                attrs.evolve(each, by=self._marks(each.by, base))
                for each in _merged(base.milestones, self.milestones)
            ),
            payloads={**base.payloads, **self.payloads},
        )
        return cast("D", changed)

    def _skip_faults(self, base: Definition) -> Iterator[Fault]:
        names = dict.fromkeys(part for stage in base.stages for part in lineage_of(stage.name))
        for stage, instead in self.skip.items():
            path = f"$.skip[{stage!r}]"
            if stage not in names:
                hint = suggestion(stage, names)
                yield Fault(path, f"{base.name!r} has no stage {stage!r}{hint}")
            if self._skips(instead):
                problem = (
                    f"{instead!r} is skipped itself; name the stage that is entered in the end"
                )
                yield Fault(path, problem)

    def _drop_faults(self, base: Definition, moves: Iterable[Transition]) -> Iterator[Fault]:
        theirs, ours = ([each.name for each in part.deadlines] for part in (base, self))
        for at, name in enumerate(self.drop_deadlines):
            path = f"$.drop_deadlines[{at}]"
            if name in ours:
                yield Fault(path, f"{name!r} is given in deadlines= too; keep one of the two")
            elif name not in theirs:
                hint = suggestion(name, theirs)
                yield Fault(path, f"{base.name!r} has no deadline {name!r}{hint}")
            for move in moves:
                read = set() if move.guard is None else {*move.guard.kinds}
                for fact in sorted(read & {f"deadline_{name}", f"due_{name}"}):
                    problem = (
                        f"the guard of {move.label!r} reads {fact!r}; give a move in its place"
                    )
                    yield Fault(path, problem)

    def _skips(self, stage: str) -> bool:
        return any(inside(stage, skipped) for skipped in self.skip)

    def _place(self, stage: str) -> str:
        """The stage itself, or what takes its place."""
        return next((new for old, new in self.skip.items() if inside(stage, old)), stage)

    def _kept(self, stages: Iterable[Stage]) -> tuple[Stage, ...]:
        return tuple(stage for stage in stages if not self._skips(stage.name))

    def _redirected(self, transitions: Iterable[Transition]) -> Iterator[Transition]:
        for each in transitions:
            sources = tuple(source for source in each.sources if not self._skips(source))
            if sources:
                target = None if each.target is None else self._place(each.target)
                yield attrs.evolve(each, sources=sources, target=target)

    def _marks(self, marks: Iterable[str], base: Definition) -> tuple[str, ...]:
        """The marks, with the stages that are skipped replaced."""
        events = {*base.events, *self.events}
        placed = tuple(name if name in events else self._place(name) for name in marks)
        return placed if placed == tuple(marks) else tuple(dict.fromkeys(placed))


def _merged(old: Iterable[N], new: Iterable[N]) -> tuple[N, ...]:
    """By name, in the old order; what is new comes last."""
    return tuple({each.name: each for each in (*old, *new)}.values())


def _displaced(old: Iterable[Transition], new: Iterable[Transition]) -> Iterator[Transition]:
    """The old transitions, without the sources from which a new one leads by the same."""
    taken = {(each.event, each.after, source) for each in new for source in each.sources}
    for each in old:
        by = (each.event, each.after)
        sources = tuple(source for source in each.sources if (*by, source) not in taken)
        if sources:
            yield attrs.evolve(each, sources=sources)
