"""Kinds in a rule: what each fact must be, and what the rule gives.

A rule says of its facts what they are by how it uses them: what is compared with 5 is a number.
:func:`infer` reads that from the table of operations, before there is any record, and refuses a
rule that uses one thing as two.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from cslib.errors import CslibError
from cslib.expressions import (
    OPERATIONS,
    Apply,
    Fact,
    Kind,
    Kinds,
    Literal,
    Node,
    Operation,
    Places,
    to_text,
)

__all__ = ["Inferred", "KindError", "infer"]


@attrs.define
class KindError(CslibError, TypeError):
    """A rule uses a value as what it is not: compares text with a number, adds dates ...

    Attributes:
        problem: What does not fit, and what would.
        where: The part of the rule, as text.
        line: The line of the rule's text, from 1; None where there is no text.
        column: The column in that line, from 1; None where there is no text.
    """

    problem: str
    where: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        line = f"line {self.line}, " if self.line is not None and self.line > 1 else ""
        place = "" if self.column is None else f"{line}column {self.column}, "
        return f"in {place}`{self.where}`: {self.problem}"


@attrs.frozen
class Inferred:
    """What the use of facts in a rule says about them.

    Attributes:
        facts: For each fact its possible kinds. More than one is left where the rule does not tell
            (``a == b``, ``is_missing(a)``); then the data decide.
        result: The possible kinds of the rule's own value.
        groups: Facts that must be of one kind, which only the data can tell.
    """

    facts: Mapping[str, Kinds]
    result: Kinds
    groups: tuple[tuple[str, ...], ...]


def infer(
    node: Node,
    functions: Mapping[str, Operation] | None = None,
    *,
    gives: Kind | None = None,
    given: Mapping[str, Kinds] | None = None,
    places: Places | None = None,
) -> Inferred:
    """Find what each fact of the tree can be, and what the tree gives.

    Args:
        node: The tree.
        functions: Signatures of the registered functions it calls, by ``name@version``.
        gives: What the tree must give.
        given: Kinds of facts that are already known, from a schema.
        places: Where parts stand in the rule's text.

    Raises:
        KindError: If a part is used as two different kinds.

    >>> from cslib.expressions import literal, make
    >>> infer(make(">", Fact("seats"), literal(3))).facts["seats"]
    frozenset({<Kind.NUMBER: 'number'>})
    """
    groups = _Groups({**OPERATIONS, **(functions or {})}, given or {}, places or {})
    whole = groups.visit(node)
    if gives is not None:
        groups.expect(whole, gives, node)
    facts = {name: groups.kinds_of(key) for name, key in groups.facts.items()}
    return Inferred(facts, groups.kinds_of(whole), groups.undecided())


_ANY: Kinds = frozenset(Kind)


@attrs.define(eq=False)
class _Groups:
    """The parts of one tree in groups, each with the kinds that all its parts can be.

    A union-find: a group is the key of any of its parts, and two groups that must be of one kind
    become one.
    """

    operations: Mapping[str, Operation]
    given: Mapping[str, Kinds]
    places: Places
    facts: dict[str, int] = attrs.field(init=False, factory=dict)
    _parents: list[int] = attrs.field(init=False, factory=list)
    _kinds: list[Kinds] = attrs.field(init=False, factory=list)

    def visit(self, node: Node) -> int:
        """The group of a node, with all below it checked."""
        match node:
            case Literal(kind, _):
                return self._new(_ANY if kind is None else frozenset({kind}))
            case Fact(name):
                if name not in self.facts:
                    self.facts[name] = self._new(self.given.get(name, _ANY))
                return self.facts[name]
        signature = self.operations[node.operation]
        shared = self._new(_ANY)
        for position, argument in enumerate(node.arguments):
            key = self.visit(argument)
            self._restrict(key, signature.takes_at(position), node, argument)
            if signature.is_same(position):
                self._join(shared, key, node, argument)
        return shared if signature.gives is None else self._new(signature.gives)

    def expect(self, key: int, kind: Kind, node: Node) -> None:
        """Restrict what the whole gives."""
        root = self._root(key)
        if kind not in self._kinds[root]:
            problem = f"expected {_ARTICLES[kind]}, but it gives {_named(self._kinds[root])}"
            raise self._error(problem, node, node)
        self._kinds[root] = frozenset({kind})

    def kinds_of(self, key: int) -> Kinds:
        """The kinds that are left to a group."""
        return self._kinds[self._root(key)]

    def undecided(self) -> tuple[tuple[str, ...], ...]:
        """Facts that must share a kind which only the data can tell."""
        names: dict[int, list[str]] = {}
        for name, key in self.facts.items():
            names.setdefault(self._root(key), []).append(name)
        return tuple(
            tuple(found)
            for root, found in names.items()
            if len(found) > 1 and len(self._kinds[root]) > 1
        )

    def _new(self, of: Kinds) -> int:
        self._parents.append(len(self._parents))
        self._kinds.append(of)
        return len(self._parents) - 1

    def _root(self, key: int) -> int:
        while self._parents[key] != key:
            self._parents[key] = self._parents[self._parents[key]]
            key = self._parents[key]
        return key

    def _restrict(self, key: int, to: Kinds, node: Apply, part: Node) -> None:
        root = self._root(key)
        before = self._kinds[root]
        self._kinds[root] = before & to
        if not self._kinds[root]:
            problem = (
                f"`{to_text(part)}` is {_named(before)}, but "
                f"`{node.operation}` takes {_named(to)} here{_hint(before, to)}"
            )
            raise self._error(problem, node, part)

    def _join(self, first: int, second: int, node: Apply, part: Node) -> None:
        one, other = self._root(first), self._root(second)
        before, joining = self._kinds[one], self._kinds[other]
        self._kinds[one] = before & joining
        self._parents[other] = one
        if not self._kinds[one]:
            problem = (
                f"{_named(before)} does not go with `{to_text(part)}`, which is "
                f"{_named(joining)}{_hint(before, joining)}"
            )
            raise self._error(problem, node, part)

    def _error(self, problem: str, node: Node, part: Node) -> KindError:
        return KindError(problem, to_text(node), *self.places.get(id(part), (None, None)))


_ARTICLES = {
    Kind.NUMBER: "a number",
    Kind.TEXT: "text",
    Kind.BOOLEAN: "a boolean",
    Kind.DATE: "a date",
    Kind.INSTANT: "an instant",
}


def _named(of: Kinds) -> str:
    names = [_ARTICLES[kind] for kind in Kind if kind in of]
    return " or ".join(names) if len(names) < len(Kind) else "any value"


def _hint(given: Kinds, expected: Kinds) -> str:
    if given == {Kind.BOOLEAN} and expected == {Kind.NUMBER}:
        return "; a flag is no number: write `paid`, or `not paid`"
    if given == {Kind.NUMBER} and expected == {Kind.BOOLEAN}:
        return "; compare the number: `flag == 1`"
    if given <= {Kind.DATE, Kind.INSTANT} and expected == {Kind.NUMBER}:
        return "; count days with days_between, days_since or days_until"
    if {given, expected} == {frozenset({Kind.DATE}), frozenset({Kind.INSTANT})}:
        return "; dates and instants do not mix"
    return ""
