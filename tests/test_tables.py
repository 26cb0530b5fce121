"""The columns handed over are found, checked, and read as each of their rows would be."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pytest

from column_strategies import NAN, NAT, assert_equal_row_by_row
from cslib.expressions import Fact
from cslib.facts import FactError
from cslib.inference import infer
from cslib.lowering import lower
from cslib.rules import rule
from cslib.tables import ColumnsError, Table, read_each
from strategies import AS_OF

# What is found


def test_an_absent_column_is_unknown_in_every_row() -> None:
    for text in ("b > 1", "b == 'x'", "b", "b == c", "coalesce(b, c)", "max(b, c)", "streak(2, b)"):
        assert rule(text).columns({"a": [1, 2]}).tolist() == [None, None]


def test_an_absent_column_takes_the_kind_of_what_it_is_compared_with() -> None:
    columns = {"a": np.array(["x", "y"])}

    assert rule("coalesce(b, a)").columns(columns).tolist() == ["x", "y"]
    assert rule("a == b or a == 'x'").columns(columns).tolist() == [True, None]
    assert rule("a == b").columns({**columns, "b": None}).tolist() == [None, None]


@pytest.mark.parametrize(
    "column",
    [np.full(2, NAN), np.full(2, NAT), [None, None], np.ma.MaskedArray([1, 2], [True] * 2)],
)
@pytest.mark.parametrize("text", ["a > 1", "a == 'x'", "a", "not a", "days_since(a) > 1", "a == b"])
def test_a_column_in_which_nothing_is_known_is_unknown_whatever_its_type(
    text: str, column: Any
) -> None:
    found = rule(text).columns({"a": column, "b": np.array(["x", "y"])}, as_of=AS_OF)

    assert found.tolist() == [None, None]


def test_a_dot_leads_to_a_column_of_that_name_or_into_a_mapping() -> None:
    made = rule("owner.seats > 1")

    assert made.columns({"owner.seats": [1, 2]}).tolist() == [False, True]
    assert made.columns({"owner": {"seats": [1, 2]}}).tolist() == [False, True]
    assert made.columns({"owner": [1, 2]}).tolist() == [None, None]


def test_a_rule_that_reads_nothing_there_answers_for_the_rows_there_are() -> None:
    assert rule("5 > 3").columns({"owner": {"seats": [1, 2]}}).tolist() == [True, True]
    assert rule("'x'").columns({"scale": 5, "a": []}).tolist() == []


@pytest.mark.parametrize("columns", [{}, {"scale": 5}, {"owner": {}}, {"a": None}])
def test_without_any_column_the_number_of_rows_is_unknown(columns: Any) -> None:
    with pytest.raises(ColumnsError, match="pass at least one column"):
        rule("a > 1" if "a" in columns else "5 > 3").columns(columns)


def test_columns_must_be_equally_long() -> None:
    with pytest.raises(ColumnsError, match="equally long, but 'a' has 1, 'b' has 2") as caught:
        rule("a > b").columns({"a": [1], "b": [1, 2]})

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


@pytest.mark.parametrize("column", [5, "text", np.zeros((1, 1, 1))])
def test_a_column_has_one_or_two_dimensions(column: Any) -> None:
    with pytest.raises(ColumnsError, match="column 'a' must have one or two dimensions"):
        rule("a > 1").columns({"a": column})


RECORDS = np.zeros(2, [("seats", float), ("nps", int)])


@pytest.mark.parametrize("records", [RECORDS, RECORDS.view(np.recarray), np.ma.array(RECORDS)])
def test_an_array_of_records_is_no_mapping_and_no_column(records: Any) -> None:
    with pytest.raises(ColumnsError, match="expected a mapping of names to arrays"):
        rule("seats > 1").columns(records)
    with pytest.raises(FactError, match="fact 'a' in row 0: expected a number"):
        rule("a > 1").columns({"a": records})


def test_a_column_that_nobody_reads_may_be_a_single_number() -> None:
    assert rule("a > 1").columns({"scale": np.array(5), "b": [1, 2]}).tolist() == [None, None]


# What is read


def test_a_table_is_read_in_blocks_of_every_fact_at_every_lag() -> None:
    made = rule("a > prior(a, 1)")
    table = Table(lower(made.node), infer(made.node), {"a": np.array([[1, 5], [3, 2], [4, 4]])})

    found = table.read(slice(1, 3))

    assert table.rows == 3
    assert {fact: block.value.tolist() for fact, block in found.items()} == {
        Fact("a"): [2.0, 4.0],
        Fact("a", 1): [3.0, 4.0],
    }


def test_an_unknown_of_no_kind_is_read_as_none() -> None:
    made = rule("a == b")
    table = Table(made.node, infer(made.node), {"a": [None]})

    assert table.read(slice(0, 1)) == {Fact("a"): None, Fact("b"): None}


def test_entries_are_read_one_by_one_and_an_error_tells_the_row() -> None:
    def read(entry: int) -> int:
        if entry < 0:
            raise FactError("a", "a positive number", entry)
        return 2 * entry

    assert read_each(read, [1, 2], 7) == [2, 4]
    with pytest.raises(FactError) as caught:
        read_each(read, [1, -2], 7)
    assert caught.value.row == 8


# Errors name the fact, the row, the value and what was expected


WRONG: list[tuple[str, Any, int, str]] = [
    ("a > 5", np.array(["10"]), 0, "number"),
    ("a > 5", np.array([True]), 0, "number"),
    ("a and b", np.array([NAN, 1.0]), 1, "boolean (for a 0 or 1 flag"),
    ("a == 'x'", np.array([NAN, 2.0]), 1, "text"),
    ("a == 'x'", np.ma.MaskedArray([1, 2], [True, False]), 1, "text"),
    ("a == 'x'", ["x", 5], 1, "text"),
    ("a > date('2026-01-01')", np.array(["NaT", "2026-01-01"], "M8[s]"), 1, "date (dates and inst"),
    ("a > instant('2026-01-01T00:00Z')", np.array(["2026-01-01"], "M8[D]"), 0, "instant (dates an"),
    ("a > 5", np.array([b"x"]), 0, "a number, text, boolean"),
    ("a > 5", np.array([1j]), 0, "a number, text, boolean"),
    ("a > 5", np.array([0, 5], "m8[D]"), 0, "a number, text, boolean"),
    ("a > 5", np.array([(1,)], [("x", int)]), 0, "a number, text, boolean"),
    ("a > 5", [{}], 0, "a number, text, boolean"),
    ("is_missing(a)", [None, {}], 1, "a number, text, boolean"),
    ("a + 1 > 5", np.array([1, 2**53 + 1]), 1, "a whole number within"),
    ("a + 1 > 5", np.array([1, 2**63], "uint64"), 1, "a whole number within"),
    ("a + 1 > 5", [1, -(2**53) - 1], 1, "a whole number within"),
    ("streak(2, a > 1)", np.array([NAN, 1.0]), 1, "a series"),
    ("streak(2, a > 1)", [[1, 2], 3], 1, "a series"),
    ("streak(2, a > 1)", [[1, 2], [3, "x"]], 1, "number"),
    ("streak(2, a > 1)", [[[1], [2]]], 0, "a series of single values"),
    ("streak(2, a > 1)", np.array([[1, "x"], [1, 2]], object), 0, "number"),
    ("coalesce(a, a)", np.array(["2026-01-01", "20000-01-01"], "M8[D]"), 1, "a date or instant wi"),
    ("coalesce(a, a)", np.array([2**62], "M8[s]"), 0, "a date or instant within the years"),
    ("coalesce(a, a)", [np.datetime64(2**62, "s")], 0, "a date or instant within the years"),
    ("coalesce(a, a)", [1, "x"], 1, "number"),
]


@pytest.mark.parametrize(("text", "column", "row", "expected"), WRONG)
def test_an_error_is_that_of_the_record_with_its_row(
    text: str, column: Any, row: int, expected: str
) -> None:
    with pytest.raises(FactError) as caught:
        rule(text).columns({"a": column})

    assert caught.value.row == row
    assert caught.value.expected.startswith(expected)
    if isinstance(column, np.ndarray) or text != "coalesce(a, a)":
        with pytest.raises(FactError) as alone:
            rule(text)({"a": column[row]})
        assert alone.value.expected == caught.value.expected


@pytest.mark.parametrize(
    "column",
    [
        np.array([2**53, 2**53 + 1, 2**63 - 1, 0]),
        np.array([2**53, 2**53 + 1, 2**64 - 1, 0], "uint64"),
        np.ma.MaskedArray([2**53, 2**53 + 1, 2**63 - 1, 0], [0, 0, 0, 1]),
        [2**53, 2**53 + 1, 2**80, None],
    ],
)
def test_integers_that_no_double_holds_are_compared_exactly(column: Any) -> None:
    columns = {"a": column, "b": np.array([2.0**53] * 4), "c": [2**53 + 1] * 4}

    for text in ("a == b", "a > b", "a <= c", "a != c", "a in {0, 9007199254740992}", "a > 5"):
        assert_equal_row_by_row(rule(text), columns, 4)
    assert rule("a > b").columns(columns).tolist()[:3] == [False, True, True]


def test_what_is_masked_may_be_anything() -> None:
    far = np.ma.MaskedArray([1, 2**53 + 1], [False, True])
    late = np.ma.MaskedArray(np.array([0, 2**40], "M8[D]"), [False, True])

    assert rule("a + 1 > 1").columns({"a": far}).tolist() == [True, None]
    assert rule("a > date('2026-01-01')").columns({"a": late}).tolist() == [False, None]


def test_columns_compared_with_one_another_must_be_of_one_kind() -> None:
    with pytest.raises(FactError, match="number, like fact 'a', but got 'x'") as caught:
        rule("a == b").columns({"a": [1, None, 2], "b": np.array([None, "x", None])})

    assert (caught.value.fact, caught.value.row) == ("b", 1)


def test_a_column_whose_kind_only_the_data_tell_is_of_its_first_known_kind() -> None:
    columns = {"a": [None] * 2_000 + [[1, None]], "b": [None] * 2_000 + ["x"]}

    assert rule("prior(a, 1) == b or not is_missing(b)").kinds["a"]
    with pytest.raises(FactError, match="like fact 'a'"):
        rule("prior(a, 1) == b").columns(columns)
    assert rule("prior(a, 1) == c").columns({**columns, "c": [1.0] * 2_001}).tolist()[-1] is True


def test_an_error_does_not_depend_on_what_another_part_decides() -> None:
    for b in (True, False):
        with pytest.raises(FactError, match="fact 'a' in row 1"):
            rule("b and a > 5").columns({"a": [1, "x"], "b": [b, b]})


# Times


def test_dates_and_instants_do_not_mix() -> None:
    columns = {
        "a": np.array(["2026-01-01"], "datetime64[D]"),
        "b": np.array(["2026-01-01"], "datetime64[s]"),
    }

    with pytest.raises(FactError, match="date, like fact 'a'"):
        rule("a == b").columns(columns)


def test_naive_datetimes_are_refused_as_in_a_record() -> None:
    with pytest.raises(
        FactError, match="in row 0: expected a date, or a datetime with a time zone"
    ):
        rule("a == b").columns({"a": [dt.datetime(2026, 1, 1)]})


def test_units_may_differ_and_all_count_as_microseconds() -> None:
    moment = "2026-01-01T00:00:00.000001999"
    columns = {
        "a": np.array([moment, "NaT"], "datetime64[ns]"),
        "b": np.array(["2026-01-01T00:00:00.000001", "2026-01-01"], "datetime64[us]"),
        "c": np.array(["2026-01-01", "2026-01-01"], "datetime64[s]"),
        "d": [dt.datetime(2026, 1, 1, tzinfo=dt.UTC), None],
    }

    assert rule("a == b").columns(columns).tolist() == [True, None]
    assert rule("c == d and a > c").columns(columns).tolist() == [True, None]
    assert_equal_row_by_row(rule("max(a, b, c, d)"), columns, 2)


def test_years_that_python_does_not_have_are_no_dates() -> None:
    for unit in "YMWD":
        last: Any = np.array(["9998-01-01"], f"datetime64[{unit}]")
        assert rule("a > date('2026-01-01')").columns({"a": last}).tolist() == [True]
        with pytest.raises(FactError, match="within the years 1 to 9999"):
            rule("a > date('2026-01-01')").columns({"a": last + np.timedelta64(3_000, unit)})


# Series


def test_a_series_is_rows_by_periods_the_oldest_first() -> None:
    logins = np.array([[1, 5, 6], [7, NAN, 9], [0, 1, 9]])

    assert rule("prior(a, 1)").columns({"a": logins}).tolist() == [5.0, None, 1.0]
    assert rule("streak(2, a > 4)").columns({"a": logins}).tolist() == [True, None, False]
    assert rule("prior(a, 3)").columns({"a": logins}).tolist() == [None, None, None]
    assert rule("a").columns({"a": logins}).tolist() == [6.0, 9.0, 9.0]


def test_only_the_periods_that_a_rule_reads_are_checked() -> None:
    ragged, square = [["x", 1, 2]], np.array([["x", 1, 2]], object)

    for column in (ragged, square):
        assert rule("streak(2, a > 0)").columns({"a": column}).tolist() == [True]
    assert rule("streak(2, a > 0)")({"a": ragged[0]}) is True


# Others' arrays


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="numpy 2 has variable strings")
def test_variable_strings_serve_with_their_own_missing_value() -> None:
    dtype: Any = np.dtypes.StringDType(na_object=None)
    column = np.array(["pro", None, "a long name of a plan"], dtype)

    assert rule("a == 'pro'").columns({"a": column}).tolist() == [True, None, False]
    assert_equal_row_by_row(rule("coalesce(a, 'none')"), {"a": column}, 3)


@pytest.mark.peer
def test_missing_values_of_pandas_are_unknown() -> None:
    pandas = pytest.importorskip("pandas", reason="peer comparison: dependency group `peers`")
    frame = pandas.DataFrame(
        {
            "a": pandas.array([1, None, 3], "Int64"),
            "b": pandas.to_datetime(["2026-01-01", None, "2026-01-03"], utc=True),
            "c": pandas.array(["x", None, "z"], "string"),
        }
    )

    assert rule("a > 1 and c > 'b'").columns(frame).tolist() == [False, None, True]
    assert rule("days_since(b)").columns(frame, as_of=AS_OF).tolist() == [180.0, None, 178.0]
