"""Changes of a definition: what differs, whom it touches, and how accounts come across."""

from __future__ import annotations

import datetime as dt
import pickle
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.calendars import BusinessCalendar
from cslib.charts import Chart
from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.functions import Function
from cslib.journeys import Memory, State, StateError
from cslib.lifecycle import (
    Deadline,
    Event,
    Lifecycle,
    Milestone,
    Pause,
    Stage,
    Track,
    Transition,
)
from cslib.logs import log_of
from cslib.migrations import (
    Migration,
    MigrationError,
    Restaged,
    difference,
    renamed,
    restaged,
    tally,
)
from cslib.rules import rule
from cslib.schemas import FactSpec, Schema
from cslib.stages import lineage_of
from lifecycles import FACT_GUARDS, definitions, logs

D = dt.date
FEW = settings(max_examples=20)


def happened(name: str, at: dt.date, account: str = "a", **payload: object) -> Event:
    return Event(account=account, name=name, at=at, payload=payload)


FLOW = Lifecycle(
    name="flow",
    initial="lead",
    stages=(
        Stage(name="lead", owner="sales"),
        Stage(
            name="trial",
            tracks=(Track(name="setup", done_by="set_up"), Track(name="tour", done_by="toured")),
        ),
        Stage(name="customer"),
        Stage(name="lost", final=True),
    ),
    events=("started", "set_up", "toured", "paid", "left", "overdue", "waiting", "resumed"),
    transitions=(
        Transition(event="started", sources="lead", target="trial"),
        Transition(event="paid", sources="trial", target="customer", guard="amount > 0"),
        Transition(event="left", sources=("trial", "customer"), target="lost"),
        Transition(after="30 days", sources="trial", target="lost", guard="given_up"),
        Transition(event="overdue", sources="trial", effects="call"),
    ),
    deadlines=(
        Deadline(name="paid_up", since="trial", by="customer", within="10 days", breach="overdue"),
    ),
    milestones=(Milestone(name="first_trial", by="trial"),),
    pause=Pause(starts="waiting", ends="resumed"),
    payloads={"paid": Schema((FactSpec(name="amount", kind="number"),))},
)


# --- What differs


@FEW
@given(definitions())
def test_a_definition_does_not_differ_from_itself(definition: Lifecycle) -> None:
    assert difference(definition, definition) == ()


def said(definition: Lifecycle) -> Any:
    """What a definition says, in no order but those that decide."""
    moves = Counter(
        attrs.evolve(move, sources=(source,))
        for move in definition.transitions
        for source in move.sources
    )
    timed = [(str(m.after), m.sources) for m in definition.transitions if m.after is not None]
    return (
        definition.initial,
        definition.events,
        frozenset(definition.stages),
        moves,
        timed,
        frozenset(definition.deadlines),
        [each.name for each in definition.deadlines if each.breach is not None],
        frozenset(definition.milestones),
        definition.pause,
        definition.calendar,
        definition.payloads,
    )


@FEW
@given(definitions(), definitions())
def test_nothing_differs_exactly_where_two_definitions_say_the_same(
    one: Lifecycle, other: Lifecycle
) -> None:
    assert (difference(one, other) == ()) == (said(one) == said(other))


@FEW
@given(definitions(timed=False), st.randoms(use_true_random=False))
def test_the_order_of_stages_and_moves_is_no_difference(definition: Lifecycle, random: Any) -> None:
    stages, moves = list(definition.stages), list(definition.transitions)
    random.shuffle(stages)
    random.shuffle(moves)

    assert difference(definition, attrs.evolve(definition, stages=stages, transitions=moves)) == ()


@FEW
@given(definitions(), st.data())
def test_a_move_that_is_left_out_is_seen_from_both_sides(
    definition: Lifecycle, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(range(len(definition.transitions))))
    left = [move for at, move in enumerate(definition.transitions) if at != place]
    try:
        less = attrs.evolve(definition, transitions=left)
    except DefinitionError:
        return

    assert difference(definition, less)
    assert difference(less, definition)


def first(parts: tuple[Any, ...], **changes: object) -> tuple[Any, ...]:
    return (attrs.evolve(parts[0], **changes), *parts[1:])


def moves(place: int, **changes: object) -> dict[str, Any]:
    there = FLOW.transitions
    changed = attrs.evolve(there[place], **changes)
    return {"transitions": (*there[:place], changed, *there[place + 1 :])}


def amount(**changes: Any) -> dict[str, Any]:
    spec = FactSpec(**{"name": "amount", "kind": "number", **changes})
    return {"payloads": {"paid": Schema((spec,))}}


TRIAL = FLOW.stages[1]
TRACK: dict[str, Any] = {
    "name": "start",
    "done_by": ("set_up", "paid"),
    "owner": "csm",
    "norm": "?",
}
CHANGED: dict[type, dict[str, Any]] = {
    Stage: {
        "name": {"stages": (*FLOW.stages, Stage(name="trial/early"))},
        "owner": {"stages": first(FLOW.stages, owner="marketing")},
        "norm": {"stages": first(FLOW.stages, norm="Known by name.")},
        "final": {"stages": (*FLOW.stages[:3], Stage(name="lost", final=True, norm="Gone."))},
        "tracks": {"stages": first(FLOW.stages, tracks=TRIAL.tracks[:1])},
    },
    Track: {
        name: {
            "stages": (
                FLOW.stages[0],
                attrs.evolve(TRIAL, tracks=first(TRIAL.tracks, **{name: value})),
                *FLOW.stages[2:],
            )
        }
        for name, value in TRACK.items()
    },
    Transition: {
        "event": moves(0, event="toured"),
        "after": moves(0, event=None, after="3 days"),
        "sources": moves(0, sources=("lead", "customer")),
        "target": moves(4, target="lost"),
        "guard": moves(0, guard="invited"),
        "priority": moves(0, priority=1),
        "effects": moves(0, effects="greet"),
        "win_back": moves(0, win_back=True),
        "pauses": moves(3, pauses=True),
    },
    Deadline: {
        "name": {"deadlines": first(FLOW.deadlines, name="paid")},
        "since": {"deadlines": first(FLOW.deadlines, since="started")},
        "by": {"deadlines": first(FLOW.deadlines, by="paid")},
        "within": {"deadlines": first(FLOW.deadlines, within="11 days")},
        "due": {"deadlines": first(FLOW.deadlines, within=None, due="trial_ends_on")},
        "waived_by": {"deadlines": first(FLOW.deadlines, waived_by="lost")},
        "breach": {"deadlines": first(FLOW.deadlines, breach=None)},
        "pauses": {"deadlines": first(FLOW.deadlines, pauses=True)},
    },
    Milestone: {
        "name": {"milestones": first(FLOW.milestones, name="tried")},
        "by": {"milestones": first(FLOW.milestones, by=("trial", "customer"))},
    },
    Pause: {
        "starts": {"pause": Pause(starts=("waiting", "toured"), ends="resumed")},
        "ends": {"pause": Pause(starts="waiting", ends=("resumed", "paid"))},
    },
    FactSpec: {
        "name": amount(name="sum"),
        "kind": amount(kind="text"),
        "unit": amount(unit="EUR"),
        "exponent": amount(exponent=2),
        "meaning": amount(meaning="net"),
        "values": amount(kind="text", values="much"),
        "required": amount(required=True),
    },
    Lifecycle: {
        "name": None,  # not compared: a variant is another flow by its name alone
        "initial": {"initial": "customer"},
        "stages": {"stages": (*FLOW.stages[:3], Stage(name="lost", final=True, owner="sales"))},
        "events": {"events": (*FLOW.events[1:], "started")},
        "transitions": {"transitions": FLOW.transitions[:4]},
        "deadlines": {"deadlines": ()},
        "milestones": {"milestones": ()},
        "pause": {"pause": None},
        "calendar": {"calendar": BusinessCalendar(holidays=[D(2026, 1, 1)])},
        "payloads": {"payloads": {}},
        "facts": {"facts": Schema((FactSpec(name="given_up", kind="boolean"),))},
    },
}


def every_field() -> Iterator[tuple[type, str]]:
    for kind in CHANGED:
        yield from ((kind, field.name) for field in attrs.fields(kind) if field.init)


@attrs.frozen
class Loose:
    """The parts of a definition, whether it is sound or not."""

    name: str
    initial: str
    stages: tuple[Stage, ...]
    events: tuple[str, ...]
    transitions: tuple[Transition, ...]
    deadlines: tuple[Deadline, ...]
    milestones: tuple[Milestone, ...]
    pause: Pause | None
    calendar: BusinessCalendar
    payloads: Mapping[str, Schema]
    facts: Schema | None


def loose(**changes: object) -> Loose:
    parts = {field.name: getattr(FLOW, field.name) for field in attrs.fields(Loose)}
    return Loose(**{**parts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "field"), list(every_field()), ids=str)
def test_a_change_of_any_field_is_seen_from_both_sides(kind: type, field: str) -> None:
    changes = CHANGED[kind][field]
    if changes is None:
        assert difference(loose(), loose(name="other")) == ()
        return

    assert difference(loose(), loose(**changes)) != ()
    assert difference(loose(**changes), loose()) != ()


ORDER = (
    "events: the order is set_up, started, toured, paid, left, overdue, waiting, resumed, "
    "was started, set_up, toured, paid, left, overdue, waiting, resumed"
)


def test_each_sort_of_change_is_told_in_a_line_of_its_own() -> None:
    later = attrs.evolve(
        FLOW,
        stages=(*FLOW.stages[:3], Stage(name="lost", final=True, owner="sales")),
        events=("set_up", "started", *FLOW.events[2:], "nudged"),
        transitions=(*FLOW.transitions, Transition(event="nudged", sources="trial")),
        deadlines=(attrs.evolve(FLOW.deadlines[0], within="2 weeks"),),
        payloads={},
    )

    assert difference(FLOW, later) == (
        "event 'nudged' is new",
        "stage 'lost': owner is 'sales', was None",
        "deadline 'paid_up': within is '2 weeks', was '10 days'",
        "payload of 'paid' is gone",
        "'nudged' from 'trial' is new",
        ORDER,
    )


def test_moves_that_only_their_guards_keep_apart_are_told_apart_by_them() -> None:
    def gate(*guards: str) -> Loose:
        moves = (Transition(event="paid", sources="trial", guard=guard) for guard in guards)
        return loose(transitions=tuple(moves))

    assert difference(gate("ok", "not ok"), gate("ok", "not ok and asked")) == (
        "'paid' from 'trial' where not ok is gone",
        "'paid' from 'trial' where not ok and asked is new",
    )
    assert difference(gate("ok", "not ok"), gate("not ok", "ok")) == ()
    assert difference(gate("ok", "ok"), gate("ok")) == ("'paid' from 'trial' where ok (2) is gone",)


def test_an_order_that_decides_is_told() -> None:
    second = attrs.evolve(FLOW.deadlines[0], name="second")
    timed = [Transition(after=f"{n} days", sources="trial", target="lost") for n in (30, 40)]

    assert difference(
        loose(deadlines=(*FLOW.deadlines, second)), loose(deadlines=(second, *FLOW.deadlines))
    ) == ("deadlines with a breach: the order is second, paid_up, was paid_up, second",)
    thirty, forty = "after 30 days from 'trial'", "after 40 days from 'trial'"
    assert difference(loose(transitions=tuple(timed)), loose(transitions=tuple(timed[::-1]))) == (
        f"moves by time: the order is {forty}, {thirty}, was {thirty}, {forty}",
    )


def test_an_event_that_is_named_like_a_span_is_no_move_by_time() -> None:
    event = loose(transitions=(Transition(event="after 3 days", sources="lead", target="lost"),))
    timed = loose(transitions=(Transition(after="3 days", sources="lead", target="lost"),))

    assert len(difference(event, timed)) == 2


# --- Other names

NEW_NAMES = {"on": "project", "on/data": "project/setup", "live": "used", "end": "out"}


@FEW
@given(definitions(), st.sets(st.sampled_from(sorted(NEW_NAMES))), st.data())
def test_under_other_names_each_account_goes_the_same_way(
    definition: Lifecycle, chosen: set[str], data: st.DataObject
) -> None:
    known = {part for stage in definition.stages for part in lineage_of(stage.name)}
    if "on" not in chosen:  # out of the stage around it, a stage goes another way
        chosen -= {"on/data"}
    names = {stage: NEW_NAMES[stage] for stage in chosen & known}
    log = data.draw(logs(definition))
    other = renamed(definition, names)
    leaves = dict(zip(definition.chart.leaves, other.chart.leaves, strict=True))

    was, now = (flow.replay(log, as_of=D(2026, 3, 31), account={}) for flow in (definition, other))

    assert [leaves[visit.stage] for visit in was.visits] == [visit.stage for visit in now.visits]
    assert was.deadlines == now.deadlines
    assert len(was.refused) == len(now.refused)
    assert restaged({"a": was}, {"a": now}, names) == ()
    assert difference(definition, other, names) == tuple(
        f"stage {old!r} is now {new!r}" for old, new in names.items()
    )
    assert dict(Migration.between(definition, other, names).stages) == leaves


@FEW
@given(definitions())
def test_names_that_are_changed_and_changed_back_are_the_same_definition(
    definition: Lifecycle,
) -> None:
    known = {part for stage in definition.stages for part in lineage_of(stage.name)}
    names = {old: new for old, new in NEW_NAMES.items() if old in known and old != "on/data"}

    back = {new: old for old, new in names.items()}

    assert renamed(renamed(definition, names), back) == definition


def test_a_renaming_reaches_every_place_that_names_the_stage() -> None:
    flow = attrs.evolve(
        FLOW,
        transitions=(
            *FLOW.transitions[:-1],
            Transition(
                event="overdue",
                sources="trial",
                effects="call",
                guard="stage in {'trial', 'lead'} and (plan != 'trial' or plan == stage)",
            ),
        ),
    )

    other = renamed(flow, {"trial": "evaluation/first", "lead": "trial"})

    assert other.initial == "trial"
    assert [stage.name for stage in other.stages[:2]] == ["trial", "evaluation/first"]
    assert other.stages[1].tracks == FLOW.stages[1].tracks
    assert other.transitions[0] == Transition(
        event="started", sources="trial", target="evaluation/first"
    )
    assert str(other.transitions[-1].guard) == (
        'stage in {"evaluation/first", "trial"} and (plan != "trial" or plan == stage)'
    )
    assert other.deadlines[0].since == other.milestones[0].by == ("evaluation/first",)


def test_a_guard_that_reads_a_stage_of_the_payload_stays_as_it_is() -> None:
    def paid(kind: str) -> Lifecycle:
        guarded = attrs.evolve(FLOW.transitions[1], guard="stage == 'trial'")
        return attrs.evolve(
            FLOW,
            transitions=(FLOW.transitions[0], guarded, *FLOW.transitions[2:]),
            payloads={"paid": Schema((FactSpec(name=kind, kind="text"),))},
        )

    names = {"trial": "evaluation"}

    assert str(renamed(paid("stage"), names).transitions[1].guard) == 'stage == "trial"'
    assert str(renamed(paid("plan"), names).transitions[1].guard) == 'stage == "evaluation"'


def test_a_guard_that_calls_a_function_is_renamed_too() -> None:
    before = Function(
        name="before", version=1, takes=("text", "text"), gives="boolean", call=lambda a, b: a < b
    )
    moves = (
        FLOW.transitions[0],
        attrs.evolve(
            FLOW.transitions[1],
            guard=rule("before(stage, 'trial') and amount > 0", functions=[before]),
        ),
        *FLOW.transitions[2:],
    )

    other = renamed(attrs.evolve(FLOW, transitions=moves), {"trial": "evaluation"})

    assert str(other.transitions[1].guard) == 'before(stage, "evaluation") and amount > 0'


def test_a_mark_that_is_an_event_and_a_stage_counts_by_both_afterwards_too() -> None:
    flow = attrs.evolve(
        FLOW,
        events=(*FLOW.events, "customer"),
        transitions=(
            *FLOW.transitions,
            Transition(event="customer", sources="lead", target="customer"),
        ),
    )

    other = renamed(flow, {"customer": "client"})

    assert other.deadlines[0].by == ("customer", "client")
    assert other.transitions[-1].event == "customer"


def test_a_new_name_that_is_an_event_and_a_mark_is_refused() -> None:
    with pytest.raises(DefinitionError, match="'paid' is an event too, and marks would count by"):
        renamed(FLOW, {"customer": "paid"})
    waived = attrs.evolve(FLOW, deadlines=(attrs.evolve(FLOW.deadlines[0], waived_by="left"),))
    with pytest.raises(DefinitionError, match="'left' is an event too"):
        renamed(waived, {"lost": "left"})
    assert renamed(FLOW, {"lost": "left"}).stages[-1].name == "left"  # no mark


def test_a_stage_that_there_is_not_cannot_be_renamed_and_two_cannot_become_one() -> None:
    with pytest.raises(DefinitionError, match="no such stage 'trail': did you mean 'trial'"):
        renamed(FLOW, {"trail": "evaluation"})
    with pytest.raises(DefinitionError, match="'customer'"):
        difference(FLOW, FLOW, {"trial": "customer"})


# --- Whom it touches


def test_the_accounts_that_stand_elsewhere_are_listed_by_id() -> None:
    log = [happened("started", D(2026, 3, 1), account) for account in ("b", "a", "c")]
    log.append(happened("paid", D(2026, 3, 2), "b", amount=0))
    open_door = attrs.evolve(
        FLOW,
        transitions=(FLOW.transitions[0], attrs.evolve(FLOW.transitions[1], guard="amount >= 0"),
                     *FLOW.transitions[2:]),
    )  # fmt: skip
    as_of = D(2026, 3, 5)

    touched = restaged(FLOW.replay_all(log, as_of=as_of), open_door.replay_all(log, as_of=as_of))

    assert touched == (Restaged(account="b", before="trial", after="customer"),)
    assert str(touched[0]) == "b: trial becomes customer"


def test_who_stands_in_the_same_stage_under_its_new_name_has_not_moved() -> None:
    log = [happened("started", D(2026, 3, 1), account) for account in ("b", "a", "c")]
    log.append(happened("paid", D(2026, 3, 2), "b", amount=5))
    as_of = D(2026, 3, 5)
    names = {"trial": "evaluation", "customer": "trial"}
    other = renamed(FLOW, names)
    before, after = (flow.replay_all(log, as_of=as_of) for flow in (FLOW, other))

    assert restaged(before, after, names) == ()
    assert tally(restaged(before, after)) == {("trial", "evaluation"): 2, ("customer", "trial"): 1}
    columns = {
        flow.initial + flow.stages[1].name: flow.replay_columns(
            account=[event.account for event in log],
            event=[event.name for event in log],
            at=np.array([event.at for event in log], "datetime64[D]"),
            payload={"amount": [event.payload.get("amount") for event in log]},
            as_of=as_of,
        )
        for flow in (FLOW, other)
    }
    assert restaged(*columns.values()) == restaged(before, after)
    assert restaged(*columns.values(), names) == ()


def test_accounts_that_stand_in_one_of_the_two_alone_are_refused() -> None:
    some = FLOW.replay_all([happened("started", D(2026, 3, 1))], as_of=D(2026, 3, 5))

    with pytest.raises(MigrationError, match="'a' stands in one alone"):
        restaged(some, {})


# --- How accounts come across


def states(definition: Lifecycle, log: list[Event]) -> Iterator[tuple[State, Event]]:
    """Each state of an account on its way, and the event that comes next."""
    state = definition.start
    for event in log_of(log, definition.chart.places):
        yield state, event
        state = definition.step(state, event, account={}).state


@FEW
@given(st.data())
def test_a_migration_to_the_same_definition_changes_no_state(data: st.DataObject) -> None:
    definition = data.draw(definitions())
    same = Migration.between(definition, definition)

    for state, _ in states(definition, data.draw(logs(definition))):
        assert same.state(state, old=definition, new=definition) == state


@FEW
@given(definitions(), definitions(), st.data())
def test_a_migration_names_a_new_stage_for_each_old_one_or_is_refused(
    old: Lifecycle, new: Lifecycle, data: st.DataObject
) -> None:
    had, has = Chart.of(old).leaves, Chart.of(new).leaves
    given_names = data.draw(st.dictionaries(st.sampled_from(had), st.sampled_from(has)))
    named = {*has, *given_names}

    if set(had) <= named:
        migration = Migration.between(old, new, given_names)
        assert set(migration.stages) == set(had)
        assert set(migration.stages.values()) <= set(has)
    else:
        with pytest.raises(DefinitionError, match="has no new stage"):
            Migration.between(old, new, given_names)


@FEW
@given(st.data())
def test_to_migrate_and_then_step_is_to_step_and_then_migrate(data: st.DataObject) -> None:
    old = data.draw(definitions(guards=FACT_GUARDS))
    stage = data.draw(
        st.sampled_from([each for each in Chart.of(old).leaves if "/" not in each] or [None])
    )
    if stage is None:
        return
    new = renamed(old, {stage: "renamed"})
    across = Migration.between(old, new, {stage: "renamed"})

    for state, event in states(old, data.draw(logs(old))):
        moved = across.state(state, old=old, new=new)
        there = new.step(moved, event, account={})
        here = old.step(state, event, account={})
        assert there.kind == here.kind
        assert there.state == across.state(here.state, old=old, new=new)


def trying() -> State:
    """An account in trial since March 1, with its set-up done, on hold since March 5."""
    log = [
        happened("started", D(2026, 3, 1)),
        happened("set_up", D(2026, 3, 3)),
        happened("waiting", D(2026, 3, 5)),
    ]
    state = FLOW.start
    for event in log:
        state = FLOW.step(state, event).state
    return state


def test_an_account_brings_its_clocks_milestones_holds_and_the_tracks_that_both_have() -> None:
    new = attrs.evolve(
        renamed(FLOW, {"trial": "evaluation"}),
        deadlines=(
            Deadline(name="new_one", since="evaluation", by="customer", within="5 days"),
            Deadline(name="paid_up", since="evaluation", by="customer", within="2 weeks"),
        ),
    )
    across = Migration.between(FLOW, new, {"trial": "evaluation"})

    moved = across.state(trying(), old=FLOW, new=new)

    assert (moved.stage, moved.entered) == ("evaluation", D(2026, 3, 1))
    assert moved.memory.done == {"setup"}
    assert moved.memory.holds == ((D(2026, 3, 5), None),)
    assert moved.memory.reached == (D(2026, 3, 1),)
    unstarted, paid_up = moved.memory.clocks
    assert unstarted is None
    assert paid_up is not None
    assert paid_up.start == D(2026, 3, 1)


def test_a_track_that_the_new_stage_lacks_is_left_behind() -> None:
    trial = attrs.evolve(FLOW.stages[1], tracks=FLOW.stages[1].tracks[1:])
    new = attrs.evolve(FLOW, stages=(FLOW.stages[0], trial, *FLOW.stages[2:]))

    moved = Migration.between(FLOW, new).state(trying(), old=FLOW, new=new)

    assert moved.memory.done == frozenset()


def test_a_move_by_time_that_was_tried_in_vain_is_not_tried_again_unless_it_changed() -> None:
    tried = FLOW.advance(trying(), D(2026, 4, 5)).state
    patient = attrs.evolve(FLOW.transitions[3], guard="given_up and asked")
    changed = attrs.evolve(FLOW, transitions=(*FLOW.transitions[:3], patient, FLOW.transitions[4]))
    moved = attrs.evolve(FLOW, transitions=(FLOW.transitions[4], *FLOW.transitions[:4]))

    def tried_in(new: Lifecycle) -> frozenset[int]:
        return Migration.between(FLOW, new).state(tried, old=FLOW, new=new).memory.tried

    assert tried.memory.tried == tried_in(FLOW) == {3}
    assert tried_in(moved) == {4}
    assert tried_in(changed) == frozenset()


def test_what_time_would_have_done_by_now_the_next_step_does_first() -> None:
    short = attrs.evolve(FLOW, deadlines=(attrs.evolve(FLOW.deadlines[0], within="1 day"),))
    moved = Migration.between(FLOW, short).state(trying(), old=FLOW, new=short)

    outcome = short.step(moved, happened("toured", D(2026, 3, 6)))

    assert [(event.name, event.at) for event, _ in outcome.moves] == [("overdue", D(2026, 3, 3))]


def test_a_state_that_came_across_is_one_of_the_new_definition_and_no_other_takes_it() -> None:
    short = attrs.evolve(FLOW, deadlines=(attrs.evolve(FLOW.deadlines[0], within="1 day"),))
    moved = Migration.between(FLOW, short).state(trying(), old=FLOW, new=short)

    assert moved.definition == short.fingerprint
    with pytest.raises(StateError, match="make a Migration"):
        FLOW.advance(moved, D(2026, 3, 6))


def test_names_that_are_none_of_a_stage_are_refused_with_a_suggestion() -> None:
    with pytest.raises(DefinitionError) as caught:
        Migration.between(FLOW, FLOW, {"trail": "customer", "trial": "custommer"})

    assert [str(fault) for fault in caught.value.faults] == [
        "$.stages['trail']: no account stands in 'trail': did you mean 'trial'?",
        "$.stages['trial']: no account can stand in 'custommer': did you mean 'customer'?",
    ]


def test_a_stage_that_is_gone_asks_for_a_name() -> None:
    with pytest.raises(DefinitionError, match="'trial' has no new stage; name one"):
        Migration.between(FLOW, renamed(FLOW, {"trial": "evaluation"}))


def test_definitions_that_are_not_those_of_the_migration_are_refused() -> None:
    other = attrs.evolve(FLOW, name="other")

    with pytest.raises(MigrationError, match="make one between these two"):
        Migration.between(FLOW, FLOW).state(FLOW.start, old=FLOW, new=other)


def test_a_state_of_another_definition_is_refused() -> None:
    short = attrs.evolve(FLOW, deadlines=())
    across = Migration.between(FLOW, short)

    for stray in (short.start, FLOW.start._replace(stage="elsewhere")):
        with pytest.raises(MigrationError, match="is none of 'flow'; give one"):
            across.state(stray, old=FLOW, new=short)


def test_a_state_that_the_old_definition_cannot_have_made_is_refused() -> None:
    forged = FLOW.start._replace(memory=Memory())

    with pytest.raises(DefinitionError, match=r"\$\.memory\.clocks: expected \d, but got 0"):
        Migration.between(FLOW, FLOW).state(forged, old=FLOW, new=FLOW)


def test_a_migration_to_a_stage_that_is_not_there_is_refused() -> None:
    across = Migration.between(FLOW, FLOW)
    forged = attrs.evolve(across, stages=dict.fromkeys(across.stages, "nowhere"))

    with pytest.raises(MigrationError, match="no account stands in 'nowhere'"):
        forged.state(FLOW.start, old=FLOW, new=FLOW)


def test_a_migration_goes_to_json_and_back() -> None:
    migration = Migration.between(FLOW, FLOW, {"lost": "lost"})

    assert from_json(to_json(migration), Migration) == migration


def test_an_error_survives_pickle() -> None:
    error = MigrationError("replay the same accounts")

    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301
