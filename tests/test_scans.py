"""A scan of many accounts says what following each of them by itself would say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import scans
from cslib.scans import REFUSED, STAYS, Clock, Scan, ScanError, Timer, Wakes, scan

# The plain way: one account after another, one event after another


@attrs.frozen(kw_only=True)
class Case:
    """A log as one list of (moment, letter) for each account, and what it runs through."""

    accounts: list[list[tuple[int, int]]]
    table: list[list[int]]
    initial: int
    timers: tuple[Timer, ...]
    until: int

    def scan(self, *, timed: bool = True) -> Scan:
        rows = [row for account in self.accounts for row in account]
        lengths = [len(account) for account in self.accounts]
        at = np.array([moment for moment, _ in rows], np.int64)
        return scan(
            np.cumsum([0, *lengths])[:-1],
            np.array([letter for _, letter in rows], np.uint8),
            np.array(self.table),
            initial=self.initial,
            clock=Clock(at=at, until=self.until, timers=self.timers) if timed else None,
        )


@attrs.define
class Plain:
    """One account, followed as one would by hand."""

    case: Case
    stage: int
    entered: int | None = None
    wakes: list[tuple[int, int, int]] = attrs.field(factory=list)

    def advance(self, row: int, until: int) -> None:
        while (first := min(self.timed(), default=None)) and first[0] <= until:
            self.entered, place = first
            self.stage = self.case.timers[place].target
            self.wakes.append((row, self.entered, place))

    def timed(self) -> Iterator[tuple[int, int]]:
        for place, timer in enumerate(self.case.timers):
            if self.entered is not None and timer.stage == self.stage:
                yield moment_of(timer, self.entered), place

    def take(self, at: int, letter: int) -> None:
        following = self.case.table[self.stage][letter]
        if following >= 0:
            self.stage, self.entered = following, at


def moment_of(timer: Timer, entered: int) -> int:
    if callable(timer.after):
        return int(timer.after(np.array([entered]))[0])
    return entered + timer.after


def plainly(case: Case, *, timed: bool = True) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"before": [], "after": [], "final": [], "wakes": []}
    row = 0
    for account, events in enumerate(case.accounts):
        one = Plain(case if timed else attrs.evolve(case, timers=()), case.initial)
        for at, letter in events:
            one.advance(row, at)
            found["before"].append(one.stage)
            one.take(at, letter)
            found["after"].append(one.stage)
            row += 1
        one.advance(row, case.until)
        found["final"].append(one.stage)
        found["wakes"] += [(account, *wake) for wake in one.wakes]
    return found


def told(found: Scan) -> dict[str, list[Any]]:
    return {
        "before": found.before.tolist(),
        "after": found.after.tolist(),
        "final": found.final.tolist(),
        "wakes": wakes_of(found.wakes),
    }


def wakes_of(wakes: Wakes) -> list[tuple[int, ...]]:
    columns = (wakes.account, wakes.row, wakes.at, wakes.timer)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def next_ten(entered: np.ndarray) -> np.ndarray:
    """The next moment that ten divides, as the first of a month is for days."""
    return (entered // 10 + 1) * 10


@st.composite
def cases(draw: st.DrawFn) -> Case:
    stages, letters = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    stage = st.integers(0, stages - 1)
    entry = st.one_of(stage, st.just(REFUSED), st.just(STAYS))
    events = st.lists(st.tuples(st.integers(-40, 40), st.integers(0, letters - 1)), max_size=12)
    accounts = draw(st.lists(events, max_size=8))
    long = draw(st.integers(0, 40))
    if accounts and long:  # one account with most of the log
        accounts[0] = accounts[0] * long
    after = st.one_of(st.integers(1, 30), st.just(next_ten))
    timer = st.builds(Timer, stage=stage, target=stage, after=after)
    return Case(
        accounts=[sorted(account, key=lambda event: event[0]) for account in accounts],
        table=draw(
            st.lists(
                st.lists(entry, min_size=letters, max_size=letters),
                min_size=stages,
                max_size=stages,
            )
        ),
        initial=draw(stage),
        timers=tuple(draw(st.lists(timer, min_size=1, max_size=4))),
        until=draw(st.integers(-40, 90)),
    )


sizes = st.fixed_dictionaries(
    {
        "_TOGETHER": st.integers(1, 6),
        "_FEW": st.integers(1, 4),
        "_PIECE": st.integers(1, 40),
        "_RUN": st.integers(1, 9),
        "_MENDED": st.integers(1, 4),
    }
)


def sized(**sizes: int) -> Any:
    """Limits so small that small logs meet them."""
    return mock.patch.multiple(scans, **sizes)


@given(cases(), sizes)
def test_a_scan_without_timers_is_each_account_followed_by_itself(
    case: Case, sizes: dict[str, int]
) -> None:
    with sized(**sizes):
        assert told(case.scan(timed=False)) == plainly(case, timed=False)


@given(cases(), sizes)
def test_a_scan_with_timers_is_each_account_followed_by_itself(
    case: Case, sizes: dict[str, int]
) -> None:
    with sized(**sizes):
        assert told(case.scan()) == plainly(case)


# Worked by hand


TRIAL, CUSTOMER, LAPSED = range(3)
TABLE = [[CUSTOMER, LAPSED], [REFUSED, LAPSED], [CUSTOMER, STAYS]]
SIGNED, CANCELLED = range(2)


def follow(
    *events: tuple[int, int], timers: tuple[Timer, ...] = (), until: int = 100, initial: int = TRIAL
) -> dict[str, list[Any]]:
    """One account, by the table above."""
    accounts = [list(events)]
    return told(
        Case(accounts=accounts, table=TABLE, initial=initial, timers=timers, until=until).scan()
    )


def test_what_is_timed_for_a_moment_happens_before_its_events() -> None:
    lapses = Timer(CUSTOMER, LAPSED, 30)

    found = follow((0, SIGNED), (30, SIGNED), until=40, timers=(lapses,))

    assert found["before"] == [TRIAL, LAPSED]
    assert found["after"] == [CUSTOMER, CUSTOMER]
    assert found["wakes"] == [(0, 1, 30, 0)]


def test_what_is_timed_for_a_moment_happens_before_its_events_in_many_accounts_too() -> None:
    accounts = [[(0, SIGNED), (30 + place % 2, SIGNED)] for place in range(600)]
    lapses = Timer(CUSTOMER, LAPSED, 31)
    case = Case(accounts=accounts, table=TABLE, initial=TRIAL, timers=(lapses,), until=40)

    found = told(case.scan())

    assert found == plainly(case)
    assert found["before"][:4] == [TRIAL, CUSTOMER, TRIAL, LAPSED]


def test_a_refused_event_does_not_start_the_time_in_a_stage_anew() -> None:
    lapses = Timer(CUSTOMER, LAPSED, 30)

    assert follow((0, SIGNED), (29, SIGNED), timers=(lapses,))["wakes"] == [(0, 2, 30, 0)]


def test_a_move_to_the_same_stage_starts_its_time_anew() -> None:
    found = scan(
        np.array([0]),
        np.array([0, 1, 1]),
        np.array([[1, REFUSED], [REFUSED, 1]]),
        clock=Clock(at=np.array([0, 20, 45]), until=100, timers=(Timer(1, 0, 30),)),
    )

    assert wakes_of(found.wakes) == [(0, 3, 75, 0)]


def test_one_timer_may_follow_another_between_two_events() -> None:
    timers = (Timer(CUSTOMER, LAPSED, 30), Timer(LAPSED, TRIAL, 5))

    found = follow((0, SIGNED), (40, SIGNED), until=40, timers=timers)

    assert found["wakes"] == [(0, 1, 30, 0), (0, 1, 35, 1)]
    assert found["before"] == [TRIAL, TRIAL]


def test_of_timers_for_one_moment_the_first_is_made() -> None:
    by_month, by_days = Timer(CUSTOMER, TRIAL, next_ten), Timer(CUSTOMER, LAPSED, 10)

    assert follow((0, SIGNED), timers=(by_month, by_days))["final"] == [TRIAL]
    assert follow((0, SIGNED), timers=(by_days, by_month))["final"] == [LAPSED]


def test_nothing_is_timed_from_a_first_stage_that_was_entered_at_no_known_moment() -> None:
    found = follow((0, CANCELLED), (9, CANCELLED), timers=(Timer(TRIAL, LAPSED, 1),))

    assert found["wakes"] == []


def test_what_is_timed_for_the_last_moment_has_happened_and_no_more() -> None:
    lapses = Timer(CUSTOMER, LAPSED, 30)

    assert follow((0, SIGNED), timers=(lapses,), until=30)["final"] == [LAPSED]
    assert follow((0, SIGNED), timers=(lapses,), until=29)["final"] == [CUSTOMER]


def test_accounts_without_events_stand_where_they_began() -> None:
    found = scan(np.array([0, 0, 1, 1]), np.array([SIGNED]), np.array(TABLE), initial=LAPSED)

    assert found.final.tolist() == [LAPSED, CUSTOMER, LAPSED, LAPSED]


def test_an_empty_log_of_no_accounts_is_scanned() -> None:
    nothing = np.empty(0, np.int64)
    clock = Clock(at=nothing, until=0, timers=(Timer(0, 1, 1),))

    assert scan(nothing, nothing, np.array(TABLE)).final.size == 0
    assert scan(nothing, nothing, np.array(TABLE), clock=clock).final.size == 0


def test_more_than_256_stages_are_told_apart() -> None:
    chain = np.minimum(np.arange(1, 301), 299)[:, None]

    found = scan(np.array([0]), np.zeros(400, np.uint8), chain)

    assert found.after[:300].tolist() == [*range(1, 300), 299]
    assert found.final.tolist() == [299]


@pytest.mark.parametrize("kind", [np.int8, np.uint64])
def test_letters_may_be_of_any_whole_type(kind: type) -> None:
    letters = np.array([SIGNED, CANCELLED], kind)

    assert scan(np.array([0]), letters, np.array(TABLE)).after.tolist() == [CUSTOMER, LAPSED]


def test_a_long_account_whose_runs_never_meet_is_followed_to_its_end() -> None:
    turns = np.array([[1], [2], [0]])  # from different stages it comes to different ones for ever

    with sized(_RUN=4, _MENDED=3):
        found = scan(np.array([0, 11]), np.zeros(12, np.uint8), turns)

    assert found.after.tolist() == [1, 2, 0] * 3 + [1, 2] + [1]


def test_a_run_is_mended_to_where_it_meets_what_was_found() -> None:
    table = np.array([[0, 1], [0, 1]])  # every event tells the stage, whatever was before

    with sized(_RUN=3, _MENDED=2):
        found = scan(np.array([0]), np.array([1, 1, 1, 1, 0, 1, 0, 0, 1]), table)

    assert found.after.tolist() == [1, 1, 1, 1, 0, 1, 0, 0, 1]


def test_a_skewed_log_is_followed_as_it_is_row_by_row() -> None:
    rng = np.random.default_rng(3)
    lengths = np.append(40_000, rng.integers(0, 9, 500))
    letters = rng.integers(0, 2, int(lengths.sum()))
    starts = np.cumsum(lengths) - lengths

    found = scan(starts, letters, np.array(TABLE))

    stages, begun = [], set(starts.tolist())
    for row, letter in enumerate(letters.tolist()):
        stage = TRIAL if row in begun else stages[-1]
        entry = TABLE[stage][letter]
        stages.append(stage if entry < 0 else entry)
    assert found.after.tolist() == stages


# What is refused


def refused(**given: Any) -> str:
    clock = {"at": np.array([0, 5]), "until": 9, "timers": (Timer(0, 1, 3),)}
    clock |= {name: given.pop(name) for name in ("at", "until", "timers") if name in given}
    arguments: dict[str, Any] = {
        "starts": np.array([0]),
        "letters": np.array([0, 1]),
        "table": np.array(TABLE),
        "clock": Clock(**clock),
    }
    with pytest.raises(ScanError) as error:
        scan(**arguments | given)
    return str(error.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"table": np.array([0, 1])}, "table is int64 of shape (2,): expected whole numbers"),
        ({"table": np.array([[0.0]])}, "table is float64 of shape (1, 1)"),
        ({"table": np.array([[0, 3], [0, 0]])}, "table[0] is [0, 3]: expected stages from 0 to 1"),
        ({"table": np.array([[0, 0], [0, -3]])}, "table[1] is [0, -3]"),
        ({"initial": 3}, "initial is 3: expected 0 to 2"),
        ({"initial": 1.0}, "initial is 1.0"),
        ({"until": 9.5}, "until is 9.5: expected a whole number"),
        ({"timers": (Timer(1, 0, 1.5),)}, "timers[0] is set for 1.5 later: expected a whole"),
        ({"letters": np.array([0, 2])}, "letters[1] is 2: expected a letter from 0 to 1"),
        ({"letters": np.array([-1, 0])}, "letters[0] is -1"),
        ({"letters": np.array([0.0, 1.0])}, "letters is float64 of shape (2,)"),
        ({"starts": np.array([[0]])}, "starts is int64 of shape (1, 1)"),
        ({"starts": np.array([1])}, "starts[0] is 1: expected 0 for the first account"),
        ({"starts": np.array([0, 3])}, "starts[1] is 3: expected 0"),
        ({"starts": np.array([0, 2, 1])}, "starts[2] is 1: expected 2 or more"),
        ({"starts": np.empty(0, int)}, "starts has no account: expected those of the 2 rows"),
        ({"at": np.array([5, 4])}, "at[1] is 4: expected 5 or later"),
        ({"at": np.array([5])}, "at is int64 of shape (1,): expected int64, a moment for each"),
        ({"at": np.array([0.0, 1.0])}, "at is float64"),
        ({"at": np.array([0, 2**61])}, "at goes to 2305843009213693952: expected less than 2**61"),
        ({"until": -(2**61)}, "at goes to -2305843009213693952"),
        ({"timers": (Timer(3, 1, 1),)}, "timers[0] is of stage 3: expected 0 to 2"),
        ({"timers": (Timer(1, -1, 1),)}, "timers[0] is of stage -1"),
        ({"timers": (Timer(1, 0, 0),)}, "timers[0] is set for 0 later: expected a whole"),
        ({"timers": (Timer(1, 0, lambda at: at),)}, "timers[0] gives 0 for 0: expected a later"),
        ({"timers": (Timer(1, 0, lambda at: at[:0]),)}, "timers[0] gives int64 of shape (0,)"),
        ({"timers": (Timer(1, 0, lambda at: at + 0.5),)}, "timers[0] gives float64 of shape"),
    ],
)
def test_what_cannot_be_scanned_is_named(given: dict[str, Any], message: str) -> None:
    assert refused(**given).startswith(message)


def test_moments_begin_anew_with_each_account() -> None:
    clock = Clock(at=np.array([9, 1]), until=9, timers=(Timer(0, 1, 1),))

    found = scan(np.array([0, 1]), np.array([0, 0]), np.array(TABLE), clock=clock)

    assert found.final.tolist() == [CUSTOMER, CUSTOMER]
