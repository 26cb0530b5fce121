"""The waterfall: stories, identities to the minor unit, the plain way beside the fast, rates."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.cubes import CubeError, CustomerCube
from cslib.money import ExchangeRates, MissingRateError
from cslib.movements import Movement, movements
from cslib.periods import Period
from cslib.waterfalls import Logos, Waterfall, waterfall, waterfall_across
from cube_strategies import (
    BOOKS,
    LAYOUTS,
    MONTHS,
    Row,
    cube_of,
    cube_of_histories,
    histories_of,
    month,
    rows,
    span,
)

WITHIN = st.one_of(st.none(), st.integers(1, 4))
GAINS = ("new", "reactivation", "expansion")
LOSSES = ("contraction", "churn")
LINES = ("opening", *GAINS, *LOSSES, "fx", "closing")


def lines(report: Waterfall | Logos) -> dict[str, list[int]]:
    """The columns of a report, by name."""
    names = [name for name in LINES if hasattr(report, name)]
    return {name: getattr(report, name).tolist() for name in names}


def only(report: Waterfall) -> dict[str, int]:
    """The lines of a report of one month that are not 0."""
    return {name: values[0] for name, values in lines(report).items() if values[0]}


def plain_waterfall(book: list[Row], within: int | None = None) -> dict[str, list[int]]:
    """The slow and obvious way: every customer's history, step by step."""
    sums: Counter[tuple[str, int]] = Counter()
    for history in histories_of(book).values():
        kinds = movements(history, reactivation_within=within)
        for step, kind in enumerate(kinds):
            sums["opening", step] += history[step]
            sums["closing", step] += history[step + 1]
            if kind is not None:
                sums[kind, step] += abs(history[step + 1] - history[step])
    return {name: [sums[name, step] for step in range(MONTHS - 1)] for name in LINES}


def plain_logos(book: list[Row], within: int | None = None) -> dict[str, list[int]]:
    present = [(key, place, 1) for key, place, amount in book if amount]
    once = [*{(key, place): (key, place, 1) for key, place, _ in present}.values()]
    return {name: counts for name, counts in plain_waterfall(once, within).items() if name != "fx"}


# Stories


STORIES: dict[str, tuple[dict[str, tuple[int, int]], dict[str, int]]] = {
    "who pays the same moves nothing": ({"ada": (100, 100)}, {"opening": 100, "closing": 100}),
    "a month without an invoice is a churn": ({"ada": (100, 0)}, {"opening": 100, "churn": 100}),
    "a first invoice is new": ({"ada": (0, 70)}, {"new": 70, "closing": 70}),
    "one grows while another shrinks and nothing is netted": (
        {"ada": (100, 130), "bo": (100, 60)},
        {"opening": 200, "expansion": 30, "contraction": 40, "closing": 190},
    ),
}


@pytest.mark.parametrize(("histories", "expected"), STORIES.values(), ids=STORIES)
def test_a_month_reads_as_its_story(
    histories: dict[str, tuple[int, int]], expected: dict[str, int]
) -> None:
    assert only(waterfall(cube_of_histories(histories))) == expected


def test_seats_added_as_a_second_subscription_expand_as_seats_on_the_first_do() -> None:
    one = cube_of([("ada", 0, 100), ("ada", 1, 130)], months=2)
    two = cube_of([("ada", 0, 100), ("ada", 1, 100), ("ada", 1, 30)], months=2)

    assert waterfall(one) == waterfall(two)


def test_who_comes_back_with_more_is_a_reactivation_of_all_it_pays_and_no_expansion() -> None:
    report = waterfall(cube_of_histories({"ada": (100, 0, 150)}))

    assert report.reactivation.tolist() == [0, 150]
    assert report.expansion.tolist() == [0, 0]
    assert report.logos.reactivation.tolist() == [0, 1]


def test_a_swap_of_product_lines_moves_their_keys_and_not_the_customer() -> None:
    by_line = [(("ada", "crm"), 0, 100), (("ada", "erp"), 1, 100)]

    lines_of_product = waterfall(cube_of(by_line, months=2))  # type: ignore[arg-type]
    customers = waterfall(cube_of([(key[0], m, paid) for key, m, paid in by_line], months=2))

    assert only(lines_of_product) == {"opening": 100, "new": 100, "churn": 100, "closing": 100}
    assert only(customers) == {"opening": 100, "closing": 100}


def test_a_month_in_which_everybody_has_gone_is_seen_with_a_span() -> None:
    report = waterfall(cube_of([("ada", 0, 100)], months=3))

    assert report.churn.tolist() == [100, 0]
    assert report.closing.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("currency", "paid", "minor"),
    [("JPY", 5000, 5000), ("EUR", Decimal("49.90"), 4990), ("KWD", Decimal("12.345"), 12345)],
)
def test_a_currency_of_no_two_or_three_decimals_is_counted_in_its_own_minor_unit(
    currency: str, paid: Any, minor: int
) -> None:
    cube = CustomerCube.of_rows([("ada", month(0), paid)], currency=currency, span=span(2))

    assert only(waterfall(cube)) == {"opening": minor, "churn": minor}
    assert str(paid) in repr(waterfall(cube)).replace(",", "")


def test_contracts_from_the_last_days_of_months_of_any_length_stand_in_their_months() -> None:
    ends = [dt.date(2027, 12, 31), dt.date(2028, 1, 31), dt.date(2028, 2, 29), dt.date(2028, 3, 31)]
    invoiced = [("ada", Period.month(day.year, day.month), 100) for day in ends]

    report = waterfall(CustomerCube.of_rows(invoiced, currency="EUR"))

    assert report.closing.tolist() == [10000] * 3
    assert report.losses.tolist() == [0] * 3


def test_a_published_book_has_its_published_rates() -> None:
    # PostHog's handbook, growth/revops, "Retention metrics": 25 %, 10 % and 12.5 % of 400 at risk.
    paid = ((100, 150), (100, 60), (100, 0), (100, 100), (0, 70))

    report = waterfall(cube_of_histories({str(i): each for i, each in enumerate(paid)}))

    at_risk = Fraction(report.opening[0].item())
    lines = (report.churn, report.contraction, report.expansion)
    assert [line[0].item() / at_risk for line in lines] == [
        Fraction(1, 4),
        Fraction(1, 10),
        Fraction(1, 8),
    ]


# Identities


@pytest.mark.parametrize("layout", LAYOUTS)
@given(book=BOOKS, within=WITHIN)
def test_a_waterfall_is_the_sum_of_every_customers_own_movements(
    layout: Any, book: list[Row], within: int | None
) -> None:
    report = waterfall(cube_of(book, layout), reactivation_within=within)

    assert lines(report) == plain_waterfall(book, within)
    assert lines(report.logos) == {
        name: counts
        for name, counts in plain_logos(book, within).items()
        if name not in ("expansion", "contraction")
    }


@given(book=BOOKS, within=WITHIN)
def test_opening_and_all_lines_make_the_closing_to_the_cent(
    book: list[Row], within: int | None
) -> None:
    report = waterfall(cube_of(book), reactivation_within=within)
    logos = report.logos

    assert np.array_equal(report.opening + report.gains - report.losses, report.closing)
    assert np.array_equal(
        logos.opening + logos.new + logos.reactivation - logos.churn, logos.closing
    )


@given(book=BOOKS)
def test_the_opening_of_a_month_is_the_closing_of_the_one_before(book: list[Row]) -> None:
    report = waterfall(cube_of(book))

    assert np.array_equal(report.opening[1:], report.closing[:-1])
    assert np.array_equal(report.logos.opening[1:], report.logos.closing[:-1])


@given(book=BOOKS, within=WITHIN)
def test_a_limit_on_reactivation_moves_amounts_between_it_and_new_alone(
    book: list[Row], within: int | None
) -> None:
    plain, limited = (waterfall(cube_of(book), reactivation_within=each) for each in (None, within))

    assert np.array_equal(plain.new + plain.reactivation, limited.new + limited.reactivation)
    assert np.array_equal(plain.losses, limited.losses)


@given(data=st.data(), book=BOOKS)
def test_the_order_of_rows_changes_nothing(data: st.DataObject, book: list[Row]) -> None:
    shuffled = data.draw(st.permutations(book))

    assert waterfall(cube_of(shuffled)) == waterfall(cube_of(book))


@given(rows("abc"), rows("xyz"))
def test_the_waterfall_of_two_books_together_is_the_sum_of_their_waterfalls(
    one: list[Row], other: list[Row]
) -> None:
    together = waterfall(cube_of([*one, *other]))

    parts = [lines(waterfall(cube_of(each))) for each in (one, other)]
    assert lines(together) == {
        name: [a + b for a, b in zip(parts[0][name], parts[1][name], strict=True)] for name in LINES
    }


def test_a_cube_of_one_month_has_an_empty_waterfall() -> None:
    report = waterfall(cube_of([("ada", 0, 100)], months=1))

    assert lines(report) == {name: [] for name in LINES}


def test_a_cube_without_rows_has_a_waterfall_of_zeros() -> None:
    assert lines(waterfall(cube_of([]))) == {name: [0] * (MONTHS - 1) for name in LINES}


# The report


def test_the_quick_ratio_is_gains_over_losses() -> None:
    report = waterfall(cube_of_histories({"a": (100, 60), "b": (0, 200)}))

    ratio = report.quick_ratio(month(1))

    assert ratio.value == Fraction(200, 40)
    assert ratio.interval() is None


def test_the_quick_ratio_is_undefined_where_nothing_was_lost() -> None:
    report = waterfall(cube_of_histories({"a": (100, 160)}))

    assert report.quick_ratio(month(1)).value is None


@pytest.mark.parametrize("period", [month(0), month(7)])
def test_a_month_that_the_waterfall_does_not_have_is_refused(period: Period) -> None:
    report = waterfall(cube_of_histories({"a": (100, 160, 160)}))

    with pytest.raises(CubeError, match="is not in the waterfall"):
        report.quick_ratio(period)


@pytest.mark.parametrize(
    "period",
    [
        Period(month(1).start, month(2).end),
        Period(month(1).start + dt.timedelta(9), month(1).start + dt.timedelta(11)),
    ],
)
def test_a_quick_ratio_is_that_of_a_whole_calendar_month(period: Period) -> None:
    report = waterfall(cube_of_histories({"a": (100, 160, 160)}))

    with pytest.raises(CubeError, match="expected one calendar month"):
        report.quick_ratio(period)


def test_equal_waterfalls_have_one_hash() -> None:
    one, other = (waterfall(cube_of_histories({"a": (100, 160, 160)})) for _ in range(2))

    assert one == other
    assert len({one, other}) == 1


def test_a_long_waterfall_shows_its_last_two_years_and_says_how_many_it_leaves_out() -> None:
    shown = repr(waterfall(cube_of([("ada", 0, 123456)], months=40)))

    assert "(15 earlier ones)" in shown
    assert len(shown.splitlines()) == 1 + 1 + 1 + 24


def test_the_columns_of_a_waterfall_cannot_be_written_to() -> None:
    report = waterfall(cube_of_histories({"a": (100, 160)}))

    with pytest.raises(ValueError, match="read-only"):
        report.opening[0] = 5


def test_waterfalls_compare_by_content() -> None:
    one, same, other = (
        waterfall(cube_of_histories({"a": (100, paid)})) for paid in (160, 160, 170)
    )

    assert one == same != other


# Several currencies


def table(**per_base: Any) -> ExchangeRates:
    return ExchangeRates(base="EUR", per_base=per_base, as_of=dt.date(2026, 6, 30))


def rates_by_month(*usd: str) -> dict[Period, ExchangeRates]:
    return {month(place): table(USD=Decimal(rate)) for place, rate in enumerate(usd)}


def test_a_stronger_dollar_alone_is_an_effect_of_exchange_rates_and_no_expansion() -> None:
    cube = cube_of_histories({"ada": (100, 100)}, currency="USD")

    report = waterfall_across([cube], rates_by_month("1.25", "1.00"), "EUR")

    assert only(report) == {"opening": 80, "fx": 20, "closing": 100}


def test_a_movement_is_valued_at_the_rate_of_its_own_month() -> None:
    cube = cube_of_histories({"ada": (100, 150)}, currency="USD")

    report = waterfall_across([cube], rates_by_month("1.25", "1.00"), "EUR")

    assert only(report) == {"opening": 80, "expansion": 50, "fx": 20, "closing": 150}


def test_a_movement_keeps_its_kind_though_its_amount_rounds_to_nothing() -> None:
    cube = cube_of_histories({"ada": (0, 40)}, currency="JPY")

    report = waterfall_across([cube], table(JPY=16000), "EUR")

    assert only(report) == {}
    assert report.logos.new.tolist() == [1]


def test_every_balance_is_rounded_half_to_even_by_itself() -> None:
    cube = cube_of_histories({"ada": (1, 3), "bo": (1, 1)}, currency="USD")

    report = waterfall_across([cube], table(USD=2), "EUR")

    # Half a cent goes to 0, one and a half to 2: 0 + 0 before, 2 + 0 after.
    assert only(report) == {"expansion": 2, "closing": 2}


RATES = st.lists(
    st.decimals("0.01", "200", places=2).map(str), min_size=MONTHS, max_size=MONTHS
).map(lambda each: rates_by_month(*each))


@settings(max_examples=30)
@given(rows("abc"), rows("xyz"), RATES, st.sampled_from(["EUR", "USD"]), WITHIN)
def test_opening_and_all_lines_and_fx_make_the_closing_to_the_cent_in_any_currency(
    euros: list[Row],
    dollars: list[Row],
    rates: Mapping[Period, ExchangeRates],
    currency: str,
    within: int | None,
) -> None:
    cubes = [cube_of(euros), cube_of(dollars, currency="USD")]

    report = waterfall_across(cubes, rates, currency, reactivation_within=within)

    assert np.array_equal(report.opening + report.gains - report.losses + report.fx, report.closing)
    assert np.array_equal(report.opening[1:], report.closing[:-1])
    assert all((np.array(lines(report)[name]) >= 0).all() for name in (*GAINS, *LOSSES))


@settings(max_examples=30)
@given(rows("abc"), rows("xyz"), WITHIN)
def test_at_one_constant_rate_there_is_no_fx_and_counts_are_those_of_the_parts(
    euros: list[Row], dollars: list[Row], within: int | None
) -> None:
    cubes = [cube_of(euros), cube_of(dollars, currency="USD")]

    report = waterfall_across(cubes, table(USD=Decimal("1.1")), "EUR", reactivation_within=within)

    assert not report.fx.any()
    together = waterfall(cube_of([*euros, *dollars]), reactivation_within=within)
    assert report.logos == together.logos


@settings(max_examples=30)
@given(BOOKS, WITHIN)
def test_in_its_own_currency_a_cube_has_the_waterfall_that_it_has(
    book: list[Row], within: int | None
) -> None:
    across = waterfall_across([cube_of(book)], table(), "EUR", reactivation_within=within)

    assert across == waterfall(cube_of(book), reactivation_within=within)


def test_a_waterfall_with_fx_shows_it() -> None:
    cube = cube_of_histories({"ada": (100, 100)}, currency="USD")

    assert "fx" in repr(waterfall_across([cube], rates_by_month("1.25", "1.00"), "EUR"))


def test_cubes_of_different_months_are_refused_with_the_way_out() -> None:
    with pytest.raises(CubeError, match=r"cubes\[1\] has other months than the first"):
        waterfall_across([cube_of([]), cube_of([], months=3)], table(), "EUR")


def test_no_cubes_at_all_are_refused() -> None:
    with pytest.raises(CubeError, match="cubes are none"):
        waterfall_across([], table(), "EUR")


def test_a_month_without_a_table_is_named() -> None:
    with pytest.raises(CubeError, match="rates have no table for 2025-12"):
        waterfall_across([cube_of([], months=2)], rates_by_month("1.1"), "EUR")


def test_a_currency_that_a_table_lacks_is_named() -> None:
    with pytest.raises(MissingRateError, match="USD"):
        waterfall_across([cube_of([("a", 0, 1)], currency="USD")], table(), "EUR")


def test_amounts_that_add_up_to_more_than_int64_once_converted_are_refused() -> None:
    cube = cube_of([("a", 0, 2**61), ("b", 0, 2**61)], months=2, currency="USD")

    with pytest.raises(CubeError, match="rates make of the amounts more than int64 holds"):
        waterfall_across([cube], table(USD=Decimal("0.5")), "EUR")


def test_cubes_that_add_up_to_more_than_int64_are_refused() -> None:
    cube = cube_of([("a", 0, 2**62)], months=2)

    with pytest.raises(CubeError, match="cubes add up to more than int64 holds"):
        waterfall_across([cube, cube], table(), "EUR")


def test_the_lines_of_the_report_are_those_of_the_movements() -> None:
    names = {field.name for field in attrs.fields(Waterfall)}

    assert {str(kind) for kind in Movement} <= names


# What the amounts are


def test_a_waterfall_says_what_its_amounts_are() -> None:
    report = waterfall(cube_of_histories({"ada": (100, 120)}, basis="contracted"))

    assert report.basis == "contracted"
    assert repr(report).splitlines()[0].startswith("waterfall, contracted in EUR; ")


def test_a_waterfall_says_where_its_history_begins() -> None:
    cube = cube_of_histories({"ada": (100, 120)})

    assert repr(waterfall(cube)).splitlines()[0] == (
        f"waterfall in EUR; history begins {cube.months[0]}, "
        "and who paid only before it counts as new"
    )
    assert repr(waterfall(cube_of_histories({"ada": (100,)}))).splitlines()[0] == "waterfall in EUR"


@pytest.mark.parametrize("other", ["collected", ""])
def test_billed_revenue_is_never_added_up_with_any_other(other: str) -> None:
    cubes = [cube_of_histories({"ada": (100, 120)}, basis=basis) for basis in ("billed", other)]
    rates = ExchangeRates(base="EUR", per_base={}, as_of=dt.date(2026, 6, 30))

    with pytest.raises(
        CubeError, match=r"cubes\[1\] has another basis, .*, than the first, billed"
    ):
        waterfall_across(cubes, rates, "EUR")


def test_a_waterfall_across_currencies_keeps_the_basis_of_its_cubes() -> None:
    cubes = [
        cube_of_histories({"ada": (100, 120)}, basis="billed", currency=currency)
        for currency in ("EUR", "USD")
    ]
    rates = ExchangeRates(base="EUR", per_base={"USD": 2}, as_of=dt.date(2026, 6, 30))

    assert waterfall_across(cubes, rates, "EUR").basis == "billed"


@pytest.mark.parametrize("cubes", [None, cube_of([("ada", 0, 1)])])
def test_what_is_no_collection_of_cubes_is_refused(cubes: Any) -> None:
    with pytest.raises(CubeError, match=r"expected cubes, one alone as \[cube\]"):
        waterfall_across(cubes, {}, "EUR")


@pytest.mark.parametrize("rates", [None, 2, {month(each): None for each in range(MONTHS)}])
def test_cubes_go_together_by_exchange_rates_alone(rates: Any) -> None:
    with pytest.raises(CubeError, match="expected ExchangeRates"):
        waterfall_across([cube_of([("ada", 0, 1)])], rates, "EUR")


def test_what_stands_for_a_cube_among_cubes_is_refused() -> None:
    with pytest.raises(CubeError, match="expected a CustomerCube"):
        waterfall_across([None], {}, "EUR")  # type: ignore[list-item]
