"""Functions that a downstream package adds to the rule language, as plain values.

A :class:`Function` is handed to :func:`cslib.rules.rule` by whoever writes the rule; nothing is
registered globally. It is known in trees, JSON and fingerprints as ``name@version``, so that a
decision can say by which version of it it was made.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from cslib import expressions, facts
from cslib.errors import DefinitionError, Fault
from cslib.expressions import Kind, Operation

__all__ = ["Function"]

_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
_RESERVED = frozenset({*expressions.FUNCTIONS, *expressions.QUOTED})


def _kinds(given: Iterable[Kind | str]) -> tuple[Kind, ...]:
    return tuple(map(Kind, given))


@attrs.frozen(kw_only=True)
class Function:
    """A plain function made known to rules under a name and a version.

    Attributes:
        name: How rules call it; an identifier in lower case that is not already taken.
        version: A whole number, raised whenever it may answer otherwise.
        takes: The kind of each argument.
        gives: The kind of its answer.
        call: The function itself. It is called with known values alone (numbers are floats);
            with any argument unknown the answer is unknown without a call. It answers one value,
            never a list, or None.
        words: How it reads in a sentence, with ``{0}`` for its first argument.

    Two functions are equal if all but ``call`` is: the name and version stand for what it does.

    Raises:
        DefinitionError: If the name is no identifier or already taken, or the version no number.

    >>> vowels = Function(name="vowels", version=1, takes=("text",), gives="number",
    ...                   call=lambda text: sum(text.count(v) for v in "aeiou"))
    >>> from cslib.rules import rule
    >>> rule("vowels(name) >= 3", functions=[vowels])({"name": "banana"})
    True
    """

    name: str
    version: int
    takes: tuple[Kind, ...] = attrs.field(converter=_kinds)
    gives: Kind = attrs.field(converter=Kind)
    call: Callable[..., Any] = attrs.field(eq=False, repr=False)
    words: str | None = None

    def __attrs_post_init__(self) -> None:
        fault = self._fault()
        if fault is not None:
            raise DefinitionError(f"function {self.name!r}", (fault,))

    def _fault(self) -> Fault | None:
        if self.name in _RESERVED:
            problem = f"{self.name!r} is a function of the rule language; choose another name"
            return Fault("$.name", problem)
        if not _NAME.fullmatch(self.name) or keyword.iskeyword(self.name):
            return Fault("$.name", f"expected a lower-case identifier, but got {self.name!r}")
        if type(self.version) is not int:
            return Fault("$.version", f"expected a whole number, but got {self.version!r}")
        return None

    @property
    def key(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    @property
    def operation(self) -> Operation:
        """Its signature, as an operation of the language."""
        words = self.words or f"{self.name.replace('_', ' ')} of {{all}}"
        kinds = tuple(frozenset({kind}) for kind in self.takes)
        return Operation(kinds, frozenset({self.gives}), words)

    def __call__(self, *values: Any) -> expressions.Value:
        """The answer for values that may be unknown, checked to be of the kind it promised.

        Raises:
            FactError: If it is of another kind, or a list: a function gives one value.
        """
        if any(value is None for value in values):
            return None
        answer, label = self.call(*values), f"{self.name}(...)"
        if isinstance(answer, (list, tuple)) or getattr(answer, "ndim", 0) != 0:
            raise facts.FactError(label, f"one {self.gives}", answer)
        read = facts.real if self.gives is Kind.NUMBER else facts.known
        return read(answer, label, frozenset({self.gives}))
