"""What cslib asks of every pack, and what this one means to do."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from cslib_pack_hospitality import FACTS, PACK
from hypothesis import given

from cslib.registry import Registry
from cslib.testing import check_pack
from cslib.testing.strategies import AS_OF, accounts


def test_the_pack() -> None:
    check_pack(PACK, schema=FACTS)


def test_the_pack_is_found_where_its_package_is_installed() -> None:
    (record,) = Registry.discover(only=["hospitality"]).records

    assert record.pack == PACK
    assert record.distribution == "cslib-pack-hospitality"
    assert record.version == version("cslib-pack-hospitality") == PACK.version


@pytest.mark.parametrize(
    ("rooms_online", "chosen"),
    [(0, "hospitality:room import"), (20, "hospitality:room workshop"), (40, None)],
)
def test_a_house_is_helped_in_the_cheapest_layer(rooms_online: int, chosen: str | None) -> None:
    hotel = {"rooms": 80, "rooms_online": rooms_online, "rating": "4 stars"}

    choice = Registry.of(PACK).library().select(hotel, as_of=AS_OF)

    assert (choice.playbook and choice.playbook.name) == chosen


@given(accounts(PACK, schema=FACTS))
def test_a_house_without_rooms_online_is_never_sent_a_consultant(hotel: dict[str, object]) -> None:
    library = Registry.of(PACK).library()

    choice = library.select({**hotel, "rooms_online": 0, "rooms": 50}, as_of=AS_OF)

    assert "hospitality:revenue advice" not in {each.playbook.name for each in choice.chosen}
