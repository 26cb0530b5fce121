"""Scales on columns: the points of the values in a block, as small whole numbers.

A part of :mod:`cslib.health`, which does for a block of many accounts what
:meth:`cslib.bands.Scale.points` does for one value, and gives the same. Bands of numbers become
steps: the line of numbers is cut where a band begins or ends, and the points are the sum of the
steps that a value has passed, a comparison and a multiplication of single bytes each. Points are
whole numbers on a grid that the caller chooses, and 0 where the value is unknown or in no band.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

import attrs
import numpy as np

from cslib.bands import GRID, Anchor, Band, Scale, between
from cslib.blocks import Array, Mask, Operand, Text, Truth
from cslib.expressions import Kind

__all__ = ["ScaleColumns", "narrowest", "on_columns"]

_Cut: TypeAlias = tuple[float, bool]
"""Where the line of numbers is cut: before a number, or (True) behind it."""


class ScaleColumns(Protocol):
    """A scale that gives the points of a block.

    Each method is handed the block's values and where they are known; what it answers elsewhere is
    0, False and -1.
    """

    def points(self, values: Operand, known: Mask) -> Array:
        """The points, as many times the grid."""
        ...

    def held(self, values: Operand, known: Mask) -> Mask:
        """Where a band holds the value."""
        ...

    def places(self, values: Operand, known: Mask) -> Array:
        """The place of the band that holds the value."""
        ...


def on_columns(scale: Scale, grid: Fraction | int) -> ScaleColumns:
    """A scale for blocks of values.

    Args:
        scale: The scale.
        grid: How many steps of the grid a point has, so that all points of the scale are whole
            numbers of steps: 1/20 for bands of 100, 60 and 0 points; a multiple of 1000 where
            anchors give thousandths.

    >>> from cslib.blocks import Quantity
    >>> seats = Scale(bands=(Band(points=100, at_least=0.6), Band(points=60, at_least=0.3)))
    >>> values = Quantity(np.array([0.6, 0.59, 0.1, np.nan]))
    >>> steps = on_columns(seats, 1)
    >>> steps.points(values, values.known), steps.places(values, values.known)
    (array([100,  60,   0,   0], dtype=int8), array([ 0,  1, -1, -1], dtype=int8))
    >>> on_columns(seats, Fraction(1, 20)).points(values, values.known)
    array([5, 3, 0, 0], dtype=int8)
    """
    if scale.anchors:
        return _Lines(scale.anchors, int(grid) // GRID)
    if scale.kind is Kind.NUMBER:
        return _steps(scale.bands, grid)
    return _Matches(scale.bands, grid)


def narrowest(largest: int) -> np.dtype[Any]:
    """The smallest type for whole numbers up to one; Python's own where no other holds it.

    >>> narrowest(100), narrowest(2**40), narrowest(2**63)
    (dtype('int8'), dtype('int64'), dtype('O'))
    """
    for bits in (8, 16, 32, 64):
        if largest < 2 ** (bits - 1):
            return np.dtype(f"int{bits}")
    return np.dtype(object)


# --------------------------------------------------------------------------------------
# Bands of numbers

_PASSED: Mapping[bool, Callable[[Any, Any], Any]] = {False: operator.ge, True: operator.gt}
_AHEAD: Mapping[bool, Callable[[Any, Any], Any]] = {False: operator.lt, True: operator.le}
"""Whether a value has passed a cut before a number or behind it, or has it still ahead."""


@attrs.frozen(eq=False)
class _Steps:
    """Bands of numbers.

    Attributes:
        worths: The points, between two cuts each.
        insides: Whether there is a band.
        bands: The place of the band, from 1 on; 0: there is none.
        is_everywhere: Whether a band holds every number.
    """

    worths: _Stair
    insides: _Stair
    bands: _Stair
    is_everywhere: bool

    def points(self, values: Operand, known: Mask) -> Array:
        return self.worths.level(values, known)

    def held(self, values: Operand, known: Mask) -> Mask:
        return known if self.is_everywhere else self.insides.level(values, known).view(bool)

    def places(self, values: Operand, known: Mask) -> Array:
        return self.bands.level(values, known) - 1


def _steps(bands: Sequence[Band], grid: Fraction | int) -> _Steps:
    ranges = [_range(band) for band in bands]
    ends = sorted({end for both in ranges for end in both if end is not None})
    borders: list[_Cut | None] = [None, *ends, None]
    cuts: list[_Cut] = []
    found: list[int] = []
    for low, high in itertools.pairwise(borders):
        holds = (place for place, each in enumerate(ranges) if _spans(each, low, high))
        place = next(holds, -1)
        if not found or place != found[-1]:
            found.append(place)
            if low is not None:
                cuts.append(low)
    levels = [0 if place < 0 else int(bands[place].points * grid) for place in found]
    return _Steps(
        worths=_stair(cuts, levels),
        insides=_stair(cuts, [int(place >= 0) for place in found]),
        bands=_stair(cuts, [place + 1 for place in found]),
        is_everywhere=min(found) >= 0,
    )


def _range(band: Band) -> tuple[_Cut | None, _Cut | None]:
    """Where a band begins and ends; None: nowhere."""
    low = high = None
    if band.at_least is not None:
        low = (band.at_least, False)
    if band.above is not None:
        low = (band.above, True)
    if band.at_most is not None:
        high = (band.at_most, True)
    if band.below is not None:
        high = (band.below, False)
    return low, high


def _spans(band: tuple[_Cut | None, _Cut | None], low: _Cut | None, high: _Cut | None) -> bool:
    """Whether a band holds all between two neighbouring cuts."""
    begins = band[0] is None or (low is not None and band[0] <= low)
    ends = band[1] is None or (high is not None and high <= band[1])
    return begins and ends


@attrs.frozen(eq=False)
class _Stair:
    """Levels along the line of numbers, as the steps between them.

    The steps are taken from the end at which the level is 0, if there is one: what is unknown has
    passed none, and so need not be looked at.

    Attributes:
        start: The level where no step is taken.
        steps: What tells whether a step is taken, at which number, and how high it is.
        number: The type that holds the levels.
    """

    start: Any
    steps: tuple[tuple[Callable[[Any, Any], Any], float, Any], ...]
    number: np.dtype[Any]

    def level(self, values: Any, known: Mask) -> Array:
        """The level that each value is on; 0 where it is unknown."""
        found = None
        for is_taken, cut, height in self.steps:
            taken = is_taken(values.value, cut).view(np.int8)
            # numpy 1 goes by the value of the height, so the type is said
            part = np.multiply(taken, height, dtype=self.number)
            found = part if found is None else np.add(found, part, out=found)
        if found is None:
            found = np.zeros(1, self.number)
        return np.add(found, self.start, dtype=self.number) * known if self.start else found


def _stair(cuts: Sequence[_Cut], levels: Sequence[int]) -> _Stair:
    number = narrowest(max(levels))
    upwards = levels[0] == 0 or levels[-1] != 0
    tests, sign = (_PASSED, 1) if upwards else (_AHEAD, -1)
    steps = tuple(
        (tests[behind], cut, number.type(sign * (high - low)))
        for (cut, behind), low, high in zip(cuts, levels, levels[1:], strict=False)
        if low != high
    )
    return _Stair(number.type(levels[0] if upwards else levels[-1]), steps, number)


# --------------------------------------------------------------------------------------
# Other scales


@attrs.frozen(eq=False)
class _Matches:
    """Bands of texts, of flags, or one for any value."""

    bands: tuple[Band, ...]
    grid: Fraction | int

    def points(self, values: Operand, known: Mask) -> Array:
        levels = [0, *(int(band.points * self.grid) for band in self.bands)]
        given: Array = np.array(levels, narrowest(max(levels)))
        return given.take(self.places(values, known) + 1)

    def held(self, values: Operand, known: Mask) -> Mask:
        return self.places(values, known) >= 0

    def places(self, values: Operand, known: Mask) -> Array:
        found = np.full(1, -1, narrowest(len(self.bands)))
        for place, band in reversed([*enumerate(self.bands)]):
            found = np.where(known & _matches(band, values), found.dtype.type(place), found)
        return found


def _matches(band: Band, values: Operand) -> Mask:
    match values:
        case Truth() if band.equals is not None:
            return values.true if band.equals else values.false
        case Text() if band.equals is not None:
            return values.value == band.equals
    return np.True_


@attrs.frozen(eq=False)
class _Lines:
    """Straight lines between anchors.

    Attributes:
        anchors: The anchors.
        times: How many steps of the grid a thousandth of a point has.
    """

    anchors: tuple[Anchor, ...]
    times: int

    def points(self, values: Any, known: Mask) -> Array:
        value = values.value.astype(np.float64, copy=False)
        first, last = self.anchors[0], self.anchors[-1]
        found: Array = np.full(1, float(last.points * GRID))
        for low, high in self._pairs:
            found = np.where(value < high.at, np.rint(between(low, high, value) * GRID), found)
        found = np.where(value <= first.at, float(first.points * GRID), found)
        most = max(1, *(anchor.points for anchor in self.anchors)) * GRID * self.times
        points: Array = found.astype(narrowest(most)) * known
        if self.times != 1:
            points *= points.dtype.type(self.times)
        return points

    @property
    def _pairs(self) -> Iterable[tuple[Anchor, Anchor]]:
        """Neighbours, the highest first."""
        return reversed([*zip(self.anchors, self.anchors[1:], strict=False)])

    def held(self, values: Operand, known: Mask) -> Mask:
        return known

    def places(self, values: Operand, known: Mask) -> Array:
        return np.full(1, -1, np.int8)
