"""Which role owns an issue, and who assists (P9)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.coverage import check_table
from cslib.decisions import DecisionTable, Row, Verdict
from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.issues import Issue
from cslib.routing import Assignment, Route, Routing

ROLES = ("support", "analyst", "operations", "success")
ROUTES = (
    Route(name="down", when="users_down >= 100", owner="operations", reason="all hands"),
    Route(name="use", when="kind == 'use'", owner="support"),
    Route(name="metrics", when="kind == 'metrics'", owner="support", assists=("analyst",)),
    Route(name="upgrade", when="kind == 'upgrade'", owner="success", assists=("operations",)),
)
SERVICE = Routing(name="service", roles=ROLES, routes=ROUTES)


def routed(**facts: object) -> Assignment:
    return SERVICE.route(facts)


def test_an_issue_goes_to_the_role_that_owns_its_kind_with_who_assists() -> None:
    found = routed(kind="metrics", users_down=0)

    assert (found.owner, found.assists) == ("support", ("analyst",))
    assert found.route == ROUTES[2]
    assert found.verdict is Verdict.DECIDED
    assert found.questions == ()
    assert found.definition == SERVICE.fingerprint


def test_the_reason_names_owner_assistants_route_and_facts() -> None:
    assert str(routed(kind="metrics", users_down=0)) == (
        "support with analyst, by row 'metrics': kind is “metrics” (kind = 'metrics')"
    )
    assert repr(routed(users_down=300)) == (
        "<Assignment: operations, by row 'down': all hands (users_down = 300)>"
    )
    assert routed(users_down=300).reason == (
        "operations, by row 'down': all hands (users_down = 300)"
    )


def test_an_explanation_shows_every_route_that_was_looked_at() -> None:
    assert routed(kind="use", users_down=0).explain().splitlines()[1:] == [
        "  down (operations): does not hold: users_down >= 100 (users_down = 0)",
        "  use (support): holds: kind == \"use\" (kind = 'use')",
    ]


def test_nobody_assists_where_the_route_names_nobody() -> None:
    assert routed(kind="use", users_down=0).assists == ()


def test_an_earlier_route_decides_before_a_later_one() -> None:
    assert routed(kind="use", users_down=100).owner == "operations"


def test_an_unknown_fact_stops_the_search_and_is_asked_for() -> None:
    found = routed(kind="upgrade")

    assert (found.owner, found.assists, found.route) == (None, None, None)
    assert found.verdict is Verdict.UNKNOWN
    assert found.questions == ("users_down",)
    assert [route.name for route in found.routes] == ["down", "upgrade"]


def test_an_unknown_fact_that_could_change_nothing_is_not_asked_for() -> None:
    found = routed(users_down=250)

    assert found.owner == "operations"
    assert found.questions == ()


def test_the_owner_is_known_where_only_the_assistants_are_not() -> None:
    routing = Routing(
        name="metrics",
        roles=("support", "analyst"),
        routes=(
            Route(name="own metrics", when="custom", owner="support", assists=("analyst",)),
            Route(name="any", owner="support"),
        ),
    )

    found = routing.route({})

    assert (found.owner, found.assists) == ("support", None)
    assert found.verdict is Verdict.UNKNOWN
    assert found.questions == ("custom",)


def test_nobody_owns_an_issue_that_may_have_no_route_at_all() -> None:
    routing = Routing(
        name="one",
        roles=("support",),
        routes=(Route(name="use", when="kind == 'use'", owner="support"),),
    )

    assert routing.route({}).owner is None


def test_an_issue_that_no_route_takes_has_no_owner_and_a_hint_where_one_comes_close() -> None:
    found = routed(kind="metric", users_down=0)

    assert (found.owner, found.assists, found.routes) == (None, None, ())
    assert found.verdict is Verdict.NO_ROW
    assert found.reason == "no row applies; kind = 'metric': did you mean 'metrics'?"


def test_an_issue_of_the_queue_is_routed_as_it_is() -> None:
    routing = Routing(name="service", roles=ROLES, routes=ROUTES[1:])
    opened = dt.datetime(2026, 6, 30, 9, tzinfo=dt.UTC)

    found = routing.route(Issue(id="I1", account="acme", opened_at=opened, kind="use"))

    assert found.owner == "support"


def test_conditions_may_count_days() -> None:
    route = Route(name="old", when="days_since(opened_on) > 3", owner="success")
    routing = Routing(name="old", roles=ROLES, routes=(route,))

    found = routing.route({"opened_on": dt.date(2026, 6, 1)}, as_of=dt.date(2026, 6, 30))

    assert found.owner == "success"


def test_the_table_behind_a_routing_serves_columns_and_checks() -> None:
    kinds = np.array(["use", "metrics", "other"])

    found = SERVICE.table.decide_columns({"kind": kinds, "users_down": np.zeros(3)})

    assert found.tolist() == ["support", "support with analyst", None]
    assert "no row applies" in str(check_table(SERVICE.table))


def test_the_order_of_the_assistants_says_nothing() -> None:
    one = Route(name="a", owner="success", assists=("support", "analyst"))

    assert one == Route(name="a", owner="success", assists=("analyst", "support"))
    assert str(one) == "a: success with analyst and support"


# What is refused


def routing(*routes: Route, roles: Any = ROLES, name: Any = "service") -> Routing:
    return Routing(name=name, roles=roles, routes=routes)


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (lambda: Route(name="", owner="support"), r"\$.name: expected a name"),
        (lambda: Route(name="a", owner=""), r"\$.owner: expected a name"),
        (lambda: Route(name="a", owner="support", assists="analyst"), r"\$.assists: expected"),
        (lambda: Route(name="a", owner="support", assists=("",)), r"assists\[0\]: expected a"),
        (lambda: Route(name="a", owner="support", assists=("support",)), "owns it already"),
        (lambda: Route(name="a", owner="b", assists=("c", "c")), "'c' stands twice"),
        (lambda: Route(name="a", owner="b", reason=1), r"\$.reason"),  # type: ignore[arg-type]
        (lambda: routing(name=""), r"\$.name: expected a name"),
        (lambda: routing(), r"\$.routes: expected 1 to 1,000 routes, but got 0"),
        (lambda: routing(ROUTES[1], ROUTES[1]), r"\$.routes\[1\].name: 'use' stands twice"),
        (lambda: routing(ROUTES[1], roles=("", "support")), r"\$.roles\[0\]: expected a name"),
        (lambda: routing(ROUTES[1], roles=("support", "support")), "'support' stands twice"),
        (lambda: routing(ROUTES[1], roles=()), "the roles are: none"),
    ],
)
def test_what_is_no_routing_is_refused_with_its_path(made: Any, problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        made()


def test_a_person_is_no_role() -> None:
    with pytest.raises(DefinitionError, match=r"routes\[0\].owner: unknown role 'ann'; the roles"):
        routing(Route(name="use", owner="ann"))


def test_a_misspelt_role_is_told_what_was_meant() -> None:
    with pytest.raises(DefinitionError, match=r"assists\[0\]: .* did you mean 'analyst'"):
        routing(Route(name="use", owner="support", assists=("analist",)))


def test_two_routes_that_read_alike_and_are_not_are_refused() -> None:
    """Else an answer could be known by its words and not by its roles."""
    with pytest.raises(DefinitionError, match="reads like that of 'one'"):
        routing(
            Route(name="one", when="a", owner="x with y"),
            Route(name="two", owner="x", assists=("y",)),
            roles=("x", "y", "x with y"),
        )


def test_a_fact_is_of_one_kind_in_all_routes() -> None:
    with pytest.raises(DefinitionError, match=r"routes\[1\].when: takes 'kind' for a text"):
        routing(Route(name="a", when="kind > 3", owner="support"), ROUTES[1])


# Laws

KINDS = st.sampled_from(["use", "metrics", "upgrade", "other", None])
DOWN = st.sampled_from([0, 99, 100, 5_000, None])


@given(KINDS, DOWN)
def test_a_known_owner_stays_whatever_the_unknown_facts_turn_out_to_be(
    kind: str | None, down: int | None
) -> None:
    facts = {"kind": kind, "users_down": down}
    found = SERVICE.route(facts)

    for full in ("use", "metrics", "upgrade", "other"):
        for many in (0, 99, 100, 5_000):
            known = SERVICE.route(
                {"kind": kind or full, "users_down": many if down is None else down}
            )
            assert found.owner in (None, known.owner)
            assert found.assists in (None, known.assists)


@given(KINDS, DOWN)
def test_a_routing_decides_as_the_same_table_of_owners_does(
    kind: str | None, down: int | None
) -> None:
    table = DecisionTable(
        name="owners",
        rows=tuple(Row(name=each.name, when=each.when, then=each.owner) for each in ROUTES),
    )
    facts = {"kind": kind, "users_down": down}

    assert SERVICE.route(facts).owner == table.decide(facts).outcome


def test_a_routing_goes_to_json_and_back() -> None:
    assert from_json(to_json(SERVICE), Routing) == SERVICE
    assert from_json(to_json(SERVICE), Routing).fingerprint == SERVICE.fingerprint
