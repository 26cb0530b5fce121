"""Customer-success logic as pure functions: lifecycle, health, renewal and playbooks.

>>> from cslib import rule
>>> adopted = rule("seats_used / seats >= 0.6 and roles_active >= 2")
>>> adopted({"seats_used": 45, "seats": 50, "roles_active": 3})
True

Everything named here is loaded on first use, so that ``import cslib`` itself costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cslib.decisions import DecisionTable, Row
    from cslib.errors import CslibError, DefinitionError, Fault
    from cslib.health import Band, Measure, Scorecard, Tier
    from cslib.histories import History
    from cslib.lifecycle import (
        Deadline,
        Event,
        Lifecycle,
        Milestone,
        Stage,
        Track,
        Transition,
    )
    from cslib.packs import Pack
    from cslib.periods import Period
    from cslib.playbooks import Layer, Library, Playbook, Step, Success
    from cslib.rates import Rate
    from cslib.renewal import Contract, Entry, renewal_rate
    from cslib.review import Book, Definitions, review_book
    from cslib.rules import FactSpec, Function, Rule, Schema, fact, fn, rule, ruleset
    from cslib.runs import Run

__all__ = [
    "Band",
    "Book",
    "Contract",
    "CslibError",
    "Deadline",
    "DecisionTable",
    "DefinitionError",
    "Definitions",
    "Entry",
    "Event",
    "FactSpec",
    "Fault",
    "Function",
    "History",
    "Layer",
    "Library",
    "Lifecycle",
    "Measure",
    "Milestone",
    "Pack",
    "Period",
    "Playbook",
    "Rate",
    "Row",
    "Rule",
    "Run",
    "Schema",
    "Scorecard",
    "Stage",
    "Step",
    "Success",
    "Tier",
    "Track",
    "Transition",
    "fact",
    "fn",
    "renewal_rate",
    "review_book",
    "rule",
    "ruleset",
]

_HOMES = {
    "decisions": ("DecisionTable", "Row"),
    "errors": ("CslibError", "DefinitionError", "Fault"),
    "histories": ("History",),
    "health": ("Band", "Measure", "Scorecard", "Tier"),
    "lifecycle": (
        "Deadline",
        "Event",
        "Lifecycle",
        "Milestone",
        "Stage",
        "Track",
        "Transition",
    ),
    "periods": ("Period",),
    "packs": ("Pack",),
    "playbooks": ("Layer", "Library", "Playbook", "Step", "Success"),
    "rates": ("Rate",),
    "renewal": ("Contract", "Entry", "renewal_rate"),
    "runs": ("Run",),
    "review": ("Book", "Definitions", "review_book"),
    "rules": ("FactSpec", "Function", "Rule", "Schema", "fact", "fn", "rule", "ruleset"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A public name, from its module, on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'cslib' has no attribute {name!r}")
    return getattr(importlib.import_module(f"cslib.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
