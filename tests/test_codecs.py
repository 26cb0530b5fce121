from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.codecs import check_kind, codec_of, key_of, kind_of, name_of, plain_copy
from cslib.documents import document
from cslib.errors import DefinitionError
from cslib.faults import MAX_FAULTS, Faults, refusal, shown, step
from cslib.scalars import SCALARS, canonical_text


@document("after-days")
@attrs.frozen(kw_only=True)
class AfterDays:
    days: int = attrs.field(metadata={"key": "for"})
    _since: dt.date | None = None


# What an annotation is in JSON is tested through the doors, in test_documents.py


def test_each_annotation_has_one_codec() -> None:
    assert codec_of(tuple[int, ...]) is codec_of(tuple[int, ...])
    assert all(codec_of(annotation) is codec for annotation, codec in SCALARS.items())


def test_an_annotation_is_named_as_it_is_written() -> None:
    assert name_of(Decimal) == "Decimal"
    assert name_of(tuple[int, ...]) == "tuple[int, ...]"


def test_a_kind_is_that_of_the_class_and_not_of_its_base() -> None:
    @attrs.frozen(kw_only=True)
    class Wide(AfterDays):
        pass

    assert kind_of(AfterDays) == "after-days"
    assert kind_of(Wide) is None
    assert kind_of(int | None) is None


def test_a_kind_that_is_not_known_is_one_fault_at_its_path() -> None:
    check_kind({"kind": "a"}, {"a"})
    with pytest.raises(DefinitionError) as caught:
        check_kind({"kind": "b"}, {"a"})

    assert [fault.path for fault in caught.value.faults] == ["$.kind"]


def test_the_key_of_a_field_is_its_own_or_the_name_of_the_argument() -> None:
    assert [key_of(field) for field in attrs.fields(AfterDays)] == ["for", "since"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.5, "a", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)


@given(JSON)
def test_plain_data_is_copied_to_the_last_list(data: Any) -> None:
    copy = plain_copy(data)

    assert copy == data
    assert not isinstance(data, list | dict) or copy is not data


@pytest.mark.parametrize("other", [{1}, (1,), dt.date(2026, 6, 30), object()])
def test_what_is_not_plain_data_is_not_copied(other: object) -> None:
    with pytest.raises(DefinitionError, match="expected plain JSON data"):
        plain_copy(other)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_canonical_text_does_not_depend_on_the_order_of_keys(data: dict[str, Any]) -> None:
    text = canonical_text(data)

    assert text == canonical_text(dict(reversed(data.items())))
    assert text.isascii()


# Faults


def test_faults_of_parts_are_told_at_once_each_under_its_place() -> None:
    faults = Faults()
    for place in (".a", "[0]"):
        with faults.under(place):
            raise refusal("no")

    with pytest.raises(DefinitionError) as caught:
        faults.settle()

    assert [str(fault) for fault in caught.value.faults] == ["$.a: no", "$[0]: no"]


def test_no_faults_settle_in_silence() -> None:
    faults = Faults()
    with faults.under(".a"):
        pass

    faults.settle()

    assert faults.found == []


def test_gathering_stops_where_nobody_would_read_on() -> None:
    def gather() -> None:
        faults = Faults()
        for i in itertools.count():
            with faults.under(f"[{i}]"):
                raise refusal("no")

    with pytest.raises(DefinitionError) as caught:
        gather()

    assert len(caught.value.faults) == MAX_FAULTS + 1


@pytest.mark.parametrize(
    ("key", "text"),
    [("days", ".days"), ("days left", "['days left']"), ("é", "['é']"), (1, "[the int 1]")],
)
def test_a_step_of_a_path_is_plain_where_it_can_be(key: object, text: str) -> None:
    assert step(key) == text


@pytest.mark.parametrize(
    "value",
    ["x" * 10_000, 10**5000, 10**99, Decimal(10) ** 5000, [0] * 1000, object()],
    ids=range(6),
)
def test_a_value_is_shown_shortly_whatever_it_is(value: object) -> None:
    assert len(shown(value)) < 100
