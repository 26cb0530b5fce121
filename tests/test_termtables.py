"""Columns of contracts and payments are read as they are, or refused by name and row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.ledger import Contract, Entry
from cslib.termtables import (
    TermColumnsError,
    TermTable,
    check_alike,
    names_column,
    read_contracts,
    read_entries,
)
from ledger_strategies import contracts, due, entries, new, old, paid
from term_tables import columns_of_contracts, columns_of_entries, days


def contracts_with(**columns: Any) -> TermTable:
    """Two contracts as columns, some of them others; one that is ``...`` is left out."""
    given_ = columns_of_contracts([old(), new()]) | columns
    return read_contracts({name: column for name, column in given_.items() if column is not ...})


def payments_with(**columns: Any) -> TermTable:
    given_ = columns_of_entries([due(), paid()]) | columns
    return read_entries({k: v for k, v in given_.items() if v is not ...}, "EUR")


# --------------------------------------------------------------------------------------
# There and back


@given(st.lists(contracts(), max_size=4))
def test_rows_as_records_are_the_contracts_that_the_columns_were_made_of(
    book: list[Contract],
) -> None:
    table = read_contracts(columns_of_contracts(book))

    assert table.contracts(np.arange(len(book))) == book


@given(st.lists(entries, max_size=4))
def test_rows_as_records_are_the_entries_that_the_columns_were_made_of(book: list[Entry]) -> None:
    table = read_entries(columns_of_entries(book), "EUR")

    assert table.entries(np.arange(len(book))) == book


def test_total_value_seats_and_product_come_back_as_well() -> None:
    table = contracts_with(
        total_value=np.ma.masked_array([1, 3600_00], [True, False]),
        seats=np.array([5, 7]),
        product=np.array(["", "wiki"]),
    )

    first, second = table.contracts(np.arange(2))

    assert (first.total_value, first.seats, first.product) == (None, 5, "")
    assert (second.total_value, second.seats, second.product) == (3600, 7, "wiki")


def test_columns_that_may_be_absent_are_unknown() -> None:
    optional = ("signed_on", "recorded_at", "renews", "sale", "end_reason", "product")

    table = contracts_with(**dict.fromkeys(optional, ...))

    assert not any(table.known(name).any() for name in (*optional, "seats", "total_value"))
    assert table.contracts(np.array([0]))[0].signed_on is None


def test_a_currency_that_is_not_named_has_whole_units() -> None:
    assert contracts_with(currency="").contracts(np.array([0]))[0].annual_value == 1200_00


@pytest.mark.parametrize(
    "missing", [["old", None], ["old", ""], ["old", float("nan")], np.array(["old", ""])]
)
def test_an_id_may_be_missing_in_several_ways(missing: Any) -> None:
    assert contracts_with(sale=missing).known("sale").tolist() == [True, False]


def test_an_id_may_be_masked() -> None:
    masked = np.ma.masked_array(["S", "S"], [False, True])

    assert contracts_with(sale=masked).known("sale").tolist() == [True, False]


def test_renews_may_name_one_or_several_in_an_object_column() -> None:
    table = contracts_with(renews=np.fromiter([("x",), ["x", "y"]], object, 2))

    assert table.known("renews").tolist() == [True, False]
    assert table.contracts(np.arange(2))[1].renews == ("x", "y")


def test_a_finer_unit_serves_where_each_value_is_a_day() -> None:
    start = np.array(["2025-07-01T00:00", "2026-07-01T00:00"], "M8[ns]")

    assert contracts_with(start=start).contracts(np.array([0]))[0].start == dt.date(2025, 7, 1)


def test_big_endian_texts_and_numpy_numbers_are_read() -> None:
    texts = np.array(["old", "new"]).astype(">U3")
    numbers = np.fromiter([np.int64(5), 7], object, 2)

    assert contracts_with(contract=texts, account=numbers).contracts(np.array([0])) == [
        old(account="5")
    ]


def test_empty_columns_are_a_book_without_contracts() -> None:
    empty = {name: np.array([]) for name in ("contract", "account", "start", "end", "annual_value")}

    assert read_contracts({**empty, "currency": "EUR"}).rows == 0


# --------------------------------------------------------------------------------------
# Refused

NAT = days("2025-07-01", None)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"account": ...}, "contracts['account'] is missing"),
        ({"currency": ...}, "contracts['currency'] is missing"),
        ({"acount": ["a", "b"]}, "contracts['acount'] is not a column of it: did you mean"),
        ({"zzz": 1}, "contracts['zzz'] is not a column of it: expected one of contract, account"),
        ({"account": ["a"]}, "contracts['account'] has 1 rows: expected 2, as contract"),
        ({"contract": ["a", None]}, "contracts['contract'][1] is missing: say what it is"),
        ({"account": [None] * 2}, "['account'][0] is missing (the first of 2 such rows): say"),
        ({"start": NAT}, "contracts['start'][1] is missing: say what it is"),
        ({"start": ["2025-07-01", None]}, "contracts['start'] holds object: expected days"),
        (
            {"recorded_at": np.array(["2025-07-01T09", "NaT"], "M8[h]")},
            "['recorded_at'][0] is 2025-07-01T09: expected a day; of an instant, that in UTC",
        ),
        (
            {"end": days("2026-07-01", "9999-12-31") + np.timedelta64(1, "D")},
            "contracts['end'][1] is 10000-01-01: expected a day from 0001-01-01 to 9999-12-31",
        ),
        ({"end": days("2025-07-01", None)}, "['end'][0] is 2025-07-01: must lie after the start"),
        ({"annual_value": np.array([1, -1])}, "['annual_value'][1] is -1: expected an amount of 0"),
        (
            {"annual_value": np.array([1.5, 2])},
            "['annual_value'] holds float64: expected an amount",
        ),
        (
            {"annual_value": np.array([True, True])},
            "['annual_value'] holds bool: expected an amount",
        ),
        (
            {"annual_value": np.array([2**61, 2**61])},
            "contracts['annual_value'] adds up to 4.61e+18: expected less than 2**62; ask in parts",
        ),
        ({"annual_value": np.array([[1, 2]])}, "['annual_value'] has 2 dimensions: expected one"),
        ({"currency": ["EUR", "EUR"]}, "contracts['currency'] is list: expected one text"),
        ({"currency": "EURO"}, "contracts['currency'] is 'EURO': unknown currency 'EURO'"),
        ({"end_reason": ["gone", None]}, "['end_reason'][0] is gone: expected one of 'churned'"),
        ({"sale": np.array([1.5, 2])}, "contracts['sale'] holds float64: expected text or whole"),
        ({"sale": ["S", 1]}, "contracts['sale'] holds int, str: expected text throughout"),
        ({"sale": [True, None]}, "contracts['sale'] holds bool: expected text throughout"),
        ({"sale": ["S" * 256, None]}, "expected 255 letters at most"),
        ({"sale": [2**63, None]}, "['sale'][0] is 9223372036854775808: expected a number within"),
        ({"sale": np.array([2**63, 1], np.uint64)}, "['sale'][0] is 9223372036854775808"),
        ({"seats": np.array([1, -1])}, "['seats'][1] is -1: expected a whole number of 0 or more"),
    ],
)
def test_a_column_of_contracts_that_cannot_be_used_is_named(
    columns: dict[str, Any], said: str
) -> None:
    with pytest.raises(TermColumnsError) as caught:
        contracts_with(**columns)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"kind": ["due", "gift"]}, "payments['kind'][1] is gift: expected one of 'due', 'paid'"),
        ({"kind": ["due", None]}, "payments['kind'][1] is missing: say what it is"),
        ({"amount": ...}, "payments['amount'] is missing"),
        ({"currency": "EUR"}, "payments['currency'] is not a column of it"),
    ],
)
def test_a_column_of_payments_that_cannot_be_used_is_named(
    columns: dict[str, Any], said: str
) -> None:
    with pytest.raises(TermColumnsError) as caught:
        payments_with(**columns)

    assert said in str(caught.value)


def test_what_is_no_mapping_of_names_to_arrays_is_refused() -> None:
    records: Any = [old()]

    with pytest.raises(TermColumnsError, match="is of list: expected names mapped to arrays"):
        read_contracts(records)


def test_ids_of_another_kind_than_those_of_the_contracts_are_refused() -> None:
    moves = payments_with(contract=[7, 8])

    with pytest.raises(TermColumnsError, match="holds int64: expected ids like those"):
        check_alike(contracts_with(), moves, "contract")


def test_ids_that_are_all_missing_are_of_no_kind() -> None:
    table = contracts_with(renews=np.ma.masked_array([0, 0], True))

    check_alike(table, table, "renews")

    assert not names_column([None]).known.any()
