"""The audit of a ledger: a story for each kind of finding, and what is none."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.audit import Finding, FindingKind, audit_ledger
from cslib.ledger import Contract, Entry, LedgerError
from ledger_strategies import (
    Book,
    any_books,
    contract,
    credit,
    day,
    due,
    entry,
    new,
    old,
    paid,
    refund,
    three_years,
)

LATE = day("2027-12-31")


def audit(
    contracts: Iterable[Contract], payments: Iterable[Entry] | None = None, **more: Any
) -> list[str]:
    """The findings as text."""
    return [str(each) for each in audit_ledger(contracts, payments, **{"as_of": LATE, **more})]


def test_in_a_tidy_book_nothing_is_found() -> None:
    book = [
        *three_years(),
        contract("C-1", "2025-07-01", "2026-07-01", account="B", total_value=1200),
        new("C-2", account="B", renews="C-1", signed_on="2026-06-10"),
        contract("add-on", "2026-01-01", "2026-07-01", account="B", product="archive"),
        contract("gone", "2025-07-01", "2026-07-01", account="C", end_reason="rescinded"),
    ]
    moves = [due("2025-07-01", to="C-1"), paid("2025-07-09", to="C-1")]

    assert audit(book, moves) == []


def test_nothing_is_found_in_nothing() -> None:
    assert audit([], None) == audit([], []) == []


# Faults


def test_two_versions_of_a_contract_are_a_fault() -> None:
    assert audit([old(), old(annual_value=1300)]) == [
        "fault: $.contracts['old']: stands 2 times with different annual_value; keep the right one"
    ]


def test_a_payment_of_no_known_contract_is_a_fault() -> None:
    assert audit([old()], [paid(to="C-9", entry="P-1")]) == [
        "fault: $.payments['P-1'].contract: no contract 'C-9' is known"
    ]


def test_a_renews_that_names_nothing_is_a_fault() -> None:
    assert audit([new(renews="C-9")]) == [
        "fault: $.contracts['new'].renews: no contract 'C-9' is known"
    ]


# Currencies


def in_dollars(name: str, **more: Any) -> Contract:
    return old(name, account="B", currency="USD", **more)


def test_several_currencies_are_a_finding_and_each_is_looked_at_by_itself() -> None:
    late = contract("usd 2", "2026-07-04", None, account="B", currency="USD", renews="usd")

    mixed, gap = audit([old(), in_dollars("usd"), late], [])

    assert mixed.startswith("mixed currency: $.contracts: in several currencies: EUR, USD; convert")
    assert gap == "gap: $.contracts['usd 2']: starts 3 days after usd ended on 2026-06-30"


def test_a_fault_among_the_contracts_of_one_of_two_currencies_is_found() -> None:
    book = [old(), in_dollars("usd"), in_dollars("usd", annual_value=5)]
    moves = [paid(to="usd"), paid(to="old"), paid(to="C-9", entry="P-9")]

    assert [each.split(":")[0] for each in audit(book, moves)] == [
        "fault",
        "fault",
        "mixed currency",
        "overpaid",
    ]


def test_a_contract_that_stands_in_two_currencies_is_a_fault() -> None:
    fault, _ = audit([old(), old(currency="USD")], [])

    assert fault == (
        "fault: $.contracts['old']: stands in several currencies: EUR, USD; keep the right one"
    )


def test_a_currency_that_is_signed_later_is_not_looked_at() -> None:
    later = in_dollars("usd", signed_on="2026-07-01")

    assert audit([old(), later], [], as_of=day("2026-06-30")) == []


def test_a_currency_that_is_not_named_is_one_of_several() -> None:
    assert "EUR, none" in audit([old(), contract("x", "2026-01-01", None, currency="")])[0]


# Overlaps


def test_a_contract_that_starts_while_another_of_its_line_runs_is_an_overlap() -> None:
    book = [old(end_reason="churned"), contract("more", "2026-01-01", "2027-01-01")]

    (found,) = audit(book)

    assert found == (
        "overlap: $.contracts['more']: runs with old from 2026-01-01 to 2026-06-30, "
        "and renews nothing"
    )


def test_an_overlap_says_what_the_contract_renews_instead() -> None:
    book = [
        old(end_reason="churned"),
        contract("b", "2025-01-01", "2026-01-01", product="b"),
        contract("b 2", "2026-01-01", None, renews="b"),
    ]

    assert audit(book) == [
        "overlap: $.contracts['b 2']: runs with old from 2026-01-01 to 2026-06-30, and renews b"
    ]


def test_a_contract_without_an_end_that_another_says_it_renews_is_found() -> None:
    endless = contract("old", "2025-07-01", None)

    assert audit([endless, new()])[0] == (
        "no end: $.contracts['old']: has no end and never falls due, and new says that it renews "
        "it; fill in the end"
    )


def test_an_open_end_that_nobody_says_is_renewed_is_no_finding() -> None:
    assert audit([contract("on", "2025-07-01", None)]) == []


def test_two_open_ends_run_side_by_side_without_an_end() -> None:
    book = [contract("a", "2025-01-01", None), contract("b", "2026-01-01", None)]

    assert audit(book) == [
        "overlap: $.contracts['b']: runs with a from 2026-01-01, and renews nothing"
    ]


def test_an_overlap_with_many_names_three_of_them() -> None:
    book = [contract(name, "2025-01-01", None) for name in "abcde"]

    assert audit(book)[-1] == (
        "overlap: $.contracts['e']: runs with a, b, c and more from 2025-01-01, and renews nothing"
    )


@pytest.mark.parametrize(
    "second",
    [
        contract("b", "2026-01-01", None, renews="a"),
        contract("b", "2026-01-01", None, product="archive"),
        contract("b", "2026-01-01", None, account="B"),
        contract("b", "2026-01-01", None, end_reason="rescinded"),
        contract("b", "2026-07-01", None),
    ],
    ids=["renews it", "of another line", "of another account", "rescinded", "after it"],
)
def test_a_contract_with_a_reason_to_run_is_no_overlap(second: Contract) -> None:
    first = contract("a", "2025-07-01", "2026-07-01", end_reason="churned")

    assert audit([first, second]) == []


def test_modules_of_one_sale_run_side_by_side() -> None:
    book = [contract(name, "2025-07-01", "2026-07-01", sale="S") for name in ("crm", "desk")]

    assert audit(book) == []


def test_a_module_that_outlasts_the_others_of_its_sale_still_runs() -> None:
    modules = [
        contract(name, "2025-01-01", end, sale="S", end_reason="churned")
        for name, end in (("crm", "2025-07-01"), ("desk", "2026-07-01"))
    ]

    found = audit([*modules, contract("C-1", "2026-01-01", None)])

    assert [each.split(" from")[0] for each in found] == [
        "overlap: $.contracts['C-1']: runs with desk"
    ]


def test_what_an_early_renewal_cut_off_runs_beside_nothing_any_more() -> None:
    book = [
        old(),
        contract("new", "2026-02-01", "2027-02-01", renews="old"),
        contract("newer", "2026-04-01", "2027-04-01", renews="new"),
    ]

    assert audit(book) == []


def test_a_year_of_a_sale_renewed_before_it_began_runs_beside_nothing() -> None:
    years = [
        contract(f"Y{y}", f"{y}-01-01", f"{y + 1}-01-01", sale="S", signed_on="2025-01-01")
        for y in (2025, 2026, 2027)
    ]
    book = [*years, contract("N", "2026-08-01", "2029-08-01", renews="Y2026")]

    assert audit(book) == []


def test_an_account_with_thousands_of_contracts_at_once_is_looked_at_in_one_pass() -> None:
    book = [contract(f"{n:04}", "2025-01-01", None) for n in range(3_000)]
    modules = [contract(f"m{n:04}", "2025-01-01", None, sale="S") for n in range(3_000)]

    found = audit_ledger([*book, *modules], None, as_of=LATE)

    assert len(found) == 5_999
    assert {each.kind for each in found} == {FindingKind.OVERLAP}


def overlaps_slowly(book: Sequence[Contract]) -> set[str]:
    """Contracts beside which another runs at their start, of books in which nothing is renewed."""
    return {
        later.contract
        for one, later in itertools.permutations(book, 2)
        if (one.start, one.contract) < (later.start, later.contract)
        and later.start < (one.end or LATE)
        and (one.account, one.product) == (later.account, later.product)
        and not (one.sale and one.sale == later.sale)
        and "rescinded" not in (one.end_reason, later.end_reason)
    }


@given(any_books)
def test_the_overlaps_are_those_found_by_comparing_every_two(book: Book) -> None:
    rows = {
        each.contract: attrs.evolve(each, renews=(), end_reason=each.end_reason or "churned")
        for each in book[0]
    }

    found = audit_ledger(rows.values(), None, as_of=LATE)

    names = {each.place for each in found if each.kind is FindingKind.OVERLAP}
    assert names == {f"$.contracts[{name!r}]" for name in overlaps_slowly(list(rows.values()))}


# Gaps and inferences


def test_days_without_cover_between_a_contract_and_its_renewal_are_a_gap() -> None:
    late = contract("new", "2026-07-11", "2027-07-11", renews="old")

    assert audit([old(), late]) == [
        "gap: $.contracts['new']: starts 10 days after old ended on 2026-06-30"
    ]


def test_of_a_split_the_first_part_alone_can_leave_a_gap() -> None:
    parts = [new("p1"), contract("p2", "2026-08-01", "2027-08-01", renews="old", product="b")]

    assert audit([old(), *parts]) == []


def test_a_renewal_that_only_the_dates_suggest_is_inferred() -> None:
    assert audit([old(), new(renews=())]) == [
        "inferred: $.contracts['new']: is taken to renew old, by its dates; fill in renews"
    ]


# Amounts


def test_instalments_that_are_not_the_total_value_are_found() -> None:
    book = [old(total_value=Decimal("2400.50"))]

    assert audit(book, [due(to="old")]) == [
        "unequal total: $.contracts['old']: 1,200 falls due in all, and the total value is 2,400.50"
    ]


def test_a_credit_note_is_taken_off_what_falls_due() -> None:
    book, moves = [old(total_value=1000)], [due(to="old"), credit(amount=200, to="old")]

    assert audit(book, moves) == []


def test_a_total_value_without_instalments_is_not_compared() -> None:
    assert audit([old(total_value=1000)], []) == []


def test_a_rescinded_contract_need_not_add_up_to_its_total() -> None:
    book = [old(total_value=1200, end_reason="rescinded")]
    moves = [due(to="old"), paid(to="old"), refund("2026-07-01", to="old"), credit(to="old")]

    assert audit(book, moves) == []


def test_more_paid_than_fell_due_is_overpaid() -> None:
    moves = [due(to="old"), paid(to="old", amount=Decimal("1200.50"))]

    assert audit([old()], moves) == [
        "overpaid: $.contracts['old']: 1,200.5 was paid, and 1,200 fell due"
    ]


def test_what_was_paid_and_then_credited_is_overpaid_and_says_so() -> None:
    moves = [due(to="old"), paid(to="old"), credit(amount=200, to="old")]

    assert audit([old()], moves) == [
        "overpaid: $.contracts['old']: 1,200 was paid, and 1,200 fell due, 200 of it credited"
    ]


def test_more_credited_than_fell_due_is_overcredited_and_not_overpaid() -> None:
    moves = [due(to="old", amount=100), credit(amount=300, to="old")]

    assert audit([old()], moves) == [
        "overcredited: $.contracts['old']: 300 was credited, and 100 fell due"
    ]


@pytest.mark.parametrize("book", [(None, None), (5, []), ([], 5), ([old()], 5)])
def test_what_is_no_book_is_refused(book: Any) -> None:
    with pytest.raises(LedgerError, match="expected records, but got"):
        audit(*book)


def test_what_was_refunded_was_not_paid() -> None:
    moves = [due(to="old"), paid(to="old", amount=1300), refund("2026-07-01", 100, to="old")]

    assert audit([old()], moves) == []


def test_entries_in_conflict_are_a_fault_and_are_not_added_up() -> None:
    moves = [due(to="old"), *(paid(to="old", amount=n, entry="P") for n in (5000, 6000))]

    assert [each.split(":")[0] for each in audit([old()], moves)] == ["fault"]


def test_a_payment_made_later_is_not_looked_at() -> None:
    moves = [due(to="old"), paid(to="old"), paid("2026-08-01", to="old")]

    assert audit([old()], moves, as_of=day("2026-07-31")) == []
    assert len(audit([old()], moves, as_of=day("2026-08-01"))) == 1


def test_a_payment_recorded_later_is_not_looked_at() -> None:
    moves = [due(to="old"), paid(to="old"), entry("paid", "2026-06-25", 9, "old", recorded_at=LATE)]

    assert audit([old()], moves, known_at=day("2026-08-01")) == []
    assert len(audit([old()], moves)) == 1


# What holds for all


@pytest.mark.parametrize("book", [["C-1"], [old(), "C-1"], [old(), in_dollars("usd"), "C-1"]])
def test_what_is_no_contract_is_refused_by_its_place(book: list[Any]) -> None:
    with pytest.raises(LedgerError, match=rf"\[{len(book) - 1}\]: expected Contract, but got str"):
        audit(book)


def test_what_is_no_entry_is_refused_also_among_several_currencies() -> None:
    with pytest.raises(LedgerError, match=r"\[0\]: expected Entry, but got str"):
        audit([old(), in_dollars("usd")], ["P-1"])  # type: ignore[list-item]


def test_findings_stand_by_kind_and_place() -> None:
    found = audit_ledger(
        [old("b"), new(renews="b"), old("a", account="Z"), new("c", renews="?")],
        [paid(to="b")],
        as_of=LATE,
    )

    order = list(FindingKind)
    assert list(found) == sorted(found, key=lambda f: (order.index(f.kind), f.place, f.problem))
    assert len({each.kind for each in found}) > 1


CURRENCIES = st.lists(st.sampled_from(["EUR", "USD"]), min_size=6, max_size=6)


@given(any_books, CURRENCIES, st.randoms())
def test_the_order_of_the_records_does_not_matter(
    book: Book, currencies: list[str], chance: random.Random
) -> None:
    contracts = [
        attrs.evolve(each, currency=currency)
        for each, currency in itertools.zip_longest(book[0][:6], currencies[: len(book[0])])
    ]
    moves = book[1]

    found = audit_ledger(contracts, moves, as_of=LATE)

    shuffled = chance.sample(contracts, len(contracts))
    again = audit_ledger(shuffled, moves and moves[::-1], as_of=LATE)
    assert found == again
    assert all(isinstance(each, Finding) and each.problem for each in found)


@pytest.mark.parametrize("missing", ["contracts", "payments"])
def test_what_are_no_records_at_all_is_refused(missing: str) -> None:
    given: Any = {"contracts": [old()], "payments": None, missing: 7}

    with pytest.raises(LedgerError, match="expected records, but got int"):
        audit_ledger(**given, as_of=LATE)
