"""Audit: what in a ledger deserves a look before its figures are sent to anyone.

A part of :mod:`cslib.renewal`. Nothing is dropped or mended here; a finding is a place, and words
for a person. What no record may be (an end before its start, a float amount) is refused when the
record is made, and is no finding.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

import attrs

from cslib.currencies import by_currency
from cslib.ledger import Contract, EndReason, Entry, EntryKind, Ledger, read_ledger
from cslib.lineage import Lineage, Link, Sale, sale_of, trace_lineage
from cslib.money import exact

__all__ = ["Finding", "FindingKind", "audit_ledger"]


class FindingKind(enum.StrEnum):
    """What kind of thing was found."""

    FAULT = "fault"
    """Records contradict one another, or name what is not there; figures leave them out."""
    MIXED_CURRENCY = "mixed_currency"
    """Contracts in several currencies, which no figure adds up."""
    NO_END = "no_end"
    """A contract has no end and never falls due, and another says that it renews it."""
    OVERLAP = "overlap"
    """Two contracts for one product line run at once, and neither renews the other."""
    GAP = "gap"
    """Days without cover lie between a contract and what renews it."""
    INFERRED = "inferred"
    """What renews a contract was inferred from its dates, and not given."""
    UNEQUAL_TOTAL = "unequal_total"
    """The instalments of a contract, credit notes taken off, are not its total value."""
    OVERPAID = "overpaid"
    """More was paid for a contract than fell due, credit notes taken off."""
    OVERCREDITED = "overcredited"
    """More was credited on a contract than fell due."""


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that deserves a look.

    Attributes:
        kind: What it is.
        place: The path of the record, as in ``$.contracts['C-1']``.
        problem: What is there, in words.
    """

    kind: FindingKind
    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')}: {self.place}: {self.problem}"


def audit_ledger(
    contracts: Iterable[Contract],
    payments: Iterable[Entry] | None,
    *,
    as_of: dt.date,
    known_at: dt.date | None = None,
) -> tuple[Finding, ...]:
    """Everything in a ledger that deserves a look, by kind and place.

    Args:
        contracts: The book, in any order; several currencies are a finding, and each is then
            looked at by itself.
        payments: The whole ledger; None where there is none.
        as_of: What is signed or paid later is not looked at.
        known_at: Nor what is recorded later.

    Raises:
        LedgerError: If a record is no :class:`~cslib.ledger.Contract` or
            :class:`~cslib.ledger.Entry`.
        MomentError: If ``as_of`` or ``known_at`` is no date and no aware datetime.

    >>> def term(name, start, end):
    ...     return Contract(
    ...         contract=name, account="fox", start=start, end=end, annual_value=1, currency="EUR"
    ...     )
    >>> book = [
    ...     term("F-1", dt.date(2025, 1, 1), dt.date(2026, 1, 1)),
    ...     term("F-2", dt.date(2025, 10, 1), dt.date(2026, 10, 1)),
    ... ]
    >>> for finding in audit_ledger(book, None, as_of=dt.date(2026, 6, 30)):
    ...     print(finding)
    overlap: $.contracts['F-2']: runs with F-1 from 2025-10-01 to 2025-12-31, and renews nothing
    """
    found: set[Finding] = set()
    ledgers = [
        read_ledger(*part, as_of=as_of, known_at=known_at)
        for part in by_currency(contracts, payments).values()
    ]
    found.update(_mixed(ledgers))
    for ledger in ledgers:
        found.update(_findings(ledger, trace_lineage(ledger)))
    order = list(FindingKind)
    return tuple(sorted(found, key=lambda each: (order.index(each.kind), each.place, each.problem)))


def _mixed(ledgers: Sequence[Ledger]) -> Iterator[Finding]:
    """Several currencies among what is seen, and ids that stand in more than one of them."""
    named: dict[str, set[str]] = {}
    for ledger in ledgers:
        for contract in (*ledger.contracts.values(), *itertools.chain(*ledger.conflicts.values())):
            named.setdefault(contract.contract, set()).add(contract.currency or "none")
    currencies = sorted(set().union(*named.values()))
    if len(currencies) > 1:
        problem = f"in several currencies: {', '.join(currencies)}; convert them first"
        yield Finding(
            kind=FindingKind.MIXED_CURRENCY,
            place="$.contracts",
            problem=f"{problem}, or ask for each alone",
        )
    for name, those in named.items():
        if len(those) > 1:
            problem = (
                f"stands in several currencies: {', '.join(sorted(those))}; keep the right one"
            )
            yield Finding(kind=FindingKind.FAULT, place=f"$.contracts[{name!r}]", problem=problem)


def _findings(ledger: Ledger, lineage: Lineage) -> Iterator[Finding]:
    for fault in (*ledger.faults, *lineage.faults):
        yield Finding(kind=FindingKind.FAULT, place=fault.path, problem=fault.message)
    yield from _without_end(ledger)
    yield from _overlaps(ledger, lineage)
    for name, link in lineage.links.items():
        yield from _renewal(ledger.contracts.get(name), link)
    for name, entries in (ledger.entries or {}).items():
        if name in ledger.contracts and name not in ledger.doubted:
            yield from _sums(ledger.contracts[name], entries)


def _of(contract: Contract, kind: FindingKind, problem: str) -> Finding:
    return Finding(kind=kind, place=f"$.contracts[{contract.contract!r}]", problem=problem)


# --------------------------------------------------------------------------------------
# Terms


def _without_end(ledger: Ledger) -> Iterator[Finding]:
    """Contracts without an end that another renews all the same: perhaps it was forgotten."""
    for contract in ledger.contracts.values():
        for name in contract.renews:
            named = ledger.contracts.get(name)
            if named is not None and named.end is None:
                problem = f"has no end and never falls due, and {contract.contract} says that it "
                yield _of(named, FindingKind.NO_END, f"{problem}renews it; fill in the end")


_NAMED = 3
_Running: TypeAlias = dict[Sale, dict[str, Contract]]


def _overlaps(ledger: Ledger, lineage: Lineage) -> Iterator[Finding]:
    """Contracts that start while another of their product line runs that they do not renew."""
    lines: dict[tuple[str, str], list[Contract]] = defaultdict(list)
    for contract in ledger.contracts.values():
        if contract.end_reason is not EndReason.RESCINDED:
            lines[contract.account, contract.product].append(contract)
    for rows in lines.values():
        yield from _overlaps_of_a_line(rows, lineage)


def _overlaps_of_a_line(rows: Sequence[Contract], lineage: Lineage) -> Iterator[Finding]:
    """By first day, with what runs then at hand by sale, so that a long book stays quick."""
    running: _Running = defaultdict(dict)
    ends: list[tuple[dt.date, str, Contract]] = []
    for contract in sorted(rows, key=lambda each: (each.start, each.contract)):
        until = lineage.in_force_until(contract) or dt.date.max
        if until <= contract.start:  # a later year of a sale that was renewed before
            continue
        while ends and ends[0][0] <= contract.start:
            _, name, over = heapq.heappop(ends)
            del running[sale_of(over)][name]
            if not running[sale_of(over)]:
                del running[sale_of(over)]
        renewed = frozenset(lineage.renewed.get(contract.contract, ()))
        others = tuple(itertools.islice(_beside(contract, running, renewed), _NAMED + 1))
        if others:
            yield _of(contract, FindingKind.OVERLAP, _overlap(contract, others, lineage))
        running[sale_of(contract)][contract.contract] = contract
        heapq.heappush(ends, (until, contract.contract, contract))


def _beside(contract: Contract, running: _Running, renewed: frozenset[str]) -> Iterator[Contract]:
    """What runs beside a contract without reason."""
    for sale, contracts in running.items():
        if sale != sale_of(contract):
            yield from (each for name, each in contracts.items() if name not in renewed)


def _overlap(contract: Contract, others: Sequence[Contract], lineage: Lineage) -> str:
    names = ", ".join(other.contract for other in others[:_NAMED])
    more = " and more" if len(others) > _NAMED else ""
    ends = min(lineage.in_force_until(each) or dt.date.max for each in (contract, *others))
    is_known = len(others) == 1 and ends < dt.date.max
    until = f" to {ends - dt.timedelta(days=1)}" if is_known else ""
    named = f"renews {', '.join(contract.renews)}" if contract.renews else "renews nothing"
    return f"runs with {names}{more} from {contract.start}{until}, and {named}"


def _renewal(contract: Contract | None, link: Link) -> Iterator[Finding]:
    """How a contract was renewed: by inference, or after days without cover."""
    if contract is None or not link.successors:
        return
    first = min(link.successors, key=lambda each: (each.start, each.contract))
    if link.inferred:
        problem = f"is taken to renew {contract.contract}, by its dates; fill in renews"
        yield _of(first, FindingKind.INFERRED, problem)
    if contract.end is not None and first.start > contract.end:
        days = (first.start - contract.end).days
        problem = f"starts {days} days after {contract.contract} ended on {contract.last_day}"
        yield _of(first, FindingKind.GAP, problem)


# --------------------------------------------------------------------------------------
# Amounts


def _sums(contract: Contract, entries: Sequence[Entry]) -> Iterator[Finding]:
    by_kind: Mapping[EntryKind, Fraction] = {
        kind: sum((exact(each.amount) for each in entries if each.kind is kind), Fraction(0))
        for kind in EntryKind
    }
    due, credited = by_kind[EntryKind.DUE], by_kind[EntryKind.CREDIT]
    owed = due - credited
    paid = by_kind[EntryKind.PAID] - by_kind[EntryKind.REFUND]
    stated = contract.total_value
    is_stated = stated is not None and contract.end_reason is not EndReason.RESCINDED
    if is_stated and due and owed != exact(stated):
        problem = f"{_shown(owed)} falls due in all, and the total value is {stated:,}"
        yield _of(contract, FindingKind.UNEQUAL_TOTAL, problem)
    if paid > max(owed, Fraction(0)):
        less = f", {_shown(credited)} of it credited" if credited else ""
        problem = f"{_shown(paid)} was paid, and {_shown(due)} fell due{less}"
        yield _of(contract, FindingKind.OVERPAID, problem)
    if credited > due:
        problem = f"{_shown(credited)} was credited, and {_shown(due)} fell due"
        yield _of(contract, FindingKind.OVERCREDITED, problem)


def _shown(amount: Fraction) -> str:
    exactly = decimal.Context(prec=100).divide(
        Decimal(amount.numerator), Decimal(amount.denominator)
    )
    return f"{exactly:,f}"
