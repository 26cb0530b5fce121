"""Who does the work (P3), which playbooks moved a share, and output per head (R13)."""

from __future__ import annotations

import datetime as dt
import decimal
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.errors import DefinitionError
from cslib.layermix import (
    HoursDone,
    LayerMix,
    LayerMixError,
    TeamOutput,
    hours_done,
    layer_mix,
)
from cslib.periods import Period
from cslib.playbooks import Layer, Library, Playbook
from cslib.runs import Run

MONTHS = Period.quarter(2026, 1).months()


def done(month: int, layer: str, hours: Any, **rest: Any) -> HoursDone:
    fields = {"role": "CSM", "account": "A", "playbook": "training", **rest}
    return HoursDone(on=dt.date(2026, month, 15), layer=layer, hours=hours, **fields)


def mix(*rows: HoursDone, **rest: Any) -> LayerMix:
    return layer_mix(rows, MONTHS, **rest)


# --- Shares


def test_p3_the_share_of_each_layer_is_measured_over_time() -> None:
    found = mix(
        done(1, "consulting", 40),
        done(1, "service", 60),
        done(2, "service", 45),
        done(2, "product", 5),
    )

    january, february, march = found.mixes
    assert [january.share(layer).value for layer in Layer] == [0, Fraction(3, 5), Fraction(2, 5)]
    assert [february.share(layer).value for layer in Layer] == [
        Fraction(1, 10),
        Fraction(9, 10),
        0,
    ]
    assert march.share("service").value is None
    assert str(found) == (
        "2026-01: 100 h: product 0.0%, service 60.0%, consulting 40.0%\n"
        "2026-02: 50 h: product 10.0%, service 90.0%, consulting 0.0%\n"
        "2026-03: no hours"
    )


def test_p3_the_share_of_scarce_roles_is_measured_beside_that_of_each_role() -> None:
    found = mix(
        done(1, "consulting", 30, role="expert"),
        done(1, "service", 20, role="senior CSM"),
        done(1, "service", 50),
        scarce=["expert", "senior CSM"],
    ).mixes[0]

    assert found.scarce_share.value == Fraction(1, 2)
    assert found.role_share("expert").value == Fraction(3, 10)


def test_a_share_shows_its_hours() -> None:
    share = mix(done(1, "service", "1.5"), done(1, "product", "0.5")).mixes[0].share("service")

    assert str(share) == (
        "1.5 of 2.0 = 75.0 % (no interval: made from totals, its sample is not known); "
        "convention: share of service in hours done"
    )


def test_a_scarce_role_that_no_row_names_is_told() -> None:
    found = mix(done(1, "service", 1, role="expert"), scarce=["expret"])

    assert found.unseen == ("expret",)
    assert str(found).endswith("scarce roles that no row names: expret")


def test_hours_outside_every_period_count_nowhere_and_are_told() -> None:
    found = mix(done(1, "service", 2), done(4, "service", "7.5"))

    assert found.outside == Decimal("7.5")
    assert found.mixes[0].hours == 2
    assert repr(found).endswith("outside every period: 7.5 h")


def test_the_last_day_of_a_period_is_in_it_and_the_first_after_it_is_not() -> None:
    rows = [
        attrs.evolve(done(1, "service", 1), on=day)
        for day in (dt.date(2026, 1, 31), dt.date(2026, 2, 1))
    ]

    assert [each.hours for each in mix(*rows).mixes] == [1, 1, 0]


def test_two_equal_rows_are_two_pieces_of_work() -> None:
    assert mix(done(1, "service", 3), done(1, "service", 3)).mixes[0].hours == 6


def test_hours_per_account_fall_where_work_moves_into_the_product() -> None:
    found = mix(
        done(1, "service", 8),
        done(1, "consulting", 4, account="B"),
        done(2, "consulting", 4, account="B"),
        done(2, "product", 0),
    )

    assert [each.per_account().value for each in found.mixes] == [6, 4, None]
    assert found.mixes[0].per_account("service").value == 4
    assert found.mixes[1].accounts == 1
    assert found.mixes[1].per_account().convention == "hours per account worked for"


def test_sums_are_exact_whatever_the_precision_of_the_caller() -> None:
    with decimal.localcontext(decimal.Context(prec=3)):
        found = mix(done(1, "service", "1000.01"), done(1, "service", "0.0000001")).mixes[0]

    assert found.hours == Decimal("1000.0100001")


# --- What moved a share


def test_p3_a_playbook_turned_from_consulting_into_service_moves_both_shares() -> None:
    """By hand: design has 40 of 100 hours in consulting, then 20 of 80 in service."""
    found = mix(
        done(1, "consulting", 40, playbook="design"),
        done(1, "service", 60),
        done(2, "service", 20, playbook="design"),
        done(2, "service", 60),
    )

    consulting, service = found.changes("consulting")[0], found.changes("service")[0]
    assert consulting.change == Fraction(-2, 5)
    assert [(each.playbook, each.change) for each in consulting.movers] == [
        ("design", Fraction(-2, 5))
    ]
    assert service.change == Fraction(2, 5)
    assert [(each.playbook, each.change) for each in service.movers] == [
        ("design", Fraction(1, 4)),
        ("training", Fraction(3, 20)),
    ]
    assert service.movers[1].own == 0


def test_a_share_that_rises_since_other_work_falls_away_moves_by_the_total_alone() -> None:
    """By hand: consulting stays at 20 h while service goes from 80 to 20: 20 % to 50 %."""
    found = mix(
        done(1, "consulting", 20, playbook="design"),
        done(1, "service", 80),
        done(2, "consulting", 20, playbook="design"),
        done(2, "service", 20),
    ).changes("consulting")[0]

    (design,) = found.movers
    assert (found.change, design.own, design.total) == (Fraction(3, 10), 0, Fraction(3, 10))
    assert str(found) == (
        "2026-01 to 2026-02: share of consulting in hours done 20.0% to 50.0%, +30.0 points\n"
        "  design: 20 h to 20 h, +30.0 points: own hours +0.0, the total +30.0"
    )


def test_the_change_to_or_from_an_empty_period_is_undefined() -> None:
    found = mix(done(1, "service", 1), done(3, "service", 1)).changes("service")

    assert [(each.change, each.movers) for each in found] == [(None, ()), (None, ())]
    assert str(found[0]).endswith("100.0% to undefined, undefined")


def test_work_outside_any_playbook_is_a_line_of_its_own() -> None:
    found = mix(done(1, "service", 1, playbook=""), done(2, "consulting", 1))

    assert str(found.changes("service")[0].movers[0]).startswith("(no playbook): 1 h to 0 h")


def test_the_share_of_scarce_roles_has_its_movers_too() -> None:
    found = mix(
        done(1, "service", 5, role="expert", playbook="audit"),
        done(1, "service", 5),
        done(2, "service", 10),
        scarce=["expert"],
    ).scarce_changes()[0]

    assert found.change == Fraction(-1, 2)
    assert [each.playbook for each in found.movers] == ["audit"]


# --- What is refused


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"hours": 1.5}, r"\$\.hours: .* but got the float 1.5; write Decimal\('1.5'\)"),
        ({"hours": None}, r"\$\.hours: .* but got None"),
        ({"hours": True}, r"\$\.hours: .* but got True"),
        ({"hours": -1}, r"\$\.hours: expected an exact number from 0 to 1,000,000"),
        ({"hours": 1_000_001}, r"\$\.hours: expected an exact number from 0 to 1,000,000"),
        ({"hours": "1e-100"}, r"\$\.hours: expected at most 100 digits"),
        ({"hours": "many"}, r"\$\.hours: .* but got the str 'many'"),
        ({"layer": "servce"}, r"\$\.layer: unknown layer 'servce': did you mean 'service'\?"),
        ({"role": ""}, r"\$\.role"),
        ({"account": ""}, r"\$\.account"),
        ({"on": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, r"\$\.on: expected a date"),
    ],
)
def test_a_row_that_cannot_be_counted_is_refused_with_its_path(
    fields: dict[str, Any], problem: str
) -> None:
    with pytest.raises(DefinitionError, match=problem):
        attrs.evolve(done(1, "service", 1), **fields)


def test_periods_stand_in_order_without_overlap() -> None:
    for periods in ([MONTHS[1], MONTHS[0]], [MONTHS[0], Period.quarter(2026, 1)]):
        with pytest.raises(LayerMixError, match="expected each after the one before"):
            layer_mix([], periods)
    with pytest.raises(LayerMixError, match="expected one or more, but got none"):
        layer_mix([], [])


def test_scarce_roles_are_several() -> None:
    with pytest.raises(LayerMixError, match="several roles, but got the text 'expert'"):
        mix(scarce="expert")


def test_what_is_no_row_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"\$\.rows\[0\]: expected a HoursDone"):
        mix(("A", 5))  # type: ignore[arg-type]


# --- Output per head


def output(**fields: Any) -> TeamOutput:
    given_fields = {"period": MONTHS[0], "heads": 4, "currency": "CNY", **fields}
    return TeamOutput(**given_fields)


def test_r13_output_per_head_in_revenue_accounts_and_renewed_value() -> None:
    found = output(revenue=1_000_000, accounts=90, renewed="800000.50")

    per_head = found.revenue_per_head, found.accounts_per_head, found.renewed_per_head
    assert [rate and rate.value for rate in per_head] == [
        250_000,
        Fraction(45, 2),
        Fraction(1600001, 8),
    ]
    assert str(found) == (
        "2026-01: 4 heads: 250,000.0 CNY revenue, 22.5 accounts, 200,000.1 CNY renewed, per head"
    )


def test_without_heads_output_per_head_is_undefined_and_not_zero() -> None:
    found = output(heads=0, revenue=1_000_000).revenue_per_head

    assert found is not None
    assert found.value is None


def test_what_is_not_known_is_not_known_per_head() -> None:
    found = output(revenue=0)

    assert found.revenue_per_head is not None
    assert found.revenue_per_head.value == 0
    assert found.accounts_per_head is None
    assert str(found) == (
        "2026-01: 4 heads: 0.0 CNY revenue, accounts not known, renewed not known, per head"
    )


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"heads": None}, r"\$\.heads: expected an exact number of 0 or more"),
        ({"heads": 1.5}, r"\$\.heads"),
        ({"currency": "XYZ"}, r"\$\.currency"),
        ({"revenue": -1}, r"\$\.revenue"),
        ({"renewed": "NaN"}, r"\$\.renewed"),
        ({"accounts": "90"}, r"\$\.accounts: expected a whole number"),
        ({"period": "2026-01"}, r"\$\.period: expected a Period"),
    ],
)
def test_an_output_that_cannot_be_counted_is_refused_with_its_path(
    fields: dict[str, Any], path: str
) -> None:
    with pytest.raises(DefinitionError, match=path):
        output(**fields)


# --- Laws

rows = st.lists(
    st.builds(
        done,
        st.integers(1, 4),
        st.sampled_from(list(Layer)),
        st.decimals(0, 500, places=2),
        role=st.sampled_from(["CSM", "expert", "analyst"]),
        account=st.sampled_from("ABC"),
        playbook=st.sampled_from(["", "design", "training", "tour"]),
    ),
    max_size=25,
)


@given(rows)
def test_the_shares_of_the_layers_add_up_to_one(given_rows: list[HoursDone]) -> None:
    for each in mix(*given_rows).mixes:
        shares = [each.share(layer).value for layer in Layer]
        assert shares == [None] * 3 if not each.hours else sum(filter(None, shares)) == 1


@given(rows)
def test_every_hour_is_in_one_period_or_outside_them_all(given_rows: list[HoursDone]) -> None:
    found = mix(*given_rows)

    assert sum(each.hours for each in found.mixes) + found.outside == sum(
        each.hours for each in given_rows
    )


@given(rows)
def test_what_the_playbooks_moved_adds_up_to_the_change_exactly(
    given_rows: list[HoursDone],
) -> None:
    found = mix(*given_rows, scarce=["expert"])

    changes = [found.changes(layer) for layer in Layer]
    for each in (*sum(changes, ()), *found.scarce_changes()):
        if each.change is not None:
            assert sum(mover.change for mover in each.movers) == each.change
    for one in zip(*changes, strict=True):
        if one[0].change is not None:
            assert sum(each.change for each in one if each.change is not None) == 0


@given(rows)
def test_a_playbook_whose_hours_stay_moves_nothing_of_its_own(given_rows: list[HoursDone]) -> None:
    for each in mix(*given_rows).changes("service"):
        for mover in each.movers:
            assert (mover.own == 0) == (mover.before == mover.after)


@given(rows)
def test_back_in_time_every_part_of_a_change_is_the_same_with_the_other_sign(
    given_rows: list[HoursDone],
) -> None:
    swapped = {1: 2, 2: 1}
    back = [
        attrs.evolve(row, on=row.on.replace(month=swapped.get(row.on.month, row.on.month)))
        for row in given_rows
    ]

    there = {m.playbook: (m.own, m.total) for m in mix(*given_rows).changes("service")[0].movers}
    again = {m.playbook: (-m.own, -m.total) for m in mix(*back).changes("service")[0].movers}

    assert there == again


@given(rows)
def test_the_order_of_rows_changes_nothing(given_rows: list[HoursDone]) -> None:
    one, other = mix(*given_rows), mix(*given_rows[::-1])

    assert str(one) == str(other)
    assert one.changes("service") == other.changes("service")


def test_the_hours_of_runs_are_of_the_layer_of_their_playbook() -> None:
    call = Playbook(name="call", need="use", layer="service", entry="seats_used < 5")
    library = Library(name="ours", playbooks=[call])
    day = dt.date(2026, 7, 2)
    run = Run(account="A1", need="use", playbook="call", started=day)
    taken = run.take("talk", on=day, hours={"csm": "1.5", "analyst": 1}).take("letter", on=day)

    rows = hours_done([taken, attrs.evolve(run, account="A2")], library)

    assert [(each.role, each.hours, each.account, each.playbook) for each in rows] == [
        ("csm", Decimal("1.5"), "A1", "call"),
        ("analyst", Decimal(1), "A1", "call"),
    ]
    assert {each.layer for each in rows} == {Layer.SERVICE}


def test_hours_of_a_playbook_that_there_is_not_are_refused() -> None:
    call = Playbook(name="call", need="use", layer="service", entry="seats_used < 5")
    run = Run(account="A1", need="use", playbook="cal", started=dt.date(2026, 7, 2))

    with pytest.raises(LayerMixError, match="no playbook 'cal' in 'ours': did you mean 'call'"):
        hours_done([run], Library(name="ours", playbooks=[call]))


@pytest.mark.parametrize("given", [None, 5, [5], {"expert": 1}])
def test_scarce_roles_runs_and_libraries_are_what_they_should_be(given: Any) -> None:
    with pytest.raises(DefinitionError, match=r"\$\.scarce"):
        layer_mix([], [Period.month(2026, 7)], scarce=given)
    with pytest.raises(DefinitionError, match="runs is not valid"):
        hours_done(given, Library(name="ours", playbooks=()))
    with pytest.raises(DefinitionError, match="expected a Library"):
        hours_done([], given)
