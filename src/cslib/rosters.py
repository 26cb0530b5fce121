"""Rosters: who can do which work and when, and what a customer asked for and was given.

The values that operations slots (P11, N; :mod:`cslib.slots`) are booked with. All times are aware
instants, kept in UTC, and every stretch of time is half-open: one may begin at the instant at which
another ends.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Iterable, Iterator

import attrs

from cslib.documents import document, fingerprint
from cslib.errors import Fault
from cslib.faults import name_faults, refuse, several, shown, unique_faults, whole_faults
from cslib.moments import MomentError, in_utc, instant

__all__ = ["Booking", "Engineer", "Roster", "Shift", "SlotRequest"]

_MOST_MINUTES = 10_080  # a week


def _utc(value: dt.datetime) -> dt.datetime:
    """An instant in UTC; what is none is left to be reported with its path."""
    try:
        return in_utc(value)  # type: ignore[return-value]
    except MomentError:
        return value


def _time_faults(start: object, end: object) -> Iterator[Fault]:
    wrong = False
    for path, value in (("$.start", start), ("$.end", end)):
        if not isinstance(value, dt.datetime) or value.tzinfo is not dt.UTC:
            wrong = True
            yield Fault(path, f"expected an instant with a time zone, but got {shown(value)}")
    if not wrong and not start < end:  # type: ignore[operator]
        yield Fault("$.end", f"expected an end after the start {start}, but got {end}")


@attrs.frozen(kw_only=True)
class Shift:
    """A stretch of time in which an engineer works; half-open.

    Attributes:
        start: Its first instant, an aware datetime.
        end: The instant at which it is over.

    Raises:
        DefinitionError: If a bound is no aware instant, or the end is not after the start.
    """

    start: dt.datetime = attrs.field(converter=_utc)
    end: dt.datetime = attrs.field(converter=_utc)

    def __attrs_post_init__(self) -> None:
        refuse("shift", _time_faults(self.start, self.end))

    def __str__(self) -> str:
        return f"{_shown(self.start)} to {_shown(self.end)}"


def _shown(moment: dt.datetime) -> str:
    return moment.isoformat(sep=" ").replace("+00:00", "Z").replace(":00Z", "Z")


def _skills(skills: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(several("engineer", "$.skills", skills, str))))


def _shifts(shifts: Iterable[Shift]) -> tuple[Shift, ...]:
    """In order, and as few as cover the same time."""
    merged: list[Shift] = []
    for shift in sorted(several("engineer", "$.shifts", shifts, Shift), key=lambda s: s.start):
        if merged and shift.start <= merged[-1].end:
            end = max(merged[-1].end, shift.end)
            merged[-1] = Shift(start=merged[-1].start, end=end)
        else:
            merged.append(shift)
    return tuple(merged)


@attrs.frozen(kw_only=True)
class Engineer:
    """Who can do which work, and when.

    Attributes:
        id: By which bookings name the engineer.
        skills: The kinds of work, such as ``installation``, ``migration`` or ``upgrade``.
        shifts: The time worked; kept in order, those that touch or overlap as one. Without any, the
            engineer gets no new bookings and keeps those that stand.

    Raises:
        DefinitionError: With every fault: an empty id or skill, a shift that is none.
    """

    id: str
    skills: tuple[str, ...] = attrs.field(converter=_skills)
    shifts: tuple[Shift, ...] = attrs.field(default=(), converter=_shifts)

    def __attrs_post_init__(self) -> None:
        faults = (
            *name_faults("$.id", self.id),
            *itertools.chain(*(name_faults("$.skills", skill) for skill in self.skills)),
        )
        refuse("engineer", faults)

    def works(self, start: dt.datetime, end: dt.datetime) -> bool:
        """Whether one shift holds all of ``[start, end)``."""
        return any(shift.start <= start and end <= shift.end for shift in self.shifts)


def _engineers(engineers: Iterable[Engineer]) -> tuple[Engineer, ...]:
    return several("roster", "$.engineers", engineers, Engineer)


@document("roster", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Roster:
    """The engineers among whom slots are shared out; their order changes nothing.

    Attributes:
        name: Its name.
        engineers: The engineers.
        gap: Minutes that an engineer has free between two bookings, for the way or for what was
            left over; up to a week. It need not lie within a shift.

    Raises:
        DefinitionError: With every fault: no name, two engineers of one id, a gap out of bounds.
    """

    name: str
    engineers: tuple[Engineer, ...] = attrs.field(converter=_engineers)
    gap: int = 0

    def __attrs_post_init__(self) -> None:
        faults = (
            *name_faults("$.name", self.name),
            *unique_faults("$.engineers", (each.id for each in self.engineers), ".id"),
            *whole_faults("$.gap", self.gap, 0, _MOST_MINUTES),
        )
        refuse(f"roster {self.name!r}", faults)

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which roster a slot was given."""
        return fingerprint(self)

    @property
    def skills(self) -> tuple[str, ...]:
        """What any of them can do, in order."""
        return tuple(sorted({skill for each in self.engineers for skill in each.skills}))


@attrs.frozen(kw_only=True)
class SlotRequest:
    """The time that a customer picked for a piece of work.

    Attributes:
        id: The id that its booking will have.
        account: Whose system is worked on. Where two of one customer's systems can be worked on at
            the same time, name the system: ``A1/production``.
        skill: The kind of work.
        start: When it shall begin, an aware datetime.
        end: When it is over.

    Raises:
        DefinitionError: With every fault: an empty id, account or skill, times as for
            :class:`Shift`.
    """

    id: str
    account: str
    skill: str
    start: dt.datetime = attrs.field(converter=_utc)
    end: dt.datetime = attrs.field(converter=_utc)

    def __attrs_post_init__(self) -> None:
        refuse("slot request", _slot_faults(self))

    @property
    def length(self) -> dt.timedelta:
        """How long the work takes."""
        return self.end - self.start

    def at(self, start: dt.datetime) -> SlotRequest:
        """The same work, as long, at another time.

        Raises:
            MomentError: If ``start`` is no instant, or the work would end after the year 9999.
        """
        if not isinstance(start, dt.datetime):  # a day alone does not say when
            raise MomentError("start of a slot", start)
        begin = instant(start, "start of a slot")
        try:
            return attrs.evolve(self, start=begin, end=begin + self.length)
        except OverflowError:
            raise MomentError("end of a slot", start) from None

    def __str__(self) -> str:
        return f"{self.id}: {self.skill} for {self.account}, {_shift_of(self)}"


@attrs.frozen(kw_only=True)
class Booking:
    """A piece of work at a time, with the engineer who does it.

    Attributes:
        id: Its id.
        account: Whose system is worked on.
        skill: The kind of work.
        start: When it begins.
        end: When it is over.
        engineer: The id of the engineer.

    Raises:
        DefinitionError: With every fault, as :class:`SlotRequest`.
    """

    id: str
    account: str
    skill: str
    start: dt.datetime = attrs.field(converter=_utc)
    end: dt.datetime = attrs.field(converter=_utc)
    engineer: str

    def __attrs_post_init__(self) -> None:
        refuse("booking", (*_slot_faults(self), *name_faults("$.engineer", self.engineer)))

    @classmethod
    def of(cls, request: SlotRequest, engineer: str) -> Booking:
        """What was asked for, with the engineer who does it."""
        return cls(**attrs.asdict(request), engineer=engineer)

    def __str__(self) -> str:
        what = f"{self.id}: {self.skill} for {self.account}"
        return f"{what}, {_shift_of(self)}, by {self.engineer}"


def _shift_of(slot: SlotRequest | Booking) -> Shift:
    return Shift(start=slot.start, end=slot.end)


def _slot_faults(slot: SlotRequest | Booking) -> Iterator[Fault]:
    yield from name_faults("$.id", slot.id)
    yield from name_faults("$.account", slot.account)
    yield from name_faults("$.skill", slot.skill)
    yield from _time_faults(slot.start, slot.end)
