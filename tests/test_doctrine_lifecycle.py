"""The doctrine of the lifecycle, row by row, as stories that the stock definitions tell.

One test for each row L1 to L15 of the doctrine, named by its id; what a row says stands in the page
of the reference (``docs/reference/stocklifecycles.md``).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import attrs

from cslib.attribution import LinkStatus
from cslib.charts import Chart
from cslib.lifecycle import Event, Journey, Lifecycle, OutcomeKind
from cslib.stock import (
    CHURN_REASONS,
    DELIVERY,
    INTERNET,
    KINDS,
    MAINTENANCE,
    ON_SITE,
    PRIVATE,
    SUBSCRIPTION,
    SUCCESS_CHAIN,
)

D = dt.date
ALL = (SUBSCRIPTION, DELIVERY, MAINTENANCE)
END = D(2028, 12, 31)


def happened(name: str, at: dt.date, **payload: object) -> Event:
    return Event(account="crane", name=name, at=at, payload=payload)


def stages(journey: Journey) -> list[str]:
    return [visit.stage for visit in journey.visits]


# A delivery by the plan: signed on March 2, in use on April 27

SOLD = (
    happened("gate_checked", D(2026, 2, 20), challenge_named=True, challenge_solvable=True),
    happened("signed", D(2026, 3, 2)),
)
HANDED_OVER = happened(
    "handed_over", D(2026, 3, 4), expectations="too_high", expectations_agreed=True
)
KICKED_OFF = happened("kick_off", D(2026, 3, 9))
FOUNDATIONS = happened("foundations_laid", D(2026, 3, 16))
CHECKED = happened(
    "environment_checked",
    D(2026, 3, 18),
    network_open=True,
    systems_supported=True,
    rights_granted=True,
)
BOTH_TRACKS = (
    happened("data_integrated", D(2026, 4, 1)),
    happened("design_agreed", D(2026, 4, 3)),
)
VALIDATED = (
    happened("validation_started", D(2026, 4, 4)),
    happened("data_validated", D(2026, 4, 15)),
)
TRAINED = (
    happened("metrics_set_up", D(2026, 4, 20)),
    happened("training_held", D(2026, 4, 22)),
)
AGREED = {
    "outcome_what": "days to hire",
    "outcome_baseline": 45,
    "outcome_target": 30,
    "outcome_due": D(2026, 12, 31),
}
ACCEPTED = happened("delivery_accepted", D(2026, 4, 27), **AGREED)
PLAN = (
    *SOLD,
    HANDED_OVER,
    KICKED_OFF,
    FOUNDATIONS,
    CHECKED,
    *BOTH_TRACKS,
    *VALIDATED,
    *TRAINED,
    ACCEPTED,
)


def without(*left_out: Event) -> list[Event]:
    return [event for event in PLAN if event not in left_out]


def delivered(*events: Event, as_of: dt.date = END, by: Lifecycle = DELIVERY) -> Journey:
    return by.replay(events, as_of=as_of)


def test_l1_wherever_an_account_stands_the_stage_is_a_standard_one_with_owner_and_norm() -> None:
    for lifecycle in ALL:
        known = {stage.name: stage for stage in lifecycle.stages}
        for leaf in Chart.of(lifecycle).leaves:
            assert known[leaf].owner, leaf
            assert re.search(r"\b[LR]\d+\b", known[leaf].norm), leaf

    stray = delivered(*SOLD, happened("hopes_are_high", D(2026, 3, 3)))
    assert stray.stage == "onboarding/handover"
    assert [str(each.reason) for each in stray.refused] == ["unknown_event"]


def test_l2_design_and_integration_run_side_by_side_and_are_validated_together() -> None:
    integrated, designed = BOTH_TRACKS
    too_soon = happened("validation_started", D(2026, 4, 2))
    before = (*SOLD, HANDED_OVER, KICKED_OFF, CHECKED, integrated, too_soon)

    alone = delivered(*before, as_of=D(2026, 4, 2))
    assert alone.stage == "onboarding/data_access"
    assert (alone.tracks_done, alone.tracks_open) == (("integration",), ("foundations", "design"))
    assert "done_design = False" in str(alone.refused[0])

    both = delivered(*before, designed, happened("validation_started", D(2026, 4, 4)))
    assert both.stage == "onboarding/validation"

    visit = happened("visited", D(2026, 9, 1))
    moved_in = happened("residency_begun", D(2026, 9, 2), consented=False)
    in_use = delivered(*PLAN, visit, moved_in)
    assert in_use.stage == "in_use"
    assert [each.event for each in in_use.refused] == [moved_in]


def test_l3_the_plan_goes_kick_off_preparation_data_access_final_service() -> None:
    journey = delivered(*PLAN)

    assert journey.refused == ()
    assert stages(journey) == [
        "sale/qualification",
        "sale/negotiation",
        "onboarding/handover",
        "onboarding/kick_off",
        "onboarding/preparation",
        "onboarding/data_access",
        "onboarding/validation",
        "onboarding/training",
        "in_use",
    ]


def test_l4_two_months_of_delivery_then_ten_months_until_the_renewal() -> None:
    assert delivered(KICKED_OFF, *without(KICKED_OFF)).deadline("delivered").due == D(2026, 5, 9)

    opened = MAINTENANCE.replay([ACCEPTED], as_of=D(2027, 2, 28))
    assert (opened.stage, opened.visits[-1].entered) == ("in_use/renewal", D(2027, 2, 28))
    day_before = MAINTENANCE.replay([ACCEPTED], as_of=D(2027, 2, 27))
    assert day_before.stage.startswith("in_use/cycle/")
    assert day_before.deadline("maintenance").due == D(2027, 2, 27)

    renewed = happened("renewed", D(2027, 4, 20))
    second_year = MAINTENANCE.replay([ACCEPTED, renewed], as_of=D(2027, 4, 30))
    assert second_year.stage == "in_use/cycle/judgement"
    assert second_year.deadline("maintenance").due == D(2028, 2, 20)


def test_l5_foundations_are_laid_within_thirty_days_which_no_hold_makes_longer() -> None:
    held = (happened("put_on_hold", D(2026, 3, 10)), happened("resumed", D(2026, 3, 30)))
    late = happened("foundations_laid", D(2026, 4, 2))

    in_time = delivered(*SOLD, FOUNDATIONS).deadline("foundations")
    too_late = delivered(*SOLD, *held, late).deadline("foundations")

    assert (str(in_time.status), in_time.due) == ("met", D(2026, 4, 1))
    assert (str(too_late.status), too_late.due) == ("late", D(2026, 4, 1))
    refused = delivered(*without(FOUNDATIONS)).refused[0]
    assert refused.event == ACCEPTED
    assert "done_foundations = False" in str(refused)


def test_l6_activation_has_a_limit_and_its_breach_is_an_event_that_asks_for_a_rescue() -> None:
    for lifecycle, log in ((DELIVERY, SOLD), (SUBSCRIPTION, SOLD[1:])):
        in_time = lifecycle.replay(log, as_of=D(2026, 6, 2))
        assert str(in_time.deadline("activated")) == "activated: open, due 2026-06-02"
        assert in_time.effects == ()

        after = lifecycle.replay(log, as_of=D(2026, 6, 3))
        assert str(after.deadline("activated").status) == "missed"
        assert [(each.name, each.event.name, each.event.at) for each in after.effects] == [
            ("activation rescue", "activation_missed", D(2026, 6, 3))
        ]

    in_use = delivered(*PLAN)
    assert (str(in_use.deadline("activated").status), in_use.effects) == ("met", ())


def test_l6_an_end_waives_a_limit_that_is_open_and_not_one_that_passed() -> None:
    def closed(at: dt.date) -> str:
        log = (happened("signed", D(2026, 3, 2)), happened("closed", at))
        return str(SUBSCRIPTION.replay(log, as_of=END).deadline("activated").status)

    assert closed(D(2026, 5, 1)) == "waived"
    assert closed(D(2026, 7, 1)) == "missed"


def test_l7_maintenance_is_a_cycle_that_begins_by_judging_the_last_medicine() -> None:
    log = [
        ACCEPTED,
        happened("diagnosed", D(2026, 5, 4)),
        happened("prescribed", D(2026, 5, 6)),
    ]
    taking = MAINTENANCE.replay(log, as_of=D(2026, 7, 27))
    assert taking.stage == "in_use/cycle/treatment"

    next_cycle = MAINTENANCE.replay(log, as_of=D(2026, 7, 28))
    assert next_cycle.stage == "in_use/cycle/judgement"
    assert next_cycle.deadline("cycle").due == D(2026, 10, 28)

    unjudged = [*log, happened("judged", D(2026, 7, 29))]
    assert MAINTENANCE.replay(unjudged, as_of=END).refused[0].reason.value == "guard_unknown"

    failed = [*log, happened("judged", D(2026, 7, 29), medicine_worked=False)]
    judged = MAINTENANCE.replay(failed, as_of=D(2026, 7, 29))
    assert judged.stage == "in_use/cycle/diagnosis"
    assert [each.name for each in judged.effects] == ["change the medicine"]


def test_l8_a_deal_without_a_challenge_that_the_product_can_solve_is_given_up() -> None:
    def gate(**found: bool) -> Journey:
        return delivered(happened("gate_checked", D(2026, 2, 20), **found))

    assert gate(challenge_named=True, challenge_solvable=True).stage == "sale/negotiation"
    assert gate(challenge_named=True, challenge_solvable=False).stage == "given_up"
    assert gate(challenge_named=False).stage == "given_up"

    open_question = gate(challenge_named=True)
    assert open_question.stage == "sale/qualification"
    assert open_question.refused[0].why == "not known: challenge_solvable"
    assert delivered(SOLD[1]).stage == "sale/qualification"  # no signature without the gate


def test_l9_the_implementer_may_stop_a_project_that_is_signed_and_it_is_rescinded() -> None:
    for length in range(2, len(PLAN)):
        stopped = happened("stopped", D(2026, 4, 26))
        journey = delivered(*PLAN[:length], stopped)
        assert journey.stage == "rescinded"
        assert [each.name for each in journey.effects] == ["refund"]

    unsigned = delivered(SOLD[0], happened("stopped", D(2026, 2, 28)))
    assert (unsigned.stage, unsigned.effects) == ("given_up", ())
    assert delivered(*PLAN, happened("stopped", D(2026, 5, 2))).stage == "in_use"


def test_l10_a_failure_is_that_of_the_earliest_link_that_failed() -> None:
    left = happened("churned", D(2027, 2, 1), reason="too little use")
    solved = happened("outcome_reached", D(2026, 12, 1))

    def failed(*events: Event) -> str:
        attribution = SUCCESS_CHAIN.attribute(delivered(*events).facts)
        assert attribution.status is not LinkStatus.UNKNOWN
        return str(attribution)

    assert failed(*SOLD, happened("stopped", D(2026, 3, 3))) == "sold right failed first"
    late_and_gone = failed(*SOLD, HANDED_OVER, KICKED_OFF, left)
    assert late_and_gone == "implemented right failed first"
    assert failed(*PLAN, left) == "used failed first"
    assert failed(*PLAN, solved) == failed(*SOLD, happened("closed", D(2026, 3, 3)))
    assert failed(*PLAN, solved) == "every link held"
    assert SUCCESS_CHAIN.attribute(delivered(*SOLD, as_of=D(2026, 3, 3)).facts).link is None


def test_l11_the_flow_is_adjusted_to_the_kind_of_customer() -> None:
    def chosen(**facts: str) -> str | None:
        return KINDS.decide(facts).outcome

    assert chosen(hosting="cloud", segment="internet") == "internet"
    assert chosen(hosting="cloud", segment="traditional") == "on site"
    assert chosen(hosting="private", segment="internet") == "private"
    assert KINDS.decide({"segment": "internet"}).questions == ("hosting",)

    standard = INTERNET.of(DELIVERY)
    assert attrs.evolve(standard, name=DELIVERY.name) == DELIVERY

    on_site = delivered(*SOLD, HANDED_OVER, KICKED_OFF, by=ON_SITE.of(DELIVERY))
    assert on_site.stage == "onboarding/consulting"
    assert DELIVERY.stages[4].owner == "csm"
    assert ON_SITE.of(DELIVERY).stages[4].owner == "project manager"


MEASURED = {
    "cpu_cores": 8,
    "cpu_cores_needed": 16,
    "memory_gb": 64,
    "memory_gb_needed": 64,
    "disk_gb": 900,
    "disk_gb_needed": 500,
}


def test_l12_before_an_installation_the_environment_is_checked_and_what_fails_is_named() -> None:
    weak = happened(
        "environment_checked",
        D(2026, 3, 17),
        **CHECKED.payload,
        **MEASURED,
    )
    mended = attrs.evolve(weak, at=D(2026, 3, 24), payload={**weak.payload, "cpu_cores": 16})
    log = (*SOLD, HANDED_OVER, KICKED_OFF)
    private = PRIVATE.of(DELIVERY)

    found = delivered(*log, weak, by=private)
    assert found.stage == "onboarding/preparation"
    explanation = found.refused[0].explanation
    assert explanation is not None
    failing = [(part.text, part.facts) for part in explanation.parts if part.value is False]
    assert failing == [
        ("cpu_cores >= cpu_cores_needed", (("cpu_cores", 8), ("cpu_cores_needed", 16)))
    ]

    assert delivered(*log, weak, mended, by=private).stage == "onboarding/installation"


def test_l13_a_win_back_is_a_stage_of_its_own_and_no_new_sale() -> None:
    log = [
        ACCEPTED,
        happened("churned", D(2026, 6, 1), reason="champion left"),
        happened("won_back", D(2026, 11, 2)),
    ]
    back = MAINTENANCE.replay(log, as_of=END)
    assert stages(back)[-2:] == ["churned", "won_back"]

    again = MAINTENANCE.replay(
        [*log, attrs.evolve(ACCEPTED, at=D(2026, 12, 1))], as_of=D(2026, 12, 1)
    )
    assert again.stage == "in_use/cycle/diagnosis"
    for lifecycle in (SUBSCRIPTION, MAINTENANCE):
        out = [move for move in lifecycle.transitions if "churned" in move.sources]
        assert [(move.target, move.win_back) for move in out] == [("won_back", True)]


def test_l13_a_churn_says_why_in_words_that_can_be_counted() -> None:
    for reason in (*CHURN_REASONS, None):
        left = happened("churned", D(2026, 6, 1), reason=reason)
        assert MAINTENANCE.replay([ACCEPTED, left], as_of=END).stage == "churned"

    vague = happened("churned", D(2026, 6, 1), reason="prize")
    refused = MAINTENANCE.replay([ACCEPTED, vague], as_of=D(2026, 6, 1)).refused[0]
    assert refused.why.endswith("but got 'prize': did you mean 'price'?")


def test_l14_expectations_are_recorded_and_brought_to_a_proper_level_at_the_handover() -> None:
    def handed_over(**payload: object) -> Journey:
        return delivered(*SOLD, happened("handed_over", D(2026, 3, 4), **payload))

    too_high = handed_over(expectations="too_high", expectations_agreed=False)
    assert too_high.stage == "onboarding/handover"
    assert handed_over(expectations_agreed=True).stage == "onboarding/handover"

    brought_down = handed_over(expectations="too_high", expectations_agreed=True)
    assert brought_down.stage == "onboarding/kick_off"
    recorded = brought_down.visits[-1].event
    assert recorded is not None
    assert recorded.payload["expectations"] == "too_high"


def test_l15_onboarding_ends_with_an_outcome_and_the_account_succeeds_when_it_is_reached() -> None:
    for name in AGREED:
        vague = attrs.evolve(ACCEPTED, payload={k: v for k, v in AGREED.items() if k != name})
        journey = delivered(*without(ACCEPTED), vague)
        assert journey.stage == "onboarding/training"
        assert journey.refused[0].why == f"not known: {name}"

    signed_off = delivered(*PLAN, as_of=D(2026, 12, 31))
    assert str(signed_off.deadline("outcome")) == "outcome: open, due 2026-12-31"
    assert "success" not in signed_off.milestones

    solved = delivered(*PLAN, happened("outcome_reached", D(2026, 12, 1)))
    assert str(solved.deadline("outcome").status) == "met"
    assert solved.milestones["success"] == D(2026, 12, 1)
    assert str(delivered(*PLAN, as_of=D(2027, 1, 1)).deadline("outcome").status) == "missed"


# How the rows are told


def rows_told() -> Iterator[str]:
    for name in globals():
        place = re.match(r"test_l(\d+)_", name)
        if place:
            yield f"L{place[1]}"


def test_each_row_of_the_lifecycle_has_a_story() -> None:
    assert set(rows_told()) == {f"L{number}" for number in range(1, 16)}


def test_a_hold_moves_the_plan_and_not_the_limit_of_the_customer() -> None:
    held = (happened("put_on_hold", D(2026, 3, 20)), happened("resumed", D(2026, 4, 19)))

    journey = delivered(*SOLD, HANDED_OVER, KICKED_OFF, *held, as_of=D(2026, 4, 20))

    assert journey.deadline("delivered").due == D(2026, 6, 8)
    assert journey.deadline("activated").due == D(2026, 6, 2)


def test_no_cycle_begins_in_the_window_of_the_renewal() -> None:
    log = [ACCEPTED, happened("renewal_opened", D(2026, 7, 1))]

    window = MAINTENANCE.replay(log, as_of=D(2026, 12, 1))
    assert window.stage == "in_use/renewal"
    assert str(window.deadline("cycle").status) == "waived"

    renewed = MAINTENANCE.replay([*log, happened("renewed", D(2026, 8, 1))], as_of=D(2026, 8, 2))
    assert str(renewed.deadline("cycle")) == "cycle: open, due 2026-11-01"


def test_a_cycle_that_was_never_diagnosed_shows_as_missed_and_begins_no_other() -> None:
    idle = MAINTENANCE.replay([ACCEPTED], as_of=D(2026, 9, 1))

    assert idle.stage == "in_use/cycle/diagnosis"
    assert str(idle.deadline("cycle").status) == "missed"
    assert idle.refused == ()


def test_variants_can_be_made_of_one_another() -> None:
    both = PRIVATE.of(ON_SITE.of(DELIVERY))

    assert both.name == "delivery/on site/private"
    assert {"onboarding/consulting", "onboarding/installation"} < {s.name for s in both.stages}


def test_what_could_happen_next_says_what_to_ask_for() -> None:
    state = DELIVERY.step(DELIVERY.start, SOLD[0]).state
    state = DELIVERY.step(state, SOLD[1]).state

    found = {each.event: each for each in DELIVERY.possible(state, at=D(2026, 3, 3))}

    assert str(found["stopped"]) == "stopped: leads to rescinded"
    assert found["kick_off"].kind is OutcomeKind.REFUSED


def test_a_signature_that_comes_twice_starts_no_limit_anew() -> None:
    again = happened("signed", D(2026, 9, 1))

    journey = delivered(*PLAN, again)

    assert [each.event for each in journey.refused] == [again]
    assert journey.deadline("activated").due == D(2026, 6, 2)
