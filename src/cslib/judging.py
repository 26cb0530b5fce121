"""Judging one account: what a scorecard finds of each measure, at once and without evidence.

A part of :mod:`cslib.health`. A :class:`Judge` is a scorecard's measures made ready: all rules are
one compiled function, and the bands of a measure that has nothing but bands are part of it. What is
found is plain tuples and whole numbers. :class:`cslib.evidence.Evidence` turns them into the exact
score, the coverage and the contributions when somebody asks.

Every rule of the scorecard is asked before anything is judged: of each measure the value, whether
it applies, the age and the conditions of its norms, then the indicators. So an error in a fact does
not depend on which norm came first.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import attrs

from cslib.assessments import Assessment
from cslib.bands import GRID, Band, Scale, off_grid
from cslib.compiling import Choice, ReadAll
from cslib.contributions import Contribution, Status
from cslib.expressions import Value
from cslib.measures import Combine, Group, Measure, Missing, leaves
from cslib.rules import Rule, read_together
from cslib.scoring import Ratio, Tree, cover_of, inner_groups, nominal, paths, tree_of
from cslib.tiers import Indicator

__all__ = ["Finding", "Judge", "Told", "judge_of", "known_of", "shown_of", "worth"]

_MOST_FRACTIONS = 1_024
"""Kept for the next account: with so many, ten measures of any weights need no more."""

_MOST_CASES = 50
"""Bands beyond this are looked up and not compiled: Python's parser nests them."""


class Told(NamedTuple):
    """What is to be shown of a value that is not simply today's.

    Attributes:
        value: The value, which may be carried from before.
        age: How many days old it is.
        is_aged: Whether it is older than asked for, though not too old to count.
        known_on: The day that it dates from.
    """

    value: Value
    age: float | None
    is_aged: bool
    known_on: dt.date | None


class Finding(NamedTuple):
    """What was found of one measure, and what it is worth by its policy.

    Attributes:
        worth: The points that count, in thousandths; None where none do.
        known: Its weight in the coverage, where it counts as known; else 0.
        made: These points times its weight in the coverage; 0 where none count.
        status: What was found.
        best: The most points that the scale can give.
        label: The label of the band.
        norm: The name of the norm that gave the points.
        forbids: Whether there is no score because of it.
        told: What to show; None: the value as it was read.
        shown: Fields of the contribution that are the same for every account, where the measure is
            nothing but bands.
        applies: Whether the scorecard asks for it of this account, as far as that is known.
    """

    worth: int | None
    known: int
    made: int
    status: Status
    best: int
    label: str = ""
    norm: str = ""
    forbids: bool = False
    told: Told | None = None
    shown: Mapping[str, Any] | None = None
    applies: bool = True

    @property
    def is_known(self) -> bool:
        """Whether it counts as known, whatever its weight."""
        return self.status in (Status.KNOWN, Status.CARRIED)


worth = operator.itemgetter(0)
"""The points of a finding that count: read for every measure of every account."""

_SUMS = ("known", "made")
"""What is added up of all findings: all that the mean of a flat scorecard asks for."""

Found: TypeAlias = tuple[tuple[Value, ...], Sequence[Finding], tuple[int, ...], tuple[Value, ...]]
"""The measures' values, what was found of each, the sums of that, and what the indicators say."""


@attrs.frozen(kw_only=True, eq=False)
class Judge:
    """A scorecard's measures, made ready for one account after another.

    Attributes:
        measures: All measures, in the scorecard's order.
        paths: The groups that each stands in.
        weights: What the coverage is counted by, where all measures apply.
        nominal: The same, as shares of the whole.
        whole: The sum of these.
        tree: What the points come to.
        cover: What the coverage comes to.
        is_whole: Whether all measures apply to every account.
        read: All rules, as one function.
        starts: For each measure, the place of its value among the rules.
        inner: All groups, with the groups that each stands in.
        shown: The place of the first indicator.
        careful: The measures that are more than bands, by their place.
        may_forbid: Whether there is a measure without which there is no score.
        is_bare: Whether there is nothing but bands, and nothing beside the score.
        is_flat: Whether the score is the mean of the measures that are known, by weight.
        fraction: A fraction of two whole numbers; few make up the parts of most accounts.
    """

    measures: tuple[Measure, ...]
    paths: tuple[tuple[str, ...], ...]
    weights: tuple[int, ...]
    nominal: tuple[Fraction, ...]
    whole: int
    tree: Tree
    cover: Tree
    is_whole: bool
    inner: tuple[tuple[tuple[str, ...], Group], ...]
    read: ReadAll
    starts: tuple[int, ...]
    shown: int
    careful: tuple[int, ...]
    may_forbid: bool
    is_bare: bool
    is_flat: bool
    fraction: Callable[[int, int], Fraction]

    def find(
        self, account: object, as_of: object, today: dt.date | None, previous: Assessment | None
    ) -> Found:
        """What was found of all measures, and what the indicators say.

        Raises:
            FactError, AsOfError: As the rules do.
        """
        values, findings, sums = self.read(account, as_of)
        if self.is_bare:
            return values, findings, sums, ()
        said = values[self.shown :]
        if not self.careful:
            return values, findings[: self.shown], sums, said
        judged = [findings[start] for start in self.starts]
        for place in self.careful:
            start, measure = self.starts[place], self.measures[place]
            read = values[start : start + _width(measure)]
            weight = self.weights[place]
            judged[place] = _judged(measure, weight, read, today, previous)
        sums = tuple(sum(getattr(each, name) for each in judged) for name in _SUMS)
        return tuple(values[start] for start in self.starts), judged, sums, said

    def covered(self, findings: Sequence[Finding], known: int) -> Ratio:
        """The weight that is known, and the whole weight, of the measures that apply."""
        if self.is_whole:
            return known, self.whole
        return self.cover.score(known_of(findings)) or (0, 1)

    def score(self, findings: Sequence[Finding], known: int, made: int) -> Ratio | None:
        """What the points come to, in thousandths, where some weight is known."""
        return (made, known) if self.is_flat else self.tree.score(list(map(worth, findings)))


def known_of(findings: Sequence[Finding]) -> list[int | None]:
    """1 for each measure that is known, 0 for one that is not, None for one that does not apply."""
    return [int(each.is_known) if each.applies else None for each in findings]


def judge_of(
    measures: Sequence[Measure],
    groups: Sequence[Group],
    combine: Combine,
    indicators: Sequence[Indicator],
) -> Judge:
    """The measures, groups and indicators of a scorecard, made ready.

    >>> measure = Measure(name="seats", value="seats", bands=(Band(points=90, at_least=5),))
    >>> judge = judge_of((measure,), (), Combine.MEAN, ())
    >>> values, (finding,), sums, _ = judge.find({"seats": 7}, None, None, None)
    >>> values, finding.worth, finding.status, sums
    ((7.0,), 90000, <Status.KNOWN: 'known'>, (1, 90000))
    """
    every, weights = tuple(leaves(measures, groups)), nominal(measures, groups)
    places = tuple(paths(measures, groups))
    assumes = any(_assumed(measure, None) is not None for measure in every)
    asked: list[tuple[Rule, Choice | None]] = []
    starts = []
    for measure, around, weight in zip(every, places, weights, strict=True):
        starts.append(len(asked))
        asked += _rules(measure, around, weight)
    shown = len(asked)
    careful = tuple(place for place, start in enumerate(starts) if asked[start][1] is None)
    return Judge(
        measures=every,
        paths=places,
        weights=weights,
        nominal=tuple(Fraction(weight, sum(weights)) for weight in weights),
        whole=sum(weights),
        tree=tree_of(measures, groups, combine),
        cover=cover_of(measures, groups),
        is_whole=all(each.when is None for each in every),
        inner=tuple(inner_groups(groups)),
        read=read_together([*asked, *((each.when, None) for each in indicators)], _SUMS),
        starts=tuple(starts),
        shown=shown,
        careful=careful,
        may_forbid=any(measure.missing is Missing.UNKNOWN for measure in every),
        is_bare=not careful and not indicators,
        is_flat=combine is Combine.MEAN and not groups and not assumes,
        fraction=functools.lru_cache(_MOST_FRACTIONS)(Fraction),
    )


# --------------------------------------------------------------------------------------
# A measure that is nothing but bands: all that can be found is known beforehand


def _rules(
    measure: Measure, around: tuple[str, ...], weight: int
) -> Iterator[tuple[Rule, Choice | None]]:
    is_plain = not (
        measure.norms
        or measure.when is not None
        or measure.anchors
        or measure.age is not None
        or measure.missing is Missing.CARRY
        or len(measure.bands) > _MOST_CASES
    )
    yield measure.value, _choice(measure, around, weight) if is_plain else None
    if measure.when is not None:
        yield measure.when, None
    if measure.age is not None:
        yield measure.age, None
    yield from ((norm.when, None) for norm in measure.norms)


def _width(measure: Measure) -> int:
    """How many rules it has."""
    return 1 + (measure.when is not None) + (measure.age is not None) + len(measure.norms)


def shown_of(measure: Measure, groups: tuple[str, ...], finding: Finding) -> dict[str, Any]:
    """What a contribution shows of a measure and of what was found, whatever the account."""
    return {
        "measure": measure.name,
        "groups": groups,
        "status": finding.status,
        "label": finding.label,
        "norm": finding.norm,
        "points": None if finding.worth is None else off_grid(finding.worth),
        "best": finding.best,
        "weight": measure.weight,
        "missing": measure.missing,
        "age": None,
        "is_aged": False,
        "can_change": measure.can_change,
        "meaning": measure.meaning,
    }


def _choice(measure: Measure, around: tuple[str, ...], weight: int) -> Choice:
    def ready(finding: Finding) -> Finding:
        return finding._replace(shown=shown_of(measure, around, finding))

    return Choice(
        unknown=ready(_finding(measure, weight, Status.MISSING, None)),
        cases=tuple(
            (_tests(band), ready(_in_band(measure, weight, band))) for band in measure.bands
        ),
        otherwise=ready(_finding(measure, weight, Status.NO_BAND, measure)),
    )


_BOUNDS = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<", "equals": "=="}


def _tests(band: Band) -> tuple[tuple[str, Value], ...]:
    bounds = ((sign, getattr(band, name)) for name, sign in _BOUNDS.items())
    return tuple((sign, bound) for sign, bound in bounds if bound is not None)


def _in_band(measure: Measure, weight: int, band: Band) -> Finding:
    return _finding(measure, weight, Status.KNOWN, measure, band.points * GRID, band.label)


def _finding(
    measure: Measure,
    weight: int,
    status: Status,
    scale: Scale | None,
    points: int | None = None,
    label: str = "",
    norm: str = "",
    told: Told | None = None,
) -> Finding:
    """What was found, with the points that the policy assumes where there are none."""
    is_known = points is not None
    counts = points if is_known else _assumed(measure, scale)
    return Finding(
        worth=counts,
        known=weight if is_known else 0,
        made=weight * (counts or 0),
        status=status,
        best=max(each.best for each in measure.scales) if scale is None else scale.best,
        label=label,
        norm=norm,
        forbids=not is_known and measure.missing is Missing.UNKNOWN,
        told=told,
    )


def _assumed(measure: Measure, scale: Scale | None) -> int | None:
    """The points that count where a value does not, in thousandths."""
    if measure.missing is Missing.WORST:
        scales = measure.scales if scale is None else (scale,)
        return GRID * min(each.worst for each in scales)
    return None if isinstance(measure.missing, Missing) else GRID * measure.missing


# --------------------------------------------------------------------------------------
# A measure with norms, anchors, an age, a condition, or a value that is carried


def _judged(
    measure: Measure,
    weight: int,
    read: tuple[Value, ...],
    today: dt.date | None,
    previous: Assessment | None,
) -> Finding:
    value: Any = read[0]
    applies = True if measure.when is None else read[1]
    age: Any = None if measure.age is None else read[_width(measure) - len(measure.norms) - 1]
    if age is not None and math.isinf(age):
        age = None  # that is no number of days
    if applies is False:
        return _out(measure, value, age, today)
    is_stale = _is_over(measure, age, measure.max_age)
    is_aged = value is not None and not is_stale and _is_over(measure, age, measure.warn_age)
    known_on = _known_on(measure, today, age)
    status = _status(value, age, applies, is_stale)
    if status is not Status.KNOWN and measure.missing is Missing.CARRY and today is not None:
        carried = _carried(measure, previous, today)
        if carried is not None and carried.known_on is not None:
            status, value, known_on = Status.CARRIED, carried.value, carried.known_on
            age = (today - known_on).days
    scale, norm, status = _scale(measure, read[len(read) - len(measure.norms) :], status)
    points = None if scale is None else scale.points(value)
    if points is None and status in (Status.KNOWN, Status.CARRIED):
        status = Status.NO_BAND
    told = Told(value, age, is_aged, None if value is None else known_on)
    if points is None:
        return _finding(measure, weight, status, scale, told=told)
    thousandths = int(Fraction(points.points) * GRID)
    return _finding(measure, weight, status, scale, thousandths, points.label, norm, told)


def _status(value: Value, age: Any, applies: object, is_stale: bool) -> Status:
    """What was found of a value, before it is carried or put on a scale."""
    if applies is None:
        return Status.MAY_NOT_APPLY
    if value is None:
        return Status.MISSING
    if age is not None and age < 0:
        return Status.NOT_YET
    return Status.STALE if is_stale else Status.KNOWN


def _out(measure: Measure, value: Value, age: Any, today: dt.date | None) -> Finding:
    """Of a measure that does not apply: only its value is told."""
    told = Told(value, age, False, None if value is None else _known_on(measure, today, age))
    best = max(each.best for each in measure.scales)
    return Finding(None, 0, 0, Status.NOT_APPLICABLE, best, told=told, applies=False)


def _is_over(measure: Measure, age: Any, limit: int | None) -> bool:
    """Whether a value is older than a limit; one of unknown age is."""
    if measure.age is None or limit is None:
        return False
    return age is None or bool(age > limit)


def _known_on(measure: Measure, today: dt.date | None, age: Any) -> dt.date | None:
    """The day that a value dates from; None where its age is unknown or beyond the calendar.

    It is None too where that day is still to come.
    """
    if today is None or measure.age is None:
        return today
    if age is None or not 0 <= age <= (today - dt.date.min).days:
        return None
    return today - dt.timedelta(days=int(age))


def _carried(measure: Measure, previous: Assessment | None, today: dt.date) -> Contribution | None:
    """What was found before, where it was known and is not too old."""
    found = () if previous is None else previous.contributions
    before = next((each for each in found if each.measure == measure.name), None)
    if before is None or not before.is_known or before.known_on is None:
        return None
    assert measure.max_age is not None  # noqa: S101 - a measure that carries has one
    return before if (today - before.known_on).days <= measure.max_age else None


def _scale(
    measure: Measure, holds: Sequence[Value], status: Status
) -> tuple[Scale | None, str, Status]:
    """The scale that applies where a value counts, its name, and what was found so far."""
    if status not in (Status.KNOWN, Status.CARRIED):
        return None, "", status
    for norm, answer in zip(measure.norms, holds, strict=True):
        if answer is None:
            return None, "", Status.NO_NORM
        if answer:
            return norm, norm.name, status
    if len(measure.scales) == len(measure.norms):
        return None, "", Status.NO_NORM
    return measure.scales[-1], "", status
