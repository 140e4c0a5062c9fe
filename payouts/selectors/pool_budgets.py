"""
Reads about the budgets that pools share: what each holds in a period, and who shares it.

Rule: docs/reference/formulas.md, "Pool funding", under "Under-funded".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from kamcomp import money
from kamcomp.calendar.models import Period
from kamcomp.refusal import Refusal
from payouts.engine.pool_case import PoolCase, case_from_document, funded_by_rule, pool_granted
from payouts.models import Pool, PoolBudget
from payouts.selectors.pool_facts import PoolPlan


class BudgetInAnotherCurrency(Refusal):
    """A budget is stated in another currency than a plan whose pools share it."""


@dataclass(frozen=True, kw_only=True)
class PoolsOfBudget:
    """A budget of a period as a table shows it: what is stated, what the funded pools asked, what they got."""

    budget: PoolBudget
    pools: int
    asked: Decimal
    granted: Decimal


@dataclass(frozen=True, kw_only=True)
class ShareOfBudget:
    """What a funded pool asked of its budget, what all its pools did, what there was, and what it got."""

    code: str
    available: Decimal
    pools: int
    total: Decimal
    asked: Decimal
    granted: Decimal


def pool_share_of_budget(*, pool: Pool) -> ShareOfBudget | None:
    """Return how a funded pool stands in the budget its plan names, from its kept inputs; None where it names none."""
    case = case_from_document(pool.inputs) if pool.inputs else None
    if case is None or case.budget is None or case.terms.funding.budget is None:
        return None
    asked = funded_by_rule(case=case)
    return ShareOfBudget(
        code=case.terms.funding.budget,
        available=case.budget.available,
        pools=len(case.budget.others) + 1,
        total=sum(case.budget.others.values(), asked),
        asked=asked,
        granted=pool_granted(case=case),
    )


def budgets_stated(*, period: Period) -> dict[str, PoolBudget]:
    """Return what each budget of a period holds, by code: the last statement of each."""
    rows = PoolBudget.objects.filter(period=period).select_related("created_by", "period")
    return {row.code: row for row in rows.order_by("code", "number")}


def budgets_available(*, period: Period, plans: Iterable[PoolPlan]) -> dict[str, Decimal]:
    """
    Return the money of a period's budgets, by code, in the currency of the plans that name them.

    :raises BudgetInAnotherCurrency: if a plan that names a budget is in another currency.
    """
    stated = budgets_stated(period=period)
    for plan in plans:
        budget = stated.get(plan.terms.funding.budget or "")
        if budget is not None and budget.currency != plan.plan.currency:
            raise BudgetInAnotherCurrency(
                "The budget %(budget)s is stated in %(currency)s, and %(version)s, which shares it, "
                "is in %(plan_currency)s: state it in %(plan_currency)s, or name another budget in "
                "that plan.",
                budget=budget,
                currency=budget.currency,
                version=plan.version,
                plan_currency=plan.plan.currency,
            )
    return {code: money.settle(row.amount, currency=row.currency) for code, row in stated.items()}


def budgets_of_period(*, period: Period) -> list[PoolsOfBudget]:
    """Return a period's budgets by code, with what the pools funded so far asked of each and got."""
    cases = [
        case_from_document(pool.inputs) for pool in Pool.objects.filter(period=period, run__isnull=False)
    ]
    return [
        _told(budget, [case for case in cases if case.terms.funding.budget == code])
        for code, budget in budgets_stated(period=period).items()
    ]


def _told(budget: PoolBudget, cases: list[PoolCase]) -> PoolsOfBudget:
    asked = sum((funded_by_rule(case=case) for case in cases), Decimal(0))
    available = cases[0].budget.available if cases and cases[0].budget else Decimal(0)
    return PoolsOfBudget(budget=budget, pools=len(cases), asked=asked, granted=min(asked, available))
