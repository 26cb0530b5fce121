"""Renewal: which contracts fell due, what became of each, and the renewal rate that follows.

:func:`renewal_rate` reads contracts and the ledger of their payments and gives a
:class:`RenewalReport`. Its headline is the doctrine's rate, R1 (K): the term ended in the period,
the customer signed again, and the fee was collected. :mod:`cslib.ledger` reads the records,
:mod:`cslib.lineage` finds which contract renews which, :mod:`cslib.dispositions` says what became
of each, and :mod:`cslib.conventions` names what a rate may count.

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
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn, cast

import attrs

from cslib.conventions import (
    DOCTRINE,
    NET,
    ON_TIME,
    SIGNED,
    WITHOUT_CLOSURES,
    RenewalConvention,
    check_convention,
)
from cslib.dispositions import (
    Disposition,
    Line,
    Outcome,
    Successor,
    Term,
    Timing,
    judge,
    shares,
    split,
    timing_of,
)
from cslib.errors import DefinitionError, Fault
from cslib.faults import shown
from cslib.figures import (
    Difference,
    Figures,
    Part,
    Verdict,
    annual_rate,
    figures_of,
    never_due_of,
    part_of,
    silence_of,
    verdict_of,
)
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
    "DOCTRINE",
    "SIGNED",
    "Contract",
    "Difference",
    "Disposition",
    "EndReason",
    "Entry",
    "EntryKind",
    "Figures",
    "LedgerError",
    "Line",
    "NotDue",
    "NotDueCause",
    "Outcome",
    "Part",
    "RenewalConvention",
    "RenewalReport",
    "Successor",
    "Timing",
    "Verdict",
    "renewal_rate",
]


# --------------------------------------------------------------------------------------
# What the report says of each contract


class NotDueCause(enum.StrEnum):
    """Why a contract does not fall due in the period."""

    OTHER_PERIOD = "other_period"
    """It ends outside the period."""
    INNER_YEAR = "inner_year"
    """Another contract of the same sale ends later (R2)."""
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


# --------------------------------------------------------------------------------------
# The report


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
        last_recorded: The last day on which anything in the book was signed, paid or recorded; what
            came after it is not known. None where the book is empty.
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
    last_recorded: dt.date | None
    later: tuple[str, ...] = attrs.field(eq=False)

    def rate(self, convention: RenewalConvention = DOCTRINE) -> Figures:
        """The rate under a convention, by count and by annual value.

        >>> from cslib.renewal import RenewalConvention, renewal_rate
        >>> june = renewal_rate([], [], Period.month(2026, 6), as_of=dt.date(2026, 7, 31))
        >>> on_time = RenewalConvention(name="on time", by="on_time")
        >>> june.rate(on_time).count.value is None  # nothing fell due
        True
        """
        return figures_of(self._judged(convention), convention)

    @property
    def due(self) -> tuple[Line, ...]:
        """The lines that could be renewed: all but those rescinded (L9)."""
        return tuple(line for line in self.lines if line.outcome is not Outcome.RESCINDED)

    @property
    def count(self) -> Rate:
        """The doctrine's rate, R1 (K), by count."""
        return self.rate().count

    @property
    def value(self) -> Rate:
        """The doctrine's rate, R1 (K), by annual value: gross, so that no line exceeds 100 %."""
        return self.rate().value

    @property
    def signed_count(self) -> Rate:
        """The signed basis by count: signed again, whatever became of the cash."""
        return self.rate(SIGNED).count

    @property
    def signed_value(self) -> Rate:
        """The signed basis by annual value, gross."""
        return self.rate(SIGNED).value

    @property
    def without_closures(self) -> Figures:
        """The doctrine's rate with lines lost to closure left out, beside the headline (R4)."""
        return self.rate(WITHOUT_CLOSURES)

    @property
    def net(self) -> Rate:
        """The doctrine's rate by annual value, not capped: growth at the renewal counts."""
        return self.rate(NET).value

    @property
    def on_time(self) -> Figures:
        """The doctrine's rate of what was signed before the term was over, without grace."""
        return self.rate(ON_TIME)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every disposition that occurs, with what expired and what was renewed in it.

        Each line is in exactly one, so they add up to all lines and all that expired.
        """
        found: dict[Disposition, list[Line]] = defaultdict(list)
        for line in self.lines:
            found[line.disposition].append(line)
        return tuple(part_of(each, found[each]) for each in Disposition if each in found)

    def by(self, key: Callable[[Line], Hashable]) -> dict[Hashable, RenewalReport]:
        """The report of each segment, in the order in which they first occur.

        Args:
            key: The segment of a line: ``lambda line: segments[line.account]``, or
                ``lambda line: line.renewal_number == 1`` for the first renewals (R6).

        Raises:
            DefinitionError: If ``key`` cannot be called, or gives what cannot name a segment.
        """
        if not callable(key):
            _refuse("key", f"expected a function of a line, but got {shown(key)}")
        found: dict[Hashable, list[Line]] = defaultdict(list)
        for line in self.lines:
            segment = key(line)
            try:
                found[segment].append(line)
            except TypeError:
                problem = f"expected a segment, such as a text or a tuple, but got {shown(segment)}"
                _refuse("key", f"{problem} for contract {line.contract!r}")
        return {name: attrs.evolve(self, lines=tuple(rows)) for name, rows in found.items()}

    def annualised(self, convention: RenewalConvention = DOCTRINE) -> float | None:
        """The rate of a year that would have kept, over each term's own length, as much by value.

        A three-year contract had three years to be lost in: 72.9 % over three years is 90 % a
        year. It is the ``q`` with ``sum(expiring * q ** years) == sum(kept)``; None where the rate
        is undefined. Terms are counted in months of a twelfth of a year.

        >>> book = [
        ...     Contract(
        ...         contract=f"C-{n}",
        ...         account=f"A-{n}",
        ...         start=dt.date(2023, 7, 1),
        ...         end=dt.date(2026, 7, 1),
        ...         annual_value=100,
        ...         currency="EUR",
        ...         renews=() if n < 1000 else f"C-{n - 1000}",
        ...     )
        ...     for n in range(1000)
        ... ]
        >>> years = {"start": dt.date(2026, 7, 1), "end": dt.date(2027, 7, 1)}
        >>> new = [
        ...     attrs.evolve(old, contract=f"N-{n}", renews=(old.contract,), **years)
        ...     for n, old in enumerate(book[:729])
        ... ]
        >>> report = renewal_rate(
        ...     [*book, *new], None, Period.month(2026, 6), as_of=dt.date(2026, 7, 31)
        ... )
        >>> round(report.annualised(SIGNED), 9)
        0.9
        """
        return annual_rate(
            [
                (Fraction(line.expiring_value), Fraction(verdict.kept or 0), line.years)
                for line, verdict in self._judged(convention)
                if not verdict.left_out
            ]
        )

    def bridge(self, a: RenewalConvention, b: RenewalConvention) -> tuple[Difference, ...]:
        """Every contract that two conventions count otherwise, by due date and id.

        The two rates differ by these lines alone. Figures in another office are most often of
        another convention: this says which contracts stand between them.
        """
        pairs = zip(self._judged(a), self._judged(b), strict=True)
        return tuple(
            Difference(line=line, a=one, b=other)
            for (line, one), (_, other) in pairs
            if one != other
        )

    def _judged(self, convention: RenewalConvention) -> list[tuple[Line, Verdict]]:
        check_convention(convention, RenewalConvention)
        return [(line, verdict_of(line, convention, self.has_payments)) for line in self.lines]

    @property
    def undefined(self) -> str:
        """Why :attr:`count` has no value; empty where it has one."""
        if not self.due:
            return f"no contract fell due in {self.period}"
        if not self.has_payments:
            return "no payments were given, so whether the fees were collected is unknown"
        return "" if self.count.value is not None else "no contract due can be judged"

    @property
    def silence(self) -> str:
        """How long before ``as_of`` the records end, where that is more than grace; empty else.

        A book that ends long before the date of the report makes everything due since look lost.
        """
        return silence_of(self.last_recorded, utc_day(self.as_of), self.grace_days)

    @property
    def never_due(self) -> str:
        """How many contracts have no end, so that they fall due in no period; empty where none.

        An end that was only forgotten changes the rate; they are in :attr:`not_due`.
        """
        return never_due_of(sum(each.cause is NotDueCause.EVERGREEN for each in self.not_due))

    @property
    def unpaid(self) -> tuple[Line, ...]:
        """The lines signed again and unpaid past grace: lost as things stand, renewed once paid."""
        return tuple(line for line in self.lines if line.is_unpaid)

    @property
    def maturity(self) -> Rate:
        """The share of contracts due whose grace is over, so that nothing is waited for any more.

        What was signed in time and is :attr:`unpaid` is lost by then, and renewed if it is paid
        after all. It is no estimate and has no interval.
        """
        over = sum(line.grace_until < utc_day(self.as_of) for line in self.due)
        convention = f"past {self.grace_days} days of grace"
        return Rate(numerator=over, denominator=len(self.due), convention=convention)

    def __repr__(self) -> str:
        known = f", as known at {self.known_at}" if self.known_at else ""
        outcomes = Counter(line.disposition for line in self.lines)
        shown = (f"{outcomes[d]} {d.words}" for d in Disposition if outcomes[d])
        rows = [
            f"renewal rate of {self.period} as of {self.as_of}{known}",
            f"  by count  {self.count}",
            f"  by value  {self.value}",
            f"  signed    {self.signed_count}",
            f"  due       {len(self.lines)}: {', '.join(shown) or 'none'}",
        ]
        rows += [f"  undefined: {self.undefined}"] if self.undefined else []
        unpaid = f"{len(self.unpaid)} signed, unpaid past grace: lost unless paid"
        rows += [f"  unpaid    {unpaid}"] if self.unpaid else []
        rows += [f"  no end    {self.never_due}"] if self.never_due else []
        rows += [f"  silence   {self.silence}"] if self.silence else []
        rows += [f"  faults    {len(self.faults)}, listed in .faults"] if self.faults else []
        return "\n".join(rows)


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
    contract that renews it is signed, no later than ``grace_days`` after the term, and the first
    instalment of that one is paid in full, refunds taken off. Until grace is over it waits for a
    signature, or for cash; then it is lost, and what is signed later is a late win-back. Of
    contracts sold in one sale only those that end last fall due (R2); a rescinded one stands
    outside the rate and renews nothing (L9).

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
        DefinitionError: If ``period`` is no period, a number of days is not a whole number from 0
            to 3650, or what could not be read is no collection of ids.
        LedgerError: If a record is no :class:`Contract` or :class:`Entry`.
        MixedCurrencyError: If those seen are in more than one currency: :mod:`cslib.currencies`
            splits or converts them.
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
    _check_period(period)
    _check_days("grace_days", grace_days)
    _check_days("link_days", link_days)
    ledger = read_ledger(contracts, payments, as_of=as_of, known_at=known_at)
    lineage = trace_lineage(ledger, link_days=link_days)
    unread = _ids("unread_accounts", unread_accounts), _ids("unread_cash", unread_cash)
    book = _Book(ledger, lineage, _shared(ledger, lineage), *unread, as_of, grace_days)
    lines, not_due = [], [_in_conflict(versions) for versions in ledger.conflicts.values()]
    for contract in ledger.contracts.values():
        outside = _not_due(contract, lineage, period)
        if outside:
            not_due.append(outside)
        else:
            lines.append(judge(book.term(contract)))
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
        last_recorded=ledger.last_recorded,
        later=ledger.later,
    )


_UNREAD_ACCOUNT = "a contract of this account could not be read"
_UNREAD_CASH = "cash unknown, an entry could not be read"
_MOST_DAYS = 3650  # ten years; more could leave the calendar


def _check_period(period: object) -> None:
    if not isinstance(period, Period):
        _refuse(
            "period", f"expected a Period, as Period.parse('2026-06') gives, but got {period!r}"
        )


def _check_days(name: str, days: object) -> None:
    if type(days) is not int or days not in range(_MOST_DAYS + 1):
        _refuse(name, f"expected a whole number of days from 0 to {_MOST_DAYS}, but got {days!r}")


def _ids(name: str, given: Any) -> frozenset[str]:
    """Ids as given; one text alone would be read letter by letter."""
    is_several = isinstance(given, Iterable) and not isinstance(given, str)
    ids: Any = tuple(given) if is_several else (None,)
    if not all(isinstance(each, str) for each in ids):
        way = f", as [{given!r}]" if isinstance(given, str) else ""
        _refuse(name, f"expected a collection of ids, each a text{way}, but got {shown(given)}")
    return frozenset(ids)


def _refuse(name: str, problem: str) -> NoReturn:
    raise DefinitionError("renewal rate", (Fault(f"$.{name}", problem),))


def _not_due(contract: Contract, lineage: Lineage, period: Period) -> NotDue | None:
    """Why the contract does not fall due in the period; None where it does."""
    last = lineage.inner.get(contract.contract)
    if last:
        ends = "ends later" if last[0].end else "has no end"
        reason = f"{last[0].contract}, of the same sale, {ends} (R2)"
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
# What is known of a contract that fell due


@attrs.frozen
class _Book:
    """The ledger and its lineage, with what could not be read of them."""

    ledger: Ledger
    lineage: Lineage
    shared: Mapping[tuple[str, str], Decimal]
    unread_accounts: frozenset[str]
    unread_cash: frozenset[str]
    as_of: dt.date
    grace_days: int
    known_cash: dict[str, Cash] = attrs.Factory(dict)

    def term(self, contract: Contract) -> Term:
        link = self.lineage.links.get(contract.contract, Link())
        if contract.account in self.unread_accounts:
            link = Link(doubt=_UNREAD_ACCOUNT)
        due_on = cast("dt.date", contract.last_day)
        days = min(self.grace_days, (dt.date.max - due_on).days)  # the calendar ends in 9999
        grace_until = due_on + dt.timedelta(days=days)
        return Term(
            contract=contract,
            successors=tuple(self.successor(contract, s, grace_until) for s in link.successors),
            doubt=link.doubt,
            inferred=link.inferred,
            number=self.lineage.numbers.get(contract.contract, 0) + 1,
            grace_until=grace_until,
            is_over=utc_day(self.as_of) > grace_until,
        )

    def successor(self, contract: Contract, record: Contract, grace_until: dt.date) -> Successor:
        share = self.shared.get((record.contract, contract.contract))
        return Successor(
            record=record,
            value=Decimal(record.annual_value) if share is None else share,
            credited=self.credited(record, contract),
            is_shared=share is not None,
            timing=timing_of(record, contract, grace_until),
            cash=self.cash(record.contract),
        )

    def credited(self, record: Contract, renewed: Contract) -> Decimal:
        """What of the value of the renewal was credited; of one that merges several, its part."""
        found = self.ledger.credited(record.contract)
        if not found or (record.contract, renewed.contract) not in self.shared:
            return found
        merged = self.lineage.renewed[record.contract]
        values = [self.shared[record.contract, each] for each in merged]
        return split(found, values, record)[merged.index(renewed.contract)]

    def cash(self, contract: str) -> Cash:
        """Asked once of a contract, however many it merges."""
        if contract in self.unread_cash and self.ledger.entries is not None:
            return Cash(_UNREAD_CASH, is_known=False)
        if contract not in self.known_cash:
            self.known_cash[contract] = self.ledger.cash(contract)
        return self.known_cash[contract]


def _shared(ledger: Ledger, lineage: Lineage) -> dict[tuple[str, str], Decimal]:
    """By the ids of a contract that merges others and of each of these, its share."""
    found: dict[tuple[str, str], Decimal] = {}
    for name, renewed in lineage.renewed.items():
        if len(renewed) > 1 and {name, *renewed} <= ledger.contracts.keys():
            merged = [ledger.contracts[each] for each in renewed]
            values = zip(renewed, shares(ledger.contracts[name], merged), strict=True)
            found |= {(name, each): value for each, value in values}
    return found
