"""Conveniences, written out."""

from __future__ import annotations

import pytest
from hypothesis import given

import strategies
from cslib import expressions
from cslib.expressions import Apply, Node, to_text, walk
from cslib.lowering import CORE, lower
from cslib.parsing import parse


def tree(text: str) -> Node:
    return parse(text)[0]


@given(strategies.trees())
def test_a_lowered_tree_has_core_operations_alone(node: Node) -> None:
    used = {part.operation for part in walk(lower(node)) if isinstance(part, Apply)}

    assert used <= CORE


@given(strategies.trees())
def test_lowering_twice_changes_nothing(node: Node) -> None:
    assert lower(lower(node)) == lower(node)


@pytest.mark.parametrize(
    ("text", "lowered"),
    [
        ("days_since(d)", "days_between(d, today())"),
        ("days_until(d)", "days_between(today(), d)"),
        ("change(a, b)", "(a - b) / abs(b)"),
        ("clip(x, 0, 10)", "min(max(x, 0), 10)"),
        ("minor(x, 2)", "x / 100"),
        ("-x", "0 - x"),
        ("prior(x + y, 2)", "prior(x, 2) + prior(y, 2)"),
        ("prior(prior(x, 2), 1)", "prior(x, 3)"),
        ("prior(x, 0)", "x"),
        ("total(x, 3)", "x + prior(x, 1) + prior(x, 2)"),
        ("total(x, 1)", "x"),
        ("streak(1, x > 5)", "x > 5"),
        ("streak(2, x > 5 and y)", "x > 5 and y and prior(x, 1) > 5 and prior(y, 1)"),
        ("prior(streak(2, x), 1)", "prior(x, 1) and prior(x, 2)"),
        ("prior(days_since(d), 1)", "days_between(prior(d, 1), today())"),
    ],
)
def test_a_convenience_is_written_out(text: str, lowered: str) -> None:
    assert to_text(lower(tree(text))) == lowered


@given(strategies.trees())
def test_a_tree_is_counted_about_as_large_as_its_lowered_form(node: Node) -> None:
    size, _ = expressions._measure(node, {})

    assert sum(1 for _ in walk(lower(node))) <= 2 * size
