"""A table of stages and letters says what the step says."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lifecycles
from cslib.guardcolumns import FALSE, TRUE, UNKNOWN, UNTOLD
from cslib.journeys import State
from cslib.letters import ODD, OUTCOMES, Letter, Table, guards_of, takers, timed_cell
from cslib.lifecycle import Deadline, Event, Lifecycle, Pause, Stage, Transition
from cslib.scans import REFUSED, STAYS
from cslib.stepping import take

NOW = dt.date(2026, 3, 1)


@given(st.data())
def test_a_cell_is_a_step_on_known_guards(data: st.DataObject) -> None:
    guards = ("ok", "not ok", "n > 1", "n <= 1", "ok and n > 1")
    definition = data.draw(lifecycles.definitions(guards=guards, timed=False))
    chart = definition.chart
    name = data.draw(st.sampled_from((*lifecycles.EVENTS, "zap")))
    payload = data.draw(st.sampled_from(lifecycles.PAYLOADS))
    code = {True: TRUE, False: FALSE, None: UNKNOWN}
    says = tuple(code[guard(payload)] for guard in guards_of(chart, name))

    table = Table.of(chart, [Letter(name, says)])

    for place, stage in enumerate(chart.leaves):
        event = Event(account="a", name=name, at=NOW, payload=payload)
        outcome = take(chart, State(stage), event)
        expected = outcome.refusal.reason if outcome.refusal else outcome.kind
        assert OUTCOMES[table.outcomes[place]] == expected
        follows = table.follows[place, 0]
        assert (stage if follows < 0 else table.stages[follows]) == outcome.state.stage


def flow(*transitions: Transition, **parts: object) -> Lifecycle:
    given: dict[str, object] = {
        "name": "flow",
        "initial": "lead",
        "stages": (Stage(name="lead"), Stage(name="use"), Stage(name="gone", final=True)),
        "events": ("go", "stop", "hold", "late"),
        "transitions": (
            Transition(event="go", sources="lead", target="use"),
            Transition(event="stop", sources="use", target="gone"),
            *transitions,
        ),
    }
    return Lifecycle(**(given | parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("says", "follows"), [(TRUE, 2), (FALSE, REFUSED), (UNKNOWN, REFUSED), (UNTOLD, 3)]
)
def test_a_guard_that_is_untold_leads_to_the_odd_stage(says: int, follows: int) -> None:
    definition = flow(Transition(event="stop", sources="lead", target="gone", guard="ok"))

    table = Table.of(definition.chart, [Letter("stop", (says,))])

    assert table.stages[-1] == ODD
    assert table.follows[:, 0].tolist() == [follows, 2, REFUSED, STAYS]


def test_a_guard_on_the_journey_leads_to_the_odd_stage() -> None:
    guarded = Transition(event="stop", sources="lead", target="gone", guard="days_in_stage > 1")
    chart = flow(guarded).chart

    assert guards_of(chart, "stop") == ()
    assert Table.of(chart, [Letter("stop")]).follows[:, 0].tolist() == [3, 2, REFUSED, STAYS]


def test_a_hold_that_begins_leads_to_the_odd_stage() -> None:
    chart = flow(pause=Pause(starts=("hold", "stop"), ends="go")).chart

    table = Table.of(chart, [Letter("hold"), Letter("stop")])

    assert table.follows.tolist() == [[3, 3], [3, 3], [REFUSED, REFUSED], [STAYS, STAYS]]


def test_an_ill_payload_is_refused_everywhere() -> None:
    table = Table.of(flow().chart, [Letter("go", is_ill=True)])

    assert table.follows[:3, 0].tolist() == [REFUSED] * 3
    assert {OUTCOMES[code] for code in table.outcomes[:3]} == {"payload"}


def test_without_letters_there_are_stages_still() -> None:
    assert Table.of(flow().chart, []).follows.shape == (4, 1)


def test_a_timed_move_that_has_to_be_asked_for_leads_to_the_odd_stage() -> None:
    plain = Transition(after="3 days", sources="lead", target="gone")
    guarded = Transition(after="2 days", sources="lead", target="gone", guard="ok")
    chart = flow(plain, guarded).chart

    assert [timed_cell(chart, move).follows for move in chart.timers["lead"]] == [2, 3]


def test_a_move_by_time_has_no_name_of_an_event() -> None:
    plain = Transition(after="3 days", sources="lead", target="gone")
    chart = flow(plain, events=("go", "stop", "hold", "late", "after 3 days")).chart

    assert timed_cell(chart, chart.timers["lead"][0]).follows == 3


def test_a_breach_is_taken_where_it_moves_or_may_be_refused_by_a_guard() -> None:
    chart = flow(
        Transition(event="late", sources="use", target="gone", guard="ok"),
        deadlines=[Deadline(name="d", since="go", by="stop", within="1 day", breach="late")],
    ).chart

    assert takers(chart, "late").tolist() == [False, True, False, False]
    assert takers(chart, "go").tolist() == [True, False, False, False]


def test_what_a_cell_says_does_not_hang_on_other_letters() -> None:
    chart = flow().chart
    letters = [Letter(name) for name in ("go", "stop", "hold")]

    for some in itertools.permutations(letters):
        table = Table.of(chart, some)
        alone = [Table.of(chart, [letter]).follows[:, 0] for letter in some]
        assert np.array_equal(table.follows, np.stack(alone, axis=1))


def test_what_stands_in_the_log_before_does_nothing_in_any_stage() -> None:
    table = Table.of(flow().chart, [Letter("", is_again=True)])

    assert table.follows.tolist() == [[STAYS]] * len(table.stages)
    assert [OUTCOMES[code] for code in table.outcomes] == ["duplicate"] * len(table.stages)
