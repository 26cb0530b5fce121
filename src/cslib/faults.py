"""Faults of a definition, gathered with their paths.

Every part of a definition reports its faults relative to itself (``$``), and whoever holds the
part puts its step before them. So the parts, their constructors and their hooks need not know
where they stand, and all that is wrong is told at once.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import attrs

from cslib.errors import CslibError, DefinitionError, Fault, suggestion

__all__ = [
    "MAX_DECIMALS",
    "MAX_DIGITS",
    "MAX_FAULTS",
    "REFUSALS",
    "Faults",
    "RepeatedKey",
    "brief",
    "check_kind",
    "check_mapping",
    "decimal_faults",
    "exact_decimal",
    "flag_faults",
    "member",
    "name_faults",
    "quoted",
    "refusal",
    "refuse",
    "several",
    "shown",
    "similar",
    "step",
    "text_faults",
    "unique_faults",
    "whole_faults",
    "wrong",
]

T = TypeVar("T")
E = TypeVar("E", bound=enum.Enum)

MAX_DECIMALS = 6
"""How many decimals an exact number of a definition has at the most."""

MAX_DIGITS = 100
"""How many digits of an int or Decimal, written out in full, are read, written or shown."""

MAX_FAULTS = 1_000
"""How many faults are reported at once."""

REFUSALS = (CslibError, ValueError, TypeError, ArithmeticError)
"""What a constructor raises when it refuses its arguments; anything else is a bug and passes."""

_SHOWN = 60  # characters of a value that a message repeats


def refusal(message: str) -> DefinitionError:
    """The error of one part; of it only the fault travels up.

    >>> refusal("expected a word").faults[0].under("$.name")
    Fault(path='$.name', message='expected a word')
    """
    return DefinitionError("value", (Fault("$", message),))


def wrong(expected: str, given: object) -> DefinitionError:
    """The error of one part where something else stands.

    >>> print(wrong("text", 7))
    value is not valid: $: expected text, but got the int 7
    """
    return refusal(f"expected {expected}, but got {shown(given)}")


class Faults:
    """Gathers the faults of the parts of a value, so that all are reported at once.

    >>> faults = Faults()
    >>> for i, given in enumerate([1, "a", None]):
    ...     with faults.under(f"[{i}]"):
    ...         if not isinstance(given, int):
    ...             raise wrong("a whole number", given)
    >>> faults.settle()
    Traceback (most recent call last):
    ...
    cslib.errors.DefinitionError: value is not valid, 2 faults:
      $[1]: expected a whole number, but got the str 'a'
      $[2]: expected a whole number, but got None
    """

    def __init__(self) -> None:
        self.found: list[Fault] = []

    @contextmanager
    def under(self, place: str) -> Iterator[None]:
        """Keeps the faults of whatever is refused inside, under this step of the path."""
        try:
            yield
        except DefinitionError as error:
            self.found += [fault.under("$" + place) for fault in error.faults]
        if len(self.found) >= MAX_FAULTS:
            more = Fault("$", f"only the first {MAX_FAULTS:,} faults are listed")
            raise DefinitionError("value", (*self.found[:MAX_FAULTS], more))

    def settle(self) -> None:
        """Raises all that was found, if anything was."""
        if self.found:
            raise DefinitionError("value", tuple(self.found))


def refuse(subject: str, faults: Iterable[Fault]) -> None:
    """Raises all the faults of a subject, if it has any.

    >>> refuse("bonus", [])
    >>> refuse("bonus", name_faults("$.name", ""))
    Traceback (most recent call last):
    ...
    cslib.errors.DefinitionError: bonus is not valid: $.name: expected a name, but got an empty text
    """
    if found := tuple(faults):
        raise DefinitionError(subject, found)


def check_mapping(subject: str, given: object, path: str = "$") -> None:
    """Refuses what should be a mapping, and is none.

    >>> check_mapping("accounts", ["A"])
    Traceback (most recent call last):
    ...
    cslib.errors.DefinitionError: accounts is not valid: $: expected a mapping by name, but got a \
list of 1
    """
    if not isinstance(given, Mapping):
        problem = f"expected a mapping by name, but got {shown(given)}"
        raise DefinitionError(subject, (Fault(path, problem),))


def check_kind(subject: str, given: object, kind: type) -> None:
    """Refuses what should be of a kind, and is not.

    >>> check_kind("period", "2026-06", dt.date)
    Traceback (most recent call last):
    ...
    cslib.errors.DefinitionError: period is not valid: $: expected a date, but got the str '2026-06'
    """
    if not isinstance(given, kind):
        problem = f"expected a {kind.__name__}, but got {shown(given)}"
        raise DefinitionError(subject, (Fault("$", problem),))


def several(subject: str, path: str, given: Iterable[T], kind: type[T]) -> tuple[T, ...]:
    """Parts of a definition as a tuple; refuses what is no series, and parts of another kind.

    A set is taken in the order of its texts, since its own differs from one process to the next.

    >>> several("scorecard", "$.names", ["a", 3], str)
    Traceback (most recent call last):
    ...
    cslib.errors.DefinitionError: scorecard is not valid: $.names[1]: expected a str, but got the \
int 3
    """
    expected = kind.__name__
    article = "an" if expected[0] in "AEIOU" else "a"
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        holds = isinstance(given, Mapping) and any(isinstance(v, kind) for v in given.values())
        hint = "; give its values()" if holds else ""
        problem = f"expected several {expected} parts, but got {shown(given)}{hint}"
        raise DefinitionError(subject, (Fault(path, problem),))
    in_order = sorted(given, key=str) if isinstance(given, (set, frozenset)) else given
    parts = tuple(in_order)
    refuse(
        subject,
        (
            Fault(f"{path}[{place}]", f"expected {article} {expected}, but got {shown(part)}")
            for place, part in enumerate(parts)
            if not isinstance(part, kind)
        ),
    )
    return parts


def member(subject: str, path: str, what: str, kind: type[E], value: object) -> E:
    """The member of an enumeration that a text names, or that is given.

    >>> import enum
    >>> Side = enum.StrEnum("Side", ["LEFT", "RIGHT"])
    >>> member("door", "$.side", "side", Side, "rigth")
    Traceback (most recent call last):
    ...
    cslib.errors.DefinitionError: door is not valid: $.side: unknown side 'rigth': did you \
mean 'right'?
    """
    try:
        return kind(value)
    except ValueError:
        known = [str(each.value) for each in kind]
        hint = suggestion(str(value), known) or f"; expected one of {', '.join(known)}"
        raise DefinitionError(subject, (Fault(path, f"unknown {what} {value!r}{hint}"),)) from None


def text_faults(path: str, value: object) -> Iterator[Fault]:
    """The fault of what should be text, if it has one.

    >>> [str(fault) for fault in text_faults("$.title", 5)]
    ['$.title: expected text, but got the int 5']
    """
    if not isinstance(value, str):
        yield Fault(path, f"expected text, but got {shown(value)}")


def flag_faults(path: str, value: object) -> Iterator[Fault]:
    """The fault of what should be True or False.

    >>> [str(fault) for fault in flag_faults("$.optional", "yes")]
    ["$.optional: expected True or False, but got the str 'yes'"]
    """
    if not isinstance(value, bool):
        yield Fault(path, f"expected True or False, but got {shown(value)}")


def name_faults(path: str, value: object) -> Iterator[Fault]:
    """The fault of what should be a name: text, and not empty.

    >>> [str(fault) for fault in name_faults("$.name", "")]
    ['$.name: expected a name, but got an empty text']
    """
    yield from text_faults(path, value)
    if value == "":
        yield Fault(path, "expected a name, but got an empty text")


def whole_faults(path: str, value: object, low: int, high: int) -> Iterator[Fault]:
    """The fault of what should be a whole number within bounds; a flag is none.

    >>> [str(fault) for fault in whole_faults("$.weight", True, 1, 10)]
    ['$.weight: expected a whole number from 1 to 10, but got True']
    """
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        yield Fault(path, f"expected a whole number from {low} to {high}, but got {shown(value)}")


def exact_decimal(value: Decimal | int | str) -> Decimal:
    """An exact number as a Decimal; what is none is left, to be reported with its path.

    >>> exact_decimal("12.5"), exact_decimal(0.5)
    (Decimal('12.5'), 0.5)
    """
    is_exact = isinstance(value, (int, str)) and not isinstance(value, bool)
    try:
        return Decimal(value) if is_exact else value  # type: ignore[return-value]
    except InvalidOperation:
        return value  # type: ignore[return-value]


def decimal_faults(path: str, value: object, high: int, low: int = 0) -> Iterator[Fault]:
    """Faults of a number that is to be exact, in a range and of few decimals.

    >>> [fault.message for fault in decimal_faults("$.floor", 0.5, 1)]
    ["expected a whole number or a Decimal, but got 0.5; write Decimal('0.5')"]
    """
    if not isinstance(value, Decimal) or not value.is_finite():
        is_number = isinstance(value, float) and math.isfinite(value)
        hint = f"; write Decimal('{value}')" if is_number else ""
        yield Fault(path, f"expected a whole number or a Decimal, but got {value!r}{hint}")
    elif not low <= value <= high:
        yield Fault(path, f"expected {low} to {high}, but got {value}")
    elif int(value.as_tuple().exponent) < -MAX_DECIMALS:
        yield Fault(path, f"expected at most {MAX_DECIMALS} decimals, but got {value}")


def unique_faults(path: str, names: Iterable[str], end: str = ".name") -> Iterator[Fault]:
    """The faults of names that stood before, at their places below ``path``.

    >>> [str(fault) for fault in unique_faults("$.links", ["sold", "used", "sold"])]
    ["$.links[2].name: 'sold' stands twice"]
    """
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            yield Fault(f"{path}[{place}]{end}", f"{name!r} stands twice")
        seen.add(name)


@attrs.frozen
class RepeatedKey:
    """Stands as one more key in an object whose text gives this key more than once."""

    name: str


def step(key: object) -> str:
    """One step of a path, from a key: ``.days`` or ``['days left']``."""
    name = key.name if isinstance(key, RepeatedKey) else key
    if not isinstance(name, str):
        return f"[{shown(name)}]"
    plain = name.isascii() and name.isidentifier() and len(name) <= _SHOWN
    return f".{name}" if plain else f"[{quoted(name)}]"


def quoted(text: str) -> str:
    """The text in quotes, cut where it is long."""
    return repr(text[:_SHOWN]) + ("..." if len(text) > _SHOWN else "")


def similar(given: str, known: Iterable[str]) -> str:
    """As :func:`~cslib.errors.suggestion`, quick whatever the length of the given text."""
    return suggestion(given[:_SHOWN], known)


def brief(self: object) -> str:
    """A result in one line, for ``__repr__``: its class, and what ``str`` says of it.

    >>> class Rise:
    ...     __repr__ = brief
    ...
    ...     def __str__(self):
    ...         return "red to green"
    >>> Rise()
    <Rise: red to green>
    """
    return f"<{type(self).__name__}: {self}>"


def shown(value: object) -> str:
    """``the float 0.1``, ``a list of 3`` or ``True``; short whatever the value."""
    kind = type(value).__name__
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, str):
        return f"the {kind} {quoted(value)}"
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:  # repr may refuse it
        return f"the {kind} of more than {MAX_DIGITS} digits"
    if isinstance(value, int | float | Decimal | dt.date):
        return f"the {kind} {str(value)[:_SHOWN]}"
    if isinstance(value, list | tuple | dict):
        return f"a {kind} of {len(value)}"
    return f"a value of the type {kind}"
