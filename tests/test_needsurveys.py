"""What a customer answered before a library is searched."""

from __future__ import annotations

import enum
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.facts import FactError
from cslib.needsurveys import NeedError, NeedSurvey
from scenario_strategies import surveys

MERGE = "a nationwide merge of duplicates"


def faults(**answers: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        NeedSurvey(**answers)
    return [str(fault) for fault in caught.value.faults]


@given(surveys())
def test_it_goes_to_json_and_back_unchanged(survey: NeedSurvey) -> None:
    assert from_json(to_json(survey), NeedSurvey) == survey


@given(surveys())
def test_the_facts_of_an_account_say_what_the_survey_says(survey: NeedSurvey) -> None:
    assert NeedSurvey.of_facts(survey) == survey
    assert NeedSurvey.of_facts(attrs.asdict(survey)) == survey


def test_what_was_not_answered_is_unknown() -> None:
    assert NeedSurvey() == NeedSurvey.of_facts({"seats": 5})
    assert NeedSurvey.of_facts({"industry": float("nan"), "roles": float("nan")}) == NeedSurvey()


def test_a_challenge_is_asked_for_where_none_is_named() -> None:
    assert NeedSurvey(industry="retail").open == "challenge"
    assert NeedSurvey(challenge="slow hiring").open == ""


def test_a_function_that_is_asked_for_is_asked_why() -> None:
    assert NeedSurvey(asked_for=MERGE).open == "why"
    assert NeedSurvey(asked_for=MERGE, challenge="slow hiring").open == "why"
    assert NeedSurvey(asked_for=MERGE, why="slow hiring").open == ""


def test_the_challenge_that_was_named_comes_before_the_one_behind_a_function() -> None:
    both = NeedSurvey(challenge="stock-outs", asked_for=MERGE, why="slow hiring")

    assert both.challenges == ("stock-outs", "slow hiring")
    assert attrs.evolve(both, why="stock-outs").challenges == ("stock-outs",)
    assert NeedSurvey(asked_for=MERGE).challenges == ()


def test_a_why_without_a_function_is_refused() -> None:
    assert faults(why="slow hiring") == [
        "$.why: the why of what? give asked_for, or name it as the challenge"
    ]


def test_no_roles_at_all_are_no_answer() -> None:
    assert faults(roles=()) == [
        "$.roles: expected one role or more, or None where it is not answered"
    ]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert faults(industry="", challenge=3, roles=("", "a", "a")) == [
        "$.industry: expected a name, but got an empty text",
        "$.challenge: expected text, but got the int 3",
        "$.roles[0]: expected a name, but got an empty text",
        "$.roles[2]: 'a' stands twice",
    ]


@pytest.mark.parametrize(
    "roles", [["b", "a"], ("b", "a"), np.array(["b", "a"]), np.array(["b", "a"], object)]
)
def test_roles_of_an_account_are_several_texts_in_their_order(roles: object) -> None:
    assert NeedSurvey.of_facts({"roles": roles}).roles == ("b", "a")


def test_roles_of_a_set_stand_by_name() -> None:
    assert NeedSurvey.of_facts({"roles": {"b", "a"}}).roles == ("a", "b")


@pytest.mark.parametrize("roles", ["marketer", b"marketer", 5, {"marketer": 1}, ["a", None], [3]])
def test_roles_of_an_account_that_are_no_texts_are_refused(roles: object) -> None:
    with pytest.raises(FactError, match="roles"):
        NeedSurvey.of_facts({"roles": roles})


def test_a_text_of_an_enumeration_is_its_text() -> None:
    kind = enum.StrEnum("Industry", ["RETAIL"])

    assert NeedSurvey.of_facts({"industry": kind("retail")}).industry == "retail"


def test_a_need_without_a_near_one_is_told_which_there_are() -> None:
    assert str(NeedError("why", "zebra", ("slow hiring", "stock-outs"))) == (
        "why 'zebra' is no need of the library: expected one of slow hiring, stock-outs"
    )
