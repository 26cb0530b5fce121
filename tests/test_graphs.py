"""A lifecycle as a graph, and its names as lines."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.graphs import Edge, Group, Node, Note, caption, cells_of, graph_of
from cslib.lifecycle import Lifecycle
from cslib.stages import Deadline, Stage, Transition
from picture_strategies import NESTED, TIMED, Parts, move, stages, texts

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


def test_an_edge_that_stays_says_so() -> None:
    assert [edge.text for edge in graph_of(NESTED).edges][3:5] == ["noted, stays", "left"]


def test_stages_and_groups_go_by_ids_in_the_order_of_the_definition() -> None:
    assert graph_of(NESTED).ids == {
        "lead": "s0",
        "start/plan": "s1",
        "start/train": "s2",
        "use": "s3",
        "left": "s4",
        "start": "s5",
    }


def test_the_same_definition_gives_the_same_graph() -> None:
    assert graph_of(TIMED) == graph_of(attrs.evolve(TIMED))
