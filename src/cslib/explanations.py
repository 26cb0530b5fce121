"""Why a rule answered as it did: the plain interpreter, and its account in values and words.

:func:`interpret` is the rule language said as plainly as Python can. It is what
:mod:`cslib.compiling` and :mod:`cslib.columns` are held to, and it gives each part of a rule its
value here.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

import attrs

from cslib import expressions, facts
from cslib.compiling import HELPERS, lags_of, raw_facts
from cslib.errors import suggestion
from cslib.expressions import OPERATIONS, Apply, Fact, Kind, Literal, Node, Value
from cslib.functions import Function
from cslib.inference import Inferred
from cslib.lowering import lower

__all__ = ["Explanation", "explain", "has_parts", "interpret", "missing", "read_facts", "words"]


@attrs.frozen
class Explanation:
    """A part of a rule, its value, and the parts that made it so.

    Attributes:
        node: The part, as a tree.
        value: Its value; None is unknown.
        facts: The facts that a part without conditions inside it reads, each as text (an earlier
            value of a series as ``prior(x, 1)``) and its value.
        parts: The conditions inside it.
        decides: Whether this part made the one around it what it is.
        missing: Where it is unknown, the names of the unknown facts that could still decide it, in
            order of appearance: a value for each could change the answer, alone or with the
            others. Empty where none could, as under a division by zero.
        notes: Of the whole rule: facts that the record does not have, though it has a close name.
    """

    node: Node
    value: Value
    facts: tuple[tuple[str, Value], ...]
    parts: tuple[Explanation, ...]
    decides: bool
    missing: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The part, as text."""
        return expressions.to_text(self.node)

    def __str__(self) -> str:
        return "\n".join((*self._lines(0), *(f"note: {note}" for note in self.notes)))

    def _lines(self, depth: int) -> Iterator[str]:
        value = "unknown" if self.value is None else self.value
        read = ", ".join(f"{name} = {_shown(value)}" for name, value in self.facts)
        mark = "  <- decides" if self.decides and depth else ""
        yield f"{'  ' * depth}{value}: {self.text}{f'  [{read}]' if read else ''}{mark}"
        for part in self.parts:
            yield from part._lines(depth + 1)


def _shown(value: Value) -> str:
    if value is None:
        return "unknown"
    return repr(value) if isinstance(value, (str, bool, int, float)) else str(value)


def explain(
    node: Node,
    inferred: Inferred,
    functions: Mapping[str, Function],
    record: object,
    as_of: object,
) -> Explanation:
    """The account of a rule on one record.

    Raises:
        FactError: If a fact is not of the kind its use asks for.
        AsOfError: If the rule needs today's date and none is given.
        MomentError: If it needs it, and ``as_of`` is no date and no aware datetime.

    >>> from cslib.inference import infer
    >>> from cslib.parsing import parse
    >>> node, _ = parse("seats >= 5 or is_paid")
    >>> print(explain(node, infer(node), {}, {"seats": 3}, None))
    unknown: seats >= 5 or is_paid
      False: seats >= 5  [seats = 3]
      unknown: is_paid  [is_paid = unknown]  <- decides
    """
    values = read_facts(lower(node), inferred, record)
    found = _Account(values, functions, as_of).explain(node, decides=True)
    return attrs.evolve(found, notes=tuple(_absences(node, record)))


def missing(
    lowered: Node,
    inferred: Inferred,
    functions: Mapping[str, Function],
    record: object,
    as_of: object,
) -> tuple[str, ...]:
    """What :func:`explain` gives as ``missing``, without the rest of the account.

    >>> from cslib.inference import infer
    >>> from cslib.parsing import parse
    >>> node, _ = parse("seats >= 5 or is_paid")
    >>> missing(node, infer(node), {}, {"seats": 3}, None)
    ('is_paid',)
    """
    values = read_facts(lowered, inferred, record)
    outlook = _Account(values, functions, as_of).outlook(lowered)
    return outlook.movers if outlook.value is None else ()


def _absences(node: Node, record: object) -> Iterator[str]:
    """Facts that a mapping does not have at all, though it has a name close to theirs."""
    if not isinstance(record, Mapping):
        return
    names = expressions.facts_of(node)
    others = [key for key in record if isinstance(key, str) and key not in names]
    for name in names:
        is_absent = name not in record and name.partition(".")[0] not in record
        meant = suggestion(name, others) if is_absent else ""
        if meant:
            yield f"{name} is absent{meant}"


# --------------------------------------------------------------------------------------
# The plain interpreter


def interpret(
    lowered: Node, values: Mapping[Fact, Value], functions: Mapping[str, Function], as_of: object
) -> Value:
    """The value of a lowered tree, given the values of its facts.

    >>> from cslib.parsing import parse
    >>> interpret(parse("seats / 2")[0], {Fact("seats"): 5.0}, {}, None)
    2.5
    """
    match lowered:
        case Literal(Kind.NUMBER, (int() | float()) as value):
            return float(value)
        case Literal(_, value):
            return value
        case Fact():
            return values[lowered]
    parts = [interpret(part, values, functions, as_of) for part in lowered.arguments]
    return _applied(lowered.operation, parts, functions, as_of)


def _applied(
    name: str, parts: Sequence[Any], functions: Mapping[str, Function], as_of: object
) -> Value:
    """An operation on the values of its arguments."""
    found: Any
    if name == "today":
        return facts.as_of_day(as_of)
    if name in _LENIENT:
        found = _LENIENT[name](*parts)
    elif any(part is None for part in parts):
        found = None
    else:
        found = (functions.get(name) or _STRICT[name])(*parts)
    return None if found != found else found


def _and(*parts: bool | None) -> bool | None:
    return False if False in parts else None if None in parts else True


def _or(*parts: bool | None) -> bool | None:
    return True if True in parts else None if None in parts else False


def _if(condition: bool | None, yes: Value, no: Value) -> Value:
    if condition is None:
        return yes if yes == no else None
    return yes if condition else no


_LENIENT: Mapping[str, Callable[..., Value]] = {
    "and": _and,
    "at_least": HELPERS["at_least"],
    "coalesce": lambda *parts: next((part for part in parts if part is not None), None),
    "if": _if,
    "is_missing": lambda part: part is None,
    "or": _or,
}
"""Operations that may give an answer though an argument is unknown."""

_STRICT: Mapping[str, Callable[..., Any]] = {
    **HELPERS,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": lambda *parts: functools.reduce(operator.add, parts),
    "-": operator.sub,
    "*": operator.mul,
    "in": lambda given, *members: given in members,
    "not": operator.not_,
}
"""Operations that are unknown if an argument is."""


def read_facts(lowered: Node, inferred: Inferred, record: object) -> dict[Fact, Value]:
    """Every fact of a lowered tree, at every lag it is read, checked.

    Raises:
        FactError: If a fact is not of the kind its use asks for.

    >>> from cslib.inference import infer
    >>> from cslib.parsing import parse
    >>> node, _ = parse("seats / 2")
    >>> read_facts(node, infer(node), {"seats": 5})
    {Fact(name='seats', lag=0): 5.0}
    """
    get, raw = facts.getter(record), raw_facts(lowered)
    values: dict[Fact, Value] = {}
    for name, lags in lags_of(lowered).items():
        given, kinds = get(name), inferred.facts[name]
        read = facts.known if name in raw else facts.real
        if lags == (0,):
            values[Fact(name)] = read(given, name, kinds)
        else:
            found = facts.series(given, name, kinds, lags, read)
            values.update(zip((Fact(name, lag) for lag in lags), found, strict=True))
    for group in inferred.groups:
        members = [fact for fact in values if fact.name in group]
        facts.agree([fact.name for fact in members], [values[fact] for fact in members])
    return values


# --------------------------------------------------------------------------------------
# The account

_JUNCTIONS = frozenset({"and", "or", "at_least", "if", "coalesce"})


@attrs.frozen(eq=False)
class _Account:
    values: Mapping[Fact, Value]
    functions: Mapping[str, Function]
    as_of: object

    def explain(self, node: Node, decides: bool) -> Explanation:
        outlook = self.outlook(lower(node))
        parts = tuple(self.parts(node, outlook.value)) if has_parts(node) else ()
        read = () if parts else tuple(self.read(node))
        missing = outlook.movers if outlook.value is None else ()
        return Explanation(node, outlook.value, read, parts, decides, missing)

    def parts(self, node: Apply, value: Value) -> Iterator[Explanation]:
        found = [self.outlook(lower(part)).value for part in node.arguments]
        deciding = _deciders(node.operation, value, found)
        for place, part in enumerate(node.arguments):
            stands_in = node.operation == "coalesce" and value is not None and place in deciding
            if stands_in or not isinstance(part, Literal):
                yield self.explain(part, place in deciding)

    def read(self, node: Node) -> Iterator[tuple[str, Value]]:
        """The facts of a part, each earlier value of a series under its own text."""
        lowered = expressions.walk(lower(node))
        for fact in dict.fromkeys(part for part in lowered if isinstance(part, Fact)):
            yield expressions.to_text(fact), self.values[fact]

    def outlook(self, lowered: Node) -> _Outlook:
        match lowered:
            case Literal():
                value = interpret(lowered, {}, {}, None)
                return _Outlook(value, (), value is not None)
            case Fact(name, _):
                value = self.values[lowered]
                return _Outlook(value, (name,) if value is None else (), value is not None)
        parts = [self.outlook(part) for part in lowered.arguments]
        name, given = lowered.operation, [part.value for part in parts]
        value = _applied(name, given, self.functions, self.as_of)
        movers = tuple(dict.fromkeys(_movers(name, parts)))
        return _Outlook(value, movers, _is_sure(name, parts) if movers else value is not None)


def has_parts(node: Node) -> TypeGuard[Apply]:
    """Whether a part is explained by the conditions inside it.

    >>> from cslib.parsing import parse
    >>> has_parts(parse("seats > 5 or is_paid")[0]), has_parts(parse("seats > 5")[0])
    (True, False)
    """
    if not isinstance(node, Apply):
        return False
    return node.operation in _JUNCTIONS or (
        node.operation == "not" and has_parts(node.arguments[0])
    )


def _deciders(operation: str, value: Value, parts: Sequence[Value]) -> set[int]:
    """The places of the arguments that made the whole what it is.

    A single False makes an ``and`` False; to be True it needs all; unknown, it hangs on those that
    are unknown. ``or`` and ``at_least`` are alike.
    """
    everywhere = set(range(len(parts)))
    match operation, value:
        case ("and", True) | ("or", False):
            return everywhere
        case (("and" | "or" | "at_least"), _):
            return {place for place, part in enumerate(parts) if part is value}
        case "if", _ if parts[0] is not None:
            return {0, 1} if parts[0] else {0, 2}
        case "coalesce", _ if value is not None:
            return {next(place for place, part in enumerate(parts) if part is not None)}
    return everywhere


# --------------------------------------------------------------------------------------
# What could still decide


@attrs.frozen
class _Outlook:
    """What values for the unknown facts could make of a part.

    Attributes:
        value: What it is as things stand.
        movers: The unknown facts that could change that, alone or with others; where there are
            none, it is fixed.
        sure: Whether it is known whatever they turn out to be.
    """

    value: Value
    movers: tuple[str, ...]
    sure: bool

    def is_fixed_at(self, value: Value) -> bool:
        return not self.movers and self.value is value


def _movers(operation: str, parts: Sequence[_Outlook]) -> Iterator[str]:
    """The facts that could change an operation's value; some more than once."""
    match operation, parts:
        case "and", _:
            return _movers_of_count(len(parts), parts)
        case "or", _:
            return _movers_of_count(1, parts)
        case "at_least", (least, *conditions):
            return _movers_of_count(least.value, conditions)
        case "if", (condition, yes, no):
            return _movers_of_choice(condition, yes, no)
        case "coalesce", _:
            first = next((place for place, part in enumerate(parts) if part.sure), len(parts))
            return _union(parts[: first + 1])
        case "is_missing", (part,) if part.sure:
            return _union(())
        case "is_missing", _:
            return _union(parts)
        case (("/" | "ratio"), (_, divisor)) if not divisor.movers and divisor.value == 0:
            return _union(())
    return _union(() if any(part.is_fixed_at(None) for part in parts) else parts)


def _union(parts: Iterable[_Outlook]) -> Iterator[str]:
    return (name for part in parts for name in part.movers)


def _movers_of_count(least: Any, conditions: Sequence[_Outlook]) -> Iterator[str]:
    """Those of "at least so many hold", unless it is settled, or unknown for good."""
    true = sum(each.is_fixed_at(True) for each in conditions)
    false = sum(each.is_fixed_at(False) for each in conditions)
    open_ = sum(bool(each.movers) for each in conditions)
    spare = len(conditions) - least
    settled = true >= least or false > spare
    reachable = true + open_ >= least or false + open_ > spare
    return _union(() if settled or not reachable else conditions)


def _movers_of_choice(condition: _Outlook, yes: _Outlook, no: _Outlook) -> Iterator[str]:
    fixed = not (yes.movers or no.movers)
    if condition.is_fixed_at(True):
        return _union([yes])
    if condition.is_fixed_at(False):
        return _union([no])
    if condition.is_fixed_at(None) and (yes.is_fixed_at(None) or no.is_fixed_at(None)):
        return _union(())
    return _union(() if fixed and yes.value == no.value else [condition, yes, no])


def _is_sure(operation: str, parts: Sequence[_Outlook]) -> bool:
    """Whether an operation is known whatever its unknown facts turn out to be."""
    if operation == "is_missing":
        return True
    if operation == "coalesce":
        return any(part.sure for part in parts)
    may_fail = operation == "/" or (operation == "ratio" and len(parts) == 2) or "@" in operation
    return not may_fail and all(part.sure for part in parts)


# --------------------------------------------------------------------------------------
# Words


def words(node: Node, functions: Mapping[str, Function] | None = None) -> str:
    """The rule as a sentence for people.

    >>> from cslib.parsing import parse
    >>> words(parse("seats_used / seats >= 0.6 and not is_trial")[0])
    'seats used divided by seats is at least 0.6 and (it is not so that is trial)'
    """
    match node:
        case Literal(None, _):
            return "unknown"
        case Literal(Kind.TEXT, value):
            return f"“{value}”"
        case Literal(_, value):
            return str(value).lower() if isinstance(value, bool) else str(value)
        case Fact(name, _):
            return name.replace("_", " ").replace(".", "’s ")
        case Apply("coalesce", (given, Literal(Kind.BOOLEAN, default))):
            return (
                f"{_phrase(given, node, functions)}, taken as {str(default).lower()} where unknown"
            )
        case Apply("prior", (given, Literal(_, 1))):
            return f"{_phrase(given, node, functions)} (a period earlier)"
    parts = [_phrase(part, node, functions) for part in node.arguments]
    signature = OPERATIONS.get(node.operation) or (functions or {})[node.operation].operation
    return signature.words.format(
        *parts,
        **{"and": " and ".join(parts), "or": " or ".join(parts)},
        all=", ".join(parts),
        rest=", ".join(parts[1:]),
    )


def _phrase(part: Node, around: Apply, functions: Mapping[str, Function] | None) -> str:
    """A part in words, in brackets where it would read on into its surroundings."""
    text = words(part, functions)
    if not isinstance(part, Apply) or not part.arguments:
        return text
    junctions = ("and", "or", "if", "not")
    sums = ("+", "-", "*", "/")
    loose = part.operation in junctions and around.operation in (*junctions, "streak")
    nested = part.operation in sums and around.operation in sums
    return f"({text})" if loose or nested else text
