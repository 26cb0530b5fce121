"""Groups on columns: what one group of a scorecard comes to, for every account of a book.

A part of :mod:`cslib.health`, beside :mod:`cslib.measurecolumns`: an assessment of a book holds
scores and tiers alone, and :func:`group_columns` tells the rest of one group for whoever wants to
see it. It asks :class:`cslib.scoring.Tree`, as an assessment of one account does, once for each
different row of points, so that both give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib import moments
from cslib.arguments import ArgumentError
from cslib.assessmentcolumns import Assessments
from cslib.assessments import NoGroupError, check_previous
from cslib.bands import GRID
from cslib.blocks import Array
from cslib.columns import ColumnsError, blocks_of
from cslib.faults import shown
from cslib.measurecolumns import MeasureBlocks, Worth, check_rows
from cslib.measures import Combine
from cslib.scoring import Ratio, Tree, cover_of, inner_groups, tree_of

__all__ = ["GroupColumns", "group_columns"]

_NONE = -1
"""What stands for points that do not count, and for a measure that does not apply."""

_Row: TypeAlias = "list[int | None]"


@attrs.frozen(kw_only=True, eq=False)
class GroupColumns:
    """What one group came to, for every account of a book.

    Attributes:
        score: Its points, the doubles nearest to the exact ones; NaN where nothing in it counts.
        coverage: The share of its own weight that was known, of what applies; 0 where nothing does.
        exact: Its part of the score, as the nearest doubles to the exact ones: 0 where it does not
            count.
    """

    score: npt.NDArray[np.float64]
    coverage: npt.NDArray[np.float64]
    exact: npt.NDArray[np.float64]


def group_columns(
    card: Any,
    path: str | Sequence[str],
    columns: Mapping[str, Any],
    *,
    as_of: object = None,
    previous: Assessments | None = None,
) -> GroupColumns:
    """What one group of a scorecard came to: :class:`~cslib.contributions.GroupScore` as columns.

    It is worked out anew, so that an assessment need not hold it for every group; the cost is that
    of the assessment, and of each different row of points.

    Args:
        card: The scorecard, a :class:`cslib.health.Scorecard`.
        path: The group's name, or where it stands in others, theirs before its own.
        columns: The columns that were assessed.
        as_of: Today, as they were assessed.
        previous: The assessments before, as they were.

    Raises:
        ArgumentError: If the card is no scorecard.
        NoGroupError: If there is no such group.
        FactError, AsOfError, ColumnsError, PreviousError: As the assessment of the columns.

    >>> from cslib.health import Band, Group, Measure, Scorecard, Tier
    >>> bands = (Band(points=100, at_least=5), Band(points=20, below=5))
    >>> seats, roles = (Measure(name=name, value=name, bands=bands) for name in ("seats", "roles"))
    >>> card = Scorecard(
    ...     name="use", measures=(roles,), groups=(Group(name="product", measures=(seats,)),),
    ...     tiers=(Tier(name="any", at_least=0),),
    ... )
    >>> columns = {"seats": np.array([9, 3, np.nan]), "roles": np.array([5, 5, 5])}
    >>> found = group_columns(card, "product", columns)
    >>> found.score.tolist(), found.coverage.tolist(), found.exact.tolist()
    ([100.0, 20.0, nan], [1.0, 1.0, 0.0], [50.0, 10.0, 0.0])
    """
    if not hasattr(card, "leaves"):
        raise ArgumentError("card", None, f"is {shown(card)}: expected a Scorecard")
    names = path if isinstance(path, Sequence) and not isinstance(path, str) else (path,)
    place = _place(card, tuple(names))
    tree = tree_of(card.measures, card.groups, card.combine)
    inner = list(tree.inner)[place], list(cover_of(card.measures, card.groups).inner)[place]
    given = _measures(card, columns, as_of, previous)
    parts = []
    with np.errstate(all="ignore"):
        for rows in blocks_of(given[0].rows):
            worths = [each.worth(each.find(rows)) for each in given]
            parts.append(_told(tree, place, *inner, worths, rows.stop - rows.start))
    score, coverage, exact = (np.concatenate(each) for each in zip(*parts, strict=True))
    return GroupColumns(score=score, coverage=coverage, exact=exact)


def _place(card: Any, path: tuple[str, ...]) -> int:
    """The place of a group among all."""
    known = tuple((*around, group.name) for around, group in inner_groups(card.groups))
    if path not in known:
        raise NoGroupError(path, known)
    return known.index(path)


def _measures(
    card: Any, columns: Mapping[str, Any], as_of: object, previous: Assessments | None
) -> list[MeasureBlocks]:
    check_previous(
        previous, None if as_of is None else moments.utc_day(as_of, "as_of"), Assessments
    )
    alike = previous is not None and previous.definition == card.fingerprint
    carried = previous.carried if alike and previous is not None else {}
    given = [
        MeasureBlocks(each, columns, as_of, carried.get(each.name), GRID) for each in card.leaves
    ]
    for each in given:
        if each.rows != given[0].rows:
            differ = f"{given[0].measure.name!r} reads {given[0].rows} rows"
            problem = f"measure {differ}, but {each.measure.name!r} {each.rows}"
            raise ColumnsError(f"columns must be equally long: {problem}")
    check_rows(previous, given[0].rows)
    return given


def _told(
    tree: Tree, place: int, group: Tree, cover: Tree, worths: Sequence[Worth], rows: int
) -> tuple[Array, Array, Array]:
    """The score, the coverage and the part of the score of a group in a block."""

    def column(values: Any, here: Any) -> Array:
        return np.broadcast_to(np.where(here, values, _NONE), rows).astype(np.int64)

    points = [column(each.points, each.counted) for each in worths]
    known = [column(each.known, ~each.out) for each in worths]
    scores, of_score = _each(_inside(points, group), group.score)
    covers, of_cover = _each(_inside(known, group), cover.score)
    if _is_added(tree):  # how much a group weighs is then a matter of what counts alone
        points = [np.minimum(each, 0) for each in points]
    shares, of_share = _each(points, lambda row: list(tree.shares(row))[place])
    pairs, of_pair = _each([of_score, of_share], lambda pair: _product(scores, shares, pair))
    return (
        _doubles(scores, GRID)[of_score],
        np.nan_to_num(_doubles(covers, 1))[of_cover],
        np.nan_to_num(_doubles(pairs, GRID))[of_pair],
    )


def _inside(columns: Sequence[Array], group: Tree) -> list[Array]:
    """The columns with nothing in those of measures that are not in a group."""
    nothing = np.full(len(columns[0]), _NONE)
    return [each if at in group.places else nothing for at, each in enumerate(columns)]


def _is_added(tree: Tree) -> bool:
    return all(each.combine in (Combine.MEAN, Combine.SUM) for each in (tree, *tree.inner))


def _each(
    columns: Sequence[Array], answer: Callable[[_Row], Ratio | None]
) -> tuple[list[Ratio | None], Array]:
    """The answers for all different rows, and for each row which of them is its own."""
    rows, place = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    told = [answer([None if each == _NONE else each for each in row]) for row in rows.tolist()]
    return told, place.reshape(-1)


def _product(
    scores: Sequence[Ratio | None], shares: Sequence[Ratio | None], pair: _Row
) -> Ratio | None:
    score, share = scores[pair[0] or 0], shares[pair[1] or 0]
    return None if score is None or share is None else (score[0] * share[0], score[1] * share[1])


def _doubles(ratios: Sequence[Ratio | None], grid: int) -> Array:
    """The doubles nearest to ratios; NaN where there is none."""
    told = (np.nan if each is None else each[0] / (each[1] * grid) for each in ratios)
    return np.fromiter(told, np.float64, len(ratios))
