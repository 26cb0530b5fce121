"""Lineage: which contract renews which, and which years of a sale are inner ones.

A part of :mod:`cslib.renewal`. What ``renews`` says is given; where nobody says, one rule infers
it; what the records leave open is a doubt, never a guess. A rescinded contract renews nothing (L9).
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

import attrs

from cslib.errors import Fault
from cslib.faults import shown
from cslib.ledger import Contract, EndReason, Ledger, LedgerError

__all__ = ["Lineage", "Link", "Sale", "sale_of", "trace_lineage"]


@attrs.frozen(kw_only=True)
class Link:
    """What renews a contract: successors, or nothing, or a doubt.

    Attributes:
        successors: The contracts that renew it, by id: none, one, or several where it was split.
            Empty also where it is unclear which.
        inferred: Whether the successor was inferred, and not given in ``renews``.
        doubt: What the records leave open, in words; empty where they leave nothing open.
    """

    successors: tuple[Contract, ...] = ()
    inferred: bool = False
    doubt: str = ""


@attrs.frozen(kw_only=True)
class Lineage:
    """How the contracts of a ledger follow one another.

    Attributes:
        links: By the id of the contract renewed; where nothing renews it there is no link.
        inner: For each contract that ends before others of its sale, those that end last, by id.
            They fall due in its place (R2).
        renewed: For each contract that renews others, or says so, their ids in order.
        numbers: How many renewals led to each contract that had any, as far as the book goes back.
        faults: What is wrong with ``renews``.
    """

    links: Mapping[str, Link]
    inner: Mapping[str, Sequence[Contract]]
    renewed: Mapping[str, Sequence[str]]
    numbers: Mapping[str, int]
    faults: frozenset[Fault]

    def in_force_until(self, contract: Contract) -> dt.date | None:
        """The first day on which a contract is not in force any more; None for an open end.

        That is its end or, where that comes sooner, the first day of what renews it. An inner year
        of a sale is cut off with what falls due in its place. A later year of a sale that was
        renewed before it began never came into force: the day is then no later than its start.
        """
        last = self.inner.get(contract.contract, (contract,))
        begins = [self._renewed_from(each) for each in last]
        known = [day for day in begins if day is not None]
        cut = max(known) if len(known) == len(begins) else dt.date.max
        return None if (until := min(_end(contract), cut)) == dt.date.max else until

    def _renewed_from(self, contract: Contract) -> dt.date | None:
        link = self.links.get(contract.contract, Link())
        return min(map(_start, link.successors), default=None)


def trace_lineage(ledger: Ledger, *, link_days: int = 30) -> Lineage:
    """What renews each contract of a ledger, given or inferred, and what is wrong with ``renews``.

    What ``renews`` names is given: of several contracts that renew one, all whose terms run side by
    side; where they follow one another it is unclear which. What renews a contract runs on past its
    end. Where nothing names a contract, and it has no end reason, one rule infers what renews it:
    the contract of the same account that starts nearest to its end, no more than ``link_days``
    before or after it, later than the contract itself began, that runs on past its end, is the
    first of its sale, names none that it renews, and is of no other product line where both tell
    theirs. Two that are equally near, or two contracts with the same one nearest, are a doubt; so
    is one that was signed with the contract, or before it began: it may be a later year of the same
    sale (R2).

    Where only a later year of a sale says what it renews, the first year is the successor. A
    ``renews`` at fault leaves open what it names or, where that is unknown, whatever of its account
    began before it and has no other link.

    Args:
        ledger: The contracts as seen; those in conflict put what they may renew in doubt.
        link_days: How far from the end of a contract one that is inferred may start.

    Raises:
        LedgerError: If the ledger is none.

    >>> from cslib.ledger import read_ledger
    >>> def year(name, begins):
    ...     start, end = dt.date(begins, 7, 1), dt.date(begins + 1, 7, 1)
    ...     terms = {"start": start, "end": end, "annual_value": 1200, "currency": "EUR"}
    ...     return Contract(contract=name, account="A", **terms)
    >>> book = [year("C-1", 2025), year("C-2", 2026)]
    >>> link = trace_lineage(read_ledger(book, (), as_of=dt.date(2026, 7, 1))).links["C-1"]
    >>> [successor.contract for successor in link.successors], link.inferred
    (['C-2'], True)
    """
    if not isinstance(ledger, Ledger):
        problem = f"expected a Ledger, as read_ledger gives, but got {shown(ledger)}"
        raise LedgerError("ledger", (Fault("$", problem),))
    inner = _inner_years(ledger.contracts.values())
    disputed = (version for same in ledger.conflicts.values() for version in same)
    live = [c for c in (*ledger.contracts.values(), *disputed) if not _is_rescinded(c)]
    claimed: dict[str, dict[int, Contract]] = defaultdict(dict)  # by the record, each once
    doubted, faults = set(ledger.conflicts), set()
    suspects = _Suspects(ledger.contracts, inner)
    for contract in live:
        for name in contract.renews:
            renewed, problem = _renewed_by(contract, name, ledger, inner)
            if problem:
                doubted.add(contract.contract)
                suspects.add(contract, name)
                faults.add(Fault(f"{_path(contract.contract)}.renews", problem))
            elif renewed:
                claimed[renewed][id(contract)] = contract
    claims = {name: tuple(rows.values()) for name, rows in claimed.items()}
    sales = {sale: _Years.of(rows) for sale, rows in _sales(live).items()}
    given = {
        name: _given(ledger.contracts.get(name), claimants, sales, doubted)
        for name, claimants in claims.items()
    }
    faults |= {Fault(_path(name), link.doubt) for name, link in given.items() if link.doubt}
    doubted |= {c.contract for name in given if given[name].doubt for c in claims[name]}
    unnamed = [
        contract
        for name, contract in ledger.contracts.items()
        if name not in given and name not in inner and contract.end_reason is None
    ]
    taken = {successor.contract for link in given.values() for successor in link.successors}
    candidates = [c for c in _may_renew(live, doubted) if c.contract not in taken]
    inferred = _inferred(unnamed, candidates, doubted, link_days)
    links = suspects.cast({**inferred, **given}, given)
    renewals = _renewals(links, claims)
    return Lineage(
        links=_unless_torn(links, renewals, ledger.conflicts),
        inner=inner,
        renewed=renewals,
        numbers=_numbers(ledger.contracts, renewals),
        faults=frozenset(faults),
    )


def _renewals(
    links: Mapping[str, Link], claims: Mapping[str, Sequence[Contract]]
) -> dict[str, list[str]]:
    """What each contract renews: also what it says it does and is in doubt has a share in it."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(links):
        renewing = links[name].successors or claims.get(name, ())
        for contract in sorted({each.contract for each in renewing}):
            found[contract].append(name)
    return dict(found)


def _unless_torn(
    links: Mapping[str, Link], renewed: Mapping[str, Sequence[str]], conflicts: Collection[str]
) -> dict[str, Link]:
    """The links, with a doubt on what is merged with a contract of unknown value.

    Nobody can share out the value of what merges them.
    """
    torn = {
        contract
        for contract, names in renewed.items()
        if len(names) > 1 and any(name in conflicts for name in names)
    }
    found = dict(links)
    for name, link in links.items():
        for successor in link.successors:
            if successor.contract in torn:
                doubt = f"{successor.contract} renews it and another, which is in conflict"
                found[name] = Link(doubt=doubt)
    return found


def _numbers(
    contracts: Mapping[str, Contract], renewed: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    """How many renewals led to each; a contract of a sale takes after the sale's first year."""
    found: dict[str, int] = {}
    of_sale: dict[Sale, int] = {}

    def before(name: str) -> int:
        if name in found or name not in contracts:
            return found.get(name, 0)
        return of_sale.get(sale_of(contracts[name]), 0)  # the last year of a sale renewed early

    for contract in sorted(contracts.values(), key=lambda c: _in_turn(c, renewed)):
        names = renewed.get(contract.contract, ())
        number = max((before(name) + 1 for name in names), default=0)
        of_sale.setdefault(sale_of(contract), number)
        found[contract.contract] = number or of_sale[sale_of(contract)]
    return {name: number for name, number in found.items() if number}


def _in_turn(contract: Contract, renewed: Mapping[str, object]) -> tuple[dt.date, bool, str]:
    """What is renewed before what renews it; of a sale, those that renew something first."""
    return contract.start, contract.contract not in renewed, contract.contract


def _path(contract: str) -> str:
    return f"$.contracts[{contract!r}]"


def _is_rescinded(contract: Contract) -> bool:
    return contract.end_reason is EndReason.RESCINDED


_MOST_NAMES = 3


def _listed(contracts: Iterable[Contract]) -> str:
    names = sorted({contract.contract for contract in contracts})
    return ", ".join(names[:_MOST_NAMES]) + (" and more" if len(names) > _MOST_NAMES else "")


# --------------------------------------------------------------------------------------
# Sales

Sale: TypeAlias = tuple[str, str | None, str | None]
"""What contracts of one sale have in common, and no others: a key."""


def sale_of(contract: Contract) -> Sale:
    """The sale of a contract, one of its own where it was sold alone.

    >>> def part(name, sale):
    ...     start, end = dt.date(2025, 7, 1), dt.date(2026, 7, 1)
    ...     terms = {"start": start, "end": end, "annual_value": 1200, "currency": "EUR"}
    ...     return Contract(contract=name, account="A", sale=sale, **terms)
    >>> sale_of(part("crm", "S")) == sale_of(part("desk", "S"))
    True
    >>> sale_of(part("crm", None)) == sale_of(part("desk", None))
    False
    """
    return contract.account, contract.sale, None if contract.sale else contract.contract


def _sales(contracts: Iterable[Contract]) -> dict[Sale, list[Contract]]:
    found: dict[Sale, list[Contract]] = defaultdict(list)
    for contract in contracts:
        found[sale_of(contract)].append(contract)
    return found


def _inner_years(contracts: Collection[Contract]) -> dict[str, list[Contract]]:
    """For each that ends before the others of its sale, those that end last, by id."""
    last = {
        sale: _ending_last(rows)
        for sale, rows in _sales(c for c in contracts if not _is_rescinded(c)).items()
    }
    found = ((contract, last.get(sale_of(contract))) for contract in contracts)
    return {
        c.contract: rows
        for c, rows in found
        if rows and c.end != rows[0].end and not _is_rescinded(c)
    }


def _ending_last(contracts: Sequence[Contract]) -> list[Contract]:
    latest = max(map(_end, contracts))
    return sorted((c for c in contracts if _end(c) == latest), key=lambda c: c.contract)


def _start(contract: Contract) -> dt.date:
    return contract.start


def _end(contract: Contract) -> dt.date:
    return contract.end or dt.date.max


# --------------------------------------------------------------------------------------
# Given


def _renewed_by(
    contract: Contract, name: str, ledger: Ledger, inner: Mapping[str, Sequence[Contract]]
) -> tuple[str | None, str]:
    """The id of the contract that it renews by this name, if any, or what is wrong with the name.

    A ``renews`` that names an inner year speaks of the sale, so of the contract that falls due.
    """
    if name in ledger.conflicts:
        return name, ""
    named = ledger.contracts.get(name)
    if named is None:
        several = "; give several as a tuple" if ";" in name or "," in name else ""
        return None, f"no contract {name!r} is known{several}"
    if _is_rescinded(named):
        return None, ""
    if named.start >= contract.start:
        return None, f"{name!r} starts on {named.start}, not before {contract.start}"
    if sale_of(named) == sale_of(contract):
        return None, ""
    if named.end is not None and _end(contract) <= named.end:
        return None, f"{name!r} runs to {named.last_day}, and this no longer: it renews nothing"
    last = inner.get(name, (named,))
    if len(last) > 1:
        few = _listed(last[: _MOST_NAMES + 1])  # they stand by id
        return None, f"{name!r} is an inner year; name one of {few}, which fall due"
    return last[0].contract, ""


def _given(
    renewed: Contract | None,
    claimants: Sequence[Contract],
    sales: Mapping[Sale, _Years],
    unsound: Collection[str],
) -> Link:
    """The contracts that say they renew this one, side by side; of each sale, its first."""
    if any(c.contract in unsound for c in claimants):
        return Link(doubt=f"renewed by {_listed(claimants)}, of which a record is at fault")
    found: list[Contract] = []
    for sale, rows in _sales(claimants).items():
        begins = min(map(_start, rows))
        first = [row for row in rows if row.start == begins]
        years = sales[sale].before(first[0])
        if years and (len(years) > 1 or not _may_stand_for(years[0], renewed, unsound)):
            name = min(row.contract for row in first)
            problem = "a later year of its sale, whose first may not; say which in renews"
            return Link(doubt=f"{name} says that it renews this one, but is {problem}")
        found += years or first
    if max(map(_start, found)) >= min(map(_end, found)):
        problem = "follow one another; only the first can renew it"
        return Link(doubt=f"{_listed(claimants)} say that they renew this one, but {problem}")
    return Link(successors=tuple(sorted(found, key=lambda c: c.contract)))


@attrs.frozen
class _Years:
    """The contracts of a sale, by the day they end, so that its first years are found at once."""

    ends: Sequence[dt.date]
    first: Sequence[Sequence[Contract]]

    @classmethod
    def of(cls, sale: Iterable[Contract]) -> _Years:
        """With each end, what starts first of all that ended by then; two where several do."""
        rows = sorted(sale, key=_end)
        first: list[Sequence[Contract]] = []
        for row in rows:
            best = first[-1] if first else ()
            if not best or row.start < best[0].start:
                best = (row,)
            elif row.start == best[0].start:
                best = (best[0], row)
            first.append(best)
        return cls([_end(row) for row in rows], first)

    def before(self, contract: Contract) -> Sequence[Contract]:
        """Of those that were over when the contract began, those that start first."""
        place = bisect.bisect_right(self.ends, contract.start)
        return self.first[place - 1] if place else ()


def _may_stand_for(first: Contract, renewed: Contract | None, unsound: Collection[str]) -> bool:
    """Whether the first year of a sale renews what a later year of it names."""
    is_free = not first.renews and first.contract not in unsound
    return is_free and (renewed is None or first.start > renewed.start)


class _Suspects:
    """Contracts whose ``renews`` is at fault, and which ones they may renew all the same.

    One for each contract, sale and account they may speak of is enough, the one that starts last:
    the others are among the faults.
    """

    def __init__(
        self, contracts: Mapping[str, Contract], inner: Mapping[str, Sequence[Contract]]
    ) -> None:
        self._contracts = contracts
        self._inner = inner
        self._of_contract: dict[str, Contract] = {}
        self._of_sale: dict[Sale, Contract] = {}
        self._of_account: dict[str, Contract] = {}

    def add(self, suspect: Contract, name: str) -> None:
        """Note what it may renew: what it names, or any of its account where that is unknown."""
        named = self._contracts.get(name)
        if named is None:
            _keep_latest(self._of_account, suspect.account, suspect)
        elif sale_of(named) == sale_of(suspect):
            return
        elif name in self._inner:
            _keep_latest(self._of_sale, sale_of(named), suspect)
        else:
            _keep_latest(self._of_contract, name, suspect)

    def cast(self, links: Mapping[str, Link], given: Collection[str]) -> dict[str, Link]:
        """The links, with a doubt on what a suspect names and on what is not linked otherwise."""
        found = dict(links)
        for name, contract in self._contracts.items():
            if name in self._inner or name in given:
                continue
            suspect = self._of_contract.get(name) or self._of_sale.get(sale_of(contract))
            if suspect is None and name not in links:
                suspect = self._in_account(contract)
            if suspect is not None:
                found[name] = _at_fault(suspect.contract)
        return found

    def _in_account(self, contract: Contract) -> Contract | None:
        suspect = self._of_account.get(contract.account)
        return suspect if suspect is not None and suspect.start > contract.start else None


_Key = TypeVar("_Key")


def _keep_latest(table: dict[_Key, Contract], key: _Key, contract: Contract) -> None:
    rivals = (table.get(key, contract), contract)
    table[key] = max(rivals, key=lambda c: (c.start, c.contract))


def _at_fault(contract: str) -> Link:
    return Link(doubt=f"{contract} may renew it, but is at fault itself")


# --------------------------------------------------------------------------------------
# Inferred


def _may_renew(live: Sequence[Contract], doubted: Collection[str]) -> list[Contract]:
    """Contracts that name none that they renew, or none that can be, the first of their sale."""
    first = {sale: min(map(_start, rows)) for sale, rows in _sales(live).items()}
    return [
        contract
        for contract in live
        if contract.start == first[sale_of(contract)]
        and (not contract.renews or contract.contract in doubted)
    ]


def _inferred(
    contracts: Iterable[Contract],
    candidates: Iterable[Contract],
    doubted: Collection[str],
    link_days: int,
) -> dict[str, Link]:
    pools = _Pools(sorted(candidates, key=lambda c: (c.start, c.contract)))
    nearest = [
        (contract, _nearest_to_the_end(contract, pools.of(contract), link_days))
        for contract in contracts
    ]
    wanted = Counter(found[0].contract for _, found in nearest if len(found) == 1)
    return {
        contract.contract: _guess(contract, found, wanted, doubted)
        for contract, found in nearest
        if found
    }


class _Pools:
    """The candidates of each account, and of each product line that it tells."""

    def __init__(self, candidates: Iterable[Contract]) -> None:
        self._of_account: dict[str, list[Contract]] = defaultdict(list)
        self._of_product: dict[tuple[str, str], list[Contract]] = {}
        for candidate in candidates:
            self._of_account[candidate.account].append(candidate)

    def of(self, contract: Contract) -> Sequence[Contract]:
        """Those of the account that are of no other product line, where both tell theirs."""
        rows = self._of_account[contract.account]
        if not contract.product:
            return rows
        key = contract.account, contract.product
        if key not in self._of_product:
            self._of_product[key] = [c for c in rows if c.product in ("", contract.product)]
        return self._of_product[key]


def _guess(
    contract: Contract,
    found: Sequence[Contract],
    wanted: Mapping[str, int],
    doubted: Collection[str],
) -> Link:
    """The one found, unless something speaks against it."""
    name = found[0].contract
    if len(found) > 1:
        problem = "equally near to its end; say which in renews"
        return Link(doubt=f"{_listed(found)} may renew it, {problem}")
    if name in doubted:
        return _at_fault(name)
    if wanted[name] > 1:
        return Link(doubt=f"{name} may renew it, or another contract as well; say which in renews")
    if when := _sold_together(contract, found[0]):
        return Link(doubt=f"{name} may renew it, but was {when}: one sale? fill in sale")
    return Link(successors=(found[0],), inferred=True)


def _sold_together(contract: Contract, later: Contract) -> str:
    """Why the later contract may be another year of the same sale, and no renewal (R2)."""
    if later.signed_on is None:
        return ""
    if later.signed_on == contract.signed_on:
        return f"signed with {contract.contract}"
    before = later.signed_on < contract.start
    return f"signed before {contract.contract} began" if before else ""


def _nearest_to_the_end(
    contract: Contract, candidates: Sequence[Contract], link_days: int
) -> list[Contract]:
    """Those that start nearest to the end of this one, after its start, and run on past its end.

    Args:
        contract: The one that may be renewed.
        candidates: Those of its account that may, by first day and id.
        link_days: How far from the end they may start.
    """
    end = contract.end
    if end is None:
        return []
    place = bisect.bisect_left(candidates, end, key=_start)
    around = [*candidates[place : place + 1], *_running_on(candidates, place, contract, link_days)]
    away = {c.start: abs((c.start - end).days) for c in around if c.start > contract.start}
    reach = min(away.values(), default=link_days + 1)
    if reach > link_days:
        return []
    days = [day for day, distance in away.items() if distance == reach]
    return [c for day in days for c in _starting_on(day, candidates, end)]


def _running_on(
    candidates: Sequence[Contract], place: int, contract: Contract, link_days: int
) -> list[Contract]:
    """The last that starts before the end, not too far from it, and runs on past it, if any."""
    end = contract.end or dt.date.max
    for candidate in (candidates[each] for each in range(place - 1, -1, -1)):
        if candidate.start <= contract.start or (end - candidate.start).days > link_days:
            return []
        if _end(candidate) > end:
            return [candidate]
    return []


def _starting_on(day: dt.date, candidates: Sequence[Contract], end: dt.date) -> list[Contract]:
    """Those that start on a day and run on past another, as many as will be named and one more."""
    place = bisect.bisect_left(candidates, day, key=_start)
    same = itertools.takewhile(lambda c: c.start == day, _from(candidates, place))
    return list(itertools.islice((c for c in same if _end(c) > end), _MOST_NAMES + 1))


def _from(candidates: Sequence[Contract], place: int) -> Iterator[Contract]:
    return (candidates[each] for each in range(place, len(candidates)))
