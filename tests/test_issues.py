"""Issues: closed only when the customer agrees (P10)."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.issues import Change, Channel, Issue, State, Update
from cslib.moments import MomentError

NINE = dt.datetime(2026, 6, 29, 9, tzinfo=dt.UTC)
LATER = NINE + dt.timedelta(days=400)


def after(hours: float) -> dt.datetime:
    return NINE + dt.timedelta(hours=hours)


def issue(*updates: tuple[str, float], **rest: Any) -> Issue:
    made = [Update(change=change, at=after(hours)) for change, hours in updates]
    return Issue(**{"id": "I1", "account": "acme", "opened_at": NINE, "updates": made, **rest})


def test_an_issue_is_open_until_we_say_that_it_is_solved() -> None:
    found = issue(("solved", 3))

    assert found.state(after(2)) is State.OPEN
    assert found.state(after(3)) is State.SOLVED


def test_P10_an_issue_is_closed_only_when_the_customer_agrees() -> None:
    found = issue(("solved", 3), ("agreed", 30))

    assert found.state(after(29)) is State.SOLVED
    assert found.state(after(30)) is State.CLOSED
    assert found.agreed_at == after(30)


def test_P10_silence_does_not_close_an_issue() -> None:
    assert issue(("solved", 3)).state(LATER) is State.SOLVED
    assert issue(("solved", 3)).agreed_at is None


def test_P10_a_solution_that_the_customer_rejects_leaves_the_issue_open_again() -> None:
    found = issue(("solved", 3), ("rejected", 5))

    assert found.state(LATER) is State.OPEN
    assert found.since(LATER) == after(5)
    assert (found.rejections(after(4)), found.rejections(LATER)) == (0, 1)


def test_an_issue_waits_while_the_customer_is_asked() -> None:
    found = issue(("asked", 1), ("answered", 4))

    assert found.state(after(2)) is State.WAITING
    assert found.state(after(4)) is State.OPEN


def test_an_issue_may_be_solved_without_the_answer_that_was_asked_for() -> None:
    assert issue(("asked", 1), ("solved", 2)).state(LATER) is State.SOLVED


def test_it_is_our_turn_but_for_what_the_customer_has() -> None:
    found = issue(("asked", 1), ("answered", 4), ("solved", 6), ("rejected", 9))

    assert list(found.turns(after(10))) == [
        (NINE, after(1)),
        (after(4), after(6)),
        (after(9), after(10)),
    ]
    assert list(found.turns(after(5))) == [(NINE, after(1)), (after(4), after(5))]
    assert list(found.turns(after(3))) == [(NINE, after(1))]


def test_an_issue_has_no_turns_before_it_was_opened() -> None:
    assert list(issue().turns(after(-1))) == []


def test_updates_may_come_in_any_order_of_time() -> None:
    assert issue(("agreed", 5), ("solved", 3)) == issue(("solved", 3), ("agreed", 5))


def test_updates_of_one_instant_are_taken_as_given() -> None:
    assert issue(("solved", 3), ("agreed", 3)).state(after(3)) is State.CLOSED
    with pytest.raises(DefinitionError, match="agreed cannot follow: it is open"):
        issue(("agreed", 3), ("solved", 3))


def test_instants_are_kept_in_utc() -> None:
    shanghai = dt.timezone(dt.timedelta(hours=8))

    found = issue(opened_at=dt.datetime(2026, 6, 29, 17, tzinfo=shanghai))

    assert found == issue()
    assert found.opened_at.tzinfo is dt.UTC


# What is refused


@pytest.mark.parametrize(
    ("updates", "problem"),
    [
        ([("agreed", 1)], r"\$.updates\[0\].change: agreed .* expected asked or solved"),
        ([("answered", 1)], "answered cannot follow: it is open"),
        ([("rejected", 1)], "rejected cannot follow: it is open"),
        ([("asked", 1), ("asked", 2)], "it is waiting, so expected answered or solved"),
        ([("solved", 1), ("asked", 2)], "it is solved, so expected rejected or agreed"),
        (
            [("solved", 1), ("agreed", 2), ("rejected", 3)],
            "the customer has agreed; open another issue",
        ),
        ([("solved", -1)], r"\$.updates\[0\].at: lies before the opening"),
        ([("solvd", 1)], "unknown change 'solvd': did you mean 'solved'"),
    ],
)
def test_an_update_that_cannot_follow_is_refused(
    updates: list[tuple[str, float]], problem: str
) -> None:
    with pytest.raises(DefinitionError, match=problem):
        issue(*updates)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"id": ""}, r"\$.id: expected a name"),
        ({"account": 7}, r"\$.account: expected text"),
        ({"kind": ""}, r"\$.kind: expected a name"),
        ({"priority": 1}, r"\$.priority: expected text, but got the int 1"),
        ({"value": 0.5}, r"\$.value: expected an exact 0 or more, but got the float"),
        ({"value": Decimal("NaN")}, r"\$.value: .*; unknown is None"),
        ({"value": -1}, r"\$.value: .* but got the int -1"),
        ({"value": True}, r"\$.value"),
        ({"channel": "mail"}, "unknown channel 'mail'; expected one of chat, ticket"),
        ({"updates": ["solved"]}, r"\$.updates\[0\]: expected an Update"),
    ],
)
def test_what_is_no_issue_is_refused_with_its_path(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        issue(**fields)


@pytest.mark.parametrize("when", [dt.date(2026, 6, 29), dt.datetime(2026, 6, 29, 9)])
def test_a_day_and_an_instant_without_a_zone_are_refused(when: Any) -> None:
    with pytest.raises(MomentError):
        issue(opened_at=when)
    with pytest.raises(MomentError):
        Update(change="solved", at=when)  # type: ignore[arg-type]
    with pytest.raises(MomentError):
        issue().state(when)


# Laws

NEXT = {
    State.OPEN: ["asked", "solved"],
    State.WAITING: ["answered", "solved"],
    State.SOLVED: ["rejected", "agreed"],
    State.CLOSED: [],
}


@st.composite
def issues(draw: st.DrawFn) -> Issue:
    """An issue with a story that can happen."""
    state, hours, updates = State.OPEN, 0, []
    for wait in draw(st.lists(st.integers(0, 30), max_size=6)):
        if not NEXT[state]:
            break
        hours += wait
        updates.append((draw(st.sampled_from(NEXT[state])), hours))
        state = issue(*updates).state(LATER)
    return issue(
        *updates,
        value=draw(st.none() | st.integers(0, 9) | st.just(Decimal("1.5"))),
        channel=draw(st.none() | st.sampled_from(Channel)),
    )


@given(issues(), st.integers(0, 200))
def test_the_turns_are_in_order_and_the_last_is_open_where_the_issue_is(
    found: Issue, hours: int
) -> None:
    turns = list(found.turns(after(hours)))

    bounds = list(itertools.chain(*turns))
    assert bounds == sorted(bounds)
    assert (turns[-1][1] == after(hours)) >= (found.state(after(hours)) is State.OPEN)


@given(issues(), st.integers(0, 200), st.integers(0, 200))
def test_what_happens_later_changes_nothing_of_an_earlier_answer(
    found: Issue, hours: int, cut: int
) -> None:
    as_of = after(min(hours, cut))
    known = [update for update in found.updates if update.at <= after(cut)]
    earlier = issue(*((each.change, (each.at - NINE).total_seconds() / 3600) for each in known))

    assert earlier.state(as_of) is found.state(as_of)
    assert list(earlier.turns(as_of)) == list(found.turns(as_of))


@given(issues())
def test_an_issue_is_closed_exactly_where_the_customer_has_agreed(found: Issue) -> None:
    agreed = [each.at for each in found.updates if each.change is Change.AGREED]

    assert (found.state(LATER) is State.CLOSED) is (found.agreed_at is not None)
    assert agreed == ([found.agreed_at] if found.agreed_at else [])


@given(issues())
def test_an_issue_goes_to_json_and_back(found: Issue) -> None:
    assert from_json(to_json(found), Issue) == found


def test_a_value_that_signals_is_refused_like_any_that_is_no_number() -> None:
    with pytest.raises(DefinitionError, match=r"expected an exact 0 or more, .*unknown is None"):
        Issue(
            id="I1",
            account="acme",
            opened_at=dt.datetime(2026, 6, 30, 9, tzinfo=dt.UTC),
            value=Decimal("sNaN"),
        )
