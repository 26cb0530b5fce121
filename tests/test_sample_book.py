"""The sample book: made by its generator to the byte, and true to its own plan."""

from __future__ import annotations

import csv
import datetime as dt
import importlib.util
import json
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("accounts", "events", "contracts", "payments")

Row = dict[str, str]
Book = dict[str, list[Row]]


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    path = ROOT / "tools" / "make_sample_book.py"
    spec = importlib.util.spec_from_file_location("make_sample_book", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up while it is being made
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def book() -> Book:
    return {name: read(name) for name in TABLES}


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    text = (ROOT / "tests" / "sample_truth.json").read_text(encoding="utf-8")
    result: dict[str, Any] = json.loads(text)
    return result


def path_of(table: str) -> Path:
    return ROOT / "src" / "cslib" / "sample" / f"{table}.csv"


def read(table: str) -> list[Row]:
    with path_of(table).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def last_rows(contracts: list[Row]) -> list[Row]:
    """The row of each sale that falls due: the last to end."""
    last: dict[str, Row] = {}
    for row in sorted(contracts, key=lambda row: row["end"]):
        last[row["sale"] or row["contract"]] = row
    return list(last.values())


def month_due(contract: Row) -> str:
    day = dt.date.fromisoformat(contract["end"]) - dt.timedelta(days=1)
    return day.isoformat()[:7]


# --- The generator


def test_the_generator_reproduces_every_file_to_the_byte(maker: ModuleType) -> None:
    assert maker.differences(maker.build()) == []


def test_another_seed_makes_another_book(maker: ModuleType) -> None:
    files = maker.build(seed=1)

    assert set(maker.differences(files)) == set(files)


def test_check_is_silent_and_exits_with_0_where_nothing_differs(
    maker: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert maker.main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_check_names_the_file_that_differs_exits_with_1_and_writes_nothing(
    maker: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = path_of("events")
    before = path.read_bytes()
    monkeypatch.setattr(maker, "build", lambda: {path: before + b"x"})

    assert maker.main(["--check"]) == 1
    assert capsys.readouterr().out == f"differs: {path.relative_to(ROOT)}\n"
    assert path.read_bytes() == before


def test_planned_scores_and_tiers_follow_from_the_planned_points(maker: ModuleType) -> None:
    planned = [health for group in maker.HEALTH.values() for health in group]
    planned += [health for _, health in maker.EDGES]

    for health in planned:
        points = zip(health.points.split(), maker.WEIGHTS.values(), strict=True)
        there = [(int(point), weight) for point, weight in points if point != "-"]
        weight = sum(weight for _, weight in there)
        score = Fraction(sum(p * w for p, w in there), weight) if weight >= 50 else None
        tier = "unknown"
        if score is not None:
            tier = "green" if score >= 75 else "yellow" if score >= 50 else "red"
        assert (health.score, health.tier) == (None if score is None else str(score), tier)


def test_every_edge_of_a_band_stands_in_the_book(maker: ModuleType, book: Book) -> None:
    values = {tuple(row[fact] for fact in maker.FACTS) for row in book["accounts"]}

    assert {tuple(maker.known(texts)) for texts, _ in maker.EDGES} <= values


# --- The files


@pytest.mark.parametrize("table", TABLES)
def test_a_file_is_utf_8_with_lf_line_ends_and_whole_rows(table: str) -> None:
    text = path_of(table).read_bytes().decode("utf-8")

    assert "\r" not in text
    assert text.endswith("\n")
    assert len({len(row) for row in csv.reader(text.splitlines())}) == 1


def test_the_files_stay_under_600_kilobytes() -> None:
    assert sum(path_of(table).stat().st_size for table in TABLES) < 600_000


@pytest.mark.parametrize(
    ("table", "key"), [("accounts", "account"), ("contracts", "contract"), ("payments", "entry")]
)
def test_ids_are_unique(book: Book, table: str, key: str) -> None:
    assert max(Counter(row[key] for row in book[table]).values()) == 1


def test_an_event_id_that_comes_twice_has_one_content_and_the_copies_are_counted(
    book: Book, truth: dict[str, Any]
) -> None:
    ids = Counter(row["event_id"] for row in book["events"])
    contents = {tuple(row.values()) for row in book["events"]}

    assert len(contents) == len(ids)
    assert ids.total() - len(ids) == truth["duplicate_events_dropped"] > 0


def test_references_hold(book: Book) -> None:
    accounts = {row["account"] for row in book["accounts"]}
    owner = {row["contract"]: row["account"] for row in book["contracts"]}

    assert {row["account"] for row in book["events"]} == accounts
    assert set(owner.values()) == accounts
    assert {row["contract"] for row in book["payments"]} <= set(owner)
    assert all(owner[row["renews"]] == row["account"] for row in book["contracts"] if row["renews"])


def test_every_contract_covers_whole_years_and_every_amount_has_two_decimals(book: Book) -> None:
    for row in book["contracts"]:
        start, end = (dt.date.fromisoformat(row[key]) for key in ("start", "end"))
        assert end.year - start.year in {1, 3}
        assert (end.month, end.day) in {(start.month, start.day), (2, 28)}
    amounts = [row["annual_value"] for row in book["contracts"]]
    amounts += [row["amount"] for row in book["payments"]]
    assert {Decimal(amount).as_tuple().exponent for amount in amounts} == {-2}
    assert min(map(Decimal, amounts)) > 0


def test_nothing_happened_after_the_close_and_one_payment_came_to_be_known_after_it(
    book: Book, truth: dict[str, Any]
) -> None:
    close = truth["as_of"]
    late = [row for row in book["payments"] if row["recorded_at"] > close]

    assert max(row["at"] for row in book["events"]) <= close
    assert max(row["recorded_at"] for row in book["events"]) <= close
    assert max(row["signed_on"] for row in book["contracts"]) <= close
    assert max(row["on"] for row in book["payments"] if row["kind"] != "due") <= close
    assert len(late) == 1


def test_the_log_has_events_that_came_late_out_of_order_or_without_a_stamp(book: Book) -> None:
    happened = [row["at"] for row in book["events"]]
    stamps = [(row["at"], row["recorded_at"]) for row in book["events"]]

    assert happened != sorted(happened)
    assert any(not recorded for _, recorded in stamps)
    assert any(
        recorded and dt.date.fromisoformat(recorded) - dt.date.fromisoformat(at) > dt.timedelta(30)
        for at, recorded in stamps
    )


def test_a_leap_day_month_ends_and_both_forms_of_three_years_are_among_the_terms(
    book: Book,
) -> None:
    terms = {(row["start"], row["end"]) for row in book["contracts"]}
    lengths = {int(end[:4]) - int(start[:4]) for start, end in terms}
    sales = Counter(row["sale"] for row in book["contracts"] if row["sale"])

    assert ("2024-02-29", "2025-02-28") in terms
    assert ("2025-01-31", "2026-01-31") in terms
    assert lengths == {1, 3}
    assert set(sales.values()) == {3}


def test_the_last_login_agrees_with_the_logins_of_the_last_30_days(
    book: Book, truth: dict[str, Any]
) -> None:
    month_ago = (dt.date.fromisoformat(truth["as_of"]) - dt.timedelta(days=30)).isoformat()
    seen = [row for row in book["accounts"] if row["last_login_on"]]

    assert all((row["logins_30d"] != "0") == (row["last_login_on"] > month_ago) for row in seen)


# --- The truth


def test_the_book_has_300_accounts_in_every_stage_and_tier(truth: dict[str, Any]) -> None:
    accounts = truth["accounts"].values()

    assert len(accounts) == 300
    assert {account["tier"] for account in accounts} == {"green", "yellow", "red", "unknown"}
    assert {account["stage"] for account in accounts} == {
        *("sold", "preparation", "data_access", "delivery", "in_use", "renewal"),
        *("churned", "rescinded", "closed", "won_back"),
    }


def test_every_way_to_end_a_term_occurs(maker: ModuleType, truth: dict[str, Any]) -> None:
    assert {line["ending"] for line in truth["lines"].values()} == set(maker.ENDINGS)


def test_the_contracts_of_a_month_are_those_whose_last_day_lies_in_it(
    book: Book, truth: dict[str, Any]
) -> None:
    last = [row for row in last_rows(book["contracts"]) if month_due(row) in truth["months"]]
    due = [row for row in last if row["end_reason"] != "rescinded"]

    assert {row["contract"]: month_due(row) for row in due} == {
        contract: line["month"] for contract, line in truth["lines"].items()
    }
    assert {row["contract"] for row in last if row not in due} == set(truth["outside"])
    assert 15 <= truth["months"]["2026-06"]["due"]["count"] <= 25


def test_the_outcomes_of_a_month_add_up_to_what_was_due(truth: dict[str, Any]) -> None:
    for month in truth["months"].values():
        parts = [part for name, part in month.items() if name != "due"]
        assert sum(part["count"] for part in parts) == month["due"]["count"]
        assert sum(Decimal(part["value"]) for part in parts) == Decimal(month["due"]["value"])


def test_a_term_is_renewed_where_the_first_instalment_of_the_next_is_in(
    book: Book, truth: dict[str, Any]
) -> None:
    sign = {"paid": 1, "refund": -1, "due": 0}
    for line in truth["lines"].values():
        entries = [row for row in book["payments"] if row["contract"] == line["by"]]
        known = [row for row in entries if max(row["on"], row["recorded_at"]) <= truth["as_of"]]
        cash = sum(sign[row["kind"]] * Decimal(row["amount"]) for row in known)
        dues = sorted((row["on"], row["amount"]) for row in entries if row["kind"] == "due")
        collected = bool(dues) and cash >= Decimal(dues[0][1])
        assert collected == (line["outcome"] == "renewed")


@pytest.mark.parametrize("stage", ["churned", "closed", "rescinded"])
def test_the_last_contract_of_an_account_that_left_says_how(
    book: Book, truth: dict[str, Any], stage: str
) -> None:
    left = {name for name, account in truth["accounts"].items() if account["stage"] == stage}
    last = {row["account"]: row for row in sorted(last_rows(book["contracts"]), key=month_due)}

    assert {last[account]["end_reason"] for account in left} == {stage}


def test_no_account_that_is_still_with_us_has_a_last_contract_that_says_it_left(
    book: Book, truth: dict[str, Any]
) -> None:
    last = {row["account"]: row for row in sorted(last_rows(book["contracts"]), key=month_due)}
    left = {account for account, row in last.items() if row["end_reason"]}

    assert {truth["accounts"][account]["stage"] for account in left} == {
        *("churned", "closed", "rescinded")
    }


def test_events_are_refused_for_their_stage_and_for_a_guard_false_or_unknown(
    book: Book, truth: dict[str, Any]
) -> None:
    ids = {row["event_id"] for row in book["events"]}

    assert set(truth["refused"]) <= ids
    assert {refusal["why"] for refusal in truth["refused"].values()} == {
        *("no_transition", "after_end", "guard_false", "guard_unknown")
    }
