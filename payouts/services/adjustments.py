"""
Adjustments: new amounts in the open period that correct or add; what they correct is never edited.

One person proposes with a reason, another decides; nobody proposes or decides their own.
A person's decided adjustments of a period are netted by currency: what they owe on balance
becomes a clawback case, recovered from later payouts only as far as the plan says.
States: docs/reference/states.md, "Adjustment".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from kamcomp import money
from kamcomp.audit.context import act
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.lawful import refusing
from kamcomp.records import recording_moment
from kamcomp.refusal import Refusal, Word
from kamcomp.sentences import Numeral, Sentence
from payouts.choices import AdjustmentKind, AdjustmentStatus, DisputeStatus
from payouts.models import Adjustment, Dispute, Payout, Pool, Run
from payouts.models.cases import UPHELD
from payouts.selectors.adjustments import OF_A_RULE, open_period, person_nets, run_under_review
from payouts.selectors.pool_corrections import corrections_not_taken
from payouts.services.clawback_cases import shortfall_settle
from payouts.services.telling import adjustment_decided_told, adjustment_told
from plans.models import PlanVersion
from teams.models import Person

ZERO = Decimal(0)
PROPOSERS = [Role.COMP_ADMIN, Role.FINANCE]
DECIDERS = [Role.FINANCE, Role.EXECUTIVE, Role.COMP_ADMIN]


class AdjustmentReasonMissing(Refusal):
    """An adjustment, or its rejection, has no reason."""


class AdjustmentAmountUnsound(Refusal):
    """An adjustment of zero, or of a part of a minor unit, means nothing."""


class AdjustmentPeriodClosed(Refusal):
    """An adjustment goes to a period that is open; a locked or future one takes none."""


class PeriodUnderReview(Refusal):
    """The period's figures are fixed by a reviewed run, so its adjustments are too."""


class OwnAdjustment(Refusal):
    """Nobody proposes or decides an adjustment of their own pay."""


class ProposerCannotDecide(Refusal):
    """Who proposed an adjustment does not decide on it."""


class AdjustmentDecided(Refusal):
    """The adjustment was decided before."""


class AdjustmentReversed(Refusal):
    """The adjustment has been reversed already, or its reversal waits for a decision."""


class TakenLater(Refusal):
    """The adjustment went to a pool under review: what the pool takes of it stands only with the lock."""


class NothingToReverse(Refusal):
    """The adjustment went to a pool that could take nothing of it."""


class RuleMakesThese(Refusal):
    """Adjustments of this kind are made by a rule, never by hand."""


REVERSED_ONCE: dict[str, Refusal | type[Refusal]] = {
    "adjustments_are_reversed_once": AdjustmentReversed(
        "It is reversed already, or that waits for a decision: a second reversal would take the amount twice."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Corrects:
    """
    What an adjustment corrects, and the recalculation it comes from.

    `alone` is the part of the amount that no later run settles: of leaves that count a period alone, in a
    plan of which others accumulate.
    """

    period: Period | None = None
    payout: Payout | None = None
    line: int | None = None
    pool: Pool | None = None
    reverses: Adjustment | None = None
    due: Decimal | None = None
    posted_before: Decimal | None = None
    alone: Decimal = ZERO
    inputs: bytes | None = None
    input_digest: str = ""

    def fields(self) -> Mapping[str, Any]:
        """Return the adjustment's fields."""
        return {
            "corrects_period": self.period,
            "corrects_payout": self.payout,
            "corrects_line": self.line,
            "corrects_pool": self.pool,
            "reverses": self.reverses,
            "due": self.due,
            "posted_before": self.posted_before,
            "alone": self.alone,
            "inputs": self.inputs,
            "input_digest": self.input_digest,
        }


NOTHING = Corrects()


@act
def adjustment_propose(
    *,
    period: Period,
    kind: AdjustmentKind,
    amount: Decimal,
    currency: str,
    reason: str,
    person: Person | None = None,
    pool: Pool | None = None,
    plan_version: PlanVersion | None = None,
    corrects: Corrects = NOTHING,
    by: User,
    at: datetime,
) -> Adjustment:
    """
    Propose an amount for a person, or for a pool, in an open period.

    Units: `amount` in whole minor units of `currency`; below zero takes away.

    :raises AdjustmentReasonMissing: if there is no reason.
    :raises AdjustmentAmountUnsound: if the amount is zero or not a whole minor unit.
    :raises AdjustmentPeriodClosed: if the period is future or locked.
    :raises PeriodUnderReview: if the period's run has been reviewed.
    :raises OwnAdjustment: if it is about the pay of `by`.
    :raises RuleMakesThese: if the kind is made by a rule only.
    """
    role_check(user=by, roles=PROPOSERS, on=at.date(), act="Proposing an adjustment")
    if kind in OF_A_RULE:
        raise RuleMakesThese(
            "%(kind)s: made when a run is approved, not by hand.",
            kind=AdjustmentKind(kind).label,
        )
    if not reason.strip():
        raise AdjustmentReasonMissing("Say why: an adjustment is shown to the payee with its reason.")
    if not amount or not money.is_settled(amount, currency=currency):
        raise AdjustmentAmountUnsound(
            "%(amount)s %(currency)s is not an amount to adjust by: give whole minor units.",
            amount=amount,
            currency=currency,
        )
    _refuse_own(person=person, by=by)
    period = _takes_adjustments(period_id=period.pk)
    adjustment = Adjustment.objects.create(
        period=period,
        person=person,
        pool=pool,
        plan_version=plan_version,
        kind=kind,
        amount=amount,
        currency=currency,
        reason=reason if reason == reason.strip() else reason.strip(),  # a sentence keeps its pieces
        proposed_by=by,
        created_by=by,
        **corrects.fields(),
    )
    adjustment_told(adjustment=adjustment, deciders=DECIDERS, at=at)
    return adjustment


@act
def adjustment_approve(*, adjustment_id: UUID, by: User, at: datetime) -> Adjustment:
    """
    Approve an adjustment: it will be posted with its period's lock.

    :raises AdjustmentDecided: if it was approved or rejected before.
    :raises ProposerCannotDecide: if `by` proposed it.
    :raises OwnAdjustment: if it is about the pay of `by`.
    :raises PeriodUnderReview: if the period's run has been reviewed meanwhile.
    """
    adjustment = _to_decide(adjustment_id=adjustment_id, by=by, at=at)
    _takes_adjustments(period_id=adjustment.period_id)
    # Two adjustments of one person are netted one after the other, also while the period has no run to wait for.
    if adjustment.person is not None:
        Person.objects.select_for_update(no_key=True).get(pk=adjustment.person.pk)
    nets = person_nets(period=adjustment.period)
    adjustment.status, adjustment.decided_by, adjustment.decided_at = AdjustmentStatus.APPROVED, by, at
    adjustment.decision_recorded_at = recording_moment()
    adjustment.save(update_fields=["status", "decided_by", "decided_at", "decision_recorded_at"])
    adjustment_decided_told(at=at)
    if adjustment.person is not None:
        before = nets.get((adjustment.person.pk, adjustment.currency), ZERO)
        after = before + adjustment.amount
        shortfall_settle(
            adjustment=adjustment, person=adjustment.person, before=before, after=after, by=by, at=at
        )
    return adjustment


@act
def adjustment_reject(*, adjustment_id: UUID, reason: str, by: User, at: datetime) -> Adjustment:
    """
    Reject an adjustment with a reason, kept behind the proposer's.

    :raises AdjustmentReasonMissing: if there is no reason.
    :raises AdjustmentDecided, ProposerCannotDecide, OwnAdjustment: as `adjustment_approve`.
    """
    if not reason.strip():
        raise AdjustmentReasonMissing("Say why it is rejected.")
    adjustment = _to_decide(adjustment_id=adjustment_id, by=by, at=at)
    adjustment.status, adjustment.decided_by, adjustment.decided_at = AdjustmentStatus.REJECTED, by, at
    adjustment.decision_recorded_at = recording_moment()
    adjustment.reason = f"{adjustment.reason} - rejected: {reason.strip()}"
    adjustment.save(update_fields=["status", "decided_by", "decided_at", "decision_recorded_at", "reason"])
    _dispute_reopen(adjustment)
    adjustment_decided_told(at=at)
    return adjustment


@act
def adjustment_reverse(*, adjustment_id: UUID, reason: str, by: User, at: datetime) -> Adjustment:
    """
    Propose the opposite of an approved or posted adjustment; the first stays as it is.

    It goes to the same period while that takes adjustments, and to the open one afterwards. Of what a pool could take
    in part only that part goes back.

    :raises AdjustmentDecided: if the adjustment is not approved or posted.
    :raises NothingToReverse: if its pool could take nothing of it.
    :raises TakenLater: if its pool is under review.
    :raises AdjustmentReversed: if it was reversed before, or that waits for a decision.
    """
    adjustment = Adjustment.objects.select_related("period__calendar", "person", "pool", "plan_version").get(
        pk=adjustment_id
    )
    if adjustment.status not in (AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED):
        raise AdjustmentDecided(
            "%(adjustment)s is %(status)s: only what is decided for payment is reversed.",
            adjustment=adjustment,
            status=Word(adjustment.get_status_display().lower()),
        )
    amount = _amount_taken(adjustment)
    corrects = Corrects(
        period=adjustment.corrects_period,
        payout=adjustment.corrects_payout,
        line=adjustment.corrects_line,
        pool=adjustment.corrects_pool,
        reverses=adjustment,
        alone=-adjustment.alone,
    )
    words = Sentence(
        "Reverses %(amount)s %(currency)s of %(period)s: %(reason)s",
        amount=Numeral.plain(money.settle(amount, currency=adjustment.currency)),
        currency=adjustment.currency,
        period=adjustment.period.code,
        reason=reason.strip(),
    )
    with refusing(REVERSED_ONCE):
        return adjustment_propose(
            period=_reversal_period(adjustment),
            kind=AdjustmentKind(adjustment.kind),
            amount=-amount,
            currency=adjustment.currency,
            reason=words if reason.strip() else "",
            person=adjustment.person,
            pool=adjustment.pool,
            plan_version=adjustment.plan_version,
            corrects=corrects,
            by=by,
            at=at,
        )


def _amount_taken(adjustment: Adjustment) -> Decimal:
    """
    Return what an adjustment came to: all of it, or what its pool could take.

    :raises NothingToReverse: if that is nothing.
    :raises TakenLater: if its pool is under review.
    """
    if adjustment.pool is None:
        return adjustment.amount
    if adjustment.status == AdjustmentStatus.APPROVED and run_under_review(period=adjustment.period):
        raise TakenLater(
            "%(period)s is under review, and what its pool can take of %(adjustment)s stands once it is locked: "
            "reverse it then.",
            period=adjustment.period,
            adjustment=adjustment,
        )
    left = corrections_not_taken(accounts=[adjustment.pool.account_id])
    taken = adjustment.amount + left.get(adjustment.pk, ZERO)
    if not taken:
        raise NothingToReverse(
            "%(pool)s could take nothing of %(adjustment)s: there is nothing to reverse.",
            pool=adjustment.pool,
            adjustment=adjustment,
        )
    return taken


def _dispute_reopen(adjustment: Adjustment) -> None:
    """Take the dispute that was upheld by a rejected adjustment back into review: it still needs an answer."""
    Dispute.objects.filter(adjustment=adjustment, status__in=UPHELD).update(
        status=DisputeStatus.IN_REVIEW, adjustment=None, answer="", answered_by=None, answered_at=None
    )


def _reversal_period(adjustment: Adjustment) -> Period:
    period = adjustment.period
    takes = (
        period.status in (PeriodStatus.OPEN, PeriodStatus.COLLECTING)
        and run_under_review(period=period) is None
    )
    return period if takes else open_period(calendar=period.calendar)


def _takes_adjustments(*, period_id: UUID) -> Period:
    """Return the period, with its current run's row locked, so that a review waits for this act or refuses it."""
    Run.objects.select_for_update(of=("self",), no_key=True).filter(
        period_id=period_id, is_current=True
    ).first()
    period = Period.objects.get(pk=period_id)
    if period.status not in (PeriodStatus.OPEN, PeriodStatus.COLLECTING):
        raise AdjustmentPeriodClosed(
            "%(period)s is %(status)s: an adjustment goes to an open period.",
            period=period,
            status=Word(period.get_status_display().lower()),
        )
    if run := run_under_review(period=period):
        raise PeriodUnderReview(
            "%(run)s is %(status)s, so the figures of %(period)s stand: adjust in the next period.",
            run=run,
            status=Word(run.get_status_display().lower()),
            period=period,
        )
    return period


def _to_decide(*, adjustment_id: UUID, by: User, at: datetime) -> Adjustment:
    role_check(user=by, roles=DECIDERS, on=at.date(), act="Deciding on an adjustment")
    adjustment = (
        Adjustment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("period", "person", "plan_version")
        .get(pk=adjustment_id)
    )
    if adjustment.status != AdjustmentStatus.PROPOSED:
        raise AdjustmentDecided(
            "%(adjustment)s is %(status)s already.",
            adjustment=adjustment,
            status=Word(adjustment.get_status_display().lower()),
        )
    if adjustment.proposed_by_id == by.pk:
        raise ProposerCannotDecide(
            "%(by)s proposed %(adjustment)s and cannot decide on it: somebody else does.",
            by=by,
            adjustment=adjustment,
        )
    _refuse_own(person=adjustment.person, by=by)
    return adjustment


def _refuse_own(*, person: Person | None, by: User) -> None:
    if person is not None and person.user_id == by.pk:
        raise OwnAdjustment(
            "%(by)s cannot propose or decide an adjustment of their own pay: somebody else does.", by=by
        )
