"""Scorecards on columns: the scores and tiers of a whole book, equal to those of each record.

A part of :mod:`cslib.health`; :meth:`cslib.health.Scorecard.assess_columns` is the way in. Points
are whole numbers on a grid (their greatest common divisor; thousandths where a scale has anchors),
weights whole numbers inside each group, and what a tree of measures and groups comes to is a ratio
of two whole numbers. How large these can become is known before a row is read: arrays have the
smallest type that holds them, and where 64 bits do not, Python's own numbers, which are slow and
right. A score is rounded once, when it becomes a double; tiers compare whole numbers.

A block is read once: each measure is added up and forgotten before the next is read, so that what
the processor keeps at hand is columns and not what was made of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import attrs
import numpy as np

from cslib import moments
from cslib.assessments import Assessments, Carried, check_previous, counts_before
from cslib.bands import GRID
from cslib.blocks import Array, Mask
from cslib.columns import Answer, Blocks, ColumnsError, blocks_of
from cslib.expressions import MAX_NUMBER
from cslib.measurecolumns import MeasureBlocks, Worth, check_rows, counts_unknown
from cslib.measures import Combine, Group, Measure, Missing, weights_of
from cslib.scalecolumns import narrowest
from cslib.scoring import averaged, combined_weights, nominal
from cslib.tiers import Hysteresis

__all__ = ["assess_columns"]


def assess_columns(
    card: Any, columns: Mapping[str, Any], as_of: object, previous: Assessments | None
) -> Assessments:
    """The health of every account of a book.

    Args:
        card: The scorecard, a :class:`cslib.health.Scorecard`.
        columns: Names to arrays.
        as_of: Today.
        previous: The last assessments of the same accounts, in the same order.

    Raises:
        FactError, AsOfError, ColumnsError, PreviousError: As
            :meth:`cslib.health.Scorecard.assess_columns`, which is the way in.
    """
    book = _Book(card, columns, as_of, previous)
    with np.errstate(all="ignore"):
        for rows in blocks_of(book.rows):
            book.assess(rows)
    return book.answer()


# --------------------------------------------------------------------------------------
# Ratios of whole numbers


class _Ratio:
    """Ratios of whole numbers, one for each row; 0 over 0 where nothing counts."""

    __slots__ = ("over", "upper")

    def __init__(self, upper: Any, over: Any) -> None:
        self.upper = upper
        self.over = over


@attrs.frozen
class _Most:
    """The largest numbers that can come up: in a ratio, and on the way to it."""

    upper: int
    over: int
    peak: int


_Part: TypeAlias = "int | _Tree"
"""A measure, by its place among all, or a group."""

_WorthOf: TypeAlias = Callable[[int], Worth]
"""What the measure at a place is worth in a block, its points times its weight: asked once."""


@attrs.frozen
class _Tree:
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

    def most(self, points: Sequence[int]) -> _Most:
        """The largest numbers that it takes, by the most points of each measure."""
        inside = [
            (_Most(points[part], 1, points[part]) if isinstance(part, int) else part.most(points))
            for part, _ in self.parts
        ]
        peak = max(each.peak for each in inside)
        if self.combine in (Combine.WORST, Combine.BEST):
            upper, over = max(m.upper for m in inside), max(m.over for m in inside)
            return _Most(upper, over, max(peak, upper * over))
        common = math.prod(each.over for each in inside)
        pairs = zip(inside, self.parts, strict=True)
        upper = sum(weight * each.upper * (common // each.over) for each, (_, weight) in pairs)
        weight = sum(weight for _, weight in self.parts)
        over = common * weight if self.combine is Combine.MEAN else common
        return _Most(upper, over, max(peak, upper, common * weight))

    def ratio(self, worth_of: _WorthOf, rows: int, dtype: np.dtype[Any]) -> _Ratio:
        """What it comes to in a block of rows."""
        if self.combine in (Combine.WORST, Combine.BEST):
            return self._outermost(worth_of, rows, dtype)
        return self._added(worth_of, rows, dtype)

    def _added(self, worth_of: _WorthOf, rows: int, dtype: np.dtype[Any]) -> _Ratio:
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
                weights += _times(worth.counted, weight, weights.dtype)
                continue
            inner = part.ratio(worth_of, rows, dtype)
            counted = inner.over > 0
            over = inner.over + ~counted  # 1 where nothing counts
            added = inner.upper * weight
            upper = upper * over + (added if common is None else added * common)
            common = over if common is None else common * over
            weights += _times(counted, weight, weights.dtype)
        over = (weights > 0 if self.combine is Combine.SUM else weights).astype(dtype)
        return _Ratio(upper, over if common is None else over * common)

    def _outermost(self, worth_of: _WorthOf, rows: int, dtype: np.dtype[Any]) -> _Ratio:
        """The least or the greatest that counts."""
        upper, over = np.zeros(rows, dtype), np.zeros(rows, dtype)
        for part, _ in self.parts:
            if isinstance(part, int):
                worth = worth_of(part)
                inner = _Ratio(_times(worth.points, 1, dtype), _times(worth.counted, 1, dtype))
            else:
                inner = part.ratio(worth_of, rows, dtype)
            here, there = inner.upper * over, upper * inner.over
            beyond = here < there if self.combine is Combine.WORST else here > there
            taken = (inner.over > 0) & ((over == 0) | beyond)
            upper = np.where(taken, inner.upper, upper)
            over = np.where(taken, inner.over, over)
        return _Ratio(upper, over)


def _tree(
    measures: Sequence[Measure], groups: Sequence[Group], combine: Combine, places: Iterator[int]
) -> _Tree:
    """The tree of a scorecard, its measures by their places in the order of its leaves."""
    parts: list[_Part] = [next(places) for _ in measures]
    parts += [_tree(each.measures, each.groups, each.combine, places) for each in groups]
    weights = combined_weights(combine, weights_of(measures, groups))
    return _Tree(combine, tuple(pair for pair in zip(parts, weights, strict=True) if pair[1]))


def _times(array: Any, weight: int, dtype: np.dtype[Any]) -> Any:
    """Small numbers or flags times a weight, in a type that holds the product."""
    if dtype.hasobject:
        return np.asarray(array).astype(dtype) * weight
    if weight == 1:
        return array
    if dtype.itemsize == 1:  # of flags, whose bytes are 0 and 1
        return np.asarray(array).view(dtype) * dtype.type(weight)
    return np.asarray(array).astype(dtype) * dtype.type(weight)


def _divide(ratio: _Ratio, step: Fraction, most: _Most, answer: Array) -> None:
    """Write down ratios of steps as the doubles nearest to their points; NaN for 0 over 0."""
    times, parts = step.numerator, step.denominator
    is_exact = max(most.upper * times, most.over * parts) <= MAX_NUMBER
    if is_exact and not ratio.upper.dtype.hasobject:
        answer[:] = ratio.upper
        answer *= times
        over = ratio.over if parts == 1 else ratio.over.astype(np.float64) * parts
        np.divide(answer, over, out=answer)
        return
    pairs = zip(ratio.upper.tolist(), ratio.over.tolist(), strict=True)
    answer[:] = [upper * times / (over * parts) if over else math.nan for upper, over in pairs]


# --------------------------------------------------------------------------------------
# The scorecard as whole numbers


@attrs.frozen(eq=False)
class _Plan:
    """A scorecard as whole numbers.

    Attributes:
        step: How many points a step of the grid is.
        tree: Its measures and groups.
        most: The largest numbers of its ratios.
        dtype: The type that holds all that come up, the comparisons with cut-offs included.
        cuts: The lowest score of each tier but the last, in steps of the grid.
        rise: How far a cut-off moves for entering a tier, in steps.
        fall: How far it moves for leaving it.
        weights: What the coverage is counted by, for each measure.
        weight: Their sum.
        least: How much of it has to be known for a score.
        is_flat: Whether the weight that counts is the weight that is known.
        unweighed: The places of the measures that do nothing to the score.
        cover: What the coverage comes to; None where all measures apply to every account.
        shares: The weight of each measure in that tree, inside its group.
        floor: The least coverage for a score.
    """

    step: Fraction
    tree: _Tree
    most: _Most
    dtype: np.dtype[Any]
    cuts: tuple[Fraction, ...]
    rise: Fraction
    fall: Fraction
    weights: tuple[int, ...]
    weight: int
    least: int
    is_flat: bool
    unweighed: tuple[int, ...]
    cover: _Tree | None
    shares: Mapping[int, int]
    floor: Fraction

    @property
    def weight_dtype(self) -> np.dtype[Any]:
        """The type that holds the whole weight, and its comparison with the floor."""
        if self.cover is None:
            return narrowest(self.weight)
        most = self.cover.most([1] * len(self.weights))
        return narrowest(max(most.peak, most.over * self.floor.denominator))


def _plan(card: Any) -> _Plan:
    leaves = card.leaves
    step = _step(leaves)
    tree = _tree(card.measures, card.groups, card.combine, iter(range(len(leaves))))
    most = tree.most([int(_best(measure) / step) for measure in leaves])
    cuts = tuple(Fraction(tier.at_least) / step for tier in card.tiers[:-1])
    margins = card.hysteresis or Hysteresis()
    rise, fall = Fraction(margins.rise) / step, -Fraction(margins.fall) / step
    moved = {cut + margin for cut in (*cuts, Fraction(0)) for margin in (Fraction(0), rise, fall)}
    compared = [max(most.upper, 1) * each.denominator for each in moved]
    compared += [most.over * abs(each.numerator) for each in moved]
    weights = nominal(card.measures, card.groups)
    weight = sum(weights)
    cover = _cover(card) if any(each.when is not None for each in leaves) else None
    return _Plan(
        step,
        tree,
        most,
        _wide_enough(max(most.peak, *compared)),
        cuts,
        rise,
        fall,
        weights,
        weight,
        max(1, math.ceil(Fraction(card.floor) * weight)),
        not card.groups and card.combine is Combine.MEAN and not any(map(counts_unknown, leaves)),
        tuple(sorted(set(range(len(leaves))).difference(dict(tree.factors())))),
        cover,
        {} if cover is None else dict(cover.factors()),
        Fraction(card.floor),
    )


def _cover(card: Any) -> _Tree:
    """The tree of what is known, whose score is the coverage (:func:`cslib.scoring.cover_of`)."""
    groups = tuple(map(averaged, card.groups))
    return _tree(card.measures, groups, Combine.MEAN, iter(range(len(card.leaves))))


def _step(measures: Iterable[Measure]) -> Fraction:
    """The points that all others are whole multiples of, so that they are small numbers."""
    points: list[int] = []
    for measure in measures:
        for scale in measure.scales:
            if scale.anchors:
                return Fraction(1, GRID)
            points += [band.points for band in scale.bands]
        if not isinstance(measure.missing, Missing):
            points.append(measure.missing)
    return Fraction(math.gcd(*points) or 1)


def _wide_enough(largest: int) -> np.dtype[Any]:
    """The type for sums of small numbers up to one; never so small that it slows them down."""
    return narrowest(max(largest, 2**15 - 1))


def _best(measure: Measure) -> int:
    """The most points that it can come to, those for the unknown included."""
    assumed = 0 if isinstance(measure.missing, Missing) else measure.missing
    return max(assumed, *(scale.best for scale in measure.scales))


# --------------------------------------------------------------------------------------
# The book


class _Book:
    """The columns that are assessed, and the answers as far as they are made."""

    def __init__(
        self, card: Any, columns: Mapping[str, Any], as_of: object, previous: Assessments | None
    ) -> None:
        self.card = card
        self.today = None if as_of is None else moments.utc_day(as_of, "as_of")
        check_previous(previous, self.today, Assessments)
        self.plan = _plan(card)
        alike = previous if previous and previous.definition == card.fingerprint else None
        carried = {} if alike is None else alike.carried
        factors = dict(self.plan.tree.factors())
        self.measures = [
            MeasureBlocks(
                each, columns, as_of, carried.get(each.name), factors.get(place, 1) / self.plan.step
            )
            for place, each in enumerate(card.leaves)
        ]
        self.beside = [each.when.blocks(columns, as_of=as_of) for each in card.indicators]
        self.rows = _rows(self.measures, dict(zip(self._named, self.beside, strict=True)))
        check_rows(previous, self.rows)
        counts = counts_before(previous, self.today, card.fingerprint, card.hysteresis)
        self.previous = previous if counts else None
        self._make_room()

    def _make_room(self) -> None:
        rows, tier = self.rows, narrowest(len(self.card.tiers))
        self.score = np.empty(rows, np.float64)
        self.known_weight = np.empty(rows, self.plan.weight_dtype)
        self.weight = None if self.plan.cover is None else np.empty(rows, self.plan.weight_dtype)
        self.model = np.empty(rows, tier)
        self.tier = np.empty(rows, tier) if self.card.caps else self.model
        self.since = None if self.previous is None else np.empty(rows, "datetime64[D]")
        self.caps = {cap: np.zeros(rows, bool) for cap in self.card.caps}
        self.holds = [Answer(rows) for _ in self.beside]
        places = {measure.name: place for place, measure in enumerate(self.card.leaves)}
        self.capping = {cap: places[cap.measure] for cap in self.card.caps}
        self.keepers = [place for place, each in enumerate(self.measures) if each.keeps]
        self.watched = {*self.capping.values(), *self.keepers}
        self.values = [Answer(rows) for _ in self.keepers]
        self.known_on = [np.empty(rows, "datetime64[D]") for _ in self.keepers]

    def assess(self, rows: slice) -> None:
        """Assess the accounts in some rows."""
        for blocks, answer in zip(self.beside, self.holds, strict=True):
            answer.put(rows, blocks.read(rows))  # first, since the measures read most of it again
        plan, block = self.plan, _Block(self, rows)
        ratio = plan.tree.ratio(block.worth_of, rows.stop - rows.start, plan.dtype)
        for place in plan.unweighed:
            block.worth_of(place)
        scored = block.allowed & self._known_enough(ratio, block, rows)
        places = self._places(ratio, rows)
        if not scored.all():
            ratio = _Ratio(ratio.upper * scored, ratio.over * scored)
            places = (places + 1) * scored - 1
        _divide(ratio, plan.step, plan.most, self.score[rows])
        self.model[rows] = places
        if self.since is not None:
            self.since[rows] = np.where(scored, self.since[rows], np.datetime64("NaT", "D"))
        self._cap(rows, block, scored)
        self._keep(rows, block)

    @property
    def _named(self) -> list[str]:
        return [each.name for each in self.card.indicators]

    def _known_enough(self, ratio: _Ratio, block: _Block, rows: slice) -> Mask:
        """Where enough is known for a score, noting how much that is."""
        plan = self.plan
        if plan.cover is None:
            known = ratio.over if plan.is_flat else block.known_weight
            self.known_weight[rows] = known
            return known >= plan.least
        assert self.weight is not None  # noqa: S101 - there is room where some may not apply
        cover = plan.cover.ratio(block.cover_of, rows.stop - rows.start, plan.weight_dtype)
        self.known_weight[rows], self.weight[rows] = cover.upper, cover.over
        enough = cover.upper * plan.floor.denominator >= cover.over * plan.floor.numerator
        return (cover.upper > 0) & enough

    # The tier

    def _places(self, ratio: _Ratio, rows: slice) -> Array:
        """The places of the tiers that the scores give."""
        if self.previous is None:
            reached = self._reached(ratio, self.plan.cuts)
            return sum((~each for each in reached), np.zeros(1, self.model.dtype))
        return self._steadied(ratio, rows, self.previous)

    def _reached(self, ratio: _Ratio, cuts: Iterable[Fraction]) -> list[Array]:
        """Where the score is at a cut-off or above it, for each."""
        return [ratio.upper * cut.denominator >= ratio.over * cut.numerator for cut in cuts]

    def _steadied(self, ratio: _Ratio, rows: slice, previous: Assessments) -> Array:
        """The tiers by :func:`cslib.tiers.stable_tier` and the dwell, noting since when."""
        assert self.since is not None and self.today is not None  # noqa: S101, PT018
        before = previous.model_places[rows]
        cuts = (*self.plan.cuts, Fraction(0))
        rise, fall = self.plan.rise, self.plan.fall
        plain = self._reached(ratio, cuts)
        to_enter = self._reached(ratio, [cut + rise for cut in cuts])
        to_stay = self._reached(ratio, [cut + fall for cut in cuts])
        places = np.zeros(len(before), self.model.dtype)
        for place in reversed(range(len(cuts))):
            moved = np.where(place < before, to_enter[place], to_stay[place])
            reached = np.where(before < 0, plain[place], moved)
            places = np.where(reached, self.model.dtype.type(place), places)
        return self._dwelling(places, before, previous, rows)

    def _dwelling(self, places: Array, before: Array, previous: Assessments, rows: slice) -> Array:
        """The tiers before where they have not lasted long enough, and since when each lasts."""
        assert self.since is not None and self.today is not None  # noqa: S101, PT018
        today = np.datetime64(self.today, "D")
        since = np.full(len(before), previous.as_of, "datetime64[D]")
        if previous.since is not None:
            since = previous.since[rows]
        dwell = 0 if self.card.hysteresis is None else self.card.hysteresis.dwell
        stays = (before >= 0) & ((places == before) | (today - since < np.timedelta64(dwell, "D")))
        self.since[rows] = np.where(stays, since, today)
        return np.where(stays, before, places)

    def _cap(self, rows: slice, block: _Block, scored: Mask) -> None:
        if not self.caps:
            return
        names = [tier.name for tier in self.card.tiers]
        places = self.model[rows]
        for cap, mask in self.caps.items():
            at = self.capping[cap]
            mask[rows] = holds = scored & self.measures[at].labelled(block.found[at], cap.label)
            least = np.where(holds, places.dtype.type(names.index(cap.tier)), -1)
            places = np.maximum(places, least.astype(places.dtype))
        self.tier[rows] = places

    def _keep(self, rows: slice, block: _Block) -> None:
        """What the next assessment may carry."""
        for keeper, values, known_on in zip(self.keepers, self.values, self.known_on, strict=True):
            found = block.found[keeper]
            values.put(rows, found.values)
            day = np.where(block.known[keeper], found.known_on, np.datetime64("NaT", "D"))
            known_on[rows] = day

    def answer(self) -> Assessments:
        """The answers."""
        kept = zip(self.keepers, self.values, self.known_on, strict=True)
        return Assessments(
            tiers=tuple(tier.name for tier in self.card.tiers),
            tier_places=self.tier,
            model_places=self.model,
            score=self.score,
            known_weight=self.known_weight,
            weight=self.plan.weight if self.weight is None else self.weight,
            since=self.since,
            caps=self.caps,
            indicators={
                name: holds.column() for name, holds in zip(self._named, self.holds, strict=True)
            },
            carried={
                self.measures[place].measure.name: Carried(
                    values=values.column().value, known_on=days
                )
                for place, values, days in kept
            },
            as_of=self.today,
            definition=self.card.fingerprint,
        )


class _Block:
    """Some accounts as they are assessed, one measure after the other.

    Attributes:
        known_weight: The weight known of the measures so far; not counted where it is the tree's.
        allowed: Where none of them forbids a score.
        asked: What is known of each, and where it applies, for the coverage's own tree.
        found: What was found of those that caps look at or that keep their values, by their place.
        known: Where the weight of these is known.
    """

    def __init__(self, book: _Book, rows: slice) -> None:
        self.book = book
        self.rows = rows
        self.known_weight: Array = np.zeros(rows.stop - rows.start, book.plan.weight_dtype)
        self.allowed: Mask = np.True_
        self.asked: dict[int, tuple[Mask, Mask]] = {}
        self.found: dict[int, Any] = {}
        self.known: dict[int, Mask] = {}

    def worth_of(self, place: int) -> Worth:
        """What the measure at a place is worth; it is asked once."""
        plan, given = self.book.plan, self.book.measures[place]
        found = given.find(self.rows)
        worth = given.worth(found)
        if plan.cover is not None:
            self.asked[place] = worth.known, ~worth.out
        elif not plan.is_flat:
            self.known_weight += _times(worth.known, plan.weights[place], plan.weight_dtype)
        if given.measure.missing is Missing.UNKNOWN:
            self.allowed = self.allowed & (worth.known | worth.out)
        if place in self.book.watched:
            self.found[place], self.known[place] = found, worth.known
        return worth

    def cover_of(self, place: int) -> Worth:
        """What the measure at a place counts as in the coverage: its weight, where it is known."""
        plan = self.book.plan
        known, applies = self.asked[place]
        return Worth(_times(known, plan.shares[place], plan.weight_dtype), applies, known)


def _rows(measures: Sequence[MeasureBlocks], beside: Mapping[str, Blocks]) -> int:
    """How many rows there are."""
    first, rows = measures[0].measure.name, measures[0].rows
    parts = [(f"{each.measure.name!r}", each.rows) for each in measures]
    parts += [(f"indicator {name!r}", blocks.rows) for name, blocks in beside.items()]
    for name, length in parts:
        if length != rows:
            differ = f"{first!r} reads {rows} rows, but {name} {length}"
            raise ColumnsError(f"columns must be equally long: measure {differ}")
    return rows
