"""Charts: a lifecycle's definition, arranged for looking up what an event does.

A :class:`Chart` is made once of a definition's parts, and read by the step and by the replay of
columns; so both follow one reading of nested stages and of what goes before what.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import attrs

from cslib.calendars import BusinessCalendar
from cslib.documents import fingerprint
from cslib.schemas import Schema
from cslib.stages import (
    Deadline,
    Definition,
    Milestone,
    Pause,
    Stage,
    Transition,
    inside,
    lineage_of,
)

__all__ = ["JOURNEY_FACTS", "Candidate", "Chart", "Move", "Row", "leaves_of"]

JOURNEY_FACTS = (
    "stage",
    "days_in_stage",
    "events_refused",
    "on_hold",
    "tracks_open",
    "tracks_done",
)
"""What rules can read of any journey; deadlines, milestones and tracks add their own."""


def leaves_of(stages: Iterable[Stage]) -> tuple[str, ...]:
    """The stages in which an account can stand: those with no other inside, in order.

    >>> leaves_of([Stage(name="use"), Stage(name="use/early"), Stage(name="left")])
    ('use/early', 'left')
    """
    names = [stage.name for stage in stages]
    around = {parent for name in names for parent in lineage_of(name)[1:]}
    return tuple(name for name in names if name not in around)


class Move(NamedTuple):
    """What a transition does in one stage.

    Attributes:
        source: The stage it leaves.
        target: The stage it enters; None: the account stays, and the event is noted.
        place: The transition's place in the definition.
        effects: What should happen then, by name.
    """

    source: str
    target: str | None
    place: int
    effects: tuple[str, ...] = ()


@attrs.frozen(eq=False)
class Candidate:
    """A transition as it stands in one stage.

    Attributes:
        transition: The transition.
        move: What it does there.
        enters: The stages that it enters, from the outside in; none where the account stays.
        marks: What it marks, in order: its event, and the stages it enters.
        keeps: The tracks that go on: those of stages that it does not leave.
        journey: Which facts of the journey its guard reads.
        rank: What goes before what: how far its source lies around the stage, and its priority.
    """

    transition: Transition
    move: Move
    enters: tuple[str, ...]
    marks: tuple[str, ...]
    keeps: frozenset[str]
    journey: frozenset[str]
    rank: tuple[int, int]

    @property
    def place(self) -> int:
        """Its place in the definition."""
        return self.move.place


@attrs.frozen(eq=False)
class Row:
    """What one event does in one stage.

    Attributes:
        groups: The moves in order; those of one group exclude one another.
        sure: The candidate that is always made, where the first has no guard.
    """

    groups: tuple[tuple[Candidate, ...], ...]
    sure: Candidate | None


@attrs.frozen(kw_only=True, eq=False, slots=False)  # a cached property needs a __dict__
class Chart:
    """A definition, arranged.

    Attributes:
        definition: What it is the chart of.
        initial: The stage in which a journey begins.
        leaves: The stages in which an account can stand.
        final: Those that are an end.
        places: The place of each event among those of one moment.
        rows: By stage and event, what the event does there.
        timers: By stage, the moves that time makes, in the order of ties.
        tracks: By stage, the tracks in it and around it, by the event that ends each.
        checklists: By stage, the same tracks in the order of the definition.
        marked: The names that mark something.
        noted: Those of them that are events which move no account anywhere: wherever such an
            event comes before an end, it is accepted.
        breaches: The events that time makes, where a deadline passes.
        deadlines: The deadlines.
        milestones: The milestones.
        pause: What puts an account on hold.
        calendar: Which days are business days.
        payloads: What events carry.
        facts: The names that guards can read of a journey.
        remembers: Whether a journey must keep more in mind than where it stands and since when.
        plain: By stage and event, a move that is always made and leaves nothing else to keep in
            mind: most moves of most definitions.
    """

    definition: Definition
    initial: str
    leaves: tuple[str, ...]
    final: frozenset[str]
    places: Mapping[str, int]
    rows: Mapping[str, Mapping[str, Row]]
    timers: Mapping[str, tuple[Candidate, ...]]
    tracks: Mapping[str, Mapping[str, tuple[str, ...]]]
    checklists: Mapping[str, tuple[str, ...]]
    marked: frozenset[str]
    noted: frozenset[str]
    breaches: frozenset[str]
    deadlines: tuple[Deadline, ...]
    milestones: tuple[Milestone, ...]
    pause: Pause | None
    calendar: BusinessCalendar
    payloads: Mapping[str, Schema]
    facts: frozenset[str]
    remembers: bool
    plain: Mapping[str, Mapping[str, Move]]

    @classmethod
    def of(cls, definition: Definition) -> Chart:
        """The chart of a definition, which is taken to be sound."""
        leaves = leaves_of(definition.stages)
        marked = _marked(definition.deadlines, definition.milestones)
        timed = any(each.after is not None for each in definition.transitions)
        tracked = tuple(stage for stage in definition.stages if stage.tracks)
        remembers = bool(marked or timed or tracked or definition.pause is not None)
        named = _names_of_facts(tracked, definition.deadlines, definition.milestones)
        leaving = _leaving(definition.transitions)
        moves = {leaf: _candidates(leaf, leaving, tracked, named) for leaf in leaves}
        ends = {stage.name for stage in definition.stages if stage.final}
        rows = {leaf: _rows(moves[leaf]) for leaf in leaves}
        return cls(
            definition=definition,
            initial=definition.initial,
            leaves=leaves,
            final=frozenset(leaf for leaf in leaves if not ends.isdisjoint(lineage_of(leaf))),
            places={name: place for place, name in enumerate(definition.events)},
            rows=rows,
            timers={leaf: _timers(moves[leaf]) for leaf in leaves},
            tracks={leaf: _tracks(leaf, tracked) for leaf in leaves},
            checklists={leaf: _checklist(leaf, tracked) for leaf in leaves},
            marked=marked,
            noted=marked.intersection(definition.events).difference(
                each.event for each in definition.transitions if each.target is not None
            ),
            breaches=frozenset(each.breach for each in definition.deadlines if each.breach),
            deadlines=definition.deadlines,
            milestones=definition.milestones,
            pause=definition.pause,
            calendar=definition.calendar,
            payloads=definition.payloads,
            facts=named,
            remembers=remembers,
            plain={
                leaf: {} if remembers else _plain(rows[leaf], definition.payloads)
                for leaf in leaves
            },
        )

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition a state was made."""
        return fingerprint(self.definition)

    def allowed(self, stage: str, *, on_hold: bool = False) -> tuple[str, ...]:
        """The events that may happen in a stage and do something, in the order of the definition.

        What time makes, the breach of a deadline, is not among them.
        """
        return tuple(
            name
            for name in self.places
            if name not in self.breaches and self.takes(stage, name, on_hold=on_hold)
        )

    def takes(self, stage: str, name: str, *, on_hold: bool) -> bool:
        """Whether an event of that name can be accepted in a stage."""
        return name in self.rows[stage] or self.notes(stage, name, on_hold=on_hold)

    def notes(self, stage: str, name: str, *, on_hold: bool) -> bool:
        """Whether an event is worth noting in a stage where it makes no move."""
        if stage in self.final or name not in self.places:
            return False
        if name in self.tracks[stage] or name in self.noted:
            return True
        return self.pause is not None and name in (
            self.pause.ends if on_hold else self.pause.starts
        )


def _names_of_facts(
    stages: Iterable[Stage], deadlines: Iterable[Deadline], milestones: Iterable[Milestone]
) -> frozenset[str]:
    tracks = {f"done_{track.name}" for stage in stages for track in stage.tracks}
    timed = {f"{what}_{each.name}" for each in deadlines for what in ("deadline", "due")}
    reached = {f"milestone_{each.name}" for each in milestones}
    return frozenset({*JOURNEY_FACTS, *tracks, *timed, *reached})


def _leaving(transitions: Iterable[Transition]) -> dict[str, dict[int, Transition]]:
    """By source, the transitions that name it, by their places."""
    found: dict[str, dict[int, Transition]] = {}
    for place, each in enumerate(transitions):
        for source in each.sources:
            found.setdefault(source, {})[place] = each
    return found


def _candidates(
    leaf: str,
    leaving: Mapping[str, Mapping[int, Transition]],
    stages: Iterable[Stage],
    named: frozenset[str],
) -> list[Candidate]:
    """The transitions that leave a stage, those that go first in front."""
    inmost: dict[int, tuple[int, Transition]] = {}  # of several sources that hold it
    for depth, name in enumerate(lineage_of(leaf)):
        for place, each in leaving.get(name, {}).items():
            inmost.setdefault(place, (depth, each))
    found = []
    for place, (depth, each) in sorted(inmost.items()):
        enters = _entered(leaf, each.target)
        found.append(
            Candidate(
                transition=each,
                move=Move(leaf, each.target, place, each.effects),
                enters=enters,
                marks=((each.event,) if each.event else ()) + enters,
                keeps=_kept(leaf, each.target, stages),
                journey=frozenset(() if each.guard is None else each.guard.facts) & named,
                rank=(depth, each.priority),
            )
        )
    return sorted(found, key=lambda move: move.rank)


def _entered(leaf: str, target: str | None) -> tuple[str, ...]:
    """The stages that a move enters, from the outside in: the target, and all it was not in."""
    if target is None:
        return ()
    outside = [name for name in lineage_of(target)[1:] if not inside(leaf, name)]
    return (*reversed(outside), target)


def _kept(leaf: str, target: str | None, stages: Iterable[Stage]) -> frozenset[str]:
    """The tracks of the stages that a move does not leave: those around both its ends."""
    around = set(lineage_of(leaf))
    around.intersection_update(lineage_of(leaf) if target is None else lineage_of(target)[1:])
    return frozenset(
        track.name for stage in stages if stage.name in around for track in stage.tracks
    )


def _rows(moves: Iterable[Candidate]) -> dict[str, Row]:
    by_event: dict[str, list[Candidate]] = {}
    for move in moves:
        if move.transition.event is not None:
            by_event.setdefault(move.transition.event, []).append(move)
    return {event: _row(moves) for event, moves in by_event.items()}


def _row(moves: list[Candidate]) -> Row:
    groups = tuple(tuple(group) for _, group in itertools.groupby(moves, lambda each: each.rank))
    first = moves[0]
    return Row(groups, first if first.transition.guard is None else None)


def _plain(rows: Mapping[str, Row], payloads: Mapping[str, Schema]) -> dict[str, Move]:
    return {
        event: row.sure.move
        for event, row in rows.items()
        if row.sure is not None and row.sure.move.target is not None and event not in payloads
    }


def _timers(moves: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(move for move in moves if move.transition.after is not None)


def _tracks(leaf: str, stages: Iterable[Stage]) -> dict[str, tuple[str, ...]]:
    """By event, the tracks that it ends in a stage or one around it."""
    ends: dict[str, tuple[str, ...]] = {}
    for stage in stages:
        if inside(leaf, stage.name):
            for track in stage.tracks:
                for event in track.done_by:
                    ends[event] = (*ends.get(event, ()), track.name)
    return ends


def _checklist(leaf: str, stages: Iterable[Stage]) -> tuple[str, ...]:
    """The tracks of a stage and of those around it, in order."""
    return tuple(
        track.name for stage in stages if inside(leaf, stage.name) for track in stage.tracks
    )


def _marked(deadlines: Iterable[Deadline], milestones: Iterable[Milestone]) -> frozenset[str]:
    timed = {name for each in deadlines for name in (*each.since, *each.by, *each.waived_by)}
    return frozenset(timed.union(*(each.by for each in milestones)))
