"""What a scenario is: a best practice, the business challenge it answers, and what it brings.

A part of :mod:`cslib.scenarios`. Challenges are named :class:`Need` values, so that whoever writes
a scenario and whoever surveys a customer use one word for one thing.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator

import attrs

from cslib.errors import Fault
from cslib.faults import (
    member,
    name_faults,
    refuse,
    several,
    text_faults,
    unique_faults,
    whole_faults,
)
from cslib.rules import Rule, condition

__all__ = ["BusinessValue", "Need", "Scenario", "list_faults"]


class BusinessValue(enum.StrEnum):
    """The four values that a product gives a company (P14, K)."""

    MORE_REVENUE = "more revenue"
    LOWER_COST = "lower cost"
    HIGHER_EFFICIENCY = "higher efficiency"
    LESS_RISK = "less risk"


@attrs.frozen(kw_only=True)
class Need:
    """A business challenge, by the one name that scenarios and surveys know it under.

    Attributes:
        name: Its name.
        meaning: What it means, in words.

    Raises:
        DefinitionError: If the name is no text or empty, or the meaning no text.
    """

    name: str
    meaning: str = ""

    def __attrs_post_init__(self) -> None:
        faults = (*name_faults("$.name", self.name), *text_faults("$.meaning", self.meaning))
        refuse("need", faults)


_MAX_VERSION = 1_000_000


def _value(given: str) -> BusinessValue:
    return member("scenario", "$.value", "value", BusinessValue, given)


def _roles(given: Iterable[str]) -> tuple[str, ...]:
    return several("scenario", "$.roles", given, str)


def _industries(given: Iterable[str]) -> tuple[str, ...]:
    return several("scenario", "$.industries", given, str)


def _features(given: Iterable[str]) -> tuple[str, ...]:
    return several("scenario", "$.features", given, str)


@attrs.frozen(kw_only=True)
class Scenario:
    """A best practice: for whom, against which challenge, and what it brings.

    Attributes:
        name: Its name.
        need: The business challenge it answers; a name of the library's list.
        value: Which of the four values it brings (P14).
        roles: The job roles that take part in it, one or more.
        industries: The industries it is made for; none for a general one, which fits all.
        practice: The best practice, in words.
        features: The functions of the product that it uses, for the reader; nothing is searched by
            them.
        asks: What an account must have for it; a rule over facts, or none.
        source: Where it comes from: a doctrine id and its author, an example.
        version: Counted up when it is rewritten, 1 or more.

    Raises:
        DefinitionError: With every fault: a name, need or practice that is no text or empty, an
            unknown value, no role, a role or industry that stands twice.
    """

    name: str
    need: str
    value: BusinessValue = attrs.field(converter=_value)
    roles: tuple[str, ...] = attrs.field(converter=_roles)
    industries: tuple[str, ...] = attrs.field(default=(), converter=_industries)
    practice: str
    features: tuple[str, ...] = attrs.field(default=(), converter=_features)
    asks: Rule | None = attrs.field(default=None, converter=attrs.converters.optional(condition))
    source: str = ""
    version: int = 1

    def __attrs_post_init__(self) -> None:
        refuse("scenario", _scenario_faults(self))


def _scenario_faults(scenario: Scenario) -> Iterator[Fault]:
    for field in ("name", "need", "practice"):
        yield from name_faults(f"$.{field}", getattr(scenario, field))
    for field in ("roles", "industries", "features"):
        yield from list_faults(f"$.{field}", getattr(scenario, field))
    if not scenario.roles:
        yield Fault("$.roles", "expected one role or more: who takes part in it?")
    yield from text_faults("$.source", scenario.source)
    yield from whole_faults("$.version", scenario.version, 1, _MAX_VERSION)


def list_faults(path: str, names: Iterable[str]) -> Iterator[Fault]:
    """The faults of several names: each is text, not empty, and stands once.

    >>> [str(fault) for fault in list_faults("$.roles", ("marketer", "", "marketer"))]
    ['$.roles[1]: expected a name, but got an empty text', "$.roles[2]: 'marketer' stands twice"]
    """
    listed = tuple(names)
    for place, name in enumerate(listed):
        yield from name_faults(f"{path}[{place}]", name)
    yield from unique_faults(path, listed, end="")
