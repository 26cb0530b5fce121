"""Usage: who used the product, on which day, in which role and to do what.

A part of :mod:`cslib.health`. A :class:`UsageTable` holds the log of a whole book in columns; a
:class:`Use` is one row of it as a record. What can be asked of them is in :mod:`cslib.activity`,
:mod:`cslib.userretention`, :mod:`cslib.maturity`, :mod:`cslib.breadth` and :mod:`cslib.adoption`.

Conventions:

- A use falls on a day. Of an instant that is its day in UTC; for another zone, give days.
- A user is a user of one account: the same id in two accounts is two users, so that the figures of
  a book are the sums of its accounts'.
- The log says which days it covers. A day within it without a use is a day without a use; what lies
  outside is not known. So is everything before an account began.
- A user, role or action that is not known is none of the known ones. The use counts all the same.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import ArgumentError, check_lengths, flat, refuse_rows
from cslib.days import checked_day, day_column, is_whole
from cslib.faults import shown
from cslib.logorder import order_of
from cslib.moments import Moment, in_utc, utc_day
from cslib.periods import Period
from cslib.series import BY_CONTENT, read_only
from cslib.termids import TermColumn, numbered

__all__ = [
    "DayRuns",
    "Tally",
    "UsageError",
    "UsageTable",
    "Use",
    "by_days",
    "check_as_of",
    "check_count",
    "check_period",
    "check_usage",
    "check_uses",
    "check_where",
    "distinct_days",
    "life_is_known",
    "masked",
    "optional_days",
]

Column: TypeAlias = npt.NDArray[Any]
Codes: TypeAlias = npt.NDArray[np.int32]
Days: TypeAlias = npt.NDArray[np.datetime64]
Mask: TypeAlias = npt.NDArray[np.bool_]

_UNKNOWN = -1  # the code of a user, role or action that is not known

_DAY = np.dtype("datetime64[D]")


class UsageError(ArgumentError):
    """A column of which no usage table can be made, or a question that it cannot answer.

    >>> print(UsageError("user", 3, "is '': expected an id, or None where it is not known"))
    user[3] is '': expected an id, or None where it is not known
    """


def _moment(at: Moment) -> Moment:
    return in_utc(at, "at")


@attrs.frozen(kw_only=True)
class Use:
    """One use of the product by an account.

    Attributes:
        at: When, a date or an aware datetime.
        user: Who; None where it is not known.
        role: In which job role; None where it is not known.
        action: What they did; None where it is not known.

    Raises:
        MomentError: If ``at`` is no date and no aware datetime.

    >>> Use(at=dt.date(2026, 6, 1), user="ann", role="analyst", action="query").day
    datetime.date(2026, 6, 1)
    """

    at: Moment = attrs.field(converter=_moment)
    user: str | int | None = None
    role: str | None = None
    action: str | None = None

    @property
    def day(self) -> dt.date:
        """The day on which it falls, in UTC."""
        return utc_day(self.at)


class Tally(NamedTuple):
    """What each account did in some rows of a table, in columns of a row for each."""

    uses: npt.NDArray[np.int64]
    """How many uses."""
    users: npt.NDArray[np.int64]
    """How many known users."""
    days: npt.NDArray[np.int64]
    """On how many days."""


class DayRuns(NamedTuple):
    """Days on which somebody was active, each once, in order."""

    account: Codes
    """The account, a position in the table's accounts."""
    entity: npt.NDArray[np.int64]
    """Who was active: a number for each user of an account, or for each account."""
    day: Days


def by_days(days: Days) -> object:
    """What attrs compares in the place of a column of days, in which NaT equals NaT.

    >>> days = np.array(["2026-06-01", "NaT"], "datetime64[D]")
    >>> by_days(days) == by_days(days.copy())
    True
    """
    return BY_CONTENT(days.view(np.int64))


@attrs.frozen(kw_only=True, repr=False)
class UsageTable:
    """The uses of many accounts, a row for each, by account, user and day.

    Made by :meth:`of_columns`, which checks what it is given; tables compare by content.

    Attributes:
        accounts: The accounts' ids, each once, those without a use included.
        began: The day on which each began; NaT where it is not known.
        observed: The days that the log covers, whole.
        roles: Names of the roles, in order.
        actions: Names of the actions, in order.
        account: Of each row the account, a position in ``accounts``.
        user: A number for the user; -1 where not known. Others of an account have other numbers.
        day: The day.
        role: A position in ``roles``; -1 where not known.
        action: A position in ``actions``; -1 where not known.
        outside: How many uses were left out since they lie outside ``observed``.
    """

    accounts: Column = attrs.field(converter=read_only, eq=BY_CONTENT)
    began: Days = attrs.field(converter=read_only, eq=by_days)
    observed: Period
    roles: tuple[str, ...]
    actions: tuple[str, ...]
    account: Codes = attrs.field(converter=read_only, eq=BY_CONTENT)
    user: Codes = attrs.field(converter=read_only, eq=BY_CONTENT)
    day: Days = attrs.field(converter=read_only, eq=BY_CONTENT)
    role: Codes = attrs.field(converter=read_only, eq=BY_CONTENT)
    action: Codes = attrs.field(converter=read_only, eq=BY_CONTENT)
    outside: int

    @classmethod
    def of_columns(
        cls,
        *,
        account: npt.ArrayLike,
        at: npt.ArrayLike,
        observed: Period,
        user: npt.ArrayLike | None = None,
        role: npt.ArrayLike | None = None,
        action: npt.ArrayLike | None = None,
        accounts: npt.ArrayLike | None = None,
        began: npt.ArrayLike | None = None,
    ) -> UsageTable:
        """The table of a log in columns, in any order.

        The same use twice is two uses; users and days are counted once however often they occur.

        Args:
            account: Ids, texts or whole numbers, all known.
            at: Days, or instants in UTC, all known.
            observed: The days that the log covers. Uses outside are left out and counted.
            user: Ids; None or masked where not known. Not given: none is known.
            role: Names; None or masked where not known.
            action: Names; None or masked where not known.
            accounts: The ids of all accounts, each once, in the order wanted. Not given: those
                that have a use in ``account``, sorted; then an account without one is not there.
            began: The day on which each of ``accounts`` began, NaT where not known.

        Raises:
            UsageError: With the first row at fault.
            MomentError: If a value of ``at`` is no date and no aware datetime.

        >>> table = UsageTable.of_columns(
        ...     account=["ada", "ada", "bo"],
        ...     user=["ann", None, "bob"],
        ...     at=np.array(["2026-06-02", "2026-06-01", "2026-07-01"], "datetime64[D]"),
        ...     observed=Period.month(2026, 6),
        ... )
        >>> table
        <UsageTable: 2 uses by 2 accounts in 2026-06; 1 outside; 1 of unknown user>
        """
        check_period("observed", observed)
        columns = {"account": account, "user": user, "role": role, "action": action}
        read = {name: _numbers(name, given) for name, given in columns.items() if given is not None}
        days = _days(at)
        check_lengths(
            UsageError, {name: codes.size for name, (_, codes) in read.items()} | {"at": days.size}
        )
        ids, codes = read["account"]
        _check_ids("account", codes)
        ids, codes = (ids, codes) if accounts is None else _placed(ids, codes, accounts)
        starts = _began(began, ids.size, given_accounts=accounts is not None)
        first, last = _bounds(observed)
        within = (days >= first) & (days <= last)
        blank = np.full(days.size, _UNKNOWN, np.int32)
        others = [read[name][1] if name in read else blank for name in ("user", "role", "action")]
        ordered = _ordered([column[within] for column in (codes, *others, days)])
        return cls(
            accounts=ids,
            began=starts,
            observed=observed,
            roles=_names("role", read),
            actions=_names("action", read),
            **dict(zip(_COLUMNS, ordered, strict=True)),
            outside=int(days.size - within.sum()),
        )

    def __repr__(self) -> str:
        counts = {
            "outside": self.outside,
            "of unknown user": int((self.user < 0).sum()),
            "of unknown role": int((self.role < 0).sum()) if self.roles else 0,
            "of unknown action": int((self.action < 0).sum()) if self.actions else 0,
        }
        rows = f"{self.day.size:,} uses by {self.accounts.size:,} accounts in {self.observed}"
        told = "".join(f"; {count:,} {what}" for what, count in counts.items() if count)
        return f"<UsageTable: {rows}{told}>"

    @functools.cached_property
    def user_days(self) -> DayRuns:
        """The days of each known user, by account, user and day."""
        rows = np.flatnonzero(self.user >= 0)
        account, user, day = self.account[rows], self.user[rows], self.day[rows]
        new = _differs(account) | _differs(user)
        kept = new | _differs(day)
        entity = np.cumsum(new, dtype=np.int64)[kept] - 1
        return DayRuns(account[kept], entity, day[kept])

    @functools.cached_property
    def account_days(self) -> DayRuns:
        """The days on which each account was used, by a known user or not, by account and day."""
        kept = _differs(self.account) | _differs(self.user) | _differs(self.day)
        account, day = self.account[kept], self.day[kept]
        order = order_of([account, day.view(np.int64)])
        if order is not None:
            account, day = account[order], day[order]
        once = _differs(account) | _differs(day)
        return DayRuns(account[once], account[once].astype(np.int64), day[once])

    def known(self, first: npt.ArrayLike, last: npt.ArrayLike) -> Mask:
        """Of which accounts the log tells all their uses from a day to a day, both included.

        It has to cover all these days, or the account's life from its beginning and the last day;
        an account that began after the last day is not known.

        Args:
            first: The first day, or several.
            last: The last day of each.

        Returns:
            A row for each account, and for several days a column for each.

        >>> table = UsageTable.of_columns(
        ...     account=[], at=[], accounts=["ada", "bo"], observed=Period.month(2026, 6),
        ...     began=np.array(["NaT", "2026-06-10"], "datetime64[D]"),
        ... )
        >>> table.known(np.datetime64("2026-05-20"), np.datetime64("2026-06-16")).tolist()
        [False, True]
        """
        start, end = _bounds(self.observed)
        firsts, lasts = np.asarray(first, _DAY), np.asarray(last, _DAY)
        began = self.began.reshape(-1, *[1] * firsts.ndim)
        covered = (firsts >= start) | (began >= start)
        found: Mask = covered & ~(began > lasts) & (lasts <= end)
        return found

    def tally(self, rows: Mask) -> Tally:
        """Uses, known users and days of each account in some of the rows.

        >>> table = UsageTable.of_columns(
        ...     account=["ada", "ada"], user=["ann", None], action=["query", "export"],
        ...     at=[dt.date(2026, 6, 1), dt.date(2026, 6, 2)], observed=Period.month(2026, 6),
        ... )
        >>> table.tally(table.day == np.datetime64("2026-06-02"))
        Tally(uses=array([1]), users=array([0]), days=array([1]))
        """
        size = self.accounts.size
        account, user, day = self.account[rows], self.user[rows], self.day[rows]
        new = (_differs(account) | _differs(user)) & (user >= 0)
        return Tally(
            np.bincount(account, minlength=size),
            np.bincount(account[new], minlength=size),
            distinct_days(account, day, size),
        )

    def check_day(self, as_of: object) -> np.datetime64:
        """A day that the log covers, as numpy has it.

        Raises:
            UsageError: If it does not.
            DayError: If it is no date.
        """
        return np.datetime64(check_as_of(as_of, self.observed), "D")


_COLUMNS = ("account", "user", "role", "action", "day")


def check_usage(table: object) -> None:
    """Refuse what is no table of usage.

    Raises:
        UsageError: If it is none.
    """
    if not isinstance(table, UsageTable):
        given = f"is of {type(table).__name__}: expected a UsageTable"
        raise UsageError("table", None, f"{given}, as UsageTable.of_columns gives")


def check_period(argument: str, given: object) -> Period:
    """The period that this is.

    Raises:
        UsageError: If it is none.
    """
    if not isinstance(given, Period):
        message = f"is {shown(given)}: expected a Period, as Period.month(2026, 6)"
        raise UsageError(argument, None, message)
    return given


def distinct_days(group: Column, day: Days, groups: int) -> npt.NDArray[np.int64]:
    """On how many days each of some groups has a row.

    >>> days = np.array(["2026-06-01", "2026-06-01", "2026-06-02"], "datetime64[D]")
    >>> distinct_days(np.array([0, 0, 2]), days, 3)
    array([1, 0, 1])
    """
    if not day.size:
        return np.zeros(groups, np.int64)
    offset = day.astype(np.int64)
    offset -= offset.min()
    length = int(offset.max()) + 1
    place = group.astype(np.int64) * length + offset
    if groups * length > _MOST_FLAGS:
        return np.bincount(np.unique(place) // length, minlength=groups)
    there = np.zeros(groups * length, np.bool_)
    there[place] = True
    return np.asarray(np.count_nonzero(there.reshape(groups, length), axis=1), np.int64)


_MOST_FLAGS = 2**27  # of groups by days, a byte each


def optional_days(argument: str, given: npt.ArrayLike) -> Days:
    """A column of days, NaT, None or masked where there is none.

    Raises:
        UsageError: If it has more than one dimension.
        DayError: If it is no column of days.

    >>> optional_days("began", [dt.date(2026, 6, 1), None])
    array(['2026-06-01',        'NaT'], dtype='datetime64[D]')
    """
    values = flat(UsageError, argument, given)
    if values.dtype.kind == "O":
        listed = np.ma.getdata(values).tolist()
        gone = np.ma.getmaskarray(values)
        days = [None if each is None else checked_day(each) for each in listed]
        values = np.ma.masked_array(np.array(days, _DAY), gone)
    return day_column(values)


def life_is_known(observed: Period, began: dt.date | None, window: Period) -> bool:
    """Whether a log tells all uses of one account in a window, as :meth:`UsageTable.known` says.

    >>> june = Period.month(2026, 6)
    >>> life_is_known(june, dt.date(2026, 6, 10), Period.parse("2026-05-20/2026-06-17"))
    True
    """
    if began is not None and began > window.last_day:
        return False
    within = began is not None and began >= observed.start
    return (window.start >= observed.start or within) and window.end <= observed.end


def check_count(argument: str, given: object) -> int:
    """A whole number of 1 or more.

    Raises:
        UsageError: If it is none.
    """
    if not is_whole(given) or isinstance(given, bool) or given < 1:
        message = f"is {shown(given)}: expected a whole number of 1 or more"
        raise UsageError(argument, None, message)
    return int(given)


def check_where(where: npt.ArrayLike | None, size: int) -> Mask:
    """Which accounts are asked about: all, or those where a column of truths says so.

    Raises:
        UsageError: If it is no such column, or a row of it is not known.
    """
    if where is None:
        return np.ones(size, np.bool_)
    asked = flat(UsageError, "where", where)
    if asked.dtype != np.bool_ or asked.size != size or np.ma.is_masked(asked):
        given = f"has {asked.size} rows of {asked.dtype}"
        expected = f"expected {size} of True and False, all known"
        raise UsageError("where", None, f"{given}: {expected}")
    return np.asarray(asked)


def check_as_of(as_of: object, observed: object) -> dt.date:
    """A day that a log covers.

    Raises:
        UsageError: If it does not.
        DayError: If it is no date.
    """
    day, days = checked_day(as_of), check_period("observed", observed)
    if day not in days:
        raise UsageError("as_of", None, f"is {day}: expected a day that the log covers, in {days}")
    return day


def check_uses(uses: Iterable[object]) -> tuple[Use, ...]:
    """The uses of one account, each a Use.

    Raises:
        UsageError: With the first that is none.
    """
    given = tuple(uses)
    for row, each in enumerate(given):
        if not isinstance(each, Use):
            raise UsageError("uses", row, f"is {shown(each)}: expected a Use")
    return given  # type: ignore[return-value]


def masked(values: Column, known: Column) -> np.ma.MaskedArray[Any, Any]:
    """The values, masked and 0, or empty, where not known.

    >>> masked(np.array([3, 4]), np.array([True, False])).tolist()
    [3, None]
    """
    return np.ma.masked_array(np.where(known, values, np.zeros(1, values.dtype)), ~known)


def _bounds(period: Period) -> tuple[np.datetime64, np.datetime64]:
    """The first and the last day."""
    return np.datetime64(period.start, "D"), np.datetime64(period.last_day, "D")


def _differs(column: Column) -> Mask:
    """Which rows differ from the one before; the first does."""
    found = np.ones(column.size, np.bool_)
    np.not_equal(column[1:], column[:-1], out=found[1:])
    return found


def _ordered(columns: list[Column]) -> list[Column]:
    """The rows by account, user and day; rows that agree in these by role and action."""
    account, user, role, action, day = columns
    order = order_of([account, user, day.view(np.int64), role, action])
    return columns if order is None else [column[order] for column in columns]


# --------------------------------------------------------------------------------------
# Columns


def _days(given: npt.ArrayLike) -> Days:
    """The day of each row; of an instant its day in UTC."""
    values = flat(UsageError, "at", given)
    if values.dtype.kind == "O" or not values.size:
        values = _moments(values)
    if values.dtype.kind != "M" or np.datetime_data(values.dtype)[0] in ("generic", "Y", "M", "W"):
        way = "expected days or instants, as np.array(days, 'datetime64[D]') or finer"
        raise UsageError("at", None, f"holds {values.dtype}: {way}")
    missing = np.ma.getmaskarray(values) | np.isnat(np.asarray(values))
    refuse_rows(UsageError, "at", values, missing, "expected when it was")
    return np.asarray(values).astype(_DAY)


def _moments(values: Column) -> Column:
    """Dates or aware datetimes of Python, as days."""
    moments = [in_utc(each, f"at[{row}]") for row, each in enumerate(values.tolist())]
    kinds = [isinstance(each, dt.datetime) for each in moments]
    if len(set(kinds)) > 1:
        row = kinds.index(not kinds[0])
        message = f"is {moments[row]}: expected dates alone, or instants alone"
        raise UsageError("at", row, message)
    return np.array([utc_day(each) for each in moments], _DAY)


def _numbers(argument: str, given: npt.ArrayLike) -> tuple[Column, Codes]:
    """The ids or names of a column, each once and sorted, and each row's position in them."""
    values = _ids(argument, given)
    masked = np.ma.getmaskarray(values)
    plain = np.ascontiguousarray(np.ma.getdata(values))
    if plain.dtype.kind == "O":
        names, codes = _numbered_objects(argument, plain, masked)
    elif not plain.size:
        names, codes = plain, np.empty(0, np.int32)
    elif masked.any():
        codes = np.full(plain.size, _UNKNOWN, np.int32)
        names, codes[~masked] = _numbered(plain[~masked]) if not masked.all() else (plain[:0], 0)
    else:
        names, codes = _numbered(plain)
    if names.dtype.kind in "UO" and "" in names[:1].tolist():
        row = int((codes == 0).argmax())
        raise UsageError(argument, row, "is '': expected an id, or None where it is not known")
    return names, codes


def _ids(argument: str, given: npt.ArrayLike) -> Column:
    """A column of texts, whole numbers, or objects that are looked at one by one."""
    listed = given if hasattr(given, "__array__") else np.fromiter(_each(argument, given), object)
    values = flat(UsageError, argument, listed)
    if not values.size:
        return np.empty(0, np.str_)
    if values.dtype.kind not in "iuUO":
        raise UsageError(argument, None, f"holds {values.dtype}: {_EXPECTED}")
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    if native.dtype.kind != "u":
        return native
    refuse_rows(UsageError, argument, native, native > _MOST, f"expected at most {_MOST}")
    return native.astype(np.int64)


_MOST = 2**63 - 1
_EXPECTED = "expected texts or whole numbers, and None or masked where not known"


def _each(argument: str, given: object) -> Iterable[Any]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise UsageError(argument, None, f"is {shown(given)}: expected a value for each row")
    return given


def _numbered(values: Column) -> tuple[Column, Codes]:
    """Whole numbers in a modest range by a table, others and texts by sorting."""
    if values.dtype.kind == "i":
        low, high = int(values.min()), int(values.max())
        if high - low <= 2 * values.size + 1024:
            place = values.astype(np.int64) - low
            there = np.bincount(place, minlength=high - low + 1) > 0
            rank = np.cumsum(there, dtype=np.int32) - 1
            return np.flatnonzero(there) + low, rank.astype(np.int32)[place]
    codes, unsure = numbered(TermColumn(values, np.ones(values.size, np.bool_)))
    if unsure.any():
        names, places = np.unique(values, return_inverse=True)
        return names, places.astype(np.int32)
    first = np.empty(int(codes.max()) + 1, values.dtype)
    first[codes] = values
    order = np.argsort(first)
    rank = np.empty(order.size, np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)
    return first[order], rank[codes]


def _numbered_objects(argument: str, values: Column, masked: Mask) -> tuple[Column, Codes]:
    """Texts alone or whole numbers alone; None and NaN are not known."""
    listed = [None if gone else each for each, gone in zip(values.tolist(), masked, strict=True)]
    kinds: set[type] = set()
    for row, each in enumerate(listed):
        if each is None or each != each:  # NaN
            listed[row] = None
            continue
        if isinstance(each, bool) or not isinstance(each, str | int):
            raise UsageError(argument, row, f"is {shown(each)}: {_EXPECTED}")
        kinds.add(str if isinstance(each, str) else int)
    if len(kinds) > 1:
        raise UsageError(argument, None, "holds texts and whole numbers: expected one kind")
    names = sorted({each for each in listed if each is not None})
    position = {name: code for code, name in enumerate(names)}
    codes = np.fromiter((position.get(each, _UNKNOWN) for each in listed), np.int32, len(listed))
    return np.array(names, np.int64 if kinds == {int} else np.str_), codes


def _names(argument: str, read: dict[str, tuple[Column, Codes]]) -> tuple[str, ...]:
    names = read[argument][0] if argument in read else np.empty(0, np.str_)
    if names.dtype.kind != "U":
        raise UsageError(argument, None, f"holds {names.dtype}: expected names, as texts")
    return tuple(names.tolist())


def _check_ids(argument: str, codes: Codes) -> None:
    unknown = np.flatnonzero(codes < 0)
    if unknown.size:
        raise UsageError(argument, int(unknown[0]), "is not known: expected an id")


def _placed(ids: Column, codes: Codes, accounts: npt.ArrayLike) -> tuple[Column, Codes]:
    """The roster of accounts, and each row's position in it."""
    listed, places = _numbers("accounts", accounts)
    _check_ids("accounts", places)
    roster = listed[places]
    if listed.size < places.size:
        twice = np.bincount(places)[places] > 1
        refuse_rows(UsageError, "accounts", roster, twice, "expected each account once")
    position = {name: code for code, name in enumerate(roster.tolist())}
    place_of = [position.get(name, _UNKNOWN) for name in ids.tolist()]
    found = np.array(place_of, np.int32)[codes] if codes.size else codes
    if (found < 0).any():
        refuse_rows(UsageError, "account", ids[codes], found < 0, "expected one of accounts")
    return roster, found


def _began(given: npt.ArrayLike | None, size: int, *, given_accounts: bool) -> Days:
    if given is None:
        return np.full(size, "NaT", _DAY)
    if not given_accounts:
        message = "is given without accounts: give both, a day for each account"
        raise UsageError("began", None, message)
    days = optional_days("began", given)
    check_lengths(UsageError, {"accounts": size, "began": days.size})
    return days
