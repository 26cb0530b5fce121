"""The gates and their order, and the selection held to the slow, obvious rule."""

from __future__ import annotations

import datetime as dt
import decimal
import pickle
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cslib.decisions import DecisionTable, Row
from cslib.errors import DefinitionError
from cslib.facts import AsOfError
from cslib.histories import History, begin
from cslib.playbooks import (
    Effect,
    Library,
    Limits,
    Playbook,
    Status,
    Success,
    Suppression,
)
from cslib.runs import Run
from cslib.selection import price_of
from cslib.standings import bars
from cslib.verdicts import Observation, judge
from play_strategies import DAY, accounts, days, histories, libraries

NOW = dt.date(2026, 7, 20)


def playbook(name: str = "tour", **rest: Any) -> Playbook:
    return Playbook(**{"name": name, "need": "use", "layer": "product", "entry": "a > 1", **rest})


def library(*playbooks: Playbook, **rest: Any) -> Library:
    return Library(name="test", playbooks=playbooks, **rest)


def statuses(found: Library, account: object, **rest: Any) -> dict[str, str]:
    choice = found.select(account, **rest)
    return {each.playbook.name: each.status.value for each in choice.findings}


def line(found: Library, account: object, name: str, **rest: Any) -> str:
    choice = found.select(account, **rest)
    return next(str(each) for each in choice.findings if each.playbook.name == name)


TOUR = playbook(success=Success(when="b > 1", within=10))
TRAINING = playbook("training", layer="service", effort={"csm": 3})


# The cycle (P8, L7)


def test_the_next_prescription_depends_on_the_verdict() -> None:
    both = library(TRAINING, TOUR)
    run = both.select({"a": 2}).playbook
    assert run == TOUR

    history = History(runs=[begin(TOUR, "A1", on=DAY).end(DAY)])
    waiting = both.select({"a": 2}, history=history, as_of=NOW)
    assert waiting.playbook is None
    assert waiting.reasons == (
        "nothing to begin: tour (product, 0 h): not judged: "
        "tour for A1, begun 2026-07-01, is not judged yet"
    )

    (ended,) = history.runs
    seen = [Observation(on=DAY, facts={"b": 0})]
    failed = attrs.evolve(ended, verdict=judge(ended, TOUR, seen, as_of=NOW))
    after = both.select({"a": 2}, history=History(runs=[failed]), as_of=NOW)
    assert after.playbook == TRAINING
    assert str(after.others[0]) == (
        "tour (product, 0 h): failed: was taken and failed, as judged on 2026-07-20: "
        "on 2026-07-01 it does not hold that b is above 1"
    )


def test_a_cheaper_one_at_its_limit_holds_the_dearer_back() -> None:
    once = attrs.evolve(TOUR, success=None, limits=Limits(at_most=1))
    history = History(runs=[begin(once, "A1", on=DAY).end(DAY)])

    assert line(library(once, TRAINING), {"a": 2}, "training", history=history, as_of=NOW) == (
        "training (service, 3 h): held back: applies, but a cheaper layer may still do: "
        "tour: was run 1 of at most 1 times"
    )


def test_a_bar_on_one_of_the_same_layer_holds_nothing_back() -> None:
    once = attrs.evolve(TOUR, success=None, limits=Limits(at_most=1))
    history = History(runs=[begin(once, "A1", on=DAY).end(DAY)])

    found = statuses(library(once, playbook("walk")), {"a": 2}, history=history, as_of=NOW)

    assert found == {"walk": "chosen", "tour": "at_limit"}


def test_a_playbook_that_does_not_apply_says_so_whatever_its_history() -> None:
    history = History(runs=[begin(TOUR, "A1", on=DAY)])

    assert statuses(library(TOUR), {"a": 0}, history=history, as_of=NOW) == {
        "tour": "does_not_apply"
    }


def test_a_history_needs_a_day_and_an_empty_one_does_not() -> None:
    assert statuses(library(TOUR), {"a": 2}, history=History()) == {"tour": "chosen"}
    with pytest.raises(AsOfError):
        library(TOUR).select({"a": 2}, history=History(runs=[begin(TOUR, "A1", on=DAY)]))


# Exit


@pytest.mark.parametrize(("b", "status"), [(9, "does_not_apply"), (0, "chosen"), (None, "unknown")])
def test_a_playbook_whose_reason_has_gone_is_not_begun(b: int | None, status: str) -> None:
    gone = playbook(exit="b > 5")

    assert statuses(library(gone), {"a": 2, "b": b}) == {"tour": status}


def test_the_reason_that_has_gone_is_named() -> None:
    assert line(library(playbook(exit="b > 5")), {"a": 2, "b": 9}, "tour") == (
        "tour (product, 0 h): does not apply: it holds that b is above 5 (b = 9)"
    )


# Levels of service (P2)

LEVELS = DecisionTable(
    name="levels",
    rows=(Row(when="seats >= 500", then="consulting"), Row(then="support")),
)
PROJECT = playbook("project", layer="service", level="implementation")


def test_a_level_that_is_not_offered_lets_the_others_pass() -> None:
    found = library(PROJECT, playbook("workshop", layer="consulting"), levels=LEVELS)

    assert statuses(found, {"a": 2, "seats": 20}) == {
        "workshop": "chosen",
        "project": "not_offered",
    }
    assert line(found, {"a": 2, "seats": 20}, "project") == (
        "project (service, 0 h): not offered: takes implementation, and the level of service is "
        "support: otherwise"
    )
    assert statuses(found, {"a": 2, "seats": 900})["project"] == "chosen"


def test_an_unknown_level_is_asked_for_and_holds_the_dearer_back() -> None:
    found = library(PROJECT, playbook("workshop", layer="consulting"), levels=LEVELS)

    choice = found.select({"a": 2})

    assert statuses(found, {"a": 2}) == {"project": "unknown", "workshop": "held_back"}
    assert choice.questions == ("seats",)


def test_the_outcomes_of_the_levels_are_levels() -> None:
    with pytest.raises(
        DefinitionError, match=r"\$\.levels\.rows\[0\]\.then: unknown level 'suport'"
    ):
        library(TOUR, levels=DecisionTable(name="l", rows=(Row(then="suport"),)))
    with pytest.raises(DefinitionError, match="expected a DecisionTable"):
        library(TOUR, levels="support")


# Suppression

ESCALATION = Suppression(name="escalation", when="tickets > 0", needs=["use"], reason="it burns")


@pytest.mark.parametrize(
    ("tickets", "text"),
    [
        (3, "suppressed: escalation: it burns"),
        (None, "unknown: it is not known whether it burns (escalation): ask for tickets"),
        (0, "chosen: a is above 1 (a = 2)"),
    ],
)
def test_something_may_keep_the_playbooks_of_a_need_from_being_begun(
    tickets: int | None, text: str
) -> None:
    found = library(TOUR, playbook("call", need="other"), suppressions=[ESCALATION])
    account = {"a": 2, "tickets": tickets}

    assert line(found, account, "tour") == f"tour (product, 0 h): {text}"
    assert statuses(found, account)["call"] == "chosen"


def test_a_suppression_without_needs_is_of_all() -> None:
    all_needs = attrs.evolve(ESCALATION, needs=())
    found = library(TOUR, playbook("call", need="other"), suppressions=[all_needs])

    assert set(statuses(found, {"a": 2, "tickets": 1}).values()) == {"suppressed"}


def test_a_gate_that_is_shut_goes_before_one_of_which_that_is_not_known() -> None:
    certain = Suppression(name="on hold", when="on_hold")
    found = library(TOUR, suppressions=[ESCALATION, certain])

    assert line(found, {"a": 2, "on_hold": True}, "tour") == (
        "tour (product, 0 h): suppressed: on hold: on hold"
    )
    history = History(runs=[begin(TOUR, "A1", on=DAY)])
    account = {"a": 2, "on_hold": False}
    assert statuses(found, account, history=history, as_of=NOW) == {"tour": "under_way"}


def test_faults_of_suppressions_are_told() -> None:
    with pytest.raises(DefinitionError, match="unknown need 'usee': did you mean 'use'"):
        library(TOUR, suppressions=[attrs.evolve(ESCALATION, needs=["usee"])])
    with pytest.raises(DefinitionError, match=r"suppressions\[1\].name: 'escalation' stands twice"):
        library(TOUR, suppressions=[ESCALATION, ESCALATION])


# Prices and values

PRICES = {"csm": 80, "engineer": 150}


def test_prices_take_the_place_of_hours() -> None:
    long = playbook("long", layer="service", effort={"csm": 3})
    short = playbook("short", layer="service", effort={"engineer": 2})

    assert statuses(library(long, short), {"a": 2})["short"] == "chosen"
    assert line(library(long, short, prices=PRICES), {"a": 2}, "short") == (
        "short (service, 2 h): dearer: applies, but long costs less (240 against 300)"
    )


def test_exactly_the_return_that_is_asked_for_is_enough() -> None:
    call = playbook("call", layer="service", effort={"csm": 3}, effect=Effect(lift="0.05"))
    found = library(call, prices=PRICES, stake="annual_value", least_return=2)

    choice = found.select({"a": 2, "annual_value": 9_600})

    assert (choice.playbook, choice.chosen[0].value, choice.chosen[0].price) == (call, 480.0, 240)
    assert line(found, {"a": 2, "annual_value": 9_599}, "call") == (
        "call (service, 3 h): not worth it: applies, but brings 479.95, and must bring 480.00: "
        "2 times its price"
    )


def test_an_unknown_stake_is_asked_for_only_where_it_matters() -> None:
    call = playbook("call", layer="service", effort={"csm": 3}, effect=Effect(lift="0.05"))
    free = playbook("letter", need="other")
    found = library(call, free, prices=PRICES, stake="annual_value", least_return=2)

    choice = found.select({"a": 2})

    assert statuses(found, {"a": 2}) == {"letter": "chosen", "call": "unknown"}
    assert choice.questions == ("annual_value",)


def test_without_a_least_return_prices_stop_nothing() -> None:
    call = playbook("call", layer="service", effort={"csm": 3})
    finding = library(call, prices=PRICES, stake="annual_value").select({"a": 2}).chosen[0]

    assert (finding.price, finding.value) == (Decimal(240), None)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"prices": {"csm": 80}}, "'engineer' has no price; give one, 0 where it costs nothing"),
        ({"least_return": 2}, "needs prices and a stake, to compare what both give"),
        (
            {"least_return": 2, "prices": PRICES, "stake": "b"},
            "is not said: what it brings cannot be compared with its price",
        ),
        ({"least_return": -1, "prices": PRICES, "stake": "b"}, "expected 0 to 1000"),
        ({"prices": {"csm": -1, "engineer": 1}}, "expected 0 to 1000000"),
    ],
)
def test_prices_that_cannot_be_compared_are_refused(given: dict[str, Any], problem: str) -> None:
    costly = playbook("costly", effort={"engineer": 1})

    with pytest.raises(DefinitionError, match=problem):
        library(costly, **given)


def test_a_price_is_exact_whatever_the_context() -> None:
    odd = playbook(effort={"csm": "0.1", "engineer": "0.2"})

    with decimal.localcontext(prec=1):
        assert price_of(odd, {"csm": Decimal("0.1"), "engineer": Decimal("0.1")}) == Decimal("0.03")
        assert playbook(effort={"csm": "0.5", "engineer": 9}).hours == Decimal("9.5")


def test_nothing_of_a_stake_without_bound_is_no_value() -> None:
    free = playbook(effect=Effect(lift=0))

    choice = library(free, stake="b").select({"a": 2, "b": float("inf")})

    assert choice.chosen[0].value is None


def test_what_is_no_history_is_refused() -> None:
    with pytest.raises(DefinitionError, match="expected a History, but got a list of 0"):
        library(TOUR).select({"a": 2}, history=[], as_of=NOW)  # type: ignore[arg-type]


# Exclusions


def three(**rest: Any) -> Library:
    a = playbook("A", need="1", excludes=["B"], effect=Effect(lift="0.05"))
    b = playbook("B", need="2", excludes=["C"], effect=Effect(lift="0.09"))
    c = playbook("C", need="3", effect=Effect(lift="0.01"))
    return library(a, b, c, **rest)


def test_of_two_that_exclude_one_another_the_one_of_the_higher_value_stays() -> None:
    account = {"a": 2, "annual_value": 10_000}

    assert statuses(three(stake="annual_value"), account) == {
        "B": "chosen",
        "A": "excluded",
        "C": "excluded",
    }
    assert line(three(stake="annual_value"), account, "C") == (
        "C (product, 0 h): excluded: applies, but stands back for B, which goes first"
    )


def test_without_values_priority_and_then_the_name_decide() -> None:
    assert statuses(three(), {"a": 2}) == {"A": "chosen", "C": "chosen", "B": "excluded"}
    raised = attrs.evolve(three().playbooks[1], priority=1)
    found = library(three().playbooks[0], raised, three().playbooks[2])
    assert statuses(found, {"a": 2}) == {"B": "chosen", "A": "excluded", "C": "excluded"}


def test_an_excluded_playbook_that_there_is_not_is_refused() -> None:
    with pytest.raises(DefinitionError, match="unknown playbook 'tuor': did you mean 'tour'"):
        library(TOUR, playbook("call", excludes=["tuor"]))


# Tests, names, pickle


def test_a_library_gives_a_playbook_by_name() -> None:
    assert library(TOUR)["tour"] == TOUR
    with pytest.raises(KeyError, match="no playbook 'tuor': did you mean 'tour'"):
        library(TOUR)["tuor"]


# Laws


def obvious(
    found: Library, account: Mapping[str, Any], history: History, day: dt.date
) -> dict[str, Status]:
    """The choice said as plainly as Python can: gate by gate, need by need."""
    by_cost = sorted(found.playbooks, key=lambda each: _cost(found, each))
    shut = dict(bars(by_cost, history, day)) if history != History() else {}
    shut = {by_cost[place].name: bar for place, bar in shut.items()}
    held = [(each, each.when(account, as_of=day)) for each in found.suppressions]
    states: dict[str, Status] = {}
    for each in by_cost:
        entry, gone = each.entry(account), False if each.exit is None else each.exit(account)
        if entry is False or gone is True:
            states[each.name] = Status.DOES_NOT_APPLY
        elif any(one for supp, one in held if one and _meant(supp, each)):
            states[each.name] = Status.SUPPRESSED
        elif each.name in shut:
            states[each.name] = shut[each.name].status
        elif (
            any(one is None for supp, one in held if _meant(supp, each))
            or entry is None
            or gone is None
        ):
            states[each.name] = Status.UNKNOWN
        else:
            states[each.name] = _worth(found, each, account)
    for each in by_cost:
        _rank(each, by_cost, states)
    _exclusions(found, by_cost, states, account)
    return states


def _cost(found: Library, each: Playbook) -> tuple[object, ...]:
    return each.layer.rank, price_of(each, found.prices) if found.prices else each.hours, each.name


def _meant(suppression: Suppression, each: Playbook) -> bool:
    return not suppression.needs or each.need in suppression.needs


def _value(found: Library, each: Playbook, account: Mapping[str, Any]) -> float | None:
    stake = None if found.stake is None else found.stake(account)
    return None if stake is None or each.effect is None else float(each.effect.lift) * stake


def _worth(found: Library, each: Playbook, account: Mapping[str, Any]) -> Status:
    price = price_of(each, found.prices) if found.prices else Decimal(0)
    if found.least_return is None or not price:
        return Status.CHOSEN
    value = _value(found, each, account)
    if value is None:
        return Status.UNKNOWN
    enough = Fraction(value) >= Fraction(found.least_return) * Fraction(price)
    return Status.CHOSEN if enough else Status.NOT_WORTH_IT


def _rank(each: Playbook, by_cost: list[Playbook], states: dict[str, Status]) -> None:
    """P1, for one that is free or unknown so far."""
    if states[each.name] not in (Status.CHOSEN, Status.UNKNOWN):
        return
    before = [one for one in by_cost[: by_cost.index(each)] if one.need == each.need]
    cheaper = [states[one.name] for one in before if one.layer.rank < each.layer.rank]
    passing = (Status.DOES_NOT_APPLY, Status.FAILED, Status.NOT_OFFERED)
    if Status.CHOSEN in (states[one.name] for one in before):
        states[each.name] = Status.DEARER
    elif states[each.name] is Status.CHOSEN and any(one not in passing for one in cheaper):
        states[each.name] = Status.HELD_BACK


def _exclusions(
    found: Library,
    by_cost: list[Playbook],
    states: dict[str, Status],
    account: Mapping[str, Any],
) -> None:
    def order(each: Playbook) -> tuple[object, ...]:
        value = _value(found, each, account)
        return value is None, -(value or 0), -each.priority, each.name

    kept: list[Playbook] = []
    for each in sorted((one for one in by_cost if states[one.name] is Status.CHOSEN), key=order):
        if any(each.name in one.excludes or one.name in each.excludes for one in kept):
            states[each.name] = Status.EXCLUDED
        else:
            kept.append(each)


@given(libraries(), accounts, histories(), days)
def test_the_selection_is_that_of_the_slow_obvious_rule(
    found: Library, account: dict[str, Any], history: History, day: dt.date
) -> None:
    choice = found.select(account, history=history, as_of=day)

    states = {each.playbook.name: each.status for each in choice.findings}
    assert states == obvious(found, account, history, day)


@given(libraries(), accounts, histories(), days, st.randoms())
def test_the_order_of_playbooks_and_of_runs_never_changes_the_choice(
    found: Library, account: dict[str, Any], history: History, day: dt.date, random: Any
) -> None:
    shuffled = attrs.evolve(found, playbooks=random.sample(found.playbooks, len(found.playbooks)))
    mixed = attrs.evolve(history, runs=random.sample(history.runs, len(history.runs)))

    one = found.select(account, history=history, as_of=day)
    other = shuffled.select(account, history=mixed, as_of=day)

    assert one.explain() == other.explain()


@given(libraries(), accounts, histories(), days)
def test_a_dearer_layer_is_never_chosen_while_a_cheaper_one_is_open_or_unknown(
    found: Library, account: dict[str, Any], history: History, day: dt.date
) -> None:
    choice = found.select(account, history=history, as_of=day)
    states = {each.playbook.name: each.status for each in choice.findings}

    for each in choice.chosen:
        for other in found.playbooks:
            if other.need == each.playbook.need and other.layer.rank < each.playbook.layer.rank:
                assert states[other.name] in (
                    Status.DOES_NOT_APPLY,
                    Status.FAILED,
                    Status.NOT_OFFERED,
                )


@given(libraries(), accounts, histories(), days)
def test_a_choice_survives_pickle_with_its_words(
    found: Library, account: dict[str, Any], history: History, day: dt.date
) -> None:
    choice = found.select(account, history=history, as_of=day)

    returned = pickle.loads(pickle.dumps(choice))  # noqa: S301  our own bytes

    assert returned.explain() == choice.explain()
    assert returned.definition == found.fingerprint
    assert len(choice.findings) == len(found.playbooks)


class Cycles(RuleBasedStateMachine):
    """One account through many days: what is chosen is begun, ended and judged at some time."""

    found: Library
    history: History
    day: dt.date

    @initialize(found=libraries())
    def open(self, found: Library) -> None:
        self.found, self.history, self.day = found, History(), DAY
        self.begun: list[tuple[Run, dict[str, Status]]] = []

    @rule(account=accounts, subject=st.sampled_from(["", "site"]))
    def begin_what_is_chosen(self, account: dict[str, Any], subject: str) -> None:
        choice = self.found.select(account, history=self.history, as_of=self.day)
        states = {each.playbook.name: each.status for each in choice.findings}
        for each in choice.chosen:
            run = begin(each.playbook, "A1", on=self.day, history=self.history, subject=subject)
            self._check_limits(run, states)
            self.history = self.history.with_run(run)

    def _check_limits(self, run: Run, states: dict[str, Status]) -> None:
        playbook, past = self.found[run.playbook], self.history
        same = [each for each in past.runs if each.need == run.need]
        assert all(each.ended is not None for each in same)
        ends = [each.ended for each in (*same, *past.tallies) if each.need == run.need]
        days_since = [(self.day - end).days for end in ends if end is not None]
        assert min(days_since, default=10_000) >= playbook.limits.cool_down
        count = sum(each.playbook == run.playbook for each in past.runs)
        count += sum(each.runs for each in past.tallies if each.playbook == run.playbook)
        assert playbook.limits.at_most is None or count < playbook.limits.at_most
        for other in self.found.playbooks:
            if other.name in playbook.excludes or playbook.name in other.excludes:
                assert states[other.name] is not Status.CHOSEN
                assert all(
                    each.ended is not None for each in past.runs if each.playbook == other.name
                )

    @rule(data=st.data(), b=st.sampled_from([None, 0, 3]))
    def end_and_judge_one(self, data: st.DataObject, b: int | None) -> None:
        waiting = [each for each in self.history.runs if each.verdict is None]
        if not waiting:
            return
        run = data.draw(st.sampled_from(waiting))
        run = run if run.ended is not None else run.end(self.day)
        seen = [] if run.ended is None else [Observation(on=run.ended, facts={"b": b})]
        verdict = judge(run, self.found[run.playbook], seen, as_of=self.day)
        if verdict.judgement != "too_early":
            run = attrs.evolve(run, verdict=verdict)
        self.history = self.history.with_run(run)

    @rule(wait=st.integers(1, 30))
    def wait(self, wait: int) -> None:
        self.day += dt.timedelta(days=wait)

    @rule()
    def compact(self) -> None:
        self.history = self.history.compacted(self.day)

    @invariant()
    def one_run_is_under_way_for_each_need(self) -> None:
        open_runs = [each.need for each in getattr(self, "history", History()).runs if each.is_open]
        assert len(open_runs) == len(set(open_runs))


TestCycles = Cycles.TestCase


# Bounds and orders


@pytest.mark.parametrize(
    ("takes", "has", "status"),
    [
        ("support", "support", "chosen"),
        ("implementation", "implementation", "chosen"),
        ("implementation", "support", "not_offered"),
        ("consulting", "implementation", "not_offered"),
        ("consulting", "consulting", "chosen"),
        ("support", None, "chosen"),
    ],
)
def test_a_level_is_offered_up_to_that_of_the_account(takes: str, has: Any, status: str) -> None:
    levels = DecisionTable(
        name="levels",
        rows=[Row(when=f"has == '{each}'", then=each) for each in _LEVELS],
    )
    one = library(playbook(level=takes), levels=levels)

    assert statuses(one, {"a": 2, "has": has}) == {"tour": status}
    assert one.select_columns({"a": [2], "has": [has]}).status("tour").tolist() == [status]


_LEVELS = ("support", "implementation", "consulting")


def test_one_of_a_cheaper_layer_holds_back_also_behind_one_of_the_same_layer() -> None:
    three = library(
        playbook("tour", entry="b > 1"),
        playbook("call", layer="service", entry="c > 1", effort={"csm": 1}),
        playbook("visit", layer="service", effort={"csm": 2}),
    )

    assert statuses(three, {"a": 2}) == {"tour": "unknown", "call": "unknown", "visit": "held_back"}
    assert line(three, {"a": 2}, "visit").endswith(
        "until it is known whether tour would do: ask for b"
    )


def test_an_unknown_value_comes_after_every_known_one_and_before_it_no_priority_counts() -> None:
    lift = Effect(lift="0.1")
    low = playbook("low", need="n1", effect=lift, excludes=["high"])
    high = playbook("high", need="n2", priority=9)
    two = library(low, high, stake="arr")

    assert statuses(two, {"a": 2, "arr": 100}) == {"low": "chosen", "high": "excluded"}
    assert statuses(two, {"a": 2, "arr": 0}) == {"low": "chosen", "high": "excluded"}
    assert statuses(two, {"a": 2}) == {"low": "excluded", "high": "chosen"}


def test_a_higher_value_goes_before_a_higher_priority() -> None:
    better = playbook("better", need="n1", effect=Effect(lift="0.2"), excludes=["urgent"])
    urgent = playbook("urgent", need="n2", effect=Effect(lift="0.1"), priority=9)

    found = statuses(library(better, urgent, stake="arr"), {"a": 2, "arr": 100})

    assert found == {"better": "chosen", "urgent": "excluded"}


def test_of_several_suppressions_the_first_is_told() -> None:
    first, second = (Suppression(name=name, when="x > 0", reason=name) for name in ("one", "two"))

    choice = library(playbook(), suppressions=[first, second]).select({"a": 2, "x": 1})

    assert "one: one" in str(choice.findings[0])


def test_a_gate_that_is_not_known_is_dearer_where_a_cheaper_one_is_chosen() -> None:
    pause = Suppression(name="pause", when="x > 0")
    levels = DecisionTable(name="levels", rows=[Row(when="y > 0", then="support")])
    two = library(
        playbook("tour"),
        playbook("visit", layer="service", level="consulting"),
        levels=levels,
    )

    assert statuses(two, {"a": 2}) == {"tour": "chosen", "visit": "dearer"}
    assert statuses(library(playbook(), suppressions=[pause]), {"a": 2}) == {"tour": "unknown"}
