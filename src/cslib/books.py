"""Books of business from a folder of CSV files: a door to the outside.

A folder holds any of ``accounts.csv``, ``events.csv``, ``contracts.csv`` and ``payments.csv``
(UTF-8, a header row, ISO dates, an empty cell for unknown). Every column of the accounts is a fact,
every further column of the events is payload. Where files or columns have other names, a
:class:`~cslib.layouts.ReviewFile` says which; it also carries the user's own definitions.

What cannot be read or used is reported with file, line, column, value and remedy. Every row is
used, or dropped since the same stands there already, or left out, and counted as what it was
(:class:`Counts`). The order of the rows never matters: where two rows contradict one another,
neither is taken for the truth.
"""

from __future__ import annotations

import datetime as dt
import pathlib
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from cslib import cells, doubts
from cslib.cells import CellError
from cslib.errors import CslibError, suggestion
from cslib.expressions import Kind
from cslib.faults import quoted
from cslib.layouts import OPEN_TABLES, TABLES, ReviewFile
from cslib.lifecycle import Event
from cslib.renewal import Contract, Entry, LedgerError
from cslib.review import Book, Definitions
from cslib.sheets import BookError, Row, Sheet, read_sheet

__all__ = [
    "BadRow",
    "Counts",
    "Reading",
    "read_book",
]


@attrs.frozen
class BadRow:
    """A cell or row that could not be read or used.

    Attributes:
        file: The file's name.
        line: The line on which the row begins, counted from 1, the header included.
        column: The column's name in the file; empty where it is the whole row.
        value: What stands there.
        remedy: What is wrong or was expected, and what became of the cell or row.
    """

    file: str
    line: int
    column: str
    value: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}"
        column = f", column {self.column!r}" if self.column else ""
        value = f": {quoted(self.value)}" if self.value else ""
        return f"{place}{column}{value}: {self.remedy}"


@attrs.frozen(kw_only=True)
class Counts:
    """What became of the rows of a table: ``rows == used + duplicates + left_out``.

    Attributes:
        rows: The rows of the file, without the header and without blank lines.
        used: Those that are in the book.
        duplicates: Those that say what another row says already.
        left_out: Those that could not be used; each is reported.
    """

    rows: int
    used: int
    duplicates: int
    left_out: int


@attrs.frozen(kw_only=True)
class Reading:
    """A book and the account of its reading.

    Attributes:
        book: The book.
        counts: For each table that is there, what became of its rows.
        bad: What could not be read or used, by table and line.
    """

    book: Book
    counts: Mapping[str, Counts]
    bad: tuple[BadRow, ...]


def read_book(
    folder: str | pathlib.Path,
    file: ReviewFile | None = None,
    *,
    tables: Collection[str] = tuple(TABLES),
) -> Reading:
    """Read the book in a folder.

    Args:
        folder: The folder.
        file: The user's definitions and layout; None for the stock ones. Its rules tell what kind
            each fact must be; a fact that no rule reads stays text.
        tables: The tables to read, all unless said; no other file is opened.

    Raises:
        BookError: If the folder holds none of these tables, or a file is not CSV in UTF-8, has no
            header, or lacks a column.
    """
    file = file or ReviewFile()
    place = pathlib.Path(folder)
    if not place.is_dir():
        raise BookError(str(folder), "expected a folder, but there is none of this name")
    found = {name: read_sheet(place, name, file.tables.get(name)) for name in tables}
    sheets = {name: sheet for name, sheet in found.items() if sheet is not None}
    if not sheets:
        names = ", ".join(f"{name}.csv" for name in tables)
        raise BookError(str(folder), f"no table found; expected any of {names}")
    return _Reader(sheets=sheets, definitions=file.definitions).read()


# --------------------------------------------------------------------------------------
# Sheets as a book

_Versions = Mapping[Hashable, Mapping[Any, Row]]
"""By id what the rows say of it, and the first row that says it; more than one is a conflict."""

_LEFT_OUT = "the row is left out"
_TAKEN_AS_UNKNOWN = "taken as unknown"


@attrs.define
class _Reader:
    """Makes a book of the sheets, and gathers what is wrong with them."""

    sheets: Mapping[str, Sheet]
    definitions: Definitions
    counts: dict[str, Counter[str]] = attrs.Factory(dict)
    bad: list[BadRow] = attrs.Factory(list)
    unread: dict[str, list[Row]] = attrs.Factory(dict)

    def read(self) -> Reading:
        self.counts = {name: Counter() for name in self.sheets}
        self.unread = {name: [] for name in self.sheets}
        for sheet in self.sheets.values():
            self.shape(sheet)
        contracts = self.contracts()
        payments = self.payments(contracts)
        book = Book(
            accounts=self.accounts(),
            events=self.events(),
            contracts=contracts,
            payments=payments,
            unread_accounts=doubts.unread_accounts(self.sheets, self.unread.get("contracts", ())),
            unread_cash=doubts.unread_cash(contracts or (), self.unread.get("payments", ())),
        )
        self.unknown_accounts(book)
        places = {sheet.file: place for place, sheet in enumerate(self.sheets.values())}
        return Reading(
            book=book,
            counts={name: self.counted(sheet) for name, sheet in self.sheets.items()},
            bad=tuple(sorted(self.bad, key=lambda row: (places[row.file], row.line))),
        )

    def counted(self, sheet: Sheet) -> Counts:
        rows = len(sheet.rows) + len(sheet.ragged)
        return Counts(rows=rows, **{name: self.counts[sheet.name][name] for name in _FATES})

    # What is wrong

    def report(self, sheet: Sheet, row: Row, name: str, remedy: str) -> None:
        column = sheet.names.get(name, name)
        self.bad.append(BadRow(sheet.file, row.line, column, row.texts.get(name, ""), remedy))

    def leave_out(self, sheet: Sheet, row: Row, wrong: Iterable[tuple[str, str]]) -> None:
        """Counts a row as left out, and says of each cell what is wrong."""
        self.counts[sheet.name]["left_out"] += 1
        self.unread[sheet.name].append(doubts.said(sheet, row))
        for name, problem in wrong:
            self.report(sheet, row, name, f"{problem}; {_LEFT_OUT}")

    def leave_all_out(self, sheet: Sheet, problem: str) -> None:
        """Leaves out every row of a sheet, and says so once."""
        self.counts[sheet.name]["left_out"] += len(sheet.rows)
        self.report(sheet, Row(sheet.header, {}), "", f"{problem}; all rows are left out")

    def shape(self, sheet: Sheet) -> None:
        """Columns that nothing reads, and rows of another length than the header."""
        header = Row(sheet.header, {})
        for name in sheet.further if sheet.name not in OPEN_TABLES else ():
            hint = suggestion(name, TABLES[sheet.name])
            problem = f"not read, as {sheet.name} have no such column{hint}"
            remedy = f"{problem}{' Rename it, or' if hint else ':'} name it as ignored with --rules"
            self.report(sheet, header, name, remedy)
        for line, found in sheet.ragged:
            problem = f"expected {sheet.width} cells, but got {len(found)}"
            self.leave_out(sheet, doubts.ragged_row(line, found), [("", problem)])

    # Rows as values

    def values(self, sheet: Sheet, row: Row) -> dict[str, Any]:
        """The cells of our own columns, read; an empty one is absent.

        So is one that cannot be read, where the column is optional: it is reported.

        Raises:
            _RowError: With every cell that the row needs and that cannot be read.
        """
        found, wrong = {}, []
        for name, column in TABLES[sheet.name].items():
            text = row.texts.get(name)
            try:
                if text is not None:
                    found[name] = column.value(text, sheet.columns[name])
                elif column.in_row:
                    wrong.append((name, "nothing stands here, and the row needs it"))
            except CellError as error:
                if column.is_optional:
                    unknown = f"expected {error.expected}; {_TAKEN_AS_UNKNOWN}"
                    self.report(sheet, row, name, unknown)
                else:
                    wrong.append((name, f"expected {error.expected}"))
        if wrong:
            raise _RowError(tuple(wrong))
        return found

    def versions(self, sheet: Sheet, make: Callable[[Row, dict[str, Any]], Any]) -> _Versions:
        """What ``make`` gives for the rows, by the id that it gives first."""
        found: dict[Hashable, dict[Any, Row]] = {}
        for row in sheet.rows:
            try:
                key, value = make(row, self.values(sheet, row))
            except _RowError as error:
                self.leave_out(sheet, row, error.cells)
                continue
            except LedgerError as error:
                wrong = [(each.path.removeprefix("$."), each.message) for each in error.faults]
                self.leave_out(sheet, row, wrong)
                continue
            same = found.setdefault(key, {})
            self.counts[sheet.name]["duplicates" if value in same else "used"] += 1
            same.setdefault(value, row)
        return found

    def with_conflicts(self, sheet: Sheet, key: str, found: _Versions) -> Iterator[Any]:
        for same in found.values():
            first, *others = same.values()
            for row in others:
                remedy = f"line {first.line} of the same id says otherwise; neither is relied upon"
                self.report(sheet, row, key, remedy)
            yield from same

    def facts(self, sheet: Sheet, names: Iterable[str]) -> Callable[[Row], tuple[Any, ...]]:
        """A reader of these columns as facts, of the kinds that the rules need."""
        needed = self.definitions.fact_kinds
        kinds = {
            name: cells.column_kind(needed[name], sheet.texts(name)) if name in needed else None
            for name in names
        }
        return lambda row: tuple(self.fact(sheet, row, name, kinds[name]) for name in kinds)

    def fact(self, sheet: Sheet, row: Row, name: str, kind: Kind | None) -> object:
        if not sheet.columns[name].columns:
            return self.cell(sheet, row, name, kind)
        return tuple(self.cell(sheet, row, part, kind) for part in sheet.parts(name))

    def cell(self, sheet: Sheet, row: Row, name: str, kind: Kind | None) -> object:
        text = row.texts.get(name)
        if text is None or kind is None:
            return text
        try:
            return cells.fact(text, kind)
        except CellError as error:
            self.report(sheet, row, name, f"expected {error.expected}; {_TAKEN_AS_UNKNOWN}")
            return None

    # Tables

    def accounts(self) -> Mapping[str, Mapping[str, object]] | None:
        """Facts by account id. What two rows of one account say otherwise is unknown."""
        sheet = self.sheets.get("accounts")
        if sheet is None:
            return None
        names = [name for name in sheet.further if not self.is_made(sheet, name)]
        self.check_series(sheet, names)
        facts = self.facts(sheet, names)
        found = self.versions(sheet, lambda row, values: (values["account"], facts(row)))
        book: dict[str, Mapping[str, object]] = {}
        for account, same in found.items():
            agreed = [_agreed(each) for each in zip(*same, strict=True)]
            self.disagreements(sheet, names, same)
            book[str(account)] = {"account": account, **dict(zip(names, agreed, strict=True))}
        return book

    def check_series(self, sheet: Sheet, names: Iterable[str]) -> None:
        """Refuses a single column where a rule reads earlier periods of the fact."""
        needed = self.definitions.series_facts
        for name in names:
            if name in needed and not sheet.columns[name].columns:
                problem = f"{needed[name]} reads earlier periods of {name!r}, which is one column"
                example = f'"{name}": {{"columns": ["{name}_m1", "{name}_m0"]}}'
                remedy = f"name a column for each period, oldest first, with --rules: {example}"
                raise BookError(sheet.file, f"{problem}; {remedy}")

    def is_made(self, sheet: Sheet, name: str) -> bool:
        """Whether the review makes this fact itself, from the tables that are there."""
        made = self.definitions.made_facts.items()
        if not any(name in facts for table, facts in made if table in self.sheets):
            return False
        remedy = "the review makes this fact itself; give the column another name with --rules"
        self.report(sheet, Row(sheet.header, {}), name, remedy)
        return True

    def disagreements(
        self, sheet: Sheet, names: Sequence[str], same: Mapping[tuple[Any, ...], Row]
    ) -> None:
        (first, begun), *others = same.items()
        for facts, row in others:
            for name, one, other in zip(names, first, facts, strict=True):
                if one != other:
                    remedy = f"line {begun.line} of the same account says otherwise"
                    self.report(sheet, row, name, f"{remedy}; {_TAKEN_AS_UNKNOWN}")

    def events(self) -> tuple[Event, ...] | None:
        """The events; those of one id that say different things are all left out."""
        sheet = self.sheets.get("events")
        if sheet is None:
            return None
        names = sheet.further
        payload = self.facts(sheet, names)

        def make(row: Row, values: dict[str, Any]) -> tuple[Hashable, Event]:
            event = Event(
                account=values["account"],
                name=values["event"],
                at=values["at"],
                id=values.get("event_id"),
                recorded_at=values.get("recorded_at"),
                payload=dict(zip(names, payload(row), strict=True)),
            )
            return event if event.id is None else (event.account, event.id), event

        found = self.versions(sheet, make)
        single: dict[Event, Row] = {}
        for same in found.values():
            if len(same) == 1:
                single.update(same)
            else:
                self.withdraw(sheet, same)
        return tuple(self.of_one_clock(sheet, single))

    def withdraw(self, sheet: Sheet, same: Mapping[Any, Row]) -> None:
        """Leaves out rows that were counted as used, since they contradict one another."""
        self.counts[sheet.name]["used"] -= len(same)
        lines = ", ".join(str(row.line) for row in same.values())
        for row in same.values():
            problem = f"lines {lines} of the same id differ, and nobody can say which is right"
            self.leave_out(sheet, row, [("event_id", problem)])

    def of_one_clock(self, sheet: Sheet, events: Mapping[Event, Row]) -> Iterator[Event]:
        """The events of each account that are all dates or all instants, by what most are."""
        instants: dict[str, Counter[bool]] = {}
        for event in events:
            of_account = instants.setdefault(event.account, Counter())
            of_account[isinstance(event.at, dt.datetime)] += 1
        for event, row in events.items():
            seen = instants[event.account]
            if isinstance(event.at, dt.datetime) is (seen[True] > seen[False]):
                yield event
                continue
            self.counts[sheet.name]["used"] -= 1
            most = "instants" if seen[True] > seen[False] else "dates"
            problem = f"the other events of this account have {most}, and a log has one kind"
            self.leave_out(sheet, row, [("at", problem)])

    def contracts(self) -> tuple[Contract, ...] | None:
        """The contracts, contradictions included: the review has a word for them."""
        sheet = self.sheets.get("contracts")
        if sheet is None:
            return None

        def make(row: Row, values: dict[str, Any]) -> tuple[Hashable, Contract]:
            others = [name for name in values.get("renews", ()) if name != values["contract"]]
            if len(others) < len(values.get("renews", ())):
                values["renews"] = others
                remedy = f"a contract cannot renew itself; {_TAKEN_AS_UNKNOWN}"
                self.report(sheet, row, "renews", remedy)
            return values["contract"], Contract(**{"end": None, "currency": "", **values})

        found = self.versions(sheet, make)
        self.check_currencies(sheet, found)
        return tuple(self.with_conflicts(sheet, "contract", found))

    def check_currencies(self, sheet: Sheet, found: _Versions) -> None:
        """Where some contracts state a currency, what one without may have renewed is in doubt."""
        given = [pair for same in found.values() for pair in same.items()]
        if not any(contract.currency for contract, _ in given):
            return
        for contract, row in given:
            if not contract.currency:
                problem = "nothing stands here, and other contracts state a currency"
                remedy = f"{problem}; what was due of this account is unclear"
                self.report(sheet, row, "currency", remedy)
                self.unread[sheet.name].append(row)

    def payments(self, contracts: tuple[Contract, ...] | None) -> tuple[Entry, ...] | None:
        """The entries, contradictions included, without those of contracts that are not there."""
        sheet = self.sheets.get("payments")
        if sheet is None:
            return None
        if contracts is None:
            self.leave_all_out(sheet, "there are no contracts that the payments could belong to")
            return None
        known = {contract.contract for contract in contracts}

        def make(row: Row, values: dict[str, Any]) -> tuple[Hashable, Entry]:
            if values["contract"] not in known:
                raise _RowError((("contract", "no contract of this id is in the book"),))
            entry = Entry(**{"entry": f"line {row.line}", **values})
            return entry.entry, entry

        return tuple(self.with_conflicts(sheet, "entry", self.versions(sheet, make)))

    def unknown_accounts(self, book: Book) -> None:
        """Accounts that only the other tables name: the first row of each is reported."""
        if book.accounts is None:
            return
        seen = set(book.accounts)
        for name in ("events", "contracts"):
            sheet = self.sheets.get(name)
            for row in sheet.rows if sheet else ():
                account = row.texts.get("account")
                if sheet and account is not None and account not in seen:
                    seen.add(account)
                    remedy = "the accounts have none of this id; it is reviewed without facts"
                    self.report(sheet, row, "account", remedy)


@attrs.define
class _RowError(CslibError, ValueError):
    """Cells of a row that cannot be read, by our names; caught where the row is known."""

    cells: tuple[tuple[str, str], ...]


_FATES = ("used", "duplicates", "left_out")


def _agreed(values: Sequence[Any]) -> Any:
    """What all say, or None."""
    return values[0] if all(each == values[0] for each in values) else None
