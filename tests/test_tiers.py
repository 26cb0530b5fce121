"""Tiers: cut-offs, what keeps them from changing to and fro, caps, overrides, indicators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.bands import Anchor, Band, Norm
from cslib.errors import DefinitionError
from cslib.health import Assessment, Measure, Scorecard
from cslib.tiers import UNKNOWN, Cap, Hysteresis, Indicator, Override, Tier, stable_tier

TIERS = (
    Tier(name="green", at_least=75),
    Tier(name="yellow", at_least=50),
    Tier(name="red", at_least=0),
)
CUTS = [Fraction(75), Fraction(50), Fraction(0)]
GREEN, YELLOW, RED = range(3)
TODAY = dt.date(2026, 6, 30)
X = Measure(name="x", value="x", anchors=(Anchor(at=0, points=0), Anchor(at=100, points=100)))


def day(number: int) -> dt.date:
    return dt.date(2026, 6, 1) + dt.timedelta(days=number - 1)


def card(**changes: Any) -> Scorecard:
    """A scorecard of one measure, whose value is its points."""
    return Scorecard(**{"name": "c", "measures": (X,), "tiers": TIERS, **changes})


def follow(given: Scorecard, *scores: tuple[int, int | None]) -> list[Assessment]:
    """The assessments of an account on days of June, each with the one before."""
    found: list[Assessment] = []
    for number, points in scores:
        before = found[-1] if found else None
        found.append(given.assess({"x": points}, as_of=day(number), previous=before))
    return found


def tiers_of(given: Scorecard, *scores: tuple[int, int | None]) -> list[str]:
    return [found.tier for found in follow(given, *scores)]


# --- Margins


@pytest.mark.parametrize(
    ("score", "before", "tier"),
    [
        ("77.99", YELLOW, YELLOW),
        ("78", YELLOW, GREEN),  # the cut-off and the rise: included
        ("73", GREEN, GREEN),  # the cut-off less the fall: still inside
        ("72.99", GREEN, YELLOW),
        ("75", None, GREEN),
        ("74.99", None, YELLOW),
        ("48", GREEN, YELLOW),
        ("47.99", GREEN, RED),
        ("53", RED, YELLOW),
        ("77.99", RED, YELLOW),
        ("78", RED, GREEN),
        ("0", RED, RED),
    ],
)
def test_a_tier_is_entered_a_rise_above_its_cut_off_and_left_a_fall_below_it(
    score: str, before: int | None, tier: int
) -> None:
    margins = Hysteresis(rise=3, fall=2)

    assert stable_tier(Fraction(score), CUTS, before, margins) == tier


def test_without_margins_the_cut_offs_decide_whatever_was_before() -> None:
    for before in (None, GREEN, YELLOW, RED):
        assert stable_tier(Fraction(75), CUTS, before, None) == GREEN
        assert stable_tier(Fraction("74.999"), CUTS, before, Hysteresis()) == YELLOW


scores = st.fractions(0, 100, max_denominator=100)
margins = st.builds(Hysteresis, rise=st.integers(0, 30), fall=st.integers(0, 30))


@given(scores, st.sampled_from([GREEN, YELLOW, RED]), margins)
def test_the_same_score_again_changes_nothing(
    score: Fraction, before: int, given_: Hysteresis
) -> None:
    once = stable_tier(score, CUTS, before, given_)

    assert stable_tier(score, CUTS, once, given_) == once


@given(st.sampled_from([GREEN, YELLOW]), margins, st.data())
def test_a_score_that_stays_inside_the_margins_never_flaps(
    better: int, given_: Hysteresis, data: st.DataObject
) -> None:
    worse, cut = better + 1, CUTS[better]
    low, high = cut - Fraction(given_.fall), cut + Fraction(given_.rise)
    inside = st.fractions(max(low, CUTS[worse]), high, max_denominator=100).filter(
        lambda score: low <= score < high
    )
    if low == high:
        return

    for score in data.draw(st.lists(inside, max_size=5)):
        assert stable_tier(score, CUTS, better, given_) == better
        assert stable_tier(score, CUTS, worse, given_) <= worse


@given(scores, scores, st.sampled_from([None, GREEN, YELLOW, RED]), margins)
def test_a_higher_score_never_has_a_worse_tier(
    one: Fraction, other: Fraction, before: int | None, given_: Hysteresis
) -> None:
    low, high = sorted((one, other))

    assert stable_tier(high, CUTS, before, given_) <= stable_tier(low, CUTS, before, given_)


# --- The days of a tier


def test_a_tier_lasts_its_days_and_changes_on_the_day_after_them() -> None:
    steady = card(hysteresis=Hysteresis(dwell=14))

    found = follow(steady, (1, 80), (14, 20), (15, 20))

    assert [each.tier for each in found] == ["green", "green", "red"]
    assert [each.model_since for each in found] == [day(1), day(1), day(15)]


def test_an_assessment_counts_as_the_one_before_up_to_its_last_day() -> None:
    fading = card(hysteresis=Hysteresis(rise=3, fall=2, expires=10))

    assert tiers_of(fading, (1, 80), (11, 74)) == ["green", "green"]
    assert tiers_of(fading, (1, 80), (12, 74)) == ["green", "yellow"]


def test_an_unknown_in_between_loses_the_history() -> None:
    steady = card(hysteresis=Hysteresis(rise=3, fall=2, dwell=14))

    found = follow(steady, (1, 80), (2, None), (3, 74))

    assert [each.tier for each in found] == ["green", UNKNOWN, "yellow"]
    assert [each.model_since for each in found] == [day(1), None, day(3)]


def test_another_scorecard_has_no_history() -> None:
    steady = card(hysteresis=Hysteresis(fall=2))
    before = card().assess({"x": 80}, as_of=day(1))

    assert steady.assess({"x": 74}, as_of=day(2), previous=before).tier == "yellow"


def test_since_when_a_tier_is_given_is_told_without_any_margins() -> None:
    found = follow(card(), (1, 80), (5, 90), (9, 60))

    assert [each.model_since for each in found] == [day(1), day(1), day(9)]


# --- Caps


CAPS = (
    Cap(measure="mood", label="red", tier="red"),
    Cap(measure="mood", label="low", tier="yellow"),
)
MOOD = Measure(
    name="mood",
    value="mood",
    weight=0,
    age="mood_days",
    max_age=120,
    bands=(
        Band(points=0, label="red", equals="red"),
        Band(points=50, label="low", equals="low"),
        Band(points=100, equals="fine"),
    ),
)


def capped(**changes: Any) -> Scorecard:
    return card(**{"measures": (X, MOOD), "caps": CAPS, **changes})


@pytest.mark.parametrize(
    ("points", "mood", "tier", "model"),
    [
        (90, "fine", "green", "green"),
        (90, "low", "yellow", "green"),
        (90, "red", "red", "green"),
        (20, "low", "red", "red"),  # a cap lifts nobody
        (90, None, "green", "green"),
    ],
)
def test_a_cap_keeps_the_tier_from_being_better_and_leaves_the_models(
    points: int, mood: str | None, tier: str, model: str
) -> None:
    found = capped().assess({"x": points, "mood": mood, "mood_days": 5}, as_of=TODAY)

    assert (found.tier, found.model_tier, found.score) == (tier, model, points)


@pytest.mark.parametrize(("days", "tier"), [(120, "red"), (121, "green"), (None, "green")])
def test_a_value_that_is_too_old_caps_nothing(days: int | None, tier: str) -> None:
    found = capped().assess({"x": 90, "mood": "red", "mood_days": days}, as_of=TODAY)

    assert found.tier == tier


def test_of_several_caps_the_worst_holds_and_all_are_shown() -> None:
    bill = Measure(name="bill", value="bill", bands=(Band(points=0, label="late", equals="late"),))
    late = Cap(measure="bill", label="late", tier="yellow")
    both = capped(measures=(X, MOOD, attrs.evolve(bill, weight=0)), caps=(late, *CAPS))

    found = both.assess({"x": 90, "mood": "red", "mood_days": 0, "bill": "late"}, as_of=TODAY)

    assert (found.tier, [cap.measure for cap in found.caps]) == ("red", ["bill", "mood"])


def test_a_cap_holds_and_ends_at_once_and_leaves_no_trace_in_the_history() -> None:
    steady = capped(hysteresis=Hysteresis(rise=3, fall=2, dwell=30))
    calm, red = ({"x": 76, "mood": mood, "mood_days": 0} for mood in ("fine", "red"))

    first = steady.assess(calm, as_of=day(1))
    vetoed = steady.assess(red, as_of=day(2), previous=first)
    after = steady.assess(calm, as_of=day(3), previous=vetoed)

    assert [each.tier for each in (first, vetoed, after)] == ["green", "red", "green"]
    assert [each.model_since for each in (first, vetoed, after)] == [day(1)] * 3


def test_there_is_no_cap_where_there_is_no_score() -> None:
    found = capped().assess({"mood": "red", "mood_days": 0}, as_of=TODAY)

    assert (found.tier, found.caps) == (UNKNOWN, ())


# --- Overrides


def override(**changes: Any) -> Override:
    given = {"tier": "green", "author": "li", "reason": "on leave"}
    return Override(**{**given, "made_on": day(2), "until": day(5), **changes})


@pytest.mark.parametrize(("number", "tier"), [(1, "red"), (2, "green"), (5, "green"), (6, "red")])
def test_an_override_counts_on_its_first_and_on_its_last_day(number: int, tier: str) -> None:
    found = card().assess({"x": 10}, as_of=day(number), override=override())

    assert (found.tier, found.model_tier, found.score) == (tier, "red", 10)
    assert (found.override is None) is (tier == "red")


def test_an_override_comes_after_the_caps_and_both_are_shown() -> None:
    red = {"x": 60, "mood": "red", "mood_days": 0}

    found = capped().assess(red, as_of=day(3), override=override())

    assert (found.tier, found.model_tier) == ("green", "yellow")
    assert ([cap.tier for cap in found.caps], found.override) == (["red"], override())


def test_an_override_gives_a_tier_where_there_is_no_score() -> None:
    found = card().assess({}, as_of=day(3), override=override())

    assert (found.tier, found.model_tier, found.score) == ("green", UNKNOWN, None)


def test_an_override_is_no_history() -> None:
    steady = card(hysteresis=Hysteresis(fall=2, dwell=30))
    set_by_hand = steady.assess({"x": 10}, as_of=day(3), override=override())

    after = steady.assess({"x": 10}, as_of=day(6), previous=set_by_hand)

    assert (after.tier, after.model_since) == ("red", day(3))


def test_an_instant_is_a_day_of_an_override_in_utc() -> None:
    late = dt.datetime(2026, 6, 6, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))  # 5 June, 23:00

    assert override().holds(late)


# --- Indicators


def test_an_indicator_stands_beside_the_score_and_may_be_unknown() -> None:
    beside = card(indicators=(Indicator(name="owner left", when="owner_left_days <= 30"),))

    found = [beside.assess({"x": 90, "owner_left_days": days}) for days in (30, 31, None)]

    assert [each.indicators[0] for each in found] == [
        ("owner left", True),
        ("owner left", False),
        ("owner left", None),
    ]
    assert {each.score for each in found} == {90}


# --- What is wrong

NAMES = {"measure": "m", "label": "l", "tier": "t"}
DATED = {"tier": "t", "author": "a", "reason": "r", "made_on": day(2), "until": day(2)}

Case = tuple[Callable[..., Any], dict[str, Any], dict[str, Any], list[str]]

FAULTS: list[Case] = [
    # what is made, what trips, the near miss, the paths
    (Tier, {"name": ""}, {"name": "t"}, ["$.name"]),
    (Tier, {"name": "unknown"}, {"name": "Unknown"}, ["$.name"]),
    (Tier, {"at_least": 0.5}, {"at_least": "0.5"}, ["$.at_least"]),
    (Tier, {"at_least": "1000.1"}, {"at_least": 1000}, ["$.at_least"]),
    (Tier, {"at_least": "1.0000001"}, {"at_least": "1.000001"}, ["$.at_least"]),
    (Hysteresis, {"rise": -1}, {"rise": 0}, ["$.rise"]),
    (Hysteresis, {"fall": 2.5}, {"fall": "2.5"}, ["$.fall"]),
    (Hysteresis, {"dwell": -1}, {"dwell": 0}, ["$.dwell"]),
    (Hysteresis, {"dwell": "2 weeks"}, {"dwell": 14}, ["$.dwell"]),
    (Hysteresis, {"expires": 0}, {"expires": 1}, ["$.expires"]),
    (Hysteresis, {"expires": 36_601}, {"expires": None}, ["$.expires"]),
    (Cap, {"measure": ""}, {}, ["$.measure"]),
    (Cap, {"label": ""}, {}, ["$.label"]),
    (Cap, {"tier": 5}, {"tier": "5"}, ["$.tier"]),
    (Cap, {"meaning": None}, {"meaning": ""}, ["$.meaning"]),
    (Indicator, {"name": ""}, {}, ["$.name"]),
    (Indicator, {"meaning": 5}, {"meaning": "5"}, ["$.meaning"]),
    (Override, {"tier": ""}, {}, ["$.tier"]),
    (Override, {"author": ""}, {}, ["$.author"]),
    (Override, {"reason": ""}, {}, ["$.reason"]),
    (Override, {"made_on": "2026-06-02"}, {}, ["$.made_on"]),
    (Override, {"until": dt.datetime(2026, 6, 2, tzinfo=dt.UTC)}, {}, ["$.until"]),
    (Override, {"until": day(1)}, {"until": day(2)}, ["$.until"]),
]
BASES: dict[Any, dict[str, Any]] = {
    Tier: {"name": "t", "at_least": 0},
    Hysteresis: {},
    Cap: NAMES,
    Indicator: {"name": "i", "when": "a > 1"},
    Override: DATED,
}


@pytest.mark.parametrize(("make", "wrong", "near_miss", "paths"), FAULTS)
def test_every_fault_is_told_with_its_path_and_a_near_miss_is_none(
    make: Callable[..., Any], wrong: dict[str, Any], near_miss: dict[str, Any], paths: list[str]
) -> None:
    with pytest.raises(DefinitionError) as caught:
        make(**{**BASES[make], **wrong})

    assert [fault.path for fault in caught.value.faults] == paths
    make(**{**BASES[make], **near_miss})


@pytest.mark.parametrize(
    ("tiers", "problem"),
    [
        ((), r"\$\.tiers: expected at least one tier"),
        (TIERS[:2], r"\$\.tiers\[1\]\.at_least: the last tier begins at 0"),
        (TIERS[::-1], r"\$\.tiers\[1\]\.at_least: tiers stand best first, so expected less than 0"),
    ],
)
def test_tiers_stand_best_first_and_the_last_begins_at_0(
    tiers: tuple[Tier, ...], problem: str
) -> None:
    with pytest.raises(DefinitionError, match=problem):
        card(tiers=tiers)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"measure": "moods"}, r"\$\.caps\[0\]\.measure: no measure 'moods'.*'mood'"),
        ({"label": "Red"}, r"\$\.caps\[0\]\.label: 'mood' has no band 'Red'.*'red'"),
        ({"tier": "rd"}, r"\$\.caps\[0\]\.tier: no tier 'rd'.*'red'"),
    ],
)
def test_a_cap_of_what_there_is_not_is_refused_with_what_there_is(
    changes: dict[str, str], problem: str
) -> None:
    cap = Cap(**{"measure": "mood", "label": "red", "tier": "red", **changes})

    with pytest.raises(DefinitionError, match=problem):
        capped(caps=(cap,))


def test_a_cap_may_look_at_the_band_of_a_norm_and_at_no_anchor() -> None:
    line = (Anchor(at=0, points=0), Anchor(at=9, points=90))
    pro = Norm(when="plan == 'pro'", bands=(Band(points=1, label="idle"),))
    cap = Cap(measure="x", label="idle", tier="red")

    measure = Measure(name="x", value="x", anchors=line, norms=(pro,))
    found = card(measures=(measure,), caps=(cap,)).assess({"x": 9, "plan": "pro"})

    assert found.caps == (cap,)
    with pytest.raises(DefinitionError, match="'x' has no band 'idle'"):
        card(measures=(Measure(name="x", value="x", anchors=line),), caps=(cap,))


def test_a_margin_is_exact_however_it_is_written() -> None:
    assert Hysteresis(fall="2.5") == Hysteresis(fall=Decimal("2.5"))  # type: ignore[arg-type]


@pytest.mark.parametrize("words", [" ", "\t\n"])
def test_blanks_are_neither_an_author_nor_a_reason(words: str) -> None:
    day = dt.date(2026, 6, 30)
    for name in ("author", "reason"):
        given = {"tier": "green", "author": "li", "reason": "fair", name: words}
        with pytest.raises(DefinitionError, match="expected words, but got blanks alone"):
            Override(made_on=day, until=day, **given)  # type: ignore[arg-type]
