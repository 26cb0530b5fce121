"""One account, event by event, beside transitions and Automat: the same machine and events.

    python benchmarks/steps.py [--events 200000] [--repeat 7]

Each machine goes round through its stages, one event leading from each to the next; guards are off.
Each keeps a record of what happened: we the move that the outcome tells, the others the event and
the stage it led to, added by the loop. Figures are medians of CPU seconds (``time.process_time``)
of runs that take turns, so that ratios carry over to another machine; Python's garbage collector
is on, and looks at what a run makes alone, not at what stood before it. Before anything is printed,
all three must end in the same stage. The peers are in dependency group ``bench``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from cslib.lifecycle import Event, Lifecycle, Stage, Transition

STAGES = 4
LARGE = 200  # stages of the definition that must be no slower
LEAST = {"transitions": 6.0, "automat": 1.4}
LEAST_RATE = 300_000

Run = Callable[[], tuple[float, str]]


def ring(stages: int) -> Lifecycle:
    names = [f"s{place}" for place in range(stages)]
    return Lifecycle(
        name="ring",
        initial="s0",
        stages=[Stage(name=name) for name in names],
        events=[f"e{place}" for place in range(stages)],
        transitions=[
            Transition(event=f"e{place}", sources=name, target=names[(place + 1) % stages])
            for place, name in enumerate(names)
        ],
    )


def log(events: int, stages: int) -> list[Event]:
    first = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    names = [f"e{place}" for place in range(stages)]
    return [
        Event(account="a", name=names[place % stages], at=first + dt.timedelta(minutes=place))
        for place in range(events)
    ]


# Each machine


def ours(lifecycle: Lifecycle, events: list[Event]) -> Run:
    def run() -> tuple[float, str]:
        state, step, record = lifecycle.start, lifecycle.step, []
        start = time.process_time()
        for event in events:
            outcome = step(state, event)
            state = outcome.state
            record.extend(outcome.moves)
        return time.process_time() - start, state.stage

    return run


def by_transitions(events: list[Event]) -> Run:
    from transitions import Machine

    class Model:
        state: str

    def run() -> tuple[float, str]:
        model, record = Model(), []
        moves = [[f"e{at}", f"s{at}", f"s{(at + 1) % STAGES}"] for at in range(STAGES)]
        states = [f"s{at}" for at in range(STAGES)]
        Machine(model, states=states, initial="s0", transitions=moves, auto_transitions=False)
        triggers = {name: getattr(model, name) for name, _, _ in moves}
        start = time.process_time()
        for event in events:
            triggers[event.name]()
            record.append((event, model.state))
        return time.process_time() - start, model.state

    return run


class Ring(Protocol):
    """The inputs, as Automat wants them."""

    def e0(self) -> str: ...
    def e1(self) -> str: ...
    def e2(self) -> str: ...
    def e3(self) -> str: ...


def by_automat(events: list[Event]) -> Run:
    from automat import TypeMachineBuilder

    builder = TypeMachineBuilder(Ring, dict)
    states = [builder.state(f"s{at}") for at in range(STAGES)]
    inputs = (Ring.e0, Ring.e1, Ring.e2, Ring.e3)
    for at, asked in enumerate(inputs):
        target = (at + 1) % STAGES
        states[at].upon(asked).to(states[target]).returns(f"s{target}")
    make = builder.build()

    def run() -> tuple[float, str]:
        machine, record, stage = make({}), [], ""
        triggers = {f"e{at}": getattr(machine, f"e{at}") for at in range(STAGES)}
        start = time.process_time()
        for event in events:
            stage = triggers[event.name]()
            record.append((event, stage))
        return time.process_time() - start, stage

    return run


# Measuring


def medians(runs: Mapping[str, Run], repeat: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in runs}
    gc.collect()
    gc.freeze()
    for _ in range(repeat):
        ends = set()
        for name, run in runs.items():
            gc.collect()
            seconds, stage = run()
            taken[name].append(seconds)
            ends.add(stage if name != "large" else None)
        assert len(ends - {None}) == 1, ends
    return {name: statistics.median(each) for name, each in taken.items()}


def one_account(events: int, repeat: int) -> None:
    """One account, event by event."""
    given = log(events, STAGES)
    small, large = ring(STAGES), ring(LARGE)
    taken = medians(
        {
            "cslib": ours(small, given),
            "large": ours(large, log(events, LARGE)),
            "automat": by_automat(given),
            "transitions": by_transitions(given),
        },
        repeat,
    )
    print(f"\none account, {events:,} events{'':16}{'CPU s':>8}{'k/s':>8}{'times':>8}")
    for name, seconds in taken.items():
        label = f"cslib, {LARGE} stages" if name == "large" else name
        rate, times = events / seconds / 1000, seconds / taken["cslib"]
        print(f"  {label:38}{seconds:8.3f}{rate:8,.0f}{times:8.1f}{note(name)}")
    print(f"  a state: {sys.getsizeof(small.start)} bytes, made in {making(small):.2f} µs")


def note(name: str) -> str:
    if name in LEAST:
        return f"  (target: at least {LEAST[name]:g} times)"
    return f"  (target: at least {LEAST_RATE // 1000}k)" if name == "cslib" else ""


def making(lifecycle: Lifecycle) -> float:
    """Microseconds to make the state of an account to which nothing has happened."""
    from cslib.stepping import beginning

    chart, count = lifecycle.chart, 20_000
    start = time.process_time()
    for _ in range(count):
        beginning(chart)
    return (time.process_time() - start) / count * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description="one account, event by event, beside its peers")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=7)
    given = parser.parse_args()
    one_account(given.events, given.repeat)


if __name__ == "__main__":
    main()
