from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from cslib.documents import document
from cslib.errors import DefinitionError
from cslib.functions import Function
from cslib.health import Band, Measure, Norm, Scorecard, Tier
from cslib.lifecycle import Event, Lifecycle, Stage, Transition
from cslib.packs import Pack
from cslib.playbooks import Library, Playbook
from cslib.renewal import Contract, Entry
from cslib.rules import Kind, rule
from cslib.schemas import FactSpec, Schema
from cslib.stock import PLAYBOOKS, SCORECARD, SUBSCRIPTION
from cslib.testing import Check, ConformanceError, Flaw, check_pack, flaws_of, strategies
from cslib.testing.reading import fact_kinds, literals_of, rules_of, series_of, texts_compared

SCHEMA = Schema(
    (
        FactSpec(name="seats", kind="number"),
        FactSpec(name="plan", kind="text", values=("free", "pro")),
        FactSpec(name="arr", kind="number", exponent=2),
        FactSpec(name="signed_on", kind="date"),
        FactSpec(name="seen_at", kind="instant"),
        FactSpec(name="paid", kind="boolean"),
    )
)


def playbook(entry: object, name: str = "tour", **more: Any) -> Playbook:
    return Playbook(name=name, need="adoption", layer="product", entry=entry, **more)


def pack(*playbooks: Playbook, **more: Any) -> Pack:
    return Pack(name="spas", version="0.9", api="1.0", playbooks=playbooks, **more)


def card(measure: Measure, **more: Any) -> Scorecard:
    tiers = (Tier(name="green", at_least=50), Tier(name="red", at_least=0))
    return Scorecard(name="use", measures=(measure,), tiers=tiers, **more)


def told(of: Pack, **more: Any) -> list[str]:
    return [str(flaw) for flaw in flaws_of(of, examples=20, **more)]


def function(name: str, call: Any, takes: str = "text") -> Function:
    return Function(name=name, version=1, takes=[takes], gives="number", call=call)


def test_without_hypothesis_the_kit_says_what_to_install() -> None:
    code = "import sys; sys.modules['hypothesis'] = None; import cslib.testing"

    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    last = run.stderr.splitlines()[-1]
    assert last == ("ModuleNotFoundError: cslib.testing needs hypothesis: install cslib[testing]")


# The kit


def test_a_sound_pack_passes() -> None:
    measure = Measure(
        name="seats", value="seats", bands=(Band(points=0, below=5), Band(points=100, at_least=5))
    )
    sound = pack(
        playbook("seats < 5 and tier == 'red' and stage == 'in_use'"),
        scorecards=[card(measure)],
        lifecycles=[SUBSCRIPTION],
        functions=[function("stars", len)],
    )

    check_pack(sound, schema=SCHEMA, examples=20)


def test_the_stock_playbooks_and_scorecard_pass() -> None:
    check_pack(pack(*PLAYBOOKS.playbooks, scorecards=[SCORECARD]), examples=10)


def test_what_is_no_pack_is_a_flaw() -> None:
    (flaw,) = told("spas")  # type: ignore[arg-type]

    assert flaw.startswith("str: expected a Pack, or a function without arguments")


@pytest.mark.parametrize(
    ("api", "remedy"), [("2.0", "upgrade cslib"), ("1.9", "upgrade cslib if something is missing")]
)
def test_a_pack_for_another_api_is_a_flaw(api: str, remedy: str) -> None:
    (flaw,) = told(attrs.evolve(pack(), api=api))

    assert flaw == f"spas: it was written for api {api}, and this cslib has 1.0: {remedy} (valid)"


def test_a_name_in_upper_case_or_with_spaces_around_is_a_flaw() -> None:
    assert told(pack(playbook("seats < 5", "Tour "))) == [
        "spas:Tour : write its name in lower case: 'tour' (names)"
    ]


def test_a_function_that_the_pack_does_not_ship_is_a_flaw() -> None:
    lost = rule("stars(plan) < 3", functions=[function("stars", len)])

    (flaw,) = told(pack(playbook(lost)))

    assert flaw.startswith(
        "spas:tour: its JSON cannot be read back: playbook is not valid: $.entry"
    )
    assert told(pack(playbook(lost), functions=[function("stars", len)])) == []


@document("forgetful")
@attrs.frozen
class Forgetful:
    name: str
    forgotten: str = attrs.field(default="", converter=lambda text: text[1:])


@attrs.frozen
class Wavering:
    name: str
    number: int = attrs.field(default=0, eq=False, converter=lambda number: number + 1)


def test_a_definition_that_json_changes_is_a_flaw() -> None:
    (flaw,) = told(pack(scenarios=[Forgetful("f", "text")]))

    assert flaw.startswith("spas:f: its JSON reads back as something else")


def test_a_fingerprint_that_json_changes_is_a_flaw() -> None:
    (flaw,) = told(pack(scenarios=[Wavering("w", 5)]))

    assert flaw.startswith("spas:w: its fingerprint is another after JSON")


def test_a_fact_that_the_schema_does_not_have_is_a_flaw() -> None:
    misspelt = pack(playbook("seat < 5"), playbook("days_in_stage > 9 and tier == 'red'", "late"))

    assert told(misspelt) == []
    assert told(misspelt, schema=SCHEMA) == [
        (
            "spas:tour: $.entry reads 'seat', which the schema does not have: did you mean "
            "'seats'? Else declare it there (facts)"
        )
    ]


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(DefinitionError, match="expected a Schema"):
        flaws_of(pack(playbook("seats < 5")), schema=[])  # type: ignore[arg-type]


def test_a_text_that_a_listed_fact_a_stage_or_a_tier_never_is_is_a_flaw() -> None:
    never = pack(
        playbook("plan in {'pro', 'fre'}", "plan"),
        playbook("stage == 'inuse' or stage == 'renewal'", "stage"),
        playbook("tier != 'amber'", "tier"),
        scorecards=[card(Measure(name="any", value="seats", bands=(Band(points=100),)))],
        lifecycles=[SUBSCRIPTION],
    )

    assert told(never, schema=SCHEMA) == [
        (
            "spas:plan: $.entry compares 'plan' with 'fre', which it never is: did you mean "
            "'free'? (texts)"
        ),
        (
            "spas:stage: $.entry compares 'stage' with 'inuse', which it never is: did you mean "
            "'in_use'? (texts)"
        ),
        (
            "spas:tier: $.entry compares 'tier' with 'amber', which it never is; it is green or "
            "red (texts)"
        ),
    ]


def test_stages_and_tiers_that_nobody_lists_may_be_any() -> None:
    assert told(pack(playbook("stage == 'x' and tier == 'y'"))) == []


def test_two_rules_that_need_one_fact_of_two_kinds_are_a_flaw() -> None:
    torn = pack(playbook("rank > 5", "a"), playbook("rank == 'high'", "b"))

    assert told(torn) == [
        "spas:b: $.entry needs 'rank' to be text, and a number; let them agree (kinds)"
    ]


def test_a_rule_that_needs_another_kind_than_the_schema_says_is_a_flaw() -> None:
    assert told(pack(playbook("plan > 5")), schema=SCHEMA) == [
        "spas:tour: $.entry needs 'plan' to be number, and the schema text; let them agree (kinds)"
    ]


def test_a_playbook_that_never_applies_is_a_flaw() -> None:
    assert told(pack(playbook("seats < 5 and seats >= 5"))) == [
        "spas:tour: it never applies, since its entry contradicts itself; write another (idle)"
    ]


def test_a_measure_with_values_that_no_band_takes_is_a_flaw() -> None:
    bands = (Band(points=0, below=0.3), Band(points=100, above=0.3))
    norm = Norm(when="paid", bands=(Band(points=100, equals=True),))
    open_ = pack(
        scorecards=[
            card(Measure(name="seats", value="seats", bands=bands)),
            attrs.evolve(card(Measure(name="paid", value="paid", norms=[norm])), name="other"),
        ]
    )

    assert told(open_) == [
        (
            "spas:use: measure 'seats' has no band for 0.3: such a value counts as unknown; add "
            "one, or say in expected= that it is meant (gaps)"
        ),
        (
            "spas:other: measure 'paid' has no band for False: such a value counts as unknown; add "
            "one, or say in expected= that it is meant (gaps)"
        ),
    ]


def test_of_a_text_the_values_that_the_schema_lists_need_a_band() -> None:
    plan = card(Measure(name="plan", value="plan", bands=(Band(points=100, equals="pro"),)))

    assert told(pack(scorecards=[plan])) == []
    assert told(pack(scorecards=[plan]), schema=SCHEMA) == [
        (
            "spas:use: measure 'plan' has no band for 'free': such a value counts as unknown; add "
            "one, or say in expected= that it is meant (gaps)"
        )
    ]


def test_a_function_that_fails_for_some_account_is_a_flaw_with_that_account() -> None:
    whole = function("whole", int)
    entry = rule("whole(plan) < 3", functions=[whole])
    bands = (Band(points=0, below=5), Band(points=90, at_least=5))
    failing = pack(
        playbook(entry),
        functions=[whole],
        scorecards=[
            card(Measure(name="n", value=rule("whole(plan)", functions=[whole]), bands=bands))
        ],
    )

    one, other = told(failing)

    assert one.startswith(
        "spas:tour: for the account {'plan': 'other'} ValueError: invalid literal"
    )
    assert one.endswith("; let it answer for every account, None for unknown (accounts)")
    assert other.startswith("spas:use: for the account {'plan': ")


def test_a_lifecycle_whose_guard_fails_on_some_log_is_a_flaw_with_that_log() -> None:
    whole = function("whole", int)
    guard = rule("whole(plan) < 3", functions=[whole])

    (flaw,) = told(pack(lifecycles=[trial(guard)], functions=[whole]))

    assert flaw.startswith("spas:trial: for the log [Event(account='a', name='started'")
    assert "ValueError: invalid literal" in flaw


def trial(*guards: object) -> Lifecycle:
    """A trial that is left by an event under each guard."""
    return Lifecycle(
        name="trial",
        initial="lead",
        stages=(
            Stage(name="lead"),
            *(Stage(name=f"end{place}", final=True) for place, _ in enumerate(guards)),
        ),
        events=("started",),
        transitions=tuple(
            Transition(event="started", sources="lead", target=f"end{p}", guard=guard, priority=p)
            for p, guard in enumerate(guards)
        ),
    )


def test_a_lifecycle_whose_guards_need_one_fact_of_two_kinds_is_a_flaw() -> None:
    (flaw,) = told(pack(lifecycles=[trial("plan == 'pro'", "plan > 5")]))

    assert flaw == (
        "spas:trial: $.plan: two rules need it to be of different kinds; let them agree (kinds)"
    )


def test_a_choice_that_hangs_on_the_order_of_playbooks_is_a_flaw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first_come = Library.select

    def unfair(self: Library, *args: Any, **options: Any) -> Any:
        return first_come(attrs.evolve(self, playbooks=self.playbooks[:1]), *args, **options)

    monkeypatch.setattr(Library, "select", unfair)

    (flaw,) = told(pack(playbook("seats < 5", "a"), playbook("seats < 9", "b")))

    assert flaw == (
        "spas: another order of its playbooks gives another choice for {}; let no two be equal in "
        "all that decides (order)"
    )


# What is meant to be so


def test_all_flaws_are_told_at_once_and_survive_pickle() -> None:
    with pytest.raises(ConformanceError) as caught:
        check_pack(pack(playbook("seats < 5 and seats > 5", "Tour")))

    error = caught.value
    assert [flaw.check for flaw in error.flaws] == [Check.NAMES, Check.IDLE]
    assert isinstance(error, AssertionError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  our own bytes


@pytest.mark.parametrize("meant", ["names", "spas:Tour"])
def test_a_flaw_that_is_expected_is_let_be(meant: str) -> None:
    check_pack(pack(playbook("seats < 5", "Tour")), expected={meant: "as it is sold"})


def test_an_expected_flaw_that_is_not_there_is_a_flaw() -> None:
    with pytest.raises(ConformanceError) as caught:
        check_pack(pack(playbook("seats < 5")), expected={"name": "as it is sold"})

    assert caught.value.flaws == (
        Flaw(
            Check.VALID,
            "spas",
            "expected 'name' to be flawed (as it is sold), and found nothing; take it out: did "
            "you mean 'names'?",
        ),
    )


# What definitions read


def test_rules_are_found_wherever_a_definition_has_them() -> None:
    paths = [path for path, _ in rules_of(pack(playbook("seats < 5"), lifecycles=[trial("paid")]))]

    assert paths == ["$.playbooks[0].entry", "$.lifecycles[0].transitions[0].guard"]
    assert list(rules_of({"a": rule("seats > 5")})) == [("$['a']", rule("seats > 5"))]
    assert [path for path, _ in rules_of(SCORECARD)] != []


def test_facts_are_of_the_kinds_that_all_rules_and_the_schema_allow() -> None:
    rules = [rule("a == b"), rule("b > 5"), rule("c == 'x'")]

    kinds = fact_kinds(rules, Schema((FactSpec(name="a", kind="number"),)))

    assert kinds == {
        "a": {Kind.NUMBER},
        "b": {Kind.NUMBER},
        "c": {Kind.TEXT},
    }


def test_bounds_of_bands_count_among_what_is_compared() -> None:
    bands = (Band(points=0, below=7), Band(points=90, at_least=7))

    assert literals_of(card(Measure(name="n", value="seats / 3", bands=bands)), Kind.NUMBER) >= (7,)
    assert literals_of(Band(points=1, equals="pro"), Kind.TEXT) == ("pro",)


def test_series_are_the_facts_with_earlier_periods() -> None:
    assert series_of([rule("streak(2, uses > prior(seats, 1)) and nps > 6")]) == {"uses", "seats"}


def test_texts_compared_are_those_beside_a_fact() -> None:
    assert texts_compared(rule("a == 'x' and b in {'y'} and not (c != 'z') and d == 5")) == (
        ("a", "x"),
        ("b", "y"),
        ("c", "z"),
    )


# The strategies


@given(strategies.accounts(PLAYBOOKS, SCORECARD))
def test_drawn_accounts_can_be_read_by_what_they_are_drawn_for(account: dict[str, Any]) -> None:
    choice = PLAYBOOKS.select(account, as_of=strategies.AS_OF)
    assessment = SCORECARD.assess(account, as_of=strategies.AS_OF)

    assert len(choice.explain().splitlines()) == len(PLAYBOOKS.playbooks)
    assert len(assessment.contributions) == len(SCORECARD.measures)


@given(strategies.accounts(schema=SCHEMA))
def test_accounts_of_a_schema_fit_it(account: dict[str, Any]) -> None:
    assert [spec.problem(account.get(spec.name)) for spec in SCHEMA.facts] == [""] * 6


CONDITIONS = (
    *("seats > 40", "seats == 41", "plan == 'gold'", "days_until(ends) == 90", "not paid"),
    *("is_missing(seats)", "prior(uses, 2) > uses", "on == date('2027-01-01')"),
    *("at > instant('2030-01-01T00:00:00Z')", "days_since(at) == 7", "a == b"),
)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("answer", [True, False])
def test_drawn_accounts_make_a_condition_true_and_false(condition: str, answer: bool) -> None:
    asked = rule(condition)

    account = find(
        strategies.accounts(asked),
        lambda drawn: asked(drawn, as_of=strategies.AS_OF) is answer,
        settings=settings(max_examples=2_000, database=None),
    )

    assert asked(account, as_of=strategies.AS_OF) is answer


def test_accounts_that_no_two_rules_can_share_are_refused() -> None:
    with pytest.raises(DefinitionError, match=r"\$\.a: two rules need it to be of different"):
        strategies.accounts(rule("a > 5"), rule("a == 'x'"))


@given(strategies.contracts(names=["only"], accounts=["A"], currency="CNY"))
def test_contracts_have_the_ids_and_currency_that_were_asked_for(contract: Contract) -> None:
    assert (contract.contract, contract.account, contract.currency) == ("only", "A", "CNY")
    assert contract.renews == ()


@given(strategies.entries(names=["e"], contracts=["only"]))
def test_entries_have_the_ids_that_were_asked_for(entry: Entry) -> None:
    assert (entry.entry, entry.contract) == ("e", "only")


@given(strategies.ledgers(days=st.just(strategies.AS_OF)))
def test_ledgers_lie_on_the_days_that_were_asked_for(
    ledger: tuple[list[Contract], list[Entry] | None],
) -> None:
    contracts, payments = ledger

    assert {each.start for each in contracts} <= {strategies.AS_OF}
    assert {each.on for each in payments or ()} <= {strategies.AS_OF}


REQUIRED = Lifecycle(
    name="paying",
    initial="lead",
    stages=(Stage(name="lead"), Stage(name="paid", final=True)),
    events=("paid",),
    transitions=(Transition(event="paid", sources="lead", target="paid", guard="amount > 5"),),
    payloads={"paid": Schema((FactSpec(name="amount", kind="number", required=True),))},
)


def payload_names(log: list[Event]) -> Iterator[set[str]]:
    for event in log:
        yield set(event.payload)


@given(strategies.logs(REQUIRED, account="z", most=4))
def test_events_carry_what_their_lifecycle_requires(log: list[Event]) -> None:
    assert all("amount" in names for names in payload_names(log))
    assert {event.account for event in log} <= {"z"}
    assert len({event.id for event in log}) <= 4


@pytest.mark.parametrize("stage", ["lead", "paid"])
def test_drawn_logs_lead_to_every_stage(stage: str) -> None:
    log = find(
        strategies.logs(REQUIRED),
        lambda drawn: REQUIRED.replay(drawn, as_of=strategies.AS_OF).stage == stage,
        settings=settings(max_examples=2_000, database=None),
    )

    assert REQUIRED.replay(log, as_of=strategies.AS_OF).stage == stage


@given(strategies.logs(SUBSCRIPTION))
def test_drawn_logs_are_replayed_alike_in_any_order(log: list[Event]) -> None:
    one = SUBSCRIPTION.replay(log, as_of=strategies.AS_OF)

    assert SUBSCRIPTION.replay(log[::-1], as_of=strategies.AS_OF) == one


@given(strategies.playbooks(entries=["seats > 5"], needs=["x"]))
def test_playbooks_have_the_entries_and_needs_that_were_asked_for(drawn: Playbook) -> None:
    assert (drawn.entry, drawn.need) == (rule("seats > 5"), "x")
