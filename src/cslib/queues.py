"""Queues: which issue is next, by when it is due, and whose turn it is.

A :class:`ServiceLevel` promises in how much working time an issue is solved, by its priority. The
clock of an issue counts while it is our turn: it stands while the customer is asked something or
has a solution to judge, and goes on where it stood when they answer (P10, Sensors Data). So there
is one instant at which an issue is due, and one order of those that it is our turn with.

The rulings where two readers could differ are in ``docs/semantics.md``, "Service work".
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from types import MappingProxyType
from typing import TypeAlias

import attrs

from cslib.documents import document, fingerprint
from cslib.errors import DefinitionError, Fault, suggestion
from cslib.faults import (
    check_kind,
    exact_decimal,
    name_faults,
    refuse,
    several,
    shown,
    text_faults,
    unique_faults,
)
from cslib.issues import Issue, State
from cslib.workinghours import WorkingHours, utc_instant

__all__ = ["Queue", "ServiceLevel", "Standing", "Target"]

_MOST_HOURS = 100_000

_Turn: TypeAlias = tuple[dt.datetime, dt.datetime, dt.timedelta]
"""From when to when it was our turn, and how much working time that was."""


# --------------------------------------------------------------------------------------
# What is promised


def _hours(value: Decimal | int | str) -> Decimal:
    hours = exact_decimal(value)
    is_number = isinstance(hours, Decimal) and hours.is_finite()
    if is_number and 0 < hours <= _MOST_HOURS and _is_whole(hours):
        return hours
    expected = f"exact hours above 0 and up to {_MOST_HOURS:,}, in whole seconds"
    problem = f"expected {expected}, but got {shown(value)}"
    raise DefinitionError("target", (Fault("$.hours", problem),))


def _is_whole(hours: Decimal) -> bool:
    return (Fraction(hours) * 3600).denominator == 1


@attrs.frozen(kw_only=True)
class Target:
    """In how much working time an issue of a priority is solved.

    Attributes:
        priority: The name of the priority.
        hours: Working hours from opening to solution, above 0, in whole seconds; no floats.

    Raises:
        DefinitionError: If the priority is no name, or the hours are out of bounds.
    """

    priority: str
    hours: Decimal = attrs.field(converter=_hours)

    def __attrs_post_init__(self) -> None:
        refuse("target", name_faults("$.priority", self.priority))

    @property
    def time(self) -> dt.timedelta:
        """The same as a span of time."""
        return dt.timedelta(seconds=int(Fraction(self.hours) * 3600))


def _targets(targets: Iterable[Target]) -> tuple[Target, ...]:
    return several("service level", "$.targets", targets, Target)


@document("service_level", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class ServiceLevel:
    """By when issues are solved, by their priority, and so in which order.

    Attributes:
        name: Its name.
        calendar: The working hours in which the clock runs.
        targets: One for each priority, the highest priority first.
        source: Where it comes from.

    Raises:
        DefinitionError: With every fault: no name, no targets, two of one priority.

    >>> from cslib.workinghours import Opening
    >>> level = ServiceLevel(
    ...     name="gold",
    ...     calendar=WorkingHours(openings=[Opening(opens="09:00", closes="17:00")]),
    ...     targets=[Target(priority="high", hours=4), Target(priority="low", hours=16)],
    ... )
    >>> nine = dt.datetime(2026, 6, 30, 9, tzinfo=dt.UTC)
    >>> issues = [
    ...     Issue(id="I1", account="acme", opened_at=nine, priority="low"),
    ...     Issue(id="I2", account="birch", opened_at=nine, priority="high"),
    ... ]
    >>> print(level.queue(issues, as_of=nine + dt.timedelta(hours=5)))
    1. I2 (birch): high, overdue since 2026-06-30 13:00:00+00:00; value unknown
    2. I1 (acme): low, due 2026-07-01 17:00:00+00:00, 11 h left; value unknown
    """

    name: str
    calendar: WorkingHours
    targets: tuple[Target, ...] = attrs.field(converter=_targets)
    source: str = ""

    def __attrs_post_init__(self) -> None:
        names = [target.priority for target in self.targets]
        faults = [
            *name_faults("$.name", self.name),
            *unique_faults("$.targets", names, end=".priority"),
            *text_faults("$.source", self.source),
        ]
        if not isinstance(self.calendar, WorkingHours):
            given = shown(self.calendar)
            faults.append(Fault("$.calendar", f"expected WorkingHours, but got {given}"))
        if not self.targets:
            faults.append(Fault("$.targets", "expected one target or more, but got none"))
        refuse(f"service level {self.name!r}", faults)

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition an issue was judged."""
        return fingerprint(self)

    def standing(self, issue: Issue, *, as_of: dt.datetime) -> Standing:
        """Where one issue stands, and how its clock does.

        Args:
            issue: The issue.
            as_of: The instant for which it is asked; what happened then counts, and nothing later.

        Raises:
            DefinitionError: If it is none, its priority has no target, or it was opened after
                ``as_of``.
            MomentError: If ``as_of`` is no aware datetime.
        """
        now = utc_instant(as_of, "as_of")
        check_kind("issue", issue, Issue)
        faults = [*self._priority_faults(issue)]
        if issue.opened_at > now:
            faults.append(Fault("$.opened_at", f"lies after as_of, {now}"))
        refuse(f"issue {issue.id!r}", faults)
        target = None if issue.priority is None else self.targets[self.places[issue.priority]]
        turns = tuple((*turn, self.calendar.worked(*turn)) for turn in issue.turns(now))
        due = None if target is None else self._due(turns, target.time, issue.state(now))
        return Standing(
            issue=issue,
            state=issue.state(now),
            since=issue.since(now),
            target=target,
            spent=sum((worked for _, _, worked in turns), dt.timedelta()),
            due=due,
            late=None if target is None else due is not None and due < turns[-1][1],
            level=self,
            as_of=now,
        )

    def queue(self, issues: Iterable[Issue], *, as_of: dt.datetime) -> Queue:
        """The issues that it is our turn with, in order, and whose turn the others are.

        The order is total: priority; the instant at which it is due; what is at stake, the more
        first and unknown last; the instant at which it was opened; id. One without a priority
        comes first, since somebody has to set it.

        Args:
            issues: The issues, in any order. One that stands there twice, all alike, is one.
            as_of: The instant for which it is asked; what happened then counts, and nothing later.

        Raises:
            DefinitionError: With every fault: two issues of one id that differ, a priority that has
                no target.
            MomentError: If ``as_of`` is no aware datetime.
        """
        now = utc_instant(as_of, "as_of")
        given = several("issues", "$", issues, Issue)
        refuse("issues", self._issue_faults(given))
        distinct = {each.id: each for each in given}.values()
        known = [self.standing(each, as_of=now) for each in distinct if each.opened_at <= now]
        ours = [each for each in known if each.state is State.OPEN]
        return Queue(
            entries=tuple(sorted(ours, key=attrgetter("rank"))),
            waiting=_longest_first(known, State.WAITING, State.SOLVED),
            closed=_longest_first(known, State.CLOSED),
            later=tuple(sorted(each.id for each in distinct if each.opened_at > now)),
            duplicates=len(given) - len(distinct),
            as_of=now,
            definition=self.fingerprint,
        )

    @functools.cached_property
    def places(self) -> Mapping[str | None, int]:
        """The place of each priority, the highest first; ahead of all, where there is none."""
        places = {each.priority: place for place, each in enumerate(self.targets)}
        return MappingProxyType({None: -1, **places})

    def _issue_faults(self, issues: Iterable[Issue]) -> Iterator[Fault]:
        """Of each issue by its place: another of its id, and a priority without a target."""
        first: dict[str, Issue] = {}
        for place, issue in enumerate(issues):
            if first.setdefault(issue.id, issue) != issue:
                yield Fault(f"$[{place}].id", f"{issue.id!r} stands twice, and the two differ")
            yield from (fault.under(f"$[{place}]") for fault in self._priority_faults(issue))

    def _priority_faults(self, issue: Issue) -> Iterator[Fault]:
        if issue.priority is not None and issue.priority not in self.places:
            names = [target.priority for target in self.targets]
            hint = suggestion(issue.priority, names) or f"; expected one of {', '.join(names)}"
            yield Fault("$.priority", f"unknown priority {issue.priority!r}{hint}")

    def _due(
        self, turns: tuple[_Turn, ...], left: dt.timedelta, state: State
    ) -> dt.datetime | None:
        """When the target is used up; None where the clock stands before it is."""
        for start, _, worked in turns:
            if left <= worked:
                return self.calendar.due(start, left)
            left -= worked
        return self.calendar.due(turns[-1][1], left) if state is State.OPEN else None


def _longest_first(standings: Iterable[Standing], *states: State) -> tuple[Standing, ...]:
    found = (each for each in standings if each.state in states)
    return tuple(sorted(found, key=lambda each: (each.since, each.issue.id)))


# --------------------------------------------------------------------------------------
# The answer


_WHOSE_TURN = {
    State.WAITING: "asked since",
    State.SOLVED: "solved, not agreed since",
    State.CLOSED: "agreed",
}


@attrs.frozen(kw_only=True)
class Standing:
    """Where an issue stands at an instant, and how its clock does.

    Attributes:
        issue: The issue.
        state: Where it stands.
        since: Since when.
        target: What is promised; None while it has no priority.
        spent: Working time in which it was our turn.
        due: When the target is used up, or was; None where the clock stands before that, and
            where there is no target.
        late: Whether it was our turn after that; None without a target. What is solved at the due
            instant is in time.
        level: The service level that was asked.
        as_of: The instant for which it was asked, in UTC.
    """

    issue: Issue
    state: State
    since: dt.datetime
    target: Target | None
    spent: dt.timedelta
    due: dt.datetime | None
    late: bool | None
    level: ServiceLevel = attrs.field(repr=False)
    as_of: dt.datetime = attrs.field(repr=False)

    @property
    def left(self) -> dt.timedelta | None:
        """Working time left; 0 or less where it is overdue, None without a target."""
        return None if self.target is None else self.target.time - self.spent

    @property
    def rank(self) -> tuple[object, ...]:
        """What orders the queue: priority, due, value, opened, id."""
        value = self.issue.value
        due = self.due or dt.datetime.max.replace(tzinfo=dt.UTC)
        stake = (value is None, 0 if value is None else -Fraction(value))
        place = self.level.places[self.issue.priority]
        return place, due, *stake, self.issue.opened_at, self.issue.id

    @property
    def reason(self) -> str:
        """Why it stands where it does, in words; instants by the clock of the calendar."""
        value = "value unknown" if self.issue.value is None else f"value {self.issue.value}"
        return f"{self._promise}; {value}"

    @property
    def _promise(self) -> str:
        if self.state is not State.OPEN:
            name = "no priority" if self.target is None else self.target.priority
            return f"{name}, {_WHOSE_TURN[self.state]} {self._by_clock(self.since)}, {self._so_far}"
        if self.target is None or self.due is None:
            return "no priority yet: set it first"
        name, due = self.target.priority, self._by_clock(self.due)
        if self.late:
            return f"{name}, overdue since {due}"
        return f"{name}, due {due}, {_words(self.target.time - self.spent)} left"

    @property
    def _so_far(self) -> str:
        judged = {None: "", True: "late ", False: "in time "}[self.late]
        return f"{judged}after {_words(self.spent)}"

    def _by_clock(self, instant: dt.datetime) -> str:
        return str(instant.astimezone(self.level.calendar.tzinfo))

    def __str__(self) -> str:
        return f"{self.issue.id} ({self.issue.account}): {self.reason}"


def _words(span: dt.timedelta) -> str:
    """``26 h 5 min``; what is 0 is left out."""
    minutes, seconds = divmod(span, dt.timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds.total_seconds(), "s"))
    return " ".join(f"{count:g} {unit}" for count, unit in parts if count) or "0 min"


@attrs.frozen(kw_only=True)
class Queue:
    """What is next, and whose turn the rest is: every issue is in one part.

    Attributes:
        entries: The issues that it is our turn with, in order.
        waiting: Those that the customer has, asked something or with a solution to judge; the
            longest first. None of them closes by itself.
        closed: Those that the customer agreed are solved; the earliest first.
        later: The ids of those opened after ``as_of``.
        duplicates: How many stood there once more, all alike.
        as_of: The instant for which it was asked, in UTC.
        definition: The fingerprint of the service level.
    """

    entries: tuple[Standing, ...]
    waiting: tuple[Standing, ...]
    closed: tuple[Standing, ...]
    later: tuple[str, ...]
    duplicates: int
    as_of: dt.datetime
    definition: str

    @property
    def overdue(self) -> tuple[Standing, ...]:
        """Of the entries those that are late, in order."""
        return tuple(each for each in self.entries if each.late)

    def __str__(self) -> str:
        lines = (f"{place}. {each}" for place, each in enumerate(self.entries, start=1))
        return "\n".join(lines) or "nothing to do"
