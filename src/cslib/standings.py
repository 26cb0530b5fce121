"""What an account's history says of each playbook today: the gates ahead of its conditions.

A part of :mod:`cslib.playbooks`. A :class:`Bar` is a gate that is shut. Most bars stop the dearer
layers of the need as well, since a cheaper playbook may still solve it; a playbook that was taken
and failed lets them pass (P1, P8). One medicine at a time: while a run of a need is under way or
waits for its verdict, nothing else of that need begins.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cslib.histories import History
from cslib.plays import Playbook
from cslib.runs import Judgement, Run, RunError, Verdict

__all__ = ["Bar", "Status", "bars"]


class Status(enum.StrEnum):
    """What became of a playbook that was considered."""

    CHOSEN = "chosen"
    """It applies and is the cheapest for its need."""
    DEARER = "dearer"
    """Another for its need is chosen, which is cheaper by layer, by price or hours, or stands
    before it by name. Whether this one applies too may be unknown, and makes no difference."""
    HELD_BACK = "held_back"
    """It applies, but one of a cheaper layer may still do: it is unknown, or waits itself."""
    UNKNOWN = "unknown"
    """Whether it may be chosen is unknown, and would make a difference."""
    DOES_NOT_APPLY = "does_not_apply"
    """Its entry condition does not hold, or the reason has gone."""
    FAILED = "failed"
    """It was taken and did not work; dearer layers may follow."""
    NOT_OFFERED = "not_offered"
    """It takes a higher level of service than the account has (P2); others may follow."""
    NOT_WORTH_IT = "not_worth_it"
    """It is expected to bring less than its price, times the least return."""
    UNDER_WAY = "under_way"
    """A run for its need is under way."""
    NOT_JUDGED = "not_judged"
    """The last run for its need waits for its verdict."""
    COOLING_DOWN = "cooling_down"
    """The last run for its need ended too few days ago."""
    AT_LIMIT = "at_limit"
    """It was run as often as it may be."""
    OPTED_OUT = "opted_out"
    """The customer does not want it."""
    SUPPRESSED = "suppressed"
    """Nothing is begun for its need while something else holds."""
    EXCLUDED = "excluded"
    """Another playbook that does not run beside it goes first."""

    @property
    def stops(self) -> bool:
        """Whether the dearer layers of the need wait for it, since it may yet solve it.

        >>> Status.COOLING_DOWN.stops, Status.FAILED.stops
        (True, False)
        """
        return self not in _LETS_PASS


_LETS_PASS = (
    *(Status.CHOSEN, Status.DEARER, Status.HELD_BACK, Status.DOES_NOT_APPLY),
    *(Status.FAILED, Status.NOT_OFFERED),
)


class Bar(NamedTuple):
    """A gate that is shut.

    Attributes:
        status: Which gate.
        why: Why, in words.
        run: The run that shuts it.
        missing: The facts to ask for, where it is not known whether it is shut.
    """

    status: Status
    why: str
    run: Run | None = None
    missing: tuple[str, ...] = ()


def bars(
    playbooks: Sequence[Playbook],
    history: History,
    day: dt.date,
    places: Iterable[int] | None = None,
) -> Iterator[tuple[int, Bar]]:
    """The playbooks that the history of one account bars, by their place, and why.

    Runs that begin later than the day have not happened; what ends or is judged later is open on
    it.

    Args:
        playbooks: All playbooks.
        history: The history of one account.
        day: Today.
        places: Those that are asked about; None: all.

    Raises:
        RunError: If the history is of several accounts, or counts runs that were judged later.

    >>> from cslib.histories import begin
    >>> tour = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
    >>> history = History(runs=[begin(tour, "A1", on=dt.date(2026, 7, 1))])
    >>> [(place, bar.why) for place, bar in bars([tour], history, dt.date(2026, 7, 2))]
    [(0, 'tour for A1, begun 2026-07-01, is under way')]
    """
    _check(history, day)
    past = _Past(playbooks, history, day)
    for place in range(len(playbooks)) if places is None else places:
        playbook = playbooks[place]
        bar = past.of_need(playbook.need) or past.of_playbook(playbook)
        if bar is not None:
            yield place, bar


def _check(history: History, day: dt.date) -> None:
    if len(history.accounts) > 1:
        given = f"of {len(history.accounts)} accounts"
        raise RunError("history", f"expected that of one account, but got {given}; take .of(name)")
    for each in history.tallies:
        if max(each.ended, each.last.judged_on) >= day:
            counted = f"counts a run of {each.playbook} that was judged on {each.last.judged_on}"
            raise RunError("history", f"{counted}: compacted for a later day than {day}")


class _Past:
    """The history of one account as of a day."""

    def __init__(self, playbooks: Sequence[Playbook], history: History, day: dt.date) -> None:
        self.day = day
        self.history = history
        self.runs = sorted((each for each in history.runs if each.started <= day), key=_order)
        self.named = {playbook.name: playbook for playbook in playbooks}
        self.open = [each for each in self.runs if each.is_open_on(day)]
        self.needs: dict[str, Bar | None] = {}

    def of_need(self, need: str) -> Bar | None:
        """The bar of all playbooks of a need."""
        if need not in self.needs:
            self.needs[need] = self._opted_out(need) or self._under_way(need) or self._waits(need)
        return self.needs[need]

    def of_playbook(self, playbook: Playbook) -> Bar | None:
        """The bar of one playbook."""
        return (
            self._excluded(playbook)
            or self._failed(playbook)
            or self._at_limit(playbook)
            or self._cooling_down(playbook)
        )

    def _opted_out(self, need: str) -> Bar | None:
        for each in sorted(
            self.history.opt_outs, key=lambda out: (out.since, out.need, out.reason)
        ):
            if each.holds_on(self.day, need):
                reason = f": {each.reason}" if each.reason else ""
                until = f" until {each.until}" if each.until else ""
                why = f"the customer does not want it since {each.since}{until}{reason}"
                return Bar(Status.OPTED_OUT, why)
        return None

    def _under_way(self, need: str) -> Bar | None:
        run = next((each for each in self.open if each.need == need), None)
        return None if run is None else Bar(Status.UNDER_WAY, f"{run}, is under way", run=run)

    def _waits(self, need: str) -> Bar | None:
        """The last ended run for the need, where it can be judged and was not."""
        ended = [each for each in self.runs if each.need == need and each not in self.open]
        if not ended:
            return None
        run = max(ended, key=lambda each: (each.ended or self.day, _order(each)))
        playbook = self.named.get(run.playbook)
        if playbook is None or playbook.version != run.version or playbook.success is None:
            return None
        if self._verdict(run) is not None:
            return None
        return Bar(Status.NOT_JUDGED, f"{run}, is not judged yet", run=run)

    def _verdict(self, run: Run) -> Verdict | None:
        """What was known of a run on the day."""
        verdict = run.verdict
        return verdict if verdict is not None and verdict.judged_on <= self.day else None

    def _excluded(self, playbook: Playbook) -> Bar | None:
        for run in self.open:
            other = self.named.get(run.playbook)
            others = () if other is None else other.excludes
            if run.playbook in playbook.excludes or playbook.name in others:
                why = f"{run}, is under way, and the two do not run side by side"
                return Bar(Status.EXCLUDED, why, run=run)
        return None

    def _failed(self, playbook: Playbook) -> Bar | None:
        """Whether the last verdict on this version is that it failed, and still counts."""
        verdict = self._last_verdict(playbook)
        if verdict is None or verdict.judgement is not Judgement.FAILED:
            return None
        retry = playbook.limits.retry_after
        if retry is not None and (self.day - verdict.judged_on).days >= retry:
            return None
        why = f"was taken and failed, as judged on {verdict.judged_on}: {verdict.reason}"
        return Bar(Status.FAILED, why.removesuffix(": "))

    def _last_verdict(self, playbook: Playbook) -> Verdict | None:
        """The verdict of the run of this version that ended last."""
        own = playbook.name, playbook.version
        tallies = [each for each in self.history.tallies if (each.playbook, each.version) == own]
        found = [(each.ended, each.cycle, each.last) for each in tallies]
        for each in self.runs:
            verdict = self._verdict(each)
            if (each.playbook, each.version) == own and each.ended and verdict:
                found.append((each.ended, each.cycle, verdict))
        return max(found, key=_last)[2] if found else None

    def _at_limit(self, playbook: Playbook) -> Bar | None:
        most = playbook.limits.at_most
        if most is None:
            return None
        count = sum(each.playbook == playbook.name for each in self.runs)
        count += sum(each.runs for each in self.history.tallies if each.playbook == playbook.name)
        if count < most:
            return None
        return Bar(Status.AT_LIMIT, f"was run {count} of at most {most} times")

    def _cooling_down(self, playbook: Playbook) -> Bar | None:
        days = playbook.limits.cool_down
        ends = [each.ended for each in self.runs if each.need == playbook.need and each.ended]
        ends += [each.ended for each in self.history.tallies if each.need == playbook.need]
        past = [each for each in ends if each <= self.day]
        if not past or (self.day - max(past)).days >= days:
            return None
        ended = max(past)
        why = f"cools down until {_again(ended, days)}: the last run for {playbook.need} ended on"
        return Bar(Status.COOLING_DOWN, f"{why} {ended}")


def _again(day: dt.date, days: int) -> str:
    """The day on which a cool-down is over, in words."""
    try:
        return str(day + dt.timedelta(days=days))
    except OverflowError:
        return "after the year 9999"


def _order(run: Run) -> tuple[object, ...]:
    """What orders the runs of an account: none are equal."""
    return run.started, run.cycle, run.playbook, run.version, run.subject, run.need


def _last(told: tuple[dt.date, int, Verdict]) -> tuple[object, ...]:
    """What orders verdicts: the day on which the run ended, then its cycle."""
    ended, cycle, verdict = told
    return ended, cycle, verdict.judged_on, verdict.judgement, verdict.reason
