"""Health: scorecards, the rulings on the unknown, evidence, and record equal to columns."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import decimal
import json
import math
import pickle
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cslib
from cslib import documents
from cslib.columns import BLOCK, ColumnsError
from cslib.errors import CslibError, DefinitionError
from cslib.health import (
    UNKNOWN,
    Assessment,
    Band,
    Cap,
    Combine,
    Group,
    Measure,
    Missing,
    Norm,
    PreviousError,
    Scorecard,
    Status,
    Tier,
)
from cslib.rules import AsOfError, FactError, rule
from cslib.scoring import most_points
from cslib.stock import SCORECARD

TIERS = (
    Tier(name="green", at_least=75),
    Tier(name="yellow", at_least=50),
    Tier(name="red", at_least=0),
)
SEATS = (Band(points=0, below=0.3), Band(points=50, below=0.6), Band(points=100, at_least=0.6))
IS_POINTS = tuple(Band(points=p, at_least=p, at_most=p) for p in (0, 25, 50, 100))


def measure(name: str = "x", **changes: Any) -> Measure:
    """A measure of the fact of its name, whose value is its points: 0, 25, 50 or 100."""
    return Measure(**{"name": name, "value": name, "bands": IS_POINTS, **changes})


def scorecard(*measures: Measure, **changes: Any) -> Scorecard:
    return Scorecard(**{"name": "test", "measures": measures, "tiers": TIERS, **changes})


def weighted(**weights: int) -> Scorecard:
    return scorecard(*(measure(name, weight=weight) for name, weight in weights.items()))


# --- Worked examples


def test_gainsights_example_of_three_weighted_measures_gives_2287_57ths() -> None:
    # Gainsight NXT, "Calculation of Measure Group Scores and Overall Score", group "Support":
    # (20 * 47 + 15 * 59 + 22 * 21) / 57, printed there as 40.122.
    support = scorecard(
        Measure(name="tickets", value="n", weight=20, bands=(Band(points=47),)),
        Measure(name="time to resolve", value="n", weight=15, bands=(Band(points=59),)),
        Measure(name="frequency", value="n", weight=22, bands=(Band(points=21),)),
        tiers=TIERS[1:],
    )

    found = support.assess({"n": 1})

    assert (found.score, found.shown) == (Fraction(2287, 57), Decimal("40.12"))
    shares = [part.share for part in found.contributions]
    assert shares == [Decimal("16.49"), Decimal("15.53"), Decimal("8.10")]


def posthog(name: str, healthy: Mapping[str, float], poor: Mapping[str, float]) -> Measure:
    """Healthy if its condition holds, else poor if its condition holds, else concerning."""
    return Measure(
        name=name,
        value=name,
        bands=(
            Band(points=10, label="healthy", **healthy),  # type: ignore[arg-type]
            Band(points=0, label="poor", **poor),  # type: ignore[arg-type]
            Band(points=5, label="concerning"),
        ),
    )


@pytest.mark.parametrize(
    ("last_seen", "active", "decrease", "users", "score"),
    [
        (1, 40, 5, 10, Fraction(10)),
        (5, 20, 20, 3, Fraction(5)),
        (6, 19.9, 20.1, 2, Fraction(0)),
        (3, 45, 0, 2, Fraction(25, 4)),
        (None, 40, 5, 2, Fraction(20, 3)),
    ],
)
def test_posthogs_user_engagement_gives_its_published_scores(
    last_seen: float | None, active: float, decrease: float, users: float, score: Fraction
) -> None:
    # PostHog handbook, "Customer health tracking", user engagement, at commit 026457f: each bound
    # hit exactly, one step past each, a mixture, and a null metric, which is ignored.
    engagement = scorecard(
        posthog("last_seen_days", {"at_most": 1}, {"above": 5}),
        posthog("active_user_pct", {"at_least": 40}, {"below": 20}),
        posthog("active_pct_decrease", {"at_most": 5}, {"above": 20}),
        posthog("feature_users", {"at_least": 10}, {"below": 3}),
        tiers=(Tier(name="any", at_least=0),),
    )
    facts = {
        "last_seen_days": last_seen,
        "active_user_pct": active,
        "active_pct_decrease": decrease,
        "feature_users": users,
    }

    assert engagement.assess(facts).score == score


@pytest.mark.parametrize(
    ("green", "yellow", "days", "label"),
    [
        (35, 60, 35, "Green"),
        (35, 60, 36, "Yellow"),
        (35, 60, 60, "Yellow"),
        (35, 60, 61, "Red"),
        (65, 90, 61, "Green"),
        (65, 90, 91, "Red"),
    ],
)
def test_gitlabs_meeting_cadence_gives_its_published_labels(
    green: int, yellow: int, days: int, label: str
) -> None:
    # GitLab handbook, "Customer Health Scoring", PROVE, meeting cadence: accounts of priority 1
    # are green up to 35 and yellow up to 60 days after a meeting, of priority 2 up to 65 and 90.
    cadence = Measure(
        name="meeting cadence",
        value="days_since(met_on)",
        bands=(
            Band(points=88, label="Green", at_most=green),
            Band(points=63, label="Yellow", above=green, at_most=yellow),
            Band(points=25, label="Red", above=yellow),
        ),
    )
    today = dt.date(2026, 6, 30)

    found = scorecard(cadence).assess({"met_on": today - dt.timedelta(days)}, as_of=today)

    assert found.contributions[0].label == label


def test_gitlabs_engagement_group_is_the_mean_of_its_two_measures() -> None:
    # The same page: meeting cadence 88 and persona 25, each half of the group, give 56.5.
    engagement = scorecard(
        measure("cadence", weight=50, bands=[Band(points=88)]),
        measure("persona", weight=50, bands=[Band(points=25)]),
    )

    assert engagement.assess({"cadence": "green", "persona": "red"}).shown == Decimal("56.50")


# --- Bands


@pytest.mark.parametrize(
    ("bound", "below", "at", "above"),
    [
        ("at_least", False, True, True),
        ("above", False, False, True),
        ("at_most", True, True, False),
        ("below", True, False, False),
    ],
)
def test_the_name_of_a_bound_says_which_side_it_is_on(
    bound: str, below: bool, at: bool, above: bool
) -> None:
    band = Band(points=1, **{bound: 0.3})  # type: ignore[arg-type]
    beside = [math.nextafter(0.3, 0), 0.3, math.nextafter(0.3, 1)]

    assert [band.holds(value) for value in beside] == [below, at, above]
    assert band.holds(np.array(beside)).tolist() == [below, at, above]


def test_a_range_of_one_number_holds_that_number() -> None:
    assert Band(points=1, at_least=5, at_most=5).holds(5)


def test_the_first_band_that_holds_the_value_gives_the_points() -> None:
    overlapping = measure(bands=[Band(points=10, at_most=5), Band(points=90, at_least=3)])

    assert scorecard(overlapping).assess({"x": 4}).score == 10


@pytest.mark.parametrize(
    ("earlier", "later", "near_miss"),
    [
        (Band(points=1), Band(points=2, below=5), None),
        (Band(points=1, at_least=0), Band(points=2, at_least=5), Band(points=2, at_least=-1)),
        (Band(points=1, at_most=5), Band(points=2, below=5), Band(points=2)),
        (Band(points=1, below=5), Band(points=2, below=5), Band(points=2, at_most=5)),
        (Band(points=1, above=0), Band(points=2, above=0, below=1), Band(points=2, at_least=0)),
        (Band(points=1, equals="a"), Band(points=2, equals="a"), Band(points=2, equals="b")),
    ],
)
def test_a_band_behind_one_that_holds_all_its_values_is_a_fault(
    earlier: Band, later: Band, near_miss: Band | None
) -> None:
    problem = r"\$\.bands\[1\]: it is never reached: \$\.bands\[0\] stands before it"
    with pytest.raises(DefinitionError, match=problem):
        measure(bands=[earlier, later])
    if near_miss is not None:
        assert measure(bands=[earlier, near_miss]).bands == (earlier, near_miss)


@pytest.mark.parametrize("given", [75, Decimal(75), "75"])
def test_a_cut_off_and_a_floor_are_exact_numbers_however_written(given: Any) -> None:
    assert Tier(name="green", at_least=given).at_least == Decimal(75)
    assert scorecard(measure(), floor="0.5").floor == Decimal("0.5")


def test_a_float_is_no_cut_off_and_the_way_out_is_said() -> None:
    with pytest.raises(DefinitionError, match=r"but got 0\.5; write Decimal\('0\.5'\)"):
        Tier(name="green", at_least=0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(("outcome", "points"), [("missed", 0), ("reached", 100)])
def test_a_band_may_be_a_text(outcome: str, points: int) -> None:
    bands = Band(points=0, equals="missed"), Band(points=100, equals="reached")

    assert scorecard(measure(bands=bands)).assess({"x": outcome}).score == points


@pytest.mark.parametrize(("flag", "points"), [(True, 100), (False, 0)])
def test_a_band_may_be_a_flag(flag: bool, points: int) -> None:
    bands = Band(points=100, equals=True), Band(points=0, equals=False)

    assert scorecard(measure(bands=bands)).assess({"x": flag}).score == points


def test_a_band_without_bounds_takes_every_known_value() -> None:
    card = scorecard(measure(bands=[Band(points=70)]), tiers=TIERS[1:])

    assert [card.assess({"x": value}).score for value in (1, "a", False)] == [70, 70, 70]
    assert card.assess({"x": None}).score is None


@pytest.mark.parametrize(("used", "points"), [(29, 0), (30, 50), (59, 50), (60, 100)])
def test_a_value_at_a_bound_falls_where_the_bound_says(used: int, points: int) -> None:
    card = scorecard(measure(value="seats_used / seats", bands=SEATS))
    facts = {"seats_used": used, "seats": 100}

    assert card.assess(facts).score == points
    assert card.assess_columns(columns_of([facts])).score.tolist() == [points]


# --- What is not known


def test_a_missing_measure_is_left_out_and_the_others_are_reweighted() -> None:
    found = weighted(a=2, b=1, c=1).assess({"a": 50, "b": 100})

    assert found.score == Fraction(2 * 50 + 100, 3)
    assert found.coverage == Fraction(3, 4)


def test_a_value_in_no_band_is_treated_as_unknown_and_shown_as_such() -> None:
    found = weighted(a=1, b=3).assess({"a": 100, "b": 101})

    assert (found.score, found.coverage) == (100, Fraction(1, 4))
    assert found.contributions[1].status is Status.NO_BAND
    assert found.contributions[1].value == 101


def test_the_policy_worst_counts_the_fewest_points_but_not_as_known() -> None:
    strict = measure("b", bands=[Band(points=20, below=5), Band(points=90)], missing="worst")

    card = scorecard(measure("a"), strict)

    found, columns = card.assess({"a": 100}), card.assess_columns({"a": np.array([100.0])})

    assert (found.score, found.coverage) == (60, Fraction(1, 2))
    assert found.contributions[1].status is Status.MISSING
    assert (columns.score.tolist(), columns.coverage.tolist()) == ([60.0], [0.5])


def test_the_policy_unknown_makes_the_whole_score_unknown() -> None:
    card = scorecard(measure("a"), measure("b", missing="unknown"))

    found, columns = card.assess({"a": 100}), card.assess_columns({"a": np.array([100.0])})

    assert (found.tier, found.score, found.shown) == (UNKNOWN, None, None)
    assert (columns.tier.tolist(), columns.coverage.tolist()) == ([UNKNOWN], [0.5])
    assert np.isnan(columns.score).all()


@pytest.mark.parametrize("policy", [*Missing, 40])
def test_an_account_of_which_nothing_is_known_is_unknown_and_not_red(policy: Missing | int) -> None:
    lasts = 30 if policy is Missing.CARRY else None
    card = scorecard(*(measure(name, missing=policy, max_age=lasts) for name in "ab"))

    assert (card.assess({}).tier, card.assess({}).score) == (UNKNOWN, None)
    columns = card.assess_columns({"a": np.array([np.nan])})
    assert columns.tier.tolist() == [UNKNOWN]
    assert np.isnan(columns.score).all()


@pytest.mark.parametrize(("known", "tier"), [(49, UNKNOWN), (50, "green"), (51, "green")])
def test_the_floor_itself_is_enough_coverage(known: int, tier: str) -> None:
    card = attrs.evolve(weighted(a=known, b=100 - known), floor=Decimal("0.5"))

    assert card.assess({"a": 100}).tier == tier
    assert card.assess_columns({"a": np.array([100.0])}).tier.tolist() == [tier]


def test_below_the_floor_there_is_no_score_even_of_0_points() -> None:
    card = attrs.evolve(weighted(a=1, b=9), floor=Decimal("0.5"))

    assert (card.assess({"a": 0}).tier, card.assess({"a": 0}).score) == (UNKNOWN, None)


# --- What is not known yet, and what can never be


@pytest.mark.parametrize(("age", "status", "score"), [(0, "known", 75), (-1, "not_yet", 50)])
def test_a_value_of_a_later_day_is_unknown(age: int, status: str, score: int) -> None:
    # By hand: (50 + 100) / 2 where it counts, 50 where it does not.
    card = scorecard(measure("a"), measure("b", age="age", max_age=60))
    found = card.assess({"a": 50, "b": 100, "age": age}, as_of=dt.date(2026, 6, 30))

    later = found.contribution("b")
    assert (later.status, found.score) == (status, score)
    assert later.known_on == (dt.date(2026, 6, 30) if score == 75 else None)


def test_where_no_norm_is_for_an_account_it_says_so() -> None:
    norm = Norm(when="plan == 'pro'", bands=IS_POINTS)
    card = scorecard(measure("a", bands=(), norms=(norm,)), measure("b"))

    for plan in ("free", None):
        found = card.assess({"a": 50, "b": 100, "plan": plan})
        assert found.contribution("a").status is Status.NO_NORM
        assert str(found.contribution("a")) == "a: 50 (no norm known for it), left out"


@pytest.mark.parametrize(
    ("combine", "cut", "is_fault"),
    [("mean", 90, False), ("mean", 91, True), ("sum", 210, False), ("sum", 211, True)],
)
def test_a_tier_above_every_score_is_a_fault(combine: str, cut: int, is_fault: bool) -> None:
    # By hand: 60 of weight 2 and 90 of weight 1; the one of weight 0 gives nothing.
    measures = [
        Measure(name=f"m{points}", value="x", weight=weight, bands=(Band(points=points),))
        for points, weight in ((60, 2), (90, 1), (1000, 0))
    ]
    tiers = (Tier(name="top", at_least=cut), TIERS[2])
    with pytest.raises(DefinitionError) if is_fault else contextlib.nullcontext() as caught:
        scorecard(*measures, tiers=tiers, combine=combine)

    if caught is not None:
        most = 90 if combine == "mean" else 210
        assert [str(fault.message) for fault in caught.value.faults] == [
            f"no score reaches {cut}: measures and groups give {most} at most"
        ]


def test_a_tier_above_0_is_a_fault_where_no_scale_gives_a_point() -> None:
    with pytest.raises(DefinitionError) as caught:
        scorecard(Measure(name="a", value="a", bands=(Band(points=0),)), tiers=TIERS)

    assert [fault.path for fault in caught.value.faults] == [
        "$.tiers[0].at_least",
        "$.tiers[1].at_least",
    ]


def test_where_nothing_counts_that_alone_is_the_fault() -> None:
    for measures in ((), (measure("a", weight=0),)):
        with pytest.raises(DefinitionError) as caught:
            scorecard(*measures)
        assert [fault.path for fault in caught.value.faults] == ["$.measures"]


def test_a_cap_that_changes_nothing_says_so_and_a_label_is_not_told_twice() -> None:
    mood = (Band(points=0, equals="bad", label="bad"), Band(points=100, label="fine"))
    caps = (Cap(measure="b", label="bad", tier="red"), Cap(measure="b", label="bad", tier="yellow"))
    card = scorecard(measure("a"), measure("b", weight="0.5", bands=mood), caps=caps)

    binding = card.assess({"a": 100, "b": "bad"}).explain().splitlines()
    idle = card.assess({"a": 0, "b": "bad"}).explain().splitlines()

    assert binding[1:4] == [
        "  the score alone gives yellow",
        "  b bad: no better than red",
        "  b bad: no better than yellow, which changes nothing",
    ]
    assert idle[2:4] == [
        f"  b bad: no better than {name}, which changes nothing" for name in ("red", "yellow")
    ]
    assert binding[-1] == "  b: bad gives 0 points, weight 0.5, 33 % of the whole: 0.00"


def test_a_measure_of_weight_0_that_must_be_known_is_a_condition_for_a_score() -> None:
    card = scorecard(measure("a"), measure("b", weight=0, missing="unknown"))

    assert card.assess({"a": 100}).score is None
    assert card.assess({"a": 100, "b": 0}).score == 100


# --- What does not apply


def of_plan(name: str, **changes: Any) -> Measure:
    return measure(name, when="plan == 'pro'", **changes)


@pytest.mark.parametrize(
    ("plan", "score", "coverage", "status"),
    [
        ("pro", None, Fraction(1, 2), Status.MISSING),
        ("free", 100, 1, Status.NOT_APPLICABLE),
        (None, None, Fraction(1, 2), Status.MAY_NOT_APPLY),
    ],
)
def test_what_does_not_apply_is_not_asked_for_and_what_may_not_apply_is(
    plan: str | None, score: int | None, coverage: Fraction, status: Status
) -> None:
    # By hand: two equal weights, one known; the floor of 1 asks for all that applies.
    card = scorecard(measure("a"), of_plan("b"), floor=1)

    found = card.assess({"a": 100, "plan": plan})

    assert (found.score, found.coverage) == (score, coverage)
    assert found.contribution("b").status is status


@pytest.mark.parametrize(("plan", "score"), [("free", 100), ("pro", 100), (None, 62.5)])
def test_where_it_is_unknown_whether_a_measure_applies_its_policy_decides(
    plan: str | None, score: float
) -> None:
    # By hand: where the plan is unknown, 25 points stand for the unknown: (100 + 25) / 2.
    card = scorecard(measure("a"), of_plan("b", missing=25))

    assert card.assess({"a": 100, "b": 100, "plan": plan}).score == score


def test_what_does_not_apply_forbids_no_score_and_caps_nothing() -> None:
    bands = (Band(points=100, equals="ok"), Band(points=0, equals="bad", label="bad"))
    mood = of_plan("mood", missing="unknown", bands=bands)
    cap = Cap(measure="mood", label="bad", tier="red")
    card = scorecard(measure("a"), mood, caps=[cap])

    assert [card.assess({"a": 100, "mood": "bad", "plan": "free"}).tier] == ["green"]
    assert card.assess({"a": 100, "mood": "bad", "plan": None}).tier == UNKNOWN
    assert card.assess({"a": 100, "mood": "bad", "plan": "pro"}).tier == "red"


def test_a_group_of_which_nothing_applies_leaves_its_weight_to_the_others() -> None:
    # By hand: the group of 3 to 1 is out; of the others 1 of 2 is known.
    group = Group(name="module", weight=3, measures=(of_plan("b"), of_plan("c")))
    card = scorecard(measure("a"), measure("d"), groups=(group,))

    found = card.assess({"a": 50, "plan": "free"})

    assert (found.score, found.coverage) == (50, Fraction(1, 2))


def test_where_no_measure_applies_there_is_no_score_and_no_coverage_in_both_doors() -> None:
    card = scorecard(of_plan("a"), of_plan("b"))

    found = card.assess({"a": 100, "b": 100, "plan": "free"})

    assert (found.tier, found.score, found.coverage) == (UNKNOWN, None, 0)
    assert found.explain().splitlines() == [
        "unknown: no score, no measure applies",
        "  a: does not apply",
        "  b: does not apply",
    ]
    assert found.reasons == ()
    columns = card.assess_columns({"a": np.array([100.0]), "plan": np.array(["free"])})
    assert (columns.tier.tolist(), columns.coverage.tolist()) == ([UNKNOWN], [0.0])


def test_a_value_is_not_carried_over_a_day_on_which_the_measure_did_not_apply() -> None:
    card = scorecard(measure("a"), of_plan("b", missing="carry", max_age=60))
    day, found = dt.date(2026, 6, 1), None
    for plan, b in (("pro", 100), ("free", None), ("pro", None)):
        found = card.assess({"a": 50, "b": b, "plan": plan}, as_of=day, previous=found)
        day += dt.timedelta(1)

    assert found is not None
    assert found.contribution("b").status is Status.MISSING


def test_whether_a_measure_applies_is_a_condition() -> None:
    with pytest.raises(CslibError, match="x"):
        measure(when="x + 1")


def test_a_coverage_of_numbers_that_doubles_do_not_hold_is_the_nearest_double() -> None:
    weights = [999_983, 999_979, 999_961, 999_959]
    groups = [
        Group(
            name=f"g{at}",
            weight=weight,
            measures=[of_plan(f"p{at}", weight=weight), measure(f"m{at}", weight=weights[at - 1])],
        )
        for at, weight in enumerate(weights)
    ]
    card = scorecard(groups=groups)
    facts: dict[str, Any] = {"plan": "pro", "m0": 50, "p1": 50, "m2": 0}

    columns = card.assess_columns({name: np.array([value]) for name, value in facts.items()})

    assert columns.coverage.tolist() == [float(card.assess(facts).coverage)]


def test_a_measure_that_is_0_is_known() -> None:
    found = weighted(a=1).assess({"a": 0})

    assert (found.tier, found.score, found.shown) == ("red", 0, Decimal("0.00"))


# --- Tiers


@pytest.mark.parametrize(
    ("hundred", "shown", "tier"),
    [
        (75_000, "75.00", "green"),
        (74_999, "75.00", "yellow"),
        (74_996, "75.00", "yellow"),
        (74_995, "75.00", "yellow"),  # 7499.5 hundredths: half to even
        (74_985, "74.98", "yellow"),  # 7498.5 hundredths: half to even
        (50_000, "50.00", "yellow"),
        (49_999, "50.00", "red"),
    ],
)
def test_the_tier_goes_by_the_exact_score_and_not_by_the_shown_one(
    hundred: int, shown: str, tier: str
) -> None:
    card = weighted(a=hundred, b=100_000 - hundred)

    found = card.assess({"a": 100, "b": 0})

    assert (found.score, found.shown) == (Fraction(hundred, 1000), Decimal(shown))
    assert found.tier == tier
    columns = card.assess_columns({"a": np.array([100.0]), "b": np.array([0.0])})
    assert columns.tier.tolist() == [tier]


def test_a_cut_off_of_six_decimals_is_met_exactly_at_the_largest_weights_and_points() -> None:
    cut = Tier(name="top", at_least=Decimal("999.999999"))
    measures = [
        measure(f"m{i}", weight=1_000_000, bands=[Band(points=1000, at_least=1), Band(points=999)])
        for i in range(20)
    ]
    card = scorecard(*measures, tiers=(cut, Tier(name="rest", at_least=0)))
    columns = {f"m{i}": np.array([1.0, 1.0 if i else 0.0]) for i in range(20)}

    assert card.assess_columns(columns).tier.tolist() == ["top", "rest"]


def test_a_single_tier_takes_every_score() -> None:
    card = attrs.evolve(weighted(a=1), tiers=(Tier(name="scored", at_least=0),))

    assert [card.assess({"a": a}).tier for a in (0, 100, None)] == ["scored", "scored", UNKNOWN]


# --- Evidence


def test_contributions_say_value_points_weight_and_share_in_the_scorecards_order() -> None:
    found = weighted(a=2, b=1, c=3).assess({"b": 25, "a": 50})

    told = [(p.measure, p.value, p.points, p.weight, p.share) for p in found.contributions]
    assert told == [
        ("a", 50, 50, 2, Decimal("33.34")),
        ("b", 25, 25, 1, Decimal("8.33")),
        ("c", None, None, 3, Decimal("0.00")),
    ]


def test_there_are_no_shares_where_there_is_no_score() -> None:
    found = scorecard(measure("a"), measure("b", missing="unknown")).assess({"a": 100})

    assert [part.share for part in found.contributions] == [None, None]
    assert [part.points for part in found.contributions] == [100, None]


def test_shares_of_a_score_of_0_are_0() -> None:
    found = weighted(a=2, b=1).assess({"a": 0, "b": 0})

    assert [part.share for part in found.contributions] == [Decimal("0.00")] * 2


def test_reasons_are_the_measures_that_cost_most_and_ties_keep_the_scorecards_order() -> None:
    found = weighted(full=9, a=1, b=2, c=4, gone=9).assess({"full": 100, "a": 0, "b": 50, "c": 25})

    assert [(part.measure, part.loss) for part in found.reasons] == [
        ("c", Fraction(300, 16)),
        ("a", Fraction(100, 16)),
        ("b", Fraction(100, 16)),
    ]


def test_a_measure_counted_at_its_worst_is_a_reason() -> None:
    found = scorecard(measure("a"), measure("b", missing="worst")).assess({"a": 100})

    assert [part.measure for part in found.reasons] == ["b"]


def test_reasons_of_an_unknown_tier_are_what_to_find_out() -> None:
    card = scorecard(
        measure("light", weight=1),
        measure("heavy", weight=9),
        measure("known", weight=5),
        measure("required", weight=1, missing="unknown"),
    )

    found = card.assess({"known": 0})

    assert [part.measure for part in found.reasons] == ["required", "heavy", "light"]


def test_the_explanation_tells_values_labels_points_shares_and_meanings() -> None:
    card = scorecard(
        Measure(
            name="seat use",
            value="seats_used / seats",
            weight=3,
            bands=(Band(points=50, label="partly used", below=0.6),),
            meaning="Share of the paid seats in use.",
        ),
        measure("roles", missing="worst"),
        measure("nps"),
        measure("logins"),
    )

    found = card.assess({"seats_used": 1, "seats": 3, "logins": 7.5})

    assert found.explain().splitlines() == [
        "red: 37.50 points, 50 % of the weight known",
        "  seat use: 0.333333 (partly used) gives 50 points, weight 3, 50 % of the whole: 37.50",
        "    Share of the paid seats in use.",
        "  roles: unknown gives 0 points, weight 1, 17 % of the whole: 0.00",
        "  nps: unknown, left out",
        "  logins: 7.5 (in no band), left out",
    ]


@pytest.mark.parametrize(
    ("facts", "summary"),
    [
        ({}, "unknown: no score without c, 0 % of the weight known"),
        ({"c": 0}, "unknown: no score, 49 % of the weight known, 49.5 % asked for"),
        ({"a": 0, "b": 0}, "unknown: no score without c, 50 % of the weight known"),
    ],
)
def test_the_explanation_says_why_there_is_no_score(facts: dict[str, object], summary: str) -> None:
    card = scorecard(
        measure("a", weight=1),
        measure("b", weight=500),
        measure("c", weight=490, missing="unknown"),
        floor=Decimal("0.495"),
    )

    assert card.assess(facts).explain().splitlines()[0] == summary


def test_an_account_of_which_nothing_is_known_is_explained_so() -> None:
    assert weighted(a=1).assess({}).explain().splitlines() == [
        "unknown: no score, nothing is known",
        "  a: unknown, left out",
    ]


def test_a_measure_that_no_score_can_do_without_says_so() -> None:
    found = scorecard(measure("a", missing="unknown"), measure("b")).assess({"b": 25})

    assert list(map(str, found.contributions)) == [
        "a: unknown, so there is no score",
        "b: 25 gives 25 points, weight 1, 50 % of the whole",
    ]


def test_facts_for_other_rooms_are_the_tier_the_score_and_the_coverage() -> None:
    found = weighted(a=1, b=2).assess({"b": 50})

    assert found.facts == {
        "tier": "yellow",
        "score": 50.0,
        "coverage": 2 / 3,
        "model_tier": "yellow",
    }


def test_an_unknown_tier_is_an_unknown_fact() -> None:
    facts = weighted(a=1).assess({}).facts

    assert facts == {"tier": None, "score": None, "coverage": 0.0, "model_tier": None}
    assert rule('tier != "green"')(facts) is None


def test_the_callers_decimal_context_changes_nothing() -> None:
    card = weighted(a=2, b=1)
    facts = {"a": 100, "b": 50}

    with decimal.localcontext(decimal.Context(prec=2)):
        found = card.assess(facts)
        shown = found.shown

    assert (found, shown) == (card.assess(facts), Decimal("83.33"))


def test_an_assessment_names_its_definition_in_both_doors() -> None:
    card, other = weighted(a=1), weighted(a=2)

    assert card.assess({}).definition == documents.fingerprint(card)
    assert card.assess_columns({"a": np.zeros(1)}).definition == documents.fingerprint(card)
    assert other.assess({}).definition != documents.fingerprint(card)


# --- Columns


def test_columns_of_different_lengths_are_refused() -> None:
    columns = {"a": np.zeros(3), "b": np.zeros(1)}

    with pytest.raises(ColumnsError, match=r"measure 'a' reads 3 rows, but 'b' 1"):
        weighted(a=1, b=1).assess_columns(columns)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_book_of_few_rows_gives_as_many_answers(rows: int) -> None:
    found = weighted(a=1, b=1).assess_columns({"a": np.full(rows, 100.0)})

    assert found.tier.tolist() == ["green"] * rows
    assert found.score.tolist() == [100.0] * rows
    assert found.coverage.tolist() == [0.5] * rows


def test_a_measure_that_counts_days_takes_today_in_both_doors() -> None:
    silent = measure(
        value="days_since(seen_on)", bands=[Band(points=100, at_most=7), Band(points=0)]
    )
    card = scorecard(silent)
    seen, columns = dt.date(2026, 6, 23), {"seen_on": np.array(["2026-06-23"], "datetime64[D]")}

    for today, tier in [(dt.date(2026, 6, 30), "green"), (dt.date(2026, 7, 1), "red")]:
        assert card.assess({"seen_on": seen}, as_of=today).tier == tier
        assert card.assess_columns(columns, as_of=today).tier.tolist() == [tier]
    with pytest.raises(AsOfError):
        card.assess({"seen_on": seen})
    with pytest.raises(AsOfError):
        card.assess_columns(columns)


def test_a_fact_of_another_kind_is_an_error_in_both_doors() -> None:
    card = weighted(a=1)

    with pytest.raises(FactError, match="'a': expected number, but got '50'"):
        card.assess({"a": "50"})
    with pytest.raises(FactError, match="'a'"):
        card.assess_columns({"a": np.array(["50"])})


# --- The definition


BAND = {"points": 1}
MEASURE = {"name": "m", "value": "x", "bands": (Band(points=1, at_least=0),)}
TIER = {"name": "t", "at_least": 0}
CARD = {"name": "c", "measures": (measure(),), "tiers": TIERS}

Case = tuple[Callable[..., Any], dict[str, Any], dict[str, Any], list[str]]

FAULTS: list[Case] = [
    # what is made, what trips, the near miss, the paths
    (Band, {"points": -1}, {"points": 0}, ["$.points"]),
    (Band, {"points": 1001}, {"points": 1000}, ["$.points"]),
    (Band, {"points": 10**5000}, {"points": 1000}, ["$.points"]),
    (Band, {"points": 1.0}, {"points": 1}, ["$.points"]),
    (Band, {"points": True}, {"points": 1}, ["$.points"]),
    (Band, {"at_least": math.nan}, {"at_least": 0.0}, ["$.at_least"]),
    (Band, {"above": math.inf}, {"above": 2.0**53}, ["$.above"]),
    (Band, {"at_most": 2**53 + 1}, {"at_most": 2**53}, ["$.at_most"]),
    (Band, {"below": "5"}, {"below": 5}, ["$.below"]),
    (Band, {"at_least": True}, {"at_least": 1}, ["$.at_least"]),
    (Band, {"at_least": 1, "above": 1}, {"at_least": 1}, ["$.above"]),
    (Band, {"at_most": 1, "below": 1}, {"at_most": 1}, ["$.below"]),
    (Band, {"equals": 5}, {"equals": "5"}, ["$.equals"]),
    (Band, {"equals": "a\0"}, {"equals": "a"}, ["$.equals"]),
    (Band, {"equals": "a", "below": 1}, {"equals": "a"}, ["$.equals"]),
    (Band, {"equals": False, "above": 1}, {"equals": False}, ["$.equals"]),
    (Band, {"at_least": 1, "below": 1}, {"at_least": 1, "at_most": 1}, ["$.below"]),
    (Band, {"above": 1, "at_most": 1}, {"above": 1, "at_most": 1.5}, ["$.at_most"]),
    (Band, {"above": 2, "below": 1}, {"above": 1, "below": 2}, ["$.below"]),
    (Band, {"label": 5}, {"label": "5"}, ["$.label"]),
    (Band, {"points": -1, "below": "5"}, {"below": 5}, ["$.points", "$.below"]),
    (Measure, {"name": ""}, {"name": " "}, ["$.name"]),
    (Measure, {"name": 5}, {"name": "5"}, ["$.name"]),
    (Measure, {"meaning": None}, {"meaning": ""}, ["$.meaning"]),
    (Measure, {"weight": -1}, {"weight": 0}, ["$.weight"]),
    (Measure, {"weight": 1_000_001}, {"weight": 1_000_000}, ["$.weight"]),
    (Measure, {"weight": 1.5}, {"weight": "1.5"}, ["$.weight"]),
    (Measure, {"weight": "0.0000001"}, {"weight": "0.000001"}, ["$.weight"]),
    (Measure, {"bands": ()}, {"bands": (Band(points=1),)}, ["$.bands"]),
    (
        Measure,
        {
            "bands": (
                Band(points=1, equals="a"),
                Band(points=1, equals="b"),
                Band(points=1, below=1),
            )
        },
        {"bands": (Band(points=1, equals="a"), Band(points=1, equals="b"), Band(points=1))},
        ["$.bands[2]"],
    ),
    (
        Measure,
        {"bands": (Band(points=1, equals=True), Band(points=0, equals="true"))},
        {"bands": (Band(points=1, equals=True), Band(points=0, equals=False))},
        ["$.bands[1]"],
    ),
    (Measure, {"value": "x > 5"}, {"value": "x"}, ["$.value"]),
    (Measure, {"name": "", "weight": -1, "bands": ()}, {}, ["$.name", "$.weight", "$.bands"]),
    (Tier, {"name": ""}, {"name": "t"}, ["$.name"]),
    (Tier, {"name": 5}, {"name": "5"}, ["$.name"]),
    (Tier, {"name": "unknown"}, {"name": "Unknown"}, ["$.name"]),
    (Tier, {"at_least": 0.5}, {"at_least": Decimal("0.5")}, ["$.at_least"]),
    (Tier, {"at_least": "many"}, {"at_least": 75}, ["$.at_least"]),
    (Tier, {"at_least": True}, {"at_least": 1}, ["$.at_least"]),
    (Tier, {"at_least": Decimal("NaN")}, {"at_least": Decimal(0)}, ["$.at_least"]),
    (Tier, {"at_least": -1}, {"at_least": 0}, ["$.at_least"]),
    (Tier, {"at_least": Decimal("1000.1")}, {"at_least": 1000}, ["$.at_least"]),
    (
        Tier,
        {"at_least": Decimal("1.0000001")},
        {"at_least": Decimal("1.000001")},
        ["$.at_least"],
    ),
    (Scorecard, {"name": ""}, {"name": "c"}, ["$.name"]),
    (Scorecard, {"name": 5}, {"name": "5"}, ["$.name"]),
    (Scorecard, {"measures": ()}, {"measures": (measure(),)}, ["$.measures"]),
    (
        Scorecard,
        {"measures": (measure(weight=0),)},
        {"measures": (measure(weight=0), measure("y"))},
        ["$.measures"],
    ),
    (
        Scorecard,
        {"measures": (measure("a"), measure("b"), measure("a"))},
        {"measures": (measure("a"), measure("b"), measure("A"))},
        ["$.measures[2].name"],
    ),
    (Scorecard, {"tiers": ()}, {"tiers": TIERS[2:]}, ["$.tiers"]),
    (Scorecard, {"tiers": TIERS[:2]}, {"tiers": TIERS}, ["$.tiers[1].at_least"]),
    (
        Scorecard,
        {"tiers": (TIERS[1], TIERS[0], TIERS[2])},
        {"tiers": TIERS},
        ["$.tiers[1].at_least"],
    ),
    (
        Scorecard,
        {"tiers": (TIERS[2], Tier(name="black", at_least=0))},
        {"tiers": (Tier(name="red", at_least=Decimal("0.000001")), Tier(name="b", at_least=0))},
        ["$.tiers[1].at_least"],
    ),
    (
        Scorecard,
        {"tiers": (Tier(name="red", at_least=5), TIERS[2])},
        {"tiers": (Tier(name="Red", at_least=5), TIERS[2])},
        ["$.tiers[1].name"],
    ),
    (Scorecard, {"floor": Decimal("1.1")}, {"floor": 1}, ["$.floor"]),
    (Scorecard, {"floor": Decimal("-0.1")}, {"floor": 0}, ["$.floor"]),
    (Scorecard, {"floor": 0.5}, {"floor": Decimal("0.5")}, ["$.floor"]),
    (
        Scorecard,
        {"name": "", "tiers": TIERS[:1], "floor": 2},
        {},
        ["$.name", "$.tiers[0].at_least", "$.floor"],
    ),
]


@pytest.mark.parametrize(("make", "wrong", "near_miss", "paths"), FAULTS)
def test_every_fault_of_a_definition_is_told_with_its_path_and_a_near_miss_is_none(
    make: Callable[..., Any], wrong: dict[str, Any], near_miss: dict[str, Any], paths: list[str]
) -> None:
    base = {Band: BAND, Measure: MEASURE, Tier: TIER, Scorecard: CARD}[make]  # type: ignore[index]

    with pytest.raises(DefinitionError) as caught:
        make(**{**base, **wrong})

    assert [fault.path for fault in caught.value.faults] == paths
    make(**{**base, **near_miss})


def test_a_scorecard_has_at_most_a_thousand_measures() -> None:
    measures = tuple(measure(f"m{i}") for i in range(1001))

    with pytest.raises(
        DefinitionError, match=r"\$\.measures: expected at most 1000 measures, but got 1001"
    ):
        scorecard(*measures)
    assert len(scorecard(*measures[:1000]).leaves) == 1000


def test_messages_say_what_was_given_and_what_was_expected() -> None:
    with pytest.raises(DefinitionError) as caught:
        Measure(name="seats", value="seats > 5", bands=(Band(points=1, at_least=3),))

    expected = "measure 'seats' is not valid: $.value: in `seats > 5`: expected a number"
    assert str(caught.value).startswith(expected)


def test_faults_of_a_document_are_told_by_their_place_in_it() -> None:
    data = documents.to_data(scorecard(measure("a"), measure("b")))
    data["measures"][1]["bands"][0]["points"] = 2000
    data["tiers"][2]["at_least"] = "-1"

    with pytest.raises(DefinitionError) as caught:
        documents.from_data(data, Scorecard)

    paths = [fault.path for fault in caught.value.faults]
    assert paths == ["$.measures[1].bands[0].points", "$.tiers[2].at_least"]


def test_equal_scorecards_have_equal_hashes_and_fingerprints_however_they_were_written() -> None:
    one = weighted(a=1)
    other = scorecard(
        measure(
            "a", bands=[Band(points=p, at_least=float(p), at_most=p) for p in (0, 25, 50, 100)]
        ),
        tiers=[attrs.evolve(tier, at_least=tier.at_least + Decimal("0.00")) for tier in TIERS],
    )

    assert (one, hash(one), one.fingerprint) == (other, hash(other), other.fingerprint)


def test_a_scorecard_and_its_assessments_survive_pickle() -> None:
    card = attrs.evolve(SCORECARD, name="copy")
    found = card.assess({"seats": 10, "seats_used": 7})

    same_card, same_found = pickle.loads(pickle.dumps((card, found)))  # noqa: S301

    assert (same_card, hash(same_card)) == (card, hash(card))
    assert (same_found, hash(same_found)) == (found, hash(found))
    assert same_card.assess({"seats": 10, "seats_used": 7}) == found


# --- The sample book


SAMPLE = Path(cslib.__file__).parent / "sample" / "accounts.csv"
NUMBERS = [
    "seats",
    "seats_used",
    "logins_30d",
    "logins_prior_30d",
    "roles_active",
    "scenarios_running",
    "nps",
]


def sample_accounts() -> dict[str, dict[str, Any]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row["account"]: {
            **{name: float(row[name]) if row[name] else None for name in NUMBERS},
            "outcome": row["outcome"] or None,
        }
        for row in rows
    }


def sample_truth() -> dict[str, tuple[str, Fraction | None]]:
    text = (Path(__file__).parent / "sample_truth.json").read_text(encoding="utf-8")
    return {
        account: (told["tier"], None if told["score"] is None else Fraction(told["score"]))
        for account, told in json.loads(text)["accounts"].items()
    }


def test_the_stock_scorecard_finds_the_planned_tier_and_score_of_every_sample_account() -> None:
    found = {account: SCORECARD.assess(facts) for account, facts in sample_accounts().items()}

    assert {account: (each.tier, each.score) for account, each in found.items()} == sample_truth()


def test_the_stock_scorecard_finds_the_same_over_the_sample_as_columns() -> None:
    accounts, truth = sample_accounts(), sample_truth()

    found = SCORECARD.assess_columns(columns_of(list(accounts.values())))

    scores = [None if math.isnan(score) else score for score in found.score.tolist()]
    assert dict(zip(accounts, zip(found.tier.tolist(), scores, strict=True), strict=True)) == {
        account: (tier, None if score is None else float(score))
        for account, (tier, score) in truth.items()
    }


# --- Laws

NUMBER_FACTS, TEXT_FACTS, FLAG_FACTS = ("n1", "n2", "n3"), ("t1", "t2"), ("f1", "f2")
NUMBER_RULES = (*NUMBER_FACTS, "n1 / n2", "change(n2, n1)", "coalesce(n3, 1)", "n1 if f1 else n2")
TEXT_RULES = (*TEXT_FACTS, "coalesce(t1, t2)", "t1 if f2 else 'b'")
FLAG_RULES = (*FLAG_FACTS, "n1 > n2", "f1 and n3 >= 1", "t1 == 'a'")
SOME_NUMBERS = (-1.0, 0.0, 0.1, 0.3, 0.5, 1.0, 2.0, 2.5, 10.0)

points = st.integers(0, 1000)


@st.composite
def ranges(draw: st.DrawFn) -> Band:
    low, high = sorted(draw(st.lists(st.sampled_from(SOME_NUMBERS), min_size=2, max_size=2)))
    sides: dict[str, float] = {}
    if draw(st.booleans()):
        sides[draw(st.sampled_from(["at_least", "above"]))] = low
    if draw(st.booleans()):
        sides[draw(st.sampled_from(["at_most", "below"]))] = high + (low == high)
    return Band(points=draw(points), **sides)  # type: ignore[arg-type]


def equals(values: Sequence[str | bool]) -> st.SearchStrategy[Band]:
    return st.builds(Band, points=points, equals=st.sampled_from(values))


def reachable(bands: Sequence[Band]) -> list[Band]:
    """The bands without those that are never reached, which no measure takes."""
    kept: list[Band] = []
    for band in bands:
        with contextlib.suppress(DefinitionError):
            kept = list(measure(bands=[*kept, band]).bands)
    return kept


def arguments(
    sources: Sequence[str], bands: st.SearchStrategy[Band]
) -> st.SearchStrategy[dict[str, Any]]:
    """What a measure is made from, but for its name."""
    return st.fixed_dictionaries(
        {
            "value": st.sampled_from([rule(source) for source in sources]),
            "bands": st.lists(bands, min_size=1, max_size=4).map(reachable),
            "weight": st.one_of(st.integers(1, 5), st.integers(1, 1_000_000)),
            "missing": st.sampled_from([Missing.EXCLUDE, 40, *Missing]),
        }
    ).map(carried)


def carried(drawn: dict[str, Any]) -> dict[str, Any]:
    """A value that is carried says for how long."""
    return {**drawn, "max_age": 30} if drawn["missing"] is Missing.CARRY else drawn


ANY_BAND = st.builds(Band, points=points)
ARGUMENTS = st.one_of(
    arguments(NUMBER_RULES, ranges()),
    arguments(TEXT_RULES, st.one_of(equals(["a", "b", ""]), ANY_BAND)),
    arguments(FLAG_RULES, st.one_of(equals([True, False]), ANY_BAND)),
)
CUTS = st.lists(st.decimals(Decimal("0.000001"), 1000, places=6), unique=True, max_size=3).map(
    lambda cuts: [*sorted(cuts, reverse=True), Decimal(0)]
)
FLOORS = st.sampled_from([Decimal(0), Decimal("0.333333"), Decimal("0.5"), Decimal(1)])


@st.composite
def scorecards(draw: st.DrawFn) -> Scorecard:
    drawn = draw(st.lists(ARGUMENTS, min_size=1, max_size=4))
    measures = tuple(Measure(name=f"m{place}", **each) for place, each in enumerate(drawn))
    most = most_points(measures, (), Combine.MEAN)
    return Scorecard(
        name="drawn",
        measures=measures,
        tiers=tuple(
            Tier(name="abcd"[place] * (place + 1), at_least=cut)
            for place, cut in enumerate(cut for cut in draw(CUTS) if cut <= most)
        ),
        floor=draw(FLOORS),
    )


ABSENT = object()
FACTS = {
    **dict.fromkeys(NUMBER_FACTS, st.sampled_from([*SOME_NUMBERS, 3, None, math.nan, ABSENT])),
    **dict.fromkeys(TEXT_FACTS, st.sampled_from(["a", "b", "", "a", "b", "other", None, ABSENT])),
    **dict.fromkeys(FLAG_FACTS, st.sampled_from([True, False, True, False, None, ABSENT])),
}
accounts = st.fixed_dictionaries(FACTS).map(
    lambda drawn: {name: value for name, value in drawn.items() if value is not ABSENT}
)


def type_of(fact: str) -> Any:
    return {"n": float, "t": str, "f": bool}[fact[0]]


def unknown(value: object) -> bool:
    return value is None or value != value


def columns_of(rows: Sequence[Mapping[str, Any]], form: str = "object") -> dict[str, Any]:
    """The rows as columns: of objects, masked, or plain where numpy's own types can tell all."""
    columns: dict[str, Any] = {"row": np.arange(len(rows))}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        mask = [unknown(value) for value in values]
        if form == "object" or (form == "plain" and any(mask) and type_of(name) is not float):
            columns[name] = np.array(values, object)
        elif form == "plain":
            filled = [
                math.nan if hidden else value for value, hidden in zip(values, mask, strict=True)
            ]
            columns[name] = np.array(filled, type_of(name))
        else:
            zero = type_of(name)()
            filled = [zero if hidden else value for value, hidden in zip(values, mask, strict=True)]
            columns[name] = np.ma.MaskedArray(np.array(filled, type_of(name)), mask)
    return columns


def answer(found: Assessment) -> tuple[str, float | None, float]:
    return found.tier, None if found.score is None else float(found.score), float(found.coverage)


@given(scorecards(), st.lists(accounts, max_size=6), st.sampled_from(["object", "plain", "masked"]))
def test_record_and_columns_agree_to_the_bit(
    card: Scorecard, rows: list[dict[str, Any]], form: str
) -> None:
    found = card.assess_columns(columns_of(rows, form))

    scores = [None if math.isnan(score) else score for score in found.score.tolist()]
    answers = list(zip(found.tier.tolist(), scores, found.coverage.tolist(), strict=True))
    assert answers == [answer(card.assess(row)) for row in rows]


def test_record_and_columns_agree_across_the_border_of_a_block() -> None:
    rows = [
        {"seats_used": used, "seats": 10, "outcome": outcome, "nps": nps}
        for used in (1, 3, 6, None)
        for outcome in ("reached", "missed", "unheard of", None)
        for nps in (6.9, 7, None)
    ]
    times = BLOCK // len(rows) + 1
    long = {name: np.tile(column, times) for name, column in columns_of(rows).items()}

    found, few = SCORECARD.assess_columns(long), [answer(SCORECARD.assess(row)) for row in rows]

    assert len(found.tier) > BLOCK
    assert found.tier.tolist() == [tier for tier, _, _ in few] * times
    scores = [math.nan if score is None else score for _, score, _ in few]
    np.testing.assert_array_equal(found.score, np.tile(scores, times))


@given(scorecards(), accounts)
def test_contributions_add_up_to_the_score_as_shown(
    card: Scorecard, account: dict[str, Any]
) -> None:
    found = card.assess(account)

    shares = [part.share for part in found.contributions]
    if found.shown is None:
        assert set(shares) == {None}
    else:
        assert sum(share for share in shares if share is not None) == found.shown


@given(scorecards(), accounts)
def test_the_score_is_the_mean_of_the_points_that_count_and_unknown_is_no_tier(
    card: Scorecard, account: dict[str, Any]
) -> None:
    found = card.assess(account)
    counted = [part for part in found.contributions if part.points is not None]

    assert (found.tier == UNKNOWN) == (found.score is None)
    assert found.coverage * Fraction(sum(each.weight for each in card.measures)) == Fraction(
        sum(part.weight for part in found.contributions if part.status is Status.KNOWN)
    )
    if found.score is not None:
        assert found.coverage > 0
        assert found.coverage >= card.floor
        total = sum(part.weight * part.points for part in counted if part.points is not None)
        assert found.score * Fraction(sum(part.weight for part in counted)) == total
        cuts = {tier.name: tier.at_least for tier in card.tiers}
        reached = [name for name, cut in cuts.items() if Fraction(cut) <= found.score]
        assert found.tier == reached[0]


@given(scorecards(), accounts, st.integers(2, 1_000))
def test_the_scale_of_the_weights_does_not_matter(
    card: Scorecard, account: dict[str, Any], scale: int
) -> None:
    small = [attrs.evolve(each, weight=each.weight % 1_000 + 1) for each in card.measures]
    large = [attrs.evolve(each, weight=each.weight * scale) for each in small]

    one, other = (attrs.evolve(card, measures=each).assess(account) for each in (small, large))

    assert (one.tier, one.score, one.coverage) == (other.tier, other.score, other.coverage)
    shares = [[part.share for part in found.contributions] for found in (one, other)]
    assert shares[0] == shares[1]


@given(scorecards(), accounts, st.randoms(use_true_random=False))
def test_the_order_of_the_measures_does_not_change_score_or_tier(
    card: Scorecard, account: dict[str, Any], random: Any
) -> None:
    shuffled = list(card.measures)
    random.shuffle(shuffled)

    other = attrs.evolve(card, measures=shuffled)

    assert answer(other.assess(account)) == answer(card.assess(account))


@given(scorecards(), accounts)
def test_leaving_a_missing_measure_out_is_as_if_the_scorecard_did_not_have_it(
    card: Scorecard, account: dict[str, Any]
) -> None:
    card = attrs.evolve(card, floor=0)
    extra = Measure(name="extra", value="never_told", weight=7, bands=IS_POINTS)
    wider = attrs.evolve(card, measures=(extra, *card.measures))

    found, without = wider.assess(account), card.assess(account)

    assert (found.tier, found.score) == (without.tier, without.score)
    shares = [each.nominal for each in without.contributions]  # of what is asked for, not of all
    assert without.contributions == tuple(
        attrs.evolve(each, nominal=share)
        for each, share in zip(found.contributions[1:], shares, strict=True)
    )


@given(
    st.lists(st.sampled_from(SOME_NUMBERS), min_size=1, max_size=4, unique=True).map(sorted),
    st.lists(points, min_size=5, max_size=5).map(sorted),
    st.lists(st.floats(-2, 12), min_size=2, max_size=2).map(sorted),
    scorecards(),
    accounts,
)
def test_a_score_never_falls_as_a_measure_of_rising_bands_rises(
    bounds: list[float],
    rising: list[int],
    values: list[float],
    card: Scorecard,
    account: dict[str, Any],
) -> None:
    steps = [Band(points=p, below=bound) for p, bound in zip(rising, bounds, strict=False)]
    bands = (*steps, Band(points=rising[-1], at_least=bounds[-1]))
    wider = attrs.evolve(card, measures=(*card.measures, measure("rising", bands=bands)))

    low, high = (wider.assess({**account, "rising": value}).score for value in values)

    assert (low is None) == (high is None)
    assert low is None or high is None or low <= high


@given(scorecards(), accounts, st.sampled_from([0, 25, 50, 100]))
def test_what_counts_as_worst_while_unknown_can_only_gain_by_being_known(
    card: Scorecard, account: dict[str, Any], value: int
) -> None:
    strict = measure("strict", missing="worst", weight=3)
    wider = attrs.evolve(card, measures=(*card.measures, strict))

    before, after = (wider.assess({**account, "strict": each}).score for each in (None, value))

    assert before is None or (after is not None and before <= after)


@given(scorecards())
def test_a_scorecard_comes_back_from_json_unchanged(card: Scorecard) -> None:
    back = documents.from_json(documents.to_json(card), Scorecard)

    assert (back, hash(back), back.fingerprint) == (card, hash(card), card.fingerprint)


def test_a_measure_whose_bands_hold_anything_comes_back_from_json_unchanged() -> None:
    known = Measure(name="m", value=rule("seats", kind="number"), bands=(Band(points=100),))

    assert documents.from_json(documents.to_json(known), Measure) == known


def test_a_value_is_carried_within_one_scorecard_and_a_day_of_unknown_age_is_none() -> None:
    mood = measure("mood", missing="carry", max_age=60, age="age")
    card, other = scorecard(mood), scorecard(mood, name="other")
    may, june = dt.date(2026, 5, 1), dt.date(2026, 6, 1)
    before = card.assess({"mood": 100, "age": 0}, as_of=may)

    assert card.assess({}, as_of=june, previous=before).tier == "green"
    assert other.assess({}, as_of=june, previous=before).tier == UNKNOWN
    of_unknown_age = card.assess({"mood": 50}, as_of=june).contributions[0]
    assert (of_unknown_age.status, of_unknown_age.known_on) == (Status.STALE, None)
    ancient = card.assess({"mood": 50, "age": 1e300}, as_of=june).contributions[0]
    assert (ancient.status, ancient.known_on) == (Status.STALE, None)


@pytest.mark.parametrize("field", ["measures", "groups", "tiers", "caps", "indicators"])
@pytest.mark.parametrize("given", [3, "text", [3]])
def test_parts_of_another_kind_are_named_with_their_place(field: str, given: Any) -> None:
    whole = {"name": "x", "measures": (measure(),), "tiers": TIERS}

    with pytest.raises(DefinitionError, match=rf"\$\.{field}(\[0\])?: expected (an?|several) "):
        Scorecard(**{**whole, field: given})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: scorecard(measure(), hysteresis=3), r"\$\.hysteresis: expected a Hysteresis"),
        (lambda: scorecard(measure(), combine="wrst"), r"\$\.combine: unknown way .*'worst'"),
        (lambda: measure(can_change="no"), r"\$\.can_change: expected True or False"),
        (lambda: measure(bands=[3]), r"\$\.bands\[0\]: expected a Band"),
    ],
)
def test_a_part_that_cannot_be_is_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        make()


def test_groups_lie_as_deep_as_a_document_holds_and_no_deeper() -> None:
    group = Group(name="0", measures=(measure(),))
    for depth in range(1, 25):
        group = Group(name=str(depth), groups=(group,))
    card = Scorecard(name="deep", groups=(group,), tiers=TIERS)

    assert documents.from_json(documents.to_json(card), Scorecard) == card
    assert card.assess({"x": 100}).tier == "green"
    with pytest.raises(DefinitionError, match="groups lie more than 25 deep"):
        Group(name="25", groups=(group,))


def test_an_assessment_before_of_a_tier_that_there_is_not_is_refused() -> None:
    card, today = scorecard(measure()), dt.date(2026, 6, 1)
    forged = attrs.evolve(card.assess({"x": 100}, as_of=today), model_tier="gold")

    with pytest.raises(PreviousError, match="is of no tier 'gold'"):
        card.assess({"x": 100}, as_of=today, previous=forged)


def test_parts_given_as_a_mapping_are_its_values() -> None:
    tiers = {"green": Tier(name="green", at_least=0)}

    with pytest.raises(DefinitionError, match="but got a dict of 1; give its values"):
        Scorecard(name="use", measures=(), tiers=tiers)  # type: ignore[arg-type]
