"""Visits seen by the stages that are asked for."""

from __future__ import annotations

import datetime as dt

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stays import stays, stays_in
from cslib.visits import VisitTable, VisitTableError
from visit_strategies import STAGES, Account, Book, Stay, books, columns, expected_stays


def test_moves_inside_a_stage_do_not_leave_it() -> None:
    visits = (
        Stay("lead", None, dt.date(2026, 1, 3)),
        Stay("on/data", dt.date(2026, 1, 3), dt.date(2026, 1, 5)),
        Stay("on/training", dt.date(2026, 1, 5), None),
    )
    table = Book((Account(visits, (), ()),), dt.date(2026, 2, 1)).table

    found = stays(table, ("on",))

    assert found.stages == ("on", "lead", "use", "gone")
    assert [found.stages[code] for code in found.stage] == ["lead", "on"]
    assert found.entered.tolist() == [None, dt.date(2026, 1, 3)]
    assert np.isnat(found.left).tolist() == [False, True]
    assert repr(found) == "<Stays: 2 in 4 stages>"


def test_a_move_from_a_stage_into_itself_begins_another_stay() -> None:
    day = dt.date(2026, 1, 3)
    table = Book((Account((Stay("use", None, day), Stay("use", day, None)), (), ()),), day).table

    assert stays(table, "use").row.tolist() == [0, 1]


def test_a_stay_of_one_account_never_goes_on_in_the_next() -> None:
    day = dt.date(2026, 1, 3)
    accounts = [Account((Stay("on/data", day, None),), (), ()) for _ in range(2)]

    assert stays(Book(tuple(accounts), day).table, "on").account.tolist() == [0, 1]


def test_a_stage_with_others_inside_that_is_declared_takes_nothing_from_them() -> None:
    table = VisitTable(**columns(stages=("on", "on/data", "use")))

    assert [table.stages[code] for code in stays(table).stage] == ["on", "on/data", "use", "on"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("leed",), "stages name 'leed', which is none of the table: did you mean 'lead'?"),
        (("onn",), "did you mean 'on'?"),
        (("on", "on/data"), "stages name 'on/data' and 'on', in which it lies"),
        (("use", "use"), r"stages\[1\] is 'use', which stands there before"),
    ],
)
def test_stages_that_cannot_be_named_together_are_refused(
    names: tuple[str, ...], message: str
) -> None:
    with pytest.raises(VisitTableError, match=message.replace("?", r"\?")):
        stays(VisitTable(**columns()), names)


@given(books(), st.sampled_from([*STAGES, "on"]))
def test_the_stays_in_a_stage_are_those_of_a_plain_loop(book: Book, stage: str) -> None:
    there = stays_in(book.table, stage)

    rows = zip(there.account.tolist(), there.entered.tolist(), there.left.tolist(), strict=True)
    assert list(rows) == [
        (place, stay.entered, stay.left)
        for place, account in enumerate(book.accounts)
        for _, stay in expected_stays(account, stage)
    ]


@given(books(), st.sampled_from([*STAGES, "on"]))
def test_the_stays_in_one_stage_are_those_among_all_stays(book: Book, stage: str) -> None:
    found = stays(book.table, stage)

    assert stays_in(book.table, stage) == attrs.evolve(found.of(found.stage == 0), stages=(stage,))


@given(books())
def test_the_days_of_an_account_add_up_to_those_since_it_was_first_seen(book: Book) -> None:
    found = stays(book.table)
    known = found.of(~np.isnat(found.entered))
    days = np.bincount(known.account, known.days(np.datetime64(book.as_of)), len(book.accounts))

    seen = [next((s.entered for s in a.stays if s.entered), book.as_of) for a in book.accounts]
    assert days.tolist() == [(book.as_of - first).days for first in seen]


@given(books())
def test_stays_by_stage_are_all_stays_with_those_of_an_account_in_order(book: Book) -> None:
    found = stays(book.table)

    parts = list(found.by_stage())

    assert len(parts) == len(STAGES)
    assert sorted(row for part in parts for row in part.row.tolist()) == found.row.tolist()
    assert all(sorted(part.row.tolist()) == part.row.tolist() for part in parts)
    assert all(set(part.stage.tolist()) <= {code} for code, part in enumerate(parts))


@given(books())
def test_a_table_of_days_and_one_of_instants_give_the_same_days(book: Book) -> None:
    table = book.table
    noon = np.timedelta64(12, "h").astype("m8[us]")
    instants = attrs.evolve(
        table,
        entered=table.entered.astype("M8[us]") + noon,
        left=table.left.astype("M8[us]") + noon,
        as_of=book.as_of,
    )

    known = ~np.isnat(table.entered)
    one, other = stays(table).of(known), stays(instants).of(known)

    assert one.days(table.as_of).tolist() == other.days(instants.as_of).tolist()


def test_more_stages_than_16_bits_tell_apart_have_longer_codes() -> None:
    names = tuple(f"stage {number}" for number in range(2**15))
    table = VisitTable(**columns(stages=names))

    assert stays(table).stage.dtype == np.int32
