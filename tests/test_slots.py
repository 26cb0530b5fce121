"""Operations slots (P11): who is assigned, what is refused and why, and no double booking."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cslib.errors import DefinitionError
from cslib.moments import MomentError
from cslib.rosters import Booking, Engineer, Roster, Shift, SlotRequest
from cslib.slots import (
    Availability,
    SlotAnswer,
    SlotError,
    SlotVerdict,
    book,
    cancel,
    move,
)

MIDNIGHT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def at(hour: float) -> dt.datetime:
    return MIDNIGHT + hour * HOUR


def shift(start: float, end: float) -> Shift:
    return Shift(start=at(start), end=at(end))


def engineer(name: str, *shifts: Shift, skills: tuple[str, ...] = ("upgrade",)) -> Engineer:
    return Engineer(id=name, skills=skills, shifts=shifts or (shift(9, 17),))


def roster(*engineers: Engineer, gap: int = 0) -> Roster:
    return Roster(name="operations", engineers=engineers, gap=gap)


def request(
    start: float, end: float, name: str = "new", account: str = "A", skill: str = "upgrade"
) -> SlotRequest:
    return SlotRequest(id=name, account=account, skill=skill, start=at(start), end=at(end))


def booking(start: float, end: float, name: str, account: str, who: str = "ann") -> Booking:
    return Booking.of(request(start, end, name, account), who)


def starts(answer: SlotAnswer) -> list[float]:
    return [(each.start - MIDNIGHT) / HOUR for each in answer.openings]


BOTH = roster(engineer("ann"), engineer("bo"))


# --- Assignment


def test_p11_the_customer_picks_a_time_and_an_engineer_with_the_skill_is_assigned() -> None:
    team = roster(engineer("ann"), engineer("bo", skills=("migration",)))

    answer = book(team, [], request(9, 11, skill="migration"))

    assert answer.verdict is SlotVerdict.BOOKED
    assert answer.booking == Booking.of(answer.request, "bo")
    assert answer.bookings == (answer.booking,)
    assert answer.definition == team.fingerprint
    assert str(answer) == (
        "booked new: migration for A, 2026-06-01 09:00Z to 2026-06-01 11:00Z, by bo\n"
        "  ann: cannot do this work\n"
        "  bo: free, 0 booked that day"
    )


def test_among_the_free_the_one_with_the_fewest_bookings_that_day_is_assigned() -> None:
    answer = book(BOTH, [booking(9, 10, "b1", "B")], request(11, 12))

    assert answer.booking is not None
    assert answer.booking.engineer == "bo"


def test_bookings_of_another_day_do_not_count() -> None:
    team = roster(engineer("ann", shift(9, 17), shift(33, 41)), engineer("bo", shift(33, 41)))

    answer = book(team, [booking(9, 10, "b1", "B")], request(34, 35))

    assert answer.booking is not None
    assert answer.booking.engineer == "ann"


def test_of_two_with_as_many_bookings_the_id_decides_whatever_their_order() -> None:
    for team in (BOTH, roster(engineer("bo"), engineer("ann"))):
        answer = book(team, [], request(9, 10))

        assert answer.booking is not None
        assert answer.booking.engineer == "ann"


def test_a_slot_may_begin_at_the_instant_at_which_another_ends() -> None:
    answer = book(roster(engineer("ann")), [booking(9, 11, "b1", "B")], request(11, 12))

    assert answer.verdict is SlotVerdict.BOOKED


# --- Refusal


def test_a_slot_that_nobody_has_free_is_refused_with_the_next_free_times() -> None:
    team = roster(engineer("ann"), engineer("bo", shift(13, 15)))

    answer = book(team, [booking(9, 12, "b1", "B")], request(10, 12))

    assert (answer.verdict, answer.booking) == (SlotVerdict.ALL_BUSY, None)
    assert str(answer) == (
        "refused new: upgrade for A, 2026-06-01 10:00Z to 2026-06-01 12:00Z: all are busy\n"
        "  ann: busy with b1\n"
        "  bo: off\n"
        "  next: 2026-06-01 12:00Z to 2026-06-01 14:00Z, by ann\n"
        "  next: 2026-06-01 13:00Z to 2026-06-01 15:00Z, by bo\n"
        "  next: 2026-06-01 14:00Z to 2026-06-01 16:00Z, by ann"
    )


def test_a_refusal_leaves_the_bookings_as_they_were() -> None:
    standing = (booking(9, 12, "b1", "B"),)

    assert book(roster(engineer("ann")), standing, request(10, 12)).bookings == standing


def test_a_slot_that_reaches_beyond_every_shift_is_outside_working_hours() -> None:
    answer = book(BOTH, [], request(16, 18))

    assert answer.verdict is SlotVerdict.OUTSIDE_HOURS
    assert {each.availability for each in answer.findings} == {Availability.OFF}
    assert answer.openings == ()


def test_work_that_nobody_can_do_is_refused_with_the_skill_that_may_have_been_meant() -> None:
    answer = book(BOTH, [], request(9, 10, skill="upgarde"))

    assert answer.verdict is SlotVerdict.NO_SKILL
    assert answer.reason.endswith("nobody with the skill: did you mean 'upgrade'?")
    assert answer.openings == ()


def test_a_roster_without_engineers_has_nobody_with_the_skill() -> None:
    assert book(roster(), [], request(9, 10)).verdict is SlotVerdict.NO_SKILL


def test_on_one_account_only_one_operation_runs_at_a_time() -> None:
    answer = book(BOTH, [booking(9, 11, "b1", "A")], request(10, 12), openings=1)

    assert answer.verdict is SlotVerdict.ACCOUNT_BUSY
    assert starts(answer) == [11]


def test_two_systems_of_one_customer_can_be_worked_on_together() -> None:
    answer = book(BOTH, [booking(9, 11, "b1", "A/test")], request(9, 11, account="A/production"))

    assert answer.booking is not None
    assert answer.booking.engineer == "bo"


def test_a_start_before_the_notice_is_over_is_too_soon_and_so_is_none_of_the_free_times() -> None:
    answer = book(BOTH, [], request(9, 10), not_before=at(10.5), openings=2)

    assert answer.verdict is SlotVerdict.TOO_SOON
    assert starts(answer) == [10.5, 11.5]
    assert book(BOTH, [], request(9, 10), not_before=at(9)).verdict is SlotVerdict.BOOKED


def test_the_next_free_times_lie_back_to_back_from_the_start_that_was_asked_for() -> None:
    answer = book(roster(engineer("ann")), [booking(12, 13, "b1", "B")], request(10, 12.5))

    assert starts(answer) == [13]
    assert starts(
        book(roster(engineer("ann")), [booking(12, 13, "b1", "B")], request(11, 12.5))
    ) == [
        13,
        14.5,
    ]


def test_as_many_free_times_are_named_as_are_asked_for() -> None:
    taken = [booking(9, 10, "b1", "B")]

    found = [
        len(book(roster(engineer("ann")), taken, request(9, 10), openings=n).openings)
        for n in (0, 2, 9)
    ]

    assert found == [0, 2, 7]


# --- The gap


def test_an_engineer_has_the_gap_free_between_two_bookings() -> None:
    team = roster(engineer("ann"), gap=30)
    standing = [booking(11, 12, "b1", "B")]

    assert book(team, standing, request(12.5, 13)).verdict is SlotVerdict.BOOKED
    assert book(team, standing, request(10, 10.5)).verdict is SlotVerdict.BOOKED
    refused = book(team, standing, request(12.25, 13), openings=1)
    assert refused.verdict is SlotVerdict.ALL_BUSY
    assert starts(refused) == [12.5]


def test_bookings_that_stand_closer_than_a_new_gap_stay() -> None:
    standing = [booking(9, 10, "b1", "B"), booking(10, 11, "b2", "C")]

    assert book(roster(engineer("ann"), gap=60), standing, request(12, 13)).booking


def test_a_gap_ends_where_the_calendar_does() -> None:
    first = dt.datetime.min.replace(tzinfo=dt.UTC)
    last = dt.datetime.max.replace(tzinfo=dt.UTC)
    ann = Engineer(id="ann", skills=["upgrade"], shifts=[Shift(start=first, end=last)])
    ends = [
        Booking(id=f"b{n}", account=f"B{n}", skill="upgrade", start=start, end=end, engineer="ann")
        for n, (start, end) in enumerate([(first, first + HOUR), (last - HOUR, last)])
    ]
    ask = SlotRequest(id="b", account="A", skill="upgrade", start=first, end=first + HOUR)

    answer = book(roster(ann, gap=60), ends, ask, openings=1)

    assert answer.openings[0].start == first + 2 * HOUR


# --- Cancel and move


def test_what_is_cancelled_is_free_again() -> None:
    standing = cancel([booking(9, 12, "b1", "B"), booking(13, 14, "b2", "C")], "b1")

    assert [each.id for each in standing] == ["b2"]
    assert book(roster(engineer("ann")), standing, request(9, 12)).booking


def test_a_booking_that_is_not_there_cannot_be_cancelled_or_moved() -> None:
    standing = [booking(9, 12, "b17", "B")]

    with pytest.raises(SlotError, match=r"booking 'b71': there is none .* did you mean 'b17'\?"):
        cancel(standing, "b71")
    with pytest.raises(SlotError, match="there is none"):
        move(BOTH, standing, "b2", at(13))


def test_a_booking_moves_with_its_engineer_into_time_that_it_took_itself() -> None:
    standing = [booking(9, 11, "b1", "A", "bo"), booking(13, 14, "b2", "B", "bo")]

    answer = move(BOTH, standing, "b1", at(10))

    assert answer.booking == booking(10, 12, "b1", "A", "bo")
    assert {each.id for each in answer.bookings} == {"b1", "b2"}


def test_another_engineer_takes_a_moved_booking_where_the_first_is_not_free() -> None:
    standing = [booking(9, 11, "b1", "A", "bo"), booking(13, 14, "b2", "B", "bo")]

    answer = move(BOTH, standing, "b1", at(12))

    assert answer.booking == booking(12, 14, "b1", "A", "ann")


def test_a_booking_that_cannot_move_stands_where_it_was() -> None:
    standing = (booking(9, 11, "b1", "A"), booking(13, 14, "b2", "B"))

    answer = move(roster(engineer("ann")), standing, "b1", at(12))

    assert (answer.verdict, answer.bookings) == (SlotVerdict.ALL_BUSY, standing)
    assert starts(answer) == [14]


def test_a_date_alone_is_no_time_to_move_to() -> None:
    with pytest.raises(MomentError):
        move(BOTH, [booking(9, 11, "b1", "A")], "b1", dt.date(2026, 6, 1))  # type: ignore[arg-type]


# --- What cannot stand


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        (booking(10, 11, "b2", "B"), "overlaps with 'b1', of the same engineer ann; cancel"),
        (booking(10, 11, "b2", "A", "bo"), "of the same account A; .* name the system"),
        (booking(12, 13, "b1", "B"), "stands twice"),
        (booking(12, 13, "b2", "B", "anne"), "unknown engineer 'anne': did you mean 'ann'"),
        (booking(12, 13, "b2", "B", "zed"), "keep who has bookings in the roster"),
    ],
)
def test_bookings_that_cannot_stand_together_are_refused_by_id(
    second: Booking, problem: str
) -> None:
    first = booking(9, 11, "b1", "A")

    with pytest.raises(SlotError, match=problem):
        book(BOTH, [first, second], request(15, 16, account="Z"))
    with pytest.raises(SlotError, match=problem):
        move(BOTH, [first, second], "b1", at(15))


def test_an_id_is_booked_once() -> None:
    with pytest.raises(SlotError, match="booked already; move it"):
        book(BOTH, [booking(9, 11, "new", "B")], request(13, 14))


def test_an_engineer_without_shifts_keeps_what_is_booked() -> None:
    team = roster(Engineer(id="ann", skills=["upgrade"]))

    answer = book(team, [booking(9, 11, "b1", "B")], request(13, 14))

    assert answer.verdict is SlotVerdict.OUTSIDE_HOURS


# --- Laws

hours = st.integers(0, 47)
lengths = st.integers(1, 6)
skills = st.sampled_from(["installation", "migration", "upgrade"])


@st.composite
def shifts(draw: st.DrawFn) -> Shift:
    start = draw(hours)
    return shift(start, start + draw(st.integers(1, 12)))


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    engineers = [
        Engineer(
            id=name,
            skills=draw(st.sets(skills, min_size=1)),
            shifts=draw(st.lists(shifts(), max_size=3)),
        )
        for name in ("ann", "bo", "cy")
    ]
    return roster(*draw(st.permutations(engineers)), gap=draw(st.sampled_from([0, 60])))


asks = st.tuples(hours, lengths, st.sampled_from(["A", "B", "C"]), skills)


def filled(team: Roster, wanted: list[tuple[int, int, str, str]]) -> tuple[Booking, ...]:
    bookings: tuple[Booking, ...] = ()
    for n, (start, length, account, skill) in enumerate(wanted):
        asked = request(start, start + length, f"b{n}", account, skill)
        bookings = book(team, bookings, asked, openings=0).bookings
    return bookings


def fits(team: Roster, bookings: tuple[Booking, ...], asked: SlotRequest) -> set[str]:
    """Who could take a slot, hour by hour."""
    gap = dt.timedelta(minutes=team.gap)
    if any(b.account == asked.account and hours_of(b) & hours_of(asked) for b in bookings):
        return set()
    wide = hours_of(asked, gap)
    return {
        each.id
        for each in team.engineers
        if asked.skill in each.skills
        and hours_of(asked) <= set().union(*map(hours_of, each.shifts))
        and not any(b.engineer == each.id and hours_of(b) & wide for b in bookings)
    }


def hours_of(slot: Shift | Booking | SlotRequest, gap: dt.timedelta = dt.timedelta()) -> set[int]:
    start, end = ((moment - MIDNIGHT) // HOUR for moment in (slot.start - gap, slot.end + gap))
    return set(range(start, end))


@given(rosters(), st.lists(asks, max_size=8), asks)
def test_a_slot_is_booked_exactly_where_a_look_at_every_hour_finds_someone(
    team: Roster, wanted: list[tuple[int, int, str, str]], ask: tuple[int, int, str, str]
) -> None:
    bookings = filled(team, wanted)
    start, length, account, skill = ask
    asked = request(start, start + length, "new", account, skill)

    answer = book(team, bookings, asked)

    able = fits(team, bookings, asked)
    assert (answer.booking is not None) == bool(able)
    if answer.booking is not None:
        day = asked.start.date()
        load = {
            who: sum(b.engineer == who and b.start.date() == day for b in bookings) for who in able
        }
        assert answer.booking.engineer == min(able, key=lambda who: (load[who], who))


@given(rosters(), st.lists(asks, max_size=8), asks)
def test_each_free_time_that_is_named_can_be_booked_and_none_is_earlier_than_the_first(
    team: Roster, wanted: list[tuple[int, int, str, str]], ask: tuple[int, int, str, str]
) -> None:
    bookings = filled(team, wanted)
    start, length, account, skill = ask
    asked = request(start, start + length, "new", account, skill)

    answer = book(team, bookings, asked, openings=50)

    found = [each.start for each in answer.openings]
    assert found == sorted(set(found))
    for each in answer.openings:
        booked = book(team, bookings, asked.at(each.start)).booking
        assert booked is not None
        assert (booked.start, booked.end, booked.engineer) == (each.start, each.end, each.engineer)
    if answer.booking is None:
        free = [h for h in range(start, 72) if fits(team, bookings, asked.at(at(h)))]
        assert found[:1] == [at(h) for h in free[:1]]


@given(rosters(), st.lists(asks, max_size=8), asks)
def test_the_order_of_bookings_and_of_engineers_changes_no_answer(
    team: Roster,
    wanted: list[tuple[int, int, str, str]],
    ask: tuple[int, int, str, str],
) -> None:
    bookings = filled(team, wanted)
    start, length, account, skill = ask
    asked = request(start, start + length, "new", account, skill)
    mixed = roster(*reversed(team.engineers), gap=team.gap)

    one, other = book(team, bookings, asked), book(mixed, bookings[::-1], asked)

    assert (one.booking, one.findings, one.openings) == (
        other.booking,
        other.findings,
        other.openings,
    )


class Registration(RuleBasedStateMachine):
    """Customers book, cancel and move at will."""

    def __init__(self) -> None:
        super().__init__()
        self.team = roster()
        self.bookings: tuple[Booking, ...] = ()
        self.ids = itertools.count()

    @initialize(team=rosters())
    def start(self, team: Roster) -> None:
        self.team = team

    @rule(ask=asks)
    def books(self, ask: tuple[int, int, str, str]) -> None:
        start, length, account, skill = ask
        asked = request(start, start + length, f"b{next(self.ids)}", account, skill)
        before, answer = self.bookings, book(self.team, self.bookings, asked)
        self.bookings = answer.bookings
        assert (self.bookings == before) == (answer.booking is None)

    @rule(ask=asks)
    def takes_the_first_free_time_instead(self, ask: tuple[int, int, str, str]) -> None:
        start, length, account, skill = ask
        asked = request(start, start + length, f"b{next(self.ids)}", account, skill)
        for opening in book(self.team, self.bookings, asked, openings=1).openings:
            self.bookings = book(self.team, self.bookings, asked.at(opening.start)).bookings
            assert self.bookings[-1].id == asked.id

    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        if self.bookings:
            gone = data.draw(st.sampled_from(self.bookings)).id
            self.bookings = cancel(self.bookings, gone)

    @rule(data=st.data(), hour=hours)
    def moves(self, data: st.DataObject, hour: int) -> None:
        if self.bookings:
            moved = data.draw(st.sampled_from(self.bookings))
            count = len(self.bookings)
            answer = move(self.team, self.bookings, moved.id, at(hour))
            self.bookings = answer.bookings
            assert len(self.bookings) == count

    @invariant()
    def nobody_is_booked_twice_at_one_time(self) -> None:
        for one, other in itertools.combinations(self.bookings, 2):
            if one.engineer == other.engineer or one.account == other.account:
                assert one.end <= other.start or other.end <= one.start

    @invariant()
    def whoever_is_booked_can_do_the_work_and_works_then(self) -> None:
        engineers = {each.id: each for each in self.team.engineers}
        for each in self.bookings:
            who = engineers[each.engineer]
            assert each.skill in who.skills
            assert who.works(each.start, each.end)


TestSlotsNeverDoubleBook = Registration.TestCase
TestSlotsNeverDoubleBook.settings = settings(stateful_step_count=25)


@pytest.mark.parametrize("given", [None, 5, "roster"])
def test_what_is_no_roster_request_or_booking_is_refused(given: Any) -> None:
    nine = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
    nobody = Roster(name="operations", engineers=[])
    ask = SlotRequest(id="b1", account="A1", skill="upgrade", start=nine, end=nine + 4 * HALF)
    stands = Booking.of(ask, "ann")

    for asked in (
        lambda: book(given, [], ask),
        lambda: book(nobody, given, ask),
        lambda: book(nobody, [], given),
        lambda: cancel(given, "b1"),
        lambda: move(given, [stands], "b1", nine),
        lambda: move(nobody, given, "b1", nine),
    ):
        with pytest.raises(DefinitionError, match="expected"):
            asked()


@pytest.mark.parametrize("given", [None, True, -1, 1.5, "3"])
def test_how_many_free_times_to_name_is_a_whole_number(given: Any) -> None:
    nine = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
    ask = SlotRequest(id="b1", account="A1", skill="upgrade", start=nine, end=nine + 4 * HALF)

    with pytest.raises(DefinitionError, match=r"openings is not valid: .* whole number from 0"):
        book(Roster(name="operations", engineers=[]), [], ask, openings=given)


HALF = dt.timedelta(minutes=30)


def test_an_account_may_be_booked_right_before_and_right_after() -> None:
    nine = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
    shift = Shift(start=nine, end=nine + 16 * HALF)
    team = Roster(
        name="operations",
        engineers=[Engineer(id=each, skills=["upgrade"], shifts=[shift]) for each in ("ann", "bo")],
    )

    def ask(name: str, start: int) -> SlotRequest:
        begin = nine + start * HALF
        return SlotRequest(id=name, account="A1", skill="upgrade", start=begin, end=begin + HALF)

    standing = book(team, [], ask("middle", 2)).bookings

    for name, start in (("before", 1), ("after", 3)):
        assert book(team, standing, ask(name, start)).verdict is SlotVerdict.BOOKED
    assert book(team, standing, ask("same", 2)).verdict is SlotVerdict.ACCOUNT_BUSY
