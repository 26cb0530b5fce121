"""A rule in few operations: conveniences written out in what is left of them.

``days_since``, ``streak``, ``total`` and their like say nothing that other operations cannot.
:func:`lower` writes them out, and puts earlier periods into the facts themselves, as their lag. Who
answers a rule, or translates it for another engine, has only the operations of :data:`CORE` to
know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cslib.expressions import OPERATIONS, Apply, Fact, Literal, Node, literal, make

__all__ = ["CORE", "lower"]


def lower(node: Node) -> Node:
    """The same rule in operations of :data:`CORE` alone, with earlier values as lagged facts.

    >>> from cslib.expressions import to_text
    >>> to_text(lower(make("streak", literal(2), make(">", Fact("x"), literal(1)))))
    'x > 1 and prior(x, 1) > 1'
    """
    return _lower(node, 0)


def _lower(node: Node, lag: int) -> Node:
    match node:
        case Literal():
            return node
        case Fact(name, own):
            return Fact(name, own + lag)
    rewrite = _REWRITES.get(node.operation)
    if rewrite is not None:
        return rewrite(lag, *node.arguments)
    arguments = tuple(_lower(argument, lag) for argument in node.arguments)
    if node.operation in ("and", "or"):
        return make(node.operation, *arguments)  # flat, whatever a streak in it has become
    return Apply(node.operation, arguments)


def _periods(node: Node, count: Any, lag: int) -> tuple[Node, ...]:
    """``node`` in each of ``count`` periods, newest first."""
    return tuple(_lower(node, lag + back) for back in range(_whole(count)))


def _whole(node: Any) -> int:
    return int(node.value)  # a literal whole number, as `make` saw to


def _streak(lag: int, count: Node, condition: Node) -> Node:
    parts = _periods(condition, count, lag)
    return parts[0] if len(parts) == 1 else make("and", *parts)


def _total(lag: int, x: Node, count: Node) -> Node:
    """One ``+`` of all periods: in lowered trees alone, ``+`` takes any number."""
    parts = _periods(x, count, lag)
    return parts[0] if len(parts) == 1 else Apply("+", parts)


def _change(lag: int, now: Node, before: Node) -> Node:
    base = _lower(before, lag)
    return Apply("/", (Apply("-", (_lower(now, lag), base)), Apply("abs", (base,))))


def _clip(lag: int, x: Node, low: Node, high: Node) -> Node:
    floored = Apply("max", (_lower(x, lag), _lower(low, lag)))
    return Apply("min", (floored, _lower(high, lag)))


_TODAY = Apply("today", ())

_REWRITES: Mapping[str, Callable[..., Node]] = {
    "change": _change,
    "clip": _clip,
    "days_since": lambda lag, day: Apply("days_between", (_lower(day, lag), _TODAY)),
    "days_until": lambda lag, day: Apply("days_between", (_TODAY, _lower(day, lag))),
    "minor": lambda lag, x, digits: Apply("/", (_lower(x, lag), literal(10 ** _whole(digits)))),
    "neg": lambda lag, x: Apply("-", (literal(0), _lower(x, lag))),
    "prior": lambda lag, x, count: _lower(x, lag + _whole(count)),
    "streak": _streak,
    "total": _total,
}

CORE = frozenset(OPERATIONS) - frozenset(_REWRITES)
"""The operations that are left after :func:`lower`."""
