"""Stock definitions: the doctrine's lifecycles, scorecards, playbooks and owners, as data.

Nothing here is mechanism. Each definition is an opinion with a source, named by its id in the
doctrine (L1 to L15, H1 to H11, R1 to R13, P1 to P15) and the letter of its author: S Sang Wenfeng,
W Wang Daiming, K the 36Kr closed-door meeting, J Ji Weiguo, N Sensors Data. Change one by making a
new value from it (``attrs.evolve``), or write your own. The lifecycles stand in
:mod:`cslib.stocklifecycles`, the scorecards in :mod:`cslib.stockscorecards`, with what they read;
take them from here.

Facts of a deal, read by :data:`OWNERSHIP`: ``deal``, ``cs_commercial``, ``renewal_number``,
``new_product_line``.

Facts that the definitions of a review read: ``signed_on``, ``seats``, ``seats_used``,
``logins_30d``, ``logins_prior_30d``, ``roles_active``, ``scenarios_running``, ``nps``, ``outcome``,
``environment_ok``; for indicators ``owners_removed_30d``, ``payments_failed_30d`` and
``uses_change``; and, from the other rooms, ``stage``, ``days_in_stage``, ``tier`` and
``term_ends_on``.
"""

from __future__ import annotations

from cslib.decisions import DecisionTable, Row
from cslib.playbooks import Layer, Library, Playbook
from cslib.stocklifecycles import (
    CHURN_REASONS,
    DELIVERY,
    INTERNET,
    KINDS,
    MAINTENANCE,
    ON_SITE,
    PRIVATE,
    SUBSCRIPTION,
    SUCCESS_CHAIN,
    VARIANTS,
)
from cslib.stockscorecards import (
    ACTIVATION,
    BEFORE_RENEWAL,
    INDICATORS,
    PHASES,
    SCORECARD,
    SCORECARD_FACTS,
    SCORECARDS,
)

__all__ = [
    "ACTIVATION",
    "BEFORE_RENEWAL",
    "CHURN_REASONS",
    "DELIVERY",
    "INDICATORS",
    "INTERNET",
    "KINDS",
    "MAINTENANCE",
    "ON_SITE",
    "OWNERSHIP",
    "PHASES",
    "PLAYBOOKS",
    "PRIVATE",
    "SCORECARD",
    "SCORECARDS",
    "SCORECARD_FACTS",
    "SUBSCRIPTION",
    "SUCCESS_CHAIN",
    "VARIANTS",
]

PLAYBOOKS = Library(
    name="stock",
    playbooks=(
        Playbook(
            name="guided set-up",
            need="activation",
            layer=Layer.PRODUCT,
            entry='stage in {"sold", "preparation", "data_access", "delivery"}'
            " and 30 < days_since(signed_on) <= 60",
            priority=70,
            title="Switch on the set-up guide and follow what it reports.",
            source="L5 (K): foundations are laid within the first 30 days",
        ),
        Playbook(
            name="delivery review",
            need="activation",
            layer=Layer.SERVICE,
            entry='stage in {"sold", "preparation", "data_access", "delivery"}'
            " and 60 < days_since(signed_on) <= 90",
            effort={"csm": 6},
            priority=70,
            title="Go through the delivery plan with the customer; name what holds it up.",
            source="L4 (K): about two months of delivery",
        ),
        Playbook(
            name="delivery rescue",
            need="activation",
            layer=Layer.CONSULTING,
            entry='stage in {"sold", "preparation", "data_access", "delivery"}'
            " and days_since(signed_on) > 90",
            effort={"consultant": 24},
            priority=70,
            title="A project manager on site, or a stop in good order (L9).",
            source="L6 (W): not activated within three months, hardly ever",
        ),
        Playbook(
            name="seat tour",
            need="seat use",
            layer=Layer.PRODUCT,
            entry='stage in {"in_use", "renewal"} and seats_used / seats < 0.6',
            priority=30,
            title="Invite the idle seats by the tour inside the product.",
            source="P1 (S): what the product can solve is not given to service",
        ),
        Playbook(
            name="second role",
            need="breadth",
            layer=Layer.SERVICE,
            entry='stage in {"in_use", "renewal"} and roles_active < 2',
            effort={"csm": 4},
            priority=50,
            title="Train a second job role on its own task.",
            source="H5 (K): two roles are often the key to the second-year renewal",
        ),
        Playbook(
            name="usage review",
            need="usage drop",
            layer=Layer.SERVICE,
            entry='stage in {"in_use", "renewal"} and change(logins_30d, logins_prior_30d) < -0.2',
            effort={"csm": 2},
            priority=60,
            title="Call: find what changed, and prescribe for this cycle.",
            source="H7 (J): anomalies show early enough to intervene; P8 (K)",
        ),
        Playbook(
            name="scenario workshop",
            need="scenario",
            layer=Layer.SERVICE,
            entry='stage == "in_use" and scenarios_running < 1',
            effort={"csm": 5},
            priority=40,
            title="Survey the need, then start a scenario of the library.",
            source="P5 and P6 (K): every account has a scenario running",
        ),
        Playbook(
            name="detractor call",
            need="satisfaction",
            layer=Layer.SERVICE,
            entry='stage in {"in_use", "renewal"} and nps < 7',
            effort={"csm": 1},
            priority=55,
            title="Call back, find why, and close only when the customer agrees.",
            source="H8 (N); P10 (N)",
        ),
        Playbook(
            name="renewal preparation",
            need="renewal",
            layer=Layer.SERVICE,
            entry='stage in {"in_use", "renewal"} and 0 <= days_until(term_ends_on) <= 90'
            ' and tier == "green"',
            effort={"csm": 3},
            priority=80,
            title="Show the outcome reached, and send the renewal offer.",
            source="R5 (W, K): customer success owns the renewal",
        ),
        Playbook(
            name="renewal rescue",
            need="renewal",
            layer=Layer.CONSULTING,
            entry='stage in {"in_use", "renewal"} and 0 <= days_until(term_ends_on) <= 90'
            ' and tier in {"yellow", "red"}',
            effort={"consultant": 16},
            priority=90,
            title="A senior colleague leads: the challenge of the sale, solved before the date.",
            source="P8 (K): the taking is led by a more senior CSM; H7 (J)",
        ),
        Playbook(
            name="win-back letter",
            need="win-back",
            layer=Layer.SERVICE,
            entry='stage == "churned" and 60 <= days_in_stage <= 365',
            effort={"csm": 1},
            priority=10,
            title="Write once, with what has changed since they left.",
            source="L13 (S): churned accounts are very hard to win back",
        ),
    ),
)
"""One playbook for each first need; the cheapest layer that solves it (P1, S)."""


OWNERSHIP = DecisionTable(
    name="ownership",
    rows=(
        Row(
            name="new account",
            when='deal == "new"',
            then="sales",
            reason="sales win new accounts",
            source="R5 (W, K)",
        ),
        Row(
            name="no commercial ability",
            when="not cs_commercial",
            then="sales",
            reason="the customer-success team lacks commercial ability",
            source="R6 (W, K)",
        ),
        Row(
            name="first renewal",
            when='deal == "renewal" and renewal_number == 1',
            then="joint",
            reason="the sales who know the decision makers take part",
            source="R6 (W, K)",
        ),
        Row(
            name="new product line",
            when="new_product_line",
            then="joint",
            reason="sales and customer success sell it jointly, a large order all the more",
            source="R6 (W, K)",
        ),
        Row(
            name="renewal or up-sell",
            when='deal in {"expansion", "renewal"}',
            then="cs",
            reason="customer success owns it, and is measured on the renewal rate",
            source="R5 (W, K)",
        ),
    ),
)
"""Who owns a deal: ``cs``, ``sales``, or both (``joint``).

R5 with the exceptions of R6 before it, in their order (W, K).
"""
