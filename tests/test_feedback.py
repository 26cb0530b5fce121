"""Feedback: needs of the field, weighed by value and reach (P13), and why they are felt (P7)."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.feedback import Feedback, Request, Scope, WeighedNeed, Weighing
from cslib.moments import MomentError

DAY = dt.date(2026, 6, 30)
FIELD = Weighing(name="field", least=2, most="0.6")
BOOK = {"acme": 60_000, "birch": 30_000, "cedar": 10_000, "dune": None}


def asked(account: str, need: str = "export", **rest: Any) -> Request:
    return Request(account=account, need=need, **{"at": DAY, "problem": "audits", **rest})


def weighed(*requests: Request, book: Any = BOOK) -> Feedback:
    return FIELD.weigh(requests, book=book)


def only(*requests: Request, book: Any = BOOK) -> WeighedNeed:
    (need,) = weighed(*requests, book=book).needs
    return need


# Reach and value


def test_P13_a_need_knows_who_asks_and_what_they_are_worth() -> None:
    found = only(asked("acme"), asked("cedar"))

    assert found.accounts == ("acme", "cedar")
    assert (found.of_accounts.numerator, found.of_accounts.denominator) == (2, 4)
    assert (found.of_value.numerator, found.of_value.denominator) == (70_000, 100_000)
    assert found.largest == "acme"
    assert found.largest_share is not None
    assert found.largest_share.value == Fraction(6, 7)


def test_P13_an_account_counts_once_however_often_it_asks() -> None:
    found = only(asked("acme"), asked("acme", text="again"), asked("birch"))

    assert found.of_accounts.numerator == 2
    assert found.of_value.numerator == 90_000
    assert len(found.requests) == 3


def test_P13_a_need_of_many_accounts_serves_the_product_as_a_whole() -> None:
    """By hand: 30,000 of 40,000 is more than 60 %; with acme as well, 60,000 of 100,000 is not."""
    found = only(asked("acme"), asked("birch"), asked("cedar"))

    assert found.scope is Scope.PRODUCT
    assert found.reason == "3 accounts; acme holds 60% of the value behind it"


def test_P13_a_need_is_one_customers_where_one_holds_most_of_the_value() -> None:
    found = only(asked("birch"), asked("cedar"))

    assert found.scope is Scope.ONE_CUSTOMER
    assert found.reason == "2 accounts; birch holds 75% of the value behind it"


def test_P13_a_need_is_one_customers_where_too_few_ask() -> None:
    found = only(asked("acme"), asked("acme"))

    assert found.scope is Scope.ONE_CUSTOMER
    assert found.reason == "1 account, fewer than 2"


def test_the_limit_itself_is_not_more_than_the_limit() -> None:
    found = only(asked("a"), asked("b"), book={"a": 6, "b": 4})

    assert found.scope is Scope.PRODUCT


def test_of_two_largest_the_first_by_name_is_named() -> None:
    assert only(asked("b"), asked("a"), book={"a": 5, "b": 5}).largest == "a"


def test_a_need_with_no_value_behind_it_is_judged_by_its_reach() -> None:
    found = only(asked("a"), asked("b"), book={"a": 0, "b": 0})

    assert found.scope is Scope.PRODUCT
    assert found.reason == "2 accounts; no value is behind it"


# What is not known


def test_an_unknown_value_is_named_and_is_not_0() -> None:
    found = only(asked("dune"), asked("acme"), asked("birch"))

    assert found.unknown == ("dune",)
    assert found.of_accounts.numerator == 3
    assert found.of_value.numerator == 90_000
    assert (found.largest, found.largest_share) == (None, None)


def test_whom_a_need_serves_is_unknown_where_a_value_is_that_could_decide() -> None:
    found = only(asked("dune"), asked("acme"))

    assert found.scope is Scope.UNKNOWN
    assert found.reason == "2 accounts; ask what they are worth: dune"


def test_too_few_accounts_are_too_few_whatever_they_are_worth() -> None:
    assert only(asked("dune")).scope is Scope.ONE_CUSTOMER


def test_an_account_that_is_not_in_the_book_counts_nowhere_and_is_named() -> None:
    found = only(asked("acme"), asked("zebra"))

    assert (found.accounts, found.outside) == (("acme",), ("zebra",))
    assert found.of_accounts.numerator == 1
    assert str(found) == (
        "export: one customer's, 1 account of 4 with 60000 of 100000; not in the book: zebra"
    )


def test_a_need_of_nobody_in_the_book_has_nobody_behind_it() -> None:
    found = only(asked("zebra"))

    assert (found.scope, found.largest, found.of_value.numerator) == (Scope.ONE_CUSTOMER, None, 0)
    assert found.reason == "0 accounts, fewer than 2"


def test_shares_of_an_empty_book_are_undefined() -> None:
    found = only(asked("zebra"), book={})

    assert found.of_accounts.value is None
    assert found.of_value.value is None


def test_an_answer_names_whose_worth_is_unknown() -> None:
    assert str(only(asked("dune"), asked("acme"))) == (
        "export: unknown, 2 accounts of 4 with 60000 of 100000; worth unknown: dune"
    )


# Why it is asked for


def test_P7_a_request_for_a_function_is_asked_why_until_its_problem_is_known() -> None:
    known = asked("acme", need="merge the talent pool", problem="hiring for a new industry")
    unknown = asked("birch", need="merge the talent pool", problem=None)

    found = weighed(known, unknown)

    assert found.ask_why == (unknown,)
    assert found.needs[0].problems == ("hiring for a new industry",)
    assert str(found).splitlines()[-1] == "ask why: birch about merge the talent pool"


def test_P15_one_need_may_hide_several_problems() -> None:
    found = only(asked("acme", problem="hiring"), asked("birch", problem="an audit"))

    assert found.problems == ("an audit", "hiring")


def test_nothing_is_asked_where_every_problem_is_known() -> None:
    assert "ask why" not in str(weighed(asked("acme")))


def test_the_roles_that_ask_are_listed_once() -> None:
    found = only(asked("acme", role="buyer"), asked("birch", role="buyer"), asked("cedar"))

    assert found.roles == ("buyer",)


# The order


def test_needs_of_the_product_come_before_those_of_one_customer_however_much_it_is_worth() -> None:
    book = {"big": 10**9, "a": 1, "b": 1, "c": None}

    found = weighed(
        asked("big", "own"),
        asked("a", "wide"),
        asked("b", "wide"),
        asked("a", "open"),
        asked("c", "open"),
        book=book,
    )

    assert [(each.need, each.scope) for each in found.needs] == [
        ("wide", Scope.PRODUCT),
        ("open", Scope.UNKNOWN),
        ("own", Scope.ONE_CUSTOMER),
    ]
    assert [each.need for each in found.product_wide] == ["wide"]


def test_within_a_scope_the_more_value_comes_first_then_the_more_accounts_then_the_name() -> None:
    book = {"a": 5, "b": 5, "c": 0, "d": 6}

    found = weighed(
        *(asked(account, "z") for account in "ab"),
        *(asked(account, "y") for account in "ab"),
        *(asked(account, "x") for account in "abc"),
        *(asked(account, "w") for account in "ad"),
        book=book,
    )

    assert [each.need for each in found.needs] == ["w", "x", "y", "z"]


def test_requests_of_a_need_are_listed_by_time() -> None:
    late = asked("acme", at=dt.datetime(2026, 6, 30, 1, tzinfo=dt.UTC))
    early = asked("birch", at=DAY)

    assert only(late, early).requests == (early, late)


# What is refused


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"account": ""}, r"\$.account: expected a name"),
        ({"need": None}, r"\$.need: expected text"),
        ({"text": 5}, r"\$.text: expected text"),
        ({"problem": ""}, r"\$.problem: expected a name"),
        ({"role": 7}, r"\$.role: expected text"),
    ],
)
def test_what_is_no_request_is_refused_with_its_path(fields: Any, problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        Request(**{"account": "acme", "need": "export", "at": DAY, **fields})


def test_a_request_without_a_time_is_refused() -> None:
    with pytest.raises(MomentError, match="a request's at"):
        asked("acme", at=None)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": ""}, r"\$.name: expected a name"),
        ({"least": 1}, r"\$.least: expected a whole number from 2"),
        ({"most": 0.5}, r"\$.most: expected an exact share between 0 and 1"),
        ({"most": "half"}, "but got the str 'half'"),
        ({"most": 1}, "but got the int 1"),
        ({"source": None}, r"\$.source"),
    ],
)
def test_what_is_no_weighing_is_refused_with_its_path(fields: Any, problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        Weighing(**{"name": "field", "least": 2, "most": "0.5", **fields})


def test_every_wrong_value_of_a_book_is_told_at_once() -> None:
    with pytest.raises(DefinitionError, match="2 faults") as error:
        weighed(book={"acme": -1, "birch": 0.5, "cedar": 3})

    assert [fault.path for fault in error.value.faults] == ["$.acme", "$.birch"]


def test_a_book_is_a_mapping() -> None:
    with pytest.raises(DefinitionError, match="expected a mapping by name"):
        weighed(book=["acme"])


# Laws

ACCOUNTS = "abcdef"
values = st.none() | st.integers(0, 20) | st.just(Decimal("2.5"))
books = st.dictionaries(st.sampled_from(ACCOUNTS), values)
requests = st.lists(
    st.builds(
        asked,
        st.sampled_from(ACCOUNTS),
        st.sampled_from(["export", "merge", "speed"]),
        problem=st.sampled_from([None, "audits"]),
    ),
    max_size=12,
)


@given(requests, books, st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_requests_change_no_weight(
    given_: list[Request], book: Any, rng: random.Random
) -> None:
    shuffled = rng.sample(given_, len(given_))

    found, again = weighed(*given_, book=book), weighed(*shuffled, *given_, book=book)

    assert weighed(*shuffled, book=book) == found
    assert list(map(str, again.needs)) == list(map(str, found.needs))


@given(requests, books)
def test_shares_lie_between_0_and_1_and_every_request_is_in_one_need(
    given_: list[Request], book: Any
) -> None:
    found = weighed(*given_, book=book)

    assert sum(len(each.requests) for each in found.needs) == len(given_)
    for need in found.needs:
        for rate in filter(None, (need.of_accounts, need.of_value, need.largest_share)):
            assert rate.value is None or 0 <= rate.value <= 1
        assert set(need.unknown) <= set(need.accounts)


@given(requests, books, st.dictionaries(st.sampled_from(ACCOUNTS), st.integers(0, 50)))
def test_whom_a_need_is_known_to_serve_no_unknown_value_can_change(
    given_: list[Request], book: Any, told: dict[str, int]
) -> None:
    full = {name: told.get(name, 1) if value is None else value for name, value in book.items()}

    found, known = weighed(*given_, book=book), weighed(*given_, book=full)

    scopes = {each.need: each.scope for each in known.needs}
    assert all(each.scope in (Scope.UNKNOWN, scopes[each.need]) for each in found.needs)


def test_a_weighing_goes_to_json_and_back() -> None:
    assert from_json(to_json(FIELD), Weighing) == FIELD
    assert weighed().definition == FIELD.fingerprint


def test_a_request_goes_to_json_and_back() -> None:
    assert from_json(to_json(asked("acme", role="buyer")), Request) == asked("acme", role="buyer")
