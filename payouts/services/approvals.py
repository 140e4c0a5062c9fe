"""
The second approval of a run, by finance: everything that will be paid is known and stays.

Pools are approved, adjustments decided, personal ceilings applied. The approval is bound to
a digest of what was approved; if a cent of it changes before the lock, the lock refuses.
States: docs/reference/states.md, "Run".
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from kamcomp import money
from kamcomp.approvals.choices import Decision, FindingStatus, Severity
from kamcomp.approvals.models import Approval, Finding
from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Listing, Refusal, Sentence, Word
from payouts.choices import AdjustmentKind, AdjustmentStatus, PoolStatus, RunStatus
from payouts.models import Adjustment, Pool, Run
from payouts.selectors.adjustments import adjustments_to_post, refuse_undecided
from payouts.selectors.ceilings import CeilingEffect, ceiling_effects
from payouts.selectors.payroll import payroll_shares
from payouts.services.events import payouts_approved_event
from payouts.services.pools import allocation_digest
from payouts.services.telling import run_approved_told
from plans.engine.document import canonical_bytes
from teams.models import Person

RUN_TABLE = "payouts_run"
STEP = "run_approve"
LOCKERS = [Role.FINANCE, Role.COMP_ADMIN]
UNSIGNED_RULES = ("E01", "E11", "L64")
"""Findings of a run that say that somebody it pays has not signed, or cannot read, what they are paid by."""
CEILING_RULE = "personal_ceiling"
NAMED = 5


class RunNotAllocating(Refusal):
    """The second approval comes after the first, once, and before the lock."""


class PoolsNotApproved(Refusal):
    """A pool of the run is not allocated and approved yet."""


class PreparerCannotApprove(Refusal):
    """Who started or reviewed a run does not give its second approval."""


class PlanNotSigned(Refusal):
    """Somebody may not be paid before they have signed, and has not."""


class AllocatorCannotApproveRun(Refusal):
    """Who allocated one of its pools does not approve a run."""


@act
def run_approve(*, run_id: UUID, by: User, at: datetime) -> Run:
    """
    Approve what a run, its pools and its period's adjustments will pay.

    Personal ceilings are applied here: what passes one is an adjustment of its own and a
    finding that names the person's total and limit.

    :raises RunNotAllocating: if the run is not between its two approvals.
    :raises PreparerCannotApprove: if `by` started or reviewed it.
    :raises AllocatorCannotApproveRun: if `by` allocated one of its pools.
    :raises PoolsNotApproved: naming the pools that are not.
    :raises AdjustmentsUndecided: if an adjustment of the period is not decided.
    :raises PlanNotSigned: if a finding that blocks says that somebody has not signed what pays them.
    :raises RateMissing: if somebody is paid in a currency that no stored rate leads to.
    """
    role_check(user=by, roles=[Role.FINANCE], on=at.date(), act="Approving a run")
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("period", "calendar")
        .get(pk=run_id)
    )
    _refuse_unless_approvable(run=run, by=by)
    _ceilings_apply(run=run, by=by, at=at)
    payroll_shares(run=run, on=run.period.days.upper - timedelta(days=1))
    run.status, run.approved_by, run.approved_at = RunStatus.APPROVED, by, at
    run.save(update_fields=["status", "approved_by", "approved_at"])
    Approval.objects.create(
        subject_table=RUN_TABLE,
        subject_id=run.pk,
        step=STEP,
        digest=approval_digest(run=run),
        prepared_by=run.started_by,
        decided_by=by,
        decided_at=at,
        decision=Decision.APPROVED,
        created_by=by,
    )
    run_approved_told(run=run, lockers=LOCKERS, at=at)
    payouts_approved_event(run=run, at=at)
    return run


def approval_digest(*, run: Run) -> str:
    """Return the SHA-256 of everything a run's lock will post: its figures, its pools, the period's adjustments."""
    pools = Pool.objects.filter(run=run).order_by("pk")
    adjustments = adjustments_to_post(period=run.period)
    content = {
        "run": str(run.pk),
        "results": run.result_digest,
        "inputs": run.input_digest,
        "pools": [allocation_digest(pool=pool) for pool in pools],
        "adjustments": [[str(each.pk), str(each.amount), each.currency] for each in adjustments],
    }
    return hashlib.sha256(canonical_bytes(content)).hexdigest()


def _refuse_unless_approvable(*, run: Run, by: User) -> None:
    if run.status != RunStatus.ALLOCATING:
        raise RunNotAllocating(
            "%(run)s is %(status)s: it is approved once, after its review and before its lock.",
            run=run,
            status=Word(run.get_status_display().lower()),
        )
    if by.pk in (run.started_by_id, run.reviewed_by_id):
        done = Word("started") if by.pk == run.started_by_id else Word("reviewed")
        raise PreparerCannotApprove(
            "%(by)s %(done)s %(run)s and cannot approve it: somebody else does.", by=by, done=done, run=run
        )
    pools = list(
        Pool.objects.filter(run=run).select_related("account__node", "period", "allocator").order_by("pk")
    )
    for pool in pools:
        allocator = pool.allocator.user_id if pool.allocator else None
        if by.pk in (pool.submitted_by_id, allocator):
            raise AllocatorCannotApproveRun(
                "%(by)s allocated the pool of %(pool)s and cannot approve %(run)s.", by=by, pool=pool, run=run
            )
    waiting: list[str] = [
        Sentence("%(pool)s (%(status)s)", pool=pool.account, status=Word(pool.get_status_display().lower()))
        for pool in pools
        if _waits(pool)
    ]
    if waiting:
        some = Listing([*waiting[:NAMED], *([Word("and others")] if len(waiting) > NAMED else [])])
        raise PoolsNotApproved(
            "%(waiting_count)s pools of %(run)s are not approved: %(some)s.",
            waiting_count=len(waiting),
            run=run,
            some=some,
        )
    refuse_undecided(period=run.period)
    _refuse_unsigned(run=run)


def _refuse_unsigned(*, run: Run) -> None:
    found = Finding.objects.filter(
        subject_table=RUN_TABLE, subject_id=str(run.pk), rule__in=UNSIGNED_RULES,
        severity=Severity.BLOCKS, status=FindingStatus.OPEN,
    ).order_by("rule", "message")  # fmt: skip
    said: list[str] = [
        Sentence("%(rule)s: %(said)s", rule=each.rule, said=each.words) for each in found[: NAMED + 1]
    ]
    if said:
        some = Listing([*said[:NAMED], *([Word("And others.")] if len(said) > NAMED else [])], " ")
        raise PlanNotSigned(
            "%(some)s Have it signed and check the run again, or waive the finding.", some=some
        )


def _waits(pool: Pool) -> bool:
    return pool.status != PoolStatus.APPROVED


def _ceilings_apply(*, run: Run, by: User, at: datetime) -> None:
    if run.reviewed_by is None:
        raise RunNotAllocating(
            "%(run)s has not been reviewed: its second approval comes after the first.", run=run
        )
    effects = ceiling_effects(run=run)
    names = dict(
        Person.objects.filter(pk__in=[effect.person_id for effect in effects]).values_list(
            "pk", "employee_id"
        )
    )
    for effect in effects:
        _finding(run=run, effect=effect, name=names[effect.person_id])
        if effect.amount:
            Adjustment.objects.create(
                period=run.period,
                person_id=effect.person_id,
                kind=AdjustmentKind.CEILING,
                amount=effect.amount,
                currency=effect.currency,
                reason=_why(effect),
                run=run,
                status=AdjustmentStatus.APPROVED,
                proposed_by=run.reviewed_by,
                decided_by=by,
                decided_at=at,
                created_by=by,
            )


def _why(effect: CeilingEffect) -> str:
    total, ceiling = (money.settle(each, currency=effect.currency) for each in (effect.total, effect.ceiling))
    if effect.amount > 0:
        return Sentence(
            "Released: cut off earlier this year, and now within the personal ceiling of %(ceiling)s",
            ceiling=ceiling,
        )
    return Sentence(
        "Above the personal ceiling: %(total)s %(currency)s this year against %(ceiling)s",
        total=total,
        currency=effect.currency,
        ceiling=ceiling,
    )


def _finding(*, run: Run, effect: CeilingEffect, name: str) -> None:
    mixed = Word("is paid in several currencies, so the ceiling was not applied")
    Finding.objects.create(
        subject_table=RUN_TABLE,
        subject_id=str(run.pk),
        rule=CEILING_RULE,
        message=Sentence("%(name)s: %(said)s", name=name, said=mixed if effect.mixed else _why(effect)),
        value=str(effect.total),
        limit=str(effect.ceiling),
        severity=Severity.TO_LOOK_AT,
    )
