"""Guard columns: what a rule says of many events at once, over their payload and their account.

A part of :mod:`cslib.lifecycle`, beneath :mod:`cslib.journeycolumns`. A guard reads each fact from
the event's payload where it is known there, and else from the account. Both are columns here; the
two become one for each fact, and the rule is asked once (:meth:`cslib.rules.Rule.columns`).

Where that cannot be done as one event after another would do it, the answer is :data:`UNTOLD`,
and whoever asked has to ask one by one: facts in two columns that hold values of several kinds,
nested facts, and rules that meet a fact of the wrong kind in some row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from cslib import facts
from cslib.blocks import Array
from cslib.columns import Column
from cslib.errors import CslibError
from cslib.expressions import MAX_NUMBER, Apply, Kind, walk
from cslib.facts import FactError
from cslib.logcolumns import Mask, Wholes, entry
from cslib.lowering import lower
from cslib.rules import Rule
from cslib.schemas import FactSpec, Schema

__all__ = ["FALSE", "TRUE", "UNKNOWN", "UNTOLD", "Asked", "FactColumns", "ill_payloads"]

FALSE, TRUE, UNKNOWN, UNTOLD = range(4)
"""What a guard says; the last: it has to be asked one event at a time."""


class _UntoldError(Exception):
    """A rule that cannot be asked of columns as of one event after another."""


@attrs.frozen(kw_only=True, eq=False)
class Asked:
    """Events of which something is asked.

    Attributes:
        row: The row of each in the log, by which its payload is found; -1: it has none.
        holder: The row of its account in the columns of these; -1: nothing is known of it.
        day: The day on which it is asked, as datetime64[D].
    """

    row: Wholes
    holder: Wholes
    day: Array


@attrs.frozen(eq=False)
class FactColumns:
    """What is known of events and of accounts.

    Attributes:
        payload: Columns of what came with the events, by the row of the log.
        accounts: Columns of what is known of accounts.

    >>> known = FactColumns({"seats": np.array([5, 1])}, {"paid": np.array([True])})
    >>> from cslib.rules import rule
    >>> days = np.array(["2026-03-01", "2026-03-02"], "M8[D]")
    >>> asked = Asked(row=np.array([0, 1]), holder=np.array([0, -1]), day=days)
    >>> known.holds(rule("paid and seats > 1"), asked).tolist() == [TRUE, FALSE]
    True
    """

    payload: Mapping[str, Array]
    accounts: Mapping[str, Array]

    def holds(self, guard: Rule, asked: Asked) -> Array:
        """What a condition says of each event: FALSE, TRUE, UNKNOWN or UNTOLD."""
        answer = self.answer(guard, asked)
        if answer is None:
            return np.full(asked.row.size, UNTOLD, np.uint8)
        return np.where(answer.known, answer.value, UNKNOWN).astype(np.uint8)

    def answer(self, asking: Rule, asked: Asked) -> Column | None:
        """What a rule says of each event; None: it has to be asked one event at a time."""
        try:
            columns = {name: self._merged(name, asked) for name in asking.facts}
            columns.setdefault("(row)", asked.row)  # of a rule without facts it tells the length
            if not _counts_days(asking):
                return asking.columns(columns)
            return _day_by_day(asking, columns, asked.day)
        except (_UntoldError, CslibError):
            return None

    def _merged(self, name: str, asked: Asked) -> Array:
        """A fact of each event: that of its payload, or else that of its account."""
        owner, _, rest = name.partition(".")
        if rest and (owner in self.payload or owner in self.accounts):
            raise _UntoldError
        parts = [
            _taken(columns[name], places)
            for columns, places in ((self.payload, asked.row), (self.accounts, asked.holder))
            if name in columns
        ]
        if not parts:
            return np.full(asked.row.size, np.nan)
        return parts[0] if len(parts) == 1 else _first_known(*parts)


def _taken(column: Array, places: Wholes) -> Array:
    """The entries at some places; missing where the place is -1."""
    if not (places < 0).any():
        return column[places]
    if column.ndim != 1:
        raise _UntoldError
    if not column.size:
        return np.full(places.size, np.nan)
    found = column[np.maximum(places, 0)]
    return np.ma.array(found, mask=np.ma.getmaskarray(found) | (places < 0))


def _first_known(own: Array, other: Array) -> Array:
    """The first of two that is known."""
    if own.ndim != 1 or other.ndim != 1:
        raise _UntoldError
    own, other = _alike(own, other)
    known, is_other = _is_known(own), _is_known(other)
    values = np.where(known, np.asarray(own), np.asarray(other))
    return np.ma.array(values, mask=~(known | is_other))


def _alike(own: Array, other: Array) -> tuple[Array, Array]:
    """Two columns of one type, in which each value is what it was."""
    kinds = {own.dtype.kind, other.dtype.kind}
    if own.dtype == other.dtype or kinds == {"U"}:
        return own, other
    if kinds <= set("iuf") and _is_exact(own) and _is_exact(other):
        return own.astype(np.float64), other.astype(np.float64)
    raise _UntoldError


def _is_exact(column: Array) -> bool:
    """Whether doubles hold all its numbers."""
    if column.dtype.kind == "f":
        return column.dtype.itemsize <= 8
    values = np.asarray(column)
    return not values.size or -MAX_NUMBER <= int(values.min()) <= int(values.max()) <= MAX_NUMBER


def _is_known(column: Array) -> Mask:
    masked = np.ma.getmaskarray(column)
    values = np.asarray(column)
    if values.dtype == object:
        listed = [_is_something(each) for each in values]
        return np.array(listed, bool) & ~masked
    known: Mask = (values == values) & ~masked
    return known


def _is_something(value: Any) -> bool:
    if isinstance(value, (list, tuple, np.ndarray)):  # a series, known even where its end is not
        raise _UntoldError
    try:
        return facts.known(value, "payload", frozenset(Kind)) is not None
    except FactError:
        raise _UntoldError from None


def _counts_days(asking: Rule) -> bool:
    parts = walk(lower(asking.node))
    return any(isinstance(part, Apply) and part.operation == "today" for part in parts)


def _day_by_day(asking: Rule, columns: Mapping[str, Array], days: Array) -> Column:
    """The answer of a rule that counts from today, each day's events together."""
    if not days.size:
        return asking.columns(columns, as_of=_ANY_DAY)
    order = np.argsort(days, kind="stable")
    starts = np.flatnonzero(np.append(True, days[order][1:] != days[order][:-1]))
    parts = [
        asking.columns({name: column[rows] for name, column in columns.items()}, as_of=day)
        for rows, day in _by_day(order, starts, days)
    ]
    back = np.empty(order.size, np.int64)
    back[order] = np.arange(order.size)
    value, known = (
        np.concatenate([getattr(each, of) for each in parts]) for of in ("value", "known")
    )
    return Column(value[back], known[back])


_ANY_DAY = np.datetime64("2000-01-01", "D").item()


def _by_day(order: Wholes, starts: Wholes, days: Array) -> Iterator[tuple[Wholes, Any]]:
    for start, end in zip(starts, np.append(starts[1:], order.size), strict=True):
        rows = order[start:end]
        yield rows, days[rows[0]].item()


# --------------------------------------------------------------------------------------
# Payloads


def ill_payloads(schema: Schema, payload: Mapping[str, Array], rows: Wholes) -> Mask:
    """In which rows the payload is not what a schema says.

    >>> plan = Schema((FactSpec(name="plan", kind="text", values=("pro", "free")),))
    >>> ill_payloads(plan, {"plan": np.array(["pro", "por"])}, np.arange(2))
    array([False,  True])
    """
    ill = np.zeros(rows.size, bool)
    for spec in schema.facts:
        if spec.name in payload:
            ill |= _ill(spec, payload[spec.name][rows])
        elif spec.required:
            ill[:] = True
    return ill


def _ill(spec: FactSpec, column: Array) -> Mask:
    told = _KINDS.get(column.dtype.kind)
    if told is spec.kind and not spec.values and column.dtype.itemsize <= 8:
        return ~_is_known(column) if spec.required else np.zeros(column.size, bool)
    if column.dtype.kind == "U":  # each text is looked at once
        texts, codes = np.unique(np.asarray(column), return_inverse=True)
        wrong = np.array([bool(spec.problem(str(text))) for text in texts], bool)
        missing = np.ma.getmaskarray(column)
        return np.where(missing, spec.required, wrong[codes]) if column.size else wrong
    return np.array([bool(spec.problem(entry(column, row))) for row in range(column.size)], bool)


_KINDS = {"b": Kind.BOOLEAN, "i": Kind.NUMBER, "u": Kind.NUMBER, "f": Kind.NUMBER, "U": Kind.TEXT}
