"""Rules: two ways to write one value, rules by name, rulings, and published programmes."""

from __future__ import annotations

import copy
import datetime as dt
import functools
import json
import operator
import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import strategies
from cslib.columns import ColumnsError
from cslib.errors import DefinitionError
from cslib.expressions import MAX_DEPTH, OPERATIONS, Fact, Kind, Literal, Node
from cslib.rules import (
    ExpressionError,
    FactError,
    FactSpec,
    Function,
    KindError,
    Rule,
    Schema,
    Term,
    UnfinishedError,
    UnknownNameError,
    fact,
    fn,
    rule,
    ruleset,
)

# Two ways to write


_OPERATORS: Mapping[str, Callable[..., Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "and": operator.and_,
    "or": operator.or_,
    "not": operator.invert,
    "neg": operator.neg,
    "abs": abs,
    "round": round,
    "if": fn.if_,
    "in": lambda tested, *members: fn.is_in(tested, members),
}


def in_operators(node: Node) -> Any:
    """The tree as a person would write it with Python operators."""
    match node:
        case Literal():
            return node.value
        case Fact():
            return fact(node.name)
    arguments = [in_operators(part) for part in node.arguments]
    if node.operation not in _OPERATORS:
        return getattr(fn, node.operation)(*arguments)
    if not any(isinstance(each, Term) for each in arguments[:2]):
        arguments[0] = Term(node.arguments[0])  # two plain values would meet without us
    if node.operation in ("and", "or"):
        return functools.reduce(_OPERATORS[node.operation], arguments)
    return _OPERATORS[node.operation](*arguments)


@given(strategies.trees())
def test_operators_make_the_tree_that_text_makes(node: Node) -> None:
    written = in_operators(node)
    finished = rule(written if isinstance(written, Term) else Term(node))

    assert finished == Rule(node) == rule(str(finished))


@given(strategies.trees())
def test_text_json_and_pickle_give_the_rule_back(node: Node) -> None:
    made = Rule(node)

    for again in (
        rule(str(made)),
        rule(json.loads(json.dumps(made.to_json()))),
        rule(made),
        pickle.loads(pickle.dumps(made)),  # noqa: S301
        copy.deepcopy(made),
    ):
        assert again == made
        assert hash(again) == hash(made)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("seats_used / seats >= 0.6", fact.seats_used / fact.seats >= 0.6),
        ("0 < seats <= 5", (0 < fact.seats) & (fact.seats <= 5)),  # noqa: SIM300
        ("not (a and b) or c", ~(fact.a & fact.b) | fact.c),
        ("plan in {'pro', 'team'}", fn.is_in(fact.plan, {"pro", "team"})),
        ("plan not in {'pro'}", ~fn.is_in(fact.plan, ["pro"])),
        ("10 - x", 10 - fact.x),
        ("10 / x * 2 + 1", 10 / fact.x * 2 + 1),
        ("2 * x", 2 * fact.x),
        ("1 + x - 3", 1 + fact.x - 3),
        ("True and x", True & fact.x),
        ("False or x", False | fact.x),
        ("x and True", fact.x & True),
        ("abs(-x)", abs(-fact.x)),
        ("round(x)", round(fact.x)),
        ("round(x, 2)", round(fact.x, 2)),
        ("1 if a else None", fn.if_(fact.a, 1, None)),
        ("owner.email == ''", fact.owner.email == ""),
        ("fact('Seconds of Use') > 0", fact("Seconds of Use") > 0),
        ("signed < date('2026-06-30')", fact.signed < dt.date(2026, 6, 30)),
        ("x > 5", fact.x > np.int64(5)),
        ("x < 5", np.float64(5) > fact.x),
        ("x - 5", fact.x - np.int64(5)),
        ("5 - x", np.float64(5) - fact.x),
        ("x == 5", np.int64(5) == fact.x),
        ("x != 5", fact.x != 5),
        ("today()", fn.today()),
    ],
)
def test_text_and_operators_side_by_side(text: str, term: object) -> None:
    assert rule(text) == rule(term)


def test_rules_join_with_one_another_and_with_terms() -> None:
    low, idle = rule("seats < 5"), rule("logins == 0")

    assert (low & idle) == rule("seats < 5 and logins == 0")
    assert (low | (fact.logins == 0)) == rule("seats < 5 or logins == 0")
    assert rule((fact.logins == 0) & low) == rule("logins == 0 and seats < 5")
    assert ~low == rule("not seats < 5")


# The value


def test_equal_rules_are_found_in_sets() -> None:
    assert len({rule("5 < x"), rule("x > 5"), rule("x > 5.0"), rule("x >= 5")}) == 2


def test_a_rule_shows_how_to_make_it() -> None:
    assert repr(rule("0 < seats and seats <= 5")) == "rule('0 < seats <= 5')"
    assert str(rule(fact("a b") == "x")) == 'fact("a b") == "x"'


def test_a_rule_tells_what_it_reads() -> None:
    made = rule("seats_used / seats >= 0.6 or seats < 2")

    assert made.facts == ("seats_used", "seats")
    assert made.kinds == {"seats_used": {Kind.NUMBER}, "seats": {Kind.NUMBER}}


def test_a_rule_as_data_is_its_text() -> None:
    made = rule("0 < seats <= 5")

    assert made.__to_data__() == "0 < seats <= 5"
    assert Rule.__from_data__("0 < seats <= 5", ()) == made


@pytest.mark.parametrize("use", [bool, lambda r: r and r, lambda r: not r])
def test_a_rule_is_not_true_or_false_by_itself(use: Callable[[Any], object]) -> None:
    with pytest.raises(UnfinishedError, match="call it on a record: `x > 5`"):
        use(rule("x > 5"))


def test_a_rule_answers_after_pickle() -> None:
    made = rule("x > 5")
    made({"x": 6})

    assert pickle.loads(pickle.dumps(made))({"x": 6}) is True  # noqa: S301


@pytest.mark.parametrize(
    "source", [None, ["x"], 1j, object(), Fact("x")], ids=["None", "list", "1j", "object", "node"]
)
def test_what_is_no_source_is_refused(source: object) -> None:
    with pytest.raises(DefinitionError, match="expected text, a term on `fact`, a rule or its"):
        rule(source)


def test_a_rule_answers_on_columns_and_explains_itself() -> None:
    low = rule("seats_used / seats < 0.6", kind="boolean")

    found = low.columns({"seats_used": np.array([5.0, 9, 1]), "seats": np.array([10, 10, np.nan])})
    assert found.tolist() == [True, False, None]
    assert low.explain({"seats_used": 5}).missing == ("seats",)
    assert low.words() == "seats used divided by seats is below 0.6"


# What it answers


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("seats > 5", Kind.BOOLEAN),
        ("seats + 5", Kind.NUMBER),
        ("'a' if x else 'b'", Kind.TEXT),
        ("max(signed, today())", Kind.DATE),
        ("seats", None),
    ],
)
def test_a_rule_tells_the_kind_of_its_answer(text: str, kind: Kind | None) -> None:
    made = rule(text)

    assert made.kind == kind
    assert all(made.may_be(each) == (kind in (None, each)) for each in Kind)


def test_a_rule_that_cannot_be_of_the_kind_asked_for_is_an_error() -> None:
    with pytest.raises(KindError, match="expected a boolean, but it gives a number"):
        rule("seats + 5", kind="boolean")
    with pytest.raises(ExpressionError, match="expected a kind"):
        rule("seats", kind="bool")


def test_the_kind_asked_for_holds_on_every_record() -> None:
    flag = rule("is_paid", kind="boolean")

    assert flag({"is_paid": True}) is True
    assert flag.kind is Kind.BOOLEAN
    with pytest.raises(FactError, match="expected boolean"):
        flag({"is_paid": 1})


def test_the_kind_asked_for_is_part_of_the_value_only_where_it_says_something() -> None:
    assert rule("x > 5", kind="boolean") == rule("x > 5")
    assert rule("x", kind="boolean") != rule("x")
    assert rule(str(rule("x", kind="boolean")), kind="boolean") == rule("x", kind="boolean")


def test_the_kind_asked_for_is_kept() -> None:
    flag = rule("is_paid", kind="boolean")

    assert rule(flag) == flag
    assert pickle.loads(pickle.dumps(flag)) == flag  # noqa: S301
    assert rule(flag, kind="boolean") == flag
    with pytest.raises(
        KindError, match="in `is_paid`: it was made to give boolean, so it cannot give text"
    ):
        rule(flag, kind="text")


@pytest.mark.parametrize(
    "text", ["a > 1 or b > 1", "a > 1 if a > 0 else b > 1", "at_least(1, a > 1, b > 1)"]
)
def test_a_wrong_kind_is_an_error_even_where_it_could_not_decide(text: str) -> None:
    with pytest.raises(FactError, match="fact 'b': expected number"):
        rule(text)({"a": 5, "b": "10"})


def test_an_error_of_kind_in_text_has_its_place_and_in_operators_its_line_of_python() -> None:
    with pytest.raises(KindError, match='in column 16, `x == "a"`'):
        rule("x > 5 and x == 'a'")
    with pytest.raises(KindError, match=r"in `x == .a.`: a number does not go") as caught:
        (fact.x > 5) & (fact.x == "a")
    assert caught.value.column is None


# Terms


@pytest.mark.parametrize(
    "use",
    [
        lambda term: bool(term > 5),
        lambda term: 0 < term < 5,
        lambda term: not term,
        lambda term: term and term,
        lambda term: term == 1 or term == 2,
        lambda term: term in ["a", "b"],
        lambda term: 1 if term else 2,
        lambda term: max(term, 5),
    ],
)
def test_a_term_is_not_true_or_false(use: Callable[[Any], object]) -> None:
    with pytest.raises(UnfinishedError, match="a term is not true or false: write &"):
        use(fact.x)


def test_a_term_has_no_hash_no_entries_and_no_members() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(fact.x)
    with pytest.raises(UnfinishedError, match=r"use fn\.prior, fn\.streak and fn\.total"):
        list(fact.x)
    with pytest.raises(UnfinishedError, match=r"write fn\.is_in"):
        assert "a" in fact.plan


def test_what_takes_a_term_for_a_member_of_a_set_says_fn_is_in() -> None:
    with pytest.raises(UnfinishedError, match=r"write fn\.is_in\(fact\.plan, values\)"):
        assert fact.plan in {"pro", "team"}


def test_a_term_that_is_used_as_a_rule_says_that_it_is_not_finished() -> None:
    with pytest.raises(UnfinishedError, match=r"finish it with rule\(\.\.\.\)"):
        (fact.a > 1)({"a": 3})
    with pytest.raises(UnknownNameError, match=r"finish it with rule\(\.\.\.\)"):
        _ = (fact.a > 1).explain


@pytest.mark.parametrize(
    "write",
    [
        lambda: fact.a > 1 & fact.b > 2,
        lambda: fact.a == "x" | fact.b,
        lambda: fact.a > fact.b + 1 & (fact.c > 2),
    ],
)
def test_comparisons_joined_without_brackets_are_told_to_have_them(
    write: Callable[[], object],
) -> None:
    with pytest.raises(KindError, match="put brackets around each comparison"):
        write()


def test_the_error_of_an_unknown_name_survives_pickle() -> None:
    with pytest.raises(UnknownNameError) as caught:
        _ = fn.mean

    assert "divide total(x, n) by n" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


def test_columns_that_are_no_mapping_are_refused() -> None:
    listed: Any = [{"seats": 3}]
    with pytest.raises(ColumnsError, match=r"mapping of names to arrays.* call the rule on each"):
        rule("seats > 1").columns(listed)
    number: Any = 3
    with pytest.raises(ColumnsError, match=r"mapping of names to arrays.*but got int"):
        rule("seats > 1").columns(number)


def test_only_a_fact_leads_into_a_nested_one() -> None:
    with pytest.raises(AttributeError, match="`x \\+ 1` has no nested fact 'y'"):
        _ = (fact.x + 1).y
    with pytest.raises(AttributeError):
        _ = fact.__wrapped__
    with pytest.raises(AttributeError):
        _ = fact.x.__wrapped__


def test_a_term_shows_itself() -> None:
    assert repr(fact.x > 5) == "<term x > 5>"
    assert (repr(fact), repr(fn)) == ("fact", "fn")


def test_a_function_that_there_is_not_is_answered_with_a_suggestion() -> None:
    with pytest.raises(
        AttributeError, match="unknown function 'day_since': did you mean 'days_since'"
    ):
        fn.day_since(fact.x)
    assert {"days_since", "is_in", "if_", "call"} <= set(dir(fn))


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (lambda: fact.x > [1], "a rule cannot hold [1] (list)"),
        (lambda: fact.x == None, "write is_missing(x)"),  # noqa: E711
        (lambda: fn.prior(fact.x, 0.5), "must be written as a whole number"),
        (lambda: fn.abs(), "abs takes 1 argument, but got 0"),
        (lambda: fn.is_in(fact.plan, "pro"), "takes a set of values, but got the text 'pro'"),
        (lambda: fact(""), "a fact has a name, but got an empty one"),
        (lambda: sum(fact(f"x{i}") for i in range(MAX_DEPTH)), "at most 60 is allowed"),
    ],
)
def test_a_slip_in_operators_is_told_where_it_is_made(
    write: Callable[[], object], problem: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        write()

    assert problem in str(caught.value)


# Rules by name


def test_a_rule_may_use_another_by_name_in_any_order() -> None:
    sources = {
        "healthy": "active and not at_risk",
        "at_risk": "seats_used / seats < 0.6 or idle",
        "idle": "days_since(last_login) > 30",
        "active": "logins > 5",
    }
    made = ruleset(sources)

    assert list(made) == list(sources)
    assert made == ruleset(dict(reversed(sources.items())))
    assert made["healthy"] == rule(
        "logins > 5 and not (seats_used / seats < 0.6 or days_since(last_login) > 30)"
    )


@pytest.mark.parametrize(
    "source",
    ["active and x", fact.active & fact.x, {"and": [{"fact": "active"}, {"fact": "x"}]},
     rule("active and x"), "fact('active') and x"],
    ids=["text", "operators", "JSON", "rule", "quoted"],
)  # fmt: skip
def test_a_name_means_the_rule_however_it_is_written(source: object) -> None:
    made = ruleset({"active": "a and b", "well": source})

    assert made["well"] == rule("a and b and x")


def test_a_dotted_name_is_a_name_too() -> None:
    made = ruleset({"usage.low": "seats < 5", "risk": "usage.low or usage.none"})

    assert str(made["risk"]) == "seats < 5 or usage.none"


def test_a_named_measure_may_stand_in_a_comparison() -> None:
    made = ruleset(
        {"use": "seats_used / seats", "low": "0.5 > use", "limit": "5", "few": "limit > x"}
    )

    assert str(made["low"]) == "seats_used / seats < 0.5"
    assert str(made["few"]) == "x < 5"


def test_rules_hand_on_the_functions_they_call() -> None:
    vowels = Function(name="vowels", version=1, takes=("text",), gives="number", call=len)
    made = ruleset({"rich": "many and x > 1", "many": "vowels(name) > 3"}, functions=[vowels])

    assert made["rich"].functions == (vowels,)
    assert made["rich"]({"name": "banana", "x": 2}) is True


def nested(depth: int, innermost: Any) -> Any:
    """The JSON form of ``innermost`` inside functions that each take one argument."""
    for _ in range(depth):
        innermost = {"abs": [innermost]}
    return innermost


@pytest.mark.parametrize(
    ("innermost", "depth"),
    [
        ({"fact": "a.b.c.d.e.f.g.h"}, 1),
        ({"fact": ".".join(["a"] * MAX_DEPTH)}, 1),
        ({"fact": ".".join(["a"] * (MAX_DEPTH + 1))}, 1),
        ({"fact": "Seconds of Use.by.day"}, 1),
        ({"+": [{"fact": "x"}, -5]}, 2),
        ({"-": [-5, {"fact": "x"}]}, 2),
        ({"if": [{"not": [{"in": [{"fact": "x"}, -1, 2]}]}, -1, -2]}, 4),
        ({"if": [{"and": [{"<": [-1, {"fact": "x"}]}, {"<": [{"fact": "x"}, 5]}]}, 1, 2]}, 4),
    ],
)
def test_the_text_of_a_rule_as_deep_as_may_be_is_read_back(innermost: Any, depth: int) -> None:
    deepest = rule(nested(MAX_DEPTH - depth, innermost))

    assert rule(str(deepest)) == deepest
    with pytest.raises(DefinitionError, match="deep"):
        rule(nested(MAX_DEPTH - depth + 1, innermost))


def test_the_text_of_a_rule_with_thousands_of_ids_is_read_back() -> None:
    listed = rule(fn.is_in(fact.account, [f"{i:036}" for i in range(2_000)]))

    assert rule(str(listed)) == listed


def test_a_rule_whose_text_could_not_be_read_back_is_not_made() -> None:
    with pytest.raises(ExpressionError, match=r"the rule's text has 1000\d\d characters; at most"):
        rule(fn.is_in(fact.account, ["x" * 100_000]))


def test_a_long_line_of_rules_each_using_the_next_is_no_trouble() -> None:
    sources = {f"r{i}": f"x{i} > 1 and r{i + 1}" for i in range(150)}

    assert len(ruleset(sources)["r0"].facts) == 151


def test_rules_that_double_one_another_stay_bounded() -> None:
    sources = {f"r{i}": f"r{i + 1} or r{i + 1}" for i in range(200)}

    with pytest.raises(DefinitionError, match="at most 5000"):
        ruleset(sources)


@pytest.mark.parametrize(
    ("sources", "circle"),
    [
        ({"a": "a and x"}, "$.a: a rule cannot need itself: a -> a"),
        ({"a": "b", "b": "c and x", "c": "not a", "d": "a"}, "a -> b -> c -> a"),
    ],
)
def test_a_cycle_is_named(sources: dict[str, object], circle: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        ruleset(sources)

    (fault,) = caught.value.faults
    assert circle in str(fault)


def test_every_cycle_is_named() -> None:
    with pytest.raises(DefinitionError) as caught:
        ruleset({"a": "b", "b": "a", "c": "c", "d": "x > 1"})

    assert [fault.path for fault in caught.value.faults] == ["$.a", "$.c"]


def test_every_faulty_rule_is_reported_once_under_its_name() -> None:
    schema = Schema((FactSpec(name="seats", kind="number"), FactSpec(name="plan", kind="text")))
    sources = {
        "typo": "day_since(x)",
        "needs typo": "typo and seats > 1",
        "kind": "seats > 'a'",
        "name": "seat > 5",
        "wrong use": "fine + 1",
        "fine": "seats > 1",
    }

    with pytest.raises(DefinitionError) as caught:
        ruleset(sources, schema=schema)

    messages = {fault.path: fault.message for fault in caught.value.faults}
    assert set(messages) == {"$.typo", "$.kind", "$.name", "$['wrong use']"}
    assert "did you mean 'days_since'" in messages["$.typo"]
    assert "`fine` is a boolean, but `+` takes a number here" in messages["$['wrong use']"]
    assert messages["$.name"] == "unknown fact 'seat': did you mean 'seats'?"


def test_rules_by_name_may_not_use_one_fact_as_two_kinds() -> None:
    with pytest.raises(DefinitionError, match="does not go with"):
        ruleset({"a": "x > 5", "b": "a and x == 'y'"})


def test_a_schema_reaches_every_rule_once() -> None:
    schema = Schema((FactSpec(name="arr", kind="number", exponent=2),))
    made = ruleset({"large": "arr > 1000", "key": "large and arr > 5000"}, schema=schema)

    assert str(made["key"]) == "minor(arr, 2) > 1000 and minor(arr, 2) > 5000"


# Rulings, each with its boundary (docs/semantics.md, "Rules")


AS_OF = dt.date(2026, 6, 30)
AN_HOUR_WEST = dt.timezone(dt.timedelta(hours=-1))


@pytest.mark.parametrize(
    ("text", "record", "answer"),
    [
        # numbers are doubles, compared without tolerance
        ("a + b == 0.3", {"a": 0.1, "b": 0.2}, False),
        ("round(a + b, 9) == 0.3", {"a": 0.1, "b": 0.2}, True),
        # change against the size of what was before
        ("change(now, before)", {"now": -5, "before": -10}, 0.5),
        ("change(now, before)", {"now": 5, "before": 0}, None),
        # half to even
        ("round(x)", {"x": 2.5}, 2.0),
        ("round(x)", {"x": 3.5}, 4.0),
        ("round(x, 1)", {"x": 0.25}, 0.2),
        ("round(x, 2)", {"x": 2.675}, 2.68),
        # instants count on their UTC day
        ("days_since(t)", {"t": dt.datetime(2026, 6, 29, 23, 30, tzinfo=AN_HOUR_WEST)}, 0.0),
        ("days_since(t)", {"t": dt.datetime(2026, 6, 29, 23, 30, tzinfo=dt.UTC)}, 1.0),
        # a series is oldest first; before its start nothing is known
        ("x - prior(x, 1)", {"x": [1, 2, 5]}, 3.0),
        ("prior(x, 3)", {"x": [1, 2, 5]}, None),
        ("total(x, 3)", {"x": [1, 2, 5]}, 8.0),
        ("total(x, 4)", {"x": [1, 2, 5]}, None),
        ("x", {"x": []}, None),
        # a streak is an and of its periods
        ("streak(3, x > 1)", {"x": [2, 2, 2]}, True),
        ("streak(3, x > 1)", {"x": [2, 2]}, None),
        ("streak(3, x > 1)", {"x": [2, 1]}, False),
        ("streak(3, x > 1)", {"x": [2, None, 2]}, None),
        ("streak(3, x > 1)", {"x": [1, None, 2]}, False),
        # an unknown condition leaves what both branches agree on
        ("1 if a else 2", {"a": None}, None),
        ("1 if a else x", {"a": None, "x": 1}, 1.0),
        # the default of a ratio is for a zero denominator alone
        ("ratio(a, b, 0)", {"a": 5, "b": 0}, 0.0),
        ("ratio(a, b, 0)", {"a": None, "b": 0}, None),
        ("ratio(a, b, 0)", {"a": 5, "b": None}, None),
        ("ratio(a, b)", {"a": 5, "b": 0}, None),
        # at_least is decided as soon as it can be
        ("at_least(2, a, b, c)", {"a": True, "b": True, "c": None}, True),
        ("at_least(2, a, b, c)", {"a": True, "b": False, "c": None}, None),
        ("at_least(2, a, b, c)", {"a": False, "b": False, "c": None}, False),
        ("at_least(0, a)", {"a": None}, True),
        # unknowns go through min and max, and stop at coalesce
        ("max(a, b)", {"a": 5, "b": None}, None),
        ("max(a, coalesce(b, 0))", {"a": 5, "b": None}, 5.0),
        # nothing is unlike an unknown, and nothing like it
        ("a != b", {"a": 5, "b": None}, None),
        ("a in {1, 2}", {"a": None}, None),
        ("not a", {"a": None}, None),
    ],
)  # fmt: skip
def test_ruling(text: str, record: dict[str, Any], answer: object) -> None:
    found = rule(text)(record, as_of=AS_OF)

    assert found == answer
    assert type(found) is type(answer)


def test_an_id_beyond_what_a_double_holds_is_compared_exactly_and_not_calculated_with() -> None:
    ids = {"a": 2**53 + 1, "b": 2**53}

    assert rule("a == b")(ids) is False
    with pytest.raises(FactError, match="within plus or minus 2"):
        rule("a - b")(ids)


# The reference page


PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "rules.md").read_text("utf-8")
ROW = re.compile(r"^\| (.+?) \| .+? \| `([^`]+)` \| `([^`]+)` \|", re.MULTILINE)


def page_account() -> dict[str, Any]:
    """What the page's examples are about, from its own code block."""
    (block,) = [
        b for b in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "account = {" in b
    ]
    namespace: dict[str, Any] = {}
    exec(block, namespace)  # noqa: S102
    return namespace


@pytest.mark.parametrize(("example", "gives"), [row.groups()[1:] for row in ROW.finditer(PAGE)])
def test_every_example_of_the_reference_page_gives_what_it_says(example: str, gives: str) -> None:
    page = page_account()

    found = rule(example)(page["account"], as_of=page["as_of"])

    assert repr(found) == gives


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_operation_stands_on_the_reference_page(operation: str) -> None:
    names = {"neg": "-a", "if": "x if c else y"}
    form = re.escape(names.get(operation, operation))
    written = "\n".join(row[1] for row in ROW.finditer(PAGE))

    assert re.search(rf"[` ]{form}[(` ]", written)


# Published programmes: each kind of condition that they use, in the language


GITLAB = {
    "ci_runners": "months_since_onboarding >= 1 and ci_runners < 1",
    "ci_internal_pipelines": (
        "change(ci_internal_pipelines, prior(ci_internal_pipelines, 1)) <= -0.2"
        " or months_since_onboarding >= 3 and ci_internal_pipelines / projects < 0.5"
    ),
    "ci_external_pipelines": "streak(3, ci_external_pipelines > ci_internal_pipelines)",
    "projects_jenkins_active": (
        "months_since_onboarding >= 0 and projects_jenkins_active / projects >= 0.2"
        " or projects_jenkins_active > prior(projects_jenkins_active, 1)"
    ),
    "license_utilisation": (
        "change(license_utilisation, prior(license_utilisation, 1)) <= -0.1"
        " or months_since_onboarding >= 1 and license_utilisation < 0.5"
    ),
    "container_scanning_job": "months_since_onboarding >= 1 and container_scanning_job < 50",
    "dast_jobs": "months_since_onboarding >= 3 and dast_jobs < 50",
    "dependency_scanning_jobs": "months_since_onboarding >= 1 and dependency_scanning_jobs < 1",
    "secret_detection_scans": "months_since_onboarding >= 1 and secret_detection_scans < 50",
}
"""GitLab handbook, customer-success/product-usage-data/metrics-based-playbooks."""

INTERNAL, EXTERNAL, JENKINS = (
    "ci_internal_pipelines",
    "ci_external_pipelines",
    "projects_jenkins_active",
)
HUNDRED = {"projects": [100, 100]}


@pytest.mark.parametrize(
    ("month", "series", "fired"),
    [
        (2, {INTERNAL: [1000, 800], **HUNDRED}, [INTERNAL]),
        (2, {INTERNAL: [1000, 801], **HUNDRED}, []),
        (2, {INTERNAL: [None, 800], **HUNDRED}, []),
        (2, {INTERNAL: [0, 0], **HUNDRED}, []),
        (3, {INTERNAL: [49, 49], **HUNDRED}, [INTERNAL]),
        (3, {INTERNAL: [50, 50], **HUNDRED}, []),
        (2, {INTERNAL: [10, 10], **HUNDRED}, []),
        (6, {EXTERNAL: [11, 21, 31], INTERNAL: [10, 20, 30], "projects": [20] * 3}, [EXTERNAL]),
        (6, {EXTERNAL: [11, 20, 31], INTERNAL: [10, 20, 30], "projects": [20] * 3}, []),
        (6, {EXTERNAL: [21, 31], INTERNAL: [20, 30], "projects": [20, 20]}, []),
        (4, {JENKINS: [20, 20], **HUNDRED}, [JENKINS]),
        (4, {JENKINS: [19, 19], **HUNDRED}, []),
        (4, {JENKINS: [4, 5], **HUNDRED}, [JENKINS]),
        (4, {"license_utilisation": [0.9, 0.75]}, ["license_utilisation"]),
        (4, {"license_utilisation": [0.9, 0.85]}, []),
        (
            1,
            {
                "secret_detection_scans": [49],
                "dast_jobs": [0],
                "dependency_scanning_jobs": [1],
                "container_scanning_job": [50],
                "ci_runners": [0],
            },
            ["ci_runners", "secret_detection_scans"],
        ),
    ],
)
def test_gitlab_playbook_triggers(month: int, series: dict[str, Any], fired: list[str]) -> None:
    record = {"months_since_onboarding": month, **series}

    assert [name for name, when in GITLAB.items() if rule(when)(record) is True] == fired


@pytest.mark.parametrize(
    ("weeks", "slope", "p_value", "at_risk"),
    [
        (3, -5, 0.05, True),
        (2, -50, 0.001, None),
        (20, -4.99, 0.001, False),
        (20, -9, 0.051, False),
        (20, 3, 0.001, False),
        (26, -12, 0.01, True),
    ],
)
def test_buffer_trend_risk(weeks: int, slope: float, p_value: float, at_risk: bool | None) -> None:
    """bufferapp/customer-health-scores, generate_scores.R."""
    rules = ruleset(
        {
            "scored": "active_weeks >= 3",
            "at_risk": "slope_per_year <= -5 and p_value <= 0.05 if scored else None",
        }
    )
    record = {"active_weeks": weeks, "slope_per_year": slope, "p_value": p_value}

    assert rules["at_risk"](record) is at_risk
    assert rules["scored"](record) is (at_risk is not None)


CONTRACT_STATUS = """
    'ENDED' if not is_missing(ended_at) and ended_at < today()
    else 'DRAFT' if not approved
    else 'SCHEDULED' if is_missing(service_start) or service_start > today()
    else 'OUT_OF_CONTRACT' if not auto_renew and not is_missing(renewed_at) and renewed_at < today()
    else 'LIVE'
"""
"""customeros/customeros, contract_event_handler.go (deriveContractStatus)."""


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "LIVE"),
        ({"ended_at": "2024-03-14", "approved": False}, "ENDED"),
        ({"ended_at": "2024-04-14"}, "LIVE"),
        ({"approved": False, "service_start": "2024-06-01"}, "DRAFT"),
        ({"service_start": None}, "SCHEDULED"),
        ({"auto_renew": False, "renewed_at": "2024-03-01"}, "OUT_OF_CONTRACT"),
        ({"auto_renew": True, "renewed_at": "2024-03-01"}, "LIVE"),
        ({"auto_renew": False}, "LIVE"),
    ],
)
def test_customeros_contract_status(changes: dict[str, Any], status: str) -> None:
    usual = {"ended_at": None, "approved": True, "service_start": "2024-01-01",
             "auto_renew": True, "renewed_at": None}  # fmt: skip
    given = {**usual, **changes}
    record = {k: dt.date.fromisoformat(v) if isinstance(v, str) else v for k, v in given.items()}

    assert rule(CONTRACT_STATUS)(record, as_of=dt.date(2024, 3, 15)) == status


@pytest.mark.parametrize(
    ("contracts", "state"),
    [
        (["CHURNED", "OK"], "OK"),
        (["OK", "MEDIUM_RISK", "CHURNED"], "MEDIUM_RISK"),
        (["OK", "HIGH_RISK"], "HIGH_RISK"),
        (["CHURNED", "CHURNED"], "CHURNED"),
    ],
)
def test_customeros_state_of_an_organisation_is_the_worst_of_its_contracts(
    contracts: list[str], state: str
) -> None:
    worst = rule(
        "'HIGH_RISK' if high_risk > 0 else 'MEDIUM_RISK' if medium_risk > 0"
        " else 'OK' if ok > 0 else 'CHURNED'"
    )
    counts = {each.lower(): contracts.count(each) for each in ("HIGH_RISK", "MEDIUM_RISK", "OK")}

    assert worst(counts) == state


MRR_STAGE = {
    "paid_before": "not streak(36, coalesce(prior(mrr, 1), 0) == 0)",
    "previous": "coalesce(prior(mrr, 1), 0)",
    "stage": (
        "('new' if not paid_before else 'reactivated' if previous == 0"
        " else 'flat' if mrr == previous else 'growing' if mrr > previous else 'shrinking')"
        " if mrr > 0 else 'churned' if previous > 0 else None"
    ),
}
"""PostHog/posthog.com, handbook/growth/revops/lifecycle-analysis.md; of 36 months."""


@pytest.mark.parametrize(
    ("months", "stage"),
    [
        ([0, 0, 100], "new"),
        ([100, 0, 100], "reactivated"),
        ([0, 100, 100], "flat"),
        ([100, 100.01], "growing"),
        ([100, 99.99], "shrinking"),
        ([100, 0], "churned"),
        ([100, 0, 0], None),
        ([50], "new"),
    ],
)
def test_posthog_mrr_stage(months: list[float], stage: str | None) -> None:
    assert ruleset(MRR_STAGE)["stage"]({"mrr": months}) == stage


DISCOUNT = {
    "self_serve": "credit < 25000",
    "volume": (
        "None if credit >= 1000000 else 40 if credit >= 500000 else 35 if credit >= 250000"
        " else 30 if credit >= 100000 else 25 if credit >= 60000 else 20"
    ),
    "length": (
        "0 if commit_years == 1 else 3 if commit_years == 2 else 5 if commit_years == 3 else None"
    ),
    "upfront": "2.5 * extra_years_paid_upfront",
    "terms": "-2.5 * (net_days - 30) / 15",
    "early": "5 if coalesce(days_before_expiry, 0) >= 60 else 0",
    "charity": "5 if nonprofit and 25000 <= credit <= 100000 else 0",
    "discount": (
        "(15 if nonprofit else 10) if self_serve"
        " else volume + length + upfront + terms + early + charity"
    ),
}
"""PostHog/posthog.com, handbook/growth/sales/contract-rules.md."""


@pytest.mark.parametrize(
    ("changes", "percent"),
    [
        ({"credit": 25_000}, 20),
        ({"credit": 24_999}, 10),
        ({"credit": 60_000, "commit_years": 2}, 28),
        (
            {
                "credit": 100_000,
                "commit_years": 3,
                "extra_years_paid_upfront": 2,
                "days_before_expiry": 60,
            },
            45,
        ),
        ({"credit": 100_000, "days_before_expiry": 59}, 30),
        ({"credit": 250_000, "net_days": 60}, 30),
        ({"credit": 1_000_000}, None),
        ({"credit": 500_000, "commit_years": 4}, None),
        ({"credit": 50_000, "nonprofit": True}, 25),
        ({"credit": 250_000, "nonprofit": True}, 35),
        ({"credit": 10_000, "nonprofit": True}, 15),
    ],
)
def test_posthog_renewal_discount(changes: dict[str, Any], percent: float | None) -> None:
    usual = {"commit_years": 1, "extra_years_paid_upfront": 0, "net_days": 30,
             "days_before_expiry": None, "nonprofit": False}  # fmt: skip

    assert ruleset(DISCOUNT)["discount"]({**usual, **changes}) == percent


@pytest.mark.parametrize(
    ("text", "fact_name", "points"),
    [
        ("10 if seen <= 1 else 0 if seen > 5 else 5", "seen", {1: 10, 5: 5, 6: 0, None: None}),
        ("10 if users >= 40 else 0 if users < 20 else 5", "users", {40: 10, 20: 5, 19.9: 0}),
        ("10 if products > 6 else 0 if products < 3 else 5", "products", {7: 10, 6: 5, 3: 5, 2: 0}),
    ],
)
def test_posthog_health_points_of_a_measure(
    text: str, fact_name: str, points: dict[Any, Any]
) -> None:
    """PostHog/posthog.com, handbook/cs-and-onboarding/health-tracking.md."""
    found = {value: rule(text)({fact_name: value}) for value in points}

    assert found == points


@pytest.mark.parametrize(
    ("priority", "days", "label"),
    [(1, 35, "Green"), (1, 36, "Yellow"), (1, 60, "Yellow"), (1, 61, "Red"), (2, 65, "Green"),
     (2, 66, "Yellow"), (2, 90, "Yellow"), (2, 91, "Red")],
)  # fmt: skip
def test_gitlab_prove_meeting_cadence_by_segment(priority: int, days: int, label: str) -> None:
    """GitLab handbook, customer-success/customer-health-scoring."""
    cadence = ruleset(
        {
            "green": "days_since(last_meeting) <= (35 if priority == 1 else 65)",
            "yellow": "days_since(last_meeting) <= (60 if priority == 1 else 90)",
            "label": "'Green' if green else 'Yellow' if yellow else 'Red'",
        }
    )
    record = {"priority": priority, "last_meeting": AS_OF - dt.timedelta(days)}

    assert cadence["label"](record, as_of=AS_OF) == label


def test_gitlab_prove_override_staleness_and_tenure() -> None:
    """GitLab handbook, customer-success/customer-health-scoring."""
    rules = ruleset(
        {
            "sentiment": "csm_sentiment if days_since(sentiment_on) <= 120 else None",
            "onboarding": "days_since(onboarded_on) <= 30",
            "overall": (
                "'Red' if coalesce(sentiment, '') == 'red' else"
                " 'Green' if score >= 76 else 'Yellow' if score >= 51 else 'Red'"
            ),
        }
    )
    record = {"csm_sentiment": "red", "sentiment_on": AS_OF, "score": 80,
              "onboarded_on": AS_OF - dt.timedelta(30)}  # fmt: skip
    stale = {**record, "sentiment_on": AS_OF - dt.timedelta(121)}

    assert rules["overall"](record, as_of=AS_OF) == "Red"
    assert rules["overall"](stale, as_of=AS_OF) == "Green"
    assert rules["onboarding"](record, as_of=AS_OF) is True


@pytest.mark.parametrize(
    ("known", "start", "end", "kind"),
    [
        (False, 0, 5, "New"),
        (True, 5, 8, "Expansion"),
        (True, 0, 5, "Resurrection"),
        (True, 8, 5, "Contraction"),
        (True, 8, 0, "Churn"),
        (True, 5, 5, None),
    ],
)
def test_mattermost_kinds_of_arr_change(
    known: bool, start: int, end: int, kind: str | None
) -> None:
    """mattermost/mattermost-data-warehouse, account_monthly_arr_deltas_by_type.sql."""
    change = rule(
        "'New' if not known else"
        " ('Expansion' if arr_start != 0 else 'Resurrection') if arr_end > arr_start else"
        " ('Contraction' if arr_end != 0 else 'Churn') if arr_end < arr_start else None"
    )

    assert change({"known": known, "arr_start": start, "arr_end": end}) == kind


def test_mattermost_renewed_is_capped_and_arr_is_annualised() -> None:
    """mattermost/mattermost-handbook, metrics-definitions.md."""
    rules = ruleset(
        {
            "gross": "min(available, won)",
            "max_rate": "min(available, won + open) / available",
            "arr": "round(tcv / days_between(start, end) * 365, 2)",
        }
    )
    record = {"available": 100_000, "won": 70_000, "open": 20_000, "tcv": 24_000,
              "start": dt.date(2025, 1, 1), "end": dt.date(2027, 1, 1)}  # fmt: skip

    assert rules["gross"]({**record, "won": 130_000}) == 100_000
    assert rules["max_rate"](record) == 0.9
    assert rules["arr"](record) == 12_000


def test_named_rules_that_would_grow_beyond_bounds_are_refused_before_they_are_written_out() -> (
    None
):
    wide = " or ".join(f"x > {i}" for i in range(800))

    with pytest.raises(DefinitionError, match=r"the rule has \d+ parts when written out"):
        ruleset({"b": wide, "c": " or ".join(["b"] * 1_000)})
