"""Contributions: what is told of a measure and of its value, in words."""

from __future__ import annotations

import datetime as dt
import decimal
from decimal import Decimal
from typing import Any

import pytest

from cslib.health import Anchor, Band, Measure, Norm, Scorecard, Tier
from scorecard_strategies import TODAY

AGED = Scorecard(
    name="aged",
    measures=(
        Measure(
            name="outcome",
            value="outcome",
            age="days_since(told_on)",
            warn_age=30,
            max_age=90,
            bands=(Band(points=100, equals="reached"), Band(points=0, equals="missed")),
            meaning="Is the outcome reached?",
        ),
        Measure(name="nps", value="nps", missing="carry", max_age=60, bands=(Band(points=50),)),
        Measure(
            name="hiring",
            value="days",
            norms=(Norm(when="industry == 'retail'", name="retail", bands=(Band(points=70),)),),
        ),
        Measure(name="owner", value="owner", missing="unknown", bands=(Band(points=90),)),
    ),
    tiers=(Tier(name="green", at_least=75), Tier(name="red", at_least=0)),
)


def told(days: int | None, /, **facts: Any) -> dict[str, Any]:
    told_on = None if days is None else TODAY - dt.timedelta(days)
    return {"outcome": "reached", "told_on": told_on, "owner": "li", **facts}


@pytest.mark.parametrize(
    ("days", "line", "stale"),
    [
        (30, "outcome: reached gives 100 points, weight 1, 25 % of the whole: 50.00", ()),
        (
            31,
            "outcome: reached (31 days old) gives 100 points, weight 1, 25 % of the whole: 50.00",
            ("outcome",),
        ),
        (
            90,
            "outcome: reached (90 days old) gives 100 points, weight 1, 25 % of the whole: 50.00",
            ("outcome",),
        ),
        (91, "outcome: reached (too old, 91 days old), left out", ("outcome",)),
        (None, "outcome: reached (too old, of unknown age), left out", ("outcome",)),
    ],
)
def test_an_old_value_is_told_with_its_age(
    days: int | None, line: str, stale: tuple[str, ...]
) -> None:
    found = AGED.assess(told(days), as_of=TODAY)

    lines = found.explain().splitlines()
    assert lines[1:3] == [f"  {line}", "    Is the outcome reached?"]
    assert found.stale == stale


def test_a_value_that_is_carried_is_told_with_its_day_and_a_norm_with_its_name() -> None:
    first = AGED.assess(told(1, nps=9, days=18, industry="retail"), as_of=TODAY)

    later = AGED.assess(told(1, days=18), as_of=TODAY + dt.timedelta(60), previous=first)

    assert (
        str(first.contributions[2])
        == "hiring: 18 gives 70 points by retail, weight 1, 25 % of the whole: 17.50"
    )
    assert (
        str(later.contributions[1])
        == "nps: 9 (carried, of 2026-06-30) gives 50 points, weight 1, 25 % of the whole: 16.67"
    )
    assert str(later.contributions[2]) == "hiring: 18 (no norm known for it), left out"


def test_points_between_anchors_do_not_depend_on_the_callers_decimal_context() -> None:
    anchors = (Anchor(at=0, points=0), Anchor(at=3, points=100))
    card = Scorecard(
        name="nps",
        measures=(Measure(name="nps", value="nps", anchors=anchors),),
        tiers=(Tier(name="any", at_least=0),),
    )

    with decimal.localcontext(decimal.Context(prec=2)):
        points = card.assess({"nps": 1}).contribution("nps").points

    assert points == Decimal("33.333")
