"""CPU time of the renewal rate with dispositions: columns beside records, and how the cost grows.

    python benchmarks/dispositions.py [--terms 10000 100000 1000000] [--records 100000] [--odd 0.01]
    python benchmarks/dispositions.py --quick

Accounts have four yearly contracts each, of which some were not renewed, renewed late or not paid;
each contract has an instalment and most a payment. Half of the accounts say what renews what, half
leave that to inference, and a share (``--odd``) is sold twice side by side, so that it is judged as
records. Contracts of three years fall due; the rate is asked for each month of them. Figures are
CPU seconds (``time.process_time``) of one run, and the most memory held at once, arguments not
counted.
What both doors say of ``--records`` terms is compared by hash before anything is printed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import time
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import attrs
import numpy as np

from cslib.dispositions import Disposition
from cslib.money import to_major, to_minor
from cslib.periods import Period
from cslib.renewal import Contract, Entry, RenewalReport, renewal_rate
from cslib.termcolumns import RenewalColumns, renewal_columns

SEED = 20
PER_ACCOUNT = 4
STILL_THERE = 1.163  # contracts that would be, had nobody left, to one that is
SPAN = Period(dt.date(2023, 1, 1), dt.date(2026, 1, 1))
ASKED: dict[str, Any] = {"period": SPAN, "as_of": dt.date(2026, 6, 30)}

Columns = dict[str, Any]
Result = TypeVar("Result")


@attrs.frozen
class Book:
    contracts: Columns
    payments: Columns

    @classmethod
    def generated(cls, terms: int, odd: float) -> Book:
        rng = np.random.default_rng(SEED)
        accounts = max(round(terms * STILL_THERE) // PER_ACCOUNT, 1)
        account, year = np.divmod(np.arange(accounts * PER_ACCOUNT), PER_ACCOUNT)
        rows = account.size
        first = np.datetime64("2022-01-01") + rng.integers(0, 365, accounts)
        start = first[account] + 365 * year
        is_late = rng.random(rows) < 0.05
        start[is_late] += rng.integers(1, 45, int(is_late.sum()))
        is_there = np.logical_and.accumulate(
            (rng.random(rows).reshape(accounts, -1) < 0.9) | (np.arange(PER_ACCOUNT) == 0), axis=1
        ).ravel()
        is_odd = (rng.random(accounts) < odd)[account]
        start[is_odd & (year == 2)] = start[is_odd & (year == 1)]
        ids = np.char.add("C-", np.arange(rows).astype(str))
        names = np.where((account % 2 == 0) & (year > 0) & ~is_odd, np.roll(ids, 1), "")
        kept = np.flatnonzero(is_there)
        value = rng.integers(1_000_00, 90_000_00, accounts)[account]
        grown = rng.random(rows)
        value = np.where(grown < 0.1, value * 9 // 10, np.where(grown < 0.3, value * 6 // 5, value))
        contracts = {
            "contract": ids[kept],
            "account": np.char.add("A-", account.astype(str))[kept],
            "start": start[kept],
            "end": (start + 365)[kept],
            "annual_value": value[kept],
            "currency": "EUR",
            "signed_on": (start - rng.integers(0, 30, rows))[kept],
            "renews": names[kept],
        }
        return cls(contracts, _payments(contracts, rng))


def _payments(contracts: Columns, rng: np.random.Generator) -> Columns:
    rows = contracts["contract"].size
    paid = np.flatnonzero(rng.random(rows) < 0.95)
    of = np.concatenate([np.arange(rows), paid])
    kind = np.where(np.arange(of.size) < rows, "due", "paid")
    return {
        "entry": np.char.add("P-", np.arange(of.size).astype(str)),
        "contract": contracts["contract"][of],
        "kind": kind,
        "on": contracts["start"][of] + np.where(kind == "due", 0, rng.integers(0, 40, of.size)),
        "amount": contracts["annual_value"][of],
    }


def records_of(book: Book) -> tuple[list[Contract], list[Entry]]:
    contracts = {name: column for name, column in book.contracts.items() if name != "currency"}
    return (
        [Contract(**row, currency="EUR") for row in _rows(contracts)],
        [Entry(**row) for row in _rows(book.payments)],
    )


def _rows(columns: Columns) -> Iterable[dict[str, Any]]:
    lists = [column.tolist() for column in columns.values()]
    for values in zip(*lists, strict=True):
        row = dict(zip(columns, values, strict=True))
        for name in ("annual_value", "amount"):
            if name in row:
                row[name] = to_major(row[name], "EUR")
        if "renews" in row:
            row["renews"] = row["renews"] or None
        yield row


def hash_of_columns(found: RenewalColumns) -> str:
    words = tuple(Disposition)
    lines = zip(
        found.contract.tolist(),
        (words[code] for code in found.disposition.tolist()),
        found.renewed.tolist(),
        strict=True,
    )
    return _hash(lines, found.rate())


def hash_of_records(report: RenewalReport) -> str:
    lines = (
        (line.contract, line.disposition, to_minor(line.renewed_value, "EUR"))
        for line in report.lines
    )
    return _hash(lines, report.rate())


def _hash(lines: Iterable[tuple[str, str, int]], figures: object) -> str:
    said = "\n".join(sorted(f"{name} {word} {renewed}" for name, word, renewed in lines))
    return hashlib.sha256(f"{said}\n{figures!r}".encode()).hexdigest()


def timed(call: Callable[[], Result]) -> tuple[Result, float]:
    start = time.process_time()
    found = call()
    return found, time.process_time() - start


def peak_bytes(call: Callable[[], object]) -> int:
    tracemalloc.start()
    call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def by_columns(book: Book) -> RenewalColumns:
    return renewal_columns(book.contracts, book.payments, **ASKED)


def beside_records(terms: int, odd: float) -> None:
    book = Book.generated(terms, odd)
    (contracts, payments), making = timed(lambda: records_of(book))
    report, records = timed(lambda: renewal_rate(contracts, payments, **ASKED))
    found, columns = timed(lambda: by_columns(book))
    assert hash_of_columns(found) == hash_of_records(report)
    print(f"{len(contracts):,} terms, the same of each by hash: CPU seconds")
    print(f"  making the records {making:18.2f}")
    print(f"  records            {records:18.2f}")
    print(f"  columns            {columns:18.2f}   {records / columns:.0f} times less")


def growth(sizes: Iterable[int], odd: float) -> None:
    shown = ("columns s", "µs a term", "60 rates s", "MB", "alone")
    print(f"{'terms':>12}{'entries':>12}" + "".join(f"{name:>12}" for name in shown))
    for size in sizes:
        book = Book.generated(size, odd)
        found, seconds = timed(lambda book=book: by_columns(book))
        _, rates = timed(lambda found=found: [each.rate() for each in found.by_month().values()])
        terms, entries = book.contracts["contract"].size, book.payments["entry"].size
        memory = peak_bytes(lambda book=book: by_columns(book)) / 1e6
        figures = f"{seconds:12.2f}{seconds / terms * 1e6:12.2f}{rates:12.2f}{memory:12.0f}"
        print(f"{terms:12,}{entries:12,}{figures}{len(found.judged_alone.lines):12,}")


def main() -> None:
    parser = argparse.ArgumentParser(description="renewal rate with dispositions, in columns")
    parser.add_argument("--terms", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--odd", type=float, default=0.01, help="share of odd accounts")
    parser.add_argument("--quick", action="store_true", help="few terms")
    given = parser.parse_args()
    if given.quick:
        given.terms, given.records = [1_000, 5_000], 1_000

    print(f"numpy {np.__version__}; {given.odd:.1%} of the accounts are odd")
    beside_records(given.records, given.odd)
    growth(given.terms, given.odd)


if __name__ == "__main__":
    main()
