"""A whole book, from Python: the sample that ships with cslib, and three questions of our own.

Run it with ``python examples/whole_book.py``. ``python -m cslib review`` prints a report of it;
here the review is a value to ask.
"""

import datetime as dt
from decimal import Decimal
from importlib.resources import as_file, files

from cslib import review_book
from cslib.books import read_book

with as_file(files("cslib") / "sample") as folder:
    reading = read_book(folder)
found = review_book(reading.book, as_of=dt.date(2026, 6, 30))

print("Which tiers do customers of each stage have?")
for stage in found.stage_names:
    tiers = [a.assessment.tier for a in found.customers if a.journey and a.journey.stage == stage]
    if tiers:
        counts = ", ".join(f"{tiers.count(tier)} {tier}" for tier in found.tier_names)
        print(f"  {stage}: {counts}")

print("\nHow many contracts of the last twelve months were renewed, and how sure is that?")
for renewals in found.renewals:
    print(f"  {renewals.currency}: {renewals.year.count}")

print("\nHow much is up for renewal in the next 90 days with an account that is red?")
red = {a.account for a in found.customers if a.assessment and a.assessment.tier == "red"}
for renewals in found.renewals:
    at_stake = [line.expiring_value for line in renewals.coming.lines if line.account in red]
    print(f"  {sum(at_stake, Decimal(0)):,} {renewals.currency} in {len(at_stake)} contracts")
