"""Due columns: deadlines, milestones and tracks of many accounts at once.

A part of :mod:`cslib.lifecycle`, beneath :mod:`cslib.journeycolumns`. They are found from
*occasions*: the events and timed moves of a log that mark something, in order. Of a deadline the
last start counts, and the first thing after it that stops the clock; so each takes a few passes
over the occasions that speak of it, whatever the number of accounts.

Nobody is on hold here: accounts with a hold are replayed one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from cslib import periods
from cslib.blocks import Array
from cslib.calendars import BusinessCalendar
from cslib.columns import Column
from cslib.days import PeriodError
from cslib.journeys import DeadlineStatus
from cslib.letters import Cell
from cslib.logcolumns import Mask, Wholes
from cslib.series import read_only
from cslib.spans import Span, Unit
from cslib.stages import Deadline, Milestone

__all__ = [
    "NEVER",
    "STATUSES",
    "Clocks",
    "DeadlineColumns",
    "Occasions",
    "clocks_of",
    "deadline_columns",
    "fixed_length",
    "limits_in",
    "matters",
    "reached",
    "span_after",
    "tracks_done",
]

STATUSES = tuple(str(status) for status in DeadlineStatus)
"""The statuses of deadlines; columns hold places among them."""

NEVER = 2**62
"""The moment of what does not happen, later than all that does; or of what cannot be reckoned."""

_DAY = 86_400_000_000  # microseconds
_UNITS = {Unit.HOUR: _DAY // 24, Unit.DAY: _DAY, Unit.WEEK: 7 * _DAY}


# --------------------------------------------------------------------------------------
# Spans


def span_after(
    span: Span, calendar: BusinessCalendar, kind: np.dtype[Any]
) -> Callable[[Wholes], Wholes]:
    """A function from moments to those one span later, as :meth:`cslib.spans.Span.after` has them.

    Moments are numbers of days or of microseconds, as ``kind`` says. Where there is no such
    moment (in the years up to 9999, or hours from a date) it is :data:`NEVER`.

    >>> after = span_after(Span.parse("1 month"), BusinessCalendar(), np.dtype("M8[D]"))
    >>> after(np.array(["2026-01-31"], "M8[D]").view(np.int64)).view("M8[D]")
    array(['2026-02-28'], dtype='datetime64[D]')
    """
    is_day = kind == np.dtype("datetime64[D]")
    most = int(np.datetime64("9999-12-31T23:59:59.999999").astype(kind).view(np.int64))

    def plain(starts: Wholes) -> Wholes:
        found = starts + _length(span, is_day=is_day)
        return np.where(found <= most, found, NEVER)

    def by_day(starts: Wholes) -> Wholes:
        days, rest = (starts, 0) if is_day else np.divmod(starts, _DAY)
        found = _days_after(span, days, calendar)
        return np.where(found == NEVER, NEVER, found if is_day else found * _DAY + rest)

    return plain if span.unit in _UNITS else by_day


def fixed_length(span: Span, kind: np.dtype[Any]) -> int | None:
    """Of a span that always takes as long, its days or microseconds; None of any other.

    >>> fixed_length(Span.parse("1 week"), np.dtype("M8[D]"))
    7
    """
    if span.unit not in _UNITS:
        return None
    length = _length(span, is_day=kind == np.dtype("datetime64[D]"))
    return None if length == NEVER else length


def _length(span: Span, *, is_day: bool) -> int:
    length = span.count * _UNITS[span.unit]
    if not is_day:
        return length
    return NEVER if span.unit is Unit.HOUR else length // _DAY


def _days_after(span: Span, days: Wholes, calendar: BusinessCalendar) -> Wholes:
    """Days after days; where one of them cannot be reckoned, one by one."""
    dates = days.view("datetime64[D]")
    try:
        if span.unit is Unit.BUSINESS_DAY:
            found = calendar.add(dates, span.count)
        else:
            found = periods.add_months(dates, span.count * (12 if span.unit is Unit.YEAR else 1))
    except PeriodError:
        if days.size == 1:
            return np.array([NEVER])
        return np.concatenate(
            [_days_after(span, half, calendar) for half in np.array_split(days, 2)]
        )
    return found.view(np.int64)


# --------------------------------------------------------------------------------------
# Occasions


@attrs.frozen(kw_only=True, eq=False)
class Occasions:
    """What marks something, in order: by account, then by what came first.

    Attributes:
        cells: What there is that can happen.
        account: The account of each occasion.
        at: Its moment.
        cell: What happens, a place in ``cells``.
        row: The place of its event in the log; -1: it is a move by time.
        after: The stage that follows it.
        accounts: How many accounts there are.
    """

    cells: tuple[Cell, ...]
    account: Wholes
    at: Wholes
    cell: Array
    row: Wholes
    after: Array
    accounts: int

    def told(self, tell: Callable[[Cell], int]) -> Array:
        """What a function says of the cell of each occasion, a small number."""
        return np.array([tell(cell) for cell in self.cells], np.uint8)[self.cell]

    def last(self, places: Wholes) -> Wholes:
        """The last of some places in each account; -1 where there is none."""
        found = np.full(self.accounts, -1, np.int64)
        found[self.account[places]] = places  # of several the last remains
        return found

    def following(self, places: Wholes, among: Wholes) -> Wholes:
        """For each place the next one of ``among`` that its account has after it; -1: none."""
        if not among.size:
            return np.full(places.size, -1, np.int64)
        turn = np.searchsorted(among, places, side="right")
        found = among[np.minimum(turn, among.size - 1)]
        is_own = (turn < among.size) & (self.account[found] == self.account[places])
        return np.where(is_own, found, -1)

    def since(self, places: Wholes, moment: Wholes) -> Wholes:
        """For each place the first one after it that is not before a moment; its account's end."""
        low = places + 1
        high = np.searchsorted(self.account, self.account[places], side="right")
        while (low < high).any():
            middle = (low + high) // 2
            is_before = (low < high) & (self.at[np.minimum(middle, self.at.size - 1)] < moment)
            high = np.where((low < high) & ~is_before, middle, high)
            low = np.where(is_before, middle + 1, low)
        return low


def matters(cell: Cell, marked: frozenset[str], tracks: frozenset[str], *, ends: bool) -> bool:
    """Whether what happens says something of a deadline, a milestone or a track."""
    if not marked.isdisjoint(cell.marks) or cell.ends or (ends and cell.is_end):
        return True
    return cell.keeps is not None and not tracks <= cell.keeps


# --------------------------------------------------------------------------------------
# Deadlines

_MET, _WAIVED, _STARTED, _MET_ANEW, _WAIVED_ANEW, _ENDED = (1 << bit for bit in range(6))


def _effect(deadline: Deadline, cell: Cell) -> int:
    """What something does to a clock: what it does before it starts anew, and after."""
    effect = 0
    for mark in cell.marks:
        met, waived = (_MET_ANEW, _WAIVED_ANEW) if effect & _STARTED else (_MET, _WAIVED)
        if not effect & (met | waived):
            effect |= met if mark in deadline.by else waived if mark in deadline.waived_by else 0
        if mark in deadline.since:
            effect = effect & ~(_MET_ANEW | _WAIVED_ANEW) | _STARTED
    return effect | (_ENDED if cell.is_end and not effect else 0)


@attrs.frozen(kw_only=True, eq=False)
class Clocks:
    """The starts of a deadline's clock.

    Attributes:
        deadline: The deadline.
        occasions: What marks something.
        effect: What each occasion does to the clock.
        start: The occasions that start it.
        due: Of each the due moment; NEVER where it is not known, or cannot be reckoned.
    """

    deadline: Deadline
    occasions: Occasions
    effect: Array
    start: Wholes
    due: Wholes

    def breached(self, until: int) -> tuple[Wholes, Wholes]:
        """The starts whose breach happens, as occasions, and the moments of these."""
        stops = np.flatnonzero(self.effect & (_MET | _WAIVED | _STARTED | _ENDED))
        stop = self.occasions.following(self.start, stops)
        is_late = (stop < 0) | (self.occasions.at[np.maximum(stop, 0)] > self.due)
        is_late &= (self.effect[self.start] & (_MET_ANEW | _WAIVED_ANEW)) == 0
        is_late &= self.due < until
        return self.start[is_late], self.due[is_late] + 1


def clocks_of(deadline: Deadline, occasions: Occasions, due: Callable[[Wholes], Wholes]) -> Clocks:
    """The starts of a deadline, and until when each has time.

    Args:
        deadline: The deadline.
        occasions: What marks something.
        due: A function from the occasions that start it to the due moments.
    """
    effect = occasions.told(lambda cell: _effect(deadline, cell))
    start = np.flatnonzero(effect & _STARTED)
    return Clocks(
        deadline=deadline, occasions=occasions, effect=effect, start=start, due=due(start)
    )


@attrs.frozen(kw_only=True, eq=False)
class DeadlineColumns:
    """How a deadline stands, by account.

    Attributes:
        status: A place in :data:`STATUSES`.
        start: When its clock last started; NaT: never.
        due: Until when it is in time; NaT where it has not started, or that is not known.
        met: When it was met; NaT: it is not.
        waived: When it stopped to matter; NaT: it has not.
    """

    status: Array = attrs.field(converter=read_only)
    start: Array = attrs.field(converter=read_only)
    due: Array = attrs.field(converter=read_only)
    met: Array = attrs.field(converter=read_only)
    waived: Array = attrs.field(converter=read_only)

    def texts(self) -> Array:
        """The statuses as texts."""
        return np.array(STATUSES)[self.status]


def deadline_columns(clocks: Clocks, until: int) -> dict[str, Wholes]:
    """How a deadline stands: the columns of :class:`DeadlineColumns`, moments as numbers.

    What is not there is :data:`NEVER`.
    """
    occasions, effect = clocks.occasions, clocks.effect
    last = occasions.last(clocks.start)
    accounts = np.flatnonzero(last >= 0)
    start = last[accounts]
    due = clocks.due[np.searchsorted(clocks.start, start)]
    met, waived = _stopped(occasions, effect, start, due)
    found = {name: np.full(occasions.accounts, NEVER) for name in ("start", "due", "met", "waived")}
    found["status"] = np.zeros(occasions.accounts, np.int64)
    for name, column in (("start", occasions.at[start]), ("due", due), ("met", met)):
        found[name][accounts] = column
    found["waived"][accounts] = waived
    found["status"][accounts] = _statuses(clocks.deadline, due, met, waived, until)
    return found


def _stopped(
    occasions: Occasions, effect: Array, start: Wholes, due: Wholes
) -> tuple[Wholes, Wholes]:
    """When each clock was met and when waived, NEVER where it was not."""
    at = np.append(occasions.at, NEVER)  # the place -1 stands for never
    stop = occasions.following(start, np.flatnonzero(effect & (_MET | _WAIVED)))
    end = occasions.following(start, np.flatnonzero(effect & _ENDED))
    is_ended = (end >= 0) & ((stop < 0) | (end < stop)) & (at[end] <= due)
    how = np.where(stop < 0, 0, effect[np.maximum(stop, 0)]) if effect.size else stop
    anew = effect[start]
    is_anew = (anew & (_MET_ANEW | _WAIVED_ANEW)) != 0
    is_met = np.where(is_anew, anew & _MET_ANEW, np.where(is_ended, 0, how & _MET)) != 0
    is_waived = np.where(is_anew, anew & _WAIVED_ANEW, is_ended | (how & _WAIVED != 0)) != 0
    is_waived &= ~is_met
    when = np.where(is_anew, at[start], np.where(is_ended, at[end], at[stop]))
    return np.where(is_met, when, NEVER), np.where(is_waived, when, NEVER)


def _statuses(deadline: Deadline, due: Wholes, met: Wholes, waived: Wholes, until: int) -> Wholes:
    code = {status: place for place, status in enumerate(DeadlineStatus)}
    is_unknown = (due == NEVER) & (deadline.due is not None)
    found: Wholes = np.select(
        [waived != NEVER, is_unknown, (met != NEVER) & (met <= due), met != NEVER, due < until],
        [
            code[DeadlineStatus.WAIVED],
            code[DeadlineStatus.UNKNOWN],
            code[DeadlineStatus.MET],
            code[DeadlineStatus.LATE],
            code[DeadlineStatus.MISSED],
        ],
        code[DeadlineStatus.OPEN],
    )
    return found


def limits_in(answer: Column, kind: np.dtype[Any]) -> Wholes:
    """Limits that accounts have of their own, in the kind of the log; NEVER where unknown.

    A date among instants holds with the whole of its day.

    >>> from cslib.rules import rule
    >>> ends = rule("ends").columns({"ends": np.array(["2026-03-09", "NaT"], "M8[D]")})
    >>> limits_in(ends, np.dtype("M8[us]"))[:1].view("M8[us]")
    array(['2026-03-09T23:59:59.999999'], dtype='datetime64[us]')
    """
    found = np.full(answer.known.size, NEVER)
    known = np.flatnonzero(answer.known)
    if known.size:
        given = answer.value[known]
        if given.dtype == np.dtype("datetime64[D]") and given.dtype != kind:
            given = (given + np.timedelta64(1, "D")).astype(kind) - np.timedelta64(1, "us")
        found[known] = given.astype(kind).view(np.int64)
    return found


# --------------------------------------------------------------------------------------
# Milestones and tracks


def reached(milestone: Milestone, occasions: Occasions) -> Wholes:
    """When each account reached a milestone; NEVER where it has not."""
    by = frozenset(milestone.by)
    marks = np.flatnonzero(occasions.told(lambda cell: not by.isdisjoint(cell.marks)))[::-1]
    found = np.full(occasions.accounts, NEVER)
    found[occasions.account[marks]] = occasions.at[marks]  # of several the first remains
    return found


def tracks_done(track: str, occasions: Occasions) -> Mask:
    """In which accounts a track is done, as far as their last stage has it."""

    def effect(cell: Cell) -> int:
        if cell.keeps is not None and track not in cell.keeps:
            return 2
        return int(track in cell.ends)

    told = occasions.told(effect)
    last = occasions.last(np.flatnonzero(told))
    done: Mask = last >= 0
    done[done] = told[last[done]] == 1
    return done
