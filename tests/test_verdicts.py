from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.errors import DefinitionError
from cslib.histories import begin
from cslib.plays import Playbook, Success
from cslib.runs import Judgement, Run, RunError, Verdict
from cslib.steps import Step
from cslib.verdicts import Observation, entry_precision, judge, not_taken

BEGUN, ENDED = dt.date(2026, 7, 1), dt.date(2026, 7, 10)
TOUR = Playbook(
    name="tour",
    need="use",
    layer="product",
    entry="seats_used < 5",
    success=Success(when="seats_used >= 6", within=30),
)
RUN = begin(TOUR, "A1", on=BEGUN).end(ENDED)
LATER = dt.date(2026, 12, 31)


def seen(day: str, seats_used: int | None) -> Observation:
    return Observation(on=dt.date.fromisoformat(day), facts={"seats_used": seats_used})


def judged(*observations: Observation, **rest: Any) -> Verdict:
    given = {"run": RUN, "playbook": TOUR, "as_of": LATER, **rest}
    return judge(given.pop("run"), given.pop("playbook"), observations, **given)


# The window


def test_the_last_day_inside_the_window_decides() -> None:
    found = judged(seen("2026-08-08", 4), seen("2026-08-01", 7))

    assert found.judgement is Judgement.FAILED
    assert found.observed_on == dt.date(2026, 8, 8)
    assert found.reason == "on 2026-08-08 it does not hold that seats used is at least 6"


@pytest.mark.parametrize(
    ("day", "judgement"),
    [
        ("2026-07-09", "not_comparable"),  # the day before the end
        ("2026-07-10", "worked"),  # the end itself, the first day of the window
        ("2026-08-09", "worked"),  # 30 days later, its last
        ("2026-08-10", "not_comparable"),
    ],
)
def test_both_ends_of_the_window_are_part_of_it(day: str, judgement: str) -> None:
    assert judged(seen(day, 7)).judgement == judgement


def test_a_window_may_begin_some_days_after_the_end() -> None:
    late = attrs.evolve(TOUR, success=Success(when="seats_used >= 6", after=14, within=30))

    assert judged(seen("2026-07-23", 7), playbook=late).judgement is Judgement.NOT_COMPARABLE
    assert judged(seen("2026-07-24", 7), playbook=late).judgement is Judgement.WORKED


def test_there_is_no_verdict_before_the_window_is_over() -> None:
    observations = [seen("2026-08-01", 7)]

    on_its_last_day = judged(*observations, as_of=dt.date(2026, 8, 9))

    assert on_its_last_day.judgement is Judgement.TOO_EARLY
    assert on_its_last_day.reason == "the window is open to 2026-08-09"
    assert judged(*observations, as_of=dt.date(2026, 8, 10)).judgement is Judgement.WORKED


@pytest.mark.parametrize("ended", [None, LATER + dt.timedelta(days=1)])
def test_a_run_under_way_is_too_early_to_judge(ended: dt.date | None) -> None:
    found = judged(run=attrs.evolve(RUN, ended=ended))

    assert (found.judgement, found.reason) == (Judgement.TOO_EARLY, "the run is under way")


def test_a_window_that_would_pass_the_calendar_never_ends() -> None:
    last = attrs.evolve(RUN, ended=dt.date.max)

    assert judged(run=last, as_of=dt.date.max).judgement is Judgement.TOO_EARLY


# What is not known


def test_a_day_on_which_success_is_unknown_does_not_tell() -> None:
    found = judged(seen("2026-08-01", 7), seen("2026-08-08", None))

    assert (found.judgement, found.observed_on) == (Judgement.WORKED, dt.date(2026, 8, 1))


def test_where_nothing_known_was_seen_it_is_not_comparable() -> None:
    assert judged().reason == "nothing was seen from 2026-07-10 to 2026-08-09"
    assert judged(seen("2026-08-01", None)).reason == (
        "nothing that tells whether seats used is at least 6 was seen from 2026-07-10 to 2026-08-09"
    )


def test_a_playbook_that_says_no_success_is_not_comparable_at_once() -> None:
    plain = attrs.evolve(TOUR, success=None)

    found = judged(playbook=plain, as_of=ENDED)

    assert found.judgement is Judgement.NOT_COMPARABLE


def test_two_observations_of_one_day_that_differ_are_refused() -> None:
    assert judged(seen("2026-08-01", 7), seen("2026-08-01", 8)).judgement is Judgement.WORKED
    with pytest.raises(RunError, match="two observations of 2026-08-01 differ: give one of a day"):
        judged(seen("2026-08-01", 7), seen("2026-08-01", 3))


# Taken


STEPS = attrs.evolve(
    TOUR,
    steps=[
        Step(name="call", role="csm"),
        Step(name="letter", role="csm", optional=True),
        Step(name="visit", role="csm"),
    ],
)
OPEN = begin(STEPS, "A1", on=BEGUN)


def test_taken_is_every_step_that_is_neither_optional_nor_skipped() -> None:
    called = OPEN.take("call", on=BEGUN)

    assert not_taken(OPEN, STEPS) == ("call", "visit")
    assert not_taken(called.skip("visit"), STEPS) == ()
    assert judged(seen("2026-08-01", 7), run=called.end(ENDED), playbook=STEPS) == Verdict(
        judgement="not_taken", judged_on=LATER, reason="not done: visit"
    )


def test_what_was_not_taken_is_told_without_waiting_for_the_window() -> None:
    found = judged(run=OPEN.end(ENDED), playbook=STEPS, as_of=ENDED)

    assert found.judgement is Judgement.NOT_TAKEN


def test_not_valid_is_a_persons_word_and_comes_before_everything() -> None:
    found = judged(run=OPEN, playbook=STEPS, as_of=BEGUN, not_valid="the seats were miscounted")

    assert (found.judgement, found.reason) == (Judgement.NOT_VALID, "the seats were miscounted")


def test_the_outcome_stands_beside_the_judgement_and_decides_nothing() -> None:
    plain = judged(seen("2026-08-01", 3))

    beside = judged(seen("2026-08-01", 3), outcome="reached")

    assert (beside.judgement, beside.outcome) == (Judgement.FAILED, "reached")
    assert attrs.evolve(beside, outcome="") == plain
    with pytest.raises(DefinitionError, match=r"\$\.outcome: expected text, but got the int 1"):
        judged(outcome=1)


# Errors


def test_a_run_is_judged_by_its_own_playbook_and_version() -> None:
    with pytest.raises(
        RunError, match="is judged by its own playbook, but got 'tour' of version 2"
    ):
        judged(playbook=attrs.evolve(TOUR, version=2))


def test_a_step_that_the_playbook_does_not_have_is_refused_with_a_suggestion() -> None:
    with pytest.raises(RunError, match="has none of that name: did you mean 'call'"):
        judged(run=OPEN.take("cal", on=BEGUN), playbook=STEPS)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"run": None}, "run is not valid: $: expected a Run, but got None"),
        ({"playbook": "tour"}, "playbook is not valid: $: expected a Playbook, but got the str"),
    ],
)
def test_what_is_no_run_or_playbook_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        judged(**given)
    assert str(caught.value).startswith(problem)


def test_what_is_no_observation_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"\$\[0\]: expected an Observation, but got a dict"):
        judged({"seats_used": 7})  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="expected several Run parts, but got None"):
        entry_precision(None, "tour")  # type: ignore[arg-type]


# Laws

observations = st.lists(
    st.builds(
        lambda n, seats: Observation(on=ENDED + dt.timedelta(days=n), facts={"seats_used": seats}),
        st.integers(-10, 60),
        st.sampled_from([None, 3, 9]),
    ),
    max_size=8,
    unique_by=lambda each: each.on,
)


@given(observations, observations, st.integers(31, 90))
def test_a_verdict_does_not_depend_on_later_facts(
    before: list[Observation], after: list[Observation], wait: int
) -> None:
    closed = ENDED + dt.timedelta(days=31)
    later = [each for each in after if each.on >= closed]
    first = judge(RUN, TOUR, before, as_of=closed)

    second = judge(RUN, TOUR, [*later, *before], as_of=ENDED + dt.timedelta(days=wait))

    assert attrs.evolve(second, judged_on=first.judged_on) == first


@given(observations, st.randoms())
def test_the_order_of_observations_makes_no_difference(
    drawn: list[Observation], random: Any
) -> None:
    shuffled = random.sample(drawn, len(drawn))

    assert judge(RUN, TOUR, shuffled, as_of=LATER) == judge(RUN, TOUR, drawn, as_of=LATER)


# Precision


def run_with(judgement: str, playbook: str = "tour") -> Run:
    verdict = Verdict(judgement=judgement, judged_on=LATER)
    return attrs.evolve(RUN, playbook=playbook, verdict=verdict)


def test_the_precision_of_an_entry_is_the_share_of_judged_runs_that_were_valid() -> None:
    runs = [run_with(each) for each in ("worked", "failed", "not_valid", "not_taken")]

    found = entry_precision([*runs, RUN, run_with("not_valid", "other")], "tour")

    assert (found.numerator, found.denominator) == (3, 4)
    assert entry_precision([RUN], "tour").value is None


@pytest.mark.parametrize("given", [None, 0, True, []])
def test_why_a_run_is_not_valid_is_said_in_words(given: Any) -> None:
    tour = Playbook(name="tour", need="use", layer="product", entry="a > 1")
    ended = begin(tour, "A1", on=dt.date(2026, 7, 1)).end(dt.date(2026, 7, 10))

    with pytest.raises(DefinitionError, match="not_valid is not valid: \\$: expected text"):
        judge(ended, tour, [], as_of=dt.date(2026, 7, 11), not_valid=given)


def test_what_is_no_run_playbook_or_name_is_refused() -> None:
    tour = Playbook(name="tour", need="use", layer="product", entry="a > 1")

    with pytest.raises(DefinitionError, match="expected a Run, but got None"):
        not_taken(None, tour)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="expected a Playbook, but got None"):
        not_taken(begin(tour, "A1", on=dt.date(2026, 7, 1)), None)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="expected text, but got a value of the type Playboo"):
        entry_precision([], tour)  # type: ignore[arg-type]
