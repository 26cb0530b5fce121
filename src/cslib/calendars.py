"""Business days: the days on which work is done, counted and added.

A :class:`BusinessCalendar` is a weekend and a set of holidays. Its methods take a date or a column
of them, with the same answers; what counts as a day, and what is unknown, is said in
:mod:`cslib.days`.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, overload

import attrs

from cslib.days import (
    REACHABLE,
    PeriodError,
    add_days,
    checked_day,
    day_column,
    is_day,
    is_whole,
    step_column,
    within_dates,
)

if TYPE_CHECKING:
    import numpy as np

    from cslib.days import Counts, Days, Integers, Truths

__all__ = ["BusinessCalendar"]


def _weekdays(days: Iterable[int]) -> frozenset[int]:
    expected = "a weekend of weekdays from 0 (Monday) to 6, not all"
    given = _several(days, expected)
    whole = all(is_whole(day) and not isinstance(day, bool) for day in given)
    if not whole or not {*given} < {*range(7)}:
        raise PeriodError(f"{sorted(given, key=repr)}", expected)
    return frozenset(map(int, given))


def _holidays(days: Iterable[dt.date]) -> frozenset[dt.date]:
    return frozenset(map(checked_day, _several(days, "holidays, several dates")))


def _several(days: Any, expected: str) -> list[Any]:
    if isinstance(days, str) or not isinstance(days, Iterable):
        raise PeriodError(repr(days), expected)
    return list(days)


@attrs.frozen(kw_only=True)
class BusinessCalendar:
    """The days on which work is done: no weekend, no holiday.

    Equal to numpy's ``busday_*`` functions, which serve the columns.

    Attributes:
        weekend: Weekdays without work, 0 for Monday to 6 for Sunday. Saturday and Sunday unless
            given; ``(4, 5)`` for Friday and Saturday; ``()`` for none.
        holidays: Further days without work.

    Examples:
        >>> office = BusinessCalendar(holidays=[dt.date(2026, 7, 3)])
        >>> office.add(dt.date(2026, 7, 2), 1)
        datetime.date(2026, 7, 6)
        >>> office.count(dt.date(2026, 7, 1), dt.date(2026, 8, 1))
        22
    """

    weekend: frozenset[int] = attrs.field(default=frozenset({5, 6}), converter=_weekdays)
    holidays: frozenset[dt.date] = attrs.field(default=frozenset(), converter=_holidays)

    @overload
    def is_business_day(self, day: dt.date) -> bool: ...
    @overload
    def is_business_day(self, day: Days) -> Truths: ...
    def is_business_day(self, day: dt.date | Days) -> bool | Truths:
        """Whether work is done on the day.

        Raises:
            PeriodError: If a column holds NaT, for which there is no answer in a ``bool`` column.
        """
        return self._is_open(day) if is_day(day) else self._are_open(day)

    @overload
    def following(self, day: dt.date) -> dt.date: ...
    @overload
    def following(self, day: Days) -> Days: ...
    def following(self, day: dt.date | Days) -> dt.date | Days:
        """The day itself if it is a business day, otherwise the next one.

        The Following convention of the 2006 ISDA Definitions, 4.12.
        """
        return self.add(day, 0)

    @overload
    def preceding(self, day: dt.date) -> dt.date: ...
    @overload
    def preceding(self, day: Days) -> Days: ...
    def preceding(self, day: dt.date | Days) -> dt.date | Days:
        """The day itself if it is a business day, otherwise the one before.

        The Preceding convention of the 2006 ISDA Definitions, 4.12.
        """
        if is_day(day):
            return self._nth(day, -1)
        import numpy as np

        rolled = np.busday_offset(day_column(day), 0, roll="preceding", busdaycal=self._numpy())
        return within_dates(rolled)

    @overload
    def add(self, day: dt.date, n: int) -> dt.date: ...
    @overload
    def add(self, day: Days, n: int | Integers) -> Days: ...
    @overload
    def add(self, day: dt.date, n: Integers) -> Days: ...
    def add(self, day: dt.date | Days, n: int | Integers) -> dt.date | Days:
        """The ``n``-th business day after ``day``; before it if ``n`` is negative.

        ``day`` itself does not count, business day or not: 1 from a Friday, a Saturday and a
        Sunday is Monday. 0 is :meth:`following`. In numpy's words this is ``busday_offset`` with
        ``roll="preceding"`` for ``n`` above 0 and ``"following"`` otherwise. NaT stays NaT.

        Raises:
            PeriodError: If the result lies outside the years 1 to 9999.

        Examples:
            >>> saturday = dt.date(2026, 6, 13)
            >>> [str(BusinessCalendar().add(saturday, n)) for n in (-1, 0, 1, 2)]
            ['2026-06-12', '2026-06-15', '2026-06-15', '2026-06-16']
        """
        if not (is_day(day) and is_whole(n)):
            return self._add_columns(day, n)
        if n == 0:
            return self._nth(day, 1)
        return self._nth(add_days(day, 1 if n > 0 else -1), n)

    @overload
    def count(self, start: dt.date, end: dt.date) -> int: ...
    @overload
    def count(self, start: Days, end: dt.date | Days) -> Counts: ...
    @overload
    def count(self, start: dt.date, end: Days) -> Counts: ...
    def count(self, start: dt.date | Days, end: dt.date | Days) -> int | Counts:
        """Business days in ``[start, end)``, or minus those in ``[end, start)``.

        >>> BusinessCalendar().count(dt.date(2026, 6, 12), dt.date(2026, 6, 15))
        1
        """
        if not (is_day(start) and is_day(end)):
            return self._count_columns(start, end)
        if end < start:
            return -self.count(end, start)
        weeks, rest = divmod((end - start).days, 7)
        week = weeks * (7 - len(self.weekend))
        odd = sum((start.weekday() + n) % 7 not in self.weekend for n in range(rest))
        free = (day for day in self.holidays if day.weekday() not in self.weekend)
        return week + odd - sum(start <= day < end for day in free)

    def _is_open(self, day: dt.date) -> bool:
        return day.weekday() not in self.weekend and day not in self.holidays

    def _nth(self, first: dt.date, n: int) -> dt.date:
        """The ``n``-th business day from ``first`` on, itself included; backwards if negative."""
        start, last = first.toordinal(), dt.date.max.toordinal()
        ordinals = range(start, last + 1) if n > 0 else range(start, 0, -1)
        days = filter(self._is_open, map(dt.date.fromordinal, ordinals))
        found = next(itertools.islice(days, abs(n) - 1, None), None)
        if found is None:
            raise PeriodError(f"{abs(n)} business days from {first}", REACHABLE)
        return found

    def _numpy(self) -> np.busdaycalendar:
        import numpy as np

        week = [day not in self.weekend for day in range(7)]
        return np.busdaycalendar(week, np.array(sorted(self.holidays), dtype="datetime64[D]"))

    def _are_open(self, day: dt.date | Days) -> Truths:
        import numpy as np

        days = day_column(day)
        unknown = int(np.isnat(days).sum())
        if unknown:
            raise PeriodError(f"NaT, {unknown} of {days.size}", "days that are known")
        return np.asarray(np.is_busday(days, busdaycal=self._numpy()))

    def _add_columns(self, day: dt.date | Days, n: int | Integers) -> Days:
        import numpy as np

        days, steps, open_days = day_column(day), step_column(n), self._numpy()
        ahead = np.busday_offset(days, steps, roll="preceding", busdaycal=open_days)
        behind = np.busday_offset(days, steps, roll="following", busdaycal=open_days)
        return within_dates(np.where(steps > 0, ahead, behind))

    def _count_columns(self, start: dt.date | Days, end: dt.date | Days) -> Counts:
        import numpy as np

        starts, ends = np.broadcast_arrays(day_column(start), day_column(end))
        known = ~(np.isnat(starts) | np.isnat(ends))
        low, high = np.minimum(starts, ends)[known], np.maximum(starts, ends)[known]
        counts = np.full(starts.shape, np.nan)
        counts[known] = np.busday_count(low, high, busdaycal=self._numpy())
        return np.where(starts <= ends, counts, -counts)
