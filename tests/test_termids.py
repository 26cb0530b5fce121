"""Ids are found at the speed of numbers, and never taken for one another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import termids
from cslib.termids import Index, TermColumn, numbered

some_ids = st.lists(st.text("abc", min_size=1, max_size=3), max_size=12)


def ids(*names: str | int | None) -> TermColumn:
    known = np.array([name is not None for name in names], bool)
    return TermColumn(np.array(["" if name is None else name for name in names]), known)


def column(names: list[str]) -> TermColumn:
    return TermColumn(np.array(names, np.str_), np.ones(len(names), bool))


def test_an_id_is_found_in_a_column_of_another_width() -> None:
    assert Index(ids("fox", "a-much-longer-id")).rows(ids("fox", "fo")).tolist() == [0, -1]


def test_numbers_are_ids_as_well() -> None:
    index = Index(ids(7, -3))

    assert index.rows(TermColumn(np.array([-3, 7, 8]), np.ones(3, bool))).tolist() == [1, 0, -1]


def test_an_id_that_is_missing_is_found_nowhere() -> None:
    assert Index(ids("a", "b")).rows(ids(None, "b")).tolist() == [-1, 1]


def test_nothing_is_found_among_no_ids() -> None:
    assert Index(column([])).rows(ids("a")).tolist() == [-1]


@given(st.lists(st.text(max_size=4), unique=True, max_size=12), some_ids)
def test_among_ids_that_stand_once_each_is_found_where_it_stands(
    names: list[str], asked: list[str]
) -> None:
    names = [f"{name}." for name in names]  # a text of numpy has no trailing null
    index = Index(column(names))

    assert not index.twice.any()
    assert index.rows(column([*names, *asked])).tolist() == [
        *range(len(names)),
        *(names.index(each) if each in names else -1 for each in asked),
    ]


@given(some_ids)
def test_rows_whose_id_stands_again_are_named(names: list[str]) -> None:
    assert Index(column(names)).twice.tolist() == [names.count(name) > 1 for name in names]


@given(some_ids)
def test_equal_ids_have_one_number_and_others_have_others(names: list[str]) -> None:
    codes, unsure = numbered(column(names))

    assert not unsure.any()
    assert set(codes.tolist()) == set(range(len(set(names))))
    assert len(set(zip(codes.tolist(), names, strict=True))) == len(set(names))


def test_ids_that_share_a_hash_are_named_and_not_found_for_one_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(termids, "_MULTIPLIER", 1)  # anagrams share a hash
    index = Index(ids("ab", "c"))

    assert index.rows(ids("ba", "ab")).tolist() == [-1, 0]
    assert Index(ids("ab", "ba", "c")).twice.tolist() == [True, True, False]
    assert numbered(ids("ab", "ba", "c"))[1].sum() == 1
