"""Small cases for the worked tables: one person, one plan, answered by the calculator."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from payouts.engine.calculator import calculate

STRAIGHT = {"points": [["-9", "-9"], ["9", "9"]]}
QUARTERS = ("01-01", "03-31", "04-01", "06-30", "07-01", "09-30", "10-01", "12-31")
Document = dict[str, Any]


def calendar(year: int, period: str, pay: int) -> Document:
    """Return a calendar of one year in quarters (Q1 to Q4) or as a whole (Y), its first periods to be paid."""
    days = QUARTERS if period == "quarter" else ("01-01", "12-31")
    names = [f"Q{i + 1}" for i in range(4)] if period == "quarter" else ["Y"]
    periods = [
        {"name": name, "from": f"{year}-{days[2 * i]}", "to": f"{year}-{days[2 * i + 1]}"}
        for i, name in enumerate(names)
    ]
    return {"years": [{"name": str(year), "periods": periods}], "pay": names[:pay]}


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


def result(metric: str, says: Document | str | Decimal, *, period: str = "Y", **more: Any) -> Document:
    """Return a result of the account: what a cell says of it, or an actual alone."""
    given = says if isinstance(says, dict) else {"actual": str(says)}
    return {"metric": metric, "level": "team", "subject": "ACME", "period": period} | given | more


def paid(document: Document, *, pay: int = 1, target: str = "10000", person: Document | None = None,
         **case: Any) -> list[Document]:  # fmt: skip
    """Return what each paid period answers for one person, with this yearly target incentive."""
    since = {"from": "2026-01-01", "to": None}
    somebody = {
        "id": "kam",
        "employments": [{**since, "fte": "1"}],
        "packages": [{**since, "base_salary": "120000", "target_incentive": target}],
        "leaves": [],
        "assignments": [{**since, "account": "ACME", "dedication": "1"}],
    } | (person or {})
    days = calendar(2026, document["period"], pay)
    asked = {"format": "kamcomp.case/1", "plan": document, "calendar": days, "people": [somebody], **case}
    return [period["people"][0] for period in calculate(asked)["payouts"]]


def ratio(document: Document, *results: Document, **case: Any) -> Decimal:
    """Return the result of the whole plan in the last paid period, as a ratio."""
    return Decimal(paid(document, results=list(results), **case)[-1]["ratio"])


def payout(document: Document, *results: Document, **case: Any) -> Decimal:
    """Return the payout of the last paid period."""
    return Decimal(paid(document, results=list(results), **case)[-1]["payout"])
