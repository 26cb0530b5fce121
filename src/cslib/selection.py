"""Choosing: what becomes of each playbook of a library for one account.

A part of :mod:`cslib.playbooks`. A :class:`Selector` is a library made ready: the playbooks of each
need cheapest first, and all of its conditions as one compiled function. :meth:`Selector.decide`
applies the layer rule (P1) as a hard filter, need by need, and then the exclusions between needs.
The rulings are in ``docs/semantics.md``, "Playbooks".
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import attrs

from cslib.compiling import ReadMatches
from cslib.decisions import DecisionTable
from cslib.expressions import Value
from cslib.facts import as_of_day
from cslib.faults import name_faults, refuse, several, text_faults
from cslib.histories import History
from cslib.phrases import Phrasebook
from cslib.plays import EXACT, Level, Playbook, exact_sum
from cslib.rules import Rule, condition, match_together
from cslib.standings import Bar, Status, bars

__all__ = [
    "DOES_NOT_APPLY",
    "Outcome",
    "Selector",
    "Suppression",
    "level_gate",
    "ruling",
    "suppression_gate",
    "worth_gate",
]


def _needs(needs: Iterable[str]) -> tuple[str, ...]:
    return several("suppression", "$.needs", needs, str)


@attrs.frozen(kw_only=True)
class Suppression:
    """Something that keeps playbooks from being begun.

    Attributes:
        name: Its name.
        when: The condition under which it holds.
        needs: The needs for which nothing is begun then; none named: all.
        reason: Why, in words.

    Raises:
        DefinitionError: If the name is empty, or the name, a need or the reason is no text.

    >>> Suppression(name="escalation", when="open_escalations > 0", needs=["expansion"]).needs
    ('expansion',)
    """

    name: str
    when: Rule = attrs.field(converter=condition)
    needs: tuple[str, ...] = attrs.field(default=(), converter=_needs)
    reason: str = ""

    def __attrs_post_init__(self) -> None:
        faults = (*name_faults("$.name", self.name), *text_faults("$.reason", self.reason))
        refuse(f"suppression {self.name!r}", faults)


class Outcome(NamedTuple):
    """What became of a playbook, and which others decided that.

    Attributes:
        status: What became of it.
        ahead: The places of the playbooks that decided it: the cheaper one that was chosen, those
            of cheaper layers that may still do, the one that goes first.
    """

    status: Status
    ahead: tuple[int, ...] = ()


_CHOSEN = Status.CHOSEN
_ALONE = {status: Outcome(status) for status in Status}
DOES_NOT_APPLY = _ALONE[Status.DOES_NOT_APPLY]
"""What becomes of every playbook that is not said to be otherwise."""


# --------------------------------------------------------------------------------------
# The rules, for a record and for columns alike


def ruling(holds: bool | None, gate: Status | None, *, is_chosen: bool, is_held: bool) -> Status:
    """What becomes of a playbook that applies, or of which that is not known (P1).

    Args:
        holds: Whether it applies; None is unknown.
        gate: The gate that is shut ahead of it; None: none is.
        is_chosen: Whether a cheaper one for its need is chosen.
        is_held: Whether one of a cheaper layer may still do.

    >>> print(ruling(True, None, is_chosen=False, is_held=True))
    held_back
    """
    if gate is not None and not (is_chosen and gate is Status.UNKNOWN):
        return gate
    if is_chosen:
        return Status.DEARER
    if holds is None:
        return Status.UNKNOWN
    return Status.HELD_BACK if is_held else Status.CHOSEN


def level_gate(takes: Level, offered: Level | None) -> Status | None:
    """The gate of the level of service (P2); ``offered`` is None where it is unknown.

    The lowest is offered to all, whatever their level.

    >>> level_gate(Level.SUPPORT, None) is None
    True
    >>> print(level_gate(Level.IMPLEMENTATION, None))
    unknown
    """
    if takes.rank == 0:
        return None
    if offered is None:
        return Status.UNKNOWN
    return Status.NOT_OFFERED if takes.rank > offered.rank else None


def suppression_gate(holds: Value) -> Status | None:
    """The gate of a suppression; an unknown one suppresses nothing and begins nothing.

    >>> print(suppression_gate(None))
    unknown
    """
    if holds is None:
        return Status.UNKNOWN
    return Status.SUPPRESSED if holds else None


def worth_gate(*, is_known: bool, is_enough: bool) -> Status | None:
    """The gate of the price, where a playbook must be worth something.

    >>> print(worth_gate(is_known=True, is_enough=False))
    not_worth_it
    """
    if not is_known:
        return Status.UNKNOWN
    return None if is_enough else Status.NOT_WORTH_IT


# --------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Selector:
    """A library of playbooks, made ready for one account after another.

    Attributes:
        playbooks: All playbooks by layer, then price or hours, then name.
        suppressions: What keeps playbooks from being begun.
        levels: Which level of service an account has; None: all levels are offered.
        prices: What an hour of each role costs; empty: hours are compared as they are.
        stake: What an account is worth, for the value of an effect.
        least_return: How many times its price a playbook must be worth.
    """

    playbooks: tuple[Playbook, ...]
    suppressions: tuple[Suppression, ...] = ()
    levels: DecisionTable | None = None
    prices: Mapping[str, Decimal] = attrs.field(factory=dict, hash=False)
    stake: Rule | None = None
    least_return: Decimal | None = None

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: what was compiled from them is made again."""
        return {each.name: getattr(self, each.name) for each in attrs.fields(type(self))}

    # What is made ready

    @functools.cached_property
    def applies(self) -> tuple[Rule, ...]:
        """For each playbook its entry, and that its reason has not gone."""
        return tuple(
            each.entry if each.exit is None else each.entry & ~each.exit for each in self.playbooks
        )

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The name of each playbook."""
        return tuple(each.name for each in self.playbooks)

    @functools.cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each playbook, by its name."""
        return {name: place for place, name in enumerate(self.names)}

    @functools.cached_property
    def needs(self) -> tuple[str, ...]:
        """The need of each playbook."""
        return tuple(each.need for each in self.playbooks)

    @functools.cached_property
    def ranks(self) -> tuple[int, ...]:
        """The rank of the layer of each playbook."""
        return tuple(each.layer.rank for each in self.playbooks)

    @functools.cached_property
    def by_urgency(self) -> tuple[int, ...]:
        """The places of all playbooks by priority, the higher first, then layer, cost, name."""
        places = range(len(self.playbooks))  # which are by layer, cost and name
        return tuple(sorted(places, key=lambda each: -self.playbooks[each].priority))

    @functools.cached_property
    def urgency(self) -> tuple[int, ...]:
        """For each place where it stands in :attr:`by_urgency`."""
        ranks = {place: rank for rank, place in enumerate(self.by_urgency)}
        return tuple(ranks[place] for place in range(len(ranks)))

    @functools.cached_property
    def refusals(self) -> tuple[str, ...]:
        """The head of the line of each playbook that does not apply."""
        return tuple(f"{each}: does not apply: " for each in self.playbooks)

    @functools.cached_property
    def phrasebook(self) -> Phrasebook:
        """The conditions of all playbooks in words."""
        return Phrasebook(self.applies)

    @functools.cached_property
    def facts(self) -> tuple[str, ...]:
        """The names of all facts that are read, in order of appearance."""
        rules = (*self.applies, *(each.when for each in self.suppressions))
        stake = () if self.stake is None else self.stake.facts
        levels = () if self.levels is None else self.levels.facts
        names = itertools.chain(*(each.facts for each in rules), stake, levels)
        return tuple(dict.fromkeys(names))

    @functools.cached_property
    def read(self) -> ReadMatches:
        """All conditions as one function of an account and ``as_of``.

        It gives the playbooks that apply, or of which that is not known, by their place; and the
        values of the suppressions and of the stake.
        """
        stake = () if self.stake is None else (self.stake,)
        return match_together(self.applies, (*(each.when for each in self.suppressions), *stake))

    @functools.cached_property
    def price(self) -> tuple[Decimal | None, ...]:
        """What the hours of each playbook cost; None where no prices are given."""
        return tuple(
            price_of(each, self.prices) if self.prices else None for each in self.playbooks
        )

    @functools.cached_property
    def lifts(self) -> tuple[float | None, ...]:
        """The lift of each playbook's effect, as a double."""
        effects = (each.effect for each in self.playbooks)
        return tuple(None if each is None else float(each.lift) for each in effects)

    @functools.cached_property
    def least(self) -> tuple[float | None, ...]:
        """What each playbook must be worth; None where nothing is asked of it."""
        factor = self.least_return
        if factor is None:
            return (None,) * len(self.playbooks)
        return tuple(
            None if not price else float(EXACT.multiply(price, factor)) for price in self.price
        )

    @functools.cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The places of playbooks that do not run side by side, the lower one first."""
        found = {
            tuple(sorted((at, self.places[other])))
            for at, each in enumerate(self.playbooks)
            for other in each.excludes
        }
        return tuple(sorted(found))  # type: ignore[arg-type]

    @functools.cached_property
    def rivals(self) -> Mapping[int, frozenset[int]]:
        """For each place of :attr:`pairs` those beside which it does not run."""
        found: dict[int, set[int]] = {}
        for one, other in self.pairs:
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
        return {place: frozenset(others) for place, others in found.items()}

    # One account

    def bars(
        self, account: object, values: Sequence[Value], history: History | None, as_of: object
    ) -> dict[int, Bar]:
        """The gates that are shut ahead of the conditions, by the place of the playbook.

        A gate of which it is not known whether it is shut gives way to one that is.
        """
        found: dict[int, Bar] = {}
        if self.suppressions:
            found |= self._suppressed(account, values, as_of, Status.UNKNOWN)
        if self.levels is not None:
            found |= self._not_offered(self.levels, account, as_of)
        if history is not None and (history.runs or history.opt_outs or history.tallies):
            found |= bars(self.playbooks, history, as_of_day(as_of))
        if self.suppressions:
            found |= self._suppressed(account, values, as_of, Status.SUPPRESSED)
        return found

    def _not_offered(
        self, levels: DecisionTable, account: object, as_of: object
    ) -> Iterator[tuple[int, Bar]]:
        decision = levels.decide(account, as_of=as_of)
        offered = None if decision.outcome is None else Level(decision.outcome)
        for place, playbook in enumerate(self.playbooks):
            gate = None if playbook.level is None else level_gate(playbook.level, offered)
            if gate is not None:
                known = f"takes {playbook.level}, and " if offered else ""
                why = f"{known}the level of service is {decision.reason}"
                yield place, Bar(gate, why, missing=decision.questions)

    def _suppressed(
        self, account: object, values: Sequence[Value], as_of: object, gate: Status
    ) -> dict[int, Bar]:
        """The playbooks before which a suppression shuts a gate; of several the first is told."""
        found: dict[int, Bar] = {}
        for each, holds in zip(self.suppressions, values, strict=False):
            if suppression_gate(holds) is not gate:
                continue
            bar = _suppression_bar(each, gate, account, as_of)
            for place, playbook in enumerate(self.playbooks):
                if not each.needs or playbook.need in each.needs:
                    found.setdefault(place, bar)
        return found

    def value(self, place: int, values: Sequence[Value]) -> float | None:
        """What a playbook is expected to bring: its lift times the stake; None is unknown."""
        lift, stake = self.lifts[place], values[-1] if self.stake is not None else None
        if lift is None or stake is None:
            return None
        worth: float = lift * stake  # type: ignore[operator]
        return worth if worth == worth else None  # nothing of something without bound

    def decide(
        self,
        applies: Mapping[int, bool | None],
        values: Sequence[Value],
        shut: Mapping[int, Bar],
    ) -> dict[int, Outcome]:
        """What becomes of each playbook that applies, or of which that is not known.

        The layer rule (P1) among the alternatives of each need, which come cheapest first; then the
        exclusions.

        Args:
            applies: By place, whether it applies; those that do not are left out.
            values: What the suppressions and the stake say of the account.
            shut: The gates that are shut ahead of the conditions, by place.
        """
        outcomes: dict[int, Outcome] = {}
        chosen: dict[str, int] = {}
        waits: dict[str, list[int]] = {}
        needs, ranks = self.needs, self.ranks
        may_be_shut = bool(shut) or self.least_return is not None
        for place, holds in applies.items():
            need = needs[place]
            gate = self._gate(place, holds, values, shut) if may_be_shut else None
            is_held = need in waits and ranks[waits[need][0]] < ranks[place]
            status = ruling(holds, gate, is_chosen=need in chosen, is_held=is_held)
            if status is _CHOSEN:
                chosen[need] = place
            elif status.stops:
                waits.setdefault(need, []).append(place)
            outcomes[place] = _ALONE[status]
            if status is Status.DEARER:
                outcomes[place] = Outcome(status, (chosen[need],))
            elif status is Status.HELD_BACK:
                outcomes[place] = Outcome(status, self._cheaper(waits[need], place))
        if self.pairs:
            self.exclude(values, outcomes)
        return outcomes

    def _gate(
        self, place: int, holds: bool | None, values: Sequence[Value], shut: Mapping[int, Bar]
    ) -> Status | None:
        """The first gate that is shut."""
        if shut and place in shut:
            return shut[place].status
        if holds and self.least_return is not None:
            bar = self.worth_bar(place, values)
            return None if bar is None else bar.status
        return None

    def _cheaper(self, places: Iterable[int], place: int) -> tuple[int, ...]:
        """Those of a cheaper layer."""
        return tuple(each for each in places if self.ranks[each] < self.ranks[place])

    def worth_bar(self, place: int, values: Sequence[Value]) -> Bar | None:
        """The gate of the price, for a playbook that applies."""
        least = self.least[place]
        if least is None:
            return None
        worth = self.value(place, values)
        is_enough = worth is not None and worth >= least
        gate = worth_gate(is_known=worth is not None, is_enough=is_enough)
        if gate is None or worth is None:
            return None if gate is None else Bar(gate, "what it would bring is not known")
        why = f"brings {worth:,.2f}, and must bring {least:,.2f}: "
        return Bar(gate, f"{why}{self.least_return} times its price")

    def exclude(self, values: Sequence[Value], outcomes: dict[int, Outcome]) -> None:
        """Of two chosen ones that do not run side by side the first stays.

        By value, then priority, then name.
        """
        chosen = [each for each in self.rivals if outcomes.get(each) == _ALONE[Status.CHOSEN]]
        kept: list[int] = []
        for place in sorted(chosen, key=lambda each: self.precedence(each, values)):
            rivals = [other for other in kept if other in self.rivals[place]]
            if rivals:
                outcomes[place] = Outcome(Status.EXCLUDED, (rivals[0],))
            else:
                kept.append(place)

    def precedence(self, place: int, values: Sequence[Value]) -> tuple[object, ...]:
        """What decides between two playbooks that do not run side by side."""
        worth, playbook = self.value(place, values), self.playbooks[place]
        return worth is None, -(worth or 0.0), -playbook.priority, playbook.name


def _suppression_bar(each: Suppression, gate: Status, account: object, as_of: object) -> Bar:
    said = each.reason or each.when.words()
    if gate is Status.UNKNOWN:
        missing = each.when.missing(account, as_of=as_of)
        return Bar(gate, f"it is not known whether {said} ({each.name})", missing=missing)
    return Bar(gate, f"{each.name}: {said}")


def price_of(playbook: Playbook, prices: Mapping[str, Decimal]) -> Decimal:
    """What the hours of a playbook cost, at prices an hour by role.

    >>> visit = Playbook(name="visit", need="adoption", layer="service", entry=True,
    ...                  effort={"csm": 3})
    >>> price_of(visit, {"csm": Decimal(80)})
    Decimal('240')
    """
    return exact_sum(EXACT.multiply(hours, prices[role]) for role, hours in playbook.effort.items())
