"""What a pack must hold, checked in one call.

:func:`check_pack` is the line for a test; :func:`flaws_of` gives the same as values. Each
:class:`Check` is one thing that is asked, and each :class:`Flaw` names the definition as
``pack:name``, what is wrong with it and what to do.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cslib.bands import Scale, gaps
from cslib.discovery import PackError
from cslib.disjoint import disjoint
from cslib.documents import fingerprint, from_json, to_json
from cslib.errors import CslibError, DefinitionError, suggestion
from cslib.expressions import Fact, Kind, Kinds
from cslib.faults import check_kind
from cslib.functions import Function
from cslib.health import Measure
from cslib.lifecycle import Lifecycle
from cslib.packs import Named, Pack
from cslib.playbooks import Library, Playbook
from cslib.registry import Registry
from cslib.review import Definitions
from cslib.rules import Rule
from cslib.schemas import Schema
from cslib.testing.reading import fact_kinds, rules_of, texts_compared
from cslib.testing.strategies import AS_OF, accounts, logs

__all__ = ["Check", "ConformanceError", "Flaw", "check_pack", "flaws_of"]


class Check(enum.StrEnum):
    """One thing that is asked of a pack."""

    VALID = "valid"
    """A registry takes it, and has nothing to remark."""
    NAMES = "names"
    """Names are in lower case, without spaces around them."""
    DOCUMENTS = "documents"
    """A definition goes to JSON and back unchanged, with its fingerprint."""
    FACTS = "facts"
    """Rules read facts that the schema has, or that the rooms make."""
    TEXTS = "texts"
    """Rules compare a stage, a tier or a fact of listed values with texts that it can be."""
    KINDS = "kinds"
    """No two rules need one fact to be of different kinds."""
    IDLE = "idle"
    """No playbook can be proven never to apply."""
    GAPS = "gaps"
    """Every value of a measure lies in a band."""
    ORDER = "order"
    """The order of the playbooks changes no choice."""
    ACCOUNTS = "accounts"
    """Drawn accounts are chosen for and assessed, and drawn logs replayed, without an error."""


@attrs.frozen
class Flaw:
    """One thing wrong with a pack.

    Attributes:
        check: What was asked.
        definition: What is at fault: ``pack:name``, or the pack alone.
        problem: What is wrong, and what to do.

    >>> print(Flaw(Check.NAMES, "spas:Tour", "write it in lower case, 'tour'"))
    spas:Tour: write it in lower case, 'tour' (names)
    """

    check: Check
    definition: str
    problem: str

    def __str__(self) -> str:
        return f"{self.definition}: {self.problem} ({self.check})"


@attrs.define
class ConformanceError(CslibError, AssertionError):
    """A pack does not hold what is asked of it.

    Attributes:
        pack: Its name.
        flaws: All that is wrong.
    """

    pack: str
    flaws: tuple[Flaw, ...]

    def __str__(self) -> str:
        lines = "".join(f"\n  {flaw}" for flaw in self.flaws)
        return f"pack {self.pack!r}, {len(self.flaws)} to mend:{lines}"


def check_pack(
    pack: Pack,
    *,
    schema: Schema | None = None,
    expected: Mapping[str, str] | None = None,
    as_of: dt.date = AS_OF,
    examples: int = 50,
) -> None:
    """Raise all that is wrong with a pack; the one line of its package's tests.

    Args:
        pack: The pack.
        schema: The facts that its rules may read; None: any.
        expected: What is meant to be as it is: of a :class:`Check` or of one definition
            (``"gaps"``, ``"spas:use"``) the reason. One that finds nothing is itself a flaw.
        as_of: Today, for the accounts that are drawn.
        examples: How many accounts are drawn for each check; the same at every run.

    Raises:
        ConformanceError: With every flaw.
        DefinitionError: If ``schema`` is no :class:`~cslib.schemas.Schema`.

    >>> from cslib.playbooks import Playbook
    >>> tour = Playbook(name="Tour", need="adoption", layer="product", entry="seats > 5 > seats")
    >>> check_pack(Pack(name="spas", version="0.9", api="1.0", playbooks=[tour]))
    Traceback (most recent call last):
    ...
    cslib.testing.conformance.ConformanceError: pack 'spas', 2 to mend:
      spas:Tour: write its name in lower case: 'tour' (names)
      spas:Tour: it never applies, since its entry contradicts itself; write another (idle)
    """
    found = flaws_of(pack, schema=schema, as_of=as_of, examples=examples)
    meant = dict(expected or {})
    flaws = [flaw for flaw in found if flaw.check not in meant and flaw.definition not in meant]
    idle = {*meant} - {each for flaw in found for each in (str(flaw.check), flaw.definition)}
    flaws += [_unexpected(pack, name, meant[name]) for name in sorted(idle)]
    if flaws:
        raise ConformanceError(_name(pack), tuple(flaws))


def _unexpected(pack: Pack, name: str, reason: str) -> Flaw:
    checks = [str(check) for check in Check]
    hint = "" if name in checks else suggestion(name, checks)
    problem = f"expected {name!r} to be flawed ({reason}), and found nothing; take it out{hint}"
    return Flaw(Check.VALID, _name(pack), problem)


def flaws_of(
    pack: Pack, *, schema: Schema | None = None, as_of: dt.date = AS_OF, examples: int = 50
) -> tuple[Flaw, ...]:
    """All that is wrong with a pack, in the order of :class:`Check`; empty if nothing is.

    Args:
        pack: The pack.
        schema: As for :func:`check_pack`, as the other two.
        as_of: Today.
        examples: How many accounts are drawn for each check.

    >>> flaws_of(Pack(name="spas", version="0.9", api="1.0"))
    ()
    """
    invalid = tuple(_invalid(pack))
    if not isinstance(pack, Pack):
        return invalid
    if schema is not None:
        check_kind("schema", schema, Schema)
    asked = _Asked(pack, schema, as_of, examples)
    found = tuple(flaw for check in _CHECKS for flaw in check(asked))
    return (*invalid, *found)


@attrs.frozen
class _Asked:
    """A pack under test, and by what."""

    pack: Pack
    schema: Schema | None
    as_of: dt.date
    examples: int

    def flaw(self, check: Check, name: str, problem: str) -> Flaw:
        return Flaw(check, f"{self.pack.name}:{name}", problem)

    @property
    def rules(self) -> Iterator[tuple[str, str, Rule]]:
        """Every rule of the playbooks, scenarios and scorecards: of what, its path, the rule.

        A lifecycle's guards read the events' payloads too, and are checked by the lifecycle.
        """
        for kind, name, definition in self.pack.definitions:
            if kind != "lifecycle":
                for path, rule in rules_of(definition):
                    yield name, path, rule


def _name(pack: object) -> str:
    return pack.name if isinstance(pack, Pack) else type(pack).__name__


def _invalid(pack: Pack) -> Iterator[Flaw]:
    try:
        (record,) = Registry.of(pack).records
    except PackError as error:
        yield Flaw(Check.VALID, _name(pack), error.cause)
    else:
        if record.notice:
            yield Flaw(Check.VALID, pack.name, record.notice)


# --------------------------------------------------------------------------------------
# What can be read off


def _names(asked: _Asked) -> Iterator[Flaw]:
    for _, name, _definition in asked.pack.definitions:
        plain = name.strip().lower()
        if name != plain:
            yield asked.flaw(Check.NAMES, name, f"write its name in lower case: {plain!r}")


def _documents(asked: _Asked) -> Iterator[Flaw]:
    for _, name, definition in asked.pack.definitions:
        if isinstance(definition, Function):
            continue  # known in documents by its name and version
        try:
            problem = _unlike(definition, asked.pack)
        except CslibError as error:
            problem = f"its JSON cannot be read back: {error}"
        if problem:
            yield asked.flaw(Check.DOCUMENTS, name, problem)


def _unlike(definition: Any, pack: Pack) -> str:
    back = from_json(to_json(definition), type(definition), functions=pack.functions)
    if back != definition:
        return "its JSON reads back as something else; see which field is left out or changed"
    if fingerprint(back) != fingerprint(definition):
        return "its fingerprint is another after JSON; let equal values be written alike"
    return ""


def _facts(asked: _Asked) -> Iterator[Flaw]:
    if asked.schema is None:
        return
    known = {*asked.schema.kinds, *_made(asked.pack)}
    for name, path, rule in asked.rules:
        for fact in rule.facts:
            if fact not in known:
                problem = f"{path} reads {fact!r}, which the schema does not have"
                meant = suggestion(fact, asked.schema.kinds) or suggestion(fact, known)
                hint = f"{meant} Else declare it there" if meant else "; declare it there"
                yield asked.flaw(Check.FACTS, name, f"{problem}{hint}")


def _made(pack: Pack) -> set[str]:
    """The facts that the rooms make of an account: its stage, tier, end of term, deadlines ..."""
    made = [*Definitions().made_facts.values(), *(each.chart.facts for each in pack.lifecycles)]
    return {name for names in made for name in names}


def _texts(asked: _Asked) -> Iterator[Flaw]:
    known = _known_texts(asked.pack, asked.schema)
    for name, path, rule in asked.rules:
        for fact, text in texts_compared(rule):
            if fact in known and text not in known[fact]:
                hint = suggestion(text, known[fact]) or f"; it is {' or '.join(known[fact])}"
                problem = f"{path} compares {fact!r} with {text!r}, which it never is{hint}"
                yield asked.flaw(Check.TEXTS, name, problem)


def _known_texts(pack: Pack, schema: Schema | None) -> dict[str, tuple[str, ...]]:
    """The texts that a fact can be, where that is known; what the schema says goes first."""
    stages = [stage.name for each in pack.lifecycles for stage in each.stages]
    tiers = [tier.name for each in pack.scorecards for tier in each.tiers]
    listed = {spec.name: spec.values for spec in schema.facts} if schema else {}
    known = {"stage": tuple(stages), "tier": tuple(tiers), **listed}
    return {fact: texts for fact, texts in known.items() if texts}


def _kinds(asked: _Asked) -> Iterator[Flaw]:
    readers: dict[str, tuple[str, Kinds]] = {}
    declared = asked.schema.kinds if asked.schema else {}
    for name, path, rule in asked.rules:
        for fact, kinds in rule.kinds.items():
            reader, others = readers.get(fact, ("the schema", declared.get(fact, kinds)))
            if not kinds & others:
                told = f"{path} needs {fact!r} to be {_either(kinds)}"
                problem = f"{told}, and {reader} {_either(others)}; let them agree"
                yield asked.flaw(Check.KINDS, name, problem)
            else:
                readers[fact] = (name, kinds & others)


def _either(kinds: Kinds) -> str:
    return " or ".join(sorted(kinds))


def _idle(asked: _Asked) -> Iterator[Flaw]:
    for playbook in asked.pack.playbooks:
        if disjoint(playbook.entry, playbook.entry):
            problem = "it never applies, since its entry contradicts itself; write another"
            yield asked.flaw(Check.IDLE, playbook.name, problem)


def _gaps(asked: _Asked) -> Iterator[Flaw]:
    for card in asked.pack.scorecards:
        for measure in card.leaves:
            for scale in measure.scales:
                if left := _left_out(asked.schema, measure, scale):
                    what = f"measure {measure.name!r} has no band for {', '.join(left)}"
                    problem = f"{what}: such a value counts as unknown; add one, or say in"
                    yield asked.flaw(Check.GAPS, card.name, f"{problem} expected= that it is meant")


def _left_out(schema: Schema | None, measure: Measure, scale: Scale) -> tuple[str, ...]:
    """The values that no band takes; of texts those that the schema lists, if it does."""
    if scale.kind is not Kind.TEXT:
        return gaps(scale)
    specs = schema.facts if schema else ()
    read = [spec for spec in specs if measure.value.node == Fact(spec.name)]
    return tuple(repr(text) for spec in read for text in spec.values if scale.points(text) is None)


# --------------------------------------------------------------------------------------
# What shows on accounts


def _order(asked: _Asked) -> Iterator[Flaw]:
    pack = asked.pack
    library = Library(name=pack.name, playbooks=_among(pack.playbooks))
    turned = attrs.evolve(library, playbooks=library.playbooks[::-1])

    def alike(account: dict[str, Any]) -> None:
        one, other = (each.select(account, as_of=asked.as_of) for each in (library, turned))
        if one.explain() != other.explain():
            raise _OrderMattersError

    failed = _first_failing(asked, library, alike)
    if failed is not None and isinstance(failed[1], _OrderMattersError):
        told = f"another order of its playbooks gives another choice for {failed[0]}"
        problem = f"{told}; let no two be equal in all that decides"
        yield Flaw(Check.ORDER, pack.name, problem)


def _among(playbooks: Sequence[Playbook]) -> tuple[Playbook, ...]:
    """Playbooks that exclude one another only, and none of another pack."""
    names = {each.name for each in playbooks}
    return tuple(
        attrs.evolve(each, excludes=[other for other in each.excludes if other in names])
        for each in playbooks
    )


class _OrderMattersError(Exception):
    """Two orders gave two choices."""


def _accounts(asked: _Asked) -> Iterator[Flaw]:
    pack, as_of = asked.pack, asked.as_of
    for playbook in pack.playbooks:
        library = Library(name=playbook.name, playbooks=_among([playbook]))
        yield from _raising(asked, playbook, functools.partial(_chosen, library, as_of))
    for card in pack.scorecards:
        yield from _raising(asked, card, functools.partial(card.assess, as_of=as_of))
    for lifecycle in pack.lifecycles:
        yield from _unreplayed(asked, lifecycle)


def _chosen(library: Library, as_of: dt.date, account: Mapping[str, Any]) -> None:
    library.select(account, as_of=as_of).explain()  # reasons are made when they are asked for


def _raising(
    asked: _Asked, definition: Named, run: Callable[[dict[str, Any]], object]
) -> Iterator[Flaw]:
    failed = _first_failing(asked, definition, run)
    if failed is not None:
        account, error = failed
        told = f"{type(error).__name__}: {error}"
        remedy = "let it answer for every account, None for unknown"
        problem = f"for the account {account} {told}; {remedy}"
        yield asked.flaw(Check.ACCOUNTS, definition.name, problem)


def _first_failing(
    asked: _Asked, definition: object, run: Callable[[dict[str, Any]], object]
) -> tuple[dict[str, Any], Exception] | None:
    """The simplest drawn account that makes it raise."""
    rules = [rule for _, rule in rules_of(definition)]
    if not all(fact_kinds(rules, asked.schema).values()):
        return None  # no account can be read, which is another check
    drawn = accounts(definition, schema=asked.schema, as_of=asked.as_of)
    return _falsified(drawn, run, asked.examples)


def _unreplayed(asked: _Asked, lifecycle: Lifecycle) -> Iterator[Flaw]:
    if not lifecycle.events:
        return
    try:
        drawn = logs(lifecycle)
    except DefinitionError as error:  # no event can be drawn that all guards can read
        yield asked.flaw(Check.KINDS, lifecycle.name, "; ".join(map(str, error.faults)))
        return
    failed = _falsified(
        drawn, functools.partial(lifecycle.replay, as_of=asked.as_of), asked.examples
    )
    if failed is not None:
        told = f"{type(failed[1]).__name__}: {failed[1]}"
        problem = f"for the log {failed[0]} {told}; let its guards answer for every event"
        yield asked.flaw(Check.ACCOUNTS, lifecycle.name, problem)


_LET_BE = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
"""What hypothesis would remark of how accounts are drawn; it is none of the pack's faults."""


def _falsified(
    drawn: st.SearchStrategy[Any], run: Callable[[Any], object], examples: int
) -> tuple[Any, Exception] | None:
    last: list[tuple[Any, Exception]] = []

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=_LET_BE,
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(drawn)
    def each(value: Any) -> None:
        try:
            run(value)
        except Exception as error:
            last.append((value, error))
            raise

    try:
        each()
    except Exception:
        if not last:
            raise  # none of the pack's: nothing could be drawn
        return last[-1]  # the simplest is tried last
    return None


_CHECKS: Iterable[Callable[[_Asked], Iterator[Flaw]]] = (
    *(_names, _documents, _facts, _texts, _kinds, _idle, _gaps),
    *(_order, _accounts),
)
