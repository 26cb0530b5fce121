"""NPS columns: the scores of millions of answers, by segment or account, and those that stand.

A part of :mod:`cslib.health`, beside :mod:`cslib.nps`, whose conventions hold here and whose
answers these are, to the bit. A column of answers holds whole numbers, or floats that are whole;
None, NaN and masked are no answer.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import check_lengths, flat, refuse_rows
from cslib.moments import in_utc, utc_day
from cslib.nps import (
    ANSWER,
    STEPS,
    LeftOut,
    NetPromoterScore,
    NpsChange,
    NpsError,
    change_of_pairs,
    check_age,
    check_group,
    quantile,
    read_answer,
)
from cslib.series import BY_CONTENT, read_only, text_table

__all__ = [
    "GroupScores",
    "StandingRows",
    "column_score",
    "group_scores",
    "interval_columns",
    "paired_column_change",
    "standing_rows",
]

Answers: TypeAlias = npt.ArrayLike | Sequence[float | None]
Column: TypeAlias = npt.NDArray[Any]
Counts: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

_refuse = functools.partial(refuse_rows, NpsError)
_flat = functools.partial(flat, NpsError)


# --------------------------------------------------------------------------------------
# The scores


def column_score(
    answers: Answers, *, invited: int | None = None, least: int = 1
) -> NetPromoterScore:
    """:func:`cslib.nps.net_promoter_score` of a column.

    Raises:
        NpsError: With the first row that is no answer.

    >>> column_score(np.array([10, 9, np.nan, 3])).score
    Fraction(1, 3)
    """
    none, detractors, passives, promoters = _tally(_kinds("answers", answers), 4)
    return NetPromoterScore(
        promoters=promoters,
        passives=passives,
        detractors=detractors,
        unanswered=none,
        invited=invited,
        least=least,
    )


def _tally(codes: Column, size: int) -> list[int]:
    found: list[int] = np.bincount(codes, minlength=size).tolist()
    return found


@attrs.frozen(kw_only=True, repr=False)
class GroupScores:
    """The scores of groups, such as segments or accounts, in columns of a row for each.

    Attributes:
        groups: Their names or ids, sorted, each once.
        promoters: How many of each answered 9 or 10.
        passives: How many answered 7 or 8.
        detractors: How many answered 0 to 6.
        unanswered: How many rows held no answer.
        least: The fewest answers from which a score is told.

    :func:`group_scores` makes it.
    """

    groups: Column = attrs.field(eq=BY_CONTENT)
    promoters: Counts = attrs.field(eq=BY_CONTENT)
    passives: Counts = attrs.field(eq=BY_CONTENT)
    detractors: Counts = attrs.field(eq=BY_CONTENT)
    unanswered: Counts = attrs.field(eq=BY_CONTENT)
    least: int = 1

    @property
    def responses(self) -> Counts:
        """How many answered."""
        return self.promoters + self.passives + self.detractors

    @property
    def points(self) -> np.ma.MaskedArray[Any, np.dtype[np.float64]]:
        """The scores in points, -100 to 100; masked where there is none."""
        total = self.responses
        values = 100 * (self.promoters - self.detractors) / np.maximum(total, 1)
        return np.ma.masked_array(values, total < self.least)

    def intervals(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """The limits of each score, from -1 to 1; NaN where there is none.

        Raises:
            NpsError: If the level does not lie between 0 and 1.
        """
        limits = interval_columns(self.promoters, self.passives, self.detractors, level)
        few = self.responses < self.least
        low, high = (np.where(few, np.nan, limit) for limit in limits)
        return low, high

    def of(self, group: object) -> NetPromoterScore:
        """The score of one group, with its evidence.

        Raises:
            NpsError: If nobody is of the group.
        """
        rows = np.flatnonzero(self.groups == group)
        if not rows.size:
            raise NpsError("group", None, f"is {group!r}, of which there is no row")
        names = ("promoters", "passives", "detractors", "unanswered")
        counts = {name: int(getattr(self, name)[rows[0]]) for name in names}
        return NetPromoterScore(**counts, least=self.least)

    def facts(self, accounts: npt.ArrayLike) -> dict[str, Column]:
        """What rules read of accounts, in the order of a book, where the groups are accounts.

        Args:
            accounts: The ids of the book. One of which there is no row was answered by nobody:
                its score is unknown, its answers and detractors are 0.

        Raises:
            NpsError: If an id is none, or of another kind than the groups.
        """
        asked = _group_column("accounts", accounts, self.groups)
        place = np.searchsorted(self.groups, asked)
        place[place == self.groups.size] = 0
        known = np.zeros(asked.size, np.bool_)
        if self.groups.size:
            known = self.groups[place] == asked
        return {
            "account_nps": np.ma.masked_array(
                _taken(self.points.filled(0), place, known),
                ~_taken(~np.ma.getmaskarray(self.points), place, known),
            ),
            "nps_responses": _taken(self.responses, place, known),
            "detractors": _taken(self.detractors, place, known),
        }

    def __repr__(self) -> str:
        return f"<GroupScores: {self.responses.sum():,} answers of {self.groups.size:,} groups>"

    def __str__(self) -> str:
        """The table for people, a row for each group."""
        heads = ("group", "answers", "promoters", "passives", "detractors", "NPS", "95 %")
        low, high = self.intervals()
        limits = [f"{100 * a:+z.0f} to {100 * b:+z.0f}" for a, b in zip(low, high, strict=True)]
        known = ~np.ma.getmaskarray(self.points)
        points = [f"{each:+z.0f}" for each in self.points.filled(0)]
        columns = (self.responses, self.promoters, self.passives, self.detractors)
        counts = zip(*(column.tolist() for column in columns), strict=True)
        rows = [
            [
                str(group),
                *map(str, count),
                *((points[i], limits[i]) if known[i] else ("unknown", "")),
            ]
            for i, (group, count) in enumerate(zip(self.groups.tolist(), counts, strict=True))
        ]
        return text_table(heads, rows, most=max(len(rows), 1))


def _taken(values: Column, place: Column, known: Column) -> Column:
    """The value at each place, 0 or False where it is not known."""
    found = np.zeros(place.size, values.dtype)
    found[known] = values[place[known]]
    return found


def group_scores(group: npt.ArrayLike, answers: Answers, *, least: int = 1) -> GroupScores:
    """:func:`cslib.nps.net_promoter_scores` of columns.

    Args:
        group: The segment or account of each row, text or whole numbers.
        answers: The answer of each row.
        least: The fewest answers from which the score of a group is told.

    Raises:
        NpsError: If columns differ in length, or with the first row whose group or answer is none.

    >>> print(group_scores(["retail", "hotels", "retail", "retail"], [9, 3, 7, 10], least=2))
     group  answers  promoters  passives  detractors      NPS        95 %
    hotels        1          0         0           1  unknown
    retail        3          2         1           0      +67  -27 to +94
    """
    NetPromoterScore(promoters=0, passives=0, detractors=0, least=least)
    names, kinds = _group_column("group", group), _kinds("answers", answers)
    check_lengths(NpsError, {"group": names.size, "answers": kinds.size})
    groups, codes = np.unique(names, return_inverse=True)
    counts = np.bincount(4 * codes + kinds, minlength=4 * groups.size).reshape(-1, 4).T
    unanswered, detractors, passives, promoters = (
        read_only(row.astype(np.int64)) for row in counts
    )
    return GroupScores(
        groups=read_only(groups),
        promoters=promoters,
        passives=passives,
        detractors=detractors,
        unanswered=unanswered,
        least=least,
    )


# --------------------------------------------------------------------------------------
# The interval and the change


def interval_columns(
    promoters: npt.ArrayLike,
    passives: npt.ArrayLike,
    detractors: npt.ArrayLike,
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """:func:`cslib.nps.score_interval` of columns: the limits of each row, to the bit.

    Args:
        promoters: How many of each row, shape ``(n,)``; the next two likewise.
        passives: As said.
        detractors: As said.
        level: Nominal coverage, between 0 and 1.

    Returns:
        The lower and the upper limits, from -1 to 1; NaN in a row of nobody.

    Raises:
        NpsError: If columns differ in length, or hold no whole numbers of 0 or more.

    >>> low, high = interval_columns([12, 0], [0, 0], [0, 0])
    >>> low.round(3).tolist(), high.tolist()
    ([0.515, nan], [1.0, nan])
    """
    z = quantile(level)
    given = {"promoters": promoters, "passives": passives, "detractors": detractors}
    counts = {name: _count_column(name, column) for name, column in given.items()}
    check_lengths(NpsError, {name: column.size for name, column in counts.items()})
    high, low = counts["promoters"], counts["detractors"]
    total = high + counts["passives"] + low
    nobody = total == 0
    limits = (_limit(high, low, np.maximum(total, 1), z, end) for end in (-1.0, 1.0))
    first, last = (np.where(nobody, np.nan, limit) for limit in limits)
    return first, last


def _count_column(argument: str, given: npt.ArrayLike) -> Counts:
    values = _flat(argument, given)
    if values.size and values.dtype.kind not in "iu":
        raise NpsError(argument, None, f"holds {values.dtype}: expected whole numbers")
    if np.ma.is_masked(values):
        row = int(np.ma.getmaskarray(values).argmax())
        raise NpsError(argument, row, "is masked: expected a whole number in each row")
    counts = np.asarray(values).astype(np.int64)
    _refuse(argument, counts, counts < 0, "expected 0 or more")
    return counts


def _limit(promoters: Counts, detractors: Counts, total: Counts, z: float, end: float) -> Floats:
    score = (promoters - detractors) / total
    inside, outside = score, np.full(score.shape, end)
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        gap = score - middle
        within = gap * gap * total <= z * z * _variance(promoters, detractors, total, middle)
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    return inside


def _variance(promoters: Counts, detractors: Counts, total: Counts, score: Floats) -> Floats:
    half = (2 * total - promoters + detractors) * score - (promoters + detractors)
    rest = 8.0 * total * detractors * score * (1 - score)
    share = (np.sqrt(np.maximum(0.0, half * half + rest)) - half) / (4 * total)
    variance: Floats = 2 * share + score - score * score
    return variance


def paired_column_change(before: Answers, after: Answers, *, least: int = 1) -> NpsChange:
    """:func:`cslib.nps.paired_change` of columns, of a row for each respondent.

    Raises:
        NpsError: If columns differ in length, or with the first row that is no answer.

    >>> paired_column_change([6, 8, 9, None], [9, 9, None, 3]).left_out
    2
    """
    first, second = _kinds("before", before), _kinds("after", after)
    check_lengths(NpsError, {"before": first.size, "after": second.size})
    counts = _tally(4 * first + second, 16)
    pairs = {(code // 4 - 1, code % 4 - 1): count for code, count in enumerate(counts)}
    return change_of_pairs(pairs, least)


# --------------------------------------------------------------------------------------
# The answers that stand


@attrs.frozen(kw_only=True)
class StandingRows:
    """The rows of the last answer of each respondent, if it is not stale.

    Attributes:
        rows: Positions of those rows, in order; by them other columns are cut.
        left_out: How many others there are, and why.
    """

    rows: Counts = attrs.field(eq=BY_CONTENT)
    left_out: LeftOut


def standing_rows(
    respondent: npt.ArrayLike,
    answers: Answers,
    at: npt.ArrayLike,
    *,
    as_of: dt.date,
    account: npt.ArrayLike | None = None,
    max_age_days: int | None = None,
) -> StandingRows:
    """:func:`cslib.nps.standing_answers` of columns.

    Args:
        respondent: Who answered, text or whole numbers.
        answers: The answer of each row.
        at: When, ``datetime64`` days, or instants in UTC.
        as_of: A date counts to its end (UTC), an instant up to and including it.
        account: For which account; None where that is not told.
        max_age_days: None: an answer never grows stale.

    Raises:
        NpsError: If columns differ in length, or with the first row at fault.
        MomentError: If ``as_of`` is no date and no aware datetime.

    >>> days = np.array(["2026-01-05", "2026-06-05", "2025-01-05"], "datetime64[D]")
    >>> found = standing_rows(["ada", "ada", "bo"], [3, 9, 6], days,
    ...                       as_of=dt.date(2026, 6, 30), max_age_days=365)
    >>> found.rows.tolist(), found.left_out.superseded, found.left_out.stale
    ([1], 1, 1)
    """
    check_age(max_age_days)
    today = np.datetime64(utc_day(as_of, "as_of"), "D")
    given, when = _answer_column("answers", answers), _moment_column(at)
    who = _respondents(respondent, account, {"answers": given.size, "at": when.size})
    past = _by(when, as_of)
    answered = np.flatnonzero(past & (given >= 0))
    # By respondent; within one, what stands comes last: later, lower, and of equals the first row.
    order = answered[np.lexsort((-answered, -given[answered], when[answered], who[answered]))]
    ends = np.append(who[order][1:] != who[order][:-1], True)[: order.size]
    last = order[ends]
    standing = np.repeat(last, np.diff(np.flatnonzero(np.append(True, ends))))
    tied = (when[order] == when[standing]) & (given[order] != given[standing])
    age = (today - when[last].astype("datetime64[D]")).astype(np.int64)
    fresh = np.ones(last.size, np.bool_) if max_age_days is None else age <= max_age_days
    left_out = LeftOut(
        after=int(past.size - past.sum()),
        unanswered=int(past.sum()) - answered.size,
        superseded=answered.size - last.size,
        stale=int(last.size - fresh.sum()),
        tied=int(tied.sum()),
    )
    return StandingRows(rows=read_only(np.sort(last[fresh])), left_out=left_out)


def _respondents(
    respondent: npt.ArrayLike, account: npt.ArrayLike | None, lengths: dict[str, int]
) -> Counts:
    """A number for each respondent of an account, and that the columns are equally long."""
    who = _group_column("respondent", respondent)
    columns = [who] if account is None else [who, _group_column("account", account)]
    sizes = {
        name: each.size for name, each in zip(("respondent", "account"), columns, strict=False)
    }
    check_lengths(NpsError, lengths | sizes)
    codes = np.zeros(who.size, np.int64)
    for column in columns:
        known, place = np.unique(column, return_inverse=True)
        codes = codes * max(known.size, 1) + place
    return codes


def _by(when: Column, as_of: dt.date) -> Column:
    """Which moments lie no later than a limit, as :func:`cslib.moments.is_by` tells."""
    limit = in_utc(as_of, "as_of")
    if isinstance(limit, dt.datetime) and when.dtype != np.dtype("datetime64[D]"):
        found: Column = when <= np.datetime64(limit.replace(tzinfo=None), "us")
    else:
        found = when.astype("datetime64[D]") <= np.datetime64(utc_day(limit), "D")
    return found


# --------------------------------------------------------------------------------------
# Columns, read and checked


def _kinds(argument: str, given: Answers) -> Counts:
    """0 for no answer, 1 for a detractor, 2 for a passive and 3 for a promoter."""
    answers = _answer_column(argument, given)
    found: Counts = (
        (answers >= 0).astype(np.int64) + (answers >= 7).astype(np.int64) + (answers >= 9)
    )
    return found


def _answer_column(argument: str, given: Answers) -> Counts:
    """Answers as whole numbers; -1 where there is none."""
    values = _flat(argument, given)
    hidden = np.ma.getmaskarray(values)
    plain = np.ma.getdata(values)
    if plain.dtype.kind not in "iuf":
        read = [
            -1 if mask else read_answer(value, argument, row)
            for row, (value, mask) in enumerate(zip(plain.tolist(), hidden, strict=True))
        ]
        return np.array(read, np.int64)
    none = hidden | np.isnan(plain) if plain.dtype.kind == "f" else hidden
    filled = np.where(none, 0, plain)
    wrong = (filled < 0) | (filled > 10) | (filled != np.floor(filled))
    _refuse(argument, plain, wrong, f"expected {ANSWER}")
    return np.where(none, -1, filled).astype(np.int64)


def _group_column(argument: str, given: npt.ArrayLike, like: Column | None = None) -> Column:
    """A column of text or of whole numbers, without gaps."""
    values = _flat(argument, given)
    plain = np.ma.getdata(values)
    if np.ma.is_masked(values):
        check_group(argument, int(np.ma.getmaskarray(values).argmax()), None, None)
    if plain.dtype.kind == "U":
        _refuse(argument, plain, plain == "", "expected a name")
    elif plain.dtype.kind not in "iu":
        items = plain.tolist()
        for row, item in enumerate(items):
            check_group(argument, row, item, items[0])
    if like is not None and like.size and plain.size and _is_text(like) != _is_text(plain):
        kind = "text" if _is_text(like) else "whole numbers"
        raise NpsError(argument, None, f"holds {plain.dtype}: expected {kind}, as the groups are")
    return plain


def _is_text(column: Column) -> bool:
    return isinstance(column[:1].tolist()[0], str)


def _moment_column(given: npt.ArrayLike) -> Column:
    """Days, or instants in microseconds; a gap is refused."""
    values = _flat("at", given)
    plain = np.ma.getdata(values)
    if not plain.size and plain.dtype.kind != "M":
        plain = plain.astype("datetime64[D]")
    unit = np.datetime_data(plain.dtype)[0] if plain.dtype.kind == "M" else "Y"
    if unit in ("generic", "Y", "M", "W"):
        way = "expected days or instants, datetime64[D] or datetime64[us]"
        raise NpsError("at", None, f"holds {plain.dtype}: {way}")
    gap = np.ma.getmaskarray(values) | np.isnat(plain)
    _refuse("at", plain, gap, "expected when it was answered")
    return plain.astype("datetime64[D]" if unit == "D" else "datetime64[us]", copy=False)
