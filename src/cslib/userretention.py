"""User retention: how many come back on a later day, by the month of their first use.

A part of :mod:`cslib.health` over :mod:`cslib.usage`. Conventions:

- Day 0 is the day of the first use, day N the Nth calendar day after it.
- *On* day N (N-day or bounded retention) is who was active on that very day; *on or after* it
  (unbounded, also called rolling retention) who was active on it or any later day of the log. So
  define it Mixpanel, *Advanced Retention Functionality*, and Amplitude, *FAQ: Retention analysis*.
- A cohort is of the users, or accounts, whose first use lies in one calendar month. Its cell for
  day N is masked until the log covers day N of the month's last day, whoever came on which: a cell
  that is told in part would change with each day that is added.
- Whoever is first seen before the first whole month of the log is over may have come before the
  log, and is kept apart, unless the account began within it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.days import is_whole
from cslib.faults import shown
from cslib.periods import Period
from cslib.rates import Rate
from cslib.series import BY_CONTENT, read_only, text_table
from cslib.usage import UsageError, UsageTable, check_usage

__all__ = ["Returning", "UserRetention", "user_retention"]

Column: TypeAlias = npt.NDArray[Any]
Masked: TypeAlias = np.ma.MaskedArray[Any, Any]

_DAY, _MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")


class Returning(enum.StrEnum):
    """Who counts as having come back."""

    ON = "on"
    ON_OR_AFTER = "on or after"


@attrs.frozen(kw_only=True, repr=False)
class UserRetention:
    """How many of each month's new users, or accounts, were active again by their age in days.

    Attributes:
        months: The month of the first use, ``datetime64[M]``: every one that the log touches.
        ages: Days after the first use.
        size: How many began in each month.
        on: How many of them were active on the day of each age; a row for each month. Masked where
            the log does not tell yet.
        on_or_after: How many were active on that day or later, of the same shape.
        before: How many may have begun before the log, and are in no cohort.
    """

    months: Column = attrs.field(converter=read_only, eq=BY_CONTENT)
    ages: tuple[int, ...]
    size: Column = attrs.field(converter=read_only, eq=BY_CONTENT)
    on: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    on_or_after: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    before: int

    def rates(self, returning: Returning = Returning.ON_OR_AFTER) -> Masked:
        """The counts over the size of their cohort; masked where nobody began as well."""
        counts = self._counts(returning)
        known = ~np.ma.getmaskarray(counts) & (self.size > 0)[:, np.newaxis]
        shares = counts.data / np.maximum(self.size, 1)[:, np.newaxis]
        return np.ma.masked_array(np.where(known, shares, 0.0), ~known)

    def rate(
        self, month: Period, age: int, returning: Returning = Returning.ON_OR_AFTER
    ) -> Rate | None:
        """The retention of one cohort at one age; None where the log does not tell it yet.

        Raises:
            UsageError: If there is no such cohort or age.
        """
        found = [Period.month(each.year, each.month) for each in self.months.tolist()]
        if month not in found:
            listed = f"{found[0]} to {found[-1]}" if found else "none"
            raise UsageError("month", None, f"is {shown(month)}: expected a cohort, {listed}")
        if age not in self.ages:
            raise UsageError("age", None, f"is {shown(age)}: expected one of {self.ages}")
        row = found.index(month)
        count = self._counts(returning)[row, self.ages.index(age)]
        if count is np.ma.masked:
            return None
        told = f"active {returning} day {age}, first use in {month}"
        return Rate.of_counts(int(count), int(self.size[row]), convention=told)

    def _counts(self, returning: Returning) -> Masked:
        return self.on if Returning(returning) is Returning.ON else self.on_or_after

    def __repr__(self) -> str:
        shares = self.rates()
        rows = [
            [str(month), str(self.size[row])]
            + ["" if each is np.ma.masked else f"{each:.0%}" for each in shares[row]]
            for row, month in enumerate(self.months)
        ]
        heads = ["first use", "size", *(f"day {age}" for age in self.ages)]
        lines = ["active on the day or after", text_table(heads, rows)]
        if self.before:
            lines.append(f"{self.before:,} may have begun before the log, kept apart")
        return "\n".join(lines)


def user_retention(
    table: UsageTable, ages: Iterable[int] = (1, 7, 28), *, by_account: bool = False
) -> UserRetention:
    """Retention from usage, on a day and on or after it, by the month of the first use (H3, W).

    Args:
        table: The log.
        ages: Days after the first use, each 1 or more.
        by_account: Of accounts instead of users. Uses by unknown users count for accounts alone.

    Raises:
        UsageError: If the table is none, or an age is no whole number of 1 or more.

    >>> table = UsageTable.of_columns(
    ...     account=["ada", "ada", "ada", "ada"], user=["ann", "ann", "bob", "bob"],
    ...     at=np.array(["2026-06-01", "2026-06-03", "2026-06-30", "2026-07-01"], "datetime64[D]"),
    ...     accounts=["ada"], began=np.array(["2026-06-01"], "datetime64[D]"),
    ...     observed=Period.parse("2026-06-01/2026-07-09"),
    ... )
    >>> found = user_retention(table, ages=[1, 2, 7])
    >>> found.on.tolist(), found.on_or_after.tolist()
    ([[1, 1, 0], [None, None, None]], [[2, 1, 0], [None, None, None]])
    """
    check_usage(table)
    days, months = _ages(ages), _months(table.observed)
    future = _future(months, days, table.observed)
    runs = table.account_days if by_account else table.user_days
    first = np.flatnonzero(np.diff(runs.entity, prepend=-1))
    lengths = np.diff(np.append(first, runs.entity.size))
    began = runs.day[first]
    since = (runs.day - np.repeat(began, lengths)).astype(np.int64)
    latest = since[first + lengths - 1]
    cohort = (began.astype("datetime64[M]") - months[0]).astype(np.int64)
    apart = (began < _run_in(table.observed)) & ~_within(table)[runs.account[first]]
    cohort[apart] = months.size  # a row of its own, which is not shown
    rows = np.repeat(cohort, lengths)
    on = [rows[since == age] for age in days]
    after = [cohort[latest >= age] for age in days]
    return UserRetention(
        months=months,
        ages=days,
        size=np.bincount(cohort, minlength=months.size + 1)[:-1],
        on=_table(on, months.size, future),
        on_or_after=_table(after, months.size, future),
        before=int(apart.sum()),
    )


def _ages(ages: Iterable[int]) -> tuple[int, ...]:
    days = tuple(ages)
    for row, age in enumerate(days):
        if not is_whole(age) or isinstance(age, bool) or age < 1:
            message = f"is {shown(age)}: expected a whole number of days, 1 or more"
            raise UsageError("ages", row, message)
        if age in days[:row]:
            raise UsageError("ages", row, f"is {age}, which stands there before")
    return tuple(map(int, days))


def _months(observed: Period) -> Column:
    """Every month that the log touches."""
    bounds = np.array([observed.start, observed.last_day], "datetime64[M]")
    return np.arange(bounds[0], bounds[1] + _MONTH)


def _within(table: UsageTable) -> Column:
    """Which accounts are known to have begun within the log."""
    found: Column = np.asarray(table.began >= np.datetime64(table.observed.start))
    return found


def _run_in(observed: Period) -> np.datetime64:
    """The end of the first whole month of the log: its first day after."""
    month = np.datetime64(observed.start, "M")
    whole = (
        month if month.astype("datetime64[D]") == np.datetime64(observed.start) else month + _MONTH
    )
    return np.datetime64((whole + _MONTH).astype("datetime64[D]"))


def _future(months: Column, ages: tuple[int, ...], observed: Period) -> Column:
    """Of which months and ages the log does not tell yet: its last day comes too early."""
    ends = (months + _MONTH).astype("datetime64[D]") - _DAY
    reached = ends[:, np.newaxis] + np.array(ages, np.int64) * _DAY
    found: Column = np.asarray(reached > np.datetime64(observed.last_day))
    return found


def _table(rows: list[Column], months: int, future: Column) -> Masked:
    """Counts of each month and age; the row of those kept apart is left out."""
    counts = np.zeros(future.shape, np.int64)
    for place, each in enumerate(rows):
        counts[:, place] = np.bincount(each, minlength=months + 1)[:months]
    return np.ma.masked_array(np.where(future, 0, counts), future)
