"""Norms: an account's figure beside those of its peers (H9, J).

A part of :mod:`cslib.health`. The figures of a book and the segments that its accounts lie in make
:class:`Norms`, which rank one figure (:meth:`Norms.standing`) or a column of them
(:meth:`Norms.standings`), with equal results, and say beside whom.

Conventions:

* A percentile rank is the share of the peers who do worse, and half of those who do the same
  (Crocker & Algina, *Introduction to Classical and Modern Test Theory*, 1986; ``kind="mean"`` of
  SciPy's ``percentileofscore``). It is a fraction, 0 to 1.
* Peers are all accounts of a segment whose figure is known, the one that is ranked included where
  it is among them: equal figures of a segment have an equal rank, whoever asks.
* Quartiles are interpolated as spreadsheets do it (type 7 of Hyndman & Fan, "Sample Quantiles in
  Statistical Packages", *The American Statistician* 50, 1996).
* Figures are doubles. None, NaN and masked are unknown, in figures and in segments.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from cslib.arguments import ArgumentError, check_lengths, flat, refuse_rows
from cslib.expressions import MAX_NUMBER, Kind
from cslib.facts import FactError, getter, known, real
from cslib.faults import shown, similar
from cslib.series import BY_CONTENT, read_only

__all__ = [
    "NormError",
    "Norms",
    "Peers",
    "Skipped",
    "Standing",
    "Standings",
    "figure_column",
    "figure_of",
    "label_column",
]

Column: TypeAlias = npt.NDArray[Any]
Doubles: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Segment: TypeAlias = tuple[tuple[str, Any], ...]

_NUMBER = frozenset({Kind.NUMBER})
_LABEL = frozenset({Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN})
_MOST = 1e300  # so that the difference of two figures is a figure


class NormError(ArgumentError):
    """A column, a figure or an order of segments of which no norms can be made.

    >>> print(NormError("least", None, "is 1: expected 2 or more"))
    least is 1: expected 2 or more
    """


_refuse = functools.partial(refuse_rows, NormError)


# --------------------------------------------------------------------------------------
# Figures and labels, read and checked


def figure_of(argument: str, given: object) -> float | None:
    """One figure as a double, None where unknown.

    Raises:
        NormError: If it is no number within plus or minus 1e300.

    >>> figure_of("figure", 30), figure_of("figure", float("nan"))
    (30.0, None)
    """
    try:
        found = real(given, argument, _NUMBER)
    except FactError as error:
        raise NormError(argument, None, f"is {shown(error.given)}: {_FIGURE}") from None
    if found is None:
        return None
    value = float(found)  # type: ignore[arg-type]  # of the kinds above there are numbers only
    if not abs(value) <= _MOST:
        raise NormError(argument, None, f"is {value}: {_BOUNDS}")
    return value + 0.0  # one zero


_BOUNDS = "expected a number within plus or minus 1e300"
_FIGURE = "expected a number, if whole within plus or minus 2**53"
_LABELS = "expected a text, a number or a flag"


def figure_column(argument: str, given: npt.ArrayLike) -> Doubles:
    """A column of figures as doubles, NaN where unknown, not to be written to.

    Raises:
        NormError: If it is none: with the first row that holds no number within plus or minus
            1e300, or a whole number that no double holds.

    >>> figure_column("days", [30, None])
    array([30., nan])
    """
    values = flat(NormError, argument, given)
    if values.dtype.kind in "iu":
        wide = np.ma.getmaskarray(values) | (values <= MAX_NUMBER) & (values >= -MAX_NUMBER)
        _refuse(argument, values, ~wide, _FIGURE)
    elif values.dtype.kind == "O":
        read = functools.partial(real, name=argument, kinds=_NUMBER)
        values = np.array(
            list(_each(argument, values, read, _FIGURE)), np.float64
        )  # None becomes NaN
    elif values.dtype.kind != "f" and values.size:
        raise NormError(argument, None, f"holds {values.dtype}: expected numbers")
    doubles = np.ma.filled(values.astype(np.float64), np.nan) + 0.0  # one zero
    _refuse(argument, doubles, np.abs(doubles) > _MOST, _BOUNDS)
    found: Doubles = read_only(doubles)
    return found


def label_column(argument: str, given: npt.ArrayLike) -> Column:
    """A column of labels (texts, numbers, booleans) as objects, None where unknown.

    Raises:
        NormError: If it is none, with the first row that holds no label.

    >>> label_column("industry", ["retail", None])
    array(['retail', None], dtype=object)
    """
    values = flat(NormError, argument, given)
    read = functools.partial(known, name=argument, kinds=_LABEL)
    labels = np.empty(values.size, object)
    if values.dtype.kind in "Ubiu" and not np.ma.is_masked(values):  # the quick way: all are known
        labels[:] = np.asarray(values).tolist()
    else:
        labels[:] = list(_each(argument, values, read, _LABELS))
    found: Column = read_only(labels)
    return found


def _each(
    argument: str, values: Column, read: Callable[[Any], Any], expected: str
) -> Iterator[Any]:
    """What is read of each entry; a masked one is None."""
    for row, value in enumerate(values.tolist()):
        try:
            yield read(value)
        except FactError as error:
            raise NormError(argument, row, f"is {shown(error.given)}: {expected}") from None


def _sorted(given: npt.ArrayLike) -> Doubles:
    """Known figures in order."""
    values = figure_column("figures", given)
    _refuse("figures", values, np.isnan(values), "expected known figures")
    found: Doubles = read_only(np.sort(values))
    return found


def _by_columns(columns: Mapping[str, Column]) -> object:
    """What attrs compares in the place of columns by name."""
    return {name: BY_CONTENT(column) for name, column in columns.items()}


def _figures(given: npt.ArrayLike) -> Doubles:
    return figure_column("figures", given)


def _by_figures(given: Doubles) -> object:
    """What attrs compares in the place of figures, in which NaN equals NaN."""
    return BY_CONTENT(np.ma.masked_invalid(given))


# --------------------------------------------------------------------------------------
# The peers of one segment


@attrs.frozen(kw_only=True, repr=False)
class Peers:
    """The known figures of the accounts of one segment.

    Attributes:
        segment: Names of facts and the labels that the accounts have; none: all accounts.
        figures: Their figures, in order.
        lower_is_better: Whether a lower figure is the better one.

    >>> days = Peers(segment=(("industry", "retail"),), figures=[15, 20, 20, 45])
    >>> days
    <Peers: 4 of industry 'retail', median 20 (18.75 to 26.25)>
    >>> days.rank(20)
    Fraction(1, 2)
    """

    segment: Segment
    figures: Doubles = attrs.field(converter=_sorted, eq=BY_CONTENT)
    lower_is_better: bool = False

    def __len__(self) -> int:
        return int(self.figures.size)

    def __repr__(self) -> str:
        return f"<Peers: {self}>"

    def __str__(self) -> str:
        named = " and ".join(f"{name} {label!r}" for name, label in self.segment)
        whose = f"{len(self)} of {named}" if named else f"{len(self)} of all"
        if self.median is None:
            return whose
        return (
            f"{whose}, median {self.median:g} ({self.lower_quartile:g} to {self.upper_quartile:g})"
        )

    def counts(self, figures: Any) -> tuple[Any, Any]:
        """How many do worse than a known figure, and how many the same; of arrays likewise."""
        below = np.searchsorted(self.figures, figures, "left")
        up_to = np.searchsorted(self.figures, figures, "right")
        worse = len(self) - up_to if self.lower_is_better else below
        return worse, up_to - below

    def rank(self, figure: object) -> Fraction | None:
        """The percentile rank of a figure, 0 to 1; None where it is unknown or there are no peers.

        Raises:
            NormError: If the figure is no number.
        """
        value = figure_of("figure", figure)
        if value is None or not len(self):
            return None
        worse, equal = self.counts(value)
        return Fraction(2 * int(worse) + int(equal), 2 * len(self))

    @property
    def lower_quartile(self) -> float | None:
        """A quarter of the figures lies below it, whichever is better; None without peers."""
        return self._quantile(1)

    @property
    def median(self) -> float | None:
        """The figure in the middle, or the mean of the two there; None without peers."""
        return self._quantile(2)

    @property
    def upper_quartile(self) -> float | None:
        """A quarter of the figures lies above it, whichever is better; None without peers."""
        return self._quantile(3)

    def _quantile(self, quarters: int) -> float | None:
        """Type 7: between the figures at ``quarters`` quarters of the way from first to last."""
        if not len(self):
            return None
        place, rest = divmod(quarters * (len(self) - 1), 4)
        low, high = self.figures[place], self.figures[place + (rest > 0)]
        return float(low + (high - low) * (rest / 4))


# --------------------------------------------------------------------------------------
# What is answered


@attrs.frozen
class Skipped:
    """A segment that was passed over, and why.

    Attributes:
        by: The facts that it is told by.
        unknown: Those of them that are not known of the account.
        peers: How many accounts of it have a known figure; None where a fact is not known.

    >>> print(Skipped(("industry", "size"), ("size",), None))
    industry and size: size is not known
    >>> print(Skipped(("industry",), (), 3))
    industry: 3 peers
    """

    by: tuple[str, ...]
    unknown: tuple[str, ...]
    peers: int | None

    def __str__(self) -> str:
        whose = " and ".join(self.by) or "all"
        if self.peers is None:
            verb = "is" if len(self.unknown) == 1 else "are"
            return f"{whose}: {' and '.join(self.unknown)} {verb} not known"
        return f"{whose}: {self.peers} peer{'' if self.peers == 1 else 's'}"


@attrs.frozen(kw_only=True)
class Standing:
    """Where a figure stands among its peers, and who they are.

    Attributes:
        figure: The figure; None where unknown.
        peers: The peers; None where no segment has enough of them.
        least: How many are enough.
        skipped: The segments that were passed over, in order.
    """

    figure: float | None
    peers: Peers | None
    least: int
    skipped: tuple[Skipped, ...]

    @property
    def rank(self) -> Fraction | None:
        """The percentile rank, 0 to 1: better is higher. None where it is unknown."""
        return None if self.peers is None else self.peers.rank(self.figure)

    @property
    def worse(self) -> int | None:
        """How many peers do worse; None where it is unknown."""
        return None if self.rank is None else self._counts[0]

    @property
    def equal(self) -> int | None:
        """How many have the same figure, the account itself included; None where unknown."""
        return None if self.rank is None else self._counts[1]

    @property
    def _counts(self) -> tuple[int, int]:
        worse, equal = self.peers.counts(self.figure) if self.peers else (0, 0)
        return int(worse), int(equal)

    def __str__(self) -> str:
        """In words: the rank, the peers it is taken from, and what was passed over."""
        passed = "; ".join(map(str, self.skipped))
        if self.peers is None:
            return f"unknown: fewer than {self.least} peers ({passed})"
        beside = f"{self.peers}" + (f" (passed over: {passed})" if passed else "")
        if self.rank is None:
            return f"unknown: no figure to put beside {beside}"
        return f"{self.figure:g} is at {float(self.rank):.1%} of {beside}"


@attrs.frozen(kw_only=True, repr=False)
class Standings:
    """Where each figure of a column stands, a row for each.

    Attributes:
        fallback: The segments in the order in which they were tried.
        figure: The figures; NaN where unknown.
        segment: Which of ``fallback`` the peers are of, as a position; -1 where none has enough.
        peers: How many peers there are; 0 where no segment has enough.
        worse: How many of them do worse, masked where unknown.
        equal: How many have the same figure, masked where unknown.
        lower_quartile: Of the peers' figures, masked where no segment has enough.
        median: Likewise.
        upper_quartile: Likewise.
    """

    fallback: tuple[tuple[str, ...], ...]
    figure: Doubles = attrs.field(eq=_by_figures)
    segment: Integers = attrs.field(eq=BY_CONTENT)
    peers: Integers = attrs.field(eq=BY_CONTENT)
    worse: np.ma.MaskedArray[Any, np.dtype[np.int64]] = attrs.field(eq=BY_CONTENT)
    equal: np.ma.MaskedArray[Any, np.dtype[np.int64]] = attrs.field(eq=BY_CONTENT)
    lower_quartile: np.ma.MaskedArray[Any, np.dtype[np.float64]] = attrs.field(eq=BY_CONTENT)
    median: np.ma.MaskedArray[Any, np.dtype[np.float64]] = attrs.field(eq=BY_CONTENT)
    upper_quartile: np.ma.MaskedArray[Any, np.dtype[np.float64]] = attrs.field(eq=BY_CONTENT)

    @property
    def rank(self) -> np.ma.MaskedArray[Any, np.dtype[np.float64]]:
        """The percentile ranks, 0 to 1, masked where unknown: the doubles nearest to the exact."""
        twice = 2 * self.worse.data + self.equal.data
        shares = twice / np.maximum(2 * self.peers, 1)
        return np.ma.masked_array(shares, np.ma.getmaskarray(self.worse))

    def __len__(self) -> int:
        return int(self.figure.size)

    def __repr__(self) -> str:
        by = [(" and ".join(names) or "all", place) for place, names in enumerate(self.fallback)]
        counts = [f"{(self.segment == place).sum():,} by {whose}" for whose, place in by]
        none = int((self.segment < 0).sum())
        return f"<Standings: {', '.join(counts)}, {none:,} without peers>"


# --------------------------------------------------------------------------------------
# The norms


def _orders(given: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Each segment as a tuple of names; what is no such thing is reported by name."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise NormError("fallback", None, f"is {shown(given)}: {_FALLBACK}")
    found = []
    for row, names in enumerate(given):
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise NormError("fallback", row, f"is {shown(names)}: {_FALLBACK}")
        found.append(tuple(names))
        if not all(isinstance(name, str) and name for name in found[-1]):
            raise NormError("fallback", row, f"holds what is no name: {_FALLBACK}")
    return tuple(found)


_FALLBACK = 'expected names for each segment, as (("industry", "size"), ("industry",), ())'


@attrs.frozen(kw_only=True, repr=False, slots=False)  # a cached property needs a __dict__
class Norms:
    """The figures of a book by segment, to put others beside.

    Attributes:
        figures: The figure of each account.
        segments: The facts that tell segments, by name, a column for each; such as industry and
            size. Other columns of a mapping are not looked at.
        fallback: The facts that tell a segment, from the one that is tried first to the last;
            ``()`` tells none, and stands for all accounts.
        least: How many peers a segment needs, 2 or more; where it has fewer, or the account's own
            facts are unknown, the next one is tried.
        lower_is_better: Whether a lower figure is the better one, as with days to hire.

    Raises:
        NormError: With the first row at fault: columns of unequal length, a figure that is no
            number, a segment without a column.

    >>> norms = Norms(
    ...     figures=[15, 20, 20, 45, 30, 35],
    ...     segments={"industry": ["retail"] * 4 + ["banking"] * 2},
    ...     fallback=(("industry",), ()),
    ...     least=4,
    ...     lower_is_better=True,
    ... )
    >>> print(norms.standing(30, {"industry": "retail"}))
    30 is at 25.0% of 4 of industry 'retail', median 20 (18.75 to 26.25)
    >>> print(norms.standing(30, {"industry": "banking"}))
    30 is at 41.7% of 6 of all, median 25 (20 to 33.75) (passed over: industry: 2 peers)
    """

    figures: Doubles = attrs.field(converter=_figures, eq=_by_figures)
    segments: Mapping[str, Column] = attrs.field(eq=_by_columns)
    fallback: tuple[tuple[str, ...], ...] = attrs.field(converter=_orders)
    least: int
    lower_is_better: bool = False

    def __attrs_post_init__(self) -> None:
        if isinstance(self.least, bool) or not isinstance(self.least, int) or self.least < 2:
            way = "expected a whole number, 2 or more: alone an account is its own peer"
            raise NormError("least", None, f"is {shown(self.least)}: {way}")
        if not self.fallback:
            raise NormError("fallback", None, f"is empty: {_FALLBACK}")
        if not isinstance(self.segments, Mapping):
            way = "expected columns by name"
            raise NormError("segments", None, f"is {shown(self.segments)}: {way}")
        object.__setattr__(self, "segments", dict(self._own_columns()))
        lengths = {name: len(column) for name, column in self.segments.items()}
        check_lengths(NormError, {"figures": self.figures.size, **lengths})

    def _own_columns(self) -> Iterator[tuple[str, Column]]:
        for row, names in enumerate(self.fallback):
            for name in names:
                if name not in self.segments:
                    known_ones = [each for each in self.segments if isinstance(each, str)]
                    hint = similar(name, known_ones)
                    message = f"names {name!r}, of which segments has no column{hint}"
                    raise NormError("fallback", row, message)
                yield name, label_column(f"segments.{name}", self.segments[name])

    def __repr__(self) -> str:
        order = ", then ".join(" and ".join(names) or "all" for names in self.fallback)
        amount = int(self.figures.size - np.isnan(self.figures).sum())
        return f"<Norms: {amount:,} figures by {order}, {self.least} peers or more>"

    def __hash__(self) -> int:
        return hash((self.figures.size, self.fallback, self.least, self.lower_is_better))

    def standing(self, figure: object, account: object) -> Standing:
        """Where one figure stands.

        Args:
            figure: The figure, one of the book or any other.
            account: The facts that tell its segments: a mapping or an object. What is absent is
                unknown.

        Raises:
            NormError: If the figure is no number.
            FactError: If a fact is no label.
        """
        value, get = figure_of("figure", figure), getter(account)
        labels = {name: known(get(name), name, _LABEL) for name in self.segments}
        skipped: list[Skipped] = []
        peers = None
        for level in self._levels:
            unknown = tuple(name for name in level.by if labels[name] is None)
            found = None if unknown else level.peers_of(tuple(labels[name] for name in level.by))
            if found is not None and len(found) >= self.least:
                peers = found
                break
            skipped.append(Skipped(level.by, unknown, None if found is None else len(found)))
        return Standing(figure=value, peers=peers, least=self.least, skipped=tuple(skipped))

    def standings(self, figures: npt.ArrayLike, accounts: Mapping[str, Any]) -> Standings:
        """Where each figure of a column stands, equal to :meth:`standing` on each row.

        Args:
            figures: The figures, of the book or any others.
            accounts: Columns of the facts that tell segments, by name. An absent column is unknown
                in every row; others are not looked at.

        Raises:
            NormError: If columns differ in length, or hold what is no number or no label.
        """
        values = figure_column("figures", figures)
        columns = {
            name: label_column(f"accounts.{name}", accounts[name])
            for name in self.segments
            if name in accounts
        }
        check_lengths(
            NormError, {"figures": values.size, **{name: len(c) for name, c in columns.items()}}
        )
        found, coded = _Rows(values), _Coded(columns)
        for place, level in enumerate(self._levels):
            for peers, rows in level.split(coded, found.open_rows()):
                if len(peers) >= self.least:
                    found.put(place, peers, rows)
        return found.standings(self.fallback)

    @functools.cached_property
    def _levels(self) -> tuple[_Level, ...]:
        own, coded = np.flatnonzero(~np.isnan(self.figures)), _Coded(self.segments)
        return tuple(
            _Level(names, coded.split(names, own), self.figures, self.lower_is_better)
            for names in self.fallback
        )


class _Level:
    """The peers of every segment that some facts tell."""

    def __init__(
        self,
        by: tuple[str, ...],
        rows: dict[tuple[Any, ...], Integers],
        figures: Doubles,
        lower_is_better: bool,
    ) -> None:
        self.by = by
        self._peers = {
            labels: Peers(
                segment=tuple(zip(by, labels, strict=True)),
                figures=figures[places],
                lower_is_better=lower_is_better,
            )
            for labels, places in rows.items()
        }

    def peers_of(self, labels: tuple[Any, ...]) -> Peers:
        found = self._peers.get(labels)
        if found is None:
            found = Peers(segment=tuple(zip(self.by, labels, strict=True)), figures=np.zeros(0))
        return found

    def split(self, columns: _Coded, rows: Integers) -> Iterator[tuple[Peers, Integers]]:
        """The rows of each segment, with its peers; without those of which a fact is unknown."""
        if all(name in columns.codes for name in self.by):
            for labels, places in columns.split(self.by, rows).items():
                yield self.peers_of(labels), places


class _Rows:
    """The answer's columns, filled segment by segment."""

    def __init__(self, figures: Doubles) -> None:
        self.figures = figures
        self.segment = np.full(figures.size, -1)
        self.counts = np.zeros((3, figures.size), np.int64)
        self.quartiles = np.zeros((3, figures.size))

    def open_rows(self) -> Integers:
        return np.flatnonzero(self.segment < 0)

    def put(self, place: int, peers: Peers, rows: Integers) -> None:
        self.segment[rows] = place
        self.counts[0, rows] = len(peers)
        self.counts[1:, rows] = peers.counts(self.figures[rows])
        three = (peers.lower_quartile, peers.median, peers.upper_quartile)
        self.quartiles[:, rows] = np.array(three, np.float64)[:, None]

    def standings(self, fallback: tuple[tuple[str, ...], ...]) -> Standings:
        alone = self.segment < 0
        unknown = alone | np.isnan(self.figures)
        self.counts[1:, unknown] = 0
        low, median, high = (np.ma.masked_array(each, alone) for each in self.quartiles)
        return Standings(
            fallback=fallback,
            figure=self.figures,
            segment=read_only(self.segment),
            peers=read_only(self.counts[0]),
            worse=np.ma.masked_array(self.counts[1], unknown),
            equal=np.ma.masked_array(self.counts[2], unknown),
            lower_quartile=low,
            median=median,
            upper_quartile=high,
        )


class _Coded:
    """Columns of labels as numbers, -1 where unknown."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.labels: dict[str, list[Any]] = {}
        self.codes: dict[str, Integers] = {}
        for name, column in columns.items():
            numbers: dict[Any, int] = {None: -1}
            found = (numbers.setdefault(label, len(numbers) - 1) for label in column.tolist())
            self.codes[name] = np.fromiter(found, np.int64, column.size)
            self.labels[name] = list(numbers)[1:]

    def split(self, names: tuple[str, ...], rows: Integers) -> dict[tuple[Any, ...], Integers]:
        """The rows by their labels; those of which a label is unknown are in none."""
        for name in names:
            rows = rows[self.codes[name][rows] >= 0]
        group = np.zeros(rows.size, np.int64)
        for name in names:  # numbered anew each time, so that no product is too large
            group = group * len(self.labels[name]) + self.codes[name][rows]
            group = np.unique(group, return_inverse=True)[1]
        inorder = rows[np.argsort(group, kind="stable")]
        parts = np.split(inorder, np.cumsum(np.bincount(group))[:-1]) if rows.size else []
        return {self._labels_at(names, part[0]): part for part in parts}

    def _labels_at(self, names: tuple[str, ...], row: int) -> tuple[Any, ...]:
        return tuple(self.labels[name][self.codes[name][row]] for name in names)
