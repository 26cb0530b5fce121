"""Spans: how long something may take, in one unit, counted from a moment.

A :class:`Span` is written as people say it: ``3 months``, ``30 days``, ``10 business days``. It is
always counted from its anchor, so that months do not drift (``docs/semantics.md``, "Time").
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from typing import TypeVar

import attrs

from cslib.calendars import BusinessCalendar
from cslib.days import PeriodError
from cslib.errors import DefinitionError
from cslib.faults import refuse, whole_faults, wrong
from cslib.moments import in_utc
from cslib.periods import add_months

__all__ = ["Span", "Unit"]

M = TypeVar("M", bound=dt.date)

MOST = 100_000
"""The largest number of units in a span."""


class Unit(enum.StrEnum):
    """What a span counts."""

    HOUR = "hour"
    DAY = "day"
    BUSINESS_DAY = "business day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_FORM = re.compile(rf"([0-9]{{1,9}}) ({'|'.join(Unit)})s?")
_MONTHS = {Unit.MONTH: 1, Unit.YEAR: 12}
_HOURS = {Unit.HOUR: 1, Unit.DAY: 24, Unit.WEEK: 168}
_LEAST_DAYS = {
    Unit.HOUR: 1 / 24,
    Unit.DAY: 1.0,
    Unit.BUSINESS_DAY: 1.0,
    Unit.WEEK: 7.0,
    Unit.MONTH: 28.0,
    Unit.YEAR: 365.0,
}
_EVERY_WEEKDAY = BusinessCalendar()


@attrs.frozen
class Span:
    """So many units of time, 1 or more.

    Attributes:
        count: How many.
        unit: Of what.

    Raises:
        DefinitionError: If the count is no whole number from 1 to 100,000, or there is no such
            unit.

    >>> Span.parse("3 months").after(dt.date(2026, 11, 30))
    datetime.date(2027, 2, 28)
    >>> print(Span(10, Unit.BUSINESS_DAY))
    10 business days
    """

    count: int
    unit: Unit = attrs.field(converter=Unit)

    def __attrs_post_init__(self) -> None:
        refuse("span", whole_faults("$.count", self.count, 1, MOST))

    @classmethod
    def parse(cls, given: object) -> Span:
        """A span from text such as ``"3 months"``; a span is taken as it is.

        Raises:
            DefinitionError: If the text is no span.

        >>> Span.parse("three months")
        Traceback (most recent call last):
        ...
        cslib.errors.DefinitionError: span is not valid: $: expected a span such as '3 months' or \
'10 business days', in hours, days, business days, weeks, months or years, but got the str \
'three months'
        """
        if isinstance(given, Span):
            return given
        form = _FORM.fullmatch(given) if isinstance(given, str) else None
        if form is None:
            raise _not_a_span(given)
        return cls(int(form[1]), Unit(form[2]))

    @property
    def least_days(self) -> float:
        """Days that it takes at the least, whatever its anchor.

        >>> Span.parse("1 month").least_days
        28.0
        """
        return self.count * _LEAST_DAYS[self.unit]

    def after(self, start: dt.date, calendar: BusinessCalendar = _EVERY_WEEKDAY) -> dt.date:
        """The moment one span after ``start``: a date after a date, an instant after an instant.

        Months and years keep the day, or take the last of a shorter month. An instant keeps its
        time of day in UTC.

        Args:
            start: The anchor, a date or an aware datetime.
            calendar: Which days are business days; Monday to Friday unless given.

        Raises:
            PeriodError: If hours are counted from a date, or the result lies outside the years 1
                to 9999.
            MomentError: If ``start`` is no date and no aware datetime.

        >>> Span.parse("36 hours").after(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
        datetime.datetime(2026, 3, 2, 12, 0, tzinfo=datetime.timezone.utc)
        """
        start = in_utc(start, "start of a span")
        if isinstance(start, dt.datetime):
            return self._after_instant(start, calendar)
        if self.unit is Unit.HOUR:
            raise PeriodError(f"{self} from the date {start}", "an instant to count hours from")
        return self._after_day(start, calendar)

    def _after_day(self, day: dt.date, calendar: BusinessCalendar) -> dt.date:
        if self.unit in _MONTHS:
            return add_months(day, self.count * _MONTHS[self.unit])
        if self.unit is Unit.BUSINESS_DAY:
            return calendar.add(day, self.count)
        return self._shifted(day)

    def _after_instant(self, instant: dt.datetime, calendar: BusinessCalendar) -> dt.datetime:
        if self.unit in _HOURS:
            return self._shifted(instant)
        day = self._after_day(instant.date(), calendar)
        return dt.datetime.combine(day, instant.timetz())

    def _shifted(self, moment: M) -> M:
        try:
            return moment + dt.timedelta(hours=self.count * _HOURS[self.unit])
        except OverflowError:
            raise PeriodError(f"{self} from {moment}", "a result in the years 1 to 9999") from None

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"

    def __repr__(self) -> str:
        return f"Span.parse({str(self)!r})"

    def __to_data__(self) -> str:
        return str(self)

    @classmethod
    def __from_data__(cls, data: object, functions: object) -> Span:
        return cls.parse(data)


def _not_a_span(given: object) -> DefinitionError:
    units = ", ".join(f"{unit}s" for unit in list(Unit)[:-1])
    expected = f"a span such as '3 months' or '10 business days', in {units} or {Unit.YEAR}s"
    error = wrong(expected, given)
    return DefinitionError("span", error.faults)
