from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.calendars import BusinessCalendar
from cslib.clocks import alarms, deadline_state, due_of, later
from cslib.journeys import Clock, Memory
from cslib.lifecycle import Deadline, Lifecycle, Stage, Transition
from cslib.spans import Span

D = dt.date
OFFICE = BusinessCalendar()


def march(day: int) -> dt.date:
    return D(2026, 3, day)


def limit(within: str = "10 days", *, pauses: bool = True) -> Deadline:
    return Deadline(name="live", since="signed", by="used", within=within, pauses=pauses)


def due(within: str, start: dt.date, *holds: tuple[dt.date, dt.date | None]) -> dt.date | None:
    return due_of(limit(within), Clock(start), holds, OFFICE)


def test_the_moment_after_a_date_is_the_next_day_and_after_an_instant_the_next_microsecond() -> (
    None
):
    noon = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)

    assert later(march(31)) == D(2026, 4, 1)
    assert later(noon) == noon.replace(microsecond=1)


# Holds


def test_ruling_a_hold_puts_off_what_is_due_by_its_length() -> None:
    assert due("10 days", march(1), (march(4), march(9))) == march(16)


def test_a_clock_that_does_not_pause_is_not_put_off() -> None:
    hold = (march(4), march(9))

    assert due_of(limit(pauses=False), Clock(march(1)), [hold], OFFICE) == march(11)


def test_each_hold_puts_it_off_and_so_reaches_the_next() -> None:
    first, second = (march(4), march(9)), (march(14), march(15))

    assert due("10 days", march(1), second) == march(11)  # begins after it was due
    assert due("10 days", march(1), first, second) == march(17)


def test_only_what_a_hold_takes_after_the_start_counts() -> None:
    assert due("10 days", march(5), (march(1), march(3))) == march(15)
    assert due("10 days", march(5), (march(1), march(5))) == march(15)
    assert due("10 days", march(5), (march(1), march(7))) == march(17)


def test_ruling_a_hold_that_begins_on_the_due_day_still_counts_and_a_day_later_no_more() -> None:
    assert due("10 days", march(1), (march(11), march(13))) == march(13)
    assert due("10 days", march(1), (march(12), march(13))) == march(11)


def test_a_clock_stands_still_in_a_hold_that_lasts() -> None:
    assert due("10 days", march(1), (march(4), None)) is None
    assert due("10 days", march(1), (march(12), None)) == march(11)


def test_a_span_in_business_days_is_put_off_by_the_business_days_lost() -> None:
    friday, monday = D(2026, 3, 6), D(2026, 3, 9)

    assert due("2 business days", friday) == D(2026, 3, 10)
    assert due("2 business days", friday, (D(2026, 3, 7), monday)) == D(2026, 3, 10)
    assert due("2 business days", friday, (monday, D(2026, 3, 11))) == D(2026, 3, 12)


def test_ruling_what_is_timed_never_comes_to_lie_in_a_hold_even_of_no_business_day() -> None:
    """Due on Monday at ten, on hold that Monday from nine to six: no business day is lost."""
    friday = dt.datetime(2026, 3, 6, 10, tzinfo=dt.UTC)
    monday = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
    hold = (monday.replace(hour=9), monday.replace(hour=18))

    assert due("1 business day", friday, hold) == monday.replace(hour=18)


def test_ruling_a_hold_after_a_clock_was_stopped_does_not_move_what_was_due() -> None:
    met = Clock(march(1), met=march(5))
    waived = Clock(march(1), waived=march(5))

    for clock in (met, waived):
        assert due_of(limit(), clock, [(march(5), march(9))], OFFICE) == march(11)
        assert due_of(limit(), clock, [(march(3), march(9))], OFFICE) == march(13)
        assert due_of(limit(), clock, [(march(3), None)], OFFICE) == march(13)


gaps = st.lists(st.integers(0, 6), max_size=6)


@given(st.sampled_from(["1 day", "5 days", "2 weeks", "1 month", "3 business days"]), gaps)
def test_a_hold_puts_off_what_is_due_and_never_into_a_hold(within: str, steps: list[int]) -> None:
    days, holds = march(1), []
    for began, length in zip(steps[::2], steps[1::2], strict=False):
        holds.append((days + dt.timedelta(began), days + dt.timedelta(began + length)))
        days = holds[-1][1]

    found = due(within, march(1), *holds)

    assert found is not None
    assert found >= Span.parse(within).after(march(1))
    assert not [hold for hold in holds if hold[0] <= found < hold[1]]


# States


@pytest.mark.parametrize(
    ("clock", "day", "status"),
    [
        (None, 1, "not_started"),
        (Clock(march(1)), 11, "open"),
        (Clock(march(1)), 12, "missed"),
        (Clock(march(1), met=march(11)), 30, "met"),
        (Clock(march(1), met=march(12)), 30, "late"),
        (Clock(march(1), waived=march(2)), 30, "waived"),
        (Clock(march(1), breached=True), 30, "missed"),
    ],
)
def test_ruling_a_deadline_stands_as_its_clock_says(
    clock: Clock | None, day: int, status: str
) -> None:
    state = deadline_state(limit(), clock, (), OFFICE, march(day))

    assert state.status == status
    assert state.due == (None if clock is None else march(11))


def test_a_clock_that_stands_still_is_open_however_late_it_is() -> None:
    state = deadline_state(limit(), Clock(march(1)), [(march(4), None)], OFFICE, D(2030, 1, 1))

    assert (state.status, state.due, state.held) == ("open", None, march(4))
    assert str(state) == "live: open, on hold since 2026-03-04"


def test_a_clock_that_runs_through_a_hold_says_nothing_of_it() -> None:
    runs_on = attrs.evolve(limit(), pauses=False)
    late = deadline_state(limit(), Clock(march(1)), [(march(12), None)], OFFICE, march(30))

    for state in (
        deadline_state(runs_on, Clock(march(1)), [(march(4), None)], OFFICE, march(5)),
        deadline_state(
            limit(), Clock(march(1), met=march(5)), [(march(6), None)], OFFICE, march(9)
        ),
        late,
    ):
        assert state.held is None
    assert late.status == "missed"


def test_an_instant_is_missed_a_microsecond_after_it_was_due() -> None:
    start = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
    end = start + dt.timedelta(days=10)
    states = [
        deadline_state(limit(), Clock(start), (), OFFICE, moment).status
        for moment in (end, end.replace(microsecond=1), end.date())
    ]

    assert states == ["open", "missed", "missed"]  # a date holds the whole of its day


def test_a_deadline_whose_own_limit_is_not_known_is_unknown() -> None:
    own = Deadline(name="live", since="signed", by="used", due="live_by")
    states = [
        deadline_state(own, Clock(march(1), limit=limit), (), OFFICE, march(6)).status
        for limit in (None, march(5), march(6))
    ]

    assert states == ["unknown", "missed", "open"]


# Alarms


CHART = Lifecycle(
    name="timed",
    initial="trial",
    stages=(Stage(name="trial"), Stage(name="lost"), Stage(name="kept")),
    events=("signed", "used", "late", "back"),
    transitions=(
        Transition(after="10 days", sources="trial", target="lost", guard="x", priority=1),
        Transition(after="10 days", sources="trial", target="kept", guard="y"),
        Transition(event="back", sources=("lost", "kept"), target="trial"),
        Transition(event="late", sources="trial", target="lost"),
    ),
    deadlines=(
        Deadline(name="shown", since="signed", by="used", within="9 days"),
        Deadline(name="one", since="signed", by="used", within="9 days", breach="late"),
        Deadline(name="two", since="signed", by="used", within="9 days", breach="late"),
    ),
).chart


def test_ruling_of_one_moment_breaches_come_first_in_order_and_then_moves_by_priority() -> None:
    clock = Clock(march(1))
    memory = Memory(clocks=(clock, clock, clock), reached=())

    found = sorted(alarms(CHART, "trial", march(1), memory))

    assert [each.moment for each in found] == [march(11)] * 4
    assert [each.deadline for each in found] == [1, 2, None, None]
    assert [each.candidate and each.candidate.place for each in found] == [None, None, 1, 0]


def test_ruling_a_limit_that_had_passed_before_its_clock_started_is_breached_then() -> None:
    own = attrs.evolve(CHART.deadlines[1], within=None, due="live_by")
    chart = attrs.evolve(CHART, deadlines=(own,))
    memory = Memory(clocks=(Clock(march(9), limit=march(1)),))

    assert [each.moment for each in alarms(chart, "trial", None, memory)] == [march(9)]


@pytest.mark.parametrize(("began", "moved"), [(10, 21), (11, 11)])
def test_a_hold_that_begins_when_a_move_is_due_comes_too_late_for_it(
    began: int, moved: int
) -> None:
    timers = [
        attrs.evolve(each, transition=attrs.evolve(each.transition, pauses=True))
        for each in CHART.timers["trial"]
    ]
    chart = attrs.evolve(CHART, deadlines=(), timers={"trial": tuple(timers)})
    memory = Memory(holds=((march(began), march(began + 10)),))

    found = alarms(chart, "trial", march(1), memory)

    assert [each.moment for each in found] == [march(moved), march(moved)]


def test_what_was_tried_breached_met_or_not_started_rings_no_more() -> None:
    start = Clock(march(1))
    clocks = (None, start._replace(breached=True), start._replace(met=march(2)))
    memory = Memory(clocks=clocks, tried=frozenset({0, 1}))

    assert list(alarms(CHART, "trial", march(1), memory)) == []


def test_ruling_no_move_is_timed_before_it_is_known_when_the_stage_was_entered() -> None:
    memory = Memory(clocks=(None, None, None))

    assert list(alarms(CHART, "trial", None, memory)) == []
    assert len(list(alarms(CHART, "trial", march(1), memory))) == 2
