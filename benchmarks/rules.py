"""CPU time of a rule: one record beside rule-engine and plain Python, columns beside numpy.

    python benchmarks/rules.py [--records 2000] [--rows 10000000] [--repeat 7] [--quick]

The rule compares six facts, of which one in twenty is unknown (None or NaN). What it is measured
against is in this file: the plain Python and the numpy that one would write for this rule alone,
with the same answers, though without a check that a fact is a number. All answers are compared
before anything is printed. Figures are medians of CPU seconds (``time.process_time``) of runs that
take turns, so that the ratio of two carries over to another machine. rule-engine (dependency group
``peers``) has no three-valued logic: it is asked the same of records that are complete.
"""

from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import rule_engine
from timing import cpu_seconds, each_of

from cslib import rule

SEED = 20
TEXT = (
    "seats >= 40 and logins > 3 and nps > -50 and tickets < 18 and usage >= 0.1 and days_left > 15"
)
RANGES = {
    "seats": (20, 500),
    "logins": (0, 60),
    "nps": (-100, 100),
    "tickets": (0, 20),
    "usage": (0, 1),
    "days_left": (0, 365),
}
UNKNOWN = 0.05
TARGETS = {"rule-engine": "at least 15", "plain Python": "about 1", "numpy": "at least 0.67"}

Columns = Mapping[str, np.ndarray]


def columns_of(rows: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(SEED)
    made = {}
    for name, (low, high) in RANGES.items():
        made[name] = rng.uniform(low, high, rows)
        made[name][rng.random(rows) < UNKNOWN] = np.nan
    return made


def records_of(count: int, *, complete: bool) -> list[dict[str, Any]]:
    """Records of floats; every other unknown is None, the rest NaN."""
    columns = columns_of(count * 3 if complete else count)
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    if complete:
        return [each for each in records if all(v == v for v in each.values())][:count]
    for record in records[::2]:
        record.update({name: None for name, value in record.items() if value != value})
    return records


def plain_python(record: Mapping[str, Any]) -> bool | None:
    """All six facts are read first; a NaN is made None, and each None is remembered."""
    get = record.get
    seats, logins, nps = get("seats"), get("logins"), get("nps")
    tickets, usage, days_left = get("tickets"), get("usage"), get("days_left")
    seats = None if seats != seats else seats
    logins = None if logins != logins else logins
    nps = None if nps != nps else nps
    tickets = None if tickets != tickets else tickets
    usage = None if usage != usage else usage
    days_left = None if days_left != days_left else days_left
    result: bool | None = True
    if seats is None:
        result = None
    elif not seats >= 40:
        return False
    if logins is None:
        result = None
    elif not logins > 3:
        return False
    if nps is None:
        result = None
    elif not nps > -50:
        return False
    if tickets is None:
        result = None
    elif not tickets < 18:
        return False
    if usage is None:
        result = None
    elif not usage >= 0.1:
        return False
    if days_left is None:
        result = None
    elif not days_left > 15:
        return False
    return result


def plain_numpy(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Value and known mask, in whole columns."""
    conditions = [
        (columns["seats"], columns["seats"] >= 40),
        (columns["logins"], columns["logins"] > 3),
        (columns["nps"], columns["nps"] > -50),
        (columns["tickets"], columns["tickets"] < 18),
        (columns["usage"], columns["usage"] >= 0.1),
        (columns["days_left"], columns["days_left"] > 15),
    ]
    value = np.ones(len(columns["seats"]), bool)
    false = np.zeros(len(value), bool)
    for column, holds in conditions:
        known = ~np.isnan(column)
        value &= holds & known
        false |= known & ~holds
    return value, value | false


def peak_bytes(call: Callable[[], object]) -> int:
    """The most memory held at once, arguments not counted."""
    tracemalloc.start()
    call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def one_record(count: int, repeat: int) -> None:
    ours, theirs = rule(TEXT), rule_engine.Rule(TEXT)
    records, complete = records_of(count, complete=False), records_of(count, complete=True)
    assert [*map(ours, records)] == [*map(plain_python, records)]
    assert [*map(ours, complete)] == [*map(theirs.matches, complete)]

    known = {"cslib": each_of(ours, complete), "rule-engine": each_of(theirs.matches, complete)}
    some = {"cslib": each_of(ours, records), "plain Python": each_of(plain_python, records)}
    print(f"one record, {count:,} of them{'':14}{'cslib/s':>12}{'other/s':>12}{'times':>8}")
    for calls in (known, some):
        seconds = cpu_seconds(calls, repeat)
        (_, mine), (other, peer) = seconds.items()
        report(other, f"{count / mine:12,.0f}{count / peer:12,.0f}", peer / mine)


def many_rows(rows: int, repeat: int) -> None:
    ours, columns = rule(TEXT), columns_of(rows)
    answer = ours.columns(columns)
    for mine, theirs in zip((answer.value, answer.known), plain_numpy(columns), strict=True):
        assert np.array_equal(mine, theirs)
    del answer, mine, theirs

    calls = {"cslib": lambda: ours.columns(columns), "numpy": lambda: plain_numpy(columns)}
    seconds = cpu_seconds(calls, repeat)
    peaks = {name: peak_bytes(call) / 1e6 for name, call in calls.items()}
    print(f"columns, {rows:,} rows{'':14}{'cslib s':>12}{'other s':>12}{'times':>8}")
    shown = f"{seconds['cslib']:12.3f}{seconds['numpy']:12.3f}"
    report("numpy", shown, seconds["numpy"] / seconds["cslib"])
    print(f"  {'peak memory, MB':34}{peaks['cslib']:12,.1f}{peaks['numpy']:12,.1f}")


def report(other: str, figures: str, times: float) -> None:
    print(f"  beside {other:27}{figures}{times:8.1f}  (target: {TARGETS[other]})")


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time of a rule on one record and on columns")
    parser.add_argument("--records", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="few records and rows, one run")
    given = parser.parse_args()
    if given.quick:
        given.records, given.rows, given.repeat = 100, 100_000, 1

    print(f"rule-engine {rule_engine.__version__}, numpy {np.__version__}")
    print(TEXT)
    one_record(given.records, given.repeat)
    many_rows(given.rows, given.repeat)


if __name__ == "__main__":
    main()
