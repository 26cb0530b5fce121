"""How packs come in: handed over by the caller, or found among the packages that are installed.

A pack that cannot be used becomes a :class:`Record` with its error, and does not stop the others.
What a pack runs is code of its own, so whatever it raises is caught, an exit included; only a
person's interrupt passes. There is no time limit: how long each took is in its record, for the
caller to judge. Use :class:`cslib.registry.Registry`, which makes the packs in force of this.
"""

from __future__ import annotations

import enum
import functools
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from cslib.errors import CslibError, suggestion
from cslib.faults import several, shown
from cslib.packs import API, Pack

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "PackError", "Phase", "Record", "handed_over", "installed"]

GROUP = "cslib.packs"
"""The entry-point group under which packages ship packs."""


# --------------------------------------------------------------------------------------
# What becomes of a pack


class Phase(enum.StrEnum):
    """What could not be done with a pack; each comes after the one before."""

    FOUND = "found"
    """No installed package ships a pack of that name, or one's entry points cannot be read."""
    LOADED = "loaded"
    """The module could not be imported, or has no such name in it."""
    CALLED = "called"
    """The entry point is a function, and it failed."""
    VALIDATED = "validated"
    """What came is no pack, has another name than its entry point, or is for another api."""
    REGISTERED = "registered"
    """Another pack has the name."""


@attrs.define
class PackError(CslibError, RuntimeError):
    """A pack cannot be used.

    It is kept as a record, and can be raised; what the pack itself raised is its ``__cause__``.

    Attributes:
        pack: The name of the pack, or of the entry point; empty where it could not be read.
        distribution: The installed package that ships it; empty where there is none.
        version: The version of that package.
        phase: What could not be done.
        cause: Why, and the way out.

    >>> print(PackError("spa", "acme-spa", "0.3", Phase.LOADED, "ImportError: no spa"))
    pack 'spa' of acme-spa 0.3 could not be loaded: ImportError: no spa
    """

    pack: str
    distribution: str
    version: str
    phase: Phase
    cause: str

    def __str__(self) -> str:
        what = f"pack {self.pack!r}" if self.pack else "a pack"
        by = f" of {_told(self.distribution, self.version)}" if self.distribution else ""
        return f"{what}{by} could not be {self.phase}: {self.cause}"


@attrs.frozen(kw_only=True)
class Record:
    """What became of one pack: it is in force, or there is an error.

    Attributes:
        name: The name of its entry point, which is that of the pack.
        distribution: The installed package that ships it; empty for a pack that was handed over.
        version: The version of that package.
        pack: The pack, where it is in force.
        error: Why it is not, where it is not.
        notice: What to know of a pack that is in force: that it was written for a newer api.
        seconds: How long it took to load and call, on the wall clock; None where nothing was run.
    """

    name: str
    distribution: str = ""
    version: str = ""
    pack: Pack | None = None
    error: PackError | None = None
    notice: str = ""
    seconds: float | None = attrs.field(default=None, eq=False)

    def __str__(self) -> str:
        if self.error is not None:
            return str(self.error)
        by = f", of {_told(self.distribution, self.version)}" if self.distribution else ""
        took = "" if self.seconds is None else f", {self.seconds * 1000:.0f} ms"
        return f"{self.pack}{by}{took}{f'; {self.notice}' if self.notice else ''}"

    def failed(self, phase: Phase, cause: str, by: BaseException | None = None) -> Record:
        """The same pack, not in force."""
        error = PackError(self.name, self.distribution, self.version, phase, cause)
        error.__cause__ = by
        return attrs.evolve(self, pack=None, error=error)


def _told(name: str, version: str) -> str:
    return f"{name} {version}".strip()


# --------------------------------------------------------------------------------------
# How a pack comes in


def handed_over(packs: Iterable[Pack]) -> tuple[Record, ...]:
    """What becomes of packs that are at hand, by name.

    >>> print(*handed_over([Pack(name="spas", version="0.9", api="2.0")]))
    pack 'spas' could not be validated: it was written for api 2.0, and this cslib has 1.0: \
upgrade cslib
    """
    return _registered(
        _validated(Record(name=pack.name if isinstance(pack, Pack) else ""), pack) for pack in packs
    )


def installed(*, only: Iterable[str] | None, exclude: Iterable[str]) -> tuple[Record, ...]:
    """What becomes of the packs of installed packages, by name.

    Those that are asked for are imported, in the order of their names.

    Args:
        only: The names of the packs that are wanted; None: all.
        exclude: The names of packs that are not wanted; it goes before ``only``.

    Raises:
        DefinitionError: If the names are not given as several texts.

    >>> print(*installed(only=["no-such-pack"], exclude=[]))
    pack 'no-such-pack' could not be found: no installed package ships a pack of that name; \
install the package that ships it
    """
    wanted = None if only is None else several("discovery", "$.only", only, str)
    unwanted = several("discovery", "$.exclude", exclude, str)
    points, broken = _entry_points()
    chosen = [
        point
        for point in sorted(points, key=lambda each: each.name)
        if point.name not in unwanted and (wanted is None or point.name in wanted)
    ]
    names = [point.name for point in points]
    lacking = {*(wanted or ())} - {*names, *unwanted}
    absent = (_absent(name, names) for name in lacking)
    return _registered([*map(_arrived, chosen), *broken, *absent])


def _arrived(point: EntryPoint) -> Record:
    """Loads what an entry point leads to, calls it if it is a function, and looks at what came."""
    record, began = _record_of(point), time.perf_counter()
    given, failure = _tried(record, Phase.LOADED, point.load)
    if failure is None and callable(given):
        given, failure = _tried(record, Phase.CALLED, given)
    if failure is None:
        validate = functools.partial(_validated, record, given)
        given, failure = _tried(record, Phase.VALIDATED, validate)
    return attrs.evolve(failure or given, seconds=time.perf_counter() - began)


def _tried(record: Record, phase: Phase, run: Callable[[], Any]) -> tuple[Any, Record | None]:
    """What it gave, or what went wrong; a pack's code may raise anything, and may try to exit."""
    try:
        return run(), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  see above
        return None, record.failed(phase, _cause(error), error)


_MOST_SHOWN = 1_000  # characters of what a pack's error says

_MEANING: Mapping[type[BaseException], str] = {
    SystemExit: "it tried to end the program; ",
    RecursionError: "it called itself without end; ",
}


def _cause(error: BaseException) -> str:
    """What a foreign error says; to say it may itself fail."""
    try:
        text = str(error)
    except Exception as other:  # noqa: BLE001  an error of the error
        text = f"its message cannot be made ({type(other).__name__})"
    meaning = next((words for kind, words in _MEANING.items() if isinstance(error, kind)), "")
    said = f"{meaning}{type(error).__name__}" + (f": {text}" if text else "")
    return said if len(said) <= _MOST_SHOWN else f"{said[:_MOST_SHOWN]}..."


def _validated(record: Record, given: object) -> Record:
    """In force, if it is a pack, has the name of its entry point, and is for an api we know."""
    if not isinstance(given, Pack):
        expected = "expected a Pack, or a function without arguments that gives one"
        return record.failed(Phase.VALIDATED, f"{expected}, but got {shown(given)}")
    if given.name != record.name:
        remedy = f"name the entry point {given.name!r} too"
        return record.failed(Phase.VALIDATED, f"its pack is named {given.name!r}; {remedy}")
    (major, minor), (our_major, our_minor) = _numbers(given.api), _numbers(API)
    stated = f"it was written for api {given.api}, and this cslib has {API}"
    if major != our_major:
        remedy = "upgrade cslib" if major > our_major else "upgrade the pack"
        return record.failed(Phase.VALIDATED, f"{stated}: {remedy}")
    newer = f"{stated}: upgrade cslib if something is missing" if minor > our_minor else ""
    return attrs.evolve(record, pack=given, notice=newer)


def _numbers(api: str) -> tuple[int, int]:
    major, minor = api.split(".")
    return int(major), int(minor)


def _registered(records: Iterable[Record]) -> tuple[Record, ...]:
    """By name; of packs that have one name none is in force, since nobody chose between them."""
    ordered = sorted(records, key=lambda each: (each.name, each.distribution, each.version))
    by_name: dict[str, list[Record]] = defaultdict(list)
    for record in ordered:
        by_name[record.name].append(record)
    return tuple(
        _clashing(record, by_name[record.name])
        if record.error is None and len(by_name[record.name]) > 1
        else record
        for record in ordered
    )


def _clashing(record: Record, all_of_them: Sequence[Record]) -> Record:
    listed = " and ".join(_source(each) for each in all_of_them)
    remedy = "uninstall all but one" if record.distribution else "give one of them"
    cause = f"{listed} have this name, so none of them is in force: {remedy}"
    return record.failed(Phase.REGISTERED, cause)


def _source(record: Record) -> str:
    if record.distribution:
        return _told(record.distribution, record.version)
    return f"version {record.pack.version}" if record.pack else "another"


def _absent(name: str, known: Sequence[str]) -> Record:
    hint = suggestion(name, known) or "; install the package that ships it"
    cause = f"no installed package ships a pack of that name{hint}"
    return Record(name=name).failed(Phase.FOUND, cause)


# --------------------------------------------------------------------------------------
# What is installed


def _entry_points() -> tuple[Sequence[EntryPoint], Sequence[Record]]:
    """The entry points of the group, and an error for each package whose own cannot be read."""
    from importlib.metadata import entry_points

    try:
        return tuple(entry_points(group=GROUP)), ()
    except Exception:  # noqa: BLE001  one package's unreadable file is everyone's error here
        return _one_by_one()


def _one_by_one() -> tuple[Sequence[EntryPoint], Sequence[Record]]:
    from importlib.metadata import distributions

    points: dict[tuple[str, str], EntryPoint] = {}
    broken: list[Record] = []
    for each in distributions():
        try:
            own = each.entry_points.select(group=GROUP)
        except Exception as error:  # noqa: BLE001  whatever the file made of it
            name, version = _stated(each)
            cause = f"its entry points cannot be read: {_cause(error)}"
            record = Record(name="", distribution=name, version=version)
            broken.append(record.failed(Phase.FOUND, cause, error))
        else:
            for point in own:  # of one package that is there twice, the first on the path counts
                points.setdefault((_stated(each)[0], point.name), point)
    return tuple(points.values()), broken


def _record_of(point: EntryPoint) -> Record:
    name, version = _stated(point.dist)
    return Record(name=point.name, distribution=name, version=version)


def _stated(distribution: Any) -> tuple[str, str]:
    """The name and version of a package; its metadata may be missing, or be anything."""
    try:
        metadata = distribution.metadata
        stated = metadata["Name"], metadata["Version"]
    except Exception:  # noqa: BLE001  they are only told
        stated = None, None
    return stated[0] or "a package without a name", stated[1] or ""
