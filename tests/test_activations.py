"""How many accounts met a deadline in time."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.activations import DEADLINE_STATUSES, Activation, DeadlineTable, activation
from cslib.journeys import DeadlineState, DeadlineStatus, Journey, Visit
from cslib.lifecycle import Deadline, Event, Lifecycle, Stage, Transition, UnknownDeadlineError
from cslib.periods import Period
from cslib.visits import VisitTableError


def days(*given: str) -> Any:
    return np.array(given, "datetime64[D]")


def deadlines(**changed: Any) -> DeadlineTable:
    """Two of January, met in time and missed; one of March, open; one that has not begun."""
    values: dict[str, Any] = {
        "started": days("2026-01-05", "2026-01-20", "2026-03-02", "NaT"),
        "due": days("2026-04-05", "2026-04-20", "2026-06-02", "NaT"),
        "status": np.array([2, 4, 1, 0]),
        "as_of": dt.date(2026, 5, 1),
    }
    return DeadlineTable(**(values | changed))


def test_accounts_are_counted_by_the_month_in_which_the_deadline_began() -> None:
    found = activation(deadlines())

    assert [str(cohort.month) for cohort in found.cohorts] == ["2026-01", "2026-02", "2026-03"]
    assert [cohort.started for cohort in found.cohorts] == [2, 0, 1]
    assert found.not_started == 1
    assert found.total.started == 3


def test_cohorts_are_shown_as_a_table() -> None:
    assert str(activation(deadlines())).splitlines()[1:] == [
        "2026-01        2        1     0       1       0        0      0     0      50.0%",
        "2026-02        0        0     0       0       0        0      0     0  undefined",
        "2026-03        1        0     0       0       0        0      0     1  undefined",
    ]


def test_a_month_of_which_nobody_was_due_is_masked_and_not_0() -> None:
    rates = activation(deadlines()).in_time_rates

    assert rates.tolist() == [0.5, None, None]


def test_who_met_the_deadline_before_it_is_due_is_not_counted_yet() -> None:
    (cohort,) = activation(
        DeadlineTable(
            started=days("2026-03-02", "2026-03-02"),
            due=days("2026-06-02", "2026-06-02"),
            status=np.array([2, 1]),
            as_of=dt.date(2026, 6, 2),
        )
    ).cohorts

    assert (cohort.early, cohort.open) == (1, 1)
    assert cohort.in_time_rate.value is None
    assert str(cohort.in_time_rate.excluded[0]) == "2 not yet due"


def test_it_is_decided_on_the_day_after_the_due_day() -> None:
    started, due = days("2026-03-02", "2026-03-02"), days("2026-06-02", "2026-06-02")

    found = activation(
        DeadlineTable(started=started, due=due, status=np.array([2, 4]), as_of=dt.date(2026, 6, 3))
    )

    assert found.total.in_time_rate.value == Fraction(1, 2)
    assert found.total.missed_rate.value == Fraction(1, 2)
    assert found.total.late_rate.value == 0


def test_the_waived_are_left_out_by_name() -> None:
    rate = activation(deadlines(status=np.array([2, 5, 1, 0]))).total.in_time_rate

    assert (rate.numerator, rate.denominator) == (1, 1)
    assert [str(each) for each in rate.excluded] == ["1 not yet due", "1 waived"]


def test_an_account_of_which_the_limit_is_not_known_is_left_out_by_name() -> None:
    due = days("2026-04-05", "2026-04-20", "NaT", "NaT")

    total = activation(deadlines(due=due, status=np.array([2, 4, 6, 0]))).total

    assert (total.started, total.unknown, total.decided) == (3, 1, 2)
    assert [str(each) for each in total.missed_rate.excluded] == ["1 of unknown limit"]


def test_a_clock_that_stands_still_is_open() -> None:
    found = activation(deadlines(due=days("2026-04-05", "2026-04-20", "NaT", "NaT")))

    assert found.total.open == 1


def test_without_a_deadline_that_began_there_are_no_cohorts() -> None:
    found = activation(deadlines(started=days("NaT"), due=days("NaT"), status=np.array([0])))

    assert found == Activation(cohorts=(), not_started=1)
    assert found.total.started == found.total.decided == 0
    assert found.in_time_rates.tolist() == []


def test_a_cohort_is_named_by_its_month() -> None:
    assert activation(deadlines()).cohorts[0].month == Period.month(2026, 1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"status": np.array([2, 4, 1])}, "columns differ in length"),
        ({"status": np.array([2, 4, 1, 7])}, r"status\[3\] is 7: expected one of 0 not_started"),
        (
            {"due": days("2026-04-05", "2026-04-20", "2026-06-02", "NaT").astype("M8[us]")},
            "one kind",
        ),
        ({"status": np.array([2, 4, 1, 1])}, r"started\[3\] is NaT: expected when it began"),
        ({"status": np.array([2, 4, 0, 0])}, r"started\[2\] is 2026-03-02: expected NaT"),
        ({"as_of": np.datetime64("NaT", "D")}, "as_of is NaT: expected up to when events count"),
        ({"as_of": dt.date(2026, 3, 1)}, r"started\[2\] is 2026-03-02: expected none after"),
        ({"status": np.array([2, 4, 6, 0])}, r"due\[2\] is 2026-06-02: expected NaT"),
        ({"status": np.array([2, 4, 4, 0])}, r"status\[2\] is 4: late or missed, but not due"),
        ({"status": np.array([2, 1, 1, 0])}, r"status\[1\] is 1: open, but due before as_of"),
    ],
)
def test_deadlines_that_contradict_themselves_are_refused(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(VisitTableError, match=message):
        deadlines(**changed)


def journey(state: DeadlineState, as_of: dt.date = dt.date(2026, 5, 1)) -> Journey:
    return Journey(visits=(Visit(stage="in"),), deadlines=(state,), as_of=as_of, definition="")


def state(status: str, start: dt.date | None = None, due: dt.date | None = None) -> DeadlineState:
    return DeadlineState(name="live", status=DeadlineStatus(status), start=start, due=due)


def test_journeys_make_the_same_deadlines_as_columns() -> None:
    states = {
        "ada": state("met", dt.date(2026, 1, 5), dt.date(2026, 4, 5)),
        "bo": state("missed", dt.date(2026, 1, 20), dt.date(2026, 4, 20)),
        "cy": state("open", dt.date(2026, 3, 2), dt.date(2026, 6, 2)),
        "di": state("not_started"),
    }

    found = DeadlineTable.of_journeys({k: journey(v) for k, v in states.items()}, "live")

    assert found == deadlines()
    assert repr(found) == "<DeadlineTable: 4 accounts, as of 2026-05-01>"


def test_journeys_as_columns_make_the_same_deadlines_as_one_by_one() -> None:
    flow = Lifecycle(
        name="flow",
        initial="lead",
        stages=(Stage(name="lead"), Stage(name="trial"), Stage(name="live", final=True)),
        events=("started", "paid", "gone"),
        transitions=(
            Transition(event="started", sources="lead", target="trial"),
            Transition(event="paid", sources="trial", target="live"),
            Transition(event="gone", sources="trial", target="live"),
        ),
        deadlines=(
            Deadline(name="pay", since="trial", by="paid", within="10 days", waived_by="gone"),
        ),
    )
    rows = [("a", "started", 1), ("b", "started", 2), ("c", "started", 3), ("d", "started", 25)]
    rows += [("a", "paid", 5), ("b", "paid", 20), ("e", "started", 1), ("e", "gone", 4)]
    log = [Event(account=who, name=name, at=dt.date(2026, 3, day)) for who, name, day in rows]
    as_of = dt.date(2026, 3, 31)
    known: dict[str, object] = {"z": {}}

    columns = flow.replay_columns(
        account=[each.account for each in log],
        event=[each.name for each in log],
        at=np.array([each.at for each in log], "datetime64[D]"),
        accounts={"account": ["z"]},
        as_of=as_of,
    )

    found = DeadlineTable.of_columns(columns, "pay")
    assert found == DeadlineTable.of_journeys(
        flow.replay_all(log, as_of=as_of, accounts=known), "pay"
    )
    assert np.array(DEADLINE_STATUSES)[found.status].tolist() == [
        "not_started", "met", "late", "missed", "open", "waived",
    ]  # fmt: skip
    with pytest.raises(UnknownDeadlineError, match="no deadline 'none'"):
        DeadlineTable.of_columns(columns, "none")


def test_no_journeys_tell_no_moment_and_are_refused() -> None:
    with pytest.raises(VisitTableError, match="journeys are none: expected one or more"):
        DeadlineTable.of_journeys({}, "live")


AS_OF = dt.date(2026, 6, 30)


@st.composite
def states(draw: st.DrawFn) -> DeadlineState:
    start = AS_OF - dt.timedelta(days=draw(st.integers(0, 200)))
    due = start + dt.timedelta(days=draw(st.integers(1, 120)))
    if draw(st.booleans()):
        return draw(st.sampled_from([state("not_started"), state("unknown", start)]))
    either = ("met", "waived")
    status = draw(
        st.sampled_from((*either, "late", "missed") if due < AS_OF else (*either, "open"))
    )
    return state(status, start, due)


@given(st.lists(states(), min_size=1, max_size=8))
def test_every_account_is_in_one_place_and_the_rates_add_up_to_1(
    given: list[DeadlineState],
) -> None:
    journeys = {place: journey(each, AS_OF) for place, each in enumerate(given)}

    found = activation(DeadlineTable.of_journeys(journeys, "live"))

    assert found.total.started + found.not_started == len(given)
    for cohort in found.cohorts:
        assert cohort.started == sum(s.start is not None and s.start in cohort.month for s in given)
        rates = (cohort.in_time_rate, cohort.late_rate, cohort.missed_rate)
        assert sum(rate.value or 0 for rate in rates) == (1 if cohort.decided else 0)


@given(st.lists(states(), min_size=1, max_size=8))
def test_the_counts_are_those_of_a_plain_loop(given: list[DeadlineState]) -> None:
    journeys = {place: journey(each, AS_OF) for place, each in enumerate(given)}

    total = activation(DeadlineTable.of_journeys(journeys, "live")).total

    statuses = [each.status for each in given]
    met = [each.due < AS_OF for each in given if each.status == "met" and each.due]
    assert (total.in_time, total.early) == (met.count(True), met.count(False))
    assert (total.late, total.missed) == (statuses.count("late"), statuses.count("missed"))
    assert (total.waived, total.open) == (statuses.count("waived"), statuses.count("open"))
    assert total.unknown == statuses.count("unknown")


def test_the_statuses_are_all_that_there_are() -> None:
    assert tuple(DeadlineStatus) == DEADLINE_STATUSES


def test_a_limit_that_had_passed_before_its_clock_started_is_missed() -> None:
    days = np.array(["2026-03-09", "2026-03-01"], "datetime64[D]")

    table = DeadlineTable(
        started=days[:1],
        due=days[1:],
        status=np.array([DEADLINE_STATUSES.index("missed")]),
        as_of=dt.date(2026, 3, 31),
    )

    assert table.passed.tolist() == [True]


def test_deadlines_are_asked_of_a_table_of_them() -> None:
    with pytest.raises(VisitTableError, match=r"^deadlines is of dict: expected a DeadlineTable"):
        activation({})  # type: ignore[arg-type]
    with pytest.raises(VisitTableError, match=r"^journeys is of list: expected journeys by acc"):
        DeadlineTable.of_journeys([], "live")  # type: ignore[arg-type]
