"""Contracts and entries as columns, and books in good order, shared by the tests of the columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cslib.ledger import Contract, EndReason, Entry
from cslib.periods import Period
from cslib.termcolumns import RenewalColumns, renewal_columns

SPAN = Period(dt.date(2024, 1, 1), dt.date(2027, 1, 1))
LATER = dt.date(2040, 1, 1)
"""A date by which all that the generated books hold has happened."""


def days(*texts: str | None) -> np.ndarray[Any, Any]:
    return np.array(["NaT" if text is None else text for text in texts], "M8[D]")


def columns_of_contracts(contracts: Iterable[Contract]) -> dict[str, Any]:
    """The columns of some contracts in euros."""
    rows = list(contracts)
    return {
        "contract": [c.contract for c in rows],
        "account": [c.account for c in rows],
        "start": _days(c.start for c in rows),
        "end": _days(c.end for c in rows),
        "annual_value": _cents(c.annual_value for c in rows),
        "currency": "EUR",
        "signed_on": _days(c.signed_on for c in rows),
        "recorded_at": _days(c.recorded_at for c in rows),
        "renews": [c.renews for c in rows],
        "sale": [c.sale for c in rows],
        "end_reason": [c.end_reason for c in rows],
        "product": [c.product for c in rows],
        "total_value": np.ma.masked_array(
            _cents(c.total_value or 0 for c in rows), [c.total_value is None for c in rows]
        ),
    }


def columns_of_entries(entries: Iterable[Entry]) -> dict[str, Any]:
    """The columns of some entries in euros."""
    rows = list(entries)
    return {
        "entry": [e.entry for e in rows],
        "contract": [e.contract for e in rows],
        "kind": [e.kind for e in rows],
        "on": _days(e.on for e in rows),
        "amount": _cents(e.amount for e in rows),
        "recorded_at": _days(e.recorded_at for e in rows),
    }


def _days(values: Iterable[dt.date | None]) -> np.ndarray[Any, Any]:
    return np.array(list(values), "M8[D]")


def _cents(values: Iterable[Decimal | int]) -> np.ndarray[Any, Any]:
    return np.array([int(value * 100) for value in values], np.int64)


def in_columns(
    contracts: Sequence[Contract], entries: Sequence[Entry] | None, **asked: Any
) -> RenewalColumns:
    """What the columns say of records."""
    payments = None if entries is None else columns_of_entries(entries)
    return renewal_columns(columns_of_contracts(contracts), payments, **asked)


# --------------------------------------------------------------------------------------
# Books in good order: yearly contracts, one after another, that nobody has to judge


@st.composite
def _chain(draw: st.DrawFn, account: str, is_named: bool) -> tuple[list[Contract], list[Entry]]:
    """The contracts of an account: renewed early, on time, late or not; paid, or not in full."""
    start = dt.date(2023, 1, 1) + dt.timedelta(days=draw(st.integers(0, 500)))
    contracts: list[Contract] = []
    entries: list[Entry] = []
    for place in range(draw(st.integers(1, 4))):
        if contracts:
            start = _end(contracts[-1]) + dt.timedelta(days=draw(st.integers(-60, 60)))
        years = draw(st.sampled_from([1, 1, 1, 3]))
        value = Decimal(draw(st.integers(0, 900_00))) / 100
        contracts.append(
            Contract(
                contract=f"{account}-{place}",
                account=account,
                start=start,
                end=start.replace(year=start.year + years, day=min(start.day, 28)),
                annual_value=value,
                total_value=draw(st.sampled_from([None, None, value * years, value])),
                currency="EUR",
                signed_on=draw(st.none() | _around(start)),
                recorded_at=draw(st.none() | _around(start)),
                renews=contracts[-1].contract if contracts and is_named else None,
                sale=draw(st.sampled_from([None, f"S{place}"])),
                end_reason=draw(st.sampled_from([None] * 8 + [*EndReason])),
            )
        )
        entries += draw(_payments(contracts[-1]))
    return contracts, entries


def _end(contract: Contract) -> dt.date:
    assert contract.end is not None
    return contract.end


def _around(day: dt.date) -> st.SearchStrategy[dt.date]:
    return st.integers(-20, 40).map(lambda n: day + dt.timedelta(days=n))


_MOVES = (
    ("due", "paid"),
    ("due", "paid", "refund"),
    ("due", "credit"),
    ("due", "credit", "paid"),
    ("due", "due", "credit", "paid"),
    ("due", "credit", "due", "paid"),
    ("due", "paid", "refund", "credit", "due", "paid"),
    ("due",),
    ("paid",),
    (),
)


@st.composite
def _payments(draw: st.DrawFn, contract: Contract) -> list[Entry]:
    value = Decimal(contract.annual_value)
    amounts = st.sampled_from([value, value, round(value / 2, 2), Decimal(0)])
    dues = st.sampled_from([value, value, round(value / 12, 2), Decimal(0)])
    return [
        Entry(
            entry=f"{contract.contract}-{place}",
            contract=contract.contract,
            kind=kind,
            on=draw(_around(contract.start)),
            amount=draw(dues if kind == "due" else amounts),
            recorded_at=draw(st.none() | _around(contract.start)),
        )
        for place, kind in enumerate(draw(st.sampled_from(_MOVES)))
    ]


@st.composite
def yearly_books(
    draw: st.DrawFn, *, is_named: bool | None = None
) -> tuple[list[Contract], list[Entry] | None]:
    """Some accounts in good order, their rows in any order.

    Args:
        draw: Hypothesis' own.
        is_named: Whether ``renews`` says what renews what; None: in some accounts.
    """
    named = st.booleans() if is_named is None else st.just(is_named)
    chains = [draw(_chain(f"A{n}", draw(named))) for n in range(draw(st.integers(1, 3)))]
    contracts = draw(st.permutations([each for chain, _ in chains for each in chain]))
    entries = draw(st.permutations([each for _, moves in chains for each in moves]))
    return contracts, draw(st.sampled_from([entries, entries, None]))
