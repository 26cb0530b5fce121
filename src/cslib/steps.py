"""Steps of a playbook: who does what by when, and in which order.

A part of :mod:`cslib.playbooks`. A :class:`Step` names a role and never a person. It is due so many
days after the start of the run, or before or after a coming event such as the end of the term.
:func:`schedule` works the dates out for one account; what is not known is said and not guessed.
"""

from __future__ import annotations

import datetime as dt
import graphlib
from collections.abc import Iterable, Iterator, Sequence

import attrs

from cslib.calendars import BusinessCalendar
from cslib.days import PeriodError, add_days
from cslib.errors import Fault, suggestion
from cslib.expressions import Kind
from cslib.facts import getter, known
from cslib.faults import (
    check_kind,
    flag_faults,
    name_faults,
    refuse,
    several,
    text_faults,
    unique_faults,
    whole_faults,
)
from cslib.moments import utc_day
from cslib.rules import Rule, condition, rule

__all__ = ["PlannedStep", "Step", "schedule", "step_faults"]

_START = "start"
_MOST_DAYS = 10_000
_ALWAYS = rule(True)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return several("step", "$.after", names, str)


@attrs.frozen(kw_only=True)
class Step:
    """One thing to do.

    Attributes:
        name: Its name, within its playbook.
        role: The role that owns it.
        days: How many days after ``of`` it is due; before it if negative.
        of: ``start``, the day on which the run starts, or a fact that is a date, such as
            ``term_ends_on``.
        business: Whether the days are business days; else they are calendar days.
        after: The steps that must be done before it.
        when: For which accounts it is done; without a condition for all.
        optional: Whether the playbook is taken without it.
        title: What is done, in words.

    Raises:
        DefinitionError: With every fault: a name or role that is none, days out of bounds.

    >>> Step(name="offer", role="csm", days=-30, of="term_ends_on").days
    -30
    """

    name: str
    role: str
    days: int = 0
    of: str = _START
    business: bool = False
    after: tuple[str, ...] = attrs.field(default=(), converter=_names)
    when: Rule = attrs.field(default=_ALWAYS, converter=condition)
    optional: bool = False
    title: str = ""

    def __attrs_post_init__(self) -> None:
        faults = (
            *name_faults("$.name", self.name),
            *name_faults("$.role", self.role),
            *whole_faults("$.days", self.days, -_MOST_DAYS, _MOST_DAYS),
            *name_faults("$.of", self.of),
            *flag_faults("$.business", self.business),
            *flag_faults("$.optional", self.optional),
            *text_faults("$.title", self.title),
        )
        refuse(f"step {self.name!r}", faults)


def step_faults(steps: Sequence[Step]) -> Iterator[Fault]:
    """The faults of steps as a whole.

    Two of one name, a name that there is not, steps that wait for one another, one that is due
    before what must be done first.
    """
    yield from unique_faults("$.steps", (step.name for step in steps))
    named = {step.name: step for step in steps}
    for place, step in enumerate(steps):
        for before in step.after:
            if before not in named:
                hint = suggestion(before, named)
                yield Fault(f"$.steps[{place}].after", f"unknown step {before!r}{hint}")
            elif _is_due_before(step, named[before]):
                problem = f"{step.name!r} is due before {before!r}, which must be done first"
                yield Fault(f"$.steps[{place}].days", problem)
    try:
        tuple(graphlib.TopologicalSorter({step.name: step.after for step in steps}).static_order())
    except graphlib.CycleError as error:
        yield Fault("$.steps", f"wait for one another: {' -> '.join(error.args[1])}")


def _is_due_before(step: Step, before: Step) -> bool:
    alike = (step.of, step.business) == (before.of, before.business)
    return alike and step.days < before.days


# --------------------------------------------------------------------------------------
# For one account


@attrs.frozen(kw_only=True)
class PlannedStep:
    """A step of a playbook, planned for one account.

    Attributes:
        step: The step.
        due: Its day; None where the date that it is counted from is not known.
        applies: Whether it is done for this account; None where that is not known.
        missing: The facts to ask for, where one of the two is not known.
    """

    step: Step
    due: dt.date | None
    applies: bool | None
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        when = "when is not known" if self.due is None else f"due {self.due}"
        ask = f"; ask for {', '.join(self.missing)}" if self.missing else ""
        doubt = {True: "", False: "; does not apply", None: "; whether it applies is not known"}
        return f"{self.step.name} ({self.step.role}): {when}{doubt[self.applies]}{ask}"


def schedule(
    steps: Iterable[Step],
    start: dt.date,
    account: object,
    *,
    calendar: BusinessCalendar | None = None,
) -> tuple[PlannedStep, ...]:
    """When each step of a run is due, in the order of the days; what is not known comes last.

    A due day is what the definition says, also where it lies before the start: such a step is late
    on its first day, and is not moved (``docs/semantics.md``, "Runs and verdicts").

    Args:
        steps: The steps of a playbook.
        start: The day on which the run starts; conditions that count days have it as today.
        account: Its facts: a mapping or an object.
        calendar: The days on which work is done; Monday to Friday unless given.

    Raises:
        DefinitionError: If the calendar is none, or something is no step.
        FactError: If a fact that days are counted from is no date, or a condition's is of another
            kind.
        MomentError: If the start is no date and no instant.
        PeriodError: If a day lies outside the years 1 to 9999.

    >>> steps = (
    ...     Step(name="call", role="csm", days=2, business=True),
    ...     Step(name="offer", role="csm", days=-30, of="term_ends_on"),
    ... )
    >>> for each in schedule(steps, dt.date(2026, 7, 3), {"term_ends_on": dt.date(2026, 9, 30)}):
    ...     print(each)
    call (csm): due 2026-07-07
    offer (csm): due 2026-08-31
    """
    first, office = utc_day(start, "start"), BusinessCalendar() if calendar is None else calendar
    check_kind("calendar", office, BusinessCalendar)
    parts = several("steps", "$", steps, Step)
    planned = [_planned(step, first, account, office) for step in parts]
    last = dt.date.max
    return tuple(sorted(planned, key=lambda each: (each.due is None, each.due or last)))


def _planned(
    step: Step, start: dt.date, account: object, calendar: BusinessCalendar
) -> PlannedStep:
    anchor = start if step.of == _START else _day(account, step.of)
    applies = step.when(account, as_of=start)
    asked = () if applies is not None else step.when.missing(account, as_of=start)
    lacking = () if anchor is not None else (step.of,)
    return PlannedStep(
        step=step,
        due=None if anchor is None else _counted(anchor, step, calendar),
        applies=applies,
        missing=tuple(dict.fromkeys((*asked, *lacking))),
    )


def _day(account: object, name: str) -> dt.date | None:
    kinds = frozenset({Kind.DATE, Kind.INSTANT})
    found = known(getter(account)(name), name, kinds)
    return None if found is None else utc_day(found, name)


def _counted(anchor: dt.date, step: Step, calendar: BusinessCalendar) -> dt.date:
    try:
        if step.business:
            return calendar.add(anchor, step.days)
        return add_days(anchor, step.days)
    except PeriodError as error:
        error.add_note(f"in step {step.name!r}, {step.days} days from {step.of}, {anchor}")
        raise
