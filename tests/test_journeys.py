from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_data, from_json, to_data, to_json
from cslib.errors import DefinitionError
from cslib.journeys import (
    DeadlineState,
    DeadlineStatus,
    Journey,
    Memory,
    Outcome,
    OutcomeKind,
    Possibility,
    Refusal,
    RefusalReason,
    RefusedError,
    State,
    UnknownDeadlineError,
    Visit,
)
from cslib.lifecycle import Lifecycle
from cslib.logs import Event, log_of
from cslib.rules import rule
from lifecycles import definitions, logs

D = dt.date
UTC = dt.UTC
PAID = Event(account="a", name="paid", at=D(2026, 3, 9))


def visit(stage: str, entered: dt.date | None, left: dt.date | None = None) -> Visit:
    return Visit(stage=stage, entered=entered, left=left)


END = D(2026, 3, 31)


def journey(*visits: Visit, as_of: dt.date = END, **rest: Any) -> Journey:
    return Journey(visits=visits, as_of=as_of, definition="f", **rest)


STAYS = journey(
    visit("lead", None, D(2026, 3, 1)),
    visit("on/data", D(2026, 3, 1), D(2026, 3, 5)),
    visit("on/use", D(2026, 3, 5), D(2026, 3, 6)),
    visit("live", D(2026, 3, 6), D(2026, 3, 16)),
    visit("on/data", D(2026, 3, 16)),
)


# Visits


def test_an_account_stands_where_its_last_visit_lasts() -> None:
    assert (STAYS.stage, STAYS.days_in_stage) == ("on/data", 15)


def test_visits_to_a_stage_are_those_to_what_lies_in_it_too() -> None:
    assert [each.entered for each in STAYS.visits_to("on")] == [
        D(2026, 3, 1),
        D(2026, 3, 5),
        D(2026, 3, 16),
    ]
    assert STAYS.visits_to("on/us") == ()


def test_a_stage_was_entered_first_and_left_last_on_a_day() -> None:
    assert STAYS.entered_first("on") == D(2026, 3, 1)
    assert STAYS.exited_last("live") == D(2026, 3, 16)
    assert STAYS.exited_last("on") is None  # it is there now
    assert STAYS.exited_last("lead") == D(2026, 3, 1)
    assert STAYS.entered_first("lead") is None
    assert (STAYS.entered_first("lost"), STAYS.exited_last("lost")) == (None, None)


def test_the_time_in_a_stage_is_that_of_all_its_visits_up_to_the_day() -> None:
    assert STAYS.time_in("on") == dt.timedelta(days=4 + 1 + 15)
    assert STAYS.time_in("live") == dt.timedelta(days=10)
    assert STAYS.time_in("lost") == dt.timedelta()
    assert STAYS.time_in("lead") is None


@pytest.mark.parametrize(
    ("as_of", "hours"),
    [
        (dt.datetime(2026, 3, 2, 9, tzinfo=UTC), 23),
        (D(2026, 3, 2), 38),  # to the end of the day
    ],
)
def test_the_time_in_a_stage_entered_at_an_instant_is_exact(as_of: dt.date, hours: int) -> None:
    entered = dt.datetime(2026, 3, 1, 10, tzinfo=UTC)

    assert journey(visit("live", entered), as_of=as_of).time_in("live") == dt.timedelta(hours=hours)


def test_days_as_of_an_instant_are_counted_by_the_day() -> None:
    as_of = dt.datetime(2026, 3, 9, 23, tzinfo=UTC)

    assert journey(visit("live", D(2026, 3, 1)), as_of=as_of).time_in("live") == dt.timedelta(8)


def test_a_visit_that_lasts_or_has_no_beginning_has_no_duration() -> None:
    assert [each.duration and each.duration.days for each in STAYS.visits] == [None, 4, 1, 10, None]


# Facts


def test_a_journey_tells_rules_what_it_knows() -> None:
    told = journey(
        visit("on/data", D(2026, 3, 1)),
        refused=(Refusal(event=PAID, stage="lead", reason=RefusalReason.NO_TRANSITION),),
        deadlines=(
            DeadlineState(name="live", status=DeadlineStatus.OPEN, due=D(2026, 4, 1)),
            DeadlineState(name="call", status=DeadlineStatus.NOT_STARTED),
        ),
        milestones={"start": D(2026, 3, 1)},
        tracks_done=("data",),
        tracks_open=("people", "setup"),
        holds=((D(2026, 3, 2), None),),
    )

    assert told.facts == {
        "stage": "on/data",
        "days_in_stage": 30,
        "events_refused": 1,
        "on_hold": True,
        "tracks_done": 1,
        "tracks_open": 2,
        "done_data": True,
        "done_people": False,
        "done_setup": False,
        "deadline_live": "open",
        "due_live": D(2026, 4, 1),
        "deadline_call": "not_started",
        "due_call": None,
        "milestone_start": D(2026, 3, 1),
    }


def test_a_deadline_is_found_by_its_name() -> None:
    state = DeadlineState(name="live", status=DeadlineStatus.OPEN)
    told = journey(visit("lead", None), deadlines=(state,))

    assert told.deadline("live") is state
    with pytest.raises(UnknownDeadlineError, match=r"^no deadline 'life': did you mean 'live'"):
        told.deadline("life")


def test_an_account_is_on_hold_while_its_last_hold_has_not_ended() -> None:
    ended, lasts = (D(2026, 3, 1), D(2026, 3, 2)), (D(2026, 3, 3), None)

    assert [Memory(holds=holds).on_hold for holds in ((), (ended,), (ended, lasts))] == [
        False,
        False,
        True,
    ]
    assert not journey(visit("lead", None), holds=(ended,)).on_hold


# In words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (DeadlineState(name="live", status=DeadlineStatus.NOT_STARTED), "live: not started"),
        (
            DeadlineState(
                name="live", status=DeadlineStatus.LATE, due=D(2026, 3, 1), met=D(2026, 3, 5)
            ),
            "live: late, due 2026-03-01, met 2026-03-05",
        ),
    ],
)
def test_a_deadline_is_told_in_a_line(state: DeadlineState, words: str) -> None:
    assert str(state) == words


@pytest.mark.parametrize(
    ("reason", "rest", "why"),
    [
        (RefusalReason.NO_TRANSITION, {}, "no such transition; allowed there: nothing"),
        (RefusalReason.AFTER_END, {"allowed": ("won_back",)}, "it is an end; allowed there: won_"),
        (RefusalReason.UNKNOWN_EVENT, {"allowed": ("paid_",)}, "no event of this lifecycle: did"),
        (RefusalReason.PAYLOAD, {"problem": "amount: too much"}, "amount: too much"),
        (RefusalReason.DUPLICATE, {}, "it was taken already"),
        (RefusalReason.OUT_OF_ORDER, {}, "it happened before what was taken already; replay"),
        (RefusalReason.GUARD_UNKNOWN, {"guard": rule("ok")}, "not known: ok"),
        (
            RefusalReason.GUARD_FALSE,
            {"guard": rule("n > 5"), "facts": {"n": 3}},
            "it does not hold that n > 5 (n = 3)",
        ),
    ],
)
def test_a_refusal_says_why(reason: RefusalReason, rest: dict[str, Any], why: str) -> None:
    refusal = Refusal(event=PAID, stage="lead", reason=reason, **rest)

    assert refusal.why.startswith(why)
    assert str(refusal) == f"'paid' on 2026-03-09 refused in 'lead': {refusal.why}"


def test_a_refusal_read_back_equals_the_one_written_though_a_bare_fact_may_be_anything() -> None:
    written, read = (
        Refusal(event=PAID, stage="lead", reason=RefusalReason.GUARD_FALSE, guard=guard)
        for guard in (rule("ok", kind="boolean"), rule("ok"))
    )

    assert written == read
    assert hash(written) == hash(read)


def test_what_is_possible_is_told_in_a_line() -> None:
    refusal = Refusal(event=PAID, stage="lead", reason=RefusalReason.NO_TRANSITION)
    moved, stayed, refused = OutcomeKind

    assert str(Possibility(event="paid", kind=moved, target="won")) == "paid: leads to won"
    assert str(Possibility(event="paid", kind=stayed)) == "paid: stays"
    assert str(Possibility(event="paid", kind=refused, missing=("ok", "n"))) == (
        "paid: asks for ok, n"
    )
    assert str(Possibility(event="paid", kind=refused, refusal=refusal)) == (
        "paid: refused, no such transition; allowed there: nothing"
    )


# Outcomes


def test_an_outcome_is_not_true_or_false() -> None:
    outcome = Outcome(OutcomeKind.MOVED, State("lead"))

    with pytest.raises(TypeError, match="ask its kind"):
        bool(outcome)


def test_the_refusal_of_an_outcome_is_that_of_its_event() -> None:
    refusal = Refusal(event=PAID, stage="lead", reason=RefusalReason.NO_TRANSITION)
    timed = Outcome(OutcomeKind.MOVED, State("lead"), (), (refusal,))

    assert timed.refusal is None  # it was of a move by time, before the event
    assert timed._replace(kind=OutcomeKind.REFUSED).refusal is refusal


def test_a_refusal_that_is_raised_names_the_account_and_survives_pickle() -> None:
    refusal = Refusal(event=PAID, stage="lead", reason=RefusalReason.NO_TRANSITION)
    error = RefusedError(refusal)

    returned = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes

    assert isinstance(error, ValueError)
    assert str(returned) == str(error) == f"account 'a': {refusal}"


# States as data


@given(st.data(), definitions())
def test_a_state_goes_to_json_and_back_wherever_a_log_leads(
    data: st.DataObject, definition: Lifecycle
) -> None:
    state = definition.start
    for event in log_of(data.draw(logs(definition)), definition.chart.places):
        state = definition.step(state, event).state

        assert from_json(to_json(state), State) == state


def test_a_state_in_json_says_only_what_there_is_to_say() -> None:
    state = State("trial", D(2026, 3, 1), memory=Memory(done=frozenset({"data"})))

    assert to_data(state) == {
        "stage": "trial",
        "entered": "2026-03-01",
        "memory": {"done": ["data"]},
    }


def test_each_fault_of_a_state_in_json_is_told_with_its_place() -> None:
    given_data = {"stagge": "trial", "memory": {"clocks": [None, {"start": "soon"}]}}

    with pytest.raises(DefinitionError) as caught:
        from_data(given_data, State)

    assert [fault.path for fault in caught.value.faults] == [
        "$.stage",
        "$.memory.clocks[1].start",
        "$.stagge",
    ]


def test_what_a_guard_did_not_find_is_left_out_of_a_refusal_which_so_goes_to_json() -> None:
    facts = {"seats": float("nan"), "plan": None, "amount": 9}
    refusal = Refusal(
        event=PAID,
        stage="trial",
        reason=RefusalReason.GUARD_UNKNOWN,
        guard=rule("seats > amount"),
        facts=facts,
    )
    visits = (visit("trial", None),)
    journey = Journey(visits=visits, refused=(refusal,), as_of=D(2026, 3, 31), definition="x")

    assert refusal.facts == {"amount": 9}
    assert from_json(to_json(journey), Journey) == journey


def test_where_it_is_printed_a_journey_says_where_the_account_stands() -> None:
    refusal = Refusal(event=PAID, stage="lead", reason=RefusalReason.NO_TRANSITION)
    held = journey(
        visit("lead", None, D(2026, 3, 1)),
        visit("trial", D(2026, 3, 1)),
        holds=((D(2026, 3, 9), None),),
        refused=(refusal,),
    )

    assert str(held) == "trial since 2026-03-01, on hold, events refused: 1"
    assert repr(journey(visit("lead", None))) == "<Journey: lead>"


def test_a_journey_without_a_stay_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"\$\.visits: expected one or more"):
        Journey(visits=(), as_of=D(2026, 3, 31), definition="f")
