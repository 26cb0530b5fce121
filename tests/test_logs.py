from __future__ import annotations

import datetime as dt
import itertools
import json
import math
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.lifecycle import Journey, Lifecycle
from cslib.logs import Event, LogError, Payload, content_of, counted, log_of
from cslib.moments import MomentError, is_by
from lifecycles import definitions, fewer, logs, moments

D = dt.date
UTC = dt.UTC
PLACES = {"signed": 0, "paid": 1, "left": 2}


def event(name: str, day: int = 1, **rest: Any) -> Event:
    return Event(account=rest.pop("account", "a"), name=name, at=D(2026, 3, day), **rest)


def names(log: list[Event]) -> list[str]:
    return [each.name for each in log]


# Events


def test_an_instant_of_an_event_is_held_in_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=8))
    at = dt.datetime(2026, 3, 1, 7, tzinfo=east)

    made = Event(account="a", name="paid", at=at, recorded_at=at)

    assert made.at == made.recorded_at == dt.datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert made.at.tzinfo is UTC  # type: ignore[attr-defined]


def test_an_event_is_known_when_it_was_recorded_or_else_when_it_happened() -> None:
    assert event("paid", 1, recorded_at=D(2026, 3, 9)).known == D(2026, 3, 9)
    assert event("paid", 1).known == D(2026, 3, 1)


def test_what_is_unknown_in_a_payload_is_left_out() -> None:
    payload = {"a": 1, "b": None, "c": math.nan, "d": np.datetime64("NaT", "D"), "e": ""}

    assert event("paid", payload=payload).payload == {"a": 1, "e": ""}


def test_an_event_needs_a_moment() -> None:
    with pytest.raises(MomentError, match="event 'e1'"):
        Event(account="a", name="paid", id="e1", at=dt.datetime(2026, 3, 1))


# What counts


def test_an_event_counts_by_when_it_happened_and_by_when_it_was_known() -> None:
    late = event("paid", 9, recorded_at=D(2026, 4, 1))

    assert counted([late], as_of=D(2026, 3, 8)) == []
    assert counted([late], as_of=D(2026, 3, 9)) == [late]
    assert counted([late], as_of=D(2026, 3, 9), known_at=D(2026, 3, 31)) == []
    assert counted([late], as_of=D(2026, 3, 9), known_at=D(2026, 4, 1)) == [late]


# The order


def test_ruling_a_log_is_taken_by_moment_place_record_and_id() -> None:
    log = [
        event("paid", 2, id="1", recorded_at=D(2026, 3, 5)),
        event("paid", 2, id="3", recorded_at=D(2026, 3, 4)),
        event("paid", 2, id="2", recorded_at=D(2026, 3, 4)),
        event("zapped", 2, id="0"),
        event("signed", 2, id="9", recorded_at=D(2026, 3, 9)),
        event("left", 1, id="8"),
    ]

    assert [each.id for each in log_of(log, PLACES)] == ["8", "9", "2", "3", "1", "0"]


def test_an_event_without_a_record_is_placed_as_if_recorded_when_it_happened() -> None:
    recorded = event("paid", 2, id="1", recorded_at=D(2026, 3, 3))
    plain = event("paid", 2, id="2")

    assert log_of([recorded, plain], PLACES) == [plain, recorded]


@given(
    st.permutations(
        [
            event(name, day, id=f"{name}{day}{known}", recorded_at=known and D(2026, 3, known))
            for name, day, known in itertools.product(PLACES, (1, 2), (None, 3))
        ]
        + [event("paid", payload={"n": 1}), event("paid", payload={"n": 2})]
    )
)
def test_arrival_never_matters(log: list[Event]) -> None:
    assert log_of(log, PLACES) == log_of(log[::-1], PLACES)


def test_the_same_event_is_taken_once() -> None:
    paid = event("paid", id="1")

    assert log_of([paid, attrs.evolve(paid)], PLACES) == [paid]
    assert log_of([event("paid"), event("paid")], PLACES) == [event("paid")]


def test_an_empty_log_is_a_log() -> None:
    assert log_of([], PLACES) == []


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        (event("left", id="1"), "the id stands twice, with another name; keep the right one"),
        (
            event("paid", 2, id="1", payload={"n": 2}),
            "the id stands twice, with another at and payload; keep the right one",
        ),
        (
            event("left", account="b"),
            "the log is that of account 'a'; use replay_all for many",
        ),
        (
            Event(account="a", name="left", at=dt.datetime(2026, 3, 2, tzinfo=UTC)),
            "a log holds dates or instants, never both; convert one kind",
        ),
    ],
)
def test_what_is_no_log_of_one_account_is_refused(other: Event, problem: str) -> None:
    with pytest.raises(LogError) as caught:
        log_of([event("paid", id="1"), other], PLACES)

    assert caught.value.problem == problem
    returned = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  our own bytes
    assert str(returned) == str(caught.value)


# What a payload says


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.5,
        "text",
        True,
        Decimal("9.50"),
        Fraction(1, 3),
        D(2026, 3, 1),
        dt.datetime(2026, 3, 1, 9, tzinfo=UTC),
        [1, [Decimal(2)], None],
        {1, 2},
        {"a": {"b": D(2026, 3, 1)}},
        np.int64(5),
        np.array([1.0, 2.0]),
        {},
        [],
    ],
)
def test_a_payload_goes_to_json_and_back_and_says_the_same(value: object) -> None:
    payload = event("paid", payload={"value": value}).payload

    returned = Payload.__from_data__(json.loads(json.dumps(payload.__to_data__())), ())

    assert content_of(returned) == content_of(payload)


def test_a_tuple_comes_back_as_the_list_that_says_the_same() -> None:
    assert Payload.__from_data__(Payload({"n": (1, 2)}).__to_data__(), ()) == {"n": [1, 2]}


def test_what_has_no_form_in_json_is_refused_by_name() -> None:
    with pytest.raises(DefinitionError, match="n: a value of the type complex has no JSON form"):
        Payload({"n": 1j}).__to_data__()


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"n": {"decimal": "x"}},
        {"n": {"fraction": "1/0"}},
        {"n": {"date": 5}},
        {"n": {"instant": "never"}},
        {"n": {"object": []}},
        {"n": {"set": 5}},
        {"n": {"money": "5 EUR"}},
        {"n": {}},
        {"n": {"date": "2026-03-01", "decimal": "1"}},
    ],
)
def test_json_that_is_no_payload_is_refused(data: object) -> None:
    with pytest.raises(DefinitionError):
        Payload.__from_data__(data, ())


@fewer
@given(st.data(), definitions(), moments())
def test_a_journey_goes_to_json_and_back(
    data: st.DataObject, definition: Lifecycle, as_of: dt.date
) -> None:
    journey = definition.replay(data.draw(logs(definition)), as_of=as_of)

    assert from_json(to_json(journey), Journey) == journey


@fewer
@given(st.data(), definitions(), moments())
def test_what_counts_is_what_lies_by_the_limit(
    data: st.DataObject, definition: Lifecycle, as_of: dt.date
) -> None:
    log = data.draw(logs(definition))

    assert counted(log, as_of=as_of) == [each for each in log if is_by(each.at, as_of)]


def test_a_moment_of_numpy_is_the_one_that_rules_read() -> None:
    at = dt.datetime(2026, 3, 9, 12, tzinfo=UTC)
    for value, plain in (
        (np.datetime64("2026-03-09T12", "h"), at),
        (np.datetime64("2026-03-09T12", "ns"), at),
        (np.datetime64("2026-03-09", "D"), D(2026, 3, 9)),
        (np.array(["2026-03-09T12"], "M8[s]"), [at]),
    ):
        seen, same = event("seen", payload={"at": value}), event("seen", payload={"at": plain})

        assert seen == same
        assert to_json(seen) == to_json(same)


def test_a_moment_of_numpy_in_no_year_that_there_is_is_a_text() -> None:
    assert content_of(np.datetime64("12026-03-09", "D")) == "'12026-03-09'"


@pytest.mark.parametrize("payload", [{1: "a"}, {"by": {1: "a"}}, {"by": [{1: "a"}]}])
def test_a_key_that_is_no_text_is_refused_when_it_is_written(payload: dict[Any, Any]) -> None:
    with pytest.raises(DefinitionError, match="the key the int 1 has no JSON form; make it text"):
        to_json(event("paid", payload=payload))


@pytest.mark.parametrize("value", [math.inf, [math.nan]])
def test_a_number_that_json_has_not_is_refused_when_it_is_written(value: object) -> None:
    with pytest.raises(DefinitionError, match=r"payload\.amount"):
        to_json(event("paid", payload={"amount": value}))


@pytest.mark.parametrize("payload", [None, [1], "x"])
def test_a_payload_that_is_no_mapping_is_refused(payload: Any) -> None:
    with pytest.raises(DefinitionError, match=r"\$\.payload: expected a mapping by name, but got"):
        event("paid", payload=payload)


@pytest.mark.parametrize(
    ("log", "problem"),
    [
        ([1], r"\$\[0\]: expected an Event, but got the int 1$"),
        (None, r"\$: expected events, but got None$"),
        ("log", r"\$: expected events, but got the str 'log'$"),
        (
            event("paid"),
            r"\$: expected events, but got a value of the type Event; write \[event\]$",
        ),
    ],
)
def test_a_log_of_something_else_than_events_is_refused(log: Any, problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        counted(log, as_of=D.max)
