"""Verdicts: whether the last medicine worked, told by what was seen inside its window.

A part of :mod:`cslib.playbooks`. Maintenance is a cycle: the next one starts by judging whether the
last medicine worked (L7, P8: 36Kr closed-door meeting), and what is prescribed next depends on it.
A verdict looks only at facts inside the evaluation window and is given once the window is over, so
no later fact ever changes it (``docs/semantics.md``, "Runs and verdicts").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import attrs

from cslib.errors import suggestion
from cslib.faults import check_kind, name_faults, refuse, several, text_faults
from cslib.moments import utc_day
from cslib.plays import Playbook
from cslib.rates import Rate
from cslib.runs import Judgement, Run, RunError, Verdict

__all__ = ["Observation", "entry_precision", "judge", "not_taken"]


@attrs.frozen(kw_only=True)
class Observation:
    """An account's facts as of a day.

    Attributes:
        on: The day.
        facts: A mapping or an object.
    """

    on: dt.date = attrs.field(converter=utc_day)
    facts: Any = attrs.field(hash=False)


def judge(
    run: Run,
    playbook: Playbook,
    observations: Iterable[Observation],
    *,
    as_of: dt.date,
    not_valid: str = "",
    outcome: str = "",
) -> Verdict:
    """Whether a run worked, by the last facts inside its evaluation window.

    The window is that of :class:`~cslib.plays.Success`, counted in days from the end of the run. Of
    the observations inside it the last decides whose answer is known; it must not matter what is
    observed later, so there is no verdict before the window is over.

    Args:
        run: The run.
        playbook: Its playbook, in the version that was prescribed.
        observations: Facts of the account, each of a day, in any order.
        as_of: Today.
        not_valid: Why the run should not have been prescribed, where a person found so; it may be
            said of a run under way, too.
        outcome: Where the account's stated outcome (L15) stands, in a word such as ``reached``; it
            is told beside the judgement and decides nothing.

    Raises:
        DefinitionError: If the run, the playbook or an observation is none, or ``not_valid`` or
            ``outcome`` is no text.
        FactError, AsOfError: As the success condition does.
        MomentError: If ``as_of`` is no date and no instant.
        RunError: If the playbook is another, or does not have a step that the run has; or if two
            observations of one day differ in what they say.

    Examples:
        >>> from cslib.histories import begin
        >>> from cslib.plays import Success
        >>> tour = Playbook(
        ...     name="tour", need="adoption", layer="product", entry="seats_used < 5",
        ...     success=Success(when="seats_used >= 5", within=30),
        ... )
        >>> run = begin(tour, "A1", on=dt.date(2026, 7, 1)).end(dt.date(2026, 7, 10))
        >>> seen = [Observation(on=dt.date(2026, 8, 1), facts={"seats_used": 7})]
        >>> print(judge(run, tour, seen, as_of=dt.date(2026, 8, 2)))
        too early: the window is open to 2026-08-09
        >>> print(judge(run, tour, seen, as_of=dt.date(2026, 8, 10)))
        worked: on 2026-08-01 seats used is at least 5
    """
    today = utc_day(as_of, "as_of")
    check_kind("run", run, Run)
    check_kind("playbook", playbook, Playbook)
    seen = several("observations", "$", observations, Observation)
    refuse("not_valid", text_faults("$", not_valid))
    _check_playbook(run, playbook)
    found = _settled_before(run, playbook, today, not_valid)
    found = found if found is not None else _by_facts(run, playbook, seen, today)
    return attrs.evolve(found, outcome=outcome)


def _check_playbook(run: Run, playbook: Playbook) -> None:
    if (run.playbook, run.version) != (playbook.name, playbook.version):
        given = f"{playbook.name!r} of version {playbook.version}"
        raise RunError(str(run), f"is judged by its own playbook, but got {given}")
    known = {step.name for step in playbook.steps}
    for step in (*(each.step for each in run.done), *run.skipped):
        if step not in known:
            problem = f"has a step {step!r}, and its playbook has none of that name"
            raise RunError(str(run), f"{problem}{suggestion(step, known)}")


def _settled_before(run: Run, playbook: Playbook, today: dt.date, not_valid: str) -> Verdict | None:
    """What can be said without a fact of the account."""
    if not_valid:
        return Verdict(judgement=Judgement.NOT_VALID, judged_on=today, reason=not_valid)
    if run.ended is None or run.ended > today:
        reason = "the run is under way"
        return Verdict(judgement=Judgement.TOO_EARLY, judged_on=today, reason=reason)
    if undone := not_taken(run, playbook):
        reason = f"not done: {', '.join(undone)}"
        return Verdict(judgement=Judgement.NOT_TAKEN, judged_on=today, reason=reason)
    if playbook.success is None:
        reason = "its playbook does not say what success is"
        return Verdict(judgement=Judgement.NOT_COMPARABLE, judged_on=today, reason=reason)
    last = _window(run, playbook)[1]
    if today <= last:
        reason = f"the window is open to {last}"
        return Verdict(judgement=Judgement.TOO_EARLY, judged_on=today, reason=reason)
    return None


def not_taken(run: Run, playbook: Playbook) -> tuple[str, ...]:
    """The steps that were left undone: neither done, skipped nor optional.

    Raises:
        DefinitionError: If the run or the playbook is none.
    """
    check_kind("run", run, Run)
    check_kind("playbook", playbook, Playbook)
    settled = {*(each.step for each in run.done), *run.skipped}
    return tuple(
        step.name for step in playbook.steps if not step.optional and step.name not in settled
    )


def _window(run: Run, playbook: Playbook) -> tuple[dt.date, dt.date]:
    """The first and the last day of the evaluation window."""
    assert run.ended is not None  # noqa: S101 - asked of ended runs alone
    assert playbook.success is not None  # noqa: S101 - and of those that can be judged
    success = playbook.success
    return _later(run.ended, success.after), _later(run.ended, success.within)


def _later(day: dt.date, days: int) -> dt.date:
    try:
        return day + dt.timedelta(days=days)
    except OverflowError:
        return dt.date.max


def _by_facts(
    run: Run, playbook: Playbook, observations: Iterable[Observation], today: dt.date
) -> Verdict:
    first, last = _window(run, playbook)
    assert playbook.success is not None  # noqa: S101 - as before
    when = playbook.success.when
    inside = [each for each in observations if first <= each.on <= last]
    answers: dict[dt.date, bool] = {}
    for each in inside:
        answer = when(each.facts, as_of=each.on)
        if answer is None:
            continue
        if answers.setdefault(each.on, answer) != answer:
            raise RunError(str(run), f"two observations of {each.on} differ: give one of a day")
    if not answers:
        what = f"nothing that tells whether {when.words()}" if inside else "nothing"
        reason = f"{what} was seen from {first} to {last}"
        return Verdict(judgement=Judgement.NOT_COMPARABLE, judged_on=today, reason=reason)
    day = max(answers)
    held = "" if answers[day] else "it does not hold that "
    return Verdict(
        judgement=Judgement.WORKED if answers[day] else Judgement.FAILED,
        judged_on=today,
        observed_on=day,
        reason=f"on {day} {held}{when.words()}",
    )


def entry_precision(runs: Iterable[Run], playbook: str) -> Rate:
    """How precise the entry of a playbook is: the share of its judged runs that were valid.

    A run is not valid where a person found that its reason was none (:attr:`Judgement.NOT_VALID`).
    Runs of all versions count, and those without a verdict do not; without any it is undefined.
    Precision is true positives over all positives (van Rijsbergen, *Information Retrieval*, 1979).

    Raises:
        DefinitionError: If something is no run, or the playbook is no name.

    >>> entry_precision([], "tour").value is None
    True
    """
    refuse("playbook", name_faults("$", playbook))
    every = several("runs", "$", runs, Run)
    judged = [each.verdict for each in every if each.playbook == playbook and each.verdict]
    valid = [each for each in judged if each.judgement is not Judgement.NOT_VALID]
    return Rate.of_counts(len(valid), len(judged))
