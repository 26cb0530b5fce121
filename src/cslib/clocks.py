"""Clocks: when deadlines are due and when time moves an account, holds left out.

Everything here is computed from moments that are given; nothing waits (``docs/semantics.md``,
"Lifecycle and logs").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from cslib import moments
from cslib.calendars import BusinessCalendar
from cslib.charts import Candidate, Chart
from cslib.days import PeriodError
from cslib.journeys import Clock, DeadlineState, DeadlineStatus, Memory
from cslib.spans import Span, Unit
from cslib.stages import Deadline

__all__ = ["Alarm", "alarms", "deadline_state", "due_of", "later"]

Hold = tuple[dt.date, dt.date | None]


def later(moment: dt.date) -> dt.date | None:
    """The first moment after another: the next day, or the next microsecond.

    After the last that there is comes none: who writes 9999-12-31 for a limit means that there is
    none, and it is never passed.

    >>> later(dt.date(2026, 2, 28)), later(dt.date.max)
    (datetime.date(2026, 3, 1), None)
    """
    step = dt.timedelta(microseconds=1) if isinstance(moment, dt.datetime) else dt.timedelta(days=1)
    try:
        return moment + step
    except OverflowError:
        return None


class Alarm(NamedTuple):
    """Something timed that lies ahead.

    Attributes:
        moment: When; it comes before the events of that moment.
        rank: What goes first of two at one moment: breaches, in order, then moves.
        deadline: The place of the deadline that is breached; None for a move.
        candidate: The move; None for a breach.
    """

    moment: dt.date
    rank: tuple[int, int]
    deadline: int | None
    candidate: Candidate | None


def alarms(chart: Chart, stage: str, entered: dt.date | None, memory: Memory) -> Iterator[Alarm]:
    """What is timed for an account that stands in a stage, in no order."""
    for place, (deadline, clock) in enumerate(zip(chart.deadlines, memory.clocks, strict=True)):
        if deadline.breach is None or clock is None or clock.breached or not clock.runs:
            continue
        due = due_of(deadline, clock, memory.holds, chart.calendar)
        passed = None if due is None else later(due)
        if passed is not None:
            breach = max(passed, clock.start)  # an own limit may have passed before
            yield Alarm(breach, (0, place), place, None)
    if entered is None:
        return
    for place, candidate in enumerate(chart.timers[stage]):
        if candidate.place not in memory.tried:
            moment = _timed(candidate, entered, memory.holds, chart.calendar)
            if moment is not None:
                yield Alarm(moment, (1, place), None, candidate)


def _timed(
    candidate: Candidate, entered: dt.date, holds: Iterable[Hold], calendar: BusinessCalendar
) -> dt.date | None:
    move = candidate.transition
    assert move.after is not None  # noqa: S101 - a timer has one
    moment = move.after.after(entered, calendar)
    if not move.pauses:
        return moment
    return _shifted(moment, entered, holds, _pusher(move.after, calendar), lambda moment: moment)


def due_of(
    deadline: Deadline, clock: Clock, holds: Iterable[Hold], calendar: BusinessCalendar
) -> dt.date | None:
    """Until when a deadline is in time; None while its clock stands still.

    >>> limit = Deadline(name="live", since="signed", by="live", within="10 days", pauses=True)
    >>> clock = Clock(dt.date(2026, 3, 1))
    >>> due_of(limit, clock, [(dt.date(2026, 3, 4), dt.date(2026, 3, 9))], BusinessCalendar())
    datetime.date(2026, 3, 16)
    """
    span = deadline.within
    due = clock.limit if span is None else span.after(clock.start, calendar)
    if due is None:
        return None
    if not deadline.pauses:
        return due
    counted = _while_it_ran(clock, holds)
    return _shifted(due, clock.start, counted, _pusher(span, calendar), later)


def _while_it_ran(clock: Clock, holds: Iterable[Hold]) -> Iterable[Hold]:
    """Holds up to when the clock was stopped; what comes later does not move it."""
    stopped = clock.waived if clock.met is None else clock.met
    if stopped is None:
        return holds
    return [
        (began, stopped if ended is None else min(ended, stopped))
        for began, ended in holds
        if began < stopped
    ]


def _shifted(
    moment: dt.date,
    start: dt.date,
    holds: Iterable[Hold],
    push: Callable[[dt.date, dt.date, dt.date], dt.date],
    passes: Callable[[dt.date], dt.date | None],
) -> dt.date | None:
    """The moment, put off by each hold that began before it passes; None in one that lasts.

    It never comes to lie inside a hold, as it else could in one that takes no business day.
    """
    for began, ended in holds:
        passed = passes(moment)
        if passed is not None and began >= passed:
            break
        if ended is None:
            return None
        if ended > start:
            moment = max(push(moment, max(began, start), ended), ended)
    return moment


def _pusher(
    span: Span | None, calendar: BusinessCalendar
) -> Callable[[dt.date, dt.date, dt.date], dt.date]:
    """What a hold does to a moment: it adds its length, counted as the span counts."""

    def push(moment: dt.date, began: dt.date, ended: dt.date) -> dt.date:
        if span is None or span.unit is not Unit.BUSINESS_DAY:
            return _put_off(moment, ended - began, span)
        lost = calendar.count(moments.utc_day(began), moments.utc_day(ended))
        return Span(lost, Unit.BUSINESS_DAY).after(moment, calendar) if lost else moment

    return push


def _put_off(moment: dt.date, lost: dt.timedelta, span: Span | None) -> dt.date:
    """The moment so much later; an own limit put off beyond the last moment is none any more."""
    try:
        return moment + lost
    except OverflowError:
        if span is None:
            is_instant = isinstance(moment, dt.datetime)
            return dt.datetime.max.replace(tzinfo=dt.UTC) if is_instant else dt.date.max
        given = f"{span} that end on {moment}, put off by a hold"
        raise PeriodError(given, "a result in the years 1 to 9999") from None


def deadline_state(
    deadline: Deadline,
    clock: Clock | None,
    holds: Iterable[Hold],
    calendar: BusinessCalendar,
    as_of: dt.date,
) -> DeadlineState:
    """How a deadline stands at a moment.

    >>> limit = Deadline(name="live", since="signed", by="live", within="10 days")
    >>> clock = Clock(dt.date(2026, 3, 1))
    >>> at = [deadline_state(limit, clock, (), BusinessCalendar(), dt.date(2026, 3, day))
    ...       for day in (11, 12)]
    >>> [str(state.status) for state in at]
    ['open', 'missed']
    """
    if clock is None:
        return DeadlineState(name=deadline.name, status=DeadlineStatus.NOT_STARTED)
    holds = tuple(holds)
    due = due_of(deadline, clock, holds, calendar)
    status = _status(deadline, clock, due, as_of)
    stands_still = due is None and status is DeadlineStatus.OPEN  # only a hold leaves it open so
    return DeadlineState(
        name=deadline.name,
        status=status,
        start=clock.start,
        due=due,
        met=clock.met,
        waived=clock.waived,
        held=holds[-1][0] if stands_still else None,
    )


def _status(
    deadline: Deadline, clock: Clock, due: dt.date | None, as_of: dt.date
) -> DeadlineStatus:
    if clock.waived is not None:
        return DeadlineStatus.WAIVED
    if deadline.due is not None and clock.limit is None:
        return DeadlineStatus.UNKNOWN
    if clock.met is not None:
        assert due is not None  # noqa: S101 - only a clock that runs can stand still
        return DeadlineStatus.MET if clock.met <= due else DeadlineStatus.LATE
    after = None if due is None else later(due)
    passed = after is not None and moments.is_by(after, as_of)
    return DeadlineStatus.MISSED if passed else DeadlineStatus.OPEN
