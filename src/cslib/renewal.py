"""Renewal: which contracts fell due, what became of each, and the renewal rate that follows.

:func:`renewal_rate` reads contracts and the ledger of their payments and gives a
:class:`RenewalReport`. Its headline is the doctrine's rate, R1 (K): the term ended in the period,
the customer signed again, and the fee was collected. :mod:`cslib.ledger` reads the records,
:mod:`cslib.lineage` finds which contract renews which.

Conventions:

- A term is half-open, ``[start, end)``, and falls due on its last covered day, ``end`` - 1, at the
  annual value of the contract as first agreed. An early renewal moves neither.
- A report sees only what had been signed or paid by ``as_of``, and recorded by ``known_at``; it
  equals the report made from a book that holds nothing else.
- Records that contradict one another are reported and never resolved in silence: what they leave
  open is *unclear*.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import cast

import attrs

from cslib.errors import DefinitionError, Fault
from cslib.ledger import (
    Cash,
    Contract,
    EndReason,
    Entry,
    EntryKind,
    Ledger,
    LedgerError,
    read_ledger,
)
from cslib.lineage import Lineage, Link, trace_lineage
from cslib.moments import utc_day
from cslib.periods import Period
from cslib.rates import Rate

__all__ = [
    "Contract",
    "EndReason",
    "Entry",
    "EntryKind",
    "Figures",
    "LedgerError",
    "Line",
    "NotDue",
    "NotDueCause",
    "Outcome",
    "RenewalReport",
    "renewal_rate",
]


# --------------------------------------------------------------------------------------
# What the report says of each contract


class Outcome(enum.StrEnum):
    """What became of a contract that fell due, as of the date of the report."""

    RENEWED = "renewed"
    """Signed again, and the first instalment of the new contract is collected (R1)."""
    SIGNED = "signed"
    """Signed again; whether the fee is collected is not known."""
    PENDING_CASH = "pending_cash"
    """Signed again, not collected, still in grace."""
    OPEN = "open"
    """Not signed again, still in grace."""
    LOST = "lost"
    """Not signed again, or signed and not collected, and grace is over or the customer left."""
    LOST_TO_CLOSURE = "lost_to_closure"
    """Lost, because the customer's business closed (R4)."""
    UNCLEAR = "unclear"
    """The records contradict one another, or leave open which contract renews it."""


@attrs.frozen(kw_only=True)
class Line:
    """One contract that fell due in the period.

    Attributes:
        contract: Its id.
        account: The id of its account.
        due_on: Its last covered day.
        grace_until: The last day of grace.
        expiring_value: Its annual value, which is what was at stake.
        outcome: What became of it.
        reason: Why, in words.
        successor: The id of the contract that renews it; None where nothing was signed, or where
            it is unclear which.
        successor_value: The annual value of that contract.
        inferred: Whether the successor was inferred, and not given in ``renews``.
        signed_on: When the successor was signed, as evidence; None where that has no date.
        collected_on: The day since which its first instalment has been in; None while it is not.
    """

    contract: str
    account: str
    due_on: dt.date
    grace_until: dt.date
    expiring_value: Decimal
    outcome: Outcome
    reason: str
    successor: str | None = None
    successor_value: Decimal | None = None
    inferred: bool = False
    signed_on: dt.date | None = None
    collected_on: dt.date | None = None

    @property
    def signed_value(self) -> Decimal:
        """What was signed again, no more than what was at stake (gross)."""
        value = Decimal(0) if self.successor_value is None else self.successor_value
        return min(value, self.expiring_value)

    @property
    def renewed_value(self) -> Decimal:
        """What was signed again and collected, no more than what was at stake (gross)."""
        return self.signed_value if self.outcome is Outcome.RENEWED else Decimal(0)


class NotDueCause(enum.StrEnum):
    """Why a contract does not fall due in the period."""

    OTHER_PERIOD = "other_period"
    """It ends outside the period."""
    INNER_YEAR = "inner_year"
    """Another contract of the same sale ends later (R2)."""
    RESCINDED = "rescinded"
    """The deal was stopped and refunded (L9)."""
    EVERGREEN = "evergreen"
    """It has no end."""
    CONFLICT = "conflict"
    """Its id stands more than once with different content, so that nobody can say."""


@attrs.frozen(kw_only=True)
class NotDue:
    """A contract that stands outside the rate, above and below the line.

    Attributes:
        contract: Its id.
        account: The id of its account.
        cause: Why.
        reason: Why, in words.
    """

    contract: str
    account: str
    cause: NotDueCause
    reason: str


@attrs.frozen(kw_only=True)
class Figures:
    """One rate, by count of contracts and by annual value.

    Attributes:
        count: Contracts of contracts.
        value: Annual value of annual value, in major units.
    """

    count: Rate
    value: Rate


# --------------------------------------------------------------------------------------
# The report

_COLLECTED = "term ended, signed again, fee collected (R1)"
_SIGNED = "term ended, signed again, cash not looked at"
_NO_PAYMENTS = "cash unknown, no payments given"
_CANNOT_JUDGE = {Outcome.SIGNED: "signed, cash unknown", Outcome.UNCLEAR: "unclear"}


@attrs.frozen(kw_only=True, repr=False)
class RenewalReport:
    """The renewal rate of a period, and every contract behind it.

    Every rate is made from :attr:`lines`. Lines that cannot be judged are left out of a rate, and
    named in its ``excluded``; those still open or pending stay below the line.

    Attributes:
        period: The period asked about.
        as_of: The date asked as of.
        known_at: Only what was recorded by then counts; None: all of the book.
        grace_days: Days of grace, from ``end`` on.
        currency: Currency of the values; empty where the book states none.
        has_payments: Whether a ledger of payments was given.
        lines: Every contract due in the period, by due date and id.
        not_due: Every other contract, by id.
        faults: Records that contradict one another or name what is not there.
        duplicates: Records dropped since an identical one is there.
        assumed_signed: Contracts without ``signed_on``, taken as signed on their first day.
        assumed_known: Records without ``recorded_at``, taken as known when they happened; 0 where
            ``known_at`` is None, since then nothing is assumed.
        later: Ids of contracts signed after ``as_of`` or recorded after ``known_at``. The report
            knows nothing else of them; they take no part in its equality.
    """

    period: Period
    as_of: dt.date
    known_at: dt.date | None
    grace_days: int
    currency: str
    has_payments: bool
    lines: tuple[Line, ...]
    not_due: tuple[NotDue, ...]
    faults: tuple[Fault, ...]
    duplicates: int
    assumed_signed: int
    assumed_known: int
    later: tuple[str, ...] = attrs.field(eq=False)

    @property
    def count(self) -> Rate:
        """The doctrine's rate, R1 (K), by count."""
        return self._collected().count

    @property
    def value(self) -> Rate:
        """The doctrine's rate, R1 (K), by annual value: gross, so that no line exceeds 100 %."""
        return self._collected().value

    @property
    def signed_count(self) -> Rate:
        """The signed basis by count: signed again, whatever became of the cash."""
        return self._signed().count

    @property
    def signed_value(self) -> Rate:
        """The signed basis by annual value, gross."""
        return self._signed().value

    @property
    def without_closures(self) -> Figures:
        """The doctrine's rate with lines lost to closure left out, beside the headline (R4)."""
        left_out = {Outcome.LOST_TO_CLOSURE: "lost to closure"}
        return self._collected(f"{_COLLECTED}, without closures (R4)", left_out)

    @property
    def undefined(self) -> str:
        """Why :attr:`count` has no value; empty where it has one."""
        if not self.lines:
            return f"no contract fell due in {self.period}"
        if not self.has_payments:
            return "no payments were given, so whether the fees were collected is unknown"
        return "" if self.count.value is not None else "no contract due can be judged"

    @property
    def maturity(self) -> Rate:
        """The share of contracts due whose grace is over, so that they can no longer turn open.

        It says how settled the other figures are; it is no estimate and has no interval.
        """
        over = sum(line.grace_until < utc_day(self.as_of) for line in self.lines)
        convention = f"past {self.grace_days} days of grace"
        return Rate(numerator=over, denominator=len(self.lines), convention=convention)

    def _collected(
        self, convention: str = _COLLECTED, left_out: Mapping[Outcome, str] | None = None
    ) -> Figures:
        if not self.has_payments:
            left_out = dict.fromkeys(Outcome, _NO_PAYMENTS)
        return _figures(
            self.lines,
            lambda line: line.outcome is Outcome.RENEWED,
            {**_CANNOT_JUDGE, **(left_out or {})},
            convention,
        )

    def _signed(self) -> Figures:
        return _figures(
            self.lines,
            lambda line: line.successor is not None,
            {Outcome.UNCLEAR: _CANNOT_JUDGE[Outcome.UNCLEAR]},
            _SIGNED,
        )

    def __repr__(self) -> str:
        known = f", as known at {self.known_at}" if self.known_at else ""
        outcomes = Counter(line.outcome for line in self.lines)
        shown = (f"{outcomes[o]} {o.replace('_', ' ')}" for o in Outcome if outcomes[o])
        rows = [
            f"renewal rate of {self.period} as of {self.as_of}{known}",
            f"  by count  {self.count}",
            f"  by value  {self.value}",
            f"  signed    {self.signed_count}",
            f"  due       {len(self.lines)}: {', '.join(shown) or 'none'}",
        ]
        rows += [f"  undefined: {self.undefined}"] if self.undefined else []
        rows += [f"  faults    {len(self.faults)}, listed in .faults"] if self.faults else []
        return "\n".join(rows)


def _figures(
    lines: Sequence[Line],
    renewed: Callable[[Line], bool],
    left_out: Mapping[Outcome, str],
    convention: str,
) -> Figures:
    """A rate over the lines whose outcome is not left out, and what was."""
    inside = [line for line in lines if line.outcome not in left_out]
    numbers: dict[str, int] = defaultdict(int)
    values: dict[str, Fraction] = defaultdict(Fraction)
    for line in lines:
        if line.outcome in left_out:
            numbers[left_out[line.outcome]] += 1
            values[left_out[line.outcome]] += Fraction(line.expiring_value)
    kept = [line.signed_value if renewed(line) else 0 for line in inside]
    at_stake = [line.expiring_value for line in inside]
    return Figures(
        count=Rate.of_counts(
            sum(map(renewed, inside)), len(inside), convention=convention, excluded=numbers
        ),
        value=Rate.of_values(kept, at_stake, convention=convention, excluded=values),
    )


# --------------------------------------------------------------------------------------
# The rate


def renewal_rate(
    contracts: Iterable[Contract],
    payments: Iterable[Entry] | None,
    period: Period,
    *,
    as_of: dt.date,
    known_at: dt.date | None = None,
    grace_days: int = 30,
    link_days: int = 30,
    unread_accounts: Collection[str] = (),
    unread_cash: Collection[str] = (),
) -> RenewalReport:
    """The renewal rate of a period: every contract that fell due in it, and what became of each.

    A contract falls due in the period that holds its last covered day. It is renewed once another
    contract that renews it is signed and the first instalment of that one is paid in full, refunds
    taken off, however late. Until ``grace_days`` after the term it is open, or pending cash where
    it was signed; then it is lost. Of contracts sold in one sale only those that end last fall due
    (R2); a rescinded one stands outside and renews nothing (L9).

    Which contract renews it is what ``renews`` says or, where nobody says, what
    :func:`~cslib.lineage.trace_lineage` infers; what that leaves open is unclear and not guessed.

    Args:
        contracts: The book, in any order; those seen all of one currency.
        payments: The whole ledger, in any order; None where there is none: then cash is unknown,
            and the doctrine's rate undefined.
        period: The period in which contracts fall due.
        as_of: What is signed or paid later does not count: a date, with the whole of its day, or
            an aware datetime.
        known_at: What is recorded later does not count either, so that an earlier report can be
            made again; None: all of the book counts.
        grace_days: Days after the term in which a renewal is still waited for, from ``end`` on.
        link_days: How far from the end a renewal that is inferred may start.
        unread_accounts: Ids of accounts of which a contract could not be read. It may have renewed
            any other, so all their lines are unclear.
        unread_cash: Ids of contracts of which an entry could not be read: their cash is unknown.

    Raises:
        DefinitionError: If a number of days is not a whole number from 0 to 3650.
        LedgerError: If a record is no :class:`Contract` or :class:`Entry`.
        MixedCurrencyError: If those seen are in more than one currency; convert them first.
        MomentError: If ``as_of`` or ``known_at`` is no date and no aware datetime.

    Source: R1, R2 (K), R4 (W, J), L9 (J).

    >>> def year(contract, begins, **more):
    ...     return Contract(
    ...         contract=contract,
    ...         account="A",
    ...         start=dt.date(begins, 7, 1),
    ...         end=dt.date(begins + 1, 7, 1),
    ...         annual_value=1200,
    ...         currency="EUR",
    ...         **more,
    ...     )
    >>> book = [year("C-1", 2025), year("C-2", 2026, renews="C-1", signed_on=dt.date(2026, 6, 9))]
    >>> ledger = [
    ...     Entry(entry="P-1", contract="C-2", kind="due", on=dt.date(2026, 6, 9), amount=1200),
    ...     Entry(entry="P-2", contract="C-2", kind="paid", on=dt.date(2026, 7, 4), amount=1200),
    ... ]
    >>> june = Period.month(2026, 6)
    >>> for day in (dt.date(2026, 6, 30), dt.date(2026, 7, 4)):
    ...     report = renewal_rate(book, ledger, june, as_of=day)
    ...     print(f"{report.count:.0%}", report.lines[0].outcome, "|", report.lines[0].reason)
    0% pending_cash | C-2 signed on 2026-06-09; 0 of 1200 collected; grace runs until 2026-07-30
    100% renewed | C-2 signed on 2026-06-09; 1200 collected on 2026-07-04
    >>> renewal_rate(book, None, june, as_of=dt.date(2026, 6, 30)).undefined
    'no payments were given, so whether the fees were collected is unknown'
    """
    _check_days("grace_days", grace_days)
    _check_days("link_days", link_days)
    ledger = read_ledger(contracts, payments, as_of=as_of, known_at=known_at)
    lineage = trace_lineage(ledger, link_days=link_days)
    lines, not_due = [], [_in_conflict(versions) for versions in ledger.conflicts.values()]
    for contract in ledger.contracts.values():
        outside = _not_due(contract, lineage, period)
        if outside:
            not_due.append(outside)
        else:
            link = lineage.links.get(contract.contract, Link())
            if contract.account in unread_accounts:
                link = Link(doubt=_UNREAD_ACCOUNT)
            cash = _cash_of(link.successor, ledger, unread_cash)
            lines.append(_line(contract, link, cash, utc_day(as_of), grace_days))
    return RenewalReport(
        period=period,
        as_of=as_of,
        known_at=known_at,
        grace_days=grace_days,
        currency=ledger.currency,
        has_payments=ledger.entries is not None,
        lines=tuple(sorted(lines, key=lambda line: (line.due_on, line.contract))),
        not_due=tuple(sorted(not_due, key=lambda other: other.contract)),
        faults=tuple(sorted((*ledger.faults, *lineage.faults), key=str)),
        duplicates=ledger.duplicates,
        assumed_signed=ledger.assumed_signed,
        assumed_known=ledger.assumed_known,
        later=ledger.later,
    )


_UNREAD_ACCOUNT = "a contract of this account could not be read"
_UNREAD_CASH = "cash unknown, an entry could not be read"
_MOST_DAYS = 3650  # ten years; more could leave the calendar


def _check_days(name: str, days: object) -> None:
    if type(days) is not int or days not in range(_MOST_DAYS + 1):
        problem = f"expected a whole number of days from 0 to {_MOST_DAYS}, but got {days!r}"
        raise DefinitionError("renewal rate", (Fault(f"$.{name}", problem),))


def _not_due(contract: Contract, lineage: Lineage, period: Period) -> NotDue | None:
    """Why the contract does not fall due in the period; None where it does."""
    if contract.end_reason is EndReason.RESCINDED:
        return _outside(contract, NotDueCause.RESCINDED, "stopped and refunded (L9)")
    last = lineage.inner.get(contract.contract)
    if last:
        reason = f"{last[0].contract}, of the same sale, ends later (R2)"
        return _outside(contract, NotDueCause.INNER_YEAR, reason)
    if contract.last_day is None:
        return _outside(contract, NotDueCause.EVERGREEN, "has no end")
    if contract.last_day not in period:
        reason = f"falls due on {contract.last_day}, outside {period}"
        return _outside(contract, NotDueCause.OTHER_PERIOD, reason)
    return None


def _in_conflict(versions: Iterable[Contract]) -> NotDue:
    one = min(versions, key=lambda version: version.account)
    return _outside(one, NotDueCause.CONFLICT, "stands more than once, with other content")


def _outside(contract: Contract, cause: NotDueCause, reason: str) -> NotDue:
    return NotDue(contract=contract.contract, account=contract.account, cause=cause, reason=reason)


# --------------------------------------------------------------------------------------
# What became of a contract that fell due


def _line(contract: Contract, link: Link, cash: Cash, today: dt.date, grace_days: int) -> Line:
    due_on = cast("dt.date", contract.last_day)  # what has no end is not due
    grace_until = due_on + dt.timedelta(days=grace_days)
    successor = link.successor
    grace = _Grace(grace_until, today > grace_until)
    outcome, reason = _verdict(contract, link, cash, grace)
    return Line(
        contract=contract.contract,
        account=contract.account,
        due_on=due_on,
        grace_until=grace_until,
        expiring_value=Decimal(contract.annual_value),
        outcome=outcome,
        reason=reason,
        successor=successor.contract if successor else None,
        successor_value=Decimal(successor.annual_value) if successor else None,
        inferred=link.inferred,
        signed_on=successor.signed_on if successor else None,
        collected_on=cash.since,
    )


def _cash_of(successor: Contract | None, ledger: Ledger, unread: Collection[str]) -> Cash:
    if successor is None:
        return Cash("")
    if successor.contract in unread and ledger.entries is not None:
        return Cash(_UNREAD_CASH, is_known=False)
    return ledger.cash(successor.contract)


@attrs.frozen
class _Grace:
    """The days after a term in which a renewal is still waited for."""

    until: dt.date
    is_over: bool


def _verdict(contract: Contract, link: Link, cash: Cash, grace: _Grace) -> tuple[Outcome, str]:
    if link.doubt:
        return Outcome.UNCLEAR, link.doubt
    if link.successor is None:
        return _waited_for("no renewal stands", Outcome.OPEN, contract.end_reason, grace)
    story = f"{_signing(link.successor)}; {cash.state}"
    if not cash.is_known:
        return Outcome.SIGNED, story
    if cash.since:
        return Outcome.RENEWED, story
    return _waited_for(story, Outcome.PENDING_CASH, link.successor.end_reason, grace)


def _signing(contract: Contract) -> str:
    if contract.signed_on is None:
        return f"{contract.contract} began on {contract.start}, signed on a day unknown"
    return f"{contract.contract} signed on {contract.signed_on}"


def _waited_for(
    story: str, waiting: Outcome, left: EndReason | None, grace: _Grace
) -> tuple[Outcome, str]:
    """Waited for until grace is over, unless it is known that nothing will come."""
    if left is EndReason.CLOSED:
        return Outcome.LOST_TO_CLOSURE, f"{story}; the business closed"
    if left is not None:
        return Outcome.LOST, f"{story}; the customer left"
    if grace.is_over:
        return Outcome.LOST, f"{story}; grace ended on {grace.until}"
    return waiting, f"{story}; grace runs until {grace.until}"
