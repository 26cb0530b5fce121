"""Comparisons: what made the difference of two scores, to the last fraction, and of two tiers."""

from __future__ import annotations

import datetime as dt
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.bands import Anchor, Band, Norm
from cslib.comparisons import Cause, Comparison, ComparisonError, Turn, compare
from cslib.health import (
    Assessment,
    Cap,
    Combine,
    Group,
    Hysteresis,
    Measure,
    Missing,
    Override,
    Scorecard,
    Tier,
)

TODAY = dt.date(2026, 6, 30)
BEFORE = dt.date(2026, 5, 31)
TIERS = (
    Tier(name="green", at_least=75),
    Tier(name="yellow", at_least=50),
    Tier(name="red", at_least=0),
)
LINE = (Anchor(at=0, points=0), Anchor(at=100, points=100))


def measure(name: str = "x", **changes: Any) -> Measure:
    """A measure of the fact of its name, whose value is its points."""
    return Measure(**{"name": name, "value": name, "anchors": LINE, **changes})


def scorecard(*measures: Measure, **changes: Any) -> Scorecard:
    return Scorecard(**{"name": "test", "measures": measures, "tiers": TIERS, **changes})


def between(card: Scorecard, one: dict[str, Any], other: dict[str, Any]) -> Comparison:
    return compare(card.assess(one, as_of=BEFORE), card.assess(other, as_of=TODAY))


def effects(found: Comparison) -> list[tuple[str, str, Fraction]]:
    return [(each.measure, each.cause.value, each.exact) for each in found.effects]


# --- The score


def test_a_value_that_changed_counts_by_its_weight() -> None:
    found = between(
        scorecard(measure("a", weight=3), measure("b")), {"a": 40, "b": 8}, {"a": 60, "b": 8}
    )

    assert effects(found) == [("a", "value", Fraction(15))]
    assert (found.difference, found.shown) == (Fraction(15), Decimal("15.00"))


def test_a_measure_that_went_lifts_the_score_as_far_as_it_lay_below() -> None:
    # By hand: equal weights at 100 and 20 give 60. Without the second 100, so +40: the half that it
    # loses lay 40 below the whole, 1/2 · 40; the half that the first gains lay 40 above.
    found = between(scorecard(measure("a"), measure("b")), {"a": 100, "b": 20}, {"a": 100})

    assert effects(found) == [("a", "weight", Fraction(20)), ("b", "knowledge", Fraction(20))]


def test_a_measure_that_went_and_was_as_good_as_the_whole_changed_nothing() -> None:
    assert effects(between(scorecard(measure("a"), measure("b")), {"a": 7, "b": 7}, {"a": 7})) == []


def test_a_measure_that_came_is_held_against_the_score_before() -> None:
    # By hand: 60 alone; then beside it 90 at double weight, (60 + 180) / 3 = 80: 2/3 · 30 = 20, and
    # the weight that the first loses is that of the score itself.
    found = between(scorecard(measure("a"), measure("b", weight=2)), {"a": 60}, {"a": 60, "b": 90})

    assert effects(found) == [("b", "knowledge", Fraction(20))]
    assert found.found_out == ("b",)


def test_weight_and_points_of_one_measure_are_told_apart() -> None:
    # By hand: a 80, b 40, c 60 make 60; then a 50, c 60 and b unknown make 55. Of the -5: a gains
    # 1/6 at 20 above the whole, 10/3, and loses 30 at its new half, -15; b loses 1/3 at 20 below,
    # 20/3; c gains 1/6 at the whole, 0.
    card = scorecard(measure("a"), measure("b"), measure("c"))

    found = between(card, {"a": 80, "b": 40, "c": 60}, {"a": 50, "c": 60})

    assert effects(found) == [
        ("a", "weight", Fraction(10, 3)),
        ("a", "value", Fraction(-15)),
        ("b", "knowledge", Fraction(20, 3)),
    ]
    assert found.by_cause == {
        Cause.WEIGHT: Fraction(10, 3),
        Cause.VALUE: Fraction(-15),
        Cause.KNOWLEDGE: Fraction(20, 3),
    }
    assert found.lost == ("b",)


def test_what_counts_as_worst_while_unknown_changes_by_knowledge() -> None:
    card = scorecard(measure("a", missing=Missing.WORST), measure("b"))

    assert effects(between(card, {"b": 40}, {"a": 60, "b": 40})) == [
        ("a", "knowledge", Fraction(30))
    ]


def test_a_value_grown_too_old_is_a_matter_of_knowledge() -> None:
    card = scorecard(measure("a", missing=20, age="a_age", max_age=30), measure("b"))

    found = between(card, {"a": 80, "a_age": 1, "b": 0}, {"a": 80, "a_age": 31, "b": 0})

    assert [str(each) for each in found.effects] == ["a: -30.00 by knowledge, 80 to stale"]


def test_another_norm_is_told_from_another_value() -> None:
    start = Norm(when="is_new", name="start", bands=(Band(points=90),))
    card = scorecard(measure("a", norms=(start,)))

    found = between(card, {"a": 40, "is_new": True}, {"a": 40, "is_new": False})

    assert [str(each) for each in found.effects] == ["a: -50.00 by norm, start to none"]


def test_a_measure_that_begins_to_apply_is_told_as_such_and_was_not_lost() -> None:
    # By hand: a alone 80; then (80 + 40) / 2 = 60, so that b does (40 - 80) / 2 = -20.
    card = scorecard(measure("a"), measure("b", when="plan == 'pro'"))
    free, pro = ({"a": 80, "b": 40, "plan": plan} for plan in ("free", "pro"))

    began, ended = between(card, free, pro), between(card, pro, free)

    assert effects(began) == [("b", "applicability", Fraction(-20))]
    assert [(cause, exact) for _, cause, exact in effects(ended)][-1] == ("applicability", 10)
    assert (began.found_out, ended.lost) == ((), ())
    assert "b: -20.00 by applicability, not applicable to 40" in began.explain()


def test_a_sum_holds_weights_against_0() -> None:
    card = scorecard(measure("a"), measure("b"), combine=Combine.SUM)

    assert effects(between(card, {"a": 40, "b": 30}, {"a": 40})) == [
        ("b", "knowledge", Fraction(-30))
    ]


def test_where_another_measure_decides_a_group_only_what_lies_beyond_the_first_counts() -> None:
    # By hand: the worst is a at 20, b at 30 does nothing; then b at 10 decides: it fell by 20, of
    # which the first 10 did nothing.
    worst = Group(name="g", measures=(measure("a"), measure("b")), combine=Combine.WORST)

    found = between(scorecard(groups=(worst,)), {"a": 20, "b": 30}, {"a": 20, "b": 10})

    assert effects(found) == [("b", "weight", Fraction(10)), ("b", "value", Fraction(-20))]
    assert str(found.effects[0]) == "b: +10.00 by weight, 0 % to 100 % of the score"


def test_without_a_score_no_number_is_made_up() -> None:
    card = scorecard(measure("a"), measure("b"), floor=1)

    found = between(card, {"a": 60}, {"a": 70, "b": 90})
    back = compare(found.after, attrs.evolve(found.before, as_of=TODAY))

    assert (found.difference, found.shown, found.effects) == (None, None, ())
    assert found.explain().splitlines() == [
        "unknown to green, by knowledge",
        "  no score to 80.00 points",
        "  b: known now",
    ]
    assert back.explain().splitlines()[1:] == [
        "  80.00 points to no score",
        "  b: not known any longer",
    ]


# --- A scorecard rewritten


def rewritten(
    one: Scorecard, other: Scorecard, *facts: dict[str, Any]
) -> list[tuple[str, str, Fraction]]:
    before = one.assess(facts[0], as_of=BEFORE)
    return effects(compare(before, other.assess(facts[-1], as_of=TODAY)))


def test_points_of_what_is_the_same_changed_by_definition() -> None:
    one = scorecard(measure("a"))
    other = scorecard(measure("a", anchors=(LINE[0], Anchor(at=50, points=100))))

    assert rewritten(one, other, {"a": 30}) == [("a", "definition", Fraction(30))]
    assert rewritten(one, other, {"a": 30}, {"a": 40}) == [("a", "unclear", Fraction(50))]


def test_weights_changed_by_definition_where_the_same_measures_count() -> None:
    one, other = (
        scorecard(measure("a"), measure("b")),
        scorecard(measure("a", weight=3), measure("b")),
    )
    facts = {"a": 80, "b": 40}

    assert rewritten(one, other, facts) == [
        ("a", "definition", Fraction(5)),
        ("b", "definition", Fraction(5)),
    ]
    assert rewritten(one, other, facts, {"a": 80})[0] == ("a", "unclear", Fraction(10))


def test_measures_that_are_new_or_no_more_are_a_matter_of_definition() -> None:
    one, other = scorecard(measure("a"), measure("b")), scorecard(measure("a"), measure("c"))
    facts = {"a": 80, "b": 40, "c": 90}

    found = compare(one.assess(facts), other.assess(facts))

    assert [str(each) for each in found.effects] == [
        "c: +15.00 by definition, new",
        "b: +10.00 by definition, no more",
    ]


def test_in_two_steps_a_rewritten_scorecard_is_told_from_another_value() -> None:
    one = scorecard(measure("a"))
    other = scorecard(measure("a", anchors=(LINE[0], Anchor(at=50, points=100))))

    before, amid, after = one.assess({"a": 30}), other.assess({"a": 30}), other.assess({"a": 40})

    assert effects(compare(before, amid)) == [("a", "definition", Fraction(30))]
    assert effects(compare(amid, after)) == [("a", "value", Fraction(20))]


# --- The tier

CARD = scorecard(
    measure(),
    measure(
        "r",
        weight=0,
        anchors=(),
        bands=(Band(points=0, equals="bad", label="bad"), Band(points=100)),
    ),
    caps=(Cap(measure="r", label="bad", tier="red"),),
)
SET = Override(tier="yellow", author="li", reason="dispute", made_on=BEFORE, until=TODAY)


def at(points: float | None, risk: str = "none", **changes: Any) -> Assessment:
    return CARD.assess({"x": points, "r": risk}, as_of=TODAY, **changes)


@pytest.mark.parametrize(
    ("before", "after", "turns"),
    [
        (at(60), at(70), []),
        (at(60), at(80), ["score"]),
        (at(None), at(80), ["knowledge"]),
        (at(80), at(80, "bad"), ["cap"]),
        (at(80, "bad"), at(60), ["cap", "score"]),
        (at(60, "bad"), at(30, "bad"), []),
        (at(80), at(80, override=SET), ["override"]),
        (at(80, "bad"), at(20, override=SET), ["override"]),
        (at(20, override=SET), at(80), ["override", "score"]),
        (at(80, override=SET), at(80, "bad"), ["override", "cap"]),
        (at(60, override=SET), at(30, "bad"), ["override", "score"]),
        (attrs.evolve(at(60), definition="other"), at(80), ["definition"]),
        (attrs.evolve(at(None), definition="other"), at(80), ["definition"]),
    ],
)
def test_a_tier_is_turned_by_what_changed_of_all_that_makes_it(
    before: Assessment, after: Assessment, turns: list[str]
) -> None:
    assert [turn.value for turn in compare(before, after).turned_by] == turns


def steady(margins: Hysteresis, first: float, then: float) -> Comparison:
    """Two assessments a month apart, after a green one."""
    card = scorecard(measure(), hysteresis=margins)
    start = card.assess({"x": 80}, as_of=dt.date(2026, 5, 1))
    before = card.assess({"x": first}, as_of=BEFORE, previous=start)
    return compare(before, card.assess({"x": then}, as_of=TODAY, previous=before), tiers=TIERS)


def test_hysteresis_that_keeps_a_tier_is_told() -> None:
    found = steady(Hysteresis(fall=5), 80, 72)

    assert (found.turned_by, found.is_held) == ((), True)
    assert found.explain().splitlines()[0] == (
        "green as before, kept by hysteresis: the score alone gives another"
    )


def test_a_margin_that_is_left_turns_the_tier_by_hysteresis_alone() -> None:
    found = steady(Hysteresis(fall=5), 72, 69)

    assert (found.turned_by, found.is_held) == ((Turn.HYSTERESIS,), False)


def test_a_tier_that_the_score_leaves_is_turned_by_the_score() -> None:
    assert steady(Hysteresis(fall=5), 80, 60).turned_by == (Turn.SCORE,)


def test_a_tier_short_of_what_the_score_gives_is_turned_by_both() -> None:
    card = scorecard(measure(), hysteresis=Hysteresis(rise=5))
    before = card.assess({"x": 20}, as_of=BEFORE)
    after = card.assess({"x": 77}, as_of=TODAY, previous=before)

    found = compare(before, after, tiers=TIERS)

    assert (after.tier, found.turned_by) == ("yellow", (Turn.HYSTERESIS, Turn.SCORE))
    assert compare(before, after).turned_by == (Turn.SCORE,)
    assert compare(before, after).is_held is None


# --- Words


def test_a_comparison_reads_as_text() -> None:
    band = (Band(points=40, below=0.6, label="partly used"), Band(points=100, label="used"))
    card = scorecard(measure("seats", anchors=(), bands=band, weight=2), measure("nps"))

    found = between(card, {"seats": 0.48, "nps": 50}, {"seats": 0.75, "nps": 30.0})

    assert found.explain().splitlines() == [
        "red to green, by score",
        "  43.33 points to 76.67 points: +33.34",
        "  seats: +40.00 by value, 0.48 (partly used) to 0.75 (used)",
        "  nps: -6.66 by value, 50 to 30",
    ]
    assert repr(found) == (
        "<Comparison: red to green, by score, 43.33 points to 76.67 points: +33.34>"
    )


# --- What is refused


def test_assessments_in_the_wrong_order_and_other_tiers_are_refused() -> None:
    one, other = at(60), attrs.evolve(at(60), as_of=BEFORE)

    for call, problem in (
        (lambda: compare(one, other), "before: is of 2026-06-30, later than `after`"),
        (lambda: compare(other, one, tiers=TIERS[:1]), "tiers: have no 'yellow'"),
        (
            lambda: compare(other, one, tiers=["green"]),
            "tiers: hold the str 'green': expected Tier",
        ),
    ):
        with pytest.raises(ComparisonError) as caught:
            call()
        assert str(caught.value).startswith(problem)
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


# --- Laws

POINTS = st.one_of(st.none(), st.integers(0, 100), st.integers(0, 99_999).map(lambda n: n / 1000))


@st.composite
def cards(draw: st.DrawFn) -> Scorecard:
    names = "abcd"[: draw(st.integers(1, 4))]
    split = draw(st.integers(0, len(names) - 1))
    made = [
        measure(
            name,
            weight=draw(st.integers(1, 3)),
            missing=draw(st.sampled_from([Missing.EXCLUDE, Missing.WORST, 40])),
        )
        for name in names
    ]
    combine = st.sampled_from(Combine)
    inside = Group(name="g", measures=made[:split], combine=draw(combine)) if split else None
    return scorecard(
        *made[split:], groups=() if inside is None else (inside,), combine=draw(combine)
    )


@given(cards(), cards(), st.booleans(), st.data())
def test_effects_add_up_to_the_difference_exactly_and_as_shown(
    one: Scorecard, other: Scorecard, is_same: bool, data: st.DataObject
) -> None:
    facts = [{name: data.draw(POINTS) for name in "abcd"} for _ in range(2)]
    before = one.assess(facts[0])
    after = (one if is_same else other).assess(facts[1])

    found = compare(before, after)

    if before.score is None or after.score is None:
        assert (found.difference, found.effects) == (None, ())
    else:
        assert before.shown is not None
        assert after.shown is not None
        assert sum(each.exact for each in found.effects) == after.score - before.score
        assert sum(found.by_cause.values()) == found.difference
        assert found.shown == after.shown - before.shown
        assert sum(each.share for each in found.effects) == found.shown
        assert all(
            abs(Fraction(each.share) - each.exact) <= Fraction(2, 100) for each in found.effects
        )


@given(cards(), st.data())
def test_an_assessment_differs_from_itself_by_nothing(card: Scorecard, data: st.DataObject) -> None:
    found = card.assess({name: data.draw(POINTS) for name in "abcd"})

    assert compare(found, found).effects == ()


@pytest.mark.parametrize(("first", "then", "share"), [(15, 25, "+0.00"), (5, 15, "+0.02")])
def test_two_scores_rounded_apart_leave_a_share_a_hundredth_off(
    first: int, then: int, share: str
) -> None:
    # By hand: 0.015 and 0.025 are both shown as 0.02; 0.005 is shown as 0.00 and 0.015 as 0.02.
    card = scorecard(measure("a"), measure("rest", weight=999))

    found = between(card, {"a": first, "rest": 0}, {"a": then, "rest": 0})

    assert found.difference == Fraction(1, 100)
    assert [f"{each.share:+}" for each in found.effects] == [share]


def test_what_is_no_assessment_is_not_compared() -> None:
    with pytest.raises(ComparisonError, match=r"before.*expected an Assessment"):
        compare(None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("tiers", [None, 3, "green", ["green"]])
def test_tiers_that_are_none_are_refused(tiers: Any) -> None:
    card = Scorecard(
        name="x",
        measures=(Measure(name="a", value="a", bands=(Band(points=50),)),),
        tiers=(Tier(name="any", at_least=0),),
    )
    found = card.assess({"a": 1})

    with pytest.raises(ComparisonError, match=r"tiers: hold .*: expected Tier parts"):
        compare(found, found, tiers=tiers)
