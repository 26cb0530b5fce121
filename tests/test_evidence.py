"""Evidence: made once, when somebody asks, from what was found then."""

from __future__ import annotations

import pickle
from fractions import Fraction
from typing import Any

import attrs
from hypothesis import given

from cslib.health import Anchor, Band, Measure, Scorecard, Tier
from scorecard_strategies import TODAY, accounts, scorecards

BANDS = (Band(points=100, at_least=2), Band(points=60, at_least=1), Band(points=7, at_least=0))
CARD = Scorecard(
    name="small",
    measures=(
        Measure(name="seat use", value="used", weight=2, bands=(Band(points=80, label="low"),)),
        Measure(
            name="nps", value="nps", anchors=(Anchor(at=0, points=0), Anchor(at=3, points=100))
        ),
    ),
    tiers=(Tier(name="red", at_least=0),),
)


def test_the_evidence_is_made_once_and_only_when_asked_for() -> None:
    found = CARD.assess({"used": 1, "nps": 1})

    assert found.tier == "red"
    assert not {"score", "coverage", "contributions"} & set(vars(found))
    assert found.contributions is found.contributions


def test_an_account_that_changes_later_does_not_change_what_was_found() -> None:
    account = {"used": 1, "nps": 1}
    found, same = CARD.assess(account), CARD.assess(account)
    assert same.score == Fraction(193_333, 3_000)

    account["nps"] = 3

    assert found == same


@given(scorecards(), accounts())
def test_groups_side_by_side_and_measures_beside_them_add_up_to_the_score(
    card: Scorecard, account: dict[str, Any]
) -> None:
    found = card.assess(account, as_of=TODAY)

    outer = [each for each in found.groups if not each.groups]
    beside = [each for each in found.contributions if not each.groups]
    if found.score is not None:
        assert sum(each.exact for each in (*outer, *beside)) == found.score
        assert sum(each.share or 0 for each in (*outer, *beside)) == found.shown


def test_a_contribution_is_as_if_it_had_been_made_by_its_own_way() -> None:
    card = Scorecard(
        name="x",
        measures=[Measure(name="m", value="m", bands=BANDS)],
        tiers=[Tier(name="any", at_least=0)],
    )

    (found,) = card.assess({"m": 1}, as_of=TODAY).contributions

    assert attrs.evolve(found) == found
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301  our own
    assert [*attrs.asdict(found, recurse=False)] == [
        each.name for each in attrs.fields(type(found))
    ]
