"""In how many roles an account uses the product."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.breadth import Breadth, RolesActive
from cslib.documents import from_data, to_data
from cslib.errors import DefinitionError
from cslib.periods import Period
from cslib.rules import rule
from cslib.usage import UsageError, UsageTable, Use
from usage_strategies import ACCOUNTS, LOG, Log, logs

JUNE = Period.month(2026, 6)


def day(n: int) -> dt.date:
    return dt.date(2026, 6, n)


def found(*uses: tuple[str | None, int], **changed: int) -> RolesActive:
    """As of June 28, by role and day of June: two roles on two days unless said otherwise."""
    made = [Use(at=day(n), role=role) for role, n in uses]
    breadth = Breadth(**({"roles": 2, "days": 2} | changed))
    return breadth.of(made, as_of=day(28), observed=JUNE)


BOTH = (("admin", 1), ("admin", 2), ("analyst", 1))


@given(logs(), st.integers(1, 3), st.integers(1, 4), st.sampled_from([4, 7, 28, 60]), st.booleans())
def test_records_and_columns_give_the_same_answer(
    log: Log, roles: int, days: int, within: int, keep: bool
) -> None:
    breadth = Breadth(roles=roles, days=days, within=within)
    log = log if keep else log._replace(rows=[row._replace(account="ada") for row in log.rows])

    columns = breadth.columns(log.table, as_of=log.as_of)

    for row, each in enumerate(ACCOUNTS):
        one = breadth.of(log.uses(each), as_of=log.as_of, observed=LOG, began=log.began[each])
        for name in ("met", "reached", "most", "unclear"):
            assert getattr(columns, name).tolist()[row] == getattr(one, name), name
        assert {name: column.tolist()[row] for name, column in columns.facts.items()} == one.facts
        active = dict(zip(columns.roles, columns.days.tolist()[row], strict=True))
        assert {role: count for role, count in active.items() if count} == dict(one.days)


@given(logs(), st.integers(1, 3), st.integers(1, 3), st.data())
def test_no_roles_that_the_unknown_ones_may_have_had_change_an_answer(
    log: Log, roles: int, days: int, data: st.DataObject
) -> None:
    breadth = Breadth(roles=roles, days=days, within=40)
    uses = [use for each in ACCOUNTS for use in log.uses(each)]
    names = st.sampled_from(["admin", "analyst", "seller", "other", "another"])

    told = [
        Use(at=use.at, user=use.user, action=use.action, role=use.role or data.draw(names))
        for use in uses
    ]

    before = breadth.of(uses, as_of=log.as_of, observed=LOG)
    after = breadth.of(told, as_of=log.as_of, observed=LOG)
    assert before.met in (None, after.met)
    assert before.facts["roles_active"] in (None, after.reached)


def test_two_roles_on_two_days_are_enough_where_two_are_asked_for() -> None:
    assert found(*BOTH).met is False
    assert found(*BOTH, ("analyst", 28)).met is True
    assert found(*BOTH, ("analyst", 28), roles=3).met is False


def test_a_role_on_one_day_counts_once_however_many_use_it() -> None:
    assert found(("admin", 1), ("admin", 1), roles=1).met is False


def test_the_window_ends_with_the_day_and_has_so_many_days() -> None:
    assert found(*BOTH, ("analyst", 2), within=27).met is False
    assert found(*BOTH, ("analyst", 29)).met is False


def test_days_of_unknown_role_leave_open_what_they_could_decide() -> None:
    short = found(*BOTH, (None, 9))

    assert (short.met, short.reached, short.most, short.unclear) == (None, 1, 2, 1)
    assert short.facts == {"roles_active": None, "breadth_met": None}
    assert found(*BOTH, (None, 9), days=3).met is False
    assert found(*BOTH, (None, 9), roles=3).met is False


def test_days_of_unknown_role_that_would_do_for_new_roles_leave_all_open() -> None:
    assert found((None, 1), (None, 2), roles=3).met is None
    assert found((None, 1), (None, 2), roles=3).most is None


def test_what_the_log_does_not_cover_is_unknown() -> None:
    made = [Use(at=day(1), role="admin")]

    answer = Breadth().of(made, as_of=day(27), observed=JUNE)

    assert (answer.met, answer.reached, answer.facts["roles_active"]) == (None, None, None)
    assert str(answer) == "unknown: the log does not cover it"
    assert Breadth().of(made, as_of=day(27), observed=JUNE, began=day(1)).met is False


def test_it_is_told_in_words() -> None:
    assert str(found(*BOTH, (None, 9))) == (
        "unknown: 1 roles at the frequency; admin on 2 days, analyst on 1 days; "
        "unknown role on 1 days"
    )
    assert str(found()) == "not met: 0 roles at the frequency; no role active"


def table(**changed: Any) -> UsageTable:
    values: dict[str, Any] = {
        "account": ["ada", "ada", "bo"],
        "role": ["admin", "analyst", "admin"],
        "at": [day(5), day(6), day(6)],
        "observed": JUNE,
    }
    return UsageTable.of_columns(**(values | changed))


def test_facts_are_columns_that_rules_read() -> None:
    columns = Breadth(days=1).columns(table(), as_of=day(28))

    assert rule("breadth_met and roles_active >= 2").columns(columns.facts).tolist() == [
        True,
        False,
    ]
    assert repr(columns) == "<RoleColumns: 2 accounts, 2 roles>"
    assert columns == Breadth(days=1).columns(table(), as_of=day(28))


def test_without_roles_nothing_is_known_of_accounts_that_were_used_enough() -> None:
    columns = Breadth(days=2).columns(table(role=None), as_of=day(28))

    assert columns.met.tolist() == [None, False]
    assert columns.days.shape == (2, 0)


def test_a_table_too_large_is_refused_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cslib.breadth._MOST_CELLS", 5)

    with pytest.raises(UsageError, match="table has 2 roles in 2 accounts: group the roles"):
        Breadth().columns(table(), as_of=day(28))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"roles": 0}, r"\$.roles: expected a whole number from 1 to 1000"),
        ({"days": 29}, r"\$.days: expected a whole number from 1 to 28"),
        ({"within": 0, "days": 5}, r"\$.within: expected a whole number from 1 to 3660"),
    ],
)
def test_a_frequency_that_cannot_be_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        Breadth(**changed)


def test_a_breadth_is_data() -> None:
    assert from_data(to_data(Breadth(roles=3)), Breadth) == Breadth(roles=3)


def test_what_is_no_use_is_refused() -> None:
    with pytest.raises(UsageError, match=r"uses\[0\] is the str 'ann': expected a Use"):
        Breadth().of(["ann"], as_of=dt.date(2026, 6, 28), observed=Period.month(2026, 6))  # type: ignore[list-item]
