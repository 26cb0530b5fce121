"""Assessments as values: made when asked for, compared, stored as JSON and read back."""

from __future__ import annotations

import copy
import datetime as dt
import json
import math
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import documents
from cslib.errors import CslibError, DefinitionError
from cslib.health import (
    Anchor,
    Assessment,
    Band,
    Cap,
    Contribution,
    Group,
    Indicator,
    Measure,
    NoGroupError,
    NoMeasureError,
    Override,
    Scorecard,
    Status,
    Tier,
)
from scorecard_strategies import TODAY, accounts, overrides, scorecards

CARD = Scorecard(
    name="small",
    measures=(
        Measure(name="seat use", value="used", weight=2, bands=(Band(points=80, label="low"),)),
        Measure(
            name="nps", value="nps", anchors=(Anchor(at=0, points=0), Anchor(at=3, points=100))
        ),
    ),
    tiers=(Tier(name="green", at_least=75), Tier(name="red", at_least=0)),
    caps=(Cap(measure="seat use", label="low", tier="red"),),
    indicators=(Indicator(name="gone", when="owner_left"),),
)
QUIET = Override(tier="green", author="li", reason="on leave", made_on=TODAY, until=TODAY)
FOUND = CARD.assess({"used": 1, "nps": 1}, as_of=TODAY, override=QUIET)


# --- Made when asked for


def test_a_field_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Assessment' object has no attribute 'scores'"):
        FOUND.scores  # noqa: B018
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        FOUND.tier = "green"  # type: ignore[misc]


@pytest.mark.parametrize(
    "copied",
    [
        copy.copy,
        copy.deepcopy,
        attrs.evolve,
        lambda found: pickle.loads(pickle.dumps(found)),  # noqa: S301
        lambda found: Assessment(
            **{f.name: getattr(found, f.name) for f in attrs.fields(Assessment)}
        ),
    ],
)
def test_a_copy_is_equal_and_does_without_the_scorecard(copied: Any) -> None:
    found = CARD.assess({"used": 1, "nps": 1}, as_of=TODAY, override=QUIET)

    other = copied(found)

    assert (other, hash(other), repr(other)) == (FOUND, hash(FOUND), repr(FOUND))
    assert set(vars(other)) == {field.name for field in attrs.fields(Assessment)}


def test_assessments_of_other_values_differ() -> None:
    assert CARD.assess({"used": 1, "nps": 1}) != CARD.assess({"used": 2, "nps": 1})


def test_a_scorecard_survives_pickle_after_it_was_used() -> None:
    CARD.assess({"used": 1})

    assert pickle.loads(pickle.dumps(CARD)).assess({"used": 1}) == CARD.assess({"used": 1})  # noqa: S301


# --- One measure


def test_a_contribution_is_found_by_name() -> None:
    assert FOUND.contribution("nps").value == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nsp", "no measure 'nsp': did you mean 'nps'?"),
        ("zebra", "no measure 'zebra'; there are seat use, nps"),
    ],
)
def test_a_measure_that_there_is_not_is_named_with_what_may_have_been_meant(
    name: str, told: str
) -> None:
    with pytest.raises(NoMeasureError) as caught:
        FOUND.contribution(name)

    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert str(caught.value) == str(again) == told
    assert isinstance(again, KeyError)
    assert isinstance(again, CslibError)


def in_groups(**changes: Any) -> Scorecard:
    """Of weight 3 to 1, by hand 100 and 50 points in the one and 0 in the other."""
    bands = tuple(Band(points=p, at_least=p, at_most=p) for p in (0, 50, 100))
    a, b, c, d = (Measure(name=name, value=name, bands=bands) for name in "abcd")
    usage = Group(name="usage", measures=(a,), meaning="Who logs in.")
    product = Group(name="product", weight=3, measures=(b,), groups=(usage,))
    service = Group(name="service", measures=(c, attrs.evolve(d, **changes)))
    return Scorecard(
        name="grouped", groups=(product, service), tiers=(Tier(name="any", at_least=0),)
    )


def test_each_group_has_a_score_a_coverage_and_its_part_of_the_whole() -> None:
    found = in_groups().assess({"a": 100, "b": 50, "c": 0})

    told = {each.path: (each.score, each.coverage, each.exact) for each in found.groups}
    assert told == {
        ("product",): (75, 1, Fraction(225, 4)),
        ("product", "usage"): (100, 1, Fraction(75, 2)),
        ("service",): (0, Fraction(1, 2), 0),
    }
    assert found.group("product", "usage").shown == Decimal("100.00")
    with pytest.raises(NoGroupError) as caught:
        found.group("usage")
    assert str(caught.value) == "no group 'usage'; there are product, product/usage, service"


def test_groups_stand_before_what_is_in_them_in_the_explanation() -> None:
    found = in_groups(when="is_pro").assess({"a": 100, "b": 50, "is_pro": False})

    names = [line.strip().split(":")[0] for line in found.explain().splitlines()[1:]]
    assert names == [
        "product",
        "product/b",
        "product/usage",
        "Who logs in.",
        "product/usage/a",
        "service",
        "service/c",
        "service/d",
    ]
    assert str(found.group("service")) == "service: unknown, left out"


def test_a_group_of_which_nothing_applies_says_so() -> None:
    card = in_groups(when="is_pro")
    only = attrs.evolve(card.groups[1], measures=card.groups[1].measures[1:])
    found = attrs.evolve(card, groups=(card.groups[0], only)).assess({"a": 100, "is_pro": False})

    assert str(found.group("service")) == "service: does not apply"


# --- JSON


@given(scorecards(), accounts(), st.data())
def test_an_assessment_comes_back_from_json_equal(
    card: Scorecard, account: dict[str, Any], data: st.DataObject
) -> None:
    found = card.assess(account, as_of=TODAY, override=data.draw(overrides(card)))
    later = card.assess({}, as_of=TODAY + dt.timedelta(5), previous=found)

    for each in (found, later):
        back = documents.from_json(documents.to_json(each), Assessment)
        assert (back, hash(back)) == (each, hash(each))
        assert documents.canonical(back) == documents.canonical(each)


def test_an_assessment_that_was_stored_serves_as_the_one_before() -> None:
    back = documents.from_json(documents.to_json(FOUND), Assessment)
    tomorrow = TODAY + dt.timedelta(1)

    assert CARD.assess({}, as_of=tomorrow, previous=back) == CARD.assess(
        {}, as_of=tomorrow, previous=FOUND
    )


def test_the_document_says_score_values_days_caps_and_override_in_plain_words() -> None:
    data = json.loads(documents.to_json(FOUND))

    assert (data["kind"], data["version"]) == ("assessment", 1)
    assert (data["score"], data["coverage"]) == ("193333/3000", "1")
    assert data["contributions"][0]["value"] == 1
    assert [part["points"] for part in data["contributions"]] == [80, "33.333"]
    assert data["caps"] == [{"measure": "seat use", "label": "low", "tier": "red"}]
    assert data["override"]["until"] == data["as_of"] == "2026-06-30"
    assert data["indicators"] == [["gone", None]]


INSTANT = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, True),
        (False, False),
        (None, None),
        (7, 7),
        (7.0, 7.0),
        (0.1, 0.1),
        ("7", "7"),
        ("2026-06-30", "2026-06-30"),
        (TODAY, {"date": "2026-06-30"}),
        (INSTANT, {"instant": "2026-06-30T12:00:00+00:00"}),
        (math.inf, {"number": "Infinity"}),
        (-math.inf, {"number": "-Infinity"}),
    ],
)
def test_a_value_keeps_its_type_in_json(value: Any, written: Any) -> None:
    part = attrs.evolve(FOUND.contributions[0], value=value)

    text = documents.to_json(part)

    assert json.loads(text)["value"] == written
    back = documents.from_json(text, Contribution).value
    assert (back, type(back)) == (value, type(value))


def test_an_instant_has_one_canonical_text_in_any_zone() -> None:
    elsewhere = INSTANT.astimezone(dt.timezone(dt.timedelta(hours=8)))
    parts = [attrs.evolve(FOUND.contributions[0], value=each) for each in (INSTANT, elsewhere)]

    assert parts[0] == parts[1]
    assert documents.canonical(parts[0]) == documents.canonical(parts[1])


@pytest.mark.parametrize(
    ("key", "wrong", "near_miss"),
    [
        ("score", "2/4", "1/2"),
        ("score", "4/1", "4"),
        ("score", "1/0", "0"),
        ("score", "-0", "0"),
        ("score", "0.5", "1/2"),
        ("score", 40, "40"),
        ("score", "1" * 4_001, "1" * 4_000),
        ("coverage", None, "1/3"),
    ],
)
def test_a_fraction_is_text_in_lowest_terms(key: str, wrong: Any, near_miss: Any) -> None:
    data = documents.to_data(FOUND)

    with pytest.raises(DefinitionError) as caught:
        documents.from_data({**data, key: wrong}, Assessment)

    assert [fault.path for fault in caught.value.faults] == [f"$.{key}"]
    documents.from_data({**data, key: near_miss}, Assessment)


def test_a_fraction_too_long_to_be_read_is_not_written() -> None:
    with pytest.raises(DefinitionError, match=r"\$\.score: expected a fraction of at most 4,000"):
        documents.to_json(attrs.evolve(FOUND, score=Fraction(1, 10**4_000)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"date": "30.06.2026"},
        {"date": "2026-06-30", "instant": "2026-06-30T12:00:00Z"},
        {"number": "NaN"},
        {"text": "a"},
        {},
        [1],
    ],
)
def test_a_value_of_no_known_form_is_a_fault_with_its_path(wrong: Any) -> None:
    data = documents.to_data(FOUND)
    data["contributions"][1]["value"] = wrong

    with pytest.raises(DefinitionError) as caught:
        documents.from_data(data, Assessment)

    assert [fault.path for fault in caught.value.faults] == ["$.contributions[1].value"]


def test_a_status_that_there_is_not_is_a_fault_with_a_suggestion() -> None:
    data = documents.to_data(FOUND)
    data["contributions"][0]["status"] = "stael"

    with pytest.raises(DefinitionError, match="did you mean 'stale'"):
        documents.from_data(data, Assessment)
    assert FOUND.contributions[0].status is Status.KNOWN


def test_whole_points_have_one_canonical_text_however_written() -> None:
    whole, decimal = (attrs.evolve(FOUND.contributions[0], points=p) for p in (50, Decimal("50.0")))

    assert whole == decimal
    assert documents.canonical(whole) == documents.canonical(decimal)


# --- In words


def test_without_a_score_the_explanation_says_what_is_asked_for() -> None:
    owner = Measure(name="owner", value="owner", missing="unknown", bands=(Band(points=90),))
    card = attrs.evolve(CARD, measures=(*CARD.measures, owner))

    assert card.assess({}, as_of=TODAY).explain().splitlines()[0] == (
        "unknown: no score without owner, 0 % of the weight known"
    )


def test_where_it_is_printed_an_assessment_is_one_line() -> None:
    assert repr(CARD.assess({})) == "<Assessment: unknown: no score, nothing is known>"


def test_what_a_person_set_is_told_beside_what_the_score_alone_gives() -> None:
    card = attrs.evolve(CARD, floor="0.5")
    found = card.assess({"used": 1, "owner_left": True}, as_of=TODAY, override=QUIET)

    assert found.explain().splitlines() == [
        "green: 80.00 points, 66 % of the weight known",
        "  the score alone gives green",
        "  seat use low: no better than red",
        "  set by li until 2026-06-30: on leave",
        "  seat use: 1 (low) gives 80 points, weight 2, 67 % of the whole: 80.00",
        "  nps: unknown, left out",
        "  beside it: gone",
    ]
    assert card.assess({"nps": 1}).explain().splitlines()[0] == (
        "unknown: no score, 33 % of the weight known, 50 % asked for"
    )
    assert card.assess({}).explain().splitlines()[0] == "unknown: no score, nothing is known"


def test_reasons_and_facts_are_those_of_the_score_or_of_what_is_to_be_found_out() -> None:
    found = CARD.assess({"used": 1, "nps": 1})

    assert [part.measure for part in found.reasons] == ["nps"]
    assert [part.measure for part in CARD.assess({}).reasons] == ["seat use", "nps"]
    assert found.facts["tier"] == "red"
    assert CARD.assess({}).facts == {
        "tier": None,
        "score": None,
        "coverage": 0.0,
        "model_tier": None,
    }
