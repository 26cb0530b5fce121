"""Rules: one small language for conditions and measures over an account's facts.

A rule is written as text in Python's expression syntax, or with Python operators on ``fact``; both
make the same value::

    rule("seats_used / seats >= 0.6 and roles_active >= 2")
    rule((fact.seats_used / fact.seats >= 0.6) & (fact.roles_active >= 2))

It answers on one record (:meth:`Rule.__call__`) and on columns (:meth:`Rule.columns`), equally. A
missing fact is unknown, and conditions follow Kleene's strong three-valued logic (Kleene,
*Introduction to Metamathematics*, 1952, section 64): an unknown never counts as false. The rulings
where two readers could differ are in ``docs/semantics.md``, "Rules".
"""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import attrs

from cslib import explanations, expressions, jsontrees
from cslib.compiling import (
    Choice,
    Part,
    ReadAll,
    ReadGroups,
    ReadMatches,
    compile_groups,
    compile_matches,
    compile_record,
    compile_records,
)
from cslib.errors import CslibError, DefinitionError, Fault
from cslib.explanations import Explanation
from cslib.expressions import (
    Apply,
    ExpressionError,
    Fact,
    Kind,
    Node,
    Operation,
    Places,
    Value,
)
from cslib.facts import AsOfError, FactError
from cslib.functions import Function
from cslib.inference import Inferred, KindError, infer
from cslib.lowering import lower
from cslib.parsing import RuleSyntaxError, parse
from cslib.schemas import FactSpec, Schema

if TYPE_CHECKING:
    from cslib.columns import Blocks, Column

__all__ = [
    "AsOfError",
    "Explanation",
    "ExpressionError",
    "FactError",
    "FactSpec",
    "Function",
    "Kind",
    "KindError",
    "Rule",
    "RuleSyntaxError",
    "Schema",
    "Term",
    "UnfinishedError",
    "UnknownNameError",
    "condition",
    "fact",
    "fn",
    "match_together",
    "read_in_groups",
    "read_together",
    "rule",
    "ruleset",
]


@attrs.define
class UnfinishedError(CslibError, TypeError):
    """A rule, or a term of one, was used as if it were a value.

    Attributes:
        problem: What was tried, and what to write instead.
        term: The rule or term, as text.
    """

    problem: str
    term: str

    def __str__(self) -> str:
        return f"{self.problem}: `{self.term}`"


@attrs.define
class UnknownNameError(CslibError, AttributeError):
    """``fn`` has no such function, or a term no such nested fact.

    Attributes:
        problem: What there is not, and what may have been meant.
    """

    problem: str

    def __str__(self) -> str:
        return self.problem


# --------------------------------------------------------------------------------------
# A finished rule


@attrs.frozen(repr=False)
class Rule:
    """A finished rule: a frozen value that compares and hashes by content.

    Made by :func:`rule`. ``str()`` gives text that :func:`rule` reads back to an equal value.

    Attributes:
        node: The tree, see :mod:`cslib.expressions`.
        functions: The registered functions it calls.
        gives: What it was said to answer, where its tree does not tell: a bare ``seats`` may be
            anything. Reading such a rule back takes ``kind`` again.
    """

    node: Node
    functions: tuple[Function, ...] = ()
    gives: Kind | None = None
    _inferred: Inferred = attrs.field(eq=False, init=False)
    _lowered: Node = attrs.field(eq=False, init=False)
    _decide: Callable[[object, object], Value] | None = attrs.field(
        eq=False, init=False, default=None
    )

    def __attrs_post_init__(self) -> None:
        expressions.check_size(self.node)
        signatures = _signatures(self.functions)
        inferred = infer(self.node, signatures, gives=self.gives)
        object.__setattr__(self, "_inferred", inferred)
        object.__setattr__(self, "_lowered", lower(self.node))
        if infer(self.node, signatures).result == inferred.result:
            object.__setattr__(self, "gives", None)  # the tree tells by itself

    def __call__(self, record: object, *, as_of: object = None) -> Any:
        """The rule's answer on one record: a value, or None for unknown.

        Args:
            record: A mapping, or any object with attributes.
            as_of: Today, a date or aware datetime; needed by rules that count days from today.

        Raises:
            FactError: If a fact is not of the kind that its use asks for, wherever it stands.
            AsOfError: If the rule needs ``as_of`` and has none.
            MomentError: If it needs it, and ``as_of`` is no date and no aware datetime.

        >>> low = rule("seats_used / seats < 0.6")
        >>> low({"seats_used": 5, "seats": 10}), low({"seats_used": 5, "seats": None})
        (True, None)
        """
        return (self._decide or self._compiled())(record, as_of)

    def columns(self, columns: Mapping[str, Any], *, as_of: object = None) -> Column:
        """The rule's answer for every row of numpy columns.

        Args:
            columns: Names to arrays of equal length (numbers, flags, datetime64, texts, objects,
                masked arrays). A series is two-dimensional, rows by periods, oldest first. An
                absent column is unknown in every row.
            as_of: Today, as for a record.

        Returns:
            A :class:`~cslib.columns.Column`: ``value`` and the mask ``known``.

        Raises:
            FactError, AsOfError, MomentError: As for a record; a FactError with the row.
            ColumnsError: If the columns differ in length, or are no mapping.

        >>> import numpy as np
        >>> low = rule("seats_used / seats < 0.6")
        >>> used, seats = np.array([5.0, 9, 1]), np.array([10, 10, np.nan])
        >>> low.columns({"seats_used": used, "seats": seats}).tolist()
        [True, False, None]
        """
        from cslib.columns import evaluate

        return evaluate(self._lowered, self._inferred, self._by_key, columns, as_of)

    def blocks(self, columns: Mapping[str, Any], *, as_of: object = None) -> Blocks:
        """The rule over numpy columns, to be asked block by block as :meth:`columns` does at once.

        It is for those who work further on the answers, and need none of them as a whole column.

        Raises:
            FactError, ColumnsError: As :meth:`columns`.

        >>> import numpy as np
        >>> given = rule("seats >= 5").blocks({"seats": np.array([5.0, 9, 1])})
        >>> given.rows, given.read(slice(1, 3)).true
        (3, array([ True, False]))
        """
        from cslib.columns import Blocks

        return Blocks(self._lowered, self._inferred, self._by_key, columns, as_of)

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts it reads, in order of appearance.

        >>> rule("seats_used / seats >= 0.6").facts
        ('seats_used', 'seats')
        """
        return expressions.facts_of(self.node)

    @property
    def kinds(self) -> Mapping[str, frozenset[Kind]]:
        """For each fact, the kinds it may be of; more than one where the rule does not tell."""
        return dict(self._inferred.facts)

    @property
    def kind(self) -> Kind | None:
        """The kind of the answer, or None where only the data can tell.

        >>> rule("seats >= 5").kind, rule("seats / 5").kind, rule("seats").kind
        (<Kind.BOOLEAN: 'boolean'>, <Kind.NUMBER: 'number'>, None)
        """
        result = self._inferred.result
        return next(iter(result)) if len(result) == 1 else None

    def may_be(self, kind: Kind) -> bool:
        """Whether the answer can be of ``kind``."""
        return kind in self._inferred.result

    def explain(self, record: object, *, as_of: object = None) -> Explanation:
        """Each part with its values and which part decided; for an unknown, what is missing.

        >>> low = rule("seats_used / seats < 0.6 and roles >= 2")
        >>> print(low.explain({"seats_used": 5, "seats": 10}))
        unknown: seats_used / seats < 0.6 and roles >= 2
          True: seats_used / seats < 0.6  [seats_used = 5.0, seats = 10.0]
          unknown: roles >= 2  [roles = unknown]  <- decides
        >>> low.explain({"seats_used": 5, "seats": 10}).missing
        ('roles',)
        """
        return explanations.explain(self.node, self._inferred, self._by_key, record, as_of)

    def missing(self, record: object, *, as_of: object = None) -> tuple[str, ...]:
        """The unknown facts that could still decide it: :meth:`explain` without the account.

        >>> rule("seats < 6 and roles >= 2").missing({"seats": 5})
        ('roles',)
        """
        return explanations.missing(self._lowered, self._inferred, self._by_key, record, as_of)

    def words(self) -> str:
        """The rule as a sentence for people.

        >>> rule("days_since(last_login) > 30 or roles < 2").words()
        'the days since last login is above 30 or roles is below 2'
        """
        return explanations.words(self.node, self._by_key)

    def to_json(self) -> Any:
        """The tree as plain JSON data; :func:`rule` reads it back to an equal value.

        >>> rule("seats >= 3").to_json()
        {'>=': [{'fact': 'seats'}, 3]}
        """
        return jsontrees.to_json(self.node)

    def __str__(self) -> str:
        return expressions.to_text(self.node)

    def __repr__(self) -> str:
        return f"rule({str(self)!r})"

    def __and__(self, other: object) -> Rule:
        return rule(Term(self.node, self.functions) & other)

    def __or__(self, other: object) -> Rule:
        return rule(Term(self.node, self.functions) | other)

    def __invert__(self) -> Rule:
        return rule(~Term(self.node, self.functions))

    def __bool__(self) -> NoReturn:
        problem = "a rule is not true or false by itself; call it on a record"
        raise UnfinishedError(problem, str(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Rule, (self.node, self.functions, self.gives)

    def __to_data__(self) -> Any:
        """Text; a rule that calls registered functions as its tree, which names their versions."""
        return self.to_json() if self.functions else str(self)

    @classmethod
    def __from_data__(cls, data: object, functions: Iterable[Function]) -> Rule:
        return rule(data, functions=functions)

    @property
    def _by_key(self) -> dict[str, Function]:
        return {function.key: function for function in self.functions}

    def _compiled(self) -> Callable[[object, object], Value]:
        decide = compile_record(self._lowered, self._inferred, self._by_key)
        object.__setattr__(self, "_decide", decide)  # the same for every thread that gets here
        return decide


def read_together(asked: Iterable[tuple[Rule, Choice | None]], adds: Sequence[str] = ()) -> ReadAll:
    """One function of a record and ``as_of`` for several rules and what they choose.

    As :func:`cslib.compiling.compile_records`: for a host that asks the same rules of many records.

    >>> read = read_together([(rule("seats_used / seats"), None), (rule("seats > 10"), None)])
    >>> read({"seats_used": 6, "seats": 8}, None)
    ((0.75, False), (None, None), ())
    """
    parts = [Part(each._lowered, each._inferred, each._by_key, choice) for each, choice in asked]
    return compile_records(parts, adds)


def read_in_groups(groups: Iterable[Iterable[Rule]]) -> ReadGroups:
    """One function of a record and ``as_of`` for several groups of rules.

    As :func:`cslib.compiling.compile_groups`: for a host that asks the same rules of many records.

    >>> read = read_in_groups([[rule("seats > 10"), rule("seats < 20")], [rule("seats")]])
    >>> read({"seats": 8}, None)
    ((False, True), (8.0,))
    """
    return compile_groups(
        [[Part(each._lowered, each._inferred, each._by_key) for each in rules] for rules in groups]
    )


def match_together(conditions: Iterable[Rule], values: Iterable[Rule] = ()) -> ReadMatches:
    """One function of a record and ``as_of`` for many conditions, most of which are false.

    As :func:`cslib.compiling.compile_matches`: for a host that asks the same rules of many records.

    >>> match = match_together([rule("seats > 10"), rule("seats < 20")])
    >>> match({"seats": 8}, None)
    ({1: True}, ())
    """
    asked, told = (
        [Part(each._lowered, each._inferred, each._by_key) for each in rules]
        for rules in (conditions, values)
    )
    return compile_matches(asked, told)


def rule(
    source: object,
    *,
    kind: Kind | str | None = None,
    schema: Schema | None = None,
    functions: Iterable[Function] = (),
) -> Rule:
    """Make a rule from text, from operators on ``fact``, or from its JSON form.

    Args:
        source: Text such as ``"seats >= 5"``, a term such as ``fact.seats >= 5``, the data that
            :meth:`Rule.to_json` gives, or a rule.
        kind: What the answer must be; ``"boolean"`` for a condition.
        schema: The facts that there are. Unknown names and wrong kinds are then errors, and an
            amount held in minor units is read in major units.
        functions: Registered functions that the rule may call, one version of each.

    Raises:
        RuleSyntaxError: If the text is not a rule; with its column and a suggestion.
        KindError: If a part is used as what it is not, or the answer is not of ``kind``.
        DefinitionError: If the data is no rule, a fact is not in the schema, or two functions have
            one name.

    >>> rule("0 < seats <= 5") == rule((0 < fact.seats) & (fact.seats <= 5))
    True
    >>> rule("seats", kind="number")({"seats": "five"})
    Traceback (most recent call last):
        ...
    cslib.facts.FactError: fact 'seats': expected number, but got 'five' (str)
    """
    draft = _read(source, tuple(functions))
    gives = draft.gives if kind is None else Kind(kind)
    if draft.gives not in (None, gives):
        raise KindError(
            f"it was made to give {draft.gives}, so it cannot give {gives}", str(source)
        )
    return _finished(attrs.evolve(draft, gives=gives), schema, {})


@attrs.frozen
class _Draft:
    """A source that was read, and is not yet checked as a whole."""

    node: Node
    functions: tuple[Function, ...]
    places: Places = attrs.Factory(dict)
    gives: Kind | None = None


def _read(source: object, functions: tuple[Function, ...]) -> _Draft:
    match source:
        case str():
            node, places = parse(source, _signatures(functions))
            return _Draft(node, functions, places)
        case Rule():
            return _Draft(source.node, (*source.functions, *functions), gives=source.gives)
        case Term():
            node, own = _parts(source)
            return _Draft(node, (*own, *functions))
        case bool() | int() | float() | dict():
            return _Draft(jsontrees.from_json(source, _signatures(functions)), functions)
    expected = "expected text, a term on `fact`, a rule or its JSON form"
    raise DefinitionError("rule", (Fault("$", f"{expected}, but got {type(source).__name__}"),))


def _finished(draft: _Draft, schema: Schema | None, named: Mapping[str, Rule]) -> Rule:
    """The rule of a draft, with the facts that are named conditions replaced by them."""
    functions = [*draft.functions, *(f for each in named.values() for f in each.functions)]
    _check_written_out(draft.node, named)
    node = expressions.replaced(
        draft.node, lambda fact: named[fact.name].node if fact.name in named else fact
    )
    given = {name: each._inferred.result for name, each in named.items()}
    if schema is not None:
        node = schema.resolve(node)
        given = {**schema.kinds, **given}
    infer(  # of the draft, whose parts have places
        draft.node, _signatures(functions), gives=draft.gives, given=given, places=draft.places
    )
    used = {part.operation for part in expressions.walk(node) if isinstance(part, Apply)}
    kept = {function.key: function for function in functions if function.key in used}
    return Rule(node, tuple(kept[key] for key in sorted(kept)), draft.gives)


def _check_written_out(node: Node, named: Mapping[str, Rule]) -> None:
    """Refuse a rule that named ones would make too large, before it is written out."""
    sizes = {name: sum(1 for _ in expressions.walk(each.node)) for name, each in named.items()}
    mentioned = (part.name for part in expressions.walk(node) if isinstance(part, Fact))
    size = sum(sizes.get(name, 0) for name in mentioned)
    if size > expressions.MAX_NODES:
        problem = f"the rule has {size} parts when written out; at most {expressions.MAX_NODES}"
        raise ExpressionError(problem)


def _signatures(functions: Iterable[Function]) -> dict[str, Operation]:
    """What each function takes and gives, by its key.

    Raises:
        DefinitionError: If two that differ have one name.
    """
    by_name: dict[str, Function] = {}
    for function in functions:
        other = by_name.setdefault(function.name, function)
        if other != function:
            problem = f"{other.key} and {function.key} differ; a rule calls one of that name"
            raise DefinitionError("rule", (Fault("$.functions", problem),))
    return {function.key: function.operation for function in by_name.values()}


# --------------------------------------------------------------------------------------
# Named conditions


def condition(source: object) -> Rule:
    """A rule that answers true, false or unknown, from text, a term, JSON data or a rule.

    Raises:
        ExpressionError: As :func:`rule`; a rule that gives a number, say, is refused.

    >>> condition("seats >= 5").kind
    <Kind.BOOLEAN: 'boolean'>
    """
    return rule(source, kind=Kind.BOOLEAN)


def ruleset(
    sources: Mapping[str, object],
    *,
    schema: Schema | None = None,
    functions: Iterable[Function] = (),
) -> dict[str, Rule]:
    """Rules that may use one another by name.

    Where a rule mentions a name of the set as a fact, it means that rule, however it was written;
    the order does not matter.

    Raises:
        DefinitionError: With every faulty rule under its name; a cycle is a fault.

    >>> rules = ruleset({"well": "active and seats >= 3", "active": "logins > 5"})
    >>> str(rules["well"])
    'logins > 5 and seats >= 3'
    """
    drafts, faults = _drafts(sources, tuple(functions))
    needs = {
        name: [need for need in expressions.facts_of(draft.node) if need in sources]
        for name, draft in drafts.items()
    }
    order, circles = _sorted(needs)
    faults.extend(map(_circular, circles))
    made: dict[str, Rule] = {}
    for name in order:
        if name not in drafts or not made.keys() >= set(needs[name]):
            continue  # it is faulty, or needs one that is
        try:
            made[name] = _finished(drafts[name], schema, {need: made[need] for need in needs[name]})
        except CslibError as error:
            faults.extend(_faults(name, error))
    if faults:
        raise DefinitionError("ruleset", tuple(faults))
    return {name: made[name] for name in sources}


def _drafts(
    sources: Mapping[str, object], functions: tuple[Function, ...]
) -> tuple[dict[str, _Draft], list[Fault]]:
    drafts: dict[str, _Draft] = {}
    faults: list[Fault] = []
    for name, source in sources.items():
        try:
            drafts[name] = _read(source, functions)
        except CslibError as error:
            faults.extend(_faults(name, error))
    return drafts, faults


def _sorted(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """The names, each after those it needs, and the circles that were cut open for that."""
    left = {name: list(own) for name, own in needs.items()}
    circles: list[list[str]] = []
    while True:
        try:
            return list(graphlib.TopologicalSorter(left).static_order()), circles
        except graphlib.CycleError as error:
            circle: list[str] = error.args[1][::-1]
            circles.append(circle)
            left[circle[0]].remove(circle[1])


def _circular(circle: Sequence[str]) -> Fault:
    problem = f"a rule cannot need itself: {' -> '.join(circle)}"
    remedy = "where a fact is meant, name the rule otherwise"
    return Fault(_path(circle[0]), f"{problem}; {remedy}")


def _faults(name: str, error: CslibError) -> list[Fault]:
    if isinstance(error, DefinitionError):
        return [fault.under(_path(name)) for fault in error.faults]
    return [Fault(_path(name), str(error))]


def _path(name: str) -> str:
    return f"$.{name}" if name.isidentifier() else f"$[{name!r}]"


# --------------------------------------------------------------------------------------
# Operators


class Term:
    """A rule under construction, made by Python operators on ``fact`` and ``fn``.

    ``==`` builds a condition, so a term has no truth and no hash; :func:`rule` finishes it. A dot
    leads into a nested fact: ``fact.owner.email``.
    """

    __slots__ = ("__functions", "__node")
    __array_ufunc__ = None  # so that a numpy number on the left leaves the operator to the term

    def __init__(self, node: Node, functions: tuple[Function, ...] = ()) -> None:
        self.__node = node
        self.__functions = functions

    def __getattr__(self, name: str) -> Term:
        node = self.__node
        if name.startswith("__") or not isinstance(node, Fact):
            problem = f"`{expressions.to_text(node)}` has no nested fact {name!r}"
            raise UnknownNameError(f"{problem}; for a rule, finish it with rule(...)")
        return Term(Fact(f"{node.name}.{name}"))

    def __repr__(self) -> str:
        return f"<term {expressions.to_text(self.__node)}>"

    def _cslib_parts(self) -> tuple[Node, tuple[Function, ...]]:
        return self.__node, self.__functions

    def __bool__(self) -> NoReturn:
        problem = (
            "a term is not true or false: write & | ~ and brackets for and, or, not; "
            "(a < b) & (b < c) for a chain; fn.is_in for in, fn.if_ for if"
        )
        raise UnfinishedError(problem, expressions.to_text(self.__node))

    def __contains__(self, item: object) -> NoReturn:
        problem = "write fn.is_in(fact.plan, values) for membership"
        raise UnfinishedError(problem, expressions.to_text(self.__node))

    def __iter__(self) -> Iterator[Any]:
        problem = "a term has no entries; use fn.prior, fn.streak and fn.total on a series"
        raise UnfinishedError(problem, expressions.to_text(self.__node))

    def __call__(self, *_arguments: object, **_named: object) -> NoReturn:
        """Refuse to answer: only a finished rule does.

        Raises:
            UnfinishedError: Always.
        """
        problem = "a term answers on no record; finish it with rule(...), then call that"
        raise UnfinishedError(problem, expressions.to_text(self.__node))

    def __hash__(self) -> NoReturn:
        problem = "a term is unhashable; write fn.is_in(fact.plan, values) for membership"
        raise UnfinishedError(problem, expressions.to_text(self.__node))

    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        return _apply("==", self, other)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return _apply("!=", self, other)

    def __lt__(self, other: object) -> Term:
        return _apply("<", self, other)

    def __le__(self, other: object) -> Term:
        return _apply("<=", self, other)

    def __gt__(self, other: object) -> Term:
        return _apply(">", self, other)

    def __ge__(self, other: object) -> Term:
        return _apply(">=", self, other)

    def __add__(self, other: object) -> Term:
        return _apply("+", self, other)

    def __radd__(self, other: object) -> Term:
        return _apply("+", other, self)

    def __sub__(self, other: object) -> Term:
        return _apply("-", self, other)

    def __rsub__(self, other: object) -> Term:
        return _apply("-", other, self)

    def __mul__(self, other: object) -> Term:
        return _apply("*", self, other)

    def __rmul__(self, other: object) -> Term:
        return _apply("*", other, self)

    def __truediv__(self, other: object) -> Term:
        return _apply("/", self, other)

    def __rtruediv__(self, other: object) -> Term:
        return _apply("/", other, self)

    def __neg__(self) -> Term:
        return _apply("neg", self)

    def __abs__(self) -> Term:
        return _apply("abs", self)

    def __round__(self, digits: int | None = None) -> Term:
        return _apply("round", self) if digits is None else _apply("round", self, digits)

    def __and__(self, other: object) -> Term:
        return _joined("and", self, other)

    def __rand__(self, other: object) -> Term:
        return _joined("and", other, self)

    def __or__(self, other: object) -> Term:
        return _joined("or", self, other)

    def __ror__(self, other: object) -> Term:
        return _joined("or", other, self)

    def __invert__(self) -> Term:
        return _apply("not", self)


def _parts(value: object) -> tuple[Node, tuple[Function, ...]]:
    """The tree of an operand, and the functions it calls."""
    if isinstance(value, Term):
        return value._cslib_parts()
    if isinstance(value, Rule):
        return value.node, value.functions
    return expressions.literal(value), ()


def _apply(operation: str | Function, *arguments: object) -> Term:
    """A term of an operation or registered function, checked at once, where it was written."""
    parts = [_parts(argument) for argument in arguments]
    nodes = tuple(node for node, _ in parts)
    functions = [f for _, own in parts for f in own]
    if isinstance(operation, Function):
        functions.append(operation)
        operation.operation.check_arity(operation.name, len(nodes))
        node: Node = Apply(operation.key, nodes)
    else:
        node = expressions.make(operation, *nodes)
    expressions.check_size(node)
    infer(node, _signatures(functions))
    return Term(node, tuple(dict.fromkeys(functions)))


def _joined(operation: str, *conditions: object) -> Term:
    """``&`` and ``|``, which Python takes before the comparisons that they stand between."""
    for node, functions in map(_parts, conditions):
        if Kind.BOOLEAN not in infer(node, _signatures(functions)).result:
            problem = "`&` and `|` take conditions, and bind tighter than a comparison"
            remedy = "put brackets around each comparison: (a > 1) & (b > 2)"
            raise KindError(f"{problem}; {remedy}", expressions.to_text(node))
    return _apply(operation, *conditions)


class _Facts:
    """``fact.seats`` is the fact ``seats``; ``fact("Seconds of Use")`` one of any other name."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Term:
        if name.startswith("__"):
            raise AttributeError(name)
        return Term(Fact(name))

    def __call__(self, name: str) -> Term:
        return Term(expressions.QUOTED["fact"](name))

    def __repr__(self) -> str:
        return "fact"


class _Functions:
    """The functions of the language for terms: ``fn.days_since(fact.last_login)``.

    Besides those of the text, ``fn.is_in(term, values)`` is membership and ``fn.if_(condition,
    yes, no)`` the conditional; ``fn.call(function, ...)`` calls a registered one.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Callable[..., Term]:
        if name not in expressions.FUNCTIONS:
            raise UnknownNameError(expressions.unknown_function(name, dir(self)))
        return lambda *arguments: _apply(name, *arguments)

    def __dir__(self) -> list[str]:
        return sorted([*expressions.FUNCTIONS, "call", "if_", "is_in"])

    def __repr__(self) -> str:
        return "fn"

    def is_in(self, term: object, values: Iterable[object]) -> Term:
        """Whether the term is one of ``values``."""
        if isinstance(values, str):
            raise ExpressionError(f"fn.is_in takes a set of values, but got the text {values!r}")
        return _apply("in", term, *values)

    def if_(self, condition: object, yes: object, no: object) -> Term:
        """``yes`` where the condition holds, else ``no``."""
        return _apply("if", condition, yes, no)

    def call(self, function: Function, *arguments: object) -> Term:
        """A registered function on terms."""
        return _apply(function, *arguments)


fact = _Facts()
"""Facts for terms: ``fact.seats_used``, ``fact.owner.email``, ``fact("Seconds of Use")``."""

fn = _Functions()
"""The language's functions for terms: ``fn.ratio(fact.a, fact.b, 0)``."""
