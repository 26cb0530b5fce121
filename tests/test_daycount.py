from __future__ import annotations

import datetime as dt
import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.daycount import DayCount, prorate, year_fraction, year_fractions
from cslib.periods import Period, PeriodError, Term
from day_strategies import any_day, column, spans

D = dt.date

conventions = st.sampled_from(DayCount)


# ISDA, "30/360 day count conventions" (2008), the spreadsheet of examples for the 2006
# Definitions 4.16 (g): https://www.isda.org/2008/12/22/30-360-day-count-conventions/
EUROBOND = [
    (D(2006, 8, 20), D(2007, 2, 20), 180),
    (D(2007, 2, 20), D(2007, 8, 20), 180),
    (D(2006, 2, 28), D(2006, 8, 31), 182),
    (D(2006, 8, 31), D(2007, 2, 28), 178),
    (D(2007, 2, 28), D(2007, 8, 31), 182),
    (D(2007, 8, 31), D(2008, 2, 29), 179),
    (D(2008, 8, 31), D(2009, 2, 28), 178),
]


@pytest.mark.parametrize(("start", "end", "length"), EUROBOND)
def test_30e_360_counts_the_days_of_the_isda_examples(
    start: dt.date, end: dt.date, length: int
) -> None:
    assert year_fraction(Period(start, end), DayCount.THIRTY_E_360) == Fraction(length, 360)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # ISDA, "The Actual/Actual day count fraction" (1999), "short first calculation period",
        # yearly payments: the ICMA (then ISMA) method, first and second period.
        (D(1999, 2, 1), D(1999, 7, 1), Fraction(150, 365)),
        (D(1999, 7, 1), D(2000, 7, 1), Fraction(1)),
        # By hand: a year to 2025-06-15, then 30 of the 365 days to 2026-06-15.
        (D(2024, 6, 15), D(2025, 7, 15), 1 + Fraction(30, 365)),
    ],
)
def test_actual_years_are_full_years_and_days_of_the_year_under_way(
    start: dt.date, end: dt.date, expected: Fraction
) -> None:
    assert year_fraction(Period(start, end), DayCount.ACTUAL) == expected


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (D(2026, 2, 1), D(2026, 3, 1), Fraction(1)),
        (D(2026, 1, 31), D(2026, 2, 28), Fraction(1)),
        # By hand: a month to Feb 28, then 16 of the 31 days to Mar 31.
        (D(2026, 1, 31), D(2026, 3, 16), 1 + Fraction(16, 31)),
        # By hand: 10 of the 28 days from Feb 15 to Mar 15.
        (D(2026, 2, 15), D(2026, 2, 25), Fraction(10, 28)),
    ],
)
def test_months_are_full_months_and_days_of_the_month_under_way(
    start: dt.date, end: dt.date, months: Fraction
) -> None:
    assert year_fraction(Period(start, end), DayCount.MONTHS) == months / 12


@given(any_day, st.integers(1, 30), st.sampled_from([DayCount.ACTUAL, DayCount.MONTHS]))
def test_a_term_of_full_years_is_so_many_years(
    start: dt.date, years: int, convention: DayCount
) -> None:
    assert year_fraction(Term(start, 12 * years).period, convention) == years


@given(spans.filter(lambda period: period.days > 3), st.data(), conventions)
def test_the_shares_of_parts_that_make_up_the_whole_add_up_to_1(
    whole: Period, data: st.DataObject, convention: DayCount
) -> None:
    inside = st.dates(whole.start + dt.timedelta(days=1), whole.last_day)
    cut = data.draw(st.lists(inside, min_size=1, max_size=5, unique=True).map(sorted))
    bounds = [whole.start, *cut, whole.end]
    parts = [Period(start, end) for start, end in itertools.pairwise(bounds)]

    shares = [prorate(part, whole, convention) for part in parts]

    assert sum(shares) == 1
    assert min(shares) >= 0


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        (DayCount.ACTUAL, Fraction(28, 365)),
        (DayCount.MONTHS, Fraction(1, 12)),
        (DayCount.THIRTY_E_360, Fraction(1, 12)),
    ],
)
def test_february_is_a_share_of_its_year_by_each_convention(
    convention: DayCount, expected: Fraction
) -> None:
    assert prorate(Period.month(2026, 2), Period.year(2026), convention) == expected


def test_a_part_outside_the_whole_has_no_share() -> None:
    with pytest.raises(PeriodError, match="a part of 2026, but got 2025-12-15/2026-01-15"):
        prorate(Period(D(2025, 12, 15), D(2026, 1, 15)), Period.year(2026), DayCount.ACTUAL)


def test_a_whole_that_measures_nothing_has_no_shares() -> None:
    jan_30 = Period(D(2026, 1, 30), D(2026, 1, 31))

    with pytest.raises(PeriodError, match="more than 0 days under 30E/360"):
        prorate(jan_30, jan_30, DayCount.THIRTY_E_360)


def test_a_convention_may_be_named_by_its_text_but_not_by_another() -> None:
    assert year_fraction(Period.month(2026, 2), "30E/360") == Fraction(1, 12)  # type: ignore[arg-type]
    with pytest.raises(PeriodError, match="one of 'actual', 'months', '30E/360', but got '30/360'"):
        year_fraction(Period.month(2026, 2), "30/360")  # type: ignore[arg-type]


@given(st.lists(spans, max_size=6), conventions)
def test_columns_of_year_fractions_equal_them_one_by_one(
    periods: list[Period], convention: DayCount
) -> None:
    starts = column([period.start for period in periods] + [None])
    ends = column([period.end for period in periods] + [D(2026, 1, 1)])

    parts, of = year_fractions(starts, ends, convention)

    assert parts.dtype == of.dtype == np.int64
    assert (parts[-1], of[-1]) == (0, 0)
    assert [Fraction(int(a), int(b)) for a, b in zip(parts[:-1], of[:-1], strict=True)] == [
        year_fraction(period, convention) for period in periods
    ]


def test_columns_of_year_fractions_refuse_an_end_that_is_not_after_its_start() -> None:
    with pytest.raises(PeriodError, match="starts before their ends, but got 2026-01-02"):
        year_fractions(column([D(2026, 1, 1), D(2026, 1, 2)]), D(2026, 1, 2), DayCount.ACTUAL)
