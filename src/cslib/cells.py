"""Cells of a CSV file as values: a cell says plainly what it is, or is refused.

Nothing is guessed or rounded: no thousands separators, no units, no dates in the order of some
country. Digits are those of ASCII. An empty cell is unknown and never comes here.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import attrs

from cslib.errors import CslibError
from cslib.expressions import MAX_NUMBER, Kind, Kinds
from cslib.moments import MomentError, in_utc

__all__ = [
    "CellError",
    "amount",
    "choice",
    "column_kind",
    "day",
    "fact",
    "flag",
    "ids",
    "instant",
    "moment",
    "number",
    "whole",
]


@attrs.define
class CellError(CslibError, ValueError):
    """A cell that does not say what belongs there.

    Attributes:
        given: What stands there.
        expected: What belongs there, and the way out.

    >>> print(CellError("1,200", "a number such as 1200.50"))
    expected a number such as 1200.50, but got '1,200'
    """

    given: str
    expected: str

    def __str__(self) -> str:
        return f"expected {self.expected}, but got {self.given!r}"


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,10})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def number(text: str) -> int | float:
    """A number; whole where no point or exponent stands in it.

    Raises:
        CellError: If it is none, beyond what a double holds, or whole and more than a double
            holds exactly.

    >>> number("1200.50"), number("-3")
    (1200.5, -3)
    """
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise CellError(text, "a number such as 1200.50, without separators or units")
    if not text.lstrip("+-").isdigit():
        return float(text)
    whole = int(text)
    if abs(whole) > MAX_NUMBER:
        raise CellError(text, "a whole number within plus or minus 2**53; an id is text")
    return whole


def whole(text: str) -> int:
    """A whole number of 0 or more.

    Raises:
        CellError: If it is none.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        raise CellError(text, "a whole number such as 25")
    return int(text)


_MOST_DIGITS = 15  # so that it is exact in a double too


def ids(text: str) -> tuple[str, ...]:
    """One id, or several with a semicolon between them.

    Raises:
        CellError: If one is empty, or stands twice.

    >>> ids("C-1"), ids("C-1; C-2")
    (('C-1',), ('C-1', 'C-2'))
    """
    found = tuple(each.strip() for each in text.split(";"))
    if "" in found or len(set(found)) < len(found):
        raise CellError(text, "one id, or several such as C-1;C-2, each once")
    return found


def flag(text: str) -> bool:
    """``true`` or ``false``, in small or capital letters.

    Raises:
        CellError: If it is neither.
    """
    if text.lower() not in ("true", "false"):
        raise CellError(text, "true or false (a column of 0 and 1 is a number: write `== 1`)")
    return text.lower() == "true"


def day(text: str) -> dt.date:
    """A date as ``2026-06-30``; no other form of ISO 8601.

    Raises:
        CellError: If it is none, or no day of the calendar.
    """
    if _DAY.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass  # 30 February
    raise CellError(text, "a date such as 2026-06-30")


def instant(text: str) -> dt.datetime:
    """An instant with its time zone, as ``2026-06-30T09:00+08:00``.

    Raises:
        CellError: If it is none, or names no time zone.
    """
    try:
        found = dt.datetime.fromisoformat(text)
        in_utc(found)
    except (ValueError, MomentError):
        example = "2026-06-30T09:00+08:00"
        raise CellError(text, f"an instant with its time zone, such as {example}") from None
    return found


def moment(text: str) -> dt.date:
    """A date or an instant, by its length.

    Raises:
        CellError: If it is neither.
    """
    return instant(text) if len(text) > len("2026-06-30") else day(text)


def amount(text: str) -> Decimal:
    """An exact amount of 0 or more, with at most 10 decimals.

    Raises:
        CellError: If it is none.
    """
    if not _AMOUNT.fullmatch(text):
        raise CellError(text, "an amount such as 1200.50, without separators or currency")
    if text.startswith("-"):
        raise CellError(text, "an amount of 0 or more (what goes back is a refund)")
    return Decimal(text)


def choice(words: type[enum.StrEnum]) -> Callable[[str], Any]:
    """A reader of cells that hold one of a few words.

    >>> choice(Kind)("numeric")
    Traceback (most recent call last):
    ...
    cslib.cells.CellError: expected number, text, boolean, date or instant, but got 'numeric'
    """

    def read(text: str) -> Any:
        if text not in list(words):
            *most, last = words
            raise CellError(text, f"{', '.join(most)} or {last}")
        return words(text)

    return read


# --------------------------------------------------------------------------------------
# Facts: what the rules need decides

_READERS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.BOOLEAN: flag,
    Kind.DATE: day,
    Kind.INSTANT: instant,
    Kind.NUMBER: number,
    Kind.TEXT: str,
}


def fact(text: str, kind: Kind) -> Any:
    """A cell as a fact of a kind.

    Raises:
        CellError: If it is not of that kind.
    """
    return _READERS[kind](text)


def column_kind(kinds: Kinds, cells: Iterable[str]) -> Kind:
    """The kind of a column, of those that the rules allow it.

    Where they allow several, the one that most of its cells are of; text, which any cell is, only
    where none of the others fits at least half.

    Args:
        kinds: The kinds allowed, at least one.
        cells: The cells that are not empty.

    >>> column_kind(frozenset(Kind), ["12", "7", "n/a"])
    <Kind.NUMBER: 'number'>
    """
    open_kinds = [kind for kind in Kind if kind in kinds and kind is not Kind.TEXT]
    if len(kinds) == 1 or not open_kinds:
        return next(iter(kinds))
    given = list(cells)
    fits = {kind: sum(_is_of(kind, text) for text in given) for kind in open_kinds}
    best = max(open_kinds, key=lambda kind: fits[kind])
    return best if 2 * fits[best] >= len(given) or Kind.TEXT not in kinds else Kind.TEXT


def _is_of(kind: Kind, text: str) -> bool:
    try:
        fact(text, kind)
    except CellError:
        return False
    return True
