"""Assessments: how well an account is, and everything that it was judged by.

A part of :mod:`cslib.health`. An :class:`Assessment` has a
:class:`~cslib.contributions.Contribution` for each measure: what was found, what it is worth, and
how much of the score it makes; these add up to the score exactly. The tier comes with what the
model alone would say, the caps and the override that changed it, and the indicators that stand
beside it.

An assessment that a scorecard made has its tier at once, and makes its score, its coverage, its
contributions and what its groups came to (:class:`~cslib.contributions.GroupScore`) when they are
first asked for (:data:`MADE_FROM`). It is stored as JSON like any document
(:func:`cslib.documents.to_json`), and comes back equal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from cslib.contributions import Contribution, GroupScore, Status, forbids_a_score, hundredths
from cslib.documents import document
from cslib.errors import CslibError, suggestion
from cslib.faults import brief, shown
from cslib.tiers import UNKNOWN, Cap, Hysteresis, Override

if TYPE_CHECKING:
    from cslib.assessmentcolumns import Assessments

__all__ = [
    "MADE_FROM",
    "Assessment",
    "NoGroupError",
    "NoMeasureError",
    "PreviousError",
    "check_previous",
    "counts_before",
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
        hint = suggestion(str(self.measure), self.known)
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
        known, path = tuple(map("/".join, self.known)), "/".join(map(str, self.path))
        hint = suggestion(path, known)
        there_are = f"; there are {', '.join(known)}" if known else ": the scorecard has none"
        return f"no group {path!r}{hint or there_are}"


_T = TypeVar("_T")


MADE_FROM = "_made_from"
"""Beside the fields of an assessment: :class:`cslib.evidence.Evidence`, and what to make it of."""

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
        given = self.__dict__.get(MADE_FROM)
        if given is None or name not in _LATER:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        evidence, *found = given
        value = self.__dict__[name] = getattr(evidence(*found), name)
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
        lines = [str(self), *(f"  {each}" for each in self._notes)]
        for part in self._parts:
            lines.append(f"  {part}")
            if part.meaning:
                lines.append(f"    {part.meaning}")
        lines += [f"  beside it: {name}" for name, holds in self.indicators if holds]
        return "\n".join(lines)

    def __str__(self) -> str:
        return f"{self.tier}: {self._summary}"

    __repr__ = brief

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


def of_fields(kind: type[_T], fields: dict[str, Any]) -> _T:
    """An instance of a frozen class, from fields that need no check; quicker than its own way.

    Args:
        kind: The class, one with a ``__dict__``.
        fields: All its fields by their names; it is kept.

    >>> of_fields(Assessment, {"tier": "red"}).tier
    'red'
    """
    made = _new(kind)
    _set(made, "__dict__", fields)  # it is frozen, and this is its making
    return made


_new, _set = object.__new__, object.__setattr__


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
        ways = "assess gives an Assessment, assess_columns gives Assessments"
        expected = f"expected the {kind.__name__} before, or None: {ways}"
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


def _urgency(part: Contribution) -> tuple[bool, Decimal]:
    return not forbids_a_score(part), -part.weight
