"""Measures: what a scorecard looks at, how much each weighs, and what the unknown does.

A part of :mod:`cslib.health`. A :class:`Measure` is a rule over facts with a scale that gives
points; a :class:`Group` is several measures, or groups, taken together. Weights are any numbers
above 0, of which only the proportions matter inside one group; one of 0 stands beside the score.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import attrs

from cslib.bands import MAX_POINTS, Norm, Scale, scale_faults
from cslib.errors import CslibError, DefinitionError, Fault
from cslib.expressions import Kind
from cslib.faults import (
    decimal_faults,
    exact_decimal,
    member,
    name_faults,
    refuse,
    several,
    shown,
    text_faults,
    whole_faults,
)
from cslib.rules import Rule, condition, rule

__all__ = ["Combine", "Group", "Measure", "Missing"]

MAX_WEIGHT = 1_000_000
MAX_DEPTH = 25
"""Groups inside one another: a document holds no more."""

MAX_DAYS = 36_600
"""A century: the greatest age of a value that can be asked for."""


class Missing(enum.StrEnum):
    """What a measure does to the score when its value is unknown, too old or in no band."""

    EXCLUDE = "exclude"
    """It is left out, and the other measures of its group are reweighted."""
    WORST = "worst"
    """It counts as the fewest points that its scale can give, but not as known."""
    UNKNOWN = "unknown"
    """It makes the whole score unknown."""
    CARRY = "carry"
    """Its last known value counts until it is as old as ``max_age``; then it is left out."""


class Combine(enum.StrEnum):
    """How the points of a group's measures become those of the group."""

    MEAN = "mean"
    """Their mean by weight."""
    WORST = "worst"
    """The fewest: one that is bad makes the group bad. Weights only tell what is known."""
    BEST = "best"
    """The most. Weights only tell what is known."""
    SUM = "sum"
    """All together, each times its weight, which is then a whole number: of conditions worth a
    point each, how many hold."""


def _policy(value: Missing | int | str) -> Missing | int:
    if isinstance(value, str):
        return member("measure", "$.missing", "policy", Missing, value)
    return value


def combination(value: Combine | str, subject: str = "group") -> Combine:
    """A way to combine, by its name.

    Args:
        value: The name, or the way itself.
        subject: What is not valid where there is none of that name.

    >>> combination("worst")
    <Combine.WORST: 'worst'>
    """
    return member(subject, "$.combine", "way to combine", Combine, value)


def _norms(norms: Iterable[Norm]) -> tuple[Norm, ...]:
    return several("measure", "$.norms", norms, Norm)


def _days(source: object) -> Rule | None:
    return None if source is None else rule(source, kind=Kind.NUMBER)


@attrs.frozen(kw_only=True)
class Measure(Scale):
    """One measured thing, what it is worth, and how much it weighs.

    Attributes:
        name: Its name.
        value: A rule that gives a number, a text or a flag.
        bands: As for a scale; the scale of accounts that no norm is for.
        anchors: As for a scale.
        norms: Scales for some accounts, taken in order: the first whose condition holds. Where it
            cannot be told which that is, the measure is unknown.
        weight: A number of 0 or more, to a million, of at most 6 decimals. At 0 it does nothing to
            the score; it is shown, and caps may look at it. With the policy "unknown" it is a
            condition: there is no score unless it is known.
        missing: What happens when the value is unknown; a number is the points it then counts as.
        when: A rule that says whether the measure applies to an account; None: it always does.
            Where it does not, it is as if the scorecard did not have it: it is neither missing nor
            in the coverage. Where that is unknown, so is the measure, and it is in the coverage.
        age: A rule that gives how many days old the value is; one that is unknown is too old.
        max_age: The age in days up to which the value counts, itself included; what is older is
            treated as missing, and shown as stale.
        warn_age: The age in days up to which nothing is said; what is older counts, and is flagged.
        can_change: Whether something can be done about it, for :mod:`cslib.recourse`.
        meaning: What it says and why it matters, in words (H10).

    Raises:
        DefinitionError: With every fault: no name, a weight off the grid, no bands, bands of
            different kinds, a band behind one that holds all its values, a rule that cannot give
            what the bands ask for, a greatest age without a rule that tells it.

    >>> from cslib.bands import Band
    >>> seats = Measure(
    ...     name="seat use",
    ...     value="seats_used / seats",
    ...     bands=(Band(points=0, below=0.3), Band(points=50, below=0.6), Band(points=100)),
    ... )
    >>> seats.points(0.3)
    Points(points=50, label='')
    """

    name: str
    value: Rule = attrs.field(converter=rule)
    norms: tuple[Norm, ...] = attrs.field(default=(), converter=_norms)
    weight: Decimal = attrs.field(default=Decimal(1), converter=exact_decimal)
    missing: Missing | int = attrs.field(default=Missing.EXCLUDE, converter=_policy)
    when: Rule | None = attrs.field(default=None, converter=attrs.converters.optional(condition))
    age: Rule | None = attrs.field(default=None, converter=_days)
    max_age: int | None = None
    warn_age: int | None = None
    can_change: bool = True
    meaning: str = ""

    def __attrs_post_init__(self) -> None:
        subject = f"measure {self.name!r}"
        refuse(subject, _measure_faults(self))
        kinds = (scale.kind for scale in self.scales)
        kind = next((kind for kind in kinds if kind is not None), None)
        try:  # the scales alone say the kind: a document has no other place for it
            value = rule(self.value, kind=kind) if kind else attrs.evolve(self.value, gives=None)
        except CslibError as error:
            raise DefinitionError(subject, (Fault("$.value", str(error)),)) from None
        object.__setattr__(self, "value", value)

    @property
    def scales(self) -> tuple[Scale, ...]:
        """Every scale it may use: those of its norms, and then its own."""
        own = (Scale(bands=self.bands, anchors=self.anchors),) if self._has_own else ()
        return (*self.norms, *own)

    @property
    def _has_own(self) -> bool:
        return bool(self.bands or self.anchors)


def _measures(measures: Iterable[Measure]) -> tuple[Measure, ...]:
    return several("group", "$.measures", measures, Measure)


def _groups(groups: Iterable[Group]) -> tuple[Group, ...]:
    return several("group", "$.groups", groups, Group)


@attrs.frozen(kw_only=True)
class Group:
    """Measures and groups taken together as one.

    Attributes:
        name: Its name.
        measures: The measures in it.
        groups: The groups in it, 25 deep at the most: a document holds no more.
        combine: How their points become its own.
        weight: As for a measure, among those that stand beside it.
        meaning: What it says, in words.

    Raises:
        DefinitionError: With every fault: a name that stands twice, nothing in it, no weight above
            0 in it.

    >>> from cslib.bands import Band
    >>> used = Measure(name="used", value="used", bands=(Band(points=100),))
    >>> Group(name="product", weight="12.5", measures=(used,)).weight
    Decimal('12.5')
    """

    name: str
    measures: tuple[Measure, ...] = attrs.field(default=(), converter=_measures)
    groups: tuple[Group, ...] = attrs.field(default=(), converter=_groups)
    combine: Combine = attrs.field(default=Combine.MEAN, converter=combination)
    weight: Decimal = attrs.field(default=Decimal(1), converter=exact_decimal)
    meaning: str = ""

    def __attrs_post_init__(self) -> None:
        faults = [
            *name_faults("$.name", self.name),
            *decimal_faults("$.weight", self.weight, MAX_WEIGHT),
            *text_faults("$.meaning", self.meaning),
            *parts_faults(self.measures, self.groups, self.combine),
        ]
        if _depth(self) > MAX_DEPTH:
            problem = f"groups lie more than {MAX_DEPTH} deep, and could not be read back"
            faults.append(Fault("$.groups", problem))
        refuse(f"group {self.name!r}", faults)


def _depth(group: Group) -> int:
    return 1 + max(map(_depth, group.groups), default=0)


def parts_faults(
    measures: Sequence[Measure], groups: Sequence[Group], combine: Combine
) -> Iterator[Fault]:
    """What is wrong with what stands side by side in a group or a scorecard."""
    if not measures and not groups:
        yield Fault("$.measures", "expected at least one measure or group, but got none")
    elif not any(weight > 0 for weight in weights_of(measures, groups)):
        yield Fault("$.measures", "expected a weight above 0, but all are 0")
    if combine is Combine.SUM:
        for path, part in _side_by_side(measures, groups):
            if part.weight % 1:
                problem = "in a sum a weight is a whole number, since it multiplies points"
                yield Fault(f"{path}.weight", f"{problem}; but got {part.weight}")


def _side_by_side(
    measures: Sequence[Measure], groups: Sequence[Group]
) -> Iterator[tuple[str, Measure | Group]]:
    yield from ((f"$.measures[{place}]", each) for place, each in enumerate(measures))
    yield from ((f"$.groups[{place}]", each) for place, each in enumerate(groups))


def weights_of(measures: Iterable[Measure], groups: Iterable[Group]) -> list[Decimal]:
    """The weights of what stands side by side, measures first.

    >>> weights_of((), ())
    []
    """
    return [measure.weight for measure in measures] + [group.weight for group in groups]


def leaves(measures: Iterable[Measure], groups: Iterable[Group]) -> Iterator[Measure]:
    """All measures of a tree: those side by side first, then those of each group.

    >>> list(leaves((), ()))
    []
    """
    yield from measures
    for group in groups:
        yield from leaves(group.measures, group.groups)


# --------------------------------------------------------------------------------------
# What is wrong with a measure


def _measure_faults(measure: Measure) -> Iterator[Fault]:
    yield from name_faults("$.name", measure.name)
    yield from decimal_faults("$.weight", measure.weight, MAX_WEIGHT)
    yield from text_faults("$.meaning", measure.meaning)
    if not isinstance(measure.can_change, bool):
        yield Fault("$.can_change", f"expected True or False, but got {shown(measure.can_change)}")
    if measure._has_own or not measure.norms:
        yield from scale_faults(measure)
    yield from _kind_faults(measure)
    yield from _missing_faults(measure)
    yield from _age_faults(measure)


def _kind_faults(measure: Measure) -> Iterator[Fault]:
    """Norms whose scales are for another kind of value than those before them."""
    first: Kind | None = None
    for place, scale in enumerate(measure.scales):
        first = first or scale.kind
        if scale.kind not in (None, first):
            path = f"$.norms[{place}]" if place < len(measure.norms) else "$.bands"
            yield Fault(path, f"expected a scale for a {first}, but got one for a {scale.kind}")


def _missing_faults(measure: Measure) -> Iterator[Fault]:
    missing = measure.missing
    if not isinstance(missing, Missing):
        for fault in whole_faults("$.missing", missing, 0, MAX_POINTS):
            yield Fault(fault.path, f"{fault.message}; or one of {', '.join(Missing)}")
    elif missing is Missing.CARRY and measure.max_age is None:
        yield Fault("$.max_age", "a value that is carried needs an age at which it ends")


def _age_faults(measure: Measure) -> Iterator[Fault]:
    for name in ("max_age", "warn_age"):
        days = getattr(measure, name)
        if days is None:
            continue
        yield from whole_faults(f"$.{name}", days, 0, MAX_DAYS)
        carried = measure.missing is Missing.CARRY and name == "max_age"
        if measure.age is None and not carried:
            yield Fault("$.age", f"{name} asks how old the value is: give a rule, as in days_since")
    if measure.age is not None and measure.max_age is None and measure.warn_age is None:
        yield Fault("$.max_age", "an age is told, but none is too old: give max_age or warn_age")
    ages = (measure.warn_age, measure.max_age)
    if all(isinstance(each, int) for each in ages) and ages[0] >= ages[1]:  # type: ignore[operator]
        problem = f"expected less than max_age, which is {ages[1]}"
        yield Fault("$.warn_age", f"{problem}, but got {ages[0]}")
