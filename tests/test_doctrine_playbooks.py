"""The doctrine of playbooks, row by row, as stories that the stock definitions tell.

One test or more for each row P1 to P15 and R13 of the doctrine, named by its id; what a row says
stands in the page of the reference (``docs/reference/stockplaybooks.md``).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.feedback import Request
from cslib.histories import History, begin
from cslib.issues import Issue, Update
from cslib.layermix import TeamOutput, hours_done, layer_mix
from cslib.periods import Period
from cslib.playbooks import Choice, Layer, Level, Playbook, Status, schedule
from cslib.rhythms import CustomerVisit, visits_due
from cslib.rosters import Engineer, Roster, Shift, SlotRequest
from cslib.runs import Judgement, Run, Verdict
from cslib.scenariocoverage import Running
from cslib.slots import book
from cslib.stock import LEVELS, OPERATIONS, PLAYBOOKS, SCARCE_ROLES, VISITS
from cslib.stockscenarios import SCENARIO_COVERAGE, SCENARIOS, TASKS
from cslib.stockservice import ROUTING, SERVICE_LEVEL, WEIGHING
from cslib.verdicts import Observation, judge

D = dt.date
TODAY = D(2026, 6, 30)
CRANE: dict[str, object] = {
    "stage": "in_use",
    "tier": "green",
    "signed_on": D(2024, 9, 20),
    "term_ends_on": D(2027, 3, 19),
    "seats": 240,
    "seats_used": 200,
    "logins_30d": 400,
    "logins_prior_30d": 420,
    "roles_active": 2,
    "scenarios_running": 2,
    "nps": 9,
}
ILL: dict[str, object] = {
    "tier": "red",
    "term_ends_on": D(2026, 8, 31),
    "seats_used": 40,
    "logins_30d": 100,
    "roles_active": 1,
    "scenarios_running": 0,
    "nps": 3,
}
"""Something of every need of the time in use."""


def choose(*runs: Run, **facts: Any) -> Choice:
    as_of = facts.pop("as_of", TODAY)
    return PLAYBOOKS.select({**CRANE, **facts}, history=History(runs=runs), as_of=as_of)


def names(choice: Choice) -> list[str]:
    return [each.playbook.name for each in choice.chosen]


def judged(playbook: Playbook, judgement: Judgement) -> Run:
    """A run that ended four months ago and was judged yesterday."""
    return Run(
        account="crane",
        need=playbook.need,
        playbook=playbook.name,
        started=TODAY - dt.timedelta(days=140),
        ended=TODAY - dt.timedelta(days=130),
        verdict=Verdict(judgement=judgement, judged_on=TODAY - dt.timedelta(days=1)),
    )


def failed(name: str) -> Run:
    return judged(PLAYBOOKS[name], Judgement.FAILED)


# P1 to P3: layers


def test_p1_what_the_product_can_solve_is_not_given_to_service() -> None:
    choice = choose(**{**ILL, "logins_30d": 300})

    dearer = [each for each in choice.findings if each.status is Status.DEARER]
    layers = {each.playbook.need: each.playbook.layer for each in choice.chosen}
    assert layers["seat use"] is layers["breadth"] is layers["scenario"] is Layer.PRODUCT
    assert layers["usage drop"] is Layer.PRODUCT
    assert {each.ahead[0].playbook.layer for each in dearer} == {Layer.PRODUCT, Layer.SERVICE}


@given(
    st.lists(st.sampled_from(PLAYBOOKS.playbooks), unique=True),
    st.sampled_from([Judgement.FAILED, Judgement.WORKED, Judgement.NOT_TAKEN]),
)
def test_p1_consulting_is_never_begun_before_the_service_of_its_need_has_failed(
    tried: list[Playbook], judgement: Judgement
) -> None:
    runs = [judged(each, judgement) for each in tried]

    for each in choose(*runs, **ILL).chosen:
        cheaper = [
            other
            for other in PLAYBOOKS.playbooks
            if other.need == each.playbook.need
            and other.layer.rank < each.playbook.layer.rank
            and other.entry({**CRANE, **ILL}, as_of=TODAY)
        ]
        assert judgement is Judgement.FAILED or not cheaper
        assert all(other in tried for other in cheaper)


def test_p1_no_project_company_even_for_the_illest_of_accounts() -> None:
    assert Layer.CONSULTING not in {each.playbook.layer for each in choose(**ILL).chosen}


@pytest.mark.parametrize(
    ("seats", "level"), [(19, "support"), (20, "implementation"), (200, "consulting")]
)
def test_p2_smaller_customers_lean_to_support_and_larger_ones_to_consulting(
    seats: int, level: str
) -> None:
    assert LEVELS.decide({"seats": seats}).outcome == level


def test_p2_each_kind_of_service_has_its_own_people() -> None:
    people: dict[Level | None, set[str]] = {}
    for each in PLAYBOOKS.playbooks:
        people.setdefault(each.level, set()).update(each.effort)

    assert people[None] == set()
    assert people[Level.SUPPORT] <= {"csm", "senior csm", "support engineer", "analyst", "sales"}
    assert "consultant" in people[Level.IMPLEMENTATION] & people[Level.CONSULTING]


def test_p2_a_small_customer_gets_no_scarce_expert_and_is_told_why() -> None:
    choice = choose(failed("renewal review"), **{**ILL, "seats": 19, "seats_used": 3})

    rescue = next(each for each in choice.findings if each.playbook.name == "renewal rescue")
    assert rescue.status is Status.NOT_OFFERED
    assert "takes consulting, and the level of service is support" in rescue.reason


def test_p3_the_share_of_each_layer_and_of_scarce_people_is_told_month_by_month() -> None:
    may = begin(PLAYBOOKS["scenario design"], "crane", on=D(2026, 5, 1))
    may = may.take("practice", on=D(2026, 5, 20), hours={"consultant": 12})
    june = begin(PLAYBOOKS["scenario workshop"], "heron", on=D(2026, 6, 1))
    june = june.take("survey", on=D(2026, 6, 3), hours={"csm": 2})
    june = june.take("workshop", on=D(2026, 6, 9), hours={"analyst": 3, "consultant": 1})
    months = [Period.month(2026, 5), Period.month(2026, 6)]

    mix = layer_mix(hours_done([may, june], PLAYBOOKS), months, scarce=SCARCE_ROLES)

    assert [each.share(Layer.CONSULTING).value for each in mix.mixes] == [1, 0]
    assert [each.scarce_share.value for each in mix.mixes] == [1, Fraction(1, 6)]
    assert mix.changes(Layer.SERVICE)[0].movers[0].playbook == "scenario workshop"


def test_p3_what_a_consultant_wrote_once_is_left_in_the_library() -> None:
    last = PLAYBOOKS["scenario design"].steps[-1]

    assert (last.name, last.optional) == ("library", True)


# P4 to P7: best practice


def test_p4_the_delivery_team_has_four_tasks_one_after_the_other() -> None:
    facts = {"roles_active": 1, "scenarios_running": 0}
    after: list[dict[str, object]] = [{"stage": "delivery"}, {}, {"roles_active": 2}]
    after.append({"roles_active": 2, "scenarios_running": 1})

    tasks = [TASKS.decide({**CRANE, **facts, **each}).outcome for each in after]

    assert tasks == ["delivery", "training", "solutions", "daily questions"]


def test_p4_each_task_has_its_playbook() -> None:
    assert names(choose(stage="delivery", signed_on=D(2026, 4, 20))) == ["delivery review"]
    assert names(choose(failed("seat tour"), seats_used=40)) == ["seat training"]
    assert names(choose(failed("scenario starter"), scenarios_running=0)) == ["scenario workshop"]


def test_p5_a_newcomer_surveys_the_need_and_then_calls_on_the_experience_of_others() -> None:
    survey = {"industry": "retail", "roles": ["marketer"], "challenge": "repeat purchase"}

    assert SCENARIOS.search(survey).questions == ("buyers_12m",)

    found = SCENARIOS.search({**survey, "buyers_12m": 4_000})

    assert found.scenario is not None
    assert found.scenario.name == "refill reminder"


@pytest.mark.parametrize("name", ["scenario starter", "scenario workshop"])
def test_p5_the_survey_comes_before_the_library(name: str) -> None:
    first, second = PLAYBOOKS[name].steps

    assert first.name == "survey"
    assert second.after == ("survey",)


def test_p6_an_account_without_a_scenario_running_at_delivery_is_named_and_gets_one() -> None:
    running = [
        Running(
            account="crane",
            scenario="refill reminder",
            since=D(2026, 3, 2),
            roles=["marketer", "shop manager"],
        )
    ]

    found = SCENARIO_COVERAGE.book(["crane", "heron"], running, as_of=TODAY)

    assert [each.account for each in found.short] == ["heron"]
    delivery = {"stage": "delivery", "signed_on": D(2026, 6, 1)}
    assert names(choose(**delivery, scenarios_running=0)) == ["scenario starter"]
    assert names(choose(**delivery, scenarios_running=1)) == []


MERGE = {
    "industry": "conglomerate",
    "roles": ["recruiter"],
    "employees": 80_000,
    "asked_for": "a nationwide merge of duplicates",
}


def test_p7_a_function_is_asked_why_and_answered_by_a_practice() -> None:
    assert SCENARIOS.search(MERGE).matches == ()
    assert SCENARIOS.search(MERGE).questions == ("why",)

    found = SCENARIOS.search({**MERGE, "why": "hiring in a new field"})

    assert found.scenario is not None
    assert found.scenario.name == "internal referral"


# P8: the cycle

REVIEW = PLAYBOOKS["usage review"]
FALLEN: dict[str, object] = {"logins_30d": 100}


def taken() -> Run:
    run = begin(REVIEW, "crane", on=D(2026, 4, 1))
    for step in REVIEW.steps:
        run = run.take(step.name, on=D(2026, 4, 8))
    return run.end(D(2026, 4, 8))


def verdict(logins: int, before: int) -> Verdict:
    seen = Observation(on=D(2026, 5, 4), facts={"logins_30d": logins, "logins_prior_30d": before})
    return judge(taken(), REVIEW, [seen], as_of=D(2026, 5, 9))


def test_p8_the_taking_is_led_by_a_more_senior_colleague_and_each_step_has_its_day() -> None:
    run = begin(REVIEW, "crane", on=D(2026, 4, 1))
    planned = schedule(REVIEW.steps, run.started, CRANE)

    assert run.lead == "senior csm"
    assert [(each.step.name, each.due) for each in planned] == [
        ("call", D(2026, 4, 3)),
        ("prescription", D(2026, 4, 8)),
    ]


def test_p8_the_next_cycle_begins_by_judging_whether_the_last_medicine_worked() -> None:
    waits = choose(taken(), as_of=D(2026, 5, 4), **FALLEN)

    assert names(waits) == []
    assert next(each for each in waits.findings if each.playbook == REVIEW).status is (
        Status.NOT_JUDGED
    )


@pytest.mark.parametrize(
    ("logins", "judgement", "next_ones"),
    [(90, Judgement.FAILED, ["practice review"]), (100, Judgement.WORKED, ["usage review"])],
)
def test_p8_the_next_prescription_depends_on_the_verdict(
    logins: int, judgement: Judgement, next_ones: list[str]
) -> None:
    found = verdict(logins, 100)
    run = attrs.evolve(taken(), verdict=found)

    assert found.judgement is judgement
    assert names(choose(run, as_of=D(2026, 5, 9), **FALLEN)) == next_ones


def test_p8_a_cycle_follows_the_other() -> None:
    history = History(runs=[attrs.evolve(taken(), verdict=verdict(90, 100))])

    again = begin(PLAYBOOKS["practice review"], "crane", on=TODAY, history=history)

    assert (taken().cycle, again.cycle) == (1, 2)


def test_p8_a_medicine_that_was_not_taken_says_nothing_of_itself() -> None:
    run = begin(REVIEW, "crane", on=D(2026, 4, 1)).take("call", on=D(2026, 4, 2))
    run = run.end(D(2026, 4, 8))
    found = judge(run, REVIEW, [], as_of=D(2026, 5, 9))

    assert str(found) == "not taken: not done: prescription"
    run = attrs.evolve(run, verdict=found)
    assert names(choose(run, as_of=D(2026, 5, 9), **FALLEN)) == ["usage review"]


# P9 to P13: service


@pytest.mark.parametrize(
    ("kind", "owner", "assists"),
    [
        ("product use", "support engineer", ()),
        ("technique", "support engineer", ()),
        ("metric definition", "support engineer", ("analyst",)),
        ("stability", "support engineer", ("operations engineer",)),
        ("commercial", "csm", ("consultant",)),
        ("upgrade", "csm", ("operations engineer",)),
        ("migration", "csm", ("operations engineer",)),
    ],
)
def test_p9_each_kind_of_issue_goes_to_the_role_that_owns_it(
    kind: str, owner: str, assists: tuple[str, ...]
) -> None:
    found = ROUTING.route({"kind": kind})

    assert (found.owner, found.assists) == (owner, assists)


MORNING = dt.datetime(2026, 6, 29, 9, tzinfo=dt.UTC)


def issue(*changes: str, priority: str = "urgent", channel: str = "chat") -> Issue:
    updates = [
        Update(change=change, at=MORNING + dt.timedelta(hours=place))
        for place, change in enumerate(changes, 1)
    ]
    return Issue(
        id=f"{priority} by {channel}",
        account="crane",
        kind="stability",
        channel=channel,
        priority=priority,
        opened_at=MORNING,
        updates=updates,
    )


def test_p10_the_queue_works_by_priority_whatever_the_channel() -> None:
    issues = [
        issue(priority=each, channel=by) for each in ("low", "urgent") for by in ("chat", "ticket")
    ]

    queue = SERVICE_LEVEL.queue(issues, as_of=MORNING)

    assert [entry.issue.id for entry in queue.entries] == [
        *("urgent by chat", "urgent by ticket", "low by chat", "low by ticket"),
    ]


def test_p10_an_issue_is_closed_only_when_the_customer_agrees() -> None:
    later = MORNING + dt.timedelta(days=90)

    assert [entry.issue for entry in SERVICE_LEVEL.queue([issue("solved")], as_of=later).waiting]
    assert issue("solved", "rejected").state(later) == "open"
    assert issue("solved", "agreed").state(later) == "closed"


def test_p10_and_so_is_the_call_of_a_detractor() -> None:
    last = PLAYBOOKS["detractor call"].steps[-1]

    assert last.title == "Close only when the customer agrees that it is solved."


def at(hour: int) -> dt.datetime:
    return dt.datetime(2026, 7, 2, hour, tzinfo=dt.UTC)


def slot(name: str, account: str, hour: int) -> SlotRequest:
    return SlotRequest(id=name, account=account, skill="upgrade", start=at(hour), end=at(hour + 2))


ROSTER = Roster(
    name="operations",
    engineers=[
        Engineer(id="ann", skills=["upgrade"], shifts=[Shift(start=at(9), end=at(13))]),
        Engineer(id="bo", skills=["migration"], shifts=[Shift(start=at(9), end=at(13))]),
    ],
)


def test_p11_the_customer_picks_the_time_and_an_engineer_who_can_do_it_is_assigned() -> None:
    found = book(ROSTER, [], slot("b1", "crane", 9))

    assert found.booking is not None
    assert (found.booking.engineer, found.booking.start) == ("ann", at(9))


def test_p11_an_engineer_may_have_every_skill_that_a_customer_asks_for() -> None:
    shift = Shift(start=at(9), end=at(13))
    roster = Roster(name="one", engineers=[Engineer(id="cy", skills=OPERATIONS, shifts=[shift])])

    for skill in ("installation", "migration", "upgrade"):
        asked = SlotRequest(id="b", account="crane", skill=skill, start=at(9), end=at(11))
        assert book(roster, [], asked).booking is not None


def test_p11_a_conflict_is_refused_with_the_next_free_time() -> None:
    first = book(ROSTER, [], slot("b1", "crane", 9))

    second = book(ROSTER, first.bookings, slot("b2", "heron", 10))

    assert second.booking is None
    assert second.bookings == first.bookings
    assert [each.start for each in second.openings] == [at(11)]


def test_p12_an_account_is_visited_at_a_rhythm_that_fits_it() -> None:
    sizes: list[dict[str, object]] = [
        {},
        {"seats": 60},
        {"seats": 10},
        {"seats": 10, "tier": "red"},
    ]

    rhythms = [VISITS.choose({**CRANE, **each}).rhythm for each in sizes]

    assert [each and each.name for each in rhythms] == [
        *("monthly", "quarterly", "half-yearly", "monthly"),
    ]


def test_p12_a_late_visit_does_not_move_the_next() -> None:
    rhythm = VISITS.choose({**CRANE, "seats": 60}).rhythm
    assert rhythm is not None
    late = CustomerVisit(id="v1", on=D(2026, 3, 9))

    with_it = visits_due(rhythm, D(2025, 11, 30), [late], as_of=TODAY)

    without = visits_due(rhythm, D(2025, 11, 30), [], as_of=TODAY)
    assert with_it.next is not None
    assert without.next is not None
    assert with_it.next.due == without.next.due == D(2026, 8, 30)


VALUE = {"crane": 40_000, "heron": 30_000, "stork": 20_000, "swift": 90_000}


def test_p13_a_need_is_judged_by_whether_it_serves_the_product_or_one_customer_now() -> None:
    requests = [
        *(Request(account=name, need="export", at=TODAY) for name in ("crane", "heron", "stork")),
        Request(account="swift", need="merge", at=TODAY),
    ]

    found = WEIGHING.weigh(requests, book=VALUE)

    assert [(each.need, str(each.scope)) for each in found.needs] == [
        ("export", "product-wide"),
        ("merge", "one customer's"),
    ]


# P14, P15, R13


def test_p14_every_scenario_brings_one_of_four_values() -> None:
    assert {str(each.value) for each in SCENARIOS.scenarios} == {
        *("more revenue", "lower cost", "higher efficiency", "less risk"),
    }


def test_p15_of_what_the_product_cannot_do_it_is_asked_why() -> None:
    wish = {"asked_for": "a forecast of the weather", "roles": ["marketer"]}

    assert SCENARIOS.search(wish).scenario is None
    assert SCENARIOS.search(wish).questions == ("why",)
    assert SCENARIOS.search({**wish, "why": "wasted promotions"}).questions == ("buyers_12m",)


def test_p15_who_stays_angry_after_a_call_gets_the_real_problem_solved() -> None:
    assert names(choose(nps=2)) == ["detractor call"]
    assert names(choose(failed("detractor call"), nps=2)) == ["detractor recovery"]
    assert [step.name for step in PLAYBOOKS["detractor recovery"].steps] == ["why", "solution"]


def test_r13_output_is_told_per_head() -> None:
    june = TeamOutput(
        period=Period.month(2026, 6),
        heads="12.5",
        currency="CNY",
        revenue=5_000_000,
        accounts=400,
        renewed=1_200_000,
    )

    found = june.revenue_per_head, june.accounts_per_head, june.renewed_per_head
    assert [each and each.value for each in found] == [400_000, 32, 96_000]


def test_r13_the_hours_of_a_library_are_known_before_a_run() -> None:
    begun = [PLAYBOOKS[name] for name in names(choose(**ILL))]

    assert sum((each.hours for each in begun), Decimal(0)) == 7


# How the rows are told

ROWS = [*(f"P{number}" for number in range(1, 16)), "R13"]


def rows_told() -> Iterator[str]:
    for name in globals():
        place = re.match(r"test_([pr]\d+)_", name)
        if place:
            yield place[1].upper()


def test_each_row_of_playbooks_has_a_story() -> None:
    assert set(rows_told()) == set(ROWS)


def test_the_page_of_the_gallery_has_a_story_that_runs_for_each_row() -> None:
    page = Path(__file__).parents[1] / "docs" / "gallery" / "doctrine-playbooks.md"

    _, *parts = re.split(r"^\((.+)\)=$", page.read_text("utf-8"), flags=re.MULTILINE)

    assert parts[::2] == [row.lower() for row in ROWS]
    for row, story in zip(parts[::2], parts[1::2], strict=True):
        assert story.startswith(f"\n## {row.upper()} ("), row
        assert ">>> " in story, row
