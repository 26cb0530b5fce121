"""PostHog's health score of an account, written with cslib.

Published in PostHog/posthog.com at 026457f, ``contents/handbook/cs-and-onboarding/``
``health-tracking.md``; how scores are taken together, in Vitally's documentation ("Health Scores").

Run it with ``python examples/posthog_health_score.py``. What the publication leaves open is in
``docs/gallery/posthog-health-score.md``.
"""

from cslib.health import Band, Group, Measure, Scorecard, Tier


def metric(name, healthy, poor):
    """Healthy if its condition holds, else poor if its condition holds, else concerning."""
    return Measure(
        name=name,
        value=name,
        bands=(
            Band(points=10, label="healthy", **healthy),
            Band(points=0, label="poor", **poor),
            Band(points=5, label="concerning"),
        ),
    )


def low(name, healthy, poor):
    """A metric that is better the lower it is: healthy up to a bound, poor above another."""
    return metric(name, {"at_most": healthy}, {"above": poor})


def high(name, healthy, poor):
    """A metric that is better the higher it is: healthy from a bound, poor below another."""
    return metric(name, {"at_least": healthy}, {"below": poor})


SCORES = (
    Group(
        name="user_engagement",
        weight=15,
        measures=(
            low("last_seen_days", 1, 5),
            high("active_user_pct", 40, 20),
            low("active_pct_decrease", 5, 20),
            high("feature_users", 10, 3),
        ),
    ),
    Group(
        name="product_experience",
        weight=5,
        measures=(
            low("tickets_30d", 5, 10),
            low("urgent_unresolved", 0, 2),
            low("docs_visits_7d", 20, 100),
            low("query_failure_pct_7d", 5, 13),
        ),
    ),
    Group(
        name="company_engagement",
        weight=5,
        measures=(
            low("last_meeting_days", 30, 90),
            low("last_ticket_days", 30, 90),
            metric("product_count", {"above": 6}, {"below": 3}),
        ),
    ),
    Group(
        name="product_analytics",
        weight=33,
        measures=(low("events_decrease_pct", 5, 20), high("insight_user_pct", 40, 20)),
    ),
    Group(
        name="session_replay",
        weight=20,
        measures=(low("replays_decrease_pct", 5, 20), high("replay_user_pct", 40, 20)),
    ),
    Group(
        name="flags_experiments",
        weight=17,
        measures=(
            low("decide_decrease_pct", 5, 20),
            high("flag_user_pct_30d", 20, 5),
            high("experiment_user_pct", 20, 5),
        ),
    ),
    Group(
        name="surveys_dw",
        weight=5,
        measures=(high("survey_user_pct", 20, 5), low("rows_decrease_pct", 5, 20)),
    ),
)
LABELS = (
    Tier(name="Healthy", at_least="6.67"),
    Tier(name="Concerning", at_least="3.33"),
    Tier(name="Poor", at_least=0),
)
OVERALL = Scorecard(name="PostHog account health", groups=SCORES, tiers=LABELS)


def score(group):
    """One of the seven scores by itself: a group is as good as a scorecard."""
    return Scorecard(name=group.name, measures=group.measures, tiers=LABELS)


def main():
    """An account whose row count is not known: its seven scores, the whole, what costs it most."""
    account = {
        "last_seen_days": 3,
        "active_user_pct": 45,
        "active_pct_decrease": 0,
        "feature_users": 2,
        "tickets_30d": 11,
        "urgent_unresolved": 1,
        "docs_visits_7d": 10,
        "query_failure_pct_7d": 6,
        "last_meeting_days": 10,
        "last_ticket_days": 120,
        "product_count": 4,
        "events_decrease_pct": 25,
        "insight_user_pct": 30,
        "replays_decrease_pct": 0,
        "replay_user_pct": 50,
        "decide_decrease_pct": 10,
        "flag_user_pct_30d": 20,
        "experiment_user_pct": 4,
        "survey_user_pct": 5,
    }
    for group in SCORES:
        found = score(group).assess(account)
        print(f"{group.name:<20}{found.shown:>6} {found.tier}")
    found = OVERALL.assess(account)
    print(f"{'overall':<20}{found.shown:>6} {found.tier}\n")

    for reason in found.reasons[:3]:
        print(f"{float(reason.loss):.2f} lost by {reason}")


if __name__ == "__main__":
    main()
