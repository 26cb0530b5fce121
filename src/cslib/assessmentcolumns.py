"""Assessments as columns: how well every account of a book is.

A part of :mod:`cslib.health`. :class:`Assessments` are what
:meth:`cslib.health.Scorecard.assess_columns` gives: scores, tiers and coverage, equal to those of
each :class:`~cslib.assessments.Assessment`, and what the next assessment of the same accounts may
carry. What was found of a measure or a group is told by :mod:`cslib.measurecolumns` and
:mod:`cslib.groupcolumns` for whoever asks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from cslib.expressions import MAX_NUMBER
from cslib.faults import brief
from cslib.tiers import UNKNOWN, Cap

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from cslib.columns import Column

__all__ = ["Assessments", "Carried"]


@attrs.frozen(kw_only=True, eq=False)
class Carried:
    """The values of a measure that are carried to the next assessment, one for each account.

    Attributes:
        values: The values; what stands where there is none means nothing.
        known_on: The days that they date from; NaT where there is none.
    """

    values: npt.NDArray[Any]
    known_on: npt.NDArray[np.datetime64]


@attrs.frozen(kw_only=True, eq=False)
class Assessments:
    """The health of every account of a book, as columns.

    Tiers are held as places in ``tiers``, a byte each; :attr:`tier` and :attr:`model_tier` make
    their names.

    Attributes:
        tiers: The names of the scorecard's tiers, best first.
        tier_places: The place of each account's tier, after caps; -1 where there is no score.
        model_places: The place of the tier that the score gives, before caps.
        score: The scores as doubles, the nearest to the exact ones; NaN where there is none.
        known_weight: The weight that was known, in parts of ``weight``.
        weight: The whole weight, in parts so small that each measure's is a whole number. Where a
            measure does not apply to every account it is a column, with 0 where none applies.
        since: Since when the scores give these tiers, NaT where there is none; None: ``as_of``.
        caps: For each cap of the scorecard, where it holds.
        indicators: For each indicator of the scorecard, where it holds and where that is known.
        carried: For each measure that carries its value, what the next assessment may take.
        as_of: The day of the assessments; None where it was not told.
        definition: The fingerprint of the scorecard.
    """

    tiers: tuple[str, ...]
    tier_places: npt.NDArray[np.integer[Any]]
    model_places: npt.NDArray[np.integer[Any]]
    score: npt.NDArray[np.float64]
    known_weight: npt.NDArray[Any]
    weight: int | npt.NDArray[Any]
    since: npt.NDArray[np.datetime64] | None = None
    caps: Mapping[Cap, npt.NDArray[Any]] = attrs.Factory(dict)
    indicators: Mapping[str, Column] = attrs.Factory(dict)
    carried: Mapping[str, Carried] = attrs.Factory(dict)
    as_of: dt.date | None = None
    definition: str

    @property
    def tier(self) -> npt.NDArray[Any]:
        """The tiers' names, after caps; "unknown" where there is no score."""
        return self._named(self.tier_places)

    @property
    def model_tier(self) -> npt.NDArray[Any]:
        """The names of the tiers that the scores give, before caps."""
        return self._named(self.model_places)

    @property
    def model_since(self) -> npt.NDArray[Any]:
        """Since when the scores give these tiers; NaT where there is none or it is not known."""
        import numpy as np

        if self.since is not None:
            return self.since
        unknown = np.datetime64("NaT", "D")
        today = unknown if self.as_of is None else np.datetime64(self.as_of, "D")
        days = np.full(len(self.score), today)
        days[self.model_places < 0] = unknown
        return days

    @property
    def coverage(self) -> npt.NDArray[np.float64]:
        """The share of the weight that was known, as the double nearest to the exact one."""
        import numpy as np

        if not isinstance(self.weight, int):
            return _nearest(self.known_weight, self.weight)
        if self.weight < MAX_NUMBER:
            return self.known_weight.astype(np.float64) / self.weight
        return np.array([int(known) / self.weight for known in self.known_weight], np.float64)

    def __str__(self) -> str:
        import numpy as np

        names = (UNKNOWN, *self.tiers)
        counts = np.bincount(self.tier_places.astype(np.intp) + 1, minlength=len(names)).tolist()
        told = [f"{name} {count:,}" for name, count in zip(names, counts, strict=True)]
        return f"{len(self.score):,} accounts: {', '.join([*told[1:], told[0]])}"

    __repr__ = brief

    @property
    def facts(self) -> dict[str, Any]:
        """What rules elsewhere can read of them, as :attr:`Assessment.facts`.

        An unknown tier is masked, and so an unknown fact.
        """
        import numpy as np

        return {
            "tier": np.ma.MaskedArray(self.tier, self.tier_places < 0),
            "score": self.score,
            "coverage": self.coverage,
            "model_tier": np.ma.MaskedArray(self.model_tier, self.model_places < 0),
        }

    def _named(self, places: npt.NDArray[Any]) -> npt.NDArray[Any]:
        import numpy as np

        names: npt.NDArray[Any] = np.array([*self.tiers, UNKNOWN])
        return names[places]  # type: ignore[no-any-return]  # the last stands at -1


def _nearest(known: npt.NDArray[Any], whole: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The doubles nearest to ratios; 0 where there is nothing to know."""
    import numpy as np

    if whole.dtype.hasobject or whole.max(initial=0) > MAX_NUMBER:
        pairs = zip(known.tolist(), whole.tolist(), strict=True)
        return np.array([part / (of or 1) for part, of in pairs], np.float64)
    ratios: npt.NDArray[np.float64] = known.astype(np.float64) / np.maximum(whole, 1)
    return ratios
