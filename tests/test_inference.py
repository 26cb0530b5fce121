"""What each fact of a rule must be, by its use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from cslib.expressions import Fact, Kind, Node, facts_of
from cslib.inference import KindError, infer
from cslib.parsing import parse


def tree(text: str) -> Node:
    return parse(text)[0]


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
def test_a_generated_tree_can_be_of_its_kind(kind: Kind, data: st.DataObject) -> None:
    node = data.draw(strategies._trees(kind, strategies.DEPTH, series=False))

    assert kind in infer(node).result


@given(strategies.trees())
def test_each_fact_of_a_generated_tree_can_be_what_it_is(node: Node) -> None:
    found = infer(node).facts

    assert tuple(found) == facts_of(node)
    assert all(strategies.FACTS[name] in kinds for name, kinds in found.items())


def test_a_use_tells_what_a_fact_is() -> None:
    found = infer(tree("seats >= 5 and plan == 'pro' and is_paid and signed < today()")).facts

    assert found == {
        "seats": {Kind.NUMBER},
        "plan": {Kind.TEXT},
        "is_paid": {Kind.BOOLEAN},
        "signed": {Kind.DATE},
    }


def test_a_fact_that_no_use_tells_may_be_anything() -> None:
    assert infer(tree("is_missing(x)")).facts["x"] == set(Kind)


def test_facts_that_are_compared_are_of_one_kind_however_far_apart() -> None:
    assert infer(tree("a == b and b == c and c > 5")).facts["a"] == {Kind.NUMBER}


def test_facts_of_one_kind_that_only_the_data_tell_are_a_group() -> None:
    found = infer(tree("a == b and is_missing(c)"))

    assert found.groups == (("a", "b"),)
    assert found.facts["a"] == set(Kind)


def test_what_is_given_takes_part() -> None:
    with pytest.raises(KindError):
        infer(tree("seats > 5"), given={"seats": frozenset({Kind.TEXT})})


def test_what_the_whole_must_give_takes_part() -> None:
    assert infer(Fact("x"), gives=Kind.DATE).facts["x"] == {Kind.DATE}
    with pytest.raises(KindError, match="expected a boolean, but it gives a number"):
        infer(tree("x + 1"), gives=Kind.BOOLEAN)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "plan > 5 and plan == 'pro'",
            'in `plan == "pro"`: a number does not go with `"pro"`, which is text',
        ),
        ("is_paid + 1 > 0 and not is_paid", "compare the number: `flag == 1`"),
        ("today() - 5", "count days with days_between, days_since or days_until"),
        (
            "today() < instant('2026-06-30T12:00:00Z')",
            "which is an instant; dates and instants do not mix",
        ),
        ("days_between(today(), instant('2026-06-30T12:00:00Z'))", "dates and instants do not mix"),
        ("max('a', 'b')", '`"a"` is text, but `max` takes a number or a date or an instant here'),
        ("True < False", "takes a number or text or a date or an instant here"),
        ("x in {1, 'a'}", "does not go with"),
        ("1 if x else 'a'", "does not go with"),
        ("coalesce(x, 1, 'a')", "does not go with"),
        ("not 1", "`1` is a number, but `not` takes a boolean here"),
    ],
)
def test_what_is_used_as_what_it_is_not_is_an_error(text: str, message: str) -> None:
    with pytest.raises(KindError) as caught:
        infer(tree(text))

    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text", ["False and {0}", "True or {0}", "True if True else {0}", "at_least(0, {0})"]
)
def test_a_kind_error_does_not_depend_on_short_circuiting(text: str) -> None:
    with pytest.raises(KindError):
        infer(tree(text.format("1 == 'a'")))


def test_a_flag_used_as_a_number_is_told_to_stand_alone() -> None:
    with pytest.raises(KindError, match="write `paid`, or `not paid`"):
        infer(parse("(paid > 1) == 1")[0])
