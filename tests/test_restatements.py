"""What two reports of one period say otherwise, line by line."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given

from cslib.errors import DefinitionError
from cslib.periods import Period
from cslib.renewal import DOCTRINE, SIGNED, renewal_rate
from cslib.restatements import restatements
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
    june,
    new,
    of_line,
    old,
    paid,
)


def test_a_payment_recorded_later_restates_the_line_that_it_renews_and_says_so() -> None:
    ledger = [due(), paid(recorded_at=day("2026-07-03"))]

    before, after = (
        june([old(), new(), old("b", account="B")], ledger, known_at=known)
        for known in (END_OF_JUNE, day("2026-07-31"))
    )

    (change,) = restatements(before, after)
    assert change.contract == "old"
    then, now = change.reason.split("; now ")
    assert then == (
        "pending cash (new signed on 2026-06-10; 0 of 1200 collected; grace runs until 2026-07-30)"
    )
    assert now == (
        "renewed on time 1200 of 1200 (new signed on 2026-06-10; 1200 collected on 2026-06-20)"
    )
    assert (restatements(before, before), restatements(after, before)[0].after) == (
        (),
        change.before,
    )


def test_restatements_and_differences_read_as_one_line_each() -> None:
    before, after = june([old(), new()], [due()]), june([old(), new()], [due(), paid()])

    (change,) = restatements(before, after)
    (difference,) = before.bridge(DOCTRINE, SIGNED)

    assert repr([change]) == f"[<{change}>]"
    assert repr([difference]) == f"[<{difference}>]"
    assert "\n" not in f"{change!r}{difference!r}"


def test_a_contract_recorded_later_was_not_due_before() -> None:
    late = old("b", account="B", recorded_at=day("2026-07-03"))

    (change,) = restatements(june([old(), late], known_at=END_OF_JUNE), june([old(), late]))

    assert (change.contract, change.before) == ("b", None)
    assert change.reason.startswith("not due; now pending signature (no renewal stands")
    assert str(change) == f"b: {change.reason}"


def test_a_version_recorded_later_takes_a_line_out_and_says_so() -> None:
    book = [old(), old(annual_value=1300, recorded_at=day("2026-07-03"))]

    (change,) = restatements(june(book, known_at=END_OF_JUNE), june(book))

    assert change.after is None
    assert change.reason.endswith("; now not due")


def test_a_book_of_which_nothing_was_known_yet_can_be_compared() -> None:
    book = [old(recorded_at=day("2026-07-03"))]

    assert len(restatements(june(book, known_at=END_OF_JUNE), june(book))) == 1


def test_reports_of_two_periods_or_currencies_or_bases_are_no_restatement() -> None:
    may = renewal_rate([old()], (), Period.month(2026, 5), as_of=END_OF_JUNE)
    for other, problem in [
        (may, "one period, but got 2026-06 and 2026-05"),
        (june([old(currency="USD")]), "one currency, but got EUR and USD"),
        (june([old(currency="")]), "one currency, but got EUR and none named"),
        (june([old()], None), "payments in both or in none, but got them in one"),
    ]:
        with pytest.raises(DefinitionError, match=f"expected two reports of {problem}"):
            restatements(june([old()]), other)


def test_a_start_an_account_or_a_product_put_right_is_a_restatement() -> None:
    for correction in ({"start": "2023-07-01"}, {"account": "B"}, {"product": "seats"}):
        fields = {"start": "2025-07-01", "account": "A", "product": "", **correction}
        start = fields.pop("start")
        mended = contract("old", start, "2026-07-01", signed_on="2025-07-01", **fields)

        assert len(restatements(june([old()]), june([mended]))) == 1


# --------------------------------------------------------------------------------------
# A law


@given(any_books, MONTHS, days, days, days)
def test_restatements_explain_every_difference_between_two_reports_and_nothing_else(
    book: Book, period: Period, as_of: dt.date, one: dt.date, other: dt.date
) -> None:
    before, after = (
        renewal_rate(*book, period, as_of=as_of, known_at=known) for known in sorted((one, other))
    )

    changes = restatements(before, after)

    for convention in (DOCTRINE, SIGNED, ON_TIME, NET):
        for kind in ("count", "value"):
            for side in ("numerator", "denominator"):
                explained = sum(
                    of_line(after, each.after, convention, kind, side)
                    - of_line(before, each.before, convention, kind, side)
                    for each in changes
                )
                then, now = (
                    Fraction(getattr(getattr(report.rate(convention), kind), side))
                    for report in (before, after)
                )
                assert now - then == explained
    assert restatements(after, after) == ()


def test_only_reports_are_compared() -> None:
    report = june([])

    with pytest.raises(DefinitionError, match=r"\$\.after: expected a RenewalReport"):
        restatements(report, None)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=r"\$\.before: expected a RenewalReport"):
        restatements(None, report)  # type: ignore[arg-type]
