from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.errors import CslibError, DefinitionError, Fault
from cslib.rules import Rule
from cslib.spans import Span
from cslib.stages import (
    Deadline,
    Milestone,
    Pause,
    Stage,
    Track,
    Transition,
    inside,
    lineage_of,
)

paths = st.lists(st.sampled_from(["on", "use", "o"]), min_size=1, max_size=4).map("/".join)


def faults(make: Callable[[], object]) -> tuple[Fault, ...]:
    with pytest.raises(DefinitionError) as caught:
        make()
    return caught.value.faults


# Paths


def test_a_stage_lies_in_itself_and_in_those_whose_names_it_begins_with() -> None:
    assert inside("on/use", "on/use")
    assert inside("on/use", "on")
    assert not inside("on", "on/use")
    assert not inside("onward", "on")


def test_the_lineage_of_a_stage_goes_from_the_inside_out() -> None:
    assert lineage_of("a/b/c") == ("a/b/c", "a/b", "a")
    assert lineage_of("a") == ("a",)


@given(paths, paths)
def test_a_stage_lies_in_what_its_lineage_names(stage: str, other: str) -> None:
    assert inside(stage, other) == (other in lineage_of(stage))


# What may be given


def test_one_name_may_be_given_as_it_is() -> None:
    assert Transition(event="paid", sources="trial", target="won").sources == ("trial",)
    assert Track(name="data", done_by="loaded").done_by == ("loaded",)
    assert Milestone(name="start", by="signed").by == ("signed",)
    assert Pause(starts="held", ends="resumed").starts == ("held",)


def test_spans_and_rules_may_be_given_as_text() -> None:
    move = Transition(after="30 days", sources="trial", target="lost", guard="not paid")

    assert move.after == Span.parse("30 days")
    assert isinstance(move.guard, Rule)


def test_a_move_is_called_by_its_event_or_by_its_span() -> None:
    assert Transition(event="paid", sources="a", target="b").label == "paid"
    assert Transition(after="1 months", sources="a", target="b").label == "after 1 month"


@pytest.mark.parametrize("both", [{}, {"event": "paid", "after": "1 day"}])
def test_a_move_is_made_by_an_event_or_by_time(both: dict[str, Any]) -> None:
    found = faults(lambda: Transition(sources="a", target="b", **both))

    assert found == (Fault("$.event", "expected an event or after=, one of the two"),)


def test_only_a_move_by_time_has_a_clock_to_stop() -> None:
    found = faults(lambda: Transition(event="paid", sources="a", target="b", pauses=True))

    assert [fault.path for fault in found] == ["$.pauses"]


def test_a_move_by_time_leads_somewhere() -> None:
    assert [fault.path for fault in faults(lambda: Transition(after="1 day", sources="a"))] == [
        "$.target"
    ]


def test_all_faults_of_a_move_are_told_at_once() -> None:
    found = faults(lambda: Transition(sources="a", pauses=True))

    assert [fault.path for fault in found] == ["$.event", "$.pauses"]


@pytest.mark.parametrize("name", ["first use", "", "1st", 5])
@pytest.mark.parametrize(
    "make",
    [
        lambda name: Track(name=name, done_by="x"),
        lambda name: Milestone(name=name, by="x"),
        lambda name: Deadline(name=name, since="x", by="y", within="1 day"),
    ],
)
def test_what_rules_read_has_a_name_that_they_can_read(
    make: Callable[[Any], object], name: object
) -> None:
    with pytest.raises((DefinitionError, TypeError), match="name"):
        make(name)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Transition(event="paid", sources=(), target="b"),
        lambda: Transition(event="paid", sources=("a", ""), target="b"),
        lambda: Transition(event="", sources="a", target="b"),
        lambda: Transition(event="paid", sources="a", target="b", guard="1 + 1"),
        lambda: Transition(event="paid", sources="a", target="b", guard="amount >"),
        lambda: Transition(after="soon", sources="a", target="b"),
        lambda: Track(name="data", done_by=()),
        lambda: Deadline(name="d", since=(), by="y", within="1 day"),
        lambda: Deadline(name="d", since="x", by=(), within="1 day"),
        lambda: Deadline(name="d", since="x", by="y", within="0 days"),
        lambda: Milestone(name="m", by=()),
        lambda: Pause(starts=(), ends="y"),
        lambda: Pause(starts="x", ends=()),
        lambda: Stage(name=""),
    ],
)
def test_a_part_that_makes_no_sense_is_refused_when_it_is_made(make: Callable[[], object]) -> None:
    with pytest.raises((CslibError, ValueError)):
        make()


@pytest.mark.parametrize(
    "wrong", [{"name": 5}, {"owner": 5}, {"norm": None}, {"final": 1}, {"tracks": ["data"]}]
)
def test_a_stage_is_told_in_texts_flags_and_tracks(wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, DefinitionError)):
        Stage(**{"name": "lead", **wrong})


@pytest.mark.parametrize(
    "part",
    [
        Stage(name="a", tracks=[Track(name="data", done_by="loaded")]),
        Transition(after="1 day", sources="a", target="b", guard="ok", pauses=True),
        Deadline(name="d", since="x", by="y", within="1 day", waived_by="z", breach="late"),
        Milestone(name="m", by=("x", "y")),
        Pause(starts="x", ends="y"),
    ],
)
def test_parts_are_values(part: object) -> None:
    assert hash(part) == hash(part)
    with pytest.raises(AttributeError):
        part.name = "other"  # type: ignore[attr-defined]


def test_an_element_of_another_kind_is_told_with_its_path() -> None:
    wrong: list[Any] = [
        (lambda: Stage(name=5), r"\$\.name: expected text, but got the int 5"),  # type: ignore[arg-type]
        (lambda: Stage(name="a", owner=None), r"\$\.owner: expected text, but got None"),  # type: ignore[arg-type]
        (lambda: Stage(name="a", tracks=("x",)), r"\$\.tracks\[0\]: expected a Track"),  # type: ignore[arg-type]
        (
            lambda: Transition(event="go", sources="a", target="b", priority=1.5),  # type: ignore[arg-type]
            r"\$\.priority: expected a whole number, but got the float 1\.5",
        ),
        (
            lambda: Deadline(name="due", since="a", by=(), within="1 day"),
            r"\$\.by: expected one name or several, but got none",
        ),
        (lambda: Milestone(name="due", by=5), r"\$\.by\[0\]: expected a name, but got 5"),  # type: ignore[arg-type]
    ]
    for make, problem in wrong:
        with pytest.raises(DefinitionError, match=problem):
            make()
