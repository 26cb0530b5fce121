"""The stock lifecycles: sound, each opinion with a source, and the page as they are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cslib import stock, stocklifecycles
from cslib.documents import fingerprint, from_json, to_json
from cslib.lifecycle import Deadline, Lifecycle, Milestone, Stage, Transition
from cslib.stocklifecycles import (
    CHURN_REASONS,
    DELIVERY,
    KINDS,
    MAINTENANCE,
    SUBSCRIPTION,
    SUCCESS_CHAIN,
    VARIANTS,
)
from doctrine import DOCTRINE

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
LIFECYCLES = (SUBSCRIPTION, DELIVERY, MAINTENANCE)
ADJUSTED = tuple(variant.of(DELIVERY) for variant in VARIANTS.values())


@pytest.mark.parametrize(
    "definition",
    [*LIFECYCLES, *ADJUSTED, *VARIANTS.values(), KINDS, SUCCESS_CHAIN],
    ids=lambda each: f"{type(each).__name__}-{each.name}",
)
def test_it_goes_to_json_and_back_unchanged(definition: Any) -> None:
    read = from_json(to_json(definition, indent=2), type(definition))

    assert read == definition
    assert fingerprint(read) == fingerprint(definition)


def test_stock_has_each_of_them_under_the_same_name() -> None:
    for name in stocklifecycles.__all__:
        assert getattr(stock, name) is getattr(stocklifecycles, name)


def test_each_kind_of_customer_has_its_variant() -> None:
    assert [row.then for row in KINDS.rows] == list(VARIANTS)


@pytest.mark.parametrize("lifecycle", [*LIFECYCLES, *ADJUSTED], ids=lambda each: each.name)
def test_every_event_does_something_somewhere(lifecycle: Lifecycle) -> None:
    pause = lifecycle.pause
    used = {move.event for move in lifecycle.transitions}
    used |= {event for stage in lifecycle.stages for t in stage.tracks for event in t.done_by}
    used |= {mark for each in (*lifecycle.deadlines, *lifecycle.milestones) for mark in each.by}
    used |= {*pause.starts, *pause.ends} if pause is not None else set()

    assert set(lifecycle.events) <= used


@pytest.mark.parametrize("lifecycle", [*LIFECYCLES, *ADJUSTED], ids=lambda each: each.name)
def test_clocks_start_by_stages_whatever_leads_there(lifecycle: Lifecycle) -> None:
    started = {mark for each in lifecycle.deadlines for mark in (*each.since, *each.waived_by)}

    assert not started & set(lifecycle.events)


def test_the_subscription_reads_nothing_of_the_journey_so_that_columns_run_fast() -> None:
    guards = [move.guard for move in SUBSCRIPTION.transitions if move.guard is not None]

    assert not {name for guard in guards for name in guard.facts} & SUBSCRIPTION.chart.facts


def test_a_reason_of_churn_says_why_they_left_and_not_that_they_closed_or_were_stopped() -> None:
    assert len(set(CHURN_REASONS)) == len(CHURN_REASONS)
    assert not {"closed", "business closed", "rescinded"} & set(CHURN_REASONS)


# --- Sources


def stages() -> Iterator[Stage]:
    yield from itertools.chain.from_iterable(
        each.stages for each in (*LIFECYCLES, *VARIANTS.values())
    )


def cited() -> Iterator[tuple[str, str]]:
    """Every text that should name a source, and what it is about."""
    for stage in stages():
        yield stage.name, stage.norm
        yield from ((track.name, track.norm) for track in stage.tracks)
    for link in SUCCESS_CHAIN.links:
        yield link.name, link.meaning


def test_every_stage_track_and_link_has_an_owner_that_is_a_role() -> None:
    owned = [*stages(), *(track for stage in stages() for track in stage.tracks)]

    assert all(each.owner for each in (*owned, *SUCCESS_CHAIN.links))


@pytest.mark.parametrize(("name", "text"), sorted(set(cited())))
def test_every_stage_track_and_link_names_a_row_that_there_is_and_its_author(
    name: str, text: str
) -> None:
    places = list(re.finditer(r"\b([LHRP]\d+)\b", text))

    assert places, name
    for place in places:
        authors = set(re.findall(r"\b[SWKJN]\b", re.split("[;.]", text[place.end() :])[0]))
        assert set(DOCTRINE[place[1]]) & authors, f"{name}: {place[1]}"


def test_every_deadline_has_its_source_in_the_line_before_it() -> None:
    lines = Path(stocklifecycles.__file__).read_text("utf-8").splitlines()
    before = [lines[place - 1] for place, line in enumerate(lines) if "  Deadline(" in line]

    assert len(before) == sum(len(each.deadlines) for each in (*LIFECYCLES, *VARIANTS.values()))
    assert [line for line in before if not line.strip().startswith("#")] == []


# --- The page of the reference


def tables(page: str, section: str, first: str) -> list[list[str]]:
    """The rows of the table of a section whose first column has this head."""
    text = (REFERENCE / page).read_text("utf-8").split(f"\n## {section}\n", 1)[1]
    lines = text.split(f"| {first} | ", 1)[1].split("\n\n", 1)[0].splitlines()
    return [line.replace("`", "").strip("| ").split(" | ") for line in lines[2:]]


def listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def stage_row(each: Stage) -> list[str]:
    return [each.name, each.owner, "yes" if each.final else "no", each.norm]


def move_row(each: Transition) -> list[str]:
    guard = "none" if each.guard is None else str(each.guard)
    effects = listed(each.effects) or "none"
    return [str(each.event), listed(each.sources), each.target or "stays", guard, effects]


def deadline_row(each: Deadline) -> list[str]:
    on_hold = "stands still" if each.pauses else "runs on"
    limit = str(each.within or each.due)
    return [
        *(each.name, listed(each.since), listed(each.by)),
        *(limit, each.breach or "shows", on_hold),
    ]


def milestone_row(each: Milestone) -> list[str]:
    return [each.name, listed(each.by)]


PAGE = "stocklifecycles.md"
SECTIONS = [("DELIVERY", DELIVERY), ("MAINTENANCE", MAINTENANCE)]


@pytest.mark.parametrize(("section", "lifecycle"), SECTIONS)
def test_the_page_lists_a_lifecycle_as_it_is(section: str, lifecycle: Lifecycle) -> None:
    assert tables(PAGE, section, "Stage") == [stage_row(each) for each in lifecycle.stages]
    assert tables(PAGE, section, "Event") == [move_row(each) for each in lifecycle.transitions]
    assert tables(PAGE, section, "Deadline") == [deadline_row(e) for e in lifecycle.deadlines]
    assert tables(PAGE, section, "Milestone") == [milestone_row(e) for e in lifecycle.milestones]
    assert tables(PAGE, section, "Payload of") == [
        [event, fact.name, str(fact.kind), fact.meaning]
        for event, schema in lifecycle.payloads.items()
        for fact in schema.facts
    ]


def test_the_page_lists_the_tracks_of_the_delivery_as_they_are() -> None:
    assert tables(PAGE, "DELIVERY", "Track") == [
        [track.name, stage.name, listed(track.done_by), track.owner, track.norm]
        for stage in DELIVERY.stages
        for track in stage.tracks
    ]


def test_the_page_lists_the_links_of_the_chain_as_they_are() -> None:
    assert tables(PAGE, "SUCCESS_CHAIN", "Link") == [
        [each.name, each.owner, str(each.held), each.meaning] for each in SUCCESS_CHAIN.links
    ]


def test_the_page_of_stock_lists_the_deadlines_of_the_subscription_as_they_are() -> None:
    section = "SUBSCRIPTION: the deadlines"

    assert tables("stock.md", section, "Deadline") == [
        deadline_row(each) for each in SUBSCRIPTION.deadlines
    ]
    assert tables("stock.md", section, "Milestone") == [
        milestone_row(each) for each in SUBSCRIPTION.milestones
    ]


def test_the_page_places_every_row_of_the_doctrine_with_its_author() -> None:
    rows = tables(PAGE, "Where each row of the doctrine is", "Row")

    assert [(re.sub(r"\[(\w+)\]\(.*\)", r"\1", row), author) for row, author, _, _ in rows] == [
        (row, author) for row, author in DOCTRINE.items() if row.startswith("L")
    ]


def test_what_the_page_places_is_there() -> None:
    text = (REFERENCE / PAGE).read_text("utf-8").split("\n## Where each row")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", text))

    there = set(stocklifecycles.__all__)
    for lifecycle in LIFECYCLES:
        there |= {*lifecycle.events, *(each.name for each in lifecycle.stages)}
        there |= {each.name for each in (*lifecycle.deadlines, *lifecycle.milestones)}
        there |= {track.name for stage in lifecycle.stages for track in stage.tracks}
        there |= {name for move in lifecycle.transitions for name in move.effects}
    assert named <= there
