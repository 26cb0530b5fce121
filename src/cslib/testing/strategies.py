"""Hypothesis strategies: accounts, contracts, payments, events, playbooks.

For the tests of packages that build on cslib, and for its own. What is drawn is small on purpose,
so that days meet, ids stand twice and values fall on the bounds; and unknown now and then, since
that is what real data is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from hypothesis import strategies as st

from cslib.errors import DefinitionError, Fault
from cslib.expressions import Kind, Kinds
from cslib.ledger import Contract, EndReason, Entry, EntryKind
from cslib.lifecycle import Event, Lifecycle
from cslib.playbooks import Layer, Library, Playbook
from cslib.rules import rule
from cslib.schemas import FactSpec, Schema
from cslib.testing.reading import fact_kinds, literals_of, rules_of, series_of

__all__ = [
    "AS_OF",
    "ENTRIES",
    "accounts",
    "contracts",
    "entries",
    "ledgers",
    "libraries",
    "logs",
    "playbooks",
]

_Drawn: TypeAlias = st.SearchStrategy[Any]

AS_OF = dt.date(2026, 6, 30)
"""Today, unless a test says otherwise: what is drawn lies around it."""

ENTRIES = (
    *("seats_used / seats < 0.6", "seats_used / seats < 0.6 and roles_active < 2"),
    *("nps < 7", "not trained", "plan == 'pro' and nps < 3", "roles_active < 2 or nps < 7"),
    *("days_until(term_ends_on) <= 90", "at_least(2, trained, nps > 8, roles_active > 1)", "True"),
)
"""Entry conditions of drawn playbooks, unless a test gives its own."""


# --------------------------------------------------------------------------------------
# Accounts


def accounts(
    *definitions: object, schema: Schema | None = None, as_of: dt.date = AS_OF
) -> st.SearchStrategy[dict[str, Any]]:
    """Accounts that definitions can read: of each fact that a rule names, a value of its kind.

    Numbers, days and texts lie on, before and after those that the definitions compare with. A fact
    may be None or absent, and one of which earlier periods are read is a list, that may be empty.

    Args:
        *definitions: Rules, playbooks, libraries, scorecards, lifecycles, packs, or lists of them.
        schema: The facts that there are: each has the kind and values that it says, whether a rule
            reads it or not.
        as_of: Today, for facts that are days.

    Raises:
        DefinitionError: If two rules need a fact to be of different kinds.

    >>> from cslib.rules import rule
    >>> strategy = accounts(rule("seats >= 5 and plan == 'pro'"))
    >>> from hypothesis import find
    >>> found = find(strategy, lambda each: each.get("plan") == "pro" and each.get("seats"))
    >>> found["seats"]
    4
    """
    return st.fixed_dictionaries({}, optional=_facts(definitions, schema, as_of))


def _facts(definitions: object, schema: Schema | None, as_of: dt.date) -> dict[str, _Drawn]:
    """Of each fact what it may be; one that is required in payloads is known."""
    rules = [each for _, each in rules_of(definitions)]
    specs = {spec.name: spec for spec in schema.facts} if schema else {}
    kinds = {**fact_kinds(rules, schema), **(schema.kinds if schema else {})}
    pools = {kind: _values(kind, definitions, as_of) for kind in Kind}
    series, facts = series_of(rules), {}
    for name, may_be in kinds.items():
        spec = specs.get(name)
        known = _of_fact(name, may_be, spec, pools)
        value = known if spec is not None and spec.required else st.none() | known | known
        facts[name] = st.lists(value, max_size=6) if name in series else value
    return facts


def _of_fact(
    name: str, kinds: Kinds, spec: FactSpec | None, pools: Mapping[Kind, _Drawn]
) -> _Drawn:
    if not kinds:
        problem = "two rules need it to be of different kinds; let them agree"
        raise DefinitionError("accounts", (Fault(f"$.{name}", problem),))
    if spec is not None and spec.values:
        return st.sampled_from(spec.values)
    if spec is not None and spec.exponent is not None:
        return st.integers(0, 10**9)  # minor units are whole
    return pools[next(kind for kind in Kind if kind in kinds)]  # facts compared take the same


def _values(kind: Kind, definitions: object, as_of: dt.date) -> _Drawn:
    bounds: tuple[Any, ...] = literals_of(definitions, kind)
    match kind:
        case Kind.NUMBER:
            near = {side for each in bounds for side in (each - 1, each, each + 1)}
            usual = st.integers(0, 12) | st.floats(-1e6, 1e6)
            return st.sampled_from(sorted(near)) | usual if near else usual
        case Kind.TEXT:
            return st.sampled_from([*bounds, "other", ""])
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.DATE:
            return _days(definitions, as_of, bounds)
        case Kind.INSTANT:
            at_noon = _days(definitions, as_of, ()).map(_noon)
            return at_noon | st.sampled_from(_around(bounds)) if bounds else at_noon


def _around(days: Sequence[dt.date]) -> list[dt.date]:
    return [day + dt.timedelta(days=shift) for day in days for shift in (-1, 0, 1)]


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC)


def _days(definitions: object, as_of: dt.date, bounds: Sequence[dt.date]) -> _Drawn:
    """Days as far from today as the numbers that stand in the definitions, and around those."""
    whole = {int(n) for n in literals_of(definitions, Kind.NUMBER) if abs(n) < 10_000}
    far = {side for n in whole for sign in (n, -n) for side in (sign - 1, sign, sign + 1)}
    near = [as_of + dt.timedelta(days=days) for days in sorted(far | {0, 1, -1, 400, -400})]
    return st.sampled_from([*near, *_around(bounds)])


# --------------------------------------------------------------------------------------
# Contracts and payments

_NAMES = ("c1", "c2", "c3", "c4", "c5", "c6")
_AMOUNTS = (0, 5, Decimal("7.50"))


@st.composite
def contracts(
    draw: st.DrawFn,
    *,
    names: Sequence[str] = _NAMES,
    accounts: Sequence[str] = ("A", "B"),
    days: st.SearchStrategy[dt.date] | None = None,
    currency: str = "EUR",
) -> Contract:
    """Contracts of a few ids and accounts: short, open, renewing one another, or at odds.

    Args:
        draw: Given by hypothesis.
        names: The ids that a contract may have, or say that it renews.
        accounts: The ids of the accounts.
        days: The days on which they start, are signed and recorded; None: the 80 before
            :data:`AS_OF`.
        currency: Their currency.
    """
    some_days = _recent_days() if days is None else days
    start, name = draw(some_days), draw(st.sampled_from(names))
    length = draw(st.sampled_from([*range(1, 61), *[None] * 20]))
    others = [other for other in names if other != name]
    renews = st.lists(st.sampled_from(others), max_size=3, unique=True) if others else st.just([])
    return Contract(
        contract=name,
        account=draw(st.sampled_from(accounts)),
        start=start,
        end=None if length is None else start + dt.timedelta(days=length),
        annual_value=Decimal(draw(st.integers(0, 500_00))) / 100,
        currency=currency,
        signed_on=draw(st.none() | some_days),
        recorded_at=draw(st.none() | some_days),
        renews=draw(renews),
        sale=draw(st.sampled_from([None, None, "S", "T"])),
        end_reason=draw(st.sampled_from([None, None, None, *EndReason])),
        product=draw(st.sampled_from(["", "seats"])),
    )


def entries(
    *,
    names: Sequence[str] = ("e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9"),
    contracts: Sequence[str] = _NAMES,
    days: st.SearchStrategy[dt.date] | None = None,
) -> st.SearchStrategy[Entry]:
    """Payments and what else a ledger notes, of a few ids and contracts.

    Args:
        names: The ids that an entry may have.
        contracts: The ids of the contracts.
        days: The days on which they happen and are recorded; None: the 80 before :data:`AS_OF`.
    """
    some_days = _recent_days() if days is None else days
    return st.builds(
        Entry,
        entry=st.sampled_from(names),
        contract=st.sampled_from(contracts),
        kind=st.sampled_from([*EntryKind, EntryKind.PAID]),
        on=some_days,
        amount=st.sampled_from(_AMOUNTS),
        recorded_at=st.none() | some_days,
    )


def ledgers(
    *, days: st.SearchStrategy[dt.date] | None = None
) -> st.SearchStrategy[tuple[list[Contract], list[Entry] | None]]:
    """Contracts and their payments, or None where these are not known.

    Nothing about them is tidy: ids stand twice, payments lack their contract, links run back.

    Args:
        days: As for :func:`contracts`.
    """
    payments = st.none() | st.lists(entries(days=days), max_size=9)
    return st.tuples(st.lists(contracts(days=days), max_size=6), payments)


def _recent_days() -> st.SearchStrategy[dt.date]:
    return st.sampled_from([AS_OF - dt.timedelta(days=days) for days in range(81)])


# --------------------------------------------------------------------------------------
# Events


def logs(
    lifecycle: Lifecycle, *, account: str = "a", most: int = 16
) -> st.SearchStrategy[list[Event]]:
    """Logs of one account: events of a lifecycle in any order, late, tied, some of them twice.

    A payload has what the lifecycle declares and what its guards read, of the right kinds.

    Args:
        lifecycle: Whose events.
        account: To whom they happen.
        most: How many at most, those that stand twice apart.

    Raises:
        DefinitionError: If two guards of one event need a fact to be of different kinds.
    """
    return _logs(
        st.one_of([_happened(lifecycle, account, name) for name in lifecycle.events]), most
    )


@st.composite
def _logs(draw: st.DrawFn, happened: st.SearchStrategy[dict[str, Any]], most: int) -> list[Event]:
    rows = draw(st.lists(happened, max_size=most))
    log = [Event(id=f"e{place}", **each) for place, each in enumerate(rows)]
    again = draw(st.lists(st.sampled_from(log), max_size=3)) if log else []
    return draw(st.permutations([*log, *again]))


def _happened(lifecycle: Lifecycle, account: str, name: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "account": st.just(account),
            "name": st.just(name),
            "at": _recent_days(),
            "recorded_at": st.none() | _recent_days(),
            "payload": _payloads(lifecycle, name),
        }
    )


def _payloads(lifecycle: Lifecycle, event: str) -> st.SearchStrategy[dict[str, Any]]:
    schema = lifecycle.payloads.get(event)
    read = [each.guard for each in lifecycle.transitions if each.event == event]
    made = lifecycle.chart.facts
    facts = {name: each for name, each in _facts(read, schema, AS_OF).items() if name not in made}
    required = {spec.name for spec in schema.facts if spec.required} if schema else set()
    return st.fixed_dictionaries(
        {name: facts[name] for name in facts if name in required},
        optional={name: facts[name] for name in facts if name not in required},
    )


# --------------------------------------------------------------------------------------
# Playbooks


def playbooks(
    *, entries: Sequence[object] = ENTRIES, needs: Sequence[str] = ("adoption", "renewal")
) -> st.SearchStrategy[Playbook]:
    """Playbooks of every layer, a few needs and a few names, so that they vie with one another.

    Args:
        entries: The conditions under which they apply: rules, or what a rule is made of.
        needs: The needs that they serve.
    """
    return st.builds(
        Playbook,
        name=st.sampled_from([f"p{place}" for place in range(12)]),
        entry=st.sampled_from([rule(each, kind=Kind.BOOLEAN) for each in entries]),
        layer=st.sampled_from(Layer),
        need=st.sampled_from(needs),
        effort=st.sampled_from([0, 1, Decimal("1.0"), Decimal("2.5")]).map(_effort),
        priority=st.integers(-1, 1),
    )


def _effort(hours: object) -> dict[str, object]:
    return {"csm": hours}


def libraries(
    *, entries: Sequence[object] = ENTRIES, needs: Sequence[str] = ("adoption", "renewal")
) -> st.SearchStrategy[Library]:
    """Libraries of :func:`playbooks`, the empty one among them."""
    drawn = st.lists(
        playbooks(entries=entries, needs=needs), max_size=7, unique_by=lambda each: each.name
    )
    return drawn.map(lambda found: Library(name="drawn", playbooks=tuple(found)))
