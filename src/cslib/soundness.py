"""Soundness: what is wrong with a lifecycle, found when it is made and before any log is read.

:func:`faults` reads a definition and tells each fault with its place and the way out: names that do
not exist, moves that could be made at once, stages that cannot be reached or never be left,
deadlines that cannot be met, and the like (``docs/semantics.md``, "Lifecycle").

Nothing here knows what the guards will say: a move with a guard may be made or not. So what is
refused is wrong whatever the log. Names come first; where these are wrong, moves are not followed.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import NoneType
from typing import NamedTuple, TypeAlias

import attrs

from cslib.calendars import BusinessCalendar
from cslib.charts import JOURNEY_FACTS, Candidate, Chart, leaves_of
from cslib.disjoint import disjoint
from cslib.errors import Fault, suggestion
from cslib.faults import name_faults, shown, step, unique_faults
from cslib.rules import Rule
from cslib.schemas import FactSpec, Schema
from cslib.spans import Span, Unit
from cslib.stages import (
    Deadline,
    Definition,
    Milestone,
    Pause,
    Stage,
    Transition,
    inside,
    lineage_of,
    part_faults,
)

__all__ = ["faults"]


def faults(definition: Definition) -> Iterator[Fault]:
    """All that is wrong with a definition; nothing where it is sound.

    Args:
        definition: A lifecycle, or anything that has its parts.

    >>> from types import SimpleNamespace
    >>> trial = SimpleNamespace(
    ...     initial="trial", stages=(Stage(name="trial"), Stage(name="lost", final=True)),
    ...     transitions=(Transition(event="left", sources="trail", target="lost"),),
    ...     events=("left",), deadlines=(), milestones=(), pause=None, payloads={}, facts=None,
    ... )
    >>> print(*faults(trial))
    $.transitions[0].sources[0]: unknown stage 'trail': did you mean 'trial'?
    """
    if kinds := [*_kind_faults(definition)]:
        yield from kinds
        return
    named = [*_name_faults(definition), *_fact_faults(definition), *_clash_faults(definition)]
    if named:
        yield from named
        return
    plan = _Plan.of(definition)
    led = [*_unreached_faults(plan), *_dead_faults(plan), *_end_faults(plan), *_trap_faults(plan)]
    yield from led
    yield from _track_faults(plan)
    yield from _circle_faults(plan)
    if not led:
        yield from _deadline_faults(plan)


# --------------------------------------------------------------------------------------
# Kinds

_PARTS: Mapping[str, type] = {
    "stages": Stage,
    "transitions": Transition,
    "deadlines": Deadline,
    "milestones": Milestone,
}


def _kind_faults(definition: Definition) -> Iterator[Fault]:
    """Parts that are no parts: beyond them nothing can be looked at."""
    yield from name_faults("$.initial", definition.initial)
    for name, kind in _PARTS.items():
        yield from part_faults(f"$.{name}", getattr(definition, name), kind)
    yield from part_faults("$.events", definition.events, str)
    if not isinstance(definition.payloads, Mapping):
        yield Fault(
            "$.payloads", f"expected schemas by event, but got {shown(definition.payloads)}"
        )
    else:
        for name, schema in definition.payloads.items():
            yield from _kind_fault(f"$.payloads{step(name)}", schema, Schema)
    yield from _kind_fault("$.pause", definition.pause, Pause, NoneType)
    yield from _kind_fault("$.facts", definition.facts, Schema, NoneType)
    if isinstance(definition, Definition):  # elsewhere it may be left out
        yield from _kind_fault("$.calendar", definition.calendar, BusinessCalendar)


def _kind_fault(path: str, part: object, *kinds: type) -> Iterator[Fault]:
    if not isinstance(part, kinds):
        yield Fault(path, f"expected a {kinds[0].__name__}, but got {shown(part)}")


# --------------------------------------------------------------------------------------
# Names


def _name_faults(definition: Definition) -> Iterator[Fault]:
    stages = [stage.name for stage in definition.stages]
    yield from unique_faults("$.stages", stages)
    yield from unique_faults("$.events", definition.events, end="")
    yield from unique_faults("$.deadlines", [each.name for each in definition.deadlines])
    yield from unique_faults("$.milestones", [each.name for each in definition.milestones])
    yield from _track_name_faults(definition.stages)
    names = _Names(
        events=dict.fromkeys(definition.events),
        stages=dict.fromkeys(part for name in stages for part in reversed(lineage_of(name))),
        leaves=dict.fromkeys(leaves_of(definition.stages)),
    )
    yield from names.leaf_faults("$.initial", definition.initial)
    for place, move in enumerate(definition.transitions):
        yield from names.move_faults(f"$.transitions[{place}]", move)
    yield from names.timed_faults(definition)
    if definition.pause is not None:
        yield from names.event_faults("$.pause.starts", definition.pause.starts)
        yield from names.event_faults("$.pause.ends", definition.pause.ends)
    for name in definition.payloads:
        yield from _unknown(f"$.payloads{step(name)}", "event", name, names.events)


def _unknown(path: str, what: str, name: str, known: Collection[str]) -> Iterator[Fault]:
    if name not in known:
        yield Fault(path, f"unknown {what} {name!r}{suggestion(name, known)}")


def _track_name_faults(stages: tuple[Stage, ...]) -> Iterator[Fault]:
    """Tracks of one name where an account can be in both; elsewhere, they are one to rules."""
    tracks = {stage.name: [track.name for track in stage.tracks] for stage in stages}
    for place, stage in enumerate(stages):
        path = f"$.stages[{place}].tracks"
        yield from unique_faults(path, tracks[stage.name])
        for outer in lineage_of(stage.name)[1:]:
            for at, name in enumerate(tracks[stage.name]):
                if name in tracks.get(outer, ()):
                    problem = f"{name!r} stands in {outer!r} too, which lies around; rename one"
                    yield Fault(f"{path}[{at}].name", problem)


@attrs.frozen
class _Names:
    """The names that there are, in the order in which they stand (a set would lose it)."""

    events: dict[str, None]
    stages: dict[str, None]
    leaves: dict[str, None]

    def leaf_faults(self, path: str, name: str) -> Iterator[Fault]:
        """The fault of what should be a stage in which an account can stand."""
        yield from _unknown(path, "stage", name, self.stages)
        if name in self.stages and name not in self.leaves:
            inner = ", ".join(repr(leaf) for leaf in self.leaves if inside(leaf, name))
            problem = f"{name!r} has stages in it, and an account stands in one of these"
            yield Fault(path, f"{problem}; name it: {inner}")

    def event_faults(self, path: str, names: Iterable[str]) -> Iterator[Fault]:
        for place, name in enumerate(names):
            yield from _unknown(f"{path}[{place}]", "event", name, self.events)

    def mark_faults(self, path: str, names: Iterable[str]) -> Iterator[Fault]:
        known = {**self.events, **self.stages}
        for place, name in enumerate(names):
            yield from _unknown(f"{path}[{place}]", "event or stage", name, known)

    def move_faults(self, path: str, move: Transition) -> Iterator[Fault]:
        if move.event is not None:
            yield from _unknown(f"{path}.event", "event", move.event, self.events)
        for place, source in enumerate(move.sources):
            yield from _unknown(f"{path}.sources[{place}]", "stage", source, self.stages)
        yield from unique_faults(f"{path}.sources", move.sources, end="")
        if move.target is not None:
            yield from self.leaf_faults(f"{path}.target", move.target)

    def timed_faults(self, definition: Definition) -> Iterator[Fault]:
        """The faults of what deadlines, milestones and tracks speak of."""
        for place, each in enumerate(definition.deadlines):
            path = f"$.deadlines[{place}]"
            yield from self.mark_faults(f"{path}.since", each.since)
            yield from self.mark_faults(f"{path}.by", each.by)
            yield from self.mark_faults(f"{path}.waived_by", each.waived_by)
            if each.breach is not None:
                yield from _unknown(f"{path}.breach", "event", each.breach, self.events)
        for place, milestone in enumerate(definition.milestones):
            yield from self.mark_faults(f"$.milestones[{place}].by", milestone.by)
        for place, stage in enumerate(definition.stages):
            for at, track in enumerate(stage.tracks):
                path = f"$.stages[{place}].tracks[{at}].done_by"
                yield from self.event_faults(path, track.done_by)


# --------------------------------------------------------------------------------------
# Facts in guards


def _fact_faults(definition: Definition) -> Iterator[Fault]:
    """What a rule reads that nothing tells, or tells otherwise, where all that tells is listed."""
    timed = {f"{what}_{each.name}" for each in definition.deadlines for what in ("deadline", "due")}
    reached = {f"milestone_{each.name}" for each in definition.milestones}
    told = {*JOURNEY_FACTS, *timed, *reached}
    for place, move in enumerate(definition.transitions):
        specs = _specs(definition, () if move.event is None else (move.event,))
        if move.guard is not None and specs is not None:
            known = told | _done_facts(definition, move)
            yield from _reading_faults(f"$.transitions[{place}].guard", move.guard, known, specs)
    for place, each in enumerate(definition.deadlines):
        specs = _specs(definition, each.since)
        if each.due is not None and specs is not None:
            yield from _reading_faults(f"$.deadlines[{place}].due", each.due, set(), specs)


def _reading_faults(
    path: str, read: Rule, told: set[str], specs: Mapping[str, FactSpec]
) -> Iterator[Fault]:
    for name, kinds in read.kinds.items():
        yield from _unknown(path, "fact", name, sorted({*told, *specs}))
        if name in specs and specs[name].kind not in kinds:
            used = " or ".join(sorted(kinds))
            yield Fault(path, f"{name!r} is declared as {specs[name].kind}, but used as {used}")


def _specs(definition: Definition, events: Iterable[str]) -> dict[str, FactSpec] | None:
    """What is declared of the facts of events and of accounts; None where not all is."""
    payloads = [definition.payloads.get(event) for event in events]
    if definition.facts is None or None in payloads:
        return None
    schemas = [definition.facts, *filter(None, payloads)]
    return {spec.name: spec for schema in schemas for spec in schema.facts}


def _done_facts(definition: Definition, move: Transition) -> set[str]:
    """The facts of the tracks of the stages that a move may leave, and of those around them."""
    return {
        f"done_{track.name}"
        for stage in definition.stages
        for source in move.sources
        if inside(source, stage.name) or inside(stage.name, source)
        for track in stage.tracks
    }


# --------------------------------------------------------------------------------------
# Moves that could be made at once


def _clash_faults(definition: Definition) -> Iterator[Fault]:
    """Moves of one event, source and priority whose guards may both hold."""
    moves = definition.transitions
    rivals: dict[tuple[str, str, int], list[int]] = {}
    clashes: dict[int, tuple[str, int]] = {}
    for place, move in enumerate(moves):
        for source in dict.fromkeys(move.sources) if move.event is not None else ():
            others = rivals.setdefault((source, move.label, move.priority), [])
            clash = (other for other in others if not _exclude_one_another(moves[other], move))
            if (first := next(clash, None)) is not None:
                clashes.setdefault(place, (source, first))
            others.append(place)
    for place, (source, other) in clashes.items():
        problem = (
            f"{moves[place].event!r} already leaves {source!r} by $.transitions[{other}], and both "
            "could be made at once; give the one that goes first a smaller priority=, or both "
            "guards of which never more than one holds"
        )
        yield Fault(f"$.transitions[{place}]", problem)


def _exclude_one_another(one: Transition, other: Transition) -> bool:
    return one.guard is not None and other.guard is not None and disjoint(one.guard, other.guard)


# --------------------------------------------------------------------------------------
# The plan: all ways through the stages


@attrs.frozen(eq=False)
class _Plan:
    """Which moves can be made from each stage in which an account can stand.

    Attributes:
        definition: The definition.
        chart: The same, arranged.
        moves: By stage, the moves; those that another always forestalls are left out.
        forestalled: What goes before a move that is never made there, by its place and the stage.
        reached: The stages that some way leads to.
    """

    definition: Definition
    chart: Chart
    moves: Mapping[str, tuple[Candidate, ...]]
    forestalled: Mapping[tuple[int, str], Candidate]
    reached: frozenset[str]

    @classmethod
    def of(cls, definition: Definition) -> _Plan:
        chart = Chart.of(definition)
        moves: dict[str, tuple[Candidate, ...]] = {}
        forestalled: dict[tuple[int, str], Candidate] = {}
        for leaf in chart.leaves:
            order = [*_in_order_of_events(chart, leaf), *_in_order_of_time(chart, leaf)]
            moves[leaf] = tuple(move for move, before in order if before is None)
            forestalled |= {(move.place, leaf): before for move, before in order if before}
        return cls(definition, chart, moves, forestalled, _ever_reached(chart.initial, moves))

    def leaves_in(self, stage: str) -> Iterator[str]:
        return (leaf for leaf in self.chart.leaves if inside(leaf, stage))

    def sources(self) -> Iterator[tuple[str, int, Transition, list[str]]]:
        """Each source of each transition: its path, the place, the transition, and its stages."""
        within: dict[str, list[str]] = {}
        for leaf in self.chart.leaves:
            for stage in lineage_of(leaf):
                within.setdefault(stage, []).append(leaf)
        for place, move in enumerate(self.definition.transitions):
            for at, source in enumerate(move.sources):
                yield f"$.transitions[{place}].sources[{at}]", place, move, within[source]


def _target(leaf: str, move: Candidate) -> str:
    return leaf if move.transition.target is None else move.transition.target


def _reached(starts: Iterable[str], onward: Mapping[str, Iterable[str]]) -> frozenset[str]:
    found = set(starts)
    frontier = list(found)
    while frontier:
        new = set(onward.get(frontier.pop(), ())) - found
        found |= new
        frontier += new
    return frozenset(found)


def _ever_reached(initial: str, moves: Mapping[str, Iterable[Candidate]]) -> frozenset[str]:
    """The stages that some way leads to; none by time from the initial one until it is entered."""
    onward = {leaf: [_target(leaf, move) for move in made] for leaf, made in moves.items()}
    by_events = [move for move in moves[initial] if move.transition.after is None]
    found = _reached([initial], {**onward, initial: [_target(initial, move) for move in by_events]})
    entering = itertools.chain(by_events, *(moves[leaf] for leaf in found - {initial}))
    entered = any(move.transition.target == initial for move in entering)
    return _reached(found, onward) if entered else found


_Ordered: TypeAlias = Iterator[tuple[Candidate, Candidate | None]]


def _in_order_of_events(chart: Chart, leaf: str) -> _Ordered:
    """The moves by events from a stage, each with the one that always goes before it."""
    for row in chart.rows[leaf].values():
        before = None
        for group in row.groups:
            yield from ((move, before) for move in group)
            sure = (move for move in group if move.transition.guard is None)
            before = before or next(sure, None)


def _in_order_of_time(chart: Chart, leaf: str) -> _Ordered:
    """The moves by time from a stage, each with the one that always goes before it."""
    timers = [
        _Timer(move, move.transition.after, move.transition.pauses and chart.pause is not None)
        for move in chart.timers[leaf]
        if move.transition.after is not None
    ]
    sure = [timer for timer in timers if timer.move.transition.guard is None]
    for timer in timers:
        yield timer.move, next((one.move for one in sure if one.comes_before(timer)), None)


@attrs.frozen(eq=False)
class _Timer:
    """A move by time, and whether its clock may stand still."""

    move: Candidate
    after: Span
    pauses: bool

    def comes_before(self, other: _Timer) -> bool:
        """Whether its time always comes before that of another, entered at the same moment."""
        if self.pauses and not other.pauses:
            return False
        (kind, length), (other_kind, other_length) = _measured(self.after), _measured(other.after)
        if kind != other_kind:  # a hold may move the two by another length
            return not self.pauses and _most_hours(self.after) < _least_hours(other.after)
        here, there = self.move, other.move
        return (length, here.rank, here.place) < (other_length, there.rank, there.place)


# --------------------------------------------------------------------------------------
# Lengths of spans, which no anchor and no calendar is known of

_MEASURES: Mapping[Unit, tuple[str, int]] = {
    Unit.HOUR: ("hours", 1),
    Unit.DAY: ("hours", 24),
    Unit.WEEK: ("hours", 7 * 24),
    Unit.BUSINESS_DAY: ("business days", 1),
    Unit.MONTH: ("months", 1),
    Unit.YEAR: ("months", 12),
}
_MOST_HOURS: Mapping[Unit, float] = {
    Unit.HOUR: 1,
    Unit.DAY: 24,
    Unit.WEEK: 7 * 24,
    Unit.BUSINESS_DAY: math.inf,
    Unit.MONTH: 31 * 24,
    Unit.YEAR: 366 * 24,
}


def _measured(span: Span) -> tuple[str, int]:
    """The span in hours, business days or months: within one of these, lengths compare."""
    kind, each = _MEASURES[span.unit]
    return kind, span.count * each


def _least_hours(span: Span) -> float:
    return round(span.least_days * 24)


def _most_hours(span: Span) -> float:
    return span.count * _MOST_HOURS[span.unit]


# --------------------------------------------------------------------------------------
# Stages that are never reached, moves that are never made, ends that are none


def _unreached_faults(plan: _Plan) -> Iterator[Fault]:
    initial = plan.chart.initial
    for place, stage in enumerate(plan.definition.stages):
        if stage.name in plan.moves and stage.name not in plan.reached:
            problem = f"no transitions lead from {initial!r} to {stage.name!r}"
            if any(move.transition.target == stage.name for move in plan.moves[initial]):
                problem = (
                    f"{stage.name!r} is never reached, since no time counts from {initial!r}, "
                    "in which an account has always been, and no transition by an event leads there"
                )
            yield Fault(f"$.stages[{place}]", f"{problem}; add one, or leave the stage out")


def _dead_faults(plan: _Plan) -> Iterator[Fault]:
    """Moves that are never made from one of their sources, since another always goes before."""
    for path, place, move, leaves in plan.sources():
        others = [plan.forestalled.get((place, leaf)) for leaf in leaves]
        other = others[0]
        if other is not None and all(others):
            problem = (
                f"{move.label!r} is never made from here, since $.transitions[{other.place}] "
                f"({other.transition.label!r}) always goes before it and has no guard; "
                "give that one a guard, or leave this source out"
            )
            yield Fault(path, problem)


def _end_faults(plan: _Plan) -> Iterator[Fault]:
    """Moves out of an end that are no win-backs, and win-backs that lead out of no end."""
    final = plan.chart.final
    for path, place, move, leaves in plan.sources():
        stays = move.target is None or move.target in final
        ends = [leaf for leaf in leaves if leaf in final and (place, leaf) not in plan.forestalled]
        others = [leaf for leaf in leaves if leaf not in final]
        if ends and not (move.win_back or stays):
            problem = f"{ends[0]!r} is final, and only a win-back leads out of it"
            yield Fault(path, f"{problem}; say win_back=True, or leave the source out")
        if others and move.win_back:
            problem = f"a win-back leads out of a final stage, but {others[0]!r} is none"
            yield Fault(path, f"{problem}; leave win_back= out, or give the stage final=True")


def _trap_faults(plan: _Plan) -> Iterator[Fault]:
    """Stages that lead to no end; where there is none, those that no move leaves."""
    final = plan.chart.final
    back: dict[str, list[str]] = {}
    for leaf, moves in plan.moves.items():
        for move in moves:
            if move.transition.target is not None:
                back.setdefault(move.transition.target, []).append(leaf)
    saved = _reached(final, back) if final else {leaf for left in back.values() for leaf in left}
    trapped = plan.reached - saved
    where = "to a final stage" if final else "out of it"
    for place, stage in enumerate(plan.definition.stages):
        if stage.name in trapped:
            problem = f"{stage.name!r} is a trap: no transition leads {where}"
            remedy = "add one, or give it final=True if it is an end"
            yield Fault(f"$.stages[{place}]", f"{problem}; {remedy}")


def _track_faults(plan: _Plan) -> Iterator[Fault]:
    """Tracks of final stages that no event can end: there, only events of a transition count."""
    for place, stage in enumerate(plan.definition.stages):
        leaves = list(plan.leaves_in(stage.name)) if stage.tracks else []
        if not plan.chart.final.issuperset(leaves):
            continue
        taken = {event for leaf in leaves for event in plan.chart.rows[leaf]}
        for at, track in enumerate(stage.tracks):
            if taken.isdisjoint(track.done_by):
                listed = " or ".join(map(repr, track.done_by))
                problem = f"{stage.name!r} is final, so nothing takes {listed} there"
                remedy = "add a transition by it that stays (target=None), or leave the track out"
                yield Fault(f"$.stages[{place}].tracks[{at}]", f"{problem}; {remedy}")


# --------------------------------------------------------------------------------------
# Circles of moves by time


@attrs.frozen
class _Edge:
    """What time does without a guard: a move after a span, or the breach of a deadline.

    A breach may leave the account where it is, and still start a clock; without a transition that
    takes it, ``path`` is that of the deadline.
    """

    source: str
    target: str
    marks: tuple[str, ...]
    path: str
    order: tuple[int, int]
    breached: tuple[Deadline, ...] = ()


def _circle_faults(plan: _Plan) -> Iterator[Fault]:
    """Circles in which an account goes round by time alone, with nothing having happened."""
    edges = list(_edges(plan))
    while True:
        parts = _parts_of_circles(edges)
        left = [edge for part in parts for edge in part if _goes_on(edge, part)]
        if len(left) == len(edges):
            break
        edges = left
    firsts = [(min(part, key=lambda edge: edge.order), part) for part in parts]
    noted: set[str] = set()
    for first, part in sorted(firsts, key=lambda pair: pair[0].order):
        if first.path in noted:  # a breach that is noted in one stage is so in many
            continue
        noted |= {first.path} if first.order[0] else set()
        names = " -> ".join(map(repr, _circle(first, part)))
        problem = f"time alone leads round and round, {names}"
        remedy = "give one of these moves a guard, or let an event that happens make it"
        if first.source == first.target and first.breached:
            remedy = "a breach that starts its own clock anew never ends; leave it out of since="
        yield Fault(first.path, f"{problem}; {remedy}")


def _edges(plan: _Plan) -> Iterator[_Edge]:
    breached: dict[str | None, tuple[Deadline, ...]] = {}
    for each in plan.definition.deadlines:
        breached[each.breach] = (*breached.get(each.breach, ()), each)
    for leaf, moves in plan.moves.items():
        for move in moves:
            event = move.transition.event
            if move.transition.guard is None and (event is None or event in breached):
                path, order = f"$.transitions[{move.place}]", (0, move.place)
                by = () if event is None else breached[event]
                yield _Edge(leaf, _target(leaf, move), move.marks, path, order, by)
        yield from _noted_edges(plan, leaf, breached)


def _noted_edges(
    plan: _Plan, leaf: str, breached: Mapping[str | None, tuple[Deadline, ...]]
) -> Iterator[_Edge]:
    """Breaches that no transition takes in a stage, and that are noted there as marks."""
    chart = plan.chart
    for place, each in enumerate(chart.deadlines if leaf not in chart.final else ()):
        name = each.breach
        if (
            name is not None
            and name not in chart.rows[leaf]
            and chart.notes(leaf, name, on_hold=False)
        ):
            path, order = f"$.deadlines[{place}].breach", (1, place)
            yield _Edge(leaf, leaf, (name,), path, order, breached[name])


def _parts_of_circles(edges: list[_Edge]) -> list[list[_Edge]]:
    """The moves that lie on circles, those together that have stages in common."""
    onward: dict[str, list[str]] = {}
    for edge in edges:
        onward.setdefault(edge.source, []).append(edge.target)
    ahead = {stage: _reached(targets, onward) for stage, targets in onward.items()}
    parts: dict[frozenset[str], list[_Edge]] = {}
    for edge in edges:
        if edge.source in ahead.get(edge.target, ()) or edge.source == edge.target:
            shared = frozenset(s for s in ahead[edge.source] if edge.source in ahead.get(s, ()))
            parts.setdefault(shared, []).append(edge)
    return list(parts.values())


def _goes_on(edge: _Edge, part: list[_Edge]) -> bool:
    """Whether the move comes again: a breach does if the circle leads from a start to it."""
    return not edge.breached or any(_runs_out(each, edge, part) for each in edge.breached)


def _runs_out(deadline: Deadline, edge: _Edge, part: list[_Edge]) -> bool:
    """Whether some way from a start of the clock to its breach does not stop it."""
    begun, onward = set[str](), dict[str, list[str]]()
    stops, known = (*deadline.by, *deadline.waived_by), set(deadline.since)
    for each in part:
        last = next((mark for mark in reversed(each.marks) if mark in known.union(stops)), None)
        if last in known:  # a mark that stops it and starts it leaves it running
            begun.add(each.target)
        if last is None or last in known:
            onward.setdefault(each.source, []).append(each.target)
    return edge.source in _reached(begun, onward)


def _circle(first: _Edge, part: list[_Edge]) -> list[str]:
    """The stages of a shortest circle that begins with a move."""
    came_from: dict[str, str] = {}
    frontier = [first.target]
    for stage in frontier:  # which grows meanwhile
        new = {edge.target for edge in part if edge.source == stage} - came_from.keys()
        came_from |= dict.fromkeys(sorted(new), stage)
        frontier += sorted(new)
    back = [first.source]
    while back[-1] != first.target:
        back.append(came_from[back[-1]])
    return [first.source, *reversed(back)]


# --------------------------------------------------------------------------------------
# Deadlines that cannot be met


class _Stand(NamedTuple):
    """Where an account stands, and whether it entered the stage after the clock started."""

    stage: str
    entered: bool


_Begin: TypeAlias = tuple[_Stand, Candidate | None]
_Cost: TypeAlias = Callable[[Span], float]


def _deadline_faults(plan: _Plan) -> Iterator[Fault]:
    for place, deadline in enumerate(plan.definition.deadlines):
        path = f"$.deadlines[{place}]"
        since, by = (" or ".join(map(repr, names)) for names in (deadline.since, deadline.by))
        begun = [begin for name in deadline.since for begin in _begun(plan, name)]
        starts = {stand for stand, _ in begun}
        if not starts:
            problem = f"its clock never starts, since no move enters {since}"
            yield Fault(f"{path}.since", f"{problem}; name the event from which it counts")
        elif any(_is_met_at_once(deadline, move) for _, move in begun):
            continue
        elif _least(plan, deadline, starts, lambda _: 0) == math.inf:
            problem = f"it cannot be met: after {since}, no way leads to {by} without an end before"
            yield Fault(f"{path}.by", f"{problem}; add the transition, or name other marks")
        elif deadline.within is not None:
            yield from _haste_faults(path, plan, deadline, deadline.within, starts)


def _begun(plan: _Plan, mark: str) -> list[_Begin]:
    """Where an account may stand after a mark.

    Where the mark makes a move, it counts from there; in other stages it could be noted too, but a
    deadline that only such a log can meet is not one.
    """
    begun = [begin for leaf in plan.reached for begin in _marking(plan, leaf, {mark})]
    return [begin for begin in begun if begin[1] is not None] or begun


def _is_met_at_once(deadline: Deadline, move: Candidate | None) -> bool:
    """Whether a move that starts the clock meets it too, with a stage that it enters after."""
    marks = () if move is None else move.marks
    since_then = list(itertools.dropwhile(lambda mark: mark not in deadline.since, marks))
    return not set(since_then[1:]).isdisjoint(deadline.by)


def _haste_faults(
    path: str, plan: _Plan, deadline: Deadline, within: Span, starts: set[_Stand]
) -> Iterator[Fault]:
    """The fault of a limit that the moves by time on the way exceed."""
    kind, limit = _measured(within)
    measures: list[tuple[str, float, _Cost]] = [
        (kind, limit, lambda span: _share(span, kind)),
        ("hours", _most_hours(within), _least_hours),
    ]
    for unit, most, cost in measures:
        least = _least(plan, deadline, starts, cost)
        if least > most:
            since, by = (" or ".join(map(repr, names)) for names in (deadline.since, deadline.by))
            taken = f"{least / 24:g} days" if unit == "hours" else f"{least:g} {unit}"
            problem = f"moves by time alone take {taken} from {since} to {by}"
            remedy = "allow more, or shorten an after= on the way"
            yield Fault(f"{path}.within", f"{problem}, but the limit is {within}; {remedy}")
            return


def _share(span: Span, kind: str) -> float:
    """What a span adds in a measure at the least: its length in its own, nothing in another."""
    own, length = _measured(span)
    return length if own == kind else 0


def _marking(plan: _Plan, leaf: str, names: Collection[str]) -> Iterator[_Begin]:
    """Where an account may stand after a mark that comes while it is in a stage.

    The move that makes it comes along; an event that is noted and moves nothing has none.
    """
    for move in plan.moves[leaf]:
        if not set(move.marks).isdisjoint(names):
            yield _Stand(_target(leaf, move), move.transition.target is not None), move
    tracks = plan.chart.tracks[leaf].keys() - plan.chart.rows[leaf].keys()
    if leaf not in plan.chart.final and not (plan.chart.noted | tracks).isdisjoint(names):
        yield _Stand(leaf, entered=False), None


def _least(plan: _Plan, deadline: Deadline, starts: set[_Stand], cost: _Cost) -> float:
    """The least that any way takes from a start to a mark that meets the deadline.

    A way ends where it enters a final stage, which waives the deadline (Dijkstra's algorithm).
    """
    holds = deadline.pauses and plan.definition.pause is not None  # they move the limit
    in_business_days = deadline.within is not None and deadline.within.unit is Unit.BUSINESS_DAY

    def taken(stand: _Stand, move: Candidate | None) -> float:
        span = None if move is None else move.transition.after
        if move is None or span is None or not stand.entered:
            return 0
        alike = move.transition.pauses and in_business_days is (span.unit is Unit.BUSINESS_DAY)
        return cost(span) if alike or not holds else 0

    queue = [(0.0, False, stand) for stand in sorted(starts)]
    best = dict.fromkeys(starts, 0.0)
    while queue:
        time, met, stand = heapq.heappop(queue)
        if met:
            return time
        if time > best[stand]:
            continue  # it was come by sooner
        for _, move in _marking(plan, stand.stage, deadline.by):
            heapq.heappush(queue, (time + taken(stand, move), True, stand))
        for move in plan.moves[stand.stage]:
            target = move.transition.target
            if target is not None and target not in plan.chart.final:
                then, at = _Stand(target, entered=True), time + taken(stand, move)
                if at < best.get(then, math.inf):
                    best[then] = at
                    heapq.heappush(queue, (at, False, then))
    return math.inf
