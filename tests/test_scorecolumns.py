"""Scorecards on columns: equal to the record, row by row and to the bit."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any
from unittest import mock

import attrs
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cslib import scorecolumns
from cslib.assessmentcolumns import Assessments
from cslib.assessments import Assessment
from cslib.columns import BLOCK, ColumnsError
from cslib.contributions import Contribution
from cslib.errors import DefinitionError
from cslib.groupcolumns import group_columns
from cslib.health import (
    Anchor,
    Band,
    Cap,
    Group,
    Hysteresis,
    Indicator,
    Measure,
    Missing,
    Norm,
    PreviousError,
    Scorecard,
    Tier,
)
from cslib.measurecolumns import measure_columns
from cslib.measures import Combine
from cslib.scoring import inner_groups, most_points

TODAY = dt.date(2026, 6, 30)
TIERS = (
    Tier(name="green", at_least=75),
    Tier(name="yellow", at_least=50),
    Tier(name="red", at_least=0),
)

# --- Scorecards of every form

NUMBERS, TEXTS, FLAGS, AGES = ("n1", "n2", "n3"), ("t1", "t2"), ("f1", "f2"), ("d1", "d2")
VALUES = (-1.0, 0.0, 0.1, 0.3, 0.5, 1.0, 2.0, 2.5, 10.0)
RULES: Mapping[str, Sequence[str]] = {
    "number": (*NUMBERS, *NUMBERS, "n1 / n2", "coalesce(n3, 1)", "n1 if f1 else n2", "2.5"),
    "text": (*TEXTS, "coalesce(t1, t2)", "t1 if f2 else 'b'"),
    "flag": (*FLAGS, "n1 > n2", "f1 and n3 >= 1"),
}
CONDITIONS = ("f1", "n1 > 1", "t1 == 'a'", "f2 or n3 < 2")

few_points = st.one_of(st.integers(0, 1000), st.sampled_from([0, 60, 100]))
labels = st.sampled_from(["", "good", "bad"])
weights = st.sampled_from([0, 1, 1, 2, 7, "0.5", "12.25", 999_983])


@st.composite
def ranges(draw: st.DrawFn) -> Band:
    low, high = sorted(draw(st.lists(st.sampled_from(VALUES), min_size=2, max_size=2)))
    sides: dict[str, float] = {}
    if draw(st.booleans()):
        sides[draw(st.sampled_from(["at_least", "above"]))] = low
    if draw(st.booleans()):
        sides[draw(st.sampled_from(["at_most", "below"]))] = high + (low == high)
    return Band(points=draw(few_points), label=draw(labels), **sides)  # type: ignore[arg-type]


def equals(*values: str | bool) -> st.SearchStrategy[Band]:
    given = st.sampled_from([*values, None])
    return st.builds(Band, points=few_points, label=labels, equals=given)


BANDS = {
    "number": ranges(),
    "text": equals("a", "b", ""),
    "flag": equals(True, False),
}
ANCHORS = st.lists(st.sampled_from(VALUES), min_size=2, max_size=4, unique=True).flatmap(
    lambda ats: st.tuples(*(few_points for _ in ats)).map(
        lambda points: {
            "anchors": tuple(
                Anchor(at=at, points=each) for at, each in zip(sorted(ats), points, strict=True)
            )
        }
    )
)


@st.composite
def scales(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """Bands without those that are never reached, which no measure takes; or anchors."""
    if kind == "number" and draw(st.integers(0, 3)) == 0:
        return draw(ANCHORS)
    bands: list[Band] = []
    for band in draw(st.lists(BANDS[kind], min_size=1, max_size=4)):
        try:
            Measure(name="x", value="x", bands=[*bands, band])  # type: ignore[arg-type]
        except DefinitionError:
            continue
        bands.append(band)
    return {"bands": tuple(bands)}


@st.composite
def measures(draw: st.DrawFn, name: str) -> Measure:
    kind = draw(st.sampled_from(["number", "number", "number", "text", "flag"]))
    missing = draw(st.sampled_from([*Missing, Missing.EXCLUDE, Missing.EXCLUDE, 40]))
    ages: dict[str, Any] = {"max_age": 30} if missing is Missing.CARRY else {}
    if draw(st.booleans()):
        ages = {"age": draw(st.sampled_from(AGES)), "max_age": 30}
        if draw(st.booleans()):
            ages["warn_age"] = 10
    norms = [
        Norm(when=draw(st.sampled_from(CONDITIONS)), name=draw(labels), **draw(scales(kind)))
        for _ in range(draw(st.sampled_from([0, 0, 1, 2])))
    ]
    own = {} if norms and draw(st.booleans()) else draw(scales(kind))
    try:
        return Measure(
            name=name,
            value=draw(st.sampled_from(RULES[kind])),
            when=draw(st.sampled_from([None, None, None, "f1", "n1 > n2 or t1 == 'a'"])),
            weight=draw(weights),
            missing=missing,
            norms=tuple(norms),
            **own,
            **ages,
        )
    except DefinitionError:  # scales for different kinds: only for any value, and for one kind
        assume(False)
        raise


@st.composite
def parts(draw: st.DrawFn, depth: int, name: str) -> dict[str, Any]:
    some = draw(st.lists(st.just(None), min_size=0 if depth else 1, max_size=3))
    own = tuple(draw(measures(f"{name}{place}")) for place in range(len(some)))
    count = draw(st.integers(0 if own else 1, 2)) if depth else 0
    groups = tuple(draw(grouped(depth - 1, f"{name}{'gh'[place]}")) for place in range(count))
    combine = draw(st.sampled_from(Combine))
    if combine is Combine.SUM:  # in which a weight is a whole number
        own = tuple(attrs.evolve(each, weight=math.ceil(each.weight)) for each in own)
        groups = tuple(attrs.evolve(each, weight=math.ceil(each.weight)) for each in groups)
    assume(any(each.weight > 0 for each in (*own, *groups)))
    return {"measures": own, "groups": groups, "combine": combine}


@st.composite
def grouped(draw: st.DrawFn, depth: int, name: str) -> Group:
    return Group(name=name, weight=draw(weights), **draw(parts(depth, name)))


CUTS = st.lists(
    st.one_of(st.decimals(Decimal("0.000001"), 1000, places=6), st.sampled_from([50, 75])).map(
        Decimal
    ),
    unique=True,
    max_size=3,
)
MARGINS = st.none() | st.builds(
    Hysteresis,
    rise=st.sampled_from([0, 3, "0.25"]),
    fall=st.sampled_from([0, 2, "40.5"]),
    dwell=st.sampled_from([0, 10]),
    expires=st.sampled_from([None, 15]),
)


@st.composite
def scorecards(draw: st.DrawFn) -> Scorecard:
    drawn = draw(parts(draw(st.integers(0, 3)), "m"))
    most = most_points(**drawn)
    cuts = [*sorted((cut for cut in draw(CUTS) if cut <= most), reverse=True), Decimal(0)]
    tiers = tuple(Tier(name="abcd"[at] * (at + 1), at_least=cut) for at, cut in enumerate(cuts))
    card = Scorecard(
        name="drawn",
        tiers=tiers,
        floor=draw(st.sampled_from([Decimal(0), Decimal("0.333333"), Decimal("0.5"), Decimal(1)])),
        hysteresis=draw(MARGINS),
        indicators=(Indicator(name="beside", when="f1 and n1 > 1"),),
        **drawn,
    )
    labelled = [
        (each.name, band.label)
        for each in card.leaves
        for scale in each.scales
        for band in scale.bands
        if band.label
    ]
    if not labelled:
        return card
    wanted = st.tuples(st.sampled_from(labelled), st.sampled_from([tier.name for tier in tiers]))
    caps = [
        Cap(measure=m, label=label, tier=t) for (m, label), t in draw(st.lists(wanted, max_size=2))
    ]
    return attrs.evolve(card, caps=tuple(caps))


FACTS = {
    **dict.fromkeys(NUMBERS, st.sampled_from([*VALUES, 3, None, math.nan])),
    **dict.fromkeys(TEXTS, st.sampled_from(["a", "b", "", "other", None])),
    **dict.fromkeys(FLAGS, st.sampled_from([True, False, None])),
    **dict.fromkeys(AGES, st.sampled_from([0, 9.5, 10, 30, 30.5, 31, -2, None])),
}
accounts = st.fixed_dictionaries(FACTS)
books = st.integers(0, 5).flatmap(lambda size: st.lists(accounts, min_size=size, max_size=size))


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Columns of doubles for numbers, of objects for the rest."""
    return {
        name: np.array([row[name] for row in rows], object if name[0] in "tf" else np.float64)
        for name in FACTS
    }


# --- Equal to the record


def told(found: Assessment) -> tuple[Any, ...]:
    """What the columns tell of an assessment."""
    score = None if found.score is None else float(found.score)
    ratio = float(found.coverage)
    return found.tier, found.model_tier, found.model_since, score, ratio


def told_by_columns(found: Assessments) -> list[tuple[Any, ...]]:
    scores = [None if math.isnan(score) else score for score in found.score.tolist()]
    return list(
        zip(
            found.tier.tolist(),
            found.model_tier.tolist(),
            found.model_since.tolist(),
            scores,
            found.coverage.tolist(),
            strict=True,
        )
    )


def assert_equal(card: Scorecard, columns: Assessments, records: Sequence[Assessment]) -> None:
    assert told_by_columns(columns) == [told(each) for each in records]
    for cap in card.caps:
        assert columns.caps[cap].tolist() == [cap in each.caps for each in records]
    beside = columns.indicators["beside"].tolist()
    assert beside == [dict(each.indicators)["beside"] for each in records]


def assert_evidence(
    measure: Measure,
    columns: Mapping[str, Any],
    previous: Assessments | None,
    as_of: Any,
    records: Sequence[Contribution],
) -> None:
    found = measure_columns(measure, columns, as_of=as_of, previous=previous)
    assert found.status.tolist() == [str(each.status) for each in records]
    assert found.value.tolist() == [each.value for each in records]
    assert found.label.tolist() == [each.label for each in records]
    assert found.norm.tolist() == [each.norm for each in records]
    assert found.is_aged.tolist() == [each.is_aged for each in records]
    dated = [measure.age is None or each.age is not None for each in records]
    assert found.known_on.tolist() == [
        each.known_on if is_dated else None for each, is_dated in zip(records, dated, strict=True)
    ]
    points = [None if math.isnan(each) else each for each in found.points.tolist()]
    assert points == [None if each.points is None else float(each.points) for each in records]
    ages = [None if math.isnan(each) else each for each in found.age.tolist()]
    assert ages == [each.age for each in records]


def assert_groups(
    card: Scorecard,
    columns: Mapping[str, Any],
    previous: Assessments | None,
    as_of: Any,
    records: Sequence[Assessment],
) -> None:
    for place, (around, group) in enumerate(inner_groups(card.groups)):
        path = (*around, group.name)
        found = group_columns(card, path, columns, as_of=as_of, previous=previous)
        each = [record.groups[place] for record in records]
        scores = [None if math.isnan(score) else score for score in found.score.tolist()]
        assert scores == [None if one.score is None else float(one.score) for one in each]
        assert found.coverage.tolist() == [float(one.coverage) for one in each]
        assert found.exact.tolist() == [float(one.exact) for one in each]


@given(scorecards(), books, st.sampled_from([None, TODAY]))
def test_record_and_columns_agree_to_the_bit(
    card: Scorecard, rows: list[dict[str, Any]], as_of: dt.date | None
) -> None:
    columns = columns_of(rows)

    found = card.assess_columns(columns, as_of=as_of)

    records = [card.assess(row, as_of=as_of) for row in rows]
    assert_equal(card, found, records)
    for place, measure in enumerate(card.leaves):
        each = [record.contributions[place] for record in records]
        assert_evidence(measure, columns, None, as_of, each)
    assert_groups(card, columns, None, as_of, records)


@given(scorecards(), st.lists(books, min_size=2, max_size=4), st.data())
def test_a_chain_of_assessments_agrees_to_the_bit(
    card: Scorecard, periods: list[list[dict[str, Any]]], data: st.DataObject
) -> None:
    size = min(map(len, periods))
    columns, records = None, [None] * size
    day = TODAY
    for period in periods:
        rows = period[:size]
        given = columns_of(rows)
        before = columns
        columns = card.assess_columns(given, as_of=day, previous=before)
        records = [
            card.assess(row, as_of=day, previous=last)
            for row, last in zip(rows, records, strict=True)
        ]
        assert_equal(card, columns, records)
        for place, measure in enumerate(card.leaves):
            each = [record.contributions[place] for record in records]
            assert_evidence(measure, given, before, day, each)
        assert_groups(card, given, before, day, records)
        day += dt.timedelta(data.draw(st.sampled_from([0, 5, 10, 14, 16, 31])))


@given(scorecards(), books)
def test_numbers_that_64_bits_do_not_hold_give_the_same_answers(
    card: Scorecard, rows: list[dict[str, Any]]
) -> None:
    columns = columns_of(rows)
    with mock.patch.object(scorecolumns, "_wide_enough", return_value=np.dtype(object)):
        exact = card.assess_columns(columns)

    assert told_by_columns(card.assess_columns(columns)) == told_by_columns(exact)


# --- Ratios and their limits


def points_of(name: str, **changes: Any) -> Measure:
    """A measure whose value is its points: 0, 50 or 100."""
    bands = tuple(Band(points=p, at_least=p, at_most=p) for p in (0, 50, 100))
    return Measure(**{"name": name, "value": name, "bands": bands, **changes})


def test_a_group_is_a_ratio_and_not_rounded_before_it_is_weighed() -> None:
    # (100 * 1 + 0 * 2) / 3 = 33 1/3; with a measure of 50 of weight 2 to 1: 400/9, not 44.33.
    third = Group(name="g", measures=(points_of("a"), points_of("b", weight=2)))
    tiers = (Tier(name="top", at_least="44.444444"), Tier(name="rest", at_least=0))
    card = Scorecard(name="x", measures=(points_of("c", weight=2),), groups=(third,), tiers=tiers)
    columns = {"a": np.array([100.0]), "b": np.array([0.0]), "c": np.array([50.0])}

    found = card.assess_columns(columns)

    assert found.score.tolist() == [float(Fraction(400, 9))]
    assert found.tier.tolist() == ["top"]


@pytest.mark.parametrize("combine", Combine)
def test_groups_whose_denominators_outgrow_64_bits_stay_exact(combine: Combine) -> None:
    groups = tuple(
        Group(
            name=f"g{place}",
            combine=combine if place == 3 else Combine.MEAN,
            weight=999_983 - place,
            measures=(points_of(f"a{place}", weight=999_979), points_of(f"b{place}", weight=3)),
        )
        for place in range(5)
    )
    card = Scorecard(name="large", groups=groups, tiers=TIERS)
    rows = [
        {
            f"{letter}{place}": float(50 * ((place * at) % 3))
            for letter in "ab"
            for place in range(5)
        }
        for at in range(4)
    ]
    rows[3]["a2"] = rows[3]["b2"] = math.nan
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}

    found = card.assess_columns(columns)

    assert told_by_columns(found) == [told(card.assess(row)) for row in rows]


def test_blocks_stand_in_their_order() -> None:
    card = Scorecard(
        name="x",
        measures=(points_of("a"), points_of("b", missing="carry", max_age=9)),
        tiers=TIERS,
        caps=(),
        indicators=(Indicator(name="beside", when="a > b"),),
    )
    rng = np.random.default_rng(3)
    rows = 2 * BLOCK + 5
    columns = {name: rng.choice([0.0, 50, 100, np.nan], rows) for name in "ab"}

    first = card.assess_columns(columns, as_of=TODAY)
    found = card.assess_columns(columns, as_of=TODAY, previous=first)

    each = np.array([columns["a"], columns["b"]])
    known = ~np.isnan(each)
    with np.errstate(invalid="ignore"):
        expected = np.nansum(each, axis=0) / known.sum(axis=0)
    np.testing.assert_array_equal(found.score, expected)
    np.testing.assert_array_equal(found.indicators["beside"].true, columns["a"] > columns["b"])
    np.testing.assert_array_equal(found.carried["b"].values, columns["b"])


# --- What is refused, and what is told


def card_of(*names: str, **changes: Any) -> Scorecard:
    measures = tuple(points_of(name) for name in names)
    return Scorecard(**{"name": "x", "measures": measures, "tiers": TIERS, **changes})


@pytest.mark.parametrize(
    ("as_of", "dated", "problem"),
    [
        (None, TODAY, "comes without as_of"),
        (TODAY, None, "has no date"),
        (TODAY, TODAY + dt.timedelta(1), "is of 2026-07-01: expected one dated by 2026-06-30"),
    ],
)
def test_assessments_before_have_to_be_dated_before(
    as_of: dt.date | None, dated: dt.date | None, problem: str
) -> None:
    card, columns = card_of("a"), {"a": np.zeros(1)}
    before = card.assess_columns(columns, as_of=dated)

    with pytest.raises(PreviousError, match=problem):
        card.assess_columns(columns, as_of=as_of, previous=before)


def test_the_assessment_of_one_account_is_none_of_a_book() -> None:
    card = card_of("a")

    with pytest.raises(PreviousError, match="expected the Assessments before, or None"):
        card.assess_columns({"a": np.zeros(1)}, as_of=TODAY, previous=card.assess({"a": 0}))  # type: ignore[arg-type]


def test_assessments_of_another_scorecard_say_nothing_of_the_tier() -> None:
    margins = Hysteresis(rise=0, fall=40)
    card, columns = card_of("a", hysteresis=margins), {"a": np.array([50.0])}
    other = card_of("a", hysteresis=margins, name="other")
    green = {"a": np.array([100.0])}

    found = [
        card.assess_columns(
            columns, as_of=TODAY, previous=each.assess_columns(green, as_of=TODAY)
        ).tier.tolist()
        for each in (card, other)
    ]

    assert found == [["green"], ["yellow"]]


def test_columns_of_an_indicator_and_of_measures_are_equally_long() -> None:
    card = card_of("a", indicators=(Indicator(name="left", when="b > 1"),))

    with pytest.raises(ColumnsError, match="measure 'a' reads 3 rows, but indicator 'left' 2"):
        card.assess_columns({"a": np.zeros(3), "b": np.zeros(2)})


def test_assessments_survive_pickle() -> None:
    card = card_of("a", caps=(), indicators=(Indicator(name="left", when="a > 60"),))
    found = card.assess_columns({"a": np.array([100.0, np.nan])}, as_of=TODAY)

    again = pickle.loads(pickle.dumps(found))  # noqa: S301

    assert told_by_columns(again) == told_by_columns(found)
    assert again.definition == found.definition
