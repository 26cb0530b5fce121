"""Bands, anchors and norms: what a value is worth, and what is wrong with a scale."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.bands import Anchor, Band, Norm, Points, Scale, between, gaps, overlaps
from cslib.errors import DefinitionError
from cslib.expressions import Kind


def scale(*bands: Band) -> Scale:
    return Scale(bands=bands)


def line(*points: tuple[float, int]) -> Scale:
    return Scale(anchors=(Anchor(at=at, points=worth) for at, worth in points))


# --- Bands


@pytest.mark.parametrize(
    ("band", "held"),
    [
        (Band(points=1, at_least=20), [False, True, True]),
        (Band(points=1, above=20), [False, False, True]),
        (Band(points=1, at_most=20), [True, True, False]),
        (Band(points=1, below=20), [True, False, False]),
        (Band(points=1, at_least=20, at_most=20), [False, True, False]),
        (Band(points=1), [True, True, True]),
    ],
    ids=str,
)
def test_the_name_of_a_bound_says_on_which_side_exactly_20_lies(
    band: Band, held: list[bool]
) -> None:
    values = [19.9, 20, 20.1]

    assert [band.holds(value) for value in values] == held
    assert np.broadcast_to(band.holds(np.array(values)), 3).tolist() == held


@pytest.mark.parametrize(
    ("band", "kind"),
    [
        (Band(points=1), None),
        (Band(points=1, above=0), Kind.NUMBER),
        (Band(points=1, equals="a"), Kind.TEXT),
        (Band(points=1, equals=False), Kind.BOOLEAN),
    ],
    ids=str,
)
def test_a_band_says_what_a_measure_must_be(band: Band, kind: Kind | None) -> None:
    assert band.kind is kind
    assert scale(Band(points=5), band).kind is kind


def test_the_first_band_that_holds_a_value_gives_its_points_and_its_label() -> None:
    both = scale(Band(points=10, at_most=5, label="low"), Band(points=90, at_least=3))

    assert [both.points(value) for value in (4, 6)] == [Points(10, "low"), Points(90, "")]


def test_a_value_that_no_band_holds_has_no_points() -> None:
    assert scale(Band(points=1, equals="a")).points("b") is None


def test_bands_need_not_rise_or_fall() -> None:
    busy = scale(Band(points=20, below=10), Band(points=100, below=50), Band(points=40))

    assert [busy.points(value) for value in (9, 49, 50)] == [
        Points(20, ""),
        Points(100, ""),
        Points(40, ""),
    ]
    assert (busy.worst, busy.best) == (20, 100)


# --- Anchors


@pytest.mark.parametrize(
    ("value", "points"),
    [
        (-1, 0),
        (0, 0),
        (1, Decimal("33.333")),
        (1.5, 50),
        (2, Decimal("66.667")),
        (3, 100),
        (math.inf, 100),
        (-math.inf, 0),
    ],
)
def test_points_between_two_anchors_lie_on_the_line_and_stay_beyond_the_ends(
    value: float, points: int | Decimal
) -> None:
    assert line((0, 0), (3, 100)).points(value) == Points(points, "")


def test_a_line_may_fall_and_turn() -> None:
    tent = line((0, 0), (10, 100), (20, 0))

    assert [tent.points(value) for value in (5, 10, 15)] == [
        Points(50, ""),
        Points(100, ""),
        Points(50, ""),
    ]
    assert (tent.worst, tent.best, tent.kind) == (0, 100, Kind.NUMBER)


@pytest.mark.parametrize(
    ("value", "points"), [(1, 0), (3, Decimal("0.002")), (5, Decimal("0.002"))]
)
def test_points_are_rounded_to_thousandths_half_to_even(
    value: float, points: int | Decimal
) -> None:
    # By hand: half a thousandth for each step, so 1, 3 and 5 steps are 0.5, 1.5 and 2.5 of them.
    worth = line((0, 0), (2048, 1), (4096, 2))
    steps = Fraction(2048, 2000)

    assert worth.points(float(value * steps)) == Points(points, "")


def test_a_whole_number_of_points_is_whole_and_others_end_in_no_zero() -> None:
    halves = line((0, 0), (200, 100))

    assert [type(found.points) for found in map(halves.points, (2, 1)) if found] == [int, Decimal]
    assert str(halves.points(1).points) == "0.5"  # type: ignore[union-attr]


def test_the_callers_decimal_context_does_not_touch_the_points() -> None:
    with decimal.localcontext(prec=2):
        found = line((0, 0), (3, 100)).points(2)

    assert found == Points(Decimal("66.667"), "")


def test_anchors_that_lie_as_close_as_doubles_can_are_a_line_too() -> None:
    assert line((0, 0), (1e-320, 100)).points(5e-321) == Points(50, "")


numbers = st.floats(-1e6, 1e6) | st.integers(-20, 20)
rising = st.lists(numbers, min_size=2, max_size=5, unique=True).map(sorted)


@given(rising, st.lists(st.integers(0, 1000), min_size=5, max_size=5), numbers)
def test_the_points_lie_between_those_of_the_anchors_on_either_side(
    places: list[float], worths: list[int], value: float
) -> None:
    pairs = list(zip(places, worths, strict=False))
    left = [worth for at, worth in pairs if at <= value][-1:] or [pairs[0][1]]
    right = [worth for at, worth in pairs if at >= value][:1] or [pairs[-1][1]]

    found = line(*pairs).points(value)

    assert found is not None
    assert min(left + right) <= found.points <= max(left + right)
    assert (found.points * 1000) % 1 == 0


@given(rising, st.lists(st.integers(0, 1000), min_size=5, max_size=5), numbers, numbers)
def test_a_line_of_rising_anchors_never_falls(
    places: list[float], worths: list[int], one: float, other: float
) -> None:
    climb = line(*zip(places, sorted(worths), strict=False))

    low, high = (climb.points(value) for value in sorted((one, other)))

    assert low is not None
    assert high is not None
    assert low.points <= high.points


@given(st.floats(0, 4))
def test_the_line_of_a_column_is_that_of_each_of_its_values(value: float) -> None:
    low, high = Anchor(at=0, points=7), Anchor(at=4, points=100)

    assert between(low, high, np.array([value])).tolist() == [between(low, high, value)]


# --- Norms


def test_a_norm_is_called_by_its_condition_unless_it_has_a_name() -> None:
    bands = (Band(points=100),)

    assert Norm(when="plan == 'pro'", bands=bands).name == 'plan == "pro"'
    assert Norm(when="plan == 'pro'", bands=bands, name="professionals").name == "professionals"


def test_norms_of_one_content_are_equal_however_they_were_written() -> None:
    one = Norm(when="seats<10", bands=[Band(points=1)])  # type: ignore[arg-type]
    other = Norm(when="seats < 10", bands=(Band(points=1),))

    assert (one, hash(one)) == (other, hash(other))


# --- What is wrong

BAND = {"points": 1}
ANCHOR = {"at": 0, "points": 1}
NORM = {"when": "x", "bands": (Band(points=1),)}
LINE = (Anchor(at=0, points=0), Anchor(at=1, points=9))

Case = tuple[Callable[..., Any], dict[str, Any], dict[str, Any], list[str]]

FAULTS: list[Case] = [
    # what is made, what trips, the near miss, the paths
    (Band, {"points": -1}, {"points": 0}, ["$.points"]),
    (Band, {"points": 1001}, {"points": 1000}, ["$.points"]),
    (Band, {"points": True}, {"points": 1}, ["$.points"]),
    (Band, {"label": 5}, {"label": "5"}, ["$.label"]),
    (Band, {"at_least": math.nan}, {"at_least": 0.0}, ["$.at_least"]),
    (Band, {"below": "5"}, {"below": 5}, ["$.below"]),
    (Band, {"at_least": 1, "above": 1}, {"above": 1}, ["$.above"]),
    (Band, {"at_most": 1, "below": 1}, {"below": 1}, ["$.below"]),
    (Band, {"equals": 5}, {"equals": "5"}, ["$.equals"]),
    (Band, {"equals": "a", "below": 1}, {"equals": "a"}, ["$.equals"]),
    (Band, {"at_least": 1, "below": 1}, {"at_least": 1, "at_most": 1}, ["$.below"]),
    (Band, {"above": 2, "at_most": 1}, {"above": 1, "at_most": 2}, ["$.at_most"]),
    (Anchor, {"points": 1001}, {"points": 1000}, ["$.points"]),
    (Anchor, {"at": None}, {"at": 0.5}, ["$.at"]),
    (Anchor, {"at": "5"}, {"at": 5}, ["$.at"]),
    (Anchor, {"at": math.inf}, {"at": -5}, ["$.at"]),
    (Norm, {"name": 5}, {"name": "5"}, ["$.name"]),
    (Norm, {"bands": ()}, {}, ["$.bands"]),
    (Norm, {"anchors": LINE}, {"anchors": LINE, "bands": ()}, ["$.anchors"]),
    (Norm, {"anchors": LINE[:1], "bands": ()}, {}, ["$.anchors"]),
    (Norm, {"anchors": (*LINE, LINE[1]), "bands": ()}, {}, ["$.anchors[2].at"]),
    (Norm, {"anchors": LINE[::-1], "bands": ()}, {}, ["$.anchors[1].at"]),
    (
        Norm,
        {"bands": (Band(points=1, equals="a"), Band(points=2, below=5))},
        {"bands": (Band(points=1, equals="a"), Band(points=2))},
        ["$.bands[1]"],
    ),
    (
        Norm,
        {"bands": (Band(points=1, below=5), Band(points=2, at_most=4))},
        {"bands": (Band(points=1, below=5), Band(points=2, at_most=5))},
        ["$.bands[1]"],
    ),
    (
        Norm,
        {"bands": (Band(points=1, above=0), Band(points=2, at_least=0, below=0.5), Band(points=1))},
        {},
        [],
    ),
    (Norm, {"bands": (Band(points=1), Band(points=2, equals="a"))}, {}, ["$.bands[1]"]),
    (
        Norm,
        {"bands": (Band(points=1, equals=True), Band(points=2, equals=True))},
        {"bands": (Band(points=1, equals=True), Band(points=2))},
        ["$.bands[1]"],
    ),
]


@pytest.mark.parametrize(("make", "wrong", "near_miss", "paths"), FAULTS)
def test_every_fault_is_told_with_its_path_and_a_near_miss_is_none(
    make: Callable[..., Any], wrong: dict[str, Any], near_miss: dict[str, Any], paths: list[str]
) -> None:
    base = {Band: BAND, Anchor: ANCHOR, Norm: NORM}[make]  # type: ignore[index]

    assert paths_of(make, {**base, **wrong}) == paths
    make(**{**base, **near_miss})


def paths_of(make: Callable[..., Any], fields: dict[str, Any]) -> list[str]:
    try:
        make(**fields)
    except DefinitionError as error:
        return [fault.path for fault in error.faults]
    return []


def test_a_band_of_one_number_is_told_by_its_bounds() -> None:
    problem = r"\$\.equals: expected .*, but got 0; for one number write at_least=0, at_most=0"

    with pytest.raises(DefinitionError, match=problem):
        Band(points=100, equals=0)  # type: ignore[arg-type]
    assert Band(points=100, at_least=0, at_most=0).holds(0)


def test_a_band_for_a_number_behind_texts_says_what_was_expected() -> None:
    problem = r"\$\.bands\[1\]: expected a band for a text, like those before it, but got a number"

    with pytest.raises(DefinitionError, match=problem):
        Norm(when="x", bands=(Band(points=1, equals="a"), Band(points=2, below=5)))


# --- Gaps and overlaps


@pytest.mark.parametrize(
    ("bands", "found"),
    [
        ([Band(points=1, below=5), Band(points=2, at_least=5)], ()),
        ([Band(points=1, below=5), Band(points=2, above=5)], ("5",)),
        ([Band(points=1, below=5), Band(points=2, at_least=6)], ("at least 5, below 6",)),
        ([Band(points=1, at_most=5), Band(points=2, above=6)], ("above 5, at most 6",)),
        ([Band(points=1, at_least=0, at_most=1)], ("below 0", "above 1")),
        ([Band(points=1, above=0, below=1)], ("at most 0", "at least 1")),
        (
            [Band(points=1, above=0, below=1), Band(points=2, at_least=2)],
            ("at most 0", "at least 1, below 2"),
        ),
        ([Band(points=1, equals="a"), Band(points=2, equals="b")], ("any other text",)),
        ([Band(points=1, equals="a"), Band(points=2)], ()),
        ([Band(points=1, equals=True)], ("False",)),
        ([Band(points=1, equals=True), Band(points=2, equals=False)], ()),
        ([Band(points=1)], ()),
    ],
    ids=str,
)
def test_a_gap_is_the_values_that_no_band_takes(
    bands: Sequence[Band], found: tuple[str, ...]
) -> None:
    assert gaps(scale(*bands)) == found


@pytest.mark.parametrize(
    ("bands", "found"),
    [
        ([Band(points=1, below=5), Band(points=2, at_least=5)], ()),
        ([Band(points=1, at_most=5), Band(points=2, at_least=5)], ("5",)),
        ([Band(points=1, at_most=5), Band(points=2, at_least=3)], ("at least 3, at most 5",)),
        ([Band(points=1, below=5), Band(points=2, below=6)], ("below 5",)),
        ([Band(points=1, above=5), Band(points=2, above=2, below=9)], ("above 5, below 9",)),
        ([Band(points=1, at_most=1), Band(points=0, above=5), Band(points=2)], ()),
        (
            [Band(points=1, at_most=9), Band(points=2, at_least=1, below=11), Band(points=3)],
            ("at least 1, at most 9",),
        ),
        ([Band(points=1, equals="a"), Band(points=2, equals="b"), Band(points=3)], ()),
    ],
    ids=str,
)
def test_an_overlap_is_the_values_that_two_bands_would_take_but_not_those_of_the_rest(
    bands: Sequence[Band], found: tuple[str, ...]
) -> None:
    assert overlaps(scale(*bands)) == found


def test_texts_that_several_bands_would_take_are_told_one_by_one() -> None:
    twice = scale(*(Band(points=1, equals=text) for text in ("a", "b", "c", "b", "a")))

    assert overlaps(twice) == ("a", "b")


def test_a_line_has_neither_gaps_nor_overlaps() -> None:
    assert gaps(line((0, 0), (1, 9))) == overlaps(line((0, 0), (1, 9))) == ()


SIDES = st.sampled_from(["at_least", "above"]), st.sampled_from(["at_most", "below"])


@st.composite
def ranges(draw: st.DrawFn) -> Band:
    """A band of one bound or two, from -2 to 6."""
    low, high = sorted(draw(st.tuples(st.integers(-2, 6), st.integers(-2, 6))))
    names = [draw(side) for side in SIDES]
    bounds = {names[0]: low, names[1]: high}
    if low == high:
        bounds = {"at_least": low, "at_most": high}
    kept = draw(st.sampled_from([list(bounds), *([name] for name in bounds)]))
    return Band(points=1, **{name: bounds[name] for name in kept})


@given(st.lists(ranges(), min_size=1, max_size=4), st.integers(-7, 15))
def test_a_value_is_in_a_gap_or_an_overlap_where_no_band_or_several_hold_it(
    bands: list[Band], halves: int
) -> None:
    value = halves / 2
    takers = sum(band.holds(value) for band in bands)

    assert any(is_in(value, words) for words in gaps(scale(*bands))) is (takers == 0)
    assert any(is_in(value, words) for words in overlaps(scale(*bands))) is (takers > 1)


def is_in(value: float, words: str) -> bool:
    """Whether a value is among those that the words tell of."""
    tests = {
        "at least": value.__ge__,
        "above": value.__gt__,
        "at most": value.__le__,
        "below": value.__lt__,
    }
    if words == "every value":
        return True
    for part in words.split(", "):
        name, _, number = part.rpartition(" ")
        if not (tests[name](float(number)) if name else value == float(number)):
            return False
    return True


@pytest.mark.parametrize("asked", [gaps, overlaps])
def test_what_is_no_scale_has_no_gaps_to_list(asked: Any) -> None:
    with pytest.raises(DefinitionError, match=r"scale .* expected a Scale.* got the int 3"):
        asked(3)
