"""Scenario coverage: has every delivered account a scenario running, used by two roles (P6, H5, K)?

In the room of :mod:`cslib.playbooks`. At delivery every account has one or two scenarios of the
library running (P6), and at least two distinct job roles use the product (H5), often the key to the
renewal of the second year.

Conventions:

- A scenario runs from ``since`` to the moment before ``until``. As of a day, up to the end of that
  day: what ended on it does not run.
- A scenario that runs twice counts once. Roles are counted over all that runs in an account.
- Roles that nobody wrote down are unknown and may be any. An account of which nobody wrote down
  what runs may have more than is seen. Where that could decide, the answer is unknown; it is then
  neither in the share nor among those that fall short.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping

import attrs

from cslib.documents import document, fingerprint
from cslib.errors import Fault, suggestion
from cslib.faults import name_faults, refuse, several, unique_faults, whole_faults
from cslib.moments import Moment, in_utc, is_by
from cslib.practices import list_faults
from cslib.rates import Rate
from cslib.scenarios import ScenarioLibrary

__all__ = ["AccountCoverage", "BookCoverage", "Running", "ScenarioCoverage"]


# --------------------------------------------------------------------------------------
# What runs


def _since(moment: Moment) -> Moment:
    return in_utc(moment, "since")


def _until(moment: Moment) -> Moment:
    return in_utc(moment, "until")


def _roles(given: Iterable[str]) -> tuple[str, ...]:
    return several("running", "$.roles", given, str)


@attrs.frozen(kw_only=True)
class Running:
    """A scenario that ran in an account for a time, and by whom it was used.

    Attributes:
        account: The account.
        scenario: The scenario, by name.
        since: When it began, a date or an aware datetime.
        until: When it had ended; None where it has not.
        roles: The job roles that use it; empty where none does, None where it is not known.

    Raises:
        DefinitionError: With every fault: no account or scenario, an empty role or one that stands
            twice, an end before the beginning.
        MomentError: If ``since`` or ``until`` is no date and no aware datetime.

    >>> import datetime as dt
    >>> run = Running(account="crane", scenario="member days", since=dt.date(2026, 3, 1),
    ...               until=dt.date(2026, 6, 1), roles=["marketer"])
    >>> run.runs(dt.date(2026, 5, 31)), run.runs(dt.date(2026, 6, 1))
    (True, False)
    """

    account: str
    scenario: str
    since: Moment = attrs.field(converter=_since)
    until: Moment | None = attrs.field(default=None, converter=attrs.converters.optional(_until))
    roles: tuple[str, ...] | None = attrs.field(
        default=None, converter=attrs.converters.optional(_roles)
    )

    def __attrs_post_init__(self) -> None:
        refuse("running", _running_faults(self))

    def runs(self, as_of: Moment) -> bool:
        """Whether it runs as of a day or an instant.

        Raises:
            MomentError: If ``as_of`` is no date and no aware datetime.
        """
        if not is_by(self.since, as_of):
            return False
        return self.until is None or not is_by(self.until, as_of)


def _running_faults(running: Running) -> Iterator[Fault]:
    yield from name_faults("$.account", running.account)
    yield from name_faults("$.scenario", running.scenario)
    yield from list_faults("$.roles", running.roles or ())
    if running.until is not None and not is_by(running.since, running.until):
        problem = f"expected an end at {running.since} or after it, but got {running.until}"
        yield Fault("$.until", problem)


# --------------------------------------------------------------------------------------
# The answer


@attrs.frozen(kw_only=True)
class AccountCoverage:
    """Whether an account has enough scenarios running, used by enough roles, and what is missing.

    Attributes:
        account: The account.
        as_of: The day or instant that was asked about.
        met: Whether it has; None where it is not known.
        scenarios: What is seen to run, each once, by name.
        roles: The roles that are seen to use it, by name.
        unclear: Of the scenarios, those of which not all roles are known.
        recorded: Whether what runs there was written down.
        asked: How many scenarios and how many roles are asked for.
    """

    account: str
    as_of: Moment
    met: bool | None
    scenarios: tuple[str, ...]
    roles: tuple[str, ...]
    unclear: tuple[str, ...]
    recorded: bool
    asked: tuple[int, int]

    @property
    def missing(self) -> tuple[str, ...]:
        """What is known to fall short, in words."""
        return tuple(words for words, sure in self._short if sure)

    @property
    def questions(self) -> tuple[str, ...]:
        """What to find out, in words, where it is not known whether it has enough."""
        if self.met is not None:
            return ()
        what = () if self.recorded else ("what else runs?" if self.scenarios else "what runs?",)
        return (*what, *(f"which roles use {name}?" for name in self.unclear))

    @property
    def facts(self) -> dict[str, object]:
        """What rules read: ``scenarios_running``, ``scenario_roles``, ``scenarios_met``."""
        sure = self.recorded and not self.unclear
        return {
            "scenarios_running": len(self.scenarios) if self.recorded else None,
            "scenario_roles": len(self.roles) if sure else None,
            "scenarios_met": self.met,
        }

    def __str__(self) -> str:
        verdict = {True: "met", False: "not met", None: "unknown"}[self.met]
        none = "nothing" if self.recorded else "not known"
        parts = [f"running: {', '.join(self.scenarios) or none}"]
        parts += [f"used by: {', '.join(self.roles)}"] if self.roles else []
        parts += (self.missing or self.questions) if not self.met else ()
        return f"{self.account}: {verdict}: {'; '.join(parts)}"

    @property
    def _short(self) -> Iterator[tuple[str, bool]]:
        """What is seen to fall short, and whether it is known to."""
        sides = (
            ("scenarios", self.scenarios, self.recorded),
            ("roles", self.roles, self.recorded and not self.unclear),
        )
        for (what, seen, sure), asked in zip(sides, self.asked, strict=True):
            if len(seen) < asked:
                yield f"{what}: {len(seen)} of {asked}", sure


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class BookCoverage:
    """How many accounts of a book have enough running, and which have not.

    Attributes:
        accounts: Each account, by name.
        convention: What was asked for, in words.
        elsewhere: Accounts that something is written down of and that are not in the book, by name.
        strangers: Scenarios that did not count since the library does not have them, each with the
            nearest that it has.
        definition: The fingerprint of what was asked for.
    """

    accounts: tuple[AccountCoverage, ...]
    convention: str
    elsewhere: tuple[str, ...]
    strangers: tuple[str, ...]
    definition: str

    @functools.cached_property
    def rate(self) -> Rate:
        """The share that has, of the accounts of which it is known; the others are left out."""
        met = sum(each.met is True for each in self.accounts)
        unknown = {"not known": len(self.unknown)} if self.unknown else {}
        return Rate.of_counts(
            met, met + len(self.short), convention=self.convention, excluded=unknown
        )

    @property
    def short(self) -> tuple[AccountCoverage, ...]:
        """The accounts known to fall short, each with what is missing."""
        return tuple(each for each in self.accounts if each.met is False)

    @property
    def unknown(self) -> tuple[AccountCoverage, ...]:
        """The accounts of which it is not known, each with what to find out."""
        return tuple(each for each in self.accounts if each.met is None)


# --------------------------------------------------------------------------------------
# The definition

_MOST = 1_000


@document("scenario_coverage", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class ScenarioCoverage:
    """How many scenarios shall run in an account, used by how many distinct roles (P6, H5, K).

    Attributes:
        scenarios: At least so many, 1 to 1000; P6 says one or two.
        roles: At least so many distinct roles over all that runs, 1 to 1000; H5 says two.

    Raises:
        DefinitionError: With every fault.

    >>> import datetime as dt
    >>> spring = dt.date(2026, 3, 1)
    >>> running = [
    ...     Running(account="crane", scenario="member days", since=spring, roles=["marketer"]),
    ...     Running(account="crane", scenario="shelf check", since=spring, roles=["shop manager"]),
    ...     Running(account="heron", scenario="member days", since=spring, roles=["marketer"]),
    ...     Running(account="stork", scenario="member days", since=spring),
    ... ]
    >>> book = ["crane", "heron", "stork", "swift"]
    >>> found = ScenarioCoverage().book(book, running, as_of=dt.date(2026, 6, 30))
    >>> found.rate.value, str(found.rate.interval()), found.rate.excluded[0].amount
    (Fraction(1, 3), '6.1 to 79.2 %, 95 % Wilson', 1)
    >>> for each in (*found.short, *found.unknown):
    ...     print(each)
    heron: not met: running: member days; used by: marketer; roles: 1 of 2
    swift: not met: running: nothing; scenarios: 0 of 1; roles: 0 of 2
    stork: unknown: running: member days; which roles use member days?
    """

    scenarios: int = 1
    roles: int = 2

    def __attrs_post_init__(self) -> None:
        faults = (
            *whole_faults("$.scenarios", self.scenarios, 1, _MOST),
            *whole_faults("$.roles", self.roles, 1, _MOST),
        )
        refuse("scenario coverage", faults)

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition an answer was made."""
        return fingerprint(self)

    @property
    def convention(self) -> str:
        """What is asked for, in words."""
        return f"{self.scenarios} or more scenarios running, used by {self.roles} or more roles"

    def of(
        self,
        account: str,
        running: Iterable[Running],
        *,
        as_of: Moment,
        recorded: bool = True,
        library: ScenarioLibrary | None = None,
    ) -> AccountCoverage:
        """Whether one account has enough, such as on the day of its delivery.

        Args:
            account: Its name.
            running: What ran, in any order; of other accounts nothing is read.
            as_of: The day, to its end, or the instant that is asked about.
            recorded: Whether what runs there was written down; if not, more may run than is seen.
            library: Where given, only scenarios of it count (P6).

        Raises:
            MomentError: If ``as_of`` is no date and no aware datetime.
        """
        unrecorded = () if recorded else (account,)
        found = self.book((account,), running, as_of=as_of, unrecorded=unrecorded, library=library)
        return found.accounts[0]

    def book(
        self,
        accounts: Iterable[str],
        running: Iterable[Running],
        *,
        as_of: Moment | Mapping[str, Moment],
        unrecorded: Iterable[str] = (),
        library: ScenarioLibrary | None = None,
    ) -> BookCoverage:
        """Which accounts of a book have enough, and what the others lack.

        Args:
            accounts: The accounts that are asked about, such as those delivered; in any order. Of
                one without a row in ``running``, nothing runs.
            running: What ran, in any order.
            as_of: The day, to its end, or the instant that is asked about; or for each account one
                of its own, such as the day of its delivery (P6).
            unrecorded: Those of the accounts of which nobody wrote down what runs.
            library: Where given, only scenarios of it count (P6).

        Raises:
            DefinitionError: If an account stands twice, an unrecorded one is not of the book, or
                ``as_of`` has no day for one.
            MomentError: If ``as_of`` is no date and no aware datetime.
        """
        open_ones = frozenset(several("book", "$.unrecorded", unrecorded, str))
        names = checked_accounts(accounts, open_ones)
        at = _days(names, as_of)
        rows = several("book", "$.running", running, Running)
        here = [row for row in rows if row.account in at and row.runs(at[row.account])]
        others = not_of_library((row.scenario for row in here), library)
        by_account: dict[str, list[Running]] = {name: [] for name in names}
        for row in here:
            if row.scenario not in others:
                by_account[row.account].append(row)
        return BookCoverage(
            accounts=tuple(
                self._judged(name, at[name], by_account[name], name not in open_ones)
                for name in names
            ),
            convention=self.convention,
            elsewhere=tuple(sorted({row.account for row in rows} - at.keys())),
            strangers=tuple(f"{name}{hint}" for name, hint in others.items()),
            definition=self.fingerprint,
        )

    def _judged(
        self, account: str, as_of: Moment, rows: Collection[Running], recorded: bool
    ) -> AccountCoverage:
        scenarios = {row.scenario for row in rows}
        roles = {role for row in rows for role in row.roles or ()}
        unclear = {row.scenario for row in rows if row.roles is None}
        no_more_roles = recorded and not unclear
        enough = len(scenarios) >= self.scenarios and len(roles) >= self.roles
        out = (recorded and len(scenarios) < self.scenarios) or (
            no_more_roles and len(roles) < self.roles
        )
        return AccountCoverage(
            account=account,
            as_of=as_of,
            met=True if enough else False if out else None,
            scenarios=tuple(sorted(scenarios)),
            roles=tuple(sorted(roles)),
            unclear=tuple(sorted(unclear)),
            recorded=recorded,
            asked=(self.scenarios, self.roles),
        )


def checked_accounts(accounts: Iterable[str], unrecorded: Iterable[str]) -> tuple[str, ...]:
    """The accounts of a book, by name.

    Raises:
        DefinitionError: If one stands twice, or one that was not recorded is not of the book.

    >>> checked_accounts(["heron", "crane"], unrecorded=["crane"])
    ('crane', 'heron')
    """
    names = several("book", "$.accounts", accounts, str)
    faults = [*unique_faults("$.accounts", names, end="")]
    for name in sorted(frozenset(unrecorded) - frozenset(names)):
        problem = f"{name!r} is none of the accounts{suggestion(name, names)}"
        faults.append(Fault("$.unrecorded", problem))
    refuse("book", faults)
    return tuple(sorted(names))


def _days(accounts: Iterable[str], as_of: Moment | Mapping[str, Moment]) -> Mapping[str, Moment]:
    """For each account the day or instant that is asked about."""
    if not isinstance(as_of, Mapping):
        at = in_utc(as_of, "as_of")
        return dict.fromkeys(accounts, at)
    listed = tuple(accounts)
    without = (Fault("$.as_of", f"no day for {name!r}") for name in listed if name not in as_of)
    refuse("book", without)
    return {name: in_utc(as_of[name], f"as_of of {name!r}") for name in listed}


def not_of_library(scenarios: Iterable[str], library: ScenarioLibrary | None) -> Mapping[str, str]:
    """The scenarios that a library does not have, by name, each with a hint; none without one.

    >>> from cslib.scenarios import Need, ScenarioLibrary
    >>> empty = ScenarioLibrary(name="new", needs=[Need(name="slow hiring")], scenarios=[])
    >>> not_of_library(["member days"], empty), not_of_library(["member days"], None)
    ({'member days': ''}, {})
    """
    if library is None:
        return {}
    known = [scenario.name for scenario in library.scenarios]
    others = sorted(frozenset(scenarios) - frozenset(known))
    return {name: suggestion(name, known) for name in others}
