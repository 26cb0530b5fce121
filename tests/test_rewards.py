"""What a CSM earns by a lead (R7)."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.money import AllocationError, AmountError, InexactError
from cslib.rewards import Bonus, LeadOutcome, LeadReward, RewardError, Settlement

REWARD = LeadReward(
    name="leads",
    currency="CNY",
    won=Bonus(share="0.02"),
    lost=Bonus(amount=200),
    source="R7 (W)",
)


def settle(outcome: str, **rest: Any) -> Settlement:
    return REWARD.settle(outcome, **{"csms": {"ann": 1}, **rest})


def payouts(settlement: Settlement) -> dict[str, tuple[Decimal, Decimal]]:
    return {each.csm: (each.earned, each.due) for each in settlement.payouts}


def test_a_csm_whose_lead_is_won_is_paid_a_share_of_what_came_of_it() -> None:
    found = settle("won", value=120_000)

    assert found.earned == Decimal("2400.00")
    assert found.reason == "won: 2.00 % of 120000.00 CNY is 2400.00"
    assert payouts(found) == {"ann": (Decimal("2400.00"), Decimal("2400.00"))}


def test_an_open_lead_has_earned_nothing_yet() -> None:
    found = settle("open")

    assert (found.outcome, found.earned) == (LeadOutcome.OPEN, 0)
    assert found.reason == "open: nothing yet"


def test_a_lost_lead_earns_the_fixed_amount_that_was_agreed() -> None:
    found = settle("lost")

    assert found.earned == 200
    assert str(found) == ("lost: a fixed 200.00 CNY\n  ann: earned 200.00, paid 0.00, due 200.00")


def test_a_lost_lead_earns_nothing_where_nothing_was_agreed() -> None:
    found = attrs.evolve(REWARD, lost=None).settle("lost", csms={"ann": 1})

    assert (found.earned, found.bonus) == (0, None)
    assert found.reason == "lost: nothing is earned"


def test_what_was_paid_for_an_order_that_is_rescinded_is_taken_back() -> None:
    won = settle("won", value=100_000, csms={"ann": 1, "bo": 1})
    paid = {each.csm: each.due for each in won.payouts}

    found = settle("rescinded", csms={"ann": 1, "bo": 1}, paid=paid)

    assert found.reason == "rescinded: nothing is earned, and what was paid is taken back"
    assert payouts(found) == {"ann": (0, Decimal(-1000)), "bo": (0, Decimal(-1000))}


def test_a_csm_paid_before_who_has_no_part_any_more_is_shown_and_pays_back() -> None:
    found = settle("won", value=100_000, paid={"bo": 500})

    assert payouts(found) == {"ann": (2000, 2000), "bo": (0, -500)}


def test_several_csms_share_one_order_to_the_cent() -> None:
    found = settle("won", value=Decimal("5000.00"), csms={"cy": 1, "ann": 1, "bo": 1})

    assert [(each.csm, str(each.earned)) for each in found.payouts] == [
        ("ann", "33.34"),
        ("bo", "33.33"),
        ("cy", "33.33"),
    ]


def test_one_who_brought_the_need_can_weigh_more_than_one_who_helped() -> None:
    found = settle(
        "won", value=100_000, csms={"brought": Decimal("0.75"), "helped": Fraction(1, 4)}
    )

    assert payouts(found) == {"brought": (1500, 1500), "helped": (500, 500)}


@pytest.mark.parametrize(
    ("value", "earned"), [("0.25", "0.00"), ("0.75", "0.02"), ("1.25", "0.02"), ("0.76", "0.02")]
)
def test_half_a_cent_goes_to_the_even_one(value: str, earned: str) -> None:
    found = settle("won", value=Decimal(value))

    assert str(found.earned) == earned


def test_a_currency_without_cents_pays_whole_units() -> None:
    yen = LeadReward(name="leads", currency="JPY", won=Bonus(share="0.015"))

    assert yen.settle("won", value=12_345, csms={"ann": 1}).earned == 185


def test_a_won_order_of_nothing_earns_nothing() -> None:
    assert settle("won", value=0).earned == 0


def test_a_won_order_needs_its_value() -> None:
    with pytest.raises(InexactError, match="unknown is not 0"):
        settle("won")


def test_a_fixed_amount_needs_no_value() -> None:
    fixed = LeadReward(name="leads", currency="EUR", won=Bonus(amount=300))

    assert fixed.settle("won", csms={"ann": 1}).value is None


def test_a_value_below_zero_a_float_and_a_finer_one_are_refused() -> None:
    with pytest.raises(RewardError, match="expected a won value of 0 or more, but got -1"):
        settle("won", value=-1)
    with pytest.raises(InexactError, match="float"):
        settle("won", value=0.5)
    with pytest.raises(AmountError, match="finer than the minor unit"):
        settle("won", value=Decimal("0.001"))


def test_an_unknown_outcome_is_refused_with_what_was_meant() -> None:
    with pytest.raises(RewardError, match="unknown outcome 'wonn': did you mean 'won'"):
        settle("wonn")
    with pytest.raises(RewardError, match="expected one of won, lost, open, rescinded"):
        settle("?")


def test_a_lead_without_csms_is_refused() -> None:
    with pytest.raises(AllocationError, match="there are no weights"):
        settle("won", value=1, csms={})


def test_what_was_paid_is_taken_back_where_no_csm_is_named() -> None:
    found = settle("rescinded", csms={}, paid={"ann": 5})

    assert payouts(found) == {"ann": (0, -5)}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"csms": {"ann": 1, 5: 1}}, "csms: expected names, but got the int 5"),
        ({"csms": ["ann"]}, "csms: expected a mapping of names, but got a list of 1"),
        ({"paid": ["ann"]}, "paid: expected a mapping of names, but got a list of 1"),
        ({"paid": {None: 1}}, "paid: expected names, but got None"),
    ],
)
def test_csms_are_given_by_name(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(RewardError) as caught:
        settle("open", **given)

    assert str(caught.value) == problem


def test_the_reason_is_exact_whatever_the_context_of_decimals() -> None:
    share = Decimal("0.12345678901234567890123456789012345")
    reward = attrs.evolve(REWARD, won=Bonus(share=share))

    with localcontext(prec=3):
        found = reward.settle("won", value=100, csms={"ann": 1})

        assert found.reason == (
            "won: 12.34567890123456789012345678901234500 % of 100.00 CNY is 12.35"
        )


AMOUNTS = st.decimals(0, 10**7, places=2)
WEIGHTS = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 9), min_size=1)


@given(AMOUNTS, WEIGHTS)
def test_the_payouts_add_up_to_what_the_order_earns(value: Decimal, csms: dict[str, int]) -> None:
    found = REWARD.settle("won", value=value, csms=csms)

    assert sum(each.earned for each in found.payouts) == found.earned
    assert abs(Fraction(found.earned) - Fraction(value) / 50) <= Fraction(1, 200)


@given(AMOUNTS, WEIGHTS)
def test_nothing_is_left_of_a_rescinded_order(value: Decimal, csms: dict[str, int]) -> None:
    won = REWARD.settle("won", value=value, csms=csms)
    back = REWARD.settle("rescinded", csms=csms, paid={e.csm: e.due for e in won.payouts})

    assert [a.due + b.due for a, b in zip(won.payouts, back.payouts, strict=True)] == [0] * len(
        csms
    )


@given(AMOUNTS, WEIGHTS)
def test_the_order_in_which_csms_are_named_changes_nothing(
    value: Decimal, csms: dict[str, int]
) -> None:
    reversed_ = dict(reversed(csms.items()))

    assert REWARD.settle("won", value=value, csms=csms) == REWARD.settle(
        "won", value=value, csms=reversed_
    )


def test_a_reward_goes_to_json_and_back_unchanged() -> None:
    read = from_json(to_json(REWARD), LeadReward)

    assert read == REWARD
    assert read.fingerprint == REWARD.fingerprint == settle("open").definition
    assert json.loads(to_json(REWARD))["won"] == {"share": "0.02"}


ABOVE_ZERO = "expected an exact number above 0, but got"


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({}, ["$: give a share or an amount, and not both"]),
        ({"share": "0.1", "amount": 5}, ["$: give a share or an amount, and not both"]),
        ({"share": 2}, ["$.share: expected a share of at most 1, but got 2"]),
        (
            {"share": 0.02},
            [f"$.share: {ABOVE_ZERO} the float 0.02; write Decimal('0.02')"],
        ),
        (
            {"share": "1E-500"},
            ["$.share: expected at most 100 digits, but got the Decimal 1E-500"],
        ),
        (
            {"amount": "1E+500"},
            ["$.amount: expected at most 100 digits, but got the Decimal 1E+500"],
        ),
        ({"amount": "-1"}, [f"$.amount: {ABOVE_ZERO} the Decimal -1"]),
        (
            {"amount": "five"},
            [f"$.amount: {ABOVE_ZERO} the str 'five'"],
        ),
    ],
)
def test_a_bonus_is_a_share_or_an_exact_amount(given: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(DefinitionError) as caught:
        Bonus(**given)

    assert [str(fault) for fault in caught.value.faults] == faults


def test_every_fault_of_a_reward_is_reported_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        LeadReward(
            name="",
            currency="EUR",
            won=Bonus(amount="0.001"),
            lost=Bonus(share="0.1"),
            source=5,  # type: ignore[arg-type]
        )

    assert [fault.path for fault in caught.value.faults] == [
        "$.name",
        "$.source",
        "$.won.amount",
        "$.lost.share",
    ]


def test_a_reward_is_made_of_bonuses() -> None:
    with pytest.raises(DefinitionError) as caught:
        LeadReward(name="leads", currency="EUR", won=None, lost="200")  # type: ignore[arg-type]

    assert [str(fault) for fault in caught.value.faults] == [
        "$.won: expected a Bonus, but got None",
        "$.lost: expected a Bonus, but got the str '200'",
    ]


def test_an_unknown_currency_is_told_of_once_and_with_what_else_is_wrong() -> None:
    with pytest.raises(DefinitionError, match="unknown currency 'cny'") as caught:
        LeadReward(name="", currency="cny", won=Bonus(amount="0.001"))

    assert [fault.path for fault in caught.value.faults] == ["$.name", "$.currency"]


@pytest.mark.parametrize("digits", ["1e-99", "0." + "9" * 99])
def test_a_share_of_as_many_digits_as_a_document_holds_is_settled(digits: str) -> None:
    reward = attrs.evolve(REWARD, won=Bonus(share=digits))

    found = reward.settle("won", value=100, csms={"ann": 1})

    assert Fraction(found.reason.split()[1]) == 100 * Fraction(Decimal(digits))


@pytest.mark.parametrize("currency", [None, 5, []])
def test_a_currency_that_is_no_text_is_a_fault(currency: Any) -> None:
    with pytest.raises(DefinitionError, match="expected a code, such as 'EUR'") as caught:
        LeadReward(name="leads", currency=currency, won=Bonus(amount=5))

    assert [fault.path for fault in caught.value.faults] == ["$.currency"]


def test_an_amount_finer_than_the_currency_has_it_is_a_fault() -> None:
    with pytest.raises(
        DefinitionError,
        match=r"\$.won.amount: expected no more decimals than JPY has, but got 1.5",
    ):
        LeadReward(name="leads", currency="JPY", won=Bonus(amount="1.5"))
