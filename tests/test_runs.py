from __future__ import annotations

import datetime as dt
import pickle
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.moments import MomentError
from cslib.runs import Done, Judgement, Run, RunError, Verdict
from play_strategies import runs

DAY = dt.date(2026, 7, 1)


def day(n: int) -> dt.date:
    return DAY + dt.timedelta(days=n)


def run(**rest: Any) -> Run:
    return Run(**{"account": "A1", "need": "use", "playbook": "tour", "started": DAY, **rest})


def faults(**given: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        run(**given)
    return [str(each) for each in caught.value.faults]


def test_taking_a_step_makes_a_new_run_and_leaves_the_old_one() -> None:
    before = run()

    after = before.take("call", on=day(2), hours={"csm": "0.5"}).skip("visit").end(day(9))

    assert before.done == ()
    assert after.done == (Done(step="call", on=day(2), hours={"csm": Decimal("0.5")}),)
    assert (after.skipped, after.ended, after.is_open) == (("visit",), day(9), False)


def test_a_run_is_under_way_from_its_start_to_the_day_before_its_end() -> None:
    ended = run(ended=day(9))

    assert [ended.is_open_on(day(n)) for n in (-1, 0, 8, 9)] == [False, True, True, False]
    assert run().is_open_on(day(999))


def test_a_run_takes_its_verdict_unless_it_is_too_early() -> None:
    ended = run(ended=day(9))
    early = Verdict(judgement="too_early", judged_on=day(9))
    worked = Verdict(judgement="worked", judged_on=day(40))

    assert ended.judged(early) == ended
    assert ended.judged(worked).verdict == worked
    with pytest.raises(DefinitionError, match="expected a Verdict, but got the str 'worked'"):
        ended.judged("worked")  # type: ignore[arg-type]


def test_an_ended_run_takes_nothing_more() -> None:
    ended = run(ended=day(9))

    for change in (
        lambda: ended.take("call", on=day(9)),
        lambda: ended.skip("call"),
        lambda: ended.end(day(9)),
    ):
        with pytest.raises(RunError) as caught:
            change()
        assert str(caught.value) == (
            "tour for A1, begun 2026-07-01: ended on 2026-07-10; begin another run"
        )


def test_what_is_no_day_is_refused_by_the_name_of_the_argument() -> None:
    for change in (lambda: run().take("call", on=None), lambda: run().end(None)):  # type: ignore[arg-type]
        with pytest.raises(MomentError, match=r"^on: expected a date"):
            change()


@pytest.mark.parametrize("version", [Decimal("sNaN"), 0, True, "2"])
def test_a_version_that_is_none_is_refused(version: Any) -> None:
    with pytest.raises(DefinitionError, match=r"^run tour for A1.*\$\.version: expected a whole"):
        run(version=version)


def test_a_step_is_done_once() -> None:
    with pytest.raises(RunError, match="'call' was done already"):
        run().take("call", on=day(1)).take("call", on=day(2))


def test_every_fault_of_a_run_is_told() -> None:
    found = faults(
        account="",
        need="",
        playbook="",
        subject=1,
        lead=1,
        version=0,
        cycle=0,
        ended=day(-1),
        done=[Done(step="call", on=day(3))],
        skipped=["call"],
        verdict="failed",
    )

    assert [each.split(":")[0] for each in found] == [
        "$.account",
        "$.need",
        "$.playbook",
        "$.subject",
        "$.lead",
        "$.version",
        "$.cycle",
        "$.ended",
        "$.done[0].on",
        "$.done[0].step",
        "$.verdict",
    ]


def test_a_day_outside_the_run_is_refused() -> None:
    assert faults(done=[Done(step="call", on=day(-1))]) == [
        "$.done[0].on: 2026-06-30 lies outside the run, 2026-07-01 to today"
    ]


def test_too_early_is_no_verdict_and_a_run_under_way_has_none() -> None:
    early = Verdict(judgement="too_early", judged_on=DAY)
    worked = Verdict(judgement="worked", judged_on=DAY)

    assert faults(ended=DAY, verdict=early) == [
        "$.verdict: is no verdict yet: it is too early; leave it out"
    ]
    assert faults(verdict=worked) == ["$.verdict: is that of a run under way: end the run first"]


def test_a_verdict_is_not_given_before_the_end() -> None:
    early = Verdict(judgement="worked", judged_on=day(8))

    assert faults(ended=day(9), verdict=early) == [
        "$.verdict.judged_on: 2026-07-09 lies before the end of the run, 2026-07-10"
    ]


def test_an_unknown_judgement_is_refused_with_a_suggestion() -> None:
    with pytest.raises(DefinitionError, match="did you mean 'worked'"):
        Verdict(judgement="workd", judged_on=DAY)


def test_words_and_steps_are_texts() -> None:
    with pytest.raises(DefinitionError, match=r"\$\.reason: expected text, but got the int 3"):
        Verdict(judgement="worked", judged_on=DAY, reason=3)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=r"\$\.step: expected text, but got the int 3"):
        run().take(3, on=DAY)  # type: ignore[arg-type]


def test_instants_stand_for_their_day_in_utc() -> None:
    late = dt.datetime(2026, 7, 1, 23, tzinfo=dt.timezone(dt.timedelta(hours=-5)))

    assert run(started=late).started == day(1)


def test_a_run_names_its_version_where_it_is_not_the_first() -> None:
    assert str(run(version=2)) == "tour@2 for A1, begun 2026-07-01"
    assert str(Verdict(judgement=Judgement.NOT_TAKEN, judged_on=DAY, reason="not done: call")) == (
        "not taken: not done: call"
    )


@given(runs())
def test_a_run_goes_to_json_and_back_and_survives_pickle(drawn: Run) -> None:
    assert from_json(to_json(drawn), Run) == drawn
    assert pickle.loads(pickle.dumps(drawn)) == drawn  # noqa: S301  our own bytes
    assert hash(attrs.evolve(drawn)) == hash(drawn)


# What is none


@pytest.mark.parametrize("given", [None, 5, "2026-07-09", dt.datetime(2026, 7, 9)])
def test_what_is_no_day_is_refused_wherever_a_run_takes_one(given: Any) -> None:
    for asked in (
        lambda: run().end(given),
        lambda: run().is_open_on(given),
        lambda: run().take("call", on=given),
        lambda: run(started=given),
    ):
        with pytest.raises(MomentError, match="expected a date or an aware datetime"):
            asked()


@pytest.mark.parametrize("given", [5, "2026-07-09", dt.datetime(2026, 7, 9)])
def test_a_verdict_is_made_from_the_facts_of_a_day(given: Any) -> None:
    with pytest.raises(MomentError, match="expected a date"):
        Verdict(judgement="worked", judged_on=DAY, observed_on=given)


def test_a_verdict_is_not_made_from_facts_of_a_later_day() -> None:
    assert Verdict(judgement="worked", judged_on=DAY, observed_on=DAY).observed_on == DAY
    with pytest.raises(DefinitionError, match="2026-07-02 lies after the verdict, 2026-07-01"):
        Verdict(judgement="worked", judged_on=DAY, observed_on=day(1))


def test_no_verdict_takes_none_away() -> None:
    judged = run(ended=day(9)).judged(Verdict(judgement="worked", judged_on=day(40)))

    with pytest.raises(DefinitionError, match="expected a Verdict, but got None"):
        judged.judged(None)  # type: ignore[arg-type]


def test_a_step_stands_once_among_those_done_and_those_skipped() -> None:
    once = Done(step="call", on=DAY, hours={"csm": 1})

    assert faults(done=[once, attrs.evolve(once, on=day(1))]) == [
        "$.done[1].step: 'call' stands twice"
    ]
    assert faults(skipped=["visit", "visit"]) == ["$.skipped[1]: 'visit' stands twice"]
    assert run().skip("visit").skip("visit").skipped == ("visit",)


@pytest.mark.parametrize("given", ["", 5, None, ["visit"]])
def test_what_is_skipped_is_a_name(given: Any) -> None:
    with pytest.raises(DefinitionError, match="expected a"):
        run().skip(given)


@pytest.mark.parametrize("given", [0, "", [], False])
def test_hours_that_are_none_are_refused_also_where_they_are_empty(given: Any) -> None:
    with pytest.raises(DefinitionError, match="expected numbers by role"):
        run().take("call", on=DAY, hours=given)
