"""A lifecycle in words, for people to read.

What :mod:`cslib.diagrams` and :mod:`cslib.drawings` draw, and all that they leave out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from cslib.graphs import Graph, caption, choice, graph_of, limit_words
from cslib.schemas import FactSpec, Schema
from cslib.stages import (
    Deadline,
    Definition,
    Milestone,
    Pause,
    Stage,
    Track,
    Transition,
    lineage_of,
)

__all__ = ["to_words"]


def to_words(definition: Definition) -> str:
    """The definition for people to read: its stages, what leads out of each, and what is timed.

    The moves of a stage stand in the order in which they are looked at: those of the smaller
    priority first. A stage inside another is also left by what leads out of that one.

    >>> from cslib.lifecycle import Lifecycle, Stage, Transition
    >>> trial = Lifecycle(
    ...     name="trial",
    ...     initial="lead",
    ...     stages=(Stage(name="lead"), Stage(name="won", final=True)),
    ...     events=("paid",),
    ...     transitions=(
    ...         Transition(event="paid", sources="lead", target="won", guard="amount > 0"),
    ...     ),
    ... )
    >>> print(to_words(trial))
    Lifecycle trial begins in lead.
    <BLANKLINE>
    lead: the beginning
      paid (if amount is above 0): to won
    <BLANKLINE>
    won: an end
    <BLANKLINE>
    Events of one moment are taken in this order: paid.
    """
    graph = graph_of(definition)
    stages = {stage.name: stage for stage in definition.stages}
    lines = [f"Lifecycle {caption(definition.name)} begins in {caption(definition.initial)}."]
    for name in graph.outline:
        lines += ["", *_stage_words(definition, graph, stages.get(name) or Stage(name=name))]
    lines += _listed("Deadlines", map(_deadline_words, definition.deadlines))
    lines += _listed("Milestones", map(_milestone_words, definition.milestones))
    lines += _listed("Holds", [] if definition.pause is None else [_pause_words(definition.pause)])
    lines += _listed("Payloads", itertools.starmap(_payload_words, definition.payloads.items()))
    lines += _time_words(definition)
    lines += ["", f"Events of one moment are taken in this order: {_series(definition.events)}."]
    return "\n".join(lines)


def _listed(head: str, lines: Iterable[str]) -> list[str]:
    listed = [_indented(line) for line in lines]
    return ["", head, *listed] if listed else []


def _stage_words(definition: Definition, graph: Graph, stage: Stage) -> Iterator[str]:
    yield _stage_head(graph, stage)
    if stage.norm:
        yield _indented(caption(stage.norm))
    for track in stage.tracks:
        yield _indented(_track_words(track))
    moves = [move for move in definition.transitions if stage.name in move.sources]
    for move in sorted(moves, key=lambda move: move.priority):
        yield _indented(_move_words(move))
    leaving = {source for move in definition.transitions for source in move.sources}
    for name in lineage_of(stage.name)[1:]:
        if name in leaving:
            yield _indented(f"and what leads out of {caption(name)}")


def _stage_head(graph: Graph, stage: Stage) -> str:
    node = next((node for node in graph.nodes if node.name == stage.name), None)
    about = [
        f"around {_series(part.name for part in graph.parts_of(stage.name))}" if not node else "",
        "the beginning" if node and node.initial else "",
        "an end" if stage.final or (node and node.final) else "",
        f"owned by {caption(stage.owner)}" if stage.owner else "",
    ]
    told = ", ".join(filter(None, about))
    return f"{caption(stage.name)}: {told}" if told else caption(stage.name)


def _track_words(track: Track) -> str:
    owner = f", owned by {caption(track.owner)}" if track.owner else ""
    norm = f": {caption(track.norm)}" if track.norm else ""
    return f"side by side, {track.name}, done by {choice(track.done_by)}{owner}{norm}"


def _move_words(move: Transition) -> str:
    """``paid (if amount is above 0): to customer``."""
    guard = "" if move.guard is None else f" (if {caption(move.guard.words())})"
    target = "stays" if move.target is None else f"to {caption(move.target)}"
    back = ", a win-back" if move.win_back else ""
    effects = f"; asks for {_series(move.effects)}" if move.effects else ""
    return f"{caption(move.label)}{guard}: {target}{back}{effects}{_stands_still(move.pauses)}"


def _stands_still(pauses: bool) -> str:
    return "; the clock stands still on hold" if pauses else ""


def _deadline_words(deadline: Deadline) -> str:
    waived = f"; waived by {choice(deadline.waived_by)}" if deadline.waived_by else ""
    breach = "" if deadline.breach is None else f"; if not, {caption(deadline.breach)} happens"
    return f"{limit_words(deadline)}{waived}{breach}{_stands_still(deadline.pauses)}"


def _milestone_words(milestone: Milestone) -> str:
    return f"{milestone.name}: the first {choice(milestone.by)}"


def _pause_words(pause: Pause) -> str:
    return f"from {choice(pause.starts)} to {choice(pause.ends)}"


def _payload_words(event: str, schema: Schema) -> str:
    """``closed carries reason (price or shut)``."""
    return f"{caption(event)} carries {', '.join(map(_fact_words, schema.facts)) or 'nothing'}"


def _fact_words(spec: FactSpec) -> str:
    values = choice(spec.values) if spec.values else str(spec.kind)
    needed = "required" if spec.required else ""
    return f"{caption(spec.name)} ({', '.join(filter(None, (values, needed)))})"


def _time_words(definition: Definition) -> list[str]:
    """The two rules of what is timed, where they apply."""
    told = []
    if any(move.after is not None for move in definition.transitions):
        told.append("A move after a span comes at the beginning of the day on which it ends.")
    if definition.deadlines:
        told.append("A deadline includes the day on which it is due.")
    return ["", " ".join(told)] if told else []


def _indented(line: str) -> str:
    return f"  {line}"


def _series(names: Iterable[str]) -> str:
    return ", ".join(map(caption, names))
