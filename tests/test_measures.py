"""Measures and groups: what is weighed, by which scale, how old it may be, and what is wrong."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cslib.bands import Anchor, Band, Norm, Points
from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.expressions import Kind
from cslib.faults import decimal_faults, exact_decimal
from cslib.health import Assessment, Scorecard, Status, Tier
from cslib.measures import (
    Combine,
    Group,
    Measure,
    Missing,
    leaves,
    parts_faults,
    weights_of,
)

HALVES = (Band(points=0, below=5), Band(points=100))
TEXTS = (Band(points=100, equals="yes"), Band(points=0, equals="no"))


def measure(name: str = "x", **changes: Any) -> Measure:
    return Measure(**{"name": name, "value": name, "bands": HALVES, **changes})


# --- A measure


@pytest.mark.parametrize(
    ("given", "weight"), [(3, "3"), ("12.5", "12.5"), (Decimal("0.000001"), "0.000001"), (0, "0")]
)
def test_a_weight_is_an_exact_number_of_0_or_more(given: Any, weight: str) -> None:
    assert measure(weight=given).weight == Decimal(weight)


def test_a_float_is_no_weight_and_the_way_out_is_said() -> None:
    with pytest.raises(DefinitionError, match=r"but got 12\.5; write Decimal\('12\.5'\)"):
        measure(weight=12.5)


def test_a_measure_is_a_scale_of_its_own() -> None:
    assert measure().points(5) == Points(100, "")
    assert (measure().worst, measure().best) == (0, 100)


def test_the_scales_are_those_of_the_norms_and_then_its_own() -> None:
    pro = Norm(when="plan == 'pro'", anchors=(Anchor(at=0, points=0), Anchor(at=9, points=80)))

    assert [scale.best for scale in measure(norms=[pro]).scales] == [80, 100]
    assert measure(norms=[pro], bands=()).scales == (pro,)


def test_the_scale_says_what_the_value_must_be() -> None:
    assert measure(bands=TEXTS).value.kind is Kind.TEXT
    with pytest.raises(DefinitionError, match=r"\$\.value"):
        measure(value="x > 5")


def test_a_measure_of_any_value_asks_for_no_kind() -> None:
    assert measure(bands=(Band(points=1),)) == measure(bands=(Band(points=1),), value="x")


@pytest.mark.parametrize(
    ("given", "policy"), [("worst", Missing.WORST), (Missing.UNKNOWN, Missing.UNKNOWN), (40, 40)]
)
def test_what_the_unknown_does_is_a_policy_or_points(given: Any, policy: Missing | int) -> None:
    assert measure(missing=given).missing == policy


def test_a_policy_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(DefinitionError, match=r"\$\.missing: unknown policy 'wrst'.*'worst'"):
        measure(missing="wrst")
    with pytest.raises(DefinitionError, match="expected one of exclude, worst, unknown, carry"):
        measure(missing="zzz")


@pytest.mark.parametrize(
    "given",
    [
        measure(),
        measure(weight="12.5", missing=40, can_change=False, meaning="Why."),
        measure(age="days_since(seen_on)", warn_age=90, max_age=120, missing="carry"),
        measure(bands=(), anchors=(Anchor(at=0, points=0), Anchor(at=0.5, points=9))),
        measure(norms=(Norm(when="a > 1", bands=HALVES, name="big"),)),
        measure(bands=TEXTS, missing=Missing.WORST),
    ],
    ids=lambda given: str(given.missing),
)
def test_a_measure_comes_back_from_json_unchanged(given: Measure) -> None:
    card = Group(name="g", measures=(given,))

    again = from_json(to_json(scorecard(card)), Scorecard)

    assert again.groups == (card,)


# --- What it does in a scorecard


def scorecard(*groups: Group, measures: tuple[Measure, ...] = ()) -> Scorecard:
    tiers = (Tier(name="t", at_least=0),)
    return Scorecard(name="c", measures=measures, groups=groups, tiers=tiers)


def on(day: int, card: Scorecard, before: Assessment | None = None, **facts: Any) -> Assessment:
    """The assessment of a day, counted from 1 May."""
    as_of = dt.date(2026, 4, 30) + dt.timedelta(days=day)
    return card.assess(facts, as_of=as_of, previous=before)


LINE = (Anchor(at=0, points=0), Anchor(at=100, points=100))


def test_what_is_missing_goes_to_its_own_group_and_then_to_the_others() -> None:
    names = {"product": (("a", 3), ("b", 1)), "relation": (("x", 1),)}
    groups = (
        Group(
            name=name,
            weight=50,
            measures=(measure(each, weight=weight, bands=(), anchors=LINE) for each, weight in of),
        )
        for name, of in names.items()
    )
    card = scorecard(*groups)

    assert [card.assess(each).score for each in ({"a": 100, "x": 40}, {"x": 40})] == [70, 40]


@pytest.mark.parametrize(
    ("age", "status", "flagged"),
    [
        (90, Status.KNOWN, False),
        (90.5, Status.KNOWN, True),
        (120, Status.KNOWN, True),
        (121, Status.STALE, False),
        (None, Status.STALE, False),
    ],
)
def test_a_value_is_flagged_after_its_first_age_and_stale_after_its_last(
    age: float | None, status: Status, flagged: bool
) -> None:
    card = scorecard(measures=(measure(age="age", warn_age=90, max_age=120),))

    found = card.assess({"x": 9, "age": age})

    part = found.contributions[0]
    assert (part.status, part.is_aged, part.value) == (status, flagged, 9)
    assert found.stale == (("x",) if flagged or status is Status.STALE else ())


@pytest.mark.parametrize(
    ("missing", "score", "coverage"),
    [("worst", 50, "0.5"), (30, 65, "0.5"), ("exclude", 100, "0.5")],
)
def test_points_that_stand_in_for_a_value_are_no_knowledge(
    missing: Any, score: int, coverage: str
) -> None:
    card = scorecard(measures=(measure("a"), measure("b", missing=missing)))

    found = card.assess({"a": 9})

    assert (found.score, found.coverage) == (score, Decimal(coverage))


def test_a_carried_value_keeps_its_day_and_counts_as_known_until_it_is_too_old() -> None:
    card = scorecard(measures=(measure(missing="carry", max_age=60),))

    first = on(1, card, x=9)
    again = on(20, card, first)
    last = on(61, card, again)
    gone = on(62, card, last)

    assert [each.contributions[0].known_on for each in (again, last)] == [dt.date(2026, 5, 1)] * 2
    assert [each.coverage for each in (again, last, gone)] == [1, 1, 0]
    assert gone.score is None
    assert on(61, card, first).score == 100


def test_an_unknown_tier_in_between_does_not_end_a_carried_value() -> None:
    card = scorecard(
        measures=(measure(missing="carry", max_age=60), measure("y", missing="unknown"))
    )

    dark = on(2, card, on(1, card, x=9, y=9))
    after = on(3, card, dark, y=0)

    assert (dark.score, after.score) == (None, 50)


def test_the_norm_must_be_known_and_the_first_that_holds_is_taken() -> None:
    norms = (
        Norm(when="tenure < 3", bands=(Band(points=30),), name="new"),
        Norm(when="plan == 'pro'", bands=(Band(points=60),)),
    )
    card = scorecard(measures=(measure(norms=norms),))

    found = [
        card.assess({"x": 9, **facts}).contributions[0]
        for facts in ({"plan": "pro"}, {"tenure": 2}, {"tenure": 3, "plan": "pro"}, {"tenure": 3})
    ]

    assert [part.points for part in found] == [None, 30, 60, None]
    assert [part.norm for part in found] == ["", "new", 'plan == "pro"', ""]
    assert found[0].status is found[3].status is Status.NO_NORM
    assert card.assess({"x": 9, "tenure": 3, "plan": "free"}).score == 100


# --- A group


def test_the_leaves_of_a_tree_are_those_by_themselves_and_then_those_of_each_group() -> None:
    inner = Group(name="inner", measures=(measure("d"),))
    outer = Group(name="outer", measures=(measure("b"), measure("c")), groups=(inner,))

    last = Group(name="last", measures=(measure("e"),))

    names = [each.name for each in leaves((measure("a"),), (outer, last))]

    assert names == ["a", "b", "c", "d", "e"]


def test_the_weights_side_by_side_are_the_measures_and_then_the_groups() -> None:
    inner = Group(name="g", weight="0.5", measures=(measure(),))

    assert weights_of((measure(weight=2),), (inner,)) == [Decimal(2), Decimal("0.5")]


def test_a_way_to_combine_may_be_given_by_its_word() -> None:
    assert Group(name="g", measures=[measure()], combine="worst").combine is Combine.WORST  # type: ignore[arg-type]


# --- What is wrong

MEASURE = {"name": "m", "value": "x", "bands": HALVES}
GROUP = {"name": "g", "measures": (measure(),)}
AGED = {"age": "days_since(seen_on)"}
NORM = Norm(when="a > 1", bands=TEXTS)
HALF = Group(name="half", weight="0.5", measures=(measure("h"),))

Case = tuple[Callable[..., Any], dict[str, Any], dict[str, Any], list[str]]

FAULTS: list[Case] = [
    # what is made, what trips, the near miss, the paths
    (Measure, {"name": ""}, {"name": " "}, ["$.name"]),
    (Measure, {"meaning": None}, {"meaning": ""}, ["$.meaning"]),
    (Measure, {"weight": -1}, {"weight": 0}, ["$.weight"]),
    (Measure, {"weight": 1_000_001}, {"weight": 1_000_000}, ["$.weight"]),
    (Measure, {"weight": "0.0000001"}, {"weight": "0.000001"}, ["$.weight"]),
    (Measure, {"weight": "much"}, {"weight": "1"}, ["$.weight"]),
    (Measure, {"weight": Decimal("NaN")}, {"weight": Decimal(1)}, ["$.weight"]),
    (Measure, {"weight": True}, {"weight": 1}, ["$.weight"]),
    (Measure, {"bands": ()}, {"bands": (), "norms": (NORM,)}, ["$.bands"]),
    (Measure, {"norms": (NORM,)}, {"norms": (NORM,), "bands": TEXTS}, ["$.bands"]),
    (
        Measure,
        {"norms": (NORM, Norm(when="b > 1", bands=HALVES)), "bands": ()},
        {"norms": (NORM, Norm(when="b > 1", bands=(Band(points=1),))), "bands": ()},
        ["$.norms[1]"],
    ),
    (Measure, {"value": "x > 5"}, {"value": "x"}, ["$.value"]),
    (Measure, {"missing": 1001}, {"missing": 1000}, ["$.missing"]),
    (Measure, {"missing": 0.5}, {"missing": 0}, ["$.missing"]),
    (Measure, {"missing": "carry"}, {"missing": "carry", "max_age": 1}, ["$.max_age"]),
    (Measure, {"max_age": 60}, {"max_age": 60, **AGED}, ["$.age"]),
    (Measure, {"missing": "carry", "max_age": 9, "warn_age": 5}, {}, ["$.age"]),
    (Measure, {"warn_age": 60}, {"warn_age": 60, **AGED}, ["$.age"]),
    (Measure, {"max_age": -1, **AGED}, {"max_age": 0, **AGED}, ["$.max_age"]),
    (Measure, {"max_age": 36_601, **AGED}, {"max_age": 36_600, **AGED}, ["$.max_age"]),
    (Measure, AGED, {}, ["$.max_age"]),
    (
        Measure,
        {"warn_age": 60, "max_age": 60, **AGED},
        {"warn_age": 59, "max_age": 60, **AGED},
        ["$.warn_age"],
    ),
    (Group, {"name": ""}, {"name": "g"}, ["$.name"]),
    (Group, {"weight": 0.5}, {"weight": "0.5"}, ["$.weight"]),
    (Group, {"meaning": 5}, {"meaning": "5"}, ["$.meaning"]),
    (Group, {"measures": ()}, {}, ["$.measures"]),
    (
        Group,
        {"combine": "sum", "measures": (measure(weight="1.5"),), "groups": (HALF,)},
        {"combine": "mean", "measures": (measure(weight="1.5"),), "groups": (HALF,)},
        ["$.measures[0].weight", "$.groups[0].weight"],
    ),
    (Group, {"combine": "sum", "groups": (HALF,)}, {"combine": "sum"}, ["$.groups[0].weight"]),
    (
        Group,
        {"measures": (measure(weight=0),)},
        {"measures": (measure(weight=0), measure("y"))},
        ["$.measures"],
    ),
]


@pytest.mark.parametrize(("make", "wrong", "near_miss", "paths"), FAULTS)
def test_every_fault_is_told_with_its_path_and_a_near_miss_is_none(
    make: Callable[..., Any], wrong: dict[str, Any], near_miss: dict[str, Any], paths: list[str]
) -> None:
    base: dict[str, Any] = {Measure: MEASURE, Group: GROUP}[make]  # type: ignore[index]

    with pytest.raises(DefinitionError) as caught:
        make(**{**base, **wrong})

    assert [fault.path for fault in caught.value.faults] == paths
    make(**{**base, **near_miss})


def test_what_an_age_or_a_policy_lacks_is_said_with_the_way_out() -> None:
    with pytest.raises(DefinitionError, match="give a rule, as in days_since"):
        measure(max_age=60)
    with pytest.raises(DefinitionError, match="a value that is carried needs an age"):
        measure(missing="carry")
    with pytest.raises(DefinitionError, match="none is too old: give max_age or warn_age"):
        measure(age="seen_days")


def test_a_group_needs_something_in_it_of_a_weight_above_0() -> None:
    assert [fault.message for fault in parts_faults((), (), Combine.MEAN)] == [
        "expected at least one measure or group, but got none"
    ]
    assert not list(parts_faults((), (Group(name="g", measures=(measure(),)),), Combine.MEAN))


@pytest.mark.parametrize("given", [0.5, math.nan, None, True, "many"])
def test_what_is_no_exact_number_is_left_to_be_reported(given: Any) -> None:
    assert exact_decimal(given) is given
    assert [fault.path for fault in decimal_faults("$.w", exact_decimal(given), 1)] == ["$.w"]


def test_a_policy_that_is_none_is_told_which_there_are() -> None:
    with pytest.raises(DefinitionError) as caught:
        Measure(name="a", value="a", missing=None, bands=(Band(points=1),))  # type: ignore[arg-type]

    assert caught.value.faults[0].message == (
        "expected a whole number from 0 to 1000, but got None; or one of exclude, worst, unknown,"
        " carry"
    )


def test_what_is_no_number_gets_no_hint_to_write_it_as_one() -> None:
    with pytest.raises(DefinitionError, match=r"but got nan$"):
        Measure(name="a", value="a", weight=math.nan, bands=(Band(points=1),))  # type: ignore[arg-type]
