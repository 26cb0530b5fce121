"""Working hours: when a team is at work, and at which instant so much work has been done.

:class:`WorkingHours` are the openings of a week by the clock of one time zone, and holidays. An
opening is half-open: it holds the instant at which it opens and not that at which it closes. It
begins and ends when the clock of the zone first shows its times, or passes them where summer time
leaps over them; so a day on which the clock is changed is as long as it is, to the second.

Instants go in with any time zone and come out in UTC. The zones are those of the IANA time zone
database, as Python's :mod:`zoneinfo` finds it; UTC needs none.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TypeAlias

import attrs

from cslib.days import REACHABLE, PeriodError, add_days, checked_day
from cslib.documents import document, fingerprint
from cslib.errors import Fault, suggestion
from cslib.faults import refuse, several, shown, text_faults
from cslib.moments import MomentError, in_utc
from cslib.money import Exact, exact

__all__ = ["Opening", "WorkingHours", "utc_instant"]

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_DAY = 86_400
_HOUR = 3_600_000_000  # microseconds
_MOST_HOURS = 1_000_000

Stretch: TypeAlias = tuple[dt.datetime, dt.datetime]


def utc_instant(moment: object, what: str = "moment") -> dt.datetime:
    """An aware datetime in UTC; a date, which is no instant, is refused.

    Args:
        moment: An aware datetime.
        what: What it is for, as an error shall name it.

    Raises:
        MomentError: If it is none, or as :func:`cslib.moments.in_utc`.

    >>> utc_instant(dt.datetime(2026, 6, 30, 9, tzinfo=dt.timezone(dt.timedelta(hours=8))))
    datetime.datetime(2026, 6, 30, 1, 0, tzinfo=datetime.timezone.utc)
    """
    found = in_utc(moment, what)
    if not isinstance(found, dt.datetime):
        raise MomentError(what, moment)
    return found


# --------------------------------------------------------------------------------------
# The definition


def _short(time: str) -> str:
    """One text for one time: ``09:00:00`` is ``09:00``."""
    return time[:5] if isinstance(time, str) and re.fullmatch(r"..:..:00", time) else time


def _days(days: Iterable[int]) -> frozenset[int]:
    return frozenset(several("opening", "$.days", days, int))


@attrs.frozen(kw_only=True)
class Opening:
    """From when to when work is done, on some days of the week.

    Attributes:
        days: The weekdays, 0 for Monday to 6 for Sunday; Monday to Friday unless given.
        opens: The time at which work begins, by the clock: ``"09:00"`` or ``"09:00:30"``.
        closes: The time at which it ends, later on the same day; ``"24:00"`` is midnight. Work
            through the night is two openings.

    Raises:
        DefinitionError: With every fault: no weekday, or none from 0 to 6; what is no time; an end
            that is not after the beginning.

    >>> print(Opening(days=(5,), opens="10:00", closes="14:00"))
    Saturday 10:00 to 14:00
    """

    days: frozenset[int] = attrs.field(default=frozenset(range(5)), converter=_days)
    opens: str = attrs.field(converter=_short)
    closes: str = attrs.field(converter=_short)

    def __attrs_post_init__(self) -> None:
        refuse("opening", _opening_faults(self))

    @property
    def seconds(self) -> tuple[int, int]:
        """Its bounds in seconds after midnight, by the clock."""
        return _seconds_of(self.opens), _seconds_of(self.closes)

    def __str__(self) -> str:
        names = ", ".join(_WEEKDAYS[day] for day in sorted(self.days))
        return f"{names} {self.opens} to {self.closes}"


def _opening_faults(opening: Opening) -> Iterator[Fault]:
    if not opening.days or not opening.days <= frozenset(range(7)):
        given = sorted(opening.days)
        yield Fault("$.days", f"expected weekdays from 0 (Monday) to 6 (Sunday), but got {given}")
    wrong = [*_time_faults("$.opens", opening.opens), *_time_faults("$.closes", opening.closes)]
    yield from wrong
    if not wrong and _seconds_of(opening.opens) >= _seconds_of(opening.closes):
        problem = f"expected a time after {opening.opens}, but got {opening.closes}"
        yield Fault("$.closes", f"{problem}; split work through the night at 24:00")


def _time_faults(path: str, time: object) -> Iterator[Fault]:
    if not isinstance(time, str) or not (_TIME.fullmatch(time) or time == "24:00"):
        yield Fault(path, f"expected a time such as '09:00' or '24:00', but got {shown(time)}")


def _seconds_of(time: str) -> int:
    hours, minutes, *seconds = map(int, time.split(":"))
    return 3600 * hours + 60 * minutes + sum(seconds)


def _openings(openings: Iterable[Opening]) -> tuple[Opening, ...]:
    return several("working hours", "$.openings", openings, Opening)


def _holidays(days: Iterable[dt.date]) -> frozenset[dt.date]:
    if isinstance(days, str | Mapping) or not isinstance(days, Iterable):
        problem = f"expected several dates, but got {shown(days)}"
        refuse("working hours", (Fault("$.holidays", problem),))
    return frozenset(map(checked_day, days))


@document("working_hours", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class WorkingHours:
    """When work is done: the openings of a week, by the clock of a time zone, and the holidays.

    Attributes:
        openings: The openings, none of which meet; their order says nothing.
        holidays: Days without work, by the calendar of the zone.
        zone: The IANA name of the time zone, such as ``"Asia/Shanghai"``; UTC unless given.

    Raises:
        DefinitionError: With every fault: no openings, two that overlap on a weekday, a time zone
            that is not known here.
        DayError: If a holiday is no date.

    >>> office = WorkingHours(
    ...     openings=[
    ...         Opening(opens="09:00", closes="12:00"),
    ...         Opening(opens="13:00", closes="18:00"),
    ...     ],
    ...     zone="Asia/Shanghai",
    ... )
    >>> friday_at_five = dt.datetime(2026, 6, 26, 9, tzinfo=dt.UTC)
    >>> print(office.due(friday_at_five, 4))
    2026-06-29 04:00:00+00:00
    """

    openings: tuple[Opening, ...] = attrs.field(converter=_openings)
    holidays: frozenset[dt.date] = attrs.field(default=frozenset(), converter=_holidays)
    zone: str = "UTC"

    def __attrs_post_init__(self) -> None:
        faults = (*_overlap_faults(self.openings), *_zone_faults(self.zone))
        refuse("working hours", faults)

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition an instant was found."""
        return fingerprint(self)

    @functools.cached_property
    def tzinfo(self) -> dt.tzinfo:
        """The time zone."""
        return _zone(self.zone)

    def is_open(self, at: dt.datetime) -> bool:
        """Whether work is done at an instant.

        Raises:
            MomentError: If ``at`` is no aware datetime.

        >>> nine = dt.datetime(2026, 6, 30, 9, tzinfo=dt.UTC)
        >>> day = WorkingHours(openings=[Opening(opens="09:00", closes="17:00")])
        >>> day.is_open(nine), day.is_open(nine + dt.timedelta(hours=8))
        (True, False)
        """
        instant = utc_instant(at, "at")
        return next((start == instant for start, _ in self._stretches(instant)), False)

    def due(self, opened: dt.datetime, work: Exact | dt.timedelta) -> dt.datetime:
        """The first instant, from ``opened`` on, by which so much working time has passed.

        So eight hours from nine on a day of eight are due when it closes, and not when the next
        day opens; no work at all is due at once, open or not.

        Args:
            opened: From when, an aware datetime.
            work: Working hours, exact, 0 to a million; or a span of time.

        Raises:
            MomentError: If ``opened`` is no aware datetime.
            InexactError: If the hours are a float or missing.
            PeriodError: If the work is out of bounds or finer than a microsecond, or the result
                lies beyond the year 9999.

        >>> day = WorkingHours(openings=[Opening(opens="09:00", closes="17:00")])
        >>> print(day.due(dt.datetime(2026, 6, 30, 9, tzinfo=dt.UTC), 8))
        2026-06-30 17:00:00+00:00
        """
        instant, left = utc_instant(opened, "opened"), _span(work)
        if not left:
            return instant
        for start, end in self._stretches(instant):
            if left <= end - start:
                return start + left
            left -= end - start
        raise PeriodError(f"{work} of working time from {opened}", REACHABLE)

    def worked(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """Working time in ``[start, end)``, or minus that in ``[end, start)``.

        Raises:
            MomentError: If one is no aware datetime.

        >>> day = WorkingHours(openings=[Opening(opens="09:00", closes="17:00")])
        >>> friday = dt.datetime(2026, 6, 26, 16, 30, tzinfo=dt.UTC)
        >>> print(day.worked(friday, friday + dt.timedelta(days=3)))
        8:00:00
        """
        first, last = utc_instant(start, "start"), utc_instant(end, "end")
        if last < first:
            return -self.worked(end, start)
        total = dt.timedelta()
        for opens, closes in self._stretches(first):
            if opens >= last:
                break
            total += min(closes, last) - opens
        return total

    def _stretches(self, start: dt.datetime) -> Iterator[Stretch]:
        """What is open from ``start`` on, in order, up to the last day of the year 9999."""
        day = _seen_from(self.tzinfo, start).date()
        while day < dt.date.max:
            for opens, closes in self._on(day):
                first, last = max(start, self._reached(day, opens)), self._reached(day, closes)
                if first < last:
                    yield first, last
            day = add_days(day, 1)

    def _on(self, day: dt.date) -> tuple[tuple[int, int], ...]:
        return () if day in self.holidays else self._week[day.weekday()]

    @functools.cached_property
    def _week(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each weekday its openings in order, in seconds by the clock."""
        return tuple(
            tuple(sorted(each.seconds for each in self.openings if day in each.days))
            for day in range(7)
        )

    def _reached(self, day: dt.date, seconds: int) -> dt.datetime:
        """The first instant at which the clock shows a time of a day, or a later one."""
        local = dt.datetime.combine(add_days(day, seconds // _DAY), dt.time())
        local += dt.timedelta(seconds=seconds % _DAY)
        first = _seen_from(dt.UTC, local.replace(tzinfo=self.tzinfo))
        again = _seen_from(dt.UTC, local.replace(tzinfo=self.tzinfo, fold=1))
        return first if first <= again else self._leap(again, first)  # PEP 495: it is in a gap

    def _leap(self, before: dt.datetime, after: dt.datetime) -> dt.datetime:
        """The instant between two at which the clock leaps ahead, found by halving."""
        offset = after.astimezone(self.tzinfo).utcoffset()
        while after - before > dt.timedelta.resolution:
            middle = before + (after - before) // 2
            if middle.astimezone(self.tzinfo).utcoffset() == offset:
                after = middle
            else:
                before = middle
        return after


def _seen_from(zone: dt.tzinfo, instant: dt.datetime) -> dt.datetime:
    try:
        return instant.astimezone(zone)
    except OverflowError:
        raise PeriodError(f"{instant}", REACHABLE) from None


# --------------------------------------------------------------------------------------
# What is wrong with it


def _overlap_faults(openings: tuple[Opening, ...]) -> Iterator[Fault]:
    if not openings:
        yield Fault("$.openings", "expected one opening or more, but got none")
    for place, opening in enumerate(openings):
        for other in openings[:place]:
            days = opening.days & other.days
            if days and _meet(opening.seconds, other.seconds):
                where = f"on {_WEEKDAYS[min(days)]}"
                yield Fault(f"$.openings[{place}]", f"overlaps {other} {where}")


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _zone(name: str) -> dt.tzinfo:
    return dt.UTC if name == "UTC" else zoneinfo.ZoneInfo(name)


def _zone_faults(name: object) -> Iterator[Fault]:
    if not isinstance(name, str):
        yield from text_faults("$.zone", name)
        return
    try:
        _zone(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        hint = suggestion(name[:60], sorted(known)) or "; expected an IANA name, 'Asia/Shanghai'"
        if not known:
            hint = "; there is no time zone database here: install the package tzdata"
        yield Fault("$.zone", f"unknown time zone {shown(name)}{hint}")


def _span(work: Exact | dt.timedelta) -> dt.timedelta:
    if isinstance(work, dt.timedelta):
        microseconds = Fraction(work // dt.timedelta.resolution)
    else:
        microseconds = exact(work, "working hours") * _HOUR
    if not 0 <= microseconds <= _MOST_HOURS * _HOUR or microseconds.denominator != 1:
        expected = f"working hours from 0 to {_MOST_HOURS:,}, in whole microseconds"
        raise PeriodError(f"{work}", expected)
    return dt.timedelta(microseconds=int(microseconds))
