"""Functions that a downstream package adds to the rule language."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pytest

from cslib.documents import from_data, from_json, to_data, to_json
from cslib.errors import DefinitionError
from cslib.expressions import FUNCTIONS, QUOTED, Kind
from cslib.facts import FactError
from cslib.functions import Function
from cslib.health import Scorecard
from cslib.inference import KindError
from cslib.playbooks import Library, Playbook
from cslib.rules import Rule, RuleSyntaxError, fact, fn, rule


def count_vowels(text: str) -> int:
    return sum(text.count(vowel) for vowel in "aeiou")


def function(**changes: Any) -> Function:
    given = {
        "name": "vowels",
        "version": 1,
        "takes": ("text",),
        "gives": "number",
        "call": count_vowels,
    }
    return Function(**{**given, **changes})


VOWELS = function()


# Use


def test_a_rule_calls_it_by_name() -> None:
    assert rule("vowels(name) >= 3", functions=[VOWELS])({"name": "banana"}) is True


def test_text_operators_and_json_make_one_value() -> None:
    text = rule("vowels(name) >= 3", functions=[VOWELS])

    assert rule(fn.call(VOWELS, fact.name) >= 3) == text
    assert text.to_json() == {">=": [{"vowels@1": [{"fact": "name"}]}, 3]}
    assert rule(text.to_json(), functions=[VOWELS]) == text
    assert rule(str(text), functions=[VOWELS]) == text


def test_an_unknown_argument_gives_unknown_without_a_call() -> None:
    def refuse(text: str) -> int:
        raise AssertionError(text)

    assert rule("vowels(name)", functions=[function(call=refuse)])({"name": None}) is None
    assert function(call=refuse)(None) is None


def test_it_may_answer_unknown() -> None:
    shy = function(call=lambda text: None)

    assert rule("vowels(name) > 1", functions=[shy])({"name": "banana"}) is None


def test_numbers_reach_it_as_doubles() -> None:
    seen: list[object] = []
    spy = function(takes=("number",), call=lambda x: seen.append(x) or 0)

    rule("vowels(x)", functions=[spy])({"x": 3})

    assert [(value, type(value)) for value in seen] == [(3.0, float)]


def test_a_condition_that_it_gives_is_a_condition() -> None:
    lively = function(name="is_lively", gives="boolean", call=lambda text: "!" in text)

    assert rule("not is_lively(name)", functions=[lively])({"name": "so!"}) is False


def test_what_it_gives_is_held_to_its_promise() -> None:
    liar = function(call=lambda text: "three")

    with pytest.raises(FactError, match=r"fact 'vowels\(\.\.\.\)': expected number, but got 'thr"):
        rule("vowels(name) > 1", functions=[liar])({"name": "banana"})


@pytest.mark.parametrize("answer", [[], [1, 2], (1, 2), np.array([1, 2]), np.ones((1, 2))])
def test_a_list_stands_for_no_value_of_it(answer: Any) -> None:
    listing = rule("vowels(name) > 1", functions=[function(call=lambda text: answer)])

    with pytest.raises(FactError, match=r"fact 'vowels\(\.\.\.\)': expected one number, but got"):
        listing({"name": "banana"})
    with pytest.raises(FactError, match=r"fact 'vowels\(\.\.\.\)' in row 1: expected one number"):
        listing.columns({"name": [None, "banana"]})


def test_a_numpy_scalar_that_it_gives_is_one_value() -> None:
    scalar = function(call=lambda text: np.int64(3))

    assert rule("vowels(name) > 2", functions=[scalar])({"name": "banana"}) is True


def test_a_date_that_it_gives_can_be_counted_from() -> None:
    start = function(
        name="start_of", takes=(), gives="date", call=lambda: dt.date(2026, 6, 1), words="the start"
    )
    since = rule("days_since(start_of())", functions=[start])

    assert since({}, as_of=dt.date(2026, 6, 30)) == 29


def test_its_arguments_are_checked_when_the_rule_is_made() -> None:
    with pytest.raises(KindError, match=r"`5` is a number, but `vowels@1` takes text here"):
        rule("vowels(5)", functions=[VOWELS])
    with pytest.raises(RuleSyntaxError, match="vowels takes 1 argument, but got 2"):
        rule("vowels(a, b)", functions=[VOWELS])
    with pytest.raises(DefinitionError, match="vowels@1 takes 1 argument, but got 0"):
        rule({"vowels@1": []}, functions=[VOWELS])
    with pytest.raises(KindError):
        fn.call(VOWELS, 5)


def test_a_rule_keeps_only_the_functions_it_calls() -> None:
    other = function(name="length", call=len)

    assert rule("vowels(name) > 1", functions=[other, VOWELS]).functions == (VOWELS,)
    assert rule("seats > 1", functions=[other, VOWELS]).functions == ()


def test_a_rule_keeps_its_functions_in_order_of_their_names() -> None:
    other = function(name="length", call=len)
    both = rule("vowels(name) > length(name)", functions=[VOWELS, other])

    assert both.functions == (other, VOWELS)
    assert both == rule(fn.call(VOWELS, fact.name) > fn.call(other, fact.name))


def test_rules_joined_keep_both_their_functions() -> None:
    one = rule("vowels(name) > 1", functions=[VOWELS])
    other = rule(fn.call(function(name="length", call=len), fact.name) > 9)

    assert [each.key for each in (one & other).functions] == ["length@1", "vowels@1"]


def test_a_rule_calls_one_version_of_a_function() -> None:
    newer = function(version=2)
    joined = fn.call(VOWELS, fact.name) > 1

    with pytest.raises(DefinitionError, match="vowels@1 and vowels@2 differ"):
        rule("vowels(name) > 1", functions=[VOWELS, newer])
    with pytest.raises(DefinitionError, match="vowels@1 and vowels@2 differ"):
        joined & (fn.call(newer, fact.name) > 1)


# The value


def test_two_functions_are_equal_by_name_version_and_signature() -> None:
    assert function(call=len) == VOWELS
    assert function(version=2) != VOWELS
    assert function(gives="text") != VOWELS


def test_rules_that_call_other_versions_differ() -> None:
    newer = function(version=2)

    assert rule("vowels(x) > 1", functions=[newer]) != rule("vowels(x) > 1", functions=[VOWELS])


def test_a_rule_with_a_function_survives_pickle() -> None:
    lively = rule("vowels(name) >= 3", functions=[VOWELS])

    again = pickle.loads(pickle.dumps(lively))  # noqa: S301

    assert again == lively
    assert again({"name": "banana"}) is True


def test_its_key_and_signature() -> None:
    assert VOWELS.key == "vowels@1"
    assert VOWELS.operation.takes == (frozenset({Kind.TEXT}),)
    assert VOWELS.operation.words == "vowels of {all}"
    assert function(words="the vowels in {0}").operation.words == "the vowels in {0}"


@pytest.mark.parametrize("name", [*FUNCTIONS, *QUOTED])
def test_the_language_s_own_functions_cannot_be_replaced(name: str) -> None:
    with pytest.raises(DefinitionError, match="is a function of the rule language"):
        function(name=name)


@pytest.mark.parametrize("name", ["", "Vowels", "two words", "a.b", "a@1", "é", "1a", "if", "not"])
def test_its_name_is_an_identifier_that_text_can_call(name: str) -> None:
    with pytest.raises(DefinitionError, match="expected a lower-case identifier"):
        function(name=name)


@pytest.mark.parametrize("version", ["1", 1.0, True, None])
def test_its_version_is_a_whole_number(version: Any) -> None:
    with pytest.raises(DefinitionError, match="expected a whole number"):
        function(version=version)


def test_the_fingerprint_of_a_definition_tells_the_versions_of_the_functions_it_calls() -> None:
    def library(version: int) -> Library:
        return _library(rule("vowels(name) > 1", functions=[function(version=version)]))

    assert library(1) != library(2)
    assert library(1).fingerprint != library(2).fingerprint
    assert library(1).fingerprint == library(1).fingerprint


def _library(entry: Rule) -> Library:
    return Library(name="l", playbooks=[Playbook(name="p", need="n", layer="product", entry=entry)])


def test_a_definition_that_calls_functions_is_read_back_with_them() -> None:
    made = _library(rule("vowels(name) >= 3", functions=[VOWELS]))

    again = from_json(to_json(made), Library, functions=[VOWELS])

    assert again == made
    assert again.fingerprint == made.fingerprint
    assert again.playbooks[0].entry({"name": "banana"}) is True


def test_a_definition_may_name_in_text_the_functions_that_its_reader_hands_over() -> None:
    by_hand = to_data(_library(rule("vowels(name) >= 3", functions=[VOWELS])))
    by_hand["playbooks"][0]["entry"] = "vowels(name) >= 3"

    assert from_data(by_hand, Library, functions=iter([VOWELS])) == _library(
        rule("vowels(name) >= 3", functions=[VOWELS])
    )


@pytest.mark.parametrize(
    ("given", "hint"),
    [((), r"; hand"), ((function(version=2),), r": did you mean 'vowels@2'\?; hand")],
)
def test_a_definition_is_not_read_with_another_version_of_its_functions(
    given: tuple[Function, ...], hint: str
) -> None:
    written = to_json(_library(rule("vowels(name) >= 3", functions=[VOWELS])))

    with pytest.raises(DefinitionError, match=r"unknown operation 'vowels@1'" + hint):
        from_json(written, Library, functions=given)


def test_the_functions_serve_one_reading_alone() -> None:
    written = to_json(_library(rule("vowels(name) >= 3", functions=[VOWELS])))
    from_json(written, Library, functions=[VOWELS])
    with pytest.raises(DefinitionError):
        from_json(written, Scorecard, functions=[VOWELS])

    with pytest.raises(DefinitionError, match="unknown operation 'vowels@1'"):
        from_json(written, Library)
