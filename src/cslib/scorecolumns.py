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
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import attrs
import numpy as np

from cslib import moments
from cslib.assessmentcolumns import Assessments, Carried
from cslib.assessments import check_previous, counts_before
from cslib.bands import GRID
from cslib.blocks import Array, Mask
from cslib.columns import Answer, Blocks, ColumnsError, blocks_of
from cslib.expressions import MAX_NUMBER
from cslib.measurecolumns import MeasureBlocks, Worth, check_rows, counts_unknown
from cslib.measures import Combine, Measure, Missing
from cslib.scalecolumns import narrowest
from cslib.scoring import averaged, nominal
from cslib.tiers import Hysteresis
from cslib.treecolumns import Most, Ratios, TreeColumns, times, tree_columns

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
# The scorecard as whole numbers


def _divide(ratio: Ratios, step: Fraction, most: Most, answer: Array) -> None:
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
    tree: TreeColumns
    most: Most
    dtype: np.dtype[Any]
    cuts: tuple[Fraction, ...]
    rise: Fraction
    fall: Fraction
    weights: tuple[int, ...]
    weight: int
    least: int
    is_flat: bool
    unweighed: tuple[int, ...]
    cover: TreeColumns | None
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
    tree = tree_columns(card.measures, card.groups, card.combine, iter(range(len(leaves))))
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


def _cover(card: Any) -> TreeColumns:
    """The tree of what is known, whose score is the coverage (:func:`cslib.scoring.cover_of`)."""
    groups = tuple(map(averaged, card.groups))
    return tree_columns(card.measures, groups, Combine.MEAN, iter(range(len(card.leaves))))


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
            ratio = Ratios(ratio.upper * scored, ratio.over * scored)
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

    def _known_enough(self, ratio: Ratios, block: _Block, rows: slice) -> Mask:
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

    def _places(self, ratio: Ratios, rows: slice) -> Array:
        """The places of the tiers that the scores give."""
        if self.previous is None:
            reached = self._reached(ratio, self.plan.cuts)
            return sum((~each for each in reached), np.zeros(1, self.model.dtype))
        return self._steadied(ratio, rows, self.previous)

    def _reached(self, ratio: Ratios, cuts: Iterable[Fraction]) -> list[Array]:
        """Where the score is at a cut-off or above it, for each."""
        return [ratio.upper * cut.denominator >= ratio.over * cut.numerator for cut in cuts]

    def _steadied(self, ratio: Ratios, rows: slice, previous: Assessments) -> Array:
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
            self.known_weight += times(worth.known, plan.weights[place], plan.weight_dtype)
        if given.measure.missing is Missing.UNKNOWN:
            self.allowed = self.allowed & (worth.known | worth.out)
        if place in self.book.watched:
            self.found[place], self.known[place] = found, worth.known
        return worth

    def cover_of(self, place: int) -> Worth:
        """What the measure at a place counts as in the coverage: its weight, where it is known."""
        plan = self.book.plan
        known, applies = self.asked[place]
        return Worth(times(known, plan.shares[place], plan.weight_dtype), applies, known)


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
