"""The review of published data that no one here wrote (not part of this repository).

``CSLIB_REAL_DATA`` names their folder; ``../shared/data`` beside the repository is the default.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from cslib.books import Reading, read_book
from cslib.documents import from_json
from cslib.layouts import ReviewFile
from cslib.lifecycle import (
    Deadline,
    Event,
    Journey,
    Lifecycle,
    RefusalReason,
    Stage,
    Track,
    Transition,
)
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


# --- 1,434 requests for a permit at a municipality (CoSeLoG project, receipt phase; via 4TU)

RECEIPT = "Confirmation of receipt"
SENT = "T05 Print and send confirmation of receipt"
STOP = "T10 Determine necessity to stop indication"
PERMIT = Lifecycle(
    name="permit",
    initial="none",
    stages=(
        Stage(name="none"),
        Stage(
            name="open",
            tracks=(Track(name="confirmation", done_by=SENT), Track(name="stop", done_by=STOP)),
        ),
        Stage(name="closed", final=True),
    ),
    events=(RECEIPT, SENT, STOP, "closed"),
    transitions=(
        Transition(event=RECEIPT, sources="none", target="open"),
        Transition(event="closed", sources="open", target="closed"),
    ),
    deadlines=(
        Deadline(name="ended", since=RECEIPT, by="closed", due="deadline"),
        Deadline(name="as_planned", since=RECEIPT, by="closed", due="planned"),
        Deadline(name="confirmed", since=RECEIPT, by=SENT, within="7 days"),
    ),
)


@functools.cache
def permit_rows() -> tuple[dict[str, str], ...]:
    with (DATA / "events" / "receipt.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


def moment_in(row: dict[str, str], column: str) -> dt.datetime:
    return dt.datetime.fromisoformat(row[column])


@functools.cache
def permit_log() -> tuple[Event, ...]:
    """The tasks of every case, and its end, which the data give as a column of the case."""
    found, ends = [], {}
    for row in permit_rows():
        case = row["case:concept:name"]
        limits = {
            "deadline": moment_in(row, "case:deadline"),
            "planned": moment_in(row, "case:enddate_planned"),
        }
        at, name, id_ = (
            moment_in(row, "time:timestamp"),
            row["concept:name"],
            row["concept:instance"],
        )
        found.append(Event(account=case, name=name, at=at, id=id_, payload=limits))
        if row["case:enddate"]:
            end = moment_in(row, "case:enddate")
            ends[case] = Event(account=case, name="closed", at=end, id="end")
    return (*found, *ends.values())


@functools.cache
def permits() -> dict[str, Journey]:
    return PERMIT.replay_all(permit_log(), as_of=max(event.at for event in permit_log()))


def test_the_log_of_the_permits_in_any_order_gives_the_same_journeys() -> None:
    log = list(permit_log())
    random.Random(4).shuffle(log)  # noqa: S311  an order, no secret

    assert len(permits()) == 1_434
    assert PERMIT.replay_all(log, as_of=max(event.at for event in log)) == permits()


def test_a_permit_that_ends_before_its_first_task_is_refused_and_shows() -> None:
    refused = Counter(
        (each.event.name, each.reason) for found in permits().values() for each in found.refused
    )
    known = {key: n for key, n in refused.items() if key[1] is not RefusalReason.UNKNOWN_EVENT}

    assert known == {
        ("closed", RefusalReason.NO_TRANSITION): 117,
        (SENT, RefusalReason.AFTER_END): 3,
        (STOP, RefusalReason.AFTER_END): 3,
    }
    assert Counter(found.stage for found in permits().values()) == {"closed": 1_212, "open": 222}


def recounted() -> Iterator[tuple[str, str]]:
    """Each deadline of each case with how it stands, from the rows alone, without cslib."""
    cases = defaultdict(list)
    for row in permit_rows():
        cases[row["case:concept:name"]].append(row)
    every = [moment_in(row, "time:timestamp") for row in permit_rows()]
    every += [moment_in(row, "case:enddate") for row in permit_rows() if row["case:enddate"]]
    last = max(every)
    for rows in cases.values():
        (begun,) = (moment_in(r, "time:timestamp") for r in rows if r["concept:name"] == RECEIPT)
        end = moment_in(rows[0], "case:enddate") if rows[0]["case:enddate"] else None
        end = None if end is None or end < begun else end
        sent = [moment_in(r, "time:timestamp") for r in rows if r["concept:name"] == SENT]
        in_time = [at for at in sent if begun <= at and (end is None or at <= end)]
        yield "ended", stands(end, moment_in(rows[0], "case:deadline"), last)
        yield "as_planned", stands(end, moment_in(rows[0], "case:enddate_planned"), last)
        limit = begun + dt.timedelta(days=7)
        without = end is not None and end <= limit and not in_time
        yield "confirmed", "waived" if without else stands(min(in_time, default=None), limit, last)


def stands(done: dt.datetime | None, limit: dt.datetime, now: dt.datetime) -> str:
    if done is None:
        return "missed" if limit < now else "open"
    return "met" if done <= limit else "late"


def test_the_deadlines_of_the_permits_stand_as_a_count_by_hand_has_them() -> None:
    found = Counter(
        (each.name, str(each.status))
        for journey in permits().values()
        for each in journey.deadlines
    )

    assert found == Counter(recounted())
    assert [found["ended", each] for each in ("met", "late", "missed", "open")] == [
        *(852, 360, 152, 70),
    ]
    assert [found["as_planned", each] for each in ("met", "late", "missed", "open")] == [
        *(840, 372, 154, 68),
    ]
    assert [found["confirmed", each] for each in ("met", "late", "missed", "waived", "open")] == [
        *(1_138, 159, 127, 7, 3),
    ]
