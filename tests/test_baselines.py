"""A figure beside that of the same period in earlier years."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.baselines import SCALE, Baseline, Season, baseline, baseline_columns, season
from cslib.norms import NormError
from cslib.periods import Period, PeriodError


def augusts(*figures: Any) -> dict[Period, Any]:
    """The last is of August 2026, those before it of the years before."""
    first = 2027 - len(figures)
    return {Period.month(first + i, 8): figure for i, figure in enumerate(figures)}


AUGUST = Period.month(2026, 8)


# Seasons


@pytest.mark.parametrize(
    ("period", "years", "expected"),
    [
        ("2028-02", 1, "2027-02"),
        ("2027-02", 3, "2024-02"),
        ("2026Q1", 2, "2024Q1"),
        ("2028-02-29/2028-03-01", 1, "2027-02-28/2027-03-01"),
        ("2028-02-29/2028-03-01", 4, "2024-02-29/2024-03-01"),
        ("2028-02-28/2028-02-29", 1, "2027-02-28/2027-03-01"),
        ("2027-02-28/2027-03-01", 3, "2024-02-28/2024-02-29"),
        ("2026-08-03/2026-08-10", 1, "2025-08-03/2025-08-10"),
        ("2026-12-29/2027-01-05", 1, "2025-12-29/2026-01-05"),
    ],
)
def test_a_season_keeps_whole_months_and_else_its_first_day_and_length(
    period: str, years: int, expected: str
) -> None:
    assert season(Period.parse(period), years) == Period.parse(expected)


def test_a_season_before_the_year_1_is_refused() -> None:
    with pytest.raises(PeriodError):
        season(Period.month(3, 2), 3)


# One period


def test_a_figure_is_put_beside_the_median_of_its_seasons() -> None:
    found = baseline(augusts(200, 220, 210, 150), AUGUST)

    assert (found.median, found.mad, found.deviation) == (210, 10, -60)
    assert found.change == pytest.approx(-60 / 210)
    assert found.score == pytest.approx(-60 / 14.826022)
    assert found.seasons[0] == Season(Period.month(2025, 8), 210.0)


def test_one_odd_year_does_not_move_the_baseline() -> None:
    assert baseline(augusts(200, 9_000, 210, 205, 150), AUGUST).median == 207.5


def test_too_few_seasons_make_it_unknown() -> None:
    found = baseline(augusts(None, 220, 210, 150), AUGUST)

    assert (found.median, found.mad, found.deviation, found.change, found.score) == (None,) * 5
    assert str(found) == "2026-08: unknown, of 3 seasons only: 2025-08 210, 2024-08 220"
    assert baseline(augusts(None, 220, 210, 150), AUGUST, least=2).median == 215


def test_without_any_season_it_says_so() -> None:
    assert str(baseline({}, AUGUST)) == "2026-08: unknown, of 3 seasons only: none"


def test_one_season_compares_year_on_year_and_has_no_score() -> None:
    found = baseline(augusts(200, 150), AUGUST, least=1)

    assert (found.change, found.mad, found.score) == (-0.25, 0, None)
    assert str(found) == "2026-08: 150 to 200 (-25.0%); seasons: 2025-08 200"


def test_years_further_back_and_years_after_do_not_count() -> None:
    history = augusts(1, 200, 220, 210, 150) | {Period.month(2027, 8): 7}

    assert baseline(history, AUGUST, years=3).median == 210


def test_an_unknown_figure_has_a_baseline_and_no_deviation() -> None:
    found = baseline(augusts(200, 220, 210, math.nan), AUGUST)

    assert (found.figure, found.median, found.deviation, found.score) == (None, 210, None, None)
    assert str(found).startswith("2026-08: unknown to 210; seasons: ")


def test_the_change_against_nothing_is_unknown() -> None:
    assert baseline(augusts(0, 0, 0, 5), AUGUST).change is None
    assert baseline(augusts(-1, -1, -1, 5), AUGUST).change is None


def test_a_sum_over_29_days_is_compared_by_the_day() -> None:
    history = {Period.month(2027, 2): 280, Period.month(2028, 2): 290}

    found = baseline(history, Period.month(2028, 2), least=1, sums=True)

    assert (found.median, found.deviation) == (290, 0)
    assert baseline(history, Period.month(2028, 2), least=1).deviation == 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"least": 0}, "least is the int 0: expected a whole number from 1 to 5"),
        ({"least": 6}, "least is the int 6: expected a whole number from 1 to 5"),
        ({"least": True}, "least is True"),
        ({"years": 0}, "years is the int 0: expected a whole number from 1 to 100"),
        ({"years": 2.0}, "years is the float 2.0"),
    ],
)
def test_counts_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(NormError, match=message):
        baseline({}, AUGUST, **options)
    with pytest.raises(NormError, match=message):
        baseline_columns([], [], [], **options)


def test_a_figure_that_is_no_number_is_refused() -> None:
    with pytest.raises(NormError, match="history is the str 'many': expected a number"):
        baseline(augusts("many", 3), AUGUST)


@pytest.mark.parametrize(
    ("history", "period", "message"),
    [
        ({}, "2026-08", "period is the str '2026-08': expected a Period"),
        ([1], AUGUST, "history is a list of 1: expected figures by Period"),
        ({"2025-08": 5}, AUGUST, "history has the key the str '2025-08': expected a Period"),
    ],
)
def test_a_history_is_of_figures_by_period(history: Any, period: Any, message: str) -> None:
    with pytest.raises(NormError, match=message):
        baseline(history, period)


def test_an_unknown_season_is_not_replaced_by_an_older_one() -> None:
    assert baseline(augusts(200, 220, None, 210, 150), AUGUST, years=3).median is None


# Columns


def asked(found: Any) -> list[tuple[Any, ...]]:
    names = ("figure", "seasons", "median", "mad", "deviation", "change", "score")
    return list(zip(*(getattr(found, name).tolist() for name in names), strict=True))


def answer(found: Baseline) -> tuple[Any, ...]:
    return (
        found.figure,
        len(found.seasons),
        *(getattr(found, name) for name in ("median", "mad", "deviation", "change", "score")),
    )


KEYS = st.tuples(st.sampled_from(["ada", "bo"]), st.integers(2019, 2028), st.sampled_from([2, 3]))
FIGURES = st.none() | st.integers(-3, 30) | st.floats(-1e3, 1e3)


@given(st.dictionaries(KEYS, FIGURES), st.integers(1, 3), st.integers(3, 6), st.booleans())
def test_columns_of_months_answer_as_each_of_their_rows(
    book: dict[tuple[str, int, int], Any], least: int, years: int, sums: bool
) -> None:
    months = np.array([f"{year}-{month:02}" for _, year, month in book], "datetime64[M]")

    found = baseline_columns(
        [account for account, _, _ in book],
        months,
        np.array(list(book.values()), object),
        least=least,
        years=years,
        sums=sums,
    )

    assert asked(found) == [
        answer(
            baseline(
                {Period.month(y, m): f for (who, y, m), f in book.items() if who == account},
                Period.month(year, month),
                least=least,
                years=years,
                sums=sums,
            )
        )
        for account, year, month in book
    ]


DAYS = st.sampled_from([(2, 28), (2, 29), (3, 1)])


@given(st.dictionaries(st.tuples(st.sampled_from([7, 8]), st.integers(2022, 2028), DAYS), FIGURES))
def test_columns_of_days_answer_as_each_of_their_rows(book: dict[Any, Any]) -> None:
    real = {
        (who, dt.date(year, *day)): figure
        for (who, year, day), figure in book.items()
        if day != (2, 29) or year % 4 == 0
    }

    found = baseline_columns(
        np.array([who for who, _ in real], np.int64),
        np.array([day for _, day in real], "datetime64[D]"),
        np.array(list(real.values()), object),
        least=2,
    )

    assert asked(found) == [
        answer(
            baseline(
                {one_day(d): f for (who, d), f in real.items() if who == account},
                one_day(day),
                least=2,
            )
        )
        for account, day in real
    ]


def one_day(day: dt.date) -> Period:
    return Period(day, day + dt.timedelta(days=1))


@given(st.lists(st.integers(0, 50), min_size=3, max_size=5), st.integers(0, 50))
def test_the_numbers_are_those_of_the_definition(seasons: list[int], figure: int) -> None:
    found = baseline(augusts(*seasons, figure), AUGUST)

    middle = statistics.median(seasons)
    mad = statistics.median(abs(each - middle) for each in seasons)
    assert (found.median, found.mad) == (middle, mad)
    if mad:
        assert found.score == pytest.approx((figure - middle) / (1.482602218505602 * mad))


def test_the_scale_makes_the_score_of_normal_figures_a_standard_score() -> None:
    assert pytest.approx(1 / statistics.NormalDist().inv_cdf(0.75), rel=1e-12) == SCALE


@pytest.mark.peer
@given(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=5))
def test_the_scatter_is_that_of_median_abs_deviation(seasons: list[float]) -> None:
    stats = pytest.importorskip("scipy.stats", reason="peer comparison: comes with `lifelines`")

    assert baseline(augusts(*seasons, 0), AUGUST).mad == stats.median_abs_deviation(seasons)


def months(*given: str) -> Any:
    return np.array(given, "datetime64[M]")


def test_a_tiny_scatter_gives_a_score_beyond_all_bounds() -> None:
    history = augusts(0, 5e-324, 1e-323, 1e300)

    record = baseline(history, AUGUST)
    when = np.array([str(each) for each in history], "datetime64[M]")
    columns = baseline_columns(["a"] * 4, when, list(history.values()))

    assert record.score == columns.score[-1] == math.inf


def test_without_rows_there_are_no_baselines() -> None:
    assert len(baseline_columns([], [], [])) == 0


def test_baselines_are_equal_by_content_and_say_how_many_are_known() -> None:
    one, other = (
        baseline_columns(["a", "a"], months("2025-08", "2026-08"), [1, None], least=1)
        for _ in range(2)
    )

    assert one == other
    assert repr(one) == "<Baselines: 2 rows, 1 of them with a baseline>"


@pytest.mark.parametrize(
    ("account", "period", "figure", "message"),
    [
        (["a"], months("2026-01"), [1, 2], "columns differ in length: account has 1, period has 1"),
        (["a", None], months("2026-01", "2026-02"), [1, 2], r"account\[1\] is None"),
        (["a", "a"], months("2026-01", "NaT"), [1, 2], r"period\[1\] is NaT: expected when"),
        (["a", "a"], ["2026-01", "2026-02"], [1, 2], "period holds <U7: expected months or days"),
        (["a", "a"], months("2026-01", "2026-01"), [1, 2], r"period\[1\] is 2026-01: it stands"),
        (["a", "a"], months("2026-01", "2026-02"), ["x", "y"], "figure holds <U1"),
    ],
)
def test_columns_that_cannot_be_taken_are_refused(
    account: Any, period: Any, figure: Any, message: str
) -> None:
    with pytest.raises(NormError, match=message):
        baseline_columns(account, period, figure)
