"""Which scenarios fit, in which order, and why not the others."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from cslib.scenarios import Fit, Match, NeedSurvey, Scenario, ScenarioLibrary, ScenarioSearch
from scenario_strategies import (
    ACCOUNTS,
    ANSWERS,
    FACTS,
    LIBRARIES,
    RUNNING_NAMES,
    library,
    scenario,
    surveys,
)

MERGE = "a merge of duplicates"
SURVEY = NeedSurvey(industry="retail", roles=("marketer", "analyst"), challenge="repeat purchase")


def fits(found: ScenarioSearch) -> dict[str, Fit]:
    return {each.scenario.name: each.fit for each in found.findings}


def one(survey: NeedSurvey = SURVEY, account: Any = None, **changed: Any) -> Match:
    """What becomes of one scenario that stands alone."""
    return library(scenario(**changed)).search(survey, account=account).findings[0]


# --- Laws


def slow_fit(each: Scenario, survey: NeedSurvey, account: Any, running: set[str]) -> Fit:
    """The same, said as plainly as can be."""
    sides: list[bool | None] = []
    answered = each.need in (survey.challenge, survey.why)
    waiting = survey.asked_for is not None and survey.why is None
    nothing = survey.challenge is None and survey.why is None
    sides.append(True if answered else None if waiting or nothing else False)
    if each.industries:
        sides.append(None if survey.industry is None else survey.industry in each.industries)
    sides.append(None if survey.roles is None else bool(set(survey.roles) & set(each.roles)))
    sides.append(True if each.asks is None else each.asks(account))
    if any(side is False for side in sides):
        return Fit.DOES_NOT_FIT
    if each.name in running:
        return Fit.RUNNING
    return Fit.UNKNOWN if any(side is None for side in sides) else Fit.FITS


@given(LIBRARIES, surveys(), ACCOUNTS, RUNNING_NAMES)
def test_every_scenario_is_judged_as_the_plain_version_judges_it(
    lib: ScenarioLibrary, survey: NeedSurvey, account: Any, running: set[str]
) -> None:
    found = lib.search(survey, account=account, running=sorted(running))

    assert fits(found) == {
        each.name: slow_fit(each, survey, account, running) for each in lib.scenarios
    }


@given(LIBRARIES, surveys(), ACCOUNTS, st.randoms(use_true_random=False))
def test_the_order_of_scenarios_and_needs_changes_no_answer(
    lib: ScenarioLibrary, survey: NeedSurvey, account: Any, random: Any
) -> None:
    scenarios, needs = list(lib.scenarios), list(lib.needs)
    random.shuffle(scenarios)
    random.shuffle(needs)
    shuffled = attrs.evolve(lib, scenarios=scenarios, needs=needs)

    one, other = lib.search(survey, account=account), shuffled.search(survey, account=account)

    assert (one.findings, one.notes) == (other.findings, other.notes)
    assert (one.questions, one.prompts) == (other.questions, other.prompts)


@given(LIBRARIES, surveys(), ACCOUNTS)
def test_the_order_of_the_answer_is_total_and_the_one_that_is_stated(
    lib: ScenarioLibrary, survey: NeedSurvey, account: Any
) -> None:
    found = lib.search(survey, account=account).findings

    order = list(Fit)
    keys = [(order.index(each.fit), each.rank) for each in found]
    assert keys == sorted(set(keys))
    assert {each.scenario for each in found} == set(lib.scenarios)


@given(LIBRARIES, surveys(), ACCOUNTS, RUNNING_NAMES, st.data())
def test_no_answer_to_what_is_asked_contradicts_what_was_known(
    lib: ScenarioLibrary, survey: NeedSurvey, account: Any, running: set[str], data: st.DataObject
) -> None:
    before = lib.search(survey, account=account, running=sorted(running))

    asked = before.questions
    told = {name: data.draw(ANSWERS[name]) for name in asked if name in ANSWERS}
    known = {name: data.draw(FACTS[name]) for name in asked if name in FACTS}
    after = lib.search(
        attrs.evolve(survey, **told), account=account | known, running=sorted(running)
    )

    for name, fit in fits(before).items():
        told_now = fits(after)[name]
        assert fit in (Fit.UNKNOWN, told_now) or (fit, told_now) == (
            Fit.RUNNING,
            Fit.DOES_NOT_FIT,
        )


@given(LIBRARIES, surveys(), ACCOUNTS, st.data())
def test_where_nothing_is_asked_nothing_that_is_unknown_could_change_what_fits(
    lib: ScenarioLibrary, survey: NeedSurvey, account: Any, data: st.DataObject
) -> None:
    before = lib.search(survey, account=account)
    unknown = [name for name in ("industry", "roles") if getattr(survey, name) is None]
    told = {name: data.draw(ANSWERS[name]) for name in unknown if name not in before.questions}
    known = {
        name: data.draw(FACTS[name])
        for name, value in account.items()
        if value is None and name not in before.questions
    }

    after = lib.search(attrs.evolve(survey, **told), account=account | known)

    if not before.questions:
        assert {each.scenario for each in before.matches} == {
            each.scenario for each in after.matches
        }


@given(LIBRARIES, surveys(), ACCOUNTS, st.data())
def test_the_functions_that_a_scenario_uses_change_no_answer(
    lib: ScenarioLibrary, survey: NeedSurvey, account: Any, data: st.DataObject
) -> None:
    other = attrs.evolve(
        lib,
        scenarios=[
            attrs.evolve(each, features=data.draw(st.sampled_from([(), (MERGE,)])))
            for each in lib.scenarios
        ],
    )

    assert fits(lib.search(survey, account=account)) == fits(other.search(survey, account=account))


@given(LIBRARIES, surveys(), ACCOUNTS, RUNNING_NAMES)
def test_every_scenario_has_a_reason_and_every_question_its_words(
    lib: ScenarioLibrary, survey: NeedSurvey, account: Any, running: set[str]
) -> None:
    found = lib.search(survey, account=account, running=sorted(running))

    assert all(each.reason for each in found.findings)
    assert len(found.prompts) == len(found.questions) == len(set(found.questions))
    assert [each.ahead is None for each in found.matches] == [
        place == 0 for place in range(len(found.matches))
    ]


# --- The order


def order(*scenarios: Scenario, survey: NeedSurvey = SURVEY) -> list[str]:
    found = library(*scenarios).search(survey)
    return [each.scenario.name for each in found.matches]


def test_a_challenge_that_was_named_goes_before_the_one_behind_a_function() -> None:
    survey = attrs.evolve(SURVEY, asked_for=MERGE, why="slow hiring")
    named, behind = scenario("z"), scenario("a", need="slow hiring", industries=["retail"])

    assert order(named, behind, survey=survey) == ["z", "a"]
    found = library(named, behind).search(survey).matches[1]
    assert found.reasons_against == ("z goes first: it answers the challenge, repeat purchase",)
    assert found.reasons_for[0] == (
        "answers slow hiring, which is why “a merge of duplicates” is asked for"
    )


def test_what_is_made_for_the_industry_goes_before_what_is_for_every_one() -> None:
    exact = scenario("z", industries=["retail"])
    general = scenario("a", roles=["marketer", "analyst"])

    assert order(exact, general) == ["z", "a"]
    assert str(library(exact, general).search(SURVEY).matches[1]) == (
        "a: fits, but z goes first: that one is made for retail, this one for every industry"
    )


def test_more_roles_there_go_before_fewer() -> None:
    two, only = scenario("z", roles=["marketer", "analyst"]), scenario("a")

    assert order(two, only) == ["z", "a"]
    assert library(two, only).search(SURVEY).matches[1].reasons_against == (
        "z goes first: 2 of its roles are there, of this one's 1",
    )


def test_the_name_decides_in_the_end() -> None:
    assert order(scenario("b"), scenario("a")) == ["a", "b"]
    assert library(scenario("b"), scenario("a")).search(SURVEY).matches[1].reasons_against == (
        "a goes first: it fits as well, and stands before it by name",
    )


# --- The reasons


def test_what_speaks_for_it_is_told_side_by_side() -> None:
    found = one(
        account={"members": 900, "plan": "pro"},
        roles=["marketer", "analyst", "recruiter"],
        asks="members >= 500 and plan == 'pro'",
    )

    assert found.fit is Fit.FITS
    assert found.reasons_for == (
        "answers the challenge, repeat purchase",
        "is made for every industry",
        "2 of its 3 roles are there: marketer, analyst",
        "members is at least 500 and plan is “pro” (members = 900, plan = “pro”)",
    )
    assert found.reason == "; ".join(map(str, found.grounds))
    assert found.reasons_against == ()


def test_of_several_roles_one_may_be_there() -> None:
    assert "1 of its 2 roles is there: marketer" in one(roles=["marketer", "recruiter"]).reason
    assert "its one role is there: marketer" in one().reason


def test_what_speaks_against_it_is_told_and_all_of_it() -> None:
    found = one(
        account={"members": 3},
        need="slow hiring",
        roles=["recruiter"],
        industries=["finance"],
        asks="members >= 500",
    )

    assert found.fit is Fit.DOES_NOT_FIT
    assert found.reasons_against == (
        "answers slow hiring, and not repeat purchase",
        "is made for finance, and not for retail",
        "is for recruiter, and not for marketer, analyst",
        "it does not hold that members is at least 500 (members = 3)",
    )
    assert str(found) == f"second order: does not fit: {'; '.join(found.reasons_against)}"


def test_a_condition_that_reads_nothing_is_told_without_facts() -> None:
    assert one(asks="True").grounds[-1].words == "true"


def test_facts_are_shown_as_people_write_them() -> None:
    found = one(
        account={"on": True, "seats": [40.0, 60.0]}, asks="on and seats - prior(seats, 1) >= 20.5"
    )

    assert found.reason.endswith("(on = true, seats = 60, prior(seats, 1) = 40)")


def test_a_division_by_zero_is_not_known_and_has_no_question() -> None:
    found = library(scenario(asks="1 / seats > 2")).search(SURVEY, account={"seats": 0})

    assert (fits(found), found.questions) == ({"second order": Fit.UNKNOWN}, ())
    assert found.reasons == "no scenario is known to fit"


def test_what_runs_is_set_aside_and_asks_nothing() -> None:
    lib = library(scenario("a", asks="has_app"), scenario("b", need="slow hiring"))

    found = lib.search(SURVEY, running=["a", "b"])

    assert fits(found) == {"a": Fit.RUNNING, "b": Fit.DOES_NOT_FIT}
    assert found.questions == ()
    assert found.findings[0].reason == "runs there already"


# --- What is not known


def test_what_is_not_known_is_asked_for_where_it_matters() -> None:
    unknown = NeedSurvey(challenge="repeat purchase")
    found = one(unknown, industries=["retail", "finance"], asks="members >= 500")

    assert found.fit is Fit.UNKNOWN
    assert found.questions == ("industry", "roles", "members")
    assert found.reason == (
        "is made for retail, finance: the industry is not known; "
        "is for marketer: which roles are there is not known; "
        "not known: members is at least 500 (members = unknown)"
    )


def test_what_makes_no_difference_is_not_asked_for() -> None:
    lib = library(scenario("a", need="slow hiring", asks="has_app"), scenario("b"))

    assert lib.search(attrs.evolve(SURVEY, industry=None)).questions == ()


def test_while_the_challenge_is_not_known_only_it_is_asked_for() -> None:
    lib = library(scenario("a", asks="has_app"), scenario("b", need="slow hiring"))

    found = lib.search(NeedSurvey())

    assert found.questions == ("challenge",)
    assert found.prompts == ("which business challenge is it? (repeat purchase; slow hiring)",)
    assert found.reasons == f"no scenario is known to fit; ask: {found.prompts[0]}"
    assert found.scenario is None
    assert found.others == found.findings


def test_a_challenge_that_is_ruled_out_otherwise_is_no_answer_worth_having() -> None:
    lib = library(scenario("a"), scenario("b", need="slow hiring", industries=["finance"]))

    found = lib.search(NeedSurvey(industry="retail"))

    assert found.prompts == ("which business challenge is it? (repeat purchase)",)


def test_a_function_is_not_searched_but_asked_why() -> None:
    lib = library(scenario("a", features=[MERGE]), scenario("b", need="slow hiring"))

    found = lib.search(NeedSurvey(roles=("marketer",), asked_for=MERGE))

    assert found.matches == ()
    assert found.questions == ("why",)
    assert found.prompts == (
        "why is “a merge of duplicates” asked for? (repeat purchase; slow hiring)",
    )


def test_a_function_is_asked_why_even_where_no_answer_would_find_anything() -> None:
    found = library().search(NeedSurvey(asked_for=MERGE))

    assert found.prompts == (
        "why is “a merge of duplicates” asked for? (no scenario is left for any answer)",
    )


def test_the_challenge_that_was_named_is_searched_while_the_why_is_asked() -> None:
    lib = library(scenario("a"), scenario("b", need="slow hiring"))

    found = lib.search(attrs.evolve(SURVEY, asked_for=MERGE))

    assert fits(found) == {"a": Fit.FITS, "b": Fit.UNKNOWN}
    assert found.questions == ("why",)
    assert (
        found.others[0].reason == "answers slow hiring: whether that is the challenge is not known"
    )


def test_every_question_has_its_words() -> None:
    found = library(scenario(industries=["retail"], asks="has_app")).search(
        NeedSurvey(challenge="repeat purchase")
    )

    assert found.prompts == (
        "which industry is it?",
        "which job roles would take part?",
        "what is has_app?",
    )


def test_where_nothing_fits_and_nothing_is_to_be_asked_it_says_so() -> None:
    found = library(scenario(need="slow hiring")).search(SURVEY)

    assert (found.reasons, found.questions) == ("no scenario fits", ())


# --- Answers that no scenario speaks of


def notes(**answers: Any) -> tuple[str, ...]:
    running = answers.pop("running", ())
    lib = library(scenario(industries=["retail"]))
    return lib.search(attrs.evolve(SURVEY, roles=("marketer",), **answers), running=running).notes


def test_an_industry_that_may_be_misspelt_is_noted_with_the_nearest() -> None:
    assert notes() == ()
    assert notes(industry="retial") == (
        "no scenario is made for the industry 'retial': did you mean 'retail'?",
    )
    assert notes(industry="mining") == (
        "no scenario is made for the industry 'mining'; general ones alone can fit",
    )


def test_a_role_that_may_be_misspelt_is_noted_with_the_nearest() -> None:
    found = library(scenario()).search(attrs.evolve(SURVEY, roles=("marketeer",)))

    assert found.notes == (
        "in no scenario does the role 'marketeer' take part: did you mean 'marketer'?",
    )


def test_what_runs_and_is_not_of_the_library_is_noted_once() -> None:
    assert notes(running=["second ordr", "second ordr"]) == (
        "'second ordr', which runs, is no scenario of this library: did you mean 'second order'?",
    )


def test_the_whole_answer_reads_as_text() -> None:
    lib = library(scenario("a", industries=["finance"]), scenario("b"))

    assert str(lib.search(SURVEY)).splitlines() == [
        (reason := library(scenario("b")).search(SURVEY).reasons),
        f"  b: fits: {reason}",
        "  a: does not fit: is made for finance, and not for retail",
        "  note: no scenario is made for the industry 'retail'; general ones alone can fit",
        "  note: in no scenario does the role 'analyst' take part",
    ]


def test_a_general_scenario_with_more_roles_goes_behind_one_made_for_the_industry() -> None:
    general = scenario("a", roles=["marketer", "analyst"])

    assert order(general, scenario("z", industries=["retail"])) == ["z", "a"]


def test_once_the_challenge_is_named_the_rest_is_asked() -> None:
    lib = library(scenario("a", asks="has_app"), scenario("b", need="slow hiring"))

    assert lib.search(NeedSurvey(challenge="repeat purchase")).questions == ("roles", "has_app")
