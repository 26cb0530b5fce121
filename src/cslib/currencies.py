"""Currencies: a book in several of them, split into one for each or converted into one.

A part of :mod:`cslib.renewal`, whose figures are of one currency. Two ways lead there:
:func:`by_currency` asks about each alone, :func:`converted_records` adds them up at one constant
rate each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

import attrs

from cslib.errors import Fault
from cslib.ledger import Contract, Entry, EntryKind, LedgerError, checked_records
from cslib.money import ExchangeRates, exact, to_major, to_minor

__all__ = ["Records", "by_currency", "converted_records"]

Records: TypeAlias = tuple[tuple[Contract, ...], tuple[Entry, ...] | None]
"""Contracts and payments, in the order in which the renewal room takes them."""


def by_currency(
    contracts: Iterable[Contract], payments: Iterable[Entry] | None
) -> dict[str, Records]:
    """The book of each currency, by its code.

    Args:
        contracts: The book, in any order. Without any there is one empty book, under ``""``.
        payments: The whole ledger; None where there is none. A payment goes with its contract; one
            of no contract in the book with the first currency, where it is a fault.

    Raises:
        LedgerError: If a record is no :class:`~cslib.ledger.Contract` or
            :class:`~cslib.ledger.Entry`.

    >>> import datetime as dt
    >>> def year(name, currency):
    ...     start, end = dt.date(2025, 7, 1), dt.date(2026, 7, 1)
    ...     terms = {"account": "fox", "start": start, "end": end, "annual_value": 1200}
    ...     return Contract(contract=name, currency=currency, **terms)
    >>> books = by_currency([year("F-1", "USD"), year("F-2", "EUR"), year("F-3", "USD")], None)
    >>> {currency: len(book) for currency, (book, _) in books.items()}
    {'EUR': 1, 'USD': 2}
    """
    book = checked_records(contracts, Contract)
    moves = None if payments is None else checked_records(payments, Entry)
    owners = _currencies(book)
    found = sorted(set().union(*owners.values())) or [""]
    return {
        currency: (
            tuple(each for each in book if each.currency == currency),
            None
            if moves is None
            else tuple(move for move in moves if currency in owners.get(move.contract, found[:1])),
        )
        for currency in found
    }


def _currencies(book: Iterable[Contract]) -> dict[str, set[str]]:
    """The currencies of each contract: of one that is in conflict, perhaps several."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in book:
        found[each.contract].add(each.currency)
    return found


def converted_records(
    contracts: Iterable[Contract],
    payments: Iterable[Entry] | None,
    rates: ExchangeRates,
    currency: str,
) -> Records:
    """The book in one currency, at one constant rate for each of its own.

    The value of a contract is converted and rounded once. Of its entries the balances are: what
    falls due, and what is paid, refunded and credited, is added up by day, and an entry is what it
    adds to the converted sum. So what was paid in full is paid in full after, to the minor unit.

    Args:
        contracts: The book, in any order; each states its currency.
        payments: The whole ledger; None where there is none.
        rates: One table for all of it.
        currency: The currency wanted.

    Raises:
        LedgerError: If a record is none, a contract states no currency or stands in two, or a
            payment is of no known contract.
        MissingRateError: If the table lacks a currency.

    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> term = Contract(
    ...     contract="F-1",
    ...     account="fox",
    ...     start=dt.date(2026, 7, 1),
    ...     end=dt.date(2027, 7, 1),
    ...     annual_value=100,
    ...     currency="USD",
    ... )
    >>> moves = [
    ...     Entry(entry="1", contract="F-1", kind="due", on=dt.date(2026, 7, 1), amount=100),
    ...     Entry(entry="2", contract="F-1", kind="paid", on=dt.date(2026, 7, 9), amount=50),
    ...     Entry(entry="3", contract="F-1", kind="paid", on=dt.date(2026, 7, 19), amount=50),
    ... ]
    >>> rates = ExchangeRates(base="EUR", per_base={"USD": Decimal("1.12")},
    ...                       as_of=dt.date(2026, 6, 30))
    >>> (euros,), entries = converted_records([term], moves, rates, "EUR")
    >>> euros.annual_value, [str(entry.amount) for entry in entries]
    (Decimal('89.29'), ['89.29', '44.64', '44.65'])
    """
    book = checked_records(contracts, Contract)
    moves = None if payments is None else checked_records(payments, Entry)
    owners = _currencies(book)
    if faults := tuple(_faults(owners, moves or ())):
        raise LedgerError("book", faults)
    table = _Table(rates, currency, {name: min(of) for name, of in owners.items()})
    terms = tuple(map(table.contract, book))
    found = table.entries(moves or ())
    return terms, None if moves is None else tuple(found[each] for each in moves)


def _faults(owners: Mapping[str, set[str]], moves: Iterable[Entry]) -> Iterator[Fault]:
    for name, currencies in owners.items():
        path = f"$.contracts[{name!r}].currency"
        if len(currencies) > 1:
            yield Fault(path, f"stands in {', '.join(sorted(currencies))}; keep the right one")
        elif "" in currencies:
            yield Fault(path, "is not stated; fill it in")
    for move in moves:
        if move.contract not in owners:
            path = f"$.payments[{move.entry!r}].contract"
            yield Fault(path, f"no contract {move.contract!r} is known, so no currency either")


_SIGNS = {EntryKind.DUE: 1, EntryKind.PAID: 1, EntryKind.REFUND: -1, EntryKind.CREDIT: 1}


@attrs.frozen
class _Table:
    """One table of rates, the currency wanted, and that of each contract."""

    rates: ExchangeRates
    currency: str
    source: Mapping[str, str]

    def contract(self, each: Contract) -> Contract:
        """A contract, its values converted one by one."""
        if each.currency == self.currency:
            return each
        value, total = exact(each.annual_value), each.total_value
        return attrs.evolve(
            each,
            annual_value=self._major(self._minor(value, each.contract)),
            total_value=None
            if total is None
            else self._major(self._minor(exact(total), each.contract)),
            currency=self.currency,
        )

    def entries(self, moves: Iterable[Entry]) -> dict[Entry, Entry]:
        """Each entry, as what it adds to the converted sum; one that is given twice, once."""
        sums: dict[tuple[str, bool], Fraction] = defaultdict(Fraction)
        found = {}
        for move in sorted(set(moves), key=lambda each: (each.on, each.entry, each.amount)):
            if self.source[move.contract] == self.currency:
                found[move] = move
                continue
            which = move.contract, move.kind is EntryKind.DUE
            before = self._minor(sums[which], move.contract)
            sums[which] += exact(move.amount) * _SIGNS[move.kind]
            added = abs(self._minor(sums[which], move.contract) - before)
            found[move] = attrs.evolve(move, amount=self._major(added))
        return found

    def _minor(self, amount: Fraction, contract: str) -> int:
        """Major units of the currency of a contract as minor units of the one wanted."""
        value = amount * self.rates.rate(self.source[contract], self.currency)
        own = dict(self.rates.exponents)
        return to_minor(value, self.currency, rounding=self.rates.rounding, exponents=own)

    def _major(self, minor: int) -> Decimal:
        return to_major(minor, self.currency, exponents=dict(self.rates.exponents))
