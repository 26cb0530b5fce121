"""The review of a book: the sample against its truth, and what a book may lack or say twice."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest

from cslib.books import Reading, read_book
from cslib.days import PeriodError
from cslib.decisions import DecisionTable, Row
from cslib.errors import DefinitionError
from cslib.expressions import Kind
from cslib.facts import FactError
from cslib.health import UNKNOWN, Band, Group, Measure, Scorecard, Tier
from cslib.lifecycle import Event, LogError
from cslib.moments import MomentError
from cslib.playbooks import Library, Playbook, Suppression
from cslib.renewal import Contract, EndReason, Entry, Outcome
from cslib.review import AccountReview, Book, Definitions, Review, review_book
from cslib.rules import rule
from cslib.stock import PHASES, SCORECARD, SCORECARDS

TODAY = dt.date(2026, 6, 30)


@functools.cache
def truth() -> Mapping[str, Any]:
    """What the sample was made to say."""
    path = Path(__file__).with_name("sample_truth.json")
    found: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return found


@functools.cache
def sample() -> tuple[Reading, Review]:
    """The sample and its review, as known on the day up to which it was made."""
    reading = read_book(str(importlib.resources.files("cslib") / "sample"))
    day = dt.date.fromisoformat(truth()["as_of"])
    return reading, review_book(reading.book, as_of=day, known_at=day)


def euros(contract: str, start: dt.date, **more: Any) -> Contract:
    """A contract of a year, in force unless it says otherwise."""
    given: dict[str, Any] = {
        "account": "A",
        "end": start.replace(year=start.year + 1),
        "annual_value": 1200,
        "currency": "EUR",
        "signed_on": start,
        **more,
    }
    return Contract(contract=contract, start=start, **given)


def playbook(name: str, entry: str, **more: Any) -> Playbook:
    return Playbook(**{"name": name, "need": name, "layer": "service", "entry": entry, **more})


def playing(*playbooks: Playbook) -> Definitions:
    """The stock definitions with these playbooks."""
    return Definitions(playbooks=Library(name="own", playbooks=playbooks))


def only(found: Review) -> AccountReview:
    (account,) = found.accounts
    return account


# --- The sample against its truth


def test_the_sample_is_read_whole() -> None:
    reading, found = sample()

    assert reading.bad == ()
    assert found.faults == ()
    assert found.lacking == (
        *("expectations_agreed", "sale_years", "closure_sign", "open_escalations"),
    )
    assert reading.counts["events"].duplicates == truth()["duplicate_events_dropped"]


def test_every_account_of_the_sample_stands_where_it_should() -> None:
    stages = {each.account: each.journey and each.journey.stage for each in sample()[1].accounts}

    assert stages == {name: account["stage"] for name, account in truth()["accounts"].items()}


def test_every_account_of_the_sample_has_its_tier_and_its_exact_score() -> None:
    found = {
        each.account: (each.assessment.tier, each.assessment.score)
        for each in sample()[1].accounts
        if each.assessment is not None
    }

    assert found == {
        name: (account["tier"], account["score"] and Fraction(account["score"]))
        for name, account in truth()["accounts"].items()
    }


def test_the_events_refused_in_the_sample_are_those_it_was_made_with() -> None:
    refused = {
        refusal.event.id: {"stage": refusal.stage, "why": str(refusal.reason)}
        for each in sample()[1].accounts
        if each.journey is not None
        for refusal in each.journey.refused
    }

    assert refused == {
        name: {key: refusal[key] for key in ("stage", "why")}
        for name, refusal in truth()["refused"].items()
    }


NAMES = {
    Outcome.RENEWED: "renewed",
    Outcome.LOST: "lost",
    Outcome.LOST_TO_CLOSURE: "closed",
    Outcome.PENDING_CASH: "pending",
    Outcome.PENDING_SIGNATURE: "open",
}


def test_every_month_of_the_sample_counts_what_it_should() -> None:
    (renewals,) = sample()[1].renewals or ()
    expected = truth()["months"]
    months = {str(report.period): report for report in renewals.trailing}

    assert set(months) <= set(expected)
    for name, report in months.items():
        counts = Counter(NAMES[line.outcome] for line in report.due)
        values: Counter[str] = Counter()
        for line in report.due:
            values[NAMES[line.outcome]] += line.expiring_value  # type: ignore[assignment]
        parts = {key: part for key, part in expected[name].items() if key != "due"}
        assert len(report.due) == expected[name]["due"]["count"]
        assert counts == Counter({key: part["count"] for key, part in parts.items()})
        assert values == {
            key: Decimal(part["value"]) for key, part in parts.items() if part["count"]
        }


def test_every_contract_due_in_the_sample_has_its_outcome_and_successor() -> None:
    (renewals,) = sample()[1].renewals or ()
    found = {line.contract: line for report in renewals.trailing for line in report.due}

    assert found.keys() == truth()["lines"].keys()
    for contract, line in found.items():
        expected = truth()["lines"][contract]
        assert NAMES[line.outcome] == expected["outcome"]
        assert [each.contract for each in line.successors] == (
            [expected["by"]] if expected["by"] else []
        )
        assert line.inferred == expected["inferred"]


def test_the_year_is_the_sum_of_its_months_and_ends_with_the_month_of_the_review() -> None:
    (renewals,) = sample()[1].renewals or ()

    assert [*renewals.year.lines] == [line for each in renewals.trailing for line in each.lines]
    assert renewals.trailing[-1] == renewals.month
    assert len(renewals.trailing) == 12


def test_accounts_that_left_are_not_among_the_tiers() -> None:
    found = sample()[1]
    gone = {"churned", "closed", "rescinded"}

    assert (
        sum(found.tiers.values())
        == len(found.customers)
        == 300 - sum(found.stages[stage] for stage in gone)
    )
    assert not [each for each in found.customers if each.journey and each.journey.stage in gone]


def test_only_a_win_back_is_chosen_for_an_account_that_left() -> None:
    chosen = {
        action.finding.playbook.name
        for action in sample()[1].actions
        if not action.account.is_customer
    }

    assert chosen == {"win-back letter"}


def test_actions_go_by_priority_then_end_of_term_then_score_then_value() -> None:
    actions = sample()[1].actions
    keys = [
        (
            -action.finding.playbook.priority,
            action.account.term_ends_on or dt.date.max,
            action.account.assessment is None or action.account.assessment.score is None,
            action.account.assessment.score or 0 if action.account.assessment else 0,
            -(action.account.annual_value or 0),
            action.account.account,
        )
        for action in actions
    ]

    assert keys == sorted(keys)
    assert len({action.account.account for action in actions}) == len(actions) > 100


def test_what_came_to_be_known_later_changes_nothing_as_known_on_the_day() -> None:
    reading, found = sample()
    late = [each for each in reading.book.payments or () if (each.recorded_at or TODAY) > TODAY]
    without = tuple(each for each in reading.book.payments or () if each not in late)
    book = attrs.evolve(reading.book, payments=without)

    again = review_book(book, as_of=TODAY, known_at=TODAY)

    assert late
    assert found.known_at == TODAY
    assert [each.month for each in again.renewals or ()] == [
        each.month for each in found.renewals or ()
    ]


# --- What a book may lack


def test_an_empty_book_has_an_empty_review() -> None:
    found = review_book(Book(), as_of=TODAY)

    assert (found.accounts, found.renewals, found.actions) == ((), None, ())
    assert (dict(found.stages), dict(found.tiers), found.lacking) == ({}, {}, ())


def test_tables_without_rows_are_not_tables_that_are_absent() -> None:
    found = review_book(Book(accounts={}, events=(), contracts=(), payments=()), as_of=TODAY)

    assert (found.accounts, found.renewals, found.actions) == ((), (), ())


def test_without_accounts_there_is_nothing_to_assess() -> None:
    signed = Event(account="A", name="signed", at=TODAY)
    account = only(review_book(Book(events=(signed,)), as_of=TODAY))

    assert account.journey is not None
    assert account.journey.stage == "sold"
    assert (account.assessment, account.choice, account.annual_value) == (None, None, None)


def test_an_account_that_only_other_tables_name_is_judged_by_the_facts_that_they_make() -> None:
    rules = playing(
        playbook("rescue", "stage == 'sold'"),
        playbook("offer", "days_until(term_ends_on) <= 90"),
    )
    contracts = (euros("1", dt.date(2025, 7, 15), account="C"),)
    book = Book(accounts={"A": {}}, events=happened("B", "signed"), contracts=contracts)

    found = review_book(book, rules, as_of=TODAY)

    chosen = {each.account.account: each.finding.playbook.name for each in found.actions}
    assert chosen == {"B": "rescue", "C": "offer"}
    assert dict(found.tiers) == {UNKNOWN: 3}
    assert dict(found.stages) == {"prospect": 2, "sold": 1}


def test_an_account_of_whom_no_event_is_known_stands_in_the_initial_stage() -> None:
    account = only(review_book(Book(accounts={"A": {}}, events=()), as_of=TODAY))

    assert account.journey is not None
    assert account.journey.stage == "prospect"


def test_without_events_a_stage_may_be_a_fact_of_the_account() -> None:
    facts = {"stage": "in_use", "nps": 3}
    found = review_book(Book(accounts={"A": facts}), as_of=TODAY)

    assert [each.finding.playbook.name for each in found.actions] == ["detractor call"]


def test_facts_that_rules_read_and_no_account_has_are_named() -> None:
    book = Book(accounts={"A": {"seats": 5, "seat_used": 3}, "B": {"nps": float("nan")}})
    found = review_book(book, as_of=TODAY)

    assert "seats_used" in found.lacking
    assert "nps" in found.lacking
    assert "seats" not in found.lacking
    assert "tier" not in found.lacking


# --- Facts of the rooms


def test_the_facts_that_the_rooms_make_are_those_that_are_announced() -> None:
    facts = {"seats": 10, "seats_used": 9, "roles_active": 3}
    signed = Event(account="A", name="signed", at=TODAY)
    review = review_book(Book(accounts={"A": facts}, events=(signed,)), as_of=TODAY)
    account, made = only(review), review.definitions.made_facts

    assert account.journey is not None
    assert account.assessment is not None
    assert set(account.assessment.facts) == made["accounts"]
    not_yet = {name for name in made["events"] if name.startswith("milestone_")}
    assert set(account.journey.facts) | not_yet == made["events"]


def test_how_a_deadline_stands_is_read_of_the_log_and_not_of_the_account() -> None:
    own = {"deadline_activated": "met", "milestone_live": TODAY}
    signed = Event(account="A", name="signed", at=TODAY)
    rules = playing(
        playbook("open", "deadline_activated == 'open'"),
        playbook("live", "not is_missing(milestone_live)"),
    )

    account = only(
        review_book(Book(accounts={"A": own}, events=(signed,)), rules, as_of=TODAY),
    )

    assert account.choice is not None
    assert [each.playbook.name for each in account.choice.chosen] == ["open"]


def test_the_facts_of_the_rooms_take_the_place_of_the_accounts_own() -> None:
    own = {"tier": "red", "stage": "in_use", "term_ends_on": TODAY}
    rules = playing(
        playbook("p", "tier == 'red' or stage == 'in_use' or days_until(term_ends_on) == 0")
    )
    book = Book(accounts={"A": own}, events=(), contracts=())

    account = only(review_book(book, rules, as_of=TODAY))

    assert account.choice is not None
    assert account.choice.playbook is None
    assert account.term_ends_on is None


def test_of_who_left_only_playbooks_that_speak_of_the_stage_are_considered() -> None:
    rules = playing(
        playbook("call", "nps < 7"),
        playbook("survey", "is_missing(nps)"),
        playbook("goodbye", "stage == 'closed'"),
    )
    events = tuple(Event(account="A", name=name, at=TODAY) for name in ("signed", "closed"))
    found = review_book(Book(accounts={"A": {}}, events=events), rules, as_of=TODAY)

    account = only(found)
    assert not account.is_customer
    assert account.choice is not None
    assert [each.playbook.name for each in account.choice.findings] == ["goodbye"]
    assert account.questions == ()


def test_of_who_left_no_playbook_names_one_that_is_not_considered() -> None:
    library = Library(
        name="own",
        playbooks=(
            playbook("call", "nps < 7"),
            playbook("goodbye", "stage == 'closed'", excludes=["call"]),
        ),
        suppressions=(
            Suppression(name="quiet", when="is_quiet", needs=["call"]),
            Suppression(name="strike", when="on_strike"),
        ),
    )

    parting = Definitions(playbooks=library).parting_playbooks

    assert [(each.name, each.excludes) for each in parting.playbooks] == [("goodbye", ())]
    assert [each.name for each in parting.suppressions] == ["strike"]


def test_what_keeps_a_playbook_from_being_begun_is_read_of_a_book_as_well() -> None:
    library = Library(
        name="own",
        playbooks=(playbook("call", "nps < 7", exit="nps_again > 6", level="consulting"),),
        suppressions=(Suppression(name="quiet", when="is_quiet"),),
        levels=DecisionTable(name="levels", rows=(Row(when="seats > 9", then="consulting"),)),
        stake="annual_value",
    )

    kinds = Definitions(playbooks=library).fact_kinds

    assert {"nps", "nps_again", "is_quiet", "seats", "annual_value"} <= set(kinds)
    assert kinds["is_quiet"] == {Kind.BOOLEAN}


def test_where_a_choice_waits_for_the_health_the_facts_that_it_wants_are_asked_for() -> None:
    rules = playing(playbook("rescue", "tier == 'red' and size > 5"))
    found = review_book(Book(accounts={"A": {"seats": 10, "nps": 9}}), rules, as_of=TODAY)

    asked = only(found).questions
    assert asked[:2] == ("size", "seats_used")
    assert not {"tier", "nps", "seats"} & set(asked)


def test_facts_of_measures_in_groups_are_asked_for_where_these_apply() -> None:
    band = Band(points=100)
    measures = (
        Measure(name="a", value="size", bands=(band,), missing="unknown"),
        Measure(name="b", value="visits", when="plan == 'pro'", bands=(band,)),
        Measure(name="c", value="calls", when="region == 'eu'", bands=(band,)),
    )
    card = Scorecard(
        name="grouped",
        groups=(Group(name="g", measures=measures),),
        tiers=(Tier(name="red", at_least=0),),
    )
    rules = attrs.evolve(playing(playbook("rescue", "tier == 'red'")), scorecard=card)

    found = review_book(Book(accounts={"A": {"plan": "free"}}), rules, as_of=TODAY)

    assert only(found).questions == ("size", "region", "calls")


def test_two_rules_that_need_a_fact_to_be_of_different_kinds_are_refused() -> None:
    with pytest.raises(DefinitionError, match=r"needs 'size' to be text, but .* needs number"):
        playing(playbook("a", "size > 5"), playbook("b", "size in {'small'}"))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("tier == 'gren'", "no tier is named 'gren': did you mean 'green'?"),
        ("nps < 7 or tier in {'red', 'x'}", "no tier is named 'x'; there are green, yellow, red"),
        ("'unknown' != tier", "no tier is named 'unknown'; write is_missing(tier)"),
    ],
)
def test_a_playbook_that_names_a_tier_which_there_is_not_is_refused(
    entry: str, message: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        playing(playbook("p", entry))

    (fault,) = caught.value.faults
    assert (fault.path, fault.message) == ("$.playbooks.playbooks[0].entry", message)


def test_with_events_a_rule_that_names_a_stage_which_there_is_not_is_refused() -> None:
    rules = playing(playbook("p", "stage == 'inuse' and tier != 'red'"))

    with pytest.raises(DefinitionError, match="no stage is named 'inuse': did you mean 'in_use'"):
        review_book(Book(accounts={}, events=()), rules, as_of=TODAY)


def test_a_stage_or_a_tier_may_be_compared_with_another_fact() -> None:
    rules = playing(playbook("p", "stage != stage_before and tier != tier_before"))
    facts = {"A": {"stage_before": "in the old system", "tier_before": "A+"}}

    assert only(review_book(Book(accounts=facts, events=()), rules, as_of=TODAY)).questions


def test_without_events_stages_are_in_the_words_of_the_accounts() -> None:
    rules = playing(playbook("p", "stage == 'live' and stage != other"))
    book = Book(accounts={"A": {"stage": "live", "other": "dead"}})

    assert len(review_book(book, rules, as_of=TODAY).actions) == 1


def test_the_kinds_of_a_fact_are_those_that_every_rule_allows() -> None:
    kinds = playing(playbook("a", "size == other"), playbook("b", "size > 5")).fact_kinds

    assert kinds["size"] == {"number"}
    assert kinds["environment_ok"] == {"boolean"}


def test_what_holds_a_tier_down_is_counted_by_measure() -> None:
    card = Scorecard(
        name="c",
        measures=tuple(
            Measure(name=n, value=n, weight=w, bands=(Band(points=0, below=5), Band(points=100)))
            for n, w in (("a", 2), ("b", 1))
        ),
        tiers=(Tier(name="good", at_least=90), Tier(name="bad", at_least=0)),
    )
    accounts = {"1": {"a": 1, "b": 1}, "2": {"a": 9, "b": 1}, "3": {"a": 9, "b": 9}, "4": {}}
    rules = Definitions(scorecard=card, playbooks=Library(name="none", playbooks=()))
    found = review_book(Book(accounts=accounts), rules, as_of=TODAY)

    assert dict(found.top_reasons("bad")) == {"a": 1, "b": 1}
    assert dict(found.top_reasons("good")) == {}
    assert dict(found.top_reasons(UNKNOWN)) == {"a": 1}
    assert found.tier_names == ("good", "bad", UNKNOWN)


# --- Terms and renewals


def test_the_term_of_an_account_ends_with_the_last_contract_that_is_signed() -> None:
    first = euros("1", dt.date(2025, 7, 15))
    second = euros("2", dt.date(2026, 7, 15), signed_on=dt.date(2026, 6, 1), annual_value=1500)
    before = review_book(Book(contracts=(first, second)), as_of=dt.date(2026, 5, 31))
    after = review_book(Book(contracts=(first, second)), as_of=TODAY)

    assert only(before).term_ends_on == dt.date(2026, 7, 14)
    assert only(after).term_ends_on == dt.date(2027, 7, 14)
    assert only(after).annual_value == 1200
    assert only(after).currency == "EUR"


def test_a_contract_recorded_later_is_not_known_yet() -> None:
    late = euros("1", dt.date(2026, 6, 1), recorded_at=dt.date(2026, 7, 3))
    book = Book(contracts=(late,))

    assert review_book(book, as_of=TODAY, known_at=TODAY).accounts == ()
    assert only(review_book(book, as_of=TODAY)).annual_value == 1200


def test_an_open_end_and_a_rescinded_contract_end_no_term() -> None:
    open_ended = euros("1", dt.date(2025, 7, 15), end=None)
    rescinded = euros("2", dt.date(2025, 8, 1), account="B", end_reason=EndReason.RESCINDED)
    found = review_book(Book(contracts=(open_ended, rescinded)), as_of=TODAY)

    assert only(found).account == "A"
    assert only(found).term_ends_on is None
    assert only(found).annual_value == 1200


def test_a_contract_that_stands_twice_counts_once() -> None:
    one = euros("1", dt.date(2026, 1, 1))

    assert only(review_book(Book(contracts=(one, one)), as_of=TODAY)).annual_value == 1200


def test_of_a_contract_whose_records_differ_no_term_is_known() -> None:
    one = euros("1", dt.date(2026, 1, 1))
    found = review_book(Book(contracts=(one, attrs.evolve(one, annual_value=9))), as_of=TODAY)

    assert (only(found).term_ends_on, only(found).annual_value) == (None, None)
    assert [fault.path for fault in found.faults] == ["$.contracts['1']"]


def test_currencies_are_reviewed_apart() -> None:
    book = Book(
        contracts=(
            euros("E", dt.date(2025, 6, 15)),
            euros("Y", dt.date(2025, 6, 20), currency="JPY", annual_value=90_000),
        ),
        payments=(),
    )
    found = review_book(book, as_of=TODAY)

    assert [each.currency for each in found.renewals or ()] == ["EUR", "JPY"]
    assert [len(each.month.lines) for each in found.renewals or ()] == [1, 1]
    assert found.faults == ()


def test_an_account_with_contracts_in_two_currencies_has_no_value_of_one() -> None:
    contracts = (
        euros("E", dt.date(2026, 1, 1)),
        euros("Y", dt.date(2026, 1, 1), currency="JPY"),
    )

    assert only(review_book(Book(contracts=contracts), as_of=TODAY)).annual_value is None


def test_a_renewal_in_another_currency_is_said_to_be_one() -> None:
    first = euros("E", dt.date(2025, 6, 15))
    second = euros("Y", dt.date(2026, 6, 15), currency="JPY", renews="E")
    (fault,) = review_book(Book(contracts=(first, second)), as_of=TODAY).faults

    assert fault.path == "$.contracts['Y'].renews"
    assert fault.message == "'E' is in EUR, this in JPY: a renewal is counted within one currency"


def test_a_renewal_in_a_currency_that_is_not_named_is_said_to_be_one() -> None:
    first = euros("E", dt.date(2025, 6, 15), currency="")
    second = euros("Y", dt.date(2026, 6, 15), renews="E")
    (fault,) = review_book(Book(contracts=(first, second)), as_of=TODAY).faults

    assert "'E' is in a currency that is not named, this in EUR" in fault.message


def test_payments_of_contracts_that_are_not_there_are_reported() -> None:
    orphan = Entry(entry="P", contract="?", kind="paid", on=TODAY, amount=1)
    for contracts in ((euros("1", dt.date(2026, 1, 1)),), (), None):
        found = review_book(Book(contracts=contracts, payments=(orphan,)), as_of=TODAY)
        assert [fault.path for fault in found.faults] == ["$.payments['P'].contract"]


def test_without_payments_the_rate_is_undefined_and_the_signed_one_is_not() -> None:
    first, second = euros("1", dt.date(2025, 6, 15)), euros("2", dt.date(2026, 6, 15))
    (renewals,) = review_book(Book(contracts=(first, second)), as_of=TODAY).renewals or ()

    assert renewals.month.count.value is None
    assert renewals.month.signed_count.value == 1


def test_what_is_coming_begins_on_the_day_after() -> None:
    contracts = (
        euros("today", dt.date(2025, 7, 1)),
        euros("tomorrow", dt.date(2025, 7, 2), account="B"),
        euros("last", dt.date(2025, 9, 29), account="C"),
        euros("later", dt.date(2025, 9, 30), account="D"),
    )
    (renewals,) = review_book(Book(contracts=contracts), as_of=TODAY).renewals or ()

    assert [line.contract for line in renewals.month.lines] == ["today"]
    assert [line.contract for line in renewals.coming.lines] == ["tomorrow", "last"]


# --- When


def test_as_of_may_be_an_instant() -> None:
    noon = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
    events = tuple(
        Event(account="A", name=name, at=noon + dt.timedelta(hours=hours))
        for name, hours in (("signed", -1), ("kick_off", 1))
    )

    assert dict(review_book(Book(events=events), as_of=noon).stages) == {"sold": 1}
    assert dict(review_book(Book(events=events), as_of=TODAY).stages) == {"preparation": 1}


def test_the_month_of_an_instant_is_that_of_its_day_in_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=8))
    early = dt.datetime(2026, 7, 1, 6, tzinfo=east)

    assert str(review_book(Book(), as_of=early).period) == "2026-06"


@pytest.mark.parametrize("day", [dt.date(1, 3, 1), dt.date(9999, 11, 30), dt.date.max])
def test_too_near_the_ends_of_the_calendar_there_is_no_review(day: dt.date) -> None:
    contracts = (euros("1", dt.date(2025, 7, 1)),)

    with pytest.raises(PeriodError):
        review_book(Book(contracts=contracts), as_of=day)


def test_a_contract_may_last_to_the_end_of_the_calendar() -> None:
    endless = euros("1", dt.date(2025, 7, 1), end=dt.date.max)

    found = only(review_book(Book(contracts=(endless,)), as_of=TODAY))

    assert found.term_ends_on == dt.date(9999, 12, 30)


@pytest.mark.parametrize("moment", ["2026-06-30", dt.datetime(2026, 6, 30), None])
def test_what_is_no_moment_is_refused(moment: Any) -> None:
    with pytest.raises(MomentError):
        review_book(Book(), as_of=moment)


# --- Data that contradict themselves


def test_a_fact_of_the_wrong_kind_is_an_error() -> None:
    with pytest.raises(FactError, match="seats"):
        review_book(Book(accounts={"A": {"seats": "ten", "seats_used": 3}}), as_of=TODAY)


def happened(account: str, *names: str) -> tuple[Event, ...]:
    return tuple(Event(account=account, name=name, at=TODAY) for name in names)


def test_events_that_the_lifecycle_does_not_have_are_counted_by_name() -> None:
    events = (*happened("A", "signed", "kickoff"), *happened("B", "kickoff", "hello", "renewed"))

    found = review_book(Book(events=events), as_of=TODAY).unknown_events

    assert list(found.items()) == [("kickoff", 2), ("hello", 1)]


@pytest.mark.parametrize(("event", "stage"), [("closed", "closed"), ("stopped", "rescinded")])
def test_an_account_that_left_for_a_reason_which_its_contract_does_not_give_is_a_fault(
    event: str, stage: str
) -> None:
    contract = euros("C1", dt.date(2025, 8, 1))
    book = Book(events=happened("A", "signed", event), contracts=(contract,))

    (fault,) = review_book(book, as_of=TODAY).faults

    assert fault.path == "$.contracts['C1'].end_reason"
    assert fault.message == (
        f"account 'A' stands in {stage!r} since 2026-06-30, but this contract has no end_reason; "
        f"fill in {stage!r}, or mend the events"
    )


@pytest.mark.parametrize(
    "contract",
    [
        euros("C1", dt.date(2025, 8, 1), end_reason=EndReason.CLOSED),
        euros("C1", dt.date(2025, 6, 1)),
        euros("C1", dt.date(2025, 8, 1), account="B"),
    ],
)
def test_a_contract_that_says_why_or_had_ended_before_contradicts_no_closure(
    contract: Contract,
) -> None:
    book = Book(events=happened("A", "signed", "closed"), contracts=(contract,))

    assert review_book(book, as_of=TODAY).faults == ()


def test_a_plain_churn_needs_no_reason_in_the_contract() -> None:
    names = ("churned", "training_held", "data_validated", "environment_checked", "kick_off")
    start = [
        Event(account="A", name=name, at=dt.date(2026, 6, 9 - place))
        for place, name in enumerate((*names, "signed"))
    ]
    facts = {"A": {"environment_ok": True}}
    contracts = (euros("C1", dt.date(2025, 8, 1)),)
    found = review_book(Book(accounts=facts, events=tuple(start), contracts=contracts), as_of=TODAY)

    assert dict(found.stages) == {"churned": 1}
    assert found.faults == ()


def test_a_log_that_contradicts_itself_is_an_error() -> None:
    events = tuple(
        Event(account="A", name="signed", at=day, id="1") for day in (TODAY, dt.date(2026, 6, 29))
    )

    with pytest.raises(LogError, match="the id stands twice"):
        review_book(Book(events=events), as_of=TODAY)


def test_the_same_book_in_another_order_has_the_same_review() -> None:
    reading, found = sample()
    book = Book(
        accounts=dict(reversed((reading.book.accounts or {}).items())),
        events=(reading.book.events or ())[::-1],
        contracts=(reading.book.contracts or ())[::-1],
        payments=(reading.book.payments or ())[::-1],
    )

    assert review_book(book, as_of=TODAY, known_at=TODAY) == found


def test_a_rule_in_the_definitions_may_be_anything_that_rules_can_say() -> None:
    rules = playing(playbook("p", str(rule("is_missing(days_in_stage) and size >= 5"))))
    signed = review_book(Book(accounts={"A": {"size": 5}}, events=()), rules, as_of=TODAY)

    assert [each.finding.playbook.name for each in signed.actions] == ["p"]


def in_two_currencies(first: str, second: str) -> tuple[Contract, ...]:
    def stated(currency: str) -> Contract:
        return Contract(
            contract="C1",
            account="A",
            start=dt.date(2025, 7, 1),
            end=dt.date(2026, 7, 1),
            annual_value=1000,
            currency=currency,
            signed_on=dt.date(2025, 6, 1),
        )

    return stated(first), stated(second)


@pytest.mark.parametrize("currencies", [("EUR", "USD"), ("USD", "EUR")])
def test_a_contract_in_two_currencies_is_believed_in_neither(currencies: tuple[str, str]) -> None:
    found = review_book(
        Book(contracts=in_two_currencies(*currencies), payments=()), as_of=dt.date(2026, 6, 30)
    )

    assert [line for each in found.renewals or () for line in each.month.lines] == []
    assert [fault.path for fault in found.faults] == ["$.contracts['C1'].currency"]
    assert "EUR and in USD" in found.faults[0].message


def test_what_is_signed_later_leaves_no_trace_in_an_earlier_review() -> None:
    (first,) = in_two_currencies("EUR", "EUR")[:1]
    later = attrs.evolve(first, annual_value=2000, currency="USD", signed_on=dt.date(2026, 12, 1))
    paid = Entry(entry="9", contract="C9", kind="paid", on=dt.date(2027, 1, 1), amount=5)
    day = dt.date(2026, 6, 30)
    before = review_book(Book(contracts=(first,), payments=()), as_of=day)
    after = review_book(Book(contracts=(first, later), payments=(paid,)), as_of=day)

    assert after.faults == before.faults == ()
    assert after.accounts == before.accounts
    assert after.renewals == before.renewals


# --- A scorecard for each phase


BY_PHASE = Definitions(scorecards=SCORECARDS.values(), phases=PHASES)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("days_signed", "days_left", "scorecard"),
    [
        (30, 300, "activation"),
        (31, 300, "in use"),
        (200, 91, "in use"),
        (200, 90, "before renewal"),
        (200, None, "in use"),
    ],
)
def test_phases_choose_the_scorecard_of_each_account(
    days_signed: int, days_left: int | None, scorecard: str
) -> None:
    # The term is unknown in the last: whether it ends soon is then too, and the usual one judges.
    ends = None if days_left is None else TODAY + dt.timedelta(days_left)
    facts = {
        "stage": "in_use",
        "signed_on": TODAY - dt.timedelta(days_signed),
        "term_ends_on": ends,
        "nps": 9,
    }
    found = review_book(Book(accounts={"A": facts}), BY_PHASE, as_of=TODAY)

    account = only(found)
    assert account.scorecard == scorecard
    assert account.assessment == SCORECARDS[scorecard].assess(facts, as_of=TODAY)
    assert found.scorecards == {scorecard: 1}


def test_without_phases_the_one_scorecard_judges_and_without_facts_none() -> None:
    assert only(review_book(Book(accounts={"A": {}}), as_of=TODAY)).scorecard == "in use"
    events = (Event(account="A", name="signed", at=TODAY),)
    assert only(review_book(Book(events=events), BY_PHASE, as_of=TODAY)).scorecard == ""


def test_the_sample_is_reviewed_by_phase_with_the_facts_that_each_scorecard_reads() -> None:
    book = sample()[0].book
    day = dt.date.fromisoformat(truth()["as_of"])
    found = review_book(book, BY_PHASE, as_of=day)

    assert set(found.scorecards) == set(SCORECARDS)
    assert sum(found.scorecards.values()) == len(found.customers)
    assert {each.scorecard for each in found.accounts if not each.is_customer} == {"in use"}


@pytest.mark.parametrize(
    ("given", "path", "problem"),
    [
        (
            {"scorecards": [SCORECARD]},
            "$.phases",
            "expected a table that chooses among the scorecards, but got none",
        ),
        (
            {"phases": PHASES, "scorecards": [SCORECARD]},
            "$.phases.rows[0].then",
            "no scorecard 'activation'; there are in use",
        ),
        (
            {"phases": PHASES},
            "$.phases.rows[0].then",
            "no scorecard 'activation'; there are none",
        ),
        ({"phases": "x"}, "$.phases", "expected a DecisionTable or None, but got the str 'x'"),
        (
            {"scorecards": [*SCORECARDS.values(), SCORECARD], "phases": PHASES},
            "$.scorecards[3].name",
            "'in use' stands twice",
        ),
        (
            {
                "scorecards": [
                    attrs.evolve(each, caps=(), tiers=[Tier(name="any", at_least=0)])
                    for each in SCORECARDS.values()
                ],
                "phases": PHASES,
            },
            "$.scorecards[0].tiers",
            "expected the tiers of the scorecard, green, yellow, red; but got any",
        ),
    ],
)
def test_phases_and_scorecards_have_to_go_together(
    given: dict[str, Any], path: str, problem: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        Definitions(**given)

    assert (caught.value.faults[0].path, caught.value.faults[0].message) == (path, problem)
