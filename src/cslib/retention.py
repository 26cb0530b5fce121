"""Retention month by month: gross, net and logo over a moving window, and by cohort.

One window under a named convention, as rates with their evidence, is :mod:`cslib.bridges`.

Conventions:

- *Point to point* looks at the two ends of a window alone. Of the customers who pay at its opening,
  gross retention (GRR) keeps the smaller of the two amounts, net retention (NRR) what they pay at
  the closing, logo retention counts those who still pay. Nobody else takes part.
- From *summed movements*, GRR takes all contraction and churn within the window off the opening,
  NRR adds expansion and reactivation. It counts losses that were made good, and losses of customers
  who came later: :func:`cslib.bridges.retention_bridge` says how much of each.
- Over an opening of 0 a rate is undefined: masked.
- A cell of a cohort that lies in the future is masked. It is not 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.conventions import Method
from cslib.cuberows import MOST
from cslib.cubes import CubeError, CustomerCube, check_cube
from cslib.money import to_major
from cslib.series import BY_CONTENT, read_only, text_table
from cslib.waterfalls import Waterfall

__all__ = [
    "CohortTriangle",
    "TrailingRetention",
    "cohort_triangle",
    "trailing_movements",
    "trailing_retention",
]

Integers: TypeAlias = npt.NDArray[np.int64]


# --------------------------------------------------------------------------------------
# Over a window


@attrs.frozen(kw_only=True, repr=False)
class TrailingRetention:
    """Retention over a window that ends with each month, in columns side by side.

    Attributes:
        months: The month in which each window ends, ``datetime64[M]``.
        window: Its length in months.
        method: Point to point, or by movements.
        currency: ISO 4217 code.
        basis: What the amounts are, as the cube says.
        opening: What was paid before the window began, in minor units.
        kept: What of it is kept, gross; from summed movements it may fall below 0.
        closing: What it has become, net.
        opening_logos: How many customers paid before the window began.
        kept_logos: How many of them are kept.
    """

    months: npt.NDArray[Any] = attrs.field(converter=read_only, eq=BY_CONTENT)
    window: int
    method: Method
    currency: str
    basis: str = ""
    opening: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    kept: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    closing: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    opening_logos: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    kept_logos: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)

    @property
    def grr(self) -> np.ma.MaskedArray[Any, Any]:
        """Gross revenue retention of each window; masked where nothing was paid before it."""
        return _ratio(self.kept, self.opening)

    @property
    def nrr(self) -> np.ma.MaskedArray[Any, Any]:
        """Net revenue retention of each window; masked where nothing was paid before it."""
        return _ratio(self.closing, self.opening)

    @property
    def logos(self) -> np.ma.MaskedArray[Any, Any]:
        """Logo retention of each window; masked where nobody paid before it."""
        return _ratio(self.kept_logos, self.opening_logos)

    def __repr__(self) -> str:
        columns = (self.grr, self.nrr, self.logos)
        rows = [
            [str(month), str(to_major(int(self.opening[i]), self.currency))]
            + [_percent(each[i]) for each in columns]
            for i, month in enumerate(self.months)
        ]
        told = [f"retention over {self.window} months", str(self.method), self.basis]
        head = f"{', '.join(filter(None, told))} in {self.currency}\n"
        return head + text_table(["month", "opening", "GRR", "NRR", "logos"], rows)


def _ratio(parts: Integers, wholes: Integers) -> np.ma.MaskedArray[Any, Any]:
    """Quotients, masked where there is nothing to divide by."""
    return np.ma.masked_array(parts / np.where(wholes == 0, 1, wholes), mask=wholes == 0)


def _percent(share: Any) -> str:
    return "undefined" if share is np.ma.masked else f"{share:.1%}"


def trailing_retention(cube: CustomerCube, months: int = 12) -> TrailingRetention:
    """Retention point to point over the window that ends with each month of the cube.

    For the window of ``k`` months that ends with month ``m``, over the customers ``i`` with revenue
    ``b`` in month ``m - k`` and ``a`` in month ``m``: GRR is ``sum(min(a, b)) / sum(b)``, NRR is
    ``sum(a where b > 0) / sum(b)``, logo retention the share of them with ``a > 0``.

    Args:
        cube: Recurring revenue by customer and month.
        months: Length of the window. The first ``months`` of the cube have no window.

    Raises:
        CubeError: If ``months`` is below 1, or the cube is none.

    >>> from cslib.periods import Period
    >>> january, february = Period.month(2026, 1), Period.month(2026, 2)
    >>> rows = [("ada", january, 100), ("bo", january, 50), ("ada", february, 120)]
    >>> trailing_retention(CustomerCube.of_rows(rows, currency="EUR"), months=1)
    retention over 1 months, point to point in EUR
      month  opening    GRR    NRR  logos
    2026-02   150.00  66.7%  80.0%  50.0%
    """
    check_cube(cube)
    _check_window(months)
    ends = range(months, len(cube.months))
    both = np.array([cube.overlap(end - months, end) for end in ends], np.int64).reshape(-1, 4)
    count = len(both)
    return TrailingRetention(
        months=cube.months[months:],
        window=months,
        method=Method.POINT_TO_POINT,
        currency=cube.currency,
        basis=cube.basis,
        opening=cube.cohort_amounts.sum(axis=1)[:count],
        kept=both[:, 0],
        closing=both[:, 2],
        opening_logos=cube.cohort_customers.sum(axis=1)[:count],
        kept_logos=both[:, 3],
    )


def _check_window(months: int) -> None:
    if type(months) is not int or months < 1:
        raise CubeError("months", None, f"is {months!r}: expected a whole number of 1 or more")


def trailing_movements(report: Waterfall, months: int = 12) -> TrailingRetention:
    """Retention from the movements summed over the window that ends with each month.

    GRR is ``1 - sum(contraction + churn) / opening``, and may fall below 0; NRR adds
    ``sum(expansion + reactivation) / opening``; logo retention is ``1 - sum(churned) / opening``.

    Args:
        report: A waterfall at one rate of exchange.
        months: Length of the window.

    Raises:
        CubeError: If ``months`` is below 1, the waterfall is none, or it has effects of exchange
            rates: movements at several rates have no opening in common; or if its movements add up
            to more than int64 holds.

    >>> from cslib.periods import Period
    >>> january, february = Period.month(2026, 1), Period.month(2026, 2)
    >>> rows = [("ada", january, 100), ("bo", january, 50), ("ada", february, 120)]
    >>> from cslib.waterfalls import waterfall
    >>> report = waterfall(CustomerCube.of_rows(rows, currency="EUR"))
    >>> trailing_movements(report, months=1).grr.round(3).tolist()
    [0.667]
    """
    if not isinstance(report, Waterfall):
        problem = f"is of {type(report).__name__}: expected a Waterfall, as waterfall(cube) gives"
        raise CubeError("report", None, problem)
    _check_window(months)
    if report.fx.any():
        raise CubeError("report", None, "has effects of exchange rates: convert at one rate first")
    ends = len(report.months) - months + 1
    opening, logos = report.opening[: max(ends, 0)], report.logos.opening[: max(ends, 0)]
    kept = opening - _window_sums(report.losses, months)
    return TrailingRetention(
        months=report.months[months - 1 :],
        window=months,
        method=Method.MOVEMENTS,
        currency=report.currency,
        basis=report.basis,
        opening=opening,
        kept=kept,
        closing=kept + _window_sums(report.expansion + report.reactivation, months),
        opening_logos=logos,
        kept_logos=logos - _window_sums(report.logos.churn, months),
    )


def _window_sums(values: Integers, months: int) -> Integers:
    if sum(values.tolist()) > MOST:
        raise CubeError("report", None, "has movements that add up to more than int64 holds")
    sums = np.append(0, values.cumsum())
    return np.asarray(sums[months:] - sums[:-months])


# --------------------------------------------------------------------------------------
# By cohort


@attrs.frozen(kw_only=True, repr=False)
class CohortTriangle:
    """What has become of the customers who began in each month, by age in months.

    Cells that lie past the last month of the cube are masked: they are not known yet.

    Attributes:
        months: The month in which each cohort began: every month of the cube but the first.
        currency: ISO 4217 code.
        basis: What the amounts are, as the cube says.
        amounts: What the cohort pays at each age, 0 in the month it began, in minor units; a
            row for each cohort, masked.
        customers: How many of it pay at each age, masked.
        before_amounts: What the customers who stood there in the first month of the cube pay in
            each of its months. When they began is unknown, so they have no age.
        before_customers: How many of them pay.
    """

    months: npt.NDArray[Any] = attrs.field(converter=read_only, eq=BY_CONTENT)
    currency: str
    basis: str = ""
    amounts: np.ma.MaskedArray[Any, Any] = attrs.field(converter=read_only, eq=BY_CONTENT)
    customers: np.ma.MaskedArray[Any, Any] = attrs.field(converter=read_only, eq=BY_CONTENT)
    before_amounts: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    before_customers: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)

    @property
    def net_retention(self) -> np.ma.MaskedArray[Any, Any]:
        """Each amount over that of the first month; masked where no customer began."""
        return _over_the_first(self.amounts)

    @property
    def logo_retention(self) -> np.ma.MaskedArray[Any, Any]:
        """Each number of customers over that of the first month; masked where none began."""
        return _over_the_first(self.customers)

    def __repr__(self) -> str:
        shares = self.net_retention
        began = [i for i in range(len(self.months)) if self.customers[i, 0]]
        oldest = shares.shape[1] - 1 - min(began, default=0)
        ages = range(min(oldest, _OLDEST_SHOWN) + 1)
        rows = [
            [str(self.months[i]), str(self.customers[i, 0])]
            + ["" if shares[i, age] is np.ma.masked else f"{shares[i, age]:.0%}" for age in ages]
            for i in began
        ]
        told = ", ".join(filter(None, ["net retention", self.basis]))
        lines = [f"{told} in {self.currency} by age in months"]
        lines += [text_table(["began", "customers", *map(str, ages)], rows)] if rows else []
        return "\n".join([*lines, *self._not_shown(oldest if rows else 0)])

    def _not_shown(self, oldest: int) -> Iterator[str]:
        first = int(self.before_customers[0])
        if first:
            who = "1 customer" if first == 1 else f"{first:,} customers"
            yield f"{who} paid in the first month, kept apart"
        if oldest > _OLDEST_SHOWN:
            yield f"ages {_OLDEST_SHOWN + 1} to {oldest} are in net_retention"


_OLDEST_SHOWN = 12


def _over_the_first(cells: np.ma.MaskedArray[Any, Any]) -> np.ma.MaskedArray[Any, Any]:
    first = cells[:, :1].filled(0)
    shares = cells.filled(0) / np.where(first == 0, 1, first)
    return np.ma.masked_array(shares, mask=np.ma.getmaskarray(cells) | (first == 0))


def cohort_triangle(cube: CustomerCube) -> CohortTriangle:
    """Revenue and customers of each cohort, by the month in which it began and by its age.

    A customer belongs to the month in which it first paid, and stays there when it comes back.

    Raises:
        CubeError: If the cube is none.

    >>> from cslib.periods import Period
    >>> months = [Period.month(2026, m) for m in (1, 2, 3)]
    >>> rows = [("ada", months[1], 100), ("ada", months[2], 80), ("bo", months[0], 70)]
    >>> triangle = cohort_triangle(CustomerCube.of_rows(rows, currency="EUR"))
    >>> triangle
    net retention in EUR by age in months
      began  customers     0    1
    2026-02          1  100%  80%
    1 customer paid in the first month, kept apart
    >>> triangle.before_amounts.tolist()
    [7000, 0, 0]
    """
    check_cube(cube)
    return CohortTriangle(
        months=cube.months[1:],
        currency=cube.currency,
        basis=cube.basis,
        amounts=_by_age(cube.cohort_amounts),
        customers=_by_age(cube.cohort_customers),
        before_amounts=cube.cohort_amounts[:, 0],
        before_customers=cube.cohort_customers[:, 0],
    )


def _by_age(cells: Integers) -> np.ma.MaskedArray[Any, Any]:
    """Months by cohorts as cohorts by age, without the first cohort."""
    ages = np.arange(len(cells) - 1)
    cohorts = ages[:, np.newaxis] + 1
    month = cohorts + ages
    future = month >= len(cells)
    return np.ma.masked_array(cells[np.where(future, 0, month), cohorts], mask=future)
