"""
What is owed back: opened when a person's corrections of a period fall below zero on balance.

A case keeps what the plan allows: how much of each later payout may recover it. The
recovery itself is part of the run (a line of the payout); where a plan has no clawback
terms, nothing is taken and the case waits for a decision.
Rule: docs/reference/formulas.md, "Clawback".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from kamcomp.audit.context import act
from kamcomp.columns import as_column
from kamcomp.identity.models import User
from kamcomp.refusal import Refusal
from payouts.choices import AdjustmentKind, RunStatus
from payouts.engine.clawback import look_back_from, overpaid
from payouts.models import Adjustment, ClawbackCase, Payout
from plans.engine.document import plan_from_document
from plans.engine.payment_terms import Clawback
from plans.models import PlanVersion

ZERO = Decimal(0)


class ClawbackNotInPlan(Refusal):
    """The plan version has no clawback terms, so nothing paid under it is taken back."""


class LookBackPassed(Refusal):
    """The payment lies further back than the plan's clawback reaches."""


class NothingOverpaid(Refusal):
    """The corrected amount is not less than what was paid."""


class PayoutNotLocked(Refusal):
    """Only what was paid can be taken back."""


@act
def clawback_open(*, payout: Payout, recomputed: Decimal, cause: str, by: User, at: datetime) -> Adjustment:
    """
    Propose to take back what a locked payout paid beyond the amount on the corrected result.

    Somebody else decides on it like on any adjustment; approval opens the case.

    :raises PayoutNotLocked: if the payout's run is not locked.
    :raises ClawbackNotInPlan: if its plan version has no clawback terms.
    :raises LookBackPassed: if it was paid before the look-back reaches.
    :raises NothingOverpaid: if `recomputed` is not less than what was paid.
    """
    from payouts.selectors.adjustments import open_period
    from payouts.services.adjustments import Corrects, adjustment_propose

    if payout.run.status != RunStatus.LOCKED:
        raise PayoutNotLocked(f"{payout.run} is not locked: settle it there, nothing has been paid.")
    terms = clawback_terms(version=payout.plan_version)
    if terms is None:
        raise ClawbackNotInPlan(f"{payout.plan_version} has no clawback terms: nothing paid under it is taken back.")
    refuse_beyond_look_back(payout=payout, terms=terms, at=at)
    amount = overpaid(
        paid=as_column([payout.amount]), recomputed=as_column([recomputed]), currency=payout.currency
    )[0]
    if not amount:
        raise NothingOverpaid(f"{recomputed} {payout.currency} is not less than the {payout.amount} paid.")
    return adjustment_propose(
        period=open_period(calendar=payout.period.calendar),
        kind=AdjustmentKind.CLAWBACK,
        amount=-amount,
        currency=payout.currency,
        reason=cause,
        person=payout.person,
        plan_version=payout.plan_version,
        corrects=Corrects(
            period=payout.period, payout=payout, due=recomputed, posted_before=payout.amount
        ),
        by=by,
        at=at,
    )


def shortfall_settle(
    *, adjustment: Adjustment, before: Decimal, after: Decimal, by: User, at: datetime
) -> ClawbackCase | None:
    """
    Keep the cases of a person equal to what their decided adjustments of the period fall below zero.

    `before` and `after` are the person's net of the period without and with the adjustment.
    More owed opens a case; less owed closes the period's cases, latest first, and opens one
    for what remains of the last.
    """
    owed = max(-after, ZERO) - max(-before, ZERO)
    if owed > 0:
        return _case_open(adjustment=adjustment, amount=owed, by=by)
    forgiven, remainder = -owed, None
    for case in _cases_of(adjustment):
        if not forgiven:
            break
        case.closed_at = at
        case.save(update_fields=["closed_at"])
        if case.recoverable > forgiven:
            remainder = _case_open(adjustment=adjustment, amount=case.recoverable - forgiven, by=by)
        forgiven = max(forgiven - case.recoverable, ZERO)
    return remainder


def clawback_terms(*, version: PlanVersion | None) -> Clawback | None:
    """Return the clawback terms of a plan version, or None where it has none."""
    if version is None:
        return None
    return plan_from_document(version.document).payment.clawback


def refuse_beyond_look_back(*, payout: Payout, terms: Clawback, at: datetime) -> None:
    """
    Check that a payout was paid within the plan's look-back.

    :raises LookBackPassed: naming the first day the look-back reaches.
    """
    paid_on = payout.period.pay_on or payout.period.days.upper - timedelta(days=1)
    first = look_back_from(found_on=at.date(), months=terms.months)
    if paid_on < first:
        raise LookBackPassed(
            f"{payout.period} was paid on {paid_on}; {terms.months} months back from {at.date()} reach {first}."
        )


def _case_open(*, adjustment: Adjustment, amount: Decimal, by: User) -> ClawbackCase:
    terms = clawback_terms(version=adjustment.plan_version) or Clawback()
    return ClawbackCase.objects.create(
        person=adjustment.person,
        plan_version=adjustment.plan_version,
        payout=adjustment.corrects_payout,
        cause=adjustment.reason,
        recoverable=amount,
        currency=adjustment.currency,
        per_payout_at_most=terms.per_payout_at_most,
        look_back_months=terms.months,
        approved_by=by,
        created_by=adjustment.proposed_by,
        period=adjustment.period,
    )


def _cases_of(adjustment: Adjustment) -> list[ClawbackCase]:
    return list(
        ClawbackCase.objects.select_for_update(of=("self",))
        .filter(
            person_id=adjustment.person_id,
            currency=adjustment.currency,
            period=adjustment.period,
            closed_at=None,
        )
        .order_by("-created_at", "-pk")
    )
