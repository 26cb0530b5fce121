from __future__ import annotations

import csv
import datetime as dt
import importlib.resources
import json
import math
import pickle
import re
import types
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_data, from_json, to_data, to_json
from cslib.errors import DefinitionError, Fault
from cslib.facts import FactError
from cslib.journeys import Memory
from cslib.lifecycle import (
    Event,
    Journey,
    Lifecycle,
    LogError,
    RefusalReason,
    Stage,
    Transition,
    Visit,
)
from cslib.logs import log_of
from cslib.moments import MomentError, instant, is_by
from cslib.stock import SUBSCRIPTION
from lifecycles import ACCOUNTS, dates, definitions, fewer, logs, moments

D = dt.date
END = D(2026, 12, 31)
UTC = dt.UTC


def stages(*names: str) -> tuple[Stage, ...]:
    return tuple(Stage(name=name) for name in names)


def move(event: str, source: str, target: str, guard: object = None) -> Transition:
    return Transition(event=event, sources=(source,), target=target, guard=guard)


TRIAL = Lifecycle(
    name="trial",
    initial="lead",
    stages=stages("lead", "trial", "customer", "lost"),
    events=("started", "paid", "left"),
    transitions=(
        move("started", "lead", "trial"),
        move("paid", "trial", "customer", "amount > 0 and approved"),
        Transition(event="left", sources=("trial", "customer"), target="lost"),
        move("started", "lost", "trial"),
    ),
)


def event(name: str, day: int | dt.date, id: str | None = None, **rest: Any) -> Event:  # noqa: A002
    at = D(2026, 3, day) if isinstance(day, int) else day
    return Event(account=rest.pop("account", "a"), name=name, at=at, id=id, **rest)


def paid(day: int | dt.date, id: str | None = None, **payload: object) -> Event:  # noqa: A002
    return event("paid", day, id, payload=payload)


def replay(*log: Event, **options: Any) -> Journey:
    return TRIAL.replay(log, **{"as_of": END, **options})


def path(journey: Journey) -> list[str]:
    return [visit.stage for visit in journey.visits]


# Replay


def test_a_journey_tells_every_stay_with_the_event_that_led_to_it() -> None:
    started, money = event("started", 1), paid(9, amount=90, approved=True)

    journey = replay(started, money)

    assert journey.visits == (
        Visit(stage="lead", left=D(2026, 3, 1)),
        Visit(stage="trial", entered=D(2026, 3, 1), left=D(2026, 3, 9), event=started),
        Visit(stage="customer", entered=D(2026, 3, 9), event=money),
    )
    assert journey.stage == "customer"
    assert journey.refused == ()
    assert (journey.as_of, journey.known_at, journey.duplicates) == (END, None, 0)
    assert journey.definition == TRIAL.fingerprint


def test_an_account_to_which_nothing_happened_stands_in_the_initial_stage() -> None:
    journey = replay()

    assert path(journey) == ["lead"]
    assert journey.days_in_stage is None
    assert (journey.duplicates, journey.unrecorded) == (0, 0)


def test_a_stage_may_be_entered_again() -> None:
    journey = replay(event("started", 1), event("left", 2), event("started", 3))

    assert path(journey) == ["lead", "trial", "lost", "trial"]


def test_a_move_into_the_same_stage_is_a_new_stay() -> None:
    visits = Lifecycle(
        name="visits",
        initial="in_use",
        stages=stages("in_use"),
        events=("visited",),
        transitions=(move("visited", "in_use", "in_use"),),
    )

    journey = visits.replay([event("visited", 1), event("visited", 8)], as_of=D(2026, 3, 10))

    assert path(journey) == ["in_use"] * 3
    assert journey.days_in_stage == 2


def test_the_log_may_be_read_only_once() -> None:
    log = iter([event("started", 1)])

    assert TRIAL.replay(log, as_of=END).stage == "trial"


@pytest.mark.parametrize(
    ("as_of", "days"),
    [
        (D(2026, 3, 1), 0),
        (D(2026, 3, 2), 1),
        (dt.datetime(2026, 3, 2, 23, 59, tzinfo=UTC), 1),
        (dt.datetime(2026, 3, 3, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))), 1),
    ],
)
def test_days_in_stage_are_whole_days_in_utc(as_of: dt.date, days: int) -> None:
    assert replay(event("started", 1), as_of=as_of).days_in_stage == days


def test_rules_elsewhere_read_stage_days_and_refusals_of_a_journey() -> None:
    journey = replay(event("started", 1), event("started", 2), as_of=D(2026, 3, 5))

    assert journey.facts == {
        "stage": "trial",
        "days_in_stage": 4,
        "events_refused": 1,
        "on_hold": False,
        "tracks_done": 0,
        "tracks_open": 0,
    }


# Time: as_of and known_at


def test_a_date_as_of_holds_the_whole_of_its_day() -> None:
    late = event("started", dt.datetime(2026, 3, 1, 23, 59, tzinfo=UTC))

    assert replay(late, as_of=D(2026, 3, 1)).stage == "trial"
    assert replay(late, as_of=D(2026, 2, 28)).stage == "lead"


def test_an_instant_as_of_holds_up_to_and_including_itself() -> None:
    at = dt.datetime(2026, 3, 1, 9, tzinfo=UTC)
    log = event("started", at)

    assert replay(log, as_of=at).stage == "trial"
    assert replay(log, as_of=at - dt.timedelta(microseconds=1)).stage == "lead"


def test_what_became_known_later_is_left_out() -> None:
    late = event("started", 1, recorded_at=D(2026, 3, 10))

    assert replay(late, known_at=D(2026, 3, 9)).stage == "lead"
    assert replay(late, known_at=D(2026, 3, 10)).stage == "trial"
    assert replay(late).stage == "trial"


def test_without_a_record_an_event_counts_as_known_when_it_happened_and_the_journey_says_so() -> (
    None
):
    log = [event("started", 5), paid(7, amount=1, approved=True)]
    log[1] = attrs.evolve(log[1], recorded_at=D(2026, 3, 8))

    early, later = (replay(*log, known_at=D(2026, 3, day)) for day in (4, 8))

    assert (early.stage, early.unrecorded) == ("lead", 0)
    assert (later.stage, later.unrecorded) == ("customer", 1)
    assert later.known_at == D(2026, 3, 8)


def test_an_event_may_be_known_before_it_happens() -> None:
    planned = event("started", 20, recorded_at=D(2026, 3, 1))

    assert replay(planned, as_of=D(2026, 3, 10), known_at=D(2026, 3, 10)).stage == "lead"
    assert replay(planned, as_of=D(2026, 3, 20), known_at=D(2026, 3, 10)).stage == "trial"


def test_days_may_be_recorded_by_the_instant() -> None:
    log = [
        event("started", 1, "b", recorded_at=dt.datetime(2026, 3, 1, 9, tzinfo=UTC)),
        event("left", 1, "a", recorded_at=D(2026, 3, 2)),
    ]

    assert replay(*log).stage == "lost"
    assert replay(*log, known_at=dt.datetime(2026, 3, 1, 12, tzinfo=UTC)).stage == "trial"


@pytest.mark.parametrize("name", ["as_of", "known_at"])
@pytest.mark.parametrize("moment", ["2026-03-01", dt.datetime(2026, 3, 1)])
def test_a_limit_that_is_no_moment_is_refused_even_with_an_empty_log(
    name: str, moment: object
) -> None:
    with pytest.raises(MomentError) as caught:
        replay(**{name: moment})

    assert caught.value.what == name


@pytest.mark.parametrize(
    ("times", "what"),
    [
        ({"at": dt.datetime(2026, 3, 1)}, "event 'e1'"),
        ({"at": "2026-03-01"}, "event 'e1'"),
        ({"at": D(2026, 3, 1), "recorded_at": "later"}, "event 'e1', recorded_at"),
    ],
)
def test_an_event_without_a_moment_cannot_be_made(times: dict[str, Any], what: str) -> None:
    with pytest.raises(MomentError) as caught:
        Event(account="a", name="paid", id="e1", **times)

    assert caught.value.what == what


def test_an_event_without_an_id_is_named_by_what_it_is_and_when() -> None:
    assert paid(9).label == "paid on 2026-03-09"
    assert paid(9, "e1").label == "e1"


@pytest.mark.parametrize("wrong", [{"account": 7}, {"name": None}, {"id": 12}])
def test_names_and_ids_are_text_and_the_message_says_which_is_not(wrong: dict[str, Any]) -> None:
    ((field, _),) = wrong.items()

    with pytest.raises(DefinitionError, match=rf"\$\.{field}: expected text, but got"):
        Event(**{"account": "a", "name": "paid", "at": END, **wrong})


def test_dates_and_instants_do_not_mix_in_one_log() -> None:
    log = [event("started", 1), event("left", dt.datetime(2026, 3, 2, tzinfo=UTC), "e2")]

    with pytest.raises(LogError) as caught:
        replay(*log)

    assert str(caught.value) == (
        "account 'a', event 'e2': a log holds dates or instants, never both; convert one kind"
    )


def test_the_events_of_several_accounts_are_no_log_of_one() -> None:
    log = [event("started", 1, "e1"), event("left", 2, "e1", account="b")]

    with pytest.raises(LogError) as caught:
        replay(*log)

    assert str(caught.value) == (
        "account 'b', event 'e1': the log is that of account 'a'; use replay_all for many"
    )


# The order of a log


def test_events_of_one_moment_are_taken_in_the_order_of_the_definition() -> None:
    log = [event("left", 1, "1"), paid(1, "2", amount=1, approved=True), event("started", 1, "3")]

    assert path(replay(*log)) == ["lead", "trial", "customer", "lost"]


def test_then_by_when_they_were_recorded() -> None:
    refused = event("paid", 2, "1", recorded_at=D(2026, 3, 4), payload={"amount": 0})
    passed = paid(2, "2", amount=1, approved=True)
    passed = attrs.evolve(passed, recorded_at=D(2026, 3, 3))

    journey = replay(event("started", 1), refused, passed)

    assert [each.reason for each in journey.refused] == [RefusalReason.NO_TRANSITION]


def test_then_by_id() -> None:
    one, two = (paid(2, id_, amount=amount, approved=True) for id_, amount in (("1", 0), ("2", 5)))

    journey = replay(event("started", 1), two, one)

    assert journey.visits[-1].event == two
    assert [each.event for each in journey.refused] == [one]


def test_then_by_what_they_say_so_that_arrival_never_matters() -> None:
    small, large = paid(2, amount=1, approved=True), paid(2, amount=2, approved=True)
    started = event("started", 1)

    assert replay(started, small, large) == replay(large, small, started)


def test_events_that_do_not_exist_are_in_one_order_too() -> None:
    journey = replay(event("zapped", 1, "1"), event("aged", 1, "2"))

    assert [each.event.id for each in journey.refused] == ["1", "2"]


def test_an_event_that_does_not_exist_comes_after_those_of_its_moment() -> None:
    journey = replay(event("zapped", 1), event("started", 1), event("aged", 1))

    assert [each.stage for each in journey.refused] == ["trial", "trial"]
    assert [each.event.name for each in journey.refused] == ["aged", "zapped"]


def test_the_hour_that_runs_twice_is_taken_in_the_order_of_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = event("started", dt.datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=0))
    second = event("left", dt.datetime(2026, 10, 25, 2, 15, tzinfo=berlin, fold=1))

    assert path(replay(second, first)) == ["lead", "trial", "lost"]


# Duplicates


def test_the_same_event_twice_counts_once() -> None:
    started = event("started", 1, "e1", payload={"plan": "pro"})

    journey = replay(started, attrs.evolve(started), started)

    assert path(journey) == ["lead", "trial"]
    assert (journey.duplicates, journey.unrecorded) == (2, 1)


def test_without_an_id_equal_events_are_one_and_the_same() -> None:
    journey = replay(event("started", 1), event("started", 1), paid(2), paid(2, amount=1))

    assert journey.duplicates == 1
    assert len(journey.refused) == 2


@pytest.mark.parametrize(
    ("change", "unlike"),
    [
        ({"name": "left"}, "name"),
        ({"at": D(2026, 3, 3)}, "at"),
        ({"recorded_at": D(2026, 3, 3)}, "recorded_at"),
        ({"payload": {"plan": "free"}}, "payload"),
        ({"at": D(2026, 3, 3), "payload": {}}, "at and payload"),
    ],
)
def test_one_id_with_other_content_is_an_error(change: dict[str, Any], unlike: str) -> None:
    started = event("started", 1, "e1", payload={"plan": "pro"})

    with pytest.raises(LogError) as caught:
        replay(started, attrs.evolve(started, **change))

    assert str(caught.value) == (
        f"account 'a', event 'e1': the id stands twice, with another {unlike}; keep the right one"
    )


def test_a_conflict_that_lies_ahead_does_not_change_what_was_true_before() -> None:
    log = [event("started", 1), event("left", 5, "e1"), event("left", 6, "e1")]

    assert replay(*log, as_of=D(2026, 3, 5)).stage == "lost"
    with pytest.raises(LogError):
        replay(*log, as_of=D(2026, 3, 6))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"n": 1}, {"n": 1.0}),
        ({"n": 1}, {"n": Decimal("1.00")}),
        ({"n": Fraction(1, 2)}, {"n": 0.5}),
        ({"n": 5}, {"n": np.int64(5)}),
        ({"n": [1, 2]}, {"n": np.array([1.0, 2.0])}),
        ({"n": (1, None)}, {"n": [1, math.nan]}),
        ({"n": math.inf}, {"n": math.inf}),
        ({"n": None}, {}),
        ({"n": math.nan}, {}),
        ({"n": np.datetime64("NaT", "D")}, {}),
        ({"n": np.ma.masked}, {}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"n": {"a": 1, "b": True}}, {"n": types.MappingProxyType({"b": True, "a": 1})}),
        (
            {"n": dt.datetime(2026, 3, 1, 9, tzinfo=UTC)},
            {"n": dt.datetime(2026, 3, 1, 11, tzinfo=dt.timezone(dt.timedelta(hours=2)))},
        ),
        ({"n": {0, 8}}, {"n": frozenset((8, 0))}),
        ({"n": 10**5000}, {"n": Fraction(10**5000)}),
        ({"n": {10**5000: 1}}, {"n": {10**5000: 1.0}}),
        ({"n": Decimal("1e-999999")}, {"n": Decimal("1e-999999")}),
    ],
)
def test_payloads_that_say_the_same_are_the_same(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert paid(1, **one) == paid(1, **other)
    assert hash(paid(1, **one)) == hash(paid(1, **other))
    assert replay(paid(1, **one), paid(1, **other)).duplicates == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"n": 1}, {"n": True}),
        ({"n": 1}, {"n": "1"}),
        ({"n": True}, {"n": "True"}),
        ({"n": 0.1}, {"n": Decimal("0.1")}),
        ({"n": [1]}, {"n": [[1]]}),
        ({"n": [1]}, {"n": 1}),
        ({"n": ""}, {}),
        ({"n": []}, {}),
        ({"n": set()}, {"n": {}}),
        ({"n": {1}}, {"n": {2}}),
        ({"n": {1}}, {"n": [1]}),
        ({"n": 10**5000}, {"n": 10**5000 + 1}),
        ({"n": D(2026, 3, 1)}, {"n": dt.datetime(2026, 3, 1, tzinfo=UTC)}),
    ],
)
def test_payloads_that_differ_are_told_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert paid(1, **one) != paid(1, **other)
    assert replay(paid(1, **one), paid(1, **other)).duplicates == 0


@pytest.mark.parametrize("value", [object(), [object()]])
def test_a_value_that_has_no_text_of_its_own_is_refused(value: object) -> None:
    with pytest.raises(FactError, match="fact 'payload': expected a number, text, boolean"):
        hash(paid(1, n=value))


def test_sets_of_one_content_keep_events_in_one_order_whatever_theirs() -> None:
    one = [paid(2, n={0, 8}), paid(2, n={1, 9})]
    other = [paid(2, n={9, 1}), paid(2, n={8, 0})]

    assert replay(event("started", 1), *one) == replay(event("started", 1), *other)


# Guards


@pytest.mark.parametrize(
    ("payload", "account", "stage"),
    [
        ({"amount": 5, "approved": True}, None, "customer"),
        ({"amount": 5}, {"approved": True}, "customer"),
        ({}, {"amount": 5, "approved": True}, "customer"),
        ({"amount": 0}, {"amount": 5, "approved": True}, "trial"),
        ({"amount": 5, "approved": None}, {"approved": True}, "customer"),
        ({"amount": math.nan}, {"amount": 5, "approved": True}, "customer"),
        ({"amount": 5}, types.SimpleNamespace(approved=True), "customer"),
        ({"amount": 5}, {"approved": False}, "trial"),
        ({"amount": 5}, {"approved": None}, "trial"),
        ({"amount": 5}, None, "trial"),
    ],
)
def test_a_guard_reads_the_payload_and_then_the_account(
    payload: dict[str, Any], account: object, stage: str
) -> None:
    assert replay(event("started", 1), paid(2, **payload), account=account).stage == stage


def test_a_guard_reads_nested_values_in_either() -> None:
    nested = attrs.evolve(
        TRIAL,
        transitions=(
            move("started", "lead", "trial", "deal.seats > owner.quota"),
            *TRIAL.transitions[1:],
        ),
    )
    log = [event("started", 1, payload={"deal": {"seats": 5}})]

    assert nested.replay(log, as_of=END, account={"owner": {"quota": 3}}).stage == "trial"


def test_a_guard_that_is_false_says_what_it_read() -> None:
    money = paid(2, amount=0, approved=True)

    (refusal,) = replay(event("started", 1), money).refused

    assert (refusal.event, refusal.stage) == (money, "trial")
    assert refusal.reason is RefusalReason.GUARD_FALSE
    assert refusal.explanation is not None
    assert refusal.explanation.value is False
    assert str(refusal) == (
        "'paid' on 2026-03-02 refused in 'trial': "
        "it does not hold that amount > 0 and approved (amount = 0, approved = True)"
    )


def test_a_guard_that_is_unknown_says_what_is_missing() -> None:
    (refusal,) = replay(event("started", 1), paid(2, amount=5)).refused

    assert refusal.reason is RefusalReason.GUARD_UNKNOWN
    assert refusal.why == "not known: approved"


def test_a_false_part_refuses_whatever_else_is_unknown() -> None:
    (refusal,) = replay(event("started", 1), paid(2, amount=0)).refused

    assert refusal.reason is RefusalReason.GUARD_FALSE
    assert refusal.why == (
        "it does not hold that amount > 0 and approved (amount = 0, approved = unknown)"
    )


def test_a_guard_that_divides_by_zero_says_of_what() -> None:
    divided = attrs.evolve(
        TRIAL,
        transitions=(move("started", "lead", "trial", "used / seats > 0"), *TRIAL.transitions[1:]),
    )
    log = [event("started", 1, payload={"used": 1, "seats": 0})]

    (refusal,) = divided.replay(log, as_of=END).refused

    assert refusal.reason is RefusalReason.GUARD_UNKNOWN
    assert refusal.why == "it cannot be told that used / seats > 0 (used = 1.0, seats = 0.0)"


def test_a_guard_counts_days_as_of_the_event() -> None:
    quick = attrs.evolve(
        TRIAL,
        transitions=(
            move("started", "lead", "trial", "days_since(signed_on) <= 30"),
            *TRIAL.transitions[1:],
        ),
    )
    signed = {"signed_on": D(2026, 3, 1)}

    in_time, late = (
        quick.replay([event("started", day)], as_of=END, account=signed)
        for day in (D(2026, 3, 31), D(2026, 4, 1))
    )

    assert (in_time.stage, late.stage) == ("trial", "lead")


def test_a_guard_that_meets_the_wrong_kind_names_the_event() -> None:
    with pytest.raises(LogError) as caught:
        replay(event("started", 1), paid(2, "e2", amount="5", approved=True))

    assert caught.value.event == "e2"
    assert "its guard cannot tell: fact 'amount': expected number, but got '5'" in str(caught.value)


# Refusals


def test_an_event_without_a_move_from_the_stage_is_refused_and_the_account_stays() -> None:
    journey = replay(event("left", 1), event("started", 2))

    assert journey.stage == "trial"
    (refusal,) = journey.refused
    assert refusal.reason is RefusalReason.NO_TRANSITION
    assert str(refusal) == (
        "'left' on 2026-03-01 refused in 'lead': no such transition; allowed there: started"
    )


def test_an_event_that_does_not_exist_is_refused_and_never_dropped() -> None:
    journey = replay(event("start", 1), event("started", 2))

    assert journey.stage == "trial"
    (refusal,) = journey.refused
    assert refusal.reason is RefusalReason.UNKNOWN_EVENT
    assert refusal.allowed == ("started", "paid", "left")
    assert refusal.why == "no event of this lifecycle: did you mean 'started'?"


def test_where_nothing_is_allowed_the_refusal_says_so() -> None:
    lost = (*TRIAL.stages[:3], Stage(name="lost", final=True))
    dead_end = attrs.evolve(TRIAL, stages=lost, transitions=TRIAL.transitions[:3])

    journey = dead_end.replay([event("started", 1), event("left", 2), paid(3)], as_of=END)

    assert journey.refused[0].reason is RefusalReason.AFTER_END
    assert journey.refused[0].why == "it is an end; allowed there: nothing"


# Many accounts


def test_accounts_without_events_stand_in_the_initial_stage() -> None:
    journeys = TRIAL.replay_all([event("started", 1)], as_of=END, accounts={"b": {}, "a": {}})

    assert {name: each.stage for name, each in journeys.items()} == {"b": "lead", "a": "trial"}


def test_journeys_come_in_the_order_of_the_accounts_then_by_id() -> None:
    log = [event("started", 1, account=account) for account in "dcba"]

    journeys = TRIAL.replay_all(log, as_of=END, accounts={"x": {}, "b": {}})

    assert list(journeys) == ["x", "b", "a", "c", "d"]


def test_no_accounts_and_no_events_are_no_journeys() -> None:
    assert TRIAL.replay_all([], as_of=END) == {}


def test_an_id_belongs_to_its_account() -> None:
    log = [event("started", 1, "1"), event("started", 2, "1", account="b")]

    journeys = TRIAL.replay_all(log, as_of=END)

    assert [each.stage for each in journeys.values()] == ["trial", "trial"]
    assert sum(each.duplicates for each in journeys.values()) == 0


# Laws; that a replay is what a slow, plain one is stands in test_stepping


@fewer
@given(st.data(), definitions(), ACCOUNTS)
def test_any_order_of_arrival_gives_the_same_journey(
    data: st.DataObject, definition: Lifecycle, account: object
) -> None:
    log = data.draw(logs(definition))
    shuffled = data.draw(st.permutations(log))

    one, other = (definition.replay(each, as_of=END, account=account) for each in (log, shuffled))

    assert one == other


@fewer
@given(st.data(), definitions())
def test_events_that_come_again_change_nothing_but_their_count(
    data: st.DataObject, definition: Lifecycle
) -> None:
    log = data.draw(logs(definition))
    again = data.draw(st.lists(st.sampled_from(log), max_size=5)) if log else []

    once, more = (definition.replay(each, as_of=END) for each in (log, [*log, *again]))

    assert more == attrs.evolve(once, duplicates=once.duplicates + len(again))


@fewer
@given(st.data(), definitions(), moments())
def test_a_late_event_is_the_same_event_in_its_place(
    data: st.DataObject, definition: Lifecycle, as_of: dt.date
) -> None:
    log = data.draw(logs(definition, most=8).filter(bool))
    late = data.draw(st.sampled_from(log))
    rest = [each for each in log if each is not late]
    in_place = sorted([*rest, late], key=lambda each: each.at)

    one, other = (definition.replay(each, as_of=as_of) for each in ([*rest, late], in_place))

    assert one == other


@fewer
@given(st.data(), definitions(), moments(), ACCOUNTS)
def test_a_replay_as_of_a_moment_is_that_of_the_log_cut_there(
    data: st.DataObject, definition: Lifecycle, as_of: dt.date, account: object
) -> None:
    log = data.draw(logs(definition))
    cut = [each for each in log if is_by(each.at, as_of)]

    whole, first = (definition.replay(each, as_of=as_of, account=account) for each in (log, cut))

    assert whole == first


@fewer
@given(st.data(), definitions(), dates(), moments())
def test_a_later_question_only_adds_to_an_earlier_answer(
    data: st.DataObject, definition: Lifecycle, first: dt.date, then: dt.date
) -> None:
    log = data.draw(logs(definition))
    first, then = sorted((first, then), key=instant)

    early, late = (definition.replay(log, as_of=as_of) for as_of in (first, then))

    assert [each.entered for each in early.visits] == [
        each.entered for each in late.visits[: len(early.visits)]
    ]
    assert early.refused == late.refused[: len(early.refused)]


@fewer
@given(st.data(), definitions(), dates())
def test_a_replay_as_known_at_a_moment_is_that_of_what_was_recorded_by_then(
    data: st.DataObject, definition: Lifecycle, known_at: dt.date
) -> None:
    log = data.draw(logs(definition))
    known = [each for each in log if is_by(each.known, known_at)]

    journey = definition.replay(log, as_of=END, known_at=known_at)

    assert journey == attrs.evolve(definition.replay(known, as_of=END), known_at=known_at)


@fewer
@given(st.data(), definitions(timed=False))
def test_each_event_is_a_move_or_noted_or_a_refusal_and_the_moves_join_up(
    data: st.DataObject, definition: Lifecycle
) -> None:
    log = data.draw(logs(definition))

    journey = definition.replay(log, as_of=END)

    told = len(journey.visits) - 1 + len(journey.refused) + journey.duplicates
    stays = any(each.target is None for each in definition.transitions)
    assert told <= len(log) if stays else told == len(log)
    for visit, after in zip(journey.visits, journey.visits[1:], strict=False):
        assert visit.left == after.entered
    assert journey.visits[-1].left is None


@fewer
@given(st.data(), definitions(), dates())
def test_all_accounts_at_once_are_one_by_one(
    data: st.DataObject, definition: Lifecycle, known_at: dt.date
) -> None:
    log = data.draw(logs(definition, accounts=("a", "b", "c"), of_instants=False))
    accounts = {"c": {"ok": True}, "d": {}}

    journeys = definition.replay_all(log, as_of=END, known_at=known_at, accounts=accounts)

    assert set(journeys) == {each.account for each in log} | {"c", "d"}
    for name, journey in journeys.items():
        own = [each for each in log if each.account == name]
        alone = definition.replay(own, as_of=END, known_at=known_at, account=accounts.get(name))
        assert journey == alone


@fewer
@given(definitions())
def test_a_definition_goes_to_json_and_back_unchanged(definition: Lifecycle) -> None:
    returned = from_json(to_json(definition), Lifecycle)

    assert returned == definition
    assert returned.fingerprint == definition.fingerprint


# Values


@fewer
@given(st.data(), definitions())
def test_definitions_and_journeys_hash_and_survive_pickle(
    data: st.DataObject, definition: Lifecycle
) -> None:
    log = data.draw(logs(definition, most=6))
    journey = definition.replay(log, as_of=END)

    for value in (definition, journey, *log):
        returned = pickle.loads(pickle.dumps(value))  # noqa: S301  our own bytes
        assert returned == value
        assert hash(returned) == hash(value)


@fewer
@given(st.data(), definitions())
def test_a_state_survives_pickle_and_goes_on_as_before(
    data: st.DataObject, definition: Lifecycle
) -> None:
    log = log_of(data.draw(logs(definition, most=6).filter(bool)), definition.chart.places)
    state = definition.start
    for each in log[:-1]:
        state = definition.step(state, each).state

    returned = pickle.loads(pickle.dumps(state))  # noqa: S301  our own bytes

    assert definition.step(returned, log[-1]) == definition.step(state, log[-1])


def test_a_payload_is_copied() -> None:
    payload = {"amount": 5}
    money = Event(account="a", name="paid", at=END, payload=payload)

    payload["amount"] = 7

    assert money.payload == {"amount": 5}


def test_an_error_of_the_log_survives_pickle() -> None:
    error = LogError("a", "e1", "stands twice")

    returned = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes

    assert isinstance(error, ValueError)
    assert str(returned) == str(error) == "account 'a', event 'e1': stands twice"


# Definitions: each fault beside a near miss


def faults(**change: Any) -> tuple[Fault, ...]:
    with pytest.raises(DefinitionError) as caught:
        attrs.evolve(TRIAL, **change)
    assert caught.value.subject == "lifecycle 'trial'"
    return caught.value.faults


def with_move(*extra: Transition) -> tuple[Transition, ...]:
    return (*TRIAL.transitions, *extra)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"initial": "leed"}, Fault("$.initial", "unknown stage 'leed': did you mean 'lead'?")),
        (
            {"stages": (*TRIAL.stages, Stage(name="lead"))},
            Fault("$.stages[4].name", "'lead' stands twice"),
        ),
        ({"events": (*TRIAL.events, "paid")}, Fault("$.events[3]", "'paid' stands twice")),
        (
            {"transitions": with_move(move("payed", "lead", "trial"))},
            Fault("$.transitions[4].event", "unknown event 'payed': did you mean 'paid'?"),
        ),
        (
            {"transitions": with_move(move("paid", "lead", "customers"))},
            Fault("$.transitions[4].target", "unknown stage 'customers': did you mean 'customer'?"),
        ),
        (
            {
                "transitions": with_move(
                    Transition(event="paid", sources=("lead", "zebra"), target="customer")
                )
            },
            Fault("$.transitions[4].sources[1]", "unknown stage 'zebra'"),
        ),
        (
            {
                "transitions": with_move(
                    Transition(event="paid", sources=("lead", "lead"), target="customer")
                )
            },
            Fault("$.transitions[4].sources[1]", "'lead' stands twice"),
        ),
        (
            {"transitions": with_move(move("paid", "trial", "lost"))},
            Fault(
                "$.transitions[4]",
                "'paid' already leaves 'trial' by $.transitions[1], and both could be made at "
                "once; give the one that goes first a smaller priority=, or both guards of which "
                "never more than one holds",
            ),
        ),
        (
            {
                "transitions": with_move(
                    Transition(event="left", sources=("lead", "customer"), target="lost")
                )
            },
            Fault(
                "$.transitions[4]",
                "'left' already leaves 'customer' by $.transitions[2], and both could be made at "
                "once; give the one that goes first a smaller priority=, or both guards of which "
                "never more than one holds",
            ),
        ),
        (
            {"stages": (*TRIAL.stages, Stage(name="partner"))},
            Fault(
                "$.stages[4]",
                "no transitions lead from 'lead' to 'partner'; add one, or leave the stage out",
            ),
        ),
    ],
)
def test_a_fault_of_a_definition_is_told_with_its_path(change: Any, fault: Fault) -> None:
    assert faults(**change) == (fault,)


@pytest.mark.parametrize(
    "change",
    [
        {"initial": "trial", "transitions": with_move(move("started", "customer", "lead"))},
        {"events": (*TRIAL.events, "renewed")},  # an event may lead nowhere
        {"transitions": with_move(move("paid", "lost", "trial"))},  # from another stage
        {"transitions": with_move(move("left", "lead", "lost"))},  # by another event
        {
            "stages": (*TRIAL.stages, Stage(name="partner", final=True)),
            "transitions": with_move(
                move("paid", "customer", "partner"), move("paid", "lost", "partner")
            ),
        },
    ],
)
def test_a_near_miss_is_no_fault(change: Any) -> None:
    assert attrs.evolve(TRIAL, **change) != TRIAL


def test_a_stage_that_only_leads_elsewhere_is_not_reached() -> None:
    entry = (*TRIAL.stages, Stage(name="partner"))
    moves = with_move(move("started", "partner", "trial"))

    assert [each.path for each in faults(stages=entry, transitions=moves)] == ["$.stages[4]"]


def test_all_faults_are_told_at_once() -> None:
    change = {
        "initial": "nowhere",
        "events": ("started", "paid", "left", "left"),
        "transitions": with_move(move("paid", "trial", "nowhere")),
    }

    assert [each.path for each in faults(**change)] == [
        "$.events[3]",
        "$.initial",
        "$.transitions[4].target",
        "$.transitions[4]",
    ]


def test_one_source_may_be_given_as_it_is_but_events_are_several() -> None:
    assert Transition(event="paid", sources="trial", target="customer").sources == ("trial",)
    with pytest.raises(DefinitionError) as caught:
        attrs.evolve(TRIAL, events="paid")

    assert caught.value.faults == (
        Fault("$.events", "expected several names, but got the text 'paid'; write ('paid',)"),
    )


def test_faults_of_a_document_have_the_path_in_the_document() -> None:
    data = to_data(TRIAL)
    data["transitions"][1]["guard"] = "amount >"
    data["transitions"][2]["source"] = data["transitions"][2].pop("sources")

    with pytest.raises(DefinitionError) as caught:
        from_data(data, Lifecycle)

    assert [each.path for each in caught.value.faults] == [
        "$.transitions[1].guard",
        "$.transitions[2].sources",
        "$.transitions[2].source",
    ]


# The sample book


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    text = Path(__file__).with_name("sample_truth.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def sample(truth: dict[str, Any]) -> dict[str, Journey]:
    accounts = {row["account"]: facts(row) for row in rows("accounts")}
    log = [
        Event(
            account=row["account"],
            name=row["event"],
            at=D.fromisoformat(row["at"]),
            id=row["event_id"],
            recorded_at=D.fromisoformat(row["recorded_at"]) if row["recorded_at"] else None,
            payload=facts(row),
        )
        for row in rows("events")
    ]
    return SUBSCRIPTION.replay_all(log, as_of=D.fromisoformat(truth["as_of"]), accounts=accounts)


def rows(table: str) -> list[dict[str, str]]:
    text = importlib.resources.files("cslib").joinpath(f"sample/{table}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def facts(row: dict[str, str]) -> dict[str, Any]:
    return {"environment_ok": {"true": True, "false": False}.get(row["environment_ok"])}


def test_every_account_of_the_sample_book_stands_where_its_plan_says(
    sample: dict[str, Journey], truth: dict[str, Any]
) -> None:
    assert {name: journey.stage for name, journey in sample.items()} == {
        name: account["stage"] for name, account in truth["accounts"].items()
    }


def test_every_slip_of_the_sample_book_is_refused_for_its_reason(
    sample: dict[str, Journey], truth: dict[str, Any]
) -> None:
    found = {
        each.event.id: {"event": each.event.name, "stage": each.stage, "why": each.reason.value}
        for journey in sample.values()
        for each in journey.refused
    }

    assert found == truth["refused"]


def test_every_copy_in_the_sample_book_is_dropped_and_counted(
    sample: dict[str, Journey], truth: dict[str, Any]
) -> None:
    dropped = sum(journey.duplicates for journey in sample.values())

    assert dropped == truth["duplicate_events_dropped"] > 0


def test_what_is_no_state_no_log_and_no_mapping_of_accounts_is_refused() -> None:
    paid = Event(account="a", name="paid", at=D(2026, 3, 9))
    with pytest.raises(DefinitionError, match=r"\$: expected a State, but got None; begin"):
        TRIAL.step(None, paid)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="expected an Event, but got the int 1"):
        TRIAL.step(TRIAL.start, 1)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="expected events, but got None"):
        TRIAL.replay_all(None, as_of=END)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="expected a mapping by name, but got a list of 1"):
        TRIAL.replay_all([paid], as_of=END, accounts=["a"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"stage": "trail"}, "$.stage: no account stands in 'trail': did you mean 'trial'?"),
        ({"memory": Memory(clocks=(None,))}, "$.memory.clocks: expected 0, but got 1"),
        ({"memory": Memory(reached=(END,))}, "$.memory.reached: expected 0, but got 1"),
    ],
)
def test_a_state_that_this_lifecycle_cannot_have_made_is_refused(
    change: dict[str, Any], fault: str
) -> None:
    forged = TRIAL.start._replace(**change)

    with pytest.raises(DefinitionError, match=re.escape(fault)):
        TRIAL.advance(forged, END)
    with pytest.raises(DefinitionError, match=re.escape(fault)):
        TRIAL.possible(forged, at=END)


LAPSING = attrs.evolve(
    TRIAL,
    transitions=(*TRIAL.transitions, Transition(after="30 days", sources="trial", target="lost")),
)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"entered": None}, "$.wakes: expected None, when time acts next, but got 2026-03-31"),
        ({"wakes": None}, "$.wakes: expected 2026-03-31, when time acts next, but got None"),
        ({"last": None}, "$.last: expected the last event and now, since something has happened"),
        ({"now": None}, "$.last: expected the last event and now, since something has happened"),
        ({"now": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)}, "$: holds dates and instants"),
        ({"memory": Memory(tried=frozenset({5}))}, "$.memory.tried: there is no transition 5"),
    ],
)
def test_a_state_whose_moments_cannot_be_is_refused(change: dict[str, Any], fault: str) -> None:
    state = LAPSING.step(LAPSING.start, event("started", 1)).state
    forged = state._replace(**change)

    with pytest.raises(DefinitionError, match=re.escape(fault)):
        LAPSING.advance(forged, END)


@pytest.mark.parametrize("change", [{"entered": None}, {"last": None}])
def test_a_step_from_a_state_whose_moments_cannot_be_is_refused(change: dict[str, Any]) -> None:
    state = LAPSING.step(LAPSING.start, event("started", 1)).state

    with pytest.raises(DefinitionError, match="state is not valid"):
        LAPSING.step(state._replace(**change), event("left", D(2026, 5, 1)))
