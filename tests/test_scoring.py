"""Scoring: groups, ways to combine, what is left out, and parts that add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.bands import Band
from cslib.measures import Combine, Group, Measure, leaves
from cslib.scoring import Made, Worth, made_of, nominal, paths, whole_weights


def measure(name: str, weight: Decimal | int | str = 1) -> Measure:
    return Measure(name=name, value="x", weight=weight, bands=(Band(points=100),))  # type: ignore[arg-type]


def side_by_side(*weights: Decimal | int | str) -> tuple[Measure, ...]:
    return tuple(measure(f"m{place}", weight) for place, weight in enumerate(weights))


def worths(*points: float | str | None) -> Iterator[Worth]:
    return iter([None if each is None else Fraction(each) for each in points])


def combined(
    combine: Combine, weights: Sequence[int | str], *points: float | str | None
) -> Fraction | None:
    return made_of(side_by_side(*weights), (), combine, worths(*points)).points


# --- By hand


def test_gainsights_weights_and_scores_give_2287_57ths() -> None:
    # Gainsight NXT, "Calculation of Measure Group Scores and Overall Score", printed as 40.122.
    made = made_of(side_by_side(20, 15, 22), (), Combine.MEAN, worths(47, 59, 21))

    assert made.points == Fraction(2287, 57)
    assert made.parts == (Fraction(20, 57), Fraction(15, 57), Fraction(22, 57))


@pytest.mark.parametrize(
    ("combine", "points"),
    [
        (Combine.MEAN, Fraction(2 * 80 + 50, 3)),
        (Combine.WORST, 50),
        (Combine.BEST, 80),
        (Combine.SUM, 2 * 80 + 50),
    ],
)
def test_each_way_to_combine_makes_its_own_points(combine: Combine, points: Fraction | int) -> None:
    assert combined(combine, (2, 1), 80, 50) == points


def test_a_sum_takes_its_weights_as_they_stand_and_not_in_their_proportions() -> None:
    assert combined(Combine.SUM, (2, 2), 10, 10) == 40
    assert combined(Combine.SUM, (3, 0), 10, 10) == 30


def test_a_sum_of_conditions_worth_a_point_each_is_how_many_hold() -> None:
    assert combined(Combine.SUM, (1, 1, 1, 1), 1, 0, 1, 1) == 3


def test_what_is_missing_goes_to_the_others_of_its_group_first() -> None:
    # By hand, GitLab's product group without its last measure: 57.85 / 0.85, at half of the whole.
    product = Group(name="product", measures=side_by_side(30, 10, 15, 15, 15, 15))
    risk = Group(name="risk", measures=(measure("sentiment"),))

    made = made_of((), (product, risk), Combine.MEAN, worths(88, 88, 63, 63, 25, None, 88))

    assert made.points == (Fraction("57.85") / Fraction("0.85") + 88) / 2
    assert sum(made.parts[:6]) == made.parts[6] == Fraction(1, 2)


def test_a_group_of_which_nothing_counts_is_left_out_of_what_stands_around_it() -> None:
    empty = Group(name="empty", weight=50, measures=side_by_side(1, 1))
    other = Group(name="other", weight=1, measures=(measure("o"),))

    made = made_of((), (empty, other), Combine.MEAN, worths(None, None, 70))

    assert made == Made(Fraction(70), (Fraction(0), Fraction(0), Fraction(1)))


@pytest.mark.parametrize("combine", Combine)
def test_nothing_makes_nothing(combine: Combine) -> None:
    assert made_of(side_by_side(1, 2), (), combine, worths(None, None)) == Made(
        None, (Fraction(0), Fraction(0))
    )


@pytest.mark.parametrize("combine", Combine)
def test_what_has_a_weight_of_0_does_nothing_and_is_nothing_by_itself(combine: Combine) -> None:
    weights = (0, 1)

    assert combined(combine, weights, 0, 50) == combined(combine, weights, 100, 50) == 50
    assert combined(combine, weights, 100, None) is None


@pytest.mark.parametrize("combine", [Combine.WORST, Combine.BEST])
def test_of_several_that_are_worst_or_best_the_first_makes_the_points(combine: Combine) -> None:
    made = made_of(side_by_side(1, 9, 9), (), combine, worths(None, 40, 40))

    assert made == Made(Fraction(40), (Fraction(0), Fraction(1), Fraction(0)))


def test_weights_in_a_group_of_the_worst_do_not_move_its_points() -> None:
    assert combined(Combine.WORST, (1, 1000), 20, 90) == 20


def test_a_group_in_a_group_makes_its_part_of_the_part() -> None:
    inner = Group(name="inner", weight=1, combine=Combine.WORST, measures=side_by_side(1, 1))
    outer = Group(name="outer", weight=3, measures=(measure("o"),), groups=(inner,))

    made = made_of((measure("a"),), (outer,), Combine.MEAN, worths(0, 100, 30, 60))

    assert made.points == Fraction(3, 4) * (Fraction(100, 2) + Fraction(30, 2))
    assert made.parts == (Fraction(1, 4), Fraction(3, 8), Fraction(3, 8), Fraction(0))


@pytest.mark.parametrize(
    ("weights", "whole"),
    [
        (["12.5", "50", "0"], (1, 4, 0)),
        (["0.3", "0.1"], (3, 1)),
        (["7"], (1,)),
        (["0.000001", "1000000"], (1, 10**12)),
        ([], ()),
    ],
)
def test_weights_in_their_proportions_are_the_smallest_whole_numbers(
    weights: list[str], whole: tuple[int, ...]
) -> None:
    assert whole_weights([Decimal(each) for each in weights]) == whole


def test_the_weight_in_the_whole_is_that_in_the_group_times_the_groups() -> None:
    product = Group(name="product", weight=50, measures=side_by_side(30, 70))
    risk = Group(name="risk", weight=25, measures=(measure("r", 100), measure("s", 0)))

    assert nominal((measure("a", 25),), (product, risk)) == (5, 3, 7, 5, 0)


def test_a_path_names_the_groups_from_the_outside_in() -> None:
    inner = Group(name="inner", measures=side_by_side(1, 1))
    outer = Group(name="outer", measures=(measure("o"),), groups=(inner,))

    found = list(paths((measure("a"),), (outer,)))

    assert found == [(), ("outer",), ("outer", "inner"), ("outer", "inner")]


# --- Laws

SOME = st.sampled_from(["1", "2", "0.5", "12.5"]).map(Decimal)
ANY = SOME | st.just(Decimal(0))
POINTS = st.none() | st.integers(0, 100).map(Fraction) | st.fractions(0, 100, max_denominator=1000)

Weights = st.SearchStrategy[Decimal]


@st.composite
def groups(draw: st.DrawFn, weights: Weights, depth: int = 2, name: str = "g") -> Group:
    """A group in which something has a weight above 0; whole ones in a sum."""
    combine = draw(st.sampled_from(Combine))
    inside = weights.filter(lambda weight: weight % 1 == 0) if combine is Combine.SUM else weights
    names = [f"{name}{place}" for place in range(draw(st.integers(0, 3)))]
    letters = "ab"[: draw(st.integers(0, 2 if depth else 0))]
    return Group(
        name=name,
        combine=combine,
        measures=(measure(f"{name}-first"), *(measure(each, draw(inside)) for each in names)),
        groups=tuple(
            attrs.evolve(draw(groups(weights, depth - 1, name + letter)), weight=draw(inside))
            for letter in letters
        ),
    )


Tree = tuple[Group, list[Worth]]


@st.composite
def trees(draw: st.DrawFn, weights: Weights = ANY) -> Tree:
    """A group, and the points of each measure in it."""
    tree = draw(groups(weights))
    count = len(list(leaves(tree.measures, tree.groups)))
    return tree, draw(st.lists(POINTS, min_size=count, max_size=count))


def made(tree: Group, points: Sequence[Worth]) -> Made:
    return made_of(tree.measures, tree.groups, tree.combine, iter(points))


@given(trees())
def test_the_parts_times_the_points_add_up_to_the_whole(tree: Tree) -> None:
    group, points = tree

    found = made(group, points)

    added = sum(part * (each or 0) for part, each in zip(found.parts, points, strict=True))
    assert added == (found.points or 0)
    counting = [part for part, each in zip(found.parts, points, strict=True) if each is None]
    assert not any(counting)


@given(trees(), st.data())
def test_more_points_of_one_measure_never_make_fewer_of_the_whole(
    tree: Tree, data: st.DataObject
) -> None:
    group, points = tree
    place = data.draw(st.integers(0, len(points) - 1))
    low, high = sorted(data.draw(st.tuples(st.integers(0, 100), st.integers(0, 100))))

    less, more = (
        made(group, [*points[:place], Fraction(each), *points[place + 1 :]]).points
        for each in (low, high)
    )

    assert (less is None) == (more is None)
    assert less is None or more is None or less <= more


@given(trees(SOME))
def test_a_measure_that_does_not_count_is_as_if_it_were_not_there(tree: Tree) -> None:
    group, points = tree

    known = without_missing(group, iter(points))

    left = [each for each in points if each is not None]
    assert made(group, points).points == (None if known is None else made(known, left).points)


def without_missing(group: Group, points: Iterator[Worth]) -> Group | None:
    """The group of what counts in it; None where nothing does."""
    measures = tuple(each for each in group.measures if next(points) is not None)
    inside = tuple(filter(None, [without_missing(each, points) for each in group.groups]))
    return attrs.evolve(group, measures=measures, groups=inside) if measures or inside else None


@given(st.lists(st.tuples(ANY, POINTS), min_size=1), st.sampled_from(["0.5", "2", "3"]))
def test_only_the_proportions_of_weights_matter_to_a_mean(
    weighed: list[tuple[Decimal, Worth]], scale: str
) -> None:
    points = [each for _, each in weighed]

    one, other = (
        made_of(side_by_side(*(w * times for w, _ in weighed)), (), Combine.MEAN, iter(points))
        for times in (Decimal(1), Decimal(scale))
    )

    assert one == other
