"""The log of an account: events, what makes two of them the same, and their order.

A log may arrive in any order, and an event more than once. Events are taken by ``(at, place in the
definition's list of events, recorded_at, id)`` (``docs/semantics.md``, "Lifecycle and logs").
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from cslib import facts, moments
from cslib.errors import CslibError, DefinitionError, Fault
from cslib.expressions import Kind
from cslib.facts import FactError
from cslib.faults import check_mapping, refusal, refuse, shown, wrong
from cslib.moments import Moment

__all__ = [
    "Event",
    "LogError",
    "Payload",
    "check_id",
    "content_of",
    "counted",
    "events_in",
    "known_entries",
    "log_of",
]


@attrs.define
class LogError(CslibError, ValueError):
    """A log that cannot be read as the log of one account.

    Attributes:
        account: The account.
        event: The event at fault: its id, or its name and when, where it has none.
        problem: What is wrong, and the way out.
    """

    account: str
    event: str
    problem: str

    def __str__(self) -> str:
        return f"account {self.account!r}, event {self.event!r}: {self.problem}"


def _is_unknown(value: object) -> bool:
    if isinstance(value, (str, Mapping, list, tuple)) or getattr(value, "ndim", 0) > 0:
        return False
    try:
        return facts.known(value, "payload", frozenset(Kind)) is None
    except FactError:  # nothing that a rule reads, but something
        if type(value).__repr__ is object.__repr__:  # its text is its address, another each time
            raise
        return False


def _text(event: Event, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) and not (value is None and field.name == "id"):
        given = f"expected text, but got {shown(value)}; make it text before, as str() does"
        raise DefinitionError("event", (Fault(f"$.{field.name}", given),))


def known_entries(payload: Mapping[str, Any]) -> Payload:
    """A payload without what is unknown in it.

    >>> known_entries({"amount": 90, "discount": None})
    {'amount': 90}
    """
    check_mapping("event", payload, "$.payload")
    return Payload({name: value for name, value in payload.items() if not _is_unknown(value)})


class Payload(dict[str, Any]):
    """Named values, as they came with an event: a dict that goes to JSON and back.

    Numbers, texts and flags are themselves there; anything else says what it is.

    >>> import json
    >>> data = Payload({"amount": Decimal("9.50"), "on": dt.date(2026, 3, 9)}).__to_data__()
    >>> json.dumps(data)
    '{"amount": {"decimal": "9.50"}, "on": {"date": "2026-03-09"}}'
    >>> Payload.__from_data__(data, ()) == {"amount": Decimal("9.50"), "on": dt.date(2026, 3, 9)}
    True
    """

    def __to_data__(self) -> dict[str, Any]:
        _entries_written(dict.fromkeys(self), "payload")
        return {name: _written(value, name) for name, value in self.items()}

    @classmethod
    def __from_data__(cls, data: object, functions: object) -> Payload:
        if not isinstance(data, dict):
            raise wrong("an object", data)
        return cls({name: _read(value) for name, value in data.items()})


def _from_numpy(value: Any) -> Any:
    """A value of numpy's as Python has it; a moment as rules read it, an instant in UTC."""
    if getattr(getattr(value, "dtype", None), "kind", "") != "M":
        return value.tolist()
    if value.ndim:
        return list(value)
    try:
        return facts.known(value, "payload", frozenset(Kind))
    except FactError:  # outside the years 1 to 9999
        return str(value)


def _written(value: Any, name: str) -> Any:
    if hasattr(value, "tolist"):
        value = _from_numpy(value)
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return {"decimal": str(value)}
        case Fraction():
            return {"fraction": str(value)}
        case dt.datetime():
            return {"instant": moments.instant(value, name).isoformat()}
        case dt.date():
            return {"date": value.isoformat()}
        case list() | tuple():
            return [_written(each, name) for each in value]
        case set() | frozenset():
            return {"set": [_written(each, name) for each in sorted(value, key=content_of)]}
        case Mapping():
            return {"object": _entries_written(value, name)}
    kind = type(value).__name__
    raise refusal(f"{name}: a value of the type {kind} has no JSON form; make it text before")


def _entries_written(value: Mapping[Any, Any], name: str) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise refusal(f"{name}: the key {shown(key)} has no JSON form; make it text before")
    return {key: _written(each, name) for key, each in value.items()}


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "fraction": Fraction,
    "instant": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "set": lambda parts: frozenset(map(_read, parts)),
    "object": lambda entries: {name: _read(each) for name, each in entries.items()},
}


def _read(data: Any) -> Any:
    if isinstance(data, list):
        return [_read(each) for each in data]
    if not isinstance(data, dict):
        return data
    if len(data) != 1 or not data.keys() <= _READERS.keys():
        raise refusal(
            f"expected one of {', '.join(_READERS)}, but got {', '.join(map(repr, data))}"
        )
    ((what, given),) = data.items()
    try:
        return _READERS[what](given)
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        raise wrong(f"what a {what} is made of", given) from None


def content_of(value: Any) -> str:
    """A payload, or a value in it, as text that is the same where they say the same.

    >>> content_of({"amount": 90}) == content_of({"amount": Decimal("90.0"), "note": None})
    False
    >>> content_of({"amount": 90}) == content_of({"amount": Decimal("90.0")})
    True
    """
    if _is_unknown(value):
        return "None"
    if hasattr(value, "tolist"):
        value = _from_numpy(value)
    match value:
        case bool():
            return str(value)
        case int() | Fraction():
            return _digits(Fraction(value))
        case float() if math.isfinite(value):
            return _digits(Fraction(value))
        case Decimal() if value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS:
            return _digits(Fraction(value))
        case str():
            return str.__repr__(value)
        case dt.datetime() if value.utcoffset() is not None:
            return moments.in_utc(value).isoformat()
        case list() | tuple():
            return f"[{', '.join(map(content_of, value))}]"
        case set() | frozenset():
            return f"set({', '.join(sorted(map(content_of, value)))})"
        case Mapping():
            entries = (f"{content_of(name)}: {content_of(each)}" for name, each in value.items())
            return f"{{{', '.join(sorted(entries))}}}"
    return repr(value)


_MOST_DIGITS = 400  # as in cslib.money: a longer Decimal stands for itself, not written out


def _digits(number: Fraction) -> str:
    """The number in hexadecimal, of which Python writes any length."""
    return f"{number.numerator:x}/{number.denominator:x}"


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened to an account.

    Events are equal that say the same: 1 is 1.0, and an instant is the same in any time zone.

    Attributes:
        account: The account's id.
        name: What happened, one of the definition's events.
        at: When it happened: a date or an aware datetime (held in UTC), the same for a whole log.
        id: Its id within the account's log; without one, equal events are one and the same.
        recorded_at: When it became known, a date or an aware datetime; None: when it happened.
        payload: What came with it; guards read it before the account's facts. What is unknown
            in it (None, NaN ...) is left out: it says no more than an entry that is absent.

    Raises:
        DefinitionError: If ``account``, ``name`` or ``id`` is no text, or the payload no mapping.
        MomentError: If ``at`` or ``recorded_at`` is no date and no aware datetime.
        FactError: If a value of the payload is nothing that a rule reads and has no text of its own
            (its class has no ``__repr__``), so that nothing tells two such events apart.

    >>> paid = Event(account="a", name="paid", at=dt.date(2026, 3, 9),
    ...              payload={"amount": 90, "discount": None})
    >>> paid.payload, paid.known
    ({'amount': 90}, datetime.date(2026, 3, 9))
    """

    account: str = attrs.field(validator=_text)
    name: str = attrs.field(validator=_text)
    at: Moment
    id: str | None = attrs.field(default=None, validator=_text)
    recorded_at: Moment | None = None
    payload: Payload = attrs.field(factory=Payload, converter=known_entries, eq=content_of)

    def __attrs_post_init__(self) -> None:
        what = f"event {self.label!r}"
        object.__setattr__(self, "at", moments.in_utc(self.at, what))
        if self.recorded_at is not None:
            recorded_at = moments.in_utc(self.recorded_at, f"{what}, recorded_at")
            object.__setattr__(self, "recorded_at", recorded_at)

    @property
    def label(self) -> str:
        """What to call it in a message: its id, or its name and when."""
        return f"{self.name} on {self.at}" if self.id is None else self.id

    @property
    def known(self) -> dt.date:
        """When it became known: ``recorded_at``, or else ``at``."""
        return self.at if self.recorded_at is None else self.recorded_at


def events_in(given: object) -> list[Event]:
    """The events of a log, as they stand.

    Raises:
        DefinitionError: If something else is there.

    >>> events_in([1])
    Traceback (most recent call last):
    ...
    cslib.errors.DefinitionError: log is not valid: $[0]: expected an Event, but got the int 1
    """
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, Mapping)):
        way = "; write [event]" if isinstance(given, Event) else ""
        refuse("log", [Fault("$", f"expected events, but got {shown(given)}{way}")])
    events: list[Event] = list(given)  # type: ignore[call-overload]
    places = (place for place, each in enumerate(events) if not isinstance(each, Event))
    wrongs = itertools.islice(places, _MOST_FAULTS)
    refuse(
        "log",
        [Fault(f"$[{at}]", f"expected an Event, but got {shown(events[at])}") for at in wrongs],
    )
    return events


_MOST_FAULTS = 10  # of a log; more would say no more


def counted(
    events: Iterable[Event], *, as_of: dt.date, known_at: dt.date | None = None
) -> list[Event]:
    """The events that happened by ``as_of`` and were known by ``known_at``, as they stand.

    >>> late = Event(account="a", name="paid", at=dt.date(2026, 3, 9),
    ...              recorded_at=dt.date(2026, 4, 1))
    >>> end = dt.date(2026, 3, 31)
    >>> len(counted([late], as_of=end)), len(counted([late], as_of=end, known_at=end))
    (1, 0)
    """
    found = [event for event in events_in(events) if moments.is_by(event.at, as_of)]
    if known_at is None:
        return found
    return [event for event in found if moments.is_by(event.known, known_at)]


def log_of(events: Iterable[Event], places: Mapping[str, int]) -> list[Event]:
    """The events of one account, each once and in order.

    Args:
        events: In any order.
        places: Of each name of an event, its place among those of one moment; others come last.

    Raises:
        LogError: If they are of several accounts, mix dates with instants, or hold two different
            events of one id.

    >>> paid, signed = (Event(account="a", name=name, at=dt.date(2026, 3, 9))
    ...                 for name in ("paid", "signed"))
    >>> [each.name for each in log_of([paid, signed, paid], {"signed": 0, "paid": 1})]
    ['signed', 'paid']
    """
    given = list(events)
    _check_alike(given)
    last = len(places)

    def order(event: Event) -> tuple[dt.date, int]:
        return event.at, places.get(event.name, last)

    log = sorted(_once(given), key=order)
    ties = (list(group) for _, group in itertools.groupby(log, key=order))
    return [event for tie in ties for event in (tie if len(tie) == 1 else sorted(tie, key=_rest))]


def _rest(event: Event) -> tuple[Any, ...]:
    """The order of a tie; its last two parts only see to it that arrival never matters."""
    known = moments.instant(event.known)
    content = (str(event.recorded_at), content_of(event.payload)) if event.id is None else ()
    return known, event.id or "", event.name, content


def _check_alike(events: list[Event]) -> None:
    for event in events:
        if event.account != events[0].account:
            problem = f"the log is that of account {events[0].account!r}; use replay_all for many"
            raise LogError(event.account, event.label, problem)
        if isinstance(event.at, dt.datetime) is not isinstance(events[0].at, dt.datetime):
            problem = "a log holds dates or instants, never both; convert one kind"
            raise LogError(event.account, event.label, problem)


def _once(events: Iterable[Event]) -> Iterable[Event]:
    """Each event once."""
    kept: dict[str | Event, Event] = {}
    for event in events:
        first = kept.setdefault(event if event.id is None else event.id, event)
        if first is not event:
            check_id(first, event)
    return kept.values()


def check_id(first: Event, other: Event) -> None:
    """Sees to it that two events of one id are one and the same.

    Raises:
        LogError: If they say different things.

    >>> paid = Event(account="a", name="paid", at=dt.date(2026, 3, 9), id="e1")
    >>> check_id(paid, attrs.evolve(paid, name="left"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    cslib.logs.LogError: account 'a', event 'e1': the id stands twice, with another name; ...
    """
    if first != other:
        problem = f"the id stands twice, with another {_unlike(first, other)}; keep the right one"
        raise LogError(other.account, other.label, problem)


def _unlike(first: Event, other: Event) -> str:
    names = ("name", "at", "recorded_at")
    unlike = [name for name in names if getattr(first, name) != getattr(other, name)]
    unlike += ["payload"] if content_of(first.payload) != content_of(other.payload) else []
    return " and ".join(unlike)
