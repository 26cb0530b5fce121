"""Layouts: which columns our tables have, and where they stand in a user's files.

A book has up to four tables: accounts, events, contracts and payments. Each column of ours says
how its cells are read, and whether the file and the row must have it. Where the files or columns of
a user have other names, a :class:`ReviewFile` says which; it also carries the user's own
definitions. Nothing here opens a file.
"""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Callable, Iterator, Mapping
from decimal import Context, Decimal
from typing import Any

import attrs

from cslib import cells
from cslib.cells import CellError
from cslib.decisions import DecisionTable
from cslib.documents import document
from cslib.errors import DefinitionError, Fault, suggestion
from cslib.faults import refuse
from cslib.health import Scorecard
from cslib.lifecycle import Lifecycle
from cslib.playbooks import Library
from cslib.renewal import EndReason, EntryKind
from cslib.review import Definitions
from cslib.stock import PLAYBOOKS, SCORECARD, SUBSCRIPTION

__all__ = [
    "ReviewFile",
    "Source",
    "Table",
]


# --------------------------------------------------------------------------------------
# Our tables


@attrs.frozen(kw_only=True)
class Column:
    """A column of ours: how a cell is read, and whether the column or the cell may be absent."""

    read: Callable[[str], Any]
    in_header: bool = False
    in_row: bool = False

    @property
    def is_optional(self) -> bool:
        """Whether a cell that cannot be read may count as empty: nothing is believed for it."""
        return not self.in_header

    def value(self, text: str, source: Source) -> Any:
        """What a cell says in our terms: an amount of a year, an end that is not covered.

        Raises:
            CellError: If it cannot be read.
        """
        found = self.read(text)
        if source.times is not None:
            return _EXACT.multiply(found, source.times)
        if source.inclusive:
            if found == dt.date.max:
                raise CellError(text, "a last day before 9999-12-31 (an empty cell is an open end)")
            return found + dt.timedelta(days=1)
        return found


_EXACT = Context(prec=100)


def _needed(read: Callable[[str], Any]) -> Column:
    return Column(read=read, in_header=True, in_row=True)


_TEXT, _DAY, _MOMENT = (Column(read=read) for read in (str, cells.day, cells.moment))
_ID, _AMOUNT = _needed(str), _needed(cells.amount)
TABLES: Mapping[str, Mapping[str, Column]] = {
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
        "end": Column(read=cells.day, in_header=True),  # an empty cell: an open end
        "annual_value": _AMOUNT,
        "currency": _TEXT,
        "signed_on": _DAY,
        "recorded_at": _MOMENT,
        "renews": Column(read=cells.ids),
        "sale": _TEXT,
        "end_reason": Column(read=cells.choice(EndReason)),
        "product": _TEXT,
        "total_value": Column(read=cells.amount),
        "seats": Column(read=cells.whole),
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
OPEN_TABLES = ("accounts", "events")  # whose further columns are facts or payload


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


OTHERS = "others"


@document("review", version=1)
@attrs.frozen(kw_only=True)
class ReviewFile:
    """A user's own definitions and layout, as one JSON document. What is absent is the stock one.

    Attributes:
        lifecycle: How events move accounts.
        scorecard: How health is scored.
        playbooks: What can be done.
        scorecards: Others, from which the phases choose.
        phases: Which scorecard judges an account, as for :class:`cslib.review.Definitions`.
        tables: The tables that are laid out otherwise, by our name of them: accounts, events,
            contracts, payments.

    Raises:
        DefinitionError: With every fault of the layout, or if two rules need one fact to be of
            different kinds.
    """

    lifecycle: Lifecycle = SUBSCRIPTION
    scorecard: Scorecard = SCORECARD
    playbooks: Library = PLAYBOOKS
    scorecards: tuple[Scorecard, ...] = ()
    phases: DecisionTable | None = None
    tables: Mapping[str, Table] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        refuse("review", _layout_faults(self.tables))
        _ = self.definitions

    @property
    def definitions(self) -> Definitions:
        """The definitions, as the review takes them."""
        return Definitions(
            lifecycle=self.lifecycle,
            scorecard=self.scorecard,
            playbooks=self.playbooks,
            scorecards=self.scorecards,
            phases=self.phases,
        )


def _layout_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    for table, layout in tables.items():
        path = f"$.tables.{table}"
        if table not in TABLES:
            yield Fault(path, f"unknown table {table!r}{suggestion(table, TABLES)}")
            continue
        if layout.file is not None and not _is_below_a_folder(layout.file):
            expected = "expected a name below the folder, such as 'exports/accounts.csv'"
            yield Fault(f"{path}.file", f"{expected}, but got {layout.file!r}")
        if isinstance(layout.ignored, str) and layout.ignored != OTHERS:
            problem = f"expected a list of columns, or {OTHERS!r}, but got {layout.ignored!r}"
            yield Fault(f"{path}.ignored", problem)
        for name, source in layout.sources.items():
            yield from _source_faults(f"{path}.columns.{name}", table, name, source)


def _is_below_a_folder(file: str) -> bool:
    """Whether a name leads down from the folder it is put to, whatever the system."""
    path = pathlib.PureWindowsPath(file)  # whose separators and roots include those of the others
    return bool(path.parts) and not path.anchor and ".." not in path.parts


def _source_faults(path: str, table: str, name: str, source: Source) -> Iterator[Fault]:
    ours = TABLES[table]
    if name not in ours and table not in OPEN_TABLES:
        yield Fault(path, f"{table} have no column {name!r}{suggestion(name, ours)}")
    elif source.times is not None and ours.get(name) is not _AMOUNT:
        problem = "only an amount can be multiplied here; multiply a fact in the rule"
        yield Fault(f"{path}.times", problem)
    elif source.inclusive and (table, name) != ("contracts", "end"):
        problem = "only the end of a contract can be its last covered day"
        yield Fault(f"{path}.inclusive", problem)
    elif source.columns and (table != "accounts" or name in ours):
        yield Fault(f"{path}.columns", "only a fact of the accounts can be a series")
