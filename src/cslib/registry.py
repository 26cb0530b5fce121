"""The packs in force, as one plain value, and what they ship under ids.

:meth:`Registry.of` takes packs at hand; :meth:`Registry.discover` those of the packages that are
installed. Nothing is registered globally, and two parts of a program can have two registries.
Discovery is one explicit call: until then no pack is imported, and of the packs that are not asked
for none ever is.

A definition is known as ``pack:name``. A bare name will do while just one pack has it.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from cslib.discovery import PackError, Record, handed_over, installed
from cslib.errors import CslibError, DefinitionError, Fault, suggestion
from cslib.functions import Function
from cslib.health import Scorecard
from cslib.lifecycle import Lifecycle
from cslib.packs import Pack
from cslib.playbooks import Library, Playbook

__all__ = ["PackLookupError", "Registry"]

T = TypeVar("T")


@attrs.define
class PackLookupError(CslibError, LookupError):
    """No definition has this name, or several packs have one of it.

    Attributes:
        kind: What was asked for: ``playbook``, ``scorecard`` ...
        name: The name or id, as it was asked for.
        problem: What is wrong, and the way out.
    """

    kind: str
    name: str
    problem: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r}: {self.problem}"


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Registry:
    """The packs in force, and those that could not be.

    Attributes:
        records: What became of each pack, by name: as many as packs and errors together.

    >>> tour = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
    >>> hotels = Pack(name="hotels", version="2.1.0", api="1.0", playbooks=[tour])
    >>> spas = Pack(name="spas", version="0.9", api="1.0", playbooks=[tour])
    >>> registry = Registry.of(hotels, spas)
    >>> registry.playbook("spas:tour") == tour
    True
    >>> registry.playbook("tour")
    Traceback (most recent call last):
    ...
    cslib.registry.PackLookupError: playbook 'tour': 2 packs have one: 'hotels:tour' (hotels \
2.1.0) and 'spas:tour' (spas 0.9); write the one that is meant
    """

    records: tuple[Record, ...]

    @classmethod
    def of(cls, *packs: Pack) -> Registry:
        """The packs that are given, by name; for tests, and for programs that choose their own.

        Raises:
            PackError: If one is no pack, is for another api, or has the name of another.

        >>> print(*Registry.of(Pack(name="spas", version="0.9", api="1.0")).records)
        spas 0.9: empty
        """
        registry = cls(records=handed_over(packs))
        if registry.errors:
            raise registry.errors[0]
        return registry

    @classmethod
    def discover(
        cls, *, only: Iterable[str] | None = None, exclude: Iterable[str] = ()
    ) -> Registry:
        """The packs of the packages that are installed.

        Each pack that is asked for is imported now, in the order of names; no other is. Its entry
        point leads to a :class:`~cslib.packs.Pack`, or to a function without arguments that gives
        one.

        Args:
            only: The names of the packs that are wanted; None: all. One that is not installed is
                an error record.
            exclude: The names of packs that are not wanted, installed or not; it goes before
                ``only``.

        Returns:
            A registry with one record for each pack, of those that could not be used too; it never
            raises for one. Raise ``registry.errors[0]`` where a program should rather stop.

        Raises:
            DefinitionError: If the names are not given as several texts.
        """
        return cls(records=installed(only=only, exclude=exclude))

    # What is there

    @functools.cached_property
    def packs(self) -> tuple[Pack, ...]:
        """The packs in force, by name."""
        return tuple(record.pack for record in self.records if record.pack is not None)

    @property
    def errors(self) -> tuple[PackError, ...]:
        """Why the others are not in force."""
        return tuple(record.error for record in self.records if record.error is not None)

    @functools.cached_property
    def playbooks(self) -> Mapping[str, Playbook]:
        """Every playbook by its id."""
        return self._shelf("playbook")

    @functools.cached_property
    def scenarios(self) -> Mapping[str, Any]:
        """Every scenario, or library of them, by its id."""
        return self._shelf("scenario")

    @functools.cached_property
    def scorecards(self) -> Mapping[str, Scorecard]:
        """Every scorecard by its id."""
        return self._shelf("scorecard")

    @functools.cached_property
    def lifecycles(self) -> Mapping[str, Lifecycle]:
        """Every lifecycle by its id."""
        return self._shelf("lifecycle")

    @functools.cached_property
    def functions(self) -> Mapping[str, Function]:
        """Every function by its id, such as ``hotels:stars@1``."""
        return self._shelf("function")

    def _shelf(self, wanted: str) -> dict[str, Any]:
        return {
            f"{pack.name}:{label}": definition
            for pack in self.packs
            for kind, label, definition in pack.definitions
            if kind == wanted
        }

    # One of them

    def playbook(self, name: str) -> Playbook:
        """A playbook by its id, or by its name where one pack alone has it.

        Raises:
            PackLookupError: If there is none, or several packs have one.
        """
        return self._one("playbook", self.playbooks, name)

    def scenario(self, name: str) -> Any:
        """A scenario, or library of them, as :meth:`playbook`."""
        return self._one("scenario", self.scenarios, name)

    def scorecard(self, name: str) -> Scorecard:
        """A scorecard, as :meth:`playbook`."""
        return self._one("scorecard", self.scorecards, name)

    def lifecycle(self, name: str) -> Lifecycle:
        """A lifecycle, as :meth:`playbook`."""
        return self._one("lifecycle", self.lifecycles, name)

    def function(self, name: str) -> Function:
        """A function, as :meth:`playbook`; ``name@version`` is its name."""
        return self._one("function", self.functions, name)

    def pack(self, name: str) -> Pack:
        """A pack in force by its name.

        Raises:
            PackLookupError: If it is not in force; with its error, where there is one.
        """
        found = next((pack for pack in self.packs if pack.name == name), None)
        if found is None:
            raise PackLookupError("pack", name, self._why_absent(name))
        return found

    def _one(self, kind: str, shelf: Mapping[str, T], name: str) -> T:
        if name in shelf:
            return shelf[name]
        pack, colon, label = name.partition(":")
        if colon:
            self.pack(pack)  # which says why it is not in force
            own = [id_.partition(":")[2] for id_ in shelf if id_.startswith(f"{pack}:")]
            hint = suggestion(label, own)
            raise PackLookupError(kind, name, f"the pack {pack!r} has none of that name{hint}")
        ids = [id_ for id_ in shelf if id_.partition(":")[2] == name]
        if len(ids) == 1:
            return shelf[ids[0]]
        raise PackLookupError(
            kind, name, self._ambiguous(ids) if ids else self._nowhere(shelf, name)
        )

    def _ambiguous(self, ids: Sequence[str]) -> str:
        versions = {pack.name: pack.version for pack in self.packs}
        told = (f"{id_!r} ({_of_pack(id_)} {versions[_of_pack(id_)]})" for id_ in ids)
        return f"{len(ids)} packs have one: {' and '.join(told)}; write the one that is meant"

    def _nowhere(self, shelf: Iterable[str], name: str) -> str:
        hint = suggestion(name, [id_.partition(":")[2] for id_ in shelf])
        broken = [error.pack for error in self.errors if error.pack]
        left = f"; not in force: {', '.join(broken)}" if broken else ""
        return f"no pack has one of that name{hint}{left}"

    def _why_absent(self, name: str) -> str:
        error = next((error for error in self.errors if error.pack == name), None)
        if error is not None:
            return str(error)
        known = [pack.name for pack in self.packs]
        hint = suggestion(name, known) or f"; there are {', '.join(known) or 'none'}"
        return f"no pack of that name is in force{hint}"

    # All of them

    def library(self, *packs: str, name: str = "packs") -> Library:
        """The playbooks of packs as one library, each under its id.

        What a playbook excludes is a name of its own pack, or an id of another.

        Args:
            packs: The names of the packs; none: all in force.
            name: The name of the library.

        Raises:
            PackLookupError: If one of the packs is not in force.
            DefinitionError: If two of the packs ship different functions of one name and version,
                by which rules and fingerprints could not tell them apart.

        >>> tour = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
        >>> hotels = Pack(name="hotels", version="2.1.0", api="1.0", playbooks=[tour])
        >>> Registry.of(hotels).library().select({"seats_used": 3}).playbook.name
        'hotels:tour'
        """
        chosen = [self.pack(each) for each in sorted({*packs})] or self.packs
        _check_functions(name, chosen)
        names = {each.name for each in chosen}
        playbooks = (
            _under_id(playbook, pack, names) for pack in chosen for playbook in pack.playbooks
        )
        return Library(name=name, playbooks=tuple(playbooks))


def _under_id(playbook: Playbook, pack: Pack, packs: Collection[str]) -> Playbook:
    """A playbook under its id, and so those that it excludes.

    A bare name is one of its own pack; an id of a pack that is not among them excludes nothing.
    """
    ids = [each if ":" in each else f"{pack.name}:{each}" for each in playbook.excludes]
    excludes = [each for each in ids if _of_pack(each) in packs]
    return attrs.evolve(playbook, name=f"{pack.name}:{playbook.name}", excludes=excludes)


def _of_pack(id_: str) -> str:
    return id_.partition(":")[0]


def _check_functions(library: str, packs: Sequence[Pack]) -> None:
    first: dict[str, tuple[Pack, Function]] = {}
    for pack in packs:
        for function in pack.functions:
            other, same = first.setdefault(function.key, (pack, function))
            if same != function or same.call is not function.call:
                both = f"{other.name} {other.version} and {pack.name} {pack.version}"
                problem = f"{both} ship different functions {function.key!r}: leave one pack out"
                raise DefinitionError(f"library {library!r}", (Fault("$.playbooks", problem),))
