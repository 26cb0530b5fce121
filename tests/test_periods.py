from __future__ import annotations

import datetime as dt
import itertools
import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from cslib.periods import (
    DayError,
    Period,
    PeriodError,
    Term,
    add_months,
    calendar_months_between,
    calendar_quarters_between,
    days_between,
    months_between,
)
from day_strategies import any_day, column, pairs, spans, whole_months

D = dt.date


def full_months(start: dt.date, end: dt.date) -> int:
    gap = relativedelta(end, start)
    return gap.years * 12 + gap.months


# Months added to a day


@given(any_day, st.integers(-2000, 2000))
def test_adding_months_is_what_dateutil_does(day: dt.date, n: int) -> None:
    assert add_months(day, n) == day + relativedelta(months=n)


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (D(2026, 1, 31), 1, D(2026, 2, 28)),
        (D(2024, 1, 31), 1, D(2024, 2, 29)),
        (D(1900, 1, 31), 1, D(1900, 2, 28)),
        (D(2000, 1, 31), 1, D(2000, 2, 29)),
        (D(2026, 3, 31), -1, D(2026, 2, 28)),
        (D(2026, 12, 15), 1, D(2027, 1, 15)),
        (D(2026, 1, 15), -1, D(2025, 12, 15)),
        (D(2026, 6, 30), 0, D(2026, 6, 30)),
    ],
)
def test_a_day_that_the_month_lacks_becomes_its_last(
    day: dt.date, n: int, expected: dt.date
) -> None:
    assert add_months(day, n) == expected
    assert add_months(column([day]), n).tolist() == [expected]


@given(st.lists(st.tuples(any_day | st.none(), st.integers(-1000, 1000)), max_size=8))
def test_a_column_of_days_plus_months_equals_the_days_one_by_one(
    rows: list[tuple[dt.date | None, int]],
) -> None:
    given_days = column([day for day, _ in rows])
    steps = np.array([n for _, n in rows], dtype=np.int64)

    got = add_months(given_days, steps)

    assert got.dtype == "datetime64[D]"
    assert got.tolist() == [None if day is None else add_months(day, n) for day, n in rows]


def test_one_day_plus_a_column_of_months_is_a_column() -> None:
    got = add_months(D(2026, 1, 31), np.array([0, 1, 2]))

    assert got.tolist() == [D(2026, 1, 31), D(2026, 2, 28), D(2026, 3, 31)]


def test_a_number_of_months_that_numpy_made_serves_as_well_as_an_int() -> None:
    assert add_months(D(2026, 1, 31), np.int64(1)) == D(2026, 2, 28)


@pytest.mark.parametrize(
    ("day", "n"),
    [(dt.date.max, 1), (dt.date.min, -1), (D(2026, 1, 1), 10**30), (D(2026, 1, 1), -(10**6))],
)
def test_a_month_beyond_the_calendar_is_an_error_that_names_the_sum(day: dt.date, n: int) -> None:
    with pytest.raises(PeriodError, match=f"0001-01-01 to 9999-12-31, but got {day} and {n} mon"):
        add_months(day, n)


@pytest.mark.parametrize("n", [1, -(10**9), 2**62])
def test_a_column_that_leaves_the_calendar_is_an_error_too(n: int) -> None:
    with pytest.raises(PeriodError, match="expected a result from 0001-01-01 to 9999-12-31"):
        add_months(column([D(2026, 1, 1), dt.date.max]), n)


@pytest.mark.parametrize(
    "n", [1.0, "1", True, np.array([1.0]), np.ma.masked_array([1, 2], mask=[True, False])]
)
def test_only_whole_known_numbers_of_months_are_added_to_a_column(n: int) -> None:
    with pytest.raises(DayError, match="expected whole numbers, all known, but got"):
        add_months(column([D(2026, 1, 1), D(2026, 1, 2)]), n)


def test_half_a_month_is_not_added_to_a_day() -> None:
    with pytest.raises(DayError, match="expected whole numbers"):
        add_months(D(2026, 1, 1), 0.5)  # type: ignore[call-overload]


# Months, quarters and days between


@given(pairs)
def test_full_months_are_those_of_dateutil_in_both_directions(
    pair: tuple[dt.date, dt.date],
) -> None:
    start, end = pair

    assert months_between(start, end) == full_months(start, end)
    assert months_between(end, start) == full_months(end, start)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (D(2026, 1, 31), D(2026, 2, 27), 0),
        (D(2026, 1, 31), D(2026, 2, 28), 1),
        (D(2026, 2, 28), D(2026, 1, 31), 0),
        (D(2026, 2, 28), D(2026, 1, 28), -1),
        (D(2026, 3, 31), D(2026, 2, 28), -1),
        (D(2024, 2, 29), D(2025, 2, 28), 12),
        (D(2025, 2, 28), D(2024, 2, 29), -11),
        (D(2026, 6, 15), D(2026, 6, 15), 0),
    ],
)
def test_full_months_count_a_clipped_end_of_month_as_reached(
    start: dt.date, end: dt.date, expected: int
) -> None:
    assert months_between(start, end) == full_months(start, end) == expected


@given(any_day, st.integers(0, 1000))
def test_the_months_added_are_the_months_between(day: dt.date, n: int) -> None:
    assert months_between(day, add_months(day, n)) == n


@given(pairs)
def test_the_full_months_do_not_pass_the_end_and_one_more_would(
    pair: tuple[dt.date, dt.date],
) -> None:
    start, end = sorted(pair)
    n = months_between(start, end)

    assert add_months(start, n) <= end < add_months(start, n + 1)


@pytest.mark.parametrize(
    ("start", "end", "months", "quarters"),
    [
        (D(2026, 1, 1), D(2026, 1, 31), 0, 0),
        (D(2026, 1, 31), D(2026, 2, 1), 1, 0),
        (D(2026, 3, 31), D(2026, 4, 1), 1, 1),
        (D(2025, 12, 31), D(2026, 4, 1), 4, 2),
        (D(2026, 4, 1), D(2025, 12, 31), -4, -2),
        (D(1969, 12, 31), D(1970, 1, 1), 1, 1),
    ],
)
def test_calendar_months_and_quarters_count_the_boundaries_crossed(
    start: dt.date, end: dt.date, months: int, quarters: int
) -> None:
    assert calendar_months_between(start, end) == months
    assert calendar_quarters_between(start, end) == quarters


@given(any_day, any_day, any_day)
def test_calendar_counts_and_days_add_up_along_the_way(a: dt.date, b: dt.date, c: dt.date) -> None:
    for between in (calendar_months_between, calendar_quarters_between, days_between):
        assert between(a, b) + between(b, c) == between(a, c)


@given(st.lists(pairs, max_size=8), any_day)
def test_columns_count_what_the_days_count_one_by_one(
    rows: list[tuple[dt.date, dt.date]], one: dt.date
) -> None:
    starts = column([start for start, _ in rows] + [None])
    ends = column([end for _, end in rows] + [one])

    for between in (
        months_between,
        calendar_months_between,
        calendar_quarters_between,
        days_between,
    ):
        both = between(starts, ends)
        assert both.dtype == np.float64
        assert known(both) == [between(*pair) for pair in rows] + [None]
        assert known(between(starts, one)) == [between(start, one) for start, _ in rows] + [None]
        assert known(between(one, starts)) == [between(one, start) for start, _ in rows] + [None]


def known(counts: npt.NDArray[np.float64]) -> list[float | None]:
    """The counts of a column, None for NaN."""
    return [None if np.isnan(count) else count for count in counts.tolist()]


def test_single_days_need_no_numpy() -> None:
    script = (
        "import sys, datetime as dt; from cslib.periods import *; d = dt.date(2026, 1, 31);"
        "add_months(d, 1); months_between(d, d); Period.parse('2026').months(); Term(d, 1).end;"
        "sys.exit('numpy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603


# Periods


@given(spans, any_day)
def test_a_period_holds_its_start_and_every_day_before_its_end(
    period: Period, day: dt.date
) -> None:
    assert (day in period) == (period.start <= day < period.end)
    assert period.start in period
    assert period.last_day in period
    assert period.end not in period


@pytest.mark.parametrize(
    ("period", "start", "end", "length", "text"),
    [
        (Period.month(2024, 2), D(2024, 2, 1), D(2024, 3, 1), 29, "2024-02"),
        (Period.month(2026, 12), D(2026, 12, 1), D(2027, 1, 1), 31, "2026-12"),
        (Period.quarter(2026, 2), D(2026, 4, 1), D(2026, 7, 1), 91, "2026Q2"),
        (Period.quarter(2026, 4), D(2026, 10, 1), D(2027, 1, 1), 92, "2026Q4"),
        (Period.year(2026), D(2026, 1, 1), D(2027, 1, 1), 365, "2026"),
        (Period.year(987), D(987, 1, 1), D(988, 1, 1), 365, "0987"),
    ],
)
def test_calendar_periods_are_named_by_their_calendar_names(
    period: Period, start: dt.date, end: dt.date, length: int, text: str
) -> None:
    assert (period.start, period.end, period.days) == (start, end, length)
    assert str(period) == text
    assert repr(period) == f"Period.parse('{text}')"


@pytest.mark.parametrize(
    ("first_month", "expected"),
    [(1, "2026"), (2, "2025-02-01/2026-02-01"), (12, "2025-12-01/2026-12-01")],
)
def test_a_fiscal_year_is_named_by_the_calendar_year_in_which_it_ends(
    first_month: int, expected: str
) -> None:
    fiscal = Period.fiscal_year(2026, first_month=first_month)

    assert str(fiscal) == expected
    assert fiscal.last_day.year == 2026
    assert Period.parse("FY2026", first_month=first_month) == fiscal


@given(spans | whole_months)
def test_a_period_reads_back_from_its_own_text(period: Period) -> None:
    assert Period.parse(str(period)) == period
    assert eval(repr(period)) == period  # noqa: S307


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06", Period.month(2026, 6)),
        ("2026Q2", Period.quarter(2026, 2)),
        ("2026-Q2", Period.quarter(2026, 2)),
        ("2026", Period.year(2026)),
        ("2026-06-01/2026-07-01", Period.month(2026, 6)),
        ("2026-06-03/2026-06-04", Period(D(2026, 6, 3), D(2026, 6, 4))),
    ],
)
def test_each_form_of_text_names_a_period(text: str, expected: Period) -> None:
    assert Period.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("June 2026", ""),
        ("2026-6", ""),
        ("2026q2", ""),
        ("2026-06\n", ""),
        ("２０２６", ""),
        ("20260601/20260701", ""),
        ("2026-13", "a month from 1 to 12"),
        ("0000", "a year from 1 to 9999"),
        ("9999", "a result from"),
        ("2026Q5", "a quarter from 1 to 4"),
        ("FY2026", "a fiscal year needs first_month="),
        ("2026-02-30/2026-03-01", "day"),
        ("2026-07-01/2026-06-01", "a start before the end"),
        ("2026-07-01/2026-07-01", "a start before the end"),
    ],
)
def test_a_text_that_names_no_period_is_an_error_with_the_text_the_forms_and_the_reason(
    text: str, reason: str
) -> None:
    with pytest.raises(PeriodError) as caught:
        Period.parse(text)

    assert f"but got {text!r}" in str(caught.value)
    assert "'2026-06', '2026Q2', '2026-Q2', '2026', 'FY2026'" in str(caught.value)
    assert reason in caught.value.reason


@given(st.text("01269-/QFYé \n", max_size=24))
def test_any_text_is_a_period_or_our_own_error(text: str) -> None:
    try:
        period = Period.parse(text, first_month=4)
    except PeriodError:
        return
    assert Period.parse(str(period)) == period


def test_a_long_text_is_shown_cut_short() -> None:
    with pytest.raises(PeriodError) as caught:
        Period.parse("x" * 10_000)

    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("text", "within", "without"),
    [
        ("2025-12/2026-06", "2025-12-01/2026-07-01", "2025-12-01/2026-06-01"),
        ("2025Q4/2026", "2025-10-01/2027-01-01", "2025-10-01/2026-01-01"),
    ],
)
def test_a_range_of_months_does_not_say_whether_the_last_is_in_it_and_is_refused_with_both(
    text: str, within: str, without: str
) -> None:
    with pytest.raises(PeriodError) as caught:
        Period.parse(text)

    assert caught.value.reason.endswith(f"write '{within}' with it, '{without}' without")
    assert Period.parse(within).last_day > Period.parse(without).last_day


@pytest.mark.parametrize("text", ["2026-06/2025-12", "2026-06/2026-06", "2026-06/soon", "a/b/c"])
def test_two_ends_that_are_no_range_get_no_such_advice(text: str) -> None:
    with pytest.raises(PeriodError) as caught:
        Period.parse(text)

    assert caught.value.reason == ""


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Period.month(2026, 13), "a month from 1 to 12, but got year 2026, month 13"),
        (lambda: Period.month("2026", 1), "but got year '2026', month 1"),
        (lambda: Period.quarter(2026, 0), "a quarter from 1 to 4, but got quarter 0"),
        (lambda: Period.year(0), "a year from 1 to 9999"),
        (lambda: Period.year(9999), "a result from 0001-01-01 to 9999-12-31"),
        (lambda: Period.fiscal_year(2026, first_month=0), "but got year 2025, month 0"),
        (lambda: Period.parse(2026), "a period such as .* but got 2026"),
        (lambda: Period(D(2026, 1, 2), D(2026, 1, 2)), "a start before the end"),
        (lambda: Period.trailing(D(2026, 1, 1)), "months= or days=, 1 or more"),
        (lambda: Period.trailing(D(2026, 1, 1), months=1, days=1), "but got months=1, days=1"),
        (lambda: Period.trailing(D(2026, 1, 1), months=0), "1 or more, but got months=0"),
        (lambda: Period.trailing(D(2026, 1, 1), days=-7), "1 or more, but got .* days=-7"),
        (lambda: Period.trailing(dt.date.max, days=1), "a result from"),
        (lambda: Term(D(2026, 1, 1), 0), "one or more whole months, but got months=0"),
        (lambda: Term(D(2026, 1, 1), 1.5), "one or more whole months, but got months=1.5"),
        (lambda: Term(D(2026, 1, 1), True), "one or more whole months, but got months=True"),
    ],
)
def test_a_period_or_term_that_cannot_be_is_an_error(make, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PeriodError, match=message):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Period("2026-01-01", D(2026, 2, 1)),
        lambda: Period(D(2026, 1, 1), dt.datetime(2026, 2, 1, tzinfo=dt.UTC)),
        lambda: Period.trailing("2026-01-01", months=1),
        lambda: "2026-01-01" in Period.year(2026),
        lambda: dt.datetime(2026, 2, 1, tzinfo=dt.UTC) in Period.year(2026),
        lambda: Term("2026-01-01", 1),
    ],
)
def test_texts_and_instants_are_no_days(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DayError, match="expected a date"):
        make()


@pytest.mark.parametrize(
    ("as_of", "months", "start"),
    [
        (D(2026, 6, 30), 12, D(2025, 7, 1)),
        (D(2026, 2, 28), 1, D(2026, 2, 1)),
        (D(2024, 2, 29), 12, D(2023, 3, 1)),
        (D(2026, 6, 14), 1, D(2026, 5, 15)),
        (D(2026, 3, 30), 1, D(2026, 2, 28)),
    ],
)
def test_a_window_of_months_is_counted_back_from_the_day_after_its_last(
    as_of: dt.date, months: int, start: dt.date
) -> None:
    window = Period.trailing(as_of, months=months)

    assert (window.start, window.last_day) == (start, as_of)


@given(any_day, st.integers(1, 400))
def test_a_window_of_days_has_so_many_days_and_ends_with_its_day(day: dt.date, n: int) -> None:
    window = Period.trailing(day, days=n)

    assert (window.days, window.last_day) == (n, day)


@given(whole_months)
def test_next_and_previous_touch_and_undo_each_other(period: Period) -> None:
    assert period.next().start == period.end
    assert period.previous().end == period.start
    assert period.next().previous() == period == period.previous().next()


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("2026-12", "2027-01"),
        ("2026Q4", "2027Q1"),
        ("2026", "2027"),
        ("2025-02-01/2026-02-01", "2026-02-01/2027-02-01"),
        ("2026-01-01/2026-03-01", "2026-03-01/2026-05-01"),
    ],
)
def test_a_period_of_whole_months_steps_by_its_own_length(text: str, following: str) -> None:
    assert str(Period.parse(text).next()) == following
    assert str(Period.parse(following).previous()) == text


@pytest.mark.parametrize("step", [Period.next, Period.previous])
def test_a_period_that_cuts_a_month_has_no_next(step) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PeriodError, match="whole calendar months, but got 2026-06-03/2026-07-15"):
        step(Period(D(2026, 6, 3), D(2026, 7, 15)))


@given(any_day, st.integers(1, 1500))
def test_the_months_of_a_period_hold_each_of_its_days_once(start: dt.date, length: int) -> None:
    period = Period(start, start + dt.timedelta(days=length))
    months = period.months()

    assert months[0].start == period.start
    assert months[-1].end == period.end
    assert all(a.end == b.start and b.start.day == 1 for a, b in itertools.pairwise(months))
    assert all(calendar_months_between(month.start, month.last_day) == 0 for month in months)


def test_the_months_of_a_period_are_cut_to_fit_at_both_ends() -> None:
    period = Period(D(2026, 6, 15), D(2026, 8, 10))

    assert [str(month) for month in period.months()] == [
        "2026-06-15/2026-07-01",
        "2026-07",
        "2026-08-01/2026-08-10",
    ]


@given(spans, spans, any_day)
def test_the_overlap_holds_the_days_that_both_hold(a: Period, b: Period, day: dt.date) -> None:
    both = a.overlap(b)

    assert both == b.overlap(a)
    assert (both is not None and day in both) == (day in a and day in b)
    assert a.overlap(a) == a


def test_periods_that_only_touch_do_not_overlap() -> None:
    assert Period.month(2026, 6).overlap(Period.month(2026, 7)) is None


def test_periods_with_the_same_bounds_are_equal_and_hash_alike() -> None:
    assert {Period.month(2026, 6), Period(D(2026, 6, 1), D(2026, 7, 1))} == {
        Period.parse("2026-06")
    }


# Terms


def test_a_monthly_term_from_the_31st_does_not_drift() -> None:
    term = Term(D(2026, 1, 31), months=1)

    assert [term.renewal(n) for n in range(5)] == [
        D(2026, 1, 31),
        D(2026, 2, 28),
        D(2026, 3, 31),
        D(2026, 4, 30),
        D(2026, 5, 31),
    ]


def test_a_leap_day_has_its_anniversary_on_feb_28_and_comes_back_on_feb_29() -> None:
    term = Term(D(2024, 2, 29), months=12)

    assert [term.anniversary(n) for n in (1, 2, 4)] == [
        D(2025, 2, 28),
        D(2026, 2, 28),
        D(2028, 2, 29),
    ]


@given(any_day, st.integers(1, 60), st.integers(0, 20))
def test_each_renewal_is_counted_from_the_first_start(start: dt.date, months: int, n: int) -> None:
    term = Term(start, months)

    assert term.renewal(n) == start + relativedelta(months=n * months)
    assert term.anniversary(n) == start + relativedelta(years=n)
    assert (term.end, term.period) == (term.renewal(1), Period(start, term.end))
    assert term.last_day == term.period.last_day
