"""The order of a log of many accounts, found by sorting numbers instead of rows.

The rows stand in order by their first column; where that is the same by the second, and so on. Rows
that agree in every column keep their turn.

The columns and the number of the row are written into one number of 64 bits, and those numbers are
sorted: the last bits of each say which row it came from. A column takes as many bits as its values
need, counted from the least of them. Where all that is wider than 64 bits, the same is done in two
or more passes, from the last bits to the first, each keeping the order of the one before.

For n rows a pass is one sort of n numbers, and holds three such columns at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.blocks import Array, Mask
from cslib.errors import CslibError

__all__ = ["OrderError", "in_order", "order_of", "repeats"]

Wholes: TypeAlias = npt.NDArray[np.int64]
Bits: TypeAlias = npt.NDArray[np.uint64]

_BLOCK = 1 << 15  # rows worked on at a time: they stay in the processor's cache


@attrs.define
class OrderError(CslibError, ValueError):
    """A column by which no log can be ordered.

    Attributes:
        column: Its place among the columns, counted from 0.
        problem: What was given, what was expected and the way out.

    >>> print(OrderError(1, "holds datetime64[D]: expected whole numbers"))
    column 1 holds datetime64[D]: expected whole numbers
    """

    column: int
    problem: str

    def __str__(self) -> str:
        return f"column {self.column} {self.problem}"


def order_of(columns: Sequence[Array]) -> Wholes | None:
    """The rows of a log in order; None where it stands in order already.

    Args:
        columns: Whole numbers, such as the account, the moment and the place of the event's name;
            the first decides, then the second. Any numbers will do, negative ones included.

    Returns:
        For each place the row that stands there; ``column[order]`` is the column in order. Rows
        that agree in everything keep their turn, as by :func:`numpy.lexsort`.

    Raises:
        OrderError: If a column has no whole numbers, or another number of rows than the first.

    >>> account, day = np.array([2, 1, 2, 1]), np.array([20, 9, -5, 9])
    >>> order_of([account, day])
    array([1, 3, 2, 0])
    >>> order_of([np.sort(account)]) is None
    True
    """
    _check(columns)
    return None if in_order(columns) else _sorted(columns)


def in_order(columns: Sequence[Array]) -> bool:
    """Whether rows stand in order already; looked at up to the first that does not.

    >>> in_order([np.array([1, 1, 2]), np.array([5, 7, 0])])
    True
    """
    return all(same is not None for _, same in _agreements(columns))


def repeats(columns: Sequence[Array]) -> Wholes | None:
    """The rows that agree in every column with the one before; None if rows stand out of order.

    >>> repeats([np.array([1, 1, 1, 2]), np.array([5, 7, 7, 7])])
    array([2])
    """
    found = [np.empty(0, np.int64)]
    for start, same in _agreements(columns):
        if same is None:
            return None
        found.append(np.flatnonzero(same) + (start + 1))
    return np.concatenate(found)


def _agreements(columns: Sequence[Array]) -> Iterator[tuple[int, Mask | None]]:
    """Blocks of rows: the first, and which of those after it agree with the one before."""
    for start in range(0, columns[0].size - 1 if columns else 0, _BLOCK):
        yield start, _agreeing([column[start : start + _BLOCK + 1] for column in columns])


def _agreeing(columns: Sequence[Array]) -> Mask | None:
    """Which rows agree with the one before; None if one belongs before that."""
    same: Mask = np.ones(columns[0].size - 1, bool)  # in the columns so far
    for column in columns:
        before, after = column[:-1], column[1:]
        if (same & (after < before)).any():
            return None
        same &= after == before
        if not same.any():
            break
    return same


def _check(columns: Sequence[Array]) -> None:
    for place, column in enumerate(columns):
        if not isinstance(column, np.ndarray) or column.dtype.kind not in "iu":
            given = getattr(column, "dtype", type(column).__name__)
            expected = "expected whole numbers; of a datetime64 without NaT, column.view('int64')"
            raise OrderError(place, f"holds {given}: {expected}")
        if column.shape != (columns[0].size,) or np.ma.is_masked(column):
            expected = f"expected {columns[0].size} numbers, as in column 0, and none masked"
            raise OrderError(place, f"is of shape {column.shape}: {expected}")


# --------------------------------------------------------------------------------------
# Sorting


@attrs.frozen
class _Piece:
    """Bits of a column, as they stand in the number that is sorted.

    Attributes:
        column: The column, of which ``least`` is taken away.
        least: The least of its values.
        low: How many of its last bits are left out, which were in the pass before.
        mask: The bits that are taken of the rest.
        left: How far they are moved to the left.
    """

    column: Array
    least: np.uint64
    low: np.uint64
    mask: np.uint64
    left: np.uint64

    def bits(self, rows: slice) -> Bits:
        """The bits of some rows; a difference of two numbers is right modulo 2**64."""
        bits = self.column[rows].astype(np.uint64)
        bits -= self.least
        bits >>= self.low
        bits &= self.mask
        bits <<= self.left
        return bits


def _sorted(columns: Sequence[Array]) -> Wholes:
    """The order by all columns, made in as many passes as their bits need."""
    size = columns[0].size
    row_bits = (size - 1).bit_length()
    order = np.empty(0, np.uint64)
    for turn, pieces in enumerate(_passes(columns, row_bits)):
        keys = _keys(pieces, size)
        if turn:
            keys = keys[order]
        keys |= np.arange(size, dtype=np.uint64)
        keys.sort()
        places = keys & np.uint64((1 << row_bits) - 1)
        order = order[places] if turn else places
    return order.view(np.int64)


def _passes(columns: Sequence[Array], row_bits: int) -> Iterator[list[_Piece]]:
    """What is sorted by in each pass: the last bits of the last columns come first."""
    pieces: list[_Piece] = []
    left = row_bits
    for column in reversed(columns):
        least = int(column.min())
        width, low = (int(column.max()) - least).bit_length(), 0
        while low < width:
            taken = min(width - low, 64 - left)
            numbers = (least % 2**64, low, (1 << taken) - 1, left)
            pieces.append(_Piece(column, *map(np.uint64, numbers)))
            low, left = low + taken, left + taken
            if left == 64:
                yield pieces
                pieces, left = [], row_bits
    if pieces:
        yield pieces


def _keys(pieces: list[_Piece], size: int) -> Bits:
    keys = np.zeros(size, np.uint64)
    for start in range(0, size, _BLOCK):
        rows = slice(start, start + _BLOCK)
        for piece in pieces:
            keys[rows] |= piece.bits(rows)
    return keys
