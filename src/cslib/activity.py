"""Activity: daily, weekly and monthly active users, stickiness, active rate, change on the week.

A part of :mod:`cslib.health` over :mod:`cslib.usage`. Conventions:

- *Active* is who has one use or more. A rolling window of ``n`` days ends with a day and includes
  it; a calendar week begins on Monday (ISO 8601). What the log does not cover is masked.
- A month that rolls has 28 days, so that each has four of every day of the week.
- A user who is not known is none of the users. Where all uses of a window are by such, the
  number of its users is masked: not known, and not 0.
- *Stickiness* is the mean of the daily active users of a window over those active in it: the share
  of its days on which an active user is active. With the users of its last day alone above the line
  it would swing between weekday and Sunday.
"""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import flat, refuse_rows
from cslib.days import is_whole
from cslib.faults import shown
from cslib.periods import Period
from cslib.rates import Rate
from cslib.series import BY_CONTENT, read_only, text_table
from cslib.usage import (
    DayRuns,
    UsageError,
    UsageTable,
    check_count,
    check_period,
    check_usage,
    check_where,
    masked,
)

__all__ = [
    "ActiveUsers",
    "Calendar",
    "UseCounts",
    "active_rate",
    "active_users",
    "seat_rate",
    "stickiness",
    "usage_facts",
    "use_counts",
]

Column: TypeAlias = npt.NDArray[Any]
Masked: TypeAlias = np.ma.MaskedArray[Any, Any]

_MOST_CELLS = 2**25  # of a table of accounts by windows: a quarter of a gigabyte of int64
_MOST_DAYS = 400_000  # a millennium, more than any log has
_DAY, _MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")


class Calendar(enum.StrEnum):
    """Windows that follow the calendar instead of rolling with each day."""

    WEEK = "week"
    MONTH = "month"


def _by_ids(ids: Column | None) -> object:
    return None if ids is None else BY_CONTENT(ids)


@attrs.frozen(kw_only=True, repr=False)
class ActiveUsers:
    """Users active in each window, of the book or of each account.

    Attributes:
        first: The first day of each window.
        last: Its last day.
        users: How many users were active in it; for accounts a row each. Masked where not known.
        user_days: The sum of the daily active users over its days, of the same shape.
        active: How many accounts were active in it, by a known user or not, of the same shape: for
            accounts 1 or 0 each.
        accounts: The ids of the accounts; None: the book as a whole.
    """

    first: Column = attrs.field(converter=read_only, eq=BY_CONTENT)
    last: Column = attrs.field(converter=read_only, eq=BY_CONTENT)
    users: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    user_days: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    active: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    accounts: Column | None = attrs.field(default=None, eq=_by_ids)

    @property
    def days(self) -> Column:
        """How many days each window has."""
        found: Column = ((self.last - self.first) / _DAY).astype(np.int64) + 1
        return found

    @property
    def stickiness(self) -> Masked:
        """The mean of the daily active users over the window's; masked where nobody was active."""
        return _ratio(self.user_days, self.users * self.days)

    def __repr__(self) -> str:
        if self.accounts is not None:
            of = f"{self.accounts.size:,} accounts in {self.first.size:,} windows"
            return f"<ActiveUsers: of {of}>"
        columns = ((self.users, "d"), (self.active, "d"), (self.stickiness, ".1%"))
        rows = [
            [str(first), str(last), *(_shown(column[row], spec) for column, spec in columns)]
            for row, (first, last) in enumerate(zip(self.first, self.last, strict=True))
        ]
        return text_table(["first", "last", "users", "accounts", "stickiness"], rows)


def _shown(value: Any, spec: str) -> str:
    return "unknown" if value is np.ma.masked else format(value, spec)


def _ratio(parts: Masked, wholes: Masked) -> Masked:
    """Quotients, masked where one is not known or there is nothing to divide by."""
    known = ~np.ma.getmaskarray(parts) & ~np.ma.getmaskarray(wholes) & (wholes.data != 0)
    quotients = parts.data / np.where(known, wholes.data, 1)
    return np.ma.masked_array(np.where(known, quotients, 0.0), ~known)


def active_users(
    table: UsageTable, window: int | Calendar, *, by_account: bool = False
) -> ActiveUsers:
    """Users active in each window of a log: DAU with 1 day, WAU with 7, MAU with 28 or 30.

    Args:
        table: The log.
        window: So many days, a window for each day of the log that ends with it; or the weeks or
            months of the calendar that the log touches.
        by_account: For each account instead of the book. Windows before an account began are
            masked; those that reach back before it are known, if it began within the log.

    Raises:
        UsageError: If the window is none, or accounts times windows are more than 2**25.

    >>> table = UsageTable.of_columns(
    ...     account=["ada", "ada", "bo"],
    ...     user=["ann", "ann", "bob"],
    ...     at=np.array(["2026-06-01", "2026-06-03", "2026-06-03"], "datetime64[D]"),
    ...     observed=Period(dt.date(2026, 6, 1), dt.date(2026, 6, 5)),
    ... )
    >>> active_users(table, 2)
         first        last    users  accounts  stickiness
    2026-05-31  2026-06-01  unknown   unknown     unknown
    2026-06-01  2026-06-02        1         1       50.0%
    2026-06-02  2026-06-03        2         2       50.0%
    2026-06-03  2026-06-04        2         2       50.0%
    >>> active_users(table, 1, by_account=True).users.tolist()
    [[1, 0, 1, 0], [0, 0, 1, 0]]
    """
    check_usage(table)
    first, last, place, length = _windows(table.observed, window)
    groups = table.accounts.size if by_account else 1
    shape = (groups, first.size)
    if groups * first.size > _MOST_CELLS:
        given = f"has {first.size:,} windows for {groups:,} accounts"
        raise UsageError("window", None, f"{given}: ask for a Calendar, or for fewer accounts")
    start = np.datetime64(table.observed.start, "D")

    def placed(runs: DayRuns) -> tuple[Column, Column, Column]:
        where = place[((runs.day - start) / _DAY).astype(np.int64)]
        return (runs.account if by_account else np.zeros_like(runs.account)), runs.entity, where

    group, entity, where = placed(table.user_days)
    users = _distinct(group, entity, where, shape, length)
    cell = group.astype(np.int64) * shape[1] + where
    daily = np.bincount(cell, minlength=groups * first.size).reshape(shape)
    active = _distinct(*placed(table.account_days), shape, length)
    known = table.known(first, last) if by_account else _covered(table, first, last)[np.newaxis]
    told = known & ((users > 0) | (active == 0))
    columns = {
        "users": masked(users, told),
        "user_days": masked(_rolled(daily, length), told),
        "active": masked(active, known),
    }
    return ActiveUsers(
        first=first,
        last=last,
        **{name: column if by_account else column[0] for name, column in columns.items()},
        accounts=table.accounts if by_account else None,
    )


def _windows(observed: Period, window: object) -> tuple[Column, Column, Column, int]:
    """First and last days; the place of each day of the log among them; places in a window."""
    bounds = np.array([observed.start, observed.end], "datetime64[D]")
    every = np.arange(*bounds)
    if isinstance(window, Calendar):
        place = _calendar_place(every, window)
        return *_calendar_bounds(place, window), place - place[0], 1
    if not is_whole(window) or isinstance(window, bool) or window < 1:
        expected = "expected days, 1 or more, or a Calendar"
        raise UsageError("window", None, f"is {shown(window)}: {expected}")
    length = min(int(window), _MOST_DAYS)
    return every - (length - 1) * _DAY, every, np.arange(every.size), length


def _covered(table: UsageTable, first: Column, last: Column) -> npt.NDArray[np.bool_]:
    start, end = table.observed.start, table.observed.last_day
    found: npt.NDArray[np.bool_] = (first >= np.datetime64(start)) & (last <= np.datetime64(end))
    return found


def _calendar_place(days: Column, window: Calendar) -> npt.NDArray[np.int64]:
    """Of each day a number for its week, or month, since 1970."""
    if window is Calendar.MONTH:
        return np.asarray(days.astype("datetime64[M]").astype(np.int64))
    return np.asarray((days.astype(np.int64) + _THURSDAY) // 7)


_THURSDAY = 3  # 1970-01-01 was the fourth day of its week


def _calendar_bounds(place: npt.NDArray[np.int64], window: Calendar) -> tuple[Column, Column]:
    every = np.arange(place[0], place[-1] + 1)
    if window is Calendar.MONTH:
        months = every.astype("datetime64[M]")
        return months.astype("datetime64[D]"), (months + _MONTH).astype("datetime64[D]") - _DAY
    first = (every * 7 - _THURSDAY).astype("datetime64[D]")
    return first, first + 6 * _DAY


def _distinct(
    group: Column, entity: Column, where: Column, shape: tuple[int, int], length: int
) -> Column:
    """How many entities of each group have a place in the window of ``length`` that ends at each.

    An entity at a place is in the windows that end there and at the ``length - 1`` that follow, up
    to its next place, which begins anew: so each counts once however often it occurs.
    """
    windows = shape[1]
    end = np.minimum(where + length, windows)
    same = entity[1:] == entity[:-1]
    end[:-1] = np.where(same, np.minimum(end[:-1], where[1:]), end[:-1])
    row = group.astype(np.int64) * (windows + 1)
    cells = shape[0] * (windows + 1)
    steps = np.bincount(row + where, minlength=cells) - np.bincount(row + end, minlength=cells)
    found: Column = np.cumsum(steps.reshape(shape[0], windows + 1), axis=1)[:, :-1]
    return found


def _rolled(daily: Column, length: int) -> Column:
    """Sums over the window of ``length`` that ends with each column."""
    sums = np.cumsum(daily, axis=1)
    sums[:, length:] -= sums[:, :-length].copy()
    found: Column = sums
    return found


# --------------------------------------------------------------------------------------
# In one period


@attrs.frozen(kw_only=True)
class UseCounts:
    """What each account did in one period, in columns of a row for each; masked where not known.

    Attributes:
        uses: How many uses.
        users: How many known users; masked as well where it was used and none of them is known.
        days: On how many days it was used, by a known user or not.
        user_days: The sum of its daily active users.
    """

    uses: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    users: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    days: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    user_days: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)


def use_counts(table: UsageTable, period: Period) -> UseCounts:
    """Uses, users, days and user-days of each account in a period.

    Raises:
        UsageError: If the table or the period is none.

    >>> table = UsageTable.of_columns(
    ...     account=["ada", "ada", "ada"], user=["ann", "ann", "bob"],
    ...     at=np.array(["2026-06-01", "2026-06-01", "2026-06-03"], "datetime64[D]"),
    ...     observed=Period.month(2026, 6),
    ... )
    >>> counts = use_counts(table, Period.month(2026, 6))
    >>> counts.uses.tolist(), counts.users.tolist(), counts.days.tolist()
    ([3], [2], [2])
    """
    check_usage(table)
    check_period("period", period)
    first, last = np.datetime64(period.start, "D"), np.datetime64(period.last_day, "D")
    known, size = table.known(first, last), table.accounts.size

    runs = _between(table.user_days, first, last)
    new = np.diff(runs.entity, prepend=-1) != 0
    rows = table.account[(table.day >= first) & (table.day <= last)]
    there = (rows, _between(table.account_days, first, last).account, runs.account[new])
    uses, days, users = (np.bincount(account, minlength=size) for account in there)
    told = known & ((users > 0) | (days == 0))
    return UseCounts(
        uses=masked(uses, known),
        users=masked(users, told),
        days=masked(days, known),
        user_days=masked(np.bincount(runs.account, minlength=size), told),
    )


def _between(runs: DayRuns, first: np.datetime64, last: np.datetime64) -> DayRuns:
    kept = (runs.day >= first) & (runs.day <= last)
    return DayRuns(runs.account[kept], runs.entity[kept], runs.day[kept])


def stickiness(table: UsageTable, as_of: dt.date, *, days: int = 28) -> Rate:
    """The mean of the daily active users over the users active in the days up to ``as_of``.

    It is undefined where nobody was active. It has no interval: days of one user are not
    independent of one another.

    Raises:
        UsageError: If the log does not cover the window.

    >>> table = UsageTable.of_columns(
    ...     account=["ada"] * 4, user=["ann", "ann", "ann", "bob"],
    ...     at=np.array(["2026-06-01", "2026-06-02", "2026-06-05", "2026-06-05"], "datetime64[D]"),
    ...     observed=Period.month(2026, 6),
    ... )
    >>> stickiness(table, dt.date(2026, 6, 28)).value
    Fraction(1, 14)
    """
    check_usage(table)
    table.check_day(as_of)
    window = Period.trailing(as_of, days=days)
    _check_covered(table, window)
    first, last = np.datetime64(window.start, "D"), np.datetime64(window.last_day, "D")
    runs = _between(table.user_days, first, last)
    users = int((np.diff(runs.entity, prepend=-1) != 0).sum())
    return Rate(
        numerator=runs.day.size,
        denominator=users * days,
        convention=f"mean daily over {days}-day active users",
    )


def _check_covered(table: UsageTable, period: Period) -> None:
    if period.overlap(table.observed) != period:
        message = f"is {period}: expected days that the log covers, within {table.observed}"
        raise UsageError("period", None, message)


def active_rate(
    table: UsageTable, period: Period, *, days: int = 1, where: npt.ArrayLike | None = None
) -> Rate:
    """Which share of the accounts was active in a period, on so many of its days or more (H2, K).

    Accounts that began after its first day had less of it and are left out; one whose beginning is
    not known is taken to have been there.

    Args:
        table: The log; ask with all accounts in it, those without a use included.
        period: Days that the log covers.
        days: On how many days an active account was used, 1 or more.
        where: Which accounts to ask about, a row for each; None: all.

    Raises:
        UsageError: If the log does not cover the period, or another argument is wrong.

    >>> table = UsageTable.of_columns(
    ...     account=["ada"], at=[dt.date(2026, 6, 3)], accounts=["ada", "bo"],
    ...     observed=Period.month(2026, 6),
    ... )
    >>> print(active_rate(table, Period.month(2026, 6)))
    1 of 2 = 50.0 % (9.5 to 90.5 %, 95 % Wilson); convention: active on 1 or more days of 2026-06
    """
    asked, _ = _asked(table, period, where)
    check_count("days", days)
    whole = ~(table.began > np.datetime64(period.start, "D"))
    active = use_counts(table, period).days.data >= days
    late = int((asked & ~whole).sum())
    return Rate.of_counts(
        int((asked & whole & active).sum()),
        int((asked & whole).sum()),
        convention=f"active on {days} or more days of {period}",
        excluded={"began within it or after": late} if late else {},
    )


def seat_rate(
    table: UsageTable, period: Period, seats: npt.ArrayLike, *, where: npt.ArrayLike | None = None
) -> Rate:
    """Which share of the seats bought was active in a period: users active over seats.

    Accounts whose seats are not known are left out, with their users above the line. An account may
    have more users than seats; the rate is then no proportion.

    Args:
        table: The log.
        period: Days that the log covers.
        seats: Of each account, whole numbers of 0 or more; masked, or NaN, where not known.
        where: Which accounts to ask about, a row for each; None: all.

    Raises:
        UsageError: If the log does not cover the period, or another argument is wrong.

    >>> table = UsageTable.of_columns(
    ...     account=["ada"], user=["ann"], at=[dt.date(2026, 6, 3)], observed=Period.month(2026, 6)
    ... )
    >>> seat_rate(table, Period.month(2026, 6), [4]).value
    Fraction(1, 4)
    """
    asked, size = _asked(table, period, where)
    bought, known = _seats(seats, size)
    users = use_counts(table, period).users.data
    counted = asked & known
    left_out = int(users[asked & ~known].sum())
    return Rate(
        numerator=int(users[counted].sum()),
        denominator=int(bought[counted].sum()),
        convention=f"users active in {period} over seats",
        excluded={"active users of accounts whose seats are unknown": left_out} if left_out else {},
        bounded=bool((users <= bought)[counted].all()),
    )


def _asked(
    table: UsageTable, period: Period, where: npt.ArrayLike | None
) -> tuple[npt.NDArray[np.bool_], int]:
    """Which accounts are asked about, and how many there are."""
    check_usage(table)
    _check_covered(table, check_period("period", period))
    size = table.accounts.size
    return check_where(where, size), size


def _seats(given: npt.ArrayLike, size: int) -> tuple[Column, npt.NDArray[np.bool_]]:
    values = flat(UsageError, "seats", given)
    if values.dtype.kind not in "iuf" or values.size != size:
        expected = f"expected {size} whole numbers, masked or NaN where not known"
        raise UsageError("seats", None, f"has {values.size} rows of {values.dtype}: {expected}")
    plain = np.asarray(np.ma.getdata(values))
    known = ~np.ma.getmaskarray(values) & (plain == plain)
    numbers = np.where(known, plain, 0)
    wrong = (numbers < 0) | (numbers > 2**53) | (numbers != np.floor(numbers))
    refuse_rows(UsageError, "seats", plain, wrong, "expected a whole number of 0 or more")
    return numbers.astype(np.int64), known


# --------------------------------------------------------------------------------------
# Facts


def usage_facts(table: UsageTable, as_of: dt.date, *, month: int = 28) -> dict[str, Column]:
    """What rules and scorecards read of each account's use, as of the end of a day.

    =========================  ==================================================================
    ``account``                its id
    ``dau``, ``wau``, ``mau``  users active on the day, in the last 7 days, in the last ``month``
    ``uses_7``                 uses in the last 7 days
    ``active_days``            days with a use, in the last ``month``
    ``stickiness``             mean daily over monthly active users; unknown where there are none
    ``days_since_use``         days since the last use; unknown where the log has none
    ``uses_change``            change of the uses of the last 7 days against the 7 before
    ``users_change``           the same of the active users
    =========================  ==================================================================

    A change is a fraction, -0.2 for a fifth less, the double nearest to the exact quotient. It is
    unknown where the week before has nothing to compare with, or is not wholly in the log and in
    the account's life. An unknown is masked.

    Args:
        table: The log.
        as_of: A day that the log covers.
        month: The days of a month, mostly 28 or 30.

    Raises:
        UsageError: If the log does not cover the day, or the month is no number of days.

    >>> days = ["2026-06-01"] * 5 + ["2026-06-08"] * 4
    >>> table = UsageTable.of_columns(
    ...     account=["ada"] * 9, at=np.array(days, "datetime64[D]"), observed=Period.month(2026, 6)
    ... )
    >>> facts = usage_facts(table, dt.date(2026, 6, 14))
    >>> facts["uses_7"].tolist(), facts["uses_change"].tolist(), facts["mau"].tolist()
    ([4], [-0.2], [None])
    """
    check_usage(table)
    today = table.check_day(as_of)
    check_count("month", month)
    day, week, whole = (use_counts(table, Period.trailing(as_of, days=n)) for n in (1, 7, month))
    before = Period.trailing(as_of - dt.timedelta(days=7), days=7)
    earlier = use_counts(table, before)
    there = ~(table.began > np.datetime64(before.start, "D"))
    return {
        "account": table.accounts,
        "dau": day.users,
        "wau": week.users,
        "mau": whole.users,
        "uses_7": week.uses,
        "active_days": whole.days,
        "stickiness": _ratio(whole.user_days, whole.users * month),
        "days_since_use": _days_since(table, today),
        "uses_change": _change(week.uses, earlier.uses, there),
        "users_change": _change(week.users, earlier.users, there),
    }


def _change(now: Masked, before: Masked, there: Column) -> Masked:
    found = _ratio(now - before, before)
    return masked(found.data, ~np.ma.getmaskarray(found) & there)


def _days_since(table: UsageTable, today: np.datetime64) -> Masked:
    runs = table.account_days
    kept = runs.day <= today
    last = np.full(table.accounts.size, "NaT", "datetime64[D]")
    last[runs.account[kept]] = runs.day[kept]  # by account and day: the last is what stays
    used = ~np.isnat(last)
    since = np.where(used, today - last, np.timedelta64(0, "D")) / _DAY
    return masked(since.astype(np.int64), used)
