"""A quick assessment is the plain one, to the last field of its evidence and the last error."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import slow_health
from cslib.errors import CslibError
from cslib.health import Assessment, Band, Combine, Group, Measure, Norm, Scorecard, Tier
from cslib.judging import judge_of, worth
from cslib.measures import leaves
from cslib.rules import FactError
from cslib.scoring import most_points
from scorecard_strategies import TODAY, accounts, overrides, scorecards

ANY = (Band(points=50),)


def fields_of(found: Assessment) -> str:
    """All of it, with the types that ``==`` would not tell apart."""
    return repr(found)


@given(scorecards(), accounts(), st.data())
def test_a_quick_assessment_is_the_plain_one(
    card: Scorecard, account: dict[str, Any], data: st.DataObject
) -> None:
    override = data.draw(overrides(card))

    quick = card.assess(account, as_of=TODAY, override=override)

    plain = slow_health.assess(card, account, TODAY, override=override)
    assert (quick, hash(quick), fields_of(quick)) == (plain, hash(plain), fields_of(plain))


@given(scorecards(), st.lists(accounts(), min_size=2, max_size=4), st.data())
def test_a_chain_of_quick_assessments_is_the_plain_one(
    card: Scorecard, rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    quick = plain = None
    day = TODAY
    for row in rows:
        quick = card.assess(row, as_of=day, previous=quick)
        plain = slow_health.assess(card, row, day, previous=plain)
        assert fields_of(quick) == fields_of(plain)
        day += dt.timedelta(data.draw(st.sampled_from([0, 1, 10, 25])))


def applying(
    measures: Sequence[Measure], groups: Sequence[Group], account: dict[str, Any]
) -> dict[str, Any]:
    """What stands side by side, without what does not apply to an account."""
    kept = [
        each
        for each in measures
        if each.when is None or each.when(account, as_of=TODAY) is not False
    ]
    inside = [(each, applying(each.measures, each.groups, account)) for each in groups]
    made = [attrs.evolve(each, **parts) for each, parts in inside if any(parts.values())]
    assume(not (kept or made) or any(each.weight for each in (*kept, *made)))
    return {"measures": kept, "groups": made}


@given(scorecards(), accounts())
def test_what_does_not_apply_is_as_if_the_scorecard_did_not_have_it(
    card: Scorecard, account: dict[str, Any]
) -> None:
    parts = applying(card.measures, card.groups, account)

    found = card.assess(account, as_of=TODAY)

    if not any(parts.values()):
        assert (found.tier, found.score, found.coverage) == ("unknown", None, 0)
        return
    assume(card.tiers[0].at_least <= most_points(**parts, combine=card.combine))
    names = {each.name for each in leaves(**parts)}
    caps = [cap for cap in card.caps if cap.measure in names]
    other = attrs.evolve(card, **parts, caps=caps).assess(account, as_of=TODAY)
    assert (found.tier, found.score, found.coverage) == (other.tier, other.score, other.coverage)
    assert found.caps == other.caps
    asked = [each for each in found.contributions if each.applies]
    assert asked == list(other.contributions)
    assert [each.measure for each in found.reasons] == [each.measure for each in other.reasons]


WRONG = st.sampled_from([1.5, "a", True, None, 2**60, (1.0, 2.0), b"x"])


def outcome(asked: Any) -> object:
    try:
        return repr(asked())
    except CslibError as error:
        return type(error), str(error)


@given(
    scorecards(),
    accounts(n1=WRONG, n2=WRONG, t1=WRONG, f1=WRONG),
    st.sampled_from([TODAY, None]),
)
def test_an_error_is_the_one_of_the_first_rule_that_raises(
    card: Scorecard, account: dict[str, Any], as_of: dt.date | None
) -> None:
    quick = outcome(lambda: card.assess(account, as_of=as_of))

    assert quick == outcome(lambda: slow_health.assess(card, account, as_of))


def test_the_widest_scorecard_and_the_longest_table_of_bands_are_judged_as_any() -> None:
    steps = tuple(Band(points=place, below=place) for place in range(1, 200))
    wide = [Measure(name=f"m{i}", value=f"x{i % 7}", bands=(Band(points=i),)) for i in range(999)]
    card = Scorecard(
        name="wide",
        measures=(*wide, Measure(name="steps", value="x0", bands=steps)),
        tiers=(Tier(name="any", at_least=0),),
    )
    account = {f"x{i}": i + 150.5 for i in range(6)}

    quick = card.assess(account)

    assert fields_of(quick) == fields_of(slow_health.assess(card, account))
    assert quick.contribution("steps").points == 151


def test_a_fact_that_no_norm_needed_is_an_error_all_the_same() -> None:
    norms = [Norm(when="plan == 'pro'", bands=ANY), Norm(when="seats > 100", bands=ANY)]
    card = Scorecard(
        name="norms",
        measures=(Measure(name="use", value="used", norms=norms),),
        tiers=(Tier(name="any", at_least=0),),
    )
    account = {"used": 1, "plan": "pro", "seats": 7}

    assert card.assess(account).contributions[0].norm == 'plan == "pro"'
    with pytest.raises(FactError, match="fact 'seats': expected number, but got 'many'"):
        card.assess({**account, "seats": "many"})


@given(
    st.lists(st.tuples(st.sampled_from(["0", "0.5", "1", "12.5"]), st.integers(-1, 2)), min_size=1),
)
def test_two_sums_are_what_the_tree_of_a_flat_mean_comes_to(given: list[tuple[str, int]]) -> None:
    measures = [
        Measure(name=f"m{place}", value=f"m{place}", weight=weight, bands=BANDS)
        for place, (weight, _) in enumerate([("1", 0), *given])
    ]
    judge = judge_of(measures, (), Combine.MEAN, ())
    account = {f"m{place}": each for place, (_, each) in enumerate([("1", 0), *given])}
    _, findings, sums, _ = judge.find(account, None, None, None)

    found = judge.score(findings, *sums)

    assert judge.is_flat
    assert found == judge.tree.score(list(map(worth, findings)))


BANDS = (Band(points=100, at_least=2), Band(points=60, at_least=1), Band(points=7, at_least=0))
"""A value of -1 is in none of them."""
