"""Movements: the truth table, one customer's history, and the lines of a month."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.cubes import CubeError, CustomerCube
from cslib.money import InexactError
from cslib.movements import (
    Movement,
    check_within,
    classify,
    month_steps,
    movement_lines,
    movements,
    unit_split,
)
from cslib.waterfalls import waterfall
from cube_strategies import (
    BOOKS,
    LAYOUTS,
    MONTHS,
    Row,
    cube_of,
    cube_of_histories,
    histories_of,
    month,
)

N, R, E, C, X = Movement
WITHIN = st.one_of(st.none(), st.integers(1, 4))

# Every combination of what a customer paid before, pays after, and whether it was one.
TRUTH_TABLE = {
    (0, 0, False): None,
    (0, 0, True): None,
    (0, 90, False): N,
    (0, 90, True): R,
    (100, 0, False): X,
    (100, 0, True): X,
    (100, 90, False): C,
    (100, 90, True): C,
    (100, 100, False): None,
    (100, 100, True): None,
    (100, 110, False): E,
    (100, 110, True): E,
}


# The truth table


@pytest.mark.parametrize(("case", "expected"), TRUTH_TABLE.items())
def test_each_case_of_the_truth_table_has_its_one_movement(
    case: tuple[int, int, bool], expected: Movement | None
) -> None:
    assert classify(*case) is expected


@given(st.integers(0, 3), st.integers(0, 3), st.booleans())
def test_a_movement_depends_on_nothing_but_which_amount_is_larger_and_which_are_zero(
    before: int, after: int, was_customer: bool
) -> None:
    like = (after > before) - (after < before)
    if before and after:
        case = (100, {-1: 90, 0: 100, 1: 110}[like], was_customer)
    else:
        case = (100 if before else 0, 90 if after else 0, was_customer)

    assert classify(before, after, was_customer) is TRUTH_TABLE[case]


@pytest.mark.parametrize("amount", [1, 99, 100, 101, 10**9])
def test_a_return_is_a_reactivation_and_no_expansion_whatever_its_amount(amount: int) -> None:
    assert movements((100, 0, amount)) == (X, R)


# One customer's history


STORIES: dict[str, tuple[tuple[int, ...], tuple[Movement | None, ...]]] = {
    "an early renewal at the same price moves nothing": ((100, 100, 100), (None, None)),
    "ten more seats are an expansion": ((100, 200), (E,)),
    "a price rise is an expansion": ((100, 103), (E,)),
    "a smaller plan is a contraction": ((100, 60), (C,)),
    "the first invoice ever is new": ((0, 0, 100), (None, N)),
    "who stands in the first month is not new": ((100, 100), (None,)),
    "a month without an invoice is a churn and then a reactivation": ((100, 0, 100), (X, R)),
    "who comes back twice is reactivated twice": ((9, 0, 9, 0, 9), (X, R, X, R)),
    "a trial at nothing is no customer yet": ((0, 0, 50, 0), (None, N, X)),
    "one month has no movement": ((100,), ()),
    "no month has no movement": ((), ()),
}


@pytest.mark.parametrize(("history", "expected"), STORIES.values(), ids=STORIES)
def test_a_history_reads_as_its_story(
    history: tuple[int, ...], expected: tuple[Movement | None, ...]
) -> None:
    assert movements(history) == expected


def test_a_return_after_more_than_the_months_allowed_counts_as_new() -> None:
    history = (100, 0, 0, 90)

    assert movements(history, reactivation_within=2) == (X, None, R)
    assert movements(history, reactivation_within=1) == (X, None, N)


def test_the_months_allowed_are_counted_anew_after_each_return() -> None:
    assert movements((9, 0, 9, 0, 9), reactivation_within=1) == (X, R, X, R)


# Published as such: PostHog's handbook, growth/revops, "Lifecycle analysis".
PUBLISHED: tuple[tuple[tuple[Any, ...], Movement | None], ...] = (
    ((0, 0, 100), N),
    ((100, 0, 100), R),
    ((0, 100, 100), None),
    ((100, Decimal("100.01")), E),
    ((100, Decimal("99.99")), C),
    ((100, 0), X),
    ((100, 0, 0), None),
)


@pytest.mark.parametrize(("history", "last"), PUBLISHED)
def test_the_last_month_of_a_published_case_reads_as_published(
    history: tuple[Any, ...], last: Movement | None
) -> None:
    assert movements(history)[-1] is last


@given(st.lists(st.integers(0, 3), max_size=9))
def test_without_a_limit_a_customer_is_new_at_most_once_and_only_at_its_first_amount(
    history: list[int],
) -> None:
    steps = movements(history)

    first = next((i for i, paid in enumerate(history) if paid), 0)
    assert [i + 1 for i, kind in enumerate(steps) if kind is N] == ([first] if first else [])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=9), WITHIN)
def test_the_movements_of_a_history_lead_from_its_first_amount_to_its_last(
    history: list[int], within: int | None
) -> None:
    kinds = movements(history, reactivation_within=within)

    changes = [after - before for before, after in itertools.pairwise(history)]
    moved = sum(change for kind, change in zip(kinds, changes, strict=True) if kind is not None)
    assert history[0] + moved == history[-1]


def test_a_history_in_decimals_reads_as_one_in_whole_numbers() -> None:
    assert movements((Decimal("0.5"), Decimal(1), 0)) == (E, X)


def test_a_negative_amount_in_a_history_is_refused_by_month() -> None:
    with pytest.raises(CubeError, match=r"history\[1\] is -5: expected 0 or more"):
        movements((100, -5))


@pytest.mark.parametrize("amount", [1.5, None, "100", float("nan")])
def test_an_amount_that_is_not_exact_is_refused_by_month(amount: Any) -> None:
    with pytest.raises(InexactError, match="month 1 of a history"):
        movements((100, amount))


@pytest.mark.parametrize("within", [0, -1, 1.0, True, "3"])
def test_a_limit_that_is_no_number_of_months_is_refused(within: Any) -> None:
    with pytest.raises(CubeError, match=r"reactivation_within is .*: expected 1 or more, or None"):
        check_within(within)


# The columns


@pytest.mark.parametrize("layout", LAYOUTS)
@given(book=BOOKS, within=WITHIN)
def test_the_columns_of_a_month_say_of_each_customer_what_its_history_says(
    layout: Any, book: list[Row], within: int | None
) -> None:
    cube = cube_of(book, layout)

    kinds = {key: [] for key in histories_of(book)}  # type: dict[str, list[Movement | None]]
    for step in month_steps(cube, within):
        for key, kind in zip(cube.customers.tolist(), step.kinds.tolist(), strict=True):
            kinds[key].append((None, *Movement)[kind])

    assert kinds == {
        key: list(movements(history, reactivation_within=within))
        for key, history in histories_of(book).items()
    }


# The lines of a month


@given(book=BOOKS, place=st.integers(1, MONTHS - 1), within=WITHIN)
def test_the_lines_of_a_month_are_the_customers_who_moved_in_order(
    book: list[Row], place: int, within: int | None
) -> None:
    lines = movement_lines(cube_of(book), month(place), reactivation_within=within)

    expected = [
        (kind, key, history[place - 1], history[place])
        for key, history in histories_of(book).items()
        if (kind := movements(history, reactivation_within=within)[place - 1])
    ]
    expected.sort(key=lambda line: (list(Movement).index(line[0]), line[1]))
    assert [(line.movement, line.customer, line.before, line.after) for line in lines] == expected


def test_a_line_of_a_return_after_more_than_the_months_allowed_says_new() -> None:
    first, _, third, fourth = map(month, range(4))
    rows = [("ada", first, 9), ("ada", third, 9), ("bo", first, 9), ("bo", fourth, 9)]
    cube = CustomerCube.of_rows(rows, currency="EUR")

    [ada] = movement_lines(cube, third, reactivation_within=1)
    [bo] = movement_lines(cube, fourth, reactivation_within=1)[:1]

    assert (ada.customer, ada.movement) == ("ada", R)
    assert (bo.customer, bo.movement) == ("bo", N)


def test_a_line_carries_values_of_python() -> None:
    cube = cube_of_histories({"ada": (100, 120)})

    [line] = movement_lines(cube, month(1))

    assert [type(value) for value in (line.before, line.after)] == [int, int]
    assert (line.units_effect, line.price_effect) == (None, None)


def test_whole_numbers_and_tuples_come_back_as_keys_of_lines() -> None:
    columns: dict[str, Any] = {
        "month": np.array(["2025-11", "2025-12"], "datetime64[M]"),
        "amount": [100, 120],
        "currency": "EUR",
    }
    cubes = [
        type(cube_of([])).of_columns(customer=keys, **columns)
        for keys in (np.array([7, 7]), [("ada", 1), ("ada", 1)])
    ]

    keys = [movement_lines(cube, month(1))[0].customer for cube in cubes]

    assert keys == [7, ("ada", 1)]


def test_the_first_month_of_a_cube_has_no_lines_to_ask_for() -> None:
    with pytest.raises(CubeError, match="2025-11 is the first of the cube: it has no movements"):
        movement_lines(cube_of([("a", 0, 5)]), month(0))


# Units against price


def seats(histories: dict[str, list[tuple[int, int]]], **more: Any) -> Any:
    """A cube of customers with what each pays for how many seats, month by month."""
    given = [(key, i, paid) for key, each in histories.items() for i, (paid, _) in enumerate(each)]
    units = [number for each in histories.values() for _, number in each]
    return cube_of(given, months=max(map(len, histories.values())), units=units, **more)


def effects(before: tuple[int, int], after: tuple[int, int]) -> tuple[int | None, int | None]:
    [line] = movement_lines(seats({"ada": [before, after]}), month(1))
    return line.units_effect, line.price_effect


def test_more_seats_at_the_same_price_are_an_effect_of_units_alone() -> None:
    assert effects((1000, 10), (1500, 15)) == (500, 0)


def test_a_price_rise_at_the_same_seats_is_an_effect_of_price_alone() -> None:
    assert effects((1000, 10), (1030, 10)) == (0, 30)


def test_more_seats_at_a_lower_price_split_into_effects_of_both_signs() -> None:
    assert effects((1000, 10), (1200, 20)) == (1000, -800)


def test_the_effect_of_units_is_rounded_half_to_even_and_the_price_takes_the_rest() -> None:
    # 5 * 3 / 2 = 7.5, to 8; 7 * 3 / 2 = 10.5, to 10.
    assert effects((5, 2), (9, 3)) == (3, 1)
    assert effects((7, 2), (9, 3)) == (3, -1)


def test_new_churned_and_unmoved_customers_take_no_part_in_the_split() -> None:
    cube = seats({"a": [(0, 0), (50, 5)], "b": [(50, 5), (0, 0)], "c": [(50, 5), (50, 6)]})

    split = unit_split(cube)

    assert split.expansion_units.tolist() == split.contraction_price.tolist() == [0]
    assert [line.units_effect for line in movement_lines(cube, month(1))] == [None, None]


AMOUNT_AND_SEATS = st.tuples(st.sampled_from([0, 1, 99, 100, 10**9]), st.integers(1, 7))


@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.lists(AMOUNT_AND_SEATS, min_size=4, max_size=4),
        min_size=1,
    ),
    st.sampled_from(LAYOUTS),
)
def test_the_effects_add_up_to_expansion_and_contraction_to_the_cent(
    histories: dict[str, list[tuple[int, int]]], layout: Any
) -> None:
    cube = seats(histories, layout=layout)

    split = unit_split(cube)

    for i, step in enumerate(month_steps(cube)):
        sums = step.sums(step.after - step.before)
        assert split.expansion_units[i] + split.expansion_price[i] == sums[E]
        assert split.contraction_units[i] + split.contraction_price[i] == -sums[C]


def test_amounts_too_wide_for_the_machine_are_split_exactly() -> None:
    large = 2**60 + 1

    assert effects((large, 8), (large + 5, 9)) == ((large * 9 + 4) // 8 - large, 5 - large // 8)


def test_a_part_of_a_cent_below_a_half_is_rounded_down_however_large_the_units() -> None:
    was, less = 2**62 + 10, 2**62 + 5

    split = unit_split(seats({"ada": [(less, was), (1, 1)]}))

    assert split.contraction_units.tolist() == [less - 1]
    assert split.contraction_price.tolist() == [0]


def test_units_that_blow_an_amount_up_beyond_int64_are_refused() -> None:
    with pytest.raises(CubeError, match="units make of the amounts more than int64 holds"):
        unit_split(seats({"ada": [(2**60, 1), (5, 100)]}))


def test_a_cube_without_units_cannot_be_split() -> None:
    with pytest.raises(CubeError, match="units are not in the cube"):
        unit_split(cube_of_histories({"ada": (1, 2)}))


def test_a_cube_of_one_month_has_no_step_and_nothing_to_split() -> None:
    cube = seats({"ada": [(5, 1)]})

    assert [*month_steps(cube)] == []
    assert unit_split(cube).months.tolist() == []


def test_what_is_no_history_is_refused() -> None:
    report: Any = waterfall(cube_of_histories({"ada": (100, 120)}))
    message = "history is of Waterfall: expected what one customer paid month by month"

    with pytest.raises(CubeError, match=message):
        movements(report)


# What is none


@pytest.mark.parametrize("amount", [None, float("nan"), 1.5, "a", Decimal("NaN")])
def test_an_amount_that_is_not_exact_has_no_movement(amount: Any) -> None:
    for case in ((amount, 1), (1, amount)):
        with pytest.raises(InexactError):
            classify(*case, True)


def test_an_amount_below_0_has_no_movement() -> None:
    with pytest.raises(CubeError, match="before is -1: expected 0 or more"):
        classify(-1, 1, True)
    with pytest.raises(CubeError, match="after is -1: expected 0 or more"):
        classify(1, -1, True)


def test_what_is_no_cube_is_refused_at_once() -> None:
    for ask in (month_steps, unit_split, lambda cube: movement_lines(cube, month(1))):
        with pytest.raises(CubeError, match="expected a CustomerCube"):
            ask(None)  # type: ignore[arg-type]
