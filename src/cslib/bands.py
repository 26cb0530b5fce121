"""Bands and anchors: what a measured value is worth in points.

A part of :mod:`cslib.health`. A :class:`Scale` turns a value into points, by bands (steps, with a
word for each) or by anchors (straight lines between points that are given). A :class:`Norm` is a
scale for some accounts: an industry, a plan, a first year (H9, J). Which side of a bound belongs to
a band is said by the bound's name, since published programmes differ at exactly 20 %.

:func:`gaps` and :func:`overlaps` find values that no band takes, or that two do; :func:`reaching`
says which values are worth some points.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import attrs

from cslib.errors import Fault
from cslib.expressions import Kind, literal
from cslib.faults import refuse, several, shown, text_faults, whole_faults
from cslib.rules import Rule, condition

__all__ = ["Anchor", "Band", "Norm", "Points", "Scale", "gaps", "overlaps", "reaching", "steps"]

MAX_POINTS = 1_000
"""The most points that a band or an anchor can give."""

GRID = 1_000
"""Points between anchors are whole thousandths."""


@attrs.frozen(kw_only=True)
class Band:
    """The points for a range of a measure, or for one text or flag.

    Which side of a bound belongs to the band is said by the bound's name. A band without any bound
    takes every known value.

    Attributes:
        points: Whole points, 0 to 1000.
        label: A word for the band, shown as evidence; caps look at it.
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


@attrs.frozen(kw_only=True)
class Anchor:
    """The points at one value; between two anchors they lie on the straight line.

    Attributes:
        at: The value.
        points: Whole points there, 0 to 1000.

    Raises:
        DefinitionError: If either is no number, or the points are off the grid.

    >>> Anchor(at=0.6, points=100).points
    100
    """

    at: float
    points: int

    def __attrs_post_init__(self) -> None:
        faults = [
            *whole_faults("$.points", self.points, 0, MAX_POINTS),
            *_value_faults("$.at", self.at, Kind.NUMBER),
        ]
        if self.at is None:
            faults.append(Fault("$.at", "expected a number, but got None"))
        refuse("anchor", faults)


class Points(NamedTuple):
    """What a value is worth: ``points`` and the ``label`` of its band."""

    points: int | Decimal
    label: str


def _bands(bands: Iterable[Band]) -> tuple[Band, ...]:
    return several("scale", "$.bands", bands, Band)


def _anchors(anchors: Iterable[Anchor]) -> tuple[Anchor, ...]:
    return several("scale", "$.anchors", anchors, Anchor)


@attrs.frozen(kw_only=True)
class Scale:
    """What a value is worth, by bands or by anchors; a measure and a norm each are one.

    Attributes:
        bands: Taken in order: the first that holds the value gives the points. A value that none of
            them holds is treated as unknown, and shown as such.
        anchors: Two or more, of rising values. Before the first and after the last, the points stay
            what they are there; between two they are rounded to thousandths, half to even.
    """

    bands: tuple[Band, ...] = attrs.field(default=(), converter=_bands)
    anchors: tuple[Anchor, ...] = attrs.field(default=(), converter=_anchors)

    @property
    def kind(self) -> Kind | None:
        """What the value must be: a number, a text or a flag; None if any will do."""
        if self.anchors:
            return Kind.NUMBER
        return next((band.kind for band in self.bands if band.kind is not None), None)

    @property
    def worst(self) -> int:
        """The fewest points that it can give."""
        return min(self._all)

    @property
    def best(self) -> int:
        """The most points that it can give."""
        return max(self._all)

    @property
    def _all(self) -> list[int]:
        return [band.points for band in self.bands] + [each.points for each in self.anchors]

    def points(self, value: Any) -> Points | None:
        """What a known value is worth; None if no band holds it.

        >>> line = Scale(anchors=(Anchor(at=0, points=0), Anchor(at=3, points=100)))
        >>> line.points(1), line.points(7)
        (Points(points=Decimal('33.333'), label=''), Points(points=100, label=''))
        """
        if self.anchors:
            return Points(self._between(float(value)), "")
        band = next((band for band in self.bands if band.holds(value)), None)
        return None if band is None else Points(band.points, band.label)

    def _between(self, value: float) -> int | Decimal:
        if value <= self.anchors[0].at:
            return self.anchors[0].points
        for low, high in zip(self.anchors, self.anchors[1:], strict=False):
            if value < high.at:
                return off_grid(round(between(low, high, value) * GRID))
        return self.anchors[-1].points


def between(low: Anchor, high: Anchor, value: Any) -> Any:
    """The points on the straight line between two anchors, as doubles; of an array, of each.

    One formula for records and columns, so that both are equal to the bit.

    >>> between(Anchor(at=0, points=0), Anchor(at=4, points=100), 1.0)
    25.0
    """
    way = (value - low.at) / (high.at - low.at)  # first, so that it stays within 0 and 1
    return low.points + way * (high.points - low.points)


def off_grid(thousandths: int) -> int | Decimal:
    """Thousandths as points; whole ones as a whole number.

    >>> off_grid(33_330), off_grid(50_000)
    (Decimal('33.33'), 50)
    """
    whole, rest = divmod(thousandths, GRID)
    return Decimal(f"{whole}.{rest:03d}".rstrip("0")) if rest else whole


@attrs.frozen(kw_only=True)
class Norm(Scale):
    """A scale for the accounts of which a condition holds.

    Attributes:
        when: The condition, a rule over facts: an industry, a plan, a tenure, a stage.
        name: A word for it, shown as evidence; the text of the condition, unless said.

    Raises:
        DefinitionError: As for a measure.

    >>> start = Norm(when="months_in_use < 3", bands=(Band(points=100, at_least=0.1),))
    >>> start.name
    'months_in_use < 3'
    """

    when: Rule = attrs.field(converter=condition)
    name: str = ""

    def __attrs_post_init__(self) -> None:
        refuse("norm", [*text_faults("$.name", self.name), *scale_faults(self)])
        if not self.name:
            object.__setattr__(self, "name", str(self.when))


# --------------------------------------------------------------------------------------
# What is wrong with a scale


def scale_faults(scale: Scale) -> Iterator[Fault]:
    """What is wrong with its bands or anchors.

    >>> [fault.message for fault in scale_faults(Scale())]
    ['expected bands or anchors, but got neither']
    """
    if scale.bands and scale.anchors:
        yield Fault("$.anchors", "give bands or anchors, not both")
    if not scale.bands and not scale.anchors:
        yield Fault("$.bands", "expected bands or anchors, but got neither")
    first: Kind | None = None
    for place, band in enumerate(scale.bands):
        first = first or band.kind
        if band.kind not in (None, first):
            problem = f"expected a band for a {first}, like those before it, but got a {band.kind}"
            yield Fault(f"$.bands[{place}]", problem)
    yield from _unreachable_faults(scale.bands)
    if len(scale.anchors) == 1:
        yield Fault("$.anchors", "expected two anchors or more, but got one")
    for place, (low, high) in enumerate(zip(scale.anchors, scale.anchors[1:], strict=False), 1):
        if not low.at < high.at:
            problem = f"anchors stand by rising value, so expected more than {low.at}"
            yield Fault(f"$.anchors[{place}].at", f"{problem}, but got {high.at}")


def _band_faults(band: Band) -> Iterator[Fault]:
    yield from whole_faults("$.points", band.points, 0, MAX_POINTS)
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


def _value_faults(path: str, value: object, *kinds: Kind) -> Iterator[Fault]:
    """Faults of what a measure is compared with: a band holds what a rule could."""
    try:
        kind = literal(value).kind
    except ValueError as error:
        yield Fault(path, str(error))
    else:
        if kind not in (None, *kinds):
            way = f"; for one number write at_least={value!r}, at_most={value!r}"
            hint = way if kind is Kind.NUMBER else ""
            yield Fault(path, f"expected a {' or a '.join(kinds)}, but got {value!r}{hint}")


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


# --------------------------------------------------------------------------------------
# Gaps and overlaps


def gaps(scale: Scale) -> tuple[str, ...]:
    """The values that no band takes, in words; none of a scale of anchors.

    A gap may be meant (a value there is treated as unknown), but in most published tables that have
    one it is an oversight.

    >>> gaps(Scale(bands=(Band(points=0, below=0.3), Band(points=100, above=0.3, at_most=1))))
    ('0.3', 'above 1')
    """
    _check_scale(scale)
    return tuple(_told(piece) for piece in _merged(_pieces(scale), lambda taken: not taken))


def overlaps(scale: Scale) -> tuple[str, ...]:
    """The values that more than one band would take, in words; the first in order takes them.

    A band without a bound stands for the rest, and overlaps nothing.

    >>> overlaps(Scale(bands=(Band(points=0, at_most=5), Band(points=50, at_least=5))))
    ('5',)
    """
    _check_scale(scale)
    bounded = Scale(bands=(band for band in scale.bands if band.kind is not None))
    return tuple(_told(piece) for piece in _merged(_pieces(bounded), lambda taken: len(taken) > 1))


def _check_scale(scale: object) -> None:
    if not isinstance(scale, Scale):
        problem = f"expected a Scale, as a measure or a norm is one, but got {shown(scale)}"
        refuse("scale", [Fault("$", problem)])


class _Piece(NamedTuple):
    """A value, or the values between two, and which bands would take them."""

    low: Any
    high: Any
    ends: tuple[bool, bool]  # whether low and high themselves are in it
    taken: tuple[int, ...]


def _pieces(scale: Scale) -> list[_Piece]:
    if not scale.bands:
        return []
    taken_by = _takers(scale.bands)
    if scale.kind is not Kind.NUMBER:
        values = [band.equals for band in scale.bands if band.equals is not None]
        others = [True, False] if scale.kind is Kind.BOOLEAN else [*dict.fromkeys(values), _OTHER]
        return [_Piece(value, value, (True, True), taken_by(value)) for value in others]
    bounds = sorted({bound for band in scale.bands for bound in _bounds(band)})
    pieces, low = [], -math.inf
    for bound in bounds:
        pieces.append(_Piece(low, bound, (False, False), taken_by(_amid(low, bound))))
        pieces.append(_Piece(bound, bound, (True, True), taken_by(bound)))
        low = bound
    return [*pieces, _Piece(low, math.inf, (False, False), taken_by(_amid(low, math.inf)))]


_OTHER = "any other text"


def _takers(bands: Sequence[Band]) -> Any:
    return lambda value: tuple(place for place, band in enumerate(bands) if band.holds(value))


def _bounds(band: Band) -> list[float]:
    bounds = (band.at_least, band.above, band.at_most, band.below)
    return [float(bound) for bound in bounds if bound is not None]


def _amid(low: float, high: float) -> float:
    if math.isinf(low):
        return high - 1 - abs(high)
    return low + 1 + abs(low) if math.isinf(high) else low + (high - low) / 2


def _merged(pieces: Iterable[_Piece], asked: Any) -> Iterator[_Piece]:
    """The pieces of which something is true, neighbours taken together."""
    before: _Piece | None = None
    for piece in pieces:
        if not asked(piece.taken):
            if before is not None:
                yield before
            before = None
        elif before is not None and isinstance(piece.low, float) and before.high == piece.low:
            before = _Piece(before.low, piece.high, (before.ends[0], piece.ends[1]), ())
        else:
            if before is not None:
                yield before
            before = piece
    if before is not None:
        yield before


def _told(piece: _Piece) -> str:
    low, high = (_number(end) for end in (piece.low, piece.high))
    if piece.low == piece.high:
        return low
    below, above = ("to" if piece.ends[1] else "below"), ("from" if piece.ends[0] else "above")
    if math.isinf(piece.low):
        return "every value" if math.isinf(piece.high) else f"{_LOWER[below]} {high}"
    if math.isinf(piece.high):
        return f"{_UPPER[above]} {low}"
    return f"{_UPPER[above]} {low}, {_LOWER[below]} {high}"


_LOWER = {"to": "at most", "below": "below"}
_UPPER = {"from": "at least", "above": "above"}


def _number(value: object) -> str:
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


# --------------------------------------------------------------------------------------
# From points back to values


def steps(scale: Scale, without: Collection[str] = ()) -> tuple[Points, ...]:
    """The points that a scale can give, fewest first; of anchors, those at the anchors.

    Bands that no value falls into, since others take it first, are left out.

    Args:
        scale: The scale.
        without: Labels of bands that do not do.

    >>> scale = Scale(bands=(Band(points=0, label="idle", below=3), Band(points=80, at_least=3)))
    >>> [each.points for each in steps(scale)], [each.points for each in steps(scale, {"idle"})]
    ([0, 80], [80])
    """
    given = {each.points: Points(each.points, "") for each in scale.anchors}
    taking = _taking(scale)
    for place, band in enumerate(scale.bands):
        if place in taking and band.label not in without:
            given.setdefault(band.points, Points(band.points, band.label))
    return tuple(given[points] for points in sorted(given))


def reaching(scale: Scale, points: int | Decimal, without: Collection[str] = ()) -> tuple[str, ...]:
    """The values that are worth at least some points, in words.

    On a line between anchors, a bound is the shortest number that is worth these points.

    Args:
        scale: The scale.
        points: The points.
        without: Labels of bands that do not do.

    >>> reaching(Scale(bands=(Band(points=0, below=0.3), Band(points=100))), 100)
    ('at least 0.3',)
    >>> reaching(Scale(anchors=(Anchor(at=0, points=100), Anchor(at=9, points=0))), 40)
    ('at most 5.4',)
    """
    if scale.anchors:
        return tuple(_told(piece) for piece in _risen(scale, points))
    good = {
        place
        for place, band in enumerate(scale.bands)
        if band.points >= points and band.label not in without
    }
    if scale.kind is None:
        return ("any value",) if 0 in good else ()
    if scale.kind is Kind.TEXT:
        return _texts(scale, good)
    is_good = _merged(_pieces(scale), lambda taken: bool(taken) and taken[0] in good)
    return tuple(_told(piece) for piece in is_good)


def _taking(scale: Scale) -> set[int]:
    """The places of the bands into which some value falls."""
    if scale.kind is None:
        return {0}
    return {piece.taken[0] for piece in _pieces(scale) if piece.taken}


def _texts(scale: Scale, good: Collection[int]) -> tuple[str, ...]:
    fit = {p.low: bool(p.taken) and p.taken[0] in good for p in _pieces(scale)}
    if not fit.pop(_OTHER):
        return tuple(text for text, fits in fit.items() if fits)
    bad = [text for text, fits in fit.items() if not fits]
    return (f"any text but {' or '.join(bad)}" if bad else "any text",)


def _risen(scale: Scale, points: int | Decimal) -> Iterator[_Piece]:
    """Where a line stands at some points or more."""
    low = -math.inf if scale.anchors[0].points >= points else None
    for one, other in pairwise(scale.anchors):
        if (one.points >= points) == (other.points >= points):
            continue
        edge = _edge(scale, one, other, points)
        if low is None:
            low = edge
        else:
            yield _Piece(low, edge, (True, True), ())
            low = None
    if low is not None:
        yield _Piece(low, math.inf, (True, True), ())


def _edge(scale: Scale, one: Anchor, other: Anchor, points: int | Decimal) -> float:
    """The shortest number between two anchors that is worth the points."""
    slope = (Fraction(other.at) - Fraction(one.at)) / (other.points - one.points)
    exact = float(Fraction(one.at) + (Fraction(points) - one.points) * slope)
    shorter = (round(exact, digits) for digits in range(_DIGITS))
    inside = (value for value in shorter if one.at <= value <= other.at)
    return next((value for value in inside if scale._between(value) == points), exact)


_DIGITS = 17  # as many tell every double of a common size
