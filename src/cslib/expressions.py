"""The tree behind every rule: three kinds of node, one table of operations.

A rule, however it was written, is a :class:`Literal`, a :class:`Fact` or an :class:`Apply` (an
operation on other nodes). :data:`OPERATIONS` says of each operation what it takes, what it gives
and how it reads.

Nodes are frozen and compare by content. :func:`literal` and :func:`make` check what they make and
give it its normal form; :func:`to_text` writes it, in the language that :mod:`cslib.parsing` reads.
Nothing here reads a record.
"""

from __future__ import annotations

import datetime as dt
import enum
import keyword
import numbers
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

import attrs

from cslib.errors import CslibError, suggestion

__all__ = [
    "FUNCTIONS",
    "LOOKALIKES",
    "MAX_DEPTH",
    "MAX_NODES",
    "MAX_NUMBER",
    "MAX_TEXT",
    "MIRRORED",
    "OPERATIONS",
    "QUOTED",
    "SYNTAX",
    "Apply",
    "ExpressionError",
    "Fact",
    "Kind",
    "Kinds",
    "Literal",
    "Node",
    "Operation",
    "Places",
    "Value",
    "check_size",
    "facts_of",
    "literal",
    "make",
    "replaced",
    "to_text",
    "unknown_function",
    "walk",
]

MAX_TEXT = 100_000
"""Longest text of a rule, in characters."""
MAX_DEPTH = 60
"""Deepest nesting of a rule; a sum of many terms nests one deeper with each."""
MAX_NODES = 5_000
"""Most parts of a rule, counted with its streaks and totals written out."""
MAX_NUMBER = 2**53
"""Largest number a rule may hold: up to here every integer is exact as an IEEE 754 double."""


class Kind(enum.StrEnum):
    """What a value is. Kinds never turn into one another: a boolean is no number.

    >>> Kind("number")
    <Kind.NUMBER: 'number'>
    """

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"

    @classmethod
    def _missing_(cls, value: object) -> Kind:
        listed = ", ".join(cls)
        raise ExpressionError(f"expected a kind ({listed}), but got {str(value)[:40]!r}")


Kinds: TypeAlias = frozenset[Kind]
"""What a value may be, where a rule leaves it open."""

_ANY: Kinds = frozenset(Kind)
_NUMBER: Kinds = frozenset({Kind.NUMBER})
_BOOLEAN: Kinds = frozenset({Kind.BOOLEAN})
_DAY: Kinds = frozenset({Kind.DATE, Kind.INSTANT})
_SIZED: Kinds = _NUMBER | _DAY
_ORDERED: Kinds = _SIZED | {Kind.TEXT}

Value: TypeAlias = float | int | str | bool | dt.date | dt.datetime | None
"""What a rule holds and answers; None is unknown."""


@attrs.frozen
class Literal:
    """A value written in the rule. ``kind`` is None for the unknown (``None``).

    The kind takes part in equality, so that ``True`` and ``1`` are two literals.
    """

    kind: Kind | None
    value: Value


@attrs.frozen
class Fact:
    """A named value of the account.

    Attributes:
        name: Its name; dots lead into nested values.
        lag: In lowered trees, how many periods back in its series; 0 is the current one.
    """

    name: str
    lag: int = 0


@attrs.frozen
class Apply:
    """An operation of :data:`OPERATIONS`, or a function ``name@version``, on arguments."""

    operation: str
    arguments: tuple[Node, ...]


Node: TypeAlias = Literal | Fact | Apply
"""A part of a rule, and a rule."""

Places: TypeAlias = Mapping[int, tuple[int, int]]
"""Where parts stand in a rule's text: line and column, from 1, by the ``id`` of their node."""


@attrs.define
class ExpressionError(CslibError, ValueError):
    """A part of a rule cannot be made: a value that no rule holds, a wrong number of arguments ...

    Attributes:
        problem: What is wrong, and the way out.

    >>> make("abs")
    Traceback (most recent call last):
        ...
    cslib.expressions.ExpressionError: abs takes 1 argument, but got 0
    """

    problem: str

    def __str__(self) -> str:
        return self.problem


# --------------------------------------------------------------------------------------
# Operations


@attrs.frozen
class Operation:
    """What an operation takes and gives.

    Attributes:
        takes: Possible kinds of each argument; the last entry stands for all that follow it.
        gives: Possible kinds of the result; None where it is what the arguments from ``same`` are.
        words: How it reads: ``{0}`` is the first argument, ``{all}`` lists all, ``{rest}`` all but
            the first, ``{and}`` and ``{or}`` join them.
        least: Fewest arguments; as many as ``takes`` has entries, unless said.
        many: Whether more arguments than ``takes`` has entries may follow.
        same: From which position on the arguments must be of one kind; None where each has its own.
        whole: The position of an argument that must be written as a whole number, and its bounds.

    >>> OPERATIONS["days_since"].least
    1
    """

    takes: tuple[Kinds, ...]
    gives: Kinds | None
    words: str
    least: int = attrs.field(
        kw_only=True, default=attrs.Factory(lambda self: len(self.takes), takes_self=True)
    )
    many: bool = attrs.field(kw_only=True, default=False)
    same: int | None = attrs.field(kw_only=True, default=None)
    whole: tuple[int, int, int] | None = attrs.field(kw_only=True, default=None)

    def takes_at(self, position: int) -> Kinds:
        """The possible kinds of the argument at ``position``, from 0."""
        return self.takes[min(position, len(self.takes) - 1)]

    def is_same(self, position: int) -> bool:
        """Whether the argument at ``position`` must be of the kind that the others have."""
        counts = self.whole is not None and position == self.whole[0]
        return self.same is not None and position >= self.same and not counts

    def check_arity(self, name: str, given: int) -> None:
        """Refuse a number of arguments that it does not take.

        Raises:
            ExpressionError: With the number that it does take.
        """
        most = len(self.takes)
        if self.least <= given and (self.many or given <= most):
            return
        expected = str(most) if self.least == most else f"{self.least} to {most}"
        expected = f"at least {self.least}" if self.many else expected
        noun = "argument" if expected in ("1", "at least 1") else "arguments"
        raise ExpressionError(f"{name} takes {expected} {noun}, but got {given}")


def _comparison(words: str, of: Kinds) -> Operation:
    return Operation((of, of), _BOOLEAN, f"{{0}} {words} {{1}}", same=0)


def _arithmetic(words: str) -> Operation:
    return Operation((_NUMBER, _NUMBER), _NUMBER, f"{{0}} {words} {{1}}")


def _days(words: str) -> Operation:
    return Operation((_DAY, _DAY), _NUMBER, words, same=0)


SYNTAX: Mapping[str, Operation] = {
    "==": _comparison("is", _ANY),
    "!=": _comparison("is not", _ANY),
    "<": _comparison("is below", _ORDERED),
    "<=": _comparison("is at most", _ORDERED),
    ">": _comparison("is above", _ORDERED),
    ">=": _comparison("is at least", _ORDERED),
    "+": _arithmetic("plus"),
    "-": _arithmetic("minus"),
    "*": _arithmetic("times"),
    "/": _arithmetic("divided by"),
    "neg": Operation((_NUMBER,), _NUMBER, "minus {0}"),
    "and": Operation((_BOOLEAN,), _BOOLEAN, "{and}", least=2, many=True),
    "or": Operation((_BOOLEAN,), _BOOLEAN, "{or}", least=2, many=True),
    "not": Operation((_BOOLEAN,), _BOOLEAN, "it is not so that {0}"),
    "in": Operation((_ANY, _ANY), _BOOLEAN, "{0} is one of {rest}", many=True, same=0),
    "if": Operation((_BOOLEAN, _ANY, _ANY), None, "{1} if {0}, otherwise {2}", same=1),
}
"""Operations that are written as Python's own syntax."""

FUNCTIONS: Mapping[str, Operation] = {
    "abs": Operation((_NUMBER,), _NUMBER, "the size of {0}"),
    "at_least": Operation(
        (_NUMBER, _BOOLEAN),
        _BOOLEAN,
        "at least {0} of these hold: {rest}",
        many=True,
        whole=(0, 0, 10_000),
    ),
    "calendar_months_between": _days("the month ends between {0} and {1}"),
    "calendar_quarters_between": _days("the quarter ends between {0} and {1}"),
    "change": Operation((_NUMBER, _NUMBER), _NUMBER, "the relative change of {0} against {1}"),
    "clip": Operation((_NUMBER, _NUMBER, _NUMBER), _NUMBER, "{0} kept between {1} and {2}"),
    "coalesce": Operation((_ANY, _ANY), None, "the first known of {all}", many=True, same=0),
    "days_between": _days("the days from {0} to {1}"),
    "days_since": Operation((_DAY,), _NUMBER, "the days since {0}"),
    "days_until": Operation((_DAY,), _NUMBER, "the days until {0}"),
    "is_missing": Operation((_ANY,), _BOOLEAN, "{0} is not known"),
    "max": Operation((_SIZED, _SIZED), None, "the greatest of {all}", many=True, same=0),
    "min": Operation((_SIZED, _SIZED), None, "the least of {all}", many=True, same=0),
    "minor": Operation((_NUMBER, _NUMBER), _NUMBER, "{0}", whole=(1, 0, 6)),
    "months_between": _days("the full months from {0} to {1}"),
    "prior": Operation(
        (_ANY, _NUMBER), None, "{0} ({1} periods earlier)", same=0, whole=(1, 0, 400)
    ),
    "ratio": Operation((_NUMBER, _NUMBER, _NUMBER), _NUMBER, "the ratio of {0} to {1}", least=2),
    "round": Operation((_NUMBER, _NUMBER), _NUMBER, "{0}, rounded", least=1, whole=(1, 0, 12)),
    "streak": Operation(
        (_NUMBER, _BOOLEAN), _BOOLEAN, "for {0} periods in a row, {1}", whole=(0, 1, 400)
    ),
    "today": Operation((), frozenset({Kind.DATE}), "today"),
    "total": Operation(
        (_NUMBER, _NUMBER), _NUMBER, "the total of {0} over {1} periods", whole=(1, 1, 400)
    ),
}
"""Operations that are written as a call."""

OPERATIONS: Mapping[str, Operation] = {**SYNTAX, **FUNCTIONS}
"""Every operation of the language, by name."""

_INSTEAD = {
    "avg": "; there is no mean: divide total(x, n) by n",
    "mean": "; there is no mean: divide total(x, n) by n",
    "sum": "; total(x, n) adds up the last n periods of a series, and `a + b` adds facts",
}


def unknown_function(name: str, known: Iterable[str]) -> str:
    """That there is no such function, and what to write instead where that can be told.

    >>> unknown_function("mean", FUNCTIONS)
    "unknown function 'mean'; there is no mean: divide total(x, n) by n"
    """
    return f"unknown function {name!r}{_INSTEAD.get(name) or suggestion(name, known)}"


MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""Each comparison as it reads from the other side."""


# --------------------------------------------------------------------------------------
# Making nodes


def literal(value: object) -> Literal:
    """A checked literal: a number, text, boolean, date, aware instant, or None for unknown.

    Whole floats become integers, so that ``5.0`` and ``5`` are one literal; instants are kept in
    UTC.

    Raises:
        ExpressionError: For a number that is not finite or lies beyond :data:`MAX_NUMBER`, a naive
            instant, or a value of another type.

    >>> literal(5.0) == literal(5), literal(True) == literal(1)
    (True, False)
    """
    match value:
        case None:
            return Literal(None, None)
        case bool():
            return Literal(Kind.BOOLEAN, value)
        case float() | numbers.Integral():
            return Literal(Kind.NUMBER, _number(value))
        case str() if "\0" in value:
            raise ExpressionError(f"the text {value[:40]!r} holds a NUL character")
        case str():
            return Literal(Kind.TEXT, str.__str__(value))  # the text of an enum member, too
        case dt.datetime():
            return Literal(Kind.INSTANT, _utc(value))
        case dt.date():
            return Literal(Kind.DATE, value)
    raise ExpressionError(
        f"a rule cannot hold {repr(value)[:60]} ({type(value).__name__}); "
        "expected a number, text, boolean, date, aware datetime or None"
    )


def _number(value: float | numbers.Integral) -> float | int:
    number = float(value) if isinstance(value, float) else int(value)
    if not abs(number) <= MAX_NUMBER:
        shown = f"{number} " if isinstance(number, float) or number.bit_length() < 200 else ""
        raise ExpressionError(
            f"the number {shown}is not within plus or minus 2**53; write an id as text"
        )
    return int(number) if number == int(number) else number


def _utc(value: dt.datetime) -> dt.datetime:
    if value.utcoffset() is None:
        raise ExpressionError(f"the instant {value} has no time zone; give one, or use a date")
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        problem = f"the instant {value} lies outside the years 1 to 9999 in UTC"
        raise ExpressionError(problem) from None


def make(operation: str, *arguments: Node) -> Node:
    """An operation on arguments, checked and in its normal form.

    Equal rules are equal values: ``and`` and ``or`` are flattened, a membership's values are sorted
    and each kept once, a comparison has its literal on the right, and a minus before a number is
    part of the number.

    Raises:
        ExpressionError: If the number of arguments is wrong, an argument that must be written out
            is not, or something is compared with None, which no value can tell.

    >>> make("<", literal(0), Fact("seats")) == make(">", Fact("seats"), literal(0))
    True
    """
    signature = OPERATIONS[operation]
    signature.check_arity(operation, len(arguments))
    if signature.whole is not None:
        _check_whole(operation, signature.whole, arguments)
    match operation, arguments:
        case (("and" | "or"), _):
            return Apply(operation, tuple(_flattened(operation, arguments)))
        case "in", (tested, *members):
            return Apply(operation, (tested, *_members(members)))
        case "neg", (Literal(Kind.NUMBER, float() | int() as value),):
            return literal(-value)
        case _ if operation in MIRRORED:
            return _comparing(operation, arguments)
    return Apply(operation, arguments)


def _check_whole(name: str, whole: tuple[int, int, int], arguments: tuple[Node, ...]) -> None:
    position, low, high = whole
    if position >= len(arguments):
        return  # it may be left out
    match arguments[position]:
        case Literal(Kind.NUMBER, int() as value) if low <= value <= high:
            return
    raise ExpressionError(
        f"argument {position + 1} of {name} must be written as a whole number from {low} to "
        f"{high}, but got `{to_text(arguments[position])}`"
    )


def _flattened(operation: str, arguments: Iterable[Node]) -> Iterator[Node]:
    for argument in arguments:
        if isinstance(argument, Apply) and argument.operation == operation:
            yield from argument.arguments
        else:
            yield argument


def _members(values: Iterable[Node]) -> list[Literal]:
    found: set[Literal] = set()
    for value in values:
        if not isinstance(value, Literal) or value.kind is None:
            problem = "`in` takes a set of values written out, such as {'a', 'b'}"
            raise ExpressionError(f"{problem}, but got `{to_text(value)}`")
        found.add(value)
    return sorted(found, key=lambda value: (str(value.kind), value.value))


def _comparing(operation: str, sides: tuple[Node, ...]) -> Apply:
    left, right = sides
    if Literal(None, None) in sides:
        other = to_text(right if left == Literal(None, None) else left)
        problem = f"nothing can be told of a comparison with None; write is_missing({other})"
        raise ExpressionError(problem)
    if isinstance(left, Literal) and not isinstance(right, Literal):
        return Apply(MIRRORED[operation], (right, left))
    return Apply(operation, sides)


def _fact(name: str) -> Fact:
    if not name:
        raise ExpressionError("a fact has a name, but got an empty one")
    return Fact(name)


def _date(text: str) -> Literal:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise ExpressionError(f"{text[:40]!r} is not a date of the form '2026-06-30'")
    return literal(found)


def _instant(text: str) -> Literal:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        form = "'2026-06-30T12:00:00+00:00'"
        raise ExpressionError(f"{text[:40]!r} is not an instant of the form {form}")
    return literal(found)


QUOTED: Mapping[str, Callable[[str], Node]] = {"date": _date, "fact": _fact, "instant": _instant}
"""What is written as a word and a text in quotes: ``fact("Seconds of Use")``."""


# --------------------------------------------------------------------------------------
# Looking at trees


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, parents first.

    >>> [to_text(part) for part in walk(make(">", Fact("seats"), literal(3)))]
    ['seats > 3', 'seats', '3']
    """
    yield node
    if isinstance(node, Apply):
        for argument in node.arguments:
            yield from walk(argument)


def facts_of(node: Node) -> tuple[str, ...]:
    """The names of the facts a rule reads, each once, in order of appearance.

    >>> facts_of(make("/", Fact("seats_used"), Fact("seats")))
    ('seats_used', 'seats')
    """
    return tuple(dict.fromkeys(part.name for part in walk(node) if isinstance(part, Fact)))


def replaced(node: Node, instead: Callable[[Fact], Node]) -> Node:
    """The tree with each fact replaced by what ``instead`` gives for it, in normal form.

    >>> to_text(replaced(make("not", Fact("idle")), lambda fact: Fact(fact.name.title())))
    'not Idle'
    """
    if isinstance(node, Fact):
        return instead(node)
    if not isinstance(node, Apply):
        return node
    arguments = tuple(replaced(argument, instead) for argument in node.arguments)
    if node.operation in OPERATIONS:
        return make(node.operation, *arguments)
    return Apply(node.operation, arguments)


def check_size(node: Node) -> None:
    """Refuse a tree that is too deep, would grow too large, or whose text could not be read back.

    Raises:
        ExpressionError: Beyond :data:`MAX_DEPTH`, :data:`MAX_NODES` or :data:`MAX_TEXT`.
    """
    size, depth = _measure(node, {})
    if depth > MAX_DEPTH:
        raise ExpressionError(f"the rule is nested {depth} deep; at most {MAX_DEPTH} is allowed")
    if size > MAX_NODES:
        raise ExpressionError(
            f"the rule has {size} parts when written out; at most {MAX_NODES} are allowed"
        )
    length = len(to_text(node))
    if length > MAX_TEXT:
        raise ExpressionError(f"the rule's text has {length} characters; at most {MAX_TEXT}")


def _measure(node: Node, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Size and depth; parts that are one object are measured once."""
    if not isinstance(node, Apply):
        return 1, 1
    if id(node) not in known:
        parts = [_measure(argument, known) for argument in node.arguments]
        size = 1 + sum(part[0] for part in parts)
        known[id(node)] = size * _copies(node), 1 + max((part[1] for part in parts), default=0)
    return known[id(node)]


def _copies(node: Apply) -> int:
    """How often lowering writes the arguments of ``node``."""
    match node.operation, node.arguments:
        case ("streak", (Literal(_, int(periods)), _)) | ("total", (_, Literal(_, int(periods)))):
            return periods
        case "change", _:
            return 2
    return 1


# --------------------------------------------------------------------------------------
# Text

_IDENTIFIER = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*", re.ASCII)

LOOKALIKES = {"true": "True", "false": "False", "null": "None", "none": "None"}
"""Words that other languages have for Python's; as a fact's name they stand in quotes."""

_LOOSEST, _IF, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _UNARY, _ATOM = range(10)
_BINDING = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}


def to_text(node: Node) -> str:
    """The rule as text that parses back to the same tree.

    >>> to_text(make("and", make(">", Fact("Seconds of Use"), literal(0)), Fact("is_paid")))
    'fact("Seconds of Use") > 0 and is_paid'
    """
    return _text(node)[0]


def _text(node: Node) -> tuple[str, int]:
    """Text and how tightly it binds."""
    match node:
        case Literal(_, value):
            text = _literal_text(value)
            return text, _UNARY if text.startswith("-") else _ATOM
        case Fact(name, lag):
            return (f"prior({_fact_text(name)}, {lag})" if lag else _fact_text(name)), _ATOM
    name, arguments = node.operation, node.arguments
    if name in _BINDING:
        level = _BINDING[name]
        first, *rest = arguments
        return f" {name} ".join([_in(first, level), *(_in(x, level + 1) for x in rest)]), level
    if name in MIRRORED:
        return f" {name} ".join(_in(side, _SUM) for side in arguments), _COMPARE
    if name in SYNTAX:
        return _syntax(name, arguments)
    listed = ", ".join(_in(argument, _LOOSEST) for argument in arguments)
    return f"{name.partition('@')[0]}({listed})", _ATOM


def _syntax(name: str, arguments: tuple[Node, ...]) -> tuple[str, int]:
    """The operations of words and signs that are no sums and no comparisons."""
    match name, arguments:
        case "and", _:
            return _chained(arguments), _AND
        case "or", _:
            return " or ".join(_in(argument, _AND) for argument in arguments), _OR
        case "not", (Apply("in", inner),):
            return _membership(inner, "not in"), _COMPARE
        case "not", (inner,):
            return f"not {_in(inner, _NOT)}", _NOT
        case "neg", (inner,):
            return f"-{_in(inner, _ATOM)}", _UNARY
        case "in", _:
            return _membership(arguments, "in"), _COMPARE
    condition, yes, no = arguments
    return f"{_in(yes, _OR)} if {_in(condition, _OR)} else {_in(no, _IF)}", _IF


def _in(node: Node, level: int) -> str:
    """The text of ``node`` where something binding at ``level`` stands around it."""
    text, own = _text(node)
    return text if own >= level else f"({text})"


def _membership(arguments: tuple[Node, ...], word: str) -> str:
    tested, *members = arguments
    return f"{_in(tested, _SUM)} {word} {{{', '.join(_in(member, _IF) for member in members)}}}"


def _chained(conditions: tuple[Node, ...]) -> str:
    """``x > 0 and x <= 5`` as ``0 < x <= 5``, ``a < b and b < c`` as ``a < b < c``."""
    texts: list[str] = []
    end: Node | None = None  # the last side of a comparison that a chain may go on from
    for condition, after in zip(conditions, (*conditions[1:], None), strict=True):
        if not isinstance(condition, Apply) or condition.operation not in MIRRORED:
            texts.append(_in(condition, _NOT))
            end = None
            continue
        operation, (left, right) = condition.operation, condition.arguments
        if _is_lower_bound(condition, after):
            left, operation, right = right, MIRRORED[operation], left
        going_on = f" {operation} {_in(right, _SUM)}"
        if left == end:
            texts[-1] += going_on
        else:
            texts.append(_in(left, _SUM) + going_on)
        end = right
    return " and ".join(texts)


def _is_lower_bound(low: Apply, after: Node | None) -> bool:
    """Whether a comparison bounds from below, by a literal, what the next bounds from above."""
    match low, after:
        case Apply(">" | ">=", (bounded, Literal())), Apply("<" | "<=", (same, _)):
            return bounded == same and not isinstance(bounded, Literal)
    return False


def _fact_text(name: str) -> str:
    words = name.split(".")
    plain = _IDENTIFIER.fullmatch(name) and not any(map(keyword.iskeyword, words))
    plain = plain and len(words) <= MAX_DEPTH  # a name with more dots is quoted, not nested
    if plain and words[0] != "fact" and words[0].lower() not in LOOKALIKES:
        return name
    return f"fact({_quoted(name)})"


def _quoted(text: str) -> str:
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in text else plain


def _literal_text(value: Value) -> str:
    match value:
        case dt.datetime():
            return f'instant("{value.isoformat()}")'
        case dt.date():
            return f'date("{value.isoformat()}")'
        case str():
            return _quoted(value)
    return repr(value)
