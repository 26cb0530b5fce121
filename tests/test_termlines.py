"""What became of contracts that fell due, as columns; whether the first instalment is in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.conventions import DOCTRINE, RenewalConvention
from cslib.dispositions import Disposition, Outcome, Timing
from cslib.ledger import Contract, Entry, read_ledger
from cslib.renewal import renewal_rate
from cslib.termlines import (
    REASONS,
    Lines,
    code_of,
    judged_lines,
    plain_lines,
    read_payments,
    verdicts,
)
from cslib.termlinks import link_terms, read_book
from cslib.termtables import day_number, read_contracts, read_entries
from ledger_strategies import (
    END_OF_JUNE,
    JUNE,
    contract,
    credit,
    day,
    due,
    entry,
    new,
    old,
    paid,
    refund,
)
from term_tables import columns_of_contracts, columns_of_entries


def lines_of(
    contracts: Sequence[Contract], entries: Sequence[Entry] | None = (), as_of: str = "2026-06-30"
) -> Lines:
    today = day_number(day(as_of))
    book = read_book(read_contracts(columns_of_contracts(contracts)), today, None)
    payments = None
    if entries is not None:
        table = read_entries(columns_of_entries(entries), "EUR")
        payments = read_payments(book, table, today, None)
    links = link_terms(book, 30)
    return plain_lines(book, links, payments, JUNE, as_of=today, grace_days=30)


def outcome_of(*contracts: Contract, **more: Any) -> Outcome:
    return tuple(Outcome)[lines_of(contracts, **more).outcome.item()]


def disposition_of(*contracts: Contract, **more: Any) -> Disposition:
    return tuple(Disposition)[lines_of(contracts, **more).disposition.item()]


# --------------------------------------------------------------------------------------
# Outcomes

PAID = (due(), paid())


def test_a_contract_that_nothing_renews_waits_until_grace_is_over() -> None:
    assert outcome_of(old(), as_of="2026-07-30") is Outcome.PENDING_SIGNATURE
    assert outcome_of(old(), as_of="2026-07-31") is Outcome.LOST


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("churned", Outcome.LOST),
        ("merged", Outcome.LOST),
        ("closed", Outcome.LOST_TO_CLOSURE),
        ("insolvency", Outcome.LOST_TO_CLOSURE),
        ("rescinded", Outcome.RESCINDED),
    ],
)
def test_a_contract_with_an_end_reason_is_not_waited_for(reason: str, outcome: Outcome) -> None:
    assert outcome_of(old(end_reason=reason)) is outcome


def test_a_renewal_that_is_not_paid_waits_until_grace_is_over() -> None:
    unpaid = old(), new()

    assert outcome_of(*unpaid, entries=[due()], as_of="2026-07-30") is Outcome.PENDING_CASH
    assert outcome_of(*unpaid, entries=[due()], as_of="2026-07-31") is Outcome.LOST


def test_a_renewal_that_ended_unpaid_is_lost_as_it_ended() -> None:
    assert outcome_of(old(), new(end_reason="closed")) is Outcome.LOST_TO_CLOSURE


def test_a_renewal_without_payments_is_signed() -> None:
    assert outcome_of(old(), new(), entries=None) is Outcome.SIGNED


def test_a_renewal_signed_after_grace_is_a_late_win_back() -> None:
    late = new(signed_on="2026-07-31")

    assert outcome_of(old(), late, entries=PAID, as_of="2026-08-31") is Outcome.LATE_WIN_BACK


@pytest.mark.parametrize(
    ("renewal", "disposition"),
    [
        (new(), Disposition.RENEWED_ON_TIME),
        (new(signed_on="2026-07-30"), Disposition.RENEWED_IN_GRACE),
        (new(annual_value=1199), Disposition.PARTIAL),
        (new(annual_value=1201), Disposition.UPGRADED),
    ],
)
def test_a_renewal_is_told_apart_by_its_value_and_then_by_its_timing(
    renewal: Contract, disposition: Disposition
) -> None:
    assert disposition_of(old(), renewal, entries=PAID, as_of="2026-08-31") is disposition


def test_an_account_that_a_payment_puts_in_doubt_has_no_plain_lines() -> None:
    twice = [due(), paid(entry="p"), paid(entry="p", amount=5)]

    assert lines_of([old(), new()], twice).row.tolist() == []


# --------------------------------------------------------------------------------------
# Cash

kinds = st.sampled_from(["due", "paid", "refund", "credit"])
ons = st.sampled_from(["2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04", "2027-07-02"])
terms = st.sampled_from(
    [
        new(),
        attrs.evolve(new(), end=None),
        attrs.evolve(new(), end=day("2027-06-30")),
        attrs.evolve(new(), end=day("2029-07-01"), total_value=1207),
        new(annual_value=7),
    ]
)


@given(terms, st.lists(st.tuples(kinds, ons, st.sampled_from([0, 3, 4, 7, 1200])), max_size=7))
def test_whether_the_first_instalment_is_in_is_what_the_ledger_says(
    term: Contract, moves: list[tuple[str, str, int]]
) -> None:
    entries = [entry(kind, on, amount, entry=f"e{n}") for n, (kind, on, amount) in enumerate(moves)]
    ledger = read_ledger([old(), term], entries, as_of=day("2027-08-01"))

    lines = lines_of([old(), term], entries, as_of="2027-08-01")

    cash = ledger.cash("new")
    assert lines.is_known.tolist() == [cash.is_known]
    assert lines.is_collected.tolist() == [cash.since is not None]
    assert lines.credited.tolist() == [ledger.credited("new") * 100]


def test_a_credit_on_a_part_of_a_year_is_counted_by_the_year() -> None:
    terms = ("2026-07-01", "2029-07-01"), ("2026-07-01", "2026-08-16"), ("2026-07-01", None)
    moves = [due(), credit(amount=Decimal("25.01")), paid()]
    for start, end in terms:
        book = [old(), contract("new", start, end, renews="old")]
        ledger = read_ledger(book, moves, as_of=day("2026-07-31"))

        lines = lines_of(book, moves, as_of="2026-07-31")

        assert lines.credited.tolist() == [ledger.credited("new") * 100]


def test_a_refund_takes_a_collected_instalment_back() -> None:
    assert outcome_of(old(), new(), entries=[*PAID, refund("2026-06-29")]) is Outcome.PENDING_CASH


# --------------------------------------------------------------------------------------
# Lines


def test_lines_judged_as_records_have_a_row_for_each_successor() -> None:
    book = [old(), new("n1", annual_value=500), new("n2", annual_value=300)]
    entries = [due(to="n1", amount=9), paid(to="n1", amount=9)]
    report = renewal_rate(book, entries, JUNE, as_of=END_OF_JUNE)

    lines = judged_lines(report.lines, {"old": 7}, "EUR")

    assert (lines.row.tolist(), lines.expiring.tolist()) == ([7], [1200_00])
    assert lines.line.tolist() == [0, 0]
    assert lines.value.tolist() == [500_00, 300_00]
    assert lines.is_collected.tolist() == [True, False]


def test_lines_put_together_stand_by_row_with_their_successors() -> None:
    first = lines_of([old("b", account="B"), old(), new()], PAID)
    judged = renewal_rate([old("x")], (), JUNE, as_of=END_OF_JUNE).lines

    both = judged_lines(judged, {"x": 5}, "EUR").together(first)

    assert both.row.tolist() == [0, 1, 5]
    assert both.line.tolist() == [1]


def test_each_part_of_a_split_counts_its_lines_from_0() -> None:
    lines = lines_of([old(), new(), old("b", account="B")], PAID)

    none, second, first = lines.split(np.array([2, 1]), 3)

    assert [part.row.tolist() for part in (none, second, first)] == [[], [2], [0]]
    assert [part.line.tolist() for part in (none, second, first)] == [[], [], [0]]


def test_a_code_is_the_place_in_the_enumeration() -> None:
    assert [code_of(each) for each in Timing] == [0, 1, 2, 3]


def test_a_convention_keeps_no_more_than_what_expired_unless_it_is_net() -> None:
    lines = lines_of([old(), new(annual_value=1500)], PAID)
    net = RenewalConvention(name="net", capped=False)

    assert verdicts(lines, DOCTRINE, has_payments=True).kept.tolist() == [1200_00]
    assert verdicts(lines, net, has_payments=True).kept.tolist() == [1500_00]


def test_without_payments_a_convention_that_looks_at_cash_leaves_every_line_out() -> None:
    found = verdicts(lines_of([old()], None), DOCTRINE, has_payments=False)

    assert [REASONS[code] for code in found.left_out] == ["cash unknown, no payments given"]
