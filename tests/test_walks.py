"""A book says where accounts stand in what comes out, and a walk what they did."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from cslib.lifecycle import Deadline, Event, Lifecycle, Stage, Transition
from cslib.logcolumns import LogColumns, OrderedLog, limit_in
from cslib.tables import ColumnsError
from cslib.walks import Book, Walk
from event_columns import columns_of, objects

D = dt.date(2026, 3, 1)
FLOW = Lifecycle(
    name="flow",
    initial="lead",
    stages=(Stage(name="lead"), Stage(name="use"), Stage(name="gone", final=True)),
    events=("go", "stop", "note"),
    transitions=(
        Transition(event="go", sources="lead", target="use"),
        Transition(event="stop", sources="use", target="gone"),
        Transition(after="2 days", sources="use", target="gone"),
        Transition(event="go", sources="gone", target="use", win_back=True),
    ),
    deadlines=(Deadline(name="d", since="go", by="note", within="1 day"),),
)


def walked(
    *events: tuple[str, str, int], accounts: Any = None, definition: Lifecycle = FLOW
) -> Walk:
    log = [
        Event(account=account, name=name, at=D + dt.timedelta(days=after))
        for account, name, after in events
    ]
    columns = LogColumns.read(**columns_of(log), events=definition.events)
    until = limit_in(columns.kind, D + dt.timedelta(days=30))
    return Walk.of(
        definition.chart, OrderedLog.of(columns, None), Book.of(columns, accounts), until
    )


def test_accounts_stand_in_the_order_of_the_table_and_then_by_id() -> None:
    log = LogColumns.read(
        ["d", "b", "a"], [0, 0, 0], np.array([D] * 3, "M8[D]"), events=FLOW.events
    )

    book = Book.of(log, {"account": ["z", "b"], "seats": [1, 2]})

    assert book.accounts.tolist() == ["z", "b", "a", "d"]
    assert book.place.tolist() == [2, 1, 3]
    assert book.holders(np.array([0, 1, 2])).tolist() == [-1, 1, -1]


def test_texts_in_objects_meet_texts_in_an_array() -> None:
    log = LogColumns.read(["a"], [0], np.array([D], "M8[D]"), events=FLOW.events)

    for names in (objects(["a", "b"]), np.array(["a", "b"])):
        assert Book.of(log, {"account": names}).place.tolist() == [0]


def test_an_empty_table_of_accounts_is_that_of_nobody() -> None:
    log = LogColumns.read(["a"], [0], np.array([D], "M8[D]"), events=FLOW.events)

    assert Book.of(log, {"account": []}).accounts.tolist() == ["a"]


@pytest.mark.parametrize("accounts", [["a"], {"seats": [1]}, {"account": ["a"], "seats": 5}])
def test_what_is_no_table_of_accounts_is_refused(accounts: Any) -> None:
    log = LogColumns.read(["a"], [0], np.array([D], "M8[D]"), events=FLOW.events)

    with pytest.raises(ColumnsError, match="accounts"):
        Book.of(log, accounts)


def test_what_time_did_stands_in_its_place_among_the_occasions() -> None:
    walk = walked(("a", "go", 0), ("a", "note", 1), ("a", "go", 5), ("b", "go", 1))

    found = walk.occasions(moves=True)

    day = np.datetime64(D).view(np.int64)
    assert (found.at - day).tolist() == [0, 1, 2, 5, 7, 1, 3]
    assert found.account.tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert found.row.tolist() == [0, 1, -1, 2, -1, 3, -1]
    assert found.after.tolist() == [1, 1, 2, 1, 2, 1, 2]
    assert (walk.entered() - day).tolist() == [7, 3]


def test_an_occasion_is_followed_by_those_of_its_own_account_alone() -> None:
    found = walked(("a", "go", 0), ("b", "note", 1)).occasions(moves=True)

    assert found.following(np.array([0]), np.array([2])).tolist() == [-1]
    assert found.following(np.array([0]), np.array([], int)).tolist() == [-1]
    assert found.since(np.array([0]), np.array([10**6])).tolist() == [2]


def test_a_move_that_cannot_be_reckoned_makes_its_account_odd() -> None:
    late = Lifecycle(
        name="far",
        initial="lead",
        stages=FLOW.stages,
        events=FLOW.events,
        transitions=(
            *FLOW.transitions[:2],
            Transition(after="9000 years", sources="use", target="gone"),
        ),
    )

    assert walked(("a", "go", 0), ("b", "stop", 0), definition=late).odd.tolist() == [True, False]
