"""Trees on columns: what measures and groups come to, for a block of accounts at once.

A part of :mod:`cslib.health`: what :class:`cslib.scoring.Tree` is for one account, in arrays of
whole numbers. Each measure is asked once and added up before the next is read. How large the
numbers can become is known before a row is read, so that the smallest type that holds them is
chosen beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np

from cslib.measurecolumns import Worth
from cslib.measures import Combine, Group, Measure, weights_of
from cslib.scalecolumns import narrowest
from cslib.scoring import combined_weights

__all__ = ["Most", "Ratios", "TreeColumns", "WorthOf", "times", "tree_columns"]


class Ratios:
    """Ratios of whole numbers, one for each row; 0 over 0 where nothing counts."""

    __slots__ = ("over", "upper")

    def __init__(self, upper: Any, over: Any) -> None:
        self.upper = upper
        self.over = over


@attrs.frozen
class Most:
    """The largest numbers that can come up: in a ratio, and on the way to it."""

    upper: int
    over: int
    peak: int


_Part: TypeAlias = "int | TreeColumns"
"""A measure, by its place among all, or a group."""

WorthOf: TypeAlias = Callable[[int], Worth]
"""What the measure at a place is worth in a block, its points times its weight: asked once."""


@attrs.frozen
class TreeColumns:
    """Measures and groups side by side, those of weight 0 left out.

    Attributes:
        combine: How they are taken together.
        parts: What stands side by side, each with its weight, a whole number.
    """

    combine: Combine
    parts: tuple[tuple[_Part, int], ...]

    def factors(self) -> Iterator[tuple[int, int]]:
        """The place of each measure in it, and the weight that its points come multiplied by."""
        adds = self.combine in (Combine.MEAN, Combine.SUM)
        for part, weight in self.parts:
            if isinstance(part, int):
                yield part, weight if adds else 1
            else:
                yield from part.factors()

    def most(self, points: Sequence[int]) -> Most:
        """The largest numbers that it takes, by the most points of each measure."""
        inside = [
            (Most(points[part], 1, points[part]) if isinstance(part, int) else part.most(points))
            for part, _ in self.parts
        ]
        peak = max(each.peak for each in inside)
        if self.combine in (Combine.WORST, Combine.BEST):
            upper, over = max(m.upper for m in inside), max(m.over for m in inside)
            return Most(upper, over, max(peak, upper * over))
        common = math.prod(each.over for each in inside)
        pairs = zip(inside, self.parts, strict=True)
        upper = sum(weight * each.upper * (common // each.over) for each, (_, weight) in pairs)
        weight = sum(weight for _, weight in self.parts)
        over = common * weight if self.combine is Combine.MEAN else common
        return Most(upper, over, max(peak, upper, common * weight))

    def ratio(self, worth_of: WorthOf, rows: int, dtype: np.dtype[Any]) -> Ratios:
        """What it comes to in a block of rows."""
        if self.combine in (Combine.WORST, Combine.BEST):
            return self._outermost(worth_of, rows, dtype)
        return self._added(worth_of, rows, dtype)

    def _added(self, worth_of: WorthOf, rows: int, dtype: np.dtype[Any]) -> Ratios:
        """The sum, each times its weight, over the weight that counts or over nothing.

        Measures stand before groups, so that the denominator is 1 until the first group comes.
        """
        upper = np.zeros(rows, dtype)
        small = narrowest(sum(weight for _, weight in self.parts))
        weights = np.zeros(rows, dtype if dtype.hasobject else small)
        common = None
        for part, weight in self.parts:
            if isinstance(part, int):
                worth = worth_of(part)
                upper += worth.points
                weights += times(worth.counted, weight, weights.dtype)
                continue
            inner = part.ratio(worth_of, rows, dtype)
            counted = inner.over > 0
            over = inner.over + ~counted  # 1 where nothing counts
            added = inner.upper * weight
            upper = upper * over + (added if common is None else added * common)
            common = over if common is None else common * over
            weights += times(counted, weight, weights.dtype)
        over = (weights > 0 if self.combine is Combine.SUM else weights).astype(dtype)
        return Ratios(upper, over if common is None else over * common)

    def _outermost(self, worth_of: WorthOf, rows: int, dtype: np.dtype[Any]) -> Ratios:
        """The least or the greatest that counts."""
        upper, over = np.zeros(rows, dtype), np.zeros(rows, dtype)
        for part, _ in self.parts:
            if isinstance(part, int):
                worth = worth_of(part)
                inner = Ratios(times(worth.points, 1, dtype), times(worth.counted, 1, dtype))
            else:
                inner = part.ratio(worth_of, rows, dtype)
            here, there = inner.upper * over, upper * inner.over
            beyond = here < there if self.combine is Combine.WORST else here > there
            taken = (inner.over > 0) & ((over == 0) | beyond)
            upper = np.where(taken, inner.upper, upper)
            over = np.where(taken, inner.over, over)
        return Ratios(upper, over)


def tree_columns(
    measures: Sequence[Measure], groups: Sequence[Group], combine: Combine, places: Iterator[int]
) -> TreeColumns:
    """The tree of a scorecard, its measures by their places in the order of its leaves."""
    parts: list[_Part] = [next(places) for _ in measures]
    parts += [tree_columns(each.measures, each.groups, each.combine, places) for each in groups]
    weights = combined_weights(combine, weights_of(measures, groups))
    return TreeColumns(combine, tuple(pair for pair in zip(parts, weights, strict=True) if pair[1]))


def times(array: Any, weight: int, dtype: np.dtype[Any]) -> Any:
    """Small numbers or flags times a weight, in a type that holds the product."""
    if dtype.hasobject:
        return np.asarray(array).astype(dtype) * weight
    if weight == 1:
        return array
    if dtype.itemsize == 1:  # of flags, whose bytes are 0 and 1
        return np.asarray(array).view(dtype) * dtype.type(weight)
    return np.asarray(array).astype(dtype) * dtype.type(weight)
