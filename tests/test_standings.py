from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest

from cslib.histories import History, OptOut, begin
from cslib.plays import Limits, Playbook, Success
from cslib.runs import Judgement, Run, RunError, Verdict
from cslib.standings import Bar, Status, bars

DAY = dt.date(2026, 7, 1)
SUCCESS = Success(when="seats_used >= 6", within=30)


def day(n: int) -> dt.date:
    return DAY + dt.timedelta(days=n)


def playbook(name: str = "tour", **rest: Any) -> Playbook:
    return Playbook(**{"name": name, "need": "use", "layer": "product", "entry": "a > 1", **rest})


def run(of: Playbook, start: int = 0, end: int | None = None, verdict: str = "") -> Run:
    made = begin(of, "A1", on=day(start))
    made = made if end is None else made.end(day(end))
    judged_on = day(0 if end is None else end + 1)
    judged = Verdict(judgement=verdict, judged_on=judged_on, reason="seen") if verdict else None
    return attrs.evolve(made, verdict=judged)


def found(
    today: int, *runs: Run, of: tuple[Playbook, ...], outs: tuple[OptOut, ...] = ()
) -> dict[str, Bar]:
    history = History(runs=runs, opt_outs=outs)
    return {of[place].name: bar for place, bar in bars(of, history, day(today))}


def status(today: int, *runs: Run, of: Playbook) -> Status | None:
    bar = found(today, *runs, of=(of,)).get(of.name)
    return None if bar is None else bar.status


TOUR, TRAINING = playbook(), playbook("training", layer="service")
JUDGED_TOUR = playbook(success=SUCCESS)
OTHER = playbook("call", need="satisfaction")


# One medicine at a time


def test_a_run_under_way_bars_every_playbook_of_its_need_and_no_other() -> None:
    under_way = run(TOUR)

    barred = found(1, under_way, of=(TOUR, TRAINING, OTHER))

    assert {name: bar.status for name, bar in barred.items()} == {
        "tour": Status.UNDER_WAY,
        "training": Status.UNDER_WAY,
    }
    assert barred["training"].run == under_way
    assert barred["training"].status.stops


def test_a_run_bars_from_its_first_day_to_the_day_before_its_end() -> None:
    ended = run(TOUR, 0, 9)

    assert [status(n, ended, of=TOUR) for n in (-1, 0, 8, 9)] == [
        None,
        Status.UNDER_WAY,
        Status.UNDER_WAY,
        None,
    ]


def test_a_run_that_can_be_judged_and_was_not_bars_its_need() -> None:
    ended = run(JUDGED_TOUR, 0, 9)

    barred = found(200, ended, of=(JUDGED_TOUR, TRAINING))

    assert {bar.status for bar in barred.values()} == {Status.NOT_JUDGED}
    assert barred["training"].why == "tour for A1, begun 2026-07-01, is not judged yet"


def test_only_the_run_that_ended_last_waits_for_its_verdict() -> None:
    older, later = run(JUDGED_TOUR, 0, 9), run(JUDGED_TOUR, 20, 29, "worked")

    assert status(15, older, later, of=JUDGED_TOUR) is Status.NOT_JUDGED
    assert status(40, older, later, of=JUDGED_TOUR) is None


def test_a_verdict_counts_from_its_own_day() -> None:
    ended = run(JUDGED_TOUR, 0, 9, "worked")

    assert status(9, ended, of=JUDGED_TOUR) is Status.NOT_JUDGED
    assert status(10, ended, of=JUDGED_TOUR) is None


@pytest.mark.parametrize(
    "now",
    [
        playbook(),  # it says no success any more
        playbook(success=SUCCESS, version=2),
        playbook("another", success=SUCCESS),
    ],
)
def test_a_run_that_nobody_could_judge_holds_nothing_up(now: Playbook) -> None:
    assert status(20, run(JUDGED_TOUR, 0, 9), of=now) is None


# Failed


def test_a_failure_bars_its_playbook_and_lets_the_dearer_ones_pass() -> None:
    barred = found(11, run(JUDGED_TOUR, 0, 9, "failed"), of=(JUDGED_TOUR, TRAINING))

    assert barred == {
        "tour": Bar(Status.FAILED, "was taken and failed, as judged on 2026-07-11: seen")
    }


@pytest.mark.parametrize(
    "judgement", [each for each in Judgement if each not in (Judgement.FAILED, Judgement.TOO_EARLY)]
)
def test_no_other_verdict_is_a_failure(judgement: Judgement) -> None:
    assert status(11, run(JUDGED_TOUR, 0, 9, judgement), of=JUDGED_TOUR) is None


def test_a_new_version_is_another_medicine() -> None:
    failed = run(JUDGED_TOUR, 0, 9, "failed")

    assert status(11, failed, of=attrs.evolve(JUDGED_TOUR, version=2)) is None


def test_the_verdict_of_the_run_that_ended_last_counts() -> None:
    runs = [run(JUDGED_TOUR, 0, 9, "failed"), run(JUDGED_TOUR, 20, 29, "worked")]

    assert status(25, *runs[::-1], of=JUDGED_TOUR) is Status.UNDER_WAY
    assert status(40, *runs[::-1], of=JUDGED_TOUR) is None
    assert status(15, *runs, of=JUDGED_TOUR) is Status.FAILED


def test_a_failure_may_be_forgotten_after_some_days() -> None:
    forgiving = attrs.evolve(JUDGED_TOUR, limits=Limits(retry_after=60))
    failed = run(forgiving, 0, 9, "failed")  # judged on day 10

    assert status(69, failed, of=forgiving) is Status.FAILED
    assert status(70, failed, of=forgiving) is None


# Limits


def test_a_cool_down_is_over_so_many_days_after_the_last_end_for_the_need() -> None:
    cooling = attrs.evolve(TRAINING, limits=Limits(cool_down=30))
    ended = run(TOUR, 0, 0)

    assert status(29, ended, of=cooling) is Status.COOLING_DOWN
    assert status(30, ended, of=cooling) is None
    assert found(29, ended, of=(cooling,))["training"].why == (
        "cools down until 2026-07-31: the last run for use ended on 2026-07-01"
    )


def test_without_a_cool_down_a_playbook_may_begin_on_the_day_of_an_end() -> None:
    assert status(0, run(TOUR, 0, 0), of=TOUR) is None


def test_runs_of_all_versions_count_to_the_limit() -> None:
    once = attrs.evolve(TOUR, limits=Limits(at_most=2))
    runs = [run(attrs.evolve(once, version=n), n * 10, n * 10 + 1) for n in (1, 2)]

    assert status(15, runs[0], of=once) is None
    assert found(40, *runs, of=(once,))["tour"].why == "was run 2 of at most 2 times"


def test_limits_hold_on_a_compacted_history() -> None:
    limited = attrs.evolve(TOUR, limits=Limits(at_most=1, cool_down=30))
    short = History(runs=[run(limited, 0, 9, "worked")]).compacted(day(11))

    ((_, bar),) = bars([limited], short, day(11))
    assert bar.status is Status.AT_LIMIT
    ((_, bar),) = bars([attrs.evolve(limited, limits=Limits(cool_down=30))], short, day(11))
    assert bar.status is Status.COOLING_DOWN


# Others


def test_a_customer_who_opted_out_of_a_need_gets_nothing_for_it() -> None:
    out = OptOut(account="A1", need="use", since=DAY, until=day(5), reason="asked by phone")

    barred = found(5, of=(TOUR, OTHER), outs=(out,))

    assert list(barred) == ["tour"]
    assert barred["tour"].why == (
        "the customer does not want it since 2026-07-01 until 2026-07-06: asked by phone"
    )
    assert found(6, of=(TOUR,), outs=(out,)) == {}


@pytest.mark.parametrize("first", [True, False])
def test_a_run_under_way_bars_what_does_not_run_beside_it(first: bool) -> None:
    excluding = attrs.evolve(OTHER, excludes=["tour"])
    pair = (excluding, TOUR) if first else (attrs.evolve(TOUR, excludes=["call"]), OTHER)
    running = run(pair[0])

    barred = found(1, running, of=pair)

    assert barred[pair[1].name].status is Status.EXCLUDED


def test_what_begins_later_has_not_happened() -> None:
    assert status(0, run(TOUR, 1), of=TOUR) is None


def test_a_history_of_several_accounts_is_refused() -> None:
    both = History(runs=[begin(TOUR, "A1", on=DAY), begin(TOUR, "A2", on=DAY)])

    with pytest.raises(RunError, match="expected that of one account, but got of 2 accounts"):
        list(bars([TOUR], both, DAY))


def test_a_cool_down_that_ends_beyond_the_calendar_still_says_so() -> None:
    of = playbook(limits=Limits(cool_down=9_000))
    last = begin(of, "A1", on=dt.date(9999, 12, 1)).end(dt.date(9999, 12, 2))

    ((_, bar),) = bars([of], History(runs=[last]), dt.date(9999, 12, 3))

    assert bar.status is Status.COOLING_DOWN
    assert bar.why.startswith("cools down until after the year 9999: the last run for use ended")


# Bounds and orders


def test_what_ended_today_cools_down_already() -> None:
    of = playbook(limits=Limits(cool_down=5))

    assert [status(n, run(of, 0, 10), of=of) for n in (10, 14, 15)] == [
        Status.COOLING_DOWN,
        Status.COOLING_DOWN,
        None,
    ]


def test_what_the_customer_does_not_want_is_told_before_a_run_under_way() -> None:
    out = OptOut(account="A1", since=day(1))

    assert found(5, run(TOUR), of=(TOUR,), outs=(out,))["tour"].status is Status.OPTED_OUT


def test_what_failed_has_failed_also_at_its_limit_and_while_it_cools_down() -> None:
    of = playbook(limits=Limits(at_most=1, cool_down=90))

    assert status(20, run(of, 0, 10, "failed"), of=of) is Status.FAILED


def test_the_verdict_that_counts_is_that_of_the_run_that_ended_last() -> None:
    first = attrs.evolve(run(TOUR, 0, 30, "failed"), cycle=1)
    second = attrs.evolve(run(TOUR, 5, 20, "worked"), cycle=2)

    assert status(40, first, second, of=TOUR) is Status.FAILED
    assert status(40, second, first, of=TOUR) is Status.FAILED


@pytest.mark.parametrize("names", ["call", "tour"])
def test_either_of_two_may_name_the_one_beside_which_it_does_not_run(names: str) -> None:
    tour = playbook(excludes=["call"] if names == "tour" else [])
    call = playbook("call", need="satisfaction", excludes=["tour"] if names == "call" else [])

    for one, other in ((tour, call), (call, tour)):
        assert found(5, run(one), of=(tour, call))[other.name].status is Status.EXCLUDED


def test_the_run_that_waits_for_its_verdict_is_the_one_that_ended_last() -> None:
    long_one = run(JUDGED_TOUR, 0, 30)
    short = attrs.evolve(run(JUDGED_TOUR, 5, 10, "worked"), cycle=2)

    assert status(40, long_one, short, of=JUDGED_TOUR) is Status.NOT_JUDGED


def test_a_count_tells_only_the_days_after_its_last_verdict() -> None:
    judged = run(TOUR, 0, 10, "worked")
    short = History(runs=[judged]).compacted(day(100))

    with pytest.raises(RunError, match="compacted for a later day"):
        list(bars((TOUR,), short, day(11)))
    assert list(bars((TOUR,), short, day(12))) == []
