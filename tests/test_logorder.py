"""A log is put in the order that sorting its rows would give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.logorder import OrderError, in_order, order_of, repeats

TYPES = (np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64)


@st.composite
def columns(draw: st.DrawFn) -> list[np.ndarray]:
    """Columns of one length, some of few values, some from end to end of their type."""
    rows = draw(st.integers(0, 30))
    made = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(TYPES))
        ends = np.iinfo(kind)
        low, high = int(ends.min), int(ends.max)
        few = st.sampled_from([low, low + 1, 0, high])
        values = draw(st.sampled_from([few, st.integers(low, high), st.integers(0, 3)]))
        made.append(np.array(draw(st.lists(values, min_size=rows, max_size=rows)), kind))
    return made


def by_numpy(columns: Sequence[np.ndarray]) -> list[int]:
    return np.lexsort(columns[::-1]).tolist()


def rows_of(columns: Sequence[np.ndarray], order: np.ndarray | None) -> list[int]:
    return list(range(columns[0].size)) if order is None else order.tolist()


@given(columns())
def test_the_order_is_that_of_numpy(columns: list[np.ndarray]) -> None:
    assert rows_of(columns, order_of(columns)) == by_numpy(columns)


@given(columns())
def test_there_is_no_order_for_what_stands_in_order(columns: list[np.ndarray]) -> None:
    order = by_numpy(columns)

    assert order_of([column[order] for column in columns]) is None
    assert in_order(columns) == (order == sorted(order))


@given(columns())
def test_a_row_repeats_the_one_before_where_every_column_does(columns: list[np.ndarray]) -> None:
    order = by_numpy(columns)
    rows = list(zip(*(column[order].tolist() for column in columns), strict=True))

    found = repeats([column[order] for column in columns])

    assert found is not None
    assert found.tolist() == [row for row in range(1, len(rows)) if rows[row] == rows[row - 1]]
    assert (repeats(columns) is None) == (order != sorted(order))


def test_a_row_may_repeat_the_last_one_of_the_block_before() -> None:
    column = np.arange(1 << 16)
    column[1 << 15] -= 1

    found = repeats([column])

    assert found is not None
    assert found.tolist() == [1 << 15]


def test_values_from_end_to_end_of_several_columns_are_told_apart_in_several_passes() -> None:
    ends = np.iinfo(np.int64)
    rng = np.random.default_rng(4)
    columns = [rng.choice([ends.min, -1, 0, 1, ends.max], 70_000) for _ in range(3)]

    assert rows_of(columns, order_of(columns)) == by_numpy(columns)


def test_bits_that_fill_a_number_to_the_last_are_sorted_in_one_pass() -> None:
    column = np.array([2**63 - 1, 0])  # 63 bits, and 1 for the row

    assert rows_of([column], order_of([column])) == [1, 0]


def test_the_first_fall_may_lie_between_two_blocks() -> None:
    column = np.arange(1 << 16)
    column[1 << 15] = 0

    assert not in_order([column])


def test_no_columns_and_no_rows_are_in_order() -> None:
    assert in_order([])
    assert order_of([]) is None
    assert order_of([np.empty(0, np.int64)]) is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([np.array([1.0])], "column 0 holds float64: expected whole numbers"),
        ([np.array([True])], "column 0 holds bool: expected whole numbers"),
        ([[1]], "column 0 holds list: expected whole numbers"),
        ([np.zeros(2, "M8[D]")], r"datetime64\[D\].* of a datetime64 without NaT, column.view"),
        ([np.array([1]), np.array([1, 2])], r"column 1 is of shape \(2,\): expected 1 numbers"),
        ([np.array([[1]])], r"column 0 is of shape \(1, 1\)"),
        ([np.ma.masked_equal([1, 2], 2)], "none masked"),
    ],
)
def test_a_column_that_is_none_is_named(columns: Sequence[np.ndarray], message: str) -> None:
    with pytest.raises(OrderError, match=message):
        order_of(columns)
