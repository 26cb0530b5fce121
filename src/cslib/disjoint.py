"""Proof that two conditions never hold at once.

:func:`disjoint` looks for a way in which both could be true. It takes both trees apart, parts the
way at each choice (an ``or``, a conditional), and gathers what each way asks of every term. A way
is closed when it asks for something and its opposite; where all ways are closed, no record makes
both true. This is the method of analytic tableaux (Smullyan, *First-Order Logic*, 1968, chapter
II) on Kleene's three values: what is true or false is known, and an unknown is neither.

A term is whatever is compared, ``amount`` or ``seats_used / seats``: nothing is asked of how it is
computed but that it is the same in both conditions.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs

from cslib.expressions import MIRRORED, Apply, Kind, Literal, Node
from cslib.lowering import lower
from cslib.rules import Rule

__all__ = ["disjoint"]

_MOST_WAYS = 1_000
"""How many ways are looked at; a proof that takes more is given up."""

_Claim: TypeAlias = tuple[Node, bool]
_Claims: TypeAlias = tuple[_Claim, ...]
_Choice: TypeAlias = list[_Claims]


def disjoint(a: Rule, b: Rule) -> bool:
    """Whether it is proven that no record makes both conditions true.

    True is a proof. False says only that none was found: a term stands for any value of its kind
    (``seats > 5`` and ``seats < 6`` leave 5.5), what two terms compute is not compared (``x + 1``
    is a term of its own beside ``x``), and of conditions with very many choices not all are
    followed.

    Args:
        a: A condition.
        b: Another, for the same record and day. The same condition twice asks whether it can hold.

    >>> from cslib.rules import rule
    >>> disjoint(rule("amount < 5"), rule("amount >= 5"))
    True
    >>> disjoint(rule("plan in {'pro', 'team'}"), rule("plan == 'free' or not paid"))
    False
    """
    if any(one.key == other.key and one != other for one in a.functions for other in b.functions):
        return False  # one name stands for two things, so equal trees may differ
    open_ways = [_Way([(lower(a.node), True), (lower(b.node), True)])]
    for _ in range(_MOST_WAYS):
        if not open_ways:
            return True
        way = open_ways.pop()
        if way.is_closed():
            continue
        if not way.choices:
            return False
        open_ways += way.parted()
    return False


@attrs.define
class _Way:
    """One way in which all could hold.

    Attributes:
        claims: What it claims that was not looked at yet.
        choices: Of each, one of several lists of claims holds.
        told: What it claimed so far.
    """

    claims: list[_Claim]
    choices: list[_Choice] = attrs.Factory(list)
    told: _Told = attrs.Factory(lambda: _Told())

    def is_closed(self) -> bool:
        """Take all claims apart, until they contradict one another or only choices are left."""
        while self.claims:
            claim = self.claims.pop()
            if not self.told.takes(*claim):
                return True
            for choice in _consequences(*claim):
                if len(choice) == 1:
                    self.claims.extend(choice[0])
                else:
                    self.choices.append(choice)
        return False

    def parted(self) -> Iterator[_Way]:
        """A way for each side of the smallest choice."""
        choice, *rest = sorted(self.choices, key=len)
        for claims in choice:
            yield _Way(list(claims), list(rest), self.told.copy())


# --------------------------------------------------------------------------------------
# Taking a claim apart


def _consequences(node: Node, value: bool) -> Iterator[_Choice]:
    """What follows from the claim that a condition has this value."""
    if not isinstance(node, Apply):
        return
    name, parts = node.operation, node.arguments
    match name, parts:
        case "not", (part,):
            yield [((part, not value),)]
        case (("and" | "or"), _):
            yield _some(len(parts) if value is (name == "and") else 1, parts, value)
        case "at_least", (Literal(_, int(least)), *conditions):
            yield _some(least if value else len(conditions) - least + 1, conditions, value)
        case (("==" | "!="), (tested, Literal(Kind.BOOLEAN, given))):
            yield [((tested, bool(given) is ((name == "==") is value)),)]
        case "in", (tested, Literal(Kind.BOOLEAN, _), *_):
            same = [Apply("==", (tested, member)) for member in parts[1:]]
            yield _some(1 if value else len(same), same, value)
        case (("coalesce" | "if"), _):
            yield _branches(node, lambda branch: (branch, value))
        case _, (Apply("coalesce" | "if") as given, *rest) if name in MIRRORED or name == "in":
            yield _branches(given, lambda branch: (Apply(name, (branch, *rest)), value))


def _some(least: int, conditions: Iterable[Node], value: bool) -> _Choice:
    """That so many of the conditions, or more, have the value."""
    claims = [(condition, value) for condition in conditions]
    ways = itertools.combinations(claims, max(least, 0))
    return list(itertools.islice(ways, _MOST_WAYS + 1))  # with so many no proof is found


def _branches(given: Apply, claim: Callable[[Node], _Claim]) -> _Choice:
    """The choice that a claim about a ``coalesce`` or ``if`` comes to."""
    if given.operation == "if":
        asked, yes, no = given.arguments
        either = (Apply("is_missing", (asked,)), True), claim(yes), claim(no)
        return [((asked, True), claim(yes)), ((asked, False), claim(no)), either]
    parts = given.arguments
    missing = [(Apply("is_missing", (part,)), True) for part in parts]
    return [(*missing[:place], claim(part)) for place, part in enumerate(parts)]


# --------------------------------------------------------------------------------------
# Gathering what is claimed

_OPPOSITE = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    "<=": ">",
    ">": "<=",
    "in": "not in",
    "not in": "in",
}
_SIGNS = {
    "==": frozenset({0}),
    "<": frozenset({-1}),
    ">": frozenset({1}),
    "!=": frozenset({-1, 1}),
    "<=": frozenset({-1, 0}),
    ">=": frozenset({0, 1}),
}
"""How the left side may lie to the right one: below, level, above."""

_STRICT = frozenset(
    {*MIRRORED, "+", "-", "*", "/", "abs", "calendar_months_between", "calendar_quarters_between"}
    | {"days_between", "in", "max", "min", "months_between", "not", "ratio", "round"}
)
"""Operations that are unknown as soon as one of their arguments is."""

_Test: TypeAlias = tuple[str, tuple[Any, ...]]
"""A comparison or membership, and the constants it is made with."""


@attrs.define
class _Told:
    """What was claimed so far, none of it against the rest."""

    truth: dict[Node, bool] = attrs.Factory(dict)
    known: set[Node] = attrs.Factory(set)
    missing: set[Node] = attrs.Factory(set)
    tests: dict[tuple[Node, Kind | None], tuple[_Test, ...]] = attrs.Factory(dict)
    signs: dict[tuple[Node, Node], frozenset[int]] = attrs.Factory(dict)

    def copy(self) -> _Told:
        return _Told(
            dict(self.truth), set(self.known), set(self.missing), dict(self.tests), dict(self.signs)
        )

    def takes(self, node: Node, value: bool) -> bool:
        """Add a claim; whether it goes with all the others."""
        if isinstance(node, Literal):
            return node.value is value
        if self.truth.setdefault(node, value) is not value:
            return False
        match node:
            case Apply("is_missing", (term,)):
                return self.lacks(term) if value else self.knows(term)
            case Apply("in", (term, *members)):
                return self.knows(node) and self.tested(term, "in", _constants(members), value)
            case Apply(operation, (left, right)) if operation in MIRRORED:
                return self.knows(node) and self.compared(operation, left, right, value)
        return self.knows(node)

    def knows(self, node: Node) -> bool:
        """Add that the node is known."""
        if isinstance(node, Literal):
            return node.kind is not None
        if node in self.missing:
            return False
        self.known.add(node)
        return all(map(self.knows, _needed(node)))

    def lacks(self, node: Node) -> bool:
        """Add that the node is not known."""
        if isinstance(node, Literal):
            return node.kind is None
        if node in self.known:
            return False
        self.missing.add(node)
        return all(map(self.lacks, _any_of(node)))

    def compared(self, operation: str, left: Node, right: Node, value: bool) -> bool:
        if isinstance(left, Literal) or (right, left) in self.signs:
            operation, left, right = MIRRORED[operation], right, left
        if isinstance(right, Literal):
            return self.tested(left, operation, (right,), value)
        if not value:
            operation = _OPPOSITE[operation]
        before = self.signs.get((left, right), frozenset({0} if left == right else {-1, 0, 1}))
        self.signs[left, right] = before & _SIGNS[operation]
        return bool(self.signs[left, right])

    def tested(
        self, term: Node, operation: str, constants: tuple[Literal, ...], value: bool
    ) -> bool:
        operation = operation if value else _OPPOSITE[operation]
        test = operation, tuple(constant.value for constant in constants)
        key = term, constants[0].kind
        before = self.tests.get(key, _itself(term))
        self.tests[key] = (*before, test)
        return _leave_something(self.tests[key])


def _needed(node: Node) -> tuple[Node, ...]:
    """What must be known for the node to be known."""
    if not isinstance(node, Apply) or not (node.operation in _STRICT or "@" in node.operation):
        return ()
    return node.arguments


def _any_of(node: Node) -> tuple[Node, ...]:
    """What would each make the node known."""
    return node.arguments if isinstance(node, Apply) and node.operation == "coalesce" else ()


def _constants(nodes: Iterable[Node]) -> tuple[Literal, ...]:
    return tuple(node for node in nodes if isinstance(node, Literal))


def _itself(term: Node) -> tuple[_Test, ...]:
    """What is known of a term from the start: a constant is what it is."""
    return (("==", (term.value,)),) if isinstance(term, Literal) else ()


_HOLDS: Mapping[str, Callable[[int, frozenset[int]], bool]] = {
    "==": lambda place, places: place in places,
    "!=": lambda place, places: place not in places,
    "in": lambda place, places: place in places,
    "not in": lambda place, places: place not in places,
    "<": lambda place, places: place < min(places),
    "<=": lambda place, places: place <= min(places),
    ">": lambda place, places: place > min(places),
    ">=": lambda place, places: place >= min(places),
}


def _leave_something(tests: tuple[_Test, ...]) -> bool:
    """Whether a value could pass all the tests.

    It need not be named: of all values, only those at the constants, between two of them or beyond
    can be told apart. In order these are the places 0, 1, 2 ...; the constants are the odd ones.
    """
    constants = sorted({value for _, values in tests for value in values})
    place_of = {value: 2 * index + 1 for index, value in enumerate(constants)}
    asked = [(_HOLDS[name], frozenset(map(place_of.__getitem__, values))) for name, values in tests]
    places = range(2 * len(constants) + 1)
    return any(all(holds(place, places) for holds, places in asked) for place in places)
