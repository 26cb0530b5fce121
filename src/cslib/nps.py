"""The Net Promoter Score: would customers recommend us, how sure is that, and has it changed?

A part of :mod:`cslib.health` (H8, N). Here are answers one by one; :mod:`cslib.npscolumns` does
the same to columns of them, with equal results.

Conventions:

- An answer is a whole number from 0 to 10: 9 and 10 are promoters, 7 and 8 passives, 0 to 6
  detractors. The score is the share of promoters less that of detractors, an exact fraction from
  -1 to 1, shown in points from -100 to 100.
- None, NaN and masked are *no answer*: never a passive, and no part of the score.
- A score of nobody is unknown, and so is one of fewer answers than the least that are asked for.
- An interval speaks of all who might have answered, taking those who did for a random draw.

Sources: Reichheld, "The one number you need to grow", Harvard Business Review 81(12), 2003, for
the score; Rocks, "Interval estimation for the Net Promoter Score", The American Statistician
70(4), 2016, for what is compared in :func:`score_interval`.
"""

from __future__ import annotations

import datetime as dt
import math
import numbers
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from statistics import NormalDist
from typing import Any, TypeVar

import attrs

from cslib.arguments import ArgumentError
from cslib.faults import shown
from cslib.moments import in_utc, is_by, utc_day
from cslib.rates import Rate

__all__ = [
    "LeftOut",
    "NetPromoterScore",
    "NpsChange",
    "NpsError",
    "NpsInterval",
    "Response",
    "StandingAnswers",
    "net_promoter_score",
    "net_promoter_scores",
    "paired_change",
    "score_interval",
    "standing_answers",
]

Group = TypeVar("Group", str, int)
Moves = tuple[tuple[int, ...], ...]

ANSWER = "a whole number from 0 to 10, or None where there is no answer"


class NpsError(ArgumentError):
    """Answers or counts of which no score can be made.

    >>> print(NpsError("answers", 3, "is the int 11: expected a whole number from 0 to 10"))
    answers[3] is the int 11: expected a whole number from 0 to 10
    """


# --------------------------------------------------------------------------------------
# The score


@attrs.frozen(kw_only=True)
class NpsInterval:
    """A confidence interval for a score or for its change.

    Attributes:
        low: Lower limit; of a score from -1 to 1, of a change from -2 to 2.
        high: Upper limit.
        level: Nominal coverage, such as 0.95.
        method: How it was made, in words.

    >>> print(NpsInterval(low=-0.214, high=0.5, level=0.95, method="score"))
    -21 to +50, 95 % score
    """

    low: float
    high: float
    level: float
    method: str

    def __str__(self) -> str:
        limits = f"{_points(self.low)} to {_points(self.high)}"
        return f"{limits}, {100 * self.level:g} % {self.method}"


def _points(score: float | Fraction) -> str:
    return f"{float(100 * score):+z.0f}"


def _count(argument: str, given: object, least: int = 0) -> None:
    if not isinstance(given, int) or isinstance(given, bool) or given < least:
        expected = f"expected a whole number of {least} or more"
        raise NpsError(argument, None, f"is {shown(given)}: {expected}")


def _checked_count(instance: object, field: attrs.Attribute[Any], given: object) -> None:
    _count(field.name, given)


@attrs.frozen(kw_only=True, repr=False)
class NetPromoterScore:
    """A score and the answers that it was made from.

    Attributes:
        promoters: How many answered 9 or 10.
        passives: How many answered 7 or 8.
        detractors: How many answered 0 to 6.
        unanswered: How many rows held no answer.
        invited: How many were asked; None where that is not known, since a list of answers alone
            says nothing of those who kept silent.
        least: The fewest answers from which a score is told.

    Raises:
        NpsError: If a count is no whole number of 0 or more, ``least`` is below 1, or fewer were
            invited than there are rows.

    >>> score = NetPromoterScore(promoters=5, passives=4, detractors=3, invited=40)
    >>> score
    NPS +17 (-29 to +55, 95 % score) of 12 answers (promoters 5, passives 4, detractors 3)
    >>> score.score, score.response_rate.value
    (Fraction(1, 6), Fraction(3, 10))
    """

    promoters: int = attrs.field(validator=_checked_count)
    passives: int = attrs.field(validator=_checked_count)
    detractors: int = attrs.field(validator=_checked_count)
    unanswered: int = attrs.field(default=0, validator=_checked_count)
    invited: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(_checked_count)
    )
    least: int = 1

    def __attrs_post_init__(self) -> None:
        _count("least", self.least, 1)
        rows = self.responses + self.unanswered
        if self.invited is not None and self.invited < rows:
            expected = f"expected {rows} or more, since there are so many rows"
            raise NpsError("invited", None, f"is {self.invited}: {expected}")

    @property
    def responses(self) -> int:
        """How many answered."""
        return self.promoters + self.passives + self.detractors

    @property
    def score(self) -> Fraction | None:
        """The share of promoters less that of detractors; None as :attr:`no_score` tells."""
        if self.responses < self.least:
            return None
        return Fraction(self.promoters - self.detractors, self.responses)

    @property
    def points(self) -> float | None:
        """The score in points, -100 to 100; None where there is none."""
        return None if self.score is None else float(100 * self.score)

    @property
    def no_score(self) -> str:
        """Why there is no score; empty where there is one."""
        if not self.responses:
            return "nobody answered"
        if self.responses < self.least:
            return f"{self.responses} answered, and a score is told from {self.least}"
        return ""

    @property
    def response_rate(self) -> Rate | None:
        """Those who answered, of those who were invited; None where it is not known how many were.

        Its interval is that of the rate, and says nothing of whether the silent think alike.
        """
        return None if self.invited is None else Rate.of_counts(self.responses, self.invited)

    def interval(self, level: float = 0.95) -> NpsInterval | None:
        """The score interval (:func:`score_interval`); None where there is no score.

        Raises:
            NpsError: If the level does not lie between 0 and 1.
        """
        found = score_interval(self.promoters, self.passives, self.detractors, level)
        return None if self.score is None else found

    def facts(self) -> dict[str, float | int | None]:
        """What rules read of an account: its score in points, its answers and its detractors.

        The score is no fact ``nps``, since that is one answer, 0 to 10, in the stock definitions.

        >>> NetPromoterScore(promoters=1, passives=0, detractors=1, least=3).facts()
        {'account_nps': None, 'nps_responses': 2, 'detractors': 1}
        """
        return {
            "account_nps": self.points,
            "nps_responses": self.responses,
            "detractors": self.detractors,
        }

    def __repr__(self) -> str:
        score, total = self.score, f"{self.responses:,} answers"
        text = f"NPS unknown ({self.no_score}) of {total}"
        if score is not None:
            text = f"NPS {_points(score)} ({self.interval()}) of {total}"
        groups = ("promoters", "passives", "detractors")
        return f"{text} ({', '.join(f'{name} {getattr(self, name):,}' for name in groups)})"


# --------------------------------------------------------------------------------------
# From answers


def net_promoter_score(
    answers: Iterable[float | None], *, invited: int | None = None, least: int = 1
) -> NetPromoterScore:
    """The score of answers.

    Args:
        answers: Whole numbers from 0 to 10; None or NaN is no answer. A float that is whole is
            taken, since a column with gaps becomes floats on its way through other tools.
        invited: How many were asked; None where that is not known.
        least: The fewest answers from which a score is told.

    Raises:
        NpsError: With the first row that is no answer, such as 11, -1, 7.5, True or text.

    >>> net_promoter_score([10, 9, 8, 6, None, 3, 9])
    NPS +17 (-48 to +69, 95 % score) of 6 answers (promoters 3, passives 1, detractors 2)
    """
    if isinstance(answers, str | Mapping) or not isinstance(answers, Iterable):
        raise NpsError("answers", None, f"is {shown(answers)}: expected answers, 0 to 10 each")
    kinds = Counter(_kind(answer, "answers", row) for row, answer in enumerate(answers))
    return _of_kinds(kinds, invited, least)


def net_promoter_scores(
    answers: Iterable[tuple[Group, float | None]],
    *,
    invited: Mapping[Group, int] | None = None,
    least: int = 1,
) -> dict[Group, NetPromoterScore]:
    """The score of each group, such as a segment or an account.

    Args:
        answers: Pairs of a group and an answer. Groups are all text or all whole numbers.
        invited: How many of each group were asked. A group of which nobody is there has no score.
        least: The fewest answers from which the score of a group is told.

    Returns:
        The scores by group, sorted.

    Raises:
        NpsError: With the first row whose group or answer is none.

    >>> net_promoter_scores([("retail", 9), ("hotels", 3), ("retail", 7)])["retail"].score
    Fraction(1, 2)
    """
    kinds: dict[Group, Counter[int]] = {}
    for row, group in enumerate(invited or ()):
        check_group("invited", row, group, next(iter(kinds), group))
        kinds[group] = Counter()
    for row, (group, answer) in enumerate(answers):
        check_group("group", row, group, next(iter(kinds), group))
        kinds.setdefault(group, Counter())[_kind(answer, "answers", row)] += 1
    return {
        group: _of_kinds(kinds[group], None if invited is None else invited.get(group), least)
        for group in sorted(kinds)
    }


def check_group(argument: str, row: int, group: object, first: object) -> None:
    """Refuse what is no group: neither text nor a whole number, or of another kind than others.

    Raises:
        NpsError: If it is none.
    """
    is_text, is_whole = isinstance(group, str), isinstance(group, numbers.Integral)
    if not (is_text or is_whole) or isinstance(group, bool) or group == "":
        way = "expected text or a whole number; give the unknown a group of their own"
        raise NpsError(argument, row, f"is {shown(group)}: {way}")
    if is_text != isinstance(first, str):
        way = f"expected all to be of one type, as {shown(first)} is"
        raise NpsError(argument, row, f"is {shown(group)}: {way}")


def _kind(answer: object, argument: str, row: int | None) -> int:
    """-1 for no answer, 0 for a detractor, 1 for a passive and 2 for a promoter."""
    number = read_answer(answer, argument, row)
    return -1 if number < 0 else (number >= 7) + (number >= 9)


def read_answer(answer: object, argument: str, row: int | None) -> int:
    """An answer as an int; -1 where there is none.

    Raises:
        NpsError: If it is no answer.
    """
    if answer is None or answer != answer:
        return -1
    is_whole = isinstance(answer, numbers.Integral) and not isinstance(answer, bool)
    if isinstance(answer, float):
        is_whole = answer.is_integer()
    number = int(answer) if is_whole else -1  # type: ignore[call-overload]
    if not 0 <= number <= 10:
        raise NpsError(argument, row, f"is {shown(answer)}: expected {ANSWER}")
    return number


def _of_kinds(kinds: Counter[int], invited: int | None, least: int) -> NetPromoterScore:
    return NetPromoterScore(
        promoters=kinds[2],
        passives=kinds[1],
        detractors=kinds[0],
        unanswered=kinds[-1],
        invited=invited,
        least=least,
    )


# --------------------------------------------------------------------------------------
# The interval


def score_interval(
    promoters: int, passives: int, detractors: int, level: float = 0.95
) -> NpsInterval | None:
    r"""The score interval: every score that a score test of these answers does not refute.

    .. math:: \frac{n (\hat s - s)^2}{\tilde p + \tilde d - s^2} \le z^2

    Here :math:`\tilde p` and :math:`\tilde d` are the likeliest shares of promoters and detractors
    among those whose difference is *s*. Such a difference within one sample is that of
    two paired proportions, for which Tango has the interval. Without passives it is Wilson's. It
    lies within -1 and 1, holds the observed score, and needs no correction where all are alike.

    It was chosen by its coverage, computed exactly for nominal 95 %: over a grid of all mixes in
    which promoters, passives and detractors are at least 5 % each, and from 10 answers up (to 30,
    then 40 and 60), the least is 93.4 %. The adjusted Wald interval that Rocks recommends (3/4, 3/2
    and 3/4 of an answer added) has 92.0 % there, at 10 answers, and the Wald interval below 70 %.
    Where nearly all are alike every interval falls short, as Wilson's does: this one to 84 %, where
    99 of 100 customers are promoters and 17 answer.

    Returns:
        The interval; None for no answers.

    Raises:
        NpsError: If a count is no whole number of 0 or more, or the level not between 0 and 1.

    Source: Tango, "Equivalence test and confidence interval for the difference in proportions for
    the paired-sample design", Statistics in Medicine 17 (1998), 891-908.

    >>> print(score_interval(12, 0, 0))
    +52 to +100, 95 % score
    """
    counts = {"promoters": promoters, "passives": passives, "detractors": detractors}
    for name, count in counts.items():
        _count(name, count)
    z = quantile(level)
    total = promoters + passives + detractors
    if total == 0:
        return None
    low, high = _limits(promoters, detractors, total, z)
    return NpsInterval(low=low, high=high, level=level, method="score")


STEPS = 60
"""How often a limit is halved: from 2 to the last bit of a double."""


def _limits(promoters: int, detractors: int, total: int, z: float) -> tuple[float, float]:
    low = _limit(promoters, detractors, total, z, -1.0)
    return low, _limit(promoters, detractors, total, z, 1.0)


def _limit(promoters: int, detractors: int, total: int, z: float, end: float) -> float:
    """The last score towards an end that is not refuted, by halving."""
    score = (promoters - detractors) / total
    inside, outside = score, end
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        gap = score - middle
        if gap * gap * total <= z * z * _variance(promoters, detractors, total, middle):
            inside = middle
        else:
            outside = middle
    return inside


def _variance(promoters: int, detractors: int, total: int, score: float) -> float:
    """The variance of an answer where promoters and detractors are the likeliest of a score."""
    half = (2 * total - promoters + detractors) * score - (promoters + detractors)
    rest = 8.0 * total * detractors * score * (1 - score)
    share = (math.sqrt(max(0.0, half * half + rest)) - half) / (4 * total)
    return 2 * share + score - score * score


def quantile(level: float) -> float:
    """How many standard errors either side hold ``level`` of a normal distribution.

    Raises:
        NpsError: If the level does not lie between 0 and 1.
    """
    if not 0 < level < 1:
        raise NpsError("level", None, f"is {level}: expected a number between 0 and 1")
    return -NormalDist().inv_cdf((1 - level) / 2)


# --------------------------------------------------------------------------------------
# The change


@attrs.frozen(kw_only=True, repr=False)
class NpsChange:
    r"""How the score changed between two waves, and whether chance alone explains it.

    Two waves of different respondents are two scores; of the same respondents, who answered both,
    :func:`paired_change` makes it. Its interval adds the distances to the limits of the two scores,
    with :math:`a` of the one and :math:`b` of the other that would bring the change down (or up):

    .. math:: \hat s_2 - \hat s_1 \mp \sqrt{a^2 - 2 \rho a b + b^2}

    The correlation :math:`\rho` is 0 for independent waves. Of pairs it is the one observed, times
    *n*/(*n* + 4), as if 4 unrelated pairs stood beside: as observed, it makes too much of a few
    pairs alike (84.7 % coverage at nominal 95 % and 15 pairs, with it 93.4 %; tried over 80
    populations from 10 to 60 pairs, 4000 draws of each). Independent waves of 10 to 60 answers
    covered 94.1 % or more.

    Attributes:
        before: The score of the first wave; of pairs, that of those who answered both.
        after: The score of the second.
        moves: Of pairs, how many went from each group (row) to each (column), in the order of
            detractors, passives, promoters; None for independent waves.
        left_out: Of pairs, how many respondents answered one wave alone.

    Raises:
        NpsError: If the moves are none, or contradict the scores, or these are no scores.

    Source: Newcombe, "Interval estimation for the difference between independent proportions",
    Statistics in Medicine 17 (1998), 873-890, whose method 10 it is for proportions; Zou and
    Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 27
    (2008), 1693-1702, for any two figures that have limits, called MOVER. The factor is ours.

    >>> spring = NetPromoterScore(promoters=20, passives=20, detractors=20)
    >>> autumn = NetPromoterScore(promoters=30, passives=20, detractors=10)
    >>> NpsChange(before=spring, after=autumn)
    NPS +0 to +33: +33 (+5 to +60, 95 % MOVER), p = 0.023
    """

    before: NetPromoterScore
    after: NetPromoterScore
    moves: Moves | None = None
    left_out: int = attrs.field(default=0, validator=_checked_count)

    def __attrs_post_init__(self) -> None:
        for name, given in (("before", self.before), ("after", self.after)):
            if not isinstance(given, NetPromoterScore):
                way = "expected a NetPromoterScore, as net_promoter_score gives"
                raise NpsError(name, None, f"is {shown(given)}: {way}")
        if self.moves is None:
            return
        if [len(row) for row in self.moves] != [3, 3, 3]:
            raise NpsError("moves", None, "are no table of 3 by 3 groups")
        for count in (count for row in self.moves for count in row):
            _count("moves", count)
        ends = [
            [sum(row) for row in self.moves],
            [sum(row) for row in zip(*self.moves, strict=True)],
        ]
        for name, score, counts in zip(
            ("before", "after"), (self.before, self.after), ends, strict=True
        ):
            if counts != [score.detractors, score.passives, score.promoters]:
                raise NpsError("moves", None, f"do not add up to the answers of {name}")

    @property
    def value(self) -> Fraction | None:
        """The score after less the one before, from -2 to 2; None where one is unknown."""
        if self.before.score is None or self.after.score is None:
            return None
        return self.after.score - self.before.score

    @property
    def correlation(self) -> float:
        """What the interval takes for it; 0 where either wave has answers of one group alone."""
        if self.moves is None:
            return 0.0
        cells = [(i - 1, j - 1, n) for i, row in enumerate(self.moves) for j, n in enumerate(row)]
        total = sum(n for _, _, n in cells)
        one, other = sum(i * n for i, _, n in cells), sum(j * n for _, j, n in cells)
        spread = total * sum(i * i * n for i, _, n in cells) - one * one
        spread *= total * sum(j * j * n for _, j, n in cells) - other * other
        common = total * sum(i * j * n for i, j, n in cells) - one * other
        return common / math.sqrt(spread) * (total / (total + 4)) if spread else 0.0

    def interval(self, level: float = 0.95) -> NpsInterval | None:
        """The interval of the change; None where it is unknown.

        Raises:
            NpsError: If the level does not lie between 0 and 1.
        """
        z = quantile(level)
        if self.value is None:
            return None
        low, high = self._limits(z)
        return NpsInterval(low=low, high=high, level=level, method="MOVER")

    def _limits(self, z: float) -> tuple[float, float]:
        old, new = (each.promoters - each.detractors for each in (self.before, self.after))
        first, second = old / self.before.responses, new / self.after.responses
        low, high = _limits_of(self.before, z)
        lowest, highest = _limits_of(self.after, z)
        down = _reach(second - lowest, high - first, self.correlation)
        up = _reach(highest - second, first - low, self.correlation)
        return second - first - down, second - first + up

    @property
    def p_value(self) -> float | None:
        """One less the level of the widest interval without 0; None where the change is unknown.

        So small a chance would have made as large a change, had nothing changed.
        """
        if not self.value:
            return None if self.value is None else 1.0
        low, high = 0.0, 40.0  # standard errors; beyond, a double has no chance left
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if self._differs(middle) else (low, middle)
        return min(1.0, 2 * NormalDist().cdf(-high))

    def _differs(self, z: float) -> bool:
        low, high = self._limits(z)
        return low > 0 or high < 0

    def is_significant(self, level: float = 0.95) -> bool | None:
        """Whether the interval of a level leaves 0 out; None where the change is unknown.

        Raises:
            NpsError: If the level does not lie between 0 and 1.
        """
        z = quantile(level)
        return None if self.value is None else self._differs(z)

    def __repr__(self) -> str:
        value, interval = self.value, self.interval()
        if value is None or interval is None:
            missing = self.before.no_score or self.after.no_score
            return f"NPS change unknown: {missing}"
        ends = [_points(each.score or 0) for each in (self.before, self.after)]
        text = f"NPS {ends[0]} to {ends[1]}: {_points(value)} ({interval}), p = {self.p_value:.2g}"
        if self.moves is not None:
            text += f"; {self.after.responses} answered both waves, {self.left_out} one alone"
        return text


def _reach(one: float, other: float, correlation: float) -> float:
    """How far two distances go together; rounding must not take the square below 0."""
    return math.sqrt(max(0.0, one * one - 2 * correlation * one * other + other * other))


def _limits_of(score: NetPromoterScore, z: float) -> tuple[float, float]:
    return _limits(score.promoters, score.detractors, score.responses, z)


def paired_change(
    before: Mapping[str, float | None], after: Mapping[str, float | None], *, least: int = 1
) -> NpsChange:
    """How the score changed among the respondents who answered both waves.

    Args:
        before: The answers of the first wave by respondent; None is no answer.
        after: Those of the second.
        least: The fewest pairs from which a change is told.

    Raises:
        NpsError: With the respondent whose answer is none, or if a wave is no mapping.

    >>> paired_change({"ada": 6, "bo": 8, "cy": 9}, {"ada": 9, "bo": 9, "di": 3})
    NPS -50 to +100: +150 (-14 to +191, 95 % MOVER), p = 0.083; 2 answered both waves, 2 one alone
    """
    for name, wave in (("before", before), ("after", after)):
        if not isinstance(wave, Mapping):
            raise NpsError(name, None, f"is {shown(wave)}: expected answers by respondent")
    kinds = [
        {who: _kind(answer, f"{name}[{who!r}]", None) for who, answer in wave.items()}
        for name, wave in (("before", before), ("after", after))
    ]
    pairs = Counter((kinds[0].get(who, -1), kinds[1].get(who, -1)) for who in {**before, **after})
    return change_of_pairs(pairs, least)


def change_of_pairs(pairs: Mapping[tuple[int, int], int], least: int) -> NpsChange:
    """The change of so many respondents of each kind before and after, -1 without an answer."""
    moves = tuple(tuple(pairs.get((i, j), 0) for j in range(3)) for i in range(3))
    alone = sum(n for pair, n in pairs.items() if (pair[0] < 0) != (pair[1] < 0))
    before = [sum(row) for row in moves]
    after = [sum(row) for row in zip(*moves, strict=True)]
    scores = [
        NetPromoterScore(detractors=low, passives=middle, promoters=high, least=least)
        for low, middle, high in (before, after)
    ]
    return NpsChange(before=scores[0], after=scores[1], moves=moves, left_out=alone)


# --------------------------------------------------------------------------------------
# The answers that stand


def _read_answer(given: object) -> int | None:
    number = read_answer(given, "answer", None)
    return None if number < 0 else number


def _read_moment(given: object) -> dt.date:
    return in_utc(given, "at")


@attrs.frozen(kw_only=True)
class Response:
    """What one respondent answered, and when.

    Attributes:
        respondent: Who. One person in two accounts is two respondents.
        answer: 0 to 10; None if asked and silent.
        at: When, a date or an aware datetime.
        account: For which account; empty where that is not told.

    Raises:
        NpsError: If the answer is none.
        MomentError: If ``at`` is no date and no aware datetime.
    """

    respondent: str
    answer: int | None = attrs.field(converter=_read_answer)
    at: dt.date = attrs.field(converter=_read_moment)
    account: str = ""


@attrs.frozen(kw_only=True)
class LeftOut:
    """How many responses do not stand, by the reason.

    Attributes:
        after: Came after ``as_of``.
        unanswered: Held no answer.
        superseded: The respondent answered again later, or lower at the same moment.
        stale: The respondent's last answer, but older than the maximum age.
        tied: Of the superseded, those of another answer at the same moment.
    """

    after: int
    unanswered: int
    superseded: int
    stale: int
    tied: int


@attrs.frozen(kw_only=True)
class StandingAnswers:
    """The last answer of each respondent, if it is not stale.

    Attributes:
        kept: Those responses, in the order in which they were given.
        left_out: How many others there are, and why.
    """

    kept: tuple[Response, ...]
    left_out: LeftOut


def standing_answers(
    responses: Iterable[Response], *, as_of: dt.date, max_age_days: int | None = None
) -> StandingAnswers:
    """The last answer of each respondent as of a moment, without the stale.

    Silence does not take an earlier answer away. Of two answers at one moment the lower stands,
    so that the order of the rows never matters and a warning is not lost. Age is counted in
    days of the calendar (UTC), and an answer of exactly the maximum age stands.

    Args:
        responses: In any order, all at dates or all at instants.
        as_of: A date counts to its end (UTC), an instant up to and including it.
        max_age_days: None: an answer never grows stale.

    Raises:
        NpsError: If responses hold both dates and instants, or anything else, or the age is no
            whole number.
        MomentError: If ``as_of`` is no date and no aware datetime.

    >>> found = standing_answers([
    ...     Response(respondent="ada", answer=3, at=dt.date(2026, 1, 5)),
    ...     Response(respondent="ada", answer=9, at=dt.date(2026, 6, 5)),
    ...     Response(respondent="bo", answer=6, at=dt.date(2025, 1, 5)),
    ... ], as_of=dt.date(2026, 6, 30), max_age_days=365)
    >>> [(each.respondent, each.answer) for each in found.kept], found.left_out.stale
    ([('ada', 9)], 1)
    """
    today = utc_day(as_of, "as_of")
    check_age(max_age_days)
    rows = list(responses)
    _check_kinds(rows)
    past = [row for row, each in enumerate(rows) if is_by(each.at, as_of)]
    answered = [row for row in past if rows[row].answer is not None]
    last: dict[tuple[str, str], int] = {}
    for row in answered:
        key = (rows[row].account, rows[row].respondent)
        if key not in last or _replaces(rows[row], rows[last[key]]):
            last[key] = row
    tied = sum(_is_tied(rows[row], rows[last[_key(rows[row])]]) for row in answered)
    kept = [row for row in sorted(last.values()) if is_fresh(rows[row].at, today, max_age_days)]
    left_out = LeftOut(
        after=len(rows) - len(past),
        unanswered=len(past) - len(answered),
        superseded=len(answered) - len(last),
        stale=len(last) - len(kept),
        tied=tied,
    )
    return StandingAnswers(kept=tuple(rows[row] for row in kept), left_out=left_out)


def _key(response: Response) -> tuple[str, str]:
    return response.account, response.respondent


def _replaces(one: Response, other: Response) -> bool:
    if one.at != other.at:
        return one.at > other.at
    return (one.answer or 0) < (other.answer or 0)


def _is_tied(one: Response, standing: Response) -> bool:
    return one.at == standing.at and one.answer != standing.answer


def is_fresh(at: dt.date, today: dt.date, max_age_days: int | None) -> bool:
    """Whether an answer is at most so many days of the calendar old."""
    return max_age_days is None or (today - utc_day(at)).days <= max_age_days


def check_age(max_age_days: object) -> None:
    """Refuse an age that is no whole number of days.

    Raises:
        NpsError: If it is none.
    """
    if max_age_days is not None:
        _count("max_age_days", max_age_days)


def _check_kinds(responses: list[Response]) -> None:
    for row, each in enumerate(responses):
        if not isinstance(each, Response):
            raise NpsError("responses", row, f"is {shown(each)}: expected a Response")
        if isinstance(each.at, dt.datetime) != isinstance(responses[0].at, dt.datetime):
            way = "expected all at dates or all at instants"
            raise NpsError("responses", row, f"is at {shown(each.at)}: {way}")
