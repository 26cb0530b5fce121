"""Time lines: a journey drawn in text, each visit a bar on one scale of time.

What was refused and what is due stands below, marked on the same scale. It is plain ASCII but for
the names, and Chinese names keep the columns straight, so it reads the same in a terminal, in a log
and in a ticket. Moments are shown in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol

import attrs

from cslib.faults import refuse, whole_faults
from cslib.graphs import caption, cells_of
from cslib.moments import in_utc, instant, utc_day

__all__ = ["DueState", "Happening", "Refused", "Stay", "timeline"]


class Happening(Protocol):
    """What is read of an event."""

    @property
    def name(self) -> str:
        """What happened."""
        ...

    @property
    def at(self) -> dt.date:
        """When it happened."""
        ...


class Stay(Protocol):
    """What is read of a visit to a stage."""

    @property
    def stage(self) -> str:
        """The stage."""
        ...

    @property
    def entered(self) -> dt.date | None:
        """When; None for the initial stage."""
        ...

    @property
    def left(self) -> dt.date | None:
        """When it ended; None while it lasts."""
        ...

    @property
    def event(self) -> Happening | None:
        """The event that led in; None for the initial stage."""
        ...


class Refused(Protocol):
    """What is read of a refusal."""

    @property
    def event(self) -> Happening:
        """The event that was not accepted."""
        ...

    @property
    def stage(self) -> str:
        """The stage in which it arrived."""
        ...

    @property
    def why(self) -> str:
        """The reason in words."""
        ...


class DueState(Protocol):
    """What is read of the state of a deadline."""

    @property
    def name(self) -> str:
        """The deadline."""
        ...

    @property
    def status(self) -> str:
        """How it stands: ``open``, ``met`` ..."""
        ...

    @property
    def due(self) -> dt.date | None:
        """Until when it is in time; None while no clock runs."""
        ...

    @property
    def met(self) -> dt.date | None:
        """When it was met; None while it is not."""
        ...


LEAST_WIDTH, MOST_WIDTH = 40, 200  # cells: two instants fit in the one, a screen in the other
_MOST_NAME = 24
_MOST_NOTE = 100


def timeline(
    visits: Iterable[Stay],
    as_of: dt.date,
    *,
    refused: Iterable[Refused] = (),
    deadlines: Iterable[DueState] = (),
    width: int = LEAST_WIDTH,
) -> str:
    """A journey as lines of text: a row for each visit, then the refusals and the deadlines.

    A bar covers the visit from the moment of entering up to that of leaving, and at least one cell,
    however short the visit. ``<`` at its beginning: nothing says since when; ``>`` at its end: the
    account stands there still. A refused event is marked ``x``, the due moment of a deadline ``^``;
    a mark beyond the scale stands at its edge as ``<`` or ``>``. A dash is a moment or event that
    there is not. Long names and notes are cut and end in ``...``.

    Args:
        visits: Every stay in a stage, in order, as a journey has them; empty: the scale alone.
        as_of: The end of the scale: a date with the whole of its day, or an instant.
        refused: The events that were not accepted.
        deadlines: How each deadline stands.
        width: Cells of the scale, 40 to 200.

    Returns:
        The lines. Days are whole days in UTC, to ``as_of`` for a visit that lasts.

    Raises:
        DefinitionError: If the width is no whole number from 40 to 200.
        MomentError: If ``as_of``, or a moment of the journey, is no date and no aware datetime.

    >>> from types import SimpleNamespace as Of
    >>> visits = [
    ...     Of(stage="lead", entered=None, left=dt.date(2026, 3, 1), event=None),
    ...     Of(stage="trial", entered=dt.date(2026, 3, 1), left=None, event=Of(name="started")),
    ... ]
    >>> due = Of(name="paid", status="open", due=dt.date(2026, 3, 21), met=None)
    >>> print(timeline(visits, dt.date(2026, 3, 10), deadlines=[due]))
    stage  2026-03-01                    2026-03-10  from        to          days  by
    lead   <                                         -           2026-03-01     -  -
    trial  =======================================>  2026-03-01  -              9  started
                                                  >  deadline paid: due 2026-03-21, open
    """
    refuse("timeline", whole_faults("$.width", width, LEAST_WIDTH, MOST_WIDTH))
    stays, events = tuple(visits), tuple(refused)
    known = [moment for stay in stays for moment in (stay.entered, stay.left) if moment is not None]
    known += [refusal.event.at for refusal in events]
    scale = _scale(known, in_utc(as_of, "as_of"), width)
    table = [_heads(scale), *(_row(stay, scale) for stay in stays)]
    widths = [max(cells_of(row[at]) for row in table) for at in range(_COLUMNS)]
    lines = [_line(row, widths) for row in table]
    marks = (*map(_refusal, events), *map(_deadline, deadlines))
    lines += [f"{'':{widths[0]}}  {scale.marked(mark)}  {mark.note}" for mark in marks]
    return "\n".join(lines)


@attrs.frozen
class _Mark:
    """Something at a moment that is no visit; None: it has no moment."""

    sign: str
    at: dt.date | None
    note: str


def _refusal(refusal: Refused) -> _Mark:
    event = refusal.event
    note = f"refused {event.name}: on {_shown(event.at)} in {refusal.stage}, {refusal.why}"
    return _Mark("x", event.at, caption(note, _MOST_NOTE))


def _deadline(state: DueState) -> _Mark:
    due = "" if state.due is None else f"due {_shown(state.due)}, "
    met = "" if state.met is None else f", met {_shown(state.met)}"
    status = str(state.status).replace("_", " ")
    note = f"deadline {state.name}: {due}{status}{met}"
    return _Mark("^", state.due, caption(note, _MOST_NOTE))


@attrs.frozen
class _Scale:
    """A stretch of time on a row of cells; moments are counted in microseconds.

    Attributes:
        first: The moment at its left.
        last: The moment at its right; of a date, the whole day belongs to it.
        width: How many cells it has.
    """

    first: dt.date
    last: dt.date
    width: int

    def bar(self, stay: Stay) -> str:
        """The bar of a visit, within its row of cells."""
        begin = 0 if stay.entered is None else min(self._cell(_begin(stay.entered)), self.width - 1)
        end = self.width if stay.left is None else max(self._cell(_begin(stay.left)), begin + 1)
        bar = "=" * (end - begin)
        bar = bar if stay.entered else f"<{bar[1:]}"
        bar = bar if stay.left else f"{bar[:-1]}>"
        return " " * begin + bar + " " * (self.width - end)

    def marked(self, mark: _Mark) -> str:
        """The sign of a mark at its moment, within its row of cells."""
        if mark.at is None:
            return " " * self.width
        cell = self._cell(_begin(mark.at))
        sign = "<" if cell < 0 else ">" if cell >= self.width else mark.sign
        cell = min(max(cell, 0), self.width - 1)
        return " " * cell + sign + " " * (self.width - cell - 1)

    def _cell(self, moment: int) -> int:
        begin = _begin(self.first)
        return (moment - begin) * self.width // max(_end(self.last) - begin, 1)


def _scale(known: Iterable[dt.date], as_of: dt.date, width: int) -> _Scale:
    """From the first moment that is known to ``as_of``, or to the last known that lies after."""
    moments = [in_utc(moment) for moment in known]
    first = min([*moments, as_of], key=_begin)
    return _Scale(first, max([as_of, *moments], key=_end), width)


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TICK = dt.timedelta(microseconds=1)


def _begin(moment: dt.date) -> int:
    return (instant(moment) - _EPOCH) // _TICK


def _end(moment: dt.date) -> int:
    """Where a moment ends: an instant where it begins, a date after its day."""
    whole_day = dt.timedelta() if isinstance(moment, dt.datetime) else dt.timedelta(days=1)
    return _begin(moment) + whole_day // _TICK


_COLUMNS = 6


def _heads(scale: _Scale) -> tuple[str, ...]:
    first, last = _shown(scale.first), _shown(scale.last)
    return "stage", f"{first}{last:>{scale.width - len(first)}}", "from", "to", "days", "by"


def _row(stay: Stay, scale: _Scale) -> tuple[str, ...]:
    return (
        caption(stay.stage, _MOST_NAME),
        scale.bar(stay),
        _shown(stay.entered),
        _shown(stay.left),
        _days(stay, scale.last),
        "-" if stay.event is None else caption(stay.event.name, _MOST_NAME),
    )


def _days(stay: Stay, as_of: dt.date) -> str:
    if stay.entered is None:
        return "-"
    end = as_of if stay.left is None else stay.left
    return str((utc_day(end) - utc_day(stay.entered)).days)


def _shown(moment: dt.date | None) -> str:
    """A date as it is, an instant to the minute; a dash for none."""
    if moment is None:
        return "-"
    moment = in_utc(moment)
    if isinstance(moment, dt.datetime):
        return moment.isoformat(" ", "minutes")[:16]
    return moment.isoformat()


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    stage, bar, entered, left, days, event = (
        text + " " * (width - cells_of(text)) for text, width in zip(row, widths, strict=True)
    )
    days = f"{days.rstrip():>{widths[4]}}"
    return "  ".join((stage, bar, entered, left, days, event)).rstrip()
