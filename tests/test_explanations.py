"""An explanation gives each part its value, says what decided, and what could still decide."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from cslib.explanations import Explanation, interpret, read_facts, words
from cslib.expressions import Node, make
from cslib.facts import AsOfError, FactError
from cslib.functions import Function
from cslib.inference import infer
from cslib.lowering import lower
from cslib.parsing import parse
from cslib.rules import Rule, rule
from strategies import AS_OF, FACTS, SERIES, VALUES


def every_part(explanation: Explanation) -> list[Explanation]:
    return [explanation, *(inner for part in explanation.parts for inner in every_part(part))]


def deciding(text: str, **record: Any) -> list[str]:
    """The parts, one level down, that made a rule what it is."""
    return [part.text for part in rule(text).explain(record).parts if part.decides]


def missing(text: str, **record: Any) -> tuple[str, ...]:
    found = rule(text).explain(record, as_of=AS_OF).missing
    assert rule(text).missing(record, as_of=AS_OF) == found
    return found


# Values


@given(strategies.trees(), strategies.records())
def test_the_interpreter_answers_as_the_rule(node: Node, record: dict[str, Any]) -> None:
    made, lowered = Rule(node), lower(node)

    values = read_facts(lowered, infer(node), record)

    assert repr(interpret(lowered, values, {}, AS_OF)) == repr(made(record, as_of=AS_OF))


@given(strategies.trees(), strategies.records())
def test_an_explanation_has_the_answer_of_the_rule(node: Node, record: dict[str, Any]) -> None:
    made = Rule(node)

    assert repr(made.explain(record, as_of=AS_OF).value) == repr(made(record, as_of=AS_OF))


@given(strategies.conditions(), strategies.records())
def test_each_part_has_the_value_of_the_rule_of_its_text(
    node: Node, record: dict[str, Any]
) -> None:
    for part in every_part(Rule(node).explain(record, as_of=AS_OF)):
        assert repr(rule(part.text)(record, as_of=AS_OF)) == repr(part.value)


def test_a_part_without_conditions_inside_lists_what_it_reads() -> None:
    found = rule("a / b > 0.5 and streak(2, c > 0)").explain({"a": 1, "b": None, "c": [3, 4]})

    assert [part.facts for part in found.parts] == [
        (("a", 1.0), ("b", None)),
        (("c", 4), ("prior(c, 1)", 3)),
    ]
    assert found.facts == ()


def test_an_explanation_is_a_value() -> None:
    record = {"a": 1}

    assert rule("a > 5").explain(record) == rule("a > 5").explain(record)
    assert hash(rule("a > 5").explain(record))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        rule("a > 5").explain(record).value = True  # type: ignore[misc]


def test_errors_are_those_of_the_rule() -> None:
    with pytest.raises(FactError, match="fact 'a'"):
        rule("a > 5").explain({"a": "x"})
    with pytest.raises(FactError, match="like fact 'a'"):
        rule("a == b").explain({"a": "x", "b": 5})
    with pytest.raises(AsOfError):
        rule("days_since(a) > 5").explain({"a": None})


# What decided


@pytest.mark.parametrize(
    ("text", "record", "decisive"),
    [
        ("a and b and c", {"a": True, "b": False, "c": None}, ["b"]),
        ("a and b and c", {"a": False, "b": False, "c": True}, ["a", "b"]),
        ("a and b and c", {"a": True, "b": True, "c": True}, ["a", "b", "c"]),
        ("a and b and c", {"a": True, "b": None, "c": None}, ["b", "c"]),
        ("a or b or c", {"a": False, "b": True, "c": None}, ["b"]),
        ("a or b or c", {"a": False, "b": False, "c": False}, ["a", "b", "c"]),
        ("a or b or c", {"a": False, "b": None, "c": False}, ["b"]),
        ("at_least(2, a, b, c)", {"a": True, "b": False, "c": True}, ["a", "c"]),
        ("at_least(2, a, b, c)", {"a": True, "b": False, "c": False}, ["b", "c"]),
        ("at_least(2, a, b, c)", {"a": True, "b": None, "c": False}, ["b"]),
        ("a if b else c", {"a": True, "b": True, "c": True}, ["b", "a"]),
        ("a if b else c", {"a": True, "b": False, "c": False}, ["b", "c"]),
        ("a if b else c", {"a": True, "b": None, "c": True}, ["b", "a", "c"]),
        ("coalesce(a, b, c) == True or a", {"b": True}, ["coalesce(a, b, c) == True"]),
        ("coalesce(a > 1, b > 1)", {"b": 2}, ["b > 1"]),
        ("coalesce(a > 1, b > 1)", {}, ["a > 1", "b > 1"]),
        ("not (a and b)", {"a": True, "b": False}, ["a and b"]),
    ],
)
def test_the_parts_that_made_the_answer_are_marked(
    text: str, record: dict[str, Any], decisive: list[str]
) -> None:
    assert sorted(deciding(text, **record)) == sorted(decisive)


@given(st.lists(strategies.conditions(2), min_size=2, max_size=3), strategies.records())
def test_of_an_and_that_is_false_every_false_part_decides_and_no_other(
    conditions: list[Node], record: dict[str, Any]
) -> None:
    found = Rule(make("and", *conditions)).explain(record, as_of=AS_OF)

    if found.value is False:
        assert all(part.decides is (part.value is False) for part in found.parts)


# What could still decide


@pytest.mark.parametrize(
    ("text", "record", "names"),
    [
        ("a > 1 and b > 1", {"a": 5}, ("b",)),
        ("a > 1 and b > 1", {}, ("a", "b")),
        ("a > 1 and b > 1", {"a": 0}, ()),
        ("(a > 1 and b > 1) or c > 1", {"a": 0}, ("c",)),
        ("a + b > 1", {}, ("a", "b")),
        ("a / b > 1", {"b": 0}, ()),
        ("a / b > 1", {"a": 1, "b": 0}, ()),
        ("ratio(a, b) > 1", {"b": 0}, ()),
        ("ratio(a, b, 5) > 1", {"b": 0}, ("a",)),
        ("a / b > 1 or c", {"b": 0}, ("c",)),
        ("a / b > c", {"b": 0}, ()),
        ("a / coalesce(b, 0) > 1", {"a": 1}, ("b",)),
        ("a == 'x' and b / c > 1", {"b": 1, "c": 0}, ("a",)),
        ("(a if c else b) > 3", {"c": True}, ("a",)),
        ("(a if c else b) > 3", {"c": False}, ("b",)),
        ("(a if c else b) > 3", {"a": 1, "b": 5}, ("c",)),
        ("a if c else b", {"a": 5, "b": 5}, ()),
        ("(a / 0 if a / 0 > 1 else b) > 3", {"a": 1}, ()),
        ("(5 if a / 0 > 1 else b) > 3", {"a": 1}, ("b",)),
        ("(5 if c else 5) + b > 3", {}, ("b",)),
        ("coalesce(a, b) > 1", {}, ("a", "b")),
        ("coalesce(a, 5) + b > 1", {}, ("a", "b")),
        ("coalesce(a, 5, c) + b > 1", {}, ("a", "b")),
        ("coalesce(c, a) + b > 1", {"c": 1}, ("b",)),
        ("coalesce(a, 5) > 3 and b", {}, ("a", "b")),
        ("is_missing(a) and b", {}, ("a", "b")),
        ("is_missing(coalesce(a, 5)) or b", {}, ("b",)),
        ("is_missing(1 / coalesce(a, 5)) or b", {}, ("a", "b")),
        ("at_least(2, a, b, c)", {"a": True}, ("b", "c")),
        ("at_least(2, a, b, c)", {"a": False}, ("b", "c")),
        ("at_least(2, a, b, 1 / d > 1)", {"d": 0}, ("a", "b")),
        ("at_least(2, a, 1 / d > 1, 2 / d > 1)", {"d": 0}, ()),
        ("streak(3, a > 1)", {"a": [5, 5]}, ("a",)),
        ("fact('Seconds of Use') > 1", {}, ("Seconds of Use",)),
        ("days_since(d) > 3", {}, ("d",)),
        ("a - b > 1 or c", {"a": float("inf"), "b": float("inf")}, ("c",)),
    ],
)
def test_missing_facts_that_could_still_decide_are_named(
    text: str, record: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert missing(text, **record) == names


def test_a_fact_given_only_to_a_function_that_may_not_know_is_named_too() -> None:
    odd = Function(
        name="odd",
        version=1,
        takes=("number",),
        gives="boolean",
        call=lambda x: None if x == 7 else x % 2 == 1,
    )
    made = rule("odd(a) or odd(coalesce(b, 7))", functions=[odd])

    assert made.explain({}).missing == ("a", "b")
    assert made.explain({"b": 7}).missing == ("a",)
    assert made.explain({"a": 7, "b": 7}).missing == ()


def test_what_is_known_misses_nothing() -> None:
    assert missing("a > 1 or b > 1", a=5) == ()


@given(st.data())
def test_a_fact_that_is_not_named_changes_nothing_whatever_the_others_are(
    data: st.DataObject,
) -> None:
    made, record = Rule(data.draw(strategies.conditions())), data.draw(strategies.records())
    found = made.explain(record, as_of=AS_OF)
    unknown = [name for name in made.facts if name not in SERIES and is_unknown(record.get(name))]
    if found.value is not None:
        return

    filled = {name: data.draw(st.none() | VALUES[FACTS[name]]) for name in unknown}
    for name in set(unknown) - set(found.missing):
        answers = [
            made({**record, **filled, name: value}, as_of=AS_OF)
            for value in (None, data.draw(VALUES[FACTS[name]]))
        ]
        assert answers[0] is answers[1]


def is_unknown(value: object) -> bool:
    return value is None or value != value


BY_HAND = [
    "a > 1 and b > 1",
    "a + b > 1 or c > 2",
    "at_least(2, a > 1, b > 1, c > 1)",
    "coalesce(a, 2) > b and not is_missing(c)",
    "(a if b > 1 else c) > 2",
    "ratio(a, b, c) >= 1",
    "a / b > 1 and c > 1",
    "min(a, coalesce(b, c)) > 1",
    "a > 1 if b > 1 else c > 1",
    "is_missing(a) or (b > 1 and c < 1)",
    "at_least(2, a > 1, 1 / b > 1, c > 1)",
]
FEW = (None, 0, 1, 2, 3)


@pytest.mark.parametrize("text", BY_HAND)
def test_by_brute_force_exactly_the_named_facts_can_change_the_answer(text: str) -> None:
    made = rule(text)

    for values in itertools.product(FEW, repeat=3):
        record = dict(zip("abc", values, strict=True))
        found = made.explain(record)
        if found.value is None:
            assert set(found.missing) == can_change(made, record), record


def can_change(made: Rule, record: dict[str, Any]) -> set[str]:
    """The unknown facts of which some value makes a difference, beside some of the others'."""
    unknown = [name for name, value in record.items() if value is None]
    answers = {
        filled: made({**record, **dict(zip(unknown, filled, strict=True))})
        for filled in itertools.product(FEW, repeat=len(unknown))
    }
    return {
        name
        for place, name in enumerate(unknown)
        for filled, answer in answers.items()
        if answer is not answers[(*filled[:place], None, *filled[place + 1 :])]
    }


# Text


def test_an_explanation_prints_as_a_tree() -> None:
    found = rule("(seats > 5 or plan == 'pro') and not (is_trial and days_since(seen) > 30)")

    assert str(
        found.explain({"seats": 3, "plan": None, "is_trial": True, "seen": None}, as_of=AS_OF)
    ).splitlines() == [
        'unknown: (seats > 5 or plan == "pro") and not (is_trial and days_since(seen) > 30)',
        '  unknown: seats > 5 or plan == "pro"  <- decides',
        "    False: seats > 5  [seats = 3]",
        '    unknown: plan == "pro"  [plan = unknown]  <- decides',
        "  unknown: not (is_trial and days_since(seen) > 30)  <- decides",
        "    unknown: is_trial and days_since(seen) > 30  <- decides",
        "      True: is_trial  [is_trial = True]",
        "      unknown: days_since(seen) > 30  [seen = unknown]  <- decides",
    ]


def test_values_are_shown_as_people_write_them() -> None:
    made = rule("plan == 'x' or day == date('2026-06-30') or at == instant('2026-06-30T12:00Z')")
    record = {"plan": "it's", "day": AS_OF, "at": dt.datetime(2026, 6, 30, tzinfo=dt.UTC)}

    assert [part.facts for part in made.explain(record).parts]
    assert [line.partition("[")[2] for line in str(made.explain(record)).splitlines()[1:]] == [
        'plan = "it\'s"]',
        "day = 2026-06-30]  <- decides",
        "at = 2026-06-30 00:00:00+00:00]",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("seats >= 5", "seats is at least 5"),
        ("owner.seats < 5", "owner’s seats is below 5"),
        ("plan == 'pro'", "plan is “pro”"),
        ("is_paid == True", "is paid is true"),
        ("coalesce(a, None) > 1", "the first known of a, unknown is above 1"),
        ("plan in {'a', 'b'}", "plan is one of “a”, “b”"),
        ("a > 1 and b > 1 or c > 1", "(a is above 1 and b is above 1) or c is above 1"),
        ("(a + b) * 2 > 1", "(a plus b) times 2 is above 1"),
        ("streak(3, a > 1 and b)", "for 3 periods in a row, (a is above 1 and b)"),
        ("at_least(2, a, b, c)", "at least 2 of these hold: a, b, c"),
        ("date('2026-06-30') <= day", "day is at least 2026-06-30"),
        ("days_until(end) < 30", "the days until end is below 30"),
        ("fact('{0} {x}') > 1", "{0} {x} is above 1"),
        ("today() > day", "today is above day"),
    ],
)
def test_a_rule_reads_as_a_sentence(text: str, sentence: str) -> None:
    assert words(parse(text)[0]) == sentence


def test_a_registered_function_reads_in_its_own_words() -> None:
    kinds: dict[str, Any] = {"takes": ("number",), "gives": "boolean", "call": bool}
    plain = Function(name="is_odd", version=1, **kinds)
    worded = Function(name="is_odd", version=1, words="{0} is odd", **kinds)

    assert rule("is_odd(a)", functions=[plain]).words() == "is odd of a"
    assert rule("is_odd(a)", functions=[worded]).words() == "a is odd"


# Names that are not there


class Seats:
    seats = 3


def test_an_absent_fact_with_a_close_name_in_the_record_is_noted() -> None:
    found = rule("seats_usd / seats > 1").explain({"seats_used": 3, "seats": 3})

    assert found.notes == ("seats_usd is absent: did you mean 'seats_used'?",)
    assert str(found).endswith("\nnote: seats_usd is absent: did you mean 'seats_used'?")


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("seat > 1", {"seat": None, "seats": 3}),
        ("seat > 1", {"plan": "pro", 1: 2}),
        ("seat.left > 1", {"seat": {"of": 1}, "seat_left": 1}),
        ("seat > 1", Seats()),
    ],
)
def test_a_fact_that_is_there_or_like_no_other_is_not_noted(text: str, record: object) -> None:
    assert rule(text).explain(record).notes == ()


def test_a_default_that_decides_is_marked() -> None:
    assert deciding("coalesce(idle > 3, False)", idle=None) == ["False"]
    assert deciding("coalesce(idle > 3, False)", idle=5) == ["idle > 3"]


def test_a_default_and_an_earlier_period_read_as_words() -> None:
    assert rule("coalesce(idle > 3, False)").words() == (
        "idle is above 3, taken as false where unknown"
    )
    assert rule("prior(x, 1) > 3").words() == "x (a period earlier) is above 3"
