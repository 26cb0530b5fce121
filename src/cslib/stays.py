"""Stays: the visits of accounts, seen by the stages or the stages around them that are asked for.

A part of :mod:`cslib.lifecycle`, on top of :mod:`cslib.visits`. Where a stage with others inside is
asked for, moves from one of these to another do not leave it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.errors import suggestion
from cslib.series import BY_CONTENT
from cslib.stages import inside, lineage_of
from cslib.visitcolumns import VisitTableError, by_moments, distinct_names
from cslib.visits import VisitTable, check_table

__all__ = ["Stays", "members", "stays", "stays_in"]

Codes: TypeAlias = npt.NDArray[np.signedinteger[Any]]
Moments: TypeAlias = npt.NDArray[np.datetime64]
Integers: TypeAlias = npt.NDArray[np.int64]
Truths: TypeAlias = npt.NDArray[np.bool_]

_DAY = np.dtype("datetime64[D]")


@attrs.frozen(kw_only=True, repr=False)
class Stays:
    """Visits as they look when some stages are named by a stage around them.

    Attributes:
        stages: The names: those asked for, then every stage that lies in none of them.
        row: Of each stay the row of the table with which it begins.
        account: The account, a position in the accounts of the table.
        stage: The stage, a position in ``stages``.
        entered: When it began; NaT where that is not known.
        left: When it ended; NaT while it lasts.
    """

    stages: tuple[str, ...]
    row: Integers = attrs.field(eq=BY_CONTENT)
    account: Codes = attrs.field(eq=BY_CONTENT)
    stage: Codes = attrs.field(eq=BY_CONTENT)
    entered: Moments = attrs.field(eq=by_moments)
    left: Moments = attrs.field(eq=by_moments)

    def __repr__(self) -> str:
        return f"<Stays: {self.row.size:,} in {len(self.stages)} stages>"

    def of(self, chosen: Truths | Integers | slice) -> Stays:
        """Some of the stays."""
        return attrs.evolve(
            self,
            row=self.row[chosen],
            account=self.account[chosen],
            stage=self.stage[chosen],
            entered=self.entered[chosen],
            left=self.left[chosen],
        )

    def in_order_of_stage(self) -> Stays:
        """The stays of each stage together, and in it those of each account, in linear time."""
        return self.of(np.argsort(self.stage, kind="stable"))  # a radix sort: codes are short

    def by_stage(self) -> Iterator[Stays]:
        """The stays of each stage in turn, in linear time."""
        ordered = self.in_order_of_stage()
        ends = np.cumsum(np.bincount(self.stage, minlength=len(self.stages))).tolist()
        return (ordered.of(slice(*bounds)) for bounds in itertools.pairwise([0, *ends]))

    def days(self, as_of: np.datetime64) -> Integers:
        """Days of the calendar from entering to leaving, or to ``as_of`` while a stay lasts.

        Only of stays whose beginning is known.
        """
        until = np.where(np.isnat(self.left), as_of, self.left).astype(_DAY)
        found: Integers = (until - self.entered.astype(_DAY)).astype(np.int64)
        return found


def stays(table: VisitTable, stages: Iterable[str] = ()) -> Stays:
    """The visits of a table, with the stages named as asked.

    Where a stage with others inside is named, moves from one of these to another do not leave
    it, and visits that follow one another in it are one stay. A visit of a stage without others is
    a stay of its own, even when the account moves from it into itself.

    Args:
        table: The visits.
        stages: Names of stages, or of stages around them, none inside another.

    Raises:
        VisitTableError: If there is no such stage, or one lies in another.

    >>> import datetime as dt
    >>> table = VisitTable(
    ...     accounts=["ada"], stages=("lead", "onboarding/data", "onboarding/training"),
    ...     account=[0, 0, 0], stage=[0, 1, 2], as_of=dt.date(2026, 3, 31),
    ...     entered=np.array(["NaT", "2026-03-01", "2026-03-09"], "datetime64[D]"),
    ...     left=np.array(["2026-03-01", "2026-03-09", "NaT"], "datetime64[D]"),
    ... )
    >>> found = stays(table, ("onboarding",))
    >>> found.stages, found.stage.tolist(), found.entered.tolist()
    (('onboarding', 'lead'), [1, 0], [None, datetime.date(2026, 3, 1)])
    """
    check_table(table)
    named = distinct_names("stages", stages)
    _check_apart(named)
    around = np.array([_is_around(name, table.stages) for name in named], np.bool_)
    shown_as = [next((n for n in named if inside(each, n)), each) for each in table.stages]
    names = tuple(dict.fromkeys((*named, *shown_as)))
    around = np.append(around, np.zeros(len(names) - len(named), np.bool_))
    places = {name: code for code, name in enumerate(names)}
    stage = np.array([places[each] for each in shown_as], _code_type(names))[table.stage]
    goes_on = table.account[1:] == table.account[:-1]
    goes_on &= (stage[1:] == stage[:-1]) & around[stage[1:]]
    return _joined(table, names, np.arange(stage.size), stage, goes_on)


def stays_in(table: VisitTable, stage: str) -> Stays:
    """The stays in one stage alone, as :func:`stays` has them.

    Raises:
        VisitTableError: If there is no such stage.
    """
    check_table(table)
    held = members(table.stages, stage)
    row = np.flatnonzero(np.array([name in held for name in table.stages])[table.stage])
    goes_on = np.zeros(max(row.size - 1, 0), np.bool_)
    if _is_around(stage, table.stages):
        account = table.account[row]
        goes_on = (row[1:] == row[:-1] + 1) & (account[1:] == account[:-1])
    return _joined(table, (stage,), row, np.zeros(row.size, np.int16), goes_on)


def _joined(
    table: VisitTable, names: tuple[str, ...], row: Integers, stage: Codes, goes_on: Truths
) -> Stays:
    """Stays of the visits in these rows; of all but the first, whether they go on with the last."""
    first = np.flatnonzero(np.append(True, ~goes_on)[: row.size])
    last = np.append(first[1:], row.size)[: first.size] - 1
    begun = row[first]
    return Stays(
        stages=names,
        row=begun,
        account=table.account[begun],
        stage=stage[first],
        entered=table.entered[begun],
        left=table.left[row[last]],
    )


def members(stages: Sequence[str], name: str) -> tuple[str, ...]:
    """The stages that are ``name`` or lie in it.

    Raises:
        VisitTableError: If there is none.

    >>> members(("lead", "onboarding/data", "onboarding/training"), "onboarding")
    ('onboarding/data', 'onboarding/training')
    """
    found = tuple(stage for stage in stages if inside(stage, name))
    if not found:
        known = dict.fromkeys(each for stage in stages for each in lineage_of(stage))
        message = f"name {name!r}, which is none of the table{suggestion(str(name), known)}"
        raise VisitTableError("stages", None, message)
    return found


def _check_apart(names: tuple[str, ...]) -> None:
    for name in names:
        around = [other for other in names if other != name and inside(name, other)]
        if around:
            message = f"name {name!r} and {around[0]!r}, in which it lies: name one of them"
            raise VisitTableError("stages", None, message)


def _is_around(name: str, stages: tuple[str, ...]) -> bool:
    """Whether other stages lie in a stage, so that moves between them do not leave it."""
    return len(members(stages, name)) > 1 or name not in stages


def _code_type(names: Sequence[str]) -> type[np.signedinteger[Any]]:
    """The shortest type of their codes: up to 16 bits numpy sorts by radix, in linear time."""
    return np.int16 if len(names) <= np.iinfo(np.int16).max else np.int32
