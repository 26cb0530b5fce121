"""Cells: what each reader takes, and that it takes nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import cells
from cslib.cells import CellError
from cslib.expressions import Kind
from cslib.renewal import EntryKind

READERS: list[Callable[[str], Any]] = [
    *(cells.amount, cells.day, cells.flag, cells.instant, cells.moment, cells.number),
]


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-3", -3), ("+3", 3), ("3.", 3.0), (".5", 0.5), ("1200.50", 1200.5), ("2e3", 2e3)],
)
def test_a_number_is_read(text: str, value: float) -> None:
    assert cells.number(text) == value
    assert type(cells.number(text)) is type(value)


@pytest.mark.parametrize(
    "text", ["1,200", "1 200", "1_200", "0x10", "nan", "inf", "1e999", "9" * 400, "٣", "10%", "."]
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(CellError, match=r"expected a number such as 1200\.50"):
        cells.number(text)


@pytest.mark.parametrize("text", ["1,200.00", "1e3", "", "€5", "1.12345678901", "9" * 31, "NaN"])
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(CellError, match=r"expected an amount such as 1200\.50"):
        cells.amount(text)


def test_an_amount_below_zero_is_refused_with_the_way_out() -> None:
    with pytest.raises(CellError, match=r"0 or more \(what goes back is a refund\)"):
        cells.amount("-5")


@pytest.mark.parametrize("text", ["2026-2-3", "20260203", "2026-W01-1", "2026-02-30", "0000-01-01"])
def test_a_date_has_one_form(text: str) -> None:
    with pytest.raises(CellError, match="expected a date such as 2026-06-30"):
        cells.day(text)


def test_an_instant_names_its_time_zone() -> None:
    east = dt.timezone(dt.timedelta(hours=8))

    assert cells.instant("2026-06-30T09:00+08:00") == dt.datetime(2026, 6, 30, 9, tzinfo=east)
    with pytest.raises(CellError, match="an instant with its time zone"):
        cells.instant("2026-06-30T09:00")


def test_a_moment_is_a_date_or_an_instant() -> None:
    assert cells.moment("2026-06-30") == dt.date(2026, 6, 30)
    assert cells.moment("2026-06-30T09:00Z") == dt.datetime(2026, 6, 30, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("FALSE", False), ("True", True)])
def test_a_flag_is_read_in_small_or_capital_letters(text: str, value: bool) -> None:
    assert cells.flag(text) is value


@pytest.mark.parametrize("text", ["1", "0", "yes", "ja", "t"])
def test_what_only_may_be_a_flag_is_refused(text: str) -> None:
    with pytest.raises(CellError, match="expected true or false"):
        cells.flag(text)


def test_a_choice_names_what_can_be_chosen() -> None:
    read = cells.choice(EntryKind)

    assert read("paid") is EntryKind.PAID
    with pytest.raises(CellError, match="expected due, paid, refund or credit, but got 'Paid'"):
        read("Paid")


# --- The kind of a column


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "2", "n/a"], Kind.NUMBER),
        (["true", "false"], Kind.BOOLEAN),
        (["2026-01-01", "soon"], Kind.DATE),
        (["2026-01-01T09:00Z"], Kind.INSTANT),
        (["a", "b", "3"], Kind.TEXT),
        ([], Kind.NUMBER),
    ],
)
def test_a_column_is_of_the_kind_that_most_of_its_cells_are_of(
    texts: list[str], kind: Kind
) -> None:
    assert cells.column_kind(frozenset(Kind), texts) is kind


def test_a_column_is_of_no_kind_that_the_rules_forbid() -> None:
    days = frozenset({Kind.DATE, Kind.INSTANT})

    assert cells.column_kind(days, ["x", "y", "2026-01-01T09:00Z"]) is Kind.INSTANT
    assert cells.column_kind(frozenset({Kind.TEXT}), ["1", "2"]) is Kind.TEXT


# --- Laws


@given(st.sampled_from(READERS), st.text(max_size=30))
def test_whatever_stands_in_a_cell_it_is_read_or_refused(
    reader: Callable[[str], Any], text: str
) -> None:
    try:
        read = reader(text) is not None
    except CellError as error:
        read = error.given == text
    assert read


@given(st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_was_written_is_read_back(value: float) -> None:
    assert cells.number(repr(value)) == value


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 10**20])
def test_a_whole_number_that_no_double_holds_is_refused(value: int) -> None:
    with pytest.raises(CellError, match="within plus or minus 2"):
        cells.number(str(value))


@given(st.dates())
def test_a_date_that_was_written_is_read_back(value: dt.date) -> None:
    assert cells.day(value.isoformat()) == value


@given(st.decimals(0, 10**20, places=2))
def test_an_amount_that_was_written_is_read_back(value: Decimal) -> None:
    assert cells.amount(f"{value:f}") == value
