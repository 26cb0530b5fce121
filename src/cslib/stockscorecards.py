"""Stock scorecards: how well an account is, in each phase of its life, as data.

H2 (K) has one figure for each period: activation early, activity in the middle, the renewal at the
end. So there are three scorecards: :data:`ACTIVATION`, :data:`SCORECARD` for the time in use, and
:data:`BEFORE_RENEWAL`. :data:`PHASES` says which of them applies and why, and :data:`SCORECARDS`
has them by name. :data:`INDICATORS` stand beside each score, and :data:`SCORECARD_FACTS` explains
every fact that is read (H10, W).

Each opinion names its source by the id of its row in the doctrine, and its author by a letter: S
Sang Wenfeng, W Wang Daiming, K the 36Kr closed-door meeting, J Ji Weiguo, N Sensors Data. *Ours* is
what none of them gives; all points and weights are. Import from :mod:`cslib.stock`, where all stock
definitions are.

A value or a word that no band takes counts as unknown, and no measure reads what a colleague thinks
of the account (H1, J).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import attrs

from cslib.decisions import DecisionTable, Row
from cslib.expressions import Kind
from cslib.health import Band, Cap, Group, Hysteresis, Indicator, Measure, Norm, Scorecard, Tier
from cslib.schemas import FactSpec, Schema
from cslib.stocklifecycles import DELIVERY, MAINTENANCE, SUBSCRIPTION, VARIANTS

__all__ = [
    "ACTIVATION",
    "BEFORE_RENEWAL",
    "INDICATORS",
    "PHASES",
    "SCORECARD",
    "SCORECARDS",
    "SCORECARD_FACTS",
]

_LIMIT = ("late", "met", "missed", "not_started", "open", "unknown", "waived")

SCORECARD_FACTS = Schema(
    (
        FactSpec(
            name="deadline_foundations",
            kind=Kind.TEXT,
            meaning="Are the foundations laid within 30 days of signing? Of the lifecycle.",
            values=_LIMIT,
        ),
        FactSpec(
            name="deadline_activated",
            kind=Kind.TEXT,
            meaning="Is it in use within three months of signing? Of the lifecycle.",
            values=_LIMIT,
        ),
        FactSpec(
            name="steps",
            kind=Kind.TEXT,
            meaning="Did its users take the first steps in time? Of the log of use.",
            values=_LIMIT,
        ),
        FactSpec(
            name="expectations_agreed",
            kind=Kind.BOOLEAN,
            meaning="Whether what was promised in the sale is brought to a proper level.",
        ),
        FactSpec(
            name="outcome_agreed",
            kind=Kind.BOOLEAN,
            meaning="Whether an outcome is agreed: what, from which baseline, to what, by when.",
        ),
        FactSpec(
            name="wau",
            kind=Kind.NUMBER,
            unit="users",
            meaning="Users who used the product in the last 7 days.",
        ),
        FactSpec(
            name="uses_change",
            kind=Kind.NUMBER,
            meaning="Uses of the last 7 days against the 7 before: -0.2 is a fifth less.",
        ),
        FactSpec(name="seats", kind=Kind.NUMBER, unit="seats", meaning="Seats paid for."),
        FactSpec(name="seats_used", kind=Kind.NUMBER, unit="seats", meaning="Seats in use."),
        FactSpec(
            name="logins_30d",
            kind=Kind.NUMBER,
            unit="logins",
            meaning="Logins of the last 30 days.",
        ),
        FactSpec(
            name="logins_prior_30d",
            kind=Kind.NUMBER,
            unit="logins",
            meaning="Logins of the 30 days before those.",
        ),
        FactSpec(
            name="roles_active",
            kind=Kind.NUMBER,
            unit="roles",
            meaning="Different job roles that use the product at the frequency that is asked for.",
        ),
        FactSpec(
            name="maturity",
            kind=Kind.NUMBER,
            meaning="The rung it stands on: 0 below all, 1 looks at data, 2 analyses, 3 acts.",
        ),
        FactSpec(
            name="peer_rank",
            kind=Kind.NUMBER,
            meaning="The share of its peers that do worse in the figure it uses the product for, 0"
            " to 1.",
        ),
        FactSpec(
            name="scenarios_running",
            kind=Kind.NUMBER,
            unit="scenarios",
            meaning="Scenarios of the library in use.",
        ),
        FactSpec(
            name="nps",
            kind=Kind.NUMBER,
            meaning="The last answer to the NPS question, 0 to 10.",
        ),
        FactSpec(name="nps_on", kind=Kind.DATE, meaning="The day of that answer."),
        FactSpec(
            name="outcome",
            kind=Kind.TEXT,
            meaning="How far the outcome is that was named at the sale.",
            values=("missed", "on_the_way", "reached"),
        ),
        FactSpec(name="outcome_on", kind=Kind.DATE, meaning="The day that was last judged."),
        FactSpec(
            name="owners_removed_30d",
            kind=Kind.NUMBER,
            unit="users",
            meaning="Owners of the account in the product who were removed in the last 30 days.",
        ),
        FactSpec(
            name="payments_failed_30d",
            kind=Kind.NUMBER,
            unit="payments",
            meaning="Payments that failed in the last 30 days.",
        ),
        FactSpec(
            name="signed_on", kind=Kind.DATE, meaning="The day the first contract was signed."
        ),
        FactSpec(
            name="stage",
            kind=Kind.TEXT,
            meaning="Where it stands, in the words of the stock lifecycles.",
        ),
        FactSpec(
            name="term_ends_on",
            kind=Kind.DATE,
            meaning="The last day that its signed contracts cover.",
        ),
    )
)
"""What the scorecards and :data:`PHASES` read, with what exactly each fact says (H10, W)."""


# --------------------------------------------------------------------------------------
# What they have in common

_TIERS = (
    Tier(name="green", at_least=75),
    Tier(name="yellow", at_least=50),
    Tier(name="red", at_least=0),
)
_FLOOR = Decimal("0.5")
# Ours. A fall must show at once (H7, J); it is good news that can wait.
_STEADY = Hysteresis(rise=5)

INDICATORS = (
    Indicator(
        name="owner removed",
        when="owners_removed_30d >= 1",
        meaning="Who decides about the product may have changed: ask before the renewal (H7, J).",
    ),
    Indicator(
        name="payment failed",
        when="payments_failed_30d >= 1",
        meaning="A renewal counts only once its fee is collected (R1, K).",
    ),
    Indicator(
        name="usage down on the week",
        when="uses_change <= -0.2",
        meaning="A fifth less or worse: shows before the renewal, in time to act (H7, J).",
    ),
)
"""What happened and stands beside each score, not in it."""

_SEAT_USE = Measure(
    name="seat use",
    value="seats_used / seats",
    weight=30,
    bands=(
        Band(points=0, below=0.3, label="idle"),
        Band(points=50, at_least=0.3, below=0.6, label="partly used"),
        Band(points=100, at_least=0.6, label="used"),
    ),
    meaning="Share of the paid seats in use: are they active in the middle (H2, K)?",
)
_ACTIVITY = Measure(
    name="activity",
    value="change(logins_30d, logins_prior_30d)",
    weight=20,
    bands=(
        Band(points=0, below=-0.5, label="collapsing"),
        Band(points=50, at_least=-0.5, below=-0.2, label="falling"),
        Band(points=100, at_least=-0.2, label="steady"),
    ),
    meaning="Logins of 30 days against the 30 before: in time to act (H3, W; H7, J)?",
)
_BREADTH = Measure(
    name="breadth",
    value="roles_active",
    weight=20,
    bands=(
        Band(points=0, below=1, label="no role"),
        Band(points=50, at_least=1, below=2, label="one role"),
        Band(points=100, at_least=2, label="two roles or more"),
    ),
    meaning="Job roles that use it: two are often the key to the second year (H5, K).",
)
_SATISFACTION = Measure(
    name="satisfaction",
    value="nps",
    weight=10,
    bands=(
        Band(points=0, below=7, label="detractor"),
        Band(points=50, at_least=7, below=9, label="passive"),
        Band(points=100, at_least=9, label="promoter"),
    ),
    meaning="The last answer to the NPS question, 0 to 10 (H8, N).",
)


# --------------------------------------------------------------------------------------
# Early

ACTIVATION = Scorecard(
    name="activation",
    measures=(
        Measure(
            name="foundations",
            value="deadline_foundations",
            weight=40,
            bands=(
                Band(points=0, equals="missed", label="not laid in time"),
                Band(points=50, equals="late", label="laid late"),
                Band(points=60, equals="open", label="not laid yet"),
                Band(points=100, equals="met", label="laid in time"),
            ),
            meaning="Laid within the first 30 days, while the customer's energy is high (L5, K)?",
        ),
        Measure(
            name="first steps",
            value="steps",
            weight=30,
            bands=(
                Band(points=0, equals="missed", label="not taken in time"),
                Band(points=50, equals="late", label="taken late"),
                Band(points=60, equals="open", label="not taken yet"),
                Band(points=100, equals="met", label="taken in time"),
            ),
            meaning="Activation, the figure of the first period: 30 days of guidance (H2, K).",
        ),
        Measure(
            name="first use",
            value="wau",
            weight=10,
            bands=(
                Band(points=0, below=1, label="nobody"),
                Band(points=50, at_least=1, below=2, label="one user"),
                Band(points=100, at_least=2, label="two users or more"),
            ),
            meaning="Who used it this week: watched from the beginning, then acted on (H3, W).",
        ),
        Measure(
            name="expectations",
            value="expectations_agreed",
            weight=10,
            bands=(
                Band(points=0, equals=False, label="not agreed"),
                Band(points=100, equals=True, label="agreed"),
            ),
            meaning="Set too high or too low in the sale, and brought to a proper level (L14, K)?",
        ),
        Measure(
            name="outcome agreed",
            value="outcome_agreed",
            weight=10,
            bands=(
                Band(points=0, equals=False, label="not agreed"),
                Band(points=100, equals=True, label="agreed"),
            ),
            meaning="Is it stated what shall be reached, and by when (L15, J; H11, J)?",
        ),
        Measure(
            name="limit to activate",
            value="deadline_activated",
            weight=0,
            bands=(
                Band(points=0, equals="missed", label="passed"),
                Band(points=50, equals="late", label="in use, late"),
                Band(points=60, equals="open", label="not over"),
                Band(points=100, equals="met", label="in use in time"),
            ),
            meaning="Not activated within three months, hardly ever (L6, W). No part of the score.",
        ),
    ),
    tiers=_TIERS,
    floor=_FLOOR,
    hysteresis=_STEADY,
    caps=(
        Cap(
            measure="limit to activate",
            label="passed",
            tier="red",
            meaning="It can hardly be activated any more, whatever else is well (L6, W).",
        ),
    ),
    indicators=INDICATORS,
)
"""Health in the first 30 days and until the account is in use (H2, K; L5, K)."""


# --------------------------------------------------------------------------------------
# In the middle

SCORECARD = Scorecard(
    name="in use",
    measures=(
        _SEAT_USE,
        _ACTIVITY,
        _BREADTH,
        Measure(
            name="scenarios",
            value="scenarios_running",
            weight=10,
            bands=(
                Band(points=0, below=1, label="none"),
                Band(points=60, at_least=1, below=2, label="one"),
                Band(points=100, at_least=2, label="two or more"),
            ),
            meaning="Scenarios of the library in use; at delivery one or two should run (P6, K).",
        ),
        _SATISFACTION,
        Measure(
            name="outcome",
            value="outcome",
            weight=10,
            bands=(
                Band(points=0, equals="missed"),
                Band(points=60, equals="on_the_way"),
                Band(points=100, equals="reached"),
            ),
            meaning="Is the outcome named at the sale reached (H11, L15, J)?",
        ),
    ),
    tiers=_TIERS,
    floor=_FLOOR,
    hysteresis=_STEADY,
    indicators=INDICATORS,
)
"""Health in the middle of the life, from behaviour and not from words (H1, J)."""


# --------------------------------------------------------------------------------------
# At the end

BEFORE_RENEWAL = Scorecard(
    name="before renewal",
    measures=(
        Measure(
            name="outcome",
            value="outcome",
            weight=20,
            bands=(
                Band(points=0, equals="missed", label="not solved"),
                Band(points=60, equals="on_the_way", label="being solved"),
                Band(points=100, equals="reached", label="solved"),
            ),
            age='days_since(outcome_on) if outcome == "on_the_way" else 0',
            max_age=90,
            meaning="Is the business problem of the sale solved (H11, J; L15, J)? Being solved is"
            " too old a word after 90 days (ours).",
        ),
        attrs.evolve(
            _SATISFACTION,
            age="days_since(nps_on)",
            warn_age=90,
            max_age=180,
            meaning="The last answer to the NPS question, 0 to 10 (H8, N). Old after 90 days, too"
            " old after 180 (ours).",
        ),
    ),
    groups=(
        Group(
            name="use",
            weight=70,
            measures=(
                _SEAT_USE,
                _ACTIVITY,
                attrs.evolve(_BREADTH, weight=30),
                Measure(
                    name="maturity",
                    value="maturity",
                    norms=(
                        Norm(
                            name="first year",
                            when="months_between(signed_on, today()) < 12",
                            bands=(
                                Band(points=0, below=1, label="does not look at data"),
                                Band(points=60, at_least=1, below=2, label="looks at data"),
                                Band(points=100, at_least=2, below=3, label="analyses data"),
                                Band(points=100, at_least=3, label="acts on data"),
                            ),
                        ),
                    ),
                    bands=(
                        Band(points=0, below=1, label="does not look at data"),
                        Band(points=30, at_least=1, below=2, label="looks at data"),
                        Band(points=60, at_least=2, below=3, label="analyses data"),
                        Band(points=100, at_least=3, label="acts on data"),
                    ),
                    weight=10,
                    meaning="Look at data, analyse it, act on it: a written norm, so that all grade"
                    " alike (H4, K). In its first year, to analyse is enough (ours).",
                ),
                Measure(
                    name="beside its peers",
                    value="peer_rank",
                    weight=10,
                    bands=(
                        Band(points=0, below=0.25, label="in the last quarter"),
                        Band(points=50, at_least=0.25, below=0.5, label="below the middle"),
                        Band(points=100, at_least=0.5, label="in the better half"),
                    ),
                    meaning="Its figure means more beside the industry's: time to hire 30 days, the"
                    " industry's 20 (H9, J).",
                ),
            ),
            meaning="Who is good on retention metrics renews with near certainty, businesses that"
            " close excepted (H6, W).",
        ),
    ),
    tiers=_TIERS,
    floor=_FLOOR,
    hysteresis=_STEADY,
    caps=(
        Cap(
            measure="outcome",
            label="not solved",
            tier="yellow",
            meaning="The account succeeds when its business problem is solved (L15, J; H11, J).",
        ),
    ),
    indicators=INDICATORS,
)
"""Health in the last 90 days of a term: will they sign again (H5, K; H6, W; H7, J; H11, J)?"""


# --------------------------------------------------------------------------------------
# Which of them

_FLOWS = (SUBSCRIPTION, DELIVERY, MAINTENANCE)
_STAGES = (
    *(stage.name for flow in _FLOWS for stage in flow.stages),
    *(stage.name for variant in VARIANTS.values() for stage in variant.stages),
)
_RENEWAL = ("renewal", "in_use/renewal")
# Who was won back is no new sale (L13, S), and is judged by its use.
_USE = ("won_back", *(name for name in _STAGES if name.split("/")[0] == "in_use"))
_SET_UP = (
    *("sold", "preparation", "data_access", "delivery"),
    *(name for name in _STAGES if name.split("/")[0] == "onboarding"),
)


def _stands_in(stages: Iterable[str]) -> str:
    names = ", ".join(f'"{name}"' for name in sorted(set(stages)))
    return f"stage in {{{names}}}"


PHASES = DecisionTable(
    name="phases",
    rows=(
        Row(
            name="first 30 days",
            when=f"{_stands_in((*_SET_UP, *_USE, *_RENEWAL))} and 0 <= days_since(signed_on) <= 30",
            then=ACTIVATION.name,
            reason="the first 30 days, when the customer's energy is high",
            source="L5 (K), H2 (K)",
        ),
        Row(
            name="not in use",
            when=_stands_in(_SET_UP),
            then=ACTIVATION.name,
            reason="it is not in use yet, and there is a limit to be activated",
            source="L6 (W), H2 (K)",
        ),
        Row(
            name="renewal opened",
            when=_stands_in(_RENEWAL),
            then=BEFORE_RENEWAL.name,
            reason="its renewal is under way",
            source="H2 (K), H6 (W)",
        ),
        Row(
            name="term ends",
            when=f"{_stands_in(_USE)} and days_until(term_ends_on) <= 90",
            then=BEFORE_RENEWAL.name,
            reason="its term ends within 90 days, or has ended: early enough to intervene",
            source="H7 (J)",
        ),
        Row(
            name="middle",
            when=_stands_in(_USE),
            then=SCORECARD.name,
            reason="it is in use, and no renewal is near",
            source="H2 (K), H3 (W)",
        ),
    ),
)
"""Which scorecard applies, by the name that :data:`SCORECARDS` has it under.

Of who is no customer, not yet or no more, no row speaks.
"""

SCORECARDS: Mapping[str, Scorecard] = {
    each.name: each for each in (ACTIVATION, SCORECARD, BEFORE_RENEWAL)
}
"""The stock scorecards by name."""
