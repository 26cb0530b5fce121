"""What became of a contract whose term ended: one word each, told as stories of accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.dispositions import (
    Disposition,
    Line,
    Outcome,
    Timing,
    shares,
    timing_of,
    total,
    value_of,
)
from cslib.ledger import Contract, Entry
from cslib.periods import Period, add_months
from cslib.renewal import DOCTRINE, SIGNED, RenewalReport, renewal_rate
from ledger_strategies import (
    END_OF_JUNE,
    JUNE,
    Book,
    books,
    contract,
    credit,
    day,
    due,
    new,
    old,
    paid,
    refund,
    some_days,
    three_years,
    tidy_books,
)

AFTER_GRACE = dt.date(2026, 9, 30)
LAST_DAY_OF_GRACE = dt.date(2026, 7, 30)  # 30 days from July 1 on


def june(
    contracts: Iterable[Contract],
    payments: Iterable[Entry] | None = (),
    *,
    as_of: dt.date = AFTER_GRACE,
    **more: Any,
) -> RenewalReport:
    return renewal_rate(contracts, payments, JUNE, as_of=as_of, **more)


def in_cash(*names: str) -> list[Entry]:
    """Each of the contracts invoiced and paid."""
    return [move for name in names for move in (due(to=name), paid(to=name))]


def lines(report: RenewalReport) -> dict[str, Line]:
    return {line.contract: line for line in report.lines}


def the_line(*contracts: Contract, **more: Any) -> Line:
    """The line of the old contract, where all that is new was paid for."""
    payments = in_cash(*(each.contract for each in contracts[1:]))
    return lines(june(contracts, payments, **more))["old"]


def unsigned(name: str, start: str, **more: Any) -> Contract:
    """A contract of a year from some day, of which nobody wrote down when it was signed."""
    begins = day(start)
    return Contract(
        contract=name,
        account="A",
        start=begins,
        end=add_months(begins, 12),
        annual_value=1200,
        currency="EUR",
        renews="old",
        **more,
    )


# --------------------------------------------------------------------------------------
# When it was signed


def test_a_renewal_that_starts_before_the_old_end_is_early() -> None:
    line = the_line(old(), contract("new", "2026-03-15", "2027-03-15", renews="old"))

    assert (line.disposition, line.due_on) == (Disposition.RENEWED_EARLY, END_OF_JUNE)
    assert line.expiring_value == 1200


def test_a_renewal_signed_early_that_starts_when_the_old_one_ends_is_on_time() -> None:
    assert the_line(old(), new(signed_on="2026-01-10")).disposition is Disposition.RENEWED_ON_TIME


@pytest.mark.parametrize(
    ("signed_on", "disposition"),
    [
        ("2026-06-30", Disposition.RENEWED_ON_TIME),
        ("2026-07-01", Disposition.RENEWED_IN_GRACE),
        ("2026-07-30", Disposition.RENEWED_IN_GRACE),
        ("2026-07-31", Disposition.LATE_WIN_BACK),
    ],
    ids=["last covered day", "first day of grace", "last day of grace", "day after grace"],
)
def test_the_day_of_signing_tells_on_time_from_grace_and_grace_from_a_late_win_back(
    signed_on: str, disposition: Disposition
) -> None:
    assert the_line(old(), new(signed_on=signed_on)).disposition is disposition


def test_a_late_win_back_is_lost_to_the_rate_and_keeps_its_evidence() -> None:
    report = june([old(), new(signed_on="2026-07-31")], in_cash("new"))

    line = lines(report)["old"]
    assert (report.count.value, report.signed_count.value) == (0, 0)
    assert (line.outcome, line.renewed_value, line.signed_value) == (Outcome.LATE_WIN_BACK, 0, 0)
    assert [each.timing for each in line.successors] == [Timing.LATE]
    assert line.reason == (
        "new signed on 2026-07-31; 1200 collected on 2026-06-20; grace had ended on 2026-07-30"
    )


def test_a_settled_month_does_not_rise_when_a_customer_comes_back_long_after() -> None:
    book = [old(), new(signed_on="2026-12-01")]

    rates = [june(book, in_cash("new"), as_of=day(text)) for text in ("2026-07-31", "2027-06-30")]

    assert [report.count.value for report in rates] == [0, 0]
    assert [report.parts[0].disposition for report in rates] == ["lost", "late_win_back"]


def test_a_renewal_signed_in_grace_that_was_backdated_to_the_old_end_is_in_grace() -> None:
    backdated = contract("new", "2026-06-15", "2027-06-15", signed_on="2026-07-02", renews="old")

    assert the_line(old(), backdated).disposition is Disposition.RENEWED_IN_GRACE


@pytest.mark.parametrize(
    ("start", "timing"),
    [
        ("2026-06-30", Timing.EARLY),
        ("2026-07-01", Timing.ON_TIME),
        ("2026-07-02", Timing.IN_GRACE),
        ("2026-07-30", Timing.IN_GRACE),
        ("2026-07-31", Timing.LATE),
    ],
)
def test_without_a_day_of_signing_the_first_day_decides_and_a_seamless_start_is_on_time(
    start: str, timing: Timing
) -> None:
    assert timing_of(unsigned("new", start), old(), LAST_DAY_OF_GRACE) is timing


def test_a_renewal_of_which_nobody_knows_when_it_was_signed_is_told_as_such() -> None:
    line = the_line(old(), unsigned("new", "2026-07-01"))

    assert line.disposition is Disposition.RENEWED_ON_TIME
    assert line.reason.startswith("new began on 2026-07-01, signed on a day unknown; 1200 coll")


def test_a_contract_with_an_open_end_that_is_renewed_is_renewed_early() -> None:
    open_ended = contract("on", "2025-07-01", None)

    assert timing_of(new(renews="on"), open_ended, dt.date.max) is Timing.EARLY


def test_timings_stand_in_order() -> None:
    assert [[each.is_by(limit) for each in Timing] for limit in Timing] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]


# --------------------------------------------------------------------------------------
# At what value


def test_a_renewal_at_less_is_partial_whenever_it_was_signed() -> None:
    for signed_on in ("2026-06-10", "2026-07-10"):
        line = the_line(old(), new(annual_value=Decimal("1199.99"), signed_on=signed_on))

        assert line.disposition is Disposition.PARTIAL
        assert line.renewed_value == Decimal("1199.99")


def test_a_renewal_at_more_is_upgraded_and_counts_up_to_what_expired() -> None:
    line = the_line(old(), new(annual_value=1500))

    assert (line.disposition, line.renewed_value) == (Disposition.UPGRADED, 1200)
    assert value_of(line.successors, collected=False) == 1500


def test_a_contract_worth_nothing_is_renewed_at_nothing_and_upgraded_at_anything() -> None:
    free = old(annual_value=0)

    assert the_line(free, new(annual_value=0)).disposition is Disposition.RENEWED_ON_TIME
    assert the_line(free, new(annual_value=1)).disposition is Disposition.UPGRADED


def test_yen_have_no_decimals() -> None:
    yen = {"currency": "JPY", "annual_value": 100_000}
    both = new(renews=("old", "side"), currency="JPY", annual_value=100_001)

    book = [old(**yen), old("side", **yen), both]

    assert [each.value for line in june(book).lines for each in line.successors] == [50_001, 50_000]


def test_dinars_have_three_decimals() -> None:
    dinars = {"currency": "KWD", "annual_value": Decimal("10.001")}
    both = new(renews=("old", "side"), currency="KWD", annual_value=Decimal("20.003"))

    found = [
        s.value
        for line in june([old(**dinars), old("side", **dinars), both]).lines
        for s in line.successors
    ]

    assert found == [Decimal("10.002"), Decimal("10.001")]


# --------------------------------------------------------------------------------------
# Co-terms


def test_a_co_term_shares_its_value_to_the_cent_by_largest_remainder() -> None:
    """1,000 over 500, 500 and 500 of 1,500: 333.33 each, and the cent left over to the first."""
    parts = [old(name, annual_value=500) for name in ("a", "b", "c")]
    merged = new(renews=("a", "b", "c"), annual_value=1000)

    found = lines(june([*parts, merged], in_cash("new")))

    assert [found[name].renewed_value for name in "abc"] == [
        *(Decimal("333.34"), Decimal("333.33"), Decimal("333.33")),
    ]
    assert {line.disposition for line in found.values()} == {Disposition.CO_TERMED}
    assert all(line.successors[0].is_shared for line in found.values())


def test_a_co_term_shares_by_value_and_one_worth_nothing_gets_nothing() -> None:
    worth = [old("a", annual_value=900), old("b", annual_value=0), old("c", annual_value=300)]

    assert shares(new(renews=("a", "b", "c"), annual_value=800), worth) == (600, 0, 200)


def test_a_co_term_of_contracts_worth_nothing_shares_evenly() -> None:
    free = [old("a", annual_value=0), old("b", annual_value=0)]

    assert shares(new(annual_value=Decimal("0.01")), free) == (Decimal("0.01"), 0)


def test_shares_without_a_currency_are_to_the_last_decimal_that_is_written() -> None:
    alike = [old(name, currency="") for name in "abc"]

    assert shares(new(currency="", annual_value=Decimal("0.1000")), alike) == (
        *(Decimal("0.0334"), Decimal("0.0333"), Decimal("0.0333")),
    )
    assert shares(new(currency="", annual_value=Decimal("1E+1")), alike) == (4, 3, 3)


def test_a_co_term_that_cuts_a_contract_off_moves_neither_its_end_nor_its_value() -> None:
    """The side contract had run until December; the co-term took it in at the end of June."""
    side = contract("side", "2026-01-01", "2027-01-01", annual_value=600)
    merged = new(renews=("old", "side"), annual_value=1800)
    book, ledger = [old(), side, merged], in_cash("new")

    report = june(book, ledger)
    december = renewal_rate(book, ledger, Period.month(2026, 12), as_of=AFTER_GRACE)

    assert [(line.contract, line.renewed_value) for line in report.lines] == [("old", 1200)]
    assert (december.lines[0].contract, december.lines[0].due_on) == ("side", day("2026-12-31"))
    assert (december.value.numerator, december.value.denominator) == (600, 600)
    assert december.lines[0].successors[0].timing is Timing.EARLY


def test_of_a_co_term_one_contract_may_be_early_and_another_late() -> None:
    side = contract("side", "2025-05-01", "2026-05-01", annual_value=600)
    merged = new(renews=("old", "side"), signed_on="2026-06-10")

    may = renewal_rate([old(), side, merged], (), Period.month(2026, 5), as_of=AFTER_GRACE)
    april = renewal_rate([old(), side, merged], (), Period.month(2026, 4), as_of=AFTER_GRACE)

    assert may.lines == ()
    assert april.lines[0].disposition is Disposition.LATE_WIN_BACK
    assert lines(june([old(), side, merged]))["old"].successors[0].timing is Timing.ON_TIME


def test_a_co_term_that_is_not_paid_renews_none_of_what_it_merges() -> None:
    report = june([old(), old("side"), new(renews=("old", "side"))], [due()])

    assert {line.outcome for line in report.lines} == {Outcome.LOST}


def test_what_a_co_term_says_it_renews_has_its_share_also_where_that_line_is_unclear() -> None:
    """Another contract also says that it renews the side one, and follows the co-term."""
    both = new(renews=("old", "side"), annual_value=1500)
    after = contract("after", "2027-07-01", "2028-07-01", renews="side", signed_on="2026-06-10")

    found = lines(june([old(), old("side"), both, after], in_cash("new")))

    assert found["side"].outcome is Outcome.UNCLEAR
    assert (found["old"].disposition, found["old"].renewed_value) == ("co_termed", 750)


# --------------------------------------------------------------------------------------
# Splits


def two_halves(**more: Any) -> list[Contract]:
    return [new("n1", annual_value=700), new("n2", annual_value=500, **more)]


def test_a_split_of_which_all_is_paid_renews_the_whole() -> None:
    line = the_line(old(), *two_halves())

    assert (line.disposition, line.renewed_value) == (Disposition.SPLIT, 1200)


def test_a_split_of_which_one_is_paid_is_partial() -> None:
    report = june([old(), *two_halves()], [*in_cash("n1"), due(to="n2")])

    line = lines(report)["old"]
    assert (line.disposition, line.renewed_value) == (Disposition.PARTIAL, 700)
    assert (line.signed_value, report.count.value) == (1200, 1)
    assert "n2 signed on 2026-06-10; 0 of 1200 collected" in line.reason


def test_a_split_of_which_one_is_signed_after_grace_is_partial() -> None:
    line = the_line(old(), *two_halves(signed_on="2026-07-31"))

    assert (line.disposition, line.renewed_value, line.signed_value) == ("partial", 700, 700)
    assert [each.timing for each in line.successors] == [Timing.ON_TIME, Timing.LATE]


def test_a_split_of_which_nothing_is_paid_waits_for_cash_and_is_then_lost() -> None:
    book = [old(), *two_halves()]

    outcomes = [
        lines(june(book, [due(to="n1")], as_of=as_of))["old"].outcome
        for as_of in (LAST_DAY_OF_GRACE, AFTER_GRACE)
    ]

    assert outcomes == [Outcome.PENDING_CASH, Outcome.LOST]


def test_a_split_of_which_the_cash_of_one_is_not_known_stands_outside_the_rate() -> None:
    report = june([old(), *two_halves()], [*in_cash("n1"), paid(to="n2")])

    line = lines(report)["old"]
    assert (line.outcome, line.renewed_value) == (Outcome.SIGNED, 0)
    assert (report.count.value, str(report.count.excluded[0])) == (None, "1 signed, cash unknown")


def test_a_split_into_contracts_that_merge_others_as_well_is_co_termed() -> None:
    halves = [new("n1", renews=("old", "side")), new("n2")]

    assert lines(june([old(), old("side"), *halves], in_cash("n1", "n2")))["old"].disposition == (
        Disposition.CO_TERMED
    )


# --------------------------------------------------------------------------------------
# Credit notes


def credited(amount: Any, *, rest: Any) -> Line:
    """The line of the old contract, where of the fee so much was credited and the rest paid."""
    moves = [due(), credit(amount=amount), paid(amount=rest)]
    return lines(june([old(), new()], moves))["old"]


def test_a_contract_renews_at_its_value_less_what_was_credited() -> None:
    line = credited(300, rest=900)

    assert (line.disposition, line.renewed_value, line.signed_value) == ("partial", 900, 1200)
    assert line.reason == (
        "new signed on 2026-06-10; 900 collected on 2026-06-20 (1200 less 300 credited), "
        "300.00 a year credited"
    )


def test_a_credit_note_over_all_but_a_cent_renews_that_cent_and_one_over_all_nothing() -> None:
    cent = Decimal("0.01")

    assert credited(1200 - cent, rest=cent).renewed_value == cent
    assert credited(1200, rest=0).renewed_value == 0
    assert credited(1200, rest=0).outcome is Outcome.LOST


def test_what_was_paid_for_and_credited_in_whole_is_not_renewed() -> None:
    assert credited(1200, rest=1200).outcome is Outcome.LOST


def test_each_contract_of_a_sale_bears_its_own_credit_notes() -> None:
    sale = [
        new("y1", sale="S"),
        contract("y2", "2027-07-01", "2028-07-01", sale="S", signed_on="2026-06-10"),
    ]
    moves = [due(to="y1"), credit(to="y1"), due("2027-07-01", to="y2"), paid(to="y2")]

    line = lines(june([old(), *sale], moves, as_of=AFTER_GRACE))["old"]

    assert (line.outcome, line.renewed_value) == (Outcome.LOST, 0)


def test_a_free_first_month_makes_the_year_wait_for_the_second() -> None:
    months = [due(f"2026-{month:02}-01", 100) for month in range(7, 13)]
    free = [*months, credit("2026-07-01", 100)]

    waits = june([old(), new()], free, as_of=day("2026-07-30"))
    paid_for = june([old(), new()], [*free, paid("2026-08-03", 100)])

    assert lines(waits)["old"].outcome is Outcome.PENDING_CASH
    assert lines(paid_for)["old"].renewed_value == 1100


def test_a_co_term_takes_a_credit_off_each_contract_that_it_merges_to_the_cent() -> None:
    merged = new(annual_value=3600, renews=("old", "b", "c"))
    moves = [due(amount=3600), paid(amount=3600), credit(amount=100)]

    found = lines(june([old(), old("b"), old("c"), merged], moves))

    taken = sorted(line.successors[0].credited for line in found.values())
    assert taken == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]


def test_two_conventions_that_differ_by_cash_alone_count_a_credit_otherwise() -> None:
    moves = [due(), credit(amount=300), paid(amount=900)]

    (difference,) = june([old(), new()], moves).bridge(DOCTRINE, SIGNED)

    assert (difference.a.kept, difference.b.kept) == (900, 1200)


# --------------------------------------------------------------------------------------
# Several years, cash, and how customers leave


def test_the_inner_years_of_a_sale_have_no_disposition() -> None:
    inner = renewal_rate(three_years(), (), Period.month(2025, 6), as_of=AFTER_GRACE)

    assert (inner.lines, inner.parts) == ((), ())


def test_a_refund_takes_a_renewal_back() -> None:
    ledger = [*in_cash("new"), refund("2026-08-01")]

    words = [
        lines(june([old(), new()], ledger, as_of=as_of))["old"].disposition
        for as_of in (day("2026-07-31"), day("2026-08-01"))
    ]

    assert words == [Disposition.RENEWED_ON_TIME, Disposition.LOST]


def test_a_rescinded_contract_was_refunded_so_that_nothing_renews_it() -> None:
    report = june([old(end_reason="rescinded"), new()], in_cash("new"))

    line = lines(report)["old"]
    assert (line.disposition, line.successors, line.renewed_value) == ("rescinded", (), 0)
    assert line.reason == "stopped and refunded (L9)"
    assert report.count.value is None


@pytest.mark.parametrize(
    ("reason", "disposition", "words"),
    [
        ("churned", Disposition.LOST, "the customer left"),
        ("closed", Disposition.LOST_TO_CLOSURE, "the business closed"),
        ("insolvency", Disposition.LOST_TO_CLOSURE, "the business is insolvent"),
        ("merged", Disposition.LOST, "the customer merged into another"),
    ],
)
def test_a_customer_known_to_be_gone_is_lost_before_grace_is_over(
    reason: str, disposition: Disposition, words: str
) -> None:
    line = the_line(old(end_reason=reason), as_of=END_OF_JUNE)

    assert (line.disposition, line.reason) == (disposition, f"no renewal stands; {words}")


def test_a_customer_who_merged_is_renewed_by_the_contract_of_the_other_account_that_says_so() -> (
    None
):
    line = the_line(old(end_reason="merged"), new(account="B"))

    assert (line.disposition, line.account) == (Disposition.RENEWED_ON_TIME, "A")


def test_of_two_renewals_that_ended_unpaid_a_closure_is_the_reason_for_the_loss() -> None:
    ended = [new("n1", end_reason="churned"), new("n2", end_reason="insolvency")]

    report = june([old(), *ended], [], as_of=END_OF_JUNE)

    assert lines(report)["old"].disposition is Disposition.LOST_TO_CLOSURE


def test_while_one_of_two_renewals_may_still_be_paid_for_nothing_is_lost() -> None:
    ended = [new("n1", end_reason="churned"), new("n2")]

    report = june([old(), *ended], [], as_of=END_OF_JUNE)

    assert lines(report)["old"].disposition is Disposition.PENDING_CASH


# --------------------------------------------------------------------------------------
# Days and length of the term


def test_a_year_from_a_leap_day_is_renewed_on_time_on_february_27_and_in_grace_on_the_28th() -> (
    None
):
    leap = contract("old", "2024-02-29", "2025-02-28")
    months = Period.month(2025, 2)
    words = []
    for signed_on in ("2025-02-27", "2025-02-28"):
        after = contract("new", "2025-02-28", "2026-02-28", renews="old", signed_on=signed_on)
        report = renewal_rate([leap, after], in_cash_on("2025-02-28"), months, as_of=END_OF_JUNE)
        words += [line.disposition for line in report.lines]

    assert words == [Disposition.RENEWED_ON_TIME, Disposition.RENEWED_IN_GRACE]


def in_cash_on(text: str) -> list[Entry]:
    return [due(text), paid(text)]


def test_a_term_that_began_on_the_last_of_a_month_is_as_long_as_its_months() -> None:
    short = contract("short", "2026-01-31", str(add_months(day("2026-01-31"), 1)))

    (line,) = renewal_rate([short], (), Period.month(2026, 2), as_of=END_OF_JUNE).lines

    assert line.due_on == day("2026-02-27")
    assert line.years == pytest.approx(1 / 12)


def test_three_years_sold_as_one_contract_are_three_years_long() -> None:
    assert the_line(contract("old", "2023-07-01", "2026-07-01")).years == 3


def test_which_renewal_of_the_customer_it_would_be_is_told() -> None:
    first = contract("first", "2024-07-01", "2025-07-01")

    line = the_line(old(renews="first"), first)

    assert line.renewal_number == 2
    assert the_line(old()).renewal_number == 1


def test_amounts_of_any_size_add_up_exactly() -> None:
    parts = [Decimal("1E+40"), Decimal("0.01"), Decimal("-1E+40")]

    assert total(parts) == Decimal("0.01")
    assert total([]) == 0


# --------------------------------------------------------------------------------------
# Laws

values = st.integers(0, 10**7).map(lambda cents: Decimal(cents) / 100)


@given(values, st.lists(values, min_size=1, max_size=6))
def test_shares_add_up_to_the_value_that_is_shared_out(value: Decimal, each: list[Decimal]) -> None:
    merged = [old(f"c{n}", annual_value=amount) for n, amount in enumerate(each)]

    found = shares(new(annual_value=value), merged)

    assert sum(found) == value
    if any(each):
        quotas = [Fraction(value) * Fraction(amount) / Fraction(sum(each)) for amount in each]
        assert all(
            abs(Fraction(s) - quota) < Fraction(1, 100)
            for s, quota in zip(found, quotas, strict=True)
        )


@given(st.one_of(books, tidy_books()), some_days)
def test_every_line_has_one_disposition_that_agrees_with_its_outcome(
    book: Book, as_of: dt.date
) -> None:
    for line in june(*book, as_of=as_of).lines:
        word = line.disposition.value
        assert (word == line.outcome.value) == (line.outcome is not Outcome.RENEWED)
        assert 0 <= line.renewed_value <= line.signed_value <= line.expiring_value


@given(tidy_books())
def test_the_shares_of_a_successor_add_up_to_its_value(book: Book) -> None:
    """Over the contracts that it renews, as far as they are judged: all of them, or less."""
    report = june(*book)
    parts: dict[str, Decimal] = {}
    records = {row.contract: row for row in book[0]}
    left_out = {line.contract for line in report.lines if not line.successors}

    for line in report.lines:
        for each in line.successors:
            parts[each.contract] = parts.get(each.contract, Decimal(0)) + each.value

    for name, shared in parts.items():
        assert shared <= records[name].annual_value
        if not left_out & set(records[name].renews):
            assert shared == records[name].annual_value


@given(tidy_books())
def test_a_signature_after_grace_changes_no_rate(book: Book) -> None:
    rows, moves = book
    late = new("late", renews=rows[0].contract, signed_on="2026-07-31")

    without, with_it = june(rows, moves), june([*rows, late], [*(moves or ()), *in_cash("late")])

    for convention in (DOCTRINE, SIGNED):
        assert with_it.rate(convention) == without.rate(convention)


def test_a_business_that_closed_before_it_paid_is_lost_to_closure_whatever_it_signed() -> None:
    for reason in ("closed", "insolvency"):
        line = lines(june([old(end_reason=reason), new()], [due()], as_of=END_OF_JUNE))["old"]

        assert line.disposition is Disposition.LOST_TO_CLOSURE
    paid_for = the_line(old(end_reason="closed"), new())
    assert paid_for.disposition is Disposition.RENEWED_ON_TIME


def test_what_is_free_is_collected_on_the_day_it_falls_due_and_not_before() -> None:
    free = [due("2026-07-05", 0)]

    before, after = (
        lines(june([old(), new()], free, as_of=day(on)))["old"]
        for on in ("2026-07-04", "2026-07-05")
    )

    assert before.disposition is Disposition.PENDING_CASH
    assert "nothing owed, and due only on 2026-07-05" in before.reason
    assert after.disposition is Disposition.RENEWED_ON_TIME


def test_a_term_may_end_on_the_last_day_of_the_calendar() -> None:
    last = contract("old", "2025-07-01", "9999-12-31")
    century = Period(dt.date(9900, 1, 1), dt.date(9999, 12, 31))
    report = renewal_rate([last], [], century, as_of=END_OF_JUNE)

    assert report.lines[0].grace_until == dt.date.max
    assert report.lines[0].disposition is Disposition.PENDING_SIGNATURE


def test_parts_add_up_the_largest_amounts_there_are() -> None:
    report = june([old(annual_value=10**40 - 1), old("b", account="B", annual_value=1)])

    assert report.parts[0].expiring_value == 10**40


def test_a_disposition_reads_as_people_write_it() -> None:
    assert Disposition.CO_TERMED.words == "co-termed"
    assert Disposition.PENDING_CASH.words == "pending cash"
