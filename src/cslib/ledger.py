"""The ledger of the renewal room: contracts, their payments, and what of them had been seen when.

Import the records from :mod:`cslib.renewal`. :func:`read_ledger` is what the room reads them with.

Conventions:

- A contract covers the half-open term ``[start, end)``. Amounts are exact and in major units, all
  of one currency.
- Two clocks: ``as_of`` bounds what had been signed or paid, ``known_at`` what had been recorded.
- A record given twice counts once. An id given with different content is a conflict: it is
  reported, and nobody chooses between its versions.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Generic, TypeAlias, TypeVar, cast

import attrs

from cslib.daycount import DayCount, year_fraction
from cslib.errors import CslibError, Fault
from cslib.faults import shown
from cslib.moments import MomentError, is_by, utc_day
from cslib.money import (
    InexactError,
    UnknownCurrencyError,
    currency_exponent,
    exact,
    single_currency,
    to_major,
)
from cslib.periods import Period, add_months

__all__ = [
    "Cash",
    "Contract",
    "EndReason",
    "Entry",
    "EntryKind",
    "Ledger",
    "LedgerError",
    "checked_records",
    "exponents_of",
    "first_anniversary",
    "read_ledger",
    "taken_off",
]


@attrs.define
class LedgerError(CslibError, ValueError):
    """A contract or an entry is not valid; every fault is listed.

    Attributes:
        subject: The record: ``contract 'C-1'``.
        faults: All that is wrong with it, each with its path.

    >>> print(LedgerError("contract 'C-1'", (Fault("$.end", "must lie after the start"),)))
    contract 'C-1' is not valid: $.end: must lie after the start
    """

    subject: str
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        return f"{self.subject} is not valid: {'; '.join(map(str, self.faults))}"


# --------------------------------------------------------------------------------------
# The records


class EndReason(enum.StrEnum):
    """Why a contract ended, or will, where something is known of it."""

    CHURNED = "churned"
    """The customer left."""
    CLOSED = "closed"
    """The customer's business closed (R4)."""
    INSOLVENCY = "insolvency"
    """The customer cannot pay its debts any more: a closure as well (R4)."""
    MERGED = "merged"
    """The customer merged into another business, which went on without the contract."""
    RESCINDED = "rescinded"
    """The deal was stopped and refunded before success: neither churned nor renewed (L9)."""


class EntryKind(enum.StrEnum):
    """What an entry of the ledger says."""

    DUE = "due"
    """An instalment of the fee falls due on that day."""
    PAID = "paid"
    REFUND = "refund"
    CREDIT = "credit"
    """A credit note: so much less is owed and renewed, though nothing came in."""


def _member(kind: type[enum.StrEnum], value: object) -> Any:
    """The member of that name; anything else as it is, for the checks to refuse."""
    named = value if isinstance(value, str) else None  # pandas.NA cannot even be compared
    return next((member for member in kind if member == named), value)


def _end_reason(value: EndReason | str | None) -> Any:
    return _member(EndReason, value)


def _entry_kind(value: EntryKind | str) -> Any:
    return _member(EntryKind, value)


def _names(value: str | Iterable[str] | None) -> Any:
    """The ids in ``renews``, in order; anything else as it is, for the checks to refuse."""
    if value is None or isinstance(value, str):
        return () if value is None else (value,)
    names: Any = tuple(value) if isinstance(value, Iterable) else value
    return tuple(sorted(names)) if _are_ids(names) else names


@attrs.frozen(kw_only=True)
class Contract:
    """What a customer bought for one term.

    Attributes:
        contract: Its id.
        account: The id of the customer's account.
        start: First day covered.
        end: First day no longer covered, as first agreed; None for an open end (evergreen).
        annual_value: Value of a year in major units, 0 or more, an int or a Decimal.
        currency: ISO 4217 code; empty where the book states none, and then none may.
        signed_on: When it was signed; None counts as signed on its first day, and the report
            says how many did.
        recorded_at: When it became known, a date or an aware datetime; None: when it was signed.
        renews: The ids of the contracts that it renews, one id alone as text; kept in order, and
            empty where that is not known. One that renews several merges them (a co-term); several
            that renew one split it; one of another product line is a migration.
        sale: An id shared by contracts sold in one sale; None where it was sold alone.
        end_reason: Why it ended, where something is known of it. It has no date of its own, so it
            counts from when the contract is known.
        product: The product line; empty where it is not told.
        total_value: Value of the whole term, where it is stated apart from the value of a year.
        seats: How many units were sold, where they are counted.

    Raises:
        LedgerError: With every fault of the record.

    >>> first = Contract(
    ...     contract="C-1",
    ...     account="A",
    ...     start=dt.date(2025, 7, 1),
    ...     end=dt.date(2026, 7, 1),
    ...     annual_value=Decimal("1200.00"),
    ...     currency="EUR",
    ... )
    >>> first.last_day
    datetime.date(2026, 6, 30)
    """

    contract: str
    account: str
    start: dt.date
    end: dt.date | None
    annual_value: Decimal | int
    currency: str
    signed_on: dt.date | None = None
    recorded_at: dt.date | None = None
    renews: tuple[str, ...] = attrs.field(default=(), converter=_names)
    sale: str | None = None
    end_reason: EndReason | None = attrs.field(default=None, converter=_end_reason)
    product: str = ""
    total_value: Decimal | int | None = None
    seats: int | None = None

    def __attrs_post_init__(self) -> None:
        faults = tuple(_faults(self, _OF_A_CONTRACT)) or tuple(_contract_faults(self))
        if faults:
            raise LedgerError(f"contract {self.contract!r}", faults)

    @property
    def last_day(self) -> dt.date | None:
        """The last day covered, on which it falls due; None for an open end."""
        return None if self.end is None else self.end - dt.timedelta(days=1)


@attrs.frozen(kw_only=True)
class Entry:
    """One entry of the ledger: an instalment that falls due, a payment, a refund, a credit note.

    Attributes:
        entry: Its id.
        contract: The id of the contract it belongs to.
        kind: ``due``, ``paid``, ``refund`` or ``credit``.
        on: The day it falls due, was paid, refunded or credited.
        amount: Major units of the contract's currency, 0 or more, an int or a Decimal.
        recorded_at: When it became known, a date or an aware datetime; None: on that day. An
            instalment that falls due without it is known with its contract.

    Raises:
        LedgerError: With every fault of the record.
    """

    entry: str
    contract: str
    kind: EntryKind = attrs.field(converter=_entry_kind)
    on: dt.date
    amount: Decimal | int
    recorded_at: dt.date | None = None

    def __attrs_post_init__(self) -> None:
        faults = tuple(_faults(self, _OF_AN_ENTRY))
        if faults:
            raise LedgerError(f"entry {self.entry!r}", faults)


# --------------------------------------------------------------------------------------
# What makes a record valid


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _are_ids(value: object) -> bool:
    if not isinstance(value, tuple):
        return False
    names = cast("tuple[object, ...]", value)
    return all(map(_is_text, names)) and len(set(names)) == len(names)


def _is_number_of_seats(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_day(value: object) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _is_moment(value: object) -> bool:
    try:
        return utc_day(value) is not None
    except MomentError:
        return False


def _is_amount(value: object) -> bool:
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) > _PLACES:
        return value == 0
    try:
        found = exact(value) if isinstance(value, int | Decimal) else Fraction(-1)
    except InexactError:
        return False
    return 0 <= found < _MOST and _DECIMALS % found.denominator == 0


_MOST = 10**40
_DECIMALS = 10**18
_PLACES = 60  # so that Decimal("1E+999999") is not written out


_Check: TypeAlias = tuple[Callable[[object], bool], str]


def _one_of(kind: type[enum.StrEnum]) -> _Check:
    names = ", ".join(repr(str(member)) for member in kind)
    return lambda value: isinstance(value, kind), f"one of {names}"


def _optional(check: _Check) -> _Check:
    test, expected = check
    return lambda value: value is None or test(value), f"{expected}, or None"


_TEXT: _Check = (_is_text, "text that is not empty")
_DAY: _Check = (_is_day, "a date (of an instant, take the day in your time zone)")
_MOMENT: _Check = (_is_moment, "a date or a datetime with a time zone")
_AMOUNT: _Check = (
    _is_amount,
    "an exact amount from 0 to below 10**40 with at most 18 decimals, an int or a Decimal",
)

_OF_A_CONTRACT: Mapping[str, _Check] = {
    "contract": _TEXT,
    "account": _TEXT,
    "start": _DAY,
    "end": _optional(_DAY),
    "annual_value": _AMOUNT,
    "currency": (lambda value: isinstance(value, str), "an ISO 4217 code, or ''"),
    "signed_on": _optional(_DAY),
    "recorded_at": _optional(_MOMENT),
    "renews": (_are_ids, "ids of contracts, each once"),
    "sale": _optional(_TEXT),
    "end_reason": _optional(_one_of(EndReason)),
    "product": (lambda value: isinstance(value, str), "text"),
    "total_value": _optional(_AMOUNT),
    "seats": _optional((_is_number_of_seats, "a whole number of 0 or more")),
}
_OF_AN_ENTRY: Mapping[str, _Check] = {
    "entry": _TEXT,
    "contract": _TEXT,
    "kind": _one_of(EntryKind),
    "on": _DAY,
    "amount": (_is_amount, f"{_AMOUNT[1]}; money that goes back is an entry of kind 'refund'"),
    "recorded_at": _optional(_MOMENT),
}


def _faults(record: object, checks: Mapping[str, _Check]) -> Iterator[Fault]:
    for name, (test, expected) in checks.items():
        value = getattr(record, name)
        if not test(value):
            remedy = _remedy(record, value) if _AMOUNT[1] in expected else ""
            yield Fault(f"$.{name}", f"expected {expected}, but got {_given(value)}{remedy}")


def _remedy(record: object, value: object) -> str:
    """What to write in the place of an amount."""
    if isinstance(value, float) and math.isfinite(value):
        return f"; write Decimal('{float(value)}')"
    kind = getattr(record, "kind", None)
    is_back = isinstance(kind, EntryKind) and kind in _TAKEN_OFF
    if is_back and isinstance(value, int | Decimal) and _is_amount(-value):
        return f"; write {-value}; `{kind}` already takes it off"
    return ""


_TAKEN_OFF = (EntryKind.CREDIT, EntryKind.REFUND)


def _given(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # an int of thousands of digits
        return shown(value)


def _contract_faults(contract: Contract) -> Iterator[Fault]:
    """What only the fields together can tell, each being right by itself."""
    if contract.end is not None and not contract.start < contract.end:
        yield Fault("$.end", f"must lie after the start, {contract.start}, but is {contract.end}")
    if contract.contract in contract.renews:
        yield Fault("$.renews", "a contract cannot renew itself")
    if contract.currency:
        yield from _currency_faults(contract)


def _currency_faults(contract: Contract) -> Iterator[Fault]:
    try:
        unit = Fraction(1, 10 ** currency_exponent(contract.currency))
    except UnknownCurrencyError:
        expected = "an ISO 4217 code, or '' where the book states none"
        yield Fault("$.currency", f"expected {expected}, but got {contract.currency!r}")
        return
    for name in ("annual_value", "total_value"):
        amount = getattr(contract, name)
        if amount is not None and exact(amount) % unit:
            problem = f"{amount} is finer than the minor unit of {contract.currency}"
            yield Fault(f"$.{name}", f"{problem}; round it first")


# --------------------------------------------------------------------------------------
# The records as seen


@attrs.frozen(kw_only=True)
class Ledger:
    """Contracts and entries as seen from a date, each once.

    Attributes:
        contracts: By id, without those in conflict.
        conflicts: The versions of each contract that is in conflict, by id.
        entries: By contract, without those in conflict; None where no payments were given.
        doubted: Ids of contracts whose entries are in conflict.
        currency: Of all contracts; empty where they state none.
        faults: Ids in conflict, and entries of no known contract.
        duplicates: How many records were dropped since an identical one is there.
        assumed_signed: How many contracts count as signed on their first day.
        assumed_known: How many records count as known when they happened; 0 without ``known_at``.
        later: Ids of contracts not seen yet.
        today: The day as of which it is seen.
        last_recorded: The last day on which one of them was signed, paid, refunded, credited or
            recorded, in UTC; None where there are none.
    """

    contracts: Mapping[str, Contract]
    conflicts: Mapping[str, Sequence[Contract]]
    entries: Mapping[str, Sequence[Entry]] | None
    doubted: frozenset[str]
    currency: str
    faults: tuple[Fault, ...]
    duplicates: int
    assumed_signed: int
    assumed_known: int
    later: tuple[str, ...]
    today: dt.date
    last_recorded: dt.date | None

    def cash(self, contract: str) -> Cash:
        """What the entries say of the first instalment of a contract: all due on its first day."""
        if self.entries is None:
            return Cash("cash unknown, no payments given", is_known=False)
        if contract in self.doubted:
            return Cash("cash unknown, entries are in conflict", is_known=False)
        found = _cash(self.entries.get(contract, ()))
        if found.since is None:
            return found
        if found.since > self.today:
            return Cash(f"nothing owed, and due only on {found.since}")
        record = self.contracts.get(contract)
        if record is not None and _credited(record, self.entries[contract])[1]:
            return Cash(f"{found.state}, and all of it credited")
        return found

    def credited(self, contract: str) -> Decimal:
        """How much of the annual value of a contract its credit notes took off.

        A credit note is spread over the term: 300 on a term of three years are 100 a year. Without
        an end those of the first year count. What is invoiced again is not taken off. It is 0 where
        the contract is not known, no payments were given, or its entries are in conflict.
        """
        record = self.contracts.get(contract)
        if record is None or self.entries is None or contract in self.doubted:
            return Decimal(0)
        return _credited(record, self.entries.get(contract, ()))[0]


def read_ledger(
    contracts: Iterable[Contract],
    payments: Iterable[Entry] | None,
    *,
    as_of: dt.date,
    known_at: dt.date | None = None,
) -> Ledger:
    """What of the records had happened by ``as_of`` and been recorded by ``known_at``.

    A contract happens when it is signed, a payment on its day. An instalment is agreed with its
    contract, so it is seen with it, long before the day on which it falls due.

    Args:
        contracts: In any order; those seen all of one currency.
        payments: In any order; None where there are none to know of.
        as_of: A date, with the whole of its day, or an aware datetime.
        known_at: The same; None: all that was recorded counts.

    Raises:
        LedgerError: If a record is no :class:`Contract` or :class:`Entry`.
        MixedCurrencyError: If those seen are in more than one currency:
            :mod:`cslib.currencies` splits or converts them.
        MomentError: If ``as_of`` or ``known_at`` is no date and no aware datetime.

    >>> moved = {"entry": "P-1", "contract": "C-1", "kind": "paid", "on": dt.date(2026, 6, 9)}
    >>> twice = [Entry(**moved, amount=1200), Entry(**moved, amount=120)]
    >>> for fault in read_ledger((), twice, as_of=dt.date(2026, 6, 30)).faults:
    ...     print(fault)
    $.payments['P-1']: stands 2 times with different amount; keep the right one
    """
    view = _View(as_of, known_at)
    given = checked_records(contracts, Contract)
    seen = list(filter(view.sees, given))
    single_currency(contract.currency or "a currency that is not named" for contract in seen)
    terms = _table("contracts", "contract", seen)
    known = {*terms.single, *terms.conflicts}
    later = {contract.contract for contract in given} - known
    entries = list(_entries(() if payments is None else payments, later, view))
    moves = _table("payments", "entry", entries)
    return Ledger(
        contracts=terms.single,
        conflicts=terms.conflicts,
        entries=None if payments is None else _by_contract(moves.single.values()),
        doubted=frozenset(entry.contract for same in moves.conflicts.values() for entry in same),
        currency=next((contract.currency for contract in terms.single.values()), ""),
        faults=(*terms.faults, *moves.faults, *_orphans(moves.single.values(), known)),
        duplicates=terms.duplicates + moves.duplicates,
        assumed_signed=sum(term.signed_on is None for term in terms.single.values()),
        assumed_known=0 if known_at is None else terms.unstamped + moves.unstamped,
        later=tuple(sorted(later)),
        today=utc_day(as_of),
        last_recorded=max(_days_of([*seen, *entries]), default=None),
    )


def _days_of(records: Iterable[Contract | Entry]) -> Iterator[dt.date]:
    """The days on which something was seen to happen, or was recorded; none falls due."""
    for record in records:
        if isinstance(record, Contract):
            yield record.signed_on or record.start
        elif record.kind is not EntryKind.DUE:
            yield record.on
        if record.recorded_at is not None:
            yield utc_day(record.recorded_at)


@attrs.frozen
class _View:
    """From when the records are looked at, on both clocks."""

    as_of: dt.date
    known_at: dt.date | None

    def __attrs_post_init__(self) -> None:
        utc_day(self.as_of, "as_of")
        if self.known_at is not None:
            utc_day(self.known_at, "known_at")

    def sees(self, record: Contract | Entry) -> bool:
        if isinstance(record, Contract):
            happened = record.signed_on or record.start
        elif record.kind is EntryKind.DUE:
            return record.recorded_at is None or self._knows(record.recorded_at)
        else:
            happened = record.on
        return is_by(happened, self.as_of) and self._knows(record.recorded_at or happened)

    def _knows(self, recorded: dt.date) -> bool:
        return self.known_at is None or is_by(recorded, self.known_at)


_Record = TypeVar("_Record", Contract, Entry)


def checked_records(records: Iterable[_Record], kind: type[_Record]) -> list[_Record]:
    """The records, all of one kind.

    Raises:
        LedgerError: If they are none, or one of them is of another kind; it says which.
    """
    if not isinstance(records, Iterable):
        problem = f"expected records, but got {type(records).__name__}; of a Book, its contracts"
        raise LedgerError("book", (Fault("$", problem),))
    table = list(records)
    for place, record in enumerate(table):
        if not isinstance(record, kind):
            way = "; of a table, make a record of each row" if isinstance(record, str) else ""
            problem = f"expected {kind.__name__}, but got {type(record).__name__}{way}"
            raise LedgerError("book", (Fault(f"$[{place}]", problem),))
    return table


def _entries(payments: Iterable[Entry], later: set[str], view: _View) -> Iterator[Entry]:
    """The entries in view; what a contract not yet signed will owe is not."""
    for entry in filter(view.sees, checked_records(payments, Entry)):
        if entry.kind is not EntryKind.DUE or entry.contract not in later:
            yield entry


@attrs.frozen(kw_only=True)
class _Table(Generic[_Record]):
    """The records of one kind: by id, those in conflict apart, and what is to be said of them."""

    single: Mapping[str, _Record]
    conflicts: Mapping[str, Sequence[_Record]]
    faults: Sequence[Fault]
    duplicates: int
    unstamped: int


def _table(name: str, key: str, records: Iterable[_Record]) -> _Table[_Record]:
    rows = list(records)
    versions: dict[str, dict[_Record, None]] = defaultdict(dict)  # a set that keeps its order
    for row in rows:
        versions[getattr(row, key)][row] = None
    distinct = [row for same in versions.values() for row in same]
    conflicts = {id_: tuple(same) for id_, same in versions.items() if len(same) > 1}
    return _Table(
        single={id_: next(iter(same)) for id_, same in versions.items() if len(same) == 1},
        conflicts=conflicts,
        faults=[Fault(f"$.{name}[{id_!r}]", _conflict(same)) for id_, same in conflicts.items()],
        duplicates=len(rows) - len(distinct),
        unstamped=sum(row.recorded_at is None for row in distinct),
    )


def _conflict(versions: Sequence[Any]) -> str:
    names = [field.name for field in attrs.fields(type(versions[0]))]
    differ = [name for name in names if len({getattr(v, name) for v in versions}) > 1]
    return f"stands {len(versions)} times with different {', '.join(differ)}; keep the right one"


def _orphans(entries: Iterable[Entry], known: set[str]) -> Iterator[Fault]:
    for entry in entries:
        if entry.contract not in known:
            problem = f"no contract {entry.contract!r} is known"
            yield Fault(f"$.payments[{entry.entry!r}].contract", problem)


def _by_contract(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.contract].append(entry)
    return found


# --------------------------------------------------------------------------------------
# Cash: whether the first instalment of a contract is in, and what was credited


def exponents_of(contract: Contract) -> dict[str, int]:
    """The decimals its annual value is counted in: its currency's, else as many as are written."""
    written = max(0, -cast("int", Decimal(contract.annual_value).as_tuple().exponent))
    digits = currency_exponent(contract.currency) if contract.currency else written
    return {contract.currency: digits}


def _credited(contract: Contract, entries: Sequence[Entry]) -> tuple[Decimal, bool]:
    """What credit notes took off a year, half-even, and whether they took off all there is."""
    if contract.end is None:
        entries = [entry for entry in entries if entry.on < first_anniversary(contract.start)]
    credit = _total(entries, _CREDIT)
    if not credit:
        return Decimal(0), False
    years = _years(contract)
    total = exact(contract.annual_value) * years
    if contract.end is not None and contract.total_value is not None:
        total = exact(contract.total_value)
    taken = taken_off(credit, _total(entries, _DUE), total)
    unit = exponents_of(contract)
    minor = round(taken / years * 10 ** unit[contract.currency])
    found = to_major(minor, contract.currency, exponents=unit)
    return min(found, Decimal(contract.annual_value)), 0 < total <= taken


def _years(contract: Contract) -> Fraction:
    """The length of its term, a month being a twelfth of a year; without an end, its first year."""
    if contract.end is None:
        return Fraction(1)
    return year_fraction(Period(contract.start, contract.end), DayCount.MONTHS)


def taken_off(credit: Fraction, due: Fraction, total: Fraction) -> Fraction:
    """What credit notes take off a contract: at most what is not invoiced again.

    Args:
        credit: All that was credited.
        due: All that falls due, what was invoiced again as well.
        total: The value of the whole contract.

    >>> taken_off(Fraction(1200), Fraction(1200 + 1000), Fraction(1200))
    Fraction(200, 1)
    """
    return min(credit, max(total - (due - credit), Fraction(0)))


def first_anniversary(start: dt.date) -> dt.date:
    """The day after the first year; where the calendar ends before it, the last day there is.

    >>> first_anniversary(dt.date(2024, 2, 29))
    datetime.date(2025, 2, 28)
    """
    return add_months(start, 12) if start.year < dt.MAXYEAR else dt.date.max


@attrs.frozen
class Cash:
    """Whether the first instalment of a contract is in.

    Attributes:
        state: How much of it is in, in words; or why that is not known.
        is_known: Whether it is known.
        since: The day since which it has been in whole, refunds taken off; None while it is not.
    """

    state: str
    is_known: bool = True
    since: dt.date | None = None


def _cash(entries: Sequence[Entry]) -> Cash:
    paid = _total(entries, _CASH)
    first, owed, waived = _asked_for(entries)
    if first is None and paid:
        return Cash(f"{_shown(paid)} paid, cash unknown, no instalment falls due", is_known=False)
    if first is None:
        return Cash("nothing due, nothing paid")
    unpaid = owed if waived else max(owed - max(paid, Fraction(0)), Fraction(0))
    credited = min(_total(entries, _CREDIT), unpaid)  # what is credited beyond is for others
    less = f" ({_shown(owed)} less {_shown(credited)} credited)" if credited else ""
    if waived or (credited and paid <= 0 and credited >= owed):
        return Cash(f"nothing collected{less}")
    still = owed - credited
    since = _covered_since(_by_day(entries, {**_CASH, **_CREDIT}), owed, first)
    if since is None:
        return Cash(f"{_shown(paid)} of {_shown(still)} collected{less}")
    return Cash(f"{_shown(still)} collected on {since}{less}", since=since)


_CASH = {EntryKind.PAID: 1, EntryKind.REFUND: -1}
_CREDIT = {EntryKind.CREDIT: 1}
_DUE = {EntryKind.DUE: 1}


def _total(entries: Iterable[Entry], signs: Mapping[EntryKind, int]) -> Fraction:
    amounts = (exact(entry.amount) * signs.get(entry.kind, 0) for entry in entries)
    return sum(amounts, Fraction(0))


def _by_day(entries: Iterable[Entry], signs: Mapping[EntryKind, int]) -> dict[dt.date, Fraction]:
    """The amounts of each day on which there are some of these kinds."""
    found: dict[dt.date, Fraction] = defaultdict(Fraction)
    for entry in entries:
        if entry.kind in signs:
            found[entry.on] += exact(entry.amount) * signs[entry.kind]
    return found


def _asked_for(entries: Sequence[Entry]) -> tuple[dt.date | None, Fraction, bool]:
    """The first instalment that was not credited in full while no money was in.

    Returns:
        Its day; all that falls due by then; and whether there is none, all being credited.
    """
    falls_due = _by_day(entries, _DUE)
    waived, owed = _waived(entries), Fraction(0)
    for day in sorted(falls_due):
        owed += falls_due[day]
        if owed > waived:
            return day, owed, False
    return min(falls_due, default=None), owed, owed > 0


def _waived(entries: Sequence[Entry]) -> Fraction:
    """What was credited on days at the end of which no money was in: none yet, or none any more."""
    money, notes = _by_day(entries, _CASH), _by_day(entries, _CREDIT)
    balance, waived = Fraction(0), Fraction(0)
    for day in sorted({*money, *notes}):
        balance += money.get(day, 0)
        if balance <= 0:
            waived += notes.get(day, 0)
    return waived


def _covered_since(
    moves: Mapping[dt.date, Fraction], owed: Fraction, first: dt.date
) -> dt.date | None:
    """Since when the balance at the end of the day covers what is owed; what is free, at once."""
    balance, since = Fraction(0), None if owed else first
    for day in sorted(moves):
        balance += moves[day]
        since = None if balance < owed else since or day
    return since


def _shown(amount: Fraction) -> str:
    context = decimal.Context(prec=50)
    return f"{context.divide(Decimal(amount.numerator), Decimal(amount.denominator)):f}"
