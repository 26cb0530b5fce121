"""Strategies for playbooks, runs and histories, shared by the tests of the room."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import strategies as st

from cslib.histories import History, OptOut
from cslib.playbooks import Effect, Layer, Library, Limits, Playbook, Success, Suppression
from cslib.rules import rule
from cslib.runs import Judgement, Run, Verdict

FACTS = ("a", "b", "c", "d")
NEEDS = ("x", "y")
NAMES = tuple(f"p{place}" for place in range(5))
DAY = dt.date(2026, 7, 1)
LAST = DAY + dt.timedelta(days=120)

ENTRIES = [
    rule(text)
    for text in (
        *(f"{name} > 1" for name in FACTS),
        *(f"{one} > 1 and {other} < 2" for one, other in ("ab", "bc", "cd")),
        "a > 1 or not c > 0",
        "at_least(2, a > 1, b > 1, c > 1)",
        "coalesce(a, b) > 1",
        "a > b if c > 0 else d > 0",
        "True",
    )
]
EXITS = [None, rule("a > 2"), rule("d == 0")]

accounts = st.dictionaries(st.sampled_from(FACTS), st.sampled_from([None, 0, 1, 2, 3.0]))
days = st.integers(0, 120).map(lambda n: DAY + dt.timedelta(days=n))


@st.composite
def playbooks(draw: st.DrawFn, name: str) -> Playbook:
    others = [each for each in NAMES if each != name]
    return Playbook(
        name=name,
        need=draw(st.sampled_from(NEEDS)),
        layer=draw(st.sampled_from(Layer)),
        entry=draw(st.sampled_from(ENTRIES)),
        exit=draw(st.sampled_from(EXITS)),
        version=draw(st.integers(1, 2)),
        level=draw(st.sampled_from([None, "support", "implementation"])),
        effort={"csm": draw(st.sampled_from([0, 1, Decimal("2.5")]))},
        success=draw(st.sampled_from([None, Success(when="b >= 2", within=10)])),
        effect=Effect(lift=draw(st.sampled_from(["0", "0.05", "0.1"]))),
        limits=Limits(
            cool_down=draw(st.sampled_from([0, 1, 30])),
            at_most=draw(st.sampled_from([None, 1, 2])),
            retry_after=draw(st.sampled_from([None, 20])),
        ),
        excludes=draw(st.lists(st.sampled_from(others), max_size=1)),
        priority=draw(st.integers(-1, 1)),
    )


@st.composite
def libraries(draw: st.DrawFn) -> Library:
    first, *rest = [draw(playbooks(name)) for name in NAMES]
    books = [attrs.evolve(first, need="x"), *rest]
    priced: dict[str, Any] = draw(
        st.sampled_from(
            [{}, {"prices": {"csm": 80}}, {"stake": "b"}, {"prices": {"csm": 1}, "stake": "1000*b"}]
        )
    )
    if len(priced) == 2 and draw(st.booleans()):
        priced = {**priced, "least_return": 2}
    suppression = Suppression(name="open escalation", when="d > 2", needs=("x",))
    return Library(
        name="drawn",
        playbooks=books,
        suppressions=draw(st.sampled_from([(), (suppression,)])),
        **priced,
    )


@st.composite
def runs(draw: st.DrawFn, account: str = "A1") -> Run:
    """A run of a playbook of :data:`NAMES`, at some point of its life."""
    started = draw(days)
    length = draw(st.none() | st.integers(0, 20))
    ended = None if length is None else started + dt.timedelta(days=length)
    verdict = None
    if ended is not None and draw(st.booleans()):
        after = dt.timedelta(days=draw(st.integers(0, 30)))
        judged = [each for each in Judgement if each is not Judgement.TOO_EARLY]
        verdict = Verdict(judgement=draw(st.sampled_from(judged)), judged_on=ended + after)
    return Run(
        account=account,
        need=draw(st.sampled_from(NEEDS)),
        playbook=draw(st.sampled_from(NAMES)),
        version=draw(st.integers(1, 2)),
        started=started,
        cycle=draw(st.integers(1, 9)),
        subject=draw(st.sampled_from(["", "site"])),
        ended=ended,
        verdict=verdict,
    )


def _identity(run: Run) -> tuple[object, ...]:
    return run.account, run.need, run.playbook, run.version, run.subject, run.started


@st.composite
def histories(draw: st.DrawFn, account: str = "A1") -> History:
    drawn = draw(st.lists(runs(account), max_size=6, unique_by=_identity))
    outs = []
    if draw(st.integers(0, 5)) == 0:
        since = draw(days)
        outs = [OptOut(account=account, need=draw(st.sampled_from(["", "x"])), since=since)]
    return History(runs=drawn, opt_outs=outs)
