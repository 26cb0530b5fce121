"""Comparisons: why an account's score and tier are other than before.

A part of :mod:`cslib.health`. :func:`compare` shares the difference of two scores out over measures
and causes, exactly: a value changed, something came to be known or was lost, another measure came
or went so that this one weighs more, the scorecard was rewritten. What was made by what cannot
always be told; then the cause is *unclear*, and no number is made up.

With :math:`w` the part of the score that one point of a measure makes, :math:`p` its points,
:math:`s` the score, and a prime for after, what a measure did is

.. math:: (w' - w)(p - s) + w'(p' - p),

by its weight and by its points. Weights are held against the score before, so that weight which
moves to a measure no better than the whole changes nothing (Brinson and Fachler, *Measuring
Non-U.S. Equity Portfolio Performance*, 1985). The joint term goes with the points (on which see
Kitagawa, *Components of a Difference Between Two Rates*, 1955), so that nothing is left over. Where
the parts do not add up to what they did, as in a sum, weights are held against 0.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

import attrs

from cslib.assessments import Assessment
from cslib.contributions import Contribution, hundredths
from cslib.errors import CslibError
from cslib.faults import brief, shown
from cslib.tiers import UNKNOWN, Tier, stable_tier

__all__ = ["Cause", "Comparison", "ComparisonError", "Effect", "Turn", "compare"]


class Cause(enum.StrEnum):
    """Why a measure makes more or less of the score."""

    VALUE = "value"
    """Its value changed."""
    NORM = "norm"
    """Another norm is for the account, whether or not its value changed too."""
    KNOWLEDGE = "knowledge"
    """It came to be known, or is missing or too old now, so that it counts otherwise."""
    APPLICABILITY = "applicability"
    """It applies to the account now and did not, or does no longer."""
    WEIGHT = "weight"
    """It weighs otherwise, since others came to count or ceased to, or another decides a group."""
    DEFINITION = "definition"
    """The scorecard was rewritten; what was found of it is the same."""
    UNCLEAR = "unclear"
    """The scorecard was rewritten, and what was found changed as well."""


class Turn(enum.StrEnum):
    """What changed of all that makes a tier."""

    OVERRIDE = "override"
    """One began, ended or was replaced."""
    CAP = "cap"
    """One came or went, and held the tier down."""
    DEFINITION = "definition"
    """The model's tier changed, and so did the scorecard."""
    KNOWLEDGE = "knowledge"
    """There is a score, or none any longer."""
    HYSTERESIS = "hysteresis"
    """The model's tier is not what the score alone would have made it."""
    SCORE = "score"
    """The score came to another tier; where no tiers are given, with hysteresis or without."""


@attrs.define
class ComparisonError(CslibError, ValueError):
    """Two assessments that cannot be compared so.

    Attributes:
        argument: The argument at fault.
        problem: What was given, what was expected and the way out.

    >>> print(ComparisonError("before", "is of 2026-07-01, later than the other"))
    before: is of 2026-07-01, later than the other
    """

    argument: str
    problem: str

    def __str__(self) -> str:
        return f"{self.argument}: {self.problem}"


@attrs.frozen(kw_only=True)
class Effect:
    """What one measure did to the score, by one cause.

    Attributes:
        measure: Its name.
        cause: Why.
        exact: How many points of the score; those of all effects add up to the difference.
        share: The same as shown; these add up to the difference of the scores as shown.
        before: What was found of it before; None where the scorecard had no such measure.
        after: What was found of it after; None where the scorecard has no such measure.
    """

    measure: str
    cause: Cause
    exact: Fraction
    share: Decimal = Decimal(0)
    before: Contribution | None
    after: Contribution | None

    def __str__(self) -> str:
        return f"{self.measure}: {self.share:+} by {self.cause}{self._what}"

    @property
    def _what(self) -> str:
        one, other = self.before, self.after
        if one is None or other is None:
            return ", new" if one is None else ", no more"
        if self.cause is Cause.WEIGHT:
            return f", {_percent(one.part)} to {_percent(other.part)} of the score"
        if self.cause is Cause.NORM:
            return f", {one.norm or 'none'} to {other.norm or 'none'}"
        told = (_told(one), _told(other))
        return "" if told[0] == told[1] else f", {told[0]} to {told[1]}"


def _percent(part: Fraction) -> str:
    return f"{round(part * 100)} %"


def _told(found: Contribution) -> str:
    """What was found of a measure, in a word or two."""
    if not found.is_known:
        return found.status.value.replace("_", " ")
    value = found.value
    shown = str(round(value, 6) if isinstance(value, float) else value).removesuffix(".0")
    return f"{shown} ({found.label})" if found.label not in ("", shown) else shown


@attrs.frozen(kw_only=True)
class Comparison:
    """Two assessments of one account, and what lies between them.

    Attributes:
        before: The one.
        after: The other.
        effects: What each measure did to the score, in the order of the scorecard after; none where
            one of the two has no score.
        turned_by: What changed of all that makes the tier, the last word first; empty where the
            tier is the same.
        is_held: Whether the model's tier after is not what the score alone would give; None where
            the tiers were not given, or there is no score.
    """

    before: Assessment
    after: Assessment
    effects: tuple[Effect, ...] = ()
    turned_by: tuple[Turn, ...] = ()
    is_held: bool | None = None

    @property
    def difference(self) -> Fraction | None:
        """How much more the score is than before; None where one of the two is unknown."""
        if self.before.score is None or self.after.score is None:
            return None
        return self.after.score - self.before.score

    @property
    def shown(self) -> Decimal | None:
        """The difference of the two scores as they are shown."""
        if self.before.score is None or self.after.score is None:
            return None
        return hundredths(_hundredths(self.before.score, self.after.score))

    @property
    def by_cause(self) -> dict[Cause, Fraction]:
        """The difference by cause, all measures together; those without an effect left out."""
        total: dict[Cause, Fraction] = {}
        for each in self.effects:
            total[each.cause] = total.get(each.cause, Fraction(0)) + each.exact
        return total

    @property
    def found_out(self) -> tuple[str, ...]:
        """The measures that are known now, and were not."""
        return _known_of(self.after, self.before)

    @property
    def lost(self) -> tuple[str, ...]:
        """The measures that were known, and are not now."""
        return _known_of(self.before, self.after)

    def explain(self) -> str:
        """The comparison in words: the tiers, the scores, and each effect."""
        return "\n".join([self._tiers, *(f"  {line}" for line in self._lines)])

    def __str__(self) -> str:
        return f"{self._tiers}, {next(self._lines)}"

    __repr__ = brief

    @property
    def _tiers(self) -> str:
        before, after = self.before, self.after
        if before.tier == after.tier:
            held = ", kept by hysteresis: the score alone gives another" if self.is_held else ""
            return f"{after.tier} as before{held}"
        by = f", by {' and '.join(self.turned_by)}" if self.turned_by else ""
        return f"{before.tier} to {after.tier}{by}"

    @property
    def _lines(self) -> Iterator[str]:
        shown = ["no score" if each is None else f"{each} points" for each in self._scores]
        yield f"{shown[0]} to {shown[1]}" + ("" if self.shown is None else f": {self.shown:+}")
        yield from map(str, self.effects)
        if self.difference is None:
            yield from (f"{name}: known now" for name in self.found_out)
            yield from (f"{name}: not known any longer" for name in self.lost)

    @property
    def _scores(self) -> tuple[Decimal | None, Decimal | None]:
        return self.before.shown, self.after.shown


def _known_of(these: Assessment, others: Assessment) -> tuple[str, ...]:
    """What is known of these and is to be found out of the others."""
    settled = {each.measure for each in others.contributions if each.is_known or not each.applies}
    found = (each.measure for each in these.contributions if each.is_known)
    return tuple(name for name in found if name not in settled)


def compare(before: Assessment, after: Assessment, *, tiers: Sequence[Tier] = ()) -> Comparison:
    """What lies between two assessments of one account.

    Where the scorecard was rewritten in between, what was found and how it is judged may both have
    changed. To tell them apart, assess the facts of before by the scorecard of after, and compare
    in two steps: the differences add up.

    Args:
        before: The one.
        after: The other, of the same day or later.
        tiers: The tiers of the scorecard after, to tell hysteresis from the score.

    Raises:
        ComparisonError: If ``before`` is dated later than ``after``, or the tiers are not those
            that ``after`` was judged by.

    >>> from cslib.bands import Band
    >>> from cslib.health import Scorecard
    >>> from cslib.measures import Measure
    >>> seats, roles = (
    ...     Measure(name=name, value=name, bands=(Band(points=40, below=3), Band(points=90)))
    ...     for name in ("seats", "roles")
    ... )
    >>> tiers = (Tier(name="green", at_least=75), Tier(name="red", at_least=0))
    >>> card = Scorecard(name="use", measures=(seats, roles), tiers=tiers)
    >>> one, other = card.assess({"seats": 2, "roles": 2}), card.assess({"seats": 2, "roles": 5})
    >>> print(compare(one, other, tiers=tiers).explain())
    red as before
      40.00 points to 65.00 points: +25.00
      roles: +25.00 by value, 2 to 5
    """
    _check(before, after, tiers)
    return Comparison(
        before=before,
        after=after,
        effects=_shared(before, after, tuple(_effects(before, after))),
        turned_by=tuple(_turns(before, after, tiers)) if before.tier != after.tier else (),
        is_held=_is_held(after, tiers),
    )


def _check(before: Assessment, after: Assessment, tiers: Sequence[Tier]) -> None:
    for name, given in (("before", before), ("after", after)):
        if not isinstance(given, Assessment):
            raise ComparisonError(name, f"is {shown(given)}: expected an Assessment")
    if before.as_of is not None and after.as_of is not None and before.as_of > after.as_of:
        problem = f"is of {before.as_of}, later than `after`, which is of {after.as_of}"
        raise ComparisonError("before", problem)
    parts = tiers if isinstance(tiers, Sequence) else [tiers]
    wrong = [each for each in parts if not isinstance(each, Tier)]
    if wrong:
        problem = f"hold {shown(wrong[0])}: expected Tier parts, as in `tiers` of the scorecard"
        raise ComparisonError("tiers", problem)
    names = [each.name for each in tiers]
    if tiers and after.model_tier not in (UNKNOWN, *names):
        problem = f"have no {after.model_tier!r}: give those of the scorecard of `after`"
        raise ComparisonError("tiers", problem)


# --------------------------------------------------------------------------------------
# The score


def _effects(before: Assessment, after: Assessment) -> Iterator[Effect]:
    """What each measure did, those that did nothing left out."""
    if before.score is None or after.score is None:
        return
    ones = {each.measure: each for each in before.contributions}
    others = {each.measure: each for each in after.contributions}
    base = before.score if _whole(before) == _whole(after) else Fraction(0)
    same_definition = before.definition == after.definition
    same_count = _counting(before) == _counting(after)
    for name in [*others, *(name for name in ones if name not in others)]:
        one, other = ones.get(name), others.get(name)
        for is_weight, exact in _terms(one, other, base):
            if exact:
                if same_definition:
                    cause = Cause.WEIGHT if is_weight else _cause(one, other)
                else:
                    is_clear = same_count if is_weight else _is_same(one, other)
                    cause = Cause.DEFINITION if is_clear else Cause.UNCLEAR
                yield Effect(measure=name, cause=cause, exact=exact, before=one, after=other)


def _whole(found: Assessment) -> Fraction:
    return sum((each.part for each in found.contributions), Fraction(0))


def _counting(found: Assessment) -> set[str]:
    return {each.measure for each in found.contributions if each.points is not None}


def _terms(
    one: Contribution | None, other: Contribution | None, base: Fraction
) -> Iterator[tuple[bool, Fraction]]:
    """What a measure did by its weight (True) and by its points (False)."""
    was = None if one is None or one.points is None else (one.part, Fraction(one.points))
    now = None if other is None or other.points is None else (other.part, Fraction(other.points))
    if was is not None and now is not None:
        yield True, (now[0] - was[0]) * (was[1] - base)
        yield False, now[0] * (now[1] - was[1])
    elif now is not None:
        yield False, now[0] * (now[1] - base)
    elif was is not None:
        yield False, -was[0] * (was[1] - base)


def _cause(one: Contribution | None, other: Contribution | None) -> Cause:
    """Why its points changed, by one scorecard."""
    if one is not None and other is not None and one.applies != other.applies:
        return Cause.APPLICABILITY
    if one is None or other is None or not (one.is_known and other.is_known):
        return Cause.KNOWLEDGE
    return Cause.VALUE if one.norm == other.norm else Cause.NORM


def _is_same(one: Contribution | None, other: Contribution | None) -> bool:
    """Whether what was found is the same, as far as two scorecards both ask for it."""
    if one is None or other is None:
        return True
    asked = ("value", "status", "norm")
    return all(getattr(one, name) == getattr(other, name) for name in asked)


def _shared(
    before: Assessment, after: Assessment, effects: tuple[Effect, ...]
) -> tuple[Effect, ...]:
    """The effects with their shares as shown, by largest remainder.

    Two scores as shown are each up to half a hundredth off, so that what is left to share out may
    be less than nothing, or more than one for each: then all give or take one first.
    """
    if before.score is None or after.score is None or not effects:
        return effects
    floors = [each.exact * 100 // 1 for each in effects]
    by_remainder = sorted(range(len(effects)), key=lambda at: floors[at] - effects[at].exact * 100)
    each, some = divmod(_hundredths(before.score, after.score) - sum(floors), len(effects))
    first = set(by_remainder[:some])
    return tuple(
        attrs.evolve(effect, share=hundredths(floor + each + (at in first)))
        for at, (effect, floor) in enumerate(zip(effects, floors, strict=True))
    )


def _hundredths(before: Fraction, after: Fraction) -> int:
    """How many hundredths lie between two scores as they are shown."""
    return round(after * 100) - round(before * 100)


# --------------------------------------------------------------------------------------
# The tier


def _turns(before: Assessment, after: Assessment, tiers: Sequence[Tier]) -> Iterator[Turn]:
    if before.override != after.override:
        yield Turn.OVERRIDE
    if after.override is not None:
        return  # it decides alone
    if before.caps != after.caps and (_is_capped(before) or _is_capped(after)):
        yield Turn.CAP
    if before.model_tier != after.model_tier:
        yield from _model_turns(before, after, tiers)


def _is_capped(found: Assessment) -> bool:
    return found.override is None and found.tier != found.model_tier


def _model_turns(before: Assessment, after: Assessment, tiers: Sequence[Tier]) -> Iterator[Turn]:
    if before.definition != after.definition:
        yield Turn.DEFINITION
    elif UNKNOWN in (before.model_tier, after.model_tier):
        yield Turn.KNOWLEDGE
    else:
        moved = not tiers or _plain(before, tiers) != _plain(after, tiers)
        if not moved or _is_held(after, tiers):
            yield Turn.HYSTERESIS
        if moved:
            yield Turn.SCORE


def _is_held(found: Assessment, tiers: Sequence[Tier]) -> bool | None:
    plain = _plain(found, tiers)
    return None if plain is None else plain != found.model_tier


def _plain(found: Assessment, tiers: Sequence[Tier]) -> str | None:
    """The tier that the score alone gives."""
    if found.score is None or not tiers:
        return None
    cuts = [Fraction(each.at_least) for each in tiers]
    return tiers[stable_tier(found.score, cuts, None, None)].name
