"""The stock scorecards: sound, each opinion with a source, and the page as they are."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import stock, stockscorecards
from cslib.activity import usage_facts
from cslib.adoption import STEP_STATUSES, FirstSteps
from cslib.bands import Band, Scale, gaps, overlaps
from cslib.breadth import Breadth
from cslib.coverage import check_table
from cslib.decisions import Row
from cslib.documents import fingerprint, from_json, to_json
from cslib.expressions import Kind
from cslib.health import Measure, Scorecard
from cslib.lifecycle import DeadlineStatus
from cslib.maturity import Ladder, Rung
from cslib.periods import Period
from cslib.rules import Rule, rule
from cslib.schemas import FactSpec
from cslib.stock import (
    ACTIVATION,
    BEFORE_RENEWAL,
    INDICATORS,
    PHASES,
    SCORECARD,
    SCORECARD_FACTS,
    SCORECARDS,
)
from cslib.stocklifecycles import DELIVERY, MAINTENANCE, SUBSCRIPTION, VARIANTS
from cslib.usage import UsageTable
from doctrine import DOCTRINE

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
TODAY = dt.date(2026, 6, 30)
CARDS = tuple(SCORECARDS.values())
FACTS = {spec.name: spec for spec in SCORECARD_FACTS.facts}
SCALES = [
    pytest.param(scale, id=f"{card.name}-{measure.name}-{place}")
    for card in CARDS
    for measure in card.leaves
    for place, scale in enumerate(measure.scales)
]
by_name = pytest.mark.parametrize("card", CARDS, ids=lambda each: each.name)


@pytest.mark.parametrize("definition", [*CARDS, PHASES], ids=lambda each: each.name)
def test_it_goes_to_json_and_back_unchanged(definition: Any) -> None:
    read = from_json(to_json(definition, indent=2), type(definition))

    assert read == definition
    assert fingerprint(read) == fingerprint(definition) == definition.fingerprint


def test_stock_has_each_of_them_under_the_same_name() -> None:
    for name in stockscorecards.__all__:
        assert getattr(stock, name) is getattr(stockscorecards, name)


def test_the_scorecards_are_held_by_their_names() -> None:
    assert SCORECARDS == {
        "activation": ACTIVATION,
        "in use": SCORECARD,
        "before renewal": BEFORE_RENEWAL,
    }


# --- The measures


@pytest.mark.parametrize("scale", SCALES)
def test_no_value_lies_in_two_bands(scale: Scale) -> None:
    assert overlaps(scale) == ()


@pytest.mark.parametrize("scale", SCALES)
def test_every_number_and_every_flag_lies_in_a_band_and_of_the_texts_those_that_are_named(
    scale: Scale,
) -> None:
    assert gaps(scale) == (("any other text",) if scale.kind is Kind.TEXT else ())


@pytest.mark.parametrize("scale", SCALES)
def test_the_bands_of_a_measure_rise_from_none_to_all_points(scale: Scale) -> None:
    points = [band.points for band in scale.bands]

    assert points == sorted(points)
    assert (scale.worst, scale.best) == (points[0], points[-1]) == (0, 100)


@by_name
def test_the_weights_of_what_stands_side_by_side_add_up_to_a_hundred(card: Scorecard) -> None:
    for each in (card, *card.groups):
        assert sum(part.weight for part in (*each.measures, *each.groups)) == 100


@by_name
def test_what_no_band_takes_is_a_word_that_is_not_decided(card: Scorecard) -> None:
    """A deadline not started or waived says nothing of how well an account is."""
    words = {spec.name: set(spec.values) for spec in SCORECARD_FACTS.facts if spec.values}
    for measure in card.leaves:
        (fact,) = measure.value.facts if measure.kind is Kind.TEXT else ("",)
        if fact:
            taken = {band.equals for band in measure.bands}
            assert taken <= words[fact]
            assert words[fact] - taken <= {"not_started", "unknown", "waived"}


def test_a_measure_of_one_name_is_the_same_in_each_scorecard_but_for_weight_and_age() -> None:
    middle = {each.name: each for each in SCORECARD.leaves}
    end = {each.name: each for each in BEFORE_RENEWAL.leaves}

    shared = [name for name in middle if name in end]

    assert shared == ["seat use", "activity", "breadth", "satisfaction", "outcome"]
    for name in shared:
        one, other = middle[name], end[name]
        assert (one.value, one.missing) == (other.value, other.missing)
        assert [attrs.evolve(band, label="") for band in one.bands] == [
            attrs.evolve(band, label="") for band in other.bands
        ]


RANGES: Mapping[str, st.SearchStrategy[Any]] = {
    "peer_rank": st.floats(0, 1),
    "uses_change": st.floats(-1, 1),
    "maturity": st.integers(0, 3),
}


def values(spec: FactSpec) -> st.SearchStrategy[Any]:
    if spec.name in RANGES:
        return RANGES[spec.name]
    return {
        Kind.NUMBER: st.integers(1, 10),
        Kind.BOOLEAN: st.booleans(),
        Kind.TEXT: st.sampled_from(spec.values or ("in_use",)),
        Kind.DATE: st.integers(0, 200).map(lambda days: TODAY - dt.timedelta(days=days)),
    }[spec.kind]


def accounts() -> st.SearchStrategy[dict[str, Any]]:
    """Accounts of which all is known, in the words of the schema."""
    return st.fixed_dictionaries({spec.name: values(spec) for spec in SCORECARD_FACTS.facts})


@by_name
@given(data=st.data())
def test_better_never_lowers_the_score(card: Scorecard, data: st.DataObject) -> None:
    account = data.draw(accounts())
    name = data.draw(st.sampled_from(["maturity", "nps", "roles_active", "seats_used", "wau"]))
    better = {**account, name: account[name] + data.draw(st.integers(0, 10))}

    before, after = (card.assess(facts, as_of=TODAY).score for facts in (account, better))

    assert before is None or (after is not None and after >= before)


# --- The facts


def all_rules() -> Iterator[Rule]:
    for card in CARDS:
        yield from (each for _, each in card.rules)
    yield from (row.when for row in PHASES.rows)


def test_every_fact_that_is_read_is_explained_and_of_its_kind() -> None:
    for each in all_rules():
        assert rule(str(each), schema=SCORECARD_FACTS).node == each.node


def test_no_fact_is_explained_that_nothing_reads() -> None:
    read = {name for each in all_rules() for name in each.facts}

    assert {spec.name for spec in SCORECARD_FACTS.facts} == read


def test_the_log_of_use_makes_facts_of_these_names() -> None:
    week = [dt.date(2026, 6, day) for day in range(15, 29)]
    table = UsageTable.of_columns(
        account=["crane"] * 14,
        user=["ann", "bob"] * 7,
        role=["analyst", "seller"] * 7,
        action=["look", "analyse"] * 7,
        at=np.array(week, "datetime64[D]"),
        accounts=["crane"],
        began=[week[0]],
        observed=Period.parse("2026-06-01/2026-07-01"),
    )
    rungs = [
        Rung(name=name, actions=(name,), when="days >= 4") for name in ("look", "analyse", "act")
    ]
    today = week[-1]
    made = {
        **usage_facts(table, today),
        **Ladder(name="data", rungs=rungs).grades(table, as_of=today).facts,
        **Breadth(roles=2, days=4).columns(table, as_of=today).facts,
        **FirstSteps(actions=("look",), within=30).columns(table, [week[0]], as_of=today).facts,
    }

    read = {name: made[name].tolist()[0] for name in made if name in FACTS}

    assert read == {"wau": 2, "uses_change": 0.0, "maturity": 2, "roles_active": 2, "steps": "met"}
    assert set(STEP_STATUSES) == set(FACTS["steps"].values)


def test_the_lifecycle_makes_deadlines_of_these_names_and_words() -> None:
    for lifecycle in (SUBSCRIPTION, DELIVERY):
        assert {"deadline_foundations", "deadline_activated"} <= set(lifecycle.chart.facts)
    for name in ("deadline_foundations", "deadline_activated"):
        assert set(FACTS[name].values) == {str(each) for each in DeadlineStatus}


# --- Sources


def cited() -> Iterator[tuple[str, str]]:
    """Every text that should name a source, and what it is about."""
    for card in CARDS:
        for each in (*card.leaves, *card.groups, *card.indicators):
            yield f"{card.name}-{each.name}", each.meaning
        for cap in card.caps:
            yield f"{card.name}-cap {cap.measure}", cap.meaning
    for row in PHASES.rows:
        yield row.name, f"{row.reason}. {row.source}"


@pytest.mark.parametrize(("name", "text"), list(cited()))
def test_every_measure_cap_indicator_and_row_names_a_row_that_there_is_and_its_author(
    name: str, text: str
) -> None:
    places = list(re.finditer(r"\b([LHRP]\d+)\b", text))

    assert places, name
    for place in places:
        authors = set(re.findall(r"\b[SWKJN]\b", re.split("[;.]", text[place.end() :])[0]))
        assert set(DOCTRINE[place[1]]) & authors, f"{name}: {place[1]}"


# --- The phases

DAYS = st.none() | st.integers(-400, 400).map(lambda days: TODAY + dt.timedelta(days=days))
FINAL = ("churned", "closed", "rescinded", "given_up")
STAGES = {
    stage.name
    for each in (SUBSCRIPTION, DELIVERY, MAINTENANCE, *VARIANTS.values())
    for stage in each.stages
}


def phase(**facts: object) -> str | None:
    return PHASES.decide(facts, as_of=TODAY).outcome


LONG_AGO = TODAY - dt.timedelta(days=300)
FAR_OFF = TODAY + dt.timedelta(days=200)
DECIDED: Mapping[str, Mapping[str, object]] = {
    "first 30 days": {"stage": "in_use", "signed_on": TODAY - dt.timedelta(days=30)},
    "not in use": {"stage": "delivery", "signed_on": TODAY - dt.timedelta(days=31)},
    "renewal opened": {"stage": "renewal", "signed_on": LONG_AGO},
    "term ends": {"stage": "in_use", "signed_on": LONG_AGO, "term_ends_on": TODAY},
    "middle": {"stage": "in_use", "signed_on": LONG_AGO, "term_ends_on": FAR_OFF},
}


@pytest.mark.parametrize("row", PHASES.rows, ids=lambda each: each.name)
def test_every_row_of_phases_decides_some_account(row: Row) -> None:
    facts = {"term_ends_on": FAR_OFF, **DECIDED[row.name]}
    found = PHASES.decide(facts, as_of=TODAY)

    assert found.rows[0] == row
    assert found.outcome == row.then
    assert row.then in SCORECARDS


@given(signed=DAYS, ends=DAYS, stage=st.sampled_from(sorted(STAGES)))
def test_a_customer_whose_days_are_known_has_a_scorecard_and_nobody_else_has(
    signed: dt.date | None, ends: dt.date | None, stage: str
) -> None:
    found = PHASES.decide({"stage": stage, "signed_on": signed, "term_ends_on": ends}, as_of=TODAY)
    no_customer = stage in FINAL or stage.split("/")[0] in ("prospect", "sale")

    if no_customer:
        assert found.verdict == "no_row"
    elif signed is not None and ends is not None:
        assert found.outcome in SCORECARDS
    elif found.outcome is None:
        assert set(found.questions) <= {"signed_on", "term_ends_on"}


def test_no_stage_is_left_out_but_those_of_no_customers() -> None:
    flaws = check_table(PHASES, values={"stage": tuple(sorted(STAGES - set(FINAL)))}).flaws

    assert {flaw.example["stage"].split("/")[0] for flaw in flaws} <= {"prospect", "sale"}


def test_the_thirtieth_day_is_the_last_of_the_first() -> None:
    def on(days: int) -> str | None:
        signed = TODAY - dt.timedelta(days=days)
        return phase(stage="in_use", signed_on=signed, term_ends_on=FAR_OFF)

    assert [on(days) for days in (0, 30, 31)] == ["activation", "activation", "in use"]


def test_ninety_days_before_the_last_day_of_a_term_begins_the_time_before_the_renewal() -> None:
    def on(day: dt.date) -> str | None:
        facts = {"stage": "in_use", "signed_on": LONG_AGO, "term_ends_on": dt.date(2026, 9, 28)}
        return PHASES.decide(facts, as_of=day).outcome

    days = (dt.date(2026, 6, 29), dt.date(2026, 6, 30), dt.date(2026, 9, 28), dt.date(2026, 10, 5))
    assert [on(day) for day in days] == ["in use", *["before renewal"] * 3]


def test_a_term_of_a_month_is_judged_by_its_activation_first() -> None:
    facts = {
        "stage": "in_use",
        "signed_on": dt.date(2026, 6, 20),
        "term_ends_on": dt.date(2026, 7, 19),
    }

    found = [PHASES.decide(facts, as_of=dt.date(2026, 7, day)).outcome for day in (19, 20, 21)]

    assert found == ["activation", "activation", "before renewal"]


def test_who_was_won_back_is_judged_by_use_and_not_as_a_new_sale() -> None:
    assert phase(stage="won_back", signed_on=LONG_AGO, term_ends_on=FAR_OFF) == "in use"


def test_where_the_end_of_the_term_is_not_known_it_is_asked_for() -> None:
    found = PHASES.decide({"stage": "in_use", "signed_on": LONG_AGO}, as_of=TODAY)

    assert (found.outcome, found.questions) == (None, ("term_ends_on",))
    assert str(found) == (
        "unknown: before renewal by 'term ends', or in use by 'middle'; ask for term_ends_on"
    )


# --- Tiers


@by_name
def test_a_fall_shows_at_once_and_a_rise_needs_five_points_more(card: Scorecard) -> None:
    assert card.hysteresis is not None
    assert (card.hysteresis.rise, card.hysteresis.fall, card.hysteresis.dwell) == (5, 0, 0)
    assert card.hysteresis.expires is None


def test_an_account_that_fell_below_75_is_green_again_at_80() -> None:
    used = {"seats": 10, "seats_used": 10, "logins_30d": 10, "logins_prior_30d": 10}
    account = {**used, "roles_active": 2, "outcome": "missed"}
    found, previous = [], None
    for scenarios, nps in ((2, 10), (0, 6), (0, 7), (0, 9)):
        facts = {**account, "scenarios_running": scenarios, "nps": nps}
        previous = SCORECARD.assess(facts, as_of=TODAY, previous=previous)
        found.append((previous.score, previous.tier))

    assert found == [(90, "green"), (70, "yellow"), (75, "yellow"), (80, "green")]


def test_every_scorecard_shows_the_indicators_beside_its_score() -> None:
    assert {card.indicators for card in CARDS} == {INDICATORS}


# --- The page of the reference

PAGE = (REFERENCE / "stockscorecards.md").read_text("utf-8")


def tables(section: str, first: str) -> list[list[str]]:
    """The rows of the table of a section whose first column has this head."""
    text = PAGE.split(f"\n## {section}\n", 1)[1]
    lines = text.split(f"| {first} | ", 1)[1].split("\n\n", 1)[0].splitlines()
    return [line.replace("`", "").strip("| ").split(" | ") for line in lines[2:]]


def shown(band: Band) -> str:
    """What a cell of the page says of a band."""
    if band.equals is not None:
        word = str(band.equals).lower() if isinstance(band.equals, bool) else band.equals
        label = f" ({band.label})" if band.label else ""
        return f"{word}: {band.points}{label}"
    low, high = band.at_least, band.below
    if low is None or high is None:
        bound = f"below {high:g}" if low is None else f"{low:g} or more"
    else:
        bound = f"{low:g} to below {high:g}"
    return f"{bound}: {band.points} ({band.label})"


def scales(measure: Measure) -> str:
    norms = [f"{norm.name}: {'; '.join(map(shown, norm.bands))}" for norm in measure.norms]
    own = "; ".join(map(shown, measure.bands))
    return ". ".join([*norms, f"else: {own}" if norms else own])


def placed(card: Scorecard) -> Iterator[tuple[str, Measure]]:
    yield from ((each.name, each) for each in card.measures)
    for group in card.groups:
        yield from ((f"{group.name}/{each.name}", each) for each in group.measures)


@pytest.mark.parametrize(
    ("section", "card"), [("ACTIVATION", ACTIVATION), ("BEFORE_RENEWAL", BEFORE_RENEWAL)]
)
def test_the_page_lists_every_measure_as_it_is(section: str, card: Scorecard) -> None:
    assert tables(section, "Measure") == [
        [name, str(each.value), str(each.weight), scales(each), each.meaning]
        for name, each in placed(card)
    ]
    assert tables(section, "Cap") == [
        [f"{cap.measure} {cap.label}", cap.tier, cap.meaning] for cap in card.caps
    ]


def test_the_page_lists_every_indicator_as_it_is() -> None:
    assert tables("INDICATORS", "Indicator") == [
        [each.name, str(each.when), each.meaning] for each in INDICATORS
    ]


def test_the_page_lists_every_row_of_phases_in_order() -> None:
    assert [[row[0], *row[2:]] for row in tables("PHASES", "Row")] == [
        [each.name, each.then, each.reason, each.source] for each in PHASES.rows
    ]


def test_the_page_lists_every_fact_as_the_schema_has_it() -> None:
    def listed(spec: FactSpec) -> list[str]:
        return [spec.name, str(spec.kind), spec.unit or ", ".join(spec.values), spec.meaning]

    assert [[c.strip() for c in row] for row in tables("SCORECARD_FACTS", "Fact")] == [
        listed(spec) for spec in SCORECARD_FACTS.facts
    ]


def test_the_page_places_every_row_of_the_doctrine_with_its_author_and_its_story() -> None:
    rows = re.findall(
        r"^\| \[(H\d+)\]\(\.\./gallery/doctrine-health\.md#(h\d+)\) \| (\w+) \|", PAGE, re.MULTILINE
    )

    assert rows == [
        (row, row.lower(), author) for row, author in DOCTRINE.items() if row.startswith("H")
    ]


def test_what_the_page_places_is_there() -> None:
    text = PAGE.split("\n## Where each row")[1].split("\n## ")[0].split("| --- |", 1)[1]
    named = set(re.findall(r"`([^`]+)`", text))

    there = {*stock.__all__, "meaning", "explain"}
    for card in CARDS:
        there |= {each.name for each in (*card.leaves, *card.groups, *card.indicators)}
    there |= {each.name for each in stock.PLAYBOOKS.playbooks}
    assert named <= there
