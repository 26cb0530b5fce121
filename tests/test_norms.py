"""A figure beside those of its peers."""

from __future__ import annotations

import math
import pickle
import statistics
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.norms import (
    NormError,
    Norms,
    Peers,
    Skipped,
    Standing,
    figure_column,
    figure_of,
    label_column,
)

BOOK: dict[str, list[Any]] = {
    "industry": ["retail"] * 5 + ["banking"] * 3 + [None],
    "size": ["large"] * 2 + ["small"] * 3 + ["large"] * 2 + [None] + ["small"],
    "days": [15, 20, 20, 45, None, 30, 35, 40, 10],
}
ORDER = (("industry", "size"), ("industry",), ())


def norms(**changed: Any) -> Norms:
    values: dict[str, Any] = {
        "figures": BOOK["days"],
        "segments": BOOK,
        "fallback": ORDER,
        "least": 2,
    }
    return Norms(**(values | changed))


def ranked(figures: list[float], figure: float, **changed: Any) -> Fraction | None:
    return Peers(segment=(), figures=figures, **changed).rank(figure)


# The percentile rank


def test_the_rank_is_the_share_of_those_below_and_half_of_the_equal_ones() -> None:
    """Of ten scores five lie below 4 and two are 4; nine lie below 6; nine below 7, one is 7."""
    scores = [1, 2, 2, 3, 3, 4, 4, 5, 5, 7]

    assert ranked(scores, 4) == Fraction(60, 100)
    assert ranked(scores, 6) == Fraction(90, 100)
    assert ranked(scores, 7) == Fraction(95, 100)


def test_who_is_alone_at_the_top_of_four_is_at_seven_eighths_since_one_peer_is_oneself() -> None:
    assert ranked([10, 20, 30, 40], 40) == Fraction(7, 8)


def test_where_all_are_equal_each_is_in_the_middle() -> None:
    assert ranked([7, 7, 7], 7) == Fraction(1, 2)


def test_where_lower_is_better_the_rank_is_taken_from_the_other_end() -> None:
    assert ranked([15, 20, 20, 45], 15, lower_is_better=True) == Fraction(7, 8)


def test_of_nobody_or_of_an_unknown_figure_there_is_no_rank() -> None:
    assert ranked([], 5) is None
    assert ranked([1, 2], math.nan) is None


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=12))
def test_the_ranks_of_all_peers_have_the_mean_one_half(figures: list[int]) -> None:
    peers = Peers(segment=(), figures=figures)

    ranks = [peers.rank(figure) or Fraction(0) for figure in figures]

    assert statistics.mean(ranks) == Fraction(1, 2)


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=12), st.integers(-6, 6), st.integers(-6, 6)
)
def test_a_better_figure_never_ranks_lower(figures: list[int], one: int, other: int) -> None:
    low, high = sorted((one, other))

    assert (ranked(figures, low) or 0) <= (ranked(figures, high) or 0)
    lower = (ranked(figures, low, lower_is_better=True), ranked(figures, low))
    assert sum(each or 0 for each in lower) == 1


@pytest.mark.peer
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=12), st.integers(-10, 10))
def test_ranks_are_those_of_percentileofscore_of_kind_mean(figures: list[int], figure: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason="peer comparison: comes with `lifelines`")

    theirs = stats.percentileofscore(figures, figure, kind="mean")

    assert float(ranked(figures, figure) or 0) * 100 == pytest.approx(theirs)


# Quartiles


def test_quartiles_lie_between_figures_as_spreadsheets_have_them() -> None:
    peers = Peers(segment=(), figures=[15, 20, 20, 45])

    assert (peers.lower_quartile, peers.median, peers.upper_quartile) == (18.75, 20.0, 26.25)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12))
def test_quartiles_are_those_of_numpy_by_its_linear_method(figures: list[float]) -> None:
    peers = Peers(segment=(), figures=figures)

    found = [peers.lower_quartile, peers.median, peers.upper_quartile]

    assert found == pytest.approx(np.quantile(figures, [0.25, 0.5, 0.75], method="linear").tolist())


def test_nobody_has_no_quartiles() -> None:
    nobody = Peers(segment=(), figures=[])

    assert (nobody.lower_quartile, nobody.median, nobody.upper_quartile) == (None, None, None)
    assert repr(nobody) == "<Peers: 0 of all>"


def test_peers_are_known_figures() -> None:
    with pytest.raises(NormError, match=r"figures\[1\] is nan: expected known figures"):
        Peers(segment=(), figures=[1, None])


# Segments


def test_the_first_segment_with_enough_peers_is_taken() -> None:
    found = norms().standing(20, {"industry": "retail", "size": "large"})

    assert found.peers is not None
    assert found.peers.segment == (("industry", "retail"), ("size", "large"))
    assert (found.worse, found.equal, len(found.peers)) == (1, 1, 2)
    assert found.skipped == ()


def test_exactly_as_many_peers_as_asked_for_are_enough() -> None:
    account = {"industry": "banking", "size": "large"}

    assert [len(norms(least=n).standing(1, account).peers or ()) for n in (2, 3, 4)] == [2, 3, 8]


def test_unknown_figures_are_no_peers() -> None:
    found = norms(least=3).standing(20, {"industry": "retail", "size": "small"})

    assert found.skipped == (Skipped(("industry", "size"), (), 2),)
    assert len(found.peers or ()) == 4


def test_where_a_fact_is_unknown_or_absent_the_next_segment_is_tried() -> None:
    for size in ({"size": None}, {"size": math.nan}, {}):
        found = norms().standing(35, {"industry": "banking", **size})

        assert found.skipped == (Skipped(("industry", "size"), ("size",), None),)
        assert len(found.peers or ()) == 3


def test_an_account_may_be_any_object_with_facts() -> None:
    account = SimpleNamespace(industry="banking", size="large")

    assert norms().standing(35, account) == norms().standing(
        35, {"industry": "banking", "size": "large"}
    )


def test_a_label_that_nobody_has_is_passed_over_with_no_peers() -> None:
    found = norms().standing(35, {"industry": "mining", "size": "large"})

    assert [str(each) for each in found.skipped] == [
        "industry and size: 0 peers",
        "industry: 0 peers",
    ]
    assert len(found.peers or ()) == 8


def test_without_all_at_the_end_an_account_may_have_no_peers() -> None:
    found = norms(fallback=ORDER[:2]).standing(35, {})

    assert (found.peers, found.rank, found.worse, found.equal) == (None, None, None, None)
    assert str(found) == (
        "unknown: fewer than 2 peers (industry and size: industry and size are not known; "
        "industry: industry is not known)"
    )


def test_an_unknown_figure_has_peers_and_no_rank() -> None:
    found = norms().standing(None, {"industry": "banking"})

    assert (found.rank, found.worse, found.equal) == (None, None, None)
    assert str(found) == (
        "unknown: no figure to put beside 3 of industry 'banking', median 35 (32.5 to 37.5) "
        "(passed over: industry and size: size is not known)"
    )


def test_a_standing_says_beside_whom() -> None:
    found = norms(lower_is_better=True).standing(15, {"industry": "retail", "size": "large"})

    assert found.rank == Fraction(3, 4)
    assert str(found) == (
        "15 is at 75.0% of 2 of industry 'retail' and size 'large', median 17.5 (16.25 to 18.75)"
    )


def test_one_peer_is_one() -> None:
    assert str(Skipped(("size",), (), 1)) == "size: 1 peer"


def test_decimals_and_zeros_of_either_sign_are_figures() -> None:
    book = norms(figures=[Decimal("0.5"), 0.0, -0.0], segments={}, fallback=((),))

    assert book.standing(0, {}).rank == Fraction(1, 3)


# Columns


def rows(found: Any) -> list[tuple[Any, ...]]:
    names = ("segment", "peers", "worse", "equal", "rank", "lower_quartile", "median")
    return list(zip(*(getattr(found, name).tolist() for name in names), strict=True))


def row(found: Standing, fallback: tuple[tuple[str, ...], ...]) -> tuple[Any, ...]:
    rank = None if found.rank is None else float(found.rank)
    counts = (found.worse, found.equal, rank)
    if found.peers is None:
        return (-1, 0, *counts, None, None)
    place = fallback.index(tuple(name for name, _ in found.peers.segment))
    return (place, len(found.peers), *counts, found.peers.lower_quartile, found.peers.median)


LABELS = st.sampled_from([None, "a", "b", "c"])
FIGURES = st.sampled_from([None, 0, 1, 1.5, -2, 3])
ACCOUNTS = st.lists(st.tuples(FIGURES, LABELS, LABELS), max_size=14)


@given(
    ACCOUNTS,
    ACCOUNTS,
    st.sampled_from([ORDER, ORDER[:1], ORDER[::-1], (("size",),)]),
    st.integers(2, 4),
    st.booleans(),
)
def test_columns_stand_as_each_of_their_rows(
    book: list[tuple[Any, ...]],
    asked: list[tuple[Any, ...]],
    fallback: tuple[tuple[str, ...], ...],
    least: int,
    lower: bool,
) -> None:
    mine = norms(
        figures=np.array([each[0] for each in book], object),
        segments={"industry": [e[1] for e in book], "size": [e[2] for e in book]},
        fallback=fallback,
        least=least,
        lower_is_better=lower,
    )
    accounts = {"industry": [e[1] for e in asked], "size": [e[2] for e in asked]}

    found = mine.standings(np.array([each[0] for each in asked], object), accounts)

    records = [
        mine.standing(figure, {"industry": industry, "size": size})
        for figure, industry, size in asked
    ]
    assert rows(found) == [row(each, fallback) for each in records]
    for record, (figure, industry, size) in zip(records, asked, strict=True):
        assert record.rank == plainly(book, figure, (industry, size), fallback, least, lower)


def plainly(
    book: list[tuple[Any, ...]],
    figure: Any,
    labels: tuple[Any, Any],
    fallback: tuple[tuple[str, ...], ...],
    least: int,
    lower: bool,
) -> Fraction | None:
    """The rank by the definition alone."""
    for by in fallback:
        places = [("industry", "size").index(name) for name in by]
        if any(labels[place] is None for place in places):
            continue
        peers = [
            each[0]
            for each in book
            if each[0] is not None and all(each[1 + place] == labels[place] for place in places)
        ]
        if len(peers) >= least:
            if figure is None:
                return None
            worse = sum(peer > figure if lower else peer < figure for peer in peers)
            return (worse + Fraction(peers.count(figure), 2)) / len(peers)
    return None


def test_an_absent_column_is_unknown_in_every_row() -> None:
    found = norms().standings([20, 30], {"industry": ["retail", "banking"]})

    assert found.segment.tolist() == [1, 1]
    assert (
        repr(found)
        == "<Standings: 0 by industry and size, 2 by industry, 0 by all, 0 without peers>"
    )
    assert len(found) == 2


def test_standings_are_equal_by_content() -> None:
    one, other = (norms().standings(BOOK["days"], BOOK) for _ in range(2))

    assert one == other
    assert one != norms(least=3).standings(BOOK["days"], BOOK)


def test_norms_are_equal_by_content_and_survive_pickle() -> None:
    assert norms() == norms(segments={name: BOOK[name] for name in ("size", "industry")})
    assert hash(norms()) == hash(norms())
    assert norms() != norms(least=3)
    assert norms() != norms(figures=[1] * 9)
    assert pickle.loads(pickle.dumps(norms())) == norms()  # noqa: S301
    assert (
        repr(norms())
        == "<Norms: 8 figures by industry and size, then industry, then all, 2 peers or more>"
    )


def test_masked_rows_are_unknown() -> None:
    figures = np.ma.masked_array([1, 2, 3], [False, True, False])
    industry = np.ma.masked_array(["a", "a", "b"], [False, False, True])

    found = norms(figures=figures, segments={"industry": industry}, fallback=(("industry",), ()))

    assert np.isnan(found.figures).tolist() == [False, True, False]
    assert found.segments["industry"].tolist() == ["a", "a", None]


def test_whole_numbers_of_any_width_are_figures() -> None:
    for kind in (np.int8, np.uint8, np.uint64, np.float32):
        assert figure_column("days", np.array([1, 2], kind)).tolist() == [1.0, 2.0]


def test_numbers_and_flags_are_labels() -> None:
    found = norms(
        figures=[1, 2, 3, 4], segments={"seats": np.array([5, 5, 9, 9])}, fallback=(("seats",),)
    )

    assert found.standing(1, {"seats": 5.0}).rank == Fraction(1, 4)
    assert label_column("paid", np.array([True, False])).tolist() == [True, False]
    assert label_column("rate", np.array([0.5, np.nan])).tolist() == [0.5, None]


# What is refused


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"least": 1}, "least is the int 1: expected a whole number, 2 or more"),
        ({"least": True}, "least is True"),
        ({"fallback": ()}, "fallback is empty"),
        ({"fallback": "industry"}, "fallback is the str 'industry'"),
        ({"fallback": ("industry",)}, r"fallback\[0\] is the str 'industry': expected names"),
        ({"fallback": ((), ("",))}, r"fallback\[1\] holds what is no name"),
        ({"fallback": (("sise",),)}, r"fallback\[0\] names 'sise', .* did you mean 'size'"),
        ({"segments": [1]}, "segments is a list of 1: expected columns by name"),
        ({"figures": [1, 2]}, "columns differ in length: figures has 2, industry has 9"),
        ({"figures": ["x"] * 9}, "figures holds <U1: expected numbers"),
        ({"figures": [True] * 9}, "figures holds bool: expected numbers"),
        ({"figures": [1] * 8 + [math.inf]}, r"figures\[8\] is inf: expected a number within"),
        ({"segments": BOOK | {"size": [{}] * 9}}, r"segments.size\[0\] is a dict of 0: expected"),
    ],
)
def test_norms_that_cannot_be_made_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(NormError, match=message):
        norms(**changed)


def test_figures_that_no_double_holds_are_refused() -> None:
    with pytest.raises(
        NormError, match=r"days\[1\] is 9007199254740993: expected a number, if whole"
    ):
        figure_column("days", np.array([1, 2**53 + 1]))
    with pytest.raises(NormError, match=r"days\[1\] is the int 9007199254740993: expected"):
        figure_column("days", np.array([None, 2**53 + 1], object))
    with pytest.raises(NormError, match="days is the str '5': expected a number"):
        figure_of("days", "5")
    with pytest.raises(NormError, match=r"days is 1e\+301: expected a number within"):
        figure_of("days", 1e301)


def test_columns_asked_about_are_of_one_length() -> None:
    with pytest.raises(NormError, match="figures has 1, industry has 9, size has 9"):
        norms().standings([1], BOOK)
