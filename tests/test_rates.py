from __future__ import annotations

import decimal
import math
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.money import InexactError
from cslib.rates import (
    Exclusion,
    Interval,
    Rate,
    RateError,
    compounded,
    effective_sample_size,
    wilson,
    wilson_columns,
)

COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
LEVELS = st.floats(0.5, 0.999)
SHARES = st.integers(0, 12).map(lambda twelfths: Fraction(twelfths, 12))
LINES = st.lists(st.tuples(st.integers(0, 10**9), SHARES), min_size=1, max_size=10)


def limits(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None
    return interval.low, interval.high


# Values


def test_a_rate_is_the_exact_ratio() -> None:
    assert Rate.of_counts(41, 47).value == Fraction(41, 47)
    assert Rate.of_values([Decimal("0.10"), 0], [Decimal("0.30"), 1]).value == Fraction(1, 13)
    assert Rate(numerator=1, denominator=Decimal("0.5")).value == 2


@pytest.mark.parametrize(
    "rate",
    [Rate.of_counts(0, 0), Rate.of_values([], []), Rate.of_values([0, 0], [0, 0])],
)
def test_a_rate_over_nothing_is_undefined_and_not_zero(rate: Rate) -> None:
    assert rate.value is None
    assert rate.interval() is None
    assert rate.no_interval == "undefined, the denominator is 0"


@pytest.mark.parametrize("number", [0.5, "1", None, True, Decimal("NaN")])
def test_only_exact_numbers_make_a_rate(number: Any) -> None:
    with pytest.raises(InexactError):
        Rate(numerator=number, denominator=1)
    with pytest.raises(InexactError):
        Rate(numerator=0, denominator=number)
    with pytest.raises(InexactError, match="numerator 1"):
        Rate.of_values([1, number], [1, 1])
    with pytest.raises(InexactError):
        Rate.of_counts(1, number)
    with pytest.raises(InexactError):
        Rate.of_counts(1, 2, excluded={"closed": number})


@pytest.mark.parametrize(
    ("successes", "trials"), [(48, 47), (-1, 47), (Fraction(1, 2), 1), (0, -1), (1, Decimal("1.5"))]
)
def test_counts_are_whole_and_no_more_than_all(successes: Any, trials: Any) -> None:
    with pytest.raises(RateError, match="0 <= successes <= trials"):
        Rate.of_counts(successes, trials)


def test_lines_come_in_pairs_with_something_due_or_nothing() -> None:
    with pytest.raises(RateError, match="but got 1 and 2"):
        Rate.of_values([1], [1, 2])
    with pytest.raises(RateError, match="denominator 1 is negative"):
        Rate.of_values([1, 1], [1, -1])
    with pytest.raises(RateError, match="denominator of 0 or more, but got -1"):
        Rate(numerator=1, denominator=-1)
    with pytest.raises(RateError, match="sample size of 0 or more, but got -2"):
        Rate(numerator=1, denominator=1, sample_size=-2)


@given(LINES)
def test_arrays_and_lists_give_the_same_rate(lines: list[tuple[int, Fraction]]) -> None:
    due = [value for value, _ in lines]
    kept = [int(value * share) for value, share in lines]

    assert Rate.of_values(np.array(kept), np.array(due)) == Rate.of_values(kept, due)


@given(LINES, st.integers(1, 1000))
def test_the_unit_of_value_does_not_matter(lines: list[tuple[int, Fraction]], unit: int) -> None:
    kept, due = [v * share for v, share in lines], [v for v, _ in lines]
    finer = Rate.of_values([k * unit for k in kept], [d * unit for d in due])
    rate = Rate.of_values(kept, due)

    assert (finer.value, finer.sample_size) == (rate.value, rate.sample_size)


# Evidence


def test_what_was_left_out_stays_with_the_rate() -> None:
    rate = Rate.of_values([90], [100], excluded={"closed business": Decimal("12.50")})

    assert rate.excluded == (Exclusion(reason="closed business", amount=Decimal("12.50")),)
    assert repr(rate).endswith("; left out: 12.50 closed business")


def test_exclusions_can_be_handed_on_as_they_are() -> None:
    first = Rate.of_counts(1, 2, excluded={"closed": 3, "rescinded": 1})

    assert Rate.of_counts(1, 2, excluded=first.excluded) == first


def test_rates_of_the_same_content_are_equal_and_hash_alike() -> None:
    one, other = (
        Rate.of_counts(1, 2, convention="signed"),
        Rate.of_counts(1, 2, convention="signed"),
    )

    assert one == other
    assert hash(one) == hash(other)
    assert one != Rate.of_counts(1, 2)
    assert one != Rate.of_counts(2, 4, convention="signed")


# Text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (Rate.of_counts(41, 47), "41 of 47 = 87.2 % (74.8 to 94.0 %, 95 % Wilson)"),
        (Rate.of_counts(0, 0), "0 of 0 = undefined"),
        (
            Rate.of_values([120, 100], [100, 100], convention="net"),
            "220 of 200 = 110.0 % (no interval: a net rate is no proportion); convention: net",
        ),
        (
            Rate(numerator=Decimal("8333.50"), denominator=Fraction(10000, 3)),
            "8333.50 of 10000/3 = 250.0 % (no interval: made from totals, its sample is not known)",
        ),
        (
            Rate.of_values([5, 0], [5, 1]),
            "5 of 6 = 83.3 % (18.6 to 99.1 %, 95 % Wilson on n_eff 1.4)",
        ),
    ],
)
def test_a_rate_reads_as_its_evidence(rate: Rate, text: str) -> None:
    assert repr(rate) == str(rate) == f"{rate}" == text


@pytest.mark.parametrize("spec", [".1%", ".3f", ">10.1%", "08.2%", "g", "+.0%"])
def test_a_rate_formats_as_the_number_it_is(spec: str) -> None:
    assert format(Rate.of_counts(7, 8), spec) == format(Decimal("0.875"), spec)


def test_a_half_is_shown_half_even_whatever_the_context_of_decimal() -> None:
    with decimal.localcontext(prec=2, rounding=decimal.ROUND_UP):
        assert f"{Rate.of_counts(1, 8):.0%} {Rate.of_counts(3, 8):.0%}" == "12% 38%"
        assert f"{Rate.of_counts(1, 3):.4%}" == "33.3333%"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (".1%", "undefined"),
        ("12.1%", "   undefined"),
        ("<12.1%", "undefined   "),
        ("*^13.1%", "**undefined**"),
        ("+012.1%", "   undefined"),
        ("=12", "   undefined"),
    ],
)
def test_an_undefined_rate_keeps_its_place_in_a_table(spec: str, text: str) -> None:
    assert format(Rate.of_counts(0, 0), spec) == text


# Intervals by count


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_newcombes_table(
    successes: int, trials: int, low: float, high: float
) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3."""
    assert limits(wilson(successes, trials)) == pytest.approx((low, high), abs=0.00005)


@given(COUNTS, LEVELS)
def test_wilson_limits_solve_the_score_equation(counts: tuple[int, int], level: float) -> None:
    successes, trials = counts
    z = math.sqrt(2) * _inverse_erf(level)

    for limit in limits(wilson(successes, trials, level)):
        score = (successes / trials - limit) ** 2
        assert score == pytest.approx(z * z * limit * (1 - limit) / trials, rel=1e-6, abs=1e-12)


def _inverse_erf(level: float) -> float:
    low, high = 0.0, 6.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erf(middle) < level else (low, middle)
    return low


@given(COUNTS, LEVELS)
def test_an_interval_lies_in_0_to_1_and_holds_the_rate(
    counts: tuple[int, int], level: float
) -> None:
    rate = Rate.of_counts(*counts)
    low, high = limits(rate.interval(level))

    assert rate.value is not None
    assert 0 <= low <= rate.value <= high <= 1
    assert low < high


@given(COUNTS, st.integers(2, 50))
def test_more_data_at_the_same_rate_is_surer(counts: tuple[int, int], times: int) -> None:
    low, high = limits(wilson(*counts))
    tighter = limits(wilson(times * counts[0], times * counts[1]))

    assert tighter[1] - tighter[0] < high - low


@given(COUNTS)
def test_a_higher_level_is_wider(counts: tuple[int, int]) -> None:
    (low, high), (lower, higher) = limits(wilson(*counts, 0.9)), limits(wilson(*counts, 0.99))

    assert lower <= low < high <= higher


@given(COUNTS)
def test_renewed_and_lost_are_mirror_images(counts: tuple[int, int]) -> None:
    successes, trials = counts
    low, high = limits(wilson(successes, trials))

    assert limits(wilson(trials - successes, trials)) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize("trials", [30, 47, 200, 500])
def test_wilson_covers_what_it_says_on_average_by_the_binomial_distribution(trials: int) -> None:
    """Brown, Cai and DasGupta, Statistical Science 16 (2001): about nominal on average."""
    low, high = wilson_columns(np.arange(trials + 1), np.full(trials + 1, trials))
    chances = np.linspace(0.05, 0.95, 181)[:, None]
    ways = np.array([math.log(math.comb(trials, k)) for k in range(trials + 1)])
    k = np.arange(trials + 1)
    weight = np.exp(ways + k * np.log(chances) + (trials - k) * np.log1p(-chances))
    covered = np.where((low <= chances) & (chances <= high), weight, 0).sum(axis=1)

    assert covered.mean() == pytest.approx(0.95, abs=0.006)
    assert covered.min() > 0.91


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, float("nan")])
def test_a_level_lies_between_0_and_1(level: float) -> None:
    with pytest.raises(RateError, match="level between 0 and 1"):
        Rate.of_counts(1, 2).interval(level)
    with pytest.raises(RateError, match="level between 0 and 1"):
        Rate.of_counts(0, 0).interval(level)
    with pytest.raises(RateError, match="level between 0 and 1"):
        wilson_columns([1], [2], level)


@pytest.mark.parametrize(
    ("successes", "trials"), [(2, 1), (-1, 1), (math.nan, 1), (1, math.nan), (1, math.inf)]
)
def test_impossible_counts_have_no_interval(successes: float, trials: float) -> None:
    with pytest.raises(RateError, match="0 <= successes <= trials"):
        wilson(successes, trials)
    with pytest.raises(RateError, match="row 1 has"):
        wilson_columns([1, successes], [1, trials])


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_rate_of_more_than_doubles_can_count_still_shows_itself(digits: int) -> None:
    rate = Rate.of_counts(5 * 10**digits, 10 ** (digits + 1))

    assert repr(rate).endswith("= 50.0 % (50.0 to 50.0 %, 95 % Wilson)")
    assert repr(rate).startswith("about 5.00000e+")


def test_numbers_that_no_double_holds_are_refused_by_name() -> None:
    with pytest.raises(RateError, match=r"got about 1.00000e[+]5000 of 3"):
        Rate.of_counts(10**5000, 3)
    with pytest.raises(RateError, match=r"0 or more, but got about -1.00000e[+]5000"):
        Rate(numerator=0, denominator=-(10**5000))
    with pytest.raises(RateError, match=r"finite doubles, .* the int of more than 100 digits"):
        wilson(1, 10**5000)


def test_a_level_may_lie_a_hair_below_1() -> None:
    level = math.nextafter(1, 0)

    assert limits(wilson(1, 2, level)) == pytest.approx((0.0071, 0.9929), abs=1e-4)
    assert wilson_columns([1], [2], level)[0].tolist() == [limits(wilson(1, 2, level))[0]]


def test_the_smallest_sample_says_nothing() -> None:
    assert limits(wilson(0.0, 5e-324)) == (0.0, 1.0)
    assert [limit.tolist() for limit in wilson_columns([0.0], [5e-324])] == [[0.0], [1.0]]


def test_no_trials_have_no_interval() -> None:
    assert wilson(0, 0) is None


@given(st.lists(COUNTS), LEVELS)
def test_columns_agree_with_single_intervals_to_the_bit(
    rows: list[tuple[int, int]], level: float
) -> None:
    low, high = wilson_columns([k for k, _ in rows], [n for _, n in rows], level)

    assert list(zip(low.tolist(), high.tolist(), strict=True)) == [
        limits(wilson(k, n, level)) for k, n in rows
    ]


def test_a_masked_count_is_not_read_as_what_lies_under_the_mask() -> None:
    with pytest.raises(RateError, match="row 1 has nan of 3"):
        wilson_columns(np.ma.array([1, 2], mask=[False, True]), [2, 3])


# Intervals by value


def test_kish_counts_lines_by_their_value() -> None:
    """(8 + 1 + 1)^2 / (64 + 1 + 1); all is kept, so only the values speak."""
    assert effective_sample_size([8, 1, 1], [8, 1, 1]) == Fraction(100, 66)


def test_losing_the_big_line_leaves_a_smaller_sample_than_kish_sees() -> None:
    """A line of 4 is lost and ten of 1 are kept: R = 5/7, Kish 196/26.

    Residuals are -20/7 once and 2/7 ten times, their squares 440/49 in all, so the observed
    size is 5/7 * 2/7 * 14^2 / (440/49) = 49/11.
    """
    assert effective_sample_size([0, *[1] * 10], [4, *[1] * 10]) == Fraction(49, 11)


@given(st.integers(0, 30), st.integers(1, 30), st.integers(1, 10**9))
def test_lines_of_equal_value_have_the_interval_of_their_count(
    successes: int, lost: int, value: int
) -> None:
    trials = successes + lost
    by_value = Rate.of_values([value] * successes + [0] * lost, [value] * trials)

    assert by_value.sample_size == trials
    assert limits(by_value.interval()) == limits(Rate.of_counts(successes, trials).interval())


@given(LINES)
def test_the_effective_size_is_no_more_than_the_lines(lines: list[tuple[int, Fraction]]) -> None:
    size = effective_sample_size([v * share for v, share in lines], [v for v, _ in lines])

    assert size is None or 0 < size <= len(lines)


@given(LINES, st.permutations(range(10)))
def test_the_order_of_lines_does_not_matter(
    lines: list[tuple[int, Fraction]], order: list[int]
) -> None:
    shuffled = [lines[i] for i in order if i < len(lines)]

    assert Rate.of_values([v * s for v, s in lines], [v for v, _ in lines]) == Rate.of_values(
        [v * s for v, s in shuffled], [v for v, _ in shuffled]
    )


@given(LINES.filter(lambda lines: any(value for value, _ in lines)))
def test_an_interval_by_value_lies_in_0_to_1_and_holds_the_rate(
    lines: list[tuple[int, Fraction]],
) -> None:
    rate = Rate.of_values([v * share for v, share in lines], [v for v, _ in lines])
    low, high = limits(rate.interval())

    assert rate.value is not None
    assert 0 <= low <= rate.value + Fraction(1, 10**12)
    assert rate.value <= high + 1e-12
    assert high <= 1


@pytest.mark.parametrize(
    "rate",
    [
        Rate.of_values([120, 100], [100, 100]),
        Rate.of_values([120, 0], [100, 100]),
        Rate.of_values([100, -10], [100, 100]),
        Rate.of_values([5, 100], [0, 200]),
        Rate(numerator=3, denominator=2, sample_size=2),
    ],
)
def test_wilson_does_not_serve_a_net_rate_even_one_below_1(rate: Rate) -> None:
    assert rate.value is not None
    assert rate.interval() is None
    assert rate.no_interval == "a net rate is no proportion"


def test_totals_alone_have_a_value_and_no_interval() -> None:
    rate = Rate(numerator=41, denominator=47)

    assert rate.value == Fraction(41, 47)
    assert rate.interval() is None
    assert rate.no_interval == "made from totals, its sample is not known"


@pytest.mark.parametrize(
    ("lines", "sigma", "chance", "slope", "partial"),
    [
        (30, 1.0, 0.85, 0.0, 0.0),
        (30, 1.5, 0.85, 0.35, 0.3),
        (60, 1.5, 0.85, -0.35, 0.0),
        (120, 1.0, 0.93, -0.7, 0.0),
        (500, 1.0, 0.93, -0.7, 0.0),
    ],
)
def test_intervals_by_value_cover_skewed_books_whose_renewal_depends_on_size(
    lines: int, sigma: float, chance: float, slope: float, partial: float
) -> None:
    """The true rate is what the book's contracts are expected to keep of their value.

    Values are lognormal; the log-odds of renewal change by ``slope`` for each standard
    deviation of log value; a share ``partial`` of the renewals keeps only part of its value.
    """
    rng = np.random.default_rng(20260630)
    books, covered = 300, 0
    for _ in range(books):
        size = rng.normal(size=lines)
        due = np.ceil(100_000 * np.exp(sigma * size)).astype(np.int64)
        odds = chance / (1 - chance) * np.exp(slope * size)
        renews = rng.random(lines) < odds / (1 + odds)
        share = np.where(rng.random(lines) < partial, rng.beta(2, 2, lines), 1.0)
        kept = np.floor(due * renews * share).astype(np.int64)
        truth = (due * odds / (1 + odds)).sum() * (1 - partial / 2) / due.sum()
        low, high = limits(Rate.of_values(kept, due).interval())
        covered += low <= truth <= high

    assert covered / books >= 0.93


# Errors


def test_a_rate_error_is_a_value_error_and_survives_pickle() -> None:
    error = RateError("rate", "expected more")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301

    assert isinstance(copy, ValueError)
    assert str(copy) == "rate: expected more"


# --------------------------------------------------------------------------------------
# Over several periods

PUBLISHED = [
    # source, rate of a period kept, periods, the loss that is printed, the loss
    ("PostHog, customer-retention-metrics.md@1094c564, Apple TV+", 0.92, 12, "almost 80", "63.2"),
    ("PostHog, customer-retention-metrics.md@1094c564, Netflix", 0.98, 12, "22.1", "21.5"),
    ("PostHog, churn-rate-vs-retention-rate.md@11799cf5", 0.97, 12, "30.6", "30.6"),
    ("PostHog, churn-rate-vs-retention-rate.md@11799cf5", 0.99, 12, "11.3 and 11.6", "11.4"),
    ("SaaS Metrics Standards Board, as transcribed @b07e2217", 0.985, 12, "16.6", "16.6"),
    ("SaaS Metrics Standards Board, as transcribed @b07e2217", 0.985, 4, "5.9", "5.9"),
    ("closing.report, Lazy NRR", 0.92, 4, "32", "28.4"),
    ("nmalinowski/Product-Manager-Skills", 0.975, 12, "26", "26.2"),
]


@pytest.mark.parametrize(("source", "kept", "periods", "printed", "right"), PUBLISHED)
def test_published_rates_of_a_year_and_what_they_should_be(
    source: str, kept: float, periods: int, printed: str, right: str
) -> None:
    found = f"{100 * (1 - compounded(kept, periods)):.1f}"

    assert found == right, (source, printed)


@given(st.floats(0.01, 2), st.integers(1, 24))
def test_a_rate_compounded_and_taken_apart_again_is_the_same(rate: float, periods: int) -> None:
    assert compounded(compounded(rate, periods), 1 / periods) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("rate", "times", "problem"),
    [
        (-0.1, 12, "expected a rate of 0 or more, but got -0.1"),
        (float("nan"), 12, "expected a rate of 0 or more, but got nan"),
        (0.9, 0, "expected times above 0, but got 0"),
        (1e300, 12, "more than a float can hold"),
    ],
)
def test_what_cannot_be_compounded_is_refused(rate: float, times: float, problem: str) -> None:
    with pytest.raises(RateError, match=problem):
        compounded(rate, times)
