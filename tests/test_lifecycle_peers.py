"""A lifecycle ends where other libraries' state machines end: random machines, random logs.

Only what they share is drawn: moves by events under plain guards, the first that holds is made, and
what leads nowhere leaves the state as it is. Nested stages are compared with ``transitions`` alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.lifecycle import Event, Lifecycle
from lifecycles import FIRST, definitions

pytestmark = pytest.mark.peer
peer_law = settings(max_examples=50)
WHY = "peer comparison: dependency group `peers`"

GUARDS = ("ok", "not ok")
Happening = tuple[str, bool]


def happenings(definition: Lifecycle) -> st.SearchStrategy[list[Happening]]:
    return st.lists(st.tuples(st.sampled_from(definition.events), st.booleans()), max_size=20)


def stages_by_cslib(definition: Lifecycle, happened: list[Happening]) -> list[str]:
    """The stage after each event."""
    state, stages = definition.start, []
    for day, (name, ok) in enumerate(happened):
        event = Event(account="a", name=name, at=FIRST + dt.timedelta(day), payload={"ok": ok})
        state = definition.step(state, event).state
        stages.append(state.stage)
    return stages


def condition(guard: object, ok: bool) -> bool:
    return {"None": True, "ok": ok, "not ok": not ok}[str(guard)]


def ordered(definition: Lifecycle) -> list[Any]:
    """The moves, those of the smaller priority first, as both peers take the first that holds."""
    return sorted(definition.transitions, key=lambda each: each.priority)


def hierarchical(definition: Lifecycle) -> list[dict[str, Any]]:
    """Stages as nested states."""
    roots: list[dict[str, Any]] = []
    for leaf in definition.chart.leaves:
        level = roots
        for part in leaf.split("/"):
            found = next((each for each in level if each["name"] == part), None)
            if found is None:
                found = {"name": part, "children": []}
                level.append(found)
            level = found["children"]
    return roots


@pytest.mark.parametrize("nested", [False, True])
def test_a_lifecycle_stands_where_transitions_does(nested: bool) -> None:
    transitions = pytest.importorskip("transitions", reason=WHY)
    nesting = pytest.importorskip("transitions.extensions.nesting", reason=WHY)

    class Slashed(nesting.NestedState):  # type: ignore[misc]
        separator = "/"

    class Machine(nesting.HierarchicalMachine):  # type: ignore[misc]
        state_cls = Slashed

    def machine(definition: Lifecycle) -> Any:
        states = hierarchical(definition) if nested else list(definition.chart.leaves)
        made = (Machine if nested else transitions.Machine)(
            states=states,
            initial=definition.initial,
            auto_transitions=False,
            ignore_invalid_triggers=True,
            send_event=True,
        )
        for each in ordered(definition):
            made.add_transition(
                each.event,
                list(each.sources),
                each.target,  # None: an internal move, which stays
                conditions=lambda data, guard=each.guard: condition(guard, data.kwargs["ok"]),
            )
        return made

    @peer_law
    @given(st.data(), definitions(nested=nested, timed=False, guards=GUARDS))
    def stands_alike(data: st.DataObject, definition: Lifecycle) -> None:
        happened = data.draw(happenings(definition))
        other, stages = machine(definition), []
        for name, ok in happened:
            if name in other.events:
                other.trigger(name, ok=ok)
            stages.append(other.state)

        assert stages_by_cslib(definition, happened) == stages

    stands_alike()


def test_a_lifecycle_stands_where_python_statemachine_does() -> None:
    pytest.importorskip("statemachine", reason=WHY)
    from statemachine import State, StateMachine

    def machine(definition: Lifecycle) -> Any:
        final = definition.chart.final
        outgoing = {source for each in definition.transitions for source in each.sources}
        states = {
            name: State(initial=name == definition.initial, final=name in final - outgoing)
            for name in definition.chart.leaves
        }
        events: dict[str, Any] = {}
        for each in ordered(definition):
            for source in each.sources:
                target = states[each.target or source]
                guard = {"None": None, "ok": "ok", "not ok": "!ok"}[str(each.guard)]
                made = states[source].to(target, cond=guard) if guard else states[source].to(target)
                name = f"on_{each.event}"
                events[name] = events[name] | made if name in events else made
        body: Mapping[str, Any] = {
            **states,
            **events,
            "ok": True,
            "allow_event_without_transition": True,
        }
        return type("Drawn", (StateMachine,), dict(body))()

    @settings(max_examples=25)
    @given(st.data(), definitions(nested=False, timed=False, guards=GUARDS))
    def stands_alike(data: st.DataObject, definition: Lifecycle) -> None:
        happened = data.draw(happenings(definition))
        other, stages = machine(definition), []
        for name, ok in happened:
            other.ok = ok
            if any(each.event == name for each in definition.transitions):
                other.send(f"on_{name}")
            stages.append(next(iter(other.configuration)).id)

        assert stages_by_cslib(definition, happened) == stages

    stands_alike()
