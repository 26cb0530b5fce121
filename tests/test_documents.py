from __future__ import annotations

import datetime as dt
import enum
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Optional, Self, cast

import attrs
import hypothesis.strategies as st
import pytest
from attrs import validators as v
from hypothesis import assume, given, settings

from cslib.documents import (
    canonical,
    document,
    fingerprint,
    from_data,
    from_json,
    to_data,
    to_json,
)
from cslib.errors import CslibError, DefinitionError, Fault

# Definitions to speak of: a scorecard with bands, a trigger of one of two kinds, a rule by hooks


class Tier(enum.StrEnum):
    GREEN = "green"
    RED = "red"


@attrs.define
class RuleError(CslibError, ValueError):
    text: str

    def __str__(self) -> str:
        return f"no rule in {self.text!r}"


@attrs.frozen
class Rule:
    text: str

    def __to_data__(self) -> Any:
        return {"rule": self.text}

    @classmethod
    def __from_data__(cls, data: Any, functions: tuple[Any, ...]) -> Self:
        if not isinstance(data, dict) or set(data) != {"rule"}:
            raise DefinitionError("rule", (Fault("$.rule", "missing"),))
        if data["rule"] == "bad":
            raise RuleError("bad")
        return cls(data["rule"])


@attrs.frozen(kw_only=True)
class Band:
    start: int = attrs.field(metadata={"key": "from"})
    to: int
    tier: Tier = Tier.GREEN

    def __attrs_post_init__(self) -> None:
        if self.to <= self.start:
            faults = (Fault("$.to", "must lie above $.from"), Fault("$.start", "lies too high"))
            raise DefinitionError("band", faults)


@document("after-days")
@attrs.frozen(kw_only=True)
class AfterDays:
    days: int = attrs.field(validator=v.ge(1))


@document("on-event")
@attrs.frozen(kw_only=True)
class OnEvent:
    event: str = attrs.field(validator=v.instance_of(str))
    at_least: int = 1


@attrs.frozen(kw_only=True)
class Measure:
    name: str
    weight: float = 1.0
    bands: tuple[Band, ...] = ()
    limits: Mapping[str, tuple[int, Decimal]] = attrs.field(factory=dict)
    trigger: AfterDays | OnEvent | None = None
    entry: Rule | None = None


@document("scorecard", version=2, upgrades={1: lambda old: {"measures": old["items"]}})
@attrs.frozen(kw_only=True)
class Scorecard:
    measures: tuple[Measure, ...]
    title: str = ""


SCORECARD = Scorecard(
    title="健康 \N{GRINNING FACE}",
    measures=(
        Measure(name="usage", weight=0.5, bands=(Band(start=0, to=40, tier=Tier.RED),)),
        Measure(
            name="support",
            limits={"plan b": (3, Decimal("12.50"))},
            trigger=OnEvent(event="ticket"),
            entry=Rule("tickets > 3"),
        ),
    ),
)
SCORECARD_DATA = {
    "kind": "scorecard",
    "version": 2,
    "measures": [
        {"name": "usage", "weight": 0.5, "bands": [{"from": 0, "to": 40, "tier": "red"}]},
        {
            "name": "support",
            "limits": {"plan b": [3, "12.50"]},
            "trigger": {"kind": "on-event", "event": "ticket"},
            "entry": {"rule": "tickets > 3"},
        },
    ],
    "title": "健康 \N{GRINNING FACE}",
}
SCORECARD_FINGERPRINT = "sha256:4e4c95b4419db7c4c7a6b1b9b2e7c48e02eadf901276335fda1c0a2e290b1457"
AFTER_DAYS_FINGERPRINT = "sha256:3fa58ed800f5b43f41f78cd112ba9d3b431935e4b7f12175ace7ad8f3cc44b52"
BAG_FINGERPRINT = "sha256:75f0a3f75e6127ca6ea60f1950efc2a1182e44bb2aa93325450065dde7e68b69"


def faults_of(act: Callable[[], object]) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        act()
    return [str(fault) for fault in caught.value.faults]


def paths_of(act: Callable[[], object]) -> list[str]:
    return [fault.split(": ")[0] for fault in faults_of(act)]


def holder(annotation: Any, **options: Any) -> type:
    """An attrs class with the one field ``x`` of this annotation."""
    field = attrs.field(type=annotation, **options)
    return attrs.make_class("Holder", {"x": field}, frozen=True, slots=True)


def read(annotation: Any, data: object) -> Any:
    return cast("Any", from_data({"x": data}, holder(annotation))).x


def write(annotation: Any, value: object) -> Any:
    return to_data(holder(annotation)(value)).get("x")


def scorecard(*measures: object) -> dict[str, object]:
    return {"kind": "scorecard", "version": 2, "measures": list(measures)}


# The form


def test_a_definition_is_written_as_plain_data_in_the_order_of_its_fields() -> None:
    assert to_data(SCORECARD) == SCORECARD_DATA
    assert list(to_data(SCORECARD)) == ["kind", "version", "measures", "title"]


def test_plain_data_is_read_back_to_an_equal_definition() -> None:
    assert from_data(SCORECARD_DATA, Scorecard) == SCORECARD


def test_text_is_read_back_to_an_equal_definition_however_it_is_indented() -> None:
    assert from_json(to_json(SCORECARD), Scorecard) == SCORECARD
    assert from_json(to_json(SCORECARD, indent=2), Scorecard) == SCORECARD
    assert "\n" in to_json(SCORECARD, indent=2)


def test_json_text_keeps_letters_of_any_script() -> None:
    assert "健康" in to_json(SCORECARD)


def test_a_field_at_its_default_is_left_out() -> None:
    assert to_data(Measure(name="usage")) == {"name": "usage"}


def test_a_field_added_with_a_default_keeps_the_fingerprint() -> None:
    old = attrs.make_class("Old", {"x": attrs.field(type=int)})
    new = attrs.make_class(
        "New", {"x": attrs.field(type=int), "y": attrs.field(type=tuple[int, ...], factory=tuple)}
    )

    assert fingerprint(new(x=1)) == fingerprint(old(x=1))


def test_a_default_that_depends_on_the_value_is_left_out_too() -> None:
    half = attrs.Factory(lambda self: self.whole // 2, takes_self=True)
    pair = attrs.make_class(
        "Pair", {"whole": attrs.field(type=int), "half": attrs.field(type=int, default=half)}
    )

    assert to_data(pair(10)) == {"whole": 10}
    assert to_data(pair(10, 4)) == {"whole": 10, "half": 4}


def test_a_default_is_compared_as_the_converter_leaves_it() -> None:
    cls = holder(Decimal, default="0.5", converter=Decimal)

    assert to_data(cls()) == {}
    assert to_data(cls("0.25")) == {"x": "0.25"}


def test_a_default_is_left_out_only_where_it_is_written_alike() -> None:
    cls = holder(Decimal, default=Decimal("0.5"))

    assert to_data(cls(Decimal("0.50"))) == {"x": "0.50"}
    assert canonical(cls(Decimal("0.50"))) == "{}"


def test_a_field_that_the_constructor_does_not_take_is_not_written() -> None:
    @attrs.frozen
    class Sum:
        a: int
        twice: int = attrs.field(init=False)

        def __attrs_post_init__(self) -> None:
            object.__setattr__(self, "twice", 2 * self.a)

    assert to_data(Sum(2)) == {"a": 2}
    assert from_data({"a": 2}, Sum).twice == 4


def test_a_private_field_goes_by_the_name_of_its_argument() -> None:
    @attrs.frozen
    class Hidden:
        _x: int

    assert to_data(Hidden(1)) == {"x": 1}
    assert from_data({"x": 1}, Hidden) == Hidden(1)


def test_a_class_may_hold_its_own_kind() -> None:
    tree = Node(label="a", children=(Node(label="b"), Node(label="c")))

    assert to_data(tree) == {"label": "a", "children": [{"label": "b"}, {"label": "c"}]}
    assert from_data(to_data(tree), Node) == tree


@attrs.frozen(kw_only=True)
class Node:
    label: str
    children: tuple[Node, ...] = ()


def test_the_outermost_class_may_have_hooks() -> None:
    assert to_data(Rule("a > 1")) == {"rule": "a > 1"}
    assert from_data({"rule": "a > 1"}, Rule) == Rule("a > 1")


def test_what_was_read_does_not_change_with_the_data_it_was_read_from() -> None:
    data: dict[str, Any] = {"a": [1, {"b": None}]}
    value = read(Any, data)

    data["a"].append(2)

    assert value == {"a": [1, {"b": None}]}


def test_what_was_written_does_not_change_the_definition() -> None:
    value = holder(Any)({"a": [1]})

    to_data(value)["x"]["a"].append(2)

    assert value.x == {"a": [1]}


# Scalars: nothing is coerced


@pytest.mark.parametrize(
    ("annotation", "data", "message"),
    [
        (str, 1, "expected text, but got the int 1"),
        (str, None, "expected text, but got None"),
        (str, [1, 2], "expected text, but got a list of 2"),
        (str, {1}, "expected text, but got a value of the type set"),
        (str, "\ud800", "expected Unicode text, but got a surrogate in '\\ud800'"),
        (int, True, "expected a whole number, but got True"),
        (int, 1.0, "expected a whole number, but got the float 1.0"),
        (int, "1", "expected a whole number, but got the str '1'"),
        (int, 10**100, "expected at most 100 digits, but got more"),
        (float, True, "expected a number, but got True"),
        (float, "0.5", "expected a number, but got the str '0.5'"),
        (float, float("nan"), "expected a finite number, but got nan"),
        (float, float("-inf"), "expected a finite number, but got -inf"),
        (bool, 1, "expected true or false, but got the int 1"),
        (Decimal, 0.1, "expected a decimal number as text, such as '12.50', but got the float 0.1"),
        (Decimal, True, "expected a decimal number as text, such as '12.50', but got True"),
        (Decimal, 10**100, "expected at most 100 digits, but got more"),
        (
            Decimal,
            "1e1000",
            "expected a decimal number as text, such as '12.50', but got the str '1e1000'",
        ),
        (Decimal, "1e100", "expected at most 100 digits, but got '1e100'"),
        (Decimal, "1e-100", "expected at most 100 digits, but got '1e-100'"),
        (
            dt.date,
            "2026-02-29",
            "expected a date, such as '2026-06-30', but got the str '2026-02-29'",
        ),
        (
            dt.date,
            dt.date(2026, 6, 30),
            "expected a date, such as '2026-06-30', but got the date 2026-06-30",
        ),
        (Tier, "gren", "expected 'green' or 'red', but got the str 'gren': did you mean 'green'?"),
        (Tier, 1, "expected 'green' or 'red', but got the int 1"),
        (Any, dt.date(2026, 6, 30), "expected plain JSON data, but got the date 2026-06-30"),
        (Any, (1,), "expected plain JSON data, but got a tuple of 1"),
        (tuple[int, str], [1], "expected a list of 2, but got a list of 1"),
        (tuple[int, ...], {}, "expected a list, but got a dict of 0"),
        (Mapping[str, int], [], "expected an object, but got a list of 0"),
        (int | None, "1", "expected a whole number or null, but got the str '1'"),
    ],
)
def test_data_of_another_type_is_refused(annotation: Any, data: object, message: str) -> None:
    assert faults_of(lambda: read(annotation, data)) == [f"$.x: {message}"]


def test_an_int_too_long_to_be_written_is_refused_all_the_same() -> None:
    number = 10**5000  # str() of it raises

    assert faults_of(lambda: read(str, number)) == [
        "$.x: expected text, but got the int of more than 100 digits"
    ]
    assert faults_of(lambda: read(float, number)) == [
        "$.x: expected at most 100 digits, but got more"
    ]


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "1_000", " 1", "1.", ".5", "٣", ""])
def test_only_plain_finite_decimals_are_read(text: str) -> None:
    assert paths_of(lambda: read(Decimal, text)) == ["$.x"]


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-30T12:00:00",
        "2026-06-30",
        "2026-06-30 12:00:00Z",
        "2026-06-30T24:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-06-30T12:00:00+24:00",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
    ],
)
def test_an_instant_has_its_offset_and_exists(text: str) -> None:
    assert paths_of(lambda: read(dt.datetime, text)) == ["$.x"]


@pytest.mark.parametrize("text", ["20260630", "2026-W27-2", "2026-6-30", "2026-06-30T00:00:00"])
def test_a_date_is_written_in_one_way(text: str) -> None:
    assert paths_of(lambda: read(dt.date, text)) == ["$.x"]


def test_an_instant_may_be_written_as_javascript_does() -> None:
    noon = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)

    assert read(dt.datetime, "2026-06-30T12:00:00.000Z") == noon


def test_a_whole_number_serves_where_a_number_is_expected() -> None:
    assert read(float, 2) == 2.0
    assert type(read(float, 2)) is float


def test_decimals_and_instants_come_back_as_they_were_written() -> None:
    shanghai = dt.datetime(2026, 6, 30, 20, tzinfo=dt.timezone(dt.timedelta(hours=8)))

    assert str(read(Decimal, write(Decimal, Decimal("1.50")))) == "1.50"
    assert read(dt.datetime, write(dt.datetime, shanghai)).utcoffset() == dt.timedelta(hours=8)


class Speed(float):
    """A float of another type, as numpy has them."""


def test_numbers_and_texts_of_subclasses_are_written_as_plain_ones() -> None:
    assert type(write(float, Speed(0.5))) is float
    assert type(write(str, Tier.GREEN)) is str
    assert type(write(int, enum.IntEnum("Level", "LOW").LOW)) is int


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (int, True, "expected int, but got True"),
        (int, None, "expected int, but got None"),
        (float, Decimal("0.5"), "expected float, but got the Decimal 0.5"),
        (float, float("inf"), "expected a finite number, but got inf"),
        (Decimal, 0.5, "expected Decimal, but got the float 0.5"),
        (
            dt.date,
            dt.datetime(2026, 6, 30),
            "expected date, but got the datetime 2026-06-30 00:00:00",
        ),
        (Tier, "green", "expected Tier, but got the str 'green'"),
        (tuple[int, ...], [1], "expected tuple[int, ...], but got a list of 1"),
        (frozenset[int], {1}, "expected frozenset[int], but got a value of the type set"),
        (int | None, "1", "expected int | None, but got the str '1'"),
        (Any, (1,), "expected plain JSON data, but got a tuple of 1"),
        (Rule, "a > 1", "expected Rule, but got the str 'a > 1'"),
    ],
)
def test_a_value_that_does_not_fit_its_annotation_is_not_written(
    annotation: Any, value: object, message: str
) -> None:
    assert faults_of(lambda: write(annotation, value)) == [f"$.x: {message}"]


def test_a_naive_datetime_is_not_written() -> None:
    noon = dt.datetime(2026, 6, 30, 12)

    assert "an instant with its offset" in faults_of(lambda: write(dt.datetime, noon))[0]


def test_a_value_of_a_subclass_is_not_written_as_its_base() -> None:
    @attrs.frozen
    class Special(Rule):
        pass

    @attrs.frozen(kw_only=True)
    class Wide(AfterDays):
        pass

    assert paths_of(lambda: write(AfterDays, Wide(days=1))) == ["$.x"]
    assert "kind" not in to_data(Wide(days=1))
    assert write(Rule, Special("a")) == {"rule": "a"}


# Collections


def test_a_frozenset_is_written_as_a_sorted_list() -> None:
    assert write(frozenset[str], frozenset("cab")) == ["a", "b", "c"]


def test_a_frozenset_is_read_in_any_order_but_without_repetition() -> None:
    assert read(frozenset[str], ["b", "a"]) == frozenset("ab")
    assert faults_of(lambda: read(frozenset[str], ["b", "a", "b"])) == [
        "$.x[2]: given more than once"
    ]


def test_a_frozenset_refuses_what_a_set_cannot_hold() -> None:
    assert faults_of(lambda: read(frozenset[Any], [1, []])) == [
        "$.x[1]: expected something that a set can hold, but got a list of 0"
    ]


def test_the_empty_tuple_has_its_own_annotation() -> None:
    assert read(tuple[()], []) == ()


def test_keys_of_a_mapping_are_text() -> None:
    assert faults_of(lambda: read(Mapping[str, int], {1: 2, "\udc00": 3})) == [
        "$.x[the int 1]: expected text as key, but got the int 1",
        "$.x['\\udc00']: expected Unicode text, but got a surrogate in '\\udc00'",
    ]


# Paths


def test_all_faults_are_reported_at_once_each_with_its_path() -> None:
    data = scorecard(
        {"name": "usage", "wieght": 2, "bands": [{"from": 0, "to": 40}, {"from": 40, "to": "x"}]},
        {"limits": {"plan b": [True, 12.5]}, "weight": None},
        7,
    )

    assert faults_of(lambda: from_data(data, Scorecard)) == [
        "$.measures[0].bands[1].to: expected a whole number, but got the str 'x'",
        "$.measures[0].wieght: unknown key 'wieght': did you mean 'weight'?",
        "$.measures[1].name: missing: expected text",
        "$.measures[1].weight: expected a number, but got None",
        "$.measures[1].limits['plan b'][0]: expected a whole number, but got True",
        (
            "$.measures[1].limits['plan b'][1]: expected a decimal number as text, "
            "such as '12.50', but got the float 12.5"
        ),
        "$.measures[2]: expected an object (Measure), but got the int 7",
    ]


def test_the_error_names_the_kind_or_the_class_that_was_read() -> None:
    with pytest.raises(DefinitionError, match=r"^scorecard is not valid"):
        from_data(scorecard(7), Scorecard)
    with pytest.raises(DefinitionError, match=r"^Rule is not valid"):
        from_data({}, Rule)


def test_faults_of_a_nested_constructor_are_put_under_its_path_and_told_in_keys() -> None:
    band = {"from": 40, "to": 40}
    data = scorecard({"name": "usage", "bands": [{"from": 0, "to": 1}, band]})

    assert faults_of(lambda: from_data(data, Scorecard)) == [
        "$.measures[0].bands[1].to: must lie above $.from",
        "$.measures[0].bands[1].from: lies too high",
    ]


def test_faults_of_a_hook_are_put_under_its_path() -> None:
    bad = [{"name": "a", "entry": {}}, {"name": "b", "entry": {"rule": "bad"}}]

    assert faults_of(lambda: from_data(scorecard(*bad), Scorecard)) == [
        "$.measures[0].entry.rule: missing",
        "$.measures[1].entry: no rule in 'bad'",
    ]


def test_a_validator_of_attrs_is_reported_at_the_field_it_names() -> None:
    days = {"kind": "after-days", "days": 0}

    assert faults_of(lambda: from_data(scorecard({"name": "a", "trigger": days}), Scorecard)) == [
        "$.measures[0].trigger.days: 'days' must be >= 1: 0"
    ]


def test_a_validator_of_types_is_reported_in_one_sentence() -> None:
    cls = holder(int, validator=v.instance_of(str))

    (fault,) = faults_of(lambda: from_data({"x": 1}, cls))

    assert fault.startswith("$.x: 'x' must be <class 'str'>")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("too many"), "too many"),
        (ValueError(), "ValueError"),
        (TypeError("cannot", "add"), "('cannot', 'add')"),
        (ZeroDivisionError("division by zero"), "division by zero"),
        (RuleError("x"), "no rule in 'x'"),
    ],
)
def test_what_a_constructor_refuses_is_a_fault_of_the_whole_part(
    error: Exception, message: str
) -> None:
    def refuse(instance: object, attribute: object, value: object) -> None:
        raise error

    assert faults_of(lambda: from_data({"x": 1}, holder(int, validator=refuse))) == [
        f"$: {message}"
    ]


def test_a_bug_in_a_constructor_is_not_hidden() -> None:
    def fail(instance: object, attribute: object, value: object) -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError, match="bug"):
        from_data({"x": 1}, holder(int, validator=fail))


def test_faults_survive_pickle() -> None:
    with pytest.raises(DefinitionError) as caught:
        from_data(scorecard(7), Scorecard)

    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults  # noqa: S301


def test_a_long_key_or_value_is_shortened_in_messages() -> None:
    (fault,) = faults_of(lambda: from_data({"k" * 1000: "v" * 1000}, Empty))

    assert len(fault) < 200


@attrs.frozen
class Empty:
    pass


# Unions


def test_members_of_a_union_are_told_apart_by_their_kind() -> None:
    annotation = AfterDays | OnEvent

    assert write(annotation, AfterDays(days=3)) == {"kind": "after-days", "days": 3}
    assert read(annotation, {"kind": "on-event", "event": "e"}) == OnEvent(event="e")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({}, "$.x.kind: missing: expected 'after-days' or 'on-event'"),
        ({"kind": 1}, "$.x.kind: expected 'after-days' or 'on-event', but got the int 1"),
        (
            {"kind": "on_event"},
            (
                "$.x.kind: expected 'after-days' or 'on-event', but got 'on_event': "
                "did you mean 'on-event'?"
            ),
        ),
        ({"kind": "on-event"}, "$.x.event: missing: expected text"),
        ([], "$.x: expected an object of the kind 'after-days' or 'on-event', but got a list of 0"),
    ],
)
def test_a_member_of_a_union_that_cannot_be_told_is_refused(data: object, fault: str) -> None:
    assert faults_of(lambda: read(AfterDays | OnEvent, data)) == [fault]


@pytest.mark.parametrize("value", [None, "all", 3, True, ("a", "b"), Band(start=0, to=1)])
def test_members_of_different_shapes_need_no_kind(value: object) -> None:
    annotation = str | int | bool | tuple[str, ...] | Band | None

    assert read(annotation, write(annotation, value)) == value


@pytest.mark.parametrize(
    "annotation", [str | Decimal, int | float, Band | Node, tuple[int, ...] | frozenset[int]]
)
def test_members_that_look_alike_are_refused(annotation: Any) -> None:
    assert "look alike in JSON" in faults_of(lambda: read(annotation, 1))[0]


def test_members_of_the_same_kind_are_refused() -> None:
    other = document("on-event")(attrs.make_class("Other", {}, frozen=True))

    (fault,) = faults_of(lambda: read(OnEvent | other, {}))

    assert fault.startswith("$.x: OnEvent or Other are of the same kind")


# Annotations without a JSON form


@pytest.mark.parametrize(
    "annotation", [list[int], dict[str, int], bytes, complex, tuple, Callable, None, "Missing"]
)
def test_an_annotation_without_a_json_form_is_named(annotation: Any) -> None:
    (fault,) = faults_of(lambda: read(annotation, 1))

    assert fault.startswith("$")
    assert "annotation" in fault


def test_two_fields_of_one_key_are_refused() -> None:
    @attrs.frozen
    class Twice:
        a: int
        b: int = attrs.field(metadata={"key": "a"})

    assert faults_of(lambda: to_data(Twice(1, 2))) == ["$.b: the key 'a' is that of another field"]


def test_a_mapping_has_text_as_keys() -> None:
    assert faults_of(lambda: read(Mapping[int, int], {})) == [
        "$.x: the keys of collections.abc.Mapping[int, int] have no JSON form: expected str"
    ]


def test_an_enum_has_text_or_whole_numbers_as_values() -> None:
    ratio = enum.Enum("Ratio", {"HALF": 0.5})
    flag = enum.Flag("Flag", "A B")

    assert "expected text or int" in faults_of(lambda: read(ratio, 0.5))[0]
    assert "expected text or int" in faults_of(lambda: read(flag, 1))[0]
    assert read(enum.Enum("Level", {"LOW": 1}), 1).name == "LOW"


def test_a_name_that_only_type_checkers_know_is_told() -> None:
    @attrs.frozen
    class Lost:
        x: Nowhere  # type: ignore[name-defined]  # noqa: F821

    assert faults_of(lambda: to_data(Lost(1))) == [
        (
            "$: the annotations of test_a_name_that_only_type_checkers_know_is_told.<locals>.Lost "
            "cannot be read, 'Nowhere' is not known in its module at run time: import it there"
        )
    ]


# Kind and version


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ([], ["$: expected an object (Scorecard), but got a list of 0"]),
        ({}, ["$.kind: missing: expected 'scorecard'", "$.version: missing: expected 2"]),
        (
            {"kind": "playbook", "version": 3},
            [
                "$.kind: expected 'scorecard', but got 'playbook'",
                (
                    "$.version: version 3 is too new, the newest that can be read is 2: "
                    "upgrade the software"
                ),
            ],
        ),
        (
            {"kind": "scorecard", "version": True},
            ["$.version: expected a whole number, but got True"],
        ),
        (
            {"kind": "scorecard", "version": 0},
            ["$.version: version 0 is too old: no upgrade from it is known"],
        ),
    ],
)
def test_kind_and_version_are_judged_first(data: object, faults: list[str]) -> None:
    assert faults_of(lambda: from_data(data, Scorecard)) == faults


def test_an_older_version_is_upgraded() -> None:
    old = {"kind": "scorecard", "version": 1, "items": [{"name": "usage"}]}

    assert from_data(old, Scorecard) == Scorecard(measures=(Measure(name="usage"),))


def test_an_upgrade_does_not_change_the_data_it_was_given() -> None:
    def empty(old: dict[str, Any]) -> dict[str, Any]:
        old["x"].clear()
        return old

    cls = document("list", version=2, upgrades={1: empty})(holder(tuple[int, ...]))
    data = {"kind": "list", "version": 1, "x": [1]}

    assert cast("Any", from_data(data, cls)).x == ()
    assert data["x"] == [1]


def test_an_upgrade_is_given_plain_json_data_alone() -> None:
    old = {"kind": "scorecard", "version": 1, "items": [float("nan"), {1}]}

    assert paths_of(lambda: from_data(old, Scorecard)) == ["$.items[0]", "$.items[1]"]


def test_an_upgrade_that_fails_is_a_fault() -> None:
    old = {"kind": "scorecard", "version": 1}

    assert faults_of(lambda: from_data(old, Scorecard)) == [
        "$: could not be upgraded from version 1: KeyError: 'items'"
    ]


def test_a_document_class_is_checked_when_it_is_made() -> None:
    cls = attrs.make_class("Bad", {"kind": attrs.field(type=str)}, frozen=True)

    assert faults_of(lambda: document("", version=0, upgrades={1: dict})(cls)) == [
        "$.kind: expected a word, but got an empty text",
        "$.version: expected 1 or more, but got 0",
        "$.upgrades[1]: expected a version below 0",
        (
            "$.kind: the document itself has this key: give the field another key with "
            "metadata={'key': ...}"
        ),
    ]


def test_a_document_class_is_an_attrs_class() -> None:
    assert faults_of(lambda: document("plain")(int)) == [
        "$: expected an attrs class: put @document above @attrs.frozen"
    ]


# JSON text, and the bounds


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"x": 1, "x": 2}', "$.x: the key is given more than once"),
        ('{"x": [{"a b": 1, "a b": 1}]}', "$.x[0]['a b']: the key is given more than once"),
        ('{"x": [1, NaN]}', "$.x[1]: expected a finite number, but got nan"),
        ('{"x": -Infinity}', "$.x: expected a finite number, but got -inf"),
        ('{"x": 1e999}', "$.x: expected a finite number, but got inf"),
        (f'{{"x": -{"9" * 5000}}}', "$.x: expected at most 100 digits, but got more"),
        ('{"x": "\\ud800"}', "$.x: expected Unicode text, but got a surrogate"),
        ("{'x': 1}", "$: expected JSON, but at line 1, column 2"),
        ("", "$: expected JSON, but at line 1, column 1"),
        ("\ufeff{}", "$: expected JSON, but at line 1, column 1"),
        ("[" * 65, "$: expected at most 64 lists and objects inside one another"),
        ("[" * 1_000_000, "$: expected at most 64 lists and objects inside one another"),
        ('"' + '\\"' * 500_000, "$: expected JSON"),
        (" " * (2**20 + 1), "$: expected at most 1,048,576 characters, but got 1,048,577"),
        (f'{{"x": [{"0," * 100_000}0]}}', "$: expected at most 100,000 values, but got more"),
    ],
    ids=range(15),
)
def test_text_that_cannot_be_taken_as_it_stands_is_refused(text: str, fault: str) -> None:
    (only,) = faults_of(lambda: from_json(text, holder(Any)))

    assert only.startswith(fault)


def test_bytes_are_not_taken_for_text() -> None:
    assert faults_of(lambda: from_json(cast("str", b"{}"), Empty)) == [
        "$: expected JSON text, but got a value of the type bytes"
    ]


def test_brackets_in_text_are_not_counted_as_depth() -> None:
    value = holder(str)('\\"' + "[" * 100)

    assert from_json(to_json(value), type(value)) == value


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 0


def test_sixty_four_lists_and_objects_inside_one_another_are_read_and_one_more_is_not() -> None:
    cls = holder(Any)

    assert from_json(to_json(cls(nested(63))), cls) == cls(nested(63))
    assert "at most 64" in faults_of(lambda: to_json(cls(nested(64))))[0]
    assert "at most 64" in faults_of(lambda: from_data({"x": nested(64)}, cls))[0]


def test_data_without_end_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)

    assert "at most 64" in faults_of(lambda: read(Any, endless))[0]
    assert "at most 64" in faults_of(lambda: write(Any, endless))[0]


def test_data_that_multiplies_is_counted_before_it_is_walked() -> None:
    data: list[Any] = [0] * 10
    for _ in range(20):
        data = [data] * 10

    assert "at most 100,000 values" in faults_of(lambda: read(Any, data))[0]


def test_a_definition_too_large_to_be_read_is_not_written() -> None:
    assert "100,000 values" in faults_of(lambda: write(Any, [0] * 100_000))[0]
    assert "1,048,576 characters" in faults_of(lambda: to_json(holder(str)("a" * 2**20)))[0]


def test_no_more_than_a_thousand_faults_are_listed() -> None:
    faults = faults_of(lambda: read(tuple[tuple[int, ...], ...], [["a"] * 600] * 3))

    assert len(faults) == 1001
    assert faults[999] == "$.x[1][399]: expected a whole number, but got the str 'a'"
    assert faults[1000] == "$: only the first 1,000 faults are listed"


# Canonical text and fingerprints


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e16, "10000000000000000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (333333333.33333329, "333333333.3333333"),  # RFC 8785, section 3.2.2 (sample)
        (9007199254740992.0, "9007199254740992"),  # RFC 8785, appendix B
        (295147905179352830000.0, "295147905179352830000"),  # RFC 8785, appendix B
        (9.999999999999997e22, "9.999999999999997e+22"),  # RFC 8785, appendix B
    ],
)
def test_floats_are_written_as_rfc_8785_says(number: float, text: str) -> None:
    assert canonical(holder(float)(number)) == f'{{"x":{text}}}'


def test_canonical_text_has_sorted_keys_no_spaces_and_ascii_alone() -> None:
    value = holder(Mapping[str, tuple[int | None, ...]])({"é": (1, None), "a": (), "Z": ()})

    assert canonical(value) == '{"x":{"Z":[],"a":[],"\\u00e9":[1,null]}}'


@pytest.mark.parametrize(
    ("annotation", "one", "other"),
    [
        (float, 1, 1.0),
        (float, 0.0, -0.0),
        (Decimal, Decimal(1200), Decimal("1.200E+3")),
        (Decimal, Decimal(0), Decimal("-0.00")),
        (
            dt.datetime,
            dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            dt.datetime(2026, 1, 1, 8, tzinfo=dt.timezone(dt.timedelta(hours=8))),
        ),
        (Mapping[str, int], {"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_equal_definitions_have_equal_fingerprints(
    annotation: Any, one: object, other: object
) -> None:
    cls = holder(annotation)

    assert cls(one) == cls(other)
    assert fingerprint(cls(one)) == fingerprint(cls(other))


def test_fingerprints_never_change() -> None:
    assert fingerprint(SCORECARD) == SCORECARD_FINGERPRINT
    assert fingerprint(AfterDays(days=30)) == AFTER_DAYS_FINGERPRINT
    assert canonical(AfterDays(days=30)) == '{"days":30,"kind":"after-days","version":1}'


def test_a_fingerprint_does_not_depend_on_the_hash_seed() -> None:
    program = (
        "import attrs; from cslib.documents import fingerprint\n"
        "Bag = attrs.make_class('Bag', {'x': attrs.field(type=frozenset[str])})\n"
        "print(fingerprint(Bag(frozenset('customer'))))"
    )

    def printed(seed: str) -> str:
        env = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", program]
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout  # noqa: S603

    assert printed("1") == printed("2") == f"{BAG_FINGERPRINT}\n"


# Laws, over classes made at random

few = settings(max_examples=40)  # making a class takes longer than trying it


@attrs.frozen
class Typed:
    """An annotation, and the values that it holds."""

    annotation: Any
    values: st.SearchStrategy[Any]


LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
INSTANTS = st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1), timezones=OFFSETS)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.sampled_from(
    [Decimal("1E+3"), Decimal("-0"), Decimal("0E-7"), Decimal("1.20")]
)
HASHABLE = [
    Typed(str, LETTERS),
    Typed(int, st.integers(-(10**99), 10**99)),
    Typed(float, st.floats(allow_nan=False, allow_infinity=False)),
    Typed(bool, st.booleans()),
    Typed(Decimal, DECIMALS.filter(lambda d: d.adjusted() < 50)),
    Typed(dt.date, st.dates()),
    Typed(dt.datetime, INSTANTS),
    Typed(Tier, st.sampled_from(Tier)),
]
UNIONS = [
    Typed(
        AfterDays | OnEvent,
        st.builds(AfterDays, days=st.integers(1, 9)) | st.builds(OnEvent, event=LETTERS),
    ),
    Typed(int | str | None, st.integers(0, 9) | LETTERS | st.none()),
]


def mapping_of(inner: Typed) -> Typed:
    keys = st.sampled_from(["a", "b", "c"])
    return Typed(Mapping[str, inner.annotation], st.dictionaries(keys, inner.values, max_size=3))


def tuple_of(inner: Typed) -> Typed:
    return Typed(tuple[inner.annotation, ...], st.lists(inner.values, max_size=3).map(tuple))


def optional(inner: Typed) -> Typed:
    return Typed(Optional[inner.annotation], st.none() | inner.values)  # noqa: UP045


@st.composite
def classes(draw: st.DrawFn, inner: st.SearchStrategy[Typed]) -> Typed:
    """An attrs class of one to three fields, some of which have a default."""
    typed = dict(enumerate(draw(st.lists(inner, min_size=1, max_size=3))))
    fields = {
        f"f{i}": attrs.field(
            type=t.annotation, default=draw(t.values) if draw(st.booleans()) else attrs.NOTHING
        )
        for i, t in typed.items()
    }
    cls = attrs.make_class("Made", fields, frozen=True, kw_only=True)
    return Typed(cls, st.builds(cls, **{f"f{i}": t.values for i, t in typed.items()}))


def extended(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    containers = st.sampled_from([tuple_of, optional, mapping_of])
    return st.builds(lambda made, typed: made(typed), containers, inner) | classes(inner)


SETS = [Typed(frozenset[t.annotation], st.frozensets(t.values, max_size=3)) for t in HASHABLE]
TYPED = st.recursive(st.sampled_from([*HASHABLE, *SETS, *UNIONS]), extended, max_leaves=5)


def definitions() -> st.SearchStrategy[Any]:
    return classes(TYPED).flatmap(lambda typed: typed.values)


@few
@given(definitions())
def test_every_definition_comes_back_unchanged_to_its_canonical_text(value: Any) -> None:
    cls, text = type(value), canonical(value)

    for back in (
        from_data(to_data(value), cls),
        from_json(to_json(value, indent=1), cls),
        from_json(text, cls),
    ):
        assert back == value
        assert canonical(back) == text


def leaves(data: Any, path: str = "$") -> list[tuple[str, Any, Any]]:
    """Path, container and key of everything in the data that holds nothing itself."""
    if not isinstance(data, dict | list):
        return []
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    found = []
    for key, value in list(pairs):
        step = f".{key}" if isinstance(data, dict) else f"[{key}]"
        deeper = isinstance(value, dict | list) and value
        found += leaves(value, path + step) if deeper else [(path + step, data, key)]
    return found


@few
@given(definitions(), st.data())
def test_one_wrong_value_is_reported_at_exactly_its_path(value: Any, data: st.DataObject) -> None:
    written = to_data(value)
    assume(leaves(written))
    path, container, key = data.draw(st.sampled_from(leaves(written)))
    container[key] = float("nan")

    assert paths_of(lambda: from_data(written, type(value))) == [path]


ANYTHING = holder(Any)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*SCORECARD_DATA, "name", "from", "to", "green", "on-event", b"", 10**150])
    | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "bands", "limits", "trigger", "entry", "from", "to", "kind"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def paths_if_refused(act: Callable[[], object]) -> list[str]:
    """Nothing where a value was read; an error other than ours escapes and fails the test."""
    try:
        act()
    except DefinitionError as error:
        return [fault.path for fault in error.faults]
    return []


def is_read_or_refused(act: Callable[[], object]) -> bool:
    return all(path.startswith("$") for path in paths_if_refused(act))


@given(JUNK)
def test_no_data_whatever_raises_anything_but_a_definition_error(junk: Any) -> None:
    assert is_read_or_refused(lambda: from_data(junk, Scorecard))
    assert is_read_or_refused(lambda: from_data(scorecard(junk), Scorecard))
    assert is_read_or_refused(lambda: from_data(junk, ANYTHING))


@few
@given(definitions(), JUNK, st.data())
def test_no_value_put_anywhere_raises_anything_but_a_definition_error(
    value: Any, junk: Any, data: st.DataObject
) -> None:
    written = to_data(value)
    assume(leaves(written))
    _, container, key = data.draw(st.sampled_from(leaves(written)))
    container[key] = junk

    assert is_read_or_refused(lambda: from_data(written, type(value)))


@given(st.text() | st.text(alphabet='{}[]",:\\ \n0123456789eE+-.truefalsn'))
def test_no_text_whatever_raises_anything_but_a_definition_error(text: str) -> None:
    assert is_read_or_refused(lambda: from_json(text, Scorecard))
    assert is_read_or_refused(lambda: from_json(text, ANYTHING))


@given(st.data())
def test_no_broken_document_raises_anything_but_a_definition_error(data: st.DataObject) -> None:
    text = to_json(SCORECARD)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))

    assert is_read_or_refused(
        lambda: from_json(text[:start] + data.draw(st.text(max_size=3)) + text[end:], Scorecard)
    )


# --- Parts that carry their header


@document("band", version=2, upgrades={1: lambda old: {"start": old["from"]}})
@attrs.frozen(kw_only=True)
class HeadedBand:
    start: int


@attrs.frozen(kw_only=True)
class HoldsBands:
    band: HeadedBand | None = None
    bands: tuple[HeadedBand, ...] = ()


def test_a_part_may_carry_its_kind_and_version_and_is_written_without() -> None:
    band = HeadedBand(start=3)
    held = HoldsBands(band=band, bands=(band,))

    assert from_data({"band": to_data(band), "bands": [to_data(band)]}, HoldsBands) == held
    assert to_data(held) == {"band": {"start": 3}, "bands": [{"start": 3}]}


def test_a_part_of_an_older_version_is_upgraded() -> None:
    assert from_data({"band": {"version": 1, "from": 3}}, HoldsBands) == HoldsBands(
        band=HeadedBand(start=3)
    )


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ({"kind": "bond"}, "$.bands[0].kind: expected 'band', but got 'bond'"),
        ({"version": 3}, "$.bands[0].version: version 3 is too new, the newest that can be read"),
        ({"version": True}, "$.bands[0].version: expected a whole number, but got True"),
    ],
)
def test_a_part_with_a_wrong_header_is_refused(header: dict[str, Any], fault: str) -> None:
    (found,) = faults_of(lambda: from_data({"bands": [{**header, "start": 3}]}, HoldsBands))

    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("data", "value"), [(75, "75"), ("75", "75"), (-3, "-3"), ("1.50", "1.50")]
)
def test_a_decimal_is_read_from_text_and_from_a_whole_number(data: object, value: str) -> None:
    found = read(Decimal, data)

    assert (type(found), str(found)) == (Decimal, value)
    assert write(Decimal, found) == value
