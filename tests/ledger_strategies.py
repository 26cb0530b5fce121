"""Contracts and entries to tell stories with, and generated ones, shared by the renewal room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
from hypothesis import strategies as st

from cslib.ledger import Contract, Entry
from cslib.periods import Period
from cslib.renewal import DOCTRINE, Line, RenewalConvention, RenewalReport, renewal_rate
from cslib.testing import strategies

JUNE = Period.month(2026, 6)
END_OF_JUNE = dt.date(2026, 6, 30)
Book = tuple[list[Contract], list[Entry] | None]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def contract(name: str, start: str, end: str | None, **more: Any) -> Contract:
    """A contract of account A at 1,200 euros a year, unless said; signed when it starts."""
    signed_on = day(more.pop("signed_on", start))
    facts = {"account": "A", "annual_value": 1200, "currency": "EUR", **more}
    return Contract(
        contract=name,
        start=day(start),
        end=None if end is None else day(end),
        signed_on=signed_on,
        **facts,
    )


def old(name: str = "old", **more: Any) -> Contract:
    """A contract that falls due on June 30."""
    return contract(name, "2025-07-01", "2026-07-01", **more)


def new(name: str = "new", **more: Any) -> Contract:
    """The contract of the year after, which says what it renews, signed in good time."""
    return contract(
        name, "2026-07-01", "2027-07-01", **{"renews": "old", "signed_on": "2026-06-10", **more}
    )


def year_after(name: str = "y2", **more: Any) -> Contract:
    """The second year of a sale, which says that it renews the old contract."""
    terms = {"signed_on": "2026-06-01", "renews": "old", **more}
    return contract(name, "2027-07-01", "2028-07-01", **terms)


def three_years() -> list[Contract]:
    """Three yearly contracts of one sale; the last falls due on June 30."""
    years = (("y1", 2023), ("y2", 2024), ("y3", 2025))
    return [
        contract(
            name, f"{y}-07-01", f"{y + 1}-07-01", sale="S", signed_on="2023-06-01", renews=renews
        )
        for (name, y), renews in zip(years, (None, "y1", "y2"), strict=True)
    ]


def entry(kind: str, on: str, amount: Any, to: str = "new", **more: Any) -> Entry:
    name = more.pop("entry", f"{to} {kind} {on} {amount}")
    return Entry(entry=name, contract=to, kind=kind, on=day(on), amount=amount, **more)


def due(on: str = "2026-06-10", amount: Any = 1200, **more: Any) -> Entry:
    return entry("due", on, amount, **more)


def paid(on: str = "2026-06-20", amount: Any = 1200, **more: Any) -> Entry:
    return entry("paid", on, amount, **more)


def refund(on: str, amount: Any = 1200, **more: Any) -> Entry:
    return entry("refund", on, amount, **more)


def credit(on: str = "2026-06-20", amount: Any = 1200, **more: Any) -> Entry:
    return entry("credit", on, amount, **more)


_DAYS = [dt.date(2026, 4, 1) + dt.timedelta(days=n) for n in range(81)]

some_days = st.sampled_from(_DAYS)
"""The days that the generated records lie on: April to June, so that they meet."""

entries = strategies.entries(days=some_days)
books = strategies.ledgers(days=some_days)
"""Contracts and their ledger, with ids that stand twice, orphans and links that run back."""


def contracts() -> st.SearchStrategy[Contract]:
    return strategies.contracts(days=some_days)


@st.composite
def tidy_books(draw: st.DrawFn) -> Book:
    """Contracts of June and what was sold after them: co-terms, splits, late, unpaid, credited.

    Nothing here is at fault, so that most lines can be judged.
    """
    names = [f"o{n}" for n in range(draw(st.integers(1, 5)))]
    rows = [
        old(
            name,
            account=draw(st.sampled_from("AB")),
            annual_value=draw(_values),
            end_reason=draw(st.sampled_from([None, None, None, "closed", "rescinded"])),
            product=draw(st.sampled_from(["", "seats"])),
        )
        for name in names
    ]
    moves = []
    for n in range(draw(st.integers(0, 5))):
        signed_on = draw(st.sampled_from(_SIGNINGS))
        start = draw(st.sampled_from(["2026-06-15", "2026-07-01"]))
        renews = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        rows.append(
            contract(
                f"n{n}",
                start,
                "2027-07-01",
                annual_value=draw(_values),
                renews=renews,
                signed_on=signed_on,
                recorded_at=draw(st.sampled_from([None, day("2026-08-15")])),
            )
        )
        moves.append(due(signed_on, 100, to=f"n{n}"))
        kinds = draw(st.lists(st.sampled_from(["paid", "refund", "credit"]), max_size=2))
        on, amount = st.sampled_from(_SIGNINGS), st.sampled_from([40, 60, 100])
        moves += [
            entry(kind, draw(on), draw(amount), to=f"n{n}", entry=f"n{n}-{place}")
            for place, kind in enumerate(kinds)
        ]
    return rows, moves


_SIGNINGS = ("2026-06-01", "2026-06-30", "2026-07-01", "2026-07-30", "2026-07-31")
_values = st.integers(0, 2000_00).map(lambda cents: Decimal(cents) / 100)


# --------------------------------------------------------------------------------------
# Reports

any_books = st.one_of(books, tidy_books())
MONTHS = st.sampled_from([Period.month(2026, month) for month in (4, 5, 6)])
days = st.one_of(some_days, st.dates(day("2026-06-15"), day("2026-09-30")))
NET = attrs.evolve(DOCTRINE, name="net", capped=False)
ON_TIME = attrs.evolve(DOCTRINE, name="on time", by="on_time")


def june(
    contracts: Iterable[Contract],
    payments: Iterable[Entry] | None = (),
    *,
    as_of: dt.date = END_OF_JUNE,
    **more: Any,
) -> RenewalReport:
    return renewal_rate(contracts, payments, JUNE, as_of=as_of, **more)


def of_line(
    report: RenewalReport, line: Line | None, convention: RenewalConvention, kind: str, side: str
) -> Fraction:
    """What one line brings into a rate, above or below the line."""
    rows = () if line is None else (line,)
    rate = getattr(attrs.evolve(report, lines=rows).rate(convention), kind)
    return Fraction(getattr(rate, side))
