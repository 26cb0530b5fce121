"""Funnels: how many accounts get from one stage to the next, and where the others go.

A part of :mod:`cslib.lifecycle`, on top of :mod:`cslib.visits`.

Who has not moved on yet has neither converted nor been lost. Such accounts are *under way*: they
are shown apart and stand in no denominator. What they may still come to is said as two bounds
(:attr:`Conversion.bounds`). The figures are of accounts, and an interval speaks of which of
them converted, each independently of the others.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.rates import Rate
from cslib.series import BY_CONTENT, read_only, text_table
from cslib.stages import inside
from cslib.stays import members, stays, stays_in
from cslib.visitcolumns import VisitTableError
from cslib.visits import VisitTable, check_table

__all__ = [
    "Conversion",
    "Funnel",
    "TransitionMatrix",
    "funnel",
    "transition_matrix",
]

Column: TypeAlias = npt.NDArray[Any]
Integers: TypeAlias = npt.NDArray[np.int64]

# --------------------------------------------------------------------------------------
# The funnel


@attrs.frozen(kw_only=True)
class Conversion:
    """What became of the accounts that reached a stage, seen from one further on.

    ``reached = converted + under_way + elsewhere``.

    Attributes:
        source: The stage that they reached.
        target: The stage that they were to reach after it.
        reached: How many reached ``source``.
        converted: How many of them reached ``target`` after it.
        under_way: How many did not, and stand now in a stage of the funnel before ``target``: they
            may yet.
        elsewhere: How many did not, and stand somewhere else: lost, put aside, or further on by a
            way round ``target``.

    >>> step = Conversion(source="trial", target="customer", reached=10, converted=4, under_way=2,
    ...                   elsewhere=4)
    >>> step.rate
    4 of 8 = 50.0 % (21.5 to 78.5 %, 95 % Wilson); left out: 2 under way
    >>> [f"{bound:.0%}" for bound in step.bounds]
    ['40%', '60%']
    """

    source: str
    target: str
    reached: int
    converted: int
    under_way: int
    elsewhere: int

    @property
    def rate(self) -> Rate:
        """Converted, of those of whom it is decided.

        Who converts fast is decided early, so a young book shows a rate that differs from the one
        that it will come to; :attr:`bounds` hold that one.
        """
        excluded = {"under way": self.under_way} if self.under_way else {}
        decided = self.converted + self.elsewhere
        return Rate.of_counts(self.converted, decided, excluded=excluded)

    @property
    def bounds(self) -> tuple[Rate, Rate]:
        """The rate if none of those under way ever converts, and if all of them do."""
        most = self.converted + self.under_way
        return Rate.of_counts(self.converted, self.reached), Rate.of_counts(most, self.reached)


@attrs.frozen(kw_only=True)
class Funnel:
    """How many accounts reached each of several stages, one after another.

    Attributes:
        accounts: How many there are.
        stages: The stages, in the order asked.
        reached: How many reached each, having reached those before it in this order.
        conversions: From each stage to the next.
    """

    accounts: int
    stages: tuple[str, ...]
    reached: tuple[int, ...]
    conversions: tuple[Conversion, ...]

    @property
    def overall(self) -> Conversion:
        """From the first stage to the last."""
        return Conversion(
            source=self.stages[0],
            target=self.stages[-1],
            reached=self.reached[0],
            converted=self.reached[-1],
            under_way=sum(step.under_way for step in self.conversions),
            elsewhere=sum(step.elsewhere for step in self.conversions),
        )

    def __str__(self) -> str:
        """The table for people, a row for each conversion."""
        heads = ("from", "to", "reached", "converted", "under way", "elsewhere", "rate")
        rows = [
            [
                *(each.source, each.target),
                *map(str, (each.reached, each.converted, each.under_way, each.elsewhere)),
                f"{each.rate:.1%}",
            ]
            for each in self.conversions
        ]
        return text_table(heads, rows, most=len(rows))


def funnel(table: VisitTable, stages: Iterable[str]) -> Funnel:
    """How many accounts reached each of the stages in turn, and where the others are.

    An account counts for a stage if it entered it after it had reached the one before; other
    stages may lie between. A stage with others inside is entered with the first of them, so one
    that lies in the stage before it may be entered at the same time. An account that is in the
    first stage from the start has reached it.

    Args:
        table: The visits.
        stages: Two or more; a stage may be asked for again (``in_use``, ``renewal``, ``in_use``).

    Raises:
        VisitTableError: If there are fewer than two, or there is no such stage.

    >>> days = np.array(["NaT", "2026-03-01", "NaT", "NaT", "2026-03-05"], "datetime64[D]")
    >>> ends = np.array(["2026-03-01", "NaT", "NaT", "2026-03-05", "NaT"], "datetime64[D]")
    >>> table = VisitTable(
    ...     accounts=["ada", "bo", "cy"], stages=("trial", "customer", "lost"),
    ...     account=[0, 0, 1, 2, 2], stage=[0, 1, 0, 0, 2], entered=days, left=ends,
    ...     as_of=np.datetime64("2026-03-31"),
    ... )
    >>> print(funnel(table, ("trial", "customer")))
     from        to  reached  converted  under way  elsewhere   rate
    trial  customer        3          1          1          1  50.0%
    """
    check_table(table)
    names = () if isinstance(stages, str) or not isinstance(stages, Iterable) else tuple(stages)
    if len(names) < 2:
        raise VisitTableError("stages", None, f"are {stages!r}: expected two or more, in order")
    first = np.full(table.accounts.size, -1, np.int64)  # the row by which each reached the stage
    here = np.ones(first.size, np.bool_)
    masks = []
    for before, name in zip(("", *names), names, strict=False):
        at_once = name != before and inside(name, before)
        first, here = _reached(table, name, first, here, at_once=at_once)
        masks.append(here)
    standing = table.stage[table.lasting]
    return Funnel(
        accounts=table.accounts.size,
        stages=names,
        reached=tuple(int(mask.sum()) for mask in masks),
        conversions=_conversions(table.stages, names, masks, standing),
    )


def _reached(
    table: VisitTable, name: str, since: Integers, here: Column, *, at_once: bool
) -> tuple[Integers, Column]:
    """The first stay in a stage after the given row of each account, and who has one."""
    found = stays_in(table, name)
    after = here[found.account] & (found.row + at_once > since[found.account])
    account, row = found.account[after], found.row[after]
    earliest = np.append(True, account[1:] != account[:-1])[: account.size]
    first, reached = np.full_like(since, -1), np.zeros_like(here)
    first[account[earliest]] = row[earliest]
    reached[account[earliest]] = True
    return first, reached


def _conversions(
    known: tuple[str, ...], names: tuple[str, ...], masks: list[Column], standing: Column
) -> tuple[Conversion, ...]:
    waits = np.zeros(len(known), np.bool_)  # stages of the funnel up to the source
    steps = []
    for (source, before), (target, now) in itertools.pairwise(zip(names, masks, strict=True)):
        waits[[known.index(stage) for stage in members(known, source)]] = True
        rest = before & ~now
        under_way = int(waits[standing[rest]].sum())
        step = Conversion(
            source=source,
            target=target,
            reached=int(before.sum()),
            converted=int(now.sum()),
            under_way=under_way,
            elsewhere=int(rest.sum()) - under_way,
        )
        steps.append(step)
    return tuple(steps)


# --------------------------------------------------------------------------------------
# From stage to stage


@attrs.frozen(kw_only=True, repr=False)
class TransitionMatrix:
    """How often accounts went from each stage to each other one.

    Attributes:
        stages: The stages, for rows and columns.
        counts: How many stays in the row's stage ended in the column's, shape ``(n, n)``.
        still: How many stays in each stage last still, shape ``(n,)``.
    """

    stages: tuple[str, ...]
    counts: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)
    still: Integers = attrs.field(converter=read_only, eq=BY_CONTENT)

    @property
    def stays(self) -> Integers:
        """How many stays each stage had: those that ended, and those that last."""
        found: Integers = self.counts.sum(axis=1) + self.still
        return found

    @property
    def shares(self) -> np.ma.MaskedArray[Any, np.dtype[np.float64]]:
        """Of the stays in each stage, the share that ended in each other or lasts still.

        Shape ``(n, n + 1)``, the last column for those that last. A row adds up to 1; of a stage
        without stays it is masked, since its shares are undefined.
        """
        all_ways = np.column_stack([self.counts, self.still])
        total = self.stays[:, None]
        shares = np.divide(all_ways, total, out=np.zeros(all_ways.shape), where=total > 0)
        return np.ma.masked_array(shares, np.broadcast_to(total == 0, shares.shape))

    def __str__(self) -> str:
        """The counts as a table for people."""
        rows = [
            [name, *map(str, counts), str(still)]
            for name, counts, still in zip(
                self.stages, self.counts.tolist(), self.still.tolist(), strict=True
            )
        ]
        heads = ("from \\ to", *self.stages, "still there")
        return text_table(heads, rows, most=max(len(rows), 1))

    def __repr__(self) -> str:
        moves, still = int(self.counts.sum()), int(self.still.sum())
        return f"<TransitionMatrix of {len(self.stages)} stages: {moves:,} moves, {still:,} still>"


def transition_matrix(table: VisitTable, stages: Iterable[str] = ()) -> TransitionMatrix:
    r"""How often accounts went from each stage to each other one, and how many are there still.

    The share of a row is what bupaR's precedence matrix calls ``relative_antecedent``
    (https://bupaverse.github.io/processmapR/reference/precedence_matrix.html), with one difference:
    there the last activity of every case goes to ``End``, whether the case ended or goes on.

    Args:
        table: The visits.
        stages: Which stages, or stages around them, to name first; every stage that lies in none
            of them follows. What goes on inside a stage so named is no move.

    Raises:
        VisitTableError: As :func:`~cslib.stays.stays`.

    >>> table = VisitTable(
    ...     accounts=["ada", "bo"], stages=("trial", "customer"), account=[0, 0, 1],
    ...     stage=[0, 1, 0], entered=np.array(["NaT", "2026-03-01", "NaT"], "datetime64[D]"),
    ...     left=np.array(["2026-03-01", "NaT", "NaT"], "datetime64[D]"),
    ...     as_of=np.datetime64("2026-03-31"),
    ... )
    >>> print(transition_matrix(table))
    from \ to  trial  customer  still there
        trial      0         1            1
     customer      0         0            1
    """
    found = stays(table, stages)
    size = len(found.stages)
    lasts = np.isnat(found.left)
    source = found.stage[~lasts].astype(np.int64)
    target = found.stage[np.flatnonzero(~lasts) + 1]
    counts = np.bincount(source * size + target, minlength=size * size)
    still = np.bincount(found.stage[lasts], minlength=size)
    return TransitionMatrix(
        stages=found.stages, counts=counts.reshape(size, size), still=still.astype(np.int64)
    )
