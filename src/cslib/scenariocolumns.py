"""Scenario coverage of a whole book at once, in columns.

A part of :mod:`cslib.scenariocoverage`, with equal answers. Of each time that a scenario ran in an
account there is a row for each role that used it. A role that is not known is None or masked; where
no role used it, the row's role is the empty text.

Columns hold days, so ``as_of`` is a day; of instants hand in their days in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import ArgumentError, check_lengths, flat, refuse_rows
from cslib.days import checked_day, day_column
from cslib.rates import Rate
from cslib.scenariocoverage import ScenarioCoverage, checked_accounts, not_of_library
from cslib.scenarios import ScenarioLibrary
from cslib.series import BY_CONTENT, read_only

__all__ = ["CoverageColumns", "coverage_columns"]

Column: TypeAlias = npt.NDArray[Any]
Mask: TypeAlias = npt.NDArray[np.bool_]
Masked: TypeAlias = np.ma.MaskedArray[Any, Any]

_DAY = np.dtype("datetime64[D]")


@attrs.frozen(kw_only=True, repr=False)
class CoverageColumns:
    """Which accounts have enough scenarios running, used by enough roles; masked where not known.

    Attributes:
        accounts: The accounts, by name.
        met: Whether each has.
        scenarios: How many distinct scenarios run.
        roles: How many distinct roles use them.
        convention: What was asked for, in words.
        elsewhere: Accounts that have rows and are not in the book, by name.
        strangers: Scenarios that did not count since the library does not have them, each with the
            nearest that it has.
        definition: The fingerprint of what was asked for.
    """

    accounts: Column = attrs.field(converter=read_only, eq=BY_CONTENT)
    met: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    scenarios: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    roles: Masked = attrs.field(converter=read_only, eq=BY_CONTENT)
    convention: str
    elsewhere: tuple[str, ...]
    strangers: tuple[str, ...]
    definition: str

    @property
    def facts(self) -> dict[str, Masked]:
        """What rules read: ``scenarios_running``, ``scenario_roles``, ``scenarios_met``."""
        return {
            "scenarios_running": self.scenarios,
            "scenario_roles": self.roles,
            "scenarios_met": self.met,
        }

    @property
    def rate(self) -> Rate:
        """The share that has, of the accounts of which it is known; the others are left out."""
        known = ~np.ma.getmaskarray(self.met)
        unknown = int((~known).sum())
        return Rate.of_counts(
            int((known & self.met.data).sum()),
            int(known.sum()),
            convention=self.convention,
            excluded={"not known": unknown} if unknown else {},
        )

    def __repr__(self) -> str:
        return f"<CoverageColumns: {self.met.size:,} accounts, {self.rate}>"


def coverage_columns(
    norm: ScenarioCoverage,
    accounts: Iterable[str],
    *,
    account: npt.ArrayLike,
    scenario: npt.ArrayLike,
    role: npt.ArrayLike,
    since: npt.ArrayLike,
    until: npt.ArrayLike,
    as_of: dt.date,
    unrecorded: Iterable[str] = (),
    library: ScenarioLibrary | None = None,
) -> CoverageColumns:
    """What :meth:`ScenarioCoverage.book` answers, of columns of equal length.

    Args:
        norm: How many scenarios and roles are asked for.
        accounts: The accounts that are asked about; rows of others are not read.
        account: Whose scenario it is.
        scenario: Which, by name.
        role: Which role used it; None or masked where not known, empty where none did.
        since: The day on which it began.
        until: The day on which it had ended; NaT, None or masked where it has not.
        as_of: The day, to its end, that is asked about.
        unrecorded: Those of the accounts of which nobody wrote down what runs.
        library: Where given, only scenarios of it count (P6).

    Raises:
        ArgumentError: If the columns differ in length, a name is missing or empty, or a beginning
            is not known or lies after its end.
        DayError: If a column of days is none, or ``as_of`` is no date.
        DefinitionError: If an account stands twice, or an unrecorded one is not of the book.

    >>> found = coverage_columns(
    ...     ScenarioCoverage(),
    ...     ["crane", "heron", "stork"],
    ...     account=["crane", "crane", "heron", "stork"],
    ...     scenario=["member days", "shelf check", "member days", "member days"],
    ...     role=["marketer", "shop manager", "marketer", None],
    ...     since=np.array(["2026-03-01"] * 4, "datetime64[D]"),
    ...     until=np.array(["NaT"] * 4, "datetime64[D]"),
    ...     as_of=dt.date(2026, 6, 30),
    ... )
    >>> found.met.tolist(), found.roles.tolist()
    ([True, False, None], [2, 1, None])
    """
    open_ones = frozenset(unrecorded)
    names = checked_accounts(accounts, open_ones)
    rows = _rows(account=account, scenario=scenario, role=role, since=since, until=until)
    here = _runs_here(rows, names, as_of)
    others = not_of_library(rows["scenario"][here].tolist(), library)
    here &= np.array([each not in others for each in rows["scenario"]], np.bool_)
    places = {name: place for place, name in enumerate(names)}
    figures = _judged(
        norm,
        place=np.array([places[each] for each in rows["account"][here]], np.intp),
        scenario=rows["scenario"][here],
        role=rows["role"][here],
        recorded=np.array([name not in open_ones for name in names], np.bool_),
    )
    return CoverageColumns(
        accounts=np.array(names, object),
        **figures,
        convention=norm.convention,
        elsewhere=tuple(sorted(frozenset(rows["account"].tolist()) - places.keys())),
        strangers=tuple(f"{name}{hint}" for name, hint in others.items()),
        definition=norm.fingerprint,
    )


def _rows(**given: npt.ArrayLike) -> dict[str, Column]:
    """The columns, read and checked; a role that is not known is None."""
    columns = {name: flat(ArgumentError, name, column) for name, column in given.items()}
    check_lengths(ArgumentError, {name: column.size for name, column in columns.items()})
    found = {name: _texts(name, columns[name]) for name in ("account", "scenario", "role")}
    found |= {name: _days(columns[name]) for name in ("since", "until")}
    for name in ("account", "scenario"):
        wrong = np.array([not text for text in found[name]], np.bool_)
        refuse_rows(ArgumentError, name, found[name], wrong, "expected a name")
    since, until = found["since"], found["until"]
    refuse_rows(ArgumentError, "since", since, np.isnat(since), "expected the day it began")
    refuse_rows(ArgumentError, "until", until, until < since, "expected no day before it began")
    return found


def _texts(name: str, column: Column) -> Column:
    """Texts as objects, None where masked or not known."""
    texts = np.ma.getdata(column).astype(object)
    unknown = np.array([each is None or each != each for each in texts], np.bool_)
    texts[np.ma.getmaskarray(column) | unknown] = None
    wrong = np.array([not isinstance(each, str | None) for each in texts], np.bool_)
    refuse_rows(ArgumentError, name, texts, wrong, "expected text")
    return texts


def _days(column: Column) -> Column:
    """Days as ``datetime64[D]``, NaT where masked or not known."""
    if column.size and column.dtype.kind != "O":
        return day_column(column)
    gone = np.ma.getmaskarray(column) | np.array(
        [each != each for each in np.ma.getdata(column)], np.bool_
    )
    listed = [
        None if each is None or unknown else checked_day(each)
        for each, unknown in zip(np.ma.getdata(column), gone, strict=True)
    ]
    return np.array(listed, _DAY)


def _runs_here(rows: Mapping[str, Column], names: Iterable[str], as_of: dt.date) -> Mask:
    """Which rows run on the day, in an account that is asked about."""
    today, asked = np.datetime64(checked_day(as_of), "D"), frozenset(names)
    runs = (rows["since"] <= today) & ~(rows["until"] <= today)
    return runs & np.array([each in asked for each in rows["account"]], np.bool_)


def _judged(
    norm: ScenarioCoverage, *, place: Column, scenario: Column, role: Column, recorded: Mask
) -> dict[str, Masked]:
    """Each account by what is counted of it; in Kleene's logic, as one account is judged."""
    size = recorded.size
    unknown = np.array([each is None for each in role], np.bool_)
    used = np.array([bool(each) for each in role], np.bool_)
    unclear = np.zeros(size, np.bool_)
    unclear[place[unknown]] = True
    scenarios = _distinct(place, scenario, size)
    roles = _distinct(place[used], role[used], size)
    sure = recorded & ~unclear
    met = (scenarios >= norm.scenarios) & (roles >= norm.roles)
    out = (recorded & (scenarios < norm.scenarios)) | (sure & (roles < norm.roles))
    return {
        "met": np.ma.masked_array(met, ~(met | out)),
        "scenarios": _masked(scenarios, recorded),
        "roles": _masked(roles, sure),
    }


def _distinct(place: Column, text: Column, size: int) -> Column:
    """How many distinct texts stand in the rows of each place."""
    codes: dict[str, int] = {}
    code = np.array([codes.setdefault(each, len(codes)) for each in text], np.intp)
    pairs = np.unique(place * max(len(codes), 1) + code)
    return np.bincount(pairs // max(len(codes), 1), minlength=size)


def _masked(values: Column, known: Mask) -> Masked:
    return np.ma.masked_array(np.where(known, values, 0), ~known)
