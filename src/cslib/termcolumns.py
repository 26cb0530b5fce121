"""Term columns: the renewal rate with dispositions over a million contracts, in numpy columns.

A part of :mod:`cslib.renewal`. :func:`renewal_columns` says of every contract what
:func:`~cslib.renewal.renewal_rate` says of it, and gives the same rates to the cent.

How it works: *plain* accounts are decided in columns. An account is plain if nothing in it asks for
judgement: each id stands once; ``renews`` names one contract of the account that began earlier, and
no two name the same one; where it says nothing, inference finds no tie and no doubt; the payments
stand once, and belong to it. All other accounts are *odd*: they are made into records and handed to
``renewal_rate`` together with all that they are tied to, so that nothing is judged twice over.

The cost grows as n log n in the plain rows (sorting), and by about a hundred times as much for each
row of an odd account. Nothing is held of the plain rows but columns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.conventions import DOCTRINE, NET, ON_TIME, WITHOUT_CLOSURES, RenewalConvention
from cslib.dispositions import Disposition, Outcome, Timing
from cslib.errors import DefinitionError, Fault, suggestion
from cslib.faults import shown
from cslib.figures import never_due_of, silence_of
from cslib.ledger import EntryKind
from cslib.moments import utc_day
from cslib.money import to_major
from cslib.periods import Period
from cslib.rates import Rate, effective_size_of_sums
from cslib.renewal import Figures, NotDueCause, Part, RenewalReport, renewal_rate
from cslib.termids import Array, Mask, Wholes
from cslib.termlines import (
    REASONS,
    Lines,
    Payments,
    Verdicts,
    code_of,
    judged_lines,
    plain_lines,
    read_payments,
    summed,
    verdicts,
)
from cslib.termlinks import Book, Links, link_terms, read_book
from cslib.termtables import (
    NO_DAY,
    TermColumnsError,
    as_objects,
    check_alike,
    day_number,
    read_contracts,
    read_entries,
    unit_of,
)

__all__ = ["ColumnBridge", "RenewalColumns", "TermColumnsError", "renewal_columns"]

Codes: TypeAlias = npt.NDArray[np.int8]


@attrs.frozen(kw_only=True, eq=False)
class ColumnBridge:
    """The contracts that two conventions count otherwise, in the order of the book.

    Attributes:
        rows: Their rows.
        a: What the first convention says of each; the rate is made of what it kept.
        b: What the second says.
    """

    rows: Wholes
    a: Verdicts
    b: Verdicts


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RenewalColumns:
    """The renewal rate of a period, and every contract behind it, in columns.

    The columns have one entry for each contract that fell due, in the order of the book.

    Attributes:
        period: The period asked about.
        as_of: The date asked as of.
        known_at: Only what was recorded by then counts; None: all of the book.
        grace_days: Days of grace, from ``end`` on.
        currency: Currency of the values; empty where the book states none.
        has_payments: Whether a ledger of payments was given.
        ids: The column of contract ids that was given.
        lines: The contracts that fell due, with those that renew them.
        judged_alone: The report of the odd accounts, with the reason of each line. Its faults and
            duplicates are those of the whole book.
        without_end: Contracts without an end, which fall due in no period.
        assumed_signed: Contracts without ``signed_on``, taken as signed on their first day.
        assumed_known: Records without ``recorded_at``, taken as known when they happened; 0 where
            ``known_at`` is None.
        last_recorded: The last day on which anything in the book was signed, paid or recorded; None
            where the book is empty.
    """

    period: Period
    as_of: dt.date
    known_at: dt.date | None
    grace_days: int
    currency: str
    has_payments: bool
    ids: Array
    lines: Lines
    judged_alone: RenewalReport
    without_end: int
    assumed_signed: int
    assumed_known: int
    last_recorded: dt.date | None

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Records of the whole book that contradict one another or name what is not there."""
        return self.judged_alone.faults

    @property
    def rows(self) -> Wholes:
        """The rows of the contracts that fell due."""
        return self.lines.row

    @property
    def contract(self) -> Array:
        """Their ids."""
        found: Array = self.ids[self.lines.row]
        return found

    @property
    def due_on(self) -> npt.NDArray[np.datetime64]:
        """Their last covered days."""
        return self.lines.due.astype("M8[D]")

    @property
    def outcome(self) -> Codes:
        """What became of each: the place in ``tuple(Outcome)``."""
        return self.lines.outcome

    @property
    def disposition(self) -> Codes:
        """The one word for it: the place in ``tuple(Disposition)``."""
        return self.lines.disposition

    @property
    def timing(self) -> Codes:
        """When what renews it was signed, the earliest of several: the place in ``tuple(Timing)``.

        It is -1 where nothing renews it.
        """
        found = np.full(self.lines.row.size, len(Timing), np.int8)
        np.minimum.at(found, self.lines.line, self.lines.timing)
        found[found == len(Timing)] = -1
        return found

    @property
    def expiring(self) -> Wholes:
        """What was at stake, in minor units."""
        return self.lines.expiring

    @property
    def renewal_number(self) -> Wholes:
        """Which renewal of the customer each would be: 1 is the first (R6)."""
        return self.lines.number

    @property
    def signed(self) -> Wholes:
        """What was signed again by the end of grace, no more than what was at stake (gross)."""
        in_grace = self.lines.timing <= code_of(Timing.IN_GRACE)
        value = np.where(in_grace, self.lines.value, 0)
        return np.minimum(self._by_line(value), self.lines.expiring)

    @property
    def renewed(self) -> Wholes:
        """What was signed again and collected, no more than what was at stake (gross)."""
        return np.minimum(self.net, self.lines.expiring)

    @property
    def net(self) -> Wholes:
        """What was signed again and collected, with what it grew by; what was credited is not."""
        in_grace = self.lines.timing <= code_of(Timing.IN_GRACE)
        is_renewed = self.lines.outcome == code_of(Outcome.RENEWED)
        collected = np.where(in_grace, self.lines.collected_value, 0)
        return np.where(is_renewed, self._by_line(collected), 0)

    def _by_line(self, amounts: Wholes) -> Wholes:
        return summed(self.lines.line, amounts, self.lines.row.size)

    def which(self, disposition: Disposition | str) -> Wholes:
        """The rows of the contracts of one disposition.

        Raises:
            DefinitionError: If there is none of this name.
        """
        names = [str(each) for each in Disposition]
        if not isinstance(disposition, str) or disposition not in names:
            problem = f"expected one of {', '.join(names)}, but got {shown(disposition)}"
            near = suggestion(disposition, names) if isinstance(disposition, str) else ""
            raise DefinitionError("disposition", (Fault("$", problem + near),))
        found: Wholes = self.rows[self.disposition == code_of(Disposition(disposition))]
        return found

    def rate(self, convention: RenewalConvention = DOCTRINE) -> Figures:
        """The rate under a convention, by count and by annual value, as that of the records."""
        verdict = verdicts(self.lines, convention, has_payments=self.has_payments)
        inside = verdict.left_out == 0
        numbers, values = self._excluded(verdict.left_out)
        kept, due = verdict.kept[inside], self.lines.expiring[inside]
        unit = self._unit
        return Figures(
            count=Rate.of_counts(
                int((verdict.is_kept & inside).sum()),
                int(inside.sum()),
                convention=convention.name,
                excluded=numbers,
            ),
            value=Rate(
                numerator=Fraction(int(kept.sum()), unit),
                denominator=Fraction(int(due.sum()), unit),
                convention=convention.name,
                excluded=values,
                sample_size=_effective_sample_size(kept, due),
                bounded=bool((kept <= due).all()),
            ),
        )

    @property
    def on_time(self) -> Figures:
        """The doctrine's rate of what was signed before the term was over, without grace."""
        return self.rate(ON_TIME)

    @property
    def net_rate(self) -> Rate:
        """The doctrine's rate by annual value, not capped; :attr:`net` has the amounts."""
        return self.rate(NET).value

    @property
    def without_closures(self) -> Figures:
        """The doctrine's rate with lines lost to closure left out, beside the headline (R4)."""
        return self.rate(WITHOUT_CLOSURES)

    def bridge(self, a: RenewalConvention, b: RenewalConvention) -> ColumnBridge:
        """Every contract that two conventions count otherwise; the rates differ by these alone."""
        one, other = (verdicts(self.lines, each, has_payments=self.has_payments) for each in (a, b))
        places = np.flatnonzero(one.differ(other))
        return ColumnBridge(rows=self.rows[places], a=one.at(places), b=other.at(places))

    def _excluded(self, left_out: Codes) -> tuple[dict[str, int], dict[str, Fraction]]:
        """What is left out, by reason, the reason first met first: by due date and id."""
        firsts = {}
        for code in np.unique(left_out[left_out > 0]).tolist():
            out = left_out == code
            day = self.lines.due[out].min()
            firsts[code] = day, min(map(str, self.contract[out & (self.lines.due == day)]))
        numbers, values = {}, {}
        for code in sorted(firsts, key=lambda code: firsts[code]):
            out = left_out == code
            numbers[REASONS[code]] = int(out.sum())
            values[REASONS[code]] = Fraction(int(self.expiring[out].sum()), self._unit)
        return numbers, values

    @property
    def _unit(self) -> int:
        """How many minor units make a major one."""
        found: int = 10 ** unit_of(self.currency)[self.currency]
        return found

    @property
    def silence(self) -> str:
        """How long before ``as_of`` the records end, where that is more than grace; empty else."""
        return silence_of(self.last_recorded, utc_day(self.as_of), self.grace_days)

    @property
    def never_due(self) -> str:
        """How many contracts have no end, so that they fall due in no period; empty where none."""
        return never_due_of(self.without_end)

    @property
    def maturity(self) -> Rate:
        """The share of contracts due whose grace is over, as the report of records has it."""
        judged = self.outcome != code_of(Outcome.RESCINDED)
        over = judged & (self.lines.due + self.grace_days < day_number(utc_day(self.as_of)))
        convention = f"past {self.grace_days} days of grace"
        return Rate(numerator=int(over.sum()), denominator=int(judged.sum()), convention=convention)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every disposition that occurs, with what expired and what was renewed in it.

        Each contract is in exactly one, so they add up to all lines and all that expired.
        """
        size = len(Disposition)
        lines = np.bincount(self.disposition, minlength=size)
        expiring = summed(self.disposition, self.expiring, size)
        renewed = summed(self.disposition, self.renewed, size)
        return tuple(
            Part(
                disposition=each,
                lines=int(lines[code]),
                expiring_value=self._major(expiring[code]),
                renewed_value=self._major(renewed[code]),
            )
            for code, each in enumerate(Disposition)
            if lines[code]
        )

    def _major(self, minor: np.int64) -> Any:
        return to_major(int(minor), self.currency, exponents=unit_of(self.currency))

    def by(self, labels: npt.ArrayLike) -> dict[Any, RenewalColumns]:
        """The figures of each segment, by its label, in order; of those without one last, as None.

        Args:
            labels: One for each contract that fell due: ``segments[found.rows]``. What is None,
                NaN, NA or masked has no segment.

        Raises:
            TermColumnsError: If there are not as many labels as contracts due, or one is no label
                or of another kind than the rest.
        """
        given = as_objects(labels) if isinstance(labels, (list, tuple)) else np.asarray(labels)
        if given.shape != self.rows.shape:
            expected = f"expected {self.rows.size}, one for each contract due"
            if given.shape == self.ids.shape:
                expected += "; index your column with `.rows`: labels[found.rows]"
            raise TermColumnsError(
                "contracts", "labels", None, f"has shape {given.shape}: {expected}"
            )
        hidden = labels.mask if isinstance(labels, np.ma.MaskedArray) else False
        names, group = _segments(given, np.broadcast_to(hidden, given.shape))
        parts = self.lines.split(group, len(names))
        return {
            name: attrs.evolve(self, lines=lines) for name, lines in zip(names, parts, strict=True)
        }

    def by_month(self) -> dict[Period, RenewalColumns]:
        """The figures of each calendar month of the period, also where nothing fell due in it.

        Of a month that the period cuts it is the part that lies in the period.
        """
        months = self.period.months()
        starts = np.array([day_number(month.start) for month in months])
        group = np.searchsorted(starts, self.lines.due, side="right") - 1
        return {
            month: attrs.evolve(self, lines=lines, period=month)
            for month, lines in zip(months, self.lines.split(group, len(months)), strict=True)
        }

    def __repr__(self) -> str:
        figures = self.rate()
        known = f", as known at {self.known_at}" if self.known_at else ""
        rows = [
            f"renewal rate of {self.period} as of {self.as_of}{known}",
            f"  by count  {figures.count}",
            f"  by value  {figures.value}",
            f"  due       {self.rows.size:,}, {len(self.judged_alone.lines):,} judged alone",
        ]
        rows += [f"  no end    {self.never_due}"] if self.never_due else []
        rows += [f"  silence   {self.silence}"] if self.silence else []
        rows += [f"  faults    {len(self.faults)}, listed in .faults"] if self.faults else []
        return "\n".join(rows)


# --------------------------------------------------------------------------------------
# Segments


def _segments(labels: Array, masked: Mask) -> tuple[list[Any], Wholes]:
    """The labels that occur, in order and None last, and the place of each row's among them."""
    if labels.dtype.kind == "O":
        return _segments_of_objects(labels.tolist(), masked)
    known = np.flatnonzero(~masked & (labels == labels))
    names, places = np.unique(labels[known], return_inverse=True)
    group = np.full(labels.size, names.size, np.int64)
    group[known] = places
    return [*names.tolist(), *([None] if known.size < labels.size else [])], group


def _segments_of_objects(labels: list[Any], masked: Mask) -> tuple[list[Any], Wholes]:
    try:
        found = [
            None if hidden or _is_missing(label) else label
            for label, hidden in zip(labels, masked.tolist(), strict=True)
        ]
        names: list[Any] = sorted(set(found) - {None})
    except (TypeError, ValueError):  # they cannot be compared
        kinds = ", ".join(sorted({type(label).__name__ for label in labels}))
        expected = "expected labels of one kind, such as text, and None where there is none"
        raise TermColumnsError("contracts", "labels", None, f"holds {kinds}: {expected}") from None
    names += [None] if None in found else []
    places = {name: place for place, name in enumerate(names)}
    return names, np.array([places[label] for label in found], np.int64)


def _is_missing(label: Any) -> bool:
    """Whether it is None, NaN or NaT, or pandas' NA, which cannot even be compared."""
    try:
        return label is None or bool(label != label)
    except TypeError:
        return True


# --------------------------------------------------------------------------------------
# The sample behind a rate by value


def _effective_sample_size(kept: Wholes, due: Wholes) -> Fraction | None:
    """As :func:`~cslib.rates.effective_sample_size`, from sums that are exact at any size."""
    return effective_size_of_sums(
        won=int(kept.sum()),
        whole=int(due.sum()),
        won_squares=_product(kept, kept),
        products=_product(kept, due),
        whole_squares=_product(due, due),
    )


_LIMB, _ROWS = 21, 2**20  # a million products of two limbs of 21 bits fit in int64


def _product(a: Wholes, b: Wholes) -> int:
    """The sum of the products of two columns of numbers of 0 or more, exactly, limb by limb."""
    total = 0
    for start in range(0, a.size, _ROWS):
        block = slice(start, start + _ROWS)
        for i, x in enumerate(_limbs(a[block])):
            for j, y in enumerate(_limbs(b[block])):
                total += int(x @ y) << (_LIMB * (i + j))
    return total


def _limbs(column: Wholes) -> list[Wholes]:
    return [(column >> shift) & (2**_LIMB - 1) for shift in range(0, 63, _LIMB)]


# --------------------------------------------------------------------------------------
# The door


def renewal_columns(
    contracts: Mapping[str, Any],
    payments: Mapping[str, Any] | None,
    period: Period,
    *,
    as_of: dt.date,
    known_at: dt.date | None = None,
    grace_days: int = 30,
    link_days: int = 30,
) -> RenewalColumns:
    """The renewal rate of a period from columns, as :func:`~cslib.renewal.renewal_rate` has it.

    Args:
        contracts: Names of the fields of :class:`~cslib.ledger.Contract`, mapped to arrays of shape
            ``(n,)``: ids as text or whole numbers, days as ``datetime64[D]``, amounts as int64 of
            minor units, ``currency`` as one text. Required are ``contract``, ``account``,
            ``start``, ``end`` (NaT for an open end), ``annual_value`` and ``currency``. ``renews``
            has one id in each row or none; a row that renews several has a tuple of them, in a
            column of objects.
        payments: Likewise the fields of :class:`~cslib.ledger.Entry`; None where there are none.
        period: The period in which contracts fall due; years of it serve as well as a month.
        as_of: As for records: a date, or an aware datetime, which here means its day in UTC.
        known_at: Likewise.
        grace_days: Days of grace.
        link_days: How far from the end a renewal that is inferred may start.

    Raises:
        DefinitionError: If a number of days is not a whole number from 0 to 3650.
        LedgerError: If a row of an odd account is no valid record.
        MomentError: If ``as_of`` or ``known_at`` is no date and no aware datetime.
        TermColumnsError: If a column is missing or holds what it should not.

    >>> days = lambda *texts: np.array(texts, "M8[D]")
    >>> found = renewal_columns(
    ...     {
    ...         "contract": ["C-1", "C-2", "C-3"],
    ...         "account": ["fox", "fox", "owl"],
    ...         "start": days("2025-07-01", "2026-07-01", "2025-07-01"),
    ...         "end": days("2026-07-01", "2027-07-01", "2026-07-01"),
    ...         "annual_value": np.array([1200_00, 900_00, 800_00]),
    ...         "currency": "EUR",
    ...     },
    ...     {
    ...         "entry": ["P-1", "P-2"],
    ...         "contract": ["C-2", "C-2"],
    ...         "kind": ["due", "paid"],
    ...         "on": days("2026-07-01", "2026-07-09"),
    ...         "amount": np.array([900_00, 900_00]),
    ...     },
    ...     Period.month(2026, 6),
    ...     as_of=dt.date(2026, 7, 31),
    ... )
    >>> found.rows, found.renewed
    (array([0, 2]), array([90000,     0]))
    >>> [tuple(Disposition)[code].value for code in found.disposition]
    ['partial', 'lost']
    >>> f"{found.rate().count:.0%}", f"{found.rate().value:.0%}"
    ('50%', '45%')
    """
    asked: dict[str, Any] = {
        "period": period,
        "as_of": as_of,
        "known_at": known_at,
        "grace_days": grace_days,
        "link_days": link_days,
    }
    renewal_rate((), None, **asked)  # what it refuses of these is refused before any work
    today = day_number(utc_day(as_of))
    limits = today, None if known_at is None else day_number(utc_day(known_at))
    terms = read_contracts(contracts)
    check_alike(terms, terms, "renews")
    book = read_book(terms, *limits)
    table = None if payments is None else read_entries(payments, terms.currency)
    moves = None if table is None else read_payments(book, table, *limits)
    links = link_terms(book, link_days)
    odd = np.flatnonzero(book.odd_rows)
    entries = None if moves is None else moves.table.entries(moves.of_odd(book))
    report = renewal_rate(terms.contracts(odd), entries, **asked)
    plain = plain_lines(book, links, moves, period, as_of=today, grace_days=grace_days)
    return RenewalColumns(
        period=period,
        as_of=as_of,
        known_at=known_at,
        grace_days=grace_days,
        currency=terms.currency,
        has_payments=moves is not None,
        ids=terms["contract"],
        lines=plain.together(judged_lines(report.lines, _rows_of(book, odd), terms.currency)),
        judged_alone=report,
        without_end=_without_end(book, links) + _evergreen(report),
        assumed_signed=_unsigned(book) + report.assumed_signed,
        assumed_known=_unstamped(book, moves, known_at) + report.assumed_known,
        last_recorded=_last_recorded(book, moves, report.last_recorded),
    )


def _without_end(book: Book, links: Links) -> int:
    """How many contracts of plain accounts have no end; a later year of the sale may have one."""
    endless = book.seen & ~book.odd_rows & ~links.inner & ~book.terms.known("end")
    return int(endless.sum())


def _evergreen(report: RenewalReport) -> int:
    return sum(each.cause is NotDueCause.EVERGREEN for each in report.not_due)


def _last_recorded(book: Book, payments: Payments | None, of_odd: dt.date | None) -> dt.date | None:
    """The last day on which anything seen had happened, or was recorded; that of the odd is known.

    What falls due is seen with its contract, and where that stands twice the records say so.
    """
    terms = book.terms
    happened = np.where(terms.known("signed_on"), terms["signed_on"], terms["start"])
    found = [happened[book.seen], terms["recorded_at"][book.seen]]
    if payments is not None:
        recorded, is_due = payments.table["recorded_at"], payments.table["kind"] == _DUE
        moved = payments.seen & ~is_due
        agreed = np.flatnonzero(payments.seen & is_due & (payments.row >= 0))
        agreed = agreed[book.seen[payments.row[agreed]]]
        found += [payments.table["on"][moved], recorded[moved], recorded[agreed]]
    last = max(int(each.max(initial=NO_DAY)) for each in found)
    own = None if last == NO_DAY else dt.date(1970, 1, 1) + dt.timedelta(days=last)
    return max(filter(None, (own, of_odd)), default=None)


_DUE = code_of(EntryKind.DUE) + 1


def _rows_of(book: Book, rows: Wholes) -> dict[str, int]:
    """The rows by the ids of the contracts; of one given twice, the first that was seen."""
    seen = rows[book.seen[rows]][::-1]
    return dict(zip(map(str, book.terms["contract"][seen].tolist()), seen.tolist(), strict=True))


def _unsigned(book: Book) -> int:
    """How many contracts of plain accounts count as signed on their first day."""
    return int((book.seen & ~book.odd_rows & ~book.terms.known("signed_on")).sum())


def _unstamped(book: Book, payments: Payments | None, known_at: dt.date | None) -> int:
    """How many records of plain accounts count as known when they happened."""
    if known_at is None:
        return 0
    contracts = book.seen & ~book.odd_rows & ~book.terms.known("recorded_at")
    return int(contracts.sum()) + (payments.unstamped(book) if payments else 0)
