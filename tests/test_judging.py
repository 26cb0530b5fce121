"""A quick assessment is the plain one, to the last field of its evidence and the last error."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import slow_health
from cslib.errors import CslibError
from cslib.health import Assessment, Scorecard
from scorecard_strategies import TODAY, accounts, overrides, scorecards


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
