"""Schemas: what a rule is checked against when it is made, and amounts in minor units."""

from __future__ import annotations

import pytest

from cslib.errors import DefinitionError
from cslib.expressions import ExpressionError, Kind
from cslib.inference import KindError
from cslib.rules import fact, fn, rule
from cslib.schemas import FactSpec, Schema

SCHEMA = Schema(
    (
        FactSpec(name="seats", kind="number"),
        FactSpec(name="plan", kind="text"),
        FactSpec(name="owner.email", kind="text"),
        FactSpec(name="arr", kind="number", unit="EUR", exponent=2, meaning="without tax"),
        FactSpec(name="arr_jpy", kind="number", unit="JPY", exponent=0),
        FactSpec(name="spend", kind="number", unit="KWD", exponent=3),
    )
)


# Names and kinds


def test_a_rule_on_known_facts_is_the_rule_without_a_schema() -> None:
    text = "seats >= 5 and plan == 'pro' and owner.email != ''"

    assert rule(text, schema=SCHEMA) == rule(text)


@pytest.mark.parametrize("source", ["seat > 5", fact.seat > 5, {">": [{"fact": "seat"}, 5]}])
def test_a_misspelt_name_is_an_error_however_the_rule_is_written(source: object) -> None:
    with pytest.raises(DefinitionError, match=r"unknown fact 'seat': did you mean 'seats'\?"):
        rule(source, schema=SCHEMA)


def test_every_unknown_name_is_reported() -> None:
    with pytest.raises(DefinitionError) as caught:
        rule("seat > 5 and zebra and plan == 'pro'", schema=SCHEMA)

    assert [fault.message for fault in caught.value.faults] == [
        "unknown fact 'seat': did you mean 'seats'?",
        "unknown fact 'zebra'",
    ]


def test_a_wrong_kind_is_an_error_with_its_place() -> None:
    with pytest.raises(KindError) as caught:
        rule("seats > 5 and plan > 5", schema=SCHEMA)

    assert caught.value.column == 22
    assert str(caught.value) == (
        "in column 22, `plan > 5`: text does not go with `5`, which is a number"
    )


def test_kinds_are_told_as_the_rule_language_has_them() -> None:
    assert SCHEMA.kinds["plan"] == {Kind.TEXT}


# Minor units


def test_an_amount_in_minor_units_is_read_in_major_units() -> None:
    large = rule("arr >= 1000.10", schema=SCHEMA)

    assert large({"arr": 100_010}) is True
    assert large({"arr": 100_009}) is False
    assert large({"arr": None}) is None


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("arr", "minor(arr, 2)"),
        ("spend > 1", "minor(spend, 3) > 1"),
        ("arr_jpy > 1", "arr_jpy > 1"),
        ("seats > 1", "seats > 1"),
        ("prior(arr, 1) < arr", "prior(minor(arr, 2), 1) < minor(arr, 2)"),
        ("minor(arr, 2) > 1", "minor(arr, 2) > 1"),
    ],
)
def test_only_what_the_schema_says_is_in_minor_units(text: str, resolved: str) -> None:
    assert str(rule(text, schema=SCHEMA)) == resolved


def test_a_rule_checked_twice_is_divided_once() -> None:
    once = rule("arr > 1000", schema=SCHEMA)

    assert rule(once, schema=SCHEMA) == once


def test_operators_and_text_are_read_alike() -> None:
    assert rule(fn.max(fact.arr, 0) > 5, schema=SCHEMA) == rule("max(arr, 0) > 5", schema=SCHEMA)


# Specifications


def test_a_name_that_stands_twice_is_an_error() -> None:
    seats = FactSpec(name="seats", kind="number")
    plan = FactSpec(name="plan", kind="text")

    with pytest.raises(DefinitionError) as caught:
        Schema((seats, plan, seats, plan))

    assert [str(fault) for fault in caught.value.faults] == [
        "$.facts[2].name: 'seats' stands twice",
        "$.facts[3].name: 'plan' stands twice",
    ]


@pytest.mark.parametrize(
    ("name", "kind", "exponent", "problem"),
    [
        ("", "number", None, "$.name: a fact has a name, but got an empty one"),
        ("plan", "text", 2, "$.exponent: only a number has minor units, but its kind is text"),
        ("arr", "number", 7, "$.exponent: expected 0 to 6 decimal places, but got 7"),
        ("arr", "number", -1, "$.exponent: expected 0 to 6 decimal places, but got -1"),
        ("arr", "number", True, "$.exponent: expected 0 to 6 decimal places, but got True"),
    ],
)
def test_a_specification_that_cannot_be_is_refused(
    name: str, kind: str, exponent: int | None, problem: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        FactSpec(name=name, kind=kind, exponent=exponent)

    assert problem in str(caught.value)


def test_what_is_required_must_be_there_and_rules_let_it_be_unknown() -> None:
    seats = FactSpec(name="seats", kind="number", required=True)

    assert seats.problem(None) == "seats: it is required; give it"
    assert seats.problem(float("nan")) == "seats: it is required; give it"
    assert seats.problem(0) == ""
    assert rule("seats > 5", schema=Schema((seats,)))({}) is None


def test_a_kind_that_there_is_not_is_refused() -> None:
    with pytest.raises(ExpressionError, match=r"expected a kind .* but got 'int'"):
        FactSpec(name="seats", kind="int")


def test_schemas_of_equal_content_are_equal() -> None:
    assert Schema(list(SCHEMA.facts)) == SCHEMA
    assert hash(Schema(list(SCHEMA.facts))) == hash(SCHEMA)
