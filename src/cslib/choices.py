"""The choice for one account: what to run, and the reason for and against every playbook.

A part of :mod:`cslib.playbooks`. A :class:`Choice` keeps the facts of the account; its findings and
their words are made from them when somebody asks.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

from cslib.expressions import Value
from cslib.faults import brief
from cslib.phrases import Reader, in_words
from cslib.plays import Playbook
from cslib.rules import Explanation
from cslib.selection import DOES_NOT_APPLY, Outcome, Selector
from cslib.standings import Bar, Status

__all__ = ["Answers", "Choice", "Finding"]

_CHOSEN = Status.CHOSEN
_OPEN = frozenset({Status.UNKNOWN, Status.HELD_BACK, Status.DOES_NOT_APPLY})


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Choice:
    """What to do for one account.

    Attributes:
        selector: The library, made ready.
        definition: The fingerprint of the library.
        facts: The account's facts as they were, at least those that the library reads.
        as_of: Today, as the selection was told it.
    """

    selector: Selector = attrs.field(repr=False)
    definition: str
    facts: Mapping[str, object] = attrs.field(repr=False, hash=False)
    as_of: object = attrs.field(repr=False)
    _applies: Mapping[int, bool | None] = attrs.field(alias="applies", repr=False, hash=False)
    _values: tuple[Value, ...] = attrs.field(alias="values", repr=False)
    _bars: Mapping[int, Bar] = attrs.field(alias="bars", repr=False, hash=False)
    _outcomes: Mapping[int, Outcome] = attrs.field(alias="outcomes", repr=False, hash=False)

    def outcome(self, place: int) -> Outcome:
        """What became of the playbook at a place of the selector."""
        return self._outcomes.get(place, DOES_NOT_APPLY)

    @functools.cached_property
    def _reader(self) -> Reader:
        return Reader(self.selector.phrasebook, self.facts, self.as_of)

    @functools.cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Every playbook considered, the chosen first; each part by priority, layer, cost, name."""
        places = (*self._places, *self._others)
        return tuple([Finding(choice=self, place=place) for place in places])

    @property
    def chosen(self) -> tuple[Finding, ...]:
        """For each need that has one, the playbook to run; the most urgent first."""
        return tuple([Finding(choice=self, place=place) for place in self._places])

    @property
    def playbook(self) -> Playbook | None:
        """The first to run, or None where nothing is chosen."""
        first = self._first
        return None if first is None else self.selector.playbooks[first]

    @property
    def reasons(self) -> str:
        """Why the first was chosen, or why nothing was."""
        if (first := self._first) is not None:
            return Finding(choice=self, place=first).reason
        if self.questions:
            return f"no playbook is known to apply: ask for {_listed(self.questions)}"
        if not self._outcomes:
            return "no playbook applies"
        statuses = {each.status for each in self._outcomes.values()}
        if statuses <= {Status.UNKNOWN, Status.HELD_BACK}:
            return "no playbook is known to apply"
        barred = next(each for each in self.findings if each.status in statuses - _OPEN)
        return f"nothing to begin: {barred}"

    @property
    def others(self) -> tuple[Finding, ...]:
        """Every playbook but the first, with the reason."""
        return self.findings if self._first is None else self.findings[1:]

    @functools.cached_property
    def questions(self) -> tuple[str, ...]:
        """Facts to ask for, since they could change what is chosen; the most urgent first."""
        return _distinct(each for each in self.findings if each.status is Status.UNKNOWN)

    @property
    def tests(self) -> Mapping[str, tuple[Value, ...]]:
        """For each playbook what each test of its condition says: True, False or None.

        A condition of tests joined by *and* has them in their order; any other is one test.
        """
        book = self.selector.phrasebook
        return Answers(self.selector, *book.read(self.facts, self.as_of))

    def explain(self) -> str:
        """Every playbook considered, a line each: what became of it, and why."""
        outcomes, selector, denied = self._outcomes, self.selector, self._reader.denied
        lines = [self._line(place) for place in self._places]
        for place in self._others:
            if place in outcomes:
                lines.append(self._line(place))
            else:  # by far the most
                lines.append(selector.refusals[place] + denied(place))
        return "\n".join(lines)

    def _line(self, place: int) -> str:
        finding = Finding(choice=self, place=place)
        status = finding.status.replace("_", " ")
        return f"{finding.playbook}: {status}: {finding.reason}"

    def __str__(self) -> str:
        return self.reasons if self.playbook is None else f"{self.playbook.name}: {self.reasons}"

    __repr__ = brief

    @property
    def _places(self) -> list[int]:
        """The places of the chosen ones, the most urgent first."""
        found = [place for place, each in self._outcomes.items() if each.status is _CHOSEN]
        return sorted(found, key=self.selector.urgency.__getitem__) if len(found) > 1 else found

    @property
    def _others(self) -> list[int]:
        """The places of all but the chosen ones, the most urgent first."""
        chosen = set(self._places)
        return [each for each in self.selector.by_urgency if each not in chosen]

    @property
    def _first(self) -> int | None:
        return next(iter(self._places), None)

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: what was made from them is made again."""
        return {each.name: getattr(self, each.name) for each in attrs.fields(type(self))}


class Answers(Mapping[str, tuple[Value, ...]]):
    """What each test of each playbook says, by the name of the playbook.

    Args:
        selector: The library, made ready.
        values: What all tests say, one after another.
    """

    __slots__ = ("_selector", "_values")

    def __init__(self, selector: Selector, values: tuple[Value, ...]) -> None:
        self._selector = selector
        self._values = values

    def __getitem__(self, playbook: str) -> tuple[Value, ...]:
        selector = self._selector
        return self._values[selector.phrasebook.spans[selector.places[playbook]]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._selector.names)

    def __len__(self) -> int:
        return len(self._selector.names)

    def __repr__(self) -> str:
        return repr(dict(self))


@attrs.frozen(kw_only=True)
class Finding:
    """One playbook considered for one account, and why it was chosen or not.

    Attributes:
        choice: The choice that it is part of.
        place: Its place among the playbooks of the selector.
    """

    choice: Choice = attrs.field(repr=False)
    place: int = attrs.field(repr=False)

    @property
    def playbook(self) -> Playbook:
        """The playbook."""
        return self.choice.selector.playbooks[self.place]

    @property
    def status(self) -> Status:
        """What became of it."""
        return self.choice.outcome(self.place).status

    @property
    def ahead(self) -> tuple[Finding, ...]:
        """The playbooks that decided it.

        The cheaper one that was chosen, those of cheaper layers that may still do, or the one that
        goes first.
        """
        places = self.choice.outcome(self.place).ahead
        return tuple(Finding(choice=self.choice, place=each) for each in places)

    @property
    def bar(self) -> Bar | None:
        """The gate that was shut ahead of its condition."""
        return self.choice._bars.get(self.place)

    @property
    def value(self) -> float | None:
        """What it is expected to bring: the lift of its effect times the stake; None is unknown."""
        return self.choice.selector.value(self.place, self.choice._values)

    @property
    def price(self) -> Decimal | None:
        """What its hours cost; None where the library has no prices."""
        return self.choice.selector.price[self.place]

    @property
    def explanation(self) -> Explanation:
        """Its condition on the account: the entry, and that the reason has not gone."""
        applies = self.choice.selector.applies[self.place]
        return applies.explain(self.choice.facts, as_of=self.choice.as_of)

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts to ask for: those that leave it unknown, where that matters.

        Where it is held back, those that leave the playbooks ahead unknown.
        """
        match self.status:
            case Status.UNKNOWN:
                return self._asked()
            case Status.HELD_BACK:
                return _distinct(each for each in self.ahead if each.status is Status.UNKNOWN)
        return ()

    def _asked(self) -> tuple[str, ...]:
        choice, selector = self.choice, self.choice.selector
        by_gate = () if self.bar is None else self.bar.missing
        applies = selector.applies[self.place]
        by_entry = applies.missing(choice.facts, as_of=choice.as_of)
        by_stake: tuple[str, ...] = ()
        if selector.least[self.place] is not None and selector.stake is not None:
            by_stake = selector.stake.missing(choice.facts, as_of=choice.as_of)
        return tuple(dict.fromkeys((*by_gate, *by_entry, *by_stake)))

    @property
    def because_of(self) -> tuple[str, ...]:
        """The names of the playbooks ahead."""
        return tuple(finding.playbook.name for finding in self.ahead)

    @property
    def reason(self) -> str:
        """Why, in words."""
        match self.status:
            case Status.CHOSEN:
                return self._entry()
            case Status.DOES_NOT_APPLY:
                return self.choice._reader.denied(self.place)
            case Status.DEARER:
                return self._dearer()
            case Status.HELD_BACK:
                return self._held_back()
            case Status.EXCLUDED if self.ahead:
                return f"applies, but stands back for {self.because_of[0]}, which goes first"
            case Status.NOT_WORTH_IT:
                bar = self.choice.selector.worth_bar(self.place, self.choice._values)
                return f"applies, but {bar.why}" if bar is not None else ""
        if self.bar is not None:
            ask = f": ask for {_listed(self.bar.missing)}" if self.bar.missing else ""
            return f"{self.bar.why}{ask}"
        if self.missing:
            return f"not known: {_listed(self.missing)}"
        return f"it cannot be told whether {self.choice._reader.affirmed(self.place)}"

    def _entry(self) -> str:
        """The entry in words; that the reason has not gone goes without saying."""
        if self.playbook.exit is None:
            return self.choice._reader.affirmed(self.place)
        entry, choice = self.playbook.entry, self.choice
        return in_words(entry.explain(choice.facts, as_of=choice.as_of), entry)

    def _dearer(self) -> str:
        unknown = self.choice._applies[self.place] is None
        head = "whether it applies makes no difference:" if unknown else "applies, but"
        return f"{head} {self._cheaper(self.ahead[0])}"

    def _cheaper(self, one: Finding) -> str:
        """In what the first is cheaper."""
        name, other = one.playbook.name, self.playbook
        if one.playbook.layer != other.layer:
            return f"{name} is of a cheaper layer ({one.playbook.layer})"
        if one.price is not None and self.price is not None and one.price != self.price:
            return f"{name} costs less ({one.price:,f} against {self.price:,f})"
        if one.playbook.hours != other.hours:
            return f"{name} takes fewer hours ({one.playbook.hours:f} against {other.hours:f})"
        return f"{name} costs as much and stands before it by name"

    def _held_back(self) -> str:
        ask = f": ask for {_listed(self.missing)}" if self.missing else ""
        unknown = [each for each in self.ahead if each.status is Status.UNKNOWN]
        if unknown:
            names = _listed([each.playbook.name for each in unknown])
            return f"applies, but waits until it is known whether {names} would do{ask}"
        others = "; ".join(f"{each.playbook.name}: {each.reason}" for each in self.ahead)
        return f"applies, but a cheaper layer may still do: {others}"

    def __str__(self) -> str:
        return self.choice._line(self.place)

    __repr__ = brief


def _distinct(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The facts that findings miss, each once."""
    return tuple(dict.fromkeys(name for each in findings for name in each.missing))


def _listed(names: Sequence[str], most: int = 5) -> str:
    """Names as a text, the first few of many.

    >>> _listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return " and ".join(filter(None, [", ".join(names[:most]), *more]))
