"""PostHog's discount for a renewal, written with cslib: a rule for each lever, and their sum.

Published in PostHog/posthog.com at 01d48e2, ``contents/handbook/growth/sales/contract-rules.md``.

Run it with ``python examples/posthog_renewal_discount.py``. What the publication leaves open is in
``docs/gallery/posthog-renewal-discount.md``.
"""

from cslib import ruleset

LEVERS = {
    "for_volume": """
        20 if 25_000 <= credit <= 59_000 else
        25 if 60_000 <= credit <= 99_000 else
        30 if 100_000 <= credit <= 249_000 else
        35 if 250_000 <= credit <= 499_000 else
        40 if 500_000 <= credit <= 999_000 else None
    """,
    "for_length": """
        0 if commit_years == 1 else
        3 if commit_years == 2 else
        5 if commit_years == 3 else None
    """,
    "for_upfront": """
        2.5 * extra_years_paid_upfront if 0 <= extra_years_paid_upfront < commit_years else None
    """,
    "for_terms": """
        -2.5 * steps_late if steps_late >= 0 and steps_late == round(steps_late) else None
    """,
    "for_early": "5 if coalesce(renewal_committed_days_before_expiry >= 60, False) else 0",
    "for_nonprofit": "5 if nonprofit and credit <= 100_000 else 0",
}
DISCOUNT = {
    "discount": "self_serve if credit < 25_000 else levers",
    "self_serve": "15 if nonprofit else 10",
    "levers": " + ".join(LEVERS),
    "steps_late": "(net_days - 30) / 15",
}
QUESTIONS = {
    "custom price from $1M on": "credit >= 1_000_000",
    "custom price from four years on": "commit_years >= 4",
    "credit between two bands": "credit < 1_000_000 and is_missing(for_volume)",
    "no whole number of years": "commit_years < 4 and is_missing(for_length)",
    "years upfront not among those bought": "is_missing(for_upfront)",
    "terms not net 30 and steps of 15 days": "is_missing(for_terms)",
}
RULES = ruleset(DISCOUNT | LEVERS | QUESTIONS)


def quote(deal):
    """The discount in percent and (); or None and why the publication does not give one."""
    percent, unknown = RULES["discount"](deal), RULES["discount"].missing(deal)
    if percent is not None:
        return percent, ()
    if unknown:
        return None, tuple(f"{fact} is not known" for fact in unknown)
    return None, tuple(question for question in QUESTIONS if RULES[question](deal))


def main():
    """One renewal, lever by lever, and what becomes of it where the publication is silent."""
    deal = {
        "credit": 100_000,
        "commit_years": 3,
        "extra_years_paid_upfront": 2,
        "net_days": 45,
        "renewal_committed_days_before_expiry": 60,
        "nonprofit": False,
    }
    for lever in LEVERS:
        print(f"{lever:<14}{RULES[lever](deal):+5.1f}")
    print(f"{'discount':<14}{quote(deal)[0]:5.1f} %\n")

    for change in ({"credit": 59_500}, {"commit_years": 4}, {"net_days": 40}, {"net_days": None}):
        percent, reasons = quote(deal | change)
        print(f"{change}: {percent}, {'; '.join(reasons)}")


if __name__ == "__main__":
    main()
