"""Stock playbooks: what to do about each need, in the cheapest layer that solves it, as data.

:data:`PLAYBOOKS` is a library to start from, and :data:`LEVELS` says who is offered what;
:data:`VISITS` has the rhythm of the visits, and :data:`SCARCE_ROLES` whose share of the work is
watched. Each playbook names its source by the id of its row in
the doctrine, and its author by a letter: S Sang Wenfeng, W Wang Daiming, K the 36Kr closed-door
meeting, J Ji Weiguo, N Sensors Data. *Ours* is what none of them gives, and so are all hours, due
days, windows and limits; L5 and L6 have the days of activation, H5 the two roles, P6 the scenario.
No playbook declares an effect, since no source has measured one: give your own
(:class:`~cslib.playbooks.Effect`) once you believe one. Import from :mod:`cslib.stock`, where all
stock definitions are.

Where a playbook has no exit, its reason has gone as soon as its entry does not hold any more. The
dearer playbooks of a need do not say that the cheaper must have failed: the library sees to that
(P1). A cheaper one may say that its time has passed, as where the limit to activate is near (L6).

Facts of the account: ``signed_on``, ``seats``, ``seats_used``, ``logins_30d``,
``logins_prior_30d``, ``roles_active``, ``scenarios_running``, ``nps``, ``expectations_agreed``; and
those that are read only where somebody records them, so that nobody is asked: ``sale_years``,
``closure_sign``, ``open_escalations``. From the other rooms: ``stage``, ``days_in_stage``,
``on_hold``, ``tier`` and ``term_ends_on``.

Roles: csm, senior csm, analyst, support engineer, operations engineer, consultant, sales.
"""

from __future__ import annotations

from typing import Any

from cslib.decisions import DecisionTable, Row
from cslib.playbooks import Layer, Level, Library, Limits, Playbook, Step, Success, Suppression
from cslib.rhythms import Rhythm, VisitPolicy

__all__ = ["LEVELS", "PLAYBOOKS", "SCARCE_ROLES", "VISITS"]

# --------------------------------------------------------------------------------------
# Who is offered what

LEVELS = DecisionTable(
    name="level of service",
    rows=(
        Row(
            name="small",
            when="seats < 20",
            then=Level.SUPPORT,
            reason="smaller customers lean to support; fewer than 20 seats are ours",
            source="P2 (W)",
        ),
        Row(
            name="middle",
            when="seats < 200",
            then=Level.IMPLEMENTATION,
            reason="between the two; fewer than 200 seats are ours",
            source="P2 (W)",
        ),
        Row(
            name="large",
            when="seats >= 200",
            then=Level.CONSULTING,
            reason="larger customers lean to consulting; 200 seats are ours",
            source="P2 (W)",
        ),
    ),
)
"""The highest level of service that a customer is offered, by its size (P2, W)."""

SCARCE_ROLES = ("consultant", "senior csm")
"""Whose share of the hours done should fall: better tools, less scarce talent (P3; S, W)."""

# --------------------------------------------------------------------------------------
# Steps


def _step(name: str, role: str, days: int, title: str, **more: Any) -> Step:
    """A step that is due so many business days after the start."""
    return Step(name=name, role=role, days=days, business=True, title=title, **more)


def _before(name: str, role: str, days: int, title: str, **more: Any) -> Step:
    """A step that is due so many days before the term ends."""
    return Step(name=name, role=role, days=-days, of="term_ends_on", title=title, **more)


# --------------------------------------------------------------------------------------
# Before it is in use

_SET_UP = 'stage in {"sold", "preparation", "data_access", "delivery"}'
_STARTED = 'stage in {"in_use", "renewal"}'
_STOPPED = 'stage in {"in_use", "renewal", "closed", "rescinded"}'

_ACTIVATION = (
    Playbook(
        name="guided set-up",
        need="activation",
        layer=Layer.PRODUCT,
        entry=f"{_SET_UP} and 30 < days_since(signed_on) <= 60",
        steps=(
            _step("switch on", "csm", 0, "Switch on the set-up guide."),
            _step("follow", "csm", 10, "Read what it reports.", after=("switch on",)),
        ),
        success=Success(when=_STARTED, within=14),
        exit=_STOPPED,
        limits=Limits(at_most=2),
        priority=70,
        title="Switch on the set-up guide and follow what it reports.",
        source="L5 (K): foundations are laid within the first 30 days",
    ),
    Playbook(
        name="delivery review",
        need="activation",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=f"{_SET_UP} and 30 < days_since(signed_on) <= 90",
        effort={"csm": 4, "support engineer": 2},
        steps=(
            _step(
                "review",
                "csm",
                3,
                "Go through the delivery plan with the customer; name what holds it up.",
            ),
            _step(
                "access",
                "support engineer",
                8,
                "Help to integrate and validate the data.",
                when='stage in {"preparation", "data_access"}',
                after=("review",),
            ),
            _step(
                "new plan",
                "csm",
                10,
                "Agree on the days of what is left, up to the training.",
                after=("review",),
            ),
        ),
        success=Success(when=_STARTED, within=30),
        exit=_STOPPED,
        limits=Limits(at_most=2),
        priority=70,
        title="Go through the delivery plan with the customer; name what holds it up.",
        source="L4 (K): about two months of delivery",
    ),
    Playbook(
        name="delivery rescue",
        need="activation",
        layer=Layer.CONSULTING,
        level=Level.IMPLEMENTATION,
        entry=f"{_SET_UP} and days_since(signed_on) > 60",
        effort={"consultant": 16, "senior csm": 8},
        lead="senior csm",
        steps=(
            _step(
                "diagnosis",
                "senior csm",
                3,
                "Find which link failed: the sale, the environment or the delivery (L10, J).",
            ),
            _step(
                "on site",
                "consultant",
                10,
                "Manage what is left of the delivery at the customer's.",
                after=("diagnosis",),
            ),
            _step(
                "decision",
                "senior csm",
                20,
                "In use, or a stop in good order (L9, J).",
                after=("on site",),
            ),
        ),
        success=Success(when=_STARTED, within=60),
        exit=_STOPPED,
        limits=Limits(at_most=1),
        priority=70,
        title="A project manager on site, or a stop in good order (L9).",
        source="L6 (W): not activated within three months, hardly ever; L9 (J)",
    ),
    Playbook(
        name="expectation talk",
        need="expectations",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry='stage in {"sold", "preparation"} and not expectations_agreed',
        effort={"csm": 2},
        steps=(
            _step("hear the sale", "csm", 2, "Ask the sales what was promised."),
            _step(
                "agree",
                "csm",
                5,
                "Bring what is too high or too low to a proper level, in writing.",
                after=("hear the sale",),
            ),
        ),
        success=Success(when="expectations_agreed", within=14),
        exit="expectations_agreed",
        limits=Limits(at_most=2),
        priority=65,
        title="Bring what was promised in the sale to a proper level.",
        source="L14 (K): expectations are managed at the handover",
    ),
)

# --------------------------------------------------------------------------------------
# In use

_FALL = "change(logins_30d, logins_prior_30d)"

_USE = (
    Playbook(
        name="idle user reminder",
        need="usage drop",
        layer=Layer.PRODUCT,
        entry=f"{_STARTED} and -0.5 <= {_FALL} < -0.2",
        steps=(
            _step("switch on", "csm", 1, "Remind who has stopped of the task they used it for."),
        ),
        success=Success(when=f"{_FALL} >= 0", after=14, within=30),
        limits=Limits(cool_down=60, retry_after=180),
        priority=60,
        title="The product reminds who has stopped of the task they used it for.",
        source="P1 (S); H3 (W): once a figure goes wrong, action follows",
    ),
    Playbook(
        name="usage review",
        need="usage drop",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=f"{_STARTED} and {_FALL} < -0.2",
        effort={"csm": 1, "senior csm": 1},
        lead="senior csm",
        steps=(
            _step("call", "csm", 2, "Diagnose: find what changed, and who stopped."),
            _step(
                "prescription",
                "senior csm",
                5,
                "Prescribe for this cycle, and see that it is taken.",
                after=("call",),
            ),
        ),
        success=Success(when=f"{_FALL} >= 0", after=14, within=30),
        limits=Limits(cool_down=30, retry_after=180),
        priority=60,
        title="Call: find what changed, and prescribe for this cycle.",
        source="H7 (J): anomalies show early enough to intervene; P8 (K)",
    ),
    Playbook(
        name="practice review",
        need="usage drop",
        layer=Layer.CONSULTING,
        level=Level.CONSULTING,
        entry=f"{_STARTED} and {_FALL} < -0.2",
        effort={"consultant": 8, "senior csm": 2},
        lead="senior csm",
        steps=(
            _step("challenge", "senior csm", 5, "Ask what has changed in the customer's business."),
            _step(
                "practice",
                "consultant",
                15,
                "Set up the practice that answers it.",
                after=("challenge",),
            ),
        ),
        success=Success(when=f"{_FALL} >= 0", after=14, within=60),
        limits=Limits(cool_down=30, at_most=2, retry_after=365),
        priority=60,
        title="A consultant looks for the practice that answers what changed in their business.",
        source="P7 (J): best practice, not features; P8 (K)",
    ),
    Playbook(
        name="seat tour",
        need="seat use",
        layer=Layer.PRODUCT,
        entry=f"{_STARTED} and seats_used / seats < 0.6",
        steps=(
            _step("switch on", "csm", 2, "Invite the idle seats by the tour inside the product."),
        ),
        success=Success(when="seats_used / seats >= 0.6", within=30),
        limits=Limits(cool_down=60, retry_after=365),
        priority=30,
        title="The product invites the idle seats by its own tour.",
        source="P1 (S): what the product can solve is not given to service",
    ),
    Playbook(
        name="seat training",
        need="seat use",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=f"{_STARTED} and seats_used / seats < 0.6",
        effort={"csm": 1, "support engineer": 3},
        steps=(
            _step("names", "csm", 5, "Ask who should have the idle seats, and for which task."),
            _step("training", "support engineer", 15, "Train them on that task.", after=("names",)),
        ),
        success=Success(when="seats_used / seats >= 0.6", within=45),
        limits=Limits(cool_down=30, retry_after=365),
        priority=30,
        title="Train who should have the idle seats, on their own task.",
        source="P4 (K): training is one of the four tasks; P1 (S)",
    ),
    Playbook(
        name="role invitation",
        need="breadth",
        layer=Layer.PRODUCT,
        entry=f"{_STARTED} and roles_active < 2",
        steps=(_step("invite", "csm", 3, "Send a second job role the template of its own task."),),
        success=Success(when="roles_active >= 2", within=30),
        limits=Limits(cool_down=60, retry_after=365),
        priority=50,
        title="The product invites a second job role, with a template of its own task.",
        source="P1 (S); H5 (K): two roles are often the key to the second-year renewal",
    ),
    Playbook(
        name="second role",
        need="breadth",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=f"{_STARTED} and roles_active < 2",
        effort={"csm": 1, "analyst": 3},
        steps=(
            _step("sponsor", "csm", 5, "Win the head of a second role over."),
            _step("training", "analyst", 15, "Train the role on its own task.", after=("sponsor",)),
        ),
        success=Success(when="roles_active >= 2", after=14, within=60),
        limits=Limits(cool_down=30, retry_after=365),
        priority=50,
        title="Train a second job role on its own task.",
        source="H5 (K): two roles are often the key to the second-year renewal",
    ),
    Playbook(
        name="detractor call",
        need="satisfaction",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=f"{_STARTED} and nps < 7",
        effort={"csm": 1},
        steps=(
            _step("call", "csm", 2, "Call back, find why."),
            _step(
                "answer",
                "csm",
                10,
                "Close only when the customer agrees that it is solved.",
                after=("call",),
            ),
        ),
        success=Success(when="nps >= 7", within=120),
        limits=Limits(cool_down=90, retry_after=365),
        priority=55,
        title="Call back, find why, and close only when the customer agrees.",
        source="H8 (N); P10 (N)",
    ),
    Playbook(
        name="detractor recovery",
        need="satisfaction",
        layer=Layer.CONSULTING,
        level=Level.CONSULTING,
        entry=f"{_STARTED} and nps < 7",
        effort={"senior csm": 4, "consultant": 4},
        lead="senior csm",
        steps=(
            _step("why", "senior csm", 5, "Find the business problem behind what is asked for."),
            _step(
                "solution",
                "consultant",
                20,
                "Solve that, with what the product can do.",
                after=("why",),
            ),
        ),
        success=Success(when="nps >= 7", within=120),
        limits=Limits(cool_down=90, at_most=2),
        priority=55,
        title="Find why it is asked, and solve the real problem.",
        source="P15 (J): solving the real problem turns an angry customer into a loyal one",
    ),
)

_NO_SCENARIO = 'stage in {"delivery", "in_use"} and scenarios_running < 1'

_SCENARIOS = (
    Playbook(
        name="scenario starter",
        need="scenario",
        layer=Layer.PRODUCT,
        entry=_NO_SCENARIO,
        steps=(
            _step("survey", "csm", 3, "Send the survey of needs."),
            _step(
                "start",
                "csm",
                8,
                "Start the scenario of the library that its answers lead to.",
                after=("survey",),
            ),
        ),
        success=Success(when="scenarios_running >= 1", within=30),
        limits=Limits(cool_down=30, retry_after=365),
        priority=40,
        title="Survey the need in the product, and start the scenario that it leads to.",
        source="P1 (S); P5 (K): a need survey comes first, then the library is searched",
    ),
    Playbook(
        name="scenario workshop",
        need="scenario",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=_NO_SCENARIO,
        effort={"csm": 2, "analyst": 3},
        steps=(
            _step(
                "survey", "csm", 3, "Survey the need: the business challenge, and not the function."
            ),
            _step(
                "workshop",
                "analyst",
                10,
                "Set a scenario of the library up with the customer.",
                after=("survey",),
            ),
        ),
        success=Success(when="scenarios_running >= 1", within=45),
        limits=Limits(cool_down=30, retry_after=365),
        priority=40,
        title="Survey the need, then start a scenario of the library.",
        source="P5 and P6 (K): every account has a scenario running",
    ),
    Playbook(
        name="scenario design",
        need="scenario",
        layer=Layer.CONSULTING,
        level=Level.CONSULTING,
        entry=_NO_SCENARIO,
        effort={"consultant": 12, "analyst": 4},
        lead="consultant",
        steps=(
            _step(
                "practice",
                "consultant",
                15,
                "Write a scenario for the challenge that the library has none for.",
            ),
            _step("set-up", "analyst", 20, "Set it up with the customer.", after=("practice",)),
            _step(
                "library",
                "consultant",
                30,
                "Give it to the library, so that the next one takes service.",
                optional=True,
                after=("set-up",),
            ),
        ),
        success=Success(when="scenarios_running >= 1", within=60),
        limits=Limits(at_most=1),
        priority=40,
        title="Write the scenario that the library lacks, and leave it there.",
        source="P5 (K): experienced people write scenarios; P3 (S, W)",
    ),
)

# --------------------------------------------------------------------------------------
# Towards the renewal

_ENDS_SOON = f"{_STARTED} and 0 <= days_until(term_ends_on) <= 90"
_GOES_ON = "days_until(term_ends_on) > 90"
_FIRST_TERM = "months_between(signed_on, term_ends_on) <= 13"

_RENEWAL = (
    Playbook(
        name="renewal notice",
        need="renewal",
        layer=Layer.PRODUCT,
        entry=f'{_STARTED} and 60 < days_until(term_ends_on) <= 90 and tier == "green"',
        steps=(
            _before(
                "notice",
                "csm",
                75,
                "Show the outcome reached and the day of the renewal in the product.",
            ),
        ),
        success=Success(when=_GOES_ON, within=10),
        exit=_GOES_ON,
        priority=80,
        title="The product shows the outcome reached, and the day of the renewal.",
        source="P1 (S); H6 (W): who is good on retention metrics renews with near certainty",
    ),
    Playbook(
        name="renewal preparation",
        need="renewal",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=f'{_ENDS_SOON} and tier == "green"',
        effort={"csm": 3},
        steps=(
            _before("outcome", "csm", 60, "Show the outcome reached to who decides."),
            _before("offer", "csm", 45, "Send the renewal offer.", after=("outcome",)),
            _before(
                "signature", "csm", 10, "Have it signed, and the fee asked for.", after=("offer",)
            ),
        ),
        success=Success(when=_GOES_ON, within=30),
        exit=_GOES_ON,
        priority=80,
        title="Show the outcome reached, and send the renewal offer.",
        source="R5 (W, K): customer success owns the renewal; R1 (K)",
    ),
    Playbook(
        name="joint renewal",
        need="first renewal",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=f'{_ENDS_SOON} and tier == "green" and {_FIRST_TERM}',
        effort={"csm": 3, "sales": 2},
        steps=(
            _before(
                "decision makers", "sales", 75, "Name who decides, and introduce the csm to them."
            ),
            _before(
                "outcome", "csm", 60, "Show them the outcome reached.", after=("decision makers",)
            ),
            _before(
                "offer",
                "csm",
                45,
                "Send the renewal offer, agreed on with the sales.",
                after=("outcome",),
            ),
            _before(
                "signature", "csm", 10, "Have it signed, and the fee asked for.", after=("offer",)
            ),
        ),
        success=Success(when=_GOES_ON, within=30),
        exit=_GOES_ON,
        limits=Limits(at_most=1),
        excludes=("renewal notice", "renewal preparation"),
        priority=85,
        title="Renew with the sales who know the decision makers.",
        source="R6 (W, K): the first-year renewal is joint",
    ),
    Playbook(
        name="multi-year terms",
        need="multi-year end",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=f"{_STARTED} and 0 <= days_until(term_ends_on) <= 180"
        " and not is_missing(sale_years) and sale_years >= 2",
        effort={"csm": 4, "sales": 2},
        steps=(
            _before(
                "fall",
                "csm",
                150,
                "Work out what a year is worth where they come back to one-year terms.",
            ),
            _before(
                "decision makers",
                "sales",
                120,
                "Find who decides now: years have passed since the sale.",
                after=("fall",),
            ),
            _before(
                "offer",
                "csm",
                60,
                "Offer a year at its price, and no longer term to hide the fall.",
                after=("decision makers",),
            ),
        ),
        success=Success(when="days_until(term_ends_on) > 180", within=90),
        exit="days_until(term_ends_on) > 180",
        limits=Limits(at_most=1),
        excludes=("joint renewal", "renewal notice", "renewal preparation"),
        priority=87,
        title="Show the fall to one-year terms ahead, and settle the terms early.",
        source="R3 (K): several years at once are a drug whose dose grows",
    ),
    Playbook(
        name="renewal review",
        need="renewal risk",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=f'{_ENDS_SOON} and tier in {{"yellow", "red"}}',
        effort={"csm": 2, "senior csm": 2},
        lead="senior csm",
        steps=(
            _step(
                "diagnosis", "csm", 3, "Say what holds the health down, and ask the customer why."
            ),
            _step(
                "prescription",
                "senior csm",
                5,
                "Prescribe against the worst of it.",
                after=("diagnosis",),
            ),
            _step(
                "decision makers",
                "csm",
                8,
                "Ask the sales who decides: it is the first renewal (R6).",
                when=_FIRST_TERM,
            ),
            _step("taking", "senior csm", 10, "Lead the taking.", after=("prescription",)),
        ),
        success=Success(when='tier == "green"', after=7, within=14),
        exit='tier == "green"',
        limits=Limits(retry_after=180),
        excludes=("renewal notice", "renewal preparation", "joint renewal"),
        priority=90,
        title="A senior colleague leads: what holds the health down, mended before the date.",
        source="P8 (K): the taking is led by a more senior CSM; H7 (J)",
    ),
    Playbook(
        name="renewal rescue",
        need="renewal risk",
        layer=Layer.CONSULTING,
        level=Level.CONSULTING,
        entry=f'{_ENDS_SOON} and tier in {{"yellow", "red"}}',
        effort={"consultant": 12, "senior csm": 4},
        lead="senior csm",
        steps=(
            _step(
                "challenge",
                "senior csm",
                3,
                "Go back to the challenge of the sale, with who decides.",
            ),
            _step(
                "practice",
                "consultant",
                15,
                "Solve it, with the practice that fits.",
                after=("challenge",),
            ),
            _before(
                "offer",
                "senior csm",
                10,
                "Send the offer once it is solved: service wins the renewal (R6).",
                after=("practice",),
            ),
        ),
        success=Success(when=_GOES_ON, within=45),
        exit=f'tier == "green" or {_GOES_ON}',
        limits=Limits(at_most=2, retry_after=180),
        excludes=("renewal notice", "renewal preparation", "joint renewal"),
        priority=90,
        title="A senior colleague leads: the challenge of the sale, solved before the date.",
        source="P8 (K): the taking is led by a more senior CSM; L15 (J)",
    ),
    Playbook(
        name="closure check",
        need="closure risk",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry=f"{_STARTED} and not is_missing(closure_sign) and closure_sign",
        effort={"csm": 1},
        steps=(
            _step("ask", "csm", 2, "Ask whether the business closes, and when."),
            _step(
                "record",
                "csm",
                5,
                "Record the reason, so that a loss to closure is shown apart.",
                after=("ask",),
            ),
        ),
        success=Success(when="not closure_sign", within=30),
        limits=Limits(cool_down=30),
        excludes=("renewal review", "renewal rescue", "multi-year terms"),
        priority=95,
        title="Ask whether the business closes, before hours are spent to keep it.",
        source="R4 (W, J): closures are shown apart",
    ),
)

# --------------------------------------------------------------------------------------
# After it left

_WIN_BACK = (
    Playbook(
        name="win-back letter",
        need="win-back",
        layer=Layer.SERVICE,
        level=Level.SUPPORT,
        entry='stage == "churned" and 60 <= days_in_stage <= 365',
        effort={"csm": 1},
        steps=(_step("letter", "csm", 10, "Write once, with what has changed since they left."),),
        success=Success(when='stage != "churned"', within=90),
        exit='stage != "churned"',
        limits=Limits(at_most=1),
        priority=10,
        title="Write once, with what has changed since they left.",
        source="L13 (S): churned accounts are very hard to win back",
    ),
)

# --------------------------------------------------------------------------------------
# The library

PLAYBOOKS = Library(
    name="stock",
    playbooks=(*_ACTIVATION, *_USE, *_SCENARIOS, *_RENEWAL, *_WIN_BACK),
    suppressions=(
        Suppression(
            name="open escalation",
            when="coalesce(open_escalations, 0) > 0",
            needs=("breadth", "first renewal", "renewal", "scenario", "seat use"),
            reason="it is answered first, and nothing is asked of the customer meanwhile (ours)",
        ),
        Suppression(
            name="on hold",
            when="coalesce(on_hold, False)",
            needs=(
                *("activation", "breadth", "expectations", "satisfaction", "scenario"),
                *("seat use", "usage drop"),
            ),
            reason="it is on hold, and what renews or closes goes on alone (ours)",
        ),
    ),
    levels=LEVELS,
)
"""What to do about each need; the cheapest layer that solves it (P1, S)."""

# --------------------------------------------------------------------------------------
# Visits

VISITS = VisitPolicy(
    name="visits",
    table=DecisionTable(
        name="rhythm",
        rows=(
            Row(
                name="ill or large",
                when='tier == "red" or seats >= 200',
                then="monthly",
                reason="it is not well, or large",
                source="P12 (K, N)",
            ),
            Row(
                name="middle",
                when="seats >= 20",
                then="quarterly",
                reason="it is well, and of middle size",
                source="P12 (K, N)",
            ),
            Row(
                name="small",
                when="seats < 20",
                then="half-yearly",
                reason="it is well, and small",
                source="P12 (K, N)",
            ),
        ),
    ),
    rhythms=(
        Rhythm(name="monthly", every="1 month", tolerance=7),
        Rhythm(name="quarterly", every="3 months", tolerance=14),
        Rhythm(name="half-yearly", every="6 months", tolerance=30),
    ),
)
"""How often an account is visited: regularly, at a rhythm that fits it (P12; K, N)."""
