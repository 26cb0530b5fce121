"""The whole replay of columns, from columns as they come to columns by account.

A part of ``benchmarks/lifecycle.py``. The log stands in order, accounts and names are whole
numbers. ``visits`` is what the table of visits costs after that. A share of the accounts is
compared with a replay of each before anything is printed.
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
import tracemalloc
from typing import Any

import attrs
import numpy as np

from cslib.journeycolumns import JourneyColumns
from cslib.lifecycle import Deadline, Event, Lifecycle, Milestone, Pause, Stage, Transition

STAGES, EVENTS = 10, 12
NAMES = tuple(f"e{place}" for place in range(EVENTS))
AS_OF = dt.date(2026, 3, 31)
COMPARED = 100
MOST_ROWS = 10_000  # of an account that is compared
ODD = 0.01  # the share of accounts that are on hold once


def flow(**parts: Any) -> Lifecycle:
    """Each stage goes on by one event, and skips one by another."""
    stages = tuple(Stage(name=f"s{place}") for place in range(STAGES))
    moves = [
        Transition(event=NAMES[event], sources=stages[place].name, target=stages[target].name)
        for place in range(STAGES)
        for event, target in (
            (place, (place + 1) % STAGES),
            ((place + 3) % EVENTS, min(place + 2, STAGES - 1)),
        )
        if target != place
    ]
    moves += parts.pop("transitions", ())
    return Lifecycle(
        name="flow", initial="s0", stages=stages, events=NAMES, transitions=moves, **parts
    )


def definitions() -> dict[str, Lifecycle]:
    """The lifecycles that are replayed, by what they have."""
    plain = flow()
    guarded = tuple(
        attrs.evolve(move, guard="amount > 0.5") if move.event == "e3" else move
        for move in plain.transitions
    )
    timed = [Transition(after="30 days", sources="s2", target="s5")]
    deadlines = [
        Deadline(name="first", since="s1", by="s4", within="3 months"),
        Deadline(name="second", since="s3", by="e5", within="10 business days"),
    ]
    pause = Pause(starts="e11", ends="e10")
    return {
        "plain": plain,
        "guards over payloads": attrs.evolve(plain, transitions=guarded),
        "moves by time": flow(transitions=timed),
        "deadlines, milestone": flow(
            deadlines=deadlines, milestones=[Milestone(name="m", by="s6")]
        ),
        f"{ODD:.0%} of accounts odd": flow(pause=pause),
    }


def columns_of(log: Any, name: str, amounts: np.ndarray) -> dict[str, Any]:
    """The arguments for a log of :mod:`lifecycle`."""
    event = log.event
    if "odd" in name:  # only those that are odd are put on hold
        is_odd = log.account < max(log.starts.size * ODD, 1)
        event = np.where(~is_odd & (event == EVENTS - 1), 0, event).astype(np.uint8)
    columns: dict[str, Any] = {
        "account": log.account,
        "event": event,
        "at": log.day.view("M8[D]"),
        "as_of": AS_OF,
    }
    return columns | ({"payload": {"amount": amounts}} if "guards" in name else {})


def replay(definition: Lifecycle, columns: dict[str, Any]) -> JourneyColumns:
    return definition.replay_columns(**columns)


def compare(definition: Lifecycle, columns: dict[str, Any], found: JourneyColumns) -> None:
    """Compare some accounts with a replay of each."""
    size = found.accounts.size
    for place in {int(each) for each in np.linspace(0, size - 1, min(COMPARED, size))}:
        rows = np.flatnonzero(columns["account"] == found.accounts[place])
        if rows.size > MOST_ROWS:
            continue
        events = [
            Event(
                account="a",
                name=NAMES[columns["event"][row]],
                at=columns["at"][row].item(),
                payload={name: each[row] for name, each in columns.get("payload", {}).items()},
            )
            for row in rows
        ]
        journey = definition.replay(events, as_of=AS_OF)
        assert found.stages[found.stage[place]] == journey.stage
        assert found.refused[place] == len(journey.refused)
        for state in journey.deadlines:
            assert found.deadlines[state.name].texts()[place] == state.status


def whole_log(shape: str, log: Any, repeat: int) -> None:
    """Print what a whole replay costs, for each definition."""
    amounts = np.random.default_rng(0).integers(0, 1000, log.account.size) / 1000
    heads = f"{'CPU s':>8}{'M/s':>8}{'MB':>8}{'visits':>8}"
    print(f"\nreplay of {shape}, {log.account.size:,} events in order{'':6}{heads}")
    for name, definition in definitions().items():
        columns = columns_of(log, name, amounts)
        compare(definition, columns, replay(definition, columns))
        taken, visits = [], []
        for _ in range(repeat):
            start = time.process_time()
            found = replay(definition, columns)
            taken.append(time.process_time() - start)
            start = time.process_time()
            assert found.visits is not None
            visits.append(time.process_time() - start)
            del found
        tracemalloc.start()
        replay(definition, columns)
        held = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        seconds = statistics.median(taken)
        rate = log.account.size / max(seconds, 1e-9) / 1e6
        print(f"  {name:38}{seconds:8.3f}{rate:8.1f}{held:8,.0f}{statistics.median(visits):8.3f}")
