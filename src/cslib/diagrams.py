"""Diagrams of a lifecycle: for Mermaid, for Graphviz, as an SVG, and in words.

:func:`graph_of` reads a definition into one neutral value, a :class:`Graph` of stages and moves;
the pictures are drawn from it alone. The same definition gives the same text, to the letter. Names
may be any text: each picture escapes them its own way, and calls stages by ids of its own.
"""

from __future__ import annotations

import functools
import hashlib
import html
import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator

import attrs

from cslib.schemas import FactSpec, Schema
from cslib.stages import (
    Deadline,
    Definition,
    Milestone,
    Pause,
    Stage,
    Track,
    Transition,
    inside,
    lineage_of,
)

__all__ = [
    "Edge",
    "Graph",
    "Group",
    "Node",
    "Note",
    "caption",
    "cells_of",
    "graph_of",
    "to_graphviz",
    "to_mermaid",
    "to_svg",
    "to_words",
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
        place = {name: at for at, name in enumerate(_outlined(self.nodes))}
        every: tuple[Node | Group, ...] = (*self.nodes, *self.groups)
        parts = [part for part in every if part.group == group]
        return tuple(sorted(parts, key=lambda part: place[part.name]))


def _outlined(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The names of stages and of those around them, each where it first appears."""
    return tuple(dict.fromkeys(name for node in nodes for name in lineage_of(node.name)[::-1]))


def graph_of(definition: Definition) -> Graph:
    """The stages, moves and deadlines of a lifecycle, which is taken to be sound.

    A transition with several sources becomes an edge from each. A stage that only appears in front
    of others, as ``onboarding`` does in ``onboarding/training``, becomes a group.

    >>> from cslib.lifecycle import Lifecycle
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
        Note(stage=_begins_in(deadline, definition), label=f"deadline {_limit_words(deadline)}")
        for deadline in definition.deadlines
    )
    return Graph(name=definition.name, nodes=nodes, groups=groups, edges=edges, notes=notes)


def _track_label(track: Track) -> str:
    return f"track {track.name}, done by {_choice(track.done_by)}"


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


def _own_name(part: Node | Group) -> str:
    """What to call it inside its group: the last step of its path."""
    return part.name if part.group is None else part.name.removeprefix(f"{part.group}/")


def _indented(level: int, line: str) -> str:
    return "  " * level + line


# --------------------------------------------------------------------------------------
# Mermaid


def to_mermaid(definition: Definition) -> str:
    """A ``stateDiagram-v2`` for Mermaid, which many places that show Markdown draw.

    Every character that could mean something to Mermaid is written as an entity (``#91;``), and
    stages go by ids, ``s0``, ``s1`` ..., so that no name breaks the diagram. A move that stays is
    drawn from the stage to itself, and says so. Tracks and deadlines stand in a note beside their
    stage, one note for each, since Mermaid shows the last alone.

    Source: https://mermaid.js.org/syntax/stateDiagram.html.

    >>> from cslib.lifecycle import Lifecycle
    >>> trial = Lifecycle(
    ...     name="trial",
    ...     initial="lead",
    ...     stages=(Stage(name="lead"), Stage(name="won", final=True)),
    ...     events=("paid",),
    ...     transitions=(
    ...         Transition(event="paid", sources="lead", target="won", guard="amount > 0"),
    ...     ),
    ... )
    >>> print(to_mermaid(trial))
    stateDiagram-v2
      state "lead" as s0
      state "won" as s1
      [*] --> s0
      s0 --> s1: paid [amount > 0]
      s1 --> [*]
    """
    graph = graph_of(definition)
    ids = _ids(graph)
    lines = ["stateDiagram-v2", *_mermaid_parts(graph, ids, None, 1)]
    lines += [_indented(1, f"[*] --> {ids[node.name]}") for node in graph.nodes if node.initial]
    for edge in graph.edges:
        line = f"{ids[edge.source]} --> {ids[edge.target or edge.source]}: "
        lines.append(_indented(1, line + _mermaid_text(_edge_text(edge))))
    lines += [_indented(1, f"{ids[node.name]} --> [*]") for node in graph.nodes if node.final]
    return "\n".join(lines)


def _ids(graph: Graph) -> dict[str, str]:
    names = (*(node.name for node in graph.nodes), *(group.name for group in graph.groups))
    return {name: f"s{at}" for at, name in enumerate(names)}


def _edge_text(edge: Edge) -> str:
    return f"{edge.label}, stays" if edge.target is None else edge.label


def _mermaid_parts(
    graph: Graph, ids: dict[str, str], group: str | None, level: int
) -> Iterator[str]:
    for part in graph.parts_of(group):
        line = f'state "{_mermaid_text(_own_name(part))}" as {ids[part.name]}'
        if isinstance(part, Node):
            yield _indented(level, line)
        else:
            yield _indented(level, f"{line} {{")
            yield from _mermaid_parts(graph, ids, part.name, level + 1)
            yield _indented(level, "}")
        if beside := [*part.tracks, *_labels_beside(graph, part.name)]:
            text = "<br/>".join(map(_mermaid_text, beside))
            yield _indented(level, f"note right of {ids[part.name]} : {text}")


def _labels_beside(graph: Graph, stage: str) -> list[str]:
    """The deadlines that are drawn beside a stage."""
    return [note.label for note in graph.notes if note.stage == stage]


_MERMAID_PLAIN = frozenset(" .,_-/()[]>=+")


def _mermaid_text(text: str) -> str:
    """The text as Mermaid shows it.

    To Mermaid, ``direction LR`` anywhere in a line is a statement, and ``[[fork]]`` a kind of
    state; so the space of the one and a bracket of the other are entities too. A text of nothing
    shows as a dash, since there must be one.
    """
    escaped = "".join(
        character if character.isalnum() or character in _MERMAID_PLAIN else f"#{ord(character)};"
        for character in caption(text)
    )
    escaped = re.sub("(?i)(direction) (?=tb|bt|rl|lr)", r"\1#32;", escaped)
    return re.sub(r"\[(?=\[)", "#91;", escaped) or "-"


# --------------------------------------------------------------------------------------
# Graphviz


def to_graphviz(definition: Definition) -> str:
    r"""A ``digraph`` in the DOT language of Graphviz, with a cluster for each stage around others.

    An end has a double border. A move of all stages in a cluster begins at the point in it, since
    DOT has edges between nodes alone. Tracks stand in the box of their stage; a deadline is a note
    at the stage in which its clock first starts.

    Source: https://graphviz.org/doc/info/lang.html.

    >>> from cslib.lifecycle import Lifecycle
    >>> trial = Lifecycle(
    ...     name="trial",
    ...     initial="lead",
    ...     stages=(Stage(name="lead"), Stage(name="won", final=True)),
    ...     events=("paid",),
    ...     transitions=(
    ...         Transition(event="paid", sources="lead", target="won", guard="amount > 0"),
    ...     ),
    ... )
    >>> print(*to_graphviz(trial).splitlines()[4:], sep="\n")
      s0 [label="lead"];
      s1 [label="won", peripheries=2];
      start [shape=circle, style=filled, label="", width=0.15];
      start -> s0;
      s0 -> s1 [label="paid [amount > 0]"];
    }
    """
    graph = graph_of(definition)
    ids = _ids(graph)
    lines = [
        f"digraph {_dot_text(graph.name)} {{",
        _indented(1, "rankdir=LR;"),
        _indented(1, 'node [shape=box, style=rounded, fontname="sans-serif"];'),
        _indented(1, 'edge [fontname="sans-serif", fontsize=11];'),
        *_dot_parts(graph, ids, None, 1),
    ]
    for node in graph.nodes:
        if node.initial:
            lines.append(_indented(1, 'start [shape=circle, style=filled, label="", width=0.15];'))
            lines.append(_indented(1, f"start -> {ids[node.name]};"))
    for edge in graph.edges:
        line = f"{ids[edge.source]} -> {ids[edge.target or edge.source]}"
        lines.append(_indented(1, f"{line} [label={_dot_text(_edge_text(edge))}];"))
    return "\n".join([*lines, "}"])


def _dot_parts(graph: Graph, ids: dict[str, str], group: str | None, level: int) -> Iterator[str]:
    for part in graph.parts_of(group):
        label, name = _dot_text(_own_name(part), *part.tracks), ids[part.name]
        notes = _dot_notes(graph, part, name)
        if isinstance(part, Node):
            ending = ", peripheries=2" if part.final else ""
            yield _indented(level, f"{name} [label={label}{ending}];")
            yield from (_indented(level, line) for line in notes)
        else:
            yield _indented(level, f"subgraph cluster_{name} {{")
            yield _indented(level + 1, f"label={label};")
            if any(edge.source == part.name for edge in graph.edges):
                yield _indented(level + 1, f"{name} [shape=point];")
            yield from (_indented(level + 1, line) for line in notes)
            yield from _dot_parts(graph, ids, part.name, level + 1)
            yield _indented(level, "}")


def _dot_notes(graph: Graph, part: Node | Group, name: str) -> Iterator[str]:
    """The deadlines beside a stage: tied to it, or inside the cluster that it is."""
    for at, label in enumerate(_labels_beside(graph, part.name)):
        yield f"{name}_{at} [shape=note, style=solid, fontsize=11, label={_dot_text(label)}];"
        if isinstance(part, Node):
            yield f"{name} -> {name}_{at} [style=dashed, arrowhead=none];"


def _dot_text(*lines: str) -> str:
    """A quoted string; in a label, a backslash begins an escape and ``&`` an entity."""
    shown = (caption(line).replace("&", "&amp;").replace("\\", "\\\\") for line in lines)
    text = "\\n".join(line.replace('"', '\\"') for line in shown)
    return f'"{text}"'


# --------------------------------------------------------------------------------------
# SVG
#
# Stages stand one below another by their distance from the initial stage, ends last, a group as a
# box around its own. What leads out of a stage is written at its right, a line each. The lines run
# to lanes further right, one lane for each stage that is entered, and along it to that stage. So no
# two texts ever meet, and no line runs through a text; where lines cross they cross straight, and
# where they join they bend. The tracks of a stage stand in its box, and the deadlines below all.

_LINE = 18  # pixels from one line of text to the next
_GAP = 10  # between boxes
_EDGE = 8  # between a box and the box around it, and between lanes
_LEFT = 34  # room for the mark of the initial stage
_MOST_NAME = 32  # cells
_MOST_TRACK = 48
_MOST_LABEL = 60
_MOST_NOTE = 90


@attrs.frozen(kw_only=True)
class _Row:
    """A stage or group on the sheet.

    Attributes:
        part: Which.
        depth: How many groups are around it.
        top: Where its box begins.
        bottom: Where its box ends.
        enters: Where moves come in; None: none do.
        leaves: Its moves out, and where.
    """

    part: Node | Group
    depth: int
    top: int
    bottom: int
    enters: int | None
    leaves: tuple[tuple[Edge, int], ...]


@attrs.frozen(kw_only=True)
class _Sheet:
    """Where everything stands, in pixels.

    Attributes:
        rows: The boxes, from the top.
        lanes: By stage that is entered, where its lane runs.
        left: Where the boxes of stages begin.
        right: Where they end.
        texts: Where the texts of moves begin.
        notes: The deadlines, and on which line each stands.
        width: Of the whole.
        height: Of the whole.
    """

    rows: tuple[_Row, ...]
    lanes: dict[str, int]
    left: int
    right: int
    texts: int
    notes: tuple[tuple[Note, int], ...]
    width: int
    height: int


def to_svg(definition: Definition) -> str:
    """An SVG for a page or a notebook, with its content as text for those who do not see it.

    It takes the colour of the text around it, so it serves on a light and on a dark ground. An end
    has a double border and the word "end". Tracks stand in the box of their stage, and deadlines
    below the picture. Long names and labels are cut; the whole text is in the
    title of the element, which browsers show under the pointer.

    >>> from cslib.lifecycle import Lifecycle
    >>> trial = Lifecycle(
    ...     name="trial",
    ...     initial="lead",
    ...     stages=(Stage(name="lead"), Stage(name="won", final=True)),
    ...     events=("paid",),
    ...     transitions=(
    ...         Transition(event="paid", sources="lead", target="won", guard="amount > 0"),
    ...     ),
    ... )
    >>> print(to_svg(trial).split("</desc>")[0].split("<desc id=")[1].split(">")[1])
    It begins in lead. Ends: won. lead to won: paid [amount &gt; 0].
    """
    graph = graph_of(definition)
    sheet = _sheet(graph)
    body = "\n".join([*_svg_boxes(sheet), *_svg_moves(sheet), *_svg_notes(sheet)])
    title = f"Lifecycle {caption(graph.name)}"
    told = _told(graph)
    mark = hashlib.sha256("\n".join([title, told, body]).encode()).hexdigest()[:12]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{sheet.width}" height="{sheet.height}" '
        f'viewBox="0 0 {sheet.width} {sheet.height}" role="img" '
        f'aria-labelledby="title-{mark} desc-{mark}" style="max-width: 100%; height: auto" '
        'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12" '
        'fill="none" stroke="currentColor">'
    )
    labels = (
        f'<title id="title-{mark}">{_xml(title)}</title>',
        f'<desc id="desc-{mark}">{_xml(told)}</desc>',
    )
    return "\n".join([opening, *labels, body, "</svg>"])


def _told(graph: Graph) -> str:
    """What the picture shows, in sentences."""
    first = [f"It begins in {node.name}." for node in graph.nodes if node.initial]
    ends = ", ".join(node.name for node in graph.nodes if node.final)
    moves = (
        f"{edge.source}: {edge.label}, stays."
        if edge.target is None
        else f"{edge.source} to {edge.target}: {edge.label}."
        for edge in graph.edges
    )
    every: tuple[Node | Group, ...] = (*graph.nodes, *graph.groups)
    tracks = (f"{part.name}: {track}." for part in every for track in part.tracks)
    notes = (f"{note.label}." for note in graph.notes)
    ending = [f"Ends: {ends}."] if ends else []
    return caption(" ".join([*first, *ending, *moves, *tracks, *notes]))


def _sheet(graph: Graph) -> _Sheet:
    rows = tuple(_rows(graph, None, 0, _GAP))
    depth = max((row.depth for row in rows), default=0)
    left = _LEFT + depth * _EDGE
    boxed = (_pixels(text) for row in rows for text in _box_texts(row.part))
    right = left + max(boxed, default=0) + 2 * _GAP
    texts = right + depth * _EDGE + 2 * _GAP
    labels = (_pixels(_shown(edge)) for row in rows for edge, _ in row.leaves)
    end = texts + max(labels, default=0) + _EDGE
    lanes = _lanes(rows, end)
    foot = max((row.bottom for row in rows), default=0)
    notes = tuple((note, foot + _LINE * at) for at, note in enumerate(graph.notes, start=1))
    noted = (left + _pixels(_note_text(note)) for note in graph.notes)
    return _Sheet(
        rows=rows,
        lanes=lanes,
        left=left,
        right=right,
        texts=texts,
        notes=notes,
        width=max([end, *lanes.values(), *noted]) + _GAP,
        height=foot + _LINE * len(notes) + _GAP,
    )


def _pixels(text: str) -> int:
    return cells_of(text) * 37 // 5  # monospace: 0.6 of the size, and a little


def _box_texts(part: Node | Group) -> tuple[str, ...]:
    """Its name, and its tracks."""
    ending = " (end)" if isinstance(part, Node) and part.final else ""
    name = caption(_own_name(part), _MOST_NAME) + ending
    return name, *(caption(track, _MOST_TRACK) for track in part.tracks)


def _shown(edge: Edge) -> str:
    return caption(_edge_text(edge), _MOST_LABEL)


def _note_text(note: Note) -> str:
    return caption(note.label, _MOST_NOTE)


def _rows(graph: Graph, group: str | None, depth: int, top: int) -> Iterator[_Row]:
    """The boxes in a group from the top, each before what is in it."""
    for part in sorted(graph.parts_of(group), key=functools.partial(_layer, graph)):
        row = _row(graph, part, depth, top)
        within: tuple[_Row, ...] = ()
        if isinstance(part, Group):
            within = tuple(_rows(graph, part.name, depth + 1, row.bottom))
            row = attrs.evolve(row, bottom=max(each.bottom for each in within) + _EDGE)
        yield row
        yield from within
        top = row.bottom + _GAP


def _layer(graph: Graph, part: Node | Group) -> tuple[bool, float]:
    """How far from the initial stage it lies, ends last; of a group, its nearest stage."""
    nodes = [node for node in graph.nodes if inside(node.name, part.name)]
    distances = (math.inf if node.distance is None else node.distance for node in nodes)
    return all(node.final for node in nodes), min(distances)


def _row(graph: Graph, part: Node | Group, depth: int, top: int) -> _Row:
    """Its box, with a line of text for each track and move; of a group, the head of the box."""
    leaving = [edge for edge in graph.edges if edge.source == part.name]
    entered = any(edge.target == part.name for edge in graph.edges)
    lines = max(1 + len(part.tracks), int(entered) + len(leaving))
    leaves = tuple(
        (edge, top + _LINE * at + 2) for at, edge in enumerate(leaving, start=1 + int(entered))
    )
    return _Row(
        part=part,
        depth=depth,
        top=top,
        bottom=top + _LINE * lines + _EDGE,
        enters=top + _LINE // 2 + 4 if entered else None,
        leaves=leaves,
    )


def _lanes(rows: Iterable[_Row], first: int) -> dict[str, int]:
    """By stage that is entered, the lane to it; the shortest lie nearest to the texts."""
    heights: dict[str, list[int]] = {
        row.part.name: [row.enters] for row in rows if row.enters is not None
    }
    for row in rows:
        for edge, height in row.leaves:
            if edge.target is not None:
                heights[edge.target].append(height)
    spans = {name: (min(each), max(each)) for name, each in heights.items()}
    lanes: list[list[tuple[int, int]]] = []
    found = {}
    for name, span in sorted(spans.items(), key=lambda each: (each[1][1] - each[1][0], each[1])):
        free = (
            at for at, taken in enumerate(lanes) if not any(_meet(span, other) for other in taken)
        )
        at = next(free, len(lanes))
        lanes += [[]] if at == len(lanes) else []
        lanes[at].append(span)
        found[name] = first + at * 2 * _EDGE
    return found


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _svg_boxes(sheet: _Sheet) -> Iterator[str]:
    for row in sheet.rows:
        left, right = _svg_edges(sheet, row)
        yield f"<g><title>{_xml(caption(row.part.name))}</title>"
        yield from _svg_box(row, left, right - left)
        base = row.top + _LINE - 1
        name, *tracks = _box_texts(row.part)
        yield _svg_text(left + _GAP, base, name, weight="bold")
        yield "</g>"
        for at, (track, shown) in enumerate(zip(row.part.tracks, tracks, strict=True), start=1):
            yield _svg_titled(track, _svg_text(left + _GAP, base + _LINE * at, shown))
        if isinstance(row.part, Node) and row.part.initial:
            yield _svg_start(sheet.left, row.top + _LINE // 2 + 4)


def _svg_box(row: _Row, left: int, width: int) -> Iterator[str]:
    """Its border: double for an end, dashed for a group."""
    height = row.bottom - row.top
    extra = ""
    if isinstance(row.part, Group):
        extra = ' stroke-dasharray="4 3" fill="currentColor" fill-opacity="0.05"'
    yield f'<rect x="{left}" y="{row.top}" width="{width}" height="{height}" rx="6"{extra}/>'
    if isinstance(row.part, Node) and row.part.final:
        yield (
            f'<rect x="{left + 3}" y="{row.top + 3}" width="{width - 6}" height="{height - 6}" '
            'rx="4"/>'
        )


def _svg_start(right: int, height: int) -> str:
    """The mark of the initial stage: a full circle, and an arrow to the box."""
    return (
        f'<path d="M 14 {height} H {right - 6}"/>'
        f'<circle cx="10" cy="{height}" r="5" fill="currentColor"/>'
        f'<path d="M {right} {height} l -7 -4 v 8 z" fill="currentColor"/>'
    )


def _svg_moves(sheet: _Sheet) -> Iterator[str]:
    enters = {row.part.name: row.enters for row in sheet.rows if row.enters is not None}
    for height in enters.values():
        yield _svg_head(sheet.right, height)
    for row in sheet.rows:
        border = _svg_edges(sheet, row)[1]
        for edge, height in row.leaves:
            yield f"<g><title>{_xml(caption(_edge_text(edge)))}</title>"
            yield _svg_text(sheet.texts, height - 4, _shown(edge))
            if edge.target is None:
                yield _svg_loop(border, height)
            else:
                lane, target = sheet.lanes[edge.target], enters[edge.target]
                yield _svg_line(border, height, lane, target, sheet.right + 7)
            yield "</g>"


def _svg_notes(sheet: _Sheet) -> Iterator[str]:
    for note, base in sheet.notes:
        yield _svg_titled(note.label, _svg_text(sheet.left, base, _note_text(note)))


def _svg_edges(sheet: _Sheet, row: _Row) -> tuple[int, int]:
    """The left and the right of its box; a group's is wider than those in it."""
    outset = sheet.left - _LEFT - row.depth * _EDGE if isinstance(row.part, Group) else 0
    return sheet.left - outset, sheet.right + outset


def _svg_head(left: int, height: int) -> str:
    """The head of an arrow to the left."""
    return f'<path d="M {left} {height} l 7 -4 v 8 z" fill="currentColor"/>'


def _svg_loop(border: int, height: int) -> str:
    """A move that stays: out of the box, and back."""
    top = height - 10
    return (
        f'<path d="M {border} {top} h 10 a 3 3 0 0 1 0 6 h -4"/>'
        f'<path d="M {border} {top + 6} l 6 -3 v 6 z" fill="currentColor"/>'
    )


def _svg_line(border: int, height: int, lane: int, target: int, end: int) -> str:
    """From the box to the lane, along it, and back to where the stage is entered."""
    bend = 5 if target > height else -5
    return (
        f'<path d="M {border} {height} H {lane - 5} Q {lane} {height} {lane} {height + bend} '
        f'V {target - bend} Q {lane} {target} {lane - 5} {target} H {end}"/>'
    )


def _svg_text(left: int, base: int, text: str, weight: str = "normal") -> str:
    return (
        f'<text x="{left}" y="{base}" fill="currentColor" stroke="none" '
        f'font-weight="{weight}">{_xml(text)}</text>'
    )


def _svg_titled(title: str, drawn: str) -> str:
    return f"<g><title>{_xml(caption(title))}</title>{drawn}</g>"


def _xml(text: str) -> str:
    return html.escape(text)


# --------------------------------------------------------------------------------------
# Words


def to_words(definition: Definition) -> str:
    """The definition for people to read: its stages, what leads out of each, and what is timed.

    The moves of a stage stand in the order in which they are looked at: those of the smaller
    priority first. A stage inside another is also left by what leads out of that one.

    >>> from cslib.lifecycle import Lifecycle
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
    for name in _outlined(graph.nodes):
        lines += ["", *_stage_words(definition, graph, stages.get(name) or Stage(name=name))]
    lines += _listed("Deadlines", map(_deadline_words, definition.deadlines))
    lines += _listed("Milestones", map(_milestone_words, definition.milestones))
    lines += _listed("Holds", [] if definition.pause is None else [_pause_words(definition.pause)])
    lines += _listed("Payloads", itertools.starmap(_payload_words, definition.payloads.items()))
    lines += _time_words(definition)
    lines += ["", f"Events of one moment are taken in this order: {_series(definition.events)}."]
    return "\n".join(lines)


def _listed(head: str, lines: Iterable[str]) -> list[str]:
    listed = [_indented(1, line) for line in lines]
    return ["", head, *listed] if listed else []


def _stage_words(definition: Definition, graph: Graph, stage: Stage) -> Iterator[str]:
    yield _stage_head(graph, stage)
    if stage.norm:
        yield _indented(1, caption(stage.norm))
    for track in stage.tracks:
        yield _indented(1, _track_words(track))
    moves = [move for move in definition.transitions if stage.name in move.sources]
    for move in sorted(moves, key=lambda move: move.priority):
        yield _indented(1, _move_words(move))
    leaving = {source for move in definition.transitions for source in move.sources}
    for name in lineage_of(stage.name)[1:]:
        if name in leaving:
            yield _indented(1, f"and what leads out of {caption(name)}")


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
    return f"side by side, {track.name}, done by {_choice(track.done_by)}{owner}{norm}"


def _move_words(move: Transition) -> str:
    """``paid (if amount is above 0): to customer``."""
    guard = "" if move.guard is None else f" (if {caption(move.guard.words())})"
    target = "stays" if move.target is None else f"to {caption(move.target)}"
    back = ", a win-back" if move.win_back else ""
    effects = f"; asks for {_series(move.effects)}" if move.effects else ""
    return f"{caption(move.label)}{guard}: {target}{back}{effects}{_stands_still(move.pauses)}"


def _stands_still(pauses: bool) -> str:
    return "; the clock stands still on hold" if pauses else ""


def _limit_words(deadline: Deadline) -> str:
    """``activated: first_use within 3 months of signed``."""
    limit = f"by {caption(str(deadline.due))}, counted from"
    if deadline.within is not None:
        limit = f"within {deadline.within} of"
    return f"{deadline.name}: {_choice(deadline.by)} {limit} {_choice(deadline.since)}"


def _deadline_words(deadline: Deadline) -> str:
    waived = f"; waived by {_choice(deadline.waived_by)}" if deadline.waived_by else ""
    breach = "" if deadline.breach is None else f"; if not, {caption(deadline.breach)} happens"
    return f"{_limit_words(deadline)}{waived}{breach}{_stands_still(deadline.pauses)}"


def _milestone_words(milestone: Milestone) -> str:
    return f"{milestone.name}: the first {_choice(milestone.by)}"


def _pause_words(pause: Pause) -> str:
    return f"from {_choice(pause.starts)} to {_choice(pause.ends)}"


def _payload_words(event: str, schema: Schema) -> str:
    """``closed carries reason (price or shut)``."""
    return f"{caption(event)} carries {', '.join(map(_fact_words, schema.facts)) or 'nothing'}"


def _fact_words(spec: FactSpec) -> str:
    values = _choice(spec.values) if spec.values else str(spec.kind)
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


def _series(names: Iterable[str]) -> str:
    return ", ".join(map(caption, names))


def _choice(names: Iterable[str]) -> str:
    return " or ".join(map(caption, names))
