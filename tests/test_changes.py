"""What a definition says otherwise than another, part by part."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cslib.changes import changes, fields_changed

PLAIN = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "b", 1.0])
PARTS = st.dictionaries(
    st.sampled_from(string.ascii_lowercase[:4]), st.dictionaries(st.sampled_from("xy"), PLAIN)
)


def test_parts_that_are_gone_come_first_then_new_ones_then_fields() -> None:
    before: dict[str, Any] = {"a": {"x": 1}, "b": {}}
    after: dict[str, Any] = {"c": {}, "a": {"x": 2}}

    assert list(changes("part ", before, after)) == [
        "part b is gone",
        "part c is new",
        "part a: x is 2, was 1",
    ]


def test_true_is_not_1_and_1_is_not_1_point_0() -> None:
    assert list(fields_changed("a", {"x": True}, {"x": 1})) == ["a: x is 1, was True"]
    assert list(fields_changed("a", {"x": 1.0}, {"x": 1})) == ["a: x is 1, was 1.0"]


def test_a_field_that_is_absent_is_none() -> None:
    assert list(fields_changed("a", {}, {"x": None})) == []
    assert list(fields_changed("a", {"x": 1}, {})) == ["a: x is None, was 1"]


def test_the_order_inside_a_mapping_makes_no_difference() -> None:
    one, other = {"x": {"csm": "1", "analyst": "2"}}, {"x": {"analyst": "2", "csm": "1"}}

    assert list(fields_changed("a", one, other)) == []


@given(PARTS)
def test_nothing_differs_from_itself(parts: dict[str, Any]) -> None:
    assert list(changes("", parts, dict(reversed(parts.items())))) == []


@given(PARTS, PARTS)
def test_there_and_back_there_are_as_many_changes(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert len(list(changes("", before, after))) == len(list(changes("", after, before)))
