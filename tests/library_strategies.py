"""Libraries of every kind, with accounts, histories and days to select by."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from cslib.decisions import DecisionTable, Row
from cslib.histories import History, OptOut
from cslib.playbooks import Effect, Layer, Level, Library, Limits, Playbook, Success, Suppression
from cslib.runs import Judgement, Run, Verdict

TODAY = dt.date(2026, 6, 30)
ACCOUNTS = ("fox", "owl", "elk", "hen")
NEEDS = ("adoption", "mood")
NAMES = tuple(f"p{place}" for place in range(6))
CONDITIONS = (
    *("n1 < 3", "n2 >= 1", "n1 / n2 < 0.6", "t1 == 'a'", "f1", "not f2"),
    *("n1 < 3 and f1", "n2 >= 1 or f2", "days_since(d1) > 7", "is_missing(n3)", "n1 < n2"),
    *("owner.seats > 2", "n1 >= 0", "n2 >= 0", "True"),
)
STAKES = ("n3", "10", "n3 * 100", "ratio(n1, n2)", "1000", "0")


def conditions() -> st.SearchStrategy[str]:
    return st.sampled_from(CONDITIONS)


def limits() -> st.SearchStrategy[Limits]:
    return st.builds(
        Limits,
        cool_down=st.sampled_from([0, 0, 0, 10]),
        at_most=st.sampled_from([None, None, 1, 2]),
        retry_after=st.sampled_from([None, 5]),
    )


@st.composite
def playbooks(draw: st.DrawFn, name: str, others: Sequence[str]) -> Playbook:
    entry = draw(conditions())
    leaves = st.sampled_from([None] * 20 + [each for each in CONDITIONS if each != entry])
    lift = draw(st.sampled_from(["0", "0.05", "0.5"]))
    return Playbook(
        name=name,
        need=draw(st.sampled_from(NEEDS)),
        layer=draw(st.sampled_from(Layer)),
        entry=entry,
        exit=draw(leaves),
        version=draw(st.sampled_from([1, 1, 2])),
        level=draw(st.sampled_from([None, None, None, *Level])),
        effort=draw(st.dictionaries(st.sampled_from(["csm", "analyst"]), st.integers(0, 2))),
        effect=Effect(lift=lift),
        success=draw(st.sampled_from([None, None, Success(when="n1 >= 30", within=5)])),
        limits=draw(limits()),
        excludes=draw(st.lists(st.sampled_from(others), max_size=1, unique=True)) if others else (),
        priority=draw(st.integers(0, 2)),
    )


def levels() -> st.SearchStrategy[DecisionTable | None]:
    rows = st.lists(
        st.builds(
            lambda when, then: {"when": when, "then": str(then)},
            conditions(),
            st.sampled_from(Level),
        ),
        min_size=1,
        max_size=3,
    )
    made = rows.map(
        lambda drawn: DecisionTable(
            name="levels", rows=[Row(name=f"r{at}", **row) for at, row in enumerate(drawn)]
        )
    )
    return st.none() | made


@st.composite
def libraries(draw: st.DrawFn) -> Library:
    """Of layers, levels, prices, suppressions and exclusions; of no playbook too."""
    names = NAMES[: draw(st.sampled_from([0, 1, *range(2, 1 + len(NAMES)), 6]))]
    drawn = [draw(playbooks(name, [each for each in names if each != name])) for name in names]
    needs = sorted({each.need for each in drawn})
    prices = draw(st.sampled_from([True, True, False]))
    stake = draw(st.sampled_from([None, *STAKES]))
    return Library(
        name="drawn",
        playbooks=drawn,
        suppressions=[
            Suppression(
                name=f"s{place}",
                when=draw(conditions()),
                needs=draw(st.lists(st.sampled_from(needs), max_size=2, unique=True))
                if needs
                else (),
            )
            for place in range(draw(st.sampled_from([0, 0, 0, 1, 2])))
        ],
        levels=draw(levels()),
        prices={"csm": 80, "analyst": "62.5"} if prices else {},
        stake=stake,
        least_return=draw(st.sampled_from([None, "0.5", 1, 2])) if prices and stake else None,
    )


ABSENT = object()
_NUMBER = st.sampled_from([0, 1, 2, 3.0, 10.0, 2500, 1, 2, 5, None, math.nan, ABSENT])
_FLAG = st.sampled_from([True, False, True, False, None, ABSENT])
_DAY = st.sampled_from([TODAY - dt.timedelta(days) for days in (0, 7, 8, 30)] + [None, ABSENT])
FACTS = {
    **dict.fromkeys(("n1", "n2", "n3", "owner.seats"), _NUMBER),
    "t1": st.sampled_from(["a", "b", None, ABSENT]),
    **dict.fromkeys(("f1", "f2"), _FLAG),
    "d1": _DAY,
}


def records() -> st.SearchStrategy[dict[str, Any]]:
    """Facts of an account, unknown ones among them."""
    return st.fixed_dictionaries(FACTS).map(
        lambda drawn: {name: value for name, value in drawn.items() if value is not ABSENT}
    )


JUDGEMENTS = [each for each in Judgement if each is not Judgement.TOO_EARLY]
DAYS = st.integers(-40, 3).map(lambda days: TODAY + dt.timedelta(days))


@st.composite
def runs(draw: st.DrawFn, account: str, library: Library, cycle: int) -> Run:
    """A run of a playbook of the library, or of one that it has no more."""
    known = [(each.name, each.need, each.version) for each in library.playbooks]
    name, need, version = draw(st.sampled_from([*known, ("gone", "adoption", 1)]))
    started = draw(DAYS)
    ended, verdict = None, None
    if draw(st.integers(0, 6)):
        ended = started + dt.timedelta(draw(st.integers(0, 20)))
        judgement = draw(st.sampled_from([None, *([Judgement.FAILED] * 4), *JUDGEMENTS]))
        judged = ended + dt.timedelta(draw(st.integers(0, 10)))
        if judgement is not None:
            verdict = Verdict(judgement=judgement, judged_on=judged)
    return Run(
        account=account,
        need=need,
        playbook=name,
        version=draw(st.sampled_from([version, version, 1, 2])),
        started=started,
        subject=f"{cycle}",
        cycle=cycle,
        ended=ended,
        verdict=verdict,
    )


@st.composite
def opt_outs(draw: st.DrawFn, account: str) -> OptOut:
    since = draw(DAYS)
    until = draw(st.none() | st.integers(0, 40).map(lambda days: since + dt.timedelta(days)))
    return OptOut(
        account=account, need=draw(st.sampled_from(["", *NEEDS])), since=since, until=until
    )


@st.composite
def histories(draw: st.DrawFn, library: Library) -> History:
    """Of some of :data:`ACCOUNTS`, some of it compacted."""
    drawn = [
        draw(runs(account, library, cycle))
        for account in ACCOUNTS[:3]
        for cycle in range(1, 1 + draw(st.sampled_from([0, 1, 1, 2])))
    ]
    outs = [draw(opt_outs(each)) for each in draw(st.lists(st.sampled_from(ACCOUNTS), max_size=1))]
    history = History(runs=drawn, opt_outs=outs)
    return history.compacted(TODAY - dt.timedelta(10)) if draw(st.booleans()) else history
