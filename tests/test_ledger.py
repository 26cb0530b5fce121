"""Contracts, entries and what of them had been seen: each record right, each once."""

from __future__ import annotations

import datetime as dt
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.errors import CslibError
from cslib.ledger import Cash, Contract, Entry, Ledger, LedgerError, read_ledger, taken_off
from cslib.moments import MomentError
from cslib.money import MixedCurrencyError
from ledger_strategies import (
    END_OF_JUNE,
    Book,
    books,
    contract,
    credit,
    day,
    due,
    entry,
    new,
    old,
    paid,
    refund,
    some_days,
    tidy_books,
)

NOON = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)


def seen(
    contracts: list[Contract],
    payments: list[Entry] | None = (),  # type: ignore[assignment]
    *,
    as_of: dt.date = END_OF_JUNE,
    known_at: dt.date | None = None,
) -> Ledger:
    return read_ledger(contracts, payments, as_of=as_of, known_at=known_at)


def cash(*payments: Entry, as_of: dt.date = END_OF_JUNE, **more: Any) -> Cash:
    """The cash of a contract that has been signed."""
    return seen([new()], list(payments), as_of=as_of, **more).cash("new")


def faults_of(ledger: Ledger) -> list[str]:
    return [str(fault) for fault in ledger.faults]


# --------------------------------------------------------------------------------------
# A record


def test_every_fault_of_a_contract_is_reported_at_once() -> None:
    with pytest.raises(LedgerError) as caught:
        Contract(
            contract="",
            account="A",
            start=dt.datetime(2026, 1, 1),
            end="2026-07-01",  # type: ignore[arg-type]
            annual_value=1200.5,  # type: ignore[arg-type]
            currency="EUR",
            recorded_at=dt.datetime(2026, 1, 1),
            renews="",
            end_reason="gone",  # type: ignore[arg-type]
        )

    assert [fault.path for fault in caught.value.faults] == [
        *("$.contract", "$.start", "$.end", "$.annual_value", "$.recorded_at", "$.renews"),
        "$.end_reason",
    ]
    assert (
        "expected one of 'churned', 'closed', 'insolvency', 'merged', 'rescinded', or None"
        in str(caught.value)
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"annual_value": 12.5}, "with at most 18 decimals, an int or a Decimal, but got 12.5"),
        ({"annual_value": -1}, "an int or a Decimal, but got -1"),
        ({"annual_value": True}, "but got True"),
        ({"annual_value": Decimal("NaN")}, r"but got Decimal\('NaN'\)"),
        ({"annual_value": Decimal("0.001")}, "0.001 is finer than the minor unit of EUR; round"),
        ({"currency": "euro"}, "expected an ISO 4217 code, or '' where .* but got 'euro'"),
        ({"renews": "old"}, "a contract cannot renew itself"),
        ({"renews": ("a", "a")}, r"expected ids of contracts, each once, but got \('a', 'a'\)"),
        ({"renews": ("a", 5)}, r"expected ids of contracts, each once, but got \('a', 5\)"),
        ({"renews": 5}, "expected ids of contracts, each once, but got 5"),
        ({"product": None}, "expected text, but got None"),
        ({"total_value": 12.5}, r"or None, but got 12.5; write Decimal\('12.5'\)"),
        ({"total_value": Decimal("0.001")}, r"\$.total_value: 0.001 is finer than the minor unit"),
        ({"seats": -1}, "expected a whole number of 0 or more, or None, but got -1"),
        ({"seats": True}, "expected a whole number of 0 or more, or None, but got True"),
        ({"recorded_at": "2026-06-01"}, "a date or a datetime with a time zone, or None"),
    ],
)
def test_a_contract_that_cannot_be_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        old(**more)


def test_a_contract_that_ends_before_its_first_day_is_over_is_refused() -> None:
    with pytest.raises(LedgerError, match=r"\$.end: must lie after the start, 2026-07-01"):
        contract("empty", "2026-07-01", "2026-07-01")


def test_an_entry_that_cannot_be_is_refused() -> None:
    with pytest.raises(LedgerError) as caught:
        entry("payed", "2026-06-01", -5)

    assert [fault.path for fault in caught.value.faults] == ["$.kind", "$.amount"]
    assert "money that goes back is an entry of kind 'refund'" in str(caught.value)


@pytest.mark.parametrize("kind", ["credit", "refund"])
def test_a_credit_below_nothing_is_refused_with_the_amount_to_write(kind: str) -> None:
    with pytest.raises(LedgerError) as caught:
        entry(kind, "2026-06-01", Decimal("-600.00"))

    assert str(caught.value).endswith(f"; write 600.00; `{kind}` already takes it off")


def test_a_payment_below_nothing_is_not_said_to_be_taken_off() -> None:
    with pytest.raises(LedgerError) as caught:
        entry("paid", "2026-06-01", Decimal("-600.00"))

    assert str(caught.value).endswith("but got Decimal('-600.00')")


def test_a_contract_falls_due_on_its_last_covered_day_and_one_with_an_open_end_never() -> None:
    assert old().last_day == END_OF_JUNE
    assert contract("on", "2026-07-01", None).last_day is None


def test_errors_survive_pickle() -> None:
    with pytest.raises(LedgerError) as caught:
        old(annual_value=0.5)

    returned = pickle.loads(pickle.dumps(caught.value))  # noqa: S301

    assert isinstance(returned, CslibError)
    assert (returned.subject, returned.faults) == (caught.value.subject, caught.value.faults)
    assert str(returned) == str(caught.value)


# --------------------------------------------------------------------------------------
# Each record once, of one currency


def test_a_record_given_twice_alike_counts_once() -> None:
    ledger = seen([old(), old(annual_value=Decimal("1200.00"))], [due(to="old"), due(to="old")])

    assert list(ledger.contracts) == ["old"]
    assert ledger.entries == {"old": [due(to="old")]}
    assert (ledger.duplicates, ledger.faults) == (2, ())


def test_a_contract_given_twice_with_other_content_is_reported_and_set_aside() -> None:
    versions = (old(), old(annual_value=1300, end_reason="churned"))

    ledger = seen([*versions, new()])

    assert (list(ledger.contracts), ledger.conflicts) == (["new"], {"old": versions})
    (fault,) = ledger.faults
    assert fault.path == "$.contracts['old']"
    assert fault.message == (
        "stands 2 times with different annual_value, end_reason; keep the right one"
    )


def test_an_entry_given_twice_with_other_content_leaves_the_cash_unknown() -> None:
    ledger = seen([new()], [due(), paid(entry="P-1"), paid(entry="P-1", amount=700)])

    assert ledger.cash("new") == Cash("cash unknown, entries are in conflict", is_known=False)
    assert faults_of(ledger) == [
        "$.payments['P-1']: stands 2 times with different amount; keep the right one"
    ]


def test_an_entry_for_an_unknown_contract_is_reported() -> None:
    ledger = seen([old()], [paid(to="nwe", entry="P-1")])

    assert faults_of(ledger) == ["$.payments['P-1'].contract: no contract 'nwe' is known"]


def test_an_entry_for_a_contract_in_conflict_is_no_orphan() -> None:
    ledger = seen([new(), new(annual_value=900)], [paid()])

    assert [fault.path for fault in ledger.faults] == ["$.contracts['new']"]


def test_contracts_in_two_currencies_are_refused_with_the_remedy() -> None:
    message = "cannot be added; ask for each currency alone, or convert them first"

    with pytest.raises(MixedCurrencyError, match=message):
        seen([old(), new(currency="USD")])


def test_a_contract_in_another_currency_that_is_not_seen_yet_does_not_stop_an_earlier_report() -> (
    None
):
    later = new(currency="USD", signed_on="2026-08-01", recorded_at=day("2026-09-01"))

    early = read_ledger([old(), later], (), as_of=day("2026-07-31"))
    unknown = read_ledger([old(), later], (), as_of=day("2026-09-30"), known_at=day("2026-08-31"))

    assert (early.currency, early.later) == (unknown.currency, unknown.later) == ("EUR", ("new",))


def test_a_currency_and_none_do_not_mix_either() -> None:
    with pytest.raises(MixedCurrencyError, match="EUR and a currency that is not named"):
        seen([old(), new(currency="")])


def test_rows_that_are_no_records_are_refused_with_their_place() -> None:
    with pytest.raises(LedgerError, match=r"\$\[1\]: expected Contract, but got dict"):
        seen([old(), {"contract": "C-1"}])  # type: ignore[list-item]
    with pytest.raises(LedgerError, match=r"\$\[0\]: expected Entry, but got Contract"):
        seen([old()], [old()])  # type: ignore[list-item]


# --------------------------------------------------------------------------------------
# On both clocks


def test_a_contract_signed_after_the_date_is_not_seen_yet() -> None:
    ledger = seen([old(), new(signed_on="2026-07-02")])

    assert (list(ledger.contracts), ledger.later) == (["old"], ("new",))


def test_a_contract_without_a_signing_date_counts_as_signed_on_its_first_day() -> None:
    unsigned = Contract(
        contract="new",
        account="A",
        start=day("2026-07-01"),
        end=day("2027-07-01"),
        annual_value=1200,
        currency="EUR",
    )

    before, after = (seen([unsigned], as_of=day(text)) for text in ("2026-06-30", "2026-07-01"))

    assert (before.later, before.assumed_signed) == (("new",), 0)
    assert (after.later, after.assumed_signed) == ((), 1)


def test_a_contract_recorded_later_is_not_seen_as_known_before() -> None:
    late = new(signed_on="2026-06-29", recorded_at=day("2026-07-02"))

    assert seen([late], known_at=END_OF_JUNE).later == ("new",)
    assert seen([late]).later == ()


def test_a_payment_of_the_day_itself_counts_and_one_of_the_next_day_does_not() -> None:
    ledger = (due(), paid("2026-07-04"))

    assert cash(*ledger, as_of=day("2026-07-03")).since is None
    assert cash(*ledger, as_of=day("2026-07-04")).since == day("2026-07-04")


def test_a_payment_recorded_later_does_not_count_as_known_before() -> None:
    ledger = (due(), paid("2026-06-20", recorded_at=day("2026-07-03")))

    as_known = [cash(*ledger, known_at=day(text)).since for text in ("2026-07-02", "2026-07-03")]

    assert as_known == [None, day("2026-06-20")]


def test_records_may_carry_the_instant_at_which_they_became_known() -> None:
    ledger = (due(), paid(recorded_at=NOON))

    assert cash(*ledger, known_at=NOON - dt.timedelta(seconds=1)).since is None
    assert cash(*ledger, known_at=END_OF_JUNE).since == day("2026-06-20")


def test_records_without_a_stamp_count_as_known_when_they_happened_and_are_counted() -> None:
    contracts = [old(recorded_at=day("2025-07-01")), new()]
    payments = [due("2026-08-01"), paid("2026-06-20")]

    assert seen(contracts, payments, known_at=END_OF_JUNE).assumed_known == 3
    assert seen(contracts, payments).assumed_known == 0


def test_what_a_contract_not_yet_signed_will_owe_is_no_fault() -> None:
    ledger = seen([new(signed_on="2026-07-02")], [due("2026-07-02")])

    assert (ledger.faults, ledger.entries) == ((), {})


def test_money_in_for_a_contract_not_yet_signed_is_reported() -> None:
    ledger = seen([new(signed_on="2026-07-02")], [paid("2026-06-29", entry="P-1")])

    assert faults_of(ledger) == ["$.payments['P-1'].contract: no contract 'new' is known"]


def test_dates_that_are_no_dates_are_refused() -> None:
    with pytest.raises(MomentError, match="as_of"):
        seen([], as_of="2026-06-30")  # type: ignore[arg-type]
    with pytest.raises(MomentError, match="known_at"):
        seen([], known_at=dt.datetime(2026, 6, 30))


@given(books, some_days, some_days, some_days)
def test_what_was_known_stays_known(
    book: Book, as_of: dt.date, one: dt.date, other: dt.date
) -> None:
    earlier, later = (
        read_ledger(*book, as_of=as_of, known_at=known_at) for known_at in sorted((one, other))
    )

    assert ids(earlier) <= ids(later)
    assert set(later.later) <= set(earlier.later)
    assert earlier.assumed_known <= later.assumed_known


def ids(ledger: Ledger) -> set[str]:
    return {*ledger.contracts, *ledger.conflicts}


# --------------------------------------------------------------------------------------
# Cash


def test_without_payments_the_cash_is_unknown() -> None:
    assert seen([new()], None).cash("new") == Cash(
        "cash unknown, no payments given", is_known=False
    )


def test_a_payment_in_full_is_in_since_its_day() -> None:
    assert cash(due(), paid()) == Cash("1200 collected on 2026-06-20", since=day("2026-06-20"))


def test_half_of_the_first_instalment_is_not_enough() -> None:
    assert cash(due(), paid(amount=Decimal("599.99"))) == Cash("599.99 of 1200 collected")


def test_payments_in_parts_count_from_the_day_they_are_complete() -> None:
    parts = (paid("2026-06-12", Decimal("0.10")), paid("2026-06-18", Decimal("1199.90")))

    assert cash(due(), *parts).since == day("2026-06-18")


def test_only_the_first_of_several_instalments_has_to_be_paid() -> None:
    ledger = (due(amount=600), due("2026-12-10", 600), paid(amount=600))

    assert cash(*ledger).since == day("2026-06-20")


def test_what_falls_due_on_one_day_is_one_instalment() -> None:
    ledger = (due(amount=600), due(amount=600, entry="tax"), paid(amount=600))

    assert cash(*ledger) == Cash("600 of 1200 collected")


def test_an_instalment_may_be_paid_before_it_falls_due() -> None:
    assert cash(due("2026-08-01"), paid("2026-06-20")).since == day("2026-06-20")


def test_a_refund_reverses_a_collection() -> None:
    ledger = (due(), paid("2026-06-20"), refund("2026-07-15"))

    assert cash(*ledger, as_of=day("2026-07-14")).since == day("2026-06-20")
    assert cash(*ledger, as_of=day("2026-07-15")) == Cash("0 of 1200 collected")


def test_a_refund_of_what_was_paid_too_much_reverses_nothing() -> None:
    ledger = (due(), paid(), paid(entry="twice"), refund("2026-06-25"))

    assert cash(*ledger).since == day("2026-06-20")


def test_money_paid_again_after_a_refund_counts_from_the_second_time() -> None:
    ledger = (due(), paid("2026-06-12"), refund("2026-06-14"), paid("2026-06-28"))

    assert cash(*ledger).since == day("2026-06-28")


def test_a_payment_bounced_on_its_own_day_was_never_in() -> None:
    assert cash(due(), refund("2026-06-20"), paid("2026-06-20")).since is None


def test_what_costs_nothing_is_collected_when_it_falls_due() -> None:
    assert cash(due(amount=0)).since == day("2026-06-10")


def test_what_costs_nothing_is_not_collected_before_it_falls_due() -> None:
    assert cash(due("2026-07-10", 0)) == Cash("nothing owed, and due only on 2026-07-10")


def test_with_a_ledger_a_contract_not_invoiced_and_not_paid_is_known_not_to_be_paid() -> None:
    assert cash() == Cash("nothing due, nothing paid")


def test_a_payment_towards_no_known_instalment_leaves_the_cash_unknown() -> None:
    assert cash(paid()) == Cash("1200 paid, cash unknown, no instalment falls due", is_known=False)


def test_of_a_fee_of_which_a_part_was_credited_the_rest_has_to_be_paid() -> None:
    ledger = (due(), credit("2026-06-15", 300))

    assert cash(*ledger) == Cash("0 of 900 collected (1200 less 300 credited)")
    assert cash(*ledger, paid(amount=899)).since is None
    assert cash(*ledger, paid(amount=900)) == Cash(
        "900 collected on 2026-06-20 (1200 less 300 credited)", since=day("2026-06-20")
    )


def test_a_credit_note_after_a_payment_completes_it_on_its_own_day() -> None:
    ledger = (due(), paid("2026-06-12", 900), credit("2026-06-18", 300))

    assert cash(*ledger).since == day("2026-06-18")


def test_of_a_fee_that_was_credited_in_full_nothing_is_collected() -> None:
    credited = Cash("nothing collected (1200 less 1200 credited)")

    assert cash(due(), credit()) == credited
    assert cash(due(), credit(amount=5000)) == credited
    assert cash(due(), paid("2026-06-12"), refund("2026-06-18"), credit()) == credited


def test_a_credit_note_beyond_what_is_unpaid_is_for_another_instalment() -> None:
    ledger = (due(amount=600), due("2026-12-10", 600), paid(amount=600), credit("2026-06-25", 600))

    assert cash(*ledger) == Cash("600 collected on 2026-06-20", since=day("2026-06-20"))


def test_a_credit_note_that_leaves_a_cent_to_pay_is_collected_with_that_cent() -> None:
    ledger = (due(), credit("2026-06-15", Decimal("1199.99")), paid(amount=Decimal("0.01")))

    assert cash(*ledger).since == day("2026-06-20")


def test_after_a_first_instalment_credited_in_full_the_next_one_has_to_be_paid() -> None:
    ledger = (due(amount=100), due("2026-07-10", 100), credit("2026-06-15", 100))

    assert cash(*ledger) == Cash("0 of 100 collected (200 less 100 credited)")
    assert cash(*ledger, paid(amount=50)) == Cash("50 of 100 collected (200 less 100 credited)")
    assert cash(*ledger, paid(amount=100)).since == day("2026-06-20")


def test_a_first_instalment_of_nothing_leaves_it_to_the_next_one() -> None:
    ledger = (due(amount=0), due("2026-07-10", 100))

    assert cash(*ledger) == Cash("0 of 100 collected")
    assert cash(*ledger, paid(amount=100)).since == day("2026-06-20")


def test_once_money_came_in_no_credit_note_asks_for_another_instalment() -> None:
    ledger = (due(amount=600), due("2026-12-10", 600), paid(amount=300), credit(amount=300))

    assert cash(*ledger).since == day("2026-06-20")
    assert cash(*ledger, credit("2026-06-22", 300)).since == day("2026-06-20")


def test_what_was_paid_and_then_credited_in_whole_is_not_collected() -> None:
    ledger = (due(), paid(), credit("2026-06-25"))

    assert cash(*ledger) == Cash("1200 collected on 2026-06-20, and all of it credited")


def test_money_that_comes_after_all_was_credited_collects_nothing() -> None:
    ledger = (due(amount=600), credit("2026-06-15", 600), paid(amount=600))

    assert cash(*ledger) == Cash("nothing collected (600 less 600 credited)")


@pytest.mark.parametrize(
    ("end", "value", "credited"),
    [
        ("2027-07-01", 1200, 300),
        ("2029-07-01", 1200, 100),
        ("2026-08-01", 12000, 3600),
        ("2026-08-01", 1200, 1200),
        (None, 1200, 300),
    ],
)
def test_a_credit_note_takes_off_what_it_is_a_year_and_no_more_than_there_is(
    end: str | None, value: int, credited: int
) -> None:
    term = contract("new", "2026-07-01", end, annual_value=value, signed_on="2026-06-10")

    assert seen([term], [credit(amount=300)]).credited("new") == credited


def credited(*moves: Entry, **more: Any) -> Decimal:
    """What the credit notes took off a year of the contract that renews."""
    return seen([new(**more)], list(moves), as_of=day("2029-12-31")).credited("new")


def test_what_is_credited_and_invoiced_again_takes_nothing_off_and_is_to_be_paid() -> None:
    cancelled = (due(), credit("2026-06-12"), due("2026-06-14"))

    assert cash(*cancelled) == Cash("0 of 1200 collected (2400 less 1200 credited)")
    assert cash(*cancelled, paid()).since == day("2026-06-20")
    assert credited(*cancelled) == 0


@given(st.integers(1, 99), st.integers(0, 200), st.integers(0, 200))
def test_of_a_fee_invoiced_whole_what_is_invoiced_net_is_left(
    total: int, more: int, credit: int
) -> None:
    due = Fraction(total + more)

    left = max(total - taken_off(Fraction(credit), due, Fraction(total)), Fraction(0))

    assert left == min(Fraction(total), max(due - credit, Fraction(0)))


_ons = st.sampled_from(["2026-06-12", "2026-06-14", "2026-06-16"])
_moves = st.lists(
    st.tuples(st.sampled_from(["due", "paid", "refund", "credit"]), _ons, st.sampled_from([3, 4])),
    max_size=6,
)


@given(_moves, _ons)
def test_money_that_goes_back_on_its_own_day_changes_nothing(
    moves: list[tuple[str, str, int]], on: str
) -> None:
    ledger = [entry(*move, entry=f"e{n}") for n, move in enumerate(moves)]

    assert cash(*ledger, paid(on, 7, entry="in"), refund(on, 7, entry="out")) == cash(*ledger)


def test_what_is_invoiced_again_at_less_takes_off_the_difference() -> None:
    assert credited(due(), credit("2026-06-12"), due("2026-06-14", 1000)) == 200


def test_a_note_on_a_month_that_is_invoiced_again_counts_until_the_year_is_invoiced_whole() -> None:
    july = (due("2026-07-01", 100), credit("2026-07-03", 100), due("2026-07-04", 100))
    rest = [due(f"2026-{month:02}-01", 100) for month in range(8, 13)]
    after = [due(f"2027-{month:02}-01", 100) for month in range(1, 7)]

    assert credited(*july, *rest) == 100
    assert credited(*july, *rest, *after[:-1]) == 100
    assert credited(*july, *rest, *after) == 0


def test_what_is_invoiced_is_held_against_the_total_value_where_that_is_stated() -> None:
    moves = (due(amount=1000), credit("2026-06-12", 300))

    assert credited(*moves) == 300
    assert credited(*moves, total_value=800) == 100


def test_without_an_end_only_what_is_noted_in_the_first_year_takes_something_off() -> None:
    term = contract("new", "2026-07-01", None, signed_on="2026-06-10")
    goodwill = [credit(f"{year}-06-30", 100) for year in range(2027, 2039)]

    ledger = seen([term], [due(), *goodwill, credit("2027-07-01", 50)], as_of=day("2039-01-01"))

    assert ledger.credited("new") == 100


def test_the_first_year_of_a_term_without_an_end_may_be_the_last_of_the_calendar() -> None:
    term = contract("new", "9999-02-01", None, signed_on="2026-06-10")

    assert seen([term], [due(), credit(amount=100)]).credited("new") == 100


def test_where_nothing_is_owed_a_credit_note_covers_a_refund() -> None:
    moves = (due(amount=0), refund("2026-06-12", 100), credit("2026-06-12", 100))

    assert cash(*moves) == Cash("0 collected on 2026-06-10", since=day("2026-06-10"))


@pytest.mark.parametrize(
    "nothing",
    [
        (),
        (paid("2026-06-12", 0, entry="p"),),
        (paid("2026-06-12", 100, entry="p"), refund("2026-06-12", 100)),
        (paid("2026-06-12", 100, entry="p"), refund("2026-06-14", 100)),
    ],
)
def test_a_payment_of_nothing_or_one_that_went_back_in_full_is_no_money(
    nothing: tuple[Entry, ...],
) -> None:
    months = [due(amount=100), due("2026-07-10", 100), credit("2026-06-15", 100)]

    assert cash(*months, *nothing, paid(amount=60)) == Cash(
        "60 of 100 collected (200 less 100 credited)"
    )


def test_whether_it_is_collected_hangs_on_a_cent_as_a_yes_or_no_does() -> None:
    months = [due(f"2026-{month:02}-10", 100) for month in range(6, 12)]
    cent = Decimal("0.01")
    all_but_a_cent = (*months, credit("2026-06-15", 100 - cent), paid(amount=cent))

    assert cash(*all_but_a_cent).since == day("2026-06-20")
    assert credited(*all_but_a_cent) == 100 - cent
    assert cash(*months, credit("2026-06-15", 100), paid(amount=cent)) == Cash(
        "0.01 of 100 collected (200 less 100 credited)"
    )


@pytest.mark.parametrize(
    ("term", "fee", "taken"),
    [
        (contract("new", "2026-07-01", "2027-06-30"), 1200, Decimal("1196.99")),
        (contract("new", "2026-07-01", "2036-07-01", annual_value=100, currency="JPY"), 1000, 100),
    ],
)
def test_what_is_all_but_credited_is_judged_by_the_money_and_not_by_a_rounded_year(
    term: Contract, fee: int, taken: Decimal | int
) -> None:
    rest = 3 if fee == 1200 else 5
    moves = [due(amount=fee), credit("2026-06-12", fee - rest), paid(amount=rest)]

    ledger = seen([term], moves, as_of=day("2026-07-31"))

    assert ledger.cash("new").since == day("2026-06-20")
    assert ledger.credited("new") == taken


def test_a_credit_is_unknown_where_the_cash_is_and_then_takes_nothing_off() -> None:
    twice = [credit(entry="c"), credit(entry="c", amount=5)]

    assert seen([new()], None).credited("new") == 0
    assert seen([new()], twice).credited("new") == 0
    assert seen([], [credit()]).credited("new") == 0


def test_what_costs_nothing_is_collected_whatever_is_credited() -> None:
    assert cash(due(amount=0), credit(amount=300)).since == day("2026-06-10")


def test_a_credit_note_counts_from_its_day_and_from_when_it_was_recorded() -> None:
    ledger = (due(), paid("2026-06-12", 900), credit(amount=300, recorded_at=day("2026-07-03")))

    assert cash(*ledger, as_of=day("2026-06-19")).since is None
    assert cash(*ledger, known_at=END_OF_JUNE).since is None
    assert cash(*ledger).since == day("2026-06-20")


def test_what_a_contract_renews_is_kept_in_order_so_that_no_order_is_another_content() -> None:
    names = ({"b", "a"}, ["b", "a"], ("a", "b"))

    assert {new(renews=each).renews for each in names} == {("a", "b")}
    assert seen([new(renews=("b", "a")), new(renews=("a", "b"))]).duplicates == 1


def test_none_and_no_ids_say_alike_that_it_is_not_known_what_a_contract_renews() -> None:
    assert new(renews=None) == new(renews=())
    assert new(renews="old") == new(renews=["old"])


def test_a_contract_may_tell_its_product_its_whole_value_and_its_seats() -> None:
    told = old(product="analytics", total_value=Decimal("3600.00"), seats=25)

    assert (told.product, told.total_value, told.seats) == ("analytics", 3600, 25)


@given(tidy_books())
def test_more_credit_never_makes_more_money_come_in(book: Book) -> None:
    """Whoever paid nothing has collected nothing, whatever was credited."""
    rows, moves = book
    unpaid = [move for move in moves or () if move.kind != "paid"]
    ledger = read_ledger(rows, unpaid, as_of=dt.date(2026, 12, 31))

    assert all(ledger.cash(row.contract).since is None for row in rows)


def test_a_float_amount_is_refused_with_the_decimal_to_write() -> None:
    amount: Any = 99.9
    with pytest.raises(LedgerError, match=r"but got 99\.9; write Decimal\('99\.9'\)"):
        Contract(
            contract="C-1",
            account="A",
            start=dt.date(2026, 1, 1),
            end=None,
            annual_value=amount,
            currency="EUR",
        )


@pytest.mark.parametrize(
    "amount",
    [10**40, -(10**5000), 10**5000, Decimal("1E+999999"), Decimal(1000) / 3],
    ids=["beyond", "far below", "far beyond", "written short", "too fine"],
)
def test_an_amount_that_no_ledger_has_is_refused(amount: Any) -> None:
    with pytest.raises(LedgerError, match=r"from 0 to below 10\*\*40 with at most 18 decimals"):
        old(annual_value=amount)


def test_an_end_reason_that_cannot_even_be_compared_is_refused() -> None:
    class Unknown:
        def __eq__(self, other: object) -> bool:
            raise TypeError("boolean value of NA is ambiguous")

        __hash__ = None  # type: ignore[assignment]

    with pytest.raises(LedgerError, match=r"\$.end_reason: expected one of"):
        old(end_reason=Unknown())


def test_what_holds_no_records_is_refused_by_its_type() -> None:
    with pytest.raises(LedgerError, match=r"\$: expected records, but got NoneType"):
        read_ledger(None, (), as_of=END_OF_JUNE)  # type: ignore[arg-type]


class Frame(dict[str, Any]):
    """Like a data frame: it is gone through by its columns, and is neither true nor false."""

    def __bool__(self) -> bool:
        raise ValueError("ambiguous")


def test_a_table_in_the_place_of_records_is_refused_with_the_way_out() -> None:
    table: Any = Frame(entry=["P-1"])

    with pytest.raises(
        LedgerError, match=r"\$\[0\]: expected Entry, but got str; of a table, make"
    ):
        seen([old()], table)
