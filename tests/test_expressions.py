"""The tree: its normal form, its text, its bounds."""

from __future__ import annotations

import datetime as dt
import enum
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import strategies
from cslib import expressions
from cslib.errors import CslibError
from cslib.expressions import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_NUMBER,
    MIRRORED,
    Apply,
    ExpressionError,
    Fact,
    Kind,
    Literal,
    Node,
    literal,
    make,
    to_text,
)
from cslib.parsing import parse

X, Y, Z = Fact("x"), Fact("y"), Fact("z")


def tree(text: str) -> Node:
    return parse(text)[0]


# Literals


@pytest.mark.parametrize(
    ("value", "kind", "kept"),
    [
        (5.0, Kind.NUMBER, 5),
        (-0.0, Kind.NUMBER, 0),
        (0.1, Kind.NUMBER, 0.1),
        (MAX_NUMBER, Kind.NUMBER, MAX_NUMBER),
        (np.int64(7), Kind.NUMBER, 7),
        (np.float64(0.5), Kind.NUMBER, 0.5),
        (True, Kind.BOOLEAN, True),
        ("pro", Kind.TEXT, "pro"),
        (dt.date(2026, 6, 30), Kind.DATE, dt.date(2026, 6, 30)),
        (None, None, None),
    ],
)
def test_a_literal_is_a_plain_value_of_its_kind(value: Any, kind: Any, kept: Any) -> None:
    found = literal(value)

    assert (found.kind, found.value, type(found.value)) == (kind, kept, type(kept))


def test_a_boolean_and_a_number_are_two_literals() -> None:
    assert literal(True) != literal(1)
    assert literal(False) != literal(0)


def test_an_instant_is_kept_in_utc() -> None:
    noon = dt.datetime(2026, 6, 30, 12, tzinfo=dt.timezone(dt.timedelta(hours=8)))

    assert literal(noon).value == dt.datetime(2026, 6, 30, 4, tzinfo=dt.UTC)
    assert to_text(literal(noon)) == 'instant("2026-06-30T04:00:00+00:00")'


def test_an_enum_member_that_is_a_text_is_its_text() -> None:
    class Plan(str, enum.Enum):  # noqa: UP042  the form that prints as Plan.PRO
        PRO = "pro"

    assert literal(Plan.PRO) == literal("pro")
    assert to_text(literal(Plan.PRO)) == '"pro"'


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (MAX_NUMBER + 1, "the number 9007199254740993 is not within plus or minus 2**53"),
        (10**400, "the number is not within plus or minus 2**53; write an id as text"),
        (math.nan, "the number nan is not within"),
        (-math.inf, "the number -inf is not within"),
        (dt.datetime(2026, 6, 30), "has no time zone; give one, or use a date"),
        (
            dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=14))),
            "lies outside the years 1 to 9999 in UTC",
        ),
        ("a\0b", "holds a NUL character"),
        ([1, 2], "a rule cannot hold [1, 2] (list); expected a number, text, boolean, date"),
        (1j, "a rule cannot hold 1j (complex)"),
    ],
)
def test_a_value_that_no_rule_can_hold_is_refused(value: object, problem: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        literal(value)

    assert problem in str(caught.value)


def test_a_word_that_is_no_kind_is_answered_with_the_kinds() -> None:
    with pytest.raises(CslibError, match=r"number, text, boolean, date, instant.*'bool'"):
        Kind("bool")


# Normal form


def test_and_and_or_are_flattened() -> None:
    nested = make("and", make("and", X, Y), make("and", Z, X))

    assert nested == Apply("and", (X, Y, Z, X))
    assert make("or", nested, make("or", X, Y)) == Apply("or", (nested, X, Y))


@pytest.mark.parametrize("operation", sorted(MIRRORED))
def test_a_comparison_has_its_literal_on_the_right(operation: str) -> None:
    turned = make(operation, literal(5), X)

    assert turned == Apply(MIRRORED[operation], (X, literal(5)))
    assert turned == make(MIRRORED[operation], X, literal(5))


def test_a_comparison_of_two_literals_stays_as_it_was_written() -> None:
    assert make("<", literal(5), literal(3)) == Apply("<", (literal(5), literal(3)))


def test_members_are_sorted_and_each_is_kept_once() -> None:
    found = make("in", X, literal("b"), literal("a"), literal("b"))

    assert found == Apply("in", (X, literal("a"), literal("b")))


def test_a_minus_before_a_number_is_part_of_the_number() -> None:
    assert make("neg", literal(5)) == literal(-5)
    assert make("neg", X) == Apply("neg", (X,))


@pytest.mark.parametrize("operation", sorted(MIRRORED))
def test_nothing_can_be_compared_with_none(operation: str) -> None:
    with pytest.raises(ExpressionError, match=r"write is_missing\(x\)"):
        make(operation, X, literal(None))
    with pytest.raises(ExpressionError, match=r"write is_missing\(x\)"):
        make(operation, literal(None), X)


@given(strategies.trees())
def test_making_a_tree_again_changes_nothing(node: Node) -> None:
    assert expressions.replaced(node, lambda fact: fact) == node


def test_a_fact_is_replaced_wherever_it_stands() -> None:
    node = make(">", Apply("score@3", (X,)), X)

    assert expressions.replaced(node, lambda fact: Y) == make(">", Apply("score@3", (Y,)), Y)


# Arguments


@pytest.mark.parametrize(
    ("operation", "given", "expected"),
    [
        ("abs", 0, "abs takes 1 argument, but got 0"),
        ("today", 1, "today takes 0 arguments, but got 1"),
        ("ratio", 1, "ratio takes 2 to 3 arguments, but got 1"),
        ("ratio", 4, "ratio takes 2 to 3 arguments, but got 4"),
        ("round", 3, "round takes 1 to 2 arguments, but got 3"),
        ("coalesce", 1, "coalesce takes at least 2 arguments, but got 1"),
        ("if", 2, "if takes 3 arguments, but got 2"),
        ("and", 1, "and takes at least 2 arguments, but got 1"),
    ],
)
def test_a_wrong_number_of_arguments_is_refused(operation: str, given: int, expected: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        make(operation, *[X] * given)

    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("operation", "arguments", "problem"),
    [
        ("prior", (X, Y), "argument 2 of prior must be written as a whole number from 0 to 400"),
        ("prior", (X, literal(401)), "but got `401`"),
        ("prior", (X, literal(-1)), "but got `-1`"),
        ("round", (X, literal(1.5)), "whole number from 0 to 12, but got `1.5`"),
        (
            "streak",
            (literal(0), X),
            "argument 1 of streak must be written as a whole number from 1",
        ),
        ("at_least", (literal(True), X), "but got `True`"),
        ("minor", (X, literal(7)), "whole number from 0 to 6"),
        ("total", (X, literal(None)), "but got `None`"),
        ("in", (X, Y), "`in` takes a set of values written out, such as {'a', 'b'}, but got `y`"),
        ("in", (X, literal(None)), "but got `None`"),
    ],
)
def test_what_must_be_written_out_is_refused_otherwise(
    operation: str, arguments: tuple[Node, ...], problem: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        make(operation, *arguments)

    assert problem in str(caught.value)


# Text


@given(strategies.trees())
def test_text_parses_back_to_the_same_tree(node: Node) -> None:
    assert tree(to_text(node)) == node


@pytest.mark.parametrize(
    "text",
    [
        "(a + b) * c",
        "a - (b - c)",
        "a / (b / c)",
        "a - b - c",
        "-(a + b)",
        "-(-a)",
        "-a * b",
        "a - -5",
        "(a == b) == c",
        "not a == b",
        "not (a and b)",
        "(a or b) and c",
        "a or b and c",
        "not not a",
        "x not in {1, 2}",
        "(x if a else y) + 1",
        "x if a else y if b else z",
        "(x if a else y) if b else z",
        "x if (a if b else c) else y",
        "0 < x <= 5",
        "not x > 0",
        "a < b < c",
        "a > b and 0 < b < 5",
        "a < 5 < b < 9",
        "1 < 2 < 3",
        "3 > 0 and 3 <= 5",
        "a == b != c",
        "0 < x <= 5 and y",
        "owner.email",
        'fact("Seconds of Use") > 0',
        'fact("not") and fact("fact.x") and fact("true") and fact("café")',
        "days_since > days_since(date)",
        'x == "it\'s"',
        "x == 'say \"so\"'",
        'x == "tab\\t"',
        "x == 1e-07",
        "at_least(2, a, b, c)",
        'today() == date("2026-06-30")',
        "x if is_missing(y) else None",
    ],
)
def test_text_has_no_more_brackets_than_it_needs(text: str) -> None:
    assert to_text(tree(text)) == text


def test_a_long_nest_of_chains_is_written_in_time_that_grows_with_its_size() -> None:
    node: Node = X
    for _ in range(19):
        node = make("and", make("==", node, Y), Z)

    assert len(to_text(node)) < 1000


# Bounds


def _nested(depth: int) -> Node:
    node: Node = X
    for _ in range(depth - 1):
        node = make("not", node)
    return node


def test_the_deepest_tree_is_allowed_and_one_deeper_is_not() -> None:
    expressions.check_size(_nested(MAX_DEPTH))
    with pytest.raises(ExpressionError, match=f"nested {MAX_DEPTH + 1} deep; at most {MAX_DEPTH}"):
        expressions.check_size(_nested(MAX_DEPTH + 1))


def test_the_largest_tree_is_allowed_and_one_larger_is_not() -> None:
    largest = make("and", *[X] * (MAX_NODES - 1))

    expressions.check_size(largest)
    with pytest.raises(ExpressionError, match="has 5001 parts when written out; at most 5000"):
        expressions.check_size(make("and", largest, X))


@pytest.mark.parametrize(
    "text",
    [
        "streak(400, streak(400, x))",
        "total(total(x, 100), 100) > 0",
        "streak(100, " + "change(" * 6 + "x" + ", x)" * 6 + " > 0)",
    ],
)
def test_a_rule_counts_as_large_as_it_is_written_out(text: str) -> None:
    with pytest.raises(CslibError, match="when written out"):
        tree(text)


def test_a_part_that_stands_in_many_places_is_measured_once() -> None:
    node: Node = X
    for _ in range(MAX_DEPTH - 1):
        node = make("+", node, node)

    with pytest.raises(ExpressionError, match=f"has {2**MAX_DEPTH - 1} parts when written out"):
        expressions.check_size(node)


# Values


@given(strategies.trees(), strategies.trees())
def test_trees_are_equal_if_and_only_if_their_texts_are(first: Node, second: Node) -> None:
    assert (first == second) == (to_text(first) == to_text(second))


@given(strategies.trees())
def test_equal_content_is_one_value(node: Node) -> None:
    again = pickle.loads(pickle.dumps(node))  # noqa: S301

    assert again == node
    assert hash(again) == hash(node)
    assert isinstance(again, (Literal, Fact, Apply))
