"""Adoption: who took the first steps in time, and the three figures of a cohort (H2, K).

A part of :mod:`cslib.health` over :mod:`cslib.usage`. Customer success reads one figure in each
period of an account's life: the activation rate in the first days, the active rate in the middle,
the renewal rate at the end.

Conventions:

- First steps are a set of actions, each done once or more from the start on. They are done in time
  on the day ``start + within`` and before it; what was done before the start does not count.
- An account is decided once that day has passed, in whichever way it will be: before it, one can
  only be seen to succeed.
- The words are those of a lifecycle's deadlines, so that their columns make a
  :class:`cslib.activations.DeadlineTable`, which tells the months apart.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import check_lengths
from cslib.days import checked_day
from cslib.documents import document
from cslib.errors import Fault
from cslib.faults import name_faults, refuse, shown, unique_faults, whole_faults
from cslib.periods import Period
from cslib.rates import Rate
from cslib.series import BY_CONTENT, read_only
from cslib.usage import (
    UsageError,
    UsageTable,
    Use,
    by_days,
    check_as_of,
    check_usage,
    check_where,
    optional_days,
)

__all__ = ["STEP_STATUSES", "FirstSteps", "StepColumns", "StepStatus", "Steps", "ThreeFigures"]

Column: TypeAlias = npt.NDArray[Any]
Mask: TypeAlias = npt.NDArray[np.bool_]

_DAY = np.dtype("datetime64[D]")
_MOST_DAYS = 3_660


class StepStatus(enum.StrEnum):
    """How an account stands with its first steps."""

    NOT_STARTED = "not_started"
    """It has no start, or one after ``as_of``."""
    OPEN = "open"
    """Not all are done, and the last day is not over."""
    MET = "met"
    """All were done in time."""
    LATE = "late"
    """All were done, the last of them after the last day."""
    MISSED = "missed"
    """Not all are done, and the last day is over."""
    WAIVED = "waived"
    """Never so by itself: a lifecycle's deadline may be."""
    UNKNOWN = "unknown"
    """The log begins after the start, or uses of unknown action could make it met in time."""


STEP_STATUSES = tuple(map(str, StepStatus))
"""The statuses in the order of the codes that :class:`StepColumns` holds."""

_CODE = {status: code for code, status in enumerate(StepStatus)}


@attrs.frozen(kw_only=True)
class Steps:
    """How one account stands with its first steps.

    Attributes:
        status: How.
        due: The last day that is in time; None where it has not started or is not known.
        done: When the last of the actions was first done; None where one is not.
        first: When each action was first done from the start on; None where it was not.
        unclear: When a use of unknown action was first seen from the start on; None where none was.
    """

    status: StepStatus
    due: dt.date | None
    done: dt.date | None
    first: tuple[tuple[str, dt.date | None], ...]
    unclear: dt.date | None

    def __str__(self) -> str:
        listed = ", ".join(f"{action} {day or 'not yet'}" for action, day in self.first)
        due = f", due {self.due}" if self.due else ""
        return f"{self.status}{due}: {listed}"


@attrs.frozen(kw_only=True, repr=False)
class StepColumns:
    """How each account stands with its first steps, in columns.

    Attributes:
        started: When each started; NaT where it has not by ``as_of``.
        due: The last day that is in time; NaT where it has not started or is not known.
        done: When the last of the actions was first done; NaT where one is not.
        status: Codes, positions in :data:`STEP_STATUSES`.
        as_of: Up to the end of which day uses count.
        convention: The steps, in words.
    """

    started: Column = attrs.field(converter=read_only, eq=by_days)
    due: Column = attrs.field(converter=read_only, eq=by_days)
    done: Column = attrs.field(converter=read_only, eq=by_days)
    status: Column = attrs.field(converter=read_only, eq=BY_CONTENT)
    as_of: dt.date
    convention: str

    @property
    def deadlines(self) -> dict[str, Any]:
        """What :class:`cslib.activations.DeadlineTable` is made of."""
        columns = {"started": self.started, "due": self.due, "status": self.status}
        return {**columns, "as_of": self.as_of}

    @property
    def facts(self) -> dict[str, Any]:
        """What other rooms read: ``steps``, the status in words, and ``steps_done``, when."""
        return {"steps": np.array(STEP_STATUSES)[self.status], "steps_done": self.done}

    def rate(self, *, where: npt.ArrayLike | None = None) -> Rate:
        """The activation rate: done in time, of the accounts whose last day is over (H2).

        Args:
            where: Which accounts to ask about, a row for each, such as those of one cohort.

        Raises:
            UsageError: If ``where`` is no column of truths.
        """
        asked = check_where(where, self.status.size) & (
            self.status != _CODE[StepStatus.NOT_STARTED]
        )
        unknown = asked & (self.status == _CODE[StepStatus.UNKNOWN])
        over = asked & (self.due < np.datetime64(self.as_of, "D"))
        left_out = {
            "not yet due": int((asked & ~unknown & ~over).sum()),
            "not known": int(unknown.sum()),
        }
        return Rate.of_counts(
            int((over & (self.status == _CODE[StepStatus.MET])).sum()),
            int(over.sum()),
            convention=self.convention,
            excluded={reason: amount for reason, amount in left_out.items() if amount},
        )

    def __repr__(self) -> str:
        return f"<StepColumns: {self.status.size:,} accounts, as of {self.as_of}>"


def _tuple(given: Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@document("first_steps", version=1)
@attrs.frozen(kw_only=True)
class FirstSteps:
    """What an account shall have done soon after its start.

    Attributes:
        actions: The actions, each of which has to be done once or more.
        within: On how many days after the start at the latest, 1 to 3660.

    Raises:
        DefinitionError: With every fault.

    >>> steps = FirstSteps(actions=("import", "invite"), within=30)
    >>> uses = [Use(at=dt.date(2026, 6, 3), action="import"),
    ...         Use(at=dt.date(2026, 7, 1), action="invite")]
    >>> log = Period.parse("2026-06-01/2026-08-01")
    >>> print(steps.of(uses, started=dt.date(2026, 6, 1), as_of=dt.date(2026, 7, 2), observed=log))
    met, due 2026-07-01: import 2026-06-03, invite 2026-07-01
    """

    actions: tuple[str, ...] = attrs.field(converter=_tuple)
    within: int = 30

    def __attrs_post_init__(self) -> None:
        refuse("first steps", _faults(self))

    def __str__(self) -> str:
        return f"{', '.join(self.actions)} within {self.within} days"

    def of(
        self, uses: Iterable[Use], *, started: dt.date | None, as_of: dt.date, observed: Period
    ) -> Steps:
        """How one account stands.

        Args:
            uses: Its uses, in any order.
            started: The day from which the days are counted; None where there is none.
            as_of: Up to the end of which day uses count, one that the log covers.
            observed: The days that the log covers.

        Raises:
            UsageError: If the log does not cover the day.
            DayError: If the start is no date.
        """
        today = check_as_of(as_of, observed)
        nothing: tuple[tuple[str, dt.date | None], ...] = tuple(
            (each, None) for each in self.actions
        )
        if started is None or checked_day(started) > today:
            status = StepStatus.NOT_STARTED
            return Steps(status=status, due=None, done=None, first=nothing, unclear=None)
        counted = [use for use in uses if started <= use.day <= today and use.day in observed]
        first = tuple((name, _first(counted, name)) for name in self.actions)
        unclear = _first(counted, None)
        done = _last([day for _, day in first])
        maybe = _last([min(filter(None, (day, unclear)), default=None) for _, day in first])
        due = started + dt.timedelta(days=self.within)
        if done is not None and done <= due:
            status = StepStatus.MET
        elif started < observed.start or (maybe is not None and maybe <= due):
            status = StepStatus.UNKNOWN
        elif due >= today:
            status = StepStatus.OPEN
        else:
            status = StepStatus.MISSED if done is None else StepStatus.LATE
        shown_due = None if status is StepStatus.UNKNOWN else due
        return Steps(status=status, due=shown_due, done=done, first=first, unclear=unclear)

    def columns(self, table: UsageTable, started: npt.ArrayLike, *, as_of: dt.date) -> StepColumns:
        """How each account of a table stands; what :meth:`of` says of each.

        Args:
            table: The log.
            started: The day from which the days of each account are counted, NaT where none is.
            as_of: Up to the end of which day uses count, one that the log covers.

        Raises:
            UsageError: If the log does not cover the day, or ``started`` differs in length.
            DayError: If ``started`` is no column of days.
        """
        check_usage(table)
        today = table.check_day(as_of)
        since = optional_days("started", started)
        check_lengths(UsageError, {"accounts": table.accounts.size, "started": since.size})
        since = np.where(since > today, np.datetime64("NaT", "D"), since)
        started_by = ~np.isnat(since)
        counted = (table.day >= since[table.account]) & (table.day <= today)
        code = {name: place for place, name in enumerate(table.actions)}
        unclear = _firsts(table, counted & (table.action < 0))
        each = [_firsts(table, counted & (table.action == code.get(a, -2))) for a in self.actions]
        done = _latest(each)
        maybe = _latest([np.fmin(first, unclear) for first in each])
        due = since + np.timedelta64(self.within, "D")
        in_time, in_doubt = done <= due, maybe <= due
        before = since < np.datetime64(table.observed.start, "D")
        choices: list[tuple[Mask, StepStatus]] = [
            (~started_by, StepStatus.NOT_STARTED),
            (in_time, StepStatus.MET),
            (before | in_doubt, StepStatus.UNKNOWN),
            (np.asarray(due >= today), StepStatus.OPEN),
            (np.isnat(done), StepStatus.MISSED),
        ]
        codes = [_CODE[status] for _, status in choices]
        status = np.select([mask for mask, _ in choices], codes, _CODE[StepStatus.LATE])
        unknown = status == _CODE[StepStatus.UNKNOWN]
        return StepColumns(
            started=since,
            due=np.where(unknown, np.datetime64("NaT", "D"), due),
            done=done,
            status=status,
            as_of=as_of,
            convention=str(self),
        )


def _faults(steps: FirstSteps) -> Iterator[Fault]:
    if not steps.actions:
        yield Fault("$.actions", "expected at least one action, but got none")
    for place, action in enumerate(steps.actions):
        yield from name_faults(f"$.actions[{place}]", action)
    yield from unique_faults("$.actions", steps.actions, end="")
    yield from whole_faults("$.within", steps.within, 1, _MOST_DAYS)


def _first(uses: Sequence[Use], action: str | None) -> dt.date | None:
    return min((use.day for use in uses if use.action == action), default=None)


def _last(days: Sequence[dt.date | None]) -> dt.date | None:
    """The last of the days; None where one is not there."""
    known = [day for day in days if day is not None]
    return max(known) if len(known) == len(days) else None


def _firsts(table: UsageTable, rows: Mask) -> Column:
    """The first day of each account among some rows; NaT where it has none."""
    found = np.full(table.accounts.size, "NaT", _DAY)
    places = np.flatnonzero(rows)
    account, day = table.account[places], table.day[places]
    starts = np.flatnonzero(np.diff(account, prepend=-1))
    if starts.size:
        found[account[starts]] = np.minimum.reduceat(day, starts)
    return found


def _latest(columns: Sequence[Column]) -> Column:
    """The last of the days in each row; NaT where one is not there."""
    found: Column = np.maximum.reduce(columns)
    return found


# --------------------------------------------------------------------------------------
# Three figures


@attrs.frozen(kw_only=True)
class ThreeFigures:
    """The figures of the three periods of an account's life, for one cohort of accounts (H2, K).

    Each comes with its evidence, as the modules give it: :meth:`StepColumns.rate` or a lifecycle's
    activation, :func:`cslib.activity.active_rate`, the renewal rate of the cohort's contracts.

    Attributes:
        cohort: Whose figures they are, in words.
        activation: The rate in the first days.
        active: The rate in the middle.
        renewal: The rate at the end; undefined while nothing has fallen due.

    Raises:
        UsageError: If a figure is no rate.

    >>> print(ThreeFigures(cohort="began 2025-06", activation=Rate.of_counts(8, 10),
    ...                    active=Rate.of_counts(6, 10), renewal=Rate.of_counts(0, 0)))
    began 2025-06
      activation: 8 of 10 = 80.0 % (49.0 to 94.3 %, 95 % Wilson)
      active: 6 of 10 = 60.0 % (31.3 to 83.2 %, 95 % Wilson)
      renewal: 0 of 0 = undefined
    """

    cohort: str
    activation: Rate
    active: Rate
    renewal: Rate

    def __attrs_post_init__(self) -> None:
        for name, figure in self._figures():
            if not isinstance(figure, Rate):
                raise UsageError(name, None, f"is {shown(figure)}: expected a Rate")

    def __str__(self) -> str:
        return "\n".join([self.cohort, *(f"  {name}: {rate}" for name, rate in self._figures())])

    def _figures(self) -> Iterator[tuple[str, Rate]]:
        yield from (("activation", self.activation), ("active", self.active))
        yield "renewal", self.renewal
