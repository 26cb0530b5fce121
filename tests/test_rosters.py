"""Rosters: engineers, shifts, requests and bookings as values."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import attrs
import pytest

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.moments import MomentError
from cslib.rosters import Booking, Engineer, Roster, Shift, SlotRequest

MIDNIGHT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def at(hour: float) -> dt.datetime:
    return MIDNIGHT + hour * HOUR


def shift(start: float, end: float) -> Shift:
    return Shift(start=at(start), end=at(end))


ASKED = SlotRequest(id="b1", account="A", skill="upgrade", start=at(9), end=at(10.5))
ANN = Engineer(id="ann", skills=["upgrade", "migration", "upgrade"], shifts=[shift(9, 12)])


def test_skills_stand_once_and_in_order() -> None:
    assert ANN.skills == ("migration", "upgrade")
    assert Roster(name="r", engineers=[ANN, Engineer(id="bo", skills=["audit"])]).skills == (
        "audit",
        "migration",
        "upgrade",
    )


def test_shifts_stand_in_order_and_those_that_touch_or_overlap_are_one() -> None:
    ann = attrs.evolve(ANN, shifts=[shift(13, 17), shift(9, 12), shift(12, 13), shift(20, 21)])

    assert ann.shifts == (shift(9, 17), shift(20, 21))
    assert ann.works(at(11), at(14))
    assert not ann.works(at(16), at(18))
    assert not ann.works(at(16), at(20.5))


def test_times_are_kept_in_utc_and_read_so() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    summer = Shift(
        start=dt.datetime(2026, 6, 1, 9, tzinfo=berlin),
        end=dt.datetime(2026, 6, 1, 17, 0, 30, tzinfo=berlin),
    )

    assert summer.start == at(7)
    assert str(summer) == "2026-06-01 07:00Z to 2026-06-01 15:00:30Z"


def test_on_the_night_when_clocks_change_a_shift_is_as_long_as_the_time_that_passes() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = Shift(
        start=dt.datetime(2026, 10, 25, 1, tzinfo=berlin),
        end=dt.datetime(2026, 10, 25, 4, tzinfo=berlin),
    )
    repeated = attrs.evolve(
        ASKED,
        start=dt.datetime(2026, 10, 25, 2, 30, tzinfo=berlin),
        end=dt.datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1),
    )

    assert night.end - night.start == 4 * HOUR
    assert repeated.length == HOUR


def test_a_request_at_another_time_is_as_long() -> None:
    later = ASKED.at(at(13))

    assert (later.start, later.end, later.id) == (at(13), at(14.5), "b1")
    assert str(later) == "b1: upgrade for A, 2026-06-01 13:00Z to 2026-06-01 14:30Z"


def test_a_day_alone_or_a_time_beyond_the_calendar_is_no_start() -> None:
    with pytest.raises(MomentError, match="start of a slot"):
        ASKED.at(dt.date(2026, 6, 1))  # type: ignore[arg-type]
    with pytest.raises(MomentError, match="end of a slot"):
        ASKED.at(dt.datetime.max.replace(tzinfo=dt.UTC))


def test_a_booking_is_what_was_asked_for_and_who_does_it() -> None:
    booked = Booking.of(ASKED, "ann")

    assert (booked.id, booked.engineer, booked.end) == ("b1", "ann", ASKED.end)
    assert str(booked) == f"{ASKED}, by ann"


@pytest.mark.parametrize("wrong", [dt.date(2026, 6, 1), dt.datetime(2026, 6, 1), "noon", None])
def test_a_time_without_a_zone_is_refused_with_its_path(wrong: object) -> None:
    with pytest.raises(DefinitionError, match=r"\$\.end: expected an instant with a time zone"):
        attrs.evolve(ASKED, end=wrong)


def test_what_ends_starts_before_it() -> None:
    with pytest.raises(DefinitionError, match=r"\$\.end: expected an end after the start"):
        shift(9, 9)
    with pytest.raises(DefinitionError, match=r"\$\.end: expected an end after the start"):
        attrs.evolve(ASKED, end=at(8))


def test_every_fault_of_a_value_is_named_with_its_path() -> None:
    with pytest.raises(DefinitionError) as caught:
        attrs.evolve(ASKED, id="", skill="", start=None)

    assert [fault.path for fault in caught.value.faults] == ["$.id", "$.skill", "$.start"]
    with pytest.raises(DefinitionError, match=r"\$\.engineer"):
        Booking.of(ASKED, "")
    with pytest.raises(DefinitionError, match=r"\$\.skills"):
        attrs.evolve(ANN, skills=[""])
    with pytest.raises(DefinitionError, match=r"\$\.shifts\[0\]: expected a Shift"):
        attrs.evolve(ANN, shifts=[(at(9), at(10))])
    with pytest.raises(DefinitionError, match=r"\$\.engineers\[1\]\.id: 'ann' stands twice"):
        Roster(name="r", engineers=[ANN, ANN])
    with pytest.raises(DefinitionError, match=r"\$\.gap: expected a whole number from 0 to 10080"):
        Roster(name="r", engineers=[ANN], gap=-1)


def test_a_roster_goes_to_json_and_back() -> None:
    roster = Roster(name="operations", engineers=[ANN, Engineer(id="bo", skills=[])], gap=15)

    returned = from_json(to_json(roster), Roster)

    assert returned == roster
    assert returned.fingerprint == roster.fingerprint
