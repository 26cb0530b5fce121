"""What stands in a block keeps what is unknown apart from every value."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from column_strategies import exactly
from cslib.blocks import UNKNOWN, Operand, is_wide, only, packed, partly, unknown_of, unpacked
from cslib.expressions import Kind
from cslib.facts import real

VALUES: dict[Kind, list[Any]] = {
    Kind.NUMBER: [5.0, -0.0, 2**53 + 1, float("inf"), None],
    Kind.TEXT: ["pro", "", "a long name of a plan", None],
    Kind.BOOLEAN: [True, False, None],
    Kind.DATE: [dt.date(2026, 6, 30), dt.date(1, 1, 1), None],
    Kind.INSTANT: [dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC), None],
}


def plain(block: Operand) -> list[Any]:
    return unpacked(*np.broadcast_arrays(block.answer, block.known))


# From Python's values and back


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
def test_values_come_back_from_a_block_to_the_bit(kind: Kind, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(strategies.values(kind)))
    values = [real(value, "a", frozenset({kind})) for value in drawn]

    assert [*map(exactly, plain(packed(values, kind)))] == [*map(exactly, values)]


@pytest.mark.parametrize("kind", Kind)
def test_what_is_unknown_is_so_in_a_block(kind: Kind) -> None:
    block = packed(VALUES[kind], kind)

    assert block.known.tolist() == [value is not None for value in VALUES[kind]]
    assert plain(block) == VALUES[kind]


def test_a_block_holds_integers_that_no_double_holds() -> None:
    assert packed([2**53, None], Kind.NUMBER).answer.dtype == np.float64
    assert plain(packed([2**53 + 1, 2**80, None], Kind.NUMBER)) == [2**53 + 1, 2**80, None]


@pytest.mark.parametrize(
    ("number", "wide"),
    [(2**53, False), (-(2**53), False), (2**53 + 1, True), (-(2**53) - 1, True), (1e300, False)],
)
def test_an_integer_is_wide_beyond_the_doubles(number: object, wide: bool) -> None:
    assert is_wide(number) is wide


# Equal, chosen, unknown


@pytest.mark.parametrize("kind", Kind)
def test_two_values_are_equal_or_not_where_both_are_known(kind: Kind) -> None:
    pairs = [(a, b) for a in VALUES[kind] for b in VALUES[kind]]
    first, second = (packed(side, kind) for side in zip(*pairs, strict=True))

    with np.errstate(all="ignore"):
        found: Operand = first.equals(second)  # type: ignore[arg-type]

    assert plain(found) == [None if a is None or b is None else a == b for a, b in pairs]


@pytest.mark.parametrize("kind", Kind)
def test_each_row_takes_the_value_chosen_for_it(kind: Kind) -> None:
    values = VALUES[kind]
    chosen = np.arange(len(values)) % 2 == 0
    first, second = packed(values, kind), packed(values[::-1], kind)

    found: Operand = first.where(chosen, second)  # type: ignore[arg-type]

    expected = zip(chosen, values, values[::-1], strict=True)
    assert plain(found) == [a if is_first else b for is_first, a, b in expected]


@pytest.mark.parametrize("kind", Kind)
def test_a_block_has_an_unknown_of_its_own_type(kind: Kind) -> None:
    block = packed(VALUES[kind][:1], kind)
    unknown = block.unknown()

    assert not unknown.known.any()
    assert not UNKNOWN[kind].known.any()
    assert type(unknown) is type(block)
    assert unknown.answer.dtype.kind == UNKNOWN[kind].answer.dtype.kind


def test_a_test_is_unknown_where_what_it_tested_is() -> None:
    found = partly(np.array([True, True, False, False]), np.array([True, False, True, False]))

    assert plain(found) == [True, None, False, None]


def test_an_unknown_is_of_a_kind_only_where_that_is_settled() -> None:
    text, any_kind = frozenset({Kind.TEXT}), frozenset(Kind)

    assert (only(text), only(any_kind)) == (Kind.TEXT, None)
    assert unknown_of(text) is UNKNOWN[Kind.TEXT]
    assert unknown_of(any_kind) is None
