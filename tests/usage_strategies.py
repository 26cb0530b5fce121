"""Small logs of usage: rows as records, and the table made of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from cslib.periods import Period
from cslib.usage import UsageTable, Use

FIRST = dt.date(2026, 1, 20)
LOG = Period(FIRST, dt.date(2026, 4, 3))
ACCOUNTS = ("ada", "bo", "cy")


class Row(NamedTuple):
    """One use, as a record."""

    account: str
    user: str | None
    day: dt.date
    role: str | None
    action: str | None


class Log(NamedTuple):
    """Rows, when accounts began, and a day on which to ask."""

    rows: list[Row]
    began: dict[str, dt.date | None]
    as_of: dt.date

    @property
    def table(self) -> UsageTable:
        return table_of(self.rows, began=[self.began[each] for each in ACCOUNTS])

    def uses(self, account: str) -> list[Use]:
        """The uses of an account as the record doors take them."""
        return [
            Use(at=row.day, user=row.user, role=row.role, action=row.action)
            for row in self.rows
            if row.account == account
        ]

    def inside(self, account: str, first: dt.date, last: dt.date) -> list[Row]:
        """The rows of an account from a day to a day that lie in the log."""
        return [
            row
            for row in self.rows
            if row.account == account and first <= row.day <= last and row.day in LOG
        ]


def table_of(
    rows: Sequence[Row],
    *,
    accounts: Sequence[str] | None = ACCOUNTS,
    began: Sequence[dt.date | None] | None = None,
    observed: Period = LOG,
) -> UsageTable:
    """The table of some rows."""
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [[]] * 5
    account, user, day, role, action = columns
    return UsageTable.of_columns(
        account=account,
        user=user,
        at=np.array(day, "datetime64[D]"),
        role=role,
        action=action,
        accounts=accounts,
        began=None if began is None else np.array(began, "datetime64[D]"),
        observed=observed,
    )


def days(low: int = -4, high: int = 76) -> st.SearchStrategy[dt.date]:
    """Days about the log, some of them outside."""
    return st.integers(low, high).map(lambda n: FIRST + dt.timedelta(days=n))


def rows() -> st.SearchStrategy[Row]:
    """Uses of three accounts, some of whose parts are not known."""
    return st.builds(
        Row,
        account=st.sampled_from(ACCOUNTS),
        user=st.sampled_from(["ann", "bob", "cas", None]),
        day=days(),
        role=st.sampled_from(["admin", "analyst", "seller", None]),
        action=st.sampled_from(["look", "query", "act", None]),
    )


def logs() -> st.SearchStrategy[Log]:
    """Logs of up to forty uses."""
    began = st.fixed_dictionaries({each: st.none() | days(-20, 70) for each in ACCOUNTS})
    return st.builds(Log, rows=st.lists(rows(), max_size=40), began=began, as_of=days(0, 72))


def known(log: Log, account: str, first: dt.date, last: dt.date) -> bool:
    """Whether the log tells all uses of an account from a day to a day."""
    began = log.began[account]
    if last > LOG.last_day or (began is not None and began > last):
        return False
    return first >= LOG.start or (began is not None and began >= LOG.start)
