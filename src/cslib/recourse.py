"""Recourse: the fewest measures that would have to change for an account to reach a tier.

A part of :mod:`cslib.health`. :func:`recourse` asks what this same assessment would have been, had
a few measures been better: all else, norms included, stands as it was found. It works in the space
of measures and not of raw facts: it says "seat use at least 0.6" and not how many people must log
in. Only measures that can change are looked at (:attr:`cslib.measures.Measure.can_change`); one
that is unknown or too old can be found out. One that does not apply to the account stays out, and
so does one of which that is not known: nothing can be promised of it.

The question is that of Ustun, Spangher and Liu, *Actionable Recourse in Linear Classification*
(2019), with fewest measures first and then the smallest rise of the score. A scorecard with groups
is not linear, so subsets of measures are tried by rising size. What that costs is bounded, by
:data:`MOST_CHANGES`, :data:`MOST_TRIED` and :data:`MOST_STEPS`; where not all was tried, the answer
says so.
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

import attrs

from cslib.assessments import Assessment, counts_before
from cslib.bands import GRID, Points, Scale, reaching, steps
from cslib.contributions import Contribution, Status, forbids_a_score, hundredths
from cslib.errors import CslibError, suggestion
from cslib.faults import brief, shown
from cslib.measures import Combine, Group, Measure, weights_of
from cslib.scoring import Worth, combined_weights, made_of, nominal
from cslib.tiers import UNKNOWN, Cap, Hysteresis, Tier, stable_tier

__all__ = [
    "MOST_CHANGES",
    "MOST_STEPS",
    "MOST_TRIED",
    "Change",
    "Recourse",
    "RecourseError",
    "recourse",
]

MOST_CHANGES = 10
"""The most measures that can be asked to change."""

MOST_TRIED = 5_000
"""The most subsets of one size that are tried: all those of 3 among 32 measures, of 2 among 100.

With more, those measures are tried together that alone give most.
"""

MOST_STEPS = 20_000
"""The most ways to change them that are looked at for all subsets of one size.

With more, a subset is brought from its best down to what suffices, one measure after another.
"""


@attrs.define
class RecourseError(CslibError, ValueError):
    """A question about recourse that cannot be asked.

    Attributes:
        argument: The argument at fault.
        problem: What was given, what was expected and the way out.

    >>> print(RecourseError("tier", "no tier 'gren': did you mean 'green'?"))
    tier: no tier 'gren': did you mean 'green'?
    """

    argument: str
    problem: str

    def __str__(self) -> str:
        return f"{self.argument}: {self.problem}"


@attrs.frozen(kw_only=True)
class Change:
    """One measure as it was found, and as it would have to be.

    Attributes:
        found: What was found of it.
        to: The values that do, in words; any of them does, whatever those of the other changes.
        points: The fewest points that they are worth.
        label: The label of the band with these points.
    """

    found: Contribution
    to: str
    points: int | Decimal
    label: str = ""

    @property
    def measure(self) -> str:
        """The name of the measure."""
        return self.found.measure

    def __str__(self) -> str:
        label = f" ({self.label})" if self.label not in ("", self.to) else ""
        return f"{self.measure}: from {_was(self.found)} to {self.to}{label}, {self.points} points"


def _was(found: Contribution) -> str:
    """What was found of a measure, in a few words."""
    value = found.value
    if value is None:
        shown = "unknown"
    else:
        shown = str(round(value, 6) if isinstance(value, float) else value).removesuffix(".0")
        note = found.label if found.is_known else found.status.value.replace("_", " ")
        shown += f" ({note})" if note not in ("", shown) else ""
    return shown if found.points is None else f"{shown}, {found.points} points,"


@attrs.frozen(kw_only=True)
class Recourse:
    """What would bring an account to a tier, or why nothing does.

    Attributes:
        tier: The tier asked for.
        is_reached: Whether the changes reach it, or a better one.
        changes: The measures to change, in the scorecard's order; none where the account is there
            already, and none where it is not reached.
        reached: The tier with the changes; where they do not reach it, that of the assessment.
        score: The exact score with the changes, as for ``reached``.
        obstacles: Why the tier is not reached, in words.
        not_before: The day until which the tier of now lasts at the least, whatever the score.
        is_exhaustive: Whether all was tried. Where not, the changes do reach the tier, but fewer or
            smaller ones may do so too.
    """

    tier: str
    is_reached: bool
    changes: tuple[Change, ...] = ()
    reached: str
    score: Fraction | None
    obstacles: tuple[str, ...] = ()
    not_before: dt.date | None = None
    is_exhaustive: bool = True

    def explain(self) -> str:
        """The recourse in words."""
        return "\n".join([str(self), *(f"  {each}" for each in self._lines)])

    def __str__(self) -> str:
        return f"{self.tier}: {self._summary}"

    __repr__ = brief

    @property
    def _summary(self) -> str:
        if not self.is_reached:
            return "not within reach"
        if not self.changes:
            return "reached as it is"
        number = len(self.changes)
        plural = "s" if number > 1 else ""
        shown = "" if self.score is None else f": {_shown(self.score)} points"
        better = "" if self.reached == self.tier else f", {self.reached}"
        return f"{number} change{plural}{shown}{better}"

    @property
    def _lines(self) -> list[str]:
        lines = [str(each) for each in (*self.changes, *self.obstacles)]
        if self.not_before is not None:
            lines.append(f"not before {self.not_before}, since a tier lasts some days")
        if not self.is_exhaustive:
            lines.append("not all that may change was tried together")
        return lines


class Card(Protocol):
    """What recourse asks of a :class:`cslib.health.Scorecard`."""

    @property
    def measures(self) -> tuple[Measure, ...]: ...
    @property
    def groups(self) -> tuple[Group, ...]: ...
    @property
    def combine(self) -> Combine: ...
    @property
    def tiers(self) -> tuple[Tier, ...]: ...
    @property
    def floor(self) -> Decimal: ...
    @property
    def hysteresis(self) -> Hysteresis | None: ...
    @property
    def caps(self) -> tuple[Cap, ...]: ...
    @property
    def leaves(self) -> tuple[Measure, ...]: ...
    @property
    def fingerprint(self) -> str: ...


def recourse(
    card: Card,
    assessment: Assessment,
    tier: str,
    *,
    most: int = 3,
    previous: Assessment | None = None,
) -> Recourse:
    """The smallest changes in few measures that bring an account to a tier, or a better one.

    Fewest measures first, then the smallest rise of the score, then the scorecard's order, where
    the earlier measures change less. Of several measures on lines between anchors, all but one
    change to the points of an anchor; but none is asked for points that do nothing, as above the
    worst of a group. A cap that is worse than the tier must be left, a measure
    that no score can do without be found out, and the floor of the coverage reached.

    Args:
        card: The scorecard.
        assessment: An assessment by it.
        tier: The name of a tier.
        most: The most measures that may change, 0 to 10.
        previous: The assessment before, for hysteresis: the one that this was made with, or this
            one itself, to ask what the next will say.

    Raises:
        RecourseError: If the assessment was made by another scorecard, there is no such tier,
            ``most`` is no such number, or ``previous`` does not come before.

    >>> from cslib.bands import Band
    >>> from cslib.health import Scorecard
    >>> seats, roles = (
    ...     Measure(name=name, value=name, weight=weight,
    ...             bands=(Band(points=0, below=3), Band(points=50, below=6), Band(points=100)))
    ...     for name, weight in (("seats", 2), ("roles", 1))
    ... )
    >>> card = Scorecard(
    ...     name="use", measures=(seats, roles),
    ...     tiers=(Tier(name="green", at_least=60), Tier(name="red", at_least=0)),
    ... )
    >>> found = card.assess({"seats": 3, "roles": 1})
    >>> print(recourse(card, found, "green").explain())
    green: 1 change: 66.67 points
      seats: from 3, 50 points, to at least 6, 100 points
    """
    _check(card, assessment, tier, most, previous)
    aim = _aim(card, assessment, tier, previous)
    names = [each.name for each in card.tiers]
    if assessment.tier != UNKNOWN and names.index(assessment.tier) <= aim.place:
        return _as_it_is(assessment, tier, is_reached=True)
    given = assessment.override
    if given is not None:
        held = f"set to {given.tier} by {given.author} until {given.until}: {given.reason}"
        return _as_it_is(assessment, tier, held)
    levers = tuple(_levers(card, assessment, aim))
    obstacles = tuple(_obstacles(card, assessment, aim, levers, most))
    if obstacles:
        return _as_it_is(assessment, tier, *obstacles)
    search = _Search(card=card, found=assessment.contributions, aim=aim, levers=levers)
    solution = search.fewest(most)
    if solution is None:
        held = search.short_of(most)
        return _as_it_is(assessment, tier, held, is_exhaustive=search.is_exhaustive)
    return _reached(card, assessment, tier, aim, levers, solution, search.is_exhaustive)


def _as_it_is(
    assessment: Assessment,
    tier: str,
    *obstacles: str,
    is_reached: bool = False,
    is_exhaustive: bool = True,
) -> Recourse:
    return Recourse(
        tier=tier,
        is_reached=is_reached,
        reached=assessment.tier,
        score=assessment.score,
        obstacles=obstacles,
        is_exhaustive=is_exhaustive,
    )


def _check(
    card: Card, assessment: Assessment, tier: str, most: int, previous: Assessment | None
) -> None:
    if not hasattr(card, "fingerprint"):
        raise RecourseError("card", f"is {shown(card)}: expected a Scorecard")
    if not isinstance(assessment, Assessment):
        raise RecourseError("assessment", f"is {shown(assessment)}: expected an Assessment")
    if assessment.definition != card.fingerprint:
        problem = "is by another scorecard: give the one that it was made by"
        raise RecourseError("assessment", problem)
    names = [each.name for each in card.tiers]
    if tier not in names:
        raise RecourseError("tier", f"no tier {tier!r}{suggestion(str(tier), names)}")
    if not isinstance(most, int) or isinstance(most, bool) or not 0 <= most <= MOST_CHANGES:
        problem = f"is {most!r}: expected a whole number, 0 to {MOST_CHANGES}"
        raise RecourseError("most", problem)
    if previous is None:
        return
    if not isinstance(previous, Assessment):
        problem = f"is {shown(previous)}: expected the Assessment before, or None"
        raise RecourseError("previous", problem)
    dates = (previous.as_of, assessment.as_of)
    if dates[0] is None or dates[1] is None:
        raise RecourseError("previous", "comes without a day: make both assessments with as_of")
    if dates[0] > dates[1]:
        problem = f"is of {dates[0]}: expected one dated by {dates[1]}"
        raise RecourseError("previous", problem)


# --------------------------------------------------------------------------------------
# What must be reached


@attrs.frozen(kw_only=True)
class _Aim:
    """What must be reached: a tier, and the score that gives it.

    Attributes:
        place: The place of the tier, best first.
        need: The score from which on the tier is given, margins included.
        before: The place of the tier before, where it counts.
        lasts: Whether that tier lasts on this day, whatever the score.
        not_before: The day until which it lasts, where it is worse than the one asked for.
    """

    place: int
    need: Fraction
    before: int | None
    lasts: bool = False
    not_before: dt.date | None = None


def _aim(card: Card, assessment: Assessment, tier: str, previous: Assessment | None) -> _Aim:
    names = [each.name for each in card.tiers]
    place, margins = names.index(tier), card.hysteresis
    need = Fraction(card.tiers[place].at_least)
    before = _place_before(card, assessment, previous)
    if before is None or margins is None or previous is None:
        return _Aim(place=place, need=need, before=None)
    moved = need + Fraction(margins.rise) if place < before else need - Fraction(margins.fall)
    since, today = previous.model_since, assessment.as_of
    if since is None or today is None or (today - since).days >= margins.dwell:
        return _Aim(place=place, need=moved, before=before)
    if before <= place:
        return _Aim(place=place, need=Fraction(0), before=before, lasts=True)
    ends = since + dt.timedelta(days=margins.dwell)
    return _Aim(place=place, need=moved, before=before, not_before=ends)


def _place_before(card: Card, assessment: Assessment, previous: Assessment | None) -> int | None:
    """The place of the tier before, where there is one that counts for hysteresis."""
    if card.hysteresis is None or previous is None or previous.model_tier == UNKNOWN:
        return None
    if not counts_before(previous, assessment.as_of, card.fingerprint, card.hysteresis):
        return None
    return [each.name for each in card.tiers].index(previous.model_tier)


# --------------------------------------------------------------------------------------
# What can be changed


@attrs.frozen(kw_only=True)
class _Lever:
    """A measure that can change, and to what.

    Attributes:
        place: Its place among the measures.
        scales: The scales of which each may be the account's.
        barred: The labels of bands that cap the account at a worse tier than the one asked for.
        steps: What it can change to, fewest points first; on a line, the points of the anchors.
        line: The points between which it can change to any others too, in thousandths; None: it
            cannot.
        is_forced: Whether the tier is not reached without it.
    """

    place: int
    scales: tuple[Scale, ...]
    barred: frozenset[str]
    steps: tuple[Points, ...]
    line: range | None
    is_forced: bool

    @property
    def size(self) -> int:
        """How many different points it can change to."""
        return len(self.steps if self.line is None else self.line)

    def worth(self, at: int) -> Points:
        """What it can change to, counted from the fewest points."""
        return self.steps[at] if self.line is None else Points(_points(self.line[at]), "")

    def told(self, points: int | Decimal) -> str:
        """The values that are worth some points, in words."""
        told = [" or ".join(reaching(scale, points, self.barred)) for scale in self.scales]
        if len(told) == 1:
            return told[0]
        names = [getattr(scale, "name", "") for scale in self.scales]
        return "; ".join(
            f"{text} by {name}" if name else f"{text} otherwise"
            for text, name in zip(told, names, strict=True)
        )


def _weights(card: Card, found: Sequence[Contribution]) -> tuple[int, ...]:
    """What the coverage of the account is counted by."""
    return nominal(card.measures, card.groups, [each.applies for each in found])


def _levers(card: Card, assessment: Assessment, aim: _Aim) -> Iterator[_Lever]:
    weights = _weights(card, assessment.contributions)
    for place, (measure, found) in enumerate(
        zip(card.leaves, assessment.contributions, strict=True)
    ):
        barred = frozenset(cap.label for cap in _barring(card, aim) if cap.measure == measure.name)
        is_forced = forbids_a_score(found) or (found.is_known and found.label in barred)
        if not measure.can_change or not (weights[place] or is_forced):
            continue
        lever = _lever(place, measure, found, barred, is_forced)
        if lever.steps:
            yield lever


def _barring(card: Card, aim: _Aim) -> list[Cap]:
    """The caps at a worse tier than the one asked for."""
    names = [each.name for each in card.tiers]
    return [cap for cap in card.caps if names.index(cap.tier) > aim.place]


def _lever(
    place: int, measure: Measure, found: Contribution, barred: frozenset[str], is_forced: bool
) -> _Lever:
    scales = tuple(_scales(measure, found))
    more_than = Fraction(-1)  # a value that is known is to get better; any other is found out
    if found.is_known and not is_forced and found.points is not None:
        more_than = Fraction(found.points)
    given = [each for each in _able(scales, barred) if each.points > more_than]
    line = None
    if given and len(scales) == 1 and scales[0].anchors:
        least = max(int(more_than * GRID) + 1, scales[0].worst * GRID)
        line = range(least, scales[0].best * GRID + 1)
    return _Lever(
        place=place,
        scales=scales,
        barred=barred,
        steps=tuple(given),
        line=line,
        is_forced=is_forced,
    )


def _able(scales: Sequence[Scale], barred: frozenset[str]) -> Sequence[Points]:
    """The points that a value can be worth by a scale, whichever of some it is."""
    each_able = [steps(scale, barred) for scale in scales]
    if len(scales) == 1 or not all(each_able):
        return each_able[0] if len(scales) == 1 else ()
    best = [able[-1] for able in each_able]
    return [min(best, key=lambda each: each.points)] if best else ()


def _points(thousandths: int) -> int | Decimal:
    """Thousandths as points, whatever the caller's decimal context."""
    whole, rest = divmod(thousandths, GRID)
    return Decimal(f"{whole}.{rest:03}".rstrip("0")) if rest else whole


def _scales(measure: Measure, found: Contribution) -> Iterator[Scale]:
    """The scale by which it was judged; where that is not known, all that it may be.

    Where no scale of its own stands behind the norms, there may be none for the account, and
    nothing can be said of what a value would be worth.
    """
    has_own = len(measure.scales) > len(measure.norms)
    if found.status in (Status.NOT_APPLICABLE, Status.MAY_NOT_APPLY):
        return
    if found.is_known and found.norm:
        yield from (norm for norm in measure.norms if norm.name == found.norm)
    elif found.is_known:
        yield measure.scales[-1]
    elif has_own:
        yield from measure.scales


def _obstacles(
    card: Card, assessment: Assessment, aim: _Aim, levers: Sequence[_Lever], most: int
) -> Iterator[str]:
    """What stands in the way of the tier, whatever the score."""
    moved = {card.leaves[lever.place].name for lever in levers}
    fixed = [each for each in assessment.contributions if each.measure not in moved]
    labels = {each.measure: each.label for each in fixed if each.is_known}
    for cap in _barring(card, aim):
        if labels.get(cap.measure) == cap.label:
            held = f"{cap.measure} {cap.label}: no better than {cap.tier}"
            yield f"{held}, and it cannot change to what is"
    for each in fixed:
        if forbids_a_score(each):
            yield f"no score without {each.measure}, of which nothing can be found out"
    forced = sum(lever.is_forced for lever in levers)
    if forced > most:
        yield f"{forced} measures must change, more than {most}"


# --------------------------------------------------------------------------------------
# Which changes


@attrs.frozen(kw_only=True)
class _Solution:
    """What to change to, by the places of the measures, and the score."""

    points: Mapping[int, Points]
    score: Fraction


@attrs.define(kw_only=True, slots=False)
class _Search:
    """Subsets of measures, tried by rising size."""

    card: Card
    found: tuple[Contribution, ...]
    aim: _Aim
    levers: tuple[_Lever, ...]
    is_exhaustive: bool = True
    best: Fraction | None = None
    """The most that a subset gives of which enough is known."""

    def __attrs_post_init__(self) -> None:
        worths = iter([None if p.points is None else Fraction(p.points) for p in self.found])
        card = self.card
        self._tree = _Tree(card.measures, card.groups, card.combine, worths, itertools.count())
        self._weights = _weights(card, self.found)
        self._known = sum(
            weight for weight, each in zip(self._weights, self.found, strict=True) if each.is_known
        )
        self._need = self.aim.need
        self._allowance = MOST_STEPS
        self._floor = max(Fraction(card.floor) * sum(self._weights), Fraction(1))

    def fewest(self, most: int) -> _Solution | None:
        """The best of the smallest subsets that reach the tier."""
        least = sum(lever.is_forced for lever in self.levers)
        for number in range(least, min(most, len(self.levers)) + 1):
            solutions = filter(None, map(self._least, self._subsets(number)))
            best = min(solutions, key=lambda each: each.score, default=None)
            if best is not None:
                return self._trimmed(best)
        return None

    def short_of(self, most: int) -> str:
        """Why nothing was found, in words."""
        number = min(most, len(self.levers))
        if self.best is None:
            return f"{_counted(number)} cannot make enough known for a score"
        need = str(float(self.aim.need)).removesuffix(".0")
        most_points = hundredths(self.best * 100 // 1)  # rounded down: it is less than is needed
        return f"{_counted(number)} can make {most_points} points, and {need} are needed"

    def _subsets(self, number: int) -> Iterator[tuple[_Lever, ...]]:
        forced = [lever for lever in self.levers if lever.is_forced]
        others = [lever for lever in self.levers if not lever.is_forced]
        free = number - len(forced)
        if math.comb(len(others), free) > MOST_TRIED:
            self.is_exhaustive = False
            others = self._most_telling(others, free)
        self._allowance = MOST_STEPS // max(1, math.comb(len(others), free))
        for chosen in itertools.combinations(others, free):
            yield tuple(sorted((*forced, *chosen), key=lambda lever: lever.place))

    def _most_telling(self, levers: Iterable[_Lever], free: int) -> list[_Lever]:
        """As many as can be tried; among means, those that alone give most give most together."""
        short = self._known < self._floor

        def rank(lever: _Lever) -> tuple[int, Fraction]:
            found_out = 0 if self.found[lever.place].is_known else self._weights[lever.place]
            score = self._score({lever.place: lever.steps[-1]})
            return (found_out if short else 0), (Fraction(0) if score is None else score)

        number = free
        while math.comb(number + 1, free) <= MOST_TRIED:
            number += 1
        ranked = sorted(levers, key=rank, reverse=True)
        return sorted(ranked[:number], key=lambda lever: lever.place)

    def _least(self, chosen: Sequence[_Lever]) -> _Solution | None:
        """The smallest changes of some measures that reach the tier."""
        known = self._known + sum(
            self._weights[lever.place] for lever in chosen if not self.found[lever.place].is_known
        )
        top = self._score({lever.place: lever.steps[-1] for lever in chosen})
        if top is None or known < self._floor:
            return None
        self.best = top if self.best is None else max(self.best, top)
        if top < self._need:
            return None
        if not chosen:
            return self._solution({})
        tuned = [lever for lever in chosen if lever.line is not None] or [chosen[-1]]
        ways = math.prod(len(lever.steps) for lever in chosen)
        if sum(ways // len(lever.steps) for lever in tuned) > self._allowance:
            self.is_exhaustive = False
            return self._lowered(chosen)
        solutions = itertools.chain.from_iterable(self._tuned(chosen, each) for each in tuned)
        return min(solutions, key=lambda each: each.score)

    def _tuned(self, chosen: Sequence[_Lever], last: _Lever) -> Iterator[_Solution]:
        """The others at each of their steps, and the last as little as then reaches the tier."""
        others = [lever for lever in chosen if lever is not last]
        for points in itertools.product(*(lever.steps for lever in others)):
            fixed = {lever.place: each for lever, each in zip(others, points, strict=True)}
            at = self._enough(fixed, last, self._need)
            if at < last.size:
                yield self._solution({**fixed, last.place: last.worth(at)})

    def _lowered(self, chosen: Sequence[_Lever]) -> _Solution:
        """All at their best, and then one after another no better than still reaches the tier."""
        points = {lever.place: lever.steps[-1] for lever in chosen}
        for lever in chosen:
            points[lever.place] = lever.worth(self._enough(points, lever, self._need))
        return self._solution(points)

    def _trimmed(self, solution: _Solution) -> _Solution:
        """Without points that do nothing, as above the worst of a group."""
        points = dict(solution.points)
        for lever in self.levers:
            if lever.place in points:
                points[lever.place] = lever.worth(self._enough(points, lever, solution.score))
        return self._solution(points)

    def _enough(self, fixed: Mapping[int, Points], lever: _Lever, need: Fraction) -> int:
        """How far a measure must change for a score; its size where it cannot change so far."""

        def score(at: int) -> Fraction:
            return self._solution({**fixed, lever.place: lever.worth(at)}).score

        if lever.line is not None:  # the score is mostly as straight as the line: a guess first
            last = lever.size - 1
            low, high = score(0), score(last)
            if low < need <= high:
                guess = math.ceil((need - low) / (high - low) * last)
                if score(guess - 1) < need <= score(guess):
                    return guess
        return bisect.bisect_left(range(lever.size), need, key=score)

    def _solution(self, points: Mapping[int, Points]) -> _Solution:
        score = self._score(points)
        assert score is not None  # noqa: S101 - a score is asked for where something counts
        return _Solution(points=points, score=score)

    def _score(self, changed: Mapping[int, Points]) -> Worth:
        return self._tree.worth({at: Fraction(each.points) for at, each in changed.items()})


class _Tree:
    """A scorecard's tree, worked out so far that a change in few measures is quick.

    It says what :func:`cslib.scoring.made_of` does, at a cost that does not grow with the number of
    measures that stay as they are.
    """

    def __init__(
        self,
        measures: Sequence[Measure],
        groups: Sequence[Group],
        combine: Combine,
        worths: Iterator[Worth],
        places: Iterator[int],
    ) -> None:
        self._combine = combine
        self._weights = combined_weights(combine, weights_of(measures, groups))
        self._route = {next(places): at for at in range(len(measures))}
        self._worths = [next(worths) for _ in measures]
        self._groups: dict[int, _Tree] = {}
        for at, group in enumerate(groups, len(measures)):
            inside = _Tree(group.measures, group.groups, group.combine, worths, places)
            self._groups[at] = inside
            self._route.update(dict.fromkeys(inside._route, at))
            self._worths.append(inside.worth({}))
        counted = [
            (each, at)
            for at, each in enumerate(self._worths)
            if each is not None and self._weights[at]
        ]
        self._sum = sum((self._weights[at] * each for each, at in counted), Fraction(0))
        self._over = sum(self._weights[at] for _, at in counted)
        self._ranked = sorted(counted, reverse=combine is Combine.BEST)

    def worth(self, changed: Mapping[int, Fraction]) -> Worth:
        """Its points with other points for some measures."""
        beside: dict[int, dict[int, Fraction]] = {}
        for place, points in changed.items():
            beside.setdefault(self._route[place], {})[place] = points
        inside: dict[int, Worth] = {
            at: self._groups[at].worth(each) if at in self._groups else next(iter(each.values()))
            for at, each in beside.items()
            if self._weights[at]
        }
        if self._combine in (Combine.MEAN, Combine.SUM):
            return self._added(inside)
        kept = next((each for each, at in self._ranked if at not in inside), None)
        counted = [each for each in (kept, *inside.values()) if each is not None]
        if not counted:
            return None
        return min(counted) if self._combine is Combine.WORST else max(counted)

    def _added(self, inside: Mapping[int, Worth]) -> Worth:
        total, over = self._sum, self._over
        for at, new in inside.items():
            old, weight = self._worths[at], self._weights[at]
            if old is not None:
                total, over = total - weight * old, over - weight
            if new is not None:
                total, over = total + weight * new, over + weight
        if not over:
            return None
        return total / over if self._combine is Combine.MEAN else total


# --------------------------------------------------------------------------------------
# The answer


def _reached(
    card: Card,
    assessment: Assessment,
    tier: str,
    aim: _Aim,
    levers: Collection[_Lever],
    solution: _Solution,
    is_exhaustive: bool,
) -> Recourse:
    found = assessment.contributions
    chosen = [lever for lever in levers if lever.place in solution.points]
    changes = tuple(
        Change(
            found=found[lever.place],
            to=lever.told(solution.points[lever.place].points),
            points=solution.points[lever.place].points,
            label=solution.points[lever.place].label,
        )
        for lever in chosen
    )
    worths = {at: each.points for at, each in enumerate(found)}
    worths |= {at: each.points for at, each in solution.points.items()}
    points = (None if each is None else Fraction(each) for each in worths.values())
    score = made_of(card.measures, card.groups, card.combine, points).points
    return Recourse(
        tier=tier,
        is_reached=True,
        changes=changes,
        reached=_tier_reached(card, found, aim, solution),
        score=score,
        not_before=aim.not_before,
        is_exhaustive=is_exhaustive,
    )


def _tier_reached(card: Card, found: Sequence[Contribution], aim: _Aim, solution: _Solution) -> str:
    """The tier of the model with the changes, or the worst that a cap asks for."""
    names = [each.name for each in card.tiers]
    cuts = [Fraction(each.at_least) for each in card.tiers]
    model = stable_tier(solution.score, cuts, aim.before, card.hysteresis)
    if aim.lasts and aim.before is not None:
        model = aim.before
    labels = {each.measure: each.label for each in found if each.is_known}
    labels |= {found[at].measure: each.label for at, each in solution.points.items()}
    caps = [names.index(cap.tier) for cap in card.caps if labels.get(cap.measure) == cap.label]
    return names[max(model, *caps)] if caps else names[model]


def _shown(score: Fraction) -> Decimal:
    """A score to two decimals, half to even."""
    return hundredths(round(score * 100))


def _counted(number: int) -> str:
    return "a change of 1 measure" if number == 1 else f"changes of {number} measures"
