from __future__ import annotations

import datetime as dt
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.calendars import BusinessCalendar
from cslib.days import DayError, PeriodError
from day_strategies import column

D = dt.date

holidays = st.integers(D(2026, 1, 1).toordinal(), D(2026, 3, 31).toordinal())
calendars = st.builds(
    BusinessCalendar,
    weekend=st.sampled_from([(5, 6), (4, 5), (6,), ()]) | st.sets(st.integers(0, 6), max_size=5),
    holidays=st.lists(holidays.map(dt.date.fromordinal), max_size=12),
)
early_2026 = st.integers(D(2025, 12, 1).toordinal(), D(2026, 4, 30).toordinal()).map(
    dt.date.fromordinal
)


def slow_add(calendar: BusinessCalendar, day: dt.date, n: int) -> dt.date:
    """One day at a time."""
    step = dt.timedelta(days=1 if n > 0 else -1)
    for _ in range(abs(n)):
        day += step
        while not calendar.is_business_day(day):
            day += step
    return day


@given(calendars, early_2026)
def test_a_business_day_is_no_weekend_and_no_holiday(
    calendar: BusinessCalendar, day: dt.date
) -> None:
    expected = day.weekday() not in calendar.weekend and day not in calendar.holidays

    assert calendar.is_business_day(day) == expected
    assert calendar.is_business_day(column([day])).tolist() == [expected]


@given(calendars, early_2026, st.integers(-30, 30).filter(bool))
def test_business_days_are_added_one_at_a_time(
    calendar: BusinessCalendar, day: dt.date, n: int
) -> None:
    assert calendar.add(day, n) == slow_add(calendar, day, n)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (D(2026, 6, 12), ["2026-06-11", "2026-06-12", "2026-06-15", "2026-06-16"]),
        (D(2026, 6, 13), ["2026-06-12", "2026-06-15", "2026-06-15", "2026-06-16"]),
        (D(2026, 6, 14), ["2026-06-12", "2026-06-15", "2026-06-15", "2026-06-16"]),
    ],
)
def test_a_start_on_a_weekend_is_not_counted_and_0_goes_to_the_next_business_day(
    day: dt.date, expected: list[str]
) -> None:
    calendar = BusinessCalendar()

    assert [str(calendar.add(day, n)) for n in (-1, 0, 1, 2)] == expected
    assert calendar.add(day, np.array([-1, 0, 1, 2])).astype(str).tolist() == expected


@given(calendars, st.lists(st.tuples(early_2026 | st.none(), st.integers(-30, 30)), max_size=8))
def test_columns_of_business_days_equal_them_one_by_one(
    calendar: BusinessCalendar, rows: list[tuple[dt.date | None, int]]
) -> None:
    given_days = column([day for day, _ in rows])

    def one_by_one(act) -> list[dt.date | None]:  # type: ignore[no-untyped-def]
        return [None if day is None else act(day, n) for day, n in rows]

    steps = np.array([n for _, n in rows], dtype=np.int64)
    assert calendar.add(given_days, steps).tolist() == one_by_one(calendar.add)
    assert calendar.following(given_days).tolist() == one_by_one(
        lambda day, _: calendar.following(day)
    )
    assert calendar.preceding(given_days).tolist() == one_by_one(
        lambda day, _: calendar.preceding(day)
    )


@given(calendars, early_2026)
def test_following_and_preceding_keep_a_business_day_and_leave_any_other(
    calendar: BusinessCalendar, day: dt.date
) -> None:
    after, before = calendar.following(day), calendar.preceding(day)

    assert before <= day <= after
    assert (before == day == after) == calendar.is_business_day(day)
    assert calendar.is_business_day(after)
    assert calendar.is_business_day(before)
    assert calendar.count(before, after) in (0, 1)


@given(calendars, early_2026, early_2026)
def test_the_count_between_is_the_count_of_its_business_days(
    calendar: BusinessCalendar, start: dt.date, end: dt.date
) -> None:
    low, high = sorted((start, end))
    all_days = (low + dt.timedelta(days=n) for n in range((high - low).days))
    expected = sum(map(calendar.is_business_day, all_days))

    assert calendar.count(low, high) == expected
    assert calendar.count(high, low) == -expected


@given(calendars, st.lists(st.tuples(early_2026, early_2026), max_size=8), early_2026)
def test_columns_of_counts_equal_them_one_by_one(
    calendar: BusinessCalendar, rows: list[tuple[dt.date, dt.date]], one: dt.date
) -> None:
    starts = column([start for start, _ in rows] + [None])
    ends = column([end for _, end in rows] + [one])

    np.testing.assert_array_equal(
        calendar.count(starts, ends), [calendar.count(*pair) for pair in rows] + [np.nan]
    )
    np.testing.assert_array_equal(
        calendar.count(one, ends),
        [calendar.count(one, end) for _, end in rows] + [calendar.count(one, one)],
    )


@given(calendars, early_2026, st.integers(1, 30))
def test_adding_business_days_passes_so_many(
    calendar: BusinessCalendar, day: dt.date, n: int
) -> None:
    reached = calendar.add(day, n)

    assert calendar.count(day + dt.timedelta(days=1), reached + dt.timedelta(days=1)) == n


@pytest.mark.peer
@settings(max_examples=100)  # also in a run of few examples: peers are met in no other
@given(calendars, early_2026, st.integers(-30, 30))
def test_business_days_are_added_as_pandas_adds_them(
    calendar: BusinessCalendar, day: dt.date, n: int
) -> None:
    pandas = pytest.importorskip("pandas", reason="peer comparison: dependency group `peers`")
    week = " ".join(
        name
        for number, name in enumerate(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
        if number not in calendar.weekend
    )
    step = pandas.offsets.CustomBusinessDay(n, weekmask=week, holidays=sorted(calendar.holidays))

    assert calendar.add(day, n) == (pandas.Timestamp(day) + step).date()


def test_a_column_with_nat_cannot_say_which_days_are_business_days() -> None:
    with pytest.raises(PeriodError, match="expected days that are known, but got NaT, 1 of 2"):
        BusinessCalendar().is_business_day(column([D(2026, 1, 1), None]))


def test_a_weekend_on_other_days_is_kept() -> None:
    gulf = BusinessCalendar(weekend=(4, 5))

    assert gulf.add(D(2026, 6, 11), 1) == D(2026, 6, 14)
    assert gulf == BusinessCalendar(weekend=[5, 4])
    assert hash(gulf) == hash(BusinessCalendar(weekend={5, 4}))


def test_holidays_are_single_days() -> None:
    with pytest.raises(DayError, match="expected a date, but got '2026-01-01'"):
        BusinessCalendar(holidays=["2026-01-01"])  # type: ignore[list-item]


@pytest.mark.parametrize("given", [None, D(2026, 1, 1), "2026-01-01"])
def test_holidays_are_several(given: Any) -> None:
    with pytest.raises(PeriodError, match="expected holidays, several dates, but got"):
        BusinessCalendar(holidays=given)


def test_single_days_need_no_numpy() -> None:
    script = (
        "import sys, datetime as dt; from cslib.calendars import BusinessCalendar;"
        "d = dt.date(2026, 1, 31); office = BusinessCalendar(holidays=[d]);"
        "office.add(d, 1); office.count(d, d); office.preceding(d);"
        "sys.exit('numpy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603


@pytest.mark.parametrize(
    "weekend", [range(7), (7,), (-1,), ("Sat",), (True,), ([5],), None, 5, "56"]
)
def test_a_weekend_that_leaves_no_day_or_names_none_is_refused(weekend: Any) -> None:
    with pytest.raises(PeriodError, match="a weekend of weekdays from 0 "):
        BusinessCalendar(weekend=weekend)


@pytest.mark.parametrize(
    ("day", "n"), [(dt.date.max, 1), (dt.date.min, -1), (D(9999, 12, 30), 5), (D(1, 1, 3), -5)]
)
def test_business_days_beyond_the_calendar_are_an_error(day: dt.date, n: int) -> None:
    with pytest.raises(PeriodError, match="a result from 0001-01-01 to 9999-12-31"):
        BusinessCalendar().add(day, n)
    with pytest.raises(PeriodError, match="a result from 0001-01-01 to 9999-12-31"):
        BusinessCalendar().add(column([day]), n)
