from __future__ import annotations

import datetime as dt
import pickle
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.moments import MomentError, in_utc, instant, is_by, utc_day

D = dt.date
BERLIN = dt.timezone(dt.timedelta(hours=2))
SHANGHAI = dt.timezone(dt.timedelta(hours=8))

zones = st.sampled_from([dt.UTC, BERLIN, SHANGHAI, dt.timezone(dt.timedelta(hours=-11))])
dates = st.dates(D(2000, 1, 1), D(2040, 1, 1))
instants = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2040, 1, 1), timezones=zones)
moments = dates | instants


class NotATime(dt.datetime):
    """A stand-in for pandas.NaT: a datetime that equals nothing and cannot be asked anything."""

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = dt.datetime.__hash__

    def utcoffset(self) -> dt.timedelta | None:
        raise ValueError("NaT does not support utcoffset")


def test_a_date_is_its_own_day_in_any_zone() -> None:
    assert utc_day(D(2026, 6, 30)) == D(2026, 6, 30)


def test_the_day_of_an_instant_is_its_day_in_utc() -> None:
    after_midnight = dt.datetime(2026, 7, 1, 1, 30, tzinfo=BERLIN)

    assert utc_day(after_midnight) == D(2026, 6, 30)


@given(instants)
def test_an_instant_in_utc_is_the_same_instant(moment: dt.datetime) -> None:
    found = in_utc(moment)

    assert found == moment
    assert isinstance(found, dt.datetime)
    assert found.tzinfo is dt.UTC


def test_a_date_has_no_zone_to_leave() -> None:
    assert in_utc(D(2026, 6, 30)) == D(2026, 6, 30)
    assert type(in_utc(D(2026, 6, 30))) is dt.date


def test_a_date_becomes_the_first_instant_of_its_day() -> None:
    assert instant(D(2026, 6, 30)) == dt.datetime(2026, 6, 30, tzinfo=dt.UTC)


@given(instants)
def test_an_instant_stays_an_instant(moment: dt.datetime) -> None:
    assert instant(moment) == moment


def test_the_hour_that_runs_twice_is_ordered_by_what_came_first() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = dt.datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=0)
    second = dt.datetime(2026, 10, 25, 2, 15, tzinfo=zone, fold=1)

    assert second < first, "by the clock on the wall, which is why it is not asked"
    assert in_utc(first) < in_utc(second)
    assert is_by(first, second)
    assert not is_by(second, first)


# Whether one lies by another


def test_a_date_as_limit_holds_to_the_end_of_its_day_in_utc() -> None:
    limit = D(2026, 6, 30)
    last = dt.datetime(2026, 6, 30, 23, 59, 59, 999_999, tzinfo=dt.UTC)

    assert is_by(last, limit)
    assert not is_by(last + dt.timedelta(microseconds=1), limit)


def test_an_instant_as_limit_holds_up_to_and_including_itself() -> None:
    limit = dt.datetime(2026, 6, 30, 9, tzinfo=dt.UTC)

    assert is_by(limit, limit)
    assert not is_by(limit + dt.timedelta(microseconds=1), limit)


def test_a_date_lies_by_every_instant_of_its_day() -> None:
    assert is_by(D(2026, 6, 30), dt.datetime(2026, 6, 30, 0, 0, tzinfo=dt.UTC))
    assert not is_by(D(2026, 7, 1), dt.datetime(2026, 6, 30, 23, 59, tzinfo=dt.UTC))


@given(moments)
def test_a_moment_lies_by_itself(moment: dt.date) -> None:
    assert is_by(moment, moment)


@given(moments, moments)
def test_of_two_moments_at_least_one_lies_by_the_other(one: dt.date, other: dt.date) -> None:
    assert is_by(one, other) or is_by(other, one)


@given(instants, instants, zones, zones)
def test_the_zone_in_which_an_instant_is_given_makes_no_difference(
    one: dt.datetime, other: dt.datetime, here: dt.timezone, there: dt.timezone
) -> None:
    assert is_by(one.astimezone(here), other.astimezone(there)) is (one <= other)


# What is no moment


@pytest.mark.parametrize("check", [in_utc, instant, utc_day])
@pytest.mark.parametrize("given_", [None, "2026-06-30", 20260630, dt.time(9), dt.timedelta(1)])
def test_what_is_neither_date_nor_datetime_is_refused(check: object, given_: object) -> None:
    assert callable(check)
    with pytest.raises(MomentError, match="expected a date or an aware datetime, but got"):
        check(given_)


def test_an_instant_without_a_zone_is_refused_with_the_remedy() -> None:
    naive = dt.datetime(2026, 6, 30, 9)

    with pytest.raises(MomentError) as caught:
        utc_day(naive, "as_of")

    assert str(caught.value) == (
        "as_of: expected a date or an aware datetime, "
        "but got datetime.datetime(2026, 6, 30, 9, 0); give it a time zone"
    )


def test_a_day_where_an_instant_belongs_and_a_text_are_refused_with_the_remedy() -> None:
    assert str(MomentError("as_of", dt.date(2026, 6, 30))) == (
        "as_of: expected an aware datetime, but got datetime.date(2026, 6, 30); "
        "a day alone does not say when"
    )
    assert str(MomentError("as_of", "2026-06-30")) == (
        "as_of: expected a date or an aware datetime, but got '2026-06-30'; "
        "read the text first, as with datetime.date.fromisoformat"
    )


@pytest.mark.parametrize(
    ("moment", "limit", "what"),
    [
        (dt.datetime(2026, 6, 30), D(2026, 6, 30), "moment"),
        (D(2026, 6, 30), dt.datetime(2026, 6, 30), "limit"),
        (dt.datetime(2026, 6, 30), dt.datetime(2026, 6, 30, tzinfo=dt.UTC), "moment"),
        (dt.datetime(2026, 6, 30, tzinfo=dt.UTC), dt.datetime(2026, 6, 30), "limit"),
    ],
)
def test_no_comparison_guesses_a_zone(moment: dt.date, limit: dt.date, what: str) -> None:
    with pytest.raises(MomentError) as caught:
        is_by(moment, limit)

    assert caught.value.what == what


def test_not_a_time_is_refused() -> None:
    with pytest.raises(MomentError) as caught:
        in_utc(NotATime(2026, 6, 30), "event 'e1'")

    assert str(caught.value).startswith("event 'e1': expected a date or an aware datetime")


def test_an_instant_before_the_first_year_in_utc_is_refused() -> None:
    early = dt.datetime(1, 1, 1, tzinfo=SHANGHAI)

    with pytest.raises(MomentError, match="in UTC it lies outside the years 1 to 9999"):
        in_utc(early)


def test_the_error_is_a_type_error_and_survives_pickle() -> None:
    error = MomentError("as_of", "tomorrow")

    returned = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes

    assert isinstance(error, TypeError)
    assert (returned.what, returned.given) == ("as_of", "tomorrow")
    assert str(returned) == str(error)


class Stamp(dt.datetime):
    """A datetime of another class that may count nanoseconds, as that of pandas does."""

    nanosecond = 0


def test_a_datetime_of_another_class_becomes_a_plain_one() -> None:
    found = in_utc(Stamp(2026, 3, 1, 7, tzinfo=dt.timezone(dt.timedelta(hours=8))))

    assert type(found) is dt.datetime
    assert found == dt.datetime(2026, 2, 28, 23, tzinfo=dt.UTC)


def test_nanoseconds_are_refused_and_not_cut_off() -> None:
    class Finer(Stamp):
        nanosecond = 1

    with pytest.raises(MomentError, match=r"; round it to microseconds$"):
        in_utc(Finer(2026, 3, 1, tzinfo=dt.UTC))
