"""Columns of tables of visits, read and checked; what else is refused stands with the tables."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from cslib.visitcolumns import (
    VisitTableError,
    code_column,
    distinct_names,
    id_column,
    limit_of,
    moment,
    moment_column,
    moments_of,
    one_moment,
    truth_column,
)
from visit_strategies import days

UTC = dt.UTC


def test_masked_moments_are_unknown() -> None:
    masked = np.ma.masked_array(days("2026-03-01", "2026-03-02"), [True, False])

    assert moment_column("entered", masked).tolist() == [None, dt.date(2026, 3, 2)]


def test_instants_finer_than_a_microsecond_are_refused_where_that_would_cut_them() -> None:
    exact = np.array(["2026-03-01T09:00:00.000001000"], "datetime64[ns]")

    assert moment_column("left", exact).dtype == np.dtype("datetime64[us]")
    with pytest.raises(VisitTableError, match="expected whole microseconds"):
        moment_column("left", exact + np.timedelta64(1, "ns"))


def test_a_day_beside_instants_holds_to_its_end_and_an_instant_beside_days_is_its_day() -> None:
    day, noon = dt.date(2026, 3, 31), dt.datetime(2026, 3, 31, 12, tzinfo=UTC)

    assert limit_of(day, np.dtype("M8[us]")) == np.datetime64("2026-03-31T23:59:59.999999")
    assert limit_of(noon, np.dtype("M8[us]")) == np.datetime64("2026-03-31T12:00")
    assert limit_of(noon, np.dtype("M8[D]")) == np.datetime64("2026-03-31")


def test_a_moment_of_numpy_is_taken_in_days_or_microseconds() -> None:
    assert moment(np.datetime64("2026-03-31T12")).dtype == np.dtype("M8[us]")
    with pytest.raises(VisitTableError, match=r"as_of holds datetime64\[M\]: expected days or"):
        moment(np.datetime64("2026-03"))


def test_instants_of_journeys_are_columns_in_utc() -> None:
    nine = dt.datetime(2026, 3, 1, 9, tzinfo=dt.timezone(dt.timedelta(hours=2)))

    assert moments_of([None, nine], None).tolist() == [None, dt.datetime(2026, 3, 1, 7)]


def test_no_journeys_are_as_of_no_moment() -> None:
    assert one_moment([]) is None


@pytest.mark.parametrize(
    "read",
    [
        lambda given: code_column("stage", given),
        lambda given: truth_column("timed", given),
        lambda given: moment_column("left", given),
        id_column,
    ],
)
def test_a_column_that_was_read_cannot_be_written_to(read: Any) -> None:
    with pytest.raises(ValueError, match="read-only"):
        read(np.array([], np.bool_))[:] = 1


def test_one_name_may_be_given_as_it_is() -> None:
    assert distinct_names("stages", "lead") == ("lead",)
