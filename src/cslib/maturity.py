"""Maturity: how far an account has come on a ladder of uses (H4, K).

A part of :mod:`cslib.health` over :mod:`cslib.usage`. Customers look at data, analyse it, act on
it. A :class:`Ladder` writes down what each rung asks for, so that any colleague, and the library on
one account or on a whole book, grades an account the same way.

Conventions:

- A rung asks for a set of actions: a condition on how many ``uses`` of them there were within a
  window of days that ends with ``as_of``, by how many ``users``, on how many ``days``.
- An account stands on the highest rung whose condition holds, whatever is beneath it: who acts on
  data by a program need not look at it. The rungs beneath that do not hold stay in the evidence.
- A use of unknown action may be of any. A condition that comes out one way without these uses and
  another way with them is unknown.
- The level is unknown where a rung above the highest that holds is.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.documents import document, fingerprint
from cslib.errors import CslibError, DefinitionError, Fault
from cslib.expressions import Kind
from cslib.faults import name_faults, refuse, several, text_faults, unique_faults, whole_faults
from cslib.periods import Period
from cslib.rules import Rule, rule
from cslib.series import BY_CONTENT, read_only
from cslib.usage import (
    Tally,
    UsageTable,
    Use,
    check_as_of,
    check_usage,
    check_uses,
    life_is_known,
    masked,
)

__all__ = ["COUNTS", "Grade", "Grades", "Ladder", "Reached", "Rung"]

Masked: TypeAlias = np.ma.MaskedArray[Any, Any]

COUNTS = ("days", "users", "uses")
"""The facts that the condition of a rung may read."""

_MOST_DAYS = 3_660


def _tuple(given: Iterable[Any]) -> tuple[Any, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@attrs.frozen(kw_only=True)
class Rung:
    """One rung of a ladder.

    Attributes:
        name: Its name.
        actions: The actions that count, any of them.
        when: The condition on ``days``, ``users`` and ``uses`` of these actions.
        within: How many days the window has that ends with ``as_of``, 1 to 3660.
        norm: What it means, in words, for those who grade by hand.

    Raises:
        DefinitionError: With every fault.

    >>> print(Rung(name="analyse", actions=("query", "funnel"), when="days >= 4 and users >= 2"))
    analyse: days >= 4 and users >= 2, of query, funnel in 28 days
    """

    name: str
    actions: tuple[str, ...] = attrs.field(converter=_tuple)
    when: Rule = attrs.field(converter=rule)
    within: int = 28
    norm: str = ""

    def __attrs_post_init__(self) -> None:
        subject = f"rung {self.name!r}"
        refuse(subject, _rung_faults(self))
        try:
            when = rule(self.when, kind=Kind.BOOLEAN)
        except CslibError as error:
            raise DefinitionError(subject, (Fault("$.when", str(error)),)) from None
        object.__setattr__(self, "when", when)

    def __str__(self) -> str:
        norm = f" ({self.norm})" if self.norm else ""
        listed = ", ".join(self.actions)
        return f"{self.name}: {self.when}, of {listed} in {self.within} days{norm}"


def _rung_faults(rung: Rung) -> Iterator[Fault]:
    yield from name_faults("$.name", rung.name)
    yield from text_faults("$.norm", rung.norm)
    yield from whole_faults("$.within", rung.within, 1, _MOST_DAYS)
    if not rung.actions:
        yield Fault("$.actions", "expected at least one action, but got none")
    for place, action in enumerate(rung.actions):
        yield from name_faults(f"$.actions[{place}]", action)
    yield from unique_faults("$.actions", rung.actions, end="")
    for name in rung.when.facts:
        if name not in COUNTS:
            yield Fault("$.when", f"expected conditions on {', '.join(COUNTS)}, but got {name!r}")


@attrs.frozen(kw_only=True)
class Reached:
    """What an account has done of one rung.

    Attributes:
        rung: Its name.
        uses: Uses of its actions within its window; None where the log does not cover it.
        users: By how many known users; None as well where there were uses, but by nobody known.
        days: On how many days.
        unclear: Uses of unknown action in the window.
        met: Whether its condition holds; None where that is not known.
    """

    rung: str
    uses: int | None
    users: int | None
    days: int | None
    unclear: int | None
    met: bool | None

    def __str__(self) -> str:
        verdict = {True: "met", False: "not met", None: "unknown"}[self.met]
        if self.uses is None:
            return f"{self.rung}: {verdict}, the log does not cover it"
        users = "unknown" if self.users is None else self.users
        unclear = f", {self.unclear} uses of unknown action" if self.unclear else ""
        counts = f"{self.uses} uses on {self.days} days by {users} users"
        return f"{self.rung}: {verdict}, {counts}{unclear}"


@attrs.frozen(kw_only=True)
class Grade:
    """Where one account stands on a ladder, and why.

    Attributes:
        level: 0 below the first rung, 1 on it, and so on; None where it is not known.
        rung: The name of the rung, or of what is below them all; None where not known.
        reached: What was done of each rung, lowest first.
    """

    level: int | None
    rung: str | None
    reached: tuple[Reached, ...]

    @property
    def facts(self) -> dict[str, object]:
        """What other rooms read: ``maturity``, the level, and ``maturity_rung``."""
        return {"maturity": self.level, "maturity_rung": self.rung}

    def __str__(self) -> str:
        lines = [self.rung or "unknown", *(f"  {each}" for each in reversed(self.reached))]
        return "\n".join(lines)


@attrs.frozen(kw_only=True, repr=False)
class Grades:
    """Where each account stands on a ladder, in columns; masked where not known.

    Attributes:
        level: 0 below the first rung, 1 on it, and so on.
        rung: The name of the rung, or of what is below them all.
        met: Whether the condition of each rung holds; a row for each rung, lowest first.
        uses: Uses of the actions of each rung within its window, likewise.
        users: By how many known users.
        days: On how many days.
        unclear: Uses of unknown action in the window.
    """

    level: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    rung: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    met: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    uses: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    users: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    days: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    unclear: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)

    @property
    def facts(self) -> dict[str, Masked]:
        """What other rooms read: ``maturity``, the level, and ``maturity_rung``."""
        return {"maturity": self.level, "maturity_rung": self.rung}

    def __repr__(self) -> str:
        return f"<Grades: {self.level.size:,} accounts, {self.met.shape[0]} rungs>"


def _rungs(rungs: Iterable[Rung]) -> tuple[Rung, ...]:
    return several("ladder", "$.rungs", rungs, Rung)


@document("ladder", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Ladder:
    """A maturity ladder as data: rungs, lowest first.

    Attributes:
        name: Its name.
        rungs: The rungs, lowest first.
        below: What it is called to stand on none.

    Raises:
        DefinitionError: With every fault.

    >>> ladder = Ladder(name="use of data", rungs=(
    ...     Rung(name="looks", actions=("dashboard",), when="days >= 2"),
    ...     Rung(name="analyses", actions=("query",), when="days >= 2"),
    ...     Rung(name="acts", actions=("campaign",), when="uses >= 1"),
    ... ))
    >>> days = [dt.date(2026, 6, day) for day in (1, 8, 9)]
    >>> uses = [Use(at=day, user="ann", action="dashboard") for day in days]
    >>> uses += [Use(at=days[0], user="ann", action="query")]
    >>> print(ladder.grade(uses, as_of=dt.date(2026, 6, 28), observed=Period.month(2026, 6)))
    looks
      acts: not met, 0 uses on 0 days by 0 users
      analyses: not met, 1 uses on 1 days by 1 users
      looks: met, 3 uses on 3 days by 1 users
    """

    name: str
    rungs: tuple[Rung, ...] = attrs.field(converter=_rungs)
    below: str = "none"

    def __attrs_post_init__(self) -> None:
        refuse(f"ladder {self.name!r}", _ladder_faults(self))

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition a grade was given."""
        return fingerprint(self)

    def __str__(self) -> str:
        """The written norms, highest first."""
        return "\n".join([self.name, *(f"  {rung}" for rung in reversed(self.rungs))])

    def grade(
        self,
        uses: Iterable[Use],
        *,
        as_of: dt.date,
        observed: Period,
        began: dt.date | None = None,
    ) -> Grade:
        """Where one account stands.

        Args:
            uses: Its uses, in any order; those outside the windows do not matter.
            as_of: The day with which the windows end, one that the log covers.
            observed: The days that the log covers.
            began: The day on which the account began; None where not known.

        Raises:
            UsageError: If the log does not cover the day, or one of the uses is no Use.
        """
        day = check_as_of(as_of, observed)
        given = check_uses(uses)
        reached = tuple(_reached(rung, given, day, observed, began) for rung in self.rungs)
        level: int | None = 0
        for place, each in enumerate(reached, 1):
            level = place if each.met else None if each.met is None else level
        names = (self.below, *(rung.name for rung in self.rungs))
        return Grade(level=level, rung=None if level is None else names[level], reached=reached)

    def grades(self, table: UsageTable, *, as_of: dt.date) -> Grades:
        """Where each account of a table stands; what :meth:`grade` says of each.

        Raises:
            UsageError: If the table is none, or the log does not cover the day.
        """
        check_usage(table)
        table.check_day(as_of)
        columns = [_columns(rung, table, as_of) for rung in self.rungs]
        met = np.ma.stack([each[0] for each in columns])
        level = np.zeros(table.accounts.size, np.int64)
        known = np.ones(table.accounts.size, np.bool_)
        for place, (value, gone) in enumerate(
            zip(met.data, np.ma.getmaskarray(met), strict=True), 1
        ):
            holds = value & ~gone
            level[holds] = place
            known = (known & ~gone) | holds
        names = np.array([self.below, *(rung.name for rung in self.rungs)])
        counts = [np.ma.stack([each[place] for each in columns]) for place in range(1, 5)]
        return Grades(
            level=masked(level, known),
            rung=masked(names[level], known),
            met=met,
            **dict(zip(("uses", "users", "days", "unclear"), counts, strict=True)),
        )


def _ladder_faults(ladder: Ladder) -> Iterator[Fault]:
    yield from name_faults("$.name", ladder.name)
    yield from name_faults("$.below", ladder.below)
    if not ladder.rungs:
        yield Fault("$.rungs", "expected at least one rung, but got none")
    yield from unique_faults("$.rungs", [rung.name for rung in ladder.rungs])
    for place, rung in enumerate(ladder.rungs):
        if rung.name == ladder.below:
            problem = f"{rung.name!r} is what it is called to stand on none; take another name"
            yield Fault(f"$.rungs[{place}].name", problem)


# --------------------------------------------------------------------------------------
# One rung, of one account and of all


def _reached(
    rung: Rung, uses: Sequence[Use], as_of: dt.date, observed: Period, began: dt.date | None
) -> Reached:
    window = Period.trailing(as_of, days=rung.within)
    if not life_is_known(observed, began, window):
        return Reached(rung=rung.name, uses=None, users=None, days=None, unclear=None, met=None)
    inside = [use for use in uses if use.day in window and use.day in observed]
    sure = [use for use in inside if use.action in rung.actions]
    unclear = [use for use in inside if use.action is None]
    counts = _counts(sure)
    without, counted_in = rung.when(counts), rung.when(_counts(sure + unclear))
    return Reached(
        rung=rung.name,
        **counts,
        unclear=len(unclear),
        met=without if without is counted_in else None,
    )


def _counts(uses: Sequence[Use]) -> dict[str, Any]:
    users = {use.user for use in uses if use.user is not None}
    unknown = bool(uses) and not users
    days = {use.day for use in uses}
    return {"uses": len(uses), "users": None if unknown else len(users), "days": len(days)}


def _columns(rung: Rung, table: UsageTable, as_of: dt.date) -> list[Masked]:
    """Whether it is met, and uses, users, days and unclear uses, of each account."""
    window = Period.trailing(as_of, days=rung.within)
    first, last = np.datetime64(window.start, "D"), np.datetime64(window.last_day, "D")
    known = table.known(first, last)
    inside = (table.day >= first) & (table.day <= last)
    asked = np.array([name in rung.actions for name in (*table.actions, None)])
    sure = inside & asked[table.action]  # the code of an unknown one, -1, takes the last
    unclear = inside & (table.action < 0)
    counts = _facts(table.tally(sure), known)
    without = counted_in = rung.when.columns(counts)
    if unclear.any():
        counted_in = rung.when.columns(_facts(table.tally(sure | unclear), known))
    told = without.known & counted_in.known & (without.value == counted_in.value) & known
    extra = np.bincount(table.account[unclear], minlength=table.accounts.size)
    columns = [counts[name] for name in ("uses", "users", "days")]
    return [masked(without.value, told), *columns, masked(extra, known)]


def _facts(tally: Tally, known: npt.NDArray[np.bool_]) -> dict[str, Masked]:
    told = known & ((tally.users > 0) | (tally.uses == 0))
    return {
        "uses": masked(tally.uses, known),
        "users": masked(tally.users, told),
        "days": masked(tally.days, known),
    }
