"""Packs: playbooks, scenarios, scorecards, lifecycles and functions that one package ships.

A :class:`Pack` is data, a value at module level of a downstream package that its entry point in the
group ``cslib.packs`` leads to. There is no base class to inherit and nothing to register at import.
:mod:`cslib.registry` finds the packs that are installed, and :mod:`cslib.testing` proves one.

What a pack ships is known as ``pack:name``, so that two packs can use one name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import attrs

from cslib.errors import Fault
from cslib.faults import name_faults, refuse, several, shown, unique_faults
from cslib.functions import Function
from cslib.health import Scorecard
from cslib.lifecycle import Lifecycle
from cslib.playbooks import Playbook

__all__ = ["API", "Named", "Pack", "label_of"]

API = "1.0"
"""What packs are made of, as this version of the library has it: ``major.minor``.

The minor number rises when definitions can say more, the major one when an older pack would no
longer be understood.
"""

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", re.ASCII)
_VERSION = re.compile(r"\S+")
_API = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})", re.ASCII)


class Named(Protocol):
    """Any definition that has a name."""

    @property
    def name(self) -> str:
        """Its name."""
        ...


def _playbooks(given: Iterable[Playbook]) -> tuple[Playbook, ...]:
    return several("pack", "$.playbooks", given, Playbook)


def _scenarios(given: Iterable[Any]) -> tuple[Any, ...]:
    return several("pack", "$.scenarios", given, object)  # what has no name is told by itself


def _scorecards(given: Iterable[Scorecard]) -> tuple[Scorecard, ...]:
    return several("pack", "$.scorecards", given, Scorecard)


def _lifecycles(given: Iterable[Lifecycle]) -> tuple[Lifecycle, ...]:
    return several("pack", "$.lifecycles", given, Lifecycle)


def _functions(given: Iterable[Function]) -> tuple[Function, ...]:
    return several("pack", "$.functions", given, Function)


@attrs.frozen(kw_only=True)
class Pack:
    """Definitions that are shipped together.

    Attributes:
        name: Its name, in lower case: letters, digits, ``-`` and ``_``. The entry point has it too.
        version: Its own version, as its package states it.
        api: The ``major.minor`` of :data:`API` that it was written for, as text.
        playbooks: Its playbooks.
        scenarios: Its scenarios, or libraries of them; any definitions that have a name.
        scorecards: Its scorecards.
        lifecycles: Its lifecycles.
        functions: The functions that its rules call.

    Raises:
        DefinitionError: With every fault: a name, version or api that is none, a definition of
            another kind, two of one kind and name, a name with a colon.

    >>> tour = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
    >>> pack = Pack(name="hotels", version="2.1.0", api="1.0", playbooks=[tour])
    >>> print(pack)
    hotels 2.1.0: 1 playbook
    """

    name: str
    version: str
    api: str
    playbooks: tuple[Playbook, ...] = attrs.field(default=(), converter=_playbooks)
    scenarios: tuple[Named, ...] = attrs.field(default=(), converter=_scenarios)
    scorecards: tuple[Scorecard, ...] = attrs.field(default=(), converter=_scorecards)
    lifecycles: tuple[Lifecycle, ...] = attrs.field(default=(), converter=_lifecycles)
    functions: tuple[Function, ...] = attrs.field(default=(), converter=_functions)

    def __attrs_post_init__(self) -> None:
        refuse(f"pack {self.name!r}", _faults(self))

    @property
    def definitions(self) -> tuple[tuple[str, str, Any], ...]:
        """Each definition with its kind and its label: ``("playbook", "tour", ...)``."""
        return tuple(
            (kind, label_of(definition), definition)
            for kind in _KINDS
            for definition in getattr(self, f"{kind}s")
        )

    def __str__(self) -> str:
        counts = Counter(kind for kind, _, _ in self.definitions)
        told = (f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts.items())
        return f"{self.name} {self.version}: {', '.join(told) or 'empty'}"


_KINDS = ("playbook", "scenario", "scorecard", "lifecycle", "function")


def label_of(definition: Named) -> str:
    """What follows the colon of its id: its name; of a function ``name@version``, as rules have it.

    >>> label_of(Function(name="stars", version=1, takes=["text"], gives="number", call=len))
    'stars@1'
    """
    return definition.key if isinstance(definition, Function) else definition.name


def _faults(pack: Pack) -> Iterator[Fault]:
    yield from _form_faults("$.name", pack.name, _NAME, "a name in lower case, such as 'hotels'")
    yield from _form_faults("$.version", pack.version, _VERSION, "a version, such as '2.1.0'")
    yield from _form_faults("$.api", pack.api, _API, f"the text of a major.minor, such as {API!r}")
    for kind in _KINDS:
        path, given = f"$.{kind}s", getattr(pack, f"{kind}s")
        named = [label_of(each) for each in given if _is_named(each)]
        for place, each in enumerate(given):
            yield from _name_faults(f"{path}[{place}]", each)
        if len(named) == len(given):
            yield from unique_faults(path, named)


def _form_faults(path: str, value: object, form: re.Pattern[str], expected: str) -> Iterator[Fault]:
    if not isinstance(value, str) or not form.fullmatch(value):
        yield Fault(path, f"expected {expected}, but got {shown(value)}")


def _is_named(definition: object) -> bool:
    return isinstance(getattr(definition, "name", None), str)


def _name_faults(path: str, definition: Any) -> Iterator[Fault]:
    if not _is_named(definition):
        yield Fault(path, f"expected a definition with a name, but got {shown(definition)}")
        return
    name = definition.name
    yield from name_faults(f"{path}.name", name)
    if ":" in name:
        problem = f"{name!r} has a colon, which stands between a pack and a name; leave it out"
        yield Fault(f"{path}.name", problem)
