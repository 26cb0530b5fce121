"""Spans and limits of many accounts are those of one account after another."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.calendars import BusinessCalendar
from cslib.days import PeriodError
from cslib.duecolumns import NEVER, fixed_length, limits_in, span_after
from cslib.rules import rule
from cslib.spans import Span, Unit

OFFICE = BusinessCalendar(holidays=[dt.date(2026, 2, 4)])
SPANS = st.builds(Span, st.integers(1, 40), st.sampled_from(Unit))
DAY, INSTANT = np.dtype("M8[D]"), np.dtype("M8[us]")
DATES = st.dates(dt.date(1999, 1, 1)) | st.dates(dt.date(9990, 1, 1))
INSTANTS = st.datetimes(dt.datetime(1969, 1, 1)) | st.datetimes(dt.datetime(9990, 1, 1))


def one_by_one(span: Span, start: dt.date) -> int:
    """The moment after one, as a number; NEVER if there is none."""
    aware = start.replace(tzinfo=dt.UTC) if isinstance(start, dt.datetime) else start
    try:
        found = span.after(aware, OFFICE)
    except PeriodError:
        return NEVER
    plain = found.replace(tzinfo=None) if isinstance(found, dt.datetime) else found
    kind = INSTANT if isinstance(found, dt.datetime) else DAY
    return int(np.datetime64(plain).astype(kind).view(np.int64))


@given(SPANS, st.lists(DATES, max_size=6))
def test_a_span_after_many_days_is_that_after_each(span: Span, days: list[dt.date]) -> None:
    starts = np.array(days, DAY).view(np.int64)

    found = span_after(span, OFFICE, DAY)(starts)

    assert found.tolist() == [one_by_one(span, day) for day in days]


@given(SPANS, st.lists(INSTANTS, max_size=6))
def test_a_span_after_many_instants_is_that_after_each(
    span: Span, instants: list[dt.datetime]
) -> None:
    starts = np.array(instants, INSTANT).view(np.int64)

    found = span_after(span, OFFICE, INSTANT)(starts)

    assert found.tolist() == [one_by_one(span, instant) for instant in instants]


@pytest.mark.parametrize(
    ("span", "kind", "length"),
    [
        ("2 weeks", DAY, 14),
        ("2 hours", INSTANT, 7_200_000_000),
        ("2 hours", DAY, None),
        ("1 month", DAY, None),
        ("1 business day", INSTANT, None),
    ],
)
def test_a_span_of_days_is_always_as_long(
    span: str, kind: np.dtype[np.datetime64], length: int | None
) -> None:
    assert fixed_length(Span.parse(span), kind) == length


def test_an_instant_as_limit_among_dates_is_its_day() -> None:
    ends = rule("ends").columns({"ends": np.array(["2026-03-09T23", "NaT"], "M8[h]")})

    assert limits_in(ends, DAY).tolist() == [np.datetime64("2026-03-09").view(np.int64), NEVER]


def test_of_unknown_limits_none_is_told() -> None:
    ends = rule("ends").columns({"ends": [None, None]})

    assert limits_in(ends, DAY).tolist() == [NEVER, NEVER]
