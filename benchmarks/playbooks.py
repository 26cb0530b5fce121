"""CPU time of a selection: one account among fifty playbooks, beside rule-engine; a book at once.

    python benchmarks/playbooks.py [--accounts 1000] [--rows 100000] [--repeat 7] [--quick]

Each of the fifty playbooks asks four conditions of the sixteen facts of an account, in words that
rule-engine (dependency group ``peers``) reads as well. It answers which of them hold. Ours also
chooses among the layers of each need, and with reasons says of every playbook why it was chosen or
not. On columns it says of every playbook and row what became of it, and which is first; as arrays,
and as lists of Python values, which are looked at one by one. The conditions that hold and the
columns' answers are compared before anything is printed. Figures are medians of CPU
seconds (``time.process_time``) of runs that take turns, so that the ratio of two carries over to
another machine.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import rule_engine
from timing import cpu_seconds, each_of

from cslib.playbooks import Choice, Layer, Library, Playbook, Status

SEED = 20
STAGES = ("onboarding", "adoption", "in_use", "renewal", "churned")
TIERS = ("green", "yellow", "red")
TESTS: tuple[tuple[str, int, int], ...] = (
    ("seats >= {}", 10, 400),
    ("seats_used < {}", 10, 300),
    ("logins < {}", 1, 60),
    ("logins_before > {}", 1, 60),
    ("roles < {}", 1, 6),
    ("nps < {}", 0, 10),
    ("tickets > {}", 0, 20),
    ("days_left <= {}", 10, 365),
    ("annual_value > {}", 1_000, 90_000),
    ("features < {}", 1, 30),
    ("age_days >= {}", 10, 900),
    ("invoices_late > {}", 0, 3),
)
TARGETS = {"without reasons": 40, "with every reason": 15}
COLUMNS_TARGET = 4


def conditions(rng: random.Random) -> str:
    tests = [text.format(rng.randint(low, high)) for text, low, high in rng.sample(TESTS, 3)]
    other = rng.choice(
        [f'stage == "{rng.choice(STAGES)}"', f'tier == "{rng.choice(TIERS)}"', "not is_trial"]
    )
    tests.insert(rng.randrange(4), other)
    return " and ".join(tests)


def library(rng: random.Random) -> Library:
    playbooks = [
        Playbook(
            name=f"playbook {place:02}",
            need=f"need {place % 20}",
            layer=rng.choice(list(Layer)),
            entry=conditions(rng),
            effort={"csm": rng.randint(0, 20)},
            priority=rng.randint(0, 9),
        )
        for place in range(50)
    ]
    return Library(name="fifty", playbooks=playbooks)


def account(rng: random.Random) -> dict[str, Any]:
    numbers = {text.split()[0]: float(rng.randint(0, 2 * high)) for text, _, high in TESTS}
    return {
        "stage": rng.choice(STAGES),
        "tier": rng.choice(TIERS),
        "is_trial": rng.random() < 0.2,
        "country": "NL",
        **numbers,
    }


def reasons(choice: Choice) -> tuple[object, ...]:
    """What is chosen, and of every playbook which of its tests hold."""
    return choice.chosen, choice.tests


def check(ours: Library, theirs: Mapping[str, rule_engine.Rule], accounts: list[Any]) -> None:
    for each in accounts:
        found = ours.select(each).findings
        holds = {one.playbook.name for one in found if one.status in (Status.CHOSEN, Status.DEARER)}
        assert holds == {name for name, one in theirs.items() if one.matches(each)}


def as_columns(accounts: list[dict[str, Any]], rows: int) -> dict[str, list[Any]]:
    """The accounts again and again, as so many rows."""
    again = itertools.islice(itertools.cycle(accounts), rows)
    return {
        name: list(each)
        for name, each in zip(
            accounts[0], zip(*(one.values() for one in again), strict=True), strict=True
        )
    }


def check_columns(ours: Library, columns: Mapping[str, Any], accounts: list[Any]) -> None:
    choices = ours.select_columns(columns)
    for row, account in enumerate(accounts):
        for each in ours.select(account).findings:
            assert choices.status(each.playbook.name)[row] == each.status


def print_columns(ours: Library, accounts: list[Any], rows: int, repeat: int) -> None:
    listed = as_columns(accounts, rows)
    arrays = {name: np.array(column) for name, column in listed.items()}
    check_columns(ours, arrays, accounts[:20])
    few = accounts[:1_000]
    calls: dict[str, Callable[[], object]] = {
        "records": each_of(lambda one: ours.select(one).playbook, few),
        "columns, arrays": lambda: ours.select_columns(arrays).first,
        "columns, lists": lambda: ours.select_columns(listed).first,
    }
    seconds = cpu_seconds(calls, repeat)
    per_row = {
        name: taken / (len(few) if name == "records" else rows) for name, taken in seconds.items()
    }
    print(f"\na book, {rows:,} rows{'rows/s':>29}{'times':>8}")
    for name, taken in per_row.items():
        target = f"  (target: at least {COLUMNS_TARGET})" if name == "columns, arrays" else ""
        print(f"  {name:28}{1 / taken:14,.0f}{per_row['records'] / taken:8.1f}{target}")


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time of a selection on one account")
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="few accounts, one run")
    given = parser.parse_args()
    if given.quick:
        given.accounts, given.rows, given.repeat = 20, 100, 1

    rng = random.Random(SEED)
    ours = library(rng)
    theirs = {each.name: rule_engine.Rule(str(each.entry)) for each in ours.playbooks}
    accounts = [account(rng) for _ in range(given.accounts)]
    check(ours, theirs, accounts[:100])
    rules = list(theirs.values())
    calls: dict[str, Callable[[], object]] = {
        "rule-engine": each_of(lambda one: [rule.matches(one) for rule in rules], accounts),
        "without reasons": each_of(lambda one: ours.select(one).playbook, accounts),
        "with every reason": each_of(lambda one: reasons(ours.select(one)), accounts),
        "with every reason in words": each_of(lambda one: ours.select(one).explain(), accounts),
    }
    seconds = cpu_seconds(calls, given.repeat)
    print(f"rule-engine {rule_engine.__version__}; 50 playbooks of four conditions")
    print(f"one account, {given.accounts:,} of them{'accounts/s':>20}{'times':>8}")
    for name, taken in seconds.items():
        times = seconds["rule-engine"] / taken
        target = f"  (target: at least {TARGETS[name]})" if name in TARGETS else ""
        print(f"  {name:28}{given.accounts / taken:14,.0f}{times:8.1f}{target}")
    print_columns(ours, accounts, given.rows, given.repeat)


if __name__ == "__main__":
    main()
