"""Queues: which issue is next, by when it is due, and whose turn it is (P10)."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.issues import Issue, State, Update
from cslib.moments import MomentError
from cslib.queues import Queue, ServiceLevel, Standing, Target
from cslib.workinghours import Opening, WorkingHours

OFFICE = WorkingHours(openings=[Opening(opens="09:00", closes="17:00")])
LEVEL = ServiceLevel(
    name="gold",
    calendar=OFFICE,
    targets=[
        Target(priority="high", hours=4),
        Target(priority="normal", hours=8),
        Target(priority="low", hours="20.5"),
    ],
)
MONDAY = dt.datetime(2026, 6, 29, tzinfo=dt.UTC)


def at(hour: float, day: int = 0) -> dt.datetime:
    """An hour of a day, Monday unless said."""
    return MONDAY + dt.timedelta(days=day, hours=hour)


def hours(count: float) -> dt.timedelta:
    return dt.timedelta(hours=count)


TEN = at(10)


def issue(*updates: tuple[str, dt.datetime], **rest: Any) -> Issue:
    made = [Update(change=change, at=when) for change, when in updates]
    fields = {"id": "I1", "account": "acme", "opened_at": at(9), "priority": "high"}
    return Issue(**{**fields, "updates": made, **rest})


def standing(*updates: tuple[str, dt.datetime], as_of: dt.datetime, **rest: Any) -> Standing:
    return LEVEL.standing(issue(*updates, **rest), as_of=as_of)


def queued(*issues: Issue, as_of: dt.datetime = TEN) -> Queue:
    return LEVEL.queue(issues, as_of=as_of)


def order(*issues: Issue, as_of: dt.datetime = TEN) -> list[str]:
    return [entry.issue.id for entry in queued(*issues, as_of=as_of).entries]


# The clock


def test_an_issue_is_due_after_so_many_working_hours() -> None:
    found = standing(as_of=at(16), opened_at=at(15))

    assert found.due == at(11, day=1)
    assert (found.spent, found.left, found.late) == (hours(1), hours(3), False)


def test_what_is_solved_at_the_due_instant_is_in_time() -> None:
    in_time = standing(("solved", at(13)), as_of=at(15))
    late = standing(("solved", at(13) + dt.timedelta.resolution), as_of=at(15))

    assert (in_time.due, in_time.late) == (at(13), False)
    assert (late.due, late.late) == (at(13), True)


def test_an_open_issue_is_overdue_from_the_first_moment_after() -> None:
    assert not standing(as_of=at(13)).late
    assert standing(as_of=at(13) + dt.timedelta.resolution).late


def test_an_issue_that_is_due_when_the_day_closes_is_overdue_in_the_evening() -> None:
    found = standing(as_of=at(20), opened_at=at(13))

    assert (found.due, found.late, found.left) == (at(17), True, hours(0))


def test_the_clock_stands_while_the_customer_is_asked() -> None:
    """Worked by hand: four hours from Monday at nine; asked from eleven until Tuesday at ten.

    Two hours are used on Monday, so two are left at ten on Tuesday: due at noon.
    """
    answered = standing(("asked", at(11)), ("answered", at(10, day=1)), as_of=at(11, day=1))

    assert (answered.due, answered.spent) == (at(12, day=1), hours(3))


def test_an_issue_that_waits_for_the_customer_is_not_due() -> None:
    found = standing(("asked", at(11)), as_of=at(16, day=3))

    assert (found.state, found.due, found.late) == (State.WAITING, None, False)
    assert (found.spent, found.left) == (hours(2), hours(2))


def test_an_issue_that_was_overdue_before_the_customer_was_asked_stays_late() -> None:
    found = standing(("asked", at(14)), as_of=at(16))

    assert (found.due, found.late) == (at(13), True)


def test_the_clock_of_a_rejected_solution_goes_on_where_it_stood() -> None:
    """By hand: solved after three of four hours, rejected on Thursday at nine: due at ten."""
    found = standing(("solved", at(12)), ("rejected", at(9, day=3)), as_of=at(9.5, day=3))

    assert (found.state, found.due) == (State.OPEN, at(10, day=3))
    assert (found.spent, found.left, found.late) == (hours(3.5), hours(0.5), False)


def test_a_solution_in_time_that_is_rejected_with_no_time_left_is_late_from_then_on() -> None:
    story = (("solved", at(13)), ("rejected", at(9, day=1)))

    assert standing(*story, as_of=at(9, day=1)).late
    assert standing(*story[:1], as_of=at(9, day=1)).late is False


def test_an_issue_without_a_priority_has_no_target_and_no_due_instant() -> None:
    found = standing(as_of=at(12), priority=None)

    assert (found.target, found.due, found.late, found.left) == (None, None, None, None)
    assert found.spent == hours(3)


# The order


def test_the_queue_goes_by_priority_before_all_else() -> None:
    low = issue(id="L", priority="low", opened_at=at(9, day=-30), value=10**6)

    assert order(low, issue(id="H")) == ["H", "L"]


def test_within_a_priority_what_is_due_first_comes_first() -> None:
    waited = issue(("asked", at(9)), ("answered", at(10)), id="A")

    assert order(waited, issue(id="B", opened_at=at(9.5))) == ["B", "A"]


def test_of_one_due_instant_what_is_worth_more_comes_first_and_unknown_last() -> None:
    issues = [issue(id="A"), issue(id="B", value=5), issue(id="C", value=Decimal("5.01"))]

    assert order(*issues) == ["C", "B", "A"]


def test_of_one_value_what_was_opened_first_comes_first_then_the_id() -> None:
    """Saturday and Sunday take no work: all three are due on Monday at one."""
    issues = [
        issue(id="A", opened_at=at(12, day=-1)),
        issue(id="C", opened_at=at(12, day=-2)),
        issue(id="B", opened_at=at(12, day=-2)),
    ]

    assert order(*issues) == ["B", "C", "A"]


def test_an_issue_without_a_priority_comes_first_since_somebody_has_to_set_it() -> None:
    found = queued(issue(id="A"), issue(id="B", priority=None))

    assert [entry.issue.id for entry in found.entries] == ["B", "A"]
    assert found.entries[0].reason == "no priority yet: set it first; value unknown"


def test_each_entry_says_why_it_stands_where_it_stands() -> None:
    overdue = issue(id="A", opened_at=at(9, day=-3), value=1200)
    soon = issue(id="B", priority="low", opened_at=at(8), value=Decimal("99.50"))
    now = at(9) + dt.timedelta(minutes=29, seconds=30)

    assert str(queued(overdue, soon, as_of=now)).splitlines() == [
        "1. A (acme): high, overdue since 2026-06-26 13:00:00+00:00; value 1200",
        "2. B (acme): low, due 2026-07-01 13:30:00+00:00, 20 h 30 s left; value 99.50",
    ]


def test_instants_are_told_by_the_clock_of_the_calendar() -> None:
    level = attrs.evolve(LEVEL, calendar=attrs.evolve(OFFICE, zone="Asia/Shanghai"))

    found = level.standing(issue(opened_at=at(1)), as_of=at(2))

    assert found.reason.startswith("high, due 2026-06-29 13:00:00+08:00, 3 h left")


def test_an_empty_queue_says_so() -> None:
    assert str(queued()) == "nothing to do"


# Whose turn it is


def test_P10_every_issue_is_in_one_part_of_the_queue() -> None:
    found = queued(
        issue(id="ours"),
        issue(("asked", at(9.5)), id="asked"),
        issue(("solved", at(9.25)), id="solved"),
        issue(("solved", at(9.25)), ("agreed", at(9.5)), id="closed"),
        issue(id="later", opened_at=at(11)),
        issue(id="ours"),
    )

    assert [each.issue.id for each in found.entries] == ["ours"]
    assert [each.issue.id for each in found.waiting] == ["solved", "asked"]
    assert [each.issue.id for each in found.closed] == ["closed"]
    assert (found.later, found.duplicates) == (("later",), 1)
    assert found.definition == LEVEL.fingerprint


def test_P10_a_solution_without_the_customers_agreement_is_never_forgotten() -> None:
    found = queued(issue(("solved", at(10))), as_of=at(9, day=90))

    assert [each.issue.id for each in found.waiting] == ["I1"]
    assert found.waiting[0].reason == (
        "high, solved, not agreed since 2026-06-29 10:00:00+00:00, in time after 1 h; value unknown"
    )


def test_what_is_overdue_is_told_apart() -> None:
    found = queued(issue(id="A"), issue(id="B", opened_at=at(12)), as_of=at(14))

    assert [each.issue.id for each in found.overdue] == ["A"]


@pytest.mark.parametrize(
    ("story", "words"),
    [
        ([("asked", at(9))], "high, asked since 2026-06-29 09:00:00+00:00, in time after 0 min"),
        (
            [("solved", at(15)), ("agreed", at(16))],
            "high, agreed 2026-06-29 16:00:00+00:00, late after 6 h",
        ),
    ],
)
def test_a_standing_says_how_long_it_took(story: Any, words: str) -> None:
    assert standing(*story, as_of=at(17)).reason == f"{words}; value unknown"


def test_an_issue_that_was_closed_without_a_priority_was_neither_late_nor_in_time() -> None:
    found = standing(("solved", at(10)), ("agreed", at(12)), as_of=at(17), priority=None)

    assert found.reason == "no priority, agreed 2026-06-29 12:00:00+00:00, after 1 h; value unknown"


# What is refused


def test_two_issues_of_one_id_that_differ_are_refused() -> None:
    with pytest.raises(DefinitionError, match=r"\$\[1\].id: 'I1' stands twice, and the two differ"):
        queued(issue(), issue(value=5))


def test_a_priority_that_has_no_target_is_told_what_was_meant() -> None:
    with pytest.raises(DefinitionError, match=r"\$\[0\].priority: .* 'hihg': did you mean 'high'"):
        queued(issue(priority="hihg"))
    with pytest.raises(DefinitionError, match=r"issue 'I1' .* expected one of high, normal, low"):
        standing(as_of=TEN, priority="P1")


def test_all_that_is_wrong_with_the_issues_is_told_at_once() -> None:
    with pytest.raises(DefinitionError, match="2 faults"):
        queued(issue(priority="P1"), issue(id="I2"), issue(id="I2", value=3))


def test_an_issue_has_no_standing_before_it_was_opened() -> None:
    with pytest.raises(DefinitionError, match=r"\$.opened_at: lies after as_of"):
        standing(as_of=at(8))


@pytest.mark.parametrize("when", [dt.date(2026, 6, 29), dt.datetime(2026, 6, 29, 9), None])
def test_a_queue_stands_at_an_instant(when: Any) -> None:
    with pytest.raises(MomentError):
        queued(issue(), as_of=when)


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (lambda: Target(priority="", hours=4), r"\$.priority: expected a name"),
        (lambda: Target(priority="high", hours=0), r"\$.hours: expected exact hours above 0"),
        (lambda: Target(priority="high", hours="soon"), "but got the str 'soon'"),
        (lambda: Target(priority="high", hours=0.5), "but got the float 0.5"),  # type: ignore[arg-type]
        (lambda: Target(priority="high", hours="0.0001"), "in whole seconds"),
        (lambda: attrs.evolve(LEVEL, name=""), r"\$.name: expected a name"),
        (lambda: attrs.evolve(LEVEL, targets=[]), "expected one target or more"),
        (lambda: attrs.evolve(LEVEL, targets=LEVEL.targets[:1] * 2), "'high' stands twice"),
        (lambda: attrs.evolve(LEVEL, calendar="9 to 5"), r"\$.calendar: expected WorkingHours"),
    ],
)
def test_what_is_no_service_level_is_refused_with_its_path(made: Any, problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        made()


# Laws

NEXT = {
    State.OPEN: ["asked", "solved"],
    State.WAITING: ["answered", "solved"],
    State.SOLVED: ["rejected", "agreed"],
    State.CLOSED: [],
}


@st.composite
def issues(draw: st.DrawFn, name: str = "I1") -> Issue:
    """An issue of a working week, at whole quarters of an hour."""
    opened = at(draw(st.integers(0, 48)) / 4)
    updates: list[tuple[str, dt.datetime]] = []
    when, found = opened, issue(opened_at=opened)
    for wait in draw(st.lists(st.integers(0, 60), max_size=4)):
        when += hours(wait / 4)
        choices = NEXT[found.state(when)]
        if not choices:
            break
        updates.append((draw(st.sampled_from(choices)), when))
        found = issue(*updates, opened_at=opened)
    return attrs.evolve(
        found,
        id=name,
        priority=draw(st.sampled_from(["high", "normal", "low", None])),
        value=draw(st.sampled_from([None, 0, 5, Decimal("5.0"), 9])),
    )


books = st.integers(1, 6).flatmap(
    lambda count: st.tuples(*(issues(name=f"I{n}") for n in range(count)))
)
instants = st.integers(0, 4 * 24 * 6).map(lambda quarters: at(quarters / 4))


@given(books, instants, st.randoms(use_true_random=False))
def test_the_order_in_which_issues_are_given_changes_nothing(
    book: tuple[Issue, ...], as_of: dt.datetime, rng: random.Random
) -> None:
    shuffled = rng.sample(book, len(book))

    assert LEVEL.queue(shuffled, as_of=as_of) == LEVEL.queue(book, as_of=as_of)


@given(books, instants)
def test_every_issue_is_in_exactly_one_part(book: tuple[Issue, ...], as_of: dt.datetime) -> None:
    found = LEVEL.queue(book, as_of=as_of)

    parts = [*found.entries, *found.waiting, *found.closed]
    names = [each.issue.id for each in parts] + list(found.later)
    assert sorted(names) == sorted(each.id for each in book)
    assert all(each.state is State.OPEN for each in found.entries)


@given(books, instants)
def test_a_higher_priority_never_stands_behind_a_lower_one(
    book: tuple[Issue, ...], as_of: dt.datetime
) -> None:
    ranks = {None: 0, "high": 1, "normal": 2, "low": 3}

    places = [ranks[each.issue.priority] for each in LEVEL.queue(book, as_of=as_of).entries]

    assert places == sorted(places)


@given(issues(), instants)
def test_the_clock_is_that_of_a_slow_count_of_working_quarters_in_our_turn(
    found: Issue, as_of: dt.datetime
) -> None:
    as_of = max(as_of, found.opened_at)
    quarter = dt.timedelta(minutes=15)
    worked = []
    instant = found.opened_at
    while instant < as_of:
        if OFFICE.is_open(instant) and found.state(instant) is State.OPEN:
            worked.append(instant + quarter)
        instant += quarter

    judged = LEVEL.standing(found, as_of=as_of)

    assert judged.spent == len(worked) * quarter
    if judged.target is not None:
        needed = judged.target.time // quarter
        reached = worked[needed - 1] if len(worked) >= needed else None
        assert reached in (None, judged.due)
        assert judged.left == judged.target.time - judged.spent


@given(issues(), instants, instants)
def test_what_is_late_stays_late(found: Issue, one: dt.datetime, two: dt.datetime) -> None:
    first, last = sorted((max(one, found.opened_at), max(two, found.opened_at)))

    earlier, later = (LEVEL.standing(found, as_of=when) for when in (first, last))

    assert bool(later.late) >= bool(earlier.late)
    assert later.spent >= earlier.spent


def test_a_service_level_goes_to_json_and_back() -> None:
    assert from_json(to_json(LEVEL), ServiceLevel) == LEVEL
    assert from_json(to_json(LEVEL), ServiceLevel).fingerprint == LEVEL.fingerprint


@pytest.mark.parametrize("given", [None, 5, "I1"])
def test_what_is_no_issue_has_no_standing(given: Any) -> None:
    level = ServiceLevel(
        name="gold",
        calendar=WorkingHours(openings=[Opening(opens="09:00", closes="17:00")]),
        targets=[Target(priority="high", hours=4)],
    )
    with pytest.raises(DefinitionError, match="expected a Issue"):
        level.standing(given, as_of=dt.datetime(2026, 6, 30, 9, tzinfo=dt.UTC))


def test_what_is_due_first_comes_before_what_is_worth_more() -> None:
    early = issue(id="early", opened_at=at(9), value=1)
    dear = issue(id="dear", opened_at=at(9.5), value=900)

    assert order(dear, early) == ["early", "dear"]
