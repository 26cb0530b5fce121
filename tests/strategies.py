"""Generated rules and records, shared by the tests.

Trees are well-kinded: :func:`numbers` gives trees whose value is a number, :func:`conditions` those
that are true, false or unknown, and so on. They read the facts of :data:`FACTS`; those of
:data:`SERIES` are lists in a record, and only they stand under ``prior``, ``streak`` and ``total``.
:func:`records` gives records of those facts, some unknown in each of the ways there are.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any, TypeAlias

from hypothesis import strategies as st

from cslib.expressions import Fact, Kind, Literal, Node, literal, make

Trees: TypeAlias = st.SearchStrategy[Node]

FACTS: Mapping[str, Kind] = {
    "seats": Kind.NUMBER,
    "seats.used": Kind.NUMBER,
    "Seconds of Use": Kind.NUMBER,
    "days_since": Kind.NUMBER,
    "plan": Kind.TEXT,
    "owner.email": Kind.TEXT,
    "is_paid": Kind.BOOLEAN,
    "not": Kind.BOOLEAN,
    "signed": Kind.DATE,
    "date": Kind.DATE,
    "seen_at": Kind.INSTANT,
    "opened_at": Kind.INSTANT,
    "logins": Kind.NUMBER,
    "spend": Kind.NUMBER,
    "plans": Kind.TEXT,
    "active": Kind.BOOLEAN,
    "renewals": Kind.DATE,
    "visits": Kind.INSTANT,
}
"""Every fact that generated rules read, and what it is."""

SERIES = frozenset({"logins", "spend", "plans", "active", "renewals", "visits"})
"""The facts that are series, oldest first."""

DEPTH = 3
"""How deep generated trees nest, unless a test says otherwise."""

AS_OF = dt.date(2026, 6, 30)
"""Today, for generated rules that count days from it."""


# Values of each kind

_SOME_DAY = st.dates(dt.date(2024, 1, 1), dt.date(2028, 12, 31))
VALUES: Mapping[Kind, st.SearchStrategy[Any]] = {
    Kind.NUMBER: st.one_of(
        st.integers(-5, 5),
        st.sampled_from([0.1, 0.2, 0.5, -2.5, 1e-7, 100, 12_345.678, 2**53, -(2**53)]),
        st.floats(-1e6, 1e6),
    ),
    Kind.TEXT: st.sampled_from(["pro", "free", "", "Pro", 'it\'s "so"', "\\n", "naïve ✓"]),
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: _SOME_DAY,
    Kind.INSTANT: st.datetimes(
        dt.datetime(2024, 1, 1),
        dt.datetime(2028, 12, 31),
        timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-5, minutes=-30))]),
    ),
}
"""Known values of each kind, as a rule or a record may hold them."""


# Trees of each kind


def numbers(depth: int = DEPTH, series: bool = False) -> Trees:
    """Trees whose value is a number."""
    return _trees(Kind.NUMBER, depth, series)


def texts(depth: int = DEPTH, series: bool = False) -> Trees:
    """Trees whose value is a text."""
    return _trees(Kind.TEXT, depth, series)


def conditions(depth: int = DEPTH, series: bool = False) -> Trees:
    """Trees whose value is true or false."""
    return _trees(Kind.BOOLEAN, depth, series)


def dates(depth: int = DEPTH, series: bool = False) -> Trees:
    """Trees whose value is a date."""
    return _trees(Kind.DATE, depth, series)


def instants(depth: int = DEPTH, series: bool = False) -> Trees:
    """Trees whose value is an instant."""
    return _trees(Kind.INSTANT, depth, series)


def trees(depth: int = DEPTH) -> Trees:
    """Trees of every kind."""
    return st.sampled_from(Kind).flatmap(lambda kind: _trees(kind, depth, False))


def literals(kind: Kind) -> st.SearchStrategy[Literal]:
    """Literals of one kind."""
    return VALUES[kind].map(literal)


def facts(kind: Kind, series: bool = False) -> st.SearchStrategy[Fact]:
    """Facts of one kind; with ``series`` only those that have earlier values."""
    names = [name for name, own in FACTS.items() if own is kind and (not series or name in SERIES)]
    return st.sampled_from(names).map(Fact)


@functools.cache
def _trees(kind: Kind, depth: int, series: bool) -> Trees:
    leaves: Trees = facts(kind, series) | literals(kind)
    if depth <= 1:
        return leaves
    branches = [*_of_any_kind(kind, depth - 1, series), *_OF_KIND[kind](depth - 1, series)]
    return st.one_of(leaves, *branches)


def _applied(operation: str, *arguments: st.SearchStrategy[Any]) -> Trees:
    """An operation on one tree, or a list of trees, from each strategy."""

    def built(given: tuple[Any, ...]) -> Node:
        listed = [part if isinstance(part, list) else [part] for part in given]
        return make(operation, *(node for part in listed for node in part))

    return st.tuples(*arguments).map(built)


def _whole(low: int, high: int) -> st.SearchStrategy[Literal]:
    return st.integers(low, high).map(literal)


def _some(of: Trees, least: int = 2, most: int = 3) -> st.SearchStrategy[list[Node]]:
    return st.lists(of, min_size=least, max_size=most)


def _of_any_kind(kind: Kind, depth: int, series: bool) -> list[Trees]:
    own = _trees(kind, depth, series)
    either = st.just(literal(None)) | own
    return [
        _applied("if", _trees(Kind.BOOLEAN, depth, series), own, either),
        _applied("coalesce", own, _some(either, 1, 2)),
        _applied("prior", _trees(kind, depth, True), _whole(0, 3)),
    ]


def _of_numbers(depth: int, series: bool) -> list[Trees]:
    own, days = _trees(Kind.NUMBER, depth, series), _days(depth, series)
    counted = ("calendar_months_between", "calendar_quarters_between", "days_between")
    pairs = [st.tuples(day, day).map(list) for day in days]
    return [
        *(_applied(operation, own, own) for operation in ("+", "-", "*", "/")),
        *(_applied(operation, own) for operation in ("neg", "abs")),
        *(_applied(op, st.one_of(*pairs)) for op in (*counted, "months_between")),
        *(_applied(operation, st.one_of(*days)) for operation in ("days_since", "days_until")),
        _applied("change", own, own),
        _applied("clip", own, own, own),
        _applied("max", _some(own)),
        _applied("min", _some(own)),
        _applied("minor", own, _whole(0, 3)),
        _applied("ratio", _some(own)),
        _applied("round", own, st.just([]) | _whole(0, 4).map(lambda digits: [digits])),
        _applied("total", _trees(Kind.NUMBER, depth, True), _whole(1, 4)),
    ]


def _of_conditions(depth: int, series: bool) -> list[Trees]:
    own = _trees(Kind.BOOLEAN, depth, series)
    return [
        _applied("and", _some(own)),
        _applied("or", _some(own)),
        _applied("not", own),
        _applied("at_least", _whole(0, 4), _some(own, 1, 4)),
        _applied("streak", _whole(1, 3), _trees(Kind.BOOLEAN, depth, True)),
        *(_comparisons(kind, depth, series) for kind in Kind),
        *(_memberships(kind, depth, series) for kind in Kind),
        *(_applied("is_missing", _trees(kind, depth, series)) for kind in Kind),
    ]


def _comparisons(kind: Kind, depth: int, series: bool) -> Trees:
    equality = ("==", "!=")
    ordered = (*equality, "<", "<=", ">", ">=")
    side = _trees(kind, depth, series)
    pair = st.tuples(side, side)
    operations = st.sampled_from(equality if kind is Kind.BOOLEAN else ordered)
    return st.builds(lambda operation, pair: make(operation, *pair), operations, pair)


def _memberships(kind: Kind, depth: int, series: bool) -> Trees:
    return _applied("in", _trees(kind, depth, series), st.lists(literals(kind), min_size=1))


def _of_texts(depth: int, series: bool) -> list[Trees]:
    return []


def _of_dates(depth: int, series: bool) -> list[Trees]:
    own = _trees(Kind.DATE, depth, series)
    return [_applied("max", _some(own)), _applied("min", _some(own)), _applied("today")]


def _of_instants(depth: int, series: bool) -> list[Trees]:
    own = _trees(Kind.INSTANT, depth, series)
    return [_applied("max", _some(own)), _applied("min", _some(own))]


def _days(depth: int, series: bool) -> list[Trees]:
    return [_trees(Kind.DATE, depth, series), _trees(Kind.INSTANT, depth, series)]


_OF_KIND = {
    Kind.NUMBER: _of_numbers,
    Kind.TEXT: _of_texts,
    Kind.BOOLEAN: _of_conditions,
    Kind.DATE: _of_dates,
    Kind.INSTANT: _of_instants,
}


# Records


def values(kind: Kind) -> st.SearchStrategy[Any]:
    """What a record may hold for a fact of one kind, unknown now and then."""
    unknown = [None, float("nan")] if kind is Kind.NUMBER else [None]
    return st.one_of(VALUES[kind], VALUES[kind], st.sampled_from(unknown))


def records() -> st.SearchStrategy[dict[str, Any]]:
    """Records of :data:`FACTS`; a fact may be absent, and a series short or empty."""
    entries = {
        name: st.lists(values(kind), max_size=5) if name in SERIES else values(kind)
        for name, kind in FACTS.items()
    }
    return st.fixed_dictionaries({}, optional=entries)
