"""Funnels: how many accounts get from one stage to the next, and how many in time.

A part of :mod:`cslib.lifecycle`, on top of :mod:`cslib.visits`.

Who has not moved on yet has neither converted nor been lost. Such accounts are *under way*: they
are shown apart and stand in no denominator. What they may still come to is said as two bounds
(:attr:`Conversion.bounds`). The figures are of accounts, and an interval speaks of which of
them converted, each independently of the others.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import check_lengths, refuse_rows
from cslib.journeys import DeadlineStatus, Journey
from cslib.periods import Period
from cslib.rates import Rate
from cslib.series import BY_CONTENT, read_only, text_table
from cslib.stages import inside
from cslib.stays import members, stays, stays_in
from cslib.visitcolumns import (
    VisitTableError,
    by_moments,
    code_column,
    limit_of,
    moment,
    moment_column,
    moments_of,
    one_moment,
    settle,
)
from cslib.visits import VisitTable

if TYPE_CHECKING:
    from cslib.journeycolumns import JourneyColumns

__all__ = [
    "DEADLINE_STATUSES",
    "Activation",
    "Cohort",
    "Conversion",
    "DeadlineTable",
    "Funnel",
    "TransitionMatrix",
    "activation",
    "funnel",
    "transition_matrix",
]

Column: TypeAlias = npt.NDArray[Any]
Integers: TypeAlias = npt.NDArray[np.int64]

DEADLINE_STATUSES = tuple(map(str, DeadlineStatus))
"""How a deadline may stand, in the order of the codes that :class:`DeadlineTable` holds."""


# --------------------------------------------------------------------------------------
# The funnel


@attrs.frozen(kw_only=True)
class Conversion:
    """What became of the accounts that reached a stage, seen from one further on.

    ``reached = converted + under_way + elsewhere``.

    Attributes:
        source: The stage that they reached.
        target: The stage that they were to reach after it.
        reached: How many reached ``source``.
        converted: How many of them reached ``target`` after it.
        under_way: How many did not, and stand now in a stage of the funnel before ``target``: they
            may yet.
        elsewhere: How many did not, and stand somewhere else: lost, put aside, or further on by a
            way round ``target``.

    >>> step = Conversion(source="trial", target="customer", reached=10, converted=4, under_way=2,
    ...                   elsewhere=4)
    >>> step.rate
    4 of 8 = 50.0 % (21.5 to 78.5 %, 95 % Wilson); left out: 2 under way
    >>> [f"{bound:.0%}" for bound in step.bounds]
    ['40%', '60%']
    """

    source: str
    target: str
    reached: int
    converted: int
    under_way: int
    elsewhere: int

    @property
    def rate(self) -> Rate:
        """Converted, of those of whom it is decided.

        Who converts fast is decided early, so a young book shows a rate that differs from the one
        that it will come to; :attr:`bounds` hold that one.
        """
        excluded = {"under way": self.under_way} if self.under_way else {}
        decided = self.converted + self.elsewhere
        return Rate.of_counts(self.converted, decided, excluded=excluded)

    @property
    def bounds(self) -> tuple[Rate, Rate]:
        """The rate if none of those under way ever converts, and if all of them do."""
        most = self.converted + self.under_way
        return Rate.of_counts(self.converted, self.reached), Rate.of_counts(most, self.reached)


@attrs.frozen(kw_only=True)
class Funnel:
    """How many accounts reached each of several stages, one after another.

    Attributes:
        accounts: How many there are.
        stages: The stages, in the order asked.
        reached: How many reached each, having reached those before it in this order.
        conversions: From each stage to the next.
    """

    accounts: int
    stages: tuple[str, ...]
    reached: tuple[int, ...]
    conversions: tuple[Conversion, ...]

    @property
    def overall(self) -> Conversion:
        """From the first stage to the last."""
        return Conversion(
            source=self.stages[0],
            target=self.stages[-1],
            reached=self.reached[0],
            converted=self.reached[-1],
            under_way=sum(step.under_way for step in self.conversions),
            elsewhere=sum(step.elsewhere for step in self.conversions),
        )

    def __str__(self) -> str:
        """The table for people, a row for each conversion."""
        heads = ("from", "to", "reached", "converted", "under way", "elsewhere", "rate")
        rows = [
            [
                *(each.source, each.target),
                *map(str, (each.reached, each.converted, each.under_way, each.elsewhere)),
                f"{each.rate:.1%}",
            ]
            for each in self.conversions
        ]
        return text_table(heads, rows, most=len(rows))


def funnel(table: VisitTable, stages: Iterable[str]) -> Funnel:
    """How many accounts reached each of the stages in turn, and where the others are.

    An account counts for a stage if it entered it after it had reached the one before; other
    stages may lie between. A stage with others inside is entered with the first of them, so one
    that lies in the stage before it may be entered at the same time. An account that is in the
    first stage from the start has reached it.

    Args:
        table: The visits.
        stages: Two or more; a stage may be asked for again (``in_use``, ``renewal``, ``in_use``).

    Raises:
        VisitTableError: If there are fewer than two, or there is no such stage.

    >>> days = np.array(["NaT", "2026-03-01", "NaT", "NaT", "2026-03-05"], "datetime64[D]")
    >>> ends = np.array(["2026-03-01", "NaT", "NaT", "2026-03-05", "NaT"], "datetime64[D]")
    >>> table = VisitTable(
    ...     accounts=["ada", "bo", "cy"], stages=("trial", "customer", "lost"),
    ...     account=[0, 0, 1, 2, 2], stage=[0, 1, 0, 0, 2], entered=days, left=ends,
    ...     as_of=np.datetime64("2026-03-31"),
    ... )
    >>> print(funnel(table, ("trial", "customer")))
     from        to  reached  converted  under way  elsewhere   rate
    trial  customer        3          1          1          1  50.0%
    """
    names = tuple(stages)
    if isinstance(stages, str) or len(names) < 2:
        raise VisitTableError("stages", None, f"are {stages!r}: expected two or more, in order")
    first = np.full(table.accounts.size, -1, np.int64)  # the row by which each reached the stage
    here = np.ones(first.size, np.bool_)
    masks = []
    for before, name in zip(("", *names), names, strict=False):
        at_once = name != before and inside(name, before)
        first, here = _reached(table, name, first, here, at_once=at_once)
        masks.append(here)
    standing = table.stage[table.lasting]
    return Funnel(
        accounts=table.accounts.size,
        stages=names,
        reached=tuple(int(mask.sum()) for mask in masks),
        conversions=_conversions(table.stages, names, masks, standing),
    )


def _reached(
    table: VisitTable, name: str, since: Integers, here: Column, *, at_once: bool
) -> tuple[Integers, Column]:
    """The first stay in a stage after the given row of each account, and who has one."""
    found = stays_in(table, name)
    after = here[found.account] & (found.row + at_once > since[found.account])
    account, row = found.account[after], found.row[after]
    earliest = np.append(True, account[1:] != account[:-1])[: account.size]
    first, reached = np.full_like(since, -1), np.zeros_like(here)
    first[account[earliest]] = row[earliest]
    reached[account[earliest]] = True
    return first, reached


def _conversions(
    known: tuple[str, ...], names: tuple[str, ...], masks: list[Column], standing: Column
) -> tuple[Conversion, ...]:
    waits = np.zeros(len(known), np.bool_)  # stages of the funnel up to the source
    steps = []
    for (source, before), (target, now) in itertools.pairwise(zip(names, masks, strict=True)):
        waits[[known.index(stage) for stage in members(known, source)]] = True
        rest = before & ~now
        under_way = int(waits[standing[rest]].sum())
        step = Conversion(
            source=source,
            target=target,
            reached=int(before.sum()),
            converted=int(now.sum()),
            under_way=under_way,
            elsewhere=int(rest.sum()) - under_way,
        )
        steps.append(step)
    return tuple(steps)


# --------------------------------------------------------------------------------------
# From stage to stage


@attrs.frozen(kw_only=True, repr=False)
class TransitionMatrix:
    """How often accounts went from each stage to each other one.

    Attributes:
        stages: The stages, for rows and columns.
        counts: How many stays in the row's stage ended in the column's, shape ``(n, n)``.
        still: How many stays in each stage last still, shape ``(n,)``.
    """

    stages: tuple[str, ...]
    counts: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    still: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)

    @property
    def stays(self) -> Integers:
        """How many stays each stage had: those that ended, and those that last."""
        found: Integers = self.counts.sum(axis=1) + self.still
        return found

    @property
    def shares(self) -> np.ma.MaskedArray[Any, np.dtype[np.float64]]:
        """Of the stays in each stage, the share that ended in each other or lasts still.

        Shape ``(n, n + 1)``, the last column for those that last. A row adds up to 1; of a stage
        without stays it is masked, since its shares are undefined.
        """
        all_ways = np.column_stack([self.counts, self.still])
        total = self.stays[:, None]
        shares = np.divide(all_ways, total, out=np.zeros(all_ways.shape), where=total > 0)
        return np.ma.masked_array(shares, np.broadcast_to(total == 0, shares.shape))

    def __str__(self) -> str:
        """The counts as a table for people."""
        rows = [
            [name, *map(str, counts), str(still)]
            for name, counts, still in zip(
                self.stages, self.counts.tolist(), self.still.tolist(), strict=True
            )
        ]
        heads = ("from \\ to", *self.stages, "still there")
        return text_table(heads, rows, most=max(len(rows), 1))

    def __repr__(self) -> str:
        moves, still = int(self.counts.sum()), int(self.still.sum())
        return f"<TransitionMatrix of {len(self.stages)} stages: {moves:,} moves, {still:,} still>"


def transition_matrix(table: VisitTable, stages: Iterable[str] = ()) -> TransitionMatrix:
    r"""How often accounts went from each stage to each other one, and how many are there still.

    The share of a row is what bupaR's precedence matrix calls ``relative_antecedent``
    (https://bupaverse.github.io/processmapR/reference/precedence_matrix.html), with one difference:
    there the last activity of every case goes to ``End``, whether the case ended or goes on.

    Args:
        table: The visits.
        stages: Which stages, or stages around them, to name first; every stage that lies in none
            of them follows. What goes on inside a stage so named is no move.

    Raises:
        VisitTableError: As :func:`~cslib.stays.stays`.

    >>> table = VisitTable(
    ...     accounts=["ada", "bo"], stages=("trial", "customer"), account=[0, 0, 1],
    ...     stage=[0, 1, 0], entered=np.array(["NaT", "2026-03-01", "NaT"], "datetime64[D]"),
    ...     left=np.array(["2026-03-01", "NaT", "NaT"], "datetime64[D]"),
    ...     as_of=np.datetime64("2026-03-31"),
    ... )
    >>> print(transition_matrix(table))
    from \ to  trial  customer  still there
        trial      0         1            1
     customer      0         0            1
    """
    found = stays(table, stages)
    size = len(found.stages)
    lasts = np.isnat(found.left)
    source = found.stage[~lasts].astype(np.int64)
    target = found.stage[np.flatnonzero(~lasts) + 1]
    counts = np.bincount(source * size + target, minlength=size * size)
    still = np.bincount(found.stage[lasts], minlength=size)
    return TransitionMatrix(
        stages=found.stages, counts=counts.reshape(size, size), still=still.astype(np.int64)
    )


# --------------------------------------------------------------------------------------
# Activation: deadlines by cohort

_refuse = functools.partial(refuse_rows, VisitTableError)


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
            KeyError: If a journey has no deadline of that name.
            VisitTableError: If journeys are as of several moments, hold dates and instants, or
                there are none.
        """
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
            KeyError: If the lifecycle has no deadline of that name.
        """
        found = journeys.deadlines[name]
        return cls(started=found.start, due=found.due, status=found.status, as_of=journeys.as_of)

    def __repr__(self) -> str:
        return f"<DeadlineTable: {self.status.size:,} accounts, as of {self.as_of}>"

    @property
    def passed(self) -> Column:
        """Of which accounts the due moment has passed: ``due < as_of``."""
        found: Column = self.due < self.as_of
        return found


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
