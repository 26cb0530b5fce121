"""Tiers: the words that a score stands for, and when an account changes from one to another.

A part of :mod:`cslib.health`. The tier that the score gives is the *model's*. With
:class:`Hysteresis` it does not flap: a better tier is entered only a margin above its cut-off, a
worse one a margin below, and not before a number of days. A :class:`Cap` then keeps it from being
better than some tier while a measure is in a band (a veto is a cap at the worst), at once and
whatever the margins; an :class:`Override` by a person comes last. Both leave the model's tier
visible, and only it has a history: when a cap ends, the tier is what the model has been saying
(``docs/semantics.md``, "Health").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

import attrs

from cslib.bands import MAX_POINTS
from cslib.errors import Fault, suggestion
from cslib.faults import (
    decimal_faults,
    exact_decimal,
    name_faults,
    refuse,
    shown,
    text_faults,
    whole_faults,
)
from cslib.measures import MAX_DAYS, Measure
from cslib.moments import utc_day
from cslib.rules import Rule, condition

__all__ = ["UNKNOWN", "Cap", "Hysteresis", "Indicator", "Override", "Tier", "stable_tier"]

UNKNOWN = "unknown"
"""The tier of an account of which too little is known for a score."""


@attrs.frozen(kw_only=True)
class Tier:
    """A tier and the lowest score in it.

    Attributes:
        name: Its name; "unknown" is taken.
        at_least: The lowest score, itself included: a whole number, a Decimal or its text, 0 to
            1000, of at most 6 decimals.
    """

    name: str
    at_least: Decimal = attrs.field(converter=exact_decimal)

    def __attrs_post_init__(self) -> None:
        refuse(f"tier {self.name!r}", _tier_faults(self))


@attrs.frozen(kw_only=True)
class Hysteresis:
    """What keeps a tier from changing to and fro.

    Attributes:
        rise: How far above its cut-off the score must be to enter a better tier than before.
        fall: How far below the cut-off of its tier it must be to leave it for a worse one.
        dwell: How many days a tier lasts at the least, once entered.
        expires: For how many days an assessment counts as the one before; None: for ever.

    >>> steady = Hysteresis(rise=2, fall="2.5", dwell=14)
    >>> steady.rise, steady.fall
    (Decimal('2'), Decimal('2.5'))
    """

    rise: Decimal = attrs.field(default=Decimal(0), converter=exact_decimal)
    fall: Decimal = attrs.field(default=Decimal(0), converter=exact_decimal)
    dwell: int = 0
    expires: int | None = None

    def __attrs_post_init__(self) -> None:
        expires = (
            () if self.expires is None else whole_faults("$.expires", self.expires, 1, MAX_DAYS)
        )
        faults = [
            *decimal_faults("$.rise", self.rise, MAX_POINTS),
            *decimal_faults("$.fall", self.fall, MAX_POINTS),
            *whole_faults("$.dwell", self.dwell, 0, MAX_DAYS),
            *expires,
        ]
        refuse("hysteresis", faults)


@attrs.frozen(kw_only=True)
class Cap:
    """A tier that the account is not better than while a measure is in a band.

    Attributes:
        measure: The measure.
        label: The label of the band. A value that is missing, too old or in another band caps
            nothing.
        tier: The tier; the worst one makes it a veto.
        meaning: Why, in words.

    >>> Cap(measure="sentiment", label="red", tier="red").tier
    'red'
    """

    measure: str
    label: str
    tier: str
    meaning: str = ""

    def __attrs_post_init__(self) -> None:
        faults = [
            *name_faults("$.measure", self.measure),
            *name_faults("$.label", self.label),
            *name_faults("$.tier", self.tier),
            *text_faults("$.meaning", self.meaning),
        ]
        refuse("cap", faults)


@attrs.frozen(kw_only=True)
class Indicator:
    """Something that happened and that one wants to see beside the score; it is not in it.

    Attributes:
        name: Its name.
        when: A rule over facts: the owner left, a payment failed, use fell on the week.
        meaning: What it says, in words.

    >>> Indicator(name="owner left", when="owner_changed_days <= 30").name
    'owner left'
    """

    name: str
    when: Rule = attrs.field(converter=condition)
    meaning: str = ""

    def __attrs_post_init__(self) -> None:
        faults = [*name_faults("$.name", self.name), *text_faults("$.meaning", self.meaning)]
        refuse(f"indicator {self.name!r}", faults)


@attrs.frozen(kw_only=True)
class Override:
    """A tier that a person sets by hand for a while; what the model says stays visible.

    Attributes:
        tier: The tier.
        author: Who set it.
        reason: Why.
        made_on: Since when it counts, itself included.
        until: Its last day; it counts on it, and no longer.

    Raises:
        DefinitionError: If nobody set it, for no reason, or if it ends before it begins.

    >>> quiet = Override(tier="green", author="li", reason="on leave until May",
    ...                  made_on=dt.date(2026, 4, 2), until=dt.date(2026, 4, 30))
    >>> quiet.holds(dt.date(2026, 4, 30)), quiet.holds(dt.date(2026, 5, 1))
    (True, False)
    """

    tier: str
    author: str
    reason: str
    made_on: dt.date
    until: dt.date

    def __attrs_post_init__(self) -> None:
        refuse("override", _override_faults(self))

    def holds(self, as_of: dt.date) -> bool:
        """Whether it counts at a moment."""
        return self.made_on <= utc_day(as_of) <= self.until


# --------------------------------------------------------------------------------------
# Which tier


def stable_tier(
    score: Fraction, cuts: Sequence[Fraction], before: int | None, margins: Hysteresis | None
) -> int:
    """The place of the tier that a score gives, tiers standing best first.

    Args:
        score: The score.
        cuts: The lowest score of each tier; the last is 0.
        before: The place of the tier that the account was in; None: it is not known.
        margins: What keeps the tier from changing; None: nothing does.

    >>> cuts = [Fraction(75), Fraction(50), Fraction(0)]
    >>> margins = Hysteresis(rise=3, fall=2)
    >>> [stable_tier(Fraction(76), cuts, before, margins) for before in (None, 0, 1)]
    [0, 0, 1]
    """
    if before is None or margins is None:
        return next(place for place, cut in enumerate(cuts) if score >= cut)
    rise, fall = Fraction(margins.rise), Fraction(margins.fall)
    moved = (cut + rise if place < before else cut - fall for place, cut in enumerate(cuts))
    return next(place for place, cut in enumerate(moved) if score >= cut)


# --------------------------------------------------------------------------------------
# What is wrong


def _tier_faults(tier: Tier) -> Iterator[Fault]:
    yield from name_faults("$.name", tier.name)
    if tier.name == UNKNOWN:
        yield Fault("$.name", f"{UNKNOWN!r} is the tier of what is not known; take another name")
    yield from decimal_faults("$.at_least", tier.at_least, MAX_POINTS)


def order_faults(tiers: Sequence[Tier]) -> Iterator[Fault]:
    """Tiers that do not stand best first, or do not begin at 0."""
    if not tiers:
        yield Fault("$.tiers", "expected at least one tier, but got none")
        return
    for place, (tier, better) in enumerate(zip(tiers[1:], tiers, strict=False), 1):
        if not tier.at_least < better.at_least:
            problem = f"tiers stand best first, so expected less than {better.at_least}"
            yield Fault(f"$.tiers[{place}].at_least", f"{problem}, but got {tier.at_least}")
    last = len(tiers) - 1
    if tiers[last].at_least != 0:
        problem = "the last tier begins at 0, so that every score has a tier"
        yield Fault(f"$.tiers[{last}].at_least", f"{problem}, but got {tiers[last].at_least}")


def cap_faults(
    caps: Sequence[Cap], measures: Sequence[Measure], tiers: Sequence[Tier]
) -> Iterator[Fault]:
    """Caps that name a measure, a label or a tier that there is not."""
    labels = {
        each.name: {band.label for scale in each.scales for band in scale.bands if band.label}
        for each in measures
    }
    for place, cap in enumerate(caps):
        if cap.measure not in labels:
            hint = suggestion(cap.measure, labels) or _there_are(labels)
            yield Fault(f"$.caps[{place}].measure", f"no measure {cap.measure!r}{hint}")
        elif cap.label not in labels[cap.measure]:
            known = sorted(labels[cap.measure])
            hint = suggestion(cap.label, known) or _there_are(known)
            problem = f"{cap.measure!r} has no band {cap.label!r}{hint}"
            yield Fault(f"$.caps[{place}].label", problem)
        yield from tier_name_faults(f"$.caps[{place}].tier", cap.tier, tiers)


def tier_name_faults(path: str, name: str, tiers: Sequence[Tier]) -> Iterator[Fault]:
    """The name of a tier that there is not."""
    names = [tier.name for tier in tiers]
    if name not in names:
        yield Fault(path, f"no tier {name!r}{suggestion(name, names) or _there_are(names)}")


def _there_are(names: Collection[str]) -> str:
    return f"; there are {', '.join(names)}" if names else "; there are none"


def _override_faults(override: Override) -> Iterator[Fault]:
    yield from name_faults("$.tier", override.tier)
    yield from name_faults("$.author", override.author)
    yield from name_faults("$.reason", override.reason)
    for name in ("author", "reason"):
        if str(getattr(override, name)).isspace():
            yield Fault(f"$.{name}", "expected words, but got blanks alone")
    dated = True
    for name in ("made_on", "until"):
        day = getattr(override, name)
        if not isinstance(day, dt.date) or isinstance(day, dt.datetime):
            yield Fault(f"$.{name}", f"expected a date, but got {shown(day)}")
            dated = False
    if dated and override.until < override.made_on:
        yield Fault("$.until", f"it ends on {override.until}, before it begins")
