from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.phrases import Phrasebook, Reader, against, in_words, shown
from cslib.rules import Function, Rule, rule

TODAY = dt.date(2026, 6, 30)
SIZE = Function(name="size", version=1, takes=("number",), gives="number", call=abs)
CONDITIONS = [
    rule(text)
    for text in (
        "seats > 5",
        "seats > 5 and nps < 7 and not is_trial",
        'plan == "pro" and seats / used < 0.5',
        'plan in {"pro", "free"} and days_since(signed_on) > 30',
        "seats > 5 or nps < 7",
        "not (seats > 5 and nps < 7)",
        "is_trial and (seats > 5 or nps < 7)",
        "at_least(2, is_trial, seats > 5, nps < 7)",
        "is_missing(nps) and seats == used",
        "prior(logins, 1) > 5 and seats > 5",
        "owner.seats > 5 and seats > 5",
        "seats == 7 and seats / used > 1",
        "0 < seats <= 7",
        "True",
    )
]
numbers = st.sampled_from([None, 0, 3, 7, 7.5, float("nan"), Decimal("6.5"), 2**53])
records = st.fixed_dictionaries(
    {},
    optional={
        "seats": numbers,
        "used": numbers,
        "nps": numbers,
        "logins": st.lists(numbers, max_size=3),
        "owner": st.none() | st.fixed_dictionaries({"seats": numbers}),
        "is_trial": st.sampled_from([None, True, False]),
        "plan": st.sampled_from([None, "pro", "free", "team"]),
        "signed_on": st.sampled_from([None, dt.date(2026, 1, 1), TODAY]),
    },
)


@given(records)
def test_quick_words_are_those_of_the_full_explanation(record: dict[str, Any]) -> None:
    reader = Reader(Phrasebook(tuple(CONDITIONS)), record, TODAY)

    for place, each in enumerate(CONDITIONS):
        explained = each.explain(record, as_of=TODAY)
        if explained.value is False:
            assert reader.denied(place) == against(explained, each)
        assert reader.affirmed(place) == in_words(explained, each)


@given(records)
def test_tests_joined_by_and_come_to_the_condition(record: dict[str, Any]) -> None:
    truths = Reader(Phrasebook(tuple(CONDITIONS)), record, TODAY).truths

    for each, found in zip(CONDITIONS, truths, strict=True):
        whole = False if False in found else None if None in found else True
        assert whole is each(record, as_of=TODAY)


def test_a_plain_list_of_tests_is_read_test_by_test() -> None:
    book = Phrasebook((rule("seats > 5 and nps < 7"), rule("seats > 5 or nps < 7")))

    assert [len(each) for each in book.phrases] == [2, 0]
    assert Reader(book, {"seats": 9, "nps": 8}, None).truths == ((True, False), (True,))


def test_registered_functions_are_read_too() -> None:
    called = rule("size(seats) > 5 and nps < 7", functions=[SIZE])

    reader = Reader(Phrasebook((called,)), {"seats": -9, "nps": 8}, None)

    assert reader.truths == ((True, False),)
    assert reader.denied(0) == "it does not hold that nps is below 7 (nps = 8)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (False, "false"),
        (5.0, "5"),
        (5.5, "5.5"),
        ("pro", "“pro”"),
        (TODAY, "2026-06-30"),
    ],
)
def test_values_are_shown_as_people_write_them(value: object, text: str) -> None:
    assert shown(value) == text


def test_conditions_without_facts_have_no_brackets() -> None:
    always: Rule = rule("True")

    assert in_words(always.explain({}), always) == "true"
