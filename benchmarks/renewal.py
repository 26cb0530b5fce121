"""CPU time and memory of retention from a customer cube beside DuckDB, Polars and pandas.

    python benchmarks/renewal.py [--shape dense] [--rows 10000000] [--repeat 3] [--rounds 3]
        [--only cslib ...]

Each is asked the same of the same rows (customer, month, minor units; in no order, one customer in
ten with two subscriptions): the waterfall of every month, GRR and NRR over the twelve months to
each month, and the triangle of cohorts. They take turns, in every round each in a process of its
own, from columns as it likes to hold them, and all answers are compared by a hash before anything
is printed.
Figures are medians of CPU seconds over all threads (``time.process_time``) and the peak of the
process's memory, with the rows themselves in it (``VmHWM`` of Linux, since what ``getrusage`` tells
is inherited from the parent); the ratios carry over to another machine. The peers are in
dependency group ``bench``.

Shape ``dense``: customers who pay for some 18 of 60 months. ``sparse``: two months each.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from timing import with_version

SEED = 20
MONTHS = 60
WINDOW = 12
TARGETS = {
    "dense": {"duckdb": 5.0, "polars": 5.0, "pandas": 15.0},
    "sparse": {"duckdb": 2.5},
}
COLUMNS = ("customer", "month", "amount")
LINES = ("opening", "new", "reactivation", "expansion", "contraction", "churn", "closing")

Columns = Mapping[str, np.ndarray]
Answer = dict[str, np.ndarray]


# The rows


def generated(shape: str, rows: int) -> Columns:
    rng = np.random.default_rng(SEED)
    customer, month = (_dense if shape == "dense" else _sparse)(rng, rows)
    again = rng.random(len(customer)) < (customer % 10 == 0)  # a second subscription
    customer, month = (np.concatenate([each, each[again]]) for each in (customer, month))
    order = rng.permutation(len(customer))[:rows]
    price = rng.integers(20_00, 2_000_00, customer.max() + 1)
    step = 1 + (customer + month // 7) % 5  # now and then it changes
    return {
        "customer": customer[order],
        "month": month[order].astype(np.int32),
        "amount": (price[customer] * step)[order],
    }


def _dense(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Customers who begin in any month and stay some 20, with a month left out now and then."""
    count = rows * 55 // 1000
    first = rng.integers(-20, MONTHS, count)
    last = np.minimum(first + rng.geometric(0.03, count), MONTHS)
    customer = np.repeat(np.arange(count), last - first)
    begins = np.repeat(np.cumsum(last - first) - (last - first), last - first)
    month = np.arange(len(customer)) - begins + first[customer]
    pays = (month >= 0) & (rng.random(len(month)) < 0.97)
    return customer[pays], month[pays]


def _sparse(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    count = rows // 2
    customer = np.repeat(np.arange(count), 2)
    month = rng.integers(0, MONTHS - WINDOW, count).repeat(2)
    month[1::2] += rng.choice([1, 2, WINDOW], count)
    return customer, month


# The same question, to each


def cslib(columns: Columns) -> Callable[[], Answer]:
    from cslib.cubes import CustomerCube
    from cslib.retention import cohort_triangle, trailing_retention
    from cslib.waterfalls import waterfall

    months = columns["month"].astype("datetime64[M]")

    def answer() -> Answer:
        cube = CustomerCube.of_columns(
            customer=columns["customer"], month=months, amount=columns["amount"], currency="EUR"
        )
        report, trailing = waterfall(cube), trailing_retention(cube, WINDOW)
        triangle = cohort_triangle(cube)
        return {
            **{name: getattr(report, name) for name in LINES},
            "kept": trailing.kept,
            "net": trailing.closing,
            "cohort_amounts": triangle.amounts.filled(0),
            "cohort_customers": triangle.customers.filled(0),
        }

    return answer


def duckdb(columns: Columns) -> Callable[[], Answer]:
    import duckdb as engine

    base = engine.connect()
    customer, month, amount = (columns[name] for name in COLUMNS)
    base.register("given", {"customer": customer, "month": month, "amount": amount})
    base.execute("create table rows as select * from given")
    base.unregister("given")

    def answer() -> Answer:
        base.execute(
            "create or replace temp table cube as"
            " select customer, month, sum(amount)::bigint as amount"
            " from rows group by customer, month having sum(amount) > 0"
        )
        steps = base.execute(
            """
            with steps as (
                select month, amount,
                    lag(month) over each as last_month, lag(amount) over each as last_amount,
                    lead(month) over each as next_month
                from cube window each as (partition by customer order by month)
            )
            select month,
                sum(amount) as closing,
                sum(amount) filter (last_month is null) as new,
                sum(amount) filter (last_month < month - 1) as reactivation,
                sum(amount - last_amount)
                    filter (last_month = month - 1 and amount > last_amount) as expansion,
                sum(last_amount - amount)
                    filter (last_month = month - 1 and amount < last_amount) as contraction,
                sum(amount) filter (next_month is null or next_month > month + 1) as leaving
            from steps group by month
            """
        ).fetchnumpy()
        windows = base.execute(
            f"""
            select b.month, sum(least(a.amount, b.amount)) as kept, sum(b.amount) as net
            from cube a join cube b on a.customer = b.customer and b.month = a.month + {WINDOW}
            group by b.month
            """
        ).fetchnumpy()
        cohorts = base.execute(
            """
            with begun as (select customer, min(month) as first from cube group by customer)
            select first, month, sum(amount) as amounts, count(*) as customers
            from cube join begun using (customer) group by first, month
            """
        ).fetchnumpy()
        return assembled(steps, windows, cohorts)

    return answer


def polars(columns: Columns) -> Callable[[], Answer]:
    import polars as pl

    rows = pl.DataFrame(dict(columns))

    def answer() -> Answer:
        cube = (
            rows.lazy()
            .group_by("customer", "month")
            .agg(pl.col("amount").sum())
            .filter(pl.col("amount") > 0)
            .sort("customer", "month")
            .collect()
        )
        same_last = pl.col("customer") == pl.col("customer").shift(1)
        same_next = pl.col("customer") == pl.col("customer").shift(-1)
        month, amount = pl.col("month"), pl.col("amount")
        stays = pl.col("last_month") == month - 1
        change = amount - pl.col("last_amount")
        steps = (
            cube.lazy()
            .with_columns(
                last_month=pl.when(same_last).then(month.shift(1)),
                last_amount=pl.when(same_last).then(amount.shift(1)),
                next_month=pl.when(same_next).then(month.shift(-1)),
            )
            .group_by("month")
            .agg(
                closing=amount.sum(),
                new=amount.filter(pl.col("last_month").is_null()).sum(),
                reactivation=amount.filter(pl.col("last_month") < month - 1).sum(),
                expansion=change.filter(stays & (change > 0)).sum(),
                contraction=-change.filter(stays & (change < 0)).sum(),
                leaving=amount.filter((pl.col("next_month") > month + 1).fill_null(True)).sum(),
            )
            .collect()
        )
        earlier = cube.lazy().select("customer", month + WINDOW, before="amount")
        windows = (
            cube.lazy()
            .join(earlier, on=["customer", "month"])
            .group_by("month")
            .agg(kept=pl.min_horizontal("amount", "before").sum(), net=amount.sum())
            .collect()
        )
        cohorts = (
            cube.lazy()
            .with_columns(first=month.min().over("customer"))
            .group_by("first", "month")
            .agg(amounts=amount.sum(), customers=pl.len())
            .collect()
        )
        return assembled(*(each.to_dict(as_series=False) for each in (steps, windows, cohorts)))

    return answer


def pandas(columns: Columns) -> Callable[[], Answer]:
    import pandas as pd

    rows = pd.DataFrame(dict(columns))

    def answer() -> Answer:
        cube = rows.groupby(["customer", "month"], as_index=False)["amount"].sum()
        cube = cube[cube["amount"] > 0]
        each = cube.groupby("customer")
        last_month, last_amount = each["month"].shift(1), each["amount"].shift(1)
        next_month = each["month"].shift(-1)
        month, amount = cube["month"], cube["amount"]
        change = (amount - last_amount).where(last_month == month - 1, 0)
        parts = pd.DataFrame(
            {
                "month": month,
                "closing": amount,
                "new": amount.where(last_month.isna(), 0),
                "reactivation": amount.where(last_month < month - 1, 0),
                "expansion": change.clip(lower=0),
                "contraction": -change.clip(upper=0),
                "leaving": amount.where(next_month != month + 1, 0),
            }
        )
        steps = parts.groupby("month", as_index=False).sum()
        earlier = cube.assign(month=month + WINDOW).rename(columns={"amount": "before"})
        both = cube.merge(earlier, on=["customer", "month"])
        both["kept"] = both[["amount", "before"]].min(axis=1)
        windows = both.groupby("month", as_index=False).agg(
            kept=("kept", "sum"), net=("amount", "sum")
        )
        begun = cube.assign(first=each["month"].transform("min"))
        cohorts = begun.groupby(["first", "month"], as_index=False).agg(
            amounts=("amount", "sum"), customers=("amount", "size")
        )
        return assembled(*(each.to_dict("list") for each in (steps, windows, cohorts)))

    return answer


def assembled(steps: Any, windows: Any, cohorts: Any) -> Answer:
    """The small tables of a peer as our columns."""
    by_month = {name: spread(steps["month"], steps[name]) for name in steps if name != "month"}
    closing, leaving = by_month.pop("closing"), by_month.pop("leaving")
    over = {name: spread(windows["month"], windows[name])[WINDOW:] for name in ("kept", "net")}
    return {
        **{name: values[1:] for name, values in by_month.items()},
        "opening": closing[:-1],
        "closing": closing[1:],
        "churn": leaving[:-1],
        **over,
        **{f"cohort_{name}": by_age(cohorts, name) for name in ("amounts", "customers")},
    }


def spread(months: Any, values: Any) -> np.ndarray:
    column = np.zeros(MONTHS, np.int64)
    column[np.asarray(months)] = np.ma.filled(np.ma.asarray(values), 0).astype(np.int64)
    return column


def by_age(cohorts: Any, name: str) -> np.ndarray:
    first, month = (np.asarray(cohorts[each]) for each in ("first", "month"))
    values = np.asarray(cohorts[name]).astype(np.int64)
    cells = np.zeros((MONTHS - 1, MONTHS - 1), np.int64)
    known = first > 0  # who stood there in the first month has no age
    cells[first[known] - 1, (month - first)[known]] = values[known]
    return cells


# One process


def run(name: str, folder: Path, repeat: int) -> None:
    columns = {each: np.load(folder / f"{each}.npy") for each in COLUMNS}
    ask = {"cslib": cslib, "duckdb": duckdb, "polars": polars, "pandas": pandas}[name](columns)
    del columns
    taken = []
    for _ in range(repeat):
        start = time.process_time()
        answer = ask()
        taken.append(time.process_time() - start)
    digest = hashlib.sha256()
    for line in sorted(answer):
        digest.update(line.encode() + np.ascontiguousarray(answer[line], np.int64).tobytes())
    peak = peak_memory()
    print(json.dumps({"cpu": taken, "peak": peak, "hash": digest.hexdigest()}))


def measured(name: str, folder: str, repeat: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--run", name, folder, "--repeat", str(repeat)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak_memory() -> int:
    """The most memory that this process held, in bytes."""
    status = Path("/proc/self/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def compare(shape: str, rows: int, names: list[str], repeat: int, rounds: int) -> None:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for name, column in generated(shape, rows).items():
            np.save(Path(folder) / f"{name}.npy", column)
        for _ in range(rounds):
            for name in names:
                found[name].append(measured(name, folder, repeat))
    assert len({each["hash"] for runs in found.values() for each in runs}) == 1, found
    print(f"{shape}, {rows:,} rows{'':12}{'CPU s':>8}{'times':>8}{'peak MB':>10}")
    taken = {
        name: statistics.median(second for each in runs for second in each["cpu"])
        for name, runs in found.items()
    }
    for name, runs in found.items():
        target = TARGETS[shape].get(name)
        note = f"  (target: at least {target:g} times)" if target else ""
        times, peak = taken[name] / taken[names[0]], max(each["peak"] for each in runs)
        print(f"  {with_version(name):28}{taken[name]:8.2f}{times:8.1f}{peak / 1e6:10,.0f}{note}")


def main() -> None:
    parser = argparse.ArgumentParser(description="retention beside DuckDB, Polars and pandas")
    parser.add_argument("--shape", choices=sorted(TARGETS), default="dense")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=["cslib", "duckdb", "polars", "pandas"])
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        run(given.run[0], Path(given.run[1]), given.repeat)
    else:
        compare(given.shape, given.rows, given.only, given.repeat, given.rounds)


if __name__ == "__main__":
    main()
