"""Libraries of scenarios, surveys, accounts and what runs there, for the tests of scenarios."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from cslib.rules import rule
from cslib.scenariocoverage import Running
from cslib.scenarios import BusinessValue, Need, NeedSurvey, Scenario, ScenarioLibrary

NEEDS = ("repeat purchase", "slow hiring", "stock-outs")
INDUSTRIES = ("finance", "internet", "retail")
ROLES = ("analyst", "marketer", "recruiter")
CONDITIONS = (
    None,
    *map(rule, ("members >= 500", "has_app == True", "has_app == True and members >= 500")),
)


def names(*pool: str, least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(pool), min_size=least, max_size=len(pool), unique=True).map(
        tuple
    )


def scenario(name: str = "second order", **changed: Any) -> Scenario:
    values: dict[str, Any] = {
        "need": "repeat purchase",
        "value": "more revenue",
        "roles": ("marketer",),
        "practice": "Write to who bought once.",
    }
    return Scenario(name=name, **(values | changed))


def library(*scenarios: Scenario, needs: tuple[str, ...] = NEEDS) -> ScenarioLibrary:
    return ScenarioLibrary(
        name="test", needs=[Need(name=name) for name in needs], scenarios=scenarios
    )


SCENARIOS = st.builds(
    scenario,
    name=st.sampled_from("abcdef"),
    need=st.sampled_from(NEEDS),
    value=st.sampled_from(BusinessValue),
    roles=names(*ROLES, least=1),
    industries=names(*INDUSTRIES),
    features=names("alerts", "funnels"),
    asks=st.sampled_from(CONDITIONS),
)
LIBRARIES = st.lists(SCENARIOS, max_size=6, unique_by=lambda each: each.name).map(
    lambda scenarios: library(*scenarios)
)
RUNNING_NAMES = st.sets(st.sampled_from("abcdef"), max_size=2)
ANSWERS = {
    "industry": st.sampled_from(INDUSTRIES),
    "roles": names(*ROLES, least=1),
    "challenge": st.sampled_from(NEEDS),
    "why": st.sampled_from(NEEDS),
}
FACTS = {"members": st.integers(499, 501), "has_app": st.booleans()}


@st.composite
def surveys(draw: st.DrawFn) -> NeedSurvey:
    given = {name: draw(st.none() | each) for name, each in ANSWERS.items()}
    asked_for = draw(st.sampled_from((None, "a merge of duplicates")))
    return NeedSurvey(**(given | {"asked_for": asked_for, "why": asked_for and given["why"]}))


ACCOUNTS = st.fixed_dictionaries({name: st.none() | each for name, each in FACTS.items()})


# --- What runs

BOOK = ("crane", "heron", "stork")
ELSEWHERE = "wren"
FIRST = dt.date(2026, 6, 1)
DAYS = st.integers(0, 6).map(lambda days: FIRST + dt.timedelta(days=days))


@st.composite
def runnings(draw: st.DrawFn) -> Running:
    since, until = sorted((draw(DAYS), draw(DAYS)))
    return Running(
        account=draw(st.sampled_from((*BOOK, ELSEWHERE))),
        scenario=draw(st.sampled_from("abc")),
        since=since,
        until=draw(st.sampled_from((None, until))),
        roles=draw(st.none() | names(*ROLES)),
    )


LOGS = st.lists(runnings(), max_size=8)
UNRECORDED = st.sets(st.sampled_from(BOOK), max_size=2)
