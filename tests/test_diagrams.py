"""A lifecycle for Mermaid and for Graphviz."""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given

from cslib.diagrams import to_graphviz, to_mermaid
from cslib.graphs import graph_of
from cslib.stages import Stage, Track
from picture_strategies import NESTED, TIMED, Parts, definitions, move, stages

# Mermaid


def test_mermaid_draws_nested_stages_the_start_the_ends_and_every_move() -> None:
    assert to_mermaid(NESTED).splitlines() == [
        "stateDiagram-v2",
        '  state "lead" as s0',
        '  state "start" as s5 {',
        '    state "plan" as s1',
        '    state "train" as s2',
        "  }",
        '  state "use" as s3',
        '  state "left" as s4',
        "  [*] --> s0",
        "  s0 --> s1: signed [amount > 0]",
        "  s1 --> s2: planned",
        "  s2 --> s3: trained",
        "  s3 --> s3: noted, stays",
        "  s5 --> s4: left",
        "  s3 --> s4: left",
        "  s0 --> s4: after 30 days",
        "  s4 --> [*]",
    ]


def test_mermaid_has_one_note_beside_a_stage_for_its_tracks_and_deadlines() -> None:
    lines = to_mermaid(TIMED).splitlines()
    plan = (
        "    note right of s1 : track data, done by loaded or skipped",
        "track roles, done by roles_set",
        "deadline planned#58; planned within 9 days of signed",
        "deadline shown#58; shown or told by agreed_on, counted from start/plan",
    )
    start = (
        "  note right of s5 : track papers, done by filed",
        "deadline live#58; use within 3 months of start",
    )

    assert lines[3:5] == ['    state "plan" as s1', "<br/>".join(plan)]
    assert lines[6:8] == ["  }", "<br/>".join(start)]
    assert [line for line in lines if " : " not in line] == to_mermaid(NESTED).splitlines()


def test_a_note_of_mermaid_ends_at_no_name() -> None:
    odd = Track(name="data", done_by=("a\nend note", "b: c; d", "%% <br/>"))
    parts = Parts(stages=(Stage(name="lead", tracks=(odd,)),))

    assert to_mermaid(parts).splitlines()[2] == (
        "  note right of s0 : track data, done by a end note or b#58; c#59; d or #37;#37; #60;br/>"
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('say "go"', "say #34;go#34;"),
        ("a: b; c", "a#58; b#59; c"),
        ("#1", "#35;1"),
        ("a { b }", "a #123; b #125;"),
        ("<<choice>>", "#60;#60;choice>>"),
        ("[[fork]]", "#91;[fork]]"),
        ("[[[fork]", "#91;#91;[fork]"),
        ("my direction LR", "my direction#32;LR"),
        ("Direction  tb", "Direction#32;tb"),
        ("%% no", "#37;#37; no"),
        ("续约", "续约"),
        (" \n", "-"),
    ],
)
def test_mermaid_is_given_as_an_entity_what_would_mean_something_to_it(
    name: str, shown: str
) -> None:
    lines = to_mermaid(Parts(initial=name, stages=stages(name))).splitlines()

    assert lines[1] == f'  state "{shown}" as s0'


@given(definitions())
def test_mermaid_has_each_stage_and_each_move_once_whatever_their_names(parts: Parts) -> None:
    graph = graph_of(parts)
    text = r"(?:[^\W]|[ .,_\-/()\[\]>=+]|#\d+;)+"

    lines = to_mermaid(parts).splitlines()

    opened = [line for line in lines if re.fullmatch(rf' +state "{text}" as s\d+ \{{', line)]
    plain = [line for line in lines if re.fullmatch(rf' +state "{text}" as s\d+', line)]
    moves = [line for line in lines if re.fullmatch(rf"  s\d+ --> s\d+: {text}", line)]
    ends = [line for line in lines if re.fullmatch(r"  s\d+ --> \[\*\]", line)]
    starts = [line for line in lines if re.fullmatch(r"  \[\*\] --> s\d+", line)]
    closed = [line for line in lines if line.strip() == "}"]
    notes = [
        line
        for line in lines
        if re.fullmatch(rf" +note right of s\d+ : {text}(<br/>{text})*", line)
    ]
    assert len(opened) == len(closed) == len(graph.groups)
    assert len(plain) == len(graph.nodes)
    assert len(moves) == len(graph.edges)
    assert len(ends) == sum(node.final for node in graph.nodes)
    assert len(starts) == 1
    tracks = [part.name for part in (*graph.nodes, *graph.groups) for _ in part.tracks]
    told = [*tracks, *(note.stage for note in graph.notes)]
    assert len(notes) == len(set(told))
    assert sum(1 + line.count("<br/>") for line in notes) == len(told)
    every = (opened, closed, plain, moves, ends, starts, notes)
    assert len(lines) == 1 + sum(map(len, every))
    assert not re.search(r"(?i)direction\s+(tb|bt|lr|rl)|\[\[", "\n".join(lines))


# Graphviz


def test_graphviz_draws_clusters_ends_the_start_and_every_move() -> None:
    assert to_graphviz(NESTED).splitlines() == [
        'digraph "flow" {',
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="sans-serif"];',
        '  edge [fontname="sans-serif", fontsize=11];',
        '  s0 [label="lead"];',
        "  subgraph cluster_s5 {",
        '    label="start";',
        "    s5 [shape=point];",
        '    s1 [label="plan"];',
        '    s2 [label="train"];',
        "  }",
        '  s3 [label="use"];',
        '  s4 [label="left", peripheries=2];',
        '  start [shape=circle, style=filled, label="", width=0.15];',
        "  start -> s0;",
        '  s0 -> s1 [label="signed [amount > 0]"];',
        '  s1 -> s2 [label="planned"];',
        '  s2 -> s3 [label="trained"];',
        '  s3 -> s3 [label="noted, stays"];',
        '  s5 -> s4 [label="left"];',
        '  s3 -> s4 [label="left"];',
        '  s0 -> s4 [label="after 30 days"];',
        "}",
    ]


def test_graphviz_has_tracks_in_the_box_of_a_stage_and_deadlines_as_notes_at_it() -> None:
    lines = [line.strip() for line in to_graphviz(TIMED).splitlines()]

    at = lines.index("subgraph cluster_s5 {")
    note = "shape=note, style=solid, fontsize=11, label="
    assert lines[at + 1 : at + 10] == [
        r'label="start\ntrack papers, done by filed";',
        "s5 [shape=point];",
        f's5_0 [{note}"deadline live: use within 3 months of start"];',
        (
            r's1 [label="plan\ntrack data, done by loaded or skipped\n'
            'track roles, done by roles_set"];'
        ),
        f's1_0 [{note}"deadline planned: planned within 9 days of signed"];',
        "s1 -> s1_0 [style=dashed, arrowhead=none];",
        f's1_1 [{note}"deadline shown: shown or told by agreed_on, counted from start/plan"];',
        "s1 -> s1_1 [style=dashed, arrowhead=none];",
        's2 [label="train"];',
    ]


def test_graphviz_has_no_point_in_a_cluster_that_nothing_leaves_as_a_whole() -> None:
    text = to_graphviz(Parts(initial="g/a", stages=stages("g/a")))

    assert "cluster_s1" in text
    assert "shape=point" not in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('say "go"', r"say \"go\""),
        (r"\N", r"\\N"),
        ("a\\", r"a\\"),
        ("&lt;", "&amp;lt;"),
        ("a\nb", "a b"),
    ],
)
def test_graphviz_is_given_names_in_quotes_with_no_escape_of_its_own(name: str, shown: str) -> None:
    assert f'  s0 [label="{shown}"];' in to_graphviz(Parts(initial=name, stages=stages(name)))


@given(definitions())
def test_graphviz_has_each_stage_and_each_move_once_whatever_their_names(parts: Parts) -> None:
    graph = graph_of(parts)

    text = re.sub(r'"(?:[^"\\]|\\.)*"', "Q", to_graphviz(parts))

    assert '"' not in text
    assert text.count("{") == text.count("}") == 1 + len(graph.groups)
    assert len(re.findall(r"^ +s\d+ \[label=Q(?:, peripheries=2)?\];$", text, re.MULTILINE)) == len(
        graph.nodes
    )
    assert len(re.findall(r"^  s\d+ -> s\d+ \[label=Q\];$", text, re.MULTILINE)) == len(graph.edges)
    assert text.count("shape=note") == len(graph.notes)
    assert text.count("peripheries=2") == sum(node.final for node in graph.nodes)


# Both


@pytest.mark.parametrize("draw", [to_mermaid, to_graphviz])
def test_the_same_definition_gives_the_same_diagram(draw: Callable[[Parts], str]) -> None:
    assert draw(TIMED) == draw(attrs.evolve(TIMED))


@pytest.mark.parametrize("draw", [to_mermaid, to_graphviz])
def test_a_move_out_of_an_end_says_that_it_is_a_win_back(draw: Callable[[Parts], str]) -> None:
    back = move("back", "left", "lead", win_back=True)

    assert "back (win-back)" in draw(attrs.evolve(NESTED, transitions=(back,)))
