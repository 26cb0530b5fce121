"""A review as a readable report, and as plain data for machines: doors to the outside.

The report is plain text of about a hundred columns, without colour; letters that are two columns
wide (Chinese, Japanese, Korean) are counted so. What comes from the book is shown on one line, and
without control characters, whatever it holds.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from cslib.books import Reading
from cslib.errors import suggestion
from cslib.health import UNKNOWN, Contribution, Status
from cslib.lifecycle import DeadlineState
from cslib.money import Exact
from cslib.rates import Rate
from cslib.renewal import Line, Outcome, RenewalReport
from cslib.review import COMING_DAYS, AccountReview, Action, Renewals, Review
from cslib.rules import Explanation

__all__ = ["to_data", "to_text"]

_WIDTH = 100
_BAR = 20
_NAME = 40  # columns of an account's name
_MOST_FAULTS = 5
_MOST_UNCLEAR = 3


# --------------------------------------------------------------------------------------
# Text


def to_text(review: Review, reading: Reading, *, title: str, actions: int = 15) -> str:
    """The report for people.

    Args:
        review: The review.
        reading: What was read for it.
        title: What was reviewed.
        actions: How many actions to list, 0 or more.
    """
    parts = [
        _head(review, reading, title),
        _stages(review),
        _tiers(review),
        *(_renewals(each, review) for each in review.renewals or ()),
        _faults(review),
        _actions(review, actions),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _head(review: Review, reading: Reading, title: str) -> list[str]:
    known = f", as known at {review.known_at}" if review.known_at else ""
    rows = [_many(counts.used, name) for name, counts in reading.counts.items()]
    lines = [f"Review of {title}, as of {review.as_of}{known}", ", ".join(rows)]
    for name, counts in reading.counts.items():
        if counts.duplicates:
            dropped = _many(counts.duplicates, "rows")
            lines.append(f"  {name}: {dropped} dropped, since the same stands there already")
        if counts.left_out:
            lines.append(f"  {name}: {_many(counts.left_out, 'rows')} left out")
    if reading.bad:
        lines.append(f"  not read or not used: {_many(len(reading.bad), 'places')}, listed apart")
    return [*lines, *_lacking(review, reading)]


def _lacking(review: Review, reading: Reading) -> list[str]:
    """What the rules ask of every account and no account has; perhaps only spelt otherwise."""
    if not review.lacking:
        return []
    accounts = reading.book.accounts or {}
    read = set(review.definitions.fact_kinds)  # a name that rules read is nobody's misspelling
    given = sorted({name for facts in accounts.values() for name in facts} - read)
    found = [f"{name}{suggestion(name, given)}" for name in review.lacking]
    return _wrapped("  unknown of every account: ", ", ".join(found))


def _stages(review: Review) -> list[str]:
    counts = [(name, review.stages[name]) for name in review.stage_names if name in review.stages]
    refused = [refusal for each in review.accounts for refusal in each.refused]
    lines = ["Where they stand", *_bars(counts), *_deadlines(review)] if counts else []
    if refused:
        kinds = Counter(sorted((each.event.name, each.reason) for each in refused))
        listed = [
            f"{_name(event)} {count:,} ({reason.replace('_', ' ')})"
            for (event, reason), count in kinds.most_common()
        ]
        lines += _wrapped(f"  {_many(len(refused), 'events')} refused: ", _first(listed))
    unrecorded = sum(each.journey.unrecorded for each in review.accounts if each.journey)
    if review.known_at and unrecorded:
        lines.append(f"{_TAKEN_AS_KNOWN}: {_many(unrecorded, 'events')}")
    return lines


_STATUSES = ("met", "late", "missed", "open", "waived", "unknown", "not_started")
"""What is settled stands first."""


def _deadlines(review: Review) -> list[str]:
    """Of each deadline, how many accounts are in time."""
    lines = []
    for deadline in review.definitions.lifecycle.deadlines:
        counts = review.deadlines[deadline.name].items()
        limit = f"by {_name(str(deadline.due))}" if deadline.within is None else deadline.within
        ordered = sorted(counts, key=lambda each: _STATUSES.index(each[0]))
        listed = ", ".join(f"{status.replace('_', ' ')} {count:,}" for status, count in ordered)
        lines += _wrapped(f"  {_name(deadline.name)} ({limit}): ", listed)
    return lines


_TAKEN_AS_KNOWN = "  taken as known when they happened, since no recorded_at is given"


_MOST_LISTED = 8


def _first(listed: Sequence[str]) -> str:
    """The first of a list, in one text, with how many more there are."""
    more = len(listed) - _MOST_LISTED
    rest = [f"and {more:,} more"] if more > 0 else []
    return ", ".join([*listed[:_MOST_LISTED], *rest])


def _name(text: str) -> str:
    return _cut(_one_line(text), _NAME)


def _tiers(review: Review) -> list[str]:
    counts = [(name, review.tiers[name]) for name in review.tier_names if review.tiers[name]]
    if not counts:
        return []
    left = len(review.accounts) - len(review.customers)
    head = f"How they are, without {left:,} that left" if left else "How they are"
    best = review.tier_names[0]
    notes = {name: _held_down(review, name) for name, _ in counts if name != best}
    return [head, *_bars(counts, notes), *_judged_by(review), *_in_no_band(review)]


def _judged_by(review: Review) -> list[str]:
    """By which scorecards, where phases choose them."""
    if review.definitions.phases is None:
        return []
    listed = [f"{_name(card)} ({count:,})" for card, count in review.scorecards.items()]
    return _wrapped("  judged by: ", _first(listed))


def _in_no_band(review: Review) -> list[str]:
    """Values that are known and that no band of their measure holds, so that they do not count."""
    found = Counter(
        (part.measure, _plain(part.value))
        for each in review.customers
        if each.assessment is not None
        for part in each.assessment.contributions
        if part.status is Status.NO_BAND
    )
    listed = [f"{_name(measure)} {value} ({n:,})" for (measure, value), n in found.most_common()]
    return _wrapped("  in no band, by how many accounts: ", _first(listed)) if listed else []


def _held_down(review: Review, tier: str) -> str:
    reasons = Counter(review.top_reasons(tier)).most_common(2)
    listed = ", ".join(f"{_one_line(measure)} ({count:,})" for measure, count in reasons)
    words = "to find out: " if tier == UNKNOWN else "held down by "
    return words + listed if listed else ""


def _bars(counts: Sequence[tuple[str, int]], notes: Mapping[str, str] | None = None) -> list[str]:
    total = sum(count for _, count in counts)
    width = max(_columns(_one_line(name)) for name, _ in counts)
    lines = []
    for name, count in counts:
        bar = "█" * max(1, round(_BAR * count / total))
        note = (notes or {}).get(name, "")
        figures = f"{count:>7,} {count / total:>6.1%}  {bar:<{_BAR}}"
        line = f"  {_padded(_one_line(name), width)} {figures}  {note}"
        lines.append(_cut(line.rstrip(), _WIDTH))
    return lines


# Renewals


def _renewals(renewals: Renewals, review: Review) -> list[str]:
    month = renewals.month
    currency = f", {renewals.currency}" if renewals.currency else ""
    return [
        f"Renewals in {month.period}{currency}",
        *_month(month),
        "",
        *_table(renewals),
        "",
        *_coming(renewals.coming, review),
        *_unpaid(renewals.year),
        *_assumed(renewals.year),
        *_unclear(renewals.year),
    ]


def _month(report: RenewalReport) -> list[str]:
    if report.undefined:
        lines = [f"  renewal rate      undefined: {report.undefined}"]
    else:
        lines = _rate("  by count          ", report.count)
        lines += _rate("  by value          ", report.value)
        if any(line.outcome is Outcome.LOST_TO_CLOSURE for line in report.lines):
            lines += _rate("  without closures  ", report.without_closures.count)
    if report.lines:
        lines += _rate("  signed, any cash  ", report.signed_count)
        lines += _wrapped("  what became of    ", _dispositions(report), indent=20)
    waiting = sum(line.outcome in _TABLE["waiting"] for line in report.lines)
    if waiting:
        grace = f"in their {report.grace_days} days of grace, so the rates can rise"
        lines.append(f"  still waited for  {waiting:,} {grace}")
    return lines


def _dispositions(report: RenewalReport) -> str:
    return ", ".join(
        f"{part.disposition.words} {part.lines:,} ({_money(part.expiring_value)})"
        for part in report.parts
    )


def _at_stake(lines: Iterable[Line]) -> str:
    return _money(sum((line.expiring_value for line in lines), Decimal(0)))


_TABLE: Mapping[str, Iterable[Outcome]] = {
    "renewed": (Outcome.RENEWED,),
    "waiting": (Outcome.PENDING_CASH, Outcome.PENDING_SIGNATURE),
    "lost": (Outcome.LOST, Outcome.LOST_TO_CLOSURE, Outcome.LATE_WIN_BACK),
    "unclear": (Outcome.SIGNED, Outcome.UNCLEAR),
}
_UNCLEAR: Mapping[str, Iterable[Outcome]] = {"unclear": (Outcome.UNCLEAR,)}
"""What is counted without payments: there all that is signed is of unknown cash."""


def _table(renewals: Renewals) -> list[str]:
    """The last twelve months and their sum; rates only where there are payments to judge by."""
    months = [each for each in renewals.trailing if each.due]
    if not months:
        return ["  nothing fell due in the last 12 months"]
    reports = [*months, renewals.year]
    columns = {"month": [str(each.period) for each in months] + ["12 months"]}
    columns["due"] = [f"{len(each.due):,}" for each in reports]
    has_payments = renewals.month.has_payments
    for heading, outcomes in (_TABLE if has_payments else _UNCLEAR).items():
        counts = [sum(line.outcome in outcomes for line in each.lines) for each in reports]
        if any(counts) or heading != "unclear":
            columns[heading] = [f"{count:,}" for count in counts]
    if has_payments:
        columns["by count"] = [_percent(each.count) for each in reports]
        columns["by value"] = [_percent(each.value) for each in reports]
    columns["signed"] = [_percent(each.signed_count) for each in reports]
    columns["signed by value"] = [_percent(each.signed_value) for each in reports]
    skipped = len(renewals.trailing) - len(months)
    note = f"  not shown, since nothing fell due in them: {_many(skipped, 'months')}"
    return [*_aligned(columns), *([note] if skipped else [])]


def _aligned(columns: Mapping[str, Sequence[str]]) -> list[str]:
    widths = [max(map(len, (heading, *cells))) for heading, cells in columns.items()]
    rows = [tuple(columns), *zip(*columns.values(), strict=True)]
    return [
        "  " + f"{row[0]:<{widths[0]}}" + "".join(f"  {cell:>{width}}" for cell, width in cells)
        for row in rows
        for cells in [list(zip(row, widths, strict=True))[1:]]
    ]


def _coming(report: RenewalReport, review: Review) -> list[str]:
    head = f"  due in the next {COMING_DAYS} days: {_many(len(report.due), 'contracts')}"
    if not report.due:
        return [head]
    unsigned = [line for line in report.due if not line.successors]
    signed = len(report.due) - len(unsigned)
    lines = [f"{head}, {_at_stake(report.due)} a year; signed again already: {signed:,}"]
    health = {each.account: _health(each) for each in review.accounts}
    if review.tiers and unsigned:
        found = {
            name: [e for e in unsigned if health[e.account] == name]
            for name in (*review.tier_names, _LEFT)
        }
        listed = [
            f"{name} {len(each):,} ({_at_stake(each)})" for name, each in found.items() if each
        ]
        lines += _wrapped("  not signed, by health: ", ", ".join(listed))
    return lines


_LEFT = "left already"


def _health(account: AccountReview) -> str:
    if not account.is_customer:
        return _LEFT
    return UNKNOWN if account.assessment is None else account.assessment.tier


def _unpaid(year: RenewalReport) -> list[str]:
    found = year.unpaid
    words = "signed, unpaid past grace, in 12 months: lost unless paid"
    return [f"  {words}: {_many(len(found), 'contracts')}, {_at_stake(found)}"] if found else []


def _assumed(year: RenewalReport) -> list[str]:
    """What was not said in the book, and taken for granted."""
    lines = [f"  of contracts and payments {year.silence}"] if year.silence else []
    if year.never_due:
        lines.append(f"  {year.never_due}")
    if year.assumed_signed:
        taken = _many(year.assumed_signed, "contracts")
        lines.append(f"  taken as signed on the first day, since no other is given: {taken}")
    if year.assumed_known:
        lines.append(f"{_TAKEN_AS_KNOWN}: {_many(year.assumed_known, 'records')}")
    inferred = sum(line.inferred for line in year.lines)
    if inferred:
        taken = _many(inferred, "contracts")
        lines.append(f"  renewed by a contract that only the dates suggest, in 12 months: {taken}")
    return lines


def _unclear(year: RenewalReport) -> list[str]:
    """Why nobody can tell what became of a contract, for the first of them."""
    found = [line for line in year.lines if line.outcome is Outcome.UNCLEAR]
    lines = []
    for line in found[:_MOST_UNCLEAR]:
        lines += _wrapped("  unclear, ", _one_line(f"{line.contract}: {line.reason}"), indent=6)
    if len(found) > _MOST_UNCLEAR:
        more = len(found) - _MOST_UNCLEAR
        lines.append(f"  and {more:,} more that are unclear (--json says why)")
    return lines


def _rate(start: str, rate: Rate) -> list[str]:
    """A rate with its interval; what was left out follows it."""
    interval = rate.interval()
    limits = f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %" if interval else ""
    sure = f" (95 % interval {limits})" if limits else ""
    left_out = "".join(f", without {_figure(e.amount)} {e.reason}" for e in rate.excluded)
    share = _percent(rate).replace("%", " %")
    text = f"{_figure(rate.numerator)} of {_figure(rate.denominator)} = {share}{sure}{left_out}"
    return _wrapped(start, text, indent=20)


def _percent(rate: Rate) -> str:
    return f"{rate:.1%}"


def _faults(review: Review) -> list[str]:
    faults = review.faults
    if not faults:
        return []
    lines = [f"What contradicts itself: {len(faults):,}"]
    for fault in faults[:_MOST_FAULTS]:
        lines += _wrapped("  ", _one_line(str(fault)), indent=6)
    if len(faults) > _MOST_FAULTS:
        lines.append(f"  and {len(faults) - _MOST_FAULTS:,} more (--json lists all)")
    return lines


# Actions


def _actions(review: Review, most: int) -> list[str]:
    if not any(each.choice is not None for each in review.accounts):
        return []
    found = review.actions
    head = f"What to do next, the first playbook of each account: {_many(len(found), 'accounts')}"
    lines = [head, *_load(review)]
    for place, action in enumerate(found[:most], 1):
        lines += _action(place, action)
    if len(found) > most:
        lines.append(f"  and {len(found) - most:,} more (--actions N lists more, --json all)")
    asked = Counter(name for each in review.customers for name in each.questions)
    if asked:
        listed = ", ".join(f"{_one_line(name)} ({n:,})" for name, n in asked.most_common(5))
        lines += _wrapped("  facts to ask for, by how many accounts want them: ", listed)
    return lines


def _load(review: Review) -> list[str]:
    """The playbooks that come first with their hours, and what all that are chosen add up to."""
    books = Counter(action.finding.playbook for action in review.actions)
    listed = [
        f"{_one_line(book.name)} {count:,}"
        + (f" ({book.hours * count:,f} h)" if book.hours else "")
        for book, count in books.items()
    ]
    if not listed:
        return []
    choices = [each.choice for each in review.accounts if each.choice is not None]
    chosen = [finding.playbook for choice in choices for finding in choice.chosen]
    hours = sum((playbook.hours for playbook in chosen), Decimal(0))
    total = (
        f"  with those that come after the first: {_many(len(chosen), 'playbooks')}, {hours:,f} h"
    )
    return [*_wrapped("  by playbook: ", ", ".join(listed)), total]


def _action(place: int, action: Action) -> list[str]:
    account, playbook = action.account, action.finding.playbook
    name = f" {_cut(_one_line(account.name), _NAME)}" if account.name else ""
    who = f"{_cut(_one_line(account.account), _NAME)}{name}"
    what = f"{_one_line(playbook.name)} ({playbook.layer}, {playbook.hours:f} h)"
    lines = _wrapped(f"{place:>4}. ", f"{who}: {what}", indent=6)
    why = "; ".join(filter(None, [_at_risk(account), _because(action)]))
    return [*lines, *_wrapped("      ", why, indent=6)] if why else lines


def _at_risk(account: AccountReview) -> str:
    """When its term ends, and what it is worth."""
    term = f"term ends {account.term_ends_on}" if account.term_ends_on else ""
    currency = f" {account.currency}" if account.currency else ""
    value = f"{_money(account.annual_value)}{currency} a year" if account.annual_value else ""
    return ", ".join(filter(None, [term, value]))


def _because(action: Action) -> str:
    """The facts that decided the playbook's entry, and what holds the health down most."""
    read = _decided(action.finding.explanation)
    found = [f"{_one_line(k)} {_plain(v)}" for k, v in read.items() if k not in _SHOWN_ELSEWHERE]
    assessment = action.account.assessment
    if assessment is not None and assessment.score is not None and assessment.reasons:
        worst = _worst(assessment.reasons[0])
        found.append(f"{assessment.tier} {assessment.shown}, held down by {worst}")
    return "; ".join(found)


_SHOWN_ELSEWHERE = ("stage", "term_ends_on", "tier")


def _worst(part: Contribution) -> str:
    label = f" ({_one_line(part.label)})" if part.label else ""
    return f"{_one_line(part.measure)} {_plain(part.value)}{label}"


def _decided(explanation: Explanation) -> dict[str, object]:
    """The facts read by the parts that decided, innermost, with their values."""
    found: dict[str, object] = dict(explanation.facts)
    for part in explanation.parts:
        found.update(_decided(part) if part.decides else {})
    return found


# Words and figures


def _plain(value: object) -> str:
    """A fact for people: as many digits as they would say."""
    if value is None:
        return "unknown"
    if isinstance(value, float):
        digits = f"{value:,.2f}" if abs(value) >= 0.1 or not value else f"{value:.2g}"
        return digits.rstrip("0").rstrip(".") if "." in digits and "e" not in digits else digits
    return _cut(_one_line(str(value)), _NAME)


def _many(count: int, plural: str) -> str:
    return f"{count:,} {plural.removesuffix('s') if count == 1 else plural}"


def _figure(value: Exact) -> str:
    return f"{value:,}" if isinstance(value, int) else _money(value)


def _money(value: Exact) -> str:
    """An amount for people: whole from a thousand on, else to the hundredth."""
    exact = Fraction(value)
    if exact >= 1000:
        return f"{round(exact):,}"
    return f"{Decimal(round(exact * 100)).scaleb(-2):f}"


def _one_line(text: str) -> str:
    """The text without line breaks and what a terminal could take for a command."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _wrapped(start: str, text: str, indent: int = 4) -> list[str]:
    """The text after its start, broken at spaces where a line would be too wide."""
    lines, line = [], start
    for place, word in enumerate(text.split()):
        space = " " if place and line.strip() else ""
        if place and _columns(line) + len(space) + _columns(word) > _WIDTH:
            lines.append(line)
            line, space = " " * indent, ""
        line += space + word
    return [*lines, line]


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(_columns_of(letter) for letter in text)


def _columns_of(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _columns(text))


def _cut(text: str, width: int) -> str:
    """The text, cut where it takes more columns."""
    if _columns(text) <= width:
        return text
    kept = ""
    for letter in text:
        if _columns(kept + letter) > width - 1:
            break
        kept += letter
    return kept + "…"


# --------------------------------------------------------------------------------------
# Data


def to_data(review: Review, reading: Reading) -> dict[str, Any]:
    """The whole review as plain JSON data: exact amounts as text, dates in ISO form.

    Args:
        review: The review.
        reading: What was read for it.
    """
    definitions = review.definitions
    return {
        "as_of": _json(review.as_of),
        "known_at": _json(review.known_at),
        "period": str(review.period),
        "definitions": {
            "lifecycle": definitions.lifecycle.fingerprint,
            "scorecard": definitions.scorecard.fingerprint,
            "playbooks": definitions.playbooks.fingerprint,
            "scorecards": {each.name: each.fingerprint for each in definitions.scorecards},
            "phases": None if definitions.phases is None else definitions.phases.fingerprint,
        },
        "read": {name: attrs.asdict(counts) for name, counts in reading.counts.items()},
        "bad": [attrs.asdict(row) for row in reading.bad],
        "lacking": list(review.lacking),
        "faults": [attrs.asdict(fault) for fault in review.faults],
        "unknown_events": dict(review.unknown_events),
        "stages": dict(review.stages),
        "deadlines": dict(review.deadlines),
        "tiers": dict(review.tiers),
        "accounts": [_account_data(each) for each in review.accounts],
        "renewals": None
        if review.renewals is None
        else [_renewals_data(each) for each in review.renewals],
        "actions": [_action_data(each) for each in review.actions],
    }


def _account_data(account: AccountReview) -> dict[str, Any]:
    journey, assessment, choice = account.journey, account.assessment, account.choice
    data: dict[str, Any] = {
        "account": account.account,
        "name": account.name,
        "is_customer": account.is_customer,
        "term_ends_on": _json(account.term_ends_on),
        "annual_value": _json(account.annual_value),
        "currency": account.currency,
    }
    if journey is not None:
        data["stage"] = journey.stage
        data["days_in_stage"] = journey.days_in_stage
        data["deadlines"] = {each.name: _deadline_data(each) for each in journey.deadlines}
        data["refused"] = [str(each) for each in journey.refused]
    if assessment is not None:
        data["scorecard"] = account.scorecard
        data["tier"] = assessment.tier
        data["score"] = _json(assessment.shown)
        data["exact_score"] = _json(assessment.score)
        data["coverage"] = _json(assessment.coverage)
        data["contributions"] = [_fields(each) for each in assessment.contributions]
    if choice is not None:
        data["questions"] = list(account.questions)
        data["playbooks"] = [
            {"name": each.playbook.name, "status": each.status, "reason": each.reason}
            for each in choice.findings
        ]
    return data


def _deadline_data(deadline: DeadlineState) -> dict[str, Any]:
    return {name: each for name, each in _fields(deadline).items() if name != "name"}


def _renewals_data(renewals: Renewals) -> dict[str, Any]:
    return {
        "currency": renewals.currency,
        "month": _report_data(renewals.month),
        "trailing": [_report_data(each) for each in renewals.trailing],
        "year": _report_data(renewals.year),
        "coming": _report_data(renewals.coming),
    }


def _report_data(report: RenewalReport) -> dict[str, Any]:
    adjusted = report.without_closures
    return {
        "period": str(report.period),
        "undefined": report.undefined or None,
        "count": _rate_data(report.count),
        "value": _rate_data(report.value),
        "signed_count": _rate_data(report.signed_count),
        "signed_value": _rate_data(report.signed_value),
        "without_closures": {
            "count": _rate_data(adjusted.count),
            "value": _rate_data(adjusted.value),
        },
        "unpaid": [line.contract for line in report.unpaid],
        "never_due": report.never_due or None,
        "assumed_signed": report.assumed_signed,
        "assumed_known": report.assumed_known,
        "last_recorded": _json(report.last_recorded),
        "lines": [_line_data(line) for line in report.lines],
    }


def _line_data(line: Line) -> dict[str, Any]:
    found = {**_fields(line), "disposition": line.disposition.value}
    found["successors"] = [
        {
            "contract": each.contract,
            "value": _json(each.value),
            "credited": _json(each.credited),
            "signed_on": _json(each.record.signed_on),
            "timing": each.timing.value,
            "collected_on": _json(each.cash.since),
        }
        for each in line.successors
    ]
    return found


def _rate_data(rate: Rate) -> dict[str, Any]:
    interval = rate.interval()
    return {
        "numerator": str(rate.numerator),
        "denominator": str(rate.denominator),
        "value": None if rate.value is None else float(rate.value),
        "interval": None if interval is None else [interval.low, interval.high],
        "convention": rate.convention,
        "excluded": {each.reason: str(each.amount) for each in rate.excluded},
    }


def _action_data(action: Action) -> dict[str, Any]:
    playbook = action.finding.playbook
    return {
        "account": action.account.account,
        "playbook": playbook.name,
        "need": playbook.need,
        "layer": playbook.layer,
        "hours": _json(playbook.hours),
        "reason": action.finding.reason,
        "term_ends_on": _json(action.account.term_ends_on),
    }


def _fields(value: Any) -> dict[str, Any]:
    return {name: _json(each) for name, each in attrs.asdict(value, recurse=False).items()}


def _json(value: object) -> Any:
    match value:
        case enum.Enum():
            return value.value
        case Decimal() | Fraction() | dt.date():
            return str(value)
        case float() if not math.isfinite(value):  # JSON has no word for it
            return str(value)
    return value
