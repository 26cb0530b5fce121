from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.documents import from_data, from_json, to_data, to_json
from cslib.errors import DefinitionError, Fault
from cslib.playbooks import Choice, Finding, Layer, Library, Playbook, Status
from cslib.rules import AsOfError, FactError, Function, rule
from cslib.testing import strategies

PRODUCT, SERVICE, CONSULTING = Layer
LOW = "seats_used / seats < 0.6"


def playbook(name: str, entry: object = LOW, layer: str = "product", **rest: Any) -> Playbook:
    return Playbook(name=name, layer=layer, entry=entry, **{"need": "adoption", **rest})


def select(account: object, *playbooks: Playbook, **options: Any) -> Choice:
    return Library(name="test", playbooks=playbooks).select(account, **options)


def statuses(choice: Choice) -> dict[str, str]:
    return {each.playbook.name: each.status.value for each in choice.findings}


def reason(choice: Choice, name: str) -> str:
    return next(each.reason for each in choice.findings if each.playbook.name == name)


TOUR = playbook("tour")
TRAINING = playbook("training", f"{LOW} and roles_active < 2", "service", effort={"csm": 6})
PROJECT = playbook("project", f"{LOW} and outcome == 'missed'", "consulting", effort={"csm": 40})
ACCOUNT = {"seats_used": 5, "seats": 10, "roles_active": 1, "outcome": "missed"}


# The layer rule (P1)


def test_what_the_product_can_solve_is_not_given_to_service() -> None:
    choice = select(ACCOUNT, PROJECT, TRAINING, TOUR)

    assert choice.playbook == TOUR
    assert statuses(choice) == {"tour": "chosen", "training": "dearer", "project": "dearer"}


def test_what_service_can_solve_is_not_given_to_consulting() -> None:
    choice = select(ACCOUNT, PROJECT, TRAINING, attrs.evolve(TOUR, entry="seats_used < 1"))

    assert choice.playbook == TRAINING
    assert statuses(choice) == {
        "training": "chosen",
        "tour": "does_not_apply",
        "project": "dearer",
    }


def test_a_cheaper_layer_goes_first_whatever_its_hours_and_priority() -> None:
    long = playbook("long", layer="product", effort={"csm": 100})
    short = playbook("short", layer="service", effort={"csm": 1}, priority=99)

    assert select(ACCOUNT, short, long).playbook == long


def test_within_a_layer_fewer_hours_go_first_and_then_the_name() -> None:
    half, whole, also = (
        playbook(name, effort={"csm": h}) for name, h in (("z", "0.5"), ("b", 1), ("a", 1))
    )

    assert statuses(select(ACCOUNT, whole, also, half)) == {
        "z": "chosen",
        "a": "dearer",
        "b": "dearer",
    }
    assert select(ACCOUNT, whole, also).playbook == also


def test_an_unknown_cheaper_layer_holds_the_dearer_ones_back_and_names_what_to_ask() -> None:
    unknown = playbook("tour", "tours_done < 1")

    choice = select(ACCOUNT, PROJECT, TRAINING, unknown)

    assert choice.playbook is None
    assert choice.chosen == ()
    assert statuses(choice) == {"tour": "unknown", "training": "held_back", "project": "held_back"}
    assert choice.questions == ("tours_done",)
    assert [each.missing for each in choice.findings] == [("tours_done",)] * 3
    assert choice.reasons == "no playbook is known to apply: ask for tours_done"


@pytest.mark.parametrize(
    ("tours_done", "chosen"),
    [(0, "tour"), (1, "training")],
)
def test_the_answer_settles_it(tours_done: int, chosen: str) -> None:
    account = {**ACCOUNT, "tours_done": tours_done}

    choice = select(account, PROJECT, TRAINING, playbook("tour", "tours_done < 1"))

    assert choice.playbook is not None
    assert choice.playbook.name == chosen
    assert choice.questions == ()


def test_an_unknown_alternative_in_the_same_layer_holds_nothing_back_but_is_asked_for() -> None:
    shorter = playbook("shorter", "tours_done < 1", effort={"csm": 1})

    choice = select(ACCOUNT, shorter, attrs.evolve(TOUR, effort={"csm": 2}))

    assert choice.playbook is not None
    assert choice.playbook.name == "tour"
    assert choice.questions == ("tours_done",)


def test_what_could_not_be_chosen_anyway_is_not_asked_for() -> None:
    dearer = playbook("visit", "visits < 1", "service")

    choice = select(ACCOUNT, TOUR, dearer)

    assert statuses(choice) == {"tour": "chosen", "visit": "dearer"}
    assert choice.questions == ()


def test_an_entry_that_divides_by_zero_holds_back_too_and_says_so() -> None:
    choice = select(
        {"seats_used": 5, "seats": 0}, TOUR, playbook("visit", "seats_used > 0", "service")
    )

    assert statuses(choice) == {"tour": "unknown", "visit": "held_back"}
    assert choice.questions == ()
    assert choice.reasons == "no playbook is known to apply"
    assert reason(choice, "tour") == (
        "it cannot be told whether seats used divided by seats is below 0.6 "
        "(seats_used = 5, seats = 0)"
    )
    assert reason(choice, "visit") == "applies, but waits until it is known whether tour would do"


def test_the_layers_of_one_need_say_nothing_of_another() -> None:
    unknown = playbook("survey", "nps < 7", need="satisfaction")
    call = playbook("call", "outcome == 'missed'", "service", need="outcome")

    assert statuses(select(ACCOUNT, unknown, call)) == {"call": "chosen", "survey": "unknown"}


# Several needs


def test_each_need_has_its_own_choice_and_the_highest_priority_goes_first() -> None:
    call = playbook("call", "outcome == 'missed'", "service", need="outcome", priority=5)
    workshop = playbook("workshop", "roles_active < 2", "service", need="breadth", priority=-1)

    choice = select(ACCOUNT, TOUR, workshop, call)

    assert [each.playbook.name for each in choice.chosen] == ["call", "tour", "workshop"]
    assert choice.playbook == call


def test_needs_of_one_priority_go_by_layer_then_hours_then_name() -> None:
    books = [
        playbook("a", layer="consulting", need="1"),
        playbook("b", layer="product", need="2", effort={"csm": 2}),
        playbook("d", layer="product", need="3", effort={"csm": 1}),
        playbook("c", layer="product", need="4", effort={"csm": 1}),
    ]

    assert [each.playbook.name for each in select(ACCOUNT, *books).chosen] == ["c", "d", "b", "a"]


def test_those_not_chosen_come_after_in_the_same_order() -> None:
    low = playbook("low", "seats < 0", need="1")
    high = playbook("high", "seats < 0", "consulting", need="2", priority=3)

    assert list(statuses(select(ACCOUNT, low, high, TOUR))) == ["tour", "high", "low"]


# Nothing to do


def test_where_nothing_applies_nothing_is_chosen_and_every_reason_is_told() -> None:
    choice = select({"seats_used": 9, "seats": 10, "roles_active": 3}, TOUR, TRAINING)

    assert choice.playbook is None
    assert choice.reasons == "no playbook applies"
    assert choice.questions == ()
    assert [each.status for each in choice.others] == [Status.DOES_NOT_APPLY] * 2


def test_an_empty_library_chooses_nothing() -> None:
    choice = select(ACCOUNT)

    assert (choice.playbook, choice.chosen, choice.others) == (None, (), ())
    assert choice.reasons == "no playbook applies"


def test_an_empty_account_gives_the_questions_to_begin_with() -> None:
    choice = select({}, TOUR, TRAINING)

    assert choice.questions == ("seats_used", "seats", "roles_active")


# Reasons


def test_the_others_are_all_but_the_first() -> None:
    choice = select(ACCOUNT, TOUR, TRAINING, PROJECT)

    assert [each.playbook.name for each in choice.others] == ["training", "project"]
    assert choice.others[0].because_of == ("tour",)


def test_a_choice_gives_its_condition_in_words_with_the_values() -> None:
    choice = select(ACCOUNT, PROJECT)

    assert choice.reasons == (
        "seats used divided by seats is below 0.6 and outcome is “missed” "
        "(seats_used = 5, seats = 10, outcome = “missed”)"
    )


@pytest.mark.parametrize(
    ("cheaper", "dearer", "why"),
    [
        (TOUR, playbook("visit", layer="service"), "tour is of a cheaper layer (product)"),
        (
            playbook("a", effort={"csm": "0.5"}),
            playbook("visit", effort={"csm": 2}),
            "a takes fewer hours (0.5 against 2)",
        ),
        (playbook("a"), playbook("visit"), "a costs as much and stands before it by name"),
    ],
)
def test_a_dearer_one_says_in_what_it_is_dearer(
    cheaper: Playbook, dearer: Playbook, why: str
) -> None:
    assert reason(select(ACCOUNT, cheaper, dearer), "visit") == f"applies, but {why}"


def test_a_dearer_one_that_is_unknown_does_not_claim_to_apply() -> None:
    choice = select(ACCOUNT, TOUR, playbook("visit", "visits < 1", "service"))

    assert reason(choice, "visit") == (
        "whether it applies makes no difference: tour is of a cheaper layer (product)"
    )


def test_one_that_is_held_back_says_for_what_it_waits() -> None:
    choice = select(ACCOUNT, playbook("tour", "tours_done < 1"), TRAINING)

    assert str(choice.findings[1]) == (
        "training (service, 6 h): held back: "
        "applies, but waits until it is known whether tour would do: ask for tours_done"
    )


def test_long_lists_are_cut() -> None:
    books = [playbook(f"p{place}", f"f{place} > 0") for place in range(7)]

    choice = select(ACCOUNT, *books, TRAINING)

    assert choice.reasons == (
        "no playbook is known to apply: ask for f0, f1, f2, f3, f4 and 2 more"
    )
    assert reason(choice, "training").endswith("f0, f1, f2, f3, f4 and 2 more")
    assert len(choice.questions) == 7


NOT = "it does not hold that"


@pytest.mark.parametrize(
    ("entry", "against"),
    [
        ("seats > 20", [f"{NOT} seats is above 20 (seats = 10)"]),
        ("seats > 20 and is_trial", [f"{NOT} seats is above 20 (seats = 10)"]),
        (
            "seats > 20 or roles > 3",
            [f"{NOT} seats is above 20 (seats = 10)", f"{NOT} roles is above 3 (roles = 1)"],
        ),
        (
            "is_missing(seats) or nps < 7 and is_paid",
            [f"{NOT} seats is not known (seats = 10)", f"{NOT} is paid (is_paid = false)"],
        ),
        ("not is_trial", ["it holds that is trial (is_trial = true)"]),
        (
            "seats > 5 and not (is_trial and roles < 2)",
            ["it holds that is trial and roles is below 2 (is_trial = true, roles = 1)"],
        ),
        (
            "is_missing(seats) if is_trial else seats > 5",
            [f"{NOT} seats is not known (seats = 10)"],
        ),
        (
            "at_least(2, is_trial, is_paid, seats > 20)",
            [f"{NOT} is paid (is_paid = false)", f"{NOT} seats is above 20 (seats = 10)"],
        ),
        (
            "ratio(use, seats) > 0.5",
            [f"{NOT} the ratio of use to seats is above 0.5 (use = 2.5, seats = 10)"],
        ),
        (
            "signed_on > date('2026-01-01')",
            [f"{NOT} signed on is above 2026-01-01 (signed_on = 2025-06-01)"],
        ),
        ("coalesce(nps > 7, is_paid)", [f"{NOT} is paid (is_paid = false)"]),
        ("False", [f"{NOT} false"]),
    ],
)
def test_one_that_does_not_apply_names_the_part_that_stood_against_it(
    entry: str, against: list[str]
) -> None:
    account = {
        "seats": 10,
        "roles": 1,
        "is_trial": True,
        "is_paid": False,
        "use": 2.5,
        "signed_on": dt.date(2025, 6, 1),
    }

    choice = select(account, playbook("p", entry))

    assert statuses(choice) == {"p": "does_not_apply"}
    assert reason(choice, "p") == ", and ".join(against)


def test_a_reason_may_speak_of_what_is_unknown_beside_it() -> None:
    choice = select({"seats": 10}, playbook("p", "nps < 7 or seats == 10"))

    assert choice.reasons == "nps is below 7 or seats is 10 (nps = unknown, seats = 10)"


def test_a_registered_function_speaks_for_itself() -> None:
    size = Function(
        name="band",
        version=1,
        takes=("number",),
        gives="text",
        call=lambda seats: "small" if seats < 50 else "large",
        words="the size band of {0}",
    )
    small = playbook("p", rule("band(seats) == 'small'", functions=[size]))

    assert select(ACCOUNT, small).reasons == "the size band of seats is “small” (seats = 10)"


# Selecting


def test_conditions_count_days_from_as_of() -> None:
    due = playbook("due", "0 <= days_until(renews_on) <= 90")
    account = {"renews_on": dt.date(2026, 9, 28)}

    assert select(account, due, as_of=dt.date(2026, 6, 30)).playbook == due
    assert select(account, due, as_of=dt.date(2026, 6, 29)).playbook is None
    with pytest.raises(AsOfError):
        select(account, due)


def test_the_account_may_be_any_object() -> None:
    @attrs.frozen
    class Account:
        seats_used: int
        seats: int

    assert select(Account(5, 10), TOUR).playbook == TOUR
    assert select({"seats_used": np.int64(5), "seats": Decimal(10)}, TOUR).playbook == TOUR


def test_a_fact_of_the_wrong_kind_is_an_error_whoever_else_applies() -> None:
    with pytest.raises(FactError, match="'roles_active'"):
        select({**ACCOUNT, "roles_active": "two"}, TOUR, TRAINING)


# Definitions


@pytest.mark.parametrize(
    ("hours", "problem"),
    [
        (0.5, "expected a whole number or a Decimal, but got 0.5; write Decimal('0.5')"),
        (-1, "expected 0 to 1000000, but got -1"),
        (Decimal("-0.1"), "expected 0 to 1000000, but got -0.1"),
        (Decimal("NaN"), "expected a whole number or a Decimal, but got Decimal('NaN')"),
        (1_000_001, "expected 0 to 1000000, but got 1000001"),
        (True, "expected a whole number or a Decimal, but got True"),
        ("two", "expected a whole number or a Decimal, but got 'two'"),
        (None, "expected a whole number or a Decimal, but got None"),
    ],
)
def test_hours_are_exact_never_negative_and_at_most_a_million(hours: Any, problem: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        playbook("p", effort={"csm": hours})

    assert caught.value.faults == (Fault("$.effort.csm", problem),)


def test_hours_are_given_by_role() -> None:
    with pytest.raises(DefinitionError, match=r"expected numbers by role, as \{'csm': 6\}"):
        playbook("p", effort=6)

    assert playbook("p", effort={"csm": 6, "consultant": "1.5"}).hours == Decimal("7.5")


@pytest.mark.parametrize("hours", [2, "2", Decimal("2.0")])
def test_hours_are_held_as_decimals(hours: Any) -> None:
    found = playbook("p", effort={"csm": hours}).hours

    assert isinstance(found, Decimal)
    assert found == 2


def test_an_unknown_layer_is_refused_with_a_suggestion() -> None:
    with pytest.raises(DefinitionError) as caught:
        playbook("p", layer="prodct")

    assert caught.value.faults == (
        Fault("$.layer", "unknown layer 'prodct': did you mean 'product'?"),
    )


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("name", "", "expected a name, but got an empty text"),
        ("name", ["p"], "expected text, but got a list of 1"),
        ("need", "", "expected a name, but got an empty text"),
        ("need", 5, "expected text, but got the int 5"),
        ("title", None, "expected text, but got None"),
        ("source", 5, "expected text, but got the int 5"),
        ("priority", 1.5, "but got the float 1.5"),
        ("priority", True, "but got True"),
        ("priority", 1_000_001, "expected a whole number from -1000000 to 1000000, but got"),
    ],
)
def test_a_playbook_has_texts_and_a_whole_priority(name: str, given: Any, problem: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        attrs.evolve(TOUR, **{name: given})

    (fault,) = caught.value.faults
    assert fault.path == f"$.{name}"
    assert problem in fault.message


def test_every_fault_of_a_playbook_is_told_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        attrs.evolve(TOUR, name="", priority=True, title=5)

    assert [fault.path for fault in caught.value.faults] == ["$.name", "$.priority", "$.title"]


def test_a_library_has_a_name() -> None:
    with pytest.raises(DefinitionError, match="expected text, but got the int 5"):
        Library(name=5, playbooks=())  # type: ignore[arg-type]


def test_an_entry_must_be_a_condition() -> None:
    with pytest.raises(TypeError, match="boolean"):
        playbook("p", "seats + 1")


def test_two_playbooks_of_one_name_are_refused() -> None:
    with pytest.raises(DefinitionError) as caught:
        Library(name="double", playbooks=(TOUR, TRAINING, attrs.evolve(TOUR, need="other")))

    assert caught.value.subject == "library 'double'"
    assert caught.value.faults == (Fault("$.playbooks[2].name", "'tour' stands twice"),)


def test_a_document_tells_every_fault_with_its_path() -> None:
    data = to_data(Library(name="stock", playbooks=(TOUR, TRAINING)))
    data["playbooks"][0]["layer"] = "prodct"
    data["playbooks"][1]["effort"] = {"csm": "-6"}

    with pytest.raises(DefinitionError) as caught:
        from_data(data, Library)

    assert [each.path for each in caught.value.faults] == [
        "$.playbooks[0].layer",
        "$.playbooks[1].effort.csm",
    ]


# Laws


FACTS = ("a", "b", "c", "d")
ENTRIES = [
    *(f"{name} > 1" for name in FACTS),
    *(f"{one} > 1 and {other} < 2" for one, other in ("ab", "bc", "cd")),
    *(f"{one} > 1 or not {other} > 0" for one, other in ("ac", "bd", "da")),
    "at_least(2, a > 1, b > 1, c > 1)",
    "a > b if c > 0 else d > 0",
    "True",
]
ASKING_WHAT_IS_MISSING = ["coalesce(a, b) > 1", "is_missing(a)"]
"""Entries of which a known answer can change when a missing fact comes in."""


libraries = strategies.libraries(entries=[*ENTRIES, *ASKING_WHAT_IS_MISSING], needs="xy")
steady_libraries = strategies.libraries(entries=ENTRIES, needs="xy")
accounts = st.dictionaries(st.sampled_from(FACTS), st.sampled_from([None, 0, 1, 2, 3.0]))


def by_need(choice: Choice) -> Mapping[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for each in choice.findings:
        found.setdefault(each.playbook.need, []).append(each)
    return found


@given(libraries, accounts, st.data())
def test_the_order_of_playbooks_never_changes_the_choice(
    library: Library, account: dict[str, Any], data: st.DataObject
) -> None:
    shuffled = attrs.evolve(library, playbooks=data.draw(st.permutations(library.playbooks)))

    assert statuses(shuffled.select(account)) == statuses(library.select(account))
    assert shuffled.select(account).explain() == library.select(account).explain()


@given(libraries, accounts)
def test_a_dearer_layer_is_never_chosen_while_a_cheaper_one_applies_or_is_unknown(
    library: Library, account: dict[str, Any]
) -> None:
    rank = list(Layer).index
    choice = library.select(account)

    for each in choice.chosen:
        for other in library.playbooks:
            if other.need == each.playbook.need and rank(other.layer) < rank(each.playbook.layer):
                assert other.entry(account) is False


@given(libraries, accounts)
def test_the_choice_is_that_of_the_slow_obvious_rule(
    library: Library, account: dict[str, Any]
) -> None:
    chosen = {each.playbook.need: each.playbook for each in library.select(account).chosen}

    for need in ("x", "y"):
        own = [each for each in library.playbooks if each.need == need]
        may = {each.layer for each in own if each.entry(account) is not False}
        cheapest = next((layer for layer in Layer if layer in may), None)
        fit = [each for each in own if each.layer is cheapest and each.entry(account)]
        best = min(fit, key=lambda each: (each.hours, each.name), default=None)
        assert chosen.get(need) == best


@given(libraries, accounts)
def test_every_playbook_has_one_status_that_its_entry_bears_out(
    library: Library, account: dict[str, Any]
) -> None:
    choice = library.select(account)

    assert sorted(each.playbook.name for each in choice.findings) == sorted(
        each.name for each in library.playbooks
    )
    for each in choice.findings:
        allowed: dict[Status, tuple[object, ...]] = {
            Status.CHOSEN: (True,),
            Status.HELD_BACK: (True,),
            Status.DEARER: (True, None),
            Status.UNKNOWN: (None,),
            Status.DOES_NOT_APPLY: (False,),
        }
        assert each.playbook.entry(account) in allowed[each.status]
        assert str(each).startswith(each.playbook.name)
    for found in by_need(choice).values():
        assert sum(each.status is Status.CHOSEN for each in found) <= 1


@given(steady_libraries, accounts, st.data())
def test_answering_the_questions_settles_every_need(
    library: Library, account: dict[str, Any], data: st.DataObject
) -> None:
    answers = {
        name: data.draw(st.integers(0, 3), label=name) for name in library.select(account).questions
    }
    answered = {**account, **answers}

    choice = library.select(answered)

    assert not {"unknown", "held_back"} & set(statuses(choice).values())
    assert choice.questions == ()


@given(steady_libraries, accounts, st.data())
def test_what_is_not_asked_for_cannot_change_the_choice(
    library: Library, account: dict[str, Any], data: st.DataObject
) -> None:
    before = library.select(account)
    idle = [name for name in FACTS if account.get(name) is None and name not in before.questions]
    more = {name: data.draw(st.integers(0, 3), label=name) for name in idle}

    after = library.select({**account, **more})

    assert [each.playbook for each in after.chosen] == [each.playbook for each in before.chosen]


@given(libraries)
def test_a_library_goes_to_json_and_back_unchanged(library: Library) -> None:
    returned = from_json(to_json(library), Library)

    assert returned == library
    assert returned.fingerprint == library.fingerprint


@given(libraries, accounts)
def test_libraries_and_choices_hash_and_survive_pickle(
    library: Library, account: dict[str, Any]
) -> None:
    choice = library.select(account)

    for value in (library, choice):
        returned = pickle.loads(pickle.dumps(value))  # noqa: S301  our own bytes
        assert returned == value
        assert hash(returned) == hash(value)
    assert choice.definition == library.fingerprint


def test_hundreds_that_wait_all_name_what_they_wait_for() -> None:
    waiting = [playbook(f"s{place}", "seats > 0", "service") for place in range(200)]
    unknown = [playbook(f"u{place}", f"f{place} > 0") for place in range(200)]

    choice = select(ACCOUNT, *waiting, *unknown)

    held = [each for each in choice.findings if each.status is Status.HELD_BACK]
    assert len(held) == 200
    assert {frozenset(each.missing) for each in held} == {frozenset(f"f{n}" for n in range(200))}


def test_the_evidence_of_a_choice_does_not_change_with_the_owner_of_a_fact() -> None:
    tour = Playbook(name="tour", need="use", layer="product", entry="seats < 5 and owner.grade > 1")
    account: dict[str, Any] = {"seats": 3, "owner": {"grade": 2}}

    choice = Library(name="one", playbooks=(tour,)).select(account)
    account["owner"]["grade"] = 0

    assert choice.reasons.endswith("(seats = 3, owner.grade = 2)")
