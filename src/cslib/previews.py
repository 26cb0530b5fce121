"""Previews: whom a library of playbooks would reach, at what cost, and what a new version changes.

A part of :mod:`cslib.playbooks`. Before a library is put to use, :func:`preview` says for a whole
book how many accounts each playbook would be chosen for and why not for the others, and what hours
that takes of which roles. :func:`library_difference` says what two versions of a library say
otherwise, and :func:`rechosen` which accounts that touches. A dry run on one account is
:meth:`cslib.playbooks.Library.select` itself, since nothing is begun by it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from cslib.changes import PartData, changes
from cslib.decisions import DecisionTable
from cslib.documents import canonical
from cslib.errors import CslibError
from cslib.faults import brief, check_kind, several
from cslib.histories import History
from cslib.playbooks import Library
from cslib.plays import EXACT, Layer, Playbook, exact_sum
from cslib.standings import Status

if TYPE_CHECKING:
    from cslib.selectioncolumns import Choices

__all__ = [
    "Forecast",
    "Preview",
    "PreviewError",
    "Rechosen",
    "Work",
    "library_difference",
    "preview",
    "rechosen",
    "tally",
]


@attrs.define
class PreviewError(CslibError, ValueError):
    """Choices that cannot be listed by account, or not be compared.

    Attributes:
        problem: What does not fit, and the way out.
    """

    problem: str

    def __str__(self) -> str:
        return self.problem


# --------------------------------------------------------------------------------------
# Whom it reaches


@attrs.frozen(kw_only=True)
class Forecast:
    """What one playbook would come to on a book.

    Attributes:
        playbook: The playbook.
        counts: How many accounts there are of each status; those of none left out.
        price: What its hours cost for all accounts for which it is chosen, exact; None where the
            library has no prices.
    """

    playbook: Playbook
    counts: Mapping[Status, int] = attrs.field(hash=False)
    price: Decimal | None

    @property
    def chosen(self) -> int:
        """For how many accounts it is chosen."""
        return self.counts.get(Status.CHOSEN, 0)

    @property
    def hours(self) -> Mapping[str, Decimal]:
        """The hours that these take, by role, exact."""
        chosen = Decimal(self.chosen)
        return {role: EXACT.multiply(chosen, hours) for role, hours in self.playbook.effort.items()}

    def __str__(self) -> str:
        words = (f"{count} {each.replace('_', ' ')}" for each, count in self.counts.items())
        return f"{self.playbook}: {', '.join(words) or 'no account'}"


@attrs.frozen(kw_only=True)
class Work:
    """What is chosen would take of one role in one layer.

    Attributes:
        layer: The layer.
        role: The role.
        hours: The hours, exact.
        price: What they cost, exact; None where the library has no prices.
    """

    layer: Layer
    role: str
    hours: Decimal
    price: Decimal | None

    def __str__(self) -> str:
        price = "" if self.price is None else f", at {self.price:,f}"
        return f"{self.layer}, {self.role}: {self.hours:,f} h{price}"


@attrs.frozen(kw_only=True, eq=False)
class Preview:
    """What a library would choose for a book.

    Attributes:
        choices: The choices themselves, with the reasons of any row.
        forecasts: What each playbook comes to, the most urgent first.
        work: What is chosen takes, by layer and then role; what takes no hours left out.
    """

    choices: Choices = attrs.field(repr=False)
    forecasts: tuple[Forecast, ...]
    work: tuple[Work, ...]

    @property
    def hours(self) -> Decimal:
        """All hours of what is chosen, exact."""
        return exact_sum(each.hours for each in self.work)

    @property
    def price(self) -> Decimal | None:
        """What they cost; None where the library has no prices."""
        if not self.choices.library.prices:
            return None
        return exact_sum(each.price for each in self.work if each.price is not None)

    def accounts(self, playbook: str, status: Status | str = Status.CHOSEN) -> tuple[str, ...]:
        """The accounts for which a playbook has a status, in the order of the rows.

        Raises:
            KeyError: If the library has no playbook of that name.
            ValueError: If there is no such status.
        """
        return tuple(_names(self.choices)[self.choices.are(playbook, status)].tolist())

    def explain(self) -> str:
        """The forecasts and the work, a line each."""
        lines = [*map(str, self.forecasts)]
        if self.work:
            lines += ["hours of what is chosen:", *(f"  {each}" for each in self.work)]
        return "\n".join(lines)

    def __str__(self) -> str:
        chosen = sum(each.chosen for each in self.forecasts)
        price = "" if self.price is None else f", at {self.price:,f}"
        return f"{chosen:,} chosen for {self.choices.rows:,} accounts, {self.hours:,f} h{price}"

    __repr__ = brief


def preview(
    library: Library,
    columns: Mapping[str, Any],
    *,
    accounts: Any,
    history: History | None = None,
    as_of: object = None,
) -> Preview:
    """Who would get which playbook, and what that takes.

    Args:
        library: The library.
        columns: Names to numpy arrays, as for :meth:`cslib.playbooks.Library.select_columns`.
        accounts: The name of the account of each row.
        history: What was run before.
        as_of: Today.

    Raises:
        DefinitionError: If the library is none.
        ArgumentError, AsOfError, ColumnsError, FactError, RunError: As
            :meth:`~cslib.playbooks.Library.select_columns` does.

    >>> library = Library(name="adoption", prices={"csm": 80}, playbooks=(
    ...     Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5"),
    ...     Playbook(name="training", need="adoption", layer="service", effort={"csm": 6},
    ...              entry="seats_used < 8"),
    ... ))
    >>> found = preview(library, {"seats_used": [3, 7, 9]}, accounts=["A1", "A2", "A3"])
    >>> print(found.explain())
    tour (product, 0 h): 1 chosen, 2 does not apply
    training (service, 6 h): 1 chosen, 1 dearer, 1 does not apply
    hours of what is chosen:
      service, csm: 6 h, at 480
    >>> found.accounts("training"), found.accounts("training", "dearer")
    (('A2',), ('A1',))
    """
    check_kind("library", library, Library)
    choices = library.select_columns(columns, accounts=accounts, history=history, as_of=as_of)
    _names(choices)  # they must be told
    found = [
        Forecast(playbook=each, counts=choices.count(each.name), price=_price(choices, each))
        for each in choices.by_urgency
    ]
    return Preview(choices=choices, forecasts=tuple(found), work=tuple(_work(library, found)))


def _price(choices: Choices, playbook: Playbook) -> Decimal | None:
    price = choices.price(playbook.name)
    chosen = choices.count(playbook.name).get(Status.CHOSEN, 0)
    return None if price is None else EXACT.multiply(Decimal(chosen), price)


def _work(library: Library, forecasts: Iterable[Forecast]) -> Iterator[Work]:
    parts: dict[tuple[Layer, str], list[Decimal]] = {}
    for each in forecasts:
        for role, taken in each.hours.items():
            parts.setdefault((each.playbook.layer, role), []).append(taken)
    for layer, role in sorted(parts, key=lambda each: (each[0].rank, each[1])):
        if taken := exact_sum(parts[layer, role]):
            price = EXACT.multiply(taken, library.prices[role]) if library.prices else None
            yield Work(layer=layer, role=role, hours=taken, price=price)


def _names(choices: Choices) -> Any:
    """The accounts of the rows."""
    from cslib.selectioncolumns import Choices

    check_kind("choices", choices, Choices)
    if choices.accounts is None:
        raise PreviewError("the choices do not tell their accounts: select with accounts=")
    return choices.accounts


# --------------------------------------------------------------------------------------
# What a new version says otherwise


def library_difference(old: Library, new: Library) -> tuple[str, ...]:
    r"""What a library says otherwise than another, a line for each change, in words.

    Playbooks, suppressions and the rows of the table of levels are known by their names. Nothing
    where both say the same, in whatever order they say it, but for the rows of levels, of which the
    first that holds decides. The names of the libraries themselves are not compared.

    Args:
        old: The library as it was.
        new: As it is.

    Raises:
        DefinitionError: If one of the two is no library.

    >>> tour = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
    >>> longer = attrs.evolve(tour, entry="seats_used < 8", version=2)
    >>> visit = Playbook(name="visit", need="adoption", layer="service", entry="seats_used < 5")
    >>> old = Library(name="spring", playbooks=(tour,))
    >>> new = Library(name="autumn", playbooks=(visit, longer))
    >>> print(*library_difference(old, new), sep="\n")
    playbook 'visit' is new
    playbook 'tour': version is 2, was 1
    playbook 'tour': entry is 'seats_used < 8', was 'seats_used < 5'
    """
    check_kind("old", old, Library)
    check_kind("new", new, Library)
    return (
        *changes("", {"library": _own(old)}, {"library": _own(new)}),
        *changes("price of ", _prices(old), _prices(new)),
        *changes("level ", _levels(old.levels), _levels(new.levels)),
        *_order_changed(old.levels, new.levels),
        *changes("suppression ", _named(old.suppressions), _named(new.suppressions)),
        *changes("playbook ", _named(old.playbooks), _named(new.playbooks)),
    )


def _data(value: object) -> dict[str, Any]:
    """A definition as plain data, in which equal ones are alike."""
    data: dict[str, Any] = json.loads(canonical(value))
    return data


def _own(library: Library) -> PartData:
    data = _data(library)
    return {key: data.get(key) for key in ("stake", "least_return")} | {
        "hit policy of levels": None if library.levels is None else str(library.levels.hit_policy)
    }


def _named(parts: Iterable[Any]) -> Mapping[str, PartData]:
    return {repr(each.name): _part(each) for each in sorted(parts, key=lambda one: one.name)}


def _part(value: Any) -> PartData:
    """A part without its name; of a playbook the version is told, though documents omit the 1."""
    header = ("kind", "name", "version", "playbook_version")
    said = {"version": value.version} if isinstance(value, Playbook) else {}
    return said | {key: data for key, data in _data(value).items() if key not in header}


def _prices(library: Library) -> Mapping[str, PartData]:
    return {repr(role): {"an hour": format(price, "f")} for role, price in library.prices.items()}


def _levels(table: DecisionTable | None) -> Mapping[str, PartData]:
    return {} if table is None else {repr(row.name): _data(row) for row in table.rows}


def _order_changed(old: DecisionTable | None, new: DecisionTable | None) -> Iterator[str]:
    if old is None or new is None:
        return
    before, after = ([row.name for row in table.rows] for table in (old, new))
    was = [name for name in before if name in after]
    now = [name for name in after if name in before]
    if was != now:
        yield f"levels: the order is {', '.join(now)}, was {', '.join(was)}"


# --------------------------------------------------------------------------------------
# Whom that touches


@attrs.frozen(kw_only=True)
class Rechosen:
    """An account for which another library chooses otherwise.

    Attributes:
        account: The account.
        need: The need.
        before: What the old library chooses for it, with its version unless that is 1; empty for
            nothing.
        after: What the new one chooses.
    """

    account: str
    need: str
    before: str
    after: str

    def __str__(self) -> str:
        was, now = (each or "nothing" for each in (self.before, self.after))
        return f"{self.account}, {self.need}: {was} becomes {now}"


def rechosen(before: Choices, after: Choices) -> tuple[Rechosen, ...]:
    """The accounts for which another playbook is chosen, by account and need.

    Another version of a playbook is another one, since what is done changed.

    Args:
        before: The choices of the old library, as ``select_columns`` gives them.
        after: Those of the new one, for the same accounts in the same order.

    Raises:
        DefinitionError: If one of the two is no choices.
        PreviewError: If a library is handed in itself, or the accounts are not told or differ.

    >>> tour = Playbook(name="tour", need="adoption", layer="product", entry="seats_used < 5")
    >>> old = Library(name="old", playbooks=(tour,))
    >>> new = Library(name="new", playbooks=(attrs.evolve(tour, entry="seats_used < 8"),))
    >>> book = {"seats_used": [3, 7, 9]}
    >>> was, now = (each.select_columns(book, accounts=["A1", "A2", "A3"]) for each in (old, new))
    >>> print(*rechosen(was, now))
    A2, adoption: nothing becomes tour
    """
    for each in (before, after):
        if isinstance(each, Library):
            raise PreviewError("expected choices, but got a library: take its select_columns(...)")
    accounts = _names(before).tolist()
    if accounts != _names(after).tolist():
        raise PreviewError("select for the same accounts, in the same order, by both libraries")
    found = []
    for need in sorted({each.need for one in (before, after) for each in one.playbooks}):
        was, now = _labels(before, need), _labels(after, need)
        found += [
            Rechosen(account=accounts[row], need=need, before=was[row], after=now[row])
            for row in (was != now).nonzero()[0].tolist()
        ]
    return tuple(sorted(found, key=lambda each: (each.account, each.need)))


def _labels(choices: Choices, need: str) -> Any:
    """What is chosen for a need in each row, as texts."""
    import numpy as np

    if need not in {each.need for each in choices.playbooks}:
        return np.full(choices.rows, "", object)
    labels = ["", *map(_label, choices.playbooks)]
    return np.array(labels, object)[choices.chosen(need) + 1]


def _label(playbook: Playbook) -> str:
    version = f"@{playbook.version}" if playbook.version != 1 else ""
    return f"{playbook.name}{version}"


def tally(changed: Iterable[Rechosen]) -> dict[tuple[str, str], int]:
    """How many accounts go from which playbook to which, the most first; empty for nothing.

    Raises:
        DefinitionError: If something is no :class:`Rechosen`.

    >>> changed = [("A1", "tour", ""), ("A2", "", "visit"), ("A3", "tour", "")]
    >>> tally(Rechosen(account=a, need="use", before=was, after=now) for a, was, now in changed)
    {('tour', ''): 2, ('', 'visit'): 1}
    """
    listed = several("changed", "$", changed, Rechosen)
    counts = Counter((each.before, each.after) for each in listed)
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
