"""Customer cubes for the tests: generated rows, and the plain reading of them as histories."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st

from cslib.cubes import CustomerCube
from cslib.periods import Period, add_months

Row: TypeAlias = tuple[str, int, int]
"""A key, a month from 0, and minor units."""

Histories: TypeAlias = Mapping[str, tuple[int, ...]]

FIRST = dt.date(2025, 11, 1)
MONTHS = 6
AMOUNTS = st.sampled_from([0, 1, 2, 3, 100, 100, 150, 10**6])
LAYOUTS: Any = ("dense", "packed")


def span(months: int = MONTHS) -> Period:
    return Period(FIRST, add_months(FIRST, months))


def month(place: int) -> Period:
    return span(place + 1).months()[-1]


def rows(keys: str = "abcd") -> st.SearchStrategy[list[Row]]:
    row = st.tuples(st.sampled_from(keys), st.integers(0, MONTHS - 1), AMOUNTS)
    return st.lists(row, max_size=25)


def stays() -> st.SearchStrategy[list[Row]]:
    """Rows of customers who pay in most months, so that windows have something to look at."""
    history = st.lists(AMOUNTS, min_size=MONTHS, max_size=MONTHS)
    return st.dictionaries(st.sampled_from("abcd"), history).map(rows_of)


def rows_of(histories: Mapping[str, Iterable[int]]) -> list[Row]:
    return [(key, i, paid) for key, each in histories.items() for i, paid in enumerate(each)]


BOOKS = st.one_of(rows(), stays())


def cube_of(
    given: Sequence[Row], layout: Any = None, months: int = MONTHS, **more: Any
) -> CustomerCube:
    start = np.datetime64(FIRST, "M")
    return CustomerCube.of_columns(
        customer=[key for key, _, _ in given],
        month=start + np.array([place for _, place, _ in given], dtype=np.int64),
        amount=np.array([amount for _, _, amount in given], dtype=np.int64),
        **{"currency": "EUR", "span": span(months), "layout": layout, **more},
    )


def cube_of_histories(histories: Mapping[str, Iterable[int]], **more: Any) -> CustomerCube:
    """A cube of customers with what each pays, month by month."""
    given = rows_of(histories)
    months = max(place for _, place, _ in given) + 1
    return cube_of(given, months=months, **more)


def histories_of(given: Iterable[Row]) -> Histories:
    """The same by customer, month by month; whoever never pays is left out."""
    book: dict[str, list[int]] = defaultdict(lambda: [0] * MONTHS)
    for key, place, amount in given:
        book[key][place] += amount
    return {key: tuple(history) for key, history in book.items() if any(history)}
