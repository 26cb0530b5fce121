"""Which contract renews which: given, inferred by one rule, or left open and said so."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.ledger import Contract, LedgerError, read_ledger
from cslib.lineage import Lineage, Link, trace_lineage
from ledger_strategies import contract, new, old, some_days, three_years, year_after

NO_LINK = Link()


def trace(*contracts: Contract, link_days: int = 30) -> Lineage:
    """The lineage of contracts of which all have been signed."""
    ledger = read_ledger(contracts, (), as_of=dt.date(2030, 1, 1))
    return trace_lineage(ledger, link_days=link_days)


def link(lineage: Lineage, name: str = "old") -> Link:
    return lineage.links.get(name, NO_LINK)


def successor(lineage: Lineage, name: str = "old") -> str | None:
    found = [each.contract for each in link(lineage, name).successors]
    return found[0] if len(found) == 1 else None


def successors(lineage: Lineage, name: str = "old") -> list[str]:
    return [each.contract for each in link(lineage, name).successors]


def faults_of(lineage: Lineage) -> list[str]:
    return sorted(str(fault) for fault in lineage.faults)


# --------------------------------------------------------------------------------------
# Given


def test_what_renews_says_is_given() -> None:
    assert link(trace(old(), new())) == Link(successors=(new(),))


def test_another_account_is_never_inferred_but_may_be_given() -> None:
    assert link(trace(old(), new(account="B", renews=None))) == NO_LINK
    assert successor(trace(old(), new(account="B"))) == "new"


def test_of_a_renewal_sold_for_three_years_the_first_contract_is_the_successor() -> None:
    again = [
        contract(f"n{n}", f"{2025 + n}-07-01", f"{2026 + n}-07-01", sale="T", renews="old")
        for n in (1, 2, 3)
    ]

    lineage = trace(old(), *again)

    assert (successor(lineage), faults_of(lineage)) == ("n1", [])


def test_of_a_sale_of_which_only_a_later_year_says_what_it_renews_the_first_is_the_successor() -> (
    None
):
    years = [new("y1", sale="S", renews=None), year_after(sale="S")]

    assert link(trace(old(), *years)) == Link(successors=(years[0],))


def test_the_first_year_of_a_sale_that_renews_is_not_inferred_for_another_contract() -> None:
    side = contract("side", "2024-07-01", "2026-07-01")

    lineage = trace(old(), side, new("y1", sale="S", renews=None), year_after(sale="S"))

    assert (successor(lineage), link(lineage, "side")) == ("y1", NO_LINK)


@pytest.mark.parametrize(
    "first",
    [
        [new("y1", sale="S", renews="side")],
        [new("y1", sale="S", renews=None), new("modules", sale="S", renews=None)],
        [contract("y1", "2024-07-01", "2025-07-01", sale="S")],
        [new("y1", sale="S", renews=None), new("y1", renews=None)],
    ],
    ids=["renews another", "one of two", "began before", "in conflict"],
)
def test_a_later_year_whose_first_may_not_stand_for_it_leaves_open_what_it_renews(
    first: list[Contract],
) -> None:
    lineage = trace(old(), old("side"), *first, year_after(sale="S"))

    assert "is a later year of its sale, whose first may not" in link(lineage).doubt


def test_a_module_that_starts_while_another_of_its_sale_runs_is_no_later_year() -> None:
    seats = new("seats", sale="S", renews=None)
    analytics = contract("analytics", "2026-08-01", "2027-07-01", sale="S", renews="old")

    assert successor(trace(old(), seats, analytics)) == "analytics"


def test_a_renewal_that_was_rescinded_renews_nothing_and_is_no_rival() -> None:
    stopped = new("stopped", end_reason="rescinded")

    assert link(trace(old(), stopped)) == NO_LINK
    assert successor(trace(old(), stopped, new())) == "new"


def test_a_renewal_of_a_contract_that_is_not_there_is_reported() -> None:
    assert faults_of(trace(new("orphan", renews="lost in migration"))) == [
        "$.contracts['orphan'].renews: no contract 'lost in migration' is known"
    ]


def test_a_misspelt_renewal_leaves_open_what_it_renews() -> None:
    assert link(trace(old(), new(renews="odl"))) == Link(
        doubt="new may renew it, but is at fault itself"
    )


def test_a_misspelt_renewal_may_renew_any_contract_of_its_account_that_began_before_it() -> None:
    early = contract("early", "2026-05-01", "2027-07-01", renews="odl")
    others = [old("other", account="B"), contract("later", "2026-06-01", "2026-07-01")]

    lineage = trace(old(end_reason="churned"), *others, early)

    assert lineage.links == {"old": Link(doubt="early may renew it, but is at fault itself")}


def test_a_misspelt_renewal_leaves_alone_what_is_linked_otherwise() -> None:
    early = contract("early", "2026-05-01", "2027-05-01", renews="odl")

    assert successor(trace(old(), new(), early)) == "new"
    assert successor(trace(old(), new(renews=None), early)) == "new"


def test_a_renewal_that_starts_no_later_than_what_it_names_leaves_that_open() -> None:
    for start in ("2025-07-01", "2025-01-01"):
        lineage = trace(old(), contract("b", start, "2027-07-01", account="B", renews="old"))

        assert link(lineage) == Link(doubt="b may renew it, but is at fault itself")


def test_a_renewal_at_fault_beats_one_inferred_and_no_other_that_is_given() -> None:
    fault = contract("b", "2025-01-01", "2027-07-01", account="B", renews="old")

    assert link(trace(old(), new(renews=None), fault)).doubt
    assert successor(trace(old(), new(), fault)) == "new"


def test_a_renewal_at_fault_that_names_an_inner_year_leaves_all_that_fall_due_open() -> None:
    sale = [contract("y1", "2024-07-01", "2025-07-01", sale="S")]
    sale += [old("seats", sale="S"), old("analytics", sale="S")]
    far = contract("b", "2027-07-01", "2028-07-01", account="B", renews="y1")

    doubt = Link(doubt="b may renew it, but is at fault itself")
    assert trace(*sale, far).links == {"seats": doubt, "analytics": doubt}


def test_a_contract_that_names_one_of_its_own_sale_at_fault_leaves_nothing_open() -> None:
    lineage = trace(old("a", sale="S"), old("b", sale="S", renews="a"))

    assert (lineage.links, len(lineage.faults)) == ({}, 1)


def test_several_contracts_side_by_side_that_renew_one_split_it() -> None:
    lineage = trace(old(), new("n2"), new("n1"))

    assert (successors(lineage), faults_of(lineage)) == (["n1", "n2"], [])
    assert lineage.renewed == {"n1": ["old"], "n2": ["old"]}


def test_two_modules_of_one_sale_that_start_together_split_the_contract_that_they_renew() -> None:
    assert successors(trace(old(), new("n1", sale="S"), new("n2", sale="S"))) == ["n1", "n2"]


def test_contracts_that_follow_one_another_cannot_both_renew_one_and_it_is_left_open() -> None:
    lineage = trace(old(), new("n1"), year_after("n2"))

    doubt = "n1, n2 say that they renew this one, but follow one another; only the first can"
    assert link(lineage).doubt.startswith(doubt)
    assert faults_of(lineage) == [f"$.contracts['old']: {link(lineage).doubt}"]
    assert link(lineage, "n1").doubt == "n2 may renew it, but is at fault itself"


def test_a_contract_that_renews_several_merges_them() -> None:
    lineage = trace(old("a"), old("b"), new(renews=("a", "b")))

    assert (successor(lineage, "a"), successor(lineage, "b")) == ("new", "new")
    assert lineage.renewed == {"new": ["a", "b"]}


def test_a_contract_of_which_one_renewal_is_misspelt_leaves_the_others_open() -> None:
    lineage = trace(old("a"), new(renews=("a", "bb")))

    assert link(lineage, "a").doubt == "renewed by new, of which a record is at fault"
    assert faults_of(lineage)[1] == "$.contracts['new'].renews: no contract 'bb' is known"


def test_what_merges_a_contract_in_conflict_leaves_the_others_open() -> None:
    torn = [old("b", annual_value=1), old("b", annual_value=2)]

    lineage = trace(old("a"), *torn, new(renews=("a", "b")))

    assert link(lineage, "a") == Link(doubt="new renews it and another, which is in conflict")
    assert faults_of(lineage) == []


def test_renewals_are_numbered_from_the_first_that_the_book_knows() -> None:
    lineage = trace(
        old("first"), new("second", renews="first"), year_after("third", renews="second")
    )

    assert lineage.numbers == {"second": 1, "third": 2}


def test_a_merged_contract_is_as_old_as_the_oldest_that_it_renews() -> None:
    before = contract("before", "2024-07-01", "2025-07-01")
    book = [before, old("a", renews="before"), old("b", account="B"), new(renews=("a", "b"))]

    assert trace(*book).numbers == {"a": 1, "new": 2}


def test_every_contract_of_a_sale_has_the_number_of_its_first_year() -> None:
    years = [new("y1", sale="S"), year_after("y2", sale="S", renews=None)]

    assert trace(old(), *years).numbers == {"y1": 1, "y2": 1}


def test_contracts_of_a_sale_that_begin_together_share_the_number_of_the_one_that_renews() -> None:
    for name in ("a", "z"):
        side = new(name, sale="S", renews=None)

        assert trace(old(), new(sale="S"), side).numbers == {"new": 1, name: 1}


def test_a_sale_that_is_renewed_before_its_last_year_begins_counts_as_the_renewal_it_was() -> None:
    years = [new("y1", sale="S"), year_after("y2", sale="S", renews=None)]
    early = contract("early", "2027-01-01", "2028-01-01", renews="y1")

    assert trace(old(), *years, early).numbers == {"y1": 1, "y2": 1, "early": 2}


def test_what_a_contract_says_it_renews_is_among_its_renewals_also_where_that_is_unclear() -> None:
    after = year_after(renews="b")

    lineage = trace(old("a"), old("b"), new(renews=("a", "b")), after)

    assert link(lineage, "b").doubt
    assert lineage.renewed == {"new": ["a", "b"], "y2": ["b"]}


def test_a_first_year_that_stands_for_a_contract_in_conflict_leaves_the_others_open() -> None:
    torn = [old("b", annual_value=1), old("b", annual_value=2)]
    years = [
        new("y1", sale="S", renews=None),
        year_after("y2", sale="S", renews="a"),
        contract("y3", "2028-07-01", "2029-07-01", sale="S", renews="b"),
    ]

    lineage = trace(old("a"), *torn, *years)

    assert link(lineage, "a") == Link(doubt="y1 renews it and another, which is in conflict")


def test_a_cycle_is_reported_by_the_link_that_runs_back_in_time() -> None:
    lineage = trace(old(renews="new"), new())

    assert faults_of(lineage) == [
        "$.contracts['old'].renews: 'new' starts on 2026-07-01, not before 2025-07-01"
    ]
    assert successor(lineage) == "new"


def test_a_contract_that_starts_on_the_same_day_as_another_does_not_renew_it() -> None:
    assert faults_of(trace(old("a"), old("b", renews="a"))) == [
        "$.contracts['b'].renews: 'a' starts on 2025-07-01, not before 2025-07-01"
    ]


@pytest.mark.parametrize("renews", ["old", None])
def test_a_renewal_in_conflict_leaves_open_what_it_renews(renews: str | None) -> None:
    versions = (new(renews=renews), new(renews=renews, annual_value=900))

    assert link(trace(old(), *versions)).doubt


def test_versions_of_one_contract_have_their_faults_reported_each() -> None:
    assert faults_of(trace(new(renews="x"), new(renews="y"))) == [
        "$.contracts['new'].renews: no contract 'x' is known",
        "$.contracts['new'].renews: no contract 'y' is known",
    ]


def test_a_renewal_of_a_contract_in_conflict_is_no_fault_of_its_own() -> None:
    assert faults_of(trace(old(), old(annual_value=1300), new())) == []


# --------------------------------------------------------------------------------------
# Sales


def test_the_years_of_a_sale_before_its_last_are_inner_ones() -> None:
    lineage = trace(*three_years())

    assert {name: [row.contract for row in rows] for name, rows in lineage.inner.items()} == {
        "y1": ["y3"],
        "y2": ["y3"],
    }
    assert (lineage.links, lineage.faults) == ({}, frozenset())


def test_contracts_of_one_sale_that_end_together_are_no_inner_ones() -> None:
    assert trace(old("seats", sale="S"), old("analytics", sale="S")).inner == {}


def test_the_same_name_of_a_sale_in_two_accounts_is_two_sales() -> None:
    longer = contract("b", "2025-07-01", "2027-07-01", account="B", sale="S")

    assert trace(old(sale="S"), longer).inner == {}


def test_before_an_open_end_of_the_same_sale_every_contract_is_an_inner_one() -> None:
    assert list(trace(old(sale="S"), contract("on", "2026-07-01", None, sale="S")).inner) == ["old"]


def test_a_rescinded_contract_makes_no_other_of_its_sale_an_inner_one() -> None:
    stopped = contract("y2", "2026-07-01", "2027-07-01", sale="S", end_reason="rescinded")

    assert "old" not in trace(old(sale="S"), stopped).inner


def test_a_renewal_that_names_an_inner_year_renews_the_sale() -> None:
    assert successor(trace(*three_years(), new(renews="y1")), "y3") == "new"


def test_an_inner_year_of_a_sale_with_two_last_contracts_cannot_say_which_is_renewed() -> None:
    sale = [contract("y1", "2024-07-01", "2025-07-01", sale="S")]
    sale += [old("seats", sale="S"), old("analytics", sale="S")]

    lineage = trace(*sale, new(renews="y1"))

    (fault,) = lineage.faults
    assert fault.path == "$.contracts['new'].renews"
    assert fault.message == "'y1' is an inner year; name one of analytics, seats, which fall due"
    assert link(lineage, "seats").doubt == link(lineage, "analytics").doubt != ""


def test_of_many_contracts_that_fall_due_in_place_of_an_inner_year_the_first_three_are_named() -> (
    None
):
    sale = [contract("y1", "2024-07-01", "2025-07-01", sale="S")]
    sale += [old(f"m{n}", sale="S") for n in range(9)]

    (fault,) = trace(*sale, new(renews="y1")).faults

    assert fault.message.endswith("name one of m0, m1, m2 and more, which fall due")


# --------------------------------------------------------------------------------------
# Inferred


def test_a_renewal_that_nobody_named_is_inferred() -> None:
    unnamed = new(renews=None)

    assert link(trace(old(), unnamed)) == Link(successors=(unnamed,), inferred=True)


@pytest.mark.parametrize(
    ("start", "found"),
    [("2026-05-31", False), ("2026-06-01", True), ("2026-07-31", True), ("2026-08-01", False)],
)
def test_an_inferred_renewal_starts_within_30_days_of_the_end(start: str, found: bool) -> None:
    lineage = trace(old(), contract("new", start, "2027-08-01"))

    assert (successor(lineage) == "new") is found


def test_the_reach_of_inference_is_for_the_caller_to_say() -> None:
    later = contract("new", "2026-07-03", "2027-07-03")

    assert link(trace(old(), later, link_days=1)) == NO_LINK
    assert successor(trace(old(), later, link_days=2)) == "new"


def test_of_several_contracts_the_one_nearest_to_the_end_is_inferred() -> None:
    new_product = contract("product", "2026-06-08", "2027-06-08")

    assert successor(trace(old(), new_product, new(renews=None))) == "new"


def test_monthly_contracts_follow_one_another() -> None:
    months = [contract(f"m{n}", f"2026-0{n}-01", f"2026-0{n + 1}-01") for n in range(1, 8)]

    lineage = trace(*months)

    assert [successor(lineage, f"m{n}") for n in (4, 5, 6, 7)] == ["m5", "m6", "m7", None]


def test_a_contract_shorter_than_the_reach_of_inference_does_not_renew_itself() -> None:
    assert trace(contract("week", "2026-06-20", "2026-06-27")).links == {}


def test_a_contract_that_ends_with_the_old_one_hides_no_later_renewal() -> None:
    rest = contract("rest", "2026-06-20", "2026-07-01", end_reason="churned")
    later = contract("later", "2026-07-15", "2027-07-15")

    assert successor(trace(old(), rest, later)) == "later"


def test_a_contract_that_names_what_it_renews_is_not_inferred_for_another() -> None:
    lineage = trace(old(), contract("side", "2024-07-01", "2026-07-01"), new())

    assert (successor(lineage, "old"), link(lineage, "side")) == ("new", NO_LINK)


def test_a_later_year_of_one_sale_is_not_inferred_as_a_renewal() -> None:
    years = [
        contract(name, f"{y}-07-01", f"{y + 1}-07-01", sale="S")
        for name, y in (("y1", 2024), ("y2", 2025))
    ]

    assert trace(contract("side", "2024-06-01", "2025-07-01"), *years).links == {}


def test_a_contract_that_ended_for_a_reason_is_not_renewed_by_inference() -> None:
    assert trace(old(end_reason="churned"), new(renews=None)).links == {}


def test_two_contracts_equally_near_to_the_end_leave_it_open() -> None:
    lineage = trace(old(), new("n1", renews=None), new("n2", renews=None))

    assert link(lineage) == Link(
        doubt="n1, n2 may renew it, equally near to its end; say which in renews"
    )
    assert lineage.faults == frozenset()


def test_of_many_that_may_renew_a_contract_the_first_three_are_named() -> None:
    lineage = trace(old(), *(new(f"n{n}", renews=None) for n in range(9)))

    assert link(lineage).doubt.startswith("n0, n1, n2 and more may renew it")


def test_one_contract_before_the_end_and_one_as_far_after_it_leave_it_open() -> None:
    before, after = (contract(f"n{day}", day, "2027-07-01") for day in ("2026-06-29", "2026-07-03"))

    assert link(trace(old(), before, after)).doubt


def test_one_contract_nearest_to_the_end_of_two_leaves_both_open() -> None:
    lineage = trace(old("a"), old("b"), new(renews=None))

    doubt = "new may renew it, or another contract as well; say which in renews"
    assert lineage.links == {"a": Link(doubt=doubt), "b": Link(doubt=doubt)}


@pytest.mark.parametrize(
    ("signed_on", "when"),
    [("2025-06-10", "signed with old"), ("2025-06-30", "signed before old began")],
)
def test_a_contract_that_was_sold_with_the_one_before_it_is_no_inferred_renewal(
    signed_on: str, when: str
) -> None:
    lineage = trace(old(signed_on="2025-06-10"), new(renews=None, signed_on=signed_on))

    doubt = f"new may renew it, but was {when}: one sale? fill in sale"
    assert link(lineage) == Link(doubt=doubt)


def test_a_contract_signed_on_the_first_day_of_the_one_before_it_may_renew_it() -> None:
    early = new(renews=None, signed_on="2025-07-01")

    assert successor(trace(old(signed_on="2025-06-10"), early)) == "new"


def test_of_a_contract_without_a_day_of_signing_nobody_can_say_that_it_was_sold_together() -> None:
    unsigned = attrs.evolve(new(renews=None), signed_on=None)

    assert successor(trace(old(), unsigned)) == "new"


def test_a_contract_that_says_what_it_renews_may_have_been_signed_with_it() -> None:
    lineage = trace(old(signed_on="2025-06-10"), new(signed_on="2025-06-10"))

    assert successor(lineage) == "new"


@st.composite
def plain_contracts(draw: st.DrawFn) -> list[Contract]:
    """Contracts of two accounts that name nothing."""
    products = st.sampled_from(["", "", "seats", "analytics"])
    lengths = st.none() | st.integers(1, 60)
    terms = st.tuples(st.sampled_from("AB"), some_days, lengths, products)
    return [
        contract(
            f"c{n}",
            str(start),
            length and str(start + dt.timedelta(days=length)),
            account=account,
            product=product,
        )
        for n, (account, start, length, product) in enumerate(draw(st.lists(terms, max_size=8)))
    ]


@given(plain_contracts())
def test_inference_agrees_with_its_rule_read_out_slowly(rows: list[Contract]) -> None:
    lineage = trace(*rows, link_days=10)

    nearest = {row.contract: slowly_nearest(row, rows) for row in rows}
    wanted = Counter(found[0] for found in nearest.values() if len(found) == 1)
    for name, found in nearest.items():
        is_sure = len(found) == 1 and wanted[found[0]] == 1
        assert successor(lineage, name) == (found[0] if is_sure else None)
        assert (link(lineage, name).doubt != "") == (bool(found) and not is_sure)


def runs_on(other: Contract, row: Contract) -> bool:
    ends_later = other.end is None or (row.end is not None and other.end > row.end)
    return ends_later and (row.product == other.product or "" in (row.product, other.product))


def slowly_nearest(row: Contract, rows: Sequence[Contract]) -> list[str]:
    if row.end is None:
        return []
    far = {
        other.contract: abs((other.start - row.end).days)
        for other in rows
        if other.account == row.account and other.start > row.start and runs_on(other, row)
    }
    within = {name: days for name, days in far.items() if days <= 10}
    return [name for name, days in within.items() if days == min(within.values())]


# --------------------------------------------------------------------------------------
# Until when a contract is in force


def test_a_contract_is_in_force_until_its_end_or_until_what_renews_it_begins() -> None:
    early = contract("early", "2026-03-01", None, renews="old")

    lineage = trace(old(), early)

    assert lineage.in_force_until(old()) == dt.date(2026, 3, 1)
    assert lineage.in_force_until(early) is None
    assert trace(old(), new()).in_force_until(old()) == dt.date(2026, 7, 1)


def test_the_years_of_a_sale_renewed_in_the_first_of_them_are_all_cut_off() -> None:
    years = three_years()
    early = contract("early", "2024-03-01", None, renews="y1")

    lineage = trace(*years, early)

    assert {lineage.in_force_until(year) for year in years} == {early.start}


def test_of_a_sale_of_which_a_part_is_renewed_the_inner_years_run_on() -> None:
    modules = [
        contract(name, "2025-07-01", end, sale="S")
        for name, end in (("a", "2026-01-01"), ("b", "2026-07-01"), ("c", "2026-07-01"))
    ]
    early = contract("early", "2025-10-01", None, renews="b")

    lineage = trace(*modules, early)

    assert [lineage.in_force_until(each) for each in modules] == [
        dt.date(2026, 1, 1),
        dt.date(2025, 10, 1),
        dt.date(2026, 7, 1),
    ]


def test_a_pilot_that_is_over_before_the_contract_ends_does_not_renew_it() -> None:
    pilot = contract("pilot", "2026-06-05", "2026-06-20")

    assert link(trace(old(), pilot)) == NO_LINK
    assert "or another contract as well" in link(trace(old(), pilot, new(renews=None))).doubt


def test_an_amendment_that_ends_with_the_contract_renews_nothing_and_leaves_it_open() -> None:
    lineage = trace(old(), contract("amended", "2025-07-02", "2026-07-01", renews="old"))

    problem = "'old' runs to 2026-06-30, and this no longer: it renews nothing"
    assert faults_of(lineage) == [f"$.contracts['amended'].renews: {problem}"]
    assert link(lineage).doubt == "amended may renew it, but is at fault itself"


def test_a_contract_without_an_end_may_be_followed_by_one_that_has_one() -> None:
    lineage = trace(contract("open", "2025-07-01", None), new(renews="open"))

    assert (successor(lineage, "open"), faults_of(lineage)) == ("new", [])


def test_a_contract_of_another_product_line_is_not_inferred_to_renew() -> None:
    seats = old(product="seats")
    archive = new("archive", renews=None, product="archive")
    again = contract("again", "2026-07-03", "2027-07-03", product="seats", signed_on="2026-06-20")

    assert link(trace(seats, archive)) == NO_LINK
    assert successor(trace(seats, archive, again)) == "again"
    assert successor(trace(seats, new(renews=None))) == "new"
    assert successor(trace(seats, new(product="archive"))) == "new"


def test_what_was_rescinded_has_no_share_in_what_merges_it() -> None:
    stopped = old("stopped", end_reason="rescinded")

    lineage = trace(old(), stopped, new(renews=("old", "stopped")))

    assert lineage.renewed == {"new": ["old"]}


def test_a_rescinded_contract_is_no_inner_year_of_its_sale() -> None:
    stopped = contract("y2", "2026-07-01", "2027-07-01", sale="S", end_reason="rescinded")

    assert trace(old(sale="S"), stopped).inner == {}


def test_thousands_of_contracts_may_renew_one() -> None:
    pieces = [new(f"n{n}") for n in range(3_000)]

    assert len(successors(trace(old(), *pieces))) == 3_000


def test_only_a_ledger_has_a_lineage() -> None:
    with pytest.raises(LedgerError, match="expected a Ledger, as read_ledger gives, but got None"):
        trace_lineage(None)  # type: ignore[arg-type]
