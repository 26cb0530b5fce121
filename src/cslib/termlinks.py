"""Term links: which contract renews which in plain accounts, in columns, and which are not plain.

A part of :mod:`cslib.renewal`, beneath :mod:`cslib.termcolumns`. It does for columns what
:mod:`cslib.lineage` does for records, wherever nothing asks for judgement. Every account that the
rules here do not settle is *odd*, and left to that module.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import numpy as np

from cslib.ledger import EndReason
from cslib.termids import Index, Mask, Wholes, numbered
from cslib.termtables import NO_DAY, TermTable, day_number, names_column

__all__ = ["Book", "Links", "link_terms", "read_book", "reason_codes", "seen_by"]

_FAR = np.iinfo(np.int64).max
_FIRST_DAY = day_number(dt.date.min)
_DAY_BITS = 22  # 2**22 days are 11,000 years: more than the calendar has


@attrs.frozen(kw_only=True, eq=False)
class Book:
    """The contracts by number, each row one.

    Attributes:
        terms: The table of contracts.
        index: Where each id stands.
        account: The number of the account.
        seen: Whether it had been signed, and recorded.
        odd: By the number of an account, whether it is known by now not to be plain.
    """

    terms: TermTable
    index: Index
    account: Wholes
    seen: Mask
    odd: Mask

    def doubt(self, rows: Any) -> None:
        """Take the accounts of some rows for odd."""
        self.odd[self.account[rows]] = True

    @property
    def odd_rows(self) -> Mask:
        """The rows of odd accounts."""
        return self.odd[self.account]


@attrs.frozen(kw_only=True, eq=False)
class Links:
    """What renews each contract; without meaning in rows of odd accounts.

    Attributes:
        successor: The row of the contract that renews it; -1 where none does.
        inner: Whether another contract of the same sale ends later (R2).
        number: How many renewals led to it, as far as the book goes back.
    """

    successor: Wholes
    inner: Mask
    number: Wholes


def reason_codes(*reasons: EndReason) -> list[int]:
    """The codes of some end reasons in a column; 0 is none."""
    return [tuple(EndReason).index(reason) + 1 for reason in reasons]


(_RESCINDED,) = reason_codes(EndReason.RESCINDED)


def read_book(terms: TermTable, as_of: int, known_at: int | None) -> Book:
    """The contracts as seen on a day; those that share an id make their accounts odd."""
    account, unsure = numbered(terms.columns["account"])
    signed, start = terms["signed_on"], terms["start"]
    happened = np.where(terms.known("signed_on"), signed, start)
    index = Index(terms.columns["contract"])
    book = Book(
        terms=terms,
        index=index,
        account=account,
        seen=seen_by(happened, terms["recorded_at"], as_of, known_at),
        odd=np.zeros(int(account.max(initial=-1)) + 1, bool),
    )
    book.doubt(unsure | index.twice)
    _doubt_products(book)
    return book


def _doubt_products(book: Book) -> None:
    """Accounts of several product lines: what renews what within one is not seen here."""
    told = np.flatnonzero(book.seen & book.terms.known("product"))
    if told.size:
        product, unsure = numbered(book.terms.columns["product"])
        account = book.account[told]
        low, high = np.full(book.odd.size, _FAR), np.full(book.odd.size, -1)
        np.minimum.at(low, account, product[told])
        np.maximum.at(high, account, product[told])
        book.odd[low < high] = True
        book.doubt(told[unsure[told]])


def seen_by(happened: Wholes, recorded: Wholes, as_of: int, known_at: int | None) -> Mask:
    """Whether a record had happened and been recorded; without its day, when it happened."""
    seen: Mask = happened <= as_of
    if known_at is not None:
        seen &= np.where(recorded == NO_DAY, happened, recorded) <= known_at
    return seen


def link_terms(book: Book, link_days: int) -> Links:
    """The links of plain accounts; every other account is marked in ``book.odd``."""
    live = book.seen & (book.terms["end_reason"] != _RESCINDED)
    sales = _sales(book, live)
    successor = _given(book, live, sales)
    _infer(book, live, sales, successor, link_days)
    number = _numbers(book, sales, successor)
    return Links(successor=successor, inner=sales.inner, number=number)


# --------------------------------------------------------------------------------------
# Sales


@attrs.frozen
class _Sales:
    """The sale of each contract; one sold alone is a sale of its own.

    Attributes:
        opening: The row of a contract that starts first in the sale; it stands for the sale.
        first: Whether no other of its sale starts before it.
        inner: Whether another of its sale ends later.
    """

    opening: Wholes
    first: Mask
    inner: Mask


def _sales(book: Book, live: Mask) -> _Sales:
    """Only rows seen have a sale; a rescinded contract in one of several makes it odd."""
    terms, rows = book.terms, np.arange(book.terms.rows)
    sales = _Sales(rows, np.ones(rows.size, bool), np.zeros(rows.size, bool))
    sold = np.flatnonzero(book.seen & terms.known("sale"))
    if not sold.size:
        return sales
    names, unsure = numbered(terms.columns["sale"])
    book.doubt(sold[unsure[sold]])
    start, end = terms["start"][sold], _ends(terms)[sold]
    pairs = book.account[sold] * rows.size + names[sold]
    _, group, size = np.unique(pairs, return_inverse=True, return_counts=True)
    begins, ends = np.full(size.size, _FAR), np.full(size.size, NO_DAY)
    np.minimum.at(begins, group, start)
    np.maximum.at(ends, group, end)
    first = start == begins[group]
    opening = np.zeros(size.size, np.int64)
    opening[group[first]] = sold[first]
    sales.opening[sold] = opening[group]
    sales.first[sold], sales.inner[sold] = first, end != ends[group]
    book.doubt(sold[(size[group] > 1) & ~live[sold]])
    return sales


def _ends(terms: TermTable) -> Wholes:
    return np.where(terms.known("end"), terms["end"], _FAR)


# --------------------------------------------------------------------------------------
# Given


def _given(book: Book, live: Mask, sales: _Sales) -> Wholes:
    """The contract that says that it renews each, if it is the one; what is at fault is odd."""
    terms, successor = book.terms, np.full(book.terms.rows, -1)
    several = np.fromiter(terms.several, np.int64, len(terms.several))
    _doubt_both(book, several[live[several]])
    claims = np.flatnonzero(live & terms.known("renews"))
    named = book.index.rows(terms.columns["renews"])[claims]
    sound = (named >= 0) & book.seen[named]
    book.doubt(claims[~sound])
    claims, named = claims[sound], named[sound]
    apart = book.account[claims] != book.account[named]
    book.doubt(claims[apart])
    book.doubt(named[apart])
    stands = live[named] & ~apart  # what was rescinded is renewed by nothing
    claims, named = claims[stands], named[stands]
    within = sales.opening[claims] == sales.opening[named]
    back = terms["start"][named] >= terms["start"][claims]
    back |= _ends(terms)[claims] <= _ends(terms)[named]
    wrong = back | ~within & (sales.inner[named] | ~sales.first[claims])
    book.doubt(claims[wrong])
    book.doubt(named[wrong])
    claims, named = claims[~within], named[~within]
    book.doubt(named[np.bincount(named, minlength=terms.rows)[named] > 1])
    successor[named] = claims
    return successor


def _doubt_both(book: Book, rows: Wholes) -> None:
    """Those that renew several, and all that they name."""
    book.doubt(rows)
    names = [name for row in rows.tolist() for name in book.terms.several[row]]
    named = book.index.rows(names_column(names))
    book.doubt(named[named >= 0])


# --------------------------------------------------------------------------------------
# Inferred


def _infer(book: Book, live: Mask, sales: _Sales, successor: Wholes, link_days: int) -> None:
    """Fill in the contract of the account that starts nearest to the end, where nothing is named.

    Candidates stand by account and first day in one sorted column of numbers; the nearest of a
    contract stand on either side of where its end would.
    """
    terms = book.terms
    reaches = terms["end_reason"] == 0
    open_ = book.seen & ~sales.inner & reaches & terms.known("end") & (successor < 0)
    asked = np.flatnonzero(open_)
    candidates = np.flatnonzero(live & sales.first & ~terms.known("renews") & ~_has_several(terms))
    if not asked.size or not candidates.size:
        return
    keys = _by_account(book, candidates, "start")
    order = np.argsort(keys)
    keys, candidates = keys[order], candidates[order]
    places = np.searchsorted(keys, _by_account(book, asked, "end"))
    before, away = _reach(book, asked, candidates, places - 1)
    stops_short = _ends(terms)[candidates[before]] <= terms["end"][asked]
    book.doubt(asked[stops_short & (away <= link_days)])
    after, ahead = _reach(book, asked, candidates, places)
    nearest, reach = np.where(away < ahead, before, after), np.minimum(away, ahead)
    near = reach <= link_days
    same = np.append(keys[1:] == keys[:-1], False)
    shared = same | np.append(False, same[:-1])  # another starts on the same day
    asked, found = asked[near], nearest[near]
    linked = candidates[found]
    tie = (away == ahead)[near] | shared[found]
    wanted = np.bincount(found, minlength=candidates.size)[found] > 1
    book.doubt(asked[tie | wanted | _sold_together(terms, asked, linked)])
    successor[asked] = linked


def _has_several(terms: TermTable) -> Mask:
    found = np.zeros(terms.rows, bool)
    found[list(terms.several)] = True
    return found


def _by_account(book: Book, rows: Wholes, day: str) -> Wholes:
    """Numbers that stand in the order of account and day."""
    days = book.terms[day][rows] - _FIRST_DAY
    found: Wholes = (book.account[rows] << _DAY_BITS) + days
    return found


def _reach(book: Book, asked: Wholes, candidates: Wholes, places: Wholes) -> tuple[Wholes, Wholes]:
    """The candidates at some places, and how far from the end they start; far if they may not."""
    within = places.clip(0, candidates.size - 1)
    rows, start = candidates[within], book.terms["start"]
    fits = (within == places) & (book.account[rows] == book.account[asked])
    fits &= start[rows] > start[asked]
    return within, np.where(fits, np.abs(start[rows] - book.terms["end"][asked]), _FAR)


def _sold_together(terms: TermTable, rows: Wholes, later: Wholes) -> Mask:
    """Whether the later contract may be another year of the same sale, and no renewal (R2)."""
    signed = terms["signed_on"][later]
    together = (signed == terms["signed_on"][rows]) | (signed < terms["start"][rows])
    found: Mask = terms.known("signed_on")[later] & together
    return found


# --------------------------------------------------------------------------------------
# Numbers


def _numbers(book: Book, sales: _Sales, successor: Wholes) -> Wholes:
    """How many renewals led to each; a later year of a sale takes after the first.

    Each round doubles how far back is looked, so that a chain of a thousand needs ten. Odd accounts
    are left out: what they say may run in a circle.
    """
    renewed = np.flatnonzero((successor >= 0) & ~book.odd_rows)
    before = np.full(successor.size, -1)
    before[successor[renewed]] = sales.opening[renewed]
    beside = sales.first & (sales.opening != np.arange(before.size))
    book.doubt(beside & ((before >= 0) | (before[sales.opening] >= 0)))
    number = (before >= 0).astype(np.int64)
    while (there := np.flatnonzero(before >= 0)).size:
        number[there] += number[before[there]]
        before[there] = before[before[there]]
    return number[sales.opening]
