"""A lifecycle drawn as an SVG, for a page or a notebook.

It is drawn from a :class:`cslib.graphs.Graph`. The same definition gives the same text, to the
letter. Names may be any text; what cannot be shown is replaced, and what is long is cut.
"""

from __future__ import annotations

import functools
import hashlib
import html
import math
from collections.abc import Iterable, Iterator

import attrs

from cslib.graphs import Edge, Graph, Group, Node, Note, caption, cells_of, graph_of
from cslib.stages import Definition, inside

__all__ = ["to_svg"]

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
    name = caption(part.own_name, _MOST_NAME) + ending
    return name, *(caption(track, _MOST_TRACK) for track in part.tracks)


def _shown(edge: Edge) -> str:
    return caption(edge.text, _MOST_LABEL)


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
            yield f"<g><title>{_xml(caption(edge.text))}</title>"
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
