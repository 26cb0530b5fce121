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
from cslib.assessmentcolumns import Assessments
from cslib.assessments import (
    MADE_FROM,
    Assessment,
    NoGroupError,
    NoMeasureError,
    PreviousError,
    check_previous,
    counts_before,
    of_fields,
)
from cslib.bands import GRID, Anchor, Band, Norm, Scale
from cslib.contributions import Contribution, GroupScore, Status
from cslib.documents import document, fingerprint
from cslib.errors import Fault
from cslib.evidence import Evidence
from cslib.faults import (
    MAX_DECIMALS,
    decimal_faults,
    exact_decimal,
    name_faults,
    refuse,
    several,
    shown,
    unique_faults,
)
from cslib.judging import Finding, Judge, judge_of
from cslib.measures import (
    Combine,
    Group,
    Measure,
    Missing,
    combination,
    leaves,
    parts_faults,
    weights_of,
)
from cslib.rules import Rule
from cslib.scoring import Ratio, most_points
from cslib.tiers import (
    UNKNOWN,
    Cap,
    Hysteresis,
    Indicator,
    Override,
    Tier,
    cap_faults,
    order_faults,
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
    "GroupScore",
    "Hysteresis",
    "Indicator",
    "Measure",
    "Missing",
    "NoGroupError",
    "NoMeasureError",
    "Norm",
    "Override",
    "PreviousError",
    "Scale",
    "Scorecard",
    "Status",
    "Tier",
]

_MAX_MEASURES = 1_000


def _caps(caps: Iterable[Cap]) -> tuple[Cap, ...]:
    return several("scorecard", "$.caps", caps, Cap)


def _indicators(indicators: Iterable[Indicator]) -> tuple[Indicator, ...]:
    return several("scorecard", "$.indicators", indicators, Indicator)


def _measures(measures: Iterable[Measure]) -> tuple[Measure, ...]:
    return several("scorecard", "$.measures", measures, Measure)


def _groups(groups: Iterable[Group]) -> tuple[Group, ...]:
    return several("scorecard", "$.groups", groups, Group)


def _combination(value: Combine | str) -> Combine:
    return combination(value, "scorecard")


def _tiers(tiers: Iterable[Tier]) -> tuple[Tier, ...]:
    return several("scorecard", "$.tiers", tiers, Tier)


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
        DefinitionError: With every fault: names that stand twice, tiers out of order or above
            every score ...

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
      seats: 0.9 gives 100 points, weight 2, 67 % of the whole: 66.66
      roles: 1 gives 50 points, weight 1, 33 % of the whole: 16.67
    """

    name: str
    measures: tuple[Measure, ...] = attrs.field(default=(), converter=_measures)
    groups: tuple[Group, ...] = attrs.field(default=(), converter=_groups)
    combine: Combine = attrs.field(default=Combine.MEAN, converter=_combination)
    tiers: tuple[Tier, ...] = attrs.field(converter=_tiers)
    floor: Decimal = attrs.field(default=Decimal(0), converter=exact_decimal)
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

    @property
    def rules(self) -> tuple[tuple[str, Rule], ...]:
        """Every rule that it asks of an account, with its path.

        >>> card = Scorecard(
        ...     name="use",
        ...     measures=(Measure(name="seats", value="seats_used / seats",
        ...                       bands=(Band(points=100),)),),
        ...     tiers=(Tier(name="any", at_least=0),),
        ...     indicators=(Indicator(name="owner left", when="owner_changed_days <= 30"),),
        ... )
        >>> [path for path, _ in card.rules]
        ['$.measures[0].value', '$.indicators[0].when']
        """
        return tuple(_rules(self))

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
            previous: Its last assessment, for hysteresis and for values that are carried; one by
                another scorecard is as good as none. One that
                is unknown, of another scorecard or expired is as good as none for the tier.
            override: What a person has set; it counts on its days.

        Raises:
            FactError, AsOfError: As the measures' rules do.
            PreviousError: If ``previous`` or an override comes without ``as_of``, the last
                assessment is dated later, or the override is of no tier of this scorecard.
        """
        today = None if as_of is None else moments.utc_day(as_of, "as_of")
        if previous is not None or override is not None:
            self._check(today, previous, override)
        judge = self._judge
        alike = previous is not None and previous.definition == self.fingerprint
        values, findings, (known, made), said = judge.find(
            account, as_of, today, previous if alike else None
        )
        cover = judge.covered(findings, known)
        points = self._points(findings, cover, made)
        model_tier, since = self._model(points, today, previous)
        caps = self._holding(findings) if self.caps and points is not None else ()
        acting = override if override is not None and today and override.holds(today) else None
        tier = self._tier(model_tier, caps) if caps else model_tier
        fields = {
            "tier": tier if acting is None else acting.tier,
            "floor": self.floor,
            "model_tier": model_tier,
            "model_since": since,
            "caps": caps,
            "override": acting,
            "indicators": tuple(zip(self._seen, said, strict=True)) if said else (),
            "as_of": today,
            "definition": self.fingerprint,
            MADE_FROM: (Evidence, judge, values, findings, points, cover, today),
        }
        return of_fields(Assessment, fields)

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

    @functools.cached_property
    def _judge(self) -> Judge:
        return judge_of(self.measures, self.groups, self.combine, self.indicators)

    def _points(self, findings: Sequence[Finding], cover: Ratio, made: int) -> Ratio | None:
        """The score in thousandths, unless too little is known for one."""
        known, whole = cover
        least, of = self._floor
        if not known or known * of < least * whole:
            return None
        if self._judge.may_forbid and any(finding.forbids for finding in findings):
            return None
        return self._judge.score(findings, known, made)

    @functools.cached_property
    def _floor(self) -> Ratio:
        """The floor, in whole numbers."""
        return self.floor.as_integer_ratio()

    # The tier

    def _model(
        self, points: Ratio | None, today: dt.date | None, previous: Assessment | None
    ) -> tuple[str, dt.date | None]:
        """The tier that the score gives, and since when."""
        if points is None:
            return UNKNOWN, None
        if previous is None:
            return self._names[self._place(points, None)], today
        before = self._tier_before(today, previous)
        place = self._place(points, before)
        if before is None or today is None:
            return self._names[place], today
        since = previous.model_since
        if place == before:
            return self._names[place], since
        dwell = 0 if self.hysteresis is None else self.hysteresis.dwell
        if since is not None and (today - since).days < dwell:
            return self._names[before], since
        return self._names[place], today

    def _place(self, points: Ratio, before: int | None) -> int:
        """The place of the tier: :func:`cslib.tiers.stable_tier` in whole numbers."""
        score, over = points[0] * _MICRO, points[1] * GRID
        bars, place = self._bars[-1 if before is None else before], 0
        while score < bars[place] * over:  # the last asks for nothing
            place += 1
        return place

    @functools.cached_property
    def _bars(self) -> tuple[tuple[int, ...], ...]:
        """By the place of the tier before (at the end, none): the millionths each tier asks."""
        cuts = tuple(_millionths(tier.at_least) for tier in self.tiers)
        margins = self.hysteresis or Hysteresis()
        rise, fall = _millionths(margins.rise), _millionths(margins.fall)
        moved = (
            tuple(cut + rise if place < before else cut - fall for place, cut in enumerate(cuts))
            for before in range(len(cuts))
        )
        return (*moved, cuts)

    def _tier_before(self, today: dt.date | None, previous: Assessment | None) -> int | None:
        """The place of the tier before, where there is one that counts."""
        if not counts_before(previous, today, self.fingerprint, self.hysteresis):
            return None
        if previous is None or previous.model_tier == UNKNOWN:
            return None
        return self._names.index(previous.model_tier)

    def _holding(self, findings: Sequence[Finding]) -> tuple[Cap, ...]:
        """The caps whose measure is in their band."""
        return tuple(
            cap
            for cap, place in zip(self.caps, self._capped, strict=True)
            if findings[place].label == cap.label
        )

    @functools.cached_property
    def _capped(self) -> tuple[int, ...]:
        """For each cap, the place of its measure."""
        names = [measure.name for measure in self.leaves]
        return tuple(names.index(cap.measure) for cap in self.caps)

    @functools.cached_property
    def _seen(self) -> tuple[str, ...]:
        return tuple(indicator.name for indicator in self.indicators)

    def _tier(self, model: str, caps: Sequence[Cap]) -> str:
        """The tier of the model, or the worst that one of the caps asks for."""
        if model == UNKNOWN:
            return model
        places = (self._names.index(name) for name in (model, *(cap.tier for cap in caps)))
        return self._names[max(places)]

    @functools.cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(tier.name for tier in self.tiers)

    def __getstate__(self) -> dict[str, Any]:
        """Its fields alone: what was made ready for quick answers is made again."""
        return {field.name: getattr(self, field.name) for field in attrs.fields(Scorecard)}

    def _check(
        self, today: dt.date | None, previous: Assessment | None, override: Override | None
    ) -> None:
        check_previous(previous, today, Assessment)
        if previous is not None and previous.definition == self.fingerprint:
            known = (UNKNOWN, *self._names)
            if previous.model_tier not in known:
                raise PreviousError("previous", f"is of no tier {previous.model_tier!r}")
        if override is not None:
            if not isinstance(override, Override):
                raise PreviousError("override", f"is {shown(override)}; expected an Override")
            if today is None:
                raise PreviousError("override", "comes without as_of, so its days cannot be told")
            for fault in tier_name_faults("$.tier", override.tier, self.tiers):
                raise PreviousError("override", fault.message)


_MICRO = 10**MAX_DECIMALS


def _millionths(number: Decimal) -> int:
    return int(Fraction(number) * _MICRO)


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
    yield from _reach_faults(card)
    yield from decimal_faults("$.floor", card.floor, 1)
    if not isinstance(card.hysteresis, Hysteresis | None):
        problem = f"expected a Hysteresis or None, but got {shown(card.hysteresis)}"
        yield Fault("$.hysteresis", problem)
    yield from cap_faults(card.caps, measures, card.tiers)


def _reach_faults(card: Scorecard) -> Iterator[Fault]:
    """Tiers above every score; where nothing counts, that is the fault."""
    if not any(weights_of(card.measures, card.groups)):
        return
    most = most_points(card.measures, card.groups, card.combine)
    for place, tier in enumerate(card.tiers):
        if tier.at_least > most:
            problem = f"no score reaches {tier.at_least}: measures and groups give {most} at most"
            yield Fault(f"$.tiers[{place}].at_least", problem)


def _named_faults(card: Scorecard) -> Iterator[Fault]:
    """Names that stand twice: of measures anywhere, of groups side by side, of tiers."""
    seen: set[str] = set()
    for path, measure in _placed("$", card.measures, card.groups):
        if measure.name in seen:
            yield Fault(f"{path}.name", f"{measure.name!r} stands twice")
        seen.add(measure.name)
    yield from _group_faults("$", card.groups)
    yield from unique_faults("$.tiers", [tier.name for tier in card.tiers])
    yield from unique_faults("$.indicators", [each.name for each in card.indicators])


def _placed(
    around: str, measures: Sequence[Measure], groups: Sequence[Group]
) -> Iterator[tuple[str, Measure]]:
    """All measures of a tree, with their paths."""
    for place, measure in enumerate(measures):
        yield f"{around}.measures[{place}]", measure
    for place, group in enumerate(groups):
        yield from _placed(f"{around}.groups[{place}]", group.measures, group.groups)


def _rules(card: Scorecard) -> Iterator[tuple[str, Rule]]:
    for path, measure in _placed("$", card.measures, card.groups):
        yield f"{path}.value", measure.value
        if measure.when is not None:
            yield f"{path}.when", measure.when
        if measure.age is not None:
            yield f"{path}.age", measure.age
        for place, norm in enumerate(measure.norms):
            yield f"{path}.norms[{place}].when", norm.when
    for place, indicator in enumerate(card.indicators):
        yield f"$.indicators[{place}].when", indicator.when


def _group_faults(around: str, groups: Sequence[Group]) -> Iterator[Fault]:
    yield from unique_faults(f"{around}.groups", [group.name for group in groups])
    for place, group in enumerate(groups):
        yield from _group_faults(f"{around}.groups[{place}]", group.groups)
