"""The rows of a customer cube: what is read, and every refusal by row, value and way out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.cuberows import CubeError, CubeRows, month_of, parts, read_rows, whole_column
from cslib.periods import Period

JANUARY = np.datetime64("2026-01", "M")


def read(customer: Any = None, month: Any = None, amount: Any = None, **more: Any) -> CubeRows:
    """Rows of which all columns but those given are in order."""
    columns = [each for each in (amount, customer, month, more.get("units")) if each is not None]
    length = len(columns[0])
    return read_rows(
        ["ada"] * length if customer is None else customer,
        np.full(length, JANUARY) if month is None else month,
        [100] * length if amount is None else amount,
        more.get("units"),
        more.get("span"),
    )


def refusal(**columns: Any) -> str:
    with pytest.raises(CubeError) as caught:
        read(**columns)
    return str(caught.value)


# Keys


def test_keys_are_numbered_in_their_order() -> None:
    rows = read(customer=["bo", "ada", "bo"])

    assert rows.keys.tolist() == ["ada", "bo"]
    assert rows.customer.tolist() == [1, 0, 1]


@given(st.lists(st.integers(-50, 50) | st.integers(-(2**62), 2**62), min_size=1, max_size=30))
def test_whole_numbers_near_or_far_apart_are_numbered_as_any_keys_are(keys: list[int]) -> None:
    rows = read(customer=np.array(keys))

    assert rows.keys[rows.customer].tolist() == keys
    assert rows.keys.tolist() == sorted(set(rows.keys.tolist()))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_whole_numbers_of_any_width_are_keys(dtype: Any) -> None:
    bounds = np.iinfo(dtype)
    keys = np.array([bounds.max, bounds.min, bounds.max], dtype)

    rows = read(customer=keys)

    assert rows.keys[rows.customer].tolist() == keys.tolist()


def test_large_keys_close_together_keep_their_value() -> None:
    keys = np.array([2**64 - 1, 2**64 - 3], np.uint64)

    rows = read(customer=keys)

    assert rows.keys[rows.customer].tolist() == [2**64 - 1, 2**64 - 3]


@pytest.mark.parametrize(
    "keys",
    [
        np.array(["bo", "ada"]),
        np.array(["bo", "ada"], object),
        [("bo", "crm"), ("ada", 1)],
        [np.int64(7), 3],
    ],
)
def test_texts_tuples_and_objects_are_keys(keys: Any) -> None:
    rows = read(customer=keys)

    assert rows.keys.tolist() == sorted(set(map(tuple, keys) if type(keys[0]) is tuple else keys))
    assert rows.customer.tolist() == [1, 0]


@pytest.mark.parametrize("key", [None, float("nan"), 1.5, True, "", ("ada", None), ("ada", "")])
def test_a_key_that_is_missing_or_no_name_is_refused_by_row(key: Any) -> None:
    like = ("bo", "crm") if isinstance(key, tuple) else "bo"

    assert refusal(customer=[like, key]).startswith("customer[1] is ")


def test_keys_in_a_column_of_floats_are_refused() -> None:
    assert refusal(customer=np.array([1.0, 2.0])) == (
        "customer[0] is the float 1.0: expected a whole number, a text that is not empty, "
        "or a tuple of these"
    )


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        ("ab", "the str 'ab'"),
        (b"ab", "a value of the type bytes"),
        ({"a", "b"}, "a value of the type set"),
        (frozenset({"a", "b"}), "a value of the type frozenset"),
        (5, "the int 5"),
    ],
)
def test_what_is_no_column_of_keys_in_order_is_refused(column: Any, shown: str) -> None:
    assert refusal(amount=[1, 2], customer=column) == (
        f"customer is {shown}: expected a key for each row, in their order"
    )


def test_keys_of_two_kinds_are_refused() -> None:
    assert "holds keys of several kinds" in refusal(customer=[1, "ada"])


def test_tuples_that_cannot_be_sorted_are_refused() -> None:
    assert "cannot be sorted" in refusal(customer=[(1, 2), ("ada", 2)])


# Months


def test_the_months_run_from_the_first_to_the_last() -> None:
    rows = read(month=np.array(["2026-03", "2025-12"], "datetime64[M]"))

    assert rows.months.astype(str).tolist() == ["2025-12", "2026-01", "2026-02", "2026-03"]
    assert rows.month.tolist() == [3, 0]


def test_a_span_says_which_months_there_are() -> None:
    rows = read(month=np.array(["2026-03"], "datetime64[M]"), span=Period.year(2026))

    assert (len(rows.months), rows.month.tolist()) == (12, [2])


def test_a_row_outside_the_span_is_refused() -> None:
    months = np.array(["2026-03", "2027-01"], "datetime64[M]")

    assert refusal(month=months, span=Period.year(2026)) == (
        "month[1] is 2027-01: expected one within 2026"
    )


def test_a_span_that_cuts_a_month_is_refused() -> None:
    given = Period.parse("2026-01-01/2026-02-15")

    assert "expected whole calendar months" in refusal(amount=[1], span=given)


@pytest.mark.parametrize(
    "column",
    [np.array(["2026-01-01"], "datetime64[D]"), np.array(["2026-01"]), np.array([202601])],
)
def test_a_column_that_does_not_say_months_is_refused_with_the_way_out(column: Any) -> None:
    assert 'astype("datetime64[M]")' in refusal(month=column)


def test_a_missing_month_is_refused_by_row() -> None:
    months = np.array(["2026-01", "NaT"], "datetime64[M]")

    assert refusal(month=months) == "month[1] is missing: take the row out first"


def test_a_month_far_away_is_taken_for_a_slip_of_the_pen() -> None:
    months = np.array(["2026-01", "9999-11"], "datetime64[M]")

    assert refusal(month=months) == (
        "months run from 2026-01 to 9999-11: expected at most a century"
    )


@pytest.mark.parametrize("month", ["0000-12", "9999-12", "10000-01"])
def test_a_month_that_no_period_can_be_is_refused_by_row(month: str) -> None:
    row = np.datetime64("9999-11", "M"), np.datetime64(month, "M")

    assert refusal(month=np.array(row)) == (
        f"month[1] is {row[1]}: expected one from 0001-01 to 9999-11, "
        "the last that a Period can hold"
    )


@pytest.mark.parametrize("month", ["0001-01", "9999-11"])
def test_the_first_month_and_the_last_that_a_period_can_be_are_read(month: str) -> None:
    assert read(month=np.array([month], "datetime64[M]")).months.astype(str).tolist() == [month]


def test_months_of_either_byte_order_are_read() -> None:
    months = np.array(["2026-03", "2026-02"], ">M8[M]")

    rows = read(month=months)

    assert (rows.months.astype(str).tolist(), rows.month.tolist()) == (
        ["2026-02", "2026-03"],
        [1, 0],
    )


def test_an_empty_list_is_a_column_of_months() -> None:
    rows = read(customer=[], month=[], amount=[], span=Period.quarter(2026, 1))

    assert (len(rows.months), rows.month.tolist()) == (3, [])


def test_rows_that_are_none_need_a_span() -> None:
    assert "a cube without rows needs one" in refusal(month=np.array([], "datetime64[M]"))


def test_a_period_is_a_month_only_if_it_is_one_calendar_month() -> None:
    assert month_of(Period.month(2026, 1)) == JANUARY
    parts_of_months = ("2026-01-02/2026-02-02", "2026-02-10/2026-02-12", "9999-12-01/9999-12-31")
    for period in (Period.quarter(2026, 1), *map(Period.parse, parts_of_months)):
        with pytest.raises(CubeError, match="expected one calendar month"):
            month_of(period, 3)


def test_what_is_no_period_is_no_month() -> None:
    with pytest.raises(CubeError, match=r"month\[3\] is the str '2026-01': expected a Period"):
        month_of("2026-01", 3)  # type: ignore[arg-type]


# Amounts and units


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_whole_numbers_of_any_width_are_amounts(dtype: Any) -> None:
    assert read(amount=np.array([1, 0], dtype)).amount.tolist() == [1, 0]


def test_a_negative_amount_is_refused_by_row_with_the_way_out() -> None:
    assert refusal(amount=[1, -500]) == (
        "amount[1] is -500: expected 0 or more; take a credit off the row that it lowers"
    )


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [
        ([100, 99.5], 1, "the float 99.5"),
        ([2**70, 99.5], 1, "the float 99.5"),
        (np.array([100, 99.5]), 0, "the float 100.0"),
        ([100.0, float("nan")], 1, "the float nan"),
        ([100, None], 1, "None"),
        ([True, False], 0, "True"),
        (["1", "2"], 0, "the str '1'"),
    ],
)
def test_an_amount_that_is_no_whole_number_is_refused_by_row(
    column: Any, row: int, value: str
) -> None:
    message = refusal(amount=column)

    assert message.startswith(f"amount[{row}] is {value}: expected whole minor units")
    assert "to_minor_columns" in message


@pytest.mark.parametrize("beyond", [2**70, 2**63, -(2**63) - 1])
def test_an_amount_beyond_int64_is_refused_by_its_row(beyond: int) -> None:
    assert refusal(amount=[5, beyond]) == (
        f"amount[1] is the int {beyond}, beyond int64: expected 0 to 9223372036854775807"
    )


def test_whole_numbers_held_as_objects_are_refused_with_the_way_out() -> None:
    column = np.array([1, 2], object)

    assert refusal(amount=column) == "amount holds objects: give the whole numbers as int64"


def test_a_masked_amount_is_refused_by_row() -> None:
    column = np.ma.masked_array([1, 2], mask=[False, True])

    assert refusal(amount=column) == (
        "amount[1] is masked: unknown is not 0, take the row out first"
    )


def test_a_masked_array_without_a_masked_row_is_a_column_like_any_other() -> None:
    assert read(amount=np.ma.masked_array([1, 2])).amount.tolist() == [1, 2]


def test_amounts_that_add_up_to_more_than_int64_are_refused_and_to_as_much_are_not() -> None:
    most = 2**63 - 1

    assert read(amount=[most - 1, 1]).amount.tolist() == [most - 1, 1]
    assert "adds up to more than int64 holds" in refusal(amount=[most, 1])
    assert "adds up to more than int64 holds" in refusal(amount=np.array([2**63], np.uint64))


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=6))
def test_a_sum_is_refused_exactly_where_it_passes_int64(amounts: list[int]) -> None:
    if sum(amounts) < 2**63:
        assert read(amount=np.array(amounts)).amount.tolist() == amounts
    else:
        assert "adds up" in refusal(amount=np.array(amounts))


def test_units_are_read_as_amounts_are() -> None:
    assert refusal(units=[1, -1]).startswith("units[1] is -1")
    assert refusal(units=[1.5]).startswith("units[0] is the float 1.5: expected whole units")


def test_columns_of_different_length_are_refused() -> None:
    assert refusal(customer=["a"], month=np.full(1, JANUARY), amount=[1, 2], units=[1]) == (
        "columns differ in length: customer has 1, month has 1, amount has 2, units has 1"
    )


def test_a_column_of_two_dimensions_is_refused() -> None:
    assert refusal(amount=[[1], [2]]) == "amount has shape (2, 1): expected one dimension"


def test_the_parts_of_a_column_cover_it_once() -> None:
    length = 2**19 + 3

    assert sum(part.stop - part.start for part in parts(length)) == length
    assert [*parts(0)] == []


def test_a_flag_among_amounts_is_no_amount() -> None:
    with pytest.raises(CubeError, match=r"amount\[1\] is True: expected whole minor units"):
        whole_column("amount", [5, True], "minor units")


def test_a_ragged_column_and_a_span_that_is_none_are_refused() -> None:
    ragged: Any = [[1], [2, 3]]
    months = np.array([JANUARY, JANUARY])

    with pytest.raises(CubeError, match="amount is ragged: expected one value for each row"):
        read_rows(["ada", "bo"], months, ragged, None, None)
    with pytest.raises(CubeError, match="span is the int 5: expected a Period of whole months"):
        read_rows(["ada", "bo"], months, [1, 2], None, 5)  # type: ignore[arg-type]
