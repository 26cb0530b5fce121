"""The customer cube: both layouts hold the same, say the same, and refuse what cannot be summed."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import cubes
from cslib.cuberows import read_rows
from cslib.cubes import CubeError, CustomerCube
from cslib.money import AmountError, ExchangeRates, InexactError, UnknownCurrencyError
from cslib.periods import Period
from cube_strategies import (
    BOOKS,
    LAYOUTS,
    MONTHS,
    Row,
    cube_of,
    cube_of_histories,
    histories_of,
    month,
    span,
)

EVERY_MONTH = range(MONTHS)


def content(cube: CustomerCube) -> dict[str, tuple[int, ...]]:
    """What each customer pays, month by month."""
    columns = zip(*(cube.amounts(i).tolist() for i in range(len(cube.months))), strict=True)
    return dict(zip(cube.customers.tolist(), columns, strict=True))


# Both layouts


@pytest.mark.parametrize("layout", LAYOUTS)
@given(book=BOOKS)
def test_a_cube_holds_what_its_rows_add_up_to(layout: Any, book: list[Row]) -> None:
    assert content(cube_of(book, layout)) == histories_of(book)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(book=BOOKS)
def test_who_pays_in_a_month_is_listed_in_order_with_an_amount_above_zero(
    layout: Any, book: list[Row]
) -> None:
    cube = cube_of(book, layout)

    for place in EVERY_MONTH:
        customers, amounts = cube.paying(place)
        assert (np.diff(customers) > 0).all()
        assert (amounts > 0).all()
        paid = {
            key: history[place] for key, history in histories_of(book).items() if history[place]
        }
        assert dict(zip(cube.customers[customers].tolist(), amounts.tolist(), strict=True)) == paid


@pytest.mark.parametrize("layout", LAYOUTS)
@given(book=BOOKS, ends=st.tuples(st.integers(0, MONTHS - 1), st.integers(0, MONTHS - 1)))
def test_the_overlap_of_two_months_is_summed_over_who_pays_in_both(
    layout: Any, book: list[Row], ends: tuple[int, int]
) -> None:
    before, after = sorted(ends)

    overlap = cube_of(book, layout).overlap(before, after)

    both = [(h[before], h[after]) for h in histories_of(book).values() if h[before] and h[after]]
    assert overlap == (
        sum(map(min, both)),
        sum(was for was, _ in both),
        sum(now for _, now in both),
        len(both),
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@given(book=BOOKS, ends=st.tuples(st.integers(0, MONTHS - 1), st.integers(0, MONTHS - 1)))
def test_two_months_asked_the_other_way_round_overlap_in_the_same_customers(
    layout: Any, book: list[Row], ends: tuple[int, int]
) -> None:
    cube = cube_of(book, layout)

    kept, before, after, customers = cube.overlap(*ends)

    assert cube.overlap(*reversed(ends)) == (kept, after, before, customers)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(book=BOOKS)
def test_customers_stand_by_the_month_in_which_they_begin_and_then_by_key(
    layout: Any, book: list[Row]
) -> None:
    cube = cube_of(book, layout)

    begins = {
        key: next(i for i, paid in enumerate(history) if paid)
        for key, history in histories_of(book).items()
    }
    assert cube.customers.tolist() == sorted(begins, key=lambda key: (begins[key], key))
    assert cube.begun.tolist() == [
        sum(begin <= place for begin in begins.values()) for place in EVERY_MONTH
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
@given(book=BOOKS)
def test_the_cohorts_of_a_month_are_its_amounts_by_the_month_in_which_customers_began(
    layout: Any, book: list[Row]
) -> None:
    cube = cube_of(book, layout)

    bounds = [0, *cube.begun.tolist()]
    for place in EVERY_MONTH:
        amounts = cube.amounts(place)
        slices = [amounts[bounds[i] : bounds[i + 1]] for i in EVERY_MONTH]
        assert cube.cohort_amounts[place].tolist() == [int(each.sum()) for each in slices]
        assert cube.cohort_customers[place].tolist() == [np.count_nonzero(e) for e in slices]


WIDE = st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**32, 3 * 2**32, 2**40 + 5])


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, MONTHS - 1), WIDE), max_size=9))
def test_amounts_on_either_side_of_32_bits_are_held_alike(book: list[Row]) -> None:
    dense, packed = (cube_of(book, layout) for layout in LAYOUTS)

    assert content(dense) == content(packed) == histories_of(book)
    for before, after in itertools.combinations(EVERY_MONTH, 2):
        assert dense.overlap(before, after) == packed.overlap(before, after)
    assert dense.cohort_amounts.tolist() == packed.cohort_amounts.tolist()
    assert dense.cohort_customers.tolist() == packed.cohort_customers.tolist()


@pytest.mark.parametrize(
    ("amounts", "bits"),
    [([2**32 - 1], 32), ([2**31, 2**31 - 1], 32), ([2**31, 2**31], 64), ([2**32], 64)],
)
def test_a_dense_cube_takes_half_the_memory_where_every_sum_fits_32_bits(
    amounts: list[int], bits: int
) -> None:
    cube = cube_of([("ada", 0, amount) for amount in amounts], "dense")

    assert cube._amounts.cells.dtype.itemsize * 8 == bits  # type: ignore[attr-defined]
    assert cube.amounts(0).tolist() == [sum(amounts)]
    assert cube.paying(0).amounts.dtype == np.int64


def test_rows_add_up_to_the_same_cells_in_32_bits_as_in_64() -> None:
    rng = np.random.default_rng(5)
    count, months = 2**15 + 7, np.datetime64("2026-01", "M") + np.arange(MONTHS)
    customer, month = rng.integers(0, 2_000, count), months[rng.integers(0, MONTHS, count)]
    rows = read_rows(customer, month, rng.integers(0, 10**6, count), None, None)
    by = cubes._Beginnings.of(rows)

    narrow, wide = (
        cubes._added_cells(rows, rows.amount, by, dtype) for dtype in (np.uint32, np.int64)
    )

    assert np.array_equal(narrow, wide)
    assert np.array_equal(cubes._Dense.of(rows, rows.amount, by).cells, wide)


AMOUNTS = st.lists(st.integers(0, 2**32 - 1), max_size=40)


@given(amounts=AMOUNTS, spare=st.sampled_from([0, 1, 2**20, 2**31]))
def test_a_sum_in_stretches_is_the_sum(amounts: list[int], spare: int) -> None:
    most = min(max(amounts, default=0) + spare, 2**32 - 1)

    assert cubes._sum(np.array(amounts, np.uint32), most) == sum(amounts)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_keys_that_no_row_has_are_no_customers(layout: Any) -> None:
    cube = CustomerCube.of_columns(
        customer=[7, 3, 12, 3],
        month=np.array(["2026-02", "2026-01", "2026-01", "2026-02"], "datetime64[M]"),
        amount=[5, 1, 2, 0],
        currency="EUR",
        layout=layout,
    )

    assert content(cube) == {3: (1, 0), 12: (2, 0), 7: (0, 5)}


def test_the_layout_is_chosen_by_fill() -> None:
    full = dict.fromkeys("abc", (100,) * MONTHS)
    empty = dict.fromkeys("abc", (*((0,) * 11), 100))

    assert cube_of_histories(full).layout == "dense"
    assert cube_of_histories(empty).layout == "packed"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_cube_of_more_customers_than_are_summed_at_once_is_summed_whole(layout: Any) -> None:
    count = 2**18 + 5
    cube = CustomerCube.of_columns(
        customer=np.tile(np.arange(count), 2),
        month=np.repeat(np.array(["2026-01", "2026-02"], "datetime64[M]"), count),
        amount=np.repeat([3, 2], count),
        currency="EUR",
        layout=layout,
    )

    assert cube.overlap(0, 1) == (2 * count, 3 * count, 2 * count, count)


# What a cube is made of


def test_an_amount_of_nothing_is_a_month_without_revenue_and_its_customer_none() -> None:
    cube = cube_of([("ada", 0, 0), ("bo", 1, 5)], months=2)

    assert content(cube) == {"bo": (0, 5)}


def test_the_months_run_without_a_gap_from_the_first_row_to_the_last() -> None:
    cube = cube_of([("ada", 0, 5), ("ada", 3, 5)], months=4)
    unasked = CustomerCube.of_columns(
        customer=["ada", "ada"], month=cube.months[[3, 0]], amount=[5, 5], currency="EUR"
    )

    assert unasked.months.tolist() == cube.months.tolist()


def test_records_and_columns_make_the_same_cube() -> None:
    records = [("ada", month(0), Decimal("1.50")), ("bo", month(1), 2), ("ada", month(1), 1)]

    of_rows = CustomerCube.of_rows(records, currency="EUR")

    assert content(of_rows) == content(
        cube_of([("ada", 0, 150), ("bo", 1, 200), ("ada", 1, 100)], months=2)
    )


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("JPY", 5000, 5000), ("EUR", Decimal("0.01"), 1), ("KWD", Decimal("0.001"), 1)],
)
def test_records_are_in_major_units_of_any_currency(currency: str, amount: Any, minor: int) -> None:
    cube = CustomerCube.of_rows([("ada", month(0), amount)], currency=currency)

    assert cube.amounts(0).tolist() == [minor]


def test_a_record_finer_than_the_minor_unit_is_refused_by_row() -> None:
    with pytest.raises(AmountError, match="finer than the minor unit") as caught:
        CustomerCube.of_rows([("a", month(0), 1), ("b", month(0), Decimal("0.5"))], currency="JPY")

    assert caught.value.__notes__ == ["in row 1"]


def test_a_record_of_a_float_is_refused() -> None:
    with pytest.raises(InexactError):
        CustomerCube.of_rows([("a", month(0), 1.5)], currency="EUR")  # type: ignore[list-item]


@pytest.mark.parametrize("currency", ["eur", "XXX", ""])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(UnknownCurrencyError):
        cube_of([], currency=currency)


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(CubeError, match="layout is 'sparse': expected 'dense', 'packed' or None"):
        cube_of([], layout="sparse")


def test_the_amounts_of_a_cube_cannot_be_written_to() -> None:
    for layout in LAYOUTS:
        cube = cube_of([("ada", 0, 5)], layout)
        with pytest.raises(ValueError, match="read-only"):
            cube.cohort_amounts[0] = 7
        with pytest.raises(ValueError, match="read-only"):
            cube.paying(0).amounts[0] = 7


def test_a_cube_shows_its_size_its_months_and_its_currency() -> None:
    assert repr(cube_of([], months=2)) == (
        "<CustomerCube of 0 customers, 2025-11 to 2025-12, EUR, dense>"
    )


# Months by name


def test_a_month_is_found_by_its_period() -> None:
    assert [cube_of([], months=8).position(month(place)) for place in (0, 7)] == [0, 7]


@pytest.mark.parametrize("period", [Period.month(2025, 10), Period.month(2026, 7)])
def test_a_month_outside_the_cube_is_refused_with_what_it_has(period: Period) -> None:
    with pytest.raises(CubeError, match="is not in the cube, which has 2025-11 to 2026-06"):
        cube_of([], months=8).position(period)


# Units


@pytest.mark.parametrize("layout", LAYOUTS)
def test_units_of_several_rows_add_up_also_of_rows_that_cost_nothing(layout: Any) -> None:
    given = [("ada", 0, 100), ("ada", 0, 0), ("bo", 1, 50), ("cy", 0, 0)]

    cube = cube_of(given, layout, months=2, units=[10, 2, 5, 9])

    assert [cube.units(0).tolist(), cube.units(1).tolist()] == [[12, 0], [0, 5]]  # type: ignore[union-attr]


@given(book=BOOKS)
def test_units_count_in_the_months_that_a_customer_pays_for_in_both_layouts(
    book: list[Row],
) -> None:
    units = [1 + place for _, place, _ in book]
    cubes = [cube_of(book, layout, units=units) for layout in LAYOUTS]
    expected = histories_of([(key, place, 1 + place) for key, place, _ in book])

    for cube in cubes:
        for place in EVERY_MONTH:
            given, paid = cube.units(place), cube.amounts(place) > 0
            assert given is not None
            assert given.tolist() == [
                expected[key][place] if pays else 0
                for key, pays in zip(cube.customers.tolist(), paid.tolist(), strict=True)
            ]


def test_a_cube_without_units_says_so() -> None:
    assert cube_of([("ada", 0, 5)]).units(0) is None


def test_who_pays_without_units_is_refused_by_name_and_month() -> None:
    with pytest.raises(CubeError, match="units are 0 for bo in 2025-12, which pays"):
        cube_of([("ada", 0, 5), ("bo", 1, 5)], months=2, units=[1, 0])


# Another currency


def test_a_cube_is_converted_balance_by_balance() -> None:
    rates = ExchangeRates(base="EUR", per_base={"USD": 2}, as_of=dt.date(2026, 6, 30))
    dollars = cube_of([("ada", 0, 5), ("bo", 1, 3), ("bo", 0, 1)], months=3, currency="USD")

    euros = dollars.converted(rates, "EUR")

    # 2.5 cents go to 2, 1.5 to 2, and half a cent to 0, which is no revenue.
    assert content(euros) == {"ada": (2, 0, 0), "bo": (0, 2, 0)}
    assert (euros.currency, euros.months.tolist()) == ("EUR", dollars.months.tolist())


@given(BOOKS)
def test_a_cube_converted_to_its_own_currency_is_the_same(book: list[Row]) -> None:
    rates = ExchangeRates(base="EUR", per_base={}, as_of=dt.date(2026, 6, 30))

    assert content(cube_of(book).converted(rates, "EUR")) == histories_of(book)


def test_a_cube_of_years_keeps_its_span_when_converted() -> None:
    rates = ExchangeRates(base="EUR", per_base={}, as_of=dt.date(2026, 6, 30))

    assert len(cube_of([], months=30).converted(rates, "EUR").months) == len(span(30).months())


# What the amounts are


def test_a_cube_says_what_its_amounts_are_also_when_converted() -> None:
    rates = ExchangeRates(base="EUR", per_base={"USD": 2}, as_of=dt.date(2026, 6, 30))
    cube = cube_of([("ada", 0, 100)], months=2, basis="collected")

    assert repr(cube) == (
        "<CustomerCube of 1 customers, 2025-11 to 2025-12, collected, EUR, dense>"
    )
    assert (cube.basis, cube.converted(rates, "USD").basis) == ("collected", "collected")


def test_a_cube_of_records_takes_its_basis_as_well() -> None:
    january = Period.month(2026, 1)

    cube = CustomerCube.of_rows([("ada", january, 5)], currency="EUR", basis="billed")

    assert cube.basis == "billed"


def test_a_basis_that_is_no_text_is_refused() -> None:
    with pytest.raises(CubeError, match="basis is None: expected text"):
        cube_of([("ada", 0, 100)], basis=None)


# What is none


@pytest.mark.parametrize("rows", [None, 5, [5], ["ada"], [("ada", month(0))]])
def test_rows_that_are_no_key_month_and_amount_are_refused(rows: Any) -> None:
    with pytest.raises(CubeError, match="expected a key, a month and an amount"):
        CustomerCube.of_rows(rows, currency="EUR")


@pytest.mark.parametrize("position", [MONTHS, -1, True, "x", None])
def test_a_month_is_asked_for_by_its_position_alone(position: Any) -> None:
    cube = CustomerCube.of_columns(
        customer=["ada"],
        month=np.array([span().start], "M8[M]"),
        amount=[1],
        units=[1],
        currency="EUR",
        span=span(),
    )

    for ask in (cube.paying, cube.amounts, cube.units, lambda at: cube.overlap(0, at)):
        with pytest.raises(CubeError, match=r"expected a position from 0 to \d+, as position"):
            ask(position)


@pytest.mark.parametrize("rates", [None, 2])
def test_a_cube_is_converted_by_exchange_rates_alone(rates: Any) -> None:
    with pytest.raises(CubeError, match="expected ExchangeRates"):
        cube_of([("ada", 0, 1)]).converted(rates, "USD")
