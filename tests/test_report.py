"""The report: readable, true, of a width that fits, and exact where machines read it."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.books import BadRow, Counts, Reading
from cslib.health import Band, Measure, Missing, Scorecard, Tier
from cslib.lifecycle import Deadline, Event, Lifecycle, Stage, Transition
from cslib.playbooks import Library, Playbook
from cslib.renewal import Contract, Entry
from cslib.report import to_data, to_text
from cslib.review import Book, Definitions, Review, review_book
from cslib.stock import PHASES, SCORECARDS

TODAY = dt.date(2026, 6, 30)


def reading_of(book: Book, **more: Any) -> Reading:
    """A reading in which every row was good."""
    tables = ("accounts", "events", "contracts", "payments")
    sizes = {name: len(rows) for name in tables if (rows := getattr(book, name)) is not None}
    counts = {
        name: Counts(rows=size, used=size, duplicates=0, left_out=0) for name, size in sizes.items()
    }
    return Reading(**{"book": book, "counts": counts, "bad": (), **more})


def report(book: Book, definitions: Definitions | None = None, **more: Any) -> str:
    found = review_book(book, definitions, as_of=TODAY)
    return to_text(found, reading_of(book), title="a book", **more)


def euros(contract: str, account: str, end: dt.date, **more: Any) -> Contract:
    given: dict[str, Any] = {
        "start": end.replace(year=end.year - 1),
        "annual_value": Decimal(1200),
        "currency": "EUR",
        "signed_on": end.replace(year=end.year - 1),
        **more,
    }
    return Contract(contract=contract, account=account, end=end, **given)


def columns(text: str) -> int:
    """How many columns of a terminal a line takes."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


# --- Each part appears where its table is there


def test_an_empty_book_says_what_was_read_and_no_more() -> None:
    assert report(Book(accounts={})) == "Review of a book, as of 2026-06-30\n0 accounts"


def test_what_was_dropped_left_out_and_bad_stands_at_the_head() -> None:
    book = Book(accounts={})
    counts = {"accounts": Counts(rows=12_345, used=12_340, duplicates=3, left_out=2)}
    bad = (BadRow("accounts.csv", 2, "seats", "x", "expected a number"),)
    found = review_book(book, as_of=TODAY, known_at=TODAY)

    text = to_text(found, Reading(book=book, counts=counts, bad=bad), title="a book")

    assert text.splitlines() == [
        "Review of a book, as of 2026-06-30, as known at 2026-06-30",
        "12,340 accounts",
        "  accounts: 3 rows dropped, since the same stands there already",
        "  accounts: 2 rows left out",
        "  not read or not used: 1 place, listed apart",
    ]


def test_a_fact_that_is_only_spelt_otherwise_is_guessed_at() -> None:
    text = report(Book(accounts={"A": {"seat_used": 3}}))

    assert "seats_used: did you mean 'seat_used'?" in text
    assert "  unknown of every account: " in text


def test_a_name_that_rules_read_is_no_misspelling_of_another() -> None:
    accounts = {"A": {"logins_30d": 3, "login_prior_30d": 9}}

    assert "logins_prior_30d: did you mean 'login_prior_30d'?" in report(Book(accounts=accounts))
    assert "'logins_30d'" not in report(Book(accounts={"A": {"logins_30d": 3}}))


def test_of_many_kinds_of_events_refused_the_first_are_named() -> None:
    names = [f"event {n}" for n in range(10)]
    events = tuple(Event(account="A", name=name, at=TODAY) for name in names)
    text = " ".join(report(Book(events=events)).split())

    assert "10 events refused: event 0 1 (unknown event), event 1 1 (unknown event)," in text
    assert text.endswith("event 7 1 (unknown event), and 2 more")


def test_values_that_lie_in_no_band_are_named_with_their_measure() -> None:
    accounts = {name: {"outcome": "reachd"} for name in "AB"} | {"C": {"outcome": "reached"}}

    assert "  in no band, by how many accounts: outcome reachd (2)" in report(
        Book(accounts=accounts)
    )


def test_stages_stand_in_the_order_of_the_lifecycle_with_the_events_refused() -> None:
    names = {"A": ("signed", "kick_off", "renewed"), "B": ("signed",), "C": ("signed", "salute")}
    events = tuple(
        Event(account=account, name=name, at=TODAY) for account in names for name in names[account]
    )

    assert report(Book(events=events)).splitlines()[3:] == [
        "Where they stand",
        "  sold              2  66.7%  █████████████",
        "  preparation       1  33.3%  ███████",
        "  activated (3 months): open 3",
        "  foundations (30 days): open 3",
        "  delivered (2 months): open 1, not started 2",
        "  2 events refused: renewed 1 (no transition), salute 1 (unknown event)",
    ]


PROMISED = Lifecycle(
    name="promised",
    initial="prospect",
    stages=(Stage(name="prospect"), Stage(name="sold"), Stage(name="in_use", final=True)),
    events=("signed", "live"),
    transitions=(
        Transition(event="signed", sources="prospect", target="sold"),
        Transition(event="live", sources="sold", target="in_use"),
    ),
    deadlines=(Deadline(name="promised", since="sold", by="in_use", due="live_by"),),
)
BY_PROMISE = Definitions(lifecycle=PROMISED, playbooks=Library(name="none", playbooks=()))
MAY, JUNE_1 = dt.date(2026, 5, 1), dt.date(2026, 6, 1)
PROMISES = (
    Event(account="A", name="signed", at=MAY, payload={"live_by": JUNE_1}),
    Event(account="A", name="live", at=JUNE_1),
    Event(account="B", name="signed", at=MAY, payload={"live_by": JUNE_1}),
    Event(account="C", name="signed", at=MAY),
)


def test_deadlines_are_counted_by_how_they_stand_with_what_is_settled_first() -> None:
    lines = report(Book(events=PROMISES), BY_PROMISE).splitlines()

    assert "  promised (by live_by): met 1, missed 1, unknown 1" in lines


def test_what_is_taken_as_known_is_counted_where_it_is_asked_what_was_known() -> None:
    book = Book(
        events=(
            Event(account="A", name="signed", at=TODAY),
            Event(account="A", name="kick_off", at=TODAY, recorded_at=TODAY),
        ),
        contracts=(euros("C", "A", TODAY), euros("D", "A", TODAY, recorded_at=TODAY)),
    )
    found = review_book(book, as_of=TODAY, known_at=TODAY)
    taken = "  taken as known when they happened, since no recorded_at is given: "

    then = to_text(found, reading_of(book), title="a book").splitlines()

    assert [line for line in then if "taken as known" in line] == [
        f"{taken}1 event",
        f"{taken}1 record",
    ]
    assert "taken as known" not in report(book)


def test_tiers_stand_best_first_with_what_holds_them_down() -> None:
    accounts = {
        "1": {"seats": 10, "seats_used": 9, "roles_active": 1},
        "2": {"seats": 10, "seats_used": 1, "roles_active": 1},
        "3": {"seats": 10},
    }
    lines = report(Book(accounts=accounts)).splitlines()
    place = lines.index("How they are")

    assert [line.split()[0] for line in lines[place + 1 : place + 4]] == [
        *("green", "red", "unknown"),
    ]
    assert "held" not in lines[place + 1]
    assert lines[place + 2].endswith("held down by seat use (1)")
    assert lines[place + 3].endswith("to find out: seat use (1)")


def test_accounts_that_left_are_named_as_left_out() -> None:
    events = tuple(Event(account="A", name=name, at=TODAY) for name in ("signed", "closed"))
    book = Book(accounts={"A": {}, "B": {}}, events=events)

    assert "How they are, without 1 that left" in report(book)


# --- Renewals


def paid(contract: str, amount: int = 1200) -> tuple[Entry, Entry]:
    day = dt.date(2026, 6, 10)
    return (
        Entry(entry=f"{contract}-due", contract=contract, kind="due", on=day, amount=1200),
        Entry(entry=f"{contract}-paid", contract=contract, kind="paid", on=day, amount=amount),
    )


JUNE = dt.date(2026, 6, 15)
NEXT = dt.date(2027, 6, 15)
BOOK = Book(
    contracts=(
        euros("A-1", "A", JUNE),
        euros("A-2", "A", NEXT, renews="A-1"),
        euros("B-1", "B", JUNE, annual_value=Decimal("999.50")),
        euros("C-1", "C", JUNE, end_reason="closed"),
        euros("D-1", "D", dt.date(2026, 8, 1)),
    ),
    payments=paid("A-2"),
)


def test_the_month_shows_its_rates_and_what_became_of_each_contract() -> None:
    lines = report(BOOK).splitlines()
    place = lines.index("Renewals in 2026-06, EUR")
    closure, waiting = "without 1 lost to closure", "pending signature 1 (999.50)"

    assert lines[place + 1 : place + 8] == [
        "  by count          1 of 3 = 33.3 % (95 % interval 6.1 to 79.2 %)",
        "  by value          1,200 of 3,400 = 35.3 % (95 % interval 6.7 to 80.7 %)",
        f"  without closures  1 of 2 = 50.0 % (95 % interval 9.5 to 90.5 %), {closure}",
        "  signed, any cash  1 of 3 = 33.3 % (95 % interval 6.1 to 79.2 %)",
        f"  what became of    renewed in grace 1 (1,200), {waiting}, lost to closure 1",
        "                    (1,200)",
        "  still waited for  1 in their 30 days of grace, so the rates can rise",
    ]


def test_the_table_has_twelve_months_and_their_sum() -> None:
    earlier = [dt.date(2025, n, 9) for n in range(7, 13)] + [
        dt.date(2026, n, 9) for n in range(1, 6)
    ]
    gone = tuple(euros(f"G-{end}", f"G-{end}", end) for end in earlier)
    book = Book(contracts=(*(BOOK.contracts or ()), *gone), payments=BOOK.payments)
    lines = report(book).splitlines()
    heading = next(line for line in lines if line.startswith("  month"))
    place = lines.index(heading)

    assert heading.split() == [
        *("month", "due", "renewed", "waiting", "lost"),
        *("by", "count", "by", "value", "signed", "signed", "by", "value"),
    ]
    months = [f"2025-{n:02}" for n in range(7, 13)] + [f"2026-{n:02}" for n in range(1, 7)]
    assert [line.split()[0] for line in lines[place + 1 : place + 14]] == [*months, "12"]
    assert lines[place + 13].split()[2:6] == ["14", "1", "1", "12"]
    assert len({len(line) for line in lines[place : place + 14]}) == 1
    assert "not shown" not in lines[place + 14]


def test_who_was_won_back_late_is_counted_as_lost_in_the_table() -> None:
    end = dt.date(2026, 4, 1)
    late = {"signed_on": dt.date(2026, 5, 20), "renews": "L-1"}
    again = euros("L-2", "L", end.replace(year=2027), start=dt.date(2026, 5, 20), **late)
    book = Book(contracts=(euros("L-1", "L", end), again), payments=paid("L-2"))

    march = next(line for line in report(book).splitlines() if line.startswith("  2026-03"))

    assert march.split()[1:6] == ["1", "0", "0", "1", "0.0%"]


def test_months_in_which_nothing_fell_due_are_counted_and_not_shown() -> None:
    lines = report(BOOK).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("  month"))

    assert [line.split()[0] for line in lines[place + 1 : place + 3]] == ["2026-06", "12"]
    assert lines[place + 3] == "  not shown, since nothing fell due in them: 11 months"


def test_without_payments_no_rate_by_cash_is_shown() -> None:
    book = Book(contracts=BOOK.contracts)
    text = report(book)
    heading = next(line for line in text.splitlines() if line.startswith("  month"))

    assert "renewal rate      undefined: no payments were given" in text
    assert heading.split() == ["month", "due", "signed", "signed", "by", "value"]
    assert "without closures" not in text


def test_a_month_in_which_nothing_fell_due_says_only_that() -> None:
    text = report(Book(contracts=(euros("A", "A", dt.date(2026, 1, 1)),), payments=()))

    assert "undefined: no contract fell due in 2026-06" in text
    assert "signed, any cash" not in text
    assert "due in the next 90 days: 0 contracts" in text


def test_contracts_that_nobody_can_judge_have_a_column_of_their_own() -> None:
    misspelt = (euros("A-1", "A", JUNE), euros("A-2", "A", NEXT, renews="A-0"))
    text = report(Book(contracts=misspelt, payments=()))
    heading = next(line for line in text.splitlines() if line.startswith("  month"))

    assert heading.split()[:6] == ["month", "due", "renewed", "waiting", "lost", "unclear"]
    assert "What contradicts itself: 1" in text
    assert "no contract 'A-0' is known" in text


def test_without_payments_too_what_nobody_can_judge_has_a_column() -> None:
    rivals = (euros("A-1", "A", JUNE), euros("A-2", "A", NEXT), euros("A-3", "A", NEXT))
    text = report(Book(contracts=rivals))
    heading = next(line for line in text.splitlines() if line.startswith("  month"))

    assert heading.split() == ["month", "due", "unclear", "signed", "signed", "by", "value"]
    assert "  unclear, A-1: A-2, A-3 may renew it, equally near to its end; say which" in text


def test_of_many_unclear_contracts_the_first_are_named_and_the_rest_counted() -> None:
    early = dt.date(2025, 6, 1)
    contracts = [
        euros(f"{account}-{end.year}", account, end, signed_on=early)
        for account in "ABCDE"
        for end in (JUNE, NEXT)
    ]
    text = report(Book(contracts=tuple(contracts)))

    reason = "C-2027 may renew it, but was signed with C-2026: one sale? fill in sale"
    assert f"  unclear, C-2026: {reason}" in text
    assert "  and 2 more that are unclear (--json says why)" in text
    assert "unclear, D" not in text


def test_a_year_in_which_nothing_fell_due_has_no_table() -> None:
    text = report(Book(contracts=(euros("A", "A", NEXT),)))

    assert "nothing fell due in the last 12 months" in text
    assert "  month  " not in text


def test_what_is_coming_is_shown_by_health() -> None:
    accounts = {"D": {"seats": 10, "seats_used": 1, "roles_active": 0}}
    contracts = (
        euros("D-1", "D", dt.date(2026, 8, 1)),
        euros("E-1", "E", dt.date(2026, 8, 2), annual_value=Decimal(800)),
        euros("F-1", "F", dt.date(2026, 8, 2)),
        euros("F-2", "F", dt.date(2027, 8, 2), renews="F-1", signed_on=TODAY),
        euros("G-1", "G", dt.date(2026, 8, 2), annual_value=Decimal(70)),
    )
    events = tuple(Event(account="G", name=name, at=TODAY) for name in ("signed", "closed"))
    text = report(Book(accounts=accounts, contracts=contracts, events=events))

    assert "  due in the next 90 days: 4 contracts, 3,270 a year; signed again already: 1" in text
    listed = "red 1 (1,200), unknown 1 (800.00), left already 1 (70.00)"
    assert f"  not signed, by health: {listed}" in text


def test_what_was_taken_for_granted_is_said() -> None:
    contracts = (
        euros("A-1", "A", JUNE, signed_on=None),
        euros("A-2", "A", NEXT, signed_on=None),
    )
    text = report(Book(contracts=contracts))

    assert "taken as signed on the first day, since no other is given: 2 contracts" in text
    assert "a contract that only the dates suggest, in 12 months: 1 contract" in text


def test_contracts_without_an_end_are_counted() -> None:
    endless = tuple(attrs.evolve(euros(f"A-{n}", "A", JUNE), end=None) for n in range(2))
    lines = report(Book(contracts=(*endless, euros("B-1", "B", JUNE)))).splitlines()

    assert "  2 contracts have no end and never fall due" in lines


def test_what_is_signed_and_unpaid_past_grace_is_counted() -> None:
    april = dt.date(2026, 4, 10)
    contracts = (
        euros("A-1", "A", april),
        euros("A-2", "A", dt.date(2027, 4, 10), renews="A-1"),
    )
    owed = Entry(entry="1", contract="A-2", kind="due", on=april, amount=1200)
    lines = report(Book(contracts=contracts, payments=(owed,))).splitlines()

    words = "signed, unpaid past grace, in 12 months: lost unless paid"
    assert f"  {words}: 1 contract, 1,200" in lines


def test_many_contradictions_are_counted_and_the_first_are_shown() -> None:
    payments = tuple(
        Entry(entry=f"P{n}", contract="?", kind="paid", on=TODAY, amount=1) for n in range(1_200)
    )
    text = report(Book(contracts=(), payments=payments))

    assert "What contradicts itself: 1,200" in text
    assert "  and 1,195 more (--json lists all)" in text


# --- Actions


def playing(*playbooks: Playbook) -> Definitions:
    return Definitions(playbooks=Library(name="own", playbooks=playbooks))


def test_an_action_says_what_for_whom_and_why() -> None:
    facts = {
        "name": "Paper Crane",
        "stage": "in_use",
        "seats": 10,
        "seats_used": 4,
        "roles_active": 3,
        "nps": 8,
    }
    book = Book(accounts={"A": facts}, contracts=(euros("A", "A", dt.date(2026, 8, 1)),))
    lines = report(book).splitlines()
    place = lines.index("What to do next, the first playbook of each account: 1 account")

    why = "yellow 66.67, held down by seat use 0.4 (partly used)"
    assert lines[place + 1 : place + 5] == [
        "  by playbook: renewal review 1 (4 h)",
        "  with those that come after the first: 2 playbooks, 4 h",
        "   1. A Paper Crane: renewal review (service, 4 h)",
        f"      term ends 2026-07-31, 1,200 EUR a year; {why}",
    ]


def test_only_so_many_actions_are_listed_as_were_asked_for() -> None:
    book = Book(accounts={str(n): {"nps": 3} for n in range(30)})
    rules = playing(
        Playbook(name="call", need="n", layer="service", entry="nps < 7", effort={"csm": 1})
    )

    assert "  15. " in report(book, rules)
    assert "  and 15 more (--actions N lists more, --json all)" in report(book, rules)
    assert "  30. " in report(book, rules, actions=100)
    assert "   1. " not in report(book, rules, actions=0)
    assert "call 30 (30 h)" in report(book, rules, actions=0)


def test_facts_to_ask_for_are_counted() -> None:
    rules = playing(Playbook(name="call", need="n", layer="service", entry="nps < 7"))
    text = report(Book(accounts={"1": {}, "2": {}, "3": {"nps": 9}}), rules)

    assert "What to do next, the first playbook of each account: 0 accounts" in text
    assert "facts to ask for, by how many accounts want them: nps (2)" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (0.25, "0.25"),
        (0.0375, "0.037"),
        (1234567.0, "1,234,567"),
        (1e-9, "1e-09"),
        (12, "12"),
        (True, "True"),
    ],
)
def test_a_figure_is_shown_with_as_many_digits_as_say_something(value: object, shown: str) -> None:
    rules = playing(
        Playbook(name="p", need="n", layer="service", entry="not is_missing(x) and x == y")
    )

    assert f"x {shown}" in report(Book(accounts={"A": {"x": value, "y": value}}), rules)


def test_a_measure_that_counts_as_worst_since_it_is_unknown_is_shown_as_unknown() -> None:
    bands = (Band(points=0, below=5), Band(points=100))
    card = Scorecard(
        name="c",
        measures=(
            Measure(name="calls", value="calls", bands=bands, missing=Missing.WORST),
            Measure(name="visits", value="visits", bands=bands),
        ),
        tiers=(Tier(name="good", at_least=90), Tier(name="bad", at_least=0)),
    )
    call = Playbook(name="p", need="n", layer="service", entry="visits > 5")
    rules = Definitions(scorecard=card, playbooks=Library(name="l", playbooks=(call,)))

    text = report(Book(accounts={"A": {"visits": 9}}), rules)

    assert "visits 9; bad 50.00, held down by calls unknown" in text


# --- Widths, scripts and what a book may hold


CHINESE = Lifecycle(
    name="旅程",
    initial="准备",
    stages=(
        Stage(name="准备"),
        Stage(name="in use", final=True),
        Stage(name="正常使用中", final=True),
    ),
    events=("a", "b"),
    transitions=(
        Transition(event="a", sources=("准备",), target="in use"),
        Transition(event="b", sources=("准备",), target="正常使用中"),
    ),
)


def test_letters_two_columns_wide_do_not_move_what_stands_after_them() -> None:
    events = (Event(account="1", name="a", at=TODAY), Event(account="2", name="b", at=TODAY))
    book = Book(accounts={"1": {}, "2": {}, "3": {}}, events=events)
    none = Library(name="none", playbooks=())
    lines = report(book, Definitions(lifecycle=CHINESE, playbooks=none)).splitlines()
    place = lines.index("Where they stand")

    ends = {columns(line[: line.index("%")]) for line in lines[place + 1 : place + 4]}
    assert len(ends) == 1


def test_a_long_name_is_cut_and_a_strange_one_tamed() -> None:
    names = {"1": "客户" * 40, "2": "line\nbreak\x1b[31m\tred", "3": "e\u0301" * 60}
    accounts = {number: {"name": name, "nps": 3} for number, name in names.items()}
    rules = playing(Playbook(name="call", need="n", layer="service", entry="nps < 7"))
    text = report(Book(accounts=accounts), rules)

    assert "1 " + "客户" * 9 + "客…: call" in text
    assert "2 line break [31m red: call" in text
    assert "\x1b" not in text


def test_no_line_is_wider_than_a_hundred_columns() -> None:
    names = [f"measure with quite a long name number {n}" for n in range(9)]
    card = Scorecard(
        name="c",
        measures=tuple(
            Measure(
                name=name,
                value=f"x{n}",
                bands=(Band(points=n, below=99, label="低 " * 9), Band(points=99)),
            )
            for n, name in enumerate(names)
        ),
        tiers=(Tier(name="好", at_least=90), Tier(name="不好", at_least=0)),
    )
    accounts = {
        f"account {n}": {f"x{k}": 1 for k in range(n)} | {"name": "客户 " * 30} for n in range(9)
    }
    rules = scored_by(card)
    text = report(Book(accounts=accounts, contracts=BOOK.contracts, payments=BOOK.payments), rules)

    assert max(map(columns, text.splitlines())) <= 100


def scored_by(card: Scorecard) -> Definitions:
    playbooks = tuple(
        Playbook(
            name=f"playbook {n}", need="n", layer="service", entry=f"x{n} > 0", effort={"csm": 3}
        )
        for n in range(9)
    )
    return Definitions(scorecard=card, playbooks=Library(name="l", playbooks=playbooks))


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_a_book_holds_every_line_fits_and_can_be_printed(account: str, name: str) -> None:
    rules = playing(Playbook(name="call", need="n", layer="service", entry="nps < 7"))
    text = report(Book(accounts={account: {"name": name, "nps": 3}}), rules)

    assert all(shown_width(line) <= 100 for line in text.split("\n"))
    assert all(line.isprintable() for line in text.split("\n"))


def shown_width(line: str) -> int:
    """Terminal columns: wide and full-width letters take two, accents that combine none."""
    letters = (each for each in line if not unicodedata.combining(each))
    return sum(1 + (unicodedata.east_asian_width(each) in "WF") for each in letters)


# --- Data for machines


def data_of(book: Book, definitions: Definitions | None = None) -> tuple[Review, dict[str, Any]]:
    """The data as a machine gets them, through JSON."""
    found = review_book(book, definitions, as_of=TODAY)
    text = json.dumps(to_data(found, reading_of(book)), allow_nan=False)
    data: dict[str, Any] = json.loads(text)
    return found, data


def test_an_empty_book_is_valid_data() -> None:
    _, data = data_of(Book())

    assert (data["accounts"], data["renewals"], data["actions"]) == ([], None, [])
    assert (data["as_of"], data["known_at"], data["period"]) == ("2026-06-30", None, "2026-06")


def test_amounts_come_through_exactly_as_text() -> None:
    odd = Decimal("1234567890123456.78")
    contract = euros("A-1", "A", JUNE, annual_value=odd)
    found, data = data_of(Book(contracts=(contract,), payments=()))

    (renewals,) = data["renewals"]
    (line,) = renewals["month"]["lines"]
    assert line["expiring_value"] == "1234567890123456.78"
    assert Fraction(renewals["month"]["value"]["denominator"]) == Fraction(odd)
    assert found.renewals is not None
    assert Decimal(line["expiring_value"]) == found.renewals[0].month.lines[0].expiring_value


def test_the_data_name_what_is_unpaid_past_grace_and_what_has_no_end() -> None:
    april = dt.date(2026, 4, 10)
    contracts = (
        euros("A-1", "A", april),
        euros("A-2", "A", dt.date(2027, 4, 10), renews="A-1"),
        attrs.evolve(euros("B-1", "B", JUNE), end=None),
    )
    owed = Entry(entry="1", contract="A-2", kind="due", on=april, amount=1200)
    _, data = data_of(Book(contracts=contracts, payments=(owed,)))

    (renewals,) = data["renewals"]
    assert renewals["year"]["unpaid"] == ["A-1"]
    assert renewals["year"]["never_due"] == "1 contract has no end and never falls due"


def test_the_data_hold_the_evidence_of_each_account() -> None:
    facts = {"seats": 10, "seats_used": 4, "roles_active": 3, "signed_on": TODAY, "nps": None}
    events = (
        Event(account="A", name="signed", at=TODAY),
        Event(account="A", name="renewed", at=TODAY),
    )
    book = Book(accounts={"A": facts}, events=events, contracts=(euros("A-1", "A", NEXT),))
    found, data = data_of(book)

    (account,) = data["accounts"]
    (reviewed,) = found.accounts
    assert account["stage"] == "sold"
    (refused,) = account["refused"]
    assert refused.startswith("'renewed' on 2026-06-30 refused in 'sold': no such transition")
    assert reviewed.assessment is not None
    assert Fraction(account["exact_score"]) == reviewed.assessment.score
    shares = [Decimal(part["share"]) for part in account["contributions"] if part["share"]]
    assert sum(shares) == Decimal(account["score"]) == reviewed.assessment.shown
    assert account["term_ends_on"] == "2027-06-14"
    assert account["annual_value"] == "1200"
    assert {each["status"] for each in account["playbooks"]} <= {
        *("chosen", "dearer", "held_back", "unknown", "does_not_apply"),
    }


def test_the_data_say_how_each_deadline_stands() -> None:
    _, data = data_of(Book(events=PROMISES), BY_PROMISE)

    assert data["deadlines"] == {"promised": {"met": 1, "missed": 1, "unknown": 1}}
    assert data["accounts"][0]["deadlines"] == {
        "promised": {
            "status": "met",
            "start": "2026-05-01",
            "due": "2026-06-01",
            "met": "2026-06-01",
            "waived": None,
            "held": None,
        }
    }


def test_where_phases_choose_the_report_says_which_scorecards_judged() -> None:
    rules = Definitions(scorecards=SCORECARDS.values(), phases=PHASES)  # type: ignore[arg-type]
    new = {"stage": "onboarding", "signed_on": dt.date(2026, 6, 15)}
    book = Book(accounts={"A": new, "B": {"stage": "in_use"}, "C": {}})
    found, data = data_of(book, rules)

    assert dict(found.scorecards) == {"in use": 2, "activation": 1}
    assert [each["scorecard"] for each in data["accounts"]] == ["activation", "in use", "in use"]
    assert list(data["definitions"]["scorecards"]) == ["activation", "in use", "before renewal"]
    assert data["definitions"]["phases"] == PHASES.fingerprint
    assert "  judged by: in use (2), activation (1)" in report(book, rules)


def test_the_data_say_by_which_definitions_they_were_made() -> None:
    found, data = data_of(Book())

    assert data["definitions"] == {
        "lifecycle": found.definitions.lifecycle.fingerprint,
        "scorecard": found.definitions.scorecard.fingerprint,
        "playbooks": found.definitions.playbooks.fingerprint,
        "scorecards": {},
        "phases": None,
    }


def test_an_undefined_rate_is_null_and_says_why() -> None:
    _, data = data_of(Book(contracts=BOOK.contracts))

    month = data["renewals"][0]["month"]
    assert month["count"]["value"] is None
    assert month["count"]["interval"] is None
    assert month["undefined"].startswith("no payments were given")
    assert month["signed_count"]["value"] == 1 / 3


def test_actions_are_all_in_the_data_in_their_order() -> None:
    rules = playing(
        Playbook(name="call", need="n", layer="service", entry="nps < 7", effort={"csm": 1})
    )
    found, data = data_of(Book(accounts={str(n): {"nps": 3} for n in range(30)}), rules)

    assert [each["account"] for each in data["actions"]] == [
        each.account.account for each in found.actions
    ]
    assert data["actions"][0]["hours"] == "1"
    assert data["actions"][0]["reason"] == "nps is below 7 (nps = 3)"
