"""Decision tables and records, for the tests of decisions and of coverage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from cslib.decisions import DecisionTable, HitPolicy, Row

CS, JOINT, SALES = "cs", "joint", "sales"


def table(*rows: tuple[Any, str], hit_policy: str = "first") -> DecisionTable:
    """A table of conditions and outcomes, its rows named a, b, c ..."""
    made = (
        Row(name=name, when=when, then=then)
        for name, (when, then) in zip("abcdefgh", rows, strict=False)
    )
    return DecisionTable(name="test", rows=tuple(made), hit_policy=hit_policy)


CONDITIONS = (
    *("p", "q", "not p", "p and q", "p or not q", "x < 2", "x == 2", "0 < x <= 2", "x >= 1"),
    *("t == 'u'", "t in {'u', 'v'}", "t != 'v' and p", "at_least(2, p, q, x > 1)", "x / y > 1"),
    *("is_missing(x)", "coalesce(q, True)", "p if q else x > 1", "y > x", "d > date('2026-01-01')"),
)
SURE = tuple(
    text for text in CONDITIONS if "is_missing" not in text and "coalesce" not in text
)  # those that more knowledge never contradicts
VALUES: Mapping[str, tuple[object, ...]] = {
    "p": (True, False),
    "q": (True, False),
    "x": (0, 1, 2, 3),
    "y": (0, 1, 2),
    "t": ("u", "v", "w"),
    "d": (dt.date(2026, 1, 1), dt.date(2026, 1, 2)),
}
RECORDS = st.fixed_dictionaries(
    {name: st.sampled_from((*values, None)) for name, values in VALUES.items()}
)


def tables(conditions: Iterable[str] = CONDITIONS) -> st.SearchStrategy[DecisionTable]:
    rows = st.tuples(st.sampled_from((*conditions, "True")), st.sampled_from([CS, SALES, JOINT]))
    return st.builds(
        lambda rows, policy: table(*rows, hit_policy=policy),
        st.lists(rows, min_size=1, max_size=5),
        st.sampled_from(HitPolicy),
    )
