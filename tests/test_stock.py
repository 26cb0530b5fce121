"""The stock definitions: sound, complete, and each opinion with a source that there is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import stock
from cslib.coverage import check_table
from cslib.decisions import Decision, Row
from cslib.documents import fingerprint, from_json, to_json
from cslib.health import Band, Measure
from cslib.lifecycle import Event
from cslib.review import Definitions
from cslib.stock import OWNERSHIP, SCORECARD, SUBSCRIPTION
from doctrine import DOCTRINE

TODAY = dt.date(2026, 6, 30)
DEFINITIONS = (SUBSCRIPTION, SCORECARD, OWNERSHIP)


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: each.name)
def test_a_stock_definition_goes_to_json_and_back_unchanged(definition: Any) -> None:
    read = from_json(to_json(definition, indent=2), type(definition))

    assert read == definition
    assert fingerprint(read) == fingerprint(definition) == definition.fingerprint


# --- Sources


def cited() -> Iterator[tuple[str, str]]:
    """Every text that should name a source, and what it is about."""
    for stage in SUBSCRIPTION.stages:
        yield stage.name, stage.norm
    for measure in SCORECARD.measures:
        yield measure.name, measure.meaning
    for row in OWNERSHIP.rows:
        yield row.name, f"{row.reason}. {row.source}"


@pytest.mark.parametrize(("name", "text"), list(cited()))
def test_every_stage_measure_and_owner_names_its_source(name: str, text: str) -> None:
    assert re.search(r"\b[LHRP]\d+\b", text), name


@pytest.mark.parametrize(("name", "text"), list(cited()))
def test_every_doctrine_id_that_is_cited_exists_with_its_author(name: str, text: str) -> None:
    for place in re.finditer(r"\b([LHRP]\d+)\b", text):
        authors = set(re.findall(r"\b[SWKJN]\b", re.split("[;.]", text[place.end() :])[0]))
        assert place[1] in DOCTRINE, name
        assert set(DOCTRINE[place[1]]) & authors or not authors, f"{name}: {place[1]}"


# --- The lifecycle


def journey(*names: str, **facts: object) -> list[str]:
    """The stages that an account goes through by these events."""
    events = [
        Event(account="A", name=name, at=TODAY - dt.timedelta(days=100 - place))
        for place, name in enumerate(names)
    ]
    found = SUBSCRIPTION.replay(events, as_of=TODAY, account=facts)
    assert not found.refused
    return [visit.stage for visit in found.visits]


DELIVERED = ("signed", "kick_off", "environment_checked", "data_validated", "training_held")


def test_a_customer_comes_from_the_sale_into_use_and_through_a_renewal() -> None:
    assert journey(*DELIVERED, "renewal_opened", "renewed", environment_ok=True) == [
        *("prospect", "sold", "preparation", "data_access", "delivery", "in_use"),
        *("renewal", "in_use"),
    ]


def test_a_customer_who_left_may_be_won_back() -> None:
    assert journey(*DELIVERED, "churned", "won_back", "kick_off", environment_ok=True)[-3:] == [
        *("churned", "won_back", "preparation"),
    ]


def test_only_a_delivery_is_stopped() -> None:
    stopped = {
        s for move in SUBSCRIPTION.transitions if move.event == "stopped" for s in move.sources
    }

    assert stopped == {"sold", "preparation", "data_access", "delivery"}


def test_every_event_moves_some_stage() -> None:
    assert {move.event for move in SUBSCRIPTION.transitions} == set(SUBSCRIPTION.events)


# --- The scorecard


@pytest.mark.parametrize(
    "measure", [m for m in SCORECARD.measures if m.name != "outcome"], ids=lambda each: each.name
)
@given(value=st.integers() | st.floats(allow_nan=False))
def test_the_bands_of_a_measure_take_every_number(measure: Measure, value: float) -> None:
    assert measure.points(value) is not None


@pytest.mark.parametrize("value", ["missed", "on_the_way", "reached"])
def test_the_bands_of_the_outcome_take_its_three_words(value: str) -> None:
    measure = next(each for each in SCORECARD.measures if each.name == "outcome")

    assert measure.points(value) is not None


@pytest.mark.parametrize("measure", SCORECARD.measures, ids=lambda each: each.name)
def test_the_bands_of_a_measure_rise_from_none_to_all_points(measure: Measure) -> None:
    points = [band.points for band in measure.bands]

    assert points == sorted(points)
    assert (points[0], points[-1]) == (0, 100)


def test_the_weights_add_up_to_a_hundred() -> None:
    assert sum(measure.weight for measure in SCORECARD.measures) == 100


# --- The facts


def test_the_module_names_every_fact_that_its_rules_read() -> None:
    listed = (stock.__doc__ or "").split("Facts that the definitions of a review read:")[1]

    assert set(re.findall(r"``(\w+)``", listed)) == set(Definitions().fact_kinds)


# --- The owners

DEAL: Mapping[str, object] = {
    "deal": "renewal",
    "cs_commercial": True,
    "renewal_number": 2,
    "new_product_line": False,
}
OWNED: Mapping[str, Mapping[str, object]] = {
    "new account": {**DEAL, "deal": "new"},
    "no commercial ability": {**DEAL, "cs_commercial": False},
    "first renewal": {**DEAL, "renewal_number": 1},
    "new product line": {**DEAL, "new_product_line": True},
    "renewal or up-sell": DEAL,
}


@pytest.mark.parametrize("row", OWNERSHIP.rows, ids=lambda each: each.name)
def test_every_row_of_owners_decides_some_deal(row: Row) -> None:
    assert OWNERSHIP.decide(OWNED[row.name]).row == row


EXPANSION: Mapping[str, object] = {
    "deal": "expansion",
    "cs_commercial": True,
    "new_product_line": False,
}


def owner_of(given: Mapping[str, object], **facts: object) -> Decision:
    return OWNERSHIP.decide({**given, **facts})


def test_customer_success_owns_the_second_renewal() -> None:
    decision = owner_of(DEAL)

    assert decision.outcome == "cs"
    assert decision.row is not None
    assert decision.row.name == "renewal or up-sell"


def test_customer_success_owns_an_up_sell() -> None:
    assert owner_of(EXPANSION).outcome == "cs"


def test_sales_win_new_accounts() -> None:
    assert owner_of({"deal": "new"}).outcome == "sales"


@pytest.mark.parametrize("deal", [DEAL, EXPANSION])
def test_where_the_cs_team_lacks_commercial_ability_sales_own_it(
    deal: Mapping[str, object],
) -> None:
    assert owner_of(deal, cs_commercial=False).outcome == "sales"


def test_the_first_renewal_is_joint_with_the_sales_who_know_the_decision_makers() -> None:
    decision = owner_of(DEAL, renewal_number=1)

    assert decision.outcome == "joint"
    assert decision.reason == (
        "joint, by row 'first renewal': the sales who know the decision makers take part "
        "(deal = 'renewal', renewal_number = 1)"
    )


@pytest.mark.parametrize("deal", [DEAL, EXPANSION])
def test_a_new_product_line_is_sold_jointly(deal: Mapping[str, object]) -> None:
    assert owner_of(deal, new_product_line=True).outcome == "joint"


def test_a_team_without_commercial_ability_leaves_even_the_first_renewal_to_sales() -> None:
    decision = owner_of(DEAL, cs_commercial=False, renewal_number=1, new_product_line=True)

    assert decision.outcome == "sales"
    assert decision.row is not None
    assert decision.row.name == "no commercial ability"


def test_the_other_reading_of_r6_is_another_order_of_the_rows() -> None:
    new, unable, first, *rest = OWNERSHIP.rows
    other = attrs.evolve(OWNERSHIP, rows=(new, first, unable, *rest))

    assert other.decide({**DEAL, "cs_commercial": False, "renewal_number": 1}).outcome == "joint"
    assert other.fingerprint != OWNERSHIP.fingerprint


def test_a_kind_of_deal_that_the_doctrine_does_not_know_is_nobody_s() -> None:
    decision = owner_of(DEAL, deal="training")

    assert (decision.verdict, decision.outcome, decision.row) == ("no_row", None, None)
    assert str(decision) == "no row applies"


def test_a_kind_of_deal_that_is_misspelt_is_told_with_the_one_that_is_meant() -> None:
    assert str(owner_of(DEAL, deal="Renewal")) == (
        "no row applies; deal = 'Renewal': did you mean 'renewal'?"
    )


KINDS = {"deal": ("new", "renewal", "expansion")}


def test_every_deal_of_the_three_kinds_has_an_owner() -> None:
    assert check_table(OWNERSHIP, values=KINDS).flaws == ()


def test_the_module_names_every_fact_of_a_deal() -> None:
    listed = (stock.__doc__ or "").split("Facts of a deal")[1].split("\n\n")[0]

    assert tuple(re.findall(r"``(\w+)``", listed)) == OWNERSHIP.facts


def test_a_stock_value_can_be_changed_without_changing_the_stock() -> None:
    own = attrs.evolve(SCORECARD, name="own")

    assert own.fingerprint != SCORECARD.fingerprint
    assert SCORECARD.name == "in use"


# --- The page of the reference

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "stock.md"


def table(first: str) -> list[tuple[str, ...]]:
    """The rows of the page's table whose first column has this head, without the code marks."""
    lines = PAGE.read_text("utf-8").split(f"| {first} | ", 1)[1].split("\n\n", 1)[0].splitlines()
    cells = [line.replace("`", "").strip("| ").split(" | ") for line in lines[2:]]
    return [tuple(row) for row in cells]


def either(kinds: Iterable[str]) -> str:
    return " or ".join(sorted(kinds))


def points(band: Band) -> str:
    """What a cell of the page says of a band."""
    if band.equals is not None:
        return f"{band.equals}: {band.points}"
    low, high = band.at_least, band.below
    if low is None or high is None:
        bound = f"below {high:g}" if low is None else f"{low:g} or more"
    else:
        bound = f"{low:g} to below {high:g}"
    return f"{bound}: {band.points} ({band.label})"


def test_the_page_lists_every_fact_that_the_rules_read_with_its_kind() -> None:
    listed = [(name, kind) for name, kind, _, _ in table("Fact")]

    assert len(listed) == len(dict(listed))
    assert dict(listed) == {name: either(kinds) for name, kinds in Definitions().fact_kinds.items()}


def test_the_page_lists_the_words_that_the_outcome_takes() -> None:
    meaning = {name: text for name, _, _, text in table("Fact")}["outcome"]
    measure = next(each for each in SCORECARD.measures if each.name == "outcome")

    assert meaning.endswith("{}, {} or {}.".format(*(band.equals for band in measure.bands)))


def test_the_page_lists_every_stage_as_it_is() -> None:
    assert table("Stage") == [
        (each.name, each.owner, "yes" if each.final else "no", each.norm)
        for each in SUBSCRIPTION.stages
    ]


def test_the_page_lists_every_move_as_it_is() -> None:
    assert table("Event") == [
        (
            each.event,
            ", ".join(each.sources),
            each.target or "stays",
            "none" if each.guard is None else str(each.guard),
        )
        for each in SUBSCRIPTION.transitions
    ]


def test_the_page_lists_every_measure_as_it_is() -> None:
    assert table("Measure") == [
        (
            each.name,
            str(each.value),
            str(each.weight),
            "; ".join(points(band) for band in each.bands),
            each.meaning,
        )
        for each in SCORECARD.measures
    ]


def test_the_page_lists_every_tier_as_it_is() -> None:
    assert table("Tier") == [(each.name, f"{each.at_least} or more") for each in SCORECARD.tiers]


def test_the_page_lists_every_row_of_owners_as_it_is() -> None:
    assert table("Row") == [
        (each.name, str(each.when), each.then, each.reason, each.source) for each in OWNERSHIP.rows
    ]


def test_the_page_lists_every_fact_of_a_deal_with_its_kind() -> None:
    kinds = {name: kind for row in OWNERSHIP.rows for name, kind in row.when.kinds.items()}

    listed = [(name, kind) for name, kind, _ in table("Of a deal")]

    assert listed == [(name, either(kinds[name])) for name in OWNERSHIP.facts]
