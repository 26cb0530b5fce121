"""Scalars as JSON: text, numbers, dates and instants, in a form that is read back unchanged.

A part of :mod:`cslib.codecs`, with what every codec there is: a :class:`Codec`.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from types import NoneType
from typing import Any

import attrs

from cslib.faults import MAX_DIGITS, quoted, refusal, wrong

__all__ = ["SCALARS", "Codec", "canonical_text"]


@attrs.frozen(kw_only=True)
class Codec:
    """The JSON form of one annotation.

    Attributes:
        name: The annotation, as messages name it to somebody who writes Python.
        expects: The JSON form, as messages name it to somebody who writes JSON.
        shapes: The types of JSON data that can be read; they tell the members of a union apart.
        holds: Whether a value is of the annotation.
        encode: From such a value to JSON data; with True to the normal form, which is the same
            for values that are equal.
        decode: From JSON data of these shapes to the value.
    """

    name: str
    expects: str
    shapes: frozenset[type]
    holds: Callable[[Any], bool]
    encode: Callable[[Any, bool], Any]
    decode: Callable[[Any], Any]

    def write(self, value: object, normal: bool) -> Any:
        """The JSON data of a value; a DefinitionError if it is not of the annotation."""
        if not self.holds(value):
            raise wrong(self.name, value)
        return self.encode(value, normal)

    def read(self, data: object) -> Any:
        """The value of JSON data; a DefinitionError if it is not of the expected form."""
        if type(data) not in self.shapes:
            raise wrong(self.expects, data)
        return self.decode(data)


def _scalar(
    python: type,
    expects: str,
    shapes: set[type],
    plain: Callable[[Any], Any],
    decode: Callable[[Any], Any],
    *,
    holds: Callable[[Any], bool] | None = None,
    normalise: Callable[[Any], Any] = lambda data: data,
) -> Codec:
    """The codec of a scalar: ``plain`` makes JSON data, ``normalise`` its normal form."""

    def encode(value: Any, normal: bool) -> Any:
        data = plain(value)
        decode(data)  # what cannot be read is not written
        return normalise(data) if normal else data

    return Codec(
        name=python.__name__,
        expects=expects,
        shapes=frozenset(shapes),
        holds=holds or (lambda value: isinstance(value, python)),
        encode=encode,
        decode=decode,
    )


def _same(value: Any) -> Any:
    return value


def _text(data: str) -> str:
    try:
        data.encode()
    except UnicodeEncodeError:
        raise refusal(f"expected Unicode text, but got a surrogate in {quoted(data)}") from None
    return data


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _int(data: int) -> int:
    if abs(data) >= 10**MAX_DIGITS:
        raise refusal(f"expected at most {MAX_DIGITS} digits, but got more")
    return data


def _is_float(value: object) -> bool:
    return isinstance(value, float) or _is_int(value)


def _plain_float(value: float) -> float:
    """Without the type of a subclass, such as numpy's."""
    return float.__float__(value) if isinstance(value, float) else int.__int__(value)


def _float(data: float) -> float:
    number = float(_int(data) if isinstance(data, int) else data)
    if not math.isfinite(number):
        raise refusal(f"expected a finite number, but got {number}")
    return number


_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][+-]?[0-9]{1,3})?")
_DECIMAL_TEXT = "a decimal number as text, such as '12.50'"


def _decimal(data: str | int) -> Decimal:
    if isinstance(data, int):
        return Decimal(_int(data))
    if not _DECIMAL.fullmatch(data):
        raise wrong(_DECIMAL_TEXT, data)
    number = Decimal(data)
    places = -min(0, int(number.as_tuple().exponent))
    if max(0, number.adjusted()) + places >= MAX_DIGITS:
        raise refusal(f"expected at most {MAX_DIGITS} digits, but got {quoted(data)}")
    return number


def _written_out(number: Decimal) -> str:
    """Without exponent, trailing zeros or the sign of a zero."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if number else "0"


def _plain_exact(value: int | Decimal) -> int | str:
    return str(value) if isinstance(value, Decimal) else int.__int__(value)


def _exact(data: str | int) -> int | Decimal:
    return _int(data) if isinstance(data, int) else _decimal(data)


def _normal_exact(data: str | int) -> str | int:
    """A whole number is one, however it is written: ``Decimal(50) == 50``."""
    number = Decimal(data)
    return int(number) if number == int(number) else _written_out(number)


_FRACTION = re.compile(r"(-?[0-9]+)(?:/([1-9][0-9]*))?")
_FRACTION_TEXT = "a fraction in lowest terms as text, such as '2287/57' or '40'"
_MAX_FRACTION = 4_000
"""Digits of a numerator or a denominator; many weights of many digits make long ones."""


def _fraction(data: str) -> Fraction:
    parts = _FRACTION.fullmatch(data)
    if not parts:
        raise wrong(_FRACTION_TEXT, data)
    if max(len(part) for part in parts.groups("1")) > _MAX_FRACTION:
        raise refusal(f"expected at most {_MAX_FRACTION:,} digits, but got {quoted(data)}")
    number = Fraction(int(parts[1]), int(parts[2] or 1))
    if str(number) != data:
        raise wrong(_FRACTION_TEXT, data)
    return number


def _plain_fraction(value: Fraction) -> str:
    if max(abs(value.numerator), value.denominator) >= 10**_MAX_FRACTION:
        raise refusal(f"expected a fraction of at most {_MAX_FRACTION:,} digits, but got more")
    return str(value)


_DATE_TEXT = "a date, such as '2026-06-30'"


def _date(data: str) -> dt.date:
    try:
        date = dt.date.fromisoformat(data)
    except ValueError:
        raise wrong(_DATE_TEXT, data) from None
    if date.isoformat() != data:  # Python reads 20260630 and 2026-W27-2 too
        raise wrong(_DATE_TEXT, data)
    return date


_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{6})?)?)"
)
_INSTANT_TEXT = "an instant with its offset, such as '2026-06-30T12:00:00+00:00'"


def _instant(data: str) -> dt.datetime:
    if not _INSTANT.fullmatch(data):
        raise wrong(_INSTANT_TEXT, data)
    try:
        instant = dt.datetime.fromisoformat(data)
        instant.astimezone(dt.UTC)
    except (ValueError, OverflowError):  # no such day, or outside the years 1 to 9999 in UTC
        raise wrong(_INSTANT_TEXT, data) from None
    return instant


def _in_utc(data: str) -> str:
    return _instant(data).astimezone(dt.UTC).isoformat()


def _moment(data: str) -> dt.date:
    return _instant(data) if "T" in data else _date(data)


_FACT_TEXT = "text, a number, true or false, null, or an object with a date, instant or number"
_INFINITE = {"Infinity": math.inf, "-Infinity": -math.inf}


def _is_fact(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, dt.date))


def _plain_fact(value: Any) -> Any:
    """What a rule can find in a fact: as JSON has it, or named where JSON has no such thing."""
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value)
        case float() if math.isinf(value):
            return {"number": "Infinity" if value > 0 else "-Infinity"}
        case int() | float():
            return _plain_float(value)
        case dt.datetime():
            return {"instant": value.isoformat()}
    return {"date": value.isoformat()}


def _fact(data: Any) -> Any:
    match data:
        case None | bool():
            return data
        case str():
            return _text(data)
        case int():
            return _int(data)
        case float():
            return _float(data)
        case {"date": str(text), **others} if not others:
            return _date(text)
        case {"instant": str(text), **others} if not others:
            return _instant(text)
        case {"number": str(text), **others} if not others and text in _INFINITE:
            return _INFINITE[text]
    raise wrong(_FACT_TEXT, data)


def _normal_fact(data: Any) -> Any:
    is_instant = isinstance(data, dict) and "instant" in data
    return {"instant": _in_utc(data["instant"])} if is_instant else data


SCALARS: Mapping[Any, Codec] = {
    str: _scalar(str, "text", {str}, str.__str__, _text),
    int: _scalar(int, "a whole number", {int}, int.__int__, _int, holds=_is_int),
    float: _scalar(float, "a number", {int, float}, _plain_float, _float, holds=_is_float),
    bool: _scalar(bool, "true or false", {bool}, _same, _same),
    NoneType: _scalar(NoneType, "null", {NoneType}, _same, _same),
    Decimal: _scalar(
        Decimal,
        _DECIMAL_TEXT,
        {str, int},
        str,
        _decimal,
        normalise=lambda data: _written_out(Decimal(data)),
    ),
    int | Decimal: _scalar(
        Decimal,
        "a whole number, or a decimal number as text",
        {str, int},
        _plain_exact,
        _exact,
        holds=lambda value: _is_int(value) or isinstance(value, Decimal),
        normalise=_normal_exact,
    ),
    Fraction: _scalar(Fraction, _FRACTION_TEXT, {str}, _plain_fraction, _fraction),
    dt.date: _scalar(
        dt.date,
        _DATE_TEXT,
        {str},
        dt.date.isoformat,
        _date,
        holds=lambda value: type(value) is dt.date,  # a datetime is a date to isinstance
    ),
    dt.datetime: _scalar(
        dt.datetime,
        _INSTANT_TEXT,
        {str},
        dt.datetime.isoformat,
        _instant,
        holds=lambda value: type(value) is dt.datetime,  # no subclass with nanoseconds
        normalise=_in_utc,
    ),
    dt.date | dt.datetime: _scalar(
        dt.date,
        "a date or an instant with its offset",
        {str},
        lambda value: value.isoformat(),
        _moment,
        holds=lambda value: type(value) in (dt.date, dt.datetime),
        normalise=lambda data: _in_utc(data) if "T" in data else data,
    ),
    float | int | str | bool | dt.date | dt.datetime | None: _scalar(
        object,
        _FACT_TEXT,
        {str, int, float, bool, NoneType, dict},
        _plain_fact,
        _fact,
        holds=_is_fact,
        normalise=_normal_fact,
    ),
}
"""The codec of every scalar annotation."""


# Canonical text


def canonical_text(data: Any) -> str:
    """The one text of plain JSON data: sorted keys, no spaces, ASCII; floats by RFC 8785.

    >>> canonical_text({"b": [1.0, None], "a": 1e21})
    '{"a":1e+21,"b":[1,null]}'
    """
    if isinstance(data, dict):
        pairs = (f"{json.dumps(key)}:{canonical_text(data[key])}" for key in sorted(data))
        return "{" + ",".join(pairs) + "}"
    if isinstance(data, list):
        return "[" + ",".join(map(canonical_text, data)) + "]"
    return _canonical_float(data) if isinstance(data, float) else json.dumps(data)


def _canonical_float(number: float) -> str:
    """The shortest digits that give the number back, in the form of ECMAScript (RFC 8785)."""
    if number == 0 or 1e-6 <= abs(number) < 1e21:
        return _written_out(Decimal(repr(number)))
    mantissa, exponent = repr(number).split("e")
    return f"{mantissa}e{int(exponent):+d}"
