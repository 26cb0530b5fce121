"""How many accounts get from stage to stage, and where the others go."""

from __future__ import annotations

import datetime as dt
import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.funnels import funnel, transition_matrix
from cslib.visits import VisitTable, VisitTableError
from visit_strategies import FIRST, STAGES, Account, Book, Stay, books, expected_stays


def path(*stages: str) -> Account:
    """An account that went through these stages, one a day."""
    days = [FIRST + dt.timedelta(days=i) for i in range(len(stages))]
    return Account(tuple(map(Stay, stages, [None, *days[1:]], [*days[1:], None])), (), ())


def table(*paths: Account) -> VisitTable:
    return Book(paths, FIRST + dt.timedelta(days=99)).table


# --- The funnel


def test_an_account_counts_for_a_stage_only_after_it_reached_the_one_before() -> None:
    book = table(path("lead", "use"), path("use", "lead"), path("lead", "on/data", "use"))

    found = funnel(book, ("lead", "use"))

    assert found.reached == (3, 2)
    assert found.accounts == 3


def test_who_stands_before_the_next_stage_is_under_way_and_in_no_denominator() -> None:
    book = table(path("lead", "use"), path("lead"), path("lead", "gone"))

    (step,) = funnel(book, ("lead", "use")).conversions

    assert (step.reached, step.converted, step.under_way, step.elsewhere) == (3, 1, 1, 1)
    assert step.rate.value == Fraction(1, 2)
    assert str(step.rate.excluded[0]) == "1 under way"


def test_who_went_back_to_an_earlier_stage_of_the_funnel_is_under_way() -> None:
    book = table(path("lead", "on/data", "lead"))

    found = funnel(book, ("lead", "on", "use"))

    assert [step.under_way for step in found.conversions] == [0, 1]


def test_who_is_further_on_by_a_way_round_has_not_converted() -> None:
    (first, second) = funnel(table(path("lead", "use")), ("lead", "on", "use")).conversions

    assert (first.converted, first.elsewhere) == (0, 1)
    assert (second.reached, second.rate.value) == (0, None)


def test_the_bounds_hold_the_rate_that_a_young_book_will_come_to() -> None:
    book = table(path("lead", "use"), path("lead"), path("lead", "gone"))

    least, most = funnel(book, ("lead", "use")).conversions[0].bounds

    assert (least.value, most.value) == (Fraction(1, 3), Fraction(2, 3))


def test_a_stage_inside_the_one_before_may_be_entered_with_it() -> None:
    assert funnel(table(path("lead", "on/data")), ("lead", "on", "on/data")).reached == (1, 1, 1)


def test_a_stage_around_the_one_before_was_entered_first() -> None:
    assert funnel(table(path("lead", "on/data")), ("on/data", "on")).reached == (1, 0)
    assert funnel(table(path("on/data", "use", "on/data")), ("on/data", "on")).reached == (1, 1)


def test_a_stage_may_be_asked_for_again() -> None:
    book = table(path("use", "lead", "use"), path("use"))

    assert funnel(book, ("use", "use")).reached == (2, 1)


def test_overall_a_funnel_leads_from_its_first_stage_to_its_last() -> None:
    book = table(path("lead", "on/data", "use"), path("lead"), path("lead", "on/data", "gone"))

    overall = funnel(book, ("lead", "on", "use")).overall

    assert (overall.source, overall.target) == ("lead", "use")
    assert (overall.reached, overall.converted) == (3, 1)
    assert (overall.under_way, overall.elsewhere) == (1, 1)


def test_a_funnel_is_shown_as_a_table() -> None:
    book = table(path("lead", "use"), path("lead"))

    assert str(funnel(book, ("lead", "use"))).splitlines() == [
        "from   to  reached  converted  under way  elsewhere    rate",
        "lead  use        2          1          1          0  100.0%",
    ]


def test_a_funnel_of_no_accounts_has_undefined_rates() -> None:
    found = funnel(table(), ("lead", "use"))

    assert found.reached == (0, 0)
    assert found.overall.rate.value is None


@pytest.mark.parametrize("stages", ["use", ("use",), (), None])
def test_a_funnel_of_fewer_than_two_stages_is_refused(stages: Any) -> None:
    with pytest.raises(VisitTableError, match="expected two or more, in order"):
        funnel(table(), stages)


def test_a_funnel_of_an_unknown_stage_is_refused() -> None:
    with pytest.raises(VisitTableError, match="none of the table: did you mean 'lead'"):
        funnel(table(), ("leads", "use"))


@given(books(), st.lists(st.sampled_from([*STAGES, "on"]), min_size=2, max_size=4))
def test_a_funnel_is_that_of_a_plain_loop(book: Book, stages: list[str]) -> None:
    reached = [0] * len(stages)
    for account in book.accounts:
        for step in range(reached_by(account, stages)):
            reached[step] += 1

    assert funnel(book.table, stages).reached == tuple(reached)


def reached_by(account: Account, stages: list[str]) -> int:
    """How many of the stages the account reached in this order."""
    since = -1
    for step, stage in enumerate(stages):
        with_it = step > 0 and stage.startswith(f"{stages[step - 1]}/")
        places = [place for place, _ in expected_stays(account, stage) if place + with_it > since]
        if not places:
            return step
        since = places[0]
    return len(stages)


@given(books(), st.lists(st.sampled_from([*STAGES, "on"]), min_size=2, max_size=4))
def test_a_funnel_never_widens_and_every_account_has_one_place_in_it(
    book: Book, stages: list[str]
) -> None:
    found = funnel(book.table, stages)

    assert list(found.reached) == sorted(found.reached, reverse=True)
    for step in (*found.conversions, found.overall):
        assert step.reached == step.converted + step.under_way + step.elsewhere
        least, most = (bound.value for bound in step.bounds)
        assert step.rate.value is None or least <= step.rate.value <= most


# --- From stage to stage


def test_moves_are_counted_from_stage_to_stage_with_those_still_there() -> None:
    found = transition_matrix(table(path("lead", "use"), path("lead", "gone"), path("lead")))

    lead, use, gone = (found.stages.index(name) for name in ("lead", "use", "gone"))
    assert found.counts[lead, use] == found.counts[lead, gone] == 1
    assert found.still.tolist() == [1, 0, 0, 1, 1]
    assert found.shares[lead].tolist() == pytest.approx([0, 0, 0, 1 / 3, 1 / 3, 1 / 3])
    assert repr(found) == "<TransitionMatrix of 5 stages: 2 moves, 3 still>"


def test_moves_inside_a_stage_that_is_named_are_none() -> None:
    found = transition_matrix(table(path("lead", "on/data", "on/training", "use")), ("on",))

    assert found.stages == ("on", "lead", "use", "gone")
    assert found.counts.sum() == 2


def test_the_shares_of_a_stage_without_stays_are_masked_and_not_0() -> None:
    shares = transition_matrix(table(path("lead"))).shares

    assert np.ma.getmaskarray(shares).all(axis=1).tolist() == [False, True, True, True, True]


def test_a_matrix_is_shown_as_a_table_of_counts() -> None:
    found = transition_matrix(table(path("lead", "use"), path("lead")))

    assert str(found).splitlines()[:2] == [
        r"  from \ to  lead  on/data  on/training  use  gone  still there",
        "       lead     0        0            0    1     0            1",
    ]


@given(books(), st.sampled_from([(), ("on",), ("use", "on")]))
def test_the_rows_of_a_matrix_add_up_to_the_stays_and_its_shares_to_1(
    book: Book, named: tuple[str, ...]
) -> None:
    found = transition_matrix(book.table, named)

    stays = [sum(len(expected_stays(a, stage)) for a in book.accounts) for stage in found.stages]
    assert found.stays.tolist() == stays
    assert found.still.sum() == len(book.accounts)
    assert np.allclose(found.shares.sum(axis=1).compressed(), 1)


@given(books())
def test_a_matrix_is_that_of_a_plain_loop(book: Book) -> None:
    counts = np.zeros((len(STAGES), len(STAGES)), int)
    for account in book.accounts:
        places = [STAGES.index(stay.stage) for stay in account.stays]
        for source, target in itertools.pairwise(places):
            counts[source, target] += 1

    assert np.array_equal(transition_matrix(book.table).counts, counts)
