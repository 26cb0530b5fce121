"""Gates on columns: which gate is shut ahead of a playbook in each row, and what becomes of it.

A part of :mod:`cslib.playbooks`, below :mod:`cslib.selectioncolumns`. No rule stands here a second
time: statuses and gates are looked up in tables that are made from :func:`cslib.selection.ruling`
and the gates beside it, one entry for each case that there is. What history bars is told by
:func:`cslib.standings.bars`, account by account.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.blocks import UNKNOWN, Operand, Quantity, Truth
from cslib.columns import Blocks, Column
from cslib.decisions import DecisionTable, decisions_of
from cslib.expressions import Kind
from cslib.plays import Level
from cslib.selection import Selector, level_gate, ruling, suppression_gate, worth_gate
from cslib.standings import Status

__all__ = [
    "CODES",
    "Barred",
    "Codes",
    "Flags",
    "Found",
    "Gates",
    "Ladder",
    "Levels",
    "Places",
    "found_in",
    "named_blocks",
    "suppressed_in",
]

CODES: Mapping[Status, int] = {status: code for code, status in enumerate(Status)}
"""The number by which arrays hold each status."""

Codes: TypeAlias = npt.NDArray[np.int8]
"""Statuses by :data:`CODES`."""

Places: TypeAlias = npt.NDArray[np.intp]
"""Places: of rows in a block, of playbooks among all."""

Flags: TypeAlias = npt.NDArray[np.bool_]
"""Where something holds."""

_OPEN = len(Status)  # the code of no gate


# --------------------------------------------------------------------------------------
# What becomes of a playbook


class Found(NamedTuple):
    """The rows of a block in which a condition does not fail.

    Attributes:
        rows: Their places in the block.
        holds: Where it holds; elsewhere it is unknown.
    """

    rows: Places
    holds: Flags


def found_in(operand: Operand | None, length: int) -> Found:
    """The rows of a block in which a condition does not fail.

    >>> found = found_in(Truth(np.array([True, False, False]), np.array([False, True, False])), 3)
    >>> found.rows.tolist(), found.holds.tolist()
    ([0, 2], [True, False])
    """
    truth = _truth(operand)
    rows = np.flatnonzero(~np.broadcast_to(truth.false, length))
    return Found(rows, np.broadcast_to(truth.true, length)[rows])


def _truth(operand: Operand | None) -> Truth:
    found = operand or UNKNOWN[Kind.BOOLEAN]
    assert isinstance(found, Truth)  # noqa: S101 - it is that of a condition
    return found


class _State(NamedTuple):
    """What stands of a need, ahead of its next playbook."""

    is_chosen: bool = False
    waits: bool = False
    """Whether one of the layer of the next, or of a cheaper one, may still do."""
    is_held: bool = False
    """Whether one of a cheaper layer may."""


_STATES = (
    _State(),
    _State(waits=True),
    _State(waits=True, is_held=True),
    _State(is_chosen=True),
)
_WAITING, _HELD, _CHOSEN = 1, 2, 3


def _after(state: int, status: Status) -> int:
    """What stands of a need once a playbook has its status."""
    if status is Status.CHOSEN:
        return _CHOSEN
    return _WAITING if status.stops and not any(_STATES[state]) else state


def _code(gate: Status | None) -> int:
    return _OPEN if gate is None else CODES[gate]


@functools.cache
def _rulings() -> tuple[Codes, Codes]:
    """For each case of :meth:`Ladder.take` the status, and the state after it."""
    statuses, states = [], []
    for holds in (None, True):
        for gate in (*Status, None):
            for place, state in enumerate(_STATES):
                status = ruling(holds, gate, is_chosen=state.is_chosen, is_held=state.is_held)
                statuses.append(CODES[status])
                states.append(_after(place, status))
    return np.array(statuses, np.int8), np.array(states, np.int8)


class Ladder:
    """The playbooks of one need, from the cheapest up, in a block of rows.

    >>> ladder, rows = Ladder(2), np.arange(2)
    >>> open_gates = np.full(2, len(Status), np.int8)
    >>> tour = ladder.take(Found(rows, np.array([True, False])), open_gates)
    >>> ladder.next_layer()
    >>> training = ladder.take(Found(rows, np.array([True, True])), open_gates)
    >>> [[tuple(Status)[code].value for code in each] for each in (tour, training)]
    [['chosen', 'unknown'], ['dearer', 'held_back']]
    """

    def __init__(self, rows: int) -> None:
        self._states: Codes = np.zeros(rows, np.int8)

    def next_layer(self) -> None:
        """The playbooks that follow are of a dearer layer."""
        self._states[self._states == _WAITING] = _HELD

    def take(self, found: Found, gates: Codes) -> Codes:
        """What becomes of the next playbook, in each row in which it does not fail."""
        statuses, states = _rulings()
        case: npt.NDArray[np.uint8] = found.holds * np.uint8((_OPEN + 1) * len(_STATES))
        case += gates.view(np.uint8) * np.uint8(len(_STATES))
        case += self._states[found.rows].view(np.uint8)
        self._states[found.rows] = states[case]
        return statuses[case]


# --------------------------------------------------------------------------------------
# Gates


class Barred(NamedTuple):
    """What history bars of one playbook.

    Attributes:
        at: Places in :attr:`Found.rows`.
        gates: The gate at each.
    """

    at: list[int]
    gates: list[int]


@attrs.frozen(kw_only=True, eq=False)
class Gates:
    """The gates that are shut in a block of rows.

    Attributes:
        selector: The library, made ready.
        stake: What is at stake in each row; None where the library says nothing of it.
        offered: The level of service in each row, as :meth:`Levels.read` gives it.
        suppressed: For needs that are suppressed somewhere, the gate in each row.
        barred: What history bars, by the place of the playbook.
    """

    selector: Selector
    stake: Quantity | None
    offered: Places | None
    suppressed: Mapping[str, Codes]
    barred: Mapping[int, Barred]

    def of(self, place: int, found: Found) -> Codes:
        """The gate that counts in each row in which a playbook does not fail.

        As in the record a suppression goes before history, that before the level, that before a
        suppression which is unknown, and the price is asked last and only of what applies.
        """
        playbook = self.selector.playbooks[place]
        rows, holds = found
        is_suppressed = playbook.need in self.suppressed
        gates: Codes = np.full(rows.size, _OPEN, np.int8)
        if is_suppressed:
            gates = self.suppressed[playbook.need][rows]
        if self.offered is not None and playbook.level is not None:
            gates = _over(_level_gates()[playbook.level.rank][self.offered[rows]], gates)
        if place in self.barred:
            gates[self.barred[place].at] = self.barred[place].gates
        if is_suppressed:
            gates = _shut_first(self.suppressed[playbook.need][rows], gates)
        least = self.selector.least[place]
        if least is not None:
            gates = np.where(holds & (gates == _OPEN), self._worth(place, rows, least), gates)
        return gates

    def _worth(self, place: int, rows: Places, least: float) -> Codes:
        """The gate of the price."""
        lift = self.selector.lifts[place]
        assert lift is not None  # noqa: S101 - a library that asks for a return has both
        assert self.stake is not None  # noqa: S101
        worth = Quantity(lift * self.stake.value[rows])
        is_enough = (worth.value >= least).astype(np.intp)
        return _worth_gates()[np.where(worth.known, 1 + is_enough, 0)]


def _over(gates: Codes, before: Codes) -> Codes:
    """Gates, and where none is shut those before."""
    return np.where(gates == _OPEN, before, gates)


def _shut_first(suppressed: Codes, gates: Codes) -> Codes:
    """The gate of a suppression where it is shut, elsewhere the others."""
    return np.where(suppressed == CODES[Status.SUPPRESSED], suppressed, gates)


@functools.cache
def _worth_gates() -> Codes:
    """The gate of the price where the value is unknown, too small, enough."""
    cases = ((False, False), (True, False), (True, True))
    gates = [worth_gate(is_known=known, is_enough=enough) for known, enough in cases]
    return np.array([_code(each) for each in gates], np.int8)


@functools.cache
def _level_gates() -> Codes:
    """For each level that a playbook takes, and each that is offered or unknown, the gate."""
    offered = (*Level, None)
    return np.array([[_code(level_gate(one, each)) for each in offered] for one in Level], np.int8)


class Levels:
    """Which level of service is offered to each row.

    Attributes:
        named: The rows of the table, each with what to call it in an error.
    """

    def __init__(self, table: DecisionTable, columns: Mapping[str, Any], as_of: object) -> None:
        self._table = table
        blocks = [row.when.blocks(columns, as_of=as_of) for row in table.rows]
        self.named = tuple(named_blocks("level", table.rows, blocks))

    def read(self, rows: slice) -> Places:
        """The rank of the level in some rows; one more than the last where it is unknown."""
        length = rows.stop - rows.start
        answers = []
        for _, blocks in self.named:
            truth = _truth(blocks.read(rows))
            value, known = (np.broadcast_to(each, length) for each in (truth.true, truth.known))
            answers.append(Column(value, known))
        outcome = decisions_of(self._table, answers).outcome
        ranks = np.full(length, len(Level), np.intp)
        for level in Level:
            ranks[outcome == level.value] = level.rank
        return ranks


def suppressed_in(selector: Selector, blocks: Sequence[Blocks], rows: slice) -> Mapping[str, Codes]:
    """The gate of the suppressions of each need in some rows; one that is shut goes first."""
    gates: dict[str, Codes] = {}
    for each, asked in zip(selector.suppressions, blocks, strict=True):
        found = _suppression_gates()[_kleene(_truth(asked.read(rows)), rows.stop - rows.start)]
        for need in each.needs or dict.fromkeys(selector.needs):
            before = gates.get(need, found)
            gates[need] = _shut_first(before, _over(found, before))
    return gates


@functools.cache
def _suppression_gates() -> Codes:
    """The gate of a suppression that is unknown, does not hold, holds."""
    return np.array([_code(suppression_gate(holds)) for holds in (None, False, True)], np.int8)


def _kleene(truth: Truth, rows: int) -> Places:
    """0 where unknown, 1 where false, 2 where true."""
    true, false = (np.broadcast_to(each, rows) for each in (truth.true, truth.false))
    found: Places = false + 2 * true.astype(np.intp)
    return found


def named_blocks(
    what: str, parts: Sequence[Any], blocks: Sequence[Blocks]
) -> Iterator[tuple[str, Blocks]]:
    """The conditions of parts that have names, each with what to call it in an error."""
    for part, each in zip(parts, blocks, strict=True):
        yield f"{what} {part.name!r}", each
