"""CPU time of a Kaplan-Meier curve beside lifelines, on durations in months.

    python benchmarks/survival.py [--rows 10000000] [--repeat 5] [--peer-repeat 3]

Both fit the same arrays in one process; figures are medians of CPU seconds
(``time.process_time``), and the ratio of the two is what carries over to another machine. The
curves are compared before anything is printed. lifelines is in dependency group ``peers``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import attrs
import lifelines
import numpy as np

from cslib.survival import Curve, kaplan_meier

SEED = 20
TARGET = 10  # times less CPU than lifelines, by count on whole months


@attrs.frozen
class Book:
    months: np.ndarray
    churned: np.ndarray
    entry: np.ndarray
    values: np.ndarray

    @classmethod
    def generated(cls, rows: int) -> Book:
        rng = np.random.default_rng(SEED)
        months = np.minimum(rng.geometric(0.03, rows), 120)
        return cls(
            months=months,
            churned=rng.random(rows) < 0.6,
            entry=np.where(rng.random(rows) < 0.8, 0, rng.integers(0, months)),
            values=rng.integers(1, 1000, rows),
        )


def cases(book: Book) -> dict[str, tuple[Callable[[], Curve], Callable[[], Any]]]:
    """By name: our call and the same asked of lifelines."""
    months, churned, entry, values = book.months, book.churned, book.entry, book.values
    floats, halves = months.astype(float), months / 2

    def peer(durations: np.ndarray, **options: Any) -> Any:
        return lifelines.KaplanMeierFitter().fit(durations, churned, **options)

    return {
        "by count": (lambda: kaplan_meier(months, churned), lambda: peer(months)),
        "float months": (lambda: kaplan_meier(floats, churned), lambda: peer(floats)),
        "half months": (lambda: kaplan_meier(halves, churned), lambda: peer(halves)),
        "late entry": (
            lambda: kaplan_meier(months, churned, entry=entry),
            lambda: peer(months, entry=entry),
        ),
        "by value": (
            lambda: kaplan_meier(months, churned, values=values),
            lambda: peer(months, weights=values),
        ),
    }


def cpu_seconds(call: Callable[[], object], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def assert_equal(ours: Curve, peer: Any) -> None:
    expected = peer.survival_function_.to_numpy()[:, 0]
    np.testing.assert_allclose(ours.survival_at(peer.timeline), expected, atol=1e-9, rtol=0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Kaplan-Meier: CPU time beside lifelines")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--peer-repeat", type=int, default=3)
    given = parser.parse_args()

    print(f"{given.rows:,} durations; lifelines {lifelines.__version__}, numpy {np.__version__}")
    print(f"target: by count at least {TARGET} times less CPU than lifelines")
    print(f"{'':22}{'cslib s':>10}{'lifelines s':>13}{'ratio':>8}")
    for name, (ours, peer) in cases(Book.generated(given.rows)).items():
        assert_equal(ours(), peer())
        mine = cpu_seconds(ours, given.repeat)
        theirs = cpu_seconds(peer, given.peer_repeat)
        print(f"{name:22}{mine:10.3f}{theirs:13.3f}{theirs / mine:8.1f}")


if __name__ == "__main__":
    main()
