"""Breadth: in how many job roles an account uses the product at a set frequency (H5, K).

A part of :mod:`cslib.health` over :mod:`cslib.usage`. At least two distinct roles that use it, not
everyone, are often the key to the second renewal.

Conventions:

- A role uses the product at the frequency where, on so many days of the window that ends with
  ``as_of``, somebody in that role used it; who may change from day to day.
- The role is that of the use, so whoever changes jobs counts for each on its days.
- An unknown role is no role. Its days are counted and shown, and any role may have had them too:
  where that could decide, the answer is unknown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import attrs
import numpy as np

from cslib.documents import document
from cslib.errors import Fault
from cslib.faults import refuse, whole_faults
from cslib.periods import Period
from cslib.series import BY_CONTENT, read_only
from cslib.usage import (
    UsageError,
    UsageTable,
    Use,
    check_as_of,
    check_usage,
    check_uses,
    distinct_days,
    life_is_known,
    masked,
)

__all__ = ["Breadth", "RoleColumns", "RolesActive"]

Masked: TypeAlias = np.ma.MaskedArray[Any, Any]

_MOST_ROLES, _MOST_DAYS = 1_000, 3_660
_MOST_CELLS = 2**25  # accounts by roles: a quarter of a gigabyte of int64


@attrs.frozen(kw_only=True)
class RolesActive:
    """In which roles one account uses the product, and whether they are enough.

    Attributes:
        met: Whether enough roles use it at the frequency; None where it is not known.
        reached: How many roles are seen to; None where the log does not cover the window.
        most: How many may, the days of unknown role being theirs too; None likewise, and where
            these days would do for roles that were never seen.
        days: On how many days each role was active, most first, then by name.
        unclear: On how many days somebody of unknown role was active; None likewise.
    """

    met: bool | None
    reached: int | None
    most: int | None
    days: tuple[tuple[str, int], ...]
    unclear: int | None

    @property
    def facts(self) -> dict[str, object]:
        """What other rooms read: ``roles_active``, known where no unknown role could add to it."""
        sure = self.reached is not None and self.reached == self.most
        return {"roles_active": self.reached if sure else None, "breadth_met": self.met}

    def __str__(self) -> str:
        if self.reached is None:
            return "unknown: the log does not cover it"
        verdict = {True: "met", False: "not met", None: "unknown"}[self.met]
        listed = ", ".join(f"{role} on {days} days" for role, days in self.days) or "no role active"
        unclear = f"; unknown role on {self.unclear} days" if self.unclear else ""
        return f"{verdict}: {self.reached} roles at the frequency; {listed}{unclear}"


@attrs.frozen(kw_only=True, repr=False)
class RoleColumns:
    """In which roles each account uses the product, in columns; masked where not known.

    Attributes:
        met: Whether enough roles use it at the frequency.
        reached: How many roles are seen to.
        most: How many may, the days of unknown role being theirs too.
        days: On how many days each role was active; a row for each account, a column for each role.
        unclear: On how many days somebody of unknown role was active.
        roles: The roles' names.
    """

    met: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    reached: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    most: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    days: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    unclear: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    roles: tuple[str, ...]

    @property
    def facts(self) -> dict[str, Masked]:
        """What other rooms read: ``roles_active``, known where no unknown role could add to it."""
        gone = np.ma.getmaskarray(self.reached) | np.ma.getmaskarray(self.most)
        sure = ~gone & (self.reached.data == self.most.data)
        return {"roles_active": masked(self.reached.data, sure), "breadth_met": self.met}

    def __repr__(self) -> str:
        return f"<RoleColumns: {self.met.size:,} accounts, {len(self.roles)} roles>"


@document("breadth", version=1)
@attrs.frozen(kw_only=True)
class Breadth:
    """How many roles shall use the product, and how often.

    Attributes:
        roles: At least so many distinct roles, 1 to 1000.
        days: Each on at least so many days, 1 to ``within``.
        within: Of so many days, which end with ``as_of``; 1 to 3660.

    Raises:
        DefinitionError: With every fault.

    >>> uses = [Use(at=dt.date(2026, 6, day), role="analyst") for day in (1, 8, 15, 22)]
    >>> uses += [Use(at=dt.date(2026, 6, day), role="marketer") for day in (2, 9)]
    >>> june = Period.month(2026, 6)
    >>> print(Breadth().of(uses, as_of=dt.date(2026, 6, 28), observed=june))
    not met: 1 roles at the frequency; analyst on 4 days, marketer on 2 days
    >>> Breadth(days=2).of(uses, as_of=dt.date(2026, 6, 28), observed=june).met
    True
    """

    roles: int = 2
    days: int = 4
    within: int = 28

    def __attrs_post_init__(self) -> None:
        refuse("breadth", _faults(self))

    def of(
        self,
        uses: Iterable[Use],
        *,
        as_of: dt.date,
        observed: Period,
        began: dt.date | None = None,
    ) -> RolesActive:
        """In which roles one account uses the product.

        Args:
            uses: Its uses, in any order; those outside the window do not matter.
            as_of: The day with which the window ends, one that the log covers.
            observed: The days that the log covers.
            began: The day on which the account began; None where not known.

        Raises:
            UsageError: If the log does not cover the day, or one of the uses is no Use.
        """
        window = Period.trailing(check_as_of(as_of, observed), days=self.within)
        if not life_is_known(observed, began, window):
            return RolesActive(met=None, reached=None, most=None, days=(), unclear=None)
        active: dict[str | None, set[dt.date]] = {None: set()}
        for use in check_uses(uses):
            if use.day in window and use.day in observed:
                active.setdefault(use.role, set()).add(use.day)
        unclear = len(active.pop(None))
        counts = {role: len(days) for role, days in active.items() if role is not None}
        reached = sum(days >= self.days for days in counts.values())
        most = sum(days + unclear >= self.days for days in counts.values())
        open_ended = unclear >= self.days
        could = open_ended or most >= self.roles
        return RolesActive(
            met=True if reached >= self.roles else None if could else False,
            reached=reached,
            most=None if open_ended else most,
            days=tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0]))),
            unclear=unclear,
        )

    def columns(self, table: UsageTable, *, as_of: dt.date) -> RoleColumns:
        """In which roles each account of a table uses it; what :meth:`of` says of each.

        Raises:
            UsageError: If the table is none, the log does not cover the day, or accounts times
                roles are more than 2**25.
        """
        check_usage(table)
        last = table.check_day(as_of)
        first = last - np.timedelta64(self.within - 1, "D")
        if table.accounts.size * (len(table.roles) + 1) > _MOST_CELLS:
            given = f"has {len(table.roles):,} roles in {table.accounts.size:,} accounts"
            raise UsageError("table", None, f"{given}: group the roles, or split the table")
        known = table.known(first, last)
        days = _role_days(table, first, last)
        counts, unclear = days[:, 1:], days[:, :1]
        reached = (counts >= self.days).sum(axis=1)
        most = (counts + unclear >= self.days).sum(axis=1)
        open_ended = unclear[:, 0] >= self.days
        met = reached >= self.roles
        could = open_ended | (most >= self.roles)
        return RoleColumns(
            met=masked(met, known & (met | ~could)),
            reached=masked(reached, known),
            most=masked(most, known & ~open_ended),
            days=masked(counts, np.broadcast_to(known[:, np.newaxis], counts.shape)),
            unclear=masked(unclear[:, 0], known),
            roles=table.roles,
        )


def _faults(breadth: Breadth) -> Iterator[Fault]:
    yield from whole_faults("$.roles", breadth.roles, 1, _MOST_ROLES)
    within = list(whole_faults("$.within", breadth.within, 1, _MOST_DAYS))
    yield from whole_faults("$.days", breadth.days, 1, _MOST_DAYS if within else breadth.within)
    yield from within


def _role_days(table: UsageTable, first: np.datetime64, last: np.datetime64) -> Any:
    """On how many days of a window each account was active in a role; the first is unknown."""
    width = len(table.roles) + 1
    rows = np.flatnonzero((table.day >= first) & (table.day <= last))
    cell = table.account[rows].astype(np.int64) * width + (table.role[rows] + 1)
    days = distinct_days(cell, table.day[rows], table.accounts.size * width)
    return days.reshape(-1, width)
