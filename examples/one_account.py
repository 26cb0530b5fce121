"""One account, room by room: where it stands, whether it is well, what to do.

Run it with ``python examples/one_account.py``. Every answer prints what it was made from.
"""

import datetime as dt

from cslib import Event
from cslib.stock import PLAYBOOKS, SCORECARD, SUBSCRIPTION

today = dt.date(2026, 6, 30)
account = {
    "seats": 50,
    "seats_used": 22,
    "roles_active": 1,
    "logins_30d": 240,
    "logins_prior_30d": 400,
    "nps": None,  # not asked yet: unknown, and neither good nor bad
    "environment_ok": True,
    "term_ends_on": dt.date(2026, 8, 31),
}
log = [
    Event(account="A", name="signed", at=dt.date(2025, 8, 20)),
    Event(account="A", name="kick_off", at=dt.date(2025, 9, 3)),
    Event(account="A", name="environment_checked", at=dt.date(2025, 9, 10)),
    Event(account="A", name="data_validated", at=dt.date(2025, 10, 1)),
    Event(account="A", name="training_held", at=dt.date(2025, 10, 20)),
    Event(account="A", name="renewed", at=dt.date(2026, 6, 1)),  # too early: nothing was opened
]

journey = SUBSCRIPTION.replay(log, as_of=today, account=account)
print(f"Where it stands: {journey.stage}, for {journey.days_in_stage} days")
for refusal in journey.refused:
    print(f"  {refusal}")

health = SCORECARD.assess(account | journey.facts, as_of=today)
print("\nHow it is:", health.explain())

choice = PLAYBOOKS.select(account | journey.facts | health.facts, as_of=today)
print("\nWhat to do:")
for finding in choice.chosen:
    print(f"  {finding}")
print("  facts to ask for:", ", ".join(choice.questions))
