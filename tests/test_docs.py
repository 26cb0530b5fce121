"""The pages: their links lead somewhere, each is reached from the index, tables say what is so."""

from __future__ import annotations

import fnmatch
import json
import os
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs
import pytest

import cslib
from cslib.decisions import DecisionTable, Row
from cslib.health import (
    Anchor,
    Band,
    Cap,
    Group,
    Hysteresis,
    Indicator,
    Measure,
    Norm,
    Override,
    Scorecard,
    Tier,
)
from cslib.ledger import Contract, Entry
from cslib.lifecycle import Deadline, Lifecycle, Milestone, Pause, Stage, Track, Transition
from cslib.packs import Pack
from cslib.playbooks import Playbook, Status
from cslib.rewards import Bonus, LeadReward
from cslib.scenariocoverage import ScenarioCoverage
from cslib.scenarios import NeedSurvey, Scenario, ScenarioLibrary
from cslib.schemas import FactSpec

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
LINKED = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *PAGES]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """The page without its code."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


# --- Links


def anchors(path: Path) -> set[str]:
    """A page's anchors: those written out, and its headings' as a repository page makes them."""
    text = path.read_text("utf-8")
    heads = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    written = set(re.findall(r"^\((.+)\)=$", text, flags=re.MULTILINE))
    return written | {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def links(path: Path) -> Iterator[tuple[str, Path, str]]:
    """Each relative link of the page: as written, the file it names, the anchor there."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield target, (path.parent / file if file else path), anchor


@pytest.mark.parametrize("path", LINKED, ids=named)
def test_every_relative_link_of_a_page_leads_to_a_file_and_to_a_heading_in_it(path: Path) -> None:
    broken = [
        target
        for target, file, anchor in links(path)
        if not file.exists() or (anchor and anchor not in anchors(file))
    ]

    assert broken == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_doc_role_of_a_page_names_a_page(path: Path) -> None:
    roles = re.findall(r"\{doc\}`(?:[^`<]*<)?([^`>]+)>?`", path.read_text("utf-8"))

    assert [role for role in roles if not (path.parent / f"{role}.md").exists()] == []


# --- The tree of pages


def children(path: Path) -> Iterator[Path]:
    """The pages that the toctrees of a page name, patterns included."""
    flags = re.DOTALL | re.MULTILINE
    trees = re.findall(r"^```\{toctree\}\n(.*?)^```$", path.read_text("utf-8"), flags)
    for line in "\n".join(trees).splitlines():
        entry = line.strip()
        if entry and not entry.startswith(":"):
            pattern = f"{path.parent.relative_to(DOCS).as_posix()}/{entry}.md".removeprefix("./")
            yield from (
                page
                for page in PAGES
                if page.parent == (path.parent / entry).parent
                and fnmatch.fnmatch(page.relative_to(DOCS).as_posix(), pattern)
            )


def test_every_page_is_reached_from_the_index() -> None:
    reached: set[Path] = set()
    ahead = {DOCS / "index.md"}
    while ahead:
        reached |= ahead
        ahead = {child for page in ahead for child in children(page)} - reached

    assert [named(page) for page in PAGES if page not in reached] == []


# --- Tables


def rows(page: str, first: str) -> list[list[str]]:
    """The rows of the table of a page whose first column has this head."""
    text = (DOCS / page).read_text("utf-8").split(f"| {first} | ", 1)[1]
    return [line.strip("| ").split(" | ") for line in text.split("\n\n", 1)[0].splitlines()[2:]]


def default(field: attrs.Attribute[object]) -> str:
    if field.default is attrs.NOTHING:
        return "required"
    value: Any = field.default
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]  # a function, to type checkers
        name = str(value.factory.__name__)
        return name.strip("_").replace("_", " ") if name.startswith("_") else f"`{name}()`"
    shown = f'"{value}"' if isinstance(value, str | StrEnum) else str(value)
    return f"`{shown}`"


DOCUMENTED = [
    ("lifecycle", Stage),
    ("lifecycle", Track),
    ("lifecycle", Transition),
    ("lifecycle", Deadline),
    ("lifecycle", Milestone),
    ("lifecycle", Pause),
    ("lifecycle", Lifecycle),
    ("health", Scorecard),
    ("health", Measure),
    ("health", Band),
    ("health", Anchor),
    ("health", Norm),
    ("health", Group),
    ("health", Tier),
    ("health", Hysteresis),
    ("health", Cap),
    ("health", Indicator),
    ("health", Override),
    ("ledger", Contract),
    ("ledger", Entry),
    ("decisions", Row),
    ("decisions", DecisionTable),
    ("rewards", Bonus),
    ("rewards", LeadReward),
    ("playbooks", Playbook),
    ("practices", Scenario),
    ("needsurveys", NeedSurvey),
    ("scenarios", ScenarioLibrary),
    ("scenariocoverage", ScenarioCoverage),
    ("packs", Pack),
    ("schemas", FactSpec),
]


@pytest.mark.parametrize(
    ("page", "cls"), DOCUMENTED, ids=lambda each: getattr(each, "__name__", each)
)
def test_the_table_of_a_definition_lists_its_fields_and_defaults(
    page: str, cls: type[attrs.AttrsInstance]
) -> None:
    listed = [(name, value) for name, _, value, _ in rows(f"reference/{page}.md", cls.__name__)]

    assert listed == [(f"`{each.name}`", default(each)) for each in attrs.fields(cls) if each.init]


def test_the_guide_says_what_to_do_about_every_status_of_a_playbook() -> None:
    listed = [status for status, *_ in rows("how-to/why-was-this-account-not-chosen.md", "Status")]

    assert sorted(listed) == sorted(f"`{each}`" for each in Status)


def test_contributing_places_every_module_and_none_that_is_not_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("| Floor |")[1].split("\n\n")[0]
    source = Path(os.fspath(cslib.__file__)).parent
    packages = {path.parent.name for path in source.glob("*/__init__.py")}
    modules = {path.stem for path in source.glob("*.py")} | packages

    listed = re.findall(r"`(\w+)`", text)

    assert sorted(listed) == sorted(modules - {"__init__"})


# --- The doctrine

LIFECYCLE_ROWS = [f"l{number}" for number in range(1, 16)]


def test_the_page_of_the_doctrine_has_a_story_that_runs_for_each_row_of_the_lifecycle() -> None:
    text = (DOCS / "gallery/doctrine-lifecycle.md").read_text("utf-8")

    _, *parts = re.split(r"^\((.+)\)=$", text, flags=re.MULTILINE)

    assert parts[::2] == LIFECYCLE_ROWS
    for row, story in zip(parts[::2], parts[1::2], strict=True):
        assert story.startswith(f"\n## {row.upper()} ("), row
        assert ">>> " in story, row


def test_the_stock_lifecycles_link_each_row_to_its_story() -> None:
    linked = re.findall(
        r"^\| \[(L\d+)\]\(\.\./gallery/doctrine-lifecycle\.md#(l\d+)\) \|",
        (DOCS / "reference/stocklifecycles.md").read_text("utf-8"),
        flags=re.MULTILINE,
    )

    assert linked == [(row.upper(), row) for row in LIFECYCLE_ROWS]


# --- What the command prints


def test_the_readme_shows_lines_that_the_review_of_the_sample_book_prints(
    review_of_the_sample: Callable[..., Any],
) -> None:
    shown = (ROOT / "README.md").read_text("utf-8").split("```text\n")[1].split("```")[0]

    printed = review_of_the_sample().out.splitlines()

    places = [printed.index(line) for line in shown.splitlines() if line]
    assert len(places) >= 10
    assert places == sorted(places)


def test_the_page_of_the_report_lists_every_key_of_the_json_in_order(
    review_of_the_sample: Callable[..., Any],
) -> None:
    listed = rows("reference/report.md", "Key")

    data = json.loads(review_of_the_sample("--json").out)

    assert re.findall(r"`(\w+)`", " ".join(first for first, _ in listed)) == list(data)
    for name in ("accounts", "renewals", "actions"):
        meaning = dict(listed)[f"`{name}`"]
        assert {key for each in data[name] for key in each} <= set(re.findall(r"`(\w+)`", meaning))


# --- Semantics


def test_the_contents_of_semantics_name_every_section() -> None:
    text = (DOCS / "semantics.md").read_text("utf-8")

    sections = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)

    assert re.findall(r"^\[(.*)\]\(#", text, flags=re.MULTILINE) == sections
