"""
The budgets that pools share: finance states what each holds in a period, before the review funds the pools.

A statement is never edited: stated anew, it is a new row with its reason, and the last
one counts. From the run's review on it stands, as the pools it funded do.
Rule: docs/reference/formulas.md, "Pool funding", under "Under-funded".
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from kamcomp import money
from kamcomp.audit.context import act
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal, Word
from payouts.models import PoolBudget
from payouts.selectors.adjustments import run_under_review

ZERO = Decimal(0)
STATERS = [Role.FINANCE, Role.EXECUTIVE]


class PoolBudgetUnsound(Refusal):
    """A budget has a name, an amount of 0 or more in whole minor units, and a reason."""


class PoolBudgetFixed(Refusal):
    """The pools of the period are funded, so what their budgets hold stands."""


@act
def pool_budget_put(
    *, period: Period, code: str, amount: Decimal, currency: str, reason: str, by: User, at: datetime
) -> PoolBudget:
    """
    State what a budget that plans name holds in a period; what was stated before stays on record.

    Units: `amount` in whole minor units of `currency`, which is the currency of the plans that name it.

    :raises PoolBudgetUnsound: if the name, the amount or the reason is not one.
    :raises PoolBudgetFixed: if the period's run is reviewed, or the period is locked.
    """
    role_check(user=by, roles=STATERS, on=at.date(), act="Stating a budget")
    if not code or code != code.strip():
        raise PoolBudgetUnsound(
            "A budget has the name that plans say in pool.funding.budget, no blanks around it."
        )
    if amount < ZERO or not money.is_settled(amount, currency=currency):
        raise PoolBudgetUnsound(
            "%(amount)s %(currency)s is no budget: it is 0 or more, in whole minor units.",
            amount=amount,
            currency=currency,
        )
    if not reason.strip():
        raise PoolBudgetUnsound(
            "Say why %(code)s holds %(amount)s %(currency)s: a budget is stated with a reason.",
            code=code,
            amount=amount,
            currency=currency,
        )
    period = Period.objects.select_for_update(no_key=True).get(pk=period.pk)
    if period.status == PeriodStatus.LOCKED:
        raise PoolBudgetFixed("%(period)s is locked: its budgets stand.", period=period)
    if run := run_under_review(period=period):
        raise PoolBudgetFixed(
            "%(run)s is %(status)s and has funded the pools of %(period)s: return the allocations "
            "and run again, then state the budget before the review.",
            run=run,
            status=Word(run.get_status_display().lower()),
            period=period,
        )
    before = PoolBudget.objects.filter(period=period, code=code).order_by("number").last()
    return PoolBudget.objects.create(
        code=code,
        period=period,
        number=before.number + 1 if before else 1,
        amount=amount,
        currency=currency,
        reason=reason,
        created_by=by,
    )
