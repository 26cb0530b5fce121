"""Results that are columns side by side: compared by content, frozen, shown as a table of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

__all__ = ["BY_CONTENT", "read_only", "text_table"]


def read_only(values: npt.NDArray[Any]) -> Any:
    """The same array, not to be written to; a masked array stays one.

    >>> read_only(np.array([1, 2]))[0] = 5
    Traceback (most recent call last):
    ...
    ValueError: assignment destination is read-only
    """
    view = values.view()
    view.setflags(write=False)
    return view


def _same(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    masks = np.ma.getmaskarray(one), np.ma.getmaskarray(other)
    beside = [np.ma.filled(each, 0) if np.ma.isMA(each) else each for each in (one, other)]
    return np.array_equal(*masks) and np.array_equal(beside[0], beside[1])


@attrs.frozen(eq=False)
class _Content:
    """What attrs compares and hashes in the place of an array."""

    values: npt.NDArray[Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and _same(self.values, other.values)

    def __hash__(self) -> int:
        return hash(self.values.shape)  # equal numbers of two types may have unequal bytes


BY_CONTENT: Any = _Content
"""For a field of an attrs class: arrays are equal if their masks and the values beside are."""


def text_table(heads: Sequence[str], rows: Sequence[Sequence[str]], most: int = 24) -> str:
    """Rows of text under their heads, flush right; of more than ``most`` rows the last.

    >>> print(text_table(["month", "new"], [["2026-01", "5"], ["2026-02", "10"]]))
      month  new
    2026-01    5
    2026-02   10
    """
    shown = [heads, *rows[-most:]]
    widths = [max(map(len, each)) for each in zip(*shown, strict=True)]
    lines = ["  ".join(map(str.rjust, row, widths)).rstrip() for row in shown]
    if len(rows) > most:
        lines.insert(1, f"({len(rows) - most} earlier ones)")
    return "\n".join(lines)
