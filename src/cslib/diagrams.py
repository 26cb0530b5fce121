"""Diagrams of a lifecycle in the languages of Mermaid and of Graphviz.

Both are drawn from a :class:`cslib.graphs.Graph`. The same definition gives the same text, to the
letter. Names may be any text: each language escapes them its own way, and calls stages by ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cslib.graphs import Graph, Group, Node, caption, graph_of
from cslib.stages import Definition

__all__ = ["to_graphviz", "to_mermaid"]


# --------------------------------------------------------------------------------------
# Mermaid


def to_mermaid(definition: Definition) -> str:
    """A ``stateDiagram-v2`` for Mermaid, which many places that show Markdown draw.

    Every character that could mean something to Mermaid is written as an entity (``#91;``), and
    stages go by ids, ``s0``, ``s1`` ..., so that no name breaks the diagram. A move that stays is
    drawn from the stage to itself, and says so. Tracks and deadlines stand in a note beside their
    stage, one note for each, since Mermaid shows the last alone.

    Source: https://mermaid.js.org/syntax/stateDiagram.html.

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
    >>> print(to_mermaid(trial))
    stateDiagram-v2
      state "lead" as s0
      state "won" as s1
      [*] --> s0
      s0 --> s1: paid [amount > 0]
      s1 --> [*]
    """
    graph = graph_of(definition)
    ids = graph.ids
    lines = ["stateDiagram-v2", *_mermaid_parts(graph, ids, None, 1)]
    lines += [_indented(1, f"[*] --> {ids[node.name]}") for node in graph.nodes if node.initial]
    for edge in graph.edges:
        line = f"{ids[edge.source]} --> {ids[edge.target or edge.source]}: "
        lines.append(_indented(1, line + _mermaid_text(edge.text)))
    lines += [_indented(1, f"{ids[node.name]} --> [*]") for node in graph.nodes if node.final]
    return "\n".join(lines)


def _mermaid_parts(
    graph: Graph, ids: dict[str, str], group: str | None, level: int
) -> Iterator[str]:
    for part in graph.parts_of(group):
        line = f'state "{_mermaid_text(part.own_name)}" as {ids[part.name]}'
        if isinstance(part, Node):
            yield _indented(level, line)
        else:
            yield _indented(level, f"{line} {{")
            yield from _mermaid_parts(graph, ids, part.name, level + 1)
            yield _indented(level, "}")
        if beside := [*part.tracks, *graph.beside(part.name)]:
            text = "<br/>".join(map(_mermaid_text, beside))
            yield _indented(level, f"note right of {ids[part.name]} : {text}")


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
    >>> print(*to_graphviz(trial).splitlines()[4:], sep="\n")
      s0 [label="lead"];
      s1 [label="won", peripheries=2];
      start [shape=circle, style=filled, label="", width=0.15];
      start -> s0;
      s0 -> s1 [label="paid [amount > 0]"];
    }
    """
    graph = graph_of(definition)
    ids = graph.ids
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
        lines.append(_indented(1, f"{line} [label={_dot_text(edge.text)}];"))
    return "\n".join([*lines, "}"])


def _dot_parts(graph: Graph, ids: dict[str, str], group: str | None, level: int) -> Iterator[str]:
    for part in graph.parts_of(group):
        label, name = _dot_text(part.own_name, *part.tracks), ids[part.name]
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
    for at, label in enumerate(graph.beside(part.name)):
        yield f"{name}_{at} [shape=note, style=solid, fontsize=11, label={_dot_text(label)}];"
        if isinstance(part, Node):
            yield f"{name} -> {name}_{at} [style=dashed, arrowhead=none];"


def _dot_text(*lines: str) -> str:
    """A quoted string; in a label, a backslash begins an escape and ``&`` an entity."""
    shown = (caption(line).replace("&", "&amp;").replace("\\", "\\\\") for line in lines)
    text = "\\n".join(line.replace('"', '\\"') for line in shown)
    return f'"{text}"'


def _indented(level: int, line: str) -> str:
    return "  " * level + line
