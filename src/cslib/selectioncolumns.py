"""Selection on columns: what becomes of every playbook for every account of a book.

A part of :mod:`cslib.playbooks`; :meth:`cslib.playbooks.Library.select_columns` is the way in, and
says of each row what :meth:`cslib.playbooks.Library.select` says of its record. No rule stands here
a second time: what becomes of a playbook is looked up (:mod:`cslib.gatecolumns`); what history
bars, and which of two playbooks that exclude one another goes first, is asked of the functions of
the record, for the rows that have a history or such a conflict. Rows are worked on in blocks, so
that beside the statuses, a byte for each playbook and row, little memory grows with the book.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import operator
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import ArgumentError, flat, refuse_rows
from cslib.blocks import UNKNOWN, Array, Quantity, unpacked
from cslib.choices import Choice
from cslib.columns import Answer, Blocks, Column, ColumnsError, blocks_of
from cslib.errors import suggestion
from cslib.expressions import Kind
from cslib.facts import as_of_day
from cslib.faults import brief
from cslib.gatecolumns import (
    CODES,
    Barred,
    Codes,
    Flags,
    Found,
    Gates,
    Ladder,
    Levels,
    Places,
    found_in,
    named_blocks,
    suppressed_in,
)
from cslib.histories import History
from cslib.plays import Playbook
from cslib.rules import rule
from cslib.selection import Outcome, Selector
from cslib.standings import Status, bars

__all__ = ["Choices", "select_columns"]

_STATUSES = tuple(Status)


# --------------------------------------------------------------------------------------
# The answer


@attrs.frozen(kw_only=True, eq=False, slots=False)  # cached properties need a __dict__
class Choices:
    """What to do for every account of a book.

    Attributes:
        library: The library that was asked, a :class:`cslib.playbooks.Library`.
        playbooks: Its playbooks by layer, then price or hours, then name: the order in which
            ``statuses`` has them.
        statuses: What became of each playbook for each account, by :data:`CODES`; shape
            ``(playbooks, rows)``.
        columns: The columns that were read.
        accounts: The name of the account of each row; None where they were not given.
        history: What was run before.
        as_of: Today, as the selection was told it.
        definition: The fingerprint of the library.
    """

    library: Any = attrs.field(repr=False)
    playbooks: tuple[Playbook, ...] = attrs.field(repr=False)
    statuses: Codes
    columns: Mapping[str, Any] = attrs.field(repr=False)
    accounts: Array | None = attrs.field(repr=False)
    history: History | None = attrs.field(repr=False)
    as_of: object
    definition: str
    _selector: Selector = attrs.field(alias="selector", repr=False)
    _stake: Column | None = attrs.field(alias="stake", repr=False)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.statuses.shape[1])

    @property
    def by_urgency(self) -> tuple[Playbook, ...]:
        """The playbooks by priority, the higher first, then layer, cost, name."""
        return tuple(self.playbooks[place] for place in self._selector.by_urgency)

    def __str__(self) -> str:
        chosen = int(np.count_nonzero(self.first >= 0))
        return f"{self.rows:,} accounts: a playbook for {chosen:,} of them"

    __repr__ = brief

    def status(self, playbook: str) -> npt.NDArray[np.str_]:
        """What became of a playbook, in words, for each row.

        Raises:
            KeyError: If the library has no playbook of that name.
        """
        words = np.array(_STATUSES, np.str_)
        found: npt.NDArray[np.str_] = words[self.statuses[self._place(playbook)]]
        return found

    def are(self, playbook: str, status: Status | str = Status.CHOSEN) -> Flags:
        """The rows for which a playbook has a status.

        Raises:
            KeyError: If the library has no playbook of that name.
            ValueError: If there is no such status.
        """
        found: Flags = self.statuses[self._place(playbook)] == CODES[Status(status)]
        return found

    def count(self, playbook: str) -> dict[Status, int]:
        """How many rows there are of each status of a playbook; those of none left out.

        Raises:
            KeyError: If the library has no playbook of that name.
        """
        counts = np.bincount(self.statuses[self._place(playbook)], minlength=len(_STATUSES))
        return {each: count for each, count in zip(Status, counts.tolist(), strict=True) if count}

    def chosen(self, need: str) -> Places:
        """The place in ``playbooks`` of what was chosen for a need in each row; -1 for nothing.

        Raises:
            KeyError: If the library has no playbook for it.
        """
        places = [place for place, each in enumerate(self.playbooks) if each.need == need]
        if not places:
            raise KeyError(f"no need {need!r}{suggestion(str(need), self._selector.needs)}")
        return self._foremost(places)

    @functools.cached_property
    def first(self) -> Places:
        """The place in ``playbooks`` of the most urgent choice in each row; -1 for nothing."""
        return self._foremost(self._selector.by_urgency)

    @property
    def playbook(self) -> npt.NDArray[np.str_]:
        """The name of the most urgent choice in each row; empty for nothing."""
        names = np.array(["", *self._selector.names], np.str_)
        return names[self.first + 1]

    def value(self, playbook: str) -> npt.NDArray[np.float64]:
        """What a playbook is expected to bring in each row: its lift times the stake.

        NaN is unknown; a playbook without an effect and a library without a stake have no value.

        Raises:
            KeyError: If the library has no playbook of that name.
        """
        lift = self._selector.lifts[self._place(playbook)]
        if lift is None or self._stake is None:
            return np.full(self.rows, np.nan)
        with np.errstate(all="ignore"):
            found: npt.NDArray[np.float64] = lift * self._stake.value  # NaN where it is unknown
        return found

    def price(self, playbook: str) -> Decimal | None:
        """What the hours of a playbook cost, exact; None where the library has no prices.

        Raises:
            KeyError: If the library has no playbook of that name.
        """
        return self._selector.price[self._place(playbook)]

    def record(self, row: int) -> Choice:
        """The choice of one row with its reasons, as the record door makes it.

        >>> from cslib.playbooks import Library, Playbook
        >>> tour = Playbook(name="tour", need="adoption", layer="product", entry="seats < 5")
        >>> found = Library(name="one", playbooks=(tour,)).select_columns({"seats": [3, 8]})
        >>> found.playbook.tolist(), found.record(1).reasons
        (['tour', ''], 'no playbook applies')

        Raises:
            IndexError: If there is no such row.
            TypeError: If the row is no whole number.
        """
        row = operator.index(row)
        history = None
        if self.history is not None and self.accounts is not None:
            history = self.history.of(str(self.accounts[row]))
        record = _record(self.columns, row)
        found: Choice = self.library.select(record, history=history, as_of=self.as_of)
        return found

    def _place(self, playbook: str) -> int:
        return self._selector.places[self.library[playbook].name]

    def _foremost(self, places: Sequence[int]) -> Places:
        """The first of some places that is chosen, for each row."""
        found = np.full(self.rows, -1, np.intp)
        for place in reversed(places):
            found[self.statuses[place] == CODES[Status.CHOSEN]] = place
        return found


def _record(columns: Mapping[str, Any], row: int) -> dict[str, object]:
    """A row as a record, columns in the mapping of an owner included."""
    return {
        name: _record(columns[name], row)
        if isinstance(columns[name], Mapping)
        else _entry(columns[name], row)
        for name in columns
    }


def _entry(column: Any, row: int) -> object:
    """An entry as plain Python has it, where it is a number, a truth or a text."""
    held = column if isinstance(column, (list, tuple)) else np.asanyarray(column)
    found = held[row]
    is_plain = isinstance(found, np.generic) and found.dtype.kind in "biufU"
    return found.item() if is_plain else found


# --------------------------------------------------------------------------------------
# The book


def select_columns(
    library: Any,
    selector: Selector,
    columns: Mapping[str, Any],
    accounts: Any,
    history: History | None,
    as_of: object,
) -> Choices:
    """What becomes of every playbook for every row.

    Args:
        library: The library, a :class:`cslib.playbooks.Library`.
        selector: It, made ready.
        columns: Names to arrays.
        accounts: The name of the account of each row.
        history: What was run before.
        as_of: Today.

    Raises:
        FactError, AsOfError, ColumnsError, ArgumentError, RunError: As
            :meth:`cslib.playbooks.Library.select_columns`, which is the way in.
    """
    book = _Book(selector, columns, accounts, history, as_of)
    with np.errstate(all="ignore"):
        for rows in blocks_of(book.rows):
            book.select(rows)
    return Choices(
        library=library,
        playbooks=selector.playbooks,
        statuses=book.statuses,
        columns=columns,
        accounts=book.accounts,
        history=history,
        as_of=as_of,
        definition=library.fingerprint,
        selector=selector,
        stake=None if book.stakes is None else book.stakes.column(),
    )


class _Book:
    """The columns that are selected from, and the statuses as far as they are made."""

    def __init__(
        self,
        selector: Selector,
        columns: Mapping[str, Any],
        accounts: Any,
        history: History | None,
        as_of: object,
    ) -> None:
        self.selector, self.as_of = selector, as_of
        whole = rule(True).blocks(columns)  # tells the number of rows where nothing is read
        self.applies = [each.blocks(columns, as_of=as_of) for each in selector.applies]
        self.suppressions = [
            each.when.blocks(columns, as_of=as_of) for each in selector.suppressions
        ]
        self.stake = None if selector.stake is None else selector.stake.blocks(columns, as_of=as_of)
        self.levels = None if selector.levels is None else Levels(selector.levels, columns, as_of)
        self.rows = self._length(whole)
        self.history = history
        self.accounts = _accounts(accounts, history, self.rows)
        self.statuses: Codes = np.full(
            (len(selector.playbooks), self.rows), CODES[Status.DOES_NOT_APPLY], np.int8
        )
        self.stakes = None if self.stake is None else Answer(self.rows)
        self.settled: dict[tuple[object, ...], dict[int, Outcome]] = {}

    def _length(self, whole: Blocks) -> int:
        """How many rows there are."""
        selector = self.selector
        asked: list[tuple[str, Blocks]] = [
            *named_blocks("playbook", selector.playbooks, self.applies),
            *named_blocks("suppression", selector.suppressions, self.suppressions),
            *(() if self.levels is None else self.levels.named),
            *(() if self.stake is None else (("the stake", self.stake),)),
        ]
        first, rows = next(((name, each.rows) for name, each in asked), ("", whole.rows))
        for name, each in asked:
            if each.rows != rows:
                differ = f"{first} reads {rows} rows, but {name} {each.rows}"
                raise ColumnsError(f"columns must be equally long: {differ}")
        return rows

    def select(self, rows: slice) -> None:
        """Say what becomes of every playbook in some rows."""
        length = rows.stop - rows.start
        found = [found_in(each.read(rows), length) for each in self.applies]
        gates = self._gates(rows, found)
        for places in self._by_need:
            ladder = Ladder(length)
            for before, place in itertools.pairwise((places[0], *places)):
                if self.selector.ranks[place] > self.selector.ranks[before]:
                    ladder.next_layer()
                taken = ladder.take(found[place], gates.of(place, found[place]))
                self.statuses[place, rows][found[place].rows] = taken
        self._exclude(rows, gates.stake)

    @functools.cached_property
    def _by_need(self) -> list[list[int]]:
        """The places of the playbooks of each need, the cheapest first."""
        needs: dict[str, list[int]] = {}
        for place, need in enumerate(self.selector.needs):
            needs.setdefault(need, []).append(place)
        return list(needs.values())

    # Gates

    def _gates(self, rows: slice, found: Sequence[Found]) -> Gates:
        return Gates(
            selector=self.selector,
            stake=None if self.stake is None else self._stake(self.stake, rows),
            offered=None if self.levels is None else self.levels.read(rows),
            suppressed=suppressed_in(self.selector, self.suppressions, rows),
            barred=self._barred(rows, found),
        )

    def _stake(self, stake: Blocks, rows: slice) -> Quantity:
        """What is at stake in some rows."""
        found = stake.read(rows) or UNKNOWN[Kind.NUMBER]
        assert isinstance(found, Quantity)  # noqa: S101 - a stake is a number
        assert self.stakes is not None  # noqa: S101 - so there is room for it
        self.stakes.put(rows, found)
        return Quantity(np.broadcast_to(found.value, rows.stop - rows.start))

    def _barred(self, rows: slice, found: Sequence[Found]) -> Mapping[int, Barred]:
        """What history bars of the playbooks that matter, asked account by account."""
        barred: dict[int, Barred] = {}
        if self.accounts is None or self.history is None or not self._past:
            return barred
        names = self.accounts[rows].tolist()
        asked: dict[int, dict[int, int]] = {
            row: {} for row, name in enumerate(names) if name in self._past
        }
        has_past = np.zeros(len(names), bool)
        has_past[list(asked)] = True
        for place, each in enumerate(found):
            for at in np.flatnonzero(has_past[each.rows]).tolist():
                asked[int(each.rows[at])][place] = at
        for row, places in asked.items():
            history = self.history.of(names[row])
            for place, bar in bars(self.selector.playbooks, history, self._day, list(places)):
                into = barred.setdefault(place, Barred([], []))
                into.at.append(places[place])
                into.gates.append(CODES[bar.status])
        return barred

    @functools.cached_property
    def _past(self) -> frozenset[str]:
        """The accounts that have a history."""
        return frozenset() if self.history is None else frozenset(self.history.accounts)

    @functools.cached_property
    def _day(self) -> dt.date:
        return as_of_day(self.as_of)

    # Exclusions

    def _exclude(self, rows: slice, stake: Quantity | None) -> None:
        """Settle what excludes one another, in the rows where two such playbooks are chosen."""
        selector = self.selector
        if not selector.pairs:
            return
        places = sorted({place for pair in selector.pairs for place in pair})
        is_chosen = {place: self.statuses[place, rows] == CODES[Status.CHOSEN] for place in places}
        conflict = functools.reduce(
            np.logical_or, [is_chosen[a] & is_chosen[b] for a, b in selector.pairs]
        )
        for row in np.flatnonzero(conflict).tolist():
            both = tuple(place for place in places if is_chosen[place][row])
            for place, outcome in self._settled(both, _entries(stake, row)).items():
                self.statuses[place, rows.start + row] = CODES[outcome.status]

    def _settled(self, chosen: tuple[int, ...], values: tuple[Any, ...]) -> dict[int, Outcome]:
        """What becomes of chosen playbooks, some of which exclude one another."""
        key = (chosen, values)
        if key not in self.settled:
            outcomes = dict.fromkeys(chosen, Outcome(Status.CHOSEN))
            self.selector.exclude(values, outcomes)
            self.settled[key] = outcomes
        return self.settled[key]


def _entries(stake: Quantity | None, row: int) -> tuple[Any, ...]:
    """What is at stake in a row, as a record has it; none where the library says nothing of it."""
    if stake is None:
        return ()
    one = Quantity(stake.value[row : row + 1])
    return tuple(unpacked(one.value, one.known))


def _accounts(given: Any, history: History | None, rows: int) -> Array | None:
    """The name of the account of each row, which a history is asked by."""
    if given is None:
        if history is not None and history.accounts:
            expected = "is missing: expected the name of each row's account, to find its history"
            raise ArgumentError("accounts", None, expected)
        return None
    names = flat(ArgumentError, "accounts", given)
    if names.size != rows:
        raise ArgumentError("accounts", None, f"has {names.size} entries: expected {rows}")
    if names.dtype.kind != "U" or isinstance(names, np.ma.MaskedArray):
        wrong = np.array([not isinstance(name, str) for name in names.tolist()], bool)
        refuse_rows(ArgumentError, "accounts", names, wrong, "expected a name, which is text")
    return names
