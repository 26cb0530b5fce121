"""Feedback: what the field asks for, grouped by need, and whether it is one customer's own.

A :class:`Request` is what one account asks for, and why: a wish for a function hides a business
problem (P7, P15, Ji Weiguo), so that a request whose problem is unknown is a question first. A
:class:`Weighing` weighs requests by need: how many accounts stand behind it and what they are worth
(P13; W, S, K), and whether it serves the product as a whole or just one customer now.

An account counts once for a need, however often it asks. What an account is worth comes from the
book and not from the request, in one currency for all; where it is unknown it is named, and not 0.
The rulings where two readers could differ are in ``docs/semantics.md``, "Service work".
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

import attrs

from cslib.documents import document, fingerprint
from cslib.errors import DefinitionError, Fault
from cslib.faults import (
    check_mapping,
    exact_decimal,
    name_faults,
    refuse,
    several,
    shown,
    step,
    text_faults,
    whole_faults,
)
from cslib.moments import Moment, in_utc, instant
from cslib.money import Exact, InexactError, exact
from cslib.rates import Rate

__all__ = ["Feedback", "Request", "Scope", "WeighedNeed", "Weighing"]

_MOST_ACCOUNTS = 1_000_000


# --------------------------------------------------------------------------------------
# What is asked for


def _at(value: object) -> dt.date:
    return in_utc(value, "a request's at")


@attrs.frozen(kw_only=True)
class Request:
    """What one account asks for, and why.

    Attributes:
        account: Who asks.
        need: The need it is grouped under, given by whoever reads it.
        text: What is asked for, in the customer's words.
        problem: The business problem behind it; None until somebody has asked why.
        role: The job role, at the customer's, of the person who asks; None if unknown.
        at: When, a date or an instant.

    Raises:
        DefinitionError: With every fault: an account or need that is empty, a text that is none.
        MomentError: If ``at`` is no date and no aware datetime.
    """

    account: str
    need: str
    text: str = ""
    problem: str | None = None
    role: str | None = None
    at: Moment = attrs.field(converter=_at)

    def __attrs_post_init__(self) -> None:
        faults = [
            *name_faults("$.account", self.account),
            *name_faults("$.need", self.need),
            *text_faults("$.text", self.text),
        ]
        for path, value in (("$.problem", self.problem), ("$.role", self.role)):
            faults += name_faults(path, value) if value is not None else ()
        refuse("request", faults)


def _order(request: Request) -> tuple[object, ...]:
    """By time, and then by all else, so that what differs has one order."""
    rest = (request.text, request.role or "", request.problem or "")
    return instant(request.at), request.at.isoformat(), request.account, *rest


# --------------------------------------------------------------------------------------
# The definition


def _share(value: Decimal | int | str) -> Decimal:
    share = exact_decimal(value)
    if isinstance(share, Decimal) and share.is_finite() and 0 < share < 1:
        return share
    problem = f"expected an exact share between 0 and 1, such as '0.5', but got {shown(value)}"
    raise DefinitionError("weighing", (Fault("$.most", problem),))


@document("weighing", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Weighing:
    """When a need serves the product as a whole, and when it is one customer's own.

    Attributes:
        name: Its name.
        least: How many accounts must ask for it at the least, 2 or more.
        most: The share of the value behind it that one account may hold at the most, exact,
            between 0 and 1.
        source: Where it comes from.

    Raises:
        DefinitionError: With every fault: no name, a limit that is out of bounds or not exact.

    >>> weighing = Weighing(name="field", least=2, most="0.6")
    >>> day = dt.date(2026, 6, 30)
    >>> found = weighing.weigh(
    ...     [
    ...         Request(account="acme", need="export", problem="the board reads paper", at=day),
    ...         Request(account="birch", need="export", at=day),
    ...         Request(account="acme", need="dark mode", at=day),
    ...     ],
    ...     book={"acme": 50_000, "birch": 40_000, "cedar": 10_000},
    ... )
    >>> print(found)
    export: product-wide, 2 accounts of 3 with 90000 of 100000
    dark mode: one customer's, 1 account of 3 with 50000 of 100000
    ask why: birch about export, acme about dark mode
    """

    name: str
    least: int
    most: Decimal = attrs.field(converter=_share)
    source: str = ""

    def __attrs_post_init__(self) -> None:
        faults = (
            *name_faults("$.name", self.name),
            *whole_faults("$.least", self.least, 2, _MOST_ACCOUNTS),
            *text_faults("$.source", self.source),
        )
        refuse(f"weighing {self.name!r}", faults)

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition a need was weighed."""
        return fingerprint(self)

    def weigh(self, requests: Iterable[Request], *, book: Mapping[str, Exact | None]) -> Feedback:
        """The needs behind some requests, the weightiest first, and what to ask.

        The order is total: product-wide, then unknown, then one customer's; the value behind it,
        as far as it is known, the more first; the number of accounts, the more first; the name.

        Args:
            requests: The requests, in any order.
            book: Every account, with what it is worth: exact, 0 or more, such as its annual value;
                None where it is unknown.

        Raises:
            DefinitionError: With every fault: what is no request, a value that is not exact or
                below 0.
        """
        given = several("requests", "$", requests, Request)
        values = _values(book)
        groups: dict[str, list[Request]] = {}
        for request in sorted(given, key=_order):
            groups.setdefault(request.need, []).append(request)
        needs = [_weighed(self, need, tuple(asked), values) for need, asked in groups.items()]
        return Feedback(needs=tuple(sorted(needs, key=_weight)), definition=self.fingerprint)


def _values(book: Mapping[str, Exact | None]) -> dict[str, Fraction | None]:
    check_mapping("book", book)
    faults, values = [], dict[str, Fraction | None]()
    for account, value in book.items():
        try:
            values[account] = known = None if value is None else exact(value, account)
        except InexactError:
            known = Fraction(-1)
        if known is not None and known < 0:
            expected = "expected an exact 0 or more, or None"
            faults.append(Fault(f"${step(account)}", f"{expected}, but got {shown(value)}"))
    refuse("book", faults)
    return values


def _weighed(
    weighing: Weighing,
    need: str,
    requests: tuple[Request, ...],
    values: Mapping[str, Fraction | None],
) -> WeighedNeed:
    asking = sorted({request.account for request in requests})
    known = {name: value for name in asking if (value := values.get(name)) is not None}
    total = sum((value for value in values.values() if value is not None), Fraction())
    behind = sum(known.values(), Fraction())
    unknown = tuple(name for name in asking if name in values and name not in known)
    largest = min(known, key=lambda name: (-known[name], name), default=None)
    share = Rate(numerator=known[largest] if largest else 0, denominator=behind)
    return WeighedNeed(
        need=need,
        requests=requests,
        accounts=tuple(name for name in asking if name in values),
        outside=tuple(name for name in asking if name not in values),
        unknown=unknown,
        of_accounts=Rate(numerator=len(known) + len(unknown), denominator=len(values)),
        of_value=Rate(numerator=behind, denominator=total),
        largest=None if unknown else largest,
        largest_share=None if unknown else share,
        weighing=weighing,
    )


def _weight(need: WeighedNeed) -> tuple[object, ...]:
    place = list(Scope).index(need.scope)
    return place, -Fraction(need.of_value.numerator), -len(need.accounts), need.need


# --------------------------------------------------------------------------------------
# The answer


class Scope(enum.StrEnum):
    """Whom a need serves."""

    PRODUCT = "product-wide"
    """Enough accounts ask, and none of them holds most of the value."""
    UNKNOWN = "unknown"
    """Enough accounts ask, and what some of them are worth is not known."""
    ONE_CUSTOMER = "one customer's"
    """Too few accounts ask, or one of them holds most of the value."""


@attrs.frozen(kw_only=True)
class WeighedNeed:
    """A need, who asks for it, and what they are worth.

    Attributes:
        need: The need.
        requests: What was asked for, the earliest first.
        accounts: The accounts of the book that ask, each once, by name.
        outside: Those who ask and are not in the book; they count nowhere.
        unknown: Of the accounts those whose value is unknown.
        of_accounts: The accounts that ask over those of the book.
        of_value: The known value of those that ask over that of the book.
        largest: The account that holds most of the value behind it, the first by name of several;
            None where a value is unknown, or no account of the book asks.
        largest_share: Its share of that value, undefined where nothing is behind it; None where a
            value is unknown.
        weighing: The limits that were asked.
    """

    need: str
    requests: tuple[Request, ...]
    accounts: tuple[str, ...]
    outside: tuple[str, ...]
    unknown: tuple[str, ...]
    of_accounts: Rate
    of_value: Rate
    largest: str | None
    largest_share: Rate | None
    weighing: Weighing = attrs.field(repr=False)

    @property
    def scope(self) -> Scope:
        """Whom it serves."""
        if len(self.accounts) < self.weighing.least:
            return Scope.ONE_CUSTOMER
        if self.largest_share is None:
            return Scope.UNKNOWN
        share = self.largest_share.value
        held = share is not None and share > self.weighing.most
        return Scope.ONE_CUSTOMER if held else Scope.PRODUCT

    @property
    def reason(self) -> str:
        """Why it is taken for that, in words."""
        count, least = len(self.accounts), self.weighing.least
        if count < least:
            return f"{_accounts(count)}, fewer than {least}"
        if self.unknown:
            return f"{_accounts(count)}; ask what they are worth: {', '.join(self.unknown)}"
        share = self.largest_share
        if share is None or share.value is None:
            return f"{_accounts(count)}; no value is behind it"
        return f"{_accounts(count)}; {self.largest} holds {share:.0%} of the value behind it"

    @property
    def roles(self) -> tuple[str, ...]:
        """The job roles that ask, each once, by name."""
        return tuple(sorted({each.role for each in self.requests if each.role is not None}))

    @property
    def problems(self) -> tuple[str, ...]:
        """The business problems behind it, each once, by name: another answer may solve them."""
        return tuple(sorted({each.problem for each in self.requests if each.problem is not None}))

    @property
    def ask_why(self) -> tuple[Request, ...]:
        """The requests whose problem is unknown, the earliest first."""
        return tuple(each for each in self.requests if each.problem is None)

    def __str__(self) -> str:
        reach = f"{_accounts(len(self.accounts))} of {self.of_accounts.denominator}"
        value = f"{self.of_value.numerator} of {self.of_value.denominator}"
        others = f"; worth unknown: {', '.join(self.unknown)}" if self.unknown else ""
        others += f"; not in the book: {', '.join(self.outside)}" if self.outside else ""
        return f"{self.need}: {self.scope}, {reach} with {value}{others}"


def _accounts(count: int) -> str:
    return f"{count} account{'' if count == 1 else 's'}"


@attrs.frozen(kw_only=True)
class Feedback:
    """The needs of the field, the weightiest first.

    Attributes:
        needs: The needs, each with its requests.
        definition: The fingerprint of the weighing.
    """

    needs: tuple[WeighedNeed, ...]
    definition: str

    @property
    def product_wide(self) -> tuple[WeighedNeed, ...]:
        """The needs that serve the product as a whole, in order."""
        return tuple(each for each in self.needs if each.scope is Scope.PRODUCT)

    @property
    def ask_why(self) -> tuple[Request, ...]:
        """The requests whose problem is unknown, in the order of their needs."""
        return tuple(request for each in self.needs for request in each.ask_why)

    def __str__(self) -> str:
        asked = dict.fromkeys(f"{each.account} about {each.need}" for each in self.ask_why)
        return "\n".join((*map(str, self.needs), *_asked(asked)))


def _asked(whom: Iterable[str]) -> Iterator[str]:
    if listed := ", ".join(whom):
        yield f"ask why: {listed}"
