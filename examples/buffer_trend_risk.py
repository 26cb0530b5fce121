"""Buffer's customers at risk by the trend of their activity, written with cslib.

Published in bufferapp/customer-health-scores at 1562e3c, ``generate_scores.R``.

Run it with ``python examples/buffer_trend_risk.py``. What the publication leaves open is in
``docs/gallery/buffer-trend-risk.md``.
"""

from cslib import DecisionTable, Row, rule

AT_RISK = rule("slope_per_year <= -5 and p_value <= 0.05")
TREND = DecisionTable(
    name="trend",
    rows=(
        Row(when="active_weeks < 3", then="not scored"),
        Row(when=AT_RISK, then="at risk"),
        Row(then="not at risk"),
    ),
)


def is_at_risk(user):
    """Whether a user is at risk; None where there is no score, or where it cannot be told."""
    return {"at risk": True, "not at risk": False}.get(TREND.decide(user).outcome)


def main():
    """Users on the bounds, and on either side of them."""
    users = {
        "on every bound": {"active_weeks": 3, "slope_per_year": -5, "p_value": 0.05},
        "too little history": {"active_weeks": 2, "slope_per_year": -50, "p_value": 0.001},
        "falls too slowly": {"active_weeks": 20, "slope_per_year": -4.99, "p_value": 0.001},
        "may be chance": {"active_weeks": 20, "slope_per_year": -9, "p_value": 0.051},
    }
    for name, user in users.items():
        print(f"{name}: {TREND.decide(user).outcome}")


if __name__ == "__main__":
    main()
