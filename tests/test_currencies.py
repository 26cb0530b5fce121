"""Books of several currencies: split into one for each, or converted into one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.currencies import by_currency, converted_records
from cslib.ledger import Contract, Entry, LedgerError, read_ledger
from cslib.money import ExchangeRates, MissingRateError, MixedCurrencyError
from ledger_strategies import (
    contract,
    credit,
    day,
    due,
    entry,
    june,
    new,
    old,
    paid,
    refund,
)

LATE = day("2027-12-31")
RATES = ExchangeRates(base="EUR", per_base={"USD": Decimal("1.0837"), "JPY": 171}, as_of=LATE)


def dollars(name: str, **more: Any) -> Contract:
    return old(name, account="B", currency="USD", **more)


def to_euros(
    contracts: list[Contract], payments: list[Entry] | None, rates: ExchangeRates = RATES
) -> tuple[tuple[Contract, ...], tuple[Entry, ...] | None]:
    return converted_records(contracts, payments, rates, "EUR")


# --------------------------------------------------------------------------------------
# Split


def test_each_currency_has_its_contracts_and_their_payments() -> None:
    euros, other = [old(), new()], [dollars("d")]
    mine, theirs = [due(), paid()], [paid(to="d")]

    assert by_currency([*euros, *other], [*mine, *theirs]) == {
        "EUR": (tuple(euros), tuple(mine)),
        "USD": (tuple(other), tuple(theirs)),
    }


def test_a_book_without_payments_stays_without() -> None:
    assert by_currency([old()], None) == {"EUR": ((old(),), None)}


def test_a_payment_of_no_known_contract_goes_with_the_first_currency() -> None:
    books = by_currency([dollars("d"), old()], [paid(to="x")])

    assert books["EUR"][1] == (paid(to="x"),)
    assert books["USD"][1] == ()


def test_a_payment_of_a_contract_in_two_currencies_goes_with_both() -> None:
    books = by_currency([dollars("d"), old("d")], [paid(to="d")])

    assert [payments for _, payments in books.values()] == [(paid(to="d"),)] * 2


def test_nothing_is_one_empty_book() -> None:
    assert by_currency([], [paid()]) == {"": ((), (paid(),))}


def test_the_rate_of_each_currency_can_be_asked_where_that_of_all_is_refused() -> None:
    book, moves = [old(), new(), dollars("d")], [due(), paid()]

    with pytest.raises(MixedCurrencyError, match="by_currency and converted_records"):
        june(book, moves)
    found = {code: june(*records) for code, records in by_currency(book, moves).items()}
    assert {code: f"{report.count:.0%}" for code, report in found.items()} == {
        "EUR": "100%",
        "USD": "0%",
    }


# --------------------------------------------------------------------------------------
# Converted


def test_values_are_converted_and_rounded_once() -> None:
    (found,), payments = to_euros([dollars("d", annual_value=1000, total_value=3000)], None)

    # 1000 / 1.0837 = 922.7646..., 3000 / 1.0837 = 2768.2938...
    assert (found.annual_value, found.total_value) == (Decimal("922.76"), Decimal("2768.29"))
    assert (found.currency, payments) == ("EUR", None)


def test_what_is_in_the_currency_stays_as_it_is() -> None:
    moves = [due(amount=Decimal("0.005")), paid()]

    assert to_euros([old(), new()], moves) == ((old(), new()), tuple(moves))


def test_an_entry_is_what_it_adds_to_the_converted_sum() -> None:
    moves = [due(amount=100, to="d"), *(paid(f"2026-06-{n}", 50, to="d") for n in (11, 12))]
    rates = ExchangeRates(base="EUR", per_base={"USD": Decimal("1.12")}, as_of=LATE)

    book, found = to_euros([dollars("d")], moves, rates)

    # 100 / 1.12 = 89.2857..., 50 / 1.12 = 44.6428...: each by itself would be a cent short
    assert [str(each.amount) for each in found or ()] == ["89.29", "44.64", "44.65"]
    assert read_ledger(book, found, as_of=LATE).cash("d").since == day("2026-06-12")


def test_an_entry_given_twice_still_counts_once() -> None:
    book, moves = to_euros([dollars("d")], [due(to="d"), paid(to="d"), paid(to="d")])

    ledger = read_ledger(book, moves, as_of=LATE)
    assert (ledger.duplicates, ledger.faults) == (1, ())


def test_a_table_without_the_currency_is_refused() -> None:
    with pytest.raises(MissingRateError, match="'CHF'"):
        to_euros([old(currency="CHF")], None)


@pytest.mark.parametrize(
    ("book", "moves", "message"),
    [
        ([old(currency="")], None, r"\['old'\].currency: is not stated; fill it in"),
        ([dollars("d"), old("d")], None, r"\['d'\].currency: stands in EUR, USD; keep the right"),
        ([old()], [paid(to="x", entry="P")], r"\['P'\].contract: no contract 'x' is known, so no"),
        ([7], None, "expected Contract, but got int"),
        ([old()], [7], "expected Entry, but got int"),
        (7, None, "expected records, but got int"),
    ],
)
def test_what_has_no_one_currency_is_refused(book: Any, moves: Any, message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        to_euros(book, moves)


def test_a_mixed_book_has_one_rate_once_it_is_converted() -> None:
    book = [old(), dollars("d"), new("n", account="B", currency="USD", renews="d")]
    moves = [due(to="n"), paid(to="n", amount=600), paid("2026-06-21", 600, to="n")]

    report = june(*to_euros(book, moves))

    assert f"{report.count:.0%}" == "50%"
    assert report.value.numerator == Decimal("1107.32")  # 1200 / 1.0837


CENTS = st.integers(100, 10_000).map(lambda cents: Decimal(cents) / 100)
MOVES = st.tuples(st.sampled_from(["paid", "paid", "refund"]), st.integers(1, 30), CENTS)


@given(
    st.lists(CENTS, min_size=1, max_size=3),
    st.lists(MOVES, max_size=6),
    st.decimals("0.001", "20", places=4),  # a dollar is no less than five cents
)
def test_what_was_paid_in_full_is_paid_in_full_after(
    owed: list[Decimal], moves: list[tuple[str, int, Decimal]], rate: Decimal
) -> None:
    entries = [
        *(due(amount=amount, to="d", entry=f"due {n}") for n, amount in enumerate(owed)),
        *(
            entry(kind, f"2026-06-{on:02}", amount, "d", entry=f"{n}")
            for n, (kind, on, amount) in enumerate(moves)
        ),
    ]
    rates = ExchangeRates(base="EUR", per_base={"USD": rate}, as_of=LATE)

    was = read_ledger([dollars("d")], entries, as_of=LATE).cash("d")
    now = read_ledger(*to_euros([dollars("d")], entries, rates), as_of=LATE).cash("d")

    if was.since:
        assert now.since is not None
        assert now.since <= was.since


def test_refunds_and_credit_notes_are_part_of_the_balance() -> None:
    moves = [
        entry("due", "2026-06-01", 100, "d"),
        credit("2026-06-02", 10, to="d"),
        paid("2026-06-03", 90, to="d"),
        refund("2026-06-04", 45, to="d"),
        paid("2026-06-05", 45, to="d"),
    ]

    book, found = to_euros([dollars("d")], moves)
    amounts = [str(each.amount) for each in found or ()]
    assert amounts == ["92.28", "9.23", "83.05", "41.53", "41.53"]
    assert read_ledger(book, found, as_of=LATE).cash("d").since == day("2026-06-05")


def test_the_order_of_the_records_does_not_matter() -> None:
    moves = [due(to="d"), *(paid(f"2026-06-{n}", n, to="d") for n in (11, 12, 13))]

    _, found = to_euros([dollars("d")], moves)
    _, other = to_euros([dollars("d")], moves[::-1])
    assert set(found or ()) == set(other or ())


def test_an_open_end_stays_open() -> None:
    (found,), _ = to_euros([contract("on", "2026-01-01", None, currency="JPY")], None)

    assert (found.end, found.annual_value) == (None, Decimal("7.02"))  # 1200 / 171
