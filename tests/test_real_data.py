"""The review of published data that no one here wrote (not part of this repository).

``CSLIB_REAL_DATA`` names their folder; ``../shared/data`` beside the repository is the default.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import os
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from cslib.books import Reading, read_book
from cslib.documents import from_json
from cslib.layouts import ReviewFile
from cslib.report import to_text
from cslib.review import Review, review_book

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("CSLIB_REAL_DATA") or ROOT.parent / "shared" / "data")
YEAR_END = dt.date(2019, 12, 31)

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        not DATA.is_dir(),
        reason=f"no published data at {DATA}; name their folder in CSLIB_REAL_DATA",
    ),
]


@functools.cache
def reviewed(folder: str, rules: str) -> tuple[Reading, Review]:
    """A folder reviewed by one of the example rules files."""
    text = (ROOT / "examples" / "rules" / f"{rules}.json").read_text("utf-8")
    file = from_json(text, ReviewFile)
    reading = read_book(DATA / folder, file)
    return reading, review_book(reading.book, file.definitions, as_of=YEAR_END)


def telecom() -> tuple[Reading, Review]:
    return reviewed("telecom", "telecom")


def ledger() -> tuple[Reading, Review]:
    return reviewed("ledger", "subscription_periods")


# --- Use and churn of 3,150 customers of a telephone operator (UCI 563, CC BY 4.0)


def test_every_customer_of_the_operator_is_read() -> None:
    reading, found = telecom()
    counts = reading.counts["accounts"]

    assert (counts.rows, counts.used, counts.duplicates, counts.left_out) == (3_150, 3_150, 0, 0)
    assert reading.bad == ()
    assert found.lacking == ()


def test_the_tiers_separate_who_left_from_who_stayed() -> None:
    with next((DATA / "telecom").glob("*.csv")).open(encoding="utf-8", newline="") as stream:
        left = {str(n): row["Churn"] == "1" for n, row in enumerate(csv.DictReader(stream), 1)}
    customers: Counter[str] = Counter()
    churned: Counter[str] = Counter()
    for account in telecom()[1].accounts:
        assert account.assessment is not None
        customers[account.assessment.tier] += 1
        churned[account.assessment.tier] += left[account.account]

    rates = [Fraction(churned[tier], customers[tier]) for tier in ("green", "yellow", "red")]

    assert customers.total() == 3_150
    assert rates[0] < rates[1] < rates[2]
    assert rates[0] < Fraction(5, 100) < Fraction(30, 100) < rates[2]


def test_no_rule_reads_whether_the_customer_left() -> None:
    assert "Churn" not in telecom()[1].definitions.judged_facts


# --- 121 subscription periods of 55 customers, without payments (dbt-labs/mrr-playbook, MIT)


def test_every_period_of_the_ledger_is_read_as_a_contract() -> None:
    reading, found = ledger()

    assert reading.counts["contracts"].used == len(reading.book.contracts or ()) == 121
    assert reading.bad == ()
    assert found.faults == ()


def test_without_payments_every_rate_is_undefined_and_the_signed_one_is_given() -> None:
    (renewals,) = ledger()[1].renewals or ()

    assert len(renewals.trailing) == 12
    for report in renewals.trailing:
        assert report.lines
        assert report.count.value is None
        assert report.value.value is None
        assert report.undefined.startswith("no payments were given")
        assert report.signed_count.value is not None


def test_each_contract_is_due_in_one_month_at_most() -> None:
    reading, found = ledger()
    (renewals,) = found.renewals or ()
    due = [line.contract for report in renewals.trailing for line in report.lines]
    in_year = [
        each.contract
        for each in reading.book.contracts or ()
        if each.last_day is not None and each.last_day.year == 2019
    ]

    assert sorted(due) == sorted(in_year)


def test_the_report_says_that_cash_is_unknown() -> None:
    reading, found = ledger()
    text = to_text(found, reading, title="the ledger")

    assert "renewal rate      undefined: no payments were given" in text
    assert "by count" not in text
    assert "taken as signed on the first day" in text
