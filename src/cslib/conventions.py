"""Conventions: what a rate counts, as named values, so that no figure stands without its rule.

A part of :mod:`cslib.renewal`. A convention of a team's own is made like the stock ones here::

    BOARD = RenewalConvention(name="board pack", by=Timing.ON_TIME, collected=False)
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from cslib.dispositions import Timing
from cslib.documents import document
from cslib.errors import Fault, suggestion
from cslib.faults import name_faults, refuse, shown, text_faults, whole_faults

__all__ = [
    "BAREMETRICS",
    "CHARTMOGUL",
    "DOCTRINE",
    "GITLAB",
    "NET",
    "ON_TIME",
    "POINT_TO_POINT",
    "POSTHOG",
    "SAAS_CAPITAL",
    "SIGNED",
    "SMSB",
    "SMSB_MOVEMENTS",
    "STRIPE",
    "WITHOUT_CLOSURES",
    "Method",
    "RenewalConvention",
    "RetentionConvention",
    "check_convention",
]


# --------------------------------------------------------------------------------------
# Renewal


def _timing(value: Timing | str) -> Any:
    return _member(Timing, value)


def _member(kind: type[enum.StrEnum], value: object) -> Any:
    """The member of that name; anything else as it is, for the check to refuse."""
    return next((member for member in kind if member == value), value)


def _member_faults(path: str, kind: type[enum.StrEnum], value: object) -> Iterator[Fault]:
    if not isinstance(value, kind):
        names = [str(member) for member in kind]
        problem = f"expected one of {', '.join(map(repr, names))}, but got {value!r}"
        yield Fault(path, problem + suggestion(str(value), names))


def _flag_faults(convention: object, names: Iterable[str]) -> Iterator[Fault]:
    for name in names:
        value = getattr(convention, name)
        if not isinstance(value, bool):
            yield Fault(f"$.{name}", f"expected True or False, but got {shown(value)}")


@document("renewal-convention", version=1)
@attrs.frozen(kw_only=True)
class RenewalConvention:
    """What counts as a renewal, and what stands in the denominator.

    Attributes:
        name: How the rate says by which convention it was made.
        source: Who defined it, and where.
        by: The latest signature that counts.
        collected: Whether the first instalment of the new contract must be in.
        closures: Whether contracts lost to closure stand in the denominator (R4).
        capped: Whether a contract renews at no more than the value that expired (gross); without
            the cap the rate is net, may exceed 1, and has no interval where a contract grew.

    Raises:
        DefinitionError: If it has no name, the source is no text, ``by`` is no timing, or a flag is
            none.

    >>> RenewalConvention(name="on time", by="on_time").by
    <Timing.ON_TIME: 'on_time'>
    """

    name: str
    source: str = ""
    by: Timing = attrs.field(default=Timing.IN_GRACE, converter=_timing)
    collected: bool = True
    closures: bool = True
    capped: bool = True

    def __attrs_post_init__(self) -> None:
        faults = [
            *name_faults("$.name", self.name),
            *text_faults("$.source", self.source),
            *_member_faults("$.by", Timing, self.by),
            *_flag_faults(self, ("collected", "closures", "capped")),
        ]
        refuse("renewal convention", faults)


def check_convention(given: object, kind: type) -> None:
    """Refuses what is no convention of that kind; the two kinds are easily taken for one another.

    Raises:
        DefinitionError: With what was given.

    >>> check_convention(GITLAB, RenewalConvention)
    Traceback (most recent call last):
    ...
    cslib.errors.DefinitionError: convention is not valid: $: expected a RenewalConvention, \
but got a RetentionConvention
    """
    if not isinstance(given, kind):
        problem = f"expected a {kind.__name__}, but got a {type(given).__name__}"
        refuse("convention", [Fault("$", problem)])


DOCTRINE = RenewalConvention(
    name="term ended, signed again, fee collected (R1)",
    source="36Kr Pro closed-door meeting, What decides customer success in a to-B company (K)",
)
"""The doctrine's renewal rate."""

SIGNED = RenewalConvention(name="term ended, signed again, cash not looked at", collected=False)
"""The signed basis: whatever became of the cash."""

ON_TIME = attrs.evolve(DOCTRINE, name=f"{DOCTRINE.name}, on time", by=Timing.ON_TIME)
"""What was signed before the term was over, without grace."""

NET = attrs.evolve(DOCTRINE, name=f"{DOCTRINE.name}, net", capped=False)
"""Not capped: growth at the renewal counts."""

WITHOUT_CLOSURES = attrs.evolve(
    DOCTRINE, name=f"{DOCTRINE.name}, without closures (R4)", closures=False
)
"""Contracts lost to closure left out, beside the headline (R4)."""


# --------------------------------------------------------------------------------------
# Retention


class Method(enum.StrEnum):
    """By what retention is counted over a window."""

    POINT_TO_POINT = "point to point"
    """By the two ends of it: what each customer of the opening pays at the closing."""
    MOVEMENTS = "movements"
    """By every movement within it, each against the opening."""


def _method(value: Method | str) -> Any:
    return _member(Method, value)


@document("retention-convention", version=1)
@attrs.frozen(kw_only=True)
class RetentionConvention:
    """What counts as retained over a window of months.

    Which customer (account, parent, contract) and which revenue (MRR, ARR, billed) are the
    cube's to say. The three flags speak of movements; point to point has no use for them.

    Attributes:
        name: How the rates say by which convention they were made.
        source: Who defined it, and where.
        method: Point to point, or by movements.
        months: Length of the window.
        others: Whether customers count who did not pay at the opening: what they lose and, in net
            retention, what they gain after their first month.
        reactivation: Whether net retention counts what comes back.
        new_logos: Whether the customers who came within the window stand below the line of logo
            retention.

    Raises:
        DefinitionError: If there is no name, no such method, the source is no text, a flag is none,
            or the months are no whole number from 1 to 1200.

    >>> RetentionConvention(name="board pack", months=3).method
    <Method.POINT_TO_POINT: 'point to point'>
    """

    name: str
    source: str = ""
    method: Method = attrs.field(default=Method.POINT_TO_POINT, converter=_method)
    months: int = 12
    others: bool = True
    reactivation: bool = True
    new_logos: bool = False

    def __attrs_post_init__(self) -> None:
        faults = [
            *name_faults("$.name", self.name),
            *text_faults("$.source", self.source),
            *_member_faults("$.method", Method, self.method),
            *whole_faults("$.months", self.months, 1, 1200),
            *_flag_faults(self, ("others", "reactivation", "new_logos")),
        ]
        refuse("retention convention", faults)


POINT_TO_POINT = RetentionConvention(name="point to point over 12 months")
"""The two ends of a year: what most of the field calls GRR and NRR."""

GITLAB = RetentionConvention(
    name="GitLab",
    source="GitLab handbook, Customer Success Vision, Retention, Gross & Net (Dollar Weighted)",
)
"""Point to point over 12 months; a customer is a parent account."""

SAAS_CAPITAL = RetentionConvention(
    name="SaaS Capital",
    source="SaaS Capital, B2B SaaS retention benchmarks, 2019 and 2020, the definition in each",
)
"""Point to point over 12 months."""

SMSB = RetentionConvention(
    name="SaaS Metrics Standards Board",
    source="saasmetricsboard.com, gross and net revenue retention, by cohort, as transcribed in "
    "mickoner/saas_metrics_standards@b07e2217",
)
"""Point to point over 12 months: the method that the Board prefers."""

SMSB_MOVEMENTS = RetentionConvention(
    name="SaaS Metrics Standards Board, formula",
    source="saasmetricsboard.com, gross and net revenue retention, formula, as transcribed in "
    "mickoner/saas_metrics_standards@b07e2217",
    method=Method.MOVEMENTS,
    months=1,
    reactivation=False,
)
"""Movements of a month against its opening; its net formula adds expansion alone."""

POSTHOG = RetentionConvention(
    name="PostHog",
    source="PostHog handbook, growth/revops/retention-metrics.md@0d50cc6b",
)
"""Point to point over 12 months (3 and 6 as well), of customers who paid 5,000 a year or more."""

CHARTMOGUL = RetentionConvention(
    name="ChartMogul, 1 - MRR churn rate",
    source="ChartMogul help, 203359341 MRR churn rate and 4414075567250 net MRR churn rate",
    method=Method.MOVEMENTS,
    months=1,
)
"""Movements of all customers against the opening; reactivation counts in the net rate."""

BAREMETRICS = RetentionConvention(
    name="Baremetrics, 1 - revenue churn",
    source="Baremetrics help, User and revenue churn",
    method=Method.MOVEMENTS,
    months=1,
    reactivation=False,
)
"""Movements against the opening; the net formula has expansion and no reactivation."""

STRIPE = RetentionConvention(
    name="Stripe, 1 - churned revenue / opening",
    source="Stripe docs, Billing metric definitions: churned revenue, subscriber churn rate",
    method=Method.MOVEMENTS,
    months=1,
    new_logos=True,
)
"""Stripe defines churned revenue and subscriber churn, over 30 days, and no GRR or NRR: those two
are composed of its movements here. New subscribers stand below the line of its subscriber churn."""
