"""The health of a parent from that of its children."""

from __future__ import annotations

import math
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.health import Band, Measure, Scorecard, Tier
from cslib.rollups import By, Member, Rollup, RollupError, roll_up, roll_up_columns

TIERS = ("green", "yellow", "red")


def leaf(name: str, score: Any = None, value: Any = None, tier: Any = None) -> Member:
    return Member(name=name, parent=name[0], score=score, value=value, tier=tier)


def rolled(*members: Member, **options: Any) -> Rollup:
    """The roll-up of "a", to which members of names like "a1" belong."""
    return roll_up([Member(name="a"), *members], **options)["a"]


# One level


@pytest.mark.parametrize(
    ("by", "score", "contributions"),
    [
        ("worst", 30, [0, 30]),
        ("mean", 60, [45, 15]),
        ("value", Fraction(75), [67.5, 7.5]),
    ],
)
def test_two_products_are_rolled_up_in_three_ways(
    by: str, score: Any, contributions: list[Any]
) -> None:
    found = rolled(leaf("a1", 90, 300), leaf("a2", 30, 100), by=by)

    assert found.score == score
    assert [part.contribution for part in found.parts] == contributions
    assert (found.coverage, found.left_out) == (1, ())


def test_an_unknown_child_is_left_out_and_told() -> None:
    found = rolled(leaf("a1", 90, 300), leaf("a2", None, 100), by="value")

    assert (found.score, found.coverage, found.left_out) == (90, Fraction(3, 4), ("a2",))
    assert found.parts[1].contribution is None


def test_exactly_the_floor_is_enough() -> None:
    children = (leaf("a1", 90), leaf("a2"))

    assert rolled(*children, floor=Fraction(1, 2)).score == 90
    assert rolled(*children, floor=Decimal("0.51")).score is None


def test_where_nothing_is_known_the_parent_is_unknown_and_not_0() -> None:
    found = rolled(leaf("a1"), leaf("a2", math.nan), leaf("a3", Decimal("NaN")))

    assert (found.score, found.coverage) == (None, 0)
    assert [part.contribution for part in found.parts] == [None] * 3
    assert found.explain() == (
        "a: unknown, 0 % of the weight known\n"
        "  a1: unknown, left out\n"
        "  a2: unknown, left out\n"
        "  a3: unknown, left out"
    )
    assert repr(found) == "<Rollup: a: unknown, 0 % of the weight known>"


def test_children_worth_nothing_tell_nothing_of_a_parent_by_value() -> None:
    assert rolled(leaf("a1", 90, 0), leaf("a2", None, 5), by="value").score is None
    assert rolled(leaf("a1", 90, 0), leaf("a2", 50, 5), by="value").score == 50
    assert rolled(leaf("a1", 90, 0), by="value").coverage == 0


def test_of_two_that_are_worst_the_first_by_name_gives_the_score() -> None:
    found = rolled(leaf("a2", 30), leaf("a1", 30), by=By.WORST)

    assert [(part.name, part.contribution) for part in found.parts] == [("a1", 30), ("a2", 0)]


def test_scores_and_values_are_exact() -> None:
    third = Fraction(250, 3)

    found = rolled(leaf("a1", third, Decimal("0.1")), leaf("a2", 0.5, Decimal("0.2")), by="value")

    assert found.score == (third + 1) / 3
    assert [part.weight for part in found.parts] == [Fraction(1, 10), Fraction(1, 5)]


# Tiers


def test_a_mean_hides_no_red_child() -> None:
    children = (leaf("a1", 99, tier="green"), leaf("a2", 20, tier="red"), leaf("a3", 70))

    found = rolled(*children, tiers=TIERS)

    assert found.worst_tier == "red"
    assert [part.tier for part in found.parts] == ["green", "red", None]


def test_the_worst_tier_is_told_however_little_is_known() -> None:
    found = rolled(leaf("a1", 20, tier="red"), leaf("a2"), tiers=TIERS, floor=1)

    assert (found.score, found.worst_tier) == (None, "red")


def test_an_unknown_tier_is_none() -> None:
    assert rolled(leaf("a1", 20, tier="unknown"), tiers=TIERS).worst_tier is None


# Several levels


def two_levels(**options: Any) -> dict[str, Rollup]:
    """A group of a country with two sites, of which one is unknown, and of one site more."""
    return roll_up(
        [
            Member(name="site 2", parent="country", value=90),
            Member(name="site 3", parent="group", score=40, value=100),
            Member(name="group"),
            Member(name="site 1", parent="country", score=80, value=10),
            Member(name="country", parent="group"),
        ],
        **options,
    )


def test_what_is_unknown_is_left_out_inside_its_own_parent_first() -> None:
    found = two_levels(by="value")

    assert list(found) == ["country", "group"]
    assert found["country"].score == 80
    assert found["group"].score == 60
    assert found["group"].coverage == Fraction(110, 200)
    assert [part.weight for part in found["group"].parts] == [100, 100]


def test_a_mean_counts_each_direct_child_once() -> None:
    found = two_levels()["group"]

    assert (found.score, found.coverage) == (60, Fraction(3, 4))


def test_a_parent_under_the_floor_is_left_out_of_its_own_parent() -> None:
    found = two_levels(by="value", floor=Fraction(1, 5))

    assert found["country"].score is None
    assert found["country"].coverage == Fraction(1, 10)
    assert (found["group"].score, found["group"].coverage) == (40, Fraction(1, 2))
    assert found["group"].left_out == ("country",)


def test_a_hierarchy_may_be_deep() -> None:
    depth = 3_000
    chain = [Member(name=i, parent=i + 1 if i < depth else None) for i in range(1, depth + 1)]

    found = roll_up([*chain, Member(name=0, parent=1, score=70)])

    assert found[depth].score == 70
    assert len(found) == depth


def test_members_without_children_are_no_parents_and_none_make_none() -> None:
    assert roll_up([Member(name="alone", score=5)]) == {}
    assert roll_up([]) == {}


# In words


def test_contributions_are_shown_so_that_they_add_up() -> None:
    children = [leaf(f"a{i}", 100 if i == 1 else 0, tier="yellow") for i in range(1, 4)]

    found = rolled(*children, leaf("a4", Fraction(100, 3)), leaf("a5", 10), tiers=TIERS)

    assert found.explain() == (
        "a: 28.67 by mean, 100 % of the weight known, worst tier yellow\n"
        "  a1: 100.00 (yellow), weight 1 gives 20.00\n"
        "  a2: 0.00 (yellow), weight 1 gives 0.00\n"
        "  a3: 0.00 (yellow), weight 1 gives 0.00\n"
        "  a4: 33.33, weight 1 gives 6.67\n"
        "  a5: 10.00, weight 1 gives 2.00"
    )


def test_a_score_of_0_is_made_of_nothing() -> None:
    assert rolled(leaf("a1", 0, Decimal("12.50")), by="value").explain() == (
        "a: 0.00 by value, 100 % of the weight known\n  a1: 0.00, weight 12.5 gives 0.00"
    )


def test_a_known_child_of_an_unknown_parent_is_shown_and_gives_nothing() -> None:
    assert rolled(leaf("a1", 20), leaf("a2"), floor=1).explain() == (
        "a: unknown, 50 % of the weight known\n  a1: 20.00, weight 1\n  a2: unknown, left out"
    )


# With a scorecard


def test_assessments_of_a_scorecard_are_rolled_up_as_they_are() -> None:
    card = Scorecard(
        name="use",
        measures=(
            Measure(
                name="seats",
                value="used / seats",
                bands=(Band(points=100, at_least=0.6), Band(points=20)),
            ),
        ),
        tiers=(Tier(name="green", at_least=60), Tier(name="red", at_least=0)),
    )
    sites = {"a1": {"used": 9, "seats": 10}, "a2": {"used": 1, "seats": 10}, "a3": {"seats": 10}}
    found = {name: card.assess(facts) for name, facts in sites.items()}

    group = rolled(
        *(leaf(name, each.score, tier=each.tier) for name, each in found.items()),
        tiers=[tier.name for tier in card.tiers],
    )

    assert (group.score, group.coverage, group.worst_tier) == (60, Fraction(2, 3), "red")


# Laws


@st.composite
def hierarchies(draw: st.DrawFn) -> list[Member]:
    size = draw(st.integers(1, 9))
    above = [None, *(draw(st.none() | st.integers(0, i - 1)) for i in range(1, size))]
    score = st.none() | st.integers(0, 100) | st.floats(0, 100) | st.fractions(0, 100)
    value = st.integers(0, 3) | st.decimals(0, 9, places=2)
    members = [
        Member(name=f"m{i}", parent=None if up is None else f"m{up}")
        if i in above
        else Member(
            name=f"m{i}",
            parent=None if up is None else f"m{up}",
            score=draw(score),
            value=draw(value),
            tier=draw(st.none() | st.sampled_from(TIERS)),
        )
        for i, up in enumerate(above)
    ]
    return draw(st.permutations(members))


WAYS = st.fixed_dictionaries(
    {"by": st.sampled_from(By), "floor": st.sampled_from([0, Fraction(1, 2), Decimal("0.8"), 1])}
)


@given(hierarchies(), WAYS)
def test_contributions_add_up_to_the_score_exactly(
    members: list[Member], way: dict[str, Any]
) -> None:
    for found in roll_up(members, tiers=TIERS, **way).values():
        given = [part.contribution for part in found.parts if part.contribution is not None]
        assert sum(given) == (found.score or 0)
        assert 0 <= found.coverage <= 1
        assert bool(given) is (found.score is not None)
        if found.score is not None:
            scores = [part.score for part in found.parts if part.score is not None]
            assert min(scores) <= found.score <= max(scores)
            assert found.coverage >= found.floor


@given(hierarchies(), WAYS)
def test_every_parent_is_what_the_definition_says(
    members: list[Member], way: dict[str, Any]
) -> None:
    found = roll_up(members, tiers=TIERS, **way)

    for name, rollup in found.items():
        score, _, coverage, tier = plainly(members, name, way)
        assert (rollup.score, rollup.coverage, rollup.worst_tier) == (score, coverage, tier)


def plainly(members: list[Member], name: str, way: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    """Score, weight, coverage and worst tier of a member, by the definition alone."""
    children = [each.name for each in members if each.parent == name]
    if not children:
        (own,) = (each for each in members if each.name == name)
        score = None if own.score is None else Fraction(own.score)
        weight = Fraction(own.value or 0) if way["by"] is By.VALUE else 1
        return score, weight, Fraction(score is not None), own.tier
    parts = [plainly(members, child, way) for child in children]
    whole = sum(weight for _, weight, _, _ in parts)
    known = [part for part in parts if part[0] is not None]
    weight = whole if way["by"] is By.VALUE else 1
    covered = sum(weight * coverage for _, weight, coverage, _ in known)
    coverage = Fraction(covered) / whole if whole else Fraction(0)
    tier = max((t for _, _, _, t in parts if t), key=TIERS.index, default=None)
    if not coverage or coverage < Fraction(way["floor"]):
        return None, weight, coverage, tier
    if way["by"] is By.WORST:
        return min(score for score, _, _, _ in known), weight, coverage, tier
    total = sum(score * weight for score, weight, _, _ in known)
    return total / sum(weight for _, weight, _, _ in known), weight, coverage, tier


@given(hierarchies(), WAYS)
def test_columns_answer_as_records_do(members: list[Member], way: dict[str, Any]) -> None:
    def column(field: str) -> Any:
        found = np.empty(len(members), object)
        found[:] = [getattr(member, field) for member in members]
        return found

    columns = roll_up_columns(
        column("name"),
        column("parent"),
        column("score"),
        value=column("value"),
        tier=column("tier"),
        tiers=TIERS,
        **way,
    )

    records = roll_up(members, tiers=TIERS, **way)
    assert columns.name.tolist() == list(records)
    assert columns.score.tolist() == [
        None if each.score is None else float(each.score) for each in records.values()
    ]
    assert columns.coverage.tolist() == [float(each.coverage) for each in records.values()]
    assert columns.parts.tolist() == [len(each.parts) for each in records.values()]
    assert columns.known.tolist() == [
        len(each.parts) - len(each.left_out) for each in records.values()
    ]
    assert columns.worst_tier.tolist() == [each.worst_tier for each in records.values()]
    assert {name: columns.rollup(name) for name in records} == records


# Columns


def test_columns_take_nan_masks_and_numbers_as_names() -> None:
    found = roll_up_columns(
        np.array([1, 2, 3, 4]),
        np.ma.masked_array([0, 1, 1, 1], [True, False, False, False]),
        np.array([np.nan, 80.0, np.nan, 60.0]),
    )

    assert (found.score.tolist(), found.coverage.tolist()) == ([70.0], [2 / 3])
    assert repr(found) == "<RollupColumns: 1 parents, 1 of them with a score>"
    assert len(found) == 1
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301


def test_the_evidence_is_of_parents_alone() -> None:
    found = roll_up_columns(["acme", "a/1"], [None, "acme"], [None, 5])

    with pytest.raises(RollupError, match="name is the str 'a/1', which is no parent"):
        found.rollup("a/1")
    with pytest.raises(RollupError, match=r"'acne', which is no parent: did you mean 'acme'"):
        found.rollup("acne")


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(RollupError, match="name has 2, parent has 1, score has 2"):
        roll_up_columns(["a", "b"], [None], [1, 2])


# What is refused


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            [leaf("a1"), Member(name="b"), Member(name="a1", parent="b")],
            r"name\[3\] is 'a1', which has two parents, 'a' and 'b': expected one",
        ),
        ([leaf("a1"), leaf("a1")], r"name\[2\] is 'a1', which stands there before"),
        (
            [Member(name="a1", parent="aa")],
            r"parent\[1\] of 'a1' is the str 'aa', which is no member: did you mean 'a'",
        ),
        ([Member(name="b", parent="b")], r"parent\[1\] lies on a cycle: 'b' in 'b'"),
        (
            [
                Member(name="b", parent="c"),
                Member(name="c", parent="d"),
                Member(name="d", parent="b"),
                Member(name="e", parent="d"),
            ],
            r"parent\[1\] lies on a cycle: 'b' in 'c' in 'd' in 'b'",
        ),
        (
            [Member(name=f"b{i}", parent=f"b{(i + 1) % 20}") for i in range(20)],
            "'b0' in 'b1' in 'b2' in 'b3' in 'b4' in 'b5' in ... in 'b0'$",
        ),
        (
            [Member(name="b", score=5), Member(name="c", parent="b")],
            r"score\[1\] of 'b' is the int 5, but it has children: give what it uses itself",
        ),
        ([Member(name="b", value=5), Member(name="c", parent="b")], r"value\[1\] of 'b'"),
        ([Member(name="b", tier="red"), Member(name="c", parent="b")], r"tier\[1\] of 'b'"),
        ([leaf("a1", -1)], r"score\[1\] of 'a1' is the int -1: expected a finite number, 0 or"),
        ([leaf("a1", math.inf)], r"score\[1\] of 'a1' is the float inf"),
        ([leaf("a1", True)], r"score\[1\] of 'a1' is True"),
        ([leaf("a1", "5")], r"score\[1\] of 'a1' is the str '5'"),
        ([leaf("a1", 5)], r"value\[1\] of 'a1' is missing: expected what it is worth"),
        ([leaf("a1", 5, 0.5)], r"value\[1\] of 'a1' is the float 0.5: expected an exact number"),
        ([leaf("a1", 5, -1)], r"value\[1\] of 'a1' is the int -1: expected an exact number"),
        ([leaf("a1", 5, 1, "blue")], r"tier\[1\] of 'a1' is the str 'blue': the tiers are green"),
        ([Member(name="")], r"name\[1\] is the str '': expected a text that is not empty"),
        ([Member(name=5)], r"name\[1\] is the int 5, but name\[0\] the str 'a': expected one"),
        ([Member(name=True)], r"name\[1\] is True: expected a text"),
        (["a1"], r"members\[1\] is the str 'a1': expected a Member"),
    ],
)
def test_members_that_make_no_hierarchy_are_refused_by_name(
    members: list[Any], message: str
) -> None:
    with pytest.raises(RollupError, match=message):
        rolled(*members, by="value", tiers=TIERS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "median"}, "by is the str 'median': expected worst, mean, value"),
        ({"floor": 2}, "floor is the int 2: expected 0 to 1"),
        ({"floor": 0.5}, "floor cannot be taken: .*0.5"),
        ({"tiers": "red"}, "tiers is the str 'red': expected names, best first"),
        ({"tiers": ("red", "red")}, "tiers is a tuple of 2"),
        ({"tiers": ("red", "unknown")}, "none of them 'unknown'"),
        ({"tiers": ("green", 3)}, r"tiers\[1\] is the int 3: expected its name"),
    ],
)
def test_options_that_cannot_be_taken_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RollupError, match=message):
        rolled(leaf("a1"), **options)


def test_tiers_are_named_where_members_have_any() -> None:
    with pytest.raises(RollupError, match="the tiers are none; name them in tiers, best first"):
        rolled(leaf("a1", 5, tier="red"))


def test_members_are_a_series() -> None:
    with pytest.raises(RollupError, match=r"^members .*expected members"):
        roll_up(None)  # type: ignore[arg-type]
