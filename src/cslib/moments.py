"""Moments: days and instants, and whether one lies by another.

A moment is a date, or a datetime that knows its time zone. Nothing is guessed: a datetime without
a time zone is no moment. A limit given as a date holds up to the end of that day in UTC; given as
an instant, up to and including it (``docs/semantics.md``, "Time").
"""

from __future__ import annotations

import datetime as dt
from typing import TypeAlias

import attrs

from cslib.errors import CslibError

__all__ = ["Moment", "MomentError", "in_utc", "instant", "is_by", "utc_day"]

Moment: TypeAlias = dt.date | dt.datetime
"""A date, or a datetime that knows its time zone; in documents each is written in its own form."""


@attrs.define
class MomentError(CslibError, TypeError):
    """Something else stands where a date or an aware datetime belongs.

    Attributes:
        what: What the moment was for: "as_of", "event 'e1'".
        given: What was given.
    """

    what: str
    given: object

    def __str__(self) -> str:
        given, hint = self.given, _hint(self.given)
        day = isinstance(given, dt.date) and not isinstance(given, dt.datetime)
        expected = "an aware datetime" if day else "a date or an aware datetime"
        return f"{self.what}: expected {expected}, but got {given!r}{hint}"


def _hint(given: object) -> str:
    if isinstance(given, str):
        return "; read the text first, as with datetime.date.fromisoformat"
    if not isinstance(given, dt.datetime) or given != given:  # pandas.NaT is a datetime
        return "; a day alone does not say when" if isinstance(given, dt.date) else ""
    if given.utcoffset() is None:
        return "; give it a time zone"
    if getattr(given, "nanosecond", False):
        return "; round it to microseconds"
    return "; in UTC it lies outside the years 1 to 9999"


def in_utc(moment: object, what: str = "moment") -> dt.date:
    """A date as it is, an instant in UTC.

    Instants of one zone compare by its clock, which runs through an hour twice when summer time
    ends; in UTC they compare by what came first.

    Args:
        moment: A date or an aware datetime.
        what: What it is for, as an error shall name it.

    Raises:
        MomentError: If ``moment`` is neither, or not a time (NaT), has nanoseconds, or lies outside
            the years 1 to 9999 in UTC.

    >>> in_utc(dt.datetime(2026, 6, 30, 23, tzinfo=dt.timezone(dt.timedelta(hours=-2))))
    datetime.datetime(2026, 7, 1, 1, 0, tzinfo=datetime.timezone.utc)
    """
    if not isinstance(moment, dt.date) or moment != moment:  # pandas.NaT is a datetime
        raise MomentError(what, moment)
    if not isinstance(moment, dt.datetime):
        return moment
    if moment.utcoffset() is None or getattr(moment, "nanosecond", False):
        raise MomentError(what, moment)
    if type(moment) is not dt.datetime:  # pandas.Timestamp, which JSON does not know
        moment = dt.datetime.combine(moment.date(), moment.timetz())
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        raise MomentError(what, moment) from None


def utc_day(moment: object, what: str = "moment") -> dt.date:
    """The day of a date, or of an instant in UTC.

    Args:
        moment: A date or an aware datetime.
        what: What it is for, as an error shall name it.

    Raises:
        MomentError: As :func:`in_utc`.

    >>> utc_day(dt.datetime(2026, 6, 30, 23, tzinfo=dt.timezone(dt.timedelta(hours=-2))))
    datetime.date(2026, 7, 1)
    """
    if type(moment) is dt.date:  # by far the most are
        return moment
    found = in_utc(moment, what)
    return found.date() if isinstance(found, dt.datetime) else found


def instant(moment: object, what: str = "moment") -> dt.datetime:
    """An instant in UTC; a date stands for the start of its day there.

    By it, dates and instants can be put in one order.

    Args:
        moment: A date or an aware datetime.
        what: What it is for, as an error shall name it.

    Raises:
        MomentError: As :func:`in_utc`.

    >>> instant(dt.date(2026, 7, 1))
    datetime.datetime(2026, 7, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    found = in_utc(moment, what)
    if isinstance(found, dt.datetime):
        return found
    return dt.datetime(found.year, found.month, found.day, tzinfo=dt.UTC)


def is_by(moment: dt.date, limit: dt.date) -> bool:
    """Whether ``moment`` lies no later than ``limit``: by the instant if both are, else by the day.

    Raises:
        MomentError: As :func:`in_utc`.

    >>> nine = dt.datetime(2026, 6, 30, 9, tzinfo=dt.UTC)
    >>> is_by(nine, dt.date(2026, 6, 30)), is_by(nine, nine - dt.timedelta(minutes=1))
    (True, False)
    """
    if isinstance(moment, dt.datetime) and isinstance(limit, dt.datetime):
        return in_utc(moment) <= in_utc(limit, "limit")
    return utc_day(moment) <= utc_day(limit, "limit")
