"""Mattermost's renewal rate, its best case, ARR and the kinds of ARR change, written with cslib.

Published in mattermost/mattermost-handbook at 46d7a8b6,
``operations/operations/company-metrics/metrics-definitions.md``, and as SQL in
mattermost/mattermost-data-warehouse at 61af2424, ``transform/snowflake-dbt/models/``:
``cs/renewal_rate_by_renewal_opportunity.sql``, ``finance/account_monthly_arr_deltas_by_type.sql``.

Run it with ``python examples/mattermost_renewal_rate.py``. What the publication leaves open is in
``docs/gallery/mattermost-renewal-rate.md``.
"""

import datetime as dt
from decimal import ROUND_HALF_EVEN

from cslib import Rate, ruleset
from cslib.money import to_minor
from cslib.movements import Movement, classify, movements

FORMULAS = {
    "gross": "min(available, won)",
    "best_case": "min(available, won + open)",
    "arr": "tcv / days_between(start, end) * 365",
}
RULES = ruleset(FORMULAS)


def renewal_rate(accounts, kept="gross"):
    """What was kept of what was up for renewal: each account is capped, then all are summed."""
    return Rate.of_values(
        [cents(RULES[kept](account)) for account in accounts],
        [cents(account["available"]) for account in accounts],
        convention=f"Mattermost, {FORMULAS[kept]} of available",
    )


def cents(dollars):
    """Exact, as a rate wants its amounts; a rule answers in floating point."""
    return to_minor(dollars, "USD", rounding=ROUND_HALF_EVEN)


ARR_CHANGES = {
    Movement.NEW: "New",
    Movement.EXPANSION: "Expansion",
    Movement.REACTIVATION: "Resurrection",
    Movement.CONTRACTION: "Contraction",
    Movement.CHURN: "Churn",
}


def arr_change(start, end, *, known):
    """What became of an account's ARR in a month; None where nothing did."""
    return ARR_CHANGES.get(classify(start, end, known))


def main():
    """A quarter of two accounts, one contract, and the months of one account."""
    quarter = [
        {"account": "Account 1", "available": 100_000, "won": 130_000, "open": 0},
        {"account": "Account 2", "available": 100_000, "won": 70_000, "open": 20_000},
    ]
    for account in quarter:
        print(f"{account['account']}: gross {RULES['gross'](account):,.0f} of 100,000")
    print(f"Renewal rate: {renewal_rate(quarter):.4f}")
    print(f"with all that is open: {renewal_rate(quarter, 'best_case'):.4f}")

    contract = {"tcv": 250, "start": dt.date(2019, 6, 15), "end": dt.date(2022, 6, 14)}
    print(f"\nARR of 250 over three years: {RULES['arr'](contract):.0f}")

    arr = (0, 500, 800, 800, 499, 0, 500)
    print("\nARR by month:", *arr)
    print("Changes:", *(ARR_CHANGES.get(movement) for movement in movements(arr)))


if __name__ == "__main__":
    main()
