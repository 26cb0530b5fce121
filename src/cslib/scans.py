"""Scans: a table of stages and letters run over a whole log in order, many accounts at once.

A part of :mod:`cslib.lifecycle`. Stages are numbered from 0, and so are *letters*: a letter is all
that matters of an event to a stage, such as its name and whether its guards hold. The table says
for each stage and letter which stage follows, or that the account stays where it is.

Conventions:

- A log is columns in order: all rows of the first account, then those of the second. ``starts``
  has the first row of each account; one without rows starts where the next one does.
- Moments are whole numbers, days or microseconds. What is timed for a moment happens before the
  events of that moment.
- A stage has been entered by a move, also by one to itself; the first one, in which every account
  begins, was entered at no known moment, so nothing is timed from it.
- Timers in a circle go round as often as there is time for.

How it is done: the first events of several thousand accounts are looked up together, then their
second ones, and so on. An account with many events is cut into pieces that are followed together,
each as if it began in the first stage; then every piece is mended from its beginning to where it
meets what was found, which is soon in most flows and costs at worst what following it costs
(Mytkowicz, Musuvathi and Schulte, "Data-Parallel Finite-State Machines", ASPLOS 2014, on such
convergence). Where time makes moves, the few long accounts are followed one by one. The time is
that of the events and of sorting the accounts by how many they have, whatever the number of stages.
Of memory it takes the columns that it gives, and little more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import ArgumentError, refuse_rows
from cslib.blocks import Array, Mask
from cslib.logorder import order_of

__all__ = ["MOST", "REFUSED", "STAYS", "Clock", "Scan", "ScanError", "Timer", "Wakes", "scan"]

Wholes: TypeAlias = npt.NDArray[np.int64]

REFUSED = -1
"""In a table: the event is refused, and the account stays."""

STAYS = -2
"""In a table: the event is accepted, and the account stays."""

MOST = 2**61
"""Moments lie between minus this and this: 73,000 years from 1970 in microseconds."""

_TOGETHER = 8192  # accounts followed at a time: their state stays in the processor's cache
_FEW = 256  # accounts for which a call of numpy costs more than a step of Python for each
_RUN = 1 << 11  # rows of a long account that are followed in a row, where nothing is timed
_MENDED = 64  # of these, how many are looked at in one go to see where they meet
_PIECE = 1 << 14  # rows of a long account that are followed at a time, where something is
_FAR = 2 * MOST  # how long after anything comes what is not timed


class ScanError(ArgumentError):
    """A log or a table that cannot be scanned.

    >>> print(ScanError("letters", 3, "is 9: expected a letter from 0 to 8"))
    letters[3] is 9: expected a letter from 0 to 8
    """


# --------------------------------------------------------------------------------------
# What is timed, and what comes out


@attrs.frozen
class Timer:
    """A move that time makes, unless the stage was left before.

    Attributes:
        stage: The stage that it leaves.
        target: The stage that it enters.
        after: How long after the stage was entered: a number of days or microseconds, 1 or more,
            or a function from the moments when it was entered to those of the move, each later.

    >>> Timer(stage=0, target=1, after=30).after
    30
    """

    stage: int
    target: int
    after: int | Callable[[Wholes], Wholes]


@attrs.frozen(kw_only=True, eq=False)
class Clock:
    """When the events of a log happened, and what is timed.

    Attributes:
        at: The moment of each event, never before that of the one above it of its account.
        until: What is timed for this moment, or one before it, has happened.
        timers: The moves that time makes. The earliest of a stage is made; of several for the same
            moment, the one that stands first.
    """

    at: Wholes
    until: int
    timers: tuple[Timer, ...] = attrs.field(converter=tuple)


@attrs.frozen(kw_only=True, eq=False)
class Wakes:
    """The moves that time made, as columns; by account, and then in the order of time.

    Attributes:
        account: The account, by its place in ``starts``.
        row: The row of the event that it came before; after the account's last, the row after that.
        at: The moment.
        timer: The timer, by its place in the clock.
    """

    account: Wholes
    row: Wholes
    at: Wholes
    timer: Wholes


@attrs.frozen(kw_only=True, eq=False)
class Scan:
    """Where each account stood.

    Attributes:
        before: The stage in which each event found its account, by row.
        after: The stage after each event, by row.
        final: The stage in the end, by account; that of an account without events, too.
        wakes: The moves that time made.
    """

    before: Array
    after: Array
    final: Array
    wakes: Wakes


def scan(
    starts: Array, letters: Array, table: Array, *, initial: int = 0, clock: Clock | None = None
) -> Scan:
    """Run a log through a table.

    Args:
        starts: The first row of each account.
        letters: The letter of each event, by row.
        table: The stage that follows, for each stage (down) and letter (across); or
            :data:`REFUSED` or :data:`STAYS`.
        initial: The stage in which every account begins.
        clock: The moments of the events and what is timed; None: nothing is.

    Raises:
        ScanError: If a letter, stage or row does not exist, moments stand out of order, or a timer
            is set for no later moment than that at which its stage was entered.

    A trial (0) becomes a customer (1) by letter 0; left alone for 30 days, it lapses (2):

    >>> table = np.array([[1, 0], [REFUSED, REFUSED], [REFUSED, 0]])
    >>> at = np.array([0, 7, 0, 31])
    >>> clock = Clock(at=at, until=90, timers=[Timer(stage=0, target=2, after=30)])
    >>> scanned = scan(np.array([0, 2]), np.array([1, 0, 1, 0]), table, clock=clock)
    >>> scanned.after, scanned.final
    (array([0, 1, 0, 2], dtype=uint8), array([1, 2], dtype=uint8))
    >>> scanned.wakes.account, scanned.wakes.row, scanned.wakes.at
    (array([1]), array([3]), array([30]))
    """
    log = _Log.read(starts, letters, np.asarray(table), initial)
    if clock is None or not clock.timers:
        return _plain(log)
    _check_clock(log, clock)
    return _Timed(log, clock).scan()


# --------------------------------------------------------------------------------------
# The log, and its accounts by length


@attrs.frozen(eq=False)
class _Log:
    """A log and its table, as they are looked up.

    Attributes:
        starts: The first row of each account.
        ends: The row after its last.
        letters: The letter of each row.
        follow: The stage that follows, by stage and letter; its own where the account stays.
        is_move: Where the table has a stage, flat.
        small: The type of a stage in what is given.
        initial: The first stage.
    """

    starts: Wholes
    ends: Wholes
    letters: Array
    follow: Wholes
    is_move: Mask
    small: np.dtype[Any]
    initial: int

    @classmethod
    def read(cls, starts: Array, letters: Array, table: Array, initial: int) -> _Log:
        _check_table(table, initial)
        _check_letters(letters, table.shape[1])
        _check_starts(starts, letters.size)
        starts = starts.astype(np.int64)
        ends = np.append(starts[1:], letters.size)[: starts.size]
        own = np.arange(len(table))[:, None]
        letters = letters.astype(np.min_scalar_type(table.shape[1] - 1), copy=False)
        small = np.min_scalar_type(len(table) - 1)
        follow = np.where(table < 0, own, table).astype(np.int64)
        return cls(starts, ends, letters, follow, table.ravel() >= 0, small, initial)

    def cut(self) -> tuple[_Log, slice]:
        """The log with each long account cut into several, and those that go on with another."""
        long = np.flatnonzero(self.ends - self.starts > _RUN)
        more = (self.ends[long] - self.starts[long] - 1) // _RUN  # runs after the first
        firsts = np.repeat(np.cumsum(more) - more, more)
        later = np.repeat(self.starts[long], more) + (np.arange(firsts.size) - firsts + 1) * _RUN
        ends = np.minimum(later + _RUN, np.repeat(self.ends[long], more))
        whole = attrs.evolve(
            self,
            starts=np.append(self.starts, later),
            ends=np.append(np.minimum(self.starts + _RUN, self.ends), ends),
        )
        return whole, slice(self.starts.size, None)

    def batches(self, few: int) -> Iterator[_Batch]:
        """The accounts, longest first, some thousand at a time.

        Args:
            few: How many accounts are too few to be followed together.
        """
        lengths = self.ends - self.starts
        order = order_of([-lengths])
        accounts = np.arange(lengths.size) if order is None else order
        lengths = lengths[accounts]
        for first in range(0, accounts.size, _TOGETHER):
            some = slice(first, first + _TOGETHER)
            yield _Batch.of(self, accounts[some], lengths[some], few)

    def scanned(self, after: Array, wakes: Wakes, targets: Wholes) -> Scan:
        """What is known once the stage after each event is."""
        begun = np.flatnonzero(self.starts < self.ends)
        before = np.roll(after, 1)
        before[self.starts[begun]] = self.initial
        final = np.full(self.starts.size, self.initial, self.small)
        final[begun] = after[self.ends[begun] - 1]
        is_last = wakes.row == self.ends[wakes.account]
        entered = targets[wakes.timer]  # of several at one place, the last remains
        before[wakes.row[~is_last]] = entered[~is_last]
        final[wakes.account[is_last]] = entered[is_last]
        return Scan(before=before, after=after, final=final, wakes=wakes)


@attrs.define(eq=False)
class _Batch:
    """Some accounts, longest first, and where each of them stands at the moment.

    Attributes:
        accounts: Which.
        rows: The next row of each.
        ends: The row after its last.
        stages: Its stage.
        due: The moment for which a timer is set.
        timers: Which timer that is, in a stage where it may be one or another.
        rounds: For each round in which many have a row left, how many; they are the first ones.
        long: How many have rows left after these rounds.
    """

    accounts: Wholes
    rows: Wholes
    ends: Wholes
    stages: Wholes
    due: Wholes
    timers: Wholes
    rounds: list[int]
    long: int

    @classmethod
    def of(cls, log: _Log, accounts: Wholes, lengths: Wholes, few: int) -> _Batch:
        size = accounts.size
        rounds = int(lengths[few]) if size > few else 0
        ended = np.searchsorted(lengths[::-1], np.arange(rounds), side="right")
        return cls(
            accounts=accounts,
            rows=log.starts[accounts],
            ends=log.ends[accounts],
            stages=np.full(size, log.initial),
            due=np.full(size, _FAR),
            timers=np.zeros(size, np.int64),
            rounds=(size - ended).tolist(),
            long=int(np.count_nonzero(lengths > rounds)),
        )

    def state(self, place: int) -> tuple[int, int, int]:
        """The stage of one, for when a timer is set and which."""
        return int(self.stages[place]), int(self.due[place]), int(self.timers[place])

    def set(self, place: int, row: int, stage: int, due: int, timer: int) -> None:
        """Have one stand before a row."""
        self.rows[place], self.stages[place] = row, stage
        self.due[place], self.timers[place] = due, timer

    def pieces(self, place: int) -> Iterator[slice]:
        """The rows that a long one has left."""
        end = int(self.ends[place])
        for first in range(int(self.rows[place]), end, _PIECE):
            yield slice(first, min(first + _PIECE, end))


# --------------------------------------------------------------------------------------
# Without timers


def _plain(log: _Log) -> Scan:
    """A scan in which nothing is timed."""
    after = np.empty(log.letters.size, log.small)
    width, follow = log.follow.shape[1], log.follow.ravel()
    cut, later = log.cut()
    for batch in cut.batches(few=0):
        for active in batch.rounds:
            rows, stages = batch.rows[:active], batch.stages[:active]
            stages *= width
            stages += log.letters.take(rows)
            follow.take(stages, out=stages, mode="clip")  # every one is there: nothing is clipped
            after[rows] = stages.astype(log.small)
            rows += 1
    _mend(cut, later, after)
    return log.scanned(after, _no_wakes(), np.empty(0, np.int64))


def _mend(cut: _Log, later: slice, after: Array) -> None:
    """Follow from where they do begin the runs that were followed from the first stage."""
    follow = cut.follow.tolist()
    for first, end in zip(cut.starts[later].tolist(), cut.ends[later].tolist(), strict=True):
        row, is_met = first, after[first - 1] == cut.initial
        while row < end and not is_met:
            some = slice(row, min(row + _MENDED, end))
            stages = _until_met(follow, cut.letters[some], after[some], int(after[row - 1]))
            after[row : row + len(stages)] = stages
            row += len(stages)
            is_met = row < some.stop


def _until_met(follow: list[list[int]], letters: Array, found: Array, stage: int) -> list[int]:
    """The stages after some events, to before the first that is the one found."""
    stages = []
    for letter, met in zip(letters.tolist(), found.tolist(), strict=True):
        stage = follow[stage][letter]
        if stage == met:
            break
        stages.append(stage)
    return stages


def _no_wakes() -> Wakes:
    nothing = np.empty(0, np.int64)
    return Wakes(account=nothing, row=nothing, at=nothing, timer=nothing)


def _followed(follow: list[list[int]], letters: list[int], stage: int) -> Wholes:
    return np.array([stage := follow[stage][letter] for letter in letters])


# --------------------------------------------------------------------------------------
# With timers


class _Timers:
    """What is timed in each stage: the earliest of its timers, of equals the first.

    Attributes:
        targets: The stage that each timer enters.
        varies: Whether a timer of the stage is a function, so that which one is the earliest is
            known only when the stage is entered; otherwise it is one and the same.
        lengths: How long after the stage was entered the earliest of fixed length is.
        firsts: Which one that is.
    """

    def __init__(self, timers: tuple[Timer, ...], stages: int) -> None:
        self.targets = np.array([timer.target for timer in timers])
        self.varies = np.zeros(stages, bool)
        self.lengths = np.full(stages, _FAR)
        self.firsts = np.zeros(stages, np.int64)
        self._functions: list[tuple[int, int, Callable[[Wholes], Wholes]]] = []
        for place, timer in enumerate(timers):
            if callable(timer.after):
                self._functions.append((place, timer.stage, timer.after))
                self.varies[timer.stage] = True
            elif timer.after < self.lengths[timer.stage]:
                self.lengths[timer.stage], self.firsts[timer.stage] = timer.after, place

    def due(self, stages: Wholes, entered: Wholes) -> tuple[Wholes, Wholes]:
        """The moment for which a timer is set where a stage was entered, and which timer."""
        due, timers = self.lengths[stages] + entered, self.firsts[stages]
        for place, stage, after in self._functions:
            mine = np.flatnonzero(stages == stage)
            moments = _moments(place, after, entered[mine])
            is_first = (moments == due[mine]) & (place < timers[mine])
            is_sooner = (moments < due[mine]) | is_first
            due[mine[is_sooner]], timers[mine[is_sooner]] = moments[is_sooner], place
        return due, timers


def _moments(place: int, after: Callable[[Wholes], Wholes], entered: Wholes) -> Wholes:
    if not entered.size:
        return entered
    moments = np.asarray(after(entered))
    if moments.shape != entered.shape or moments.dtype != np.int64:
        given = f"gives {moments.dtype} of shape {moments.shape}"
        raise ScanError("timers", place, f"{given}: expected int64 of shape {entered.shape}")
    early = np.flatnonzero(moments <= entered)
    if early.size:
        given = f"gives {moments[early[0]]} for {entered[early[0]]}"
        raise ScanError("timers", place, f"{given}: expected a later moment")
    return moments


class _Timed:
    """A scan in which time makes moves, too."""

    def __init__(self, log: _Log, clock: Clock) -> None:
        self._log, self._clock = log, clock
        self._timers = _Timers(clock.timers, len(log.follow))
        self._follow, self._width = log.follow.ravel(), log.follow.shape[1]
        self._lists = log.follow.tolist(), log.is_move.reshape(log.follow.shape).tolist()
        self._after = np.empty(log.letters.size, log.small)
        self._woken: list[tuple[Wholes, Wholes, Wholes, Wholes]] = []

    def scan(self) -> Scan:
        for batch in self._log.batches(_FEW):
            for active in batch.rounds:
                self._step(batch, active)
            for place in range(batch.long):
                for piece in batch.pieces(place):
                    if not self._at_once(batch, place, piece):
                        self._one_by_one(batch, place, piece)
            everyone = np.arange(batch.accounts.size)
            self._wake(batch, everyone, np.full(everyone.size, self._clock.until))
        return self._log.scanned(self._after, self._wakes(), self._timers.targets)

    def _wakes(self) -> Wakes:
        if not self._woken:
            return _no_wakes()
        columns = [np.concatenate(parts) for parts in zip(*self._woken, strict=True)]
        order = order_of([columns[0], columns[2]])
        if order is not None:
            columns = [column[order] for column in columns]
        account, row, at, timer = columns
        return Wakes(account=account, row=row, at=at, timer=timer)

    def _step(self, batch: _Batch, active: int) -> None:
        """The next event of the first accounts, and before it what is timed."""
        rows, stages, due = batch.rows[:active], batch.stages[:active], batch.due[:active]
        at = self._clock.at.take(rows)
        is_due = due <= at
        if is_due.any():
            woken = np.flatnonzero(is_due)
            self._wake(batch, woken, at[woken])
        stages *= self._width
        stages += self._log.letters.take(rows)
        moved = np.flatnonzero(self._log.is_move.take(stages))
        self._follow.take(stages, out=stages, mode="clip")
        self._after[rows] = stages.astype(self._log.small)
        rows += 1
        due[moved], batch.timers[moved] = self._timers.due(stages[moved], at[moved])

    def _wake(self, batch: _Batch, some: Wholes, until: Wholes) -> None:
        """Make the moves that are timed for a moment or before it, one after another."""
        while True:
            is_due = batch.due[some] <= until
            some, until = some[is_due], until[is_due]
            if not some.size:
                return
            stages, at = batch.stages[some], batch.due[some]
            varies = self._timers.varies[stages]
            timers = np.where(varies, batch.timers[some], self._timers.firsts[stages])
            self._woken.append((batch.accounts[some], batch.rows[some], at, timers))
            stages = self._timers.targets[timers]
            batch.stages[some] = stages
            batch.due[some], batch.timers[some] = self._timers.due(stages, at)

    def _at_once(self, batch: _Batch, place: int, piece: slice) -> bool:
        """Follow one account as if nothing were timed; if something is, leave it as it was."""
        letters, at = self._log.letters[piece], self._clock.at[piece]
        first = int(batch.stages[place])
        after = _followed(self._lists[0], letters.tolist(), first)
        before = np.append(first, after[:-1])
        moves = np.flatnonzero(self._log.is_move.take(before * self._width + letters))
        due, timers = self._timers.due(after[moves], at[moves])
        due, timers = np.append(batch.due[place], due), np.append(batch.timers[place], timers)
        last = np.append(at[moves], at[-1])  # the last event that finds the account in each stage
        if (due <= last).any():
            return False
        self._after[piece] = after
        batch.set(place, piece.stop, int(after[-1]), int(due[-1]), int(timers[-1]))
        return True

    def _one_by_one(self, batch: _Batch, place: int, piece: slice) -> None:
        """Follow one account event by event."""
        letters, moments = self._log.letters[piece].tolist(), self._clock.at[piece].tolist()
        lengths, (follow, is_move) = self._timers.lengths.tolist(), self._lists
        ahead, after = self._ahead(piece), []
        stage, due, timer = batch.state(place)
        for turn, (letter, at) in enumerate(zip(letters, moments, strict=True)):
            if due <= at:
                batch.set(place, piece.start + turn, stage, due, timer)
                self._wake(batch, np.array([place]), np.array([at]))
                stage, due, timer = batch.state(place)
            moved, stage = is_move[stage][letter], follow[stage][letter]
            if moved and stage in ahead:
                due, timer = ahead[stage][turn]
            elif moved:
                due = at + lengths[stage]
            after.append(stage)
        self._after[piece] = after
        batch.set(place, piece.stop, stage, due, timer)

    def _ahead(self, piece: slice) -> dict[int, list[tuple[int, int]]]:
        """For the stages whose timers are functions: what is due, were it entered by each event.

        A function is called for many moments at once, as calling it for each would take long.
        """
        at = self._clock.at[piece]
        found = {}
        for stage in np.flatnonzero(self._timers.varies).tolist():
            due, timers = self._timers.due(np.full(at.size, stage), at)
            found[stage] = list(zip(due.tolist(), timers.tolist(), strict=True))
        return found


# --------------------------------------------------------------------------------------
# What is refused


def _check_table(table: Array, initial: int) -> None:
    if table.ndim != 2 or not table.size or table.dtype.kind not in "iu":
        given = f"is {table.dtype} of shape {table.shape}"
        raise ScanError("table", None, f"{given}: expected whole numbers, stages by letters")
    outside = (table < STAYS) | (table >= len(table))
    if outside.any():
        row = int(np.flatnonzero(outside.any(axis=1))[0])
        expected = f"stages from 0 to {len(table) - 1}, REFUSED or STAYS"
        raise ScanError("table", row, f"is {table[row].tolist()}: expected {expected}")
    if not _is_whole(initial) or not 0 <= initial < len(table):
        raise ScanError("initial", None, f"is {initial}: expected 0 to {len(table) - 1}")


def _check_letters(letters: Array, width: int) -> None:
    _check_whole("letters", letters)
    if letters.size and not 0 <= letters.min() <= letters.max() < width:
        outside = (letters < 0) | (letters >= width)
        expected = f"expected a letter from 0 to {width - 1}"
        refuse_rows(ScanError, "letters", letters, outside, expected)


def _check_starts(starts: Array, rows: int) -> None:
    _check_whole("starts", starts)
    falls = np.flatnonzero(starts[1:] < starts[:-1]) + 1
    if falls.size:
        expected = f"expected {starts[falls[0] - 1]} or more, as the account before it has"
        raise ScanError("starts", int(falls[0]), f"is {starts[falls[0]]}: {expected}")
    if starts.size and (starts[0] != 0 or starts[-1] > rows):
        row = 0 if starts[0] != 0 else starts.size - 1
        expected = f"expected 0 for the first account, and at most {rows} for the last"
        raise ScanError("starts", row, f"is {starts[row]}: {expected}")
    if rows and not starts.size:
        raise ScanError("starts", None, f"has no account: expected those of the {rows} rows")


def _check_whole(argument: str, column: Array) -> None:
    if column.ndim != 1 or column.dtype.kind not in "iu":
        given = f"is {column.dtype} of shape {column.shape}"
        raise ScanError(argument, None, f"{given}: expected a column of whole numbers")


def _check_clock(log: _Log, clock: Clock) -> None:
    at = clock.at
    if at.dtype != np.int64 or at.shape != log.letters.shape:
        given = f"is {at.dtype} of shape {at.shape}"
        raise ScanError("at", None, f"{given}: expected int64, a moment for each letter")
    falls = np.flatnonzero(at[1:] < at[:-1]) + 1
    is_start = np.zeros(at.size + 1, bool)
    is_start[log.starts] = True
    wrong = falls[~is_start[falls]]
    if wrong.size:
        row = int(wrong[0])
        expected = f"expected {at[row - 1]} or later, as the row before has"
        raise ScanError("at", row, f"is {at[row]}: {expected}")
    extremes = (at.min(), at.max(), clock.until) if at.size else (clock.until,)
    if not _is_whole(clock.until):
        raise ScanError("until", None, f"is {clock.until!r}: expected a whole number")
    if not all(-MOST < each < MOST for each in extremes):
        raise ScanError("at", None, f"goes to {max(extremes, key=abs)}: expected less than 2**61")
    _check_timers(clock.timers, len(log.follow))


def _check_timers(timers: tuple[Timer, ...], stages: int) -> None:
    for place, timer in enumerate(timers):
        for stage in (timer.stage, timer.target):
            if not _is_whole(stage) or not 0 <= stage < stages:
                expected = f"expected 0 to {stages - 1}"
                raise ScanError("timers", place, f"is of stage {stage}: {expected}")
        after = timer.after
        if not callable(after) and (not _is_whole(after) or not 1 <= after < MOST):
            expected = "expected a whole number of 1 or more, or a function of moments"
            raise ScanError("timers", place, f"is set for {after} later: {expected}")


def _is_whole(given: object) -> bool:
    return isinstance(given, (int, np.integer)) and not isinstance(given, bool)
