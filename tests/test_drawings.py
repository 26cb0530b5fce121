"""A lifecycle as an SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise

import attrs
from hypothesis import given

from cslib.drawings import to_svg
from cslib.graphs import cells_of, graph_of
from cslib.stages import Deadline, Stage, Track
from picture_strategies import NESTED, TIMED, Parts, definitions, move, stages

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


def test_the_same_definition_gives_the_same_drawing() -> None:
    assert to_svg(TIMED) == to_svg(attrs.evolve(TIMED))
