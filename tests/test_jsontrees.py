"""The tree as plain JSON data, and back."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from cslib.errors import CslibError, DefinitionError
from cslib.expressions import (
    MAX_DEPTH,
    MAX_NODES,
    OPERATIONS,
    Apply,
    Fact,
    Kind,
    Node,
    Operation,
    make,
)
from cslib.inference import infer
from cslib.jsontrees import from_json, to_json
from cslib.lowering import lower
from cslib.parsing import parse

X = Fact("x")


def tree(text: str) -> Node:
    return parse(text)[0]


# Form


@given(strategies.trees())
def test_json_reads_back_to_the_same_tree(node: Node) -> None:
    assert from_json(json.loads(json.dumps(to_json(node)))) == node


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("seats", {"fact": "seats"}),
        ("seats >= 3", {">=": [{"fact": "seats"}, 3]}),
        ("-seats", {"neg": [{"fact": "seats"}]}),
        ("prior(seats, 1)", {"prior": [{"fact": "seats"}, 1]}),
        ("date('2026-06-30')", {"date": "2026-06-30"}),
        ("instant('2026-06-30T12:00:00Z')", {"instant": "2026-06-30T12:00:00+00:00"}),
        ("plan in {'b', 'a'}", {"in": [{"fact": "plan"}, "a", "b"]}),
        ("1 if a else None", {"if": [{"fact": "a"}, 1, None]}),
        ("today()", {"today": []}),
        ("5", 5),
        ("True", True),
        ("'green'", {"literal": "green"}),
        ("None", {"literal": None}),
    ],
)
def test_json_form(text: str, data: object) -> None:
    assert to_json(tree(text)) == data
    assert from_json(data) == tree(text)


def test_a_lagged_fact_of_a_lowered_tree_is_a_prior_one() -> None:
    assert to_json(lower(tree("prior(x, 2)"))) == {"prior": [{"fact": "x"}, 2]}


def test_json_is_brought_into_normal_form() -> None:
    data = {"and": [{"and": [{"fact": "a"}, {"<": [0, {"fact": "x"}]}]}, {"fact": "b"}]}

    assert from_json(data) == tree("a and x > 0 and b")


@pytest.mark.parametrize(
    ("data", "path", "problem"),
    [
        ({}, "$", "expected one key, the operation, but got 0"),
        ({"and": [], "or": []}, "$", "expected one key, the operation, but got 2"),
        ([1], "$", "expected a value or an object, but got a list"),
        ({"abs": 1}, "$", "'abs' takes a list of arguments, but got an int"),
        ({"facts": "x"}, "$", "unknown operation 'facts': did you mean 'fact'?"),
        ({1: [2]}, "$", "expected a text, the operation, but got the int 1"),
        ({10**5000: [1]}, "$", "but got the int of more than 100 digits"),
        ({"fact": ""}, "$", "a fact has a name, but got an empty one"),
        ({"fact": 5}, "$", "'fact' takes a text, but got an int"),
        ({"literal": 5}, "$", "'literal' takes a text, but got an int"),
        ({"date": "30/06/2026"}, "$", "'30/06/2026' is not a date of the form '2026-06-30'"),
        ({"instant": "2026-06-30"}, "$", "is not an instant of the form"),
        ({"instant": "noon"}, "$", "'noon' is not an instant of the form"),
        ({"not": [{"<": [1]}]}, "$.not[0]", "< takes 2 arguments, but got 1"),
        ({"and": [True, {">=": [1, object()]}]}, "$.and[1].>=[1]", "but got an object"),
        ({"==": [{"fact": "x"}, None]}, "$", "write is_missing(x)"),
        ({"+": [1, math.nan]}, "$.+[1]", "the number nan"),
    ],
)
def test_json_that_is_no_rule_is_refused_with_its_path(
    data: object, path: str, problem: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        from_json(data)

    (fault,) = caught.value.faults
    assert fault.path == path
    assert problem in fault.message


def test_every_fault_of_json_is_reported() -> None:
    with pytest.raises(DefinitionError) as caught:
        from_json({"and": [{"foo": []}, {"fact": ""}, {"bar": []}]})

    assert [fault.path for fault in caught.value.faults] == ["$.and[0]", "$.and[1]", "$.and[2]"]


_KEYS = st.sampled_from([*OPERATIONS, "fact", "date", "instant", "literal", "vowels", ""])
_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("x")
)


@given(
    st.recursive(
        _SCALARS,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(_KEYS, inner | st.lists(inner, max_size=4), max_size=2)
        ),
        max_leaves=20,
    )
)
def test_arbitrary_json_gives_a_tree_or_our_own_error(data: object) -> None:
    try:
        node = from_json(data)
        infer(node)
    except CslibError:
        return
    assert from_json(to_json(node)) == node


# Registered functions


def test_json_calls_a_registered_function_by_its_key() -> None:
    number = frozenset({Kind.NUMBER})
    functions = {"score@3": Operation((number,), number, "score of {0}")}

    assert from_json({"score@3": [{"fact": "x"}]}, functions) == Apply("score@3", (X,))
    with pytest.raises(
        DefinitionError, match="unknown operation 'score@2': did you mean 'score@3'"
    ):
        from_json({"score@2": [{"fact": "x"}]}, functions)


# Bounds


def _nested(depth: int) -> Node:
    node: Node = X
    for _ in range(depth - 1):
        node = make("not", node)
    return node


def test_json_is_bounded_in_depth() -> None:
    deep = to_json(_nested(MAX_DEPTH))

    assert from_json(deep) == _nested(MAX_DEPTH)
    with pytest.raises(DefinitionError, match=f"{MAX_DEPTH} deep"):
        from_json({"not": [deep]})


def test_json_of_a_stranger_that_is_far_too_large_is_one_fault() -> None:
    with pytest.raises(DefinitionError) as caught:
        from_json({"and": [{"foo": []}] * 100_000})

    assert len(caught.value.faults) == 1


def test_json_that_holds_too_many_parts_is_refused() -> None:
    with pytest.raises(DefinitionError, match="at most 5000 parts"):
        from_json({"and": [True] * MAX_NODES})


def test_json_counts_as_large_as_it_is_written_out() -> None:
    with pytest.raises(DefinitionError, match="when written out"):
        from_json({"streak": [400, {"streak": [400, {"fact": "x"}]}]})
