"""The renewal rate, told as stories of accounts, and held against the sample book's known truth."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import json
import math
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.dispositions import value_of
from cslib.errors import DefinitionError
from cslib.periods import Period, add_months
from cslib.renewal import (
    DOCTRINE,
    SIGNED,
    Contract,
    Disposition,
    Entry,
    Line,
    NotDueCause,
    Outcome,
    RenewalReport,
    Timing,
    renewal_rate,
)
from ledger_strategies import (
    END_OF_JUNE,
    MONTHS,
    NET,
    ON_TIME,
    Book,
    any_books,
    contract,
    day,
    days,
    due,
    entry,
    june,
    new,
    of_line,
    old,
    paid,
    refund,
    three_years,
    year_after,
)

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "src" / "cslib" / "sample"
LAST_DAY_OF_GRACE = dt.date(2026, 7, 30)  # 30 days from July 1 on


def the_line(report: RenewalReport) -> Line:
    (line,) = report.lines
    return line


def line_of(report: RenewalReport, name: str) -> Line:
    return next(line for line in report.lines if line.contract == name)


def successor_of(line: Line) -> str | None:
    (found,) = line.successors or (None,)
    return found and found.contract


def cause_of(report: RenewalReport, name: str) -> NotDueCause:
    return next(other.cause for other in report.not_due if other.contract == name)


# --------------------------------------------------------------------------------------
# The doctrine's rate: term ended, signed again, fee collected (R1)


def test_a_customer_who_signed_again_and_paid_is_renewed() -> None:
    report = june([old(), new()], [due(), paid()])

    line = the_line(report)
    assert (line.outcome, successor_of(line), line.inferred) == (Outcome.RENEWED, "new", False)
    assert (line.due_on, line.successors[0].timing) == (END_OF_JUNE, Timing.ON_TIME)
    assert line.successors[0].cash.since == day("2026-06-20")
    assert line.reason == "new signed on 2026-06-10; 1200 collected on 2026-06-20"
    assert (report.count.value, report.value.value, report.undefined) == (1, 1, "")


def test_a_customer_who_signed_but_has_not_paid_is_pending_until_the_last_day_of_grace() -> None:
    report = june([old(), new()], [due()], as_of=LAST_DAY_OF_GRACE)

    line = the_line(report)
    assert line.outcome is Outcome.PENDING_CASH
    assert line.grace_until == LAST_DAY_OF_GRACE
    assert line.reason == (
        "new signed on 2026-06-10; 0 of 1200 collected; grace runs until 2026-07-30"
    )
    assert report.count.value == 0


def test_a_customer_who_signed_and_did_not_pay_is_lost_the_day_after_grace() -> None:
    report = june([old(), new()], [due()], as_of=day("2026-07-31"))

    line = the_line(report)
    assert line.outcome is Outcome.LOST
    assert line.reason == (
        "new signed on 2026-06-10; 0 of 1200 collected; grace ended on 2026-07-30; "
        "signed, unpaid past grace: lost unless paid"
    )


def test_the_report_counts_what_is_signed_and_unpaid_past_grace() -> None:
    early, late = (
        june([old(), new()], [due()], as_of=as_of)
        for as_of in (LAST_DAY_OF_GRACE, day("2026-07-31"))
    )

    assert (early.unpaid, late.unpaid) == ((), late.lines)
    assert "  unpaid    1 signed, unpaid past grace: lost unless paid" in repr(late).splitlines()
    assert "unpaid" not in repr(early)


def test_a_renewal_that_ended_unpaid_is_not_waited_for() -> None:
    report = june([old(), new(end_reason="churned")], [due()], as_of=day("2026-07-31"))

    assert the_line(report).outcome is Outcome.LOST
    assert report.unpaid == ()


def test_the_report_says_how_many_contracts_have_no_end_and_never_fall_due() -> None:
    endless = contract("on", "2025-07-01", None)

    assert june([old()]).never_due == ""
    report = june([old(), endless])
    assert report.never_due == "1 contract has no end and never falls due"
    assert f"  no end    {report.never_due}" in repr(report).splitlines()


def test_of_two_ids_in_one_text_the_fault_says_how_to_give_several() -> None:
    for text in ("old;older", "old,older"):
        (fault,) = june([old(), new(renews=text)]).faults
        assert str(fault).endswith(f"no contract '{text}' is known; give several as a tuple")


def test_a_customer_who_has_not_signed_is_open_until_the_last_day_of_grace_then_lost() -> None:
    outcomes = [
        the_line(june([old()], as_of=as_of)).outcome
        for as_of in (END_OF_JUNE, LAST_DAY_OF_GRACE, day("2026-07-31"))
    ]

    assert outcomes == [Outcome.PENDING_SIGNATURE, Outcome.PENDING_SIGNATURE, Outcome.LOST]


def test_without_grace_a_contract_is_open_on_its_last_covered_day_and_lost_on_the_next() -> None:
    outcomes = [
        the_line(june([old()], as_of=as_of, grace_days=0)).outcome
        for as_of in (END_OF_JUNE, day("2026-07-01"))
    ]

    assert outcomes == [Outcome.PENDING_SIGNATURE, Outcome.LOST]


def test_a_customer_who_signed_in_time_and_pays_long_after_grace_is_renewed_after_all() -> None:
    report = june([old(), new()], [due(), paid("2026-11-02")], as_of=day("2026-11-02"))

    assert the_line(report).outcome is Outcome.RENEWED


def test_an_instant_as_the_date_of_the_report_counts_by_its_day_in_utc() -> None:
    evening_in_new_york = dt.datetime(2026, 7, 3, 22, tzinfo=dt.timezone(dt.timedelta(hours=-4)))

    report = june([old(), new()], [due(), paid("2026-07-04")], as_of=evening_in_new_york)

    assert the_line(report).outcome is Outcome.RENEWED


def test_a_renewal_signed_after_the_date_of_the_report_does_not_count_yet() -> None:
    report = june([old(), new(signed_on="2026-07-02")], [due(), paid()])

    assert the_line(report).outcome is Outcome.PENDING_SIGNATURE
    assert report.later == ("new",)


def test_a_month_is_asked_about_before_it_is_over() -> None:
    early = [old(), new(signed_on="2026-05-02")]

    report = june(early, [due("2026-05-02"), paid("2026-05-09")], as_of=day("2026-06-08"))

    assert the_line(report).outcome is Outcome.RENEWED


def test_a_renewal_without_a_signing_date_is_told_as_such() -> None:
    unsigned = Contract(
        contract="new",
        account="A",
        start=day("2026-07-01"),
        end=day("2027-07-01"),
        annual_value=1200,
        currency="EUR",
        renews="old",
    )

    report = june([old(), unsigned], as_of=day("2026-07-01"))

    assert (successor_of(the_line(report)), the_line(report).successors[0].record.signed_on) == (
        "new",
        None,
    )
    assert the_line(report).reason.startswith("new began on 2026-07-01, signed on a day unknown; ")
    assert report.assumed_signed == 1


# --------------------------------------------------------------------------------------
# When a contract falls due


def test_a_contract_falls_due_in_the_month_of_its_last_covered_day() -> None:
    until_june_30 = contract("a", "2025-07-01", "2026-07-01")
    until_july_1 = contract("b", "2025-07-02", "2026-07-02", account="B")
    until_may_31 = contract("c", "2025-06-01", "2026-06-01", account="C")

    report = june([until_june_30, until_july_1, until_may_31])

    assert [line.contract for line in report.lines] == ["a"]
    assert [(other.contract, other.reason) for other in report.not_due] == [
        ("b", "falls due on 2026-07-01, outside 2026-06"),
        ("c", "falls due on 2026-05-31, outside 2026-06"),
    ]


def test_a_year_that_starts_on_a_leap_day_falls_due_on_february_27() -> None:
    start = day("2024-02-29")
    leap = contract("leap", "2024-02-29", str(add_months(start, 12)))

    report = renewal_rate([leap], (), Period.month(2025, 2), as_of=day("2025-02-28"))

    assert the_line(report).due_on == day("2025-02-27")
    assert the_line(report).grace_until == day("2025-03-29")


def test_a_month_that_starts_on_january_31_falls_due_in_february() -> None:
    short = contract("short", "2026-01-31", str(add_months(day("2026-01-31"), 1)))

    report = renewal_rate([short], (), Period.month(2026, 2), as_of=day("2026-02-28"))

    assert the_line(report).due_on == day("2026-02-27")


def test_a_renewal_in_march_of_a_contract_that_ends_in_june_belongs_to_june() -> None:
    book = [old(), contract("new", "2026-03-15", "2027-03-15", renews="old")]
    ledger = [due("2026-03-15"), paid("2026-03-15")]

    march = renewal_rate(book, ledger, Period.month(2026, 3), as_of=END_OF_JUNE)

    assert march.lines == ()
    assert the_line(june(book, ledger)).outcome is Outcome.RENEWED


def test_three_years_sold_as_one_contract_fall_due_once_at_their_end() -> None:
    book = [contract("long", "2023-07-01", "2026-07-01")]

    second_year = renewal_rate(book, (), Period.month(2025, 6), as_of=END_OF_JUNE)

    assert cause_of(second_year, "long") is NotDueCause.OTHER_PERIOD
    assert the_line(june(book)).contract == "long"


def test_the_inner_years_of_one_sale_are_no_renewals_however_they_are_invoiced() -> None:
    ledger = [
        move
        for year in three_years()
        for move in (
            entry("due", str(year.start), 1200, to=year.contract),
            entry("paid", str(year.start), 1200, to=year.contract),
        )
    ]

    report = renewal_rate(three_years(), ledger, Period.month(2025, 6), as_of=END_OF_JUNE)

    assert report.lines == ()
    assert [cause_of(report, name) for name in ("y1", "y2")] == [NotDueCause.INNER_YEAR] * 2
    assert report.not_due[1].reason == "y3, of the same sale, ends later (R2)"
    assert report.undefined == "no contract fell due in 2025-06"
    assert [line.contract for line in june(three_years()).lines] == ["y3"]


def test_a_renewal_that_names_an_inner_year_renews_the_sale() -> None:
    report = june([*three_years(), new(renews="y1")], [due(), paid()])

    assert (the_line(report).contract, successor_of(the_line(report))) == ("y3", "new")


def test_contracts_of_one_sale_that_end_together_each_fall_due() -> None:
    seats, analytics = old("seats", sale="S"), old("analytics", sale="S")

    report = june([seats, analytics])

    assert [line.contract for line in report.lines] == ["analytics", "seats"]


def test_an_evergreen_contract_does_not_fall_due() -> None:
    report = june([contract("open-ended", "2025-07-01", None)])

    assert cause_of(report, "open-ended") is NotDueCause.EVERGREEN


def test_a_rescinded_contract_has_a_line_of_its_own_outside_the_rates() -> None:
    report = june([old(end_reason="rescinded"), old("b", account="B")])

    assert line_of(report, "old").disposition is Disposition.RESCINDED
    assert [line.contract for line in report.due] == ["b"]
    assert [str(left) for left in report.count.excluded] == ["1 rescinded (L9)"]
    assert report.maturity.denominator == 1


def test_a_renewal_that_was_rescinded_renews_nothing_and_is_no_rival() -> None:
    book = [old(), new("stopped", end_reason="rescinded")]

    assert the_line(june(book)).outcome is Outcome.PENDING_SIGNATURE
    assert successor_of(the_line(june([*book, new()], [due(), paid()]))) == "new"


def test_a_renewal_of_a_rescinded_contract_renews_nothing_that_is_due() -> None:
    report = june([old(end_reason="rescinded"), new()])

    assert (report.due, report.faults) == ((), ())


# --------------------------------------------------------------------------------------
# Cash, and customers who left


def test_a_refund_reverses_a_collection() -> None:
    ledger = [due(), paid("2026-06-20"), refund("2026-07-15")]

    before = june([old(), new()], ledger, as_of=day("2026-07-14"))
    after = june([old(), new()], ledger, as_of=day("2026-07-15"))

    assert the_line(before).outcome is Outcome.RENEWED
    assert the_line(after).outcome is Outcome.PENDING_CASH
    assert the_line(after).successors[0].cash.since is None


def test_with_a_ledger_a_renewal_not_invoiced_and_not_paid_is_pending() -> None:
    line = the_line(june([old(), new()], ()))

    assert line.outcome is Outcome.PENDING_CASH
    assert "nothing due, nothing paid" in line.reason


def test_a_payment_towards_no_known_instalment_leaves_the_cash_unknown() -> None:
    report = june([old(), new()], [paid()])

    assert the_line(report).outcome is Outcome.SIGNED
    assert "1200 paid, cash unknown, no instalment falls due" in the_line(report).reason
    assert report.undefined == "no contract due can be judged"
    assert str(report.count.excluded[0]) == "1 signed, cash unknown"
    assert report.signed_count.value == 1


def test_a_customer_who_signed_again_and_left_before_paying_is_lost_at_once() -> None:
    report = june([old(), new(end_reason="churned")], [due()])

    assert the_line(report).outcome is Outcome.LOST
    assert the_line(report).reason.endswith("0 of 1200 collected; the customer left")


def test_a_customer_known_to_have_left_is_lost_before_grace_is_over() -> None:
    line = the_line(june([old(end_reason="churned")]))

    assert (line.outcome, line.reason) == (Outcome.LOST, "no renewal stands; the customer left")


def test_a_contract_marked_as_churned_that_was_signed_again_waits_for_its_cash_in_grace() -> None:
    report = june([old(end_reason="churned"), new()], [due()], as_of=day("2026-07-15"))

    assert the_line(report).outcome is Outcome.PENDING_CASH


def test_a_contract_marked_as_churned_that_was_renewed_after_all_is_renewed() -> None:
    report = june([old(end_reason="churned"), new()], [due(), paid()])

    assert the_line(report).outcome is Outcome.RENEWED


# --------------------------------------------------------------------------------------
# The bases that stand beside the headline


def test_without_payments_the_rate_is_undefined_and_the_signed_basis_is_given() -> None:
    report = june([old(), new(), old("b", account="B")], None, as_of=day("2026-09-01"))

    assert report.count.value is None
    assert report.value.value is None
    assert report.without_closures.count.value is None
    assert report.undefined == (
        "no payments were given, so whether the fees were collected is unknown"
    )
    assert str(report.count.excluded[0]) == "2 cash unknown, no payments given"
    assert line_of(report, "old").outcome is Outcome.SIGNED
    assert line_of(report, "b").outcome is Outcome.LOST
    assert report.signed_count.value == Fraction(1, 2)
    assert report.signed_value.value == Fraction(1, 2)


def test_the_signed_basis_counts_who_signed_whatever_became_of_the_cash() -> None:
    book = [old(), new(), old("b", account="B"), new("c", account="B", renews="b")]

    report = june(book, [due(), paid()], as_of=day("2026-09-01"))

    assert line_of(report, "b").outcome is Outcome.LOST
    assert report.count.value == Fraction(1, 2)
    assert report.signed_count.value == 1
    assert report.signed_count.convention == "term ended, signed again, cash not looked at"


def test_a_closed_business_is_in_the_headline_and_left_out_of_the_figure_beside_it() -> None:
    closed = old("closed", account="B", annual_value=300, end_reason="closed")

    report = june([old(), new(), closed], [due(), paid()])

    assert line_of(report, "closed").outcome is Outcome.LOST_TO_CLOSURE
    assert line_of(report, "closed").reason == "no renewal stands; the business closed"
    assert report.count.value == Fraction(1, 2)
    assert report.value.value == Fraction(1200, 1500)
    adjusted = report.without_closures
    assert (adjusted.count.value, adjusted.value.value) == (1, 1)
    assert [str(left) for left in adjusted.count.excluded] == ["1 lost to closure"]
    assert [str(left) for left in adjusted.value.excluded] == ["300 lost to closure"]


def test_a_customer_whose_business_closed_before_paying_the_renewal_is_lost_to_closure() -> None:
    report = june([old(), new(end_reason="closed")], [due()])

    assert the_line(report).outcome is Outcome.LOST_TO_CLOSURE


def test_the_rate_by_value_is_gross_a_growing_customer_makes_up_for_nobody() -> None:
    book = [
        *(old(annual_value=1000), new(annual_value=5000)),
        *(old("b", account="B", annual_value=1000), new("c", renews="b", annual_value=400)),
    ]
    ledger = [due(), paid(), due(to="c"), paid(to="c")]

    report = june(book, ledger)

    assert line_of(report, "old").renewed_value == 1000
    assert value_of(line_of(report, "old").successors, collected=False) == 5000
    assert line_of(report, "b").renewed_value == 400
    assert report.value.value == Fraction(1400, 2000)


def test_net_and_on_time_stand_beside_the_headline() -> None:
    late = new("c", account="B", renews="b", signed_on="2026-07-10")
    book = [old(), new(annual_value=1500), old("b", account="B"), late]

    report = june(book, [due(), paid(), due(to="c"), paid(to="c")], as_of=day("2026-09-30"))

    assert (report.value.value, report.net.value) == (1, Fraction(2700, 2400))
    assert (report.count.value, report.on_time.count.value) == (1, Fraction(1, 2))


def test_maturity_is_the_share_of_contracts_past_grace() -> None:
    book = [contract("early", "2025-06-02", "2026-06-02", account="B"), old()]

    on_the_last_day_of_grace, report = (
        june(book, as_of=day(text)) for text in ("2026-07-01", "2026-07-02")
    )

    assert on_the_last_day_of_grace.maturity.value == 0
    assert report.maturity.value == Fraction(1, 2)
    assert report.maturity.interval() is None
    assert report.maturity.convention == "past 30 days of grace"


def test_a_month_without_contracts_due_has_an_undefined_rate_and_says_why() -> None:
    report = june([])

    assert report.count.value is None
    assert report.maturity.value is None
    assert (report.undefined, report.currency) == ("no contract fell due in 2026-06", "")


def test_amounts_are_exact_in_any_context_of_decimal() -> None:
    cents = [old(f"c{n}", account=f"{n}", annual_value=Decimal("0.10")) for n in range(3)]
    huge = old("huge", account="H", annual_value=Decimal("123456789012345678901234567890.12"))

    with decimal.localcontext(decimal.Context(prec=3)):
        report = june([*cents, huge])

    assert report.value.denominator == Fraction("123456789012345678901234567890.42")


def test_values_in_a_currency_that_the_book_does_not_name_are_counted_all_the_same() -> None:
    report = june([old(currency="", annual_value=Decimal("0.001"))])

    assert (report.currency, report.value.denominator) == ("", Fraction(1, 1000))


# --------------------------------------------------------------------------------------
# What is inferred, and what the records leave open


def test_a_renewal_that_nobody_named_is_inferred_and_shown_so() -> None:
    line = the_line(june([old(), new(renews=None)], [due(), paid()]))

    assert (line.outcome, successor_of(line), line.inferred) == (Outcome.RENEWED, "new", True)


def test_a_contract_that_ended_for_a_reason_is_not_renewed_by_inference() -> None:
    report = june([old(end_reason="churned"), new(renews=None)], [due(), paid()])

    assert the_line(report).outcome is Outcome.LOST


def test_two_contracts_equally_near_to_the_end_are_unclear() -> None:
    report = june([old(), new("n1", renews=None), new("n2", renews=None)])

    line = the_line(report)
    assert (line.outcome, successor_of(line)) == (Outcome.UNCLEAR, None)
    assert line.reason == "n1, n2 may renew it, equally near to its end; say which in renews"
    assert str(report.count.excluded[0]) == "1 unclear"
    assert str(report.signed_value.excluded[0]) == "1200 unclear"


def test_a_misspelt_renewal_is_neither_inferred_nor_its_absence_held_for_a_loss() -> None:
    report = june([old(), new(renews="odl")], as_of=day("2026-09-01"))

    line = the_line(report)
    assert (line.outcome, line.reason) == (
        Outcome.UNCLEAR,
        "new may renew it, but is at fault itself",
    )


def test_a_renewal_for_two_years_of_which_the_second_names_the_old_one_is_judged_by_the_first() -> (
    None
):
    terms = {"signed_on": "2026-06-01", "sale": "S"}
    y1 = contract("y1", "2026-07-01", "2027-07-01", **terms)
    y2 = contract("y2", "2027-07-01", "2028-07-01", renews="old", **terms)
    cash = [due("2026-07-01", to="y1"), paid("2026-07-01", to="y1"), due("2027-07-01", to="y2")]

    line = the_line(june([old(), y1, y2], cash, as_of=day("2026-12-31")))

    assert (line.outcome, successor_of(line)) == (Outcome.RENEWED, "y1")


@pytest.mark.parametrize(
    ("start", "renews"), [("2026-05-01", "C-1"), ("2025-07-01", "old"), ("2025-01-01", "old")]
)
def test_a_renewal_at_fault_makes_the_line_unclear_and_not_lost(start: str, renews: str) -> None:
    other = contract("new", start, "2027-07-01", renews=renews)

    report = june([old(), other], as_of=day("2026-12-31"))

    assert the_line(report).outcome is Outcome.UNCLEAR
    assert len(report.faults) == 1


def test_a_renewal_in_conflict_makes_the_line_unclear_and_not_lost() -> None:
    book = [old(), new(), new(annual_value=900)]

    assert the_line(june(book, as_of=day("2026-09-01"))).outcome is Outcome.UNCLEAR


def test_a_contract_in_conflict_falls_due_nowhere() -> None:
    report = june([old(), old(annual_value=1300)])

    assert (report.lines, cause_of(report, "old")) == ((), NotDueCause.CONFLICT)
    assert report.not_due[0].reason == "stands more than once, with other content"


def test_the_report_tells_what_the_ledger_and_the_lineage_found_wrong() -> None:
    payments = [due(), due(), paid(to="nwe", entry="P-1")]

    report = june([old(), new(renews="odl")], payments, known_at=END_OF_JUNE)

    assert [str(fault) for fault in report.faults] == [
        "$.contracts['new'].renews: no contract 'odl' is known",
        "$.payments['P-1'].contract: no contract 'nwe' is known",
    ]
    assert (report.duplicates, report.assumed_known) == (1, 4)


# --------------------------------------------------------------------------------------
# As known at, what is refused, and the report as text


def test_a_payment_recorded_later_does_not_count_as_known_before() -> None:
    ledger = [due(), paid("2026-06-20", recorded_at=day("2026-07-03"))]

    as_known = [
        the_line(june([old(), new()], ledger, known_at=known_at)).outcome
        for known_at in (day("2026-07-02"), day("2026-07-03"), None)
    ]

    assert as_known == [Outcome.PENDING_CASH, Outcome.RENEWED, Outcome.RENEWED]


def test_a_renewal_recorded_later_does_not_count_as_known_before() -> None:
    book = [old(), new(signed_on="2026-06-29", recorded_at=day("2026-07-02"))]

    report = june(book, known_at=END_OF_JUNE)

    assert the_line(report).outcome is Outcome.PENDING_SIGNATURE
    assert report.later == ("new",)


@pytest.mark.parametrize("days", [-1, 1.5, True, None, 3651])
def test_days_that_are_no_whole_number_are_refused(days: Any) -> None:
    with pytest.raises(DefinitionError, match=r"\$.grace_days: expected a whole number of days"):
        june([], grace_days=days)
    with pytest.raises(DefinitionError, match=r"\$.link_days: expected a whole number of days"):
        june([], link_days=days)


def test_a_period_is_a_period_and_no_text() -> None:
    with pytest.raises(DefinitionError, match=r"\$.period: expected a Period, as Period.parse"):
        renewal_rate([], [], "2026-06", as_of=END_OF_JUNE)  # type: ignore[arg-type]


def test_the_report_reads_well_as_text() -> None:
    report = june([old(), new("n1"), year_after("n2", renews="old")], None, known_at=END_OF_JUNE)

    assert repr(report).splitlines() == [
        "renewal rate of 2026-06 as of 2026-06-30, as known at 2026-06-30",
        f"  by count  {report.count}",
        f"  by value  {report.value}",
        f"  signed    {report.signed_count}",
        "  due       1: 1 unclear",
        f"  undefined: {report.undefined}",
        "  faults    1, listed in .faults",
    ]
    assert repr(june([])).splitlines()[-2:] == [
        "  due       0: none",
        "  undefined: no contract fell due in 2026-06",
    ]


def test_what_became_of_the_contracts_adds_up_to_what_the_text_says_was_due() -> None:
    report = june([old(end_reason="rescinded"), old("b", account="B")])

    assert "  due       2: 1 pending signature, 1 rescinded" in repr(report).splitlines()


def test_a_book_that_ends_long_before_the_date_of_the_report_is_named() -> None:
    report = june([old(), new()], [due(), paid("2026-06-20")], as_of=day("2026-07-20"))
    late = june([old(), new()], [due(), paid("2026-06-20")], as_of=day("2026-07-21"))

    assert (report.last_recorded, report.silence) == (day("2026-06-20"), "")
    assert late.silence == "nothing is recorded after 2026-06-20, 31 days before"
    assert repr(late).splitlines()[-1] == f"  silence   {late.silence}"


def test_the_last_record_is_the_last_that_was_seen_and_no_instalment_to_come() -> None:
    moves = [due("2027-01-01"), paid("2026-08-01")]
    written = due(recorded_at=day("2026-06-29"))

    assert june([old(), new()], moves).last_recorded == day("2026-06-10")
    assert june([old(), new()], [*moves, written]).last_recorded == day("2026-06-29")
    assert june([old(recorded_at=day("2026-07-09"))]).last_recorded == day("2026-07-09")
    assert (june([]).last_recorded, june([]).silence) == (None, "")


# --------------------------------------------------------------------------------------
# Parts, segments, and the rate of a year


def test_the_parts_of_a_report_are_its_dispositions_with_what_expired_in_each() -> None:
    book = [
        *(old("a", account="a"), new("a2", account="a", renews="a")),
        *(old("b", account="b"), new("b2", account="b", renews="b", annual_value=500)),
        *(old("c", account="c"), old("d", account="d", annual_value=1, end_reason="rescinded")),
    ]
    ledger = [due(to="a2"), paid(to="a2"), due(to="b2"), paid(to="b2")]

    parts = june(book, ledger, as_of=day("2026-09-30")).parts

    assert [
        (part.disposition.value, part.lines, part.expiring_value, part.renewed_value)
        for part in parts
    ] == [
        ("renewed_on_time", 1, 1200, 1200),
        ("partial", 1, 1200, 500),
        ("lost", 1, 1200, 0),
        ("rescinded", 1, 1, 0),
    ]


def test_first_renewals_stand_apart_from_later_ones() -> None:
    book = [
        old("first", account="B"),
        contract("before", "2024-07-01", "2025-07-01"),
        *(old(renews="before"), new()),
    ]

    segments = june(book, [due(), paid()]).by(lambda line: line.renewal_number == 1)

    assert {is_first: part.count.value for is_first, part in segments.items()} == {
        True: 0,
        False: 1,
    }
    assert [line.renewal_number for part in segments.values() for line in part.lines] == [1, 2]


def test_what_cannot_name_a_segment_is_refused_with_the_contract() -> None:
    with pytest.raises(DefinitionError, match=r"but got a list of 1 for contract 'old'"):
        june([old()]).by(lambda line: [line.account])  # type: ignore[arg-type,return-value]


def test_segments_are_asked_of_a_function() -> None:
    with pytest.raises(DefinitionError, match=r"expected a function of a line, but got a dict"):
        june([old()]).by({"A": "north"})  # type: ignore[arg-type]


def test_segments_are_those_of_any_key() -> None:
    book = [old(product="seats"), old("b", account="B", product="analytics")]

    assert list(june(book).by(lambda line: line.product)) == ["analytics", "seats"]


def of_three_years(value: Any, kept: Any) -> RenewalReport:
    """A contract of three years, renewed at another value and paid."""
    book = [contract("old", "2023-07-01", "2026-07-01", annual_value=value)]
    return june([*book, new(annual_value=kept)], [due(), paid()])


def test_twenty_seven_point_one_percent_lost_in_three_years_is_ten_percent_a_year() -> None:
    report = of_three_years(1000, 729)

    assert 1 - float(report.value.value or 0) == pytest.approx(0.271)
    assert 1 - (report.annualised() or 0) == pytest.approx(0.10)


def test_the_rate_of_a_year_of_terms_of_a_year_is_the_rate() -> None:
    report = june([old(), new(annual_value=900)], [due(), paid()])

    assert report.annualised() == pytest.approx(0.75)
    assert report.annualised(SIGNED) == pytest.approx(0.75)


def test_the_rate_of_a_year_over_terms_of_several_lengths_solves_for_all_that_was_kept() -> None:
    """1,000 for one year and 1,000 for two, 1,310 kept: q + q**2 = 1.31 gives q = 0.7493."""
    book = [old(annual_value=1000), contract("b", "2024-07-01", "2026-07-01", annual_value=1000)]
    book += [new(renews=("b", "old"), annual_value=1310)]

    found = june(book, [due(), paid()]).annualised()

    assert found is not None
    assert found + found**2 == pytest.approx(1.31)
    assert found == pytest.approx((-1 + (1 + 4 * 1.31) ** 0.5) / 2)


@pytest.mark.parametrize(("kept", "yearly"), [(0, 0.0), (1000, 1.0), (8000, 1.0)])
def test_nothing_and_all_are_the_same_in_a_year(kept: int, yearly: float) -> None:
    assert of_three_years(1000, kept).annualised() == yearly


def test_growth_over_three_years_is_growth_a_year_in_the_net_rate() -> None:
    assert of_three_years(1000, 8000).annualised(NET) == pytest.approx(2)


def test_the_rate_of_a_year_is_undefined_with_the_rate() -> None:
    assert june([]).annualised() is None
    assert june([old(annual_value=0)]).annualised() is None


def test_growth_within_days_is_more_in_a_year_than_a_number_can_hold() -> None:
    tiny = contract("old", "2026-06-29", "2026-07-01", annual_value=1)

    report = june([tiny, new(annual_value=10_000)], [due(), paid()])

    assert report.annualised(NET) == math.inf
    assert report.annualised() == 1


# --------------------------------------------------------------------------------------
# Bridges, from one convention to another


def test_a_bridge_names_every_contract_that_two_conventions_count_otherwise() -> None:
    book = [
        *(old("a", account="a"), new("a2", account="a", renews="a", annual_value=1500)),
        *(old("b", account="b"), new("b2", account="b", renews="b")),
        *(old("c", account="c"), old("d", account="d", end_reason="rescinded")),
    ]

    report = june(book, [due(to="a2"), paid(to="a2")], as_of=day("2026-09-30"))

    assert [each.line.contract for each in report.bridge(DOCTRINE, SIGNED)] == ["b"]
    assert [str(each) for each in report.bridge(DOCTRINE, NET)] == [
        "a: renewed 1200; renewed 1500; a2 signed on 2026-06-10; 1200 collected on 2026-06-20"
    ]
    assert str(report.bridge(DOCTRINE, SIGNED)[0]).startswith("b: not renewed; renewed 1200; b2")
    assert report.bridge(SIGNED, SIGNED) == ()


def test_a_bridge_says_what_one_convention_leaves_out() -> None:
    report = june([old(end_reason="closed")], as_of=day("2026-09-30"))

    (difference,) = report.bridge(
        DOCTRINE, attrs.evolve(DOCTRINE, name="without closures", closures=False)
    )

    assert (str(difference.a), str(difference.b)) == ("not renewed", "left out, lost to closure")


# --------------------------------------------------------------------------------------
# Laws


@given(any_books, MONTHS, days, st.none() | days)
def test_every_contract_is_due_or_not_due_or_still_to_come(
    book: Book, period: Period, as_of: dt.date, known_at: dt.date | None
) -> None:
    report = renewal_rate(*book, period, as_of=as_of, known_at=known_at)

    parts = [row.contract for row in (*report.lines, *report.not_due)]
    assert sorted([*parts, *report.later]) == sorted({row.contract for row in book[0]})
    assert all(line.due_on in period for line in report.lines)


@given(any_books, MONTHS, days)
def test_values_sum_to_the_cent(book: Book, period: Period, as_of: dt.date) -> None:
    report = renewal_rate(*book, period, as_of=as_of)

    at_stake = sum((Fraction(line.expiring_value) for line in report.lines), Fraction(0))
    adjusted = report.without_closures
    for rate in (report.value, report.signed_value, adjusted.value):
        assert rate.denominator + sum(left.amount for left in rate.excluded) == at_stake
    for rate in (report.count, report.signed_count, adjusted.count):
        left_out = sum(left.amount for left in rate.excluded)
        assert rate.denominator + left_out == len(report.lines)
    renewed = (line.renewed_value for line in report.lines)
    assert report.value.numerator == (0 if book[1] is None else sum(map(Fraction, renewed)))


@given(any_books, MONTHS, days, st.none() | days, st.randoms())
def test_the_order_of_the_records_never_matters(
    book: Book, period: Period, as_of: dt.date, known_at: dt.date | None, chance: Any
) -> None:
    rows, entries = book
    shuffled = chance.sample(rows, len(rows))
    ledger = None if entries is None else chance.sample(entries, len(entries))

    report = renewal_rate(*book, period, as_of=as_of, known_at=known_at)
    again = renewal_rate(shuffled, ledger, period, as_of=as_of, known_at=known_at)

    assert again == report
    assert (again.later, repr(again)) == (report.later, repr(report))


@given(any_books, MONTHS, days, days)
def test_a_report_as_known_then_is_the_report_that_was_made_then(
    book: Book, period: Period, as_of: dt.date, known_at: dt.date
) -> None:
    now = renewal_rate(*book, period, as_of=as_of, known_at=known_at)
    then = renewal_rate(*cut(book, as_of, known_at), period, as_of=as_of, known_at=known_at)

    assert now == then
    assert repr(now) == repr(then)
    assert then.later == ()


@given(any_books, MONTHS, days)
def test_parts_share_out_all_lines_and_all_that_expired(
    book: Book, period: Period, as_of: dt.date
) -> None:
    report = renewal_rate(*book, period, as_of=as_of)

    parts = report.parts
    assert len({part.disposition for part in parts}) == len(parts)
    assert sum(part.lines for part in parts) == len(report.lines)
    for name in ("expiring_value", "renewed_value"):
        of_parts = sum(Fraction(getattr(part, name)) for part in parts)
        assert of_parts == sum(Fraction(getattr(line, name)) for line in report.lines)


@given(any_books, MONTHS, days)
def test_segments_add_up_to_the_whole(book: Book, period: Period, as_of: dt.date) -> None:
    report = renewal_rate(*book, period, as_of=as_of)

    segments = report.by(lambda line: (line.product, line.renewal_number == 1)).values()
    assert sum(len(each.lines) for each in segments) == len(report.lines)
    for convention in (DOCTRINE, SIGNED):
        whole = report.rate(convention)
        for kind in ("count", "value"):
            rates = [getattr(each.rate(convention), kind) for each in segments]
            for side in ("numerator", "denominator"):
                together = sum(Fraction(getattr(rate, side)) for rate in rates)
                assert together == getattr(getattr(whole, kind), side)


@given(any_books, MONTHS, days)
def test_a_bridge_explains_every_difference_between_two_conventions(
    book: Book, period: Period, as_of: dt.date
) -> None:
    report = renewal_rate(*book, period, as_of=as_of)

    for one, other in [(DOCTRINE, SIGNED), (DOCTRINE, NET), (ON_TIME, SIGNED)]:
        lines = [each.line for each in report.bridge(one, other)]
        for kind in ("count", "value"):
            for side in ("numerator", "denominator"):
                a, b = (
                    Fraction(getattr(getattr(report.rate(convention), kind), side))
                    for convention in (one, other)
                )
                assert b - a == sum(
                    of_line(report, line, other, kind, side)
                    - of_line(report, line, one, kind, side)
                    for line in lines
                )


@given(any_books, MONTHS, days)
def test_a_rate_of_a_year_lies_with_the_rate_of_the_term(
    book: Book, period: Period, as_of: dt.date
) -> None:
    """Both are 0, both 1, both above 1 or both between; and undefined together."""
    report = renewal_rate(*book, period, as_of=as_of)

    for convention in (DOCTRINE, NET):
        whole, yearly = report.rate(convention).value.value, report.annualised(convention)
        assert (whole is None) == (yearly is None)
        if whole is not None and yearly is not None:
            assert (whole > 1) == (yearly > 1)
            assert yearly == whole or whole not in (0, 1)


def cut(book: Book, as_of: dt.date, known_at: dt.date) -> Book:
    """What of the book had happened by ``as_of`` and been written down by ``known_at``."""
    kept = []
    for row in book[0]:
        signed = row.signed_on or row.start
        if signed <= as_of and (row.recorded_at or signed) <= known_at:
            kept.append(row)
    unsigned = {row.contract for row in book[0]} - {row.contract for row in kept}
    if book[1] is None:
        return kept, None
    ledger = []
    for move in book[1]:
        if move.kind == "due":
            known = move.recorded_at is None or move.recorded_at <= known_at
            if known and move.contract not in unsigned:
                ledger.append(move)
        elif move.on <= as_of and (move.recorded_at or move.on) <= known_at:
            ledger.append(move)
    return kept, ledger


# --------------------------------------------------------------------------------------
# Whole books


def table(path: Path) -> list[dict[str, str | None]]:
    """The rows of a CSV file, an empty cell as None."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [
            {name: cell or None for name, cell in row.items()} for row in csv.DictReader(stream)
        ]


def typed(row: dict[str, Any], days: tuple[str, ...], amount: str) -> dict[str, Any]:
    dates = {name: row[name] and day(row[name]) for name in days}
    return {**row, **dates, amount: Decimal(row[amount])}


@pytest.fixture(scope="module")
def sample() -> Book:
    days = ("start", "end", "signed_on", "recorded_at")
    rows = [typed(row, days, "annual_value") for row in table(SAMPLE / "contracts.csv")]
    moves = [typed(row, ("on", "recorded_at"), "amount") for row in table(SAMPLE / "payments.csv")]
    return [Contract(**row) for row in rows], [Entry(**move) for move in moves]


TRUTH: dict[str, Any] = json.loads((ROOT / "tests" / "sample_truth.json").read_text("utf-8"))
IN_THE_TRUTH = {
    Outcome.RENEWED: "renewed",
    Outcome.PENDING_CASH: "pending",
    Outcome.PENDING_SIGNATURE: "open",
    Outcome.LOST: "lost",
    Outcome.LOST_TO_CLOSURE: "closed",
}


def of_the_sample(sample: Book, month: str) -> RenewalReport:
    close = day(TRUTH["as_of"])
    period = Period.parse(month)
    return renewal_rate(*sample, period, as_of=close, known_at=close)


@pytest.mark.parametrize("month", TRUTH["months"])
def test_every_line_of_the_sample_book_is_as_planned(sample: Book, month: str) -> None:
    report = of_the_sample(sample, month)

    assert {
        line.contract: (IN_THE_TRUTH[line.outcome], successor_of(line), line.inferred)
        for line in report.due
    } == {
        name: (line["outcome"], line["by"], line["inferred"])
        for name, line in TRUTH["lines"].items()
        if line["month"] == month
    }
    assert report.faults == ()


@pytest.mark.parametrize("month", TRUTH["months"])
def test_counts_and_values_of_the_sample_book_are_as_planned(sample: Book, month: str) -> None:
    report = of_the_sample(sample, month)

    due_lines = list(report.due)
    groups = {"due": due_lines} | {
        name: [line for line in due_lines if line.outcome is outcome]
        for outcome, name in IN_THE_TRUTH.items()
    }
    assert {
        name: {"count": len(group), "value": f"{sum(line.expiring_value for line in group):.2f}"}
        for name, group in groups.items()
    } == TRUTH["months"][month]
    planned = TRUTH["months"][month]
    assert report.count.numerator == planned["renewed"]["count"]
    assert report.count.denominator == planned["due"]["count"]
    assert report.value.denominator == Decimal(planned["due"]["value"])


def test_the_rescinded_contracts_of_the_sample_book_stand_outside(sample: Book) -> None:
    reports = [of_the_sample(sample, month) for month in TRUTH["months"]]

    stopped = {line.contract for report in reports for line in report.lines} - set(TRUTH["lines"])
    assert stopped <= set(TRUTH["outside"])
    assert all(line.contract not in stopped for report in reports for line in report.due)


REAL = Path(os.environ.get("CSLIB_REAL_DATA", ROOT / ".." / "shared" / "data"))
PERIODS_FILE = REAL / "ledger" / "subscription_periods.csv"


@pytest.mark.real_data
@pytest.mark.skipif(not PERIODS_FILE.is_file(), reason=f"no {PERIODS_FILE}; see CSLIB_REAL_DATA")
def test_a_real_ledger_without_payments_has_a_signed_basis_and_no_renewal_rate() -> None:
    """Subscription periods of dbt-labs/mrr-playbook (MIT): 121 periods of 55 customers."""
    book = [
        Contract(
            contract=str(row["subscription_id"]),
            account=str(row["customer_id"]),
            start=day(str(row["start_date"])),
            end=day(str(row["end_date"])),
            annual_value=12 * Decimal(str(row["monthly_amount"])),
            currency="",
        )
        for row in table(PERIODS_FILE)
    ]

    report = renewal_rate(book, None, Period.year(2018), as_of=day("2019-12-31"))

    assert report.count.value is None
    assert report.undefined.startswith("no payments were given")
    assert (report.signed_count.numerator, report.signed_count.denominator) == (11, 12)
    assert (report.signed_value.numerator, report.signed_value.denominator) == (4740, 6900)
    assert report.assumed_signed + len(report.later) == len(book) == 121
    assert report.faults == ()


# --------------------------------------------------------------------------------------
# What could not be read


def test_the_lines_of_an_account_of_which_a_contract_could_not_be_read_are_unclear() -> None:
    book = [old(), new(), old("other", account="B")]
    ledger, late = [due(), paid()], day("2026-12-31")

    unread = june(book, ledger, as_of=late, unread_accounts={"B"})
    renewed = june(book, ledger, as_of=late, unread_accounts={the_line(june([old()])).account})

    assert line_of(june(book, ledger, as_of=late), "other").outcome is Outcome.LOST
    other = line_of(unread, "other")
    assert (other.outcome, successor_of(other)) == (Outcome.UNCLEAR, None)
    assert other.reason == "a contract of this account could not be read"
    assert (unread.count.numerator, unread.count.denominator) == (1, 1)
    assert (renewed.count.numerator, renewed.count.denominator) == (0, 1)


def test_the_cash_of_a_renewal_of_which_an_entry_could_not_be_read_is_unknown() -> None:
    report = june([old(), new()], [due()], as_of=day("2026-12-31"), unread_cash={"new"})

    line = the_line(report)
    assert line.outcome is Outcome.SIGNED
    assert line.reason == "new signed on 2026-06-10; cash unknown, an entry could not be read"
    assert report.count.value is None
    assert report.signed_count.value == 1


def test_without_a_ledger_no_entry_could_be_unread() -> None:
    report = june([old(), new()], None, unread_cash={"new"})

    assert the_line(report).reason.endswith("no payments given")


# --------------------------------------------------------------------------------------
# What could not be read


@pytest.mark.parametrize("ids", ["A", None, 5, [5], [["A"]], b"A"])
@pytest.mark.parametrize("name", ["unread_accounts", "unread_cash"])
def test_what_could_not_be_read_is_a_collection_of_ids_and_no_text(name: str, ids: Any) -> None:
    with pytest.raises(DefinitionError, match=rf"\$\.{name}: expected a collection of ids") as one:
        june([old()], **{name: ids})

    assert ("as ['A']" in str(one.value)) == (ids == "A")


def test_what_could_not_be_read_may_be_any_collection_of_ids() -> None:
    for ids in (["A"], {"A"}, iter(["A"]), {"A": 1}.keys()):
        assert june([old()], unread_accounts=ids).lines[0].outcome is Outcome.UNCLEAR
