from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest
from hypothesis import given

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.histories import History, OptOut, Tally, begin
from cslib.moments import MomentError
from cslib.playbooks import Library
from cslib.plays import Playbook
from cslib.runs import Run, RunError, Verdict
from play_strategies import accounts, days, histories, libraries

DAY = dt.date(2026, 7, 1)
TOUR = Playbook(name="tour", need="use", layer="product", entry="a > 1", lead="senior csm")
JUDGED = Verdict(judgement="worked", judged_on=dt.date(2026, 8, 10))


def day(n: int) -> dt.date:
    return DAY + dt.timedelta(days=n)


def test_a_run_begins_with_its_playbooks_version_lead_and_the_next_cycle() -> None:
    first = begin(TOUR, "A1", on=DAY).end(day(9))
    other = begin(attrs.evolve(TOUR, name="training"), "A1", on=DAY, history=History(runs=[first]))

    second = begin(TOUR, "A1", on=day(40), history=History(runs=[first, other]), subject="Berlin")

    assert (first.cycle, other.cycle, second.cycle) == (1, 2, 3)
    assert (second.lead, second.version, second.subject) == ("senior csm", 1, "Berlin")


def test_cycles_are_counted_by_account_and_need() -> None:
    history = History(runs=[begin(TOUR, "A1", on=DAY)])

    assert begin(TOUR, "A2", on=DAY, history=history).cycle == 1
    assert begin(attrs.evolve(TOUR, need="other"), "A1", on=DAY, history=history).cycle == 1


def test_cycles_go_on_after_a_compaction() -> None:
    past = attrs.evolve(begin(TOUR, "A1", on=DAY), cycle=4).end(day(9))
    short = History(runs=[attrs.evolve(past, verdict=JUDGED)]).compacted(day(365))

    assert short.runs == ()
    assert begin(TOUR, "A1", on=day(365), history=short).cycle == 5


def test_a_history_is_that_of_each_account() -> None:
    mine, yours = begin(TOUR, "A1", on=DAY), begin(TOUR, "A2", on=DAY)
    out = OptOut(account="A2", since=DAY)
    history = History(runs=[yours, mine], opt_outs=[out])

    assert history.accounts == ("A1", "A2")
    assert history.of("A1") == History(runs=[mine])
    assert history.of("A2") == History(runs=[yours], opt_outs=[out])
    assert history.of("A3") == History()


def test_a_run_takes_the_place_of_its_earlier_value() -> None:
    run, other = begin(TOUR, "A1", on=DAY), begin(TOUR, "A1", on=day(50))
    history = History(runs=[run, other])

    after = history.with_run(run.end(day(9)))

    assert set(after.runs) == {other, run.end(day(9))}


def test_a_run_that_stands_twice_is_refused() -> None:
    run = begin(TOUR, "A1", on=DAY)

    with pytest.raises(DefinitionError, match=r"\$\.runs\[1\]: tour for A1, begun 2026-07-01 st"):
        History(runs=[run, run.end(day(3))])


def test_parts_of_another_kind_are_refused() -> None:
    with pytest.raises(DefinitionError, match=r"\$\.runs\[0\]: expected a Run, but got"):
        History(runs=["tour"])  # type: ignore[list-item]


def test_what_is_no_playbook_or_history_begins_nothing() -> None:
    with pytest.raises(DefinitionError, match="expected a Playbook, but got the str 'tour'"):
        begin("tour", "A1", on=DAY)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="expected a History, but got a list of 0"):
        begin(TOUR, "A1", on=DAY, history=[])  # type: ignore[arg-type]


# Opting out


def test_an_opt_out_holds_from_its_first_to_its_last_day_for_its_need() -> None:
    out = OptOut(account="A1", need="use", since=DAY, until=day(9))

    assert [out.holds_on(day(n), "use") for n in (-1, 0, 9, 10)] == [False, True, True, False]
    assert not out.holds_on(DAY, "other")
    assert OptOut(account="A1", since=DAY).holds_on(day(999), "other")


def test_an_opt_out_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(DefinitionError, match="2026-06-30 lies before 2026-07-01"):
        OptOut(account="A1", since=DAY, until=day(-1))


# Compaction


def test_what_ended_and_was_judged_before_the_day_is_only_counted() -> None:
    past = attrs.evolve(begin(TOUR, "A1", on=DAY).end(day(9)), verdict=JUDGED)
    later = Verdict(judgement="failed", judged_on=day(90))
    again = attrs.evolve(past, started=day(50), ended=day(55), cycle=2, verdict=later)
    waiting = begin(TOUR, "A1", on=day(60)).end(day(61))
    gone = OptOut(account="A1", since=DAY, until=day(1))
    history = History(runs=[again, waiting, past], opt_outs=[gone])

    short = history.compacted(day(365))

    (tally,) = short.tallies
    assert (tally.runs, tally.cycle, tally.ended, tally.last) == (2, 2, day(55), later)
    assert short.runs == (waiting,)
    assert short.opt_outs == (gone,)
    assert short.compacted(day(366)) == short


def test_a_verdict_of_the_day_itself_is_not_past() -> None:
    run = attrs.evolve(begin(TOUR, "A1", on=DAY).end(day(9)), verdict=JUDGED)

    assert History(runs=[run]).compacted(JUDGED.judged_on).runs == (run,)


@given(libraries(), accounts, histories(), days, days)
def test_no_later_selection_can_tell_a_compacted_history_from_the_whole(
    library: Library, account: dict[str, object], history: History, before: dt.date, today: dt.date
) -> None:
    before, today = sorted([before, today])

    whole = library.select(account, history=history, as_of=today)
    short = library.select(account, history=history.compacted(before), as_of=today)

    assert short.explain() == whole.explain()


def test_an_earlier_selection_is_refused_by_a_compacted_history() -> None:
    run = attrs.evolve(begin(TOUR, "A1", on=DAY).end(day(9)), verdict=JUDGED)
    short = History(runs=[run]).compacted(day(365))

    with pytest.raises(RunError, match="counts a run of tour that was judged on 2026-08-10"):
        Library(name="l", playbooks=[TOUR]).select({}, history=short, as_of=day(20))


@given(histories(), days)
def test_a_history_goes_to_json_and_back_unchanged(history: History, before: dt.date) -> None:
    for each in (history, history.compacted(before)):
        assert from_json(to_json(each), History) == each


@given(histories(), days, days)
def test_compacting_in_two_steps_is_compacting_at_once(
    history: History, first: dt.date, last: dt.date
) -> None:
    first, last = sorted([first, last])

    twice = history.compacted(first).compacted(last)
    once = history.compacted(last)

    assert {*twice.tallies} == {*once.tallies}
    assert ({*twice.runs}, twice.opt_outs) == ({*once.runs}, once.opt_outs)


def test_a_run_keeps_its_content_as_a_value() -> None:
    run: Run = begin(TOUR, "A1", on=DAY)

    assert hash(run) == hash(attrs.evolve(run))


@pytest.mark.parametrize(
    ("field", "given", "problem"),
    [
        ("account", None, "$.account: expected text, but got None"),
        ("need", "", "$.need: expected a name, but got an empty text"),
        ("version", True, "$.version: expected a whole number from 1 to 1000000, but got True"),
        ("runs", 0, "$.runs: expected a whole number from 1 to 1000000000, but got the int 0"),
        ("cycle", 1.5, "$.cycle: expected a whole number from 1 to 1000000, but got the float 1.5"),
        ("last", None, "$.last: expected a Verdict, but got None"),
    ],
)
def test_a_count_of_past_runs_is_what_it_says(field: str, given: Any, problem: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        Tally(**{**TALLIED, field: given})

    assert [str(each) for each in caught.value.faults] == [problem]


def test_a_count_of_past_runs_ended_on_a_day_and_was_judged_no_earlier() -> None:
    with pytest.raises(MomentError, match="expected a date"):
        Tally(**{**TALLIED, "ended": None})
    with pytest.raises(DefinitionError, match="2026-08-09 lies before the end of the run"):
        Tally(**{**TALLIED, "ended": dt.date(2026, 8, 10)})
    assert Tally(**{**TALLIED, "ended": dt.date(2026, 8, 9)}).runs == 1


TALLIED: dict[str, Any] = {
    "account": "A1",
    "need": "use",
    "playbook": "tour",
    "version": 1,
    "runs": 1,
    "cycle": 1,
    "ended": dt.date(2026, 7, 5),
    "last": Verdict(judgement="worked", judged_on=dt.date(2026, 8, 9)),
}


@pytest.mark.parametrize("given", [None, 5, ["A1"]])
def test_a_history_is_asked_by_the_name_of_an_account(given: Any) -> None:
    with pytest.raises(DefinitionError, match="account is not valid"):
        History().of(given)


def test_only_a_run_is_put_into_a_history() -> None:
    with pytest.raises(DefinitionError, match="expected a Run, but got None"):
        History().with_run(None)  # type: ignore[arg-type]


def test_an_opt_out_is_asked_of_a_day() -> None:
    with pytest.raises(MomentError, match="expected a date"):
        OptOut(account="A1", since=dt.date(2026, 7, 1)).holds_on(None, "use")  # type: ignore[arg-type]


def test_the_cycle_of_a_count_is_the_highest_whatever_ended_last() -> None:
    judged = Verdict(judgement="failed", judged_on=dt.date(2026, 9, 1))
    long_one = Run(
        account="A1",
        need="use",
        playbook="tour",
        started=dt.date(2026, 7, 1),
        cycle=1,
        ended=dt.date(2026, 8, 20),
        verdict=judged,
    )
    short = attrs.evolve(
        long_one,
        started=dt.date(2026, 7, 2),
        subject="Berlin",
        cycle=2,
        ended=dt.date(2026, 8, 1),
        verdict=Verdict(judgement="worked", judged_on=dt.date(2026, 9, 1)),
    )

    (tally,) = History(runs=[short, long_one]).compacted(dt.date(2026, 10, 1)).tallies

    assert (tally.runs, tally.cycle, tally.ended) == (2, 2, dt.date(2026, 8, 20))
    assert tally.last == judged


def test_an_opt_out_that_is_over_still_holds_for_an_earlier_day() -> None:
    judged = Verdict(judgement="worked", judged_on=dt.date(2026, 8, 9))
    run = attrs.evolve(begin(TOUR, "A1", on=DAY).end(day(9)), verdict=judged)
    out = OptOut(account="A1", since=dt.date(2026, 8, 10), until=dt.date(2026, 8, 31))
    short = History(runs=[run], opt_outs=[out]).compacted(dt.date(2026, 9, 1))
    library = Library(name="one", playbooks=(TOUR,))

    with pytest.raises(RunError, match="compacted for a later day"):
        library.select({"a": 2}, history=short, as_of=dt.date(2026, 8, 9))
    within = library.select({"a": 2}, history=short, as_of=dt.date(2026, 8, 20))
    assert str(within.findings[0].status) == "opted_out"
    after = library.select({"a": 2}, history=short, as_of=dt.date(2026, 9, 1))
    assert str(after.findings[0].status) == "chosen"


@given(libraries(), accounts, histories(), days, days)
def test_an_earlier_selection_is_that_of_the_whole_history_or_refused(
    library: Library, account: dict[str, object], history: History, before: dt.date, today: dt.date
) -> None:
    whole = library.select(account, history=history, as_of=today)
    try:
        found = library.select(account, history=history.compacted(before), as_of=today)
    except RunError:
        assert today < before
        return
    assert [each.status for each in found.findings] == [each.status for each in whole.findings]
