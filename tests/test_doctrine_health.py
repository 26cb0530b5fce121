"""The doctrine of health, row by row, as stories that the stock definitions tell.

One test or more for each row H1 to H11 of the doctrine, named by its id; what a row says stands in
the page of the reference (``docs/reference/stockscorecards.md``).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.health import Assessment, Scorecard, Status
from cslib.lifecycle import Event
from cslib.stock import (
    ACTIVATION,
    BEFORE_RENEWAL,
    DELIVERY,
    INDICATORS,
    PHASES,
    PLAYBOOKS,
    SCORECARD,
    SCORECARD_FACTS,
    SCORECARDS,
)

D = dt.date
TODAY = D(2026, 6, 30)
CRANE: dict[str, object] = {
    "stage": "in_use",
    "signed_on": D(2025, 9, 20),
    "term_ends_on": D(2026, 9, 19),
    "seats": 40,
    "seats_used": 30,
    "logins_30d": 400,
    "logins_prior_30d": 420,
    "roles_active": 2,
    "maturity": 2,
    "peer_rank": 0.6,
    "scenarios_running": 2,
    "nps": 9,
    "nps_on": D(2026, 5, 4),
    "outcome": "on_the_way",
    "outcome_on": D(2026, 6, 1),
    "uses_change": -0.05,
    "owners_removed_30d": 0,
    "payments_failed_30d": 0,
}
STARTED: dict[str, object] = {
    "deadline_foundations": "met",
    "deadline_activated": "open",
    "steps": "met",
    "wau": 5,
    "expectations_agreed": True,
    "outcome_agreed": True,
}


def judged(by: Scorecard = BEFORE_RENEWAL, **facts: object) -> Assessment:
    return by.assess({**CRANE, **facts}, as_of=TODAY)


def started(**facts: object) -> Assessment:
    return ACTIVATION.assess({**STARTED, **facts}, as_of=TODAY)


def points(measure: str, by: Scorecard = BEFORE_RENEWAL, **facts: object) -> object:
    return judged(by, **facts).contribution(measure).points


OPINIONS = {"csm_says": "it is going well", "sentiment": "red", "promised_to_renew": True}


@pytest.mark.parametrize("card", SCORECARDS.values(), ids=lambda each: each.name)
def test_h1_what_people_say_of_an_account_changes_nothing(card: Scorecard) -> None:
    facts = {**CRANE, **STARTED}

    assert card.assess({**facts, **OPINIONS}, as_of=TODAY) == card.assess(facts, as_of=TODAY)


def test_h1_what_its_users_do_changes_all_of_it() -> None:
    silent = {"seats_used": 2, "logins_30d": 90, "roles_active": 0, "maturity": 0}

    assert (judged().tier, judged(**silent).tier) == ("green", "red")
    assert judged(SCORECARD).tier == "green"
    assert judged(SCORECARD, **silent, scenarios_running=0).tier == "red"


def test_h1_an_assessment_keeps_what_it_takes_to_hold_it_against_the_renewal() -> None:
    found = judged()

    assert (found.as_of, found.definition) == (TODAY, BEFORE_RENEWAL.fingerprint)
    assert len({card.fingerprint for card in SCORECARDS.values()}) == 3


def test_h2_activation_is_asked_early_activity_in_the_middle_and_renewal_at_the_end() -> None:
    asked = [
        PHASES.decide(CRANE, as_of=day).outcome
        for day in (
            D(2025, 9, 20),
            D(2025, 10, 20),
            D(2025, 10, 21),
            D(2026, 6, 20),
            D(2026, 6, 21),
        )
    ]

    assert asked == ["activation", "activation", "in use", "in use", "before renewal"]


def test_h2_the_first_thirty_days_of_guidance_are_judged_by_the_first_steps() -> None:
    scores = [started(steps=word).score for word in ("met", "open", "late", "missed")]

    assert scores == [100, 88, 85, 70]


def test_h2_a_limit_that_has_not_begun_is_unknown_and_costs_nothing() -> None:
    found = started(steps="not_started")

    assert found.contribution("first steps").status is Status.NO_BAND
    assert (found.score, found.coverage) == (100, Fraction(7, 10))


def test_h2_the_deadlines_of_the_lifecycle_are_the_facts_of_activation() -> None:
    log = [
        Event(
            account="crane",
            name="gate_checked",
            at=D(2026, 2, 20),
            payload={"challenge_named": True, "challenge_solvable": True},
        ),
        Event(account="crane", name="signed", at=D(2026, 3, 2)),
    ]

    def on(day: dt.date) -> tuple[str | None, object, str]:
        facts = {
            **DELIVERY.replay(log, as_of=day).facts,
            "signed_on": D(2026, 3, 2),
            "steps": "met",
        }
        found = ACTIVATION.assess(facts, as_of=day)
        phase = PHASES.decide(facts, as_of=day)
        return phase.outcome, found.contribution("foundations").value, found.tier

    assert on(D(2026, 4, 1)) == ("activation", "open", "green")
    assert on(D(2026, 4, 2)) == ("activation", "missed", "red")
    assert on(D(2026, 6, 3)) == ("activation", "missed", "red")


def test_h2_who_is_not_activated_in_three_months_is_red_whatever_else_is_well() -> None:
    late = started(deadline_activated="missed")

    assert (late.model_tier, late.tier, late.score) == ("green", "red", 100)
    assert [cap.label for cap in late.caps] == ["passed"]
    assert started(deadline_activated="late").tier == "green"


def test_h3_activity_is_watched_and_what_goes_wrong_starts_a_playbook() -> None:
    words = {
        420: "steady",
        336: "steady",
        335: "falling",
        210: "falling",
        209: "collapsing",
    }
    for logins, word in words.items():
        assert judged(SCORECARD, logins_30d=logins).contribution("activity").label == word

    middle = {**CRANE, "term_ends_on": D(2027, 3, 1)}
    for logins in (336, 335):
        facts = {**middle, "logins_30d": logins}
        found = SCORECARD.assess(facts, as_of=TODAY)
        choice = PLAYBOOKS.select({**facts, **found.facts}, as_of=TODAY)
        wanted = [] if logins == 336 else ["idle user reminder"]
        assert [each.playbook.name for each in choice.chosen] == wanted


def test_h3_a_start_that_nobody_uses_is_seen_in_its_first_weeks() -> None:
    labels = [started(wau=users).contribution("first use").label for users in (0, 1, 2)]

    assert labels == ["nobody", "one user", "two users or more"]


def test_h4_the_rung_on_the_ladder_of_data_is_graded_alike_by_a_written_norm() -> None:
    def graded(signed: dt.date | None) -> list[object]:
        return [points("maturity", maturity=rung, signed_on=signed) for rung in range(4)]

    assert graded(D(2025, 6, 30)) == [0, 30, 60, 100]
    assert graded(D(2025, 7, 1)) == [0, 60, 100, 100]
    assert graded(None) == [None] * 4
    assert judged(signed_on=None).contribution("maturity").status is Status.NO_NORM


def test_h5_two_roles_are_enough_and_one_is_not() -> None:
    for card in (SCORECARD, BEFORE_RENEWAL):
        assert [points("breadth", card, roles_active=n) for n in (0, 1, 2, 9)] == [0, 50, 100, 100]

    facts = {**CRANE, "roles_active": 1, "term_ends_on": D(2027, 3, 1)}
    choice = PLAYBOOKS.select(facts, as_of=TODAY)
    assert [each.playbook.name for each in choice.chosen] == ["role invitation"]


@given(
    nps=st.none() | st.integers(0, 10),
    outcome=st.sampled_from([None, "on_the_way", "reached"]),
    rank=st.none() | st.floats(0.5, 1),
)
def test_h6_an_account_that_is_good_on_its_use_is_green_before_the_renewal(
    nps: int | None, outcome: str | None, rank: float | None
) -> None:
    assert judged(nps=nps, outcome=outcome, peer_rank=rank).tier == "green"


def test_h6_and_no_answer_makes_an_account_green_that_is_not_used() -> None:
    unused = {"seats_used": 0, "logins_30d": 0, "roles_active": 0, "maturity": 0, "peer_rank": 0.1}

    happy = judged(**unused, nps=10, outcome="reached")

    assert (happy.score, happy.tier) == (30, "red")


def test_h7_a_fifth_less_on_the_week_shows_beside_the_score_and_not_in_it() -> None:
    def told(change: float | None) -> bool | None:
        return dict(judged(uses_change=change).indicators)["usage down on the week"]

    assert [told(change) for change in (-0.19, -0.2, -1.0, None)] == [False, True, True, None]
    assert [told((now - 50) / 50) for now in (40, 41)] == [True, False]
    assert judged(uses_change=-1.0).score == judged().score


def test_h7_so_do_an_owner_removed_and_a_payment_failed() -> None:
    found = judged(owners_removed_30d=1, payments_failed_30d=2)

    assert dict(found.indicators) == {
        "owner removed": True,
        "payment failed": True,
        "usage down on the week": False,
    }
    assert {name for name, _ in found.indicators} == {each.name for each in INDICATORS}
    assert "  beside it: owner removed" in found.explain().splitlines()


def test_h7_a_fall_shows_on_the_day_that_it_is_assessed() -> None:
    green = judged(SCORECARD)
    worse = {**CRANE, "seats_used": 10}

    fallen = SCORECARD.assess(worse, as_of=TODAY, previous=green)

    assert (green.tier, fallen.tier, fallen.model_since) == ("green", "yellow", TODAY)


def test_h7_ninety_days_are_left_to_intervene() -> None:
    early = {**CRANE, "term_ends_on": D(2026, 9, 28), "roles_active": 1}

    assert PHASES.decide(early, as_of=TODAY).outcome == "before renewal"
    found = BEFORE_RENEWAL.assess({**early, "seats_used": 8, "nps": 3}, as_of=TODAY)
    choice = PLAYBOOKS.select({**early, **found.facts}, as_of=TODAY)
    assert found.tier == "yellow"
    assert "renewal review" in [each.playbook.name for each in choice.chosen]


def test_h8_the_answer_to_the_nps_question_is_what_satisfaction_goes_by() -> None:
    for card in (SCORECARD, BEFORE_RENEWAL):
        found = [points("satisfaction", card, nps=answer) for answer in (0, 6, 7, 8, 9, 10)]
        assert found == [0, 0, 50, 50, 100, 100]


def test_h8_an_answer_is_old_after_ninety_days_and_does_not_count_after_a_hundred_and_eighty() -> (
    None
):
    def asked(days: int) -> tuple[Status, bool]:
        part = judged(nps_on=TODAY - dt.timedelta(days=days)).contribution("satisfaction")
        return part.status, part.is_aged

    assert asked(90) == (Status.KNOWN, False)
    assert asked(91) == (Status.KNOWN, True)
    assert asked(180) == (Status.KNOWN, True)
    assert asked(181) == (Status.STALE, False)
    assert judged(nps_on=None).stale == ("satisfaction",)


def test_h9_the_rank_among_peers_is_a_measure_and_unknown_without_them() -> None:
    ranks = (0.0, 0.24, 0.25, 0.49, 0.5, 1.0, None)

    found = [points("beside its peers", peer_rank=rank) for rank in ranks]

    assert found == [0, 0, 50, 50, 100, 100, None]


@pytest.mark.parametrize("card", SCORECARDS.values(), ids=lambda each: each.name)
def test_h10_every_score_says_what_went_into_it_and_what_each_fact_means(card: Scorecard) -> None:
    told = card.assess({**CRANE, **STARTED}, as_of=TODAY).explain()
    meanings = {spec.name: spec.meaning for spec in SCORECARD_FACTS.facts}

    for measure in card.leaves:
        assert measure.meaning in told
        assert all(meanings[name] for name in measure.value.facts)


def test_h11_the_outcome_stands_beside_use_in_every_phase() -> None:
    words = ("missed", "on_the_way", "reached")

    assert [points("outcome", SCORECARD, outcome=word) for word in words] == [0, 60, 100]
    assert [points("outcome", outcome=word) for word in words] == [0, 60, 100]
    assert [started(outcome_agreed=flag).score for flag in (False, True)] == [90, 100]


def test_h11_an_outcome_that_is_missed_is_not_green_before_the_renewal() -> None:
    missed = judged(outcome="missed")

    assert (missed.model_tier, missed.tier, missed.score) == ("green", "yellow", 80)
    assert judged(SCORECARD, outcome="missed").tier == "green"


def test_h11_only_an_outcome_on_the_way_grows_old() -> None:
    def of(word: str, days: int) -> Status:
        judged_on = TODAY - dt.timedelta(days=days)
        return judged(outcome=word, outcome_on=judged_on).contribution("outcome").status

    assert (of("on_the_way", 90), of("on_the_way", 91)) == (Status.KNOWN, Status.STALE)
    assert (of("on_the_way", 121), of("missed", 121)) == (Status.STALE, Status.KNOWN)
    assert of("reached", 400) is Status.KNOWN
    assert judged(outcome="missed", outcome_on=None).tier == "yellow"


# How the rows are told

ROWS = [f"H{number}" for number in range(1, 12)]


def rows_told() -> Iterator[str]:
    for name in globals():
        place = re.match(r"test_h(\d+)_", name)
        if place:
            yield f"H{place[1]}"


def test_each_row_of_health_has_a_story() -> None:
    assert set(rows_told()) == set(ROWS)


def test_the_page_of_the_gallery_has_a_story_that_runs_for_each_row() -> None:
    page = Path(__file__).parents[1] / "docs" / "gallery" / "doctrine-health.md"

    _, *parts = re.split(r"^\((.+)\)=$", page.read_text("utf-8"), flags=re.MULTILINE)

    assert parts[::2] == [row.lower() for row in ROWS]
    for row, story in zip(parts[::2], parts[1::2], strict=True):
        assert story.startswith(f"\n## {row.upper()} ("), row
        assert ">>> " in story, row


def test_h3_an_account_that_is_well_starts_no_playbook() -> None:
    choice = PLAYBOOKS.select({**CRANE, "term_ends_on": D(2027, 3, 1)}, as_of=TODAY)

    assert {each.status.value for each in choice.findings} == {"does_not_apply"}
