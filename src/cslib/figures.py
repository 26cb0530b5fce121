"""Figures: what a convention counts of each line, and the rates that follow.

A part of :mod:`cslib.renewal`, whose report asks here.
"""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import attrs

from cslib.conventions import RenewalConvention
from cslib.dispositions import Disposition, Line, Outcome, total, value_of
from cslib.rates import Rate

__all__ = [
    "LEFT_OUT",
    "NO_PAYMENTS",
    "Difference",
    "Figures",
    "Part",
    "Verdict",
    "annual_rate",
    "figures_of",
    "never_due_of",
    "part_of",
    "silence_of",
    "verdict_of",
]


@attrs.frozen(kw_only=True)
class Figures:
    """One rate, by count of contracts and by annual value.

    Attributes:
        count: Contracts of contracts.
        value: Annual value of annual value, in major units.
    """

    count: Rate
    value: Rate


@attrs.frozen(kw_only=True)
class Part:
    """The lines of one disposition; the parts of a report make up all that fell due.

    Attributes:
        disposition: What became of them.
        lines: How many they are.
        expiring_value: Their value at stake.
        renewed_value: How much of that was renewed and collected, gross.
    """

    disposition: Disposition
    lines: int
    expiring_value: Decimal
    renewed_value: Decimal


@attrs.frozen(kw_only=True)
class Verdict:
    """What a convention says of a line.

    Attributes:
        kept: What it renewed; None where it was not renewed.
        left_out: Why it stands outside the rate; empty where it does not.
    """

    kept: Decimal | None = None
    left_out: str = ""

    def __str__(self) -> str:
        if self.left_out:
            return f"left out, {self.left_out}"
        return "not renewed" if self.kept is None else f"renewed {self.kept}"


@attrs.frozen(kw_only=True, repr=False)
class Difference:
    """A contract that two conventions count otherwise.

    Attributes:
        line: The contract.
        a: What the first convention says of it.
        b: What the second says.
    """

    line: Line
    a: Verdict
    b: Verdict

    def __str__(self) -> str:
        return f"{self.line.contract}: {self.a}; {self.b}; {self.line.reason}"

    def __repr__(self) -> str:
        return f"<{self}>"


# --------------------------------------------------------------------------------------
# How they are made

LEFT_OUT: Mapping[Outcome, str] = {
    Outcome.UNCLEAR: "unclear",
    Outcome.RESCINDED: "rescinded (L9)",
    Outcome.SIGNED: "signed, cash unknown",
    Outcome.LOST_TO_CLOSURE: "lost to closure",
}
"""Why a line of an outcome stands outside a rate, where the convention leaves it out."""
NO_PAYMENTS = "cash unknown, no payments given"
"""Why every line does under a convention that asks for cash, where there are no payments."""
_ALWAYS = (Outcome.UNCLEAR, Outcome.RESCINDED)


def verdict_of(line: Line, convention: RenewalConvention, has_payments: bool) -> Verdict:
    """What a convention says of a line; without payments, one that asks for cash says nothing."""
    if line.outcome in _ALWAYS:
        return Verdict(left_out=LEFT_OUT[line.outcome])
    if convention.collected and not has_payments:
        return Verdict(left_out=NO_PAYMENTS)
    signed = line.renewing(by=convention.by, collected=False)
    if convention.collected and not all(each.cash.is_known for each in signed):
        return Verdict(left_out=LEFT_OUT[Outcome.SIGNED])
    found = line.renewing(by=convention.by, collected=convention.collected)
    if found:
        value = value_of(found, collected=convention.collected)
        return Verdict(kept=min(value, line.expiring_value) if convention.capped else value)
    is_left_out = line.outcome is Outcome.LOST_TO_CLOSURE and not convention.closures
    return Verdict(left_out=LEFT_OUT[line.outcome] if is_left_out else "")


def figures_of(judged: Sequence[tuple[Line, Verdict]], convention: RenewalConvention) -> Figures:
    """A rate over the lines that are not left out, and what was."""
    inside = [(line, verdict) for line, verdict in judged if not verdict.left_out]
    numbers: dict[str, int] = defaultdict(int)
    values: dict[str, Fraction] = defaultdict(Fraction)
    for line, verdict in judged:
        if verdict.left_out:
            numbers[verdict.left_out] += 1
            values[verdict.left_out] += Fraction(line.expiring_value)
    return Figures(
        count=Rate.of_counts(
            sum(verdict.kept is not None for _, verdict in inside),
            len(inside),
            convention=convention.name,
            excluded=numbers,
        ),
        value=Rate.of_values(
            [verdict.kept or 0 for _, verdict in inside],
            [line.expiring_value for line, _ in inside],
            convention=convention.name,
            excluded=values,
        ),
    )


def part_of(disposition: Disposition, lines: Sequence[Line]) -> Part:
    """The lines of a disposition, added up."""
    return Part(
        disposition=disposition,
        lines=len(lines),
        expiring_value=total(line.expiring_value for line in lines),
        renewed_value=total(line.renewed_value for line in lines),
    )


def silence_of(last_recorded: dt.date | None, today: dt.date, grace_days: int) -> str:
    """How long before today the records end, where that is more than grace; empty else.

    >>> silence_of(dt.date(2025, 6, 30), dt.date(2026, 6, 30), 30)
    'nothing is recorded after 2025-06-30, 365 days before'
    >>> silence_of(dt.date(2026, 6, 9), dt.date(2026, 6, 30), 30)
    ''
    """
    days = 0 if last_recorded is None else (today - last_recorded).days
    return (
        f"nothing is recorded after {last_recorded}, {days} days before"
        if days > grace_days
        else ""
    )


def never_due_of(endless: int) -> str:
    """How many contracts have no end, in words; empty where none is without.

    >>> never_due_of(2), never_due_of(1), never_due_of(0)
    ('2 contracts have no end and never fall due', '1 contract has no end and never falls due', '')
    """
    if endless == 1:
        return "1 contract has no end and never falls due"
    return f"{endless:,} contracts have no end and never fall due" if endless else ""


def annual_rate(stakes: Sequence[tuple[Fraction, Fraction, float]]) -> float | None:
    """The ``q`` with ``sum(at_stake * q ** years) == sum(kept)``, by bisection of its logarithm."""
    at_stake, kept = sum(s for s, _, _ in stakes), sum(k for _, k, _ in stakes)
    if not at_stake or not kept:
        return 0.0 if at_stake else None
    shares = [(float(s / at_stake), years) for s, _, years in stakes if s]
    rate = float(kept / at_stake)
    limits = [math.log(rate) / years for _, years in shares]  # were all terms as long as this one
    low, high = min(limits), max(limits)
    for _ in range(100 if low < high else 0):
        middle = (low + high) / 2
        reached = sum(share * _power(middle * years) for share, years in shares)
        low, high = (middle, high) if reached < rate else (low, middle)
    return _power(high)


def _power(logarithm: float) -> float:
    """Where no float can hold it, infinite: ten times as much after a day, taken for a year."""
    return math.exp(logarithm) if logarithm < math.log(sys.float_info.max) else math.inf
