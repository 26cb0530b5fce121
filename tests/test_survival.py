"""Survival curves: worked examples, laws, a slow and obvious estimator, and lifelines."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cslib.survival import (
    Curve,
    LogRank,
    SurvivalError,
    kaplan_meier,
    kaplan_meier_table,
    logrank,
)

# Freireich and others (1963), as in Kalbfleisch and Prentice (2002): weeks in remission of 21
# children on 6-mercaptopurine (+ marks the censored) and 21 on placebo (all relapsed).
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


law = settings(deadline=None, max_examples=30)  # no time limits: the machine may be busy
peer_law = settings(deadline=None, max_examples=20)  # a fit of the peer takes some 10 ms


# The plain estimator


@attrs.frozen(kw_only=True)
class Customer:
    duration: float
    observed: bool
    entry: float = 0
    value: int = 1

    def is_at_risk(self, time: float) -> bool:
        return self.duration >= time and (self.entry < time or self.entry == 0)

    def leaves(self, time: float) -> bool:
        return self.duration == time and self.observed


def plain_survival(customers: Sequence[Customer], until: float) -> Fraction:
    """The definition, one exact factor for each time with an event."""
    survival = Fraction(1)
    for time in sorted({c.duration for c in customers if c.observed and c.duration <= until}):
        at_risk = sum(c.value for c in customers if c.is_at_risk(time))
        events = sum(c.value for c in customers if c.leaves(time))
        survival *= 1 - Fraction(events, at_risk)
    return survival


def plain_interval(customers: Sequence[Customer], until: float) -> tuple[float, float]:
    """Log-log interval with the variance of Xie and Liu; Greenwood's where values are equal."""
    survival, variance = float(plain_survival(customers, until)), 0.0
    if survival in (0, 1):
        return survival, survival
    for time in {c.duration for c in customers if c.observed and c.duration <= until}:
        values = [c.value for c in customers if c.is_at_risk(time)]
        hazard = Fraction(sum(c.value for c in customers if c.leaves(time)), sum(values))
        effective = Fraction(sum(values) ** 2, sum(v * v for v in values))
        variance += float(hazard / (effective * (1 - hazard)))
    centre = math.log(-math.log(survival))
    half_width = NormalDist().inv_cdf(0.975) * math.sqrt(variance) / -math.log(survival)
    return math.exp(-math.exp(centre + half_width)), math.exp(-math.exp(centre - half_width))


def plain_logrank(groups: Sequence[Sequence[Customer]]) -> float:
    """Two groups: (observed - expected)² / hypergeometric variance, time by time."""
    everyone = [c for group in groups for c in group]
    excess = variance = Fraction(0)
    for time in {c.duration for c in everyone if c.observed}:
        n = sum(c.is_at_risk(time) for c in everyone)
        d = sum(c.leaves(time) for c in everyone)
        share = Fraction(sum(c.is_at_risk(time) for c in groups[0]), n)
        excess += sum(c.leaves(time) for c in groups[0]) - d * share
        variance += d * share * (1 - share) * Fraction(n - d, max(n - 1, 1))
    return float(excess**2 / variance) if variance else 0.0


def curve_of(customers: Sequence[Customer], **options: Any) -> Curve:
    return kaplan_meier(
        [c.duration for c in customers],
        [c.observed for c in customers],
        entry=[c.entry for c in customers],
        **options,
    )


@st.composite
def customer(draw: st.DrawFn, *, late: bool = True, values: bool = False) -> Customer:
    unit = draw(st.sampled_from([1, 0.5, 1000]))  # the last is far apart: sorted, not counted up
    duration = draw(st.integers(0, 8))
    entry = draw(st.integers(0, max(duration - 1, 0))) if late else 0
    return Customer(
        duration=duration * unit,
        observed=draw(st.booleans()),
        entry=entry * unit,
        value=draw(st.integers(1, 1000)) if values else 1,
    )


books = st.lists(customer(), min_size=1, max_size=30)
books_from_the_start = st.lists(customer(late=False), min_size=1, max_size=30)
valued_books = st.lists(customer(values=True), min_size=1, max_size=30)


# Worked examples


def test_the_example_of_kaplan_and_meier_gives_their_figures() -> None:
    curve = kaplan_meier([0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1], [1, 0, 0, 1, 1, 0, 1, 0])

    assert curve.survival_at([0.8, 3.1, 5.4, 9.2]).tolist() == pytest.approx(
        [0.875, 0.7, 0.525, 0.2625]
    )


def test_the_remission_times_give_the_published_curve() -> None:
    curve = kaplan_meier(TREATED, RELAPSED)

    at = [6, 7, 10, 13, 16, 22, 23]
    assert curve.survival_at(at).round(4).tolist() == [
        0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482,
    ]  # fmt: skip
    assert curve.at_risk_at(at).tolist() == [21, 17, 15, 12, 11, 7, 6]


def test_the_log_log_interval_of_the_remission_times_is_the_one_worked_by_hand() -> None:
    step = kaplan_meier(TREATED, RELAPSED).at(6)

    # log S = -0.15415, se = √(3 / (21 · 18)) = 0.08909, factor = exp(1.95996 · 0.57794) = 3.1042
    assert step is not None
    assert (round(step.low, 4), round(step.high, 4)) == (0.6197, 0.9516)


def test_the_medians_of_the_remission_times_are_23_and_8_weeks() -> None:
    assert kaplan_meier(TREATED, RELAPSED).median == 23
    assert kaplan_meier(PLACEBO, [True] * 21).median == 8


def test_the_log_rank_test_of_the_remission_times_gives_the_published_statistic() -> None:
    treated, placebo = kaplan_meier(TREATED, RELAPSED), kaplan_meier(PLACEBO, [True] * 21)

    test = logrank({"6-MP": treated, "placebo": placebo})

    assert round(test.statistic, 2) == 16.79
    assert test.degrees == 1
    assert test.p == pytest.approx(4.17e-5, abs=5e-8)
    assert [(line.observed, round(line.expected, 2)) for line in test.lines] == [
        (9, 19.25),
        (21, 10.75),
    ]


# The plain estimator agrees


@law
@given(books)
def test_survival_is_that_of_the_plain_estimator(book: list[Customer]) -> None:
    curve = curve_of(book)

    expected = [float(plain_survival(book, time)) for time in curve.times]
    assert curve.survival.tolist() == pytest.approx(expected, abs=1e-12)


@law
@given(valued_books)
def test_survival_by_value_is_that_of_the_plain_estimator(book: list[Customer]) -> None:
    curve = curve_of(book, values=[c.value for c in book])

    expected = [float(plain_survival(book, time)) for time in curve.times]
    assert curve.survival.tolist() == pytest.approx(expected, abs=1e-12)


@law
@given(valued_books)
def test_the_interval_by_value_is_that_of_the_plain_estimator(book: list[Customer]) -> None:
    curve = curve_of(book, values=[c.value for c in book])

    for time, low, high in zip(curve.times, curve.low, curve.high, strict=True):
        assert (low, high) == pytest.approx(plain_interval(book, time), abs=1e-9)


@law
@given(books)
def test_the_number_at_risk_is_counted_customer_by_customer(book: list[Customer]) -> None:
    curve = curve_of(book)
    times = [*curve.times, 0.25, 3.25, 9000]

    assert curve.at_risk_at(times).tolist() == [
        sum(c.is_at_risk(time) for c in book) for time in times
    ]


@law
@given(books, books)
def test_the_log_rank_statistic_is_that_of_the_plain_test(
    a: list[Customer], b: list[Customer]
) -> None:
    test = logrank({"a": curve_of(a), "b": curve_of(b)})

    assert test.statistic == pytest.approx(plain_logrank([a, b]), abs=1e-9)


@law
@given(books, st.floats(0, 9000))
def test_the_restricted_mean_is_the_area_under_the_curve(
    book: list[Customer], until: float
) -> None:
    curve = curve_of(book)
    edges = [*(t for t in curve.times if t < until), until]
    heights = curve.survival_at(edges)

    area = sum(h * (b - a) for a, b, h in zip(edges, edges[1:], heights[:-1], strict=False))
    known = curve.at(until) is not None
    assert curve.restricted_mean(until) == (pytest.approx(area) if known else None)


# Laws


@law
@given(books, st.randoms())
def test_the_order_of_rows_does_not_matter(book: list[Customer], random: Any) -> None:
    shuffled = random.sample(book, len(book))

    assert curve_of(shuffled) == curve_of(book)


@law
@given(books)
def test_survival_falls_within_its_interval_and_never_rises(book: list[Customer]) -> None:
    curve = curve_of(book)

    assert (np.diff(curve.survival) <= 0).all()
    assert (curve.low <= curve.survival).all()
    assert (curve.survival <= curve.high).all()
    assert curve.low.min() >= 0
    assert curve.high.max() <= 1


@law
@given(books)
def test_all_who_enter_have_the_event_or_are_censored(book: list[Customer]) -> None:
    curve = curve_of(book)

    assert curve.entered.sum() == curve.events.sum() + curve.censored.sum() == len(book)
    assert curve.customers == len(book)


@law
@given(books_from_the_start)
def test_entering_at_0_is_being_seen_from_the_start(book: list[Customer]) -> None:
    durations, observed = [c.duration for c in book], [c.observed for c in book]

    assert kaplan_meier(durations, observed) == curve_of(book)


@law
@given(books_from_the_start)
def test_without_censoring_survival_is_the_share_still_there(book: list[Customer]) -> None:
    durations = np.array([c.duration for c in book])
    curve = kaplan_meier(durations, np.ones(len(book), dtype=bool))

    still_there = [(durations > time).mean() for time in curve.times]
    assert curve.survival.tolist() == pytest.approx(still_there, abs=1e-12)


@law
@given(books)
def test_equal_values_give_the_curve_by_count(book: list[Customer]) -> None:
    by_count, by_value = curve_of(book), curve_of(book, values=[250] * len(book))

    assert by_value.survival.tolist() == pytest.approx(by_count.survival.tolist(), abs=1e-12)
    assert by_value.low.tolist() == pytest.approx(by_count.low.tolist(), abs=1e-12)
    assert by_value.high.tolist() == pytest.approx(by_count.high.tolist(), abs=1e-12)
    assert by_value.effective.tolist() == pytest.approx(by_count.effective.tolist())


@law
@given(valued_books, st.sampled_from([0.01, 7.3, 1e6]))
def test_another_unit_of_money_changes_neither_curve_nor_interval(
    book: list[Customer], rate: float
) -> None:
    euros = curve_of(book, values=[c.value for c in book])
    yen = curve_of(book, values=[c.value * rate for c in book])

    assert yen.survival.tolist() == pytest.approx(euros.survival.tolist(), abs=1e-9)
    assert yen.low.tolist() == pytest.approx(euros.low.tolist(), abs=1e-9)
    assert yen.high.tolist() == pytest.approx(euros.high.tolist(), abs=1e-9)


@law
@given(st.lists(st.tuples(customer(), st.integers(0, 4)), min_size=1, max_size=12))
def test_a_count_stands_for_so_many_equal_rows(rows: list[tuple[Customer, int]]) -> None:
    counted = curve_of([c for c, _ in rows], counts=[n for _, n in rows])

    assert counted == curve_of([c for c, n in rows for _ in range(n)])


@law
@given(st.lists(st.tuples(customer(values=True), st.integers(0, 4)), min_size=1, max_size=12))
def test_a_value_beside_a_count_is_that_of_each_customer(rows: list[tuple[Customer, int]]) -> None:
    each = [c for c, n in rows for _ in range(n)]
    counted = curve_of(
        [c for c, _ in rows], counts=[n for _, n in rows], values=[c.value for c, _ in rows]
    )
    listed = curve_of(each, values=[c.value for c in each])

    assert counted.customers == listed.customers == len(each)
    assert counted.high.tolist() == pytest.approx(listed.high.tolist(), abs=1e-9)


@law
@given(st.lists(st.tuples(customer(), st.integers(0, 4), st.integers(0, 4)), max_size=9))
def test_the_aggregated_table_gives_the_curve_of_its_customers(
    rows: list[tuple[Customer, int, int]],
) -> None:
    table = kaplan_meier_table(
        [c.duration for c, _, _ in rows],
        events=[events for _, events, _ in rows],
        censored=[censored for _, _, censored in rows],
        entry=[c.entry for c, _, _ in rows],
    )

    listed = [
        attrs.evolve(c, observed=observed)
        for c, events, censored in rows
        for observed in [True] * events + [False] * censored
    ]
    assert table == curve_of(listed)


@law
@given(books)
def test_whole_months_as_floats_give_the_same_curve(book: list[Customer]) -> None:
    months = np.array([int(c.duration) for c in book])
    observed = [c.observed for c in book]

    assert kaplan_meier(months.astype(float), observed) == kaplan_meier(months, observed)


@law
@given(books, st.floats(0, 10_000))
def test_a_single_time_and_a_column_of_times_read_the_same(
    book: list[Customer], time: float
) -> None:
    curve = curve_of(book)

    step = curve.at(time)
    assert curve.survival_at([time])[0] == pytest.approx(
        math.nan if step is None else step.survival, nan_ok=True
    )


@law
@given(books, books)
def test_the_log_rank_test_does_not_depend_on_the_order_of_groups(
    a: list[Customer], b: list[Customer]
) -> None:
    first, second = curve_of(a), curve_of(b)

    forth, back = logrank({"a": first, "b": second}), logrank({"b": second, "a": first})
    assert forth.statistic == pytest.approx(back.statistic, abs=1e-9)
    assert forth.degrees == back.degrees


@law
@given(books, books)
def test_observed_and_expected_events_have_one_sum(a: list[Customer], b: list[Customer]) -> None:
    lines = logrank({"a": curve_of(a), "b": curve_of(b)}).lines

    assert sum(x.observed for x in lines) == pytest.approx(sum(x.expected for x in lines))


def test_the_interval_by_value_covers_the_truth_where_values_are_skewed() -> None:
    # 100 customers, values log-normal (sigma 1.5): the effective number is near 18. Survival at 1
    # is exp(-0.7) for all; 400 books at a true coverage of 94 % stay above 90 % (-3.4 sigma).
    rng = np.random.default_rng(20)
    hits = 0
    for _ in range(400):
        event, censoring = rng.exponential(1 / 0.7, 100), rng.uniform(0, 2.5, 100)
        values = np.exp(1.5 * rng.standard_normal(100))
        curve = kaplan_meier(np.minimum(event, censoring), event <= censoring, values=values)
        step = curve.at(1)
        hits += step is not None and step.low <= math.exp(-0.7) <= step.high

    assert 0.90 <= hits / 400 <= 0.98


# Boundaries


def test_a_curve_of_nobody_is_known_at_time_0_only() -> None:
    curve = kaplan_meier([], [])

    assert (curve.customers, curve.median, curve.restricted_mean(1), curve.at(1)) == (
        0,
        *[None] * 3,
    )
    assert curve.at(0) == curve.table()[0]
    assert curve.survival.tolist() == [1]


def test_the_empty_table_gives_the_curve_of_nobody() -> None:
    assert kaplan_meier_table([], [], []) == kaplan_meier([], [])


def test_one_customer_who_left_brings_the_curve_to_0() -> None:
    curve = kaplan_meier([4], [True])

    assert (curve.median, curve.restricted_mean(10), curve.survival_at(9).item()) == (4, 4, 0)


def test_one_customer_still_there_is_known_up_to_its_age_and_no_further() -> None:
    curve = kaplan_meier([4], [False])

    assert curve.survival_at([0, 4]).tolist() == [1, 1]
    assert (curve.at(4.1), curve.median, curve.restricted_mean(5)) == (None, None, None)
    assert curve.restricted_mean(4) == 4


def test_when_all_are_censored_survival_stays_1() -> None:
    assert kaplan_meier([1, 2, 3], [False] * 3).survival.tolist() == [1, 1, 1, 1]


def test_when_all_leave_at_one_time_survival_falls_to_0_there() -> None:
    curve = kaplan_meier([5, 5, 5], [True] * 3)

    assert (curve.survival.tolist(), curve.median) == ([1, 0], 5)


def test_the_interval_closes_on_the_estimate_where_survival_is_1_or_0() -> None:
    curve = kaplan_meier([1, 2], [False, True])

    assert curve.low.tolist() == curve.high.tolist() == curve.survival.tolist() == [1, 1, 0]


def test_events_at_time_0_lower_the_curve_at_time_0() -> None:
    curve = kaplan_meier([0, 0, 3, 3], [True, False, True, False])

    assert curve.table()[0].survival == 0.75
    assert curve.survival_at(3).item() == 0.375


def test_events_come_before_censorings_at_the_same_time() -> None:
    assert kaplan_meier([2, 2], [True, False]).survival_at(2).item() == 0.5


def test_who_enters_at_a_time_is_at_risk_after_it_and_not_at_it() -> None:
    curve = kaplan_meier([3, 9, 9, 9], [True, False, False, False], entry=[0, 0, 3, 3])

    assert curve.at_risk_at([3, 3.5]).tolist() == [2, 3]
    assert curve.survival_at(3).item() == 0.5


def test_a_median_that_is_exactly_a_half_is_not_missed_by_rounding() -> None:
    curve = kaplan_meier(np.arange(1, 25), [True] * 24)

    assert curve.survival_at(12).item() > 0.5  # 23/24 · 22/23 · ... · 12/13 in floats
    assert curve.median == 12


def test_a_gap_with_nobody_at_risk_is_named() -> None:
    curve = kaplan_meier([3, 9], [False, True], entry=[1, 5])

    assert curve.gaps == ((0, 1), (3, 5))
    assert curve.survival_at([4, 8]).tolist() == [1, 1]


def test_a_curve_at_0_before_a_gap_stays_at_0() -> None:
    curve = kaplan_meier([3, 9], [True, True], entry=[0, 5])

    assert (curve.gaps, curve.survival_at(8).item()) == (((3, 5),), 0)


def test_without_late_entry_there_are_no_gaps() -> None:
    assert kaplan_meier(TREATED, RELAPSED).gaps == ()


def test_customers_worth_nothing_do_not_change_a_curve_by_value() -> None:
    with_them = kaplan_meier([1, 2, 5], [True, False, True], values=[3, 4, 0])

    assert with_them == kaplan_meier([1, 2], [True, False], values=[3, 4])


def test_a_customer_with_nearly_all_the_value_leaves_an_effective_number_near_1() -> None:
    curve = kaplan_meier([1, 2, 3], [True, False, False], values=[1, 1, 1e6])

    assert curve.effective[0] == pytest.approx(1, abs=1e-5)
    assert curve.at(1).low == 0  # type: ignore[union-attr]


def test_no_rounding_is_left_at_risk_where_customers_enter_late() -> None:
    curve = kaplan_meier([2, 7, 9], [True, True, True], entry=[0, 3, 5], values=[0.1, 0.2, 0.3])

    assert curve.at_risk[1:].tolist() == pytest.approx([0.1, 0, 0.2, 0.5, 0.3])
    assert (curve.at_risk[2], curve.survival_at(2).item()) == (0, 0)


def test_durations_far_apart_are_sorted_and_not_counted_up() -> None:
    curve = kaplan_meier([10**12, 5], [True, False])

    assert (curve.times.tolist(), curve.median) == ([0, 5, 10**12], 10**12)


def test_whole_durations_stay_whole_numbers() -> None:
    assert repr(kaplan_meier([3, 4], [True, False]).median) == "3"
    assert repr(kaplan_meier([3.0, 4.0], [True, False]).median) == "3.0"


def test_a_higher_level_gives_a_wider_interval() -> None:
    narrow = kaplan_meier(TREATED, RELAPSED, level=0.8).at(23)
    wide = kaplan_meier(TREATED, RELAPSED, level=0.99).at(23)

    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low < narrow.high < wide.high


def test_amounts_may_be_exact_decimals() -> None:
    exact = kaplan_meier([1, 2], [True, False], values=[Decimal("10.50"), Decimal("0.25")])

    assert exact == kaplan_meier([1, 2], [True, False], values=[10.5, 0.25])


@pytest.mark.parametrize("flags", [[1, 0], [1.0, 0.0], np.array([True, False], dtype=object)])
def test_events_may_be_told_by_1_and_0_or_booleans(flags: Any) -> None:
    assert kaplan_meier([1, 2], flags) == kaplan_meier([1, 2], [True, False])


def test_a_mask_that_hides_nothing_is_no_matter() -> None:
    times = np.ma.masked_array([1, 2], mask=[False, False])

    assert kaplan_meier(times, [True, False]) == kaplan_meier([1, 2], [True, False])


# A curve as a value


def test_curves_are_equal_by_content_and_hash_alike() -> None:
    a, b = kaplan_meier([1, 2], [True, False]), kaplan_meier([1, 2], [True, False])

    assert a == b
    assert hash(a) == hash(b)


def test_a_curve_differs_from_one_of_another_level_and_from_anything_else() -> None:
    curve = kaplan_meier([1, 2], [True, False])

    assert curve != kaplan_meier([1, 2], [True, False], level=0.9)
    assert curve != "curve"


def test_the_columns_of_a_curve_cannot_be_written() -> None:
    curve = kaplan_meier([1, 2], [True, False])

    with pytest.raises(ValueError, match="read-only"):
        curve.survival[0] = 0.5


def test_a_curve_says_what_it_rests_on() -> None:
    assert repr(kaplan_meier([1, 2], [False, False], values=[5, 5])) == (
        "<Curve by value: 2 customers, median not reached, survival 1.000 (1.000 to 1.000) at 2>"
    )


def test_a_curve_survives_pickle() -> None:
    curve = kaplan_meier(TREATED, RELAPSED)

    assert pickle.loads(pickle.dumps(curve)) == curve  # noqa: S301


# The log-rank test


def chi_squared_tail_by_trapezoid(x: float, degrees: int) -> float:
    z, step = np.linspace(x, x + 200, 400_001, retstep=True)
    scale = 2 ** (degrees / 2) * math.gamma(degrees / 2)
    density = z ** (degrees / 2 - 1) * np.exp(-z / 2) / scale
    return float((density.sum() - (density[0] + density[-1]) / 2) * step)


@pytest.mark.parametrize("groups", [2, 3, 4, 5, 8])
def test_the_chance_is_the_tail_of_the_chi_squared_density(groups: int) -> None:
    curves = {
        str(g): kaplan_meier([1 + g, 3 + 2 * g, 7, 8 + g], [True, True, g % 2 == 0, False])
        for g in range(groups)
    }

    test = logrank(curves)

    assert test.degrees == groups - 1
    assert test.p == pytest.approx(
        chi_squared_tail_by_trapezoid(test.statistic, test.degrees), abs=1e-6
    )


def test_groups_with_one_curve_do_not_differ() -> None:
    curve = kaplan_meier(TREATED, RELAPSED)

    test = logrank({"a": curve, "b": curve})

    assert (test.statistic, test.p) == (pytest.approx(0), pytest.approx(1))


def test_without_events_nothing_tells_the_groups_apart() -> None:
    curve = kaplan_meier([1, 2], [False, False])

    test = logrank({"a": curve, "b": curve})

    assert (test.statistic, test.degrees, test.p) == (0, 0, 1)


def test_groups_never_at_risk_together_cannot_be_told_apart() -> None:
    early = kaplan_meier([1, 2, 3], [True, True, True])
    late = kaplan_meier([7, 8, 9], [True, True, False], entry=[5, 5, 5])

    assert logrank({"early": early, "late": late}).degrees == 0


def test_a_group_of_nobody_takes_no_degree_of_freedom() -> None:
    curves = {
        "treated": kaplan_meier(TREATED, RELAPSED),
        "placebo": kaplan_meier(PLACEBO, [True] * 21),
    }

    test: LogRank = logrank({**curves, "nobody": kaplan_meier([], [])})

    assert test.degrees == 1
    assert test.statistic == pytest.approx(logrank(curves).statistic)


@pytest.mark.parametrize("groups", [{}, {"a": kaplan_meier([1], [True])}])
def test_fewer_than_two_groups_are_refused(groups: dict[str, Curve]) -> None:
    with pytest.raises(SurvivalError, match=r"groups has [01]: expected two or more"):
        logrank(groups)


def test_a_curve_by_value_is_refused_by_the_log_rank_test() -> None:
    curve = kaplan_meier([1], [True], values=[9])

    with pytest.raises(SurvivalError, match="groups has 'b' by value"):
        logrank({"a": kaplan_meier([1], [True]), "b": curve})


# What is refused


LAST_SEEN = "say when the customer was last seen, or leave the row out"
FIRST_SEEN = "say when the customer was first seen, or leave the row out"
WHETHER = "say whether the event was seen, or leave the row out"


def call(**changed: Any) -> Callable[[], Curve]:
    given: dict[str, Any] = {"durations": [1, 2, 3], "observed": [True, False, True], **changed}
    return lambda: kaplan_meier(**given)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            call(durations=[1, math.nan, math.nan]),
            "durations[1] is nan (the first of 2 such rows): unknown; " + LAST_SEEN,
        ),
        (
            call(durations=[1, 2, None]),
            "durations[2] is nan: unknown; " + LAST_SEEN,
        ),
        (
            call(durations=np.ma.masked_array([1, 2, 3], mask=[True, False, False])),
            "durations[0] is nan: unknown; " + LAST_SEEN,
        ),
        (call(durations=[1, 2, math.inf]), "durations[2] is inf: expected a finite number"),
        (call(durations=[1, -2, 3]), "durations[1] is -2: expected a time of 0 or more"),
        (call(durations=["1", "2", "3"]), "durations holds <U1: expected numbers"),
        (call(durations=[True, False, True]), "durations holds bool: expected numbers"),
        (
            call(durations=np.array([1, "2", None], dtype=object)),
            "durations[1] is '2': expected a number",
        ),
        (
            call(durations=np.array([1, True, 3], dtype=object)),
            "durations[1] is True: expected a number",
        ),
        (call(durations=[[1, 2, 3]]), "durations has shape (1, 3): expected one dimension"),
        (call(observed=[True]), "observed has 1 rows: expected 3, as many as durations"),
        (call(observed=[0, 1, 2]), "observed[2] is 2: expected True or False"),
        (
            call(observed=[True, None, False]),
            "observed[1] is nan: unknown; " + WHETHER,
        ),
        (
            call(observed=np.ma.masked_array([True, False, True], mask=[False, False, True])),
            "observed[2] is nan: unknown; " + WHETHER,
        ),
        (call(entry=[0, 2, 0]), "entry[1] is 2: expected a time before the duration (or both 0)"),
        (call(entry=[0, None, 0]), "entry[1] is nan: unknown; " + FIRST_SEEN),
        (call(entry=[-1, 0, 0]), "entry[0] is -1: expected a time of 0 or more"),
        (call(entry=[0]), "entry has 1 rows: expected 3, as many as durations"),
        (
            call(counts=[1, 0.5, 1]),
            "counts[1] is 0.5: expected a whole number",
        ),
        (
            call(counts=[1, 1, -1]),
            "counts[2] is -1: expected a number of customers of 0 or more",
        ),
        (call(values=[5, -1, 5]), "values[1] is -1: expected an amount of 0 or more"),
        (
            call(values=[Decimal(1), None, Decimal(2)]),
            "values[1] is nan: unknown; say what the customer is worth, or leave the row out",
        ),
        (
            call(entry=[0, 0, 2], values=[2**53, 1, 2000]),
            "values[1] is 1: expected 0, or 1024 or more: with late entry, rounding may lose",
        ),
        (
            call(entry=[0, 0, 2], values=[1.0, 0.5, 2.0**40], counts=[1, 0, 16]),
            "values[0] is 1.0: expected 0, or 2 or more",
        ),
        (call(level=95), "level is 95: expected one between 0 and 1"),
        (
            lambda: kaplan_meier_table([1, 2], events=[1, 1.5], censored=[0, 0]),
            "events[1] is 1.5: expected a whole number",
        ),
        (
            lambda: kaplan_meier_table([1, 2], events=[1, 1], censored=[0]),
            "censored has 1 rows: expected 2, as many as durations",
        ),
        (
            lambda: kaplan_meier_table([1, 2], events=[1, 1], censored=[0, 0], entry=[0, 2]),
            "entry[1] is 2: expected a time before the duration (or both 0)",
        ),
    ],
)
def test_what_no_curve_can_be_made_of_is_refused_by_name_and_row(
    make: Callable[[], Curve], message: str
) -> None:
    with pytest.raises(SurvivalError) as caught:
        make()

    assert str(caught.value).startswith(message)


def test_with_late_entry_the_smallest_value_that_is_taken_keeps_its_event() -> None:
    curve = kaplan_meier([1, 4, 9], [True, True, False], entry=[0, 2, 5], values=[2**43 - 4, 2, 2])

    assert (curve.at(4).at_risk, curve.at(4).events, curve.at(4).survival) == (2, 2, 0)


@pytest.mark.parametrize("entry", [None, [0, 0]])
def test_without_late_entry_values_may_be_as_unlike_as_they_are(entry: list[int] | None) -> None:
    curve = kaplan_meier([3, 5], [False, True], entry=entry, values=[1e150, 1e-150])

    assert curve.survival.tolist() == [1, 1, 0]


def test_a_level_may_lie_a_hair_below_1() -> None:
    step = kaplan_meier([1, 2], [True, False], level=math.nextafter(1, 0)).at(1)

    assert step.low < step.survival < step.high < 1


@pytest.mark.parametrize("time", [-1, math.nan, math.inf])
def test_a_time_that_no_curve_reaches_is_refused(time: float) -> None:
    curve = kaplan_meier([1], [True])

    for ask in (curve.at, curve.survival_at, curve.at_risk_at, curve.restricted_mean):
        with pytest.raises(SurvivalError, match="expected one that is finite, 0 or more"):
            ask(time)


def test_the_error_survives_pickle_and_carries_its_place() -> None:
    with pytest.raises(SurvivalError) as caught:
        kaplan_meier([1, -1], [True, True])

    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (error.argument, error.row, str(error)) == ("durations", 1, str(caught.value))


# lifelines agrees


def peer_fit(book: Sequence[Customer], **options: Any) -> Any:
    lifelines = pytest.importorskip("lifelines", reason="peer comparison: dependency group `peers`")
    return lifelines.KaplanMeierFitter().fit(
        [c.duration for c in book], [c.observed for c in book], **options
    )


def assert_equal_to_peer(curve: Curve, peer: Any, *, interval: bool = True) -> None:
    times = peer.timeline
    ours = [curve.at(time) for time in times]
    assert [s.survival for s in ours if s] == pytest.approx(
        peer.survival_function_.iloc[:, 0].tolist(), abs=1e-9
    )
    table = peer.event_table
    assert [s.events for s in ours if s] == pytest.approx(table["observed"].tolist())
    assert [s.entered for s in ours if s] == pytest.approx(table["entrance"].tolist())
    if interval:
        bounds = peer.confidence_interval_.to_numpy()
        assert [s.low for s in ours if s] == pytest.approx(bounds[:, 0].tolist(), abs=1e-9)
        assert [s.high for s in ours if s] == pytest.approx(bounds[:, 1].tolist(), abs=1e-9)


@pytest.mark.peer
@peer_law
@given(books_from_the_start)
def test_a_curve_by_count_equals_lifelines(book: list[Customer]) -> None:
    curve, peer = curve_of(book), peer_fit(book)

    assert_equal_to_peer(curve, peer)
    assert curve.at_risk.tolist() == peer.event_table["at_risk"].tolist()


@pytest.mark.peer
@peer_law
@given(books_from_the_start)
def test_the_median_equals_lifelines_where_rounding_does_not_decide(book: list[Customer]) -> None:
    curve = curve_of(book)
    assume(np.abs(curve.survival - 0.5).min() > 1e-9)

    expected = peer_fit(book).median_survival_time_
    assert curve.median == (None if math.isinf(expected) else expected)


@pytest.mark.peer
@peer_law
@given(books_from_the_start, st.floats(0, 8))
def test_the_restricted_mean_equals_lifelines(book: list[Customer], until: float) -> None:
    curve = curve_of(book)
    assume(curve.at(until) is not None)
    utils = pytest.importorskip("lifelines.utils", reason="peer comparison")

    expected = utils.restricted_mean_survival_time(peer_fit(book), t=until)
    assert curve.restricted_mean(until) == pytest.approx(expected, abs=1e-9)


@pytest.mark.peer
@peer_law
@given(st.lists(customer(), min_size=2, max_size=30))
def test_late_entry_equals_lifelines(book: list[Customer]) -> None:
    curve = curve_of(book)
    assume(not any(curve.at_risk_at(start) for start, _ in curve.gaps))  # lifelines refuses most

    peer = peer_fit(book, entry=[c.entry for c in book])
    assert_equal_to_peer(curve, peer)


@pytest.mark.peer
@peer_law
@given(st.lists(customer(late=False, values=True), min_size=1, max_size=30))
def test_counts_equal_weights_of_lifelines(book: list[Customer]) -> None:
    counts = [c.value for c in book]

    assert_equal_to_peer(curve_of(book, counts=counts), peer_fit(book, weights=counts))


@pytest.mark.peer
@peer_law
@given(st.lists(customer(late=False, values=True), min_size=1, max_size=30))
def test_survival_by_value_equals_lifelines_with_weights(book: list[Customer]) -> None:
    values = [c.value for c in book]

    curve, peer = curve_of(book, values=values), peer_fit(book, weights=values)
    assert_equal_to_peer(curve, peer, interval=False)


@pytest.mark.peer
def test_ten_thousand_generated_customers_equal_lifelines() -> None:
    rng = np.random.default_rng(7)
    entry = np.where(rng.random(10_000) < 0.5, 0, rng.uniform(0, 12, 10_000).round(1))
    durations = (entry + 0.1 + rng.exponential(20, 10_000)).round(1)
    book = [
        Customer(duration=d, observed=o, entry=e)
        for d, o, e in zip(durations, rng.random(10_000) < 0.6, entry, strict=True)
    ]

    assert_equal_to_peer(curve_of(book), peer_fit(book, entry=entry))


@pytest.mark.peer
@peer_law
@given(st.lists(books_from_the_start, min_size=2, max_size=5))
def test_the_log_rank_test_equals_lifelines(groups: list[list[Customer]]) -> None:
    statistics = pytest.importorskip("lifelines.statistics", reason="peer comparison")
    test = logrank({str(i): curve_of(book) for i, book in enumerate(groups)})
    assume(test.degrees == len(groups) - 1)  # lifelines counts all groups even where some cannot be

    peer = statistics.multivariate_logrank_test(
        [c.duration for book in groups for c in book],
        [i for i, book in enumerate(groups) for _ in book],
        [c.observed for book in groups for c in book],
    )
    assert test.statistic == pytest.approx(peer.test_statistic, rel=1e-7, abs=1e-9)
    assert test.p == pytest.approx(peer.p_value, rel=1e-7, abs=1e-9)
