"""The library of scenarios, and the door to its search."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest
from hypothesis import given

from cslib.documents import fingerprint, from_json, to_json
from cslib.errors import DefinitionError
from cslib.facts import AsOfError, FactError
from cslib.scenarios import Need, NeedError, NeedSurvey, ScenarioLibrary
from scenario_strategies import ACCOUNTS, LIBRARIES, library, scenario, surveys

SURVEY = NeedSurvey(industry="retail", roles=("marketer",), challenge="repeat purchase")


def faults(**changed: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        attrs.evolve(library(scenario()), **changed)
    return [str(fault) for fault in caught.value.faults]


@given(LIBRARIES)
def test_it_goes_to_json_and_back_unchanged(lib: ScenarioLibrary) -> None:
    read = from_json(to_json(lib, indent=2), ScenarioLibrary)

    assert read == lib
    assert fingerprint(read) == lib.fingerprint == lib.search(NeedSurvey()).definition


@given(LIBRARIES, surveys(), ACCOUNTS)
def test_an_account_whose_facts_hold_the_answers_is_searched_as_its_survey(
    lib: ScenarioLibrary, survey: NeedSurvey, account: dict[str, object]
) -> None:
    facts = account | attrs.asdict(survey)

    assert lib.search(facts) == lib.search(survey, account=account)


def test_facts_handed_in_beside_an_account_are_the_ones_that_are_read() -> None:
    lib = library(scenario(asks="has_app"))
    answers = attrs.asdict(SURVEY) | {"has_app": True}

    assert lib.search(answers).matches
    assert not lib.search(answers, account={"has_app": False}).matches
    assert lib.search(SURVEY).questions == ("has_app",)


def test_a_challenge_that_is_not_on_the_list_is_an_error_with_the_nearest() -> None:
    with pytest.raises(NeedError, match=r"challenge 'slow hirin' .*: did you mean 'slow hiring'\?"):
        library().search(NeedSurvey(challenge="slow hirin"))
    with pytest.raises(NeedError, match="why 'zebra' is no need of the library: expected one of"):
        library().search(NeedSurvey(asked_for="a merge", why="zebra"))


def test_a_condition_that_counts_days_needs_today() -> None:
    lib = library(scenario(asks="days_since(signed_on) > 30"))
    account = {"signed_on": dt.date(2026, 5, 1)}

    assert lib.search(SURVEY, account=account, as_of=dt.date(2026, 6, 30)).scenario
    with pytest.raises(AsOfError):
        lib.search(SURVEY, account=account)


def test_a_fact_of_another_kind_is_refused() -> None:
    with pytest.raises(FactError, match="members"):
        library(scenario(asks="members >= 500")).search(SURVEY, account={"members": "many"})


def test_names_of_what_runs_are_several_texts() -> None:
    with pytest.raises(DefinitionError, match="running"):
        library().search(SURVEY, running="second order")


def test_a_scenario_for_a_need_that_is_not_on_the_list_is_refused_with_the_nearest() -> None:
    assert faults(scenarios=[scenario("a", need="stock-out"), scenario("b", need="zebra")]) == [
        "$.scenarios[0].need: unknown need 'stock-out': did you mean 'stock-outs'?",
        "$.scenarios[1].need: unknown need 'zebra'; put it on the list of needs",
    ]


def test_what_stands_twice_is_refused() -> None:
    assert faults(
        name="",
        needs=[Need(name="repeat purchase"), Need(name="repeat purchase")],
        scenarios=[scenario(), scenario()],
    ) == [
        "$.name: expected a name, but got an empty text",
        "$.needs[1].name: 'repeat purchase' stands twice",
        "$.scenarios[1].name: 'second order' stands twice",
    ]


def test_a_library_without_needs_has_nothing_to_be_searched_by() -> None:
    assert faults(needs=[], scenarios=[]) == [
        "$.needs: expected one need or more: which challenges are there?"
    ]


@pytest.mark.parametrize("field", ["needs", "scenarios"])
def test_parts_of_another_kind_are_refused_where_they_stand(field: str) -> None:
    assert faults(**{field: ["repeat purchase"]})[0].startswith(f"$.{field}[0]: expected a ")


def test_needs_that_no_scenario_answers_are_told() -> None:
    assert library(scenario()).unserved == ("slow hiring", "stock-outs")
