"""Who took the first steps in time, and the three figures of a cohort."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.activations import DEADLINE_STATUSES, DeadlineTable, activation
from cslib.adoption import STEP_STATUSES, FirstSteps, Steps, StepStatus, ThreeFigures
from cslib.days import DayError
from cslib.documents import from_data, to_data
from cslib.errors import DefinitionError
from cslib.periods import Period
from cslib.rates import Rate
from cslib.rules import rule
from cslib.usage import UsageError, Use
from usage_strategies import ACCOUNTS, LOG, Log, days, logs

START = LOG.start
STEPS = FirstSteps(actions=("import", "invite"), within=10)


def after(n: int) -> dt.date:
    return START + dt.timedelta(days=n)


def found(*uses: tuple[str | None, int], as_of: int = 20, started: int = 0) -> Steps:
    """By action and days since the log began, of an account that started then."""
    made = [Use(at=after(n), action=action) for action, n in uses]
    return STEPS.of(made, started=after(started), as_of=after(as_of), observed=LOG)


def starts() -> st.SearchStrategy[dict[str, dt.date | None]]:
    return st.fixed_dictionaries({each: st.none() | days(-9, 80) for each in ACCOUNTS})


def steps() -> st.SearchStrategy[FirstSteps]:
    actions = st.lists(st.sampled_from(["look", "query", "act", "x"]), min_size=1, unique=True)
    return st.builds(FirstSteps, actions=actions, within=st.sampled_from([1, 9, 30]))


@given(logs(), starts(), steps())
def test_records_and_columns_give_the_same_status(
    log: Log, started: dict[str, dt.date | None], definition: FirstSteps
) -> None:
    columns = definition.columns(log.table, [started[a] for a in ACCOUNTS], as_of=log.as_of)

    for row, each in enumerate(ACCOUNTS):
        one = definition.of(log.uses(each), started=started[each], as_of=log.as_of, observed=LOG)
        assert STEP_STATUSES[columns.status[row]] == one.status
        assert columns.done.tolist()[row] == one.done
        assert columns.due.tolist()[row] == one.due


@given(logs(), starts(), steps())
def test_a_deadline_table_takes_the_columns_and_its_rate_is_the_same(
    log: Log, started: dict[str, dt.date | None], definition: FirstSteps
) -> None:
    columns = definition.columns(log.table, [started[a] for a in ACCOUNTS], as_of=log.as_of)

    total = activation(DeadlineTable(**columns.deadlines)).total

    rate = columns.rate()
    assert (rate.numerator, rate.denominator) == (total.in_time, total.decided)
    assert sum(int(each.amount) for each in rate.excluded) == total.started - total.decided


@given(logs(), starts(), steps(), st.data())
def test_no_action_that_the_unknown_ones_may_have_been_changes_who_is_in_time(
    log: Log, started: dict[str, dt.date | None], definition: FirstSteps, data: st.DataObject
) -> None:
    names = st.sampled_from(["look", "query", "act", "x"])
    for each in ACCOUNTS:
        told = [Use(at=use.at, action=use.action or data.draw(names)) for use in log.uses(each)]
        ask: dict[str, Any] = {"started": started[each], "as_of": log.as_of, "observed": LOG}

        before = definition.of(log.uses(each), **ask).status
        now = definition.of(told, **ask).status

        assert before is StepStatus.UNKNOWN or (before == "met") == (now == "met")


def test_the_statuses_are_those_of_deadlines() -> None:
    assert STEP_STATUSES == DEADLINE_STATUSES


def test_the_last_day_is_in_time_and_the_day_after_is_late() -> None:
    assert found(("import", 0), ("invite", 10)).status == "met"
    assert found(("import", 0), ("invite", 11)).status == "late"
    assert found(("import", 0), ("invite", 11)).done == after(11)


def test_an_account_is_decided_once_the_last_day_is_over() -> None:
    assert found(("import", 3), as_of=10).status == "open"
    assert found(("import", 3), as_of=11).status == "missed"


def test_what_was_done_before_the_start_does_not_count() -> None:
    assert found(("import", 4), ("invite", 6), started=5).status == "missed"


def test_uses_after_the_day_asked_about_do_not_count() -> None:
    assert found(("import", 3), ("invite", 9), as_of=8).status == "open"


def test_a_use_of_unknown_action_that_could_be_the_missing_one_leaves_it_open() -> None:
    assert found(("import", 3), (None, 9)).status == "unknown"
    assert found(("import", 3), (None, 11)).status == "missed"
    assert found(("import", 3), ("invite", 4), (None, 1)).status == "met"


def test_a_start_before_the_log_is_unknown_unless_all_is_seen_in_time() -> None:
    assert found(("import", 3), started=-1).status == "unknown"
    assert found(("import", 3), ("invite", 4), started=-1).status == "met"


def test_a_start_that_is_not_there_or_yet_to_come_has_not_started() -> None:
    assert found(started=21).status == "not_started"
    assert STEPS.of([], started=None, as_of=START, observed=LOG).status == "not_started"


def test_it_is_told_in_words() -> None:
    assert str(found(("import", 3))) == "missed, due 2026-01-30: import 2026-01-23, invite not yet"
    assert str(found(started=21)) == "not_started: import not yet, invite not yet"


def columns(log: Log) -> Any:
    return STEPS.columns(log.table, [START, after(15), None], as_of=after(20))


def test_a_rate_leaves_out_whoever_is_not_due_and_says_so() -> None:
    asked = columns(Log([], dict.fromkeys(ACCOUNTS), START))

    rate = asked.rate()

    assert str(rate).endswith("convention: import, invite within 10 days; left out: 1 not yet due")
    assert (rate.numerator, rate.denominator) == (0, 1)
    assert asked.rate(where=[False, True, True]).value is None
    assert repr(asked) == "<StepColumns: 3 accounts, as of 2026-02-09>"
    assert asked == columns(Log([], dict.fromkeys(ACCOUNTS), START))


def test_facts_are_columns_that_rules_read() -> None:
    facts = columns(Log([], dict.fromkeys(ACCOUNTS), START)).facts

    assert facts["steps"].tolist() == ["missed", "open", "not_started"]
    assert rule("steps == 'missed' and is_missing(steps_done)").columns(facts).tolist() == [
        True,
        False,
        False,
    ]


def test_three_figures_take_rates_alone() -> None:
    rate = Rate.of_counts(1, 2)

    shown = str(ThreeFigures(cohort="c", activation=rate, active=rate, renewal=rate)).split("\n")

    assert [line.split(":")[0] for line in shown] == ["c", "  activation", "  active", "  renewal"]
    with pytest.raises(UsageError, match=r"active is the float 0\.5: expected a Rate"):
        ThreeFigures(cohort="c", activation=rate, active=0.5, renewal=rate)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"actions": ()}, r"\$.actions: expected at least one action"),
        ({"actions": ("a", "a")}, r"\$.actions\[1\]: 'a' stands twice"),
        ({"actions": ("",)}, r"\$.actions\[0\]: expected a name"),
        ({"actions": "a", "within": 0}, r"\$.within: expected a whole number from 1 to 3660"),
    ],
)
def test_steps_that_cannot_be_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        FirstSteps(**changed)


def test_steps_are_data() -> None:
    assert from_data(to_data(STEPS), FirstSteps) == STEPS
    assert FirstSteps(actions="import").actions == ("import",)


def test_starts_that_are_no_days_of_each_account_are_refused() -> None:
    table = Log([], dict.fromkeys(ACCOUNTS), START).table

    with pytest.raises(UsageError, match="columns differ in length: accounts has 3, started has 1"):
        STEPS.columns(table, np.array(["NaT"], "datetime64[D]"), as_of=START)
    with pytest.raises(DayError, match="expected a date"):
        STEPS.columns(table, ["x", "y", None], as_of=START)
    with pytest.raises(DayError, match="expected a date"):
        STEPS.of([], started="x", as_of=START, observed=Period(START, after(1)))  # type: ignore[arg-type]
