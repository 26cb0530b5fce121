"""Histories: what an account was given before, and what its customer does not want.

A part of :mod:`cslib.playbooks`. A :class:`History` is the runs and the opt-outs of one account or
of many. It compacts: what ended and was judged is only counted, in a :class:`Tally`, and no later
selection can tell the difference.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from cslib.documents import document
from cslib.errors import Fault
from cslib.faults import (
    check_kind,
    name_faults,
    refuse,
    several,
    shown,
    text_faults,
    whole_faults,
)
from cslib.moments import utc_day
from cslib.plays import Playbook
from cslib.runs import Run, Verdict

__all__ = ["History", "OptOut", "Tally", "begin", "checked_history"]

_MOST_RUNS = 1_000_000_000


@attrs.frozen(kw_only=True)
class OptOut:
    """What a customer does not want.

    Attributes:
        account: The account.
        need: The need; empty for all needs.
        since: The first day on which it holds.
        until: The last day; None: until it is taken back.
        reason: Why, in words.

    Raises:
        DefinitionError: With every fault: no account, a last day before the first.

    >>> out = OptOut(account="A1", need="expansion", since=dt.date(2026, 7, 1))
    >>> out.holds_on(dt.date(2026, 8, 1), "expansion"), out.holds_on(dt.date(2026, 8, 1), "renewal")
    (True, False)
    """

    account: str
    need: str = ""
    since: dt.date = attrs.field(converter=utc_day)
    until: dt.date | None = attrs.field(default=None, converter=attrs.converters.optional(utc_day))
    reason: str = ""

    def __attrs_post_init__(self) -> None:
        faults = [
            *name_faults("$.account", self.account),
            *text_faults("$.need", self.need),
            *text_faults("$.reason", self.reason),
        ]
        if self.until is not None and self.until < self.since:
            faults.append(Fault("$.until", f"{self.until} lies before {self.since}"))
        refuse("opt-out", faults)

    def holds_on(self, day: dt.date, need: str) -> bool:
        """Whether it holds for a need on a day.

        Raises:
            MomentError: If the day is no date and no instant.
        """
        today, is_meant = utc_day(day, "day"), self.need in ("", need)
        return is_meant and self.since <= today and (self.until is None or today <= self.until)


@attrs.frozen(kw_only=True)
class Tally:
    """Ended and judged runs of one playbook, in one version, for one account, counted.

    Attributes:
        account: The account.
        need: The need.
        playbook: The name of the playbook.
        version: Its version.
        runs: How many there were.
        cycle: The highest cycle among them.
        ended: The day on which the last of them ended.
        last: The verdict of the run that ended last.

    Raises:
        DefinitionError: With every fault: an empty name, a number out of bounds, no verdict, or
            one of a day before the end.
        MomentError: If ``ended`` is no day.
    """

    account: str
    need: str
    playbook: str
    version: int = attrs.field(metadata={"key": "playbook_version"})
    runs: int
    cycle: int
    ended: dt.date = attrs.field(converter=utc_day)
    last: Verdict

    def __attrs_post_init__(self) -> None:
        refuse("tally", _tally_faults(self))


def _tally_faults(tally: Tally) -> Iterator[Fault]:
    for name in ("account", "need", "playbook"):
        yield from name_faults(f"$.{name}", getattr(tally, name))
    for name, most in (("version", 1_000_000), ("runs", _MOST_RUNS), ("cycle", 1_000_000)):
        yield from whole_faults(f"$.{name}", getattr(tally, name), 1, most)
    if not isinstance(tally.last, Verdict):
        yield Fault("$.last", f"expected a Verdict, but got {shown(tally.last)}")
    elif tally.last.judged_on < tally.ended:
        problem = f"{tally.last.judged_on} lies before the end of the run, {tally.ended}"
        yield Fault("$.last.judged_on", problem)


def _runs(given: Iterable[Run]) -> tuple[Run, ...]:
    return several("history", "$.runs", given, Run)


def _opt_outs(given: Iterable[OptOut]) -> tuple[OptOut, ...]:
    return several("history", "$.opt_outs", given, OptOut)


def _tallies(given: Iterable[Tally]) -> tuple[Tally, ...]:
    return several("history", "$.tallies", given, Tally)


@document("history", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class History:
    """The runs of one account or of many, and what their customers do not want.

    Attributes:
        runs: The runs, in any order.
        opt_outs: What customers do not want.
        tallies: What :meth:`compacted` counted.

    Raises:
        DefinitionError: If a part is of another kind, or a run stands twice: the same account,
            need, playbook, version, subject and start.

    >>> History().of("A1").runs
    ()
    """

    runs: tuple[Run, ...] = attrs.field(default=(), converter=_runs)
    opt_outs: tuple[OptOut, ...] = attrs.field(default=(), converter=_opt_outs)
    tallies: tuple[Tally, ...] = attrs.field(default=(), converter=_tallies)

    def __attrs_post_init__(self) -> None:
        refuse("history", _repeated(self.runs))

    def of(self, account: str) -> History:
        """The history of one account; an empty one where there is none.

        Raises:
            DefinitionError: If the account is no text.
        """
        check_kind("account", account, str)
        return self._by_account.get(account, _EMPTY)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts, sorted."""
        return tuple(sorted(self._by_account))

    def with_run(self, run: Run) -> History:
        """The history with a run, in the place of its earlier value where there is one.

        Raises:
            DefinitionError: If the run is none.
        """
        check_kind("run", run, Run)
        others = [each for each in self.runs if _identity(each) != _identity(run)]
        return attrs.evolve(self, runs=(*others, run))

    def compacted(self, before: dt.date) -> History:
        """The history with all runs that ended and were judged before a day only counted.

        It grows with the playbooks that were run, and not with their runs; opt-outs stay as they
        are. No selection as of that day or later changes, and one as of an earlier day either does
        not or is refused.

        >>> run = Run(account="A1", need="adoption", playbook="tour", started=dt.date(2026, 7, 1),
        ...           ended=dt.date(2026, 7, 5), verdict=Verdict(judgement="worked",
        ...                                                      judged_on=dt.date(2026, 8, 9)))
        >>> short = History(runs=[run]).compacted(dt.date(2026, 9, 1))
        >>> len(short.runs), short.tallies[0].runs
        (0, 1)
        """
        day = utc_day(before, "before")
        past = [each for each in self.runs if _is_past(each, day)]
        kept = tuple(each for each in self.runs if not _is_past(each, day))
        counted = [*self.tallies, *map(_tally, past)]
        tallies: dict[tuple[str, ...], Tally] = {}
        for each in sorted(counted, key=_tally_order):
            key = each.account, each.need, each.playbook, str(each.version)
            tallies[key] = _together(tallies[key], each) if key in tallies else each
        return History(runs=kept, opt_outs=self.opt_outs, tallies=tuple(tallies.values()))

    @functools.cached_property
    def _by_account(self) -> Mapping[str, History]:
        parts: dict[str, tuple[list[Any], list[Any], list[Any]]] = {}
        kept: tuple[tuple[Any, ...], ...] = (self.runs, self.opt_outs, self.tallies)
        for place, every in enumerate(kept):
            for each in every:
                parts.setdefault(each.account, ([], [], []))[place].append(each)
        return {
            account: History(runs=tuple(runs), opt_outs=tuple(outs), tallies=tuple(tallies))
            for account, (runs, outs, tallies) in parts.items()
        }


def _identity(run: Run) -> tuple[object, ...]:
    return run.account, run.need, run.playbook, run.version, run.subject, run.started


def _repeated(runs: Iterable[Run]) -> Iterator[Fault]:
    seen: dict[tuple[object, ...], int] = {}
    for place, run in enumerate(runs):
        first = seen.setdefault(_identity(run), place)
        if first != place:
            yield Fault(f"$.runs[{place}]", f"{run} stands at $.runs[{first}] already")


def _is_past(run: Run, day: dt.date) -> bool:
    is_judged = run.verdict is not None and run.verdict.judged_on < day
    return run.ended is not None and run.ended < day and is_judged


def _tally(run: Run) -> Tally:
    assert run.ended is not None  # noqa: S101 - past runs have ended
    assert run.verdict is not None  # noqa: S101 - and were judged
    return Tally(
        account=run.account,
        need=run.need,
        playbook=run.playbook,
        version=run.version,
        runs=1,
        cycle=run.cycle,
        ended=run.ended,
        last=run.verdict,
    )


def _tally_order(tally: Tally) -> tuple[object, ...]:
    last = tally.last.judged_on, tally.last.judgement, tally.last.reason
    own = tally.account, tally.need, tally.playbook, tally.version
    return *own, tally.ended, tally.cycle, *last


def _together(before: Tally, after: Tally) -> Tally:
    """Two tallies of one key, the one that ended later second."""
    return attrs.evolve(after, runs=before.runs + after.runs, cycle=max(before.cycle, after.cycle))


_EMPTY = History()


def checked_history(given: History) -> History:
    """A history; refuses what is none.

    >>> checked_history([])
    Traceback (most recent call last):
    ...
    cslib.errors.DefinitionError: history is not valid: $: expected a History, but got a list of 0
    """
    check_kind("history", given, History)
    return given


def begin(
    playbook: Playbook,
    account: str,
    *,
    on: dt.date,
    history: History | None = None,
    subject: str = "",
) -> Run:
    """A playbook, prescribed for an account: the first value of its run.

    The cycle is one more than the highest for the account and the need; the lead is the playbook's
    (P8). No gate is asked: whether it may begin is for :meth:`cslib.playbooks.Library.select` to
    say.

    Raises:
        DefinitionError: If the playbook or the history is none, or the account is no text.

    >>> tour = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
    >>> begin(tour, "A1", on=dt.date(2026, 7, 1)).cycle
    1
    """
    check_kind("playbook", playbook, Playbook)
    past = (History() if history is None else checked_history(history)).of(account)
    cycles = [each.cycle for each in past.runs if each.need == playbook.need]
    cycles += [each.cycle for each in past.tallies if each.need == playbook.need]
    return Run(
        account=account,
        need=playbook.need,
        playbook=playbook.name,
        version=playbook.version,
        started=on,
        cycle=max(cycles, default=0) + 1,
        subject=subject,
        lead=playbook.lead,
    )
