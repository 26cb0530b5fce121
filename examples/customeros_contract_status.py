"""customerOS's status of a contract and state of an organisation, written with cslib.

Published in customeros/customeros at ef492ebd, ``packages/server/``:
``events-processing-platform-subscribers/subscriptions/graph/contract_event_handler.go``
(``deriveContractStatus``); and in customeros/customeros at 7a7269c4,
``customer-os-api/repository/dashboard_repository.go`` (``GetDashboardCustomerMapData``).

Run it with ``python examples/customeros_contract_status.py``. What the publication leaves open is
in ``docs/gallery/customeros-contract-status.md``.
"""

import datetime as dt

from cslib import DecisionTable, Row

STATUS = DecisionTable(
    name="contract status",
    rows=(
        Row(when="coalesce(ended_at < today(), False)", then="ENDED"),
        Row(when="not approved", then="DRAFT"),
        Row(when="is_missing(service_start) or service_start > today()", then="SCHEDULED"),
        Row(
            when="not auto_renew and coalesce(renewed_at < today(), False)",
            then="OUT_OF_CONTRACT",
        ),
        Row(then="LIVE"),
    ),
)
RISK = DecisionTable(
    name="contract risk",
    rows=(
        Row(when="status == 'ENDED'", then="CHURNED"),
        Row(when="likelihood == 'HIGH' and status in {'LIVE', 'SCHEDULED'}", then="OK"),
        Row(when="likelihood in {'LOW', 'ZERO'}", then="HIGH_RISK"),
        Row(then="MEDIUM_RISK"),
    ),
)
WORST_LAST = ("CHURNED", "OK", "MEDIUM_RISK", "HIGH_RISK")


def organisation(risks):
    """The worst risk of its contracts; None without any, or where an unknown one could be worse."""
    known = [risk for risk in risks if risk is not None]
    worst = max(known, key=WORST_LAST.index, default=None)
    return worst if len(known) == len(risks) or worst == WORST_LAST[-1] else None


def is_former_customer(status, others):
    """Whether a contract that has this status now was the last that made it a customer."""
    return status == "ENDED" and all(other in {"DRAFT", "ENDED"} for other in others)


def main():
    """Three contracts of an organisation: the status and risk of each, and what that makes it."""
    today = dt.date(2024, 3, 15)
    running = {"approved": True, "service_start": dt.date(2024, 1, 1), "auto_renew": False}
    contracts = {
        "old": {**running, "ended_at": dt.date(2024, 3, 14)},
        "lapsed": {**running, "renewed_at": dt.date(2024, 3, 1), "likelihood": "HIGH"},
        "running": {**running, "renewed_at": dt.date(2025, 1, 1), "likelihood": "HIGH"},
    }
    risks = []
    for name, contract in contracts.items():
        status = STATUS.decide(contract, as_of=today)
        risk = RISK.decide({**contract, "status": status.outcome})
        risks.append(risk.outcome)
        print(f"{name}: {status.outcome}, {risk.outcome}")
    print(f"organisation: {organisation(risks)}\n")

    print(STATUS.decide(contracts["lapsed"], as_of=today).explain())


if __name__ == "__main__":
    main()
