"""Evidence: what an assessment of one account was made from, put together when somebody asks.

A part of :mod:`cslib.health`. :mod:`cslib.judging` finds plain tuples and whole numbers, enough for
a tier. :class:`Evidence` turns them into the exact score, the coverage, the contributions of the
measures and what the groups came to.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from cslib.assessments import of_fields
from cslib.bands import GRID
from cslib.contributions import Contribution, GroupScore, hundredths
from cslib.expressions import Value
from cslib.judging import Finding, Judge, known_of, shown_of, worth
from cslib.measures import Group, Measure
from cslib.money import largest_remainders
from cslib.scoring import Ratio

__all__ = ["Evidence"]


class Evidence(NamedTuple):
    """What an assessment is made from when somebody asks for more than its tier.

    Attributes:
        judge: The measures.
        values: Their values as read.
        findings: What was found of each.
        points: The score in thousandths of a point, where there is one.
        known: The weight that was known, and the whole weight.
        today: The day of the assessment.
    """

    judge: Judge
    values: tuple[Value, ...]
    findings: Sequence[Finding]
    points: Ratio | None
    known: Ratio
    today: dt.date | None

    @property
    def score(self) -> Fraction | None:
        """The exact score."""
        return None if self.points is None else Fraction(self.points[0], self.points[1] * GRID)

    @property
    def coverage(self) -> Fraction:
        """The share of the weight that was known."""
        return Fraction(*self.known)

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        """What each measure did to the score."""
        worths = list(map(worth, self.findings))
        parts = list(self.judge.tree.parts(worths))
        shares = _shares(worths, parts, self.points)
        return tuple(
            map(
                self._contribution,
                self.judge.measures,
                self.judge.paths,
                self.values,
                self.findings,
                self._nominal,
                parts,
                shares,
            )
        )

    @property
    def _nominal(self) -> Sequence[Fraction]:
        """The share of the whole weight of each measure."""
        if self.judge.is_whole:
            return self.judge.nominal
        return [Fraction(*part) for part in self.judge.cover.parts(known_of(self.findings))]

    @property
    def groups(self) -> tuple[GroupScore, ...]:
        """What each group came to."""
        judge = self.judge
        if not judge.inner:
            return ()
        worths, known = list(map(worth, self.findings)), known_of(self.findings)
        shares = _shares(worths, list(judge.tree.parts(worths)), self.points)
        measures = list(zip(known, self._nominal, shares, strict=True))
        trees = zip(judge.tree.inner, judge.cover.inner, judge.tree.shares(worths), strict=True)
        return tuple(
            _group_score(
                placed,
                tree.score(worths),
                cover.score(known),
                part,
                [measures[place] for place in tree.places],
            )
            for placed, (tree, cover, part) in zip(judge.inner, trees, strict=True)
        )

    def _contribution(
        self,
        measure: Measure,
        groups: tuple[str, ...],
        read: Value,
        finding: Finding,
        nominal: Fraction,
        part: Ratio,
        share: int | None,
    ) -> Contribution:
        fields = {
            **(finding.shown or shown_of(measure, groups, finding)),
            "value": read,
            "nominal": nominal,
            "part": self.judge.fraction(*part),
            "known_on": None if read is None else self.today,
            "share": None if share is None else hundredths(share),
        }
        if finding.told is not None:
            fields.update(finding.told._asdict())
        return of_fields(Contribution, fields)


def _group_score(
    placed: tuple[tuple[str, ...], Group],
    points: Ratio | None,
    known: Ratio | None,
    part: Ratio,
    inside: Sequence[tuple[int | None, Fraction, int | None]],
) -> GroupScore:
    """What a group came to.

    Args:
        placed: The groups that it stands in, and itself.
        points: Its score in thousandths of a point.
        known: Its coverage.
        part: How much of the score's points one of its points makes.
        inside: Of each measure in it what :func:`known_of` tells, its share of the whole weight,
            and its part of the score in hundredths.
    """
    around, group = placed
    shares = [share for _, _, share in inside if share is not None]
    return GroupScore(
        group=group.name,
        groups=around,
        score=None if points is None else Fraction(points[0], points[1] * GRID),
        coverage=Fraction(*(known or (0, 1))),
        weight=group.weight,
        nominal=sum((nominal for _, nominal, _ in inside), Fraction(0)),
        part=Fraction(*part),
        applies=any(known is not None for known, _, _ in inside),
        meaning=group.meaning,
        share=hundredths(sum(shares)) if shares else None,
    )


def _shares(
    worths: Sequence[int | None], parts: Sequence[Ratio], points: Ratio | None
) -> Sequence[int | None]:
    """The score as shown, in hundredths, shared out by largest remainder."""
    if points is None:
        return [None] * len(parts)
    if not points[0]:
        return [0] * len(parts)
    common = math.lcm(*(over for _, over in parts))
    made = [
        part * (each or 0) * (common // over)
        for each, (part, over) in zip(worths, parts, strict=True)
    ]
    return largest_remainders(round(Fraction(points[0] * 100, points[1] * GRID)), made)
