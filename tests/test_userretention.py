"""How many users come back, by the month of their first use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.periods import Period
from cslib.usage import UsageError, UsageTable
from cslib.userretention import Returning, UserRetention, user_retention
from usage_strategies import LOG, Log, logs

ON, ON_OR_AFTER = Returning.ON, Returning.ON_OR_AFTER


class Seen(NamedTuple):
    """The days of one user, or account, and whether its first month may be told."""

    days: list[dt.date]
    told: bool


def seen(log: Log, *, by_account: bool) -> Iterator[Seen]:
    """Everyone in the log: the first month is part, so all before March 1 are kept apart."""
    run_in = dt.date(2026, 3, 1)
    found: dict[Any, set[dt.date]] = {}
    for row in log.rows:
        if row.day in LOG and (by_account or row.user is not None):
            who = (row.account, None if by_account else row.user)
            found.setdefault(who, set()).add(row.day)
    for (account, _), days in found.items():
        began = log.began[account]
        within = began is not None and began >= LOG.start
        yield Seen(sorted(days), within or min(days) >= run_in)


@given(logs(), st.booleans())
def test_retention_is_what_a_slow_count_finds(log: Log, by_account: bool) -> None:
    ages = (1, 7, 28)
    everyone = list(seen(log, by_account=by_account))

    found = user_retention(log.table, ages, by_account=by_account)

    assert found.before == sum(not each.told for each in everyone)
    for row, month in enumerate(found.months.tolist()):
        cohort = [
            each.days for each in everyone if each.told and each.days[0].replace(day=1) == month
        ]
        assert found.size[row] == len(cohort)
        end = Period.month(month.year, month.month).last_day
        for place, age in enumerate(ages):
            step = dt.timedelta(days=age)
            told = end + step <= LOG.last_day
            on = sum(days[0] + step in days for days in cohort)
            after = sum(days[-1] >= days[0] + step for days in cohort)
            assert found.on.tolist()[row][place] == (on if told else None)
            assert found.on_or_after.tolist()[row][place] == (after if told else None)


@given(logs())
def test_on_or_after_is_never_less_than_on_and_falls_with_age(log: Log) -> None:
    found = user_retention(log.table, (1, 2, 3, 9))

    assert (found.on_or_after.data >= found.on.data).all()
    falls = np.ma.diff(found.on_or_after, axis=1).compressed()
    assert (falls <= 0).all()


def june(*uses: tuple[str, int], observed: str = "2026-06-01/2026-07-08") -> UserRetention:
    """Of an account that began on June 1, by user and day of June."""
    return user_retention(
        UsageTable.of_columns(
            account=["ada"] * len(uses),
            user=[user for user, _ in uses],
            at=np.array([dt.date(2026, 6, day) for _, day in uses], "datetime64[D]"),
            accounts=["ada"],
            began=[dt.date(2026, 6, 1)],
            observed=Period.parse(observed),
        ),
        [1, 7],
    )


def test_a_cell_is_told_once_the_log_covers_it_for_the_last_day_of_the_month() -> None:
    assert june(("ann", 1), ("ann", 8)).on.tolist()[0] == [0, 1]
    assert june(("ann", 1), ("ann", 8), observed="2026-06-01/2026-07-07").on.tolist()[0] == [
        0,
        None,
    ]


def test_a_rate_says_what_it_is_of() -> None:
    found = june(("ann", 1), ("ann", 8), ("bob", 2))

    rate = found.rate(Period.month(2026, 6), 7, ON)

    assert str(rate).endswith("convention: active on day 7, first use in 2026-06")
    assert (rate.numerator, rate.denominator) == (1, 2) if rate else False
    assert found.rate(Period.month(2026, 7), 7) is None
    assert found.rates().tolist() == [[0.5, 0.5], [None, None]]
    assert found.rates(ON).tolist() == [[0.0, 0.5], [None, None]]


def test_a_month_in_which_nobody_began_has_no_rate() -> None:
    found = june()

    assert found.rates().tolist() == [[None, None], [None, None]]
    assert found.rate(Period.month(2026, 6), 1) is not None


def test_those_who_may_have_begun_before_the_log_are_kept_apart() -> None:
    table = UsageTable.of_columns(
        account=["a", "b", "c"],
        user=["u", "u", "u"],
        at=np.array(["2026-07-31", "2026-08-01", "2026-06-12"], "datetime64[D]"),
        observed=Period.parse("2026-06-10/2026-10-01"),
    )

    found = user_retention(table)

    assert found.before == 2
    assert found.size.tolist() == [0, 0, 1, 0]
    assert repr(found).split("\n")[-1] == "2 may have begun before the log, kept apart"


def test_it_is_shown_as_a_triangle() -> None:
    assert repr(june(("ann", 1), ("ann", 8), ("bob", 2))).split("\n") == [
        "active on the day or after",
        "first use  size  day 1  day 7",
        "  2026-06     2    50%    50%",
        "  2026-07     0",
    ]


@pytest.mark.parametrize(
    ("ages", "message"),
    [
        ([0], r"ages\[0\] is the int 0: expected a whole number of days, 1 or more"),
        ([1, True], r"ages\[1\] is True: expected a whole number"),
        ([7, 7], r"ages\[1\] is 7, which stands there before"),
    ],
)
def test_an_age_that_is_none_is_refused(ages: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        user_retention(june_table(), ages)


def june_table() -> UsageTable:
    return UsageTable.of_columns(account=[], at=[], observed=Period.month(2026, 6))


def test_a_cohort_or_age_that_is_not_there_is_refused() -> None:
    found = june(("ann", 1))

    with pytest.raises(UsageError, match="expected a cohort, 2026-06 to 2026-07"):
        found.rate(Period.month(2026, 5), 1)
    with pytest.raises(UsageError, match=r"age is the int 2: expected one of \(1, 7\)"):
        found.rate(Period.month(2026, 6), 2)
    with pytest.raises(UsageError, match="table is of int"):
        user_retention(7)  # type: ignore[arg-type]
