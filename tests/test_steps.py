from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.calendars import BusinessCalendar
from cslib.days import PeriodError
from cslib.errors import DefinitionError
from cslib.facts import FactError
from cslib.plays import Playbook
from cslib.steps import PlannedStep, Step, schedule

FRIDAY = dt.date(2026, 7, 3)


def step(name: str = "call", **rest: Any) -> Step:
    return Step(name=name, role="csm", **rest)


def due(*steps: Step, account: object = None, **rest: Any) -> dict[str, str]:
    planned = schedule(steps, FRIDAY, account or {}, **rest)
    return {each.step.name: str(each.due) for each in planned}


# Due days


def test_a_step_is_due_so_many_days_after_the_start() -> None:
    assert due(step(days=0), step("letter", days=10)) == {
        "call": "2026-07-03",
        "letter": "2026-07-13",
    }


def test_business_days_leave_out_weekends_and_holidays() -> None:
    office = BusinessCalendar(holidays=[dt.date(2026, 7, 6)])

    assert due(step(days=2, business=True), calendar=office) == {"call": "2026-07-08"}
    assert due(step(days=2, business=True)) == {"call": "2026-07-07"}


def test_zero_business_days_from_a_saturday_is_the_monday() -> None:
    saturday = FRIDAY + dt.timedelta(days=1)

    (planned,) = schedule([step(business=True)], saturday, {})

    assert planned.due == dt.date(2026, 7, 6)


def test_a_step_may_be_due_before_a_coming_event() -> None:
    offer = step("offer", days=-30, of="term_ends_on")

    assert due(offer, account={"term_ends_on": dt.date(2026, 9, 30)}) == {"offer": "2026-08-31"}


def test_the_day_of_an_instant_is_that_in_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=9))
    ends = dt.datetime(2026, 10, 1, 3, tzinfo=east)

    assert due(step(of="term_ends_on"), account={"term_ends_on": ends}) == {"call": "2026-09-30"}


def test_a_due_day_before_the_start_stays_where_it_is() -> None:
    offer = step("offer", days=-30, of="term_ends_on")

    assert due(offer, account={"term_ends_on": dt.date(2026, 7, 20)}) == {"offer": "2026-06-20"}


def test_an_unknown_event_is_asked_for_and_comes_last() -> None:
    planned = schedule([step(of="term_ends_on"), step("letter", days=400)], FRIDAY, {})

    assert [each.step.name for each in planned] == ["letter", "call"]
    assert planned[1].missing == ("term_ends_on",)
    assert str(planned[1]) == "call (csm): when is not known; ask for term_ends_on"


@pytest.mark.parametrize(
    ("seats", "applies", "text"),
    [
        (10, True, "call (csm): due 2026-07-03"),
        (1, False, "call (csm): due 2026-07-03; does not apply"),
        (
            None,
            None,
            "call (csm): due 2026-07-03; whether it applies is not known; ask for seats",
        ),
    ],
)
def test_a_step_with_a_condition_is_done_where_that_holds(
    seats: int | None, applies: bool | None, text: str
) -> None:
    (planned,) = schedule([step(when="seats >= 5")], FRIDAY, {"seats": seats})

    assert planned.applies is applies
    assert str(planned) == text


def test_a_condition_counts_days_from_the_start() -> None:
    (planned,) = schedule(
        [step(when="days_since(signed_on) > 30")], FRIDAY, {"signed_on": dt.date(2026, 6, 1)}
    )

    assert planned.applies is True


def test_what_days_are_counted_from_must_be_a_date() -> None:
    with pytest.raises(FactError, match="'term_ends_on'"):
        schedule([step(of="term_ends_on")], FRIDAY, {"term_ends_on": "2026-09-30"})


def test_a_day_beyond_the_calendar_names_its_step() -> None:
    with pytest.raises(PeriodError) as caught:
        schedule([step(days=10)], dt.date(9999, 12, 31), {})

    assert caught.value.__notes__ == ["in step 'call', 10 days from start, 9999-12-31"]


@given(
    st.lists(st.integers(-60, 60), max_size=5), st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))
)
def test_steps_come_in_the_order_of_their_days_and_none_is_lost(
    offsets: list[int], start: dt.date
) -> None:
    steps = [step(f"s{place}", days=days) for place, days in enumerate(offsets)]

    planned = schedule(steps, start, {})

    found = [each.due for each in planned]
    assert found == sorted(start + dt.timedelta(days=days) for days in offsets)
    assert {each.step.name for each in planned} == {each.name for each in steps}
    assert all(isinstance(each, PlannedStep) for each in planned)


# Definitions


def test_every_fault_of_a_step_is_told() -> None:
    with pytest.raises(DefinitionError) as caught:
        Step(name="", role="", days=20_000, of="", title=3)  # type: ignore[arg-type]

    assert [each.path for each in caught.value.faults] == [
        "$.name",
        "$.role",
        "$.days",
        "$.of",
        "$.title",
    ]


def test_flags_and_names_of_other_steps_are_what_they_should_be() -> None:
    with pytest.raises(DefinitionError) as caught:
        step(business="yes", optional=1)
    assert [each.path for each in caught.value.faults] == ["$.business", "$.optional"]
    with pytest.raises(DefinitionError, match=r"\$\.after: expected several str parts, but got"):
        step(after="call")


def test_what_is_no_step_or_calendar_is_refused() -> None:
    with pytest.raises(DefinitionError, match="expected several Step parts"):
        schedule("call", FRIDAY, {})  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="expected a BusinessCalendar, but got the str"):
        schedule([], FRIDAY, {}, calendar="NL")  # type: ignore[arg-type]


def test_steps_of_a_playbook_have_a_name_of_their_own_and_wait_for_steps_that_there_are() -> None:
    with pytest.raises(DefinitionError) as caught:
        Playbook(
            name="p",
            need="n",
            layer="service",
            entry=True,
            steps=[step("call"), step("call"), step("letter", after=["cal"])],
        )

    assert [str(each) for each in caught.value.faults] == [
        "$.steps[1].name: 'call' stands twice",
        "$.steps[2].after: unknown step 'cal': did you mean 'call'?",
    ]


def test_steps_that_wait_for_one_another_are_refused() -> None:
    with pytest.raises(DefinitionError, match=r"wait for one another: (a -> b -> a|b -> a -> b)"):
        Playbook(
            name="p",
            need="n",
            layer="service",
            entry=True,
            steps=[step("a", after=["b"]), step("b", after=["a"])],
        )


def test_a_step_is_not_due_before_what_must_be_done_first() -> None:
    with pytest.raises(DefinitionError, match="'b' is due before 'a', which must be done first"):
        Playbook(
            name="p",
            need="n",
            layer="service",
            entry=True,
            steps=[step("a", days=5), step("b", days=4, after=["a"])],
        )


def test_days_from_different_events_are_not_compared() -> None:
    steps = [step("a", days=5), step("b", days=-9, of="term_ends_on", after=["a"])]

    made = Playbook(name="p", need="n", layer="service", entry=True, steps=steps)

    assert [each.name for each in made.steps] == ["a", "b"]


def test_two_steps_of_one_day_may_wait_for_one_another() -> None:
    steps = step("plan", days=3), step("call", days=3, after=["plan"])

    made = Playbook(name="tour", need="use", layer="product", entry="a > 1", steps=steps)

    assert made.steps[1].after == ("plan",)
    assert due(*made.steps) == {"plan": "2026-07-06", "call": "2026-07-06"}


def test_business_days_and_calendar_days_are_not_compared() -> None:
    steps = step("plan", days=3, business=True), step("call", days=2, after=["plan"])

    made = Playbook(name="tour", need="use", layer="product", entry="a > 1", steps=steps)

    assert due(*made.steps) == {"call": "2026-07-05", "plan": "2026-07-08"}


@pytest.mark.parametrize("given", [0, "", [], False])
def test_what_is_no_calendar_is_refused_also_where_it_is_empty(given: Any) -> None:
    with pytest.raises(DefinitionError, match="expected a BusinessCalendar"):
        schedule([step()], FRIDAY, {}, calendar=given)
