from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.disjoint import disjoint
from cslib.expressions import Fact, Node, literal, make
from cslib.facts import FactError
from cslib.rules import Function, Rule, rule
from strategies import AS_OF, conditions, records


def condition(text: str) -> Rule:
    return rule(text, kind="boolean")


PROVEN = [
    # intervals
    ("x < 5", "x >= 5"),
    ("x < 5", "x > 5"),
    ("x == 5", "x != 5"),
    ("x == 5", "x > 5.0"),
    ("0 < x <= 5", "x > 5 or x <= 0"),
    ("not x < 5", "x < 5"),
    ("x in {1, 2, 3}", "x > 3"),
    ("x in {1, 2}", "x in {3, 4}"),
    ("x in {1, 2}", "x not in {1, 2, 3}"),
    ("x in {1, 2} and x != 1", "x != 2"),
    ("1 <= x <= 1", "x != 1"),
    ("plan == 'a'", "plan in {'b', 'c'}"),
    ("plan == 'a'", "plan == 'b'"),
    ("plan < 'b'", "plan >= 'b'"),
    ("signed < date('2026-01-01')", "signed >= date('2026-01-01')"),
    (
        "seen > instant('2026-01-01T00:00:00Z')",
        "seen < instant('2026-01-01T01:00:00+01:00')",
    ),
    ("seats_used / seats < 0.6", "seats_used / seats >= 0.6"),
    ("days_since(login) > 30", "days_since(login) <= 30"),
    # flags
    ("paid", "not paid"),
    ("paid == True", "not paid"),
    ("paid != True", "paid"),
    ("paid in {True}", "paid == False"),
    ("paid not in {True, False}", "ready"),
    ("paid and amount > 0", "not paid"),
    ("paid and amount > 0", "not (paid and amount > 0)"),
    ("paid or ready", "not paid and not ready"),
    # what is not known is neither true nor false
    ("is_missing(x)", "x > 5"),
    ("is_missing(x)", "not (x > 5)"),
    ("is_missing(x)", "not is_missing(x)"),
    ("is_missing(x)", "x + y > 3"),
    ("is_missing(x)", "x in {1, 2}"),
    ("is_missing(paid)", "not paid"),
    ("is_missing(coalesce(x, y))", "y > 3"),
    ("is_missing(coalesce(x, 3))", "paid"),
    ("x == x", "is_missing(x)"),
    ("x != x", "paid"),
    ("is_missing(5)", "paid"),
    # terms with terms
    ("a < b", "b <= a"),
    ("a == b", "b != a"),
    ("a < b", "a > b"),
    ("a <= b and b <= a", "a != b"),
    ("paid == ready", "paid != ready"),
    ("5 < 3", "paid"),
    # conveniences
    ("at_least(2, a, b, c)", "not a and not b"),
    ("not at_least(2, a, b, c)", "a and b"),
    ("at_least(4, a, b)", "c"),
    ("not at_least(0, a, b)", "c"),
    ("streak(2, x > 1)", "x < 1"),
    ("streak(2, x > 1)", "prior(x, 1) <= 1"),
    ("coalesce(paid, False)", "not paid"),
    ("coalesce(paid, False)", "is_missing(paid)"),
    ("coalesce(paid, False)", "not coalesce(paid, False)"),
    ("coalesce(x, 0) > 0", "x <= 0"),
    ("coalesce(x, 0) > 0", "is_missing(x)"),
    ("coalesce(x, y, 0) > 0", "x < 0"),
    ("coalesce(x, None) > 0", "is_missing(x)"),
    ("coalesce(x, 0) < y", "y < -1 and x > 0 and is_missing(y)"),
    ("('a' if x > 5 else 'b') == 'a'", "x < 3"),
    ("(paid if ready else False)", "not paid"),
    ("x in {1} if ready else x == 2", "x > 2"),
    ("coalesce(x, 7) in {1, 2}", "x > 2"),
    ("coalesce(x, 7) in {1, 2}", "is_missing(x)"),
]


@pytest.mark.parametrize(("a", "b"), PROVEN)
def test_conditions_that_exclude_one_another_are_proven_to(a: str, b: str) -> None:
    assert disjoint(condition(a), condition(b))
    assert disjoint(condition(b), condition(a))


@pytest.mark.parametrize(
    ("a", "b", "record"),
    [
        ("x <= 5", "x >= 5", {"x": 5}),
        ("x > 5", "x < 6", {"x": 5.5}),
        ("x != 5", "x != 6", {"x": 7}),
        ("x in {1, 2}", "x in {2, 3}", {"x": 2}),
        ("x in {1, 2, 3}", "x not in {1, 2}", {"x": 3}),
        ("plan > 'a'", "plan < 'b'", {"plan": "aa"}),
        ("paid", "ready", {"paid": True, "ready": True}),
        ("paid or ready", "not paid", {"paid": False, "ready": True}),
        ("is_missing(x)", "y > 5", {"y": 6}),
        ("is_missing(x)", "paid or x > 5", {"paid": True}),
        ("is_missing(x + y)", "x > 5", {"x": 6}),
        ("not is_missing(x)", "x > 5", {"x": 6}),
        ("is_missing(x > 5)", "is_missing(x)", {}),
        ("is_missing(coalesce(x, y))", "is_missing(x)", {}),
        ("a < b", "b < c", {"a": 1, "b": 2, "c": 3}),
        ("a <= b", "b <= a", {"a": 1, "b": 1}),
        ("at_least(2, a, b, c)", "not a", {"a": False, "b": True, "c": True}),
        ("at_least(0, a)", "b", {"b": True}),
        ("coalesce(x, 1) > 0", "is_missing(x)", {}),
        ("coalesce(x, 0) <= 0", "coalesce(x, 0) >= 0", {}),
        ("coalesce(x, 0) < y", "y > 0", {"y": 1}),
        ("x in {1} if ready else x == 1", "is_missing(ready)", {"x": 1}),
        ("streak(2, x > 1)", "prior(x, 2) < 1", {"x": [0, 2, 2]}),
        ("3 < 5", "paid", {"paid": True}),
        ("paid != False", "paid in {True, False}", {"paid": True}),
    ],
)
def test_conditions_that_some_record_makes_true_are_not(
    a: str, b: str, record: dict[str, object]
) -> None:
    assert both_hold(condition(a), condition(b), [record])
    assert not disjoint(condition(a), condition(b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("x > 5", "x + 1 < 5"),  # what terms compute is not compared
        ("a < b and b < c", "c < a"),  # nor what follows of several comparisons
        ("days_since(x) > 5", "days_since(x) < 6"),  # whole numbers are numbers
        ("x == 5", "x == '5'"),  # no record makes either true where the other makes sense
        ("x > coalesce(y, 5)", "x < 3 and is_missing(y)"),  # a choice on the right is a term
    ],
)
def test_what_would_take_arithmetic_is_not_proven(a: str, b: str) -> None:
    assert not disjoint(condition(a), condition(b))


def test_a_proof_that_takes_too_many_ways_is_given_up() -> None:
    pairs = " and ".join(f"(a{i} or b{i})" for i in range(30))
    neither = " and ".join(f"(not a{i} or not b{i})" for i in range(30))

    assert not disjoint(
        condition(f"{pairs} and (x > 5 or x > 6)"), condition(f"{neither} and x < 5")
    )


def test_choices_are_no_matter_where_the_rest_decides() -> None:
    pairs = " and ".join(f"(a{i} or b{i})" for i in range(30))

    assert disjoint(condition(f"{pairs} and x > 5"), condition("x < 5"))


def test_a_choice_among_very_many_ways_is_given_up_at_once() -> None:
    names = ", ".join(f"a{i}" for i in range(60))

    assert not disjoint(
        condition(f"at_least(30, {names})"), condition(f"not at_least(30, {names}, x)")
    )


def test_registered_functions_are_terms_like_others() -> None:
    score = Function(name="score", version=1, takes=("number",), gives="number", call=abs)
    low, high = (rule(text, functions=[score]) for text in ("score(x) < 5", "score(x) > 5"))

    assert disjoint(low, high)
    assert disjoint(low, rule("is_missing(x)"))
    assert not disjoint(low, rule("x > 5"))


def test_functions_of_one_name_that_differ_prove_nothing() -> None:
    one = Function(name="score", version=1, takes=("number",), gives="number", call=abs)
    other = Function(
        name="score", version=1, takes=("number",), gives="number", call=abs, words="s"
    )

    assert not disjoint(
        rule("score(x) < 5", functions=[one]), rule("score(x) > 5", functions=[other])
    )


def test_a_condition_that_can_never_hold_excludes_itself() -> None:
    assert disjoint(rule("5 < x < 3"), rule("5 < x < 3"))
    assert not disjoint(rule("3 < x < 5"), rule("3 < x < 5"))


# Laws

GRID = [
    {"x": x, "y": y, "p": p, "q": q}
    for x in (None, -0.5, 0, 0.5, 1, 1.5)
    for y in (None, 0, 1, 2)
    for p in (None, True, False)
    for q in (None, True, False)
]
"""Records in which each fact takes every place that small conditions tell apart."""

FLAGS = st.sampled_from([Fact("p"), Fact("q"), literal(True), literal(False)])
CONSTANTS = st.sampled_from([literal(0), literal(1)])
COMPARED = st.builds(
    make, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.just(Fact("x")), CONSTANTS
)
MEMBERS = st.builds(lambda values: make("in", Fact("x"), *values), st.lists(CONSTANTS, min_size=1))
MISSING = st.sampled_from(["x", "p", "q"]).map(lambda name: make("is_missing", Fact(name)))
SIMPLE = st.one_of(COMPARED, MEMBERS, MISSING, FLAGS)


def joined(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Conditions joined to larger ones."""
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        st.builds(lambda each: make("and", *each), several),
        st.builds(lambda each: make("or", *each), several),
        parts.map(lambda each: make("not", each)),
        st.builds(lambda n, each: make("at_least", literal(n), *each), st.integers(0, 4), several),
    )


def chosen(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Conditions that other conditions choose, and comparisons of what they choose."""
    terms = st.sampled_from([Fact("x"), Fact("y"), literal(0), literal(None)])
    either = st.builds(lambda *each: make("if", *each), parts, terms, terms)
    first = st.builds(lambda a, b: make("coalesce", Fact(a), b), st.sampled_from("xy"), terms)
    number = st.one_of(either, first, terms.filter(lambda each: each != literal(None)))
    operation = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    return st.one_of(
        st.builds(lambda op, a, b: make(op, a, b), operation, number, number),
        st.builds(lambda a, n: make("in", a, *n), number, st.lists(CONSTANTS, min_size=1)),
        st.builds(lambda *each: make("if", *each), parts, parts, parts),
        st.builds(lambda *each: make("coalesce", *each), parts, parts),
        st.builds(lambda op, *each: make(op, *each), st.sampled_from(["==", "!="]), parts, parts),
        number.map(lambda each: make("is_missing", each)),
        parts.map(lambda each: make("is_missing", each)),
    )


PLAIN = st.recursive(SIMPLE, joined, max_leaves=6)
WILD = st.recursive(SIMPLE, lambda parts: joined(parts) | chosen(parts), max_leaves=6)


def made(node: Node) -> Rule:
    return rule(Rule(node), kind="boolean")


def both_hold(a: Rule, b: Rule, grid: Sequence[Mapping[str, object]] = GRID) -> bool:
    return any(a(record, as_of=AS_OF) is True is b(record, as_of=AS_OF) for record in grid)


@given(PLAIN, PLAIN)
def test_of_simple_conditions_all_that_exclude_one_another_are_found(a: Node, b: Node) -> None:
    one, other = made(a), made(b)

    assert disjoint(one, other) is not both_hold(one, other)


@given(WILD, WILD)
def test_no_record_makes_both_true_of_what_is_proven_disjoint(a: Node, b: Node) -> None:
    one, other = made(a), made(b)

    assert not (disjoint(one, other) and both_hold(one, other))


@given(conditions(), conditions(), st.lists(records(), min_size=1, max_size=3))
@settings(max_examples=40)
def test_whatever_the_conditions_a_proof_holds_on_any_record(
    a: Node, b: Node, given_records: list[dict[str, object]]
) -> None:
    one = made(a)
    for other in (made(make("and", b, make("not", a))), made(b)):
        readable = [each for each in given_records if is_readable(one, each, other)]

        assert not (disjoint(one, other) and both_hold(one, other, readable))


def is_readable(one: Rule, record: Mapping[str, object], other: Rule) -> bool:
    try:
        both_hold(one, other, [record])
    except FactError:
        return False
    return True


@given(WILD)
@settings(max_examples=40)
def test_a_condition_and_its_opposite_never_hold_at_once(a: Node) -> None:
    assert disjoint(made(a), made(make("not", a)))
