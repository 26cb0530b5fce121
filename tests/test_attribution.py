"""Attribution: which link failed first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.attribution import Attribution, Chain, Link, LinkStatus
from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.facts import FactError
from cslib.inference import KindError

NAMES = ("sold", "implemented", "used")
CHAIN = Chain(name="success", links=tuple(Link(name=f"{name} right", held=name) for name in NAMES))
ACCOUNTS = st.fixed_dictionaries({name: st.sampled_from((True, False, None)) for name in NAMES})


@given(ACCOUNTS)
def test_the_first_link_that_did_not_hold_decides_and_what_comes_after_is_not_looked_at(
    account: Mapping[str, bool | None],
) -> None:
    held = [account[name] for name in NAMES]
    first = next((place for place, each in enumerate(held) if each is not True), None)

    found = CHAIN.attribute(account)

    if first is None:
        assert found == Attribution(status=LinkStatus.HELD)
        return
    assert found.link == CHAIN.links[first]
    assert found.status is (LinkStatus.FAILED if held[first] is False else LinkStatus.UNKNOWN)
    assert found.missing == (() if held[first] is False else (NAMES[first],))
    assert CHAIN.attribute({**account, **dict.fromkeys(NAMES[first + 1 :])}) == found


@given(ACCOUNTS)
def test_with_one_link_more_a_failure_that_was_found_stays_where_it_was(
    account: Mapping[str, bool | None],
) -> None:
    shorter = Chain(name="shorter", links=CHAIN.links[:2])
    found = shorter.attribute(account)

    if found.status is not LinkStatus.HELD:
        assert CHAIN.attribute(account) == found


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ({"sold": True, "implemented": True, "used": True}, "every link held"),
        ({"sold": True, "implemented": False}, "implemented right failed first"),
        ({"implemented": False}, "sold right cannot be told: sold unknown"),
    ],
)
def test_it_says_in_words_which_link(account: Mapping[str, object], words: str) -> None:
    assert str(CHAIN.attribute(account)) == words


def test_what_made_it_so_is_explained() -> None:
    chain = Chain(name="use", links=(Link(name="used", held="seats_used / seats >= 0.6"),))

    explanation = chain.attribute({"seats_used": 2, "seats": 10}).explanation

    assert explanation is not None
    assert explanation.value is False
    assert explanation.facts == (("seats_used", 2), ("seats", 10))


def test_a_link_may_count_days_from_a_day_that_is_given() -> None:
    chain = Chain(name="use", links=(Link(name="seen", held="days_since(last_login_on) <= 30"),))
    account = {"last_login_on": dt.date(2026, 3, 1)}

    assert chain.attribute(account, as_of=dt.date(2026, 3, 31)).status is LinkStatus.HELD
    assert chain.attribute(account, as_of=dt.date(2026, 4, 1)).status is LinkStatus.FAILED


def test_a_fact_of_the_wrong_kind_is_an_error() -> None:
    with pytest.raises(FactError, match="sold"):
        CHAIN.attribute({"sold": "yes"})


def test_two_links_of_one_name_are_refused() -> None:
    with pytest.raises(DefinitionError, match="chain 'twice' is not valid"):
        Chain(name="twice", links=(CHAIN.links[0], CHAIN.links[0]))


def test_a_chain_has_a_link() -> None:
    with pytest.raises(ValueError, match="links"):
        Chain(name="none", links=())


def test_a_link_is_a_condition() -> None:
    with pytest.raises(KindError, match="expected a boolean"):
        Link(name="seats", held="seats + 1")


def test_a_chain_goes_to_json_and_back() -> None:
    assert from_json(to_json(CHAIN), Chain) == CHAIN
