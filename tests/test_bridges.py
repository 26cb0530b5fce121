"""Retention under named conventions, on a book on which they differ, and the bridge between."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.bridges import BridgeLine, Retention, retention, retention_bridge
from cslib.conventions import (
    BAREMETRICS,
    CHARTMOGUL,
    GITLAB,
    POINT_TO_POINT,
    POSTHOG,
    SAAS_CAPITAL,
    SIGNED,
    SMSB,
    SMSB_MOVEMENTS,
    STRIPE,
    RetentionConvention,
)
from cslib.cubes import CubeError, CustomerCube
from cslib.errors import DefinitionError
from cslib.movements import movements
from cslib.periods import Period
from cslib.retention import trailing_movements, trailing_retention
from cslib.waterfalls import waterfall
from cube_strategies import BOOKS, LAYOUTS, MONTHS, Row, cube_of_histories
from cube_strategies import cube_of as cube_of_rows
from cube_strategies import month as month_at

YEAR = Period(Period.month(2025, 12).start, Period.month(2027, 1).start)
LAST = Period.month(2026, 12)


def book(**customers: list[int]) -> CustomerCube:
    """A cube of what each customer pays in December 2025 and in each month of 2026."""
    months = YEAR.months()
    rows = [
        (name, month, amount)
        for name, amounts in customers.items()
        for month, amount in zip(months, amounts, strict=True)
    ]
    return CustomerCube.of_rows(rows, currency="USD", span=YEAR)


BOOK = book(
    flat=[100] * 13,
    grew_and_shrank=[100] * 3 + [200] * 6 + [150] * 4,
    went_and_came_back=[100] * 4 + [0] * 4 + [100] * 5,
    left=[100] * 6 + [0] * 7,
    new_and_gone=[0] * 2 + [100] * 5 + [0] * 6,
    shrank=[100] * 5 + [60] * 8,
)


def over_a_year(convention: RetentionConvention) -> RetentionConvention:
    return attrs.evolve(convention, months=12)


def figures(convention: RetentionConvention) -> tuple[str, str, str]:
    found = retention(BOOK, LAST, over_a_year(convention))
    return f"{found.grr:.1%}", f"{found.nrr:.1%}", f"{found.logos:.1%}"


@pytest.mark.parametrize("convention", [POINT_TO_POINT, GITLAB, SAAS_CAPITAL, SMSB, POSTHOG])
def test_point_to_point_looks_at_the_two_ends_of_the_window_alone(
    convention: RetentionConvention,
) -> None:
    assert figures(convention) == ("72.0%", "82.0%", "80.0%")


def test_movements_of_everybody_count_what_was_made_good_and_who_came_and_went() -> None:
    assert figures(CHARTMOGUL) == ("22.0%", "62.0%", "40.0%")


@pytest.mark.parametrize("convention", [BAREMETRICS, SMSB_MOVEMENTS])
def test_a_net_formula_without_reactivation_leaves_those_who_came_back_out(
    convention: RetentionConvention,
) -> None:
    assert figures(convention) == ("22.0%", "42.0%", "40.0%")


def test_movements_of_the_customers_of_the_opening_alone() -> None:
    own = RetentionConvention(name="own", method="movements", others=False)

    assert figures(own) == ("42.0%", "82.0%", "60.0%")


def test_a_subscriber_churn_rate_that_has_new_subscribers_below_the_line() -> None:
    logos = retention(BOOK, LAST, over_a_year(STRIPE)).logos

    assert (logos.numerator, logos.denominator) == (3, 6)


def test_point_to_point_has_intervals_and_movements_have_none() -> None:
    ends, moves = (retention(BOOK, LAST, each) for each in (GITLAB, over_a_year(CHARTMOGUL)))

    assert ends.grr.interval() is not None
    assert ends.logos.interval() is not None
    assert moves.grr.interval() is None
    assert moves.logos.interval() is None


def test_the_rates_name_their_convention() -> None:
    found = retention(BOOK, LAST, GITLAB)

    assert [each.convention for each in (found.grr, found.nrr, found.logos)] == [
        "GRR, GitLab, over 12 months",
        "NRR, GitLab, over 12 months",
        "logo retention, GitLab, over 12 months",
    ]


def test_the_bridge_from_point_to_point_to_movements_has_a_line_for_each_cause() -> None:
    bridge = retention_bridge(BOOK, LAST, GITLAB, over_a_year(CHARTMOGUL))

    assert {line.cause: (line.a, line.b) for line in bridge.lines} == {
        "opening": (500_00, 500_00),
        "still missing at the closing": (-140_00, -140_00),
        "lost and won again by coming back": (0, -100_00),
        "lost and won again by expansion": (0, 0),
        "won within the window and lost again": (0, -50_00),
        "lost by others, who did not pay at the opening": (0, -100_00),
    }
    assert (f"{bridge.a:.1%}", f"{bridge.b:.1%}") == ("72.0%", "22.0%")


def test_the_bridge_of_net_retention_shows_who_came_back() -> None:
    bridge = retention_bridge(BOOK, LAST, GITLAB, over_a_year(BAREMETRICS), measure="nrr")

    assert {line.cause: line.b - line.a for line in bridge.lines} == {
        "opening": 0,
        "closing less opening of the same customers": 0,
        "came back, left out": -100_00,
        "lost by others, who did not pay at the opening": -100_00,
        "expansion of others": 0,
    }


def test_a_bridge_between_windows_starts_with_their_openings() -> None:
    half = RetentionConvention(name="half a year", months=6)

    bridge = retention_bridge(BOOK, LAST, GITLAB, half)

    assert (bridge.lines[0].a, bridge.lines[0].b) == (500_00, 460_00)
    assert sum(line.b for line in bridge.lines) == bridge.b.numerator


def test_a_bridge_of_logos_counts_customers() -> None:
    bridge = retention_bridge(BOOK, LAST, GITLAB, over_a_year(CHARTMOGUL), measure="logos")

    assert [(line.cause, line.b - line.a) for line in bridge.lines] == [
        ("opening", 0),
        ("gone at the closing", 0),
        ("gone and back, each time", -1),
        ("churned others, who did not pay at the opening", -1),
    ]
    assert bridge.currency == ""


def test_nothing_paid_at_the_opening_leaves_every_rate_undefined() -> None:
    cube = book(late=[0] * 6 + [100] * 7)

    for convention in (GITLAB, over_a_year(CHARTMOGUL)):
        found = retention(cube, LAST, convention)
        assert (found.grr.value, found.nrr.value, found.logos.value) == (None, None, None)


def test_a_window_that_the_cube_does_not_have_is_refused() -> None:
    with pytest.raises(CubeError, match="12 months to 2026-11 need 12 before it, and the cube has"):
        retention(BOOK, Period.month(2026, 11))


@pytest.mark.parametrize("measure", ["gdr", [], None])
def test_a_measure_that_is_none_is_refused(measure: Any) -> None:
    with pytest.raises(CubeError, match="expected one of grr, nrr, logos"):
        retention_bridge(BOOK, LAST, GITLAB, SMSB, measure=measure)


def test_a_bridge_survives_pickle_and_reads_as_a_table() -> None:
    bridge = retention_bridge(BOOK, LAST, GITLAB, over_a_year(CHARTMOGUL))

    assert pickle.loads(pickle.dumps(bridge)) == bridge  # noqa: S301
    assert str(bridge).splitlines()[-1].split() == ["retained", "360.00", "110.00", "-250.00"]


# --------------------------------------------------------------------------------------
# One cause at a time

ABOVE, RETURN = "won within the window and lost again", "lost and won again by coming back"
GROWTH = "lost and won again by expansion"
OTHERS, MISSING = "lost by others, who did not pay at the opening", "still missing at the closing"
CAUSES: dict[str, tuple[tuple[int, int, int], dict[str, int]]] = {
    "a contraction after an expansion": ((100, 150, 100), {ABOVE: 50}),
    "a churn after an expansion": ((100, 150, 0), {MISSING: 100, ABOVE: 50}),
    "a churn later reactivated": ((100, 0, 100), {RETURN: 100}),
    "a churn reactivated in part": ((100, 0, 70), {MISSING: 30, RETURN: 70}),
    "a return to more than was paid before": ((100, 0, 170), {RETURN: 100}),
    "a contraction later made good": ((100, 60, 90), {MISSING: 10, GROWTH: 30}),
    "a customer who came and went": ((0, 70, 0), {OTHERS: 70}),
    "a loss and nothing else": ((100, 100, 60), {MISSING: 40}),
}


@pytest.mark.parametrize(("history", "expected"), CAUSES.values(), ids=CAUSES)
def test_the_bridge_of_gross_retention_names_the_cause(
    history: tuple[int, int, int], expected: dict[str, int]
) -> None:
    cube = cube_of_histories({"ada": history, "zoe": (1000, 1000, 1000)})
    a = RetentionConvention(name="ends", months=2)
    b = RetentionConvention(name="movements", method="movements", months=2)

    bridge = retention_bridge(cube, month_at(2), a, b)

    assert {line.cause: -line.b for line in bridge.lines[1:] if line.b} == expected


def by_movements(*history: int, **more: Any) -> Retention:
    """Of one customer, over all of its months."""
    convention = RetentionConvention(
        name="movements", method="movements", months=len(history) - 1, **more
    )
    return retention(cube_of_histories({"ada": history}), month_at(len(history) - 1), convention)


def test_what_comes_back_counts_in_net_retention_only_where_the_convention_says_so() -> None:
    assert by_movements(100, 0, 100).nrr.value == 1
    assert by_movements(100, 0, 100, reactivation=False).nrr.value == 0


def test_a_customer_who_leaves_twice_is_lost_twice_by_movements() -> None:
    assert by_movements(100, 0, 100, 0).logos.value == -1


def test_who_comes_back_is_no_new_customer_below_the_line() -> None:
    found = retention(book(old=[100] * 13, back=[0] * 12 + [100]), LAST, over_a_year(STRIPE))
    earlier = by_movements(100, 0, 100, new_logos=True)

    assert (found.logos.denominator, earlier.logos.denominator) == (2, 1)


def test_a_bridge_of_nothing_prints_undefined() -> None:
    cube = cube_of_histories({"ada": (0, 5)})
    convention = RetentionConvention(name="ends", months=1)

    assert "undefined" in repr(retention_bridge(cube, month_at(1), convention, convention))


def test_rates_and_bridges_say_what_the_amounts_are() -> None:
    cube = cube_of_histories({"ada": (100, 80)}, basis="collected")
    convention = RetentionConvention(name="ends", months=1)

    bridge = retention_bridge(cube, month_at(1), convention, convention)

    assert (
        retention(cube, month_at(1), convention).nrr.convention
        == "NRR, ends, over a month, collected"
    )
    assert bridge.basis == "collected"
    assert repr(bridge).splitlines()[0] == "a: GRR, ends, over a month, collected = 80.0%"


def test_new_subscribers_below_the_line_are_a_line_of_the_bridge() -> None:
    bridge = retention_bridge(
        BOOK, LAST, over_a_year(CHARTMOGUL), over_a_year(STRIPE), measure="logos"
    )

    assert [line for line in bridge.lines if line.a != line.b] == [
        BridgeLine(cause="new customers, who stand below the line too", a=0, b=1)
    ]
    assert (bridge.a.denominator, bridge.b.denominator) == (5, 6)


# --------------------------------------------------------------------------------------
# Laws

histories = st.lists(
    st.lists(st.sampled_from([0, 0, 1, 50, 100, 101, 10**9]), min_size=7, max_size=7), max_size=6
)
conventions = st.builds(
    RetentionConvention,
    name=st.just("drawn"),
    method=st.sampled_from(["point to point", "movements"]),
    months=st.integers(1, 6),
    others=st.booleans(),
    reactivation=st.booleans(),
    new_logos=st.booleans(),
)
HALF = Period(Period.month(2026, 1).start, Period.month(2026, 8).start)


def cube_of(rows: list[list[int]]) -> CustomerCube:
    cells = np.array(rows, np.int64).reshape(len(rows), 7)
    return CustomerCube.of_columns(
        customer=np.repeat(np.arange(len(rows)), 7),
        month=np.tile(np.arange("2026-01", "2026-08", dtype="datetime64[M]"), len(rows)),
        amount=cells.reshape(-1),
        currency="EUR",
        span=HALF,
    )


@given(histories, conventions, conventions, st.sampled_from(["grr", "nrr", "logos"]))
def test_the_lines_of_a_bridge_make_up_both_numerators(
    rows: list[list[int]], a: RetentionConvention, b: RetentionConvention, measure: str
) -> None:
    bridge = retention_bridge(cube_of(rows), HALF.months()[-1], a, b, measure)

    assert bridge.a.numerator == sum(line.a for line in bridge.lines)
    assert bridge.b.numerator == sum(line.b for line in bridge.lines)


@given(histories, conventions, st.sampled_from(["grr", "nrr", "logos"]))
def test_a_bridge_stands_on_the_rates_that_retention_gives_and_to_itself_it_is_level(
    rows: list[list[int]], convention: RetentionConvention, measure: str
) -> None:
    cube, month = cube_of(rows), HALF.months()[-1]

    bridge = retention_bridge(cube, month, convention, convention, measure)

    assert bridge.a == bridge.b == getattr(retention(cube, month, convention), measure)
    assert all(line.a == line.b for line in bridge.lines)


@given(histories, conventions)
def test_every_rate_agrees_with_every_customer_read_out_slowly(
    rows: list[list[int]], convention: RetentionConvention
) -> None:
    found = retention(cube_of(rows), HALF.months()[-1], convention)

    rates = found.grr, found.nrr, found.logos
    slow = slowly_at_the_ends if convention.method == "point to point" else slowly_by_movements
    assert [(each.numerator, each.denominator) for each in rates] == slow(rows, convention)


def slowly_at_the_ends(
    rows: list[list[int]], convention: RetentionConvention
) -> list[tuple[int, int]]:
    ends = [(row[6 - convention.months], row[6]) for row in rows if row[6 - convention.months]]
    opening = sum(before for before, _ in ends)
    return [
        (sum(min(before, after) for before, after in ends), opening),
        (sum(after for _, after in ends), opening),
        (sum(after > 0 for _, after in ends), len(ends)),
    ]


def slowly_by_movements(
    rows: list[list[int]], convention: RetentionConvention
) -> list[tuple[int, int]]:
    start = 6 - convention.months
    opening = gross = net = sum(row[start] for row in rows)
    logos = below = sum(row[start] > 0 for row in rows)
    for row in rows:
        steps = list(zip(movements(row), itertools.pairwise(row), strict=True))[start:]
        came = convention.new_logos and any(kind == "new" for kind, _ in steps)
        logos, below = logos + came, below + came
        if row[start] == 0 and not convention.others:
            continue
        for kind, (before, after) in steps:
            logos -= kind == "churn"
            if kind in ("contraction", "churn"):
                gross, net = gross + after - before, net + after - before
            elif kind == "expansion" or (kind == "reactivation" and convention.reactivation):
                net += after - before
    return [(gross, opening), (net, opening), (logos, below)]


@given(book=BOOKS, window=st.integers(1, MONTHS - 1), layout=st.sampled_from(LAYOUTS))
def test_the_bridge_leads_from_one_series_of_retention_to_the_other_to_the_cent(
    book: list[Row], window: int, layout: Any
) -> None:
    cube = cube_of_rows(book, layout)
    ends, moves = trailing_retention(cube, window), trailing_movements(waterfall(cube), window)
    a = RetentionConvention(name="ends", months=window)
    b = RetentionConvention(name="movements", method="movements", months=window)

    for place in range(window, MONTHS):
        for measure, kept in (("grr", "kept"), ("nrr", "closing"), ("logos", "kept_logos")):
            bridge = retention_bridge(cube, month_at(place), a, b, measure)
            assert bridge.a.numerator == getattr(ends, kept)[place - window]
            assert bridge.b.numerator == getattr(moves, kept)[place - window]


@given(histories, st.integers(1, 6))
def test_gross_is_never_above_net_and_never_above_one_point_to_point(
    rows: list[list[int]], months: int
) -> None:
    convention = RetentionConvention(name="ends", months=months)
    found = retention(cube_of(rows), HALF.months()[-1], convention)

    assert found.grr.numerator <= min(found.nrr.numerator, found.grr.denominator)


def test_retention_has_a_convention_of_retention() -> None:
    problem = "expected a RetentionConvention, but got a RenewalConvention"
    with pytest.raises(DefinitionError, match=problem):
        retention(BOOK, LAST, SIGNED)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=problem):
        retention_bridge(BOOK, LAST, GITLAB, SIGNED)  # type: ignore[arg-type]


def test_retention_reads_in_major_units() -> None:
    assert repr(retention(BOOK, LAST, GITLAB)).splitlines()[:2] == [
        "retention to 2026-12, GitLab, over 12 months",
        "  GRR    USD 360.00 of 500.00 = 72.0 % (31.3 to 93.5 %, 95 % Wilson on n_eff 5.0)",
    ]


def test_a_bridge_between_two_windows_says_that_they_differ() -> None:
    differ = "the windows differ, 12 and 1 months: ask both over one of them"

    assert differ in repr(retention_bridge(BOOK, LAST, GITLAB, CHARTMOGUL)).splitlines()
    assert "differ" not in repr(retention_bridge(BOOK, LAST, GITLAB, over_a_year(CHARTMOGUL)))
