"""Recurring revenue: stories of what a ledger says of each month, and laws of the columns."""

from __future__ import annotations

import csv
import datetime as dt
import os
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.cubes import CubeError, CustomerCube
from cslib.ledger import Contract, Entry, LedgerError
from cslib.money import AmountError, MixedCurrencyError, to_minor
from cslib.movements import Movement, classify, movement_lines, unit_split
from cslib.periods import Period
from cslib.recurring import Basis, cube_of_terms, customer_cube
from cslib.waterfalls import Waterfall, waterfall
from ledger_strategies import contract, credit, day, due, entry, paid, refund, tidy_books

LATE = day("2027-12-31")


def span(text: str) -> Period:
    return Period.parse(text)


FROM_JUNE = span("2026-06-01/2026-10-01")


def cube(
    contracts: Iterable[Contract],
    payments: Iterable[Entry] | None = None,
    months: Period = FROM_JUNE,
    **more: Any,
) -> CustomerCube:
    return customer_cube(contracts, payments, months, **{"as_of": LATE, **more})


def euros(found: CustomerCube) -> dict[Any, list[int]]:
    """What each customer pays month by month, in whole major units."""
    rows = [found.amounts(month).tolist() for month in range(len(found.months))]
    return {
        key: [row[place] // 100 for row in rows]
        for place, key in enumerate(found.customers.tolist())
    }


def of_a(*contracts: Contract, months: Period = FROM_JUNE, **more: Any) -> list[int]:
    """The months of account A."""
    return euros(cube(contracts, months=months, **more))["A"]


def moved(found: CustomerCube, month: str) -> list[Movement]:
    first = day(f"{month}-01")
    return [line.movement for line in movement_lines(found, Period.month(first.year, first.month))]


# --------------------------------------------------------------------------------------
# Contracted: what is in force on the last day of the month


def test_a_contract_of_a_year_counts_on_twelve_month_ends() -> None:
    year = contract("C-1", "2026-02-10", "2027-02-10")

    months = of_a(year, months=span("2026-01-01/2027-04-01"))

    assert months == [0] + [1200] * 12 + [0, 0]


def test_a_contract_from_the_31st_counts_in_the_month_whose_last_day_it_covers() -> None:
    assert of_a(contract("C-1", "2026-07-31", "2026-08-31")) == [0, 1200, 0, 0]


def test_a_contract_whose_last_covered_day_is_the_last_of_the_month_counts_in_it() -> None:
    assert of_a(contract("C-1", "2026-06-10", "2026-08-01")) == [1200, 1200, 0, 0]


def test_one_that_leaves_the_last_day_uncovered_does_not() -> None:
    assert of_a(contract("C-1", "2026-06-10", "2026-07-31")) == [1200, 0, 0, 0]


def test_a_contract_that_begins_on_a_leap_day_ends_a_day_before_the_end_of_february() -> None:
    leap = contract("C-1", "2024-02-29", "2025-02-28")

    assert of_a(leap, months=span("2024-02-01/2025-04-01")) == [1200] * 12 + [0, 0]


def test_a_contract_within_one_month_covers_no_month_end_and_is_not_seen() -> None:
    assert euros(cube([contract("C-1", "2026-07-03", "2026-07-31")])) == {}


def test_a_contract_with_an_open_end_counts_in_every_month_from_its_first() -> None:
    assert of_a(contract("C-1", "2026-07-15", None)) == [0, 1200, 1200, 1200]


def test_what_began_before_the_span_stands_in_its_first_month() -> None:
    assert of_a(contract("C-1", "2019-01-01", "2026-08-01")) == [1200, 1200, 0, 0]


def test_an_early_renewal_is_not_counted_beside_the_rest_of_the_old_term() -> None:
    old = contract("C-1", "2025-09-01", "2026-09-01")
    new = contract("C-2", "2026-07-01", "2027-07-01", renews="C-1", annual_value=1500)

    assert of_a(old, new) == [1200, 1500, 1500, 1500]


def test_a_co_term_counts_once_from_the_day_on_which_it_merges_two_contracts() -> None:
    book = [
        contract("C-1", "2025-07-01", "2026-07-01", annual_value=500),
        contract("C-2", "2025-12-01", "2026-12-01", annual_value=700),
        contract("C-3", "2026-07-01", "2027-07-01", renews=("C-1", "C-2"), annual_value=1300),
    ]

    assert of_a(*book) == [1200, 1300, 1300, 1300]


def test_a_split_counts_its_parts_and_not_the_whole_beside_them() -> None:
    book = [
        contract("C-1", "2025-09-01", "2026-09-01"),
        contract("C-2", "2026-08-01", "2027-08-01", renews="C-1", annual_value=800),
        contract("C-3", "2026-08-01", "2027-08-01", renews="C-1", annual_value=500),
    ]

    assert of_a(*book) == [1200, 1200, 1300, 1300]


def test_the_years_of_one_sale_follow_one_another_without_a_movement() -> None:
    years = [
        contract(f"Y{y}", f"{y}-08-01", f"{y + 1}-08-01", sale="S", signed_on="2025-07-01")
        for y in (2025, 2026)
    ]

    assert of_a(*years) == [1200, 1200, 1200, 1200]


def test_a_sale_renewed_in_its_middle_year_is_cut_off_with_its_later_years() -> None:
    years = [
        contract(f"Y{y}", f"{y}-01-01", f"{y + 1}-01-01", sale="S", signed_on="2025-01-01")
        for y in (2025, 2026, 2027)
    ]
    new = contract("N", "2026-08-01", "2029-08-01", renews="Y2026", annual_value=1500)

    months = of_a(*years, new, months=span("2026-06-01/2027-04-01"))

    assert months == [1200, 1200] + [1500] * 8


def test_a_rescinded_contract_never_was_nor_is_what_it_said_it_renews_cut_off() -> None:
    old = contract("C-1", "2025-09-01", "2026-09-01")
    stopped = contract("C-2", "2026-07-01", "2027-07-01", renews="C-1", end_reason="rescinded")

    assert of_a(old, stopped) == [1200, 1200, 1200, 0]


def test_days_without_cover_over_a_month_end_are_a_churn_and_a_reactivation() -> None:
    old = contract("C-1", "2025-06-20", "2026-06-20")
    new = contract("C-2", "2026-07-03", "2027-07-03", renews="C-1", annual_value=1500)

    found = cube([old, new], months=span("2026-05-01/2026-09-01"))

    assert euros(found)["A"] == [1200, 0, 1500, 1500]
    assert (moved(found, "2026-06"), moved(found, "2026-07")) == (
        [Movement.CHURN],
        [Movement.REACTIVATION],
    )


def test_a_renewal_signed_in_grace_and_counted_from_the_old_end_leaves_no_gap() -> None:
    old = contract("C-1", "2025-07-01", "2026-07-01")
    new = contract("C-2", "2026-07-01", "2027-07-01", renews="C-1", signed_on="2026-08-20")

    assert of_a(old, new) == [1200, 1200, 1200, 1200]
    assert of_a(old, new, months=span("2026-06-01/2026-08-01"), as_of=day("2026-07-31")) == [
        1200,
        0,
    ]


def test_what_is_recorded_after_known_at_does_not_count() -> None:
    new = contract("C-1", "2026-06-01", None, recorded_at=day("2026-11-01"))
    old = contract("C-0", "2026-06-01", None, account="B")

    assert set(euros(cube([old, new], known_at=day("2026-10-31")))) == {"B"}
    assert set(euros(cube([old, new], known_at=day("2026-11-01")))) == {"A", "B"}


def test_yen_have_no_minor_unit() -> None:
    found = cube([contract("C-1", "2026-06-01", None, annual_value=120_000, currency="JPY")])

    assert found.amounts(0).tolist() == [120_000]


def test_a_customer_is_whatever_the_key_says() -> None:
    book = [
        contract("C-1", "2026-06-01", None, product="seats"),
        contract("C-2", "2026-08-01", None, product="archive", annual_value=300),
    ]

    found = cube(book, customer=lambda each: (each.account, each.product))

    assert euros(found) == {("A", "seats"): [1200] * 4, ("A", "archive"): [0, 0, 300, 300]}
    assert moved(found, "2026-08") == [Movement.NEW]
    assert moved(cube(book), "2026-08") == [Movement.EXPANSION]


def test_the_cube_of_a_book_in_which_all_was_rescinded_is_empty() -> None:
    stopped = contract("C-1", "2026-06-01", None, end_reason="rescinded")

    assert waterfall(cube([stopped])).closing.tolist() == [0, 0, 0]


# --------------------------------------------------------------------------------------
# Billed and collected: what falls due or is paid in the month


def monthly(kind: str, amount: int = 100) -> list[Entry]:
    return [entry(kind, f"2026-{month:02}-05", amount, to="C-1") for month in (6, 7, 8, 9)]


RUNNING = contract("C-1", "2026-06-01", None)


def test_billed_is_what_falls_due_in_the_month_less_its_credit_notes() -> None:
    moves = [*monthly("due"), credit("2026-08-20", 30, to="C-1"), paid("2026-06-20", 400, to="C-1")]

    found = cube([RUNNING], moves, basis="billed")

    assert euros(found)["A"] == [100, 100, 70, 100]
    assert found.basis == "billed"


def test_collected_is_what_is_paid_in_the_month_less_its_refunds() -> None:
    moves = [*monthly("due"), *monthly("paid"), refund("2026-07-20", 40, to="C-1")]

    found = cube([RUNNING], moves, basis=Basis.COLLECTED)

    assert euros(found)["A"] == [100, 60, 100, 100]
    assert found.basis == "collected"


def test_what_falls_due_outside_the_span_is_not_in_it() -> None:
    moves = [*monthly("due"), due("2026-10-01", to="C-1"), due("2026-05-31", to="C-1")]

    assert euros(cube([RUNNING], moves, basis="billed"))["A"] == [100] * 4


def test_a_month_credited_in_full_is_a_month_without_revenue() -> None:
    moves = [*monthly("due"), credit("2026-07-20", 100, to="C-1")]

    assert euros(cube([RUNNING], moves, basis="billed"))["A"] == [100, 0, 100, 100]


def test_a_rescinded_deal_that_was_paid_and_refunded_is_on_no_basis() -> None:
    stopped = attrs.evolve(RUNNING, end_reason="rescinded")
    moves = [
        *monthly("due"),
        paid("2026-06-20", to="C-1"),
        refund("2026-08-20", to="C-1"),
    ]

    for basis in Basis:
        assert euros(cube([stopped], moves, basis=basis)) == {}


def test_a_refund_of_more_than_its_month_has_lowers_the_months_before_the_latest_first() -> None:
    moves = [*monthly("paid"), refund("2026-08-20", Decimal("250.50"), to="C-1")]

    found = cube([RUNNING], moves, basis="collected")

    assert found.amounts(0).tolist() == [49_50]
    assert euros(found)["A"][1:] == [0, 0, 100]


def test_a_credit_note_of_a_month_without_an_invoice_lowers_the_invoice_before_it() -> None:
    moves = [due("2026-06-05", 1200, to="C-1"), credit("2026-08-20", 300, to="C-1")]

    assert euros(cube([RUNNING], moves, basis="billed"))["A"] == [900, 0, 0, 0]


def test_a_refund_may_correct_a_month_before_the_span() -> None:
    before = contract("C-1", "2026-05-01", None)
    moves = [paid("2026-05-20", 500, to="C-1"), *monthly("paid")]
    back = refund("2026-06-20", 400, to="C-1")

    found = cube([before], [*moves, back], basis="collected")

    assert euros(found)["A"] == [0, 100, 100, 100]


def test_a_refund_after_the_span_corrects_the_same_month_in_every_cube_of_the_ledger() -> None:
    moves = [*monthly("paid"), refund("2026-09-20", 150, to="C-1")]
    short = span("2026-06-01/2026-09-01")

    assert euros(cube([RUNNING], moves, basis="collected"))["A"] == [100, 100, 50, 0]
    assert euros(cube([RUNNING], moves, short, basis="collected"))["A"] == [100, 100, 50]


def test_a_refund_in_a_month_that_is_not_over_corrects_no_month_yet() -> None:
    moves = [*monthly("paid"), refund("2026-10-02", 50, to="C-1")]

    found = cube([RUNNING], moves, basis="collected", as_of=day("2026-10-15"))

    assert euros(found)["A"] == [100] * 4


def test_a_ledger_is_read_to_the_end_of_the_calendar() -> None:
    found = cube([RUNNING], monthly("paid"), basis="collected", as_of=dt.date.max)

    assert euros(found)["A"] == [100] * 4


def test_more_refunded_than_ever_came_in_is_refused_by_the_entry_and_the_customer() -> None:
    moves = [
        *monthly("paid"),
        refund("2026-08-20", 250, to="C-1", entry="R-1"),
        refund("2026-09-20", Decimal("150.50"), to="C-1", entry="R-2"),
    ]
    message = r"\['R-2'\]: with this refund 0.50 more went back to A than ever came in"

    with pytest.raises(LedgerError, match=message):
        cube([RUNNING], moves, basis="collected")


@pytest.mark.parametrize("basis", ["billed", "collected"])
def test_without_payments_only_contracted_revenue_is_known(basis: str) -> None:
    with pytest.raises(LedgerError, match=r"\$.payments: none were given; contracted needs none"):
        cube([RUNNING], None, basis=basis)


def test_an_entry_finer_than_a_cent_is_refused_by_its_id() -> None:
    with pytest.raises(AmountError) as caught:
        cube([RUNNING], [entry("due", "2026-06-05", Decimal("0.005"), "C-1")], basis="billed")

    assert caught.value.__notes__ == ["in entry 'C-1 due 2026-06-05 0.005'"]


# --------------------------------------------------------------------------------------
# What is refused


def test_a_month_that_is_not_over_is_refused_since_nobody_knows_what_will_be_renewed() -> None:
    with pytest.raises(CubeError, match=r"span is .*: its last day must be over by 2026-09-29"):
        cube([RUNNING], as_of=day("2026-09-29"))

    assert of_a(RUNNING, as_of=day("2026-09-30")) == [1200] * 4


def test_a_basis_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(CubeError, match="'biled': expected one of contracted, billed, collected"):
        cube([RUNNING], basis="biled")


def test_two_versions_of_one_contract_are_refused() -> None:
    with pytest.raises(LedgerError, match="stands 2 times with different annual_value"):
        cube([RUNNING, attrs.evolve(RUNNING, annual_value=1300)])


def test_a_payment_for_no_known_contract_is_refused() -> None:
    with pytest.raises(LedgerError, match="no contract 'C-9' is known"):
        cube([RUNNING], [paid(to="C-9")], basis="collected")


def test_a_book_that_states_no_currency_is_refused() -> None:
    with pytest.raises(LedgerError, match="no currency is stated; fill it in"):
        cube([contract("C-1", "2026-06-01", None, currency="")])


def test_a_book_without_contracts_is_refused_since_it_has_no_currency() -> None:
    with pytest.raises(LedgerError, match="none is known: a book without any has no currency"):
        cube([])


def test_two_currencies_are_refused() -> None:
    with pytest.raises(MixedCurrencyError):
        cube([RUNNING, contract("C-2", "2026-06-01", None, currency="USD")])


def test_a_doubt_about_an_early_renewal_is_refused_since_the_old_term_may_have_been_cut() -> None:
    book = [
        contract("C-1", "2025-09-01", "2026-09-01"),
        contract("C-2", "2026-08-25", None),
        contract("C-3", "2026-09-08", None),
    ]

    with pytest.raises(LedgerError, match="C-2, C-3 may renew it, equally near to its end"):
        cube(book)


def test_a_doubt_that_moves_no_amount_is_none_of_the_cubes_business() -> None:
    book = [
        contract("C-1", "2025-09-01", "2026-09-01"),
        contract("C-2", "2026-09-01", None, annual_value=900),
        contract("C-3", "2026-09-01", None, annual_value=400),
    ]

    assert of_a(*book) == [1200, 1200, 1200, 1300]


def test_a_doubt_about_what_another_account_renews_early_is_refused() -> None:
    book = [
        contract("C-1", "2025-09-01", "2026-09-01"),
        contract("C-2", "2026-07-01", "2026-10-01", account="B", renews="C-1"),
        contract("C-3", "2026-10-01", "2027-10-01", account="B", renews="C-1"),
    ]

    with pytest.raises(LedgerError, match="follow one another; only the first can renew it"):
        cube(book)


def test_a_doubt_about_the_last_year_of_a_sale_looks_back_to_its_first() -> None:
    years = [
        contract(f"Y{y}", f"{y}-09-01", f"{y + 1}-09-01", sale="S", signed_on="2025-07-01")
        for y in (2025, 2026)
    ]
    rivals = [
        contract("N-1", "2026-07-01", "2026-10-01", renews="Y2025"),
        contract("N-2", "2026-10-01", "2027-10-01", renews="Y2025"),
    ]

    with pytest.raises(LedgerError, match="follow one another"):
        cube([*years, *rivals])


# --------------------------------------------------------------------------------------
# Columns

DAYS = st.dates(day("2025-10-01"), day("2026-12-31"))
SPANS = st.sampled_from([FROM_JUNE, span("2026-01-01/2026-03-01"), span("2024-02-01/2027-03-01")])
Term = tuple[str, dt.date, dt.date | None, int]


@st.composite
def terms(draw: st.DrawFn) -> Term:
    start = draw(DAYS)
    length = draw(st.none() | st.integers(1, 400))
    end = None if length is None else start + dt.timedelta(days=length)
    return draw(st.sampled_from("abc")), start, end, draw(st.sampled_from([0, 1, 250]))


def of_columns(given: Sequence[Term], months: Period = FROM_JUNE, **more: Any) -> CustomerCube:
    columns = {
        "customer": [key for key, _, _, _ in given],
        "start": np.array([start for _, start, _, _ in given], "datetime64[D]"),
        "end": np.array([end for _, _, end, _ in given], "datetime64[D]"),
        "annual_value": np.array([value for _, _, _, value in given], np.int64),
    }
    return cube_of_terms(**{**columns, "currency": "EUR", "span": months, **more})


def content(found: CustomerCube) -> dict[Any, list[int]]:
    rows = [found.amounts(month).tolist() for month in range(len(found.months))]
    return {key: [row[i] for row in rows] for i, key in enumerate(found.customers.tolist())}


@given(st.lists(terms(), max_size=8), SPANS)
def test_columns_of_terms_agree_with_every_month_end_looked_at_slowly(
    given: list[Term], months: Period
) -> None:
    slow: dict[str, list[int]] = defaultdict(lambda: [0] * len(months.months()))
    for key, start, end, value in given:
        for place, month in enumerate(months.months()):
            if start <= month.last_day and (end is None or month.last_day < end):
                slow[key][place] += value

    found = of_columns(given, months)

    assert content(found) == {key: row for key, row in slow.items() if any(row)}
    assert found.basis == "contracted"


@given(st.lists(terms(), max_size=8))
def test_records_that_renew_nothing_make_the_cube_of_their_columns(given: list[Term]) -> None:
    book = [
        Contract(
            contract=f"c{n}",
            account=key,
            start=start,
            end=end,
            annual_value=value,
            currency="JPY",
            end_reason="churned",  # so that nothing is inferred
        )
        for n, (key, start, end, value) in enumerate(given)
    ]

    if book:
        assert content(cube(book)) == content(of_columns(given, currency="JPY"))


@given(tidy_books(), SPANS)
def test_a_contract_counts_at_a_month_end_unless_what_renews_it_has_begun(
    book: tuple[list[Contract], list[Entry]], months: Period
) -> None:
    live = [each for each in book[0] if each.end_reason != "rescinded"]
    slow: dict[str, list[int]] = defaultdict(lambda: [0] * len(months.months()))
    for place, month in enumerate(months.months()):
        begun = [each for each in live if each.start <= month.last_day]
        renewed = {name for each in begun for name in each.renews}
        for each in begun:
            if month.last_day < (each.end or LATE) and each.contract not in renewed:
                slow[each.contract][place] += to_minor(each.annual_value, "EUR")

    found = cube(*book, months, customer=lambda each: each.contract)

    assert content(found) == {key: row for key, row in slow.items() if any(row)}


@given(tidy_books(), st.randoms())
def test_the_cube_of_a_ledger_does_not_depend_on_the_order_of_its_records(
    book: tuple[list[Contract], list[Entry]], chance: random.Random
) -> None:
    contracts, payments = book
    shuffled = chance.sample(contracts, len(contracts))

    for basis in Basis:
        assert tried(contracts, payments, basis) == tried(shuffled, payments[::-1], basis)


def tried(contracts: list[Contract], payments: list[Entry], basis: Basis) -> object:
    try:
        return content(cube(contracts, payments, basis=basis))
    except LedgerError as error:
        return str(error)


def test_keys_that_are_tuples_stay_whole_in_columns() -> None:
    (key, start, end, value) = ("a", day("2026-06-01"), None, 5)

    found = of_columns([(key, start, end, value)], customer=[("A", "seats")])

    assert content(found) == {("A", "seats"): [5, 5, 5, 5]}


ODD: dict[str, tuple[dict[str, Any], str]] = {
    "a missing start": (
        {"start": np.array(["NaT"], "datetime64[D]")},
        r"start\[0\] is missing: take the row out",
    ),
    "an end before the start": (
        {"end": np.array(["2026-05-01"], "datetime64[D]")},
        r"end\[0\] is 2026-05-01: expected a day after the start, 2026-06-01",
    ),
    "days that are months": (
        {"start": np.array(["2026-06"], "datetime64[M]")},
        r"start has dtype datetime64\[M\]: give numpy.datetime64\[D\]",
    ),
    "a masked value": (
        {"annual_value": np.ma.masked_array([5], mask=[True])},
        r"annual_value\[0\] is masked",
    ),
    "a float": ({"annual_value": [5.0]}, r"annual_value\[0\] is the float 5.0"),
    "a number too large": ({"annual_value": [10**30]}, r"annual_value\[0\] is the int 1000"),
    "columns of two lengths": ({"customer": ["a", "b"]}, "differ in length: customer has 2, start"),
}


@pytest.mark.parametrize(("columns", "message"), ODD.values(), ids=ODD)
def test_columns_that_cannot_be_read_are_refused_by_name_and_row(
    columns: dict[str, Any], message: str
) -> None:
    with pytest.raises(CubeError, match=message):
        of_columns([("a", day("2026-06-01"), None, 5)], **columns)


def test_no_terms_make_an_empty_cube() -> None:
    assert content(of_columns([], start=[], end=[], annual_value=[], customer=[])) == {}


# --------------------------------------------------------------------------------------
# 121 subscription periods of 55 customers, which no one here wrote (dbt-labs/mrr-playbook, MIT)

DATA = Path(os.environ.get("CSLIB_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")
PERIODS = DATA / "ledger" / "subscription_periods.csv"
TWO_YEARS = span("2018-01-01/2020-01-01")

on_real_data = pytest.mark.skipif(
    not PERIODS.is_file(),
    reason=f"no published data at {DATA}; name their folder in CSLIB_REAL_DATA",
)


def real_rows() -> list[dict[str, str]]:
    with PERIODS.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def real_waterfall() -> tuple[CustomerCube, Waterfall]:
    book = [
        Contract(
            contract=row["subscription_id"],
            account=row["customer_id"],
            start=day(row["start_date"]),
            end=day(row["end_date"]),
            annual_value=12 * Decimal(row["monthly_amount"]),
            currency="USD",
        )
        for row in real_rows()
    ]
    found = customer_cube(book, None, TWO_YEARS, as_of=day("2020-01-31"))
    return found, waterfall(found)


@pytest.mark.real_data
@on_real_data
def test_the_waterfall_of_the_real_book_reconciles_in_every_month() -> None:
    _, report = real_waterfall()

    assert np.array_equal(report.opening + report.gains - report.losses, report.closing)
    assert np.array_equal(report.opening[1:], report.closing[:-1])
    assert report.losses.any()
    assert report.reactivation.any()


@pytest.mark.real_data
@on_real_data
def test_the_waterfall_of_the_real_book_is_that_of_a_slow_count_of_its_rows() -> None:
    _, report = real_waterfall()
    months = TWO_YEARS.months()
    pays: dict[str, list[int]] = defaultdict(lambda: [0] * len(months))
    for row in real_rows():
        for place, month in enumerate(months):
            if day(row["start_date"]) <= month.last_day < day(row["end_date"]):
                pays[row["customer_id"]][place] += to_minor(12 * int(row["monthly_amount"]), "USD")

    for place in range(1, len(months)):
        sums: dict[Movement | None, int] = defaultdict(int)
        for history in pays.values():
            before, after = history[place - 1], history[place]
            sums[classify(before, after, any(history[:place]))] += abs(after - before)
        assert {kind: sums[kind] for kind in Movement} == {
            kind: int(getattr(report, kind)[place - 1]) for kind in Movement
        }
        assert report.closing[place - 1] == sum(history[place] for history in pays.values())


def test_a_span_is_a_period_and_no_text() -> None:
    with pytest.raises(CubeError, match="span is '2026': expected a Period"):
        customer_cube([], None, "2026", as_of=day("2026-12-31"))  # type: ignore[arg-type]
    with pytest.raises(CubeError, match="span is None: expected a Period"):
        cube_of_terms(
            customer=[],
            start=[],
            end=[],
            annual_value=[],
            currency="EUR",
            span=None,  # type: ignore[arg-type]
        )


def test_where_every_contract_tells_its_seats_growth_is_parted_into_seats_and_price() -> None:
    grown = {"signed_on": "2026-06-01", "renews": "C-1", "annual_value": 1800, "seats": 12}
    book = [
        contract("C-1", "2025-09-01", "2026-09-01", annual_value=1200, seats=10),
        contract("C-2", "2026-09-01", "2027-09-01", **grown),
    ]

    split = unit_split(cube(book))

    month = split.months.tolist().index(dt.date(2026, 9, 1))
    assert split.expansion_units[month] == 240_00  # two seats more at 120
    assert split.expansion_price[month] == 360_00  # 12 seats, each dearer by 30


def test_seats_that_one_contract_does_not_tell_are_no_units() -> None:
    told = contract("C-1", "2025-09-01", "2026-09-01", seats=10)

    assert cube([told, contract("B-1", "2026-01-01", None, account="B")]).units(0) is None


def test_units_of_terms_stand_beside_their_amounts() -> None:
    found = cube_of_terms(
        customer=["fox", "owl"],
        start=np.array(["2026-06-01", "2026-07-01"], "datetime64[D]"),
        end=np.array(["2026-09-01", "NaT"], "datetime64[D]"),
        annual_value=[100, 200],
        currency="EUR",
        span=FROM_JUNE,
        units=[3, 5],
    )

    assert [list(found.units(month)) for month in (0, 1)] == [[3, 0], [3, 5]]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("basis", "hint"),
    [("mrr", "; contracted is ARR: divide its amounts by 12"), ("ARR", "; contracted is ARR")],
)
def test_a_run_rate_in_the_place_of_a_basis_is_told_where_to_look(basis: str, hint: str) -> None:
    with pytest.raises(CubeError, match=f"contracted, billed, collected{hint}"):
        cube([RUNNING], None, basis=basis)


def test_a_key_that_is_no_function_of_a_contract_is_refused() -> None:
    with pytest.raises(CubeError, match="customer is the int 5: expected a function of a contract"):
        customer_cube([], None, span("2026"), as_of=LATE, customer=5)  # type: ignore[arg-type]
