"""What a scenario is."""

from __future__ import annotations

from typing import Any

import pytest

from cslib.documents import from_data, to_data
from cslib.errors import DefinitionError
from cslib.practices import BusinessValue, Need, Scenario, list_faults
from cslib.rules import rule
from scenario_strategies import scenario


def faults(**changed: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        scenario(**changed)
    return [str(fault) for fault in caught.value.faults]


def test_the_value_is_one_of_four() -> None:
    assert [str(each) for each in BusinessValue] == [
        "more revenue",
        "lower cost",
        "higher efficiency",
        "less risk",
    ]
    assert scenario(value="less risk").value is BusinessValue.LESS_RISK


def test_another_value_is_refused_with_the_nearest() -> None:
    assert faults(value="lower costs") == [
        "$.value: unknown value 'lower costs': did you mean 'lower cost'?"
    ]


def test_names_and_lists_are_kept_as_tuples() -> None:
    made = scenario(roles=["marketer", "analyst"], industries=["retail"], features=["alerts"])

    assert (made.roles, made.industries) == (("marketer", "analyst"), ("retail",))
    assert hash(made) == hash(
        scenario(roles=made.roles, industries=["retail"], features=["alerts"])
    )


def test_what_it_asks_is_a_condition() -> None:
    assert scenario(asks="members >= 500").asks == rule("members >= 500")
    assert scenario().asks is None
    with pytest.raises(TypeError, match="expected a boolean"):
        scenario(asks="members + 1")


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = faults(
        name="", need="", practice="", roles=(), industries=("", "a", "a"), source=1, version=0
    )

    assert found == [
        "$.name: expected a name, but got an empty text",
        "$.need: expected a name, but got an empty text",
        "$.practice: expected a name, but got an empty text",
        "$.industries[0]: expected a name, but got an empty text",
        "$.industries[2]: 'a' stands twice",
        "$.roles: expected one role or more: who takes part in it?",
        "$.source: expected text, but got the int 1",
        "$.version: expected a whole number from 1 to 1000000, but got the int 0",
    ]


@pytest.mark.parametrize("field", ["roles", "industries", "features"])
def test_a_list_that_is_none_is_refused_where_it_stands(field: str) -> None:
    assert faults(**{field: "marketer"})[0].startswith(f"$.{field}: expected several str parts")
    assert faults(**{field: (1,)}) == [f"$.{field}[0]: expected a str, but got the int 1"]


def test_a_need_has_a_name_and_may_have_a_meaning() -> None:
    assert Need(name="slow hiring").meaning == ""
    with pytest.raises(DefinitionError, match="empty text"):
        Need(name="")
    with pytest.raises(DefinitionError, match="expected text"):
        Need(name="slow hiring", meaning=3)  # type: ignore[arg-type]


def test_it_goes_to_json_and_back_with_its_version() -> None:
    made = scenario(asks="members >= 500", version=3)

    data = to_data(made)

    assert (data["version"], data["asks"], data["value"]) == (3, "members >= 500", "more revenue")
    assert from_data(data, Scenario) == made


def test_an_empty_list_has_no_faults() -> None:
    assert not list(list_faults("$.roles", ()))
