"""Which scenarios fit a customer, in which order, and why not the others.

A part of :mod:`cslib.scenarios`. Each scenario is looked at from four sides: the challenge, the
industry, the job roles, and what it asks of an account. Each side speaks for it, against it, or is
not known.

Conventions:

- One side against it, and it does not fit. None against it and one not known: it is not known, and
  what is missing is asked for; while the challenge is not known, only that.
- The order is total: what became of it; the place of its challenge among the known ones; made for
  the industry before general; more of its roles there before fewer; the name.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import attrs

from cslib.errors import suggestion
from cslib.facts import getter
from cslib.needsurveys import NeedSurvey
from cslib.phrases import in_words
from cslib.practices import Scenario
from cslib.rules import Rule

__all__ = ["Fit", "Ground", "Match", "ScenarioSearch", "Side", "search_scenarios"]


class Fit(enum.StrEnum):
    """What became of a scenario that was considered."""

    FITS = "fits"
    """Every side speaks for it."""
    UNKNOWN = "unknown"
    """No side speaks against it, and one or more are not known."""
    RUNNING = "running"
    """No side speaks against it, and it runs there already."""
    DOES_NOT_FIT = "does_not_fit"
    """One side or more speak against it."""


class Side(enum.StrEnum):
    """From where a scenario is looked at."""

    CHALLENGE = "challenge"
    """Does it answer a challenge of the customer?"""
    INDUSTRY = "industry"
    """Is it made for the industry, or for every one?"""
    ROLES = "roles"
    """Is a role there that takes part in it?"""
    ASKS = "asks"
    """Has the account what it asks for?"""


@attrs.frozen(kw_only=True)
class Ground:
    """What one side of a scenario says for it or against it.

    Attributes:
        side: From where it was looked at.
        holds: Whether it speaks for it (True) or against it (False); None where not known.
        words: Why, in words.
        missing: What is to be asked where it is not known: names of answers or facts.
    """

    side: Side
    holds: bool | None
    words: str
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.words


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Match:
    """One scenario considered for one customer, and what became of it.

    The reasons are made when they are asked for, from the answers and facts kept here.

    Attributes:
        scenario: The scenario.
        fit: What became of it.
        rank: What orders scenarios that fare alike, the lowest first: the place of the challenge
            among the known ones; 0 for made for the industry, 1 for general, 2 where not known or
            other; less the roles that are there; the name.
        survey: What was answered.
        facts: The facts that its ``asks`` reads, as the account had them.
        as_of: Today, as the search was told it.
        ahead: Where it fits and is not the first: the one that is.
    """

    scenario: Scenario
    fit: Fit
    rank: tuple[int, int, int, str]
    survey: NeedSurvey = attrs.field(repr=False)
    facts: Mapping[str, object] = attrs.field(repr=False, hash=False)
    as_of: object = attrs.field(repr=False)
    ahead: Match | None = attrs.field(default=None, repr=False)

    @functools.cached_property
    def grounds(self) -> tuple[Ground, ...]:
        """What each side says: challenge, industry, roles, and what it asks for if anything."""
        asks = self.scenario.asks
        return (
            _challenge_ground(self.scenario, self.survey),
            _industry_ground(self.scenario, self.survey),
            _roles_ground(self.scenario, self.survey),
            *(() if asks is None else (_asks_ground(asks, self.facts, self.as_of),)),
        )

    @property
    def reasons_for(self) -> tuple[str, ...]:
        """What speaks for it, in words."""
        return tuple(each.words for each in self.grounds if each.holds)

    @property
    def reasons_against(self) -> tuple[str, ...]:
        """What speaks against it, in words; of one that fits, why another goes first."""
        against = tuple(each.words for each in self.grounds if each.holds is False)
        if self.fit is Fit.RUNNING:
            return (*against, "runs there already")
        first = self.ahead
        if first is None:
            return against
        return (*against, f"{first.scenario.name} goes first: {_before(first, self)}")

    @property
    def questions(self) -> tuple[str, ...]:
        """What to ask, where that could make a difference; the challenge before all else."""
        if self.fit is not Fit.UNKNOWN:
            return ()
        first = self.grounds[0].missing
        every = (name for each in self.grounds for name in each.missing)
        return first or tuple(dict.fromkeys(every))

    @property
    def reason(self) -> str:
        """What decided, in words."""
        match self.fit:
            case Fit.FITS if self.ahead is None:
                return "; ".join(self.reasons_for)
            case Fit.UNKNOWN:
                return "; ".join(each.words for each in self.grounds if each.holds is None)
        return "; ".join(self.reasons_against)

    def __str__(self) -> str:
        between = ", but" if self.ahead is not None else ":"
        return f"{self.scenario.name}: {self.fit.replace('_', ' ')}{between} {self.reason}"


def search_scenarios(
    scenarios: Iterable[Scenario],
    survey: NeedSurvey,
    *,
    account: object,
    running: Collection[str],
    as_of: object,
    definition: str,
) -> ScenarioSearch:
    """What :meth:`cslib.scenarios.ScenarioLibrary.search` answers, of a survey that was checked.

    Raises:
        FactError, AsOfError: As the conditions of the scenarios do.
    """
    listed, get = tuple(scenarios), getter(account)
    return ScenarioSearch(
        survey=survey,
        findings=_in_order(_match(each, survey, get, running, as_of) for each in listed),
        notes=tuple(_notes(listed, survey, running)),
        definition=definition,
    )


def _match(
    scenario: Scenario,
    survey: NeedSurvey,
    get: Callable[[str], object],
    running: Collection[str],
    as_of: object,
) -> Match:
    asks, places = scenario.asks, survey.challenges
    facts = {} if asks is None else {name: get(name) for name in asks.facts}
    place = places.index(scenario.need) if scenario.need in places else len(places)
    holds = (
        _answers(scenario, survey),
        _is_made_for(scenario, survey),
        _has_a_role(scenario, survey),
        True if asks is None else asks(facts, as_of=as_of),
    )
    return Match(
        scenario=scenario,
        fit=_fit(holds, scenario.name in running),
        rank=(place, _nearness(scenario, survey), -len(_here(scenario, survey)), scenario.name),
        survey=survey,
        facts=facts,
        as_of=as_of,
    )


def _fit(holds: Collection[bool | None], runs: bool) -> Fit:
    if False in holds:
        return Fit.DOES_NOT_FIT
    if runs:
        return Fit.RUNNING
    return Fit.UNKNOWN if None in holds else Fit.FITS


# The sides, each as an answer and as the ground for it


def _answers(scenario: Scenario, survey: NeedSurvey) -> bool | None:
    """Whether it answers a challenge of the customer."""
    if scenario.need in survey.challenges:
        return True
    return None if survey.open else False


def _challenge_ground(scenario: Scenario, survey: NeedSurvey) -> Ground:
    need, holds = scenario.need, _answers(scenario, survey)
    missing: tuple[str, ...] = ()
    if need == survey.challenge:
        words = f"answers the challenge, {need}"
    elif holds:
        words = f"answers {need}, which is why “{survey.asked_for}” is asked for"
    elif holds is None:
        words, missing = (
            f"answers {need}: whether that is the challenge is not known",
            (survey.open,),
        )
    else:
        words = f"answers {need}, and not {' or '.join(survey.challenges)}"
    return Ground(side=Side.CHALLENGE, holds=holds, words=words, missing=missing)


_EXACT, _GENERAL, _OTHER = range(3)


def _nearness(scenario: Scenario, survey: NeedSurvey) -> int:
    if not scenario.industries:
        return _GENERAL
    return _EXACT if survey.industry in scenario.industries else _OTHER


def _is_made_for(scenario: Scenario, survey: NeedSurvey) -> bool | None:
    """Whether it is made for the customer's industry, or for every one."""
    if _nearness(scenario, survey) != _OTHER:
        return True
    return None if survey.industry is None else False


def _industry_ground(scenario: Scenario, survey: NeedSurvey) -> Ground:
    holds, made_for = _is_made_for(scenario, survey), ", ".join(scenario.industries)
    missing: tuple[str, ...] = ()
    if holds:
        words = f"is made for {survey.industry if scenario.industries else 'every industry'}"
    elif holds is None:
        words, missing = f"is made for {made_for}: the industry is not known", ("industry",)
    else:
        words = f"is made for {made_for}, and not for {survey.industry}"
    return Ground(side=Side.INDUSTRY, holds=holds, words=words, missing=missing)


def _here(scenario: Scenario, survey: NeedSurvey) -> tuple[str, ...]:
    """Its roles that the customer has."""
    return tuple(role for role in scenario.roles if role in (survey.roles or ()))


def _has_a_role(scenario: Scenario, survey: NeedSurvey) -> bool | None:
    """Whether one of its roles at least is there."""
    return None if survey.roles is None else bool(_here(scenario, survey))


def _roles_ground(scenario: Scenario, survey: NeedSurvey) -> Ground:
    holds, here = _has_a_role(scenario, survey), _here(scenario, survey)
    roles, count = ", ".join(scenario.roles), len(scenario.roles)
    missing: tuple[str, ...] = ()
    if holds:
        are = "is" if len(here) == 1 else "are"
        head = "its one role" if count == 1 else f"{len(here)} of its {count} roles"
        words = f"{head} {are} there: {', '.join(here)}"
    elif survey.roles is None:
        words, missing = f"is for {roles}: which roles are there is not known", ("roles",)
    else:
        words = f"is for {roles}, and not for {', '.join(survey.roles)}"
    return Ground(side=Side.ROLES, holds=holds, words=words, missing=missing)


def _asks_ground(asks: Rule, facts: Mapping[str, object], as_of: object) -> Ground:
    """Whether the account has what it asks for."""
    explanation = asks.explain(facts, as_of=as_of)
    holds = None if explanation.value is None else bool(explanation.value)
    head = {True: "", False: "it does not hold that ", None: "not known: "}[holds]
    words = f"{head}{in_words(explanation, asks)}"
    return Ground(side=Side.ASKS, holds=holds, words=words, missing=explanation.missing)


def _notes(
    scenarios: Collection[Scenario], survey: NeedSurvey, running: Collection[str]
) -> Iterator[str]:
    """Answers that no scenario speaks of; one of them may be misspelt."""
    industries = sorted({name for each in scenarios for name in each.industries})
    if industries and survey.industry is not None and survey.industry not in industries:
        hint = suggestion(survey.industry, industries) or "; general ones alone can fit"
        yield f"no scenario is made for the industry {survey.industry!r}{hint}"
    roles = sorted({name for each in scenarios for name in each.roles})
    for role in survey.roles or ():
        if role not in roles:
            yield f"in no scenario does the role {role!r} take part{suggestion(role, roles)}"
    names = [each.name for each in scenarios]
    for name in dict.fromkeys(running):
        if name not in names:
            yield f"{name!r}, which runs, is no scenario of this library{suggestion(name, names)}"


_BY_FIT = {fit: place for place, fit in enumerate(Fit)}


def _in_order(found: Iterable[Match]) -> tuple[Match, ...]:
    """By what became of them, then by rank; those that fit behind the first say so."""
    ordered = sorted(found, key=lambda each: (_BY_FIT[each.fit], each.rank))
    return tuple(
        attrs.evolve(each, ahead=ordered[0]) if place and each.fit is Fit.FITS else each
        for place, each in enumerate(ordered)
    )


def _before(first: Match, other: Match) -> str:
    """Why one that fits goes before another that does."""
    if first.rank[0] != other.rank[0]:
        return f"it {first.grounds[0].words}"
    if first.rank[1] != other.rank[1]:
        return f"that one {first.grounds[1].words}, this one for every industry"
    if first.rank[2] != other.rank[2]:
        return f"{-first.rank[2]} of its roles are there, of this one's {-other.rank[2]}"
    return "it fits as well, and stands before it by name"


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class ScenarioSearch:
    """Which scenarios fit a customer, and why not the others.

    Attributes:
        survey: What was answered.
        findings: Every scenario of the library: those that fit, those of which it is not known,
            those that run, the rest; each part by rank (:class:`Match`).
        notes: Answers that no scenario speaks of, which may be misspelt.
        definition: The fingerprint of the library.
    """

    survey: NeedSurvey
    findings: tuple[Match, ...]
    notes: tuple[str, ...]
    definition: str

    @property
    def matches(self) -> tuple[Match, ...]:
        """The scenarios that fit, best first."""
        return tuple(each for each in self.findings if each.fit is Fit.FITS)

    @property
    def scenario(self) -> Scenario | None:
        """The best that fits; None where none is known to."""
        return self.matches[0].scenario if self.matches else None

    @property
    def others(self) -> tuple[Match, ...]:
        """Every scenario but the best, with the reason."""
        return self.findings[1:] if self.matches else self.findings

    @functools.cached_property
    def questions(self) -> tuple[str, ...]:
        """Names of the answers and facts to ask for, since they could change what fits."""
        asked = [self.survey.open] if self.survey.open else []
        names = (name for each in self.findings for name in each.questions)
        return tuple(dict.fromkeys([*asked, *names]))

    @property
    def prompts(self) -> tuple[str, ...]:
        """The questions in words, in the same order."""
        return tuple(map(self._prompt, self.questions))

    @property
    def reasons(self) -> str:
        """Why the best fits, or why nothing does."""
        if self.matches:
            return self.matches[0].reason
        if self.questions:
            return f"no scenario is known to fit; ask: {' '.join(self.prompts)}"
        some = any(each.fit is Fit.UNKNOWN for each in self.findings)
        return "no scenario is known to fit" if some else "no scenario fits"

    def __str__(self) -> str:
        lines = [*map(str, self.findings), *(f"note: {note}" for note in self.notes)]
        return "\n".join((self.reasons, *(f"  {line}" for line in lines)))

    def _prompt(self, name: str) -> str:
        match name:
            case "why":
                return f"why is “{self.survey.asked_for}” asked for? {self._choice}"
            case "challenge":
                return f"which business challenge is it? {self._choice}"
            case "industry":
                return "which industry is it?"
            case "roles":
                return "which job roles would take part?"
        return f"what is {name}?"

    @property
    def _choice(self) -> str:
        """The challenges that an answer could name and find something by."""
        needs = sorted({each.scenario.need for each in self.findings if each.questions})
        return f"({'; '.join(needs)})" if needs else "(no scenario is left for any answer)"
