"""Blocks: what the values of some rows are while a rule is worked out on columns.

A value in a block is one of three things:

* a number, date or instant is a :class:`Quantity`: an array in which NaN or NaT is unknown, so
  that numpy's own arithmetic carries the unknown along;
* a condition is a :class:`Truth`: where it is true, and where it is false;
* a text is a :class:`Text`: the values, and where they are missing.

Kleene's tables are then plain ``&`` and ``|`` on the two masks of a condition. What is the same in
every row may stand as a single entry, which numpy broadcasts. numpy may warn of NaN: rules are
worked out under ``np.errstate(all="ignore")``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.expressions import MAX_NUMBER, Kind, Kinds

__all__ = [
    "UNKNOWN",
    "Array",
    "Mask",
    "Operand",
    "Quantity",
    "Text",
    "Truth",
    "is_wide",
    "only",
    "packed",
    "partly",
    "unknown_of",
    "unpacked",
]

Array: TypeAlias = npt.NDArray[Any]
"""The entries of some rows, or a single one for all of them."""

Mask: TypeAlias = Any
"""An array of booleans, or a single one for a whole block."""


# --------------------------------------------------------------------------------------
# The three things


@attrs.frozen(eq=False)
class Quantity:
    """Numbers, dates or instants; NaN or NaT where unknown.

    Integers that no double holds are Python's own, in an array of objects.
    """

    value: Array

    @property
    def known(self) -> Mask:
        """Where it is known."""
        return self.value == self.value

    @property
    def answer(self) -> Array:
        """The values as an answer has them: NaN or NaT where unknown."""
        return self.value

    def unknown(self) -> Quantity:
        """An unknown of the same type."""
        dtype = self.value.dtype
        return Quantity(np.array("NaT" if dtype.kind == "M" else np.nan, dtype))

    def where(self, chosen: Mask, other: Quantity) -> Quantity:
        """This where ``chosen``, elsewhere ``other``."""
        return Quantity(np.where(chosen, self.value, other.value))

    def equals(self, other: Quantity) -> Truth:
        """Whether the two are equal; unknown where one is."""
        a, b = self.value, other.value
        return Truth(a == b, (a < b) | (a > b))


@attrs.frozen(eq=False)
class Truth:
    """A condition: where it is true and where false; elsewhere it is unknown."""

    true: Mask
    false: Mask

    @property
    def known(self) -> Mask:
        """Where it is known."""
        return self.true | self.false

    @property
    def answer(self) -> Array:
        """The values as an answer has them: False where unknown."""
        return self.true  # type: ignore[no-any-return]

    def unknown(self) -> Truth:
        """A condition that is unknown everywhere."""
        return Truth(np.False_, np.False_)

    def where(self, chosen: Mask, other: Truth) -> Truth:
        """This where ``chosen``, elsewhere ``other``."""
        true = (chosen & self.true) | (~chosen & other.true)
        return Truth(true, (chosen & self.false) | (~chosen & other.false))

    def equals(self, other: Truth) -> Truth:
        """Whether the two are equal; unknown where one is."""
        same = (self.true & other.true) | (self.false & other.false)
        return Truth(same, (self.true & other.false) | (self.false & other.true))


@attrs.frozen(eq=False)
class Text:
    """Texts, and where they are missing."""

    value: Array
    missing: Mask

    @property
    def known(self) -> Mask:
        """Where it is known."""
        return ~self.missing

    @property
    def answer(self) -> Array:
        """The values as an answer has them: empty where unknown."""
        return np.where(self.missing, "", self.value)

    def unknown(self) -> Text:
        """A text that is missing everywhere."""
        return Text(np.asarray(""), np.True_)

    def where(self, chosen: Mask, other: Text) -> Text:
        """This where ``chosen``, elsewhere ``other``."""
        missing = np.where(chosen, self.missing, other.missing)
        return Text(np.where(chosen, self.value, other.value), missing)

    def equals(self, other: Text) -> Truth:
        """Whether the two are equal; unknown where one is."""
        return partly(self.value == other.value, self.known & other.known)


Operand: TypeAlias = Quantity | Truth | Text
"""What stands in a block."""


def partly(true: Mask, known: Mask) -> Truth:
    """What a test found, where it is known.

    >>> partly(np.array([True, True, False]), np.array([True, False, True]))
    Truth(true=array([ True, False, False]), false=array([False, False,  True]))
    """
    return Truth(true & known, ~true & known)


# --------------------------------------------------------------------------------------
# Unknowns

UNKNOWN: Mapping[Kind, Operand] = {
    Kind.NUMBER: Quantity(np.array(np.nan)),
    Kind.TEXT: Text(np.asarray(""), np.True_),
    Kind.BOOLEAN: Truth(np.False_, np.False_),
    Kind.DATE: Quantity(np.array("NaT", "datetime64[D]")),
    Kind.INSTANT: Quantity(np.array("NaT", "datetime64[us]")),
}
"""What is unknown in every row, for each kind."""


def unknown_of(kinds: Kinds) -> Operand | None:
    """An unknown of the kind, where only one is possible; else None, an unknown of no kind.

    >>> unknown_of(frozenset({Kind.BOOLEAN}))
    Truth(true=np.False_, false=np.False_)
    """
    kind = only(kinds)
    return None if kind is None else UNKNOWN[kind]


def only(kinds: Kinds) -> Kind | None:
    """The kind, where only one is possible.

    >>> only(frozenset({Kind.TEXT})), only(frozenset(Kind))
    (<Kind.TEXT: 'text'>, None)
    """
    return next(iter(kinds)) if len(kinds) == 1 else None


# --------------------------------------------------------------------------------------
# From Python's values and back


def packed(values: Sequence[Any], kind: Kind) -> Operand:
    """Plain values of one kind, None where unknown, as a block.

    >>> packed([5.0, None], Kind.NUMBER)
    Quantity(value=array([ 5., nan]))
    """
    match kind:
        case Kind.BOOLEAN:
            true, false = ([value is truth for value in values] for truth in (True, False))
            return Truth(np.array(true, bool), np.array(false, bool))
        case Kind.TEXT:
            return Text(
                np.fromiter(("" if value is None else value for value in values), object),
                np.array([value is None for value in values], bool),
            )
        case Kind.DATE:
            return Quantity(np.array(values, "datetime64[D]"))
        case Kind.INSTANT:
            naive = [None if value is None else value.replace(tzinfo=None) for value in values]
            return Quantity(np.array(naive, "datetime64[us]"))
    numbers = [np.nan if value is None else value for value in values]
    return Quantity(np.array(numbers, object if any(map(is_wide, numbers)) else np.float64))


def is_wide(number: object) -> bool:
    """Whether a number is an integer that no double holds.

    >>> is_wide(2**53), is_wide(2**53 + 1), is_wide(1e300)
    (False, True, False)
    """
    return type(number) is int and not -MAX_NUMBER <= number <= MAX_NUMBER


def unpacked(value: Array, known: Array) -> list[Any]:
    """The entries of an array as a record has them, None where unknown; instants are aware.

    >>> unpacked(np.array([5.0, np.nan]), np.array([True, False]))
    [5.0, None]
    """
    entries: list[Any] = value.tolist()
    if value.dtype == "datetime64[us]":
        entries = [None if entry is None else entry.replace(tzinfo=dt.UTC) for entry in entries]
    pairs = zip(entries, known.tolist(), strict=True)
    return [entry if is_known else None for entry, is_known in pairs]
