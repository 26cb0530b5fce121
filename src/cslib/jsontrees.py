"""The tree of a rule as plain JSON data, and back.

A literal stands for itself (a date is ``{"date": "2026-06-30"}``, an instant ``{"instant": ...}``),
a fact is ``{"fact": "seats"}``, anything else ``{operation: [arguments]}``. A rule that is but a
text or None is ``{"literal": ...}``: a bare text would be read as a rule's text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from cslib.errors import DefinitionError, Fault, suggestion
from cslib.expressions import (
    MAX_DEPTH,
    MAX_NODES,
    OPERATIONS,
    QUOTED,
    Apply,
    ExpressionError,
    Fact,
    Kind,
    Literal,
    Node,
    Operation,
    check_size,
    literal,
    make,
)
from cslib.faults import shown

__all__ = ["from_json", "to_json"]


def to_json(node: Node) -> Any:
    """The tree as plain JSON data.

    >>> to_json(make(">=", Fact("seats"), literal(3)))
    {'>=': [{'fact': 'seats'}, 3]}
    """
    found = _json(node)
    return {"literal": found} if found is None or isinstance(found, str) else found


def _json(node: Node) -> Any:
    match node:
        case Literal(Kind.DATE | Kind.INSTANT as kind, dt.date() as value):
            return {str(kind): value.isoformat()}
        case Literal(_, value):
            return value
        case Fact(name, lag):
            return {"prior": [{"fact": name}, lag]} if lag else {"fact": name}
    return {node.operation: [_json(argument) for argument in node.arguments]}


def from_json(data: object, functions: Mapping[str, Operation] | None = None) -> Node:
    """A tree from the data that :func:`to_json` gives; strict, and bounded for strangers.

    Args:
        data: The data; a list of arguments may be a tuple.
        functions: Signatures of registered functions, by ``name@version``.

    Raises:
        DefinitionError: With every fault and its path, such as ``$.and[0].>=[1]``.

    >>> from_json({">=": [{"fact": "seats"}, 3]}) == make(">=", Fact("seats"), literal(3))
    True
    """
    reader = _Reader(functions or {})
    node = reader.read(data, "$", 1)
    if node is None:
        raise DefinitionError("rule", tuple(reader.faults))
    try:
        check_size(node)
    except ExpressionError as error:
        raise DefinitionError("rule", (Fault("$", error.problem),)) from None
    return node


@attrs.define
class _Reader:
    """Reads data part by part; what is wrong becomes a fault, and None stands in its place."""

    functions: Mapping[str, Operation]
    faults: list[Fault] = attrs.Factory(list)
    count: int = 1

    def read(self, data: object, path: str, depth: int) -> Node | None:
        try:
            return self._node(data, path, depth)
        except ExpressionError as error:
            self.faults.append(Fault(path, error.problem))
            return None

    def _node(self, data: object, path: str, depth: int) -> Node | None:
        if isinstance(data, dict):
            return self._object(data, path, depth)
        if data is None or isinstance(data, (bool, int, float, str)):
            return literal(data)
        raise ExpressionError(f"expected a value or an object, but got {_type(data)}")

    def _object(self, data: dict[Any, Any], path: str, depth: int) -> Node | None:
        if len(data) != 1:
            raise ExpressionError(f"expected one key, the operation, but got {len(data)}")
        ((name, given),) = data.items()
        if not isinstance(name, str):
            raise ExpressionError(f"expected a text, the operation, but got {shown(name)}")
        if name in QUOTED or name == "literal":
            return _atom(name, given)
        if name not in OPERATIONS and name not in self.functions:
            raise ExpressionError(self._unknown(name[:60]))
        if not isinstance(given, (list, tuple)):
            raise ExpressionError(f"{name!r} takes a list of arguments, but got {_type(given)}")
        self._count(len(given), depth)
        read = [self.read(each, f"{path}.{name}[{at}]", depth + 1) for at, each in enumerate(given)]
        arguments = [argument for argument in read if argument is not None]
        return self._applied(name, arguments) if len(arguments) == len(read) else None

    def _unknown(self, name: str) -> str:
        hint = suggestion(name, [*OPERATIONS, *self.functions, *QUOTED])
        if "@" in name:
            hint = f"{hint}; hand a registered function over with functions=[...]"
        return f"unknown operation {name!r}{hint}"

    def _count(self, more: int, depth: int) -> None:
        """Refuse data beyond the bounds of a rule before any more of it is read."""
        self.count += more
        if depth >= MAX_DEPTH or self.count > MAX_NODES:
            raise ExpressionError(f"a rule has at most {MAX_NODES} parts, {MAX_DEPTH} deep")

    def _applied(self, name: str, arguments: list[Node]) -> Node:
        if name in OPERATIONS:
            return make(name, *arguments)
        self.functions[name].check_arity(name, len(arguments))
        return Apply(name, tuple(arguments))


def _atom(name: str, given: object) -> Node:
    if name == "literal" and (given is None or isinstance(given, str)):
        return literal(given)
    if not isinstance(given, str):
        raise ExpressionError(f"{name!r} takes a text, but got {_type(given)}")
    return QUOTED[name](given)


def _type(data: object) -> str:
    return f"{'an' if type(data).__name__[0] in 'aeiou' else 'a'} {type(data).__name__}"
