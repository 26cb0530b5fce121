"""Letters: a chart as a table of stages and letters, which a scan can follow.

A part of :mod:`cslib.lifecycle`, beneath :mod:`cslib.journeycolumns`. A *letter* is all that
matters of an event to a stage: its name, and what each guard says that its name may meet. What a
letter does in a stage is found by asking the step itself (:mod:`cslib.stepping`) of a chart in
which every guard is a flag, so there is one set of rules for what goes before what.

What a table cannot tell, because it hangs on more than the stage, leads to one more stage,
:data:`ODD`, in which an account remains: a hold that begins, a guard that reads the journey or has
to be asked by itself, and a move by time with a guard.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import attrs
import numpy as np

from cslib import stepping
from cslib.blocks import Array
from cslib.charts import Candidate, Chart, Row
from cslib.guardcolumns import FALSE, TRUE, UNKNOWN, UNTOLD
from cslib.journeys import Memory, RefusalReason, State
from cslib.logs import Event, LogError
from cslib.rules import Rule, fact, rule
from cslib.scans import REFUSED, STAYS

__all__ = ["ODD", "OUTCOMES", "Cell", "Letter", "Table", "guards_of", "takers", "timed_cell"]

ODD = "(odd)"
"""The last stage of a table, for accounts that have to be replayed one by one."""

OUTCOMES = (
    *("moved", "stayed"),
    *(str(reason) for reason in RefusalReason if reason is not RefusalReason.OUT_OF_ORDER),
    "not_counted",
)
"""What became of a row: it moved its account, was noted, was refused and why, or did not count."""


class Letter(NamedTuple):
    """What matters of an event.

    Attributes:
        name: Its name.
        says: What each of the guards says that its name may meet, as in
            :mod:`cslib.guardcolumns`, in the order of :func:`guards_of`.
        is_ill: Whether its payload is refused.
        is_again: Whether it stands in the log before, and so does nothing.
    """

    name: str
    says: tuple[int, ...] = ()
    is_ill: bool = False
    is_again: bool = False


class Cell(NamedTuple):
    """What happens: a letter in a stage, or a move by time.

    Attributes:
        follows: The stage that follows, by its place; or :data:`~cslib.scans.REFUSED` or
            :data:`~cslib.scans.STAYS`.
        outcome: What became of the event, a place in :data:`OUTCOMES`.
        marks: What it marks, in order.
        ends: The tracks that it ends.
        keeps: Where it moves the account, the tracks that go on; None: it moves nothing.
        is_end: Whether it leads to an end.
    """

    follows: int
    outcome: int
    marks: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    keeps: frozenset[str] | None = None
    is_end: bool = False


_STAYED, _AGAIN = (Cell(STAYS, OUTCOMES.index(name)) for name in ("stayed", "duplicate"))


def guards_of(chart: Chart, name: str) -> tuple[Rule, ...]:
    """The guards that events of a name may meet, in order; without those that read the journey."""
    found = (
        candidate.transition.guard
        for rows in chart.rows.values()
        if name in rows
        for group in rows[name].groups
        for candidate in group
        if not candidate.journey
    )
    return tuple(dict.fromkeys(guard for guard in found if guard is not None))


@attrs.frozen(kw_only=True, eq=False)
class Table:
    """What each letter does in each stage.

    Attributes:
        stages: The stages, :data:`ODD` last.
        cells: By stage and letter, flat.
        follows: The stages that follow, stages by letters, for :func:`cslib.scans.scan`.
        outcomes: What becomes of the event, by stage and letter, flat.
    """

    stages: tuple[str, ...]
    cells: tuple[Cell, ...]
    follows: Array
    outcomes: Array

    @classmethod
    def of(cls, chart: Chart, letters: Sequence[Letter]) -> Table:
        """The table of a chart for some letters.

        >>> from cslib.lifecycle import Lifecycle, Stage, Transition
        >>> door = Lifecycle(name="door", initial="shut", events=("open", "shut"),
        ...     stages=(Stage(name="shut"), Stage(name="open")),
        ...     transitions=(Transition(event="open", sources="shut", target="open"),
        ...                  Transition(event="shut", sources="open", target="shut")))
        >>> Table.of(door.chart, [Letter("open"), Letter("shut")]).follows
        array([[ 1, -1],
               [-1,  0],
               [-2, -2]])
        """
        stages = (*chart.leaves, ODD)
        places = {name: place for place, name in enumerate(stages)}
        probes = {name: _Probe.of(chart, name) for name in {each.name for each in letters}}
        met: dict[tuple[Letter, str | bool], Cell] = {}
        cells = []
        for stage in chart.leaves:
            for letter in letters:
                alike = letter, _alike(chart, stage, letter.name)
                if alike not in met:
                    met[alike] = probes[letter.name].cell(stage, letter, places)
                cells.append(met[alike])
        cells += [_AGAIN if letter.is_again else _STAYED for letter in letters]
        shape = len(stages), max(len(letters), 1)
        cells = cells or [_STAYED] * len(stages)
        return cls(
            stages=stages,
            cells=tuple(cells),
            follows=np.array([cell.follows for cell in cells]).reshape(shape),
            outcomes=np.array([cell.outcome for cell in cells], np.uint8),
        )


def _alike(chart: Chart, stage: str, name: str) -> str | bool:
    """What stages have in common where an event of a name does the same: most do nothing of it."""
    if name in chart.rows[stage] or name in chart.tracks[stage]:
        return stage
    return stage in chart.final


def timed_cell(chart: Chart, candidate: Candidate) -> Cell:
    """What a move by time does; one that has to be asked for leads to :data:`ODD`."""
    move = candidate.transition
    assert move.target is not None  # noqa: S101 - a move by time has one
    if move.guard is not None or move.label in chart.places:
        return Cell(len(chart.leaves), OUTCOMES.index("moved"))
    return Cell(
        chart.leaves.index(move.target),
        OUTCOMES.index("moved"),
        candidate.marks,
        (),
        candidate.keeps,
        move.target in chart.final,
    )


def takers(chart: Chart, name: str) -> Array:
    """In which stages an event of a name without a payload may do something; in :data:`ODD` not."""
    probe = _Probe.of(chart, name)
    places = {stage: place for place, stage in enumerate((*chart.leaves, ODD))}
    letter = Letter(name, (UNTOLD,) * probe.flags)
    found = [probe.cell(stage, letter, places).follows != REFUSED for stage in chart.leaves]
    return np.array([*found, False])


# --------------------------------------------------------------------------------------
# Asking the step


_NOW = dt.date(2000, 1, 1)
_FLAGS: Mapping[int, object] = {
    FALSE: False,
    TRUE: True,
    UNKNOWN: None,
    UNTOLD: "not told",  # no flag: a guard that reads it cannot tell, and says so
}


@attrs.frozen(eq=False)
class _Probe:
    """A chart for one name of an event, in which guards are flags and nothing is timed.

    Attributes:
        chart: The chart.
        flags: How many flags there are; they stand in the payload by their number.
    """

    chart: Chart
    flags: int

    @classmethod
    def of(cls, chart: Chart, name: str) -> _Probe:
        flags = {guard: _flag(place) for place, guard in enumerate(guards_of(chart, name))}
        rows = {leaf: dict(_flagged(chart.rows[leaf], name, flags)) for leaf in chart.leaves}
        bare = attrs.evolve(
            chart,
            places={name: 0} if name in chart.places else {},
            rows=rows,
            timers=dict.fromkeys(chart.leaves, ()),
            plain={leaf: {} for leaf in chart.leaves},
            deadlines=(),
            milestones=(),
            payloads={},
            remembers=True,
        )
        return cls(bare, len(flags))

    def cell(self, stage: str, letter: Letter, places: Mapping[str, int]) -> Cell:
        """What a letter does in a stage."""
        if letter.is_again:
            return _AGAIN
        if letter.is_ill:
            return Cell(REFUSED, OUTCOMES.index("payload"))
        given = {f"flag_{place}": _FLAGS[each] for place, each in enumerate(letter.says)}
        given["journey"] = _FLAGS[UNTOLD]
        event = Event(account="", name=letter.name, at=_NOW, payload=given)
        state = State(stage, memory=Memory())
        try:
            outcome = stepping.take(self.chart, state, event)
        except LogError:
            return Cell(places[ODD], OUTCOMES.index("moved"))
        if outcome.state.memory.holds:
            return Cell(places[ODD], OUTCOMES.index("moved"))
        if outcome.refusal is not None:
            return Cell(REFUSED, OUTCOMES.index(str(outcome.refusal.reason)))
        return self._accepted(
            stage, letter.name, outcome.moves[-1][1].place if outcome.moves else None, places
        )

    def _accepted(self, stage: str, name: str, made: int | None, places: Mapping[str, int]) -> Cell:
        ends = self.chart.tracks[stage].get(name, ())
        if made is None:
            return Cell(STAYS, OUTCOMES.index("stayed"), (name,), ends)
        row = self.chart.rows[stage][name]
        move = next(each for group in row.groups for each in group if each.place == made)
        target = move.transition.target
        if target is None:
            return Cell(STAYS, OUTCOMES.index("stayed"), move.marks, ends)
        is_end = target in self.chart.final
        return Cell(places[target], OUTCOMES.index("moved"), move.marks, ends, move.keeps, is_end)


def _flag(place: int) -> Rule:
    return rule(fact(f"flag_{place}"), kind="boolean")


_JOURNEY = rule(fact("journey"), kind="boolean")


def _flagged(
    rows: Mapping[str, Row], name: str, flags: Mapping[Rule, Rule]
) -> Iterator[tuple[str, Row]]:
    if name in rows:
        groups = tuple(tuple(_asking(group, flags)) for group in rows[name].groups)
        first = groups[0][0]
        yield name, Row(groups, first if first.transition.guard is None else None)


def _asking(group: Iterable[Candidate], flags: Mapping[Rule, Rule]) -> Iterator[Candidate]:
    for each in group:
        guard = each.transition.guard
        if guard is not None:
            guard = _JOURNEY if each.journey else flags[guard]
        transition = attrs.evolve(each.transition, guard=guard)
        yield attrs.evolve(each, transition=transition, journey=frozenset())
