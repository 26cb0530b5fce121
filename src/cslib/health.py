"""Health: a score from behaviour data, and a tier that explains itself.

A :class:`Scorecard` is data: measures (each a rule over facts), bands that give points, weights,
tiers. :meth:`Scorecard.assess` answers for one account with what every measure contributed;
:meth:`Scorecard.assess_columns` for a whole book, equal to the bit, since points and weights are
whole numbers and the score is their exact ratio.

Unknown is neither bad nor 0. A measure that is not known follows its policy (:class:`Missing`), and
the share of the weight that was known, the coverage, goes with every answer. Where nothing is
known, or less than the scorecard's floor, there is no score and the tier is *unknown*. The rulings
where two readers could differ are in ``docs/semantics.md``, "Health".
"""

from __future__ import annotations

import enum
import functools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs

from cslib.documents import document, fingerprint
from cslib.errors import CslibError, DefinitionError, Fault
from cslib.expressions import Kind, literal
from cslib.faults import name_faults, refuse, text_faults, whole_faults
from cslib.money import allocate
from cslib.rules import Rule, rule

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "UNKNOWN",
    "Assessment",
    "Assessments",
    "Band",
    "Contribution",
    "Measure",
    "Missing",
    "Scorecard",
    "Status",
    "Tier",
]

UNKNOWN = "unknown"
"""The tier of an account of which too little is known for a score."""

# The grid. With these bounds every product of a tier's cut-off with weighted points fits in int64.
_MAX_POINTS = 1_000
_MAX_WEIGHT = 1_000_000
_MAX_MEASURES = 1_000
_MAX_DECIMALS = 6


# --------------------------------------------------------------------------------------
# The definition


@attrs.frozen(kw_only=True)
class Band:
    """The points for a range of a measure, or for one text or flag.

    Which side of a bound belongs to the band is said by the bound's name. A band without any bound
    takes every known value.

    Attributes:
        points: Whole points, 0 to 1000.
        label: A word for the band, shown as evidence.
        at_least: Lowest value, itself included.
        above: Lower bound, not included.
        at_most: Highest value, itself included.
        below: Upper bound, not included.
        equals: The text or flag that the measure must be.

    Raises:
        DefinitionError: With every fault: points off the grid, a bound that is no number, two
            bounds on one side, a range that holds nothing.

    >>> middle = Band(points=50, at_least=0.3, below=0.6)
    >>> middle.holds(0.3), middle.holds(0.6)
    (True, False)
    """

    points: int
    label: str = ""
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    equals: str | bool | None = None

    def __attrs_post_init__(self) -> None:
        refuse("band", _band_faults(self))

    @property
    def kind(self) -> Kind | None:
        """What the measure must be: a number, a text or a flag; None if any value will do."""
        if self.equals is not None:
            return Kind.BOOLEAN if isinstance(self.equals, bool) else Kind.TEXT
        bounds = (self.at_least, self.above, self.at_most, self.below)
        return None if bounds == (None,) * 4 else Kind.NUMBER

    def holds(self, value: Any) -> Any:
        """Whether a known value lies in the band; of an array, whether each of its values does."""
        if self.equals is not None:
            return value == self.equals
        held: Any = True
        if self.at_least is not None:
            held = held & (value >= self.at_least)
        if self.above is not None:
            held = held & (value > self.above)
        if self.at_most is not None:
            held = held & (value <= self.at_most)
        if self.below is not None:
            held = held & (value < self.below)
        return held


class Missing(enum.StrEnum):
    """What a measure does to the score when its value is unknown or in none of its bands."""

    EXCLUDE = "exclude"
    """It is left out and the other measures are reweighted."""
    WORST = "worst"
    """It counts as the fewest points that its bands can give, but not as known."""
    UNKNOWN = "unknown"
    """It makes the whole score unknown."""


def _bands(bands: Iterable[Band]) -> tuple[Band, ...]:
    return tuple(bands)


@attrs.frozen(kw_only=True)
class Measure:
    """One measured thing, what it is worth, and how much it weighs.

    Attributes:
        name: Its name.
        value: A rule that gives a number, a text or a flag.
        bands: The bands, taken in order: the first that holds the value gives the points. A value
            that none of them holds is treated as unknown, and shown as such.
        weight: A whole number, 1 to a million; only the proportions of weights matter.
        missing: What happens when the value is unknown.
        meaning: What it says and why it matters, in words (H10).

    Raises:
        DefinitionError: With every fault: no name, a weight off the grid, no bands, bands of
            different kinds, a band behind one that holds all its values, a rule that cannot give
            what the bands ask for.

    >>> seats = Measure(
    ...     name="seat use",
    ...     value="seats_used / seats",
    ...     bands=(Band(points=0, below=0.3), Band(points=50, below=0.6), Band(points=100)),
    ... )
    >>> seats.band(0.3).points
    50
    """

    name: str
    value: Rule = attrs.field(converter=rule)
    bands: tuple[Band, ...] = attrs.field(converter=_bands)
    weight: int = 1
    missing: Missing = attrs.field(default=Missing.EXCLUDE, converter=Missing)
    meaning: str = ""

    def __attrs_post_init__(self) -> None:
        subject = f"measure {self.name!r}"
        refuse(subject, _measure_faults(self))
        kind = next((band.kind for band in self.bands if band.kind is not None), None)
        try:  # the bands alone say the kind: a document has no other place for it
            value = rule(self.value, kind=kind) if kind else attrs.evolve(self.value, gives=None)
        except CslibError as error:
            raise DefinitionError(subject, (Fault("$.value", str(error)),)) from None
        object.__setattr__(self, "value", value)

    def band(self, value: Any) -> Band | None:
        """The first band that holds a known value; None if none does."""
        return next((band for band in self.bands if band.holds(value)), None)

    @property
    def worst(self) -> int:
        """The fewest points that its bands can give."""
        return min(band.points for band in self.bands)

    @property
    def best(self) -> int:
        """The most points that its bands can give."""
        return max(band.points for band in self.bands)


def _decimal(value: Decimal | int | str) -> Decimal:
    """An exact number as a Decimal; what is none is left to be reported with its path."""
    exact = isinstance(value, (int, str)) and not isinstance(value, bool)
    try:
        return Decimal(value) if exact else value  # type: ignore[return-value]
    except InvalidOperation:
        return value  # type: ignore[return-value]


@attrs.frozen(kw_only=True)
class Tier:
    """A tier and the lowest score in it.

    Attributes:
        name: Its name; "unknown" is taken.
        at_least: The lowest score, itself included: a whole number, a Decimal or its text, 0 to
            1000, of at most 6 decimals.
    """

    name: str
    at_least: Decimal = attrs.field(converter=_decimal)

    def __attrs_post_init__(self) -> None:
        refuse(f"tier {self.name!r}", _tier_faults(self))


def _measures(measures: Iterable[Measure]) -> tuple[Measure, ...]:
    return tuple(measures)


def _tiers(tiers: Iterable[Tier]) -> tuple[Tier, ...]:
    return tuple(tiers)


@document("scorecard", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Scorecard:
    """A health score as data: the weighted mean of the measures' points, and its tiers.

    Attributes:
        name: Its name.
        measures: The measures.
        tiers: The tiers, best first; the last begins at 0, so that every score has a tier.
        floor: The least coverage for a score: the share of the weight that must be known, 0 to 1,
            itself included; a Decimal or its text, of at most 6 decimals.

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
    measures: tuple[Measure, ...] = attrs.field(converter=_measures)
    tiers: tuple[Tier, ...] = attrs.field(converter=_tiers)
    floor: Decimal = attrs.field(default=Decimal(0), converter=_decimal)

    def __attrs_post_init__(self) -> None:
        refuse(f"scorecard {self.name!r}", _scorecard_faults(self))

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition an assessment was made."""
        return fingerprint(self)

    @functools.cached_property
    def weight(self) -> int:
        """The weight of all measures together."""
        return sum(measure.weight for measure in self.measures)

    def assess(self, account: object, *, as_of: object = None) -> Assessment:
        """The health of one account.

        Args:
            account: Its facts: a mapping or an object.
            as_of: Today, for measures that count days.

        Raises:
            FactError, AsOfError: As the measures' rules do.
        """
        found = tuple(_contribution(measure, account, as_of) for measure in self.measures)
        known = sum(part.weight for part in found if part.is_known)
        coverage = Fraction(known, self.weight)
        score = self._score(found, coverage)
        return Assessment(
            tier=UNKNOWN if score is None else self._tier(score),
            score=score,
            coverage=coverage,
            floor=self.floor,
            contributions=found if score is None else _with_shares(found, score),
            definition=self.fingerprint,
        )

    def assess_columns(self, columns: Mapping[str, Any], *, as_of: object = None) -> Assessments:
        """The health of every account of a book, equal to :meth:`assess` on each row.

        Args:
            columns: Names to numpy arrays of equal length, as for
                :meth:`cslib.rules.Rule.columns`; an absent column is unknown in every row.
            as_of: Today, for measures that count days.

        Raises:
            FactError, AsOfError: As the measures' rules do.
            ColumnsError: If the columns differ in length.
        """
        import numpy as np

        found = [_points_column(measure, columns, as_of) for measure in self.measures]
        _check_lengths(self.measures, found)
        known = self._weighed([part.known for part in found])
        weight = self._weighed([part.counted for part in found])
        points = self._weighed([part.points for part in found])
        floor = Fraction(self.floor)
        scored = (known > 0) & (known * floor.denominator >= self.weight * floor.numerator)
        for measure, part in zip(self.measures, found, strict=True):
            if measure.missing is Missing.UNKNOWN:
                scored &= part.known
        score = np.full(len(points), np.nan)
        np.divide(points, weight, out=score, where=scored)
        return Assessments(
            tier=self._tier_column(points, weight, scored),
            score=score,
            coverage=known / self.weight,
            definition=self.fingerprint,
        )

    def _score(self, found: Sequence[Contribution], coverage: Fraction) -> Fraction | None:
        """The weighted mean of the points that count; None where too little is known."""
        if not coverage or coverage < Fraction(self.floor) or any(map(_forbids_a_score, found)):
            return None
        counted = [(part.weight, part.points) for part in found if part.points is not None]
        points = sum(weight * points for weight, points in counted)
        return Fraction(points, sum(weight for weight, _ in counted))

    def _weighed(self, arrays: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.int64]:
        """The sum of the measures' arrays, each times its weight."""
        pairs = zip(self.measures, arrays, strict=True)
        total: Any = sum(array.astype("int64") * measure.weight for measure, array in pairs)
        return total  # type: ignore[no-any-return]

    def _tier(self, score: Fraction) -> str:
        return next(name for name, cut in self._cuts if score >= cut)

    def _tier_column(self, points: Any, weight: Any, scored: Any) -> npt.NDArray[Any]:
        """Tiers by whole numbers, ``points / weight >= a / b``, so that nothing is rounded."""
        import numpy as np

        width = max(len(name) for name in [UNKNOWN, *(name for name, _ in self._cuts)])
        tier = np.full(len(points), UNKNOWN, f"U{width}")
        for name, cut in reversed(self._cuts):
            tier[scored & (points * cut.denominator >= weight * cut.numerator)] = name
        return tier

    @functools.cached_property
    def _cuts(self) -> tuple[tuple[str, Fraction], ...]:
        return tuple((tier.name, Fraction(tier.at_least)) for tier in self.tiers)


# --------------------------------------------------------------------------------------
# What is wrong with a definition


def _band_faults(band: Band) -> Iterator[Fault]:
    yield from whole_faults("$.points", band.points, 0, _MAX_POINTS)
    yield from text_faults("$.label", band.label)
    wrong = [
        *_value_faults("$.at_least", band.at_least, Kind.NUMBER),
        *_value_faults("$.above", band.above, Kind.NUMBER),
        *_value_faults("$.at_most", band.at_most, Kind.NUMBER),
        *_value_faults("$.below", band.below, Kind.NUMBER),
        *_value_faults("$.equals", band.equals, Kind.TEXT, Kind.BOOLEAN),
    ]
    yield from wrong
    if None not in (band.at_least, band.above):
        yield Fault("$.above", "give at_least or above, not both")
    if None not in (band.at_most, band.below):
        yield Fault("$.below", "give at_most or below, not both")
    low = band.above if band.at_least is None else band.at_least
    high = band.below if band.at_most is None else band.at_most
    if band.equals is not None and (low, high) != (None, None):
        yield Fault("$.equals", "a band is a range of numbers or one value, not both")
    if wrong or low is None or high is None:
        return
    one_point = low == high and None not in (band.at_least, band.at_most)
    if not (low < high or one_point):
        path = "$.at_most" if band.below is None else "$.below"
        yield Fault(path, f"no number lies between {low} and {high}")


def _measure_faults(measure: Measure) -> Iterator[Fault]:
    yield from name_faults("$.name", measure.name)
    yield from whole_faults("$.weight", measure.weight, 1, _MAX_WEIGHT)
    yield from text_faults("$.meaning", measure.meaning)
    if not measure.bands:
        yield Fault("$.bands", "expected at least one band, but got none")
    first: Kind | None = None
    for place, band in enumerate(measure.bands):
        first = first or band.kind
        if band.kind not in (None, first):
            problem = f"expected a band for a {first}, like those before it, but got a {band.kind}"
            yield Fault(f"$.bands[{place}]", problem)
    yield from _unreachable_faults(measure.bands)


def _unreachable_faults(bands: Sequence[Band]) -> Iterator[Fault]:
    """Bands that are never reached, since one before them holds all that they do."""
    for place, band in enumerate(bands):
        earlier = next((at for at in range(place) if _covers(bands[at], band)), None)
        if earlier is not None:
            problem = f"it is never reached: $.bands[{earlier}] stands before it and holds all of"
            yield Fault(f"$.bands[{place}]", f"{problem} its values; put the narrower band first")


def _covers(one: Band, other: Band) -> bool:
    """Whether a band holds every value that the other holds."""
    if one.kind is not Kind.NUMBER:
        return one.kind is None or one.equals == other.equals
    if other.kind is not Kind.NUMBER:
        return False
    (low, high), (other_low, other_high) = _range(one), _range(other)
    return low <= other_low and other_high <= high


def _range(band: Band) -> tuple[tuple[float, int], tuple[float, int]]:
    """Its ends; at equal numbers, the one that leaves the number out is the narrower."""
    if band.above is not None:
        low = (band.above, 1)
    else:
        low = (-math.inf if band.at_least is None else band.at_least, 0)
    if band.below is not None:
        return low, (band.below, -1)
    return low, (math.inf if band.at_most is None else band.at_most, 0)


def _tier_faults(tier: Tier) -> Iterator[Fault]:
    yield from name_faults("$.name", tier.name)
    if tier.name == UNKNOWN:
        yield Fault("$.name", f"{UNKNOWN!r} is the tier of what is not known; take another name")
    yield from _decimal_faults("$.at_least", tier.at_least, _MAX_POINTS)


def _scorecard_faults(card: Scorecard) -> Iterator[Fault]:
    yield from name_faults("$.name", card.name)
    if not 1 <= len(card.measures) <= _MAX_MEASURES:
        problem = f"expected 1 to {_MAX_MEASURES} measures, but got {len(card.measures)}"
        yield Fault("$.measures", problem)
    yield from _repeated_names("$.measures", [measure.name for measure in card.measures])
    yield from _repeated_names("$.tiers", [tier.name for tier in card.tiers])
    yield from _order_faults(card.tiers)
    yield from _decimal_faults("$.floor", card.floor, 1)


def _order_faults(tiers: Sequence[Tier]) -> Iterator[Fault]:
    if not tiers:
        yield Fault("$.tiers", "expected at least one tier, but got none")
        return
    for place, (tier, better) in enumerate(zip(tiers[1:], tiers, strict=False), 1):
        if not tier.at_least < better.at_least:
            problem = f"tiers stand best first, so expected less than {better.at_least}"
            yield Fault(f"$.tiers[{place}].at_least", f"{problem}, but got {tier.at_least}")
    last = len(tiers) - 1
    if tiers[last].at_least != 0:
        problem = "the last tier begins at 0, so that every score has a tier"
        yield Fault(f"$.tiers[{last}].at_least", f"{problem}, but got {tiers[last].at_least}")


def _repeated_names(path: str, names: Sequence[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            yield Fault(f"{path}[{place}].name", f"{name!r} stands twice")
        seen.add(name)


def _decimal_faults(path: str, value: object, high: int) -> Iterator[Fault]:
    if not isinstance(value, Decimal) or not value.is_finite():
        hint = f"; write Decimal('{value}')" if isinstance(value, float) else ""
        yield Fault(path, f"expected a whole number or a Decimal, but got {value!r}{hint}")
    elif not 0 <= value <= high:
        yield Fault(path, f"expected 0 to {high}, but got {value}")
    elif int(value.as_tuple().exponent) < -_MAX_DECIMALS:
        yield Fault(path, f"expected at most {_MAX_DECIMALS} decimals, but got {value}")


def _value_faults(path: str, value: object, *kinds: Kind) -> Iterator[Fault]:
    """Faults of what a measure is compared with: a band holds what a rule could."""
    try:
        kind = literal(value).kind
    except ValueError as error:
        yield Fault(path, str(error))
    else:
        if kind not in (None, *kinds):
            yield Fault(path, f"expected a {' or a '.join(kinds)}, but got {value!r}")


# --------------------------------------------------------------------------------------
# One account


class Status(enum.StrEnum):
    """What was found of a measure."""

    KNOWN = "known"
    """Its value is known and lies in a band."""
    MISSING = "missing"
    """Its value is unknown."""
    NO_BAND = "no_band"
    """Its value is known, but no band holds it."""


@attrs.frozen(kw_only=True)
class Contribution:
    """What one measure did to the score.

    Attributes:
        measure: Its name.
        value: Its value; None where unknown.
        status: Whether the value was known, missing, or in no band.
        label: The label of the band that holds the value.
        points: The points that count; None where none do.
        best: The most points that its bands can give.
        weight: Its weight.
        missing: Its policy for an unknown value.
        meaning: What it says, in words.
        share: Its part of the score as shown, None where there is no score. The shares of all
            measures add up to the score as shown exactly.
    """

    measure: str
    value: object
    status: Status
    label: str
    points: int | None
    best: int
    weight: int
    missing: Missing
    meaning: str
    share: Decimal | None = None

    @property
    def is_known(self) -> bool:
        """Whether its weight counts as known."""
        return self.status is Status.KNOWN

    @property
    def loss(self) -> int:
        """Weighted points short of its best; 0 where no points count."""
        return 0 if self.points is None else self.weight * (self.best - self.points)

    def __str__(self) -> str:
        if self.points is None:
            policy = "left out" if self.missing is Missing.EXCLUDE else "so there is no score"
            return f"{self.measure}: {self._shown_value}, {policy}"
        share = "" if self.share is None else f": {self.share}"
        given = f"{self._shown_value} gives {self.points} points"
        return f"{self.measure}: {given}, weight {self.weight}{share}"

    @property
    def _shown_value(self) -> str:
        if self.status is Status.MISSING:
            return "unknown"
        value = self.value
        shown = str(round(value, 6)).removesuffix(".0") if isinstance(value, float) else str(value)
        label = "in no band" if self.status is Status.NO_BAND else self.label
        return f"{shown} ({label})" if label else shown


@attrs.frozen(kw_only=True)
class Assessment:
    """The health of one account, with what it was made from.

    Attributes:
        tier: The tier; "unknown" exactly where there is no score.
        score: The exact score, or None where too little is known for one.
        coverage: The share of the weight that was known.
        floor: The coverage that the scorecard asks for.
        contributions: What each measure did, in the scorecard's order.
        definition: The fingerprint of the scorecard.
    """

    tier: str
    score: Fraction | None
    coverage: Fraction
    floor: Decimal
    contributions: tuple[Contribution, ...]
    definition: str

    @property
    def shown(self) -> Decimal | None:
        """The score to two decimals, half to even: the one declared rounding.

        The tier goes by the exact score, so 74.996 is shown as 75.00 and does not reach 75.
        """
        return None if self.score is None else _hundredths(round(self.score * 100))

    @property
    def reasons(self) -> tuple[Contribution, ...]:
        """Why the tier is no better, the weightiest first; ties in the scorecard's order.

        With a score, the measures that cost it most: by ``loss``. Without one, the measures to
        find out: those that no score can do without, then the others by weight.
        """
        if self.score is None:
            unknown = [part for part in self.contributions if not part.is_known]
            return tuple(sorted(unknown, key=_urgency))
        lost = [part for part in self.contributions if part.loss]
        return tuple(sorted(lost, key=lambda part: -part.loss))

    @property
    def facts(self) -> dict[str, object]:
        """What rules elsewhere can read of it: ``tier``, ``score``, ``coverage``.

        An unknown tier is an unknown fact, so that ``tier == "green"`` is then neither true nor
        false; ask ``is_missing(tier)``.
        """
        if self.score is None:
            return {"tier": None, "score": None, "coverage": float(self.coverage)}
        return {"tier": self.tier, "score": float(self.score), "coverage": float(self.coverage)}

    def explain(self) -> str:
        """The assessment in words: what was found, then each measure with its meaning."""
        lines = [f"{self.tier}: {self._summary}"]
        for part in self.contributions:
            lines.append(f"  {part}")
            if part.meaning:
                lines.append(f"    {part.meaning}")
        return "\n".join(lines)

    @property
    def _summary(self) -> str:
        percent = int(self.coverage * 100)  # rounded down: 100 % means everything
        known = f"{percent} % of the weight known"
        if self.score is not None:
            return f"{self.shown} points, {known}"
        required = [part.measure for part in self.contributions if _forbids_a_score(part)]
        if required:
            return f"no score without {' and '.join(required)}, {known}"
        if not self.coverage:
            return "no score, nothing is known"
        asked = f"{self.floor:%}".removesuffix("%")
        return f"no score, {known}, {asked} % asked for"


def _contribution(measure: Measure, account: object, as_of: object) -> Contribution:
    value = measure.value(account, as_of=as_of)
    band = None if value is None else measure.band(value)
    points = measure.worst if measure.missing is Missing.WORST else None
    status = Status.MISSING if value is None else Status.NO_BAND
    if band is not None:
        status, points = Status.KNOWN, band.points
    return Contribution(
        measure=measure.name,
        value=value,
        status=status,
        label="" if band is None else band.label,
        points=points,
        best=measure.best,
        weight=measure.weight,
        missing=measure.missing,
        meaning=measure.meaning,
    )


def _forbids_a_score(part: Contribution) -> bool:
    return part.missing is Missing.UNKNOWN and not part.is_known


def _urgency(part: Contribution) -> tuple[bool, int]:
    return not _forbids_a_score(part), -part.weight


def _hundredths(number: int) -> Decimal:
    """``number / 100``, exactly, whatever the caller's decimal context."""
    return Decimal(f"{number}e-2")


def _with_shares(found: tuple[Contribution, ...], score: Fraction) -> tuple[Contribution, ...]:
    """Contributions with their shares of the score as shown, by largest remainder."""
    weighted = [part.weight * (part.points or 0) for part in found]
    shares = allocate(round(score * 100), weighted) if score else [0] * len(found)
    return tuple(
        attrs.evolve(part, share=_hundredths(share))
        for part, share in zip(found, shares, strict=True)
    )


# --------------------------------------------------------------------------------------
# A book


@attrs.frozen(kw_only=True, eq=False)
class Assessments:
    """The health of every account of a book, as columns.

    Attributes:
        tier: The tiers' names; "unknown" exactly where there is no score.
        score: The scores as doubles, the nearest to the exact ones; NaN where there is none.
        coverage: The share of the weight that was known.
        definition: The fingerprint of the scorecard.
    """

    tier: npt.NDArray[Any]
    score: npt.NDArray[np.float64]
    coverage: npt.NDArray[np.float64]
    definition: str


@attrs.frozen(eq=False)
class _Points:
    """A measure's points: where a band gave them, where they count, and how many; 0 elsewhere."""

    known: npt.NDArray[np.bool_]
    counted: npt.NDArray[np.bool_]
    points: npt.NDArray[np.int16]


def _points_column(measure: Measure, columns: Mapping[str, Any], as_of: object) -> _Points:
    import numpy as np

    found = measure.value.columns(columns, as_of=as_of)
    points = np.zeros(len(found.known), np.int16)
    known = np.zeros(len(found.known), bool)
    for band in measure.bands:
        held = found.known & ~known & band.holds(found.value)
        points[held] = band.points
        known |= held
    if measure.missing is Missing.WORST:
        return _Points(known, np.ones_like(known), np.where(known, points, np.int16(measure.worst)))
    return _Points(known, known, points)


def _check_lengths(measures: Sequence[Measure], found: Sequence[_Points]) -> None:
    from cslib.columns import ColumnsError

    first, rows = measures[0].name, len(found[0].known)
    for measure, part in zip(measures, found, strict=True):
        if len(part.known) != rows:
            differ = f"{first!r} reads {rows} rows, but {measure.name!r} {len(part.known)}"
            raise ColumnsError(f"columns must be equally long: measure {differ}")
