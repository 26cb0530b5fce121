"""A rate and its evidence: what it was made from, what was left out, how sure it is.

Conventions:

- Numerator and denominator are exact. A rate over nothing is undefined: its value is None, not
  0 and not NaN.
- A percentage is a fraction: 0.872, shown as 87.2 %.
- An interval speaks of the renewals, not of the contracts: the book is as it is, and what could
  have turned out otherwise is which of its contracts renewed, each independently of the others.
"""

from __future__ import annotations

import decimal
import math
import re
import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist
from typing import TYPE_CHECKING, Self

import attrs

from cslib import faults
from cslib.errors import CslibError
from cslib.money import Exact, common_units, exact

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "Exclusion",
    "Interval",
    "Rate",
    "RateError",
    "compounded",
    "effective_sample_size",
    "effective_size_of_sums",
    "wilson",
    "wilson_columns",
]


@attrs.define
class RateError(CslibError, ValueError):
    """Numbers from which no rate or interval can be made.

    Attributes:
        what: What was being made.
        reason: What was given, and what was expected.

    >>> print(RateError("rate of counts", "expected 0 to 47 successes, but got 48"))
    rate of counts: expected 0 to 47 successes, but got 48
    """

    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}"


@attrs.frozen(kw_only=True)
class Interval:
    """A confidence interval for a proportion.

    Attributes:
        low: Lower limit, a fraction of 1.
        high: Upper limit, a fraction of 1.
        level: Nominal coverage, such as 0.95.
        method: How it was made, in words.

    >>> print(Interval(low=0.7483, high=0.9402, level=0.95, method="Wilson"))
    74.8 to 94.0 %, 95 % Wilson
    """

    low: float
    high: float
    level: float
    method: str

    def __str__(self) -> str:
        limits = f"{100 * self.low:.1f} to {100 * self.high:.1f} %"
        return f"{limits}, {100 * self.level:g} % {self.method}"


def _number(value: Exact) -> Exact:
    """Checked to be exact; a whole fraction or a numpy integer as an ``int``."""
    number = exact(value, "amount of a rate")
    if isinstance(value, Decimal):
        return value
    return number.numerator if number.denominator == 1 else number


@attrs.frozen(kw_only=True)
class Exclusion:
    """What was left out of a rate, and why.

    Attributes:
        reason: Why, in words: "closed business".
        amount: How much, in the unit of the rate's denominator.
    """

    reason: str
    amount: Exact = attrs.field(converter=_number)

    def __str__(self) -> str:
        return f"{_plain(self.amount)} {self.reason}"


def _exclusions(excluded: Mapping[str, Exact] | tuple[Exclusion, ...]) -> tuple[Exclusion, ...]:
    if isinstance(excluded, tuple):
        return excluded
    return tuple(Exclusion(reason=why, amount=amount) for why, amount in excluded.items())


@attrs.frozen(kw_only=True, repr=False)
class Rate:
    """A ratio that knows what it was made from.

    Make it with :meth:`of_counts` or :meth:`of_values`, which know the sample behind it; a rate
    made from totals alone has a value and no interval. Two rates are equal when their values
    and all their evidence are.

    Attributes:
        numerator: Exact; a ``float`` is refused.
        denominator: Exact, 0 or more; at 0 the rate is undefined.
        convention: The name of the convention it was computed under; empty if none was named.
        excluded: What was left out of the denominator, and why; a mapping of reason to amount
            is kept as :class:`Exclusion` values.
        sample_size: The number of lines, by value the effective number, that the interval
            stands on; None when not known.
        bounded: Whether each line lies between 0 and its denominator. A net rate, where a line
            may grow or turn negative, is no proportion and has no interval.

    Formatting is Python's own format of numbers, so ``f"{rate:.1%}"`` is ``87.2%``; an
    undefined rate is the word ``undefined``, padded to the width asked for.

    Raises:
        InexactError: If a number is not exact.
        RateError: If the denominator or the sample size is negative.

    >>> rate = Rate.of_counts(41, 47, excluded={"closed business": 2})
    >>> rate
    41 of 47 = 87.2 % (74.8 to 94.0 %, 95 % Wilson); left out: 2 closed business
    >>> rate.value, f"{rate:.1%}", f"{Rate.of_counts(0, 0):.1%}"
    (Fraction(41, 47), '87.2%', 'undefined')
    """

    numerator: Exact = attrs.field(converter=_number)
    denominator: Exact = attrs.field(converter=_number)
    convention: str = ""
    excluded: tuple[Exclusion, ...] = attrs.field(default=(), converter=_exclusions)
    sample_size: Exact | None = attrs.field(
        default=None, converter=attrs.converters.optional(_number)
    )
    bounded: bool = True

    def __attrs_post_init__(self) -> None:
        for name, number in (("denominator", self.denominator), ("sample size", self.sample_size)):
            if number is not None and number < 0:
                raise RateError("rate", f"expected a {name} of 0 or more, but got {_plain(number)}")

    @classmethod
    def of_counts(
        cls,
        successes: int,
        trials: int,
        *,
        convention: str = "",
        excluded: Mapping[str, Exact] | tuple[Exclusion, ...] = (),
    ) -> Self:
        """A rate by count: so many of so many.

        Raises:
            InexactError: If one is a float or missing.
            RateError: Unless both are whole and 0 <= successes <= trials.
        """
        won, tried = exact(successes, "successes"), exact(trials, "trials")
        if won.denominator != 1 or tried.denominator != 1 or not 0 <= won <= tried:
            given = f"{_plain(won)} of {_plain(tried)}"
            reason = f"expected whole numbers, 0 <= successes <= trials, but got {given}"
            raise RateError("rate of counts", reason)
        return cls(
            numerator=won,
            denominator=tried,
            convention=convention,
            excluded=excluded,
            sample_size=tried,
        )

    @classmethod
    def of_values(
        cls,
        numerators: Iterable[Exact],
        denominators: Iterable[Exact],
        *,
        convention: str = "",
        excluded: Mapping[str, Exact] | tuple[Exclusion, ...] = (),
    ) -> Self:
        """A rate by value: the sum of what was kept over the sum of what was due.

        Args:
            numerators: What each line kept, in the order of ``denominators``.
            denominators: What each line had due, 0 or more; integers of minor units are best.
            convention: See :class:`Rate`.
            excluded: See :class:`Rate`.

        Raises:
            InexactError: If a number is a float or missing.
            RateError: If the two differ in length, or a denominator is negative.

        >>> Rate.of_values([1200_00, 0, 900_00], [1200_00, 700_00, 1000_00])
        210000 of 290000 = 72.4 % (23.4 to 95.8 %, 95 % Wilson on n_eff 2.9)
        """
        kept, due, unit = _lines(numerators, denominators)
        return cls(
            numerator=Fraction(sum(kept), unit),
            denominator=Fraction(sum(due), unit),
            convention=convention,
            excluded=excluded,
            sample_size=_effective_sample_size(kept, due),
            bounded=all(0 <= k <= d for k, d in zip(kept, due, strict=True)),
        )

    @property
    def value(self) -> Fraction | None:
        """The rate, exact; None when undefined."""
        if self.denominator == 0:
            return None
        return Fraction(self.numerator) / Fraction(self.denominator)

    @property
    def no_interval(self) -> str:
        """Why :meth:`interval` gives None; empty when it gives an interval."""
        if self.denominator == 0:
            return "undefined, the denominator is 0"
        if not self.sample_size:
            return "made from totals, its sample is not known"
        if not self.bounded or not 0 <= self.numerator <= self.denominator:
            return "a net rate is no proportion"
        return ""

    def interval(self, level: float = 0.95) -> Interval | None:
        """Wilson's interval at a nominal level; None for the reason in :attr:`no_interval`.

        By count it is Wilson's score interval; by value, the same on the effective sample size
        (:func:`effective_sample_size`). Lines all worth the same give what their count gives.

        Raises:
            RateError: If the level does not lie between 0 and 1.

        >>> print(Rate.of_counts(41, 47).interval(level=0.9))
        77.2 to 93.3 %, 90 % Wilson
        >>> net = Rate.of_values([120, 100], [100, 100])
        >>> net.interval(), net.no_interval
        (None, 'a net rate is no proportion')
        """
        value, size = self.value, self.sample_size
        if value is None or size is None or self.no_interval:
            _quantile(level)
            return None
        trials = min(Fraction(size), Fraction(_MOST_TRIALS))  # more would narrow nothing
        found = wilson(float(value * trials), float(trials), level)
        if found is None or size == self.denominator:
            return found
        return attrs.evolve(found, method=f"Wilson on n_eff {float(trials):.1f}")

    def __repr__(self) -> str:
        text = f"{_plain(self.numerator)} of {_plain(self.denominator)} = "
        text += f"{self:.1%}".replace("%", " %")
        if self.denominator != 0:
            text += f" ({self.interval() or 'no interval: ' + self.no_interval})"
        if self.convention:
            text += f"; convention: {self.convention}"
        if self.excluded:
            text += f"; left out: {', '.join(map(str, self.excluded))}"
        return text

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        if self.value is None:
            return format("undefined", _width(spec))
        with decimal.localcontext(_context()):
            return format(_decimal(self.value), spec)


def _width(spec: str) -> str:
    """The fill, alignment and width of a number's format, right-aligned as numbers are."""
    found = re.match(r"(?:(.?)([<>=^]))?[-+ ]?z?#?0?(\d*)", spec)
    fill, align, width = found.groups() if found else (None, None, "")
    return f"{fill or ' '}{align if align in ('<', '^') else '>'}{width}"


def _context() -> decimal.Context:
    """50 digits, half-even, whatever context of decimal the caller has set."""
    return decimal.Context(prec=50, rounding=decimal.ROUND_HALF_EVEN, traps=[])


def _decimal(value: Fraction) -> Decimal:
    return _context().divide(Decimal(value.numerator), Decimal(value.denominator))


def _plain(number: Exact) -> str:
    """An exact number as people write it: 8333.5 rather than 16667/2; about, where none would."""
    if isinstance(number, Decimal):
        return f"{number:f}"
    value = Fraction(number)
    shown = _decimal(value)
    if max(abs(value.numerator), value.denominator) >= 10**_MOST_DIGITS:
        return f"about {shown:.6g}"
    return f"{shown:f}" if Fraction(shown) == value else str(value)


_MOST_DIGITS = 400  # as for Decimals in cslib.money


def _lines(
    numerators: Iterable[Exact], denominators: Iterable[Exact]
) -> tuple[list[int], list[int], int]:
    """Both columns as integers of one unit, checked, and how many of the unit make 1."""
    kept, of_kept = common_units(numerators, "numerator")
    due, of_due = common_units(denominators, "denominator")
    if len(kept) != len(due):
        reason = f"expected as many numerators as denominators, but got {len(kept)} and {len(due)}"
        raise RateError("rate of values", reason)
    if due and min(due) < 0:
        reason = f"expected 0 or more, but denominator {due.index(min(due))} is negative"
        raise RateError("rate of values", reason)
    unit = math.lcm(of_kept, of_due)
    return [k * (unit // of_kept) for k in kept], [d * (unit // of_due) for d in due], unit


_MOST_TRIALS = sys.float_info.max


def compounded(rate: Exact | float, times: Exact | float) -> float:
    """What a rate of one period comes to over several in a row: ``rate ** times``.

    For rates of retention or renewal; of a rate of churn, take one less it. A part of a period goes
    the other way, from three years to one.

    Args:
        rate: What is kept in one period, a fraction of 1, 0 or more.
        times: How many periods, more than 0.

    Raises:
        RateError: If the rate is negative or not finite, or the times are not above 0.

    A churn of 8 % a month is 63.2 % a year, neither 96 % (12 times 8) nor "almost 80 %":

    >>> f"{1 - compounded(0.92, 12):.1%}"
    '63.2%'
    >>> f"{1 - compounded(1 - 0.271, 1 / 3):.1%}"
    '10.0%'
    """
    kept, periods = float(rate), float(times)
    if not 0 <= kept < math.inf:
        raise RateError("compounded rate", f"expected a rate of 0 or more, but got {rate}")
    if not 0 < periods < math.inf:
        raise RateError("compounded rate", f"expected times above 0, but got {times}")
    try:
        return float(kept**periods)
    except OverflowError:
        reason = f"{rate} over {times} periods is more than a float can hold"
        raise RateError("compounded rate", reason) from None


def effective_sample_size(
    numerators: Iterable[Exact], denominators: Iterable[Exact]
) -> Fraction | None:
    r"""How many lines of equal value would say as much about a rate by value.

    The smaller of two figures. Kish's looks at the values alone, as if which line is lost had
    nothing to do with its size:

    .. math:: n_K = \frac{(\sum w_i)^2}{\sum w_i^2}

    The observed one divides the variance that one line would have by the variance of the rate
    as linearised over the lines, and so notices when it is the big ones that were lost:

    .. math:: n_O = \frac{R (1 - R)}{\sum (y_i - R w_i)^2 / (\sum w_i)^2}

    Either alone falls short. Over 300 kinds of book (30 to 500 contracts, lognormal values with
    sigma 1 and 1.5, rates of 70 to 93 %, partial renewals, odds of renewal that up to halve or
    double with each standard deviation of log value; 4000 books of each) a nominal 95 % covered
    at least 90.9 % on Kish's figure, 71.7 % on the observed one and 94.1 % on the smaller of
    the two. Lines of equal value, each kept whole or lost, have both equal to their number.

    Args:
        numerators: What each line kept.
        denominators: What each line had due, 0 or more.

    Returns:
        The effective number of lines; None if there is nothing due.

    Raises:
        InexactError: If a number is not exact.
        RateError: If the two differ in length, or a denominator is negative.

    Source: Kish, *Survey Sampling* (1965); Korn and Graubard, "Confidence intervals for
    proportions with small expected number of positive counts estimated from survey data",
    Survey Methodology 24 (1998), whose effective size is the observed one; Franco, Little, Louis
    and Slud, "Comparative study of confidence intervals for proportions in complex sample
    surveys", J. Survey Statistics and Methodology 7 (2019), for Wilson's form on it.

    >>> effective_sample_size([1, 1, 0, 1], [1, 1, 1, 1])
    Fraction(4, 1)
    >>> effective_sample_size([8, 1, 1], [8, 1, 1])
    Fraction(50, 33)
    """
    kept, due, _ = _lines(numerators, denominators)
    return _effective_sample_size(kept, due)


def _effective_sample_size(kept: list[int], due: list[int]) -> Fraction | None:
    return effective_size_of_sums(
        won=sum(kept),
        whole=sum(due),
        won_squares=sum(k * k for k in kept),
        products=sum(k * d for k, d in zip(kept, due, strict=True)),
        whole_squares=sum(d * d for d in due),
    )


def effective_size_of_sums(
    *, won: int, whole: int, won_squares: int, products: int, whole_squares: int
) -> Fraction | None:
    """:func:`effective_sample_size` of lines of which only exact sums are at hand.

    Args:
        won: The sum of what each line kept.
        whole: The sum of what each had due.
        won_squares: The sum of the squares of the former.
        products: The sum of the products of both.
        whole_squares: The sum of the squares of the latter.

    >>> effective_size_of_sums(won=3, whole=4, won_squares=3, products=3, whole_squares=4)
    Fraction(4, 1)
    """
    if whole == 0:
        return None
    kish = Fraction(whole * whole, whole_squares)
    # The sum of (y - R w)^2, times W^2 to stay in integers.
    spread = won_squares * whole * whole - 2 * won * whole * products + won * won * whole_squares
    if spread == 0 or not 0 < won < whole:
        return kish
    return min(kish, Fraction(won * (whole - won) * whole * whole, spread))


def wilson(successes: float, trials: float, level: float = 0.95) -> Interval | None:
    """Wilson's score interval for a proportion.

    It always lies within 0 and 1, holds the observed proportion and needs no correction at 0 or
    at all successes.

    Args:
        successes: 0 to ``trials``; fractions are allowed, since an effective sample has them.
        trials: 0 or more.
        level: Nominal coverage, between 0 and 1.

    Returns:
        The interval; None for no trials.

    Raises:
        RateError: If a number lies outside its range.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference",
    J. American Statistical Association 22 (1927), 209-212.

    >>> print(wilson(15, 148))
    6.2 to 16.0 %, 95 % Wilson
    """
    z = _quantile(level)
    if not 0 <= successes <= trials <= _MOST_TRIALS:
        given = f"{faults.shown(successes)} of {faults.shown(trials)}"
        reason = f"expected finite doubles, 0 <= successes <= trials, but got {given}"
        raise RateError("Wilson interval", reason)
    if trials == 0:
        return None
    share = successes / trials
    middle = successes + z * z / 2
    reach = z * math.sqrt(successes * (1 - share) + z * z / 4)
    shrink = trials + z * z
    # At 0 and at all successes a limit is the share itself; rounding must not step past it.
    low = max(0.0, min(share, (middle - reach) / shrink))
    high = min(1.0, max(share, (middle + reach) / shrink))
    return Interval(low=low, high=high, level=level, method="Wilson")


def wilson_columns(
    successes: npt.ArrayLike, trials: npt.ArrayLike, level: float = 0.95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """:func:`wilson` of columns: the limits of each row are those it has alone, to the bit.

    Args:
        successes: 0 to ``trials`` in each row, shape ``(n,)``.
        trials: 0 or more, shape ``(n,)``.
        level: Nominal coverage, between 0 and 1.

    Returns:
        The lower and the upper limits, each of shape ``(n,)``; NaN marks a row without trials,
        whose rate is undefined.

    Raises:
        RateError: If a number lies outside its range, or is NaN or masked.

    >>> low, high = wilson_columns([15, 0], [148, 0])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.062, nan], [0.16, nan])
    """
    import numpy as np

    z = _quantile(level)
    won = np.ma.asarray(successes, dtype=np.float64).filled(np.nan)
    tried = np.ma.asarray(trials, dtype=np.float64).filled(np.nan)
    wrong = np.flatnonzero(~((won >= 0) & (won <= tried) & (tried < np.inf)))
    if wrong.size:
        row = int(wrong[0])
        reason = f"expected 0 <= successes <= trials, but row {row} has "
        raise RateError("Wilson interval", reason + f"{won[row]} of {tried[row]}")
    with np.errstate(invalid="ignore", divide="ignore"):
        share = won / tried
        middle = won + z * z / 2
        reach = z * np.sqrt(won * (1 - share) + z * z / 4)
        shrink = tried + z * z
        low = np.maximum(0.0, np.minimum(share, (middle - reach) / shrink))
        high = np.minimum(1.0, np.maximum(share, (middle + reach) / shrink))
    return low, high


def _quantile(level: float) -> float:
    """How many standard errors either side hold ``level`` of a normal distribution."""
    if not 0 < level < 1:
        raise RateError("interval", f"expected a level between 0 and 1, but got {level}")
    return -NormalDist().inv_cdf((1 - level) / 2)  # the lower tail: 1 + level may round to 2
