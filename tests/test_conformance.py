"""How well what happened fits the definition."""

from __future__ import annotations

import collections
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given

from cslib.conformance import Deviation, conformance
from cslib.visits import Refusals, VisitTable, VisitTableError
from visit_strategies import FIRST, Account, Book, Refused, Stay, books

PAYED = Refused("use", "payed", "unknown_event")
EARLY = Refused("lead", "trained", "no_transition")


def account(*refused: Refused, accepted: tuple[str, ...] = ()) -> Account:
    return Account((Stay("lead", None, None),), refused, accepted)


def book(*accounts: Account) -> VisitTable:
    return Book(accounts, FIRST).table


def test_the_share_refused_is_of_all_events() -> None:
    found = conformance(book(account(PAYED, accepted=("signed", "trained")), account(EARLY)))

    assert found.refused.value == Fraction(2, 4)


def test_an_account_conforms_if_none_of_its_events_was_refused() -> None:
    found = conformance(book(account(PAYED, accepted=("signed",)), account(accepted=("signed",))))

    assert found.conforming.value == Fraction(1, 2)


def test_an_account_without_an_event_neither_conforms_nor_deviates() -> None:
    found = conformance(book(account(), account(accepted=("signed",))))

    assert (found.conforming.numerator, found.conforming.denominator) == (1, 1)
    assert [str(each) for each in found.conforming.excluded] == ["1 without an event"]


def test_unknown_events_never_score_as_conforming() -> None:
    found = conformance(book(account(PAYED, PAYED)))

    assert found.refused.value == 1
    assert found.conforming.value == 0
    assert [(line.event, line.refused.value) for line in found.events] == [("payed", 1)]


def test_an_empty_log_has_undefined_rates() -> None:
    found = conformance(book(account()))

    assert (found.refused.value, found.conforming.value) == (None, None)
    assert (found.events, found.deviations) == ((), ())
    assert {line.refused.value for line in found.reasons} == {None}


def test_no_accounts_have_undefined_rates() -> None:
    assert conformance(book()).conforming.value is None


def test_events_and_reasons_are_listed_with_the_most_refusals_first() -> None:
    found = conformance(book(account(PAYED, EARLY, PAYED, accepted=("signed", "trained"))))

    assert [(each.event, each.refused.value) for each in found.events] == [
        ("payed", 1),
        ("trained", Fraction(1, 2)),
        ("signed", 0),
    ]
    assert [(each.reason, each.refused.value) for each in found.reasons] == [
        ("unknown_event", Fraction(2, 5)),
        ("no_transition", Fraction(1, 5)),
    ]


def test_the_commonest_deviation_comes_first_and_says_of_how_many_accounts() -> None:
    found = conformance(book(account(PAYED, EARLY, PAYED), account(EARLY), account(PAYED)))

    assert [str(each) for each in found.deviations] == [
        "3 times 'payed' in 'use' (unknown event), of 2 accounts",
        "2 times 'trained' in 'lead' (no transition), of 2 accounts",
    ]


def test_moves_by_time_that_were_not_made_are_told_apart() -> None:
    table = attrs.evolve(
        book(account(), account(accepted=("signed",))),
        refusals=Refusals(
            events=("signed", "after 30 days"),
            reasons=("guard_false",),
            account=np.array([0, 1]),
            stage=np.array([0, 0]),
            event=np.array([1, 1]),
            reason=np.array([0, 0]),
            accepted_by_event=np.array([1, 0]),
            accepted_by_account=np.array([0, 1]),
            timed=np.array([True, True]),
        ),
    )

    found = conformance(table)

    assert found.refused.value == 0
    assert (found.conforming.numerator, found.conforming.denominator) == (1, 1)
    assert [line.event for line in found.events] == ["signed"]
    assert (found.deviations, [each.count for each in found.timed]) == ((), [2])


def test_a_table_that_does_not_say_what_was_refused_is_refused() -> None:
    table = attrs.evolve(book(account()), refusals=None)

    with pytest.raises(VisitTableError, match="refusals are not known: give the table its"):
        conformance(table)


@given(books())
def test_conformance_is_that_of_a_plain_loop(given: Book) -> None:
    refused = [(i, *each) for i, one in enumerate(given.accounts) for each in one.refused]
    accepted = [name for one in given.accounts for name in one.accepted]
    counts = collections.Counter(row[1:] for row in refused)
    accounts = collections.Counter(row[1:] for row in set(refused))

    found = conformance(given.table)

    assert set(found.deviations) == {
        Deviation(stage=key[0], event=key[1], reason=key[2], count=counts[key], accounts=number)
        for key, number in accounts.items()
    }
    assert (found.refused.numerator, found.refused.denominator) == (
        len(refused),
        len(refused) + len(accepted),
    )
    active = [one for one in given.accounts if one.refused or one.accepted]
    assert found.conforming.denominator == len(active)
    assert found.conforming.numerator == sum(not one.refused for one in active)


@given(books())
def test_the_refusals_by_event_by_reason_and_by_deviation_add_up_to_all(given: Book) -> None:
    found = conformance(given.table)

    total = found.refused.numerator
    assert sum(line.refused.numerator for line in found.events) == total
    assert sum(line.refused.denominator for line in found.events) == found.refused.denominator
    assert sum(line.refused.numerator for line in found.reasons) == total
    assert sum(line.count for line in found.deviations) == total
    assert [-each.count for each in found.deviations] == sorted(-e.count for e in found.deviations)


@pytest.mark.parametrize("names", [4, 2**15, 2**18])
def test_deviations_are_counted_alike_however_many_names_there_are(names: int) -> None:
    """A few names are numbered by a table, many by sorting."""
    many: dict[str, Any] = {
        "events": tuple(f"event {number}" for number in range(names)),
        "reasons": ("unknown_event",),
        "account": np.array([0, 0, 1]),
        "stage": np.array([0, 0, 0]),
        "event": np.array([3, 2, 3]),
        "reason": np.array([0, 0, 0]),
        "timed": np.array([False, False, False]),
        "accepted_by_event": np.zeros(names, np.int64),
        "accepted_by_account": np.array([0, 0]),
    }

    found = conformance(attrs.evolve(book(account(), account()), refusals=Refusals(**many)))

    assert [(d.event, d.count, d.accounts) for d in found.deviations] == [
        ("event 3", 2, 2),
        ("event 2", 1, 1),
    ]


def test_more_kinds_of_deviation_than_16_bits_tell_apart_keep_their_accounts() -> None:
    kinds = 2**15 + 1
    many = Refusals(
        events=tuple(f"event {number}" for number in range(kinds)),
        reasons=("unknown_event",),
        account=np.repeat([0, 1], kinds),
        stage=np.zeros(2 * kinds, np.int64),
        event=np.tile(np.arange(kinds), 2),
        reason=np.zeros(2 * kinds, np.int64),
        timed=np.zeros(2 * kinds, np.bool_),
        accepted_by_event=np.zeros(kinds, np.int64),
        accepted_by_account=np.array([0, 0]),
    )

    found = conformance(attrs.evolve(book(account(), account()), refusals=many))

    assert {(each.count, each.accounts) for each in found.deviations} == {(2, 2)}
    assert len(found.deviations) == kinds
