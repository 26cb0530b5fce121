"""Coverage: whether a decision table leaves a record without an outcome, or has an idle row.

:func:`check_table` looks at every combination of what the conditions of an
:class:`~cslib.decisions.DecisionTable` can tell apart: of a flag both sides, of a text each value
mentioned and one other, of a number or day the bounds mentioned and a value on each side of them;
and of each the unknown. So it is exhaustive, and where that would take too long it refuses.

What is compared otherwise (``seats_used / seats``, ``days_since(signed_on)``, two facts with one
another) is taken as one thing that can have any value. So no gap and no overlap is overlooked;
those found at such a thing are there if it can have that value, and :attr:`Check.free` lists them.
"""

from __future__ import annotations

import datetime as dt
import enum
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from cslib.decisions import DecisionTable, HitPolicy, Row
from cslib.errors import CslibError, suggestion
from cslib.expressions import MIRRORED, Apply, Fact, Kind, Literal, Node, literal, make, to_text
from cslib.faults import shown
from cslib.rules import Rule

__all__ = ["Check", "CheckError", "Flaw", "FlawKind", "check_table"]

_MAX_ANSWERS = 2**22  # of all rows, at all the combinations that a check looks at


def check_table(
    table: DecisionTable, *, values: Mapping[str, Iterable[object]] | None = None
) -> Check:
    """Whether some record has no outcome, some row never decides, or two rows contend.

    Args:
        table: The table.
        values: For some facts, or things compared by their text, all the values that they can
            have: DMN's input values. Unknown always is one more.

    Raises:
        CheckError: If that takes more than 4,194,304 answers, one of each row for each
            combination; or if ``values`` has a name that no row compares, or for one no value, a
            text or number in the place of several, what no fact can be, or a text of a row in
            another case.

    >>> table = DecisionTable(name="owner", rows=(
    ...     Row(when="deal == 'new'", then="sales"),
    ...     Row(when="deal == 'renewal'", then="cs"),
    ...     Row(when="deal == 'renewal' and number == 1", then="joint"),
    ... ))
    >>> print(check_table(table))
    no row applies, as where deal = 'other'
    row 'joint' never decides: where it holds, 'cs' comes first
    >>> check_table(table, values={"deal": ("new", "renewal")}).flaws[0].kind
    <FlawKind.MASKED: 'masked'>
    """
    given = values or {}
    compared = _Compared()
    conditions = [Rule(compared.condition(row.when.node), (), Kind.BOOLEAN) for row in table.rows]
    axes = compared.axes()
    _check_names(given, axes)
    axes = [each.limited(given[each.name]) if each.name in given else each for each in axes]
    grid = _Grid(axes)
    grid.check_size(len(conditions))
    answers = np.stack([grid.answers(each) for each in conditions])
    return Check(
        flaws=tuple(_flaws(table, grid, answers)),
        values={axis.name: axis.values for axis in axes},
        free=tuple(axis.name for axis in axes if not isinstance(axis.node, Fact)),
        points=grid.points,
    )


def _check_names(values: Mapping[str, Iterable[object]], axes: Sequence[_Axis]) -> None:
    known = [axis.name for axis in axes]
    for name in values:
        if name not in known:
            hint = suggestion(str(name), known) or f"; they compare {', '.join(known)}"
            raise CheckError(f"no row compares {name!r}{hint}")


@attrs.define
class CheckError(CslibError, ValueError):
    """A decision table cannot be checked as asked.

    Attributes:
        problem: Why, and the way out.
    """

    problem: str

    def __str__(self) -> str:
        return self.problem


class FlawKind(enum.StrEnum):
    """What is wrong with a decision table."""

    GAP = "gap"
    """There are records that no row takes."""
    MASKED = "masked"
    """A row never decides."""
    OVERLAP = "overlap"
    """Two rows of a unique table can both hold."""


@attrs.frozen(kw_only=True)
class Flaw:
    """One thing wrong with a decision table.

    Attributes:
        kind: What.
        rows: The names of the rows: none for a gap, both of an overlap; of a masked row its own,
            then those that hold or may hold before it wherever it holds.
        example: A record that shows it, of as few facts as will do; None for a masked row.
    """

    kind: FlawKind
    rows: tuple[str, ...] = ()
    example: Mapping[str, object] | None = attrs.field(default=None, hash=False)

    def __str__(self) -> str:
        match self.kind:
            case FlawKind.GAP:
                return f"no row applies, as where {self._known}"
            case FlawKind.OVERLAP:
                one, other = self.rows
                return f"rows {one!r} and {other!r} both hold, as where {self._known}"
        first, *others = self.rows
        named = " or ".join(map(repr, others))
        why = f"where it holds, {named} comes first" if named else "its condition never holds"
        return f"row {first!r} never decides: {why}"

    @property
    def _known(self) -> str:
        read = (
            f"{name} = {value!r}" if isinstance(value, str) else f"{name} = {value}"
            for name, value in (self.example or {}).items()
        )
        return ", ".join(read) or "nothing is known"


@attrs.frozen(kw_only=True)
class Check:
    """What a check of a decision table found, and what it looked at.

    Attributes:
        flaws: What is wrong; empty for a sound table.
        values: For everything that the conditions compare, the values that stand for all it can
            have; None is the unknown.
        free: Of these, what is no single fact, and was taken to have any value. A flaw whose
            example names one is there if it can have that value; and a row that never decides can
            be overlooked, since there seems to be room for it.
        points: How many combinations of the values were looked at: all there are.
    """

    flaws: tuple[Flaw, ...]
    values: Mapping[str, tuple[object, ...]] = attrs.field(hash=False)
    free: tuple[str, ...]
    points: int

    def __str__(self) -> str:
        return "\n".join(map(str, self.flaws)) or f"sound: no flaw in {self.points} combinations"


def _flaws(table: DecisionTable, grid: _Grid, answers: npt.NDArray[np.int8]) -> Iterator[Flaw]:
    uncovered = (answers == 0).all(axis=0)
    if uncovered.any():
        yield Flaw(kind=FlawKind.GAP, example=grid.example(uncovered))
    if table.hit_policy is HitPolicy.UNIQUE:
        yield from _overlaps(table.rows, grid, answers == 1)
    yield from _masked(table, answers)


def _overlaps(rows: Sequence[Row], grid: _Grid, holds: npt.NDArray[np.bool_]) -> Iterator[Flaw]:
    for (one, a), (other, b) in itertools.combinations(zip(rows, holds, strict=True), 2):
        if (a & b).any():
            names, example = (one.name, other.name), grid.example(a & b)
            yield Flaw(kind=FlawKind.OVERLAP, rows=names, example=example)


def _masked(table: DecisionTable, answers: npt.NDArray[np.int8]) -> Iterator[Flaw]:
    """Rows that never decide; of a unique table, whose overlaps say the rest, that never hold."""
    foremost = (answers != 0).argmax(axis=0)  # the first row that holds or may hold
    for place, row in enumerate(table.rows):
        holds = answers[place] == 1
        ahead = sorted(set(foremost[holds].tolist()))
        decides = holds.any() if table.hit_policy is HitPolicy.UNIQUE else place in ahead
        if not decides:
            names = (row.name, *(table.rows[each].name for each in ahead))
            yield Flaw(kind=FlawKind.MASKED, rows=names)


# --------------------------------------------------------------------------------------
# What conditions can tell apart


@attrs.frozen
class _Axis:
    """One thing that conditions compare, and the values that stand for all it can have."""

    node: Node
    values: tuple[object, ...]

    @property
    def key(self) -> str:
        """The name of the fact that stands for it in the conditions; no two have the same."""
        return to_text(self.node)

    @property
    def name(self) -> str:
        """The same for people, and for records: a fact has its own name."""
        return self.node.name if isinstance(self.node, Fact) else self.key

    def limited(self, values: Iterable[object]) -> _Axis:
        """The same with these values alone."""
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            problem = f"expected several, such as a tuple, but got {shown(values)}"
            raise CheckError(f"values of {self.name!r}: {problem}")
        try:
            distinct = dict.fromkeys(values)
        except TypeError as error:
            problem = f"expected texts, numbers, flags or days: {error}"
            raise CheckError(f"values of {self.name!r}: {problem}") from None
        own = tuple(value for value in distinct if value is not None)
        if not own:
            raise CheckError(f"values of {self.name!r}: expected at least one, but got none")
        self._check_spelling(own)
        return _Axis(self.node, (*own, None))

    def _check_spelling(self, given: Iterable[object]) -> None:
        """Refuse a text that is one of the rows' but for its case: no row would ever take it."""
        spoken = {str(each).casefold(): each for each in self.values[:-2]}  # not other, unknown
        for value in given:
            meant = spoken.get(value.casefold()) if isinstance(value, str) else None
            if isinstance(meant, str) and value != meant:
                problem = f"no row compares it with {value!r}: did you mean {meant!r}?"
                raise CheckError(f"values of {self.name!r}: {problem}")


class _Compared:
    """What conditions compare, each put as a fact of its own into the condition.

    So ``seats_used / seats < 0.6`` becomes a comparison of one fact with 0.6, and what is left are
    conditions on facts and literals alone.
    """

    def __init__(self) -> None:
        self.found: dict[Node, set[Literal]] = {}

    def axes(self) -> list[_Axis]:
        return [_Axis(node, (*_told_apart(seen), None)) for node, seen in self.found.items()]

    def condition(self, node: Node) -> Node:
        match node:
            case Literal():
                return node
            case Apply(("and" | "or" | "not" | "if" | "coalesce") as name, parts):
                return make(name, *map(self.condition, parts))
            case Apply("at_least", (least, *parts)):
                return make("at_least", least, *map(self.condition, parts))
            case Apply("is_missing", (given,)):
                return make("is_missing", self.named(given))
            case Apply("in", (given, *members)) if not isinstance(given, Literal):
                return make("in", self.named(given, *members), *members)
            case Apply(name, (left, right)) if name in MIRRORED:
                return self.comparison(node, left, right)
        return self.named(node, literal(True))

    def comparison(self, node: Apply, left: Node, right: Node) -> Node:
        match left, right:
            case Literal(), Literal():
                return node
            case _, Literal(Kind.TEXT) if node.operation not in ("==", "!="):
                return self.named(node, literal(True))  # no telling what lies between two texts
            case _, Literal():
                return make(node.operation, self.named(left, right), right)
        operation = node.operation
        if to_text(right) < to_text(left):
            left, operation, right = right, MIRRORED[operation], left
        zero = literal(0)  # which side is greater, whatever they are
        return make(operation, self.named(Apply("-", (left, right)), zero), zero)

    def named(self, node: Node, *compared_with: Node) -> Fact:
        seen = self.found.setdefault(node, set())
        seen.update(each for each in compared_with if isinstance(each, Literal))
        return Fact(to_text(node))


def _told_apart(literals: Iterable[Literal]) -> list[Any]:
    """Values of which one stands for each that comparisons with these literals can tell apart."""
    given: list[Any] = sorted(each.value for each in literals)
    match next(iter(literals), Literal(None, None)).kind:
        case None:
            return ["any value"]
        case Kind.BOOLEAN:
            return [True, False]
        case Kind.TEXT:
            return [*given, next(word for word in _other_words() if word not in given)]
        case Kind.DATE:
            return _with_neighbours(given, dt.timedelta(days=1))
        case Kind.INSTANT:
            return _with_neighbours(given, dt.timedelta(microseconds=1))
    return _numbers_around(given)


def _other_words() -> Iterator[str]:
    yield "other"
    yield from (f"other {count}" for count in itertools.count(2))


def _with_neighbours(given: Iterable[Any], step: dt.timedelta) -> list[Any]:
    found = {each for value in given for each in (_moved(value, -step), value, _moved(value, step))}
    return sorted(found)


def _moved(value: Any, step: dt.timedelta) -> Any:
    try:
        return value + step
    except OverflowError:  # no day lies beyond the years 1 to 9999
        return value


def _numbers_around(given: Sequence[float]) -> list[float]:
    """The numbers, one between each two of them, one below and one above; whole where it can be."""
    between = [_between(low, high) for low, high in itertools.pairwise(given)]
    below, above = math.ceil(given[0]) - 1, math.floor(given[-1]) + 1
    return sorted({below, *given, *between, above})


def _between(low: float, high: float) -> float:
    whole = math.floor(low) + 1
    return whole if whole < high else low + (high - low) / 2


class _Grid:
    """Every combination of the values of the axes; the last axis changes fastest."""

    def __init__(self, axes: Sequence[_Axis]) -> None:
        self.axes = axes
        self.shape = tuple(len(axis.values) for axis in axes)
        self.points = math.prod(self.shape)

    def check_size(self, rows: int) -> None:
        """Refuse what would take too long; a sample would prove nothing."""
        if self.points * rows <= _MAX_ANSWERS:
            return
        sizes = ", ".join(f"{len(axis.values)} of {axis.name}" for axis in self.axes)
        problem = f"{self.points:,} combinations of values ({sizes}) for each of {rows} rows"
        remedy = "give the fewer values that there are, or split the table"
        raise CheckError(f"{problem} are more than {_MAX_ANSWERS:,} answers; {remedy}")

    def answers(self, condition: Rule) -> npt.NDArray[np.int8]:
        """What a condition gives at each point: 1, 0, or -1 for unknown."""
        own = [axis if axis.key in condition.facts else None for axis in self.axes]
        keys = [axis.key for axis in own if axis is not None]
        points = itertools.product(*(axis.values for axis in own if axis is not None))
        found = [condition(dict(zip(keys, point, strict=True))) for point in points]
        given = np.array([-1 if held is None else held for held in found], np.int8)
        shape = [1 if axis is None else len(axis.values) for axis in own]
        return np.broadcast_to(given.reshape(shape), self.shape).ravel()

    def example(self, where: npt.NDArray[np.bool_]) -> dict[str, object]:
        """The first of the points with the fewest known values."""
        known = np.zeros(self.shape, np.int16)
        for index, length in zip(np.indices(self.shape, sparse=True), self.shape, strict=True):
            known += index != length - 1  # the last value of each axis is the unknown
        fewest = np.where(where, known.ravel(), len(self.shape) + 1)
        place = np.unravel_index(int(np.argmin(fewest)), self.shape)
        values = ((axis.name, axis.values[i]) for axis, i in zip(self.axes, place, strict=True))
        return {name: value for name, value in values if value is not None}
