"""Review: the four rooms put together for a whole book of business.

For every account: where it stands, whether it is well, when its term ends, what to do next; for the
book: what was due in the month, what was renewed, what is coming. Each part appears for the tables
that are there. The rooms meet in facts: the stage, the tier and the end of the term are facts like
any other by the time playbooks are chosen.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import attrs

from cslib.days import add_days
from cslib.decisions import DecisionTable
from cslib.errors import Fault, suggestion
from cslib.expressions import Apply, Fact, Kind, Kinds, Literal, Node, walk
from cslib.facts import getter
from cslib.faults import refuse, several, shown, unique_faults
from cslib.health import UNKNOWN, Assessment, Scorecard
from cslib.lifecycle import DeadlineStatus, Event, Journey, Lifecycle, Refusal, RefusalReason
from cslib.lowering import lower
from cslib.moments import is_by, utc_day
from cslib.periods import Period
from cslib.playbooks import Choice, Finding, Library
from cslib.renewal import Contract, EndReason, Entry, RenewalReport, renewal_rate
from cslib.rules import Rule
from cslib.stock import PLAYBOOKS, SCORECARD, SUBSCRIPTION

__all__ = [
    "COMING_DAYS",
    "AccountReview",
    "Action",
    "Book",
    "Definitions",
    "Renewals",
    "Review",
    "review_book",
]


COMING_DAYS = 90
"""How far ahead the review looks for contracts that end."""

_HEALTH = frozenset({"tier", "score", "coverage", "model_tier"})
_TERM = frozenset({"term_ends_on"})


@attrs.frozen(kw_only=True, eq=False)
class Book:
    """A book of business; a table that is absent is None, which is not the same as empty.

    Attributes:
        accounts: Facts by account id.
        events: What happened, of all accounts.
        contracts: What was sold.
        payments: What fell due, was paid and was refunded.
        unread_accounts: Ids of accounts of which a contract could not be read: what became of
            their contracts is unclear, and their term and value are unknown.
        unread_cash: Ids of contracts of which a payment could not be read: their cash is unknown.
    """

    accounts: Mapping[str, Mapping[str, object]] | None = None
    events: tuple[Event, ...] | None = None
    contracts: tuple[Contract, ...] | None = None
    payments: tuple[Entry, ...] | None = None
    unread_accounts: frozenset[str] = frozenset()
    unread_cash: frozenset[str] = frozenset()


def _scorecards(cards: Iterable[Scorecard]) -> tuple[Scorecard, ...]:
    return several("definitions", "$.scorecards", cards, Scorecard)


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Definitions:
    """By which definitions a book is reviewed; the stock ones unless given.

    Attributes:
        lifecycle: How events move accounts.
        scorecard: How health is scored; with phases, of the accounts for which these choose none.
        playbooks: What can be done.
        scorecards: Others, for accounts in a phase of their own, with the same tiers.
        phases: Which of these judges an account, by name; None: the one ``scorecard`` judges all.

    Raises:
        DefinitionError: If two rules need one fact to be of different kinds, a playbook names a
            tier that the scorecard lacks, or phases and scorecards do not go together.

    >>> from cslib.stock import PHASES, SCORECARDS
    >>> by_phase = Definitions(scorecards=SCORECARDS.values(), phases=PHASES)
    >>> new = {"stage": "onboarding", "signed_on": dt.date(2026, 6, 15)}
    >>> by_phase.scorecard_for(new, as_of=dt.date(2026, 6, 30)).name
    'activation'
    """

    lifecycle: Lifecycle = SUBSCRIPTION
    scorecard: Scorecard = SCORECARD
    playbooks: Library = PLAYBOOKS
    scorecards: tuple[Scorecard, ...] = attrs.field(default=(), converter=_scorecards)
    phases: DecisionTable | None = None

    def __attrs_post_init__(self) -> None:
        refuse("definitions", _phase_faults(self))
        _ = self.fact_kinds
        tiers = tuple(tier.name for tier in self.scorecard.tiers)
        refuse("definitions", _name_faults("tier", tiers, self._entries()))

    @functools.cached_property
    def fact_kinds(self) -> Mapping[str, Kinds]:
        """For every fact that some rule reads, the kinds it may be of."""
        found: dict[str, Kinds] = {}
        readers: dict[str, str] = {}
        faults = []
        for path, rule in self._rules():
            for name, kinds in rule.kinds.items():
                both = found.get(name, kinds) & kinds
                if not both:
                    problem = f"needs {name!r} to be {_either(kinds)}, but {readers[name]} needs"
                    faults.append(Fault(path, f"{problem} {_either(found[name])}"))
                    continue
                found[name] = both
                if both == kinds:
                    readers[name] = path
        refuse("definitions", faults)
        return found

    @property
    def made_facts(self) -> Mapping[str, frozenset[str]]:
        """By table of a book, the facts that the review makes of it; they replace its own.

        Those made of events are the lifecycle's: the stage, and each deadline, track and milestone
        by its name.

        >>> sorted(Definitions().made_facts["events"])[:3]
        ['days_in_stage', 'deadline_activated', 'deadline_delivered']
        """
        return {"accounts": _HEALTH, "events": self.lifecycle.chart.facts, "contracts": _TERM}

    def check_stages(self) -> None:
        """Refuse measures and playbooks that name a stage which the lifecycle lacks.

        For books with events: without them the stage may be a fact of the accounts, in words of
        their own.

        Raises:
            DefinitionError: With every such name.
        """
        stages = tuple(stage.name for stage in self.lifecycle.stages)
        refuse("definitions", _name_faults("stage", stages, self._judgements()))

    @property
    def series_facts(self) -> Mapping[str, str]:
        """For every fact of which some rule reads earlier periods, the path of that rule."""
        found: dict[str, str] = {}
        for path, rule in self._rules():
            for part in walk(lower(rule.node)):
                if isinstance(part, Fact) and part.lag:
                    found.setdefault(part.name, path)
        return found

    @property
    def judged_facts(self) -> tuple[str, ...]:
        """The facts that the measures and the choice read, in their order; not the indicators.

        Without the others an account cannot be judged in full; an indicator is only unknown.
        """
        rules = (rule for path, rule in self._judgements() if ".indicators[" not in path)
        return tuple(dict.fromkeys(name for rule in rules for name in rule.facts))

    @functools.cached_property
    def parting_playbooks(self) -> Library:
        """The playbooks that speak of the stage: for accounts that left, only these are considered.

        Health and use say nothing of who is no longer a customer; a win-back asks for the stage.
        """
        library = self.playbooks
        speaking = [each for each in library.playbooks if "stage" in each.entry.facts]
        names, needs = {each.name for each in speaking}, {each.need for each in speaking}
        return attrs.evolve(
            library,
            playbooks=(
                attrs.evolve(each, excludes=[name for name in each.excludes if name in names])
                for each in speaking
            ),
            suppressions=(
                attrs.evolve(each, needs=[need for need in each.needs if need in needs])
                for each in library.suppressions
                if not each.needs or needs & set(each.needs)
            ),
        )

    @functools.cached_property
    def final_stages(self) -> frozenset[str]:
        """The stages of accounts that are no longer customers."""
        return frozenset(stage.name for stage in self.lifecycle.stages if stage.final)

    def scorecard_for(self, facts: Mapping[str, object], *, as_of: object = None) -> Scorecard:
        """The scorecard that judges an account.

        Where the phases choose none, since none holds or it is not known which, it is
        :attr:`scorecard`, as without phases.

        Args:
            facts: The account's facts, with its stage and the end of its term.
            as_of: Today.

        Raises:
            FactError, AsOfError: As the rows' conditions do.
        """
        if self.phases is None:
            return self.scorecard
        chosen = self.phases.decide(facts, as_of=as_of).outcome
        return next((card for card in self.scorecards if card.name == chosen), self.scorecard)

    def _guards(self) -> Iterator[tuple[str, Rule]]:
        for place, move in enumerate(self.lifecycle.transitions):
            if move.guard is not None:
                yield f"$.lifecycle.transitions[{place}].guard", move.guard

    def _judgements(self) -> Iterator[tuple[str, Rule]]:
        for path, rule in self.scorecard.rules:
            yield path.replace("$", "$.scorecard", 1), rule
        for place, card in enumerate(self.scorecards):
            for path, rule in card.rules:
                yield path.replace("$", f"$.scorecards[{place}]", 1), rule
        yield from self._entries()

    def _rules(self) -> Iterator[tuple[str, Rule]]:
        """All rules: phases too, which may speak of the stages of several lifecycles."""
        yield from self._guards()
        yield from self._judgements()
        for place, row in enumerate(() if self.phases is None else self.phases.rows):
            yield f"$.phases.rows[{place}].when", row.when

    def _entries(self) -> Iterator[tuple[str, Rule]]:
        library = self.playbooks
        for place, playbook in enumerate(library.playbooks):
            yield f"$.playbooks.playbooks[{place}].entry", playbook.entry
            if playbook.exit is not None:
                yield f"$.playbooks.playbooks[{place}].exit", playbook.exit
        for place, each in enumerate(library.suppressions):
            yield f"$.playbooks.suppressions[{place}].when", each.when
        for place, row in enumerate(() if library.levels is None else library.levels.rows):
            yield f"$.playbooks.levels.rows[{place}].when", row.when
        if library.stake is not None:
            yield "$.playbooks.stake", library.stake


def _phase_faults(definitions: Definitions) -> Iterator[Fault]:
    """Phases and scorecards that do not go together."""
    phases, cards = definitions.phases, definitions.scorecards
    if not isinstance(phases, DecisionTable | None):
        yield Fault("$.phases", f"expected a DecisionTable or None, but got {shown(phases)}")
        return
    if phases is None and cards:
        yield Fault("$.phases", "expected a table that chooses among the scorecards, but got none")
    yield from unique_faults("$.scorecards", [card.name for card in cards])
    tiers = [tier.name for tier in definitions.scorecard.tiers]
    for place, card in enumerate(cards):
        names = [tier.name for tier in card.tiers]
        if names != tiers:
            problem = f"expected the tiers of the scorecard, {', '.join(tiers)}"
            yield Fault(f"$.scorecards[{place}].tiers", f"{problem}; but got {', '.join(names)}")
    names = [card.name for card in cards]
    for place, row in enumerate(() if phases is None else phases.rows):
        if row.then not in names:
            hint = suggestion(row.then, names) or f"; there are {', '.join(names) or 'none'}"
            yield Fault(f"$.phases.rows[{place}].then", f"no scorecard {row.then!r}{hint}")


def _either(kinds: Kinds) -> str:
    return " or ".join(sorted(kinds))


def _name_faults(
    fact: str, names: tuple[str, ...], rules: Iterable[tuple[str, Rule]]
) -> Iterator[Fault]:
    """Rules that compare the fact with a text that it can never be."""
    for path, rule in rules:
        for text in dict.fromkeys(_compared_with(fact, rule.node)):
            if text not in names:
                hint = suggestion(text, names) or f"; there are {', '.join(names)}"
                hint = f"; write is_missing({fact})" if text == UNKNOWN else hint
                yield Fault(path, f"no {fact} is named {text!r}{hint}")


def _compared_with(fact: str, node: Node) -> Iterator[str]:
    for part in walk(node):
        match part:
            case Apply("==" | "!=" | "in", (Fact(name), *others)) if name == fact:
                for other in others:
                    if isinstance(other, Literal) and other.kind is Kind.TEXT:
                        yield str(other.value)


# --------------------------------------------------------------------------------------
# What the review says


@attrs.frozen(kw_only=True)
class AccountReview:
    """One account.

    Attributes:
        account: Its id.
        name: Its name, where the accounts have one.
        is_customer: Whether it stands in no final stage of the lifecycle.
        journey: Where it stands; None without events.
        assessment: Whether it is well; None without facts of it.
        scorecard: The name of the scorecard that says so; empty without facts of it.
        choice: What to do; None without facts of it.
        questions: Facts to ask for, since they could change what is chosen; where that is its
            health, the facts that its health wants.
        term_ends_on: The last day that its signed contracts cover; None where it has none, or
            one without an end, or one whose records contradict one another.
        annual_value: Annual value of its contracts in force, in ``currency``; None where the book
            has no contracts, or the account's are of several currencies or contradict one another.
        currency: The currency of its contracts; empty where the book names none.
    """

    account: str
    name: str
    is_customer: bool
    journey: Journey | None
    assessment: Assessment | None
    scorecard: str
    choice: Choice | None
    questions: tuple[str, ...]
    term_ends_on: dt.date | None
    annual_value: Decimal | None
    currency: str

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The events of its journey that made no move."""
        return () if self.journey is None else self.journey.refused


@attrs.frozen(kw_only=True)
class Action:
    """A playbook to run for an account."""

    account: AccountReview
    finding: Finding


@attrs.frozen(kw_only=True)
class Renewals:
    """Renewals in one currency.

    Attributes:
        currency: The currency; empty where the book names none.
        month: The month of the review.
        trailing: The twelve months that end with it, oldest first.
        year: Those twelve months as one period.
        coming: The 90 days after the day of the review, with what is signed already.
    """

    currency: str
    month: RenewalReport
    trailing: tuple[RenewalReport, ...]
    year: RenewalReport
    coming: RenewalReport


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Review:
    """The review of a book.

    Attributes:
        as_of: Up to when the book was read.
        known_at: What became known later was left out; None: all was known.
        period: The month that holds ``as_of``.
        accounts: Every account, by id.
        renewals: Renewals by currency; None without contracts.
        lacking: Facts that a measure or playbook reads, and that are unknown of every account.
        faults: What contradicts itself among events, contracts and payments, or names what is not
            there.
        definitions: By which it was made.
    """

    as_of: dt.date
    known_at: dt.date | None
    period: Period
    accounts: tuple[AccountReview, ...]
    renewals: tuple[Renewals, ...] | None
    lacking: tuple[str, ...]
    faults: tuple[Fault, ...]
    definitions: Definitions

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The stages in the definition's order."""
        return tuple(stage.name for stage in self.definitions.lifecycle.stages)

    @property
    def tier_names(self) -> tuple[str, ...]:
        """The tiers, best first, then the unknown."""
        return (*(tier.name for tier in self.definitions.scorecard.tiers), UNKNOWN)

    @property
    def stages(self) -> Mapping[str, int]:
        """How many accounts stand in each stage."""
        return Counter(each.journey.stage for each in self.accounts if each.journey is not None)

    @functools.cached_property
    def deadlines(self) -> Mapping[str, Mapping[str, int]]:
        """Of each deadline, how many accounts have it in each status; not those that are 0."""
        journeys = [each.journey for each in self.accounts if each.journey is not None]
        found = {
            each.name: Counter(journey.deadline(each.name).status for journey in journeys)
            for each in self.definitions.lifecycle.deadlines
        }
        return {
            name: {str(status): counts[status] for status in DeadlineStatus if counts[status]}
            for name, counts in found.items()
            if counts
        }

    @functools.cached_property
    def unknown_events(self) -> Mapping[str, int]:
        """How many events bear a name that the lifecycle does not have, by name; most first."""
        refused = (each for account in self.accounts for each in account.refused)
        unknown = (e.event.name for e in refused if e.reason is RefusalReason.UNKNOWN_EVENT)
        return dict(Counter(sorted(unknown)).most_common())

    @functools.cached_property
    def customers(self) -> tuple[AccountReview, ...]:
        """The accounts that are still customers."""
        return tuple(each for each in self.accounts if each.is_customer)

    @property
    def scorecards(self) -> Mapping[str, int]:
        """How many customers each scorecard judged; most first."""
        judged = sorted(each.scorecard for each in self.customers if each.assessment is not None)
        return dict(Counter(judged).most_common())

    @property
    def tiers(self) -> Mapping[str, int]:
        """How many customers are in each tier."""
        return Counter(each.tier for each in self._assessments)

    def top_reasons(self, tier: str) -> Mapping[str, int]:
        """What holds the customers of a tier down, by how many of them it costs most.

        Of the unknown tier it is what to find out.
        """
        found = (each for each in self._assessments if each.tier == tier)
        return Counter(each.reasons[0].measure for each in found if each.reasons)

    @property
    def _assessments(self) -> Iterator[Assessment]:
        return (each.assessment for each in self.customers if each.assessment is not None)

    @functools.cached_property
    def actions(self) -> tuple[Action, ...]:
        """For each account the most urgent playbook.

        By priority of the playbook, then end of the term, lowest score, highest value, id.
        """
        found = [
            Action(account=each, finding=each.choice.chosen[0])
            for each in self.accounts
            if each.choice is not None and each.choice.chosen
        ]
        return tuple(sorted(found, key=_urgency))


def _urgency(action: Action) -> tuple[object, ...]:
    account = action.account
    score = None if account.assessment is None else account.assessment.score
    return (
        -action.finding.playbook.priority,
        account.term_ends_on or dt.date.max,
        score is None,
        score or 0,
        -(account.annual_value or 0),
        account.account,
    )


# --------------------------------------------------------------------------------------
# Reviewing


def review_book(
    book: Book,
    definitions: Definitions | None = None,
    *,
    as_of: dt.date,
    known_at: dt.date | None = None,
) -> Review:
    """Review a book.

    Facts that the rooms make (:attr:`Definitions.made_facts`) take the place of an account's own.
    An account that the accounts lack, and that other tables name, is judged by these facts alone.

    Args:
        book: The tables that there are.
        definitions: By which definitions; None for the stock ones.
        as_of: Up to when the book is read; the month that holds it is the one reported on.
        known_at: What became known later is left out; None: all is known.

    Raises:
        DefinitionError: If there are events, and a rule names a stage that the lifecycle lacks.
        FactError: If a fact is not of the kind that a rule needs.
        LogError: If the log of an account contradicts itself.
        MomentError, PeriodError: If ``as_of`` is no moment, or too near the ends of the calendar.
    """
    definitions = definitions or Definitions()
    stated = {each.contract for each in book.contracts or ()}
    book, torn = _as_seen(book, as_of, known_at)
    facts = _given_facts(book, definitions)
    terms = _terms(book, utc_day(as_of))
    journeys: Mapping[str, Journey] = {}
    if book.events is not None:
        definitions.check_stages()
        named = {**dict.fromkeys(terms), **facts}
        journeys = definitions.lifecycle.replay_all(
            book.events, as_of=as_of, known_at=known_at, accounts=named
        )
    no_facts: Mapping[str, object] | None = None if book.accounts is None else {}
    no_terms = None if book.contracts is None else _Terms()
    judge = _Judge(definitions, as_of)
    accounts = tuple(
        judge.account(
            each, facts.get(each, no_facts), journeys.get(each), terms.get(each, no_terms)
        )
        for each in sorted({*facts, *journeys, *terms})
    )
    renewals = _renewals(book, as_of, known_at)
    signed = _signed(book)
    unsaid = (fault for each in accounts for fault in _unsaid_end(each, signed))
    orphans = _orphans(book.payments or (), stated, as_of)
    return Review(
        as_of=as_of,
        known_at=known_at,
        period=_month(as_of),
        accounts=accounts,
        renewals=renewals,
        lacking=judge.lacking if facts else (),
        faults=_faults(book, renewals or (), (*torn, *unsaid, *orphans)),
        definitions=definitions,
    )


def _given_facts(book: Book, definitions: Definitions) -> dict[str, dict[str, object]]:
    """The accounts' own facts, without those that the review makes."""
    tables = {"accounts": book.accounts, "events": book.events, "contracts": book.contracts}
    there = [facts for t, facts in definitions.made_facts.items() if tables[t] is not None]
    made = frozenset().union(*there)
    return {
        account: {name: value for name, value in facts.items() if name not in made}
        for account, facts in (book.accounts or {}).items()
    }


def _month(as_of: dt.date) -> Period:
    day = utc_day(as_of)
    return Period.month(day.year, day.month)


# One account


@attrs.frozen(kw_only=True)
class _Terms:
    """What an account's signed contracts say of it."""

    ends_on: dt.date | None = None
    annual_value: Decimal | None = Decimal(0)
    currency: str = ""

    @property
    def facts(self) -> dict[str, object]:
        return {"term_ends_on": self.ends_on}


@attrs.define
class _Judge:
    """Says how accounts are and what to do, and notes which facts it met."""

    definitions: Definitions
    as_of: dt.date
    _unmet: set[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._unmet = set(self.definitions.judged_facts) - _HEALTH

    @property
    def lacking(self) -> tuple[str, ...]:
        """The facts that rules read and no account had."""
        return tuple(name for name in self.definitions.judged_facts if name in self._unmet)

    def account(
        self,
        account: str,
        facts: Mapping[str, object] | None,
        journey: Journey | None,
        terms: _Terms | None,
    ) -> AccountReview:
        made = {**(journey.facts if journey else {}), **(terms.facts if terms else {})}
        is_customer = journey is None or journey.stage not in self.definitions.final_stages
        known = {**(facts or {}), **made}
        assessment = choice = None
        card = self.definitions.scorecard_for(known, as_of=self.as_of)
        if facts is not None:
            assessment = card.assess(known, as_of=self.as_of)
            known.update(assessment.facts)
            library = self.definitions.playbooks
            library = library if is_customer else self.definitions.parting_playbooks
            choice = library.select(known, as_of=self.as_of)
            self._unmet -= {name for name in self._unmet if _is_known(known, name)}
        terms = terms or _Terms(annual_value=None)
        return AccountReview(
            account=account,
            name=str(known.get("name") or ""),
            is_customer=is_customer,
            journey=journey,
            assessment=assessment,
            scorecard=card.name if assessment else "",
            choice=choice,
            questions=self.questions(card, choice, assessment, known)
            if choice and assessment
            else (),
            term_ends_on=terms.ends_on,
            annual_value=terms.annual_value,
            currency=terms.currency,
        )

    def questions(
        self,
        card: Scorecard,
        choice: Choice,
        assessment: Assessment,
        known: Mapping[str, object],
    ) -> tuple[str, ...]:
        """What to ask for; for the account's health, the facts that its health wants."""
        asked = [name for name in choice.questions if name not in _HEALTH]
        if len(asked) < len(choice.questions):
            for measure, found in zip(card.leaves, assessment.contributions, strict=True):
                for each in (measure.when, measure.value):
                    if found.applies and each is not None:
                        asked += each.explain(known, as_of=self.as_of).missing
        return tuple(dict.fromkeys(asked))


def _is_known(known: Mapping[str, object], name: str) -> bool:
    value = getter(known)(name)
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _as_seen(
    book: Book, as_of: dt.date, known_at: dt.date | None
) -> tuple[Book, tuple[Fault, ...]]:
    """The book without contracts that are not signed or known yet, so that they leave no trace.

    A contract that stands in two currencies is set aside with its account: neither is believed.
    """
    if book.contracts is None:
        return book, ()
    seen = [each for each in book.contracts if _is_signed(each, as_of, known_at)]
    currencies: dict[str, set[str]] = {}
    for each in seen:
        currencies.setdefault(each.contract, set()).add(each.currency)
    torn = {name: found for name, found in currencies.items() if len(found) > 1}
    accounts = {each.account for each in seen if each.contract in torn}
    faults = tuple(
        Fault(
            f"$.contracts[{name!r}].currency",
            f"stands in {' and in '.join(sorted(found))}; its account is left out of the rates",
        )
        for name, found in torn.items()
    )
    kept = tuple(each for each in seen if each.contract not in torn)
    unread = book.unread_accounts | accounts
    return attrs.evolve(book, contracts=kept, unread_accounts=unread), faults


def _terms(book: Book, today: dt.date) -> dict[str, _Terms]:
    """The terms of every account that has a signed contract."""
    contracts = dict.fromkeys(book.contracts or ())  # each once
    versions = Counter(each.contract for each in contracts)
    signed = _signed(book)
    doubted = {each.account for each in contracts if versions[each.contract] > 1}
    doubted |= book.unread_accounts
    terms = {account: _summed(found, today) for account, found in signed.items()}
    unknown = _Terms(annual_value=None)
    return terms | dict.fromkeys(doubted & signed.keys() | book.unread_accounts, unknown)


def _signed(book: Book) -> dict[str, list[Contract]]:
    """The contracts that are not rescinded, each once, by account."""
    found: dict[str, list[Contract]] = {}
    for each in dict.fromkeys(book.contracts or ()):
        if each.end_reason is not EndReason.RESCINDED:
            found.setdefault(each.account, []).append(each)
    return found


def _is_signed(contract: Contract, as_of: dt.date, known_at: dt.date | None) -> bool:
    signed_on = contract.signed_on or contract.start
    known = contract.recorded_at or signed_on
    return is_by(signed_on, as_of) and (known_at is None or is_by(known, known_at))


def _summed(contracts: list[Contract], today: dt.date) -> _Terms:
    last_days = [each.last_day or dt.date.max for each in contracts]
    days = zip(contracts, last_days, strict=True)
    running = [each for each, last_day in days if each.start <= today <= last_day]
    currencies = {each.currency for each in running or contracts}
    ends_on = max(last_days)
    single = len(currencies) == 1
    return _Terms(
        ends_on=None if ends_on == dt.date.max else ends_on,
        annual_value=sum((Decimal(e.annual_value) for e in running), Decimal(0))
        if single
        else None,
        currency=currencies.pop() if single else "",
    )


# Renewals


def _renewals(book: Book, as_of: dt.date, known_at: dt.date | None) -> tuple[Renewals, ...] | None:
    if book.contracts is None:
        return None
    months = [_month(as_of)]
    for _ in range(11):
        months.insert(0, months[0].previous())
    coming = _coming(utc_day(as_of))
    currencies = sorted({contract.currency for contract in book.contracts})
    return tuple(
        _in_currency(book, currency, months, coming, as_of, known_at) for currency in currencies
    )


def _in_currency(
    book: Book,
    currency: str,
    months: Sequence[Period],
    coming: Period,
    as_of: dt.date,
    known_at: dt.date | None,
) -> Renewals:
    contracts = [each for each in book.contracts or () if each.currency == currency]
    ids = {each.contract for each in contracts}
    payments = book.payments
    if payments is not None:
        payments = tuple(entry for entry in payments if entry.contract in ids)

    def report(period: Period) -> RenewalReport:
        return renewal_rate(
            contracts,
            payments,
            period,
            as_of=as_of,
            known_at=known_at,
            unread_accounts=book.unread_accounts,
            unread_cash=book.unread_cash,
        )

    trailing = tuple(report(each) for each in months)
    return Renewals(
        currency=currency,
        month=trailing[-1],
        trailing=trailing,
        year=report(Period(months[0].start, months[-1].end)),
        coming=report(coming),
    )


def _coming(today: dt.date) -> Period:
    first = add_days(today, 1)
    return Period(first, add_days(first, COMING_DAYS))


def _unsaid_end(account: AccountReview, signed: Mapping[str, list[Contract]]) -> Iterator[Fault]:
    """The last contract of an account that closed or was rescinded, where it does not say so.

    The contract decides how a loss is counted (L9, R4); without a reason it is plainly lost.
    """
    contracts, journey = signed.get(account.account), account.journey
    if account.is_customer or not contracts or journey is None:
        return
    entered, stage = journey.visits[-1].entered, journey.stage
    if entered is None or stage not in (EndReason.CLOSED, EndReason.RESCINDED):
        return
    last = max(contracts, key=lambda each: (each.end or dt.date.max, each.contract))
    ended = last.last_day is not None and last.last_day < utc_day(entered)
    if last.end_reason is None and not ended:
        since = f"account {account.account!r} stands in {stage!r} since {utc_day(entered)}"
        problem = f"{since}, but this contract has no end_reason; fill in {stage!r}"
        yield Fault(f"$.contracts[{last.contract!r}].end_reason", f"{problem}, or mend the events")


def _faults(
    book: Book, renewals: Iterable[Renewals], further: Iterable[Fault]
) -> tuple[Fault, ...]:
    """What the reports of each currency found, and what only the whole book can tell."""
    found = {fault.path: fault for each in renewals for fault in each.month.faults}
    found.update((fault.path, fault) for fault in further)
    contracts = {each.contract: each for each in book.contracts or ()}
    links = [(each, contracts.get(name)) for each in contracts.values() for name in each.renews]
    for each, renewed in links:
        if renewed is not None and renewed.currency != each.currency:
            path = f"$.contracts[{each.contract!r}].renews"
            problem = f"{renewed.contract!r} is in {_named(renewed)}, this in {_named(each)}"
            found[path] = Fault(path, f"{problem}: a renewal is counted within one currency")
    return tuple(sorted(found.values(), key=str))


def _orphans(
    payments: Iterable[Entry], contracts: Collection[str], as_of: dt.date
) -> Iterator[Fault]:
    """Payments by ``as_of`` of contracts that the book does not have."""
    for entry in payments:
        if entry.contract not in contracts and is_by(entry.on, as_of):
            path = f"$.payments[{entry.entry!r}].contract"
            yield Fault(path, f"no contract {entry.contract!r} is known")


def _named(contract: Contract) -> str:
    return contract.currency or "a currency that is not named"
