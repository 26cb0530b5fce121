from __future__ import annotations

import datetime as dt
import pickle

import attrs
import numpy as np
import pytest

from cslib.days import DayError, PeriodError, add_days, day_column, is_whole, shown
from cslib.errors import CslibError
from day_strategies import column

D = dt.date


def test_a_masked_day_is_as_unknown_as_nat() -> None:
    masked = np.ma.masked_array(column([D(2026, 1, 1), D(2026, 2, 1)]), mask=[True, False])

    assert day_column(masked).tolist() == [None, D(2026, 2, 1)]


def test_a_column_of_a_finer_unit_serves_where_it_holds_whole_days() -> None:
    stamps = np.array(["2026-01-31T00:00", "NaT"], dtype="datetime64[ns]")

    assert day_column(stamps).dtype == "datetime64[D]"
    assert day_column(stamps).tolist() == [D(2026, 1, 31), None]


@pytest.mark.parametrize(
    ("given_column", "message"),
    [
        (np.array(["2026-01-31T09:00"], dtype="datetime64[s]"), "whole days .of an instant"),
        (np.array(["2026-01"], dtype="datetime64[M]"), "a date or a column of days, datetime64.D."),
        (
            np.array(["2026-01-01"], dtype="datetime64[W]"),
            "a date or a column of days, datetime64.D.",
        ),
        (
            np.ma.masked_array([20000], mask=[True]),
            "a date or a column of days, datetime64.D., but got masked",
        ),
        (np.array([20000]), "a date or a column of days, datetime64.D., but got .* of int64"),
        (
            [D(2026, 1, 31)],
            "a date or a column of days, datetime64.D., but got .* .list of object.",
        ),
        ("2026-01-31", "a date or a column of days, datetime64.D., but got '2026-01-31'"),
        (None, "a date or a column of days, datetime64.D., but got None"),
        (dt.datetime(2026, 1, 31, tzinfo=dt.UTC), "a date .of an instant, take the day"),
    ],
)
def test_what_is_not_a_column_of_days_is_refused(given_column: object, message: str) -> None:
    with pytest.raises(DayError, match=f"expected .*{message}"):
        day_column(given_column)  # type: ignore[arg-type]


def test_a_subclass_of_date_is_a_date() -> None:
    class Holiday(dt.date):
        pass

    assert add_days(Holiday(2026, 1, 1), 2) == D(2026, 1, 3)


@pytest.mark.parametrize("other", ["2026-01-01", None, 7, column([D(2026, 1, 1)])])
def test_what_is_no_single_day_has_no_day_after_it(other: object) -> None:
    with pytest.raises(DayError, match="expected a date, but got"):
        add_days(other, 1)  # type: ignore[arg-type]


def test_an_instant_is_refused_with_the_way_out() -> None:
    with pytest.raises(DayError, match=r"a date \(of an instant, take the day in your time zone\)"):
        add_days(dt.datetime(2026, 1, 31, 9), 1)


@pytest.mark.parametrize(("day", "n"), [(dt.date.max, 1), (dt.date.min, -1), (dt.date.max, 10**30)])
def test_a_day_beyond_the_calendar_is_an_error_that_names_the_sum(day: dt.date, n: int) -> None:
    with pytest.raises(PeriodError, match=f"0001-01-01 to 9999-12-31, but got {day} and {n} days"):
        add_days(day, n)


def test_whole_numbers_are_those_of_python_and_of_numpy() -> None:
    assert is_whole(1)
    assert is_whole(np.int64(1))
    assert not is_whole(1.0)
    assert not is_whole(np.array([1]))


def test_a_long_value_is_shown_cut_short() -> None:
    assert shown("short") == "'short'"
    assert len(shown("x" * 1000)) == 80


@pytest.mark.parametrize(
    "error", [PeriodError("'2026-13'", "a month", "why"), DayError("'x'", "a date")]
)
def test_the_errors_are_ours_and_survive_pickle(error: CslibError) -> None:
    assert isinstance(error, CslibError)
    back = pickle.loads(pickle.dumps(error))  # noqa: S301

    assert type(back) is type(error)
    assert attrs.astuple(back) == attrs.astuple(error)
    assert str(back) == str(error)
