"""How long customers stay: time to an event, when for many of them it has not happened yet.

A customer contributes the time it was watched (``durations``) and whether the event (a churn,
an activation, a first renewal) ended that time (``observed``); otherwise it is *censored*: still
there when last seen. Times are counted from the customer's own start, in one unit of the
caller's choice (days, months), and are 0 or more.

Conventions, all those of Kaplan and Meier (1958) unless said:

* Events come before censorings at the same time: whoever is lost at ``t`` is at risk at ``t``.
* Late entry (left truncation): who is first seen at age ``entry`` is at risk *after* that time,
  not at it. Who is seen from the start (``entry`` 0) is at risk from time 0 on, 0 included.
* The curve is a right-continuous step: an event at ``t`` lowers it at ``t``. Past the last time
  anyone was watched it is unknown, unless it has reached 0.
* By count each customer weighs 1. By value each weighs what it pays (``values``).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from numbers import Real
from statistics import NormalDist
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import ArgumentError, flat, refuse_rows

__all__ = [
    "Curve",
    "GroupLine",
    "LogRank",
    "Step",
    "SurvivalError",
    "kaplan_meier",
    "kaplan_meier_table",
    "logrank",
]

Floats: TypeAlias = npt.NDArray[np.float64]
Column: TypeAlias = npt.NDArray[Any]

_MEDIAN_SLACK = 1e-12
"""What rounding may leave above a half where the exact product, as 9/10 · ... · 5/6, is one."""


class SurvivalError(ArgumentError):
    """Times, events, weights or groups that no curve or test can be made of.

    >>> print(SurvivalError("durations", 3, "is -1: expected a time of 0 or more"))
    durations[3] is -1: expected a time of 0 or more
    """


@attrs.frozen(kw_only=True)
class Step:
    """One row of a curve's at-risk table.

    Attributes:
        time: When it happened.
        at_risk: How many customers (by value: how much) could have had the event at that time.
        entered: How many joined; at risk from just after this time, or at it where it is 0.
        events: How many had the event.
        censored: How many were last seen, without the event.
        survival: Fraction still without the event just after ``time``.
        low: Lower end of its confidence interval.
        high: Upper end of its confidence interval.
    """

    time: float
    at_risk: float
    entered: float
    events: float
    censored: float
    survival: float
    low: float
    high: float


def _read_only(given: npt.ArrayLike) -> Column:
    column = np.array(given)
    column.setflags(write=False)
    return column


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Curve:
    """A survival curve and the at-risk table it was made from; curves compare by content.

    The columns run side by side, one entry for time 0 and for each later time at which someone
    enters, has the event or is censored. By value, the columns of amounts are money.

    Attributes:
        times: Ascending; whole numbers where all times given were.
        at_risk: Who could have had the event at that time.
        entered: Who came under observation at that time.
        events: Who had the event.
        censored: Who was last seen, without the event.
        survival: Fraction still without the event.
        low: Lower end of the confidence interval.
        high: Upper end of the confidence interval.
        effective: Kish's effective number of customers at risk, ``(Σw)² / Σw²``: by count the
            number at risk, by value fewer, the more so the more one customer outweighs the rest.
        customers: How many customers the curve rests on.
        level: Of the confidence intervals, for example 0.95.
        by_value: True where customers were weighed by ``values``.
    """

    times: Column = attrs.field(converter=_read_only)
    at_risk: Column = attrs.field(converter=_read_only)
    entered: Column = attrs.field(converter=_read_only)
    events: Column = attrs.field(converter=_read_only)
    censored: Column = attrs.field(converter=_read_only)
    survival: Column = attrs.field(converter=_read_only)
    low: Column = attrs.field(converter=_read_only)
    high: Column = attrs.field(converter=_read_only)
    effective: Column = attrs.field(converter=_read_only)
    customers: int
    level: float
    by_value: bool

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Curve):
            return NotImplemented
        names = [field.name for field in attrs.fields(Curve)]
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in names)

    def __hash__(self) -> int:
        return hash((self.customers, self.level, self.by_value, self.survival.tobytes()))

    def __repr__(self) -> str:
        basis = "value" if self.by_value else "count"
        median = "not reached" if self.median is None else f"{self.median:g}"
        last = f"{self.survival[-1]:.3f} ({self.low[-1]:.3f} to {self.high[-1]:.3f})"
        return (
            f"<Curve by {basis}: {self.customers:,} customers, median {median}, "
            f"survival {last} at {self.times[-1]:g}>"
        )

    @property
    def median(self) -> float | None:
        """The first time at which survival is a half or less; None when that is not reached."""
        reached = np.flatnonzero(self.survival <= 0.5 + _MEDIAN_SLACK)
        return self.times[reached[0]].item() if reached.size else None

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """Stretches of time in which nobody was at risk although someone entered later.

        Only late entry makes them. The curve runs level through a gap because nobody was there
        to have the event, and a curve that is at 0 before one stays at 0 whatever comes later.
        The way out is the curve of those who got past the gap: keep the rows whose duration
        lies beyond its end, and raise their ``entry`` to it. A gap from time 0 on has no such
        cure: the curve is that of customers who reach its end.

        >>> kaplan_meier([2, 9], [False, True], entry=[0, 5]).gaps
        ((2, 5),)
        """
        empty = np.flatnonzero(self.at_risk[1:] == 0)
        return tuple((self.times[i].item(), self.times[i + 1].item()) for i in empty)

    def at(self, time: float) -> Step | None:
        """The step in force at a time: the last one at or before it.

        None past the last time anyone was watched, unless survival has reached 0 by then.

        >>> curve = kaplan_meier([3, 5, 8], [True, False, False])
        >>> curve.at(6).time, round(curve.at(6).survival, 3), curve.at(9)
        (5, 0.667, None)
        """
        asked = _asked(time)
        return self._step(int(self._row(asked))) if self._known(asked) else None

    def survival_at(self, times: npt.ArrayLike) -> Floats:
        """Survival at each of the times, in their shape; NaN where :meth:`at` gives None.

        >>> kaplan_meier([3, 5, 8], [True, False, False]).survival_at([0, 3, 9]).round(3).tolist()
        [1.0, 0.667, nan]
        """
        asked = _asked(times)
        return np.where(self._known(asked), self.survival[self._row(asked)], np.nan)

    def at_risk_at(self, times: npt.ArrayLike) -> Column:
        """Who could have the event at each of the times; 0 past the last one.

        >>> kaplan_meier([3, 5, 8], [True, False, False]).at_risk_at([0, 3, 4, 12]).tolist()
        [3, 3, 2, 0]
        """
        following = np.searchsorted(self.times, _asked(times), side="left")
        return np.append(self.at_risk, 0)[following]

    def restricted_mean(self, until: float) -> float | None:
        """Mean time without the event within the first ``until``: the area under the curve.

        Irwin (1949). None when the curve is unknown before ``until`` (see :meth:`at`).

        >>> kaplan_meier([2, 4], [True, True]).restricted_mean(6)
        3.0
        """
        horizon = _asked(until)
        if not self._known(horizon):
            return None
        edges = np.minimum(np.append(self.times, np.inf), horizon)
        return float(np.diff(edges) @ self.survival)

    def table(self) -> tuple[Step, ...]:
        """The at-risk table, a row for each of ``times``.

        >>> [(s.time, s.at_risk, s.events) for s in kaplan_meier([3, 5], [True, False]).table()]
        [(0, 2, 0), (3, 2, 1), (5, 1, 0)]
        """
        return tuple(self._step(row) for row in range(len(self.times)))

    def _row(self, asked: Floats) -> npt.NDArray[np.intp]:
        return np.searchsorted(self.times, asked, side="right") - 1

    def _known(self, asked: Floats) -> Column:
        known: Column = (asked <= self.times[-1]) | (self.survival[-1] == 0)
        return known

    def _step(self, row: int) -> Step:
        return Step(
            time=self.times[row].item(),
            at_risk=self.at_risk[row].item(),
            entered=self.entered[row].item(),
            events=self.events[row].item(),
            censored=self.censored[row].item(),
            survival=self.survival[row].item(),
            low=self.low[row].item(),
            high=self.high[row].item(),
        )


def kaplan_meier(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    counts: npt.ArrayLike | None = None,
    values: npt.ArrayLike | Sequence[Decimal] | None = None,
    level: float = 0.95,
) -> Curve:
    """The product-limit estimate of survival, by count or by value, with its interval.

    ``S(t)`` is the product of ``1 - d/n`` over the times up to ``t``, with ``d`` the events and
    ``n`` those at risk (Kaplan and Meier 1958). The interval is Greenwood's (1926), taken on the
    scale of ``log(-log S)`` so that it stays within 0 and 1 (Kalbfleisch and Prentice 2002,
    section 1.4); at an ``S`` of 1 or 0 that scale ends and the interval closes on the estimate.

    By value, ``d`` and ``n`` are sums of money. Greenwood's formula on money would depend on the
    currency's unit, so ``n`` is replaced in it by Kish's effective number at risk, ``(Σw)²/Σw²``
    (the variance of Xie and Liu 2005): no change of unit moves the interval, and equal
    values give the interval by count.

    Args:
        durations: Time from each customer's start to its event or to when it was last seen;
            finite, 0 or more, shape ``(n,)``. Unknown is refused, never guessed.
        observed: Whether the event ended that time; booleans, or 0 and 1.
        entry: Time at which each customer came under observation, before its duration (or both
            0). None: all were seen from the start.
        counts: Customers each row stands for, whole numbers; a row of 0 has no effect.
        values: What each customer (of the row) is worth: numbers of 0 or more in one currency
            and unit. A customer worth 0 has no effect on a curve by value. With late entry none may
            be so small beside their total that rounding could lose it: a cent beside 88 billion.
        level: Of the confidence interval, between 0 and 1.

    Returns:
        The curve. Without any customers it is known at time 0 only.

    Raises:
        SurvivalError: If a row is unknown or out of range, or the arguments differ in length.

    Examples:
        The eight observations of Kaplan and Meier's own example:

        >>> times = [0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1]
        >>> died = [True, False, False, True, True, False, True, False]
        >>> curve = kaplan_meier(times, died)
        >>> curve
        <Curve by count: 8 customers, median 9.2, survival 0.263 (0.013 to 0.664) at 12.1>
        >>> [round(curve.at(t).survival, 4) for t in (0.8, 3.1, 5.4, 9.2)]
        [0.875, 0.7, 0.525, 0.2625]
    """
    if not 0 < level < 1:
        raise SurvivalError("level", None, f"is {level}: expected one between 0 and 1")
    rows = _read(durations, observed, entry, counts, values)
    grid = _Grid.of(rows)
    if values is None:
        (people,) = _tallies(rows, grid)
        return _curve(grid.times, people, people, people.at_risk.astype(np.float64), level)
    people, money, squares = _tallies(rows, grid)
    return _curve(grid.times, people, money, _kish(people, money, squares), level)


def kaplan_meier_table(
    durations: npt.ArrayLike,
    events: npt.ArrayLike,
    censored: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> Curve:
    """The curve by count from aggregated input: how many left and were lost, by duration.

    Args:
        durations: A time for each row, as in :func:`kaplan_meier`; times may repeat.
        events: Customers who had the event at that time, whole numbers.
        censored: Customers last seen at that time without the event, whole numbers.
        entry: When the customers of the row came under observation. None: from the start.
        level: Of the confidence interval.

    Raises:
        SurvivalError: As :func:`kaplan_meier`.

    >>> table = kaplan_meier_table([1, 2, 3], events=[2, 1, 0], censored=[0, 1, 1])
    >>> table == kaplan_meier([1, 1, 2, 2, 3], [True, True, True, False, False])
    True
    """
    times = _times("durations", durations)
    starts = None if entry is None else np.tile(_entry(entry, times), 2)
    counts = [_counts("events", events, times), _counts("censored", censored, times)]
    return kaplan_meier(
        np.tile(times, 2),
        np.repeat([True, False], times.size),
        entry=starts,
        counts=np.concatenate(counts),
        level=level,
    )


@attrs.frozen(kw_only=True)
class GroupLine:
    """What one group brought to a log-rank test.

    Attributes:
        name: The group.
        customers: How many it has.
        observed: Events it had.
        expected: Events it would have had, were all groups alike.
    """

    name: str
    customers: int
    observed: int
    expected: float


@attrs.frozen(kw_only=True)
class LogRank:
    """The answer of a log-rank test.

    Attributes:
        statistic: Chi-squared distributed where the groups do not differ.
        degrees: Of freedom: the number of groups less one, and less still where a group was
            never at risk beside another.
        p: Chance of a statistic as large were the groups alike; 1 with 0 degrees of freedom,
            when nothing observed could tell them apart.
        lines: Each group's observed and expected events.
    """

    statistic: float
    degrees: int
    p: float
    lines: tuple[GroupLine, ...]


def logrank(groups: Mapping[str, Curve]) -> LogRank:
    """Whether the groups' survival differs: the log-rank test of Mantel (1966).

    At each time with an event, a group's share of those at risk is its share of the events to be
    expected; observed less expected, summed over time, is compared with its hypergeometric
    covariance. All times weigh alike. Late entry is taken into account.

    Args:
        groups: Two or more curves by count, by name, of different customers.

    Raises:
        SurvivalError: If there are fewer than two groups, or one is a curve by value: the test
            counts events, and money has no hypergeometric law.

    Examples:
        >>> small = kaplan_meier([2, 3, 3, 5], [True, True, True, False])
        >>> large = kaplan_meier([4, 6, 8, 8], [True, False, False, False])
        >>> test = logrank({"small": small, "large": large})
        >>> round(test.statistic, 3), test.degrees, round(test.p, 3)
        (2.545, 1, 0.111)
    """
    curves = _comparable(groups)
    times = np.unique(np.concatenate([curve.times[curve.events > 0] for curve in curves]))
    at_risk = np.stack([curve.at_risk_at(times) for curve in curves])
    events = np.stack([_events_at(curve, times) for curve in curves])
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    share = at_risk / n
    observed, expected = events.sum(axis=1), share @ d
    covariance = _covariance(share, d * (n - d) / np.maximum(n - 1, 1))
    statistic, degrees = _quadratic_form(observed - expected, covariance)
    lines = tuple(
        GroupLine(name=name, customers=curve.customers, observed=int(seen), expected=float(due))
        for name, curve, seen, due in zip(groups, curves, observed, expected, strict=True)
    )
    p = _chi_squared_tail(statistic, degrees)
    return LogRank(statistic=statistic, degrees=degrees, p=p, lines=lines)


def _comparable(groups: Mapping[str, Curve]) -> list[Curve]:
    if len(groups) < 2:
        raise SurvivalError("groups", None, f"has {len(groups)}: expected two or more to compare")
    for name, curve in groups.items():
        if curve.by_value:
            message = f"has {name!r} by value: the test counts events; give the curve by count"
            raise SurvivalError("groups", None, message)
    return list(groups.values())


def _events_at(curve: Curve, times: Column) -> Column:
    """The curve's events at the given times, which hold all of its own."""
    own = curve.events > 0
    events = np.zeros(times.size, dtype=np.int64)
    events[np.searchsorted(times, curve.times[own])] = curve.events[own]
    return events


def _covariance(share: Floats, spread: Floats) -> Floats:
    """Of the groups' events, summed over time.

    The diagonal is taken from the rest of its row, as each row sums to 0: groups that were never
    at risk together then have a covariance of exactly 0.
    """
    covariance = -(share * spread) @ share.T
    np.fill_diagonal(covariance, 0.0)
    np.fill_diagonal(covariance, -covariance.sum(axis=1))
    return covariance


def _quadratic_form(excess: Floats, covariance: Floats) -> tuple[float, int]:
    """``excess' V⁻ excess`` and the rank of ``V``, which is singular: the excesses sum to 0."""
    spread, axes = np.linalg.eigh(covariance)
    real = spread > 1e-12 * spread[-1]
    along = axes[:, real].T @ excess
    return float(along**2 @ (1 / spread[real])), int(real.sum())


def _chi_squared_tail(x: float, degrees: int) -> float:
    """P(χ² > x), in closed form (Abramowitz and Stegun 1964, 26.4.4 and 26.4.5)."""
    if x <= 0 or degrees == 0:
        return 1.0
    half = x / 2
    powers = [i + degrees % 2 / 2 for i in range(degrees // 2)]
    terms = [math.exp(k * math.log(half) - half - math.lgamma(k + 1)) for k in powers]
    return math.fsum([*terms, math.erfc(math.sqrt(half)) if degrees % 2 else 0.0])


# From rows to sums over a grid of times


@attrs.frozen(kw_only=True)
class _Rows:
    """Checked columns of one length."""

    durations: Column
    observed: npt.NDArray[np.bool_]
    entry: Column | None
    counts: Column | None
    values: Column | None

    def at(self, kept: slice | npt.NDArray[np.bool_]) -> _Rows:
        return _Rows(
            durations=self.durations[kept],
            observed=self.observed[kept],
            entry=None if self.entry is None else self.entry[kept],
            counts=None if self.counts is None else self.counts[kept],
            values=None if self.values is None else self.values[kept],
        )

    def weighed_by(self, weights: Column | None) -> _Rows:
        """The rows whose weight is not 0."""
        return self if weights is None or weights.all() else self.at(weights > 0)

    def blocks(self, size: int) -> Iterator[_Rows]:
        for start in range(0, self.durations.size, size):
            yield self.at(slice(start, start + size))

    def weights(self) -> tuple[Column | None, ...]:
        """Of each row its customers (None: 1), and by value their sums of ``w`` and ``w²``."""
        if self.values is None:
            return (self.counts,)
        each = self.values.astype(np.float64)
        total = each if self.counts is None else each * self.counts
        return self.counts, total, total * each


@attrs.frozen(kw_only=True)
class _Grid:
    """Ascending times from 0 on: every whole number, or those that occur."""

    times: Column
    whole: bool

    @classmethod
    def of(cls, rows: _Rows) -> _Grid:
        given = [rows.durations] if rows.entry is None else [rows.durations, rows.entry]
        dtype = np.result_type(np.int64, *given)
        longest = float(rows.durations.max(initial=0))
        few = longest <= rows.durations.size + 1024  # a grid no larger than the data
        if few and all(_is_whole(column) for column in given):
            return cls(times=np.arange(int(longest) + 1, dtype=dtype), whole=True)
        return cls(times=np.unique(np.concatenate([[0], *given])).astype(dtype), whole=False)

    def places(self, times: Column) -> Column:
        """Where on the grid the times are."""
        if self.whole:
            return times.astype(np.int64, copy=False)
        return np.searchsorted(self.times, times)


def _is_whole(column: Column) -> bool:
    return not _is_float(column) or bool((column == np.floor(column)).all())


@attrs.frozen(kw_only=True)
class _Tally:
    """Weights at each time of a grid: who enters, has the event, is censored, is at risk."""

    entered: Column
    events: Column
    censored: Column
    at_risk: Column
    remaining: Column

    @classmethod
    def of(cls, entered: Column, events: Column, censored: Column) -> _Tally:
        """Who is at risk, and who of them remains after the events.

        Both are summed from the end, so that without late entry no sum is ever a difference, and
        exactly 0 is left when the last one goes.
        """
        late = entered.copy()
        late[0] = 0  # who enters at time 0 is at risk there already
        joining, leaving = _from_the_end(late), _from_the_end(events + censored)
        remaining = np.append(leaving[1:], 0) + censored
        return cls(
            entered=entered,
            events=events,
            censored=censored,
            at_risk=leaving - joining,
            remaining=remaining - joining,
        )


def _from_the_end(column: Column) -> Column:
    return np.cumsum(column[::-1])[::-1]


def _tallies(rows: _Rows, grid: _Grid) -> list[_Tally]:
    """One tally for each of the rows' weights, the first in whole numbers.

    Block by block, so that what is made on the way stays in the processor's cache.
    """
    kinds, size = 1 if rows.values is None else 3, grid.times.size
    entered, left = np.zeros((kinds, size)), np.zeros((kinds, 2 * size))
    for block in rows.blocks(max(1 << 15, 4 * size)):
        outcome = 2 * grid.places(block.durations) + block.observed
        start = None if block.entry is None else grid.places(block.entry)
        for kind, weights in enumerate(block.weights()):
            left[kind] += np.bincount(outcome, weights, minlength=2 * size)
            if start is not None:
                entered[kind] += np.bincount(start, weights, minlength=size)
    if rows.entry is None:
        entered[:, 0] = left.sum(axis=1)
    tallies = []
    for kind in range(kinds):
        dtype = np.float64 if kind else np.int64
        censored, events = left[kind].astype(dtype).reshape(size, 2).T
        tallies.append(_Tally.of(entered[kind].astype(dtype), events, censored))
    return tallies


# From sums to a curve


def _curve(times: Column, people: _Tally, money: _Tally, effective: Floats, level: float) -> Curve:
    # Late entry makes sums of money differences: where no one is, they are 0 whatever rounding left
    n = np.where(people.at_risk > 0, money.at_risk, 0)
    remaining = np.where(people.remaining > 0, money.remaining, 0)
    kept: Floats = np.divide(remaining, n, out=np.ones(n.size), where=n > 0)
    survival = np.cumprod(kept)
    low, high = _log_log_interval(survival, _greenwood(money.events, effective, remaining), level)
    shown = people.entered + people.events + people.censored > 0
    shown[0] = True
    return Curve(
        times=times[shown],
        at_risk=n[shown],
        entered=money.entered[shown],
        events=money.events[shown],
        censored=money.censored[shown],
        survival=survival[shown],
        low=low[shown],
        high=high[shown],
        effective=effective[shown],
        customers=int(people.entered.sum()),
        level=level,
        by_value=money is not people,
    )


def _kish(people: _Tally, money: _Tally, squares: _Tally) -> Floats:
    """The effective number at risk (Kish 1965), between 1 and the number that is there."""
    q, there = squares.at_risk, people.at_risk
    effective: Floats = np.divide(money.at_risk**2, q, out=np.zeros(q.size), where=q > 0)
    return effective.clip(np.minimum(there, 1), there)


def _greenwood(events: Column, effective: Floats, remaining: Column) -> Floats:
    """Variance of ``log S``: the sum of ``d / (n (n - d))``, its first ``n`` the effective one."""
    hazard = events / np.maximum(effective, 1)
    term: Floats = np.divide(hazard, remaining, out=np.zeros(hazard.size), where=remaining > 0)
    return np.cumsum(term)


def _log_log_interval(survival: Column, variance: Floats, level: float) -> tuple[Floats, Floats]:
    """``S ** exp(± z · √variance / log S)``, where ``variance`` is that of ``log S``."""
    inner = (survival > 0) & (survival < 1)
    between = survival[inner]
    z = -NormalDist().inv_cdf((1 - level) / 2)  # the lower tail: 1 + level may round to 2
    low, high = survival.copy(), survival.copy()
    with np.errstate(over="ignore"):  # a huge exponent: the lower end is 0
        exponent = np.exp(z * np.sqrt(variance[inner]) / -np.log(between))
        low[inner], high[inner] = between**exponent, between ** (1 / exponent)
    return low, high


# Checks of what was given

_refuse = functools.partial(refuse_rows, SurvivalError)


def _read(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    entry: npt.ArrayLike | None,
    counts: npt.ArrayLike | None,
    values: npt.ArrayLike | Sequence[Decimal] | None,
) -> _Rows:
    times = _times("durations", durations)
    rows = _Rows(
        durations=times,
        observed=_flags(observed, times),
        entry=None if entry is None else _entry(entry, times),
        counts=None if counts is None else _counts("counts", counts, times),
        values=None if values is None else _values(values, times),
    )
    _check_span(rows)
    rows = rows.weighed_by(rows.counts)
    return rows.weighed_by(rows.values)


def _times(argument: str, given: npt.ArrayLike, like: Column | None = None) -> Column:
    seen = "first" if argument == "entry" else "last"
    remedy = f"say when the customer was {seen} seen, or leave the row out"
    return _amounts(argument, given, like, expected="a time", remedy=remedy)


def _entry(given: npt.ArrayLike, durations: Column) -> Column:
    column = _times("entry", given, like=durations)
    late = (column >= durations) & (column > 0)
    _refuse("entry", column, late, "expected a time before the duration (or both 0)")
    return column


def _counts(argument: str, given: npt.ArrayLike, like: Column) -> Column:
    remedy = "say how many, or leave the row out"
    column = _amounts(argument, given, like, expected="a number of customers", remedy=remedy)
    if not _is_whole(column):
        _refuse(argument, column, column != np.floor(column), "expected a whole number")
    return column


def _values(given: npt.ArrayLike | Sequence[Decimal], like: Column) -> Column:
    remedy = "say what the customer is worth, or leave the row out"
    return _amounts("values", given, like, expected="an amount", remedy=remedy)


_SPAN = 2.0**43
"""How much larger a total may be. A double tells 2**53; rounding of a million sums takes 2**10."""


def _check_span(rows: _Rows) -> None:
    """Refuse values that get lost beside the total: late entry makes sums of money differences."""
    if rows.values is None or rows.entry is None or not rows.entry.any():
        return
    weighed = rows.values.astype(np.float64) * (1 if rows.counts is None else rows.counts)
    least = weighed.sum() / _SPAN
    expected = f"expected 0, or {least:g} or more: with late entry, rounding may lose what is less"
    _refuse("values", rows.values, (weighed > 0) & (rows.values < least), expected)


def _flags(given: npt.ArrayLike, like: Column) -> npt.NDArray[np.bool_]:
    column = _numbers("observed", given, like, booleans=True)
    if column.dtype != np.bool_:
        remedy = "say whether the event was seen, or leave the row out"
        _refuse("observed", column, np.isnan(column), f"unknown; {remedy}")
        _refuse("observed", column, (column != 0) & (column != 1), "expected True or False")
    return column.astype(np.bool_, copy=False)


def _amounts(
    argument: str,
    given: npt.ArrayLike | Sequence[Decimal],
    like: Column | None,
    *,
    expected: str,
    remedy: str,
) -> Column:
    """The argument as one column of known, finite numbers of 0 or more."""
    column = _numbers(argument, given, like)
    least, greatest = column.min(initial=0), column.max(initial=0) if _is_float(column) else 0
    if not (least >= 0 and greatest < np.inf):  # either is NaN where any is
        _refuse(argument, column, np.isnan(column), f"unknown; {remedy}")
        _refuse(argument, column, np.isinf(column), "expected a finite number")
        _refuse(argument, column, column < 0, f"expected {expected} of 0 or more")
    return column


def _is_float(column: Column) -> bool:
    return column.dtype.kind == "f"


def _numbers(
    argument: str,
    given: npt.ArrayLike | Sequence[Decimal],
    like: Column | None,
    *,
    booleans: bool = False,
) -> Column:
    """The argument as one column of numbers, NaN where a Python object or a mask says unknown."""
    column = np.asarray(flat(SurvivalError, argument, given))
    if isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        column = column.astype(np.object_)
        column[np.ma.getmaskarray(given)] = None
    if column.dtype == np.object_:
        column = _from_objects(argument, column, booleans=booleans)
    if column.dtype.kind not in ("biuf" if booleans else "iuf"):
        raise SurvivalError(argument, None, f"holds {column.dtype}: expected numbers")
    if like is not None and column.size != like.size:
        message = f"has {column.size} rows: expected {like.size}, as many as durations"
        raise SurvivalError(argument, None, message)
    return column


def _from_objects(argument: str, column: Column, *, booleans: bool) -> Column:
    """Plain numbers out of Python objects: exact amounts, and None for unknown."""
    for row, item in enumerate(column.flat):
        flag = isinstance(item, bool | np.bool_)
        if not (booleans if flag else item is None or isinstance(item, Real | Decimal)):
            raise SurvivalError(argument, row, f"is {item!r}: expected a number")
    return column.astype(np.float64)


def _asked(times: npt.ArrayLike) -> Floats:
    asked = np.asarray(times, dtype=np.float64)
    wrong = ~((asked >= 0) & (asked < np.inf))
    if wrong.any():
        first = asked[wrong].flat[0]
        raise SurvivalError("time", None, f"is {first:g}: expected one that is finite, 0 or more")
    return asked
