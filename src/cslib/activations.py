"""Activations: how many accounts meet a deadline in time, by the month in which it began.

A part of :mod:`cslib.lifecycle`. The deadlines of many accounts are one :class:`DeadlineTable`,
whether it was made from journeys or from the columns of a bulk replay.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import check_lengths, refuse_rows
from cslib.journeys import DeadlineStatus, Journey, UnknownDeadlineError
from cslib.periods import Period
from cslib.rates import Rate
from cslib.series import BY_CONTENT, text_table
from cslib.visitcolumns import (
    VisitTableError,
    by_moments,
    check_journeys,
    code_column,
    limit_of,
    moment,
    moment_column,
    moments_of,
    one_moment,
    settle,
)

if TYPE_CHECKING:
    from cslib.journeycolumns import JourneyColumns

__all__ = ["DEADLINE_STATUSES", "Activation", "Cohort", "DeadlineTable", "activation"]

Column: TypeAlias = npt.NDArray[Any]

DEADLINE_STATUSES = tuple(map(str, DeadlineStatus))
"""How a deadline may stand, in the order of the codes that :class:`DeadlineTable` holds."""

_refuse = functools.partial(refuse_rows, VisitTableError)


# --------------------------------------------------------------------------------------
# The deadlines


@attrs.frozen(kw_only=True, repr=False)
class DeadlineTable:
    """How one deadline stands for many accounts, in columns of a row for each.

    Attributes:
        started: When the clock began, days or instants in UTC; NaT where it has not.
        due: Until when it is in time, of the same kind; NaT where the clock has not begun, while it
            stands still, and where the limit is not known. A limit of the account's own may lie
            before the start.
        status: Codes, positions in :data:`DEADLINE_STATUSES`.
        as_of: Up to when events counted, as a day or an instant of the same kind.

    Raises:
        VisitTableError: If columns differ in length, a code is none, or a status contradicts the
            moments.
        MomentError: If ``as_of`` is no date and no aware datetime.
    """

    started: Column = attrs.field(eq=by_moments)
    due: Column = attrs.field(eq=by_moments)
    status: Column = attrs.field(eq=BY_CONTENT)
    as_of: np.datetime64 = attrs.field(converter=moment, eq=str)  # NaT equals NaT

    def __attrs_post_init__(self) -> None:
        settle(self, ("started", "due"), moment_column)
        settle(self, ("status",), code_column)
        since, until, state = self.started, self.due, self.status
        lengths = {"started": since.size, "due": until.size, "status": state.size}
        check_lengths(VisitTableError, lengths)
        if since.dtype != until.dtype:
            message = f"holds {until.dtype}, but started {since.dtype}: expected one kind"
            raise VisitTableError("due", None, message)
        object.__setattr__(self, "as_of", limit_of(self.as_of, since.dtype))
        known = ", ".join(f"{code} {name}" for code, name in enumerate(DEADLINE_STATUSES))
        _refuse("status", state, state >= len(DEADLINE_STATUSES), f"expected one of {known}")
        self._check_moments()

    def _check_moments(self) -> None:
        since, until, state = self.started, self.due, self.status
        running, known = state != _NOT_STARTED, ~np.isnat(since)
        _refuse("started", since, running & ~known, "expected when it began")
        _refuse("started", since, ~running & known, "expected NaT, its status is not_started")
        if since.size and np.isnat(self.as_of):
            raise VisitTableError("as_of", None, "is NaT: expected up to when events count")
        _refuse("started", since, since > self.as_of, f"expected none after {self.as_of}")
        unknown = (state == _UNKNOWN) & ~np.isnat(until)
        _refuse("due", until, unknown, "expected NaT, its status is unknown")
        early = ((state == _LATE) | (state == _MISSED)) & ~self.passed
        _refuse("status", state, early, "late or missed, but not due before as_of")
        _refuse("status", state, (state == _OPEN) & self.passed, "open, but due before as_of")

    @classmethod
    def of_journeys(cls, journeys: Mapping[str, Journey], name: str) -> DeadlineTable:
        """How the deadline of a name stands in journeys by account, all as of one moment.

        Raises:
            UnknownDeadlineError: If a journey has no deadline of that name.
            VisitTableError: If journeys are as of several moments, hold dates and instants, or
                there are none.
        """
        check_journeys(journeys)
        as_of = one_moment(journey.as_of for journey in journeys.values())
        if as_of is None:
            raise VisitTableError("journeys", None, "are none: expected one or more")
        states = [journey.deadline(name) for journey in journeys.values()]
        moments = moments_of([each for state in states for each in (state.start, state.due)], as_of)
        codes = [DEADLINE_STATUSES.index(str(state.status)) for state in states]
        return cls(started=moments[0::2], due=moments[1::2], status=np.array(codes), as_of=as_of)

    @classmethod
    def of_columns(cls, journeys: JourneyColumns, name: str) -> DeadlineTable:
        """How the deadline of a name stands in journeys as columns.

        Raises:
            UnknownDeadlineError: If the lifecycle has no deadline of that name.
        """
        found = journeys.deadlines.get(name)
        if found is None:
            raise UnknownDeadlineError(name, tuple(journeys.deadlines))
        return cls(started=found.start, due=found.due, status=found.status, as_of=journeys.as_of)

    def __repr__(self) -> str:
        return f"<DeadlineTable: {self.status.size:,} accounts, as of {self.as_of}>"

    @property
    def passed(self) -> Column:
        """Of which accounts the due moment has passed: ``due < as_of``."""
        found: Column = self.due < self.as_of
        return found


# --------------------------------------------------------------------------------------
# The cohorts


@attrs.frozen(kw_only=True)
class Cohort:
    """The accounts whose deadline began to run in one month.

    ``started = in_time + late + missed + waived + unknown + early + open``; of the first three it
    is decided, of the last two it is not yet.

    Attributes:
        month: The month; None for all months together.
        in_time: Met it, and their due moment has passed.
        late: Met it after it was due.
        missed: Have not met it, and it was due.
        waived: It does not matter any more.
        unknown: Their own limit is not known.
        early: Met it, but it is not due yet.
        open: Have not met it, and it is not due yet.
    """

    month: Period | None
    in_time: int
    late: int
    missed: int
    waived: int
    unknown: int
    early: int
    open: int

    @property
    def started(self) -> int:
        """How many there are."""
        return self.decided + self.waived + self.unknown + self.early + self.open

    @property
    def decided(self) -> int:
        """How many were due and are not waived: the denominator of the three rates."""
        return self.in_time + self.late + self.missed

    @property
    def in_time_rate(self) -> Rate:
        """The activation rate: met in time, of those that were due (H2, K)."""
        return self._rate(self.in_time)

    @property
    def late_rate(self) -> Rate:
        """Met late, of those that were due."""
        return self._rate(self.late)

    @property
    def missed_rate(self) -> Rate:
        """Not met, of those that were due: hardly to be activated any more (L6, W)."""
        return self._rate(self.missed)

    def _rate(self, number: int) -> Rate:
        left_out = {
            "not yet due": self.early + self.open,
            "waived": self.waived,
            "of unknown limit": self.unknown,
        }
        excluded = {reason: amount for reason, amount in left_out.items() if amount}
        return Rate.of_counts(number, self.decided, excluded=excluded)


@attrs.frozen(kw_only=True)
class Activation:
    """The activation rate by month of start.

    Attributes:
        cohorts: Every month from the first to the last in which a deadline began to run.
        not_started: Accounts whose deadline has not begun to run; they belong to no month.
    """

    cohorts: tuple[Cohort, ...]
    not_started: int

    @property
    def total(self) -> Cohort:
        """All months together."""
        sums = {name: sum(getattr(each, name) for each in self.cohorts) for name in _FATES}
        return Cohort(month=None, **sums)

    @property
    def in_time_rates(self) -> np.ma.MaskedArray[Any, np.dtype[np.float64]]:
        """The rate of each month, masked where nobody was due yet: not known, and not 0."""
        values = [cohort.in_time_rate.value for cohort in self.cohorts]
        mask = [value is None for value in values]
        return np.ma.masked_array([float(value or 0) for value in values], mask, dtype=np.float64)

    def __str__(self) -> str:
        """The table for people, a row for each month."""
        heads = ("month", "started", *(name.replace("_", " ") for name in _FATES), "rate")
        rows = [
            [
                *map(str, (each.month, each.started)),
                *(str(getattr(each, name)) for name in _FATES),
                f"{each.in_time_rate:.1%}",
            ]
            for each in self.cohorts
        ]
        return text_table(heads, rows, most=max(len(rows), 1))


def activation(deadlines: DeadlineTable) -> Activation:
    """How many accounts met a deadline in time, by the month in which it began (H2, K; L6, W).

    A rate is of the accounts that were due, ``due < as_of``. Whoever met the deadline before it is
    due is left out like whoever has not: before the due moment an account can only be seen to
    succeed, so a rate that took the early ones in would stand at 100 % in every young month.

    >>> started = np.array(["2026-01-05", "2026-01-20", "2026-03-02"], "datetime64[D]")
    >>> statuses = [DEADLINE_STATUSES.index(name) for name in ("met", "missed", "open")]
    >>> table = DeadlineTable(started=started, due=started + 90, status=statuses,
    ...                       as_of=np.datetime64("2026-05-01"))
    >>> print(activation(table))
      month  started  in time  late  missed  waived  unknown  early  open       rate
    2026-01        2        1     0       1       0        0      0     0      50.0%
    2026-02        0        0     0       0       0        0      0     0  undefined
    2026-03        1        0     0       0       0        0      0     1  undefined
    """
    if not isinstance(deadlines, DeadlineTable):
        given = f"is of {type(deadlines).__name__}: expected a DeadlineTable"
        raise VisitTableError("deadlines", None, f"{given}, as its of_journeys gives")
    running = deadlines.status != _NOT_STARTED
    fate = _FATE_OF[deadlines.passed[running].astype(np.intp), deadlines.status[running]]
    return Activation(
        cohorts=_cohorts(deadlines.started[running].astype("datetime64[M]"), fate),
        not_started=int(running.size - running.sum()),
    )


_NOT_STARTED, _OPEN, _MET, _LATE, _MISSED, _WAIVED, _UNKNOWN = range(len(DEADLINE_STATUSES))
_FATES = ("in_time", "late", "missed", "waived", "unknown", "early", "open")
_FATE_OF = np.array([[-1, 6, 5, -1, -1, 3, 4], [-1, -1, 0, 1, 2, 3, -1]])
"""By whether it was due, and by status: the place in ``_FATES``; -1 contradicts itself."""


def _cohorts(month: Column, fate: Column) -> tuple[Cohort, ...]:
    """A cohort for every month from the first to the last."""
    if not month.size:
        return ()
    months = np.arange(month.min(), month.max() + np.timedelta64(1, "M"))
    place = (month - months[0]).astype(np.int64) * len(_FATES) + fate
    counts = np.bincount(place, minlength=months.size * len(_FATES))
    rows = counts.reshape(-1, len(_FATES)).tolist()
    return tuple(
        Cohort(month=Period.month(day.year, day.month), **dict(zip(_FATES, row, strict=True)))
        for day, row in zip(months.tolist(), rows, strict=True)
    )
