"""Scales on columns: equal to the scale of one value."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from cslib.bands import GRID, Anchor, Band, Scale
from cslib.blocks import Operand, Quantity, Text, Truth
from cslib.scalecolumns import narrowest, on_columns

BESIDE = (-math.inf, -1.0, 0.0, math.nextafter(0.3, 0), 0.3, math.nextafter(0.3, 1), 0.6, 5.0)
SCALES = {
    "falling to 0": (Band(points=100, at_least=0.6), Band(points=60, at_least=0.3), Band(points=0)),
    "lower is better": (Band(points=90, at_most=0.3), Band(points=7, below=5), Band(points=3)),
    "a gap": (Band(points=100, above=0.3), Band(points=4, below=0)),
    "the middle is best": (Band(points=100, above=0, at_most=0.3), Band(points=20)),
    "an overlap": (Band(points=1, at_least=0.3), Band(points=2, at_most=0.6)),
    "one number": (Band(points=50, at_least=0.3, at_most=0.3),),
    "many points": (Band(points=1000, below=0.6), Band(points=999, above=0.6)),
    "one for all": (Band(points=5, at_least=-1e15), Band(points=6)),
}


@pytest.mark.parametrize("grid", [1, GRID])
@pytest.mark.parametrize("bands", SCALES.values(), ids=SCALES)
def test_steps_give_the_points_of_the_first_band_that_holds(
    bands: tuple[Band, ...], grid: int
) -> None:
    scale = Scale(bands=bands)
    values = Quantity(np.array([*BESIDE, np.nan]))

    found = on_columns(scale, grid)

    one_by_one = [scale.points(value) for value in BESIDE]
    points = [0 if each is None else each.points * grid for each in one_by_one]
    assert found.points(values, values.known).tolist() == [*points, 0]
    held = found.held(values, values.known).tolist()
    assert held == [*(each is not None for each in one_by_one), False]
    places = found.places(values, values.known).tolist()
    first = [next((i for i, b in enumerate(bands) if b.holds(v)), -1) for v in BESIDE]
    assert places == [*first, -1]


@pytest.mark.parametrize("times", [1, 3, 999_983])
@pytest.mark.parametrize("points", [(0, 100, 37), (0, 0, 0)])
@pytest.mark.parametrize("ats", [(0.0, 0.3, 5.0), (0, 3, 7), (-1.0, 0.6)])
def test_lines_give_the_thousandths_of_each_value_times_a_weight(
    ats: tuple[float, ...], points: tuple[int, ...], times: int
) -> None:
    scale = Scale(anchors=tuple(Anchor(at=at, points=points[i]) for i, at in enumerate(ats)))
    values = Quantity(np.array([*BESIDE, np.nan]))

    found = on_columns(scale, GRID * times)

    one_by_one = [scale.points(value) for value in BESIDE]
    expected = [Decimal(each.points) * GRID * times for each in one_by_one if each is not None]
    with np.errstate(all="ignore"):
        assert found.points(values, values.known).tolist() == [*expected, 0]
    assert found.held(values, values.known).tolist() == [True] * len(BESIDE) + [False]
    assert set(found.places(values, values.known).tolist()) == {-1}


@pytest.mark.parametrize(
    ("bands", "values", "points", "places"),
    [
        (
            (Band(points=3, equals="a"), Band(points=9)),
            Text(np.array(["a", "b", "a"]), np.array([False, False, True])),
            [3, 9, 0],
            [0, 1, -1],
        ),
        (
            (Band(points=3, equals=True), Band(points=200, equals=False)),
            Truth(np.array([True, False, False]), np.array([False, True, False])),
            [3, 200, 0],
            [0, 1, -1],
        ),
        ((Band(points=8),), Quantity(np.array([1.0, 2.0, np.nan])), [8, 8, 0], [0, 0, -1]),
    ],
)
def test_a_text_or_a_flag_gives_the_points_of_the_band_it_equals(
    bands: tuple[Band, ...], values: Operand, points: list[int], places: list[int]
) -> None:
    found = on_columns(Scale(bands=bands), 1)

    assert found.points(values, values.known).tolist() == points
    assert found.held(values, values.known).tolist() == [place >= 0 for place in places]
    assert found.places(values, values.known).tolist() == places


def test_points_stand_on_a_grid_that_is_coarser_than_points() -> None:
    bands = (Band(points=100, at_least=0.6), Band(points=60, at_least=0.3), Band(points=0))
    values = Quantity(np.array([0.7, 0.3, 0.1, np.nan]))

    found = on_columns(Scale(bands=bands), Fraction(22, 20))

    assert found.points(values, values.known).tolist() == [110, 66, 0, 0]


def test_points_take_a_byte_where_a_byte_holds_them() -> None:
    assert [narrowest(most).itemsize for most in (127, 128, 2**15, 2**31)] == [1, 2, 4, 8]
    assert narrowest(2**63).hasobject
