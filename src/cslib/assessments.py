"""Assessments: how well an account is, and everything that it was judged by.

A part of :mod:`cslib.health`. An :class:`Assessment` has a :class:`Contribution` for each measure:
what was found, what it is worth, and how much of the score it makes; these add up to the score
exactly. The tier comes with what the model alone would say, the caps and the override that changed
it, and the indicators that stand beside it.

An assessment that a scorecard made has its tier at once, and makes its score, its coverage, its
contributions and what its groups came to (:class:`GroupScore`) when they are first asked for
(:func:`made_later`). It is stored as JSON like any
document (:func:`cslib.documents.to_json`), and comes back equal.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from cslib.columns import Column

from cslib.documents import document
from cslib.errors import CslibError, suggestion
from cslib.expressions import MAX_NUMBER, Value
from cslib.faults import shown
from cslib.measures import Missing
from cslib.tiers import UNKNOWN, Cap, Hysteresis, Override

__all__ = [
    "Assessment",
    "Assessments",
    "Carried",
    "Contribution",
    "GroupScore",
    "NoGroupError",
    "NoMeasureError",
    "PreviousError",
    "Status",
    "check_previous",
    "counts_before",
    "made_later",
    "of_fields",
]


@attrs.define
class NoMeasureError(CslibError, KeyError):
    """A measure is asked for that an assessment does not have.

    Attributes:
        measure: The name that was asked for.
        known: The names that there are.
    """

    measure: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        hint = suggestion(self.measure, self.known)
        return f"no measure {self.measure!r}{hint or '; there are ' + ', '.join(self.known)}"


@attrs.define
class NoGroupError(CslibError, KeyError):
    """A group is asked for that a scorecard does not have.

    Attributes:
        path: The names that were asked for, from the outside in.
        known: The paths that there are.
    """

    path: tuple[str, ...]
    known: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        known = tuple(map("/".join, self.known))
        hint = suggestion("/".join(self.path), known)
        there_are = f"; there are {', '.join(known)}" if known else ": the scorecard has none"
        return f"no group {'/'.join(self.path)!r}{hint or there_are}"


class Status(enum.StrEnum):
    """What was found of a measure."""

    KNOWN = "known"
    """Its value is known and in a band."""
    CARRIED = "carried"
    """Its value is unknown, and the last one that was known counts."""
    STALE = "stale"
    """Its value is too old, or it cannot be told how old."""
    MISSING = "missing"
    """Its value is unknown."""
    NO_BAND = "no_band"
    """Its value is known, but no band holds it."""
    NO_NORM = "no_norm"
    """Its value is known, but no norm is for the account, or it is not known which."""
    NOT_APPLICABLE = "not_applicable"
    """It does not apply to the account, and is as if the scorecard did not have it."""
    MAY_NOT_APPLY = "may_not_apply"
    """It is not known whether it applies, and so it is treated as unknown."""
    NOT_YET = "not_yet"
    """Its value dates from after the day of the assessment, on which it was not known."""


_T = TypeVar("_T")

_COUNTS_AS_KNOWN = (Status.KNOWN, Status.CARRIED)


@attrs.frozen(kw_only=True, slots=False)  # twice as quick to make, and many are made
class Contribution:
    """What one measure did to the score.

    Attributes:
        measure: Its name.
        groups: The groups that it stands in, from the outside in.
        value: Its value, also where it is too old; None where unknown.
        status: What was found of it.
        label: The label of the band that holds the value.
        norm: The name of the norm that gave the points; empty: none did.
        points: The points that count; None where none do.
        best: The most points that its scale can give.
        weight: Its weight among those that stand beside it.
        nominal: Its share of the whole weight, by which the coverage is counted; 0 where it does
            not apply.
        part: How much of a point of the score one of its points makes: its share of the weight that
            counts, and 0 where it does not count.
        missing: Its policy for an unknown value.
        age: How many days old the value is; None where that is not asked, or unknown.
        is_aged: Whether it is older than asked for, though not too old to count.
        known_on: The day that the value dates from; None where unknown.
        can_change: Whether something can be done about it.
        meaning: What it says, in words.
        share: Its part of the score as shown, None where there is no score. The shares of all
            measures add up to the score as shown exactly.
    """

    measure: str
    groups: tuple[str, ...] = ()
    value: Value
    status: Status
    label: str = ""
    norm: str = ""
    points: int | Decimal | None
    best: int
    weight: Decimal
    nominal: Fraction = Fraction(0)
    part: Fraction = Fraction(0)
    missing: Missing | int
    age: float | None = None
    is_aged: bool = False
    known_on: dt.date | None = None
    can_change: bool = True
    meaning: str = ""
    share: Decimal | None = None

    @property
    def applies(self) -> bool:
        """Whether the scorecard asks for it of this account, as far as that is known."""
        return self.status is not Status.NOT_APPLICABLE

    @property
    def is_known(self) -> bool:
        """Whether its weight counts as known."""
        return self.status in _COUNTS_AS_KNOWN

    @property
    def exact(self) -> Fraction:
        """Its part of the score, unrounded; those of all measures add up to it."""
        return Fraction(0) if self.points is None else self.part * Fraction(self.points)

    @property
    def loss(self) -> Fraction:
        """How many points of the score it falls short of its best; 0 where none count."""
        if self.points is None:
            return Fraction(0)
        return self.part * (self.best - Fraction(self.points))

    def __str__(self) -> str:
        name = "/".join((*self.groups, self.measure))
        if not self.applies:
            return f"{name}: does not apply"
        if self.points is None:
            policy = "so there is no score" if self.missing is Missing.UNKNOWN else "left out"
            return f"{name}: {self._shown_value}, {policy}"
        share = "" if self.share is None else f": {self.share}"
        norm = f" by {self.norm}" if self.norm else ""
        return (
            f"{name}: {self._shown_value} gives {self.points} points{norm}, "
            f"weight {self.weight}, {percent(self.nominal)} of the whole{share}"
        )

    @property
    def _shown_value(self) -> str:
        value = self.value
        if value is None:
            unsure = self.status is Status.MAY_NOT_APPLY
            return "unknown, as is whether it applies" if unsure else "unknown"
        shown = str(round(value, 6)).removesuffix(".0") if isinstance(value, float) else str(value)
        label = "" if self.label == shown else self.label
        notes = [label, _NOTES.get(self.status, ""), self._age]
        told = ", ".join(filter(None, notes))
        return f"{shown} ({told})" if told else shown

    @property
    def _age(self) -> str:
        if self.status is Status.CARRIED:
            return f"of {self.known_on}"
        if self.status is Status.STALE and self.age is None:
            return "of unknown age"
        if self.status is not Status.STALE and not self.is_aged:
            return ""
        return f"{int(self.age or 0)} days old"


@attrs.frozen(kw_only=True)
class GroupScore:
    """What one group of measures came to.

    It is what the group counts as in the score, be it by points that only stand for the unknown;
    its coverage says how much of it is known. The floor, and the policy that makes a score unknown,
    are of the whole.

    Attributes:
        group: Its name.
        groups: The groups that it stands in, from the outside in.
        score: Its exact points; None where nothing in it counts.
        coverage: The share of its own weight that was known, of what applies; 0 where nothing does.
        weight: Its weight among those that stand beside it.
        nominal: Its share of the whole weight, as of a contribution.
        part: How much of a point of the score one of its points makes; 0 where it does not count.
        applies: Whether a measure in it applies to the account.
        meaning: What it says, in words.
        share: Its part of the score as shown: the sum of the shares of all measures in it; None
            where there is no score.
    """

    group: str
    groups: tuple[str, ...] = ()
    score: Fraction | None
    coverage: Fraction
    weight: Decimal
    nominal: Fraction = Fraction(0)
    part: Fraction = Fraction(0)
    applies: bool = True
    meaning: str = ""
    share: Decimal | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The groups that it stands in, and itself."""
        return (*self.groups, self.group)

    @property
    def exact(self) -> Fraction:
        """Its part of the score, unrounded: that of all measures in it together."""
        return Fraction(0) if self.score is None else self.part * self.score

    @property
    def shown(self) -> Decimal | None:
        """Its score to two decimals, half to even."""
        return None if self.score is None else hundredths(round(self.score * 100))

    def __str__(self) -> str:
        name = "/".join(self.path)
        if not self.applies:
            return f"{name}: does not apply"
        if self.score is None:
            return f"{name}: unknown, left out"
        share = "" if self.share is None else f": {self.share}"
        known = f"{int(self.coverage * 100)} % of its weight known"
        weight = f"weight {self.weight}, {percent(self.nominal)} of the whole"
        return f"{name}: {self.shown} points, {known}, {weight}{share}"


_NOTES = {
    Status.STALE: "too old",
    Status.NO_BAND: "in no band",
    Status.NO_NORM: "no norm known for it",
    Status.NOT_YET: "of a later day",
    Status.MAY_NOT_APPLY: "not known whether it applies",
    Status.CARRIED: "carried",
}


class Made(Protocol):
    """What an assessment's fields are made from when they are first asked for."""

    @property
    def score(self) -> Fraction | None: ...
    @property
    def coverage(self) -> Fraction: ...
    @property
    def contributions(self) -> tuple[Contribution, ...]: ...
    @property
    def groups(self) -> tuple[GroupScore, ...]: ...


_LATER = ("score", "coverage", "contributions", "groups")


@document("assessment", version=1)
@attrs.frozen(kw_only=True, slots=False)  # what is made later is put into its __dict__
class Assessment:
    """The health of one account, with what it was made from.

    Attributes:
        tier: The tier, after caps and an override; "unknown" where there is no score and nobody
            has set one.
        score: The exact score, or None where too little is known for one.
        coverage: The share of the weight that was known, of the measures that apply; 0 where none
            does.
        floor: The coverage that the scorecard asks for.
        contributions: What each measure did, in the scorecard's order.
        groups: What each group came to, each before those in it.
        model_tier: The tier that the score gives, before caps and override.
        model_since: Since when it gives that; None where that is not known.
        caps: The caps that hold it down.
        override: The tier that somebody set, while it counts.
        indicators: Of each indicator of the scorecard, whether it holds; None: unknown.
        as_of: The day of the assessment; None where it was not told.
        definition: The fingerprint of the scorecard.
    """

    tier: str
    score: Fraction | None
    coverage: Fraction
    floor: Decimal
    contributions: tuple[Contribution, ...]
    groups: tuple[GroupScore, ...] = ()
    model_tier: str
    model_since: dt.date | None = None
    caps: tuple[Cap, ...] = ()
    override: Override | None = None
    indicators: tuple[tuple[str, bool | None], ...] = ()
    as_of: dt.date | None = None
    definition: str

    def __getattr__(self, name: str) -> Any:
        """A field that was left for later: Python asks here for what is not in ``__dict__``."""
        made_from = self.__dict__.get("_made_from")
        if made_from is None or name not in _LATER:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = self.__dict__[name] = getattr(made_from, name)
        return value

    def __getstate__(self) -> dict[str, Any]:
        """All fields, made by now: a copy or a pickle does without the scorecard."""
        return {field.name: getattr(self, field.name) for field in attrs.fields(Assessment)}

    @property
    def shown(self) -> Decimal | None:
        """The score to two decimals, half to even: the one declared rounding.

        The tier goes by the exact score, so 74.996 is shown as 75.00 and does not reach 75.
        """
        return None if self.score is None else hundredths(round(self.score * 100))

    @property
    def reasons(self) -> tuple[Contribution, ...]:
        """Why the tier is no better, the weightiest first; ties in the scorecard's order.

        With a score, the measures that cost it most: by ``loss``. Without one, the measures to
        find out: those that no score can do without, then the others by weight.
        """
        if self.score is None:
            asked = (part for part in self.contributions if part.applies)
            unknown = [part for part in asked if not part.is_known]
            return tuple(sorted(unknown, key=_urgency))
        lost = [part for part in self.contributions if part.loss]
        return tuple(sorted(lost, key=lambda part: -part.loss))

    @property
    def stale(self) -> tuple[str, ...]:
        """The measures whose values are too old, or older than asked for."""
        aged = (part for part in self.contributions if part.is_aged or part.status is Status.STALE)
        return tuple(part.measure for part in aged)

    @property
    def facts(self) -> dict[str, object]:
        """What rules elsewhere can read of it: ``tier``, ``score``, ``coverage``, ``model_tier``.

        An unknown tier is an unknown fact, so that ``tier == "green"`` is then neither true nor
        false; ask ``is_missing(tier)``.
        """
        return {
            "tier": None if self.tier == UNKNOWN else self.tier,
            "score": None if self.score is None else float(self.score),
            "coverage": float(self.coverage),
            "model_tier": None if self.model_tier == UNKNOWN else self.model_tier,
        }

    def contribution(self, measure: str) -> Contribution:
        """What the measure of a name did.

        Raises:
            NoMeasureError: If the scorecard has none of that name; it is a KeyError too.
        """
        for part in self.contributions:
            if part.measure == measure:
                return part
        raise NoMeasureError(measure, tuple(part.measure for part in self.contributions))

    def group(self, *path: str) -> GroupScore:
        """What a group came to.

        Args:
            path: Its name, after those of the groups that it stands in.

        Raises:
            NoGroupError: If the scorecard has none there; it is a KeyError too.
        """
        for each in self.groups:
            if each.path == path:
                return each
        raise NoGroupError(path, tuple(each.path for each in self.groups))

    def explain(self) -> str:
        """The assessment in words: what was found, then each group and measure, with meanings."""
        lines = [f"{self.tier}: {self._summary}", *(f"  {each}" for each in self._notes)]
        for part in self._parts:
            lines.append(f"  {part}")
            if part.meaning:
                lines.append(f"    {part.meaning}")
        lines += [f"  beside it: {name}" for name, holds in self.indicators if holds]
        return "\n".join(lines)

    @property
    def _parts(self) -> Iterator[GroupScore | Contribution]:
        """What was found, each group before what is in it."""
        groups = list(self.groups)
        for part in self.contributions:
            while groups and groups[0].path == part.groups[: len(groups[0].path)]:
                yield groups.pop(0)
            yield part

    @property
    def _summary(self) -> str:
        percent = int(self.coverage * 100)  # rounded down: 100 % means everything
        known = f"{percent} % of the weight known"
        if self.score is not None:
            return f"{self.shown} points, {known}"
        required = [part.measure for part in self.contributions if forbids_a_score(part)]
        if required:
            return f"no score without {' and '.join(required)}, {known}"
        if not any(part.applies for part in self.contributions):
            return "no score, no measure applies"
        if not self.coverage:
            return "no score, nothing is known"
        asked = f"{self.floor:%}".removesuffix("%")
        return f"no score, {known}, {asked} % asked for"

    @property
    def _notes(self) -> list[str]:
        """What stands between the score and the tier."""
        notes = [
            f"{cap.measure} {cap.label}: no better than {cap.tier}"
            + ("" if self._may_bind(cap) else ", which changes nothing")
            for cap in self.caps
        ]
        if self.override is not None:
            given = self.override
            notes.append(f"set by {given.author} until {given.until}: {given.reason}")
        if notes:
            notes.insert(0, f"the score alone gives {self.model_tier}")
        return notes

    def _may_bind(self, cap: Cap) -> bool:
        """Whether a cap makes the tier, as far as can be told where a person set another."""
        if self.override is not None:
            return cap.tier != self.model_tier
        return self.tier != self.model_tier and self.tier == cap.tier


def made_later(fields: dict[str, Any], made_from: Made) -> Assessment:
    """An assessment whose score, coverage, contributions and groups are made when asked for.

    Args:
        fields: All other fields; it is kept.
        made_from: What these are made from.
    """
    fields["_made_from"] = made_from
    return of_fields(Assessment, fields)


def of_fields(kind: type[_T], fields: dict[str, Any]) -> _T:
    """An instance of a frozen class, from fields that need no check; quicker than its own way.

    Args:
        kind: The class, one with a ``__dict__``.
        fields: All its fields by their names; it is kept.

    >>> of_fields(Assessment, {"tier": "red"}).tier
    'red'
    """
    made = kind.__new__(kind)
    object.__setattr__(made, "__dict__", fields)  # it is frozen, and this is its making
    return made


@attrs.frozen(kw_only=True, eq=False)
class Carried:
    """The values of a measure that are carried to the next assessment, one for each account.

    Attributes:
        values: The values; what stands where there is none means nothing.
        known_on: The days that they date from; NaT where there is none.
    """

    values: npt.NDArray[Any]
    known_on: npt.NDArray[np.datetime64]


@attrs.frozen(kw_only=True, eq=False)
class Assessments:
    """The health of every account of a book, as columns.

    Tiers are held as places in ``tiers``, a byte each; :attr:`tier` and :attr:`model_tier` make
    their names.

    Attributes:
        tiers: The names of the scorecard's tiers, best first.
        tier_places: The place of each account's tier, after caps; -1 where there is no score.
        model_places: The place of the tier that the score gives, before caps.
        score: The scores as doubles, the nearest to the exact ones; NaN where there is none.
        known_weight: The weight that was known, in parts of ``weight``.
        weight: The whole weight, in parts so small that each measure's is a whole number. Where a
            measure does not apply to every account it is a column, with 0 where none applies.
        since: Since when the scores give these tiers, NaT where there is none; None: ``as_of``.
        caps: For each cap of the scorecard, where it holds.
        indicators: For each indicator of the scorecard, where it holds and where that is known.
        carried: For each measure that carries its value, what the next assessment may take.
        as_of: The day of the assessments; None where it was not told.
        definition: The fingerprint of the scorecard.
    """

    tiers: tuple[str, ...]
    tier_places: npt.NDArray[np.integer[Any]]
    model_places: npt.NDArray[np.integer[Any]]
    score: npt.NDArray[np.float64]
    known_weight: npt.NDArray[Any]
    weight: int | npt.NDArray[Any]
    since: npt.NDArray[np.datetime64] | None = None
    caps: Mapping[Cap, npt.NDArray[Any]] = attrs.Factory(dict)
    indicators: Mapping[str, Column] = attrs.Factory(dict)
    carried: Mapping[str, Carried] = attrs.Factory(dict)
    as_of: dt.date | None = None
    definition: str

    @property
    def tier(self) -> npt.NDArray[Any]:
        """The tiers' names, after caps; "unknown" where there is no score."""
        return self._named(self.tier_places)

    @property
    def model_tier(self) -> npt.NDArray[Any]:
        """The names of the tiers that the scores give, before caps."""
        return self._named(self.model_places)

    @property
    def model_since(self) -> npt.NDArray[Any]:
        """Since when the scores give these tiers; NaT where there is none or it is not known."""
        import numpy as np

        if self.since is not None:
            return self.since
        unknown = np.datetime64("NaT", "D")
        today = unknown if self.as_of is None else np.datetime64(self.as_of, "D")
        days = np.full(len(self.score), today)
        days[self.model_places < 0] = unknown
        return days

    @property
    def coverage(self) -> npt.NDArray[np.float64]:
        """The share of the weight that was known, as the double nearest to the exact one."""
        import numpy as np

        if not isinstance(self.weight, int):
            return _nearest(self.known_weight, self.weight)
        if self.weight < MAX_NUMBER:
            return self.known_weight.astype(np.float64) / self.weight
        return np.array([int(known) / self.weight for known in self.known_weight], np.float64)

    @property
    def facts(self) -> dict[str, Any]:
        """What rules elsewhere can read of them, as :attr:`Assessment.facts`.

        An unknown tier is masked, and so an unknown fact.
        """
        import numpy as np

        return {
            "tier": np.ma.MaskedArray(self.tier, self.tier_places < 0),
            "score": self.score,
            "coverage": self.coverage,
            "model_tier": np.ma.MaskedArray(self.model_tier, self.model_places < 0),
        }

    def _named(self, places: npt.NDArray[Any]) -> npt.NDArray[Any]:
        import numpy as np

        names: npt.NDArray[Any] = np.array([*self.tiers, UNKNOWN])
        return names[places]  # type: ignore[no-any-return]  # the last stands at -1


def _nearest(known: npt.NDArray[Any], whole: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The doubles nearest to ratios; 0 where there is nothing to know."""
    import numpy as np

    if whole.dtype.hasobject or whole.max(initial=0) > MAX_NUMBER:
        pairs = zip(known.tolist(), whole.tolist(), strict=True)
        return np.array([part / (of or 1) for part, of in pairs], np.float64)
    ratios: npt.NDArray[np.float64] = known.astype(np.float64) / np.maximum(whole, 1)
    return ratios


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


def check_previous(previous: object, today: dt.date | None, kind: type) -> None:
    """Refuse an assessment before, or several, that does not go with that of today.

    Args:
        previous: What was given; None is none.
        today: The day of the new one.
        kind: What it has to be.

    Raises:
        PreviousError: If it is another thing, comes without ``as_of``, has no date or a later one.

    >>> check_previous(None, None, Assessment)
    """
    if previous is None:
        return
    if not isinstance(previous, kind):
        expected = f"expected the {kind.__name__} before, or None"
        raise PreviousError("previous", f"is {shown(previous)}; {expected}")
    if today is None:
        raise PreviousError("previous", "comes without as_of: give the day of this one")
    dated: dt.date | None = previous.as_of  # type: ignore[attr-defined]
    if dated is None or dated > today:
        given = "has no date" if dated is None else f"is of {dated}"
        raise PreviousError("previous", f"{given}: expected one dated by {today}")


def counts_before(
    previous: Assessment | Assessments | None,
    today: dt.date | None,
    definition: str,
    margins: Hysteresis | None,
) -> bool:
    """Whether the tier of an assessment before, or of several, counts for that of today.

    It does not where there is none, or it is by another scorecard, or older than the margins say.

    >>> counts_before(None, dt.date(2026, 6, 30), "sha256:0", None)
    False
    """
    if previous is None or today is None or previous.as_of is None:
        return False
    if previous.definition != definition:
        return False
    expires = None if margins is None else margins.expires
    return expires is None or (today - previous.as_of).days <= expires


def forbids_a_score(part: Contribution) -> bool:
    """Whether there is no score because of it."""
    return part.missing is Missing.UNKNOWN and part.applies and not part.is_known


def _urgency(part: Contribution) -> tuple[bool, Decimal]:
    return not forbids_a_score(part), -part.weight


def percent(share: Fraction) -> str:
    """A share in whole per cent, half to even; what is less than one, but something, is said so.

    >>> percent(Fraction(2, 3)), percent(Fraction(1, 300)), percent(Fraction(0))
    ('67 %', 'below 1 %', '0 %')
    """
    return "below 1 %" if 0 < share < Fraction(1, 100) else f"{round(share * 100)} %"


def hundredths(number: int) -> Decimal:
    """``number / 100``, exactly, whatever the caller's decimal context.

    >>> hundredths(1234)
    Decimal('12.34')
    """
    return Decimal(f"{number}e-2")
