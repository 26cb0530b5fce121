"""GitLab's playbooks by usage metrics, written with cslib.

Published in GitLab's handbook, ``customer-success/product-usage-data/metrics-based-playbooks``,
read in kyama0/gitlab-handbook-ja at 6c5d70c8 and zalyoung/gitlab-handbook at 1485909.

Run it with ``python examples/gitlab_metrics_playbooks.py``. What the publication leaves open is in
``docs/gallery/gitlab-metrics-playbooks.md``.
"""

from cslib.playbooks import Library, Playbook


def playbook(metric, entry, ask):
    """What one metric starts: a call, with a question. Each serves a need of its own."""
    return Playbook(name=metric, need=metric, layer="service", entry=entry, title=ask)


def below(metric, least, months):
    """A metric that is below so much, so many months after the onboarding."""
    return f"months_since_onboarding >= {months} and {metric} < {least}"


def other_ci(tool):
    """Another tool for CI: a fifth of the projects use it, or more do than a month ago."""
    metric = f"projects_{tool}_active"
    return playbook(
        metric,
        f"months_since_onboarding >= 0 and {metric} / projects >= 0.2"
        f" or {metric} > prior({metric}, 1)",
        f"What does {tool.capitalize()} do that GitLab should?",
    )


METRICS = Library(
    name="GitLab metrics",
    playbooks=(
        playbook("ci_runners", below("ci_runners", 1, 1), "Is CI not used, or not used here?"),
        playbook(
            "ci_internal_pipelines",
            "change(ci_internal_pipelines, prior(ci_internal_pipelines, 1)) <= -0.2"
            " or months_since_onboarding >= 3 and ci_internal_pipelines / projects < 0.5",
            "Is CI used less, or are the pipelines fewer and better?",
        ),
        playbook(
            "ci_external_pipelines",
            "streak(3, ci_external_pipelines > ci_internal_pipelines)",
            "Why are the repositories kept elsewhere?",
        ),
        *map(other_ci, ("jenkins", "teamcity", "bamboo")),
        playbook(
            "license_utilisation",
            "change(license_utilisation, prior(license_utilisation, 1)) <= -0.1"
            f" or {below('license_utilisation', 0.5, 1)}",
            "Who has left, and who has not begun?",
        ),
        playbook(
            "container_scanning_job",
            below("container_scanning_job", 50, 1),
            "How are images checked?",
        ),
        playbook("dast_jobs", below("dast_jobs", 50, 3), "How is a running application tested?"),
        playbook(
            "dependency_scanning_jobs",
            below("dependency_scanning_jobs", 1, 1),
            "How are dependencies checked?",
        ),
        playbook(
            "secret_detection_scans",
            below("secret_detection_scans", 50, 1),
            "Who finds a secret that was pushed?",
        ),
    ),
)


def fired(account):
    """The metrics whose playbooks start, in the order of the alphabet."""
    return [each.playbook.name for each in METRICS.select(account).chosen]


def main():
    """A customer of half a year whose pipelines have moved elsewhere; no licence was reported."""
    account = {
        "months_since_onboarding": 6,
        "projects": [90, 95, 100],
        "ci_runners": [4, 4, 4],
        "ci_internal_pipelines": [900, 700, 540],
        "ci_external_pipelines": [910, 1_000, 1_200],
        "projects_jenkins_active": [12, 12, 19],
        "projects_teamcity_active": [0, 0, 0],
        "projects_bamboo_active": [None, None, None],
        "license_utilisation": [0.81, 0.8, None],
        "container_scanning_job": [10, 30, 50],
        "dast_jobs": [60, 55, 49],
        "dependency_scanning_jobs": [8, 8, 8],
        "secret_detection_scans": [400, 410, 390],
    }
    choice = METRICS.select(account)
    for each in choice.chosen:
        print(f"{each.playbook.name}: {each.playbook.title}")
    print("to find out:", *choice.questions)


if __name__ == "__main__":
    main()
