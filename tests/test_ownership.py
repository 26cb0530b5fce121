"""Who owns a deal: the table, and its answers on one deal and on columns."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.columns import ColumnsError
from cslib.documents import from_data, from_json, to_data, to_json
from cslib.errors import DefinitionError, Fault
from cslib.ownership import CS, JOINT, SALES, Decision, OwnerTable, Row, Verdict
from cslib.rules import AsOfError, FactError
from cslib.stock import OWNERSHIP
from owner_strategies import RECORDS, SURE, VALUES, table, tables

RENEWAL: Mapping[str, object] = {
    "deal": "renewal",
    "cs_commercial": True,
    "renewal_number": 2,
    "new_product_line": False,
}
EXPANSION: Mapping[str, object] = {
    "deal": "expansion",
    "cs_commercial": True,
    "new_product_line": False,
}


def stock(given: Mapping[str, object], **facts: object) -> Decision:
    return OWNERSHIP.decide({**given, **facts})


# R5 and R6


def test_customer_success_owns_the_second_renewal() -> None:
    decision = stock(RENEWAL)

    assert decision.owner == CS
    assert decision.row is not None
    assert decision.row.name == "renewal or up-sell"


def test_customer_success_owns_an_up_sell() -> None:
    assert stock(EXPANSION).owner == CS


def test_sales_win_new_accounts() -> None:
    assert stock({"deal": "new"}).owner == SALES


@pytest.mark.parametrize("deal", [RENEWAL, EXPANSION])
def test_where_the_cs_team_lacks_commercial_ability_sales_own_it(
    deal: Mapping[str, object],
) -> None:
    assert stock(deal, cs_commercial=False).owner == SALES


def test_the_first_renewal_is_joint_with_the_sales_who_know_the_decision_makers() -> None:
    decision = stock(RENEWAL, renewal_number=1)

    assert decision.owner == JOINT
    assert decision.reason == (
        "joint, by row 'first renewal': the sales who know the decision makers take part "
        "(deal = 'renewal', renewal_number = 1)"
    )


@pytest.mark.parametrize("deal", [RENEWAL, EXPANSION])
def test_a_new_product_line_is_sold_jointly(deal: Mapping[str, object]) -> None:
    assert stock(deal, new_product_line=True).owner == JOINT


def test_a_team_without_commercial_ability_leaves_even_the_first_renewal_to_sales() -> None:
    decision = stock(RENEWAL, cs_commercial=False, renewal_number=1, new_product_line=True)

    assert decision.owner == SALES
    assert decision.row is not None
    assert decision.row.name == "no commercial ability"


def test_the_other_reading_of_r6_is_another_order_of_the_rows() -> None:
    new, unable, first, *rest = OWNERSHIP.rows
    other = attrs.evolve(OWNERSHIP, rows=(new, first, unable, *rest))

    assert other.decide({**RENEWAL, "cs_commercial": False, "renewal_number": 1}).owner == JOINT
    assert other.fingerprint != OWNERSHIP.fingerprint


def test_a_kind_of_deal_that_the_doctrine_does_not_know_is_nobody_s() -> None:
    decision = stock(RENEWAL, deal="training")

    assert (decision.verdict, decision.owner, decision.row) == (Verdict.NO_ROW, None, None)
    assert str(decision) == "no row applies"


def test_a_text_that_no_row_speaks_of_is_told_with_the_one_that_is_meant() -> None:
    owners = table(
        ("deal == 'new' or size in {'small', 'large'}", SALES), ("deal != 'renewal'", CS)
    )

    assert str(OWNERSHIP.decide({"deal": "Renewal", "cs_commercial": True, **_NO_LINE})) == (
        "no row applies; deal = 'Renewal': did you mean 'renewal'?"
    )
    assert str(owners.decide({"deal": "renewal", "size": "LARGE"})) == (
        "no row applies; size = 'LARGE': did you mean 'large'?"
    )
    assert str(owners.decide({"deal": "renewal", "size": "zebra"})) == "no row applies"


_NO_LINE = {"renewal_number": 2, "new_product_line": False}


# What is not known


def test_an_earlier_row_that_may_decide_otherwise_leaves_the_owner_unknown() -> None:
    decision = table(("a_large", JOINT), (True, CS)).decide({})

    assert (decision.verdict, decision.owner, decision.row) == (Verdict.UNKNOWN, None, None)
    assert decision.questions == ("a_large",)
    assert decision.reason == "unknown: joint by 'a', or cs by 'b'; ask for a_large"


def test_where_every_row_that_could_decide_has_one_owner_the_answer_stands() -> None:
    decision = table(("a_large", CS), (True, CS)).decide({})

    assert (decision.verdict, decision.owner, decision.row) == (Verdict.DECIDED, CS, None)
    assert [row.name for row in decision.rows] == ["a", "b"]
    assert decision.questions == ()
    assert decision.reason == "cs, whichever of 'a' and 'b' decides"


def test_an_unknown_row_behind_one_that_holds_makes_no_difference() -> None:
    decision = table((True, CS), ("a_large", JOINT)).decide({})

    assert decision.owner == CS
    assert decision.rows == decision.table.rows[:1]


def test_an_unknown_row_alone_does_not_decide_since_none_may_apply() -> None:
    decision = table(("a_large", CS), ("not a_large", CS)).decide({})

    assert decision.verdict is Verdict.UNKNOWN
    assert decision.reason == "unknown: cs by 'a', or cs by 'b', or no row; ask for a_large"


def test_only_facts_that_could_change_the_owner_are_asked_for() -> None:
    decision = table(("p", SALES), ("q", CS), ("r", CS), (True, CS)).decide({"r": True})

    assert decision.questions == ("p",)


def test_a_row_ahead_of_one_that_could_differ_is_asked_for_whatever_its_owner() -> None:
    decision = table(("p", CS), ("q", SALES), (True, CS)).decide({})

    assert decision.questions == ("p", "q")


def test_a_division_by_zero_is_unknown_and_has_no_question() -> None:
    decision = table(("used / seats < 0.6", SALES), (True, CS)).decide({"used": 1, "seats": 0})

    assert decision.verdict is Verdict.UNKNOWN
    assert decision.reason == "unknown: sales by 'a', or cs by 'b'; nothing to ask"


def test_a_row_may_decide_by_what_is_missing() -> None:
    decision = table(("is_missing(account_manager)", SALES), (True, CS)).decide({})

    assert decision.owner == SALES


# The account of a decision


def test_the_explanation_tells_of_every_row_up_to_the_one_that_decided() -> None:
    owners = table(("deal == 'new'", SALES), ("size > 5", JOINT), (True, CS), ("late", SALES))

    assert owners.decide({"deal": "renewal", "size": 5}).explain().splitlines() == [
        "cs, by row 'c': true",
        "  a (sales): does not hold: deal == \"new\" (deal = 'renewal')",
        "  b (joint): does not hold: size > 5 (size = 5)",
        "  c (cs): holds: True",
    ]


def test_the_explanation_of_an_unknown_shows_which_fact_is_missing() -> None:
    owners = table(("deal == 'new'", SALES), (True, CS))

    assert owners.decide({}).explain().splitlines()[1:] == [
        '  a (sales): unknown: deal == "new" (deal = unknown)',
        "  b (cs): holds: True",
    ]


def test_the_reason_is_that_of_the_row_where_it_gives_one() -> None:
    owners = OwnerTable(name="test", rows=(Row(name="all", owner="partner", reason="by treaty"),))

    assert str(owners.decide({})) == "partner, by row 'all': by treaty"


def test_a_decision_carries_the_fingerprint_of_its_table() -> None:
    assert stock(RENEWAL).definition == OWNERSHIP.fingerprint


def test_conditions_that_count_days_take_today() -> None:
    owners = table(("days_until(ends_on) <= 30", SALES), (True, CS))
    deal = {"ends_on": dt.date(2026, 7, 15)}

    assert owners.decide(deal, as_of=dt.date(2026, 6, 30)).owner == SALES
    assert owners.decide(deal, as_of=dt.date(2026, 6, 1)).owner == CS
    with pytest.raises(AsOfError):
        owners.decide(deal)


def test_a_fact_of_the_wrong_kind_is_an_error_even_behind_the_row_that_decides() -> None:
    owners = table(("deal == 'new'", SALES), ("size > 5", CS))

    with pytest.raises(FactError, match="size"):
        owners.decide({"deal": "new", "size": "large"})


def test_a_deal_may_be_any_object_with_attributes() -> None:
    @attrs.frozen
    class Deal:
        deal: str

    assert OWNERSHIP.decide(Deal("new")).owner == SALES


# Unique tables


def test_the_one_row_that_holds_decides_a_unique_table() -> None:
    owners = table(("size < 5", CS), ("size >= 5", JOINT), hit_policy="unique")

    assert owners.decide({"size": 7}).owner == JOINT
    assert owners.decide({}).verdict is Verdict.UNKNOWN
    assert owners.decide({}).questions == ("size",)


def test_two_rows_of_a_unique_table_that_hold_are_a_conflict() -> None:
    owners = table(("size > 5", CS), ("late", CS), ("odd", SALES), hit_policy="unique")

    decision = owners.decide({"size": 7, "late": True})

    assert (decision.verdict, decision.owner, decision.row) == (Verdict.CONFLICT, None, None)
    assert str(decision) == "conflict: 'a' and 'b' hold, and only one row may"
    assert decision.questions == ()


def test_a_row_of_a_unique_table_does_not_decide_while_another_may_hold() -> None:
    owners = table(("size > 5", CS), ("late", CS), hit_policy="unique")

    decision = owners.decide({"size": 7})

    assert decision.verdict is Verdict.UNKNOWN
    assert decision.questions == ("late",)
    assert decision.reason == (
        "unknown: 'a' and 'b' hold or may hold, and only one row may; ask for late"
    )


def test_no_row_of_a_unique_table_may_hold() -> None:
    owners = table(("size > 5", CS), hit_policy="unique")

    assert owners.decide({"size": 1}).verdict is Verdict.NO_ROW


# Laws


@given(tables(), st.lists(RECORDS, min_size=1, max_size=8))
def test_columns_answer_as_the_records_in_them_do(
    owners: OwnerTable, records: list[dict[str, Any]]
) -> None:
    columns = {name: np.array([each[name] for each in records], object) for name in VALUES}

    found = owners.decide_columns(columns)

    decisions = [owners.decide(record) for record in records]
    assert found.tolist() == [each.owner for each in decisions]
    assert found.row.tolist() == [each.row.name if each.row else "" for each in decisions]
    assert found.verdict.tolist() == [each.verdict.value for each in decisions]
    assert found.definition == owners.fingerprint


@given(tables(SURE), RECORDS)
def test_a_known_answer_is_that_of_every_completion_of_the_missing_facts(
    owners: OwnerTable, record: dict[str, Any]
) -> None:
    decision = owners.decide(record)
    missing = [name for name in owners.facts if record[name] is None]

    for values in itertools.product(*(VALUES[name] for name in missing)):
        completed = owners.decide({**record, **dict(zip(missing, values, strict=True))})
        if decision.verdict is not Verdict.UNKNOWN:
            assert completed.verdict is decision.verdict
            assert completed.owner == decision.owner


@given(tables(), RECORDS)
def test_the_row_that_decided_holds_and_is_named_in_the_reason(
    owners: OwnerTable, record: dict[str, Any]
) -> None:
    decision = owners.decide(record)

    if decision.row is not None:
        assert decision.row.when(record) is True
        assert f"{decision.owner}, by row {decision.row.name!r}" in decision.reason
        assert decision.owner == decision.row.owner


@given(tables(SURE), RECORDS)
def test_facts_that_are_not_asked_for_make_no_difference(
    owners: OwnerTable, record: dict[str, Any]
) -> None:
    """Not where a division by zero leaves nothing to ask, since no answer settles that."""
    before = owners.decide(record)
    asked = [name for name in before.questions if name != "y"]
    known = {**record, **{name: VALUES[name][0] for name in asked}}
    after = owners.decide(known)
    others = [name for name in owners.facts if known[name] is None]

    for values in itertools.product(*(VALUES[name] for name in others)):
        completed = owners.decide({**known, **dict(zip(others, values, strict=True))})
        if after.verdict is Verdict.DECIDED:
            assert completed.owner == after.owner


@given(tables())
def test_a_table_goes_to_json_and_back_unchanged(owners: OwnerTable) -> None:
    read = from_json(to_json(owners), OwnerTable)

    assert read == owners
    assert read.fingerprint == owners.fingerprint


# Columns


def test_a_column_that_is_absent_is_unknown_in_every_row() -> None:
    found = OWNERSHIP.decide_columns({"deal": np.array(["new", "renewal"])})

    assert found.tolist() == [SALES, None]
    assert found.verdict.tolist() == ["decided", "unknown"]


def test_columns_of_different_lengths_are_refused_though_no_row_reads_two_of_them() -> None:
    owners = table(("size > 5", SALES), ("late", CS))

    with pytest.raises(ColumnsError, match="row 'a' reads 3, but row 'b' 2"):
        owners.decide_columns({"size": np.arange(3), "late": np.array([True, False])})


def test_an_empty_book_has_no_owners() -> None:
    found = OWNERSHIP.decide_columns({"deal": np.array([], "U1")})

    assert found.tolist() == []
    assert found.verdict.tolist() == []


# The definition


def test_every_fault_of_a_row_is_reported_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        Row(name="", owner=5, reason=None)  # type: ignore[arg-type]

    assert [fault.path for fault in caught.value.faults] == ["$.name", "$.owner", "$.reason"]


def test_a_name_that_ends_in_a_nul_is_refused_since_a_column_would_drop_it() -> None:
    with pytest.raises(DefinitionError, match="ends in a NUL character") as caught:
        Row(name="a\0", owner="cs\0")

    assert [fault.path for fault in caught.value.faults] == ["$.name", "$.owner"]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (None, "$.rows: expected rows, but got None"),
        (("a",), "$.rows[0]: expected a Row, but got the str 'a'"),
    ],
)
def test_what_is_no_row_is_refused(rows: Any, fault: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        OwnerTable(name="ours", rows=rows)

    assert [str(each) for each in caught.value.faults] == [fault]


def test_every_fault_of_a_table_is_reported_at_once() -> None:
    rows = (
        Row(name="a", when="size > 5", owner=CS),
        Row(name="a", when="size == 'large'", owner=CS),
    )

    with pytest.raises(DefinitionError) as caught:
        OwnerTable(name="", rows=rows)

    assert caught.value.faults == (
        Fault("$.name", "expected a name, but got an empty text"),
        Fault("$.rows[1].name", "'a' stands twice"),
        Fault("$.rows[1].when", "takes 'size' for a text, but a row before for a number"),
    )


def test_a_kind_that_one_row_leaves_open_and_two_others_settle_differently_is_a_fault() -> None:
    with pytest.raises(
        DefinitionError, match="takes 'x' for a text, but a row before for a number"
    ):
        table(("is_missing(x)", CS), ("x > 1", CS), ("is_missing(x)", CS), ("x == 'u'", CS))


def test_a_table_has_a_row() -> None:
    with pytest.raises(DefinitionError, match=r"\$.rows: expected 1 to 1,000 rows, but got 0"):
        OwnerTable(name="none", rows=())


def test_an_unknown_hit_policy_is_refused_with_what_was_meant() -> None:
    with pytest.raises(DefinitionError, match="unknown hit policy 'uniq': did you mean 'unique'"):
        table((True, CS), hit_policy="uniq")
    with pytest.raises(DefinitionError, match="'any'; expected one of first, unique"):
        table((True, CS), hit_policy="any")


def test_a_condition_is_no_number() -> None:
    with pytest.raises(TypeError, match="seats"):
        Row(name="a", when="seats + 1", owner=CS)


def test_a_table_from_json_reports_every_fault_with_its_path() -> None:
    data = {
        "kind": "owner_table",
        "version": 1,
        "name": "ours",
        "rows": [{"name": "a", "owner": ""}, {"name": "b", "owner": "cs", "when": "seats >"}],
    }

    with pytest.raises(DefinitionError) as caught:
        from_data(data, OwnerTable)

    assert [fault.path for fault in caught.value.faults] == ["$.rows[0].owner", "$.rows[1].when"]


def test_a_row_that_always_holds_is_written_without_a_condition() -> None:
    assert to_data(table((True, CS)))["rows"] == [{"name": "a", "owner": "cs"}]
