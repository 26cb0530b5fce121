"""Whether a decision table leaves a record without an outcome, or has a row for nothing."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.coverage import Check, CheckError, FlawKind, check_table
from cslib.decisions import DecisionTable, HitPolicy, Verdict
from cslib.rules import Function, rule
from cslib.stock import OWNERSHIP
from decision_strategies import CONDITIONS, CS, JOINT, RECORDS, SALES, table, tables

DEALS = {"deal": ("new", "renewal", "expansion")}


def flaws(check: Check) -> list[tuple[str, tuple[str, ...]]]:
    return [(flaw.kind.value, flaw.rows) for flaw in check.flaws]


# The stock table


def test_the_stock_table_is_sound_for_its_three_kinds_of_deal() -> None:
    check = check_table(OWNERSHIP, values=DEALS)

    assert check.flaws == ()
    assert check.free == ()
    assert check.points == 4 * 3 * 4 * 3
    assert str(check) == "sound: no flaw in 144 combinations"


def test_the_stock_table_has_a_gap_for_deals_of_any_other_kind() -> None:
    (flaw,) = check_table(OWNERSHIP).flaws

    assert flaw.kind is FlawKind.GAP
    assert flaw.example == {"deal": "other", "cs_commercial": True, "new_product_line": False}
    assert OWNERSHIP.decide(flaw.example).verdict is Verdict.NO_ROW


def test_a_value_that_is_a_rows_text_in_another_case_is_refused_with_that_text() -> None:
    with pytest.raises(CheckError, match="with 'Renewal': did you mean 'renewal'"):
        check_table(OWNERSHIP, values={"deal": ("new", "Renewal", "Other")})


# Gaps


def test_a_table_that_ends_with_a_row_for_all_else_has_no_gap() -> None:
    assert check_table(table(("deal == 'new'", SALES), (True, CS))).flaws == ()


def test_a_gap_at_a_bound_is_found() -> None:
    (flaw,) = check_table(table(("size < 5", CS), ("size > 5", SALES))).flaws

    assert (flaw.kind, flaw.example) == (FlawKind.GAP, {"size": 5})
    assert str(flaw) == "no row applies, as where size = 5"


def test_two_sides_of_a_bound_leave_no_gap() -> None:
    assert check_table(table(("size < 5", CS), ("size >= 5", SALES))).flaws == ()


def test_a_gap_between_two_numbers_is_found_and_values_can_rule_it_out() -> None:
    made = table(("number <= 1", JOINT), ("number >= 2", CS))

    assert check_table(made).flaws[0].example == {"number": 1.5}
    assert check_table(made, values={"number": range(1, 6)}).flaws == ()


def test_a_text_that_no_row_mentions_is_a_gap() -> None:
    made = table(("deal in {'new', 'other'}", CS), ("deal == 'other 2'", CS))

    assert check_table(made).flaws[0].example == {"deal": "other 3"}


def test_days_and_instants_are_told_apart_at_their_bounds() -> None:
    day = table(("on < date('2026-01-01')", CS), ("on > date('2026-01-01')", SALES))
    at = table(
        ("at <= instant('2026-01-01T00:00:00Z')", CS), ("at > instant('2026-01-01T00:00:01Z')", CS)
    )

    assert check_table(day).flaws[0].example == {"on": dt.date(2026, 1, 1)}
    assert check_table(at).flaws[0].example == {
        "at": dt.datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC)
    }


def test_the_last_of_all_days_has_none_after_it() -> None:
    made = table(("on < date('9999-12-31')", CS), ("on == date('9999-12-31')", CS))

    assert check_table(made).flaws == ()


def test_a_table_without_any_row_that_can_hold_leaves_every_record_open() -> None:
    check = check_table(table((False, CS), ("1 > 2", CS)))

    assert [str(flaw) for flaw in check.flaws] == [
        "no row applies, as where nothing is known",
        "row 'a' never decides: its condition never holds",
        "row 'b' never decides: its condition never holds",
    ]


def test_an_example_has_only_the_facts_that_it_needs() -> None:
    made = table(("p and q", CS), ("x > 5", SALES))

    assert check_table(made).flaws[0].example == {"p": False, "x": 4}


def test_what_is_missing_can_itself_be_a_gap() -> None:
    made = table(("coalesce(p, False)", CS), ("not coalesce(p, True)", CS))

    (flaw,) = check_table(made).flaws

    assert flaw.example == {}
    assert str(flaw) == "no row applies, as where nothing is known"
    assert made.decide({}).verdict is Verdict.NO_ROW


# Rows that never decide


def test_a_row_behind_one_that_always_holds_never_decides() -> None:
    check = check_table(table((True, CS), ("late", SALES)))

    assert flaws(check) == [("masked", ("b", "a"))]
    assert str(check) == "row 'b' never decides: where it holds, 'a' comes first"


def test_a_row_that_holds_only_where_an_earlier_one_is_unknown_never_decides() -> None:
    made = table(("late", CS), ("is_missing(late)", SALES), (True, CS))

    check = check_table(made)

    assert str(check) == "row 'b' never decides: where it holds, 'a' comes first"
    assert made.decide({}).verdict is Verdict.UNKNOWN


def test_a_row_of_an_equal_condition_never_decides() -> None:
    assert flaws(check_table(table(("size > 5", CS), ("5 < size", SALES), (True, CS)))) == [
        ("masked", ("b", "a"))
    ]


def test_a_row_whose_condition_an_earlier_one_implies_never_decides() -> None:
    check = check_table(table(("size > 5", CS), ("size > 7 and late", SALES), (True, CS)))

    assert flaws(check) == [("masked", ("b", "a"))]


def test_a_row_that_two_earlier_ones_share_out_never_decides() -> None:
    check = check_table(table(("size > 5", CS), ("size < 7", SALES), ("late", JOINT), (True, CS)))

    assert flaws(check) == [("masked", ("c", "a", "b")), ("masked", ("d", "a", "b"))]


def test_a_condition_that_contradicts_itself_never_holds() -> None:
    check = check_table(table(("size > 5 and size < 3", SALES), (True, CS)))

    assert str(check) == "row 'a' never decides: its condition never holds"


def test_a_row_of_a_unique_table_never_decides_only_if_it_never_holds() -> None:
    made = table(("size > 5", CS), ("size > 5", CS), ("late and not late", CS), hit_policy="unique")

    assert flaws(check_table(made)) == [("gap", ()), ("overlap", ("a", "b")), ("masked", ("c",))]


# Overlaps


def test_two_rows_of_a_unique_table_that_can_both_hold_are_found_with_an_example() -> None:
    made = table(("size > 5", CS), ("size <= 5", SALES), ("late", JOINT), hit_policy="unique")

    overlaps = check_table(made).flaws

    assert [flaw.rows for flaw in overlaps] == [("a", "c"), ("b", "c")]
    assert str(overlaps[0]) == "rows 'a' and 'c' both hold, as where size = 6, late = True"
    assert overlaps[0].example is not None
    assert made.decide(overlaps[0].example).verdict is Verdict.CONFLICT


def test_a_first_table_may_overlap() -> None:
    assert check_table(table(("size > 5", CS), ("size > 3", SALES), (True, JOINT))).flaws == ()


# What is looked at


def test_the_check_says_which_values_stand_for_all() -> None:
    check = check_table(table(("size > 5 and deal == 'new'", CS), ("late and size < 7", CS)))

    assert check.values == {
        "size": (4, 5, 6, 7, 8, None),
        "deal": ("new", "other", None),
        "late": (True, False, None),
    }
    assert check.points == 6 * 3 * 3


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("0.5 < x < 0.75", (0, 0.5, 0.625, 0.75, 1, None)),
        ("x in {2, 2.5}", (1, 2, 2.25, 2.5, 3, None)),
        ("x == True", (True, False, None)),
        ("is_missing(x)", ("any value", None)),
    ],
)
def test_what_a_condition_can_tell_apart(condition: str, values: tuple[object, ...]) -> None:
    assert check_table(table((condition, CS))).values == {"x": values}


def test_a_ratio_is_taken_as_one_thing_and_the_check_says_so() -> None:
    check = check_table(table(("used / seats < 0.6", CS), ("used / seats >= 0.6", SALES)))

    assert check.flaws == ()
    assert check.free == ("used / seats",)


def test_days_since_a_day_need_no_today() -> None:
    check = check_table(table(("days_since(on) < 30", CS), ("days_since(on) > 30", SALES)))

    assert check.flaws[0].example == {"days_since(on)": 30}


def test_two_facts_compared_both_ways_leave_no_gap() -> None:
    made = table(("used < seats", CS), ("seats < used", SALES), ("used == seats", JOINT))

    assert check_table(made).flaws == ()
    assert flaws(check_table(attrs.evolve(made, rows=made.rows[:2]))) == [("gap", ())]


@pytest.mark.parametrize(
    "condition",
    [
        "name < 'm'",
        "streak(2, logins > 5)",
        "(used > 5) == (seats > 5)",
        "is_missing(used / seats)",
    ],
)
def test_what_cannot_be_taken_apart_may_hold_or_not(condition: str) -> None:
    made = table((condition, CS), (f"not ({condition})", SALES))

    check = check_table(made)

    assert check.flaws == ()
    assert check.free != ()


def test_a_registered_condition_may_hold_or_not() -> None:
    own = Function(name="shouts", version=1, takes=("text",), gives="boolean", call=str.isupper)
    made = table((rule("shouts(name)", functions=[own]), CS))

    assert flaws(check_table(made)) == [("gap", ())]


def test_a_fact_of_any_name_has_its_own_in_an_example() -> None:
    made = table(('fact("Deal size") > 5', CS))

    (flaw,) = check_table(made).flaws

    assert flaw.example == {"Deal size": 4}
    assert made.decide(flaw.example).verdict is Verdict.NO_ROW


def test_a_table_that_tells_too_much_apart_is_not_checked() -> None:
    made = table((" and ".join(f"x{i} > 1" for i in range(11)), CS), (True, SALES))

    with pytest.raises(CheckError, match=r"^4,194,304 combinations of values \(4 of x0, .* 2 rows"):
        check_table(made)
    assert check_table(made, values={f"x{i}": (2,) for i in range(9)}).points == 2**9 * 4**2


def test_values_of_what_no_row_compares_are_refused() -> None:
    with pytest.raises(CheckError, match="no row compares 'deel': did you mean 'deal'"):
        check_table(OWNERSHIP, values={"deel": ("new",)})
    with pytest.raises(CheckError, match="no row compares 'zone'; they compare size"):
        check_table(table(("size > 5", CS)), values={"zone": ("north",)})


def test_values_that_are_none_are_refused() -> None:
    with pytest.raises(CheckError, match="values of 'size': expected at least one, but got none"):
        check_table(table(("size > 5", CS)), values={"size": (None,)})


@pytest.mark.parametrize("given", ["ab", 5])
def test_one_value_in_the_place_of_several_is_refused(given: Any) -> None:
    with pytest.raises(CheckError, match="values of 'size': expected several, such as a tuple"):
        check_table(table(("size > 5", CS)), values={"size": given})


def test_a_value_that_no_fact_can_be_is_refused() -> None:
    with pytest.raises(
        CheckError, match="values of 'size': expected texts, numbers, flags or days"
    ):
        check_table(table(("size > 5", CS)), values={"size": [[]]})


PLAIN = tuple(text for text in CONDITIONS if text not in ("x / y > 1", "y > x"))


@given(tables(PLAIN), RECORDS)
def test_a_record_without_an_outcome_is_never_overlooked(
    made: DecisionTable, record: dict[str, Any]
) -> None:
    found = {flaw.kind for flaw in check_table(made).flaws}

    decision = made.decide(record)

    assert decision.verdict is not Verdict.NO_ROW or FlawKind.GAP in found
    assert decision.verdict is not Verdict.CONFLICT or FlawKind.OVERLAP in found


@given(tables(), RECORDS)
def test_a_row_that_never_decides_does_not_decide(
    made: DecisionTable, record: dict[str, Any]
) -> None:
    masked = {flaw.rows[0] for flaw in check_table(made).flaws if flaw.kind is FlawKind.MASKED}

    decision = made.decide(record)

    assert decision.row is None or decision.row.name not in masked


@given(tables(PLAIN))
def test_every_example_shows_its_flaw(made: DecisionTable) -> None:
    shows = {FlawKind.GAP: Verdict.NO_ROW, FlawKind.OVERLAP: Verdict.CONFLICT}

    for flaw in check_table(made).flaws:
        if flaw.example is not None and "any value" not in flaw.example.values():
            assert made.decide(flaw.example).verdict is shows[flaw.kind]


@given(tables(PLAIN), st.data())
def test_a_row_that_is_not_reported_decides_some_record(made: DecisionTable, data: Any) -> None:
    check = check_table(made)
    masked = {flaw.rows[0] for flaw in check.flaws if flaw.kind is FlawKind.MASKED}
    records = [
        dict(zip(check.values, values, strict=True))
        for values in itertools.product(*check.values.values())
    ]
    row = data.draw(st.sampled_from(made.rows))

    if made.hit_policy is HitPolicy.UNIQUE:
        shown = any(row.when(_real(each)) is True for each in records)
    else:
        shown = any(made.decide(_real(each)).row == row for each in records)

    assert shown is (row.name not in masked)


def _real(record: Mapping[str, object]) -> dict[str, object]:
    return {name: 1 if value == "any value" else value for name, value in record.items()}
