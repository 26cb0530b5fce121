"""Health: a score from behaviour data, and a tier that explains itself.

A :class:`Scorecard` is data: measures (each a rule over facts with a scale that gives points) alone
or in groups, weights, tiers. :meth:`Scorecard.assess` answers for one account with what every
measure contributed; :meth:`Scorecard.assess_columns` for a whole book, equal to the bit, since
points and weights are whole numbers and the score is their exact ratio.

Unknown is neither bad nor 0. A measure that is not known, or too old, follows its policy
(:class:`Missing`), and the share of the weight that was known, the coverage, goes with every
answer. Where nothing is known, or less than the scorecard's floor, there is no score and the tier
is *unknown*. The rulings where two readers could differ are in ``docs/semantics.md``, "Health".
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from cslib import moments
from cslib.assessments import (
    Assessment,
    Assessments,
    Contribution,
    Status,
    forbids_a_score,
    with_shares,
)
from cslib.bands import Anchor, Band, Norm, Scale
from cslib.documents import document, fingerprint
from cslib.errors import CslibError, Fault
from cslib.faults import name_faults, refuse, shown, unique_faults
from cslib.measures import (
    Combine,
    Group,
    Measure,
    Missing,
    decimal_faults,
    exact,
    leaves,
    parts_faults,
)
from cslib.scoring import made_of, nominal, paths
from cslib.tiers import (
    UNKNOWN,
    Cap,
    Hysteresis,
    Indicator,
    Override,
    Tier,
    cap_faults,
    order_faults,
    stable_tier,
    tier_name_faults,
)

__all__ = [
    "UNKNOWN",
    "Anchor",
    "Assessment",
    "Assessments",
    "Band",
    "Cap",
    "Combine",
    "Contribution",
    "Group",
    "Hysteresis",
    "Indicator",
    "Measure",
    "Missing",
    "Norm",
    "Override",
    "PreviousError",
    "Scale",
    "Scorecard",
    "Status",
    "Tier",
]

_MAX_MEASURES = 1_000


@attrs.define
class PreviousError(CslibError, ValueError):
    """An assessment before, or an override, that does not go with what is asked.

    Attributes:
        argument: The argument at fault.
        problem: What was given, what was expected and the way out.
    """

    argument: str
    problem: str

    def __str__(self) -> str:
        return f"{self.argument}: {self.problem}"


def _caps(caps: Iterable[Cap]) -> tuple[Cap, ...]:
    return tuple(caps)


def _indicators(indicators: Iterable[Indicator]) -> tuple[Indicator, ...]:
    return tuple(indicators)


def _measures(measures: Iterable[Measure]) -> tuple[Measure, ...]:
    return tuple(measures)


def _groups(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(groups)


def _tiers(tiers: Iterable[Tier]) -> tuple[Tier, ...]:
    return tuple(tiers)


@document("scorecard", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Scorecard:
    """A health score as data: what the measures' points come to, and its tiers.

    Attributes:
        name: Its name.
        measures: Measures that stand by themselves.
        groups: Groups of measures, which count as one each.
        combine: How the points of these become the score; their mean by weight, unless said.
        tiers: The tiers, best first; the last begins at 0, so that every score has a tier.
        floor: The least coverage for a score: the share of the weight that must be known, 0 to 1,
            itself included; a Decimal or its text, of at most 6 decimals.
        hysteresis: What keeps a tier from changing to and fro; None: nothing does.
        caps: Bands of measures that hold the tier down.
        indicators: What is to be seen beside the score.

    Raises:
        DefinitionError: With every fault: names that stand twice, tiers out of order ...

    >>> card = Scorecard(
    ...     name="usage",
    ...     measures=(
    ...         Measure(name="seats", value="seats_used / seats", weight=2,
    ...                 bands=(Band(points=100, at_least=0.6), Band(points=0, below=0.6))),
    ...         Measure(name="roles", value="roles_active",
    ...                 bands=(Band(points=100, at_least=2), Band(points=50, below=2))),
    ...     ),
    ...     tiers=(Tier(name="green", at_least=75), Tier(name="red", at_least=0)),
    ... )
    >>> found = card.assess({"seats_used": 9, "seats": 10, "roles_active": 1})
    >>> found.tier, found.score, found.shown
    ('green', Fraction(250, 3), Decimal('83.33'))
    >>> print(found.explain())
    green: 83.33 points, 100 % of the weight known
      seats: 0.9 gives 100 points, weight 2: 66.66
      roles: 1 gives 50 points, weight 1: 16.67
    """

    name: str
    measures: tuple[Measure, ...] = attrs.field(default=(), converter=_measures)
    groups: tuple[Group, ...] = attrs.field(default=(), converter=_groups)
    combine: Combine = attrs.field(default=Combine.MEAN, converter=Combine)
    tiers: tuple[Tier, ...] = attrs.field(converter=_tiers)
    floor: Decimal = attrs.field(default=Decimal(0), converter=exact)
    hysteresis: Hysteresis | None = None
    caps: tuple[Cap, ...] = attrs.field(default=(), converter=_caps)
    indicators: tuple[Indicator, ...] = attrs.field(default=(), converter=_indicators)

    def __attrs_post_init__(self) -> None:
        refuse(f"scorecard {self.name!r}", _scorecard_faults(self))

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition an assessment was made."""
        return fingerprint(self)

    @functools.cached_property
    def leaves(self) -> tuple[Measure, ...]:
        """All measures: those by themselves first, then those of each group, in order."""
        return tuple(leaves(self.measures, self.groups))

    def assess(
        self,
        account: object,
        *,
        as_of: object = None,
        previous: Assessment | None = None,
        override: Override | None = None,
    ) -> Assessment:
        """The health of one account.

        Args:
            account: Its facts: a mapping or an object.
            as_of: Today, for measures that count days, and for the two below.
            previous: Its last assessment, for hysteresis and for values that are carried. One that
                is unknown, of another scorecard or expired is as good as none for the tier.
            override: What a person has set; it counts on its days.

        Raises:
            FactError, AsOfError: As the measures' rules do.
            PreviousError: If ``previous`` or an override comes without ``as_of``, the last
                assessment is dated later, or the override is of no tier of this scorecard.
        """
        today = None if as_of is None else moments.utc_day(as_of, "as_of")
        self._check(today, previous, override)
        found = self._found(account, as_of, today, previous)
        coverage = self._coverage(found)
        is_dark = (
            not coverage or coverage < Fraction(self.floor) or any(map(forbids_a_score, found))
        )
        score = None if is_dark else sum((part.exact for part in found), Fraction(0))
        model_tier, since = self._model(score, today, previous)
        caps = () if score is None else tuple(self._holding(found))
        acting = override if override is not None and today and override.holds(today) else None
        return Assessment(
            tier=self._tier(model_tier, caps) if acting is None else acting.tier,
            score=score,
            coverage=coverage,
            floor=self.floor,
            contributions=found if score is None else with_shares(found, score),
            model_tier=model_tier,
            model_since=since,
            caps=caps,
            override=acting,
            indicators=tuple((i.name, i.when(account, as_of=as_of)) for i in self.indicators),
            as_of=today,
            definition=self.fingerprint,
        )

    def assess_columns(
        self,
        columns: Mapping[str, Any],
        *,
        as_of: object = None,
        previous: Assessments | None = None,
    ) -> Assessments:
        """The health of every account of a book, equal to :meth:`assess` on each row.

        Args:
            columns: Names to numpy arrays of equal length, as for
                :meth:`cslib.rules.Rule.columns`; an absent column is unknown in every row.
            as_of: Today, as for one account.
            previous: The last assessments of the same accounts, in the same order.

        Raises:
            FactError, AsOfError: As the measures' rules do.
            ColumnsError: If the columns differ in length.
            PreviousError: As for one account, or if ``previous`` has another number of rows.
        """
        from cslib.scorecolumns import assess_columns

        return assess_columns(self, columns, as_of, previous)

    # What was found

    def _found(
        self, account: object, as_of: object, today: dt.date | None, previous: Assessment | None
    ) -> tuple[Contribution, ...]:
        before = {} if previous is None else {each.measure: each for each in previous.contributions}
        found = [
            _contribution(each, account, as_of, today, before.get(each.name))
            for each in self.leaves
        ]
        worths = (None if each.points is None else Fraction(each.points) for each in found)
        parts = made_of(self.measures, self.groups, self.combine, worths).parts
        placed = zip(found, self._paths, parts, strict=True)
        return tuple(attrs.evolve(each, groups=path, part=part) for each, path, part in placed)

    @functools.cached_property
    def _paths(self) -> tuple[tuple[str, ...], ...]:
        return tuple(paths(self.measures, self.groups))

    @functools.cached_property
    def _weights(self) -> tuple[int, ...]:
        """What the coverage is counted by."""
        return nominal(self.measures, self.groups)

    def _coverage(self, found: Sequence[Contribution]) -> Fraction:
        weighed = zip(found, self._weights, strict=True)
        return Fraction(sum(w for each, w in weighed if each.is_known), sum(self._weights))

    # The tier

    def _model(
        self, score: Fraction | None, today: dt.date | None, previous: Assessment | None
    ) -> tuple[str, dt.date | None]:
        """The tier that the score gives, and since when."""
        if score is None:
            return UNKNOWN, None
        before = self._tier_before(today, previous)
        place = stable_tier(score, self._cuts, before, self.hysteresis)
        if before is None or previous is None or today is None:
            return self.tiers[place].name, today
        since = previous.model_since
        if place == before:
            return self.tiers[place].name, since
        dwell = 0 if self.hysteresis is None else self.hysteresis.dwell
        if since is not None and (today - since).days < dwell:
            return self.tiers[before].name, since
        return self.tiers[place].name, today

    def _tier_before(self, today: dt.date | None, previous: Assessment | None) -> int | None:
        """The place of the tier before, where there is one that counts."""
        if previous is None or today is None or previous.as_of is None:
            return None
        if previous.definition != self.fingerprint or previous.model_tier == UNKNOWN:
            return None
        expires = None if self.hysteresis is None else self.hysteresis.expires
        if expires is not None and (today - previous.as_of).days > expires:
            return None
        return self._names.index(previous.model_tier)

    def _holding(self, found: Iterable[Contribution]) -> Iterator[Cap]:
        """The caps whose measure is in their band."""
        labels = {each.measure: each.label for each in found if each.is_known}
        return (cap for cap in self.caps if labels.get(cap.measure) == cap.label)

    def _tier(self, model: str, caps: Iterable[Cap]) -> str:
        """The tier of the model, or the worst that a cap asks for."""
        if model == UNKNOWN:
            return UNKNOWN
        places = (self._names.index(name) for name in (model, *(cap.tier for cap in caps)))
        return self._names[max(places)]

    @functools.cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(tier.name for tier in self.tiers)

    @functools.cached_property
    def _cuts(self) -> tuple[Fraction, ...]:
        return tuple(Fraction(tier.at_least) for tier in self.tiers)

    def _check(
        self, today: dt.date | None, previous: Assessment | None, override: Override | None
    ) -> None:
        if previous is not None:
            if not isinstance(previous, Assessment):
                expected = "expected the Assessment before, or None"
                raise PreviousError("previous", f"is {shown(previous)}; {expected}")
            if today is None:
                raise PreviousError("previous", "comes without as_of: give the day of this one")
            if previous.as_of is None or previous.as_of > today:
                dated = "has no date" if previous.as_of is None else f"is of {previous.as_of}"
                raise PreviousError("previous", f"{dated}: expected one dated by {today}")
        if override is not None:
            if not isinstance(override, Override):
                raise PreviousError("override", f"is {shown(override)}; expected an Override")
            if today is None:
                raise PreviousError("override", "comes without as_of, so its days cannot be told")
            for fault in tier_name_faults("$.tier", override.tier, self.tiers):
                raise PreviousError("override", fault.message)


# --------------------------------------------------------------------------------------
# One measure


def _contribution(
    measure: Measure,
    account: object,
    as_of: object,
    today: dt.date | None,
    before: Contribution | None,
) -> Contribution:
    """What was found of a measure, and what it is worth by its policy."""
    value = measure.value(account, as_of=as_of)
    age = None if measure.age is None else measure.age(account, as_of=as_of)
    is_stale = _is_over(measure, age, measure.max_age)
    known_on = _known_on(today, age)
    status = Status.MISSING if value is None else Status.STALE if is_stale else Status.KNOWN
    if status is not Status.KNOWN and measure.missing is Missing.CARRY and today is not None:
        carried = _carried(measure, before, today)
        if carried is not None:
            status, value, known_on = Status.CARRIED, carried.value, carried.known_on
            age = (today - carried.known_on).days  # type: ignore[operator]
    scale, name, status = _scale(measure, account, as_of, status)
    worth = None if scale is None else scale.points(value)
    if worth is None and status in (Status.KNOWN, Status.CARRIED):
        status = Status.NO_BAND
    return Contribution(
        measure=measure.name,
        value=value,
        status=status,
        label="" if worth is None else worth.label,
        norm=name if worth is not None else "",
        points=_assumed(measure, scale) if worth is None else worth.points,
        best=max(each.best for each in measure.scales) if scale is None else scale.best,
        weight=measure.weight,
        missing=measure.missing,
        age=age,
        is_aged=value is not None and not is_stale and _is_over(measure, age, measure.warn_age),
        known_on=None if value is None else known_on,
        can_change=measure.can_change,
        meaning=measure.meaning,
    )


def _is_over(measure: Measure, age: Any, limit: int | None) -> bool:
    """Whether a value is older than a limit; one of unknown age is."""
    if measure.age is None or limit is None:
        return False
    return age is None or bool(age > limit)


def _known_on(today: dt.date | None, age: Any) -> dt.date | None:
    return today if today is None or age is None else today - dt.timedelta(days=int(age))


def _carried(measure: Measure, before: Contribution | None, today: dt.date) -> Contribution | None:
    """What was found before, where it was known and is not too old."""
    if before is None or not before.is_known or before.known_on is None:
        return None
    assert measure.max_age is not None  # noqa: S101 - a measure that carries has one
    return before if (today - before.known_on).days <= measure.max_age else None


def _scale(
    measure: Measure, account: object, as_of: object, status: Status
) -> tuple[Scale | None, str, Status]:
    """The scale that applies where a value counts, its name, and what was found so far."""
    own = measure.scales[-1] if len(measure.scales) > len(measure.norms) else None
    if status not in (Status.KNOWN, Status.CARRIED):
        return None, "", status
    for norm in measure.norms:
        holds = norm.when(account, as_of=as_of)
        if holds is None:
            return None, "", Status.NO_NORM
        if holds:
            return norm, norm.name, status
    return own, "", status


def _assumed(measure: Measure, scale: Scale | None) -> int | None:
    """The points that count where a value does not, by the measure's policy."""
    if measure.missing is Missing.WORST:
        scales = measure.scales if scale is None else (scale,)
        return min(each.worst for each in scales)
    return None if isinstance(measure.missing, Missing) else measure.missing


# --------------------------------------------------------------------------------------
# What is wrong with a scorecard


def _scorecard_faults(card: Scorecard) -> Iterator[Fault]:
    yield from name_faults("$.name", card.name)
    yield from parts_faults(card.measures, card.groups, card.combine)
    measures = card.leaves
    if len(measures) > _MAX_MEASURES:
        problem = f"expected at most {_MAX_MEASURES} measures, but got {len(measures)}"
        yield Fault("$.measures", problem)
    yield from _named_faults(card)
    yield from order_faults(card.tiers)
    yield from decimal_faults("$.floor", card.floor, 1)
    yield from cap_faults(card.caps, measures, card.tiers)


def _named_faults(card: Scorecard) -> Iterator[Fault]:
    """Names that stand twice: of measures anywhere, of groups side by side, of tiers."""
    seen: set[str] = set()
    for path, name in _named("$", card.measures, card.groups):
        if name in seen:
            yield Fault(f"{path}.name", f"{name!r} stands twice")
        seen.add(name)
    yield from _group_faults("$", card.groups)
    yield from unique_faults("$.tiers", [tier.name for tier in card.tiers])
    yield from unique_faults("$.indicators", [each.name for each in card.indicators])


def _named(
    around: str, measures: Sequence[Measure], groups: Sequence[Group]
) -> Iterator[tuple[str, str]]:
    for place, measure in enumerate(measures):
        yield f"{around}.measures[{place}]", measure.name
    for place, group in enumerate(groups):
        yield from _named(f"{around}.groups[{place}]", group.measures, group.groups)


def _group_faults(around: str, groups: Sequence[Group]) -> Iterator[Fault]:
    yield from unique_faults(f"{around}.groups", [group.name for group in groups])
    for place, group in enumerate(groups):
        yield from _group_faults(f"{around}.groups[{place}]", group.groups)
