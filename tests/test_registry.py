from __future__ import annotations

import subprocess
import sys
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.discovery import PackError, Phase
from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.functions import Function
from cslib.packs import Pack
from cslib.playbooks import Library, Playbook
from cslib.registry import PackLookupError, Registry
from cslib.rules import rule
from cslib.stock import SCORECARD, SUBSCRIPTION
from cslib.testing import strategies
from shipping import Shelf, code_of, shelf

__all__ = ["shelf"]


@attrs.frozen
class Scenario:
    name: str


def stars_of(length: Any) -> Function:
    return Function(name="stars", version=1, takes=["text"], gives="number", call=length)


STARS = stars_of(len)
TOUR = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
VISIT = Playbook(
    name="visit", need="adoption", layer="service", entry="seats_used < 5", effort={"csm": 4}
)
RATED = Playbook(
    name="rated", need="rating", layer="service", entry=rule("stars(r) < 3", functions=[STARS])
)
HOTELS = Pack(
    name="hotels",
    version="2.1.0",
    api="1.0",
    playbooks=[TOUR, VISIT, RATED],
    scenarios=[Scenario("referral")],
    scorecards=[attrs.evolve(SCORECARD, name="use")],
    lifecycles=[SUBSCRIPTION],
    functions=[STARS],
)
SPAS = Pack(
    name="spas",
    version="0.9",
    api="1.0",
    playbooks=[attrs.evolve(TOUR, entry="seats_used < 3")],
    scorecards=[SCORECARD],
)
BOTH = Registry.of(HOTELS, SPAS)


def problem(registry: Registry, ask: str, name: str) -> str:
    with pytest.raises(PackLookupError) as caught:
        getattr(registry, ask)(name)
    return str(caught.value)


# One definition


def test_a_definition_is_known_by_pack_and_name() -> None:
    assert BOTH.playbook("spas:tour") == SPAS.playbooks[0]
    assert BOTH.scenario("hotels:referral") == Scenario("referral")
    assert BOTH.scorecard("hotels:use").name == "use"
    assert BOTH.lifecycle("hotels:subscription") == SUBSCRIPTION
    assert BOTH.function("hotels:stars@1") == STARS
    assert BOTH.pack("spas") == SPAS


def test_a_bare_name_will_do_while_one_pack_alone_has_it() -> None:
    assert BOTH.playbook("visit") == VISIT
    assert BOTH.function("stars@1") == STARS


def test_a_bare_name_of_two_packs_is_refused_and_names_both_with_their_versions() -> None:
    assert problem(BOTH, "playbook", "tour") == (
        "playbook 'tour': 2 packs have one: 'hotels:tour' (hotels 2.1.0) and 'spas:tour' "
        "(spas 0.9); write the one that is meant"
    )


@pytest.mark.parametrize(
    ("ask", "name", "told"),
    [
        ("playbook", "vist", "no pack has one of that name: did you mean 'visit'?"),
        ("playbook", "spas:tuor", "the pack 'spas' has none of that name: did you mean 'tour'?"),
        ("playbook", "spa:tour", "no pack of that name is in force: did you mean 'spas'?"),
        ("scorecard", "hotels:tour", "the pack 'hotels' has none of that name"),
        ("pack", "inns", "no pack of that name is in force; there are hotels, spas"),
        ("function", "stars", "no pack has one of that name: did you mean 'stars@1'?"),
    ],
)
def test_a_name_that_nobody_has_is_refused_with_a_suggestion(
    ask: str, name: str, told: str
) -> None:
    assert told in problem(BOTH, ask, name)


def test_a_definition_of_a_broken_pack_is_refused_with_what_broke_it(shelf: Shelf) -> None:
    shelf.ship("hotels")
    shelf.ship("spas", "raise ValueError('no key')")

    registry = Registry.discover(only=["hotels", "spas"])

    assert problem(registry, "playbook", "spas:tour") == (
        "pack 'spas': pack 'spas' of acme-spas 1.0 could not be loaded: ValueError: no key"
    )
    assert problem(registry, "playbook", "tour").endswith("of that name; not in force: spas")


def test_an_empty_registry_says_that_there_are_none() -> None:
    assert problem(Registry.of(), "pack", "spas").endswith("is in force; there are none")


# All of them


def test_every_definition_is_listed_by_its_id() -> None:
    assert list(BOTH.playbooks) == ["hotels:tour", "hotels:visit", "hotels:rated", "spas:tour"]
    assert list(BOTH.scorecards) == ["hotels:use", f"spas:{SCORECARD.name}"]
    assert list(BOTH.scenarios) == ["hotels:referral"]
    assert list(BOTH.lifecycles) == ["hotels:subscription"]
    assert list(BOTH.functions) == ["hotels:stars@1"]


def test_a_library_of_all_packs_names_each_playbook_by_its_id() -> None:
    library = BOTH.library()

    assert library.name == "packs"
    assert [each.name for each in library.playbooks] == list(BOTH.playbooks)
    choice = library.select({"seats_used": 2})
    assert choice.playbook is not None
    assert choice.playbook.name == "hotels:tour"


def test_a_library_of_some_packs_has_theirs_alone() -> None:
    library = BOTH.library("spas", name="ours")

    assert [each.name for each in library.playbooks] == ["spas:tour"]
    assert library.name == "ours"
    assert BOTH.library("spas", "hotels", "spas") == BOTH.library()


def test_a_library_of_a_pack_that_is_not_in_force_is_refused() -> None:
    with pytest.raises(PackLookupError, match="did you mean 'spas'"):
        BOTH.library("spass")


def test_a_library_goes_to_json_and_back_with_the_functions_of_the_registry() -> None:
    library = BOTH.library()

    back = from_json(to_json(library), Library, functions=BOTH.functions.values())

    assert back == library
    assert back.fingerprint == library.fingerprint


def test_packs_that_ship_different_functions_of_one_name_and_version_make_no_library() -> None:
    other = attrs.evolve(SPAS, functions=[stars_of(lambda text: -len(text))])
    registry = Registry.of(HOTELS, other)

    with pytest.raises(DefinitionError) as caught:
        registry.library()

    assert str(caught.value) == (
        "library 'packs' is not valid: $.playbooks: hotels 2.1.0 and spas 0.9 ship different "
        "functions 'stars@1': leave one pack out"
    )
    assert len(registry.library("hotels").playbooks) == 3


def test_packs_that_share_one_function_make_a_library() -> None:
    assert Registry.of(HOTELS, attrs.evolve(SPAS, functions=[STARS])).library().playbooks


@given(st.permutations([HOTELS, SPAS, Pack(name="bars", version="1", api="1.0")]))
def test_the_order_of_the_packs_changes_nothing(packs: list[Pack]) -> None:
    registry = Registry.of(*packs)

    assert [pack.name for pack in registry.packs] == ["bars", "hotels", "spas"]
    assert registry.library().fingerprint == BOTH.library().fingerprint


@given(strategies.libraries(), strategies.libraries())
def test_every_playbook_of_every_pack_is_in_the_library_once(one: Library, other: Library) -> None:
    packs = [
        Pack(name=name, version="1", api="1.0", playbooks=library.playbooks)
        for name, library in (("a", one), ("b", other))
    ]

    library = Registry.of(*packs).library()

    assert len(library.playbooks) == len(one.playbooks) + len(other.playbooks)


# Handed over


def test_a_pack_that_is_handed_over_and_cannot_be_used_is_an_error_at_once() -> None:
    with pytest.raises(PackError, match=r"be validated: it was written for api 3\.0"):
        Registry.of(attrs.evolve(SPAS, api="3.0"))
    with pytest.raises(PackError, match=r"be registered: version 0\.9 and version 1\.0"):
        Registry.of(SPAS, attrs.evolve(SPAS, version="1.0"))
    with pytest.raises(PackError, match="expected a Pack, or a function"):
        Registry.of("spas")  # type: ignore[arg-type]


def test_a_registry_of_a_newer_minor_api_keeps_the_notice() -> None:
    (record,) = Registry.of(attrs.evolve(SPAS, api="1.4")).records

    assert record.notice.startswith("it was written for api 1.4")


def test_registries_of_one_content_are_equal() -> None:
    assert Registry.of(SPAS, HOTELS) == BOTH


# Found


def test_discovery_gives_one_record_for_each_pack_in_force_or_not(shelf: Shelf) -> None:
    shelf.ship("hotels")
    shelf.ship("spas", "raise SystemExit")
    shelf.ship("bars", code_of("bars", api="'7.0'"))

    registry = Registry.discover(only=["hotels", "spas", "bars", "inns"], exclude=["bars"])

    assert [pack.name for pack in registry.packs] == ["hotels"]
    assert {error.pack: error.phase for error in registry.errors} == {
        "inns": Phase.FOUND,
        "spas": Phase.LOADED,
    }
    assert len(registry.records) == len(registry.packs) + len(registry.errors)


def test_what_two_discoveries_find_is_equal_whatever_time_they_took(shelf: Shelf) -> None:
    shelf.ship("hotels")

    assert Registry.discover(only=["hotels"]) == Registry.discover(only=["hotels"])


def test_importing_the_registry_finds_nothing_and_reads_no_metadata() -> None:
    code = "import sys, cslib.registry; print('importlib.metadata' in sys.modules)"

    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert run.stdout.split() == ["False"]


def test_what_a_playbook_excludes_is_under_its_id_too() -> None:
    walk = attrs.evolve(VISIT, name="walk", excludes=["visit", "other:call", "absent:call"])
    call = attrs.evolve(VISIT, name="call")
    mine = Pack(name="mine", version="1.0.0", api="1.0", playbooks=[VISIT, walk])
    other = Pack(name="other", version="1.0.0", api="1.0", playbooks=[call])

    library = Registry.of(mine, other).library()

    assert library["mine:walk"].excludes == ("mine:visit", "other:call")
    assert Registry.of(mine, other).library("mine")["mine:walk"].excludes == ("mine:visit",)
