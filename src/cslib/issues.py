"""Issues: what a customer wants solved, what has happened to it, and whose turn it is.

An :class:`Issue` is open until we say that it is solved, and closed only when the customer agrees
(P10, Sensors Data): no time and no silence closes it. One that the customer rejects is open again.

Everything is of instants, in any time zone; a date is none, and refused. The rulings where two
readers could differ are in ``docs/semantics.md``, "Service work".
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Iterable, Iterator
from decimal import Decimal
from operator import attrgetter

import attrs

from cslib.errors import Fault
from cslib.faults import member, name_faults, refuse, several, shown
from cslib.workinghours import utc_instant

__all__ = ["Change", "Channel", "Issue", "State", "Update"]


class Channel(enum.StrEnum):
    """Where an issue came in (P10)."""

    CHAT = "chat"
    """A live group: warm, but records get lost."""
    TICKET = "ticket"
    """Nothing is forgotten, and each step is recorded."""


class Change(enum.StrEnum):
    """What happens to an issue after it was opened."""

    ASKED = "asked"
    """We ask the customer something without which we cannot go on."""
    ANSWERED = "answered"
    """The customer answers."""
    SOLVED = "solved"
    """We say that it is solved."""
    REJECTED = "rejected"
    """The customer says that it is not."""
    AGREED = "agreed"
    """The customer agrees that it is."""


class State(enum.StrEnum):
    """Where an issue stands."""

    OPEN = "open"
    """It is our turn."""
    WAITING = "waiting"
    """The customer has been asked something."""
    SOLVED = "solved"
    """Solved by us; the customer has not agreed yet."""
    CLOSED = "closed"
    """The customer agreed."""


_MOVES = {
    State.OPEN: {Change.ASKED: State.WAITING, Change.SOLVED: State.SOLVED},
    State.WAITING: {Change.ANSWERED: State.OPEN, Change.SOLVED: State.SOLVED},
    State.SOLVED: {Change.REJECTED: State.OPEN, Change.AGREED: State.CLOSED},
    State.CLOSED: dict[Change, State](),
}


def _change(value: str) -> Change:
    return member("update", "$.change", "change", Change, value)


def _at(value: object) -> dt.datetime:
    return utc_instant(value, "an update's at")


@attrs.frozen(kw_only=True)
class Update:
    """Something that happened to an issue.

    Attributes:
        change: What happened.
        at: When; kept in UTC.

    Raises:
        DefinitionError: If there is no such change.
        MomentError: If ``at`` is no aware datetime.
    """

    change: Change = attrs.field(converter=_change)
    at: dt.datetime = attrs.field(converter=_at)


def _opened_at(value: object) -> dt.datetime:
    return utc_instant(value, "an issue's opened_at")


def _channel(value: str | None) -> Channel | None:
    return None if value is None else member("issue", "$.channel", "channel", Channel, value)


def _updates(updates: Iterable[Update]) -> tuple[Update, ...]:
    return tuple(sorted(several("issue", "$.updates", updates, Update), key=attrgetter("at")))


@attrs.frozen(kw_only=True)
class Issue:
    """What a customer wants solved, and what has happened to it.

    Attributes:
        id: Its id.
        account: Whose it is.
        kind: What it is about, by which :mod:`cslib.routing` finds its owner; None if unknown.
        opened_at: When it came in; kept in UTC.
        priority: One of the service level's; None until somebody has set it.
        value: What is at stake, such as the annual value of the account; exact, 0 or more, in one
            currency for all. None if unknown.
        channel: Where it came in; None if unknown.
        updates: What happened since, kept in order of time; those of one instant stay as given.

    Raises:
        DefinitionError: With every fault: an empty id or account, a value that is not exact or
            below 0, an update before the opening, or one that cannot follow the one before.
        MomentError: If ``opened_at`` is no aware datetime.

    >>> noon = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
    >>> issue = Issue(id="I1", account="acme", opened_at=noon, updates=[
    ...     Update(change="solved", at=noon + dt.timedelta(hours=1)),
    ...     Update(change="agreed", at=noon + dt.timedelta(hours=2)),
    ... ])
    >>> issue.state(noon + dt.timedelta(hours=1)).value
    'solved'
    >>> print(issue.agreed_at)
    2026-06-30 14:00:00+00:00
    """

    id: str
    account: str
    kind: str | None = None
    opened_at: dt.datetime = attrs.field(converter=_opened_at)
    priority: str | None = None
    value: int | Decimal | None = None
    channel: Channel | None = attrs.field(default=None, converter=_channel)
    updates: tuple[Update, ...] = attrs.field(default=(), converter=_updates)

    def __attrs_post_init__(self) -> None:
        refuse(f"issue {self.id!r}", _issue_faults(self))

    @property
    def agreed_at(self) -> dt.datetime | None:
        """When the customer agreed that it is solved, by which it is closed; None if never yet."""
        last = self.updates[-1] if self.updates else None
        return last.at if last is not None and last.change is Change.AGREED else None

    def state(self, as_of: dt.datetime) -> State:
        """Where it stands at an instant, what happened then included.

        Raises:
            MomentError: If ``as_of`` is no aware datetime.
        """
        return _followed(self._until(utc_instant(as_of, "as_of")))

    def since(self, as_of: dt.datetime) -> dt.datetime:
        """Since when it stands there.

        Raises:
            MomentError: If ``as_of`` is no aware datetime.
        """
        known = self._until(utc_instant(as_of, "as_of"))
        return known[-1].at if known else self.opened_at

    def rejections(self, as_of: dt.datetime) -> int:
        """How often the customer has said that it is not solved.

        Raises:
            MomentError: If ``as_of`` is no aware datetime.
        """
        known = self._until(utc_instant(as_of, "as_of"))
        return sum(each.change is Change.REJECTED for each in known)

    def turns(self, as_of: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """The times up to an instant in which it was our turn, in order: the clock ran.

        Raises:
            MomentError: If ``as_of`` is no aware datetime.
        """
        end, state, start = utc_instant(as_of, "as_of"), State.OPEN, self.opened_at
        for update in self._until(end):
            after = _MOVES[state][update.change]
            if state is State.OPEN:
                yield start, update.at
            state, start = after, update.at
        if state is State.OPEN and start <= end:
            yield start, end

    def _until(self, end: dt.datetime) -> tuple[Update, ...]:
        return tuple(update for update in self.updates if update.at <= end)


def _followed(updates: Iterable[Update]) -> State:
    """The state to which updates lead that can follow one another."""
    return functools.reduce(lambda state, each: _MOVES[state][each.change], updates, State.OPEN)


def _issue_faults(issue: Issue) -> Iterator[Fault]:
    yield from name_faults("$.id", issue.id)
    yield from name_faults("$.account", issue.account)
    if issue.kind is not None:
        yield from name_faults("$.kind", issue.kind)
    if issue.priority is not None:
        yield from name_faults("$.priority", issue.priority)
    if issue.value is not None and not _is_amount(issue.value):
        value = issue.value
        is_nan = value.is_nan() if isinstance(value, Decimal) else value != value
        hint = "; unknown is None" if is_nan else ""
        yield Fault("$.value", f"expected an exact 0 or more, but got {shown(issue.value)}{hint}")
    yield from _update_faults(issue)


def _is_amount(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite() and value >= 0
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _update_faults(issue: Issue) -> Iterator[Fault]:
    state = State.OPEN
    for place, update in enumerate(issue.updates):
        path = f"$.updates[{place}]"
        if update.at < issue.opened_at:
            yield Fault(f"{path}.at", f"lies before the opening, {issue.opened_at}")
        if update.change not in _MOVES[state]:
            yield Fault(f"{path}.change", f"{update.change!s} cannot follow: {_possible(state)}")
            return
        state = _MOVES[state][update.change]


def _possible(state: State) -> str:
    if state is State.CLOSED:
        return "the customer has agreed; open another issue"
    return f"it is {state}, so expected {' or '.join(_MOVES[state])}"
