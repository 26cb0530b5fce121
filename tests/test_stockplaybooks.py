"""The stock playbooks: sound, each with a source, each the one for some account."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import stock, stockplaybooks
from cslib.coverage import check_table
from cslib.documents import fingerprint, from_json, to_json
from cslib.histories import History
from cslib.playbooks import Layer, Level, Playbook, Status, schedule
from cslib.rules import Rule
from cslib.runs import Judgement, Run, Verdict
from cslib.stock import LEVELS, PLAYBOOKS, SCARCE_ROLES, SCORECARD, SUBSCRIPTION, VISITS
from doctrine import DOCTRINE

TODAY = dt.date(2026, 6, 30)
ROLES = {
    *("csm", "senior csm", "analyst", "support engineer", "operations engineer"),
    *("consultant", "sales"),
}
every = pytest.mark.parametrize("playbook", PLAYBOOKS.playbooks, ids=lambda each: each.name)


@pytest.mark.parametrize("definition", [PLAYBOOKS, LEVELS, VISITS], ids=lambda each: each.name)
def test_it_goes_to_json_and_back_unchanged(definition: Any) -> None:
    read = from_json(to_json(definition, indent=2), type(definition))

    assert read == definition
    assert fingerprint(read) == fingerprint(definition)


def test_stock_has_each_of_them_under_the_same_name() -> None:
    for name in stockplaybooks.__all__:
        assert getattr(stock, name) is getattr(stockplaybooks, name)


# --- Sources

CITED = [
    *((each.name, f"{each.title} {each.source}") for each in PLAYBOOKS.playbooks),
    *((row.name, f"{row.reason}. {row.source}") for row in LEVELS.rows),
]


@pytest.mark.parametrize(("name", "text"), CITED)
def test_every_playbook_and_level_names_its_source(name: str, text: str) -> None:
    assert re.search(r"\b[LHRP]\d+\b", text), name


@pytest.mark.parametrize(("name", "text"), CITED)
def test_every_doctrine_id_that_is_cited_exists_with_its_author(name: str, text: str) -> None:
    for place in re.finditer(r"\b([LHRP]\d+)\b", text):
        authors = set(re.findall(r"\b[SWKJN]\b", re.split("[;.]", text[place.end() :])[0]))
        assert place[1] in DOCTRINE, name
        assert set(DOCTRINE[place[1]]) & authors or not authors, f"{name}: {place[1]}"


def test_no_playbook_claims_an_effect_that_no_source_has_measured() -> None:
    assert {each.effect for each in PLAYBOOKS.playbooks} == {None}


# --- Each as it should be


@every
def test_a_playbook_says_what_is_done_and_when_it_worked(playbook: Playbook) -> None:
    assert playbook.title
    assert playbook.steps
    assert playbook.success is not None


@every
def test_a_playbook_whose_entry_is_of_a_time_says_when_its_reason_has_gone(
    playbook: Playbook,
) -> None:
    timed = {"signed_on", "term_ends_on", "days_in_stage"} & set(playbook.entry.facts)

    assert not timed or playbook.exit is not None


@every
def test_people_are_counted_where_people_work_and_only_there(playbook: Playbook) -> None:
    by_people = playbook.layer is not Layer.PRODUCT

    assert (playbook.hours > 0) is by_people
    assert (playbook.level is not None) is by_people


@every
def test_steps_hours_and_leads_are_of_known_roles_and_never_of_a_person(playbook: Playbook) -> None:
    owners = {step.role for step in playbook.steps}

    assert owners <= ROLES
    assert playbook.lead in {"", *playbook.effort}
    if playbook.effort:
        assert owners == set(playbook.effort)


@every
def test_every_step_has_a_day_for_an_account_whose_term_is_known(playbook: Playbook) -> None:
    facts = {**IN_USE, "signed_on": TODAY}

    planned = schedule(playbook.steps, TODAY, facts)

    assert [each.due for each in planned] == sorted(each.due for each in planned if each.due)


@every
def test_the_steps_come_in_the_order_in_which_they_are_due(playbook: Playbook) -> None:
    planned = schedule(playbook.steps, TODAY, {**IN_USE, "term_ends_on": TODAY})

    for anchor in ("start", "term_ends_on"):
        names = [each.step.name for each in planned if each.step.of == anchor]
        assert names == [each.name for each in playbook.steps if each.of == anchor]


def test_the_cheapest_layer_of_every_need_comes_first_and_each_layer_once() -> None:
    needs: dict[str, list[Layer]] = {}
    for each in PLAYBOOKS.playbooks:
        needs.setdefault(each.need, []).append(each.layer)

    assert len(needs) == 13
    for layers in needs.values():
        assert sorted(set(layers), key=lambda each: each.rank) == layers


def test_a_dearer_playbook_of_a_need_is_of_a_level_as_high_and_never_more_urgent() -> None:
    for one, other in itertools.pairwise(PLAYBOOKS.playbooks):
        if one.need == other.need:
            assert other.level is not None
            assert other.level.rank >= (0 if one.level is None else one.level.rank)
            assert other.priority == one.priority


@every
def test_where_a_cheaper_one_of_its_need_has_failed_the_cool_down_does_not_delay_the_next(
    playbook: Playbook,
) -> None:
    """A verdict is given the day after the window; the dearer may begin on it."""
    cheaper = [
        each
        for each in PLAYBOOKS.playbooks
        if each.need == playbook.need and each.layer.rank < playbook.layer.rank
    ]

    for each in cheaper:
        assert each.success is not None
        assert playbook.limits.cool_down <= each.success.within + 1


# --- Each is the one for some account

IN_USE: Mapping[str, object] = {
    "stage": "in_use",
    "tier": "green",
    "signed_on": dt.date(2024, 6, 1),
    "term_ends_on": dt.date(2027, 6, 30),
    "seats": 200,
    "seats_used": 180,
    "roles_active": 3,
    "scenarios_running": 2,
    "nps": 10,
    "logins_30d": 100,
    "logins_prior_30d": 100,
}
IN_DELIVERY: Mapping[str, object] = {"stage": "delivery", "scenarios_running": 1, "seats": 200}


def signed(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def ends(days: int) -> dt.date:
    return TODAY + dt.timedelta(days=days)


CASES: Mapping[str, Mapping[str, object]] = {
    "guided set-up": {**IN_DELIVERY, "signed_on": signed(31)},
    "delivery review": {**IN_DELIVERY, "signed_on": signed(61)},
    "delivery rescue": {**IN_DELIVERY, "signed_on": signed(91)},
    "expectation talk": {"stage": "sold", "signed_on": TODAY, "expectations_agreed": False},
    "idle user reminder": {**IN_USE, "logins_30d": 50},
    "usage review": {**IN_USE, "logins_30d": 49},
    "practice review": {**IN_USE, "logins_30d": 49},
    "seat tour": {**IN_USE, "seats_used": 119},
    "seat training": {**IN_USE, "seats_used": 119},
    "role invitation": {**IN_USE, "roles_active": 1},
    "second role": {**IN_USE, "roles_active": 1},
    "detractor call": {**IN_USE, "nps": 6},
    "detractor recovery": {**IN_USE, "nps": 6},
    "scenario starter": {**IN_USE, "scenarios_running": 0},
    "scenario workshop": {**IN_USE, "scenarios_running": 0},
    "scenario design": {**IN_USE, "scenarios_running": 0},
    "renewal notice": {**IN_USE, "term_ends_on": ends(90)},
    "renewal preparation": {**IN_USE, "term_ends_on": ends(60)},
    "joint renewal": {**IN_USE, "term_ends_on": ends(90), "signed_on": dt.date(2025, 9, 20)},
    "multi-year terms": {**IN_USE, "term_ends_on": ends(180), "sale_years": 3},
    "renewal review": {**IN_USE, "term_ends_on": ends(90), "tier": "yellow"},
    "renewal rescue": {**IN_USE, "term_ends_on": ends(90), "tier": "red"},
    "closure check": {**IN_USE, "closure_sign": True},
    "win-back letter": {"stage": "churned", "days_in_stage": 90},
}
FAILED_BEFORE = {
    "practice review": ("usage review",),
    "seat training": ("seat tour",),
    "second role": ("role invitation",),
    "detractor recovery": ("detractor call",),
    "scenario workshop": ("scenario starter",),
    "scenario design": ("scenario starter", "scenario workshop"),
    "renewal rescue": ("renewal review",),
}


def tried(name: str, judgement: Judgement = Judgement.FAILED) -> Run:
    """A run of a playbook that ended and was judged."""
    playbook = PLAYBOOKS[name]
    return Run(
        account="A",
        need=playbook.need,
        playbook=name,
        started=signed(140),
        ended=signed(130),
        verdict=Verdict(judgement=judgement, judged_on=signed(1)),
    )


def chosen(facts: Mapping[str, object], *before: Run) -> list[str]:
    choice = PLAYBOOKS.select(facts, history=History(runs=before), as_of=TODAY)
    return [each.playbook.name for each in choice.chosen]


@every
def test_every_playbook_is_the_one_for_some_account(playbook: Playbook) -> None:
    before = [tried(name) for name in FAILED_BEFORE.get(playbook.name, ())]

    assert chosen(CASES[playbook.name], *before) == [playbook.name]


@pytest.mark.parametrize("name", FAILED_BEFORE)
def test_a_dearer_one_waits_until_the_cheaper_was_taken_and_failed(name: str) -> None:
    first, *_ = FAILED_BEFORE[name]

    assert chosen(CASES[name]) == [first]
    assert name not in chosen(CASES[name], tried(first, Judgement.NOT_TAKEN))
    assert name not in chosen(CASES[name], tried(first, Judgement.NOT_COMPARABLE))


@pytest.mark.parametrize(
    "facts",
    [
        IN_USE,
        {**IN_DELIVERY, "signed_on": signed(30)},
        {**IN_USE, "term_ends_on": ends(-1)},
        {**IN_USE, "term_ends_on": ends(91)},
        {**IN_USE, "term_ends_on": ends(181), "sale_years": 3},
        {**IN_USE, "term_ends_on": ends(91), "sale_years": 1},
        {**IN_USE, "closure_sign": False},
        {"stage": "sold", "signed_on": TODAY, "expectations_agreed": True},
        {"stage": "churned", "days_in_stage": 59},
        {"stage": "churned", "days_in_stage": 366},
        {"stage": "closed"},
        {"stage": "rescinded"},
    ],
)
def test_an_account_that_needs_nothing_gets_no_playbook(facts: Mapping[str, object]) -> None:
    choice = PLAYBOOKS.select(facts, as_of=TODAY)

    assert choice.chosen == ()
    assert {each.status for each in choice.findings} == {Status.DOES_NOT_APPLY}


def test_who_is_asked_for_nothing_is_not_asked_whether_it_closes_or_sold_years_at_once() -> None:
    assert PLAYBOOKS.select(IN_USE, as_of=TODAY).questions == ()


# --- One thing at a time


def statuses(facts: Mapping[str, object], *before: Run) -> dict[str, Status]:
    choice = PLAYBOOKS.select(facts, history=History(runs=before), as_of=TODAY)
    return {each.playbook.name: each.status for each in choice.findings}


def test_the_first_renewal_is_joint_and_takes_the_place_of_the_usual_preparation() -> None:
    found = statuses({**CASES["joint renewal"], "term_ends_on": ends(60)})

    assert found["joint renewal"] is Status.CHOSEN
    assert found["renewal preparation"] is Status.EXCLUDED


def test_the_end_of_years_sold_at_once_takes_the_place_of_every_other_offer() -> None:
    found = statuses({**CASES["joint renewal"], "sale_years": 3, "term_ends_on": ends(60)})

    assert found["multi-year terms"] is Status.CHOSEN
    assert found["renewal preparation"] is Status.EXCLUDED
    assert found["joint renewal"] is Status.EXCLUDED


def test_no_hours_go_into_the_rescue_of_a_business_that_may_close() -> None:
    found = statuses({**CASES["renewal review"], "closure_sign": True})

    assert (found["closure check"], found["renewal review"]) == (Status.CHOSEN, Status.EXCLUDED)


def test_a_preparation_under_way_keeps_the_review_waiting_until_it_is_ended() -> None:
    facts = {**CASES["renewal review"], "term_ends_on": ends(40)}
    run = Run(account="A", need="renewal", playbook="renewal preparation", started=signed(20))

    assert statuses(facts, run)["renewal review"] is Status.EXCLUDED
    assert statuses(facts, run.end(TODAY))["renewal review"] is Status.CHOSEN


# --- What keeps them from being begun

ILL = {
    **CASES["renewal review"],
    "seats_used": 20,
    "roles_active": 1,
    "scenarios_running": 0,
    "nps": 3,
    "logins_30d": 10,
}


def test_an_open_escalation_is_answered_before_anything_is_asked_of_the_customer() -> None:
    found = statuses({**ILL, "open_escalations": 1})

    assert {name for name, status in found.items() if status is Status.CHOSEN} == {
        *("renewal review", "usage review", "detractor call"),
    }
    assert found["seat tour"] is Status.SUPPRESSED
    assert statuses({**ILL, "open_escalations": 0}) == statuses(ILL)


def test_of_an_account_on_hold_only_what_renews_or_closes_goes_on() -> None:
    found = statuses({**ILL, "on_hold": True})

    assert [name for name, status in found.items() if status is Status.CHOSEN] == ["renewal review"]


# --- Levels of service


@pytest.mark.parametrize(
    ("seats", "level"),
    [
        (0, "support"),
        (19, "support"),
        (20, "implementation"),
        (199, "implementation"),
        (200, "consulting"),
        (10**6, "consulting"),
        (None, None),
    ],
)
def test_the_larger_a_customer_the_higher_the_level(seats: int | None, level: str | None) -> None:
    assert LEVELS.decide({"seats": seats}).outcome == level


def test_every_size_has_a_level() -> None:
    assert check_table(LEVELS).flaws == ()


def test_a_smaller_customer_is_not_offered_the_scarce_experts() -> None:
    facts, before = {**CASES["renewal rescue"], "seats": 199}, tried("renewal review")

    assert statuses(facts, before)["renewal rescue"] is Status.NOT_OFFERED
    assert chosen(facts, before) == []


def test_support_is_offered_to_a_customer_of_any_size_and_of_none_that_is_known() -> None:
    facts = {**CASES["detractor call"], "seats": None}

    assert "detractor call" in chosen(facts)
    assert statuses(facts, tried("detractor call"))["detractor recovery"] is Status.UNKNOWN


@given(seats=st.none() | st.integers(0, 1000), nps=st.integers(0, 10), failed=st.booleans())
def test_no_account_is_given_a_level_above_its_own(
    seats: int | None, nps: int, failed: bool
) -> None:
    facts = {**ILL, "seats": seats, "seats_used": 0, "nps": nps}
    before = [tried("detractor call"), tried("renewal review")] if failed else []
    choice = PLAYBOOKS.select(facts, history=History(runs=before), as_of=TODAY)

    offered = Level(LEVELS.decide(facts).outcome or Level.SUPPORT)
    for each in choice.chosen:
        assert each.playbook.level is None or each.playbook.level.rank <= offered.rank


# --- Visits and scarce roles


@pytest.mark.parametrize(
    ("facts", "rhythm"),
    [
        ({"tier": "red", "seats": 5}, "monthly"),
        ({"tier": "red", "seats": None}, "monthly"),
        ({"tier": "green", "seats": 200}, "monthly"),
        ({"tier": "green", "seats": 199}, "quarterly"),
        ({"tier": "yellow", "seats": 20}, "quarterly"),
        ({"tier": "green", "seats": 19}, "half-yearly"),
        ({"tier": "green", "seats": None}, None),
    ],
)
def test_an_account_is_visited_at_a_rhythm_that_fits_it(
    facts: Mapping[str, object], rhythm: str | None
) -> None:
    found = VISITS.choose(facts).rhythm

    assert (None if found is None else found.name) == rhythm


def test_every_account_whose_tier_and_size_are_known_is_visited() -> None:
    assert check_table(VISITS.table).flaws == ()


def test_the_scarce_roles_do_the_consulting_and_a_consultant_nothing_cheaper() -> None:
    consulting = [each for each in PLAYBOOKS.playbooks if each.layer is Layer.CONSULTING]

    assert all(set(each.effort) & set(SCARCE_ROLES) for each in consulting)
    assert "consultant" not in {
        role
        for each in PLAYBOOKS.playbooks
        if each.layer is not Layer.CONSULTING
        for role in each.effort
    }


# --- Names


def conditions(playbook: Playbook) -> Sequence[Rule]:
    assert playbook.success is not None
    exits = () if playbook.exit is None else (playbook.exit,)
    steps = (step.when for step in playbook.steps)
    return playbook.entry, *exits, playbook.success.when, *steps


@every
def test_every_stage_and_tier_that_a_playbook_names_exists(playbook: Playbook) -> None:
    stages = {stage.name for stage in SUBSCRIPTION.stages}
    tiers = {tier.name for tier in SCORECARD.tiers}
    named = re.compile(r'(stage|tier) (?:in \{([^}]*)\}|[!=]= ("\w+"))')

    for condition in conditions(playbook):
        for what, several, one in named.findall(str(condition).replace("'", '"')):
            words = set(re.findall(r'"(\w+)"', several or one))
            assert words
            assert words <= (stages if what == "stage" else tiers)


def facts_read() -> set[str]:
    rules = [rule for each in PLAYBOOKS.playbooks for rule in conditions(each)]
    rules += [each.when for each in PLAYBOOKS.suppressions]
    anchors = {step.of for each in PLAYBOOKS.playbooks for step in each.steps} - {"start"}
    return {name for rule in rules for name in rule.facts} | anchors | set(LEVELS.facts)


def test_the_module_names_every_fact_that_its_rules_read() -> None:
    text = (stockplaybooks.__doc__ or "").split("Facts of the account:")[1].split("Roles:")[0]

    assert set(re.findall(r"``(\w+)``", text)) == facts_read()


def test_the_module_names_every_role() -> None:
    text = (stockplaybooks.__doc__ or "").split("Roles: ")[1]

    assert set(" ".join(text.split()).rstrip(".").split(", ")) == ROLES


# --- The page of the reference

PAGE = (Path(__file__).parents[1] / "docs/reference/stockplaybooks.md").read_text("utf-8")


def table(first: str) -> list[tuple[str, ...]]:
    """The rows of the page's table whose first column has this head, without the code marks."""
    lines = PAGE.split(f"| {first} | ", 1)[1].split("\n\n", 1)[0].splitlines()
    cells = [line.replace("`", "").strip("| ").split(" | ") for line in lines[2:]]
    return [tuple(row) for row in cells]


def test_the_page_lists_every_playbook_as_it_is() -> None:
    assert table("Playbook") == [
        (each.name, each.need, each.layer, str(each.entry), str(each.priority), each.source)
        for each in PLAYBOOKS.playbooks
    ]


def test_the_page_lists_what_every_playbook_takes_as_it_is() -> None:
    assert table("Taken by") == [
        (
            each.name,
            str(each.level or "none"),
            ", ".join(f"{role} {hours:f}" for role, hours in each.effort.items()) or "none",
            each.lead or "none",
            "; ".join(step_words(each)),
        )
        for each in PLAYBOOKS.playbooks
    ]


def step_words(playbook: Playbook) -> list[str]:
    found = []
    for step in playbook.steps:
        when = f"{-step.days} days before the end" if step.days < 0 else f"day {step.days}"
        found.append(f"{step.name} ({step.role}, {when})")
    return found


def test_the_page_lists_how_every_playbook_is_judged_as_it_is() -> None:
    assert table("Judged") == [
        (
            each.name,
            str(each.success),
            "its entry does not hold any more" if each.exit is None else str(each.exit),
            limits(each),
            ", ".join(each.excludes) or "none",
        )
        for each in PLAYBOOKS.playbooks
    ]


def limits(playbook: Playbook) -> str:
    given: Any = attrs.asdict(playbook.limits)
    words = {"cool_down": "rests {} days", "at_most": "{} at most", "retry_after": "again after {}"}
    return ", ".join(words[name].format(given[name]) for name in words if given[name]) or "none"


def test_the_page_lists_every_level_as_it_is() -> None:
    assert table("Offered") == [(row.then, str(row.when), row.source) for row in LEVELS.rows]


def test_the_page_lists_every_rhythm_as_it_is() -> None:
    spans = {each.name: str(each.every) for each in VISITS.rhythms}

    assert table("Visited") == [
        (row.then, spans[row.then], str(row.when), row.source) for row in VISITS.table.rows
    ]


def test_the_page_lists_every_suppression_as_it_is() -> None:
    assert table("Suppression") == [
        (each.name, str(each.when), ", ".join(each.needs), each.reason)
        for each in PLAYBOOKS.suppressions
    ]


def test_the_page_says_where_each_row_of_the_doctrine_is() -> None:
    listed = [row[0].split("]")[0].lstrip("[") for row in table("Row")]

    assert listed == [*(f"P{number}" for number in range(1, 16)), "R13"]
