"""PostHog's lifecycle stages of monthly revenue, and the rates made of them, written with cslib.

Published in PostHog/posthog.com at 3090dd6,
``contents/handbook/growth/revops/lifecycle-analysis.md``.

Run it with ``python examples/posthog_mrr_lifecycle.py``. What the publication leaves open is in
``docs/gallery/posthog-mrr-lifecycle.md``.
"""

from cslib import DecisionTable, Period, Rate, Row
from cslib.cubes import CustomerCube
from cslib.waterfalls import waterfall

STAGES = DecisionTable(
    name="lifecycle stage",
    rows=(
        Row(when="now > 0 and not paid_before", then="new"),
        Row(when="now > 0 and previous == 0", then="reactivated"),
        Row(when="now == previous and now > 0", then="flat"),
        Row(when="now > previous", then="growing"),
        Row(when="0 < now < previous", then="shrinking"),
        Row(when="now == 0 and previous > 0", then="churned"),
    ),
)


def stage(months):
    """The stage in the last of some months of revenue, oldest first; nothing came before them."""
    *before, now = months
    previous = before[-1] if before else 0
    return STAGES.decide({"now": now, "previous": previous, "paid_before": paid_in(before)})


def paid_in(months):
    """Whether any of these months has revenue; None where a missing one leaves that open."""
    if any(revenue is not None and revenue > 0 for revenue in months):
        return True
    return None if None in months else False


def rates(revenue):
    """What became of the revenue at risk in a waterfall's last month; a loss is negative."""
    changes = {
        "new": revenue.new,
        "expansion": revenue.expansion,
        "contraction": -revenue.contraction,
        "churn": -revenue.churn,
    }
    return {
        name: Rate(
            numerator=int(months[-1]),
            denominator=int(revenue.opening[-1]),
            convention=f"PostHog, {name} over revenue at risk",
            bounded=False,
        )
        for name, months in changes.items()
    }


def main():
    """The stages of some customers in June, and the rates of all of them."""
    may, june = Period.month(2026, 5), Period.month(2026, 6)
    customers = {
        "Ada": (100, 150),
        "Bo": (100, 60),
        "Cy": (100, 0),
        "Di": (100, 100),
        "Eli": (0, 70),
    }
    for name, months in customers.items():
        print(f"{name:<4}{stage(months)}")

    rows = [
        (name, month, amount)
        for name, months in customers.items()
        for month, amount in zip((may, june), months, strict=True)
    ]
    revenue = waterfall(CustomerCube.of_rows(rows, currency="USD"))
    print(f"\n{revenue}\n")
    for name, rate in rates(revenue).items():
        print(f"{name:<12}{float(rate.value):+.1%}")


if __name__ == "__main__":
    main()
