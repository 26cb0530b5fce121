"""Columns that were handed in, and what is said of those that cannot be taken."""

from __future__ import annotations

import numpy as np
import pytest

from cslib.arguments import ArgumentError, check_lengths, flat, refuse_rows
from cslib.cuberows import CubeError
from cslib.scans import ScanError
from cslib.survival import SurvivalError
from cslib.visits import VisitTableError

AGES = np.array([5, -1, -2])


@pytest.mark.parametrize("error", [CubeError, ScanError, SurvivalError, VisitTableError])
def test_the_error_of_each_subject_is_caught_as_the_one_that_they_share(
    error: type[ArgumentError],
) -> None:
    with pytest.raises(ArgumentError) as caught:
        refuse_rows(error, "age", AGES, AGES < -1, "expected 0 or more")

    assert type(caught.value) is error
    assert (caught.value.argument, caught.value.row) == ("age", 2)
    assert str(caught.value) == "age[2] is -2: expected 0 or more"


def test_of_several_wrong_rows_the_first_is_named_and_all_are_counted() -> None:
    with pytest.raises(ArgumentError) as caught:
        refuse_rows(ArgumentError, "age", AGES, AGES < 0, "expected 0 or more")

    assert str(caught.value) == "age[1] is -1 (the first of 2 such rows): expected 0 or more"


def test_a_column_without_a_wrong_row_is_taken() -> None:
    refuse_rows(ArgumentError, "age", AGES, AGES > 9, "expected 9 or less")


def test_an_error_of_a_whole_argument_names_no_row() -> None:
    assert str(ArgumentError("groups", None, "has 1: expected two")) == "groups has 1: expected two"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1], [2]], r"age has shape \(2, 1\): expected one dimension"),
        (5, r"age has shape \(\): expected one dimension"),
        ("age", "age is the text 'age': expected a column, with one value for each row"),
        ([[1], [2, 3]], "age is ragged: expected one value for each row"),
    ],
)
def test_what_is_no_column_is_refused(given: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        flat(ArgumentError, "age", given)


def test_a_masked_column_stays_one() -> None:
    masked = np.ma.masked_less(AGES, 0)

    assert flat(ArgumentError, "age", masked) is masked


def test_columns_that_differ_in_length_are_refused_with_the_length_of_each() -> None:
    check_lengths(ArgumentError, {"age": 3, "seats": 3})
    with pytest.raises(ArgumentError, match="columns differ in length: age has 3, seats has 2"):
        check_lengths(ArgumentError, {"age": 3, "seats": 2})
