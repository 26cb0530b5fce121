"""What a choice tells: the first, the others, the reasons for and against."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest

from cslib.histories import History, begin
from cslib.playbooks import Choice, Finding, Library, Playbook, Status

DAY = dt.date(2026, 7, 1)


def playbook(name: str = "tour", **rest: Any) -> Playbook:
    return Playbook(**{"name": name, "need": "use", "layer": "product", "entry": "a > 1", **rest})


def library(*playbooks: Playbook, **rest: Any) -> Library:
    return Library(name="test", playbooks=playbooks, **rest)


def line(found: Library, account: object, name: str) -> str:
    return next(str(each) for each in found.select(account).findings if each.playbook.name == name)


TOUR = playbook()
CALL = playbook("call", need="satisfaction", layer="service", entry="nps < 7", priority=5)
BOTH = library(TOUR, CALL)


def test_a_choice_is_its_first_playbook_and_the_others() -> None:
    choice = BOTH.select({"a": 2, "nps": 3})

    assert (choice.playbook, str(choice)) == (CALL, "call: nps is below 7 (nps = 3)")
    assert repr(choice) == "<Choice: call: nps is below 7 (nps = 3)>"
    assert repr(choice.findings[0]) == f"<Finding: {choice.findings[0]}>"
    assert [each.playbook for each in choice.chosen] == [CALL, TOUR]
    assert [each.playbook for each in choice.others] == [TOUR]


def test_an_explanation_is_a_line_for_each_playbook() -> None:
    choice = BOTH.select({"a": 2, "nps": 9})

    assert choice.explain().splitlines() == [
        "tour (product, 0 h): chosen: a is above 1 (a = 2)",
        "call (service, 0 h): does not apply: it does not hold that nps is below 7 (nps = 9)",
    ]
    assert choice.explain().splitlines() == [str(each) for each in choice.findings]


@pytest.mark.parametrize(
    ("account", "reasons"),
    [
        ({"a": 0, "nps": 9}, "no playbook applies"),
        ({"a": 0}, "no playbook is known to apply: ask for nps"),
    ],
)
def test_where_nothing_is_chosen_the_reasons_say_why(account: object, reasons: str) -> None:
    choice = BOTH.select(account)

    assert (choice.playbook, choice.chosen, choice.reasons, str(choice)) == (
        None,
        (),
        reasons,
        reasons,
    )
    assert choice.others == choice.findings


def test_where_a_gate_is_shut_the_reasons_name_the_most_urgent_one() -> None:
    running = [begin(each, "A1", on=DAY) for each in (TOUR, CALL)]

    choice = BOTH.select({"a": 2, "nps": 3}, history=History(runs=running), as_of=DAY)

    assert choice.reasons == (
        "nothing to begin: call (service, 0 h): under way: call for A1, begun 2026-07-01, "
        "is under way"
    )


def test_a_finding_knows_its_gate_and_what_stood_ahead_of_it() -> None:
    training = playbook("training", layer="service")
    choice = library(TOUR, training).select({"a": 2})

    first, second = choice.findings
    assert isinstance(first, Finding)
    assert (first.bar, first.ahead, first.missing) == (None, (), ())
    assert (second.status, second.ahead, second.because_of) == (Status.DEARER, (first,), ("tour",))


def test_choices_of_equal_libraries_and_accounts_are_equal() -> None:
    one, other = BOTH.select({"a": 2}), attrs.evolve(BOTH).select({"a": 2})

    assert isinstance(one, Choice)
    assert one == other
    assert hash(one) == hash(other)
    assert one != BOTH.select({"a": 3})


def test_a_choice_tells_what_each_test_of_each_playbook_says() -> None:
    two = playbook("two", entry="a > 1 or b > 1")

    choice = library(playbook("one", entry="a > 1 and b > 1"), two).select({"a": 2})

    assert choice.tests == {"one": (True, None), "two": (True,)}
    assert len(choice.tests) == 2
    assert repr(choice.tests) == "{'one': (True, None), 'two': (True,)}"
    with pytest.raises(KeyError):
        choice.tests["three"]


def test_evidence_does_not_change_with_the_account() -> None:
    account: dict[str, Any] = {"a": 2}
    choice = library(TOUR).select(account)

    account["a"] = 0

    assert choice.reasons == "a is above 1 (a = 2)"


def test_a_chosen_one_says_its_entry_and_not_that_the_exit_does_not_hold() -> None:
    assert line(library(playbook(exit="b > 5")), {"a": 2, "b": 0}, "tour") == (
        "tour (product, 0 h): chosen: a is above 1 (a = 2)"
    )
