from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.plays import Effect, Layer, Level, Limits, Playbook, Success, amounts
from play_strategies import NAMES, playbooks


def playbook(**rest: Any) -> Playbook:
    return Playbook(**{"name": "tour", "need": "use", "layer": "product", "entry": "a > 1", **rest})


def faults(make: Any, **given: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        make(**given)
    return [str(each) for each in caught.value.faults]


def test_layers_and_levels_have_an_order() -> None:
    assert [each.rank for each in Layer] == [0, 1, 2]
    assert [each.rank for each in Level] == [0, 1, 2]
    assert max(Level, key=lambda each: each.rank) is Level.CONSULTING


def test_hours_are_those_of_all_roles() -> None:
    assert playbook(effort={"csm": 2, "analyst": "0.5"}).hours == Decimal("2.5")
    assert str(playbook(effort={"csm": 2})) == "tour (product, 2 h)"


def test_every_fault_of_a_playbook_is_told() -> None:
    found = faults(
        playbook,
        name="",
        need=3,
        version=0,
        priority=True,
        lead=None,
        title=1,
        source=1,
        success="often",
        effect=0.1,
        limits=None,
    )

    assert found == [
        "$.name: expected a name, but got an empty text",
        "$.need: expected text, but got the int 3",
        "$.version: expected a whole number from 1 to 1000000, but got the int 0",
        "$.priority: expected a whole number from -1000000 to 1000000, but got True",
        "$.lead: expected text, but got None",
        "$.title: expected text, but got the int 1",
        "$.source: expected text, but got the int 1",
        "$.success: expected Success(...), but got the str 'often'",
        "$.effect: expected Effect(...), but got the float 0.1",
        "$.limits: expected Limits(...), but got None",
    ]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"level": "expert"}, "unknown level 'expert'; expected one of support"),
        ({"layer": "servise"}, "did you mean 'service'?"),
        ({"excludes": ["a", "a"]}, "'a' stands twice"),
        ({"excludes": ["tour"]}, "'tour' cannot exclude itself"),
        ({"excludes": "tour"}, "expected several str parts"),
        ({"exit": "a > 1"}, "is the entry itself: it could never begin"),
        (
            {"success": Success(when="a > 1", within=1)},
            "is the entry itself: it would have worked at the start",
        ),
        ({"effort": {"": 1}}, "expected a name, but got an empty text"),
        ({"steps": ["call"]}, "expected a Step, but got the str 'call'"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], problem: str) -> None:
    assert problem in "".join(faults(playbook, **given))


@pytest.mark.parametrize(
    ("make", "given", "path"),
    [
        (Success, {"when": "a", "within": -1}, "$.within"),
        (Success, {"when": "a", "within": 5, "after": 6}, "$.after"),
        (Effect, {"lift": "1.5"}, "$.lift"),
        (Effect, {"lift": 0.5}, "$.lift"),
        (Effect, {"lift": "0.5", "weight": -1}, "$.weight"),
        (Limits, {"cool_down": -1}, "$.cool_down"),
        (Limits, {"at_most": 0}, "$.at_most"),
        (Limits, {"retry_after": 0}, "$.retry_after"),
    ],
)
def test_numbers_out_of_bounds_are_refused(make: Any, given: dict[str, Any], path: str) -> None:
    assert [each.split(":")[0] for each in faults(make, **given)] == [path]


def test_amounts_are_a_mapping() -> None:
    with pytest.raises(DefinitionError, match="expected numbers by role"):
        amounts("library", "$.prices", [80])


@given(st.sampled_from(NAMES).flatmap(playbooks))
def test_a_playbook_goes_to_json_and_back_unchanged(drawn: Playbook) -> None:
    returned = from_json(to_json(drawn), Playbook)

    assert returned == drawn
    assert hash(returned) == hash(drawn)
    assert returned.fingerprint == drawn.fingerprint


def test_what_is_done_is_part_of_the_fingerprint() -> None:
    assert playbook().fingerprint != attrs.evolve(playbook(), version=2).fingerprint


def test_a_window_of_one_day_and_one_on_the_day_of_the_end_are_windows() -> None:
    assert str(Success(when="a > 1", within=7, after=7)) == "a > 1, 7 to 7 days after the end"
    assert Success(when="a > 1", within=0).within == 0


def test_names_given_as_a_set_make_one_playbook_whatever_their_order() -> None:
    names = {"p", "q", "r", "s", "t"}

    made = playbook(excludes=names)

    assert made.excludes == ("p", "q", "r", "s", "t")
    assert made.fingerprint == playbook(excludes=sorted(names)).fingerprint
