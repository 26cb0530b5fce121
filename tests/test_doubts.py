"""Doubts: whose a row that was left out may be."""

from __future__ import annotations

import datetime as dt

import pytest

from cslib.doubts import ragged_row, said, unread_accounts, unread_cash
from cslib.layouts import Source
from cslib.renewal import Contract
from cslib.sheets import Row, Sheet


def sheet(name: str, *rows: dict[str, str]) -> Sheet:
    """A table that has these rows, and a constant for its currency."""
    columns = {column: Source(column=column) for row in rows for column in row}
    return Sheet(
        name=name,
        file=f"{name}.csv",
        header=1,
        columns={**columns, "currency": Source(constant="EUR"), "number": Source(row=True)},
        rows=[Row(line, texts) for line, texts in enumerate(rows, 2)],
        ragged=[],
        width=len(columns),
    )


SHEETS = {
    "accounts": sheet("accounts", {"account": "A1"}, {"account": "A2"}),
    "events": sheet("events", {"account": "A3", "event": "signed"}),
    "contracts": sheet(
        "contracts",
        {"contract": "C1", "account": "A1"},
        {"contract": "C2", "account": "A2", "renews": "C1"},
        {"contract": "C3"},
        {"account": "A4"},
    ),
}
EVERYONE = {"A1", "A2", "A3", "A4"}


# --- What a row says


def test_a_constant_and_the_number_of_a_row_say_nothing_of_it() -> None:
    row = Row(7, {"contract": "C1", "currency": "EUR", "number": "6"})

    assert said(SHEETS["contracts"], row) == Row(7, {"contract": "C1"})


def test_a_row_that_does_not_fit_the_header_says_all_that_stands_in_it() -> None:
    row = ragged_row(7, ["C1", "", "A1"])

    assert list(row.texts.values()) == ["C1", "A1"]
    assert said(SHEETS["contracts"], row) == row


# --- Contracts


@pytest.mark.parametrize(
    ("texts", "accounts"),
    [
        ({"account": "A1"}, {"A1"}),
        ({"contract": "C1"}, {"A1"}),
        ({"contract": "C9", "renews": "C2"}, {"A2"}),
        ({"account": "A3", "renews": "C1"}, {"A1", "A3"}),
        ({"contract": "C9", "sale": "A1"}, EVERYONE),  # a sale is no account
        ({"account": "A9"}, EVERYONE),
        ({"start": "2026-06-01"}, EVERYONE),
        ({}, set()),
    ],
)
def test_a_contract_left_out_is_of_the_accounts_it_names_or_may_be_of_anyone(
    texts: dict[str, str], accounts: set[str]
) -> None:
    assert unread_accounts(SHEETS, [Row(7, texts)]) == accounts


def test_a_contract_that_does_not_fit_the_header_is_of_any_account_that_stands_in_it() -> None:
    rows = [ragged_row(7, ["C9", "A3", "1", "500.00"]), ragged_row(8, ["C9", "C2"])]

    assert unread_accounts(SHEETS, rows) == {"A2", "A3"}


def test_an_id_that_two_rows_give_to_different_accounts_names_both() -> None:
    rows = ({"contract": "C1", "account": "A1"}, {"contract": "C1", "account": "A2"})

    found = unread_accounts({"contracts": sheet("contracts", *rows)}, [Row(7, {"renews": "C1"})])

    assert found == {"A1", "A2"}


def test_without_contracts_no_account_is_in_doubt() -> None:
    assert unread_accounts({"accounts": SHEETS["accounts"]}, []) == frozenset()


# --- Payments

CONTRACTS = [
    Contract(
        contract=name,
        account="A1",
        start=dt.date(2025, 7, 1),
        end=None,
        annual_value=1,
        currency="EUR",
    )
    for name in ("C1", "C2")
]


@pytest.mark.parametrize(
    ("texts", "contracts"),
    [
        ({"contract": "C1"}, {"C1"}),
        ({"contract": "C9"}, set()),  # of a contract that is not in the book
        ({"entry": "C1"}, {"C1", "C2"}),  # an entry is no contract
        ({}, set()),
    ],
)
def test_a_payment_left_out_is_of_the_contract_it_names_or_may_be_of_any(
    texts: dict[str, str], contracts: set[str]
) -> None:
    assert unread_cash(CONTRACTS, [Row(7, texts)]) == contracts


@pytest.mark.parametrize(
    ("cells", "contracts"), [(["P1", "C2", "1", "500"], {"C2"}), (["P1"], {"C1", "C2"})]
)
def test_a_payment_that_does_not_fit_the_header_is_of_any_contract_that_stands_in_it(
    cells: list[str], contracts: set[str]
) -> None:
    assert unread_cash(CONTRACTS, [ragged_row(7, cells)]) == contracts
