"""The columns say of every contract what the records say of it, and give the same rates."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib import termids
from cslib.conventions import DOCTRINE, SIGNED, RenewalConvention
from cslib.dispositions import Disposition, Line, Outcome, Timing, value_of
from cslib.errors import DefinitionError
from cslib.figures import Verdict
from cslib.ledger import Contract, Entry, LedgerError
from cslib.moments import MomentError
from cslib.periods import Period
from cslib.rates import effective_sample_size
from cslib.renewal import RenewalReport, renewal_rate
from cslib.termcolumns import (
    RenewalColumns,
    TermColumnsError,
    _effective_sample_size,
    renewal_columns,
)
from cslib.termlines import REASONS, Verdicts
from ledger_strategies import (
    JUNE,
    books,
    contract,
    due,
    new,
    old,
    paid,
    some_days,
    three_years,
    tidy_books,
)
from term_tables import LATER, SPAN, columns_of_contracts, days, in_columns, yearly_books

CONVENTIONS = (
    DOCTRINE,
    SIGNED,
    RenewalConvention(name="on time", by="on_time"),
    RenewalConvention(name="early, signed", by="early", collected=False),
    RenewalConvention(name="late", by="late"),
    RenewalConvention(name="net", capped=False),
    RenewalConvention(name="signed net", capped=False, collected=False),
    RenewalConvention(name="without closures", closures=False),
)


def said_by_records(report: RenewalReport) -> dict[str, Any]:
    return {line.contract: of_line(line) for line in report.lines}


def of_line(line: Line) -> tuple[Any, ...]:
    timings = [each.timing for each in line.successors]
    net = line.renewing(collected=True) if line.outcome is Outcome.RENEWED else ()
    return (
        line.due_on,
        line.renewal_number,
        line.disposition,
        line.outcome,
        min(timings, key=tuple(Timing).index) if timings else None,
        *map(
            cents,
            (
                line.expiring_value,
                line.signed_value,
                line.renewed_value,
                value_of(net, collected=True),
            ),
        ),
    )


def cents(amount: Decimal) -> int:
    assert amount * 100 == int(amount * 100)
    return int(amount * 100)


def said_by_columns(found: RenewalColumns) -> dict[str, Any]:
    columns = (
        found.contract,
        found.due_on,
        found.renewal_number,
        np.array(tuple(Disposition), object)[found.disposition],
        np.array(tuple(Outcome), object)[found.outcome],
        np.array([*Timing, None], object)[found.timing],
        found.expiring,
        found.signed,
        found.renewed,
        found.net,
    )
    return {
        name: tuple(rest)
        for name, *rest in zip(*(column.tolist() for column in columns), strict=True)
    }


def assert_same(found: RenewalColumns, report: RenewalReport) -> None:
    assert_same_lines(found, report)
    assert found.faults == report.faults
    assert found.never_due == report.never_due
    assert found.judged_alone.duplicates == report.duplicates
    assert found.assumed_signed == report.assumed_signed
    assert found.assumed_known == report.assumed_known


def assert_same_lines(found: RenewalColumns, report: RenewalReport) -> None:
    assert said_by_columns(found) == said_by_records(report)
    assert found.parts == report.parts
    assert found.maturity == report.maturity
    for convention in CONVENTIONS:
        ours, theirs = found.rate(convention), report.rate(convention)
        assert ours == theirs
        assert repr(ours) == repr(theirs)
    assert found.net_rate == report.net
    for name in ("on_time", "without_closures", "known_at", "last_recorded", "silence"):
        assert getattr(found, name) == getattr(report, name)
    for pair in itertools.pairwise(CONVENTIONS):
        assert bridge_of_columns(found, *pair) == bridge_of_records(report, *pair)


def bridge_of_columns(
    found: RenewalColumns, a: RenewalConvention, b: RenewalConvention
) -> dict[str, tuple[str, str]]:
    bridge = found.bridge(a, b)
    ids = dict(zip(found.rows.tolist(), found.contract.tolist(), strict=True))
    pairs = zip(said_of(bridge.a), said_of(bridge.b), strict=True)
    return dict(zip((ids[row] for row in bridge.rows.tolist()), pairs, strict=True))


def said_of(verdicts: Verdicts) -> list[str]:
    columns = (verdicts.kept, verdicts.is_kept, verdicts.left_out)
    return [
        str(Verdict(kept=Decimal(kept) / 100 if is_kept else None, left_out=REASONS[code]))
        for kept, is_kept, code in zip(*(each.tolist() for each in columns), strict=True)
    ]


def bridge_of_records(
    report: RenewalReport, a: RenewalConvention, b: RenewalConvention
) -> dict[str, tuple[str, str]]:
    return {
        each.line.contract: (in_cents(each.a), in_cents(each.b)) for each in report.bridge(a, b)
    }


def in_cents(verdict: Verdict) -> str:
    if verdict.kept is None:
        return str(verdict)
    return str(attrs.evolve(verdict, kept=Decimal(cents(verdict.kept)) / 100))


any_day = some_days | st.dates(dt.date(2026, 4, 1), dt.date(2026, 9, 1))
dates = st.dates(dt.date(2024, 1, 1), dt.date(2028, 1, 1))
Book = tuple[list[Contract], list[Entry] | None]


@given(books | tidy_books(), any_day, st.none() | any_day, st.integers(0, 40), st.integers(0, 40))
def test_of_any_book_the_columns_say_what_the_records_say(
    book: Book, as_of: dt.date, known_at: dt.date | None, grace_days: int, link_days: int
) -> None:
    asked: dict[str, Any] = {
        "period": Period(dt.date(2026, 4, 1), dt.date(2026, 9, 1)),
        "as_of": as_of,
        "known_at": known_at,
        "grace_days": grace_days,
        "link_days": link_days,
    }

    assert_same(in_columns(*book, **asked), renewal_rate(*book, **asked))


@given(yearly_books(), dates, st.none() | dates)
def test_of_a_book_in_good_order_the_columns_say_what_the_records_say(
    book: Book, as_of: dt.date, known_at: dt.date | None
) -> None:
    asked: dict[str, Any] = {"period": SPAN, "as_of": as_of, "known_at": known_at}

    assert_same(in_columns(*book, **asked), renewal_rate(*book, **asked))


@settings(max_examples=40)
@given(yearly_books(is_named=True))
def test_where_each_contract_names_the_one_it_renews_nothing_is_judged_alone(book: Book) -> None:
    found = in_columns(*book, period=SPAN, as_of=LATER)

    assert found.judged_alone.lines == found.judged_alone.not_due == ()
    assert_same(found, renewal_rate(*book, SPAN, as_of=LATER))


@settings(max_examples=40)
@given(books, st.sampled_from([0, 1]))
def test_ids_that_share_a_hash_change_nothing(book: Book, multiplier: int) -> None:
    asked: dict[str, Any] = {"period": SPAN, "as_of": dt.date(2026, 6, 30)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(termids, "_MULTIPLIER", multiplier)  # 0: all that begin alike, 1: anagrams
        found = in_columns(*book, **asked)

    assert_same(found, renewal_rate(*book, **asked))


@settings(max_examples=40)
@given(yearly_books())
def test_the_figures_of_each_month_are_those_of_the_month_asked_about_alone(book: Book) -> None:
    span = Period(dt.date(2024, 11, 15), dt.date(2025, 3, 1))

    found = in_columns(*book, period=span, as_of=LATER).by_month()

    assert tuple(found) == span.months()
    for month, part in found.items():
        assert_same_lines(part, renewal_rate(*book, month, as_of=LATER))


@settings(max_examples=40)
@given(books)
def test_the_figures_of_each_segment_are_those_of_the_report_by_segment(book: Book) -> None:
    asked: dict[str, Any] = {"period": Period.year(2026), "as_of": dt.date(2026, 6, 30)}
    found = in_columns(*book, **asked)
    accounts = np.array([each.account for each in book[0]], np.str_)

    parts = found.by(accounts[found.rows])

    expected = renewal_rate(*book, **asked).by(lambda line: line.account)
    assert list(parts) == sorted(map(str, expected))
    for account, part in parts.items():
        assert_same_lines(part, expected[account])


# --------------------------------------------------------------------------------------
# Stories

JUNE_30 = dt.date(2026, 6, 30)


def june(
    contracts: Sequence[Contract], entries: Sequence[Entry] | None = (), **asked: Any
) -> RenewalColumns:
    return in_columns(contracts, entries, **{"period": JUNE, "as_of": JUNE_30, **asked})


def words(found: RenewalColumns) -> list[str]:
    return [tuple(Disposition)[code].value for code in found.disposition]


def test_a_renewal_signed_and_collected_is_renewed_and_decided_in_columns() -> None:
    found = june([old(), new()], [due(), paid()])

    assert (words(found), found.renewed.tolist()) == (["renewed_on_time"], [1200_00])
    assert found.judged_alone.lines == ()


def test_growth_stands_in_the_net_amount_alone() -> None:
    found = june([old(), new(annual_value=1500)], [due(amount=1500), paid(amount=1500)])

    amounts = [column.item() for column in (found.signed, found.renewed, found.net)]
    assert (words(found), amounts) == (["upgraded"], [1200_00, 1200_00, 1500_00])


def test_the_years_of_one_sale_are_decided_in_columns() -> None:
    found = june(three_years(), period=Period(dt.date(2024, 1, 1), dt.date(2026, 7, 1)))

    assert (found.contract.tolist(), words(found)) == (["y3"], ["pending_signature"])
    assert found.judged_alone.not_due == ()


def test_a_contract_that_merges_two_is_judged_alone_with_its_shares() -> None:
    found = june([old("a"), old("b", annual_value=600), new(renews=("a", "b"))], [due(), paid()])

    assert words(found) == ["co_termed", "co_termed"]
    assert found.renewed.tolist() == [800_00, 400_00]
    assert len(found.judged_alone.lines) == 2


def test_which_gives_the_rows_of_a_disposition() -> None:
    found = june([new(), old(), old("other", account="B")], [due(), paid()])

    assert found.which("renewed_on_time").tolist() == [1]
    assert found.which(Disposition.PENDING_SIGNATURE).tolist() == [2]


def test_a_contract_that_nothing_renews_has_no_timing() -> None:
    assert june([old()]).timing.tolist() == [-1]


def test_payments_for_no_contract_are_reported_where_there_are_no_contracts() -> None:
    found = june([], [paid()])

    assert [str(fault) for fault in found.judged_alone.faults] == [
        "$.payments['new paid 2026-06-20 1200'].contract: no contract 'new' is known"
    ]


def test_a_payment_for_a_contract_not_signed_yet_is_reported() -> None:
    found = june([old(), new(signed_on="2026-07-05")], [due(), paid()])

    assert [str(fault) for fault in found.judged_alone.faults] == [
        "$.payments['new paid 2026-06-20 1200'].contract: no contract 'new' is known"
    ]


def test_ids_may_be_whole_numbers() -> None:
    given = {
        "contract": np.array([7, 8]),
        "account": np.array([1, 1]),
        "start": days("2025-07-01", "2026-07-01"),
        "end": days("2026-07-01", None),
        "annual_value": np.array([1200, 1200]),
        "currency": "JPY",
        "renews": np.ma.masked_array([0, 7], [True, False]),
    }
    moves = {
        "entry": np.array([1, 2]),
        "contract": np.array([8, 8]),
        "kind": ["due", "paid"],
        "on": days("2026-06-10", "2026-06-20"),
        "amount": np.array([1200, 1200]),
    }

    found = renewal_columns(given, moves, JUNE, as_of=dt.date(2026, 7, 1))

    assert (found.contract.tolist(), words(found)) == ([7], ["renewed_on_time"])
    assert found.rate().value.numerator == 1200


def test_numbers_as_ids_of_odd_accounts_lead_back_to_their_rows() -> None:
    given = {
        "contract": [9, 10, 11],
        "account": [1, 1, 1],
        "start": days("2025-07-01", "2025-07-01", "2026-07-01"),
        "end": days("2026-07-01", "2026-07-01", None),
        "annual_value": np.array([1, 2, 3]),
        "currency": "",
    }

    before = renewal_columns(given, None, JUNE, as_of=JUNE_30)
    after = renewal_columns(given, None, JUNE, as_of=dt.date(2026, 7, 1))

    assert (before.rows.tolist(), words(before)) == ([0, 1], ["pending_signature"] * 2)
    assert (after.rows.tolist(), words(after)) == ([0, 1], ["unclear"] * 2)
    assert after.parts[0].expiring_value == 3


def test_an_instant_as_of_means_its_day_in_utc() -> None:
    evening = dt.datetime(2026, 7, 30, 23, tzinfo=dt.timezone(dt.timedelta(hours=-2)))

    assert words(june([old()], as_of=evening)) == ["lost"]


def test_it_reads_as_its_rate() -> None:
    rule = "; convention: term ended, signed again, fee collected (R1)"

    assert repr(june([old(), new()], [due(), paid()])).splitlines() == [
        "renewal rate of 2026-06 as of 2026-06-30",
        f"  by count  1 of 1 = 100.0 % (20.7 to 100.0 %, 95 % Wilson){rule}",
        f"  by value  1200 of 1200 = 100.0 % (20.7 to 100.0 %, 95 % Wilson on n_eff 1.0){rule}",
        "  due       1, 0 judged alone",
    ]


def test_it_names_the_faults_of_the_book_and_how_many_contracts_have_no_end() -> None:
    book = [old(), contract("on", "2025-07-01", None, account="B"), new(renews="old;older")]
    found = june(book)

    assert [str(fault) for fault in found.faults] == [
        "$.contracts['new'].renews: no contract 'old;older' is known; give several as a tuple"
    ]
    assert repr(found).splitlines()[-2:] == [
        "  no end    1 contract has no end and never falls due",
        "  faults    1, listed in .faults",
    ]


def test_it_says_as_known_when_it_was_made_and_that_the_book_ended_long_before() -> None:
    found = june([old()], as_of=dt.date(2026, 6, 1), known_at=dt.date(2026, 5, 31))

    assert repr(found).splitlines()[0] == (
        "renewal rate of 2026-06 as of 2026-06-01, as known at 2026-05-31"
    )
    assert repr(found).splitlines()[-1] == (
        "  silence   nothing is recorded after 2025-07-01, 335 days before"
    )


@pytest.mark.parametrize("asked", [{"grace_days": -1}, {"link_days": 0.5}])
def test_days_that_are_no_whole_number_are_refused_as_for_records(asked: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match=next(iter(asked))):
        june([], **asked)


def test_an_instant_without_a_zone_is_refused_as_for_records() -> None:
    with pytest.raises(MomentError, match="known_at"):
        june([], known_at=dt.datetime(2026, 6, 30))


def test_labels_must_be_as_many_as_the_contracts_due() -> None:
    with pytest.raises(TermColumnsError, match=r"has shape \(3,\): expected 1, one for each"):
        june([old(), new()]).by(["a", "b", "c"])


def test_labels_of_every_contract_given_are_told_how_to_be_indexed() -> None:
    found = june([old(), new()])
    labels = np.array(["a", "b"])

    with pytest.raises(TermColumnsError, match=r"index your column with `.rows`: labels\[found"):
        found.by(labels)
    assert list(found.by(labels[found.rows])) == ["a"]


def test_a_label_that_is_missing_is_a_segment_of_its_own_as_in_the_report() -> None:
    found = june([old("a"), old("b", account="B"), old("c", account="C")])
    none = float("nan")
    masked = np.ma.masked_array(["x", "y", "x"], [False, True, False])

    for labels in (["x", None, "x"], ["x", none, "x"], ["x", _Unsure(), "x"], masked):
        parts = found.by(labels)
        assert {name: part.rows.tolist() for name, part in parts.items()} == {
            "x": [0, 2],
            None: [1],
        }
    numbers = found.by([2.0, none, 1.0])
    assert {name: part.rows.tolist() for name, part in numbers.items()} == {
        1.0: [2],
        2.0: [0],
        None: [1],
    }
    assert list(found.by(np.array([2.0, none, 1.0]))) == [1.0, 2.0, None]
    assert list(found.by([("b", 1), ("a", 2), ("b", 1)])) == [("a", 2), ("b", 1)]


class _Unsure:
    """As pandas' NA: it cannot be compared, not even with itself."""

    def __eq__(self, other: object) -> bool:
        raise TypeError("ambiguous")

    __ne__ = __eq__
    __hash__ = object.__hash__


@pytest.mark.parametrize("labels", [["x", 1], [["x"], "x"], [{1}, {2}]])
def test_labels_that_cannot_be_compared_are_refused_with_the_way_out(labels: Any) -> None:
    with pytest.raises(TermColumnsError, match="expected labels of one kind, such as text"):
        june([old("a"), old("b", account="B")]).by(labels)


@pytest.mark.parametrize("name", ["lst", None, 5, []])
def test_a_disposition_of_no_such_name_is_refused(name: Any) -> None:
    with pytest.raises(DefinitionError, match="expected one of renewed_early, ") as caught:
        june([old()]).which(name)

    assert ("lost" in str(caught.value).rpartition("but got")[2]) == (name == "lst")


def test_the_day_on_which_an_instalment_was_recorded_is_a_record_where_its_contract_is_seen() -> (
    None
):
    written = due(recorded_at=dt.date(2026, 6, 29))
    later = due(recorded_at=dt.date(2026, 6, 29), to="later")
    signed_later = new("later", account="B", renews=(), signed_on="2026-08-01")

    assert june([old(), new()], [written]).last_recorded == dt.date(2026, 6, 29)
    for book in ([old()], [old(), signed_later]):
        moves = [later] if len(book) > 1 else []
        expected = renewal_rate(book, moves, JUNE, as_of=JUNE_30).last_recorded
        assert june(book, moves).last_recorded == expected == dt.date(2025, 7, 1)


def test_what_names_a_rescinded_contract_of_another_account_is_judged_with_it() -> None:
    rescinded = old("gone", account="B", end_reason="rescinded")
    names_it = new("next", renews="gone")
    book = [old(renews="next"), rescinded, names_it]

    found, report = june(book), renewal_rate(book, (), JUNE, as_of=JUNE_30)

    assert_same_lines(found, report)
    assert found.faults == report.faults


def test_an_invalid_record_of_an_odd_account_names_its_row() -> None:
    columns = columns_of_contracts([old(), new()])
    columns["renews"] = [None, "new"]

    with pytest.raises(LedgerError, match="cannot renew itself") as caught:
        renewal_columns(columns, None, JUNE, as_of=JUNE_30)

    assert caught.value.__notes__ == ["in row 1 of contracts"]


cents_of_a_line = st.integers(0, 2**57)


@given(st.lists(st.tuples(cents_of_a_line, cents_of_a_line), max_size=30))
def test_the_effective_sample_size_is_exact_at_any_size(lines: list[tuple[int, int]]) -> None:
    kept, whole = (np.array([line[side] for line in lines], np.int64) for side in (0, 1))

    assert _effective_sample_size(kept, whole) == effective_sample_size(kept, whole)
