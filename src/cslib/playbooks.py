"""Playbooks: the cheapest layer that solves it, and why.

A :class:`~cslib.plays.Playbook` is data: the need it serves, its layer, the condition under which
it applies, its steps and hours, and how it is judged. A :class:`Library` chooses among many: what
the product can solve is not given to service, and what service can solve is not given to consulting
(P1, Sang Wenfeng). That rule is a hard filter: for each need only the cheapest layer with a
playbook that applies comes into question. A dearer one follows only where the cheaper was taken and
failed; where it is unknown whether a cheaper one would do, the dearer layers wait and the missing
facts are named (``docs/semantics.md``, "Playbooks").

A selection is made from an account's state alone and never from an event, so nothing is lost when a
night is missed, and nothing is begun twice.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from cslib.choices import Choice, Finding
from cslib.decisions import DecisionTable
from cslib.documents import document, fingerprint
from cslib.errors import Fault, suggestion
from cslib.expressions import Kind
from cslib.facts import getter
from cslib.faults import (
    decimal_faults,
    exact_decimal,
    name_faults,
    refuse,
    several,
    shown,
    unique_faults,
)
from cslib.histories import History, OptOut, begin, checked_history
from cslib.plays import Effect, Layer, Level, Limits, Playbook, Success, amounts
from cslib.rules import Rule, rule
from cslib.runs import Judgement, Run, Verdict
from cslib.selection import Selector, Suppression, price_of
from cslib.standings import Bar, Status
from cslib.steps import PlannedStep, Step, schedule
from cslib.verdicts import Observation, judge

if TYPE_CHECKING:
    from cslib.selectioncolumns import Choices

__all__ = [
    "Bar",
    "Choice",
    "Effect",
    "Finding",
    "History",
    "Judgement",
    "Layer",
    "Level",
    "Library",
    "Limits",
    "Observation",
    "OptOut",
    "PlannedStep",
    "Playbook",
    "Run",
    "Status",
    "Step",
    "Success",
    "Suppression",
    "Verdict",
    "begin",
    "judge",
    "schedule",
]


def _playbooks(playbooks: Iterable[Playbook]) -> tuple[Playbook, ...]:
    return several("library", "$.playbooks", playbooks, Playbook)


def _suppressions(given: Iterable[Suppression]) -> tuple[Suppression, ...]:
    return several("library", "$.suppressions", given, Suppression)


def _prices(value: Any) -> Mapping[str, Decimal]:
    return amounts("library", "$.prices", value)


def _stake(source: object) -> Rule | None:
    return None if source is None else rule(source, kind=Kind.NUMBER)


@document("library", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Library:
    """Playbooks to choose from; their order never changes a choice.

    Attributes:
        name: Its name.
        playbooks: The playbooks.
        suppressions: What keeps playbooks from being begun, such as an open escalation.
        levels: Which level of service an account has (P2): a table whose outcomes are ``support``,
            ``implementation`` and ``consulting``. Playbooks of a higher level are not offered to
            it; None: all are.
        prices: What an hour of each role costs. With prices, playbooks of one layer are compared by
            what they cost; without, by their hours.
        stake: What is at stake with an account, such as ``annual_value``: a rule that gives a
            number. A playbook's value is the lift of its effect times the stake.
        least_return: How many times its price a playbook must be worth (its benefit-cost ratio);
            None: prices and values are shown and stop nothing.

    Raises:
        DefinitionError: With every fault: no name, two playbooks of one name, a role without a
            price, an exclusion of a playbook that there is not, a level that there is not, a
            return that is asked for without prices and a stake.

    >>> library = Library(name="adoption", playbooks=(
    ...     Playbook(name="tour", need="adoption", layer="product",
    ...              entry="seats_used / seats < 0.6"),
    ...     Playbook(name="training", need="adoption", layer="service", effort={"csm": 6},
    ...              entry="seats_used / seats < 0.6 and roles_active < 2"),
    ... ))
    >>> choice = library.select({"seats_used": 5, "seats": 10, "roles_active": 1})
    >>> choice.playbook.name, choice.reasons
    ('tour', 'seats used divided by seats is below 0.6 (seats_used = 5, seats = 10)')
    >>> print(*choice.others)
    training (service, 6 h): dearer: applies, but tour is of a cheaper layer (product)
    """

    name: str
    playbooks: tuple[Playbook, ...] = attrs.field(converter=_playbooks)
    suppressions: tuple[Suppression, ...] = attrs.field(default=(), converter=_suppressions)
    levels: DecisionTable | None = None
    prices: Mapping[str, Decimal] = attrs.field(factory=dict, converter=_prices, hash=False)
    stake: Rule | None = attrs.field(default=None, converter=_stake)
    least_return: Decimal | None = attrs.field(
        default=None, converter=attrs.converters.optional(exact_decimal)
    )

    def __attrs_post_init__(self) -> None:
        refuse(f"library {self.name!r}", (*_faults(self), *_price_faults(self)))

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition a choice was made."""
        return fingerprint(self)

    def select(
        self, account: object, *, history: History | None = None, as_of: object = None
    ) -> Choice:
        """The playbooks to run for one account, and why not the others.

        Args:
            account: Its facts: a mapping or an object. A stage, a tier, days to renewal are facts
                like any other.
            history: What was run for this account before, and what its customer does not want; of
                several accounts take ``history.of(name)``.
            as_of: Today, for conditions that count days and for a history.

        Raises:
            DefinitionError: If the history is none.
            FactError, AsOfError: As the entry conditions do.
            RunError: If the history is of several accounts, or was compacted for a later day.
        """
        past = None if history is None else checked_history(history)
        selector = self._selector
        applies, values = selector.read(account, as_of)
        bars = selector.bars(account, values, past, as_of)
        return Choice(
            selector=selector,
            definition=self.fingerprint,
            facts=_kept(account, selector.facts),
            as_of=as_of,
            applies=applies,
            values=values,
            bars=bars,
            outcomes=selector.decide(applies, values, bars),
        )

    def select_columns(
        self,
        columns: Mapping[str, Any],
        *,
        accounts: Any = None,
        history: History | None = None,
        as_of: object = None,
    ) -> Choices:
        """What becomes of every playbook for every account of a book.

        Equal to :meth:`select` on each row; only accounts that have a history are looked up in it.

        Args:
            columns: Names to numpy arrays of equal length, as for
                :meth:`cslib.rules.Rule.columns`; an absent column is unknown in every row.
            accounts: The name of the account of each row; needed where a history is given.
            history: What was run for these accounts before, and what their customers do not want.
            as_of: Today, for conditions that count days and for a history.

        Raises:
            DefinitionError: If the history is none.
            FactError, AsOfError: As the entry conditions do.
            ColumnsError: If the columns differ in length, or there is none to tell it.
            ArgumentError: If ``accounts`` is missing, of another length, or holds what is no text.
            RunError: If the history was compacted for a later day.

        >>> import numpy as np
        >>> library = Library(name="adoption", playbooks=(
        ...     Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5"),
        ...     Playbook(name="training", need="adoption", layer="service", effort={"csm": 6},
        ...              entry="seats_used < 8"),
        ... ))
        >>> choices = library.select_columns({"seats_used": np.array([3, 7, 9, np.nan])})
        >>> choices.playbook.tolist(), choices.status("training").tolist()
        (['tour', 'training', '', ''], ['dearer', 'chosen', 'does_not_apply', 'unknown'])
        """
        from cslib.selectioncolumns import select_columns

        past = None if history is None else checked_history(history)
        return select_columns(self, self._selector, columns, accounts, past, as_of)

    def __getitem__(self, name: str) -> Playbook:
        """The playbook of a name.

        Raises:
            KeyError: If there is none.
        """
        found = self._by_name.get(name) if isinstance(name, str) else None
        if found is None:
            raise KeyError(f"no playbook {name!r}{suggestion(str(name), self._by_name)}")
        return found

    @functools.cached_property
    def _by_name(self) -> Mapping[str, Playbook]:
        return {each.name: each for each in self.playbooks}

    @functools.cached_property
    def _selector(self) -> Selector:
        return Selector(
            playbooks=tuple(sorted(self.playbooks, key=self._cost)),
            suppressions=self.suppressions,
            levels=self.levels,
            prices=self.prices,
            stake=self.stake,
            least_return=self.least_return,
        )

    def _cost(self, playbook: Playbook) -> tuple[object, ...]:
        """What orders the playbooks of one need: layer, price or hours, name."""
        price = price_of(playbook, self.prices) if self.prices else playbook.hours
        return playbook.layer.rank, price, playbook.name

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: what was compiled from them is made again."""
        return {each.name: getattr(self, each.name) for each in attrs.fields(type(self))}


def _kept(account: object, names: Iterable[str]) -> Mapping[str, object]:
    """What is read of an account, so that its evidence does not change with it."""
    read = tuple(names)
    if type(account) is dict and "." not in "".join(read):  # no owner, who could change too
        return account.copy()
    get = getter(account)
    return {name: get(name) for name in read}


def _faults(library: Library) -> Iterator[Fault]:
    names = [each.name for each in library.playbooks]
    yield from name_faults("$.name", library.name)
    yield from unique_faults("$.playbooks", names)
    needs = {each.need for each in library.playbooks}
    for place, playbook in enumerate(library.playbooks):
        for other in playbook.excludes:
            if other not in names:
                problem = f"unknown playbook {other!r}{suggestion(other, names)}"
                yield Fault(f"$.playbooks[{place}].excludes", problem)
    yield from unique_faults("$.suppressions", (each.name for each in library.suppressions))
    for place, each in enumerate(library.suppressions):
        for need in each.needs:
            if need not in needs:
                problem = f"unknown need {need!r}{suggestion(need, needs)}"
                yield Fault(f"$.suppressions[{place}].needs", problem)
    yield from _level_faults(library.levels)


def _level_faults(levels: object) -> Iterator[Fault]:
    if levels is None:
        return
    if not isinstance(levels, DecisionTable):
        yield Fault("$.levels", f"expected a DecisionTable, but got {shown(levels)}")
        return
    known = list(map(str, Level))
    for place, row in enumerate(levels.rows):
        if row.then not in known:
            problem = f"unknown level {row.then!r}{suggestion(row.then, known)}"
            yield Fault(f"$.levels.rows[{place}].then", problem)


def _price_faults(library: Library) -> Iterator[Fault]:
    roles = {
        role: place
        for place, each in reversed(list(enumerate(library.playbooks)))
        for role in each.effort
    }
    for role in sorted(roles if library.prices else ()):
        if role not in library.prices:
            problem = f"{role!r} has no price; give one, 0 where it costs nothing"
            yield Fault(f"$.playbooks[{roles[role]}].effort", problem)
    if library.least_return is None:
        return
    yield from decimal_faults("$.least_return", library.least_return, 1_000)
    if not library.prices or library.stake is None:
        yield Fault("$.least_return", "needs prices and a stake, to compare what both give")
    for place, playbook in enumerate(library.playbooks):
        if playbook.effort and playbook.effect is None:
            problem = "is not said: what it brings cannot be compared with its price"
            yield Fault(f"$.playbooks[{place}].effect", problem)
