"""The Net Promoter Score of answers, its interval, its change, and the answers that stand."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.moments import MomentError
from cslib.nps import (
    LeftOut,
    NetPromoterScore,
    NpsChange,
    NpsError,
    Response,
    net_promoter_score,
    net_promoter_scores,
    paired_change,
    score_interval,
    standing_answers,
)
from cslib.npscolumns import interval_columns
from cslib.rates import Rate, wilson

Floats = npt.NDArray[np.float64]
counts = st.integers(0, 60)
answers = st.none() | st.integers(0, 10)


def scored(promoters: int, passives: int, detractors: int, **more: Any) -> NetPromoterScore:
    return NetPromoterScore(promoters=promoters, passives=passives, detractors=detractors, **more)


# --- The score


@pytest.mark.parametrize(("answer", "score"), [(0, -1), (6, -1), (7, 0), (8, 0), (9, 1), (10, 1)])
def test_nine_and_ten_promote_and_up_to_six_detract(answer: int, score: int) -> None:
    assert net_promoter_score([answer]).score == score


def test_the_score_is_an_exact_fraction_and_is_shown_in_points() -> None:
    found = net_promoter_score([10, 9, 3])

    assert found.score == Fraction(1, 3)
    assert found.points == 100 / 3
    assert repr(found).startswith("NPS +33 (")


def test_no_answer_is_no_passive_and_is_counted_apart() -> None:
    found = net_promoter_score([9, None, float("nan")])

    assert (found.score, found.responses, found.unanswered) == (1, 1, 2)


def test_a_whole_float_is_an_answer_since_columns_with_gaps_turn_to_floats() -> None:
    assert net_promoter_score([9.0, np.int8(9)]) == scored(2, 0, 0)


@pytest.mark.parametrize("wrong", [11, -1, 7.5, True, "9", math.inf, [9], np.bool_(True)])
def test_what_is_no_answer_is_refused_by_its_row(wrong: Any) -> None:
    with pytest.raises(NpsError, match=r"^answers\[1\] is .*: expected a whole number from 0 to"):
        net_promoter_score([9, wrong])


def test_nobody_has_no_score() -> None:
    found = net_promoter_score([None])

    assert (found.score, found.points, found.interval()) == (None, None, None)
    assert found.no_score == "nobody answered"
    assert repr(found) == (
        "NPS unknown (nobody answered) of 0 answers (promoters 0, passives 0, detractors 0)"
    )


def test_below_the_least_size_no_score_is_told_and_at_it_one_is() -> None:
    few, enough = net_promoter_score([9, 9], least=3), net_promoter_score([9, 9, 3], least=3)

    assert (few.score, few.interval(), enough.score) == (None, None, Fraction(1, 3))
    assert few.no_score == "2 answered, and a score is told from 3"
    assert enough.no_score == ""


def test_a_score_of_all_who_promote_keeps_its_uncertainty() -> None:
    low_high = [(found.low, found.high) for n in (1, 10) if (found := scored(n, 0, 0).interval())]

    assert low_high[0] == (pytest.approx(-0.5869, abs=1e-4), 1.0)
    assert low_high[1] == (pytest.approx(0.4449, abs=1e-4), 1.0)


def test_all_who_detract_are_the_mirror_of_all_who_promote() -> None:
    up, down = scored(10, 0, 0).interval(), scored(0, 0, 10).interval()

    assert up is not None
    assert down is not None
    assert (down.low, down.high) == (-1.0, pytest.approx(-up.low))


def test_the_response_rate_is_known_only_where_it_is_known_who_was_asked() -> None:
    assert net_promoter_score([9, None, 3]).response_rate is None
    assert net_promoter_score([9, None, 3], invited=8).response_rate == Rate.of_counts(2, 8)
    assert net_promoter_score([], invited=0).response_rate == Rate.of_counts(0, 0)


def test_fewer_invited_than_rows_are_refused() -> None:
    with pytest.raises(NpsError, match=r"^invited is 1: expected 2 or more"):
        net_promoter_score([9, None], invited=1)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("promoters", -1), ("passives", True), ("detractors", 1.0), ("invited", "9"), ("least", 0)],
)
def test_counts_are_whole_numbers(name: str, wrong: Any) -> None:
    given: dict[str, Any] = {"promoters": 1, "passives": 1, "detractors": 1, name: wrong}

    with pytest.raises(NpsError, match=f"^{name} is .*expected a whole number of"):
        NetPromoterScore(**given)


def test_facts_of_a_score_are_in_points_and_unknown_without_one() -> None:
    assert scored(1, 0, 3).facts() == {
        "account_nps": -50.0,
        "nps_responses": 4,
        "detractors": 3,
    }
    assert scored(0, 0, 0).facts()["account_nps"] is None


# --- Groups


def test_groups_are_scored_apart_and_sorted() -> None:
    found = net_promoter_scores([("b", 9), ("a", 3), ("b", None)], least=1)

    assert list(found.items()) == [("a", scored(0, 0, 1)), ("b", scored(1, 0, 0, unanswered=1))]


def test_a_group_of_which_nobody_answered_is_there_if_it_was_invited() -> None:
    found = net_promoter_scores([("a", 9)], invited={"a": 2, "b": 5})

    assert found["b"].no_score == "nobody answered"
    assert found["b"].response_rate == Rate.of_counts(0, 5)


@pytest.mark.parametrize("wrong", [None, "", 1.0, True, 3])
def test_a_group_without_a_name_is_refused_by_its_row(wrong: Any) -> None:
    with pytest.raises(NpsError, match=r"^group\[1\] is .*expected"):
        net_promoter_scores([("a", 9), (wrong, 9)])


def test_groups_that_were_invited_are_of_the_kind_of_the_others() -> None:
    with pytest.raises(NpsError, match=r"^invited\[1\] is the str 'a': expected all to be of one"):
        net_promoter_scores([], invited={1: 2, "a": 3})
    assert net_promoter_scores([(np.int64(7), 9)], invited={7: 2})[7].responses == 1


# --- The interval


def test_the_interval_is_that_of_tango_for_paired_proportions() -> None:
    """Airway hyper-responsiveness before and after transplantation, 1 and 7 discordant of 21.

    Fagerland, Lydersen and Laake, "Recommended tests and confidence intervals for paired binomial
    proportions", Statistics in Medicine 33 (2014), 2850-2875: -0.517 to -0.026.
    """
    found = score_interval(1, 13, 7)

    assert found is not None
    assert (round(found.low, 3), round(found.high, 3)) == (-0.517, -0.026)


def test_a_large_sample_has_the_margin_that_people_compute_by_wald() -> None:
    """291 promoters, 476 passives, 395 detractors: -9, give or take 4.4.

    A question of talkstats.com, "Net Promoter Score - calculating confidence intervals" (58500).
    """
    found = scored(291, 476, 395)
    interval = found.interval()

    assert interval is not None
    assert found.points == pytest.approx(-9, abs=0.1)
    assert 50 * (interval.high - interval.low) == pytest.approx(4.4, abs=0.05)


def test_the_standard_error_is_that_of_a_published_example() -> None:
    """One half promoters, a third passives, a sixth detractors: the variance of an answer is 5/9.

    Whuber's answer to "How can I calculate margin of error in a NPS result?", Cross Validated.
    """
    interval = scored(16200, 10800, 5400).interval(level=0.6826894921370859)

    assert interval is not None
    assert (interval.high - interval.low) / 2 == pytest.approx(math.sqrt(5 / 9 / 32400), rel=1e-3)


@given(counts, counts)
def test_without_passives_the_interval_is_that_of_wilson(promoters: int, detractors: int) -> None:
    found, shares = (
        score_interval(promoters, 0, detractors),
        wilson(promoters, promoters + detractors),
    )

    if found is None or shares is None:
        assert found is shares
        return
    assert found.low == pytest.approx(2 * shares.low - 1, abs=1e-9)
    assert found.high == pytest.approx(2 * shares.high - 1, abs=1e-9)


@given(counts, counts, counts, st.floats(0.01, 0.98))
def test_the_interval_holds_the_score_and_grows_with_the_level(
    promoters: int, passives: int, detractors: int, level: float
) -> None:
    narrow = score_interval(promoters, passives, detractors, level)
    wide = score_interval(promoters, passives, detractors, level + 0.01)

    if narrow is None or wide is None:
        assert promoters + passives + detractors == 0
        return
    score = (promoters - detractors) / (promoters + passives + detractors)
    assert -1 <= wide.low <= narrow.low <= score <= narrow.high <= wide.high <= 1


@given(counts, counts, counts)
def test_turning_the_answers_around_turns_the_interval_around(a: int, b: int, c: int) -> None:
    one, other = score_interval(a, b, c), score_interval(c, b, a)

    if one is not None and other is not None:
        assert one.low == pytest.approx(-other.high, abs=1e-9)


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, math.nan])
def test_a_level_is_a_fraction(level: float) -> None:
    with pytest.raises(NpsError, match=r"^level is .*between 0 and 1"):
        score_interval(1, 1, 1, level)
    with pytest.raises(NpsError, match=r"^level is"):
        scored(0, 0, 0).interval(level)


def test_a_count_that_is_none_has_no_interval() -> None:
    with pytest.raises(NpsError, match=r"^passives is the int -1"):
        score_interval(1, -1, 1)


Z = -NormalDist().inv_cdf(0.025)


def outcomes(total: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """How many promote and how many detract, in every outcome of so many answers."""
    pairs = [(x, y) for x in range(total + 1) for y in range(total + 1 - x)]
    x, y = np.array(pairs, np.int64).T
    return x, y


def wald(x: Any, y: Any, total: int, added: float = 0.0) -> tuple[Floats, Floats]:
    """Wald's interval, after so much was added to promoters and detractors, twice to passives."""
    size = total + 4 * added
    p, d = (x + added) / size, (y + added) / size
    error = np.sqrt((p + d - (p - d) ** 2) / size)
    return np.maximum(p - d - Z * error, -1), np.minimum(p - d + Z * error, 1)


def score(x: Any, y: Any, total: int) -> tuple[Floats, Floats]:
    return interval_columns(x, total - x - y, y)


def least_coverage(total: int, limits: Callable[..., tuple[Floats, Floats]]) -> float:
    """The exact coverage of nominal 95 %, at the mix of customers where it is least."""
    x, y = outcomes(total)
    low, high = limits(x, y, total)
    ways = np.array(
        [
            math.comb(total, int(a)) * math.comb(total - int(a), int(b))
            for a, b in zip(x, y, strict=True)
        ],
        float,
    )
    found = 1.0
    for p, d in itertools.product(np.arange(0.05, 0.91, 0.05), repeat=2):
        if p + d <= 0.951:
            chance = ways * p**x * d**y * max(1 - p - d, 0) ** (total - x - y)
            found = min(found, float(chance[(low <= p - d) & (p - d <= high)].sum()))
    return found


@pytest.mark.parametrize("total", [10, 11, 15, 20, 30])
def test_the_interval_covers_at_least_93_percent_from_ten_answers_on(total: int) -> None:
    assert least_coverage(total, score) >= 0.93


def test_the_intervals_not_chosen_cover_less_in_small_samples() -> None:
    assert least_coverage(10, wald) < 0.70
    adjusted = least_coverage(10, lambda x, y, total: wald(x, y, total, 0.75))
    assert adjusted < 0.931 < 0.938 < least_coverage(10, score)


# --- The change


def test_the_change_is_the_difference_of_the_scores() -> None:
    change = NpsChange(before=scored(2, 5, 3), after=scored(5, 4, 1))

    assert change.value == Fraction(1, 2)
    assert change.correlation == 0
    assert repr(change).startswith("NPS -10 to +40: +50 (")
    assert "both waves" not in repr(change)


def test_waves_alike_have_no_significant_change() -> None:
    change = NpsChange(before=scored(5, 5, 5), after=scored(5, 5, 5))

    assert (change.value, change.p_value, change.is_significant()) == (0, 1.0, False)


def test_a_large_change_of_many_is_significant() -> None:
    change = NpsChange(before=scored(0, 0, 500), after=scored(500, 0, 0))

    assert change.p_value == 0.0
    assert change.is_significant(0.999)


def test_the_change_of_two_proportions_is_that_of_newcombe() -> None:
    """56 of 70 against 48 of 80: 0.2, 0.0524 to 0.3339 by method 10 (Newcombe 1998, table II, a).

    Without passives a score is twice a share less one, and the interval twice that of Newcombe.
    """
    change = NpsChange(before=scored(48, 0, 32), after=scored(56, 0, 14))
    interval = change.interval()

    assert interval is not None
    assert interval.low / 2 == pytest.approx(0.0524, abs=5e-5)
    assert interval.high / 2 == pytest.approx(0.3339, abs=5e-5)


def test_an_unknown_wave_has_no_change() -> None:
    change = NpsChange(before=scored(0, 0, 0), after=scored(5, 4, 1))

    assert (change.value, change.interval(), change.p_value, change.is_significant()) == (None,) * 4
    assert repr(change) == "NPS change unknown: nobody answered"


@settings(max_examples=30)
@given(*[st.integers(0, 12)] * 6, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_a_change_is_significant_at_a_level_where_its_p_value_is_below_what_is_left(
    a: int, b: int, c: int, d: int, e: int, f: int, level: float
) -> None:
    change = NpsChange(before=scored(a, b, c), after=scored(d, e, f))

    if change.p_value is None:
        assert not (a + b + c) or not (d + e + f)
    elif abs(change.p_value - (1 - level)) > 1e-9:
        assert change.is_significant(level) == (change.p_value < 1 - level)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(4, 10), st.integers(4, 10)), min_size=1, max_size=30))
def test_a_paired_change_is_significant_where_its_p_value_is_small(
    pairs: list[tuple[int, int]],
) -> None:
    before, after = ({str(i): pair[k] for i, pair in enumerate(pairs)} for k in (0, 1))
    change = paired_change(before, after)

    assert change.p_value is not None
    if abs(change.p_value - 0.05) > 1e-9:
        assert change.is_significant() == (change.p_value < 0.05)


def test_a_paired_change_is_of_those_who_answered_both_waves() -> None:
    change = paired_change(
        {"ada": 6, "bo": 8, "cy": 9, "di": None}, {"ada": 9, "bo": 9, "di": 3, "ed": None}
    )

    assert change.moves == ((0, 0, 1), (0, 0, 1), (0, 0, 0))
    assert (change.before, change.after) == (scored(0, 1, 1), scored(2, 0, 0))
    assert change.left_out == 2
    assert repr(change).endswith("; 2 answered both waves, 2 one alone")


def test_pairs_alike_tell_a_change_more_surely_than_two_independent_waves() -> None:
    before = {str(i): 6 if i < 20 else 10 for i in range(60)}
    after = {str(i): 6 if i < 12 else 10 for i in range(60)}
    paired = paired_change(before, after)
    apart = NpsChange(before=paired.before, after=paired.after)

    assert paired.is_significant()
    assert not apart.is_significant()


def test_the_correlation_of_pairs_that_never_change_is_held_back() -> None:
    same = {str(i): i for i in range(11)}

    assert paired_change(same, same).correlation == pytest.approx(11 / 15)


def test_of_one_group_alone_no_correlation_is_told() -> None:
    assert paired_change({"ada": 9, "bo": 9}, {"ada": 9, "bo": 3}).correlation == 0


def test_too_few_pairs_have_no_change() -> None:
    change = paired_change({"ada": 9}, {"ada": 3}, least=2)

    assert change.value is None
    assert "1 answered, and a score is told from 2" in repr(change)


def test_a_paired_answer_that_is_none_is_refused_by_its_respondent() -> None:
    with pytest.raises(NpsError, match=r"^after\['bo'\] is the int 11: expected"):
        paired_change({"ada": 9}, {"bo": 11})


@pytest.mark.parametrize(
    ("moves", "message"),
    [
        (((1, 0, 0), (0, 0, 0)), "are no table of 3 by 3"),
        (((0, 0, 0), (0, -1, 0), (0, 0, 2)), "is the int -1"),
        (((1, 0, 0), (0, 0, 0), (0, 0, 0)), "do not add up to the answers of before"),
        (((0, 0, 0), (0, 0, 0), (1, 0, 0)), "do not add up to the answers of after"),
    ],
)
def test_moves_that_contradict_the_scores_are_refused(moves: Any, message: str) -> None:
    with pytest.raises(NpsError, match=f"^moves {message}"):
        NpsChange(before=scored(1, 0, 0), after=scored(1, 0, 0), moves=moves)


MIXES = [(0.5, 0.2), (0.3, 0.3), (0.1, 0.6), (0.7, 0.05)]


def draws(rng: np.random.Generator, mix: tuple[float, float], shared: Floats, keep: float) -> Any:
    """-1, 0 and 1 of many samples; a share of them as in another wave of the same people."""
    chance = np.where(rng.random(shared.shape) < keep, shared, rng.random(shared.shape))
    return np.searchsorted([mix[1], 1 - mix[0]], chance, side="right") - 1


@pytest.mark.parametrize("keep", [None, 0.0, 0.9])
def test_the_interval_of_a_change_covers_by_simulation(keep: float | None) -> None:
    """120 samples of 15 answers for each of 16 pairs of mixes; ``keep`` of None is independent."""
    rng = np.random.default_rng(20160704)
    hits: list[bool] = []
    for first, second in itertools.product(MIXES, repeat=2):
        shared = rng.random((120, 15))
        one, other = draws(rng, first, shared, 1.0), draws(rng, second, shared, keep or 0.0)
        true = second[0] - second[1] - first[0] + first[1]
        hits += [
            covers(a, b, true, paired=keep is not None) for a, b in zip(one, other, strict=True)
        ]

    assert np.mean(hits) >= 0.93


def covers(one: Any, other: Any, true: float, *, paired: bool) -> bool:
    waves = [{str(i): 3 + 4 * int(k) + 4 for i, k in enumerate(wave)} for wave in (one, other)]
    change = paired_change(*[{w: min(v, 10) for w, v in wave.items()} for wave in waves])
    if not paired:
        change = NpsChange(before=change.before, after=change.after)
    interval = change.interval()
    return interval is not None and interval.low <= true <= interval.high


# --- The answers that stand

DAY = dt.date(2026, 6, 30)


def response(who: str, answer: int | None, at: dt.date, account: str = "") -> Response:
    return Response(respondent=who, answer=answer, at=at, account=account)


def test_the_last_answer_of_a_respondent_stands() -> None:
    rows = [response("ada", 9, dt.date(2026, 6, 1)), response("ada", 3, dt.date(2026, 5, 1))]

    found = standing_answers(rows, as_of=DAY)

    assert found.kept == (rows[0],)
    assert found.left_out == LeftOut(after=0, unanswered=0, superseded=1, stale=0, tied=0)


def test_silence_does_not_take_an_earlier_answer_away() -> None:
    rows = [response("ada", 9, dt.date(2026, 5, 1)), response("ada", None, dt.date(2026, 6, 1))]

    found = standing_answers(rows, as_of=DAY)

    assert found.kept == (rows[0],)
    assert found.left_out.unanswered == 1


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_answers_at_one_moment_the_lower_stands_in_whatever_order(turned: bool) -> None:
    rows = [response("ada", 9, DAY), response("ada", 6, DAY), response("ada", 6, DAY)]

    found = standing_answers(rows[::-1] if turned else rows, as_of=DAY)

    assert [each.answer for each in found.kept] == [6]
    assert (found.left_out.superseded, found.left_out.tied) == (2, 1)


def test_an_answer_of_exactly_the_maximum_age_stands_and_a_day_more_does_not() -> None:
    rows = [
        response("ada", 9, dt.date(2026, 4, 1)),
        response("bo", 9, dt.date(2026, 3, 31)),
    ]

    found = standing_answers(rows, as_of=DAY, max_age_days=90)

    assert found.kept == (rows[0],)
    assert found.left_out.stale == 1


def test_a_stale_last_answer_does_not_let_an_older_one_stand() -> None:
    rows = [response("ada", 9, dt.date(2025, 2, 1)), response("ada", 3, dt.date(2025, 1, 1))]

    found = standing_answers(rows, as_of=DAY, max_age_days=90)

    assert found.kept == ()
    assert (found.left_out.superseded, found.left_out.stale) == (1, 1)


def test_an_answer_after_as_of_is_not_known_yet() -> None:
    noon = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
    rows = [response("ada", 3, noon), response("ada", 9, noon + dt.timedelta(hours=1))]

    assert standing_answers(rows, as_of=noon).kept == (rows[0],)
    assert standing_answers(rows, as_of=DAY).kept == (rows[1],)
    assert standing_answers(rows, as_of=noon).left_out.after == 1


def test_one_person_in_two_accounts_is_two_respondents() -> None:
    rows = [response("ada", 9, DAY, "A1"), response("ada", 3, DAY, "A2")]

    assert standing_answers(rows, as_of=DAY).kept == tuple(rows)


def test_what_is_no_response_no_score_and_no_wave_is_refused() -> None:
    with pytest.raises(NpsError, match=r"^responses\[1\] is the int 9: expected a Response"):
        standing_answers([response("ada", 9, DAY), 9], as_of=DAY)  # type: ignore[list-item]
    with pytest.raises(NpsError, match=r"^after is a list of 1: expected answers by respondent"):
        paired_change({"ada": 9}, [9])  # type: ignore[arg-type]
    with pytest.raises(NpsError, match=r"^before is the int 40: expected a NetPromoterScore"):
        NpsChange(before=40, after=NetPromoterScore(promoters=1, passives=0, detractors=0))  # type: ignore[arg-type]


def test_dates_and_instants_do_not_mix() -> None:
    rows = [response("ada", 9, DAY), response("bo", 9, dt.datetime(2026, 6, 1, tzinfo=dt.UTC))]

    with pytest.raises(NpsError, match=r"^responses\[1\] is at the datetime .*all at dates"):
        standing_answers(rows, as_of=DAY)


def test_what_is_no_response_is_refused() -> None:
    with pytest.raises(NpsError, match=r"^answer is the int 11"):
        response("ada", 11, DAY)
    with pytest.raises(MomentError):
        response("ada", 9, None)  # type: ignore[arg-type]
    with pytest.raises(NpsError, match=r"^max_age_days is the float 1.5"):
        standing_answers([], as_of=DAY, max_age_days=1.5)  # type: ignore[arg-type]
    with pytest.raises(MomentError):
        standing_answers([], as_of=None)  # type: ignore[arg-type]


responses = st.lists(
    st.builds(
        response,
        st.sampled_from(["ada", "bo", "cy"]),
        answers,
        st.dates(dt.date(2026, 6, 20), dt.date(2026, 7, 5)),
        st.sampled_from(["A1", "A2"]),
    ),
    max_size=12,
)


@given(responses, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_never_matters(rows: list[Response], random: Any) -> None:
    mixed = random.sample(rows, len(rows))

    one, other = (standing_answers(each, as_of=DAY, max_age_days=5) for each in (rows, mixed))

    assert sorted(map(repr, one.kept)) == sorted(map(repr, other.kept))
    assert one.left_out == other.left_out


@given(responses)
def test_every_response_stands_or_is_left_out_for_one_reason(rows: list[Response]) -> None:
    found = standing_answers(rows, as_of=DAY, max_age_days=5)
    out = found.left_out

    assert len(found.kept) + out.after + out.unanswered + out.superseded + out.stale == len(rows)
    assert out.tied <= out.superseded


@pytest.mark.parametrize("given", [None, "99", {9: 1}])
def test_answers_are_a_series(given: Any) -> None:
    with pytest.raises(NpsError, match=r"^answers .*expected answers, 0 to 10 each"):
        net_promoter_score(given)
