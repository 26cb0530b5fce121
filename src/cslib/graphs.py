"""A lifecycle as a graph to be drawn, and its names as lines that can be shown.

:func:`graph_of` reads a definition into one neutral value, a :class:`Graph` of stages, moves and
deadlines; the pictures (:mod:`cslib.diagrams`, :mod:`cslib.drawings`) are drawn from it alone.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator

import attrs

from cslib.stages import Deadline, Definition, Track, Transition, inside, lineage_of

__all__ = [
    "Edge",
    "Graph",
    "Group",
    "Node",
    "Note",
    "caption",
    "cells_of",
    "choice",
    "graph_of",
    "limit_words",
]


# --------------------------------------------------------------------------------------
# Captions: any text, as one line that can be shown

_UNSHOWN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
"""What XML 1.0 cannot hold (section 2.2), control characters, and those that turn the direction."""


def caption(text: str, most: int | None = None) -> str:
    r"""A text as one line: each run of white space one space, and nothing that cannot be shown.

    Args:
        text: Any text.
        most: In how many cells it must fit, 3 or more; a longer one is cut and ends in ``...``.

    >>> caption("data\naccess"), caption("a long name", 8), caption("bell \a")
    ('data access', 'a lon...', 'bell \ufffd')
    """
    line = " ".join(_UNSHOWN.sub("\ufffd", text).split())
    if most is None or cells_of(line) <= most:
        return line
    reached = itertools.accumulate(map(_cells, line))
    return line[: sum(cells <= most - 3 for cells in reached)] + "..."


def cells_of(text: str) -> int:
    """How many cells of a terminal a line takes: Chinese characters two, accents none of their own.

    >>> cells_of("renewed"), cells_of("续约"), cells_of("e\u0301")
    (7, 4, 1)
    """
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def choice(names: Iterable[str]) -> str:
    """Names of which one is enough, as captions.

    >>> choice(["used", "shown"])
    'used or shown'
    """
    return " or ".join(map(caption, names))


def limit_words(deadline: Deadline) -> str:
    """What a deadline asks for, in words.

    >>> limit_words(Deadline(name="live", since="signed", by=("used", "shown"), within="3 months"))
    'live: used or shown within 3 months of signed'
    """
    limit = f"by {caption(str(deadline.due))}, counted from"
    if deadline.within is not None:
        limit = f"within {deadline.within} of"
    return f"{deadline.name}: {choice(deadline.by)} {limit} {choice(deadline.since)}"


# --------------------------------------------------------------------------------------
# The graph


@attrs.frozen(kw_only=True)
class Node:
    """A stage in which an account can stand.

    Attributes:
        name: Its name.
        group: The stage around it; None: there is none.
        initial: Whether a journey begins in it.
        final: Whether it is an end.
        distance: By how many moves it is reached, at the least; None: by none that there are.
        tracks: The works that run side by side in it, and what ends each:
            ``track data, done by loaded``.
    """

    name: str
    group: str | None = None
    initial: bool = False
    final: bool = False
    distance: int | None = None
    tracks: tuple[str, ...] = ()

    @property
    def own_name(self) -> str:
        """What to call it inside its group: the last step of its path."""
        return _own_name(self.name, self.group)


@attrs.frozen(kw_only=True)
class Group:
    """A stage with others in it.

    Attributes:
        name: Its name.
        group: The stage around it; None: there is none.
        tracks: As those of a :class:`Node`; they go on while the account is inside.
    """

    name: str
    group: str | None = None
    tracks: tuple[str, ...] = ()

    @property
    def own_name(self) -> str:
        """What to call it inside its group: the last step of its path."""
        return _own_name(self.name, self.group)


@attrs.frozen(kw_only=True)
class Edge:
    """A move from one stage, or from all stages of a group.

    Attributes:
        source: The stage or group that it leaves.
        target: The stage that it enters; None: the account stays.
        label: What makes it, its guard in brackets, and whether it is a win-back:
            ``paid [amount > 0]``, ``returned (win-back)``.
    """

    source: str
    target: str | None
    label: str

    @property
    def text(self) -> str:
        """What is written at it: its label, and that the account stays where it does."""
        return f"{self.label}, stays" if self.target is None else self.label


@attrs.frozen(kw_only=True)
class Note:
    """A deadline, which is drawn beside a stage.

    Attributes:
        stage: The stage or group in which an account stands when the clock first starts: that of
            the first mark, or where the first move by it leads; else the initial stage.
        label: What it asks for: ``deadline live: in_use within 2 months of signed``.
    """

    stage: str
    label: str


@attrs.frozen(kw_only=True)
class Graph:
    """A lifecycle as stages, moves and deadlines, to be drawn.

    Attributes:
        name: The name of the lifecycle.
        nodes: The stages in which an account can stand, in the order of the definition.
        groups: The stages around them, each before those inside it.
        edges: The moves, one for each stage that a transition names as a source.
        notes: The deadlines.
    """

    name: str
    nodes: tuple[Node, ...]
    groups: tuple[Group, ...]
    edges: tuple[Edge, ...]
    notes: tuple[Note, ...] = ()

    def parts_of(self, group: str | None) -> tuple[Node | Group, ...]:
        """What lies directly in a group (None: in no group), in the order of the definition."""
        place = {name: at for at, name in enumerate(self.outline)}
        every: tuple[Node | Group, ...] = (*self.nodes, *self.groups)
        parts = [part for part in every if part.group == group]
        return tuple(sorted(parts, key=lambda part: place[part.name]))

    @property
    def outline(self) -> tuple[str, ...]:
        """The names of stages and groups, each group before what is in it."""
        return _outlined(self.nodes)

    @property
    def ids(self) -> dict[str, str]:
        """By stage or group, a name that every language of diagrams takes: ``s0``, ``s1`` ..."""
        every: tuple[Node | Group, ...] = (*self.nodes, *self.groups)
        return {part.name: f"s{at}" for at, part in enumerate(every)}

    def beside(self, stage: str) -> list[str]:
        """The labels of the deadlines that are drawn beside a stage or group."""
        return [note.label for note in self.notes if note.stage == stage]


def _own_name(name: str, group: str | None) -> str:
    return name if group is None else name.removeprefix(f"{group}/")


def _outlined(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The names of stages and of those around them, each where it first appears."""
    return tuple(dict.fromkeys(name for node in nodes for name in lineage_of(node.name)[::-1]))


def graph_of(definition: Definition) -> Graph:
    """The stages, moves and deadlines of a lifecycle, which is taken to be sound.

    A transition with several sources becomes an edge from each. A stage that only appears in front
    of others, as ``onboarding`` does in ``onboarding/training``, becomes a group.

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
    >>> graph_of(trial).edges
    (Edge(source='lead', target='won', label='paid [amount > 0]'),)
    """
    edges = tuple(_edges(definition.transitions))
    final = [stage.name for stage in definition.stages if stage.final]
    tracks = {stage.name: tuple(map(_track_label, stage.tracks)) for stage in definition.stages}
    around = {name for stage in definition.stages for name in lineage_of(stage.name)[1:]}
    names = [stage.name for stage in definition.stages if stage.name not in around]
    distances = _distances(definition.initial, edges)
    nodes = tuple(
        Node(
            name=name,
            group=_parent_of(name),
            initial=name == definition.initial,
            final=any(inside(name, end) for end in final),
            distance=distances.get(name),
            tracks=tracks[name],
        )
        for name in names
    )
    groups = tuple(
        Group(name=name, group=_parent_of(name), tracks=tracks.get(name, ()))
        for name in _outlined(nodes)
        if name in around
    )
    notes = tuple(
        Note(stage=_begins_in(deadline, definition), label=f"deadline {limit_words(deadline)}")
        for deadline in definition.deadlines
    )
    return Graph(name=definition.name, nodes=nodes, groups=groups, edges=edges, notes=notes)


def _track_label(track: Track) -> str:
    return f"track {track.name}, done by {choice(track.done_by)}"


def _begins_in(deadline: Deadline, definition: Definition) -> str:
    """The stage beside which a deadline is drawn."""
    stages = {part for stage in definition.stages for part in lineage_of(stage.name)}
    for mark in deadline.since:
        if mark in stages:
            return mark
        for move in definition.transitions:
            if move.event == mark:
                return move.sources[0] if move.target is None else move.target
    return definition.initial


def _parent_of(name: str) -> str | None:
    lineage = lineage_of(name)
    return lineage[1] if len(lineage) > 1 else None


def _edges(transitions: Iterable[Transition]) -> Iterator[Edge]:
    for move in transitions:
        guard = "" if move.guard is None else f" [{move.guard}]"
        label = f"{move.label}{guard}{' (win-back)' if move.win_back else ''}"
        for source in move.sources:
            yield Edge(source=source, target=move.target, label=label)


def _distances(initial: str, edges: Iterable[Edge]) -> dict[str, int]:
    """By stage, the least number of moves from the initial one (breadth first)."""
    onward: dict[str, list[str]] = {}
    for edge in edges:
        if edge.target is not None:
            onward.setdefault(edge.source, []).append(edge.target)
    found = {initial: 0}
    queue = [initial]
    for stage in queue:
        for source in lineage_of(stage):
            for target in onward.get(source, ()):
                if target not in found:
                    found[target] = found[stage] + 1
                    queue.append(target)
    return found
