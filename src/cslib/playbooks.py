"""Playbooks: the cheapest layer that solves it, and why.

A :class:`Playbook` is data: the need it serves, its layer, the condition under which it applies and
the hours it takes. A :class:`Library` chooses among many: what the product can solve is not given
to service, and what service can solve is not given to consulting (P1, Sang Wenfeng). That rule is a
hard filter: for each need only the cheapest layer with a playbook that applies comes into question,
and where a cheaper playbook's condition is unknown, the dearer layers wait and the missing facts
are named (``docs/semantics.md``, "Playbooks").
"""

from __future__ import annotations

import enum
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from operator import attrgetter

import attrs

from cslib.documents import document, fingerprint
from cslib.errors import DefinitionError, Fault, suggestion
from cslib.explanations import words
from cslib.expressions import Apply, Kind, Node
from cslib.facts import getter
from cslib.faults import name_faults, refuse, several, shown, text_faults, whole_faults
from cslib.rules import Explanation, Rule, rule

__all__ = ["Choice", "Finding", "Layer", "Library", "Playbook", "Verdict"]


# --------------------------------------------------------------------------------------
# The definition


class Layer(enum.StrEnum):
    """The layers of P1, cheapest first."""

    PRODUCT = "product"
    SERVICE = "service"
    CONSULTING = "consulting"


_RANK = {layer: rank for rank, layer in enumerate(Layer)}


def _layer(value: str) -> Layer:
    try:
        return Layer(value)
    except ValueError:
        known = [layer.value for layer in Layer]
        problem = f"unknown layer {value!r}{suggestion(str(value), known)}"
        raise DefinitionError("playbook", (Fault("$.layer", problem),)) from None


_MAX_HOURS = 1_000_000
_MAX_PRIORITY = 1_000_000


def _hours(value: Decimal | int | str) -> Decimal:
    exact = isinstance(value, (Decimal, int, str)) and not isinstance(value, bool)
    try:
        hours = Decimal(value) if exact else Decimal("NaN")
    except InvalidOperation:
        hours = Decimal("NaN")
    if hours.is_finite() and 0 <= hours <= _MAX_HOURS:
        return hours
    expected = f"a whole number or Decimal from 0 to {_MAX_HOURS}"
    problem = f"expected {expected}, but got {shown(value)}"
    hint = f"; write Decimal('{value}')" if isinstance(value, float) else ""
    raise DefinitionError("playbook", (Fault("$.hours", problem + hint),))


def _condition(source: object) -> Rule:
    return rule(source, kind=Kind.BOOLEAN)


@attrs.frozen(kw_only=True)
class Playbook:
    """What to do about a need, and when.

    Attributes:
        name: Its name.
        need: The need it serves; playbooks of one need are alternatives to one another.
        layer: Product, service or consulting.
        entry: The condition under which it applies; a rule over facts, which may speak of
            ``stage``, ``tier`` or days to renewal like of any other fact.
        hours: Hours of people's work, 0 to a million, exact; no floats.
        priority: Between needs, the higher goes first; a whole number within plus or minus a
            million. Within a need it says nothing.
        title: What is done, in words.
        source: Where it comes from: a doctrine id and its author, a programme.

    Raises:
        DefinitionError: If the name or need is no text or empty, the layer is none, or the hours or
            the priority are no exact number within bounds.
    """

    name: str
    need: str
    layer: Layer = attrs.field(converter=_layer)
    entry: Rule = attrs.field(converter=_condition)
    hours: Decimal = attrs.field(default=Decimal(0), converter=_hours)
    priority: int = 0
    title: str = ""
    source: str = ""

    def __attrs_post_init__(self) -> None:
        faults = (
            *name_faults("$.name", self.name),
            *name_faults("$.need", self.need),
            *whole_faults("$.priority", self.priority, -_MAX_PRIORITY, _MAX_PRIORITY),
            *text_faults("$.title", self.title),
            *text_faults("$.source", self.source),
        )
        refuse("playbook", faults)

    @property
    def cost(self) -> tuple[int, Decimal, str]:
        """What orders the playbooks of one need: layer, hours, name."""
        return _RANK[self.layer], self.hours, self.name


def _playbooks(playbooks: Iterable[Playbook]) -> tuple[Playbook, ...]:
    return several("library", "$.playbooks", playbooks, Playbook)


@document("library", version=1)
@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Library:
    """Playbooks to choose from; their order never changes a choice.

    Attributes:
        name: Its name.
        playbooks: The playbooks.

    Raises:
        DefinitionError: If its name is no text or empty, or two playbooks have one name.

    >>> library = Library(name="adoption", playbooks=(
    ...     Playbook(name="tour", need="adoption", layer="product",
    ...              entry="seats_used / seats < 0.6"),
    ...     Playbook(name="training", need="adoption", layer="service", hours=6,
    ...              entry="seats_used / seats < 0.6 and roles_active < 2"),
    ... ))
    >>> choice = library.select({"seats_used": 5, "seats": 10, "roles_active": 1})
    >>> choice.playbook.name, choice.reasons
    ('tour', 'seats used divided by seats is below 0.6 (seats_used = 5, seats = 10)')
    >>> print(*choice.others)
    training (service, 6 h): dearer: applies, but tour is of a cheaper layer (product)
    """

    name: str
    playbooks: tuple[Playbook, ...] = attrs.field(converter=_playbooks)

    def __attrs_post_init__(self) -> None:
        seen: set[str] = set()
        faults = [*name_faults("$.name", self.name)]
        for place, playbook in enumerate(self.playbooks):
            if playbook.name in seen:
                problem = f"{playbook.name!r} stands twice"
                faults.append(Fault(f"$.playbooks[{place}].name", problem))
            seen.add(playbook.name)
        refuse(f"library {self.name!r}", faults)

    @functools.cached_property
    def fingerprint(self) -> str:
        """By which definition a choice was made."""
        return fingerprint(self)

    def select(self, account: object, *, as_of: object = None) -> Choice:
        """The playbooks to run for one account, and why not the others.

        Args:
            account: Its facts: a mapping or an object. A stage, a tier, days to renewal are facts
                like any other.
            as_of: Today, for conditions that count days.

        Raises:
            FactError, AsOfError: As the entry conditions do.
        """
        found = [
            finding
            for playbooks in self._needs
            for finding in _within_need(playbooks, account, as_of)
        ]
        return Choice(findings=tuple(sorted(found, key=_urgency)), definition=self.fingerprint)

    @functools.cached_property
    def _needs(self) -> tuple[tuple[Playbook, ...], ...]:
        """For each need its playbooks, cheapest first."""
        needs: dict[str, list[Playbook]] = {}
        for playbook in sorted(self.playbooks, key=attrgetter("cost")):
            needs.setdefault(playbook.need, []).append(playbook)
        return tuple(map(tuple, needs.values()))


# --------------------------------------------------------------------------------------
# Choosing


def _within_need(
    playbooks: Iterable[Playbook], account: object, as_of: object
) -> Iterator[Finding]:
    """P1 among alternatives, given cheapest first."""
    get = getter(account)
    chosen: tuple[Finding, ...] = ()
    unknown: list[Finding] = []
    for _, layer in itertools.groupby(playbooks, key=attrgetter("layer")):
        waited_for = tuple(unknown)
        for playbook in layer:
            verdict = _verdict(playbook.entry(account, as_of=as_of), chosen, waited_for)
            finding = Finding(
                playbook=playbook,
                verdict=verdict,
                ahead={Verdict.HELD_BACK: waited_for, Verdict.DEARER: chosen}.get(verdict, ()),
                facts={name: get(name) for name in playbook.entry.facts},
                as_of=as_of,
            )
            if verdict is Verdict.CHOSEN:
                chosen = (finding,)
            if verdict is Verdict.UNKNOWN:
                unknown.append(finding)
            yield finding


def _verdict(applies: object, chosen: Sequence[Finding], waited_for: Sequence[Finding]) -> Verdict:
    """What becomes of a playbook, by what is chosen already and what cheaper layers leave open."""
    if applies is False:
        return Verdict.DOES_NOT_APPLY
    if chosen:
        return Verdict.DEARER
    if applies is None:
        return Verdict.UNKNOWN
    return Verdict.HELD_BACK if waited_for else Verdict.CHOSEN


def _urgency(finding: Finding) -> tuple[object, ...]:
    playbook = finding.playbook
    return finding.verdict is not Verdict.CHOSEN, -playbook.priority, *playbook.cost


def _distinct(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The facts that findings miss, each once."""
    return tuple(dict.fromkeys(name for each in findings for name in each.missing))


class Verdict(enum.StrEnum):
    """What became of a playbook that was considered."""

    CHOSEN = "chosen"
    """It applies and is the cheapest for its need."""
    DEARER = "dearer"
    """Another for its need applies that is of a cheaper layer, or takes fewer hours. Whether this
    one applies too may be unknown, and makes no difference."""
    HELD_BACK = "held_back"
    """It applies, but whether a cheaper layer would do is unknown."""
    UNKNOWN = "unknown"
    """Whether it applies is unknown, and would make a difference."""
    DOES_NOT_APPLY = "does_not_apply"
    """Its entry condition does not hold."""


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Finding:
    """One playbook considered for one account, and why it was chosen or not.

    The reasons are made when they are asked for, from the facts kept here.

    Attributes:
        playbook: The playbook.
        verdict: What became of it.
        ahead: The findings of the playbooks that stood before it: the cheaper one that was chosen,
            or those of cheaper layers whose entry is unknown.
        facts: The facts that its entry reads, as the account had them.
        as_of: Today, as the selection was told it.
    """

    playbook: Playbook
    verdict: Verdict
    ahead: tuple[Finding, ...] = attrs.field(default=(), repr=False)
    facts: Mapping[str, object] = attrs.field(repr=False, hash=False)
    as_of: object = attrs.field(repr=False)

    @functools.cached_property
    def explanation(self) -> Explanation:
        """Its entry condition on the account."""
        return self.playbook.entry.explain(self.facts, as_of=self.as_of)

    @functools.cached_property
    def missing(self) -> tuple[str, ...]:
        """The facts to ask for: those that leave its entry unknown, where that matters.

        Where it is held back, those that leave the entries of the playbooks ahead unknown.
        """
        match self.verdict:
            case Verdict.UNKNOWN:
                return self.playbook.entry.missing(self.facts, as_of=self.as_of)
            case Verdict.HELD_BACK:
                return _distinct(self.ahead)
        return ()

    @property
    def because_of(self) -> tuple[str, ...]:
        """The names of the playbooks ahead."""
        return tuple(finding.playbook.name for finding in self.ahead)

    @property
    def reason(self) -> str:
        """Why, in words."""
        match self.verdict:
            case Verdict.CHOSEN:
                return self._words(self.explanation)
            case Verdict.DEARER:
                unknown = self.explanation.value is None
                head = "whether it applies makes no difference:" if unknown else "applies, but"
                return f"{head} {_cheaper(self.ahead[0].playbook, self.playbook)}"
            case Verdict.HELD_BACK:
                ask = f": ask for {_listed(self.missing)}" if self.missing else ""
                others = _listed(self.because_of)
                return f"applies, but waits until it is known whether {others} would do{ask}"
            case Verdict.UNKNOWN if self.missing:
                return f"not known: {_listed(self.missing)}"
            case Verdict.UNKNOWN:
                return f"it cannot be told whether {self._words(self.explanation)}"
        return ", and ".join(map(self._against, _false_parts(self.explanation)))

    def _against(self, part: Explanation) -> str:
        """A false part as a sentence; a ``not`` is false since what is inside it holds."""
        match part.node:
            case Apply("not", (inner,)):
                return f"it holds that {self._words(part, inner)}"
        return f"it does not hold that {self._words(part)}"

    def _words(self, part: Explanation, node: Node | None = None) -> str:
        """A part in words, with the facts that it reads."""
        functions = {function.key: function for function in self.playbook.entry.functions}
        text = words(node or part.node, functions)
        read = ", ".join(f"{name} = {_shown(value)}" for name, value in _read(part).items())
        return f"{text} ({read})" if read else text

    def __str__(self) -> str:
        head = f"{self.playbook.name} ({self.playbook.layer}, {self.playbook.hours:f} h)"
        return f"{head}: {self.verdict.replace('_', ' ')}: {self.reason}"


def _cheaper(one: Playbook, other: Playbook) -> str:
    """In what the first is cheaper."""
    if one.layer != other.layer:
        return f"{one.name} is of a cheaper layer ({one.layer})"
    if one.hours != other.hours:
        return f"{one.name} takes fewer hours ({one.hours:f} against {other.hours:f})"
    return f"{one.name} costs as much and stands before it by name"


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return " and ".join(filter(None, [", ".join(names[:most]), *more]))


def _false_parts(explanation: Explanation) -> Iterator[Explanation]:
    """The innermost parts that are false and made the whole so."""
    inner = [part for part in explanation.parts if part.decides and part.value is False]
    if not inner:
        yield explanation
    for part in inner:
        yield from _false_parts(part)


def _read(explanation: Explanation) -> dict[str, object]:
    """The facts that a condition reads, with their values."""
    parts = (entry for part in explanation.parts for entry in _read(part).items())
    return dict((*explanation.facts, *parts))


def _shown(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f"“{value}”" if isinstance(value, str) else str(value)


@attrs.frozen(kw_only=True, slots=False)  # cached properties need a __dict__
class Choice:
    """What to do for one account.

    Attributes:
        findings: Every playbook considered, the chosen ones first; each part by priority, then
            layer, hours, name.
        definition: The fingerprint of the library.
    """

    findings: tuple[Finding, ...]
    definition: str

    @property
    def chosen(self) -> tuple[Finding, ...]:
        """For each need that has one, the playbook to run; the most urgent first."""
        return tuple(each for each in self.findings if each.verdict is Verdict.CHOSEN)

    @property
    def playbook(self) -> Playbook | None:
        """The first to run, or None where nothing is known to apply."""
        return self._first.playbook if self._first is not None else None

    @property
    def reasons(self) -> str:
        """Why the first was chosen, or why nothing was."""
        if self._first is not None:
            return self._first.reason
        if self.questions:
            return f"no playbook is known to apply: ask for {_listed(self.questions)}"
        some = any(each.verdict is Verdict.UNKNOWN for each in self.findings)
        return "no playbook is known to apply" if some else "no playbook applies"

    @property
    def others(self) -> tuple[Finding, ...]:
        """Every playbook but the first, with the reason."""
        return self.findings if self._first is None else self.findings[1:]

    @functools.cached_property
    def questions(self) -> tuple[str, ...]:
        """Facts to ask for, since they could change what is chosen; the most urgent first."""
        return _distinct(each for each in self.findings if each.verdict is Verdict.UNKNOWN)

    @property
    def _first(self) -> Finding | None:
        first = self.findings[0] if self.findings else None
        return first if first is not None and first.verdict is Verdict.CHOSEN else None
