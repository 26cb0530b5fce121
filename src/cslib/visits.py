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

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import check_lengths, refuse_rows
from cslib.journeys import Journey, Refusal, RefusalReason
from cslib.logs import Event, counted, log_of
from cslib.series import BY_CONTENT
from cslib.visitcolumns import (
    VisitTableError,
    by_moments,
    check_journeys,
    code_column,
    distinct_names,
    id_column,
    limit_of,
    moment,
    moment_column,
    moments_of,
    one_moment,
    settle,
    truth_column,
)

__all__ = ["Refusals", "VisitTable", "VisitTableError", "check_table"]

Column: TypeAlias = npt.NDArray[Any]
Codes: TypeAlias = npt.NDArray[np.signedinteger[Any]]
Moments: TypeAlias = npt.NDArray[np.datetime64]
Integers: TypeAlias = npt.NDArray[np.int64]
Truths: TypeAlias = npt.NDArray[np.bool_]


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
        settle(self, ("events", "reasons"), distinct_names)
        codes = ("account", "stage", "event", "reason")
        settle(self, codes, lambda name, given: code_column(f"refusals.{name}", given))
        settle(self, ("timed",), truth_column)
        settle(self, ("accepted_by_event", "accepted_by_account"), code_column)
        columns = {f"refusals.{name}": getattr(self, name).size for name in (*codes, "timed")}
        check_lengths(VisitTableError, columns)
        names = {"events": len(self.events), "accepted": self.accepted_by_event.size}
        check_lengths(VisitTableError, names)
        _check_codes("refusals.event", self.event, len(self.events), "events")
        _check_codes("refusals.reason", self.reason, len(self.reasons), "reasons")
        _check_codes("refusals.account", self.account, self.accepted_by_account.size, "accounts")
        behind = np.append(False, self.account[1:] < self.account[:-1])
        _refuse("refusals.account", self.account, behind, "expected rows by account; sort them")
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

    >>> import datetime as dt
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

    accounts: Column = attrs.field(converter=id_column, eq=BY_CONTENT)
    stages: tuple[str, ...]
    account: Codes = attrs.field(eq=BY_CONTENT)
    stage: Codes = attrs.field(eq=BY_CONTENT)
    entered: Moments = attrs.field(eq=by_moments)
    left: Moments = attrs.field(eq=by_moments)
    as_of: np.datetime64 = attrs.field(converter=moment, eq=str)  # NaT equals NaT
    refusals: Refusals | None = None

    def __attrs_post_init__(self) -> None:
        settle(self, ("stages",), distinct_names)
        settle(self, ("account", "stage"), code_column)
        settle(self, ("entered", "left"), moment_column)
        columns = ("account", "stage", "entered", "left")
        check_lengths(VisitTableError, {name: getattr(self, name).size for name in columns})
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
            VisitTableError: If journeys are no mapping, are as of several moments or hold dates and
                instants, or the log is not that of the journeys.
            LogError: If the log is none.
        """
        check_journeys(journeys)
        as_of = one_moment(journey.as_of for journey in journeys.values())
        names = {name: code for code, name in enumerate(distinct_names("stages", stages))}
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


# --------------------------------------------------------------------------------------
# From journeys


def check_table(table: object) -> None:
    """Refuse what is no table of visits, such as the journeys that one is made of.

    Raises:
        VisitTableError: If it is none.
    """
    if not isinstance(table, VisitTable):
        ways = "VisitTable.of_journeys(journeys) gives, or the visits of JourneyColumns"
        given = f"is of {type(table).__name__}: expected a VisitTable"
        raise VisitTableError("table", None, f"{given}, as {ways}")


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


# --------------------------------------------------------------------------------------
# Checks

_refuse = functools.partial(refuse_rows, VisitTableError)


def _check_codes(argument: str, codes: Codes, size: int, what: str) -> None:
    expected = f"expected a position in the {what}, of which there are {size}"
    _refuse(argument, codes, codes >= size, expected)


def _check_accounts(account: Codes, accounts: Column) -> None:
    if account.size == 0 and accounts.size == 0:
        return
    steps = np.append(0, account)
    steps = steps[1:] - steps[:-1]
    if account.size and account[0]:
        steps[0] = -1
    way = "expected 0, 1, 2 ... in order, each for all visits of an account; sort the rows"
    _refuse("account", account, (steps < 0) | (steps > 1), way)
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
    _refuse("left", left, last & ~np.isnat(left), way)
    _refuse("left", left, np.isnat(left) & ~last, "expected when the next visit began")
    unknown = np.isnat(entered) & ~first
    _refuse("entered", entered, unknown, "expected when the visit before it ended")
    gap = np.zeros(left.size, np.bool_)
    gap[1:] = ~first[1:] & (entered[1:] != left[:-1])
    _refuse("entered", entered, gap, "expected when the visit before it ended")
    _refuse("left", left, left < entered, "expected no moment before it was entered")


def _check_as_of(table: VisitTable) -> None:
    if table.entered.size and np.isnat(table.as_of):
        raise VisitTableError("as_of", None, "is NaT: expected the moment up to which events count")
    way = f"expected no moment after as_of, {table.as_of}"
    _refuse("entered", table.entered, table.entered > table.as_of, way)


def _check_refusals(refusals: Refusals, table: VisitTable) -> None:
    _check_codes("refusals.stage", refusals.stage, len(table.stages), "stages")
    accounts, known = refusals.accepted_by_account.size, table.accounts.size
    if accounts != known:
        message = f"has {accounts} rows: expected {known}, one for each account"
        raise VisitTableError("accepted_by_account", None, message)
