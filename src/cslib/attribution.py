"""Attribution: which link failed first, where an account did not succeed (L10, J).

Success has a causal order: sold right, then implemented right, and only then can customer success
help. A failure is that of the earliest link that failed; what comes after could not have held.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable

import attrs
from attrs import validators as v

from cslib.documents import document
from cslib.faults import refuse, unique_faults
from cslib.rules import Explanation, Rule, condition

__all__ = ["Attribution", "Chain", "Link", "LinkStatus"]


@attrs.frozen(kw_only=True)
class Link:
    """One link of the chain.

    Attributes:
        name: Its name: "sold right".
        held: What is true of an account for which it held.
        owner: The role that answers for it, never a person.
        meaning: What exactly it says, in words.
    """

    name: str = attrs.field(validator=v.and_(v.instance_of(str), v.min_len(1)))
    held: Rule = attrs.field(converter=condition)
    owner: str = attrs.field(default="", validator=v.instance_of(str))
    meaning: str = attrs.field(default="", validator=v.instance_of(str))


class LinkStatus(enum.StrEnum):
    """How a chain stands."""

    HELD = "held"
    FAILED = "failed"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class Attribution:
    """To which link a failure goes.

    Attributes:
        status: Whether every link held, one failed, or that cannot be told.
        link: The link that failed first, or that cannot be told; None where all held.
        explanation: What made it so.
        missing: What is not known and decides.
    """

    status: LinkStatus
    link: Link | None = None
    explanation: Explanation | None = None
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.link is None:
            return "every link held"
        if self.status is LinkStatus.FAILED:
            return f"{self.link.name} failed first"
        return f"{self.link.name} cannot be told: {', '.join(self.missing)} unknown"


def _links(links: Iterable[Link]) -> tuple[Link, ...]:
    return tuple(links)


@document("chain", version=1)
@attrs.frozen(kw_only=True)
class Chain:
    """Links in their causal order.

    Attributes:
        name: Its name.
        links: The links, the first cause first.

    Raises:
        DefinitionError: If a link's name stands twice.

    >>> chain = Chain(name="success", links=(
    ...     Link(name="sold right", held="challenge_named"),
    ...     Link(name="implemented right", held="deadline_live in ('met', 'waived')"),
    ...     Link(name="used", held="seats_used / seats >= 0.6"),
    ... ))
    >>> account = {"challenge_named": True, "deadline_live": "missed", "seats_used": 2, "seats": 10}
    >>> print(chain.attribute(account))
    implemented right failed first
    >>> print(chain.attribute({"deadline_live": "missed"}))
    sold right cannot be told: challenge_named unknown
    """

    name: str = attrs.field(validator=v.instance_of(str))
    links: tuple[Link, ...] = attrs.field(converter=_links, validator=v.min_len(1))

    def __attrs_post_init__(self) -> None:
        names = [link.name for link in self.links]
        refuse(f"chain {self.name!r}", unique_faults("$.links", names))

    def attribute(self, account: object, *, as_of: dt.date | None = None) -> Attribution:
        """The earliest link that failed.

        A link that cannot be told hides those after it: they may have failed because of it.

        Args:
            account: The account's facts, those of its journey among them.
            as_of: Today, where a link counts days from it.

        Raises:
            FactError: If a fact is of the wrong kind.
        """
        for link in self.links:
            held = link.held(account, as_of=as_of)
            if held:
                continue
            why = link.held.explain(account, as_of=as_of)
            status = LinkStatus.UNKNOWN if held is None else LinkStatus.FAILED
            return Attribution(status=status, link=link, explanation=why, missing=why.missing)
        return Attribution(status=LinkStatus.HELD)
