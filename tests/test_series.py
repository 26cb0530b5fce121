"""Columns that are compared by content, and tables of text."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest

from cslib.series import BY_CONTENT, read_only, text_table


@attrs.frozen
class Series:
    values: Any = attrs.field(converter=read_only, eq=BY_CONTENT)


def test_series_of_the_same_values_are_equal() -> None:
    assert Series(np.array([1, 2])) == Series(np.array([1, 2]))


@pytest.mark.parametrize("other", [[1, 3], [1], [[1, 2]]])
def test_series_of_other_values_or_another_shape_are_not(other: list[Any]) -> None:
    assert Series(np.array([1, 2])) != Series(np.array(other))


def test_masked_series_are_equal_whatever_lies_under_the_mask() -> None:
    mask = [False, True]

    assert Series(np.ma.masked_array([1, 2], mask)) == Series(np.ma.masked_array([1, 9], mask))
    assert Series(np.ma.masked_array([1, 2], mask)) != Series(np.ma.masked_array([1, 2]))


def test_equal_series_have_one_hash_whatever_their_type() -> None:
    one, other = Series(np.array([1, 2], np.int32)), Series(np.array([1.0, 2.0]))

    assert one == other
    assert hash(one) == hash(other)


def test_a_series_cannot_be_written_to_and_the_array_given_still_can() -> None:
    given = np.array([1, 2])
    series = Series(given)
    given[0] = 5

    with pytest.raises(ValueError, match="read-only"):
        series.values[0] = 7


def test_a_table_is_flush_right_under_its_heads() -> None:
    assert text_table(["a", "bc"], [["100", "1"]]) == "  a  bc\n100   1"


def test_a_long_table_keeps_its_last_rows_and_says_how_many_it_leaves_out() -> None:
    shown = text_table(["n"], [[str(i)] for i in range(5)], most=2)

    assert shown.splitlines() == ["n", "(3 earlier ones)", "3", "4"]


def test_a_table_without_rows_is_its_heads() -> None:
    assert text_table(["a", "b"], []) == "a  b"
