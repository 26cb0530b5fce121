"""Roll-ups: the health of a parent account from that of its children, or of an account's products.

A part of :mod:`cslib.health`. What is rolled up is plain data: who belongs to whom, and the score
of each leaf, exact or unknown. :func:`roll_up` answers with the evidence of every parent,
:func:`roll_up_columns` with columns, and both are computed by the same sums.

Conventions:

* A hierarchy is rolled up level by level: a parent's score is made of its direct children's, each
  of which may itself be a parent. Only leaves have a score, a value and a tier of their own.
* What is unknown is left out, inside each parent first: a child counts with its full weight however
  little of it is known, as a group of measures does in a scorecard.
* The coverage is the share of the weight that was known, all levels taken together. Under the floor
  a parent is unknown, and is left out of its own parent.
* Scores are exact, floats at exactly their value; no float is added to another.
"""

from __future__ import annotations

import enum
import math
import operator
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import ArgumentError, check_lengths, flat
from cslib.faults import brief, shown, similar
from cslib.money import InexactError, allocate, common_units, exact
from cslib.series import BY_CONTENT, read_only

__all__ = [
    "By",
    "Member",
    "Part",
    "Rollup",
    "RollupColumns",
    "RollupError",
    "roll_up",
    "roll_up_columns",
]

Exact: TypeAlias = int | Decimal | Fraction
Name: TypeAlias = Any  # a text or a whole number

_UNKNOWN = "unknown"  # the word that the health of an account has for a tier that is not known


class RollupError(ArgumentError):
    """Members of which no hierarchy can be made, or an argument that cannot be taken.

    >>> print(RollupError("parent", 3, "of 'bo' is 'acne', which is no member"))
    parent[3] of 'bo' is 'acne', which is no member
    """


class By(enum.StrEnum):
    """How the scores of children become that of their parent."""

    WORST = "worst"
    """The lowest."""
    MEAN = "mean"
    """Their mean, each child counting alike."""
    VALUE = "value"
    """Their mean weighted by value; a parent's value is that of all its children."""


# --------------------------------------------------------------------------------------
# What goes in


@attrs.frozen(kw_only=True)
class Member:
    """An account, a product or whatever stands in a hierarchy.

    Attributes:
        name: Its name, a text or a whole number.
        parent: The member that it belongs to; None at the top.
        score: Its score, 0 or more; None where unknown. A parent has none of its own: give what it
            uses itself a member of its own.
        value: What it is worth, 0 or more and exact; asked for by :attr:`By.VALUE` alone.
        tier: Its tier; None or "unknown" where unknown.
    """

    name: Name
    parent: Name | None = None
    score: Exact | float | None = None
    value: Exact | None = None
    tier: str | None = None


# --------------------------------------------------------------------------------------
# What comes out


@attrs.frozen(kw_only=True)
class Part:
    """What one child gave to its parent.

    Attributes:
        name: The child.
        score: Its score; None where unknown, and left out.
        weight: 1, or its value.
        coverage: The share of its own weight that is known, 0 to 1.
        contribution: What it adds to the parent's score; None where it is left out, or the parent
            has no score.
        tier: The worst tier in it; None where none is known.
    """

    name: Name
    score: Fraction | None
    weight: Fraction
    coverage: Fraction
    contribution: Fraction | None
    tier: str | None


@attrs.frozen(kw_only=True)
class Rollup:
    """The health of a parent, and what it was made from.

    Attributes:
        name: The parent.
        by: How its children were put together.
        score: Its score; None where nothing is known, or less than the floor.
        coverage: The share of the weight that is known, 0 to 1; what lies in a child without a
            score counts as not known.
        floor: The least coverage for a score.
        parts: The children in the order of their names; their contributions add up to the score.
        worst_tier: The worst tier of any leaf beneath, however little is known of the others;
            None where none is.
    """

    name: Name
    by: By
    score: Fraction | None
    coverage: Fraction
    floor: Fraction
    parts: tuple[Part, ...]
    worst_tier: str | None

    @property
    def left_out(self) -> tuple[Name, ...]:
        """The children without a score."""
        return tuple(part.name for part in self.parts if part.score is None)

    def explain(self) -> str:
        """In words, a line for each child; contributions are rounded so that they add up."""
        if self.score is None:
            return "\n".join([str(self), *map(_line, self.parts)])
        whole = round(self.score * 100)
        known = [part for part in self.parts if part.contribution is not None]
        given = [part.contribution or Fraction(0) for part in known]
        cents = allocate(whole, given) if self.score else (0,) * len(given)
        shares = {part.name: each for part, each in zip(known, cents, strict=True)}
        lines = [_line(part, shares.get(part.name)) for part in self.parts]
        return "\n".join([str(self), *lines])

    def __str__(self) -> str:
        score = (
            "unknown" if self.score is None else f"{_shown(round(self.score * 100))} by {self.by}"
        )
        share = f"{int(self.coverage * 100)} % of the weight known"
        tier = "" if self.worst_tier is None else f", worst tier {self.worst_tier}"
        return f"{self.name}: {score}, {share}{tier}"

    __repr__ = brief


def _line(part: Part, cents: int | None = None) -> str:
    tier = "" if part.tier is None else f" ({part.tier})"
    if part.score is None:
        return f"  {part.name}: unknown{tier}, left out"
    gives = "" if cents is None else f" gives {_shown(cents)}"
    score = _shown(round(part.score * 100))
    return f"  {part.name}: {score}{tier}, weight {_plain(part.weight)}{gives}"


def _plain(weight: Fraction) -> str:
    found = Decimal(weight.numerator) / Decimal(weight.denominator)
    return f"{found.normalize():f}"


def _shown(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)


@attrs.frozen(kw_only=True, repr=False)
class RollupColumns:
    """The health of every parent, a row for each, in the order of their names.

    Attributes:
        name: The parents.
        score: Their scores, the doubles nearest to the exact ones; masked where unknown.
        coverage: The shares of the weight that is known, likewise.
        parts: How many children each has.
        known: How many of them have a score.
        worst_tier: The worst tier beneath, None where none is known.
    """

    name: npt.NDArray[Any] = attrs.field(eq=BY_CONTENT)
    score: np.ma.MaskedArray[Any, np.dtype[np.float64]] = attrs.field(eq=BY_CONTENT)
    coverage: npt.NDArray[np.float64] = attrs.field(eq=BY_CONTENT)
    parts: npt.NDArray[np.int64] = attrs.field(eq=BY_CONTENT)
    known: npt.NDArray[np.int64] = attrs.field(eq=BY_CONTENT)
    worst_tier: npt.NDArray[Any] = attrs.field(eq=BY_CONTENT)
    _sums: _Sums = attrs.field(alias="sums", eq=False)

    def rollup(self, name: Name) -> Rollup:
        """The evidence of one parent.

        Raises:
            RollupError: If there is no parent of that name.
        """
        tree = self._sums.tree
        place = tree.places.get(name)
        if place is None or not tree.children[place]:
            parents = [str(each) for each in self.name.tolist()]
            hint = similar(str(name), parents)
            raise RollupError("name", None, f"is {shown(name)}, which is no parent{hint}")
        return self._sums.rollup(place)

    def __len__(self) -> int:
        return int(self.name.size)

    def __repr__(self) -> str:
        known = int((~np.ma.getmaskarray(self.score)).sum())
        return f"<RollupColumns: {len(self):,} parents, {known:,} of them with a score>"


# --------------------------------------------------------------------------------------
# The two doors


def roll_up(
    members: Iterable[Member],
    *,
    by: By | str = By.MEAN,
    floor: Exact = 0,
    tiers: Sequence[str] = (),
) -> dict[Name, Rollup]:
    """The health of every parent by its name, in the order of the names.

    Args:
        members: All members, each once, parents included; in any order.
        by: How the scores of children become their parent's.
        floor: The least coverage for a score, 0 to 1, itself included. Where nothing is known there
            is none, whatever the floor.
        tiers: The tiers, best first, where members have any.

    Raises:
        RollupError: If a member stands there twice or in two parents, a parent is no member, there
            is a cycle, or a parent has a score, value or tier; each by name. If a score, value,
            tier, or an argument, is none.

    >>> found = roll_up([
    ...     Member(name="acme"),
    ...     Member(name="acme/crm", parent="acme", score=90, value=3000),
    ...     Member(name="acme/desk", parent="acme", score=40, value=1000),
    ...     Member(name="acme/chat", parent="acme", value=1000),
    ... ], by="value")
    >>> print(found["acme"].explain())
    acme: 77.50 by value, 80 % of the weight known
      acme/chat: unknown, left out
      acme/crm: 90.00, weight 3000 gives 67.50
      acme/desk: 40.00, weight 1000 gives 10.00
    """
    if not isinstance(members, Iterable):
        raise RollupError("members", None, f"is {shown(members)}: expected members")
    given = list(members)
    for row, member in enumerate(given):
        if not isinstance(member, Member):
            raise RollupError("members", row, f"is {shown(member)}: expected a Member")
    columns = {
        field: [getattr(member, field) for member in given]
        for field in ("name", "parent", "score", "value", "tier")
    }
    sums = _Sums(**columns, way=_way(by, floor, tiers))
    return {sums.tree.names[place]: sums.rollup(place) for place in sums.tree.parents}


def roll_up_columns(
    name: npt.ArrayLike,
    parent: npt.ArrayLike,
    score: npt.ArrayLike,
    *,
    value: npt.ArrayLike | None = None,
    tier: npt.ArrayLike | None = None,
    by: By | str = By.MEAN,
    floor: Exact = 0,
    tiers: Sequence[str] = (),
) -> RollupColumns:
    """The health of every parent as columns, equal to :func:`roll_up` of the same members.

    Args:
        name: The names of all members, texts or whole numbers.
        parent: Of each the parent; None or masked at the top.
        score: The score; None, NaN or masked where unknown, and of every parent.
        value: What each is worth, exact; asked for by :attr:`By.VALUE` alone.
        tier: Its tier; None or "unknown" where unknown.
        by: As for :func:`roll_up`.
        floor: Likewise.
        tiers: Likewise.

    Raises:
        RollupError: As :func:`roll_up`, and if columns differ in length.

    >>> found = roll_up_columns(["a", "a/1", "a/2"], [None, "a", "a"], [None, 80.0, 60.0])
    >>> found.score.tolist(), found.rollup("a").parts[0].contribution
    ([70.0], Fraction(40, 1))
    """
    columns = {"name": name, "parent": parent, "score": score, "value": value, "tier": tier}
    arrays = {
        key: flat(RollupError, key, each) for key, each in columns.items() if each is not None
    }
    check_lengths(RollupError, {key: each.size for key, each in arrays.items()})
    nothing = [None] * arrays["name"].size
    lists = {key: arrays[key].tolist() if key in arrays else nothing for key in columns}
    sums = _Sums(**lists, way=_way(by, floor, tiers))
    places = sums.tree.parents
    scores = [sums.score[place] for place in places]
    return RollupColumns(
        name=_objects([sums.tree.names[place] for place in places]),
        score=np.ma.masked_array(
            np.array([float(each or 0) for each in scores], np.float64),
            np.array([each is None for each in scores], np.bool_),
        ),
        coverage=read_only(np.array([float(sums.coverage[place]) for place in places], np.float64)),
        parts=read_only(np.array([len(sums.tree.children[p]) for p in places], np.int64)),
        known=read_only(np.array([len(sums.known(place)) for place in places], np.int64)),
        worst_tier=_objects([sums.tier_name(place) for place in places]),
        sums=sums,
    )


def _objects(values: list[Any]) -> npt.NDArray[Any]:
    found = np.empty(len(values), object)
    found[:] = values
    result: npt.NDArray[Any] = read_only(found)
    return result


@attrs.frozen
class _Way:
    by: By
    floor: Fraction
    tiers: tuple[str, ...]


def _way(by: object, floor: object, tiers: Sequence[str]) -> _Way:
    if by not in tuple(By):
        raise RollupError("by", None, f"is {shown(by)}: expected {', '.join(By)}")
    try:
        least = exact(floor, "floor")
    except InexactError as error:
        raise RollupError("floor", None, f"cannot be taken: {error}") from None
    if not 0 <= least <= 1:
        raise RollupError("floor", None, f"is {shown(floor)}: expected 0 to 1")
    names = tuple(tiers)
    if isinstance(tiers, str) or len(set(names)) < len(names) or _UNKNOWN in names:
        expected = f"expected names, best first, each once and none of them {_UNKNOWN!r}"
        raise RollupError("tiers", None, f"is {shown(tiers)}: {expected}")
    for place, name in enumerate(names):
        if not isinstance(name, str):
            way = "expected its name, as in [tier.name for tier in card.tiers]"
            raise RollupError("tiers", place, f"is {shown(name)}: {way}")
    return _Way(By(str(by)), least, names)


# --------------------------------------------------------------------------------------
# The hierarchy


class _Tree:
    """Who belongs to whom, by places in the rows.

    Attributes:
        names: The names, in the order of the rows.
        places: Where each stands.
        children: Of each the places of its children, in the order of their names.
        upwards: Every place, children before their parents.
        parents: The places of the parents, in the order of their names.
    """

    def __init__(self, names: list[Name], parents: list[Name | None]) -> None:
        self.names = names
        self.places = _places(names, parents)
        above = [self._parent(row, parent) for row, parent in enumerate(parents)]
        by_name = sorted(range(len(names)), key=names.__getitem__)
        self.children: list[list[int]] = [[] for _ in names]
        for place in by_name:
            if above[place] is not None:
                self.children[above[place]].append(place)
        self.upwards = self._upwards(above)
        self.parents = [place for place in by_name if self.children[place]]

    def _parent(self, row: int, parent: Name | None) -> Any:
        if _is_unknown(parent):
            return None
        found = self.places.get(parent)
        if found is None:
            known = [each for each in self.names if isinstance(each, str)]
            hint = similar(parent, known) if isinstance(parent, str) else ""
            message = f"of {self.names[row]!r} is {shown(parent)}, which is no member{hint}"
            raise RollupError("parent", row, message)
        return found

    def _upwards(self, above: list[Any]) -> list[int]:
        waiting = list(map(len, self.children))
        order = [place for place, amount in enumerate(waiting) if not amount]
        for place in order:  # which grows as parents have all their children in it
            up = above[place]
            if up is not None:
                waiting[up] -= 1
                if not waiting[up]:
                    order.append(up)
        if len(order) < len(above):
            self._refuse_cycle(next(place for place, amount in enumerate(waiting) if amount), above)
        return order

    def _refuse_cycle(self, first: int, above: list[Any]) -> None:
        """Each member has one parent, so that all that are left lie on cycles."""
        way, place = [first], above[first]
        while place != first:
            way.append(place)
            place = above[place]
        names = [repr(self.names[each]) for each in (*way, first)]
        if len(names) > _MOST_SHOWN:
            names[_MOST_SHOWN - 2 : -1] = ["..."]
        raise RollupError("parent", first, f"lies on a cycle: {' in '.join(names)}")


_MOST_SHOWN = 8


def _places(names: list[Name], parents: list[Name | None]) -> dict[Name, int]:
    found: dict[Name, int] = {}
    for row, name in enumerate(names):
        if not (isinstance(name, str) and name) and not _is_whole(name):
            given = f"is {shown(name)}: expected a text that is not empty, or a whole number"
            raise RollupError("name", row, given)
        if isinstance(name, str) != isinstance(names[0], str):
            message = f"is {shown(name)}, but name[0] {shown(names[0])}: expected one kind"
            raise RollupError("name", row, message)
        first = found.setdefault(name, row)
        if first != row:
            one, other = parents[first], parents[row]
            if one == other:
                raise RollupError("name", row, f"is {name!r}, which stands there before")
            message = f"is {name!r}, which has two parents, {one!r} and {other!r}: expected one"
            raise RollupError("name", row, message)
    return found


def _is_whole(name: object) -> bool:
    return isinstance(name, int | np.integer) and not isinstance(name, bool)


def _is_unknown(value: object) -> bool:
    """None, NaN, numpy's masked and pandas' NA."""
    if value is None or type(value).__name__ in ("MaskedConstant", "NAType"):
        return True
    return isinstance(value, float | Decimal) and value != value


# --------------------------------------------------------------------------------------
# The sums


class _Sums:
    """The score, weight, coverage and worst tier of every member, from the leaves up."""

    def __init__(
        self,
        *,
        name: list[Name],
        parent: list[Name | None],
        score: list[Any],
        value: list[Any],
        tier: list[Any],
        way: _Way,
    ) -> None:
        self.tree, self.way = _Tree(name, parent), way
        for field, column in (("score", score), ("value", value), ("tier", tier)):
            self._refuse_of_parents(field, column)
        self.score = [self._score(row, each) for row, each in enumerate(score)]
        self.tier = [self._tier(row, each) for row, each in enumerate(tier)]
        self.weight, self.unit = self._weights(value)
        self.coverage: list[int | Fraction] = [int(each is not None) for each in self.score]
        for place in self.tree.upwards:
            if self.tree.children[place]:
                self._combine(place)

    def _refuse_of_parents(self, field: str, column: list[Any]) -> None:
        for place in self.tree.parents:
            given = column[place]
            if not _is_unknown(given) and not (field == "tier" and given == _UNKNOWN):
                name = self.tree.names[place]
                way = "give what it uses itself a member of its own beneath it"
                message = f"of {name!r} is {shown(given)}, but it has children: {way}"
                raise RollupError(field, place, message)

    def _score(self, row: int, given: Any) -> Fraction | None:
        if _is_unknown(given):
            return None
        if isinstance(given, float) and 0 <= given < math.inf:
            return Fraction(given)
        return Fraction(self._exact("score", row, given, "a finite number"))

    def _exact(self, field: str, row: int, given: Any, kind: str) -> Exact:
        if type(given) is int and given >= 0:
            return given
        try:
            found = exact(given)
        except InexactError:
            found = Fraction(-1)
        if found < 0:
            message = f"of {self.tree.names[row]!r} is {shown(given)}: expected {kind}, 0 or more"
            raise RollupError(field, row, message)
        return found

    def _tier(self, row: int, given: Any) -> int | None:
        if _is_unknown(given) or given == _UNKNOWN:
            return None
        if given not in self.way.tiers:
            known = ", ".join(self.way.tiers) or "none; name them in tiers, best first"
            message = f"of {self.tree.names[row]!r} is {shown(given)}: the tiers are {known}"
            raise RollupError("tier", row, message)
        return self.way.tiers.index(given)

    def _weights(self, values: list[Any]) -> tuple[list[int], int]:
        """The weights of the leaves as whole numbers, and how many of their unit make 1."""
        if self.way.by is not By.VALUE:
            return [1] * len(values), 1
        found: list[Exact] = [0] * len(values)
        for row, given in enumerate(values):
            if self.tree.children[row]:
                continue
            if _is_unknown(given):
                message = f"of {self.tree.names[row]!r} is missing: expected what it is worth"
                raise RollupError("value", row, message)
            found[row] = self._exact("value", row, given, "an exact number (int, Decimal)")
        return common_units(found)

    def known(self, place: int) -> list[int]:
        """The children that have a score."""
        return [each for each in self.tree.children[place] if self.score[each] is not None]

    def _combine(self, place: int) -> None:
        """The score of a parent whose children have theirs."""
        children, known = self.tree.children[place], self.known(place)
        whole = sum(self.weight[each] for each in children)
        if self.way.by is By.VALUE:
            self.weight[place] = whole
        covered = sum(self.weight[each] * self.coverage[each] for each in known)
        self.coverage[place] = Fraction(covered) / whole if whole else 0
        tiers = [tier for each in children if (tier := self.tier[each]) is not None]
        self.tier[place] = max(tiers, default=None)
        if self.coverage[place] and self.coverage[place] >= self.way.floor:
            self.score[place] = self._together(known)

    def _together(self, known: list[int]) -> Fraction:
        scores = [self.score[each] or Fraction(0) for each in known]
        if self.way.by is By.WORST:
            return min(scores)
        weights = [self.weight[each] for each in known]
        unit = math.lcm(*(each.denominator for each in scores))  # so that whole numbers are added
        numbers = (each.numerator * (unit // each.denominator) for each in scores)
        return Fraction(sum(map(operator.mul, weights, numbers)), unit * sum(weights))

    def _contributions(self, place: int) -> dict[int, Fraction]:
        """What each child with a score gives; they add up to the parent's."""
        known = self.known(place)
        scores = {each: self.score[each] or Fraction(0) for each in known}
        if self.way.by is By.WORST:
            worst = min(known, key=scores.__getitem__)
            return {each: scores[each] if each == worst else Fraction(0) for each in known}
        whole = sum(self.weight[each] for each in known)
        return {each: scores[each] * self.weight[each] / whole for each in known}

    def tier_name(self, place: int) -> str | None:
        """The name of the worst tier in a member."""
        tier = self.tier[place]
        return None if tier is None else self.way.tiers[tier]

    def rollup(self, place: int) -> Rollup:
        """The evidence of a parent."""
        score = self.score[place]
        given = {} if score is None else self._contributions(place)
        return Rollup(
            name=self.tree.names[place],
            by=self.way.by,
            score=score,
            coverage=Fraction(self.coverage[place]),
            floor=self.way.floor,
            parts=tuple(self._part(each, given.get(each)) for each in self.tree.children[place]),
            worst_tier=self.tier_name(place),
        )

    def _part(self, place: int, contribution: Fraction | None) -> Part:
        return Part(
            name=self.tree.names[place],
            score=self.score[place],
            weight=Fraction(self.weight[place], self.unit),
            coverage=Fraction(self.coverage[place]),
            contribution=contribution,
            tier=self.tier_name(place),
        )
