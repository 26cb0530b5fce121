"""Routing: which role owns an issue, and who assists, by an ordered table.

A :class:`Routing` is data: routes in order, each with a condition on the facts of an issue, the
role that owns what it takes and the roles that assist. The first route that holds decides. It is a
:class:`~cslib.decisions.DecisionTable` with two answers in the place of one, and follows its
rulings: where a fact is missing nothing is guessed, and it is said what to ask for.

An owner is a role and never a person, so that the table outlives the team; the roles of a team are
declared once, and a route that speaks of another is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import attrs

from cslib.decisions import Decision, DecisionTable, Row, Verdict
from cslib.documents import document, fingerprint
from cslib.errors import DefinitionError, Fault, suggestion
from cslib.faults import brief, name_faults, refuse, several, text_faults, unique_faults
from cslib.rules import Rule, condition, rule

__all__ = ["Assignment", "Route", "Routing"]

T = TypeVar("T")

_ALWAYS = rule(True)


def _roles(roles: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(several("route", "$.assists", roles, str)))


# --------------------------------------------------------------------------------------
# The definition


@attrs.frozen(kw_only=True)
class Route:
    """One route: which issues it takes, who owns them and who assists.

    Attributes:
        name: Its name, by which answers speak of it.
        when: Its condition, a rule over the facts of an issue; without one it takes every issue.
        owner: The role that owns the issue, from its opening until the customer agrees that it is
            solved.
        assists: The roles that take part, in the order of their names.
        reason: Why, in words.
        source: Where it comes from: a doctrine id and its author, a policy.

    Raises:
        DefinitionError: With every fault: an empty name or role, a role twice, a text that is none.

    >>> print(Route(name="outage", when="kind == 'stability'", owner="support", assists=["ops"]))
    outage: support with ops
    """

    name: str
    when: Rule = attrs.field(default=_ALWAYS, converter=condition)
    owner: str
    assists: tuple[str, ...] = attrs.field(default=(), converter=_roles)
    reason: str = ""
    source: str = ""

    def __attrs_post_init__(self) -> None:
        refuse(f"route {self.name!r}", _route_faults(self))

    @property
    def who(self) -> str:
        """Owner and assistants, in words: ``support engineer with analyst``."""
        return " with ".join(filter(None, (self.owner, " and ".join(self.assists))))

    def __str__(self) -> str:
        return f"{self.name}: {self.who}"


def _route_faults(route: Route) -> Iterator[Fault]:
    yield from name_faults("$.name", route.name)
    yield from name_faults("$.owner", route.owner)
    for place, role in enumerate(route.assists):
        yield from name_faults(f"$.assists[{place}]", role)
        if role == route.owner:
            yield Fault(f"$.assists[{place}]", f"{role!r} owns it already")
    yield from unique_faults("$.assists", route.assists, end="")
    yield from text_faults("$.reason", route.reason)
    yield from text_faults("$.source", route.source)


def _team(roles: Iterable[str]) -> tuple[str, ...]:
    return several("routing", "$.roles", roles, str)


def _routes(routes: Iterable[Route]) -> tuple[Route, ...]:
    return several("routing", "$.routes", routes, Route)


@document("routing", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Routing:
    """Which role owns an issue, and who assists: by routes, taken in order.

    Attributes:
        name: Its name.
        roles: The roles of the team: what a route may name.
        routes: The routes, in order.

    Raises:
        DefinitionError: With every fault: no name, no routes, two of one name, a role that is not
            declared, a fact that two routes take for different kinds.

    >>> routing = Routing(
    ...     name="service",
    ...     roles=("support engineer", "analyst"),
    ...     routes=(
    ...         Route(name="use", when="kind == 'use'", owner="support engineer"),
    ...         Route(name="metrics", when="kind == 'metrics'", owner="support engineer",
    ...               assists=("analyst",)),
    ...     ),
    ... )
    >>> found = routing.route({"kind": "metrics"})
    >>> found.owner, found.assists
    ('support engineer', ('analyst',))
    >>> print(routing.route({}))
    unknown: support engineer by 'use', or support engineer with analyst by 'metrics', or no row; \
ask for kind
    """

    name: str
    roles: tuple[str, ...] = attrs.field(converter=_team)
    routes: tuple[Route, ...] = attrs.field(converter=_routes)

    def __attrs_post_init__(self) -> None:
        faults = (
            *_team_faults(self.roles),
            *_role_faults(self),
            *_wording_faults(self.routes),
            *_table_faults(self),
        )
        refuse(f"routing {self.name!r}", faults)

    @functools.cached_property
    def table(self) -> DecisionTable:
        """The decision table behind it: for columns, and for the checks of :mod:`cslib.coverage`.

        Its outcomes are the words of :attr:`Route.who`.
        """
        return _table(self)

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition an issue was routed."""
        return fingerprint(self)

    def route(self, issue: object, *, as_of: object = None) -> Assignment:
        """Who owns an issue and who assists, by which route, or what to ask first.

        Args:
            issue: Its facts: a mapping or an object, such as a :class:`cslib.issues.Issue`.
            as_of: Today, for conditions that count days.

        Raises:
            FactError, AsOfError: As the routes' conditions do.
        """
        return Assignment(routing=self, decision=self.table.decide(issue, as_of=as_of))


def _table(routing: Routing) -> DecisionTable:
    rows = (
        Row(
            name=route.name,
            when=route.when,
            then=route.who,
            reason=route.reason,
            source=route.source,
        )
        for route in routing.routes
    )
    return DecisionTable(name=routing.name, rows=rows)


def _team_faults(roles: tuple[str, ...]) -> Iterator[Fault]:
    for place, role in enumerate(roles):
        yield from name_faults(f"$.roles[{place}]", role)
    yield from unique_faults("$.roles", roles, end="")


def _role_faults(routing: Routing) -> Iterator[Fault]:
    for place, route in enumerate(routing.routes):
        named = {f"$.routes[{place}].owner": route.owner}
        named |= {f"$.routes[{place}].assists[{n}]": role for n, role in enumerate(route.assists)}
        for path, role in named.items():
            if role not in routing.roles:
                known = ", ".join(routing.roles) or "none"
                hint = suggestion(role, routing.roles) or f"; the roles are: {known}"
                yield Fault(path, f"unknown role {role!r}{hint}")


def _wording_faults(routes: tuple[Route, ...]) -> Iterator[Fault]:
    """Routes that name other roles in the same words, as where a role is called 'a with b'."""
    first: dict[str, Route] = {}
    for place, route in enumerate(routes):
        other = first.setdefault(route.who, route)
        if (other.owner, other.assists) != (route.owner, route.assists):
            problem = f"reads like that of {other.name!r}, {route.who!r}: rename a role"
            yield Fault(f"$.routes[{place}].owner", problem)


def _table_faults(routing: Routing) -> Iterator[Fault]:
    """What its decision table finds wrong, in the words of a routing."""
    try:
        _table(routing)
    except DefinitionError as error:
        for fault in error.faults:
            path = fault.path.replace("$.rows", "$.routes")
            yield Fault(path, fault.message.replace("1,000 rows", "1,000 routes"))


# --------------------------------------------------------------------------------------
# One issue


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Assignment:
    """Who owns an issue and who assists, and why.

    Attributes:
        routing: The routing that was asked.
        decision: What its table answered.
    """

    routing: Routing = attrs.field(repr=False)
    decision: Decision

    @functools.cached_property
    def routes(self) -> tuple[Route, ...]:
        """The routes that decide, or could still do so."""
        names = {row.name for row in self.decision.rows}
        return tuple(route for route in self.routing.routes if route.name in names)

    @property
    def owner(self) -> str | None:
        """The role that owns it; None where it is not known, or no route takes the issue.

        Known also where only the assistants are not, since every route that could decide has the
        same owner.
        """
        return self._agreed(lambda route: route.owner)

    @property
    def assists(self) -> tuple[str, ...] | None:
        """The roles that assist, in the order of their names; None where they are not known."""
        return self._agreed(lambda route: route.assists)

    @property
    def route(self) -> Route | None:
        """The route that decided; None where none did, or any of several that say the same will."""
        return self.routes[0] if self.decision.row is not None else None

    @property
    def verdict(self) -> Verdict:
        """How the table answered: whether owner and assistants are both known."""
        return self.decision.verdict

    @property
    def questions(self) -> tuple[str, ...]:
        """The facts to ask for, since they could change the answer."""
        return self.decision.questions

    @property
    def reason(self) -> str:
        """The answer and why, in words."""
        return self.decision.reason

    @property
    def definition(self) -> str:
        """The fingerprint of the routing."""
        return self.routing.fingerprint

    def explain(self) -> str:
        """The reason, then every route that was looked at, with its facts."""
        return self.decision.explain()

    def _agreed(self, part: Callable[[Route], T]) -> T | None:
        """What every route that could decide says alike; nothing where none may hold in the end."""
        said = {part(route) for route in self.routes}
        return said.pop() if len(said) == 1 and True in self.decision.answers else None

    def __str__(self) -> str:
        return self.reason

    __repr__ = brief
