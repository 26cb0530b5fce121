"""Days: what counts as one, alone or in a column, and the errors where something does not.

What :mod:`cslib.periods`, :mod:`cslib.daycount` and :mod:`cslib.calendars` share:

* A day is a :class:`datetime.date`. An instant (``datetime``) is refused, since the day it falls
  on depends on a time zone that only the caller knows.
* A column of days is a numpy ``datetime64[D]`` array. A finer unit serves where every value is a
  whole day. NaT and masked are unknown.
* No result lies outside the years 1 to 9999, alone or in a column.
"""

from __future__ import annotations

import datetime as dt
import numbers
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import attrs

from cslib.errors import CslibError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Days: TypeAlias = npt.NDArray[np.datetime64]
    Counts: TypeAlias = npt.NDArray[np.float64]
    Truths: TypeAlias = npt.NDArray[np.bool_]
    Wholes: TypeAlias = npt.NDArray[np.int64]
    Integers: TypeAlias = npt.NDArray[np.integer[Any]]

__all__ = [
    "REACHABLE",
    "DayError",
    "PeriodError",
    "add_days",
    "checked_day",
    "day_column",
    "is_day",
    "is_whole",
    "shown",
    "step_column",
    "within_dates",
]

REACHABLE = f"a result from {dt.date.min} to {dt.date.max}"
"""What a :class:`PeriodError` says was expected where a result leaves the calendar."""


@attrs.define
class PeriodError(CslibError, ValueError):
    """A period, term or calendar cannot be made, read or reached from what was given.

    Attributes:
        given: What was given, in words.
        expected: What would have served.
        reason: What is wrong with it, where that needs saying.

    >>> print(PeriodError("'2026-02-30'", "a date", "February has no day 30"))
    expected a date, but got '2026-02-30': February has no day 30
    """

    given: str
    expected: str
    reason: str = ""

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"expected {self.expected}, but got {self.given}{reason}"


@attrs.define
class DayError(CslibError, TypeError):
    """Something else stands where a day, a column of days or a whole number belongs.

    Attributes:
        given: What was given, in words.
        expected: What would have served.

    >>> checked_day(dt.datetime(2026, 1, 31, 9))
    Traceback (most recent call last):
        ...
    cslib.days.DayError: expected a date (of an instant, take the day in your time zone), \
but got datetime.datetime(2026, 1, 31, 9, 0)
    """

    given: str
    expected: str

    def __str__(self) -> str:
        return f"expected {self.expected}, but got {self.given}"


# Single days and whole numbers


def is_day(value: object) -> TypeGuard[dt.date]:
    """Whether this is a single date; an instant is an error, all else is left to the columns."""
    if type(value) is dt.date:
        return True
    if isinstance(value, dt.datetime):
        raise DayError(repr(value), "a date (of an instant, take the day in your time zone)")
    return isinstance(value, dt.date)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether this is a single whole number, of Python or of numpy."""
    return type(value) is int or isinstance(value, numbers.Integral)


def checked_day(value: object) -> dt.date:
    """The single date that this is.

    Raises:
        DayError: If it is none.
    """
    if not is_day(value):
        raise DayError(repr(value), "a date")
    return value


def add_days(day: dt.date, n: int) -> dt.date:
    """The day ``n`` days later, or earlier if negative.

    Raises:
        DayError: If ``day`` is not a single date.
        PeriodError: If the result lies outside the years 1 to 9999.
    """
    try:
        return checked_day(day) + dt.timedelta(days=n)
    except OverflowError:
        raise PeriodError(f"{day} and {n} days", REACHABLE) from None


def shown(value: object) -> str:
    """The value as a message repeats it: its ``repr``, cut to 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


# Columns

_MOST_STEPS = (dt.date.max - dt.date.min).days


def day_column(value: dt.date | Days) -> Days:
    """A date or a column as ``datetime64[D]``, NaT where masked; no day is made up or cut off.

    Raises:
        DayError: If it is neither, or an instant within a day.

    Examples:
        >>> import numpy as np
        >>> day_column(np.array(["2026-01-31T00:00", "NaT"], dtype="datetime64[s]"))
        array(['2026-01-31',        'NaT'], dtype='datetime64[D]')
    """
    import numpy as np

    if is_day(value):
        return np.asarray(value, dtype="datetime64[D]")
    given = np.asanyarray(value)
    if given.dtype.kind != "M" or np.datetime_data(given.dtype)[0] in ("generic", "Y", "M", "W"):
        what = f"{shown(value)} ({type(value).__name__} of {given.dtype})"
        raise DayError(what, "a date or a column of days, datetime64[D]")
    if isinstance(given, np.ma.MaskedArray):
        given = given.filled(np.datetime64("NaT", "D"))
    days = given.astype("datetime64[D]", copy=False)
    cut = given[(days != given) & ~np.isnat(given)]
    if cut.size:
        raise DayError(str(cut[0]), "whole days (of an instant, take the day in your time zone)")
    return days


def step_column(n: int | Integers) -> Wholes:
    """Whole numbers of months or days as ``int64``, none so large that a sum could overflow.

    Raises:
        DayError: If they are not whole, or some are masked.
        PeriodError: If one leads out of the years 1 to 9999 from whatever day.
    """
    import numpy as np

    steps = np.asarray(n)
    if steps.dtype.kind not in "iu" or np.ma.is_masked(n):
        raise DayError(shown(n), "whole numbers, all known")
    far = (steps > _MOST_STEPS) | (steps < -_MOST_STEPS)
    if far.any():
        raise PeriodError(f"a step of {steps[far].flat[0]}", REACHABLE)
    return steps.astype(np.int64, copy=False)


def within_dates(days: Days) -> Days:
    """The same days, if all lie in the years 1 to 9999, as a single date must.

    Raises:
        PeriodError: If one does not.
    """
    import numpy as np

    out = (days < np.datetime64(dt.date.min, "D")) | (days > np.datetime64(dt.date.max, "D"))
    if out.any():
        raise PeriodError(str(days[out].flat[0]), REACHABLE)
    return days
