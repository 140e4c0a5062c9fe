"""
Taking back what a locked payout paid beyond the corrected result, as far as the plan goes.

It is proposed like any adjustment and decided by somebody else; approval opens the case
(`clawback_cases`) that later runs recover.
Rule: docs/reference/formulas.md, "Clawback".
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from kamcomp.audit.context import act
from kamcomp.calendar.models import Period
from kamcomp.columns import as_column
from kamcomp.identity.models import User
from kamcomp.refusal import Refusal
from payouts.choices import AdjustmentKind, RunStatus
from payouts.engine.clawback import look_back_from, overpaid
from payouts.models import Adjustment, Payout
from payouts.selectors.adjustments import open_period
from payouts.selectors.recalculation import paid_before_recovery
from payouts.services.adjustments import Corrects, adjustment_propose
from payouts.services.clawback_cases import clawback_terms
from payouts.services.run_checks import recovery_keep, recovery_report
from plans.engine.payment_terms import Clawback
from plans.models import PlanVersion


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

    Both amounts are before anything is recovered of a claim, as late facts compare them. Somebody else
    decides on it like on any adjustment; approval opens the case.

    :raises PayoutNotLocked: if the payout's run is not locked.
    :raises ClawbackNotInPlan: if its plan version has no clawback terms.
    :raises LookBackPassed: if it was paid before the look-back reaches.
    :raises NothingOverpaid: if `recomputed` is not less than what was paid.
    :raises RecoveryAgainstLocalLaw: if a reminder of the law where the person works blocks it.
    """
    if payout.run.status != RunStatus.LOCKED:
        raise PayoutNotLocked(
            "%(run)s is not locked: settle it there, nothing has been paid.", run=payout.run
        )
    terms = clawback_terms(version=payout.plan_version)
    if terms is None:
        raise ClawbackNotInPlan(
            "%(plan_version)s has no clawback terms: nothing paid under it is taken back.",
            plan_version=payout.plan_version,
        )
    refuse_beyond_look_back(payout=payout, terms=terms, at=at)
    paid = paid_before_recovery(payout=payout)
    amount = overpaid(paid=as_column([paid]), recomputed=as_column([recomputed]), currency=payout.currency)[0]
    if not amount:
        raise NothingOverpaid(
            "%(recomputed)s %(currency)s is not less than the %(amount)s paid.",
            recomputed=recomputed,
            currency=payout.currency,
            amount=paid,
        )
    report = recovery_report(payout=payout, amount=amount, at=at)
    adjustment = adjustment_propose(
        period=open_period(calendar=payout.period.calendar),
        kind=AdjustmentKind.CLAWBACK,
        amount=-amount,
        currency=payout.currency,
        reason=cause,
        person=payout.person,
        plan_version=payout.plan_version,
        corrects=Corrects(period=payout.period, payout=payout, due=recomputed, posted_before=paid),
        by=by,
        at=at,
    )
    recovery_keep(adjustment=adjustment, report=report, at=at)
    return adjustment


def refuse_beyond_look_back(*, payout: Payout, terms: Clawback, at: datetime) -> None:
    """
    Check that a payout was paid within the plan's look-back.

    :raises LookBackPassed: naming the first day the look-back reaches.
    """
    paid_on, first = paid_day(period=payout.period), look_back_from(found_on=at.date(), months=terms.months)
    if paid_on < first:
        raise LookBackPassed(
            "%(period)s was paid on %(paid_on)s; %(months)s months back from %(at)s reach %(first)s.",
            period=payout.period,
            paid_on=paid_on,
            months=terms.months,
            at=at.date(),
            first=first,
        )


def is_beyond_look_back(*, period: Period, version: PlanVersion, on: date) -> bool:
    """Tell whether what a period paid lies further back than the plan takes back; without terms there is no limit."""
    terms = clawback_terms(version=version)
    return terms is not None and paid_day(period=period) < look_back_from(found_on=on, months=terms.months)


def paid_day(*, period: Period) -> date:
    """Return the day a period was paid, its last where it has no pay day."""
    return period.pay_on or period.days.upper - timedelta(days=1)
