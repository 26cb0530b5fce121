"""Selection on columns: equal to the record, row by row."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from unittest import mock

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import columns as blocks
from cslib import selection, selectioncolumns
from cslib.arguments import ArgumentError
from cslib.columns import BLOCK, ColumnsError
from cslib.decisions import DecisionTable, Row
from cslib.errors import DefinitionError
from cslib.facts import AsOfError
from cslib.gatecolumns import CODES
from cslib.histories import History, OptOut, begin
from cslib.playbooks import Effect, Layer, Library, Playbook, Status, Suppression
from cslib.runs import RunError, Verdict
from cslib.selectioncolumns import Choices
from cslib.standings import bars
from library_strategies import ACCOUNTS, FACTS, TODAY, histories, libraries, records

PRODUCT, SERVICE, CONSULTING = Layer


def playbook(name: str, entry: object, layer: str = "product", **rest: Any) -> Playbook:
    return Playbook(name=name, layer=layer, entry=entry, **{"need": "adoption", **rest})


def library(*playbooks: Playbook, **rest: Any) -> Library:
    return Library(name="test", playbooks=playbooks, **rest)


def columns_of(rows: Sequence[Mapping[str, Any]], absent: Sequence[str] = ()) -> dict[str, Any]:
    """Records as columns: plain arrays where all is known and of one kind, else objects."""
    columns: dict[str, Any] = {"row": np.arange(len(rows))}
    for name in FACTS:
        if name not in absent:
            columns[name] = [row.get(name) for row in rows]
    return columns


def assert_equal(
    library: Library,
    found: Choices,
    rows: Sequence[Mapping[str, Any]],
    accounts: Sequence[str],
    history: History | None,
) -> None:
    for at, record in enumerate(rows):
        past = None if history is None else history.of(accounts[at])
        choice = library.select(record, history=past, as_of=TODAY)
        for each in choice.findings:
            name = each.playbook.name
            assert found.status(name)[at] == each.status, (name, record)
            value = found.value(name)[at]
            assert value == each.value or (np.isnan(value) and each.value is None)
            assert found.price(name) == each.price
        assert found.playbook[at] == ("" if choice.playbook is None else choice.playbook.name)
        named = {each.playbook.need: each.playbook for each in choice.chosen}
        for need in {each.need for each in library.playbooks}:
            place = int(found.chosen(need)[at])
            assert named.get(need) == (None if place < 0 else found.playbooks[place])


# The law


@given(st.data(), libraries(), st.lists(records(), max_size=6))
def test_columns_choose_as_each_record_does(
    data: st.DataObject, library: Library, rows: list[dict[str, Any]]
) -> None:
    absent = data.draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=2))
    rows = [{name: row[name] for name in row if name not in absent} for row in rows]
    accounts = data.draw(
        st.lists(st.sampled_from(ACCOUNTS), min_size=len(rows), max_size=len(rows))
    )
    history = data.draw(st.none() | histories(library))

    with mock.patch.object(blocks, "BLOCK", data.draw(st.sampled_from([2, 3, BLOCK]))):
        found = library.select_columns(
            columns_of(rows, absent), accounts=accounts, history=history, as_of=TODAY
        )

    assert found.rows == len(rows)
    assert_equal(library, found, rows, accounts, history)


@given(st.data(), libraries(), st.lists(records(), min_size=1, max_size=3))
def test_a_row_asked_for_by_itself_gives_the_choice_of_its_record(
    data: st.DataObject, library: Library, rows: list[dict[str, Any]]
) -> None:
    accounts = [data.draw(st.sampled_from(ACCOUNTS)) for _ in rows]
    history = data.draw(histories(library))
    found = library.select_columns(
        columns_of(rows), accounts=accounts, history=history, as_of=TODAY
    )

    at = data.draw(st.integers(0, len(rows) - 1))

    expected = library.select(rows[at], history=history.of(accounts[at]), as_of=TODAY)
    assert found.record(at).explain() == expected.explain()


# One by one

LOW = {"seats": np.array([3.0, 7, 20, np.nan])}
TOUR = playbook("tour", "seats < 5")
TRAINING = playbook("training", "seats < 10", "service", effort={"csm": 6})


def words(found: Choices) -> dict[str, list[str]]:
    return {each.name: found.status(each.name).tolist() for each in found.playbooks}


def test_each_row_has_a_status_for_every_playbook() -> None:
    found = library(TRAINING, TOUR).select_columns(LOW)

    assert words(found) == {
        "tour": ["chosen", "does_not_apply", "does_not_apply", "unknown"],
        "training": ["dearer", "chosen", "does_not_apply", "unknown"],
    }
    assert found.statuses.dtype == np.int8
    assert found.statuses.shape == (2, 4)
    assert found.statuses[0, 0] == CODES[Status.CHOSEN]


def test_what_was_chosen_is_told_by_place_and_by_name() -> None:
    call = playbook("call", "seats < 10", need="mood", priority=9)

    found = library(TRAINING, TOUR, call).select_columns(LOW)

    assert [each.name for each in found.playbooks] == ["call", "tour", "training"]
    assert found.chosen("adoption").tolist() == [1, 2, -1, -1]
    assert found.first.tolist() == [0, 0, -1, -1]
    assert found.playbook.tolist() == ["call", "call", "", ""]
    assert repr(found) == "<Choices: 4 accounts: a playbook for 2 of them>"
    assert found.are("training").tolist() == [False, True, False, False]
    assert found.are("training", "dearer").tolist() == [True, False, False, False]
    assert found.count("tour") == {
        Status.CHOSEN: 1,
        Status.UNKNOWN: 1,
        Status.DOES_NOT_APPLY: 2,
    }


def test_an_unknown_name_is_refused_with_a_suggestion() -> None:
    found = library(TOUR).select_columns(LOW)

    with pytest.raises(KeyError, match=r"no playbook 'tuor'"):
        found.status("tuor")
    with pytest.raises(KeyError, match=r"no need 'adopt': did you mean 'adoption'\?"):
        found.chosen("adopt")
    with pytest.raises(ValueError, match="'choosen' is not a valid Status"):
        found.are("tour", "choosen")


def test_value_and_price_are_those_of_the_record() -> None:
    visit = playbook("visit", "seats < 10", effort={"csm": 3}, effect=Effect(lift="0.05"))
    priced = library(visit, TOUR, prices={"csm": 80}, stake="worth", least_return=2)
    worth = np.array([9600.0, 9599, np.nan, 9600])

    found = priced.select_columns({"seats": np.array([7.0, 7, 7, 20]), "worth": worth})

    assert words(found)["visit"] == ["chosen", "not_worth_it", "unknown", "does_not_apply"]
    assert found.value("visit")[[0, 3]].tolist() == [480.0, 480.0]
    assert np.isnan(found.value("visit")[2])
    assert np.isnan(found.value("tour")).all()
    assert (found.price("visit"), found.price("tour")) == (Decimal(240), Decimal(0))


def test_without_a_stake_and_prices_nothing_has_a_value_or_a_price() -> None:
    found = library(playbook("tour", "seats < 5", effect=Effect(lift="0.1"))).select_columns(LOW)

    assert np.isnan(found.value("tour")).all()
    assert found.price("tour") is None


def test_nothing_of_a_stake_without_bound_is_not_known() -> None:
    visit = playbook("visit", True, effort={"csm": 3}, effect=Effect(lift=0))
    priced = library(visit, prices={"csm": 80}, stake="worth * 10", least_return=1)

    found = priced.select_columns({"worth": np.array([1e308])})

    assert priced.select({"worth": 1e308}).findings[0].status == "unknown"
    assert words(found)["visit"] == ["unknown"]


def test_levels_that_are_unknown_or_too_low_shut_the_gate() -> None:
    table = DecisionTable(name="levels", rows=(Row(when="seats >= 5", then="support"),))
    deep = playbook("deep", True, "service", level="implementation")
    light = playbook("light", True, "service", level="support")

    found = library(deep, light, levels=table).select_columns(LOW)

    assert words(found) == {
        "deep": ["unknown", "not_offered", "not_offered", "unknown"],
        "light": ["chosen", "chosen", "chosen", "chosen"],
    }


def test_of_two_suppressions_one_that_is_shut_goes_before_one_that_is_not_known() -> None:
    both = (Suppression(name="a", when="seats > 5"), Suppression(name="b", when="mood > 1"))
    always = playbook("tour", True)

    found = library(always, suppressions=both).select_columns(
        {"seats": np.array([9.0, 9, 1, 1, 1]), "mood": np.array([np.nan, 0, 9, 0, np.nan])}
    )

    assert words(found)["tour"] == ["suppressed", "suppressed", "suppressed", "chosen", "unknown"]


def test_what_excludes_one_another_is_settled_in_the_rows_where_it_matters() -> None:
    rescue = playbook("rescue", "mood < 3", need="mood", excludes=["tour"], priority=1)
    other = playbook("offer", "seats < 5", need="growth", excludes=["rescue"])
    mood = {"seats": np.array([3.0, 3, 9]), "mood": np.array([1.0, 9, 1])}

    found = library(TOUR, rescue, other).select_columns(mood)

    assert words(found) == {
        "tour": ["excluded", "chosen", "does_not_apply"],
        "rescue": ["chosen", "does_not_apply", "chosen"],
        "offer": ["excluded", "chosen", "does_not_apply"],
    }


def test_what_excludes_one_another_is_settled_beyond_the_first_block_of_rows() -> None:
    rescue = playbook("rescue", "mood < 3", need="mood", excludes=["tour"], priority=1)
    seats = np.full(40_000, 9.0)
    seats[[5, 39_999]] = 3

    found = library(TOUR, rescue).select_columns({"seats": seats, "mood": np.ones(40_000)})

    assert np.flatnonzero(found.are("tour", "excluded")).tolist() == [5, 39_999]


def test_values_decide_between_what_excludes_one_another_and_alike_rows_are_settled_once() -> None:
    one = playbook("one", True, excludes=["two"], effect=Effect(lift="0.1"))
    two = playbook("two", True, need="mood", effect=Effect(lift="0.2"))
    valued = library(one, two, stake="worth")

    with mock.patch.object(
        selection.Selector, "exclude", autospec=True, side_effect=selection.Selector.exclude
    ) as asked:
        found = valued.select_columns({"worth": np.array([5.0, -5, 5, np.nan, np.nan])})

    assert words(found)["one"] == ["excluded", "chosen", "excluded", "chosen", "chosen"]
    assert words(found)["two"] == ["chosen", "excluded", "chosen", "excluded", "excluded"]
    assert asked.call_count == 3


def test_only_accounts_with_a_history_are_asked_for_it() -> None:
    history = History(runs=[begin(TOUR, "owl", on=TODAY)])
    always = attrs.evolve(TOUR, entry=True)

    with mock.patch.object(selectioncolumns, "bars", wraps=bars) as asked:
        found = library(always).select_columns(
            {"seats": np.array([3.0, 3, 3])},
            accounts=["fox", "owl", "elk"],
            history=history,
            as_of=TODAY,
        )

    assert words(found)["tour"] == ["chosen", "under_way", "chosen"]
    assert asked.call_count == 1
    assert found.record(1).findings[0].status is Status.UNDER_WAY


def test_accounts_may_be_an_array_of_texts_or_of_objects() -> None:
    history = History(opt_outs=[OptOut(account="owl", since=TODAY)])

    for accounts in (np.array(["fox", "owl"]), np.array(["fox", "owl"], object)):
        found = library(playbook("tour", True)).select_columns(
            {"seats": np.array([3.0, 3])}, accounts=accounts, history=history, as_of=TODAY
        )
        assert words(found)["tour"] == ["chosen", "opted_out"]


@pytest.mark.parametrize(
    ("accounts", "message"),
    [
        (None, "accounts is missing: expected the name of each row's account"),
        (["a"], "accounts has 1 entries: expected 4"),
        ([1, 2, 3, 4], r"accounts\[0\] is 1 \(the first of 4 such rows\): expected a name"),
        (np.ma.masked_equal(["a", "b", "a", "a"], "b"), r"accounts\[1\] is --: expected a name"),
        (["a", None, "a", "a"], r"accounts\[1\] is None: expected a name"),
    ],
)
def test_accounts_that_cannot_be_looked_up_are_refused(accounts: Any, message: str) -> None:
    history = History(runs=[begin(TOUR, "a", on=TODAY)])

    with pytest.raises(ArgumentError, match=message):
        library(TOUR).select_columns(LOW, accounts=accounts, history=history, as_of=TODAY)


def test_an_empty_history_needs_no_accounts_and_no_day() -> None:
    assert library(TOUR).select_columns(LOW, history=History()).playbook[0] == "tour"


def test_a_history_needs_the_day() -> None:
    history = History(runs=[begin(TOUR, "a", on=TODAY)])

    with pytest.raises(AsOfError):
        library(TOUR).select_columns(LOW, accounts=["a", "b", "c", "d"], history=history)


def test_a_history_compacted_for_a_later_day_is_an_error() -> None:
    verdict = Verdict(judgement="worked", judged_on=TODAY)
    run = attrs.evolve(begin(TOUR, "a", on=TODAY), ended=TODAY, verdict=verdict)
    history = History(runs=[run]).compacted(TODAY + dt.timedelta(1))

    with pytest.raises(RunError, match="compacted for a later day"):
        library(TOUR).select_columns(
            LOW, accounts=["a", "b", "c", "d"], history=history, as_of=TODAY
        )


def test_columns_that_differ_in_length_are_refused_by_name() -> None:
    visit = playbook("visit", "mood < 5")
    table = DecisionTable(name="levels", rows=(Row(when="size > 1", then="support"),))
    halt = Suppression(name="halt", when="size > 1")
    columns = {"seats": np.zeros(2), "mood": np.zeros(3), "size": np.zeros(3)}

    for asked, name in (
        (library(TOUR, visit), "playbook 'visit'"),
        (library(TOUR, suppressions=[halt]), "suppression 'halt'"),
        (library(TOUR, levels=table), "level 'support'"),
        (library(TOUR, stake="size"), "the stake"),
    ):
        with pytest.raises(ColumnsError, match=f"'tour' reads 2 rows, but {name} 3"):
            asked.select_columns(columns)


def test_without_a_playbook_the_columns_tell_the_number_of_rows() -> None:
    found = library().select_columns(LOW)

    assert found.rows == 4
    assert found.statuses.shape == (0, 4)
    assert found.playbook.tolist() == [""] * 4


def test_no_rows_make_no_choices() -> None:
    found = library(TOUR).select_columns({"seats": np.array([])})

    assert found.rows == 0
    assert found.playbook.tolist() == []
    assert found.count("tour") == {}


def test_a_row_as_a_record_has_plain_values_and_those_of_owners() -> None:
    nested = playbook("tour", "owner.seats < 5 and plan == 'pro' and is_missing(seen)")
    columns = {
        "owner": {"seats": np.array([3, 9])},
        "plan": np.array(["pro", "pro"]),
        "seen": np.ma.masked_array([1.0, 2.0], [True, False]),
    }

    found = library(nested).select_columns(columns).record(0)

    assert found.reasons == (
        "owner’s seats is below 5 and plan is “pro” and seen is not known "
        "(owner.seats = 3, plan = “pro”, seen = unknown)"
    )


def test_choices_survive_pickling() -> None:
    found = library(TRAINING, TOUR).select_columns(LOW)

    again = pickle.loads(pickle.dumps(found))  # noqa: S301  our own

    assert words(again) == words(found)
    assert again.record(0).playbook == TOUR


@pytest.mark.parametrize("given", [True, 5, "history", []])
def test_what_is_no_history_is_refused_as_in_the_record(given: Any) -> None:
    tour = Playbook(name="tour", need="use", layer="product", entry="a > 1")

    with pytest.raises(DefinitionError, match="history is not valid"):
        Library(name="one", playbooks=(tour,)).select_columns({"a": [2]}, history=given)


@pytest.mark.parametrize("given", [None, ["tour"], 5])
def test_what_is_no_name_is_no_playbook_and_no_need(given: Any) -> None:
    tour = Playbook(name="tour", need="use", layer="product", entry="a > 1")
    found = Library(name="one", playbooks=(tour,)).select_columns({"a": [2]})

    for asked in (found.status, found.count, found.value, found.price):
        with pytest.raises(KeyError, match="no playbook"):
            asked(given)
    with pytest.raises(KeyError, match="no need"):
        found.chosen(given)


@pytest.mark.parametrize("given", [None, [0], "0", 0.0])
def test_a_row_is_a_whole_number(given: Any) -> None:
    tour = Playbook(name="tour", need="use", layer="product", entry="a > 1")
    found = Library(name="one", playbooks=(tour,)).select_columns({"a": [2]})

    with pytest.raises(TypeError, match="integer"):
        found.record(given)


def test_a_suppression_that_holds_goes_before_an_earlier_one_that_is_unknown() -> None:
    tour = Playbook(name="tour", need="use", layer="product", entry="a > 1")
    pauses = [Suppression(name=name, when=f"{name} > 0") for name in ("x", "y")]
    library = Library(name="one", playbooks=(tour,), suppressions=pauses)

    found = library.select_columns({"a": [2, 2], "x": [np.nan, 1], "y": [1, np.nan]})

    assert found.status("tour").tolist() == ["suppressed", "suppressed"]
