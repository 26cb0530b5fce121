"""Columns: a rule's tree over numpy arrays, in blocks that stay in the cache.

The columns are found and checked by :mod:`cslib.tables`; what stands in a block is told in
:mod:`cslib.blocks`. The tree becomes steps, each equal part once, and each operation does for a
block what :mod:`cslib.compiling` does for a record, to the bit.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib import expressions, facts, periods
from cslib.blocks import (
    UNKNOWN,
    Array,
    Operand,
    Quantity,
    Text,
    Truth,
    packed,
    partly,
    unknown_of,
    unpacked,
)
from cslib.expressions import Apply, Fact, Kind, Literal, Node, Operation
from cslib.functions import Function
from cslib.inference import Inferred
from cslib.tables import ColumnsError, Table, read_each

__all__ = ["BLOCK", "Answer", "Blocks", "Column", "ColumnsError", "blocks_of", "evaluate"]

BLOCK = 65_536
"""Rows worked on at a time: a column of doubles of that length is a quarter of a megabyte."""

_Binary: TypeAlias = Callable[[Any, Any], Any]


@attrs.frozen(eq=False)
class Column:
    """A rule's answer for every row.

    Attributes:
        value: The values; False, NaN, NaT or an empty text where unknown. Instants are in UTC.
        known: Where the value is known.
    """

    value: Array
    known: npt.NDArray[np.bool_]

    @property
    def true(self) -> npt.NDArray[np.bool_]:
        """Rows where a condition is known to hold.

        >>> from cslib.rules import rule
        >>> column = rule("seats >= 5").columns({"seats": np.array([9, 1, np.nan])})
        >>> column.true
        array([ True, False, False])
        """
        return self.value & self.known

    def tolist(self) -> list[Any]:
        """The values as a record has them, None where unknown.

        >>> from cslib.rules import rule
        >>> rule("seats >= 5").columns({"seats": np.array([9, 1, np.nan])}).tolist()
        [True, False, None]
        """
        return unpacked(self.value, self.known)


def evaluate(
    lowered: Node,
    inferred: Inferred,
    functions: Mapping[str, Function],
    columns: Mapping[str, Any],
    as_of: object,
) -> Column:
    """The rule's value for every row of ``columns``; what :meth:`cslib.rules.Rule.columns` calls.

    Raises:
        FactError: If a column, or an entry of it, is not of the kind its use asks for.
        AsOfError: If the rule needs today's date and none is given.
        MomentError: If it needs it, and ``as_of`` is no date and no aware datetime.
        ColumnsError: If columns differ in length, or there is none to tell the length.
    """
    given = Blocks(lowered, inferred, functions, columns, as_of)
    answer = Answer(given.rows)
    with np.errstate(all="ignore"):
        for rows in blocks_of(given.rows):
            answer.put(rows, given.read(rows))
    return answer.column()


def blocks_of(rows: int) -> Iterator[slice]:
    """The blocks that a number of rows is worked out in; one that is empty where there are none.

    >>> list(blocks_of(BLOCK + 1))
    [slice(0, 65536, None), slice(65536, 65537, None)]
    """
    for start in range(0, max(rows, 1), BLOCK):
        yield slice(start, min(start + BLOCK, rows))


class Blocks:
    """A rule on columns whose answer is taken block by block; what :meth:`Rule.blocks` gives.

    Attributes:
        rows: How many rows there are.

    Raises:
        FactError, ColumnsError: As :func:`evaluate`.
    """

    def __init__(
        self,
        lowered: Node,
        inferred: Inferred,
        functions: Mapping[str, Function],
        columns: Mapping[str, Any],
        as_of: object,
    ) -> None:
        self._table = Table(lowered, inferred, columns)
        self._program = _Program(lowered, functions, as_of)
        self.rows = self._table.rows

    def read(self, rows: slice) -> Operand | None:
        """The answer in some rows, under the caller's ``np.errstate``; None: unknown, of no kind.

        Raises:
            FactError, AsOfError, MomentError: As :func:`evaluate`.
        """
        return self._program.run(self._table.read(rows), rows)


# --------------------------------------------------------------------------------------
# Running


@attrs.frozen
class _Step:
    """One part of the tree.

    Attributes:
        node: The part.
        arguments: The places of the steps that give its arguments.
        spent: The places whose results nobody needs after it.
        constant: What a literal stands for.
    """

    node: Node
    arguments: tuple[int, ...]
    spent: tuple[int, ...]
    constant: Operand | None


class _Program:
    """The tree as steps, each equal part once, run block by block."""

    def __init__(self, lowered: Node, functions: Mapping[str, Function], as_of: object) -> None:
        self.functions = functions
        self.signatures = {key: function.operation for key, function in functions.items()}
        self.as_of = as_of
        self.steps = _steps(lowered)

    def run(self, read: Mapping[Fact, Operand | None], rows: slice) -> Operand | None:
        found: list[Operand | None] = []
        for step in self.steps:
            node = step.node
            if isinstance(node, Apply):
                given = [found[place] for place in step.arguments]
                found.append(self.apply(node.operation, given, rows))
            else:
                found.append(read[node] if isinstance(node, Fact) else step.constant)
            for place in step.spent:
                found[place] = None
        return found[-1]

    def apply(self, name: str, arguments: Sequence[Operand | None], rows: slice) -> Operand | None:
        if name in _OPERATIONS and None not in arguments:  # as usual: each is of some kind
            return _OPERATIONS[name](*arguments)
        if name == "today":
            return Quantity(np.array(facts.as_of_day(self.as_of), "datetime64[D]"))
        if name == "is_missing" and arguments[0] is None:
            return Truth(np.True_, np.False_)
        signature = self.signatures.get(name) or expressions.OPERATIONS[name]
        operands = [each for each in _alike(arguments, signature) if each is not None]
        if len(operands) < len(arguments):  # all unknown, and of no kind
            return None if signature.gives is None else unknown_of(signature.gives)
        if name in self.functions:
            return _call(self.functions[name], operands, rows)
        return _OPERATIONS[name](*operands)


def _steps(lowered: Node) -> list[_Step]:
    """The parts of a tree, each after its arguments."""
    places: dict[Node, int] = {}
    arguments: list[tuple[int, ...]] = []

    def add(node: Node) -> int:
        if node not in places:
            needs = tuple(map(add, node.arguments)) if isinstance(node, Apply) else ()
            places[node] = len(arguments)
            arguments.append(needs)
        return places[node]

    add(lowered)
    last = {place: at for at, needs in enumerate(arguments) for place in needs}
    return [
        _Step(
            node,
            arguments[at],
            tuple(p for p in {*arguments[at]} if last[p] == at),
            _constant(node) if isinstance(node, Literal) else None,
        )
        for node, at in places.items()
    ]


def _constant(node: Literal) -> Operand | None:
    """A literal as a scalar, which numpy broadcasts; None where it is unknown."""
    match node.value:
        case None:
            return None
        case bool(value):
            return Truth(np.bool_(value), np.bool_(not value))
        case str(value):
            return Text(np.asarray(value), np.False_)
        case dt.datetime() as value:
            return Quantity(np.array(value.replace(tzinfo=None), "datetime64[us]"))
        case dt.date() as value:
            return Quantity(np.array(value, "datetime64[D]"))
    return Quantity(np.array(node.value, np.float64))


def _alike(operands: Sequence[Operand | None], signature: Operation) -> Iterator[Operand | None]:
    """Each unknown of no kind as one of the kind its place asks for, or its company is of."""
    company = None
    if signature.same is not None:
        company = next((each for each in operands[signature.same :] if each is not None), None)
    for place, each in enumerate(operands):
        alone = unknown_of(signature.takes_at(place))
        if each is not None:
            yield each
        elif alone is not None:
            yield alone
        else:
            yield None if company is None else company.unknown()


# Conditions


def _and(first: Truth, *rest: Truth) -> Truth:
    true, false = first.true, first.false
    for each in rest:
        true, false = true & each.true, false | each.false
    return Truth(true, false)


def _or(first: Truth, *rest: Truth) -> Truth:
    true, false = first.true, first.false
    for each in rest:
        true, false = true | each.true, false & each.false
    return Truth(true, false)


def _not(condition: Truth) -> Truth:
    return Truth(condition.false, condition.true)


def _at_least(least: Quantity, *conditions: Truth) -> Truth:
    true = sum(each.true.astype(np.int16) for each in conditions)
    possible = len(conditions) - sum(each.false.astype(np.int16) for each in conditions)
    return Truth(true >= least.value, possible < least.value)


def _equal(a: Any, b: Any) -> Truth:
    found: Truth = a.equals(b)
    return found


def _unequal(a: Any, b: Any) -> Truth:
    return _not(_equal(a, b))


def _ordered(test: _Binary, opposite: _Binary) -> Callable[..., Truth]:
    """A comparison that orders. A quantity is unknown where neither it nor its opposite holds."""

    def compare(a: Quantity | Text, b: Quantity | Text) -> Truth:
        if isinstance(a, Text):
            return partly(test(a.value, b.value), a.known & b.known)
        return Truth(test(a.value, b.value), opposite(a.value, b.value))

    return compare


def _in(operand: Any, *members: Any) -> Truth:
    return _or(*(_equal(operand, member) for member in members))


def _is_missing(operand: Operand) -> Truth:
    return Truth(~operand.known, operand.known)


# Choices


def _if(condition: Truth, yes: Any, no: Any) -> Operand:
    """The chosen branch; under an unknown condition, what both branches agree on."""
    agreed = yes.equals(no).true & ~condition.false
    found: Operand = yes.where(condition.true | agreed, no.where(condition.false, no.unknown()))
    return found


def _coalesce(*operands: Any) -> Operand:
    found: Operand = operands[-1]
    for each in reversed(operands[:-1]):
        found = each.where(each.known, found)
    return found


# Numbers and days


def _folded(function: _Binary) -> Callable[..., Quantity]:
    """An operation on two arrays as one on any number of quantities."""
    return lambda *each: Quantity(functools.reduce(function, (one.value for one in each)))


def _least(a: Array, b: Array) -> Array:
    """The first of two if they are equal, as Python has it: 0.0 and -0.0 are."""
    return np.where((b < a) | (b != b), b, a)


def _greatest(a: Array, b: Array) -> Array:
    return np.where((b > a) | (b != b), b, a)


def _ratio(a: Quantity, b: Quantity, default: Quantity | None = None) -> Quantity:
    """``a / b``; where ``b`` is zero, the default if there is one, else unknown."""
    zero, unknown = b.value == 0, a.unknown()
    quotient = unknown.where(zero, Quantity(a.value / b.value))
    if default is None:
        return quotient
    return default.where(zero, quotient).where(a.known & default.known, unknown)


def _round(x: Quantity, digits: Quantity | None = None) -> Quantity:
    power = 10.0 ** (0.0 if digits is None else float(digits.value))
    scaled = x.value * power
    return Quantity(np.where(np.abs(scaled) < 2.0**52, np.rint(scaled) / power, x.value))


def _counted(count: Callable[[Any, Any], Any]) -> Callable[[Quantity, Quantity], Quantity]:
    """A count between two days as one between quantities; an instant is taken to its day."""

    def counted(first: Quantity, last: Quantity) -> Quantity:
        days = (each.value.astype("datetime64[D]") for each in (first, last))
        return Quantity(np.asarray(count(*days)))

    return counted


_OPERATIONS: Mapping[str, Callable[..., Operand]] = {
    "==": _equal,
    "!=": _unequal,
    "<": _ordered(operator.lt, operator.ge),
    "<=": _ordered(operator.le, operator.gt),
    ">": _ordered(operator.gt, operator.le),
    ">=": _ordered(operator.ge, operator.lt),
    "+": _folded(operator.add),
    "-": _folded(operator.sub),
    "*": _folded(operator.mul),
    "/": _ratio,
    "abs": lambda x: Quantity(np.abs(x.value)),
    "and": _and,
    "at_least": _at_least,
    "calendar_months_between": _counted(periods.calendar_months_between),
    "calendar_quarters_between": _counted(periods.calendar_quarters_between),
    "coalesce": _coalesce,
    "days_between": _counted(periods.days_between),
    "if": _if,
    "in": _in,
    "is_missing": _is_missing,
    "max": _folded(_greatest),
    "min": _folded(_least),
    "months_between": _counted(periods.months_between),
    "not": _not,
    "or": _or,
    "ratio": _ratio,
    "round": _round,
}


# Registered functions


def _call(function: Function, operands: Sequence[Operand], rows: slice) -> Operand:
    lists = [_listed(operand, rows.stop - rows.start) for operand in operands]
    called = zip(range(rows.start, rows.stop), *lists, strict=True)
    return packed(read_each(lambda row: function(*row[1:]), called, rows.start), function.gives)


def _listed(operand: Operand, length: int) -> list[Any]:
    """A block as Python objects, None where unknown, as a record has them."""
    return unpacked(np.broadcast_to(operand.answer, length), np.broadcast_to(operand.known, length))


# --------------------------------------------------------------------------------------
# The answer


class Answer:
    """An answer's two arrays, filled block by block."""

    def __init__(self, rows: int) -> None:
        self.known = np.empty(rows, bool)
        self.values: Array | None = None
        self.texts: list[Array] = []

    def put(self, rows: slice, operand: Operand | None) -> None:
        """Take the answer in the rows that come next."""
        operand = operand or UNKNOWN[Kind.NUMBER]
        self.known[rows] = operand.known
        found = operand.answer
        if isinstance(operand, Text):  # their width differs from block to block
            self.texts.append(np.broadcast_to(found, rows.stop - rows.start))
            return
        if self.values is None:
            self.values = np.empty(len(self.known), found.dtype)
        self.values[rows] = found

    def column(self) -> Column:
        """The whole answer."""
        values = np.concatenate(self.texts) if self.values is None else self.values
        return Column(values, self.known)
