"""A guard says of columns what it says of one event after another, or that it cannot tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pytest

from cslib.guardcolumns import FALSE, TRUE, UNKNOWN, UNTOLD, Asked, FactColumns, ill_payloads
from cslib.rules import rule
from cslib.schemas import FactSpec, Schema
from event_columns import objects

D = np.datetime64("2026-03-01")


def says(
    guard: str,
    payload: Mapping[str, Any],
    accounts: Mapping[str, Any],
    holder: tuple[int, ...] = (0, 1),
    row: tuple[int, ...] = (0, 1),
) -> list[int]:
    known = FactColumns(
        {name: np.asanyarray(column) for name, column in payload.items()},
        {name: np.asanyarray(column) for name, column in accounts.items()},
    )
    asked = Asked(row=np.array(row, int), holder=np.array(holder, int), day=D + np.arange(len(row)))
    found: list[int] = known.holds(rule(guard, kind="boolean"), asked).tolist()
    return found


def test_the_payload_goes_before_the_account() -> None:
    assert says("n > 1", {"n": [5.0, np.nan]}, {"n": [0.0, 0.0]}) == [TRUE, FALSE]
    assert says("n > 1", {"n": [5.0, np.nan]}, {"n": [0, 3]}) == [TRUE, TRUE]
    assert says("ok", {"ok": np.ma.array([True, True], mask=[0, 1])}, {"ok": [False, False]}) == [
        1,
        0,
    ]
    assert says("plan == 'pro'", {"plan": ["pro", "free"]}, {"plan": ["enterprise"] * 2}) == [1, 0]
    assert says("n > 1", {"n": objects([5, None])}, {"n": objects([0, None])}) == [TRUE, UNKNOWN]


def test_without_a_row_only_the_account_is_known() -> None:
    assert says("n > 1", {"n": [5]}, {"n": [0]}, (0, 0), (0, -1)) == [TRUE, FALSE]
    assert says("n > 1", {}, {"n": [5]}, (0, -1)) == [TRUE, UNKNOWN]
    assert says("n > 1", {}, {"n": np.array([], int)}, (-1, -1)) == [UNKNOWN, UNKNOWN]
    assert says("n > 1", {}, {}) == [UNKNOWN, UNKNOWN]


def test_a_rule_that_reads_nothing_is_told_too() -> None:
    assert says("1 < 2", {}, {}) == [TRUE, TRUE]


@pytest.mark.parametrize(
    ("guard", "payload", "accounts"),
    [
        ("n > 1", {"n": ["x", "y"]}, {}),  # a wrong kind
        ("n > 1", {"n": [5.0, 1.0]}, {"n": objects([1, 2])}),  # two kinds of column
        ("n > 1", {"n": [2**60, 1]}, {"n": [1.5, 2.5]}),  # no double holds it
        ("n > 1", {"n": np.array([1, 2], np.longdouble)}, {"n": [1.5, 2.5]}),
        ("n > 1", {"n": [5, 1]}, {"n": [[1, 2], [3, 4]]}),  # one value, and a series
        ("n > 1", {"n": objects([(1, 2), 1])}, {"n": objects([1, 2])}),
        ("n > 1", {"n": objects([object(), 1])}, {"n": objects([1, 2])}),
        ("owner.n > 1", {"owner": objects([{"n": 5}] * 2)}, {}),  # nested
    ],
)
def test_what_columns_cannot_tell_is_untold(
    guard: str, payload: Mapping[str, Any], accounts: Mapping[str, Any]
) -> None:
    assert says(guard, payload, accounts) == [UNTOLD, UNTOLD]


def test_a_series_of_an_unknown_account_is_untold() -> None:
    assert says("n > 1", {}, {"n": [[1, 2]]}, (0, -1)) == [UNTOLD, UNTOLD]
    assert says("n > 1", {}, {"n": [[1, 2]]}, (0, 0)) == [TRUE, TRUE]


def test_a_dotted_name_may_be_that_of_a_column() -> None:
    assert says("owner.n > 1", {"owner.n": [5, 1]}, {}) == [TRUE, FALSE]


def test_days_are_counted_to_the_day_of_each_event() -> None:
    given = {"since": np.array([D, D, D]) - np.array([2, 2, 0], "m8[D]")}

    assert says("days_since(since) == 3", given, {}, (0, 0, 0), (0, 1, 2)) == [0, 1, 0]
    assert says("days_since(since) == 3", given, {}, (), ()) == []


PLAN = FactSpec(name="plan", kind="text", values=("pro", "free"))


NEEDED = attrs.evolve(PLAN, required=True)
REQUIRED = FactSpec(name="n", kind="number", required=True)


@pytest.mark.parametrize(
    ("spec", "column", "ill"),
    [
        (FactSpec(name="n", kind="number"), [1.5, np.nan], [False, False]),
        (FactSpec(name="n", kind="number"), ["a", "b"], [True, True]),
        (FactSpec(name="n", kind="number"), np.array([1, 2], np.longdouble), [True, True]),
        (FactSpec(name="n", kind="number"), objects([1, "b"]), [False, True]),
        (FactSpec(name="n", kind="date"), np.array([D, "NaT"], "M8[D]"), [False, False]),
        (FactSpec(name="n", kind="date"), [dt.datetime(2026, 3, 1), None], [True, False]),
        (PLAN, np.ma.array(["pro", "por"], mask=[False, True]), [False, False]),
        (PLAN, np.array(["pro", "por"]), [False, True]),
        (PLAN, objects(["pro", None]), [False, False]),
        (REQUIRED, [1.5, np.nan], [False, True]),
        (REQUIRED, np.ma.array([1, 2], mask=[False, True]), [False, True]),
        (REQUIRED, objects([None, 2]), [True, False]),
        (attrs.evolve(REQUIRED, kind="date"), np.array([D, "NaT"], "M8[D]"), [False, True]),
        (NEEDED, np.ma.array(["pro", "por"], mask=[False, True]), [False, True]),
        (NEEDED, np.array(["pro", "por"]), [False, True]),
    ],
)
def test_a_payload_is_ill_where_its_schema_says_so(
    spec: FactSpec, column: Any, ill: list[bool]
) -> None:
    found = ill_payloads(Schema((spec,)), {spec.name: np.asanyarray(column)}, np.arange(2))

    assert found.tolist() == ill


def test_no_rows_are_well_whatever_their_schema() -> None:
    assert ill_payloads(Schema((PLAN,)), {"plan": np.array(["pro"])}, np.arange(0)).size == 0
    assert ill_payloads(Schema((PLAN,)), {}, np.arange(2)).tolist() == [False, False]


def test_without_a_column_that_is_required_every_row_is_ill() -> None:
    assert ill_payloads(Schema((NEEDED,)), {}, np.arange(2)).tolist() == [True, True]
