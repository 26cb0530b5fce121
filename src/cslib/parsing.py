"""From the text of a rule to its tree.

The text is Python's expression syntax, read with :mod:`ast` and never executed. Only what the rule
language knows is accepted; everything else is an error with its line and column and, where
something close exists, a suggestion.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Mapping
from decimal import Decimal

import attrs

from cslib import expressions
from cslib.errors import CslibError
from cslib.expressions import Apply, ExpressionError, Fact, Node, Operation, Places

__all__ = ["RuleSyntaxError", "parse"]


@attrs.define
class RuleSyntaxError(CslibError, ValueError):
    """The text of a rule is not in the rule language.

    Attributes:
        text: The whole text; only its beginning where it is too long for a rule.
        line: The line of the fault, from 1.
        column: Its column in that line, in characters from 1.
        problem: What is wrong, and the way out.

    >>> print(RuleSyntaxError("seats = 5", 1, 7, "`=` does not compare; write `==`"))
    column 7: `=` does not compare; write `==`
      seats = 5
            ^
    """

    text: str
    line: int
    column: int
    problem: str

    def __str__(self) -> str:
        lines = self.text.split("\n")
        start = max(0, self.column - 60)
        place = f"line {self.line}, column" if len(lines) > 1 else "column"
        excerpt = lines[self.line - 1][start : start + 80]
        pointer = " " * (self.column - 1 - start) + "^"
        return f"{place} {self.column}: {self.problem}\n  {excerpt}\n  {pointer}"


def parse(text: str, functions: Mapping[str, Operation] | None = None) -> tuple[Node, Places]:
    """Read a rule's text.

    Args:
        text: The rule, in Python's expression syntax; it may run over several lines.
        functions: Signatures of registered functions, by ``name@version``.

    Returns:
        The tree, and where its parts stand in the text.

    Raises:
        RuleSyntaxError: If the text is not a rule, or larger than a rule may be.

    >>> parse("0 < seats <= 5")[0] == parse("0 < seats and seats <= 5")[0]
    True
    """
    if len(text) > expressions.MAX_TEXT:
        problem = f"a rule has at most {expressions.MAX_TEXT} characters, but got {len(text)}"
        raise RuleSyntaxError(text[:80].partition("\n")[0], 1, 1, problem)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _check_characters(text)
    reader = _Reader(text, functions or {})
    node = reader.read(_tree(text))
    try:
        expressions.check_size(node)
    except ExpressionError as error:
        raise RuleSyntaxError(text, 1, 1, error.problem) from None
    parts = map(id, expressions.walk(node))
    return node, {part: reader.places[part] for part in parts if part in reader.places}


# --------------------------------------------------------------------------------------
# Python's part

_UNREADABLE = re.compile("[\0\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPES = frozenset("\\'\"\nabfnrtvxuUN")
_GLUED = re.compile(  # a number up to the keyword that follows at once; texts and comments first
    r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|\#[^\n]*"""
    r"""|(?<!\w)(?P<number>\.?\d[\w.]*?)(?=(?:and|or|not|in|is|if|else)\b)""",
    re.DOTALL,
)


def _check_characters(text: str) -> None:
    """Refuse what Python's own parser would refuse without a place, or only warn of."""
    unreadable = _UNREADABLE.search(text)
    if unreadable:
        problem = f"a rule cannot hold the character {unreadable[0]!r}"
        shown = text.encode(errors="backslashreplace").decode()
        raise _error_at(shown, unreadable.start(), problem)
    for escape in _ESCAPE.finditer(text):
        if escape[1] and escape[1] not in _ESCAPES:
            problem = f"`{escape[0]}` stands for no character; write a backslash twice"
            raise _error_at(text, escape.start(), problem)
    for found in _GLUED.finditer(text):
        if found["number"]:
            problem = f"a space is missing after the number {found['number']}"
            raise _error_at(text, found.end(), problem)


def _error_at(text: str, index: int, problem: str) -> RuleSyntaxError:
    before = text[:index].split("\n")
    return RuleSyntaxError(text, len(before), len(before[-1]) + 1, problem)


def _tree(text: str) -> ast.expr:
    tree = _parsed("(", text, "\n)")
    if (tree.lineno, tree.col_offset) == (1, 0):  # the text may have closed our bracket itself,
        _parsed("[", text, "\n]")  # as in `a) + (b`: this finds where
    if isinstance(tree, ast.Tuple) and not tree.elts:
        raise RuleSyntaxError(text, 1, 1, "the rule is empty")
    return tree


def _parsed(opening: str, text: str, closing: str) -> ast.expr:
    """Python's tree of the text in brackets, in which it may run over several lines."""
    try:
        return ast.parse(opening + text + closing, mode="eval").body
    except SyntaxError as error:
        if error.msg.endswith("was never closed") and error.offset == 1 and closing:
            _parsed(opening, text, "")  # ours was not closed, since another was not: which?
        raise _syntax_error(text, error) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        too_deep = f"the rule is nested more than {expressions.MAX_DEPTH} deep"
        problem = str(error) if isinstance(error, ValueError) else too_deep
        raise RuleSyntaxError(text, 1, 1, problem) from None


def _syntax_error(text: str, error: SyntaxError) -> RuleSyntaxError:
    lines = text.split("\n")
    line, column = error.lineno or 1, error.offset or 1
    if line > len(lines):
        line, column = len(lines), len(lines[-1]) + 1
        percentage = _percentage(lines, line, column)
        if percentage is not None:
            return RuleSyntaxError(text, line, *percentage)
        problem = "the rule ends too early; something must follow"
        return RuleSyntaxError(text, line, column, problem)
    if "forgot a comma" in error.msg:
        return _missing_operator(text)
    column = max(1, column - 1 if line == 1 else column)  # less our bracket
    foreign = _percentage(lines, line, column) or _foreign_sign(lines[line - 1], column)
    return RuleSyntaxError(text, line, *(foreign or (column, _problem(error.msg))))


_PERCENTAGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%\s*$")


def _percentage(lines: list[str], line: int, column: int) -> tuple[int, str] | None:
    """The column and the remedy of a ``60%`` that ends where Python's parser stopped."""
    found = _PERCENTAGE.search(lines[line - 1][: column - 1])
    if found is None:
        return None
    share = Decimal(found[1]).scaleb(-2).normalize()
    return found.start() + 1, f"there is no `%`; write {share:f} instead of `{found[0].strip()}`"


_FOREIGN = {
    "&&": "write `and` instead of `&&`",
    "||": "write `or` instead of `||`",
    "!": "write `not` instead of `!`",
    "=": "`=` does not compare; write `==`",
}
"""Signs of other languages, and what to write."""


def _foreign_sign(line: str, column: int) -> tuple[int, str] | None:
    """The column and the remedy of such a sign that ends where Python's parser stopped."""
    for length in (2, 1):
        start = max(0, column - length)
        problem = _FOREIGN.get(line[start:column])
        if problem is not None:
            return start + 1, problem
    return None


def _missing_operator(text: str) -> RuleSyntaxError:
    """Python, which thinks of a missing comma inside brackets, finds the place outside of them."""
    problem = "an operator is missing here; `and`, `or`, `not` and `in` are in lower case"
    try:
        ast.parse("not " + text.replace("\n", " "), mode="eval")
    except SyntaxError as error:
        return _error_at(text, max(0, (error.offset or 1) - len("not ") - 1), problem)
    return RuleSyntaxError(text, 1, 1, problem)  # a comment hides the place


def _problem(message: str) -> str:
    """Python's message, in the words of the rule language where Python's would mislead."""
    if "Maybe you meant '=='" in message:
        return _FOREIGN["="]
    if message.startswith("closing parenthesis"):
        return f"unmatched {message.split()[2]}"
    if message.startswith("Exceeds the limit"):
        return "the number has too many digits"
    return message.partition(" (<unknown>")[0]


# --------------------------------------------------------------------------------------
# Our part

_OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Div: "/",
    ast.Eq: "==",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Mult: "*",
    ast.NotEq: "!=",
    ast.Sub: "-",
}
_REMEDIES: Mapping[type[ast.AST], str] = {
    ast.BitAnd: "in text, write `and` instead of `&`",
    ast.BitOr: "in text, write `or` instead of `|`",
    ast.Dict: "a set of values has at least one, without colons: {'a', 'b'}",
    ast.FloorDiv: "there is no `//`; divide with `/`",
    ast.Invert: "in text, write `not` instead of `~`",
    ast.Is: "write is_missing(x) instead of `x is None`, and `==` for other values",
    ast.IsNot: "write not is_missing(x) instead of `x is not None`, and `!=` for other values",
    ast.JoinedStr: "write the text out; there are no f-strings",
    ast.List: "a set of values stands only after `in`",
    ast.Mod: "there is no `%`; for 60 %, write 0.6",
    ast.Pow: "there is no power; multiply instead",
    ast.Set: "a set of values stands only after `in`",
    ast.Subscript: "there is no indexing; write prior(x, 1) for an earlier value, or a dot for a "
    "nested one",
    ast.Tuple: "a rule gives one value; a set of values stands only after `in`",
    ast.UAdd: "leave the sign `+` out",
}


@attrs.define
class _Reader:
    """Turns Python's tree of one text into ours, noting where each part stands."""

    text: str
    functions: Mapping[str, Operation]
    places: dict[int, tuple[int, int]] = attrs.Factory(dict)
    _keep: list[Node] = attrs.Factory(list)
    _depth: int = 0

    def read(self, part: ast.expr) -> Node:
        self._depth += 1
        if self._depth > expressions.MAX_DEPTH:
            raise self._error(part, f"the rule is nested more than {expressions.MAX_DEPTH} deep")
        if (
            len(self._keep) > 2 * expressions.MAX_NODES
        ):  # joining `and` in `and` halves them at most
            raise self._error(part, f"a rule has at most {expressions.MAX_NODES} parts")
        try:
            node = self._node(part)
        except ExpressionError as error:
            raise self._error(part, error.problem) from None
        self.places[id(node)] = self._place(part)
        self._keep.append(node)  # an id is only good while its node lives
        self._depth -= 1
        return node

    def _node(self, part: ast.expr) -> Node:
        match part:
            case ast.Constant():
                return self._constant(part)
            case ast.UnaryOp(ast.USub(), ast.Constant() as number):  # one literal, as in our tree
                return expressions.make("neg", self._constant(number))
            case ast.Name():
                return self._name(part)
            case ast.Attribute():
                return self._attribute(part)
            case ast.UnaryOp():
                return self._unary(part)
            case ast.BinOp(left, operator, right):
                operation = self._operation(part, operator)
                return expressions.make(operation, self.read(left), self.read(right))
            case ast.BoolOp(operator, values):
                operation = "and" if isinstance(operator, ast.And) else "or"
                return expressions.make(operation, *map(self.read, values))
            case ast.Compare():
                return self._compare(part)
            case ast.IfExp(condition, yes, no):
                return expressions.make("if", *map(self.read, (condition, yes, no)))
            case ast.Call():
                return self._call(part)
        unknown = f"a rule cannot hold a Python {type(part).__name__}"
        raise self._error(part, _REMEDIES.get(type(part), unknown))

    def _place(self, part: ast.expr) -> tuple[int, int]:
        """Line and column, in characters from 1; ``ast`` counts bytes, after our bracket."""
        line = self.text.split("\n")[part.lineno - 1]
        shift = 1 if part.lineno == 1 else 0
        before = line.encode()[: max(0, part.col_offset - shift)]
        return part.lineno, len(before.decode()) + 1

    def _error(self, part: ast.expr, problem: str) -> RuleSyntaxError:
        return RuleSyntaxError(self.text, *self._place(part), problem)

    def _operation(self, part: ast.expr, operator: ast.AST) -> str:
        if type(operator) not in _OPERATORS:
            unknown = f"there is no {type(operator).__name__} in a rule"
            raise self._error(part, _REMEDIES.get(type(operator), unknown))
        return _OPERATORS[type(operator)]

    def _constant(self, part: ast.Constant) -> Node:
        if isinstance(part.value, (bytes, complex)) or part.value is ...:
            raise self._error(part, f"a rule cannot hold {part.value!r}")
        return expressions.literal(part.value)

    def _name(self, part: ast.Name) -> Node:
        meant = expressions.LOOKALIKES.get(part.id.lower())
        if meant is not None:
            raise self._error(part, f'write {meant}, or fact("{part.id}") for a fact of that name')
        return Fact(part.id)

    def _attribute(self, part: ast.Attribute) -> Node:
        owner: ast.expr = part
        names: list[str] = []
        while isinstance(owner, ast.Attribute):
            names.append(owner.attr)
            owner = owner.value
        if len(names) >= expressions.MAX_DEPTH:
            raise self._error(part, f"the rule is nested more than {expressions.MAX_DEPTH} deep")
        if isinstance(owner, ast.Name):
            if owner.id == "fact":
                raise self._error(part, "in text, a fact stands by its name alone, without `fact.`")
            return Fact(".".join([owner.id, *reversed(names)]))
        if isinstance(owner, ast.Call):
            inner = self.read(owner)
            if isinstance(inner, Fact):
                return Fact(".".join([inner.name, *reversed(names)]))
        raise self._error(part, "a dot leads from a fact to a nested one: `owner.email`")

    def _unary(self, part: ast.UnaryOp) -> Node:
        if not isinstance(part.op, (ast.Not, ast.USub)):
            raise self._error(part, _REMEDIES[type(part.op)])
        operation = "not" if isinstance(part.op, ast.Not) else "neg"
        return expressions.make(operation, self.read(part.operand))

    def _compare(self, part: ast.Compare) -> Node:
        if any(isinstance(operator, (ast.In, ast.NotIn)) for operator in part.ops):
            return self._membership(part)
        sides = [self.read(side) for side in (part.left, *part.comparators)]
        links = [
            expressions.make(self._operation(at, operator), left, right)
            for operator, at, (left, right) in zip(
                part.ops, part.comparators, itertools.pairwise(sides), strict=True
            )
        ]
        return links[0] if len(links) == 1 else expressions.make("and", *links)

    def _membership(self, part: ast.Compare) -> Node:
        listed = part.comparators[0]
        if len(part.ops) > 1:
            raise self._error(listed, "`in` cannot be part of a chain; use brackets")
        if not isinstance(listed, (ast.Set, ast.Tuple, ast.List)) or not listed.elts:
            raise self._error(listed, "`in` takes a set of values written out: {'a', 'b'}")
        values = [self.read(value) for value in listed.elts]
        found = expressions.make("in", self.read(part.left), *values)
        return expressions.make("not", found) if isinstance(part.ops[0], ast.NotIn) else found

    def _call(self, part: ast.Call) -> Node:
        if not isinstance(part.func, ast.Name):
            raise self._error(part, "only a function's plain name can be called")
        name = part.func.id
        if part.keywords or any(isinstance(each, ast.Starred) for each in part.args):
            raise self._error(part, f"{name} takes its arguments by place, one by one")
        if name in expressions.QUOTED:
            return self._quoted(part, name)
        if name in expressions.FUNCTIONS:
            return expressions.make(name, *map(self.read, part.args))
        for key, signature in self.functions.items():
            if key.partition("@")[0] == name:
                signature.check_arity(name, len(part.args))
                return Apply(key, tuple(map(self.read, part.args)))
        registered = [key.partition("@")[0] for key in self.functions]
        known = [*expressions.FUNCTIONS, *registered, *expressions.QUOTED]
        raise self._error(part, expressions.unknown_function(name, known))

    def _quoted(self, part: ast.Call, name: str) -> Node:
        """``fact("any name")``, ``date("2026-06-30")``, ``instant("...")``."""
        match part.args:
            case [ast.Constant(str(given))]:
                return expressions.QUOTED[name](given)
        raise self._error(part, f"{name} takes one text in quotes")
