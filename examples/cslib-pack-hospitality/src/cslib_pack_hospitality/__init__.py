"""Playbooks, practices, a scorecard, a lifecycle and a function for hotels with a booking system.

An example: what it says of hotels is made up. ``PACK`` is what the entry point leads to; ``FACTS``
are the facts that its rules read, for whoever fills them in.
"""

from __future__ import annotations

import re

from cslib.functions import Function
from cslib.health import Band, Measure, Scorecard, Tier
from cslib.lifecycle import Deadline, Lifecycle, Stage, Transition
from cslib.packs import Pack
from cslib.playbooks import Layer, Playbook
from cslib.rules import rule
from cslib.scenarios import Need, Scenario, ScenarioLibrary
from cslib.schemas import FactSpec, Schema

__all__ = ["FACTS", "PACK"]

FACTS = Schema(
    (
        FactSpec(name="rooms", kind="number", unit="rooms", meaning="Rooms of the house."),
        FactSpec(
            name="rooms_online", kind="number", unit="rooms", meaning="Rooms that can be booked."
        ),
        FactSpec(name="rating", kind="text", meaning="As the house states it: '4 stars'."),
        FactSpec(name="roles_active", kind="number", meaning="Job roles that used it in 30 days."),
        FactSpec(name="season_opens_on", kind="date", meaning="First day of the next season."),
    )
)


def _stars(rating: str) -> float | None:
    """The number in a rating, such as 4 in ``4 stars``; a rating without one is unknown."""
    found = re.search(r"[1-5]", rating)
    return float(found[0]) if found else None


STARS = Function(
    name="stars", version=1, takes=["text"], gives="number", call=_stars, words="the stars of {0}"
)

_FEW_ROOMS = "rooms_online / rooms < 0.5"

PLAYBOOKS = (
    Playbook(
        name="room import",
        need="rooms online",
        layer=Layer.PRODUCT,
        entry=f"{_FEW_ROOMS} and rooms_online == 0",
        title="Point the front desk to the import of rooms.",
    ),
    Playbook(
        name="room workshop",
        need="rooms online",
        layer=Layer.SERVICE,
        entry=_FEW_ROOMS,
        effort={"csm": 3},
        title="Bring the first half of the rooms online together.",
    ),
    Playbook(
        name="revenue advice",
        need="rooms online",
        layer=Layer.CONSULTING,
        entry=rule(f"{_FEW_ROOMS} and stars(rating) >= 4", functions=[STARS]),
        effort={"csm": 16},
        title="Which rooms to sell where, by a consultant who has run a house.",
    ),
    Playbook(
        name="season check",
        need="season",
        layer=Layer.SERVICE,
        entry="0 <= days_until(season_opens_on) <= 30",
        effort={"csm": 1},
        priority=10,
        title="Prices, rooms and people, gone through before the season opens.",
    ),
)

FRONT_DESK = Scorecard(
    name="front desk",
    measures=(
        Measure(
            name="rooms online",
            value="rooms_online / rooms",
            weight=2,
            bands=(
                Band(points=100, at_least=0.9),
                Band(points=60, at_least=0.5, below=0.9),
                Band(points=0, below=0.5),
            ),
        ),
        Measure(
            name="roles",
            value="roles_active",
            bands=(Band(points=100, at_least=2), Band(points=30, below=2)),
        ),
    ),
    tiers=(
        Tier(name="green", at_least=75),
        Tier(name="yellow", at_least=50),
        Tier(name="red", at_least=0),
    ),
)

OPENING = Lifecycle(
    name="opening",
    initial="signed",
    stages=(
        Stage(name="signed"),
        Stage(name="set_up"),
        Stage(name="taking_bookings"),
        Stage(name="left", final=True),
    ),
    events=("rooms_entered", "first_booking", "cancelled"),
    transitions=(
        Transition(event="rooms_entered", sources="signed", target="set_up"),
        Transition(event="first_booking", sources="set_up", target="taking_bookings"),
        Transition(
            event="cancelled", sources=("signed", "set_up", "taking_bookings"), target="left"
        ),
    ),
    deadlines=(
        Deadline(name="live", since="rooms_entered", by="taking_bookings", within="30 days"),
    ),
)

PRACTICES = ScenarioLibrary(
    name="practices",
    needs=(
        Need(name="empty rooms", meaning="Rooms stand empty on days that are known ahead."),
        Need(name="late check-in", meaning="Guests wait at the desk in the evening."),
    ),
    scenarios=(
        Scenario(
            name="weekday offers",
            need="empty rooms",
            value="more revenue",
            roles=("revenue manager", "front desk"),
            industries=("hotel",),
            practice="Sell the weekdays to firms nearby, with the rooms that were empty last year.",
            asks="rooms >= 10",
            source="made up",
        ),
        Scenario(
            name="check-in on the way",
            need="late check-in",
            value="higher efficiency",
            roles=("front desk",),
            practice="Send the form on the day of arrival, and hand out keys without a queue.",
            source="made up",
        ),
    ),
)

PACK = Pack(
    name="hospitality",
    version="1.0.0",
    api="1.0",
    playbooks=PLAYBOOKS,
    scenarios=(PRACTICES,),
    scorecards=(FRONT_DESK,),
    lifecycles=(OPENING,),
    functions=(STARS,),
)
