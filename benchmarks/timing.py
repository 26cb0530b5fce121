"""CPU seconds of calls that take turns, and of what; for the benchmarks beside this file."""

from __future__ import annotations

import importlib.metadata
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def cpu_seconds(calls: Mapping[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """The median of each, the calls taking turns."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeat):
        for name, call in calls.items():
            start = time.process_time()
            call()
            taken[name].append(time.process_time() - start)
    return {name: statistics.median(each) for name, each in taken.items()}


def with_version(name: str) -> str:
    """An engine and its version, where it is installed: what a ratio is measured against."""
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:  # run from a checkout
        return name


def each_of(function: Callable[[Any], object], records: Sequence[Any]) -> Callable[[], object]:
    """One record after another; nothing is kept, as a host answers one and goes on."""

    def call() -> None:
        for record in records:
            function(record)

    return call
