"""Which accounts have enough scenarios running, used by enough roles, and what the others lack."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.moments import MomentError
from cslib.rules import rule
from cslib.scenariocoverage import AccountCoverage, BookCoverage, Running, ScenarioCoverage
from scenario_strategies import (
    BOOK,
    DAYS,
    LOGS,
    ROLES,
    UNRECORDED,
    library,
    names,
    runnings,
    scenario,
)

COVERAGES = st.builds(ScenarioCoverage, scenarios=st.integers(1, 2), roles=st.integers(1, 3))


def day(n: int) -> dt.date:
    return dt.date(2026, 6, n)


def run(scenario: str = "a", *roles: str, **changed: Any) -> Running:
    values: dict[str, Any] = {"account": "crane", "since": day(1), "roles": roles}
    return Running(scenario=scenario, **(values | changed))


def crane(*rows: Running, scenarios: int = 1, roles: int = 2, **changed: Any) -> AccountCoverage:
    asked = ScenarioCoverage(scenarios=scenarios, roles=roles)
    options: dict[str, Any] = {"as_of": day(30)} | changed
    return asked.of("crane", rows, **options)


def verdicts(found: BookCoverage) -> dict[str, bool | None]:
    return {each.account: each.met for each in found.accounts}


# --- Laws


def slow_met(
    asked: ScenarioCoverage, rows: Iterable[Running], as_of: dt.date, recorded: bool
) -> bool | None:
    """By trying what the unknown could be at most."""
    here = [each for each in rows if each.since <= as_of and (not each.until or as_of < each.until)]
    scenarios = len({each.scenario for each in here})
    roles = len({role for each in here for role in each.roles or ()})
    most_scenarios = scenarios if recorded else 1_000
    most_roles = roles if recorded and all(each.roles is not None for each in here) else 1_000
    if scenarios >= asked.scenarios and roles >= asked.roles:
        return True
    return None if most_scenarios >= asked.scenarios and most_roles >= asked.roles else False


@given(COVERAGES, LOGS, DAYS, UNRECORDED)
def test_every_account_is_judged_as_the_plain_version_judges_it(
    asked: ScenarioCoverage, log: list[Running], as_of: dt.date, unrecorded: set[str]
) -> None:
    found = asked.book(BOOK, log, as_of=as_of, unrecorded=unrecorded)

    assert verdicts(found) == {
        name: slow_met(
            asked, [each for each in log if each.account == name], as_of, name not in unrecorded
        )
        for name in BOOK
    }


@given(COVERAGES, LOGS, DAYS, UNRECORDED)
def test_every_account_is_in_the_share_or_short_or_unknown_and_in_one_of_them(
    asked: ScenarioCoverage, log: list[Running], as_of: dt.date, unrecorded: set[str]
) -> None:
    found = asked.book(BOOK, log, as_of=as_of, unrecorded=unrecorded)

    met = [each for each in found.accounts if each.met]
    assert found.rate.numerator == len(met)
    assert found.rate.denominator == len(met) + len(found.short)
    assert [each.amount for each in found.rate.excluded] == [
        *([len(found.unknown)] if found.unknown else [])
    ]
    assert len(met) + len(found.short) + len(found.unknown) == len(BOOK)
    assert all(each.missing for each in found.short)
    assert all(each.questions for each in found.unknown)
    assert not any(each.missing or each.questions for each in met)


@given(COVERAGES, LOGS, DAYS, UNRECORDED, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_accounts_changes_no_answer_and_nor_does_a_row_twice(
    asked: ScenarioCoverage, log: list[Running], as_of: dt.date, unrecorded: set[str], random: Any
) -> None:
    shuffled, book = [*log, *log[:2]], list(BOOK)
    random.shuffle(shuffled)
    random.shuffle(book)

    assert asked.book(book, shuffled, as_of=as_of, unrecorded=unrecorded) == asked.book(
        BOOK, log, as_of=as_of, unrecorded=unrecorded
    )


@given(COVERAGES, LOGS, DAYS, UNRECORDED, st.lists(runnings(), max_size=3), st.data())
def test_nothing_that_the_unknown_could_be_contradicts_an_answer(
    asked: ScenarioCoverage,
    log: list[Running],
    as_of: dt.date,
    unrecorded: set[str],
    more: list[Running],
    data: st.DataObject,
) -> None:
    before = asked.book(BOOK, log, as_of=as_of, unrecorded=unrecorded)

    found = [*log, *(each for each in more if each.account in unrecorded)]
    told = [
        attrs.evolve(each, roles=data.draw(names(*ROLES))) if each.roles is None else each
        for each in found
    ]
    after = asked.book(BOOK, told, as_of=as_of)

    for one, other in zip(before.accounts, after.accounts, strict=True):
        assert one.met in (None, other.met)
        for name, value in one.facts.items():
            assert value in (None, other.facts[name])


@given(COVERAGES, LOGS, DAYS)
def test_what_does_not_run_on_the_day_changes_no_answer(
    asked: ScenarioCoverage, log: list[Running], as_of: dt.date
) -> None:
    there = [each for each in log if each.runs(as_of)]

    assert (
        asked.book(BOOK, log, as_of=as_of).accounts == asked.book(BOOK, there, as_of=as_of).accounts
    )


@given(COVERAGES, LOGS, DAYS, runnings())
def test_one_more_never_takes_an_account_out_of_the_share(
    asked: ScenarioCoverage, log: list[Running], as_of: dt.date, more: Running
) -> None:
    before = verdicts(asked.book(BOOK, log, as_of=as_of))
    after = verdicts(asked.book(BOOK, [*log, more], as_of=as_of))

    assert all(after[name] for name, met in before.items() if met)


@given(COVERAGES, LOGS, DAYS, UNRECORDED)
def test_one_account_alone_is_judged_as_in_the_book(
    asked: ScenarioCoverage, log: list[Running], as_of: dt.date, unrecorded: set[str]
) -> None:
    found = asked.book(BOOK, log, as_of=as_of, unrecorded=unrecorded)

    for each in found.accounts:
        recorded = each.account not in unrecorded
        assert asked.of(each.account, log, as_of=as_of, recorded=recorded) == each


@given(COVERAGES)
def test_it_goes_to_json_and_back_unchanged(asked: ScenarioCoverage) -> None:
    assert from_json(to_json(asked), ScenarioCoverage) == asked
    assert from_json(to_json(asked), ScenarioCoverage).fingerprint == asked.fingerprint


# --- What runs


def test_what_ends_on_a_day_does_not_run_at_its_end() -> None:
    assert run(until=day(10)).runs(day(9))
    assert not run(until=day(10)).runs(day(10))
    assert not run(since=day(2)).runs(day(1))
    assert run(since=day(2)).runs(day(2))


def test_instants_are_kept_in_utc_and_compared_as_such() -> None:
    noon = dt.datetime(2026, 6, 10, 12, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    ends = run(since=noon, until=noon + dt.timedelta(hours=1))

    assert ends.since == dt.datetime(2026, 6, 10, 4, tzinfo=dt.UTC)
    assert ends.runs(noon)
    assert not ends.runs(noon + dt.timedelta(hours=1))
    assert not ends.runs(day(10))


def test_what_ended_before_it_began_is_refused() -> None:
    with pytest.raises(DefinitionError, match="expected an end at 2026-06-05 or after it"):
        run(since=day(5), until=day(4))
    assert not run(since=day(5), until=day(5)).runs(day(5))


@pytest.mark.parametrize(
    "changed",
    [{"account": ""}, {"scenario": ""}, {"roles": ("a", "a")}, {"roles": ("",)}, {"roles": "a"}],
)
def test_what_names_nobody_or_one_twice_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        Running(**({"account": "crane", "scenario": "a", "since": day(1)} | changed))


def test_a_moment_without_a_time_zone_is_none() -> None:
    with pytest.raises(MomentError, match="since"):
        run(since=dt.datetime(2026, 6, 1))
    with pytest.raises(MomentError, match="until"):
        run(until="2026-06-01")
    with pytest.raises(MomentError, match="as_of"):
        crane(as_of="2026-06-01")


# --- What counts


def test_roles_are_counted_over_all_that_runs() -> None:
    found = crane(run("a", "marketer"), run("b", "analyst"))

    assert (found.met, found.scenarios, found.roles) == (True, ("a", "b"), ("analyst", "marketer"))
    assert str(found) == "crane: met: running: a, b; used by: analyst, marketer"


def test_a_scenario_that_runs_twice_counts_once() -> None:
    found = crane(run("a", "marketer"), run("a", "analyst", since=day(3)), scenarios=2)

    assert (found.met, found.missing) == (False, ("scenarios: 1 of 2",))


def test_nothing_running_is_missing_both_scenario_and_roles() -> None:
    found = crane()

    assert (found.met, found.missing) == (False, ("scenarios: 0 of 1", "roles: 0 of 2"))
    assert str(found) == "crane: not met: running: nothing; scenarios: 0 of 1; roles: 0 of 2"
    assert found.facts == {"scenarios_running": 0, "scenario_roles": 0, "scenarios_met": False}


def test_what_nobody_uses_runs_and_has_no_role() -> None:
    assert crane(run("a"), roles=1).missing == ("roles: 0 of 1",)


def test_roles_that_are_not_known_may_be_any() -> None:
    found = crane(run("a", "marketer"), run("b", roles=None))

    assert (found.met, found.missing, found.questions) == (None, (), ("which roles use b?",))
    assert found.facts == {"scenarios_running": 2, "scenario_roles": None, "scenarios_met": None}
    assert str(found) == "crane: unknown: running: a, b; used by: marketer; which roles use b?"


def test_roles_that_are_not_known_cannot_mend_too_few_scenarios() -> None:
    found = crane(run("a", roles=None), scenarios=2)

    assert (found.met, found.missing, found.questions) == (False, ("scenarios: 1 of 2",), ())


def test_roles_that_are_not_known_do_not_matter_where_enough_are() -> None:
    found = crane(run("a", "marketer", "analyst"), run("b", roles=None))

    assert (found.met, found.questions, found.unclear) == (True, (), ("b",))


def test_an_account_of_which_nothing_was_written_down_is_unknown() -> None:
    found = crane(recorded=False)

    assert (found.met, found.questions) == (None, ("what runs?",))
    assert str(found) == "crane: unknown: running: not known; what runs?"
    assert crane(run("a", "marketer"), recorded=False).questions == ("what else runs?",)
    assert crane(run("a", "marketer", "analyst"), recorded=False).met is True


def test_facts_are_read_by_rules() -> None:
    assert rule("scenarios_running >= 1 and scenario_roles < 2")(crane(run("a", "x")).facts) is True


# --- A book


def test_each_account_may_be_asked_about_on_a_day_of_its_own() -> None:
    rows = [run("a", "marketer", "analyst", account=name, until=day(20)) for name in BOOK]
    delivered = {"crane": day(19), "heron": day(20), "stork": day(1)}

    found = ScenarioCoverage().book(BOOK, rows, as_of=delivered)

    assert verdicts(found) == {"crane": True, "heron": False, "stork": True}
    assert [each.as_of for each in found.accounts] == [delivered[name] for name in BOOK]


def test_an_account_without_a_day_of_its_own_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"\$.as_of: no day for 'stork'"):
        ScenarioCoverage().book(BOOK, [], as_of={"crane": day(1), "heron": day(2)})


def test_accounts_that_are_not_of_the_book_are_named_and_not_counted() -> None:
    found = ScenarioCoverage().book(["heron"], [run("a", "x", "y")], as_of=day(30))

    assert (verdicts(found), found.elsewhere) == ({"heron": False}, ("crane",))


def test_only_scenarios_of_the_library_count_where_one_is_given() -> None:
    rows = [run("second ordr", "x", "y"), run("zebra"), run("old", until=day(2))]

    found = ScenarioCoverage().book(
        ["crane"], rows, as_of=day(30), library=library(scenario("second order"))
    )

    assert verdicts(found) == {"crane": False}
    assert found.strangers == ("second ordr: did you mean 'second order'?", "zebra")
    assert crane(*rows, library=library(scenario("zebra"))).scenarios == ("zebra",)


def test_the_share_says_under_which_convention_and_what_was_left_out() -> None:
    found = ScenarioCoverage().book(BOOK, [run("a", "x", "y")], as_of=day(30), unrecorded=["heron"])

    assert repr(found.rate) == (
        "1 of 2 = 50.0 % (9.5 to 90.5 %, 95 % Wilson); convention: 1 or more scenarios running, "
        "used by 2 or more roles; left out: 1 not known"
    )
    assert found.definition == ScenarioCoverage().fingerprint


def test_the_share_of_no_account_is_undefined() -> None:
    assert ScenarioCoverage().book([], [], as_of=day(30)).rate.value is None


def test_an_account_twice_or_unrecorded_and_not_of_the_book_is_refused() -> None:
    with pytest.raises(DefinitionError) as caught:
        ScenarioCoverage().book(["crane", "crane"], [], as_of=day(30), unrecorded=["cran"])

    assert [str(fault) for fault in caught.value.faults] == [
        "$.accounts[1]: 'crane' stands twice",
        "$.unrecorded: 'cran' is none of the accounts: did you mean 'crane'?",
    ]


@pytest.mark.parametrize("changed", [{"scenarios": 0}, {"roles": 0}, {"roles": True}])
def test_a_number_that_asks_for_nothing_is_refused(changed: dict[str, int]) -> None:
    with pytest.raises(DefinitionError, match="expected a whole number from 1 to 1000"):
        ScenarioCoverage(**changed)
