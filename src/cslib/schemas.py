"""Schemas: what facts there are, so that a rule can be checked when it is made.

A schema is optional. With one, a misspelt fact or a wrong kind is an error at once instead of an
unknown later, and amounts held in minor units are read in major units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
from attrs import validators as v

from cslib import expressions
from cslib.errors import DefinitionError, Fault, suggestion
from cslib.expressions import Apply, Fact, Kind, Kinds, Node
from cslib.facts import FactError, known
from cslib.faults import refuse, unique_faults

__all__ = ["FactSpec", "Schema"]


def _values(values: Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


@attrs.frozen(kw_only=True)
class FactSpec:
    """One fact: its name, kind, and what it means.

    Attributes:
        name: The fact's name; dots for nested values.
        kind: What it is.
        unit: What a number counts, for people ("seats", "CNY", "seconds").
        exponent: For an amount held as an integer of minor units, the decimal places of its
            currency (2 for cents, at most 6); rules then speak of major units. None for anything
            else.
        meaning: What exactly it says (H10: is tax included?).
        values: The texts that it may be; empty: any.
        required: Whether it must be there in the payload of an event; rules let it be unknown.

    Raises:
        DefinitionError: If the name is empty, the exponent is not one, or values are given for
            what is no text.

    >>> FactSpec(name="arr", kind="number", unit="EUR", exponent=2, meaning="without tax").kind
    <Kind.NUMBER: 'number'>
    """

    name: str
    kind: Kind = attrs.field(converter=Kind)
    unit: str = ""
    exponent: int | None = None
    meaning: str = ""
    values: tuple[str, ...] = attrs.field(default=(), converter=_values)
    required: bool = attrs.field(default=False, validator=v.instance_of(bool))

    def __attrs_post_init__(self) -> None:
        fault = self._fault()
        if fault is not None:
            raise DefinitionError(f"fact {self.name!r}", (fault,))

    def _fault(self) -> Fault | None:
        if not self.name:
            return Fault("$.name", "a fact has a name, but got an empty one")
        if self.values and self.kind is not Kind.TEXT:
            return Fault(
                "$.values", f"only a text has a list of values, but its kind is {self.kind}"
            )
        if self.exponent is None:
            return None
        if self.kind is not Kind.NUMBER:
            return Fault(
                "$.exponent", f"only a number has minor units, but its kind is {self.kind}"
            )
        if type(self.exponent) is not int or not 0 <= self.exponent <= 6:
            return Fault("$.exponent", f"expected 0 to 6 decimal places, but got {self.exponent!r}")
        return None

    def problem(self, value: object) -> str:
        """What is wrong with a value of it, in words; one that is unknown is only if required.

        >>> why = FactSpec(name="reason", kind="text", values=("price", "closed"))
        >>> why.problem("prize"), why.problem(None)
        ("reason: expected one of 'price', 'closed', but got 'prize': did you mean 'price'?", '')
        >>> attrs.evolve(why, required=True).problem(None)
        "reason: it is required; give one of 'price', 'closed'"
        """
        try:
            found = known(value, self.name, frozenset({self.kind}))
        except FactError as error:
            return str(error)
        listed = ", ".join(map(repr, self.values))
        if found is None and self.required:
            return f"{self.name}: it is required; give {f'one of {listed}' if listed else 'it'}"
        if not self.values or found is None or found in self.values:
            return ""
        given = f"expected one of {listed}, but got {found!r}"
        return f"{self.name}: {given}{suggestion(str(found), self.values)}"


def _facts(facts: Iterable[FactSpec]) -> tuple[FactSpec, ...]:
    return tuple(facts)


@attrs.frozen
class Schema:
    """The facts that there are.

    Raises:
        DefinitionError: If a name stands twice.

    >>> from cslib.rules import rule
    >>> schema = Schema((FactSpec(name="seats", kind="number"),
    ...                  FactSpec(name="arr", kind="number", unit="EUR", exponent=2)))
    >>> rule("arr >= 1000.50", schema=schema)({"arr": 100_050})
    True
    >>> rule("seat >= 5", schema=schema)
    Traceback (most recent call last):
        ...
    cslib.errors.DefinitionError: rule is not valid: $: unknown fact 'seat': did you mean 'seats'?
    """

    facts: tuple[FactSpec, ...] = attrs.field(converter=_facts)

    def __attrs_post_init__(self) -> None:
        refuse("schema", unique_faults("$.facts", [spec.name for spec in self.facts]))

    @property
    def kinds(self) -> Mapping[str, Kinds]:
        """The kind of each fact, as the rule language has it."""
        return {spec.name: frozenset({spec.kind}) for spec in self.facts}

    def resolve(self, node: Node) -> Node:
        """The tree with its facts checked, and amounts in minor units read in major units.

        What already stands in ``minor`` is left as it is, so resolving twice changes nothing.

        Raises:
            DefinitionError: With every unknown name and a suggestion for each.

        >>> schema = Schema((FactSpec(name="arr", kind="number", exponent=2),))
        >>> expressions.to_text(schema.resolve(Fact("arr")))
        'minor(arr, 2)'
        """
        specs = {spec.name: spec for spec in self.facts}
        faults = [
            Fault("$", f"unknown fact {name!r}{suggestion(name, specs)}")
            for name in expressions.facts_of(node)
            if name not in specs
        ]
        if faults:
            raise DefinitionError("rule", tuple(faults))
        return _in_major_units(node, specs)


def _in_major_units(node: Node, known: Mapping[str, FactSpec]) -> Node:
    if isinstance(node, Fact):
        exponent = known[node.name].exponent
        return expressions.make("minor", node, expressions.literal(exponent)) if exponent else node
    if not isinstance(node, Apply) or node.operation == "minor":
        return node
    return Apply(node.operation, tuple(_in_major_units(part, known) for part in node.arguments))
