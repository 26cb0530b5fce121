"""Changes of a definition: what differs, whom it touches, and how accounts come across.

A lifecycle that changes is another one, with another fingerprint. Where the whole log is at hand,
accounts are replayed under both (:func:`restaged`); where a log cannot be replayed from its start,
a :class:`Migration` says for every old stage which new one it becomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from cslib.charts import Chart
from cslib.documents import document, fingerprint, to_data
from cslib.errors import CslibError, Fault, suggestion
from cslib.faults import refuse
from cslib.journeys import Journey, Memory, State
from cslib.stages import Definition
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

    Stages, deadlines and milestones are known by their name, transitions by what makes them and
    the stage they leave. Nothing where both say the same, in whatever order they say it; the order
    of the events counts, since it decides between those of one moment.

    >>> from cslib.lifecycle import Lifecycle, Stage, Transition
    >>> def flow(*moves):
    ...     return Lifecycle(name="flow", initial="lead", events=("paid",), transitions=moves,
    ...                      stages=(Stage(name="lead"), Stage(name="customer", final=True)))
    >>> paid = Transition(event="paid", sources="lead", target="customer")
    >>> print(*difference(flow(paid), flow(attrs.evolve(paid, guard="amount > 0"))), sep="\n")
    'paid' from 'lead': guard is 'amount > 0', was None
    """
    return tuple(
        line
        for what, before, after in zip(_PARTS, _parts(old), _parts(new), strict=True)
        for line in _changes(what, before, after)
    )


_PARTS = ("lifecycle", "stage", "", "deadline", "milestone", "payload of")


def _parts(definition: Definition) -> tuple[dict[str, dict[str, Any]], ...]:
    """The parts of each sort, each as data under its name."""
    data = to_data(definition)
    own = ("name", "initial", "pause", "calendar", "facts", "events")
    whole = {"": {key: data.get(key) for key in own if key != "name"}}
    return (
        whole,
        *(_named(data.get(key, ())) for key in ("stages",)),
        {label: each for move in definition.transitions for label, each in _moves(move)},
        *(_named(data.get(key, ())) for key in ("deadlines", "milestones")),
        {name: _by_name(schema) for name, schema in data.get("payloads", {}).items()},
    )


def _named(parts: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {repr(part["name"]): {k: v for k, v in part.items() if k != "name"} for part in parts}


def _by_name(schema: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in schema["facts"]}


def _moves(move: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """A transition as one for each stage that it leaves."""
    data = to_data(move)
    said = {key: value for key, value in data.items() if key not in ("event", "after", "sources")}
    for source in move.sources:
        guard = "" if move.priority == 0 else f", priority {move.priority}"
        yield f"{move.label!r} from {source!r}{guard}", said


def _changes(
    what: str, before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]
) -> Iterator[str]:
    for name in (name for name in before if name not in after):
        yield f"{what} {name} is gone".strip()
    for name in (name for name in after if name not in before):
        yield f"{what} {name} is new".strip()
    for name in (name for name in after if name in before):
        for key in dict.fromkeys((*before[name], *after[name])):
            was, now = before[name].get(key), after[name].get(key)
            if was != now:
                yield f"{what} {name}: {key} is {now!r}, was {was!r}".strip()


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
        definitions have, and the tracks done that its new stage has too.

        Raises:
            MigrationError: If the definitions are not those of the migration.
        """
        if (fingerprint(old), fingerprint(new)) != (self.old, self.new):
            raise MigrationError(
                f"the migration is from {self.old} to {self.new}; make one between these two"
            )
        chart, memory = Chart.of(new), state.memory
        stage = self.stages[state.stage]
        tracks = {name for names in chart.tracks[stage].values() for name in names}
        moved = Memory(
            done=memory.done & tracks,
            clocks=_by_names(old.deadlines, memory.clocks, new.deadlines),
            reached=_by_names(old.milestones, memory.reached, new.milestones),
            holds=memory.holds,
        )
        return rewound(chart, state._replace(stage=stage, memory=moved))


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
