"""Restatements: one period, seen twice, and every line by which the two reports differ.

A part of :mod:`cslib.renewal`, on top of its reports.
"""

from __future__ import annotations

import attrs

from cslib.dispositions import Line
from cslib.errors import DefinitionError, Fault
from cslib.faults import shown
from cslib.renewal import RenewalReport

__all__ = ["Restatement", "restatements"]


@attrs.frozen(kw_only=True, repr=False)
class Restatement:
    """A contract of which two reports of a period say different things.

    Attributes:
        contract: Its id.
        before: What the first report says; None where the contract does not fall due in it.
        after: What the second says; None likewise.
    """

    contract: str
    before: Line | None
    after: Line | None

    @property
    def reason(self) -> str:
        """What changed, in words."""
        return f"{_said(self.before)}; now {_said(self.after)}"

    def __str__(self) -> str:
        return f"{self.contract}: {self.reason}"

    def __repr__(self) -> str:
        return f"<{self}>"


def restatements(before: RenewalReport, after: RenewalReport) -> tuple[Restatement, ...]:
    """Every contract of which two reports of a period say different things, by id.

    So a figure that was reported is never changed in silence: under any convention the reports
    differ in their rates only by these lines.

    Args:
        before: The report as it was made, or made again with ``known_at``.
        after: The report of the same period as it is now.

    Raises:
        DefinitionError: If one is no report, they are of different periods or currencies, or only
            one of them was made with payments.
    """
    _check_pair(before, after)
    then = {line.contract: line for line in before.lines}
    now = {line.contract: line for line in after.lines}
    return tuple(
        Restatement(contract=name, before=then.get(name), after=now.get(name))
        for name in sorted(then.keys() | now.keys())
        if _substance(then.get(name)) != _substance(now.get(name))
    )


def _check_pair(before: RenewalReport, after: RenewalReport) -> None:
    """Refuse what cannot be compared; a book in which nothing fell due is of any currency."""
    for place, given in (("before", before), ("after", after)):
        if not isinstance(given, RenewalReport):
            expected = "expected a RenewalReport, as renewal_rate makes it"
            problem = Fault(f"$.{place}", f"{expected}, but got {shown(given)}")
            raise DefinitionError("restatements", (problem,))
    if before.period != after.period:
        pair = f"one period, but got {before.period} and {after.period}"
    elif before.lines and after.lines and before.currency != after.currency:
        names = (report.currency or "none named" for report in (before, after))
        pair = f"one currency, but got {' and '.join(names)}"
    elif before.has_payments != after.has_payments:
        pair = "payments in both or in none, but got them in one"
    else:
        return
    problem = Fault("$", f"expected two reports of {pair}")
    raise DefinitionError("restatements", (problem,))


def _substance(line: Line | None) -> object:
    """What a line brings into the rates, those of segments and of a year included."""
    if line is None:
        return None
    evidence = {
        (
            *(each.contract, each.value, each.credited, each.timing),
            *(each.cash.is_known, each.cash.since is not None),
        )
        for each in line.successors
    }
    return attrs.evolve(line, successors=(), reason=""), line.disposition, evidence


def _said(line: Line | None) -> str:
    if line is None:
        return "not due"
    kept = f" {line.renewed_value} of {line.expiring_value}" if line.renewed_value else ""
    return f"{line.disposition.words}{kept} ({line.reason})"
