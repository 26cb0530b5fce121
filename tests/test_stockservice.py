"""The doctrine of service work, as the stock definitions tell it: P9, P10, P13."""

from __future__ import annotations

import datetime as dt

import pytest

from cslib import stockservice
from cslib.coverage import check_table
from cslib.documents import from_json, to_json
from cslib.feedback import Request, Scope
from cslib.issues import Issue, State, Update
from cslib.routing import Assignment
from cslib.stock import OWNERSHIP
from cslib.stockservice import ROUTING, SERVICE_LEVEL, WEIGHING

KINDS = (
    *("product use", "technique", "metric definition", "stability", "commercial"),
    *("upgrade", "migration", "capacity"),
)
MONDAY = dt.datetime(2026, 6, 29, tzinfo=dt.UTC)


def routed(kind: str) -> Assignment:
    return ROUTING.route({"kind": kind})


@pytest.mark.parametrize("kind", ["product use", "technique"])
def test_P9_use_and_technique_go_to_the_support_engineer_alone(kind: str) -> None:
    assert (routed(kind).owner, routed(kind).assists) == ("support engineer", ())


def test_P9_the_definition_of_a_metric_is_cleared_with_the_analyst() -> None:
    found = routed("metric definition")

    assert (found.owner, found.assists) == ("support engineer", ("analyst",))


def test_P9_the_stability_of_the_system_is_cleared_with_the_operations_engineer() -> None:
    found = routed("stability")

    assert (found.owner, found.assists) == ("support engineer", ("operations engineer",))


def test_P9_R5_a_commercial_issue_is_for_customer_success_and_the_consultant() -> None:
    found = routed("commercial")

    assert (found.owner, found.assists) == ("csm", ("consultant",))


@pytest.mark.parametrize("kind", ["upgrade", "migration", "capacity"])
def test_P9_work_on_the_installation_is_arranged_by_customer_success(kind: str) -> None:
    found = routed(kind)

    assert (found.owner, found.assists) == ("csm", ("operations engineer",))
    assert "arranged by customer success, done by operations" in found.reason


def test_R6_who_owns_a_deal_is_another_question_than_who_owns_an_issue() -> None:
    deal = {"deal": "renewal", "cs_commercial": False, "kind": "commercial"}

    assert OWNERSHIP.decide(deal).outcome == "sales"
    assert ROUTING.route(deal).owner == "csm"


def test_every_kind_has_one_route_and_no_route_is_for_nothing() -> None:
    assert str(check_table(ROUTING.table, values={"kind": KINDS})).startswith("sound")
    assert {routed(kind).verdict.value for kind in KINDS} == {"decided"}


def test_a_kind_that_is_misspelt_has_no_owner_and_a_hint() -> None:
    found = routed("comercial")

    assert found.owner is None
    assert "did you mean 'commercial'" in found.reason


def test_an_issue_of_unknown_kind_is_asked_about() -> None:
    assert ROUTING.route({}).questions == ("kind",)


def test_P10_an_urgent_issue_of_the_chat_is_solved_in_time_and_closed_by_the_customer() -> None:
    """Opened on Friday at four in the afternoon: four hours of work end on Monday at eleven."""
    friday = MONDAY - dt.timedelta(days=3)
    issue = Issue(
        id="I1",
        account="acme",
        kind="stability",
        opened_at=friday + dt.timedelta(hours=16),
        priority="urgent",
        channel="chat",
        updates=[
            Update(change="solved", at=MONDAY + dt.timedelta(hours=11)),
            Update(change="agreed", at=MONDAY + dt.timedelta(hours=15)),
        ],
    )

    solved = SERVICE_LEVEL.standing(issue, as_of=MONDAY + dt.timedelta(hours=12))
    closed = SERVICE_LEVEL.standing(issue, as_of=MONDAY + dt.timedelta(hours=15))

    assert solved.due == MONDAY + dt.timedelta(hours=11)
    assert (solved.state, solved.late) == (State.SOLVED, False)
    assert (closed.state, closed.late) == (State.CLOSED, False)
    assert ROUTING.route(issue).owner == "support engineer"


def test_P13_three_accounts_make_a_need_of_the_product_and_two_do_not() -> None:
    book = {"a": 100, "b": 100, "c": 100, "d": 400}
    asked = [Request(account=name, need="export", at=dt.date(2026, 6, 30)) for name in "abcd"]

    assert WEIGHING.weigh(asked[:3], book=book).needs[0].scope is Scope.PRODUCT
    assert WEIGHING.weigh(asked[:2], book=book).needs[0].scope is Scope.ONE_CUSTOMER


def test_P13_who_holds_more_than_half_of_the_value_asks_for_itself() -> None:
    book = {"a": 100, "b": 100, "c": 100, "d": 400}
    asked = [Request(account=name, need="export", at=dt.date(2026, 6, 30)) for name in "abcd"]

    assert WEIGHING.weigh(asked, book=book).needs[0].scope is Scope.ONE_CUSTOMER


@pytest.mark.parametrize("name", sorted({*stockservice.__all__} - {"OPERATIONS"}))
def test_every_definition_goes_to_json_and_back(name: str) -> None:
    definition = getattr(stockservice, name)

    assert from_json(to_json(definition), type(definition)) == definition


def test_every_route_says_where_it_comes_from_and_why() -> None:
    assert all(route.source.startswith("P9 (N)") and route.reason for route in ROUTING.routes)
