"""Conditions in words with an account's values, quick where a condition is a plain list of tests.

A part of :mod:`cslib.playbooks`. Most entries are tests joined by *and*. Their words are made once
and their tests are compiled together, so that a reason for every playbook of a library costs
microseconds. All others are explained by :meth:`cslib.rules.Rule.explain`, and the words are the
same by either way.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import attrs

from cslib.compiling import ReadGroups, lags_of, raw_facts
from cslib.explanations import has_parts, words
from cslib.expressions import Apply, Fact, Node, Value, walk
from cslib.facts import known
from cslib.lowering import lower
from cslib.rules import Explanation, Rule, read_in_groups

__all__ = ["Phrasebook", "Reader", "against", "in_words", "shown"]

_LARGE = 2**53  # up to here a whole number and the double that is read of it look alike


class _Phrase(NamedTuple):
    """A test in words.

    Attributes:
        denied: Where it is false, as a sentence.
        facts: The facts that it reads.
    """

    denied: str
    facts: tuple[str, ...]


@attrs.frozen(eq=False, slots=False)  # cached properties need a __dict__
class Phrasebook:
    """The words of many conditions, to be asked of one account after another.

    Attributes:
        rules: The conditions.
    """

    rules: tuple[Rule, ...]

    @functools.cached_property
    def phrases(self) -> tuple[tuple[_Phrase, ...], ...]:
        """For each condition its tests in words, where it is a plain list of them; else none."""
        return tuple(tuple(_phrases(each)) if _is_plain(each) else () for each in self.rules)

    @functools.cached_property
    def tests(self) -> tuple[tuple[Rule, ...], ...]:
        """The tests of each condition; one that is no plain list of tests is one test."""
        return tuple(
            tuple(Rule(part, _called(each, part)) for part in _tests(each.node))
            if found
            else (each,)
            for each, found in zip(self.rules, self.phrases, strict=True)
        )

    @functools.cached_property
    def spans(self) -> tuple[slice, ...]:
        """Where the tests of each condition stand among those of all."""
        ends = tuple(itertools.accumulate(map(len, self.tests)))
        return tuple(map(slice, (0, *ends), ends))

    @functools.cached_property
    def read(self) -> ReadGroups:
        """What all tests say of an account, one after another in a single group."""
        return read_in_groups([itertools.chain(*self.tests)])

    @functools.cached_property
    def whole(self) -> tuple[str, ...]:
        """Each condition in words."""
        return tuple(each.words() for each in self.rules)


class Reader:
    """The words of many conditions for one account.

    Args:
        book: The conditions.
        facts: The account's facts.
        as_of: Today.
    """

    def __init__(self, book: Phrasebook, facts: Mapping[str, object], as_of: object) -> None:
        self.book, self.facts, self.as_of = book, facts, as_of
        self.seen: dict[tuple[str, ...], str] = {}
        (self.values,) = book.read(facts, as_of)

    @property
    def truths(self) -> tuple[tuple[Value, ...], ...]:
        """What the tests of each condition say."""
        return tuple(self.values[span] for span in self.book.spans)

    def affirmed(self, place: int) -> str:
        """A condition in words, with the values that it reads."""
        found = self.book.phrases[place]
        if not found:
            rule = self.book.rules[place]
            return in_words(rule.explain(self.facts, as_of=self.as_of), rule)
        names = tuple(dict.fromkeys(name for each in found for name in each.facts))
        return self.book.whole[place] + self._values(names)

    def denied(self, place: int) -> str:
        """The tests that stand against a condition that is false, each with its values."""
        found, seen = self.book.phrases[place], self.seen
        if not found:
            rule = self.book.rules[place]
            return against(rule.explain(self.facts, as_of=self.as_of), rule)
        parts = [
            text + (seen.get(names) or self._values(names))
            for (text, names), holds in zip(found, self.values[self.book.spans[place]], strict=True)
            if holds is False
        ]
        return ", and ".join(parts)

    def _values(self, names: tuple[str, ...]) -> str:
        """The facts of these names with their values, in brackets."""
        if names not in self.seen:
            read = ", ".join([f"{name} = {self._value(name)}" for name in names])
            self.seen[names] = f" ({read})" if read else ""
        return self.seen[names]

    def _value(self, name: str) -> str:
        value = self.facts.get(name)
        kind = type(value)
        if kind is float or kind is str or kind is bool:
            return "unknown" if value != value else shown(value)
        if value is None or (kind is int and abs(value) < _LARGE):  # type: ignore[arg-type]
            return shown(value)
        kinds = next(each.kinds[name] for each in self.book.rules if name in each.kinds)
        return shown(known(value, name, kinds))


def _tests(node: Node) -> Sequence[Node]:
    return node.arguments if isinstance(node, Apply) and node.operation == "and" else (node,)


def _is_plain(rule: Rule) -> bool:
    """Whether a condition is tests joined by *and*, without an earlier value of a series."""
    lowered = lower(rule.node)
    if any(lags != (0,) for lags in lags_of(lowered).values()):
        return False
    raw = raw_facts(lowered)
    return not any("." in name for name in rule.facts) and all(
        not has_parts(part) and raw_facts(lower(part)) == raw & _names(part)
        for part in _tests(rule.node)
    )


def _names(node: Node) -> frozenset[str]:
    return frozenset(part.name for part in walk(lower(node)) if isinstance(part, Fact))


def _called(rule: Rule, part: Node) -> tuple[Any, ...]:
    used = {each.operation for each in walk(part) if isinstance(each, Apply)}
    return tuple(each for each in rule.functions if each.key in used)


def _phrases(rule: Rule) -> Iterator[_Phrase]:
    functions = {each.key: each for each in rule.functions}
    for part in _tests(rule.node):
        facts = [each.name for each in walk(lower(part)) if isinstance(each, Fact)]
        yield _Phrase(_denial(part, functions), tuple(dict.fromkeys(facts)))


def _denial(part: Node, functions: Mapping[str, Any]) -> str:
    """A false part as a sentence; a ``not`` is false since what is inside it holds."""
    match part:
        case Apply("not", (inner,)):
            return f"it holds that {words(inner, functions)}"
    return f"it does not hold that {words(part, functions)}"


# --------------------------------------------------------------------------------------
# By the full explanation


def in_words(explanation: Explanation, rule: Rule) -> str:
    """An explained condition in words, with the values that it reads.

    >>> from cslib.rules import rule
    >>> low = rule("nps < 7 or seats == 10")
    >>> in_words(low.explain({"seats": 10}), low)
    'nps is below 7 or seats is 10 (nps = unknown, seats = 10)'
    """
    return _valued(words(explanation.node, _functions(rule)), explanation)


def against(explanation: Explanation, rule: Rule) -> str:
    """The innermost parts that made an explained condition false, each with its values.

    >>> from cslib.rules import rule
    >>> low = rule("nps < 7 and seats == 10")
    >>> against(low.explain({"nps": 5, "seats": 9}), low)
    'it does not hold that seats is 10 (seats = 9)'
    """
    functions = _functions(rule)
    parts = _false_parts(explanation)
    return ", and ".join(_valued(_denial(part.node, functions), part) for part in parts)


def _functions(rule: Rule) -> Mapping[str, Any]:
    return {each.key: each for each in rule.functions}


def _valued(text: str, explanation: Explanation) -> str:
    read = ", ".join(f"{name} = {shown(value)}" for name, value in _read(explanation).items())
    return f"{text} ({read})" if read else text


def _false_parts(explanation: Explanation) -> Iterator[Explanation]:
    inner = [part for part in explanation.parts if part.decides and part.value is False]
    if not inner:
        yield explanation
    for part in inner:
        yield from _false_parts(part)


def _read(explanation: Explanation) -> dict[str, object]:
    """The facts that a condition reads, with their values."""
    parts = (entry for part in explanation.parts for entry in _read(part).items())
    return dict((*explanation.facts, *parts))


def shown(value: object) -> str:
    """A value as reasons tell it.

    >>> shown(None), shown(True), shown(5.0), shown("pro")
    ('unknown', 'true', '5', '“pro”')
    """
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f"“{value}”" if isinstance(value, str) else str(value)
