"""Scoring: how the points of a scorecard's measures make its score, exactly.

A part of :mod:`cslib.health`. A tree is measures and groups side by side, taken together by a
:class:`~cslib.measures.Combine`. Here it is worked out plainly, with fractions, for one account:
what part of a point of the score one point of each measure makes. Everything else follows: the
score is the sum of these parts times the points, and so are the contributions.
:mod:`cslib.scorecolumns` does the same for many accounts with whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from cslib.measures import Combine, Group, Measure, weights_of

__all__ = ["Made", "combined_weights", "made_of", "nominal", "paths", "whole_weights"]

Worth: TypeAlias = Fraction | None
"""Points that count; None: they do not."""


class Made(NamedTuple):
    """What a tree comes to.

    Attributes:
        points: Its points; None where no measure in it counts.
        parts: For each measure, how much of these points one point of the measure makes.
    """

    points: Worth
    parts: tuple[Fraction, ...]


def made_of(
    measures: Sequence[Measure],
    groups: Sequence[Group],
    combine: Combine,
    worths: Iterator[Worth],
) -> Made:
    """What measures and groups side by side come to.

    What does not count is left out inside its group first, and a group of which nothing counts is
    left out of what stands around it. The fewest and the most points are made by the measure or
    group that has them, of several by the first.

    Args:
        measures: The measures.
        groups: The groups.
        combine: How they are taken together.
        worths: The points of every measure of the tree, in the order of
            :func:`cslib.measures.leaves`.

    >>> from cslib.bands import Band
    >>> seats, roles = (
    ...     Measure(name=name, value=name, weight=weight, bands=(Band(points=100),))
    ...     for name, weight in (("seats", 2), ("roles", 1))
    ... )
    >>> made_of((seats, roles), (), Combine.MEAN, iter([Fraction(50), Fraction(80)]))
    Made(points=Fraction(60, 1), parts=(Fraction(2, 3), Fraction(1, 3)))
    >>> made_of((seats, roles), (), Combine.MEAN, iter([Fraction(50), None])).points
    Fraction(50, 1)
    """
    inside = [Made(next(worths), (Fraction(1),)) for _ in measures]
    inside += [made_of(each.measures, each.groups, each.combine, worths) for each in groups]
    weights = combined_weights(combine, weights_of(measures, groups))
    factors = _factors(combine, weights, [each.points for each in inside])
    points = [
        factor * each.points
        for factor, each in zip(factors, inside, strict=True)
        if each.points is not None and factor is not None
    ]
    parts = tuple(
        (factor or 0) * part
        for factor, each in zip(factors, inside, strict=True)
        for part in each.parts
    )
    return Made(sum(points, Fraction(0)) if points else None, parts)


def _factors(
    combine: Combine, weights: Sequence[int], worths: Sequence[Worth]
) -> list[Fraction | None]:
    """How much of a point each makes; None where it does not count."""
    counts = [
        worth is not None and weight > 0 for weight, worth in zip(weights, worths, strict=True)
    ]
    if not any(counts):
        return [None] * len(weights)
    if combine in (Combine.MEAN, Combine.SUM):
        total = sum(w for w, is_in in zip(weights, counts, strict=True) if is_in)
        over = total if combine is Combine.MEAN else 1
        return [
            Fraction(w, over) if is_in else None for w, is_in in zip(weights, counts, strict=True)
        ]
    counted = [
        worth for worth, is_in in zip(worths, counts, strict=True) if is_in and worth is not None
    ]
    decisive = min(counted) if combine is Combine.WORST else max(counted)
    place = next(i for i, is_in in enumerate(counts) if is_in and worths[i] == decisive)
    return [Fraction(i == place) if is_in else None for i, is_in in enumerate(counts)]


def combined_weights(combine: Combine, weights: Sequence[Decimal]) -> tuple[int, ...]:
    """Weights as whole numbers: as they stand in a sum, else in their proportions.

    >>> weights = [Decimal(2), Decimal(2)]
    >>> combined_weights(Combine.SUM, weights), combined_weights(Combine.MEAN, weights)
    ((2, 2), (1, 1))
    """
    if combine is Combine.SUM:
        return tuple(int(weight) for weight in weights)
    return whole_weights(weights)


def whole_weights(weights: Sequence[Decimal]) -> tuple[int, ...]:
    """Weights in their proportions, as the smallest whole numbers.

    >>> whole_weights([Decimal("12.5"), Decimal(50), Decimal(0)])
    (1, 4, 0)
    """
    return _smallest([Fraction(weight) for weight in weights])


def _smallest(ratios: Sequence[Fraction]) -> tuple[int, ...]:
    common = math.lcm(*(ratio.denominator for ratio in ratios))
    whole = [int(ratio * common) for ratio in ratios]
    divisor = math.gcd(*whole) or 1
    return tuple(each // divisor for each in whole)


def nominal(measures: Sequence[Measure], groups: Sequence[Group]) -> tuple[int, ...]:
    """The weight of each measure of a tree in the whole, as the smallest whole numbers.

    It is what the coverage is counted by, whatever the tree's way to combine.

    >>> nominal((), ())
    ()
    """
    return _smallest(list(_shares(measures, groups, Fraction(1))))


def _shares(
    measures: Iterable[Measure], groups: Iterable[Group], whole: Fraction
) -> Iterator[Fraction]:
    measures, groups = tuple(measures), tuple(groups)
    total = Fraction(sum(weights_of(measures, groups), Decimal(0)))
    for measure in measures:
        yield whole * Fraction(measure.weight) / total
    for group in groups:
        yield from _shares(group.measures, group.groups, whole * Fraction(group.weight) / total)


def paths(
    measures: Iterable[Measure], groups: Iterable[Group], around: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """For each measure of a tree, the groups that it stands in, from the outside in.

    >>> list(paths((), ()))
    []
    """
    yield from (around for _ in measures)
    for group in groups:
        yield from paths(group.measures, group.groups, (*around, group.name))
