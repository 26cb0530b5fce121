"""Columns of every kind, however they are held, and a check that they answer as their rows do."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st

import strategies
from cslib.expressions import Kind
from cslib.rules import Rule
from strategies import AS_OF

NAN, NAT = float("nan"), np.datetime64("NaT", "D")


def exactly(value: Any) -> tuple[type, Any]:
    """What tells values apart to the bit: also 0.0 from -0.0, and 1 from 1.0 and True."""
    return type(value), value.hex() if isinstance(value, float) else value


def assert_equal_row_by_row(made: Rule, columns: Mapping[str, Any], rows: int) -> None:
    answers = made.columns(columns, as_of=AS_OF).tolist()

    records = [{name: column[row] for name, column in columns.items()} for row in range(rows)]
    expected = [made(record, as_of=AS_OF) for record in records]
    same = [*map(exactly, answers)] == [*map(exactly, expected)]
    assert same, f"{made}: columns answer {answers}, but records {expected}"


# Generated columns: for each kind, every way that we know to hold it

Made = st.SearchStrategy[Any]


class Plan(enum.StrEnum):
    FREE = "free"
    PRO = "pro"


def listed(values: Made, rows: int) -> Made:
    return st.lists(values, min_size=rows, max_size=rows)


def array(values: Made, rows: int, dtype: str) -> Made:
    return listed(values, rows).map(lambda entries: np.array(entries, dtype))


def objects(values: Made, rows: int) -> Made:
    return listed(values, rows).map(lambda entries: np.fromiter(entries, object, len(entries)))


def masked(plain: Made, rows: int) -> Made:
    masks = listed(st.booleans(), rows)
    return st.builds(lambda data, mask: np.ma.MaskedArray(data, mask), plain, masks)


INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint64")
SMALL = st.integers(0, 100)
NUMBERS = strategies.values(Kind.NUMBER)
DAYS = strategies.VALUES[Kind.DATE].map(lambda day: np.datetime64(day, "D"))
MOMENTS = strategies.VALUES[Kind.INSTANT].map(
    lambda moment: np.datetime64(moment.astimezone(dt.UTC).replace(tzinfo=None), "us")
)
LOOSE_NUMBERS = st.one_of(
    NUMBERS,
    SMALL.map(Decimal),
    st.sampled_from([Decimal("NaN"), np.ma.masked, NAT, np.float32(0.1), np.int8(3)]),
    st.fractions(-5, 5, max_denominator=7),
)
TEXTS = strategies.VALUES[Kind.TEXT]


def held(kind: Kind, rows: int) -> list[Made]:
    match kind:
        case Kind.NUMBER:
            floats = array(NUMBERS.map(lambda x: NAN if x is None else x), rows, "float64")
            whole = [array(SMALL, rows, dtype) for dtype in INTEGERS]
            narrow = [array(st.floats(-9, 9, width=16), rows, f"float{w}") for w in (16, 32)]
            loose = [objects(LOOSE_NUMBERS, rows), listed(NUMBERS, rows)]
            return [floats, *whole, *narrow, *loose, *(masked(each, rows) for each in whole)]
        case Kind.TEXT:
            plain = array(TEXTS, rows, "U")
            loose_text = st.one_of(TEXTS, st.sampled_from([None, NAN, Plan.PRO, np.str_("free")]))
            return [plain, masked(plain, rows), objects(loose_text, rows)]
        case Kind.BOOLEAN:
            plain = array(st.booleans(), rows, "bool")
            loose_truth = st.sampled_from([True, False, None, np.True_, np.False_, np.ma.masked])
            return [plain, masked(plain, rows), objects(loose_truth, rows)]
        case Kind.DATE:
            days = [array(DAYS | st.just(NAT), rows, f"datetime64[{unit}]") for unit in "DM"]
            loose_days = st.one_of(DAYS, strategies.values(Kind.DATE), st.just(NAT))
            return [*days, masked(days[0], rows), objects(loose_days, rows)]
    units = ("s", "ms", "us", "ns")
    moments = [array(MOMENTS | st.just(NAT), rows, f"datetime64[{unit}]") for unit in units]
    loose_moments = st.one_of(MOMENTS, strategies.values(Kind.INSTANT), st.just(NAT))
    return [*moments, masked(moments[2], rows), objects(loose_moments, rows)]


def held_series(kind: Kind, rows: int) -> list[Made]:
    """Series: two dimensions, rows by periods; or an entry of its own length for each row."""
    ragged = st.none() | st.lists(strategies.values(kind), max_size=5)
    periods = st.integers(0, 4)
    square = periods.flatmap(
        lambda n: st.one_of(held(kind, rows * n)).map(
            lambda flat: flat if isinstance(flat, list) else flat.reshape(rows, n)
        )
    ).filter(lambda data: not isinstance(data, list))
    return [objects(ragged, rows), listed(ragged, rows), square, square]
