"""Active users, stickiness, active rate and the change on the week."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.activity import (
    Calendar,
    active_rate,
    active_users,
    seat_rate,
    stickiness,
    usage_facts,
    use_counts,
)
from cslib.periods import Period
from cslib.rules import rule
from cslib.usage import UsageError, UsageTable
from usage_strategies import ACCOUNTS, LOG, Log, Row, known, logs, table_of

JUNE = Period.month(2026, 6)


def day(n: int, month: int = 6) -> dt.date:
    return dt.date(2026, month, n)


def june(*uses: tuple[str, str | None, int], **changed: Any) -> UsageTable:
    """A log of June, of (account, user, day of the month)."""
    values: dict[str, Any] = {
        "account": [account for account, _, _ in uses],
        "user": [user for _, user, _ in uses],
        "at": np.array([day(n) for _, _, n in uses], "datetime64[D]"),
        "observed": JUNE,
    }
    return UsageTable.of_columns(**(values | changed))


def spans(found: Any) -> list[tuple[dt.date, dt.date]]:
    return list(zip(found.first.tolist(), found.last.tolist(), strict=True))


def users_of(log: Log, accounts: Any, first: dt.date, last: dt.date) -> int | None:
    """The oracle: distinct users of accounts; None where all uses are by unknown ones."""
    inside = [(a, row.user) for a in accounts for row in log.inside(a, first, last)]
    found = {each for each in inside if each[1] is not None}
    return None if inside and not found else len(found)


@given(logs(), st.sampled_from([1, 2, 7, 28, 100]) | st.sampled_from(Calendar))
def test_users_of_the_book_are_those_that_a_slow_count_finds(
    log: Log, window: int | Calendar
) -> None:
    found = active_users(log.table, window)

    assert found.users.tolist() == [
        users_of(log, ACCOUNTS, first, last)
        if first >= LOG.start and last <= LOG.last_day
        else None
        for first, last in spans(found)
    ]


@given(logs(), st.sampled_from([1, 7, 30]) | st.sampled_from(Calendar))
def test_users_of_each_account_are_those_that_a_slow_count_finds(
    log: Log, window: int | Calendar
) -> None:
    found = active_users(log.table, window, by_account=True)

    assert found.users.tolist() == [
        [
            users_of(log, [each], first, last) if known(log, each, first, last) else None
            for first, last in spans(found)
        ]
        for each in ACCOUNTS
    ]


@given(logs(), st.sampled_from([1, 28]) | st.sampled_from(Calendar))
def test_active_accounts_are_those_with_a_use_whoever_it_was_by(
    log: Log, window: int | Calendar
) -> None:
    book = active_users(log.table, window)
    each = active_users(log.table, window, by_account=True).active.tolist()

    for place, (first, last) in enumerate(spans(book)):
        used = [int(bool(log.inside(account, first, last))) for account in ACCOUNTS]
        if book.active[place] is not np.ma.masked:
            assert book.active[place] == sum(used)
        for row in range(len(ACCOUNTS)):
            assert each[row][place] in (None, used[row])


@given(logs(), st.sampled_from([7, 28]) | st.just(Calendar.MONTH))
def test_user_days_are_the_daily_users_of_a_window_added_up(
    log: Log, window: int | Calendar
) -> None:
    found = active_users(log.table, window, by_account=True)

    for row, each in enumerate(ACCOUNTS):
        for place, (first, last) in enumerate(spans(found)):
            if found.users[row, place] is not np.ma.masked:
                daily = {(r.user, r.day) for r in log.inside(each, first, last) if r.user}
                assert found.user_days[row, place] == len(daily)


@given(logs(), st.integers(1, 40))
def test_counts_of_a_period_are_those_that_a_slow_count_finds(log: Log, length: int) -> None:
    window = Period.trailing(log.as_of, days=length)

    found = use_counts(log.table, window)

    for row, each in enumerate(ACCOUNTS):
        inside = log.inside(each, window.start, window.last_day)
        there = known(log, each, window.start, window.last_day)
        users = users_of(log, [each], window.start, window.last_day)
        assert found.uses.tolist()[row] == (len(inside) if there else None)
        assert found.days.tolist()[row] == (len({r.day for r in inside}) if there else None)
        assert found.users.tolist()[row] == (users if there else None)


@given(logs())
def test_stickiness_lies_between_the_share_of_a_day_and_one(log: Log) -> None:
    found = active_users(log.table, 7).stickiness

    assert ((found >= 1 / 7) & (found <= 1)).all() or found.mask.all()


@given(logs(), st.integers(1, 28))
def test_the_rate_of_stickiness_is_the_column_at_its_day(log: Log, length: int) -> None:
    window = Period.trailing(log.as_of, days=length)
    if window.start < LOG.start:
        with pytest.raises(UsageError, match="expected days that the log covers"):
            stickiness(log.table, log.as_of, days=length)
        return

    rate = stickiness(log.table, log.as_of, days=length)

    column = active_users(log.table, length).stickiness[(log.as_of - LOG.start).days]
    assert rate.value is None if column is np.ma.masked else float(rate.value or 0) == column


def test_a_week_begins_on_monday_and_one_cut_by_the_log_is_masked() -> None:
    found = active_users(june(("ada", "ann", 7), ("ada", "ann", 8)), Calendar.WEEK)

    assert spans(found)[:2] == [(day(1), day(7)), (day(8), day(14))]
    assert spans(found)[-1] == (day(29), day(5, 7))
    assert found.users.tolist() == [1, 1, 0, 0, None]


def test_stickiness_is_an_exact_ratio_without_an_interval() -> None:
    rate = stickiness(june(("ada", "ann", 1), ("ada", "ann", 2), ("bo", "bob", 28)), day(28))

    assert (rate.numerator, rate.denominator, rate.value) == (3, 56, Fraction(3, 56))
    assert rate.interval() is None
    assert stickiness(june(), day(28)).value is None


def test_the_book_is_shown_as_a_table_and_accounts_by_their_number() -> None:
    table = june(("ada", None, 3), accounts=["ada", "bo"])

    assert repr(active_users(table, Calendar.MONTH)).split("\n")[1] == (
        "2026-06-01  2026-06-30  unknown         1     unknown"
    )
    by_account = active_users(table, 7, by_account=True)
    assert repr(by_account) == "<ActiveUsers: of 2 accounts in 30 windows>"
    assert by_account == active_users(table, 7, by_account=True)
    assert by_account != active_users(table, 7)


def test_a_use_by_somebody_unknown_makes_an_account_active_and_its_users_unknown() -> None:
    table = june(("ada", None, 3), ("bo", "bob", 3), ("bo", None, 4), accounts=["ada", "bo", "cy"])

    counts = use_counts(table, JUNE)

    assert counts.days.tolist() == [1, 2, 0]
    assert counts.users.tolist() == [None, 1, 0]
    assert active_rate(table, JUNE).numerator == 2


def test_accounts_that_began_within_the_period_are_left_out_of_the_active_rate() -> None:
    began = np.array(["2026-06-01", "2026-06-02", "NaT", "2026-07-05"], "datetime64[D]")
    table = june(("b", "u", 9), ("c", "u", 9), accounts=["a", "b", "c", "d"], began=began)

    rate = active_rate(table, JUNE)

    assert (rate.numerator, rate.denominator) == (1, 2)
    assert [str(each) for each in rate.excluded] == ["2 began within it or after"]


def test_an_active_account_may_have_to_be_used_on_several_days() -> None:
    table = june(("a", "u", 9), ("a", "v", 9), ("b", "u", 9), ("b", "u", 10))

    assert active_rate(table, JUNE, days=2).numerator == 1
    assert active_rate(table, JUNE, where=[True, False]).denominator == 1


def test_seats_that_are_not_known_leave_the_users_of_their_account_out() -> None:
    table = june(("a", "u", 9), ("b", "u", 9), ("b", "v", 9))

    rate = seat_rate(table, JUNE, [4.0, float("nan")])

    assert (rate.numerator, rate.denominator) == (1, 4)
    assert [str(each) for each in rate.excluded] == [
        "2 active users of accounts whose seats are unknown"
    ]
    masked = seat_rate(table, JUNE, np.ma.masked_array([4, 1], [True, False]))
    assert (masked.numerator, masked.denominator, masked.bounded) == (2, 1, False)


def test_a_fifth_less_than_the_week_before_is_exactly_so() -> None:
    uses = [("ada", "ann", 1)] * 10 + [("ada", "ann", 8)] * 8
    facts = usage_facts(june(*uses), day(14))

    assert facts["uses_change"].tolist() == [-0.2]
    assert rule("uses_change <= -0.2").columns(facts).tolist() == [True]


@pytest.mark.parametrize(
    ("began", "change"),
    [("2026-06-01", -0.5), ("2026-06-02", None), ("NaT", -0.5), ("2026-05-01", -0.5)],
)
def test_there_is_no_change_where_the_week_before_is_not_wholly_in_the_accounts_life(
    began: str, change: float | None
) -> None:
    table = june(
        *[("ada", "ann", 7), ("ada", "bob", 7), ("ada", "ann", 8)],
        accounts=["ada", "bo"],
        began=np.array([began, "NaT"], "datetime64[D]"),
    )

    facts = usage_facts(table, day(14))

    assert facts["uses_change"].tolist() == [change, None]
    assert facts["users_change"].tolist() == [change, None]
    assert usage_facts(table, day(13))["uses_change"].tolist() == [None, None]


@given(logs())
def test_days_since_the_last_use_are_counted_to_the_day_asked_about(log: Log) -> None:
    found = usage_facts(log.table, log.as_of)["days_since_use"].tolist()

    for each, since in zip(ACCOUNTS, found, strict=True):
        days = [row.day for row in log.inside(each, LOG.start, log.as_of)]
        assert since == ((log.as_of - max(days)).days if days else None)


def test_facts_are_columns_that_rules_read() -> None:
    facts = usage_facts(june(("ada", "ann", 28), ("ada", "bob", 1)), day(28))

    assert rule("mau / seats >= 0.5 and days_since_use < 7").columns(
        {**facts, "seats": np.array([4])}
    ).tolist() == [True]
    assert facts["stickiness"].tolist() == [2 / 56]
    assert [facts[name].tolist() for name in ("dau", "wau", "uses_7", "active_days")] == [
        [1],
        [1],
        [1],
        [2],
    ]


@pytest.mark.parametrize("window", [0, -1, True, 7.0, "week", None])
def test_a_window_that_is_none_is_refused(window: Any) -> None:
    with pytest.raises(UsageError, match=r"window is .*: expected days, 1 or more, or a Calendar"):
        active_users(june(), window)


def test_a_window_longer_than_any_log_covers_no_day() -> None:
    assert active_users(june(("a", "u", 3)), 10**9).users.mask.all()


def test_tables_too_large_are_refused_before_they_are_made(monkeypatch: Any) -> None:
    monkeypatch.setattr("cslib.activity._MOST_CELLS", 59)

    with pytest.raises(UsageError, match="window has 30 windows for 2 accounts: ask for"):
        active_users(june(("a", "u", 1), ("b", "u", 1)), 7, by_account=True)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda t: use_counts(t, "2026-06"), "period is the str '2026-06': expected a Period"),
        (lambda t: active_rate(t, Period.year(2026)), "period is 2026: expected days that the log"),
        (lambda t: active_rate(t, JUNE, days=0), "days is the int 0: expected a whole number"),
        (lambda t: active_rate(t, JUNE, where=[1]), "where has 1 rows of int64: expected 1 of"),
        (lambda t: seat_rate(t, JUNE, [-1]), r"seats\[0\] is -1: expected a whole number of 0"),
        (lambda t: seat_rate(t, JUNE, [1.5]), r"seats\[0\] is 1.5: expected a whole number of 0"),
        (lambda t: seat_rate(t, JUNE, ["x"]), "seats has 1 rows of <U1: expected 1 whole numbers"),
        (lambda t: usage_facts(t, day(1, 7)), "as_of is 2026-07-01: expected a day that"),
        (lambda t: usage_facts(t, day(1), month=0), "month is the int 0: expected a whole number"),
        (lambda t: active_users({}, 7), "table is of dict: expected a UsageTable"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        asked(june(("ada", "ann", 3)))


def test_a_row_of_the_log_may_be_any() -> None:
    row = Row("ada", "ann", LOG.start, None, None)

    assert active_users(table_of([row]), 1).users.tolist()[:2] == [1, 0]
