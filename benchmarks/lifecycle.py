"""CPU time of one account beside its peers, and of a whole log: its order, its scan, its replay.

    python benchmarks/lifecycle.py [--rows 10000000] [--repeat 5] [--shapes even short skewed]
    python benchmarks/lifecycle.py --quick

One account is the matter of :mod:`steps`, beside this file, and the whole replay, from columns to
columns, that of :mod:`wholelogs`. The shapes of a log: ``even``, with 100 events for each account;
``short``, with 10; and ``skewed``, in which the account of rank k has 1/k of the events of the
first, which has 680,226 of ten million.
About one event in six makes a move. A log is put in order from random rows, by days and by
microseconds, and again when it stands in order already. It is scanned without timers, with timers
of so many days in three of ten stages, and with one of them in months.

Figures are medians of CPU seconds (``time.process_time``) of runs that take turns, so that the
ratio of two carries over to another machine; memory is the most that is held at once, arguments not
counted. Before anything is printed, the order is compared with that of numpy, and the scan with
accounts followed one by one, a share of them on large logs.
"""

from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
from steps import one_account
from timing import cpu_seconds
from wholelogs import whole_log

from cslib.logorder import order_of
from cslib.scans import REFUSED, STAYS, Clock, Scan, Timer, scan

SEED = 20
QUICK_ROWS = 20_000
SHAPES = ("even", "short", "skewed")
FIRST = 680_226 / 10_000_000  # the share of the longest account
STAGES, EVENTS = 10, 12
DAYS = (19_000, 20_500)
DAY = 86_400_000_000
COMPARED = 300  # accounts of each shape that are followed one by one
LEAST_RATIO, LEAST_RATE = 2.5, 20_000_000


# --------------------------------------------------------------------------------------
# Logs


@attrs.frozen(eq=False)
class Log:
    """A log in order."""

    starts: np.ndarray
    account: np.ndarray
    day: np.ndarray
    event: np.ndarray

    @classmethod
    def generated(cls, shape: str, rows: int) -> Log:
        rng = np.random.default_rng(SEED)
        lengths = rng.permutation(lengths_of(shape, rows))
        account = np.repeat(np.arange(lengths.size), lengths)
        day = rng.integers(*DAYS, account.size)
        event = rng.integers(0, EVENTS, account.size).astype(np.uint8)
        order = order_of([account, day, event])
        order = np.arange(account.size) if order is None else order
        return cls(np.cumsum(lengths) - lengths, account, day[order], event[order])


def lengths_of(shape: str, rows: int) -> np.ndarray:
    if shape != "skewed":
        each = {"even": 100, "short": 10}[shape]
        return np.full(max(rows // each, 1), each)
    ranked = np.maximum(rows * FIRST // np.arange(1, rows + 1), 1).astype(np.int64)
    return ranked[: int(np.searchsorted(np.cumsum(ranked), rows)) + 1]


def table_of() -> np.ndarray:
    """A flow of stages: each goes on by one event, skips one by another, notes a third."""
    table = np.full((STAGES, EVENTS), REFUSED)
    for stage in range(STAGES):
        table[stage, stage] = (stage + 1) % STAGES
        table[stage, (stage + 3) % EVENTS] = min(stage + 2, STAGES - 1)
        table[stage, EVENTS - 1] = STAYS
    return table


def three_months(entered: np.ndarray) -> np.ndarray:
    """The first day of the third month after each."""
    return (entered.view("M8[D]").astype("M8[M]") + 3).astype("M8[D]").view(np.int64)


FIXED = (Timer(2, 5, 30), Timer(4, 9, 14), Timer(7, 0, 60))
MONTHS = (*FIXED[:2], Timer(7, 0, three_months))
TIMED: Mapping[str, tuple[Timer, ...]] = {"no timers": (), "days": FIXED, "months": MONTHS}


# --------------------------------------------------------------------------------------
# Measuring


def memory(run: Callable[[], Any]) -> float:
    """Megabytes held at the most."""
    tracemalloc.start()
    run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


# --------------------------------------------------------------------------------------
# The order


def compare_orders(shape: str, log: Log, repeat: int) -> None:
    rng = np.random.default_rng(SEED)
    shuffled = rng.permutation(log.account.size)
    account, day, event = (each[shuffled] for each in (log.account, log.day, log.event))
    instant = day * DAY + rng.integers(0, DAY, day.size)
    print(f"\norder of {shape}, {account.size:,} rows{'':14}{'CPU s':>8}{'times':>8}{'MB':>8}")
    for unit, at in (("days", day), ("microseconds", instant)):
        columns = [account, at, event]
        order = order_of(columns)
        assert order is not None
        assert np.array_equal(order, np.lexsort(columns[::-1]))
        ordered = [column[order] for column in columns]
        runs: dict[str, Callable[[], Any]] = {
            f"numpy.lexsort, {unit}": lambda columns=columns: np.lexsort(columns[::-1]),
            f"cslib, {unit}": lambda columns=columns: order_of(columns),
            f"cslib, {unit}, in order": lambda ordered=ordered: order_of(ordered),
        }
        print_orders(runs, cpu_seconds(runs, repeat))


def print_orders(runs: Mapping[str, Callable[[], Any]], taken: Mapping[str, float]) -> None:
    slow = next(iter(taken.values()))
    for name, seconds in taken.items():
        times = f"{slow / max(seconds, 1e-9):8.1f}"
        is_held = not name.endswith("in order") and name.startswith("cslib")
        note = f"  (target: at least {LEAST_RATIO} times)" if is_held else ""
        print(f"  {name:38}{seconds:8.3f}{times}{memory(runs[name]):8,.0f}{note}")


# --------------------------------------------------------------------------------------
# The scan


def compare_scans(shape: str, log: Log, repeat: int) -> None:
    table, rows = table_of(), log.account.size
    runs: dict[str, Callable[[], Scan]] = {}
    for name, timers in TIMED.items():
        clock = Clock(at=log.day, until=DAYS[1], timers=timers)
        runs[name] = lambda clock=clock: scan(log.starts, log.event, table, clock=clock)
        check(log, table, timers, runs[name]())
    taken = cpu_seconds(runs, repeat)
    print(f"\nscan of {shape}, {log.starts.size:,} accounts{'':12}{'CPU s':>8}{'M/s':>8}{'MB':>8}")
    for name, seconds in taken.items():
        rate = rows / max(seconds, 1e-9) / 1e6
        note = f"  (target: at least {LEAST_RATE / 1e6:g})" if name == "no timers" else ""
        print(f"  {name:38}{seconds:8.3f}{rate:8.1f}{memory(runs[name]):8,.0f}{note}")


def check(log: Log, table: np.ndarray, timers: tuple[Timer, ...], found: Scan) -> None:
    """Compare a scan with accounts followed one by one."""
    ends = np.append(log.starts[1:], log.account.size)
    lengths = ends - log.starts
    longest = int(np.argmax(lengths))
    some = np.linspace(0, lengths.size - 1, min(COMPARED, lengths.size)).astype(int)
    for account in {longest, *some.tolist()}:
        rows = slice(int(log.starts[account]), int(ends[account]))
        stages, final = followed(log.day[rows], log.event[rows], table, timers)
        assert found.after[rows].tolist() == stages
        assert found.final[account] == final


def followed(
    day: np.ndarray, event: np.ndarray, table: np.ndarray, timers: tuple[Timer, ...]
) -> tuple[list[int], int]:
    """The stages after the events of one account, and the last one."""
    of_stage = {timer.stage: timer for timer in timers}
    rows, stages = table.tolist(), []
    stage, due = 0, None
    for at, letter in [*zip(day.tolist(), event.tolist(), strict=True), (DAYS[1], EVENTS - 1)]:
        while due is not None and due <= at:
            stage, entered = of_stage[stage].target, due
            due = due_of(of_stage.get(stage), entered)
        if rows[stage][letter] >= 0:
            stage = rows[stage][letter]
            due = due_of(of_stage.get(stage), at)
        stages.append(stage)
    return stages[:-1], stages[-1]


def due_of(timer: Timer | None, entered: int) -> int | None:
    if timer is None:
        return None
    if callable(timer.after):
        return int(timer.after(np.array([entered]))[0])
    return entered + timer.after


def bulk(shapes: list[str], rows: int, repeat: int) -> None:
    """The order and the scan of whole logs."""
    for shape in shapes:
        log = Log.generated(shape, rows)
        compare_orders(shape, log, repeat)
        compare_scans(shape, log, repeat)
        whole_log(shape, log, repeat)


def main() -> None:
    parser = argparse.ArgumentParser(description="the replay of a log: its order and its scan")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--quick", action="store_true", help="only that it runs: few rows, once")
    given = parser.parse_args()
    one_account(QUICK_ROWS if given.quick else 200_000, 1 if given.quick else 7)
    bulk(
        given.shapes,
        QUICK_ROWS if given.quick else given.rows,
        1 if given.quick else given.repeat,
    )


if __name__ == "__main__":
    main()
