"""One measure over a book; that it equals each contribution is in test_scorecolumns."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest

from cslib.arguments import ArgumentError
from cslib.columns import ColumnsError
from cslib.health import Band, Measure, PreviousError, Scorecard, Tier
from cslib.measurecolumns import measure_columns
from cslib.rules import FactError

MAY, JUNE = dt.date(2026, 5, 31), dt.date(2026, 6, 30)
ANY = (Tier(name="any", at_least=0),)


def carried(**changes: Any) -> Measure:
    given = {"value": "x", "missing": "carry", "max_age": 40, "bands": [Band(points=9)]}
    return Measure(name="x", **{**given, **changes})


def card(measure: Measure) -> Scorecard:
    return Scorecard(name="test", measures=(measure,), tiers=ANY)


@pytest.mark.parametrize(
    "values",
    [
        np.array(["a", "b"]),
        np.array([True, False]),
        np.array([1.5, 2.5]),
        np.array(["2026-01-01", "2026-01-02"], "datetime64[D]"),
    ],
)
def test_a_value_of_any_kind_is_carried_when_its_column_is_gone(values: Any) -> None:
    measure = carried()
    may = card(measure).assess_columns({"x": values}, as_of=MAY)

    found = measure_columns(measure, {"row": np.zeros(2)}, as_of=JUNE, previous=may)

    assert found.status.tolist() == ["carried"] * 2
    assert found.value.tolist() == values.tolist()
    assert found.known_on.tolist() == [MAY] * 2
    assert found.age.tolist() == [30.0] * 2


def test_a_value_is_carried_up_to_its_greatest_age_and_no_longer() -> None:
    measure = carried(max_age=30)
    may = card(measure).assess_columns({"x": np.array([1.0])}, as_of=MAY)
    unknown = {"x": np.array([math.nan])}

    days = (JUNE, JUNE + dt.timedelta(1))
    found = [measure_columns(measure, unknown, as_of=day, previous=may) for day in days]

    assert [each.status.tolist() for each in found] == [["carried"], ["missing"]]


def test_a_value_of_another_kind_than_now_asked_for_is_not_carried() -> None:
    before = card(carried(bands=[Band(points=9, equals="a")]))
    may = before.assess_columns({"x": np.array(["a"])}, as_of=MAY)
    now = carried(bands=[Band(points=9, at_least=1)])

    found = measure_columns(now, {"x": np.array([math.nan])}, as_of=JUNE, previous=may)

    assert found.status.tolist() == ["missing"]


def test_an_age_without_end_is_too_old() -> None:
    measure = carried(age="d", missing="exclude")
    columns = {"x": np.ones(3), "d": np.array([1e300, np.inf, -5])}

    found = measure_columns(measure, columns, as_of=JUNE)

    assert found.status.tolist() == ["stale", "stale", "not_yet"]
    assert found.known_on.tolist()[2] is None


def test_a_fact_of_the_wrong_kind_is_an_error_with_its_row() -> None:
    measure = carried(bands=[Band(points=1, at_least=0)])

    with pytest.raises(FactError, match="'x'"):
        measure_columns(measure, {"x": np.array(["1"])})


def test_assessments_of_another_number_of_accounts_are_refused() -> None:
    measure = carried()
    may = card(measure).assess_columns({"x": np.zeros(2)}, as_of=MAY)

    with pytest.raises(PreviousError, match="has 2 rows, but the columns have 3"):
        measure_columns(measure, {"x": np.zeros(3)}, as_of=JUNE, previous=may)


def test_columns_of_different_lengths_are_refused() -> None:
    measure = carried(age="d", missing="exclude")

    with pytest.raises(ColumnsError):
        measure_columns(measure, {"x": np.zeros(2), "d": np.zeros(3)})


@pytest.mark.parametrize("wrong", [None, "seats"])
def test_what_is_no_measure_is_refused(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="expected a Measure"):
        measure_columns(wrong, {"a": np.ones(2)})


def test_a_day_before_the_calendar_is_no_day_and_an_age_without_end_is_unknown() -> None:
    today = dt.date(2026, 6, 30)
    # 2026-06-30 is the 739,797th day of the calendar, so that the first is 739,796 days away.
    ages = [739_796, 739_797, math.inf, -math.inf]
    seats = Measure(name="seats", value="seats", age="age", warn_age=30, bands=(Band(points=50),))

    found = measure_columns(seats, {"seats": np.ones(4), "age": np.array(ages)}, as_of=today)

    card = Scorecard(name="x", measures=(seats,), tiers=(Tier(name="any", at_least=0),))
    for place, age in enumerate(ages):
        told = card.assess({"seats": 1, "age": age}, as_of=today).contributions[0]
        assert found.known_on[place].item() == told.known_on
        assert found.status[place] == told.status == "known"
        assert told.age == (age if place < 2 else None)
    assert found.known_on.tolist() == [dt.date.min, None, None, None]


def whatever(*values: Any) -> dict[str, Any]:
    return {"x": np.array(values, object)}


@pytest.mark.parametrize("later", [True, "a", 5.0, dt.date(2026, 6, 30)])
def test_where_nothing_was_known_before_any_kind_of_value_may_come(later: Any) -> None:
    card = carrying_anything()
    before = card.assess_columns(whatever(None, None), as_of=dt.date(2026, 5, 31))

    found = card.assess_columns(whatever(None, later), as_of=dt.date(2026, 6, 30), previous=before)

    assert found.tier.tolist() == ["unknown", "any"]


def test_values_of_another_kind_than_those_of_now_are_not_carried_beside_them() -> None:
    card = carrying_anything()
    before = card.assess_columns(whatever(5.0, None), as_of=dt.date(2026, 6, 29))

    for later in (True, "a", dt.date(2026, 6, 30)):
        with pytest.raises(PreviousError, match="carries values of 'x' that are of another kind"):
            card.assess_columns(whatever(None, later), as_of=dt.date(2026, 6, 30), previous=before)


def carrying_anything() -> Scorecard:
    """A single band takes values of every kind."""
    anything = Measure(name="x", value="x", missing="carry", max_age=30, bands=(Band(points=50),))
    return Scorecard(name="x", measures=(anything,), tiers=(Tier(name="any", at_least=0),))
