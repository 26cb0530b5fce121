"""Exact money: minor units, one constant rate table, allocation that loses nothing.

An amount is an ``int`` of minor units (cents, yen, fils) beside an ISO 4217 code. There is no
class of money: a ledger is kept in one currency, and its sums are sums of integers.

Conventions:

- Major units come in as ``int``, ``Decimal`` or ``Fraction``. A float is refused unless the
  caller says how to round it; it then stands for the shortest text that reads back to it, so
  2.675 means 2.675 and not the binary number a little below. Text is refused: parse it first.
- Rounding is named by the constants of :mod:`decimal` (``decimal.ROUND_HALF_EVEN`` ...).
- A record is exact at any size. A column is int64 and raises an error where that overflows.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias

import attrs

from cslib.errors import CslibError, DefinitionError, Fault, suggestion
from cslib.faults import shown

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "AllocationError",
    "AmountError",
    "Exact",
    "ExchangeRates",
    "InexactError",
    "MissingRateError",
    "MixedCurrencyError",
    "UnknownCurrencyError",
    "allocate",
    "common_units",
    "currency_exponent",
    "exact",
    "largest_remainders",
    "single_currency",
    "to_major",
    "to_minor",
    "to_minor_columns",
]

Exact: TypeAlias = int | Decimal | Fraction
"""The exact kinds of number: what a float is not."""

# ISO 4217 list one (2026-01-01) by number of decimals, and the codes withdrawn since 2015, which
# older ledgers still hold. Codes without a minor unit (gold, the SDR, testing) are left out.
_ISO_4217 = {
    0: "BIF BYR CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP
        BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR
        FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR
        KPW KYD KZT LAK LBP LKR LRD LSL LTL MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN
        MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
        SDG SEK SGD SHP SLE SLL SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS
        UAH USD USN UYU UZS VED VEF VES WST XAD XCD XCG YER ZAR ZMW ZWG ZWL""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: digits for digits, codes in _ISO_4217.items() for code in codes.split()}

_ROUNDINGS = tuple(sorted(name for name in vars(decimal) if name.startswith("ROUND_")))
_MOST_DIGITS = 400  # holds every float; Decimal("1e999999999") would expand to a gigabyte
_MOST_OWN_DIGITS = 18  # the decimals of the finest tokens; 10**18 still fits in int64
_INT64 = range(-(2**63), 2**63)


@attrs.define
class InexactError(CslibError, TypeError):
    """A value that is no exact number where one is needed.

    Attributes:
        value: What was given: a float, text, None, NaN ...
        what: What it was given for.

    >>> print(InexactError(12.5, "price"))
    price: expected an int, Decimal or Fraction, but got float 12.5; give Decimal('12.5')
    """

    value: object
    what: str

    def __str__(self) -> str:
        given = f"{type(self.value).__name__} {self.value!r}"
        return f"{self.what}: expected an int, Decimal or Fraction, but got {given}{self._hint()}"

    def _hint(self) -> str:
        if isinstance(self.value, float) and not math.isfinite(self.value):
            return "; what is not finite is no number to count with, and unknown is not 0"
        if isinstance(self.value, float):
            return f"; give Decimal('{float(self.value)}')"
        if isinstance(self.value, str):
            return "; parse text first, with Decimal(text)"
        if self.value is None:
            return "; unknown is not 0"
        if isinstance(self.value, Decimal):
            return f", which is not finite or beyond {_MOST_DIGITS} digits"
        return ""


@attrs.define
class AmountError(CslibError, ValueError):
    """An amount that the currency or the column cannot hold.

    Attributes:
        amount: What was given.
        currency: The code of its currency.
        reason: What is wrong, and the way out.

    >>> print(AmountError(Decimal("0.5"), "JPY", "finer than the minor unit"))
    amount 0.5 JPY: finer than the minor unit
    """

    amount: object
    currency: str
    reason: str

    def __str__(self) -> str:
        return f"amount {self.amount} {self.currency}: {self.reason}"


@attrs.define
class UnknownCurrencyError(CslibError, LookupError):
    """A code that ISO 4217 does not list, or lists without a minor unit.

    Attributes:
        currency: The code as given.

    >>> print(UnknownCurrencyError("usd"))
    unknown currency 'usd': did you mean 'USD'? another unit needs exponents=, where a call has it
    """

    currency: str

    def __str__(self) -> str:
        if not isinstance(self.currency, str):
            given = shown(self.currency)
            return f"unknown currency: expected a code, such as 'EUR', but got {given}"
        near = suggestion(self.currency.upper(), _EXPONENTS) or ";"
        own = "another unit needs exponents=, where a call has it"
        return f"unknown currency {self.currency!r}{near} {own}"


@attrs.define
class MixedCurrencyError(CslibError, ValueError):
    """Amounts of different currencies met without a rate table.

    Attributes:
        currencies: The codes that met, sorted.

    >>> print(MixedCurrencyError(("EUR", "USD")))
    amounts in EUR and USD cannot be added; ask for each currency alone, or convert them first \
with one ExchangeRates table; cslib.currencies has by_currency and converted_records
    """

    currencies: tuple[str, ...]

    def __str__(self) -> str:
        met = ", ".join(self.currencies[:-1]) + f" and {self.currencies[-1]}"
        ways = "ask for each currency alone, or convert them first with one ExchangeRates table"
        where = "cslib.currencies has by_currency and converted_records"
        return f"amounts in {met} cannot be added; {ways}; {where}"


@attrs.define
class MissingRateError(CslibError, LookupError):
    """A rate table does not have a currency.

    Attributes:
        currency: The code asked for.
        known: The codes that the table has.

    >>> print(MissingRateError("CHF", ("EUR", "USD")))
    no exchange rate for 'CHF'; the table has EUR, USD
    """

    currency: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        near = suggestion(str(self.currency), self.known)
        return (
            f"no exchange rate for {self.currency!r}{near}; the table has {', '.join(self.known)}"
        )


@attrs.define
class AllocationError(CslibError, ValueError):
    """Weights over which an amount cannot be shared out.

    Attributes:
        total: The amount in minor units.
        reason: What is wrong with the weights.

    >>> print(AllocationError(100, "every weight is 0"))
    cannot allocate 100: every weight is 0
    """

    total: int
    reason: str

    def __str__(self) -> str:
        return f"cannot allocate {self.total}: {self.reason}"


def exact(value: object, what: str = "number") -> Fraction:
    """An ``int``, ``Decimal`` or ``Fraction`` as a fraction of exactly its value.

    numpy integers count as ``int``; booleans do not.

    Args:
        value: The number.
        what: What it is for, in the words of an error message.

    Raises:
        InexactError: If it is a float, text, None or not finite.

    >>> exact(Decimal("0.35"))
    Fraction(7, 20)
    """
    if type(value) is int or isinstance(value, Fraction):
        return Fraction(value)
    if isinstance(value, Decimal):
        if value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS:
            return Fraction(value)
    elif isinstance(value, SupportsIndex) and not isinstance(value, bool):
        return Fraction(operator.index(value))
    raise InexactError(value, what)


def common_units(values: Iterable[Exact], what: str = "number") -> tuple[list[int], int]:
    """Exact numbers as integers of one unit, and how many of that unit make 1.

    Args:
        values: The numbers; a numpy array will do.
        what: What they are for, in the words of an error message.

    Raises:
        InexactError: If one is not exact; the message counts from 0.

    >>> common_units([Decimal("0.5"), 2, Fraction(1, 3)])
    ([3, 12, 2], 6)
    """
    tolist = getattr(values, "tolist", None)  # a numpy array: Python's own integers are quicker
    items: list[Any] = tolist() if tolist else list(values)
    if all(type(item) is int for item in items):
        return items, 1
    fractions = [exact(item, f"{what} {i}") for i, item in enumerate(items)]
    unit = math.lcm(*(number.denominator for number in fractions))
    return [number.numerator * (unit // number.denominator) for number in fractions], unit


def currency_exponent(currency: str, exponents: Mapping[str, int] | None = None) -> int:
    """Number of decimals of a currency's minor unit, by ISO 4217.

    Args:
        currency: Code in capitals.
        exponents: Units of the caller's own (points, a token), or another reading of a listed
            code; these go first.

    Raises:
        DefinitionError: If an exponent of the caller's is not a whole number from 0 to 18.
        UnknownCurrencyError: If neither knows the code.

    >>> [currency_exponent(code) for code in ("JPY", "EUR", "KWD", "CLF")]
    [0, 2, 3, 4]
    >>> currency_exponent("CREDIT", {"CREDIT": 0})
    0
    """
    if not isinstance(currency, str):
        raise UnknownCurrencyError(currency)
    if exponents and currency in exponents:
        return _own_exponent(currency, exponents[currency])
    if currency not in _EXPONENTS:
        raise UnknownCurrencyError(currency)
    return _EXPONENTS[currency]


def _own_exponent(currency: str, digits: object) -> int:
    if type(digits) is int and 0 <= digits <= _MOST_OWN_DIGITS:
        return digits
    expected = f"a whole number from 0 to {_MOST_OWN_DIGITS}"
    fault = Fault(f"$.{currency}", f"expected {expected}, but got {digits!r}")
    raise DefinitionError("table of exponents", (fault,))


def to_minor(
    amount: Exact | float,
    currency: str,
    *,
    rounding: str | None = None,
    exponents: Mapping[str, int] | None = None,
) -> int:
    """An amount in major units as an exact number of minor units.

    Args:
        amount: Major units: 12 or ``Decimal("12.34")`` euros.
        currency: ISO 4217 code, or one of ``exponents``.
        rounding: How to round what is finer than the minor unit, one of decimal's constants.
            None, the default, rounds nothing: a float or a finer amount is an error.
        exponents: See :func:`currency_exponent`.

    Raises:
        AmountError: If the amount is finer than the minor unit, or not finite.
        InexactError: If the amount is a float without ``rounding``, text or None.
        UnknownCurrencyError: If the code is not known.

    >>> to_minor(Decimal("12.34"), "EUR"), to_minor(1200, "JPY"), to_minor(Decimal("0.001"), "KWD")
    (1234, 1200, 1)
    >>> to_minor(2.675, "USD", rounding=decimal.ROUND_HALF_UP)
    268
    """
    scale: int = 10 ** currency_exponent(currency, exponents)
    if rounding is not None:
        _check_rounding(rounding, amount, currency)
    if isinstance(amount, float):
        amount = _as_written(amount, currency, rounding)
    minor = exact(amount, f"amount in {currency}") * scale
    if minor.denominator == 1:
        return minor.numerator
    if rounding is None:
        reason = f"finer than the minor unit, {to_major(1, currency, exponents=exponents)}; "
        raise AmountError(amount, currency, reason + "pass rounding=, say decimal.ROUND_HALF_EVEN")
    return _rounded(minor, rounding)


def _check_rounding(rounding: str, amount: object, currency: str) -> None:
    if rounding not in _ROUNDINGS:
        raise AmountError(amount, currency, _unknown_rounding(rounding))


def _unknown_rounding(rounding: str) -> str:
    near = suggestion(rounding, _ROUNDINGS)
    return f"unknown rounding {rounding!r}{near}; expected one of {', '.join(_ROUNDINGS)}"


def _as_written(amount: float, currency: str, rounding: str | None) -> Decimal:
    """A float as the shortest decimal that reads back to it."""
    if rounding is None:
        raise InexactError(amount, f"amount in {currency} without rounding=")
    if not math.isfinite(amount):
        raise AmountError(amount, currency, "not finite; unknown is not 0, leave it out")
    return Decimal(float.__repr__(amount))


def _rounded(value: Fraction, rounding: str) -> int:
    """A fraction to an integer, without the context of decimal having a say."""
    floor, rest = divmod(value.numerator, value.denominator)
    # Only the whole part, and whether the rest is nothing, under, on or over a half, can matter.
    side = 0 if rest == 0 else 2 + (2 * rest > value.denominator) - (2 * rest < value.denominator)
    return int(Decimal(f"{100 * floor + 25 * side}e-2").to_integral_value(rounding))


def to_major(minor: int, currency: str, *, exponents: Mapping[str, int] | None = None) -> Decimal:
    """Minor units as major units, with all the currency's decimals.

    Raises:
        InexactError: If ``minor`` is no integer.
        UnknownCurrencyError: If the code is not known.

    >>> to_major(1230, "EUR"), to_major(1230, "JPY"), to_major(-5, "KWD")
    (Decimal('12.30'), Decimal('1230'), Decimal('-0.005'))
    """
    digits = currency_exponent(currency, exponents)
    return Decimal(f"{_minor_units(minor, currency)}e-{digits}")


def _minor_units(value: object, currency: str) -> int:
    number = exact(value, f"minor units of {currency}")
    if number.denominator != 1:
        raise AmountError(value, currency, "minor units are whole numbers")
    return number.numerator


def to_minor_columns(
    amounts: npt.ArrayLike | Sequence[Exact],
    currency: str,
    *,
    rounding: str | None = None,
    exponents: Mapping[str, int] | None = None,
) -> npt.NDArray[np.int64]:
    """:func:`to_minor` of a column: each row gives what it would give alone.

    Whole minor units go at memory speed; rows that must be rounded, and columns of ``Decimal``
    objects, go one at a time.

    Args:
        amounts: Major units, shape ``(n,)``: integers, floats (with ``rounding``) or objects.
        currency: One code for the whole column.
        rounding: As for :func:`to_minor`.
        exponents: See :func:`currency_exponent`.

    Returns:
        Minor units, shape ``(n,)``. int64 has no place for a missing amount: NaN and masked
        rows are errors, so take them out first.

    Raises:
        AmountError: As :func:`to_minor`, or if a result is beyond int64.
        InexactError: As :func:`to_minor`; a note names the row.

    >>> to_minor_columns([19.99, 2.675], "USD", rounding=decimal.ROUND_HALF_EVEN)
    array([1999,  268])
    """
    import numpy as np

    scale: int = 10 ** currency_exponent(currency, exponents)
    values = np.asarray(amounts)
    if np.ma.is_masked(amounts):
        raise InexactError(np.ma.masked, f"amount in {currency}")
    if rounding is not None:
        _check_rounding(rounding, "column", currency)
    if values.dtype.kind in "iu" and values.size:
        _check_int64((int(values.min()) * scale, int(values.max()) * scale), currency)
        return values.astype(np.int64) * np.int64(scale)
    whole, minor = _whole_minor_units(values, scale, rounding)
    for row in np.flatnonzero(~whole).tolist():
        minor[row] = _row_to_minor(row, values.item(row), currency, rounding, exponents)
    return minor


def _whole_minor_units(
    values: npt.NDArray[Any], scale: int, rounding: str | None
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Where a float column holds whole minor units for certain, and what they are."""
    import numpy as np

    minor = np.zeros(values.shape, np.int64)
    if values.dtype.kind != "f" or rounding is None:
        return np.zeros(values.shape, np.bool_), minor
    values = values.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        nearest = np.rint(values * scale)
        # Up to 15 digits, one decimal alone reads back to a float (IEEE 754, DBL_DIG).
        whole = (nearest / scale == values) & (np.abs(nearest) <= 1e15)
    minor[whole] = nearest[whole]
    return whole, minor


def _row_to_minor(
    row: int,
    amount: Exact | float,
    currency: str,
    rounding: str | None,
    exponents: Mapping[str, int] | None,
) -> int:
    try:
        minor = to_minor(amount, currency, rounding=rounding, exponents=exponents)
        _check_int64((minor,), currency)
    except CslibError as error:
        error.add_note(f"in row {row} of the column")
        raise
    return minor


def _check_int64(minor: Iterable[int], currency: str) -> None:
    for number in minor:
        if number not in _INT64:
            raise AmountError(number, currency, "beyond int64 in minor units; use records")


def single_currency(currencies: Iterable[str]) -> str | None:
    """The one currency that all amounts are in; None when there are no amounts.

    Raises:
        MixedCurrencyError: If there is more than one; it names them.

    >>> single_currency(["EUR", "EUR"])
    'EUR'
    """
    found = sorted(set(currencies))
    if len(found) > 1:
        raise MixedCurrencyError(tuple(found))
    return found[0] if found else None


def allocate(total: int, weights: Iterable[Exact]) -> tuple[int, ...]:
    """Share a whole number out by weight so that the shares add up to it exactly.

    Largest remainder, also called Hamilton's method: each share is its exact quota rounded
    towards 0, and the units still left go one each to the largest remainders; of equal
    remainders, the earlier weight takes the unit. So a share is less than one unit away from
    its quota, a weight of 0 gets 0, and a negative total is the mirror image of its positive.

    Args:
        total: Minor units, or any whole number to share out.
        weights: 0 or more, at least one above 0; only their proportions matter.

    Raises:
        AllocationError: If there are no weights, a negative one, or only zeros.
        InexactError: If the total or a weight is not exact.

    Source: Balinski and Young, *Fair Representation* (1982), the method of Hamilton.

    >>> allocate(1000, [1, 1, 1])
    (334, 333, 333)
    >>> allocate(-1000, [1, 1, 1]), allocate(100, [Decimal("0.5"), 0, Decimal("0.125")])
    ((-334, -333, -333), (80, 0, 20))
    """
    total = _whole(total)
    parts = _proportions(total, weights)
    shares = largest_remainders(abs(total), parts)
    return tuple(shares if total >= 0 else [-share for share in shares])


def largest_remainders(amount: int, parts: Sequence[int]) -> list[int]:
    """The kernel of :func:`allocate`, for whole numbers of 0 or more that need no check.

    >>> largest_remainders(1000, [1, 1, 1])
    [334, 333, 333]
    """
    whole = sum(parts)
    shares = [amount * part // whole for part in parts]
    left = amount - sum(shares)
    if left:
        remainders = [amount * part % whole for part in parts]
        for i in sorted(range(len(parts)), key=lambda i: -remainders[i])[:left]:
            shares[i] += 1
    return shares


def _whole(total: int) -> int:
    number = exact(total, "total to allocate")
    if number.denominator != 1:
        raise AllocationError(total, "expected a whole number of minor units")
    return number.numerator


def _proportions(total: int, weights: Iterable[Exact]) -> list[int]:
    """The weights as integers in the same proportions."""
    parts, unit = common_units(weights, "weight")
    for i, part in enumerate(parts):
        if part < 0:
            raise AllocationError(total, f"weight {i} is negative, {Fraction(part, unit)}")
    if not any(parts):
        raise AllocationError(total, "every weight is 0" if parts else "there are no weights")
    return parts


def _pairs(
    mapping: Mapping[str, Any] | Iterable[tuple[str, Any]],
) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(dict(mapping).items()))


@attrs.frozen(kw_only=True)
class ExchangeRates:
    """One constant rate for each currency, for the whole of a comparison.

    A comparison of two dates at two days' rates would show the market as growth; so one table
    serves both, and its ``as_of`` says which. A currency to another goes through the base,
    exactly, and is rounded once, at the end. Convert the balances of a line first and take
    differences after: movements then add up to the cent.

    Attributes:
        base: The currency that the rates are given against.
        per_base: For each other currency, how many of its units one unit of the base buys, as
            central banks publish it: base EUR, ``{"USD": Decimal("1.0837")}``. A mapping is
            kept as pairs sorted by code.
        as_of: The day of the rates.
        rounding: How a converted amount is rounded to its minor unit; half-even unless said.
        exponents: Decimals of units that ISO 4217 does not list.

    Raises:
        DefinitionError: If a code is unknown, a rate is not exact or not above 0, or the base
            has a rate other than 1. All faults are named.

    >>> table = ExchangeRates(base="EUR", per_base={"USD": Decimal("1.25"), "JPY": 160},
    ...                       as_of=dt.date(2026, 6, 30))
    >>> table.convert(10_000, "EUR", "USD"), table.convert(10_000, "USD", "JPY")
    (12500, 12800)
    """

    base: str
    per_base: tuple[tuple[str, Exact], ...] = attrs.field(converter=_pairs)
    as_of: dt.date
    rounding: str = decimal.ROUND_HALF_EVEN
    exponents: tuple[tuple[str, int], ...] = attrs.field(default=(), converter=_pairs)

    def __attrs_post_init__(self) -> None:
        faults = (*self._currency_faults(), *self._rate_faults())
        if self.rounding not in _ROUNDINGS:
            faults += (Fault("$.rounding", _unknown_rounding(self.rounding)),)
        if not isinstance(self.as_of, dt.date) or isinstance(self.as_of, dt.datetime):
            faults += (Fault("$.as_of", f"expected a date, but got {self.as_of!r}"),)
        if faults:
            raise DefinitionError("table of exchange rates", faults)

    def _currency_faults(self) -> Iterator[Fault]:
        places = {"$.base": self.base} | {f"$.per_base.{code}": code for code, _ in self.per_base}
        for path, code in places.items():
            try:
                currency_exponent(code, dict(self.exponents))
            except CslibError as error:
                yield Fault(path, str(error))

    def _rate_faults(self) -> Iterator[Fault]:
        for code, number in self.per_base:
            path = f"$.per_base.{code}"
            try:
                rate = exact(number, "rate")
            except InexactError as error:
                yield Fault(path, str(error))
                continue
            if rate <= 0:
                yield Fault(path, f"expected a rate above 0, but got {number}")
            elif code == self.base and rate != 1:
                yield Fault(path, f"the base is 1 of itself, but got {number}")

    def rate(self, source: str, target: str) -> Fraction:
        """How many units of ``target`` one unit of ``source`` buys, in major units.

        Raises:
            MissingRateError: If the table lacks one of the two.

        >>> table = ExchangeRates(base="EUR", per_base={"USD": Decimal("1.25")},
        ...                       as_of=dt.date(2026, 6, 30))
        >>> table.rate("USD", "EUR")
        Fraction(4, 5)
        """
        return self._per_base(target) / self._per_base(source)

    def _per_base(self, currency: str) -> Fraction:
        if currency == self.base:
            return Fraction(1)
        for code, number in self.per_base:
            if code == currency:
                return exact(number)
        raise MissingRateError(currency, (self.base, *(code for code, _ in self.per_base)))

    def _minor_rate(self, source: str, target: str) -> Fraction:
        own = dict(self.exponents)
        digits = currency_exponent(target, own) - currency_exponent(source, own)
        return self.rate(source, target) * Fraction(10) ** digits

    def convert(self, minor: int, source: str, target: str) -> int:
        """An amount in minor units of ``source`` as minor units of ``target``, rounded once.

        Raises:
            AmountError: If the amount is a Decimal or Fraction, which are major units elsewhere.
            InexactError: If the amount is not exact.
            MissingRateError: If the table lacks one of the two.
        """
        if isinstance(minor, Decimal | Fraction):
            way = f"give to_minor(amount, {source!r}), and to_major what comes back"
            raise AmountError(minor, source, f"expected an int of minor units; {way}")
        return _rounded(
            _minor_units(minor, source) * self._minor_rate(source, target), self.rounding
        )

    def convert_columns(
        self, minor: npt.ArrayLike, source: str, target: str
    ) -> npt.NDArray[np.int64]:
        """:meth:`convert` of an integer column: each row gives what it would give alone.

        Args:
            minor: Minor units of ``source``, integers of shape ``(n,)``.
            source: The one currency of the column.
            target: The currency wanted.

        Returns:
            Minor units of ``target``, int64 of shape ``(n,)``.

        Raises:
            AmountError: If a result is beyond int64.
            InexactError: If the column does not hold integers.
            MissingRateError: If the table lacks one of the two.

        >>> table = ExchangeRates(base="EUR", per_base={"USD": Decimal("1.25")},
        ...                       as_of=dt.date(2026, 6, 30))
        >>> table.convert_columns([100, 2, -2], "EUR", "USD")
        array([125,   2,  -2])
        """
        import numpy as np

        amounts = np.asarray(minor)
        if amounts.size == 0:
            return np.zeros(amounts.shape, np.int64)
        if amounts.dtype.kind not in "iu" or np.ma.is_masked(minor):
            raise InexactError(amounts.dtype.name, f"column of minor units of {source}")
        extremes = int(amounts.min()), int(amounts.max())
        _check_int64((self.convert(number, source, target) for number in extremes), target)
        rate = self._minor_rate(source, target)
        largest = max(1, *map(abs, extremes))
        fits = largest * rate.numerator in _INT64 and rate.denominator < 2**62
        # Python's integers, an object each, where the exact product is too wide for a machine's.
        exactly = amounts.astype(np.int64 if fits else object)
        products = exactly * rate.numerator
        return _rounded_columns(products, rate.denominator, self.rounding)


def _rounded_columns(
    products: npt.NDArray[Any], whole: int, rounding: str
) -> npt.NDArray[np.int64]:
    """:func:`_rounded` of ``products / whole``, by looking up each kind of row in it."""
    import numpy as np

    floors, rests = products // whole, products % whole
    sides = np.where(rests == 0, 0, 2 + (2 * rests > whole) - (2 * rests < whole))
    # All modes look at no more than the sign, the last digit and the side of the half.
    kinds = (40 * (floors < 0) + 4 * (floors % 10) + sides).astype(np.intp)
    steps = np.array(
        [
            _rounded(last + Fraction(side, 4), rounding) - last
            for last in (*range(10), *range(-10, 0))
            for side in range(4)
        ],
        np.int64,
    )
    rounded: npt.NDArray[np.int64] = (floors + steps[kinds]).astype(np.int64)
    return rounded
