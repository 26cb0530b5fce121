"""Sheets: which rows and cells a file holds, and what is wrong with a file that holds none."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.layouts import Source, Table
from cslib.sheets import BookError, Row, Sheet, read_sheet


def accounts(folder: Path, content: str | bytes, layout: Table | None = None) -> Sheet:
    """The accounts of a folder that holds this file of them."""
    data = content.encode() if isinstance(content, str) else content
    (folder / "accounts.csv").write_bytes(data)
    sheet = read_sheet(folder, "accounts", layout)
    assert sheet is not None
    return sheet


# --- Rows and cells


def test_an_empty_cell_is_left_out_and_spaces_around_a_cell_do_not_count(tmp_path: Path) -> None:
    sheet = accounts(tmp_path, "account , seats\n A1 , 20 \nA2,  \n")

    assert sheet.rows == [Row(2, {"account": "A1", "seats": "20"}), Row(3, {"account": "A2"})]
    assert list(sheet.texts("seats")) == ["20"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte-order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_a_byte_order_mark_and_the_ends_of_lines_make_no_difference(
    tmp_path: Path, mark: bytes, end: str
) -> None:
    text = end.join(["account,seats", "A1,20", "A2,1x", ""])
    sheet = accounts(tmp_path, mark + text.encode())

    assert sheet.rows == [
        Row(2, {"account": "A1", "seats": "20"}),
        Row(3, {"account": "A2", "seats": "1x"}),
    ]


def test_a_row_is_named_by_the_line_on_which_it_begins(tmp_path: Path) -> None:
    text = '\naccount,name,seats\nA1,"two\nlines",5\n\nA2,"three\n\nlines",x\nA3,one\n'
    sheet = accounts(tmp_path, text)

    assert sheet.header == 2
    assert [row.line for row in sheet.rows] == [3, 6]
    assert sheet.ragged == [(9, ["A3", "one"])]


def test_a_row_of_another_length_than_the_header_is_kept_apart_with_its_cells(
    tmp_path: Path,
) -> None:
    sheet = accounts(tmp_path, "account,seats\nA1\nA2, 1 ,200\nA3,5\n")

    assert sheet.width == 2
    assert sheet.ragged == [(2, ["A1"]), (3, ["A2", "1", "200"])]
    assert [row.line for row in sheet.rows] == [4]


@pytest.mark.parametrize("blank", ["", " ", "   ", "\t", "\u3000"])
def test_a_line_of_spaces_is_blank(tmp_path: Path, blank: str) -> None:
    lines = [blank, "account,seats", blank, "A1,20", blank, blank, "A2,5", blank]
    sheet = accounts(tmp_path, "\n".join(lines))

    assert [row.line for row in sheet.rows] == [4, 7]
    assert sheet.ragged == []


def test_a_line_of_spaces_is_blank_where_a_row_has_one_cell_too(tmp_path: Path) -> None:
    layout = Table(columns={"account": Source(row=True)})
    sheet = accounts(tmp_path, "seats\n20\n   \n5\n", layout)

    assert [row.texts for row in sheet.rows] == [
        {"account": "1", "seats": "20"},
        {"account": "2", "seats": "5"},
    ]


def test_a_cell_in_quotes_is_a_cell_though_it_be_empty_or_of_spaces(tmp_path: Path) -> None:
    sheet = accounts(tmp_path, 'account\nA1\n""\n"  "\n"\n \n"\n')

    assert [(row.line, row.texts) for row in sheet.rows] == [
        (2, {"account": "A1"}),
        (3, {}),
        (4, {}),
        (5, {}),
    ]


def test_a_blank_line_in_a_cell_belongs_to_the_cell(tmp_path: Path) -> None:
    sheet = accounts(tmp_path, 'account,name\nA1,"a\n  \nb"\n')

    assert [row.texts["name"] for row in sheet.rows] == ["a\n  \nb"]


# --- Layouts


def test_files_and_columns_may_have_other_names(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "customers.csv").write_text("Id,Seats,Region\n7,20,North\n")
    columns = {"account": "Id", "seats": "Seats", "currency": Source(constant="EUR")}
    layout = Table(file="exports/customers.csv", columns=columns)
    sheet = read_sheet(tmp_path, "accounts", layout)

    assert sheet is not None
    assert sheet.file == "exports/customers.csv"
    assert sheet.names == {"account": "Id", "seats": "Seats", "Region": "Region"}
    assert sheet.further == ["seats", "currency", "Region"]
    assert [row.texts for row in sheet.rows] == [
        {"account": "7", "seats": "20", "currency": "EUR", "Region": "North"}
    ]


def test_rows_are_numbered_without_the_blank_lines_and_with_the_ragged_ones(
    tmp_path: Path,
) -> None:
    layout = Table(columns={"account": Source(row=True)})
    sheet = accounts(tmp_path, "seats\n20\n\nx,y\n5\n", layout)

    assert [row.texts["account"] for row in sheet.rows] == ["1", "3"]


def test_the_columns_of_a_series_are_its_parts_oldest_first(tmp_path: Path) -> None:
    layout = Table(columns={"logins": Source(columns=("m1", "m0"))})
    sheet = accounts(tmp_path, "account,m0,m1\nA1,2,9\nA2,3,\n", layout)

    older, newer = sheet.parts("logins")
    assert [(row.texts.get(older), row.texts[newer]) for row in sheet.rows] == [
        ("9", "2"),
        (None, "3"),
    ]
    assert (sheet.names[older], sheet.names[newer]) == ("m1", "m0")
    assert list(sheet.texts("logins")) == ["9", "2", "3"]


@pytest.mark.parametrize(
    ("layout", "columns"),
    [
        (Table(ignored=("tier",)), ["account", "Seats", "owner"]),
        (Table(ignored="others"), ["account"]),
        (Table(columns={"seats": "Seats"}, ignored="others"), ["seats", "account"]),
        (Table(columns={"account": "Seats"}, ignored="others"), ["account"]),
    ],
)
def test_ignored_columns_are_left_alone(
    tmp_path: Path, layout: Table, columns: Sequence[str]
) -> None:
    sheet = accounts(tmp_path, "account,Seats,tier,owner\nA1,20,gold,Wu\n", layout)

    assert list(sheet.columns) == columns


@pytest.mark.parametrize(
    ("layout", "problem"),
    [
        (Table(columns={"seats": "Seat"}), "no column 'Seat': did you mean 'Seats'?"),
        (Table(columns={"name": "Seats", "account": "name"}), "'account' is a column of its own"),
        (Table(ignored=("owner",)), "no column 'owner'"),
        (Table(ignored=("account",)), "no column 'account'"),
        (Table(file="a.csv"), "the file of table 'accounts' is not there"),
    ],
)
def test_a_layout_that_does_not_fit_the_file_says_so(
    tmp_path: Path, layout: Table, problem: str
) -> None:
    with pytest.raises(BookError) as caught:
        accounts(tmp_path, "account,name,Seats\n", layout)

    assert problem in str(caught.value)


# --- Files from which nothing can be read


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty; expected a header row"),
        (b"\n\n", "the file is empty; expected a header row"),
        (b"  \n \n", "the file is empty; expected a header row"),
        (b"account,seats,account\nA1,1,A1\n", "the header names 'account' 2 times"),
        (b"account,seats,\nA1,1,\n", "column 3 of the header has no name"),
        (b"acount,seats\nA1,1\n", "no column 'account': did you mean 'acount'?"),
        (b"account;seats\nA1;1\n", "separated by ';', not by commas"),
        (b"account,name\nA1,x\nA2,caf\xe9\n", "line 3 is not UTF-8"),
        ("account,name\nA1,客户\n".encode("utf-16"), "line 1 is not UTF-8"),
        (b'account,name\nA1,x\nA2,"open\nA3,y\n', "the row that begins on line 3 is not CSV"),
        (b'account,name\nA1,"x"y\n', "the row that begins on line 2 is not CSV"),
        (b"account,name\nA1," + b"x" * 200_000, "the row that begins on line 2 is not CSV"),
    ],
)
def test_a_file_that_is_not_such_a_table_says_what_is_wrong(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    with pytest.raises(BookError, match=r"accounts\.csv") as caught:
        accounts(tmp_path, content)

    assert problem in str(caught.value)


def test_a_table_that_is_absent_is_none(tmp_path: Path) -> None:
    assert read_sheet(tmp_path, "accounts") is None


def test_a_table_that_a_layout_asks_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(BookError, match="the file of table 'accounts' is not there"):
        read_sheet(tmp_path, "accounts", Table())


def test_a_table_that_no_book_has_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(BookError, match="unknown table 'acounts': did you mean 'accounts'"):
        read_sheet(tmp_path, "acounts")


def test_a_folder_where_a_table_belongs_is_not_taken_for_an_absent_table(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").mkdir()

    with pytest.raises(BookError, match="not a plain file"):
        read_sheet(tmp_path, "accounts")


def test_a_link_that_leads_nowhere_is_not_taken_for_an_absent_table(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").symlink_to(tmp_path / "gone.csv")

    with pytest.raises(BookError, match="not a plain file"):
        read_sheet(tmp_path, "accounts")


def test_a_link_may_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_text("account\nA1\n")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "accounts.csv").symlink_to(tmp_path / "elsewhere.csv")
    sheet = read_sheet(tmp_path / "book", "accounts")

    assert sheet is not None
    assert [row.texts for row in sheet.rows] == [{"account": "A1"}]


# --- Laws

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
blanks = st.text(st.sampled_from(" \t\u3000"), max_size=3)


def written(rows: Sequence[Sequence[str]]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


@given(texts, texts)
def test_a_text_comes_through_a_file_as_it_was(name: str, note: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sheet = accounts(Path(folder), written([("account", "name", "note"), ("A1", name, note)]))

    given = {"account": "A1", "name": name.strip(), "note": note.strip()}
    assert [row.texts for row in sheet.rows] == [{k: text for k, text in given.items() if text}]


@given(st.lists(st.tuples(texts, texts), max_size=5), st.data())
def test_blank_lines_between_rows_never_matter(
    rows: list[tuple[str, str]], data: st.DataObject
) -> None:
    lines = [written([row]) for row in [("account", "note"), *rows]]
    spread = [f"{data.draw(blanks)}\r\n{line}" for line in lines]

    with tempfile.TemporaryDirectory() as folder:
        one, other = (accounts(Path(folder), "".join(each)) for each in (lines, spread))

    assert [row.texts for row in one.rows] == [row.texts for row in other.rows]
    assert one.ragged == other.ragged == []
