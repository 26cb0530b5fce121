"""Decision tables: which outcome some facts imply, by which row, and what to ask first.

A :class:`DecisionTable` is data: rows of a condition and an outcome, taken in order. Which status
a contract has, who owns a renewal, which variant of a flow fits a customer, which role takes an
issue: each is such a table. It answers for one record or for columns, says which row decided, and
where facts are missing gives an outcome only if every row that could still decide has the same one.
:mod:`cslib.coverage` finds records that no row takes and rows that never decide.

The terms are those of OMG's *Decision Model and Notation* (DMN 1.3, "Hit policy"): a table is
*first* (the first row that holds decides) or *unique* (no two rows may hold). The rulings where two
readers could differ are in ``docs/semantics.md``, "Decision tables".
"""

from __future__ import annotations

import enum
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import attrs

from cslib.documents import document, fingerprint
from cslib.errors import Fault, suggestion
from cslib.expressions import Apply, Fact, Kind, Literal, Node
from cslib.facts import getter
from cslib.faults import brief, member, name_faults, refuse, several, text_faults
from cslib.rules import Rule, condition, rule

if TYPE_CHECKING:
    import numpy.typing as npt

    from cslib.columns import Column

__all__ = ["Decision", "DecisionTable", "Decisions", "HitPolicy", "Row", "Verdict", "decisions_of"]

_MAX_ROWS = 1_000
_ALWAYS = rule(True)


# --------------------------------------------------------------------------------------
# The definition


class HitPolicy(enum.StrEnum):
    """Which row decides where several hold, in the terms of DMN."""

    FIRST = "first"
    """The first row that holds, in the order of the table."""
    UNIQUE = "unique"
    """The one row that holds; two that hold are a conflict, whatever their outcomes."""


def _hit_policy(value: str) -> HitPolicy:
    return member("decision table", "$.hit_policy", "hit policy", HitPolicy, value)


def _its_outcome(row: Row) -> str:
    return row.then


@attrs.frozen(kw_only=True)
class Row:
    """One row of a decision table: under which condition which outcome.

    Attributes:
        when: Its condition, a rule over facts; without one the row always holds.
        then: Its outcome.
        name: Its name, by which answers speak of it; that of its outcome, unless said. A row made
            from another by ``attrs.evolve`` keeps its name.
        reason: Why, in words.
        source: Where it comes from: a doctrine id and its author, a policy.

    Raises:
        DefinitionError: With every fault: an outcome or a name that is empty or ends in a NUL, a
            text that is none.

    >>> Row(when="ended_on < today()", then="ended").name
    'ended'
    """

    when: Rule = attrs.field(default=_ALWAYS, converter=condition)
    then: str
    name: str = attrs.field(default=attrs.Factory(_its_outcome, takes_self=True))
    reason: str = ""
    source: str = ""

    def __attrs_post_init__(self) -> None:
        faults = (
            *_label_faults("$.then", self.then),
            *(() if _is_plain(self) else _label_faults("$.name", self.name)),
            *text_faults("$.reason", self.reason),
            *text_faults("$.source", self.source),
        )
        refuse(f"row {self.name!r}", faults)


def _is_plain(row: Row) -> bool:
    """Whether its outcome names it."""
    return row.name == row.then


def _label_faults(path: str, value: object) -> Iterator[Fault]:
    yield from name_faults(path, value)
    if isinstance(value, str) and value.endswith("\0"):  # a column of texts would drop it
        yield Fault(path, f"expected a name, but {value!r} ends in a NUL character")


def _rows(rows: Iterable[Row]) -> tuple[Row, ...]:
    return several("decision table", "$.rows", rows, Row)


@document("decision_table", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class DecisionTable:
    """Which outcome some facts imply, by rows of conditions taken in order.

    Attributes:
        name: Its name.
        rows: The rows, in order.
        hit_policy: Which row decides where several hold; the first, unless said.

    Raises:
        DefinitionError: With every fault: no name, no rows, what is no row, two of one name, a fact
            that two rows take for different kinds.

    >>> table = DecisionTable(name="service", rows=(
    ...     Row(when="seats >= 500", then="consulting"),
    ...     Row(when="private_cloud", then="consulting", name="own cloud"),
    ...     Row(then="standard"),
    ... ))
    >>> print(table.decide({"seats": 20, "private_cloud": True}))
    consulting, by row 'own cloud': private cloud (private_cloud = True)
    >>> print(table.decide({"seats": 20}))
    unknown: consulting by 'own cloud', or standard; ask for private_cloud
    """

    name: str
    rows: tuple[Row, ...] = attrs.field(converter=_rows)
    hit_policy: HitPolicy = attrs.field(default=HitPolicy.FIRST, converter=_hit_policy)

    def __attrs_post_init__(self) -> None:
        faults = (
            *name_faults("$.name", self.name),
            *_row_faults(self.rows),
            *_kind_faults(self.rows),
        )
        refuse(f"decision table {self.name!r}", faults)

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition an outcome was found."""
        return fingerprint(self)

    @functools.cached_property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts that its rows read, in order of appearance."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.when.facts))

    def decide(self, record: object, *, as_of: object = None) -> Decision:
        """The outcome of one record, by which row, or what to ask first.

        Args:
            record: Its facts: a mapping or an object.
            as_of: Today, for conditions that count days.

        Raises:
            FactError, AsOfError: As the rows' conditions do.
        """
        get = getter(record)
        return Decision(
            table=self,
            answers=tuple(row.when(record, as_of=as_of) for row in self.rows),
            facts={name: get(name) for name in self.facts},
            as_of=as_of,
        )

    def decide_columns(self, columns: Mapping[str, Any], *, as_of: object = None) -> Decisions:
        """The outcome of every row of the columns, equal to :meth:`decide` on each.

        Args:
            columns: Names to numpy arrays of equal length, as for
                :meth:`cslib.rules.Rule.columns`; an absent column is unknown in every row.
            as_of: Today, for conditions that count days.

        Raises:
            FactError, AsOfError: As the rows' conditions do.
            ColumnsError: If the columns differ in length, or there is none to tell it.

        >>> import numpy as np
        >>> table = DecisionTable(name="service", rows=(
        ...     Row(when="seats >= 500", then="consulting"),
        ...     Row(then="standard"),
        ... ))
        >>> found = table.decide_columns({"seats": np.array([800, 20, np.nan])})
        >>> found.tolist(), found.verdict.tolist()
        (['consulting', 'standard', None], ['decided', 'decided', 'unknown'])
        """
        answers = [row.when.columns(columns, as_of=as_of) for row in self.rows]
        _check_lengths(self.rows, answers)
        return decisions_of(self, answers)


def _row_faults(rows: Sequence[Row]) -> Iterator[Fault]:
    if not 1 <= len(rows) <= _MAX_ROWS:
        yield Fault("$.rows", f"expected 1 to {_MAX_ROWS:,} rows, but got {len(rows):,}")
    seen: set[str] = set()
    for place, row in enumerate(rows):
        if row.name in seen:
            hint = "; name the rows of one outcome" if _is_plain(row) else ""
            yield Fault(f"$.rows[{place}].name", f"{row.name!r} stands twice{hint}")
        seen.add(row.name)


def _kind_faults(rows: Sequence[Row]) -> Iterator[Fault]:
    """Facts that one row takes for a text, say, and another for a number."""
    found: dict[str, frozenset[Kind]] = {}
    for place, row in enumerate(rows):
        for name, kinds in row.when.kinds.items():
            before = found.get(name, kinds)
            if before & kinds:
                found[name] = before & kinds
            else:
                problem = f"takes {name!r} for a {_either(kinds)}, but a row before for a "
                yield Fault(f"$.rows[{place}].when", problem + _either(before))


def _either(kinds: Iterable[Kind]) -> str:
    return " or ".join(sorted(kinds))


# --------------------------------------------------------------------------------------
# One record


class Verdict(enum.StrEnum):
    """How a decision table answered."""

    DECIDED = "decided"
    """The outcome is known."""
    UNKNOWN = "unknown"
    """What is missing could change the outcome, or whether there is one."""
    NO_ROW = "no_row"
    """No row applies."""
    CONFLICT = "conflict"
    """Two rows of a unique table hold."""


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Decision:
    """The outcome of one record, and why.

    Attributes:
        table: The table that was asked.
        answers: For each row whether its condition holds; None is unknown.
        facts: The facts that the table reads, as the record had them.
        as_of: Today, as the table was told it.
    """

    table: DecisionTable = attrs.field(repr=False)
    answers: tuple[bool | None, ...]
    facts: Mapping[str, object] = attrs.field(hash=False)
    as_of: object = attrs.field(repr=False)

    @functools.cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows that decide, or could still do so; in a conflict those that hold."""
        may_hold = not self._in_conflict
        return tuple(row for row, held in self._judged if held or (held is None and may_hold))

    @functools.cached_property
    def verdict(self) -> Verdict:
        """How the table answered."""
        if not self.rows:
            return Verdict.NO_ROW
        if self._in_conflict:
            return Verdict.CONFLICT
        first = self.table.hit_policy is HitPolicy.FIRST
        contenders = {row.then if first else row.name for row in self.rows}
        decided = len(contenders) == 1 and self._some_row_holds
        return Verdict.DECIDED if decided else Verdict.UNKNOWN

    @property
    def outcome(self) -> str | None:
        """The outcome; None where none is known."""
        return self.rows[0].then if self.verdict is Verdict.DECIDED else None

    @property
    def row(self) -> Row | None:
        """The row that decided; None where none did, or any of several rows of one outcome will."""
        return self.rows[0] if self.verdict is Verdict.DECIDED and len(self.rows) == 1 else None

    @functools.cached_property
    def questions(self) -> tuple[str, ...]:
        """The facts to ask for, since they could change the answer."""
        if self.verdict is not Verdict.UNKNOWN:
            return ()
        asked = [row.when.missing(self.facts, as_of=self.as_of) for row in self._unsettled]
        return tuple(dict.fromkeys(name for names in asked for name in names))

    @property
    def reason(self) -> str:
        """The answer and why, in words."""
        match self.verdict:
            case Verdict.DECIDED if self.row is not None:
                by = "" if _is_plain(self.row) else f", by row {self.row.name!r}"
                return f"{self.outcome}{by}: {_why(self.row)}{self._read(self.row)}"
            case Verdict.DECIDED:
                return f"{self.outcome}, whichever of {_names(self.rows)} decides"
            case Verdict.UNKNOWN:
                ask = f"ask for {', '.join(self.questions)}" if self.questions else "nothing to ask"
                return f"unknown: {self._possible}; {ask}"
            case Verdict.CONFLICT:
                return f"conflict: {_names(self.rows)} hold, and only one row may"
        return f"no row applies{self._misspelt}"

    @property
    def definition(self) -> str:
        """The fingerprint of the table."""
        return self.table.fingerprint

    def explain(self) -> str:
        """The reason, then every row that was looked at, with its facts."""
        return "\n".join((self.reason, *self._lines()))

    def __str__(self) -> str:
        return self.reason

    __repr__ = brief

    @property
    def _judged(self) -> Sequence[tuple[Row, bool | None]]:
        """The rows and whether they hold; none behind the first that does, where that decides."""
        judged = tuple(zip(self.table.rows, self.answers, strict=True))
        if self.table.hit_policy is HitPolicy.FIRST and self._some_row_holds:
            return judged[: self.answers.index(True) + 1]
        return judged

    @property
    def _some_row_holds(self) -> bool:
        return True in self.answers

    @property
    def _in_conflict(self) -> bool:
        return self.table.hit_policy is HitPolicy.UNIQUE and self.answers.count(True) > 1

    @property
    def _possible(self) -> str:
        """What an unknown answer could be."""
        if self.table.hit_policy is HitPolicy.UNIQUE:
            return f"{_names(self.rows)} hold or may hold, and only one row may"
        could = [row.then if _is_plain(row) else f"{row.then} by {row.name!r}" for row in self.rows]
        return ", or ".join(could if self._some_row_holds else [*could, "no row"])

    @property
    def _unsettled(self) -> Sequence[Row]:
        """The rows whose conditions matter: not those that give what the rows behind them give."""
        if self.table.hit_policy is HitPolicy.UNIQUE or not self._some_row_holds:
            return self.rows
        last = self.rows[-1].then
        others = [place for place, row in enumerate(self.rows) if row.then != last]
        return self.rows[: others[-1] + 1]

    @property
    def _misspelt(self) -> str:
        """Texts that no row speaks of, but of which one comes close."""
        spoken = set(itertools.chain(*(_texts(row.when.node) for row in self.table.rows)))
        hints = [""]
        for name, value in self.facts.items():
            known = sorted(text for fact, text in spoken if fact == name)
            hint = suggestion(value, known) if isinstance(value, str) and value not in known else ""
            hints += [f"{name} = {value!r}{hint}"] if hint else []
        return "; ".join(hints)

    def _lines(self) -> Iterator[str]:
        words = {True: "holds", False: "does not hold", None: "unknown"}
        for row, held in self._judged:
            named = row.name if _is_plain(row) else f"{row.name} ({row.then})"
            yield f"  {named}: {words[held]}: {row.when}{self._read(row)}"

    def _read(self, row: Row) -> str:
        listed = ", ".join(f"{name} = {_shown(self.facts[name])}" for name in row.when.facts)
        return f" ({listed})" if listed else ""


def _why(row: Row) -> str:
    return row.reason or ("otherwise" if row.when == _ALWAYS else row.when.words())


def _texts(node: Node) -> Iterator[tuple[str, str]]:
    """The texts that a condition compares facts with, each with the name of the fact."""
    if not isinstance(node, Apply):
        return
    first, *others = node.arguments
    if isinstance(first, Fact) and node.operation in ("==", "!=", "in"):
        yield from ((first.name, str(each.value)) for each in others if _is_text(each))
    for each in node.arguments:
        yield from _texts(each)


def _is_text(node: Node) -> TypeGuard[Literal]:
    return isinstance(node, Literal) and node.kind is Kind.TEXT


def _names(rows: Iterable[Row]) -> str:
    return " and ".join(repr(row.name) for row in rows)


def _shown(value: object) -> str:
    return "unknown" if value is None else repr(value) if isinstance(value, str) else str(value)


# --------------------------------------------------------------------------------------
# Columns


@attrs.frozen(kw_only=True, eq=False)
class Decisions:
    """The outcome of every row of columns.

    Attributes:
        outcome: The outcomes; empty where none is known.
        row: The name of the row that decided; empty where none did, or any of several will.
        verdict: The values of :class:`Verdict`.
        definition: The fingerprint of the table.
    """

    outcome: npt.NDArray[Any]
    row: npt.NDArray[Any]
    verdict: npt.NDArray[Any]
    definition: str

    def tolist(self) -> list[str | None]:
        """The outcomes as a record has them, None where none is known."""
        return [outcome or None for outcome in self.outcome.tolist()]


def _check_lengths(rows: Sequence[Row], answers: Sequence[Column]) -> None:
    from cslib.columns import ColumnsError

    lengths = [len(each.known) for each in answers]
    for row, length in zip(rows, lengths, strict=True):
        if length != lengths[0]:
            differ = f"row {rows[0].name!r} reads {lengths[0]}, but row {row.name!r} {length}"
            raise ColumnsError(f"columns must be equally long: {differ}")


def decisions_of(table: DecisionTable, answers: Sequence[Column]) -> Decisions:
    """What :class:`Decision` does for one record, for all of them.

    Args:
        table: The table.
        answers: For each of its rows whether its condition holds, for the same records; of a host
            that works block by block, those of a block.

    >>> import numpy as np
    >>> row = Row(when="seats >= 5", then="large")
    >>> table = DecisionTable(name="size", rows=(row, Row(then="small")))
    >>> columns = {"seats": np.array([9, 1])}
    >>> decisions_of(table, [each.when.columns(columns) for each in table.rows]).tolist()
    ['large', 'small']
    """
    import numpy as np

    first = table.hit_policy is HitPolicy.FIRST
    holds = np.stack([each.true for each in answers])
    stands = holds | ~np.stack([each.known for each in answers])  # holds or may hold
    if first:
        stands[1:] &= ~np.logical_or.accumulate(holds)[:-1]  # none behind the first that holds
        holds &= stands
    outcomes = np.array([row.then for row in table.rows])
    names = np.array([row.name for row in table.rows])
    labels = outcomes if first else names
    contenders = sum(stands[labels == each].any(axis=0) for each in np.unique(labels))
    decided = (contenders == 1) & holds.any(axis=0)
    alone = stands.sum(axis=0) == 1
    place = stands.argmax(axis=0)
    return Decisions(
        outcome=np.where(decided, outcomes[place], ""),
        row=np.where(decided & alone, names[place], ""),
        verdict=np.select(
            [~stands.any(axis=0), holds.sum(axis=0) > 1, decided],
            [Verdict.NO_ROW.value, Verdict.CONFLICT.value, Verdict.DECIDED.value],
            Verdict.UNKNOWN.value,
        ),
        definition=table.fingerprint,
    )
