"""A replay of columns says of every account what a replay of it alone says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lifecycles
from cslib.days import PeriodError
from cslib.errors import DefinitionError
from cslib.journeycolumns import JourneyColumns
from cslib.journeys import Journey
from cslib.letters import OUTCOMES
from cslib.lifecycle import (
    Deadline,
    Event,
    Lifecycle,
    LogError,
    Milestone,
    Pause,
    Stage,
    Track,
    Transition,
)
from cslib.logs import counted, log_of
from cslib.rules import rule
from cslib.schemas import FactSpec, Schema
from cslib.stepping import advance, take
from cslib.tables import ColumnsError
from cslib.visits import VisitTable
from event_columns import columns_of, objects

# --------------------------------------------------------------------------------------
# What columns say, and journeys


def facts_of(accounts: Mapping[str, Any]) -> dict[str, Any]:
    known = [each or {} for each in accounts.values()]
    facts = {name: objects([each.get(name) for each in known]) for name in ("ok", "n", "limit")}
    return {"account": np.array(list(accounts), str), **facts}


def told(found: JourneyColumns, place: int) -> dict[str, Any]:
    """What columns say of one account, as plain values."""
    return {
        "stage": found.stages[found.stage[place]],
        "entered": plain(found.entered[place]),
        "days_in_stage": plain(found.days_in_stage[place]),
        "refused": int(found.refused[place]),
        "duplicates": int(found.duplicates[place]),
        "unrecorded": int(found.unrecorded[place]),
        "on_hold": bool(found.on_hold[place]),
        "deadlines": {
            name: [str(each.texts()[place])]
            + [plain(column[place]) for column in (each.start, each.due, each.met, each.waived)]
            for name, each in found.deadlines.items()
        },
        "milestones": {name: plain(column[place]) for name, column in found.milestones.items()},
        "tracks": {name: plain(column[place]) for name, column in found.tracks.items()},
    }


def plain(value: Any) -> Any:
    if value is np.ma.masked or value != value:
        return None
    found = value.item()
    return found.replace(tzinfo=dt.UTC) if isinstance(found, dt.datetime) else found


def said(journey: Journey, definition: Lifecycle) -> dict[str, Any]:
    """The same of a journey."""
    every = [track.name for stage in definition.stages for track in stage.tracks]
    tracks: dict[str, bool | None] = dict.fromkeys(every)
    open_or_done = dict.fromkeys(journey.tracks_open, False) | dict.fromkeys(
        journey.tracks_done, True
    )
    return {
        "stage": journey.stage,
        "entered": journey.visits[-1].entered,
        "days_in_stage": journey.days_in_stage,
        "refused": len(journey.refused),
        "duplicates": journey.duplicates,
        "unrecorded": journey.unrecorded,
        "on_hold": journey.on_hold,
        "deadlines": {
            each.name: [str(each.status), each.start, each.due, each.met, each.waived]
            for each in journey.deadlines
        },
        "milestones": {
            each.name: journey.milestones.get(each.name) for each in definition.milestones
        },
        "tracks": tracks | open_or_done,
    }


def outcomes(
    definition: Lifecycle,
    log: Sequence[Event],
    as_of: dt.date,
    known_at: dt.date | None,
    known: Mapping[str, Any],
) -> list[str]:
    """What became of each event, found step by step."""
    found = {id(event): "not_counted" for event in log}
    copies = [attrs.evolve(event) for event in log]  # one that stands twice is two rows
    found = {id(event): "not_counted" for event in copies}
    for account in {event.account for event in log}:
        own = [event for event in copies if event.account == account]
        own = counted(own, as_of=as_of, known_at=known_at)
        found |= {id(event): "duplicate" for event in own}
        state = definition.start
        for event in log_of(own, definition.chart.places):
            outcome = take(definition.chart, state, event, known.get(account))
            refusal = outcome.refusal
            found[id(event)] = str(refusal.reason if refusal else outcome.kind)
            state = outcome.state
        advance(definition.chart, state, as_of, known.get(account))
    return [found[id(event)] for event in copies]


def check(
    definition: Lifecycle,
    log: Sequence[Event],
    as_of: dt.date,
    known_at: dt.date | None = None,
    known: Mapping[str, Any] | None = None,
    *,
    typed: bool = False,
) -> JourneyColumns:
    """The columns of a log, which say what its journeys say."""
    journeys = definition.replay_all(log, as_of=as_of, known_at=known_at, accounts=known)
    columns = columns_of(log, typed=typed)
    accounts = None if known is None else facts_of(known)
    found = definition.replay_columns(**columns, as_of=as_of, known_at=known_at, accounts=accounts)
    assert found.accounts.tolist() == list(journeys)
    for place, journey in enumerate(journeys.values()):
        assert told(found, place) == said(journey, definition)
    codes = [OUTCOMES[code] for code in found.outcome]
    assert codes == outcomes(definition, log, as_of, known_at, known or {})
    check_visits(found, journeys, definition)
    check_facts(found, journeys)
    return found


def check_visits(
    found: JourneyColumns, journeys: Mapping[str, Journey], definition: Lifecycle
) -> None:
    table = VisitTable.of_journeys(journeys, stages=definition.chart.leaves)
    kind = found.entered.dtype
    for name in ("account", "stage"):
        assert getattr(found.visits, name).tolist() == getattr(table, name).tolist()
    for name in ("entered", "left"):
        mine, theirs = getattr(found.visits, name), getattr(table, name).astype(kind)
        assert mine.view(np.int64).tolist() == theirs.view(np.int64).tolist()
    refusals = found.visits.refusals
    assert refusals is not None
    assert [
        (account, found.stages[stage], refusals.events[event], refusals.reasons[reason])
        for account, stage, event, reason in zip(
            refusals.account, refusals.stage, refusals.event, refusals.reason, strict=True
        )
    ] == [
        (account, refusal.stage, refusal.event.name, refusal.reason)
        for account, journey in enumerate(journeys.values())
        for refusal in journey.refused
    ]


def check_facts(found: JourneyColumns, journeys: Mapping[str, Journey]) -> None:
    columns = {name: np.ma.filled(each, False) for name, each in found.facts.items()}
    for place, journey in enumerate(journeys.values()):
        for name, value in journey.facts.items():
            assert plain(columns[name][place]) == value, name


# --------------------------------------------------------------------------------------
# Any definition and any log

ACCOUNTS = ("a", "b", "c")


@given(st.data())
def test_columns_say_what_journeys_say(data: st.DataObject) -> None:
    definition = data.draw(lifecycles.definitions())
    log = data.draw(lifecycles.logs(definition, accounts=ACCOUNTS))
    as_of, known_at = data.draw(lifecycles.moments()), data.draw(st.none() | lifecycles.moments())
    names = data.draw(st.sampled_from([(), ("c", "z", "a")]))
    known = {name: data.draw(lifecycles.ACCOUNTS) for name in names} or None

    check(definition, log, as_of, known_at, known, typed=data.draw(st.booleans()))


@given(st.data())
def test_columns_say_it_of_plain_definitions_too(data: st.DataObject) -> None:
    """Without what makes an account odd, so that the columns alone have to tell."""
    guards = lifecycles.FACT_GUARDS
    definition = data.draw(lifecycles.definitions(guards=guards))
    timed = [each for each in definition.transitions if each.event or each.guard is None]
    try:
        definition = attrs.evolve(definition, pause=None, transitions=timed)
    except DefinitionError:
        assume(False)  # a guarded move by time was the only way on
    log = data.draw(lifecycles.logs(definition, accounts=ACCOUNTS))

    check(definition, log, data.draw(lifecycles.moments()), typed=data.draw(st.booleans()))


# --------------------------------------------------------------------------------------
# Rulings, each at its boundary

D = dt.date(2026, 3, 1)


def day(after: int) -> dt.date:
    return D + dt.timedelta(days=after)


def event(name: str, after: int = 0, account: str = "a", **options: Any) -> Event:
    return Event(account=account, name=name, at=day(after), **options)


def trial(**parts: Any) -> Lifecycle:
    """A trial that is paid, or lapses after 30 days."""
    given: dict[str, Any] = {
        "name": "trial",
        "initial": "lead",
        "stages": (
            *(Stage(name="lead"), Stage(name="use/trial"), Stage(name="use/paid")),
            Stage(name="gone", final=True),
        ),
        "events": ("started", "paid", "left", "waits", "resumed", "overdue", "back"),
        "transitions": (
            Transition(event="started", sources="lead", target="use/trial"),
            Transition(event="paid", sources="use/trial", target="use/paid"),
            Transition(event="left", sources="use", target="gone"),
            Transition(after="30 days", sources="use/trial", target="gone"),
        ),
    }
    return Lifecycle(**(given | parts))


def moved(definition: Lifecycle, *transitions: Transition, **parts: Any) -> Lifecycle:
    """The same with more moves."""
    return attrs.evolve(definition, transitions=(*definition.transitions, *transitions), **parts)


def due(**parts: Any) -> Deadline:
    given: dict[str, Any] = {"name": "pay", "since": "started", "by": "paid", "within": "10 days"}
    return Deadline(**(given | parts))


def test_what_is_timed_for_a_day_comes_before_the_events_of_that_day() -> None:
    on_the_day = check(trial(), [event("started"), event("paid", 30)], day(60))
    the_day_before = check(trial(), [event("started"), event("paid", 29)], day(60))

    assert on_the_day.facts["stage"].tolist() == ["gone"]
    assert the_day_before.facts["stage"].tolist() == ["use/paid"]


def test_what_happens_at_the_due_moment_is_in_time() -> None:
    definition = trial(deadlines=[due()])

    for after, status in ((10, "met"), (11, "late")):
        found = check(definition, [event("started"), event("paid", after)], day(60))
        assert found.facts["deadline_pay"].tolist() == [status]


def test_a_deadline_is_missed_on_the_day_after_it_was_due() -> None:
    definition = trial(deadlines=[due()])

    for after, status in ((10, "open"), (11, "missed")):
        found = check(definition, [event("started")], day(after))
        assert found.facts["deadline_pay"].tolist() == [status]


def test_an_end_waives_a_deadline_up_to_its_due_moment() -> None:
    definition = trial(deadlines=[due()])

    for after, status in ((10, "waived"), (11, "missed")):
        found = check(definition, [event("started"), event("left", after)], day(60))
        assert found.facts["deadline_pay"].tolist() == [status]


def test_one_event_can_meet_a_deadline_and_start_it_anew() -> None:
    definition = trial(deadlines=[due(since=("started", "use/paid"), by="use/paid")])

    found = check(definition, [event("started"), event("paid", 3)], day(4))

    assert found.deadlines["pay"].texts().tolist() == ["open"]
    assert found.deadlines["pay"].start.tolist() == [day(3)]


def test_a_mark_of_the_stage_counts_after_that_of_the_event() -> None:
    definition = trial(deadlines=[due(since="started", by="use/trial")])

    found = check(definition, [event("started")], day(0))

    assert found.deadlines["pay"].texts().tolist() == ["met"]


def test_a_limit_of_its_own_is_read_from_the_event_and_then_from_the_account() -> None:
    definition = trial(deadlines=[due(within=None, due="limit")])
    log = [
        event("started", account="a", payload={"limit": day(2)}),
        *(event("started", account=name) for name in "bc"),
    ]
    known = {"a": {"limit": day(9)}, "b": {"limit": day(9)}, "c": {}}

    found = check(definition, log, day(5), None, known)

    assert found.deadlines["pay"].texts().tolist() == ["missed", "open", "unknown"]
    assert found.odd.size == 0


def test_a_limit_that_columns_cannot_tell_makes_its_account_odd() -> None:
    definition = trial(deadlines=[due(within=None, due="terms.limit")])
    terms = objects([{"limit": day(2)}, {"limit": None}])

    found = definition.replay_columns(
        ["a", "b"], ["started"] * 2, np.array([D, D], "M8[D]"), payload={"terms": terms}, as_of=D
    )

    assert found.odd.tolist() == [0, 1]
    assert found.deadlines["pay"].due.tolist() == [day(2), None]


def test_a_date_as_limit_among_instants_holds_with_the_whole_of_its_day() -> None:
    definition = trial(deadlines=[due(within=None, due="limit")])
    at = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
    log = [Event(account="a", name="started", at=at, payload={"limit": day(2)})]

    found = check(definition, log, at.replace(day=3, hour=23))

    assert str(found.deadlines["pay"].due[0]) == "2026-03-03T23:59:59.999999"
    assert found.deadlines["pay"].texts().tolist() == ["open"]


def test_an_account_is_odd_only_if_its_breach_moves_it() -> None:
    definition = moved(
        trial(deadlines=[due(breach="overdue")]),
        Transition(event="overdue", sources="use/trial", target="gone"),
    )
    log = [
        *(event("started", account=name) for name in "abc"),
        event("paid", 10, "b"),
        event("paid", 11, "c"),
    ]

    found = check(definition, log, day(20))

    assert found.accounts[found.odd].tolist() == ["a", "c"]
    assert found.facts["stage"].tolist() == ["gone", "use/paid", "gone"]


def test_what_is_met_or_looked_at_on_its_due_day_makes_no_account_odd() -> None:
    definition = moved(
        trial(deadlines=[due(breach="overdue")]),
        Transition(event="overdue", sources="use", target="gone"),
    )
    started, met = event("started"), event("paid", 10)

    assert check(definition, [started], day(10)).odd.size == 0
    assert check(definition, [started], day(11)).odd.size == 1
    assert check(definition, [started, met], day(20)).odd.size == 0


def test_a_breach_that_nothing_takes_there_makes_nothing_odd() -> None:
    definition = moved(
        trial(deadlines=[due(breach="overdue")]),
        Transition(event="overdue", sources="use/paid", target="gone"),
    )

    found = check(definition, [event("started")], day(20))

    assert found.odd.size == 0
    assert found.deadlines["pay"].texts().tolist() == ["missed"]


def test_a_limit_that_lies_in_the_past_is_breached_at_once() -> None:
    definition = moved(
        trial(deadlines=[due(within=None, due="limit", breach="overdue")]),
        Transition(event="overdue", sources="use/trial", target="gone"),
    )

    found = check(definition, [event("started", payload={"limit": day(-9)})], day(0))

    assert found.facts["stage"].tolist() == ["gone"]


def test_an_account_that_is_on_hold_once_is_odd() -> None:
    definition = trial(pause=Pause(starts="waits", ends="resumed"))
    log = [event("started", account=name) for name in "ab"] + [event("waits", 3, "b")]

    found = check(definition, [*log, event("resumed", 2)], day(9))

    assert found.on_hold.tolist() == [False, True]
    assert found.accounts[found.odd].tolist() == ["b"]


def test_a_hold_that_begins_with_the_end_is_odd_too() -> None:
    definition = trial(pause=Pause(starts="left", ends="resumed"))

    found = check(definition, [event("started"), event("left", 3)], day(9))

    assert found.odd.tolist() == [0]


def test_a_guard_on_the_journey_makes_those_odd_who_meet_it() -> None:
    definition = moved(
        trial(),
        Transition(event="back", sources="use/paid", target="lead", guard="days_in_stage > 1"),
    )
    log = [event("started", account=name) for name in "abc"]
    log += [event("paid", 1, "b"), event("back", 3, "b"), event("back", 3, "c")]

    found = check(definition, log, day(9))

    assert found.accounts[found.odd].tolist() == ["b"]
    assert found.facts["stage"].tolist() == ["use/trial", "lead", "use/trial"]


def test_a_timed_move_with_a_guard_makes_those_odd_for_whom_it_comes_due() -> None:
    definition = trial(
        transitions=(
            Transition(event="started", sources="lead", target="use/trial"),
            Transition(event="paid", sources="use/trial", target="use/paid"),
            Transition(event="left", sources="use", target="gone"),
            Transition(after="7 days", sources="use/trial", target="gone", guard="ok"),
        )
    )
    log = [event("started", account=name) for name in "abc"] + [event("paid", 6, "b")]
    known = {"a": {"ok": True}, "b": {"ok": True}, "c": {}}

    found = check(definition, log, day(7), None, known)

    assert found.accounts[found.odd].tolist() == ["a", "c"]
    assert found.facts["stage"].tolist() == ["gone", "use/paid", "use/trial"]
    assert found.refused.tolist() == [0, 0, 1]
    assert found.visits.refusals is not None
    assert found.visits.refusals.timed.tolist() == [True]


def test_an_unknown_guard_of_higher_precedence_holds_the_lower_ones_back() -> None:
    definition = trial(
        transitions=(
            Transition(event="started", sources="lead", target="use/trial", guard="ok"),
            Transition(event="started", sources="lead", target="gone", priority=1),
            Transition(event="paid", sources="use/trial", target="use/paid"),
            Transition(event="left", sources="use", target="gone"),
        )
    )
    log = [event("started", account=name) for name in "abc"]
    known = {"a": {"ok": True}, "b": {"ok": False}, "c": {}}

    found = check(definition, log, day(0), None, known)

    assert found.facts["stage"].tolist() == ["use/trial", "gone", "lead"]
    assert [OUTCOMES[code] for code in found.outcome] == ["moved", "moved", "guard_unknown"]


def test_a_guard_that_counts_days_takes_the_day_of_the_event_for_today() -> None:
    definition = trial(
        transitions=(
            Transition(
                event="started", sources="lead", target="use/trial", guard="days_since(limit) >= 2"
            ),
            Transition(event="paid", sources="use/trial", target="use/paid"),
            Transition(event="left", sources="use", target="gone"),
        )
    )
    log = [event("started", 1), event("started", 2, "b")]
    known = {"a": {"limit": D}, "b": {"limit": D}}

    found = check(definition, log, day(9), None, known)

    assert found.facts["stage"].tolist() == ["lead", "use/trial"]
    assert found.odd.size == 0


def test_a_track_is_done_until_its_stage_is_left() -> None:
    stages = (
        *(Stage(name="lead"), Stage(name="use", tracks=[Track(name="data", done_by="back")])),
        *(Stage(name="use/trial"), Stage(name="use/paid"), Stage(name="gone", final=True)),
    )
    log = [event("started", account=name) for name in "abc"]
    log += [event("back", 1, "b"), event("paid", 2, "b"), event("back", 1, "c")]

    found = check(trial(stages=stages), [*log, event("left", 2, "c")], day(9))

    assert found.tracks["data"].tolist() == [False, True, None]
    assert found.facts["tracks_done"].tolist() == [0, 1, 0]
    assert found.facts["tracks_open"].tolist() == [1, 0, 0]


def test_a_milestone_is_the_moment_of_its_first_mark() -> None:
    definition = trial(milestones=[Milestone(name="first", by=("back", "use"))])
    log = [event("back", 2), event("started", 4), event("started", 1, "b"), event("paid", 3, "c")]

    found = check(definition, log, day(9))

    assert found.milestones["first"].tolist() == [day(2), day(1), None]


def test_a_payload_is_refused_in_every_stage() -> None:
    plan = Schema((FactSpec(name="n", kind="number"),))
    definition = trial(payloads={"paid": plan})
    log = [event("started"), event("paid", 1, payload={"n": "many"}), event("paid", 2)]

    found = check(definition, log, day(9))

    assert [OUTCOMES[code] for code in found.outcome] == ["moved", "payload", "moved"]


def test_a_payload_without_what_it_must_have_is_refused_in_columns_too() -> None:
    plan = Schema((FactSpec(name="n", kind="number", required=True),))
    definition = trial(payloads={"paid": plan})
    log = [event("started"), event("paid", 1), event("paid", 2, payload={"n": 2})]

    found = check(definition, log, day(9))

    assert [OUTCOMES[code] for code in found.outcome] == ["moved", "payload", "moved"]


def test_late_records_are_left_out_of_what_was_known() -> None:
    log = [event("started"), event("paid", 3, recorded_at=day(8))]

    found = check(trial(), log, day(9), day(7))

    assert [OUTCOMES[code] for code in found.outcome] == ["moved", "not_counted"]
    assert found.unrecorded.tolist() == [1]


def test_events_of_a_moment_are_taken_in_the_order_of_the_definition() -> None:
    found = check(trial(), [event("paid"), event("zap"), event("started")], day(0))

    assert [OUTCOMES[code] for code in found.outcome] == ["moved", "unknown_event", "moved"]


def test_of_equal_events_the_first_row_counts() -> None:
    log = [event("started"), event("started"), event("started", id="")]

    found = check(trial(), log, day(0))

    assert [OUTCOMES[code] for code in found.outcome] == ["no_transition", "duplicate", "moved"]


def test_ties_that_differ_in_their_payload_stand_in_the_order_of_its_text() -> None:
    definition = trial(
        transitions=(
            Transition(event="started", sources="lead", target="use/trial", guard="n > 1"),
            Transition(event="started", sources="lead", target="use/paid", guard="n <= 1"),
            *trial().transitions[1:],
        )
    )
    log = [event("started", payload={"n": n}) for n in (2, 1)]

    found = check(definition, log, day(0))

    assert found.facts["stage"].tolist() == ["use/paid"]


# --------------------------------------------------------------------------------------
# Few rows, and other columns


def test_an_empty_log_leaves_known_accounts_in_the_initial_stage() -> None:
    found = check(trial(deadlines=[due()]), [], day(0), None, {"b": {}, "a": {}})

    assert found.accounts.tolist() == ["b", "a"]
    assert found.facts["stage"].tolist() == ["lead", "lead"]


def test_how_many_accounts_were_replayed_one_by_one_shows() -> None:
    moves = (
        Transition(event="started", sources="lead", target="trial"),
        Transition(event="paid", sources="trial", target="paid", guard="days_in_stage > 0"),
    )
    flow = Lifecycle(
        name="flow",
        initial="lead",
        stages=(Stage(name="lead"), Stage(name="trial"), Stage(name="paid", final=True)),
        events=("started", "paid"),
        transitions=moves,
    )

    found = flow.replay_columns(
        ["a", "a", "b"],
        ["started", "paid", "started"],
        np.full(3, "2026-02-01", "datetime64[D]"),
        as_of=D,
    )

    assert repr(found) == (
        "<JourneyColumns: 2 accounts, 3 events, 1 refused, 1 replayed one by one, as of 2026-03-01>"
    )


def test_an_empty_log_of_nobody_is_empty() -> None:
    found = trial().replay_columns([], [], [], as_of=D)

    assert (found.accounts.size, found.outcome.size, found.visits.stage.size) == (0, 0, 0)
    assert repr(found) == "<JourneyColumns: 0 accounts, 0 events, 0 refused, as of 2026-03-01>"


def test_events_after_as_of_leave_their_account_where_it_was() -> None:
    found = check(trial(), [event("started", 5)], day(4))

    assert found.facts["stage"].tolist() == ["lead"]
    assert found.visits.account.tolist() == [0]


def test_whole_numbers_serve_as_accounts_and_as_places_of_events() -> None:
    at = np.array([D, D, day(1)], "datetime64[D]")

    found = trial().replay_columns(np.array([70, -5, 70]), np.array([0, 0, 1]), at, as_of=day(9))

    assert found.accounts.tolist() == [-5, 70]
    assert found.facts["stage"].tolist() == ["use/trial", "use/paid"]


def test_whole_numbers_far_apart_serve_too() -> None:
    at = np.array([D, D], "datetime64[D]")

    found = trial().replay_columns(np.array([2**62, 5]), [0, 1], at, as_of=day(9))

    assert found.accounts.tolist() == [5, 2**62]
    assert found.stage.tolist() == [0, 1]


def test_a_fact_of_a_wrong_kind_is_an_error_only_where_a_guard_meets_it() -> None:
    definition = trial(
        transitions=(
            Transition(event="started", sources="lead", target="use/trial", guard="n > 1"),
            *trial().transitions[1:],
        )
    )
    good, bad = event("started", payload={"n": 5}), event("started", 1, payload={"n": "many"})

    check(definition, [good, bad], day(9))
    with pytest.raises(LogError, match=r"account 'a'.*its guard cannot tell"):
        definition.replay_columns(**columns_of([bad]), as_of=day(9))


def test_an_id_with_two_contents_is_an_error() -> None:
    log = [event("started", id="e1"), event("paid", 3, id="e1")]

    with pytest.raises(LogError, match="the id stands twice, with another name and at"):
        trial().replay_columns(**columns_of(log), as_of=day(9))


def test_an_id_is_an_id_within_its_account() -> None:
    log = [event("started", id="e1"), event("started", 3, "b", id="e1")]

    assert check(trial(), log, day(9)).odd.size == 0


def test_what_cannot_be_reckoned_is_the_error_that_a_replay_raises() -> None:
    late = Event(account="a", name="started", at=dt.date(9999, 12, 30))
    in_hours = trial(deadlines=[due(within="5 hours")])

    with pytest.raises(PeriodError, match="9999"):
        trial().replay_columns(**columns_of([late]), as_of=dt.date.max)
    with pytest.raises(PeriodError, match="hours"):
        in_hours.replay_columns(**columns_of([event("started")]), as_of=day(9))


def test_what_cannot_be_reckoned_after_a_move_by_time_is_that_error_too() -> None:
    late = Event(account="a", name="started", at=dt.date(9999, 12, 20))
    definition = trial(
        transitions=(
            Transition(event="started", sources="lead", target="use/trial"),
            Transition(after="1 day", sources="use/trial", target="use/paid"),
            Transition(after="1 month", sources="use/paid", target="gone"),
        )
    )

    with pytest.raises(PeriodError, match="9999"):
        definition.replay([late], as_of=dt.date.max)
    with pytest.raises(PeriodError, match="9999"):
        definition.replay_columns(**columns_of([late]), as_of=dt.date.max)


def test_facts_are_ready_for_rules() -> None:
    found = check(trial(), [event("started"), event("paid", 3)], day(9))

    assert rule("stage == 'use/paid' and days_in_stage >= 6").columns(found.facts).tolist() == [
        True
    ]


def test_facts_of_accounts_may_be_series() -> None:
    definition = trial(
        transitions=(
            Transition(
                event="started", sources="lead", target="use/trial", guard="streak(2, n > 1)"
            ),
            *trial().transitions[1:],
        )
    )
    known = {"account": ["a", "b"], "n": np.array([[1, 2, 3], [2, 2, 1]])}
    log = columns_of([event("started"), event("started", account="b")])
    log["payload"] = {}

    found = definition.replay_columns(**log, as_of=D, accounts=known)

    assert found.facts["stage"].tolist() == ["use/trial", "lead"]


DAYS = np.array([D, D], "datetime64[D]")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"account": ["a"]}, "columns must be equally long, but account has 1, event has 2"),
        ({"account": [1.5, 2]}, "account holds float64: expected texts or whole numbers"),
        ({"account": [["a"], ["b"]]}, r"account: expected a column of one dimension"),
        ({"account": "ab"}, "account: expected a column, but got the str 'ab'"),
        ({"account": objects(["a", None])}, r"account\[1\] is None: expected text in each row"),
        ({"account": np.ma.array([1, 2], mask=[0, 1])}, r"account\[1\] is masked"),
        ({"event": [0, 9]}, r"event\[1\] is .*9.*: expected a place among the 7 events, 0 to 6"),
        ({"at": np.array([D, "NaT"], "M8[D]")}, r"at\[1\] is None: expected when each event"),
        ({"at": ["2026-03-01"] * 2}, "at holds <U10: expected days or instants"),
        ({"at": DAYS.astype("M8[M]")}, r"at holds datetime64\[M\]: expected days or instants"),
        ({"at": np.array([1, 2], "M8[ns]")}, r"at\[0\] is .*: expected whole microseconds"),
        ({"at": np.array([10**7, 0], "M8[D]")}, r"at\[0\] is .*: expected the years 1 to 9999"),
        ({"id": [1, 2]}, "id holds int64: expected texts, None where there is none"),
        ({"id": objects([1, "b"])}, r"id\[0\] is .*1.*: expected text, or None"),
        ({"recorded_at": [1, 2]}, "recorded_at holds int64: expected days or instants"),
        ({"recorded_at": DAYS[:1]}, "recorded_at has 1"),
        ({"payload": {"n": [1]}}, "payload 'n' has 1"),
        ({"payload": {"n": [[1], [2]]}}, "payload 'n': expected a column of one dimension"),
        ({"accounts": {"n": [1]}}, "expected a mapping of columns, one of them 'account'"),
        (
            {"accounts": {"account": ["a", "a"]}},
            r"accounts\['account'\]\[1\] is 'a', which stands there before",
        ),
        ({"accounts": {"account": [1, 2]}}, "expected texts in both, or whole numbers"),
        ({"accounts": {"account": ["a"], "n": [1, 2]}}, "columns of accounts must be equally long"),
    ],
)
def test_columns_that_cannot_be_read_are_refused(arguments: dict[str, Any], problem: str) -> None:
    given: dict[str, Any] = {"account": ["a", "b"], "event": ["started", "paid"], "at": DAYS}

    with pytest.raises(ColumnsError, match=problem):
        trial().replay_columns(**(given | arguments), as_of=day(9))
