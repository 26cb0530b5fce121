"""Trees on columns: what a tree comes to in a block is what it comes to for each account."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.bands import Band
from cslib.health import Scorecard
from cslib.measurecolumns import Worth
from cslib.measures import Combine, Measure
from cslib.scoring import tree_of
from cslib.treecolumns import Ratios, times, tree_columns
from scorecard_strategies import scorecards


@given(scorecards(), st.data())
def test_a_tree_on_columns_is_the_tree_of_each_row(card: Scorecard, data: st.DataObject) -> None:
    point = st.none() | st.integers(0, 100)
    width = len(card.leaves)
    rows = data.draw(st.lists(st.lists(point, min_size=width, max_size=width), min_size=1))
    tree = tree_columns(card.measures, card.groups, card.combine, iter(range(width)))
    factors = dict(tree.factors())

    def worth_of(place: int) -> Worth:
        points = [(row[place] or 0) * factors[place] for row in rows]
        held = np.array([row[place] is not None for row in rows])
        return Worth(np.array(points, object), held, held)

    found = tree.ratio(worth_of, len(rows), np.dtype(object))

    plain = tree_of(card.measures, card.groups, card.combine)
    assert exact(found) == [
        None if made is None else Fraction(*made) for made in map(plain.score, rows)
    ]


def exact(found: Ratios) -> list[Fraction | None]:
    pairs = zip(found.upper.tolist(), found.over.tolist(), strict=True)
    return [Fraction(int(upper), int(over)) if over else None for upper, over in pairs]


@pytest.mark.parametrize(
    ("combine", "upper", "over"),
    [(Combine.MEAN, 260, 3), (Combine.SUM, 260, 1), (Combine.WORST, 100, 1)],
)
def test_the_largest_numbers_are_known_before_a_row_is_read(
    combine: Combine, upper: int, over: int
) -> None:
    # By hand: 2 times 80 and once 100.
    measures = [
        Measure(name=name, value=name, weight=weight, bands=(Band(points=100),))
        for name, weight in (("a", 2), ("b", 1))
    ]

    most = tree_columns(measures, (), combine, iter(range(2))).most([80, 100])

    assert (most.upper, most.over) == (upper, over)


@pytest.mark.parametrize(("weight", "dtype"), [(1, "i1"), (3, "i1"), (300, "i2"), (10**20, "O")])
def test_flags_times_a_weight_are_in_a_type_that_holds_it(weight: int, dtype: str) -> None:
    found = times(np.array([True, False]), weight, np.dtype(dtype))

    assert [int(each) for each in found] == [weight, 0]
