"""Scorecards of every kind, with accounts, days and overrides to assess by them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import strategies as st

from cslib.errors import DefinitionError
from cslib.health import (
    Anchor,
    Band,
    Cap,
    Combine,
    Group,
    Hysteresis,
    Indicator,
    Measure,
    Missing,
    Norm,
    Override,
    Scorecard,
    Tier,
)
from cslib.scoring import most_points

TODAY = dt.date(2026, 6, 30)
NUMBERS = (-1.0, 0.0, 0.1, 0.3, 0.5, 1.0, 2.0, 2.5, 10.0)
SOURCES = {
    "number": ("n1", "n2", "n1 / n2", "n3 if f1 else n1", "change(n1, n3)", "days_since(d1)"),
    "text": ("t1", "coalesce(t1, t2)"),
    "flag": ("f1", "n1 > n2 and f2", "not f1"),
}
CONDITIONS = ("n1 > 0.4", "t1 == 'a'", "f2", "n2 >= 1 or f1", "is_missing(n3)")
WEIGHTS = st.sampled_from([1, 2, 3, "0.5", "12.25", 1_000_000])
TIMES = st.sampled_from([1, 2, 3, 1_000_000])
"""Weights in a sum, where they multiply points."""
POINTS = st.one_of(st.sampled_from([0, 25, 50, 100]), st.integers(0, 1000))
LABELS = st.sampled_from(["", "low", "high"])


@st.composite
def ranges(draw: st.DrawFn) -> Band:
    low, high = sorted(draw(st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=2)))
    sides: dict[str, Any] = {}
    if draw(st.booleans()):
        sides[draw(st.sampled_from(["at_least", "above"]))] = low
    if draw(st.booleans()):
        sides[draw(st.sampled_from(["at_most", "below"]))] = high + (low == high)
    return Band(points=draw(POINTS), label=draw(LABELS), **sides)


def equal_to(values: Sequence[str | bool]) -> st.SearchStrategy[Band]:
    return st.builds(Band, points=POINTS, label=LABELS, equals=st.sampled_from(values))


BANDS = {
    "number": ranges(),
    "text": equal_to(["a", "b"]) | st.builds(Band, points=POINTS, label=LABELS),
    "flag": equal_to([True, False]),
}


def reachable(bands: Sequence[Band]) -> tuple[Band, ...]:
    """The bands without those that are never reached, which no scale takes."""
    kept: tuple[Band, ...] = ()
    for band in bands:
        try:
            Norm(when="f1", bands=(*kept, band))
        except DefinitionError:
            continue
        kept = (*kept, band)
    return kept


@st.composite
def scales(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    if kind == "number" and draw(st.integers(0, 3)) == 0:
        values = draw(st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=4, unique=True))
        return {"anchors": [Anchor(at=at, points=draw(POINTS)) for at in sorted(values)]}
    return {"bands": reachable(draw(st.lists(BANDS[kind], min_size=1, max_size=4)))}


@st.composite
def measures(draw: st.DrawFn, name: str, weights: st.SearchStrategy[Any]) -> Measure:
    kind = draw(st.sampled_from(["number", "number", *SOURCES]))
    norms = [
        Norm(when=draw(st.sampled_from(CONDITIONS)), **draw(scales(kind)))
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2])))
    ]
    missing = draw(st.sampled_from([Missing.EXCLUDE, Missing.EXCLUDE, 40, *Missing]))
    ages: dict[str, Any] = {"max_age": 30} if missing is Missing.CARRY else {}
    if draw(st.integers(0, 3)) == 0:
        ages = {
            "age": draw(st.sampled_from(["days_since(d2)", "n1 * 1000000"])),
            "max_age": 30,
            "warn_age": draw(st.sampled_from([None, 7])),
        }
    return Measure(
        name=name,
        value=draw(st.sampled_from(SOURCES[kind])),
        when=draw(st.sampled_from([None, None, None, "f1", "n1 > n2 or t1 == 'a'"])),
        weight=draw(weights),
        missing=missing,
        norms=norms,
        **({} if norms and draw(st.booleans()) else draw(scales(kind))),
        **ages,
    )


@st.composite
def parts(draw: st.DrawFn, prefix: str, depth: int) -> dict[str, Any]:
    """What stands in a scorecard or a group."""
    count = draw(st.integers(1, 3))
    inside = draw(st.integers(0, 2 if depth else 0))
    combine = draw(st.sampled_from([Combine.MEAN, *Combine]))
    weights = TIMES if combine is Combine.SUM else WEIGHTS
    may_be_0 = weights | st.just(0)
    return {
        "measures": [
            draw(measures(f"{prefix}{i}", may_be_0 if i else weights)) for i in range(count)
        ],
        "groups": [
            Group(
                name=f"g{i}",
                weight=draw(may_be_0),
                **draw(parts(f"{prefix}{i}.", depth - 1)),
            )
            for i in range(inside)
        ],
        "combine": combine,
    }


HYSTERESES = st.builds(
    Hysteresis,
    rise=st.sampled_from([0, 5, "2.5"]),
    fall=st.sampled_from([0, 5, "0.000001"]),
    dwell=st.sampled_from([0, 10]),
    expires=st.sampled_from([None, 20]),
)
CUTS = st.lists(
    st.sampled_from([Decimal(75), Decimal(50), Decimal("33.333333")])
    | st.decimals(Decimal("0.000001"), 1000, places=6),
    unique=True,
    max_size=3,
)


def caps_of(card: Scorecard) -> list[Cap]:
    """Every cap that the scorecard can have."""
    return [
        Cap(measure=measure.name, label=label, tier=tier.name)
        for measure in card.leaves
        for label in sorted({b.label for scale in measure.scales for b in scale.bands if b.label})
        for tier in card.tiers[1:]
    ]


@st.composite
def scorecards(draw: st.DrawFn) -> Scorecard:
    """Of groups in groups, every way to combine, norms, anchors, ages, caps and margins."""
    drawn_parts = draw(parts("m", 2))
    most = most_points(**drawn_parts)
    cuts = [*sorted((cut for cut in draw(CUTS) if cut <= most), reverse=True), Decimal(0)]
    card = Scorecard(
        name="drawn",
        **drawn_parts,
        tiers=[Tier(name="abcd"[i], at_least=cut) for i, cut in enumerate(cuts)],
        floor=draw(st.sampled_from([0, 0, "0.333333", "0.5", 1])),
        hysteresis=draw(st.none() | HYSTERESES),
        indicators=[
            Indicator(name=f"i{i}", when=when)
            for i, when in enumerate(draw(st.lists(st.sampled_from(CONDITIONS), max_size=2)))
        ],
    )
    caps = caps_of(card)
    drawn = draw(st.lists(st.sampled_from(caps), max_size=2, unique=True)) if caps else []
    return attrs.evolve(card, caps=drawn)


ABSENT = object()
_NUMBER = st.sampled_from([*NUMBERS, 3, 0.29999999999999999, None, math.nan, ABSENT])
_TEXT = st.sampled_from(["a", "b", "other", "a", None, ABSENT])
_FLAG = st.sampled_from([True, False, True, False, None, ABSENT])
_DAY = st.sampled_from(
    [TODAY - dt.timedelta(days) for days in (-3, 0, 7, 8, 30, 31)] + [None, ABSENT]
)
FACTS = {
    **dict.fromkeys(("n1", "n2", "n3"), _NUMBER),
    **dict.fromkeys(("t1", "t2"), _TEXT),
    **dict.fromkeys(("f1", "f2"), _FLAG),
    **dict.fromkeys(("d1", "d2"), _DAY),
}


def accounts(**others: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Facts, unknown ones among them; ``others`` take the place of the usual ones."""
    return st.fixed_dictionaries({**FACTS, **others}).map(
        lambda drawn: {name: value for name, value in drawn.items() if value is not ABSENT}
    )


def overrides(card: Scorecard) -> st.SearchStrategy[Override | None]:
    return st.none() | st.builds(
        Override,
        tier=st.sampled_from([tier.name for tier in card.tiers]),
        author=st.just("li"),
        reason=st.just("on leave"),
        made_on=st.just(TODAY - dt.timedelta(3)),
        until=st.sampled_from([TODAY - dt.timedelta(1), TODAY, TODAY + dt.timedelta(9)]),
    )
