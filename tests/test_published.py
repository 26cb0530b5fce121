"""Worked examples that were published, made again with the library: what is right, what is not.

Each row names its source, what is printed there and what the library gives. Where the two differ
the library is right, and the row says why. The rates of a year that follow from those of a month
are in ``test_rates.py``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import attrs
import pytest

from cslib.bridges import Retention, retention
from cslib.conventions import (
    CHARTMOGUL,
    GITLAB,
    POINT_TO_POINT,
    SMSB,
    SMSB_MOVEMENTS,
    STRIPE,
    RenewalConvention,
    RetentionConvention,
)
from cslib.cubes import CustomerCube
from cslib.movements import Movement, classify
from cslib.periods import Period
from cslib.rates import Rate
from cslib.renewal import Contract, RenewalReport, renewal_rate
from cslib.waterfalls import Waterfall, waterfall

DECEMBER, JANUARY, FEBRUARY = Period.parse("2025-12-01/2026-03-01").months()
OVER_TWO = Period(JANUARY.start, FEBRUARY.end)


def cube(*pairs: tuple[int, int]) -> CustomerCube:
    """A customer for each pair: what it pays in January and what in February."""
    rows = [
        (place, month, paid)
        for place, pair in enumerate(pairs)
        for month, paid in zip((JANUARY, FEBRUARY), pair, strict=True)
    ]
    return CustomerCube.of_rows(rows, currency="USD", span=OVER_TWO)


def kept(convention: RetentionConvention, *pairs: tuple[int, int]) -> Retention:
    """Retention from January to February."""
    return retention(cube(*pairs), FEBRUARY, attrs.evolve(convention, months=1))


def report(*pairs: tuple[int, int], back: int = 0) -> Waterfall:
    """The waterfall of February; ``back`` is paid by one who had paid in December and left."""
    rows = [(-1, DECEMBER, 1), (-1, FEBRUARY, back)] if back else []
    found = [
        (place, month, paid)
        for place, pair in enumerate(pairs)
        for month, paid in zip((JANUARY, FEBRUARY), pair, strict=True)
    ]
    span = Period(DECEMBER.start, FEBRUARY.end)
    return waterfall(CustomerCube.of_rows([*rows, *found], currency="USD", span=span))


def quick(*pairs: tuple[int, int], back: int = 0) -> Rate:
    return report(*pairs, back=back).quick_ratio(FEBRUARY)


def closing(*pairs: tuple[int, int]) -> int:
    """What February closes with, in major units."""
    return int(report(*pairs).closing[-1]) // 100


def renewals(*pairs: tuple[int, int]) -> RenewalReport:
    """Contracts that end in June: what each was worth a year, and what its renewal is, or 0."""
    book = []
    for place, (before, after) in enumerate(pairs):
        name, start, end = f"C-{place}", dt.date(2025, 7, 1), dt.date(2026, 7, 1)
        terms = {"account": name, "currency": "USD"}
        book.append(Contract(contract=name, start=start, end=end, annual_value=before, **terms))
        if after:
            book.append(
                Contract(
                    contract=f"{name} again",
                    start=end,
                    end=dt.date(2027, 7, 1),
                    annual_value=after,
                    renews=name,
                    **terms,
                )
            )
    return renewal_rate(book, None, Period.month(2026, 6), as_of=dt.date(2026, 9, 30))


SIGNED_NET = RenewalConvention(name="signed, net", collected=False, capped=False)


def lost(rate: Rate) -> Fraction | None:
    """The churn rate that a retention leaves."""
    return None if rate.value is None else 1 - rate.value


class Published(NamedTuple):
    """One figure of a published example."""

    source: str
    printed: str
    found: Callable[[], object]
    shown: str
    """The figure, as the library shows it."""
    wrong: str = ""
    """What is wrong with the one printed; empty where it is right."""


def percent(rate: Callable[[], Rate | Fraction | None], places: int = 1) -> Callable[[], str]:
    return lambda: f"{float(as_fraction(rate())):.{places}%}"


def as_fraction(rate: Rate | Fraction | None) -> Fraction:
    value = rate.value if isinstance(rate, Rate) else rate
    assert value is not None
    return value


GITLAB_PAGE = "GitLab handbook, Customer Success Vision, Retention, Gross & Net (Dollar Weighted)"
BOARD = "SaaS Metrics Standards Board, as transcribed in mickoner/saas_metrics_standards"
STRIPE_PAGE = "Stripe docs, Billing metric definitions"
POSTHOG_PAGE = "PostHog/posthog.com: customer-retention-metrics.md@1094c564"
QUICK = "ProfitWell, SaaS Quick Ratio"
STAYED = (97_000, 97_000)

PUBLISHED = {
    "W3": Published(
        POSTHOG_PAGE,
        "15 %",
        percent(lambda: lost(kept(CHARTMOGUL, (17_000, 0), (3_000, 6_000), (80_000, 80_000)).nrr)),
        "14.0%",
        "17,000 lost less 3,000 won are 14,000 of 100,000",
    ),
    "W4": Published(
        POSTHOG_PAGE,
        "17 %",
        percent(lambda: lost(kept(CHARTMOGUL, (17_000, 0), (3_000, 6_000), (80_000, 80_000)).grr)),
        "17.0%",
    ),
    "W5": Published(
        POSTHOG_PAGE,
        "80 %",
        percent(lambda: kept(SMSB, *[(1, 1)] * 800, *[(1, 0)] * 200, *[(0, 1)] * 500).logos),
        "80.0%",
    ),
    "W11 closing": Published(
        STRIPE_PAGE,
        "1,045",
        lambda: closing((0, 100), (300, 350), (340, 300), (60, 0), (5, 0), (295, 295)),
        "1045",
    ),
    "W12": Published(
        STRIPE_PAGE,
        "9.1 % of subscribers lost",
        percent(
            lambda: lost(kept(STRIPE, *[(1, 0)] * 100, *[(1, 1)] * 900, *[(0, 1)] * 100).logos)
        ),
        "9.1%",
    ),
    "W15": Published(
        STRIPE_PAGE,
        "102.5 %",
        percent(
            lambda: kept(POINT_TO_POINT, *[(10, 0)] * 10, *[(10, 25)] * 5, *[(10, 10)] * 85).nrr
        ),
        "97.5%",
        "an upgrade from 10 to 25 counts as 25, where it adds 15",
    ),
    "W19 gross": Published(
        GITLAB_PAGE, "about 86 %", percent(lambda: kept(GITLAB, (50, 100), (125, 100)).grr), "85.7%"
    ),
    "W19 net": Published(
        GITLAB_PAGE, "114 %", percent(lambda: kept(GITLAB, (50, 100), (125, 100)).nrr), "114.3%"
    ),
    "W25": Published(
        f"{BOARD}@b07e2217",
        "98.5 %",
        percent(lambda: kept(SMSB_MOVEMENTS, (1_000, 0), (2_000, 1_500), STAYED).grr),
        "98.5%",
    ),
    "W27": Published(
        f"{BOARD}@1e26d52e",
        "101.5 %",
        percent(lambda: kept(SMSB_MOVEMENTS, (90, 0), (100, 210), (105, 100), (705, 705)).nrr),
        "101.5%",
    ),
    "W28": Published(
        f"{BOARD}@1e26d52e",
        "91.4 %",
        percent(lambda: kept(SMSB, *[(1, 1)] * 320, *[(1, 0)] * 30).logos),
        "91.4%",
    ),
    "W29 gross": Published(
        "ChartMogul help 203359341",
        "20 %",
        percent(lambda: lost(kept(CHARTMOGUL, (10, 0), (50, 40), (40, 50)).grr)),
        "20.0%",
    ),
    "W29 net": Published(
        "ChartMogul help 203359341",
        "10 %",
        percent(lambda: lost(kept(CHARTMOGUL, (10, 0), (50, 40), (40, 50)).nrr)),
        "10.0%",
    ),
    "W33 first": Published(QUICK, "6", lambda: quick((0, 24), (4, 0)).value, "6"),
    "W33 second": Published(QUICK, "3", lambda: quick((0, 30), (10, 0)).value, "3"),
    "W33 third": Published(QUICK, "2", lambda: quick((0, 40), (20, 0)).value, "2"),
    "W34 count": Published(
        "Planhat, SaaS renewal rate",
        "80 %",
        percent(lambda: renewals(*[(1_000, 1_000)] * 8, *[(1_000, 0)] * 2).signed_count),
        "80.0%",
    ),
    "W34 value": Published(
        "Planhat, SaaS renewal rate",
        "80 %",
        percent(lambda: renewals(*[(1_000, 1_000)] * 8, *[(1_000, 0)] * 2).signed_value),
        "80.0%",
    ),
    "W34 net": Published(
        "Planhat, SaaS renewal rate",
        "110 %",
        percent(
            lambda: (
                renewals((1_000, 4_000), *[(1_000, 1_000)] * 7, *[(1_000, 0)] * 2)
                .rate(SIGNED_NET)
                .value
            )
        ),
        "110.0%",
    ),
    "W35": Published(
        "Ordway, Gross revenue retention",
        "90 %",
        percent(lambda: kept(GITLAB, (1_000_000, 0), (9_000_000, 9_000_000)).grr),
        "90.0%",
    ),
    "W36": Published(
        "Jirav, metrics library (2023-04-25)",
        "88 %",
        percent(lambda: kept(CHARTMOGUL, (100_000, 0), (50_000, 30_000), (850_000, 850_000)).grr),
        "88.0%",
    ),
    "W37 count": Published(
        "Winsabove, glossary, renewal rate",
        "90 %",
        percent(lambda: renewals(*[(80_000, 80_000)] * 48, *[(80_000, 0)] * 2).signed_count),
        "96.0%",
        "it says that 45 of 50 renew and that two leave: with two lost 48 renew",
    ),
    "W37 value": Published(
        "Winsabove, glossary, renewal rate",
        "80 %",
        percent(
            lambda: (
                renewals(
                    *[(250_000, 0)] * 2,
                    *[(200_000, 100_000)] * 3,
                    *[(64_445, 64_445)] * 44,
                    (64_420, 64_420),
                ).signed_value
            )
        ),
        "80.0%",
    ),
    "W38": Published(
        "BigDelta, metrics library, renewal rate",
        "92 %",
        percent(lambda: renewals(*[(1, 1)] * 22, *[(1, 0)] * 2).signed_count, 0),
        "92%",
    ),
    "W44 net": Published(
        "NRR vs GRR for the board pack (2026-09-14)",
        "103.9 %",
        percent(lambda: kept(GITLAB, (140, 0), (630, 800)).nrr),
        "103.9%",
    ),
    "W44 gross": Published(
        "NRR vs GRR for the board pack (2026-09-14)",
        "81.8 %",
        percent(lambda: kept(GITLAB, (140, 0), (630, 800)).grr),
        "81.8%",
    ),
    "W56 closing": Published(
        "mowt.pages.dev, MRR calculator",
        "58",
        lambda: int(report((0, 8), (20, 24), (10, 8), (3, 0), (17, 17), back=1).closing[-1]) // 100,
        "58",
    ),
    "W56 quick ratio": Published(
        "mowt.pages.dev, MRR calculator",
        "2.6",
        lambda: float(as_fraction(quick((0, 8), (20, 24), (10, 8), (3, 0), (17, 17), back=1))),
        "2.6",
    ),
}


@pytest.mark.parametrize("each", PUBLISHED.values(), ids=PUBLISHED)
def test_a_published_example_comes_out_as_printed_or_as_it_should_have_been(
    each: Published,
) -> None:
    assert str(each.found()) == each.shown


@pytest.mark.parametrize("each", PUBLISHED.values(), ids=PUBLISHED)
def test_a_published_figure_is_called_wrong_where_it_differs_and_only_there(
    each: Published,
) -> None:
    printed, shown = (
        float(text.replace(",", "").replace("about ", "").split()[0].rstrip("%"))
        for text in (each.printed, each.shown)
    )

    assert (abs(printed - shown) > 0.5) == bool(each.wrong)


# --------------------------------------------------------------------------------------
# Classifiers of movements that were published

# What each package calls a row, by the amount before and after, from the order of the branches of
# its CASE; fivetran's three ask for growth first, so that their reactivation is never reached.
ZUORA = "fivetran/dbt_zuora: models/zuora__monthly_recurring_revenue.sql@68ef299c"
RECURLY = "fivetran/dbt_recurly: models/recurly__monthly_recurring_revenue.sql@c8000e86"
STRIPE_ITEMS = "fivetran/dbt_stripe: models/stripe__subscription_item_mrr_report.sql@190a2621"
PLAYBOOK = "dbt-labs/mrr-playbook: models/mrr.sql@54478a5b"


def by_growth_first(before: int, after: int, row: int) -> str | None:
    """The branches of dbt_zuora and dbt_recurly, in their order; the first row has its own."""
    branches = (
        (after > before, "expansion"),
        (after < before, "contraction"),
        (after == before, None),
        (after == 0 and before != 0, "churn"),
        (before == 0 and after > 0 and row >= 3, "reactivation"),
    )
    return next(label for holds, label in branches if holds)


def by_item(before: int, after: int, row: int) -> str | None:
    """Those of dbt_stripe."""
    branches = (
        (after > before, "expansion"),
        (before > after > 0, "contraction"),
        (before > 0 and after == 0, "churn"),
        (before == 0 and after > 0 and row >= 3, "reactivation"),
        (after == before, None),
    )
    return next(label for holds, label in branches if holds)


def by_flags(before: int, after: int, row: int) -> str | None:
    """Those of dbt-labs; ``row`` is that of a customer, who had paid in the first of them."""
    branches = (
        (before == 0 and row == 1, "new"),
        (before > 0 and after == 0, "churn"),
        (before == 0 and after > 0, "reactivation"),
        (after > before, "expansion"),
        (after < before, "contraction"),
        (True, None),
    )
    return next(label for holds, label in branches if holds)


MISTAKES: dict[str, tuple[Callable[[int, int, int], str | None], dict[tuple[int, int], str]]] = {
    ZUORA: (
        by_growth_first,
        {
            (0, 60): "expansion",
            (0, 100): "expansion",
            (0, 150): "expansion",
            (100, 0): "contraction",
        },
    ),
    RECURLY: (
        by_growth_first,
        {
            (0, 60): "expansion",
            (0, 100): "expansion",
            (0, 150): "expansion",
            (100, 0): "contraction",
        },
    ),
    STRIPE_ITEMS: (
        by_item,
        {(0, 60): "expansion", (0, 100): "expansion", (0, 150): "expansion"},
    ),
    PLAYBOOK: (by_flags, {}),
}
"""For each package: its order of questions, and what it calls wrong of a former customer's rows."""

ROWS = [(before, after) for before in (0, 100) for after in (0, 60, 100, 150)]


@pytest.mark.parametrize(("read", "mistakes"), MISTAKES.values(), ids=MISTAKES)
def test_a_published_classifier_agrees_with_ours_but_for_its_known_mistakes(
    read: Callable[[int, int, int], str | None], mistakes: dict[tuple[int, int], str]
) -> None:
    found = {
        (before, after): read(before, after, 3)
        for before, after in ROWS
        if read(before, after, 3) != classify(before, after, was_customer=True)
    }

    assert found == mistakes


def test_a_return_is_a_reactivation_here_whatever_the_amount() -> None:
    returns = {classify(0, after, was_customer=True) for after in (60, 100, 150)}

    assert returns == {Movement.REACTIVATION}
