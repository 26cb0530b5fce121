"""Previews: whom a library reaches and at what cost, and what a new version of it changes."""

from __future__ import annotations

import pickle
from collections import Counter
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.arguments import ArgumentError
from cslib.decisions import DecisionTable, HitPolicy, Row
from cslib.documents import canonical
from cslib.errors import DefinitionError
from cslib.histories import History, begin
from cslib.playbooks import Library, Playbook, Status, Success, Suppression
from cslib.previews import (
    PreviewError,
    Rechosen,
    library_difference,
    preview,
    rechosen,
    tally,
)
from library_strategies import FACTS, TODAY, libraries, records


def playbook(name: str, entry: object, layer: str = "product", **rest: Any) -> Playbook:
    return Playbook(name=name, layer=layer, entry=entry, **{"need": "adoption", **rest})


TOUR = playbook("tour", "seats < 5")
TRAINING = playbook("training", "seats < 10", "service", effort={"csm": 6, "analyst": "0.5"})
CALL = playbook("call", "nps < 7", "service", need="mood", effort={"csm": 1}, priority=5)
PRICES = {"csm": 80, "analyst": 100}
FEW = settings(max_examples=40)
ACCOUNTS = ["fox", "owl", "elk", "hen"]
BOOK = {"seats": np.array([3.0, 7, 8, np.nan]), "nps": np.array([9.0, 3, 9, 9])}


def library(*playbooks: Playbook, **rest: Any) -> Library:
    return Library(name="test", playbooks=playbooks, **rest)


def columns_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    columns = {name: [row.get(name) for row in rows] for name in FACTS}
    return {**columns, "row": np.arange(len(rows))}


def names(rows: list[Any]) -> list[str]:
    return [f"a{place}" for place in range(len(rows))]


# Whom it reaches


def test_a_preview_counts_the_accounts_of_each_status_the_most_urgent_playbook_first() -> None:
    found = preview(library(TRAINING, TOUR, CALL), BOOK, accounts=ACCOUNTS)

    assert [str(each) for each in found.forecasts] == [
        "call (service, 1 h): 1 chosen, 3 does not apply",
        "tour (product, 0 h): 1 chosen, 1 unknown, 2 does not apply",
        "training (service, 6.5 h): 2 chosen, 1 dearer, 1 unknown",
    ]


def test_a_preview_lists_the_accounts_on_demand() -> None:
    found = preview(library(TRAINING, TOUR), BOOK, accounts=np.array(ACCOUNTS))

    assert found.accounts("training") == ("owl", "elk")
    assert found.accounts("training", Status.DEARER) == ("fox",)
    assert found.accounts("training", "under_way") == ()
    with pytest.raises(KeyError, match="no playbook 'visit'"):
        found.accounts("visit")


def test_hours_and_prices_of_what_is_chosen_add_up_by_layer_and_role() -> None:
    found = preview(library(TRAINING, TOUR, CALL, prices=PRICES), BOOK, accounts=ACCOUNTS)

    assert [str(each) for each in found.work] == [
        "service, analyst: 1.0 h, at 100.0",
        "service, csm: 13 h, at 1,040",
    ]
    assert (found.hours, found.price) == (Decimal(14), Decimal(1140))
    assert repr(found) == "<Preview: 4 chosen for 4 accounts, 14.0 h, at 1,140.0>"
    assert [each.price for each in found.forecasts] == [Decimal(80), Decimal(0), Decimal(1060)]
    assert found.forecasts[2].hours == {"csm": Decimal(12), "analyst": Decimal(1)}


def test_without_prices_there_is_no_price() -> None:
    found = preview(library(TRAINING, TOUR), BOOK, accounts=ACCOUNTS)

    assert found.price is None
    assert [each.price for each in (*found.forecasts, *found.work)] == [None] * 4
    assert str(found.work[0]) == "service, analyst: 1.0 h"
    assert found.explain().splitlines()[2:4] == [
        "hours of what is chosen:",
        "  service, analyst: 1.0 h",
    ]


def test_a_preview_of_nothing_is_in_words_too() -> None:
    found = preview(library(TOUR), {"seats": np.array([])}, accounts=[])

    assert found.explain() == "tour (product, 0 h): no account"
    assert str(found) == "0 chosen for 0 accounts, 0 h"
    assert (found.work, found.hours) == ((), Decimal(0))


def test_a_preview_takes_the_history_into_account() -> None:
    history = History(runs=[begin(TOUR, "fox", on=TODAY)])

    found = preview(library(TOUR), BOOK, accounts=ACCOUNTS, history=history, as_of=TODAY)

    assert found.accounts("tour", "under_way") == ("fox",)
    assert found.choices.record(0).reasons.startswith("nothing to begin")


def test_a_preview_needs_the_accounts() -> None:
    with pytest.raises(PreviewError, match="select with accounts="):
        preview(library(TOUR), BOOK, accounts=None)
    with pytest.raises(ArgumentError, match="has 1 entries"):
        preview(library(TOUR), BOOK, accounts=["fox"])


@FEW
@given(libraries(), st.lists(records(), max_size=5))
def test_every_account_has_one_status_for_each_playbook(
    library: Library, rows: list[dict[str, Any]]
) -> None:
    found = preview(library, columns_of(rows), accounts=names(rows), as_of=TODAY)

    choices = [library.select(row, as_of=TODAY) for row in rows]
    for each in found.forecasts:
        expected = Counter(
            finding.status
            for choice in choices
            for finding in choice.findings
            if finding.playbook == each.playbook
        )
        assert each.counts == expected
    spent = [finding.playbook.hours for choice in choices for finding in choice.chosen]
    assert found.hours == sum(spent)
    if library.prices:
        paid = [finding.price for choice in choices for finding in choice.chosen]
        assert found.price == sum(price for price in paid if price is not None)


# What a new version says otherwise


def test_playbooks_that_are_new_gone_or_changed_are_named_with_their_fields() -> None:
    longer = attrs.evolve(
        TOUR, version=2, entry="seats < 8", success=Success(when="seats >= 8", within=30)
    )

    assert library_difference(library(TOUR, TRAINING), library(CALL, longer)) == (
        "playbook 'training' is gone",
        "playbook 'call' is new",
        "playbook 'tour': version is 2, was 1",
        "playbook 'tour': entry is 'seats < 8', was 'seats < 5'",
        "playbook 'tour': success is {'when': 'seats >= 8', 'within': 30}, was None",
    )


def test_prices_stake_suppressions_and_levels_are_compared_too() -> None:
    small = Row(when="seats < 5", then="support")
    large = Row(when="seats < 50", then="implementation")
    halt = Suppression(name="halt", when="nps < 3")
    old = library(
        CALL,
        prices={"csm": 80},
        levels=DecisionTable(name="levels", rows=(small, large)),
        suppressions=[halt],
    )
    new = library(
        CALL,
        prices={"csm": 90, "analyst": 100},
        stake="annual_value",
        levels=DecisionTable(name="levels", rows=(large, small), hit_policy=HitPolicy.UNIQUE),
        suppressions=[attrs.evolve(halt, when="nps < 4")],
    )

    assert library_difference(old, new) == (
        "library: stake is 'annual_value', was None",
        "library: hit policy of levels is 'unique', was 'first'",
        "price of 'analyst' is new",
        "price of 'csm': an hour is '90', was '80'",
        "levels: the order is implementation, support, was support, implementation",
        "suppression 'halt': when is 'nps < 4', was 'nps < 3'",
    )


def test_levels_that_come_are_told_row_by_row() -> None:
    table = DecisionTable(name="levels", rows=(Row(then="support", name="all"),))

    assert library_difference(library(TOUR), library(TOUR, levels=table)) == (
        "library: hit policy of levels is 'first', was None",
        "level 'all' is new",
    )


def test_the_name_of_the_library_and_the_writing_of_a_number_are_no_difference() -> None:
    other = Library(name="other", playbooks=[attrs.evolve(TOUR, effort={"csm": "2.0"})])

    assert library_difference(library(attrs.evolve(TOUR, effort={"csm": 2})), other) == ()


def _in_order(library: Library) -> str:
    """All that a library says, in an order of its own."""
    named = {"playbooks": library.playbooks, "suppressions": library.suppressions}
    ordered = {key: sorted(each, key=lambda one: one.name) for key, each in named.items()}
    return canonical(attrs.evolve(library, name="any", **ordered))


@FEW
@given(libraries(), libraries(), st.booleans())
def test_there_is_no_difference_where_both_say_the_same_and_nowhere_else(
    one: Library, other: Library, mixed: bool
) -> None:
    other = attrs.evolve(one, name="b", playbooks=one.playbooks[::-1]) if mixed else other

    assert (library_difference(one, other) == ()) == (_in_order(one) == _in_order(other))


# Whom that touches


def test_the_accounts_whose_choice_changes_are_told_from_what_to_what() -> None:
    old, new = library(TOUR, CALL), library(attrs.evolve(TOUR, version=2), TRAINING)
    was, now = (each.select_columns(BOOK, accounts=ACCOUNTS) for each in (old, new))

    found = rechosen(was, now)

    assert [str(each) for each in found] == [
        "elk, adoption: nothing becomes training",
        "fox, adoption: tour becomes tour@2",
        "owl, adoption: nothing becomes training",
        "owl, mood: call becomes nothing",
    ]
    assert tally(found) == {("", "training"): 2, ("call", ""): 1, ("tour", "tour@2"): 1}


def test_choices_of_other_accounts_cannot_be_compared() -> None:
    was = library(TOUR).select_columns(BOOK, accounts=ACCOUNTS)

    with pytest.raises(PreviewError, match="the same accounts, in the same order"):
        rechosen(was, library(TOUR).select_columns(BOOK, accounts=ACCOUNTS[::-1]))
    with pytest.raises(PreviewError, match="do not tell their accounts"):
        rechosen(was, library(TOUR).select_columns(BOOK))
    with pytest.raises(PreviewError, match=r"got a library: take its select_columns"):
        rechosen(was, library(TOUR))  # type: ignore[arg-type]


def test_the_error_survives_pickling() -> None:
    error = PreviewError("no accounts")

    assert str(pickle.loads(pickle.dumps(error))) == "no accounts"  # noqa: S301  our own


@FEW
@given(libraries(), libraries(), st.lists(records(), max_size=4))
def test_what_changes_is_what_the_records_choose_otherwise(
    old: Library, new: Library, rows: list[dict[str, Any]]
) -> None:
    book, accounts = columns_of(rows), names(rows)
    was, now = (each.select_columns(book, accounts=accounts, as_of=TODAY) for each in (old, new))

    def label(each: Playbook) -> str:
        return each.name if each.version == 1 else f"{each.name}@{each.version}"

    expected = []
    for account, row in zip(accounts, rows, strict=True):
        one, other = (
            {
                each.playbook.need: label(each.playbook)
                for each in library.select(row, as_of=TODAY).chosen
            }
            for library in (old, new)
        )
        for need in sorted({*one, *other}):
            before, after = one.get(need, ""), other.get(need, "")
            if before != after:
                expected.append(Rechosen(account=account, need=need, before=before, after=after))
    assert list(rechosen(was, now)) == expected


def test_what_is_no_library_or_change_is_refused() -> None:
    library = Library(name="none", playbooks=())

    with pytest.raises(DefinitionError, match="new is not valid: \\$: expected a Library"):
        library_difference(library, None)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="old is not valid: \\$: expected a Library"):
        library_difference({}, library)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="expected several Rechosen parts"):
        tally(None)  # type: ignore[arg-type]

    with pytest.raises(DefinitionError, match="library is not valid"):
        preview(None, {}, accounts=[])  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="choices is not valid"):
        rechosen(None, None)  # type: ignore[arg-type]
