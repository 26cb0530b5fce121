"""Visits of a few accounts, as plain Python and as a table of columns."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from cslib.visits import Refusals, VisitTable

STAGES = ("lead", "on/data", "on/training", "use", "gone")
EVENTS = ("signed", "trained", "payed")
REASONS = ("no_transition", "unknown_event")
FIRST = dt.date(2026, 1, 1)


def days(*given: str) -> Any:
    return np.array(given, "datetime64[D]")


def columns(**changed: Any) -> dict[str, Any]:
    """Ada was a lead, was onboarded and is in use; Bo came as a lead on the fifth."""
    given: dict[str, Any] = {
        "accounts": np.array(["ada", "bo"]),
        "stages": ("lead", "on/data", "use"),
        "account": np.array([0, 0, 0, 1]),
        "stage": np.array([0, 1, 2, 0]),
        "entered": days("NaT", "2026-03-01", "2026-03-09", "2026-03-05"),
        "left": days("2026-03-01", "2026-03-09", "NaT", "NaT"),
        "as_of": dt.date(2026, 3, 31),
    }
    return given | changed


class Stay(NamedTuple):
    """A visit, or several in one stage around them."""

    stage: str
    entered: dt.date | None
    left: dt.date | None


class Refused(NamedTuple):
    """An event that was refused."""

    stage: str
    event: str
    reason: str


class Account(NamedTuple):
    """What happened to an account."""

    stays: tuple[Stay, ...]
    refused: tuple[Refused, ...]
    accepted: tuple[str, ...]


class Book(NamedTuple):
    """What happened to some accounts."""

    accounts: tuple[Account, ...]
    as_of: dt.date

    @property
    def table(self) -> VisitTable:
        rows = [(i, stay) for i, each in enumerate(self.accounts) for stay in each.stays]
        return VisitTable(
            accounts=np.arange(len(self.accounts)),
            stages=STAGES,
            account=np.array([i for i, _ in rows], np.int64),
            stage=np.array([STAGES.index(stay.stage) for _, stay in rows], np.int64),
            entered=np.array([stay.entered for _, stay in rows], "datetime64[D]"),
            left=np.array([stay.left for _, stay in rows], "datetime64[D]"),
            as_of=np.datetime64(self.as_of),
            refusals=self.refusals,
        )

    @property
    def refusals(self) -> Refusals:
        rows = [(i, *each) for i, account in enumerate(self.accounts) for each in account.refused]
        accepted = [name for account in self.accounts for name in account.accepted]
        return Refusals(
            events=EVENTS,
            reasons=REASONS,
            account=np.array([row[0] for row in rows], np.int64),
            stage=np.array([STAGES.index(row[1]) for row in rows], np.int64),
            event=np.array([EVENTS.index(row[2]) for row in rows], np.int64),
            reason=np.array([REASONS.index(row[3]) for row in rows], np.int64),
            timed=np.zeros(len(rows), np.bool_),
            accepted_by_event=np.array([accepted.count(name) for name in EVENTS], np.int64),
            accepted_by_account=np.array([len(a.accepted) for a in self.accounts], np.int64),
        )


def account(
    visits: list[tuple[str, int]], *, known: bool, refused: list[Refused], accepted: list[str]
) -> Account:
    ages = itertools.accumulate(gap for _, gap in visits)
    days = [FIRST + dt.timedelta(days=age) for age in ages]
    entered = [days[0] if known else None, *days[1:]]
    stays = map(Stay, (stage for stage, _ in visits), entered, [*days[1:], None])
    return Account(tuple(stays), tuple(refused), tuple(accepted))


REFUSALS = st.builds(
    Refused, st.sampled_from(STAGES), st.sampled_from(EVENTS), st.sampled_from(REASONS)
)
ACCOUNTS = st.builds(
    account,
    st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 40)), min_size=1, max_size=5),
    known=st.booleans(),
    refused=st.lists(REFUSALS, max_size=3),
    accepted=st.lists(st.sampled_from(EVENTS), max_size=3),
)


def books() -> st.SearchStrategy[Book]:
    as_of = st.integers(200, 260).map(lambda days: FIRST + dt.timedelta(days=days))
    return st.builds(Book, st.lists(ACCOUNTS, max_size=4).map(tuple), as_of)


def expected_stays(account: Account, stage: str) -> list[tuple[int, Stay]]:
    """The stays of an account in a stage, each with the place of its first visit."""
    found: list[tuple[int, Stay]] = []
    goes_on = False
    for place, stay in enumerate(account.stays):
        if stay.stage != stage and not stay.stage.startswith(f"{stage}/"):
            goes_on = False
        elif goes_on and stage not in STAGES:
            begun, first = found[-1]
            found[-1] = (begun, Stay(stage, first.entered, stay.left))
        else:
            found.append((place, Stay(stage, stay.entered, stay.left)))
            goes_on = True
    return found
