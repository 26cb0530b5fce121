"""Working hours: openings of a week, by the clock of a time zone."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import zoneinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.days import DayError, PeriodError
from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.moments import MomentError
from cslib.money import InexactError
from cslib.workinghours import Opening, WorkingHours, utc_instant

UTC = dt.UTC
HOUR = dt.timedelta(hours=1)
OFFICE = WorkingHours(openings=[Opening(opens="09:00", closes="17:00")])
ALWAYS = Opening(days=range(7), opens="00:00", closes="24:00")


def at(text: str, zone: str = "UTC") -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone))


def hours(*openings: tuple[str, str], zone: str = "UTC", **rest: Any) -> WorkingHours:
    days = rest.pop("days", range(7))
    made = [Opening(days=days, opens=opens, closes=closes) for opens, closes in openings]
    return WorkingHours(openings=made, zone=zone, **rest)


# Due


def test_work_that_does_not_fit_into_a_day_goes_on_in_the_next() -> None:
    """June 26 is a Friday: one hour there, three on Monday."""
    assert OFFICE.due(at("2026-06-26T16:00"), 4) == at("2026-06-29T12:00")


def test_work_counts_from_the_next_opening_where_it_is_opened_outside() -> None:
    assert OFFICE.due(at("2026-06-27T11:00"), 1) == at("2026-06-29T10:00")


def test_a_full_day_is_due_when_the_day_closes_and_not_when_the_next_opens() -> None:
    assert OFFICE.due(at("2026-06-26T09:00"), 8) == at("2026-06-26T17:00")


def test_one_microsecond_more_falls_into_the_next_day() -> None:
    eight = dt.timedelta(hours=8)

    found = OFFICE.due(at("2026-06-26T09:00"), eight + dt.timedelta.resolution)

    assert found == at("2026-06-29T09:00") + dt.timedelta.resolution


def test_no_work_is_due_at_once_open_or_not() -> None:
    sunday = at("2026-06-28T03:00")

    assert OFFICE.due(sunday, 0) == sunday


def test_a_closed_day_takes_no_work() -> None:
    closed = hours(("09:00", "17:00"), holidays=[dt.date(2026, 6, 30)])

    assert closed.due(at("2026-06-29T16:00"), 2) == at("2026-07-01T10:00")


def test_a_break_takes_no_work() -> None:
    day = hours(("13:00", "18:00"), ("09:00", "12:00"))

    assert day.due(at("2026-06-29T11:30"), 1) == at("2026-06-29T13:30")


@pytest.mark.parametrize("work", [Decimal("0.1"), Fraction(1, 10), dt.timedelta(minutes=6)])
def test_a_part_of_an_hour_is_exact_to_the_second(work: Any) -> None:
    assert OFFICE.due(at("2026-06-29T16:56"), work) == at("2026-06-30T09:02")


def test_an_instant_of_any_zone_is_answered_in_utc() -> None:
    found = OFFICE.due(at("2026-06-29T18:00", "Asia/Shanghai"), 1)

    assert found == at("2026-06-29T11:00")
    assert found.tzinfo is UTC


def test_the_openings_are_those_of_the_clock_of_the_zone() -> None:
    shanghai = hours(("09:00", "18:00"), zone="Asia/Shanghai")

    assert shanghai.due(at("2026-06-29T09:30"), 2) == at("2026-06-30T02:30")


def test_work_through_the_night_is_two_openings_that_touch() -> None:
    night = hours(("22:00", "24:00"), ("00:00", "06:00"))

    assert night.worked(at("2026-06-29T20:00"), at("2026-06-30T08:00")) == 8 * HOUR
    assert night.due(at("2026-06-29T23:00"), 2) == at("2026-06-30T01:00")


# When the clock is changed


def test_a_night_in_which_summer_time_begins_is_an_hour_short() -> None:
    """Berlin, 2026-03-29: from 02:00 the clock leaps to 03:00."""
    day = hours(("00:00", "24:00"), zone="Europe/Berlin")
    start = at("2026-03-29T00:00", "Europe/Berlin")

    assert day.worked(start, at("2026-03-30T00:00", "Europe/Berlin")) == 23 * HOUR
    assert day.due(start, 4) == at("2026-03-29T05:00", "Europe/Berlin")


def test_a_night_in_which_summer_time_ends_is_an_hour_long() -> None:
    day = hours(("00:00", "24:00"), zone="Europe/Berlin")
    start = at("2026-10-25T00:00", "Europe/Berlin")

    assert day.worked(start, at("2026-10-26T00:00", "Europe/Berlin")) == 25 * HOUR
    assert day.due(start, 4) == at("2026-10-25T03:00", "Europe/Berlin")


def test_an_opening_in_the_hour_that_is_leapt_over_begins_at_the_leap() -> None:
    night = hours(("02:30", "04:00"), zone="Europe/Berlin")

    assert night.due(at("2026-03-29T00:00"), 1) == at("2026-03-29T02:00")  # 04:00 in Berlin
    assert night.worked(at("2026-03-29T00:00"), at("2026-03-30T00:00")) == HOUR


def test_an_opening_inside_the_hour_that_is_leapt_over_has_no_time() -> None:
    night = hours(("02:15", "02:45"), zone="Europe/Berlin")

    assert not night.worked(at("2026-03-28T12:00"), at("2026-03-29T12:00"))


def test_an_opening_in_the_hour_that_comes_twice_begins_the_first_time() -> None:
    """Berlin, 2026-10-25: the hour from 02:00 is 00:00 to 01:00 UTC, and again 01:00 to 02:00."""
    night = hours(("02:30", "03:30"), zone="Europe/Berlin")

    assert night.is_open(at("2026-10-25T00:30"))
    assert night.is_open(at("2026-10-25T01:15"))
    assert night.worked(at("2026-10-25T00:00"), at("2026-10-25T12:00")) == 2 * HOUR


def test_an_opening_that_ends_in_the_hour_that_comes_twice_ends_the_first_time() -> None:
    night = hours(("01:30", "02:30"), zone="Europe/Berlin")

    assert night.worked(at("2026-10-24T20:00"), at("2026-10-25T12:00")) == HOUR


def test_a_day_that_the_calendar_leaves_out_has_no_time() -> None:
    """Samoa crossed the date line and had no 2011-12-30."""
    day = hours(("09:00", "17:00"), zone="Pacific/Apia")

    found = day.due(at("2011-12-29T16:00", "Pacific/Apia"), 2)

    assert found == at("2011-12-31T10:00", "Pacific/Apia")


# Whether it is open, and how much was worked


@pytest.mark.parametrize(
    ("when", "open_"),
    [
        ("2026-06-29T09:00", True),
        ("2026-06-29T08:59:59.999999", False),
        ("2026-06-29T16:59:59.999999", True),
        ("2026-06-29T17:00", False),
        ("2026-06-28T12:00", False),
    ],
)
def test_an_opening_holds_its_beginning_and_not_its_end(when: str, open_: bool) -> None:
    assert OFFICE.is_open(at(when)) is open_


def test_working_time_backwards_is_negative() -> None:
    assert OFFICE.worked(at("2026-06-29T12:00"), at("2026-06-26T16:00")) == -4 * HOUR


def test_nothing_is_open_at_the_end_of_the_calendar() -> None:
    assert not OFFICE.is_open(dt.datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai"])
def test_an_instant_that_the_zone_would_date_before_the_year_1_is_refused(zone: str) -> None:
    with pytest.raises(PeriodError, match="0001-01-01"):
        hours(("00:00", "17:00"), zone=zone).is_open(at("0001-01-01T00:00"))


# What is refused


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (lambda: Opening(opens="9:00", closes="17:00"), "expected a time such as '09:00'"),
        (lambda: Opening(opens="24:00", closes="24:00"), "expected a time after 24:00"),
        (lambda: Opening(opens=9, closes="17:00"), "but got the int 9"),  # type: ignore[arg-type]
        (lambda: Opening(opens="22:00", closes="06:00"), "split work through the night at 24:00"),
        (lambda: Opening(days=(7,), opens="09:00", closes="17:00"), r"0 \(Monday\) to 6"),
        (lambda: Opening(days=(), opens="09:00", closes="17:00"), r"but got \[\]"),
        (lambda: WorkingHours(openings=[]), "one opening or more"),
        (lambda: hours(("09:00", "13:00"), ("12:00", "17:00")), "overlaps .* on Monday"),
        (lambda: hours(("09:00", "17:00"), zone="Asia/Shangai"), "did you mean 'Asia/Shanghai'"),
        (lambda: hours(("09:00", "17:00"), zone="../etc"), "expected an IANA name"),
        (lambda: hours(("09:00", "17:00"), zone=8), "but got the int 8"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_definition_is_refused_with_the_way_out(made: Any, problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        made()


def test_a_computer_without_a_time_zone_database_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", set)

    with pytest.raises(DefinitionError, match="install the package tzdata"):
        hours(("09:00", "17:00"), zone="No/Where")


def test_a_holiday_that_is_no_date_is_refused() -> None:
    with pytest.raises(DayError):
        hours(("09:00", "17:00"), holidays=["2026-07-03"])


@pytest.mark.parametrize("when", [dt.date(2026, 6, 29), dt.datetime(2026, 6, 29, 9), None])
def test_what_is_no_instant_is_refused(when: Any) -> None:
    with pytest.raises(MomentError):
        utc_instant(when)
    with pytest.raises(MomentError):
        OFFICE.due(when, 1)


@pytest.mark.parametrize("work", [-1, 1_000_001, Fraction(1, 7_000_000), dt.timedelta(-1)])
def test_work_out_of_bounds_is_refused(work: Any) -> None:
    with pytest.raises(PeriodError, match="working hours from 0 to 1,000,000"):
        OFFICE.due(at("2026-06-29T09:00"), work)


def test_hours_that_are_not_exact_are_refused() -> None:
    with pytest.raises(InexactError):
        OFFICE.due(at("2026-06-29T09:00"), 0.5)  # type: ignore[arg-type]


def test_work_that_leads_out_of_the_calendar_is_refused() -> None:
    with pytest.raises(PeriodError, match="9999"):
        OFFICE.due(at("9999-12-30T09:00"), 100)


# Laws

ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia")
CHANGES = (
    *("2026-03-28", "2026-10-24", "2018-11-03", "2018-02-17", "2026-04-04", "2026-10-03"),
    "2011-12-29",
)


@st.composite
def definitions(draw: st.DrawFn) -> WorkingHours:
    quarters = draw(st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True))
    times = [f"{each // 4:02}:{each % 4 * 15:02}" for each in sorted(quarters)]
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    holidays = draw(st.sets(st.sampled_from([dt.date(2026, 3, 29), dt.date(2026, 10, 25)])))
    return hours(
        *zip(times[::2], times[1::2], strict=False),
        zone=draw(st.sampled_from(ZONES)),
        days=days,
        holidays=holidays,
    )


instants = st.builds(
    lambda day, minutes: at(day) + dt.timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-24 * 60, 72 * 60),
)
works = st.integers(0, 40 * 60).map(lambda minutes: dt.timedelta(minutes=minutes))


@given(definitions(), instants, works)
def test_what_is_due_is_the_first_instant_by_which_the_work_is_done(
    office: WorkingHours, opened: dt.datetime, work: dt.timedelta
) -> None:
    due = office.due(opened, work)

    assert office.worked(opened, due) == work
    assert due == opened or office.worked(opened, due - dt.timedelta.resolution) < work


@given(
    definitions(),
    st.sampled_from(CHANGES),
    st.tuples(*[st.integers(-24 * 60, 72 * 60)] * 3),
)
def test_working_time_adds_up(
    office: WorkingHours, day: str, minutes: tuple[int, int, int]
) -> None:
    one, two, three = (at(day) + dt.timedelta(minutes=each) for each in minutes)

    assert office.worked(one, two) + office.worked(two, three) == office.worked(one, three)


@given(definitions(), instants, works, works)
def test_more_work_is_never_due_earlier(
    office: WorkingHours, opened: dt.datetime, one: dt.timedelta, more: dt.timedelta
) -> None:
    first = office.due(opened, one)

    assert office.due(first, more) == office.due(opened, one + more)


QUARTER = dt.timedelta(minutes=15)
"""Openings, and changes of the clock, are at quarters of an hour."""


@given(
    definitions(),
    st.sampled_from(CHANGES),
    st.integers(-24 * 4, 72 * 4),
    st.integers(1, 30 * 4),
)
def test_working_time_is_that_in_which_the_clock_has_reached_an_opening_and_not_its_end(
    office: WorkingHours, day: str, quarters: int, length: int
) -> None:
    start = at(day) + quarters * QUARTER

    slow = slowly_open(office, start, length)

    assert office.worked(start, start + length * QUARTER) == sum(slow) * QUARTER
    assert office.is_open(start) is slow[0]


def slowly_open(office: WorkingHours, start: dt.datetime, length: int) -> list[bool]:
    """Quarter by quarter, by the latest time that the clock has shown so far."""
    zone = zoneinfo.ZoneInfo(office.zone)
    instants = (start + n * QUARTER for n in range(-12, length))
    passed = itertools.accumulate(
        (instant.astimezone(zone).replace(tzinfo=None) for instant in instants), max
    )
    return [
        any(
            opening.opens <= f"{clock:%H:%M}" < opening.closes
            for opening in office.openings
            if clock.weekday() in opening.days and clock.date() not in office.holidays
        )
        for clock in itertools.islice(passed, 12, None)
    ]


@given(definitions())
def test_working_hours_go_to_json_and_back(office: WorkingHours) -> None:
    assert from_json(to_json(office), WorkingHours) == office


def test_a_time_has_one_text_and_so_one_fingerprint() -> None:
    long = hours(("09:00:00", "17:00:00"))

    assert long == hours(("09:00", "17:00"))
    assert json.loads(to_json(long))["openings"][0]["opens"] == "09:00"
    assert long.fingerprint == hours(("09:00", "17:00")).fingerprint


def test_seconds_are_part_of_a_time() -> None:
    assert hours(("09:00:30", "17:00")).due(at("2026-06-29T09:00"), 1) == at("2026-06-29T10:00:30")


@pytest.mark.parametrize("given", [None, 5, "2026-07-03", "", {}, dt.date(2026, 7, 3)])
def test_holidays_are_several(given: Any) -> None:
    with pytest.raises(DefinitionError, match=r"\$\.holidays: expected several dates, but got"):
        WorkingHours(openings=[Opening(opens="09:00", closes="17:00")], holidays=given)
