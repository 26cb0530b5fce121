"""Layouts: which are refused and where, and how a cell is read in our terms."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from cslib.cells import CellError
from cslib.documents import from_data, from_json, to_data, to_json
from cslib.errors import DefinitionError, Fault
from cslib.layouts import TABLES, ReviewFile, Source, Table
from cslib.playbooks import Library, Playbook
from cslib.review import Definitions
from cslib.rules import rule
from cslib.stock import PLAYBOOKS, SCORECARD, SUBSCRIPTION

# --- Cells in our terms

ANNUAL_VALUE, END = (TABLES["contracts"][name] for name in ("annual_value", "end"))


def test_an_amount_is_multiplied_exactly() -> None:
    monthly = Source(column="monthly", times=Decimal(12))
    amount = "123456789012345678901234567890.0123456789"

    product = ANNUAL_VALUE.value(amount, monthly)

    assert product == Decimal("1481481468148148146814814814680.1481481468")


def test_an_end_that_is_its_last_covered_day_becomes_the_day_after() -> None:
    until = Source(column="until", inclusive=True)

    assert END.value("2026-06-30", until) == dt.date(2026, 7, 1)
    assert END.value("2026-06-30", Source(column="end")) == dt.date(2026, 6, 30)


def test_the_last_day_of_the_calendar_has_no_day_after() -> None:
    with pytest.raises(CellError, match=r"expected a last day before 9999-12-31 \(an empty cell"):
        END.value("9999-12-31", Source(column="until", inclusive=True))


@pytest.mark.parametrize(
    ("table", "column", "optional"),
    [
        ("contracts", "signed_on", True),
        ("contracts", "end", False),  # it may be empty, but what stands there must be read
        ("contracts", "start", False),
        ("payments", "entry", True),
    ],
)
def test_a_cell_may_count_as_unknown_where_the_column_may_be_absent(
    table: str, column: str, optional: bool
) -> None:
    assert TABLES[table][column].is_optional is optional


# --- Sources and tables


@pytest.mark.parametrize("times", ["0", "-12", "1000000.1"])
def test_a_factor_lies_above_0_and_up_to_a_million(times: str) -> None:
    with pytest.raises(
        DefinitionError, match=r"\$\.times: expected a factor above 0, up to 1,000,0"
    ):
        Source(column="monthly", times=Decimal(times))


@pytest.mark.parametrize("given", [{}, {"column": "a", "constant": "b"}, {"columns": ()}])
def test_a_source_is_exactly_one_thing(given: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match="expected one of column, columns, constant and row"):
        Source(**given)


def test_the_empty_text_is_a_constant_too() -> None:
    assert Source(constant="").of_file == ()


def test_a_text_is_the_name_of_a_column() -> None:
    months = Source(columns=("m1", "m0"))
    table = Table(columns={"seats": "Seats", "logins": months})

    assert table.sources == {"seats": Source(column="Seats"), "logins": months}
    assert [source.of_file for source in table.sources.values()] == [("Seats",), ("m1", "m0")]


# --- Files of a user


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        ({"acounts": {}}, "$.tables.acounts: unknown table 'acounts': did you mean 'accounts'?"),
        (
            {"contracts": {"columns": {"strat": "from"}}},
            "$.tables.contracts.columns.strat: contracts have no column 'strat': did you mean",
        ),
        (
            {"accounts": {"columns": {"seats": {"column": "s", "times": "2"}}}},
            "$.tables.accounts.columns.seats.times: only an amount can be multiplied here",
        ),
        (
            {"accounts": {"columns": {"seats": {"column": "s", "row": True}}}},
            "$.tables.accounts.columns.seats: expected one of column, columns, constant and row",
        ),
        (
            {"payments": {"columns": {"amount": {"column": "s", "times": "-1"}}}},
            "$.tables.payments.columns.amount.times: expected a factor above 0",
        ),
        ({"accounts": {"colums": {}}}, "$.tables.accounts.colums: unknown key 'colums'"),
        (
            {"accounts": {"ignored": "rest"}},
            "$.tables.accounts.ignored: expected a list of columns, or 'others', but got 'rest'",
        ),
        (
            {"contracts": {"columns": {"start": {"column": "s", "inclusive": True}}}},
            "$.tables.contracts.columns.start.inclusive: only the end of a contract can be its",
        ),
        (
            {"contracts": {"columns": {"end": {"columns": ["a", "b"]}}}},
            "$.tables.contracts.columns.end.columns: only a fact of the accounts can be a series",
        ),
        (
            {"events": {"columns": {"logins": {"columns": ["a", "b"]}}}},
            "$.tables.events.columns.logins.columns: only a fact of the accounts can be a series",
        ),
    ],
)
def test_a_layout_that_cannot_be_is_refused_with_its_path(
    tables: dict[str, Any], fault: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        from_json(json.dumps({"kind": "review", "version": 1, "tables": tables}), ReviewFile)

    assert fault in str(caught.value)


@pytest.mark.parametrize(
    "file",
    [
        *("../x.csv", "exports/../../x.csv", "exports/..", "..", "/x.csv", "//host/share/x.csv"),
        *("..\\x.csv", "exports\\..\\x.csv", "\\x.csv", "C:\\x.csv", "C:x.csv", "", "."),
    ],
)
def test_a_file_that_is_no_name_below_the_folder_is_refused_on_every_system(file: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        ReviewFile(tables={"accounts": Table(file=file)})

    (fault,) = caught.value.faults
    expected = "expected a name below the folder, such as 'exports/accounts.csv'"
    assert fault == Fault("$.tables.accounts.file", f"{expected}, but got {file!r}")


@pytest.mark.parametrize(
    "file", ["x.csv", "exports/x.csv", "./x.csv", "exports\\x.csv", "..x.csv", "客户.csv", "~/x"]
)
def test_a_file_may_lie_deeper_below_the_folder(file: str) -> None:
    assert ReviewFile(tables={"accounts": Table(file=file)}).tables["accounts"].file == file


def test_every_fault_of_a_layout_is_told_at_once() -> None:
    table = Table(file="../x.csv", columns={"strat": "from"}, ignored="rest")

    with pytest.raises(DefinitionError) as caught:
        ReviewFile(tables={"contracts": table, "acounts": Table()})

    assert [fault.path for fault in caught.value.faults] == [
        "$.tables.contracts.file",
        "$.tables.contracts.ignored",
        "$.tables.contracts.columns.strat",
        "$.tables.acounts",
    ]


def test_a_review_file_goes_to_json_and_back_unchanged() -> None:
    columns = {"account": Source(row=True), "seats": "Seats", "plan": Source(constant="pro")}
    amounts = {"annual_value": Source(column="monthly", times=Decimal("12.0"))}
    file = ReviewFile(
        tables={
            "accounts": Table(file="a.csv", columns=columns, ignored=("x",)),
            "contracts": Table(columns=amounts, ignored="others"),
        }
    )

    assert from_json(to_json(file), ReviewFile) == file
    assert from_json('{"kind": "review", "version": 1}', ReviewFile) == ReviewFile()


def test_what_was_written_alone_can_be_put_into_a_review_file() -> None:
    parts = {"scorecard": SCORECARD, "lifecycle": SUBSCRIPTION, "playbooks": PLAYBOOKS}
    data = {name: to_data(part) for name, part in parts.items()}

    assert from_data({"kind": "review", "version": 1, **data}, ReviewFile) == ReviewFile()


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ({"kind": "lifecycle"}, "$.scorecard.kind: expected 'scorecard', but got 'lifecycle'"),
        ({"version": 99}, "$.scorecard.version: version 99 is too new"),
        ({"version": "1"}, "$.scorecard.version: expected a whole number"),
    ],
)
def test_a_part_with_the_header_of_another_is_refused_with_its_path(
    header: dict[str, Any], fault: str
) -> None:
    data = {"kind": "review", "version": 1, "scorecard": {**to_data(SCORECARD), **header}}

    with pytest.raises(DefinitionError) as caught:
        from_data(data, ReviewFile)

    assert fault in str(caught.value)


def test_two_rules_that_need_one_fact_to_be_of_different_kinds_are_refused_with_both_paths() -> (
    None
):
    playbook = Playbook(name="p", need="n", layer="service", entry=rule("seats == 'many'"))

    with pytest.raises(DefinitionError) as caught:
        ReviewFile(playbooks=Library(name="l", playbooks=(playbook,)))

    assert str(caught.value) == (
        "definitions is not valid: $.playbooks.playbooks[0].entry: needs 'seats' to be text, "
        "but $.scorecard.measures[0].value needs number"
    )


def test_the_definitions_of_a_review_file_are_the_stock_ones_where_it_says_nothing() -> None:
    assert ReviewFile().definitions == Definitions()
