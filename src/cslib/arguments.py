"""Arguments that are columns: checked, and refused with the first row at fault.

What is the same wherever columns come in. Each subject has an error of its own, which is an
:class:`ArgumentError`; the checks are handed it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.errors import CslibError

__all__ = ["ArgumentError", "Refusing", "check_lengths", "flat", "refuse_rows"]

Refusing: TypeAlias = Callable[[str, int | None, str], CslibError]
"""Makes an error of an argument, a row and a message, as an :class:`ArgumentError` is made."""


@attrs.define
class ArgumentError(CslibError, ValueError):
    """An argument, mostly a column, that cannot be taken.

    Attributes:
        argument: The argument at fault, for example ``durations``.
        row: Its first row at fault, counted from 0; None where the whole argument is.
        message: What was given, what was expected and the way out.

    >>> print(ArgumentError("durations", 3, "is -1: expected a time of 0 or more"))
    durations[3] is -1: expected a time of 0 or more
    """

    argument: str
    row: int | None
    message: str

    def __str__(self) -> str:
        place = self.argument if self.row is None else f"{self.argument}[{self.row}]"
        return f"{place} {self.message}"


def refuse_rows(
    error: Refusing, argument: str, column: Any, wrong: npt.NDArray[np.bool_], expected: str
) -> None:
    """Refuse the first row that is wrong, if there is one, and say how many there are.

    Raises:
        ArgumentError: As ``error`` makes it, if there is.

    >>> ages = np.array([5, -1, -2])
    >>> refuse_rows(ArgumentError, "age", ages, ages < 0, "expected 0 or more")
    Traceback (most recent call last):
    ...
    cslib.arguments.ArgumentError: age[1] is -1 (the first of 2 such rows): expected 0 or more
    """
    if wrong.any():
        rows = np.flatnonzero(wrong)
        first = int(rows[0])
        more = f" (the first of {rows.size} such rows)" if rows.size > 1 else ""
        raise error(argument, first, f"is {column[first]}{more}: {expected}")


def flat(error: Refusing, argument: str, given: object) -> npt.NDArray[Any]:
    """A column as an array of one dimension; a masked one stays so.

    Raises:
        ArgumentError: As ``error`` makes it, if it is a text, is ragged, or has more or
            fewer dimensions.

    >>> flat(ArgumentError, "month", ["2026-01"])
    array(['2026-01'], dtype='<U7')
    """
    if isinstance(given, str):
        problem = f"is the text {given!r}: expected a column, with one value for each row"
        raise error(argument, None, problem)
    try:
        values = np.asanyarray(given)
    except ValueError:  # rows of different lengths
        raise error(argument, None, "is ragged: expected one value for each row") from None
    if values.ndim != 1:
        raise error(argument, None, f"has shape {values.shape}: expected one dimension")
    return values


def check_lengths(error: Refusing, lengths: Mapping[str, int]) -> None:
    """Refuse columns that differ in length.

    Raises:
        ArgumentError: As ``error`` makes it, if they do.

    >>> check_lengths(ArgumentError, {"account": 3, "stage": 3})
    """
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise error("columns", None, f"differ in length: {given}")
