from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.calendars import BusinessCalendar
from cslib.days import PeriodError
from cslib.errors import DefinitionError
from cslib.moments import MomentError
from cslib.spans import Span, Unit

D = dt.date
UTC = dt.UTC
spans = st.builds(Span, st.integers(1, 400), st.sampled_from(Unit))
day_spans = spans.filter(lambda span: span.unit is not Unit.HOUR)
days = st.dates(D(1990, 1, 1), D(2100, 12, 31))
instants = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 12, 31), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [
        ("1 hour", 1, Unit.HOUR),
        ("30 days", 30, Unit.DAY),
        ("10 business days", 10, Unit.BUSINESS_DAY),
        ("2 weeks", 2, Unit.WEEK),
        ("3 months", 3, Unit.MONTH),
        ("1 year", 1, Unit.YEAR),
        ("1 months", 1, Unit.MONTH),
        ("100000 days", 100_000, Unit.DAY),
    ],
)
def test_a_span_is_read_as_people_write_it(text: str, count: int, unit: Unit) -> None:
    assert Span.parse(text) == Span(count, unit)


@pytest.mark.parametrize(
    "given", ["", "3", "months", "3  months", "-1 days", "1.5 days", "3 moons", 30, None, "٣ days"]
)
def test_what_is_no_span_is_refused_with_what_one_looks_like(given: object) -> None:
    with pytest.raises(DefinitionError, match="expected a span such as '3 months'") as caught:
        Span.parse(given)

    assert [fault.path for fault in caught.value.faults] == ["$"]


@pytest.mark.parametrize("count", [0, -1, 100_001, 1.5, True])
def test_a_span_counts_one_or_more_whole_units(count: Any) -> None:
    with pytest.raises(DefinitionError, match="span"):
        Span(count, Unit.DAY)


def test_a_unit_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="moon"):
        Span(1, "moon")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["1 hour", "2 hours", "1 business day", "12 months"])
def test_a_span_prints_as_it_was_written(text: str) -> None:
    assert str(Span.parse(text)) == text
    assert repr(Span.parse(text)) == f"Span.parse({text!r})"


@given(spans)
def test_a_span_is_itself_as_text_as_data_and_pickled(span: Span) -> None:
    assert Span.parse(str(span)) == Span.parse(span) == span
    assert Span.__from_data__(span.__to_data__(), ()) == span
    assert pickle.loads(pickle.dumps(span)) == span  # noqa: S301  our own bytes


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("1 day", D(2026, 2, 28), D(2026, 3, 1)),
        ("2 weeks", D(2026, 2, 28), D(2026, 3, 14)),
        ("1 month", D(2026, 1, 31), D(2026, 2, 28)),
        ("2 months", D(2026, 1, 31), D(2026, 3, 31)),  # not Mar 28: from the anchor, no drift
        ("1 year", D(2024, 2, 29), D(2025, 2, 28)),
        ("4 years", D(2024, 2, 29), D(2028, 2, 29)),
        ("1 business day", D(2026, 6, 12), D(2026, 6, 15)),  # Friday to Monday
        ("1 business day", D(2026, 6, 13), D(2026, 6, 15)),  # Saturday to Monday
        ("10 business days", D(2026, 6, 12), D(2026, 6, 26)),
    ],
)
def test_a_span_after_a_date_is_a_date(text: str, start: dt.date, end: dt.date) -> None:
    assert Span.parse(text).after(start) == end


def test_holidays_are_no_business_days() -> None:
    calendar = BusinessCalendar(holidays=[D(2026, 6, 15)])

    assert Span.parse("1 business day").after(D(2026, 6, 12), calendar) == D(2026, 6, 16)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("36 hours", dt.datetime(2026, 2, 1, 10, 30, tzinfo=UTC)),
        ("1 day", dt.datetime(2026, 1, 31, 22, 30, tzinfo=UTC)),
        ("1 month", dt.datetime(2026, 2, 28, 22, 30, tzinfo=UTC)),
        ("1 business day", dt.datetime(2026, 2, 2, 22, 30, tzinfo=UTC)),
    ],
)
def test_a_span_after_an_instant_keeps_its_time_of_day_in_utc(text: str, end: dt.datetime) -> None:
    start = dt.datetime(2026, 1, 31, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))

    assert Span.parse(text).after(start) == end


def test_hours_are_not_counted_from_a_date() -> None:
    with pytest.raises(PeriodError, match="1 hour from the date 2026-03-01"):
        Span.parse("1 hour").after(D(2026, 3, 1))


@pytest.mark.parametrize("text", ["1 hour", "1 day", "1 week", "1 month", "1 year"])
def test_nothing_lies_after_the_last_moment(text: str) -> None:
    with pytest.raises(PeriodError):
        Span.parse(text).after(dt.datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize("start", ["2026-03-01", dt.datetime(2026, 3, 1), None])
def test_a_span_is_counted_from_a_moment(start: Any) -> None:
    with pytest.raises(MomentError, match="start of a span"):
        Span.parse("1 day").after(start)


@given(day_spans, days)
def test_a_span_takes_at_least_its_least_days(span: Span, start: dt.date) -> None:
    taken = (span.after(start) - start).days

    assert taken >= span.least_days
    assert taken >= 1


@given(spans, instants)
def test_a_span_leads_on(span: Span, start: dt.datetime) -> None:
    assert span.after(start) > start


@given(day_spans, instants)
def test_the_day_after_an_instant_is_that_after_its_day(span: Span, start: dt.datetime) -> None:
    end = span.after(start)

    assert isinstance(end, dt.datetime)
    assert (end.date(), end.timetz()) == (span.after(start.date()), start.timetz())
