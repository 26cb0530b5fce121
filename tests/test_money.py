from __future__ import annotations

import datetime as dt
import decimal
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.errors import CslibError, DefinitionError
from cslib.money import (
    AllocationError,
    AmountError,
    ExchangeRates,
    InexactError,
    MissingRateError,
    MixedCurrencyError,
    UnknownCurrencyError,
    allocate,
    common_units,
    currency_exponent,
    exact,
    single_currency,
    to_major,
    to_minor,
    to_minor_columns,
)

ROUNDINGS = [
    decimal.ROUND_CEILING,
    decimal.ROUND_DOWN,
    decimal.ROUND_FLOOR,
    decimal.ROUND_HALF_DOWN,
    decimal.ROUND_HALF_EVEN,
    decimal.ROUND_HALF_UP,
    decimal.ROUND_UP,
    decimal.ROUND_05UP,
]
CODES = st.sampled_from(["JPY", "EUR", "USD", "KWD", "CLF"])
EUR_TABLE = ExchangeRates(
    base="EUR",
    per_base={"USD": Decimal("1.0837"), "JPY": Decimal("171.33"), "KWD": Fraction(1, 3)},
    as_of=dt.date(2026, 6, 30),
)


# Exact numbers


@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_of_a_float_that_is_not_finite_no_decimal_is_advised(value: float) -> None:
    with pytest.raises(InexactError, match="; what is not finite is no number to count with"):
        exact(value)


@pytest.mark.parametrize("value", [7, np.int64(7), Decimal("7.0"), Fraction(14, 2)])
def test_the_exact_kinds_of_number_are_taken_at_their_value(value: Any) -> None:
    assert exact(value) == Fraction(7)


@pytest.mark.parametrize(
    "value",
    [7.0, np.float64(7), "7", None, True, Decimal("NaN"), Decimal("Infinity"), Decimal("1e999999")],
)
def test_anything_else_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InexactError, match="seats: expected an int, Decimal or Fraction"):
        exact(value, "seats")


def test_the_refusal_of_a_float_says_why_and_that_of_text_the_way_out() -> None:
    assert str(InexactError(0.1, "x")).endswith("give Decimal('0.1')")
    assert str(InexactError("0.1", "x")).endswith("Decimal(text)")
    assert str(InexactError(None, "x")).endswith("unknown is not 0")
    assert str(InexactError(Decimal("NaN"), "x")).endswith("not finite or beyond 400 digits")
    assert str(InexactError(True, "x")).endswith("got bool True")


@given(st.lists(st.one_of(st.integers(), st.fractions(), st.decimals(-9, 9, places=3))))
def test_numbers_in_common_units_are_the_same_numbers(values: list[Any]) -> None:
    units, one = common_units(values)

    assert [Fraction(unit, one) for unit in units] == [Fraction(value) for value in values]


def test_a_float_among_exact_numbers_is_named_by_its_place() -> None:
    with pytest.raises(InexactError, match=r"weight 1: .* got float 0\.5"):
        common_units([Decimal(1), 0.5], "weight")  # type: ignore[list-item]


# Currencies


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        *[("JPY", 0), ("KRW", 0), ("ISK", 0), ("EUR", 2), ("CNY", 2), ("XCG", 2)],
        *[("KWD", 3), ("BHD", 3), ("TND", 3), ("CLF", 4), ("UYW", 4)],
    ],
)
def test_decimals_follow_iso_4217(currency: str, digits: int) -> None:
    assert currency_exponent(currency) == digits


@pytest.mark.parametrize("currency", ["XAU", "XDR", "XXX", "eur", "", "BTC"])
def test_a_code_without_a_minor_unit_is_unknown(currency: str) -> None:
    with pytest.raises(UnknownCurrencyError, match="unknown currency"):
        currency_exponent(currency)


def test_a_code_in_small_letters_is_met_with_the_right_one() -> None:
    assert "did you mean 'EUR'?" in str(UnknownCurrencyError("eur"))


@pytest.mark.parametrize("code", [None, 5, []])
def test_what_is_no_text_is_no_currency(code: Any) -> None:
    with pytest.raises(UnknownCurrencyError) as caught:
        currency_exponent(code, {"CREDIT": 0})

    assert str(caught.value).startswith("unknown currency: expected a code, such as 'EUR', but got")


def test_an_unknown_code_is_told_that_only_some_calls_take_units_of_ones_own() -> None:
    assert str(UnknownCurrencyError("XXX")).endswith(
        "another unit needs exponents=, where a call has it"
    )


def test_a_unit_of_the_callers_own_is_registered_by_argument() -> None:
    own = {"CREDIT": 0, "BTC": 8}

    assert to_minor(Decimal("0.00000001"), "BTC", exponents=own) == 1
    assert to_major(12, "CREDIT", exponents=own) == 12


def test_the_callers_reading_of_a_listed_code_goes_first() -> None:
    assert to_minor(Decimal("12.00"), "HUF", exponents={"HUF": 0}) == 12


@pytest.mark.parametrize("digits", [-1, 19, 2.0, "2", None, True])
def test_an_exponent_is_a_whole_number_in_range(digits: Any) -> None:
    with pytest.raises(DefinitionError, match=r"\$\.BTC: expected a whole number from 0 to 18"):
        currency_exponent("BTC", {"BTC": digits})


# To minor units and back


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        (Decimal("12.34"), "EUR", 1234),
        (Decimal("-12.3"), "EUR", -1230),
        (12, "EUR", 1200),
        (Fraction(1, 4), "EUR", 25),
        (Decimal("1200.00"), "JPY", 1200),
        (Decimal("0.001"), "KWD", 1),
        (Decimal("1e3"), "USD", 100_000),
        (np.int64(5), "USD", 500),
    ],
)
def test_exact_amounts_become_whole_minor_units(amount: Any, currency: str, minor: int) -> None:
    assert to_minor(amount, currency) == minor


@given(st.integers(-(10**25), 10**25), CODES)
def test_minor_units_survive_the_way_to_major_units_and_back(minor: int, currency: str) -> None:
    assert to_minor(to_major(minor, currency), currency) == minor


def test_an_amount_finer_than_the_minor_unit_is_refused_with_the_way_out() -> None:
    with pytest.raises(
        AmountError, match=r"0.005 EUR: finer than the minor unit, 0.01; pass round"
    ):
        to_minor(Decimal("0.005"), "EUR")


def test_a_float_is_refused_unless_the_caller_says_how_to_round_it() -> None:
    with pytest.raises(
        InexactError, match=r"amount in EUR without rounding=: .*, but got float 12\.5"
    ):
        to_minor(12.5, "EUR")

    assert to_minor(12.5, "EUR", rounding=decimal.ROUND_HALF_EVEN) == 1250


def test_a_float_stands_for_the_text_people_see_and_not_for_its_binary_digits() -> None:
    assert Fraction(2.675) < Fraction("2.675")
    assert to_minor(2.675, "USD", rounding=decimal.ROUND_HALF_UP) == 268
    assert to_minor(np.float64(2.675), "USD", rounding=decimal.ROUND_HALF_UP) == 268


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), -float("inf")])
def test_no_rounding_makes_money_of_what_is_not_finite(amount: float) -> None:
    with pytest.raises(AmountError, match="not finite"):
        to_minor(amount, "EUR", rounding=decimal.ROUND_HALF_EVEN)


def test_a_misspelt_rounding_is_an_error_even_where_nothing_is_rounded() -> None:
    with pytest.raises(AmountError, match="did you mean 'ROUND_HALF_EVEN'"):
        to_minor(1, "EUR", rounding="ROUND_HALFEVEN")
    with pytest.raises(AmountError, match="unknown rounding 'nearest'"):
        to_minor_columns([1], "EUR", rounding="nearest")


@given(st.decimals(-(10**6), 10**6, places=6), st.sampled_from(ROUNDINGS))
def test_rounding_is_that_of_decimal(amount: Decimal, rounding: str) -> None:
    expected = int((amount * 100).to_integral_value(rounding))

    assert to_minor(amount, "EUR", rounding=rounding) == expected


def test_the_context_of_decimal_has_no_say() -> None:
    with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP):
        assert to_minor(Decimal("123456789.01"), "EUR") == 12_345_678_901
        assert to_major(12_345_678_901, "EUR") == Decimal("123456789.01")
        assert to_minor(Decimal("0.001"), "EUR", rounding=decimal.ROUND_HALF_EVEN) == 0


@pytest.mark.parametrize("minor", [Decimal("0.5"), Fraction(1, 3)])
def test_minor_units_are_whole_numbers(minor: Any) -> None:
    with pytest.raises(AmountError, match="minor units are whole numbers"):
        to_major(minor, "EUR")


# Columns of amounts


@given(
    st.lists(
        st.one_of(
            st.integers(-(10**12), 10**12).map(lambda cents: cents / 100),
            st.integers(-(10**6), 10**6).map(lambda mills: mills / 1000),
            st.floats(-1e14, 1e14),
        )
    ),
    st.sampled_from(ROUNDINGS),
    CODES,
)
def test_a_float_column_gives_what_each_float_gives_alone(
    amounts: list[float], rounding: str, currency: str
) -> None:
    column = to_minor_columns(np.array(amounts, float), currency, rounding=rounding)

    assert column.dtype == np.int64
    assert column.tolist() == [to_minor(x, currency, rounding=rounding) for x in amounts]


def test_single_precision_is_read_at_its_own_value() -> None:
    column = np.array([1234567.8, 0.1], np.float32)

    assert to_minor_columns(column, "EUR", rounding=decimal.ROUND_HALF_EVEN).tolist() == [
        to_minor(float(x), "EUR", rounding=decimal.ROUND_HALF_EVEN) for x in column
    ]


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint32, object])
def test_columns_of_whole_major_units_need_no_rounding(dtype: Any) -> None:
    assert to_minor_columns(np.array([1, 0, 100], dtype), "EUR").tolist() == [100, 0, 10000]


def test_a_column_of_decimals_is_exact() -> None:
    assert to_minor_columns([Decimal("0.10"), Decimal("-2.5")], "EUR").tolist() == [10, -250]


@pytest.mark.parametrize("amounts", [[], np.array([], np.int64)])
def test_an_empty_column_stays_empty(amounts: Any) -> None:
    assert to_minor_columns(amounts, "EUR").tolist() == []


def test_a_float_column_without_rounding_is_refused_and_the_row_named() -> None:
    with pytest.raises(InexactError, match=r"without rounding=: .* got float") as caught:
        to_minor_columns([1.5, 2.5], "EUR")

    assert caught.value.__notes__ == ["in row 0 of the column"]


def test_a_missing_amount_in_a_column_is_an_error_that_names_its_row() -> None:
    with pytest.raises(AmountError, match="not finite") as caught:
        to_minor_columns([1.0, np.nan], "EUR", rounding=decimal.ROUND_HALF_EVEN)

    assert caught.value.__notes__ == ["in row 1 of the column"]


def test_a_masked_amount_is_not_read_as_what_lies_under_the_mask() -> None:
    with pytest.raises(InexactError, match="amount in EUR"):
        to_minor_columns(np.ma.array([1, 2], mask=[False, True]), "EUR")


@pytest.mark.parametrize(
    "amounts",
    [
        np.array([2**62]),
        np.array([-(2**62)]),
        np.array([2**63], np.uint64),
        [Decimal(2**62)],
        [1e18],
    ],
)
def test_a_column_beyond_int64_overflows_loudly(amounts: Any) -> None:
    with pytest.raises(AmountError, match="beyond int64"):
        to_minor_columns(amounts, "EUR", rounding=decimal.ROUND_HALF_EVEN)


# One currency


def test_amounts_of_one_currency_say_which_it_is() -> None:
    assert single_currency(["EUR", "EUR"]) == "EUR"
    assert single_currency([]) is None


def test_mixed_currencies_are_an_error_that_names_them_all() -> None:
    with pytest.raises(MixedCurrencyError, match="amounts in CNY, EUR and USD cannot be added"):
        single_currency(["USD", "EUR", "CNY", "EUR"])


# Allocation

WEIGHTS = st.lists(
    st.one_of(st.integers(0, 10**9), st.decimals(0, 9, places=4), st.fractions(0, 9)),
    min_size=1,
    max_size=12,
).filter(any)


def test_hamiltons_own_method_apportions_the_house_of_1792() -> None:
    """120 seats by the census of 1790, the bill that Washington vetoed for this very method.

    Populations and seats as told by Balinski and Young, Fair Representation (1982).
    """
    census = {
        "Connecticut": (236_841, 8),
        "Delaware": (55_540, 2),
        "Georgia": (70_835, 2),
        "Kentucky": (68_705, 2),
        "Maryland": (278_514, 9),
        "Massachusetts": (475_327, 16),
        "New Hampshire": (141_822, 5),
        "New Jersey": (179_570, 6),
        "New York": (331_589, 11),
        "North Carolina": (353_523, 12),
        "Pennsylvania": (432_879, 14),
        "Rhode Island": (68_446, 2),
        "South Carolina": (206_236, 7),
        "Vermont": (85_533, 3),
        "Virginia": (630_560, 21),
    }

    assert allocate(120, [people for people, _ in census.values()]) == tuple(
        seats for _, seats in census.values()
    )


@given(st.integers(-(10**20), 10**20), WEIGHTS)
def test_shares_add_up_to_the_total(total: int, weights: list[Any]) -> None:
    assert sum(allocate(total, weights)) == total


@given(st.integers(-(10**20), 10**20), WEIGHTS)
def test_each_share_is_less_than_one_unit_from_its_quota(total: int, weights: list[Any]) -> None:
    whole = sum(map(Fraction, weights))

    for share, weight in zip(allocate(total, weights), weights, strict=True):
        assert abs(share - total * Fraction(weight) / whole) < 1


@given(st.integers(0, 10**20), WEIGHTS)
def test_a_negative_total_is_the_mirror_image(total: int, weights: list[Any]) -> None:
    assert allocate(-total, weights) == tuple(-share for share in allocate(total, weights))


@given(st.integers(-(10**6), 10**6), WEIGHTS)
def test_a_weight_of_zero_gets_nothing(total: int, weights: list[Any]) -> None:
    assert allocate(total, [*weights, 0])[-1] == 0


@given(st.integers(0, 10**6), WEIGHTS, st.integers(1, 9))
def test_only_the_proportions_of_the_weights_matter(
    total: int, weights: list[Any], factor: int
) -> None:
    scaled = [Fraction(weight) * factor for weight in weights]

    assert allocate(total, scaled) == allocate(total, weights)


def test_of_equal_remainders_the_earlier_weight_takes_the_unit() -> None:
    assert allocate(5, [1, 1, 1]) == (2, 2, 1)
    assert allocate(-5, [1, 1, 1]) == (-2, -2, -1)


def test_nothing_is_shared_out_as_nothing() -> None:
    assert allocate(0, [3, 1]) == (0, 0)


def test_a_numpy_array_of_weights_is_exact_too() -> None:
    assert allocate(10, np.array([2**62, 2**62])) == (5, 5)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ([], "there are no weights"),
        ([0, Decimal(0)], "every weight is 0"),
        ([1, Fraction(-1, 2)], "weight 1 is negative, -1/2"),
    ],
)
def test_weights_that_share_nothing_out_are_refused(weights: list[Any], reason: str) -> None:
    with pytest.raises(AllocationError, match=f"cannot allocate 100: {reason}"):
        allocate(100, weights)


def test_only_whole_numbers_are_shared_out() -> None:
    with pytest.raises(AllocationError, match="whole number of minor units"):
        allocate(Decimal("0.5"), [1])  # type: ignore[arg-type]
    with pytest.raises(InexactError, match="total to allocate"):
        allocate(1.0, [1])  # type: ignore[arg-type]
    with pytest.raises(InexactError, match="weight 0"):
        allocate(1, [0.5])  # type: ignore[list-item]


# Exchange rates


def test_rates_are_units_bought_by_one_unit_of_the_base() -> None:
    assert EUR_TABLE.rate("EUR", "USD") == Fraction("1.0837")
    assert EUR_TABLE.rate("USD", "EUR") == 1 / Fraction("1.0837")


def test_one_currency_to_another_goes_through_the_base_and_is_rounded_once() -> None:
    # 1 USD = 171.33 / 1.0837 = 158.0972... JPY
    assert EUR_TABLE.rate("USD", "JPY") == Fraction("171.33") / Fraction("1.0837")
    assert EUR_TABLE.convert(100, "USD", "JPY") == 158


@pytest.mark.parametrize("amount", [Decimal("8000.00"), Decimal(8000), Fraction(8000)])
def test_major_units_are_not_taken_for_minor_units(amount: Any) -> None:
    with pytest.raises(AmountError, match=r"an int of minor units; give to_minor\(amount, 'USD'\)"):
        EUR_TABLE.convert(amount, "USD", "EUR")


def test_minor_units_of_different_size_are_converted_as_money() -> None:
    assert EUR_TABLE.convert(100, "EUR", "JPY") == 171
    assert EUR_TABLE.convert(171, "JPY", "EUR") == 100
    assert EUR_TABLE.convert(300, "EUR", "KWD") == 1000


def test_a_converted_amount_is_rounded_as_the_table_declares() -> None:
    even = ExchangeRates(base="EUR", per_base={"USD": Decimal("0.5")}, as_of=dt.date(2026, 6, 30))
    up = attrs.evolve(even, rounding=decimal.ROUND_HALF_UP)

    assert [even.convert(n, "EUR", "USD") for n in (1, 3, -1, -3)] == [0, 2, 0, -2]
    assert [up.convert(n, "EUR", "USD") for n in (1, 3, -1, -3)] == [1, 2, -1, -2]


@given(st.integers(-(10**20), 10**20), st.sampled_from(["EUR", "USD", "JPY", "KWD"]))
def test_a_currency_converted_to_itself_is_unchanged(minor: int, currency: str) -> None:
    assert EUR_TABLE.convert(minor, currency, currency) == minor


@given(
    st.lists(st.integers(-(10**15), 10**15)),
    st.sampled_from(["EUR", "USD", "JPY", "KWD"]),
    st.sampled_from(["EUR", "USD", "JPY", "KWD"]),
    st.sampled_from(ROUNDINGS),
)
def test_a_converted_column_gives_what_each_row_gives_alone(
    minor: list[int], source: str, target: str, rounding: str
) -> None:
    table = ExchangeRates(
        base="EUR", per_base=dict(EUR_TABLE.per_base), as_of=EUR_TABLE.as_of, rounding=rounding
    )
    column = table.convert_columns(np.array(minor, np.int64), source, target)

    assert column.dtype == np.int64
    assert column.tolist() == [table.convert(n, source, target) for n in minor]


@given(st.lists(st.integers(-400, 400), min_size=1), st.sampled_from(ROUNDINGS))
def test_every_kind_of_half_is_rounded_alike_in_record_and_column(
    minor: list[int], rounding: str
) -> None:
    table = ExchangeRates(
        base="EUR", per_base={"USD": Decimal("0.25")}, as_of=dt.date(2026, 6, 30), rounding=rounding
    )

    assert table.convert_columns(minor, "EUR", "USD").tolist() == [
        int((Decimal(n) / 4).to_integral_value(rounding)) for n in minor
    ]


def test_an_empty_column_of_minor_units_stays_empty() -> None:
    assert EUR_TABLE.convert_columns([], "EUR", "USD").tolist() == []


def test_a_converted_column_beyond_int64_overflows_loudly() -> None:
    with pytest.raises(AmountError, match="beyond int64"):
        EUR_TABLE.convert_columns([0, 2**62], "EUR", "KWD")


@pytest.mark.parametrize(
    "column", [[1.0], ["1"], np.ma.array([1, 2], mask=[False, True]), np.array([True])]
)
def test_only_integer_columns_are_converted(column: Any) -> None:
    with pytest.raises(InexactError, match="column of minor units of EUR"):
        EUR_TABLE.convert_columns(column, "EUR", "USD")


def test_a_currency_outside_the_table_is_an_error_that_lists_the_table() -> None:
    with pytest.raises(
        MissingRateError, match="no exchange rate for 'CHF'; the table has EUR, JPY"
    ):
        EUR_TABLE.convert(100, "CHF", "EUR")


def test_units_of_the_callers_own_can_be_in_the_table() -> None:
    table = ExchangeRates(
        base="EUR",
        per_base={"CREDIT": 20},
        as_of=dt.date(2026, 6, 30),
        exponents={"CREDIT": 0},
    )

    assert table.convert(250, "EUR", "CREDIT") == 50


def test_tables_of_the_same_content_are_equal_and_hash_alike() -> None:
    as_pairs = ExchangeRates(
        base="EUR", per_base=tuple(reversed(EUR_TABLE.per_base)), as_of=EUR_TABLE.as_of
    )

    assert as_pairs == EUR_TABLE
    assert hash(as_pairs) == hash(EUR_TABLE)


def test_all_faults_of_a_table_are_reported_at_once_each_with_its_path() -> None:
    with pytest.raises(DefinitionError) as caught:
        ExchangeRates(
            base="eur",
            per_base={"eur": 2, "USD": 1.08, "JPY": 0, "XYZ": 1},
            as_of=dt.datetime(2026, 6, 30),
            rounding="ROUND_EVEN",
        )

    assert [fault.path for fault in caught.value.faults] == [
        "$.base",
        "$.per_base.XYZ",
        "$.per_base.eur",
        "$.per_base.JPY",
        "$.per_base.USD",
        "$.per_base.eur",
        "$.rounding",
        "$.as_of",
    ]


# Errors


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (InexactError(1.5, "amount in EUR"), TypeError),
        (AmountError(Decimal("0.5"), "JPY", "finer"), ValueError),
        (UnknownCurrencyError("eur"), LookupError),
        (MixedCurrencyError(("EUR", "USD")), ValueError),
        (MissingRateError("CHF", ("EUR", "USD")), LookupError),
        (AllocationError(100, "every weight is 0"), ValueError),
    ],
)
def test_errors_carry_their_builtin_and_survive_pickle(
    error: CslibError, builtin: type[Exception]
) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301

    assert isinstance(error, builtin)
    assert type(copy) is type(error)
    assert (repr(copy), str(copy)) == (repr(error), str(error))
