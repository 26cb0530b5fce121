"""Books of business from a folder of CSV files: a door to the outside.

A folder holds any of ``accounts.csv``, ``events.csv``, ``contracts.csv`` and ``payments.csv``
(UTF-8, a header row, ISO dates, an empty cell for unknown). Every column of the accounts is a fact,
every further column of the events is payload. Where files or columns have other names, a
:class:`ReviewFile` says which; it also carries the user's own definitions.

What cannot be read or used is reported with file, line, column, value and remedy. Every row is
used, or dropped since the same stands there already, or left out, and counted as what it was
(:class:`Counts`). The order of the rows never matters: where two rows contradict one another,
neither is taken for the truth.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import pathlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any

import attrs

from cslib import cells
from cslib.cells import CellError
from cslib.documents import document
from cslib.errors import CslibError, DefinitionError, Fault, suggestion
from cslib.expressions import Kind
from cslib.faults import quoted
from cslib.health import Scorecard
from cslib.lifecycle import Event, Lifecycle
from cslib.playbooks import Library
from cslib.renewal import Contract, EndReason, Entry, EntryKind, LedgerError
from cslib.review import MADE_FACTS, Book, Definitions
from cslib.stock import PLAYBOOKS, SCORECARD, SUBSCRIPTION

__all__ = [
    "BadRow",
    "BookError",
    "Counts",
    "Reading",
    "ReviewFile",
    "Source",
    "Table",
    "read_book",
]


@attrs.define
class BookError(CslibError, ValueError):
    """A folder or file from which nothing can be read at all.

    Attributes:
        place: The file or folder.
        problem: What is wrong, and the way out.
    """

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


# --------------------------------------------------------------------------------------
# Our tables


@attrs.frozen(kw_only=True)
class _Column:
    """A column of ours: how a cell is read, and whether the column or the cell may be absent."""

    read: Callable[[str], Any]
    in_header: bool = False
    in_row: bool = False

    @property
    def is_optional(self) -> bool:
        """Whether a cell that cannot be read may count as empty: nothing is believed for it."""
        return not self.in_header


def _needed(read: Callable[[str], Any]) -> _Column:
    return _Column(read=read, in_header=True, in_row=True)


_TEXT, _DAY, _MOMENT = (_Column(read=read) for read in (str, cells.day, cells.moment))
_ID, _AMOUNT = _needed(str), _needed(cells.amount)
_TABLES: Mapping[str, Mapping[str, _Column]] = {
    "accounts": {"account": _ID},
    "events": {
        "event_id": _TEXT,
        "account": _ID,
        "event": _ID,
        "at": _needed(cells.moment),
        "recorded_at": _MOMENT,
    },
    "contracts": {
        "contract": _ID,
        "account": _ID,
        "start": _needed(cells.day),
        "end": _Column(read=cells.day, in_header=True),  # an empty cell: an open end
        "annual_value": _AMOUNT,
        "currency": _TEXT,
        "signed_on": _DAY,
        "recorded_at": _MOMENT,
        "renews": _TEXT,
        "sale": _TEXT,
        "end_reason": _Column(read=cells.choice(EndReason)),
    },
    "payments": {
        "entry": _TEXT,
        "contract": _ID,
        "kind": _needed(cells.choice(EntryKind)),
        "on": _needed(cells.day),
        "amount": _AMOUNT,
        "recorded_at": _MOMENT,
    },
}
_OPEN_TABLES = ("accounts", "events")  # whose further columns are facts or payload


# --------------------------------------------------------------------------------------
# Where things stand


@attrs.frozen(kw_only=True)
class Source:
    """Where a value comes from: a column, several, a constant, or the number of the row.

    In JSON, a text alone is the name of a column.

    Attributes:
        column: The column's name in the file.
        columns: The columns of a fact that is a series, one for each period, oldest first.
        times: An exact factor for an amount: 12 makes a year of a month.
        inclusive: Whether the ``end`` of a contract is its last covered day, and not the day after.
        constant: The same text for every row.
        row: Whether the value is the number of the row, counted from 1.

    Raises:
        DefinitionError: Unless it is exactly one of column, columns, constant and row.
    """

    column: str | None = None
    columns: tuple[str, ...] = ()
    times: Decimal | None = None
    inclusive: bool = False
    constant: str | None = None
    row: bool = False

    def __attrs_post_init__(self) -> None:
        given = [self.column is not None, self.columns, self.constant is not None, self.row]
        if sum(map(bool, given)) != 1:
            problem = "expected one of column, columns, constant and row"
            raise DefinitionError("source", (Fault("$", problem),))
        if self.times is not None and not 0 < self.times <= _MOST_TIMES:
            problem = f"expected a factor above 0, up to {_MOST_TIMES:,}, but got {self.times}"
            raise DefinitionError("source", (Fault("$.times", problem),))

    @property
    def of_file(self) -> tuple[str, ...]:
        """The columns of the file that it reads."""
        return self.columns if self.column is None else (self.column,)


_MOST_TIMES = 1_000_000
_OTHERS = "others"


@attrs.frozen(kw_only=True)
class Table:
    """One table of the book, where it is not laid out as ours.

    Attributes:
        file: The file's name, below the folder; None: that of ours.
        columns: For a column of ours, where its value comes from; a text names a column. In the
            accounts and events, a column that is not named here is a fact under its own name.
        ignored: Columns of the file that are left alone on purpose; ``"others"``: all that are
            neither named here nor bear a name of ours.
    """

    file: str | None = None
    columns: Mapping[str, str | Source] = attrs.field(factory=dict)
    ignored: tuple[str, ...] | str = ()

    @property
    def sources(self) -> Mapping[str, Source]:
        """Every column of ours that is named, with its source."""
        return {
            name: Source(column=source) if isinstance(source, str) else source
            for name, source in self.columns.items()
        }


@document("review", version=1)
@attrs.frozen(kw_only=True)
class ReviewFile:
    """A user's own definitions and layout, as one JSON document. What is absent is the stock one.

    Attributes:
        lifecycle: How events move accounts.
        scorecard: How health is scored.
        playbooks: What can be done.
        tables: The tables that are laid out otherwise, by our name of them: accounts, events,
            contracts, payments.

    Raises:
        DefinitionError: With every fault of the layout, or if two rules need one fact to be of
            different kinds.
    """

    lifecycle: Lifecycle = SUBSCRIPTION
    scorecard: Scorecard = SCORECARD
    playbooks: Library = PLAYBOOKS
    tables: Mapping[str, Table] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        faults = tuple(_layout_faults(self.tables))
        if faults:
            raise DefinitionError("review", faults)
        _ = self.definitions

    @property
    def definitions(self) -> Definitions:
        """The definitions, as the review takes them."""
        return Definitions(
            lifecycle=self.lifecycle, scorecard=self.scorecard, playbooks=self.playbooks
        )


def _layout_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    for table, layout in tables.items():
        path = f"$.tables.{table}"
        if table not in _TABLES:
            yield Fault(path, f"unknown table {table!r}{suggestion(table, _TABLES)}")
            continue
        if isinstance(layout.ignored, str) and layout.ignored != _OTHERS:
            problem = f"expected a list of columns, or {_OTHERS!r}, but got {layout.ignored!r}"
            yield Fault(f"{path}.ignored", problem)
        ours = _TABLES[table]
        for name, source in layout.sources.items():
            if name not in ours and table not in _OPEN_TABLES:
                problem = f"{table} have no column {name!r}{suggestion(name, ours)}"
                yield Fault(f"{path}.columns.{name}", problem)
            elif source.times is not None and ours.get(name) is not _AMOUNT:
                problem = "only an amount can be multiplied here; multiply a fact in the rule"
                yield Fault(f"{path}.columns.{name}.times", problem)
            elif source.inclusive and (table, name) != ("contracts", "end"):
                problem = "only the end of a contract can be its last covered day"
                yield Fault(f"{path}.columns.{name}.inclusive", problem)
            elif source.columns and (table != "accounts" or name in ours):
                problem = "only a fact of the accounts can be a series"
                yield Fault(f"{path}.columns.{name}.columns", problem)


# --------------------------------------------------------------------------------------
# What was read


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


def read_book(folder: str | pathlib.Path, file: ReviewFile | None = None) -> Reading:
    """Read the book in a folder.

    Args:
        folder: The folder.
        file: The user's definitions and layout; None for the stock ones. Its rules tell what kind
            each fact must be; a fact that no rule reads stays text.

    Raises:
        BookError: If the folder holds none of the tables, or a file is not CSV in UTF-8, has no
            header, or lacks a column.
    """
    file = file or ReviewFile()
    place = pathlib.Path(folder)
    if not place.is_dir():
        raise BookError(str(folder), "expected a folder, but there is none of this name")
    found = {name: _sheet(name, place, file.tables.get(name)) for name in _TABLES}
    sheets = {name: sheet for name, sheet in found.items() if sheet is not None}
    if not sheets:
        names = ", ".join(f"{name}.csv" for name in _TABLES)
        raise BookError(str(folder), f"no table found; expected any of {names}")
    return _Reader(sheets=sheets, definitions=file.definitions).read()


# --------------------------------------------------------------------------------------
# Files as sheets: rows of text under our names


@attrs.frozen
class _Row:
    """A row: the line on which it begins, and its cells by our names, empty ones left out."""

    line: int
    texts: Mapping[str, str]


@attrs.frozen(kw_only=True, slots=False)  # a cached property needs a __dict__
class _Sheet:
    """A table as it stands in its file.

    Attributes:
        name: Our name of the table.
        file: The file's name.
        header: The line of the header.
        columns: Our names, with the source of each.
        rows: The rows that have a cell for each column.
        ragged: The others: where they begin, and their cells.
        width: How many cells a row has.
    """

    name: str
    file: str
    header: int
    columns: Mapping[str, Source]
    rows: Sequence[_Row]
    ragged: Sequence[tuple[int, Sequence[str]]]
    width: int

    @functools.cached_property
    def names(self) -> Mapping[str, str]:
        """The names in the file of what is read from a column of it."""
        parts = [part for ours, source in self.columns.items() for part in _parts(ours, source)]
        return {ours: source.column for ours, source in parts if source.column is not None}

    @property
    def further(self) -> list[str]:
        """The columns that are none of ours."""
        return [name for name in self.columns if name not in _TABLES[self.name]]


def _sheet(name: str, folder: pathlib.Path, layout: Table | None) -> _Sheet | None:
    """A table of the folder; None where it is not there and the layout does not name it."""
    file = (layout and layout.file) or f"{name}.csv"
    path = folder / file
    if not path.is_file():
        if path.exists() or path.is_symlink():
            raise BookError(str(path), "not a plain file; a table is a CSV file")
        if layout is not None:
            raise BookError(str(path), f"the file of table {name!r} is not there")
        return None
    lines = _lines(path)
    header, names = next(lines, (0, []))
    names = [text.strip() for text in names]
    columns = _columns(name, path, names, layout or Table())
    parts = [part for ours, source in columns.items() for part in _parts(ours, source)]
    places = [(ours, _place(source, names)) for ours, source in parts]
    rows, ragged = [], []
    for number, (line, row) in enumerate(lines, 1):
        if len(row) == len(names):
            rows.append(_Row(line, dict(_texts(places, row, number))))
        else:
            ragged.append((line, [text.strip() for text in row]))
    return _Sheet(
        name=name,
        file=file,
        header=header,
        columns=columns,
        rows=rows,
        ragged=ragged,
        width=len(names),
    )


def _lines(path: pathlib.Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file that are not blank, each with the line on which it begins."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"line {line} is not UTF-8; save the file in that encoding"
        raise BookError(str(path), problem) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            problem = f"the row that begins on line {line} is not CSV: {error}"
            raise BookError(str(path), problem) from None
        if row is None:
            return
        if row:
            yield line, row


def _columns(
    name: str, path: pathlib.Path, header: Sequence[str], layout: Table
) -> Mapping[str, Source]:
    """Our names with their sources: those mapped, then the file's own that are not."""
    _check_header(path, header)
    mapped = layout.sources
    named = [column for source in mapped.values() for column in source.of_file]
    unread = [] if isinstance(layout.ignored, str) else layout.ignored
    for column in (*named, *unread):
        if column not in header:
            raise BookError(str(path), f"no column {column!r}{suggestion(column, header)}")
    left = [column for column in header if column not in (*named, *unread)]
    if layout.ignored == _OTHERS:
        left = [column for column in left if column in _TABLES[name] and column not in mapped]
    for column in left:
        if column in mapped:
            problem = f"{column!r} is a column of its own, and mapped as well; ignore or rename it"
            raise BookError(str(path), problem)
    columns = {**mapped, **{column: Source(column=column) for column in left}}
    for column, ours in _TABLES[name].items():
        if ours.in_header and column not in columns:
            problem = f"no column {column!r}{suggestion(column, left)}"
            hint = f"{_separator_hint(header)}; name it so, or map it with --rules"
            raise BookError(str(path), problem + hint)
    return columns


def _check_header(path: pathlib.Path, header: Sequence[str]) -> None:
    if not header:
        raise BookError(str(path), "the file is empty; expected a header row")
    for column, times in Counter(header).items():
        if not column:
            problem = f"column {header.index(column) + 1} of the header has no name"
            raise BookError(str(path), problem)
        if times > 1:
            raise BookError(str(path), f"the header names {column!r} {times} times")


def _separator_hint(header: Sequence[str]) -> str:
    found = [mark for mark in (";", "\t", "|") if len(header) == 1 and mark in header[0]]
    return f"; the columns seem to be separated by {found[0]!r}, not by commas" if found else ""


def _parts(name: str, source: Source) -> list[tuple[str, Source]]:
    """A column of ours, or those of a series, one for each period."""
    if not source.columns:
        return [(name, source)]
    return [(_part(name, i), Source(column=column)) for i, column in enumerate(source.columns)]


def _part(name: str, period: int) -> str:
    return f"{name}[{period}]"


def _place(source: Source, header: Sequence[str]) -> int | str | None:
    """The place of a cell, or the text that stands for it; None: the number of the row."""
    if source.row:
        return None
    return source.constant if source.column is None else header.index(source.column)


def _texts(
    places: Iterable[tuple[str, int | str | None]], row: Sequence[str], number: int
) -> Iterator[tuple[str, str]]:
    for name, place in places:
        if place is None:
            yield name, str(number)
        elif text := (row[place] if isinstance(place, int) else place).strip():
            yield name, text


# --------------------------------------------------------------------------------------
# Sheets as a book

_Versions = Mapping[Hashable, Mapping[Any, _Row]]
"""By id what the rows say of it, and the first row that says it; more than one is a conflict."""

_LEFT_OUT = "the row is left out"
_TAKEN_AS_UNKNOWN = "taken as unknown"
_EXACT = Context(prec=100)


@attrs.define
class _Reader:
    """Makes a book of the sheets, and gathers what is wrong with them."""

    sheets: Mapping[str, _Sheet]
    definitions: Definitions
    counts: dict[str, Counter[str]] = attrs.Factory(dict)
    bad: list[BadRow] = attrs.Factory(list)
    unread: dict[str, list[_Row]] = attrs.Factory(dict)

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
            unread_accounts=self.unread_accounts(),
            unread_cash=self.unread_cash(contracts or ()),
        )
        self.unknown_accounts(book)
        places = {sheet.file: place for place, sheet in enumerate(self.sheets.values())}
        return Reading(
            book=book,
            counts={name: self.counted(sheet) for name, sheet in self.sheets.items()},
            bad=tuple(sorted(self.bad, key=lambda row: (places[row.file], row.line))),
        )

    def counted(self, sheet: _Sheet) -> Counts:
        rows = len(sheet.rows) + len(sheet.ragged)
        return Counts(rows=rows, **{name: self.counts[sheet.name][name] for name in _FATES})

    # What is wrong

    def report(self, sheet: _Sheet, row: _Row, name: str, remedy: str) -> None:
        column = sheet.names.get(name, name)
        self.bad.append(BadRow(sheet.file, row.line, column, row.texts.get(name, ""), remedy))

    def leave_out(self, sheet: _Sheet, row: _Row, wrong: Iterable[tuple[str, str]]) -> None:
        """Counts a row as left out, and says of each cell what is wrong."""
        self.counts[sheet.name]["left_out"] += 1
        said = {n: text for n, text in row.texts.items() if n in sheet.names or _is_loose(n)}
        self.unread[sheet.name].append(_Row(row.line, said))  # a constant says nothing of the row
        for name, problem in wrong:
            self.report(sheet, row, name, f"{problem}; {_LEFT_OUT}")

    def shape(self, sheet: _Sheet) -> None:
        """Columns that nothing reads, and rows of another length than the header."""
        header = _Row(sheet.header, {})
        for name in sheet.further if sheet.name not in _OPEN_TABLES else ():
            hint = suggestion(name, _TABLES[sheet.name])
            problem = f"not read, as {sheet.name} have no such column{hint}"
            remedy = f"{problem}{' Rename it, or' if hint else ':'} name it as ignored with --rules"
            self.report(sheet, header, name, remedy)
        for line, found in sheet.ragged:
            problem = f"expected {sheet.width} cells, but got {len(found)}"
            texts = {_cell(place): text for place, text in enumerate(found) if text}
            self.leave_out(sheet, _Row(line, texts), [("", problem)])

    # Rows as values

    def values(self, sheet: _Sheet, row: _Row) -> dict[str, Any]:
        """The cells of our own columns, read; an empty one is absent.

        So is one that cannot be read, where the column is optional: it is reported.

        Raises:
            _RowError: With every cell that the row needs and that cannot be read.
        """
        found, wrong = {}, []
        for name, column in _TABLES[sheet.name].items():
            text = row.texts.get(name)
            try:
                if text is not None:
                    found[name] = _in_our_terms(column.read(text), text, sheet.columns[name])
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

    def versions(self, sheet: _Sheet, make: Callable[[_Row, dict[str, Any]], Any]) -> _Versions:
        """What ``make`` gives for the rows, by the id that it gives first."""
        found: dict[Hashable, dict[Any, _Row]] = {}
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

    def facts(self, sheet: _Sheet, names: Iterable[str]) -> Callable[[_Row], tuple[Any, ...]]:
        """A reader of these columns as facts, of the kinds that the rules need."""
        needed = self.definitions.fact_kinds
        kinds = {
            name: cells.column_kind(needed[name], _filled(sheet, name)) if name in needed else None
            for name in names
        }
        return lambda row: tuple(self.fact(sheet, row, name, kinds[name]) for name in kinds)

    def fact(self, sheet: _Sheet, row: _Row, name: str, kind: Kind | None) -> object:
        periods = len(sheet.columns[name].columns)
        if not periods:
            return self.cell(sheet, row, name, kind)
        return tuple(self.cell(sheet, row, _part(name, i), kind) for i in range(periods))

    def cell(self, sheet: _Sheet, row: _Row, name: str, kind: Kind | None) -> object:
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

    def check_series(self, sheet: _Sheet, names: Iterable[str]) -> None:
        """Refuses a single column where a rule reads earlier periods of the fact."""
        needed = self.definitions.series_facts
        for name in names:
            if name in needed and not sheet.columns[name].columns:
                problem = f"{needed[name]} reads earlier periods of {name!r}, which is one column"
                example = f'"{name}": {{"columns": ["{name}_m1", "{name}_m0"]}}'
                remedy = f"name a column for each period, oldest first, with --rules: {example}"
                raise BookError(sheet.file, f"{problem}; {remedy}")

    def is_made(self, sheet: _Sheet, name: str) -> bool:
        """Whether the review makes this fact itself, from the tables that are there."""
        if not any(name in MADE_FACTS[table] for table in MADE_FACTS if table in self.sheets):
            return False
        remedy = "the review makes this fact itself; give the column another name with --rules"
        self.report(sheet, _Row(sheet.header, {}), name, remedy)
        return True

    def disagreements(
        self, sheet: _Sheet, names: Sequence[str], same: Mapping[tuple[Any, ...], _Row]
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

        def make(row: _Row, values: dict[str, Any]) -> tuple[Hashable, Event]:
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
        single: dict[Event, _Row] = {}
        for same in found.values():
            if len(same) == 1:
                single.update(same)
            else:
                self.withdraw(sheet, same)
        return tuple(self.of_one_clock(sheet, single))

    def withdraw(self, sheet: _Sheet, same: Mapping[Any, _Row]) -> None:
        """Leaves out rows that were counted as used, since they contradict one another."""
        self.counts[sheet.name]["used"] -= len(same)
        lines = ", ".join(str(row.line) for row in same.values())
        for row in same.values():
            problem = f"lines {lines} of the same id differ, and nobody can say which is right"
            self.leave_out(sheet, row, [("event_id", problem)])

    def of_one_clock(self, sheet: _Sheet, events: Mapping[Event, _Row]) -> Iterator[Event]:
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

        def make(row: _Row, values: dict[str, Any]) -> tuple[Hashable, Contract]:
            if values.get("renews") == values["contract"]:
                del values["renews"]
                remedy = f"a contract cannot renew itself; {_TAKEN_AS_UNKNOWN}"
                self.report(sheet, row, "renews", remedy)
            return values["contract"], Contract(**{"end": None, "currency": "", **values})

        found = self.versions(sheet, make)
        self.check_currencies(sheet, found)
        return tuple(self.with_conflicts(sheet, "contract", found))

    def check_currencies(self, sheet: _Sheet, found: _Versions) -> None:
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

        def make(row: _Row, values: dict[str, Any]) -> tuple[Hashable, Entry]:
            if values["contract"] not in known:
                raise _RowError((("contract", "no contract of this id is in the book"),))
            entry = Entry(**{"entry": f"line {row.line}", **values})
            return entry.entry, entry

        return tuple(self.with_conflicts(sheet, "entry", self.versions(sheet, make)))

    # What rows that were left out put in doubt

    def unread_accounts(self) -> frozenset[str]:
        """The accounts that a contract left out may belong to, by any id that it names.

        Where a row names nobody it may be anybody's.
        """
        contracts = self.sheets.get("contracts")
        owners: dict[str, set[str]] = defaultdict(set)
        for row in contracts.rows if contracts else ():
            if "contract" in row.texts and "account" in row.texts:
                owners[row.texts["contract"]].add(row.texts["account"])
        everyone = {
            row.texts["account"]
            for sheet in self.sheets.values()
            for row in sheet.rows
            if "account" in row.texts
        }
        found: set[str] = set()
        for row in self.unread.get("contracts", ()):
            names = _names(row, ("account", "contract", "renews"))
            named = {account for name in names & owners.keys() for account in owners[name]}
            found |= _meant(named | names & everyone, everyone, row)
        return frozenset(found)

    def unread_cash(self, contracts: Iterable[Contract]) -> frozenset[str]:
        """The contracts that a payment left out may belong to; as above, perhaps any."""
        known = {contract.contract for contract in contracts}
        found: set[str] = set()
        for row in self.unread.get("payments", ()):
            if "contract" in row.texts:
                found |= {row.texts["contract"]} & known
            else:
                found |= _meant(_names(row, ()) & known, known, row)
        return frozenset(found)

    def leave_all_out(self, sheet: _Sheet, problem: str) -> None:
        """Leaves out every row of a sheet, and says so once."""
        self.counts[sheet.name]["left_out"] += len(sheet.rows)
        self.report(sheet, _Row(sheet.header, {}), "", f"{problem}; all rows are left out")

    def with_conflicts(self, sheet: _Sheet, key: str, found: _Versions) -> Iterator[Any]:
        for same in found.values():
            first, *others = same.values()
            for row in others:
                remedy = f"line {first.line} of the same id says otherwise; neither is relied upon"
                self.report(sheet, row, key, remedy)
            yield from same

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


def _cell(place: int) -> str:
    """The name of a cell of a row that does not fit the header: no column has it."""
    return f"\n{place}"


def _is_loose(name: str) -> bool:
    return name.startswith("\n")


def _names(row: _Row, columns: Sequence[str]) -> set[str]:
    """What a row that was left out says in these columns; all, where it does not fit the header."""
    return {t for name, t in row.texts.items() if name in columns or _is_loose(name)}


def _meant(found: set[str], everyone: set[str], row: _Row) -> set[str]:
    """Those found; where none are, and the row says something at all, everyone."""
    return found or (everyone if row.texts else set())


def _in_our_terms(value: Any, text: str, source: Source) -> Any:
    """A value of the file as one of ours: an amount of a year, an end that is not covered."""
    if source.times is not None:
        return _EXACT.multiply(value, source.times)
    if source.inclusive:
        if value == dt.date.max:
            raise CellError(text, "a last day before 9999-12-31 (an empty cell is an open end)")
        return value + dt.timedelta(days=1)
    return value


_FATES = ("used", "duplicates", "left_out")


def _filled(sheet: _Sheet, name: str) -> Iterator[str]:
    parts = [part for part, _ in _parts(name, sheet.columns[name])]
    return (row.texts[part] for row in sheet.rows for part in parts if part in row.texts)


def _agreed(values: Sequence[Any]) -> Any:
    """What all say, or None."""
    return values[0] if all(each == values[0] for each in values) else None
