"""The need survey: what a customer answered before a library of scenarios is searched (P5, K).

A part of :mod:`cslib.scenarios`. A request for a function hides a business problem (P7, P15, Ji
Weiguo): the function is written down as it was asked for, and then it is asked why. The answer is
a challenge. (To ask on until the cause is named is Ohno's, *Toyota Production System*, 1988.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Self

import attrs

from cslib.documents import document
from cslib.errors import CslibError, Fault, suggestion
from cslib.expressions import Kind
from cslib.facts import FactError, getter, known
from cslib.faults import name_faults, refuse, several
from cslib.practices import list_faults

__all__ = ["NeedError", "NeedSurvey"]


@attrs.define
class NeedError(CslibError, ValueError):
    """A survey names a challenge that the library does not know.

    Attributes:
        answer: Where it stands: ``challenge`` or ``why``.
        given: What was given.
        known: The needs of the library.

    >>> print(NeedError("challenge", "repeat purchse", ("repeat purchase", "store churn")))
    challenge 'repeat purchse' is no need of the library: did you mean 'repeat purchase'?
    """

    answer: str
    given: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        hint = suggestion(self.given, self.known) or f": expected one of {', '.join(self.known)}"
        return f"{self.answer} {self.given!r} is no need of the library{hint}"


def _answers(given: Iterable[str]) -> tuple[str, ...]:
    return several("need survey", "$.roles", given, str)


@document("need_survey", version=1)
@attrs.frozen(kw_only=True)
class NeedSurvey:
    """What a customer answered before the library is searched (P5, K); None where not answered.

    Attributes:
        industry: The customer's industry.
        roles: The job roles that would take part, one or more.
        challenge: The business challenge, by the name of a need of the library.
        asked_for: A function that was asked for, in the customer's words.
        why: The challenge behind that function (P7, P15, J), by the name of a need of the library.

    Raises:
        DefinitionError: With every fault: an empty text, no role in ``roles`` (None is not
            answered), ``why`` without ``asked_for``.

    >>> NeedSurvey(industry="retail", asked_for="a nationwide merge of duplicates").open
    'why'
    """

    industry: str | None = None
    roles: tuple[str, ...] | None = attrs.field(
        default=None, converter=attrs.converters.optional(_answers)
    )
    challenge: str | None = None
    asked_for: str | None = None
    why: str | None = None

    def __attrs_post_init__(self) -> None:
        refuse("need survey", _survey_faults(self))

    @classmethod
    def of_facts(cls, account: object) -> Self:
        """The survey whose answers are facts of an account, under the names of the attributes.

        Args:
            account: A mapping or an object; ``roles`` holds several texts, the others one.

        Raises:
            FactError: If a fact is of another kind.
            DefinitionError: As of a survey.

        >>> NeedSurvey.of_facts({"industry": "retail", "roles": ["marketer"], "seats": 5}).roles
        ('marketer',)
        """
        get = getter(account)
        fields = ("industry", "challenge", "asked_for", "why")
        found = {name: known(get(name), name, _TEXT) for name in fields}
        return cls(roles=_role_texts(get("roles")), **found)  # type: ignore[arg-type]

    @property
    def challenges(self) -> tuple[str, ...]:
        """The challenges that are known: the named one, then the one behind a function."""
        return tuple(dict.fromkeys(filter(None, (self.challenge, self.why))))

    @property
    def open(self) -> str:
        """What must be asked before the challenge is known; empty where nothing must.

        ``why`` where a function is asked for and nobody has said why; ``challenge`` where none is
        named.
        """
        if self.asked_for is not None and self.why is None:
            return "why"
        return "" if self.challenges else "challenge"


def _survey_faults(survey: NeedSurvey) -> Iterator[Fault]:
    for field in ("industry", "challenge", "asked_for", "why"):
        if getattr(survey, field) is not None:
            yield from name_faults(f"$.{field}", getattr(survey, field))
    if survey.roles is not None:
        yield from list_faults("$.roles", survey.roles)
    if survey.roles == ():
        yield Fault("$.roles", "expected one role or more, or None where it is not answered")
    if survey.why is not None and survey.asked_for is None:
        yield Fault("$.why", "the why of what? give asked_for, or name it as the challenge")


_TEXT = frozenset({Kind.TEXT})


def _role_texts(given: object) -> tuple[str, ...] | None:
    if not isinstance(given, Collection) or isinstance(given, str | bytes | Mapping):
        if known(given, "roles", _TEXT) is None:
            return None
        raise FactError("roles", "several texts", given)
    texts = [known(each, "roles", _TEXT) for each in given]
    if None in texts:
        raise FactError("roles", "several texts, all of them known", given)
    names = tuple(map(str, texts))
    return tuple(sorted(names)) if isinstance(given, AbstractSet) else names
