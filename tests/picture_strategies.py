"""Lifecycles to be drawn, and strategies for them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs
from hypothesis import strategies as st

from cslib.rules import rule
from cslib.schemas import Schema
from cslib.stages import Deadline, Milestone, Pause, Stage, Track, Transition


@attrs.frozen(kw_only=True)
class Parts:
    """A definition by its parts, which nothing has checked."""

    name: str = "flow"
    initial: str = "lead"
    stages: tuple[Stage, ...] = ()
    events: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    pause: Pause | None = None
    payloads: Mapping[str, Schema] = attrs.field(factory=dict)


def stages(*names: str, final: str = "") -> tuple[Stage, ...]:
    return tuple(Stage(name=name, final=name == final) for name in names)


def move(
    event: str, sources: str | tuple[str, ...], target: str | None, **more: object
) -> Transition:
    return Transition(event=event, sources=sources, target=target, **more)  # type: ignore[arg-type]


NESTED = Parts(
    stages=stages("lead", "start/plan", "start/train", "use", "left", final="left"),
    events=("signed", "planned", "trained", "noted", "left"),
    transitions=(
        move("signed", "lead", "start/plan", guard="amount > 0"),
        move("planned", "start/plan", "start/train"),
        move("trained", "start/train", "use"),
        move("noted", "use", None),
        move("left", ("start", "use"), "left"),
        Transition(after="30 days", sources="lead", target="left"),
    ),
)
"""A definition that has stages, a group, and moves of each kind."""

TIMED = attrs.evolve(
    NESTED,
    stages=(
        Stage(name="lead"),
        Stage(name="start", tracks=(Track(name="papers", done_by="filed"),)),
        Stage(
            name="start/plan",
            tracks=(
                Track(name="data", done_by=("loaded", "skipped")),
                Track(name="roles", done_by="roles_set"),
            ),
        ),
        *stages("start/train", "use", "left", final="left"),
    ),
    deadlines=(
        Deadline(name="live", since="start", by="use", within="3 months"),
        Deadline(name="planned", since="signed", by="planned", within="9 days"),
        Deadline(name="shown", since="start/plan", by=("shown", "told"), due="agreed_on"),
    ),
)
"""The same, with tracks in a stage and in a group, and with deadlines."""

# Any names at all, and those that mean something to a language of diagrams.
LOADED = (
    *('"', "\\", "{", "}", "[*]", "[[fork]]", "<<choice>>", "-->", ":", ";", "#35;", "%%", "<b>"),
    *(
        "&lt;",
        "direction LR",
        "end note",
        "as s1",
        "classDef x:#f;",
        "\n",
        "\x00",
        "\u2028",
        "\ud800",
    ),
    *(
        "\u202e",
        "]]>",
        "-->",
        "续约",
        "é",
        "'",
        "->",
        "\\N",
        "//",
        "/* */",
        "$$x$$",
        "|",
        "`",
        "e\u0301",
        "n",
    ),
)
texts = st.lists(st.sampled_from(LOADED), min_size=1, max_size=3).map("".join)
tracks = st.builds(Track, name=st.sampled_from(["data", "roles"]), done_by=texts)
limits = st.sampled_from([{"within": "3 months"}, {"due": "agreed_on"}])
guards = st.sampled_from([None, rule("amount > 0"), rule("plan == '<&'")])


@st.composite
def definitions(draw: st.DrawFn) -> Parts:
    """Stages at several depths under any names, with tracks, and moves and deadlines among them."""
    steps = [name.replace("/", "~") for name in draw(st.lists(texts, min_size=1, max_size=4))]
    steps = [f"{at}{step}" for at, step in enumerate(steps)]
    paths = st.lists(st.sampled_from(steps), min_size=1, max_size=3).map("/".join)
    names = draw(st.lists(paths, min_size=1, max_size=6, unique=True))
    around = sorted({name[: cut.start()] for name in names for cut in re.finditer("/", name)})
    leaves = [name for name in names if name not in around]
    moves = st.builds(
        Transition,
        event=texts,
        sources=st.sampled_from([*leaves, *around]),
        target=st.none() | st.sampled_from(leaves),
        guard=guards,
    )
    works = st.lists(tracks, max_size=2).map(tuple)
    marks = st.sampled_from(names) | texts
    due = st.builds(
        lambda limit, **rest: Deadline(**limit, **rest),
        limit=limits,
        name=st.just("live"),
        since=marks,
        by=marks,
    )
    return Parts(
        name=draw(texts),
        initial=leaves[0],
        stages=tuple(
            Stage(name=name, final=draw(st.booleans()), tracks=draw(works)) for name in names
        ),
        transitions=tuple(draw(st.lists(moves, max_size=6))),
        deadlines=tuple(draw(st.lists(due, max_size=3))),
    )
