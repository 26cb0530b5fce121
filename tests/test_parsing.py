"""Text to tree: what is read, and every error with its place."""

from __future__ import annotations

import contextlib
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cslib.expressions import (
    FUNCTIONS,
    MAX_DEPTH,
    MAX_TEXT,
    Apply,
    Fact,
    Kind,
    Literal,
    Operation,
    literal,
    make,
    to_text,
)
from cslib.inference import KindError, infer
from cslib.parsing import RuleSyntaxError, parse

X, Y = Fact("x"), Fact("y")


# What is read


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("x", X),
        ("  x  ", X),
        ("((x))", X),
        ("x > 1\n  and y", make("and", make(">", X, literal(1)), Y)),
        ("x  # at most\n", X),
        ("x\r\n> 1", make(">", X, literal(1))),
        ("0 < x <= y", make("and", make("<", literal(0), X), make("<=", X, Y))),
        ("x in ('b', 'a')", make("in", X, literal("a"), literal("b"))),
        ("x not in ['a']", make("not", make("in", X, literal("a")))),
        ("1 if x else 2", make("if", X, literal(1), literal(2))),
        ("-5", literal(-5)),
        ("1_000.50", literal(1000.5)),
        ("'a' \"b\"", literal("ab")),
        ("'\\u00e9\\n'", literal("é\n")),
        ("'a\\\nb'", literal("ab")),
        ("None", Literal(None, None)),
        ("owner.address.city", Fact("owner.address.city")),
        ("fact('Account Owner').email", Fact("Account Owner.email")),
        ("fact('a.b')", Fact("a.b")),
        ("date.since", Fact("date.since")),
        ("größe > 1", make(">", Fact("größe"), literal(1))),
    ],
)
def test_text_is_read(text: str, node: object) -> None:
    assert parse(text)[0] == node


@pytest.mark.parametrize("name", [*FUNCTIONS, "date", "instant", "fact"])
def test_a_fact_may_be_called_as_a_function_is(name: str) -> None:
    node, _ = parse(f"{name} > 1")

    assert node == make(">", Fact(name), literal(1))
    assert parse(to_text(node))[0] == node


def test_a_registered_function_is_called_by_its_name_and_known_by_name_and_version() -> None:
    number = frozenset({Kind.NUMBER})
    functions = {"score@3": Operation((number,), number, "score")}

    assert parse("score(x)", functions)[0] == Apply("score@3", (X,))
    with pytest.raises(RuleSyntaxError, match="score takes 1 argument, but got 2"):
        parse("score(x, y)", functions)
    with pytest.raises(RuleSyntaxError, match="unknown function 'scor': did you mean 'score'"):
        parse("scor(x)", functions)


# Errors

FAULTS = [
    # what Python cannot read
    ("", 1, 1, "the rule is empty"),
    ("# nothing", 1, 1, "the rule is empty"),
    ("()", 1, 1, "the rule is empty"),
    ("seats >", 1, 8, "the rule ends too early"),
    ("seats >\n", 2, 1, "the rule ends too early"),
    ("a\nand", 2, 4, "the rule ends too early"),
    ("seats ! 5", 1, 7, "write `not` instead of `!`"),
    ("a && b", 1, 3, "write `and` instead of `&&`"),
    ("a ||\n b", 1, 3, "write `or` instead of `||`"),
    ("!a", 1, 1, "write `not` instead of `!`"),
    ("use > 60%", 1, 7, "there is no `%`; write 0.6 instead of `60%`"),
    ("use > 12.5 % and b", 1, 7, "there is no `%`; write 0.125 instead of `12.5 %`"),
    ("sum(x, 3) > 1", 1, 1, "unknown function 'sum'; total(x, n) adds up"),
    ("avg(x, 3) > 1", 1, 1, "there is no mean: divide total(x, n) by n"),
    ("mean(x, 3) > 1", 1, 1, "there is no mean: divide total(x, n) by n"),
    ("a; b", 1, 2, "invalid syntax"),
    ("seats = 5", 1, 1, "`=` does not compare; write `==`"),
    ("paid and\n seats = 5", 2, 8, "`=` does not compare; write `==`"),
    ("a > 1 AND b > 2", 1, 7, "an operator is missing here; `and`, `or`, `not` and `in`"),
    ("a > 1 and\n b c", 2, 4, "an operator is missing here"),
    ("a > 1 and (b c)", 1, 12, "an operator is missing here"),
    ("a b # c", 1, 3, "an operator is missing here"),
    ("a # c\n b", 1, 1, "an operator is missing here"),
    ("1 + (a", 1, 5, "'(' was never closed"),
    ("1 + max(a, (b)", 1, 8, "'(' was never closed"),
    ("a) + (b", 1, 2, "unmatched ')'"),
    ("(a)) or ((b)", 1, 4, "unmatched ')'"),
    ("a == 1\n) or (b", 2, 1, "unmatched ')'"),
    ("a] + [b", 1, 2, "unmatched ']'"),
    ("(a]", 1, 3, "unmatched ']'"),
    ("x == 'abc", 1, 6, "unterminated string literal"),
    ("5 + 0777", 1, 5, "leading zeros"),
    ("9" * 5000, 1, 1, "the number has too many digits"),
    ("a\0b", 1, 2, "a rule cannot hold the character '\\x00'"),
    ("x == 'é\ud800'", 1, 8, "a rule cannot hold the character '\\ud800'"),
    ("x == 'é\\d'", 1, 8, "`\\d` stands for no character; write a backslash twice"),
    ("x == '\\0'", 1, 7, "`\\0` stands for no character"),
    # what Python can, and a rule is not
    ("a, b", 1, 1, "a rule gives one value; a set of values stands only after `in`"),
    ("[a]", 1, 1, "a set of values stands only after `in`"),
    ("x == {1}", 1, 6, "a set of values stands only after `in`"),
    ("lambda: 1", 1, 1, "a rule cannot hold a Python Lambda"),
    ("(a := 3)", 1, 2, "a rule cannot hold a Python NamedExpr"),
    ("f'{x}'", 1, 1, "there are no f-strings"),
    ("x == b'a'", 1, 6, "a rule cannot hold b'a'"),
    ("x > 1j", 1, 5, "a rule cannot hold 1j"),
    ("x == ...", 1, 6, "a rule cannot hold Ellipsis"),
    ("a & b", 1, 1, "in text, write `and` instead of `&`"),
    ("a | b", 1, 1, "in text, write `or` instead of `|`"),
    ("~a", 1, 1, "in text, write `not` instead of `~`"),
    ("+a", 1, 1, "leave the sign `+` out"),
    ("a and x ** 2 > 1", 1, 7, "there is no power; multiply instead"),
    ("x // 2", 1, 1, "there is no `//`; divide with `/`"),
    ("x % 2", 1, 1, "there is no `%`"),
    ("x @ 2", 1, 1, "there is no MatMult in a rule"),
    ("x[0]", 1, 1, "there is no indexing; write prior(x, 1)"),
    ("x is None", 1, 6, "write is_missing(x) instead of `x is None`"),
    ("x is not None", 1, 10, "write not is_missing(x) instead of `x is not None`"),
    ("a and x == None", 1, 7, "write is_missing(x)"),
    ("a == true", 1, 6, 'write True, or fact("true") for a fact of that name'),
    ("x == NULL", 1, 6, 'write None, or fact("NULL") for a fact of that name'),
    ("fact.seats > 1", 1, 1, "in text, a fact stands by its name alone, without `fact.`"),
    ("1 + (a + b).c", 1, 5, "a dot leads from a fact to a nested one"),
    ("date('2026-06-30').year", 1, 1, "a dot leads from a fact to a nested one"),
    ("'a'.b", 1, 1, "a dot leads from a fact to a nested one"),
    # sets
    ("x in y", 1, 6, "`in` takes a set of values written out"),
    ("x in {}", 1, 6, "`in` takes a set of values written out"),
    ("x in {1, y}", 1, 1, "but got `y`"),
    ("a < x in {1}", 1, 5, "`in` cannot be part of a chain; use brackets"),
    ("x in {1} == y", 1, 6, "`in` cannot be part of a chain; use brackets"),
    # calls
    ("day_since(x)", 1, 1, "unknown function 'day_since': did you mean 'days_since'?"),
    ("é > zebra(x)", 1, 5, "unknown function 'zebra'"),
    ("  x >\n   zebra(x)", 2, 4, "unknown function 'zebra'"),
    ("a.b(x)", 1, 1, "only a function's plain name can be called"),
    ("abs(x=1)", 1, 1, "abs takes its arguments by place, one by one"),
    ("max(*x)", 1, 1, "max takes its arguments by place, one by one"),
    ("1 + abs(x, y)", 1, 5, "abs takes 1 argument, but got 2"),
    ("1 + prior(x, y)", 1, 5, "argument 2 of prior must be written as a whole number"),
    ("x < 10 and y < 9007199254740993", 1, 16, "is not within plus or minus 2**53"),
    ("fact()", 1, 1, "fact takes one text in quotes"),
    ("fact(x)", 1, 1, "fact takes one text in quotes"),
    ("fact('')", 1, 1, "a fact has a name, but got an empty one"),
    ("x < date('2026-02-30')", 1, 5, "'2026-02-30' is not a date of the form '2026-06-30'"),
    ("x < date('2026-W01-1')", 1, 5, "is not a date of the form"),
    ("x < instant('noon')", 1, 5, "'noon' is not an instant of the form"),
    ("x < instant('2026-06-30T12:00')", 1, 5, "is not an instant of the form"),
    ("x < instant('0001-01-01T00:00+14:00')", 1, 5, "lies outside the years 1 to 9999"),
    # bounds
    ("not " * MAX_DEPTH + "x", 1, 4 * MAX_DEPTH + 1, f"nested more than {MAX_DEPTH} deep"),
    ("-" * 9000 + "x", 1, 1, "the rule is nested more than 60 deep"),
    ("a<" * 40_000 + "x", 1, 20_003, "a rule has at most 5000 parts"),
    ("a > 1or b", 1, 6, "a space is missing after the number 1"),
    ("a == '1or' or b > 0x1for c", 1, 23, "a space is missing after the number 0x1f"),
    ("a > 1 # 2or\nor b > .5if c else d", 2, 10, "a space is missing after the number .5"),
    ("a." * 4000 + "x", 1, 1, "the rule is nested more than 60 deep"),
    ("streak(400, streak(400, x))", 1, 1, "the rule has 480800 parts when written out"),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"), FAULTS, ids=[ascii(fault[0])[:30] for fault in FAULTS]
)
def test_a_fault_is_told_with_its_place_and_remedy(
    text: str, line: int, column: int, problem: str
) -> None:
    with pytest.raises(RuleSyntaxError) as caught:
        parse(text)

    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (line, column)


def test_a_text_that_is_too_long_is_not_even_read() -> None:
    parse("x" * MAX_TEXT)
    with pytest.raises(RuleSyntaxError, match="at most 100000 characters, but got 100001"):
        parse("x" * (MAX_TEXT + 1))


def test_an_error_shows_the_line_and_points_at_the_column() -> None:
    with pytest.raises(RuleSyntaxError) as caught:
        parse("seats > 5 and\n  zebra(x)")

    assert str(caught.value).split("\n") == [
        "line 2, column 3: unknown function 'zebra'",
        "    zebra(x)",
        "    ^",
    ]


def test_an_error_far_into_a_long_line_shows_what_stands_around_it() -> None:
    with pytest.raises(RuleSyntaxError) as caught:
        parse("a_rather_long_name + " * 20 + "zebra(x) + 1")

    _, shown, pointer = str(caught.value).split("\n")
    assert shown[pointer.index("^") :] == "zebra(x) + 1"


def test_an_error_survives_pickle() -> None:
    with pytest.raises(RuleSyntaxError) as caught:
        parse("zebra(x)")

    returned = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert str(returned) == str(caught.value)
    assert (returned.text, returned.line, returned.column) == ("zebra(x)", 1, 1)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a > 3 and a == 'x'", 1, 16),
        ("é == 'ü' and 1 == 'x'", 1, 19),
        ("a > 3 and\n  a == 'x'", 2, 8),
        ("0 < a <= 'x'", 1, 10),
        ("not 5", 1, 5),
    ],
)
def test_a_kind_error_knows_its_place(text: str, line: int, column: int) -> None:
    node, places = parse(text)

    with pytest.raises(KindError) as caught:
        infer(node, places=places)

    assert (caught.value.line, caught.value.column) == (line, column)
    assert f"column {column}" in str(caught.value)
    assert ("line 2" in str(caught.value)) == (line == 2)


# Strangers


@given(st.text())
@example("a\rand 5")
@example("a\x0c b")
@example("a\\")
@example("'\\N{no such name}'")
@example("'\\xg'")
@example("'\\U99999999'")
def test_arbitrary_text_gives_a_tree_or_our_own_error(text: str) -> None:
    assert is_refused_with_its_place(text) or is_read_and_written_alike(text)


_TOKENS = [
    *("x", "y.z", "1", "-1", "0.5", "'a'", "True", "None", "1e999", "9007199254740993"),
    *("and", "or", "not", "in", "if", "else", "is", "lambda", "for", "=", ":=", "await"),
    *("<", "<=", "==", "!=", "+", "-", "*", "/", "**", "&", "~", "%", ",", ":", ".", "\n", "#"),
    *("(", ")", "[", "]", "{", "}", "'", '"', "\\", "f'", "fact('a b')", "date('2026-06-30')"),
    *(f"{name}(" for name in FUNCTIONS),
]


@given(st.lists(st.sampled_from(_TOKENS), max_size=25), st.sampled_from(["", " "]))
def test_text_of_the_language_s_own_words_gives_a_tree_or_our_own_error(
    tokens: list[str], between: str
) -> None:
    text = between.join(tokens)

    assert is_refused_with_its_place(text) or is_read_and_written_alike(text)


def is_refused_with_its_place(text: str) -> bool:
    error = _syntax_error(text)
    if error is None:
        return False
    lines = error.text.split("\n")
    assert 1 <= error.line <= len(lines)
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1
    assert str(error).startswith(("line ", "column "))
    return True


def is_read_and_written_alike(text: str) -> bool:
    node, places = parse(text)
    with contextlib.suppress(KindError):
        infer(node, places=places)
    return parse(to_text(node))[0] == node


def _syntax_error(text: str) -> RuleSyntaxError | None:
    try:
        parse(text)
    except RuleSyntaxError as error:
        return error
    return None
