"""Books from CSV files: what is read, what is reported, and that nothing is lost in between."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.books import BadRow, Counts, Reading, read_book
from cslib.layouts import ReviewFile, Source, Table
from cslib.lifecycle import Event
from cslib.playbooks import Library, Playbook
from cslib.renewal import Contract, EndReason, Entry, EntryKind
from cslib.review import review_book
from cslib.sheets import BookError

ACCOUNTS = "account,name,seats,seats_used,environment_ok,signed_on\n"
EVENTS = "event_id,account,event,at,recorded_at\n"
CONTRACTS = "contract,account,start,end,annual_value\n"
PAYMENTS = "entry,contract,kind,on,amount\n"
A_CONTRACT = "C1,A1,2025-07-01,2026-07-01,1200.00\n"


def read(folder: Path, file: ReviewFile | None = None, **tables: str | bytes) -> Reading:
    """The reading of a folder that holds these files."""
    for name, content in tables.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.csv").write_bytes(data)
    return read_book(folder, file)


# --- What is read


def test_every_column_of_the_accounts_is_a_fact_of_the_kind_that_the_rules_need(
    tmp_path: Path,
) -> None:
    rows = "A1,Paper Crane,20,9.5,TRUE,2026-01-31\n"
    reading = read(tmp_path, accounts=ACCOUNTS + rows)

    assert reading.book.accounts == {
        "A1": {
            "account": "A1",
            "name": "Paper Crane",
            "seats": 20,
            "seats_used": 9.5,
            "environment_ok": True,
            "signed_on": dt.date(2026, 1, 31),
        }
    }


def test_an_empty_cell_is_unknown_and_spaces_around_a_cell_do_not_count(tmp_path: Path) -> None:
    reading = read(tmp_path, accounts="account , seats\n A1 , 20 \nA2,  \n")

    assert reading.book.accounts == {
        "A1": {"account": "A1", "seats": 20},
        "A2": {"account": "A2", "seats": None},
    }


def test_a_fact_that_no_rule_reads_stays_text(tmp_path: Path) -> None:
    reading = read(tmp_path, accounts="account,postcode\nA1,01067\n")

    assert reading.book.accounts == {"A1": {"account": "A1", "postcode": "01067"}}


def test_further_columns_of_the_events_are_payload(tmp_path: Path) -> None:
    events = "event_id,account,event,at,recorded_at,environment_ok,reason\n"
    row = "E1,A1,environment_checked,2026-01-02,2026-01-03,false,no disk\n"
    reading = read(tmp_path, events=events + row)

    assert reading.book.events == (
        Event(
            id="E1",
            account="A1",
            name="environment_checked",
            at=dt.date(2026, 1, 2),
            recorded_at=dt.date(2026, 1, 3),
            payload={"environment_ok": False, "reason": "no disk"},
        ),
    )


def test_a_contract_is_read_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    header = "contract,account,start,end,annual_value,currency,signed_on,recorded_at,"
    header += "renews,sale,end_reason\n"
    row = "C2,A1,2025-07-01,2026-07-01,1200.50,EUR,2025-06-30,2025-07-02T09:00Z,C1,S,closed\n"
    reading = read(tmp_path, contracts=header + row)

    assert reading.book.contracts == (
        Contract(
            contract="C2",
            account="A1",
            start=dt.date(2025, 7, 1),
            end=dt.date(2026, 7, 1),
            annual_value=Decimal("1200.50"),
            currency="EUR",
            signed_on=dt.date(2025, 6, 30),
            recorded_at=dt.datetime(2025, 7, 2, 9, tzinfo=dt.UTC),
            renews="C1",
            sale="S",
            end_reason=EndReason.CLOSED,
        ),
    )


def test_a_contract_without_an_end_is_open(tmp_path: Path) -> None:
    reading = read(tmp_path, contracts=CONTRACTS + "C1,A1,2025-07-01,,1200\n")

    assert reading.book.contracts is not None
    assert reading.book.contracts[0].end is None
    assert not reading.bad


def test_a_payment_without_an_id_goes_by_its_line(tmp_path: Path) -> None:
    payments = "contract,kind,on,amount\nC1,paid,2025-07-09,600\nC1,paid,2025-07-09,600\n"
    reading = read(tmp_path, contracts=CONTRACTS + A_CONTRACT, payments=payments)

    assert reading.book.payments == tuple(
        Entry(
            entry=f"line {line}",
            contract="C1",
            kind=EntryKind.PAID,
            on=dt.date(2025, 7, 9),
            amount=Decimal(600),
        )
        for line in (2, 3)
    )


def test_a_table_that_is_absent_is_none_and_one_without_rows_is_empty(tmp_path: Path) -> None:
    book = read(tmp_path, accounts=ACCOUNTS, events=EVENTS).book

    assert (book.accounts, book.events, book.contracts, book.payments) == ({}, (), None, None)


def test_the_kind_of_a_column_that_the_rules_leave_open_is_that_of_most_of_its_cells(
    tmp_path: Path,
) -> None:
    playbook = Playbook(name="p", need="n", layer="service", entry="renewed_on > signed")
    file = ReviewFile(playbooks=Library(name="l", playbooks=(playbook,)))
    rows = ["A1,2026-01-02,2026-01-01", "A2,soon,2026-01-01", "A3,2026-01-02,"]
    reading = read(tmp_path, file, accounts="account,renewed_on,signed\n" + "\n".join(rows))

    assert reading.book.accounts is not None
    assert reading.book.accounts["A1"]["renewed_on"] == dt.date(2026, 1, 2)
    (bad,) = reading.bad
    assert str(bad) == (
        "accounts.csv, line 3, column 'renewed_on': 'soon': "
        "expected a date such as 2026-06-30; taken as unknown"
    )


# --- Cells that are bad


@pytest.mark.parametrize(
    ("cells", "column", "expected"),
    [
        ('A1,x,"1,200",9,true,', "seats", "expected a number such as 1200.50, without separators"),
        ("A1,x,20 seats,9,true,", "seats", "expected a number such as 1200.50, without separators"),
        ("A1,x,1e999,9,true,", "seats", "expected a number"),
        ("A1,x,nan,9,true,", "seats", "expected a number"),
        ("A1,x,２０,9,true,", "seats", "expected a number"),
        ("A1,x,20,9,1,", "environment_ok", "expected true or false"),
        ("A1,x,20,9,yes,", "environment_ok", "expected true or false"),
        ("A1,x,20,9,true,2026-02-30", "signed_on", "expected a date such as 2026-06-30"),
        ("A1,x,20,9,true,30.6.2026", "signed_on", "expected a date such as 2026-06-30"),
        ("A1,x,20,9,true,2026-W01-1", "signed_on", "expected a date such as 2026-06-30"),
    ],
)
def test_a_fact_that_cannot_be_read_is_reported_and_unknown(
    tmp_path: Path, cells: str, column: str, expected: str
) -> None:
    reading = read(tmp_path, accounts=ACCOUNTS + cells + "\n")

    (bad,) = reading.bad
    assert (bad.file, bad.line, bad.column) == ("accounts.csv", 2, column)
    assert bad.remedy.startswith(expected)
    assert bad.remedy.endswith("taken as unknown")
    assert reading.book.accounts is not None
    assert reading.book.accounts["A1"][column] is None


@pytest.mark.parametrize(
    ("table", "row", "column", "expected"),
    [
        ("accounts", ",x,20,9,true,", "account", "nothing stands here"),
        ("accounts", "A1,x", "", "expected 6 cells, but got 2"),
        ("accounts", "A1,x,20,9,true,,,", "", "expected 6 cells, but got 8"),
        ("events", "E1,,signed,2026-01-02,", "account", "nothing stands here"),
        ("events", "E1,A1,,2026-01-02,", "event", "nothing stands here"),
        ("events", "E1,A1,signed,,", "at", "nothing stands here"),
        ("events", "E1,A1,signed,2026-02-30,", "at", "expected a date"),
        ("events", "E1,A1,signed,2026-02-28T09:00,", "at", "expected an instant with its time"),
        ("events", "E1,A1,signed,0001-01-01T00:00+09:00,", "at", "expected an instant"),
        ("contracts", ",A1,2025-07-01,2026-07-01,1", "contract", "nothing stands here"),
        ("contracts", "C1,A1,,2026-07-01,1", "start", "nothing stands here"),
        ("contracts", "C1,A1,2026-02-30,2026-07-01,1", "start", "expected a date"),
        ("contracts", "C1,A1,2026-07-01,2026-07-01,1", "end", "must lie after the start"),
        ("contracts", "C1,A1,2025-07-01,2026-07-01,", "annual_value", "nothing stands here"),
        ("contracts", 'C1,A1,2025-07-01,2026-07-01,"1,200"', "annual_value", "expected an amount"),
        ("contracts", "C1,A1,2025-07-01,2026-07-01,1E+99999999", "annual_value", "expected an am"),
        ("contracts", "C1,A1,2025-07-01,2026-07-01,-1", "annual_value", "expected an amount of 0"),
        ("payments", "P1,,paid,2025-07-01,1", "contract", "nothing stands here"),
        ("payments", "P1,C1,payed,2025-07-01,1", "kind", "expected due, paid, refund or credit"),
        ("payments", "P1,C1,paid,2025-02-29,1", "on", "expected a date"),
        ("payments", "P1,C1,paid,2025-07-01,-5", "amount", "expected an amount of 0 or more"),
        ("payments", "P1,C1,paid,2025-07-01,€5", "amount", "expected an amount"),
        ("payments", "P1,C9,paid,2025-07-01,5", "contract", "no contract of this id"),
    ],
)
def test_a_row_that_cannot_be_used_is_reported_and_left_out(
    tmp_path: Path, table: str, row: str, column: str, expected: str
) -> None:
    headers = {
        "accounts": ACCOUNTS,
        "events": EVENTS,
        "contracts": CONTRACTS,
        "payments": PAYMENTS,
    }
    tables = {table: f"{headers[table]}{row}\n"}
    if table == "payments":
        tables["contracts"] = CONTRACTS + A_CONTRACT
    reading = read(tmp_path, **tables)

    (bad,) = reading.bad
    assert (bad.file, bad.line, bad.column) == (f"{table}.csv", 2, column)
    assert bad.remedy.startswith(expected)
    assert bad.remedy.endswith("the row is left out")
    assert reading.counts[table] == Counts(rows=1, used=0, duplicates=0, left_out=1)


def test_all_that_is_wrong_with_a_row_is_reported_at_once(tmp_path: Path) -> None:
    reading = read(tmp_path, contracts=CONTRACTS + "C1,,2025-02-30,2026-07-01,free\n")

    assert [row.column for row in reading.bad] == ["account", "start", "annual_value"]
    assert reading.counts["contracts"].left_out == 1


def test_an_optional_cell_that_cannot_be_read_is_unknown_and_its_row_is_used(
    tmp_path: Path,
) -> None:
    contracts = "contract,account,start,end,annual_value,signed_on,recorded_at,renews,end_reason\n"
    reading = read(
        tmp_path,
        events=EVENTS + "E1,A1,signed,2026-02-28,yesterday\n",
        contracts=contracts + "C1,A1,2025-07-01,2026-07-01,1,9.6.2025,June,C1,Churn\n",
        payments="contract,kind,on,amount,recorded_at\nC1,paid,2025-07-01,1,today\n",
    )

    assert [(bad.file, bad.column) for bad in reading.bad] == [
        ("events.csv", "recorded_at"),
        ("contracts.csv", "signed_on"),
        ("contracts.csv", "recorded_at"),
        ("contracts.csv", "end_reason"),
        ("contracts.csv", "renews"),
        ("payments.csv", "recorded_at"),
    ]
    assert all(bad.remedy.endswith("taken as unknown") for bad in reading.bad)
    assert all(counts.used == 1 for counts in reading.counts.values())
    (contract,) = reading.book.contracts or ()
    assert (contract.signed_on, contract.renews, contract.end_reason) == (None, (), None)
    assert not reading.book.unread_accounts


def test_an_end_that_cannot_be_read_is_no_open_end(tmp_path: Path) -> None:
    reading = read(tmp_path, contracts=CONTRACTS + "C1,A1,2025-07-01,soon,1\n")

    assert reading.book.contracts == ()
    assert reading.book.unread_accounts == {"A1"}


def test_a_bad_row_reads_well_with_and_without_a_column() -> None:
    bad = BadRow("a.csv", 7, "seats", "x", "expected a number")

    assert str(bad) == "a.csv, line 7, column 'seats': 'x': expected a number"
    assert str(BadRow("a.csv", 7, "", "", "too short")) == "a.csv, line 7: too short"


def test_a_bad_row_shows_no_more_than_the_beginning_of_a_long_cell() -> None:
    bad = BadRow("a.csv", 7, "note", "x" * 100_000, "expected a number")

    assert len(str(bad)) < 150


def test_a_whole_number_that_no_double_holds_is_reported_and_its_row_used(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account,seats\nA,99999999999999999999\nB,10\n")
    reading = read_book(tmp_path)

    assert [(row.line, row.column) for row in reading.bad] == [(2, "seats")]
    assert reading.book.accounts == {
        "A": {"account": "A", "seats": None},
        "B": {"account": "B", "seats": 10},
    }


# --- A fault never turns into a loss

YEARS = (
    "contract,account,start,end,annual_value,currency,signed_on,renews\n"
    "C5,A5,2025-06-01,2026-06-01,1500,EUR,2025-05-20,\n"
    "C7,A7,2025-06-01,2026-06-01,900,EUR,2025-05-20,\n"
)
RENEWAL = "C6,A5,2026-06-01,2027-06-01,1500,EUR,2026-05-20,C5\n"
CASH = PAYMENTS + "P1,C6,due,2026-06-01,1500\nP2,C6,paid,2026-06-02,1500\n"


def outcomes(reading: Reading) -> dict[str, str]:
    """What became of each contract due in May 2026, long after grace."""
    review = review_book(reading.book, as_of=dt.date(2026, 9, 30))
    lines = [line for each in review.renewals or () for line in each.year.lines]
    return {line.contract: str(line.outcome) for line in lines}


def test_the_book_of_these_tests_is_one_renewal_and_one_loss(tmp_path: Path) -> None:
    reading = read(tmp_path, contracts=YEARS + RENEWAL, payments=CASH)

    assert outcomes(reading) == {"C5": "renewed", "C7": "lost"}


@pytest.mark.parametrize(
    "row",
    [
        'C6,A5,2026-06-01,2027-06-01,"1,500.00",EUR,2026-05-20,C5',
        "C6,A5,2026-06-01,2027-06-01,1,500.00,EUR,2026-05-20,C5",  # a cell too many
        "C6,A5,1.6.2026,2027-06-01,1500,EUR,2026-05-20,C5",
        "C6,A5,2026-06-01,2026-06-01,1500,EUR,2026-05-20,C5",
        "C6,A5,2026-06-01,2027-06-01,1500,Euro,2026-05-20,",
        "C6,,2026-06-01,2027-06-01,1500,EUR,2026-05-20,C5",
        ",A5,2026-06-01,2027-06-01,1500,EUR,2026-05-20,",
    ],
)
def test_what_a_contract_that_cannot_be_read_may_have_renewed_is_unclear_and_not_lost(
    tmp_path: Path, row: str
) -> None:
    reading = read(tmp_path, contracts=f"{YEARS}{row}\n", payments=CASH)

    assert reading.book.unread_accounts == {"A5"}
    assert outcomes(reading) == {"C5": "unclear", "C7": "lost"}


def test_a_contract_without_a_currency_among_others_that_state_one_puts_its_account_in_doubt(
    tmp_path: Path,
) -> None:
    reading = read(tmp_path, contracts=YEARS + RENEWAL.replace("EUR", ""), payments=CASH)

    assert outcomes(reading) == {"C5": "unclear", "C7": "lost"}
    assert reading.counts["contracts"].used == 3
    (bad,) = reading.bad
    assert (bad.line, bad.column) == (4, "currency")
    assert bad.remedy.endswith("what was due of this account is unclear")


def test_the_account_of_a_contract_that_cannot_be_read_has_no_known_term_or_value(
    tmp_path: Path,
) -> None:
    rows = RENEWAL.replace("1500", "free") + RENEWAL.replace("1500", "").replace("A5", "A9")
    reading = read(tmp_path, contracts=YEARS + rows)
    review = review_book(reading.book, as_of=dt.date(2026, 5, 1))

    found = {each.account: (each.term_ends_on, each.annual_value) for each in review.accounts}
    assert found == {
        "A5": (None, None),
        "A7": (dt.date(2026, 5, 31), Decimal(900)),
        "A9": (None, None),
    }


def test_a_contract_that_names_nobody_may_have_renewed_anything(tmp_path: Path) -> None:
    row = "C6,,2026-06-01,2027-06-01,1500,EUR,2026-05-20,\n"
    reading = read(tmp_path, contracts=YEARS + row, payments=CASH)

    assert set(outcomes(reading).values()) == {"unclear"}


def test_a_row_of_empty_cells_puts_nothing_in_doubt(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        contracts=YEARS + RENEWAL + ",,,,,,,\n,,\n",
        payments=CASH + ",,,,\n,\n",
    )

    assert outcomes(reading) == {"C5": "renewed", "C7": "lost"}
    assert reading.counts["contracts"].left_out == 2


@pytest.mark.parametrize(
    "row",
    [
        "P2,C6,paid,2026-06-02,'1.500,00'",
        'P2,C6,paid,2026-06-02,"1.500,00"',
        "P2,C6,payed,2026-06-02,1500",
        "P2,C6,paid,,1500",
        "P2,,paid,2026-06-02,1500",
    ],
)
def test_the_cash_of_a_contract_with_a_payment_that_cannot_be_read_is_unknown_and_not_missing(
    tmp_path: Path, row: str
) -> None:
    payments = f"{PAYMENTS}P1,C6,due,2026-06-01,1500\n{row}\n"
    reading = read(tmp_path, contracts=YEARS + RENEWAL, payments=payments)

    assert "C6" in reading.book.unread_cash
    assert outcomes(reading) == {"C5": "signed", "C7": "lost"}


def test_a_payment_that_cannot_be_read_leaves_the_cash_of_other_contracts_known(
    tmp_path: Path,
) -> None:
    payments = CASH + "P3,C7,paid,2025-06-02,-1\nP4,C9,paid,2025-06-02,-1\n"
    reading = read(tmp_path, contracts=YEARS + RENEWAL, payments=payments)

    assert reading.book.unread_cash == {"C7"}
    assert outcomes(reading) == {"C5": "renewed", "C7": "lost"}


# --- Amounts and currencies


def test_an_amount_finer_than_its_currency_is_told_with_its_column(tmp_path: Path) -> None:
    text = "contract,account,start,end,annual_value,currency\n"
    text += "C1,A1,2025-07-01,2026-07-01,1.005,EUR\nC2,A1,2025-07-01,2026-07-01,1,Euro\n"
    reading = read(tmp_path, contracts=text)

    assert [(row.column, row.value) for row in reading.bad] == [
        ("annual_value", "1.005"),
        ("currency", "Euro"),
    ]


# --- Rows that stand twice


def test_rows_that_say_the_same_are_dropped_and_counted(tmp_path: Path) -> None:
    row = "E1,A1,signed,2026-01-02,\n"
    reading = read(
        tmp_path,
        accounts=ACCOUNTS + "A1,x,20,9,true,\nA1,x,20.0,9,true,\n",
        events=EVENTS + row + "E2,A1,kick_off,2026-01-03,\n" + row + row,
        contracts=CONTRACTS + A_CONTRACT + "C1,A1,2025-07-01,2026-07-01,1200.0\n",
    )

    assert {name: counts.duplicates for name, counts in reading.counts.items()} == {
        "accounts": 1,
        "events": 2,
        "contracts": 1,
    }
    assert not reading.bad


def test_events_without_an_id_that_say_the_same_are_one(tmp_path: Path) -> None:
    reading = read(tmp_path, events="account,event,at\n" + "A1,signed,2026-01-02\n" * 3)

    assert reading.counts["events"] == Counts(rows=3, used=1, duplicates=2, left_out=0)


def test_event_ids_are_those_of_one_account(tmp_path: Path) -> None:
    reading = read(tmp_path, events=EVENTS + "1,A1,signed,2026-01-02,\n1,A2,signed,2026-01-03,\n")

    assert reading.counts["events"].used == 2
    assert not reading.bad


def test_what_two_rows_of_an_account_say_otherwise_is_unknown(tmp_path: Path) -> None:
    rows = ["A1,x,20,9,true,", "A1,x,30,9,,", "A2,y,5,5,true,"]
    readings = [
        read(tmp_path, accounts=ACCOUNTS + "\n".join(order)) for order in (rows, rows[::-1])
    ]

    for reading in readings:
        assert reading.book.accounts is not None
        facts = reading.book.accounts["A1"]
        assert (facts["name"], facts["seats"], facts["seats_used"]) == ("x", None, 9)
        assert facts["environment_ok"] is None
        assert [row.column for row in reading.bad] == ["seats", "environment_ok"]
    assert str(readings[0].bad[0]) == (
        "accounts.csv, line 3, column 'seats': '30': "
        "line 2 of the same account says otherwise; taken as unknown"
    )


def test_events_of_one_id_that_differ_are_all_left_out(tmp_path: Path) -> None:
    rows = ["E1,A1,signed,2026-01-02,", "E1,A1,signed,2026-01-03,", "E1,A1,signed,2026-01-02,"]
    reading = read(tmp_path, events=EVENTS + "\n".join(rows))

    assert reading.book.events == ()
    assert reading.counts["events"] == Counts(rows=3, used=0, duplicates=1, left_out=2)
    assert [row.line for row in reading.bad] == [2, 3]
    assert "lines 2, 3 of the same id differ" in reading.bad[0].remedy


def test_contracts_and_payments_of_one_id_that_differ_are_all_given_to_the_review(
    tmp_path: Path,
) -> None:
    contracts = CONTRACTS + A_CONTRACT + A_CONTRACT.replace("1200", "1300")
    payments = PAYMENTS + "P1,C1,paid,2025-07-01,5\nP1,C1,paid,2025-07-02,5\n"
    reading = read(tmp_path, contracts=contracts, payments=payments)

    assert reading.book.contracts is not None
    assert {each.annual_value for each in reading.book.contracts} == {1200, 1300}
    assert reading.counts["payments"].used == 2
    assert [(row.file, row.line, row.column) for row in reading.bad] == [
        ("contracts.csv", 3, "contract"),
        ("payments.csv", 3, "entry"),
    ]


# --- Rows that do not fit together


def test_of_dates_and_instants_in_one_log_the_fewer_are_left_out(tmp_path: Path) -> None:
    rows = ["E1,A1,signed,2026-01-02,", "E2,A1,kick_off,2026-01-03T09:00Z,"]
    rows += ["E3,A1,closed,2026-01-04,", "E4,A2,signed,2026-01-03T09:00Z,"]
    reading = read(tmp_path, events=EVENTS + "\n".join(rows))

    assert reading.book.events is not None
    assert [event.id for event in reading.book.events] == ["E1", "E3", "E4"]
    (bad,) = reading.bad
    assert (bad.line, bad.column, bad.value) == (3, "at", "2026-01-03T09:00Z")
    assert bad.remedy.startswith("the other events of this account have dates")


def test_of_as_many_dates_as_instants_the_dates_are_kept(tmp_path: Path) -> None:
    rows = ["E2,A1,kick_off,2026-01-03T09:00Z,", "E1,A1,signed,2026-01-02,"]
    reading = read(tmp_path, events=EVENTS + "\n".join(rows))

    assert [event.id for event in reading.book.events or ()] == ["E1"]


def test_where_most_events_are_instants_a_date_is_left_out(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        events=EVENTS
        + "E1,A1,signed,2026-01-02T09:00Z,\nE2,A1,kick_off,2026-01-03T09:00Z,\n"
        + "E3,A1,closed,2026-01-04,\n",
    )

    assert [event.id for event in reading.book.events or ()] == ["E1", "E2"]
    assert "have instants" in reading.bad[0].remedy


def test_an_account_that_the_accounts_do_not_have_is_reported_once(tmp_path: Path) -> None:
    events = EVENTS + "E1,A9,signed,2026-01-02,\nE2,A9,kick_off,2026-01-03,\n"
    contracts = CONTRACTS + A_CONTRACT.replace("A1", "A8") + A_CONTRACT.replace("C1,A1", "C2,A9")
    reading = read(tmp_path, accounts=ACCOUNTS, events=events, contracts=contracts)

    assert [(row.file, row.line, row.value) for row in reading.bad] == [
        ("events.csv", 2, "A9"),
        ("contracts.csv", 2, "A8"),
    ]
    assert reading.counts["events"].used == 2


def test_payments_without_contracts_are_left_out_at_one_stroke(tmp_path: Path) -> None:
    rows = "P1,C1,paid,2025-07-01,5\nP2,C1,paid,2025-07-02,5\n"
    reading = read(tmp_path, payments=PAYMENTS + rows)

    assert reading.book.payments is None
    assert reading.counts["payments"] == Counts(rows=2, used=0, duplicates=0, left_out=2)
    assert len(reading.bad) == 1


def test_a_column_that_nothing_reads_is_reported_with_a_suggestion(tmp_path: Path) -> None:
    text = "contract,account,start,end,annual_value,signedon\n"
    reading = read(tmp_path, contracts=text)

    (bad,) = reading.bad
    assert str(bad) == (
        "contracts.csv, line 1, column 'signedon': not read, as contracts have no such column: "
        "did you mean 'signed_on'? Rename it, or name it as ignored with --rules"
    )


def test_a_fact_that_the_review_makes_itself_is_not_taken_from_a_column(tmp_path: Path) -> None:
    text = "account,tier,stage\nA1,enterprise,in_use\n"
    reading = read(tmp_path, accounts=text)

    assert reading.book.accounts == {"A1": {"account": "A1", "stage": "in_use"}}
    assert [(row.line, row.column) for row in reading.bad] == [(1, "tier")]


def test_with_events_the_stage_is_made_of_them(tmp_path: Path) -> None:
    reading = read(tmp_path, accounts="account,stage\nA1,in_use\n", events=EVENTS)

    assert reading.book.accounts == {"A1": {"account": "A1"}}
    assert [row.column for row in reading.bad] == ["stage"]


# --- Files from which nothing can be read


def test_a_folder_without_tables_says_what_it_could_hold(tmp_path: Path) -> None:
    with pytest.raises(BookError, match=r"no table found; expected any of accounts\.csv, events"):
        read_book(tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BookError, match="expected a folder, but there is none of this name"):
        read_book(tmp_path / "nowhere")


# --- Layouts


def layout(**tables: Table) -> ReviewFile:
    return ReviewFile(tables=tables)


def test_files_and_columns_may_have_other_names(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("Id,Seats,Region\n7,20,North\n")
    columns = {"account": "Id", "seats": "Seats", "currency": Source(constant="EUR")}
    reading = read_book(tmp_path, layout(accounts=Table(file="customers.csv", columns=columns)))

    assert reading.book.accounts == {
        "7": {"account": "7", "seats": 20, "currency": "EUR", "Region": "North"}
    }


def test_a_table_without_ids_is_numbered_by_row(tmp_path: Path) -> None:
    file = layout(accounts=Table(columns={"account": Source(row=True)}))
    reading = read(tmp_path, file, accounts="seats\n20\nx\n\n5\n")

    assert list(reading.book.accounts or ()) == ["1", "2", "3"]


def test_an_amount_is_multiplied_exactly(tmp_path: Path) -> None:
    monthly = Source(column="monthly", times=Decimal(12))
    file = layout(contracts=Table(columns={"annual_value": monthly}))
    text = "contract,account,start,end,monthly\n"
    amount = "123456789012345678901234567890.0123456789"
    reading = read(tmp_path, file, contracts=f"{text}C1,A1,2025-07-01,2026-07-01,{amount}\n")

    assert reading.book.contracts is not None
    assert reading.book.contracts[0].annual_value == Decimal(
        "1481481468148148146814814814680.1481481468"
    )


def test_an_end_may_be_the_last_day_covered(tmp_path: Path) -> None:
    file = layout(contracts=Table(columns={"end": Source(column="until", inclusive=True)}))
    text = "contract,account,start,until,annual_value\n"
    rows = "C1,A1,2025-07-01,2026-06-30,1\nC2,A1,2025-07-01,,1\nC3,A1,2025-07-01,9999-12-31,1\n"
    reading = read(tmp_path, file, contracts=text + rows)

    ends = [each.end for each in reading.book.contracts or ()]
    assert ends == [dt.date(2026, 7, 1), None]
    (bad,) = reading.bad
    assert str(bad) == (
        "contracts.csv, line 4, column 'until': '9999-12-31': expected a last day before "
        "9999-12-31 (an empty cell is an open end); the row is left out"
    )


def of_logins(entry: str) -> Library:
    playbook = Playbook(name="p", need="n", layer="service", entry=entry)
    return Library(name="l", playbooks=(playbook,))


def test_several_columns_are_a_series_oldest_first(tmp_path: Path) -> None:
    logins = Source(columns=("m2", "m1", "m0"))
    file = ReviewFile(
        playbooks=of_logins("streak(2, logins < 5)"),
        tables={"accounts": Table(columns={"logins": logins})},
    )
    reading = read(tmp_path, file, accounts="account,m0,m1,m2\nA1,2,3,9\nA2,2,,many\n")

    assert reading.book.accounts == {
        "A1": {"account": "A1", "logins": (9, 3, 2)},
        "A2": {"account": "A2", "logins": (None, None, 2)},
    }
    assert [(bad.line, bad.column, bad.value) for bad in reading.bad] == [(3, "m2", "many")]
    review = review_book(reading.book, file.definitions, as_of=dt.date(2026, 6, 30))
    assert [action.account.account for action in review.actions] == ["A1"]


def test_a_single_column_where_a_rule_reads_earlier_periods_is_refused_with_the_way_out(
    tmp_path: Path,
) -> None:
    file = ReviewFile(playbooks=of_logins("streak(2, logins < 5)"))

    with pytest.raises(BookError) as caught:
        read(tmp_path, file, accounts="account,logins\nA1,2\n")

    assert str(caught.value) == (
        "accounts.csv: $.playbooks.playbooks[0].entry reads earlier periods of 'logins', which is "
        "one column; name a column for each period, oldest first, with --rules: "
        '"logins": {"columns": ["logins_m1", "logins_m0"]}'
    )


def test_all_columns_that_are_not_named_may_be_ignored(tmp_path: Path) -> None:
    table = Table(columns={"seats": "Seats"}, ignored="others")
    file = layout(accounts=table, contracts=Table(ignored="others"))
    reading = read(
        tmp_path,
        file,
        accounts="account,Seats,tier,owner\nA1,20,gold,Wu\n",
        contracts="contract,account,start,end,annual_value,owner\nC1,A1,2025-07-01,,1,Wu\n",
    )

    assert reading.book.accounts == {"A1": {"account": "A1", "seats": 20}}
    assert reading.counts["contracts"].used == 1
    assert not reading.bad


def test_a_bad_cell_is_reported_under_the_name_in_the_file(tmp_path: Path) -> None:
    file = layout(accounts=Table(columns={"seats": "Seats bought"}))
    reading = read(tmp_path, file, accounts="account,Seats bought\nA1,many\n")

    assert [(row.column, row.value) for row in reading.bad] == [("Seats bought", "many")]


# --- Laws

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
ids = st.sampled_from(["", "A", "B", "C"])
days = st.sampled_from(["2026-01-01", "2026-02-28", "2026-02-30", "", "2026-03-01T09:00Z"])
amounts = st.sampled_from(["1", "2.50", "-1", "1,000", ""])
TABLES: dict[str, tuple[str, st.SearchStrategy[tuple[str, ...]]]] = {
    "accounts": ("account,seats,note", st.tuples(ids, amounts, texts)),
    "events": ("event_id,account,event,at,note", st.tuples(ids, ids, ids, days, texts)),
    "contracts": (
        "contract,account,start,end,annual_value",
        st.tuples(ids, ids, days, days, amounts),
    ),
    "payments": (
        "entry,contract,kind,on,amount",
        st.tuples(ids, ids, st.sampled_from(["due", "paid", "x"]), days, amounts),
    ),
}


def written(header: str, rows: Sequence[Sequence[str]]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([header.split(","), *rows])
    return stream.getvalue()


@st.composite
def folders(draw: st.DrawFn) -> dict[str, list[tuple[str, ...]]]:
    """Rows for each table: good and bad ones, some twice, some too short."""
    return {
        name: draw(st.lists(st.one_of(row, row.map(lambda cells: cells[:-1])), max_size=8))
        for name, (_, row) in TABLES.items()
    }


def read_rows(rows: dict[str, list[tuple[str, ...]]]) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        tables = {name: written(TABLES[name][0], found) for name, found in rows.items()}
        return read(Path(folder), **tables)


@given(folders())
def test_every_row_is_used_or_a_duplicate_or_left_out(
    rows: dict[str, list[tuple[str, ...]]],
) -> None:
    reading = read_rows(rows)

    for name, counts in reading.counts.items():
        assert counts.rows == len(rows[name])
        assert counts.rows == counts.used + counts.duplicates + counts.left_out
    for name in ("events", "contracts", "payments"):
        assert reading.counts[name].used == len(getattr(reading.book, name))
    left_out = {(bad.file, bad.line) for bad in reading.bad if bad.remedy.endswith("left out")}
    assert len(left_out) == sum(counts.left_out for counts in reading.counts.values())


@given(folders(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_never_matters(
    rows: dict[str, list[tuple[str, ...]]], shuffler: random.Random
) -> None:
    # A payment without an id goes by its line, so here each has one.
    rows["payments"] = [row for row in rows["payments"] if row[0]]
    shuffled = {name: shuffler.sample(found, len(found)) for name, found in rows.items()}

    one, other = read_rows(rows), read_rows(shuffled)

    assert one.counts == other.counts
    assert one.book.accounts == other.book.accounts
    assert one.book.unread_accounts == other.book.unread_accounts
    assert one.book.unread_cash == other.book.unread_cash
    for name in ("events", "contracts", "payments"):
        assert set(getattr(one.book, name)) == set(getattr(other.book, name))


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_read_or_refused_with_its_name(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            counts = read(Path(folder), accounts=b"account,seats\n" + content).counts["accounts"]
        except BookError as error:
            refused = error.place.endswith("accounts.csv")
        else:
            refused = False
    assert refused or counts.rows == counts.used + counts.duplicates + counts.left_out


def test_twenty_thousand_rows_are_read_and_counted(tmp_path: Path) -> None:
    rows = "".join(f"A{n},name {n},{n % 50},{n % 7},true,2026-01-01\n" for n in range(20_000))
    reading = read(tmp_path, accounts=ACCOUNTS + rows)

    assert reading.counts["accounts"].used == 20_000
    assert not reading.bad
