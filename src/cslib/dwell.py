"""Dwell: how long accounts stay in a stage, and where they get stuck.

A part of :mod:`cslib.lifecycle`, on top of :mod:`cslib.visits`.

An account that is in a stage still has stayed so long *at least*. It is neither dropped, which
would make every stage look fast, nor taken as if it left today: it is *censored*, and the median
is that of Kaplan and Meier (:mod:`cslib.survival`). A stay that began at an unknown time (in the
initial stage) says nothing of its length: it is left out and counted.

Time is in days of the calendar (:mod:`cslib.visits`). One account may stay more than once, and
each stay counts; the curve's interval takes them as independent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.rates import Rate
from cslib.series import BY_CONTENT, read_only
from cslib.stays import Stays, stays, stays_in
from cslib.survival import Curve, kaplan_meier
from cslib.visitcolumns import by_moments
from cslib.visits import VisitTable

__all__ = ["Bottleneck", "Dwell", "StageTimes", "bottlenecks", "dwell", "stage_times"]

Column: TypeAlias = npt.NDArray[Any]
Integers: TypeAlias = npt.NDArray[np.int64]


@attrs.frozen(kw_only=True)
class Dwell:
    """How long accounts stay in a stage.

    Attributes:
        stage: The stage.
        visits: How many stays there were.
        unknown: How many of them began at an unknown time; they are left out of all below but
            ``inside``.
        inside: How many last still.
        oldest: The id of the account that has been inside longest; None where there is none. Of
            several the first.
        oldest_days: For how many days it has.
        days: All days spent in the stage, up to now.
        curve: The share still inside by days since entering.
    """

    stage: str
    visits: int
    unknown: int
    inside: int
    oldest: object
    oldest_days: int | None
    days: int
    curve: Curve

    @property
    def median(self) -> float | None:
        """Days after which half have left; None where so many have not left yet."""
        return self.curve.median

    def __str__(self) -> str:
        median = "not reached" if self.median is None else f"{self.median:g} days"
        text = f"{self.stage}: {self.visits} stays, median {median}, {self.inside} inside"
        if self.oldest_days is not None:
            text += f", the oldest for {self.oldest_days} days"
        return text + (f"; {self.unknown} since an unknown time" if self.unknown else "")


def dwell(table: VisitTable, stage: str) -> Dwell:
    """How long accounts stay in a stage.

    Args:
        table: The visits.
        stage: A stage, or one with others inside; a stay in it lasts until it is left altogether.

    Raises:
        VisitTableError: If there is no such stage.

    >>> days = np.array(["2026-03-01", "2026-03-05", "2026-03-11"], "datetime64[D]")
    >>> table = VisitTable(
    ...     accounts=["ada", "bo"], stages=("trial", "customer"), account=[0, 0, 1],
    ...     stage=[0, 1, 0], entered=days, as_of=np.datetime64("2026-03-31"),
    ...     left=np.array(["2026-03-05", "NaT", "NaT"], "datetime64[D]"),
    ... )
    >>> print(dwell(table, "trial"))
    trial: 2 stays, median 4 days, 1 inside, the oldest for 20 days
    >>> dwell(table, "trial").curve.survival_at([3, 4, 20]).tolist()
    [1.0, 0.5, 0.5]
    """
    return _dwell(stage, stays_in(table, stage), table)


def _dwell(stage: str, found: Stays, table: VisitTable) -> Dwell:
    lasts = np.isnat(found.left)
    known = ~np.isnat(found.entered)
    seen = found.of(known)
    days = seen.days(table.as_of)
    ended = ~lasts[known]
    waiting = np.where(ended, -1, days)
    oldest = int(waiting.argmax()) if (~ended).any() else None
    return Dwell(
        stage=stage,
        visits=known.size,
        unknown=int(known.size - days.size),
        inside=int(lasts.sum()),
        oldest=None if oldest is None else table.accounts[seen.account[[oldest]]].tolist()[0],
        oldest_days=None if oldest is None else int(days[oldest]),
        days=int(days.sum()),
        curve=kaplan_meier(days, ended),
    )


@attrs.frozen(kw_only=True)
class Bottleneck:
    """How much of all waiting a stage accounts for.

    Attributes:
        dwell: How long accounts stay in it.
        share: Its days, of the days of all stages asked about.
    """

    dwell: Dwell
    share: Rate

    def __str__(self) -> str:
        return f"{self.share:.1%} of the days in {self.dwell}"


def bottlenecks(table: VisitTable, stages: Iterable[str] = ()) -> tuple[Bottleneck, ...]:
    """Where the time goes: the stages by the days spent in them, most first.

    Ask about the stages that are meant to be left. Days in use, or since a churn, are no waiting,
    and would hide it.

    Args:
        table: The visits.
        stages: The stages, none inside another; none given: all of the table.

    Returns:
        A line for each stage; of equal days in the order asked. The shares add up to 1, or are
        undefined where no day was spent.

    Raises:
        VisitTableError: As :func:`~cslib.stays.stays`.

    >>> days = np.array(["2026-03-01", "2026-03-05", "2026-03-11"], "datetime64[D]")
    >>> table = VisitTable(
    ...     accounts=["ada", "bo"], stages=("sold", "delivery"), account=[0, 0, 1],
    ...     stage=[0, 1, 0], entered=days, as_of=np.datetime64("2026-03-31"),
    ...     left=np.array(["2026-03-05", "NaT", "NaT"], "datetime64[D]"),
    ... )
    >>> for line in bottlenecks(table):
    ...     print(line)
    52.0% of the days in delivery: 1 stays, median not reached, 1 inside, the oldest for 26 days
    48.0% of the days in sold: 2 stays, median 4 days, 1 inside, the oldest for 20 days
    """
    asked = (stages,) if isinstance(stages, str) else tuple(stages)
    found = stays(table, asked)
    names = asked or found.stages
    lines = [_dwell(name, part, table) for name, part in zip(names, found.by_stage(), strict=False)]
    total = sum(line.days for line in lines)
    return tuple(
        Bottleneck(dwell=line, share=Rate(numerator=line.days, denominator=total))
        for line in sorted(lines, key=lambda line: -line.days)
    )


@attrs.frozen(kw_only=True, repr=False)
class StageTimes:
    """When each account first entered and last left each stage, and its time there in all.

    A row is an account and a stage in which it has been; rows stand by stage, then by account.

    Attributes:
        stages: Names of the stages.
        account: Positions in the accounts of the table.
        stage: Positions in ``stages``.
        visits: How many stays it had there.
        entered_first: When the first began; NaT where that is not known.
        exited_last: When the last ended; NaT while it lasts.
        days: Days there in all, up to now; masked where a stay began at an unknown time.
    """

    stages: tuple[str, ...]
    account: Column = attrs.field(converter=read_only, eq=BY_CONTENT)
    stage: Column = attrs.field(converter=read_only, eq=BY_CONTENT)
    visits: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    entered_first: Column = attrs.field(converter=read_only, eq=by_moments)
    exited_last: Column = attrs.field(converter=read_only, eq=by_moments)
    days: np.ma.MaskedArray[Any, Any] = attrs.field(converter=read_only, eq=BY_CONTENT)

    def __repr__(self) -> str:
        return f"<StageTimes: {self.account.size:,} rows, {len(self.stages)} stages>"


def stage_times(table: VisitTable, stages: Iterable[str] = ()) -> StageTimes:
    """When each account first entered and last left each stage, and its time there in all.

    Args:
        table: The visits.
        stages: As for :func:`~cslib.stays.stays`: what to name by a stage around it.

    Raises:
        VisitTableError: As :func:`~cslib.stays.stays`.

    >>> table = VisitTable(
    ...     accounts=["ada"], stages=("in_use", "renewal"), account=[0, 0, 0], stage=[0, 1, 0],
    ...     entered=np.array(["2026-01-01", "2026-03-01", "2026-03-11"], "datetime64[D]"),
    ...     left=np.array(["2026-03-01", "2026-03-11", "NaT"], "datetime64[D]"),
    ...     as_of=np.datetime64("2026-03-31"),
    ... )
    >>> times = stage_times(table)
    >>> times.visits.tolist(), times.days.tolist(), times.exited_last.tolist()
    ([2, 1], [79, 10], [None, datetime.date(2026, 3, 11)])
    """
    found = stays(table, stages).in_order_of_stage()
    new = (found.stage[1:] != found.stage[:-1]) | (found.account[1:] != found.account[:-1])
    first = np.flatnonzero(np.append(True, new)[: found.row.size])
    last = np.append(first[1:], found.row.size)[: first.size] - 1
    unknown = np.isnat(found.entered)
    days = np.where(unknown, 0, found.days(table.as_of))
    return StageTimes(
        stages=found.stages,
        account=found.account[first],
        stage=found.stage[first],
        visits=last - first + 1,
        entered_first=found.entered[first],
        exited_last=found.left[last],
        days=np.ma.masked_array(_sums(days, first), unknown[first]),
    )


def _sums(days: Integers, first: Integers) -> Integers:
    """The sums of the runs that begin at these rows."""
    sums: Integers = np.add.reduceat(days, first) if first.size else days
    return sums
