"""Recurring revenue: the customer cube that a ledger of contracts and payments makes.

A part of :mod:`cslib.renewal`. The three bases are separate and never mixed:

- *contracted*: the annual value of what is in force on the last day of each month (ARR);
- *billed*: what falls due in the month, credit notes taken off;
- *collected*: what is paid in the month, refunds taken off.

A refund or credit note of more than its month has takes the rest off the months before it, the
latest first: a month of revenue is never below 0.

Billed and collected are amounts of the month as they are. A year invoiced at once stands in one
month, and the others of that customer are months without revenue: take them for books that are
invoiced by the month.
"""

from __future__ import annotations

import bisect
import datetime as dt
import enum
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.arguments import check_lengths
from cslib.cuberows import CubeError, flat_column, whole_column
from cslib.cubes import CustomerCube
from cslib.errors import CslibError, Fault, suggestion
from cslib.faults import shown
from cslib.ledger import Contract, EndReason, Entry, EntryKind, Ledger, LedgerError, read_ledger
from cslib.lineage import Lineage, Sale, sale_of, trace_lineage
from cslib.moments import utc_day
from cslib.money import to_major, to_minor
from cslib.periods import Period

__all__ = ["Basis", "cube_of_terms", "customer_cube"]

_BOOK = "book"


class Basis(enum.StrEnum):
    """What of a ledger counts as the recurring revenue of a month; the cube carries the word."""

    CONTRACTED = "contracted"
    BILLED = "billed"
    COLLECTED = "collected"


def customer_cube(
    contracts: Iterable[Contract],
    payments: Iterable[Entry] | None,
    span: Period,
    *,
    as_of: dt.date,
    known_at: dt.date | None = None,
    basis: Basis | str = Basis.CONTRACTED,
    customer: Callable[[Contract], object] = lambda contract: contract.account,
) -> CustomerCube:
    """The customer cube of a ledger, as of a date.

    A contract is in force from its first day until its end, or until one that renews it starts; of
    a rescinded one nothing counts, on any basis (L9). What is signed in grace counts from its first
    day. Where every contract tells its seats, one or more, the contracted cube has them as units,
    and :func:`~cslib.movements.unit_split` parts growth into seats and price.

    Args:
        contracts: The book, in any order, all of one currency, which it states.
        payments: The whole ledger; None where there is none: then only contracted revenue is known.
        span: The whole months of the cube, the last of them over by ``as_of``: of a month ahead
            nobody knows yet what will be renewed.
        as_of: What is signed or paid later does not count, as in
            :func:`~cslib.renewal.renewal_rate`.
        known_at: What is recorded later does not count either.
        basis: Contracted, billed or collected.
        customer: The key of a contract: its account, or ``lambda c: (c.account, c.product)``.

    Raises:
        AmountError: If an entry is finer than the minor unit; a note names it.
        CubeError: If the span is not over, or is not of whole months; if there is no such basis; or
            as :meth:`~cslib.cubes.CustomerCube.of_columns`.
        LedgerError: If records contradict one another, name no currency or no known contract; if
            they leave open until when a contract ran; if there are no payments to go by; or if more
            went back to a customer than ever came in.
        MixedCurrencyError: If the contracts are in more than one currency:
            :mod:`cslib.currencies` splits or converts them.

    >>> fox = Contract(
    ...     contract="F-1",
    ...     account="fox",
    ...     start=dt.date(2026, 2, 10),
    ...     end=dt.date(2026, 4, 10),
    ...     annual_value=1200,
    ...     currency="EUR",
    ... )
    >>> months = Period(dt.date(2026, 1, 1), dt.date(2026, 6, 1))
    >>> cube = customer_cube([fox], None, months, as_of=dt.date(2026, 6, 30))
    >>> cube
    <CustomerCube of 1 customers, 2026-01 to 2026-05, contracted, EUR, dense>
    >>> [cube.amounts(month).tolist() for month in range(5)]
    [[0], [120000], [120000], [0], [0]]
    """
    found = _basis(basis)
    _check_span(span)
    if not callable(customer):
        expected = "expected a function of a contract, as lambda contract: contract.account"
        raise CubeError("customer", None, f"is {shown(customer)}: {expected}")
    if span.last_day > utc_day(as_of, "as_of"):
        raise CubeError("span", None, f"is {span}: its last day must be over by {as_of}")
    ledger = read_ledger(contracts, payments, as_of=as_of, known_at=known_at)
    _check(ledger)
    if found is Basis.CONTRACTED:
        return _contracted(ledger, span, customer)
    return _moved(ledger, span, found, customer)


def _check_span(span: object) -> None:
    if not isinstance(span, Period):
        raise CubeError("span", None, f"is {span!r}: expected a Period, as Period.parse gives")


def _basis(given: Basis | str) -> Basis:
    names = [str(each) for each in Basis]
    if given not in names:
        hint = _RUN_RATES.get(str(given).lower()) or suggestion(str(given), names)
        raise CubeError("basis", None, f"is {given!r}: expected one of {', '.join(names)}{hint}")
    return Basis(given)


_RUN_RATES = {
    "arr": "; contracted is ARR",
    "mrr": "; contracted is ARR: divide its amounts by 12",
}


def cube_of_terms(
    *,
    customer: npt.ArrayLike,
    start: npt.ArrayLike,
    end: npt.ArrayLike,
    annual_value: npt.ArrayLike,
    currency: str,
    span: Period,
    units: npt.ArrayLike | None = None,
) -> CustomerCube:
    """The contracted cube of columns of terms; a million rows take a second or two.

    A term counts in every month on whose last day it is in force: ``start`` <= last day < ``end``.
    Nothing is inferred: two terms of one customer that overlap add up.

    Args:
        customer: Keys, as in :meth:`~cslib.cubes.CustomerCube.of_columns`.
        start: First days, ``datetime64[D]``.
        end: First days no longer covered; NaT for an open end.
        annual_value: Whole minor units, 0 or more.
        currency: ISO 4217 code of all.
        span: The whole months of the cube.
        units: The seats of each, whole numbers; they split growth into seats and price.

    Raises:
        CubeError: If a day is missing or no day, a term ends no later than it starts, or as
            :meth:`~cslib.cubes.CustomerCube.of_columns`.

    >>> cube = cube_of_terms(
    ...     customer=["fox"],
    ...     start=np.array(["2026-01-31"], "datetime64[D]"),
    ...     end=np.array(["2026-03-31"], "datetime64[D]"),
    ...     annual_value=[1200_00],
    ...     currency="EUR",
    ...     span=Period(dt.date(2026, 1, 1), dt.date(2026, 5, 1)),
    ... )
    >>> [cube.amounts(month).tolist() for month in range(4)]
    [[120000], [120000], [0], [0]]
    """
    _check_span(span)
    terms = _terms(customer, start, end, annual_value, units)
    begins, ends = (np.datetime64(day, "M") for day in (span.start, span.end))
    first = np.maximum(terms.start.astype("datetime64[M]"), begins)
    last = np.fmin(terms.end.astype("datetime64[M]"), ends)  # a missing end lies behind all others
    months = np.maximum((last - first).astype(np.int64), 0)
    row = np.repeat(np.arange(len(months)), months)
    since = np.arange(len(row)) - np.repeat(np.cumsum(months) - months, months)
    return CustomerCube.of_columns(
        customer=terms.customer[row],
        month=first[row] + since.astype("timedelta64[M]"),
        amount=terms.annual_value[row],
        units=None if units is None else terms.units[row],
        currency=currency,
        basis=Basis.CONTRACTED,
        span=span,
    )


class _Terms(NamedTuple):
    """Columns of terms, checked, side by side."""

    customer: npt.NDArray[Any]
    start: npt.NDArray[Any]
    end: npt.NDArray[Any]
    annual_value: npt.NDArray[np.int64]
    units: npt.NDArray[np.int64]


def _terms(
    customer: npt.ArrayLike,
    start: npt.ArrayLike,
    end: npt.ArrayLike,
    annual_value: npt.ArrayLike,
    units: npt.ArrayLike | None,
) -> _Terms:
    keys = customer if hasattr(customer, "__array__") else _column(list(customer))  # type: ignore[arg-type]
    values = whole_column("annual_value", annual_value, "minor units")
    terms = _Terms(
        flat_column("customer", keys),
        _days("start", start),
        _days("end", end),
        values,
        np.zeros_like(values) if units is None else whole_column("units", units, "units"),
    )
    lengths = {name: len(column) for name, column in terms._asdict().items()}
    check_lengths(CubeError, lengths)
    if len(missing := np.flatnonzero(np.isnat(terms.start))):
        raise CubeError("start", int(missing[0]), "is missing: take the row out first")
    if len(wrong := np.flatnonzero(terms.end <= terms.start)):
        row = int(wrong[0])
        problem = f"is {terms.end[row]}: expected a day after the start, {terms.start[row]}"
        raise CubeError("end", row, problem)
    return terms


def _days(argument: str, column: npt.ArrayLike) -> npt.NDArray[Any]:
    days = flat_column(argument, column)
    if days.dtype != "datetime64[D]" and len(days):
        way = 'give numpy.datetime64[D], as by numpy.array(dates, "datetime64[D]")'
        raise CubeError(argument, None, f"has dtype {days.dtype}: {way}")
    return days.astype("datetime64[D]")


# --------------------------------------------------------------------------------------
# Of a ledger


def _check(ledger: Ledger) -> None:
    faults = list(ledger.faults)
    if not ledger.contracts and not faults:
        faults.append(Fault("$.contracts", "none is known: a book without any has no currency"))
    elif ledger.contracts and not ledger.currency:
        faults.append(Fault("$.contracts", "no currency is stated; fill it in"))
    _refuse(faults)


def _refuse(faults: Iterable[Fault]) -> None:
    if found := tuple(sorted(faults, key=str)):
        raise LedgerError(_BOOK, found)


def _is_rescinded(contract: Contract) -> bool:
    return contract.end_reason is EndReason.RESCINDED


def _contracted(
    ledger: Ledger, span: Period, customer: Callable[[Contract], object]
) -> CustomerCube:
    lineage = trace_lineage(ledger)
    _refuse(_doubts(ledger, lineage))
    until = {name: lineage.in_force_until(each) for name, each in ledger.contracts.items()}
    terms = [
        each
        for name, each in ledger.contracts.items()
        if not _is_rescinded(each) and each.start < (until[name] or dt.date.max)
    ]
    seats = [each.seats for each in terms]
    return cube_of_terms(
        customer=_column([customer(each) for each in terms]),
        start=np.array([each.start for each in terms], "datetime64[D]"),
        end=np.array([until[each.contract] for each in terms], "datetime64[D]"),
        annual_value=[to_minor(each.annual_value, each.currency) for each in terms],
        currency=ledger.currency,
        span=span,
        units=[each or 0 for each in seats] if seats and all(seats) else None,
    )


def _doubts(ledger: Ledger, lineage: Lineage) -> Iterator[Fault]:
    """What leaves open until when a contract ran.

    A doubt about what renews a contract moves no amount where nothing that may renew it starts
    before its end, or before that of an earlier year of its sale: it then ran to its end.
    """
    contracts = ledger.contracts.values()
    abroad = {sale_of(each) for each in contracts if _renews_of_another_account(each, ledger)}
    accounts: dict[str | None, list[Contract]] = defaultdict(list)
    begins: dict[Sale, dt.date] = {}
    for each in sorted(contracts, key=_start):
        begins.setdefault(sale_of(each), each.start)
        if not _is_rescinded(each):
            accounts[each.account].append(each)
            if sale_of(each) in abroad:
                accounts[None].append(each)
    for name, link in lineage.links.items():
        contract = ledger.contracts[name]
        rivals = (accounts[account] for account in (contract.account, None))
        if link.doubt and any(_may_cut(contract, begins[sale_of(contract)], row) for row in rivals):
            yield Fault(f"$.contracts[{name!r}]", link.doubt)


def _start(contract: Contract) -> dt.date:
    return contract.start


def _renews_of_another_account(contract: Contract, ledger: Ledger) -> bool:
    named = (ledger.contracts.get(name, contract) for name in contract.renews)
    return any(each.account != contract.account for each in named)


def _may_cut(contract: Contract, since: dt.date, rivals: Sequence[Contract]) -> bool:
    """Whether one of another sale starts after a day and before the end of the contract."""
    place = bisect.bisect_right(rivals, since, key=_start)
    before = contract.end or dt.date.max
    starting = itertools.takewhile(lambda each: each.start < before, rivals[place:])
    return any(sale_of(each) != sale_of(contract) for each in starting)


_SIGNS: Mapping[Basis, Mapping[EntryKind, int]] = {
    Basis.BILLED: {EntryKind.DUE: 1, EntryKind.CREDIT: -1},
    Basis.COLLECTED: {EntryKind.PAID: 1, EntryKind.REFUND: -1},
}


def _moved(
    ledger: Ledger, span: Period, basis: Basis, customer: Callable[[Contract], object]
) -> CustomerCube:
    """What fell due, or was paid, in each month of the span; all months that are over are read."""
    months: dict[object, dict[dt.date, int]] = defaultdict(lambda: defaultdict(int))
    back: dict[object, list[Entry]] = defaultdict(list)
    for key, entry, amount in _moves(ledger, basis, customer):
        months[key][entry.on.replace(day=1)] += amount
        if amount < 0:
            back[key].append(entry)
    short = {key: _carried_back(amounts) for key, amounts in months.items()}
    _refuse(_never_came_in(short, back, ledger.currency))
    found = {
        (key, month): amount
        for key, amounts in months.items()
        for month, amount in amounts.items()
        if month in span
    }
    return CustomerCube.of_columns(
        customer=_column([key for key, _ in found]),
        month=np.array([month for _, month in found], "datetime64[M]"),
        amount=list(found.values()),
        currency=ledger.currency,
        basis=basis,
        span=span,
    )


def _moves(
    ledger: Ledger, basis: Basis, customer: Callable[[Contract], object]
) -> Iterator[tuple[object, Entry, int]]:
    """The key, entry and minor units of what counts on a basis, in the months that are over."""
    if ledger.entries is None:
        raise LedgerError(_BOOK, (Fault("$.payments", "none were given; contracted needs none"),))
    tomorrow = min(ledger.today, dt.date.max - _A_DAY) + _A_DAY
    for name, entries in ledger.entries.items():
        contract = ledger.contracts[name]
        key = customer(contract)
        for entry in () if _is_rescinded(contract) else entries:
            sign = _SIGNS[basis].get(entry.kind)
            if sign and entry.on < tomorrow.replace(day=1):
                yield key, entry, sign * _minor(entry, contract.currency)


_A_DAY = dt.timedelta(days=1)


def _minor(entry: Entry, currency: str) -> int:
    try:
        return to_minor(entry.amount, currency)
    except CslibError as error:
        error.add_note(f"in entry {entry.entry!r}")
        raise


def _carried_back(months: dict[dt.date, int]) -> int:
    """Takes what a month is below 0 off the months before it, the latest first.

    Returns:
        What is left of it, since no month had so much.
    """
    short = 0
    for month in sorted(months, reverse=True):
        short -= months[month]
        months[month] = max(-short, 0)
        short = max(short, 0)
    return short


def _never_came_in(
    short: Mapping[object, int], back: Mapping[object, Sequence[Entry]], currency: str
) -> Iterator[Fault]:
    for key, amount in short.items():
        if amount:
            last = max(back[key], key=lambda entry: (entry.on, entry.entry))
            problem = f"with this {last.kind} {to_major(amount, currency)} more went back to {key}"
            remedy = "than ever came in; give the entries that it takes back, or leave it out"
            yield Fault(f"$.payments[{last.entry!r}]", f"{problem} {remedy}")


def _column(keys: list[Any]) -> npt.NDArray[Any]:
    """Keys as a column; tuples stay whole."""
    column = np.empty(len(keys), object)
    column[:] = keys
    return column
