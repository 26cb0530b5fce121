"""Scenarios: best practice by industry, role and business challenge, searched from the challenge.

In the room of :mod:`cslib.playbooks`. Experienced people write down what works as a
:class:`Scenario`; a newcomer surveys the need (:class:`NeedSurvey`) and then calls on the
:class:`ScenarioLibrary` (P5, 36Kr closed-door meeting). A request for a function hides a business
problem, so the search starts from the challenge and never from a function (P7, P15, Ji Weiguo).

Nothing is guessed from free text: challenges are the named needs of a library, and a name that is
not on the list is an error, with the nearest that is. What a scenario is stands in
:mod:`cslib.practices`, how one is found in :mod:`cslib.scenariosearch`; how many accounts have some
running, in :mod:`cslib.scenariocoverage`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

import attrs

from cslib.documents import document, fingerprint
from cslib.errors import Fault, suggestion
from cslib.faults import name_faults, refuse, several, unique_faults
from cslib.needsurveys import NeedError, NeedSurvey
from cslib.practices import BusinessValue, Need, Scenario
from cslib.scenariosearch import Fit, Ground, Match, ScenarioSearch, Side, search_scenarios

__all__ = [
    "BusinessValue",
    "Fit",
    "Ground",
    "Match",
    "Need",
    "NeedError",
    "NeedSurvey",
    "Scenario",
    "ScenarioLibrary",
    "ScenarioSearch",
    "Side",
]


def _needs(given: Iterable[Need]) -> tuple[Need, ...]:
    return several("scenario library", "$.needs", given, Need)


def _scenarios(given: Iterable[Scenario]) -> tuple[Scenario, ...]:
    return several("scenario library", "$.scenarios", given, Scenario)


@document("scenario_library", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class ScenarioLibrary:
    """Scenarios to search, and the list of challenges; their order changes no answer.

    Attributes:
        name: Its name.
        needs: The business challenges, one or more.
        scenarios: The scenarios, each for one of them.

    Raises:
        DefinitionError: With every fault: no name, no need, a need or scenario that stands twice, a
            scenario for a need that is not on the list.

    >>> library = ScenarioLibrary(
    ...     name="shops",
    ...     needs=[Need(name="repeat purchase"), Need(name="stock-outs")],
    ...     scenarios=[
    ...         Scenario(name="second order", need="repeat purchase", value="more revenue",
    ...                  roles=["marketer"], practice="A thank-you with a reason to return."),
    ...         Scenario(name="member days", need="repeat purchase", value="more revenue",
    ...                  roles=["marketer", "shop manager"], industries=["retail"],
    ...                  practice="One day a month for members.", asks="members >= 500"),
    ...     ],
    ... )
    >>> survey = NeedSurvey(industry="retail", roles=["marketer"], challenge="repeat purchase")
    >>> found = library.search(survey, account={"members": 900})
    >>> found.scenario.name
    'member days'
    >>> for reason in found.matches[0].reasons_for:
    ...     print(reason)
    answers the challenge, repeat purchase
    is made for retail
    1 of its 2 roles is there: marketer
    members is at least 500 (members = 900)
    >>> found.matches[1].reasons_against
    ('member days goes first: that one is made for retail, this one for every industry',)
    """

    name: str
    needs: tuple[Need, ...] = attrs.field(converter=_needs)
    scenarios: tuple[Scenario, ...] = attrs.field(converter=_scenarios)

    def __attrs_post_init__(self) -> None:
        refuse(f"scenario library {self.name!r}", _library_faults(self))

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition a search was made."""
        return fingerprint(self)

    @property
    def unserved(self) -> tuple[str, ...]:
        """The needs that no scenario answers yet."""
        served = {scenario.need for scenario in self.scenarios}
        return tuple(need.name for need in self.needs if need.name not in served)

    def search(
        self,
        asked: object,
        *,
        account: object = None,
        running: Iterable[str] = (),
        as_of: object = None,
    ) -> ScenarioSearch:
        """The scenarios that fit a customer, and why not the others.

        Args:
            asked: A :class:`NeedSurvey`, or an account whose facts hold the answers
                (:meth:`NeedSurvey.of_facts`).
            account: The facts that the scenarios' ``asks`` read; left out, those of ``asked`` where
                it is an account, else all are unknown.
            running: The names of the scenarios that are known to run there already; they are set
                aside.
            as_of: Today, for an ``asks`` that counts days.

        Raises:
            NeedError: If a challenge is not on the list of needs.
            FactError, AsOfError: As the conditions do.
            DefinitionError: If the survey of facts is none, or ``running`` is no series of texts.
        """
        survey = asked if isinstance(asked, NeedSurvey) else NeedSurvey.of_facts(asked)
        self._check_needs(survey)
        return search_scenarios(
            self.scenarios,
            survey,
            account=account if account is not None else {} if asked is survey else asked,
            running=several("search", "$.running", running, str),
            as_of=as_of,
            definition=self.fingerprint,
        )

    def _check_needs(self, survey: NeedSurvey) -> None:
        names = tuple(need.name for need in self.needs)
        for answer, given in (("challenge", survey.challenge), ("why", survey.why)):
            if given is not None and given not in names:
                raise NeedError(answer, given, names)


def _library_faults(library: ScenarioLibrary) -> Iterator[Fault]:
    yield from name_faults("$.name", library.name)
    needs = [need.name for need in library.needs]
    if not needs:
        yield Fault("$.needs", "expected one need or more: which challenges are there?")
    yield from unique_faults("$.needs", needs)
    yield from unique_faults("$.scenarios", [each.name for each in library.scenarios])
    for place, scenario in enumerate(library.scenarios):
        if scenario.need not in needs:
            hint = suggestion(scenario.need, needs) or "; put it on the list of needs"
            yield Fault(f"$.scenarios[{place}].need", f"unknown need {scenario.need!r}{hint}")
