from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from cslib.calendars import BusinessCalendar
from cslib.errors import DefinitionError, Fault
from cslib.lifecycle import Lifecycle
from cslib.schemas import FactSpec, Schema
from cslib.soundness import faults
from cslib.stages import Deadline, Milestone, Pause, Stage, Track, Transition


@attrs.frozen(kw_only=True)
class Parts:
    """The parts of a definition, none of them checked."""

    name: str = "trial"
    initial: str
    stages: tuple[Stage, ...]
    events: tuple[str, ...]
    transitions: tuple[Transition, ...]
    deadlines: tuple[Deadline, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    pause: Pause | None = None
    calendar: BusinessCalendar = attrs.field(factory=BusinessCalendar)
    payloads: Mapping[str, Schema] = attrs.field(factory=dict)
    facts: Schema | None = None


def stages(*names: str, **more: Any) -> tuple[Stage, ...]:
    """Stages by their names; a final one has an exclamation mark after it."""
    return tuple(Stage(name=name.rstrip("!"), final=name.endswith("!"), **more) for name in names)


def move(what: str, sources: Any, target: str | None, guard: Any = None, **more: Any) -> Transition:
    """A transition by an event, or after a span: ``30 days``."""
    kind = "after" if what[0].isdigit() else "event"
    return Transition(**{kind: what}, sources=sources, target=target, guard=guard, **more)


TRIAL = Parts(
    initial="lead",
    stages=(
        *stages("lead", "onboarding"),
        *stages("onboarding/data", tracks=(Track(name="access", done_by="access_given"),)),
        *stages("onboarding/training", "use", "lost!"),
    ),
    events=("signed", "access_given", "data_ready", "trained", "used", "left", "expired", "back"),
    transitions=(
        move("signed", "lead", "onboarding/data"),
        move("data_ready", "onboarding/data", "onboarding/training", "done_access"),
        move("trained", "onboarding/training", "use"),
        move("left", ("onboarding", "use"), "lost"),
        move("90 days", "onboarding", "lost"),
        move("back", "lost", "use", win_back=True),
    ),
    deadlines=(
        Deadline(name="live", since="signed", by="use", within="60 days", breach="expired"),
    ),
    milestones=(Milestone(name="first_use", by="used"),),
)


def with_stages(*more: Stage) -> dict[str, Any]:
    return {"stages": (*TRIAL.stages, *more)}


def with_moves(*more: Transition) -> dict[str, Any]:
    return {"transitions": (*TRIAL.transitions, *more)}


def with_deadline(**deadline: Any) -> dict[str, Any]:
    return {"deadlines": (Deadline(**{"name": "due", "within": "30 days", **deadline}),)}


def found(**change: Any) -> tuple[Fault, ...]:
    return tuple(faults(attrs.evolve(TRIAL, **change)))


def paths(**change: Any) -> list[str]:
    return [fault.path for fault in found(**change)]


def test_a_sound_definition_has_no_faults() -> None:
    assert found() == ()


# Names


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"initial": "leed"}, Fault("$.initial", "unknown stage 'leed': did you mean 'lead'?")),
        (
            {"initial": "onboarding"},
            Fault(
                "$.initial",
                "'onboarding' has stages in it, and an account stands in one of these; "
                "name it: 'onboarding/data', 'onboarding/training'",
            ),
        ),
        (with_stages(Stage(name="use")), Fault("$.stages[6].name", "'use' stands twice")),
        ({"events": (*TRIAL.events, "left")}, Fault("$.events[8]", "'left' stands twice")),
        (
            with_moves(move("sined", "lead", "lost")),
            Fault("$.transitions[6].event", "unknown event 'sined': did you mean 'signed'?"),
        ),
        (
            with_moves(move("left", ("lead", "zebra"), "lost")),
            Fault("$.transitions[6].sources[1]", "unknown stage 'zebra'"),
        ),
        (
            with_moves(move("left", ("lead", "lead"), "lost")),
            Fault("$.transitions[6].sources[1]", "'lead' stands twice"),
        ),
        (
            with_moves(move("left", "lead", "onboarding/date")),
            Fault(
                "$.transitions[6].target",
                "unknown stage 'onboarding/date': did you mean 'onboarding/data'?",
            ),
        ),
        (
            with_moves(move("left", "lead", "onboarding")),
            Fault(
                "$.transitions[6].target",
                "'onboarding' has stages in it, and an account stands in one of these; "
                "name it: 'onboarding/data', 'onboarding/training'",
            ),
        ),
        (
            with_deadline(since=("signed", "sold"), by="use"),
            Fault("$.deadlines[0].since[1]", "unknown event or stage 'sold'"),
        ),
        (
            with_deadline(since="signed", by="uses"),
            Fault("$.deadlines[0].by[0]", "unknown event or stage 'uses': did you mean 'use'?"),
        ),
        (
            with_deadline(since="signed", by="use", waived_by="zebra"),
            Fault("$.deadlines[0].waived_by[0]", "unknown event or stage 'zebra'"),
        ),
        (
            with_deadline(since="signed", by="use", breach="expire"),
            Fault("$.deadlines[0].breach", "unknown event 'expire': did you mean 'expired'?"),
        ),
        (
            with_deadline(since="signed", by="use", breach="lost"),
            Fault("$.deadlines[0].breach", "unknown event 'lost'"),
        ),
        (
            {"deadlines": TRIAL.deadlines * 2},
            Fault("$.deadlines[1].name", "'live' stands twice"),
        ),
        (
            {"milestones": TRIAL.milestones * 2},
            Fault("$.milestones[1].name", "'first_use' stands twice"),
        ),
        (
            {"milestones": (Milestone(name="first_use", by="usd"),)},
            Fault("$.milestones[0].by[0]", "unknown event or stage 'usd': did you mean 'used'?"),
        ),
        (
            {"pause": Pause(starts="zebra", ends="back")},
            Fault("$.pause.starts[0]", "unknown event 'zebra'"),
        ),
        (
            {"pause": Pause(starts="left", ends=("back", "lost"))},
            Fault("$.pause.ends[1]", "unknown event 'lost'"),
        ),
        (
            {"payloads": {"sined": Schema(())}},
            Fault("$.payloads.sined", "unknown event 'sined': did you mean 'signed'?"),
        ),
        (
            with_stages(*stages("done!", tracks=(Track(name="end", done_by="zebra"),))),
            Fault("$.stages[6].tracks[0].done_by[0]", "unknown event 'zebra'"),
        ),
        (
            with_stages(*stages("done!", tracks=(Track(name="end", done_by="left"),) * 2)),
            Fault("$.stages[6].tracks[1].name", "'end' stands twice"),
        ),
    ],
)
def test_a_wrong_name_is_told_with_its_place_and_the_way_out(
    change: dict[str, Any], fault: Fault
) -> None:
    assert found(**change) == (fault,)


@pytest.mark.parametrize(
    "change",
    [
        {"events": (*TRIAL.events, "renewed")},  # an event may lead nowhere
        with_deadline(since="onboarding", by="onboarding/training"),  # stages, and one around
        {"milestones": (Milestone(name="live", by=("used", "use")),)},  # named as a deadline
        {"pause": Pause(starts="left", ends="left")},
        {"payloads": {"signed": Schema(())}},
        with_moves(move("left", "lead", None)),
    ],
)
def test_a_name_that_there_is_is_no_fault(change: dict[str, Any]) -> None:
    assert found(**change) == ()


def test_a_stage_around_others_need_not_be_declared() -> None:
    declared = tuple(stage for stage in TRIAL.stages if stage.name != "onboarding")

    assert found(stages=declared) == ()


def test_tracks_of_one_name_may_stand_in_stages_side_by_side() -> None:
    given = (Track(name="access", done_by="access_given"),)
    again = [attrs.evolve(s, tracks=given) if "training" in s.name else s for s in TRIAL.stages]

    assert found(stages=tuple(again)) == ()


def test_a_track_may_not_have_the_name_of_one_in_a_stage_around() -> None:
    inner = stages("use/early", "use/late!", tracks=(Track(name="visits", done_by="used"),))
    outer = [
        attrs.evolve(s, tracks=(Track(name="visits", done_by="left"),)) if s.name == "use" else s
        for s in TRIAL.stages
    ]

    given = found(stages=(*outer, *inner))

    assert [each for each in given if "tracks" in each.path] == [
        Fault(
            f"$.stages[{place}].tracks[0].name",
            "'visits' stands in 'use' too, which lies around; rename one",
        )
        for place in (6, 7)
    ]


def test_where_names_are_wrong_moves_are_not_followed() -> None:
    assert paths(initial="leed") == ["$.initial"]


def test_all_wrong_names_are_told_at_once() -> None:
    change = {
        "initial": "nowhere",
        "events": (*TRIAL.events, "left"),
        **with_moves(move("left", "use", "nowhere")),
    }

    assert paths(**change) == [
        "$.events[8]",
        "$.initial",
        "$.transitions[6].target",
        "$.transitions[6]",
    ]


# Facts in guards

PAYLOAD = Schema((FactSpec(name="amount", kind="number"),))
ACCOUNT = Schema((FactSpec(name="plan", kind="text"), FactSpec(name="amount", kind="text")))


def guarded(guard: str, what: str = "left", **more: Any) -> tuple[Fault, ...]:
    given: dict[str, Any] = {"payloads": {"left": PAYLOAD}, "facts": ACCOUNT, **more}
    change = with_moves(move(what, "lead", "lost", guard))
    return tuple(f for f in found(**change, **given) if f.path == "$.transitions[6].guard")


def test_a_fact_that_nothing_tells_is_no_fact() -> None:
    assert guarded("amout > 5") == (
        Fault("$.transitions[6].guard", "unknown fact 'amout': did you mean 'amount'?"),
    )


def test_a_move_by_time_has_no_payload() -> None:
    assert guarded("plan == 'pro' and seats > 5", "9 days") == (
        Fault("$.transitions[6].guard", "unknown fact 'seats'"),
    )


@pytest.mark.parametrize(
    "more", [{"facts": None}, {"payloads": {}}, {"payloads": {"back": PAYLOAD}}]
)
def test_a_fact_is_not_called_unknown_where_not_all_is_listed(more: dict[str, Any]) -> None:
    assert guarded("amout > 5", **more) == ()


@pytest.mark.parametrize(
    "guard",
    [
        "amount > 5 and plan == 'pro'",
        "days_in_stage > 5 and tracks_done >= 1",
        "deadline_live == 'missed' and days_until(due_live) < 3",
        "is_missing(milestone_first_use)",
    ],
)
def test_what_payload_journey_and_account_tell_is_known(guard: str) -> None:
    assert guarded(guard) == ()


def test_a_track_is_known_only_where_the_move_leaves_its_stage() -> None:
    assert guarded("done_access") == (
        Fault("$.transitions[6].guard", "unknown fact 'done_access'"),
    )


@pytest.mark.parametrize("source", ["onboarding", "onboarding/data", "onboarding/data/deep"])
def test_a_track_is_known_inside_its_stage_and_to_moves_from_around(source: str) -> None:
    deep = with_stages(*stages("onboarding/data/deep"))
    change = with_moves(move("left", source, "lost", "done_access", priority=5))
    given = {"payloads": {"left": PAYLOAD, "data_ready": PAYLOAD}, "facts": ACCOUNT}

    assert "$.transitions[6].guard" not in paths(**deep, **change, **given)


def test_the_payload_goes_before_the_account_and_its_kind_counts() -> None:
    assert guarded("amount == 'large'") == (
        Fault("$.transitions[6].guard", "'amount' is declared as number, but used as text"),
    )


@pytest.mark.parametrize(
    ("since", "due", "problem"),
    [
        ("left", "zebra", "unknown fact 'zebra'"),
        (
            "left",
            "max(amount, date('2026-12-31'))",
            "'amount' is declared as number, but used as date",
        ),
        ("back", "zebra", None),  # it could come with the event
        ("use", "zebra", None),  # with whatever event leads there
        ("left", "ends", None),
    ],
)
def test_what_a_due_date_is_read_from_is_checked_too(
    since: str, due: str, problem: str | None
) -> None:
    account = Schema((FactSpec(name="ends", kind="date"),))
    limit = Deadline(name="live", since=since, by=("used", "back"), due=due)
    given = found(deadlines=(limit,), payloads={"left": PAYLOAD}, facts=account)

    assert given == (() if problem is None else (Fault("$.deadlines[0].due", problem),))


# Moves that could be made at once


def test_two_moves_of_one_event_that_could_both_be_made_need_an_order() -> None:
    assert found(**with_moves(move("signed", "lead", "use"))) == (
        Fault(
            "$.transitions[6]",
            "'signed' already leaves 'lead' by $.transitions[0], and both could be made at once; "
            "give the one that goes first a smaller priority=, or both guards of which never more "
            "than one holds",
        ),
    )


@pytest.mark.parametrize("guard", [None, "seats >= 5", "plan == 'pro'"])
def test_guards_that_may_both_hold_are_no_order(guard: str | None) -> None:
    moves = move("used", "lead", "lost", "seats > 4"), move("used", "lead", None, guard)

    assert paths(**with_moves(*moves)) == ["$.transitions[7]"]


@pytest.mark.parametrize(
    "second",
    [
        move("used", "lead", None, "seats <= 4"),
        move("used", "lead", None, "seats > 4", priority=1),
        move("used", "lead", None, priority=1),
        move("back", "lead", None, "seats > 4"),
        move("used", "use", None, "seats > 4"),
    ],
)
def test_moves_in_order_or_of_guards_that_exclude_one_another_may_stand(second: Transition) -> None:
    assert found(**with_moves(move("used", "lead", "lost", "seats > 4"), second)) == ()


def test_a_move_of_an_inner_stage_goes_before_one_of_the_stage_around() -> None:
    assert found(**with_moves(move("left", "onboarding/data", "lead"))) == ()


def test_a_move_that_clashes_in_several_stages_is_told_once() -> None:
    change = with_moves(move("left", ("onboarding", "use"), "lead", "won"))

    assert [fault.path for fault in found(**change)] == ["$.transitions[6]"]


def test_each_further_move_that_clashes_is_told() -> None:
    change = with_moves(move("left", "use", "lead"), move("left", "use", "lead"))

    assert [fault.path for fault in found(**change)] == ["$.transitions[6]", "$.transitions[7]"]


def test_moves_by_time_need_no_order_since_their_place_is_one() -> None:
    change = with_moves(move("9 days", "lead", "lost", "a > 1"), move("9 days", "lead", "use"))

    assert found(**change) == ()


# Moves that are never made


def test_a_move_behind_one_without_a_guard_is_never_made() -> None:
    assert found(**with_moves(move("signed", "lead", "use", "big", priority=1))) == (
        Fault(
            "$.transitions[6].sources[0]",
            "'signed' is never made from here, since $.transitions[0] ('signed') always goes "
            "before it and has no guard; give that one a guard, or leave this source out",
        ),
    )


def test_a_move_of_a_stage_around_is_never_made_where_each_inner_one_has_its_own() -> None:
    own = move("left", ("onboarding/data", "onboarding/training"), "lead")

    assert paths(**with_moves(own)) == ["$.transitions[3].sources[0]"]


@pytest.mark.parametrize(
    "extra",
    [
        move("data_ready", "onboarding/data", "use", priority=1),  # behind a guard
        move("signed", "lead", "use", "big", priority=-1),  # before it
        move("left", "onboarding/data", "lead"),  # the move around still serves training
    ],
)
def test_a_move_that_is_made_now_and_then_may_stand(extra: Transition) -> None:
    assert found(**with_moves(extra)) == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"what": "30 days"}, {"what": "31 days"}),
        ({"what": "4 weeks"}, {"what": "1 month"}),  # in February on one day: the first, by place
        ({"what": "30 days"}, {"what": "30 days"}),
        ({"what": "31 days"}, {"what": "2 months"}),
        ({"what": "11 months"}, {"what": "1 year"}),
        ({"what": "3 days"}, {"what": "4 business days"}),
        ({"what": "30 days", "pauses": True}, {"what": "31 days", "pauses": True}),
    ],
)
def test_a_move_by_time_is_never_made_after_one_that_always_comes_before(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    moves = (move(sources="lead", target="lost", **each) for each in (first, second))
    expected = [] if first["what"] == "4 weeks" else ["$.transitions[7].sources[0]"]

    assert paths(**with_moves(*moves), pause=Pause(starts="left", ends="back")) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"what": "30 days"}, {"what": "1 month"}),
        ({"what": "3 business days"}, {"what": "30 days"}),
        ({"what": "30 days", "guard": "idle"}, {"what": "31 days"}),
        ({"what": "30 days", "pauses": True}, {"what": "31 days"}),
        ({"what": "31 days"}, {"what": "30 days", "guard": "idle"}),
        ({"what": "3 days", "pauses": True}, {"what": "4 business days", "pauses": True}),
    ],
)
def test_moves_by_time_that_may_each_come_first_may_stand(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    moves = (move(sources="lead", target="lost", **each) for each in (first, second))

    assert found(**with_moves(*moves), pause=Pause(starts="left", ends="back")) == ()


def test_without_holds_a_clock_that_would_pause_runs_like_any_other() -> None:
    moves = move("30 days", "lead", "lost", pauses=True), move("31 days", "lead", "lost")

    assert paths(**with_moves(*moves)) == ["$.transitions[7].sources[0]"]


# Stages that are never reached


def test_a_stage_to_which_no_move_leads_is_told() -> None:
    assert found(**with_stages(*stages("partner!"))) == (
        Fault(
            "$.stages[6]",
            "no transitions lead from 'lead' to 'partner'; add one, or leave the stage out",
        ),
    )


def test_a_stage_that_only_leads_elsewhere_is_not_reached() -> None:
    assert paths(
        **with_stages(*stages("partner")), **with_moves(move("used", "partner", "use"))
    ) == ["$.stages[6]"]


@pytest.mark.parametrize("what", ["used", "9 days", "expired"])
def test_a_stage_is_reached_by_an_event_by_time_or_by_a_breach(what: str) -> None:
    change = with_stages(*stages("partner!")), with_moves(move(what, "use", "partner"))

    assert found(**change[0], **change[1]) == ()


def test_a_stage_behind_a_move_that_is_never_made_is_not_reached() -> None:
    change = with_moves(move("signed", "lead", "partner", "big", priority=1))

    assert paths(**with_stages(*stages("partner!")), **change) == [
        "$.stages[6]",
        "$.transitions[6].sources[0]",
    ]


# Traps and ends


def test_a_stage_from_which_no_end_can_be_reached_is_a_trap() -> None:
    change = with_moves(move("used", "use", "partner"), move("used", "partner", "rest"))

    assert found(**with_stages(*stages("partner", "rest")), **change) == tuple(
        Fault(
            f"$.stages[{place}]",
            f"'{name}' is a trap: no transition leads to a final stage; "
            "add one, or give it final=True if it is an end",
        )
        for place, name in ((6, "partner"), (7, "rest"))
    )


def test_a_stage_that_leads_to_an_end_in_the_end_is_no_trap() -> None:
    change = with_moves(move("used", "use", "partner"), move("9 days", "partner", "use"))

    assert found(**with_stages(*stages("partner")), **change) == ()


def test_an_inner_move_that_stays_can_make_a_trap() -> None:
    change = with_moves(move("left", "use", None, priority=-1))

    assert paths(**change) == ["$.stages[4]", "$.transitions[3].sources[1]"][::-1]


ENDLESS = Parts(
    initial="trial",
    stages=stages("trial", "customer"),
    events=("paid", "lapsed"),
    transitions=(move("paid", "trial", "customer"), move("lapsed", "customer", "trial")),
)


def test_where_there_is_no_end_some_move_must_leave_every_stage() -> None:
    moves = (*ENDLESS.transitions[:1], move("lapsed", "customer", None))

    assert tuple(faults(attrs.evolve(ENDLESS, transitions=moves))) == (
        Fault(
            "$.stages[1]",
            "'customer' is a trap: no transition leads out of it; "
            "add one, or give it final=True if it is an end",
        ),
    )


@pytest.mark.parametrize("target", ["trial", "customer"])
def test_a_lifecycle_without_an_end_is_sound_if_it_goes_on(target: str) -> None:
    moves = (*ENDLESS.transitions[:1], move("lapsed", "customer", target))

    assert tuple(faults(attrs.evolve(ENDLESS, transitions=moves))) == ()


def test_only_a_win_back_leads_out_of_an_end() -> None:
    assert found(**with_moves(move("used", "lost", "use"))) == (
        Fault(
            "$.transitions[6].sources[0]",
            "'lost' is final, and only a win-back leads out of it; "
            "say win_back=True, or leave the source out",
        ),
    )


@pytest.mark.parametrize("target", [None, "closed"])
def test_a_move_that_stays_at_an_end_or_leads_to_another_is_no_win_back(target: str | None) -> None:
    change = with_moves(move("left", "lost", target), move("used", "use", "closed"))

    assert found(**with_stages(*stages("closed!")), **change) == ()


def test_a_win_back_leads_out_of_an_end_alone() -> None:
    assert found(**with_moves(move("used", ("lost", "lead"), "use", win_back=True))) == (
        Fault(
            "$.transitions[6].sources[1]",
            "a win-back leads out of a final stage, but 'lead' is none; "
            "leave win_back= out, or give the stage final=True",
        ),
    )


def test_a_stage_around_that_is_final_makes_all_in_it_final() -> None:
    ends = with_stages(*stages("end!", "end/left", "end/closed"))
    moves = move("left", "lead", "end/left"), move("used", "use", "end/closed")

    assert found(**ends, **with_moves(*moves)) == ()
    assert paths(**ends, **with_moves(*moves, move("back", "end", "use"))) == [
        "$.transitions[8].sources[0]"
    ]


def test_a_final_stage_with_a_move_of_its_own_is_not_left_by_one_around() -> None:
    ended = with_stages(*stages("use/live", "use/over!"))
    moves = [
        attrs.evolve(each, target="use/live") if each.target == "use" else each
        for each in TRIAL.transitions
    ]
    moves += [move("used", "use/live", "use/over"), move("expired", "use", "lead")]

    assert paths(**ended, transitions=tuple(moves)) == ["$.transitions[7].sources[0]"]
    stays = move("expired", "use/over", None)
    assert found(**ended, transitions=(*moves, stays)) == ()


# Tracks of final stages


def with_track_at_the_end(*moves: Transition) -> tuple[Fault, ...]:
    track = Track(name="export", done_by=("exported", "refused_it"))
    ended = [attrs.evolve(s, tracks=(track,)) if s.name == "lost" else s for s in TRIAL.stages]
    events = (*TRIAL.events, "exported", "refused_it")
    return found(stages=tuple(ended), events=events, **with_moves(*moves))


def test_a_track_of_a_final_stage_that_no_event_can_end_is_told() -> None:
    assert with_track_at_the_end() == (
        Fault(
            "$.stages[5].tracks[0]",
            "'lost' is final, so nothing takes 'exported' or 'refused_it' there; "
            "add a transition by it that stays (target=None), or leave the track out",
        ),
    )


def test_a_track_of_a_final_stage_can_be_ended_by_an_event_of_a_transition() -> None:
    assert with_track_at_the_end(move("exported", "lost", None)) == ()


# Circles of moves by time


def circle(*moves: Transition, **more: Any) -> tuple[Fault, ...]:
    rest = with_stages(*stages("rest", "visit"))
    ways = move("used", "use", "rest"), move("left", ("rest", "visit"), "lost")
    return found(**rest, **with_moves(*ways, *moves), **more)


def test_moves_by_time_alone_may_not_go_round() -> None:
    assert circle(move("30 days", "rest", "visit"), move("7 days", "visit", "rest")) == (
        Fault(
            "$.transitions[8]",
            "time alone leads round and round, 'rest' -> 'visit' -> 'rest'; "
            "give one of these moves a guard, or let an event that happens make it",
        ),
    )


def test_a_move_by_time_to_its_own_stage_is_a_circle() -> None:
    given = circle(move("7 days", "rest", "rest"), move("back", "rest", "visit"))

    assert [fault.path for fault in given] == ["$.transitions[8]"]
    assert "'rest' -> 'rest';" in given[0].message


def test_each_circle_is_told_and_the_way_to_it_is_not() -> None:
    given = circle(
        move("9 days", "lead", "rest"),
        move("30 days", "rest", "visit"),
        move("7 days", "visit", "rest"),
        move("7 days", "use", "use"),
    )

    assert [fault.path for fault in given] == ["$.transitions[9]", "$.transitions[11]"]


@pytest.mark.parametrize(
    "back",
    [
        move("7 days", "visit", "rest", "calm"),  # under a guard
        move("back", "visit", "rest"),  # by an event
        move("7 days", "visit", "use"),  # to where only an event leads on
    ],
)
def test_a_circle_that_needs_more_than_time_may_stand(back: Transition) -> None:
    assert circle(move("30 days", "rest", "visit"), back) == ()


def late(**deadline: Any) -> tuple[Deadline, ...]:
    return (
        Deadline(
            **{"name": "visited", "by": "access_given", "within": "7 days", "breach": "expired"}
            | deadline
        ),
    )


BREACH = move("30 days", "rest", "visit"), move("expired", "visit", "rest")


def test_a_breach_whose_clock_the_circle_starts_anew_goes_round_too() -> None:
    given = circle(*BREACH, deadlines=late(since="visit"))

    assert [fault.path for fault in given] == ["$.transitions[8]"]


@pytest.mark.parametrize(
    "deadline",
    [
        {"since": "signed"},  # it comes once
        {"since": "expired", "by": "rest"},  # met by where the breach leads
        {"since": "rest", "by": "visit", "within": "40 days"},  # the circle meets it
        {"since": "rest", "waived_by": "visit"},
        {"since": "visit", "breach": None},
    ],
)
def test_a_breach_that_does_not_come_again_is_no_circle(deadline: dict[str, Any]) -> None:
    assert circle(*BREACH, deadlines=late(**deadline)) == ()


def test_a_breach_whose_clock_is_met_only_after_it_and_starts_anew_goes_round() -> None:
    given = circle(*BREACH, deadlines=late(since="visit", by="rest"))

    assert [fault.path for fault in given] == ["$.transitions[8]"]


def test_a_clock_runs_on_through_moves_that_neither_stop_nor_start_it() -> None:
    given = circle(*BREACH, deadlines=late(since="rest", within="40 days"))

    assert [fault.path for fault in given] == ["$.transitions[8]"]


@pytest.mark.parametrize("stop", ["by", "waived_by"])
def test_a_breach_that_stops_its_own_clock_and_starts_it_anew_is_a_circle(stop: str) -> None:
    own = {"by": ("left",), "since": ("signed", "expired")} | {stop: ("left", "expired")}
    deadline = Deadline(name="pay", within="30 days", breach="expired", **own)

    assert [fault.path for fault in found(deadlines=(deadline,))] == ["$.deadlines[0].breach"]


@pytest.mark.parametrize("limit", [{"within": "30 days"}, {"due": "pay_by"}])
def test_a_noted_breach_that_starts_its_own_clock_anew_is_a_circle(limit: dict[str, str]) -> None:
    deadline = Deadline(
        name="pay", since=("signed", "expired"), by="left", breach="expired", **limit
    )

    assert [str(fault) for fault in found(deadlines=(deadline,))] == [
        (
            "$.deadlines[0].breach: time alone leads round and round, 'lead' -> 'lead'; "
            "a breach that starts its own clock anew never ends; leave it out of since="
        )
    ]


def test_a_breach_that_stays_and_starts_its_own_clock_anew_is_a_circle() -> None:
    stays = move("expired", "use", None)
    deadline = Deadline(name="pay", since="expired", by="left", within="9 days", breach="expired")

    given = found(**with_moves(stays), deadlines=(deadline,))

    assert given[0].path == "$.transitions[6]"


def test_two_breaches_that_start_one_another_where_the_account_stays_are_a_circle() -> None:
    tick = Deadline(
        name="tick", since=("used", "back"), by="left", within="1 day", breach="expired"
    )
    tock = Deadline(name="tock", since="expired", by="left", within="1 day", breach="used")

    assert "round and round" in found(deadlines=(tick, tock))[0].message


# Deadlines that cannot be met


def test_the_clock_of_a_deadline_must_start() -> None:
    assert found(**with_deadline(since="lead", by="use")) == (
        Fault(
            "$.deadlines[0].since",
            "its clock never starts, since no move enters 'lead'; "
            "name the event from which it counts",
        ),
    )


def test_a_move_back_to_the_initial_stage_starts_a_clock() -> None:
    given = with_moves(move("back", "use", "lead"))

    assert found(**with_deadline(since="lead", by="use"), **given) == ()


def test_a_deadline_needs_a_way_to_what_meets_it() -> None:
    assert found(**with_deadline(since="use", by="onboarding")) == (
        Fault(
            "$.deadlines[0].by",
            "it cannot be met: after 'use', no way leads to 'onboarding' without an end before; "
            "add the transition, or name other marks",
        ),
    )


@pytest.mark.parametrize(
    "deadline",
    [
        {"since": "use", "by": "used"},  # noted, wherever it comes
        {"since": "use", "by": ("onboarding", "lost")},  # one of them is enough
        {"since": ("use", "signed"), "by": "onboarding/training"},
        {"since": "onboarding", "by": "onboarding/data"},  # entered at once
        {"since": "onboarding", "by": "onboarding/training"},
        {"since": "lost", "by": "back"},  # a clock that starts at an end runs there
        {"since": "lost", "by": "use"},
        {"since": "signed", "by": "left"},
        {"since": "signed", "by": "expired", "breach": "expired"},
        {"since": "access_given", "by": "data_ready"},
    ],
)
def test_a_deadline_that_some_way_meets_may_stand(deadline: dict[str, Any]) -> None:
    assert found(**with_deadline(**deadline)) == ()


@pytest.mark.parametrize(
    "deadline",
    [
        {"since": "use", "by": "use"},  # an end lies between
        {"since": "lost", "by": "left", "within": "1 day"},  # `left` is refused there
        {"since": "onboarding/training", "by": "onboarding"},  # from inside it is not entered
    ],
)
def test_a_deadline_that_no_way_meets_is_told(deadline: dict[str, Any]) -> None:
    no_way_back = tuple(each for each in TRIAL.transitions if not each.win_back)
    given = found(**with_deadline(**deadline), transitions=no_way_back)

    assert [fault.path for fault in given] == ["$.deadlines[0].by"]


WAITS = Parts(
    initial="lead",
    stages=stages("lead", "wait", "again", "live!"),
    events=("signed", "called", "hold", "resume"),
    transitions=(
        move("signed", "lead", "wait"),
        move("30 days", "wait", "again"),
        move("1 month", "again", "live"),
    ),
)


def waits(
    within: str, *, by: str = "live", since: str = "signed", **more: Any
) -> tuple[Fault, ...]:
    pauses = more.pop("pauses", False)
    limit = Deadline(name="live", since=since, by=by, within=within, pauses=pauses)
    return tuple(faults(attrs.evolve(WAITS, deadlines=(limit,), **more)))


def test_a_limit_below_what_the_moves_by_time_take_cannot_be_kept() -> None:
    assert waits("50 days") == (
        Fault(
            "$.deadlines[0].within",
            "moves by time alone take 58 days from 'signed' to 'live', but the limit is 50 days; "
            "allow more, or shorten an after= on the way",
        ),
    )


@pytest.mark.parametrize(
    ("within", "is_fault"),
    [
        ("57 days", True),
        ("58 days", False),  # from 31 January
        ("1 month", True),
        ("2 months", False),
        ("8 weeks", True),
        ("41 business days", False),  # which days are business days is not known
        ("1391 hours", True),
        ("1392 hours", False),
    ],
)
def test_a_limit_is_refused_only_where_no_calendar_could_keep_it(
    within: str, is_fault: bool
) -> None:
    assert bool(waits(within)) is is_fault


@pytest.mark.parametrize(
    ("after", "within", "is_fault"),
    [
        ("11 business days", "10 business days", True),
        ("10 business days", "10 business days", False),
        ("13 months", "1 year", True),
        ("12 months", "1 year", False),
        ("10 business days", "9 days", True),
    ],
)
def test_spans_of_one_measure_compare_as_they_are(after: str, within: str, is_fault: bool) -> None:
    moves = (WAITS.transitions[0], move(after, "wait", "again"), move("called", "again", "live"))

    assert bool(waits(within, by="again", transitions=moves)) is is_fault


def test_an_event_on_the_way_may_come_at_once() -> None:
    moves = (*WAITS.transitions, move("called", ("wait", "again"), "live"))

    assert waits("1 day", transitions=moves) == ()


def test_of_several_ways_the_shortest_counts() -> None:
    ways = (
        WAITS.transitions[0],
        move("60 days", "wait", "again", "slow"),
        move("10 days", "wait", "brief", "quick"),
        move("10 days", "brief", "again"),
        move("90 days", "again", "live"),
    )
    given = waits(
        "100 days", stages=stages("lead", "wait", "brief", "again", "live!"), transitions=ways
    )

    assert given[0].message.startswith("moves by time alone take 110 days from 'signed' to 'live'")


def test_the_clock_of_a_move_may_have_run_for_long_when_the_deadline_starts() -> None:
    assert waits("1 day", since="called", by="again") == ()


@pytest.mark.parametrize(
    ("after", "pauses", "is_fault"),
    [("30 days", False, False), ("30 days", True, True), ("30 business days", True, False)],
)
def test_a_hold_moves_the_limit_and_only_what_pauses_alike(
    after: str, pauses: bool, is_fault: bool
) -> None:
    moves = (
        WAITS.transitions[0],
        move(after, "wait", "again", pauses=pauses),
        move("called", "again", "live"),
    )
    given = waits(
        "20 days",
        by="again",
        pauses=True,
        pause=Pause(starts="hold", ends="resume"),
        transitions=moves,
    )

    assert bool(given) is is_fault


def test_where_no_account_is_ever_on_hold_the_limit_stays() -> None:
    assert waits("20 days", by="again", pauses=True) != ()


def test_a_stage_to_which_only_time_leads_from_the_beginning_is_refused() -> None:
    lapsed = {**with_stages(Stage(name="lapsed", final=True))}
    by_time = move("30 days", "lead", "lapsed")

    assert [str(fault) for fault in found(**lapsed, **with_moves(by_time))] == [
        (
            "$.stages[6]: 'lapsed' is never reached, since no time counts from 'lead', in which an "
            "account has always been, and no transition by an event leads there; add one, or "
            "leave the stage out"
        )
    ]
    assert found(**lapsed, **with_moves(by_time, move("back", "use", "lead"))) == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"initial": None}, "$.initial: expected text, but got None"),
        ({"stages": ("a",)}, "$.stages[0]: expected a Stage, but got the str 'a'"),
        ({"stages": Stage(name="a")}, "$.stages: expected several Stage parts, but got a value of"),
        ({"transitions": ("a",)}, "$.transitions[0]: expected a Transition, but got the str 'a'"),
        ({"events": ("go", 5)}, "$.events[1]: expected a str, but got the int 5"),
        ({"payloads": {"left": 5}}, "$.payloads.left: expected a Schema, but got the int 5"),
        ({"payloads": "left"}, "$.payloads: expected schemas by event, but got the str 'left'"),
        ({"pause": "x"}, "$.pause: expected a Pause, but got the str 'x'"),
        ({"facts": "x"}, "$.facts: expected a Schema, but got the str 'x'"),
    ],
)
def test_a_part_of_another_kind_is_told_before_all_else(
    change: dict[str, Any], problem: str
) -> None:
    (fault,) = found(**change)

    assert str(fault).startswith(problem)


def test_a_calendar_of_another_kind_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"\$\.calendar: expected a BusinessCalendar, but"):
        Lifecycle(
            name="trial",
            initial="lead",
            stages=stages("lead", "lost!"),
            events=("left",),
            transitions=(move("left", "lead", "lost"),),
            calendar="x",  # type: ignore[arg-type]
        )
