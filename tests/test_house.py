"""What holds for the house as a whole: its floors, its words, its errors, its purity.

All but the errors is read from the source with :mod:`ast`, so that an import inside a function
counts like any other.
"""

from __future__ import annotations

import ast
import enum
import functools
import graphlib
import importlib
import inspect
import pickle
import re
import subprocess
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest

import cslib
from cslib.errors import CslibError
from cslib.logs import Payload
from cslib.rules import Rule, rule

SOURCE = Path(cslib.__file__).parent
REFERENCE = Path(__file__).parents[1] / "docs" / "reference"

PARTS_OF_CODECS = ("faults", "scalars")
PARTS_OF_RULES = (
    "blocks",
    "columns",
    "compiling",
    "disjoint",
    "explanations",
    "expressions",
    "facts",
    "functions",
    "inference",
    "jsontrees",
    "lowering",
    "parsing",
    "schemas",
    "tables",
)
PARTS_OF_LIFECYCLE = (
    "activations",
    "attribution",
    "charts",
    "clocks",
    "conformance",
    "diagrams",
    "drawings",
    "duecolumns",
    "dwell",
    "funnels",
    "graphs",
    "guardcolumns",
    "journeycolumns",
    "journeys",
    "letters",
    "logcolumns",
    "logs",
    "migrations",
    "scans",
    "soundness",
    "stages",
    "stays",
    "stepping",
    "timelines",
    "variants",
    "visitcolumns",
    "visits",
    "walks",
    "wording",
)
PARTS_OF_HEALTH = (
    "activity",
    "adoption",
    "assessmentcolumns",
    "assessments",
    "bands",
    "baselines",
    "breadth",
    "comparisons",
    "contributions",
    "evidence",
    "groupcolumns",
    "judging",
    "maturity",
    "measurecolumns",
    "measures",
    "norms",
    "nps",
    "npscolumns",
    "recourse",
    "rollups",
    "scalecolumns",
    "scorecolumns",
    "scoring",
    "tiers",
    "treecolumns",
    "usage",
    "userretention",
)
PARTS_OF_PLAYBOOKS = (
    "choices",
    "feedback",
    "gatecolumns",
    "histories",
    "issues",
    "layermix",
    "needsurveys",
    "phrases",
    "plays",
    "practices",
    "previews",
    "queues",
    "rhythms",
    "rosters",
    "routing",
    "runs",
    "scenariocolumns",
    "scenariocoverage",
    "scenarios",
    "scenariosearch",
    "selection",
    "selectioncolumns",
    "slots",
    "standings",
    "steps",
    "verdicts",
)
PARTS_OF_RENEWAL = (
    "audit",
    "bridges",
    "conventions",
    "cuberows",
    "cubes",
    "currencies",
    "dispositions",
    "figures",
    "ledger",
    "lineage",
    "movements",
    "recurring",
    "restatements",
    "retention",
    "rewards",
    "termcolumns",
    "termlines",
    "termlinks",
    "termtables",
    "waterfalls",
)
PARTS_OF_STOCK = (
    *("stocklifecycles", "stockplaybooks", "stockscenarios", "stockscorecards", "stockservice"),
)
PARTS_OF_TESTING = ("testing.conformance", "testing.reading", "testing.strategies")
HOUSE: tuple[dict[str, tuple[str, ...]], ...] = (
    {
        "ground floor": (
            *(
                "arguments",
                "calendars",
                "changes",
                "codecs",
                "coverage",
                "daycount",
                "days",
                "decisions",
            ),
            *("documents", "errors", "logorder", "moments", "money", "periods", "rates", "rules"),
            *("series", "spans", "survival", "termids", "workinghours"),
            *PARTS_OF_CODECS,
            *PARTS_OF_RULES,
        ),
    },
    {
        "lifecycle": ("lifecycle", *PARTS_OF_LIFECYCLE),
        "health": ("health", *PARTS_OF_HEALTH),
        "renewal": ("renewal", *PARTS_OF_RENEWAL),
        "playbooks": ("playbooks", *PARTS_OF_PLAYBOOKS),
    },
    {"stock": ("stock", *PARTS_OF_STOCK)},
    {"review": ("review",), "packs": ("packs",)},
    {"package": ("__init__",)},
    {
        "doors": (
            *("__main__", "books", "cells", "discovery", "doubts", "layouts", "registry"),
            *("report", "sheets", *PARTS_OF_TESTING, "testing"),
        ),
    },
)
"""From the ground up, the rooms of each floor: a room is a module and the parts beside it."""

PLACES = {
    module: (floor, room)
    for floor, rooms in enumerate(HOUSE)
    for room, modules in rooms.items()
    for module in modules
}
DOORS = HOUSE[-1]["doors"]

MODULES = sorted(
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCE.rglob("*.py")
)
INDOORS = [module for module in MODULES if module not in DOORS]


@functools.cache
def source_of(module: str) -> ast.Module:
    path = SOURCE.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text("utf-8"))


def imported(module: str) -> Iterator[str]:
    """The full name of everything that a module imports, anywhere in it."""
    package = ["cslib", *module.split(".")][:-1]
    for node in ast.walk(source_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def neighbours(module: str) -> set[str]:
    """The modules of the house that a module imports; ``__init__`` is the package itself."""
    return {home_of(name) for name in imported(module) if name.split(".")[0] == "cslib"}


def home_of(name: str) -> str:
    """The module that an imported name lies in: ``cslib.rates.Rate`` lies in ``rates``."""
    parts = name.split(".")[1:]
    while parts and ".".join(parts) not in MODULES:
        parts.pop()
    return ".".join(parts) or "__init__"


@functools.cache
def public_names(module: str) -> list[str]:
    for node in source_of(module).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


# Floors


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_its_place_in_the_house(module: str) -> None:
    assert module in PLACES, f"place it: give cslib.{module} a floor and a room in HOUSE"


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_down_and_never_from_room_to_room(module: str) -> None:
    floor, room = place(module)

    for other in neighbours(module):
        their_floor, their_room = place(other)
        assert their_room == room or their_floor < floor, (
            f"cslib.{module} ({room}) must not import cslib.{other} ({their_room})"
        )


def place(module: str) -> tuple[int, str]:
    return PLACES.get(module, (len(HOUSE), "nowhere"))


def test_no_module_imports_itself_by_way_of_others() -> None:
    order = graphlib.TopologicalSorter({module: neighbours(module) for module in MODULES})

    assert set(order.static_order()) == set(MODULES)


@pytest.mark.parametrize("module", ["numpy", "importlib.metadata", "hypothesis"])
def test_importing_the_package_does_not_import(module: str) -> None:
    code = f"import sys, cslib; print({module!r} in sys.modules)"

    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert run.stdout.split() == ["False"]


def test_no_public_name_of_the_package_is_that_of_a_module() -> None:
    """Importing ``cslib.review`` sets an attribute of that name, in the place of any other."""
    assert not set(cslib.__all__) & set(MODULES)


# Words


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__main__"])
def test_every_module_lists_its_public_names_in_order(module: str) -> None:
    names = public_names(module)

    assert names, f"cslib.{module} has no __all__"
    assert names == sorted(set(names), key=constants_then_classes_then_the_rest)


def constants_then_classes_then_the_rest(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), not name[0].isupper(), name


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(source_of(module))


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_a_docstring(module: str) -> None:
    assert not [name for name in public_names(module) if not docstring(module, name)]


def docstring(module: str, name: str) -> str | None:
    """What the source says of a name, there or where it was imported from."""
    body = source_of(module).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            text = ast.get_docstring(node)
            if text:  # the overloads that stand before a function have none
                return text
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in targets(node):
            return string_of(after)
    for full in imported(module):
        if full.startswith("cslib.") and full.endswith(f".{name}"):
            return docstring(home_of(full), name)
    lazy = [m for m in MODULES if module == "__init__" != m and name in public_names(m)]
    return docstring(lazy[0], name) if lazy else None


def targets(node: ast.Assign | ast.AnnAssign) -> set[str]:
    return {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def string_of(node: ast.stmt | None) -> str | None:
    """The string that a statement is, as the one under an assignment that documents it."""
    value = node.value if isinstance(node, ast.Expr) else None
    text = value.value if isinstance(value, ast.Constant) else None
    return text if isinstance(text, str) else None


PAGES = {path.stem: path.read_text("utf-8") for path in REFERENCE.glob("*.md")}
WITHOUT_A_PAGE = {"__init__", *DOORS, *PARTS_OF_CODECS, *PARTS_OF_RULES} - {"schemas"}


@pytest.mark.parametrize("module", [m for m in MODULES if m not in WITHOUT_A_PAGE])
def test_every_module_has_a_page_of_its_name(module: str) -> None:
    has_it = f"automodule:: cslib.{module}\n" in PAGES.get(module, "")

    assert has_it, f"docs/reference/{module}.md must have an automodule of cslib.{module}"


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_appears_in_the_reference(module: str) -> None:
    assert not [name for name in public_names(module) if not appears(name)]


def appears(name: str) -> bool:
    """Whether a page shows the name, as code or by the automodule of a module that has it."""
    in_code = re.compile(rf"`[^`\n]*\b{name}\b[^`\n]*`|:: \S*\b{name}$", re.MULTILINE)
    return name in shown_by_modules() or any(map(in_code.search, PAGES.values()))


@functools.cache
def shown_by_modules() -> set[str]:
    """The public names of every module that some page has an automodule of."""
    shown = re.findall(r"automodule:: cslib\.(\S+)", "\n".join(PAGES.values()))
    return {name for module in shown if module in MODULES for name in public_names(module)}


# Errors


def errors() -> list[type[CslibError]]:
    """Every error of the house, found by importing every module but the command."""
    for module in set(MODULES) - {"__init__", "__main__"}:
        importlib.import_module(f"cslib.{module}")
    found, waiting = [], [CslibError]
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        found += [error] if is_of_the_house(error) else []
    return sorted(set(found), key=lambda error: (error.__module__, error.__name__))


def is_of_the_house(error: type[CslibError]) -> bool:
    """Whether a module of cslib holds this class (attrs leaves the one it replaced in memory)."""
    return (
        error.__module__.split(".")[0] == "cslib"
        and getattr(sys.modules[error.__module__], error.__name__, None) is error
    )


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_every_error_comes_through_pickle_unchanged(error: type[CslibError]) -> None:
    raised = example(error) if attrs.has(error) else error("what went wrong")

    returned = pickle.loads(pickle.dumps(raised))  # noqa: S301

    assert type(returned) is error
    assert vars_of(returned) == vars_of(raised)
    assert str(returned) == str(raised) != ""


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_every_error_is_also_the_builtin_that_fits(error: type[CslibError]) -> None:
    builtin = [base for base in error.__mro__ if base.__module__ == "builtins"]

    assert error is CslibError or builtin[0] is not Exception


def vars_of(error: CslibError) -> list[Any]:
    kind: type = type(error)
    names = [field.name for field in attrs.fields(kind)] if attrs.has(kind) else ["args"]
    return [getattr(error, name) for name in names]


SIMPLE: dict[Any, Any] = {
    str: "word",
    int: 1,
    float: 1.5,
    bool: True,
    bytes: b"word",
    Decimal: Decimal("1.25"),
    Fraction: Fraction(1, 3),
    date: date(2026, 2, 28),
    datetime: datetime(2026, 2, 28, 12, tzinfo=UTC),
    timedelta: timedelta(days=1),
    Path: Path("book.csv"),
    type: int,
    types.NoneType: None,
    Payload: Payload({"seats": 5}),
    Rule: rule("seats > 5"),
    object: "anything",
    Any: "anything",
}
CONTAINERS: dict[Any, Callable[..., Any]] = {
    tuple: lambda first, *rest: (first, *(r for r in rest if r is not Ellipsis)),
    list: lambda item: [item],
    Sequence: lambda item: (item,),
    set: lambda item: {item},
    frozenset: lambda item: frozenset({item}),
    AbstractSet: lambda item: frozenset({item}),
    dict: lambda key, value: {key: value},
    Mapping: lambda key, value: {key: value},
    type: lambda kind: type(kind),
}


def example(kind: Any) -> Any:
    """A simple value of a type; of an attrs class, one made from examples of its fields."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union, typing.Annotated):
        return example(arguments[0])
    if origin is typing.Literal:
        return arguments[0]
    if origin in CONTAINERS:
        return CONTAINERS[origin](*(a if a is ... else example(a) for a in arguments))
    if kind in SIMPLE:
        return SIMPLE[kind]
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    if attrs.has(kind):
        fields = attrs.fields(attrs.resolve_types(kind))
        positional = [example(field.type) for field in fields if field.init and not field.kw_only]
        named = {f.alias: example(f.type) for f in fields if f.init and f.kw_only}
        return kind(*positional, **named)
    pytest.fail(f"give SIMPLE an example of {kind}")


# Purity

OUTSIDE = {
    *("http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil"),
    *("socket", "subprocess", "tempfile", "time", "urllib", "uuid", "importlib.resources"),
}
IMPURE_CALLS = {"breakpoint", "input", "open", "print"}
IMPURE_METHODS = {
    *("now", "today", "utcnow", "open", "read_text", "write_text", "read_bytes", "write_bytes"),
    *("fromfile", "genfromtxt", "loadtxt", "savetxt", "tofile", "default_rng"),
}
CODE_RUNNERS = {"__import__", "compile", "eval", "exec"}


def called(module: str) -> Iterator[tuple[str, int, bool]]:
    """What a module calls: the last part of its name, the line, whether it is a bare name."""
    for node in ast.walk(source_of(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node.lineno, True
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node.lineno, False


@pytest.mark.parametrize("module", INDOORS)
def test_nothing_indoors_imports_a_way_to_the_outside(module: str) -> None:
    ways = {f"{name}." for name in imported(module)}

    assert not [way for way in ways for out in OUTSIDE if way.startswith(f"{out}.")]


@pytest.mark.parametrize("module", INDOORS)
def test_nothing_indoors_prints_opens_a_file_or_reads_the_clock(module: str) -> None:
    assert not [
        f"{module}.py:{line}: {name}()"
        for name, line, bare in called(module)
        if name in (IMPURE_CALLS if bare else IMPURE_METHODS)
    ]


@pytest.mark.parametrize("module", [m for m in INDOORS if m != "compiling"])
def test_only_the_compiler_of_rules_runs_code_that_it_made(module: str) -> None:
    assert not [
        f"{module}.py:{line}: {name}()"
        for name, line, bare in called(module)
        if bare and name in CODE_RUNNERS
    ]
