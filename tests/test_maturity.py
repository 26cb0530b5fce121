"""Where an account stands on a ladder of uses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_data, to_data
from cslib.errors import DefinitionError
from cslib.maturity import Grade, Grades, Ladder, Rung
from cslib.periods import Period
from cslib.rules import rule
from cslib.usage import UsageError, UsageTable, Use
from usage_strategies import ACCOUNTS, LOG, Log, logs

JUNE = Period.month(2026, 6)
LADDER = Ladder(
    name="use of data",
    rungs=(
        Rung(name="looks", actions="look", when="days >= 2", norm="opens a board each fortnight"),
        Rung(name="analyses", actions=("query",), when="days >= 2 and users >= 2", within=40),
        Rung(name="acts", actions=("act", "plan"), when="uses >= 1", within=14),
    ),
)


def day(n: int) -> dt.date:
    return dt.date(2026, 6, n)


def grade(*uses: tuple[str | None, int], began: dt.date | None = JUNE.start) -> Grade:
    """The grade as of June 28, by action and day of June, of uses by ann."""
    made = [Use(at=day(n), user="ann", action=action) for action, n in uses]
    return LADDER.grade(made, as_of=day(28), observed=JUNE, began=began)


def ladders() -> st.SearchStrategy[Ladder]:
    conditions = ["days >= 2", "uses >= 3", "users >= 2", "uses <= 2", "days >= 1 or users >= 1"]
    rung = st.builds(
        Rung,
        name=st.uuids().map(str),
        actions=st.lists(st.sampled_from(["look", "query", "act", "x"]), min_size=1, unique=True),
        when=st.sampled_from(conditions),
        within=st.sampled_from([1, 7, 28, 60]),
    )
    return st.builds(Ladder, name=st.just("l"), rungs=st.lists(rung, min_size=1, max_size=3))


@given(logs(), ladders())
def test_records_and_columns_give_the_same_grade(log: Log, ladder: Ladder) -> None:
    grades = ladder.grades(log.table, as_of=log.as_of)

    for row, each in enumerate(ACCOUNTS):
        one = ladder.grade(log.uses(each), as_of=log.as_of, observed=LOG, began=log.began[each])
        assert grades.level.tolist()[row] == one.level
        assert grades.rung.tolist()[row] == one.rung
        for place, reached in enumerate(one.reached):
            for name in ("uses", "users", "days", "unclear", "met"):
                assert getattr(grades, name).tolist()[place][row] == getattr(reached, name), name


@given(logs())
def test_a_known_use_of_the_highest_rung_never_lowers_the_level(log: Log) -> None:
    before = LADDER.grade(log.uses("ada"), as_of=log.as_of, observed=LOG)
    acts = [*log.uses("ada"), Use(at=log.as_of, user="ann", action="act")]
    after = LADDER.grade(acts, as_of=log.as_of, observed=LOG)

    assert after.level is None or after.level >= (before.level or 0)


def test_an_account_stands_on_the_highest_rung_that_holds() -> None:
    assert (grade().level, grade().rung) == (0, "none")
    assert grade(("look", 1), ("look", 2)).rung == "looks"
    assert grade(("plan", 20)).rung == "acts"
    assert grade(("plan", 20)).facts == {"maturity": 3, "maturity_rung": "acts"}


def test_the_window_ends_with_the_day_and_has_so_many_days() -> None:
    assert grade(("act", 15)).level == 3
    assert grade(("act", 14)).level == 0
    assert grade(("act", 29)).level == 0


def test_a_use_of_unknown_action_that_could_decide_makes_the_level_unknown() -> None:
    found = grade((None, 20))

    assert (found.level, found.rung) == (None, None)
    assert [each.met for each in found.reached] == [False, False, None]
    assert grade((None, 14), ("look", 1), ("look", 2)).rung == "looks"
    assert grade((None, 20), ("act", 20)).rung == "acts"


def test_a_window_that_the_log_does_not_cover_is_unknown() -> None:
    found = grade(("look", 1), ("look", 2), began=None)

    assert [each.met for each in found.reached] == [True, None, False]
    assert found.level is None
    assert str(found).split("\n")[2] == "  analyses: unknown, the log does not cover it"
    assert grade(("act", 20), began=None).level == 3


def test_uses_by_nobody_known_leave_the_number_of_users_open() -> None:
    uses = [Use(at=day(n), action="query") for n in (1, 2, 3)]

    found = LADDER.grade(uses, as_of=day(28), observed=JUNE, began=day(1))

    assert (found.reached[1].users, found.reached[1].met) == (None, None)
    assert "analyses: unknown, 3 uses on 3 days by unknown users" in str(found)


def test_evidence_and_norms_are_told_in_words() -> None:
    assert str(grade(("look", 1), (None, 2))).split("\n")[3] == (
        "  looks: unknown, 1 uses on 1 days by 1 users, 1 uses of unknown action"
    )
    assert str(LADDER).split("\n") == [
        "use of data",
        "  acts: uses >= 1, of act, plan in 14 days",
        "  analyses: days >= 2 and users >= 2, of query in 40 days",
        "  looks: days >= 2, of look in 28 days (opens a board each fortnight)",
    ]


def test_facts_are_columns_that_rules_read() -> None:
    table = UsageTable.of_columns(
        account=["ada", "bo"],
        user=["ann", "bob"],
        action=["act", None],
        at=[day(20), day(20)],
        accounts=["ada", "bo", "cy"],
        began=[day(1)] * 3,
        observed=JUNE,
    )

    found = LADDER.grades(table, as_of=day(28))

    assert rule("maturity >= 2").columns(found.facts).tolist() == [True, None, False]
    assert rule("maturity_rung == 'acts'").columns(found.facts).tolist() == [True, None, False]
    assert repr(found) == "<Grades: 3 accounts, 3 rungs>"
    assert isinstance(found, Grades)


def test_a_ladder_is_data() -> None:
    again = from_data(to_data(LADDER), Ladder)

    assert again == LADDER
    assert again.fingerprint == LADDER.fingerprint


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": ""}, r"\$.name: expected a name"),
        ({"actions": ()}, r"\$.actions: expected at least one action"),
        ({"actions": ("a", "a")}, r"\$.actions\[1\]: 'a' stands twice"),
        ({"actions": ("",)}, r"\$.actions\[0\]: expected a name"),
        ({"within": 0}, r"\$.within: expected a whole number from 1 to 3660"),
        ({"norm": 5}, r"\$.norm: expected text"),
        ({"when": "day >= 2"}, r"\$.when: expected conditions on days, users, uses, but got 'day'"),
        ({"when": "days + 1"}, r"\$.when: .*boolean"),
    ],
)
def test_a_rung_that_cannot_work_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        Rung(**({"name": "looks", "actions": ("look",), "when": "days >= 2"} | changed))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": ""}, r"\$.name: expected a name"),
        ({"rungs": ()}, r"\$.rungs: expected at least one rung"),
        ({"rungs": LADDER.rungs[:1] * 2}, r"\$.rungs\[1\].name: 'looks' stands twice"),
        ({"below": "looks"}, r"\$.rungs\[0\].name: 'looks' is what it is called to stand on none"),
        ({"below": ""}, r"\$.below: expected a name"),
    ],
)
def test_a_ladder_that_cannot_work_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        Ladder(**({"name": "l", "rungs": LADDER.rungs} | changed))


def test_what_is_no_use_is_refused() -> None:
    rows = [{"at": "2026-06-01"}]

    with pytest.raises(UsageError, match=r"uses\[0\] is a dict of 1: expected a Use"):
        LADDER.grade(rows, as_of=dt.date(2026, 6, 28), observed=JUNE)  # type: ignore[arg-type]


def test_a_day_outside_the_log_is_refused_at_both_doors() -> None:
    table = UsageTable.of_columns(account=[], at=np.array([], "datetime64[D]"), observed=JUNE)

    with pytest.raises(UsageError, match="as_of is 2026-07-01: expected a day that the log covers"):
        LADDER.grade([], as_of=dt.date(2026, 7, 1), observed=JUNE)
    with pytest.raises(UsageError, match="as_of is 2026-07-01: expected a day that the log covers"):
        LADDER.grades(table, as_of=dt.date(2026, 7, 1))
