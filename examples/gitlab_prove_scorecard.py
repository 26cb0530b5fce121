"""GitLab's PROVE scorecard of customer health, written with cslib.

Published in GitLab's handbook, ``customer-success/customer-health-scoring``, read in
kyama0/gitlab-handbook-ja at 6c5d70c8 and zalyoung/gitlab-handbook at 1485909; how groups are taken
together, in Gainsight's documentation (scorecard FAQ).

Run it with ``python examples/gitlab_prove_scorecard.py``. What the publication leaves open is in
``docs/gallery/gitlab-prove-scorecard.md``.
"""

import datetime as dt

from cslib.health import Band, Cap, Group, Measure, Norm, Scorecard, Tier

COLOURS = (
    Band(points=88, label="green", equals="green"),
    Band(points=63, label="yellow", equals="yellow"),
    Band(points=25, label="red", equals="red"),
)


def later(name, weight, **changes):
    """A measure that does not apply in the first 30 days."""
    usual = {"name": name, "value": name, "weight": weight, "bands": COLOURS}
    return Measure(**{**usual, "when": "days_since(started_on) > 30", **changes})


def usage(name, weight):
    """A measure of the product, which counts for 60 days."""
    return later(name, weight, age="days_since(usage_on)", max_age=60)


def support(name, weight):
    """A measure of support, which counts for 30 days."""
    return later(name, weight, age="days_since(support_on)", max_age=30)


def cadence(green, yellow):
    """Colours by the days since the last meeting."""
    return (
        Band(points=88, label="green", at_most=green),
        Band(points=63, label="yellow", at_most=yellow),
        Band(points=25, label="red", above=yellow),
    )


SENTIMENT = Measure(
    name="csm_sentiment",
    value="csm_sentiment",
    bands=COLOURS,
    age="days_since(sentiment_on)",
    warn_age=90,
    max_age=120,
)
MEETINGS = later(
    "meeting_cadence",
    50,
    value="days_since(met_on)",
    bands=(),
    norms=(
        Norm(when="priority == 1", bands=cadence(35, 60)),
        Norm(when="priority == 2", bands=cadence(65, 90)),
    ),
)
PROVE = Scorecard(
    name="PROVE",
    groups=(
        Group(
            name="product",
            weight=50,
            measures=(
                usage("license", 30),
                usage("user_engagement", 10),
                usage("scm", 15),
                usage("ci", 15),
                usage("devsecops", 15),
                usage("cd", 15),
            ),
        ),
        Group(name="risk", weight=25, measures=(SENTIMENT,)),
        Group(name="outcomes", weight=10, measures=(later("roi", 100),)),
        Group(
            name="voc",
            weight=5,
            measures=(support("support_issues", 100), support("support_emergency", 0)),
        ),
        Group(name="engagement", weight=10, measures=(MEETINGS, later("persona", 50))),
    ),
    tiers=(
        Tier(name="Green", at_least=75),
        Tier(name="Yellow", at_least=50),
        Tier(name="Red", at_least=0),
    ),
    caps=(Cap(measure="csm_sentiment", label="red", tier="Red"),),
)


def group(name):
    """A group by itself, as a scorecard of its own."""
    of = next(each for each in PROVE.groups if each.name == name)
    return Scorecard(name=name, measures=of.measures, tiers=PROVE.tiers)


def main():
    """An account that its CSM sees red: by itself the score would be yellow."""
    account = {
        "started_on": dt.date(2024, 9, 2),
        "usage_on": dt.date(2026, 6, 28),
        "license": "green",
        "user_engagement": "green",
        "scm": "yellow",
        "ci": "yellow",
        "devsecops": "red",
        "cd": "yellow",
        "sentiment_on": dt.date(2026, 3, 27),
        "csm_sentiment": "red",
        "roi": "yellow",
        "support_on": dt.date(2026, 6, 29),
        "support_issues": "green",
        "priority": 1,
        "met_on": dt.date(2026, 5, 26),
        "persona": "red",
    }
    print(PROVE.assess(account, as_of=dt.date(2026, 6, 30)).explain())


if __name__ == "__main__":
    main()
