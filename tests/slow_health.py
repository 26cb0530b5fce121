"""One assessment made plainly: each rule asked by itself, all evidence at once, with fractions.

It is what :meth:`cslib.health.Scorecard.assess` is held to, and is written for reading: nothing is
made ready, nothing is left for later, and the tree is that of :func:`cslib.scoring.made_of`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from cslib.assessments import Assessment
from cslib.bands import Band, Scale
from cslib.contributions import Contribution, GroupScore, Status, forbids_a_score
from cslib.health import UNKNOWN, Combine, Group, Measure, Missing, Override, Scorecard
from cslib.money import allocate
from cslib.scoring import made_of, nominal, paths
from cslib.tiers import stable_tier

COUNTS = (Status.KNOWN, Status.CARRIED)


def assess(
    card: Scorecard,
    account: object,
    as_of: dt.date | None = None,
    previous: Assessment | None = None,
    override: Override | None = None,
) -> Assessment:
    answers = [answered(each, account, as_of) for each in card.leaves]
    indicators = tuple((each.name, each.when(account, as_of=as_of)) for each in card.indicators)
    alike = previous is not None and previous.definition == card.fingerprint
    before = {each.measure: each for each in previous.contributions} if alike else {}  # type: ignore[union-attr]
    found = placed(
        card,
        [
            contribution(measure, answer, as_of, before.get(measure.name))
            for measure, answer in zip(card.leaves, answers, strict=True)
        ],
    )
    coverage = coverage_of(card, found)
    is_dark = not coverage or coverage < Fraction(card.floor) or any(map(forbids_a_score, found))
    score = None if is_dark else sum((part.exact for part in found), Fraction(0))
    shared = found if score is None else with_shares(found, score)
    model_tier, since = model(card, score, as_of, previous)
    labels = {each.measure: each.label for each in found if each.is_known}
    held = [cap for cap in card.caps if labels.get(cap.measure) == cap.label]
    caps = () if score is None else tuple(held)
    acting = override if override is not None and as_of and override.holds(as_of) else None
    return Assessment(
        tier=capped(card, model_tier, [cap.tier for cap in caps])
        if acting is None
        else acting.tier,
        score=score,
        coverage=coverage,
        floor=card.floor,
        contributions=shared,
        groups=tuple(groups_of(card.measures, card.groups, card.combine, shared)),
        model_tier=model_tier,
        model_since=since,
        caps=caps,
        override=acting,
        indicators=indicators,
        as_of=as_of,
        definition=card.fingerprint,
    )


# What was found


def answered(measure: Measure, account: object, as_of: object) -> tuple[Any, Any, Any, list[Any]]:
    """Its value, whether it applies, its age and its norms, each by a rule of its own."""
    value = measure.value(account, as_of=as_of)
    applies = True if measure.when is None else measure.when(account, as_of=as_of)
    age = None if measure.age is None else measure.age(account, as_of=as_of)
    age = None if age is not None and math.isinf(age) else age
    return value, applies, age, [norm.when(account, as_of=as_of) for norm in measure.norms]


def known_since(measure: Measure, today: dt.date | None, age: Any) -> dt.date | None:
    if today is None or measure.age is None:
        return today
    if age is None or age < 0 or age > (today - dt.date.min).days:
        return None
    return today - dt.timedelta(days=int(age))


def contribution(
    measure: Measure,
    answer: tuple[Any, Any, Any, list[Any]],
    today: dt.date | None,
    before: Contribution | None,
) -> Contribution:
    value, applies, age, holds = answer
    is_stale = is_over(measure, age, measure.max_age)
    known_on = known_since(measure, today, age)
    is_aged = value is not None and not is_stale and is_over(measure, age, measure.warn_age)
    status = Status.MISSING if value is None else Status.STALE if is_stale else Status.KNOWN
    if value is not None and age is not None and age < 0:
        status = Status.NOT_YET
    status = Status.MAY_NOT_APPLY if applies is None else status
    if status is not Status.KNOWN and measure.missing is Missing.CARRY and today is not None:
        lasts = measure.max_age or 0
        can = before is not None and before.is_known and before.known_on is not None
        if can and (today - before.known_on).days <= lasts:  # type: ignore[union-attr, operator]
            status, value, known_on = Status.CARRIED, before.value, before.known_on  # type: ignore[union-attr]
            age = (today - known_on).days  # type: ignore[operator]
    scale, name, status = scale_of(measure, holds, status)
    if applies is False:  # it is as if the scorecard did not have it
        scale, status, value, is_aged = None, Status.NOT_APPLICABLE, answer[0], False
        age, known_on = answer[2], known_since(measure, today, answer[2])
    worth = None if scale is None else scale.points(value)
    if worth is None and status in COUNTS:
        status = Status.NO_BAND
    points = assumed(measure, scale) if worth is None else worth.points
    if applies is False:
        points = None
    return Contribution(
        measure=measure.name,
        value=value,
        status=status,
        label="" if worth is None else worth.label,
        norm=name if worth is not None else "",
        points=points,
        best=max(each.best for each in measure.scales) if scale is None else scale.best,
        weight=measure.weight,
        missing=measure.missing,
        age=age,
        is_aged=is_aged,
        known_on=None if value is None else known_on,
        can_change=measure.can_change,
        meaning=measure.meaning,
    )


def is_over(measure: Measure, age: Any, limit: int | None) -> bool:
    if measure.age is None or limit is None:
        return False
    return age is None or bool(age > limit)


def scale_of(
    measure: Measure, holds: list[Any], status: Status
) -> tuple[Scale | None, str, Status]:
    if status not in COUNTS:
        return None, "", status
    for norm, answer in zip(measure.norms, holds, strict=True):
        if answer is None:
            return None, "", Status.NO_NORM
        if answer:
            return norm, norm.name, status
    if len(measure.scales) > len(measure.norms):
        return measure.scales[-1], "", status
    return None, "", Status.NO_NORM


def assumed(measure: Measure, scale: Scale | None) -> int | None:
    if measure.missing is Missing.WORST:
        return min(each.worst for each in (measure.scales if scale is None else (scale,)))
    return None if isinstance(measure.missing, Missing) else measure.missing


# What it comes to


def placed(card: Scorecard, found: list[Contribution]) -> tuple[Contribution, ...]:
    worths = (None if each.points is None else Fraction(each.points) for each in found)
    parts = made_of(card.measures, card.groups, card.combine, worths).parts
    around = paths(card.measures, card.groups)
    weights = nominal(card.measures, card.groups, [each.applies for each in found])
    whole = sum(weights) or 1
    return tuple(
        attrs.evolve(each, groups=path, part=part, nominal=Fraction(weight, whole))
        for each, path, part, weight in zip(found, around, parts, weights, strict=True)
    )


def coverage_of(card: Scorecard, found: tuple[Contribution, ...]) -> Fraction:
    weights = nominal(card.measures, card.groups, [each.applies for each in found])
    known = sum(w for each, w in zip(found, weights, strict=True) if each.is_known)
    return Fraction(known, sum(weights) or 1)


def with_shares(found: tuple[Contribution, ...], score: Fraction) -> tuple[Contribution, ...]:
    shares = [0] * len(found)
    if score:
        common = math.lcm(*(each.exact.denominator for each in found))
        shares = list(allocate(round(score * 100), [int(each.exact * common) for each in found]))
    return tuple(
        attrs.evolve(each, share=Decimal(f"{share}e-2"))
        for each, share in zip(found, shares, strict=True)
    )


def groups_of(
    measures: Sequence[Measure],
    groups: Sequence[Group],
    combine: Combine,
    found: Sequence[Contribution],
    around: tuple[str, ...] = (),
    of: Fraction = Fraction(1),
) -> Iterator[GroupScore]:
    """What each group comes to: in what stands around it, it is as a measure of its points."""
    inside = [
        [each for each in found if (*each.groups, "")[: len(around) + 1] == (*around, group.name)]
        for group in groups
    ]
    points = [
        made_of(group.measures, group.groups, group.combine, iter(map(worth_of, each))).points
        for group, each in zip(groups, inside, strict=True)
    ]
    own = [each for each in found if each.groups == around]
    like = [measures_like(group) for group in groups]
    whole = made_of([*measures, *like], (), combine, iter([*map(worth_of, own), *points]))
    parts = whole.parts[len(measures) :]
    for group, each, score, part in zip(groups, inside, points, parts, strict=True):
        weights = nominal(group.measures, group.groups, [one.applies for one in each])
        known = sum(w for one, w in zip(each, weights, strict=True) if one.is_known)
        shares = [one.share for one in each if one.share is not None]
        yield GroupScore(
            group=group.name,
            groups=around,
            score=score,
            coverage=Fraction(known, sum(weights) or 1),
            weight=group.weight,
            nominal=sum((one.nominal for one in each), Fraction(0)),
            part=of * part,
            applies=any(one.applies for one in each),
            meaning=group.meaning,
            share=sum(shares, Decimal("0.00")) if shares else None,
        )
        path = (*around, group.name)
        yield from groups_of(group.measures, group.groups, group.combine, each, path, of * part)


def worth_of(found: Contribution) -> Fraction | None:
    return None if found.points is None else Fraction(found.points)


def measures_like(group: Group) -> Measure:
    return Measure(name=group.name, value="x", weight=group.weight, bands=(Band(points=1),))


# The tier


def model(
    card: Scorecard, score: Fraction | None, today: dt.date | None, previous: Assessment | None
) -> tuple[str, dt.date | None]:
    if score is None:
        return UNKNOWN, None
    before = tier_before(card, today, previous)
    cuts = [Fraction(tier.at_least) for tier in card.tiers]
    place = stable_tier(score, cuts, before, card.hysteresis)
    if before is None or previous is None or today is None:
        return card.tiers[place].name, today
    since = previous.model_since
    if place == before:
        return card.tiers[place].name, since
    dwell = 0 if card.hysteresis is None else card.hysteresis.dwell
    if since is not None and (today - since).days < dwell:
        return card.tiers[before].name, since
    return card.tiers[place].name, today


def tier_before(card: Scorecard, today: dt.date | None, previous: Assessment | None) -> int | None:
    if previous is None or today is None or previous.as_of is None:
        return None
    if previous.definition != card.fingerprint or previous.model_tier == UNKNOWN:
        return None
    expires = None if card.hysteresis is None else card.hysteresis.expires
    if expires is not None and (today - previous.as_of).days > expires:
        return None
    return [tier.name for tier in card.tiers].index(previous.model_tier)


def capped(card: Scorecard, model_tier: str, tiers: list[str]) -> str:
    if model_tier == UNKNOWN:
        return UNKNOWN
    names = [tier.name for tier in card.tiers]
    return names[max(names.index(name) for name in (model_tier, *tiers))]
