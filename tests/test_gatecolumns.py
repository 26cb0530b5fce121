"""Gates on columns: the tables hold what the rules of the record say, case by case."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.blocks import Truth
from cslib.decisions import DecisionTable, Row
from cslib.gatecolumns import CODES, Found, Ladder, Levels, found_in, suppressed_in
from cslib.playbooks import Library, Playbook, Suppression
from cslib.selection import ruling
from cslib.standings import Status

OPEN = len(Status)
STATUSES = tuple(Status)


def alone(holds: bool, gate: Status | None) -> tuple[Found, np.ndarray]:
    code = OPEN if gate is None else CODES[gate]
    return Found(np.array([0]), np.array([holds])), np.array([code], np.int8)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, True]),
            st.sampled_from([None, *Status]),
            st.booleans(),
        ),
        max_size=6,
    )
)
def test_a_ladder_rules_as_the_record_does(
    rungs: list[tuple[bool | None, Status | None, bool]],
) -> None:
    ladder, layer = Ladder(1), 0
    chosen, first_waiting = False, None
    for holds, gate, is_dearer in rungs:
        if is_dearer:
            ladder.next_layer()
            layer += 1
        held = first_waiting is not None and first_waiting < layer

        found = STATUSES[int(ladder.take(*alone(holds is True, gate))[0])]

        assert found is ruling(holds, gate, is_chosen=chosen, is_held=held)
        chosen = chosen or found is Status.CHOSEN
        if found.stops and first_waiting is None:
            first_waiting = layer


def test_rows_in_which_a_condition_fails_are_left_out() -> None:
    false = np.array([False, True, False])

    found = found_in(Truth(np.array([True, False, False]), false), 3)

    assert found.rows.tolist() == [0, 2]
    assert found.holds.tolist() == [True, False]


def test_a_condition_that_is_the_same_in_every_row_stands_for_all() -> None:
    assert found_in(Truth(np.True_, np.False_), 2).holds.tolist() == [True, True]
    assert found_in(Truth(np.False_, np.True_), 2).rows.tolist() == []
    assert found_in(None, 2).holds.tolist() == [False, False]


@pytest.mark.parametrize("policy", ["first", "unique"])
def test_levels_are_read_block_by_block(policy: str) -> None:
    table = DecisionTable(
        name="levels",
        hit_policy=policy,
        rows=(
            Row(when="seats >= 100", then="consulting"),
            Row(when="seats >= 10", then="support"),
        ),
    )
    levels = Levels(table, {"seats": np.array([200.0, 50, 5, np.nan])}, None)

    assert levels.read(slice(1, 4)).tolist() == [0, 3, 3]
    assert levels.read(slice(0, 1)).tolist() == [2 if policy == "first" else 3]


def test_suppressions_are_told_by_need_and_all_needs_where_none_is_named() -> None:
    halts = (
        Suppression(name="a", when="size > 1", needs=["use"]),
        Suppression(name="b", when="size > 2"),
    )
    library = Library(
        name="two",
        playbooks=[
            Playbook(name=need, need=need, layer="product", entry=True) for need in ("use", "mood")
        ],
        suppressions=halts,
    )
    columns = {"size": np.array([1.0, 2, 3])}
    blocks = [each.when.blocks(columns) for each in halts]

    found = suppressed_in(library._selector, blocks, slice(0, 3))

    shut = CODES[Status.SUPPRESSED]
    assert {need: gates.tolist() for need, gates in found.items()} == {
        "use": [OPEN, shut, shut],
        "mood": [OPEN, OPEN, shut],
    }
