"""What definitions read: their rules, the facts these name, and the values they compare.

Definitions are walked field by field, so that a new kind of definition needs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from cslib.expressions import Apply, Fact, Kind, Kinds, Literal, Node, walk
from cslib.lowering import lower
from cslib.rules import Rule
from cslib.schemas import Schema

__all__ = ["fact_kinds", "literals_of", "rules_of", "series_of", "texts_compared"]


def rules_of(definition: object, path: str = "$") -> Iterator[tuple[str, Rule]]:
    """Every rule in a definition, a pack or several of them, with its path.

    >>> from cslib.playbooks import Playbook
    >>> tour = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
    >>> list(rules_of([tour]))
    [('$[0].entry', rule('seats_used < 5'))]
    """
    if isinstance(definition, Rule):
        yield path, definition
    elif isinstance(definition, Mapping):
        for key, value in definition.items():
            yield from rules_of(value, f"{path}[{key!r}]")
    elif isinstance(definition, tuple | list):
        for place, part in enumerate(definition):
            yield from rules_of(part, f"{path}[{place}]")
    else:
        for name, part in _fields(definition):
            yield from rules_of(part, f"{path}.{name}")


def fact_kinds(rules: Iterable[Rule], schema: Schema | None = None) -> dict[str, Kinds]:
    """The kinds that each fact may be of, so that every rule can read it; none if two disagree.

    A fact that a schema has is of its kind.

    >>> from cslib.rules import rule
    >>> fact_kinds([rule("seats > 5"), rule("seats == 'five'")])
    {'seats': frozenset()}
    """
    declared = schema.kinds if schema is not None else {}
    found: dict[str, Kinds] = {}
    for each in rules:
        for name, kinds in each.kinds.items():
            found[name] = found.get(name, declared.get(name, kinds)) & kinds
    return found


def series_of(rules: Iterable[Rule]) -> frozenset[str]:
    """The facts of which some rule reads earlier periods.

    >>> from cslib.rules import rule
    >>> series_of([rule("prior(logins, 1) > logins"), rule("seats > 5")])
    frozenset({'logins'})
    """
    nodes = (node for each in rules for node in walk(lower(each.node)))
    return frozenset(node.name for node in nodes if isinstance(node, Fact) and node.lag)


def literals_of(definitions: object, kind: Kind) -> tuple[Any, ...]:
    """The values of a kind that definitions compare with: in rules, and as plain fields.

    >>> from cslib.rules import rule
    >>> literals_of([rule("seats > 5 and plan == 'pro'")], Kind.TEXT)
    ('pro',)
    """
    return tuple(dict.fromkeys(value for own, value in _literals(definitions) if own is kind))


def _literals(value: object) -> Iterator[tuple[Kind | None, Any]]:
    if isinstance(value, Rule):
        for node in walk(value.node):
            if isinstance(node, Literal):
                yield node.kind, node.value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _literals(part)
    else:
        for name, part in _fields(value):
            if name in _BOUNDS and part is not None:
                yield (Kind.TEXT if isinstance(part, str) else Kind.NUMBER), part
            yield from _literals(part)


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    """The fields of an attrs value that it is made of; of anything else none."""
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            if field.init:
                yield field.name, getattr(value, field.name)


_BOUNDS = frozenset({"above", "at", "at_least", "at_most", "below", "equals"})
"""The fields of bands and anchors that a measure is compared with."""


def texts_compared(rule: Rule) -> tuple[tuple[str, str], ...]:
    """Each fact that a rule compares with a text, and the text.

    >>> from cslib.rules import rule
    >>> texts_compared(rule("plan in {'pro', 'free'} or tier != 'red'"))
    (('plan', 'free'), ('plan', 'pro'), ('tier', 'red'))
    """
    return tuple(sorted({pair for node in walk(rule.node) for pair in _pairs(node)}))


def _pairs(node: Node) -> Iterator[tuple[str, str]]:
    match node:
        case Apply("==" | "!=" | "in", (Fact(name), *others)):
            texts = (each for each in others if isinstance(each, Literal))
            yield from ((name, str(each.value)) for each in texts if each.kind is Kind.TEXT)
