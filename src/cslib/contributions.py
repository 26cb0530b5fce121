"""Contributions: what each measure and each group of a scorecard did to the score of an account.

A part of :mod:`cslib.health`, and the evidence of an :class:`~cslib.assessments.Assessment`: of a
measure what was found, what it is worth, and how much of the score it makes; of a group what its
measures come to. The parts add up to the score exactly, and the shares to the score as shown.
"""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from fractions import Fraction

import attrs

from cslib.expressions import Value
from cslib.measures import Missing

__all__ = [
    "Contribution",
    "GroupScore",
    "Status",
    "forbids_a_score",
    "hundredths",
    "percent",
]


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


def forbids_a_score(part: Contribution) -> bool:
    """Whether there is no score because of it."""
    return part.missing is Missing.UNKNOWN and part.applies and not part.is_known


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
