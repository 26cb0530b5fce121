"""Day counts: how many years a period is, and what share of a longer one.

Every answer is an exact fraction and names the convention it was computed under, a
:class:`DayCount`. Columns give numerators and denominators.
"""

from __future__ import annotations

import datetime as dt
import enum
from fractions import Fraction
from typing import TYPE_CHECKING

from cslib.days import PeriodError, day_column, shown
from cslib.periods import (
    Period,
    add_months,
    calendar_months_between,
    days_between,
    months_between,
)

if TYPE_CHECKING:
    from cslib.days import Days, Wholes

__all__ = ["DayCount", "prorate", "year_fraction", "year_fractions"]


class DayCount(enum.StrEnum):
    """How a stretch of days is measured as a part of a year or of a longer stretch.

    * ``ACTUAL``: by days. A year fraction counts the full years from the start and, for the
      rest, its days over the days of the year from the start's anniversary in which it lies, so
      that a year is 1 whether or not it has a Feb 29. This is Actual/Actual (ICMA), ICMA Rule
      251 and 2006 ISDA Definitions 4.16 (c), with yearly periods from the start.
    * ``MONTHS``: full months from the start and, for the rest, its days over the days of the
      month from the start's day in which it lies; 12 to the year.
    * ``THIRTY_E_360``: months of 30 days and years of 360, a 31st taken as the 30th at both
      ends: 30E/360 or Eurobond basis, 2006 ISDA Definitions 4.16 (g). Unlike the US method, (f),
      it treats both ends alike, so that parts add up to the whole.
    """

    ACTUAL = "actual"
    MONTHS = "months"
    THIRTY_E_360 = "30E/360"


def year_fraction(period: Period, convention: DayCount) -> Fraction:
    """How many years a period is, exactly, under a convention.

    An annual price times this is the price of the period.

    >>> year_fraction(Period.month(2026, 2), DayCount.ACTUAL)
    Fraction(28, 365)
    >>> year_fraction(Period.month(2026, 2), DayCount.MONTHS)
    Fraction(1, 12)
    """
    convention = _convention(convention)
    if convention is DayCount.THIRTY_E_360:
        return Fraction(_thirty_e_360(period.start, period.end), 360)
    unit = _UNIT_MONTHS[convention]
    return _units(period.start, period.end, unit) * unit / 12


def prorate(part: Period, whole: Period, convention: DayCount) -> Fraction:
    """The share of ``part`` in ``whole``, exactly, under a convention.

    Both ends of the part are measured from the start of the whole, so that the shares of parts
    that make up the whole add up to 1 under every convention.

    Raises:
        PeriodError: If the part does not lie inside the whole (take ``part.overlap(whole)``), or
            the whole measures nothing (Jan 30 alone, under 30E/360).

    Examples:
        >>> prorate(Period.month(2026, 2), Period.quarter(2026, 1), DayCount.ACTUAL)
        Fraction(14, 45)
        >>> prorate(Period.month(2026, 2), Period.quarter(2026, 1), DayCount.MONTHS)
        Fraction(1, 3)
    """
    convention = _convention(convention)
    if part.overlap(whole) != part:
        raise PeriodError(str(part), f"a part of {whole}")
    total = _measure(whole.start, whole.end, convention)
    if not total:
        raise PeriodError(str(whole), f"a whole of more than 0 days under {convention}")
    before = _measure(whole.start, part.start, convention)
    return (_measure(whole.start, part.end, convention) - before) / total


def year_fractions(
    starts: dt.date | Days, ends: dt.date | Days, convention: DayCount
) -> tuple[Wholes, Wholes]:
    """Numerators and denominators of :func:`year_fraction`, for columns of starts and ends.

    Returns:
        Two ``int64`` columns, not reduced. Where a date is NaT both are 0: undefined.

    Raises:
        PeriodError: If an end is not after its start.

    Examples:
        >>> import numpy as np
        >>> starts = np.array(["2026-02-01", "2026-02-01"], dtype="datetime64[D]")
        >>> ends = np.array(["2026-03-01", "NaT"], dtype="datetime64[D]")
        >>> year_fractions(starts, ends, DayCount.ACTUAL)
        (array([28,  0]), array([365,   0]))
    """
    import numpy as np

    convention = _convention(convention)
    starts, ends = np.broadcast_arrays(day_column(starts), day_column(ends))
    known = ~(np.isnat(starts) | np.isnat(ends))
    if (starts >= ends).any():
        raise PeriodError(f"{starts[starts >= ends].flat[0]}", "starts before their ends")
    starts = np.where(known, starts, np.datetime64(0, "D"))
    ends = np.where(known, ends, np.datetime64(1, "D"))
    if convention is DayCount.THIRTY_E_360:
        parts, of = _thirty_e_360_columns(starts, ends), np.full(starts.shape, 360, dtype=np.int64)
    else:
        parts, of = _units_columns(starts, ends, _UNIT_MONTHS[convention])
    return np.where(known, parts, 0), np.where(known, of, 0)


_UNIT_MONTHS = {DayCount.ACTUAL: 12, DayCount.MONTHS: 1}


def _convention(given: DayCount) -> DayCount:
    try:
        return DayCount(given)
    except ValueError:
        names = ", ".join(repr(str(known)) for known in DayCount)
        raise PeriodError(shown(given), f"one of {names}") from None


def _measure(start: dt.date, end: dt.date, convention: DayCount) -> Fraction:
    """The length of ``[start, end)`` in days, months or days of 30E/360."""
    if convention is DayCount.ACTUAL:
        return Fraction(days_between(start, end))
    if convention is DayCount.MONTHS:
        return _units(start, end, 1)
    return Fraction(_thirty_e_360(start, end))


def _units(start: dt.date, end: dt.date, months: int) -> Fraction:
    """Full units of so many months, and the rest as a part of the unit it lies in."""
    whole = months_between(start, end) // months
    reached = add_months(start, whole * months)
    following = add_months(start, (whole + 1) * months)
    return whole + Fraction(days_between(reached, end), days_between(reached, following))


def _units_columns(starts: Days, ends: Days, months: int) -> tuple[Wholes, Wholes]:
    """As :func:`_units`, in years; no NaT here."""
    import numpy as np

    whole = months_between(starts, ends).astype(np.int64) // months
    reached = add_months(starts, whole * months)
    length = days_between(reached, add_months(starts, (whole + 1) * months)).astype(np.int64)
    rest = days_between(reached, ends).astype(np.int64)
    return whole * length + rest, length * (12 // months)


def _thirty_e_360(start: dt.date, end: dt.date) -> int:
    days = min(end.day, 30) - min(start.day, 30)
    return 30 * calendar_months_between(start, end) + days


def _thirty_e_360_columns(starts: Days, ends: Days) -> Wholes:
    import numpy as np

    days = np.minimum(_day_of_month(ends), 29) - np.minimum(_day_of_month(starts), 29)
    total: Wholes = 30 * calendar_months_between(starts, ends).astype(np.int64) + days
    return total


def _day_of_month(days: Days) -> Wholes:
    """Days since the first of the month; no NaT here."""
    import numpy as np

    since_first: Wholes = (days - days.astype("datetime64[M]")).astype(np.int64)
    return since_first
