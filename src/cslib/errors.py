"""The errors that cslib raises on purpose, and the words they share.

Every error is a :class:`CslibError` and also the builtin that fits (``ValueError``,
``TypeError`` ...), carries its values as attributes, and survives ``pickle``, so that a
worker process can hand it back to its parent. Errors of one subject stand in its module.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import attrs

__all__ = ["CslibError", "DefinitionError", "Fault", "suggestion"]


class CslibError(Exception):
    """Base of every error that cslib raises on purpose.

    >>> issubclass(DefinitionError, CslibError) and issubclass(DefinitionError, ValueError)
    True
    """


@attrs.frozen
class Fault:
    """One thing wrong with a definition, and where.

    Attributes:
        path: The place, from the definition down: ``$.measures[3].bands[1].to``.
        message: What was given, what was expected, and the way out; in lower case.

    >>> str(Fault("$.weight", "expected a number above 0, but got -1"))
    '$.weight: expected a number above 0, but got -1'
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"

    def under(self, prefix: str) -> Fault:
        """The same fault seen from outside: ``$.to`` under ``$.bands[1]`` is ``$.bands[1].to``.

        >>> Fault("$.to", "missing").under("$.bands[1]").path
        '$.bands[1].to'
        """
        return Fault(prefix + self.path.removeprefix("$"), self.message)


@attrs.define
class DefinitionError(CslibError, ValueError):
    """A definition (a lifecycle, scorecard, playbook ...) is wrong; every fault is listed.

    Attributes:
        subject: What was being made, for example ``scorecard 'usage'``.
        faults: All that is wrong, each with its path.

    >>> print(DefinitionError("band", (Fault("$.to", "must lie above $.from"),)))
    band is not valid: $.to: must lie above $.from
    """

    subject: str
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return f"{self.subject} is not valid: {self.faults[0]}"
        lines = "".join(f"\n  {fault}" for fault in self.faults)
        return f"{self.subject} is not valid, {len(self.faults)} faults:{lines}"


def suggestion(given: str, known: Iterable[str]) -> str:
    """``: did you mean 'x'?`` where a known name lies close to the given one, else nothing.

    Another case is always close.

    >>> suggestion("day_since", ["days_since", "days_until"])
    ": did you mean 'days_since'?"
    >>> suggestion("ARR", ["arr"])
    ": did you mean 'arr'?"
    >>> suggestion("zebra", ["days_since"])
    ''
    """
    names = list(known)
    same = [name for name in names if name.casefold() == given.casefold()]
    close = same or difflib.get_close_matches(given, names, n=1)
    return f": did you mean {close[0]!r}?" if close else ""
