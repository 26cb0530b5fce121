"""Stock scenarios: a small library of best practice to start from, as data.

The scenarios are invented, as plain examples of what experienced people write down: replace them
by your own. The doctrine names three of them, and no more than names them: referral by mini-program
and the operation of a community (P5, K), and the internal referral behind a request to merge
duplicates (P7, J). Each opinion names its source by the id of its row in the doctrine, and its
author by a letter: J Ji Weiguo, K the 36Kr closed-door meeting, W Wang Daiming; *ours* is what none
of them gives.

Facts that the scenarios ask for are listed in :data:`SCENARIO_FACTS`. :data:`TASKS` also reads
``stage``, ``roles_active`` and ``scenarios_running``.
"""

from __future__ import annotations

from cslib.decisions import DecisionTable, Row
from cslib.expressions import Kind
from cslib.scenariocoverage import ScenarioCoverage
from cslib.scenarios import BusinessValue, Need, Scenario, ScenarioLibrary
from cslib.schemas import FactSpec, Schema

__all__ = ["NEEDS", "SCENARIOS", "SCENARIO_COVERAGE", "SCENARIO_FACTS", "TASKS"]

NEEDS = (
    Need(name="costly acquisition", meaning="A new customer costs more than it first brings."),
    Need(name="lost sign-ups", meaning="Many begin to sign up, and few finish."),
    Need(name="repeat purchase", meaning="Customers buy once and do not come back."),
    Need(name="silent members", meaning="Members are on the list, and do nothing."),
    Need(name="wasted promotions", meaning="Discounts go to those who would have bought anyway."),
    Need(name="hiring in a new field", meaning="People are needed whom nobody here knows yet."),
    Need(name="slow hiring", meaning="Posts stay open longer than elsewhere in the industry."),
    Need(name="disputed figures", meaning="Two departments show two figures under one name."),
    Need(name="manual reports", meaning="Days go into reports that are put together by hand."),
    Need(name="late warnings", meaning="Trouble with a customer is seen when it is too late."),
)
"""The business challenges, by the one name that surveys and scenarios know them under (ours)."""

SCENARIO_FACTS = Schema(
    (
        FactSpec(name="buyers_12m", kind=Kind.NUMBER, meaning="Who bought in the last 12 months."),
        FactSpec(name="employees", kind=Kind.NUMBER, meaning="How many people it employs."),
        FactSpec(
            name="mini_program", kind=Kind.BOOLEAN, meaning="Whether it sells by a mini-program."
        ),
        FactSpec(
            name="signup_tracked",
            kind=Kind.BOOLEAN,
            meaning="Whether each step of its sign-up is recorded.",
        ),
    )
)
"""The facts of an account that the stock scenarios ask for."""

_OURS = "an example of ours"

SCENARIOS = ScenarioLibrary(
    name="stock",
    needs=NEEDS,
    scenarios=(
        Scenario(
            name="referral by mini-program",
            need="costly acquisition",
            value=BusinessValue.LOWER_COST,
            roles=("marketer", "shop manager"),
            industries=("retail",),
            practice="Who buys gets a card to pass on in the mini-program; both sides are rewarded"
            " once the friend has bought. Follow which shops and cards bring buyers.",
            features=("share tracking", "attribution"),
            asks="mini_program",
            source="P5 (K), told as an example of ours",
        ),
        Scenario(
            name="channel review",
            need="costly acquisition",
            value=BusinessValue.LOWER_COST,
            roles=("data analyst", "marketer"),
            practice="Set what each channel costs beside what its customers bring in their first"
            " months. Move a tenth of the money each month from the worst to the best.",
            features=("attribution", "cohorts"),
            source=_OURS,
        ),
        Scenario(
            name="sign-up clinic",
            need="lost sign-ups",
            value=BusinessValue.MORE_REVENUE,
            roles=("data analyst", "product manager"),
            industries=("finance", "internet"),
            practice="Each week look at the one step that loses most people, watch ten of them, and"
            " change that step alone.",
            features=("funnels",),
            asks="signup_tracked",
            source=_OURS,
        ),
        Scenario(
            name="second purchase",
            need="repeat purchase",
            value=BusinessValue.MORE_REVENUE,
            roles=("data analyst", "marketer"),
            practice="Find after how many days a second purchase usually comes. Write to those who"
            " let that day pass, with what others bought next.",
            features=("intervals", "messages"),
            asks="buyers_12m >= 1000",
            source=_OURS,
        ),
        Scenario(
            name="refill reminder",
            need="repeat purchase",
            value=BusinessValue.MORE_REVENUE,
            roles=("marketer", "shop manager"),
            industries=("retail",),
            practice="For goods that are used up: remind each buyer shortly before theirs should"
            " be, and let the shop hand it over.",
            features=("intervals", "messages"),
            asks="buyers_12m >= 1000",
            source=_OURS,
        ),
        Scenario(
            name="member community",
            need="silent members",
            value=BusinessValue.MORE_REVENUE,
            roles=("community manager", "marketer"),
            industries=("internet", "retail"),
            practice="Gather members of one interest in groups with a host, something to do each"
            " week and a first look at what is new. Measure who speaks, and who then buys.",
            features=("segments", "messages"),
            source="P5 (K), told as an example of ours",
        ),
        Scenario(
            name="promotion with a control group",
            need="wasted promotions",
            value=BusinessValue.LOWER_COST,
            roles=("data analyst", "marketer"),
            practice="Leave out a tenth, drawn by lot. What the others bought more is what the"
            " promotion did; stop those that did nothing.",
            features=("experiments", "segments"),
            asks="buyers_12m >= 10000",
            source=_OURS,
        ),
        Scenario(
            name="internal referral",
            need="hiring in a new field",
            value=BusinessValue.HIGHER_EFFICIENCY,
            roles=("hiring manager", "recruiter"),
            industries=("conglomerate",),
            practice="The few who come from the new field name whom they would work with again; the"
            " recruiter writes the same day, and who named them is told what came of it.",
            features=("referrals", "talent pool"),
            asks="employees >= 500",
            source="P7 (J), told as an example of ours",
        ),
        Scenario(
            name="talent pool revival",
            need="slow hiring",
            value=BusinessValue.LOWER_COST,
            roles=("hiring manager", "recruiter"),
            practice="Before a post is advertised, write to the second-best of the last two years"
            " for the like.",
            features=("talent pool", "messages"),
            source=_OURS,
        ),
        Scenario(
            name="days to hire beside the industry",
            need="slow hiring",
            value=BusinessValue.HIGHER_EFFICIENCY,
            roles=("hr director", "recruiter"),
            practice="Show for each step of hiring the days it takes here and elsewhere in the"
            " industry. Work on the step with the widest gap.",
            features=("benchmarks", "funnels"),
            source="H9 (J), told as an example of ours",
        ),
        Scenario(
            name="one meaning for each figure",
            need="disputed figures",
            value=BusinessValue.LESS_RISK,
            roles=("data analyst", "financial controller"),
            practice="For the ten figures that are shown to the board: one owner, one definition"
            " beside the figure, and what differed until now, in writing.",
            features=("metric definitions",),
            source="H10 (W), told as an example of ours",
        ),
        Scenario(
            name="report that sends itself",
            need="manual reports",
            value=BusinessValue.HIGHER_EFFICIENCY,
            roles=("data analyst", "head of department"),
            practice="Take the report that costs most days. Agree what its readers decide by it,"
            " leave the rest out, and send it by itself.",
            features=("dashboards", "subscriptions"),
            source=_OURS,
        ),
        Scenario(
            name="quiet customers list",
            need="late warnings",
            value=BusinessValue.LESS_RISK,
            roles=("account manager", "data analyst"),
            practice="Each Monday a list of customers whose use fell by half. Each is called within"
            " the week, and what was found is written beside the name.",
            features=("alerts", "segments"),
            source="H7 (J), told as an example of ours",
        ),
        Scenario(
            name="review of odd payments",
            need="late warnings",
            value=BusinessValue.LESS_RISK,
            roles=("data analyst", "risk officer"),
            industries=("finance",),
            practice="Payments unlike the customer's own of the last year are looked at by a person"
            " the same day; what turned out harmless narrows the list.",
            features=("alerts",),
            source=_OURS,
        ),
    ),
)
"""Best practice by industry, role and business challenge (P5, K), of all four values (P14, K)."""

SCENARIO_COVERAGE = ScenarioCoverage(scenarios=1, roles=2)
"""At delivery one scenario at least is running (P6, K), used by two roles at least (H5, K)."""

TASKS = DecisionTable(
    name="delivery tasks",
    rows=(
        Row(
            name="delivery",
            when='stage in {"sold", "preparation", "data_access", "delivery"}',
            then="delivery",
            reason="it is not in use yet",
            source="P4 (K)",
        ),
        Row(
            name="training",
            when='stage in {"in_use", "renewal"} and roles_active < 2',
            then="training",
            reason="fewer than two roles use it",
            source="P4 (K); H5 (K)",
        ),
        Row(
            name="solutions",
            when='stage in {"in_use", "renewal"} and scenarios_running < 1',
            then="solutions",
            reason="no scenario of the library is running",
            source="P4 (K); P6 (K)",
        ),
        Row(
            name="daily questions",
            when='stage in {"in_use", "renewal"}',
            then="daily questions",
            reason="it is in use, and its scenarios are running",
            source="P4 (K)",
        ),
    ),
)
"""Which of the delivery team's four tasks an account needs first (P4, K; the order is ours)."""
