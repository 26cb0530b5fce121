"""Generated days and periods, shared by the tests of commercial time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from cslib.periods import Period, add_months

_FIRST, _LAST = dt.date(1600, 1, 1).toordinal(), dt.date(2400, 1, 1).toordinal()

days = st.integers(_FIRST, _LAST).map(dt.date.fromordinal)
month_ends = days.map(lambda day: day.replace(day=1) - dt.timedelta(days=1))
any_day = days | month_ends
"""Days of eight centuries, and the ends of months as often as all others together."""

_near = st.builds(
    lambda day, gap: (day, day + dt.timedelta(days=gap)), any_day, st.integers(-800, 800)
)
pairs = _near | st.tuples(any_day, any_day)
"""Two days, in any order; often no more than two years apart."""

spans = pairs.filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Period(*sorted(pair)))
"""Periods between any two days."""

whole_months = st.builds(
    lambda day, n: Period(day.replace(day=1), add_months(day.replace(day=1), n)),
    days,
    st.integers(1, 40),
)
"""Periods of whole calendar months."""


def column(values: Sequence[dt.date | None]) -> npt.NDArray[np.datetime64]:
    """A column of days, NaT for None."""
    return np.array(values, dtype="datetime64[D]")
