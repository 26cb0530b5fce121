"""Stock definitions: the doctrine's lifecycles, scorecards, playbooks and owners, as data.

Nothing here is mechanism. Each definition is an opinion with a source, named by its id in the
doctrine (L1 to L15, H1 to H11, R1 to R13, P1 to P15) and the letter of its author: S Sang Wenfeng,
W Wang Daiming, K the 36Kr closed-door meeting, J Ji Weiguo, N Sensors Data. Change one by making a
new value from it (``attrs.evolve``), or write your own. The lifecycles stand in
:mod:`cslib.stocklifecycles`, the scorecards in :mod:`cslib.stockscorecards`, the playbooks in
:mod:`cslib.stockplaybooks`, the scenarios in :mod:`cslib.stockscenarios` and the service work in
:mod:`cslib.stockservice`, with what they read; take them from here.

Facts of a deal, read by :data:`OWNERSHIP`: ``deal``, ``cs_commercial``, ``renewal_number``,
``new_product_line``.

Facts that the definitions of a review read: ``signed_on``, ``seats``, ``seats_used``,
``logins_30d``, ``logins_prior_30d``, ``roles_active``, ``scenarios_running``, ``nps``, ``outcome``,
``environment_ok``, ``expectations_agreed``, ``sale_years``, ``closure_sign``,
``open_escalations``; for indicators ``owners_removed_30d``, ``payments_failed_30d`` and
``uses_change``; and, from the other rooms, ``stage``, ``days_in_stage``, ``on_hold``,
``tier`` and ``term_ends_on``.
"""

from __future__ import annotations

from cslib.decisions import DecisionTable, Row
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
from cslib.stockplaybooks import LEVELS, PLAYBOOKS, SCARCE_ROLES, VISITS
from cslib.stockscenarios import NEEDS, SCENARIO_COVERAGE, SCENARIO_FACTS, SCENARIOS, TASKS
from cslib.stockscorecards import (
    ACTIVATION,
    BEFORE_RENEWAL,
    INDICATORS,
    PHASES,
    SCORECARD,
    SCORECARD_FACTS,
    SCORECARDS,
)
from cslib.stockservice import OPERATIONS, ROUTING, SERVICE_LEVEL, WEIGHING

__all__ = [
    "ACTIVATION",
    "BEFORE_RENEWAL",
    "CHURN_REASONS",
    "DELIVERY",
    "INDICATORS",
    "INTERNET",
    "KINDS",
    "LEVELS",
    "MAINTENANCE",
    "NEEDS",
    "ON_SITE",
    "OPERATIONS",
    "OWNERSHIP",
    "PHASES",
    "PLAYBOOKS",
    "PRIVATE",
    "ROUTING",
    "SCARCE_ROLES",
    "SCENARIOS",
    "SCENARIO_COVERAGE",
    "SCENARIO_FACTS",
    "SCORECARD",
    "SCORECARDS",
    "SCORECARD_FACTS",
    "SERVICE_LEVEL",
    "SUBSCRIPTION",
    "SUCCESS_CHAIN",
    "TASKS",
    "VARIANTS",
    "VISITS",
    "WEIGHING",
]

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
