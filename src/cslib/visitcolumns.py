"""Visit columns: the columns of tables of visits and of deadlines, read and checked.

A part of :mod:`cslib.lifecycle`, beneath :mod:`cslib.visits`. Accounts, stages and the like are
codes, positions in their names. Moments are days, or instants in UTC; NaT is one that is not known
or has not come. A column that was read is not to be written to.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cslib.arguments import ArgumentError, flat, refuse_rows
from cslib.faults import shown
from cslib.moments import in_utc
from cslib.series import BY_CONTENT, read_only

__all__ = [
    "VisitTableError",
    "by_moments",
    "check_journeys",
    "code_column",
    "distinct_names",
    "id_column",
    "limit_of",
    "moment",
    "moment_column",
    "moments_of",
    "one_moment",
    "settle",
    "truth_column",
]

Column: TypeAlias = npt.NDArray[Any]
Codes: TypeAlias = npt.NDArray[np.signedinteger[Any]]
Moments: TypeAlias = npt.NDArray[np.datetime64]
Truths: TypeAlias = npt.NDArray[np.bool_]

_DAY = np.dtype("datetime64[D]")
_INSTANT = np.dtype("datetime64[us]")


class VisitTableError(ArgumentError):
    """Columns or journeys of which no table of visits can be made, or a question it cannot answer.

    >>> print(VisitTableError("stage", 3, "is 9: expected 0 to 4"))
    stage[3] is 9: expected 0 to 4
    """


_refuse = functools.partial(refuse_rows, VisitTableError)
_flat = functools.partial(flat, VisitTableError)


# --------------------------------------------------------------------------------------
# Columns


def code_column(argument: str, given: npt.ArrayLike) -> Codes:
    """A column of signed whole numbers of 0 or more, not to be written to.

    Raises:
        VisitTableError: If it is none.

    >>> code_column("stage", np.array([1, 0], np.uint8))
    array([1, 0])
    """
    values = _flat(argument, given)
    if values.size and values.dtype.kind not in "iu":
        raise VisitTableError(argument, None, f"holds {values.dtype}: expected whole numbers")
    if np.ma.is_masked(values):
        row = int(np.ma.getmaskarray(values).argmax())
        raise VisitTableError(argument, row, "is masked: expected a whole number in each row")
    plain = np.asarray(values)
    codes = plain if plain.dtype.kind == "i" else plain.astype(np.int64)
    _refuse(argument, codes, codes < 0, "expected 0 or more")
    found: Codes = read_only(codes)
    return found


def truth_column(argument: str, given: npt.ArrayLike) -> Truths:
    """A column of True and False, not to be written to.

    Raises:
        VisitTableError: If it is none.

    >>> truth_column("timed", [True, False])
    array([ True, False])
    """
    values = _flat(argument, given)
    if values.size and values.dtype != np.bool_:
        raise VisitTableError(argument, None, f"holds {values.dtype}: expected True and False")
    found: Truths = read_only(values.astype(np.bool_))
    return found


def id_column(given: npt.ArrayLike) -> Column:
    """The ids of accounts, not to be written to.

    Raises:
        VisitTableError: If it is no column.

    >>> id_column(["ada", "bo"])
    array(['ada', 'bo'], dtype='<U3')
    """
    found: Column = read_only(_flat("accounts", given))
    return found


def distinct_names(argument: str, given: Iterable[str]) -> tuple[str, ...]:
    """Names, each once; one alone may be given as it is.

    Raises:
        VisitTableError: If one is empty or no text, or stands there twice.

    >>> distinct_names("stages", "onboarding")
    ('onboarding',)
    """
    names = (given,) if isinstance(given, str) else tuple(given)
    seen: set[str] = set()
    for row, name in enumerate(names):
        if not isinstance(name, str) or not name:
            raise VisitTableError(argument, row, f"is {shown(name)}: expected a name")
        if name in seen:
            raise VisitTableError(argument, row, f"is {name!r}, which stands there before")
        seen.add(name)
    return names


def settle(value: object, fields: Iterable[str], read: Callable[[str, Any], Any]) -> None:
    """Put into the fields of a value that is being made what is read from what was given.

    Raises:
        VisitTableError: As ``read`` does, which is handed the name of each field.
    """
    for name in fields:
        object.__setattr__(value, name, read(name, getattr(value, name)))


# --------------------------------------------------------------------------------------
# Moments


def moment_column(argument: str, given: npt.ArrayLike) -> Moments:
    """A column of days, or of instants in microseconds, not to be written to; NaT where masked.

    Raises:
        VisitTableError: If it is none, or instants are cut by less than a microsecond.

    >>> moment_column("left", np.array(["2026-03-01T09", "NaT"], "datetime64[h]")).dtype
    dtype('<M8[us]')
    """
    values = _flat(argument, given)
    if not values.size and values.dtype.kind != "M":
        values = values.astype(_DAY)
    unit = np.datetime_data(values.dtype)[0] if values.dtype.kind == "M" else "Y"
    if unit in ("generic", "Y", "M", "W"):
        way = "expected days or instants, datetime64[D] or datetime64[us]"
        raise VisitTableError(argument, None, f"holds {values.dtype}: {way}")
    if isinstance(values, np.ma.MaskedArray):
        values = np.where(np.ma.getmaskarray(values), np.array("NaT", values.dtype), values.data)
    found = values.astype(_DAY if unit == "D" else _INSTANT, copy=False)
    cut = (found != values) & ~np.isnat(values)
    _refuse(argument, values, cut, "expected whole microseconds, in the years that they reach")
    moments: Moments = read_only(found)
    return moments


def by_moments(values: Moments) -> object:
    """What attrs compares in the place of a column of moments, in which NaT equals NaT."""
    return values.dtype, BY_CONTENT(values.view(np.int64))


def moment(given: object) -> np.datetime64:
    """A date, or an instant in UTC, as numpy holds it.

    Raises:
        MomentError: If it is no date and no aware datetime.
        VisitTableError: If it is of numpy, and no day or instant.

    >>> moment(dt.date(2026, 3, 31))
    np.datetime64('2026-03-31')
    """
    if isinstance(given, np.datetime64):
        return np.datetime64(moment_column("as_of", np.array([given]))[0])
    found = in_utc(given, "as_of")
    if isinstance(found, dt.datetime):
        return np.datetime64(found.replace(tzinfo=None), "us")
    return np.datetime64(found, "D")


def limit_of(as_of: object, kind: np.dtype[Any]) -> np.datetime64:
    """The moment up to which events count, as a day beside days, as an instant beside instants.

    A day beside instants is the last microsecond of that day; an instant beside days its day.

    Raises:
        MomentError: If it is no date and no aware datetime.

    >>> limit_of(dt.date(2026, 3, 31), np.dtype("datetime64[us]"))
    np.datetime64('2026-03-31T23:59:59.999999')
    """
    limit = moment(as_of)
    if limit.dtype == kind or kind == _DAY:
        return np.datetime64(limit.astype(kind))
    following = (limit + np.timedelta64(1, "D")).astype(_INSTANT)
    return np.datetime64(following - np.timedelta64(1, "us"))


def check_journeys(journeys: object) -> None:
    """Refuse journeys that are not given by account.

    Raises:
        VisitTableError: If they are no mapping.
    """
    if not isinstance(journeys, Mapping):
        given = f"is of {type(journeys).__name__}: expected journeys by account"
        raise VisitTableError("journeys", None, f"{given}, as Lifecycle.replay_all gives them")


def one_moment(limits: Iterable[dt.date]) -> dt.date | None:
    """The moment as of which all journeys are; None if there are none.

    Raises:
        VisitTableError: If there are several.

    >>> one_moment([dt.date(2026, 3, 31), dt.date(2026, 3, 31)])
    datetime.date(2026, 3, 31)
    """
    moments = set(limits)
    if len(moments) > 1:
        given = " and ".join(sorted(map(str, moments))[:2])
        raise VisitTableError("journeys", None, f"are as of {given}: expected one moment")
    return next(iter(moments), None)


def moments_of(moments: Sequence[dt.date | None], as_of: dt.date | None) -> Moments:
    """A column of the dates, or instants, of journeys; NaT for None.

    Without any it is of the kind of ``as_of``.

    Raises:
        VisitTableError: If there are both.

    >>> moments_of([None, dt.date(2026, 3, 1)], None)
    array([       'NaT', '2026-03-01'], dtype='datetime64[D]')
    """
    kinds = {isinstance(each, dt.datetime) for each in moments if each is not None}
    if len(kinds) > 1:
        raise VisitTableError("journeys", None, "hold dates and instants: convert one kind")
    if True in kinds or (not kinds and isinstance(as_of, dt.datetime)):
        return np.array([None if each is None else moment(each) for each in moments], _INSTANT)
    return np.array(moments, _DAY)
