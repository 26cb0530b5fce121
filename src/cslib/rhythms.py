"""Visit rhythms: when an account is to be visited, which visits served which date, what is due.

Regular visits follow a rhythm that fits the account (P12, K and N) and span its whole life in use
(L2, N). A :class:`Rhythm` is data; :func:`visits_due` sets the visits that were made against the
dates that it plans. A :class:`VisitPolicy` chooses an account's rhythm by an ordered table.

Conventions:

- Every date is counted from the anchor, the first day in use, and none from the visit before: a
  late visit shifts nothing. The anchor itself is no date of a visit.
- Where a date is no business day, the visit is due on the next one; the dates behind do not move.
- Each date has a window: from ``tolerance`` days before it is due up to the day on which the
  window of the next one opens. The first visit within serves it, early or late. Windows do not
  overlap, so that each visit serves one date or none.

The rulings where two readers could differ are in ``docs/semantics.md``, "Slots, rhythm, layer mix".
"""

from __future__ import annotations

import bisect
import datetime as dt
import enum
import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence

import attrs

from cslib.calendars import BusinessCalendar
from cslib.days import PeriodError, add_days, checked_day
from cslib.decisions import Decision, DecisionTable
from cslib.documents import document, fingerprint
from cslib.errors import CslibError, Fault, suggestion
from cslib.faults import (
    check_kind,
    name_faults,
    refuse,
    several,
    shown,
    text_faults,
    unique_faults,
    whole_faults,
)
from cslib.moments import utc_day
from cslib.periods import add_months
from cslib.rates import Rate
from cslib.spans import Span, Unit

__all__ = [
    "CustomerVisit",
    "Rhythm",
    "RhythmChoice",
    "RhythmError",
    "Suspension",
    "VisitDate",
    "VisitPlan",
    "VisitPolicy",
    "VisitStatus",
    "visits_due",
]


@attrs.define
class RhythmError(CslibError, ValueError):
    """Visits that cannot be set against a rhythm as they were given.

    Attributes:
        visit: The id of the visit at fault.
        problem: What is wrong with it, and the way out.
    """

    visit: str
    problem: str

    def __str__(self) -> str:
        return f"visit {self.visit!r}: {self.problem}"


# --------------------------------------------------------------------------------------
# The definition

_MOST_DATES = 10_000_000
_MONTHS = {Unit.MONTH: 1, Unit.YEAR: 12}
_DAYS = {Unit.DAY: 1, Unit.WEEK: 7}


def _every(given: object) -> Span:
    return Span.parse(given)


@document("rhythm", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Rhythm:
    """How often an account is to be visited.

    Attributes:
        name: Its name.
        every: From one date to the next, in days, weeks, months or years: ``"6 weeks"``.
        tolerance: How many days before it is due a visit counts for a date; fewer than lie between
            two dates.
        source: Where it comes from.

    Raises:
        DefinitionError: With every fault: no name, a span in hours or business days, a tolerance
            that reaches to the date before.

    >>> monthly = Rhythm(name="monthly", every="1 month", tolerance=7)
    >>> [str(monthly.planned(dt.date(2026, 1, 31), n)) for n in (1, 2, 3)]
    ['2026-02-28', '2026-03-31', '2026-04-30']
    """

    name: str
    every: Span = attrs.field(converter=_every)
    tolerance: int = 0
    source: str = ""

    def __attrs_post_init__(self) -> None:
        refuse(f"rhythm {self.name!r}", _rhythm_faults(self))

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which rhythm visits were found due."""
        return fingerprint(self)

    def planned(self, anchor: dt.date, n: int) -> dt.date:
        """The ``n``-th date, counted from the anchor, business day or not.

        Raises:
            DefinitionError: If ``n`` is no whole number.
            PeriodError: If it lies outside the years 1 to 9999.
        """
        refuse("date", whole_faults("$.n", n, -_MOST_DATES, _MOST_DATES))
        steps = n * self.every.count
        if self.every.unit in _MONTHS:
            return add_months(anchor, steps * _MONTHS[self.every.unit])
        return add_days(anchor, steps * _DAYS[self.every.unit])

    def __str__(self) -> str:
        return f"{self.name}: every {self.every}"


def _rhythm_faults(rhythm: Rhythm) -> Iterator[Fault]:
    yield from name_faults("$.name", rhythm.name)
    yield from text_faults("$.source", rhythm.source)
    if rhythm.every.unit not in {*_MONTHS, *_DAYS}:
        expected = "days, weeks, months or years, and business days by the calendar"
        yield Fault("$.every", f"expected a span in {expected}, but got {rhythm.every}")
    else:
        most = int(rhythm.every.least_days) - 1
        yield from whole_faults("$.tolerance", rhythm.tolerance, 0, most)


def _rhythms(rhythms: Iterable[Rhythm]) -> tuple[Rhythm, ...]:
    return several("visit policy", "$.rhythms", rhythms, Rhythm)


@document("visit_policy", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class VisitPolicy:
    """Which rhythm fits an account, by an ordered table.

    Attributes:
        name: Its name.
        table: Its outcomes are names of rhythms. An account that no row takes has none.
        rhythms: The rhythms, by name.

    Raises:
        DefinitionError: With every fault: an outcome without a rhythm, two rhythms of one name.

    >>> from cslib.decisions import Row
    >>> policy = VisitPolicy(
    ...     name="visits",
    ...     table=DecisionTable(name="rhythm", rows=[
    ...         Row(when="tier == 'red' or segment == 'key'", then="monthly"),
    ...         Row(when="segment == 'mid'", then="quarterly"),
    ...     ]),
    ...     rhythms=[Rhythm(name="monthly", every="1 month"),
    ...              Rhythm(name="quarterly", every="3 months")],
    ... )
    >>> print(policy.choose({"segment": "mid", "tier": "green"}))
    quarterly: every 3 months; quarterly: segment is “mid” (segment = 'mid')
    >>> print(policy.choose({"segment": "mid"}))
    no rhythm; unknown: monthly, or quarterly; ask for tier
    """

    name: str
    table: DecisionTable
    rhythms: tuple[Rhythm, ...] = attrs.field(converter=_rhythms)

    def __attrs_post_init__(self) -> None:
        faults = (
            *name_faults("$.name", self.name),
            *unique_faults("$.rhythms", (each.name for each in self.rhythms)),
            *_outcome_faults(self),
        )
        refuse(f"visit policy {self.name!r}", faults)

    def choose(self, account: object, *, as_of: object = None) -> RhythmChoice:
        """The rhythm of one account, and why.

        Args:
            account: Its facts: a mapping or an object.
            as_of: Today, for conditions that count days.

        Raises:
            FactError, AsOfError: As the rows' conditions do.
        """
        decision = self.table.decide(account, as_of=as_of)
        by_name = {each.name: each for each in self.rhythms}
        rhythm = None if decision.outcome is None else by_name[decision.outcome]
        return RhythmChoice(rhythm=rhythm, decision=decision)


def _outcome_faults(policy: VisitPolicy) -> Iterator[Fault]:
    if not isinstance(policy.table, DecisionTable):
        yield Fault("$.table", f"expected a DecisionTable, but got {shown(policy.table)}")
        return
    known = [each.name for each in policy.rhythms]
    for place, row in enumerate(policy.table.rows):
        if row.then not in known:
            problem = f"there is no rhythm {row.then!r}{suggestion(row.then, known)}"
            yield Fault(f"$.table.rows[{place}].then", problem)


@attrs.frozen(kw_only=True)
class RhythmChoice:
    """Which rhythm fits an account, and why.

    Attributes:
        rhythm: The rhythm; None where no row takes the account, or what is missing could decide.
        decision: The decision, with its row and the facts to ask for.
    """

    rhythm: Rhythm | None
    decision: Decision

    def __str__(self) -> str:
        return f"{self.rhythm or 'no rhythm'}; {self.decision.reason}"


# --------------------------------------------------------------------------------------
# What happened, and what is due


@attrs.frozen(kw_only=True)
class CustomerVisit:
    """A visit that was made.

    Attributes:
        id: Its id.
        on: Its day.

    Raises:
        DefinitionError: If the id is none.
        DayError: If the day is no date.
    """

    id: str
    on: dt.date = attrs.field(converter=checked_day)

    def __attrs_post_init__(self) -> None:
        refuse("visit", name_faults("$.id", self.id))


@attrs.frozen(kw_only=True)
class Suspension:
    """Days on which no visit is due; half-open.

    Unlike a hold of the lifecycle it stops no clock: the dates behind it stand where they stood.

    Attributes:
        start: First day of the suspension.
        end: First day after it; None where it has no end, as of an account no longer in use.
        reason: Why.

    Raises:
        DefinitionError: If the end is not after the start, or the reason is no text.
        DayError: If a day is no date.
    """

    start: dt.date = attrs.field(converter=checked_day)
    end: dt.date | None = None
    reason: str = ""

    def __attrs_post_init__(self) -> None:
        refuse("suspension", text_faults("$.reason", self.reason))
        if self.end is not None and checked_day(self.end) <= self.start:
            problem = f"expected an end after the start {self.start}, but got {self.end}"
            refuse("suspension", [Fault("$.end", problem)])

    def __contains__(self, day: dt.date) -> bool:
        """Whether the day lies inside."""
        return self.start <= day and (self.end is None or day < self.end)


class VisitStatus(enum.StrEnum):
    """How a date stands."""

    SERVED = "served"
    """A visit was made in its window."""
    MISSED = "missed"
    """Its window closed without a visit."""
    OVERDUE = "overdue"
    """It is past, and its window still open."""
    DUE = "due"
    """Its window is open, and it is not past."""
    AHEAD = "ahead"
    """Its window is not open yet."""
    SUSPENDED = "suspended"
    """It lies in a suspension: nothing is due."""
    JOINED = "joined with the next"
    """Holidays move it to the day of the next date: one visit is due for both."""


@attrs.frozen(kw_only=True)
class VisitDate:
    """One date of a rhythm, and what became of it.

    Attributes:
        n: Its number, counted from 1.
        planned: The date as counted from the anchor.
        due: The business day on which it is due.
        opens: First day on which a visit counts for it; None where none does: it is suspended, or
            joined with the next.
        closes: First day on which a visit counts for a later date; None where there is none.
        status: How it stands.
        visit: The visit that served it.
    """

    n: int
    planned: dt.date
    due: dt.date
    opens: dt.date | None = None
    closes: dt.date | None = None
    status: VisitStatus
    visit: CustomerVisit | None = None

    @property
    def days_late(self) -> int | None:
        """Days from the day it was due to the visit, negative for an early one; None without."""
        return None if self.visit is None else (self.visit.on - self.due).days

    def __str__(self) -> str:
        moved = "" if self.planned == self.due else f", due {self.due}"
        by = "" if self.visit is None else f" by {self.visit.id} on {self.visit.on}"
        return f"{self.n}: {self.planned}{moved}: {self.status}{by}{self._how_late}"

    @property
    def _how_late(self) -> str:
        days = self.days_late
        if not days:
            return ""
        return (
            f", {abs(days)} {'day' if abs(days) == 1 else 'days'} {'late' if days > 0 else 'early'}"
        )


@attrs.frozen(kw_only=True)
class VisitPlan:
    """The dates of a rhythm up to the next one, and the visits set against them.

    Attributes:
        rhythm: The rhythm.
        anchor: The day from which dates are counted.
        as_of: The day on which it stands so.
        dates: Every date up to the next one ahead that no visit has served, in order.
        extra: Visits that serve no date: the second in one window, or before the first window.
        later: Visits after ``as_of``, which are not looked at.
        definition: The fingerprint of the rhythm.
    """

    rhythm: Rhythm
    anchor: dt.date
    as_of: dt.date
    dates: tuple[VisitDate, ...]
    extra: tuple[CustomerVisit, ...]
    later: tuple[CustomerVisit, ...]
    definition: str = attrs.field(repr=False)

    def having(self, status: VisitStatus) -> tuple[VisitDate, ...]:
        """The dates that stand so."""
        return tuple(each for each in self.dates if each.status is status)

    @property
    def overdue(self) -> VisitDate | None:
        """The date that is past and can still be served; there is never more than one."""
        return next(iter(self.having(VisitStatus.OVERDUE)), None)

    @property
    def next(self) -> VisitDate | None:
        """The next date from ``as_of`` on not served; None behind an endless suspension."""
        ahead = (*self.having(VisitStatus.DUE), *self.having(VisitStatus.AHEAD))
        return next(iter(ahead), None)

    @property
    def kept(self) -> Rate:
        """Dates served, of those served or missed; what is open or suspended is in neither."""
        served = len(self.having(VisitStatus.SERVED))
        return Rate.of_counts(served, served + len(self.having(VisitStatus.MISSED)))

    def __str__(self) -> str:
        lines = [f"{self.rhythm}, from {self.anchor}", *map(str, self.dates)]
        return "\n  ".join([*lines, *(f"extra: {each.id} on {each.on}" for each in self.extra)])


def visits_due(
    rhythm: Rhythm,
    anchor: dt.date,
    visits: Iterable[CustomerVisit] = (),
    *,
    as_of: dt.date,
    calendar: BusinessCalendar | None = None,
    suspensions: Iterable[Suspension] = (),
) -> VisitPlan:
    """Which dates were served, missed or suspended, which is overdue, and which comes next.

    Args:
        rhythm: How often.
        anchor: The day from which dates are counted, such as the first day in use.
        visits: The visits made, in any order.
        as_of: The day of the answer, included; of an instant its day in UTC.
        calendar: The business days; without one every day is.
        suspensions: When nothing is due. The dates behind a suspension stand where they stood.

    Raises:
        DefinitionError: If the rhythm, the calendar, a visit or a suspension is none.
        RhythmError: If two visits have one id.
        DayError: If the anchor is no date.
        MomentError: If ``as_of`` is no moment.

    A late visit shifts nothing:

    >>> monthly = Rhythm(name="monthly", every="1 month", tolerance=7)
    >>> made = [CustomerVisit(id="v1", on=dt.date(2026, 3, 5)),
    ...         CustomerVisit(id="v2", on=dt.date(2026, 3, 27))]
    >>> print(visits_due(monthly, dt.date(2026, 1, 31), made, as_of=dt.date(2026, 4, 1)))
    monthly: every 1 month, from 2026-01-31
      1: 2026-02-28: served by v1 on 2026-03-05, 5 days late
      2: 2026-03-31: served by v2 on 2026-03-27, 4 days early
      3: 2026-04-30: ahead
    """
    today, made = utc_day(as_of, "as_of"), _in_order(visits)
    check_kind("rhythm", rhythm, Rhythm)
    if calendar is not None:
        check_kind("calendar", calendar, BusinessCalendar)
    idle = several("suspensions", "$", suspensions, Suspension)
    planned = _planned(rhythm, checked_day(anchor), today, calendar, idle)
    windows = _windows(planned, rhythm.tolerance)
    serving, extra = _served(windows, [each for each in made if each.on <= today])
    dates = _dates(planned, windows, serving, today)
    return VisitPlan(
        rhythm=rhythm,
        anchor=anchor,
        as_of=today,
        dates=tuple(_up_to_the_next(dates)),
        extra=extra,
        later=tuple(each for each in made if each.on > today),
        definition=rhythm.fingerprint,
    )


def _in_order(visits: Iterable[CustomerVisit]) -> list[CustomerVisit]:
    given = several("visits", "$", visits, CustomerVisit)
    made = sorted(given, key=lambda each: (each.on, each.id))
    seen: set[str] = set()
    for each in made:
        if each.id in seen:
            raise RhythmError(each.id, "stands twice; give each visit an id of its own")
        seen.add(each.id)
    return made


@attrs.frozen
class _Planned:
    """A date before it is known what became of it."""

    n: int
    planned: dt.date
    due: dt.date
    suspended: bool


def _planned(
    rhythm: Rhythm,
    anchor: dt.date,
    as_of: dt.date,
    calendar: BusinessCalendar | None,
    suspensions: Sequence[Suspension],
) -> list[_Planned]:
    """The dates up to the third due day ahead: one may be served, the next bounds the next."""
    found: list[_Planned] = []
    ahead: set[dt.date] = set()
    for each in _endless(rhythm, anchor, calendar, suspensions):
        found.append(each)
        if not each.suspended and each.due >= as_of:
            ahead.add(each.due)
        if len(ahead) == 3:
            break
    return found


def _endless(
    rhythm: Rhythm,
    anchor: dt.date,
    calendar: BusinessCalendar | None,
    suspensions: Sequence[Suspension],
) -> Iterator[_Planned]:
    """One date after another, up to the end of the calendar or into a suspension without an end."""
    for n in itertools.count(1):
        try:
            planned = rhythm.planned(anchor, n)
            due = planned if calendar is None else calendar.following(planned)
        except PeriodError:
            return
        within = [suspension for suspension in suspensions if due in suspension]
        yield _Planned(n, planned, due, bool(within))
        if any(suspension.end is None for suspension in within):
            return


def _windows(planned: Sequence[_Planned], tolerance: int) -> dict[int, dt.date]:
    """The number of each date that can be served, and the day on which its window opens."""
    windows: dict[int, dt.date] = {}
    last: dt.date | None = None
    for each, behind in itertools.zip_longest(planned, planned[1:]):
        joined = behind is not None and behind.due == each.due
        if not each.suspended and not joined:
            opens = add_days(each.due, -tolerance)
            windows[each.n] = opens if last is None else max(opens, add_days(last, 1))
            last = each.due
    return windows


def _served(
    windows: dict[int, dt.date], visits: Iterable[CustomerVisit]
) -> tuple[dict[int, CustomerVisit], tuple[CustomerVisit, ...]]:
    """The first visit of each window, and the visits that serve no date."""
    numbers, opens = list(windows), list(windows.values())
    serving: dict[int, CustomerVisit] = {}
    extra: list[CustomerVisit] = []
    for visit in visits:
        place = bisect.bisect_right(opens, visit.on) - 1
        if place < 0 or numbers[place] in serving:
            extra.append(visit)
        else:
            serving[numbers[place]] = visit
    return serving, tuple(extra)


def _dates(
    planned: Sequence[_Planned],
    windows: dict[int, dt.date],
    serving: dict[int, CustomerVisit],
    as_of: dt.date,
) -> Iterator[VisitDate]:
    closes = dict(zip(windows, itertools.islice(windows.values(), 1, None), strict=False))
    for each in planned:
        date = VisitDate(
            n=each.n,
            planned=each.planned,
            due=each.due,
            opens=windows.get(each.n),
            closes=closes.get(each.n),
            status=VisitStatus.SUSPENDED if each.suspended else VisitStatus.JOINED,
            visit=serving.get(each.n),
        )
        yield date if date.opens is None else attrs.evolve(date, status=_status(date, as_of))


def _status(date: VisitDate, as_of: dt.date) -> VisitStatus:
    if date.visit is not None:
        return VisitStatus.SERVED
    if date.closes is not None and date.closes <= as_of:
        return VisitStatus.MISSED
    if date.due < as_of:
        return VisitStatus.OVERDUE
    return VisitStatus.DUE if date.opens is not None and date.opens <= as_of else VisitStatus.AHEAD


def _up_to_the_next(dates: Iterable[VisitDate]) -> Iterator[VisitDate]:
    for each in dates:
        yield each
        if each.status in (VisitStatus.DUE, VisitStatus.AHEAD):
            return
