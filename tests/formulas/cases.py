"""Small cases for the worked tables: one person, one plan, answered by the calculator."""

from __future__ import annotations

from calendar import monthrange
from decimal import Decimal
from typing import Any

from payouts.engine.calculator import calculate

STRAIGHT = {"points": [["-9", "-9"], ["9", "9"]]}
MONTHS_OF = {"year": 12, "quarter": 3, "month": 1}
FIRST_YEAR = 2026
Document = dict[str, Any]


def calendar(period: str, pay: int) -> Document:
    """Return a calendar from 2026 on whose first periods are paid: Y1 and on, or Q1 and on, or M1 and on."""
    months = MONTHS_OF[period]
    years, names = [], []
    for year in range(FIRST_YEAR, FIRST_YEAR - (-pay * months // 12)):
        periods = []
        for first in range(1, 13, months):
            last = first + months - 1
            names.append(f"{period[0].upper()}{len(names) + 1}")
            days = {"from": f"{year}-{first:02}-01", "to": f"{year}-{last:02}-{monthrange(year, last)[1]}"}
            periods.append({"name": names[-1], **days})
        years.append({"name": str(year), "periods": periods})
    return {"years": years, "pay": names[:pay]}


def goal(code: str, weight: Any = "1", **says: Any) -> Document:
    """Return a goal that pays its reading itself, unless it says otherwise."""
    return {"kind": "goal", "code": code, "weight": str(weight), "metric": code, "curve": STRAIGHT} | says


def plan(*children: Document, period: str = "year", **says: Any) -> Document:
    """Return a plan of these nodes; `incentive` says what stands at its top."""
    incentive = {"children": list(children)} | says.pop("incentive", {})
    return {
        "code": "T", "name": "T", "type": "hybrid", "currency": "EUR", "period": period,
        "effective": {"from": "2026-01-01", "to": "2026-12-31"}, "incentive": incentive,
    } | says  # fmt: skip


def commission_plan(leaf: Document | None = None, **says: Any) -> Document:
    """Return a plan that pays a person's credited revenue itself, so that earned is what the table says."""
    whole = {"kind": "commission", "code": "C", "tiers": [{"from": "0", "rate": "1"}]}
    return plan(commissions=[whole | (leaf or {})], **says)


def result(metric: str, says: Document | str | Decimal, *, period: str = "Y1", **more: Any) -> Document:
    """Return a result of the account: what a cell says of it, or an actual alone."""
    given = says if isinstance(says, dict) else {"actual": str(says)}
    return {"metric": metric, "level": "team", "subject": "ACME", "period": period} | given | more


def credit(name: str, says: Document, period: str = "Y1") -> Document:
    """Return a deal credited to the person: directly and in full, unless it says otherwise."""
    return {"id": name, "person": "kam", "period": period, "credit_type": "direct", "share": "1"} | says


def somebody(*, target: str = "10000", **says: Any) -> Document:
    """Return a person on the plan from 2026 on, with this yearly target incentive."""
    since = {"from": "2026-01-01", "to": None}
    return {
        "id": "kam",
        "employments": [{**since, "fte": "1"}],
        "packages": [{**since, "base_salary": "120000", "target_incentive": target}],
        "leaves": [],
        "assignments": [{**since, "account": "ACME", "dedication": "1"}],
    } | says


def period_answers(
    document: Document, *, people: list[Document], pay: int = 1, **case: Any
) -> list[dict[str, Document]]:
    """Return what each paid period answers, by person."""
    days = calendar(document["period"], pay)
    asked = {"format": "kamcomp.case/1", "plan": document, "calendar": days, "people": people, **case}
    return [{each["person"]: each for each in period["people"]} for period in calculate(asked)["payouts"]]


def paid(
    document: Document, *, target: str = "10000", person: Document | None = None, **case: Any
) -> list[Document]:
    """Return what each paid period answers for one person."""
    found = period_answers(document, people=[somebody(target=target, **(person or {}))], **case)
    return [period["kam"] for period in found]


def paid_on(document: Document, earned: list[Decimal], **case: Any) -> list[Document]:
    """Return what each period answers in which this revenue was credited."""
    first = document["period"][0].upper()
    deals = [credit(f"d{i}", {"revenue": str(e)}, f"{first}{i + 1}") for i, e in enumerate(earned)]
    return paid(document, pay=len(earned), credits=deals, **case)


def ratio(document: Document, *results: Document, **case: Any) -> Decimal:
    """Return the result of the whole plan in the last paid period, as a ratio."""
    return Decimal(paid(document, results=list(results), **case)[-1]["ratio"])


def payout(document: Document, *results: Document, **case: Any) -> Decimal:
    """Return the payout of the last paid period."""
    return Decimal(paid(document, results=list(results), **case)[-1]["payout"])
