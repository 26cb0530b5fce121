"""Changes of a definition: what differs, whom it touches, and how accounts come across.

A lifecycle that changes is another one, with another fingerprint. Where the whole log is at hand,
accounts are replayed under both (:func:`restaged`); where a log cannot be replayed from its start,
a :class:`Migration` says for every old stage which new one it becomes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import attrs

from cslib import expressions
from cslib.changes import changes, fields_changed
from cslib.charts import Chart
from cslib.documents import document, fingerprint, to_data
from cslib.errors import CslibError, Fault, suggestion
from cslib.expressions import Apply, Fact, Kind, Literal, Node
from cslib.faults import refuse
from cslib.journeys import Journey, Memory, State
from cslib.stages import Definition, Transition, inside, lineage_of
from cslib.stepping import check_state, rewound

if TYPE_CHECKING:
    from cslib.journeycolumns import JourneyColumns

__all__ = [
    "Migration",
    "MigrationError",
    "Restaged",
    "difference",
    "renamed",
    "restaged",
    "tally",
]

D = TypeVar("D", bound=Definition)


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


def difference(
    old: Definition, new: Definition, stages: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    r"""What a definition says otherwise than another, a line for each change, in words.

    Stages, deadlines and milestones are known by their name, transitions by what makes them, the
    stage they leave and their priority; where several share these, by their guard too. Nothing
    where both say the same, in whatever order they say it, but for an order that decides: of
    events at one moment, of moves by time, and of deadlines that are breached. The names of the
    definitions themselves are not compared.

    Args:
        old: The definition as it was.
        new: As it is.
        stages: Of each stage that is called otherwise, its new name, as in :func:`renamed`. It is
            one line then, and not a change of all that names the stage.

    Raises:
        DefinitionError: As :func:`renamed`.

    >>> from cslib.lifecycle import Lifecycle, Stage, Transition
    >>> def flow(*moves):
    ...     return Lifecycle(name="flow", initial="lead", events=("paid",), transitions=moves,
    ...                      stages=(Stage(name="lead"), Stage(name="customer", final=True)))
    >>> paid = Transition(event="paid", sources="lead", target="customer")
    >>> print(*difference(flow(paid), flow(attrs.evolve(paid, guard="amount > 0"))), sep="\n")
    'paid' from 'lead': guard is 'amount > 0', was None
    >>> difference(flow(paid), renamed(flow(paid), {"lead": "prospect"}), {"lead": "prospect"})
    ("stage 'lead' is now 'prospect'",)
    """
    given = {} if stages is None else stages
    old = renamed(old, given) if given else old
    return (
        *(f"stage {was!r} is now {now!r}" for was, now in given.items() if was != now),
        *(
            line
            for what, before, after in zip(_PARTS, _parts(old), _parts(new), strict=True)
            for line in changes(what, before, after)
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


def _moves_changed(old: Iterable[Transition], new: Iterable[Transition]) -> Iterator[str]:
    before, after = _by_label(old), _by_label(new)
    for label in dict.fromkeys((*before, *after)):
        had, has = before.get(label, []), after.get(label, [])
        if len(had) == len(has) == 1:
            yield from fields_changed(label, had[0], has[0])
        elif len(had) + len(has) == 1:
            yield f"{label} is {'gone' if had else 'new'}"
        else:
            yield from changes(f"{label} ", _by_guard(had), _by_guard(has))


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
# Other names


def renamed(definition: D, stages: Mapping[str, str]) -> D:
    """The same definition with other names for some stages, wherever it names them.

    These are the stages themselves and those inside them, what moves leave and enter, marks, and
    the texts with which a guard compares ``stage``. A mark that is an event and a stage counts by
    both afterwards too. All names change at once, so two stages may take each other's.

    Args:
        definition: The definition.
        stages: Of each stage that is called otherwise, its new name. A stage around others takes
            them along, but for those that are named here themselves. One that is moved out of the
            stage around it loses what that one says of it, such as being an end.

    Raises:
        DefinitionError: If it has no such stage; if a new name is that of an event too and serves
            as a mark, which would then count by both; or if the result is not sound, as where a
            name stands twice.

    >>> from cslib.stock import DELIVERY
    >>> names = {"in_use": "live", "onboarding": "project"}
    >>> live = renamed(DELIVERY, names)
    >>> live.transitions[4].target, live.deadlines[0].since, live.deadlines[0].by
    ('project/kick_off', ('project',), ('live',))
    >>> Migration.between(DELIVERY, live, names).stages["onboarding/training"]
    'project/training'
    """
    refuse("renaming", _renaming_faults(definition, stages))

    def called(stage: str) -> str:
        return _called(stage, stages)

    def marks(names: tuple[str, ...]) -> tuple[str, ...]:
        return _marks(names, definition, stages)

    changed = attrs.evolve(
        cast("Any", definition),  # a definition is an attrs class
        initial=called(definition.initial),
        stages=tuple(attrs.evolve(each, name=called(each.name)) for each in definition.stages),
        transitions=tuple(
            _move_called(move, called, definition) for move in definition.transitions
        ),
        deadlines=tuple(
            attrs.evolve(
                each,
                since=marks(each.since),
                by=marks(each.by),
                waived_by=marks(each.waived_by),
            )
            for each in definition.deadlines
        ),
        milestones=tuple(attrs.evolve(each, by=marks(each.by)) for each in definition.milestones),
    )
    return cast("D", changed)


def _called(stage: str, names: Mapping[str, str]) -> str:
    """What a stage is called, by its own new name or that of the nearest stage around it."""
    for part in lineage_of(stage):
        if part in names:
            return names[part] + stage[len(part) :]
    return stage


def _marks(
    marks: Iterable[str], definition: Definition, names: Mapping[str, str]
) -> tuple[str, ...]:
    """The marks under the new names; the name of an event stays."""
    known = _all_stages(definition)
    found = []
    for mark in marks:
        now = _called(mark, names) if mark in known else mark
        found += [mark, now] if mark in definition.events and mark != now else [now]
    return tuple(found)


def _all_stages(definition: Definition) -> dict[str, None]:
    """The names of all stages, and of those that only stand around others."""
    return dict.fromkeys(part for stage in definition.stages for part in lineage_of(stage.name))


def _renaming_faults(definition: Definition, names: Mapping[str, str]) -> Iterator[Fault]:
    known = _all_stages(definition)
    for stage in names:
        if stage not in known:
            hint = suggestion(stage, known)
            yield Fault(f"$.stages[{stage!r}]", f"no such stage {stage!r}{hint}")
    used = {mark for each in definition.deadlines for mark in (*each.since, *each.by)}
    used.update(mark for each in definition.deadlines for mark in each.waived_by)
    used.update(mark for each in definition.milestones for mark in each.by)
    counted = _marks(used, definition, names)
    for stage in known:
        now = _called(stage, names)
        if now != stage and now in definition.events and now in counted:
            problem = f"{now!r} is an event too, and marks would count by both; choose another name"
            yield Fault(f"$.stages[{stage!r}]", problem)


def _move_called(
    move: Transition, called: Callable[[str], str], definition: Definition
) -> Transition:
    """A move under the new names of its stages."""
    payload = definition.payloads.get(move.event or "")
    of_journey = payload is None or "stage" not in payload.kinds  # the payload is read first
    guard = move.guard
    if guard is not None and of_journey:
        guard = attrs.evolve(guard, node=_node_called(guard.node, called))
    return attrs.evolve(
        move,
        sources=tuple(map(called, move.sources)),
        target=None if move.target is None else called(move.target),
        guard=guard,
    )


def _node_called(node: Node, called: Callable[[str], str]) -> Node:
    """A rule with the texts that stand beside the fact ``stage`` under their new names."""
    if not isinstance(node, Apply):
        return node
    parts = tuple(_node_called(each, called) for each in node.arguments)
    if Fact("stage") in parts:
        parts = tuple(_text_called(each, called) for each in parts)
    if node.operation in expressions.OPERATIONS:
        return expressions.make(node.operation, *parts)
    return Apply(node.operation, parts)


def _text_called(node: Node, called: Callable[[str], str]) -> Node:
    if isinstance(node, Literal) and node.kind is Kind.TEXT:
        return expressions.literal(called(str(node.value)))
    return node


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


def restaged(
    before: Mapping[str, Journey] | JourneyColumns,
    after: Mapping[str, Journey] | JourneyColumns,
    stages: Mapping[str, str] | None = None,
) -> tuple[Restaged, ...]:
    """The accounts whose stage changes, by account.

    Args:
        before: Journeys under the old definition, as ``replay_all`` or ``replay_columns`` gives
            them.
        after: Journeys of the same accounts under the new one.
        stages: Of each stage that is called otherwise, its new name, as in :func:`renamed`. Who
            stands in it under its new name has not moved.

    Raises:
        MigrationError: If the two are not of the same accounts.
    """
    was, now = _stage_by_account(before), _stage_by_account(after)
    alone = sorted(was.keys() ^ now.keys())
    if alone:
        problem = f"replay the same accounts under both; {alone[0]!r} stands in one alone"
        raise MigrationError(problem)
    given = {} if stages is None else stages
    return tuple(
        Restaged(account=each, before=was[each], after=now[each])
        for each in sorted(was)
        if _called(was[each], given) != now[each]
    )


def _stage_by_account(journeys: Mapping[str, Journey] | JourneyColumns) -> dict[str, str]:
    if isinstance(journeys, Mapping):
        return {account: journey.stage for account, journey in journeys.items()}
    accounts = map(str, journeys.accounts.tolist())
    return {
        account: journeys.stages[place]
        for account, place in zip(accounts, journeys.stage.tolist(), strict=True)
    }


def tally(changes: Iterable[Restaged]) -> dict[tuple[str, str], int]:
    """How many accounts go from which old stage to which new one, the most first.

    >>> moved = [("a", "trial", "lost"), ("b", "lead", "trial"), ("c", "trial", "lost")]
    >>> tally(Restaged(account=a, before=was, after=now) for a, was, now in moved)
    {('trial', 'lost'): 2, ('lead', 'trial'): 1}
    """
    counts = Counter((each.before, each.after) for each in changes)
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


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
            stages: Of each stage that is called otherwise, its new name, as in :func:`renamed`. A
                stage that both have is itself, unless it is named here.

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
        every = {leaf: _called(leaf, given) for leaf in had}
        refuse("migration", _migration_faults(given, every, has))
        return cls(old=fingerprint(old), new=fingerprint(new), stages=every)

    def state(self, state: State, *, old: Definition, new: Definition) -> State:
        """Where an account stands under the new definition.

        It keeps since when it stands there, its holds, the clocks and milestones whose names both
        definitions have, the tracks done that its new stage has too, and of the moves by time that
        were tried in vain those that both definitions have. What time would have done under the
        new definition by now, the next step does first.

        Raises:
            DefinitionError: If the state is none that the old definition can have made.
            MigrationError: If the definitions are not those of the migration, the state is of
                neither, or the migration leads to a stage that the new one does not have.
        """
        if (fingerprint(old), fingerprint(new)) != (self.old, self.new):
            raise MigrationError(
                f"the migration is from {self.old} to {self.new}; make one between these two"
            )
        chart, memory = Chart.of(new), state.memory
        self._check(state, old.name)
        check_state(state, Chart.of(old))
        stage = self.stages[state.stage]
        if stage not in chart.leaves:
            raise MigrationError(f"no account stands in {stage!r}; make the migration by between()")
        tracks = {name for names in chart.tracks[stage].values() for name in names}
        moved = Memory(
            done=memory.done & tracks,
            tried=self._tried(old, memory.tried, new.transitions),
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
        self, old: Definition, places: Iterable[int], new: tuple[Transition, ...]
    ) -> frozenset[int]:
        """The places of old transitions among the new, of those that both have."""
        moved = [_move_called(old.transitions[place], self._called, old) for place in places]
        return frozenset(place for place, move in enumerate(new) if move in moved)

    def _called(self, stage: str) -> str:
        """The new name of a stage, and of one around others if they have kept their own in it."""
        for leaf, instead in self.stages.items():
            own = leaf.removeprefix(stage)
            if inside(leaf, stage) and instead.endswith(own):
                return instead.removesuffix(own)
        return stage


def _migration_faults(
    given: Mapping[str, str], every: Mapping[str, str], has: tuple[str, ...]
) -> Iterator[Fault]:
    for stage in given:
        if not any(inside(leaf, stage) for leaf in every):
            path = f"$.stages[{stage!r}]"
            yield Fault(path, f"no account stands in {stage!r}{suggestion(stage, every)}")
    for leaf, instead in every.items():
        if instead not in has:
            named = next((part for part in lineage_of(leaf) if part in given), None)
            hint = suggestion(instead, has)
            if named is None:
                yield Fault("$.stages", f"{leaf!r} has no new stage; name one{hint}")
            else:
                path = f"$.stages[{named!r}]"
                yield Fault(path, f"no account can stand in {instead!r}{hint}")


def _by_names(old: Iterable[Any], values: Iterable[Any], new: Iterable[Any]) -> tuple[Any, ...]:
    """The values of the old parts, for the new parts of their names."""
    known = {part.name: value for part, value in zip(old, values, strict=True)}
    return tuple(known.get(part.name) for part in new)
