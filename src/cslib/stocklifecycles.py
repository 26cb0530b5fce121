"""Stock lifecycles: the doctrine's flows of delivery and maintenance, as data.

:data:`SUBSCRIPTION` is the whole life in few stages, which the stock scorecard and playbooks read.
:data:`DELIVERY` and :data:`MAINTENANCE` are its two halves cut fine, each with events of its own;
:data:`VARIANTS` adjust the delivery to kinds of customer, :data:`KINDS` says of which kind one is,
and :data:`SUCCESS_CHAIN` which link failed first where one did not succeed. A log is replayed under
the one whose events it has.

Each opinion names its source by the id of its row in the doctrine, and its author by a letter: S
Sang Wenfeng, W Wang Daiming, K the 36Kr closed-door meeting, J Ji Weiguo, N Sensors Data. *Ours* is
what none of them gives. Import from :mod:`cslib.stock`, where all stock definitions are.

Clocks start by stages entered, whatever leads there, so that a variant which comes by another event
starts them too.
"""

from __future__ import annotations

from collections.abc import Mapping

from cslib.attribution import Chain, Link
from cslib.decisions import DecisionTable, Row
from cslib.expressions import Kind
from cslib.lifecycle import Deadline, Lifecycle, Milestone, Pause, Stage, Track, Transition
from cslib.schemas import FactSpec, Schema
from cslib.variants import Variant

__all__ = [
    "CHURN_REASONS",
    "DELIVERY",
    "INTERNET",
    "KINDS",
    "MAINTENANCE",
    "ON_SITE",
    "PRIVATE",
    "SUBSCRIPTION",
    "SUCCESS_CHAIN",
    "VARIANTS",
]

CHURN_REASONS = (
    "budget cut",
    "champion left",
    "implementation failed",
    "moved to another vendor",
    "outcome missed",
    "price",
    "product gap",
    "sold wrong",
    "too little use",
    "not known",
)
"""Why a customer left (ours; ``sold wrong`` and ``implementation failed`` are L10, J).

A business that closed did not churn, and a project that the implementer stopped did not either:
they have events of their own (R4, W and J; L9, J).
"""

_CHURNED = Schema(
    (
        FactSpec(
            name="reason",
            kind=Kind.TEXT,
            values=CHURN_REASONS,
            meaning="Why the customer left; absent: nobody has asked yet.",
        ),
    )
)


# --------------------------------------------------------------------------------------
# The whole life, in few stages

_DELIVERY = ("sold", "preparation", "data_access", "delivery")
_LIVE = ("in_use", "renewal")

SUBSCRIPTION = Lifecycle(
    name="subscription",
    initial="prospect",
    stages=(
        Stage(
            name="prospect",
            owner="consultant",
            norm="The business challenge is named, and the product can solve it (L8, J).",
        ),
        Stage(
            name="sold",
            owner="csm",
            norm="Signed. Handed over, with expectations brought to a proper level (L14, K).",
        ),
        Stage(
            name="preparation",
            owner="csm",
            norm="Kicked off. Left once the environment meets the requirements (L12, N).",
        ),
        Stage(
            name="data_access",
            owner="support engineer",
            norm="Data is being integrated. Left once it is validated as correct (L2, N).",
        ),
        Stage(
            name="delivery",
            owner="analyst",
            norm="The metric system is set up. Left by the training on site (L2, N; L3, K).",
        ),
        Stage(
            name="in_use",
            owner="csm",
            norm="In normal use, visited at a rhythm that fits, in fixed cycles (L7, K; P12, N).",
        ),
        Stage(
            name="renewal",
            owner="csm",
            norm="The term is ending. Left by signing again and paying, or by leaving (R1, K).",
        ),
        Stage(name="churned", owner="csm", norm="Left. Hard to win back (L13, S).", final=True),
        Stage(name="closed", owner="csm", norm="The business closed (R4, W and J).", final=True),
        Stage(
            name="rescinded",
            owner="implementer",
            final=True,
            norm="Stopped before success and refunded: neither churned nor renewed (L9, J).",
        ),
        Stage(
            name="won_back", owner="consultant", norm="Back after a churn; no new sale (L13, S)."
        ),
    ),
    events=(
        "signed",
        "kick_off",
        "environment_checked",
        "data_validated",
        "training_held",
        "renewal_opened",
        "renewed",
        "churned",
        "closed",
        "stopped",
        "won_back",
        "activation_missed",
    ),
    transitions=(
        Transition(event="signed", sources=("prospect",), target="sold"),
        Transition(event="kick_off", sources=("sold", "won_back"), target="preparation"),
        Transition(
            event="environment_checked",
            sources=("preparation",),
            target="data_access",
            guard="environment_ok",
        ),
        Transition(event="data_validated", sources=("data_access",), target="delivery"),
        Transition(event="training_held", sources=("delivery",), target="in_use"),
        Transition(event="renewal_opened", sources=("in_use",), target="renewal"),
        Transition(event="renewed", sources=("renewal",), target="in_use"),
        Transition(event="churned", sources=_LIVE, target="churned"),
        Transition(event="closed", sources=(*_DELIVERY, *_LIVE), target="closed"),
        Transition(event="stopped", sources=_DELIVERY, target="rescinded"),
        Transition(event="won_back", sources=("churned",), target="won_back", win_back=True),
        Transition(event="activation_missed", sources=_DELIVERY, effects="activation rescue"),
    ),
    deadlines=(
        # L6 (W): not activated within three months of signing, hardly ever. An end waives it.
        Deadline(
            name="activated",
            since="sold",
            by="in_use",
            within="3 months",
            breach="activation_missed",
        ),
        # L5 (K): the first thirty days. The basic preparation (L3, K) is what this flow has of it.
        Deadline(name="foundations", since="sold", by="data_access", within="30 days"),
        # L4 (K): about two months of delivery, from the kick-off.
        Deadline(name="delivered", since="preparation", by="in_use", within="2 months"),
    ),
    milestones=(
        Milestone(name="signed", by="sold"),
        Milestone(name="kicked_off", by="preparation"),
        Milestone(name="live", by="in_use"),
    ),
    payloads={"churned": _CHURNED},
)
"""The delivery flow and the year in use (L2, N; L3, L4, K), with the implementer's stop (L9, J)."""


# --------------------------------------------------------------------------------------
# The delivery

_GATE = Schema(
    (
        FactSpec(name="challenge", kind=Kind.TEXT, meaning="The challenge, in their own words."),
        FactSpec(
            name="challenge_named",
            kind=Kind.BOOLEAN,
            meaning="Whether sales can name the business challenge, not only a wish for functions.",
        ),
        FactSpec(
            name="challenge_solvable",
            kind=Kind.BOOLEAN,
            meaning="Whether the product can solve it.",
        ),
    )
)
_EXPECTATIONS = Schema(
    (
        FactSpec(
            name="expectations",
            kind=Kind.TEXT,
            values=("too_low", "proper", "too_high"),
            meaning="What the sale made the customer expect.",
        ),
        FactSpec(
            name="expectations_agreed",
            kind=Kind.BOOLEAN,
            meaning="Whether a proper level is agreed with the customer now.",
        ),
    )
)
_ENVIRONMENT = (
    FactSpec(name="network_open", kind=Kind.BOOLEAN, meaning="Their network lets data through."),
    FactSpec(
        name="systems_supported", kind=Kind.BOOLEAN, meaning="Each system has an SDK of ours."
    ),
    FactSpec(name="rights_granted", kind=Kind.BOOLEAN, meaning="Accounts and rights are granted."),
)
_OUTCOME = Schema(
    (
        FactSpec(
            name="outcome_what",
            kind=Kind.TEXT,
            meaning="The figure of the business that shows the challenge of the sale as solved.",
        ),
        FactSpec(name="outcome_baseline", kind=Kind.NUMBER, meaning="What that figure is today."),
        FactSpec(name="outcome_target", kind=Kind.NUMBER, meaning="What it shall become."),
        FactSpec(name="outcome_due", kind=Kind.DATE, meaning="By when."),
    )
)
_OUTCOME_AGREED = (
    'outcome_what != "" and outcome_target != outcome_baseline and days_until(outcome_due) > 0'
)

DELIVERY = Lifecycle(
    name="delivery",
    initial="sale/qualification",
    stages=(
        Stage(name="sale", owner="consultant", norm="Not signed: no project begins (L2, N)."),
        Stage(
            name="sale/qualification",
            owner="consultant",
            norm="Left by the gate: the challenge is named and solvable, or given up (L8, J).",
        ),
        Stage(
            name="sale/negotiation",
            owner="consultant",
            norm="Through the gate. Left by signing (L2, N), or by letting the deal go (ours).",
        ),
        Stage(
            name="given_up",
            owner="consultant",
            final=True,
            norm="Never signed: no challenge that the product can solve (L8, J), or let go (ours).",
        ),
        Stage(
            name="onboarding",
            owner="csm",
            norm="Signed. Customer success leads the project (L2, N). Left with the outcome agreed "
            "(L15, J) and the foundations laid (L5, K).",
            tracks=(
                Track(
                    name="foundations",
                    done_by="foundations_laid",
                    owner="csm",
                    norm="People, channels and rhythm are agreed, while energy is high (L5, K).",
                ),
            ),
        ),
        Stage(
            name="onboarding/handover",
            owner="csm",
            norm="Handed over by the consultant. Left once expectations are recorded and brought "
            "to a proper level (L14, K).",
        ),
        Stage(
            name="onboarding/kick_off",
            owner="csm",
            norm="The plan is made. Left by the kick-off with the customer (L3, K).",
        ),
        Stage(
            name="onboarding/preparation",
            owner="support engineer",
            norm="Kicked off. Left once the environment meets every requirement (L12, N; L3, K).",
        ),
        Stage(
            name="onboarding/data_access",
            owner="csm",
            norm="Design and integration run side by side. Left with both done (L2, N; L3, K).",
            tracks=(
                Track(
                    name="design",
                    done_by="design_agreed",
                    owner="analyst",
                    norm="What to measure is agreed; events and properties are designed (L2, N).",
                ),
                Track(
                    name="integration",
                    done_by="data_integrated",
                    owner="support engineer",
                    norm="Data arrives from each system (L2, N).",
                ),
            ),
        ),
        Stage(
            name="onboarding/validation",
            owner="analyst",
            norm="With the support engineer. Left once the data is found correct (L2, N).",
        ),
        Stage(
            name="onboarding/training",
            owner="csm",
            norm="The final delivery service (L3, K). Left by the customer's acceptance, which "
            "ends the honeymoon and is no success yet (L15, J).",
            tracks=(
                Track(
                    name="training",
                    done_by="training_held",
                    owner="csm",
                    norm="The delivery training is held on site, with the analyst (L2, N).",
                ),
                Track(
                    name="metrics",
                    done_by="metrics_set_up",
                    owner="analyst",
                    norm="The metric system is set up (L2, N).",
                ),
            ),
        ),
        Stage(
            name="in_use",
            owner="csm",
            norm="In normal use; feedback, upgrades and visits go on all life long (L2, N). "
            "MAINTENANCE says more.",
        ),
        Stage(
            name="rescinded",
            owner="implementer",
            final=True,
            norm="Stopped by the implementer and refunded: neither churned nor renewed (L9, J).",
        ),
        Stage(name="churned", owner="csm", norm="Left, with a reason (L10, J).", final=True),
        Stage(name="closed", owner="csm", norm="The business closed (R4, W and J).", final=True),
    ),
    events=(
        "gate_checked",
        "signed",
        "handed_over",
        "kick_off",
        "foundations_laid",
        "environment_checked",
        "design_agreed",
        "data_integrated",
        "validation_started",
        "data_validated",
        "training_held",
        "metrics_set_up",
        "delivery_accepted",
        "outcome_reached",
        "visited",
        "feedback_collected",
        "upgraded",
        "residency_begun",
        "put_on_hold",
        "resumed",
        "let_go",
        "stopped",
        "churned",
        "closed",
        "activation_missed",
    ),
    transitions=(
        # L8 (J): the gate of the sale. What is not known opens it as little as it shuts it.
        Transition(
            event="gate_checked",
            sources="sale/qualification",
            target="sale/negotiation",
            guard="challenge_named and challenge_solvable",
        ),
        Transition(
            event="gate_checked",
            sources="sale/qualification",
            target="given_up",
            guard="not (challenge_named and challenge_solvable)",
        ),
        Transition(event="let_go", sources="sale", target="given_up"),
        Transition(event="signed", sources="sale/negotiation", target="onboarding/handover"),
        # L14 (K): expectations are recorded, and proper before the project begins.
        Transition(
            event="handed_over",
            sources="onboarding/handover",
            target="onboarding/kick_off",
            guard="not is_missing(expectations) and expectations_agreed",
        ),
        # L3 (K): kick-off, basic preparation, data access, final delivery service.
        Transition(
            event="kick_off", sources="onboarding/kick_off", target="onboarding/preparation"
        ),
        # L12 (N): what fails is named, since each requirement is a fact of its own.
        Transition(
            event="environment_checked",
            sources="onboarding/preparation",
            target="onboarding/data_access",
            guard="network_open and systems_supported and rights_granted",
        ),
        # L2 (N): two works side by side, then both are validated together.
        Transition(
            event="validation_started",
            sources="onboarding/data_access",
            target="onboarding/validation",
            guard="done_design and done_integration",
        ),
        Transition(
            event="data_validated", sources="onboarding/validation", target="onboarding/training"
        ),
        # L15 (J), L5 (K): no end of onboarding without the outcome and the foundations.
        Transition(
            event="delivery_accepted",
            sources="onboarding/training",
            target="in_use",
            guard=f"done_foundations and done_training and done_metrics and {_OUTCOME_AGREED}",
        ),
        # L2 (N): what goes on in use. Residency asks for consent.
        Transition(event="visited", sources="in_use"),
        Transition(event="feedback_collected", sources="in_use"),
        Transition(event="upgraded", sources="in_use"),
        Transition(event="residency_begun", sources="in_use", guard="consented"),
        # L9 (J): the implementer may stop; before signing there is nothing to refund.
        Transition(event="stopped", sources="sale", target="given_up"),
        Transition(event="stopped", sources="onboarding", target="rescinded", effects="refund"),
        Transition(event="churned", sources=("onboarding", "in_use"), target="churned"),
        Transition(event="closed", sources=("sale", "onboarding", "in_use"), target="closed"),
        # L6 (W): its breach is an event, which asks for a rescue.
        Transition(event="activation_missed", sources="onboarding", effects="activation rescue"),
    ),
    deadlines=(
        # L6 (W). The customer's energy does not wait, so that a hold does not stop the clock.
        Deadline(
            name="activated",
            since="onboarding",
            by="in_use",
            within="3 months",
            breach="activation_missed",
        ),
        # L5 (K): the first thirty days, which no hold makes longer either.
        Deadline(name="foundations", since="onboarding", by="foundations_laid", within="30 days"),
        # L4 (K): about two months. This is our plan, and a hold moves it.
        Deadline(
            name="delivered",
            since="onboarding/preparation",
            by="in_use",
            within="2 months",
            pauses=True,
        ),
        # L15 (J): by when the business problem is to be solved, as each account agreed it.
        Deadline(name="outcome", since="in_use", by="outcome_reached", due="outcome_due"),
    ),
    milestones=(
        Milestone(name="signed", by="onboarding"),
        Milestone(name="handed_over", by="onboarding/kick_off"),
        Milestone(name="kicked_off", by="onboarding/preparation"),
        Milestone(name="live", by="in_use"),
        Milestone(name="success", by="outcome_reached"),
    ),
    pause=Pause(starts="put_on_hold", ends="resumed"),
    payloads={
        "gate_checked": _GATE,
        "handed_over": _EXPECTATIONS,
        "environment_checked": Schema(_ENVIRONMENT),
        "delivery_accepted": _OUTCOME,
        "residency_begun": Schema(
            (FactSpec(name="consented", kind=Kind.BOOLEAN, meaning="The customer agreed to it."),)
        ),
        "churned": _CHURNED,
    },
)
"""From the sale into use: the delivery flow L2 (N) by the plan of L3 (K).

With the gate of the sale L8 (J), expectations L14 (K), the environment check L12 (N), the
implementer's stop L9 (J), and the outcome L15 (J) agreed at the end of onboarding.
"""


# --------------------------------------------------------------------------------------
# The maintenance

_CYCLE = "in_use/cycle"

MAINTENANCE = Lifecycle(
    name="maintenance",
    initial="onboarding",
    stages=(
        Stage(name="onboarding", owner="csm", norm="Not in use yet: see DELIVERY (L2, N)."),
        Stage(name="in_use", owner="csm", norm="A year of cycles, then the renewal (L4, K)."),
        Stage(
            name=_CYCLE,
            owner="csm",
            norm="A cycle and not a line, begun anew at a fixed period (L7, K).",
        ),
        Stage(
            name=f"{_CYCLE}/judgement",
            owner="csm",
            norm="A cycle opens. Left by judging whether the last medicine worked (L7, K; P8, K).",
        ),
        Stage(
            name=f"{_CYCLE}/diagnosis",
            owner="csm",
            norm="Left by a diagnosis: what keeps this account from its outcome (L7, K).",
        ),
        Stage(
            name=f"{_CYCLE}/prescription",
            owner="csm",
            norm="Left by a prescription that names what will be done (L7, K).",
        ),
        Stage(
            name=f"{_CYCLE}/treatment",
            owner="senior csm",
            norm="The medicine is taken, led by a more senior CSM (P8, K), until the next cycle "
            "(L7, K).",
        ),
        Stage(
            name="in_use/renewal",
            owner="csm",
            norm="Ten months in use. Left by signing again and paying, or by leaving (L4, K).",
        ),
        Stage(name="churned", owner="csm", norm="Left. Hard to win back (L13, S).", final=True),
        Stage(name="closed", owner="csm", norm="The business closed (R4, W and J).", final=True),
        Stage(
            name="won_back",
            owner="consultant",
            norm="Back after a churn, and no new sale (L13, S). Left by a delivery accepted anew.",
        ),
    ),
    events=(
        "delivery_accepted",
        "judged",
        "diagnosed",
        "prescribed",
        "outcome_reached",
        "renewed",
        "churned",
        "closed",
        "won_back",
        "next_cycle",
        "renewal_opened",
    ),
    transitions=(
        Transition(
            event="delivery_accepted",
            sources=("onboarding", "won_back"),
            target=f"{_CYCLE}/diagnosis",
        ),
        # L7 (K): diagnose, prescribe, take; the next cycle begins by judging.
        Transition(
            event="diagnosed", sources=f"{_CYCLE}/diagnosis", target=f"{_CYCLE}/prescription"
        ),
        Transition(
            event="prescribed", sources=f"{_CYCLE}/prescription", target=f"{_CYCLE}/treatment"
        ),
        Transition(
            event="next_cycle",
            sources=(f"{_CYCLE}/prescription", f"{_CYCLE}/treatment"),
            target=f"{_CYCLE}/judgement",
        ),
        Transition(
            event="judged",
            sources=f"{_CYCLE}/judgement",
            target=f"{_CYCLE}/diagnosis",
            guard="medicine_worked",
        ),
        Transition(
            event="judged",
            sources=f"{_CYCLE}/judgement",
            target=f"{_CYCLE}/diagnosis",
            guard="not medicine_worked",
            effects="change the medicine",
        ),
        # L4 (K): after ten months the renewal, by itself or opened earlier by hand.
        Transition(event="renewal_opened", sources=_CYCLE, target="in_use/renewal"),
        Transition(event="renewed", sources="in_use/renewal", target=f"{_CYCLE}/judgement"),
        Transition(event="churned", sources=("in_use", "won_back"), target="churned"),
        Transition(event="closed", sources=("in_use", "won_back"), target="closed"),
        # L13 (S): a stage of its own, out of an end on purpose.
        Transition(event="won_back", sources="churned", target="won_back", win_back=True),
    ),
    deadlines=(
        # L7 (K): a fixed period, counted from the beginning of a cycle to that of the next. K names
        # none; three months are ours.
        Deadline(
            name="cycle",
            since=(_CYCLE, f"{_CYCLE}/judgement"),
            by=f"{_CYCLE}/judgement",
            within="3 months",
            waived_by="in_use/renewal",
            breach="next_cycle",
        ),
        # L4 (K): about ten months of maintenance until the renewal.
        Deadline(
            name="maintenance",
            since=_CYCLE,
            by="in_use/renewal",
            within="10 months",
            breach="renewal_opened",
        ),
        # L15 (J): by when the business problem is to be solved, as each account agreed it.
        Deadline(name="outcome", since="in_use", by="outcome_reached", due="outcome_due"),
    ),
    milestones=(
        Milestone(name="live", by="in_use"),
        Milestone(name="success", by="outcome_reached"),
    ),
    payloads={
        "delivery_accepted": _OUTCOME,
        "judged": Schema(
            (
                FactSpec(
                    name="medicine_worked",
                    kind=Kind.BOOLEAN,
                    meaning="Whether what was prescribed last did what it was for.",
                ),
            )
        ),
        "churned": _CHURNED,
    },
)
"""The life in use: cycles L7 (K), ten months L4 (K), the renewal, and the win-back L13 (S)."""


# --------------------------------------------------------------------------------------
# Kinds of customer

INTERNET = Variant(name="internet")
"""An internet firm: standard product, standard service (L11, S and N). It changes nothing."""

ON_SITE = Variant(
    name="on site",
    stages=(
        Stage(
            name="onboarding",
            owner="project manager",
            norm="Signed. A project manager on site leads the project (L11, S and N). Left with "
            "the outcome agreed (L15, J) and the foundations laid (L5, K).",
            tracks=(
                Track(
                    name="foundations",
                    done_by="foundations_laid",
                    owner="project manager",
                    norm="People, channels and rhythm are agreed, while energy is high (L5, K).",
                ),
            ),
        ),
        Stage(
            name="onboarding/consulting",
            owner="industry consultant",
            norm="Goals and ways of working are worked out with the customer (L11, S and N; P2, "
            "W). Left once a practice is agreed.",
        ),
    ),
    events=("practice_agreed",),
    transitions=(
        Transition(event="kick_off", sources="onboarding/kick_off", target="onboarding/consulting"),
        Transition(
            event="practice_agreed",
            sources="onboarding/consulting",
            target="onboarding/preparation",
        ),
    ),
    deadlines=(
        # Two months of delivery (L4, K) and one of consulting: ours.
        Deadline(
            name="delivered",
            since="onboarding/consulting",
            by="in_use",
            within="3 months",
            pauses=True,
        ),
    ),
    milestones=(Milestone(name="kicked_off", by="onboarding/consulting"),),
)
"""Internet-plus and traditional firms: a project manager on site, and consulting (L11, S and N)."""

PRIVATE = Variant(
    name="private",
    stages=(
        Stage(
            name="onboarding/installation",
            owner="operations engineer",
            norm="The environment is checked (L12, N). Left by the installation, at a time that "
            "the customer picks (P11, N).",
        ),
    ),
    events=("installed",),
    transitions=(
        Transition(
            event="environment_checked",
            sources="onboarding/preparation",
            target="onboarding/installation",
            guard="network_open and systems_supported and rights_granted"
            " and cpu_cores >= cpu_cores_needed and memory_gb >= memory_gb_needed"
            " and disk_gb >= disk_gb_needed",
        ),
        Transition(
            event="installed", sources="onboarding/installation", target="onboarding/data_access"
        ),
    ),
    deadlines=(
        # Longer than the three months of L6 (W), by the two that an installation may take: ours.
        Deadline(
            name="activated",
            since="onboarding",
            by="in_use",
            within="5 months",
            breach="activation_missed",
        ),
        # Longer than the two months of L4 (K), by the same: ours.
        Deadline(
            name="delivered",
            since="onboarding/preparation",
            by="in_use",
            within="4 months",
            pauses=True,
        ),
    ),
    payloads={
        "environment_checked": Schema(
            (
                *_ENVIRONMENT,
                *(
                    FactSpec(name=f"{part}{needed}", kind=Kind.NUMBER, meaning=meaning)
                    for part in ("cpu_cores", "memory_gb", "disk_gb")
                    for needed, meaning in (("", "There is."), ("_needed", "It must be, at least."))
                ),
            )
        ),
    },
)
"""A private deployment: the environment is measured, and the product installed (L11, L12, N)."""

VARIANTS: Mapping[str, Variant] = {each.name: each for each in (PRIVATE, ON_SITE, INTERNET)}
"""The variants of the delivery, by name.

One can be made of another's lifecycle: ``PRIVATE.of(ON_SITE.of(DELIVERY))`` is a traditional firm
with a deployment of its own.
"""

KINDS = DecisionTable(
    name="kind of customer",
    rows=(
        Row(when='hosting == "private"', then=PRIVATE.name, source="L11 (N)"),
        Row(
            when='segment in {"internet_plus", "traditional"}',
            then=ON_SITE.name,
            source="L11 (S, N)",
        ),
        Row(when='segment == "internet"', then=INTERNET.name, source="L11 (S, N)"),
    ),
)
"""Which of :data:`VARIANTS` fits an account: its deployment, then its segment (L11, S and N)."""


# --------------------------------------------------------------------------------------
# Which link failed first

SUCCESS_CHAIN = Chain(
    name="success",
    links=(
        Link(
            name="sold right",
            held="not is_missing(milestone_handed_over)"
            ' or not (stage in {"given_up", "rescinded", "churned"})',
            owner="consultant",
            meaning="The challenge is named and solvable (L8, J), and expectations are proper at "
            "the handover (L14, K). It failed where an account ended before that.",
        ),
        Link(
            name="implemented right",
            held='deadline_activated in {"not_started", "open", "met"}'
            ' or (deadline_activated == "waived" and stage == "closed")',
            owner="csm",
            meaning="In use within the limit (L6, W). It failed where the limit passed, or the "
            "project ended before it was in use (L9, J).",
        ),
        Link(
            name="used",
            held='deadline_outcome in {"not_started", "open", "met", "late"}'
            ' or (deadline_outcome == "waived" and stage == "closed")',
            owner="csm",
            meaning="Used so that the business problem is solved (L15, J). It failed where the "
            "day agreed passed without, or the customer left before it.",
        ),
    ),
)
"""Sold right, then implemented right, then used (L10, J), over the facts of a DELIVERY journey.

A link that is still under way has not failed, and a business that closed is nobody's failure.
"""
