"""Facts are found wherever a record holds them, and come out as plain Python or not at all."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import fractions
import pickle
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from cslib import facts
from cslib.expressions import Kind
from cslib.facts import AsOfError, FactError
from cslib.moments import MomentError
from cslib.rules import rule

ANY = frozenset(Kind)
NUMBER, TEXT, BOOLEAN, DATE, INSTANT = (frozenset({kind}) for kind in Kind)


class Plan(enum.StrEnum):
    PRO = "pro"


class OldPlan(str, enum.Enum):  # noqa: UP042  its str() is not its text
    PRO = "pro"


class Level(enum.IntEnum):
    HIGH = 3


DAY = dt.date(2026, 6, 30)
NOON = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)

PLAIN: list[tuple[object, object]] = [
    (5, 5),
    (5.5, 5.5),
    (True, True),
    ("pro", "pro"),
    (2**80, 2**80),
    (decimal.Decimal("0.1"), 0.1),
    (decimal.Decimal("-Infinity"), float("-inf")),
    (fractions.Fraction(1, 3), 1 / 3),
    (Plan.PRO, "pro"),
    (OldPlan.PRO, "pro"),
    (Level.HIGH, 3),
    (np.int8(-3), -3),
    (np.uint64(2**64 - 1), 2**64 - 1),
    (np.float32(0.1), 0.10000000149011612),
    (np.float64(0.1), 0.1),
    (np.float16(0.5), 0.5),
    (np.True_, True),
    (np.str_("pro"), "pro"),
    (dt.date(2026, 6, 30), dt.date(2026, 6, 30)),
    (np.datetime64("2026-06-30"), dt.date(2026, 6, 30)),
    (np.datetime64("2026-06"), dt.date(2026, 6, 1)),
    (np.datetime64("2026-06-30T12"), NOON),
    (np.datetime64("2026-06-30T12:00:00.000000999"), NOON),
    (NOON, NOON),
    (NOON.astimezone(dt.timezone(dt.timedelta(hours=8))), NOON),
    ([1, 2, 3], 3),
    ((1, "x"), "x"),
    (np.array([1.5, 2.5]), 2.5),
]


@pytest.mark.parametrize(("given", "plain"), PLAIN, ids=repr)
def test_a_known_value_is_plain_python(given: object, plain: object) -> None:
    found = facts.known(given, "a", ANY)

    assert (type(found), found) == (type(plain), plain)


UNKNOWN: list[object] = [
    None,
    float("nan"),
    np.float32("nan"),
    np.float64("nan"),
    decimal.Decimal("NaN"),
    decimal.Decimal("sNaN"),
    np.datetime64("NaT", "D"),
    np.datetime64("NaT", "ns"),
    np.ma.masked,
    [],
    (),
    np.array([]),
    [1, None],
    np.ma.MaskedArray([1, 2], [False, True]),
]


@pytest.mark.parametrize("given", UNKNOWN, ids=repr)
def test_every_spelling_of_the_unknown_is_none(given: object) -> None:
    assert facts.known(given, "a", ANY) is None
    assert facts.real(given, "a", NUMBER) is None


@pytest.mark.peer
def test_missing_values_of_pandas_are_unknown() -> None:
    pandas = pytest.importorskip("pandas", reason="peer comparison: dependency group `peers`")

    assert facts.known(pandas.NA, "a", ANY) is None
    assert facts.known(pandas.NaT, "a", ANY) is None
    assert facts.series(pandas.NA, "a", ANY, (0, 1), facts.known) == (None, None)


@pytest.mark.peer
def test_a_timestamp_of_pandas_counts_to_the_microsecond() -> None:
    pandas = pytest.importorskip("pandas", reason="peer comparison: dependency group `peers`")

    found = facts.known(pandas.Timestamp("2026-06-30T12:00:00.000000999Z"), "a", INSTANT)

    assert (type(found), found) == (dt.datetime, NOON)


@pytest.mark.peer
def test_a_series_of_pandas_stands_for_its_last_entry() -> None:
    pandas = pytest.importorskip("pandas", reason="peer comparison: dependency group `peers`")

    assert facts.known(pandas.Series([1, 2], index=["x", "y"]), "a", NUMBER) == 2


NO_VALUES: list[object] = [
    b"pro",
    1j,
    {},
    {1},
    pytest.param(object(), id="object()"),
    dt.timedelta(1),
    np.timedelta64(1, "D"),
    np.timedelta64(1, "ns"),
    np.complex128(1),
    np.bytes_(b"x"),
    np.array(5),
    np.zeros((2, 2)),
    np.longdouble(1) if np.dtype(np.longdouble).itemsize > 8 else b"",
    [[1, 2]],
]


@pytest.mark.parametrize("given", NO_VALUES, ids=repr)
def test_what_is_no_value_of_a_rule_is_refused(given: object) -> None:
    with pytest.raises(FactError, match="expected a number, text, boolean, date or aware datetime"):
        facts.known(given, "a", ANY)


KINDS: list[tuple[object, frozenset[Kind]]] = [
    (5, NUMBER),
    (5.5, NUMBER),
    (True, BOOLEAN),
    ("5", TEXT),
    (dt.date(2026, 6, 30), DATE),
    (NOON, INSTANT),
]


@pytest.mark.parametrize("kinds", [NUMBER, TEXT, BOOLEAN, DATE, INSTANT], ids=str)
@pytest.mark.parametrize(("given", "own"), KINDS, ids=repr)
def test_no_kind_turns_into_another(
    given: object, own: frozenset[Kind], kinds: frozenset[Kind]
) -> None:
    if kinds == own:
        assert facts.known(given, "a", kinds) == given
    else:
        with pytest.raises(FactError) as caught:
            facts.known(given, "a", kinds)
        assert caught.value.given is given


FLAG = "fact 'a': expected boolean (for a 0 or 1 flag, write `== 1` in the rule), but got 1 (int)"


@pytest.mark.parametrize(
    ("given", "kinds", "message"),
    [
        ("10", NUMBER, "fact 'a': expected number, but got '10' (str)"),
        (
            1,
            BOOLEAN,
            FLAG,
        ),
        (
            DAY,
            INSTANT,
            f"fact 'a': expected instant (dates and instants do not mix), but got {DAY!r} (date)",
        ),
        (True, NUMBER | TEXT, "fact 'a': expected number or text, but got True (bool)"),
    ],
)
def test_an_error_says_what_was_given_what_was_expected_and_the_way_out(
    given: object, kinds: frozenset[Kind], message: str
) -> None:
    with pytest.raises(FactError) as caught:
        facts.known(given, "a", kinds)

    assert str(caught.value) == message


def test_an_error_shows_the_start_of_a_long_value() -> None:
    error = FactError("a", "number", "x" * 500, 7)

    assert str(error) == f"fact 'a' in row 7: expected number, but got '{'x' * 76}... (str)"


@pytest.mark.parametrize(
    "error", [FactError("a", "number", "10"), FactError("a", "text", 5, 3), AsOfError()]
)
def test_errors_survive_pickle(error: Exception) -> None:
    returned = pickle.loads(pickle.dumps(error))  # noqa: S301

    assert (type(returned), str(returned)) == (type(error), str(error))
    assert returned == error or vars(returned) == vars(error)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(FactError, match="expected a date, or a datetime with a time zone"):
        facts.known(dt.datetime(2026, 6, 30), "a", ANY)


@pytest.mark.parametrize(
    "given",
    [
        dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=8))),
        np.datetime64("20000-01-01"),
        np.datetime64(2**62, "s"),
        np.datetime64("-0001-01-01T00:00:00.000000"),
    ],
    ids=repr,
)
def test_a_moment_outside_the_years_of_python_is_refused(given: object) -> None:
    with pytest.raises(FactError, match="within the years 1 to 9999, in UTC"):
        facts.known(given, "a", ANY)


def test_a_fraction_beyond_all_doubles_is_refused() -> None:
    with pytest.raises(FactError, match="a number that a double can hold"):
        facts.known(fractions.Fraction(10**400), "a", NUMBER)


def test_calculations_take_doubles() -> None:
    assert repr(facts.real(5, "a", NUMBER)) == "5.0"
    assert repr(facts.real(2**53, "a", ANY)) == "9007199254740992.0"
    assert facts.real("x", "a", ANY) == "x"
    assert facts.real(True, "a", ANY) is True


@pytest.mark.parametrize("given", [2**53 + 1, -(2**53) - 1, np.int64(2**62), 10**400])
def test_calculations_take_no_integer_that_would_be_rounded(given: int) -> None:
    with pytest.raises(FactError, match=r"within plus or minus 2\*\*53, to calculate with"):
        facts.real(given, "a", NUMBER)


# Series


@pytest.mark.parametrize("make", [list, tuple, np.array, lambda x: np.ma.MaskedArray(x, [0, 0, 0])])
def test_a_series_is_read_from_its_end(make: Callable[[list[float]], Any]) -> None:
    given = make([5.0, 6.0, 7.0])

    assert facts.series(given, "a", NUMBER, (0, 2, 3), facts.known) == (7.0, 5.0, None)


def test_only_the_entries_asked_for_are_checked() -> None:
    assert facts.series(["x", 6, 7], "a", NUMBER, (0, 1), facts.known) == (7, 6)
    with pytest.raises(FactError, match="fact 'a': expected number, but got 'x'"):
        facts.series(["x", 6, 7], "a", NUMBER, (2,), facts.known)


@pytest.mark.parametrize("given", [None, float("nan"), np.ma.masked])
def test_a_series_that_is_missing_is_unknown_in_all_its_periods(given: object) -> None:
    assert facts.series(given, "a", NUMBER, (0, 1), facts.known) == (None, None)


@pytest.mark.parametrize("given", [5, "text", {}, {5}])
def test_a_single_value_is_no_series(given: object) -> None:
    with pytest.raises(FactError, match="expected a series"):
        facts.series(given, "a", NUMBER, (0, 1), facts.known)


def test_the_entries_of_a_series_are_no_series() -> None:
    with pytest.raises(FactError, match="expected a series of single values"):
        facts.series([[1], 2], "a", NUMBER, (0, 1), facts.known)


# Finding


@pytest.mark.parametrize(
    "record", [None, "text", b"", 5, 5.5, True, [], (), set(), NOON, np.zeros(3), np.float64(1)]
)
def test_what_has_no_named_values_is_no_record(record: object) -> None:
    with pytest.raises(FactError, match=r"fact '\(the record\)': expected a mapping or an object"):
        facts.getter(record)


def test_an_entry_of_the_whole_name_comes_first() -> None:
    get = facts.getter({"a.b": 1, "a": {"b": 2, "c": {"d": 3}, "e.f": 4}})

    assert [get(name) for name in ("a.b", "a.c.d", "a.e.f", "a.x", "x.y")] == [1, 3, 4, None, None]


def test_an_entry_that_is_none_is_unknown_and_not_looked_for_elsewhere() -> None:
    assert facts.getter({"a.b": None, "a": {"b": 2}})("a.b") is None


@pytest.mark.parametrize("owner", [None, float("nan"), "text", 5, [1]])
def test_an_owner_without_named_values_has_none(owner: object) -> None:
    assert facts.getter({"owner": owner})("owner.email") is None


def test_a_database_row_is_read_by_its_keys() -> None:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    row = connection.execute("select 5 as seats, null as plan").fetchone()
    connection.close()

    assert [facts.getter(row)(name) for name in ("seats", "plan", "absent")] == [5, None, None]


def test_a_named_tuple_is_a_record_and_no_series() -> None:
    point = collections.namedtuple("point", "x y")(1, 2)  # noqa: PYI024

    assert facts.getter({"a": point})("a.y") == 2
    with pytest.raises(FactError):
        facts.known(point, "a", ANY)


def test_an_object_with_an_attribute_called_keys_is_read_by_attribute() -> None:
    class Account:
        keys = 5
        seats = 3

    assert facts.getter(Account())("keys") == 5
    assert facts.getter(Account())("seats") == 3


# Facts that are compared with one another


def test_facts_agree_if_those_that_are_known_are_of_one_kind() -> None:
    facts.agree(("a", "b", "c"), (None, 5, 5.5))

    with pytest.raises(FactError) as caught:
        facts.agree(("a", "b", "c"), (None, 5, "x"))

    assert str(caught.value) == "fact 'c': expected number, like fact 'b', but got 'x' (str)"


# Today


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (dt.date(2026, 6, 30), dt.date(2026, 6, 30)),
        (NOON, dt.date(2026, 6, 30)),
        (
            dt.datetime(2026, 6, 30, 23, tzinfo=dt.timezone(dt.timedelta(hours=-2))),
            dt.date(2026, 7, 1),
        ),
    ],
)
def test_today_is_the_day_of_as_of_in_utc(moment: dt.date, day: dt.date) -> None:
    found = facts.as_of_day(moment)

    assert (type(found), found) == (dt.date, day)


def test_today_must_be_told() -> None:
    with pytest.raises(AsOfError) as caught:
        facts.as_of_day(None)

    assert str(caught.value) == "this rule needs today's date; pass as_of=date(...)"


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("2026-06-30", "; read the text first, as with datetime.date.fromisoformat"),
        (dt.datetime(2026, 6, 30), "; give it a time zone"),
        (
            dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=8))),
            "; in UTC it lies outside the years 1 to 9999",
        ),
    ],
)
def test_today_must_be_clear(given: object, hint: str) -> None:
    with pytest.raises(MomentError) as caught:
        facts.as_of_day(given)

    expected = "as_of: expected a date or an aware datetime, but got"
    assert str(caught.value) == f"{expected} {given!r}{hint}"


def test_records_are_read_without_numpy() -> None:
    code = (
        "import sys, datetime\n"
        "from cslib import rule\n"
        "r = rule('a > 1 and b == 2 and days_since(c) > 3 and prior(d, 1) > 0')\n"
        "r({'a': 2, 'b': None, 'c': datetime.date(2026, 1, 1), 'd': [1, 2]},"
        " as_of=datetime.date(2026, 6, 30))\n"
        "print('numpy' in sys.modules)"
    )

    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert run.stdout.split() == ["False"]


class Account:
    """A plain object, as a host's own classes are."""

    def __init__(self) -> None:
        self.seats = 5
        self._secret = 7
        self.module = dt

    def active(self) -> bool:
        return True


@pytest.mark.parametrize(
    "name",
    [
        "__init__",
        "__class__.__module__",
        "__init__.__globals__",
        "_secret",
        "active",
        "module.MAXYEAR",
    ],
)
def test_what_python_hangs_on_an_object_is_no_fact(name: str) -> None:
    assert facts.getter(Account())(name) is None
    assert facts.getter({"owner": Account()})(f"owner.{name}") is None
    assert facts.getter(Account())("seats") == 5


def test_an_absent_fact_named_like_a_method_of_the_record_is_unknown() -> None:
    assert facts.getter(SeatsRow(5))("count") is None


class SeatsRow(NamedTuple):
    """A named tuple has the methods of a tuple, ``count`` and ``index``."""

    seats: int


@pytest.mark.parametrize(
    ("text", "value", "remedy"),
    [
        ("paid == 1", True, "write `paid`, or `not paid`, in the rule"),
        ("paid < '2026-06-30'", dt.date(2026, 1, 1), 'write date("2026-06-30") in the rule'),
        (
            "paid < '2026-06-30'",
            dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            'write instant("2026-06-30T12:00:00Z") in the rule',
        ),
    ],
)
def test_a_fact_of_the_wrong_kind_comes_with_its_remedy(
    text: str, value: object, remedy: str
) -> None:
    with pytest.raises(FactError, match=re.escape(remedy)):
        rule(text)({"paid": value})


def test_a_value_that_cannot_be_shown_is_refused_all_the_same() -> None:
    with pytest.raises(FactError, match=r"expected text, but got what cannot be shown \(int\)"):
        rule("plan == 'pro'")({"plan": 10**5000})
