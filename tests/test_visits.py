"""Visits of many accounts as one table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest

from cslib.conformance import conformance
from cslib.dwell import bottlenecks, dwell
from cslib.funnels import funnel, transition_matrix
from cslib.journeys import Journey, Refusal, RefusalReason, Visit
from cslib.logs import Event
from cslib.moments import MomentError
from cslib.stays import stays
from cslib.visits import Refusals, VisitTable, VisitTableError
from visit_strategies import STAGES, columns, days

UTC = dt.UTC
NAMES = ("accounts", "account", "stage", "entered", "left")


def refusals(**changed: Any) -> Refusals:
    given: dict[str, Any] = {
        "events": ("signed", "payed"),
        "reasons": ("unknown_event",),
        "account": np.array([0, 1, 1]),
        "stage": np.array([0, 0, 2]),
        "event": np.array([1, 1, 1]),
        "reason": np.array([0, 0, 0]),
        "timed": np.array([False, False, False]),
        "accepted_by_event": np.array([2, 0]),
        "accepted_by_account": np.array([2, 0]),
    }
    return Refusals(**(given | changed))


# --- A table from columns


def test_a_table_says_how_much_it_holds_and_as_of_when() -> None:
    table = VisitTable(**columns(refusals=refusals()))

    assert repr(table) == "<VisitTable: 4 visits of 2 accounts in 3 stages, as of 2026-03-31>"
    assert repr(table.refusals) == "<Refusals: 3 refused, 2 accepted>"


def test_tables_of_the_same_content_are_equal_whatever_the_width_of_their_codes() -> None:
    narrow = columns(account=np.array([0, 0, 0, 1], np.int8), stage=np.array([0, 1, 2, 0], "u1"))

    assert VisitTable(**columns()) == VisitTable(**narrow)
    assert hash(VisitTable(**columns())) == hash(VisitTable(**narrow))
    assert VisitTable(**columns()) != VisitTable(**columns(as_of=dt.date(2026, 4, 1)))


def test_a_table_cannot_be_written_to() -> None:
    table = VisitTable(**columns())

    with pytest.raises(ValueError, match="read-only"):
        table.stage[0] = 2


def test_a_table_may_be_empty() -> None:
    empty: dict[str, Any] = {name: [] for name in NAMES}

    table = VisitTable(stages=STAGES, as_of=np.datetime64("NaT", "D"), **empty)

    assert table.lasting.tolist() == []
    assert stays(table).row.tolist() == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda given: funnel(given, ("lead", "use")),
        lambda given: bottlenecks(given),
        lambda given: dwell(given, "lead"),
        lambda given: transition_matrix(given),
        lambda given: conformance(given),
    ],
)
def test_what_is_no_table_is_refused_with_the_way_to_one(ask: Callable[[Any], object]) -> None:
    with pytest.raises(VisitTableError, match=r"^table is of dict: expected a VisitTable, as Vis"):
        ask({"ada": journey(visit("lead"))})


def test_journeys_are_given_by_account() -> None:
    with pytest.raises(VisitTableError, match=r"^journeys is of list: expected journeys by acc"):
        VisitTable.of_journeys([])  # type: ignore[arg-type]


def test_each_account_stands_in_one_visit() -> None:
    assert VisitTable(**columns()).lasting.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"stage": np.array([0, 1, 2])}, "columns differ in length: account has 4, stage has 3"),
        ({"stage": np.array([0, 1, 3, 0])}, r"stage\[2\] is 3: expected a position in the stages"),
        ({"stage": np.array([0, 1, -1, 0])}, r"stage\[2\] is -1: expected 0 or more"),
        ({"stage": np.array([0.0, 1.0, 2.0, 0.0])}, "stage holds float64: expected whole numbers"),
        ({"stage": np.array([[0, 1, 2, 0]])}, r"stage has shape \(1, 4\): expected one dimension"),
        ({"stage": np.ma.masked_equal([0, 1, 2, 0], 1)}, r"stage\[1\] is masked"),
        ({"stages": ("lead", "lead", "use")}, r"stages\[1\] is 'lead', which stands there before"),
        ({"stages": ("lead", "", "use")}, r"stages\[1\] is the str '': expected a name"),
        ({"account": np.array([0, 1, 0, 1])}, r"account\[2\] is 0: expected 0, 1, 2 \.\.\."),
        ({"account": np.array([0, 0, 0, 2])}, r"account\[3\] is 2: expected 0, 1, 2 \.\.\."),
        ({"account": np.array([1, 1, 1, 1])}, r"account\[0\] is 1: expected 0, 1, 2 \.\.\."),
        ({"accounts": np.array(["ada"])}, "accounts holds 1 ids, but there are visits of 2"),
        ({"entered": np.array([1, 2, 3, 4])}, "entered holds int64: expected days or instants"),
        ({"left": columns()["left"].astype("M8[us]")}, "left holds datetime64.us., but entered"),
        (
            {"left": days("2026-03-01", "2026-03-09", "2026-03-10", "NaT")},
            r"left\[2\] is 2026-03-10: expected NaT in the last visit",
        ),
        (
            {"left": days("2026-03-01", "NaT", "NaT", "NaT")},
            r"left\[1\] is NaT: expected when the next visit began",
        ),
        (
            {"entered": days("NaT", "2026-03-01", "NaT", "2026-03-05")},
            r"entered\[2\] is NaT: expected when the visit before it ended",
        ),
        (
            {"entered": days("NaT", "2026-03-01", "2026-03-08", "2026-03-05")},
            r"entered\[2\] is 2026-03-08: expected when the visit before it ended",
        ),
        (
            {"entered": days("2026-03-02", "2026-03-01", "2026-03-09", "2026-03-05")},
            r"left\[0\] is 2026-03-01: expected no moment before it was entered",
        ),
        ({"as_of": dt.date(2026, 3, 8)}, r"entered\[2\] is 2026-03-09: .* 2026-03-08"),
        ({"as_of": np.datetime64("NaT", "D")}, "as_of is NaT: expected the moment"),
        (
            {"refusals": refusals(stage=np.array([0, 0, 3]))},
            r"refusals.stage\[2\] is 3: expected a position in the stages, of which there are 3",
        ),
        (
            {"refusals": refusals(accepted_by_account=np.array([2, 0, 0]))},
            "accepted_by_account has 3 rows: expected 2",
        ),
    ],
)
def test_columns_that_are_no_visits_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(VisitTableError, match=message):
        VisitTable(**columns(**changed))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"event": np.array([1, 1])}, "columns differ in length: refusals.account has 3"),
        ({"event": np.array([1, 2, 1])}, r"refusals.event\[1\] is 2: .* of which there are 2"),
        ({"reason": np.array([0, 0, 1])}, r"refusals.reason\[2\] is 1"),
        ({"account": np.array([0, 1, 2])}, r"refusals.account\[2\] is 2"),
        ({"account": np.array([1, 0, 1])}, r"refusals.account\[1\] is 0: expected rows by account"),
        ({"accepted_by_event": np.array([2])}, "events has 2, accepted has 1"),
        ({"accepted_by_event": np.array([2, 1])}, "adds up to 3, but accepted_by_account to 2"),
        ({"timed": np.array([0, 0, 1])}, "timed holds int64: expected True and False"),
    ],
)
def test_refusals_that_contradict_themselves_are_refused(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(VisitTableError, match=message):
        refusals(**changed)


def test_a_limit_that_is_no_moment_is_refused() -> None:
    with pytest.raises(MomentError, match="as_of: expected a date or an aware datetime"):
        VisitTable(**columns(as_of="today"))


# --- A table from journeys


DAY = dt.date(2026, 3, 31)


def event(name: str) -> Event:
    return Event(account="ada", name=name, at=DAY)


def visit(
    stage: str, entered: dt.date | None = None, left: dt.date | None = None, by: str = ""
) -> Visit:
    return Visit(stage=stage, entered=entered, left=left, event=event(by) if by else None)


def journey(*visits: Visit, as_of: dt.date = DAY) -> Journey:
    return Journey(visits=visits, as_of=as_of, definition="")


def ada(**changed: Any) -> Journey:
    first, second = dt.date(2026, 3, 1), dt.date(2026, 3, 9)
    found = journey(
        visit("lead", None, first),
        visit("on/data", first, second, by="signed"),
        visit("use", second, None, by="after 8 days"),
    )
    return attrs.evolve(found, **changed)


def refusal(name: str, stage: str) -> Refusal:
    return Refusal(event=event(name), stage=stage, reason=RefusalReason.UNKNOWN_EVENT)


def test_journeys_make_the_same_table_as_columns() -> None:
    bo = journey(visit("lead", dt.date(2026, 3, 5), by="signed"))

    table = VisitTable.of_journeys({"ada": ada(), "bo": bo}, stages=("lead", "on/data", "use"))

    assert attrs.evolve(table, refusals=None) == VisitTable(
        **columns(accounts=np.array(["ada", "bo"], object))
    )


def test_stages_are_named_as_they_occur_after_those_that_were_given() -> None:
    found = refusal("payed", "gone")

    table = VisitTable.of_journeys(
        {"ada": ada(refused=(found,))}, events=[found.event], stages=("use",)
    )

    assert table.stages == ("use", "lead", "on/data", "gone")


def test_events_of_the_log_that_were_not_refused_were_accepted_whether_they_moved_or_not() -> None:
    payed = refusal("payed", "use")
    log = [event("signed"), event("noted"), event("noted"), payed.event]

    found = VisitTable.of_journeys({"ada": ada(refused=(payed,))}, events=log).refusals

    assert found is not None
    accepted = dict(zip(found.events, found.accepted_by_event.tolist(), strict=True))
    assert accepted == {"signed": 1, "noted": 1, "payed": 0}, "equal events are one"
    assert found.accepted_by_account.tolist() == [2]
    assert (found.reasons, found.timed.tolist()) == (("unknown_event",), [False])


def test_a_move_by_time_that_was_not_made_stands_in_no_log() -> None:
    after = Refusal(event=event("after 9 days"), stage="use", reason=RefusalReason.GUARD_FALSE)

    found = VisitTable.of_journeys({"ada": ada(refused=(after,))}, events=[]).refusals

    assert found is not None
    assert found.timed.tolist() == [True]


def test_an_event_by_id_is_found_again_by_its_id() -> None:
    payed = Event(account="ada", name="payed", at=DAY, id="e1")
    refused = Refusal(event=payed, stage="use", reason=RefusalReason.GUARD_FALSE)

    found = VisitTable.of_journeys({"ada": ada(refused=(refused,))}, events=[payed]).refusals

    assert found is not None
    assert found.timed.tolist() == [False]


def test_without_the_log_the_refusals_are_not_known() -> None:
    assert VisitTable.of_journeys({"ada": ada()}).refusals is None


def test_a_log_that_lacks_what_was_refused_is_refused() -> None:
    with pytest.raises(VisitTableError, match="events lack 'payed on 2026-03-31', which a journey"):
        VisitTable.of_journeys({"ada": ada(refused=(refusal("payed", "use"),))}, events=[])


def test_a_log_of_other_accounts_is_refused() -> None:
    with pytest.raises(VisitTableError, match="account 'ada', of which there is no journey"):
        VisitTable.of_journeys({"bo": ada()}, events=[event("signed")])


def test_no_journeys_make_an_empty_table() -> None:
    assert VisitTable.of_journeys({}).stage.size == 0


def test_journeys_in_instants_make_columns_of_instants() -> None:
    noon = dt.datetime(2026, 3, 1, 12, tzinfo=UTC)
    table = VisitTable.of_journeys({"ada": journey(visit("lead", None, noon), visit("use", noon))})

    assert table.entered.tolist() == [None, dt.datetime(2026, 3, 1, 12)]
    assert table.as_of == np.datetime64("2026-03-31T23:59:59.999999")


def test_journeys_without_events_are_of_the_kind_of_their_limit() -> None:
    now = dt.datetime(2026, 3, 31, 12, tzinfo=UTC)

    table = VisitTable.of_journeys({"ada": journey(visit("lead"), as_of=now)})

    assert table.entered.dtype == np.dtype("datetime64[us]")


def test_journeys_as_of_two_moments_are_refused() -> None:
    pair = {"ada": ada(), "bo": ada(as_of=dt.date(2026, 4, 1))}

    with pytest.raises(VisitTableError, match="as of 2026-03-31 and 2026-04-01: expected one"):
        VisitTable.of_journeys(pair)


def test_journeys_in_dates_and_in_instants_are_refused() -> None:
    noon = dt.datetime(2026, 3, 1, 12, tzinfo=UTC)

    with pytest.raises(VisitTableError, match="hold dates and instants"):
        VisitTable.of_journeys({"ada": ada(), "bo": journey(visit("lead", noon))})
