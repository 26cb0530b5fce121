"""Makes the sample book of business that ships with cslib, and its known truth.

    python tools/make_sample_book.py            # writes the files
    python tools/make_sample_book.py --check    # compares; exit code 1 where one differs

The book is made from a plan and never measured: each account is given its form of deal, its health
and, for each term, the way it ends; the facts that follow are then written down, and so is the
plan itself, as the truth that the review is held against. Nothing here uses cslib.

Only ``Random.random`` is drawn from: it is the one method whose sequence Python promises to keep
for a seed, so that the files are the same to the byte on every platform and version.
All names are invented. Days and money are whole numbers inside: dates, and cents of CNY.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TypeVar

T = TypeVar("T")
Span = tuple[int, int]
Facts = dict[str, str]

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "src" / "cslib" / "sample"
TRUTH = ROOT / "tests" / "sample_truth.json"

SEED = 20260740
AS_OF = dt.date(2026, 6, 30)
GRACE = 30
# An unsigned or unpaid term is given no end around the day on which its grace runs out, so that
# the truth does not hang on whether that day itself is in or out.
GRACE_IS_OVER = AS_OF - dt.timedelta(days=GRACE + 3)
GRACE_IS_RUNNING = AS_OF - dt.timedelta(days=GRACE - 3)
MONTHS = (
    *(f"2025-{month:02d}" for month in range(7, 13)),
    *(f"2026-{month:02d}" for month in range(1, 7)),
)


# --- The plan: cohorts, troubles, health, endings -----------------------------------------------


@dataclass(frozen=True)
class Cohort:
    """Accounts that start month after month, the same number in each.

    Attributes:
        first: The first month, as (year, month).
        months: How many months run on from there.
        each: Accounts that start in a month.
        forms: The forms of deal, taken in turn.
    """

    first: tuple[int, int]
    months: int
    each: int
    forms: tuple[str, ...] = ("one_year",)


COHORTS = {
    "carried_in": Cohort((2023, 7), 12, 5),  # renewed once before: due again in the last year
    "core": Cohort((2024, 7), 12, 11),  # due for the first time in the last year
    "recent": Cohort((2025, 7), 12, 6),  # not due yet; the last ones are still being delivered
    "long_due": Cohort((2022, 7), 12, 1, ("three_years", "three_rows")),
    "long_running": Cohort((2024, 8), 16, 1, ("three_rows", "three_years")),
    "rescinded": Cohort((2024, 9), 7, 1),
    "rescinded_long": Cohort((2023, 7), 1, 1, ("three_rows",)),  # would have been due in 2026-06
}
START_DAYS = (1, 31, 8, 15, 22, 12, 27, 18, 4, 30, 10)  # past the month's end: its last day

# Which accounts of a cohort (counted from 0) meet which trouble.
TROUBLES: dict[tuple[str, str], tuple[int, ...]] = {
    ("check_failed", "core"): (3, 40, 77),
    ("check_failed_for_good", "recent"): (20, 38),
    ("check_unknown", "recent"): (27, 45),
    ("validated_early", "core"): (9, 58),
    ("renewed_in_delivery", "core"): (14, 63, 101),
    ("churned_in_delivery", "core"): (25, 90),
    ("trained_twice", "core"): (31, 70),
    ("won_back_in_use", "core"): (47,),
    ("renewed_for_nothing", "carried_in"): (12, 33),
    ("closed_in_delivery", "recent"): (8, 31),
    ("closed_in_use", "recent"): (2, 11),
    ("closed_in_use", "core"): (5, 66, 98, 125),
    ("opened_after_closed", "core"): (52,),
    ("kicked_off_at_once", "core"): (7, 36, 85),
    ("reported_late", "carried_in"): (6, 21, 44),
    ("reported_late", "core"): (18, 49, 74, 95, 120),
    ("slow", "recent"): (24, 33, 49, 54),
    ("not_begun", "recent"): (67, 71),
    ("recorded_after_the_close", "core"): (127,),
}


@dataclass(frozen=True)
class Step:
    """An event on the way through delivery.

    Attributes:
        day: Days after signing.
        event: Its name.
        why: Why the lifecycle refuses it: ``no_transition`` (from this stage), ``after_end``,
            ``guard_false`` or ``guard_unknown``; None where it is allowed.
    """

    day: int
    event: str
    why: str | None = None


SLIPS = {  # the refused events of a trouble
    "check_failed": (Step(11, "environment_checked", "guard_false"),),
    "check_failed_for_good": (
        Step(14, "environment_checked", "guard_false"),
        Step(40, "environment_checked", "guard_false"),
    ),
    "check_unknown": (Step(14, "environment_checked", "guard_unknown"),),
    "validated_early": (Step(11, "data_validated", "no_transition"),),
    "renewed_in_delivery": (Step(47, "renewed", "no_transition"),),
    "churned_in_delivery": (Step(48, "churned", "no_transition"),),
    "trained_twice": (Step(80, "training_held", "no_transition"),),
    "won_back_in_use": (Step(90, "won_back", "no_transition"),),
    "renewed_for_nothing": (Step(95, "renewed", "no_transition"),),
}
CHECK_RESULT = {None: "true", "guard_false": "false", "guard_unknown": ""}

# Each event leads to one stage, wherever it is allowed.
STAGE_AFTER = {
    "signed": "sold",
    "kick_off": "preparation",
    "environment_checked": "data_access",
    "data_validated": "delivery",
    "training_held": "in_use",
    "renewal_opened": "renewal",
    "renewed": "in_use",
    "churned": "churned",
    "stopped": "rescinded",
    "closed": "closed",
    "won_back": "won_back",
}
DELIVERY: tuple[tuple[str, Span], ...] = (  # days after signing
    ("kick_off", (1, 10)),
    ("environment_checked", (12, 25)),
    ("data_validated", (30, 45)),
    ("training_held", (50, 75)),
)
DELIVERED_UNTIL = {  # how many of these steps are taken, where not all
    "not_begun": 0,
    "check_failed_for_good": 1,
    "check_unknown": 1,
    "closed_in_delivery": 2,
    "slow": 3,
}
CLOSED_ON_DAY = {"closed_in_delivery": 60, "closed_in_use": 190, "opened_after_closed": 190}


@dataclass(frozen=True)
class Health:
    """Points planned for the six measures, with the score and tier worked out by hand.

    Attributes:
        points: In the order of ``WEIGHTS``, 0 to 100; ``-`` where the measure is missing.
        score: The weighted mean of the points that are there; None under half the weight.
        tier: Green from 75, yellow from 50, else red; unknown without a score.
    """

    points: str
    score: str | None
    tier: str


WEIGHTS = {
    "seat_use": 30,
    "activity": 20,
    "breadth": 20,
    "scenarios": 10,
    "satisfaction": 10,
    "outcome": 10,
}
SILENT = Health("- - - - - -", None, "unknown")
HEALTH = {
    "thriving": (
        Health("100 100 100 100 100 100", "100", "green"),
        Health("100 100 100 100 50 60", "91", "green"),
        Health("100 100 100 60 - 100", "860/9", "green"),
    ),
    "steady": (
        Health("50 100 100 60 100 60", "77", "green"),
        Health("100 50 50 60 50 60", "67", "yellow"),
        Health("50 50 100 60 - 60", "190/3", "yellow"),
    ),
    "strained": (
        Health("50 100 50 60 50 0", "56", "yellow"),
        Health("50 50 50 0 50 60", "46", "red"),
        Health("50 0 50 60 0 60", "37", "red"),
    ),
    "failing": (
        Health("0 0 50 0 0 0", "10", "red"),
        Health("0 50 50 0 0 -", "200/9", "red"),
        Health("0 - 0 0 - 0", "0", "red"),
    ),
    "sparse": (
        Health("- - 100 100 100 -", None, "unknown"),
        Health("- 100 100 - - -", None, "unknown"),
        Health("50 - - - 100 -", None, "unknown"),
    ),
    "delivering": (SILENT, Health("- - - - - 60", None, "unknown")),
    "gone": (Health("0 - 0 0 0 0", "0", "red"),),
    "silent": (SILENT,),
}
HEALTH_OF_STAGE = {  # elsewhere: the planned health
    "sold": "delivering",
    "preparation": "delivering",
    "data_access": "delivering",
    "delivery": "delivering",
    "churned": "gone",
    "won_back": "gone",
    "closed": "silent",
    "rescinded": "silent",
}
HEALTH_SHARES = {"thriving": 42, "steady": 26, "strained": 15, "failing": 11, "sparse": 6}

FACTS: tuple[str, ...] = (
    "seats",
    "seats_used",
    "logins_30d",
    "logins_prior_30d",
    "roles_active",
    "scenarios_running",
    "nps",
    "outcome",
)
EDGES = (  # values of FACTS that lie exactly on a bound, or a hair below it; ``-`` is missing
    # seat use 0.6, activity -0.2, 1 role, 2 scenarios, nps 7: the score is 75, the bound of green
    ("20 12 80 100 1 2 7 missed", Health("100 100 50 100 50 0", "75", "green")),
    # one seat short of 0.6; one login short of -0.2
    ("100 59 80 100 1 2 7 missed", Health("50 100 50 100 50 0", "60", "yellow")),
    ("20 12 79 100 1 2 7 missed", Health("100 50 50 100 50 0", "65", "yellow")),
    # seat use 0.3, activity -0.5, no scenario, nps 8: the score is 50, the bound of yellow
    ("20 6 50 100 1 0 8 reached", Health("50 50 50 0 50 100", "50", "yellow")),
    # one seat short of 0.3; one login short of -0.5
    ("100 29 50 100 1 0 8 reached", Health("0 50 50 0 50 100", "35", "red")),
    ("20 6 49 100 1 0 8 reached", Health("50 0 50 0 50 100", "40", "red")),
    # nps 6 and 9 lie on either side of the middle band
    ("20 12 80 100 2 1 6 on_the_way", Health("100 100 100 60 0 60", "82", "green")),
    ("20 12 80 100 2 1 9 on_the_way", Health("100 100 100 60 100 60", "92", "green")),
    # half of the weight is known: the coverage floor is met; two fifths are not enough
    ("30 18 40 50 - - - -", Health("100 100 - - - -", "100", "green")),
    ("30 18 40 - - - 9 -", Health("100 - - - 100 -", None, "unknown")),
    # no login before: the change is unknown, not infinite; no seat bought: so is seat use
    ("40 30 25 0 3 2 10 reached", Health("100 - 100 100 100 100", "100", "green")),
    ("0 0 60 60 2 2 9 reached", Health("- 100 100 100 100 100", "100", "green")),
)


@dataclass(frozen=True)
class Ending:
    """How a term that falls due ends. Days are counted from the first day it does not cover.

    Attributes:
        outcome: What the doctrine calls it as of ``AS_OF``.
        signed: When the next contract is signed; None for never.
        paid: When its first instalment is paid; None for never.
        manner: How it is invoiced and paid.
        starts: Where the next contract starts: ``at_end``, ``before_end`` or ``when_signed``.
        opened: When the renewal is opened.
        leaves: The event by which the account leaves, if it does.
        left: When.
    """

    outcome: str
    signed: Span | None = None
    paid: Span | None = None
    manner: str = "in_full"
    starts: str = "at_end"
    opened: Span = (-100, -85)
    leaves: str | None = None
    left: Span = (0, 0)

    @property
    def last_day(self) -> int:
        """The latest day on which anything of it can happen."""
        return max(span[1] for span in (self.signed, self.paid, self.left) if span)


ENDINGS = {
    "prompt": Ending("renewed", (-45, -20), (-18, -2)),
    "early": Ending("renewed", (-120, -70), (-65, -50), opened=(-150, -130)),
    "overlapping": Ending(
        "renewed", (-60, -45), (-40, -30), starts="before_end", opened=(-150, -130)
    ),
    "in_grace": Ending("renewed", (-30, -5), (3, 26)),
    "signed_late": Ending("renewed", (3, 12), (14, 26), starts="when_signed"),
    "paid_after_grace": Ending("renewed", (-30, -5), (36, 70)),
    "in_two_parts": Ending("renewed", (-45, -25), (-15, -2), "in_two_parts"),
    "overpaid": Ending("renewed", (-45, -30), (-26, -14), "overpaid"),
    "by_instalments": Ending("renewed", (-45, -20), (-15, -2), "by_instalments"),
    "churned": Ending("lost", leaves="churned", left=(-15, 28)),
    "lapsed": Ending("lost"),
    "unpaid": Ending("lost", (-30, -5), None, "not_at_all"),
    "paid_in_part": Ending("lost", (-40, -20), (-15, -2), "first_half_only"),
    "refunded": Ending("lost", (-30, -15), (-12, -3), "refunded", leaves="churned", left=(20, 28)),
    "business_closed": Ending("closed", leaves="closed", left=(-60, -5)),
    "not_signed_yet": Ending("open"),
    "not_paid_yet": Ending("pending", (-40, -10), None, "not_at_all"),
    "paid_in_part_so_far": Ending("pending", (-40, -20), (-15, -3), "first_half_only"),
    "recorded_after_the_close": Ending("pending", (-40, -20), (-5, -4), "recorded_late"),
}
_GOOD = {"prompt": 40, "early": 12, "overlapping": 5, "in_grace": 10, "signed_late": 6}
_GOOD |= {"paid_after_grace": 9, "in_two_parts": 4, "overpaid": 3, "by_instalments": 5}
_BAD = {"churned": 18, "lapsed": 4, "unpaid": 8, "paid_in_part": 6, "refunded": 6}
_WAITING = {"not_signed_yet": 14, "not_paid_yet": 9, "paid_in_part_so_far": 4}


def _mix(good: int, bad: int, waiting: int, closed: int) -> dict[str, int]:
    parts = ((_GOOD, good), (_BAD, bad), (_WAITING, waiting), ({"business_closed": 1}, closed))
    return {name: share * times for part, times in parts for name, share in part.items()}


ENDING_SHARES = {  # how likely each ending is, by health
    "thriving": _mix(good=6, bad=0, waiting=5, closed=10),
    "steady": _mix(good=4, bad=1, waiting=5, closed=10),
    "strained": _mix(good=2, bad=4, waiting=9, closed=10),
    "failing": _mix(good=1, bad=8, waiting=9, closed=10),
    "sparse": _mix(good=3, bad=4, waiting=5, closed=10),
    "edge": dict(_GOOD),
}

CHURN_REASONS = ("budget cut", "champion left", "moved to another vendor", "too little use", "")

SEGMENTS = {"internet": 45, "internet_plus": 30, "traditional": 25}
PRICES = {"internet": (180, 1200), "internet_plus": (400, 2000), "traditional": (800, 5000)}
TRADES = {
    "internet": ("Apps", "Games", "Streaming", "Online", "Radio"),
    "internet_plus": ("Learning", "Mobility", "Fresh Foods", "Clinics", "Travel"),
    "traditional": ("Ceramics", "Mills", "Foundry", "Textiles", "Teahouses"),
}
FIRST_NAMES = (
    *("Moonlit", "Paper", "Velvet", "Thursday", "Upside-Down", "Copper"),
    *("Sleepy", "Jade", "Foggy", "Borrowed", "Winter", "Ninth"),
    *("Plum", "Whistling", "Crooked", "Marble", "Lantern", "Patient"),
)
LAST_NAMES = (
    *("Otter", "Crane", "Pangolin", "Carp", "Magpie", "Tortoise", "Yak", "Gibbon", "Moth"),
    *("Hedgehog", "Heron", "Badger", "Newt", "Walrus", "Cicada", "Dormouse", "Kite"),
)
ODD_NAMES = {  # names that a table has to cope with
    17: "月兔茶坊",
    58: "云上松鼠书店",
    91: "Tortoise, Hare & Daughters",
    133: "倒走的钟表行",
    204: 'The "Sometimes Open" Bakery',
    262: "纸鹤航空（虚构）",
}


@dataclass(frozen=True)
class Plan:
    """What is settled about an account before anything is written.

    Attributes:
        account: Its id.
        name: Its invented name.
        segment: Its kind of customer.
        start: First day of its first contract.
        form: ``one_year``, ``three_years`` (one row) or ``three_rows`` (one sale, a row a year).
        health: A key of ``HEALTH``, or ``edge``.
        trouble: What goes wrong, if anything.
    """

    account: str
    name: str
    segment: str
    start: dt.date
    form: str
    health: str
    trouble: str | None


def make_plans(rng: Random) -> list[Plan]:
    """Settles every account of every cohort."""
    troubles = {(cohort, n): name for (name, cohort), ns in TROUBLES.items() for n in ns}
    plans: list[Plan] = []
    for cohort_name, cohort in COHORTS.items():
        for position, start in enumerate(starts_of(cohort)):
            number = len(plans) + 1
            segment = draw(rng, SEGMENTS)
            edge = cohort_name == "core" and position % 9 == 6
            rescinded = "rescinded" if cohort_name.startswith("rescinded") else None
            plans.append(
                Plan(
                    account=f"A{number:03d}",
                    name=name_of(number, segment),
                    segment=segment,
                    start=start,
                    form=cohort.forms[position % len(cohort.forms)],
                    health="edge" if edge else draw(rng, HEALTH_SHARES),
                    trouble=rescinded or troubles.get((cohort_name, position)),
                )
            )
    return plans


def starts_of(cohort: Cohort) -> Iterable[dt.date]:
    """The start of each account of a cohort, the first and the last day of a month among them."""
    position = 0
    for n in range(cohort.months):
        month = cohort.first[1] - 1 + n
        first = dt.date(cohort.first[0] + month // 12, month % 12 + 1, 1)
        last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        for k in range(cohort.each):
            day = START_DAYS[(k if cohort.each > 1 else position) % len(START_DAYS)]
            yield min(first + dt.timedelta(days=day - 1), last)
            position += 1


def name_of(number: int, segment: str) -> str:
    """An invented name; no two numbers share one, since 18 and 17 have no common factor."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[number % len(LAST_NAMES)]
    trade = TRADES[segment][number % len(TRADES[segment])]
    return ODD_NAMES.get(number, f"{first} {last} {trade}")


# --- Chance -------------------------------------------------------------------------------------


def between(rng: Random, span: Span) -> int:
    """A whole number from the first to the last of a span, both included."""
    low, high = span
    return low + int(rng.random() * (high - low + 1))


def pick(rng: Random, choices: Sequence[T]) -> T:
    """One of several, all as likely."""
    return choices[between(rng, (0, len(choices) - 1))]


def draw(rng: Random, shares: Mapping[str, int]) -> str:
    """One name, as likely as its share."""
    ticket = between(rng, (1, sum(shares.values())))
    for name, share in shares.items():
        ticket -= share
        if ticket <= 0:
            return name
    raise AssertionError("the shares ran out before the ticket")


def some_day(rng: Random, anchor: dt.date, span: Span) -> dt.date:
    """A day within a span of days from an anchor."""
    return anchor + dt.timedelta(days=between(rng, span))


# --- What is written down -----------------------------------------------------------------------


@dataclass
class Event:
    """A row of events.csv; `why` says what refuses it, and stays in the truth."""

    event_id: str
    account: str
    event: str
    at: dt.date
    recorded_at: dt.date | None
    environment_ok: str = ""
    reason: str = ""
    why: str | None = None
    stage: str = ""


@dataclass
class Contract:
    """A row of contracts.csv; `annual` is in cents."""

    contract: str
    account: str
    start: dt.date
    end: dt.date
    annual: int
    signed_on: dt.date
    recorded_at: dt.date
    renews: str = ""
    sale: str = ""
    end_reason: str = ""


@dataclass
class Payment:
    """A row of payments.csv; `amount` is in cents."""

    entry: str
    contract: str
    kind: str
    on: dt.date
    amount: int
    recorded_at: dt.date


@dataclass
class Line:
    """The truth about one contract that fell due."""

    contract: Contract
    ending: str
    outcome: str
    by: Contract | None


@dataclass
class Story:
    """All that is told of one account, in order of happening."""

    plan: Plan
    rng: Random
    stage: str = ""
    environment_ok: str = ""
    events: list[Event] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def happens(
        self, event: str, at: dt.date, *, why: str | None = None, reason: str = "", check: str = ""
    ) -> None:
        """An event happens; with `why` it is one that the lifecycle refuses."""
        if at > AS_OF:
            return  # the book was closed before
        n = len(self.events) + 1
        row = Event(f"{self.plan.account}-E{n:02d}", self.plan.account, event, at, self.arrival(at))
        row.environment_ok, row.reason, row.why, row.stage = check, reason, why, self.stage
        self.events.append(row)
        self.environment_ok = check or self.environment_ok
        if why is None:
            self.stage = STAGE_AFTER[event]

    def arrival(self, at: dt.date) -> dt.date | None:
        """When an event was written down: soon, late, or (rarely) nobody knows."""
        if self.plan.trouble == "reported_late":
            return min(some_day(self.rng, at, (9, 70)), AS_OF)
        if self.plan.trouble == "kicked_off_at_once":
            return at  # two events of one day, recorded on one day: their ids tell the order
        if self.rng.random() < 0.015:
            return None
        return min(some_day(self.rng, at, (0, 2)), AS_OF)

    def books(
        self, contract: Contract, kind: str, on: dt.date, amount: int, known: dt.date | None = None
    ) -> None:
        """An entry of the ledger; unless said, it is known within days, and by the close."""
        entry = f"{self.plan.account}-P{len(self.payments) + 1:02d}"
        known = known or min(some_day(self.rng, on, (0, 3)), AS_OF)
        self.payments.append(Payment(entry, contract.contract, kind, on, amount, known))


@dataclass(frozen=True)
class Due:
    """An instalment of a contract."""

    contract: Contract
    on: dt.date
    amount: int


# --- Telling the story of an account ------------------------------------------------------------


def tell(plan: Plan, rng: Random) -> Story:
    """Writes an account's story as its plan has it."""
    story = Story(plan, rng)
    signed = some_day(rng, plan.start, (-12, 0))
    story.happens("signed", signed)
    annual = between(rng, PRICES[plan.segment]) * 10_000 + pick(rng, (0, 0, 0, 50, 33, 99))
    rows = buy(story, signed, plan.start, plan.form, annual)
    dues = instalments(rows, signed, pick(rng, ("in_full", "in_full", "by_instalments")))
    if plan.trouble == "rescinded":
        rescind(story, rows, dues[0], signed)
        return story
    pay_first(story, dues, some_day(rng, signed, (0, 21)))
    deliver(story, signed, plan.trouble or "")
    closes = CLOSED_ON_DAY.get(plan.trouble or "")
    closed = signed + dt.timedelta(days=closes) if closes else None
    pay_later(story, dues, until=closed or AS_OF)
    if closed:
        close_midway(story, rows[-1], closed)
    elif story.stage == "in_use":
        live(story, rows[-1])
    return story


def buy(
    story: Story, signed: dt.date, start: dt.date, form: str, annual: int, renews: str = ""
) -> list[Contract]:
    """Contracts of one sale, their years counted from its start: a leap day does not drift."""
    account = story.plan.account
    bounds = {"one_year": (0, 1), "three_years": (0, 3), "three_rows": (0, 1, 2, 3)}[form]
    recorded = min(some_day(story.rng, signed, (0, 4)), AS_OF)
    sale = f"{account}-S{len(story.contracts) + 1}" if form == "three_rows" else ""
    rows = []
    for first, last in pairwise(bounds):
        contract = f"{account}-{len(story.contracts) + 1}"
        start_, end = years_after(start, first), years_after(start, last)
        row = Contract(contract, account, start_, end, annual, signed, recorded, sale=sale)
        row.renews, renews = renews, ""  # inner anniversaries renew nothing
        rows.append(row)
        story.contracts.append(row)
    return rows


def years_after(anchor: dt.date, years: int) -> dt.date:
    """The anniversary; that of a leap day falls on February 28 in a common year."""
    try:
        return anchor.replace(year=anchor.year + years)
    except ValueError:
        return anchor.replace(year=anchor.year + years, day=28)


def instalments(rows: Sequence[Contract], signed: dt.date, manner: str) -> list[Due]:
    """What falls due: the first instalment at signing, later ones as the term goes on.

    Rows of one sale have one each. ``by_instalments`` is year by year for three years in one row,
    and half by half for one year; else all is due at once.
    """
    first, annual = rows[0], rows[0].annual
    years = first.end.year - first.start.year
    if len(rows) > 1:
        return [Due(row, signed if row is first else row.start, annual) for row in rows]
    if manner != "by_instalments":
        return [Due(first, signed, annual * years)]
    if years > 1:
        later = [Due(first, years_after(first.start, n), annual) for n in range(1, years)]
        return [Due(first, signed, annual), *later]
    half = first.start + dt.timedelta(days=182)
    return [Due(first, signed, annual - annual // 2), Due(first, half, annual // 2)]


def pay_first(story: Story, dues: Sequence[Due], on: dt.date, manner: str = "in_full") -> None:
    """Books every instalment as due, and what is paid of the first."""
    for due in dues:
        story.books(due.contract, "due", due.on, due.amount, known=due.contract.recorded_at)
    first, amount = dues[0].contract, dues[0].amount
    if manner == "not_at_all" or on > AS_OF:
        return
    if manner == "first_half_only":
        story.books(first, "paid", on, amount // 2)
    elif manner == "in_two_parts":
        story.books(first, "paid", on - dt.timedelta(days=4), amount // 3)
        story.books(first, "paid", on, amount - amount // 3)
    elif manner == "recorded_late":
        story.books(first, "paid", on, amount, known=AS_OF + dt.timedelta(days=3))
    else:
        story.books(first, "paid", on, amount)
    if manner == "overpaid":
        story.books(first, "paid", on + dt.timedelta(days=2), amount)
        story.books(first, "refund", on + dt.timedelta(days=9), amount)


def pay_later(story: Story, dues: Sequence[Due], until: dt.date = AS_OF) -> None:
    """Pays the instalments after the first, up to a day."""
    for due in dues[1:]:
        on = some_day(story.rng, due.on, (0, 14))
        if on <= until:
            story.books(due.contract, "paid", on, due.amount)


def deliver(story: Story, begun: dt.date, trouble: str = "", until: int = len(DELIVERY)) -> None:
    """The first steps of delivery, with the slips of a trouble between them."""
    until = min(until, DELIVERED_UNTIL.get(trouble, until))
    steps = [Step(between(story.rng, span), event) for event, span in DELIVERY[:until]]
    if trouble == "kicked_off_at_once":
        steps[0] = Step(0, "kick_off")
    for step in sorted([*steps, *SLIPS.get(trouble, ())], key=lambda step: step.day):
        check = CHECK_RESULT[step.why] if step.event == "environment_checked" else ""
        at = begun + dt.timedelta(days=step.day)
        story.happens(step.event, at, why=step.why, check=check)


def rescind(story: Story, rows: Sequence[Contract], first: Due, signed: dt.date) -> None:
    """The implementer stops the project and the fee is refunded."""
    pay_first(story, [first], some_day(story.rng, signed, (0, 9)))
    deliver(story, signed, until=between(story.rng, (0, 3)))
    stopped = signed + dt.timedelta(days=between(story.rng, (48, 80)))
    story.happens("stopped", stopped, reason="risk judged too high")
    story.books(first.contract, "refund", stopped + dt.timedelta(days=6), first.amount)
    for row in rows:
        row.end_reason = "rescinded"


def close_midway(story: Story, contract: Contract, on: dt.date) -> None:
    """The customer's business closes within the term, which keeps its contractual end."""
    story.happens("closed", on, reason="business closed")
    contract.end_reason = "closed"
    if contract.end - dt.timedelta(days=1) <= AS_OF:
        story.lines.append(Line(contract, "business_closed", "closed", None))
    if story.plan.trouble == "opened_after_closed":
        story.happens("renewal_opened", on + dt.timedelta(days=20), why="after_end")


def live(story: Story, contract: Contract) -> None:
    """Term after term, until one is not renewed or runs past the close of the book."""
    name = choose_ending(story, contract)
    if name is None:
        story.happens("renewal_opened", some_day(story.rng, contract.end, ENDINGS["lapsed"].opened))
        return
    following = end_term(story, contract, name)
    if contract.end - dt.timedelta(days=1) <= AS_OF:
        story.lines.append(Line(contract, name, ENDINGS[name].outcome, following))
    if ENDINGS[name].outcome == "renewed" and following:
        live(story, last_of_sale(story, following))
    elif name == "churned" and story.rng.random() < 0.5:
        win_back(story, contract)


def choose_ending(story: Story, contract: Contract) -> str | None:
    """The way this term ends, or None where it runs on past the close of the book."""
    if contract.end - dt.timedelta(days=1) > AS_OF:
        soon = contract.end + dt.timedelta(days=ENDINGS["early"].last_day) <= AS_OF
        return "early" if soon and story.rng.random() < 0.5 else None
    if story.plan.trouble == "recorded_after_the_close":
        return story.plan.trouble
    shares = ENDING_SHARES[story.plan.health]
    possible = {name: shares[name] for name in shares if is_possible(name, contract.end)}
    return draw(story.rng, possible)


def is_possible(name: str, end: dt.date) -> bool:
    """Whether a term with this end can be seen, at the close of the book, to have ended so."""
    ending = ENDINGS[name]
    if ending.outcome == "lost" and ending.signed:
        # the contract that was signed in vain shall not fall due in its turn within the book
        return years_after(AS_OF, -1) + dt.timedelta(days=1) < end <= GRACE_IS_OVER
    if ending.outcome == "lost":
        return end <= GRACE_IS_OVER
    if ending.outcome in {"pending", "open"}:
        return end >= GRACE_IS_RUNNING
    return end + dt.timedelta(days=ending.last_day) <= AS_OF


def end_term(story: Story, contract: Contract, name: str) -> Contract | None:
    """Writes what an ending consists of; the contract that follows, if one was signed."""
    rng, ending = story.rng, ENDINGS[name]
    forgotten = name == "not_signed_yet" and rng.random() < 0.2
    if not forgotten:
        story.happens("renewal_opened", some_day(rng, contract.end, ending.opened))
    following = sign_again(story, contract, ending) if ending.signed else None
    if ending.leaves:
        left = some_day(rng, contract.end, ending.left)
        reason = "business closed" if ending.leaves == "closed" else pick(rng, CHURN_REASONS)
        story.happens(ending.leaves, left, reason=reason)
        (following or contract).end_reason = ending.leaves
        if following:
            paid = next(p for p in reversed(story.payments) if p.kind == "paid")
            story.books(following, "refund", left, paid.amount)
    return following


def sign_again(story: Story, contract: Contract, ending: Ending) -> Contract:
    """The next contract, its payments, and the event of the renewal once the cash is in."""
    rng = story.rng
    signed = some_day(rng, contract.end, ending.signed or (0, 0))
    month = dt.timedelta(days=30)
    starts = {"at_end": contract.end, "before_end": contract.end - month, "when_signed": signed}
    plain = ending.manner == "in_full" and ending.outcome == "renewed"
    form = pick(rng, ("one_year",) * 12 + ("three_years", "three_rows"))
    form = form if plain else "one_year"
    annual = contract.annual * pick(rng, (80, 90, 100, 100, 100, 105, 110, 125)) // 100
    renews = contract.contract if rng.random() < 0.85 else ""  # else the link is to be inferred
    rows = buy(story, signed, starts[ending.starts], form, annual, renews)
    dues = instalments(rows, signed, ending.manner)
    paid = some_day(rng, contract.end, ending.paid or (0, 0))
    pay_first(story, dues, paid, ending.manner)
    if ending.outcome == "renewed" or ending.manner == "refunded":
        story.happens("renewed", paid)
        pay_later(story, dues)
    return rows[0]


def last_of_sale(story: Story, contract: Contract) -> Contract:
    """The row of a sale that falls due: its last."""
    return [c for c in story.contracts if c is contract or (c.sale and c.sale == contract.sale)][-1]


def win_back(story: Story, lost: Contract) -> None:
    """A churned account comes back: its own stage, a new sale, long after grace."""
    back = some_day(story.rng, lost.end, (95, 200))
    if back > AS_OF:
        return
    story.happens("won_back", back)
    rows = buy(story, back, back + dt.timedelta(days=5), "one_year", lost.annual * 70 // 100)
    dues = instalments(rows, back, "in_full")
    pay_first(story, dues, some_day(story.rng, back, (0, 14)))
    deliver(story, back, until=0 if back > AS_OF - dt.timedelta(days=45) else len(DELIVERY))
    if story.stage == "in_use":
        live(story, rows[-1])


# --- The facts of an account, as of the close ---------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row of accounts.csv, with the truth about its health."""

    facts: Facts
    health: Health


def account_rows(stories: Iterable[Story], rng: Random) -> list[Row]:
    """Facts of every account; those planned to lie on a bound take the edges in turn."""
    edges = list(EDGES)
    rows = []
    for story in stories:
        planned = HEALTH_OF_STAGE.get(story.stage, story.plan.health)
        if planned == "edge" and edges:
            texts, health = edges.pop(0)
            measured = dict(zip(FACTS, known(texts), strict=True))
        else:
            planned = "thriving" if planned == "edge" else planned
            health = pick(rng, HEALTH[planned])
            measured = facts_for(health, rng, idle=planned in {"gone", "failing"})
        rows.append(Row(account_facts(story, measured, rng), health))
    return rows


def known(texts: str) -> list[str]:
    """The words of a line, those that stand for missing emptied."""
    return ["" if text == "-" else text for text in texts.split()]


def account_facts(story: Story, measured: Facts, rng: Random) -> Facts:
    """A row of accounts.csv around the facts that were measured."""
    plan = story.plan
    return {
        "account": plan.account,
        "name": plan.name,
        "segment": plan.segment if rng.random() > 0.015 else "",
        "signed_on": story.contracts[0].signed_on.isoformat(),
        **measured,
        "environment_ok": story.environment_ok,
        "open_tickets": str(between(rng, (0, 6))) if rng.random() < 0.9 else "",
        "last_login_on": last_login(story, measured["logins_30d"], rng),
    }


def facts_for(health: Health, rng: Random, *, idle: bool) -> Facts:
    """Values, well inside their bands, that earn the planned points.

    Activity is missing because nobody logged in before (`idle`), or because nobody counted.
    """
    points = [int(text) if text else None for text in known(health.points)]
    seat_use, activity, breadth, scenarios, nps, outcome = points
    seats = between(rng, (20, 400))
    facts = dict.fromkeys(FACTS, "") | {"seats": str(seats)}
    if seat_use is not None:
        percent = between(rng, {0: (5, 22), 50: (37, 53), 100: (68, 96)}[seat_use])
        facts["seats_used"] = str(seats * percent // 100)
    if activity is not None:
        before = between(rng, (60, 900))
        percent = between(rng, {0: (10, 40), 50: (58, 72), 100: (92, 145)}[activity])
        facts["logins_prior_30d"], facts["logins_30d"] = str(before), str(before * percent // 100)
    elif idle:
        facts["logins_prior_30d"], facts["logins_30d"] = "0", "0"
    elif seat_use is not None:
        facts["logins_30d"] = str(between(rng, (20, 300)))  # counted now, and not before
    counts = {0: (0, 0), 50: (1, 1), 60: (1, 1), 100: (2, 4)}
    if breadth is not None:
        facts["roles_active"] = str(between(rng, counts[breadth]))
    if scenarios is not None:
        facts["scenarios_running"] = str(between(rng, counts[scenarios]))
    if nps is not None:
        facts["nps"] = str(between(rng, {0: (0, 6), 50: (7, 8), 100: (9, 10)}[nps]))
    if outcome is not None:
        facts["outcome"] = {0: "missed", 60: "on_the_way", 100: "reached"}[outcome]
    return facts


def last_login(story: Story, logins_30d: str, rng: Random) -> str:
    """The day of the last login, in line with the logins counted; empty where unknown."""
    if not logins_30d or rng.random() < 0.04:
        return ""
    if logins_30d != "0":
        return some_day(rng, AS_OF, (-9, 0)).isoformat()
    left = max((e.at for e in story.events if e.event == "churned" and not e.why), default=AS_OF)
    return some_day(rng, min(left, AS_OF - dt.timedelta(days=60)), (-60, -3)).isoformat()


# --- Files --------------------------------------------------------------------------------------


def build(seed: int = SEED) -> dict[Path, bytes]:
    """Every file of the sample with its content."""
    rng = Random(seed)  # noqa: S311 - a sample, not a secret
    stories = [tell(plan, rng) for plan in make_plans(rng)]
    accounts = account_rows(stories, rng)
    events = [event for story in stories for event in story.events]
    copies = [event for event in events if rng.random() < 0.012]
    return {
        SAMPLE / "accounts.csv": csv_bytes([row.facts for row in accounts]),
        SAMPLE / "events.csv": csv_bytes(event_rows(events, copies)),
        SAMPLE / "contracts.csv": csv_bytes(contract_rows(stories)),
        SAMPLE / "payments.csv": csv_bytes(payment_rows(stories)),
        TRUTH: truth_bytes(stories, accounts, len(copies)),
    }


def event_rows(events: Iterable[Event], copies: Iterable[Event]) -> list[Facts]:
    """Rows in order of arrival, which is not that of happening; a copy arrives nine days later."""
    arrivals = [(e.recorded_at or e.at, 0, e) for e in events]
    arrivals += [((e.recorded_at or e.at) + dt.timedelta(days=9), 1, e) for e in copies]
    arrivals.sort(key=lambda arrival: (*arrival[:2], arrival[2].event_id))
    return [
        {
            "event_id": e.event_id,
            "account": e.account,
            "event": e.event,
            "at": e.at.isoformat(),
            "recorded_at": e.recorded_at.isoformat() if e.recorded_at else "",
            "environment_ok": e.environment_ok,
            "reason": e.reason,
        }
        for _, _, e in arrivals
    ]


def contract_rows(stories: Iterable[Story]) -> list[Facts]:
    """Rows in order of arrival."""
    contracts = [contract for story in stories for contract in story.contracts]
    return [
        {
            "contract": c.contract,
            "account": c.account,
            "start": c.start.isoformat(),
            "end": c.end.isoformat(),
            "annual_value": money(c.annual),
            "currency": "CNY",
            "signed_on": c.signed_on.isoformat(),
            "recorded_at": c.recorded_at.isoformat(),
            "renews": c.renews,
            "sale": c.sale,
            "end_reason": c.end_reason,
        }
        for c in sorted(contracts, key=lambda c: (c.recorded_at, c.contract))
    ]


def payment_rows(stories: Iterable[Story]) -> list[Facts]:
    """Rows in order of arrival."""
    payments = [payment for story in stories for payment in story.payments]
    return [
        {
            "entry": p.entry,
            "contract": p.contract,
            "kind": p.kind,
            "on": p.on.isoformat(),
            "amount": money(p.amount),
            "recorded_at": p.recorded_at.isoformat(),
        }
        for p in sorted(payments, key=lambda p: (p.recorded_at, p.entry))
    ]


def money(cents: int) -> str:
    """Cents as exact decimal text in major units."""
    return f"{cents // 100}.{cents % 100:02d}"


def csv_bytes(rows: Sequence[Facts]) -> bytes:
    """UTF-8 with a header row and LF line ends."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


ABOUT = {
    "book": "What the sample was made to say; tools/make_sample_book.py wrote it from its plan.",
    "accounts": "Stage as of the date; score (exact) and tier of the stock scorecard 'in use', from"
    " the facts alone and whatever the stage.",
    "refused": "Every event that the lifecycle does not allow, the stage it met, and why.",
    "months": "Contracts by the month of their last covered day, and their annual values. renewed:"
    " cash collected as of the date, however late; lost: without closures; pending: signed, in"
    " grace, the cash not in or not known; open: not signed, in grace. These five add up to due.",
    "lines": "Each contract of the months, how it ended, and the contract that renews it.",
    "outside": "Contracts whose last day lies in the months, but which were rescinded.",
}
OUTCOMES = ("renewed", "lost", "closed", "pending", "open")


def truth_bytes(stories: Sequence[Story], accounts: Sequence[Row], copies: int) -> bytes:
    """The plan of the book, as the review should find it."""
    lines = [line for story in stories for line in story.lines if month_of(line.contract) in MONTHS]
    truth = {
        "about": ABOUT,
        "as_of": AS_OF.isoformat(),
        "currency": "CNY",
        "grace_days": GRACE,
        "duplicate_events_dropped": copies,
        "accounts": {
            story.plan.account: {
                "stage": story.stage,
                "tier": row.health.tier,
                "score": row.health.score,
            }
            for story, row in zip(stories, accounts, strict=True)
        },
        "refused": {
            event.event_id: {"event": event.event, "stage": event.stage, "why": event.why}
            for story in stories
            for event in story.events
            if event.why
        },
        "months": {month: month_truth(lines, month) for month in MONTHS},
        "lines": {line.contract.contract: line_truth(line) for line in lines},
        "outside": [
            contract.contract
            for story in stories
            if story.stage == "rescinded"
            for contract in story.contracts[-1:]
            if month_of(contract) in MONTHS
        ],
    }
    return (json.dumps(truth, indent=1, ensure_ascii=False) + "\n").encode()


def month_of(contract: Contract) -> str:
    """The month that holds the last covered day."""
    return (contract.end - dt.timedelta(days=1)).isoformat()[:7]


def month_truth(lines: Iterable[Line], month: str) -> dict[str, dict[str, int | str]]:
    """Counts and values of one month, by outcome."""
    here = [line for line in lines if month_of(line.contract) == month]
    groups = {"due": here} | {o: [line for line in here if line.outcome == o] for o in OUTCOMES}
    return {
        name: {"count": len(group), "value": money(sum(line.contract.annual for line in group))}
        for name, group in groups.items()
    }


def line_truth(line: Line) -> dict[str, str | bool | None]:
    """One contract that fell due: its outcome, how it came, and the contract that renews it."""
    return {
        "month": month_of(line.contract),
        "outcome": line.outcome,
        "ending": line.ending,
        "by": line.by.contract if line.by else None,
        "inferred": line.by is not None and not line.by.renews,
    }


def differences(files: Mapping[Path, bytes]) -> list[Path]:
    """The files that are missing or have another content on disk."""
    return [path for path, data in files.items() if not path.is_file() or path.read_bytes() != data]


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the files, or with ``--check`` compares them; the exit code."""
    parser = argparse.ArgumentParser(description="Make the sample book and its known truth.")
    parser.add_argument("--check", action="store_true", help="compare; exit 1 on a difference")
    check: bool = parser.parse_args(arguments).check
    files = build()
    changed = differences(files)
    for path in changed:
        sys.stdout.write(f"{'differs' if check else 'wrote'}: {path.relative_to(ROOT)}\n")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[path])
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
