"""How long accounts stay in a stage, and where they get stuck."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.dwell import bottlenecks, dwell, stage_times
from cslib.survival import kaplan_meier
from cslib.visits import VisitTable, VisitTableError
from visit_strategies import STAGES, Account, Book, Stay, books, expected_stays

NOW = dt.date(2026, 3, 31)


def day(number: int) -> dt.date:
    return dt.date(2026, 3, number)


def table(*accounts: tuple[Stay, ...]) -> VisitTable:
    return Book(tuple(Account(each, (), ()) for each in accounts), NOW).table


def left_after(days: int) -> tuple[Stay, ...]:
    return Stay("use", day(1), day(1 + days)), Stay("gone", day(1 + days), None)


# --- One stage


def test_an_account_still_inside_is_not_dropped() -> None:
    """Of four, two left after 4 and 10 days; without the other two the median would be 4."""
    inside = (Stay("use", day(11), None),)

    found = dwell(table(left_after(4), left_after(10), inside, inside), "use")

    assert found.median == 10
    assert found.curve == kaplan_meier([4, 10, 20, 20], [True, True, False, False])
    assert (found.visits, found.inside, found.days) == (4, 2, 54)


def test_a_median_that_is_not_reached_is_none() -> None:
    found = dwell(table((Stay("use", day(11), None),)), "use")

    assert found.median is None
    assert str(found) == "use: 1 stays, median not reached, 1 inside, the oldest for 20 days"


def test_a_stay_since_an_unknown_time_is_left_out_and_counted() -> None:
    found = dwell(table((Stay("use", None, None),), left_after(4)), "use")

    assert (found.visits, found.unknown, found.inside) == (2, 1, 1)
    assert (found.curve.customers, found.oldest, found.oldest_days) == (1, None, None)
    assert str(found) == "use: 2 stays, median 4 days, 1 inside; 1 since an unknown time"


def test_the_oldest_inside_is_named_and_of_several_the_first() -> None:
    found = dwell(
        table(left_after(29), (Stay("use", day(5), None),), (Stay("use", day(5), None),)), "use"
    )

    assert (found.oldest, found.oldest_days) == (1, 26)


def test_a_stay_that_ended_on_the_day_it_began_took_0_days() -> None:
    found = dwell(table(left_after(0)), "use")

    assert (found.days, found.median) == (0, 0)


def test_a_stay_in_a_stage_with_others_inside_lasts_until_it_is_left() -> None:
    visits = (
        Stay("on/data", day(1), day(5)),
        Stay("on/training", day(5), day(11)),
        Stay("use", day(11), None),
    )

    found = dwell(table(visits), "on")

    assert (found.visits, found.median) == (1, 10)


def test_a_stage_in_which_nobody_was_has_a_curve_without_customers() -> None:
    found = dwell(table(left_after(4)), "lead")

    assert (found.visits, found.days, found.oldest_days) == (0, 0, None)
    assert found.curve.customers == 0


def test_a_stage_that_there_is_not_is_refused() -> None:
    with pytest.raises(VisitTableError, match="none of the table: did you mean 'use'"):
        dwell(table(left_after(4)), "user")
    with pytest.raises(VisitTableError, match="name None, which is none of the table"):
        dwell(table(left_after(4)), None)  # type: ignore[arg-type]


@given(books(), st.sampled_from([*STAGES, "on"]))
def test_dwell_is_that_of_a_plain_loop(book: Book, stage: str) -> None:
    stays = [stay for account in book.accounts for _, stay in expected_stays(account, stage)]
    known = [stay for stay in stays if stay.entered is not None]
    durations = [((s.left or book.as_of) - (s.entered or NOW)).days for s in known]
    ages = [age for age, stay in zip(durations, known, strict=True) if stay.left is None]

    found = dwell(book.table, stage)

    assert found.curve == kaplan_meier(
        np.array(durations, int), np.array([stay.left is not None for stay in known], bool)
    )
    assert (found.visits, found.unknown) == (len(stays), len(stays) - len(known))
    assert found.inside == sum(stay.left is None for stay in stays)
    assert found.days == sum(durations)
    assert found.oldest_days == max(ages, default=None)
    assert found.inside + sum(stay.left is not None for stay in stays) == found.visits


# --- All stages


def test_the_stages_are_listed_by_the_days_spent_in_them() -> None:
    visits = (Stay("lead", day(1), day(5)), Stay("use", day(5), None))

    lines = bottlenecks(table(visits))

    assert [line.dwell.stage for line in lines][:2] == ["use", "lead"]
    assert [line.share.value for line in lines][:2] == [Fraction(26, 30), Fraction(4, 30)]


def test_only_the_stages_asked_about_share_the_days() -> None:
    visits = (Stay("lead", day(1), day(5)), Stay("on/data", day(5), day(9)))
    ended = Stay("gone", day(9), None)

    lines = bottlenecks(table((*visits, ended)), ("lead", "on"))

    assert [(line.dwell.stage, line.share.value) for line in lines] == [
        ("lead", Fraction(1, 2)),
        ("on", Fraction(1, 2)),
    ]
    assert str(lines[0]) == "50.0% of the days in lead: 1 stays, median 4 days, 0 inside"


def test_one_stage_may_be_asked_about_by_its_name() -> None:
    (line,) = bottlenecks(table(left_after(4)), "use")

    assert line.share.value == 1


def test_the_shares_of_no_days_are_undefined() -> None:
    assert {line.share.value for line in bottlenecks(table())} == {None}


@given(books(), st.sampled_from([(), ("on", "use"), STAGES]))
def test_the_shares_add_up_to_1_and_each_stage_is_as_it_is_alone(
    book: Book, asked: tuple[str, ...]
) -> None:
    lines = bottlenecks(book.table, asked)

    assert sum(line.share.value or 0 for line in lines) == any(line.dwell.days for line in lines)
    assert sorted(line.dwell.stage for line in lines) == sorted(asked or STAGES)
    for line in lines:
        assert line.dwell == dwell(book.table, line.dwell.stage)


# --- Accounts and stages


def test_an_account_has_one_row_for_each_stage_in_which_it_was() -> None:
    visits = (Stay("use", day(1), day(5)), Stay("lead", day(5), day(9)), Stay("use", day(9), None))

    found = stage_times(table(visits))

    assert [STAGES[code] for code in found.stage] == ["lead", "use"]
    assert found.visits.tolist() == [1, 2]
    assert found.entered_first.tolist() == [day(5), day(1)]
    assert found.exited_last.tolist() == [day(9), None]
    assert found.days.tolist() == [4, 26]
    assert repr(found) == "<StageTimes: 2 rows, 5 stages>"


def test_the_time_in_a_stage_since_an_unknown_time_is_masked() -> None:
    visits = (Stay("lead", None, day(5)), Stay("use", day(5), day(9)), Stay("lead", day(9), None))

    assert stage_times(table(visits)).days.tolist() == [None, 4]


def test_no_visits_have_no_rows() -> None:
    assert stage_times(table()).days.tolist() == []


@given(books(), st.sampled_from([(), ("on",)]))
def test_stage_times_are_those_of_a_plain_loop(book: Book, named: tuple[str, ...]) -> None:
    found = stage_times(book.table, named)

    expected = []
    for stage in found.stages:
        for place, account in enumerate(book.accounts):
            stays = [stay for _, stay in expected_stays(account, stage)]
            days = [((s.left or book.as_of) - s.entered).days for s in stays if s.entered]
            if stays:
                total = sum(days) if len(days) == len(stays) else None
                row = (place, stage, len(stays), stays[0].entered, stays[-1].left, total)
                expected.append(row)
    assert expected == [
        (account, found.stages[stage], *rest)
        for account, stage, *rest in zip(
            found.account.tolist(),
            found.stage.tolist(),
            found.visits.tolist(),
            found.entered_first.tolist(),
            found.exited_last.tolist(),
            found.days.tolist(),
            strict=True,
        )
    ]
