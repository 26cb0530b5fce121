"""Stock definitions of service work: who owns an issue, by when it is solved, whose a need is.

Opinion, as data, in the doctrine's words: P9 and P10 (N, Sensors Data), P13 (W, S, K). Change one
with ``attrs.evolve``, or write your own. The figures are ours where the doctrine has none, and are
said to be.

Facts of an issue that :data:`ROUTING` reads: ``kind``.
"""

from __future__ import annotations

from cslib.feedback import Weighing
from cslib.queues import ServiceLevel, Target
from cslib.routing import Route, Routing
from cslib.workinghours import Opening, WorkingHours

__all__ = ["OPERATIONS", "ROUTING", "SERVICE_LEVEL", "WEIGHING"]

ROUTING = Routing(
    name="stock",
    roles=(
        "support engineer",
        "analyst",
        "operations engineer",
        "consultant",
        "csm",
    ),
    routes=(
        Route(
            name="use and technique",
            when='kind in {"product use", "technique"}',
            owner="support engineer",
            reason="how to use the product, and how to connect it",
            source="P9 (N)",
        ),
        Route(
            name="metrics",
            when='kind == "metric definition"',
            owner="support engineer",
            assists=("analyst",),
            reason="the analyst worked out with the customer what to measure",
            source="P9 (N), L2 (N)",
        ),
        Route(
            name="stability",
            when='kind == "stability"',
            owner="support engineer",
            assists=("operations engineer",),
            reason="the operations engineer runs the system",
            source="P9 (N)",
        ),
        Route(
            name="commercial",
            when='kind == "commercial"',
            owner="csm",
            assists=("consultant",),
            reason="customer success owns the renewal, and the consultant closed the deal",
            source="P9 (N), R5 (W, K), L2 (N)",
        ),
        Route(
            name="operations",
            when='kind in {"upgrade", "migration", "capacity"}',
            owner="csm",
            assists=("operations engineer",),
            reason="arranged by customer success, done by operations",
            source="P9 (N)",
        ),
    ),
)
"""Who owns an issue in use, by its kind (P9, N).

``capacity`` is the expansion of an installation; to sell more is a deal, and has an owner by
:data:`cslib.stock.OWNERSHIP`.
"""

OPERATIONS = ("installation", "migration", "upgrade")
"""The work for which the customer picks a time, and an engineer is assigned to it (P11, N).

They are the skills of the engineers of a :class:`~cslib.rosters.Roster`, which is your own: no
stock definition could name your people.
"""

SERVICE_LEVEL = ServiceLevel(
    name="stock",
    calendar=WorkingHours(openings=(Opening(opens="09:00", closes="18:00"),)),
    targets=(
        Target(priority="urgent", hours=4),
        Target(priority="high", hours=9),
        Target(priority="normal", hours=27),
        Target(priority="low", hours=45),
    ),
    source="P10 (N); the hours are ours",
)
"""By when an issue is solved, by its priority (P10, N).

All figures are ours: half a working day, one, three and five, from nine to six on Monday to Friday
in UTC. Give it your own time zone and holidays before you use it.
"""

WEIGHING = Weighing(
    name="stock",
    least=3,
    most="0.5",
    source="P13 (W, S, K); the limits are ours",
)
"""When a need serves the product as a whole, and not just one customer now (P13; W, S, K).

Both limits are ours: three accounts or more, none of which holds more than half of the value.
"""
