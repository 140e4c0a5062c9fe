"""
The horizon of a goal: how long until what it measures is paid; derived, never typed.

Pure. Rule: docs/reference/formulas.md, "Horizon".
"""

from __future__ import annotations

from plans.engine.conventions import Accumulation, PlanPeriod
from plans.engine.payment_terms import Payment
from plans.engine.plan import Incentive, MoneyLeaf, Node, Plan

MONTHS = {PlanPeriod.MONTH: 1, PlanPeriod.QUARTER: 3, PlanPeriod.HALF_YEAR: 6, PlanPeriod.YEAR: 12}
LONG_OVER_MONTHS = 12


def horizon_months(*, plan: Plan, node: Incentive | Node | MoneyLeaf) -> int:
    """Return the months of a node's measurement window plus those its payment is held back for."""
    owed = {
        Accumulation.PERIOD: MONTHS[plan.period],
        Accumulation.YEAR_TO_DATE: 12,
        Accumulation.MULTI_YEAR: 12 * node.years,
    }[node.accumulation]
    rolling = getattr(node, "rolling", None)
    measured = max(owed, rolling.periods * MONTHS[plan.period]) if rolling else owed
    return measured + _vesting_months(plan.payment, MONTHS[plan.period])


def is_long_term(*, plan: Plan, node: Incentive | Node | MoneyLeaf) -> bool:
    """Tell whether a node's horizon is long: over twelve months."""
    return horizon_months(plan=plan, node=node) > LONG_OVER_MONTHS


def _vesting_months(payment: Payment, period_months: int) -> int:
    back = payment.holdback
    held = (back.periods + len(back.instalments) - 1) * period_months if back else 0
    banked = 12 * (payment.deferral.pay_one_in - 1) if payment.deferral else 0
    return max(held, banked)
