"""The log of who used the product, read from columns and checked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.days import DayError
from cslib.moments import MomentError
from cslib.periods import Period
from cslib.usage import (
    UsageError,
    UsageTable,
    Use,
    check_usage,
    check_where,
    distinct_days,
    life_is_known,
)
from usage_strategies import ACCOUNTS, LOG, Log, Row, days, known, logs, rows, table_of

JUNE = Period.month(2026, 6)
FIRST = np.datetime64("2026-06-01")


def table(**changed: Any) -> UsageTable:
    values: dict[str, Any] = {
        "account": ["bo", "ada", "ada"],
        "user": ["bob", "ann", None],
        "at": np.array(["2026-06-03", "2026-06-02", "2026-06-01"], "datetime64[D]"),
        "observed": JUNE,
    }
    return UsageTable.of_columns(**(values | changed))


def test_accounts_that_have_a_use_are_numbered_in_order() -> None:
    found = table()

    assert found.accounts.tolist() == ["ada", "bo"]
    assert found.account.tolist() == [0, 0, 1]


def test_rows_stand_by_account_user_and_day() -> None:
    found = table()

    assert found.day.tolist() == [dt.date(2026, 6, d) for d in (1, 2, 3)]
    assert (found.user >= 0).tolist() == [False, True, True]


@given(st.lists(rows(), max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(given_rows: list[Row], random: Any) -> None:
    shuffled = random.sample(given_rows, len(given_rows))

    assert table_of(shuffled) == table_of(given_rows)


@given(logs())
def test_every_use_is_in_the_table_or_counted_as_outside(log: Log) -> None:
    found = log.table

    inside = [row for row in log.rows if row.day in LOG]
    names = [ACCOUNTS[code] for code in found.account]
    assert sorted(zip(names, found.day.tolist(), strict=True)) == sorted(
        (row.account, row.day) for row in inside
    )
    assert found.outside == len(log.rows) - len(inside)


@given(logs())
def test_days_of_users_and_of_accounts_stand_once(log: Log) -> None:
    found = log.table

    users = {(r.account, r.user, r.day) for r in log.rows if r.user and r.day in LOG}
    accounts = {(r.account, r.day) for r in log.rows if r.day in LOG}
    runs = found.account_days
    assert found.user_days.day.size == len(users)
    assert [
        (ACCOUNTS[code], day) for code, day in zip(runs.account, runs.day.tolist(), strict=True)
    ] == sorted(accounts)


@given(logs(), days(), st.integers(0, 30))
def test_records_and_columns_agree_on_what_the_log_tells(log: Log, last: dt.date, n: int) -> None:
    first = last - dt.timedelta(days=n)

    found = log.table.known(np.datetime64(first), np.datetime64(last)).tolist()

    assert found == [known(log, each, first, last) for each in ACCOUNTS]
    window = Period(first, last + dt.timedelta(days=1))
    assert found == [life_is_known(LOG, log.began[each], window) for each in ACCOUNTS]


def test_an_instant_falls_on_its_day_in_utc() -> None:
    late = dt.datetime(2026, 6, 1, 23, tzinfo=dt.timezone(dt.timedelta(hours=-2)))

    assert Use(at=late).day == dt.date(2026, 6, 2)
    assert table(at=[late] * 3).day.tolist() == [dt.date(2026, 6, 2)] * 3
    seconds = np.array(["2026-06-01T23:59:59"] * 3, "datetime64[s]")
    assert table(at=seconds).day.tolist() == [dt.date(2026, 6, 1)] * 3


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=30))
def test_days_are_counted_once_whether_flagged_or_sorted(pairs: list[tuple[int, int]]) -> None:
    group = np.array([each for each, _ in pairs], np.int64)
    day = FIRST + np.array([n for _, n in pairs], "timedelta64[D]")

    with pytest.MonkeyPatch.context() as patched:
        flagged = distinct_days(group, day, 4)
        patched.setattr("cslib.usage._MOST_FLAGS", 0)
        in_order = distinct_days(group, day, 4)

    assert flagged.tolist() == in_order.tolist()
    assert flagged.tolist() == [len({n for each, n in pairs if each == g}) for g in range(4)]


def test_the_same_user_of_two_accounts_is_two_users() -> None:
    found = table(user=["ann", "ann", "ann"])

    assert found.user_days.entity.tolist() == [0, 0, 1]


def test_a_user_who_is_none_nan_or_masked_is_not_known() -> None:
    for user in (
        [None, float("nan"), "x"],
        np.ma.masked_array(["a", "b", "x"], [True, True, False]),
        np.ma.masked_array([7, 8, 9], [True, True, False]),
        np.ma.masked_array(np.array(["a", "b", "x"], object), [True, True, False]),
    ):
        found = table(user=user)
        assert sorted(found.user.tolist()) == [-1, -1, 0], user
    assert table(user=np.ma.masked_array(["a"] * 3, True)).user.tolist() == [-1] * 3
    assert table(user=None).user.tolist() == [-1] * 3


@pytest.mark.parametrize(
    "ids",
    [
        [30, 10, 10],
        np.array([2**60, 5, 5]),
        np.array([9, 3, 3], np.uint8),
        np.array(["é", "b", "b"]),
        np.array(["e", "b", "b"], object),
        (3, 1, 1),
    ],
)
def test_ids_may_be_numbers_near_or_far_and_texts_of_any_kind(ids: Any) -> None:
    found = table(account=ids)

    assert found.accounts.tolist() == sorted(set(np.asarray(ids).tolist()))
    assert found.account.tolist() == [0, 0, 1]


def test_texts_that_share_a_hash_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cslib.termids._MULTIPLIER", 1)  # anagrams are then the same

    found = table(account=np.array(["ab", "ba", "ba"]))

    assert found.accounts.tolist() == ["ab", "ba"]


def test_a_roster_sets_the_order_and_holds_accounts_without_a_use() -> None:
    found = table(accounts=["zoe", "bo", "ada"], began=[dt.date(2026, 6, 1), None, None])

    assert found.accounts.tolist() == ["zoe", "bo", "ada"]
    assert found.account.tolist() == [1, 2, 2]
    assert found.began[0] == FIRST


def test_a_log_without_a_row_is_a_log() -> None:
    empty = table(account=[], user=[], at=[])

    assert empty.day.size == 0
    assert repr(empty) == "<UsageTable: 0 uses by 0 accounts in 2026-06>"
    assert empty.user_days.day.size == empty.account_days.day.size == 0


def test_what_is_not_known_is_counted_where_the_table_is_shown() -> None:
    found = table(role=["admin", None, None], action=["look", "look", None])

    assert repr(found) == (
        "<UsageTable: 3 uses by 2 accounts in 2026-06; 1 of unknown user; 2 of unknown role; "
        "1 of unknown action>"
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"account": ["a", None, "b"]}, "account[1] is not known: expected an id"),
        ({"account": ["a", "", "b"]}, "account[1] is '': expected an id, or None"),
        ({"account": np.array(["a", "", "b"])}, "account[1] is '': expected an id, or None"),
        ({"account": ["a", 1, "b"]}, "account holds texts and whole numbers: expected one kind"),
        ({"account": ["a", True, "b"]}, "account[1] is True: expected texts or whole numbers"),
        ({"account": [1.0, 2, 3]}, "account[0] is the float 1.0: expected texts or whole"),
        ({"account": np.array([1.0, 2, 3])}, "account holds float64: expected texts or whole"),
        ({"account": np.array([1, 2, 2**63], np.uint64)}, "account[2] is 9223372036854775808"),
        ({"account": "ada"}, "account is the str 'ada': expected a value for each row"),
        ({"account": 5}, "account is the int 5: expected a value for each row"),
        ({"account": ["ada", "bo"]}, "columns differ in length: account has 2, user has 3"),
        ({"account": np.array([["a"]])}, "account has shape (1, 1): expected one dimension"),
        ({"role": [1, 2, 3]}, "role holds int64: expected names, as texts"),
        ({"at": np.array(["2026-06"] * 3, "datetime64[M]")}, "at holds datetime64[M]: expected"),
        ({"at": np.array([1, 2, 3])}, "at holds int64: expected days or instants"),
        (
            {"at": np.array(["2026-06-01", "NaT", "NaT"], "datetime64[D]")},
            "at[1] is NaT (the first of 2 such rows): expected when it was",
        ),
        (
            {"at": [dt.date(2026, 6, 1)] * 2 + [dt.datetime(2026, 6, 1, tzinfo=dt.UTC)]},
            "at[2] is 2026-06-01 00:00:00+00:00: expected dates alone, or instants alone",
        ),
        ({"accounts": ["ada"]}, "account[0] is bo: expected one of accounts"),
        ({"accounts": ["ada", "bo", "ada"]}, "accounts[0] is ada (the first of 2 such rows)"),
        ({"accounts": ["ada", None]}, "accounts[1] is not known: expected an id"),
        ({"began": [dt.date(2026, 6, 1)] * 2}, "began is given without accounts: give both"),
        (
            {"accounts": ["ada", "bo"], "began": np.array(["NaT"], "datetime64[D]")},
            "columns differ in length: accounts has 2, began has 1",
        ),
        ({"observed": "2026-06"}, "observed is the str '2026-06': expected a Period"),
    ],
)
def test_what_is_no_log_is_refused_by_its_first_row(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        table(**changed)

    assert str(raised.value).startswith(message)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(MomentError, match=r"at\[1\]: .* give it a time zone"):
        table(at=[dt.datetime(2026, 6, 1, tzinfo=dt.UTC)] + [dt.datetime(2026, 6, 1)] * 2)
    with pytest.raises(MomentError, match="at: expected a date"):
        Use(at="2026-06-01")  # type: ignore[arg-type]


def test_a_day_outside_the_log_cannot_be_asked_about() -> None:
    with pytest.raises(UsageError, match="as_of is 2026-07-01: expected a day that the log covers"):
        table().check_day(dt.date(2026, 7, 1))
    with pytest.raises(DayError, match="expected a date"):
        table().check_day("2026-06-01")


def test_other_arguments_are_checked_as_well() -> None:
    with pytest.raises(UsageError, match="table is of dict: expected a UsageTable"):
        check_usage({})
    with pytest.raises(UsageError, match="where has 2 rows of bool: expected 3 of True and False"):
        check_where([True, False], 3)
    assert check_where([True, False], 2).tolist() == [True, False]
    assert check_where(None, 2).tolist() == [True, True]
