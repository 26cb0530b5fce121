"""The layer mix: who does the work, product, service or consulting, and what a colleague brings.

P3 (S, W): turn consulting into service and service into product, and measure over time the share
of each layer in the work done, and that of scarce senior people. R13 (S): output per head decides.
:func:`layer_mix` sets hours done against periods; :meth:`LayerMix.changes` says which playbooks
made a share move; a :class:`TeamOutput` is what a team brought in a period, per colleague.

Conventions:

- Hours are exact and shares are fractions of them; nothing is rounded. A share of a period without
  hours is undefined, and so is output per head without heads.
- Hours are those of people. What the product does by itself takes none, so that work which moves
  into the product leaves the hours: read a share beside :meth:`PeriodMix.per_account`.

The rulings where two readers could differ are in ``docs/semantics.md``, "Slots, rhythm, layer mix".
"""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import attrs

from cslib.days import DayError, checked_day
from cslib.errors import CslibError, Fault, suggestion
from cslib.faults import (
    MAX_DIGITS,
    check_kind,
    exact_decimal,
    member,
    name_faults,
    refuse,
    several,
    shown,
    text_faults,
    whole_faults,
)
from cslib.money import UnknownCurrencyError, currency_exponent
from cslib.periods import Period
from cslib.playbooks import Layer, Library
from cslib.rates import Rate
from cslib.runs import Run

__all__ = [
    "HoursDone",
    "LayerMix",
    "LayerMixError",
    "Mover",
    "PeriodMix",
    "ShareChange",
    "TeamOutput",
    "hours_done",
    "layer_mix",
]

_MOST_HOURS = 1_000_000
_MOST_ACCOUNTS = 1_000_000_000
_EXACT = decimal.Context(prec=1_000, traps=[decimal.Inexact])  # whatever the caller's is


@attrs.define
class LayerMixError(CslibError, ValueError):
    """Periods or roles by which hours cannot be told apart.

    Attributes:
        problem: What was given, and what was expected.
    """

    problem: str

    def __str__(self) -> str:
        return self.problem


# --------------------------------------------------------------------------------------
# Hours done


def _layer(value: str) -> Layer:
    return member("hours done", "$.layer", "layer", Layer, value)


def _amount_faults(path: str, value: object, most: int | None = None) -> Iterator[Fault]:
    """The fault of what should be an exact number of 0 or more."""
    upper = "" if most is None else f" to {most:,}"
    expected = f"an exact number from 0{upper}" if upper else "an exact number of 0 or more"
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        hint = f"; write Decimal('{value}')" if isinstance(value, float) else ""
        yield Fault(path, f"expected {expected}, but got {shown(value)}{hint}")
    elif most is not None and value > most:
        yield Fault(path, f"expected {expected}, but got {shown(value)}")
    elif max(0, value.adjusted()) - min(0, int(value.as_tuple().exponent)) >= MAX_DIGITS:
        yield Fault(path, f"expected at most {MAX_DIGITS} digits, but got {shown(value)}")


@attrs.frozen(kw_only=True)
class HoursDone:
    """Hours that someone worked on an account.

    Attributes:
        on: The day.
        layer: The layer of the playbook; what is done by hand to set up a product playbook is of
            the layer product.
        role: Who worked, as a role.
        hours: How many, exact, 0 to a million; no floats.
        account: For whom.
        playbook: By which playbook; empty for work outside any.

    Raises:
        DefinitionError: With every fault.
    """

    on: dt.date
    layer: Layer = attrs.field(converter=_layer)
    role: str
    hours: Decimal = attrs.field(converter=exact_decimal)
    account: str
    playbook: str = ""

    def __attrs_post_init__(self) -> None:
        faults = (
            *_day_faults("$.on", self.on),
            *name_faults("$.role", self.role),
            *_amount_faults("$.hours", self.hours, _MOST_HOURS),
            *name_faults("$.account", self.account),
            *text_faults("$.playbook", self.playbook),
        )
        refuse("hours done", faults)


def hours_done(runs: Iterable[Run], library: Library) -> tuple[HoursDone, ...]:
    """The hours that were worked in runs of playbooks, each of the layer of its playbook.

    Args:
        runs: The runs, with the hours of the steps that were done.
        library: The playbooks.

    Raises:
        DefinitionError: If something is no run, or the library is none.
        LayerMixError: If the library has no playbook of a run's name.

    >>> from cslib.playbooks import Playbook
    >>> call = Playbook(name="call", need="use", layer="service", entry="seats_used < 5")
    >>> run = Run(account="A1", need="use", playbook="call", started=dt.date(2026, 7, 1))
    >>> taken = run.take("talk", on=dt.date(2026, 7, 2), hours={"csm": "1.5"})
    >>> [(str(each.layer), each.role, each.hours) for each in hours_done(
    ...     [taken], Library(name="ours", playbooks=[call]))]
    [('service', 'csm', Decimal('1.5'))]
    """
    check_kind("library", library, Library)
    layers = {each.name: each.layer for each in library.playbooks}
    found: list[HoursDone] = []
    for run in several("runs", "$", runs, Run):
        if run.playbook not in layers:
            hint = suggestion(run.playbook, layers)
            raise LayerMixError(f"{run}: no playbook {run.playbook!r} in {library.name!r}{hint}")
        found += _of_run(run, layers[run.playbook])
    return tuple(found)


def _of_run(run: Run, layer: Layer) -> Iterator[HoursDone]:
    for done in run.done:
        for role, hours in done.hours.items():
            yield HoursDone(
                on=done.on,
                layer=layer,
                role=role,
                hours=hours,
                account=run.account,
                playbook=run.playbook,
            )


def _day_faults(path: str, value: object) -> Iterator[Fault]:
    try:
        checked_day(value)
    except DayError as error:
        yield Fault(path, str(error))


def _sum(hours: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for each in hours:
        total = _EXACT.add(total, each)
    return total


# --------------------------------------------------------------------------------------
# The mix


@attrs.frozen(kw_only=True, repr=False)
class PeriodMix:
    """Who did the work of one period.

    Attributes:
        period: The period.
        rows: The hours done in it.
        scarce: The roles that are scarce.
    """

    period: Period
    rows: tuple[HoursDone, ...]
    scarce: frozenset[str]

    @property
    def hours(self) -> Decimal:
        """All hours of the period."""
        return _sum(each.hours for each in self.rows)

    @property
    def accounts(self) -> int:
        """How many accounts were worked for, each counted once."""
        return len({each.account for each in self.rows if each.hours})

    def share(self, layer: Layer | str) -> Rate:
        """A layer's share of the hours; undefined where there are none."""
        wanted = _layer(layer)
        return self._share(lambda each: each.layer is wanted, f"share of {wanted} in hours done")

    def role_share(self, role: str) -> Rate:
        """A role's share of the hours."""
        return self._share(lambda each: each.role == role, f"share of {role} in hours done")

    @property
    def scarce_share(self) -> Rate:
        """The share of all scarce roles together."""
        return self._share(lambda each: each.role in self.scarce, _SCARCE)

    def per_account(self, layer: Layer | str | None = None) -> Rate:
        """Hours per account worked for, of one layer or of all; undefined without accounts."""
        wanted = None if layer is None else _layer(layer)
        counted = [each for each in self.rows if wanted is None or each.layer is wanted]
        return Rate(
            numerator=_sum(each.hours for each in counted),
            denominator=self.accounts,
            convention=f"hours{'' if wanted is None else f' of {wanted}'} per account worked for",
            bounded=False,
        )

    def _share(self, counts: _Counts, convention: str) -> Rate:
        part = _sum(each.hours for each in self.rows if counts(each))
        return Rate(numerator=part, denominator=self.hours, convention=convention)

    def __str__(self) -> str:
        if not self.hours:
            return f"{self.period}: no hours"
        shares = ", ".join(f"{layer} {self.share(layer):.1%}" for layer in Layer)
        scarce = f"; scarce roles {self.scarce_share:.1%}" if self.scarce else ""
        return f"{self.period}: {self.hours:f} h: {shares}{scarce}"

    __repr__ = __str__


_Counts = Callable[[HoursDone], bool]
_SCARCE = "share of scarce roles in hours done"


@attrs.frozen(kw_only=True, repr=False)
class LayerMix:
    """Who did the work, period by period.

    Attributes:
        mixes: One for each period, in order; one without hours among them.
        outside: Hours on days of none of the periods, which count nowhere.
        unseen: Scarce roles that no row names: nobody of them worked, or a name is misspelt.
    """

    mixes: tuple[PeriodMix, ...]
    outside: Decimal
    unseen: tuple[str, ...] = ()

    def changes(self, layer: Layer | str) -> tuple[ShareChange, ...]:
        """From each period to the next, how a layer's share moved and which playbooks moved it."""
        wanted = _layer(layer)
        rates = [mix.share(wanted) for mix in self.mixes]
        return self._changes(rates, lambda each: each.layer is wanted)

    def scarce_changes(self) -> tuple[ShareChange, ...]:
        """The same of the scarce roles."""
        rates = [mix.scarce_share for mix in self.mixes]
        scarce = self.mixes[0].scarce
        return self._changes(rates, lambda each: each.role in scarce)

    def _changes(self, rates: Sequence[Rate], counts: _Counts) -> tuple[ShareChange, ...]:
        both = zip(itertools.pairwise(self.mixes), itertools.pairwise(rates), strict=True)
        return tuple(
            ShareChange(
                periods=(one.period, other.period),
                before=before,
                after=after,
                movers=_movers(one, other, counts),
            )
            for (one, other), (before, after) in both
        )

    def __str__(self) -> str:
        lines = [str(mix) for mix in self.mixes]
        if self.outside:
            lines.append(f"outside every period: {self.outside:f} h")
        if self.unseen:
            lines.append(f"scarce roles that no row names: {', '.join(self.unseen)}")
        return "\n".join(lines)

    __repr__ = __str__


def layer_mix(
    rows: Iterable[HoursDone], periods: Iterable[Period], *, scarce: Iterable[str] = ()
) -> LayerMix:
    """The share of each layer, and of scarce roles, in the hours done of each period.

    Args:
        rows: The hours done, in any order; two equal rows are two pieces of work.
        periods: The periods in order of time, without overlap: ``Period.year(2026).months()``.
        scarce: The roles that are scarce, such as industry experts.

    Raises:
        DefinitionError: If a row, a period or a scarce role is none.
        LayerMixError: If there is no period, they overlap or are out of order, or ``scarce`` is one
            text rather than several.

    >>> rows = [
    ...     HoursDone(on=dt.date(2026, 1, 9), layer="consulting", role="expert", hours=30,
    ...               account="A", playbook="design"),
    ...     HoursDone(on=dt.date(2026, 1, 20), layer="service", role="CSM", hours=70,
    ...               account="B", playbook="training"),
    ...     HoursDone(on=dt.date(2026, 2, 9), layer="service", role="CSM", hours=80,
    ...               account="A", playbook="design"),
    ... ]
    >>> january_to_march = Period.quarter(2026, 1).months()
    >>> mix = layer_mix(rows, january_to_march, scarce=["expert"])
    >>> print(mix)
    2026-01: 100 h: product 0.0%, service 70.0%, consulting 30.0%; scarce roles 30.0%
    2026-02: 80 h: product 0.0%, service 100.0%, consulting 0.0%; scarce roles 0.0%
    2026-03: no hours
    >>> print(mix.changes("service")[0])
    2026-01 to 2026-02: share of service in hours done 70.0% to 100.0%, +30.0 points
      design: 0 h to 80 h, +100.0 points: own hours +90.0, the total +10.0
      training: 70 h to 0 h, -70.0 points: own hours -78.8, the total +8.8
    """
    asked = several("layer mix", "$.periods", periods, Period)
    _check_order(asked)
    if isinstance(scarce, str):
        raise LayerMixError(f"scarce: expected several roles, but got the text {scarce!r}")
    rare = frozenset(several("layer mix", "$.scarce", scarce, str))
    found = defaultdict[Period, list[HoursDone]](list)
    outside: list[Decimal] = []
    done = several("layer mix", "$.rows", rows, HoursDone)
    for row in done:
        within = next((period for period in asked if row.on in period), None)
        if within is None:
            outside.append(row.hours)
        else:
            found[within].append(row)
    mixes = [PeriodMix(period=each, rows=tuple(found[each]), scarce=rare) for each in asked]
    unseen = tuple(sorted(rare - {row.role for row in done}))
    return LayerMix(mixes=tuple(mixes), outside=_sum(outside), unseen=unseen)


def _check_order(periods: Sequence[Period]) -> None:
    if not periods:
        raise LayerMixError("periods: expected one or more, but got none")
    for one, other in itertools.pairwise(periods):
        if other.start < one.end:
            problem = f"expected each after the one before, but got {other} after {one}"
            raise LayerMixError(f"periods: {problem}")


# --------------------------------------------------------------------------------------
# What moved a share


@attrs.frozen(kw_only=True)
class Mover:
    r"""What one playbook adds to the change of a share.

    With the hours *h* of the playbook in the layer and *H* of the period, before and after, its
    part of the share moves by :math:`h_1/H_1 - h_0/H_0`, which is split as Bennet (1920) splits the
    change of a product, each factor's move at the mean of the other:

    .. math:: (h_1 - h_0) \tfrac12 (1/H_0 + 1/H_1) + \tfrac12 (h_0 + h_1) (1/H_1 - 1/H_0)

    Attributes:
        playbook: Its name; empty for work outside any.
        before: Its hours in the first period.
        after: Its hours in the second.
        own: What its own hours moved: 0 where they stayed the same.
        total: What all hours of the period moved: the same hours are less of more.
    """

    playbook: str
    before: Decimal
    after: Decimal
    own: Fraction
    total: Fraction

    @property
    def change(self) -> Fraction:
        """What it adds to the change of the share."""
        return self.own + self.total

    def __str__(self) -> str:
        parts = f"own hours {_points(self.own)}, the total {_points(self.total)}"
        name = self.playbook or "(no playbook)"
        moved = f"{self.before:f} h to {self.after:f} h, {_points(self.change)} points"
        return f"{name}: {moved}: {parts}"


@attrs.frozen(kw_only=True)
class ShareChange:
    """How a share moved from one period to the next, and what made it.

    Attributes:
        periods: The two periods.
        before: The share in the first.
        after: The share in the second.
        movers: Every playbook with hours in the layer or role, the largest change first, then by
            name; their changes add up to that of the share, exactly. None where it is undefined.
    """

    periods: tuple[Period, Period]
    before: Rate
    after: Rate
    movers: tuple[Mover, ...]

    @property
    def change(self) -> Fraction | None:
        """The change of the share; None where one of the two is undefined."""
        if self.before.value is None or self.after.value is None:
            return None
        return self.after.value - self.before.value

    def __str__(self) -> str:
        change = "undefined" if self.change is None else f"{_points(self.change)} points"
        head = f"{self.periods[0]} to {self.periods[1]}: {self.before.convention} "
        head += f"{self.before:.1%} to {self.after:.1%}, {change}"
        return "\n  ".join([head, *map(str, self.movers)])


def _points(share: Fraction) -> str:
    """A difference of shares in percentage points, as text."""
    return f"{float(100 * share):+.1f}"


def _movers(one: PeriodMix, other: PeriodMix, counts: _Counts) -> tuple[Mover, ...]:
    all_before, all_after = Fraction(one.hours), Fraction(other.hours)
    if not all_before or not all_after:
        return ()
    before, after = _by_playbook(one, counts), _by_playbook(other, counts)
    found = [
        _mover(
            each, before.get(each, Decimal(0)), after.get(each, Decimal(0)), all_before, all_after
        )
        for each in {**before, **after}
    ]
    return tuple(sorted(found, key=lambda each: (-abs(each.change), each.playbook)))


def _by_playbook(mix: PeriodMix, counts: _Counts) -> Mapping[str, Decimal]:
    hours: dict[str, Decimal] = {}
    for row in filter(counts, mix.rows):
        hours[row.playbook] = _EXACT.add(hours.get(row.playbook, Decimal(0)), row.hours)
    return hours


def _mover(
    playbook: str, before: Decimal, after: Decimal, all_before: Fraction, all_after: Fraction
) -> Mover:
    was, now = Fraction(before), Fraction(after)
    return Mover(
        playbook=playbook,
        before=before,
        after=after,
        own=(now - was) * (1 / all_before + 1 / all_after) / 2,
        total=(was + now) / 2 * (1 / all_after - 1 / all_before),
    )


# --------------------------------------------------------------------------------------
# Output per head


@attrs.frozen(kw_only=True)
class TeamOutput:
    """What a team brought in a period, per colleague (R13, S).

    A figure that is not known is None, and so is what it comes to per head.

    Attributes:
        period: The period.
        heads: Colleagues, on average over the period and in parts of a full post; 0 leaves every
            figure per head undefined.
        currency: ISO 4217 code of the amounts.
        revenue: Revenue of the period, in major units.
        accounts: Accounts looked after.
        renewed: Value renewed in the period, in major units.

    Raises:
        DefinitionError: With every fault: an unknown currency, an amount below 0, a float.

    >>> june = TeamOutput(period=Period.month(2026, 6), heads="12.5", currency="CNY",
    ...                   revenue=5_000_000, accounts=400)
    >>> june.accounts_per_head.value, june.renewed_per_head
    (Fraction(32, 1), None)
    >>> print(june)
    2026-06: 12.5 heads: 400,000.0 CNY revenue, 32.0 accounts, renewed not known, per head
    """

    period: Period
    heads: Decimal = attrs.field(converter=exact_decimal)
    currency: str
    revenue: Decimal | None = attrs.field(default=None, converter=exact_decimal)
    accounts: int | None = None
    renewed: Decimal | None = attrs.field(default=None, converter=exact_decimal)

    def __attrs_post_init__(self) -> None:
        refuse("team output", _output_faults(self))

    @property
    def revenue_per_head(self) -> Rate | None:
        """Revenue per colleague; None where the revenue is not known."""
        return self._per_head(self.revenue, f"revenue per head, {self.currency}")

    @property
    def accounts_per_head(self) -> Rate | None:
        """Accounts per colleague; None where their number is not known."""
        return self._per_head(self.accounts, "accounts per head")

    @property
    def renewed_per_head(self) -> Rate | None:
        """Renewed value per colleague; None where it is not known."""
        return self._per_head(self.renewed, f"renewed value per head, {self.currency}")

    def _per_head(self, amount: Decimal | int | None, convention: str) -> Rate | None:
        if amount is None:
            return None
        return Rate(numerator=amount, denominator=self.heads, convention=convention, bounded=False)

    def __str__(self) -> str:
        figures = (
            (self.revenue_per_head, f"{self.currency} revenue", "revenue"),
            (self.accounts_per_head, "accounts", "accounts"),
            (self.renewed_per_head, f"{self.currency} renewed", "renewed"),
        )
        listed = ", ".join(
            f"{name} not known" if rate is None else f"{rate:,.1f} {unit}"
            for rate, unit, name in figures
        )
        return f"{self.period}: {self.heads:f} heads: {listed}, per head"


def _output_faults(output: TeamOutput) -> Iterator[Fault]:
    if not isinstance(output.period, Period):
        yield Fault("$.period", f"expected a Period, but got {shown(output.period)}")
    yield from _amount_faults("$.heads", output.heads)
    try:
        currency_exponent(output.currency)
    except UnknownCurrencyError as error:
        yield Fault("$.currency", str(error))
    for name in ("revenue", "renewed"):
        if getattr(output, name) is not None:
            yield from _amount_faults(f"$.{name}", getattr(output, name))
    if output.accounts is not None:
        yield from whole_faults("$.accounts", output.accounts, 0, _MOST_ACCOUNTS)
