"""The rulings on lifecycles, each worked by hand, and the laws of the step.

Everything is asked of a :class:`~cslib.lifecycle.Lifecycle`, whose step, advance and replay are
those of :mod:`cslib.stepping` over its chart.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cslib import stepping
from cslib.days import PeriodError
from cslib.documents import from_json, to_json
from cslib.lifecycle import (
    Deadline,
    Event,
    Journey,
    Lifecycle,
    LogError,
    Milestone,
    Outcome,
    OutcomeKind,
    Pause,
    RefusalReason,
    RefusedError,
    Stage,
    State,
    StateError,
    Track,
    Transition,
)
from cslib.logs import log_of
from cslib.moments import MomentError, is_by
from cslib.schemas import FactSpec, Schema
from lifecycles import ACCOUNTS, EVENTS, FIRST, PAYLOADS, definitions, fewer, logs, moments
from slow_lifecycle import slow_replay, told

D = dt.date
UTC = dt.UTC
END = D(2026, 12, 31)


def march(day: int) -> dt.date:
    return D(2026, 3, day)


def event(name: str, day: int | dt.date, **payload: Any) -> Event:
    at = march(day) if isinstance(day, int) else day
    return Event(account="a", name=name, at=at, payload=payload)


def move(what: str, sources: str | Iterable[str], target: str | None, **rest: Any) -> Transition:
    given = {"after": what} if what[0].isdigit() else {"event": what}
    return Transition(**given, sources=sources, target=target, **rest)


def flow(*moves: Transition, **parts: Any) -> Lifecycle:
    """A trial that is won or lost; each part may be given otherwise."""
    made: dict[str, Any] = {
        "name": "flow",
        "initial": "lead",
        "stages": (*map(named, ("lead", "trial", "won")), Stage(name="lost", final=True)),
        "events": ("start", "pay", "leave", "call", "hold", "resume", "back"),
        "transitions": (
            move("start", "lead", "trial"),
            move("pay", "trial", "won"),
            move("leave", ("trial", "won"), "lost"),
            *moves,
        ),
    }
    return Lifecycle(**{**made, **parts})


def named(name: str) -> Stage:
    return Stage(name=name)


def path(journey: Journey) -> list[str]:
    return [visit.stage for visit in journey.visits]


def reasons(journey: Journey) -> list[str]:
    return [each.reason.value for each in journey.refused]


# 1. Stages are paths


ONBOARDING = Lifecycle(
    name="onboarding",
    initial="sold",
    stages=(
        named("sold"),
        Stage(name="onboarding", tracks=[Track(name="papers", done_by=("filed", "data"))]),
        Stage(name="onboarding/data", tracks=[Track(name="load", done_by="loaded")]),
        named("onboarding/training"),
        named("live"),
        Stage(name="end", final=True),
        named("end/closed"),
    ),
    events=("kick_off", "data", "filed", "loaded", "trained", "stopped"),
    transitions=(
        move("kick_off", "sold", "onboarding/data"),
        move("data", "onboarding/data", "onboarding/training"),
        move("kick_off", "onboarding", "onboarding/data"),
        move("trained", "onboarding", "live", guard="tracks_open == 0"),
        move("stopped", ("onboarding", "live"), "end/closed"),
    ),
    deadlines=(
        Deadline(name="onboarded", since="onboarding", by="live", within="30 days"),
        Deadline(name="data", since="onboarding/data", by="onboarding/training", within="5 days"),
    ),
)


def test_ruling_1_a_move_of_a_parent_serves_every_stage_in_it() -> None:
    for log in (["kick_off", "stopped"], ["kick_off", "data", "stopped"]):
        journey = ONBOARDING.replay([event(n, 1 + i) for i, n in enumerate(log)], as_of=END)

        assert journey.stage == "end/closed"


def test_ruling_1_what_lies_in_a_final_parent_is_final() -> None:
    log = [event("kick_off", 1), event("stopped", 2), event("loaded", 3)]

    assert reasons(ONBOARDING.replay(log, as_of=END)) == ["after_end"]


# 2. What goes before what


FIRST_COME = ONBOARDING.stages
CHOICES = attrs.evolve(
    ONBOARDING,
    deadlines=(),
    transitions=(
        move("kick_off", "sold", "onboarding/data"),
        move("data", "onboarding", "live", priority=-9),
        move("data", "onboarding/data", "onboarding/training", guard="a", priority=2),
        move("data", "onboarding/data", "end/closed", guard="b", priority=1),
        move("trained", "onboarding", "live"),
        move("stopped", "live", "end/closed"),
    ),
)


@pytest.mark.parametrize(
    ("payload", "stage"),
    [
        ({"a": True, "b": True}, "end/closed"),  # of the inner stage, the smaller priority
        ({"a": True, "b": False}, "onboarding/training"),
        ({"a": False, "b": False}, "live"),  # then the stage around it, whatever its priority
        ({"a": False, "b": None}, "onboarding/data"),  # an unknown one holds back the rest
        ({"a": None, "b": True}, "end/closed"),
    ],
)
def test_ruling_2_the_inner_source_goes_first_then_the_smaller_priority(
    payload: dict[str, Any], stage: str
) -> None:
    log = [event("kick_off", 1), event("data", 2, **payload)]

    assert CHOICES.replay(log, as_of=END).stage == stage


def test_ruling_2_an_unknown_move_says_what_to_ask() -> None:
    log = [event("kick_off", 1), event("data", 2, a=True)]

    (refusal,) = CHOICES.replay(log, as_of=END).refused

    assert (refusal.reason, refusal.why) == (RefusalReason.GUARD_UNKNOWN, "not known: b")


SIZES = flow(
    move("call", "trial", "won", guard="seats >= 5"),
    move("call", "trial", "lost", guard="seats < 5 and cold"),
)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"seats": 5}, "won"),
        ({"seats": 4, "cold": True}, "lost"),
        ({"seats": 4, "cold": False}, "guard_false"),
        ({"seats": 4}, "guard_unknown"),
        ({"cold": False}, "guard_unknown"),
    ],
)
def test_ruling_2_moves_of_equal_precedence_exclude_one_another(
    payload: dict[str, Any], told: str
) -> None:
    journey = SIZES.replay([event("start", 1), event("call", 2, **payload)], as_of=END)

    assert (reasons(journey) or [journey.stage]) == [told]


def test_ruling_2_where_no_guard_holds_the_first_is_explained() -> None:
    log = [event("start", 1), event("call", 2, seats=4, cold=False)]

    (refusal,) = SIZES.replay(log, as_of=END).refused

    assert refusal.why == "it does not hold that seats >= 5 (seats = 4)"


def test_ruling_2_a_move_without_a_target_is_accepted_and_the_account_stays() -> None:
    calls = flow(move("call", "trial", None, effects="thank"))

    journey = calls.replay([event("start", 1), event("call", 2)], as_of=END)

    assert (path(journey), journey.refused) == (["lead", "trial"], ())
    assert [(each.name, each.event.name, each.transition) for each in journey.effects] == [
        ("thank", "call", 3)
    ]


# 3. What is accepted


MARKED = flow(
    move("back", "lost", "trial", win_back=True),
    deadlines=[Deadline(name="reply", since="start", by="call", within="9 days")],
    pause=Pause(starts="hold", ends="resume"),
    stages=(
        named("lead"),
        Stage(name="trial", tracks=[Track(name="setup", done_by="back")]),
        named("won"),
        Stage(name="lost", final=True),
    ),
)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("call", []),  # a mark
        ("back", []),  # ends a track
        ("hold", []),  # begins a hold
        ("resume", ["no_transition"]),  # there is none
        ("zapped", ["unknown_event"]),
    ],
)
def test_ruling_3_an_event_without_a_move_is_accepted_where_something_waits_for_it(
    name: str, refused: list[str]
) -> None:
    journey = MARKED.replay([event("start", 1), event(name, 2)], as_of=END)

    assert (journey.stage, reasons(journey)) == ("trial", refused)


def test_ruling_3_a_hold_begins_once_and_ends_once() -> None:
    names = ("start", "hold", "hold", "resume", "resume")
    log = [event(name, day) for day, name in enumerate(names, 1)]

    journey = MARKED.replay(log, as_of=END)

    assert reasons(journey) == ["no_transition"] * 2
    assert journey.holds == ((march(2), march(4)),)


def test_ruling_3_at_an_end_only_moves_count() -> None:
    names = ("start", "leave", "call", "hold", "pay", "zapped", "back")
    log = [event(name, day) for day, name in enumerate(names, 1)]

    journey = MARKED.replay(log, as_of=END)

    assert path(journey) == ["lead", "trial", "lost", "trial"]
    assert reasons(journey) == ["after_end"] * 3 + ["unknown_event"]
    assert journey.refused[0].allowed == ("back",)


def test_ruling_3_an_event_that_moves_accounts_elsewhere_is_no_mark_here() -> None:
    """A trial starts once: to start again is refused, though it would start the clock anew."""
    journey = MARKED.replay([event("start", 1), event("start", 3)], as_of=END)

    assert reasons(journey) == ["no_transition"]
    assert journey.deadline("reply").start == march(1)


def test_ruling_3_a_refused_event_marks_nothing() -> None:
    asked = flow(
        move("call", "trial", "won", guard="ok"),
        deadlines=[Deadline(name="reply", since="start", by="call", within="9 days")],
        milestones=[Milestone(name="called", by="call")],
    )

    journey = asked.replay([event("start", 1), event("call", 2, ok=False)], as_of=march(3))

    assert (journey.deadline("reply").status, journey.milestones) == ("open", {})


PAID = flow(payloads={"pay": Schema((FactSpec(name="amount", kind="number"),))})


@pytest.mark.parametrize(
    ("payload", "refused"),
    [({"amount": 5, "note": "x"}, []), ({}, []), ({"amount": "5"}, ["payload"])],
)
def test_ruling_3_an_event_that_carries_another_kind_is_refused(
    payload: dict[str, Any], refused: list[str]
) -> None:
    journey = PAID.replay([event("start", 1), event("pay", 2, **payload)], as_of=END)

    assert reasons(journey) == refused


def test_ruling_3_a_wrong_payload_is_refused_before_anything_else_and_says_how() -> None:
    (refusal,) = PAID.replay([event("pay", 2, amount="5")], as_of=END).refused

    assert (refusal.stage, refusal.reason) == ("lead", "payload")
    assert refusal.why == "fact 'amount': expected number, but got '5' (str)"


# 4. Time


LAPSING = flow(move("30 days", "trial", "lost", guard="not extended"))


def test_ruling_4_a_move_by_time_is_made_at_its_moment() -> None:
    log = [event("start", 1, extended=False)]
    known = {"extended": False}

    before, then = (LAPSING.replay(log, as_of=march(d), account=known) for d in (30, 31))

    assert (before.stage, then.stage) == ("trial", "lost")
    assert then.visits[-1].entered == march(31)
    assert then.visits[-1].event == Event(account="a", name="after 30 days", at=march(31))


def test_ruling_4_what_is_timed_for_a_moment_happens_before_its_events() -> None:
    known = {"extended": False}

    in_time, late = (
        LAPSING.replay([event("start", 1), event("pay", day)], as_of=END, account=known)
        for day in (30, 31)
    )

    assert (in_time.stage, late.stage) == ("won", "lost")
    assert reasons(late) == ["after_end"]


def test_ruling_4_a_move_by_time_is_tried_once_in_a_visit() -> None:
    known = {"extended": True}

    journey = LAPSING.replay([event("start", 1)], as_of=END, account=known)

    assert journey.stage == "trial"
    assert [str(each) for each in journey.refused] == [
        (
            "'after 30 days' on 2026-03-31 refused in 'trial': "
            "it does not hold that not extended (extended = True)"
        )
    ]
    assert reasons(LAPSING.replay([event("start", 1)], as_of=END)) == ["guard_unknown"]


def test_ruling_4_each_visit_tries_anew() -> None:
    again = flow(
        move("30 days", "trial", "won", guard="days_since(signed) > 60"),
        move("call", "trial", "trial"),
    )
    log = [event("start", 1), event("call", D(2026, 4, 20))]

    journey = again.replay(log, as_of=END, account={"signed": march(1)})

    assert [each.event.at for each in journey.refused] == [march(31)]
    assert (journey.stage, journey.visits[-1].entered) == ("won", D(2026, 5, 20))


def test_ruling_4_the_clock_of_a_parent_is_that_of_the_stay_in_the_stage_inside() -> None:
    slow = attrs.evolve(
        ONBOARDING,
        deadlines=(),
        transitions=(*ONBOARDING.transitions, move("10 days", "onboarding", "end/closed")),
    )

    journey = slow.replay([event("kick_off", 1), event("data", 8)], as_of=END)

    assert journey.visits[-1].entered == march(18)


def test_ruling_4_nothing_is_timed_in_the_initial_stage_before_it_is_entered_again() -> None:
    returning = flow(
        move("10 days", "lead", "lost"), move("back", "trial", "lead"), move("call", "lead", None)
    )
    waiting = returning.replay([event("call", 1)], as_of=END)
    back = returning.replay([event("start", 1), event("back", 2)], as_of=END)

    assert (waiting.stage, back.stage) == ("lead", "lost")
    assert back.visits[-1].entered == march(12)


def test_ruling_4_moves_by_time_follow_one_another() -> None:
    chain = flow(move("10 days", "trial", "won"), move("1 month", "won", "lost"))

    journey = chain.replay([event("start", 1)], as_of=END)

    assert [visit.entered for visit in journey.visits] == [
        None,
        march(1),
        march(11),
        D(2026, 4, 11),
    ]


BREACHED = flow(
    deadlines=[
        Deadline(name="reply", since="start", by="call", within="10 days", breach="leave"),
    ]
)


def test_ruling_4_what_happens_on_the_due_day_is_in_time_and_a_breach_comes_a_day_later() -> None:
    met, missed = (
        BREACHED.replay([event("start", 1), event("call", day)], as_of=END) for day in (11, 12)
    )

    assert (met.stage, met.deadline("reply").status) == ("trial", "met")
    assert (missed.stage, missed.deadline("reply").status) == ("lost", "missed")
    assert missed.visits[-1].entered == march(12)
    assert reasons(missed) == ["after_end"]


def test_ruling_4_a_breach_of_an_instant_comes_a_microsecond_later() -> None:
    start = dt.datetime(2026, 3, 1, 9, tzinfo=UTC)

    journey = BREACHED.replay([event("start", start)], as_of=END)

    assert journey.visits[-1].entered == dt.datetime(2026, 3, 11, 9, 0, 0, 1, tzinfo=UTC)


def test_ruling_4_a_breach_that_nothing_takes_is_no_refusal() -> None:
    journey = BREACHED.replay([event("start", 1), event("pay", 2), event("leave", 3)], as_of=END)
    unheard = attrs.evolve(BREACHED, transitions=(*BREACHED.transitions, move("back", "won", None)))
    unheard = attrs.evolve(unheard, deadlines=[attrs.evolve(BREACHED.deadlines[0], breach="back")])

    assert journey.refused == ()
    assert unheard.replay([event("start", 1)], as_of=END).refused == ()


def test_ruling_4_a_breach_whose_guard_does_not_hold_is_refused() -> None:
    guarded = attrs.evolve(
        BREACHED,
        transitions=(
            *BREACHED.transitions[:2],
            move("leave", "trial", "lost", guard="cold"),
            move("leave", "won", "lost"),
        ),
    )

    journey = guarded.replay([event("start", 1)], as_of=END, account={"cold": False})

    assert [(each.event.name, each.event.at) for each in journey.refused] == [("leave", march(12))]


def test_ruling_4_of_one_moment_breaches_come_before_moves_by_time() -> None:
    both = attrs.evolve(
        BREACHED, transitions=(*BREACHED.transitions, move("11 days", "trial", "won"))
    )

    assert both.replay([event("start", 1)], as_of=END).stage == "lost"


def test_ruling_4_time_passes_up_to_as_of() -> None:
    state = LAPSING.step(LAPSING.start, event("start", 1)).state
    known = {"extended": False}

    waits = LAPSING.advance(state, march(30), account=known)
    moves = LAPSING.advance(state, dt.datetime(2026, 3, 31, 8, tzinfo=UTC), account=known)

    assert (waits.kind, waits.state) == (OutcomeKind.STAYED, state)
    assert (moves.kind, moves.state.stage) == (OutcomeKind.MOVED, "lost")


# 5. Deadlines


REPLY = flow(
    move("call", "won", None),
    deadlines=[
        Deadline(
            name="reply", since=("start", "back"), by="call", within="10 days", waived_by="hold"
        )
    ],
)


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ([], "not_started"),
        ([("call", 1)], "not_started"),  # before the start it means nothing
        ([("start", 1)], "missed"),
        ([("start", 25)], "open"),
        ([("start", 1), ("call", 11)], "met"),
        ([("start", 1), ("call", 12)], "late"),
        ([("start", 1), ("hold", 5)], "waived"),
        ([("start", 1), ("hold", 15)], "waived"),  # after it was due too
        ([("start", 1), ("hold", 5), ("call", 6)], "waived"),  # the first of both
        ([("start", 1), ("call", 5), ("hold", 6)], "met"),
        ([("start", 1), ("back", 9), ("call", 19)], "met"),  # started anew
        ([("start", 1), ("call", 5), ("back", 25)], "open"),
        ([("start", 1), ("leave", 11)], "waived"),  # the end, while it was open
        ([("start", 1), ("leave", 12)], "missed"),  # and after
    ],
)
def test_ruling_5_a_deadline_stands_as_its_marks_say(log: list[tuple[str, int]], told: str) -> None:
    journey = REPLY.replay([event(*each) for each in log], as_of=march(31))

    assert journey.deadline("reply").status == told


def test_ruling_5_the_stage_and_the_parents_that_were_not_occupied_are_marked() -> None:
    log = [event("kick_off", 1), event("data", 3), event("kick_off", 9)]

    journey = ONBOARDING.replay(log, as_of=march(10))

    assert journey.deadline("onboarded").start == march(1)  # the inner moves do not enter it
    assert journey.deadline("data").start == march(9)


def test_ruling_5_one_event_can_meet_a_deadline_and_start_it_anew() -> None:
    cycle = flow(deadlines=[Deadline(name="visit", since="call", by="call", within="30 days")])
    log = [event("start", 1), event("call", 2), event("call", 9)]

    state = cycle.replay(log, as_of=march(20)).deadline("visit")

    assert (state.status, state.start, state.due) == ("open", march(9), D(2026, 4, 8))


def test_ruling_5_a_deadline_that_the_end_itself_starts_is_not_waived_by_it() -> None:
    regained = flow(
        move("back", "lost", "trial", win_back=True),
        deadlines=[Deadline(name="regained", since="lost", by="back", within="30 days")],
    )
    log = [event("start", 1), event("leave", 2)]

    assert regained.replay(log, as_of=march(3)).deadline("regained").status == "open"


def test_ruling_5_a_milestone_is_the_first_of_its_marks() -> None:
    reached = flow(milestones=[Milestone(name="talk", by=("call", "won"))])
    log = [event("start", 1), event("pay", 4), event("call", 9)]

    assert reached.replay(log, as_of=END).milestones == {"talk": march(4)}


# 6. Holds


PAUSED = flow(
    move("30 days", "trial", "lost", pauses=True),
    move("60 days", "trial", "won"),
    deadlines=[
        Deadline(name="reply", since="start", by="call", within="10 days", pauses=True),
    ],
    pause=Pause(starts="hold", ends="resume"),
)


def test_ruling_6_a_hold_moves_what_stands_still_by_its_length() -> None:
    log = [event("start", 1), event("hold", 5), event("resume", 12)]

    journey = PAUSED.replay(log, as_of=END)

    assert journey.deadline("reply").due == march(18)
    assert (journey.stage, journey.visits[-1].entered) == ("lost", D(2026, 4, 7))


def test_ruling_6_in_a_hold_that_lasts_only_clocks_that_do_not_pause_go_on() -> None:
    log = [event("start", 1), event("hold", 5)]

    early, late = (PAUSED.replay(log, as_of=as_of) for as_of in (D(2026, 4, 29), D(2026, 4, 30)))

    assert (early.stage, early.on_hold, early.deadline("reply").due) == ("trial", True, None)
    assert early.deadline("reply").status == "open"
    assert late.stage == "won"


def test_ruling_6_an_end_ends_the_hold() -> None:
    log = [event("start", 1), event("hold", 5), event("leave", 9)]

    journey = PAUSED.replay(log, as_of=END)

    assert journey.holds == ((march(5), march(9)),)
    assert not journey.on_hold


def test_ruling_6_one_event_may_begin_and_end_holds_by_turns() -> None:
    toggled = attrs.evolve(PAUSED, pause=Pause(starts="hold", ends="hold"))
    log = [event("start", 1), event("hold", 5), event("hold", 12)]

    assert toggled.replay(log, as_of=march(13)).holds == ((march(5), march(12)),)


# Tracks


def test_tracks_are_done_by_their_events_and_each_visit_begins_them_anew() -> None:
    log = [event("kick_off", 1), event("loaded", 2)]
    first = ONBOARDING.replay(log, as_of=END)
    again = ONBOARDING.replay([*log, event("data", 3), event("kick_off", 4)], as_of=END)

    assert (first.tracks_done, first.tracks_open) == (("load",), ("papers",))
    assert (again.tracks_done, again.tracks_open) == (("papers",), ("load",))


def test_the_tracks_of_a_parent_go_on_while_the_account_is_in_it() -> None:
    log = [event("kick_off", 1), event("filed", 2), event("data", 3), event("trained", 4)]

    assert ONBOARDING.replay(log[:3], as_of=END).tracks_done == ("papers",)
    assert ONBOARDING.replay(log, as_of=END).stage == "live"
    assert reasons(ONBOARDING.replay([log[0], log[3]], as_of=END)) == ["guard_false"]


def test_an_event_that_moves_inside_a_parent_ends_its_tracks_too() -> None:
    log = [event("kick_off", 1), event("data", 3)]  # data ends the papers, and moves

    assert ONBOARDING.replay(log, as_of=END).tracks_done == ("papers",)


# 8. Facts


def test_ruling_8_a_guard_reads_the_payload_then_the_journey_then_the_account() -> None:
    asked = flow(move("call", "trial", "won", guard="stage == 'x'"))
    account = {"stage": "x"}

    own, told = (
        asked.replay([event("start", 1), event("call", 2, **payload)], as_of=END, account=account)
        for payload in ({}, {"stage": "x"})
    )

    assert (own.stage, told.stage) == ("trial", "won")


@pytest.mark.parametrize(
    ("guard", "holds"),
    [
        ("stage == 'trial'", True),
        ("days_in_stage == 8", True),
        ("events_refused == 1", True),
        ("on_hold", True),
        ("tracks_open == 1 and tracks_done == 0 and not done_setup", True),
        ("deadline_reply == 'open' and due_reply == date('2026-03-10')", True),
        ("milestone_begun == date('2026-03-01')", True),
        ("is_missing(milestone_won)", True),
        ("stage == 'won'", False),
    ],
)
def test_ruling_8_a_guard_reads_the_journey_as_of_the_event(guard: str, holds: bool) -> None:
    asked = attrs.evolve(
        MARKED,
        transitions=(*MARKED.transitions, move("call", "trial", "won", guard=guard)),
        milestones=[Milestone(name="begun", by="start"), Milestone(name="won", by="won")],
    )
    log = [event("start", 1), event("zapped", 2), event("hold", 3), event("call", 9)]

    assert (asked.replay(log, as_of=END).stage == "won") == holds


def test_ruling_8_an_account_may_be_a_function_of_the_moment() -> None:
    sized = flow(move("call", "trial", "won", guard="seats >= 5"))

    def seats(moment: dt.date) -> dict[str, int]:
        return {"seats": 5 if moment >= march(3) else 4}

    journey = sized.replay(
        [event("start", 1), event("call", 2), event("call", 3)], as_of=END, account=seats
    )

    assert (journey.stage, reasons(journey)) == ("won", ["guard_false"])


# One at a time


def reason(outcome: Outcome) -> RefusalReason:
    assert outcome.refusal is not None
    return outcome.refusal.reason


def allowed(outcome: Outcome) -> tuple[str, ...]:
    assert outcome.refusal is not None
    return outcome.refusal.allowed


def test_a_step_tells_what_time_did_before_the_event() -> None:
    state = LAPSING.step(LAPSING.start, event("start", 1)).state

    outcome = LAPSING.step(state, event("pay", D(2026, 5, 1)), account={"extended": False})

    assert [move.target for _, move in outcome.moves] == ["lost"]
    assert outcome.refusal is not None
    assert (outcome.kind, outcome.refusal.reason) == (OutcomeKind.REFUSED, "after_end")


def test_a_step_refuses_what_was_taken_already_and_what_is_older() -> None:
    calls = flow(move("call", "trial", None))
    state = calls.step(calls.start, event("start", 2)).state

    again, older, other = (
        calls.step(state, each) for each in (event("start", 2), event("call", 1), event("call", 2))
    )

    assert again.refusal is not None
    assert older.refusal is not None
    assert (again.refusal.reason, older.refusal.reason) == ("duplicate", "out_of_order")
    assert again.state is older.state is state
    assert other.kind is OutcomeKind.STAYED


def test_whatever_was_taken_at_a_moment_is_a_duplicate_at_that_moment() -> None:
    calls = flow(move("call", "trial", None))
    state = calls.start
    for taken in (event("start", 2), event("call", 2), event("zapped", 2)):
        state = calls.step(state, taken).state

    for again in (event("start", 2), event("call", 2), event("zapped", 2)):
        assert reason(calls.step(state, again)) is RefusalReason.DUPLICATE

    later = calls.step(state, event("call", 3)).state
    assert later.beside == ()
    assert reason(calls.step(later, event("start", 2))) is RefusalReason.OUT_OF_ORDER


@pytest.mark.parametrize(
    ("change", "unlike"),
    [
        ({"name": "pay"}, "name"),
        ({"payload": {"amount": 90}}, "payload"),
        ({"recorded_at": march(4)}, "recorded_at"),
    ],
)
def test_an_id_that_stands_for_another_event_of_its_moment_is_refused_as_in_a_replay(
    change: dict[str, Any], unlike: str
) -> None:
    calls = flow(move("call", "trial", None))
    taken = [attrs.evolve(event(each, 2), id=each) for each in ("start", "call", "zapped")]
    state = calls.state_of(taken, as_of=march(2))
    other = attrs.evolve(taken[1], **change)
    problem = f"event 'call': the id stands twice, with another {unlike}; keep the right one"

    with pytest.raises(LogError, match=problem):
        calls.step(state, other)
    with pytest.raises(LogError, match=problem):
        calls.replay([*taken, other], as_of=END)


def test_two_events_of_one_moment_that_say_the_same_under_two_ids_are_both_taken() -> None:
    calls = flow(move("call", "trial", None))
    called = event("call", 2)
    state = calls.state_of([event("start", 2), called], as_of=march(2))

    assert calls.step(state, attrs.evolve(called, id="e2")).kind is OutcomeKind.STAYED


def test_an_event_that_ranks_before_one_of_its_moment_is_out_of_order() -> None:
    calls = flow(move("call", "trial", None), move("call", "won", None))
    taken = [event("start", 1), event("call", 2)]
    state = calls.state_of(taken, as_of=END)

    outcome = calls.step(state, event("pay", 2))  # pay stands before call in the definition

    assert reason(outcome) is RefusalReason.OUT_OF_ORDER
    assert outcome.state is state
    anew = calls.state_of([*taken, event("pay", 2)], as_of=END)
    assert (anew.stage, anew.last) == ("won", event("call", 2))


def test_an_event_that_the_definition_does_not_have_holds_no_other_of_its_moment_back() -> None:
    state = flow().step(flow().start, event("zapped", 2)).state

    assert flow().step(state, event("start", 2)).state.stage == "trial"


def test_what_time_did_at_a_moment_stands_in_the_way_of_no_event_of_it() -> None:
    state = BREACHED.step(BREACHED.start, event("start", 1)).state
    state = BREACHED.advance(state, march(12)).state  # "leave", by the breach

    assert reason(BREACHED.step(state, event("start", 12))) is RefusalReason.AFTER_END
    assert BREACHED.step(state, event("start", 12)).state.beside == ()


def test_a_state_of_another_definition_is_refused_whatever_is_asked() -> None:
    other = flow(move("call", "trial", None))
    state = other.step(other.start, event("start", 1)).state

    for asked in (
        lambda: flow().step(state, event("pay", 2)),
        lambda: flow().advance(state, march(2)),
        lambda: flow().possible(state, at=march(2)),
    ):
        with pytest.raises(StateError, match="make a Migration") as caught:
            asked()
        assert caught.value.made_by == other.fingerprint

    with pytest.raises(StateError, match="by no definition that it names"):
        flow().advance(State("trial"), march(2))


def test_a_state_says_the_definition_that_made_it_in_json_too() -> None:
    state = flow().step(flow().start, event("start", 1)).state
    state = flow().step(state, event("pay", 1)).state

    again = from_json(to_json(state), State)

    assert again == state
    assert (again.definition, again.beside) == (flow().fingerprint, (event("start", 1),))
    assert flow().step(again, event("leave", 2)).state.stage == "lost"


def test_a_state_is_small() -> None:
    state = flow().step(flow().start, event("start", 1)).state

    assert sys.getsizeof(state) <= 200


def test_the_state_of_a_log_knows_what_was_taken_at_its_last_moment() -> None:
    taken = [event("pay", 2), event("start", 2)]  # in the order in which they came

    state = flow().state_of(taken, as_of=END)

    assert (state.stage, state.last, state.beside) == ("won", taken[0], (taken[1],))
    assert flow().state_of([], as_of=END) == flow().start
    assert flow().state_of(taken, as_of=march(1)) == flow().start


def test_a_hold_that_does_not_apply_is_neither_possible_nor_allowed() -> None:
    calls = flow(pause=Pause(starts="hold", ends="resume"))
    state = calls.step(calls.start, event("start", 1)).state

    free = calls.step(state, event("resume", 2))
    held = calls.step(calls.step(state, event("hold", 2)).state, event("hold", 3))

    assert str(free.refusal).endswith("refused in 'trial': not on hold")
    assert str(held.refusal).endswith("refused in 'trial': on hold already")
    assert allowed(free) == ("pay", "leave", "hold")
    assert allowed(held) == ("pay", "leave", "resume")
    assert "resume" not in {each.event for each in calls.possible(state, at=march(2))}
    assert "hold" not in {each.event for each in calls.possible(held.state, at=march(4))}


def test_what_time_makes_is_not_told_as_possible() -> None:
    state = BREACHED.step(BREACHED.start, event("start", 1)).state

    assert "leave" not in {each.event for each in BREACHED.possible(state, at=march(2))}


REASONED = {
    "leave": Schema(
        (
            FactSpec(name="reason", kind="text", values=("price", "shut"), required=True),
            FactSpec(name="note", kind="text"),
        )
    )
}


def test_an_event_without_what_its_payload_must_have_is_refused() -> None:
    left = flow(payloads=REASONED)
    state = left.step(left.start, event("start", 1)).state

    bare, told = (left.step(state, event("leave", 2, **each)) for each in ({}, {"reason": "shut"}))

    assert str(bare.refusal).endswith("reason: it is required; give one of 'price', 'shut'")
    assert (reason(bare), told.state.stage) == (RefusalReason.PAYLOAD, "lost")


def test_what_must_be_in_a_payload_is_asked_for_with_its_values_where_the_event_may_happen() -> (
    None
):
    left = flow(payloads=REASONED)
    state = left.step(left.start, event("start", 1)).state

    asked, too_early = (
        next(each for each in left.possible(state, at=march(2)) if each.event == "leave")
        for state in (state, left.start)
    )

    assert str(asked) == "leave: asks for reason ('price' or 'shut')"
    assert (asked.missing, dict(asked.values)) == (("reason",), {"reason": ("price", "shut")})
    assert too_early.missing == ()
    assert str(too_early).startswith("leave: refused, no such transition")


def test_what_a_payload_must_have_and_what_a_guard_lacks_are_asked_for_together() -> None:
    left = flow(move("call", "trial", "lost", guard="agreed"), payloads={"call": REASONED["leave"]})
    state = left.step(left.start, event("start", 1)).state

    asked = next(each for each in left.possible(state, at=march(2)) if each.event == "call")

    assert asked.missing == ("reason", "agreed")


def test_an_event_after_one_of_the_same_name_that_time_made_is_no_duplicate() -> None:
    state = BREACHED.step(BREACHED.start, event("start", 1)).state
    state = BREACHED.advance(state, march(12)).state  # the breach: "leave" on March 12

    outcome = BREACHED.step(state, event("leave", 12))

    assert outcome.refusal is not None
    assert outcome.refusal.reason is RefusalReason.AFTER_END
    assert state.last == event("start", 1)


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        (Event(account="b", name="pay", at=march(3)), "the state is that of account 'a'"),
        (event("pay", dt.datetime(2026, 3, 3, tzinfo=UTC)), "a log holds dates or instants"),
    ],
)
def test_a_step_refuses_to_mix_accounts_or_kinds_of_moments(other: Event, problem: str) -> None:
    state = LAPSING.step(LAPSING.start, event("start", 2)).state

    with pytest.raises(LogError, match=problem):
        LAPSING.step(state, other)


def test_a_guard_of_a_move_by_time_that_meets_the_wrong_kind_names_the_move() -> None:
    with pytest.raises(LogError, match="after 30 days on 2026-03-31"):
        LAPSING.replay([event("start", 1)], as_of=END, account={"extended": "no"})


def test_a_strict_replay_raises_at_the_first_refusal() -> None:
    log = [event("start", 1), event("call", 2), event("zapped", 3)]

    with pytest.raises(RefusedError, match="account 'a': 'call' on 2026-03-02 refused in 'trial'"):
        flow().replay(log, as_of=END, strict=True)

    assert flow().replay(log[:1], as_of=END, strict=True).stage == "trial"
    assert flow().replay(log, as_of=march(1), strict=True).stage == "trial"


def test_what_is_possible_is_told_of_each_event() -> None:
    state = SIZES.step(SIZES.start, event("start", 1)).state

    told = {each.event: str(each) for each in SIZES.possible(state, at=march(2))}

    assert list(told) == list(SIZES.events)
    assert told["pay"] == "pay: leads to won"
    assert told["call"] == "call: asks for seats"
    assert told["hold"].startswith("hold: refused, no such transition; allowed there: pay,")


def test_what_is_possible_looks_at_the_account_and_at_time() -> None:
    state = SIZES.step(SIZES.start, event("start", 1)).state

    told = {each.event: each for each in SIZES.possible(state, at=march(2), account={"seats": 9})}
    lapsed = LAPSING.possible(
        LAPSING.step(LAPSING.start, event("start", 1)).state, at=END, account={"extended": False}
    )

    assert told["call"].target == "won"
    assert {each.refusal.reason for each in lapsed if each.refusal} == {"after_end"}


def test_before_the_last_event_nothing_is_possible() -> None:
    state = SIZES.step(SIZES.start, event("start", 5)).state

    told = SIZES.possible(state, at=march(4))

    assert {each.refusal.reason for each in told if each.refusal} == {"out_of_order"}


def test_what_is_possible_is_asked_of_a_moment() -> None:
    with pytest.raises(MomentError, match=r"^at: expected a date or an aware datetime"):
        SIZES.possible(SIZES.start, at="2026-03-01")  # type: ignore[arg-type]


def test_at_the_start_what_leads_out_of_the_initial_stage_is_possible() -> None:
    told = SIZES.possible(SIZES.start, at=march(1))

    assert [each.event for each in told if not each.refusal] == ["start"]


# Laws


@fewer
@given(st.data(), definitions(), moments(), ACCOUNTS)
def test_a_replay_is_what_a_slow_plain_reading_of_the_rulings_is(
    data: st.DataObject, definition: Lifecycle, as_of: dt.date, account: Any
) -> None:
    log = [each for each in data.draw(logs(definition)) if each.id is not None]

    journey = definition.replay(log, as_of=as_of, account=account)

    assert told(journey) == slow_replay(definition, log, as_of, account)


def fold(
    definition: Lifecycle, log: Iterable[Event], as_of: dt.date, account: Any
) -> list[Outcome]:
    outcomes, state = [], definition.start
    for each in log:
        outcomes.append(definition.step(state, each, account=account))
        state = outcomes[-1].state
    return [*outcomes, definition.advance(state, as_of, account=account)]


PLAIN = Lifecycle(
    name="plain",
    initial="trial",
    stages=[Stage(name="trial"), Stage(name="customer"), Stage(name="left", final=True)],
    events=["paid", "noted", "stopped"],
    transitions=[
        Transition(event="paid", sources="trial", target="customer", effects="welcome"),
        Transition(event="noted", sources=["trial", "customer"]),
        Transition(event="stopped", sources=["trial", "customer"], target="left"),
    ],
)


@given(
    st.lists(
        st.builds(
            Event,
            account=st.sampled_from("aaaab"),
            name=st.sampled_from(["paid", "noted", "stopped", "unknown"]),
            at=st.integers(0, 5).map(lambda day: FIRST + dt.timedelta(days=day))
            | st.just(dt.datetime(2026, 3, 1, tzinfo=dt.UTC)),
        ),
        max_size=6,
    )
)
def test_the_quick_way_of_a_plain_move_gives_what_the_general_step_gives(log: list[Event]) -> None:
    def given_by(step: Callable[[], Outcome]) -> Outcome | str:
        try:
            return step()
        except LogError as error:
            return str(error)

    state = PLAIN.start
    for event in log:
        quick = given_by(lambda: PLAIN.step(state, event))  # noqa: B023 - called at once
        assert quick == given_by(lambda: stepping.step(PLAIN.chart, state, event))  # noqa: B023
        state = quick.state if isinstance(quick, Outcome) else state


@fewer
@given(st.data(), definitions(), moments(), ACCOUNTS)
def test_a_replay_is_the_steps_over_the_log_in_order_and_what_time_does_then(
    data: st.DataObject, definition: Lifecycle, as_of: dt.date, account: Any
) -> None:
    given_log = data.draw(logs(definition))
    log = log_of([e for e in given_log if is_by(e.at, as_of)], definition.chart.places)

    journey = definition.replay(given_log, as_of=as_of, account=account)
    outcomes = fold(definition, log, as_of, account)

    moves = [made for outcome in outcomes for made in outcome.moves if made[1].target is not None]
    refusals = [each for outcome in outcomes for each in outcome.refusals]
    effects = [each for outcome in outcomes for each in outcome.effects]
    assert path(journey)[1:] == [move.target for _, move in moves]
    assert [visit.event for visit in journey.visits[1:]] == [event for event, _ in moves]
    assert (list(journey.refused), list(journey.effects)) == (refusals, effects)
    assert journey.holds == outcomes[-1].state.memory.holds
    assert definition.state_of(given_log, as_of=as_of, account=account) == outcomes[-1].state


@fewer
@given(st.data(), definitions(), ACCOUNTS)
def test_to_look_in_between_changes_nothing(
    data: st.DataObject, definition: Lifecycle, account: Any
) -> None:
    """Advancing to each event before it is taken is what the step does anyway."""
    log = log_of(data.draw(logs(definition)), definition.chart.places)
    looked = plain = definition.start
    for each in log:
        looked = definition.advance(looked, each.at, account=account).state
        looked = definition.step(looked, each, account=account).state
        plain = definition.step(plain, each, account=account).state

    assert looked == plain


@fewer
@given(st.data(), definitions(), moments(), ACCOUNTS)
def test_time_in_a_journey_never_goes_back(
    data: st.DataObject, definition: Lifecycle, as_of: dt.date, account: Any
) -> None:
    journey = definition.replay(data.draw(logs(definition)), as_of=as_of, account=account)

    entered = [visit.entered for visit in journey.visits[1:]]
    refused = [each.event.at for each in journey.refused]
    assert entered == sorted(entered)  # type: ignore[type-var]
    assert refused == sorted(refused)
    for visit, following in zip(journey.visits, journey.visits[1:], strict=False):
        assert visit.left == following.entered
    assert all(is_by(moment, as_of) for moment in (*refused, *entered) if moment)


# Any way through


@settings(max_examples=25, stateful_step_count=20)
class Walking(RuleBasedStateMachine):
    """Steps and looks in any order agree with one replay of all that was taken."""

    @initialize(definition=definitions(), account=ACCOUNTS)
    def begin(self, definition: Lifecycle, account: Any) -> None:
        self.definition, self.account = definition, account
        self.state: State = definition.start
        self.now = FIRST
        self.log: list[Event] = []
        self.stages = [definition.initial]
        self.refused = 0

    def keep(self, outcome: Outcome) -> None:
        self.stages += [move.target for _, move in outcome.moves if move.target is not None]
        self.refused += len(outcome.refusals)
        self.state = outcome.state

    @rule(name=st.sampled_from(EVENTS), days=st.integers(0, 9), payload=st.sampled_from(PAYLOADS))
    def happens(self, name: str, days: int, payload: Any) -> None:
        """A day later than what came before; of one day, replay has an order of its own."""
        self.now += dt.timedelta(days=days + 1)
        new = Event(account="a", name=name, at=self.now, payload=payload)
        self.keep(self.definition.step(self.state, new, account=self.account))
        self.log.append(new)

    @rule(days=st.integers(0, 40))
    def passes(self, days: int) -> None:
        self.now += dt.timedelta(days=days)
        self.keep(self.definition.advance(self.state, self.now, account=self.account))

    @precondition(lambda self: self.log)
    @rule(place=st.integers(0, 99))
    def comes_again(self, place: int) -> None:
        again = self.log[place % len(self.log)]
        outcome = self.definition.step(self.state, again, account=self.account)

        assert outcome.state is self.state
        assert outcome.refusal is not None
        last = again is self.log[-1]
        assert outcome.refusal.reason == ("duplicate" if last else "out_of_order")

    @rule()
    def is_asked_what_is_possible(self) -> None:
        now = self.now + dt.timedelta(days=1)
        for each in self.definition.possible(self.state, at=now, account=self.account):
            new = Event(account="a", name=each.event, at=now)
            outcome = self.definition.step(self.state, new, account=self.account)
            refusal = None if outcome.refusal is None else outcome.refusal.reason
            moved = outcome.kind is OutcomeKind.MOVED
            assert each.kind is outcome.kind
            assert each.target == (outcome.state.stage if moved else None)
            assert (each.refusal.reason if each.refusal else None) == refusal
            assert bool(each.missing) <= (refusal == "guard_unknown")

    @invariant()
    def agrees_with_a_replay(self) -> None:
        if not hasattr(self, "log"):
            return
        journey = self.definition.replay(self.log, as_of=self.now, account=self.account)
        outcome = self.definition.advance(self.state, self.now, account=self.account)
        moved = [move.target for _, move in outcome.moves if move.target is not None]
        assert path(journey) == [*self.stages, *moved]
        assert len(journey.refused) == self.refused + len(outcome.refusals)
        assert journey.holds == outcome.state.memory.holds


TestWalking = Walking.TestCase


# What time does comes to an end


def own_limit(**more: Any) -> Lifecycle:
    """A limit that each account has of its own, whose breach enters the stage that starts it."""
    return Lifecycle(
        name="bills",
        initial="a",
        stages=(Stage(name="a"), Stage(name="b"), Stage(name="z", final=True)),
        events=("go", "late", "end"),
        transitions=(
            move("go", "a", "b"),
            move("end", "b", "z"),
            move("late", "b", "b", guard="days_in_stage >= 0"),
        ),
        deadlines=(Deadline(name="pay", since="b", by="end", due="pay_by", breach="late"),),
        **more,
    )


def test_a_breach_that_starts_its_own_clock_again_and_again_at_one_moment_is_refused() -> None:
    with pytest.raises(LogError) as raised:
        own_limit().replay([event("go", 9)], as_of=END, account={"pay_by": march(1)})

    assert (raised.value.account, raised.value.event) == ("a", "late on 2026-03-09")
    assert raised.value.problem == (
        "time comes to no end at 2026-03-09: the breach 'late' of the deadline 'pay' starts clocks "
        "anew whose limits have passed; leave it, and the stages that it leads to, out of since=, "
        "or give limits that lie ahead"
    )


def test_a_breach_may_start_its_own_clock_anew_where_the_next_limit_lies_ahead() -> None:
    journey = own_limit().replay(
        [event("go", 9)],
        as_of=march(20),
        account=lambda at: {"pay_by": at + dt.timedelta(days=2)},
    )

    assert [visit.entered for visit in journey.visits] == [None, *map(march, (9, 12, 15, 18))]


def test_ruling_5_an_end_waives_a_deadline_whose_limit_is_not_known() -> None:
    log = [event("go", 9), event("end", 12)]
    definition = attrs.evolve(
        own_limit(),
        deadlines=(Deadline(name="pay", since="b", by="late", due="pay_by"),),
    )

    assert definition.replay(log[:1], as_of=END).deadline("pay").status == "unknown"
    assert definition.replay(log, as_of=END).deadline("pay").status == "waived"


def test_ruling_5_a_date_as_limit_among_instants_holds_with_the_whole_of_its_day() -> None:
    going = Event(account="a", name="go", at=dt.datetime(2026, 3, 1, 9, tzinfo=UTC))

    journey = own_limit().replay([going], as_of=march(2), account={"pay_by": march(3)})

    assert journey.deadline("pay").due == dt.datetime(2026, 3, 3, 23, 59, 59, 999999, tzinfo=UTC)


# The last moment that there is


def till(limit: str, *, at: dt.date, due: dt.date, as_of: dt.date) -> Journey:
    """An account with a limit of its own, on hold for ten days from the day after it began."""
    definition = attrs.evolve(
        own_limit(),
        events=("go", "late", "end", "hold", "on"),
        deadlines=(
            Deadline(name="pay", since="b", by="end", due=limit, breach="late", pauses=True),
        ),
        pause=Pause(starts="hold", ends="on"),
    )
    days = dt.timedelta(days=1)
    log = [event("go", at), event("hold", at + days), event("on", at + 11 * days)]
    return definition.replay(log, as_of=as_of, account={"pay_by": due})


@pytest.mark.parametrize("due", [D.max, dt.datetime.max.replace(tzinfo=UTC)])
def test_a_limit_at_the_last_moment_is_never_passed(due: dt.date) -> None:
    at = dt.datetime(2026, 3, 1, tzinfo=UTC) if isinstance(due, dt.datetime) else march(1)

    journey = till("pay_by", at=at, due=due, as_of=due)

    assert (str(journey.deadline("pay").status), journey.deadline("pay").due) == ("open", due)
    assert len(journey.visits) == 2


def test_a_limit_that_a_hold_puts_off_beyond_the_last_moment_is_none() -> None:
    journey = till("pay_by", at=D(9999, 12, 1), due=D(9999, 12, 29), as_of=D.max)

    assert journey.deadline("pay").due == D.max


def test_a_move_that_a_hold_puts_off_beyond_the_last_moment_is_refused() -> None:
    definition = attrs.evolve(
        own_limit(),
        events=("go", "late", "end", "hold", "on"),
        transitions=(
            *own_limit().transitions,
            move("20 days", "b", "z", pauses=True),
        ),
        pause=Pause(starts="hold", ends="on"),
    )
    log = [event("go", D(9999, 12, 5)), event("hold", D(9999, 12, 9)), event("on", D(9999, 12, 29))]

    with pytest.raises(PeriodError, match="expected a result in the years 1 to 9999"):
        definition.replay(log, as_of=D.max)


def test_a_stay_lasts_up_to_the_last_instant_that_there_is() -> None:
    began = dt.datetime(9999, 12, 31, tzinfo=UTC)

    journey = own_limit().replay([event("go", began)], as_of=D.max)

    assert journey.time_in("b") == dt.timedelta(days=1, microseconds=-1)
