from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from itertools import combinations, pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.diagrams import (
    Edge,
    Graph,
    Group,
    Node,
    Note,
    caption,
    cells_of,
    graph_of,
    to_graphviz,
    to_mermaid,
    to_svg,
    to_words,
)
from cslib.lifecycle import Lifecycle
from cslib.rules import rule
from cslib.schemas import FactSpec, Schema
from cslib.stages import Deadline, Milestone, Pause, Stage, Track, Transition


@attrs.frozen(kw_only=True)
class Parts:
    """A definition by its parts, which nothing has checked."""

    name: str = "flow"
    initial: str = "lead"
    stages: tuple[Stage, ...] = ()
    events: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    pause: Pause | None = None
    payloads: Mapping[str, Schema] = attrs.field(factory=dict)


def stages(*names: str, final: str = "") -> tuple[Stage, ...]:
    return tuple(Stage(name=name, final=name == final) for name in names)


def move(
    event: str, sources: str | tuple[str, ...], target: str | None, **more: object
) -> Transition:
    return Transition(event=event, sources=sources, target=target, **more)  # type: ignore[arg-type]


NESTED = Parts(
    stages=stages("lead", "start/plan", "start/train", "use", "left", final="left"),
    events=("signed", "planned", "trained", "noted", "left"),
    transitions=(
        move("signed", "lead", "start/plan", guard="amount > 0"),
        move("planned", "start/plan", "start/train"),
        move("trained", "start/train", "use"),
        move("noted", "use", None),
        move("left", ("start", "use"), "left"),
        Transition(after="30 days", sources="lead", target="left"),
    ),
)
"""A definition that has stages, a group, and moves of each kind."""

TIMED = attrs.evolve(
    NESTED,
    stages=(
        Stage(name="lead"),
        Stage(name="start", tracks=(Track(name="papers", done_by="filed"),)),
        Stage(
            name="start/plan",
            tracks=(
                Track(name="data", done_by=("loaded", "skipped")),
                Track(name="roles", done_by="roles_set"),
            ),
        ),
        *stages("start/train", "use", "left", final="left"),
    ),
    deadlines=(
        Deadline(name="live", since="start", by="use", within="3 months"),
        Deadline(name="planned", since="signed", by="planned", within="9 days"),
        Deadline(name="shown", since="start/plan", by=("shown", "told"), due="agreed_on"),
    ),
)
"""The same, with tracks in a stage and in a group, and with deadlines."""

# Any names at all, and those that mean something to a language of diagrams.
LOADED = (
    *('"', "\\", "{", "}", "[*]", "[[fork]]", "<<choice>>", "-->", ":", ";", "#35;", "%%", "<b>"),
    *(
        "&lt;",
        "direction LR",
        "end note",
        "as s1",
        "classDef x:#f;",
        "\n",
        "\x00",
        "\u2028",
        "\ud800",
    ),
    *(
        "\u202e",
        "]]>",
        "-->",
        "续约",
        "é",
        "'",
        "->",
        "\\N",
        "//",
        "/* */",
        "$$x$$",
        "|",
        "`",
        "e\u0301",
        "n",
    ),
)
texts = st.lists(st.sampled_from(LOADED), min_size=1, max_size=3).map("".join)
tracks = st.builds(Track, name=st.sampled_from(["data", "roles"]), done_by=texts)
limits = st.sampled_from([{"within": "3 months"}, {"due": "agreed_on"}])
guards = st.sampled_from([None, rule("amount > 0"), rule("plan == '<&'")])


@st.composite
def definitions(draw: st.DrawFn) -> Parts:
    """Stages at several depths under any names, with tracks, and moves and deadlines among them."""
    steps = [name.replace("/", "~") for name in draw(st.lists(texts, min_size=1, max_size=4))]
    steps = [f"{at}{step}" for at, step in enumerate(steps)]
    paths = st.lists(st.sampled_from(steps), min_size=1, max_size=3).map("/".join)
    names = draw(st.lists(paths, min_size=1, max_size=6, unique=True))
    around = sorted({name[: cut.start()] for name in names for cut in re.finditer("/", name)})
    leaves = [name for name in names if name not in around]
    moves = st.builds(
        Transition,
        event=texts,
        sources=st.sampled_from([*leaves, *around]),
        target=st.none() | st.sampled_from(leaves),
        guard=guards,
    )
    works = st.lists(tracks, max_size=2).map(tuple)
    marks = st.sampled_from(names) | texts
    due = st.builds(
        lambda limit, **rest: Deadline(**limit, **rest),
        limit=limits,
        name=st.just("live"),
        since=marks,
        by=marks,
    )
    return Parts(
        name=draw(texts),
        initial=leaves[0],
        stages=tuple(
            Stage(name=name, final=draw(st.booleans()), tracks=draw(works)) for name in names
        ),
        transitions=tuple(draw(st.lists(moves, max_size=6))),
        deadlines=tuple(draw(st.lists(due, max_size=3))),
    )


# Captions


def test_a_caption_is_one_line() -> None:
    assert caption(" data\r\n\taccess\u2028now ") == "data access now"


@pytest.mark.parametrize("odd", ["\x00", "\x1b", "\ud800", "\ufffe", "\u202e", "\u2066"])
def test_a_caption_replaces_what_cannot_be_shown(odd: str) -> None:
    assert caption(f"a{odd}b") == "a\ufffdb"


def test_a_caption_that_fits_is_not_cut() -> None:
    assert caption("renewed", 7) == "renewed"


def test_a_caption_is_cut_by_cells_and_not_by_characters() -> None:
    assert caption("续约续约续约", 8) == "续约..."


@given(texts, st.integers(3, 20))
def test_a_cut_caption_fits_and_says_that_it_is_cut(text: str, most: int) -> None:
    shown = caption(text, most)

    assert cells_of(shown) <= most
    assert shown == caption(text) or shown.endswith("...")


# The graph


def test_a_graph_has_the_stages_without_others_inside_and_groups_around_them() -> None:
    graph = graph_of(NESTED)

    assert [node.name for node in graph.nodes] == [
        "lead",
        "start/plan",
        "start/train",
        "use",
        "left",
    ]
    assert graph.groups == (Group(name="start"),)


def test_a_group_comes_before_those_inside_it_whether_declared_or_not() -> None:
    graph = graph_of(Parts(initial="a/b/c", stages=stages("a/b/c", "a/b", "d")))

    assert graph.groups == (Group(name="a"), Group(name="a/b", group="a"))
    assert [node.name for node in graph.nodes] == ["a/b/c", "d"]


def test_what_lies_in_a_group_stands_in_the_order_of_the_definition() -> None:
    graph = graph_of(Parts(initial="z", stages=stages("z", "g/y", "a", "g/b")))

    assert [part.name for part in graph.parts_of(None)] == ["z", "g", "a"]
    assert [part.name for part in graph.parts_of("g")] == ["g/y", "g/b"]


def test_a_transition_is_an_edge_from_each_of_its_sources() -> None:
    edges = [edge for edge in graph_of(NESTED).edges if edge.label == "left"]

    assert edges == [
        Edge(source="start", target="left", label="left"),
        Edge(source="use", target="left", label="left"),
    ]


def test_an_edge_that_leads_out_of_an_end_says_that_it_is_a_win_back() -> None:
    back = Transition(event="back", sources="left", target="lead", guard="asked", win_back=True)
    flow = Lifecycle(
        name="flow",
        initial="lead",
        stages=(Stage(name="lead"), Stage(name="left", final=True)),
        events=("gone", "back"),
        transitions=(Transition(event="gone", sources="lead", target="left"), back),
    )

    assert graph_of(flow).edges[1].label == "back [asked] (win-back)"
    for picture in (to_mermaid(flow), to_graphviz(flow), to_svg(flow)):
        assert "(win-back)" in picture


def test_the_words_of_a_deadline_with_a_limit_of_its_own_say_the_rule() -> None:
    flow = Lifecycle(
        name="flow",
        initial="lead",
        stages=(Stage(name="lead"), Stage(name="won", final=True)),
        events=("begun", "paid"),
        transitions=(
            Transition(event="begun", sources="lead"),
            Transition(event="paid", sources="lead", target="won"),
        ),
        deadlines=(Deadline(name="pay", since="begun", by="won", due="agreed_on"),),
    )

    assert "  pay: won by agreed_on, counted from begun" in to_words(flow).splitlines()


def test_an_edge_is_labelled_by_what_makes_it_and_by_its_guard() -> None:
    labels = [edge.label for edge in graph_of(NESTED).edges]

    assert labels[0] == "signed [amount > 0]"
    assert labels[-1] == "after 30 days"


def test_a_final_stage_makes_final_all_inside_it() -> None:
    graph = graph_of(Parts(initial="in", stages=stages("in", "out", "out/a", final="out")))

    assert [(node.name, node.final) for node in graph.nodes] == [("in", False), ("out/a", True)]


def test_distances_count_moves_and_a_move_of_a_group_serves_those_inside() -> None:
    graph = graph_of(attrs.evolve(NESTED, transitions=NESTED.transitions[:5]))

    assert {node.name: node.distance for node in graph.nodes} == {
        "lead": 0,
        "start/plan": 1,
        "start/train": 2,
        "left": 2,
        "use": 3,
    }


def test_a_stage_that_no_move_reaches_has_no_distance() -> None:
    graph = graph_of(
        Parts(stages=stages("lead", "far"), transitions=(move("noted", "lead", None),))
    )

    assert graph.nodes[1] == Node(name="far", distance=None)


def test_stages_and_groups_have_their_tracks() -> None:
    graph = graph_of(TIMED)

    assert graph.groups[0].tracks == ("track papers, done by filed",)
    assert {node.name: node.tracks for node in graph.nodes if node.tracks} == {
        "start/plan": ("track data, done by loaded or skipped", "track roles, done by roles_set")
    }


def test_a_deadline_stands_beside_the_stage_in_which_its_clock_starts() -> None:
    assert graph_of(TIMED).notes == (
        Note(stage="start", label="deadline live: use within 3 months of start"),
        Note(stage="start/plan", label="deadline planned: planned within 9 days of signed"),
        Note(
            stage="start/plan",
            label="deadline shown: shown or told by agreed_on, counted from start/plan",
        ),
    )


@pytest.mark.parametrize(
    ("since", "stage"),
    [
        ("noted", "use"),  # an event by which the account stays
        (("called", "trained"), "use"),  # the first of them makes no move
        ("called", "lead"),  # none does: beside the initial stage
        (("called", "start"), "start"),
    ],
)
def test_a_deadline_that_no_entry_starts_stands_beside_what_is_nearest(
    since: str | tuple[str, ...], stage: str
) -> None:
    call = Deadline(name="call", since=since, by="left", within="9 days")

    assert graph_of(attrs.evolve(NESTED, deadlines=(call,))).notes[0].stage == stage


def test_a_lifecycle_is_a_definition() -> None:
    parts = {name: getattr(NESTED, name) for name in ("name", "initial", "stages", "transitions")}
    lifecycle = Lifecycle(**parts, events=NESTED.events)

    assert graph_of(lifecycle) == graph_of(NESTED)


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


# SVG

SVG = "{http://www.w3.org/2000/svg}"


def drawn(definition: Parts) -> ET.Element:
    return ET.fromstring(to_svg(definition))  # noqa: S314


def titled(root: ET.Element) -> list[str]:
    """The titles of boxes and moves, in the order of the drawing."""
    return [group.findtext(f"{SVG}title") or "" for group in root.iter(f"{SVG}g")]


def boxes(root: ET.Element) -> dict[str, tuple[int, int, int, int]]:
    """Left, top, right and bottom of each box, by the name of its stage."""
    found = {}
    for group in root.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        if rect is not None:
            x, y, width, height = (int(rect.attrib[k]) for k in ("x", "y", "width", "height"))
            found[group.findtext(f"{SVG}title") or ""] = (x, y, x + width, y + height)
    return found


def test_an_svg_says_that_it_is_an_image_and_what_it_shows() -> None:
    root = drawn(NESTED)
    title, desc = root[0], root[1]

    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {desc.attrib['id']}"
    assert title.text == "Lifecycle flow"
    assert desc.text == (
        "It begins in lead. Ends: left. lead to start/plan: signed [amount > 0]. "
        "start/plan to start/train: planned. start/train to use: trained. use: noted, stays. "
        "start to left: left. use to left: left. lead to left: after 30 days."
    )


def test_an_svg_tells_the_tracks_and_the_deadlines_after_the_moves() -> None:
    told = drawn(TIMED)[1].text or ""

    assert told.endswith(
        "lead to left: after 30 days. start/plan: track data, done by loaded or skipped. "
        "start/plan: track roles, done by roles_set. start: track papers, done by filed. "
        "deadline live: use within 3 months of start. "
        "deadline planned: planned within 9 days of signed. "
        "deadline shown: shown or told by agreed_on, counted from start/plan."
    )


def test_tracks_stand_in_the_box_of_their_stage_and_above_those_inside_it() -> None:
    root = drawn(TIMED)
    found = boxes(root)
    bases = {text.text: int(text.attrib["y"]) for text in root.iter(f"{SVG}text")}

    top, bottom = found["start/plan"][1::2]
    assert top < bases["track data, done by loaded or skipped"]
    assert bases["track roles, done by roles_set"] < bottom
    assert found["start"][1] < bases["track papers, done by filed"] < found["start/plan"][1]


def test_deadlines_stand_below_all_boxes() -> None:
    root = drawn(TIMED)
    foot = max(bottom for *_, bottom in boxes(root).values())

    below = [text.text for text in root.iter(f"{SVG}text") if int(text.attrib["y"]) > foot]
    assert below == [note.label for note in graph_of(TIMED).notes]


def test_long_tracks_and_deadlines_are_cut_in_an_svg_and_whole_in_its_titles() -> None:
    track = Track(name="data", done_by="d" * 99)
    limit = Deadline(name="live", since="s" * 99, by="lead", within="9 days")
    parts = Parts(stages=(Stage(name="lead", tracks=(track,)),), deadlines=(limit,))

    texts = [text.text or "" for text in drawn(parts).iter(f"{SVG}text")]
    assert [len(text) for text in texts] == [4, 48, 90]
    assert titled(drawn(parts))[1:] == [
        "track data, done by " + "d" * 99,
        "deadline live: lead within 9 days of " + "s" * 99,
    ]


def test_an_svg_of_a_lifecycle_without_an_end_speaks_of_none() -> None:
    assert drawn(Parts(stages=stages("lead")))[1].text == "It begins in lead."


def test_an_svg_draws_each_stage_and_each_move_once_by_its_whole_name() -> None:
    assert titled(drawn(NESTED)) == [
        *("lead", "start", "start/plan", "start/train", "use", "left"),
        *("signed [amount > 0]", "after 30 days", "left", "planned", "trained"),
        *("noted, stays", "left"),
    ]


def test_stages_stand_by_their_distance_from_the_start_and_ends_last() -> None:
    moves = (move("a", "lead", "left"), move("b", "lead", "near"), move("c", "near", "far"))
    parts = Parts(
        stages=stages("far", "left", "near", "lost", "lead", final="left"), transitions=moves
    )

    assert list(boxes(drawn(parts))) == ["lead", "near", "far", "lost", "left"]


def test_an_end_is_marked_by_a_second_border_and_a_word() -> None:
    groups = [
        group for group in drawn(NESTED).iter(f"{SVG}g") if group.find(f"{SVG}rect") is not None
    ]

    doubled = [g.findtext(f"{SVG}text") for g in groups if len(g.findall(f"{SVG}rect")) == 2]
    assert doubled == ["left (end)"]


def test_the_initial_stage_is_marked_by_a_full_circle() -> None:
    circles = list(drawn(NESTED).iter(f"{SVG}circle"))

    assert len(circles) == 1
    top, bottom = boxes(drawn(NESTED))["lead"][1::2]
    assert top < int(circles[0].attrib["cy"]) < bottom


def test_an_svg_has_no_colour_of_its_own_so_that_it_serves_light_and_dark_pages() -> None:
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', to_svg(NESTED)))

    assert colours == {"currentColor", "none"}


def test_long_names_are_cut_in_an_svg_and_whole_in_its_titles() -> None:
    name, event = "n" * 90, "e" * 90
    root = drawn(Parts(initial=name, stages=stages(name), transitions=(move(event, name, name),)))

    shown = [text.text for text in root.iter(f"{SVG}text")]
    assert shown == ["n" * 29 + "...", "e" * 57 + "..."]
    assert titled(root) == [name, event]


def test_pictures_of_two_lifecycles_on_one_page_share_no_ids() -> None:
    other = attrs.evolve(NESTED, name="other")

    assert drawn(NESTED)[0].attrib["id"] != drawn(other)[0].attrib["id"]


@given(definitions())
def test_an_svg_is_well_formed_and_shows_everything_whatever_the_names(parts: Parts) -> None:
    graph = graph_of(parts)

    root = drawn(parts)

    tracks = [track for part in (*graph.nodes, *graph.groups) for track in part.tracks]
    every = (*graph.nodes, *graph.groups, *graph.edges, *tracks, *graph.notes)
    assert len(titled(root)) == len(every)


@given(definitions())
def test_boxes_lie_within_those_of_their_groups_and_apart_from_all_others(parts: Parts) -> None:
    plain = renamed(parts)
    found = boxes(drawn(plain))

    for one, other in combinations(found, 2):
        (left, top, right, bottom), (left2, top2, right2, bottom2) = found[one], found[other]
        if other.startswith(f"{one}/"):
            assert left < left2 < right2 < right
            assert top < top2 < bottom2 < bottom
        elif not one.startswith(f"{other}/"):
            assert bottom < top2 or bottom2 < top


def renamed(parts: Parts) -> Parts:
    """The same definition under plain names: the number of each step of a path."""

    def plain(name: str) -> str:
        return "/".join(step[0] for step in name.split("/"))

    return attrs.evolve(
        parts,
        initial=plain(parts.initial),
        stages=tuple(attrs.evolve(stage, name=plain(stage.name)) for stage in parts.stages),
        transitions=tuple(
            attrs.evolve(
                each,
                sources=tuple(map(plain, each.sources)),
                target=None if each.target is None else plain(each.target),
            )
            for each in parts.transitions
        ),
    )


@given(definitions())
def test_no_two_texts_stand_on_one_another(parts: Parts) -> None:
    places = sorted(
        (int(text.attrib["x"]), int(text.attrib["y"])) for text in drawn(parts).iter(f"{SVG}text")
    )

    for (left, base), (left2, base2) in pairwise(places):
        assert left != left2 or base2 - base >= 18


@given(definitions())
def test_lines_to_different_stages_never_share_a_stretch_of_a_lane(parts: Parts) -> None:
    runs: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for path in drawn(parts).iter(f"{SVG}path"):
        numbers = [int(n) for n in re.findall(r"-?\d+", path.attrib["d"])]
        if "Q" in path.attrib["d"]:
            lane, start, target = numbers[3], numbers[1], numbers[-2]
            runs.setdefault((lane, target), []).append((min(start, target), max(start, target)))

    spans = {key: (min(a for a, _ in each), max(b for _, b in each)) for key, each in runs.items()}
    for (key, (top, bottom)), (other, (top2, bottom2)) in combinations(spans.items(), 2):
        assert key[0] != other[0] or bottom < top2 or bottom2 < top


@given(definitions())
def test_everything_lies_within_the_picture(parts: Parts) -> None:
    root = drawn(parts)
    width, height = int(root.attrib["width"]), int(root.attrib["height"])

    for left, top, right, bottom in boxes(root).values():
        assert 0 < left < right < width
        assert 0 < top < bottom < height
    for text in root.iter(f"{SVG}text"):
        assert int(text.attrib["x"]) + 7.23 * cells_of(text.text or "") <= width


# Words


PAID_IN_WORDS = (
    "  paid: fee within 9 days of signed; waived by left; if not, late happens; "
    "the clock stands still on hold"
)


def test_words_tell_all_that_a_definition_says() -> None:
    definition = Parts(
        name="delivery",
        stages=(
            Stage(name="lead", owner="consultant", norm="The challenge is named."),
            Stage(name="start", owner="csm"),
            Stage(
                name="start/data",
                tracks=(
                    Track(
                        name="data", done_by=("loaded", "skipped"), owner="engineer", norm="Valid."
                    ),
                    Track(name="roles", done_by="roles_set"),
                ),
            ),
            Stage(name="left", final=True),
        ),
        events=("signed", "left"),
        transitions=(
            move("signed", "lead", "left", priority=1),
            move("signed", "lead", "start/data", guard="amount > 0", effects=("greet", "bill")),
            Transition(after="30 days", sources="lead", target="left", pauses=True),
            move("left", "start", "left"),
            move("noted", "start/data", None),
            move("back", "left", "lead", win_back=True),
        ),
        deadlines=(
            Deadline(name="live", since="signed", by=("used", "shown"), within="3 months"),
            Deadline(
                name="paid",
                since="signed",
                by="fee",
                within="9 days",
                waived_by="left",
                breach="late",
                pauses=True,
            ),
        ),
        milestones=(Milestone(name="value", by="used"),),
        pause=Pause(starts="held", ends="resumed"),
    )

    assert to_words(definition) == "\n".join(
        [
            "Lifecycle delivery begins in lead.",
            "",
            "lead: the beginning, owned by consultant",
            "  The challenge is named.",
            "  signed (if amount is above 0): to start/data; asks for greet, bill",
            "  after 30 days: to left; the clock stands still on hold",
            "  signed: to left",
            "",
            "start: around start/data, owned by csm",
            "  left: to left",
            "",
            "start/data",
            "  side by side, data, done by loaded or skipped, owned by engineer: Valid.",
            "  side by side, roles, done by roles_set",
            "  noted: stays",
            "  and what leads out of start",
            "",
            "left: an end",
            "  back: to lead, a win-back",
            "",
            "Deadlines",
            "  live: used or shown within 3 months of signed",
            PAID_IN_WORDS,
            "",
            "Milestones",
            "  value: the first used",
            "",
            "Holds",
            "  from held to resumed",
            "",
            WHEN_EXACTLY,
            "",
            "Events of one moment are taken in this order: signed, left.",
        ]
    )


WHEN_EXACTLY = (
    "A move after a span comes at the beginning of the day on which it ends. "
    "A deadline includes the day on which it is due."
)


def test_words_tell_what_events_carry_and_what_must_be_there() -> None:
    reason = FactSpec(name="reason", kind="text", values=("price", "shut"), required=True)
    carried = Schema((reason, FactSpec(name="seats", kind="number")))

    lines = to_words(Parts(stages=stages("lead"), payloads={"left": carried})).splitlines()

    assert lines[lines.index("Payloads") + 1] == (
        "  left carries reason (price or shut, required), seats (number)"
    )


def test_words_say_when_exactly_time_does_what() -> None:
    lapse = Transition(after="14 days", sources="lead", target="lead")
    call = Deadline(name="call", since="a", by="b", within="14 days")

    told = to_words(Parts(stages=stages("lead"), transitions=(lapse,), deadlines=(call,)))

    assert f"\n\n{WHEN_EXACTLY}\n\n" in told


def test_words_leave_out_what_there_is_not() -> None:
    assert to_words(Parts(stages=stages("lead"), events=("a",))) == (
        "Lifecycle flow begins in lead.\n\n"
        "lead: the beginning\n\n"
        "Events of one moment are taken in this order: a."
    )


def test_words_name_a_group_that_no_stage_declares() -> None:
    text = to_words(Parts(initial="g/a", stages=stages("g/a", "g/b")))

    assert "\ng: around g/a, g/b\n" in text


@given(definitions())
def test_words_tell_every_move_on_a_line_of_its_own(parts: Parts) -> None:
    lines = to_words(parts).splitlines()

    for each in parts.transitions:
        end = "stays" if each.target is None else f"to {caption(each.target)}"
        start = f"  {caption(each.label)}"
        assert any(line.startswith(start) and line.endswith(f": {end}") for line in lines)


# All of them


@pytest.mark.parametrize("draw", [graph_of, to_mermaid, to_graphviz, to_svg, to_words])
def test_the_same_definition_gives_the_same_picture(draw: object) -> None:
    assert callable(draw)

    assert draw(NESTED) == draw(attrs.evolve(NESTED))
    assert isinstance(draw(NESTED), str | Graph)
