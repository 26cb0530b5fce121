"""Measures on columns: what is found of a measure in a block of accounts, and what it is worth.

A part of :mod:`cslib.health`, which does for a block what an assessment of one account does for a
:class:`~cslib.contributions.Contribution`. The assessment of a book asks only for the points;
:func:`measure_columns` tells the rest of one measure, for whoever wants to see it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from cslib import moments
from cslib.arguments import ArgumentError
from cslib.assessmentcolumns import Assessments, Carried
from cslib.assessments import PreviousError, check_previous
from cslib.bands import GRID, Scale
from cslib.blocks import UNKNOWN, Array, Mask, Operand, Quantity, Text, Truth
from cslib.columns import Answer, Column, ColumnsError, blocks_of
from cslib.contributions import Status
from cslib.expressions import Fact, Kind
from cslib.faults import shown
from cslib.measures import Measure, Missing
from cslib.scalecolumns import ScaleColumns, on_columns

__all__ = [
    "MeasureBlocks",
    "MeasureColumns",
    "Worth",
    "check_rows",
    "counts_unknown",
    "measure_columns",
]

_STATUSES = tuple(Status)
_KNOWN, _CARRIED, _STALE, _MISSING, _NO_BAND, _NO_NORM, _OUT, _UNSURE, _NOT_YET = range(
    len(_STATUSES)
)


_NO_DAY = np.full(1, "NaT", "datetime64[D]")


@attrs.define(eq=False)  # made for every block
class Worth:
    """What a measure is worth in a block.

    Attributes:
        points: The points that count, in steps of the grid; 0 where none do.
        counted: Where points count.
        known: Where the weight counts as known.
        out: Where it does not apply, so that its weight is not asked for.
    """

    points: Array
    counted: Mask
    known: Mask
    out: Mask = np.False_


@attrs.define(eq=False)  # made for every block
class _Use:
    """A scale, and for which accounts of a block it is."""

    name: str
    scale: Scale
    steps: ScaleColumns
    here: Mask


@attrs.define(eq=False)  # made for every block
class _Found:
    """What was found of a measure in a block, before its policy for the unknown.

    Attributes:
        values: The values; those that are carried among them.
        known: Where there is one, be it too old.
        counts: Where it counts.
        too_old: Where the one that was found is too old.
        not_yet: Where the one that was found is of a later day.
        carried: Where it is carried.
        no_norm: Where it counts, and it cannot be told which norm is for the account.
        out: Where it does not apply.
        unsure: Where it cannot be told whether it applies.
        uses: The scales.
        age: How many days old it is.
        known_on: The days that it dates from; NaT where they are plain, until someone asks.
    """

    values: Operand
    known: Mask
    counts: Mask
    too_old: Mask = np.False_
    carried: Mask = np.False_
    no_norm: Mask = np.False_
    out: Mask = np.False_
    unsure: Mask = np.False_
    not_yet: Mask = np.False_
    uses: tuple[_Use, ...] = ()
    age: Array | None = None
    known_on: Array = _NO_DAY


class MeasureBlocks:
    """A measure over columns, asked block by block.

    Args:
        measure: The measure.
        columns: The columns, as for :meth:`cslib.rules.Rule.columns`.
        as_of: Today, as given.
        before: What the last assessment carried of it.
        grid: How many steps of the grid a point has, as for
            :func:`cslib.scalecolumns.on_columns`.

    Attributes:
        is_plain: Whether it applies to all accounts and has one scale, and values that do not age
            and are not carried.

    Raises:
        FactError, ColumnsError: As :meth:`cslib.rules.Rule.columns`.
    """

    def __init__(
        self,
        measure: Measure,
        columns: Mapping[str, Any],
        as_of: object,
        before: Carried | None,
        grid: Fraction | int,
    ) -> None:
        self.measure = measure
        self.grid = grid
        self.today = None if as_of is None else np.datetime64(moments.utc_day(as_of), "D")
        self._value = measure.value.blocks(columns, as_of=as_of)
        self._when = None if measure.when is None else measure.when.blocks(columns, as_of=as_of)
        self._age = None if measure.age is None else measure.age.blocks(columns, as_of=as_of)
        self._norms = [norm.when.blocks(columns, as_of=as_of) for norm in measure.norms]
        self._scales = [on_columns(scale, grid) for scale in measure.scales]
        self._before = None if before is None or self._is_alien(before) else before
        self._doubles = _doubles(measure, columns)
        self._first = ("", measure.scales[0], self._scales[0])
        self._counts_unknown = counts_unknown(measure)
        carries = measure.missing is Missing.CARRY
        is_conditional = self._when is not None or bool(self._norms)
        self.is_plain = self._age is None and not is_conditional and not carries
        for part in (self._when, self._age, *self._norms):
            if part is not None and part.rows != self.rows:
                differ = f"measure {measure.name!r} reads {self.rows} rows for its value"
                problem = f"{differ}, but {part.rows} for its age or a condition"
                raise ColumnsError(f"columns must be equally long: {problem}")

    @property
    def rows(self) -> int:
        """How many rows its value has."""
        return self._value.rows

    def _is_alien(self, before: Carried) -> bool:
        """Whether the values before are of another kind, so that no scale could take them."""
        kind = self.measure.value.kind
        return kind in _TYPES and before.values.dtype.kind not in _TYPES[kind]

    def find(self, rows: slice) -> _Found:
        """What was found in a block."""
        values = self._read(rows)
        known = values.known
        if self.is_plain:
            return _Found(values, known, known, uses=(_Use(*self._first, known),))
        applies: Any = _ALWAYS if self._when is None else _wide(self._when.read(rows))
        age = None if self._age is None else _finite(_wide(self._age.read(rows)))
        too_old = self._is_over(age, self.measure.max_age)
        not_yet = np.False_ if age is None else known & (age.value < 0)
        found = _Found(
            values,
            known,
            known & ~too_old & ~not_yet & applies.true,
            too_old,
            out=applies.false,
            unsure=~applies.known,
            not_yet=not_yet,
            age=None if age is None else age.answer,
            known_on=self.known_on(age, known),
        )
        if self._before is not None and self.keeps:
            found = self._with_carried(found, self._before, rows)
        return self._with_norms(found, rows)

    def _is_over(self, age: Any, limit: int | None) -> Mask:
        """Where a value is older than a limit; one of unknown age is."""
        if age is None or limit is None:
            return np.zeros(1, bool)
        return ~age.known | (age.value > limit)

    def known_on(self, age: Any, known: Mask) -> Array:
        """The days that values of some age date from."""
        if self.today is None:
            return _NO_DAY
        days = np.zeros(1) if age is None else age.value.astype(np.float64)
        oldest = (self.today - _FIRST_DAY) / np.timedelta64(1, "D")
        told = known & (days >= 0) & (days <= oldest)
        return np.where(told, self.today - _whole(days), np.datetime64("NaT", "D"))

    def _with_carried(self, found: _Found, before: Carried, rows: slice) -> _Found:
        assert self.measure.max_age is not None  # noqa: S101 - a measure that carries has one
        assert self.today is not None  # noqa: S101 - nothing is carried without a day
        oldest = self.today - np.timedelta64(self.measure.max_age, "D")
        known_on = before.known_on[rows]
        carried = ~found.counts & ~found.out & (known_on >= oldest)
        days = (self.today - known_on) / np.timedelta64(1, "D")
        return attrs.evolve(
            found,
            values=self._joined(carried, _operand(before.values[rows]), found.values),
            known=found.known | carried,
            counts=found.counts | carried,
            carried=carried,
            age=np.where(carried, days, np.nan if found.age is None else found.age),
            known_on=np.where(carried, known_on, found.known_on),
        )

    def _joined(self, carried: Mask, before: Any, found: Any) -> Operand:
        """The values before where they are carried, else those that were found."""
        if not carried.any():  # those before may then be unknown, and of no kind
            return found  # type: ignore[no-any-return]
        if not found.known.any():
            found = before.unknown()
        if type(before) is not type(found) or _is_dated(before) != _is_dated(found):
            problem = f"carries values of {self.measure.name!r} that are of another kind"
            raise PreviousError("previous", f"{problem} than those of now: leave it out")
        joined: Operand = before.where(carried, found)
        return joined

    def _with_norms(self, found: _Found, rows: slice) -> _Found:
        """With the scale that is for each account: of the first norm that holds, or its own."""
        uses: list[_Use] = []
        left = found.counts
        no_norm: Mask = np.False_
        scales = zip(self.measure.scales, self._scales, strict=True)
        for norm, when in zip(self.measure.norms, self._norms, strict=True):
            holds: Any = _wide(when.read(rows))
            uses.append(_Use(norm.name, *next(scales), left & holds.true))
            no_norm = no_norm | (left & ~holds.known)
            left = left & holds.false
        own = [_Use("", scale, steps, left) for scale, steps in scales]
        uses.extend(own)
        no_norm = no_norm if own else no_norm | left
        return attrs.evolve(found, uses=tuple(uses), no_norm=no_norm)

    def _read(self, rows: slice) -> Any:
        return (
            _wide(self._value.read(rows))
            if self._doubles is None
            else Quantity(self._doubles[rows])
        )

    def is_aged(self, age: Array) -> Mask:
        """Where a value is older than asked for, be it too old or not."""
        return self._is_over(Quantity(age), self.measure.warn_age) if self._age else np.False_

    # What it is worth

    def worth(self, found: _Found) -> Worth:
        """What it is worth by its policy."""
        if self.is_plain:
            (use,) = found.uses
            points: Any = use.steps.points(found.values, found.known)
            held = use.steps.held(found.values, found.known)
        else:
            points, held = self._scaled(found)
        if not self._counts_unknown:
            return Worth(points, held, held, found.out)
        points = np.where(held, points, np.asarray(self._assumed(found), np.int64))
        if self._when is None:
            return Worth(points, np.True_, held)
        return Worth(points * ~found.out, ~found.out, held, found.out)

    def _scaled(self, found: _Found) -> tuple[Any, Mask]:
        known = found.values.known
        points: Any = np.zeros(1, np.int8)
        held: Mask = np.False_
        for use in found.uses:
            points = points + use.steps.points(found.values, known) * use.here
            held = held | (use.steps.held(found.values, known) & use.here)
        return points, held

    def _assumed(self, found: _Found) -> Any:
        """The points for the unknown: as said, or the fewest of the scale that is for the account.

        Where none is, the fewest of any.
        """
        missing = self.measure.missing
        if not isinstance(missing, Missing):
            return int(missing * self.grid)
        worst: Any = int(min(scale.worst for scale in self.measure.scales) * self.grid)
        for use in found.uses:
            worst = np.where(use.here, int(use.scale.worst * self.grid), worst)
        return worst

    def labelled(self, found: _Found, label: str) -> Mask:
        """Where the value counts and is in a band of a label."""
        within: Mask = np.False_
        for use in found.uses:
            places = use.steps.places(found.values, found.values.known)
            for place, band in enumerate(use.scale.bands):
                if band.label == label:
                    within = within | (use.here & (places == place))
        return within

    @property
    def keeps(self) -> bool:
        """Whether the next assessment may carry its value."""
        return self.measure.missing is Missing.CARRY and self.today is not None


def _doubles(measure: Measure, columns: Mapping[str, Any]) -> Array | None:
    """The column of a value that is a plain fact, where it holds doubles and can be read as is."""
    node, kind = measure.value.node, measure.value.kind
    if (
        kind is not Kind.NUMBER
        or not isinstance(node, Fact)
        or node.lag
        or node.name not in columns
    ):
        return None
    column = columns[node.name]
    is_plain = type(column) is np.ndarray and column.dtype == np.float64 and column.ndim == 1
    return column if is_plain else None


_TYPES: Mapping[Kind | None, str] = {Kind.NUMBER: "fO", Kind.TEXT: "UO", Kind.BOOLEAN: "b"}
"""The types of the values of a measure, by its kind."""


def _wide(operand: Operand | None) -> Any:
    """An operand whose arrays have a dimension, though it be of a single entry."""
    match operand:
        case None:
            return _wide(UNKNOWN[Kind.NUMBER])
        case Truth():
            return Truth(np.atleast_1d(operand.true), np.atleast_1d(operand.false))
        case Text():
            return Text(np.atleast_1d(operand.value), np.atleast_1d(operand.missing))
    return Quantity(np.atleast_1d(operand.value))


def _whole(days: Array) -> Array:
    """Ages as whole days, towards 0; the unknown as none, those without end as a great many."""
    whole: Array = np.nan_to_num(np.clip(days, -_LONG, _LONG)).astype(np.int64)
    return whole.astype("timedelta64[D]")


_ALWAYS = Truth(np.ones(1, bool), np.zeros(1, bool))
"""What a condition says that there is not: the measure applies."""

_FIRST_DAY = np.datetime64(dt.date.min, "D")

_LONG = 1e9
"""Days: longer than the calendar lasts."""


def _finite(age: Any) -> Any:
    """Ages, where those without end are unknown."""
    days = age.value.astype(np.float64, copy=False)
    return Quantity(np.where(np.isfinite(days), days, np.nan))


def _is_dated(operand: Any) -> bool:
    """Whether it holds dates or instants."""
    return isinstance(operand, Quantity) and operand.value.dtype.kind == "M"


def _operand(values: Array) -> Any:
    """Values that were carried, as a block; where there is none, they are not looked at."""
    if values.dtype == bool:
        return Truth(values, ~values)
    return Text(values, np.False_) if values.dtype.kind in "UO" else Quantity(values)


def counts_unknown(measure: Measure) -> bool:
    """Whether points count where the value does not.

    >>> from cslib.bands import Band
    >>> [counts_unknown(Measure(name="x", value="x", bands=[Band(points=9)], missing=missing))
    ...  for missing in ("exclude", "worst", 5)]
    [False, True, True]
    """
    return measure.missing is Missing.WORST or not isinstance(measure.missing, Missing)


# --------------------------------------------------------------------------------------
# The evidence


@attrs.frozen(kw_only=True, eq=False)
class MeasureColumns:
    """What was found of one measure, for every account of a book.

    Attributes:
        value: Its values, also where they are too old, and where known.
        status_codes: What was found, as places in :class:`~cslib.contributions.Status`.
        points: The points that count; NaN where none do.
        label: The labels of the bands that hold the values; empty elsewhere.
        norm: The names of the norms that gave the points; empty elsewhere.
        age: How many days old the values are; NaN where that is unknown, or not asked.
        is_aged: Where they are older than asked for, though not too old to count; what is carried
            is not.
        known_on: The days that they date from; NaT where unknown.
    """

    value: Column
    status_codes: npt.NDArray[np.int8]
    points: npt.NDArray[np.float64]
    label: npt.NDArray[Any]
    norm: npt.NDArray[Any]
    age: npt.NDArray[np.float64]
    is_aged: npt.NDArray[np.bool_]
    known_on: npt.NDArray[Any]

    @property
    def status(self) -> npt.NDArray[Any]:
        """What was found, in words."""
        return np.array([str(status) for status in _STATUSES])[self.status_codes]


def measure_columns(
    measure: Measure,
    columns: Mapping[str, Any],
    *,
    as_of: object = None,
    previous: Assessments | None = None,
) -> MeasureColumns:
    """What was found of one measure of a scorecard: the evidence of an assessment of a book.

    It is worked out anew, so that an assessment need not hold it for every measure.

    Args:
        measure: The measure.
        columns: The columns that were assessed.
        as_of: Today, as they were assessed.
        previous: The assessments before, as they were.

    Raises:
        ArgumentError: If the measure is none.
        FactError, AsOfError, ColumnsError, PreviousError: As the assessment of the columns.

    >>> from cslib.bands import Band
    >>> seats = Measure(name="seats", value="seats", missing="worst", bands=(
    ...     Band(points=100, label="many", at_least=5), Band(points=20, label="few", at_least=0)))
    >>> found = measure_columns(seats, {"seats": np.array([9, 3, np.nan, -1])})
    >>> found.status.tolist(), found.points.tolist(), found.label.tolist()
    (['known', 'known', 'missing', 'no_band'], [100.0, 20.0, 20.0, 20.0], ['many', 'few', '', ''])
    """
    if not isinstance(measure, Measure):
        raise ArgumentError("measure", None, f"is {shown(measure)}: expected a Measure")
    today = None if as_of is None else moments.utc_day(as_of, "as_of")
    check_previous(previous, today, Assessments)
    before = None if previous is None else previous.carried.get(measure.name)
    given = MeasureBlocks(measure, columns, as_of, before, GRID)
    check_rows(previous, given.rows)
    values, parts = Answer(given.rows), []
    with np.errstate(all="ignore"):
        for rows in blocks_of(given.rows):
            found = given.find(rows)
            values.put(rows, found.values)
            parts.append(_evidence(given, found, rows.stop - rows.start))
    columns_of = zip(*parts, strict=True)
    names = ("status_codes", "points", "label", "norm", "age", "is_aged", "known_on")
    told = {name: np.concatenate(each) for name, each in zip(names, columns_of, strict=True)}
    return MeasureColumns(value=values.column(), **told)


def check_rows(previous: Assessments | None, rows: int) -> None:
    """Refuse assessments before of another number of accounts.

    Raises:
        PreviousError: If they are.

    >>> check_rows(None, 3)
    """
    if previous is not None and len(previous.score) != rows:
        problem = f"has {len(previous.score)} rows, but the columns have {rows}"
        raise PreviousError("previous", f"{problem}: expected the same accounts in the same order")


def _evidence(given: MeasureBlocks, found: _Found, rows: int) -> list[Array]:
    """The columns of the evidence in a block, but for the values."""
    worth = given.worth(found)
    status = np.where(found.known, np.where(found.too_old, _STALE, _KNOWN), _MISSING)
    status = np.where(found.not_yet, _NOT_YET, status)
    status = np.where(found.unsure, _UNSURE, status)
    status = np.where(found.carried, _CARRIED, status)
    status = np.where(found.counts & ~worth.known, _NO_BAND, status)
    status = np.where(found.no_norm, _NO_NORM, status)
    status = np.where(found.out, _OUT, status)
    points = np.where(worth.counted, worth.points / given.grid, np.nan)
    age = np.full(1, np.nan) if found.age is None else found.age.astype(np.float64)
    known_on = given.known_on(None, found.known) if given.is_plain else found.known_on
    told = [
        status.astype(np.int8),
        points,
        _labels(found),
        _norms(found, worth.known),
        age,
        found.known & ~found.too_old & ~found.carried & ~found.out & given.is_aged(age),
        known_on,
    ]
    return [np.broadcast_to(each, rows) for each in told]


def _labels(found: _Found) -> Array:
    """The labels of the bands that hold the values."""
    label: Array = np.array([""])
    for use in found.uses:
        labels = np.array([*(band.label for band in use.scale.bands), ""])
        places = use.steps.places(found.values, found.values.known)
        label = np.where(use.here, labels[places], label)  # the last stands at -1
    return label


def _norms(found: _Found, held: Mask) -> Array:
    norm: Array = np.array([""])
    for use in found.uses:
        norm = np.where(use.here & held, use.name, norm)
    return norm
