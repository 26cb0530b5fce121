"""Variants: the standard flow, adjusted to a kind of customer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.charts import Chart
from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.lifecycle import Deadline, Event, Lifecycle, Milestone, Stage, Transition
from cslib.migrations import difference
from cslib.schemas import FactSpec, Schema
from cslib.variants import Variant
from lifecycles import definitions, logs, moments

FEW = settings(max_examples=20)
STANDARD = Lifecycle(
    name="delivery",
    initial="sold",
    stages=(
        Stage(name="sold"),
        Stage(name="set_up/check", owner="support engineer"),
        Stage(name="set_up/data", owner="analyst"),
        Stage(name="live"),
        Stage(name="gone", final=True),
    ),
    events=("kick_off", "checked", "validated", "left"),
    transitions=(
        Transition(event="kick_off", sources="sold", target="set_up/check"),
        Transition(event="checked", sources="set_up/check", target="set_up/data", guard="ok"),
        Transition(event="validated", sources="set_up/data", target="live"),
        Transition(event="left", sources=("sold", "set_up", "live"), target="gone"),
        Transition(after="90 days", sources=("sold", "set_up/check"), target="gone"),
    ),
    deadlines=(Deadline(name="checked", since="set_up/check", by="set_up/data", within="2 weeks"),),
    milestones=(Milestone(name="data", by=("set_up/data", "validated")),),
    payloads={"checked": Schema((FactSpec(name="ok", kind="boolean"),))},
)


# --- Laws


@FEW
@given(definitions())
def test_a_variant_that_changes_nothing_gives_the_same_flow_under_another_name(
    base: Lifecycle,
) -> None:
    same = Variant(name="same").of(base)

    assert same.name == f"{base.name}/same"
    assert attrs.evolve(same, name=base.name) == base
    assert difference(base, same) == ()


@FEW
@given(st.data())
def test_the_same_log_goes_the_same_way_through_it(data: st.DataObject) -> None:
    base = data.draw(definitions())
    log, as_of = data.draw(logs(base)), data.draw(moments())
    same = Variant(name="same").of(base)

    journey = base.replay(log, as_of=as_of, account={})

    there = same.replay(log, as_of=as_of, account={})
    assert attrs.evolve(there, definition=journey.definition) == journey


@FEW
@given(st.data())
def test_nothing_speaks_of_a_stage_that_is_skipped(data: st.DataObject) -> None:
    base = data.draw(definitions(nested=False))
    leaves = Chart.of(base).leaves
    stage, instead = data.draw(st.permutations(leaves))[:2]
    try:
        less = Variant(name="less", skip={stage: instead}).of(base)
    except DefinitionError:
        return  # what is left is not sound: an end cannot be left out, say

    moves = {name for move in less.transitions for name in (*move.sources, move.target)}
    timed = [*less.deadlines, *less.milestones]
    marks = {name for each in timed for name in (*each.by, *getattr(each, "since", ()))}
    assert stage not in {each.name for each in less.stages}
    assert stage not in moves | marks | {less.initial}


@FEW
@given(definitions(), definitions())
def test_a_variant_that_says_all_that_another_flow_says_brings_what_that_says(
    base: Lifecycle, other: Lifecycle
) -> None:
    every = Variant(
        name="every",
        stages=other.stages,
        deadlines=other.deadlines,
        milestones=other.milestones,
        payloads=other.payloads,
    )
    try:
        made = every.of(base)
    except DefinitionError:
        return

    assert set(other.stages) <= set(made.stages)
    assert set(other.deadlines) <= set(made.deadlines)
    assert set(other.milestones) <= set(made.milestones)
    assert other.payloads.items() <= made.payloads.items()


# --- What it does


def test_moves_into_a_skipped_stage_lead_on_to_what_takes_its_place() -> None:
    quick = Variant(name="quick", skip={"set_up/check": "set_up/data"}).of(
        attrs.evolve(STANDARD, deadlines=())
    )

    assert [(move.label, move.sources, move.target) for move in quick.transitions] == [
        ("kick_off", ("sold",), "set_up/data"),
        ("validated", ("set_up/data",), "live"),
        ("left", ("sold", "set_up", "live"), "gone"),
        ("after 90 days", ("sold",), "gone"),
    ]


def test_a_stage_is_skipped_with_all_that_lies_in_it_declared_or_not() -> None:
    direct = Variant(
        name="direct",
        skip={"set_up": "live"},
        deadlines=(Deadline(name="checked", since="kick_off", by="live", within="1 week"),),
    ).of(STANDARD)

    assert [each.name for each in direct.stages] == ["sold", "live", "gone"]
    assert direct.transitions[0].target == "live"
    assert direct.milestones[0].by == ("live", "validated")


def test_the_initial_stage_may_be_skipped_too() -> None:
    begun = Variant(name="begun", skip={"sold": "set_up/check"}).of(
        attrs.evolve(STANDARD, deadlines=())
    )

    assert begun.initial == "set_up/check"


def test_a_new_move_takes_the_place_of_what_leaves_that_stage_by_the_same() -> None:
    strict = Variant(
        name="strict",
        transitions=(
            Transition(event="left", sources="live", target="gone", guard="notice_given"),
            Transition(after="90 days", sources="sold", target="live"),
        ),
    ).of(STANDARD)

    assert [(m.label, m.sources, m.target) for m in strict.transitions[3:]] == [
        ("left", ("sold", "set_up"), "gone"),
        ("after 90 days", ("set_up/check",), "gone"),
        ("left", ("live",), "gone"),
        ("after 90 days", ("sold",), "live"),
    ]


def test_an_event_that_is_named_like_a_span_displaces_no_move_by_time() -> None:
    named = Variant(
        name="named",
        events=("after 90 days",),
        transitions=(Transition(event="after 90 days", sources="sold", target="live"),),
    ).of(STANDARD)

    assert [m.sources for m in named.transitions if m.after is not None] == [
        ("sold", "set_up/check")
    ]


def test_stages_deadlines_milestones_and_payloads_are_new_or_stand_for_those_of_their_name() -> (
    None
):
    own = Variant(
        name="own",
        events=("installed", "kick_off"),
        stages=(
            Stage(name="sold", owner="project manager"),
            Stage(name="set_up/installation"),
        ),
        transitions=(
            Transition(event="checked", sources="set_up/check", target="set_up/installation"),
            Transition(event="installed", sources="set_up/installation", target="set_up/data"),
        ),
        deadlines=(
            Deadline(name="checked", since="set_up/check", by="set_up/data", within="6 weeks"),
            Deadline(name="live", since="set_up/data", by="live", within="1 month"),
        ),
        milestones=(Milestone(name="installed", by="installed"),),
        payloads={"installed": Schema((FactSpec(name="version", kind="text"),))},
    ).of(STANDARD)

    assert own.events == (*STANDARD.events, "installed")
    assert (own.stages[0].owner, own.stages[-1].name) == ("project manager", "set_up/installation")
    assert [(each.name, str(each.within)) for each in own.deadlines] == [
        ("checked", "6 weeks"),
        ("live", "1 month"),
    ]
    assert [each.name for each in own.milestones] == ["data", "installed"]
    assert list(own.payloads) == ["checked", "installed"]


def test_a_deadline_that_is_dropped_is_gone_and_nothing_else() -> None:
    free = Variant(name="free", drop_deadlines="checked").of(STANDARD)

    assert free.deadlines == ()
    assert difference(STANDARD, free) == ("deadline 'checked' is gone",)
    assert "Deadlines" not in free.words()


def test_of_several_deadlines_only_those_that_are_named_are_dropped() -> None:
    live = Deadline(name="live", since="set_up/data", by="live", within="1 month")
    both = attrs.evolve(STANDARD, deadlines=(*STANDARD.deadlines, live))
    less = Variant(name="less", drop_deadlines=("checked",), events="noted").of(both)

    assert less.deadlines == (live,)


def test_what_a_new_event_carries_is_checked() -> None:
    own = Variant(
        name="own",
        payloads={"validated": Schema((FactSpec(name="rows", kind="number"),))},
    ).of(STANDARD)
    log = [
        Event(account="a", name="kick_off", at=dt.date(2026, 3, 1)),
        Event(account="a", name="checked", at=dt.date(2026, 3, 2), payload={"ok": True}),
        Event(account="a", name="validated", at=dt.date(2026, 3, 3), payload={"rows": "all"}),
    ]

    assert [str(r.reason) for r in own.replay(log, as_of=dt.date(2026, 3, 4)).refused] == [
        "payload"
    ]


def test_one_variant_can_be_made_of_another() -> None:
    owner = Variant(name="on site", stages=(Stage(name="sold", owner="project manager"),))
    quick = Variant(name="slow", deadlines=(attrs.evolve(STANDARD.deadlines[0], within="1 month"),))

    one, other = quick.of(owner.of(STANDARD)), owner.of(quick.of(STANDARD))

    assert (one.name, other.name) == ("delivery/on site/slow", "delivery/slow/on site")
    assert difference(one, other) == ()


# --- What is refused


def test_a_stage_that_there_is_not_is_refused_with_a_suggestion() -> None:
    with pytest.raises(DefinitionError) as caught:
        Variant(name="quick", skip={"set_up/chekc": "live"}).of(STANDARD)

    assert str(caught.value.faults[0]) == (
        "$.skip['set_up/chekc']: 'delivery' has no stage 'set_up/chekc': "
        "did you mean 'set_up/check'?"
    )


def test_a_deadline_that_there_is_not_is_refused_with_a_suggestion() -> None:
    with pytest.raises(DefinitionError) as caught:
        Variant(name="free", drop_deadlines=("checked", "chekced")).of(STANDARD)

    assert [str(fault) for fault in caught.value.faults] == [
        "$.drop_deadlines[1]: 'delivery' has no deadline 'chekced': did you mean 'checked'?"
    ]


def test_a_deadline_that_is_given_is_not_dropped_too() -> None:
    own = Variant(name="own", deadlines=STANDARD.deadlines, drop_deadlines="checked")

    with pytest.raises(DefinitionError, match="'checked' is given in deadlines= too; keep one"):
        own.of(STANDARD)


def test_a_deadline_that_a_guard_reads_is_not_dropped() -> None:
    guard = "deadline_checked == 'met' and as_of < due_checked"
    in_time = Transition(event="left", sources="live", target="gone", guard=guard)
    base = Variant(name="strict", transitions=(in_time,)).of(STANDARD)

    with pytest.raises(DefinitionError) as caught:
        Variant(name="free", drop_deadlines="checked").of(base)

    assert [fault.message for fault in caught.value.faults] == [
        "the guard of 'left' reads 'deadline_checked'; give a move in its place",
        "the guard of 'left' reads 'due_checked'; give a move in its place",
    ]


def test_a_deadline_is_dropped_where_a_move_without_it_takes_the_place_of_what_reads_it() -> None:
    plain = Transition(event="left", sources="live", target="gone")
    guarded = attrs.evolve(plain, guard="deadline_checked == 'met'")
    base = Variant(name="strict", transitions=(guarded,)).of(STANDARD)

    free = Variant(name="free", drop_deadlines="checked", transitions=(plain,)).of(base)

    assert free.deadlines == ()


def test_a_deadline_is_dropped_where_the_stage_is_skipped_that_a_reading_move_leaves() -> None:
    guard = "deadline_checked == 'met'"
    told = Transition(event="validated", sources="set_up/data", target="live", guard=guard)
    base = Variant(name="strict", transitions=(told,)).of(STANDARD)

    free = Variant(name="free", drop_deadlines="checked", skip={"set_up": "live"}).of(base)

    assert free.deadlines == ()


def test_what_takes_a_place_must_stay_itself() -> None:
    skip = {"set_up": "live", "live": "set_up/data"}

    with pytest.raises(DefinitionError, match="'live' is skipped itself; name the stage that"):
        Variant(name="round", skip=skip).of(STANDARD)


def test_what_it_gives_must_be_sound() -> None:
    with pytest.raises(DefinitionError, match="unknown stage 'lve': did you mean 'live'"):
        Variant(name="quick", skip={"set_up": "lve"}).of(STANDARD)


# --- As data


def test_a_variant_goes_to_json_and_back() -> None:
    variant = Variant(
        name="own",
        skip={"set_up": "live"},
        events="installed",
        drop_deadlines="checked",
        payloads=STANDARD.payloads,
    )

    assert from_json(to_json(variant), Variant) == variant


@pytest.mark.parametrize(
    "parts", [{"skip": None}, {"skip": ["a"]}, {"transitions": (5,)}, {"drop_deadlines": (5,)}]
)
def test_a_part_of_a_variant_of_another_kind_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match=r"\$\.(skip: expected a mapping|\w+\[0\]:)"):
        Variant(name="x", **parts)
