"""A compiled rule answers as the plain interpreter does, and executes nothing of the user's."""

from __future__ import annotations

import ast
import collections
import dataclasses
import datetime as dt
import itertools
import math
import re
import sqlite3
import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from cslib import compiling
from cslib.compiling import Choice
from cslib.explanations import interpret, read_facts
from cslib.expressions import Fact, Node, literal, make
from cslib.facts import AsOfError, FactError
from cslib.functions import Function
from cslib.inference import infer
from cslib.lowering import lower
from cslib.rules import Rule, match_together, read_in_groups, read_together, rule
from strategies import AS_OF


def interpreted(made: Rule, record: object, as_of: object = AS_OF) -> Any:
    lowered = lower(made.node)
    functions = {function.key: function for function in made.functions}
    inferred = infer(made.node, {f.key: f.operation for f in made.functions})
    return interpret(lowered, read_facts(lowered, inferred, record), functions, as_of)


def in_columns(made: Rule, record: Mapping[str, Any], as_of: object = AS_OF) -> Any:
    columns = {name: [value] for name, value in record.items()} or {"some other": [0]}
    return made.columns(columns, as_of=as_of).tolist()[0]


DOORS: dict[str, Callable[..., Any]] = {
    "compiled": lambda made, record: made(record, as_of=AS_OF),
    "interpreted": interpreted,
    "in columns": in_columns,
}


def exactly(value: Any) -> tuple[type, Any]:
    """What tells values apart to the bit: also 0.0 from -0.0, and 1 from 1.0 and True."""
    return type(value), value.hex() if isinstance(value, float) else value


# The compiled function and the interpreter


@given(strategies.trees(), strategies.records())
def test_a_compiled_rule_answers_as_the_interpreter_to_the_bit(
    node: Node, record: dict[str, Any]
) -> None:
    made = Rule(node)

    assert exactly(made(record, as_of=AS_OF)) == exactly(interpreted(made, record))


NESTED: dict[str, Callable[[Node], Node]] = {
    "and, or": lambda node: make("or", make("and", node, Fact("b")), make("not", Fact("b"))),
    "not": lambda node: make("not", node),
    "if": lambda node: make("if", Fact("b"), node, make("not", node)),
    "==": lambda node: make("==", node, Fact("b")),
    "at_least": lambda node: make("at_least", literal(1), node, Fact("b")),
}


@pytest.mark.parametrize("shape", NESTED)
def test_a_rule_nested_deep_compiles_all_the_same(shape: str) -> None:
    node: Node = make(">", Fact("a"), literal(0))
    for _ in range(8 if shape == "if" else 28):
        node = NESTED[shape](node)
    made = Rule(node)

    for a, b in itertools.product((1, -1, None), (True, False, None)):
        assert made({"a": a, "b": b}) is interpreted(made, {"a": a, "b": b})


def test_the_widest_rule_there_may_be_compiles() -> None:
    made = rule("streak(400, logins > 0)")

    assert made({"logins": [1] * 400}) is True
    assert made({"logins": [1] * 399}) is None
    assert made({"logins": [0, *[1] * 399]}) is False


# Several rules in one function


def outcome(asked: Callable[[], Any]) -> object:
    """The values to the bit, or the error."""
    try:
        return [exactly(value) for value in asked()]
    except (FactError, AsOfError) as error:
        return str(error)


@given(
    st.lists(strategies.trees(), min_size=1, max_size=5),
    strategies.records(),
    st.sampled_from([AS_OF, None]),
)
def test_rules_compiled_together_answer_as_one_by_one(
    nodes: list[Node], record: dict[str, Any], as_of: object
) -> None:
    rules = [Rule(node) for node in nodes]
    read = read_together((made, None) for made in rules)

    one_by_one = outcome(lambda: [made(record, as_of=as_of) for made in rules])

    assert outcome(lambda: read(record, as_of)[0]) == one_by_one


NUMBERS = st.one_of(
    st.integers(2**53 - 2, 2**53 + 2),
    st.sampled_from([2**60, 0, 1, 2, -3, 2.0, 2.5, math.nan, None, True, np.int64(3)]),
    st.sampled_from([Decimal("0.1"), Decimal(2), Fraction(1, 3), Fraction(2)]),
    st.floats(allow_nan=False),
)
COMPARED = st.builds(
    lambda operation, first, second: make(operation, first, second),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.sampled_from([Fact("x"), Fact("y")]),
    st.sampled_from([Fact("x"), Fact("y"), *map(literal, (0, 2, 2.0, 0.1, 2**53, -(2**53)))]),
)


@given(
    st.lists(strategies.conditions() | COMPARED, max_size=5),
    st.lists(strategies.trees(), max_size=2),
    strategies.records(),
    st.fixed_dictionaries({}, optional={"x": NUMBERS, "y": NUMBERS}),
    st.sampled_from([AS_OF, None]),
)
def test_conditions_matched_and_read_together_answer_as_one_by_one(
    conditions: list[Node],
    values: list[Node],
    record: dict[str, Any],
    numbers: dict[str, Any],
    as_of: object,
) -> None:
    record |= numbers
    asked, told = [Rule(node) for node in conditions], [Rule(node) for node in values]
    match, groups = match_together(asked, told), read_in_groups([asked, told, []])

    one_by_one = outcome(lambda: [made(record, as_of=as_of) for made in (*asked, *told)])

    def matched() -> list[Any]:
        found, rest = match(record, as_of)
        return [*(found.get(place, False) for place in range(len(asked))), *rest]

    assert outcome(matched) == one_by_one
    assert outcome(lambda: list(itertools.chain(*groups(record, as_of)))) == one_by_one


READ_IN_MANY_WAYS = (
    "x",
    "x == 1",
    "x + 1",
    "x == 'a'",
    "is_missing(x)",
    "prior(x, 1) > 0",
    "x > y",
)


@pytest.mark.parametrize("sources", list(itertools.permutations(READ_IN_MANY_WAYS, 3)))
def test_the_first_rule_that_cannot_read_a_fact_says_so(sources: tuple[str, ...]) -> None:
    rules = [rule(source) for source in sources]
    read = read_together((made, None) for made in rules)

    for x in (1, 2.5, "a", True, 2**60, None, [1, 2], ["a", "a"], b"x"):
        record = {"x": x, "y": 1}
        one_by_one = outcome(lambda: [made(record) for made in rules])  # noqa: B023
        assert outcome(lambda: read(record, None)[0]) == one_by_one  # noqa: B023


class Worth(NamedTuple):
    points: int


@given(st.lists(st.sampled_from([0.1, 0.4, 0.9, None]), max_size=5))
def test_what_is_chosen_is_added_up(values: list[float | None]) -> None:
    low, high, dark = Worth(0), Worth(50), Worth(7)
    choice = Choice(dark, (((("<", 0.3),), low),), high)
    record = {f"x{place}": value for place, value in enumerate(values)}
    read = read_together([(rule(name), choice) for name in record], ["points"])

    _, chosen, sums = read(record, None)

    assert sums == (sum(each.points for each in chosen),)


def test_no_rules_at_all_read_nothing() -> None:
    assert read_together([])({"x": 1}, None) == ((), (), ())


def test_a_fact_that_two_rules_read_is_fetched_once() -> None:
    asked: list[str] = []

    class Record(dict[str, int]):
        def get(self, name: str, default: Any = None) -> Any:
            asked.append(name)
            return super().get(name, default)

    read = read_together([(rule("x > 1"), None), (rule("x + y"), None)])

    assert read(Record(x=2, y=3), None)[0] == (True, 5.0)
    assert sorted(asked) == ["x", "y"]


BANDS = Choice(
    "dark",
    (((("<", 0.3),), "low"), (((">=", 0.3), ("<=", 0.5)), "middle"), ((), "rest")),
    "never",
)


@pytest.mark.parametrize(
    ("x", "chosen"),
    [(None, "dark"), (0.2, "low"), (0.3, "middle"), (0.5, "middle"), (0.6, "rest")],
)
def test_a_choice_is_the_first_case_of_which_all_holds(x: float | None, chosen: str) -> None:
    read = read_together([(rule("x"), BANDS), (rule("x"), None)])

    assert read({"x": x}, None)[1] == (chosen, None)


@pytest.mark.parametrize("text", ["a", "__import__('os')", '"'])
def test_the_constants_of_a_choice_are_bound_and_never_written(
    text: str, sources: list[str]
) -> None:
    choice = Choice(text, ((((("=="), text),), f"is {text}"),), text)

    read = read_together([(rule("x"), choice)])

    assert [read({"x": x}, None)[1] for x in (text, "b")] == [(f"is {text}",), (text,)]
    for source in sources:
        assert_only_our_own(source)


# Kleene's tables, as written in his book and in every door

T, F, U = True, False, None
AND = {
    (T, T): T, (T, F): F, (T, U): U,
    (F, T): F, (F, F): F, (F, U): F,
    (U, T): U, (U, F): F, (U, U): U,
}  # fmt: skip
OR = {
    (T, T): T, (T, F): T, (T, U): T,
    (F, T): T, (F, F): F, (F, U): U,
    (U, T): T, (U, F): U, (U, U): U,
}  # fmt: skip
NOT = {T: F, F: T, U: U}
IF = {  # condition, yes, no
    (T, T, T): T, (T, T, F): T, (T, T, U): T, (T, F, T): F, (T, F, F): F, (T, F, U): F,
    (T, U, T): U, (T, U, F): U, (T, U, U): U,
    (F, T, T): T, (F, T, F): F, (F, T, U): U, (F, F, T): T, (F, F, F): F, (F, F, U): U,
    (F, U, T): T, (F, U, F): F, (F, U, U): U,
    (U, T, T): T, (U, T, F): U, (U, T, U): U, (U, F, T): U, (U, F, F): F, (U, F, U): U,
    (U, U, T): U, (U, U, F): U, (U, U, U): U,
}  # fmt: skip
COALESCE = {
    (T, T): T, (T, F): T, (T, U): T,
    (F, T): F, (F, F): F, (F, U): F,
    (U, T): T, (U, F): F, (U, U): U,
}  # fmt: skip
AT_LEAST_2_OF_3 = {
    (T, T, T): T, (T, T, F): T, (T, T, U): T, (T, F, T): T, (T, F, F): F, (T, F, U): U,
    (T, U, T): T, (T, U, F): U, (T, U, U): U,
    (F, T, T): T, (F, T, F): F, (F, T, U): U, (F, F, T): F, (F, F, F): F, (F, F, U): F,
    (F, U, T): U, (F, U, F): F, (F, U, U): U,
    (U, T, T): T, (U, T, F): U, (U, T, U): U, (U, F, T): U, (U, F, F): F, (U, F, U): U,
    (U, U, T): U, (U, U, F): U, (U, U, U): U,
}  # fmt: skip
EQUAL = {
    (T, T): T, (T, F): F, (T, U): U,
    (F, T): F, (F, F): T, (F, U): U,
    (U, T): U, (U, F): U, (U, U): U,
}  # fmt: skip

TABLES: list[tuple[str, Mapping[Any, bool | None]]] = [
    ("a and b", AND),
    ("a or b", OR),
    ("not a", {(a,): answer for a, answer in NOT.items()}),
    ("b if a else c", IF),
    ("coalesce(a, b)", COALESCE),
    ("at_least(2, a, b, c)", AT_LEAST_2_OF_3),
    ("a == b", EQUAL),
    ("is_missing(a)", {(T,): F, (F,): F, (U,): T}),
    ("a in {True}", {(T,): T, (F,): F, (U,): U}),
    # the same where they stand inside something else, and not at the top
    ("not (a and b)", {given: NOT[answer] for given, answer in AND.items()}),
    ("not (a or b)", {given: NOT[answer] for given, answer in OR.items()}),
    ("(a and b) == True", AND),
    ("(a or b) == True", OR),
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("text", "table"), TABLES, ids=[text for text, _ in TABLES])
def test_conditions_follow_the_written_tables(
    door: str, text: str, table: Mapping[tuple[bool | None, ...], bool | None]
) -> None:
    made = rule(f"({text}) if True else (a and b and c)")  # whatever it reads, of booleans
    bare = rule(text)

    for given_, answer in table.items():
        record = dict(zip("abc", given_, strict=False))
        assert DOORS[door](bare, record) is answer, given_
        assert DOORS[door](made, record) is answer, given_


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("least", range(5))
def test_at_least_counts_what_holds_and_what_could(door: str, least: int) -> None:
    made = rule(f"at_least({least}, a, b, c)")

    for given_ in itertools.product((T, F, U), repeat=3):
        possible = {
            sum(filled) >= least
            for filled in itertools.product((T, F), repeat=3)
            if all(g in (f, None) for g, f in zip(given_, filled, strict=True))
        }
        answer = possible.pop() if len(possible) == 1 else None
        assert DOORS[door](made, dict(zip("abc", given_, strict=True))) is answer


# What is unknown, and what is not

CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("a / b", {"a": 1, "b": 0}, None),
    ("a / b", {"a": 0, "b": 0.0}, None),
    ("a / b", {"a": 1, "b": -0.0}, None),
    ("ratio(a, b, 7)", {"a": 1, "b": 0}, 7.0),
    ("ratio(a, b, 7)", {"a": None, "b": 0}, None),
    ("ratio(a, b, 7)", {"a": 1, "b": None}, None),
    ("ratio(a, b, c)", {"a": 1, "b": 2, "c": None}, None),
    ("ratio(a, b)", {"a": 1, "b": 2}, 0.5),
    ("change(a, b)", {"a": 3, "b": -2}, 2.5),
    ("a - b", {"a": float("inf"), "b": float("inf")}, None),
    ("a - b > 0 or a > 1", {"a": float("inf"), "b": float("inf")}, True),
    ("a > 9", {"a": float("inf")}, True),
    ("a * b", {"a": 1e200, "b": 1e200}, float("inf")),
    ("min(a, b)", {"a": 0.0, "b": -0.0}, 0.0),
    ("max(a, b)", {"a": -0.0, "b": 0.0}, -0.0),
    ("max(a, b)", {"a": 1, "b": None}, None),
    ("abs(a)", {"a": -0.0}, 0.0),
    ("a if c else b", {"a": -0.0, "b": 0.0}, -0.0),
    ("round(a)", {"a": -0.3}, -0.0),
    ("round(a)", {"a": 0.5}, 0.0),
    ("round(a)", {"a": 2.5}, 2.0),
    ("round(a, 2)", {"a": 2.675}, 2.68),
    ("round(a, 3)", {"a": 1e300}, 1e300),
    ("round(a)", {"a": float("-inf")}, float("-inf")),
    ("clip(a, 1, 3)", {"a": 7}, 3.0),
    ("a == b", {}, None),
    ("coalesce(a, b)", {}, None),
    ("coalesce(a, None, b) == 'x'", {"b": "x"}, True),
    ("a in {1, 2.5}", {"a": 2.5}, True),
    ("a not in {'x', 'y'}", {"a": "z"}, True),
    ("'x' if c else None", {"c": True}, "x"),
    ("'x' if c else None", {"c": False}, None),
    ("5 > 3", {}, True),
    ("5 > 3 and a > 1", {"a": 0}, False),
    ("5 < 3 or a > 1", {}, None),
    ("5", {}, 5.0),
    ("'x' in {'x'}", {}, True),
    ("at_least(1, 5 > 3, a)", {}, True),
    ("coalesce(None, 'x')", {}, "x"),
    ("is_missing(None)", {}, True),
    ("prior(a, 2)", {"a": [1, 2]}, None),
    ("total(a, 2)", {"a": [1, 2, 3]}, 5.0),
    ("prior(a, 1)", {"a": (True, None)}, True),
    ("a", {"a": [1, 2]}, 2.0),
    ("a", {"a": []}, None),
    ("prior(a, 1)", {"a": None}, None),
    ("prior(a, 1)", {"a": float("nan")}, None),
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("text", "record", "answer"), CASES, ids=lambda each: str(each))
def test_every_door_gives_the_answer_worked_by_hand(
    door: str, text: str, record: dict[str, Any], answer: Any
) -> None:
    assert exactly(DOORS[door](rule(text), record)) == exactly(answer)


EXACT = [
    ("a == b", {"a": 2**53 + 1, "b": 2.0**53}, False),
    ("a > b", {"a": 2**53 + 1, "b": 2**53}, True),
    ("a > 5", {"a": 2**80}, True),
    ("a == b", {"a": 2**80, "b": 2**80 + 1}, False),
    ("a in {7, 9007199254740992}", {"a": 2**53 + 1}, False),
    ("a < b", {"a": -(2**63), "b": 2**64 - 1}, True),
    ("is_missing(a)", {"a": 2**80}, False),
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("text", "record", "answer"), EXACT, ids=lambda each: str(each))
def test_integers_that_no_double_holds_are_compared_exactly(
    door: str, text: str, record: dict[str, Any], answer: bool
) -> None:
    assert DOORS[door](rule(text), record) is answer


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("text", ["a + 1 > 0", "a", "coalesce(a, b)", "a > 0 and a * 2 > 1"])
def test_integers_that_no_double_holds_are_refused_in_calculations(door: str, text: str) -> None:
    with pytest.raises(FactError, match="within plus or minus 2\\*\\*53") as caught:
        DOORS[door](rule(text), {"a": 2**53 + 1, "b": 1})

    assert (caught.value.fact, caught.value.given) == ("a", 2**53 + 1)


# Errors come before decisions


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "text",
    ["b and a > 5", "a > 5 and b", "b or a > 5", "a > 5 or not b", "at_least(0, a > 5, b)"],
)
def test_a_wrong_kind_is_an_error_wherever_it_stands(door: str, text: str) -> None:
    for b in (True, False, None):
        with pytest.raises(FactError, match=r"fact 'a'.*expected number, but got '10'"):
            DOORS[door](rule(text), {"a": "10", "b": b})


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("text", ["a == b", "c and a == b", "a != b or c"])
def test_facts_compared_with_one_another_must_be_of_one_kind(door: str, text: str) -> None:
    for c in (True, False, None):
        with pytest.raises(
            FactError, match=r"fact 'b'.*number, like fact 'a', but got '5' \(str\)"
        ):
            DOORS[door](rule(text), {"a": 5, "b": "5", "c": c})


def test_facts_compared_with_one_another_may_be_unknown() -> None:
    assert rule("a == b")({"a": 5, "b": None}) is None


def test_entries_of_a_series_must_agree_too() -> None:
    with pytest.raises(FactError, match="fact 'b'"):
        rule("prior(a, 1) == b")({"a": [1, 2], "b": "x"})


@pytest.mark.parametrize("text", ["a > 5 and days_since(d) > 3", "a > 5 or today() > d"])
def test_a_rule_that_needs_today_says_so_on_every_record(text: str) -> None:
    for a in (1, 9, None):
        with pytest.raises(AsOfError, match="pass as_of"):
            rule(text)({"a": a, "d": AS_OF})


@pytest.mark.parametrize("door", DOORS)
def test_a_faulty_function_is_an_error_wherever_it_stands(door: str) -> None:
    lies = Function(name="lies", version=1, takes=("number",), gives="number", call=lambda x: "x")
    made = rule("a > 5 and (a > 7 or lies(a) > 3)", functions=[lies])

    for a in (1, 6, 9):
        with pytest.raises(FactError, match=re.escape("lies(...)")):
            DOORS[door](made, {"a": a})


@pytest.mark.parametrize("door", DOORS)
def test_a_registered_function_sees_known_values_alone(door: str) -> None:
    seen: list[Any] = []

    def noted(*values: Any) -> str | None:
        seen.extend(values)
        return None if values[0] == 3 else f"{values[0]}"

    kinds = ("number", "text", "boolean", "date", "instant")
    function = Function(name="noted", version=2, takes=kinds, gives="text", call=noted)
    made = rule("noted(n, t, b, d, i)", functions=[function])
    record = {"n": 5, "t": "x", "b": False, "d": AS_OF, "i": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}

    assert DOORS[door](made, record) == "5.0"
    assert [exactly(value) for value in seen] == [
        exactly(5.0),
        *map(exactly, [*record.values()][1:]),
    ]
    assert DOORS[door](made, {**record, "n": 3}) is None
    for name in record:
        assert DOORS[door](made, {**record, name: None}) is None
    assert len(seen) == 10


@pytest.mark.parametrize("door", DOORS)
def test_a_registered_function_may_take_nothing(door: str) -> None:
    limit = Function(name="limit", version=1, takes=(), gives="number", call=lambda: 5)

    assert DOORS[door](rule("limit()", functions=[limit]), {}) == 5.0
    assert DOORS[door](rule("a > limit()", functions=[limit]), {"a": 6}) is True


# Carriers

VALUES = {"seats": 5, "plan": "pro", "nested": {"email": "a@b.example"}}


class Plain:
    seats = 5
    plan = "pro"
    nested = types.SimpleNamespace(email="a@b.example")


class Keyed:
    """A row as database drivers have it: keys and [], but no Mapping."""

    def keys(self) -> list[str]:
        return list(VALUES)

    def __getitem__(self, name: str) -> Any:
        return VALUES[name]


def a_row(seats: int | None) -> sqlite3.Row:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    row: sqlite3.Row = connection.execute(
        "select ? as seats, 'pro' as plan, 'a@b.example' as \"nested.email\"", (seats,)
    ).fetchone()
    connection.close()
    return row


AttrsAccount = attrs.make_class("AttrsAccount", [*VALUES], frozen=True)
DataAccount = dataclasses.make_dataclass("DataAccount", [*VALUES])
NamedAccount = collections.namedtuple("NamedAccount", [*VALUES])  # noqa: PYI024

CARRIERS: dict[str, Callable[[], object]] = {
    "dict": lambda: VALUES,
    "subclass of dict": lambda: collections.OrderedDict(VALUES),
    "mapping": lambda: types.MappingProxyType(VALUES),
    "flat names with dots": lambda: {"seats": 5, "plan": "pro", "nested.email": "a@b.example"},
    "object": Plain,
    "attrs": lambda: AttrsAccount(**VALUES),
    "dataclass": lambda: DataAccount(**VALUES),
    "named tuple": lambda: NamedAccount(**VALUES),
    "row with keys": Keyed,
    "sqlite3.Row": lambda: a_row(5),
}


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("seats >= 5", True),
        ("nested.email == 'a@b.example'", True),
        ("seats > 5 and plan == 'pro'", False),
        ("absent > 5", None),
        ("absent > 5 or seats == 5", True),
        ("nested.absent > 5", None),
        ("absent.email > 5", None),
    ],
)
def test_a_record_may_be_anything_with_named_values(
    carrier: str, text: str, answer: bool | None
) -> None:
    record = CARRIERS[carrier]()

    assert rule(text)(record) is answer
    assert interpreted(rule(text), record) is answer


def test_a_mapping_that_makes_up_its_values_is_not_made_to() -> None:
    record: Any = collections.defaultdict(int)

    assert rule("seats > 5")(record) is None
    assert not record


# Nothing of the user's is executed

HOSTILE = [
    "__import__('os').system('true')",
    "k1",
    "v1",
    "record",
    "get",
    "None",
    "x\n    raise SystemExit",
    'x"); raise SystemExit #',
    "x'",
    "{x}",
    "\\",
    "ʼ；",
]


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The source of whatever is compiled from here on."""
    seen: list[str] = []

    def spy(source: str, *arguments: Any) -> Any:
        seen.append(source)
        return compile(source, *arguments)

    monkeypatch.setattr(compiling, "compile", spy, raising=False)
    return seen


OWN_NAMES = re.compile(
    r"[cfkvt]\d+|decide|record|as_of|get|result|type|dict|float|int|str|KeyError"
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_and_texts_are_bound_as_values(name: str, sources: list[str]) -> None:
    fact = Fact(name)
    node = make("and", make("==", fact, literal(name)), make("in", fact, literal(f"{name}2")))
    series = make("==", make("prior", Fact(f"{name}3"), literal(1)), literal(name))

    assert Rule(node)({name: name}) is False
    assert Rule(series)({f"{name}3": [name, ""]}) is True
    for source in sources:
        assert_only_our_own(source)


@given(strategies.trees())
def test_the_compiled_text_holds_names_of_our_own_alone(node: Node) -> None:
    with pytest.MonkeyPatch.context() as patch:
        seen: list[str] = []
        patch.setattr(
            compiling,
            "compile",
            lambda source, *rest: (seen.append(source), compile(source, *rest))[1],
            raising=False,
        )
        Rule(node)({}, as_of=AS_OF)

    for source in seen:
        assert_only_our_own(source)


def assert_only_our_own(source: str) -> None:
    """No literal but True, False, None and small indices; no name that we did not choose."""
    assert source.isascii()
    for part in ast.walk(ast.parse(source)):
        if isinstance(part, ast.Constant):
            assert part.value in (True, False, None) or isinstance(part.value, int)
        elif isinstance(part, ast.Name):
            assert OWN_NAMES.fullmatch(part.id) or part.id in compiling._BOUND
        elif isinstance(part, ast.Attribute):
            assert (ast.unparse(part), part.attr) == ("record.get", "get")


def test_a_compiled_rule_sees_no_more_than_it_needs() -> None:
    node = make(">", Fact("a"), literal(1))

    decide: Any = compiling.compile_record(node, infer(node), {})

    names = {name for name in decide.__globals__ if not re.fullmatch(r"k\d+", name)}
    assert names == {*compiling._BOUND, "__builtins__", "decide"}


def test_a_coalesce_of_thousands_of_facts_is_answered() -> None:
    wide = rule("coalesce(" + ", ".join(f"a{i}" for i in range(1_200)) + ")")

    assert wide({"a1199": 3}) == 3
    assert wide({}) is None
