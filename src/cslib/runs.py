"""Runs of playbooks: what was prescribed, and whether it was taken.

A part of :mod:`cslib.playbooks`. A :class:`Run` is one prescription of one playbook for one account
(P8: diagnose, prescribe, take the medicine, judge). It is a frozen value: taking a step, ending the
run and judging it each make a new one. :mod:`cslib.verdicts` judges it, and
:mod:`cslib.histories` keeps it.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import attrs

from cslib.documents import document
from cslib.errors import CslibError, Fault
from cslib.faults import (
    check_kind,
    member,
    name_faults,
    refuse,
    several,
    shown,
    text_faults,
    unique_faults,
    whole_faults,
)
from cslib.moments import utc_day
from cslib.plays import amounts

__all__ = ["Done", "Judgement", "Run", "RunError", "Verdict"]


@attrs.define
class RunError(CslibError, ValueError):
    """What was said or asked of a run, or of a history of runs, cannot be.

    Attributes:
        run: The run in words, or ``history``.
        problem: What is wrong, and what was expected.
    """

    run: str
    problem: str

    def __str__(self) -> str:
        return f"{self.run}: {self.problem}"


class Judgement(enum.StrEnum):
    """Whether a run worked."""

    WORKED = "worked"
    """It was taken, and its success holds at the end of the window."""
    FAILED = "failed"
    """It was taken, and its success does not hold at the end of the window."""
    NOT_TAKEN = "not_taken"
    """It ended with a step left undone, so that it says nothing of the medicine."""
    TOO_EARLY = "too_early"
    """It has not ended, or its evaluation window is not over."""
    NOT_COMPARABLE = "not_comparable"
    """Nothing known inside the window tells, or its playbook says no success."""
    NOT_VALID = "not_valid"
    """It should not have been prescribed: its reason was found to be none."""


def _optional_day(value: dt.date | None) -> dt.date | None:
    return None if value is None else utc_day(value)


def _judgement(value: str) -> Judgement:
    return member("verdict", "$.judgement", "judgement", Judgement, value)


@attrs.frozen(kw_only=True)
class Verdict:
    """The judgement of a run, and what it was made from.

    Attributes:
        judgement: Whether it worked.
        judged_on: The day on which it was judged.
        observed_on: The day of the facts that it was judged by; None where none were.
        outcome: Where the account's stated outcome (L15) stood then, in a word; it stands beside
            the judgement and decides nothing.
        reason: Why, in words.

    Raises:
        DefinitionError: If the judgement is none, or it was made from facts of a later day.
        MomentError: If one of the days is none.
    """

    judgement: Judgement = attrs.field(converter=_judgement)
    judged_on: dt.date = attrs.field(converter=utc_day)
    observed_on: dt.date | None = attrs.field(default=None, converter=_optional_day)
    outcome: str = ""
    reason: str = ""

    def __attrs_post_init__(self) -> None:
        faults = [*text_faults("$.outcome", self.outcome), *text_faults("$.reason", self.reason)]
        if self.observed_on is not None and self.observed_on > self.judged_on:
            problem = f"{self.observed_on} lies after the verdict, {self.judged_on}"
            faults.append(Fault("$.observed_on", problem))
        refuse("verdict", faults)

    def __str__(self) -> str:
        return f"{self.judgement.replace('_', ' ')}: {self.reason}"


def _hours(value: Any) -> Mapping[str, Decimal]:
    return amounts("done", "$.hours", value)


@attrs.frozen(kw_only=True)
class Done:
    """A step that was done.

    Attributes:
        step: Its name.
        on: The day.
        hours: The hours that it took, by role.

    Raises:
        DefinitionError: If the hours are no exact numbers by role.
    """

    step: str
    on: dt.date = attrs.field(converter=utc_day)
    hours: Mapping[str, Decimal] = attrs.field(factory=dict, converter=_hours, hash=False)

    def __attrs_post_init__(self) -> None:
        refuse("done", name_faults("$.step", self.step))


def _dones(value: Iterable[Done]) -> tuple[Done, ...]:
    return several("run", "$.done", value, Done)


def _skipped(value: Iterable[str]) -> tuple[str, ...]:
    return several("run", "$.skipped", value, str)


@document("run", version=1)
@attrs.frozen(kw_only=True)
class Run:
    """One prescription of one playbook for one account.

    Attributes:
        account: The account.
        need: The need that it serves.
        playbook: The name of the playbook.
        version: Its version.
        started: The day on which it began.
        cycle: The number of the prescription for this account and need, from 1.
        subject: What within the account it is about: a site, a team; empty for all of it.
        lead: The role that leads the taking.
        done: The steps that were done, in the order in which they were told.
        skipped: The steps that did not apply.
        ended: The day on which it ended; None while it is under way.
        verdict: Its verdict, once it was judged.

    Raises:
        DefinitionError: With every fault: an empty name, a number out of bounds, a day before the
            start or after the end, a step that was done or skipped twice, or both, a verdict of a
            run under way.

    >>> run = Run(account="A1", need="adoption", playbook="tour", started=dt.date(2026, 7, 1))
    >>> run.take("call", on=dt.date(2026, 7, 3)).end(dt.date(2026, 7, 10)).is_open
    False
    """

    account: str
    need: str
    playbook: str
    version: int = attrs.field(default=1, metadata={"key": "playbook_version"})
    started: dt.date = attrs.field(converter=utc_day)
    cycle: int = 1
    subject: str = ""
    lead: str = ""
    done: tuple[Done, ...] = attrs.field(default=(), converter=_dones)
    skipped: tuple[str, ...] = attrs.field(default=(), converter=_skipped)
    ended: dt.date | None = attrs.field(default=None, converter=_optional_day)
    verdict: Verdict | None = None

    def __attrs_post_init__(self) -> None:
        refuse(f"run {self}", _run_faults(self))

    @property
    def is_open(self) -> bool:
        """Whether it is under way."""
        return self.ended is None

    def is_open_on(self, day: dt.date) -> bool:
        """Whether it was under way on a day; on the day of its end it is not.

        Raises:
            MomentError: If the day is no date and no instant.
        """
        today = utc_day(day, "day")
        return self.started <= today and (self.ended is None or self.ended > today)

    def take(self, step: str, *, on: dt.date, hours: Mapping[str, Any] | None = None) -> Run:
        """The run with one more step done.

        Whether its playbook has such a step is asked when the run is judged.

        Raises:
            DefinitionError: If the day lies outside the run, or the step was skipped.
            MomentError: If the day is none.
            RunError: If the step was done already, or the run has ended.
        """
        self._check_open()
        if step in (each.step for each in self.done):
            raise RunError(str(self), f"{step!r} was done already")
        done = Done(step=step, on=utc_day(on, "on"), hours={} if hours is None else hours)
        return attrs.evolve(self, done=(*self.done, done))

    def skip(self, step: str) -> Run:
        """The run without a step that does not apply.

        Raises:
            DefinitionError: If the step was done, or is no name.
            RunError: If the run has ended.
        """
        self._check_open()
        return self if step in self.skipped else attrs.evolve(self, skipped=(*self.skipped, step))

    def end(self, on: dt.date) -> Run:
        """The run, ended: all was done, its reason has gone, or it was given up.

        Raises:
            DefinitionError: If the day lies before the start or before a step was done.
            MomentError: If the day is none.
            RunError: If it has ended already.
        """
        self._check_open()
        return attrs.evolve(self, ended=utc_day(on, "on"))

    def judged(self, verdict: Verdict) -> Run:
        """The run with its verdict; one that is too early to tell leaves it as it is.

        Raises:
            DefinitionError: If the run is under way, or the verdict is none.
        """
        check_kind("verdict", verdict, Verdict)
        is_early = verdict.judgement is Judgement.TOO_EARLY
        return self if is_early else attrs.evolve(self, verdict=verdict)

    def _check_open(self) -> None:
        if self.ended is not None:
            raise RunError(str(self), f"ended on {self.ended}; begin another run")

    def __str__(self) -> str:
        is_later = isinstance(self.version, int) and self.version > 1
        version = f"@{self.version}" if is_later else ""
        return f"{self.playbook}{version} for {self.account}, begun {self.started}"


def _run_faults(run: Run) -> Iterator[Fault]:
    for name in ("account", "need", "playbook"):
        yield from name_faults(f"$.{name}", getattr(run, name))
    yield from text_faults("$.subject", run.subject)
    yield from text_faults("$.lead", run.lead)
    yield from whole_faults("$.version", run.version, 1, 1_000_000)
    yield from whole_faults("$.cycle", run.cycle, 1, 1_000_000)
    if run.ended is not None and run.ended < run.started:
        yield Fault("$.ended", f"{run.ended} lies before the start, {run.started}")
    yield from unique_faults("$.done", (each.step for each in run.done), end=".step")
    yield from unique_faults("$.skipped", run.skipped, end="")
    for place, step in enumerate(run.skipped):
        yield from name_faults(f"$.skipped[{place}]", step)
    for place, each in enumerate(run.done):
        if each.on < run.started or (run.ended is not None and each.on > run.ended):
            span = f"{run.started} to {run.ended or 'today'}"
            yield Fault(f"$.done[{place}].on", f"{each.on} lies outside the run, {span}")
        if each.step in run.skipped:
            yield Fault(f"$.done[{place}].step", f"{each.step!r} was skipped as well")
    if run.verdict is None:
        return
    if not isinstance(run.verdict, Verdict):
        yield Fault("$.verdict", f"expected a Verdict, but got {shown(run.verdict)}")
    elif run.verdict.judgement is Judgement.TOO_EARLY:
        yield Fault("$.verdict", "is no verdict yet: it is too early; leave it out")
    elif run.ended is None:
        yield Fault("$.verdict", "is that of a run under way: end the run first")
    elif run.verdict.judged_on < run.ended:
        problem = f"{run.verdict.judged_on} lies before the end of the run, {run.ended}"
        yield Fault("$.verdict.judged_on", problem)
