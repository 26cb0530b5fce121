"""Term lines: what became of every contract that fell due, as columns.

A part of :mod:`cslib.renewal`, beneath :mod:`cslib.termcolumns`. It does for columns what
:mod:`cslib.dispositions` does for records: :func:`plain_lines` for contracts of plain accounts,
:func:`judged_lines` for those that were judged as records.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.conventions import RenewalConvention, check_convention
from cslib.daycount import DayCount, year_fractions
from cslib.dispositions import Disposition, Line, Outcome, Timing
from cslib.figures import LEFT_OUT, NO_PAYMENTS
from cslib.ledger import EndReason, EntryKind, first_anniversary, taken_off
from cslib.money import to_minor
from cslib.periods import Period
from cslib.termids import Index, Mask, Wholes
from cslib.termlinks import Book, Links, reason_codes, seen_by
from cslib.termtables import NO_DAY, TermTable, check_alike, day_number, unit_of

__all__ = [
    "REASONS",
    "Lines",
    "Payments",
    "Verdicts",
    "code_of",
    "judged_lines",
    "plain_lines",
    "read_payments",
    "summed",
    "verdicts",
]

Codes: TypeAlias = npt.NDArray[np.int8]

_FAR = np.iinfo(np.int64).max


def code_of(member: StrEnum) -> int:
    """The place of a member in its enumeration, which stands for it in a column.

    >>> code_of(Timing.EARLY), code_of(Timing.LATE)
    (0, 3)
    """
    return tuple(type(member)).index(member)


@attrs.frozen(kw_only=True, eq=False)
class Lines:
    """Contracts that fell due, and the contracts that renew them.

    Attributes:
        row: The row of each contract.
        due: The number of its last covered day.
        expiring: Its annual value in minor units.
        number: Which renewal of the customer it would be: 1 is the first.
        outcome: The place of its outcome in :class:`~cslib.dispositions.Outcome`.
        disposition: The place of its disposition in :class:`~cslib.dispositions.Disposition`.
        line: Of each successor, the place of the line it renews, in order.
        value: Of each successor, its annual value or its share of that, in minor units.
        credited: How much of that credit notes took off.
        timing: The place of its timing in :class:`~cslib.dispositions.Timing`.
        is_known: Whether it is known if its first instalment is in.
        is_collected: Whether it is.
    """

    row: Wholes
    due: Wholes
    expiring: Wholes
    number: Wholes
    outcome: Codes
    disposition: Codes
    line: Wholes
    value: Wholes
    credited: Wholes
    timing: Codes
    is_known: Mask
    is_collected: Mask

    @property
    def collected_value(self) -> Wholes:
        """Of each successor, its value less what was credited; 0 where it is not collected."""
        return np.where(self.is_collected, self.value - self.credited, 0)

    def together(self, other: Lines) -> Lines:
        """These lines and others, by row."""
        both = {
            field.name: np.concatenate([getattr(self, field.name), getattr(other, field.name)])
            for field in attrs.fields(Lines)
        }
        both["line"][self.line.size :] += self.row.size
        return Lines(**both)._in_order(np.argsort(both["row"]))

    def split(self, group: Wholes, count: int) -> Iterator[Lines]:
        """The lines of each group from 0 up to ``count``."""
        order = np.argsort(group, kind="stable")
        lines = self._in_order(order)
        firsts = np.searchsorted(group[order], np.arange(count + 1))
        successors = np.searchsorted(lines.line, firsts)
        for n, (first, after) in enumerate(itertools.pairwise(firsts)):
            of_group = slice(successors[n], successors[n + 1])
            yield lines._cut(slice(first, after), of_group, lines.line[of_group] - first)

    def _in_order(self, order: Wholes) -> Lines:
        """The same lines in another order."""
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        line = place[self.line]
        turn = np.argsort(line, kind="stable")
        return self._cut(order, turn, line[turn])

    def _cut(self, lines: Any, successors: Any, line: Wholes) -> Lines:
        """Some lines, and some successors with the places that their lines have now."""
        return Lines(
            row=self.row[lines],
            due=self.due[lines],
            expiring=self.expiring[lines],
            number=self.number[lines],
            outcome=self.outcome[lines],
            disposition=self.disposition[lines],
            line=line,
            value=self.value[successors],
            credited=self.credited[successors],
            timing=self.timing[successors],
            is_known=self.is_known[successors],
            is_collected=self.is_collected[successors],
        )


def summed(places: npt.NDArray[np.integer[Any]], amounts: Wholes, size: int) -> Wholes:
    """The sum of the amounts at each place, exactly.

    >>> summed(np.array([0, 2, 0]), np.array([5, 7, 1]), 3)
    array([6, 0, 7])
    """
    found = np.zeros(size, np.int64)
    np.add.at(found, places, amounts)
    return found


# --------------------------------------------------------------------------------------
# Payments


@attrs.frozen(kw_only=True, eq=False)
class Payments:
    """The entries, and what they belong to.

    Attributes:
        table: The table of payments.
        row: The row of the contract that each belongs to; -1 where it belongs to none.
        seen: Whether it had happened, and been recorded; what falls due is seen with its contract.
        twice: Whether its id stands in another row as well, or may.
    """

    table: TermTable
    row: Wholes
    seen: Mask
    twice: Mask

    def of_odd(self, book: Book) -> Wholes:
        """The rows to be judged as records: of odd accounts, of none, or of an id given twice."""
        of_odd, belongs = self.row < 0, np.flatnonzero(self.row >= 0)
        of_odd[belongs] = book.odd_rows[self.row[belongs]]
        return np.flatnonzero(self.twice | of_odd)

    def unstamped(self, book: Book) -> int:
        """How many entries of plain accounts count as known when they happened."""
        plain = self.seen & ~self.table.known("recorded_at")
        plain[self.of_odd(book)] = False
        return int(book.seen[self.row[plain]].sum())


def read_payments(book: Book, table: TermTable, as_of: int, known_at: int | None) -> Payments:
    """The entries as seen on a day; those at fault make the accounts that they name odd."""
    check_alike(book.terms, table, "contract")
    row = book.index.rows(table.columns["contract"])
    is_due = table["kind"] == _DUE
    seen = np.where(
        is_due,
        seen_by(np.full(table.rows, NO_DAY), table["recorded_at"], as_of, known_at),
        seen_by(table["on"], table["recorded_at"], as_of, known_at),
    )
    twice = Index(table.columns["entry"]).twice
    book.doubt(row[twice & (row >= 0)])
    moved = row[seen & ~is_due & (row >= 0)]
    book.doubt(moved[~book.seen[moved]])
    free_later = is_due & (row >= 0) & (table["amount"] == 0) & (table["on"] > as_of)
    book.doubt(row[free_later])
    return Payments(table=table, row=row, seen=seen, twice=twice)


_DUE, _CREDIT = (code_of(kind) + 1 for kind in (EntryKind.DUE, EntryKind.CREDIT))
_SIGNS = np.array([0, *({"paid": 1, "refund": -1}.get(kind, 0) for kind in EntryKind)])


@attrs.frozen(eq=False)
class _Moves:
    """What moved of some contracts, as seen: the row of the contract, the kind, day and amount."""

    row: Wholes
    kind: Codes
    on: Wholes
    amount: Wholes

    def where(self, chosen: Any) -> _Moves:
        return _Moves(self.row[chosen], self.kind[chosen], self.on[chosen], self.amount[chosen])


def _moves(payments: Payments, contracts: Wholes, size: int) -> _Moves:
    wanted = np.zeros(size, bool)
    wanted[contracts] = True
    used = np.flatnonzero(payments.seen & (payments.row >= 0))
    used = used[wanted[payments.row[used]]]
    kind, on, amount = (payments.table[name][used] for name in ("kind", "on", "amount"))
    return _Moves(payments.row[used], kind, on, amount)


def _cash(
    payments: Payments | None, terms: TermTable, contracts: Wholes
) -> tuple[Mask, Mask, Wholes]:
    """Of some contracts: is the cash known, is the first instalment in, and the credit a year.

    It is in if money came in, and payments and credit notes, refunds taken off, come to no less
    than all that falls due by the day of it, unless all there is was credited. On which day they
    came to it does not matter here.
    """
    if payments is None:
        none = np.zeros(contracts.size, bool)
        return none, none, np.zeros(contracts.size, np.int64)
    moves = _moves(payments, contracts, terms.rows)
    is_known, is_in = _collected(moves, contracts, terms.rows)
    credited, is_all = _credited(moves, terms, contracts)
    return is_known, is_in & ~is_all, credited


def _collected(moves: _Moves, contracts: Wholes, size: int) -> tuple[Mask, Mask]:
    """Whether the cash is known, and whether the first instalment is in."""
    row, kind, on, amount = moves.row, moves.kind, moves.on, moves.amount
    is_due, is_credit = kind == _DUE, kind == _CREDIT
    first = np.full(size, _FAR)
    np.minimum.at(first, row[is_due], on[is_due])
    is_first = is_due & (on == first[row])
    owed = summed(row[is_first], amount[is_first], size)
    credit = summed(row[is_credit], amount[is_credit], size)
    later = (credit >= owed)[row]  # those of which a later instalment may be asked for
    if later.any():
        _ask_for_later(owed, moves.where(later))
    owed, credit = owed[contracts], credit[contracts]
    paid = summed(row, amount * _SIGNS[kind], size)[contracts]
    falls_due = first[contracts] < _FAR
    is_in = (paid + credit >= owed) & ((paid > 0) | (owed == 0))
    return falls_due | (paid == 0), falls_due & is_in


def _ask_for_later(owed: Wholes, moves: _Moves) -> None:
    """Put what falls due by the day of the instalment that is asked for in the place of ``owed``.

    It is the first that was not credited in full while no money was in.
    """
    moves = moves.where(np.lexsort((moves.on, moves.row)))
    row, amount, is_due = moves.row, moves.amount, moves.kind == _DUE
    no_money = _by_end_of_day(moves, amount * _SIGNS[moves.kind]) <= 0
    waived = summed(row, np.where(no_money & (moves.kind == _CREDIT), amount, 0), owed.size)
    reached = _by_end_of_day(moves, np.where(is_due, amount, 0))
    asked = is_due & (reached > waived[row])
    found = np.full(owed.size, _FAR)
    np.minimum.at(found, row[asked], reached[asked])
    is_free = summed(row[is_due], amount[is_due], owed.size) == 0
    owed[row] = np.where(is_free[row], 0, found[row])


def _by_end_of_day(moves: _Moves, amounts: Wholes) -> Wholes:
    """What the amounts of each contract come to by the end of each day; they stand in order."""
    is_first = np.diff(moves.row, prepend=-1) != 0
    is_last = (np.diff(moves.row, append=-1) != 0) | (np.diff(moves.on, append=0) != 0)
    is_last[-1:] = True
    together = np.cumsum(amounts)
    before = (together - amounts)[is_first][np.cumsum(is_first) - 1]
    day = np.cumsum(is_last) - is_last  # how many days end before this entry
    found: Wholes = together[is_last][day] - before
    return found


def _credited(moves: _Moves, terms: TermTable, contracts: Wholes) -> tuple[Wholes, Mask]:
    """What credit notes took off a year of each contract, and whether all there is; as records.

    Each contract that has some is worked out by itself, since few have.
    """
    size, rows = terms.rows, np.unique(moves.row[moves.kind == _CREDIT])
    starts, ends = (terms[name][rows].astype("M8[D]") for name in ("start", "end"))
    is_open = ~terms.known("end")[rows]
    ends[is_open] = np.datetime64("NaT", "D")
    parts, of = year_fractions(starts, ends, DayCount.MONTHS)
    until = np.full(size, _FAR)
    until[rows[is_open]] = [day_number(first_anniversary(day)) for day in starts[is_open].tolist()]
    counted = moves.where(moves.on < until[moves.row])
    due, credit = (
        summed(counted.row, np.where(counted.kind == kind, counted.amount, 0), size)
        for kind in (_DUE, _CREDIT)
    )
    found, is_all = np.zeros(size, np.int64), np.zeros(size, bool)
    is_stated = terms.known("total_value")[rows] & ~is_open
    for n, row in enumerate(rows.tolist()):
        years = Fraction(1) if is_open[n] else Fraction(int(parts[n]), int(of[n]))
        value = int(terms["annual_value"][row])
        total = Fraction(int(terms["total_value"][row])) if is_stated[n] else value * years
        taken = taken_off(Fraction(int(credit[row])), Fraction(int(due[row])), total)
        found[row] = min(round(taken / years), value)
        is_all[row] = 0 < total <= taken
    return found[contracts], is_all[contracts]


# --------------------------------------------------------------------------------------
# Plain lines


def plain_lines(
    book: Book,
    links: Links,
    payments: Payments | None,
    period: Period,
    *,
    as_of: int,
    grace_days: int,
) -> Lines:
    """The lines of plain accounts, each with one successor at most."""
    terms, rows = book.terms, _due_rows(book, links, period)
    due, reason = terms["end"][rows] - 1, terms["end_reason"][rows]
    expiring, renewed_by = terms["annual_value"][rows], links.successor[rows]
    is_over = as_of > due + grace_days
    line = np.flatnonzero((renewed_by >= 0) & (reason != _RESCINDED))
    successor = renewed_by[line]
    value, left = terms["annual_value"][successor], terms["end_reason"][successor]
    timing = _timings(terms, successor, rows[line], grace_days)
    is_known, is_collected, credited = _cash(payments, terms, successor)
    outcome = _unsigned(reason, is_over)
    gone = _gone(left, is_over[line])
    gone[Outcome.LOST_TO_CLOSURE] |= _is_closure(reason[line])
    outcome[line] = _signed(timing, is_known, is_collected, gone)
    disposition = _OF_OUTCOME[outcome]
    renewed = outcome[line] == code_of(Outcome.RENEWED)
    disposition[line[renewed]] = _renewals(value - credited, expiring[line], timing)[renewed]
    return Lines(
        row=rows,
        due=due,
        expiring=expiring,
        number=links.number[rows] + 1,
        outcome=outcome,
        disposition=disposition,
        line=line,
        value=value,
        credited=credited,
        timing=timing,
        is_known=is_known,
        is_collected=is_collected,
    )


def _unsigned(reason: Codes, is_over: Mask) -> Codes:
    """What became of contracts that nothing renews."""
    return _chosen(
        {Outcome.RESCINDED: reason == _RESCINDED, **_gone(reason, is_over)},
        Outcome.PENDING_SIGNATURE,
    )


def _signed(
    timing: Codes, is_known: Mask, is_collected: Mask, gone: Mapping[StrEnum, Mask]
) -> Codes:
    """What became of contracts that another renews."""
    return _chosen(
        {
            Outcome.LATE_WIN_BACK: timing == code_of(Timing.LATE),
            Outcome.SIGNED: ~is_known,
            Outcome.RENEWED: is_collected,
            **gone,
        },
        Outcome.PENDING_CASH,
    )


def _gone(reason: Codes, is_over: Mask) -> dict[StrEnum, Mask]:
    """Where nothing is waited for any more."""
    return {Outcome.LOST_TO_CLOSURE: _is_closure(reason), Outcome.LOST: (reason > 0) | is_over}


def _is_closure(reason: Codes) -> Mask:
    return np.isin(reason, reason_codes(EndReason.CLOSED, EndReason.INSOLVENCY))


def _chosen(conditions: Mapping[StrEnum, Mask], default: StrEnum) -> Codes:
    """The first that holds of each row."""
    found = np.select([*conditions.values()], [*map(code_of, conditions)], code_of(default))
    return found.astype(np.int8)


def _due_rows(book: Book, links: Links, period: Period) -> Wholes:
    last = np.where(book.terms.known("end"), book.terms["end"] - 1, NO_DAY)
    falls = (last >= day_number(period.start)) & (last < day_number(period.end))
    return np.flatnonzero(falls & book.seen & ~book.odd_rows & ~links.inner)


def _timings(terms: TermTable, successor: Wholes, renewed: Wholes, grace_days: int) -> Codes:
    """As :func:`~cslib.dispositions.timing_of`."""
    end, start, signed = terms["end"][renewed], terms["start"][successor], terms["signed_on"]
    is_signed = terms.known("signed_on")[successor]
    signed = np.where(is_signed, signed[successor], start)
    in_time = np.where(is_signed, signed < end, start <= end)
    return _chosen(
        {
            Timing.EARLY: in_time & (start < end),
            Timing.ON_TIME: in_time,
            Timing.IN_GRACE: signed < end + grace_days,
        },
        Timing.LATE,
    )


def _renewals(value: Wholes, expiring: Wholes, timing: Codes) -> Codes:
    """Of those renewed by one contract, which kind of renewal it was."""
    by_timing = (
        Disposition.RENEWED_EARLY,
        Disposition.RENEWED_ON_TIME,
        Disposition.RENEWED_IN_GRACE,
    )
    kinds = np.array([*map(code_of, by_timing), 0], np.int8)[timing]
    kinds[value < expiring] = code_of(Disposition.PARTIAL)
    kinds[value > expiring] = code_of(Disposition.UPGRADED)
    return kinds


(_RESCINDED,) = reason_codes(EndReason.RESCINDED)
_OF_OUTCOME = np.array(
    [
        -1 if outcome is Outcome.RENEWED else code_of(Disposition(outcome.value))
        for outcome in Outcome
    ],
    np.int8,
)


# --------------------------------------------------------------------------------------
# Lines judged as records


def judged_lines(lines: tuple[Line, ...], rows: Mapping[str, int], currency: str) -> Lines:
    """Lines of records as columns.

    Args:
        lines: What was said of them.
        rows: The row of each contract, by its id.
        currency: Of the amounts.
    """
    unit = unit_of(currency)
    found = [(place, each) for place, line in enumerate(lines) for each in line.successors]

    def minor(amounts: Any) -> Wholes:
        return np.array([to_minor(a, currency, exponents=unit) for a in amounts], np.int64)

    def codes(members: Any) -> Codes:
        return np.array([code_of(member) for member in members], np.int8)

    return Lines(
        row=np.array([rows[line.contract] for line in lines], np.int64),
        due=np.array([day_number(line.due_on) for line in lines], np.int64),
        expiring=minor(line.expiring_value for line in lines),
        number=np.array([line.renewal_number for line in lines], np.int64),
        outcome=codes(line.outcome for line in lines),
        disposition=codes(line.disposition for line in lines),
        line=np.array([place for place, _ in found], np.int64),
        value=minor(each.value for _, each in found),
        credited=minor(each.credited for _, each in found),
        timing=codes(each.timing for _, each in found),
        is_known=np.array([each.cash.is_known for _, each in found], bool),
        is_collected=np.array([each.cash.since is not None for _, each in found], bool),
    )


# --------------------------------------------------------------------------------------
# What a convention says


@attrs.frozen(eq=False)
class Verdicts:
    """What a convention says of each of some lines.

    Attributes:
        kept: What it renewed, in minor units; 0 where it was not renewed.
        is_kept: Whether it was renewed.
        left_out: Why it stands outside the rate: a place in ``REASONS``, 0 where it does not.
    """

    kept: Wholes
    is_kept: Mask
    left_out: Codes

    def differ(self, other: Verdicts) -> Mask:
        """Where two conventions say different things of the same lines."""
        inside = self.left_out == 0
        figures = (self.kept != other.kept) | (self.is_kept != other.is_kept)
        found: Mask = (self.left_out != other.left_out) | (inside & figures)
        return found

    def at(self, places: Wholes) -> Verdicts:
        """What it says of some of the lines."""
        return Verdicts(self.kept[places], self.is_kept[places], self.left_out[places])


REASONS = (
    "",
    LEFT_OUT[Outcome.UNCLEAR],
    LEFT_OUT[Outcome.RESCINDED],
    NO_PAYMENTS,
    LEFT_OUT[Outcome.SIGNED],
    LEFT_OUT[Outcome.LOST_TO_CLOSURE],
)
"""Why a line stands outside a rate, in the words of the report; the first is that it does not."""


def verdicts(lines: Lines, convention: RenewalConvention, *, has_payments: bool) -> Verdicts:
    """As the report judges its lines, for all of them at once."""
    check_convention(convention, RenewalConvention)
    size = lines.row.size
    signed = lines.timing <= code_of(convention.by)
    counts = signed & lines.is_collected if convention.collected else signed
    value = lines.collected_value if convention.collected else lines.value
    kept = summed(lines.line[counts], value[counts], size)
    is_kept = np.zeros(size, bool)
    is_kept[lines.line[counts]] = True
    unknown = np.zeros(size, bool)
    unknown[lines.line[signed & ~lines.is_known]] = convention.collected
    closed = ~is_kept & (lines.outcome == code_of(Outcome.LOST_TO_CLOSURE))
    left_out = np.select(
        [
            lines.outcome == code_of(Outcome.UNCLEAR),
            lines.outcome == code_of(Outcome.RESCINDED),
            np.full(size, convention.collected and not has_payments),
            unknown,
            closed & (not convention.closures),
        ],
        [1, 2, 3, 4, 5],
        0,
    )
    if convention.capped:
        kept = np.minimum(kept, lines.expiring)
    return Verdicts(kept, is_kept, left_out.astype(np.int8))
