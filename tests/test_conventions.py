"""What a rate counts: the stock conventions, those of a team's own, and how they are ordered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.conventions import (
    DOCTRINE,
    POINT_TO_POINT,
    SIGNED,
    RenewalConvention,
    RetentionConvention,
)
from cslib.dispositions import Timing
from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.ledger import Contract, Entry
from cslib.periods import Period
from cslib.renewal import Outcome, RenewalReport, renewal_rate
from ledger_strategies import (
    JUNE,
    Book,
    books,
    contract,
    day,
    due,
    new,
    old,
    paid,
    some_days,
    tidy_books,
)

NET = attrs.evolve(DOCTRINE, name="net", capped=False)
ON_TIME = attrs.evolve(DOCTRINE, name="on time", by="on_time")


def june(
    contracts: Iterable[Contract], payments: Iterable[Entry] | None = (), **more: Any
) -> RenewalReport:
    asked = {"as_of": day("2026-09-30"), **more}
    return renewal_rate(contracts, payments, JUNE, **asked)


def in_cash(*names: str) -> list[Entry]:
    """Each of the contracts invoiced and paid."""
    return [move for name in names for move in (due(to=name), paid(to=name))]


def of_four() -> RenewalReport:
    """Of four contracts one is renewed early, one in grace, one after it, one is not paid for."""
    book = [old(name, account=name) for name in "abcd"]
    book += [
        contract("a2", "2026-06-01", "2027-06-01", account="a", renews="a"),
        new("b2", account="b", renews="b", signed_on="2026-07-10"),
        new("c2", account="c", renews="c", signed_on="2026-08-10"),
        new("d2", account="d", renews="d"),
    ]
    return june(book, [*in_cash("a2", "b2", "c2"), due(to="d2")])


# --------------------------------------------------------------------------------------
# Renewal: a value


def test_a_convention_takes_the_name_of_a_timing() -> None:
    assert RenewalConvention(name="board pack", by="on_time").by is Timing.ON_TIME


def test_a_convention_without_a_name_or_of_an_unknown_timing_is_refused() -> None:
    with pytest.raises(DefinitionError) as caught:
        RenewalConvention(name="", by="ontime")

    name, by = map(str, caught.value.faults)
    assert name == "$.name: expected a name, but got an empty text"
    assert by.startswith("$.by: expected one of 'early', 'on_time', 'in_grace', 'late'")
    assert by.endswith("but got 'ontime': did you mean 'on_time'?")


@pytest.mark.parametrize("convention", [DOCTRINE, SIGNED, ON_TIME, NET])
def test_a_convention_goes_to_json_and_back(convention: RenewalConvention) -> None:
    assert from_json(to_json(convention), RenewalConvention) == convention


def test_a_rate_says_by_which_convention_it_was_made() -> None:
    found = of_four().rate(ON_TIME)

    assert (found.count.convention, found.value.convention) == ("on time", "on time")


# --------------------------------------------------------------------------------------
# Renewal: what each part of a convention does


@pytest.mark.parametrize(
    ("by", "renewed"), [("early", 1), ("on_time", 1), ("in_grace", 2), ("late", 3)]
)
def test_the_later_a_signature_may_be_the_more_are_renewed(by: str, renewed: int) -> None:
    convention = RenewalConvention(name="by", by=by)

    assert of_four().rate(convention).count.value == Fraction(renewed, 4)


def test_on_time_stands_beside_the_headline() -> None:
    report = of_four()

    assert (report.on_time.count.value, report.count.value) == (Fraction(1, 4), Fraction(2, 4))
    assert report.on_time.value.numerator == 1200
    assert report.on_time.count.convention.endswith(", on time")


def test_the_signed_basis_counts_who_signed_by_the_end_of_grace() -> None:
    assert of_four().rate(SIGNED).count.value == Fraction(3, 4)


def test_without_closures_insolvency_is_left_out_and_a_merger_is_not() -> None:
    book = [old(), new(), old("i", account="I", end_reason="insolvency")]
    report = june([*book, old("m", account="M", end_reason="merged")], in_cash("new"))

    assert report.count.value == Fraction(1, 3)
    assert report.without_closures.count.value == Fraction(1, 2)
    assert [str(left) for left in report.without_closures.count.excluded] == ["1 lost to closure"]


def test_a_net_rate_above_one_has_no_interval_and_says_why() -> None:
    report = june([old(), new(annual_value=1500)], in_cash("new"))

    assert (report.net.value, report.net.interval()) == (Fraction(1500, 1200), None)
    assert report.net.no_interval == "a net rate is no proportion"
    assert "no interval: a net rate is no proportion" in repr(report.net)
    assert (report.value.value, report.value.interval() is None) == (1, False)


def test_a_net_rate_below_one_has_no_interval_either_where_one_contract_grew() -> None:
    book = [old(), new(annual_value=1500), old("b", account="B", annual_value=8800)]

    net = june(book, in_cash("new")).net

    assert net.value == Fraction(15, 100)
    assert net.no_interval == "a net rate is no proportion"


def test_a_net_rate_in_which_nothing_grew_is_the_gross_one() -> None:
    report = june([old(), new(annual_value=900)], in_cash("new"))

    assert (report.net.value, report.net.interval()) == (
        report.value.value,
        report.value.interval(),
    )


def test_a_co_term_grows_the_net_rate_by_what_it_adds() -> None:
    both = new(renews=("old", "side"), annual_value=3000)

    report = june([old(), old("side", annual_value=800), both], in_cash("new"))

    assert (report.value.value, report.net.value) == (1, Fraction(3000, 2000))


def test_on_time_a_split_counts_what_was_signed_by_the_last_covered_day() -> None:
    halves = [new("n1", annual_value=700), new("n2", annual_value=500, signed_on="2026-07-10")]

    report = june([old(), *halves], in_cash("n1", "n2"))

    assert report.value.numerator == 1200
    assert report.on_time.value.numerator == 700


def test_what_is_not_known_of_the_cash_leaves_a_line_out_only_where_it_would_count() -> None:
    """Signed in grace, so that whatever was paid it was not on time."""
    report = june([old(), new(signed_on="2026-07-10")], [paid()])

    assert report.count.value is None
    assert report.on_time.count.value == 0


def test_without_payments_only_what_looks_at_no_cash_is_defined() -> None:
    report = june([old(), new()], None)

    assert report.rate(SIGNED).count.value == 1
    assert report.rate(ON_TIME).count.value is None
    assert report.net.value is None


# --------------------------------------------------------------------------------------
# Renewal: laws

all_books = st.one_of(books, tidy_books())


@given(all_books, some_days)
def test_gross_is_no_more_than_net_of_the_same_lines(book: Book, as_of: Any) -> None:
    report = june(*book, as_of=as_of)

    net = report.rate(NET)
    assert report.value.numerator <= net.value.numerator
    assert report.value.denominator == net.value.denominator
    assert report.count == attrs.evolve(net.count, convention=DOCTRINE.name)


def unknown(report: RenewalReport) -> bool:
    """Whether some line stands outside a rate since its cash is not known."""
    return any(not s.cash.is_known for line in report.lines for s in line.successors)


@given(tidy_books(), st.dates(day("2026-06-01"), day("2026-09-30")))
def test_on_time_grace_and_signed_stand_in_order(book: Book, as_of: Any) -> None:
    report = june(*book, as_of=as_of)

    if not unknown(report):
        figures = [report.on_time, report.rate(), report.rate(SIGNED)]
        for kind in ("count", "value"):
            rates = [getattr(each, kind) for each in figures]
            assert [rate.denominator for rate in rates] == [rates[0].denominator] * 3
            assert rates == sorted(rates, key=lambda rate: rate.numerator)


@given(tidy_books())
def test_without_closures_is_no_less_than_the_headline(book: Book) -> None:
    report = june(*book)

    closed = [line for line in report.lines if line.outcome is Outcome.LOST_TO_CLOSURE]
    adjusted = report.without_closures
    assert adjusted.count.numerator == report.count.numerator
    assert report.count.denominator - adjusted.count.denominator == len(closed)
    assert report.value.denominator - adjusted.value.denominator == sum(
        (line.expiring_value for line in closed), Decimal(0)
    )


@pytest.mark.parametrize("flag", ["no", None, 0, []])
def test_a_flag_is_true_or_false(flag: Any) -> None:
    with pytest.raises(DefinitionError, match=r"\$.collected: expected True or False, but got"):
        RenewalConvention(name="no cash please", collected=flag)
    with pytest.raises(DefinitionError, match=r"\$.others: expected True or False, but got"):
        RetentionConvention(name="own", others=flag)


def test_a_rate_of_renewals_has_a_convention_of_renewals() -> None:
    report = renewal_rate([], [], Period.month(2026, 6), as_of=dt.date(2026, 6, 30))

    with pytest.raises(DefinitionError, match="expected a RenewalConvention, but got a Retention"):
        report.rate(POINT_TO_POINT)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [RenewalConvention, RetentionConvention])
def test_the_source_of_a_convention_is_text_so_that_it_can_be_read_again(kind: Any) -> None:
    with pytest.raises(DefinitionError, match=r"\$\.source: expected text, but got the int 5"):
        kind(name="x", source=5)
