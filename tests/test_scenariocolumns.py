"""Scenario coverage in columns: what the record door answers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.arguments import ArgumentError
from cslib.days import DayError
from cslib.errors import DefinitionError
from cslib.rules import rule
from cslib.scenariocolumns import CoverageColumns, coverage_columns
from cslib.scenariocoverage import Running, ScenarioCoverage
from scenario_strategies import BOOK, DAYS, LOGS, UNRECORDED, library, scenario

TODAY = dt.date(2026, 6, 30)


def columns_of(log: list[Running]) -> dict[str, list[Any]]:
    rows = [
        (each.account, each.scenario, role, each.since, each.until)
        for each in log
        for role in ((None,) if each.roles is None else each.roles or ("",))
    ]
    names = ("account", "scenario", "role", "since", "until")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


@given(
    st.builds(ScenarioCoverage, scenarios=st.integers(1, 2), roles=st.integers(1, 3)),
    LOGS,
    DAYS,
    UNRECORDED,
    st.booleans(),
)
def test_records_and_columns_give_the_same_answer(
    asked: ScenarioCoverage, log: list[Running], as_of: dt.date, unrecorded: set[str], some: bool
) -> None:
    known = library(scenario("a"), scenario("b")) if some else None

    book = asked.book(BOOK, log, as_of=as_of, unrecorded=unrecorded, library=known)
    columns = coverage_columns(
        asked, BOOK, **columns_of(log), as_of=as_of, unrecorded=unrecorded, library=known
    )

    assert columns.accounts.tolist() == [each.account for each in book.accounts]
    for name, column in columns.facts.items():
        assert column.tolist() == [each.facts[name] for each in book.accounts], name
    assert columns.met.tolist() == [each.met for each in book.accounts]
    assert columns.rate == book.rate
    assert (columns.elsewhere, columns.strangers) == (book.elsewhere, book.strangers)
    assert columns.definition == book.definition


COLUMNS: dict[str, Any] = {
    "account": ["crane", "crane", "heron"],
    "scenario": ["a", "b", "a"],
    "role": ["marketer", "analyst", None],
    "since": np.array(["2026-06-01"] * 3, "datetime64[D]"),
    "until": np.array(["NaT", "NaT", "NaT"], "datetime64[D]"),
}


def found(**changed: Any) -> CoverageColumns:
    return coverage_columns(ScenarioCoverage(), BOOK, as_of=TODAY, **(COLUMNS | changed))


def test_facts_are_columns_that_rules_read() -> None:
    assert found().met.tolist() == [True, None, False]
    assert rule("scenarios_met and scenarios_running >= 2").columns(found().facts).tolist() == [
        True,
        False,
        False,
    ]


def test_it_compares_by_content_and_shows_its_rate() -> None:
    assert found() == found()
    assert repr(found()).startswith("<CoverageColumns: 3 accounts, 1 of 2 = 50.0 %")


def test_masked_texts_and_days_are_not_known() -> None:
    masked = np.ma.masked_array(["marketer", "analyst", "x"], [False, True, True])
    until = np.ma.masked_array([dt.date(2026, 6, 2)] * 3, [True, True, False])

    assert found(role=masked).roles.tolist() == [None, None, 0]
    assert found(until=until).scenarios.tolist() == [2, 0, 0]
    assert found(until=[float("nan"), None, dt.date(2026, 6, 30)]).scenarios.tolist() == [2, 0, 0]


def test_no_rows_and_no_accounts_are_answered() -> None:
    nothing: dict[str, Any] = {name: [] for name in COLUMNS}

    assert found(**nothing).met.tolist() == [False, False, False]
    assert coverage_columns(ScenarioCoverage(), [], as_of=TODAY, **nothing).rate.value is None
    assert coverage_columns(ScenarioCoverage(), [], as_of=TODAY, **COLUMNS).met.size == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"account": ["crane", "", "heron"]}, r"account\[1\] is : expected a name"),
        ({"scenario": ["a", None, "a"]}, r"scenario\[1\] is None: expected a name"),
        ({"role": ["x", 3, None]}, r"role\[1\] is 3: expected text"),
        ({"since": [TODAY, None, TODAY]}, r"since\[1\] is NaT: expected the day it began"),
        ({"until": [dt.date(2026, 5, 1), None, None]}, "expected no day before it began"),
        ({"role": ["x"]}, "columns differ in length"),
        ({"role": [["x"], ["y"], ["z"]]}, "expected one dimension"),
    ],
)
def test_a_column_that_is_none_is_refused_with_its_row(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        found(**changed)


def test_what_is_no_day_is_refused() -> None:
    with pytest.raises(DayError):
        found(since=["2026-06-01", "x", "y"])
    with pytest.raises(DayError):
        found(until=[dt.datetime(2026, 6, 1, tzinfo=dt.UTC), None, None])
    with pytest.raises(DayError):
        coverage_columns(ScenarioCoverage(), BOOK, as_of="2026-06-30", **COLUMNS)  # type: ignore[arg-type]


def test_accounts_are_checked_as_in_the_record_door() -> None:
    with pytest.raises(DefinitionError, match="stands twice"):
        coverage_columns(ScenarioCoverage(), ["crane", "crane"], as_of=TODAY, **COLUMNS)
