"""Retention month by month: over moving windows, both ways, and by cohort."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.bridges import retention, retention_bridge
from cslib.conventions import POINT_TO_POINT
from cslib.cubes import CubeError
from cslib.money import ExchangeRates
from cslib.retention import cohort_triangle, trailing_movements, trailing_retention
from cslib.waterfalls import waterfall, waterfall_across
from cube_strategies import (
    BOOKS,
    LAYOUTS,
    MONTHS,
    Row,
    cube_of,
    cube_of_histories,
    histories_of,
    month,
)

WINDOWS = st.integers(1, MONTHS - 1)


@pytest.mark.parametrize(
    "ask",
    [
        trailing_retention,
        cohort_triangle,
        waterfall,
        lambda given: retention(given, month(1)),
        lambda given: retention_bridge(given, month(1), POINT_TO_POINT, POINT_TO_POINT),
    ],
)
def test_what_is_asked_of_a_waterfall_in_the_place_of_its_cube_is_refused(ask: Any) -> None:
    report = waterfall(cube_of_histories({"ada": (100, 120)}))

    with pytest.raises(CubeError, match="cube is of Waterfall: expected a CustomerCube"):
        ask(report)


def test_movements_asked_of_a_cube_in_the_place_of_its_waterfall_are_refused() -> None:
    cube: Any = cube_of_histories({"ada": (100, 120)})

    with pytest.raises(CubeError, match="report is of CustomerCube: expected a Waterfall"):
        trailing_movements(cube)


def ends(window: int) -> range:
    """The months in which a window of this length can end."""
    return range(window, MONTHS)


def at_ends(book: list[Row], window: int, end: int) -> list[tuple[int, int]]:
    """What each customer who pays before the window pays then and at its end."""
    histories = histories_of(book).values()
    return [(each[end - window], each[end]) for each in histories if each[end - window]]


# Point to point


def test_gross_retention_nets_nobodys_growth_against_anothers_loss() -> None:
    cube = cube_of_histories({"ada": (100, 150), "bo": (100, 60), "cy": (0, 500)})

    trailing = trailing_retention(cube, 1)

    assert trailing.grr.tolist() == [160 / 200]
    assert trailing.nrr.tolist() == [210 / 200]
    assert trailing.logos.tolist() == [1.0]


def test_who_left_and_came_back_within_the_window_is_kept_point_to_point() -> None:
    cube = cube_of_histories({"ada": (100, 0, 0, 90)})

    assert trailing_retention(cube, 3).grr.tolist() == [0.9]


@pytest.mark.parametrize("layout", LAYOUTS)
@given(book=BOOKS, window=WINDOWS)
def test_trailing_retention_is_that_of_the_customers_at_the_two_ends_of_each_window(
    layout: Any, book: list[Row], window: int
) -> None:
    trailing = trailing_retention(cube_of(book, layout), window)

    both = [at_ends(book, window, end) for end in ends(window)]
    assert trailing.opening.tolist() == [sum(was for was, _ in each) for each in both]
    assert trailing.kept.tolist() == [sum(map(min, each)) for each in both]
    assert trailing.closing.tolist() == [sum(now for _, now in each) for each in both]
    assert trailing.opening_logos.tolist() == [len(each) for each in both]
    assert trailing.kept_logos.tolist() == [sum(now > 0 for _, now in each) for each in both]


@given(book=BOOKS, window=WINDOWS)
def test_gross_retention_lies_between_nothing_and_the_smaller_of_net_and_all(
    book: list[Row], window: int
) -> None:
    trailing = trailing_retention(cube_of(book), window)

    assert (trailing.kept >= 0).all()
    assert (trailing.kept <= np.minimum(trailing.opening, trailing.closing)).all()


@given(book=BOOKS, window=WINDOWS)
def test_rates_are_masked_where_nothing_was_paid_before_the_window_and_only_there(
    book: list[Row], window: int
) -> None:
    trailing = trailing_retention(cube_of(book), window)

    for rate in (trailing.grr, trailing.nrr, trailing.logos):
        assert np.array_equal(np.ma.getmaskarray(rate), trailing.opening == 0)


def test_an_undefined_rate_is_shown_as_a_word() -> None:
    assert "undefined" in repr(trailing_retention(cube_of_histories({"ada": (0, 100)}), 1))


def test_a_window_longer_than_the_cube_has_no_months() -> None:
    trailing = trailing_retention(cube_of_histories({"ada": (100, 100)}), 12)

    assert trailing.months.tolist() == trailing.opening.tolist() == trailing.grr.tolist() == []


@pytest.mark.parametrize("window", [0, -1, 1.0, True])
def test_a_window_that_is_no_number_of_months_is_refused(window: Any) -> None:
    cube = cube_of_histories({"ada": (100, 100)})

    for ask in (
        lambda: trailing_retention(cube, window),
        lambda: trailing_movements(waterfall(cube), window),
    ):
        with pytest.raises(CubeError, match="expected a whole number of 1 or more"):
            ask()


# From summed movements


@given(book=BOOKS, window=WINDOWS)
def test_retention_from_movements_takes_every_loss_of_the_window_off_the_opening(
    book: list[Row], window: int
) -> None:
    report = waterfall(cube_of(book))

    trailing = trailing_movements(report, window)

    for i, end in enumerate(ends(window)):
        inside = slice(end - window, end)
        losses, gains = report.losses[inside].sum(), (report.gains - report.new)[inside].sum()
        assert trailing.kept[i] == trailing.opening[i] - losses
        assert trailing.closing[i] == trailing.opening[i] - losses + gains
    assert np.array_equal(trailing.months, report.months[window - 1 :])


@given(book=BOOKS)
def test_over_one_month_both_ways_give_the_same_gross_and_logo_retention(book: list[Row]) -> None:
    cube = cube_of(book)

    ways = trailing_retention(cube, 1), trailing_movements(waterfall(cube), 1)

    assert np.array_equal(ways[0].kept, ways[1].kept)
    assert np.array_equal(ways[0].kept_logos, ways[1].kept_logos)


@given(book=BOOKS, window=WINDOWS)
def test_gross_retention_from_movements_is_never_above_that_point_to_point(
    book: list[Row], window: int
) -> None:
    cube = cube_of(book)

    ways = trailing_retention(cube, window), trailing_movements(waterfall(cube), window)

    assert (ways[1].kept <= ways[0].kept).all()


def test_eight_percent_a_month_is_63_percent_a_year_and_not_almost_80() -> None:
    # PostHog published "almost 80 %" for it; twelve months of 92 % are 36.8 %, not 20 %.
    stay = [round(1000 * 0.92**i) for i in range(13)]
    book = {f"{n:04}": tuple(int(n < left) for left in stay) for n in range(1000)}

    trailing = trailing_retention(cube_of_histories(book), 12)

    assert f"{1 - trailing.logos[0]:.1%}" == "63.2%"


def test_a_waterfall_with_fx_has_no_opening_in_common_and_is_refused() -> None:
    cube = cube_of_histories({"ada": (100, 100)}, currency="USD")
    rates = {
        month(i): ExchangeRates(base="EUR", per_base={"USD": Decimal(rate)}, as_of=dt.date.max)
        for i, rate in enumerate(("1.25", "1.00"))
    }

    with pytest.raises(CubeError, match="convert at one rate first"):
        trailing_movements(waterfall_across([cube], rates, "EUR"), 1)


def test_movements_that_add_up_to_more_than_int64_are_refused() -> None:
    cube = cube_of_histories({"ada": (2**60, 0) * 3}, currency="USD")
    rates = ExchangeRates(base="EUR", per_base={"USD": Decimal("0.25")}, as_of=dt.date.max)

    with pytest.raises(CubeError, match="movements that add up to more than int64 holds"):
        trailing_movements(waterfall_across([cube], rates, "EUR"), 1)


# What the amounts are


def test_the_basis_of_a_cube_is_carried_by_what_is_made_of_it_and_shown() -> None:
    cube = cube_of_histories({"ada": (100, 80, 90)}, basis="billed")

    for found, head in (
        (trailing_retention(cube, 1), "retention over 1 months, point to point, billed in EUR"),
        (
            trailing_movements(waterfall(cube), 1),
            "retention over 1 months, movements, billed in EUR",
        ),
        (cohort_triangle(cube), "net retention, billed in EUR by age in months"),
    ):
        assert found.basis == "billed"
        assert repr(found).splitlines()[0] == head


# By cohort


@pytest.mark.parametrize("layout", LAYOUTS)
@given(book=BOOKS)
def test_each_cell_of_the_triangle_is_what_the_cohort_pays_at_that_age(
    layout: Any, book: list[Row]
) -> None:
    triangle = cohort_triangle(cube_of(book, layout))

    begun: dict[int, list[tuple[int, ...]]] = {}
    for history in histories_of(book).values():
        begun.setdefault(next(i for i, paid in enumerate(history) if paid), []).append(history)
    for cohort, age in itertools.product(range(1, MONTHS), range(MONTHS - 1)):
        cell = triangle.amounts[cohort - 1, age], triangle.customers[cohort - 1, age]
        if cohort + age >= MONTHS:
            assert cell == (np.ma.masked, np.ma.masked)
        else:
            paid = [history[cohort + age] for history in begun.get(cohort, [])]
            assert cell == (sum(paid), sum(each > 0 for each in paid))
    stood = begun.get(0, [])
    assert triangle.before_amounts.tolist() == [sum(h[i] for h in stood) for i in range(MONTHS)]
    assert triangle.before_customers.tolist() == [
        sum(h[i] > 0 for h in stood) for i in range(MONTHS)
    ]


@given(book=BOOKS)
def test_the_cells_of_a_month_and_those_who_stood_before_make_its_revenue(book: list[Row]) -> None:
    cube = cube_of(book)
    triangle = cohort_triangle(cube)

    for place in range(MONTHS):
        cells = [triangle.amounts[cohort - 1, place - cohort] for cohort in range(1, place + 1)]
        assert sum(cells) + triangle.before_amounts[place] == cube.amounts(place).sum()


def test_a_customer_who_comes_back_stays_in_the_cohort_in_which_it_began() -> None:
    triangle = cohort_triangle(cube_of_histories({"ada": (0, 100, 0, 120), "bo": (5, 5, 5, 5)}))

    assert triangle.amounts[0].tolist() == [100, 0, 120]
    assert triangle.net_retention[0].tolist() == [1.0, 0.0, 1.2]
    assert triangle.logo_retention[0].tolist() == [1.0, 0.0, 1.0]


def test_a_cell_in_the_future_is_masked_and_one_of_a_cohort_that_left_is_zero() -> None:
    triangle = cohort_triangle(cube_of_histories({"ada": (0, 100, 0), "bo": (5, 5, 5)}))

    assert triangle.amounts.tolist() == [[100, 0], [0, None]]


def test_the_shares_of_a_month_in_which_nobody_began_are_masked() -> None:
    triangle = cohort_triangle(cube_of_histories({"ada": (100, 100, 100)}))

    assert triangle.net_retention.mask.all()
    assert triangle.customers.tolist() == [[0, 0], [0, None]]


def test_a_cube_of_one_month_has_an_empty_triangle_and_those_who_stood_before() -> None:
    triangle = cohort_triangle(cube_of_histories({"ada": (100,)}))

    assert triangle.amounts.shape == (0, 0)
    assert triangle.before_amounts.tolist() == [100]
    assert repr(triangle).startswith("net retention in EUR by age in months")


def test_triangles_and_series_compare_by_content() -> None:
    cubes = [cube_of_histories({"ada": (0, 100, paid)}) for paid in (50, 50, 60)]

    for report in (cohort_triangle, lambda cube: trailing_retention(cube, 1)):
        one, same, other = map(report, cubes)
        assert one == same != other


def test_cohorts_in_which_nobody_began_are_not_printed() -> None:
    triangle = cohort_triangle(cube_of_histories({"ada": (0, 0, 100, 50), "bo": (5, 5, 5, 5)}))

    assert repr(triangle).splitlines() == [
        "net retention in EUR by age in months",
        "  began  customers     0    1",
        f"{triangle.months[1]}          1  100%  50%",
        "1 customer paid in the first month, kept apart",
    ]


def test_where_all_began_before_the_second_month_the_triangle_says_only_so() -> None:
    triangle = cohort_triangle(cube_of_histories({"ada": (5, 5, 5), "bo": (5, 5, 5)}))

    assert repr(triangle).splitlines()[1:] == ["2 customers paid in the first month, kept apart"]


def test_ages_beyond_those_printed_are_named() -> None:
    triangle = cohort_triangle(cube_of_histories({"ada": (0, *[100] * 16)}))

    assert repr(triangle).splitlines()[-1] == "ages 13 to 15 are in net_retention"
