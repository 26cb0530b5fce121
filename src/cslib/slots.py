"""Operations slots: the customer picks a time, and an engineer who can do the work is assigned.

P11 (N) calls it registration: an installation, migration or upgrade is booked like an appointment.
A roster (:mod:`cslib.rosters`) says who can do what and when they work; :func:`book` answers a
request with a booking, or says of every engineer why not, and names the next free times.

Conventions:

- All times are instants, and every stretch of time is half-open.
- Nobody is booked twice at one time: neither an engineer nor an account, on whose system only one
  operation runs at a time.
- Among those who are free, the one with the fewest bookings on the day of the slot's start, in UTC,
  is assigned; then by id.

The rulings where two readers could differ are in ``docs/semantics.md``, "Slots, rhythm, layer mix".
"""

from __future__ import annotations

import datetime as dt
import enum
import heapq
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias, TypeVar

import attrs

from cslib.errors import CslibError, suggestion
from cslib.faults import check_kind, refuse, several, whole_faults
from cslib.moments import instant
from cslib.rosters import Booking, Engineer, Roster, Shift, SlotRequest

__all__ = [
    "Availability",
    "EngineerFinding",
    "Opening",
    "SlotAnswer",
    "SlotError",
    "SlotVerdict",
    "book",
    "cancel",
    "move",
]

T = TypeVar("T")
_Stretch: TypeAlias = tuple[dt.datetime, dt.datetime]

_MOST_OPENINGS = 1_000_000
_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


@attrs.define
class SlotError(CslibError, ValueError):
    """Bookings that cannot stand as they were given, or one that is not there.

    Attributes:
        booking: The id of the booking at fault.
        problem: What is wrong with it, and the way out.
    """

    booking: str
    problem: str

    def __str__(self) -> str:
        return f"booking {self.booking!r}: {self.problem}"


# --------------------------------------------------------------------------------------
# The answer


class SlotVerdict(enum.StrEnum):
    """What became of a request; of several reasons against it, the first of this order is named."""

    BOOKED = "booked"
    """An engineer is assigned."""
    TOO_SOON = "too soon"
    """It begins before the earliest time that was allowed."""
    NO_SKILL = "nobody with the skill"
    """No engineer of the roster can do the work, at any time."""
    ACCOUNT_BUSY = "the account has another operation"
    """Another operation runs on the account's system at that time."""
    OUTSIDE_HOURS = "outside working hours"
    """Nobody who can do the work is on shift for all of that time."""
    ALL_BUSY = "all are busy"
    """Everyone who can do the work, and works then, is booked."""


class Availability(enum.StrEnum):
    """How one engineer stood to a request."""

    FREE = "free"
    """Can do the work, and has the time."""
    NO_SKILL = "cannot do this work"
    """The skill is missing."""
    OFF = "off"
    """No shift holds all of that time."""
    BUSY = "busy"
    """Another booking, and the gap to it, takes some of that time."""


@attrs.frozen(kw_only=True)
class EngineerFinding:
    """How one engineer stood to a request.

    Attributes:
        engineer: The engineer's id.
        availability: What was found.
        bookings: The engineer's bookings that begin on that day, in UTC: of those who are free, who
            has the fewest is assigned.
        busy_with: The id of the booking in the way, the earliest of several; empty where none is.
    """

    engineer: str
    availability: Availability
    bookings: int
    busy_with: str = ""

    def __str__(self) -> str:
        match self.availability:
            case Availability.FREE:
                return f"{self.engineer}: free, {self.bookings} booked that day"
            case Availability.BUSY:
                return f"{self.engineer}: busy with {self.busy_with}"
        return f"{self.engineer}: {self.availability}"


@attrs.frozen(kw_only=True)
class Opening:
    """A free time that a customer could pick instead, and who would be assigned.

    Attributes:
        start: When it begins.
        end: When it is over.
        engineer: The id of the engineer whom the rule of assignment gives.
    """

    start: dt.datetime
    end: dt.datetime
    engineer: str

    def __str__(self) -> str:
        return f"{Shift(start=self.start, end=self.end)}, by {self.engineer}"


@attrs.frozen(kw_only=True)
class SlotAnswer:
    """A booking, or why there is none and when there could be one.

    Attributes:
        request: What was asked for.
        verdict: What became of it.
        booking: The booking; None where it was refused.
        bookings: All bookings as they stand now; where it was refused, as they stood before.
        findings: Every engineer of the roster, by id.
        openings: Where it was refused, the next free times, the earliest first.
        hint: What the skill may have been meant to be, where nobody has it.
        definition: The fingerprint of the roster.
    """

    request: SlotRequest
    verdict: SlotVerdict
    booking: Booking | None
    bookings: tuple[Booking, ...] = attrs.field(repr=False)
    findings: tuple[EngineerFinding, ...]
    openings: tuple[Opening, ...] = ()
    hint: str = ""
    definition: str = attrs.field(repr=False)

    @property
    def reason(self) -> str:
        """The answer in one line."""
        if self.booking is not None:
            return f"booked {self.booking}"
        return f"refused {self.request}: {self.verdict}{self.hint}"

    def __str__(self) -> str:
        lines = [self.reason, *(f"  {each}" for each in self.findings)]
        return "\n".join([*lines, *(f"  next: {each}" for each in self.openings)])


# --------------------------------------------------------------------------------------
# Booking


def book(
    roster: Roster,
    bookings: Iterable[Booking],
    request: SlotRequest,
    *,
    not_before: dt.date | None = None,
    openings: int = 3,
) -> SlotAnswer:
    """Assigns an engineer to a slot, or refuses it with the reason and the next free times.

    A refused request is offered the earliest times from its own start on, each as long as it asked
    for: in every free stretch of someone who can do the work from its beginning, back to back.

    Args:
        roster: Who can do what, and when.
        bookings: What is booked already, in any order. It binds engineers and accounts; whether it
            still lies in a shift is not asked.
        request: What the customer picked.
        not_before: The earliest start that is allowed: now, or now and the notice that you need; of
            a date the start of its day in UTC. Without it any time is.
        openings: How many free times to name with a refusal.

    Raises:
        DefinitionError: If the roster, the request or a booking is none, or ``openings`` is no
            whole number of 0 or more.
        SlotError: If two bookings have one id, overlap for one engineer or one account, name an
            engineer who is not in the roster, or have the request's id.
        MomentError: If ``not_before`` is no moment.

    >>> day = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
    >>> hour = dt.timedelta(hours=1)
    >>> ann = Engineer(id="ann", skills=["upgrade"], shifts=[Shift(start=day, end=day + 8 * hour)])
    >>> roster = Roster(name="operations", engineers=[ann])
    >>> ask = SlotRequest(id="b1", account="A1", skill="upgrade", start=day, end=day + 2 * hour)
    >>> first = book(roster, [], ask)
    >>> print(first.booking)
    b1: upgrade for A1, 2026-06-01 09:00Z to 2026-06-01 11:00Z, by ann
    >>> print(book(roster, first.bookings, attrs.evolve(ask, id="b2", account="A2"), openings=1))
    refused b2: upgrade for A2, 2026-06-01 09:00Z to 2026-06-01 11:00Z: all are busy
      ann: busy with b1
      next: 2026-06-01 11:00Z to 2026-06-01 13:00Z, by ann
    """
    check_kind("request", request, SlotRequest)
    return _Book(roster, bookings, not_before).answer(request, openings, prefer="")


def cancel(bookings: Iterable[Booking], booking: str) -> tuple[Booking, ...]:
    """The bookings without the one of this id, in the order given.

    Raises:
        DefinitionError: If something is no booking.
        SlotError: If there is none of this id.
    """
    standing = several("bookings", "$", bookings, Booking)
    _found(standing, booking)
    return tuple(each for each in standing if each.id != booking)


def move(
    roster: Roster,
    bookings: Iterable[Booking],
    booking: str,
    start: dt.datetime,
    *,
    not_before: dt.date | None = None,
    openings: int = 3,
) -> SlotAnswer:
    """A booking at another time, as long as before; where that is refused, the old one stands.

    The engineer stays the same where free, otherwise the rule of assignment chooses.

    Args:
        roster: Who can do what, and when.
        bookings: What is booked, the one to be moved among it.
        booking: The id of the one to be moved; its own time counts as free.
        start: When it shall begin instead, an aware datetime.
        not_before: As for :func:`book`.
        openings: As for :func:`book`.

    Raises:
        DefinitionError: As :func:`book`.
        SlotError: As :func:`book`; if there is no booking of this id.
        MomentError: If ``start`` is no instant, or ``not_before`` no moment.
    """
    standing = several("bookings", "$", bookings, Booking)
    check_kind("roster", roster, Roster)
    old = _found(standing, booking)
    fields = attrs.asdict(old)
    engineer = fields.pop("engineer")
    _check_standing(roster, standing)
    others = _Book(roster, cancel(standing, booking), not_before)
    answer = others.answer(SlotRequest(**fields).at(start), openings, prefer=engineer)
    return answer if answer.booking else attrs.evolve(answer, bookings=standing)


def _found(bookings: Sequence[Booking], booking: str) -> Booking:
    for each in bookings:
        if each.id == booking:
            return each
    hint = suggestion(str(booking), [each.id for each in bookings])
    raise SlotError(booking, f"there is none of this id{hint}")


def _check_standing(roster: Roster, bookings: Sequence[Booking]) -> None:
    """That ids stand once, engineers are known, and nobody is booked twice at one time."""
    seen: set[str] = set()
    known = {each.id for each in roster.engineers}
    for each in bookings:
        if each.id in seen:
            raise SlotError(each.id, "stands twice; give each booking an id of its own")
        seen.add(each.id)
        if each.engineer not in known:
            hint = suggestion(each.engineer, known) or "; keep who has bookings in the roster"
            raise SlotError(each.id, f"unknown engineer {each.engineer!r}{hint}")
    last: dict[tuple[str, str], Booking] = {}
    for each in sorted(bookings, key=_begin):
        for whom in (("engineer", each.engineer), ("account", each.account)):
            before = last.get(whom)
            if before is not None and each.start < before.end:
                hint = _OVERLAPS[whom[0]]
                problem = f"overlaps with {before.id!r}, of the same {' '.join(whom)}; {hint}"
                raise SlotError(each.id, problem)
            last[whom] = each


_OVERLAPS = {
    "engineer": "cancel or move one of them",
    "account": "cancel or move one, or name the system that each works on",
}


def _begin(slot: Booking) -> tuple[dt.datetime, str]:
    return slot.start, slot.id


class _Book:
    """What is booked, arranged for questions."""

    def __init__(
        self, roster: Roster, bookings: Iterable[Booking], not_before: dt.date | None
    ) -> None:
        check_kind("roster", roster, Roster)
        self.bookings = several("bookings", "$", bookings, Booking)
        _check_standing(roster, self.bookings)
        self.roster = roster
        in_order = sorted(self.bookings, key=_begin)
        self.not_before = None if not_before is None else instant(not_before, "not_before")
        self.gap = dt.timedelta(minutes=roster.gap)
        self.engineers = sorted(roster.engineers, key=lambda each: each.id)
        self.of_engineer = _grouped((each.engineer, each) for each in in_order)
        self.of_account = _grouped((each.account, each) for each in in_order)

    def answer(self, request: SlotRequest, openings: int, prefer: str) -> SlotAnswer:
        refuse("openings", whole_faults("$", openings, 0, _MOST_OPENINGS))
        if any(each.id == request.id for each in self.bookings):
            raise SlotError(request.id, "is booked already; move it, or give the request a new id")
        findings = tuple(self.finding(each, request) for each in self.engineers)
        verdict = self.verdict(request, findings)
        booked = verdict is SlotVerdict.BOOKED
        booking = Booking.of(request, _assigned(findings, prefer)) if booked else None
        lacking = verdict is SlotVerdict.NO_SKILL
        return SlotAnswer(
            request=request,
            verdict=verdict,
            booking=booking,
            bookings=(*self.bookings, *filter(None, [booking])),
            findings=findings,
            openings=() if booked else self.openings(request, openings, prefer),
            hint=suggestion(request.skill, self.roster.skills) if lacking else "",
            definition=self.roster.fingerprint,
        )

    def verdict(self, request: SlotRequest, findings: Sequence[EngineerFinding]) -> SlotVerdict:
        found = {each.availability for each in findings}
        if self.not_before is not None and request.start < self.not_before:
            return SlotVerdict.TOO_SOON
        if found <= {Availability.NO_SKILL}:
            return SlotVerdict.NO_SKILL
        if self.of_account_within(request):
            return SlotVerdict.ACCOUNT_BUSY
        if Availability.FREE in found:
            return SlotVerdict.BOOKED
        return SlotVerdict.ALL_BUSY if Availability.BUSY in found else SlotVerdict.OUTSIDE_HOURS

    def of_account_within(self, request: SlotRequest) -> bool:
        standing = self.of_account.get(request.account, [])
        return any(each.start < request.end and request.start < each.end for each in standing)

    def finding(self, engineer: Engineer, request: SlotRequest) -> EngineerFinding:
        own = self.of_engineer.get(engineer.id, [])
        in_the_way = [
            each.id
            for each in own
            if each.start - request.end < self.gap and request.start - each.end < self.gap
        ]
        if request.skill not in engineer.skills:
            availability = Availability.NO_SKILL
        elif not engineer.works(request.start, request.end):
            availability = Availability.OFF
        else:
            availability = Availability.BUSY if in_the_way else Availability.FREE
        return EngineerFinding(
            engineer=engineer.id,
            availability=availability,
            bookings=sum(each.start.date() == request.start.date() for each in own),
            busy_with=in_the_way[0] if availability is Availability.BUSY else "",
        )

    def openings(self, request: SlotRequest, most: int, prefer: str) -> tuple[Opening, ...]:
        able = [each for each in self.engineers if request.skill in each.skills]
        starts = heapq.merge(*(self.starts(each, request) for each in able))
        distinct = (start for start, _ in itertools.groupby(starts))
        return tuple(
            self.opening(able, request.at(start), prefer)
            for start in itertools.islice(distinct, most)
        )

    def opening(self, able: Sequence[Engineer], request: SlotRequest, prefer: str) -> Opening:
        findings = [self.finding(each, request) for each in able]
        who = _assigned(findings, prefer)
        return Opening(start=request.start, end=request.end, engineer=who)

    def starts(self, engineer: Engineer, request: SlotRequest) -> Iterator[dt.datetime]:
        """When an engineer could begin, back to back from the beginning of each free stretch."""
        earliest = max(filter(None, [request.start, self.not_before]))
        own = [_with_gap(each, self.gap) for each in self.of_engineer.get(engineer.id, [])]
        account = [(each.start, each.end) for each in self.of_account.get(request.account, [])]
        taken = sorted([*own, *account])
        for shift in engineer.shifts:
            for start, end in _free(max(shift.start, earliest), shift.end, taken):
                while end - start >= request.length:
                    yield start
                    start += request.length


def _with_gap(booking: Booking, gap: dt.timedelta) -> _Stretch:
    """The time around a booking in which nothing else fits, as far as there is a calendar."""
    start = booking.start - min(gap, booking.start - _FIRST)
    return start, booking.end + min(gap, _LAST - booking.end)


def _free(start: dt.datetime, end: dt.datetime, taken: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """What is left of a stretch; ``taken`` in order of start."""
    for busy_from, busy_to in taken:
        if busy_from >= end:
            break
        if start < busy_from:
            yield start, busy_from
        start = max(start, busy_to)
    if start < end:
        yield start, end


def _assigned(findings: Iterable[EngineerFinding], prefer: str) -> str:
    """Of those who are free: the preferred one, else the fewest bookings that day, then by id."""
    free = [each for each in findings if each.availability is Availability.FREE]
    return min(
        free, key=lambda each: (each.engineer != prefer, each.bookings, each.engineer)
    ).engineer


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
