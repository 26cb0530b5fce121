"""Visit rhythms (P12): dates that do not drift, the visits that serve them, and what is due."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import attrs
import pytest
from dateutil.relativedelta import relativedelta
from dateutil.rrule import MONTHLY, rrule
from hypothesis import given
from hypothesis import strategies as st

from cslib.calendars import BusinessCalendar
from cslib.decisions import DecisionTable, Row
from cslib.documents import from_json, to_json
from cslib.errors import DefinitionError
from cslib.rhythms import (
    CustomerVisit,
    Rhythm,
    RhythmError,
    Suspension,
    VisitPlan,
    VisitPolicy,
    VisitStatus,
    visits_due,
)

MONTHLY_VISIT = Rhythm(name="monthly", every="1 month", tolerance=7, source="P12 (K, N)")
ANCHOR = dt.date(2026, 1, 31)
OFFICE = BusinessCalendar()


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2026-{text}")


def visit(text: str, name: str = "") -> CustomerVisit:
    return CustomerVisit(id=name or text, on=day(text))


def plan(*visits: str, as_of: str, suspensions: tuple[Suspension, ...] = ()) -> VisitPlan:
    made = [visit(each) for each in visits]
    return visits_due(MONTHLY_VISIT, ANCHOR, made, as_of=day(as_of), suspensions=suspensions)


def statuses(found: VisitPlan) -> list[str]:
    return [each.status.value for each in found.dates]


# --- Dates that do not drift


def test_p12_visits_from_the_31st_fall_on_the_last_day_of_short_months_and_on_the_31st_after() -> (
    None
):
    found = [MONTHLY_VISIT.planned(ANCHOR, n) for n in range(1, 5)]

    assert found == [day("02-28"), day("03-31"), day("04-30"), day("05-31")]


def test_a_calendar_by_rfc_5545_leaves_short_months_out_and_we_do_not() -> None:
    by_rfc = [each.date() for each in rrule(MONTHLY, dtstart=ANCHOR, count=4)]

    assert by_rfc == [ANCHOR, day("03-31"), day("05-31"), day("07-31")]
    assert day("02-28") not in by_rfc


def test_weeks_are_counted_in_days_of_the_week_of_the_anchor() -> None:
    fortnightly = Rhythm(name="fortnightly", every="2 weeks")

    assert fortnightly.planned(ANCHOR, 2) == day("02-28")
    assert fortnightly.planned(ANCHOR, 2).weekday() == ANCHOR.weekday()


def test_a_late_visit_does_not_shift_the_later_dates() -> None:
    late = plan("03-20", as_of="03-21")
    never = plan(as_of="03-21")

    assert [each.due for each in late.dates] == [each.due for each in never.dates][:2]
    assert late.next is not None
    assert late.next.due == day("03-31")
    assert late.dates[0].days_late == 20


# --- Which visit serves which date


def test_an_early_visit_within_the_tolerance_counts_for_its_date() -> None:
    found = plan("02-21", as_of="02-22")

    assert statuses(found) == ["served", "ahead"]
    assert found.dates[0].days_late == -7


def test_an_earlier_visit_than_that_serves_no_date() -> None:
    found = plan("02-20", as_of="02-22")

    assert statuses(found) == ["due"]
    assert found.extra == (visit("02-20"),)


def test_a_visit_in_the_window_of_the_next_date_counts_for_that_and_the_one_before_is_missed() -> (
    None
):
    assert statuses(plan("03-23", as_of="03-25")) == ["served", "due"]
    assert statuses(plan("03-24", as_of="03-25")) == ["missed", "served", "ahead"]


def test_a_second_visit_in_one_window_serves_nothing_more() -> None:
    found = plan("02-28", "03-10", as_of="03-11")

    assert statuses(found) == ["served", "ahead"]
    assert found.extra == (visit("03-10"),)


def test_a_date_is_due_on_its_day_overdue_the_day_after_and_missed_once_the_next_window_opens() -> (
    None
):
    assert statuses(plan(as_of="02-20")) == ["ahead"]
    assert statuses(plan(as_of="02-21")) == ["due"]
    assert statuses(plan(as_of="02-28")) == ["due"]
    assert statuses(plan(as_of="03-01")) == ["overdue", "ahead"]
    assert statuses(plan(as_of="03-23")) == ["overdue", "ahead"]
    assert statuses(plan(as_of="03-24")) == ["missed", "due"]


def test_the_plan_says_what_is_overdue_what_is_next_and_how_many_were_kept() -> None:
    found = plan("02-28", as_of="05-15")

    assert statuses(found) == ["served", "missed", "overdue", "ahead"]
    assert (found.overdue, found.next) == (found.dates[2], found.dates[3])
    assert (found.kept.numerator, found.kept.denominator) == (1, 2)
    assert [each.n for each in found.having(VisitStatus.MISSED)] == [2]
    assert found.definition == MONTHLY_VISIT.fingerprint


def test_a_visit_after_the_day_of_the_answer_leaves_no_trace_in_it() -> None:
    found = plan("02-28", "03-31", as_of="03-24")

    assert statuses(found) == ["served", "due"]
    assert found.later == (visit("03-31"),)
    assert attrs.evolve(found, later=()) == plan("02-28", as_of="03-24")


def test_before_the_first_date_nothing_is_kept_or_missed() -> None:
    found = visits_due(MONTHLY_VISIT, ANCHOR, as_of=dt.date(2025, 6, 1))

    assert statuses(found) == ["ahead"]
    assert found.kept.value is None
    assert found.overdue is None


def test_an_instant_stands_for_its_day_in_utc() -> None:
    evening = dt.datetime(2026, 2, 28, 23, tzinfo=dt.timezone(dt.timedelta(hours=-2)))

    assert visits_due(MONTHLY_VISIT, ANCHOR, as_of=evening).as_of == day("03-01")


def test_a_date_reads_well() -> None:
    assert str(plan("03-01", "03-30", as_of="05-01")) == (
        "monthly: every 1 month, from 2026-01-31\n"
        "  1: 2026-02-28: served by 03-01 on 2026-03-01, 1 day late\n"
        "  2: 2026-03-31: served by 03-30 on 2026-03-30, 1 day early\n"
        "  3: 2026-04-30: overdue\n"
        "  4: 2026-05-31: ahead"
    )
    assert str(plan("02-02", "02-28", as_of="02-28")).endswith(
        "1: 2026-02-28: served by 02-28 on 2026-02-28\n"
        "  2: 2026-03-31: ahead\n"
        "  extra: 02-02 on 2026-02-02"
    )


def test_what_is_no_rhythm_no_visit_or_no_suspension_is_refused_by_its_name() -> None:
    first, today = day("01-31"), day("06-30")
    monthly = Rhythm(name="monthly", every="1 month")
    wrong: Any = first

    with pytest.raises(DefinitionError, match=r"rhythm .* expected a Rhythm"):
        visits_due(wrong, first, as_of=today)
    with pytest.raises(DefinitionError, match=r"visits .* \$\[0\]: expected a CustomerVisit"):
        visits_due(monthly, first, [wrong], as_of=today)
    with pytest.raises(DefinitionError, match=r"suspensions .* \$\[0\]: expected a Suspension"):
        visits_due(monthly, first, as_of=today, suspensions=[wrong])


def test_an_id_of_a_visit_stands_once() -> None:
    with pytest.raises(RhythmError, match="visit 'v1': stands twice"):
        visits_due(
            MONTHLY_VISIT, ANCHOR, [visit("02-01", "v1"), visit("02-02", "v1")], as_of=ANCHOR
        )


# --- Business days


def test_a_date_on_a_weekend_is_due_on_monday_and_the_next_one_is_not_moved_by_it() -> None:
    found = visits_due(MONTHLY_VISIT, ANCHOR, as_of=day("03-05"), calendar=OFFICE)

    assert [(each.planned, each.due) for each in found.dates] == [
        (day("02-28"), day("03-02")),
        (day("03-31"), day("03-31")),
    ]
    assert str(found.dates[0]) == "1: 2026-02-28, due 2026-03-02: overdue"


def test_dates_that_a_holiday_moves_to_one_day_are_one_visit() -> None:
    weekly = Rhythm(name="weekly", every="1 week", tolerance=2)
    spring = BusinessCalendar(holidays=[day("02-16") + dt.timedelta(n) for n in range(5)])
    monday = day("02-09")

    found = visits_due(weekly, monday, [visit("02-23")], as_of=day("02-24"), calendar=spring)

    assert [(each.due, each.status) for each in found.dates] == [
        (day("02-23"), VisitStatus.JOINED),
        (day("02-23"), VisitStatus.SERVED),
        (day("03-02"), VisitStatus.AHEAD),
    ]
    assert found.dates[0].opens is None


def test_a_window_opens_no_earlier_than_the_day_after_the_date_before() -> None:
    """Moved to Friday the 20th, a date leaves the next, on Monday, only the weekend to be early."""
    weekly = Rhythm(name="weekly", every="1 week", tolerance=6)
    spring = BusinessCalendar(holidays=[day("02-16") + dt.timedelta(n) for n in range(4)])

    found = visits_due(weekly, day("02-09"), [visit("02-20")], as_of=day("02-20"), calendar=spring)

    assert [(each.due, each.opens, each.status) for each in found.dates] == [
        (day("02-20"), day("02-14"), VisitStatus.SERVED),
        (day("02-23"), day("02-21"), VisitStatus.AHEAD),
    ]


# --- Suspensions


def test_nothing_is_due_in_a_suspension_and_the_dates_behind_it_stand_where_they_stood() -> None:
    pause = Suspension(start=day("03-01"), end=day("05-01"), reason="moves house")

    found = plan("02-28", as_of="05-02", suspensions=(pause,))

    assert [(each.due, each.status.value) for each in found.dates] == [
        (day("02-28"), "served"),
        (day("03-31"), "suspended"),
        (day("04-30"), "suspended"),
        (day("05-31"), "ahead"),
    ]
    assert found.kept.denominator == 1


def test_a_suspension_does_not_absolve_what_was_due_before_it() -> None:
    pause = Suspension(start=day("03-15"), end=day("04-15"))

    assert statuses(plan(as_of="03-20", suspensions=(pause,))) == ["overdue", "suspended", "ahead"]


def test_the_first_day_after_a_suspension_is_no_day_of_it() -> None:
    assert statuses(
        plan(as_of="02-28", suspensions=(Suspension(start=ANCHOR, end=day("02-28")),))
    ) == ["due"]
    assert statuses(
        plan(as_of="02-28", suspensions=(Suspension(start=ANCHOR, end=day("03-01")),))
    ) == [
        "suspended",
        "ahead",
    ]


def test_behind_a_suspension_without_an_end_nothing_is_next() -> None:
    found = plan(
        "02-28", as_of="12-31", suspensions=(Suspension(start=day("03-01"), reason="left"),)
    )

    assert statuses(found) == ["served", "suspended"]
    assert found.next is None


def test_l2_visits_span_the_whole_life_in_use() -> None:
    quarterly = Rhythm(name="quarterly", every="3 months")
    left = Suspension(start=dt.date(2031, 2, 1), reason="left")

    found = visits_due(quarterly, ANCHOR, as_of=dt.date(2032, 1, 1), suspensions=[left])

    assert [each.due.isoformat() for each in found.dates[-2:]] == ["2031-01-31", "2031-04-30"]
    assert len(found.dates) == 21
    assert len(found.having(VisitStatus.SUSPENDED)) == 1


def test_at_the_end_of_the_calendar_nothing_is_next() -> None:
    last = dt.date(9999, 12, 31)

    assert visits_due(MONTHLY_VISIT, last, as_of=last).dates == ()


def test_a_suspension_ends_after_it_starts() -> None:
    with pytest.raises(DefinitionError, match="expected an end after the start 2026-03-01"):
        Suspension(start=day("03-01"), end=day("03-01"))


# --- The definition


def test_a_tolerance_does_not_reach_the_date_before() -> None:
    assert Rhythm(name="m", every="1 month", tolerance=27).tolerance == 27
    with pytest.raises(
        DefinitionError, match=r"\$\.tolerance: .* from 0 to 27, but got the int 28"
    ):
        Rhythm(name="m", every="1 month", tolerance=28)


@pytest.mark.parametrize("every", ["48 hours", "10 business days"])
def test_a_rhythm_is_in_days_weeks_months_or_years(every: str) -> None:
    with pytest.raises(DefinitionError, match=r"\$\.every: expected a span in days"):
        Rhythm(name="m", every=every)


POLICY = VisitPolicy(
    name="visits",
    table=DecisionTable(
        name="rhythm",
        rows=[
            Row(when="tier == 'red' or segment == 'key'", then="monthly"),
            Row(when="segment == 'mid'", then="quarterly"),
        ],
    ),
    rhythms=[MONTHLY_VISIT, Rhythm(name="quarterly", every="3 months", tolerance=14)],
)


def test_p12_the_rhythm_fits_the_account() -> None:
    chosen = POLICY.choose({"segment": "mid", "tier": "red"})

    assert chosen.rhythm == MONTHLY_VISIT
    assert str(chosen).startswith("monthly: every 1 month; monthly: ")


def test_an_account_that_no_row_takes_has_no_rhythm() -> None:
    chosen = POLICY.choose({"segment": "small", "tier": "green"})

    assert chosen.rhythm is None
    assert str(chosen).startswith("no rhythm; no row applies")


def test_a_missing_fact_that_could_decide_is_asked_for() -> None:
    chosen = POLICY.choose({"segment": "mid"})

    assert chosen.rhythm is None
    assert chosen.decision.questions == ("tier",)


def test_every_outcome_of_a_policy_has_its_rhythm() -> None:
    with pytest.raises(DefinitionError) as caught:
        attrs.evolve(POLICY, rhythms=[Rhythm(name="monthy", every="1 month")])

    assert [fault.path for fault in caught.value.faults] == [
        "$.table.rows[0].then",
        "$.table.rows[1].then",
    ]
    assert "did you mean 'monthy'?" in str(caught.value)


def test_what_is_no_table_is_refused_by_name() -> None:
    with pytest.raises(DefinitionError, match=r"\$\.table: expected a DecisionTable"):
        VisitPolicy(name="visits", table="monthly", rhythms=())  # type: ignore[arg-type]


def test_a_policy_goes_to_json_and_back() -> None:
    assert from_json(to_json(POLICY), VisitPolicy) == POLICY


# --- Laws

days = st.dates(dt.date(2026, 1, 1), dt.date(2027, 6, 30))
calendars = st.none() | st.builds(
    BusinessCalendar, holidays=st.lists(days, max_size=20), weekend=st.sampled_from([(), (5, 6)])
)
suspensions = st.lists(
    st.builds(
        lambda start, length: Suspension(start=start, end=length and start + dt.timedelta(length)),
        days,
        st.none() | st.integers(1, 90),
    ),
    max_size=2,
)


@st.composite
def rhythms(draw: st.DrawFn) -> Rhythm:
    every = draw(st.sampled_from(["3 days", "1 week", "2 weeks", "1 month", "3 months", "1 year"]))
    least = int(Rhythm(name="r", every=every).every.least_days)
    return Rhythm(name="r", every=every, tolerance=draw(st.integers(0, min(least - 1, 30))))


visit_lists = st.lists(days, max_size=12).map(
    lambda found: [CustomerVisit(id=f"v{n}", on=each) for n, each in enumerate(found)]
)
cases = st.tuples(rhythms(), days, visit_lists, days, calendars, suspensions)
Case = tuple[
    Rhythm, dt.date, list[CustomerVisit], dt.date, BusinessCalendar | None, list[Suspension]
]


def due(case: Case) -> VisitPlan:
    rhythm, anchor, visits, as_of, calendar, suspended = case
    return visits_due(rhythm, anchor, visits, as_of=as_of, calendar=calendar, suspensions=suspended)


@given(cases)
def test_every_date_is_counted_from_the_anchor_whatever_the_visits(case: Case) -> None:
    rhythm, anchor, _, _, calendar, _ = case
    step = {"day": "days", "week": "weeks", "month": "months", "year": "years"}[rhythm.every.unit]

    for n, each in enumerate(due(case).dates, start=1):
        assert each.n == n
        far: dict[str, Any] = {step: n * rhythm.every.count}
        assert each.planned == anchor + relativedelta(**far)
        assert each.due == (each.planned if calendar is None else calendar.following(each.planned))


@given(cases)
def test_every_visit_serves_one_date_or_is_extra_or_later(case: Case) -> None:
    found = due(case)

    serving = [each.visit for each in found.dates if each.visit is not None]

    assert sorted(v.id for v in (*serving, *found.extra, *found.later)) == sorted(
        each.id for each in case[2]
    )


@given(cases)
def test_a_date_is_served_by_the_first_visit_of_its_window_and_by_no_other(case: Case) -> None:
    as_of = case[3]
    for each in due(case).dates:
        within = [
            (visit.on, visit.id)
            for visit in case[2]
            if each.opens is not None
            and each.opens <= visit.on <= as_of
            and (each.closes is None or visit.on < each.closes)
        ]
        expected = min(within, default=None)
        assert (each.visit and (each.visit.on, each.visit.id)) == expected


@given(cases)
def test_windows_follow_one_another_and_each_holds_the_day_on_which_its_visit_is_due(
    case: Case,
) -> None:
    found = [each for each in due(case).dates if each.opens is not None]

    tolerance = dt.timedelta(case[0].tolerance)
    for one, other in itertools.pairwise(found):
        assert one.closes == other.opens
        assert other.opens == max(other.due - tolerance, one.due + dt.timedelta(1))
    for each in found:
        assert each.opens is not None
        assert each.opens <= each.due
        assert each.closes is None or each.due < each.closes


@given(cases)
def test_a_date_is_suspended_exactly_where_a_suspension_has_the_day_on_which_it_would_be_due(
    case: Case,
) -> None:
    for each in due(case).dates:
        suspended = any(each.due in suspension for suspension in case[5])
        assert (each.status is VisitStatus.SUSPENDED) == suspended


@given(cases)
def test_at_most_one_date_is_overdue_and_the_next_is_the_last_of_the_plan(case: Case) -> None:
    found = due(case)

    assert len(found.having(VisitStatus.OVERDUE)) <= 1
    if found.next is not None:
        assert found.next is found.dates[-1]
        assert found.next.due >= found.as_of
    else:
        assert any(suspension.end is None for suspension in case[5])


@given(cases)
def test_the_order_of_visits_never_matters(case: Case) -> None:
    rhythm, anchor, visits, as_of, calendar, suspended = case

    assert due((rhythm, anchor, visits[::-1], as_of, calendar, suspended)) == due(case)


@given(cases, st.integers(1, 60))
def test_what_is_served_or_missed_stays_so(case: Case, later: int) -> None:
    rhythm, anchor, visits, as_of, calendar, suspended = case
    then = due((rhythm, anchor, visits, as_of + dt.timedelta(later), calendar, suspended))

    for before, after in zip(due(case).dates, then.dates, strict=False):
        if before.status in (VisitStatus.SERVED, VisitStatus.MISSED, VisitStatus.SUSPENDED):
            assert after == before


@pytest.mark.parametrize("given", [None, 5, ""])
def test_a_visit_has_an_id_and_a_suspension_a_reason_in_words(given: Any) -> None:
    with pytest.raises(DefinitionError, match=r"\$\.id: expected"):
        CustomerVisit(id=given, on=dt.date(2026, 3, 5))
    if given != "":
        with pytest.raises(DefinitionError, match=r"\$\.reason: expected text"):
            Suspension(start=dt.date(2026, 3, 5), reason=given)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("rhythm", None),
        ("rhythm", "monthly"),
        ("visits", None),
        ("visits", "v1"),
        ("visits", [5]),
        ("calendar", 0),
        ("calendar", []),
        ("suspensions", None),
        ("suspensions", [dt.date(2026, 3, 5)]),
    ],
)
def test_what_visits_are_due_by_is_what_it_should_be(name: str, given: Any) -> None:
    asked: dict[str, Any] = {
        "rhythm": Rhythm(name="monthly", every="1 month"),
        "anchor": dt.date(2026, 1, 31),
        "as_of": dt.date(2026, 4, 1),
    }
    with pytest.raises(DefinitionError, match=f"{name} is not valid|{name} are not valid"):
        visits_due(**{**asked, name: given})


@pytest.mark.parametrize("given", [None, True, 1.5, [1], "2"])
def test_the_number_of_a_date_is_whole(given: Any) -> None:
    with pytest.raises(DefinitionError, match="expected a whole number"):
        Rhythm(name="monthly", every="1 month").planned(dt.date(2026, 1, 31), given)


def test_the_next_date_says_when_its_window_closes_also_behind_one_served_early() -> None:
    monthly = Rhythm(name="monthly", every="1 month", tolerance=7)
    made = [CustomerVisit(id="v1", on=dt.date(2026, 2, 22))]

    plan = visits_due(monthly, dt.date(2026, 1, 31), made, as_of=dt.date(2026, 2, 23))

    assert [str(each.due) for each in plan.dates] == ["2026-02-28", "2026-03-31"]
    assert [str(each.closes) for each in plan.dates] == ["2026-03-24", "2026-04-23"]
