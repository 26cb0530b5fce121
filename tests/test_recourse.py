"""Recourse: the fewest measures, the smallest rise, what stands in the way, and in what words."""

from __future__ import annotations

import datetime as dt
import itertools
import pickle
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cslib.bands import Anchor, Band, Norm, Scale, reaching, steps
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
from cslib.measures import leaves
from cslib.recourse import Recourse, RecourseError, _Tree, recourse
from cslib.scoring import made_of

TODAY = dt.date(2026, 6, 30)
TIERS = (
    Tier(name="green", at_least=75),
    Tier(name="yellow", at_least=50),
    Tier(name="red", at_least=0),
)
STEPS = (
    Band(points=0, below=1, label="none"),
    Band(points=40, below=2, label="some"),
    Band(points=70, below=3, label="more"),
    Band(points=100, label="all"),
)
"""Values 0, 1, 2 and 3 are worth 0, 40, 70 and 100 points."""
LINE = (Anchor(at=0, points=0), Anchor(at=10, points=100))


def measure(name: str = "x", **changes: Any) -> Measure:
    """A measure of the fact of its name."""
    scale = {} if {"anchors", "norms"} & set(changes) else {"bands": STEPS}
    return Measure(**{"name": name, "value": name, **scale, **changes})


def scorecard(*measures: Measure, **changes: Any) -> Scorecard:
    return Scorecard(**{"name": "test", "measures": measures, "tiers": TIERS, **changes})


def asked(card: Scorecard, facts: dict[str, Any], tier: str = "green", **options: Any) -> Recourse:
    return recourse(card, card.assess(facts, as_of=TODAY), tier, **options)


def told(found: Recourse) -> list[str]:
    return [f"{each.measure}: {each.to}" for each in found.changes]


# --- Which changes


def test_one_measure_comes_before_two_though_two_would_rise_less() -> None:
    # By hand, of weights 3, 1, 1 and 40 points each: a to 100 gives 76, b and c to 100 give 64.
    card = scorecard(measure("a", weight=3), measure("b"), measure("c"))

    found = asked(card, {"a": 1, "b": 1, "c": 1})

    assert told(found) == ["a: at least 3"]
    assert (found.score, found.reached, found.is_reached) == (Fraction(76), "green", True)


def test_of_as_many_measures_those_that_raise_the_score_least_are_named() -> None:
    # By hand, of weights 4, 3 and 1 at 70, 40 and 100 points, 500 of the 600 that are needed: a to
    # 100 gives 620, b to 70 only 590, b to 100 gives 680.
    card = scorecard(measure("a", weight=4), measure("b", weight=3), measure("c"))

    found = asked(card, {"a": 2, "b": 1, "c": 3})

    assert (told(found), found.score) == (["a: at least 3"], Fraction(620, 8))


def test_of_equal_rises_the_earlier_measures_are_named_and_change_less() -> None:
    card = scorecard(measure("a"), measure("b"), tiers=(Tier(name="up", at_least=85), TIERS[-1]))

    found = asked(card, {"a": 1, "b": 1}, "up")

    assert told(found) == ["a: at least 2", "b: at least 3"]


def test_an_account_that_is_in_the_tier_or_a_better_one_changes_nothing() -> None:
    found = asked(scorecard(measure()), {"x": 3}, "yellow")

    assert found.explain() == "yellow: reached as it is"
    assert repr(found) == "<Recourse: yellow: reached as it is>"
    assert (found.reached, found.score, found.changes) == ("green", Fraction(100), ())


def test_a_measure_that_cannot_change_is_not_named() -> None:
    card = scorecard(measure("size", weight=3, can_change=False), measure("a"))

    assert asked(card, {"size": 1, "a": 1}).obstacles == (
        "a change of 1 measure can make 55.00 points, and 75 are needed",
    )


def test_a_measure_of_no_weight_is_not_named() -> None:
    card = scorecard(measure("seen", weight=0), measure("a"))

    assert told(asked(card, {"seen": 0, "a": 0})) == ["a: at least 3"]


def test_no_more_measures_are_named_than_may_change() -> None:
    card = scorecard(*(measure(name) for name in "abcd"))
    facts = dict.fromkeys("abcd", 0)

    assert not asked(card, facts, most=2).is_reached
    assert [each.measure for each in asked(card, facts, most=3).changes] == ["a", "b", "c"]
    assert asked(card, facts, most=0).obstacles == (
        "changes of 0 measures can make 0.00 points, and 75 are needed",
    )


# --- Lines between anchors


def test_a_line_is_climbed_no_further_than_needed() -> None:
    found = asked(scorecard(measure(anchors=LINE)), {"x": 3})

    assert told(found) == ["x: at least 7.5"]
    assert found.score == Fraction(75)


def test_a_line_is_climbed_to_the_next_thousandth() -> None:
    # By hand, of weights 7 and 1, the second at 70: (600 - 70) / 7 = 75.7142..., so 75.715.
    card = scorecard(measure(anchors=LINE, weight=7), measure("y", can_change=False))

    found = asked(card, {"x": 5, "y": 2})

    assert (found.changes[0].points, told(found)) == (Decimal("75.715"), ["x: at least 7.5715"])


def test_of_two_lines_one_goes_to_an_anchor_and_the_earlier_no_further_than_needed() -> None:
    card = scorecard(measure("a", anchors=LINE), measure("b", anchors=LINE))

    assert told(asked(card, {"a": 0, "b": 0})) == ["a: at least 5", "b: at least 10"]


def test_less_is_better_where_the_line_falls() -> None:
    falling = (Anchor(at=0, points=100), Anchor(at=20, points=0))

    assert told(asked(scorecard(measure(anchors=falling)), {"x": 12})) == ["x: at most 5"]


# --- The unknown


def test_what_is_unknown_can_be_found_out() -> None:
    card = scorecard(measure("a"), measure("b"))

    found = asked(card, {"a": 2})  # by hand: a to 100 alone gives 100, b at 100 beside it 85

    assert str(asked(scorecard(measure("a")), {"a": 2}).changes[0]) == (
        "a: from 2 (more), 70 points, to at least 3 (all), 100 points"
    )
    assert str(found.changes[0]) == "b: from unknown to at least 3 (all), 100 points"
    assert found.score == Fraction(85)


def test_a_value_too_old_is_shown_as_such() -> None:
    card = scorecard(measure(age="x_age", max_age=30))

    found = asked(card, {"x": 3.0, "x_age": 31})

    assert str(found.changes[0]) == "x: from 3 (stale) to at least 3 (all), 100 points"


@pytest.mark.parametrize("plan", ["free", None])
def test_what_does_not_apply_or_may_not_is_no_way_to_a_tier(plan: str | None) -> None:
    card = scorecard(measure("x"), measure("y", when="plan == 'pro'"))

    found = recourse(card, card.assess({"x": 1, "plan": plan}), "green")

    assert [each.measure for each in found.changes] == ["x"]


def test_the_floor_asks_only_for_what_applies() -> None:
    # By hand: of x and z, which apply, half is known and all is asked for.
    card = scorecard(measure("x"), measure("y", when="plan == 'pro'"), measure("z"), floor=1)

    found = recourse(card, card.assess({"x": 3, "plan": "free"}), "yellow")

    assert [(each.measure, each.to) for each in found.changes] == [("z", "every value")]


def test_without_a_score_as_much_is_found_out_as_the_floor_asks_for() -> None:
    # By hand: 2 of 6 are known and 4 are asked for; the third measure alone makes it 5, and
    # 100 · 2 + 70 · 3 of 5 are 82, while 40 · 3 would give 64.
    card = scorecard(
        measure("a", weight=2), measure("b"), measure("c", weight=3), floor=Decimal("0.65")
    )

    found = asked(card, {"a": 3})

    assert told(found) == ["c: at least 2"]
    assert found.score == Fraction(82)


def test_what_no_score_can_do_without_is_found_out_whatever_else() -> None:
    card = scorecard(measure("a"), measure("b", missing=Missing.UNKNOWN))

    assert told(asked(card, {"a": 3})) == ["b: at least 2"]
    assert told(asked(card, {"a": 3}, "red")) == ["b: every value"]


def test_what_no_score_can_do_without_and_cannot_be_found_out_stands_in_the_way() -> None:
    card = scorecard(measure("a"), measure("b", missing=Missing.UNKNOWN, can_change=False))

    assert asked(card, {"a": 3}).obstacles == (
        "no score without b, of which nothing can be found out",
    )


def test_a_floor_out_of_reach_is_told() -> None:
    card = scorecard(
        measure("a"), measure("b"), measure("c", can_change=False), floor=Decimal("0.9")
    )

    assert asked(card, {}).obstacles == (
        "changes of 2 measures cannot make enough known for a score",
    )


def test_more_that_must_change_than_may_is_told() -> None:
    card = scorecard(*(measure(name, missing=Missing.UNKNOWN) for name in "ab"))

    assert asked(card, {}, most=1).obstacles == ("2 measures must change, more than 1",)


# --- Caps, overrides, hysteresis


def test_a_cap_is_left_though_the_score_would_do() -> None:
    card = scorecard(
        measure("a", weight=9), measure("b"), caps=(Cap(measure="b", label="none", tier="red"),)
    )

    found = asked(card, {"a": 3, "b": 0})

    assert told(found) == ["b: at least 1"]
    assert found.reached == "green"


def test_no_change_leads_into_a_cap() -> None:
    card = scorecard(measure("a"), caps=(Cap(measure="a", label="more", tier="red"),))

    assert told(asked(card, {"a": 0}, "yellow")) == ["a: at least 3"]


def test_a_cap_at_the_tier_asked_for_may_stay() -> None:
    card = scorecard(
        measure("a", weight=3), measure("b"), caps=(Cap(measure="b", label="none", tier="yellow"),)
    )

    found = asked(card, {"a": 1, "b": 0}, "yellow")

    assert (told(found), found.reached) == (["a: at least 2"], "yellow")
    assert told(asked(card, {"a": 1, "b": 0})) == ["a: at least 2", "b: at least 3"]


def test_a_cap_of_a_measure_that_cannot_change_stands_in_the_way() -> None:
    card = scorecard(
        measure("a"),
        measure("b", can_change=False),
        caps=(Cap(measure="b", label="none", tier="red"),),
    )

    found = asked(card, {"a": 3, "b": 0})

    assert found.obstacles == ("b none: no better than red, and it cannot change to what is",)
    assert found.explain().splitlines()[0] == "green: not within reach"


def test_an_override_stands_in_the_way_and_one_that_is_good_enough_does_not() -> None:
    card = scorecard(measure("a"))
    low = Override(tier="red", author="li", reason="dispute", made_on=TODAY, until=TODAY)

    held = recourse(card, card.assess({"a": 0}, as_of=TODAY, override=low), "green")
    high = card.assess({"a": 0}, as_of=TODAY, override=attrs.evolve(low, tier="green"))

    assert held.obstacles == (f"set to red by li until {TODAY}: dispute",)
    assert recourse(card, high, "yellow").is_reached


def steady(**margins: Any) -> tuple[Scorecard, Assessment]:
    """A line, and an account at 60 points, yellow since a month."""
    card = scorecard(measure(anchors=LINE), hysteresis=Hysteresis(**margins))
    return card, card.assess({"x": 6}, as_of=TODAY - dt.timedelta(days=30))


def test_a_better_tier_is_entered_by_its_margin_where_the_assessment_before_is_given() -> None:
    card, before = steady(rise=3)
    now = card.assess({"x": 7.6}, as_of=TODAY, previous=before)

    assert now.tier == "yellow"
    assert told(recourse(card, now, "green", previous=before)) == ["x: at least 7.8"]
    assert recourse(card, now, "green").changes == ()


def test_a_tier_that_was_left_is_entered_by_the_margin_of_leaving_it() -> None:
    card = scorecard(measure(anchors=LINE), hysteresis=Hysteresis(fall=5))
    before = card.assess({"x": 8}, as_of=TODAY - dt.timedelta(days=3))
    now = card.assess({"x": 6}, as_of=TODAY, previous=before)

    found = recourse(card, now, "green", previous=before)

    assert (told(found), found.reached) == (["x: at least 7"], "green")


def test_a_tier_that_lasts_is_waited_for() -> None:
    card, before = steady(dwell=60)
    now = card.assess({"x": 6}, as_of=TODAY, previous=before)

    found = recourse(card, now, "green", previous=before)

    assert found.not_before == before.as_of + dt.timedelta(days=60)  # type: ignore[operator]
    assert told(found) == ["x: at least 7.5"]
    assert f"not before {found.not_before}" in found.explain()


def test_a_good_tier_that_lasts_asks_only_for_what_caps_it() -> None:
    card = scorecard(
        measure("a"),
        measure("b", weight=0),
        hysteresis=Hysteresis(dwell=60),
        caps=(Cap(measure="b", label="none", tier="red"),),
    )
    before = card.assess({"a": 3, "b": 3}, as_of=TODAY - dt.timedelta(days=3))
    now = card.assess({"a": 0, "b": 0}, as_of=TODAY, previous=before)

    found = recourse(card, now, "green", previous=before)

    assert (now.tier, told(found), found.reached) == ("red", ["b: at least 1"], "green")


@pytest.mark.parametrize("margins", [{"rise": 5, "expires": 29}, {}])
def test_an_assessment_before_that_does_not_count_changes_nothing(margins: Any) -> None:
    card, before = steady(**margins)
    now = card.assess({"x": 6}, as_of=TODAY, previous=before)

    assert told(recourse(card, now, "green", previous=before)) == ["x: at least 7.5"]


def test_an_unknown_assessment_before_counts_for_nothing() -> None:
    card = steady(rise=5)[0]
    before = card.assess({}, as_of=TODAY)

    assert told(asked(card, {"x": 6}, previous=before)) == ["x: at least 7.5"]


def test_hysteresis_of_another_definition_counts_for_nothing() -> None:
    card, before = steady(rise=5)
    before = attrs.evolve(before, definition="other")

    assert told(asked(card, {"x": 6}, previous=before)) == ["x: at least 7.5"]


# --- Norms


def normed(**changes: Any) -> Measure:
    start = Norm(when="is_new", name="start", bands=(Band(points=80, at_least=1), Band(points=0)))
    return measure(norms=(start,), **changes)


def test_a_measure_changes_by_the_norm_that_it_was_judged_by() -> None:
    card = scorecard(normed(bands=STEPS))

    assert told(asked(card, {"x": 0, "is_new": True})) == ["x: at least 1"]
    assert told(asked(card, {"x": 0, "is_new": False})) == ["x: at least 3"]


def test_where_the_norm_is_not_known_the_values_of_each_are_told() -> None:
    found = asked(scorecard(normed(bands=STEPS)), {"x": 0})

    assert told(found) == ["x: at least 1 by start; at least 3 otherwise"]
    assert found.score == Fraction(80)


def test_where_no_norm_may_be_for_the_account_nothing_is_promised() -> None:
    assert not asked(scorecard(normed()), {}).is_reached


# --- Groups


def test_all_of_a_group_that_goes_by_its_worst_must_change() -> None:
    worst = Group(name="g", measures=(measure("a"), measure("b")), combine=Combine.WORST)

    found = asked(scorecard(groups=(worst,)), {"a": 1, "b": 0})

    assert told(found) == ["a: at least 3", "b: at least 3"]


def test_no_measure_of_such_a_group_is_asked_for_more_than_the_worst() -> None:
    worst = Group(
        name="g", measures=(measure("a", anchors=LINE), measure("b", anchors=LINE)), combine="worst"
    )

    found = asked(scorecard(groups=(worst,)), {"a": 0, "b": 2})

    assert told(found) == ["a: at least 7.5", "b: at least 7.5"]


def test_one_of_a_group_that_goes_by_its_best_is_enough() -> None:
    best = Group(name="g", measures=(measure("a"), measure("b")), combine=Combine.BEST)

    assert told(asked(scorecard(groups=(best,)), {"a": 0, "b": 1})) == ["a: at least 3"]


# --- Many measures


def test_every_pair_of_a_hundred_measures_is_tried() -> None:
    card = scorecard(*(measure(f"m{at}", weight=at + 1) for at in range(100)))
    facts = {f"m{at}": 3 if at < 70 else 2 for at in range(100)}

    assert asked(card, facts, "green", most=2).is_exhaustive


def test_of_many_measures_the_most_telling_are_tried_and_the_answer_says_so() -> None:
    card = scorecard(
        *(measure(f"m{at}", weight=1 if at < 297 else 300) for at in range(300)),
        tiers=(Tier(name="green", at_least=70), TIERS[-1]),
    )
    facts: dict[str, Any] = dict.fromkeys((f"m{at}" for at in range(300)), 0)

    found = asked(card, facts)

    assert [each.measure for each in found.changes] == ["m297", "m298", "m299"]
    assert not found.is_exhaustive
    assert "not all that may change was tried together" in found.explain()


def test_of_many_unknown_measures_the_heaviest_are_tried() -> None:
    card = scorecard(
        *(measure(f"m{at}", weight=1 if at < 297 else 300) for at in range(300)),
        floor=Decimal("0.7"),
    )

    assert [each.measure for each in asked(card, {}).changes] == ["m297", "m298", "m299"]


def test_too_many_ways_to_change_are_brought_down_from_the_best() -> None:
    # By hand: 4 of 60 steps each are far more than are looked at. All at 59 are 59; 50 · 4 = 200
    # are needed, so the first goes to 200 - 3 · 59 = 23, and the others stay.
    fine = tuple(Band(points=at, below=at + 1) for at in range(60))
    card = scorecard(
        *(measure(name, bands=fine, missing=Missing.UNKNOWN) for name in "abcd"),
        tiers=(Tier(name="up", at_least=50), TIERS[-1]),
    )

    found = asked(card, {}, "up", most=4)

    assert [each.points for each in found.changes] == [23, 59, 59, 59]
    assert (found.score, found.is_exhaustive) == (Fraction(50), False)


def test_what_falls_short_by_less_than_is_shown_is_shown_as_less() -> None:
    card = scorecard(
        measure("a", weight=9999, can_change=False, anchors=LINE), measure("b", can_change=False)
    )

    assert asked(card, {"a": 7.5, "b": 2}).obstacles == (
        "changes of 0 measures can make 74.99 points, and 75 are needed",
    )


# --- What is refused


def test_a_question_that_cannot_be_asked_is_refused() -> None:
    card = scorecard(measure())
    now, undated = card.assess({"x": 0}, as_of=TODAY), card.assess({"x": 0})
    later = card.assess({"x": 0}, as_of=TODAY + dt.timedelta(days=1))
    other = scorecard(measure("y"))

    for options, problem in (
        ({"card": other}, "assessment: is by another scorecard"),
        ({"tier": "gren"}, "tier: no tier 'gren': did you mean 'green'?"),
        ({"most": -1}, "most: is -1: expected a whole number, 0 to 10"),
        ({"most": 11}, "most: is 11"),
        ({"most": True}, "most: is True"),
        ({"previous": undated}, "previous: comes without a day"),
        ({"previous": later}, "previous: is of 2026-07-01: expected one dated by 2026-06-30"),
    ):
        with pytest.raises(RecourseError) as caught:
            recourse(**{"card": card, "assessment": now, "tier": "green", **options})  # type: ignore[arg-type]
        assert str(caught.value).startswith(problem)
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


# --- Values that are worth some points


def says(text: str, number: float) -> bool:
    """Whether a value is among those that are told in words."""
    value = float(number)
    if text in ("any value", "every value"):
        return True
    tests = {
        "at least": value.__ge__,
        "above": value.__gt__,
        "at most": value.__le__,
        "below": value.__lt__,
    }
    parts = [part.rsplit(" ", 1) for part in text.split(", ")]
    return all(tests[p[0]](float(p[1])) if len(p) > 1 else value == float(p[0]) for p in parts)


@st.composite
def number_scales(draw: st.DrawFn) -> Scale:
    numbers = st.sampled_from([0.0, 0.5, 1.0, 2.0])
    if draw(st.booleans()):
        at = sorted(draw(st.sets(numbers, min_size=2)))
        return Scale(anchors=tuple(Anchor(at=x, points=draw(st.integers(0, 9))) for x in at))
    low = st.sampled_from(["at_least", "above"])
    high = st.sampled_from(["at_most", "below"])
    bands = []
    for label in "abc"[: draw(st.integers(1, 3))]:
        bounds = draw(st.sampled_from([(0, 1), (0.5, 2), (None, 1), (1, None), (None, None)]))
        sides = {draw(low): bounds[0], draw(high): bounds[1]}
        bands.append(Band(points=draw(st.integers(0, 2)), label=label, **sides))
    return Scale(bands=tuple(bands))


SOME = [at / 8 for at in range(-8, 25)]


@given(number_scales(), st.integers(0, 9))
def test_the_words_name_the_values_that_are_worth_the_points(scale: Scale, points: int) -> None:
    words = reaching(scale, points, {"b"})

    for value in SOME:
        worth = scale.points(value)
        fits = worth is not None and worth.points >= points and worth.label != "b"
        assert any(says(each, value) for each in words) == fits, (words, value)


@given(number_scales())
def test_each_step_is_worth_its_points_somewhere(scale: Scale) -> None:
    found = {scale.points(value) for value in SOME} - {None}

    given_steps = steps(scale)

    assert {each.points for each in given_steps} <= {each.points for each in found if each}
    assert sorted({each.points for each in given_steps}) == [each.points for each in given_steps]
    if scale.bands:
        assert {each.points for each in given_steps} == {each.points for each in found if each}


def test_texts_and_flags_are_named() -> None:
    texts = Scale(
        bands=(Band(points=0, equals="lost"), Band(points=50, equals="on the way"), Band(points=90))
    )
    flags = Scale(bands=(Band(points=0, equals=False), Band(points=9, equals=True)))

    assert reaching(texts, 50) == ("any text but lost",)
    assert reaching(texts, 0) == ("any text",)
    assert reaching(attrs.evolve(texts, bands=texts.bands[:2]), 50) == ("on the way",)
    assert reaching(flags, 9) == ("True",)
    assert reaching(Scale(bands=(Band(points=5),)), 5) == ("any value",)
    assert reaching(Scale(bands=(Band(points=5),)), 6) == ()


# --- Laws


@st.composite
def cards(draw: st.DrawFn) -> Scorecard:
    """Scorecards of up to three measures, some of them in a group."""
    names = "abc"[: draw(st.integers(1, 3))]
    split = draw(st.integers(0, len(names)))
    made = [
        measure(
            name,
            weight=draw(st.sampled_from([0, 1, 1, 2, 3])),
            missing=draw(st.sampled_from([*list(Missing)[:3], 40])),
            can_change=draw(st.sampled_from([True, True, True, False])),
            when=draw(st.sampled_from([None, None, None, "pro"])),
        )
        for name in names
    ]
    inner, outer = made[:split], made[split:]
    groups = ()
    if inner:
        inner[0] = attrs.evolve(inner[0], weight=1)
        combine = draw(st.sampled_from(Combine))
        groups = (Group(name="g", measures=inner, combine=combine, weight=2),)
    elif not any(each.weight for each in outer):
        outer[0] = attrs.evolve(outer[0], weight=1)
    cap = st.builds(
        Cap,
        measure=st.sampled_from(names),
        label=st.sampled_from(["none", "some", "more"]),
        tier=st.sampled_from(["red", "yellow"]),
    )
    return scorecard(
        *outer,
        groups=groups,
        combine=draw(st.sampled_from([Combine.MEAN, Combine.MEAN, Combine.WORST, Combine.BEST])),
        floor=draw(st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1)])),
        caps=draw(st.lists(cap, max_size=2)),
        hysteresis=draw(st.sampled_from([None, Hysteresis(rise=3, fall=5)])),
    )


VALUES = st.sampled_from([None, 0, 1, 2, 3])


def accounts(card: Scorecard) -> st.SearchStrategy[dict[str, Any]]:
    """What its measures read, and whether those that ask for it apply."""
    flags = {"pro": st.sampled_from([True, True, False, None])}
    return st.fixed_dictionaries({**{each.name: VALUES for each in card.leaves}, **flags})


def others(card: Scorecard, facts: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every other record of the measures that can change, and in how many of them it differs."""
    names = [each.name for each in card.leaves if each.can_change]
    for values in itertools.product([0, 1, 2, 3, None], repeat=len(names)):
        new = {
            name: facts[name] if value is None else value
            for name, value in zip(names, values, strict=True)
        }
        yield sum(new[name] != facts[name] for name in names), facts | new


@settings(max_examples=40)
@given(cards(), st.data(), st.sampled_from(["green", "yellow", "red"]), st.integers(0, 3))
def test_no_fewer_measures_and_no_smaller_rise_reach_the_tier(
    card: Scorecard, data: st.DataObject, tier: str, most: int
) -> None:
    facts, first = data.draw(accounts(card)), data.draw(accounts(card))
    before = data.draw(st.sampled_from([None, card.assess(first, as_of=TODAY)]))
    now = card.assess(facts, as_of=TODAY, previous=before)
    rank = {"green": 0, "yellow": 1, "red": 2, "unknown": 3}

    found = recourse(card, now, tier, most=most, previous=before)

    reaching_it = [
        (number, then.score)
        for number, new in others(card, facts)
        if rank[(then := card.assess(new, as_of=TODAY, previous=before)).tier] <= rank[tier]
    ]
    expected = min((each for each in reaching_it if each[0] <= most), default=None)
    assert found.is_reached == (expected is not None)
    assert found.is_exhaustive
    if expected is not None:
        assert (len(found.changes), found.score) == expected


@settings(max_examples=40)
@given(cards(), st.data())
def test_any_values_that_the_changes_name_reach_the_tier(
    card: Scorecard, data: st.DataObject
) -> None:
    facts = data.draw(accounts(card))
    found = asked(card, facts)
    assume(found.changes)

    new = facts | {
        each.measure: data.draw(
            st.sampled_from([v for v in range(4) if any(says(w, v) for w in each.to.split(" or "))])
        )
        for each in found.changes
    }

    assert card.assess(new, as_of=TODAY).tier == "green"


KINKED = (Anchor(at=0, points=0), Anchor(at=40, points=40), Anchor(at=100, points=100))
"""A line on which the value is its points, with an anchor between the ends."""


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 100)), min_size=1, max_size=3), st.data()
)
def test_one_line_is_climbed_no_thousandth_too_far_and_the_others_to_an_anchor(
    lines: list[tuple[int, int]], data: st.DataObject
) -> None:
    card = scorecard(
        *(measure(f"m{at}", anchors=KINKED, weight=weight) for at, (weight, _) in enumerate(lines)),
        combine=data.draw(st.sampled_from([Combine.MEAN, Combine.WORST, Combine.BEST])),
    )
    facts: dict[str, Any] = {f"m{at}": value for at, (_, value) in enumerate(lines)}
    found = asked(card, facts)
    assume(found.changes)

    new = facts | {each.measure: float(each.points) for each in found.changes}
    less = [
        card.assess(new | {each.measure: new[each.measure] - 0.001}, as_of=TODAY).tier
        for each in found.changes
    ]
    between = [each for each in found.changes if each.points not in (40, 100)]

    assert card.assess(new, as_of=TODAY).score == found.score
    assert card.assess(new, as_of=TODAY).tier == "green"
    assert "yellow" in less
    assert len(between) <= 1 or card.combine is Combine.WORST  # of which each has to be as good


@given(cards(), st.data())
def test_the_tree_agrees_with_the_plain_way_to_score(card: Scorecard, data: st.DataObject) -> None:
    number = len(tuple(leaves(card.measures, card.groups)))
    worth = st.sampled_from([None, Fraction(0), Fraction(40), Fraction(70), Fraction(100)])
    worths = [data.draw(worth) for _ in range(number)]
    changed = data.draw(
        st.dictionaries(st.integers(0, number - 1), st.integers(0, 9).map(Fraction), max_size=3)
    )

    tree = _Tree(card.measures, card.groups, card.combine, iter(worths), itertools.count())

    after = [changed.get(place, each) for place, each in enumerate(worths)]
    plain = made_of(card.measures, card.groups, card.combine, iter(after)).points
    assert tree.worth(changed) == plain


def test_what_is_no_scorecard_or_assessment_is_refused() -> None:
    used = Measure(name="used", value="used", bands=(Band(points=100),))
    card = Scorecard(name="x", measures=(used,), tiers=(Tier(name="any", at_least=0),))

    with pytest.raises(RecourseError, match=r"card.*expected a Scorecard"):
        recourse(None, None, "any")  # type: ignore[arg-type]
    with pytest.raises(RecourseError, match=r"assessment.*expected an Assessment"):
        recourse(card, 3, "any")  # type: ignore[arg-type]


def test_what_is_no_assessment_before_is_refused() -> None:
    card = Scorecard(
        name="x",
        measures=(Measure(name="a", value="a", bands=(Band(points=50),)),),
        tiers=(Tier(name="any", at_least=0),),
    )
    with pytest.raises(RecourseError, match="previous: is the int 3: expected the Assessment"):
        recourse(card, card.assess({"a": 1}), "any", previous=3)  # type: ignore[arg-type]
