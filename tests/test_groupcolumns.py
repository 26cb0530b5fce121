"""One group over a book; that it equals each record's is in test_scorecolumns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from cslib.arguments import ArgumentError
from cslib.assessments import NoGroupError
from cslib.columns import BLOCK, ColumnsError
from cslib.groupcolumns import group_columns
from cslib.health import Band, Combine, Group, Measure, PreviousError, Scorecard, Tier

IS_POINTS = tuple(Band(points=p, at_least=p, at_most=p) for p in (0, 50, 100))
ANY = (Tier(name="any", at_least=0),)


def measure(name: str, **changes: Any) -> Measure:
    return Measure(**{"name": name, "value": name, "bands": IS_POINTS, **changes})


def nested(**changes: Any) -> Scorecard:
    """A measure beside a group, which holds one and another group."""
    inner = Group(name="inner", weight=3, measures=(measure("c"),), combine="worst")
    outer = Group(name="outer", measures=(measure("b"),), groups=(inner,), **changes)
    return Scorecard(name="test", measures=(measure("a"),), groups=(outer,), tiers=ANY)


def columns(*rows: tuple[float, float, float]) -> dict[str, Any]:
    return dict(zip("abc", np.array(rows, float).reshape(-1, 3).T, strict=True))


def test_a_group_is_found_by_its_path_and_makes_its_part_of_the_score() -> None:
    # By hand: b 50 and c 100 of 3 to 1 are 87.5, half of the score; c makes 3/8 of 100.
    given = columns((100, 50, 100))

    outer, inner = (group_columns(nested(), path, given) for path in ("outer", ("outer", "inner")))

    assert (outer.score.tolist(), outer.exact.tolist()) == ([87.5], [43.75])
    assert (inner.score.tolist(), inner.exact.tolist()) == ([100.0], [37.5])


def test_a_group_that_does_not_decide_has_a_score_and_no_part_in_the_whole() -> None:
    found = group_columns(nested(combine="worst"), ("outer", "inner"), columns((100, 0, 50)))

    assert (found.score.tolist(), found.exact.tolist()) == ([50.0], [0.0])


def test_a_group_of_which_nothing_is_known_has_no_score_and_a_coverage_of_0() -> None:
    found = group_columns(nested(), "outer", columns((100, np.nan, np.nan)))

    assert np.isnan(found.score).tolist() == [True]
    assert (found.coverage.tolist(), found.exact.tolist()) == ([0.0], [0.0])


def test_a_book_without_accounts_has_no_groups_either() -> None:
    assert group_columns(nested(), "outer", columns()).score.tolist() == []


def test_groups_stand_in_the_order_of_the_book_across_the_border_of_a_block() -> None:
    rows = [(100.0, 50.0, 100.0)] * BLOCK + [(0.0, 0.0, 0.0)]

    found = group_columns(nested(), "outer", columns(*rows))

    assert (found.score[0], found.score[-1], len(found.score)) == (87.5, 0.0, BLOCK + 1)


def test_values_are_carried_by_the_same_scorecard_alone() -> None:
    group = Group(name="g", measures=(measure("a", missing="carry", max_age=60),))
    card = Scorecard(name="test", groups=(group,), tiers=ANY)
    other = Scorecard(name="other", groups=(group,), tiers=ANY)
    may, june = dt.date(2026, 5, 31), dt.date(2026, 6, 30)
    given = {"a": np.array([50.0])}
    gone = {"a": np.array([np.nan])}

    def coverage(before: Scorecard) -> list[float]:
        previous = before.assess_columns(given, as_of=may)
        return group_columns(card, "g", gone, as_of=june, previous=previous).coverage.tolist()

    assert (coverage(card), coverage(other)) == ([1.0], [0.0])


@pytest.mark.parametrize(
    ("path", "hint"),
    [("outr", ": did you mean 'outer'?"), ("zzz", "; there are outer, outer/inner")],
)
def test_a_group_that_there_is_not_is_named_with_those_that_there_are(path: str, hint: str) -> None:
    with pytest.raises(NoGroupError) as caught:
        group_columns(nested(), path, columns((0, 0, 0)))

    assert str(caught.value) == f"no group {path!r}{hint}"


def test_a_scorecard_without_groups_says_so() -> None:
    card = Scorecard(name="flat", measures=(measure("a"),), tiers=ANY)

    with pytest.raises(NoGroupError, match="no group 'g': the scorecard has none"):
        group_columns(card, "g", {"a": np.zeros(1)})


def test_columns_and_assessments_of_other_lengths_are_refused() -> None:
    card, day = nested(), dt.date(2026, 6, 30)
    given = columns((0, 0, 0), (50, 50, 50))

    with pytest.raises(ColumnsError, match="'a' reads 1 rows, but 'b' 2"):
        group_columns(card, "outer", {**given, "a": np.zeros(1)})
    before = card.assess_columns(columns((0, 0, 0)), as_of=day)
    with pytest.raises(PreviousError, match="has 1 rows"):
        group_columns(card, "outer", given, as_of=day, previous=before)


@pytest.mark.parametrize("combine", Combine)
def test_points_that_stand_for_the_unknown_are_no_knowledge_of_a_group(combine: Combine) -> None:
    group = Group(name="g", measures=(measure("a", missing=50),), combine=combine)
    card = Scorecard(name="test", groups=(group,), tiers=ANY)

    found = group_columns(card, "g", {"a": np.array([np.nan])})

    assert (found.score.tolist(), found.coverage.tolist()) == ([50.0], [0.0])


@pytest.mark.parametrize("wrong", [None, 3, "card"])
def test_what_is_no_scorecard_is_refused(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="expected a Scorecard"):
        group_columns(wrong, "product", {"a": np.ones(2)})


@pytest.mark.parametrize("path", [None, 3, [None]])
def test_a_path_that_is_no_name_names_no_group(path: Any) -> None:
    product = Group(name="product", measures=(Measure(name="a", value="a", bands=IS_POINTS),))
    card = Scorecard(name="x", groups=(product,), tiers=ANY)

    with pytest.raises(NoGroupError, match="no group "):
        group_columns(card, path, {"a": np.ones(2)})
