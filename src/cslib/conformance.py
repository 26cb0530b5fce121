"""Conformance: how well what happened fits the definition, and where it does not.

A part of :mod:`cslib.lifecycle`, on top of :mod:`cslib.visits`. An event conforms if the
definition accepted it when it happened; an account conforms if all of its events did.

It is not the fitness of process mining. Token-based replay (Rozinat and van der Aalst,
"Conformance checking of processes based on monitoring real behavior", Information Systems 33,
2008) counts tokens that were missing or remained, lets a case go on as if a missing event had
happened, and asks that it has come to the end. Here a refused event changes nothing, and an
account that is under way conforms so far. The nearest figure of pm4py is
``percentage_of_fitting_traces`` of ``pm4py.fitness_token_based_replay``, with two more
differences: its replay passes over events that the model does not know, where here each of them
is a refusal; and of an empty log it says 0, where here the rate is undefined.

An interval takes events as independent, though those of one account rarely are.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.rates import Rate
from cslib.visits import Refusals, VisitTable, VisitTableError, check_table

__all__ = ["Conformance", "Deviation", "EventLine", "ReasonLine", "conformance"]

Column: TypeAlias = npt.NDArray[Any]
Integers: TypeAlias = npt.NDArray[np.int64]


@attrs.frozen(kw_only=True)
class Deviation:
    """An event refused in a stage for a reason, and how often.

    Attributes:
        stage: The stage in which it arrived.
        event: The event.
        reason: Why it was refused.
        count: How often.
        accounts: Of how many accounts.
    """

    stage: str
    event: str
    reason: str
    count: int
    accounts: int

    def __str__(self) -> str:
        """One line for people.

        >>> print(Deviation(stage="trial", event="renewed", reason="no_transition", count=12,
        ...                 accounts=3))
        12 times 'renewed' in 'trial' (no transition), of 3 accounts
        """
        reason = self.reason.replace("_", " ")
        times = f"{self.count:,} times {self.event!r} in {self.stage!r} ({reason})"
        return f"{times}, of {self.accounts:,} accounts"


@attrs.frozen(kw_only=True)
class EventLine:
    """How often an event was refused.

    Attributes:
        event: The event.
        refused: Its refusals, of all its events.
    """

    event: str
    refused: Rate


@attrs.frozen(kw_only=True)
class ReasonLine:
    """How often events were refused for a reason.

    Attributes:
        reason: The reason.
        refused: The refusals for it, of all events.
    """

    reason: str
    refused: Rate


@attrs.frozen(kw_only=True)
class Conformance:
    """How well a log fits a definition.

    Attributes:
        refused: The events refused, of all events.
        conforming: The accounts of which no event was refused, of those that have any.
        events: Each event of the log, the most refusals first, of equal ones by name.
        reasons: Each reason, the most refusals first, of equal ones by name.
        deviations: What was refused where and why, the commonest first, of equal ones by stage,
            event and reason.
        timed: Moves by time that were tried and not made: no events of the log, and in no figure
            above; the commonest first.
    """

    refused: Rate
    conforming: Rate
    events: tuple[EventLine, ...]
    reasons: tuple[ReasonLine, ...]
    deviations: tuple[Deviation, ...]
    timed: tuple[Deviation, ...]


def conformance(table: VisitTable) -> Conformance:
    """How well a log fits the definition that refused some of its events.

    Args:
        table: The visits, with the refusals.

    Raises:
        VisitTableError: If the table does not say what was refused.

    >>> from cslib.visits import Refusals
    >>> table = VisitTable(
    ...     accounts=["ada", "bo"], stages=("trial", "customer"), account=[0, 0, 1],
    ...     stage=[0, 1, 0], entered=np.array(["NaT", "2026-03-01", "NaT"], "datetime64[D]"),
    ...     left=np.array(["2026-03-01", "NaT", "NaT"], "datetime64[D]"),
    ...     as_of=np.datetime64("2026-03-31"),
    ...     refusals=Refusals(
    ...         events=("paid", "payed"), reasons=("unknown_event",), account=[1], stage=[0],
    ...         event=[1], reason=[0], timed=[False], accepted_by_event=[1, 0],
    ...         accepted_by_account=[1, 0],
    ...     ),
    ... )
    >>> found = conformance(table)
    >>> found.refused
    1 of 2 = 50.0 % (9.5 to 90.5 %, 95 % Wilson)
    >>> print(found.deviations[0])
    1 times 'payed' in 'trial' (unknown event), of 1 accounts
    """
    check_table(table)
    refusals = table.refusals
    if refusals is None:
        raise VisitTableError("refusals", None, "are not known: give the table its refusals")
    timed = refusals.timed
    events = refusals.event[~timed]
    total = int(refusals.accepted_by_event.sum()) + events.size
    return Conformance(
        refused=Rate.of_counts(events.size, total),
        conforming=_conforming(refusals, refusals.account[~timed]),
        events=_by_event(refusals, events),
        reasons=_by_reason(refusals, refusals.reason[~timed], total),
        deviations=_deviations(refusals, ~timed, table.stages),
        timed=_deviations(refusals, timed, table.stages),
    )


def _conforming(refusals: Refusals, account: Column) -> Rate:
    size = refusals.accepted_by_account.size
    deviating = np.bincount(account, minlength=size) > 0
    active = deviating | (refusals.accepted_by_account > 0)
    idle = size - int(active.sum())
    excluded = {"without an event": idle} if idle else {}
    return Rate.of_counts(int((active & ~deviating).sum()), int(active.sum()), excluded=excluded)


def _by_event(refusals: Refusals, event: Column) -> tuple[EventLine, ...]:
    refused = np.bincount(event, minlength=len(refusals.events))
    total = refused + refusals.accepted_by_event
    lines = [
        EventLine(event=name, refused=Rate.of_counts(number, of))
        for name, number, of in zip(refusals.events, refused.tolist(), total.tolist(), strict=True)
        if of
    ]
    return tuple(sorted(lines, key=lambda line: (-line.refused.numerator, line.event)))


def _by_reason(refusals: Refusals, reason: Column, total: int) -> tuple[ReasonLine, ...]:
    refused = np.bincount(reason, minlength=len(refusals.reasons)).tolist()
    lines = [
        ReasonLine(reason=name, refused=Rate.of_counts(number, total))
        for name, number in zip(refusals.reasons, refused, strict=True)
    ]
    return tuple(sorted(lines, key=lambda line: (-line.refused.numerator, line.reason)))


def _deviations(
    refusals: Refusals, chosen: Column, stages: tuple[str, ...]
) -> tuple[Deviation, ...]:
    """Every stage, event and reason that occurs together in the rows chosen."""
    events, reasons = len(refusals.events), len(refusals.reasons)
    key = refusals.stage[chosen].astype(np.int64) * events + refusals.event[chosen]
    key = key * reasons + refusals.reason[chosen]
    keys, kind = _numbered(key, len(stages) * events * reasons)
    counts = np.bincount(kind, minlength=keys.size)
    accounts = _accounts(kind, refusals.account[chosen], keys.size)
    found = [
        Deviation(
            stage=stages[each // reasons // events],
            event=refusals.events[each // reasons % events],
            reason=refusals.reasons[each % reasons],
            count=count,
            accounts=number,
        )
        for each, count, number in zip(
            keys.tolist(), counts.tolist(), accounts.tolist(), strict=True
        )
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.stage, one.event, one.reason)))


def _numbered(key: Integers, size: int) -> tuple[Integers, Integers]:
    """The keys that occur, rising, and of each row the place of its own among them.

    In linear time, unless there are far more possible keys than rows.
    """
    if size > 4 * key.size + 2**16:
        keys, kind = np.unique(key, return_inverse=True)
        return keys, kind
    occurs = np.zeros(size, np.bool_)
    occurs[key] = True
    places = np.cumsum(occurs) - 1
    return np.flatnonzero(occurs), places[key]


def _accounts(kind: Integers, account: Column, size: int) -> Integers:
    """How many accounts each kind has; the rows stand by account."""
    short = kind.astype(np.int16) if size <= np.iinfo(np.int16).max else kind
    order = np.argsort(short, kind="stable")
    kinds, accounts = kind[order], account[order]
    new = np.append(True, (kinds[1:] != kinds[:-1]) | (accounts[1:] != accounts[:-1]))
    return np.bincount(kinds[new[: kinds.size]], minlength=size)
