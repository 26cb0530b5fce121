from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.errors import DefinitionError
from cslib.graphs import cells_of
from cslib.lifecycle import Deadline, Event, Lifecycle, Stage, Transition
from cslib.moments import MomentError
from cslib.timelines import timeline

D = dt.date
FIRST = D(2026, 1, 1)


@attrs.frozen
class Happened:
    name: str
    at: dt.date = FIRST


@attrs.frozen
class Visit:
    stage: str
    entered: dt.date | None = None
    left: dt.date | None = None
    event: Happened | None = None


@attrs.frozen
class Refusal:
    event: Happened
    stage: str = "trial"
    why: str = "no such transition"


@attrs.frozen
class State:
    name: str
    status: str = "open"
    due: dt.date | None = None
    met: dt.date | None = None


def bar(line: str, name: str, width: int = 40) -> str:
    """The cells of the scale in a line, after the column of names."""
    start = max(len("stage"), len(name)) + 2
    return line.ljust(start + width)[start : start + width]


def chain(*ends: dt.date | None) -> list[Visit]:
    """Visits that follow one another, from the first of the moments on."""
    return [Visit("s", entered, left, Happened("e")) for entered, left in pairwise(ends)]


def at(hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, 1, hour, minute, tzinfo=dt.UTC)


# The table


def test_a_journey_is_a_row_for_each_visit_on_a_common_scale() -> None:
    visits = [
        Visit("lead", None, D(2026, 1, 1)),
        Visit("trial", D(2026, 1, 1), D(2026, 1, 11), Happened("started")),
        Visit("customer", D(2026, 1, 11), None, Happened("paid")),
    ]

    assert timeline(visits, D(2026, 2, 9)).splitlines() == [
        "stage     2026-01-01                    2026-02-09  from        to          days  by",
        "lead      <                                         -           2026-01-01     -  -",
        "trial     ==========                                2026-01-01  2026-01-11    10  started",
        "customer            =============================>  2026-01-11  -             29  paid",
    ]


def test_a_journey_that_never_began_stands_in_its_initial_stage_all_along() -> None:
    lines = timeline([Visit("lead")], D(2026, 2, 9)).splitlines()

    assert lines == [
        "stage  2026-02-09                    2026-02-09  from  to  days  by",
        f"lead   <{'=' * 38}>  -     -      -  -",
    ]


def test_no_visits_leave_the_scale_alone() -> None:
    assert timeline([], D(2026, 2, 9)) == (
        "stage  2026-02-09                    2026-02-09  from  to  days  by"
    )


def test_a_journey_of_the_lifecycle_is_drawn_as_it_is() -> None:
    trial = Lifecycle(
        name="trial",
        initial="lead",
        stages=(Stage(name="lead"), Stage(name="trial"), Stage(name="won", final=True)),
        events=("started", "paid", "shared"),
        transitions=(
            Transition(event="started", sources="lead", target="trial"),
            Transition(event="paid", sources="trial", target="won"),
        ),
        deadlines=(Deadline(name="sale", since="started", by="paid", within="3 months"),),
    )
    log = [
        Event(account="a", name="started", at=D(2026, 4, 14)),
        Event(account="a", name="shared", at=D(2026, 4, 20)),
    ]
    journey = trial.replay(log, as_of=D(2026, 5, 1))

    text = timeline(
        journey.visits, journey.as_of, refused=journey.refused, deadlines=journey.deadlines
    )

    assert [line.split()[0] for line in text.splitlines()[:3]] == ["stage", "lead", "trial"]
    assert text.endswith("deadline sale: due 2026-07-14, open")
    assert "x" in text
    assert "refused shared: on 2026-04-20 in trial, no such transition" in text


# The bars


def test_a_visit_of_one_day_is_seen_however_long_the_journey() -> None:
    start, day = D(2000, 1, 1), dt.timedelta(days=1)
    line = timeline(chain(start, start + day, D(2026, 1, 1)), D(2026, 1, 1)).splitlines()[1]

    assert bar(line, "s").rstrip() == "="


def test_a_visit_left_on_the_day_it_was_entered_is_seen_and_lasted_no_day() -> None:
    line = timeline(chain(D(2026, 1, 5), D(2026, 1, 5)), D(2026, 1, 5)).splitlines()[1]

    assert bar(line, "s").rstrip() == "="
    assert line.split()[-2:] == ["0", "e"]


def test_a_visit_that_began_at_the_last_moment_stands_in_the_last_cell() -> None:
    line = timeline(chain(at(8), at(20), None), at(20)).splitlines()[2]

    assert bar(line, "s") == " " * 39 + ">"


def test_visits_of_equal_length_have_bars_of_equal_length() -> None:
    visits = chain(D(2026, 1, 1), D(2026, 1, 11), D(2026, 1, 21), D(2026, 1, 31))
    lines = timeline(visits, D(2026, 2, 9)).splitlines()[1:]

    assert [bar(line, "s").count("=") for line in lines] == [10, 10, 10]


@given(
    st.lists(st.dates(D(2020, 1, 1), D(2030, 1, 1)), min_size=2, max_size=6).map(sorted),
    st.integers(40, 90),
)
def test_bars_follow_one_another_and_fill_the_scale(ends: list[dt.date], width: int) -> None:
    text = timeline(chain(*ends, None), ends[-1], width=width)

    bars = [bar(line, "s", width) for line in text.splitlines()[1:]]
    starts = [len(each) - len(each.lstrip()) for each in bars]
    assert starts == sorted(starts)
    assert starts[0] == 0
    assert bars[-1].endswith(">")
    assert set(range(width)) == {
        cell for each in bars for cell in range(width) if each[cell] != " "
    }


# Moments


def test_instants_are_shown_to_the_minute_in_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=8))
    visits = chain(at(9, 30).astimezone(east), None)

    lines = timeline(visits, at(21, 30).astimezone(east)).splitlines()

    assert lines[0] == (
        "stage  2026-03-01 09:30        2026-03-01 21:30  from              to  days  by"
    )
    assert lines[1].split()[-5:] == ["2026-03-01", "09:30", "-", "0", "e"]


def test_a_scale_up_to_a_date_holds_the_whole_of_its_day() -> None:
    visits = chain(at(0), at(12), None)

    lines = timeline(visits, D(2026, 3, 1)).splitlines()

    assert bar(lines[1], "s") == "=" * 20 + " " * 20
    assert bar(lines[2], "s") == " " * 20 + "=" * 19 + ">"


def test_a_scale_of_one_instant_is_drawn_too() -> None:
    line = timeline(chain(at(9), None), at(9)).splitlines()[1]

    assert bar(line, "s") == "=" * 39 + ">"


def test_a_scale_may_end_on_the_last_day_there_is() -> None:
    line = timeline(chain(D(1, 1, 1), None), D(9999, 12, 31)).splitlines()[1]

    assert bar(line, "s") == "=" * 39 + ">"
    assert line.split()[-2] == "3652058"


def test_what_lies_after_as_of_lengthens_the_scale_and_is_not_left_out() -> None:
    lines = timeline(chain(D(2026, 1, 1), D(2026, 3, 1)), D(2026, 2, 1)).splitlines()

    assert lines[0].split()[2] == "2026-03-01"
    assert lines[1].split()[-2] == "59"


def test_as_of_must_be_a_moment() -> None:
    with pytest.raises(MomentError, match="as_of"):
        timeline([], dt.datetime(2026, 1, 1))


# Refusals and deadlines


def test_a_refused_event_is_marked_at_its_moment() -> None:
    refused = [Refusal(Happened("paid", D(2026, 1, 21)))]

    line = timeline(chain(D(2026, 1, 1), None), D(2026, 2, 9), refused=refused).splitlines()[2]

    assert bar(line, "s") == " " * 20 + "x" + " " * 19
    assert line.endswith("  refused paid: on 2026-01-21 in trial, no such transition")


@pytest.mark.parametrize(
    ("state", "cell", "sign", "note"),
    [
        (State("live", "open", D(2026, 1, 21)), 20, "^", "due 2026-01-21, open"),
        (State("live", "open", D(2026, 7, 14)), 39, ">", "due 2026-07-14, open"),
        (State("live", "missed", D(2025, 7, 14)), 0, "<", "due 2025-07-14, missed"),
        (
            State("live", "late", D(2026, 1, 1), D(2026, 1, 3)),
            0,
            "^",
            "due 2026-01-01, late, met 2026-01-03",
        ),
    ],
)
def test_a_deadline_is_marked_when_it_is_due(state: State, cell: int, sign: str, note: str) -> None:
    text = timeline(chain(D(2026, 1, 1), None), D(2026, 2, 9), deadlines=[state])
    line = text.splitlines()[2]

    assert bar(line, "s") == " " * cell + sign + " " * (39 - cell)
    assert line.endswith(f"  deadline live: {note}")


def test_a_deadline_that_is_not_due_has_no_mark() -> None:
    text = timeline(
        chain(D(2026, 1, 1), None), D(2026, 2, 9), deadlines=[State("live", "not_started")]
    )

    assert text.splitlines()[2].split() == ["deadline", "live:", "not", "started"]


def test_refusals_stand_before_deadlines() -> None:
    text = timeline(
        chain(D(2026, 1, 1), None),
        D(2026, 2, 9),
        deadlines=[State("live", "waived")],
        refused=[Refusal(Happened("paid", D(2026, 1, 9)))],
    )

    assert re.findall("refused|deadline", text) == ["refused", "deadline"]


# Widths


@pytest.mark.parametrize("width", [39, 201, 40.5, True, None])
def test_a_scale_too_narrow_or_too_wide_is_refused(width: int) -> None:
    with pytest.raises(DefinitionError, match="expected a whole number from 40 to 200"):
        timeline([], D(2026, 1, 1), width=width)


def test_chinese_names_keep_the_columns_straight() -> None:
    visits = [Visit("续约", None, D(2026, 1, 1)), Visit("in use", D(2026, 1, 1), None)]

    lines = timeline(visits, D(2026, 1, 9)).splitlines()

    assert lines[1].startswith("续约    <  ")
    assert lines[2].startswith("in use  ==")


@given(
    st.text(min_size=1),
    st.text(min_size=1),
    st.text(),
    st.integers(40, 200),
)
def test_no_line_is_longer_than_its_columns_whatever_the_names(
    stage: str, event: str, why: str, width: int
) -> None:
    text = timeline(
        [Visit(stage, D(2026, 1, 1), None, Happened(event))],
        D(2026, 2, 9),
        refused=[Refusal(Happened(event), stage, why)],
        width=width,
    )

    head, row, note = text.split("\n")
    assert cells_of(row) <= 24 + width + 24 + 2 * 10 + 4 + 5 * 2
    assert cells_of(head) <= 24 + width + 24 + 2 * 10 + 4 + 5 * 2
    assert cells_of(note) <= 24 + width + 100 + 2 * 2
