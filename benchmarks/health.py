"""CPU time and memory of the health of a book beside Polars, DuckDB, pandas and bare numpy.

    python benchmarks/health.py [--rows 10000000] [--records 2000] [--repeat 3] [--rounds 3]
        [--only cslib ...]

Each is asked the same of the same ten columns of doubles, of which one in twenty is unknown: points
of 100, 60 and 0 by two cut-offs, their mean by weight over the measures that are known, the tier
of that score, and a rule of six comparisons in which an unknown is neither true nor false. They
take turns, in every round each in a process of its own, from columns as it likes to hold them
(unknown is NaN for us and for pandas, NULL for the others); all answers are compared by a hash, the
scores by their bits, before anything is printed. Figures are medians of CPU seconds over all
threads (``time.process_time``) and the peak of the process's memory, with the columns themselves in
it (``VmHWM`` of Linux); the ratios carry over to another machine. *reading* takes the maximum of
every column and no more. The peers are in dependency group ``bench``; *numpy* is what one would
write for this scorecard alone, block by block in the smallest types, and checks nothing.

Then one account after another, beside the Python that one would write for this scorecard alone.
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
from timing import cpu_seconds, each_of, with_version

SEED = 20
UNKNOWN = 0.05
WEIGHTS = {
    "seat_use": 20,
    "logins": 15,
    "roles": 22,
    "breadth": 8,
    "depth": 5,
    "outcome": 10,
    "support": 12,
    "payments": 3,
    "training": 2,
    "survey": 3,
}
BANDS = ((0.6, 100), (0.3, 60))
TIERS = (75, 50)
RULE = {
    "seat_use": 0.1,
    "logins": 0.2,
    "roles": 0.05,
    "breadth": 0.1,
    "depth": 0.3,
    "outcome": 0.15,
}
TARGETS = {"polars": 1.4, "duckdb": 7.0, "pandas": 20.0}
READING, MEMORY = 5.0, 1.3

Columns = Mapping[str, np.ndarray]
Asked = tuple[Callable[[], Any], Callable[[Any], dict[str, np.ndarray]]]
"""The question, and what makes arrays of the answer (which is not timed)."""


def generated(rows: int, folder: Path) -> None:
    rng = np.random.default_rng(SEED)
    for name in WEIGHTS:
        column = rng.random(rows)
        column[rng.random(rows) < UNKNOWN] = np.nan
        np.save(folder / f"{name}.npy", column)


# The same question, to each. A tier is its place, -1 where there is no score; the rule 1, 0 or -1.


def scorecard() -> Any:
    from cslib.health import Band, Indicator, Measure, Scorecard, Tier

    bands = [Band(points=points, at_least=cut) for cut, points in BANDS]
    condition = " and ".join(f"{name} >= {least}" for name, least in RULE.items())
    return Scorecard(
        name="benchmark",
        measures=tuple(
            Measure(name=name, value=name, weight=weight, bands=(*bands, Band(points=0)))
            for name, weight in WEIGHTS.items()
        ),
        tiers=tuple(
            Tier(name=name, at_least=cut)
            for name, cut in zip(("green", "yellow", "red"), (*TIERS, 0), strict=True)
        ),
        indicators=(Indicator(name="rule", when=condition),),
    )


def cslib(columns: Columns) -> Asked:
    card = scorecard()

    def arrays(answer: Any) -> dict[str, np.ndarray]:
        holds = answer.indicators["rule"]
        return {
            "score": answer.score,
            "tier": answer.tier_places,
            "rule": np.where(holds.known, holds.value.astype(np.int8), -1),
        }

    return lambda: card.assess_columns(columns), arrays


def polars(columns: Columns) -> Asked:
    import polars as pl

    book = pl.DataFrame(dict(columns)).fill_nan(None)

    def ask() -> Any:
        points, weights = [], []
        for name, weight in WEIGHTS.items():
            value = pl.col(name)
            chosen: Any = pl
            for cut, worth in BANDS:
                chosen = chosen.when(value >= cut).then(pl.lit(worth * weight, pl.Int32))
            points.append(chosen.otherwise(pl.lit(0, pl.Int32)))
            weights.append(value.is_not_null().cast(pl.Int32) * weight)
        summed = book.lazy().select(
            points=pl.sum_horizontal(points),
            weight=pl.sum_horizontal(weights),
            rule=pl.all_horizontal([pl.col(name) >= least for name, least in RULE.items()]),
        )
        score = pl.when(pl.col("weight") > 0).then(pl.col("points") / pl.col("weight"))
        return (
            summed.select("rule", score=score)
            .with_columns(
                tier=pl.when(pl.col("score") >= TIERS[0])
                .then(pl.lit(0, pl.Int8))
                .when(pl.col("score") >= TIERS[1])
                .then(pl.lit(1, pl.Int8))
                .when(pl.col("score").is_not_null())
                .then(pl.lit(2, pl.Int8))
                .otherwise(pl.lit(-1, pl.Int8))
            )
            .collect()
        )

    def arrays(answer: Any) -> dict[str, np.ndarray]:
        return {
            "score": answer["score"].fill_null(np.nan).to_numpy(),
            "tier": answer["tier"].to_numpy(),
            "rule": answer["rule"].cast(pl.Int8).fill_null(-1).to_numpy(),
        }

    return ask, arrays


def duckdb(columns: Columns) -> Asked:
    import duckdb as engine

    base = engine.connect()
    base.register("given", dict(columns))
    listed = ", ".join(
        f"case when isnan({name}) then null else {name} end {name}" for name in WEIGHTS
    )
    base.execute(f"create table book as select {listed} from given")
    base.unregister("given")
    points = " + ".join(
        f"case {' '.join(f'when {name} >= {cut} then {worth * weight}' for cut, worth in BANDS)}"
        " else 0 end"
        for name, weight in WEIGHTS.items()
    )
    weight = " + ".join(
        f"case when {name} is null then 0 else {each} end" for name, each in WEIGHTS.items()
    )
    condition = " and ".join(f"{name} >= {least}" for name, least in RULE.items())
    question = f"""
        create or replace temp table answer as
        with summed as (select {points} as points, {weight} as weight, {condition} as rule
            from book),
        scored as (select points::double / nullif(weight, 0) as score, rule from summed)
        select score, rule, (case when score >= {TIERS[0]} then 0 when score >= {TIERS[1]} then 1
            when score is not null then 2 else -1 end)::tinyint as tier
        from scored
    """

    def ask() -> Any:
        base.execute(question)

    def arrays(answer: Any) -> dict[str, np.ndarray]:
        found = base.execute(
            "select coalesce(score, 'nan'::double) as score, tier,"
            " coalesce(rule::tinyint, -1) as rule from answer"
        ).fetchnumpy()
        return {name: np.ma.getdata(column) for name, column in found.items()}

    return ask, arrays


def pandas(columns: Columns) -> Asked:
    import pandas as pd

    book = pd.DataFrame(dict(columns), copy=False)

    def ask() -> Any:
        points = pd.Series(0.0, index=book.index)
        weights = pd.Series(0.0, index=book.index)
        holds = pd.Series(True, index=book.index, dtype="boolean")
        for name, weight in WEIGHTS.items():
            value = book[name]
            worth = np.select([value >= cut for cut, _ in BANDS], [each for _, each in BANDS], 0)
            points += worth * weight
            weights += value.notna() * weight
        for name, least in RULE.items():
            value = book[name]
            holds &= (value >= least).astype("boolean").mask(value.isna())
        score = points / weights
        tier = np.select([score >= cut for cut in TIERS] + [score.notna()], [0, 1, 2], -1)
        return pd.DataFrame({"score": score, "tier": tier, "rule": holds})

    def arrays(answer: Any) -> dict[str, np.ndarray]:
        return {
            "score": answer["score"].to_numpy(),
            "tier": answer["tier"].to_numpy(),
            "rule": answer["rule"].astype("Int8").fillna(-1).to_numpy(np.int8),
        }

    return ask, arrays


def bare_numpy(columns: Columns) -> Asked:
    rows, block, step = len(next(iter(columns.values()))), 2**16, 20
    rises = [  # how many steps of 20 points each cut is worth
        (cut, (worth - below) // step)
        for (cut, worth), below in zip(BANDS, [*(worth for _, worth in BANDS[1:]), 0], strict=True)
    ]

    def ask() -> Any:
        score, tier, rule = np.empty(rows), np.empty(rows, np.int8), np.empty(rows, np.int8)
        for start in range(0, rows, block):
            part = slice(start, min(start + block, rows))
            points = np.zeros(part.stop - start, np.int16)
            known = np.zeros(part.stop - start, np.int8)
            holds = np.ones(part.stop - start, bool)
            fails = np.zeros(part.stop - start, bool)
            for name, weight in WEIGHTS.items():
                value = columns[name][part]
                for cut, steps in rises:
                    points += (value >= cut).view(np.int8) * np.int8(steps * weight)
                known += (value == value).view(np.int8) * np.int8(weight)
                if name in RULE:
                    holds &= value >= RULE[name]
                    fails |= value < RULE[name]
            np.divide(points * float(step), known, out=score[part])
            places = sum((points * step < known * np.int16(cut)).view(np.int8) for cut in TIERS)
            tier[part] = np.where(known > 0, places, -1)
            rule[part] = np.where(holds | fails, holds, -1)
        return score, tier, rule

    return ask, lambda answer: dict(zip(("score", "tier", "rule"), answer, strict=True))


def reading(columns: Columns) -> Asked:
    return (lambda: [column.max() for column in columns.values()]), lambda _: {}


# One account after another


def plain_tier(account: Mapping[str, float | None]) -> str | None:
    """The tier alone, without a check of any fact."""
    points = known = 0
    for name, weight in WEIGHTS.items():
        value = account[name]
        if value is not None:
            known += weight
            for cut, worth in BANDS:
                if value >= cut:
                    points += weight * worth
                    break
    if not known:
        return None
    green, yellow = (cut * known for cut in TIERS)
    return "green" if points >= green else "yellow" if points >= yellow else "red"


def records(count: int, repeat: int) -> None:
    import attrs

    rng = np.random.default_rng(SEED)
    card = attrs.evolve(scorecard(), indicators=())
    accounts = [
        {name: None if rng.random() < UNKNOWN else rng.random() for name in WEIGHTS}
        for _ in range(count)
    ]
    for account in accounts:
        assert card.assess(account).tier == (plain_tier(account) or "unknown"), account
    taken = cpu_seconds(
        {
            "cslib, the tier": each_of(card.assess, accounts),
            "cslib, with every contribution": each_of(
                lambda account: card.assess(account).contributions, accounts
            ),
            "plain Python, the tier": each_of(plain_tier, accounts),
        },
        repeat,
    )
    print(f"one account after another{'':13}{'a second':>14}")
    for name, seconds in taken.items():
        print(f"  {name:36}{count / seconds:14,.0f}")


# One process


def run(name: str, folder: Path, repeat: int) -> None:
    columns = {each: np.load(folder / f"{each}.npy") for each in WEIGHTS}
    peers = {
        "cslib": cslib,
        "duckdb": duckdb,
        "polars": polars,
        "pandas": pandas,
        "numpy": bare_numpy,
    }
    ask, arrays = {**peers, "reading": reading}[name](columns)
    given = sum(column.nbytes for column in columns.values())
    if name in ("duckdb", "polars"):
        del columns
    taken = []
    for _ in range(repeat):
        answer = None
        start = time.process_time()
        answer = ask()
        taken.append(time.process_time() - start)
    peak = peak_memory()
    found = {
        "cpu": taken,
        "peak": peak,
        "input": given,
        "hash": digest(arrays(answer)),
    }
    print(json.dumps(found))


def digest(answer: Mapping[str, np.ndarray]) -> str:
    """The answers as a hash; one NaN is as good as another."""
    found = hashlib.sha256()
    for name in sorted(answer):
        column = answer[name]
        if name == "score":
            found.update(np.where(np.isnan(column), -1.0, column).astype(np.float64).tobytes())
        else:
            found.update(column.astype(np.int8).tobytes())
    return found.hexdigest()


def peak_memory() -> int:
    """The most memory that this process held, in bytes."""
    status = Path("/proc/self/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def measured(name: str, folder: str, repeat: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--run", name, folder, "--repeat", str(repeat)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def compare(rows: int, names: list[str], repeat: int, rounds: int) -> None:
    turns: dict[str, list[dict[str, Any]]] = {name: [] for name in [*names, "reading"]}
    with tempfile.TemporaryDirectory() as folder:
        generated(rows, Path(folder))
        for _ in range(rounds):
            for name, runs in turns.items():
                runs.append(measured(name, folder, repeat))
    assert len({each["hash"] for name in names for each in turns[name]}) == 1, turns
    found = {name: {**runs[0], "cpu": median_cpu(runs)} for name, runs in turns.items()}
    read = found.pop("reading")
    ours = found[names[0]]
    print(f"10 measures and a rule, {rows:,} rows{'':4}{'CPU s':>8}{'times':>8}{'peak MB':>10}")
    for name, each in found.items():
        target = TARGETS.get(name)
        note = f"  (target: at least {target:g} times)" if target else ""
        times, peak = each["cpu"] / ours["cpu"], each["peak"] / 1e6
        print(f"  {with_version(name):36}{each['cpu']:8.2f}{times:8.1f}{peak:10,.0f}{note}")
    print(f"  {'reading':36}{read['cpu']:8.3f}")
    print(
        f"  {names[0]} beside reading: {ours['cpu'] / read['cpu']:.1f} times (at most {READING:g})"
    )
    share = ours["peak"] / ours["input"]
    print(f"  peak beside the input: {share:.2f} times (at most {MEMORY:g})")


def median_cpu(runs: list[dict[str, Any]]) -> float:
    return statistics.median(second for each in runs for second in each["cpu"])


def main() -> None:
    parser = argparse.ArgumentParser(description="health beside Polars, DuckDB and pandas")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--records", type=int, default=2_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--only", nargs="+", default=["cslib", "polars", "duckdb", "pandas", "numpy"]
    )
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        run(given.run[0], Path(given.run[1]), given.repeat)
    else:
        compare(given.rows, given.only, given.repeat, given.rounds)
        records(given.records, given.repeat)


if __name__ == "__main__":
    main()
