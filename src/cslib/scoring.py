"""Scoring: how the points of a scorecard's measures make its score, exactly.

A part of :mod:`cslib.health`. A tree is measures and groups side by side, taken together by a
:class:`~cslib.measures.Combine`. :func:`made_of` works it out plainly, with fractions, for one
account: what part of a point of the score one point of each measure makes. Everything else follows:
the score is the sum of these parts times the points, and so are the contributions. A :class:`Tree`
is the same in whole numbers, made ready for one account after another;
:mod:`cslib.scorecolumns` does it for many accounts at once.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import attrs

from cslib.measures import Combine, Group, Measure, Missing, leaves, weights_of

__all__ = [
    "Made",
    "Tree",
    "averaged",
    "combined_weights",
    "cover_of",
    "inner_groups",
    "made_of",
    "most_points",
    "nominal",
    "paths",
    "tree_of",
    "whole_weights",
]

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


def nominal(
    measures: Sequence[Measure], groups: Sequence[Group], applies: Sequence[bool] | None = None
) -> tuple[int, ...]:
    """The weight of each measure of a tree in the whole, as the smallest whole numbers.

    It is what the coverage is counted by, whatever the tree's way to combine.

    Args:
        measures: The measures.
        groups: The groups.
        applies: Of each measure, in the order of :func:`cslib.measures.leaves`, whether it applies
            to the account; what does not is weighed as if it were not there. None: all do.

    >>> from cslib.bands import Band
    >>> seats, roles = (
    ...     Measure(name=name, value=name, weight=weight, bands=(Band(points=100),))
    ...     for name, weight in (("seats", 2), ("roles", 6))
    ... )
    >>> nominal((seats, roles), ()), nominal((seats, roles), (), [True, False])
    ((1, 3), (1, 0))
    """
    whole = cover_of(measures, groups)
    does = [True] * len(list(leaves(measures, groups))) if applies is None else applies
    parts = whole.parts([1 if each else None for each in does])
    return _smallest([Fraction(*part) for part in parts])


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


def most_points(measures: Sequence[Measure], groups: Sequence[Group], combine: Combine) -> Fraction:
    """More than these no score can be: what the best of them gives, or in a sum all together.

    >>> from cslib.bands import Band
    >>> seats, roles = (
    ...     Measure(name=name, value=name, bands=(Band(points=points),))
    ...     for name, points in (("seats", 60), ("roles", 90))
    ... )
    >>> [most_points((seats, roles), (), combine) for combine in (Combine.MEAN, Combine.SUM)]
    [Fraction(90, 1), Fraction(150, 1)]
    """
    inside = [Fraction(_most(each)) for each in measures]
    inside += [most_points(each.measures, each.groups, each.combine) for each in groups]
    weighed = zip(map(Fraction, weights_of(measures, groups)), inside, strict=True)
    counted = [(weight, most) for weight, most in weighed if weight]
    if combine is Combine.SUM:
        return sum((weight * most for weight, most in counted), Fraction(0))
    return max((most for _, most in counted), default=Fraction(0))


def _most(measure: Measure) -> int:
    """The most points that a measure can count as, those for the unknown included."""
    assumed = 0 if isinstance(measure.missing, Missing) else measure.missing
    return max(assumed, *(scale.best for scale in measure.scales))


def inner_groups(
    groups: Iterable[Group], around: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Group]]:
    """All groups of a tree, each before those in it, with the groups that it stands in.

    >>> list(inner_groups(()))
    []
    """
    for group in groups:
        yield around, group
        yield from inner_groups(group.groups, (*around, group.name))


# --------------------------------------------------------------------------------------
# In whole numbers

Ratio: TypeAlias = tuple[int, int]
"""A numerator and a denominator above 0, not always in lowest terms."""


@attrs.frozen(kw_only=True)
class Tree:
    """A tree that is made ready: :func:`made_of` for one account after another.

    Attributes:
        combine: How what stands side by side is taken together.
        weights: Whole weights, of the measures first.
        own: The sum of those of its measures.
        start: The place of its first measure among all measures of the scorecard.
        stop: The place behind its last.
        groups: The groups in it.

    >>> from cslib.bands import Band
    >>> seats, roles = (
    ...     Measure(name=name, value=name, weight=weight, bands=(Band(points=100),))
    ...     for name, weight in (("seats", 2), ("roles", 1))
    ... )
    >>> tree = tree_of((seats, roles), (), Combine.MEAN)
    >>> tree.score([50, 80]), tree.score([50, None]), tree.score([None, None])
    ((180, 3), (100, 2), None)
    >>> list(tree.parts([50, 80]))
    [(2, 3), (1, 3)]
    """

    combine: Combine
    weights: tuple[int, ...]
    own: int
    start: int
    stop: int
    groups: tuple[Tree, ...] = ()

    def score(self, worths: Sequence[int | None]) -> Ratio | None:
        """What it comes to, given the points of all measures; None where nothing counts."""
        if self.combine is Combine.MEAN:
            return self._mean(worths)
        inside = self._counted(self._inside(worths)).values()
        if not inside:
            return None
        common = math.lcm(*(over for _, (_, over) in inside))
        whole = [(weight, points * (common // over)) for weight, (points, over) in inside]
        match self.combine:
            case Combine.WORST:
                return min(points for _, points in whole), common
            case Combine.BEST:
                return max(points for _, points in whole), common
        return sum(weight * points for weight, points in whole), common

    def parts(self, worths: Sequence[int | None], of: Ratio = (1, 1)) -> Iterator[Ratio]:
        """For each measure in it, how much of the score's points one of its points makes."""
        factors = self._factors(self._inside(worths))
        made, over = of
        scaled = [(factor * made, whole * over) for factor, whole in factors]
        width = self.stop - self.start
        yield from scaled[:width]
        for group, share in zip(self.groups, scaled[width:], strict=True):
            yield from group.parts(worths, share)

    @property
    def places(self) -> range:
        """The places of all measures in it and in its groups, which stand one after the other."""
        last = self
        while last.groups:
            last = last.groups[-1]
        return range(self.start, last.stop)

    @property
    def inner(self) -> Iterator[Tree]:
        """The groups in it and in these, each before those in it."""
        for group in self.groups:
            yield group
            yield from group.inner

    def shares(self, worths: Sequence[int | None], of: Ratio = (1, 1)) -> Iterator[Ratio]:
        """For each of these groups, how much of the score's points one of its points makes."""
        made, over = of
        factors = self._factors(self._inside(worths))[self.stop - self.start :]
        for group, (factor, whole) in zip(self.groups, factors, strict=True):
            share = factor * made, whole * over
            yield share
            yield from group.shares(worths, share)

    def _mean(self, worths: Sequence[int | None]) -> Ratio | None:
        """The usual way: a running sum of weighted points, and of the weights that count."""
        own: Sequence[Any] = worths[self.start : self.stop]
        if None not in own:
            total, weight = sum(map(operator.mul, self.weights, own)), self.own
        else:
            counted = [
                (w, each) for w, each in zip(self.weights, own, strict=False) if each is not None
            ]
            total = sum([w * each for w, each in counted])
            weight = sum([w for w, _ in counted])
        if not self.groups:
            return (total, weight) if weight else None
        common = 1
        for group, heavy in zip(self.groups, self.weights[len(own) :], strict=True):
            inside = group.score(worths) if heavy else None
            if inside is not None:
                points, over = inside
                total, common = total * over + heavy * points * common, common * over
                weight += heavy
        if not weight:
            return None
        divisor = math.gcd(total, common)
        return total // divisor, common // divisor * weight

    def _inside(self, worths: Sequence[int | None]) -> list[Ratio | None]:
        """The points of what stands side by side in it."""
        own = worths[self.start : self.stop]
        inside: list[Ratio | None] = [None if worth is None else (worth, 1) for worth in own]
        return inside + [group.score(worths) for group in self.groups]

    def _counted(self, inside: Iterable[Ratio | None]) -> dict[int, tuple[int, Ratio]]:
        """By its place, the weight and the points of all that counts."""
        weighed = enumerate(zip(self.weights, inside, strict=True))
        return {
            place: (weight, points)
            for place, (weight, points) in weighed
            if weight and points is not None
        }

    def _factors(self, inside: Sequence[Ratio | None]) -> list[Ratio]:
        if self.combine in (Combine.MEAN, Combine.SUM):
            pairs = zip(self.weights, inside, strict=True)
            counting = [0 if points is None else weight for weight, points in pairs]
            over = sum(counting) if self.combine is Combine.MEAN else 1
            return [(weight, over or 1) for weight in counting]
        factors: list[Ratio] = [(0, 1)] * len(inside)
        counted = self._counted(inside)
        if counted:
            take = min if self.combine is Combine.WORST else max
            factors[take(counted, key=lambda place: Fraction(*counted[place][1]))] = (1, 1)
        return factors


def tree_of(
    measures: Sequence[Measure], groups: Sequence[Group], combine: Combine, start: int = 0
) -> Tree:
    """Measures and groups side by side as a tree that is ready.

    Args:
        measures: The measures.
        groups: The groups.
        combine: How they are taken together.
        start: The place of the first measure among those of the scorecard.

    >>> tree_of((), (), Combine.SUM).score([]) is None
    True
    """
    stop = place = start + len(measures)
    inside = []
    for group in groups:
        inside.append(tree_of(group.measures, group.groups, group.combine, place))
        place += len(list(paths(group.measures, group.groups)))
    weights = combined_weights(combine, weights_of(measures, groups))
    return Tree(
        combine=combine,
        weights=weights,
        own=sum(weights[: len(measures)]),
        start=start,
        stop=stop,
        groups=tuple(inside),
    )


def cover_of(measures: Sequence[Measure], groups: Sequence[Group]) -> Tree:
    """The tree of what is known: its score is the coverage.

    Give 1 for a measure that is known, 0 for one that is not, None for one that does not apply to
    the account. It is a mean all the way down, whatever the way to combine.

    >>> from cslib.bands import Band
    >>> seats, roles = (
    ...     Measure(name=name, value=name, weight=weight, bands=(Band(points=100),))
    ...     for name, weight in (("seats", 2), ("roles", 1))
    ... )
    >>> cover = cover_of((seats, roles), ())
    >>> cover.score([1, 0]), cover.score([1, None]), cover.score([None, None])
    ((2, 3), (2, 2), None)
    """
    return tree_of(measures, tuple(map(averaged, groups)), Combine.MEAN)


def averaged(group: Group) -> Group:
    """The group as a mean, and each group in it.

    >>> from cslib.bands import Band
    >>> seats = Measure(name="seats", value="seats", bands=(Band(points=100),))
    >>> averaged(Group(name="use", measures=(seats,), combine="worst")).combine
    <Combine.MEAN: 'mean'>
    """
    inside = tuple(map(averaged, group.groups))
    return attrs.evolve(group, groups=inside, combine=Combine.MEAN)
