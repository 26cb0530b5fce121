"""Columns answer as their rows would, one by one, whatever they are held in."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from column_strategies import NAN, assert_equal_row_by_row, held, held_series
from cslib import columns as module
from cslib.columns import BLOCK, Column
from cslib.expressions import Kind
from cslib.facts import AsOfError, FactError
from cslib.functions import Function
from cslib.moments import MomentError
from cslib.rules import Rule, rule
from strategies import AS_OF, FACTS, SERIES


@st.composite
def rules_and_columns(draw: st.DrawFn) -> tuple[Rule, dict[str, Any], int]:
    """A rule, columns of most of the facts that it reads, and their number of rows."""
    made, rows = Rule(draw(strategies.trees())), draw(st.integers(0, 5))
    columns: dict[str, Any] = {"another": np.zeros(rows)}
    for name in made.facts:
        if draw(st.integers(0, 9)):
            ways = held_series if name in SERIES else held
            columns[name] = draw(st.one_of(ways(FACTS[name], rows)))
    return made, columns, rows


@given(rules_and_columns(), st.integers(1, 3))
def test_columns_answer_as_each_record_to_the_bit(
    given_: tuple[Rule, dict[str, Any], int], block: int
) -> None:
    with mock.patch.object(module, "BLOCK", block):
        assert_equal_row_by_row(*given_)


KINDS_HELD = [(kind, way) for kind in Kind for way in range(len(held(kind, 1)))]
READING = {
    Kind.NUMBER: ["a", "a > 5", "a == b", "a in {3, 0.5}", "a + 1", "is_missing(a)", "abs(a) < 3"],
    Kind.TEXT: ["coalesce(a, 'none')", "a == 'pro'", "a < 'm'", "a in {'pro', 'free'}", "a == b"],
    Kind.BOOLEAN: ["a == True", "a and b", "not a", "a if a else b", "at_least(1, a, b)"],
    Kind.DATE: ["max(a, b)", "days_since(a)", "a < date('2026-03-01')", "months_between(a, b)"],
    Kind.INSTANT: ["min(a, b)", "days_since(a)", "a == b", "a > instant('2026-03-01T00:00:00Z')"],
}


@pytest.mark.parametrize(("kind", "way"), KINDS_HELD)
@settings(max_examples=6)
@given(data=st.data())
def test_every_way_to_hold_a_kind_serves_every_use(
    kind: Kind, way: int, data: st.DataObject
) -> None:
    first = data.draw(held(kind, 3)[way])
    second = data.draw(st.one_of(held(kind, 3)))
    made = rule(data.draw(st.sampled_from(READING[kind])))

    assert_equal_row_by_row(made, {"a": first, "b": second}, 3)


@pytest.mark.parametrize("rows", [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1])
def test_the_edges_of_blocks_are_like_any_other_row(rows: int) -> None:
    seats = np.arange(rows, dtype=float)
    seats[::7] = NAN
    names = np.where(seats > BLOCK - 2, "long name", "x")

    condition = rule("seats >= 5").columns({"seats": seats})
    text = rule("name if seats > 3 else None").columns({"seats": seats, "name": names})

    assert np.array_equal(condition.value, seats >= 5)
    assert np.array_equal(condition.known, ~np.isnan(seats))
    assert np.array_equal(text.value, np.where(seats > 3, names, ""))
    assert np.array_equal(text.known, seats > 3)


# The answer


def test_an_answer_is_a_value_and_a_mask() -> None:
    found = rule("seats >= 5").columns({"seats": np.array([9, 1, NAN])})

    assert isinstance(found, Column)
    assert found.value.tolist() == [True, False, False]
    assert found.known.tolist() == [True, True, False]
    assert found.true.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("text", "column", "dtype", "unknown"),
    [
        ("a + 1", np.array([NAN]), "float64", NAN),
        ("a > 1", np.array([NAN]), "bool", False),
        ("max(a, date('2026-01-01'))", np.array(["NaT"], "datetime64[D]"), "datetime64[D]", None),
        ("coalesce(a, a)", np.array(["NaT"], "datetime64[ns]"), "datetime64[us]", None),
        ("coalesce(a, a)", np.ma.MaskedArray(["x"], [True]), "U", ""),
    ],
)
def test_where_nothing_is_known_the_value_is_plainly_none(
    text: str, column: Any, dtype: str, unknown: Any
) -> None:
    found = rule(text).columns({"a": column})

    assert found.value.dtype.kind == np.dtype(dtype).kind
    assert repr(found.value.tolist()) == repr([unknown])
    assert found.tolist() == [None]


def test_instants_come_back_aware() -> None:
    column = np.array(["2026-01-01T12:00", "NaT"], "datetime64[ns]")

    found = rule("coalesce(a, a)").columns({"a": column})

    assert found.tolist() == [dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC), None]


def test_columns_are_left_as_they_were() -> None:
    given_ = {"a": np.array([1.0, NAN]), "b": np.ma.MaskedArray([1, 2], [True, False])}
    before = {name: column.copy() for name, column in given_.items()}

    rule("a + b > 1 or coalesce(b, a) == 2").columns(given_)

    assert np.array_equal(given_["a"], before["a"], equal_nan=True)
    assert np.ma.allequal(given_["b"], before["b"])


# Errors


@pytest.mark.parametrize("before", [0, BLOCK - 1, BLOCK, BLOCK + 1])
def test_an_error_names_the_row_in_whatever_block(before: int) -> None:
    column = np.full(before + 1, None, object)
    column[before] = "10"

    with pytest.raises(FactError) as caught:
        rule("a > 5").columns({"a": column})

    error = caught.value
    assert (error.fact, error.expected, error.given, error.row) == ("a", "number", "10", before)
    assert str(error) == f"fact 'a' in row {before}: expected number, but got '10' (str)"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


def test_a_faulty_function_is_named_with_the_row() -> None:
    lies = Function(
        name="lies",
        version=1,
        takes=("number",),
        gives="number",
        call=lambda x: x if x < 3 else "x",
    )

    with pytest.raises(FactError, match=r"lies\(\.\.\.\)' in row 2: expected number"):
        rule("lies(a) > 1", functions=[lies]).columns({"a": np.array([1, 2, 3])})


# Functions


def test_a_registered_function_sees_what_it_would_see_in_a_record() -> None:
    seen: list[Any] = []
    kinds = ("number", "text", "boolean", "date", "instant")
    function = Function(
        name="noted",
        version=1,
        takes=kinds,
        gives="date",
        call=lambda *values: (seen.append(values), values[3])[1],
    )
    made = rule("noted(n, t, b, d, i)", functions=[function])
    columns = {
        "n": np.array([1, 2]),
        "t": np.array(["x", "y"]),
        "b": np.array([False, True]),
        "d": np.array(["2026-01-01", "NaT"], "datetime64[D]"),
        "i": np.array(["2026-01-01", "2026-01-02"], "datetime64[ns]"),
    }

    assert made.columns(columns).tolist() == [dt.date(2026, 1, 1), None]
    assert seen == [(1.0, "x", False, dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC))]
    assert made.columns({"n": columns["n"]}).tolist() == [None, None]


# What is unknown, and of which kind


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("is_missing(None)", [True, True]),
        ("is_missing(gone)", [True, True]),
        ("coalesce(None, gone, a)", [1.0, None]),
        ("coalesce(None, gone)", [None, None]),
        ("coalesce(None, t)", ["x", "y"]),
        ("None if gone else t", [None, None]),
        ("(None if b else gone) == t", [None, None]),
        ("t != 'x'", [False, True]),
        ("t if b else 'none'", ["x", "none"]),
        ("b if a > 0 else None", [True, None]),
        ("max(None, a)", [None, None]),
        ("a + None", [None, None]),
        ("not None", [None, None]),
        ("None and False", [False, False]),
        ("at_least(1, None, b)", [True, None]),
        ("days_between(None, gone)", [None, None]),
        ("round(None, 2)", [None, None]),
        ("ratio(1, 0, None)", [None, None]),
        ("5 / 2", [2.5, 2.5]),
        ("'x' if 1 < 2 else None", ["x", "x"]),
        ("date('2026-01-01')", [dt.date(2026, 1, 1)] * 2),
        ("instant('2026-01-01T00:00Z')", [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * 2),
        ("True", [True, True]),
        ("days_between(date('2026-01-01'), date('2026-01-03'))", [2.0, 2.0]),
        ("True if b == True else coalesce(b, gone)", [True, False]),
    ],
)
def test_an_unknown_of_no_kind_goes_with_any(text: str, answers: list[Any]) -> None:
    columns = {"a": [1, None], "b": [True, False], "t": ["x", "y"]}

    assert rule(text).columns(columns).tolist() == answers
    assert_equal_row_by_row(rule(text), columns, 2)


# Today


@pytest.mark.parametrize(
    "as_of", [AS_OF, dt.datetime(2026, 6, 30, 23, 59, tzinfo=dt.UTC),
              dt.datetime(2026, 6, 29, 22, tzinfo=dt.timezone(dt.timedelta(hours=-2)))]
)  # fmt: skip
def test_today_is_the_day_in_utc(as_of: dt.date) -> None:
    columns = {"a": np.array(["2026-06-29", "2026-07-01", "NaT"], "datetime64[D]")}

    assert rule("days_since(a)").columns(columns, as_of=as_of).tolist() == [1.0, -1.0, None]


def test_a_rule_that_counts_from_today_must_be_told_the_day() -> None:
    with pytest.raises(AsOfError, match="pass as_of"):
        rule("days_since(a) > 1 and b").columns({"a": [None], "b": [False]})


@pytest.mark.parametrize("as_of", [dt.datetime(2026, 6, 30), "2026-06-30"])
def test_a_day_that_is_not_clear_is_refused(as_of: Any) -> None:
    with pytest.raises(MomentError, match="as_of: expected a date or an aware datetime"):
        rule("days_since(a) > 1 and b").columns({"a": [None], "b": [False]}, as_of=as_of)


# Speed and memory are measured in benchmarks/rules.py; here, that blocks are really blocks


def test_a_rule_is_worked_out_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    plus: Callable[..., Any] = module._OPERATIONS["+"]
    noted = {
        **module._OPERATIONS,
        "+": lambda *each: (seen.append(len(each[0].value)), plus(*each))[1],
    }
    monkeypatch.setattr(module, "_OPERATIONS", noted)

    rule("a + 1 > 5 or a + 1 < 2").columns({"a": np.zeros(2 * BLOCK + 1)})

    assert seen == [BLOCK, BLOCK, 1]
