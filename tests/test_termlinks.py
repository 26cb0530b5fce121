"""Which accounts are plain, and what renews what in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.ledger import Contract, read_ledger
from cslib.lineage import trace_lineage
from cslib.termlinks import Book, Links, link_terms, read_book
from cslib.termtables import day_number, read_contracts
from ledger_strategies import contract, contracts, day, new, old, three_years, year_after
from term_tables import LATER, columns_of_contracts

JULY = day_number(day("2026-07-31"))


def linked(book: Sequence[Contract], as_of: int = JULY) -> tuple[Book, Links]:
    read = read_book(read_contracts(columns_of_contracts(book)), as_of, None)
    return read, link_terms(read, 30)


def odd_accounts(*book: Contract) -> set[str]:
    read, _ = linked(book)
    return {each.account for each, odd in zip(book, read.odd_rows, strict=True) if odd}


def successors(*book: Contract) -> dict[str, str]:
    _, links = linked(book)
    rows = links.successor.tolist()
    return {book[n].contract: book[row].contract for n, row in enumerate(rows) if row >= 0}


# --------------------------------------------------------------------------------------
# Plain

UNNAMED = {"renews": None}


@pytest.mark.parametrize(
    "book",
    [
        pytest.param([old(), new()], id="named"),
        pytest.param([old(), new(**UNNAMED)], id="inferred"),
        pytest.param([old(), new(signed_on="2026-08-01")], id="not signed yet"),
        pytest.param([old(), new("far", **UNNAMED)], id="another id"),
        pytest.param(three_years(), id="a sale of three years"),
        pytest.param([old(), new(sale="S"), year_after(sale="S", renews=None)], id="a sale next"),
        pytest.param([old(end_reason="rescinded"), new()], id="rescinded, and sold anew"),
        pytest.param([old(), new(end_reason="rescinded", renews="none such")], id="rescinded"),
        pytest.param([old("a"), old("b", account="B")], id="alike in two accounts"),
        pytest.param([contract("open", "2025-07-01", None)], id="an open end"),
    ],
)
def test_an_account_in_which_nothing_asks_for_judgement_is_plain(book: list[Contract]) -> None:
    assert odd_accounts(*book) == set()


def test_what_renews_says_is_given() -> None:
    assert successors(old(), new()) == {"old": "new"}


def test_where_nobody_says_the_nearest_to_the_end_is_inferred() -> None:
    far = contract("far", "2026-07-20", "2027-07-20")

    assert successors(old(), far, new(**UNNAMED)) == {"old": "new"}


def test_what_starts_farther_away_than_link_days_is_not_inferred() -> None:
    assert successors(old(), contract("far", "2026-08-01", None, signed_on="2026-07-01")) == {}


def test_the_inner_years_of_a_sale_are_marked() -> None:
    _, links = linked(three_years())

    assert links.inner.tolist() == [True, True, False]


def test_a_rescinded_contract_renews_nothing() -> None:
    assert successors(old(), new(end_reason="rescinded")) == {}


def test_a_later_year_of_a_sale_has_the_number_of_its_first() -> None:
    sale = [new(sale="S"), year_after(sale="S", renews=None)]
    again = contract("again", "2028-07-01", None, renews="y2", signed_on="2026-07-01")

    _, links = linked([again, *sale, old()])

    assert links.number.tolist() == [2, 1, 1, 0]


# --------------------------------------------------------------------------------------
# Odd

A_FORK = [old(), new("n1"), new("n2")]


@pytest.mark.parametrize(
    ("book", "odd"),
    [
        pytest.param([old(), old()], {"A"}, id="an id twice"),
        pytest.param([old(), old(account="B")], {"A", "B"}, id="an id in two accounts"),
        pytest.param(A_FORK, {"A"}, id="named by two"),
        pytest.param([old(), new(renews="gone")], {"A"}, id="names none that is known"),
        pytest.param([old(account="B"), new()], {"A", "B"}, id="names one of another account"),
        pytest.param([old(renews="new"), new()], {"A"}, id="names one that is no earlier"),
        pytest.param(
            [old("a"), old("b", account="B"), new(account="C", renews=("a", "b"))],
            {"A", "B", "C"},
            id="names several",
        ),
        pytest.param([*three_years(), new(renews="y1")], {"A"}, id="names an inner year"),
        pytest.param(
            [old(), new(sale="S", renews=None), year_after(sale="S")],
            {"A"},
            id="a later year of a sale names it",
        ),
        pytest.param(
            [old(sale="S"), old("x", sale="S", end_reason="rescinded")],
            {"A"},
            id="one of a sale is rescinded",
        ),
        pytest.param(
            [old(), new(sale="S"), new("beside", sale="S", **UNNAMED)],
            {"A"},
            id="one of two that open a sale renews it",
        ),
        pytest.param(
            [
                old(),
                contract("before", "2026-06-29", None, signed_on="2026-06-01"),
                contract("after", "2026-07-03", None, signed_on="2026-06-01"),
            ],
            {"A"},
            id="two equally near",
        ),
        pytest.param([old(), new("n1", **UNNAMED), new("n2", **UNNAMED)], {"A"}, id="a day shared"),
        pytest.param([old("a"), old("b"), new(**UNNAMED)], {"A"}, id="wanted by two"),
        pytest.param(
            [old(signed_on="2026-06-10"), new(**UNNAMED)], {"A"}, id="signed on the same day"
        ),
        pytest.param([old(), new(signed_on="2025-06-01", **UNNAMED)], {"A"}, id="signed before"),
    ],
)
def test_an_account_in_which_something_asks_for_judgement_is_odd(
    book: list[Contract], odd: set[str]
) -> None:
    assert odd_accounts(*book) == odd


@given(st.lists(contracts(), max_size=5, unique_by=lambda each: each.contract))
def test_in_plain_accounts_the_links_are_those_that_lineage_finds(book: list[Contract]) -> None:
    lineage = trace_lineage(read_ledger(book, (), as_of=LATER))

    read, links = linked(book, day_number(LATER))

    for row in np.flatnonzero(~read.odd_rows).tolist():
        link, found = lineage.links.get(book[row].contract), links.successor[row]
        expected = [] if link is None else [each.contract for each in link.successors]
        assert ([] if found < 0 else [book[found].contract]) == expected
        assert links.inner[row] == (book[row].contract in lineage.inner)
