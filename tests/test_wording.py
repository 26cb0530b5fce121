"""A lifecycle in words."""

from __future__ import annotations

import attrs
from hypothesis import given

from cslib.graphs import caption
from cslib.lifecycle import Lifecycle
from cslib.schemas import FactSpec, Schema
from cslib.stages import Deadline, Milestone, Pause, Stage, Track, Transition
from cslib.wording import to_words
from picture_strategies import TIMED, Parts, definitions, move, stages

PAID_IN_WORDS = (
    "  paid: fee within 9 days of signed; waived by left; if not, late happens; "
    "the clock stands still on hold"
)


def test_words_tell_all_that_a_definition_says() -> None:
    definition = Parts(
        name="delivery",
        stages=(
            Stage(name="lead", owner="consultant", norm="The challenge is named."),
            Stage(name="start", owner="csm"),
            Stage(
                name="start/data",
                tracks=(
                    Track(
                        name="data", done_by=("loaded", "skipped"), owner="engineer", norm="Valid."
                    ),
                    Track(name="roles", done_by="roles_set"),
                ),
            ),
            Stage(name="left", final=True),
        ),
        events=("signed", "left"),
        transitions=(
            move("signed", "lead", "left", priority=1),
            move("signed", "lead", "start/data", guard="amount > 0", effects=("greet", "bill")),
            Transition(after="30 days", sources="lead", target="left", pauses=True),
            move("left", "start", "left"),
            move("noted", "start/data", None),
            move("back", "left", "lead", win_back=True),
        ),
        deadlines=(
            Deadline(name="live", since="signed", by=("used", "shown"), within="3 months"),
            Deadline(
                name="paid",
                since="signed",
                by="fee",
                within="9 days",
                waived_by="left",
                breach="late",
                pauses=True,
            ),
        ),
        milestones=(Milestone(name="value", by="used"),),
        pause=Pause(starts="held", ends="resumed"),
    )

    assert to_words(definition) == "\n".join(
        [
            "Lifecycle delivery begins in lead.",
            "",
            "lead: the beginning, owned by consultant",
            "  The challenge is named.",
            "  signed (if amount is above 0): to start/data; asks for greet, bill",
            "  after 30 days: to left; the clock stands still on hold",
            "  signed: to left",
            "",
            "start: around start/data, owned by csm",
            "  left: to left",
            "",
            "start/data",
            "  side by side, data, done by loaded or skipped, owned by engineer: Valid.",
            "  side by side, roles, done by roles_set",
            "  noted: stays",
            "  and what leads out of start",
            "",
            "left: an end",
            "  back: to lead, a win-back",
            "",
            "Deadlines",
            "  live: used or shown within 3 months of signed",
            PAID_IN_WORDS,
            "",
            "Milestones",
            "  value: the first used",
            "",
            "Holds",
            "  from held to resumed",
            "",
            WHEN_EXACTLY,
            "",
            "Events of one moment are taken in this order: signed, left.",
        ]
    )


WHEN_EXACTLY = (
    "A move after a span comes at the beginning of the day on which it ends. "
    "A deadline includes the day on which it is due."
)


def test_words_tell_what_events_carry_and_what_must_be_there() -> None:
    reason = FactSpec(name="reason", kind="text", values=("price", "shut"), required=True)
    carried = Schema((reason, FactSpec(name="seats", kind="number")))

    lines = to_words(Parts(stages=stages("lead"), payloads={"left": carried})).splitlines()

    assert lines[lines.index("Payloads") + 1] == (
        "  left carries reason (price or shut, required), seats (number)"
    )


def test_words_say_when_exactly_time_does_what() -> None:
    lapse = Transition(after="14 days", sources="lead", target="lead")
    call = Deadline(name="call", since="a", by="b", within="14 days")

    told = to_words(Parts(stages=stages("lead"), transitions=(lapse,), deadlines=(call,)))

    assert f"\n\n{WHEN_EXACTLY}\n\n" in told


def test_words_leave_out_what_there_is_not() -> None:
    assert to_words(Parts(stages=stages("lead"), events=("a",))) == (
        "Lifecycle flow begins in lead.\n\n"
        "lead: the beginning\n\n"
        "Events of one moment are taken in this order: a."
    )


def test_words_name_a_group_that_no_stage_declares() -> None:
    text = to_words(Parts(initial="g/a", stages=stages("g/a", "g/b")))

    assert "\ng: around g/a, g/b\n" in text


@given(definitions())
def test_words_tell_every_move_on_a_line_of_its_own(parts: Parts) -> None:
    lines = to_words(parts).splitlines()

    for each in parts.transitions:
        end = "stays" if each.target is None else f"to {caption(each.target)}"
        start = f"  {caption(each.label)}"
        assert any(line.startswith(start) and line.endswith(f": {end}") for line in lines)


def test_the_words_of_a_deadline_with_a_limit_of_its_own_say_the_rule() -> None:
    flow = Lifecycle(
        name="flow",
        initial="lead",
        stages=(Stage(name="lead"), Stage(name="won", final=True)),
        events=("begun", "paid"),
        transitions=(
            Transition(event="begun", sources="lead"),
            Transition(event="paid", sources="lead", target="won"),
        ),
        deadlines=(Deadline(name="pay", since="begun", by="won", due="agreed_on"),),
    )

    assert "  pay: won by agreed_on, counted from begun" in to_words(flow).splitlines()


def test_the_same_definition_gives_the_same_words() -> None:
    assert to_words(TIMED) == to_words(attrs.evolve(TIMED))
