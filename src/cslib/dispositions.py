"""Dispositions: what became of a contract whose term ended, and by which evidence.

A part of :mod:`cslib.renewal`. :func:`judge` gives a :class:`Line`: the term and what was at stake,
each contract that renews it with its share of the value, and exactly one :class:`Disposition`, so
that the dispositions of a period partition what expired in it to the cent.

The rulings behind each word are in ``docs/semantics.md``, "Renewal".
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from typing import cast

import attrs

from cslib.daycount import DayCount, year_fraction
from cslib.ledger import Cash, Contract, EndReason, exponents_of
from cslib.money import allocate, to_major, to_minor
from cslib.periods import Period

__all__ = [
    "Disposition",
    "Line",
    "Outcome",
    "Successor",
    "Term",
    "Timing",
    "judge",
    "shares",
    "split",
    "timing_of",
    "total",
    "value_of",
]


class Timing(enum.StrEnum):
    """When a contract was signed that renews another, seen from the end of that one; in order."""

    EARLY = "early"
    """In time, and it starts while the old term still runs: the rest of that was cut off."""
    ON_TIME = "on_time"
    """No later than the last covered day."""
    IN_GRACE = "in_grace"
    """After it, while a renewal was still waited for."""
    LATE = "late"
    """After grace: it wins back a customer who was lost (L13)."""

    def is_by(self, limit: Timing) -> bool:
        """Whether it is no later than another.

        >>> Timing.EARLY.is_by(Timing.ON_TIME), Timing.LATE.is_by(Timing.IN_GRACE)
        (True, False)
        """
        return _ORDER[self] <= _ORDER[limit]


_ORDER = {timing: place for place, timing in enumerate(Timing)}


class Outcome(enum.StrEnum):
    """What became of a contract that fell due, as of the date of the report."""

    RENEWED = "renewed"
    """Signed again by the end of grace, and the first instalment of it is collected (R1)."""
    SIGNED = "signed"
    """Signed again by the end of grace; whether the fee is collected is not known."""
    PENDING_CASH = "pending_cash"
    """Signed again, not collected, still in grace."""
    PENDING_SIGNATURE = "pending_signature"
    """Not signed again, still in grace."""
    LATE_WIN_BACK = "late_win_back"
    """Signed again, but only after grace: lost to this rate, and won back (L13)."""
    LOST = "lost"
    """Not signed again, or signed and not collected, and grace is over or the customer left."""
    LOST_TO_CLOSURE = "lost_to_closure"
    """Lost, because the customer's business closed or became insolvent (R4)."""
    RESCINDED = "rescinded"
    """The deal was stopped and refunded before success: neither churned nor renewed (L9)."""
    UNCLEAR = "unclear"
    """The records contradict one another, or leave open which contract renews it."""


class Disposition(enum.StrEnum):
    """The one word for what became of a contract: its outcome, with *renewed* told apart.

    A renewal is the first of these that it is: co-termed, split, partial, upgraded, and else by its
    timing.
    """

    RENEWED_EARLY = "renewed_early"
    RENEWED_ON_TIME = "renewed_on_time"
    RENEWED_IN_GRACE = "renewed_in_grace"
    UPGRADED = "upgraded"
    """Renewed at more than the value that expired."""
    PARTIAL = "partial"
    """Renewed at less than the value that expired."""
    CO_TERMED = "co_termed"
    """Renewed by a contract that merged several into one."""
    SPLIT = "split"
    """Renewed by several contracts side by side."""
    SIGNED = "signed"
    PENDING_CASH = "pending_cash"
    PENDING_SIGNATURE = "pending_signature"
    LATE_WIN_BACK = "late_win_back"
    LOST = "lost"
    LOST_TO_CLOSURE = "lost_to_closure"
    RESCINDED = "rescinded"
    UNCLEAR = "unclear"

    @property
    def words(self) -> str:
        """It as people write it.

        >>> Disposition.CO_TERMED.words, Disposition.RENEWED_ON_TIME.words
        ('co-termed', 'renewed on time')
        """
        return self.replace("co_", "co-").replace("_", " ")


_BY_TIMING = {
    Timing.EARLY: Disposition.RENEWED_EARLY,
    Timing.ON_TIME: Disposition.RENEWED_ON_TIME,
    Timing.IN_GRACE: Disposition.RENEWED_IN_GRACE,
}


@attrs.frozen(kw_only=True)
class Successor:
    """A contract that renews another, as evidence.

    Attributes:
        record: The contract.
        value: Its annual value; where it merges several contracts, the share of this one.
        is_shared: Whether it renews other contracts as well.
        credited: How much of that value credit notes took off; it was signed, but not collected.
        timing: When it was signed, seen from the end of the contract that it renews.
        cash: What is known of its first instalment.
    """

    record: Contract
    value: Decimal
    credited: Decimal = Decimal(0)
    is_shared: bool = False
    timing: Timing
    cash: Cash

    @property
    def contract(self) -> str:
        """Its id."""
        return self.record.contract

    @property
    def story(self) -> str:
        """Its signature and its cash, in words."""
        signed = f"signed on {self.record.signed_on}"
        if self.record.signed_on is None:
            signed = f"began on {self.record.start}, signed on a day unknown"
        credited = f", {self.credited} a year credited" if self.credited else ""
        return f"{self.contract} {signed}; {self.cash.state}{credited}"


@attrs.frozen(kw_only=True)
class Line:
    """One contract that fell due in the period.

    Attributes:
        contract: Its id.
        account: The id of its account.
        product: Its product line; empty where that is not told.
        start: Its first day.
        due_on: Its last covered day.
        grace_until: The last day of grace.
        expiring_value: Its annual value, which is what was at stake (available to renew, ATR).
        renewal_number: Which renewal of the customer this would be: 1 is the first (R6), as far as
            the book goes back.
        outcome: What became of it.
        reason: Why, in words.
        successors: Every contract that renews it, by id; none of a rescinded one, since what was
            refunded is not renewed but sold anew.
        inferred: Whether the successor was inferred, and not given in ``renews``.
    """

    contract: str
    account: str
    product: str = ""
    start: dt.date
    due_on: dt.date
    grace_until: dt.date
    expiring_value: Decimal
    renewal_number: int = 1
    outcome: Outcome
    reason: str
    successors: tuple[Successor, ...] = ()
    inferred: bool = False

    @property
    def years(self) -> float:
        """The length of its term, a month being a twelfth of a year."""
        end = self.due_on + dt.timedelta(days=1)
        return float(year_fraction(Period(self.start, end), DayCount.MONTHS))

    def renewing(self, *, by: Timing = Timing.IN_GRACE, collected: bool) -> tuple[Successor, ...]:
        """The successors that count.

        Args:
            by: Signed no later than this.
            collected: Whether the first instalment must be in.
        """
        return tuple(
            each
            for each in self.successors
            if each.timing.is_by(by) and (each.cash.since or not collected)
        )

    @property
    def is_unpaid(self) -> bool:
        """Whether it is lost for want of cash alone: signed in time, unpaid past grace."""
        signed = self.renewing(collected=False)
        still = any(each.record.end_reason is None for each in signed)
        return self.outcome is Outcome.LOST and still

    @property
    def disposition(self) -> Disposition:
        """The one word for what became of it."""
        if self.outcome is not Outcome.RENEWED:
            return Disposition(self.outcome.value)
        found = self.renewing(collected=True)
        value = value_of(found, collected=True)
        if any(each.is_shared for each in found):
            return Disposition.CO_TERMED
        if len(found) > 1:
            return Disposition.SPLIT
        if value != self.expiring_value:
            return Disposition.PARTIAL if value < self.expiring_value else Disposition.UPGRADED
        (timing,) = {each.timing for each in found}
        return _BY_TIMING[timing]

    @property
    def signed_value(self) -> Decimal:
        """What was signed again by the end of grace, no more than what was at stake (gross)."""
        return min(value_of(self.renewing(collected=False), collected=False), self.expiring_value)

    @property
    def renewed_value(self) -> Decimal:
        """What was signed again and collected, no more than what was at stake (gross).

        What was credited is not in it. It is 0 where it was not renewed, and where the cash of a
        part of it is not known.
        """
        found = self.renewing(collected=True) if self.outcome is Outcome.RENEWED else ()
        return min(value_of(found, collected=True), self.expiring_value)


def value_of(successors: Iterable[Successor], *, collected: bool) -> Decimal:
    """The annual value of successors together.

    Args:
        successors: Some successors.
        collected: Whether what was credited is taken off.
    """
    return total(
        _EXACT.subtract(each.value, each.credited) if collected else each.value
        for each in successors
    )


_EXACT = Context(prec=100)  # an amount has 58 digits at most


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum of amounts, exactly: Python's own rounds beyond 28 digits."""
    return functools.reduce(_EXACT.add, amounts, Decimal(0))


def shares(contract: Contract, renewed: Sequence[Contract]) -> tuple[Decimal, ...]:
    """The annual value of a contract, shared out over those that it renews.

    In proportion to what each was worth, to the minor unit, by largest remainder; evenly where all
    were worth nothing. Without a currency the unit is the last decimal that is written.

    >>> def at(name, value, **more):
    ...     return Contract(
    ...         contract=name,
    ...         account="A",
    ...         start=dt.date(2025, 7, 1),
    ...         end=dt.date(2026, 7, 1),
    ...         annual_value=value,
    ...         currency="EUR",
    ...         **more,
    ...     )
    >>> shares(at("both", 1000), [at("one", 500), at("other", 1000)])
    (Decimal('333.33'), Decimal('666.67'))
    """
    if len(renewed) == 1:
        return (Decimal(contract.annual_value),)
    weights = [each.annual_value for each in renewed]
    return split(Decimal(contract.annual_value), weights, contract)


def split(
    amount: Decimal, weights: Sequence[Decimal | int], contract: Contract
) -> tuple[Decimal, ...]:
    """An amount of a contract by weights, to the minor unit; evenly where all weights are 0."""
    unit = exponents_of(contract)
    minor = to_minor(amount, contract.currency, exponents=unit)
    parts = allocate(minor, weights if any(weights) else [1] * len(weights))
    return tuple(to_major(part, contract.currency, exponents=unit) for part in parts)


def timing_of(successor: Contract, renewed: Contract, grace_until: dt.date) -> Timing:
    """When a contract was signed, seen from the end of the one that it renews.

    One without a day of signing counts as signed on its first day, and in time if it starts no
    later than the day after the old term: nothing lay between.
    """
    end = renewed.end or dt.date.max
    signed = successor.signed_on
    if successor.start <= end if signed is None else signed < end:
        return Timing.EARLY if successor.start < end else Timing.ON_TIME
    return Timing.IN_GRACE if (signed or successor.start) <= grace_until else Timing.LATE


# --------------------------------------------------------------------------------------
# The verdict


@attrs.frozen(kw_only=True)
class Term:
    """A contract that fell due, with all that was found of what followed.

    Attributes:
        contract: The contract, which has an end.
        successors: What renews it, by id.
        doubt: What leaves open whether something renews it; empty where nothing does.
        inferred: Whether the successor was inferred.
        number: Which renewal of the customer it would be.
        grace_until: The last day of grace.
        is_over: Whether grace is over.
    """

    contract: Contract
    successors: tuple[Successor, ...]
    doubt: str
    inferred: bool
    number: int
    grace_until: dt.date
    is_over: bool


def judge(term: Term) -> Line:
    """What became of a contract that fell due."""
    outcome, reason = _verdict(term)
    return Line(
        contract=term.contract.contract,
        account=term.contract.account,
        product=term.contract.product,
        start=term.contract.start,
        due_on=cast("dt.date", term.contract.last_day),
        grace_until=term.grace_until,
        expiring_value=Decimal(term.contract.annual_value),
        renewal_number=term.number,
        outcome=outcome,
        reason=reason,
        successors=() if outcome is Outcome.RESCINDED else term.successors,
        inferred=term.inferred and outcome is not Outcome.RESCINDED,
    )


def _verdict(term: Term) -> tuple[Outcome, str]:
    if term.contract.end_reason is EndReason.RESCINDED:
        return Outcome.RESCINDED, "stopped and refunded (L9)"
    if term.doubt:
        return Outcome.UNCLEAR, term.doubt
    in_time = [each for each in term.successors if each.timing.is_by(Timing.IN_GRACE)]
    story = "; ".join(each.story for each in term.successors)
    if not in_time and term.successors:
        return Outcome.LATE_WIN_BACK, f"{story}; grace had ended on {term.grace_until}"
    if not in_time:
        left = term.contract.end_reason
        return _waited_for("no renewal stands", Outcome.PENDING_SIGNATURE, left, term)
    if not all(each.cash.is_known for each in in_time):
        return Outcome.SIGNED, story
    if any(each.cash.since for each in in_time):
        return Outcome.RENEWED, story
    return _waited_for(story, Outcome.PENDING_CASH, _gone(term, in_time), term)


def _gone(term: Term, successors: Iterable[Successor]) -> EndReason | None:
    """Why the customer is gone: its business closed, or every renewal ended."""
    own = term.contract.end_reason
    return own if own in _CLOSURES else _common_end(successors)


def _common_end(successors: Iterable[Successor]) -> EndReason | None:
    """Why they ended, a closure first; None while one of them may still be paid for."""
    reasons = {each.record.end_reason for each in successors}
    if None in reasons:
        return None
    return max(reasons, key=lambda reason: (reason in _CLOSURES, reason))


def _waited_for(
    story: str, waiting: Outcome, left: EndReason | None, term: Term
) -> tuple[Outcome, str]:
    """Waited for until grace is over, unless it is known that nothing will come."""
    if left is not None:
        outcome = Outcome.LOST_TO_CLOSURE if left in _CLOSURES else Outcome.LOST
        return outcome, f"{story}; {_LEFT[left]}"
    if term.is_over:
        unpaid = "; signed, unpaid past grace: lost unless paid"
        more = unpaid if waiting is Outcome.PENDING_CASH else ""
        return Outcome.LOST, f"{story}; grace ended on {term.grace_until}{more}"
    return waiting, f"{story}; grace runs until {term.grace_until}"


_CLOSURES = frozenset({EndReason.CLOSED, EndReason.INSOLVENCY})
_LEFT = {
    EndReason.CHURNED: "the customer left",
    EndReason.CLOSED: "the business closed",
    EndReason.INSOLVENCY: "the business is insolvent",
    EndReason.MERGED: "the customer merged into another",
    EndReason.RESCINDED: "it was rescinded",
}
