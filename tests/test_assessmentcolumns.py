"""Assessments as columns: names of tiers, coverage and facts, each as of one account."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from cslib.assessmentcolumns import Assessments
from cslib.health import Band, Measure, Scorecard, Tier

TODAY = dt.date(2026, 6, 30)


def card_of(*names: str, **more: Any) -> Scorecard:
    bands = (Band(points=100, at_least=50), Band(points=20))
    return Scorecard(
        name="use",
        measures=[Measure(name=name, value=name, bands=bands, **more) for name in names],
        tiers=(Tier(name="green", at_least=75), Tier(name="red", at_least=0)),
    )


def test_an_unknown_tier_is_an_unknown_fact() -> None:
    found = card_of("a").assess_columns({"a": np.array([100.0, np.nan])})

    facts = found.facts
    assert facts["tier"].tolist() == ["green", None]
    assert facts["model_tier"].tolist() == ["green", None]
    assert facts["coverage"].tolist() == [1.0, 0.0]
    assert found.tier.tolist() == ["green", "unknown"]


def test_where_they_are_printed_assessments_are_counted_by_tier() -> None:
    found = card_of("a").assess_columns({"a": np.array([100.0, np.nan, 60.0, 1.0])})

    assert repr(found) == "<Assessments: 4 accounts: green 2, red 1, unknown 1>"


def test_the_tier_holds_since_the_day_of_the_first_assessment_and_nowhere_without_a_score() -> None:
    found = card_of("a").assess_columns({"a": np.array([100.0, np.nan])}, as_of=TODAY)

    assert found.model_since.tolist() == [TODAY, None]


def test_where_measures_may_not_apply_the_whole_weight_is_a_column() -> None:
    card = card_of("a", "b", when="is_pro")
    columns = {"a": np.array([1.0, 1, 1]), "is_pro": np.array([1, 1, 0], bool)}

    found = card.assess_columns(columns)

    assert isinstance(found, Assessments)
    assert found.weight.tolist() == [2, 2, 0]  # type: ignore[union-attr]
    assert found.coverage.tolist() == [0.5, 0.5, 0.0]


def test_a_whole_weight_that_64_bits_do_not_hold_is_divided_exactly() -> None:
    whole = 3 * 10**30
    known = np.array([10**30, whole], object)
    one, each = (
        Assessments(
            tiers=("any",),
            tier_places=np.zeros(2, np.int8),
            model_places=np.zeros(2, np.int8),
            score=np.zeros(2),
            known_weight=known,
            weight=weight,
            definition="sha256:0",
        )
        for weight in (whole, np.array([whole, whole], object))
    )

    assert one.coverage.tolist() == each.coverage.tolist() == [1 / 3, 1.0]
