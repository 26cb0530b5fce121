"""Decision tables, and their answers on one record and on columns."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.columns import ColumnsError
from cslib.decisions import DecisionTable, Row, Verdict
from cslib.documents import from_data, from_json, to_data, to_json
from cslib.errors import DefinitionError, Fault
from cslib.rules import AsOfError, FactError
from decision_strategies import CS, JOINT, RECORDS, SALES, SURE, VALUES, table, tables


def test_a_text_that_no_row_speaks_of_is_told_with_the_one_that_is_meant() -> None:
    made = table(("deal == 'new' or size in {'small', 'large'}", SALES), ("deal != 'renewal'", CS))

    assert str(made.decide({"deal": "renewal", "size": "LARGE"})) == (
        "no row applies; size = 'LARGE': did you mean 'large'?"
    )
    assert str(made.decide({"deal": "renewal", "size": "zebra"})) == "no row applies"


# Rows without a name


PLAIN = DecisionTable(
    name="status",
    rows=(
        Row(when="ended", then="ENDED"),
        Row(when="not approved", then="DRAFT"),
        Row(when="starts_on > today()", then="DRAFT", name="too early"),
        Row(then="LIVE"),
    ),
)


def test_a_row_without_a_name_has_that_of_its_outcome() -> None:
    assert [row.name for row in PLAIN.rows] == ["ENDED", "DRAFT", "too early", "LIVE"]


def test_where_it_is_printed_a_decision_is_its_reason() -> None:
    assert (
        repr(PLAIN.decide({"ended": True}, as_of=TODAY))
        == "<Decision: ENDED: ended (ended = True)>"
    )


def test_an_outcome_that_names_its_row_is_said_once() -> None:
    known = {"ended": False, "approved": False, "starts_on": None}

    assert PLAIN.decide(known, as_of=TODAY).explain().splitlines() == [
        "DRAFT: it is not so that approved (approved = False)",
        "  ENDED: does not hold: ended (ended = False)",
        "  DRAFT: holds: not approved (approved = False)",
    ]
    assert str(PLAIN.decide({**known, "approved": True}, as_of=TODAY)) == (
        "unknown: DRAFT by 'too early', or LIVE; ask for starts_on"
    )


def test_two_rows_of_one_outcome_without_names_are_refused_with_the_way_out() -> None:
    with pytest.raises(DefinitionError) as caught:
        DecisionTable(name="ours", rows=(Row(when="p", then="DRAFT"), Row(then="DRAFT")))

    assert caught.value.faults == (
        Fault("$.rows[1].name", "'DRAFT' stands twice; name the rows of one outcome"),
    )


def test_a_name_that_is_its_outcome_is_not_written_and_read_back() -> None:
    data = to_data(PLAIN)["rows"]

    assert [sorted(each) for each in data] == [
        ["then", "when"],
        ["then", "when"],
        ["name", "then", "when"],
        ["then"],
    ]
    assert from_json(to_json(PLAIN), DecisionTable) == PLAIN


def test_a_row_made_from_another_keeps_its_name() -> None:
    row = Row(when="p", then="DRAFT")

    assert attrs.evolve(row, then="SCHEDULED").name == "DRAFT"


def test_a_row_that_names_its_outcome_again_is_the_same_row() -> None:
    assert Row(when="p", then="DRAFT", name="DRAFT") == Row(when="p", then="DRAFT")


TODAY = dt.date(2026, 6, 30)


# What is not known


def test_an_earlier_row_that_may_decide_otherwise_leaves_the_outcome_unknown() -> None:
    decision = table(("a_large", JOINT), (True, CS)).decide({})

    assert (decision.verdict, decision.outcome, decision.row) == (Verdict.UNKNOWN, None, None)
    assert decision.questions == ("a_large",)
    assert decision.reason == "unknown: joint by 'a', or cs by 'b'; ask for a_large"


def test_where_every_row_that_could_decide_has_one_outcome_the_answer_stands() -> None:
    decision = table(("a_large", CS), (True, CS)).decide({})

    assert (decision.verdict, decision.outcome, decision.row) == (Verdict.DECIDED, CS, None)
    assert [row.name for row in decision.rows] == ["a", "b"]
    assert decision.questions == ()
    assert decision.reason == "cs, whichever of 'a' and 'b' decides"


def test_an_unknown_row_behind_one_that_holds_makes_no_difference() -> None:
    decision = table((True, CS), ("a_large", JOINT)).decide({})

    assert decision.outcome == CS
    assert decision.rows == decision.table.rows[:1]


def test_an_unknown_row_alone_does_not_decide_since_none_may_apply() -> None:
    decision = table(("a_large", CS), ("not a_large", CS)).decide({})

    assert decision.verdict is Verdict.UNKNOWN
    assert decision.reason == "unknown: cs by 'a', or cs by 'b', or no row; ask for a_large"


def test_only_facts_that_could_change_the_outcome_are_asked_for() -> None:
    decision = table(("p", SALES), ("q", CS), ("r", CS), (True, CS)).decide({"r": True})

    assert decision.questions == ("p",)


def test_a_row_ahead_of_one_that_could_differ_is_asked_for_whatever_its_outcome() -> None:
    decision = table(("p", CS), ("q", SALES), (True, CS)).decide({})

    assert decision.questions == ("p", "q")


def test_a_division_by_zero_is_unknown_and_has_no_question() -> None:
    decision = table(("used / seats < 0.6", SALES), (True, CS)).decide({"used": 1, "seats": 0})

    assert decision.verdict is Verdict.UNKNOWN
    assert decision.reason == "unknown: sales by 'a', or cs by 'b'; nothing to ask"


def test_a_row_may_decide_by_what_is_missing() -> None:
    decision = table(("is_missing(account_manager)", SALES), (True, CS)).decide({})

    assert decision.outcome == SALES


# The account of a decision


def test_the_explanation_tells_of_every_row_up_to_the_one_that_decided() -> None:
    made = table(("deal == 'new'", SALES), ("size > 5", JOINT), (True, CS), ("late", SALES))

    assert made.decide({"deal": "renewal", "size": 5}).explain().splitlines() == [
        "cs, by row 'c': otherwise",
        "  a (sales): does not hold: deal == \"new\" (deal = 'renewal')",
        "  b (joint): does not hold: size > 5 (size = 5)",
        "  c (cs): holds: True",
    ]


def test_the_explanation_of_an_unknown_shows_which_fact_is_missing() -> None:
    made = table(("deal == 'new'", SALES), (True, CS))

    assert made.decide({}).explain().splitlines()[1:] == [
        '  a (sales): unknown: deal == "new" (deal = unknown)',
        "  b (cs): holds: True",
    ]


def test_the_reason_is_that_of_the_row_where_it_gives_one() -> None:
    made = DecisionTable(name="test", rows=(Row(name="all", then="partner", reason="by treaty"),))

    assert str(made.decide({})) == "partner, by row 'all': by treaty"


def test_a_decision_carries_the_fingerprint_of_its_table() -> None:
    made = table((True, CS))

    assert made.decide({}).definition == made.fingerprint


def test_conditions_that_count_days_take_today() -> None:
    made = table(("days_until(ends_on) <= 30", SALES), (True, CS))
    record = {"ends_on": dt.date(2026, 7, 15)}

    assert made.decide(record, as_of=dt.date(2026, 6, 30)).outcome == SALES
    assert made.decide(record, as_of=dt.date(2026, 6, 1)).outcome == CS
    with pytest.raises(AsOfError):
        made.decide(record)


def test_a_fact_of_the_wrong_kind_is_an_error_even_behind_the_row_that_decides() -> None:
    made = table(("deal == 'new'", SALES), ("size > 5", CS))

    with pytest.raises(FactError, match="size"):
        made.decide({"deal": "new", "size": "large"})


def test_a_record_may_be_any_object_with_attributes() -> None:
    @attrs.frozen
    class Deal:
        deal: str

    assert table(("deal == 'new'", SALES)).decide(Deal("new")).outcome == SALES


# Unique tables


def test_the_one_row_that_holds_decides_a_unique_table() -> None:
    made = table(("size < 5", CS), ("size >= 5", JOINT), hit_policy="unique")

    assert made.decide({"size": 7}).outcome == JOINT
    assert made.decide({}).verdict is Verdict.UNKNOWN
    assert made.decide({}).questions == ("size",)


def test_two_rows_of_a_unique_table_that_hold_are_a_conflict() -> None:
    made = table(("size > 5", CS), ("late", CS), ("odd", SALES), hit_policy="unique")

    decision = made.decide({"size": 7, "late": True})

    assert (decision.verdict, decision.outcome, decision.row) == (Verdict.CONFLICT, None, None)
    assert str(decision) == "conflict: 'a' and 'b' hold, and only one row may"
    assert decision.questions == ()


def test_a_row_of_a_unique_table_does_not_decide_while_another_may_hold() -> None:
    made = table(("size > 5", CS), ("late", CS), hit_policy="unique")

    decision = made.decide({"size": 7})

    assert decision.verdict is Verdict.UNKNOWN
    assert decision.questions == ("late",)
    assert decision.reason == (
        "unknown: 'a' and 'b' hold or may hold, and only one row may; ask for late"
    )


def test_no_row_of_a_unique_table_may_hold() -> None:
    made = table(("size > 5", CS), hit_policy="unique")

    assert made.decide({"size": 1}).verdict is Verdict.NO_ROW


# Laws


@given(tables(), st.lists(RECORDS, min_size=1, max_size=8))
def test_columns_answer_as_the_records_in_them_do(
    made: DecisionTable, records: list[dict[str, Any]]
) -> None:
    columns = {name: np.array([each[name] for each in records], object) for name in VALUES}

    found = made.decide_columns(columns)

    decisions = [made.decide(record) for record in records]
    assert found.tolist() == [each.outcome for each in decisions]
    assert found.row.tolist() == [each.row.name if each.row else "" for each in decisions]
    assert found.verdict.tolist() == [each.verdict.value for each in decisions]
    assert found.definition == made.fingerprint


@given(tables(SURE), RECORDS)
def test_a_known_answer_is_that_of_every_completion_of_the_missing_facts(
    made: DecisionTable, record: dict[str, Any]
) -> None:
    decision = made.decide(record)
    missing = [name for name in made.facts if record[name] is None]

    for values in itertools.product(*(VALUES[name] for name in missing)):
        completed = made.decide({**record, **dict(zip(missing, values, strict=True))})
        if decision.verdict is not Verdict.UNKNOWN:
            assert completed.verdict is decision.verdict
            assert completed.outcome == decision.outcome


@given(tables(), RECORDS)
def test_the_row_that_decided_holds_and_is_named_in_the_reason(
    made: DecisionTable, record: dict[str, Any]
) -> None:
    decision = made.decide(record)

    if decision.row is not None:
        assert decision.row.when(record) is True
        assert f"{decision.outcome}, by row {decision.row.name!r}" in decision.reason
        assert decision.outcome == decision.row.then


@given(tables(SURE), RECORDS)
def test_facts_that_are_not_asked_for_make_no_difference(
    made: DecisionTable, record: dict[str, Any]
) -> None:
    """Not where a division by zero leaves nothing to ask, since no answer settles that."""
    before = made.decide(record)
    asked = [name for name in before.questions if name != "y"]
    known = {**record, **{name: VALUES[name][0] for name in asked}}
    after = made.decide(known)
    others = [name for name in made.facts if known[name] is None]

    for values in itertools.product(*(VALUES[name] for name in others)):
        completed = made.decide({**known, **dict(zip(others, values, strict=True))})
        if after.verdict is Verdict.DECIDED:
            assert completed.outcome == after.outcome


@given(tables())
def test_a_table_goes_to_json_and_back_unchanged(made: DecisionTable) -> None:
    read = from_json(to_json(made), DecisionTable)

    assert read == made
    assert read.fingerprint == made.fingerprint


# Columns


def test_a_column_that_is_absent_is_unknown_in_every_row() -> None:
    made = table(("deal == 'new'", SALES), ("late", CS))

    found = made.decide_columns({"deal": np.array(["new", "renewal"])})

    assert found.tolist() == [SALES, None]
    assert found.verdict.tolist() == ["decided", "unknown"]


def test_columns_of_different_lengths_are_refused_though_no_row_reads_two_of_them() -> None:
    made = table(("size > 5", SALES), ("late", CS))

    with pytest.raises(ColumnsError, match="row 'a' reads 3, but row 'b' 2"):
        made.decide_columns({"size": np.arange(3), "late": np.array([True, False])})


def test_an_empty_book_has_no_outcomes() -> None:
    found = table(("deal == 'new'", SALES)).decide_columns({"deal": np.array([], "U1")})

    assert found.tolist() == []
    assert found.verdict.tolist() == []


# The definition


def test_every_fault_of_a_row_is_reported_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        Row(name="", then=5, reason=None)  # type: ignore[arg-type]

    assert [fault.path for fault in caught.value.faults] == ["$.then", "$.name", "$.reason"]


def test_a_name_that_ends_in_a_nul_is_refused_since_a_column_would_drop_it() -> None:
    with pytest.raises(DefinitionError, match="ends in a NUL character") as caught:
        Row(name="a\0", then="cs\0")

    assert [fault.path for fault in caught.value.faults] == ["$.then", "$.name"]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (None, "$.rows: expected several Row parts, but got None"),
        (("a",), "$.rows[0]: expected a Row, but got the str 'a'"),
    ],
)
def test_what_is_no_row_is_refused(rows: Any, fault: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        DecisionTable(name="ours", rows=rows)

    assert [str(each) for each in caught.value.faults] == [fault]


def test_every_fault_of_a_table_is_reported_at_once() -> None:
    rows = (
        Row(name="a", when="size > 5", then=CS),
        Row(name="a", when="size == 'large'", then=CS),
    )

    with pytest.raises(DefinitionError) as caught:
        DecisionTable(name="", rows=rows)

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
        DecisionTable(name="none", rows=())


def test_an_unknown_hit_policy_is_refused_with_what_was_meant() -> None:
    with pytest.raises(DefinitionError, match="unknown hit policy 'uniq': did you mean 'unique'"):
        table((True, CS), hit_policy="uniq")
    with pytest.raises(DefinitionError, match="'any'; expected one of first, unique"):
        table((True, CS), hit_policy="any")


def test_a_condition_is_no_number() -> None:
    with pytest.raises(TypeError, match="seats"):
        Row(name="a", when="seats + 1", then=CS)


def test_a_table_from_json_reports_every_fault_with_its_path() -> None:
    data = {
        "kind": "decision_table",
        "version": 1,
        "name": "ours",
        "rows": [{"name": "a", "then": ""}, {"name": "b", "then": "cs", "when": "seats >"}],
    }

    with pytest.raises(DefinitionError) as caught:
        from_data(data, DecisionTable)

    assert [fault.path for fault in caught.value.faults] == ["$.rows[0].then", "$.rows[1].when"]


def test_a_row_that_always_holds_is_written_without_a_condition() -> None:
    assert to_data(table((True, CS)))["rows"] == [{"then": "cs", "name": "a"}]
