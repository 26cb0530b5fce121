"""Rewards: what a CSM earns by a lead, by what came of it, and what is still due.

A :class:`LeadReward` is data: what a won order earns, and a lost one. :meth:`LeadReward.settle`
splits it exactly among those who brought the need or helped, and sets off what they were paid
before, so that an order that is rescinded takes it back. The rulings where two readers could differ
are in ``docs/semantics.md``, "Ownership".
"""

from __future__ import annotations

import decimal
import enum
import functools
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from cslib.documents import document, fingerprint
from cslib.errors import CslibError, Fault, suggestion
from cslib.faults import MAX_DIGITS, exact_decimal, name_faults, refuse, shown, text_faults
from cslib.money import (
    AmountError,
    Exact,
    UnknownCurrencyError,
    allocate,
    currency_exponent,
    to_major,
    to_minor,
)

__all__ = [
    "Bonus",
    "LeadOutcome",
    "LeadReward",
    "Payout",
    "RewardError",
    "Settlement",
]


@attrs.define
class RewardError(CslibError, ValueError):
    """What came of a lead cannot be rewarded as it was given.

    Attributes:
        problem: What is wrong, and what was expected.
    """

    problem: str

    def __str__(self) -> str:
        return self.problem


class LeadOutcome(enum.StrEnum):
    """What came of a lead."""

    WON = "won"
    """The order was won."""
    LOST = "lost"
    """It was lost."""
    OPEN = "open"
    """Nothing yet."""
    RESCINDED = "rescinded"
    """It was won and then taken back, as a deal that is stopped and refunded (L9)."""


@attrs.frozen(kw_only=True)
class Bonus:
    """A share of the won value, or a fixed amount; for one order, whoever brought it.

    Attributes:
        share: The share, above 0 and at most 1: ``"0.02"`` is 2 %.
        amount: The fixed amount, in major units, above 0.

    Raises:
        DefinitionError: With every fault: neither or both of share and amount, a float, a number
            of more than 100 digits when written out.
    """

    share: Decimal | None = attrs.field(
        default=None, converter=attrs.converters.optional(exact_decimal)
    )
    amount: Decimal | None = attrs.field(
        default=None, converter=attrs.converters.optional(exact_decimal)
    )

    def __attrs_post_init__(self) -> None:
        refuse("bonus", _bonus_faults(self))


def _bonus_faults(bonus: Bonus) -> Iterator[Fault]:
    yield from _above_zero_faults("$.share", bonus.share)
    yield from _above_zero_faults("$.amount", bonus.amount)
    if isinstance(bonus.share, Decimal) and bonus.share > 1:
        yield Fault("$.share", f"expected a share of at most 1, but got {bonus.share}")
    if (bonus.share is None) == (bonus.amount is None):
        yield Fault("$", "give a share or an amount, and not both")


def _above_zero_faults(path: str, value: object) -> Iterator[Fault]:
    if value is None:
        return
    if isinstance(value, Decimal) and value.is_finite() and value > 0:
        yield from _length_faults(path, value)
        return
    hint = f"; write Decimal('{value}')" if isinstance(value, float) else ""
    problem = f"expected an exact number above 0, but got {shown(value)}{hint}"
    yield Fault(path, problem)


def _length_faults(path: str, value: Decimal) -> Iterator[Fault]:
    """As of a number in a document, which the definition must go into."""
    decimals = max(0, -int(value.as_tuple().exponent))
    if max(0, value.adjusted()) + decimals >= MAX_DIGITS:
        yield Fault(path, f"expected at most {MAX_DIGITS} digits, but got {shown(value)}")


@document("lead_reward", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class LeadReward:
    """What a CSM is paid who brings sales a new need or helps win the order (R7, W).

    Attributes:
        name: Its name.
        currency: ISO 4217 code of its amounts and of the values that it is asked about.
        won: What a won order earns.
        lost: What a lost one earns all the same, a fixed amount; None for nothing.
        source: Where it comes from.

    Raises:
        DefinitionError: With every fault: an unknown currency, an amount finer than its minor
            unit, a share of what was lost.

    >>> reward = LeadReward(
    ...     name="leads", currency="CNY", won=Bonus(share="0.02"), lost=Bonus(amount=200)
    ... )
    >>> found = reward.settle("won", value=250_000, csms={"ann": 2, "bo": 1})
    >>> print(found)
    won: 2.00 % of 250000.00 CNY is 5000.00
      ann: earned 3333.33, paid 0.00, due 3333.33
      bo: earned 1666.67, paid 0.00, due 1666.67
    """

    name: str
    currency: str
    won: Bonus
    lost: Bonus | None = None
    source: str = ""

    def __attrs_post_init__(self) -> None:
        refuse(f"lead reward {self.name!r}", _reward_faults(self))

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition a lead was settled."""
        return fingerprint(self)

    def settle(
        self,
        outcome: str,
        *,
        value: Exact | None = None,
        csms: Mapping[str, Exact],
        paid: Mapping[str, Exact] | None = None,
    ) -> Settlement:
        """What each CSM has earned by a lead, and what is due after what was paid.

        The order earns its bonus once, rounded half-even to the minor unit; it is split by largest
        remainder, ties by name. What is due can be negative: what was paid for an order
        that is rescinded is taken back.

        Args:
            outcome: What came of it, of :class:`LeadOutcome`.
            value: The won value in major units; needed where the bonus is a share of it.
            csms: Who brought the need or helped, each with a weight; only proportions matter.
            paid: What each was paid for this order already, in major units.

        Raises:
            RewardError: If the outcome is none, the value is below 0, or ``csms`` or ``paid`` are
                no mapping of names.
            InexactError: If a number is a float, or a value that is needed is missing.
            AmountError: If an amount is finer than the minor unit.
            AllocationError: If something is earned and there is no CSM; or if there is no weight
                above 0, or one below.
        """
        came = _outcome(outcome)
        _check_names("csms", csms)
        _check_names("paid", {} if paid is None else paid)
        bonus = {LeadOutcome.WON: self.won, LeadOutcome.LOST: self.lost}.get(came)
        won = None if bonus is None or bonus.share is None else self._won_value(value)
        earned = 0 if bonus is None else self._earned(bonus, won)
        return Settlement(
            outcome=came,
            currency=self.currency,
            value=won,
            bonus=bonus,
            earned=self._major(earned),
            payouts=tuple(self._payouts(earned, csms, paid or {})),
            definition=self.fingerprint,
        )

    def _won_value(self, value: Any) -> Decimal:
        won = self._major(self._minor(value))  # with all the currency's decimals, or refused
        if won < 0:
            raise RewardError(f"expected a won value of 0 or more, but got {won}")
        return won

    def _earned(self, bonus: Bonus, won: Decimal | None) -> int:
        if bonus.share is None or won is None:
            return self._minor(bonus.amount)
        full = Fraction(won) * Fraction(bonus.share)
        return to_minor(full, self.currency, rounding=decimal.ROUND_HALF_EVEN)

    def _payouts(
        self, earned: int, csms: Mapping[str, Exact], paid: Mapping[str, Exact]
    ) -> Iterator[Payout]:
        names = sorted(csms)
        weights = [csms[name] for name in names]
        shares = allocate(earned, weights) if weights or earned else ()
        split = dict(zip(names, shares, strict=True))
        for name in sorted({*names, *paid}):
            own, before = split.get(name, 0), self._minor(paid.get(name, 0))
            yield Payout(
                csm=name,
                earned=self._major(own),
                paid=self._major(before),
                due=self._major(own - before),
            )

    def _minor(self, amount: Any) -> int:
        return to_minor(amount, self.currency)

    def _major(self, minor: int) -> Decimal:
        return to_major(minor, self.currency)


def _outcome(value: str) -> LeadOutcome:
    try:
        return LeadOutcome(value)
    except ValueError:
        known = [outcome.value for outcome in LeadOutcome]
        hint = suggestion(str(value), known) or f"; expected one of {', '.join(known)}"
        raise RewardError(f"unknown outcome {value!r}{hint}") from None


def _check_names(argument: str, given: object) -> None:
    if not isinstance(given, Mapping):
        raise RewardError(f"{argument}: expected a mapping of names, but got {shown(given)}")
    for name in given:
        if not isinstance(name, str):
            raise RewardError(f"{argument}: expected names, but got {shown(name)}")


def _reward_faults(reward: LeadReward) -> Iterator[Fault]:
    yield from name_faults("$.name", reward.name)
    yield from text_faults("$.source", reward.source)
    try:
        currency_exponent(reward.currency)
    except UnknownCurrencyError as error:
        yield Fault("$.currency", str(error))
    yield from _amount_faults("$.won", reward.won, reward.currency)
    if reward.lost is not None:
        yield from _amount_faults("$.lost", reward.lost, reward.currency)
    if isinstance(reward.lost, Bonus) and reward.lost.share is not None:
        yield Fault("$.lost.share", "a lost order has no value to share; give an amount")


def _amount_faults(path: str, bonus: object, currency: str) -> Iterator[Fault]:
    if not isinstance(bonus, Bonus):
        yield Fault(path, f"expected a Bonus, but got {shown(bonus)}")
    elif bonus.amount is not None:
        try:
            to_minor(bonus.amount, currency)
        except AmountError:
            problem = f"expected no more decimals than {currency} has, but got {bonus.amount}"
            yield Fault(f"{path}.amount", problem)
        except UnknownCurrencyError:
            return  # the currency has a fault of its own


@attrs.frozen(kw_only=True)
class Payout:
    """One CSM's part of a reward, in major units.

    Attributes:
        csm: Who.
        earned: What the lead has earned them, as its outcome stands.
        paid: What they were paid for it already.
        due: What is still to be paid; below 0, what is taken back.
    """

    csm: str
    earned: Decimal
    paid: Decimal
    due: Decimal


@attrs.frozen(kw_only=True)
class Settlement:
    """What a lead earns, and how that came about.

    Attributes:
        outcome: What came of the lead.
        currency: The currency of every amount here.
        value: The won value that a share was taken of; None where none was.
        bonus: The bonus that applied; None where the outcome earns nothing.
        earned: What the order earns, rounded half-even to the minor unit; the payouts add up to it.
        payouts: What each CSM earned and is due, by name; also those who were paid before.
        definition: The fingerprint of the reward.
    """

    outcome: LeadOutcome
    currency: str
    value: Decimal | None
    bonus: Bonus | None
    earned: Decimal
    payouts: tuple[Payout, ...]
    definition: str

    @property
    def reason(self) -> str:
        """How the order's reward came about, in words."""
        if self.bonus is None:
            return f"{self.outcome}: {_WITHOUT_BONUS[self.outcome]}"
        if self.bonus.share is None:
            return f"{self.outcome}: a fixed {self.earned} {self.currency}"
        share = f"{_EXACT.multiply(self.bonus.share, 100):f} %"
        return f"{self.outcome}: {share} of {self.value} {self.currency} is {self.earned}"

    def __str__(self) -> str:
        lines = (
            f"  {each.csm}: earned {each.earned}, paid {each.paid}, due {each.due}"
            for each in self.payouts
        )
        return "\n".join((self.reason, *lines))


_EXACT = decimal.Context(prec=MAX_DIGITS + 2, traps=[decimal.Inexact])  # whatever the caller's is
_WITHOUT_BONUS: Mapping[LeadOutcome, str] = {
    LeadOutcome.OPEN: "nothing yet",
    LeadOutcome.LOST: "nothing is earned",
    LeadOutcome.RESCINDED: "nothing is earned, and what was paid is taken back",
}
