"""The published programmes of the gallery, against cases worked by hand from their publications.

The cases (not part of this repository) lie in ``programmes`` beside the folder of
``CSLIB_REAL_DATA``; ``../shared/programmes`` beside the repository is the default. The examples,
and what the pages of the gallery say of them, are tested without it.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib import Period, rule
from cslib.bands import gaps
from cslib.coverage import check_table
from cslib.cubes import CustomerCube
from cslib.money import InexactError, to_major
from cslib.movements import Movement, movements
from cslib.waterfalls import Waterfall, waterfall

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("CSLIB_REAL_DATA") or ROOT.parent / "shared" / "data")
PROGRAMMES = DATA.parent / "programmes"
GALLERY = ROOT / "docs" / "gallery"


def example(name: str) -> ModuleType:
    """A script of ``examples/``, which is no package, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUFFER = example("buffer_trend_risk")
CUSTOMEROS = example("customeros_contract_status")
GITLAB = example("gitlab_prove_scorecard")
PINGS = example("gitlab_metrics_playbooks")
HEALTH = example("posthog_health_score")
LIFECYCLE = example("posthog_mrr_lifecycle")
MATTERMOST = example("mattermost_renewal_rate")
POSTHOG = example("posthog_renewal_discount")
EXAMPLES = (BUFFER, CUSTOMEROS, GITLAB, HEALTH, LIFECYCLE, MATTERMOST, PINGS, POSTHOG)


# --- The published cases


def mattermost_answer(given: Mapping[str, Any]) -> dict[str, Any]:
    match given:
        case {"op": "rate", "accounts": accounts}:
            return {
                "gross": [MATTERMOST.RULES["gross"](account) for account in accounts],
                "rate": float(f"{MATTERMOST.renewal_rate(accounts):.4f}"),
                "max_rate": float(f"{MATTERMOST.renewal_rate(accounts, 'best_case'):.4f}"),
            }
        case {"op": "arr", "tcv": tcv, "start": start, "end": end}:
            days = {"start": dt.date.fromisoformat(start), "end": dt.date.fromisoformat(end)}
            return {"arr": int(f"{MATTERMOST.RULES['arr']({'tcv': tcv, **days}):.0f}")}
        case {"op": "change", "known": known, "start": start, "end": end}:
            return {"type": MATTERMOST.arr_change(start, end, known=known)}
    raise AssertionError(f"no answer to {given}")


def posthog_answer(deal: Mapping[str, Any]) -> dict[str, Any]:
    percent, reasons = POSTHOG.quote(deal)
    if percent is None:
        assert all(reason.startswith("custom price") for reason in reasons)
    return {"pct": percent}


def lifecycle_answer(given: Mapping[str, Any]) -> dict[str, Any]:
    if "months" in given:
        return {"stage": LIFECYCLE.stage(given["months"]).outcome}
    revenue = waterfall_of(given["portfolio"])
    found = {name: float(rate.value) for name, rate in LIFECYCLE.rates(revenue).items()}
    at_risk = int(to_major(int(revenue.opening[-1]), "USD"))
    return {"at_risk": at_risk, **{name: found[name] for name in found if name != "new"}}


def waterfall_of(histories: Iterable[Sequence[int]]) -> Waterfall:
    rows = [
        (customer, Period.month(2026, month), amount)
        for customer, amounts in enumerate(histories)
        for month, amount in enumerate(amounts, 1)
    ]
    return waterfall(CustomerCube.of_rows(rows, currency="USD"))


def customeros_answer(given: Mapping[str, Any]) -> dict[str, Any]:
    match given:
        case {"op": "status", "today": today, **contract}:
            facts = {name: day_or_flag(value) for name, value in contract.items()}
            return {"status": CUSTOMEROS.STATUS.decide(facts, as_of=day_or_flag(today)).outcome}
        case {"op": "organisation", "contracts": risks}:
            return {"state": CUSTOMEROS.organisation(risks)}
        case {"op": "former_customer", "ended": ended, "others": others}:
            status = "ENDED" if ended else "LIVE"
            return {"former": CUSTOMEROS.is_former_customer(status, others)}
    raise AssertionError(f"no answer to {given}")


def day_or_flag(value: object) -> object:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def buffer_answer(user: Mapping[str, Any]) -> dict[str, Any]:
    outcome = BUFFER.TREND.decide(user).outcome
    return {"scored": outcome != "not scored", "at_risk": BUFFER.is_at_risk(user)}


def health_answer(account: Mapping[str, Any]) -> dict[str, Any]:
    overall = HEALTH.OVERALL.assess(account)
    scores = {each.name: HEALTH.score(each).assess(account).score for each in HEALTH.SCORES}
    return {
        "scores": {name: to_4(score) for name, score in scores.items()},
        "overall": to_4(overall.score),
        "label": overall.tier,
    }


def to_4(score: Fraction | None) -> float | None:
    """To four decimals, as the cases are printed."""
    return None if score is None else float(round(score, 4))


def gitlab_answer(given: Mapping[str, Any]) -> dict[str, Any]:
    if given["op"] == "meeting_cadence":
        facts = {"started_on": LONG_AGO, "met_on": days_ago(given["days_since_meeting"])}
        cadence = GITLAB.group("engagement").assess(
            {**facts, "priority": given["priority"]}, as_of=GITLAB_DAY
        )
        return {"label": cadence.contribution("meeting_cadence").label.capitalize()}
    facts = gitlab_facts(given)
    found = GITLAB.PROVE.assess(facts, as_of=GITLAB_DAY)
    flagged = [part.measure for part in found.contributions if part.is_aged]
    return {
        "product": to_4(GITLAB.group("product").assess(facts, as_of=GITLAB_DAY).score),
        "engagement": to_4(GITLAB.group("engagement").assess(facts, as_of=GITLAB_DAY).score),
        "overall": to_4(found.score),
        "label": found.tier,
        **({"stale": flagged} if flagged else {}),
    }


def metrics_answer(given: Mapping[str, Any]) -> dict[str, Any]:
    account = {"months_since_onboarding": given["months_since_onboarding"], **given["series"]}
    return {"fired": PINGS.fired(account)}


GITLAB_DAY = dt.date(2026, 6, 30)
LONG_AGO = dt.date(2024, 9, 2)
COLOURS = {88: "green", 63: "yellow", 25: "red"}
MEETINGS = {88: 35, 63: 60, 25: 61}


def gitlab_facts(given: Mapping[str, Any]) -> dict[str, Any]:
    """A case's points as the colours, and its ages as the days, that give them."""
    points, ages = given["measures"], given.get("age_days", {})
    return {
        **{name: COLOURS.get(each) for name, each in points.items() if name != "meeting_cadence"},
        "priority": 1,
        "met_on": days_ago(MEETINGS[points["meeting_cadence"]]),
        "started_on": days_ago(given["onboarding_day"]) if "onboarding_day" in given else LONG_AGO,
        "usage_on": days_ago(ages.get("product", 0)),
        "support_on": days_ago(0),
        "sentiment_on": days_ago(ages.get("csm_sentiment", 0)),
    }


def days_ago(days: int) -> dt.date:
    return GITLAB_DAY - dt.timedelta(days=days)


ANSWERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "buffer-trend-risk": buffer_answer,
    "customeros-contract-status": customeros_answer,
    "gitlab-metrics-playbooks": metrics_answer,
    "gitlab-prove-scorecard": gitlab_answer,
    "mattermost-renewal-rate": mattermost_answer,
    "posthog-health-score": health_answer,
    "posthog-mrr-lifecycle": lifecycle_answer,
    "posthog-renewal-discount": posthog_answer,
}
CASES = {
    "buffer-trend-risk": {"as published": 6},
    "customeros-contract-status": {"as published": 14},
    "gitlab-metrics-playbooks": {"as published": 15, "reading": 1},
    "gitlab-prove-scorecard": {"as published": 13, "reading": 1},
    "mattermost-renewal-rate": {"as published": 11},
    "posthog-health-score": {"as published": 8},
    "posthog-mrr-lifecycle": {"as published": 9},
    "posthog-renewal-discount": {"as published": 11},
}
"""How many cases of each certainty a programme has; those `as published` bind."""


def cases(programme: str) -> list[dict[str, Any]]:
    text = (PROGRAMMES / f"{programme}.json").read_text("utf-8")
    found: list[dict[str, Any]] = json.loads(text)["cases"]
    return found


needs_cases = pytest.mark.skipif(
    not PROGRAMMES.is_dir(),
    reason=f"no published programmes at {PROGRAMMES}; CSLIB_REAL_DATA names the folder beside them",
)


@needs_cases
@pytest.mark.real_data
@pytest.mark.parametrize("programme", ANSWERS)
def test_every_case_as_published_gets_the_published_answer(programme: str) -> None:
    binding = [each for each in cases(programme) if each["certainty"] == "as published"]

    answers = [ANSWERS[programme](each["input"]) for each in binding]

    assert answers == [each["expected"] for each in binding]


@needs_cases
@pytest.mark.real_data
@pytest.mark.parametrize("programme", ANSWERS)
def test_no_case_of_a_programme_is_left_out_unseen(programme: str) -> None:
    assert Counter(each["certainty"] for each in cases(programme)) == CASES[programme]


# --- The pages


@pytest.mark.parametrize("programme", ANSWERS)
def test_a_page_shows_the_programme_as_the_example_has_it(programme: str) -> None:
    page = (GALLERY / f"{programme}.md").read_text("utf-8")
    script = (ROOT / "examples" / f"{programme.replace('-', '_')}.py").read_text("utf-8")

    blocks = re.findall(r"^```python\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    definitions = [block for block in blocks if not block.startswith(">>>")]

    assert len(definitions) == 2
    assert [block for block in definitions if block not in script] == []


@pytest.mark.parametrize("module", EXAMPLES, ids=lambda module: module.__name__)
def test_a_page_shows_what_the_example_prints(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (GALLERY / f"{module.__name__.replace('_', '-')}.md").read_text("utf-8")

    module.main()

    assert capsys.readouterr().out == page.split("```text\n")[1].split("```")[0]


@pytest.mark.parametrize("programme", ANSWERS)
def test_the_gallery_lists_every_programme_and_its_sources_are_cited(programme: str) -> None:
    script = (ROOT / "examples" / f"{programme.replace('-', '_')}.py").read_text("utf-8")
    page = (GALLERY / f"{programme}.md").read_text("utf-8")

    cited = re.findall(r"(\w+/[\w.-]+)`? at ([0-9a-f]{7,8})\b", script.replace("\n", " "))

    assert f"({programme}.md)" in (GALLERY / "index.md").read_text("utf-8")
    assert cited
    assert [source for source in cited if not all(part in page for part in source)] == []


# --- Mattermost's renewal rate


def account(available: int, won: int, open_: int = 0) -> dict[str, int]:
    return {"available": available, "won": won, "open": open_}


def test_an_account_that_grew_does_not_hide_one_that_shrank() -> None:
    quarter = [account(100_000, 130_000), account(100_000, 70_000, 20_000)]

    assert f"{MATTERMOST.renewal_rate(quarter):.4f}" == "0.8500"
    assert f"{MATTERMOST.renewal_rate(quarter, 'best_case'):.4f}" == "0.9500"


def test_the_cap_by_account_and_by_opportunity_are_two_rates() -> None:
    by_account = MATTERMOST.renewal_rate([account(200_000, 140_000)])
    by_opportunity = MATTERMOST.renewal_rate([account(100_000, won) for won in (140_000, 0)])

    assert (f"{by_account:.0%}", f"{by_opportunity:.0%}") == ("70%", "50%")


def test_a_quarter_with_nothing_up_for_renewal_has_no_rate() -> None:
    assert MATTERMOST.renewal_rate([]).value is None
    assert MATTERMOST.renewal_rate([account(0, 500)]).value is None


def test_a_missing_amount_is_refused_and_not_taken_for_nothing() -> None:
    with pytest.raises(InexactError, match="unknown is not 0"):
        MATTERMOST.renewal_rate([{"available": 100_000}])


def test_the_last_day_of_a_contract_is_not_counted() -> None:
    year = {"tcv": 36_500, "start": dt.date(2026, 1, 1), "end": dt.date(2026, 12, 31)}

    assert MATTERMOST.cents(MATTERMOST.RULES["arr"](year)) == 3_660_027  # 36,500 / 364 * 365


def test_the_movements_are_those_of_the_published_case_in_its_order() -> None:
    published = rule(
        "'New' if not known else "
        "'Expansion' if start != 0 and end > start else "
        "'Resurrection' if start == 0 and end > start else "
        "'Contraction' if end < start and end != 0 else "
        "'Churn' if end < start and end == 0 else None"
    )
    facts = itertools.product((0, 1, 2), (0, 1, 2), (False, True))
    table = [(start, end, known) for start, end, known in facts if known or start == 0 < end]

    assert len(table) == 11
    for start, end, known in table:
        expected = published({"start": start, "end": end, "known": known})
        assert MATTERMOST.arr_change(start, end, known=known) == expected


amounts = st.integers(0, 10**9)


@given(st.lists(st.builds(account, amounts.map(lambda n: n + 1), amounts, amounts), min_size=1))
def test_the_rate_lies_between_nothing_and_the_best_case_and_that_within_all(
    quarter: list[dict[str, int]],
) -> None:
    rate = MATTERMOST.renewal_rate(quarter).value
    best = MATTERMOST.renewal_rate(quarter, "best_case").value

    assert 0 <= rate <= best <= 1


# --- PostHog's renewal discount

DEAL = {
    "credit": 100_000,
    "commit_years": 3,
    "extra_years_paid_upfront": 2,
    "net_days": 30,
    "renewal_committed_days_before_expiry": 60,
    "nonprofit": False,
}


@pytest.mark.parametrize(
    ("change", "percent"),
    [
        ({}, 45),
        ({"renewal_committed_days_before_expiry": 59}, 40),
        ({"renewal_committed_days_before_expiry": None}, 40),
        ({"credit": 24_999}, 10),
        ({"credit": 24_999, "nonprofit": True}, 15),
        ({"credit": 100_000, "nonprofit": True}, 50),
        ({"credit": 100_001, "nonprofit": True}, 45),
        ({"net_days": 45}, 42.5),
        ({"net_days": 60}, 40),
    ],
    ids=str,
)
def test_a_deal_earns_the_sum_of_its_levers(change: dict[str, Any], percent: float) -> None:
    assert POSTHOG.quote(DEAL | change) == (percent, ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"credit": 59_001}, "credit between two bands"),
        ({"credit": 59_999}, "credit between two bands"),
        ({"credit": 999_500}, "credit between two bands"),
        ({"credit": 1_000_000}, "custom price from $1M on"),
        ({"commit_years": 4}, "custom price from four years on"),
        ({"commit_years": 2.5}, "no whole number of years"),
        ({"commit_years": 2}, "years upfront not among those bought"),
        ({"net_days": 40}, "terms not net 30 and steps of 15 days"),
        ({"net_days": 15}, "terms not net 30 and steps of 15 days"),
        ({"net_days": None}, "net_days is not known"),
        ({"nonprofit": None}, "nonprofit is not known"),
    ],
    ids=str,
)
def test_what_the_publication_leaves_open_has_no_discount_and_a_reason(
    change: dict[str, Any], reason: str
) -> None:
    assert POSTHOG.quote(DEAL | change) == (None, (reason,))


bounds = [25_000, 59_000, 60_000, 99_000, 100_000, 249_000, 250_000, 499_000, 500_000, 999_000]
deals = st.fixed_dictionaries(
    {
        "credit": st.integers(0, 1_200_000) | st.sampled_from(bounds),
        "commit_years": st.integers(1, 5),
        "extra_years_paid_upfront": st.integers(0, 4),
        "net_days": st.integers(0, 8).map(lambda n: 15 * n) | st.integers(0, 120),
        "renewal_committed_days_before_expiry": st.none() | st.integers(0, 120),
        "nonprofit": st.booleans(),
    }
)


@given(deals)
def test_a_deal_has_a_discount_or_a_reason_why_not_and_never_both(deal: dict[str, Any]) -> None:
    percent, reasons = POSTHOG.quote(deal)
    open_ = [each for each in POSTHOG.QUESTIONS if POSTHOG.RULES[each](deal)]

    assert (percent is None) == bool(reasons)
    if deal["credit"] >= 25_000:
        assert list(reasons) == open_


@given(st.lists(deals, min_size=1, max_size=5))
def test_a_book_of_deals_gets_what_each_would_get_alone(book: list[dict[str, Any]]) -> None:
    columns = {name: [deal[name] for deal in book] for name in DEAL}

    found = POSTHOG.RULES["discount"].columns(columns).tolist()

    assert found == [POSTHOG.quote(deal)[0] for deal in book]


# --- PostHog's revenue lifecycle

OUR_NAMES = {
    "new": Movement.NEW,
    "reactivated": Movement.REACTIVATION,
    "growing": Movement.EXPANSION,
    "shrinking": Movement.CONTRACTION,
    "churned": Movement.CHURN,
}
revenues = st.integers(0, 3)


@given(st.lists(revenues, min_size=2, max_size=8))
def test_the_stages_are_our_movements_under_other_names(months: list[int]) -> None:
    stages = [LIFECYCLE.stage(months[: end + 1]).outcome for end in range(1, len(months))]

    named = tuple(OUR_NAMES.get(stage) for stage in stages)

    assert named == movements(months)


@given(st.lists(revenues, min_size=1, max_size=8))
def test_a_month_has_a_stage_unless_it_stays_at_zero(months: list[int]) -> None:
    stays = months[-1] == 0 and (len(months) == 1 or months[-2] == 0)

    assert (LIFECYCLE.stage(months).outcome is None) is stays


def test_every_stage_can_be_reached() -> None:
    assert [flaw.kind for flaw in check_table(LIFECYCLE.STAGES).flaws] == ["gap"]


@given(st.lists(revenues | st.none(), min_size=1, max_size=6))
def test_a_stage_that_is_known_though_a_month_is_missing_holds_whatever_it_was(
    months: list[int | None],
) -> None:
    found = LIFECYCLE.stage(months)
    missing = [place for place, revenue in enumerate(months) if revenue is None]

    for revenue in (0, 1, 3):
        filled = LIFECYCLE.stage([revenue if each is None else each for each in months])
        assert found.verdict == "unknown" or filled.outcome == found.outcome
    assert missing or found.verdict != "unknown"


@given(st.lists(st.tuples(revenues, revenues), min_size=1, max_size=8))
def test_the_rates_are_sums_over_the_stages(portfolio: list[tuple[int, int]]) -> None:
    at_risk = sum(before for before, _ in portfolio)
    changes: Counter[str | None] = Counter()
    for months in portfolio:
        changes[LIFECYCLE.stage(months).outcome] += months[1] - months[0]

    found = LIFECYCLE.rates(waterfall_of(portfolio))

    stages = {
        "new": "new",
        "expansion": "growing",
        "contraction": "shrinking",
        "churn": "churned",
    }
    for name, stage in stages.items():
        assert found[name].value == (Fraction(changes[stage], at_risk) if at_risk else None)


# --- GitLab's PROVE scorecard

PROVE_ACCOUNT = gitlab_facts(
    {
        "measures": {
            **dict.fromkeys(("license", "user_engagement", "csm_sentiment"), 88),
            **dict.fromkeys(("scm", "ci", "cd", "roi"), 63),
            "devsecops": 25,
            "support_issues": 88,
            "meeting_cadence": 88,
            "persona": 25,
        }
    }
)


def prove(**changes: Any) -> Any:
    return GITLAB.PROVE.assess({**PROVE_ACCOUNT, **changes}, as_of=GITLAB_DAY)


@needs_cases
@pytest.mark.real_data
def test_a_red_sentiment_that_has_expired_caps_nothing_as_the_case_reads_it() -> None:
    reading = [each for each in cases("gitlab-prove-scorecard") if each["certainty"] == "reading"]

    assert [gitlab_answer(each["input"]) for each in reading] == [
        each["expected"] for each in reading
    ]


def test_a_red_sentiment_makes_the_account_red_and_leaves_the_score() -> None:
    found = prove(csm_sentiment="red")

    assert (found.tier, found.model_tier, found.shown) == ("Red", "Yellow", Decimal("56.25"))
    assert [cap.measure for cap in found.caps] == ["csm_sentiment"]


@pytest.mark.parametrize(("days", "counts"), [(60, True), (61, False)])
def test_usage_counts_on_its_60th_day_and_not_after_it(days: int, counts: bool) -> None:
    found = prove(usage_on=days_ago(days))

    assert (found.contribution("license").points is not None) is counts
    assert found.coverage == (1 if counts else Fraction(1, 2))


@pytest.mark.parametrize(
    ("days", "flagged", "counts"),
    [(90, False, True), (91, True, True), (120, True, True), (121, False, False)],
)
def test_a_sentiment_is_flagged_after_90_days_and_left_out_after_120(
    days: int, flagged: bool, counts: bool
) -> None:
    sentiment = prove(sentiment_on=days_ago(days)).contribution("csm_sentiment")

    assert (sentiment.is_aged, sentiment.points is not None) == (flagged, counts)


@pytest.mark.parametrize(("days", "known"), [(30, ["csm_sentiment"]), (31, None)])
def test_all_but_the_sentiment_does_not_apply_up_to_the_30th_day(
    days: int, known: list[str] | None
) -> None:
    found = prove(started_on=days_ago(days))

    counting = [part.measure for part in found.contributions if part.points is not None]
    assert counting == (known or [each.measure for each in prove().contributions if each.points])
    assert found.coverage == 1


def test_a_measure_of_weight_0_changes_neither_score_nor_coverage() -> None:
    found = prove(support_emergency="red")

    assert (found.score, found.coverage) == (prove().score, prove().coverage)
    assert found.contribution("support_emergency").label == "red"


# --- PostHog's health score

METRICS = [metric.name for group in HEALTH.SCORES for metric in group.measures]


@given(st.fixed_dictionaries({name: st.none() | st.integers(0, 120) for name in METRICS}))
def test_the_overall_score_is_the_mean_of_the_seven_by_weight(account: dict[str, Any]) -> None:
    scores = {each.name: HEALTH.score(each).assess(account).score for each in HEALTH.SCORES}
    known = [each for each in HEALTH.SCORES if scores[each.name] is not None]
    weight = sum(Fraction(each.weight) for each in known)

    score = HEALTH.OVERALL.assess(account).score

    if known:
        assert score == sum(Fraction(each.weight) * scores[each.name] for each in known) / weight
    else:
        assert score is None


@pytest.mark.parametrize("measure", HEALTH.OVERALL.leaves, ids=lambda measure: measure.name)
def test_every_metric_has_a_word_for_every_number(measure: Any) -> None:
    assert gaps(measure) == ()


# --- GitLab's playbooks by usage metrics


@needs_cases
@pytest.mark.real_data
def test_the_case_that_is_a_reading_is_read_alike() -> None:
    (case,) = (each for each in cases("gitlab-metrics-playbooks") if each["certainty"] == "reading")

    assert metrics_answer(case["input"]) == case["expected"]


@pytest.mark.parametrize(
    ("months", "series", "fired"),
    [
        (0, {"ci_runners": [0]}, []),
        (1, {"ci_runners": [0]}, ["ci_runners"]),
        (1, {"ci_runners": [1]}, []),
        (2, {"ci_internal_pipelines": [1000, 800]}, ["ci_internal_pipelines"]),
        (2, {"ci_internal_pipelines": [1000, 801]}, []),
        (2, {"ci_internal_pipelines": [None, 800]}, []),
        (2, {"ci_internal_pipelines": [0, 0]}, []),
        (3, {"ci_internal_pipelines": [9, 9]}, ["ci_internal_pipelines"]),
        (3, {"ci_internal_pipelines": [10, 10]}, []),
        (2, {"projects_bamboo_active": [4, 4]}, ["projects_bamboo_active"]),
        (2, {"projects_bamboo_active": [3, 3]}, []),
        (2, {"projects_bamboo_active": [1, 2]}, ["projects_bamboo_active"]),
        (4, {"license_utilisation": [0.9, 0.85]}, []),
        (4, {"license_utilisation": [0.9, 0.75]}, ["license_utilisation"]),
        (4, {"license_utilisation": [0.4, 0.4]}, ["license_utilisation"]),
        (2, {"dast_jobs": [0]}, []),
        (3, {"dast_jobs": [49]}, ["dast_jobs"]),
        (3, {"dast_jobs": [50]}, []),
    ],
    ids=str,
)
def test_a_metric_starts_its_playbook_at_its_bound(
    months: int, series: dict[str, Any], fired: list[str]
) -> None:
    account = {"months_since_onboarding": months, "projects": [20, 20], **series}

    assert PINGS.fired(account) == fired


def test_three_months_are_asked_for_the_pipelines_of_elsewhere() -> None:
    inside = {"months_since_onboarding": 6, "ci_internal_pipelines": [10, 20, 30]}

    found = [
        PINGS.fired({**inside, "ci_external_pipelines": outside})
        for outside in ([11, 21, 31], [11, 20, 31], [None, 21, 31])
    ]

    assert found == [["ci_external_pipelines"], [], []]


# --- Buffer's trend of risk


def test_the_trend_leaves_no_user_without_an_answer() -> None:
    assert str(check_table(BUFFER.TREND)).startswith("sound")


def test_a_user_of_unknown_history_is_neither_scored_nor_left_out() -> None:
    found = BUFFER.TREND.decide({"slope_per_year": -9, "p_value": 0.01})

    assert found.outcome is None
    assert str(found) == "unknown: not scored, or at risk; ask for active_weeks"


# --- customerOS's contract status


def test_a_contract_that_ends_or_starts_today_is_live_today() -> None:
    today = dt.date(2024, 3, 15)
    contract = {"approved": True, "auto_renew": True, "service_start": today, "ended_at": today}

    assert CUSTOMEROS.STATUS.decide(contract, as_of=today).outcome == "LIVE"


@pytest.mark.parametrize("fact", ["approved", "auto_renew"])
def test_what_a_contract_cannot_do_without_is_asked_for(fact: str) -> None:
    today = dt.date(2024, 3, 15)
    contract = {
        "approved": True,
        "auto_renew": True,
        "service_start": dt.date(2024, 1, 1),
        "renewed_at": dt.date(2024, 3, 1),
    }

    decision = CUSTOMEROS.STATUS.decide(contract | {fact: None}, as_of=today)

    assert (decision.outcome, decision.questions) == (None, (fact,))


@pytest.mark.parametrize(
    ("status", "likelihood", "risk"),
    [
        ("ENDED", "HIGH", "CHURNED"),
        ("ENDED", None, "CHURNED"),
        ("LIVE", "HIGH", "OK"),
        ("SCHEDULED", "HIGH", "OK"),
        ("OUT_OF_CONTRACT", "HIGH", "MEDIUM_RISK"),
        ("LIVE", "MEDIUM", "MEDIUM_RISK"),
        ("LIVE", "LOW", "HIGH_RISK"),
        ("OUT_OF_CONTRACT", "ZERO", "HIGH_RISK"),
        ("LIVE", None, None),
    ],
)
def test_a_contract_is_at_the_risk_of_its_likelihood(
    status: str, likelihood: str | None, risk: str | None
) -> None:
    facts = {"status": status, "likelihood": likelihood}

    assert CUSTOMEROS.RISK.decide(facts).outcome == risk


def test_the_tables_of_statuses_and_risks_are_sound() -> None:
    assert check_table(CUSTOMEROS.STATUS).flaws == ()
    assert check_table(CUSTOMEROS.RISK).flaws == ()


def published_state(risks: Sequence[str]) -> str:
    """The publication's own form: which risks the contracts have among them, in order."""
    for state in ("CHURNED", "OK", "MEDIUM_RISK"):
        among = CUSTOMEROS.WORST_LAST[: CUSTOMEROS.WORST_LAST.index(state) + 1]
        if all(risk in among for risk in risks):
            return state
    return "HIGH_RISK"


risks_of_contracts = st.lists(st.sampled_from(CUSTOMEROS.WORST_LAST), min_size=1, max_size=6)


@given(risks_of_contracts)
def test_an_organisation_is_as_its_worst_contract(risks: list[str]) -> None:
    assert CUSTOMEROS.organisation(risks) == published_state(risks)


@given(risks_of_contracts)
def test_an_unknown_risk_leaves_an_organisation_unknown_unless_it_cannot_be_worse(
    risks: list[str],
) -> None:
    worst = "HIGH_RISK" if "HIGH_RISK" in risks else None

    assert CUSTOMEROS.organisation([*risks, None]) == worst


def test_an_organisation_without_contracts_has_no_state() -> None:
    assert CUSTOMEROS.organisation([]) is None
