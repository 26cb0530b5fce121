"""Baselines: a figure beside that of the same period in earlier years (H7, J).

A part of :mod:`cslib.health`. Use that falls in August may fall every August; what matters is
whether it falls below its own Augusts. :func:`baseline` answers for one period of one account,
:func:`baseline_columns` for every row of a column of months or days, with equal results.

Conventions:

* A season is the same period a whole number of years before. Whole calendar months keep their
  names; any other period keeps its first day (February 29 becomes 28 where there is none) and its
  number of days.
* The baseline is the median of the known seasons, and their scatter the median absolute deviation
  from it (MAD), so that one odd year does not move them. The score is the distance from the
  baseline in units of 1.4826 MAD, which for normal figures is the standard deviation (Hampel, "The
  Influence Curve and its Role in Robust Estimation", *Journal of the American Statistical
  Association* 69, 1974).
* Only what lies before counts. Fewer seasons than asked for make it unknown, never 0.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from statistics import median
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import check_lengths, flat, refuse_rows
from cslib.faults import shown
from cslib.norms import NormError, figure_column, figure_of, label_column
from cslib.periods import Period, add_months
from cslib.series import BY_CONTENT

__all__ = ["SCALE", "Baseline", "Baselines", "Season", "baseline", "baseline_columns", "season"]

Column: TypeAlias = npt.NDArray[Any]
Doubles: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Masked: TypeAlias = "np.ma.MaskedArray[Any, np.dtype[np.float64]]"

SCALE = 1.482602218505602
"""What a MAD is times to be the standard deviation of normal figures: 1 / Φ⁻¹(3/4)."""

_MOST_YEARS = 100

_refuse = functools.partial(refuse_rows, NormError)


# --------------------------------------------------------------------------------------
# One period


def season(period: Period, years: int) -> Period:
    """The same period so many years before.

    Raises:
        PeriodError: If it would lie before the year 1.

    >>> season(Period.month(2028, 2), 1), season(Period.parse("2028-02-29/2028-03-01"), 1)
    (Period.parse('2027-02'), Period.parse('2027-02-28/2027-03-01'))
    """
    start = add_months(period.start, -12 * years)
    if period.start.day == period.end.day == 1:
        return Period(start, add_months(period.end, -12 * years))
    return Period(start, start + (period.end - period.start))


@attrs.frozen
class Season:
    """A season that is known.

    Attributes:
        period: The period.
        figure: Its figure as compared: of a sum, for as many days as the period asked about.
    """

    period: Period
    figure: float


@attrs.frozen(kw_only=True)
class Baseline:
    """A figure beside its seasons.

    Attributes:
        period: The period asked about.
        figure: Its figure; None where unknown.
        seasons: The known seasons, the latest first.
        least: How many of them it takes.
    """

    period: Period
    figure: float | None
    seasons: tuple[Season, ...]
    least: int

    @property
    def median(self) -> float | None:
        """The baseline; None where there are too few seasons."""
        if len(self.seasons) < self.least:
            return None
        return median(each.figure for each in self.seasons)

    @property
    def mad(self) -> float | None:
        """The median distance of the seasons from the baseline; None where it is unknown."""
        middle = self.median
        return None if middle is None else median(abs(s.figure - middle) for s in self.seasons)

    @property
    def deviation(self) -> float | None:
        """The figure less the baseline; None where one is unknown."""
        if self.figure is None or self.median is None:
            return None
        return self.figure - self.median

    @property
    def change(self) -> float | None:
        """The deviation as a part of the baseline; None also where that is not above 0."""
        if self.deviation is None or self.median is None or self.median <= 0:
            return None
        return self.deviation / self.median

    @property
    def score(self) -> float | None:
        """The deviation in units of 1.4826 MAD; None also where the MAD is 0.

        It is 0 where half of the seasons or more are equal, and says nothing then of how odd
        another figure is.
        """
        if self.deviation is None or not self.mad:
            return None
        return self.deviation / (SCALE * self.mad)

    def __str__(self) -> str:
        """In words, the seasons included."""
        years = ", ".join(f"{each.period} {each.figure:g}" for each in self.seasons) or "none"
        if self.median is None:
            return f"{self.period}: unknown, of {self.least} seasons only: {years}"
        figure = "unknown" if self.figure is None else f"{self.figure:g}"
        change = "" if self.change is None else f" ({self.change:+.1%})"
        score = "" if self.score is None else f", score {self.score:+.1f}"
        return f"{self.period}: {figure} to {self.median:g}{change}{score}; seasons: {years}"


def baseline(
    history: Mapping[Period, object],
    period: Period,
    *,
    least: int = 3,
    years: int = 5,
    sums: bool = False,
) -> Baseline:
    """A figure beside the same period of earlier years.

    Args:
        history: Figures by period; the one asked about is among them or is unknown.
        period: The period asked about.
        least: How many known seasons it takes; 1 compares year on year.
        years: How many years back to look. What was customary long ago is not now.
        sums: Whether figures are sums over the days of their period (hours, messages), so that
            one of 29 days is compared with one of 28 by the day; else (shares, counts of users)
            they are compared as they are.

    Raises:
        NormError: If a figure is no number, a key no :class:`~cslib.periods.Period`, or ``least``
            is not from 1 to ``years``.
        PeriodError: If a season would lie before the year 1.

    >>> hours = {Period.month(year, 8): figure
    ...          for year, figure in [(2023, 200), (2024, 220), (2025, 210), (2026, 150)]}
    >>> print(baseline(hours, Period.month(2026, 8)))
    2026-08: 150 to 210 (-28.6%), score -4.0; seasons: 2025-08 210, 2024-08 220, 2023-08 200
    """
    _check_counts(least, years)
    _check_history(history, period)
    found = []
    for back in range(1, years + 1):
        earlier = season(period, back)
        figure = figure_of("history", history.get(earlier))
        if figure is not None:
            if sums and earlier.days != period.days:
                figure = figure * period.days / earlier.days
            found.append(Season(earlier, figure))
    own = figure_of("history", history.get(period))
    return Baseline(period=period, figure=own, seasons=tuple(found), least=least)


def _check_counts(least: int, years: int) -> None:
    for name, given, low, high in (("years", years, 1, _MOST_YEARS), ("least", least, 1, years)):
        if isinstance(given, bool) or not isinstance(given, int) or not low <= given <= high:
            expected = f"expected a whole number from {low} to {high}"
            raise NormError(name, None, f"is {shown(given)}: {expected}")


def _check_history(history: object, period: object) -> None:
    if not isinstance(period, Period):
        raise NormError("period", None, f"is {shown(period)}: expected a Period")
    if not isinstance(history, Mapping):
        raise NormError("history", None, f"is {shown(history)}: expected figures by Period")
    for key in history:
        if not isinstance(key, Period):  # it would never be found
            raise NormError("history", None, f"has the key {shown(key)}: expected a Period")


# --------------------------------------------------------------------------------------
# Columns


@attrs.frozen(kw_only=True, repr=False)
class Baselines:
    """The baseline of every row; what is unknown is masked.

    Attributes:
        figure: The figures.
        seasons: How many seasons of each are known.
        median: The baseline; masked where there are too few seasons.
        mad: Likewise.
    """

    figure: Masked = attrs.field(eq=BY_CONTENT)
    seasons: Integers = attrs.field(eq=BY_CONTENT)
    median: Masked = attrs.field(eq=BY_CONTENT)
    mad: Masked = attrs.field(eq=BY_CONTENT)

    @property
    def deviation(self) -> Masked:
        """The figure less the baseline."""
        found: Masked = self.figure - self.median
        return found

    @property
    def change(self) -> Masked:
        """The deviation as a part of the baseline; masked also where that is not above 0."""
        return _quotient(self.deviation, self.median)

    @property
    def score(self) -> Masked:
        """The deviation in units of 1.4826 MAD; masked also where the MAD is 0."""
        return _quotient(self.deviation, SCALE * self.mad)

    def __len__(self) -> int:
        return int(self.figure.size)

    def __repr__(self) -> str:
        known = int((~np.ma.getmaskarray(self.median)).sum())
        return f"<Baselines: {len(self):,} rows, {known:,} of them with a baseline>"


def baseline_columns(
    account: npt.ArrayLike,
    period: npt.ArrayLike,
    figure: npt.ArrayLike,
    *,
    least: int = 3,
    years: int = 5,
    sums: bool = False,
) -> Baselines:
    """The baseline of every row, equal to :func:`baseline` of the account's own rows.

    Args:
        account: Of each row the account, a text or a number.
        period: Its calendar month (``datetime64[M]``) or day (``datetime64[D]``), each once for
            an account.
        figure: Its figure, unknown ones included.
        least: As for :func:`baseline`.
        years: Likewise.
        sums: Likewise.

    Raises:
        NormError: With the first row at fault: columns of unequal length, an account or a period
            that is unknown, a period that stands there twice, a figure that is no number.

    >>> months = np.array(["2025-08", "2026-08", "2026-08"], "datetime64[M]")
    >>> found = baseline_columns(["ada", "ada", "bo"], months, [200, 150, 70], least=1)
    >>> found.change.tolist()
    [None, -0.25, None]
    """
    _check_counts(least, years)
    figures, when = figure_column("figure", figure), _period_column(period)
    accounts = _numbers(account)
    lengths = {"account": accounts.size, "period": when.size, "figure": figures.size}
    check_lengths(NormError, lengths)
    table = _Table(accounts, when, figures)
    seasons = np.full((figures.size, years), np.nan)
    for back in range(1, years + 1):
        earlier = _season_column(when, back)
        found = table.figures_at(accounts, earlier)
        if sums and when.dtype == _MONTH:
            days, then = _days(when), _days(earlier)
            found = np.where(days == then, found, found * days / then)
        seasons[:, back - 1] = found
    return _baselines(figures, seasons, least)


_MONTH, _DAY = np.dtype("datetime64[M]"), np.dtype("datetime64[D]")


def _baselines(figures: Doubles, seasons: Doubles, least: int) -> Baselines:
    known = (~np.isnan(seasons)).sum(axis=1)
    middle = _medians(seasons, known)
    mad = _medians(np.abs(seasons - middle[:, None]), known)
    few = known < least
    return Baselines(
        figure=np.ma.masked_invalid(figures),
        seasons=known,
        median=np.ma.masked_array(np.where(few, 0.0, middle), few),
        mad=np.ma.masked_array(np.where(few, 0.0, mad), few),
    )


def _medians(values: Doubles, known: Integers) -> Doubles:
    """The median of each row's known values, NaN where there are none."""
    if not values.size:
        return np.zeros(len(values))
    inorder = np.sort(values, axis=1)  # NaN last
    low, high = np.maximum(known - 1, 0) // 2, np.minimum(known // 2, values.shape[1] - 1)
    rows = np.arange(len(values))
    found: Doubles = (inorder[rows, low] + inorder[rows, high]) / 2
    return found


def _quotient(above: Masked, below: Masked) -> Masked:
    undefined = np.ma.getmaskarray(above) | np.ma.getmaskarray(below) | (below.data <= 0)
    with np.errstate(over="ignore"):
        values = above.data / np.where(undefined, 1.0, below.data)
    return np.ma.masked_array(np.where(undefined, 0.0, values), undefined)


class _Table:
    """The figures by account and period, to look up."""

    def __init__(self, accounts: Integers, when: Column, figures: Doubles) -> None:
        places = when.astype(np.int64)
        self.first = int(places.min()) if places.size else 0
        self.span = int(places.max()) - self.first + 1 if places.size else 1
        keys = self._keys(accounts, places)
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order]
        self.figures = figures[self.order]
        again = np.zeros(keys.size, np.bool_)
        again[self.order[1:]] = self.keys[1:] == self.keys[:-1]
        _refuse("period", when, again, "it stands there before, for the same account")

    def _keys(self, accounts: Integers, places: Integers) -> Integers:
        return accounts * self.span + (places - self.first)

    def figures_at(self, accounts: Integers, when: Column) -> Doubles:
        """The figure of each account at its period; NaN where there is none."""
        places = when.astype(np.int64)
        keys = self._keys(accounts, places)
        found = np.minimum(np.searchsorted(self.keys, keys), max(self.keys.size - 1, 0))
        hit = (self.keys[found] == keys) & (places >= self.first)
        values: Doubles = np.where(hit, self.figures[found], np.nan)
        return values


def _season_column(when: Column, years: int) -> Column:
    """The same month or day so many years before."""
    if when.dtype == _MONTH:
        found: Column = when - np.timedelta64(12 * years, "M")
        return found
    return add_months(when, -12 * years)


def _days(months: Column) -> Integers:
    """How many days each month has."""
    start, end = months.astype(_DAY), (months + np.timedelta64(1, "M")).astype(_DAY)
    return (end - start).astype(np.int64)


def _period_column(given: npt.ArrayLike) -> Column:
    values = flat(NormError, "period", given)
    if not values.size:
        return np.zeros(0, _MONTH)
    if values.dtype.newbyteorder("=") not in (_MONTH, _DAY):
        way = "expected months or days, datetime64[M] or datetime64[D]"
        raise NormError("period", None, f"holds {values.dtype}: {way}")
    plain = np.asarray(values).astype(values.dtype.newbyteorder("="), copy=False)
    unknown = np.ma.getmaskarray(values) | np.isnat(plain)
    _refuse("period", values, unknown, "expected when the figure is of; take the row out first")
    return plain


def _numbers(given: npt.ArrayLike) -> Integers:
    """Accounts as numbers from 0."""
    labels = label_column("account", given)
    names = labels.tolist()
    unknown = np.fromiter((name is None for name in names), np.bool_, labels.size)
    _refuse("account", labels, unknown, "expected whose figure it is; take the row out first")
    numbers: dict[object, int] = {}
    return np.fromiter((numbers.setdefault(n, len(numbers)) for n in names), np.int64, labels.size)
