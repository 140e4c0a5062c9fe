"""
What is owed back: opened when a person's corrections of a period fall below zero on balance.

A case keeps what the plan and local law allow: how much of each later payout may recover it.
The recovery itself is part of the run (a line of the payout); where a plan has no clawback
terms, or a reminder of local law blocks it, nothing is taken and the case waits for a decision.
Rule: docs/reference/formulas.md, "Clawback".
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from kamcomp.identity.models import User
from payouts.models import Adjustment, ClawbackCase
from payouts.services.run_checks import claim_forbidden
from plans.engine.document import plan_from_document
from plans.engine.payment_terms import Clawback
from plans.models import PlanVersion
from teams.models import Person

ZERO = Decimal(0)


def shortfall_settle(
    *, adjustment: Adjustment, person: Person, before: Decimal, after: Decimal, by: User, at: datetime
) -> ClawbackCase | None:
    """
    Keep the cases of a person equal to what their decided adjustments of the period fall below zero.

    `before` and `after` are the person's net of the period without and with the adjustment,
    which is about their pay.
    More owed opens a case; less owed closes the period's cases, latest first, and opens one
    for what remains of the last.
    """
    owed = max(-after, ZERO) - max(-before, ZERO)
    if owed > 0:
        return _case_open(adjustment=adjustment, person=person, amount=owed, by=by, at=at)
    forgiven, remainder = -owed, None
    for case in _cases_of(adjustment, person):
        if not forgiven:
            break
        case.closed_at = at
        case.save(update_fields=["closed_at"])
        if case.recoverable > forgiven:
            remainder = _case_open(
                adjustment=adjustment, person=person, amount=case.recoverable - forgiven, by=by, at=at
            )
        forgiven = max(forgiven - case.recoverable, ZERO)
    return remainder


def clawback_terms(*, version: PlanVersion | None) -> Clawback | None:
    """Return the clawback terms of a plan version, or None where it has none."""
    if version is None:
        return None
    return plan_from_document(version.document).payment.clawback


def _case_open(
    *, adjustment: Adjustment, person: Person, amount: Decimal, by: User, at: datetime
) -> ClawbackCase:
    terms = clawback_terms(version=adjustment.plan_version) or Clawback()
    forbidden = claim_forbidden(adjustment=adjustment, person=person, amount=amount, at=at)
    return ClawbackCase.objects.create(
        person=person,
        plan_version=adjustment.plan_version,
        payout=adjustment.corrects_payout,
        cause=adjustment.reason,
        recoverable=amount,
        currency=adjustment.currency,
        per_payout_at_most=ZERO if forbidden else terms.per_payout_at_most,
        look_back_months=terms.months,
        approved_by=by,
        created_by=adjustment.proposed_by,
        period=adjustment.period,
    )


def _cases_of(adjustment: Adjustment, person: Person) -> list[ClawbackCase]:
    return list(
        ClawbackCase.objects.select_for_update(of=("self",), no_key=True)
        .filter(
            person=person,
            currency=adjustment.currency,
            period=adjustment.period,
            closed_at=None,
        )
        .order_by("-created_at", "-pk")
    )
