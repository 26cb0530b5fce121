"""Term ids: texts and whole numbers by which rows are found, at the speed of numbers.

A part of :mod:`cslib.renewal`, beneath :mod:`cslib.termtables`. Texts are hashed to numbers of 64
bits, sorted and looked up as such. A hash alone never decides: what is found by it is compared as
text, and rows that share one without being proven equal are named, to be looked at one by one.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Index", "Mask", "TermColumn", "Wholes", "numbered"]

Array: TypeAlias = npt.NDArray[Any]
"""A column of anything."""
Wholes: TypeAlias = npt.NDArray[np.int64]
"""A column of whole numbers."""
Mask: TypeAlias = npt.NDArray[np.bool_]
"""A column that says where something holds."""


@attrs.frozen(eq=False)
class TermColumn:
    """One column as read.

    Attributes:
        values: Ids as text or int64, days and amounts as int64, words as their place from 1 on.
        known: Where there is one.
    """

    values: Array
    known: Mask


def numbered(column: TermColumn) -> tuple[Wholes, Mask]:
    """A number from 0 on for each id, and the rows in which two ids got the same one.

    >>> numbered(TermColumn(np.array(["fox", "owl", "fox"]), np.ones(3, bool)))
    (array([0, 1, 0]), array([False, False, False]))
    """
    keys = _keys(column.values)
    _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    return codes.astype(np.int64, copy=False), column.values != column.values[first[codes]]


class Index:
    """Where each id stands in a column of them.

    Attributes:
        twice: The rows whose id stands in another row as well, or may.

    >>> ids = TermColumn(np.array(["C-1", "C-2", "C-1"]), np.ones(3, bool))
    >>> index = Index(ids)
    >>> index.twice, index.rows(TermColumn(np.array(["C-2", "C-3"]), np.ones(2, bool)))
    (array([ True, False,  True]), array([ 1, -1]))
    """

    def __init__(self, ids: TermColumn) -> None:
        keys = _keys(ids.values)
        self._ids = ids.values
        self._order = np.argsort(keys)
        self._sorted = keys[self._order]
        same = self._sorted[1:] == self._sorted[:-1]
        self.twice = np.zeros(keys.size, bool)
        self.twice[self._order[1:][same]] = True
        self.twice[self._order[:-1][same]] = True

    def rows(self, names: TermColumn) -> Wholes:
        """A row in which each name stands; -1 where there is none, or none is certain."""
        found = np.full(names.values.size, -1, np.int64)
        asked = np.flatnonzero(names.known)
        if not self._ids.size or not asked.size:
            return found
        values = names.values[asked]
        keys = _keys(values)
        turn, places = np.argsort(keys), np.empty(keys.size, np.int64)
        places[turn] = np.searchsorted(self._sorted, keys[turn])  # in order they are found sooner
        rows = self._order[np.minimum(places, self._ids.size - 1)]
        found[asked] = np.where(self._ids[rows] == values, rows, -1)
        return found


_BLOCK = 8192  # rows worked on at a time: their letters stay in the processor's cache
_MULTIPLIER = 0x9E3779B97F4A7C15  # odd, and its powers look random: 2**64 over the golden ratio


def _keys(names: Array) -> Array:
    """A number of 64 bits for each id, the same for the same id; others seldom share one."""
    if names.dtype.kind != "U":
        return names
    width = names.dtype.itemsize // 4
    letters = names.view(np.uint32).reshape(names.size, width)
    powers = np.array([pow(_MULTIPLIER, place, 2**64) for place in range(width)], np.uint64)
    keys = np.empty(names.size, np.uint64)
    for start in range(0, names.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        keys[block] = letters[block].astype(np.uint64) @ powers
    return keys
