"""One record: a rule's tree as a Python function.

The function is written from the lowered, validated tree. Its text holds generated identifiers
alone (``v1``, ``k3``): every name and constant of the rule is bound as a value and never pasted,
so nothing that a stranger wrote is ever executed. This is the one module that compiles.

All facts are read and checked, today is settled and registered functions are called before
anything is decided, so an error does not depend on which part of a condition came first. The plain
interpreter in :mod:`cslib.explanations` is the specification that the tests hold this module to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import attrs

from cslib import expressions, facts, periods
from cslib.expressions import MIRRORED, Apply, Fact, Kind, Kinds, Literal, Node, Value
from cslib.functions import Function
from cslib.inference import Inferred
from cslib.moments import utc_day

__all__ = [
    "HELPERS",
    "Choice",
    "Decide",
    "Part",
    "ReadAll",
    "ReadGroups",
    "ReadMatches",
    "compile_groups",
    "compile_matches",
    "compile_record",
    "compile_records",
    "lags_of",
    "raw_facts",
]

Decide = Callable[[object, object], Value]
"""A compiled rule: a function of a record and ``as_of``."""

ReadAll = Callable[[object, object], tuple[tuple[Value, ...], tuple[Any, ...], tuple[int, ...]]]
"""Several compiled rules: their values, what was chosen by them, and what that adds up to."""

ReadGroups = Callable[[object, object], tuple[tuple[Value, ...], ...]]
"""Several compiled rules in groups: their values."""

ReadMatches = Callable[[object, object], tuple[dict[int, "bool | None"], tuple[Value, ...]]]
"""Several compiled conditions, those that do not fail by their place; and the values of rules."""


def compile_record(lowered: Node, inferred: Inferred, functions: Mapping[str, Function]) -> Decide:
    """A function of a record and ``as_of`` that gives the rule's value, None for unknown.

    The function raises what :meth:`cslib.rules.Rule.__call__` says.

    >>> from cslib.inference import infer
    >>> from cslib.parsing import parse
    >>> node, _ = parse("seats >= 5")
    >>> decide = compile_record(node, infer(node), {})
    >>> decide({"seats": 6}, None), decide({}, None)
    (True, None)
    """
    writer = _Writer()
    lags = lags_of(lowered)
    writer.fetch(lags)
    writer.begin(inferred, functions, raw_facts(lowered))
    writer.read_facts(lags)
    writer.prepare(lowered)
    writer.finish(lowered)
    decide: Decide = writer.function()
    return decide


class Choice(NamedTuple):
    """What a known or unknown value stands for: the outcome of the first case that holds.

    Attributes:
        unknown: The outcome where the value is unknown.
        cases: Comparisons with constants, such as ``(">=", 0.3)``, that must all hold, and the
            outcome then.
        otherwise: The outcome where no case holds.
    """

    unknown: object
    cases: tuple[tuple[tuple[tuple[str, Value], ...], object], ...]
    otherwise: object


class Part(NamedTuple):
    """One of several rules that are compiled together; the first three as for a single one."""

    lowered: Node
    inferred: Inferred
    functions: Mapping[str, Function]
    choice: Choice | None = None


def compile_records(parts: Sequence[Part], adds: Sequence[str] = ()) -> ReadAll:
    """A function that gives the values of several rules, and what each chooses (None: nothing).

    A fact that several rules read is fetched once, and checked once for each way to read it. All
    is as if the rules were asked one by one, the error too that the first of them raises.

    Args:
        parts: The rules.
        adds: Attributes of the outcomes, whole numbers; of each the sum over all that is chosen.

    >>> from cslib.inference import infer
    >>> from cslib.parsing import parse
    >>> node, _ = parse("used / seats")
    >>> choice = Choice("dark", (((("<", 0.3),), "low"),), "high")
    >>> read = compile_records([Part(node, infer(node), {}, choice)])
    >>> read({"used": 1, "seats": 4}, None), read({}, None)
    (((0.25,), ('low',), ()), ((None,), ('dark',), ()))
    """
    writer = _Writer()
    writer.start_sums(adds)
    lags = [lags_of(part.lowered) for part in parts]
    writer.fetch({name: None for each in lags for name in each})
    values, chosen = [], []
    for part, asked in zip(parts, lags, strict=True):
        values.append(writer.value_of(part, asked))
        chosen.append("None" if part.choice is None else writer.choose(values[-1], part.choice))
    told = (values, chosen, writer.sums.values())
    tuples = ("".join(f"{each}, " for each in texts) for texts in told)
    writer.lines.append(f"return {', '.join(f'({each})' for each in tuples)}")
    read: ReadAll = writer.function()
    return read


def compile_groups(groups: Sequence[Sequence[Part]]) -> ReadGroups:
    """A function that gives the values of groups of rules, a tuple for each group.

    >>> from cslib.inference import infer
    >>> from cslib.parsing import parse
    >>> nodes = [parse(text)[0] for text in ("used > 9", "seats > 3")]
    >>> read = compile_groups([[Part(node, infer(node), {}) for node in nodes], []])
    >>> read({"used": 1, "seats": 4}, None)
    ((False, True), ())
    """
    writer = _Writer(doubles=True)
    lags = [[lags_of(part.lowered) for part in parts] for parts in groups]
    writer.fetch({name: None for parts in lags for each in parts for name in each})
    told = []
    for parts, asked in zip(groups, lags, strict=True):
        texts = []
        for part, each in zip(parts, asked, strict=True):
            writer.ready(part, each)
            is_constant = isinstance(part.lowered, Literal)
            write = writer.operand if is_constant else writer.write
            texts.append(f"{write(part.lowered)}, ")
        told.append(f"({''.join(texts)}), ")
    writer.lines.append(f"return ({''.join(told)})")
    read: ReadGroups = writer.function()
    return read


def compile_matches(conditions: Sequence[Part], values: Sequence[Part]) -> ReadMatches:
    """A function that gives the conditions that do not fail, and the values of further rules.

    For a host that asks many conditions of which most are false: these cost a test or two each.

    Returns:
        A function of a record and ``as_of`` that gives a dict, by place, of the conditions that
        hold (True) or of which that is not known (None), and the values. All is as if the rules
        were asked one by one, the error too that the first of them raises.

    >>> from cslib.inference import infer
    >>> from cslib.parsing import parse
    >>> nodes = [parse(text)[0] for text in ("used > 9", "seats > 3 and used < 9", "used > seats")]
    >>> read = compile_matches([Part(node, infer(node), {}) for node in nodes], [])
    >>> read({"used": 1, "seats": 4}, None), read({"used": 1}, None)
    (({1: True}, ()), ({1: None, 2: None}, ()))
    """
    writer = _Writer(doubles=True)
    parts = [*conditions, *values]
    lags = [lags_of(part.lowered) for part in parts]
    writer.fetch({name: None for each in lags for name in each})
    told: list[str] = []
    writer.lines.append("found = {}")
    for place, (part, asked) in enumerate(zip(parts, lags, strict=True)):
        if place < len(conditions):
            writer.ready(part, asked)
            writer.match(place, part.lowered)
        else:
            told.append(f"{writer.value_of(part, asked)}, ")
    writer.lines.append(f"return found, ({''.join(told)})")
    read: ReadMatches = writer.function()
    return read


def raw_facts(lowered: Node) -> frozenset[str]:
    """Facts that are only compared with facts and literals: numbers there stay what they are.

    All other numbers are taken as doubles, so that a record and a column calculate alike.

    >>> from cslib.parsing import parse
    >>> sorted(raw_facts(parse("id == 7 and seats / licences > used")[0]))
    ['id']
    """
    raw: set[str] = set()
    calculated: set[str] = set()

    def visit(node: Node) -> None:
        if isinstance(node, Fact):
            calculated.add(node.name)
        if not isinstance(node, Apply):
            return
        if _is_direct(node):
            raw.update(part.name for part in node.arguments if isinstance(part, Fact))
            return
        for part in node.arguments:
            visit(part)

    visit(lowered)
    return frozenset(raw - calculated)


def _is_direct(node: Apply) -> bool:
    compares = node.operation in MIRRORED or node.operation in ("in", "is_missing")
    return compares and not any(isinstance(part, Apply) for part in node.arguments)


def lags_of(lowered: Node) -> dict[str, tuple[int, ...]]:
    """For each fact, in order of appearance, the lags at which the tree reads it.

    >>> lags_of(Apply("-", (Fact("seats", 3), Fact("seats"))))
    {'seats': (0, 3)}
    """
    lags: dict[str, set[int]] = {}
    for part in expressions.walk(lowered):
        if isinstance(part, Fact):
            lags.setdefault(part.name, set()).add(part.lag)
    return {name: tuple(sorted(found)) for name, found in lags.items()}


# --------------------------------------------------------------------------------------
# What compiled rules call, and the interpreter too


def _at_least(least: int, *conditions: bool | None) -> bool | None:
    true = conditions.count(True)
    if true >= least:
        return True
    return None if true + conditions.count(None) >= least else False


def _first_known(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


def _round(x: float, digits: float = 0.0) -> float:
    """Half to even on ``x * 10**digits``; numbers too large for a fraction stay as they are."""
    power = 10.0**digits
    scaled = x * power
    return round(scaled, 0) / power if abs(scaled) < 2.0**52 else x


def _days_between(first: dt.date, last: dt.date) -> float:
    return float((utc_day(last) - utc_day(first)).days)


def _months(count: Callable[[dt.date, dt.date], int]) -> Callable[[dt.date, dt.date], float]:
    return lambda first, last: float(count(utc_day(first), utc_day(last)))


def _divide(a: float, b: float, default: float | None = None) -> float | None:
    """``a / b``; where ``b`` is zero, ``default`` if there is one, else unknown."""
    return a / b if b else default


HELPERS: Mapping[str, Callable[..., Any]] = {
    "/": _divide,
    "abs": abs,
    "at_least": _at_least,
    "calendar_months_between": _months(periods.calendar_months_between),
    "calendar_quarters_between": _months(periods.calendar_quarters_between),
    "days_between": _days_between,
    "max": max,
    "min": min,
    "months_between": _months(periods.months_between),
    "ratio": _divide,
    "round": _round,
}
"""Operations that are plain functions of known values."""


# --------------------------------------------------------------------------------------
# Writing

_BOUND: Mapping[str, Any] = {
    "HIGH": expressions.MAX_NUMBER,
    "LOW": -expressions.MAX_NUMBER,
    "agree": facts.agree,
    "as_of_day": facts.as_of_day,
    "date": dt.date,
    "getter": facts.getter,
    "known": facts.known,
    "real": facts.real,
    "series": facts.series,
}
"""What every compiled rule can name besides Python's own builtins."""

_TODAY = Apply("today", ())
_NESTED = ("and", "or", "not", "in", *MIRRORED)
"""Operations that are written where they stand; all others get a line of their own."""
_MOST_NESTED = 12
"""How deep they nest in one line: Python's own parser has a limit."""


@attrs.define
class _Writer:
    """The lines of one function, and the values bound to its identifiers.

    One rule is written at a time. What was fetched and read, and today, serve all; a calculation
    does not, since two rules may read a number of one name in different ways.

    Attributes:
        doubles: Whether whole numbers that doubles hold are compared as doubles, which changes no
            answer. It is worth a conversion where a fact is compared with many numbers, since
            Python compares two doubles in half the time that a double and an int take.
    """

    inferred: Inferred = attrs.field(init=False)
    functions: Mapping[str, Function] = attrs.field(init=False)
    raw: frozenset[str] = attrs.field(init=False)
    lines: list[str] = attrs.Factory(list)
    bound: dict[str, Any] = attrs.Factory(lambda: dict(_BOUND))
    names: dict[Node, str] = attrs.Factory(dict)
    fetched: dict[str, tuple[str, str]] = attrs.Factory(dict)
    read: dict[tuple[object, ...], str] = attrs.Factory(dict)
    sums: dict[str, str] = attrs.Factory(dict)
    count: int = 0
    doubles: bool = False

    def begin(
        self, inferred: Inferred, functions: Mapping[str, Function], raw: frozenset[str]
    ) -> None:
        """The next rule."""
        self.inferred, self.functions, self.raw = inferred, functions, raw
        self.names = {node: text for node, text in self.names.items() if node == _TODAY}

    def ready(self, part: Part, lags: Mapping[str, tuple[int, ...]]) -> None:
        """Lines for all that comes before the next rule decides anything."""
        self.begin(part.inferred, part.functions, raw_facts(part.lowered))
        self.read_facts(lags)
        self.prepare(part.lowered)

    def value_of(self, part: Part, lags: Mapping[str, tuple[int, ...]]) -> str:
        """Lines for the next rule, and the identifier of its value."""
        self.ready(part, lags)
        return self.operand(part.lowered)

    def start_sums(self, fields: Iterable[str]) -> None:
        """Lines that begin to add up attributes of what will be chosen."""
        self.sums = {field: self.new("s") for field in fields}
        self.lines.extend(f"{total} = 0" for total in self.sums.values())

    def function(self) -> Callable[..., Any]:
        """What was written, as a function of a record and ``as_of``."""
        body = "\n    ".join(self.lines)
        source = f"def decide(record, as_of):\n    {body}\n"
        exec(compile(source, "<rule>", "exec"), self.bound)  # noqa: S102  our own text, see above
        decide: Callable[..., Any] = self.bound["decide"]
        return decide

    def new(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def bind(self, value: object) -> str:
        name = self.new("k")
        self.bound[name] = value
        return name

    # facts

    def fetch(self, names: Iterable[str]) -> None:
        """Lines that fetch every fact, unchecked."""
        self.fetched = {name: (self.new("f"), self.bind(name)) for name in names}
        self.lines.extend(_fetched(self.fetched.values(), any("." in name for name in names)))

    def read_facts(self, lags: Mapping[str, tuple[int, ...]]) -> None:
        """Lines that check every fact, and those that must be of one kind."""
        for name, asked in lags.items():
            value = self.read_fact(name, asked)
            if asked == (0,):
                self.names[Fact(name)] = value
            else:
                self.names.update({Fact(name, lag): f"{value}[{i}]" for i, lag in enumerate(asked)})
        for group in self.inferred.groups:
            self.check_agreement(group)

    def read_fact(self, name: str, asked: tuple[int, ...]) -> str:
        """The identifier of a checked fact; what was read so before is not read again."""
        kinds = self.inferred.facts[name]
        reader = "known" if name in self.raw else "real"
        key = name, asked, frozenset(kinds), reader
        if key in self.read:
            return self.read[key]
        given, label = self.fetched[name]
        value = self.read[key] = self.new("v")
        if asked == (0,):
            self.lines.append(f"{value} = {given}")
            self.lines.extend(_usual_types(value, kinds, reader == "real" or self.doubles))
            read = f"{reader}({value}, {label}, {self.bind(kinds)})"
            self.lines.append(f"elif {value} is not None: {value} = {read}")
        else:
            arguments = f"{given}, {label}, {self.bind(kinds)}, {self.bind(asked)}, {reader}"
            self.lines.append(f"{value} = series({arguments})")
        return value

    def check_agreement(self, group: tuple[str, ...]) -> None:
        read = [(node.name, text) for node, text in self.names.items() if isinstance(node, Fact)]
        names = tuple(name for name, _ in read if name in group)
        values = "".join(f"{text}, " for name, text in read if name in group)
        self.lines.append(f"agree({self.bind(names)}, ({values}))")

    # expressions

    def prepare(self, lowered: Node) -> None:
        """Lines for all that can fail, ahead of all that decides."""
        for part in expressions.walk(lowered):
            if part == _TODAY and part not in self.names:
                self.assign(_TODAY, "as_of_day(as_of)")
        for part in expressions.walk(lowered):
            if isinstance(part, Apply) and part.operation in self.functions:
                self.atom(part)

    def finish(self, lowered: Node) -> None:
        """The last lines. An ``and`` or ``or`` returns as soon as it is decided."""
        if not isinstance(lowered, Apply) or lowered.operation not in ("and", "or"):
            self.lines.append(f"return {self.operand(lowered)}")
            return
        decisive = lowered.operation == "or"
        self.lines.append(f"result = {not decisive}")
        for part in lowered.arguments:
            self.lines.extend(self.decision(part, decisive))
        self.lines.append("return result")

    def choose(self, value: str, choice: Choice) -> str:
        """Lines that find the outcome of a choice, and its identifier."""
        name = self.new("c")
        self.lines.append(f"if {value} is None: {self.taken(name, choice.unknown)}")
        for tests, outcome in choice.cases:
            asked = [f"{value} {operation} {self.bind(given)}" for operation, given in tests]
            holds = " and ".join(asked) or "True"
            self.lines.append(f"elif {holds}: {self.taken(name, outcome)}")
        self.lines.append(f"else: {self.taken(name, choice.otherwise)}")
        return name

    def match(self, place: int, lowered: Node) -> None:
        """A line that keeps a condition unless it fails; the tests of an ``and`` one by one."""
        is_list = isinstance(lowered, Apply) and lowered.operation == "and"
        parts = lowered.arguments if is_list and isinstance(lowered, Apply) else (lowered,)
        tests = [self.test(part) for part in parts]
        may_hold = " and ".join(f"({unknown} or {holds})" for unknown, holds in tests)
        unknown = " or ".join(dict.fromkeys(unknown for unknown, _ in tests))
        self.lines.append(f"if {may_hold}: found[{place}] = None if {unknown} else True")

    def test(self, part: Node) -> tuple[str, str]:
        """The test whether a part is unknown, and whether it holds."""
        if isinstance(part, Apply) and part.operation in MIRRORED:
            unknown, holds = self.comparison(part)
            return unknown or "False", holds
        name = self.atom(part)
        return f"{name} is None", name

    def taken(self, name: str, outcome: object) -> str:
        """Statements that take an outcome and add up what is asked of it."""
        amounts = ((total, getattr(outcome, field)) for field, total in self.sums.items())
        added = (f"{total} += {self.bind(amount)}" for total, amount in amounts if amount)
        return "; ".join((f"{name} = {self.bind(outcome)}", *added))

    def decision(self, part: Node, decisive: bool) -> list[str]:
        """Lines that return if ``part`` decides, and remember if it is unknown."""
        if isinstance(part, Apply) and part.operation in MIRRORED:
            unknown, holds = self.comparison(part)
            decides = holds if decisive else f"not {holds}"
        else:
            name = self.atom(part)
            unknown, decides = f"{name} is None", f"{name} is {decisive}"
        if not unknown:
            return [f"if {decides}: return {decisive}"]
        return [f"if {unknown}: result = None", f"elif {decides}: return {decisive}"]

    def write(self, node: Node, depth: int = 0) -> str:
        """An identifier or a short expression for ``node``; other lines go before it."""
        if isinstance(node, Literal) and node not in self.names:
            self.remember(node, self.bind(node.value))
        if node in self.names or not isinstance(node, Apply):
            return self.names[node]  # every fact was read first
        if node.operation not in _NESTED:
            return self.assign(node, self.value(node))
        text = self.condition(node, depth)
        return text if depth < _MOST_NESTED else self.assign(node, text)

    def condition(self, node: Apply, depth: int) -> str:
        match node.operation:
            case "and" | "or":
                return self.junction(node, depth)
            case "not":
                name, part = self.new("t"), self.write(node.arguments[0], depth + 1)
                return f"(None if ({name} := {part}) is None else not {name})"
            case "in":
                unknown, holds = self.membership(node)
            case _:
                unknown, holds = self.comparison(node)
        return f"(None if {unknown} else {holds})" if unknown else f"({holds})"

    def junction(self, node: Apply, depth: int) -> str:
        """Kleene's and, or: the deciding value ends it, an unknown is remembered."""
        decisive = node.operation == "or"
        texts = [self.write(part, depth + 1) for part in node.arguments]
        names = [self.new("t") for _ in texts]
        assigned = zip(names, texts, strict=True)
        decided = " or ".join(f"({name} := {text}) is {decisive}" for name, text in assigned)
        unknown = " or ".join(f"{name} is None" for name in names)
        return f"({decisive} if {decided} else None if {unknown} else {not decisive})"

    def comparison(self, node: Apply) -> tuple[str, str]:
        """The test whether a comparison is unknown ("" if it cannot be), and the comparison."""
        first, second = map(self.operand if self.doubles else self.atom, node.arguments)
        unknown = self.unknown([first, second], node.arguments)
        return unknown, f"{first} {node.operation} {second}"

    def membership(self, node: Apply) -> tuple[str, str]:
        """The same for ``in``."""
        given, *members = node.arguments
        name = self.atom(given)
        values = frozenset(part.value for part in members if isinstance(part, Literal))
        return self.unknown([name], [given]), f"{name} in {self.bind(values)}"

    def value(self, node: Apply) -> str:
        parts = [self.operand(part) for part in node.arguments]
        match node.operation:
            case "is_missing":
                return f"{parts[0]} is None"
            case "coalesce":
                return self.call(_first_known, parts)
            case "if":
                asked, yes, no = parts
                agreed = f"{yes} if {yes} == {no} else None"
                return f"{yes} if {asked} is True else {no} if {asked} is False else {agreed}"
            case "at_least":
                return self.call(HELPERS["at_least"], parts)
        unknown = self.unknown(parts, node.arguments)
        applied = self.applied(node.operation, parts)
        return f"None if {unknown} else {applied}" if unknown else applied

    def applied(self, operation: str, parts: list[str]) -> str:
        """An operation on known values."""
        if operation in ("+", "-", "*"):
            return f" {operation} ".join(parts)
        if operation == "/":
            return f"{parts[0]} / {parts[1]} if {parts[1]} else None"
        return self.call(HELPERS.get(operation) or self.functions[operation], parts)

    def call(self, function: Callable[..., Any], parts: list[str]) -> str:
        return f"{self.bind(function)}({', '.join(parts)})"

    def unknown(self, parts: Sequence[str], nodes: Iterable[Node]) -> str:
        """The test whether any part is unknown; literals other than None never are."""
        tested = [
            f"{part} is None"
            for part, node in zip(parts, nodes, strict=True)
            if not isinstance(node, Literal) or node.kind is None
        ]
        return " or ".join(dict.fromkeys(tested))

    def operand(self, node: Node) -> str:
        """An identifier for ``node`` in a calculation, where numbers are doubles."""
        if isinstance(node, Literal) and isinstance(node.value, int) and node.kind is Kind.NUMBER:
            return self.bind(float(node.value))
        return self.atom(node)

    def atom(self, node: Node) -> str:
        """An identifier for ``node``."""
        text = self.write(node)
        if isinstance(node, Apply) and node not in self.names:
            return self.assign(node, text)
        return text

    def assign(self, node: Apply, text: str) -> str:
        name = self.new("t")
        self.lines.append(f"{name} = {text}")
        if node.operation in ("+", "-", "*", "/", "ratio"):
            self.lines.append(f"if {name} != {name}: {name} = None")  # infinity less infinity
        return self.remember(node, name)

    def remember(self, node: Node, name: str) -> str:
        self.names[node] = name
        return name


def _fetched(labels: Iterable[tuple[str, str]], dotted: bool) -> list[str]:
    """Lines that fetch facts; the usual record is a dict that has them all."""
    quick = [f"        {value} = record[{label}]" for value, label in labels]
    fetch = [f"        {value} = get({label})" for value, label in labels]
    slow = "getter(record)" if dotted else "record.get"
    return [
        "if type(record) is dict:",
        "    try:",
        "        pass",
        *quick,
        "    except KeyError:",
        f"        get = {slow}",
        *fetch,
        "else:",
        "        get = getter(record)",
        *fetch,
    ]


def _usual_types(value: str, kinds: Kinds, doubles: bool) -> list[str]:
    """The start of an ``if`` that sees at a glance that a value is of a usual type."""
    match tuple(kinds):
        case (Kind.NUMBER,):
            whole = f"elif type({value}) is int"
            return [
                f"if type({value}) is float:",
                f"    if {value} != {value}: {value} = None",
                f"{whole} and LOW <= {value} <= HIGH: {value} = float({value})"
                if doubles
                else f"{whole}: pass",
            ]
        case (Kind.TEXT,):
            return [f"if type({value}) is str: pass"]
        case (Kind.BOOLEAN,):
            return [f"if {value} is True or {value} is False: pass"]
        case (Kind.DATE,):
            return [f"if type({value}) is date: pass"]
    return [f"if {value} is None: pass"]
