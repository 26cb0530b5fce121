from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import stepping
from cslib.charts import Chart, Move, leaves_of
from cslib.lifecycle import (
    Deadline,
    Lifecycle,
    Milestone,
    Pause,
    Stage,
    Track,
    Transition,
)
from cslib.logs import Event, log_of
from cslib.schemas import FactSpec, Schema
from lifecycles import ACCOUNTS, FACT_GUARDS, definitions, fewer, logs

NESTED = Lifecycle(
    name="nested",
    initial="lead",
    stages=(
        Stage(name="lead"),
        Stage(name="on", tracks=[Track(name="setup", done_by="set_up")]),
        Stage(name="on/data", tracks=[Track(name="load", done_by=("loaded", "set_up"))]),
        Stage(name="on/use/early"),
        Stage(name="on/use/late"),
        Stage(name="end", final=True),
        Stage(name="end/gone"),
    ),
    events=("start", "next", "loaded", "set_up", "left", "back"),
    transitions=(
        Transition(event="start", sources="lead", target="on/data"),
        Transition(event="next", sources="on", target="on/use/early", guard="ok"),
        Transition(event="next", sources="on/data", target="on/use/late", priority=5, guard="ok"),
        Transition(event="next", sources="on/data", target="on/use/early", guard="n > 1"),
        Transition(event="next", sources="on/use", target="on/use/late"),
        Transition(event="left", sources=("lead", "on"), target="end/gone"),
        Transition(event="back", sources="end", target="lead", win_back=True),
        Transition(after="30 days", sources="on", target="end/gone", priority=1),
        Transition(after="10 days", sources="on/use/early", target="on/use/late"),
    ),
)
CHART = NESTED.chart


def test_an_account_stands_in_a_stage_with_none_below() -> None:
    assert CHART.leaves == ("lead", "on/data", "on/use/early", "on/use/late", "end/gone")
    assert leaves_of([Stage(name="a/b"), Stage(name="a")]) == ("a/b",)


def test_a_final_parent_makes_all_in_it_final() -> None:
    assert CHART.final == {"end/gone"}


def test_ruling_the_deeper_source_goes_before_the_priority() -> None:
    groups = CHART.rows["on/data"]["next"].groups

    assert [[each.place for each in group] for group in groups] == [[3], [2], [1]]
    assert [each.rank for group in groups for each in group] == [(0, 0), (0, 5), (1, 0)]


def test_of_several_sources_around_a_stage_the_inmost_counts_and_the_move_stands_once() -> None:
    both = Transition(event="loaded", sources=("on/data", "on"), target="on/use/late")
    chart = attrs.evolve(NESTED, transitions=(*NESTED.transitions, both)).chart

    moves = [
        [each.rank for group in chart.rows[stage]["loaded"].groups for each in group]
        for stage in ("on/data", "on/use/early")
    ]

    assert moves == [[(0, 0)], [(2, 0)]]


def test_a_move_from_a_stage_into_itself_keeps_the_tracks_around_it_and_not_its_own() -> None:
    anew = Transition(event="loaded", sources="on/data", target="on/data")
    chart = attrs.evolve(NESTED, transitions=(*NESTED.transitions, anew)).chart
    [[again]] = chart.rows["on/data"]["loaded"].groups

    assert again.keeps == {"setup"}


def test_a_move_without_a_guard_that_goes_first_is_sure() -> None:
    early = CHART.rows["on/use/early"]["next"]

    assert early.sure is not None
    assert early.sure.place == 4
    assert CHART.rows["on/data"]["next"].sure is None


def test_a_move_enters_its_target_and_the_stages_around_it_that_were_not_occupied() -> None:
    start = CHART.rows["lead"]["start"].sure
    onward = CHART.rows["on/data"]["next"].groups[0][0]

    assert start is not None
    assert start.enters == ("on", "on/data")
    assert start.marks == ("start", "on", "on/data")
    assert onward.enters == ("on/use", "on/use/early")


def test_a_move_keeps_the_tracks_of_stages_that_it_does_not_leave() -> None:
    onward = CHART.rows["on/data"]["next"].groups[0][0]
    left = CHART.rows["on/data"]["left"].sure

    assert left is not None
    assert (onward.keeps, left.keeps) == ({"setup"}, set())


def test_moves_by_time_stand_by_stage_the_inner_first() -> None:
    assert [each.place for each in CHART.timers["on/use/early"]] == [8, 7]
    assert [each.place for each in CHART.timers["on/data"]] == [7]
    assert CHART.timers["lead"] == ()


def test_tracks_stand_by_the_event_that_ends_them_those_around_included() -> None:
    assert CHART.tracks["on/data"] == {"set_up": ("setup", "load"), "loaded": ("load",)}
    assert CHART.tracks["on/use/late"] == {"set_up": ("setup",)}
    assert CHART.checklists["on/data"] == ("setup", "load")


def test_a_checklist_is_in_the_order_of_the_definition_whatever_ends_it() -> None:
    tracks = [
        Track(name="one", done_by="next"),
        Track(name="two", done_by="loaded"),
        Track(name="three", done_by="next"),
    ]
    stages = (Stage(name="lead", tracks=tracks), *NESTED.stages[1:])

    assert attrs.evolve(NESTED, stages=stages).chart.checklists["lead"] == ("one", "two", "three")


def test_what_is_allowed_in_a_stage_is_what_does_something_there() -> None:
    assert CHART.allowed("on/data") == ("next", "loaded", "set_up", "left")
    assert CHART.allowed("lead") == ("start", "left")
    assert CHART.allowed("end/gone") == ("back",)


def test_marks_and_holds_are_allowed_everywhere_but_at_an_end() -> None:
    marked = attrs.evolve(
        NESTED,
        events=(*NESTED.events, "called", "held", "resumed"),
        deadlines=[Deadline(name="call", since="start", by="called", within="2 days")],
        milestones=[Milestone(name="first", by="on/data")],
        pause=Pause(starts="held", ends="resumed"),
    ).chart

    assert marked.marked == {"start", "called", "on/data"}
    assert marked.allowed("on/use/late") == (
        *("next", "set_up", "left", "called", "held"),  # start moves accounts elsewhere
    )
    assert "resumed" in marked.allowed("on/use/late", on_hold=True)
    assert "held" not in marked.allowed("on/use/late", on_hold=True)
    assert marked.allowed("end/gone") == ("back",)


def test_what_time_makes_is_not_among_what_is_allowed() -> None:
    call = Deadline(name="call", since="start", by="loaded", within="2 days", breach="left")
    timed = attrs.evolve(NESTED, deadlines=[call]).chart

    assert timed.breaches == {"left"}
    assert timed.allowed("lead") == ("start", "loaded")
    assert timed.takes("lead", "left", on_hold=False)


def test_the_facts_of_a_journey_are_named_after_its_parts() -> None:
    marked = attrs.evolve(
        NESTED,
        deadlines=[Deadline(name="call", since="start", by="left", within="2 days")],
        milestones=[Milestone(name="first", by="on/data")],
    ).chart

    named = {"done_setup", "done_load", "deadline_call", "due_call", "milestone_first"}
    assert named <= marked.facts
    assert {"stage", "days_in_stage", "on_hold"} <= marked.facts


def test_a_guard_tells_which_facts_of_the_journey_it_reads() -> None:
    guard = "ok and stage == 'lead'"
    moves = (
        attrs.evolve(NESTED.transitions[0], guard=guard),
        *NESTED.transitions[1:],
    )
    row = attrs.evolve(NESTED, transitions=moves).chart.rows["lead"]["start"]

    assert row.groups[0][0].journey == {"stage"}


PLAIN = Lifecycle(
    name="plain",
    initial="a",
    stages=(Stage(name="a"), Stage(name="b")),
    events=("go", "stay", "ask", "tell"),
    transitions=(
        Transition(event="go", sources="a", target="b", effects="ring"),
        Transition(event="go", sources="b", target="a"),
        Transition(event="stay", sources="a"),
        Transition(event="ask", sources="a", target="b", guard="ok"),
        Transition(event="tell", sources="a", target="b"),
    ),
    payloads={"tell": Schema((FactSpec(name="n", kind="number"),))},
)


def test_a_move_is_plain_where_nothing_is_asked_and_nothing_kept_in_mind() -> None:
    assert PLAIN.chart.plain == {
        "a": {"go": Move("a", "b", 0, ("ring",))},
        "b": {"go": Move("b", "a", 1)},
    }


@pytest.mark.parametrize(
    "memory",
    [
        {"milestones": [Milestone(name="m", by="go")]},
        {"deadlines": [Deadline(name="d", since="go", by="b", within="1 day")]},
        {"pause": Pause(starts="stay", ends="ask")},
        {"stages": (Stage(name="a", tracks=[Track(name="t", done_by="go")]), Stage(name="b"))},
        {
            "transitions": (
                *PLAIN.transitions,
                Transition(after="1 day", sources="b", target="a", guard="ok"),
            )
        },
    ],
)
def test_no_move_is_plain_where_more_is_kept_in_mind(memory: dict[str, object]) -> None:
    chart = attrs.evolve(PLAIN, **memory).chart

    assert chart.remembers
    assert not any(chart.plain.values())


@fewer
@given(st.data(), definitions(timed=False, guards=FACT_GUARDS[:2]), ACCOUNTS)
def test_the_short_way_of_plain_moves_is_the_general_way(
    data: st.DataObject, definition: Lifecycle, account: object
) -> None:
    short = definition.chart
    general = attrs.evolve(short, plain={leaf: {} for leaf in short.leaves})
    log = log_of(data.draw(logs(definition)), short.places)

    assert walked(short, log, account) == walked(general, log, account)


def walked(chart: Chart, log: list[Event], account: object) -> list[stepping.Outcome]:
    state, outcomes = stepping.beginning(chart), []
    for event in log:
        outcomes.append(stepping.step(chart, state, event, account))
        state = outcomes[-1].state
    return outcomes
