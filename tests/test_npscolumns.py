"""Columns of NPS answers: equal to the answers one by one, and refused by row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.moments import MomentError
from cslib.nps import (
    NetPromoterScore,
    NpsError,
    Response,
    net_promoter_score,
    net_promoter_scores,
    paired_change,
    score_interval,
    standing_answers,
)
from cslib.npscolumns import (
    column_score,
    group_scores,
    interval_columns,
    paired_column_change,
    standing_rows,
)
from cslib.rules import rule

answers = st.none() | st.integers(0, 10)
counts = st.integers(0, 10**6)
DAY = dt.date(2026, 6, 30)


def spelled(given: list[int | None], how: str) -> Any:
    """A column of answers as tools spell it: objects, floats with NaN, or masked whole numbers."""
    if how == "objects":
        return np.array(given, np.object_)
    if how == "floats":
        return np.array([np.nan if each is None else each for each in given], np.float64)
    hidden = [each is None for each in given]
    return np.ma.masked_array([each or 0 for each in given], hidden, dtype=np.int8)


spellings = st.sampled_from(["objects", "floats", "masked"])


# --- The two doors


@given(st.lists(answers), spellings, st.integers(1, 4))
def test_a_column_scores_as_its_answers_do(given: list[int | None], how: str, least: int) -> None:
    found = column_score(spelled(given, how), invited=100_000, least=least)

    assert found == net_promoter_score(given, invited=100_000, least=least)


@given(st.lists(st.tuples(st.sampled_from("abc"), answers)), spellings, st.integers(1, 4))
def test_groups_of_columns_score_as_those_of_pairs_do(
    pairs: list[tuple[str, int | None]], how: str, least: int
) -> None:
    names, given = [name for name, _ in pairs], spelled([answer for _, answer in pairs], how)
    found, one_by_one = (
        group_scores(names, given, least=least),
        net_promoter_scores(pairs, least=least),
    )

    assert {name: found.of(name) for name in found.groups.tolist()} == one_by_one
    assert found.points.tolist() == [each.points for each in one_by_one.values()]
    facts = found.facts(np.array(["c", "a", "z"]))
    for row, name in enumerate(["c", "a", "z"]):
        nobody = NetPromoterScore(promoters=0, passives=0, detractors=0)
        alone = {key: column[row : row + 1].tolist()[0] for key, column in facts.items()}
        assert alone == one_by_one.get(name, nobody).facts()


@given(st.lists(st.tuples(counts, counts, counts), min_size=1), st.floats(0.01, 0.999))
def test_the_intervals_of_columns_are_equal_to_the_bit(
    rows: list[tuple[int, int, int]], level: float
) -> None:
    low, high = interval_columns(*np.array(rows).T, level)

    for row, first, last in zip(rows, low.tolist(), high.tolist(), strict=True):
        alone = score_interval(*row, level)
        if alone is None:
            assert np.isnan([first, last]).all()
        else:
            assert (first, last) == (alone.low, alone.high)


@given(st.lists(st.tuples(answers, answers)), spellings)
def test_a_paired_change_of_columns_is_that_of_respondents(
    pairs: list[tuple[int | None, int | None]], how: str
) -> None:
    before, after = ({str(i): pair[k] for i, pair in enumerate(pairs)} for k in (0, 1))

    found = paired_column_change(
        spelled(list(before.values()), how), spelled(list(after.values()), how), least=2
    )

    assert found == paired_change(before, after, least=2)


moments = st.dates(dt.date(2026, 6, 20), dt.date(2026, 7, 5))
instants = st.datetimes(
    dt.datetime(2026, 6, 29), dt.datetime(2026, 7, 1), timezones=st.just(dt.UTC)
).map(lambda at: at.replace(minute=0, second=0, microsecond=0))


@given(st.data(), st.booleans(), st.booleans())
def test_the_rows_that_stand_are_those_of_the_responses_that_stand(
    data: st.DataObject, by_instants: bool, of_instant: bool
) -> None:
    at = instants if by_instants else moments
    who = st.tuples(st.sampled_from(["ada", "bo"]), answers, at, st.sampled_from(["A1", "A2"]))
    rows = data.draw(st.lists(who, max_size=10))
    as_of = data.draw(instants) if of_instant else data.draw(moments)
    age = data.draw(st.none() | st.integers(0, 6))
    responses = [
        Response(respondent=name, answer=answer, at=day, account=account)
        for name, answer, day, account in rows
    ]
    naive = [
        day.replace(tzinfo=None) if isinstance(day, dt.datetime) else day for _, _, day, _ in rows
    ]

    found = standing_rows(
        [name for name, *_ in rows],
        np.array([answer for _, answer, *_ in rows], np.object_),
        np.array(naive, "datetime64[us]" if by_instants else "datetime64[D]"),
        account=[account for *_, account in rows],
        as_of=as_of,
        max_age_days=age,
    )

    alone = standing_answers(responses, as_of=as_of, max_age_days=age)
    assert [responses[row] for row in found.rows.tolist()] == list(alone.kept)
    assert found.left_out == alone.left_out


# --- Groups


def test_the_facts_of_accounts_follow_the_order_of_the_book_and_are_read_by_rules() -> None:
    found = group_scores([7, 3, 7, 3], [10, 2, 9, None], least=2)

    facts = found.facts([3, 7, 9])

    assert facts["account_nps"].tolist() == [None, 100.0, None]
    assert facts["nps_responses"].tolist() == [1, 2, 0]
    assert facts["detractors"].tolist() == [1, 0, 0]
    warning = rule("account_nps < 0 or detractors >= 1").columns(facts)
    assert warning.value.tolist()[:2] == [True, False]
    assert warning.known.tolist() == [True, True, False]


def test_nobody_answered_for_any_account_of_a_book_without_answers() -> None:
    facts = group_scores([], []).facts(["A1"])

    assert facts["account_nps"].tolist() == [None]
    assert facts["nps_responses"].tolist() == [0]


def test_groups_compare_by_content_and_say_how_large_they_are() -> None:
    found = group_scores(["a", "b", "a"], [9, 3, None])

    assert found == group_scores(["b", "a", "a"], [3, None, 9])
    assert repr(found) == "<GroupScores: 2 answers of 2 groups>"


def test_a_group_of_which_there_is_no_row_is_refused() -> None:
    with pytest.raises(NpsError, match=r"^group is 'z', of which there is no row"):
        group_scores(["a"], [9]).of("z")


def test_below_the_least_size_a_group_has_neither_points_nor_limits() -> None:
    found = group_scores(["a", "b", "b"], [9, 9, 3], least=2)

    assert found.points.tolist() == [None, 0.0]
    assert np.isnan(found.intervals()).tolist() == [[True, False], [True, False]]
    assert str(found).splitlines()[1].split() == ["a", "1", "1", "0", "0", "unknown"]


# --- Faults, by row


@pytest.mark.parametrize(
    "column",
    [
        [9, 11],
        [9, -1],
        [9, 7.5],
        [9.0, np.inf],
        np.array([9, True], np.object_),
        np.array([9, "9"], np.object_),
    ],
)
def test_what_is_no_answer_is_refused_by_its_row(column: Any) -> None:
    with pytest.raises(NpsError, match=r"^answers\[1\] is .*: expected a whole number from 0 to"):
        column_score(column)


@pytest.mark.parametrize("column", [[True, False], ["9", "8"]])
def test_truths_and_text_are_no_answers(column: Any) -> None:
    with pytest.raises(NpsError, match=r"^answers\[0\] is "):
        column_score(column)


def test_what_is_hidden_is_not_looked_at() -> None:
    hidden = np.ma.masked_array(np.array(["none", 9], np.object_), [True, False])

    assert column_score(hidden) == net_promoter_score([None, 9])


@pytest.mark.parametrize(
    "group",
    [["a", ""], np.array(["a", None], np.object_), np.ma.masked_array(["a", "b"], [False, True])],
)
def test_a_group_without_a_name_is_refused_by_its_row(group: Any) -> None:
    with pytest.raises(NpsError, match=r"^group\[1\] is .*expected"):
        group_scores(group, [9, 9])


def test_accounts_are_ids_of_the_kind_of_the_groups() -> None:
    with pytest.raises(NpsError, match=r"^accounts holds int64: expected text, as the groups are"):
        group_scores(["a"], [9]).facts(np.array([1], np.int64))
    with pytest.raises(NpsError, match="expected whole numbers, as the groups are"):
        group_scores([1], [9]).facts(["a"])


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([0.5], r"holds float64: expected whole numbers"),
        (np.ma.masked_array([1], [True]), r"passives\[0\] is masked"),
        ([-1], r"passives\[0\] is -1: expected 0 or more"),
    ],
)
def test_counts_of_an_interval_are_whole_numbers(column: Any, message: str) -> None:
    with pytest.raises(NpsError, match=message):
        interval_columns([1], column, [1])


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(NpsError, match="differ in length: group has 1, answers has 2"):
        group_scores(["a"], [9, 9])
    with pytest.raises(NpsError, match="differ in length"):
        interval_columns([1], [1], [1, 2])
    with pytest.raises(NpsError, match="differ in length: before has 1, after has 0"):
        paired_column_change([9], [])
    with pytest.raises(NpsError, match="account has 1"):
        standing_rows([], [], [], account=["a"], as_of=DAY)


def test_the_least_size_is_one_or_more() -> None:
    with pytest.raises(NpsError, match=r"^least is the int 0"):
        group_scores([], [], least=0)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (np.array(["2026-06"], "datetime64[M]"), r"^at holds datetime64\[M\]: expected days"),
        (np.array(["NaT"], "datetime64[D]"), r"^at\[0\] is NaT: expected when"),
        ([1], "^at holds int64: expected days"),
    ],
)
def test_a_column_of_moments_holds_days_or_instants(at: Any, message: str) -> None:
    with pytest.raises(NpsError, match=message):
        standing_rows(["ada"], [9], at, as_of=DAY)


def test_as_of_is_a_moment() -> None:
    with pytest.raises(MomentError):
        standing_rows([], [], [], as_of=None)  # type: ignore[arg-type]


def test_without_accounts_a_respondent_is_one_person() -> None:
    days = np.array(["2026-06-01", "2026-06-02"], "datetime64[D]")

    assert standing_rows([1, 1], [9, 3], days, as_of=DAY).rows.tolist() == [1]
