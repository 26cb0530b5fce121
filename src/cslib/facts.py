"""Facts: the named values of an account, read from whatever the user has.

A record is a mapping, or any object with attributes (attrs, dataclass, ORM row, named tuple). A dot
leads into a nested value: ``owner.email`` is the entry of that name, or else the ``email`` of
``owner``. None, NaN, NaT, a masked and an absent value are one thing: unknown, given as None. A
value of the wrong kind is an error, never a coercion.

Values come out as plain Python: a numpy scalar, a ``StrEnum`` or an ``IntEnum`` as what it stands
for, a ``Decimal`` or ``Fraction`` as the nearest double, an instant in UTC to the microsecond.
"""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import types
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, TypeAlias

import attrs

from cslib.errors import CslibError
from cslib.expressions import MAX_NUMBER, Kind, Kinds, Value
from cslib.moments import utc_day

__all__ = [
    "WHOLE",
    "YEARS",
    "AsOfError",
    "FactError",
    "Reader",
    "agree",
    "as_of_day",
    "expected",
    "getter",
    "kind_of",
    "known",
    "real",
    "series",
]


@attrs.define
class FactError(CslibError, TypeError):
    """A fact is not of the kind that its use asks for.

    Attributes:
        fact: The fact's name.
        expected: What its use asks for.
        given: The value that was found.
        row: Its row in a column, counted from 0; None in a record.
    """

    fact: str
    expected: str
    given: object
    row: int | None = None

    def __str__(self) -> str:
        place = "" if self.row is None else f" in row {self.row}"
        try:
            shown = repr(self.given)
        except ValueError:  # an int of 5,000 digits
            shown = "what cannot be shown"
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        kind = type(self.given).__name__
        return f"fact {self.fact!r}{place}: expected {self.expected}, but got {shown} ({kind})"


@attrs.define
class AsOfError(CslibError, TypeError):
    """A rule counts days from today, and was not told which day that is."""

    def __str__(self) -> str:
        return "this rule needs today's date; pass as_of=date(...)"


def as_of_day(as_of: object) -> dt.date:
    """The day that a rule takes for today.

    Raises:
        AsOfError: If ``as_of`` is None.
        MomentError: If it is neither a date nor an aware datetime.

    >>> as_of_day(dt.datetime(2026, 6, 30, 23, tzinfo=dt.timezone(dt.timedelta(hours=-2))))
    datetime.date(2026, 7, 1)
    """
    if as_of is None:
        raise AsOfError
    return utc_day(as_of, "as_of")


# --------------------------------------------------------------------------------------
# Finding a fact

_ABSENT = object()
_NAMELESS = (str, bytes, bool, int, float, dt.date, list, tuple, set, frozenset, NoneType)


def getter(record: object) -> Callable[[str], object]:
    """A function from a fact's name to its value in ``record``; None where it is absent.

    Raises:
        FactError: If ``record`` is not something with named values.

    >>> get = getter({"plan": "pro", "owner": {"email": "a@b.example"}})
    >>> get("plan"), get("owner.email"), get("owner.phone")
    ('pro', 'a@b.example', None)
    """
    if not _has_names(record):
        raise FactError("(the record)", "a mapping or an object with named values", record)

    def get(name: str) -> object:
        found = _entry(record, name)
        if found is not _ABSENT:
            return found
        owner, _, rest = name.partition(".")
        inner = _entry(record, owner) if rest else None
        return getter(inner)(rest) if _has_names(inner) else None

    return get


def _has_names(owner: object) -> bool:
    if hasattr(owner, "_fields"):  # a named tuple
        return True
    nameless = owner is _ABSENT or isinstance(owner, _NAMELESS)
    return not nameless and type(owner).__module__ != "numpy"


def _entry(owner: Any, name: str) -> object:
    if isinstance(owner, Mapping):
        return owner.get(name, _ABSENT)
    if callable(getattr(owner, "keys", None)) and hasattr(owner, "__getitem__"):
        try:  # a database row: keys and [], but no Mapping
            found: object = owner[name]
        except (KeyError, IndexError):
            return _ABSENT
        return found
    return _attribute(owner, name)


def _attribute(owner: Any, name: str) -> object:
    """A public attribute that holds data; what Python itself hangs on an object is no fact.

    Without this a rule from a stranger could read ``__init__.__globals__`` of a record.
    """
    found = _ABSENT if name.startswith("_") else getattr(owner, name, _ABSENT)
    is_data = not callable(found) and not isinstance(found, types.ModuleType)
    return found if is_data else _ABSENT


# --------------------------------------------------------------------------------------
# Reading a value


def known(value: Any, name: str, kinds: Kinds) -> Value:
    """``value`` as one of the rule language's kinds, or None where it is unknown.

    A series (list, tuple, array) stands for its last entry.

    Raises:
        FactError: If it is of none of ``kinds``.

    >>> known(float("nan"), "seats", frozenset({Kind.NUMBER})) is None
    True
    """
    entries = _entries(value)
    if entries is not None:
        value = entries[-1] if entries else None
    plain = _plain(value, name)
    if plain is None:
        return None
    kind = kind_of(plain)
    if kind not in kinds:
        raise FactError(name, expected(kinds, kind, name), value)
    return plain


def real(value: Any, name: str, kinds: Kinds) -> Value:
    """The same for calculations: numbers as doubles, and none refused but what no double holds.

    Raises:
        FactError: If it is of none of ``kinds``, or an integer beyond plus or minus 2**53.

    >>> real(5, "seats", frozenset({Kind.NUMBER}))
    5.0
    """
    found = known(value, name, kinds)
    if type(found) is not int:
        return found
    if not -MAX_NUMBER <= found <= MAX_NUMBER:
        raise FactError(name, WHOLE, value)
    return float(found)


WHOLE = "a whole number within plus or minus 2**53, to calculate with"
"""What an integer must be where a rule calculates with it."""

YEARS = "a date or instant within the years 1 to 9999, in UTC"
"""What a moment must be: these are the years that Python's dates hold."""

Reader: TypeAlias = Callable[[Any, str, Kinds], Value]
"""The form of :func:`known` and :func:`real`."""


def series(
    value: Any, name: str, kinds: Kinds, lags: Sequence[int], read: Reader
) -> tuple[Value, ...]:
    """The entries of a series at ``lags`` periods before the last; before its start, unknown.

    Only the entries that are asked for are read and checked.

    Raises:
        FactError: If ``value`` is not a series, or an entry is of none of ``kinds``.

    >>> series([5, None, 7], "logins", frozenset({Kind.NUMBER}), (0, 1, 2, 3), known)
    (7, None, 5, None)
    """
    if _is_unknown(value):
        return (None,) * len(lags)
    entries = _entries(value)
    if entries is None:
        raise FactError(name, "a series (a list of values, oldest first)", value)
    asked = [entries[-1 - lag] if lag < len(entries) else None for lag in lags]
    nested = next((entry for entry in asked if _entries(entry) is not None), None)
    if nested is not None:
        raise FactError(name, "a series of single values", nested)
    return tuple(read(entry, name, kinds) for entry in asked)


def agree(names: Sequence[str], values: Sequence[Value]) -> None:
    """Refuse facts that a rule compares with one another but that are of different kinds."""
    first: tuple[str, Kind] | None = None
    for name, value in zip(names, values, strict=True):
        if value is None:
            continue
        kind = kind_of(value)
        if first is not None and kind is not first[1]:
            raise FactError(name, f"{first[1]}, like fact {first[0]!r}", value)
        first = first or (name, kind)


_HINTS = {
    (Kind.NUMBER, Kind.BOOLEAN): " (for a flag, write `{0}`, or `not {0}`, in the rule)",
    (Kind.TEXT, Kind.DATE): ' (to compare days, write date("2026-06-30") in the rule)',
    (Kind.TEXT, Kind.INSTANT): (
        ' (to compare instants, write instant("2026-06-30T12:00:00Z") in the rule)'
    ),
    (Kind.BOOLEAN, Kind.NUMBER): " (for a 0 or 1 flag, write `== 1` in the rule)",
    (Kind.DATE, Kind.INSTANT): " (dates and instants do not mix)",
    (Kind.INSTANT, Kind.DATE): " (dates and instants do not mix)",
}


def expected(kinds: Kinds, given: Kind, name: str) -> str:
    """What an error says of the kinds that would have served, with a remedy for the usual slips."""
    listed = " or ".join(kind for kind in Kind if kind in kinds)
    hint = _HINTS.get((next(iter(kinds)), given), "") if len(kinds) == 1 else ""
    return f"{listed}{hint.format(name)}"


def kind_of(value: Value) -> Kind:
    """The kind of a plain value that is known."""
    if isinstance(value, bool):
        return Kind.BOOLEAN
    if isinstance(value, (int, float)):
        return Kind.NUMBER
    if isinstance(value, str):
        return Kind.TEXT
    return Kind.INSTANT if isinstance(value, dt.datetime) else Kind.DATE


def _entries(value: Any) -> Sequence[Any] | None:
    """The entries of a series; None if ``value`` is a single value."""
    if isinstance(value, (list, tuple)):
        return None if hasattr(value, "_fields") else value
    return list(value) if getattr(value, "ndim", 0) == 1 else None


def _is_unknown(value: Any) -> bool:
    """None, NaN, NaT, numpy's masked and pandas' NA: all one thing, whatever the spelling."""
    if value is None or type(value).__name__ in ("MaskedConstant", "NAType"):
        return True
    return isinstance(value, (float, dt.date)) and value != value


def _plain(value: Any, name: str) -> Value:
    """``value`` as plain Python, None where unknown."""
    if _is_unknown(value):
        return None
    match value:
        case bool():
            return value
        case int():
            return int(value)
        case float():
            return float(value)
        case str():
            return str.__str__(value)
        case decimal.Decimal():
            return None if value.is_nan() else float(value)
        case fractions.Fraction():
            return _nearest(value, name)
        case dt.datetime():
            return _instant(value, name)
        case dt.date():
            return value
    if type(value).__module__ == "numpy":
        return _from_numpy(value, name)
    raise FactError(name, _SINGLE, value)


_SINGLE = "a number, text, boolean, date or aware datetime"


def _nearest(value: fractions.Fraction, name: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise FactError(name, "a number that a double can hold", value) from None


def _instant(value: dt.datetime, name: str) -> dt.datetime:
    if value.utcoffset() is None:
        raise FactError(name, "a date, or a datetime with a time zone", value)
    if type(value) is not dt.datetime:  # pandas.Timestamp counts nanoseconds
        value = dt.datetime.combine(value.date(), value.timetz())
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        raise FactError(name, YEARS, value) from None


def _from_numpy(value: Any, name: str) -> Value:
    import numpy as np

    if isinstance(value, np.datetime64):
        return _from_datetime64(value, name)
    if isinstance(value, np.timedelta64) and not np.isnat(value):  # .item() may give a plain int
        raise FactError(name, _SINGLE, value)
    item = value.item() if isinstance(value, np.generic) else value
    if type(item).__module__ == "numpy":  # an array, or a number wider than a double
        raise FactError(name, _SINGLE, value)
    return _plain(item, name)


def _from_datetime64(value: Any, name: str) -> dt.date | None:
    import numpy as np

    fine = np.datetime_data(value.dtype)[0] in ("ns", "ps", "fs", "as")
    moment = (value.astype("datetime64[us]") if fine else value).item()
    if isinstance(moment, int):
        raise FactError(name, YEARS, value)
    if isinstance(moment, dt.datetime):
        return moment.replace(tzinfo=dt.UTC)
    return moment  # type: ignore[no-any-return]
