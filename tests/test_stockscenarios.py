"""The stock scenarios: sound, each opinion with a source, the page as they are, and the doctrine's
rows P4 to P7, P14, P15, H5, L8 and L15 as stories that they tell.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from cslib import stockscenarios
from cslib.coverage import FlawKind, check_table
from cslib.documents import fingerprint, from_json, to_json
from cslib.errors import DefinitionError
from cslib.rules import rule
from cslib.scenariocoverage import Running
from cslib.scenarios import BusinessValue, Fit, NeedSurvey, Scenario
from cslib.stock import PLAYBOOKS, SCORECARD
from cslib.stockscenarios import NEEDS, SCENARIO_COVERAGE, SCENARIO_FACTS, SCENARIOS, TASKS
from doctrine import DOCTRINE

PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "stockscenarios.md").read_text("utf-8")
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS.scenarios}
MERGE = "a nationwide merge of duplicates in the talent pool"
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS.scenarios, ids=lambda each: each.name)


def day(n: int) -> dt.date:
    return dt.date(2026, 6, n)


# --- Sound


@pytest.mark.parametrize("definition", [SCENARIOS, SCENARIO_COVERAGE, TASKS], ids=fingerprint)
def test_it_goes_to_json_and_back_unchanged(definition: Any) -> None:
    read = from_json(to_json(definition, indent=2), type(definition))

    assert read == definition
    assert fingerprint(read) == definition.fingerprint


def test_every_need_has_a_scenario_and_a_meaning() -> None:
    assert SCENARIOS.unserved == ()
    assert all(need.meaning for need in NEEDS)


def test_there_are_some_for_each_of_four_industries_and_some_for_all() -> None:
    industries = {name for each in SCENARIOS.scenarios for name in each.industries}

    assert 12 <= len(SCENARIOS.scenarios) <= 16
    assert industries == {"conglomerate", "finance", "internet", "retail"}
    assert any(not each.industries for each in SCENARIOS.scenarios)


@each_scenario
def test_it_asks_for_facts_that_are_listed(scenario: Scenario) -> None:
    if scenario.asks is not None:
        assert rule(str(scenario.asks), kind="boolean", schema=SCENARIO_FACTS) == scenario.asks


def test_every_fact_that_is_listed_is_asked_for() -> None:
    asked = {
        name for each in SCENARIOS.scenarios if each.asks is not None for name in each.asks.facts
    }

    assert asked == {spec.name for spec in SCENARIO_FACTS.facts}


@each_scenario
def test_its_source_is_a_row_of_the_doctrine_or_ours(scenario: Scenario) -> None:
    named = re.findall(r"([LHRP]\d+) \((\w)\)", scenario.source)

    assert all(author in DOCTRINE[row] for row, author in named)
    assert named or scenario.source == "an example of ours"
    assert scenario.source.endswith("an example of ours")


@each_scenario
def test_it_is_found_by_its_own_challenge_industry_and_roles(scenario: Scenario) -> None:
    account = {
        "buyers_12m": 20_000,
        "employees": 2_000,
        "mini_program": True,
        "signup_tracked": True,
    }
    survey = NeedSurvey(
        industry=scenario.industries[0] if scenario.industries else "mining",
        roles=scenario.roles,
        challenge=scenario.need,
    )

    assert scenario in [each.scenario for each in SCENARIOS.search(survey, account=account).matches]


def test_the_table_of_tasks_is_sound_and_leaves_out_who_is_no_customer() -> None:
    assert {flaw.kind for flaw in check_table(TASKS).flaws} == {FlawKind.GAP}
    assert TASKS.decide({"stage": "churned"}).outcome is None


# --- The doctrine


def test_p4_each_account_needs_one_of_the_four_tasks_first() -> None:
    used = {"stage": "in_use", "roles_active": 2, "scenarios_running": 1}

    assert [row.then for row in TASKS.rows] == [
        "delivery",
        "training",
        "solutions",
        "daily questions",
    ]
    assert TASKS.decide({"stage": "data_access"}).outcome == "delivery"
    assert TASKS.decide(used | {"roles_active": 1}).outcome == "training"
    assert TASKS.decide(used | {"scenarios_running": 0}).outcome == "solutions"
    assert TASKS.decide(used).outcome == "daily questions"


def test_p4_what_is_not_known_is_asked_for() -> None:
    found = TASKS.decide({"stage": "in_use", "scenarios_running": 1})

    assert (found.outcome, found.questions) == (None, ("roles_active",))


def test_p5_a_newcomer_surveys_the_need_and_calls_on_what_experienced_people_wrote() -> None:
    survey = NeedSurvey(
        industry="retail", roles=("marketer", "shop manager"), challenge="costly acquisition"
    )

    found = SCENARIOS.search(survey, account={"mini_program": True})

    assert [each.scenario.name for each in found.matches] == [
        "referral by mini-program",
        "channel review",
    ]
    (against,) = found.matches[1].reasons_against
    assert against == (
        "referral by mini-program goes first: that one is made for retail, "
        "this one for every industry"
    )


def test_p5_the_survey_comes_first() -> None:
    found = SCENARIOS.search(NeedSurvey())

    assert (found.matches, found.questions) == ((), ("challenge",))


def test_p5_the_doctrine_names_referral_by_mini_program_and_the_operation_of_a_community() -> None:
    named = [each.name for each in SCENARIOS.scenarios if each.source.startswith("P5 (K)")]

    assert named == ["referral by mini-program", "member community"]


def test_p6_at_delivery_every_account_has_a_scenario_of_the_library_running() -> None:
    rows = [
        Running(
            account="crane",
            scenario="second purchase",
            since=day(1),
            roles=["marketer", "data analyst"],
        ),
        Running(
            account="heron",
            scenario="channel review",
            since=day(1),
            until=day(9),
            roles=["marketer", "data analyst"],
        ),
    ]
    delivered = {"crane": day(5), "heron": day(9), "stork": day(7)}

    found = SCENARIO_COVERAGE.book(list(delivered), rows, as_of=delivered, library=SCENARIOS)

    assert (found.rate.numerator, found.rate.denominator) == (1, 3)
    assert {each.account: each.missing for each in found.short} == {
        "heron": ("scenarios: 0 of 1", "roles: 0 of 2"),
        "stork": ("scenarios: 0 of 1", "roles: 0 of 2"),
    }


def test_p6_where_none_is_running_the_stock_playbook_starts_one() -> None:
    short = SCENARIO_COVERAGE.of("crane", [], as_of=day(30))

    choice = PLAYBOOKS.select(short.facts | {"stage": "in_use"}, as_of=day(30))

    assert choice.chosen[0].playbook.name == "scenario starter"
    measure = next(each for each in SCORECARD.leaves if each.name == "scenarios")
    assert measure.value(short.facts) == 0


def test_p7_a_request_for_a_function_is_answered_by_the_practice_behind_it() -> None:
    survey = NeedSurvey(industry="conglomerate", roles=("recruiter",), asked_for=MERGE)
    account = {"employees": 80_000}

    first = SCENARIOS.search(survey, account=account)
    told = NeedSurvey(
        industry="conglomerate",
        roles=("recruiter",),
        asked_for=MERGE,
        why="hiring in a new field",
    )
    then = SCENARIOS.search(told, account=account)

    assert (first.matches, first.questions) == ((), ("why",))
    assert first.prompts[0].startswith(f"why is “{MERGE}” asked for? (")
    assert [each.scenario.name for each in then.matches] == ["internal referral"]
    assert then.reasons.startswith(f"answers hiring in a new field, which is why “{MERGE}” is")


def test_p7_nothing_is_searched_by_the_functions_it_uses() -> None:
    assert "talent pool" in BY_NAME["internal referral"].features

    found = SCENARIOS.search(NeedSurvey(roles=("recruiter",), asked_for="talent pool"))

    assert found.matches == ()


def test_p14_every_scenario_brings_one_of_the_four_values_and_each_value_is_brought() -> None:
    assert {each.value for each in SCENARIOS.scenarios} == set(BusinessValue)
    with pytest.raises(DefinitionError, match="unknown value 'happier users'"):
        Scenario(
            name="x",
            need="y",
            value="happier users",
            roles=("marketer",),
            practice="...",  # type: ignore[arg-type]
        )


def test_p15_what_cannot_be_done_is_asked_why_and_the_real_problem_is_solved() -> None:
    angry = {
        "industry": "finance",
        "roles": ("data analyst", "head of department"),
        "asked_for": "fifty more columns in the export",
    }

    assert SCENARIOS.search(angry).questions == ("why",)
    found = SCENARIOS.search(angry | {"why": "manual reports"})
    assert found.scenario == BY_NAME["report that sends itself"]


@each_scenario
def test_h5_every_scenario_is_for_two_roles_at_least(scenario: Scenario) -> None:
    assert len(scenario.roles) >= SCENARIO_COVERAGE.roles == 2


def test_h5_one_role_alone_is_not_enough_and_two_over_two_scenarios_are() -> None:
    one = Running(account="crane", scenario="second purchase", since=day(1), roles=["marketer"])
    other = Running(account="crane", scenario="manual", since=day(1), roles=["data analyst"])

    assert SCENARIO_COVERAGE.of("crane", [one], as_of=day(30)).missing == ("roles: 1 of 2",)
    assert SCENARIO_COVERAGE.of("crane", [one, other], as_of=day(30)).met is True


def test_l8_a_challenge_that_the_product_cannot_answer_is_seen_before_the_sale() -> None:
    lead = {"industry": "internet", "roles": ["recruiter"], "challenge": "hiring in a new field"}

    found = SCENARIOS.search(lead)

    assert (found.reasons, found.questions) == ("no scenario fits", ())
    assert found.findings[0].reason == "is made for conglomerate, and not for internet"


def test_l15_the_challenge_named_at_the_sale_is_what_is_searched_for_in_use() -> None:
    account = {
        "industry": "retail",
        "roles": ("community manager", "marketer"),
        "challenge": "silent members",
        "stage": "in_use",
    }

    found = SCENARIOS.search(account)
    running = SCENARIOS.search(account, running=["member community"])

    assert found.scenario == BY_NAME["member community"]
    assert running.matches == ()
    assert running.findings[0].fit is Fit.RUNNING


# --- The page


def rows(section: str) -> list[list[str]]:
    text = PAGE.split(f"\n## {section}\n", 1)[1].split("| --- |", 1)[1].split("\n\n", 1)[0]
    return [line.replace("`", "").strip("| ").split(" | ") for line in text.splitlines()[1:]]


def test_the_page_lists_every_scenario_as_it_is() -> None:
    assert rows("SCENARIOS") == [
        [
            each.name,
            each.need,
            str(each.value),
            ", ".join(each.industries) or "every",
            ", ".join(each.roles),
            str(each.asks) if each.asks is not None else "nothing",
            each.source,
        ]
        for each in SCENARIOS.scenarios
    ]


def test_the_page_lists_every_need_and_every_fact_and_every_task() -> None:
    assert rows("NEEDS") == [[need.name, need.meaning] for need in NEEDS]
    assert rows("SCENARIO_FACTS") == [
        [spec.name, str(spec.kind), spec.meaning] for spec in SCENARIO_FACTS.facts
    ]
    assert rows("TASKS") == [
        [row.then, str(row.when), row.reason, row.source] for row in TASKS.rows
    ]


def test_the_page_names_everything_that_is_there() -> None:
    assert all(f"`{name}`" in PAGE for name in stockscenarios.__all__)
