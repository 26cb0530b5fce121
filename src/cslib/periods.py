"""Commercial time: periods, terms, and the months and days between dates.

Conventions of the whole module (what counts as a day is said in :mod:`cslib.days`):

* A span is half-open, ``[start, end)``: it holds ``start`` and every day before ``end``.
* Months are added by clipping to the end of the month (Jan 31 + 1 month is Feb 28 or 29), as
  ``dateutil.relativedelta`` does, and always counted from the first start, so they never drift.
* What takes a date also takes a column of them, or one of each, by numpy's broadcasting. Unknown
  dates stay NaT; unknown counts, which are whole numbers in ``float64``, are NaN.
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
import re
from typing import TYPE_CHECKING, overload

import attrs

from cslib.days import (
    REACHABLE,
    DayError,
    PeriodError,
    add_days,
    checked_day,
    day_column,
    is_day,
    is_whole,
    shown,
    step_column,
    within_dates,
)

if TYPE_CHECKING:
    from cslib.days import Counts, Days, Integers

__all__ = [
    "DayError",
    "Period",
    "PeriodError",
    "Term",
    "add_months",
    "calendar_months_between",
    "calendar_quarters_between",
    "days_between",
    "months_between",
]


# Months and days from one date to another


@overload
def add_months(day: dt.date, n: int) -> dt.date: ...
@overload
def add_months(day: Days, n: int | Integers) -> Days: ...
@overload
def add_months(day: dt.date, n: Integers) -> Days: ...
def add_months(day: dt.date | Days, n: int | Integers) -> dt.date | Days:
    """The same day ``n`` months later, or the last day of that month where it has no such day.

    Equal to ``day + relativedelta(months=n)`` of python-dateutil.

    Args:
        day: A date, or a column of them; NaT stays NaT.
        n: Whole months, negative for earlier; one number or a column.

    Raises:
        PeriodError: If the result lies outside the years 1 to 9999.
        DayError: If ``day`` is not a day or ``n`` not whole.

    Examples:
        >>> add_months(dt.date(2026, 1, 31), 1)
        datetime.date(2026, 2, 28)
        >>> import numpy as np
        >>> add_months(np.array(["2026-01-31", "NaT"], dtype="datetime64[D]"), 1)
        array(['2026-02-28',        'NaT'], dtype='datetime64[D]')
    """
    if not (is_day(day) and is_whole(n)):
        return _add_months_columns(day, n)
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    try:
        return dt.date(year, month + 1, min(day.day, _days_in_month(year, month + 1)))
    except (ValueError, OverflowError):
        raise PeriodError(f"{day} and {n} months", REACHABLE) from None


@overload
def months_between(start: dt.date, end: dt.date) -> int: ...
@overload
def months_between(start: Days, end: dt.date | Days) -> Counts: ...
@overload
def months_between(start: dt.date, end: Days) -> Counts: ...
def months_between(start: dt.date | Days, end: dt.date | Days) -> int | Counts:
    """Full months from ``start`` to ``end``, negative if ``end`` is the earlier.

    The months of ``relativedelta(end, start)`` of python-dateutil: the number farthest from 0
    for which ``add_months(start, number)`` does not pass ``end``. As the end of a month clips,
    the way back can be shorter than the way there.

    Examples:
        >>> jan_31, feb_28 = dt.date(2026, 1, 31), dt.date(2026, 2, 28)
        >>> months_between(jan_31, feb_28), months_between(feb_28, jan_31)
        (1, 0)
        >>> import numpy as np
        >>> months_between(np.array(["2025-07-01", "NaT"], dtype="datetime64[D]"), feb_28)
        array([ 7., nan])
    """
    if not (is_day(start) and is_day(end)):
        return _months_between_columns(start, end)
    months = (end.year - start.year) * 12 + end.month - start.month
    if start <= end:
        if end.day < start.day and end.day < _days_in_month(end.year, end.month):
            return months - 1
    elif end.day > start.day:
        return months + 1
    return months


@overload
def calendar_months_between(start: dt.date, end: dt.date) -> int: ...
@overload
def calendar_months_between(start: Days, end: dt.date | Days) -> Counts: ...
@overload
def calendar_months_between(start: dt.date, end: Days) -> Counts: ...
def calendar_months_between(start: dt.date | Days, end: dt.date | Days) -> int | Counts:
    """Firsts of a month passed on the way from ``start`` to ``end``; negative on the way back.

    >>> calendar_months_between(dt.date(2026, 1, 31), dt.date(2026, 2, 1))
    1
    """
    if not (is_day(start) and is_day(end)):
        return _boundaries_between_columns(start, end, "M")
    return (end.year - start.year) * 12 + end.month - start.month


@overload
def calendar_quarters_between(start: dt.date, end: dt.date) -> int: ...
@overload
def calendar_quarters_between(start: Days, end: dt.date | Days) -> Counts: ...
@overload
def calendar_quarters_between(start: dt.date, end: Days) -> Counts: ...
def calendar_quarters_between(start: dt.date | Days, end: dt.date | Days) -> int | Counts:
    """Firsts of a calendar quarter passed on the way to ``end``; negative on the way back.

    >>> calendar_quarters_between(dt.date(2025, 12, 31), dt.date(2026, 4, 1))
    2
    """
    if not (is_day(start) and is_day(end)):
        return _boundaries_between_columns(start, end, "3M")
    return (end.year - start.year) * 4 + (end.month - 1) // 3 - (start.month - 1) // 3


@overload
def days_between(start: dt.date, end: dt.date) -> int: ...
@overload
def days_between(start: Days, end: dt.date | Days) -> Counts: ...
@overload
def days_between(start: dt.date, end: Days) -> Counts: ...
def days_between(start: dt.date | Days, end: dt.date | Days) -> int | Counts:
    """Days in ``[start, end)``; negative if ``end`` is the earlier.

    >>> days_between(dt.date(2026, 6, 1), dt.date(2026, 7, 1))
    30
    """
    if not (is_day(start) and is_day(end)):
        return _boundaries_between_columns(start, end, "D")
    return end.toordinal() - start.toordinal()


_MONTH_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _days_in_month(year: int, month: int) -> int:
    return 29 if month == 2 and calendar.isleap(year) else _MONTH_LENGTHS[month]


def _boundaries_between_columns(start: dt.date | Days, end: dt.date | Days, unit: str) -> Counts:
    """How many boundaries of the unit are crossed. Divided by one unit, NaT becomes NaN."""
    import numpy as np

    name = f"datetime64[{unit}]"
    crossed = day_column(end).astype(name) - day_column(start).astype(name)
    counts: Counts = crossed / np.ones((), dtype=f"timedelta64[{unit}]")
    return counts


def _months_between_columns(start: dt.date | Days, end: dt.date | Days) -> Counts:
    import numpy as np

    starts, ends = day_column(start), day_column(end)
    start_month, end_month = starts.astype("datetime64[M]"), ends.astype("datetime64[M]")
    start_day, end_day = starts - start_month, ends - end_month
    ends_month = (ends + np.timedelta64(1, "D")).astype("datetime64[M]") != end_month
    short = (starts <= ends) & (end_day < start_day) & ~ends_month
    over = (starts > ends) & (end_day > start_day)
    months: Counts = (end_month - start_month) / np.timedelta64(1, "M") - short + over
    return months


def _add_months_columns(day: dt.date | Days, n: int | Integers) -> Days:
    import numpy as np

    days, steps = day_column(day), step_column(n)
    month = days.astype("datetime64[M]")
    target = month + steps.astype("timedelta64[M]")
    after = (target + np.timedelta64(1, "M")).astype("datetime64[D]")
    last = after - np.timedelta64(1, "D")
    return within_dates(np.minimum(target.astype("datetime64[D]") + (days - month), last))


# Periods and terms


@attrs.frozen(repr=False)
class Period:
    """The days from ``start`` up to, and without, ``end``; at least one.

    A period is its two bounds and nothing else: ``Period.month(2026, 6)`` equals the pair of
    June 1 and July 1, however it was made.

    Attributes:
        start: First day inside.
        end: First day after.

    Raises:
        PeriodError: If ``end`` is not after ``start``.
        DayError: If a bound is not a date.

    Examples:
        >>> june = Period.month(2026, 6)
        >>> june, dt.date(2026, 6, 30) in june, dt.date(2026, 7, 1) in june
        (Period.parse('2026-06'), True, False)
        >>> june.days, june.last_day
        (30, datetime.date(2026, 6, 30))
    """

    start: dt.date
    end: dt.date

    def __attrs_post_init__(self) -> None:
        if not checked_day(self.start) < checked_day(self.end):
            raise PeriodError(str(self), "a start before the end")

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        """A calendar month; 1 is January.

        >>> Period.month(2026, 6)
        Period.parse('2026-06')
        """
        return cls._from_month(year, month, 1)

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Period:
        """A calendar quarter, 1 to 4.

        >>> Period.quarter(2026, 2)
        Period.parse('2026Q2')
        """
        if quarter not in (1, 2, 3, 4):
            raise PeriodError(f"quarter {quarter!r}", "a quarter from 1 to 4")
        return cls._from_month(year, 3 * quarter - 2, 3)

    @classmethod
    def year(cls, year: int) -> Period:
        """A calendar year.

        >>> Period.year(2026)
        Period.parse('2026')
        """
        return cls._from_month(year, 1, 12)

    @classmethod
    def fiscal_year(cls, year: int, *, first_month: int) -> Period:
        """The fiscal year that ends in the calendar year ``year`` and begins with ``first_month``.

        >>> Period.fiscal_year(2026, first_month=2)
        Period.parse('2025-02-01/2026-02-01')
        >>> Period.fiscal_year(2026, first_month=1) == Period.year(2026)
        True
        """
        begins = year if first_month == 1 else year - 1
        return cls._from_month(begins, first_month, 12)

    @classmethod
    def trailing(
        cls, as_of: dt.date, *, months: int | None = None, days: int | None = None
    ) -> Period:
        """The rolling window of so many months, or days, that ends with ``as_of`` and includes it.

        Months are counted back from the day after ``as_of``, so that a window that ends with the
        last day of a month is made of whole months.

        Raises:
            PeriodError: If not exactly one of ``months`` and ``days`` is given, 1 or more.

        Examples:
            >>> Period.trailing(dt.date(2026, 2, 28), months=2)
            Period.parse('2026-01-01/2026-03-01')
            >>> Period.trailing(dt.date(2026, 2, 28), days=7)
            Period.parse('2026-02-22/2026-03-01')
        """
        end = add_days(as_of, 1)
        match months, days:
            case int(back), None if back > 0:
                return cls(add_months(end, -back), end)
            case None, int(back) if back > 0:
                return cls(add_days(end, -back), end)
        raise PeriodError(f"months={months!r}, days={days!r}", "months= or days=, 1 or more")

    @classmethod
    def parse(cls, text: str, *, first_month: int | None = None) -> Period:
        """The period that a text names.

        Args:
            text: ``2026-06``, ``2026Q2`` or ``2026-Q2``, ``2026``, ``FY2026``, or two dates,
                ``2026-06-01/2026-07-01``, the second being the first day after.
            first_month: Month with which the fiscal year begins; ``FY2026`` needs it.

        Raises:
            PeriodError: If the text has none of these forms, or names no period.

        Examples:
            >>> Period.parse("2026-Q2").last_day
            datetime.date(2026, 6, 30)
            >>> Period.parse("FY2026", first_month=10)
            Period.parse('2025-10-01/2026-10-01')
            >>> Period.parse("June 2026")
            Traceback (most recent call last):
                ...
            cslib.days.PeriodError: expected a period such as '2026-06', '2026Q2', '2026-Q2', \
'2026', 'FY2026' or '2026-06-01/2026-07-01', but got 'June 2026'
        """
        form = _FORM.fullmatch(text) if isinstance(text, str) else None
        if form is None:
            raise PeriodError(shown(text), _FORMS, _range_hint(text, first_month))
        try:
            return cls._from_form(form, first_month)
        except ValueError as fault:
            raise PeriodError(shown(text), _FORMS, str(fault)) from None

    def __contains__(self, day: dt.date) -> bool:
        """Whether the day lies inside."""
        return self.start <= checked_day(day) < self.end

    def __str__(self) -> str:
        """The shortest form that :meth:`parse` reads back to the same period."""
        first = self.start.isoformat()
        match self._whole_months(), self.start.month:
            case 1, _:
                return first[:7]
            case 3, (1 | 4 | 7 | 10) as month:
                return f"{first[:4]}Q{month // 3 + 1}"
            case 12, 1:
                return first[:4]
        return f"{first}/{self.end.isoformat()}"

    def __repr__(self) -> str:
        return f"Period.parse({str(self)!r})"

    @property
    def days(self) -> int:
        """How many days it holds."""
        return days_between(self.start, self.end)

    @property
    def last_day(self) -> dt.date:
        """The last day inside: the one before ``end``."""
        return add_days(self.end, -1)

    def overlap(self, other: Period) -> Period | None:
        """The days that both hold, or None.

        >>> Period.year(2026).overlap(Period.trailing(dt.date(2026, 1, 15), months=1))
        Period.parse('2026-01-01/2026-01-16')
        """
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    def next(self) -> Period:
        """The period of as many calendar months that follows.

        Raises:
            PeriodError: If it is not made of whole calendar months: what comes after June 3 to
                July 15 is for the caller to say, with a new pair or :meth:`trailing`.

        Examples:
            >>> Period.month(2026, 12).next(), Period.quarter(2026, 1).previous()
            (Period.parse('2027-01'), Period.parse('2025Q4'))
        """
        return self._stepped(1)

    def previous(self) -> Period:
        """The period of as many calendar months that comes before; otherwise as :meth:`next`."""
        return self._stepped(-1)

    def months(self) -> tuple[Period, ...]:
        """The calendar months it touches, in order, the first and last cut to fit.

        Together they hold each of its days once. A range of months is such a split:

        >>> [str(month) for month in Period(dt.date(2025, 11, 1), dt.date(2026, 2, 1)).months()]
        ['2025-11', '2025-12', '2026-01']
        """
        first = self.start.replace(day=1)
        crossed = calendar_months_between(first, self.last_day)
        inner = (add_months(first, n) for n in range(1, crossed + 1))
        bounds = (self.start, *inner, self.end)
        return tuple(Period(start, end) for start, end in itertools.pairwise(bounds))

    @classmethod
    def _from_month(cls, year: int, month: int, length: int) -> Period:
        try:
            start = dt.date(year, month, 1)
        except (TypeError, ValueError, OverflowError):
            given = f"year {year!r}, month {month!r}"
            raise PeriodError(given, "a year from 1 to 9999 and a month from 1 to 12") from None
        return cls(start, add_months(start, length))

    @classmethod
    def _from_form(cls, form: re.Match[str], first_month: int | None) -> Period:
        match form.lastgroup:
            case "month":
                return cls.month(int(form["year"]), int(form["month"]))
            case "quarter":
                return cls.quarter(int(form["year"]), int(form["quarter"]))
            case "year":
                return cls.year(int(form["year"]))
            case "fiscal":
                if first_month is None:
                    raise ValueError("a fiscal year needs first_month=")
                return cls.fiscal_year(int(form["fiscal"]), first_month=first_month)
        return cls(dt.date.fromisoformat(form["start"]), dt.date.fromisoformat(form["end"]))

    def _whole_months(self) -> int:
        """How many calendar months it is made of; 0 where it cuts one."""
        whole = self.start.day == 1 and self.end.day == 1
        return calendar_months_between(self.start, self.end) if whole else 0

    def _stepped(self, steps: int) -> Period:
        months = self._whole_months() * steps
        if not months:
            raise PeriodError(str(self), "a period of whole calendar months")
        return Period(add_months(self.start, months), add_months(self.end, months))


_FORMS = (
    "a period such as '2026-06', '2026Q2', '2026-Q2', '2026', 'FY2026' or '2026-06-01/2026-07-01'"
)


def _range_hint(text: object, first_month: int | None) -> str:
    """What to write in the place of two periods with a slash; empty for anything else."""
    ends = text.split("/") if isinstance(text, str) else []
    if len(ends) != 2:
        return ""
    try:
        first, last = (Period.parse(end, first_month=first_month) for end in ends)
    except PeriodError:
        return ""
    if first.start >= last.start:
        return ""
    within, without = (f"'{first.start}/{end}'" for end in (last.end, last.start))
    return f"is {ends[1]} in it? write {within} with it, {without} without"


_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_FORM = re.compile(
    "(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})|-?Q(?P<quarter>[0-9]))?"
    f"|FY(?P<fiscal>[0-9]{{4}})|(?P<start>{_DATE})/(?P<end>{_DATE})"
)


@attrs.frozen
class Term:
    """A contract term of whole months, and the dates on which it renews.

    Each date is counted from ``start``: a term that starts on the 31st renews on the last day of
    a short month and on the 31st again after it. From Feb 29, common years have Feb 28.

    Attributes:
        start: First day covered.
        months: Length in months, 1 or more.

    Examples:
        >>> term = Term(dt.date(2026, 1, 31), months=1)
        >>> term.end, term.renewal(2)
        (datetime.date(2026, 2, 28), datetime.date(2026, 3, 31))
        >>> Term(dt.date(2024, 2, 29), months=12).anniversary(4)
        datetime.date(2028, 2, 29)
    """

    start: dt.date
    months: int

    def __attrs_post_init__(self) -> None:
        checked_day(self.start)
        if not _is_positive(self.months):
            raise PeriodError(f"months={self.months!r}", "a term of one or more whole months")

    @property
    def end(self) -> dt.date:
        """First day after the term."""
        return self.renewal()

    @property
    def last_day(self) -> dt.date:
        """Last day covered: the one before ``end``."""
        return add_days(self.end, -1)

    @property
    def period(self) -> Period:
        """The days it covers."""
        return Period(self.start, self.end)

    def renewal(self, n: int = 1) -> dt.date:
        """First day after ``n`` such terms; 0 is the start."""
        return add_months(self.start, n * self.months)

    def anniversary(self, n: int = 1) -> dt.date:
        """The day ``n`` years after the start, whatever the length of the term."""
        return add_months(self.start, n * 12)


def _is_positive(value: object) -> bool:
    return is_whole(value) and not isinstance(value, bool) and value >= 1
