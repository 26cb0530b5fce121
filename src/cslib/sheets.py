"""Sheets: tables as they stand in their CSV files, rows of text under our names.

A file is CSV in UTF-8 with a header row. Spaces around a cell do not count, an empty cell is left
out, and a blank line is no row. What a text means is read later; here a table is refused only
where nothing can be read of it at all.
"""

from __future__ import annotations

import csv
import functools
import io
import pathlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from cslib.errors import CslibError, suggestion
from cslib.layouts import OTHERS, TABLES, Source, Table

__all__ = [
    "BookError",
    "Row",
    "Sheet",
    "read_sheet",
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


@attrs.frozen
class Row:
    """A row of text.

    Attributes:
        line: The line on which it begins, counted from 1, the header included.
        texts: Its cells by our names, empty ones left out; see :meth:`Sheet.parts` for a series.
    """

    line: int
    texts: Mapping[str, str]


@attrs.frozen(kw_only=True, slots=False)  # a cached property needs a __dict__
class Sheet:
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
    rows: Sequence[Row]
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
        return [name for name in self.columns if name not in TABLES[self.name]]

    def parts(self, name: str) -> list[str]:
        """The names of a column's cells in a row: its own, or of a series one for each period."""
        return [part for part, _ in _parts(name, self.columns[name])]

    def texts(self, name: str) -> Iterator[str]:
        """The cells of a column that are not empty."""
        parts = self.parts(name)
        return (row.texts[part] for row in self.rows for part in parts if part in row.texts)


def read_sheet(folder: str | pathlib.Path, name: str, layout: Table | None = None) -> Sheet | None:
    """Read a table of a folder.

    Args:
        folder: The folder.
        name: Our name of the table.
        layout: How the table is laid out; None: as ours.

    Returns:
        The table; None where its file is not there and no layout asks for it.

    Raises:
        BookError: If there is no table of this name, or the file is not CSV in UTF-8, has no
            header, or lacks a column.
    """
    if name not in TABLES:
        raise BookError(str(folder), f"unknown table {name!r}{suggestion(name, TABLES)}")
    file = (layout and layout.file) or f"{name}.csv"
    path = pathlib.Path(folder) / file
    if _exists(path):
        return _sheet(name, file, path, layout or Table())
    if layout is not None:
        raise BookError(str(path), f"the file of table {name!r} is not there")
    return None


def _exists(path: pathlib.Path) -> bool:
    if path.is_file():
        return True
    if path.exists() or path.is_symlink():
        raise BookError(str(path), "not a plain file; a table is a CSV file")
    return False


def _sheet(name: str, file: str, path: pathlib.Path, layout: Table) -> Sheet:
    lines = _lines(path)
    header, names = next(lines, (0, []))
    names = [text.strip() for text in names]
    columns = _columns(name, path, names, layout)
    parts = [part for ours, source in columns.items() for part in _parts(ours, source)]
    places = [(ours, _place(source, names)) for ours, source in parts]
    rows, ragged = [], []
    for number, (line, row) in enumerate(lines, 1):
        if len(row) == len(names):
            rows.append(Row(line, dict(_texts(places, row, number))))
        else:
            ragged.append((line, [text.strip() for text in row]))
    return Sheet(
        name=name,
        file=file,
        header=header,
        columns=columns,
        rows=rows,
        ragged=ragged,
        width=len(names),
    )


# --------------------------------------------------------------------------------------
# Lines


def _lines(path: pathlib.Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file that are not blank, each with the line on which it begins."""
    lines = list(io.StringIO(_text(path), newline=""))
    reader = csv.reader(lines, strict=True)
    while True:
        above = reader.line_num
        try:
            row = next(reader, None)
        except csv.Error as error:
            problem = f"the row that begins on line {above + 1} is not CSV: {error}"
            raise BookError(str(path), problem) from None
        if row is None:
            return
        if not lines[above].isspace():  # judged here, as a quoted cell may hold blank lines
            yield above + 1, row


def _text(path: pathlib.Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"line {line} is not UTF-8; save the file in that encoding"
        raise BookError(str(path), problem) from None


# --------------------------------------------------------------------------------------
# Columns


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
    if layout.ignored == OTHERS:
        left = [column for column in left if column in TABLES[name] and column not in mapped]
    for column in left:
        if column in mapped:
            problem = f"{column!r} is a column of its own, and mapped as well; ignore or rename it"
            raise BookError(str(path), problem)
    columns = {**mapped, **{column: Source(column=column) for column in left}}
    for column, ours in TABLES[name].items():
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
    return [(f"{name}[{i}]", Source(column=column)) for i, column in enumerate(source.columns)]


# --------------------------------------------------------------------------------------
# Cells


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
