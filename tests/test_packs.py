from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.errors import DefinitionError
from cslib.functions import Function
from cslib.packs import API, Pack, label_of
from cslib.playbooks import Playbook
from cslib.stock import SCORECARD, SUBSCRIPTION

TOUR = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
STARS = Function(name="stars", version=1, takes=["text"], gives="number", call=len)


def pack(**changed: Any) -> Pack:
    return Pack(**{"name": "hotels", "version": "2.1.0", "api": "1.0", **changed})


@attrs.frozen
class Scenario:
    name: Any


def faults(**changed: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        pack(**changed)
    return [str(fault) for fault in caught.value.faults]


def test_a_pack_lists_each_definition_with_its_kind_and_label() -> None:
    full = pack(
        playbooks=[TOUR],
        scenarios=[Scenario("referral")],
        scorecards=[SCORECARD],
        lifecycles=[SUBSCRIPTION],
        functions=[STARS],
    )

    assert [(kind, label) for kind, label, _ in full.definitions] == [
        ("playbook", "tour"),
        ("scenario", "referral"),
        ("scorecard", SCORECARD.name),
        ("lifecycle", "subscription"),
        ("function", "stars@1"),
    ]


def test_a_pack_says_what_is_in_it() -> None:
    two = pack(playbooks=[TOUR, attrs.evolve(TOUR, name="visit")], functions=[STARS])

    assert str(two) == "hotels 2.1.0: 2 playbooks, 1 function"
    assert str(pack()) == "hotels 2.1.0: empty"


def test_packs_of_one_content_are_equal() -> None:
    assert pack(playbooks=[TOUR]) == pack(playbooks=(TOUR,))
    assert hash(pack(playbooks=[TOUR])) == hash(pack(playbooks=(TOUR,)))
    assert pack(version="2.1.1") != pack()


@pytest.mark.parametrize(
    "name",
    ["", "Hotels", "two words", "9lives", "a:b", "-a", "a-", "a--b", "hôtel", "a\n", 5, None],
)
def test_a_name_that_is_not_in_lower_case_letters_digits_and_dashes_is_refused(name: Any) -> None:
    (fault,) = faults(name=name)

    assert fault.startswith("$.name: expected a name in lower case, such as 'hotels', but got")


@pytest.mark.parametrize("name", ["a", "hotels", "acme-hotels", "acme_hotels", "b2b", "v2-x_9"])
def test_other_names_are_taken(name: str) -> None:
    assert pack(name=name).name == name


@pytest.mark.parametrize("api", ["1", "1.0.0", "v1.0", "01.0", "1.", "", 1.0, (1, 0), None])
def test_an_api_is_the_text_of_a_major_and_a_minor_number(api: Any) -> None:
    (fault,) = faults(api=api)

    assert fault.startswith("$.api: expected the text of a major.minor, such as '1.0', but got")


@pytest.mark.parametrize("version", ["", "2 1", 2.1, None])
def test_a_version_is_a_text_without_spaces(version: Any) -> None:
    (fault,) = faults(version=version)

    assert fault.startswith("$.version: expected a version, such as '2.1.0', but got")


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(faults(name="A", version="", api="x")) == 3


def test_a_pack_for_an_api_that_is_not_known_can_be_made_all_the_same() -> None:
    assert pack(api="9.4").api == "9.4"
    assert pack(api=API).api == API


@pytest.mark.parametrize(
    ("field", "given", "expected"),
    [
        ("playbooks", [SCORECARD], "$.playbooks[0]: expected a Playbook, but got"),
        ("playbooks", "tour", "$.playbooks: expected several Playbook parts, but got"),
        ("scorecards", [TOUR], "$.scorecards[0]: expected a Scorecard, but got"),
        ("lifecycles", [TOUR], "$.lifecycles[0]: expected a Lifecycle, but got"),
        ("functions", [len], "$.functions[0]: expected a Function, but got"),
        ("scenarios", ["referral"], "$.scenarios[0]: expected a definition with a name, but got"),
        ("scenarios", [Scenario(7)], "$.scenarios[0]: expected a definition with a name, but got"),
        ("scenarios", [Scenario("")], "$.scenarios[0].name: expected a name, but got an empty"),
    ],
)
def test_definitions_of_another_kind_are_refused(field: str, given: Any, expected: str) -> None:
    (fault,) = faults(**{field: given})

    assert fault.startswith(expected)


def test_two_definitions_of_one_kind_and_name_are_refused() -> None:
    assert faults(playbooks=[TOUR, TOUR]) == ["$.playbooks[1].name: 'tour' stands twice"]
    assert faults(functions=[STARS, STARS]) == ["$.functions[1].name: 'stars@1' stands twice"]


def test_definitions_of_two_kinds_and_two_versions_of_a_function_may_share_a_name() -> None:
    newer = attrs.evolve(STARS, version=2)
    named = attrs.evolve(TOUR, name="subscription")

    shared = pack(playbooks=[named], lifecycles=[SUBSCRIPTION], functions=[STARS, newer])

    assert [label_of(each) for each in shared.functions] == ["stars@1", "stars@2"]


def test_a_name_with_a_colon_is_refused_since_ids_have_one() -> None:
    (fault,) = faults(playbooks=[attrs.evolve(TOUR, name="spas:tour")])

    assert fault == (
        "$.playbooks[0].name: 'spas:tour' has a colon, which stands between a pack and a name; "
        "leave it out"
    )


@given(st.text(max_size=6))
def test_a_name_is_taken_or_refused_and_a_taken_one_has_no_colon(name: str) -> None:
    try:
        taken = pack(name=name).name
    except DefinitionError:
        return

    assert taken == name
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789-_")
