"""Visits: where many accounts have stood and since when, as one plain table of columns.

A part of :mod:`cslib.lifecycle`. What can be seen over many journeys (:mod:`cslib.funnels`,
:mod:`cslib.dwell`, :mod:`cslib.conformance`) is computed on a :class:`VisitTable`, whether
it was made from journeys or from the columns of a bulk replay.

Conventions:

* A row is a visit: one account in one stage. Accounts and stages are codes, positions in their
  names. Rows stand by account, in the order of its visits.
* A visit begins where the one before it ends. The last of an account lasts still (``left`` is
  NaT); the first may have begun at an unknown time (``entered`` is NaT).
* Moments are days, or instants in UTC. How long something took is counted in days of the
  calendar (UTC) between two moments, as ``days_in_stage`` is: a stay within one day took 0 days,
  and the days of an account's visits add up to those from its first entry until now.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.errors import CslibError, suggestion
from cslib.faults import shown
from cslib.journeys import Journey, Refusal, RefusalReason
from cslib.logs import Event, counted, log_of
from cslib.moments import in_utc
from cslib.series import BY_CONTENT, read_only
from cslib.stages import inside, lineage_of

__all__ = [
    "Refusals",
    "Stays",
    "VisitTable",
    "VisitTableError",
    "by_moments",
    "check_lengths",
    "code_column",
    "limit_of",
    "members",
    "moment",
    "moment_column",
    "moments_of",
    "one_moment",
    "refuse_rows",
    "settle",
    "stays",
    "stays_in",
]

Column: TypeAlias = npt.NDArray[Any]
Codes: TypeAlias = npt.NDArray[np.signedinteger[Any]]
Moments: TypeAlias = npt.NDArray[np.datetime64]
Integers: TypeAlias = npt.NDArray[np.int64]
Truths: TypeAlias = npt.NDArray[np.bool_]

_DAY = np.dtype("datetime64[D]")
_INSTANT = np.dtype("datetime64[us]")


@attrs.define
class VisitTableError(CslibError, ValueError):
    """Columns or journeys of which no table of visits can be made, or a question it cannot answer.

    Attributes:
        argument: The argument at fault, for example ``entered``.
        row: Its first row at fault, counted from 0; None where the whole argument is.
        message: What was given, what was expected and the way out.

    >>> print(VisitTableError("stage", 3, "is 9: expected 0 to 4"))
    stage[3] is 9: expected 0 to 4
    """

    argument: str
    row: int | None
    message: str

    def __str__(self) -> str:
        place = self.argument if self.row is None else f"{self.argument}[{self.row}]"
        return f"{place} {self.message}"


# --------------------------------------------------------------------------------------
# Columns


def refuse_rows(argument: str, column: Column, wrong: Truths, expected: str) -> None:
    """Refuse the first row that is wrong, if there is one.

    Raises:
        VisitTableError: If there is.

    >>> refuse_rows("stage", np.array([0, 9]), np.array([False, True]), "expected 0 to 4")
    Traceback (most recent call last):
    ...
    cslib.visits.VisitTableError: stage[1] is 9: expected 0 to 4
    """
    if wrong.any():
        row = int(wrong.argmax())
        raise VisitTableError(argument, row, f"is {column[row]}: {expected}")


def _flat(argument: str, given: npt.ArrayLike) -> Column:
    values = np.asanyarray(given)
    if values.ndim != 1:
        raise VisitTableError(argument, None, f"has shape {values.shape}: expected one dimension")
    return values


def code_column(argument: str, given: npt.ArrayLike) -> Codes:
    """A column of signed whole numbers of 0 or more, not to be written to.

    Raises:
        VisitTableError: If it is none.

    >>> code_column("stage", np.array([1, 0], np.uint8))
    array([1, 0])
    """
    values = _flat(argument, given)
    if values.size and values.dtype.kind not in "iu":
        raise VisitTableError(argument, None, f"holds {values.dtype}: expected whole numbers")
    if np.ma.is_masked(values):
        row = int(np.ma.getmaskarray(values).argmax())
        raise VisitTableError(argument, row, "is masked: expected a whole number in each row")
    plain = np.asarray(values)
    codes = plain if plain.dtype.kind == "i" else plain.astype(np.int64)
    refuse_rows(argument, codes, codes < 0, "expected 0 or more")
    found: Codes = read_only(codes)
    return found


def moment_column(argument: str, given: npt.ArrayLike) -> Moments:
    """A column of days, or of instants in microseconds, not to be written to; NaT where masked.

    Raises:
        VisitTableError: If it is none, or instants are cut by less than a microsecond.

    >>> moment_column("left", np.array(["2026-03-01T09", "NaT"], "datetime64[h]")).dtype
    dtype('<M8[us]')
    """
    values = _flat(argument, given)
    if not values.size and values.dtype.kind != "M":
        values = values.astype(_DAY)
    unit = np.datetime_data(values.dtype)[0] if values.dtype.kind == "M" else "Y"
    if unit in ("generic", "Y", "M", "W"):
        way = "expected days or instants, datetime64[D] or datetime64[us]"
        raise VisitTableError(argument, None, f"holds {values.dtype}: {way}")
    if isinstance(values, np.ma.MaskedArray):
        values = np.where(np.ma.getmaskarray(values), np.array("NaT", values.dtype), values.data)
    found = values.astype(_DAY if unit == "D" else _INSTANT, copy=False)
    cut = (found != values) & ~np.isnat(values)
    refuse_rows(argument, values, cut, "expected whole microseconds, in the years that they reach")
    moments: Moments = read_only(found)
    return moments


def _truth_column(argument: str, given: npt.ArrayLike) -> Truths:
    values = _flat(argument, given)
    if values.size and values.dtype != np.bool_:
        raise VisitTableError(argument, None, f"holds {values.dtype}: expected True and False")
    found: Truths = read_only(values.astype(np.bool_))
    return found


def by_moments(values: Moments) -> object:
    """What attrs compares in the place of a column of moments, in which NaT equals NaT."""
    return values.dtype, BY_CONTENT(values.view(np.int64))


def limit_of(as_of: object, kind: np.dtype[Any]) -> np.datetime64:
    """The moment up to which events count, as a day beside days, as an instant beside instants.

    A day beside instants is the last microsecond of that day; an instant beside days its day.

    Raises:
        MomentError: If it is no date and no aware datetime.

    >>> limit_of(dt.date(2026, 3, 31), np.dtype("datetime64[us]"))
    np.datetime64('2026-03-31T23:59:59.999999')
    """
    limit = moment(as_of)
    if limit.dtype == kind or kind == _DAY:
        return np.datetime64(limit.astype(kind))
    following = (limit + np.timedelta64(1, "D")).astype(_INSTANT)
    return np.datetime64(following - np.timedelta64(1, "us"))


def moment(given: object) -> np.datetime64:
    """A date, or an instant in UTC, as numpy holds it.

    Raises:
        MomentError: If it is no date and no aware datetime.
        VisitTableError: If it is of numpy, and no day or instant.

    >>> moment(dt.date(2026, 3, 31))
    np.datetime64('2026-03-31')
    """
    if isinstance(given, np.datetime64):
        return np.datetime64(moment_column("as_of", np.array([given]))[0])
    found = in_utc(given, "as_of")
    if isinstance(found, dt.datetime):
        return np.datetime64(found.replace(tzinfo=None), "us")
    return np.datetime64(found, "D")


def _names(argument: str, given: Iterable[str]) -> tuple[str, ...]:
    """Names, each once; one alone may be given as it is."""
    names = (given,) if isinstance(given, str) else tuple(given)
    seen: set[str] = set()
    for row, name in enumerate(names):
        if not isinstance(name, str) or not name:
            raise VisitTableError(argument, row, f"is {shown(name)}: expected a name")
        if name in seen:
            raise VisitTableError(argument, row, f"is {name!r}, which stands there before")
        seen.add(name)
    return names


def _ids(given: npt.ArrayLike) -> Column:
    found: Column = read_only(_flat("accounts", given))
    return found


def settle(value: object, fields: Iterable[str], read: Callable[[str, Any], Any]) -> None:
    """Put into the fields of a value that is being made what is read from what was given.

    Raises:
        VisitTableError: As ``read`` does, which is handed the name of each field.
    """
    for name in fields:
        object.__setattr__(value, name, read(name, getattr(value, name)))


def check_lengths(lengths: Mapping[str, int]) -> None:
    """Refuse columns that differ in length.

    Raises:
        VisitTableError: If they do.

    >>> check_lengths({"account": 3, "stage": 3})
    """
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise VisitTableError("columns", None, f"differ in length: {given}")


def _check_codes(argument: str, codes: Codes, size: int, what: str) -> None:
    expected = f"expected a position in the {what}, of which there are {size}"
    refuse_rows(argument, codes, codes >= size, expected)


# --------------------------------------------------------------------------------------
# The tables


@attrs.frozen(kw_only=True, repr=False)
class Refusals:
    """The events that a definition refused, and how many it accepted.

    A row is a refused event; rows stand by account.

    Attributes:
        events: Names of events, those that are no event of the definition included.
        reasons: Names of the reasons, such as ``no_transition``.
        account: Of each row the account, a position in the accounts of the table.
        stage: The stage in which it arrived, a position in the stages of the table.
        event: The event, a position in ``events``.
        reason: Why it was refused, a position in ``reasons``.
        timed: Which rows are no events of the log, but moves by time (``after 30 days``) that were
            tried and not made.
        accepted_by_event: How many events of each name were accepted, in the order of ``events``.
        accepted_by_account: How many events of each account were accepted.

    Raises:
        VisitTableError: If columns differ in length, hold no such code, or the two counts of the
            accepted differ.
    """

    events: tuple[str, ...]
    reasons: tuple[str, ...]
    account: Codes = attrs.field(eq=BY_CONTENT)
    stage: Codes = attrs.field(eq=BY_CONTENT)
    event: Codes = attrs.field(eq=BY_CONTENT)
    reason: Codes = attrs.field(eq=BY_CONTENT)
    timed: Truths = attrs.field(eq=BY_CONTENT)
    accepted_by_event: Codes = attrs.field(eq=BY_CONTENT)
    accepted_by_account: Codes = attrs.field(eq=BY_CONTENT)

    def __attrs_post_init__(self) -> None:
        settle(self, ("events", "reasons"), _names)
        codes = ("account", "stage", "event", "reason")
        settle(self, codes, lambda name, given: code_column(f"refusals.{name}", given))
        settle(self, ("timed",), _truth_column)
        settle(self, ("accepted_by_event", "accepted_by_account"), code_column)
        columns = (*codes, "timed")
        check_lengths({f"refusals.{name}": getattr(self, name).size for name in columns})
        check_lengths({"events": len(self.events), "accepted": self.accepted_by_event.size})
        _check_codes("refusals.event", self.event, len(self.events), "events")
        _check_codes("refusals.reason", self.reason, len(self.reasons), "reasons")
        _check_codes("refusals.account", self.account, self.accepted_by_account.size, "accounts")
        behind = np.append(False, self.account[1:] < self.account[:-1])
        refuse_rows("refusals.account", self.account, behind, "expected rows by account; sort them")
        by_event, by_account = self.accepted_by_event.sum(), self.accepted_by_account.sum()
        if by_event != by_account:
            message = f"adds up to {by_event}, but accepted_by_account to {by_account}"
            raise VisitTableError("accepted_by_event", None, message)

    def __repr__(self) -> str:
        accepted = int(self.accepted_by_event.sum())
        return f"<Refusals: {self.account.size:,} refused, {accepted:,} accepted>"


@attrs.frozen(kw_only=True, repr=False)
class VisitTable:
    """Every visit of many accounts, in columns; tables compare by content.

    Attributes:
        accounts: The accounts' ids, each with one visit or more.
        stages: Names of stages; ``onboarding/training`` lies in ``onboarding``.
        account: Of each row the account, a position in ``accounts``; 0, 0, 1, 2, 2 ...
        stage: The stage, a position in ``stages``.
        entered: When the visit began, days or instants; NaT only in the first of an account.
        left: When it ended, when the next began; NaT in the last of an account and only there.
        as_of: Up to when events counted, as a day or an instant of the same kind. Given as a day
            beside instants it is the last of that day, and as an instant beside days its day. NaT
            only where there are no visits.
        refusals: The events refused; None: not known, and nothing is said of conformance.

    Raises:
        VisitTableError: With the first row at fault.
        MomentError: If ``as_of`` is no date and no aware datetime.

    >>> table = VisitTable(
    ...     accounts=["ada", "bo"],
    ...     stages=("trial", "customer"),
    ...     account=[0, 0, 1],
    ...     stage=[0, 1, 0],
    ...     entered=np.array(["2026-03-01", "2026-03-09", "NaT"], "datetime64[D]"),
    ...     left=np.array(["2026-03-09", "NaT", "NaT"], "datetime64[D]"),
    ...     as_of=dt.date(2026, 3, 31),
    ... )
    >>> table
    <VisitTable: 3 visits of 2 accounts in 2 stages, as of 2026-03-31>
    """

    accounts: Column = attrs.field(converter=_ids, eq=BY_CONTENT)
    stages: tuple[str, ...]
    account: Codes = attrs.field(eq=BY_CONTENT)
    stage: Codes = attrs.field(eq=BY_CONTENT)
    entered: Moments = attrs.field(eq=by_moments)
    left: Moments = attrs.field(eq=by_moments)
    as_of: np.datetime64 = attrs.field(converter=moment, eq=str)  # NaT equals NaT
    refusals: Refusals | None = None

    def __attrs_post_init__(self) -> None:
        settle(self, ("stages",), _names)
        settle(self, ("account", "stage"), code_column)
        settle(self, ("entered", "left"), moment_column)
        columns = ("account", "stage", "entered", "left")
        check_lengths({name: getattr(self, name).size for name in columns})
        _check_codes("stage", self.stage, len(self.stages), "stages")
        _check_accounts(self.account, self.accounts)
        if self.entered.dtype != self.left.dtype:
            given = f"holds {self.left.dtype}, but entered {self.entered.dtype}"
            raise VisitTableError("left", None, f"{given}: expected days in both or in none")
        object.__setattr__(self, "as_of", limit_of(self.as_of, self.entered.dtype))
        _check_chain(self)
        _check_as_of(self)
        if self.refusals is not None:
            _check_refusals(self.refusals, self)

    @classmethod
    def of_journeys(
        cls,
        journeys: Mapping[str, Journey],
        *,
        events: Iterable[Event] | None = None,
        stages: Iterable[str] = (),
    ) -> VisitTable:
        """The table of journeys by account.

        Args:
            journeys: The journey of each account, as ``Lifecycle.replay_all`` gives them, all as
                of one moment.
            events: The log that was replayed, as it was given. Only with it can be told how many
                events were accepted, since a journey does not list those that moved nothing.
                None: the refusals are not known.
            stages: Stages to be named first, in this order; others follow as they occur.

        Raises:
            VisitTableError: If journeys are as of several moments or hold dates and instants, or
                the log is not that of the journeys.
            LogError: If the log is none.
        """
        as_of = one_moment(journeys.values())
        names = {name: code for code, name in enumerate(_names("stages", stages))}
        visits = [visit for journey in journeys.values() for visit in journey.visits]
        counts = [len(journey.visits) for journey in journeys.values()]
        stage = [names.setdefault(visit.stage, len(names)) for visit in visits]
        ends = [moment for visit in visits for moment in (visit.entered, visit.left)]
        columns = moments_of(ends, as_of)
        refusals = None if events is None else _refusals(journeys, events, names)
        return cls(
            accounts=np.array(list(journeys), np.object_),
            stages=tuple(names),
            account=np.repeat(np.arange(len(counts)), np.array(counts, np.int64)),
            stage=np.array(stage, np.int64),
            entered=columns[0::2],
            left=columns[1::2],
            as_of=np.datetime64("NaT", "D") if as_of is None else as_of,
            refusals=refusals,
        )

    def __repr__(self) -> str:
        rows = f"{self.stage.size:,} visits of {self.accounts.size:,} accounts"
        return f"<VisitTable: {rows} in {len(self.stages)} stages, as of {self.as_of}>"

    @property
    def lasting(self) -> Integers:
        """Of each account, the row of the visit that lasts still."""
        found: Integers = np.flatnonzero(np.isnat(self.left))
        return found


def one_moment(journeys: Iterable[Journey]) -> dt.date | None:
    """The moment as of which all journeys are; None if there are none.

    Raises:
        VisitTableError: If there are several.
    """
    moments = {journey.as_of for journey in journeys}
    if len(moments) > 1:
        given = " and ".join(sorted(map(str, moments))[:2])
        raise VisitTableError("journeys", None, f"are as of {given}: expected one moment")
    return next(iter(moments), None)


def moments_of(moments: Sequence[dt.date | None], as_of: dt.date | None) -> Moments:
    """A column of the dates, or instants, of journeys; NaT for None.

    Without any it is of the kind of ``as_of``.

    Raises:
        VisitTableError: If there are both.

    >>> moments_of([None, dt.date(2026, 3, 1)], None)
    array([       'NaT', '2026-03-01'], dtype='datetime64[D]')
    """
    known = [moment for moment in moments if moment is not None]
    kinds = {isinstance(moment, dt.datetime) for moment in known}
    if len(kinds) > 1:
        raise VisitTableError("journeys", None, "hold dates and instants: convert one kind")
    if True in kinds or (not kinds and isinstance(as_of, dt.datetime)):
        plain = [None if each is None else _plain(each) for each in moments]
        return np.array(plain, _INSTANT)
    return np.array(moments, _DAY)


def _plain(instant: dt.date) -> dt.date:
    """An instant in UTC without its time zone, as numpy wants it."""
    found = in_utc(instant)
    return found.replace(tzinfo=None) if isinstance(found, dt.datetime) else found


def _refusals(
    journeys: Mapping[str, Journey], events: Iterable[Event], stages: dict[str, int]
) -> Refusals:
    """What was refused of a log; a stage that only a refusal names is put with the others."""
    names: dict[str, int] = {}
    reasons: dict[str, int] = {}
    rows: list[tuple[int, ...]] = []
    taken: list[tuple[int, int]] = []
    logs = _logs(journeys, events)
    for account, (journey, log) in enumerate(zip(journeys.values(), logs, strict=True)):
        open_to = {_key(event): names.setdefault(event.name, len(names)) for event in log}
        for refusal in journey.refused:
            timed = open_to.pop(_key(refusal.event), None) is None
            _check_timed(refusal, timed=timed)
            stage = stages.setdefault(refusal.stage, len(stages))
            event = names.setdefault(refusal.event.name, len(names))
            reason = reasons.setdefault(str(refusal.reason), len(reasons))
            rows.append((account, stage, event, reason, timed))
        taken += [(account, event) for event in open_to.values()]
    account_of, stage_of, event_of, reason_of, by_time = np.array(rows, np.int64).reshape(-1, 5).T
    by_account, by_event = np.array(taken, np.int64).reshape(-1, 2).T
    return Refusals(
        events=tuple(names),
        reasons=tuple(reasons),
        account=account_of,
        stage=stage_of,
        event=event_of,
        reason=reason_of,
        timed=by_time.astype(np.bool_),
        accepted_by_event=np.bincount(by_event, minlength=len(names)),
        accepted_by_account=np.bincount(by_account, minlength=len(journeys)),
    )


def _logs(journeys: Mapping[str, Journey], events: Iterable[Event]) -> Iterator[list[Event]]:
    """The events of each account that its journey took, each once."""
    given: dict[str, list[Event]] = {account: [] for account in journeys}
    for event in events:
        if event.account not in given:
            message = f"hold one of account {event.account!r}, of which there is no journey"
            raise VisitTableError("events", None, message)
        given[event.account].append(event)
    for account, journey in journeys.items():
        taken = counted(given[account], as_of=journey.as_of, known_at=journey.known_at)
        yield log_of(taken, {})


def _key(event: Event) -> object:
    """What tells an event from the others of its account."""
    return event if event.id is None else event.id


def _check_timed(refusal: Refusal, *, timed: bool) -> None:
    """Refuse a refusal that is neither of the log nor of a move by time, which has a guard."""
    guards = (RefusalReason.GUARD_FALSE, RefusalReason.GUARD_UNKNOWN)
    if timed and refusal.reason not in guards:
        message = f"lack {refusal.event.label!r}, which a journey refused: give the whole log"
        raise VisitTableError("events", None, message)


# Checks


def _check_accounts(account: Codes, accounts: Column) -> None:
    if account.size == 0 and accounts.size == 0:
        return
    steps = np.append(0, account)
    steps = steps[1:] - steps[:-1]
    if account.size and account[0]:
        steps[0] = -1
    way = "expected 0, 1, 2 ... in order, each for all visits of an account; sort the rows"
    refuse_rows("account", account, (steps < 0) | (steps > 1), way)
    reached = int(account[-1]) + 1 if account.size else 0
    if reached != accounts.size:
        message = f"holds {accounts.size} ids, but there are visits of {reached} accounts"
        raise VisitTableError("accounts", None, message)


def _check_chain(table: VisitTable) -> None:
    """Refuse visits of an account that do not follow one another without a gap."""
    entered, left = table.entered, table.left
    last = np.append(table.account[1:] != table.account[:-1], True)[: left.size]
    first = np.append(True, last[:-1])[: left.size]
    way = "expected NaT in the last visit of an account: it stands somewhere"
    refuse_rows("left", left, last & ~np.isnat(left), way)
    refuse_rows("left", left, np.isnat(left) & ~last, "expected when the next visit began")
    unknown = np.isnat(entered) & ~first
    refuse_rows("entered", entered, unknown, "expected when the visit before it ended")
    gap = np.zeros(left.size, np.bool_)
    gap[1:] = ~first[1:] & (entered[1:] != left[:-1])
    refuse_rows("entered", entered, gap, "expected when the visit before it ended")
    refuse_rows("left", left, left < entered, "expected no moment before it was entered")


def _check_as_of(table: VisitTable) -> None:
    if table.entered.size and np.isnat(table.as_of):
        raise VisitTableError("as_of", None, "is NaT: expected the moment up to which events count")
    way = f"expected no moment after as_of, {table.as_of}"
    refuse_rows("entered", table.entered, table.entered > table.as_of, way)


def _check_refusals(refusals: Refusals, table: VisitTable) -> None:
    _check_codes("refusals.stage", refusals.stage, len(table.stages), "stages")
    accounts, known = refusals.accepted_by_account.size, table.accounts.size
    if accounts != known:
        message = f"has {accounts} rows: expected {known}, one for each account"
        raise VisitTableError("accepted_by_account", None, message)


# --------------------------------------------------------------------------------------
# Stays


@attrs.frozen(kw_only=True, repr=False)
class Stays:
    """Visits as they look when some stages are named by a stage around them.

    Attributes:
        stages: The names: those asked for, then every stage that lies in none of them.
        row: Of each stay the row of the table with which it begins.
        account: The account, a position in the accounts of the table.
        stage: The stage, a position in ``stages``.
        entered: When it began; NaT where that is not known.
        left: When it ended; NaT while it lasts.
    """

    stages: tuple[str, ...]
    row: Integers = attrs.field(eq=BY_CONTENT)
    account: Codes = attrs.field(eq=BY_CONTENT)
    stage: Codes = attrs.field(eq=BY_CONTENT)
    entered: Moments = attrs.field(eq=by_moments)
    left: Moments = attrs.field(eq=by_moments)

    def __repr__(self) -> str:
        return f"<Stays: {self.row.size:,} in {len(self.stages)} stages>"

    def of(self, chosen: Truths | Integers | slice) -> Stays:
        """Some of the stays."""
        return attrs.evolve(
            self,
            row=self.row[chosen],
            account=self.account[chosen],
            stage=self.stage[chosen],
            entered=self.entered[chosen],
            left=self.left[chosen],
        )

    def in_order_of_stage(self) -> Stays:
        """The stays of each stage together, and in it those of each account, in linear time."""
        return self.of(np.argsort(self.stage, kind="stable"))  # a radix sort: codes are short

    def by_stage(self) -> Iterator[Stays]:
        """The stays of each stage in turn, in linear time."""
        ordered = self.in_order_of_stage()
        ends = np.cumsum(np.bincount(self.stage, minlength=len(self.stages))).tolist()
        return (ordered.of(slice(*bounds)) for bounds in itertools.pairwise([0, *ends]))

    def days(self, as_of: np.datetime64) -> Integers:
        """Days of the calendar from entering to leaving, or to ``as_of`` while a stay lasts.

        Only of stays whose beginning is known.
        """
        until = np.where(np.isnat(self.left), as_of, self.left).astype(_DAY)
        found: Integers = (until - self.entered.astype(_DAY)).astype(np.int64)
        return found


def stays(table: VisitTable, stages: Iterable[str] = ()) -> Stays:
    """The visits of a table, with the stages named as asked.

    Where a stage with others inside is named, moves from one of these to another do not leave
    it, and visits that follow one another in it are one stay. A visit of a stage without others is
    a stay of its own, even when the account moves from it into itself.

    Args:
        table: The visits.
        stages: Names of stages, or of stages around them, none inside another.

    Raises:
        VisitTableError: If there is no such stage, or one lies in another.

    >>> table = VisitTable(
    ...     accounts=["ada"], stages=("lead", "onboarding/data", "onboarding/training"),
    ...     account=[0, 0, 0], stage=[0, 1, 2], as_of=dt.date(2026, 3, 31),
    ...     entered=np.array(["NaT", "2026-03-01", "2026-03-09"], "datetime64[D]"),
    ...     left=np.array(["2026-03-01", "2026-03-09", "NaT"], "datetime64[D]"),
    ... )
    >>> found = stays(table, ("onboarding",))
    >>> found.stages, found.stage.tolist(), found.entered.tolist()
    (('onboarding', 'lead'), [1, 0], [None, datetime.date(2026, 3, 1)])
    """
    named = _names("stages", stages)
    _check_apart(named)
    around = np.array([_is_around(name, table.stages) for name in named], np.bool_)
    shown_as = [next((n for n in named if inside(each, n)), each) for each in table.stages]
    names = tuple(dict.fromkeys((*named, *shown_as)))
    around = np.append(around, np.zeros(len(names) - len(named), np.bool_))
    places = {name: code for code, name in enumerate(names)}
    stage = np.array([places[each] for each in shown_as], _code_type(names))[table.stage]
    goes_on = table.account[1:] == table.account[:-1]
    goes_on &= (stage[1:] == stage[:-1]) & around[stage[1:]]
    return _joined(table, names, np.arange(stage.size), stage, goes_on)


def stays_in(table: VisitTable, stage: str) -> Stays:
    """The stays in one stage alone, as :func:`stays` has them.

    Raises:
        VisitTableError: If there is no such stage.
    """
    held = members(table.stages, stage)
    row = np.flatnonzero(np.array([name in held for name in table.stages])[table.stage])
    goes_on = np.zeros(max(row.size - 1, 0), np.bool_)
    if _is_around(stage, table.stages):
        account = table.account[row]
        goes_on = (row[1:] == row[:-1] + 1) & (account[1:] == account[:-1])
    return _joined(table, (stage,), row, np.zeros(row.size, np.int16), goes_on)


def _joined(
    table: VisitTable, names: tuple[str, ...], row: Integers, stage: Codes, goes_on: Truths
) -> Stays:
    """Stays of the visits in these rows; of all but the first, whether they go on with the last."""
    first = np.flatnonzero(np.append(True, ~goes_on)[: row.size])
    last = np.append(first[1:], row.size)[: first.size] - 1
    begun = row[first]
    return Stays(
        stages=names,
        row=begun,
        account=table.account[begun],
        stage=stage[first],
        entered=table.entered[begun],
        left=table.left[row[last]],
    )


def members(stages: Sequence[str], name: str) -> tuple[str, ...]:
    """The stages that are ``name`` or lie in it.

    Raises:
        VisitTableError: If there is none.

    >>> members(("lead", "onboarding/data", "onboarding/training"), "onboarding")
    ('onboarding/data', 'onboarding/training')
    """
    found = tuple(stage for stage in stages if inside(stage, name))
    if not found:
        known = dict.fromkeys(each for stage in stages for each in lineage_of(stage))
        message = f"name {name!r}, which is none of the table{suggestion(name, known)}"
        raise VisitTableError("stages", None, message)
    return found


def _check_apart(names: tuple[str, ...]) -> None:
    for name in names:
        around = [other for other in names if other != name and inside(name, other)]
        if around:
            message = f"name {name!r} and {around[0]!r}, in which it lies: name one of them"
            raise VisitTableError("stages", None, message)


def _is_around(name: str, stages: tuple[str, ...]) -> bool:
    """Whether other stages lie in a stage, so that moves between them do not leave it."""
    return len(members(stages, name)) > 1 or name not in stages


def _code_type(names: Sequence[str]) -> type[np.signedinteger[Any]]:
    """The shortest type of their codes: up to 16 bits numpy sorts by radix, in linear time."""
    return np.int16 if len(names) <= np.iinfo(np.int16).max else np.int32
