"""Changes of a definition: what differs, whom it touches, and how accounts come across.

A lifecycle that changes is another one, with another fingerprint. Where the whole log is at hand,
accounts are replayed under both (:func:`restaged`); where a log cannot be replayed from its start,
a :class:`Migration` says for every old stage which new one it becomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs

from cslib.charts import Chart
from cslib.documents import document, fingerprint, to_data
from cslib.errors import CslibError, Fault, suggestion
from cslib.faults import refuse
from cslib.journeys import Journey, Memory, State
from cslib.stages import Definition, Transition
from cslib.stepping import rewound

__all__ = ["Migration", "MigrationError", "Restaged", "difference", "restaged"]


@attrs.define
class MigrationError(CslibError, ValueError):
    """Accounts or definitions that do not belong together.

    Attributes:
        problem: What does not fit, and the way out.
    """

    problem: str

    def __str__(self) -> str:
        return self.problem


# --------------------------------------------------------------------------------------
# What differs


def difference(old: Definition, new: Definition) -> tuple[str, ...]:
    r"""What a definition says otherwise than another, a line for each change, in words.

    Stages, deadlines and milestones are known by their name, transitions by what makes them, the
    stage they leave and their priority; where several share these, by their guard too. Nothing
    where both say the same, in whatever order they say it, but for an order that decides: of
    events at one moment, of moves by time, and of deadlines that are breached. The names of the
    definitions themselves are not compared.

    >>> from cslib.lifecycle import Lifecycle, Stage, Transition
    >>> def flow(*moves):
    ...     return Lifecycle(name="flow", initial="lead", events=("paid",), transitions=moves,
    ...                      stages=(Stage(name="lead"), Stage(name="customer", final=True)))
    >>> paid = Transition(event="paid", sources="lead", target="customer")
    >>> print(*difference(flow(paid), flow(attrs.evolve(paid, guard="amount > 0"))), sep="\n")
    'paid' from 'lead': guard is 'amount > 0', was None
    """
    return (
        *(
            line
            for what, before, after in zip(_PARTS, _parts(old), _parts(new), strict=True)
            for line in _changes(what, before, after)
        ),
        *_moves_changed(old.transitions, new.transitions),
        *_orders_changed(old, new),
    )


_Part: TypeAlias = dict[str, Any]
_PARTS = ("", "facts of ", "event ", "stage ", "deadline ", "milestone ", "payload of ")


def _parts(definition: Definition) -> tuple[dict[str, _Part], ...]:
    """The parts of each sort, each as data under its name; all but the transitions."""
    data = to_data(definition)
    own = ("initial", "pause", "calendar")
    facts = data.get("facts")
    return (
        {"lifecycle": {key: data.get(key) for key in own}},
        {} if facts is None else {"accounts": _by_name(facts)},
        {repr(name): {} for name in definition.events},
        *(_named(data.get(key, ())) for key in ("stages", "deadlines", "milestones")),
        {repr(name): _by_name(schema) for name, schema in data.get("payloads", {}).items()},
    )


def _named(parts: Iterable[_Part]) -> dict[str, _Part]:
    return {repr(part["name"]): {k: v for k, v in part.items() if k != "name"} for part in parts}


def _by_name(schema: _Part) -> _Part:
    return {each["name"]: each for each in schema["facts"]}


def _changes(what: str, before: Mapping[str, _Part], after: Mapping[str, _Part]) -> Iterator[str]:
    yield from (f"{what}{name} is gone" for name in before if name not in after)
    yield from (f"{what}{name} is new" for name in after if name not in before)
    for name in (name for name in after if name in before):
        yield from _fields_changed(f"{what}{name}", before[name], after[name])


def _fields_changed(what: str, before: _Part, after: _Part) -> Iterator[str]:
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key), after.get(key)
        if not _same(was, now):
            yield f"{what}: {key} is {now!r}, was {was!r}"


def _same(one: object, other: object) -> bool:
    """Whether two pieces of data are the same, of one kind: ``True`` is not 1."""
    return repr(one) == repr(other)


def _moves_changed(old: Iterable[Transition], new: Iterable[Transition]) -> Iterator[str]:
    before, after = _by_label(old), _by_label(new)
    for label in dict.fromkeys((*before, *after)):
        had, has = before.get(label, []), after.get(label, [])
        if len(had) == len(has) == 1:
            yield from _fields_changed(label, had[0], has[0])
        elif len(had) + len(has) == 1:
            yield f"{label} is {'gone' if had else 'new'}"
        else:
            yield from _changes(f"{label} ", _by_guard(had), _by_guard(has))


def _by_label(moves: Iterable[Transition]) -> dict[str, list[_Part]]:
    """Transitions as data, one for each stage that they leave, by what makes them from there."""
    found: dict[str, list[_Part]] = {}
    for move in moves:
        data = to_data(move)
        said = {k: v for k, v in data.items() if k not in ("event", "after", "sources")}
        by = repr(move.event) if move.after is None else move.label
        rank = "" if move.priority == 0 else f", priority {move.priority}"
        for source in move.sources:
            found.setdefault(f"{by} from {source!r}{rank}", []).append(said)
    return found


def _by_guard(siblings: Iterable[_Part]) -> dict[str, _Part]:
    """Moves that only their guards keep apart; those of one guard are counted."""
    found: dict[str, _Part] = {}
    for each in siblings:
        guard = each.get("guard")
        name = named = "without a guard" if guard is None else f"where {guard}"
        again = 1
        while name in found:
            again += 1
            name = f"{named} ({again})"
        found[name] = each
    return found


def _orders_changed(old: Definition, new: Definition) -> Iterator[str]:
    """Where an order decides and is another, of what both have."""
    orders = (
        ("events", old.events, new.events),
        ("deadlines with a breach", _breached(old), _breached(new)),
        ("moves by time", _timed(old), _timed(new)),
    )
    for what, before, after in orders:
        was = [name for name in before if name in after]
        now = [name for name in after if name in before]
        if was != now:
            yield f"{what}: the order is {', '.join(now)}, was {', '.join(was)}"


def _breached(definition: Definition) -> tuple[str, ...]:
    return tuple(each.name for each in definition.deadlines if each.breach is not None)


def _timed(definition: Definition) -> tuple[str, ...]:
    timed = (each for each in definition.transitions if each.after is not None)
    return tuple(f"{each.label} from {source!r}" for each in timed for source in each.sources)


# --------------------------------------------------------------------------------------
# Whom it touches


@attrs.frozen(kw_only=True)
class Restaged:
    """An account that stands elsewhere under another definition.

    Attributes:
        account: The account.
        before: The stage under the old definition.
        after: The stage under the new one.
    """

    account: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.account}: {self.before} becomes {self.after}"


def restaged(before: Mapping[str, Journey], after: Mapping[str, Journey]) -> tuple[Restaged, ...]:
    """The accounts whose stage changes, by account.

    Args:
        before: Journeys under the old definition, as ``replay_all`` gives them.
        after: Journeys of the same accounts under the new one.

    Raises:
        MigrationError: If the two are not of the same accounts.
    """
    alone = sorted(before.keys() ^ after.keys())
    if alone:
        problem = f"replay the same accounts under both; {alone[0]!r} stands in one alone"
        raise MigrationError(problem)
    return tuple(
        Restaged(account=each, before=before[each].stage, after=after[each].stage)
        for each in sorted(before)
        if before[each].stage != after[each].stage
    )


# --------------------------------------------------------------------------------------
# How accounts come across


@document("migration", version=1)
@attrs.frozen(kw_only=True)
class Migration:
    """For every stage in which an account can stand, the one it becomes.

    Made by :meth:`between`, which sees to it that no stage is left out.

    Attributes:
        old: The fingerprint of the old definition.
        new: That of the new one.
        stages: Of each old stage, the new one.
    """

    old: str
    new: str
    stages: Mapping[str, str] = attrs.field(hash=False)

    @classmethod
    def between(
        cls, old: Definition, new: Definition, stages: Mapping[str, str] | None = None
    ) -> Migration:
        """The migration between two definitions.

        Args:
            old: The definition under which the accounts stand.
            new: The one under which they shall.
            stages: Of each stage that is called otherwise, its new name. A stage that both have is
                itself, unless it is named here.

        Raises:
            DefinitionError: If an old stage has no new one, or a name is none of a stage in which
                an account can stand.

        >>> from cslib.stock import SUBSCRIPTION
        >>> same = Migration.between(SUBSCRIPTION, SUBSCRIPTION)
        >>> same.stages["in_use"]
        'in_use'
        """
        given = {} if stages is None else stages
        had, has = Chart.of(old).leaves, Chart.of(new).leaves
        refuse("migration", _migration_faults(given, had, has))
        every = {leaf: given.get(leaf, leaf) for leaf in had}
        return cls(old=fingerprint(old), new=fingerprint(new), stages=every)

    def state(self, state: State, *, old: Definition, new: Definition) -> State:
        """Where an account stands under the new definition.

        It keeps since when it stands there, its holds, the clocks and milestones whose names both
        definitions have, the tracks done that its new stage has too, and of the moves by time that
        were tried in vain those that both definitions have. What time would have done under the
        new definition by now, the next step does first.

        Raises:
            MigrationError: If the definitions are not those of the migration, or the state is of
                neither.
        """
        if (fingerprint(old), fingerprint(new)) != (self.old, self.new):
            raise MigrationError(
                f"the migration is from {self.old} to {self.new}; make one between these two"
            )
        chart, memory = Chart.of(new), state.memory
        self._check(state, old.name)
        stage = self.stages[state.stage]
        tracks = {name for names in chart.tracks[stage].values() for name in names}
        moved = Memory(
            done=memory.done & tracks,
            tried=self._tried(old.transitions, memory.tried, new.transitions),
            clocks=_by_names(old.deadlines, memory.clocks, new.deadlines),
            reached=_by_names(old.milestones, memory.reached, new.milestones),
            holds=memory.holds,
        )
        return rewound(chart, state._replace(stage=stage, memory=moved, definition=self.new))

    def _check(self, state: State, old: str) -> None:
        if state.definition != self.old or state.stage not in self.stages:
            problem = f"the state in {state.stage!r} is none of {old!r}"
            raise MigrationError(f"{problem}; give one that this definition has made")

    def _tried(
        self, old: tuple[Transition, ...], places: Iterable[int], new: tuple[Transition, ...]
    ) -> frozenset[int]:
        """The places of old transitions among the new, of those that both have."""
        name = self.stages.get
        tried = [
            attrs.evolve(
                old[place],
                sources=tuple(name(each, each) for each in old[place].sources),
                target=name(old[place].target or "", old[place].target),
            )
            for place in places
        ]
        return frozenset(place for place, move in enumerate(new) if move in tried)


def _migration_faults(
    given: Mapping[str, str], had: tuple[str, ...], has: tuple[str, ...]
) -> Iterator[Fault]:
    for stage, instead in given.items():
        path = f"$.stages[{stage!r}]"
        if stage not in had:
            yield Fault(path, f"no account stands in {stage!r}{suggestion(stage, had)}")
        if instead not in has:
            yield Fault(path, f"no account can stand in {instead!r}{suggestion(instead, has)}")
    for stage in had:
        if stage not in given and stage not in has:
            hint = suggestion(stage, has)
            yield Fault("$.stages", f"{stage!r} has no new stage; name one{hint}")


def _by_names(old: Iterable[Any], values: Iterable[Any], new: Iterable[Any]) -> tuple[Any, ...]:
    """The values of the old parts, for the new parts of their names."""
    known = {part.name: value for part, value in zip(old, values, strict=True)}
    return tuple(known.get(part.name) for part in new)
