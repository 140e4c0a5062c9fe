"""
The lock: postings are made, payouts and shares are final, the period is closed for good.

Everything happens in one transaction that takes the run's row and then the period's, so
that whatever is in flight is either in before or refused. The next period of the calendar
is open afterwards, so that corrections have a place.
States: docs/reference/states.md, "Period" and "Run".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamcomp.approvals.models import Approval
from kamcomp.audit.context import act
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal, Word
from payouts.choices import AdjustmentStatus, RunStatus
from payouts.models import Adjustment, Run
from payouts.services.approvals import LOCKERS, RUN_TABLE, STEP, approval_digest
from payouts.services.events import statements_published_event
from payouts.services.ledger import run_post
from payouts.services.runs import database_clock
from payouts.services.team_costs import team_costs_measure
from payouts.services.telling import run_locked_told


class RunNotApproved(Refusal):
    """Only an approved run is locked."""


class PeriodNotOver(Refusal):
    """A period is locked after its last day."""


class ApprovalVoid(Refusal):
    """What was approved has changed since, so the approval does not cover it."""


class EarlierPeriodOpen(Refusal):
    """Periods are locked in order: an earlier one is still open."""


@act
def run_lock(*, run_id: UUID, by: User, at: datetime) -> Run:
    """
    Lock an approved run and its period: post, close, open the next period, measure what teams cost.

    :raises RunNotApproved: if the run is not approved.
    :raises PeriodNotOver: if `at` is not after the period's last day.
    :raises EarlierPeriodOpen: if an earlier period with a run is not locked.
    :raises ApprovalVoid: if what was approved changed since.
    """
    role_check(user=by, roles=LOCKERS, on=at.date(), act="Locking a run")
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("period", "calendar")
        .get(pk=run_id)
    )
    period = Period.objects.select_for_update(of=("self",), no_key=True).get(pk=run.period_id)
    _refuse_unless_lockable(run=run, period=period, at=at)
    run_post(run=run, by=by, at=at)
    posted = Adjustment.objects.filter(period=period, status=AdjustmentStatus.APPROVED)
    posted.update(status=AdjustmentStatus.POSTED, run=run)
    run.status, run.locked_by, run.locked_at = RunStatus.LOCKED, by, at
    run.save(update_fields=["status", "locked_by", "locked_at"])
    if period.status == PeriodStatus.OPEN:
        _move(period, PeriodStatus.COLLECTING)
    _move(period, PeriodStatus.LOCKED)
    _open_next(period=period)
    team_costs_measure(period=period, by=by, known_at=database_clock())
    run_locked_told(run=run, at=at)
    statements_published_event(run=run, at=at)
    return run


def _refuse_unless_lockable(*, run: Run, period: Period, at: datetime) -> None:
    if run.status != RunStatus.APPROVED:
        raise RunNotApproved(
            "%(run)s is %(status)s: only an approved run is locked.",
            run=run,
            status=Word(run.get_status_display().lower()),
        )
    if at.date() < period.days.upper:
        raise PeriodNotOver(
            "%(period)s runs to its last day, %(last)s: lock it afterwards.",
            period=period,
            last=period.span.last,
        )
    earlier = (
        Run.objects.filter(
            calendar_id=run.calendar_id, is_current=True, period__days__startswith__lt=period.days.lower
        )
        .exclude(period__status=PeriodStatus.LOCKED)
        .select_related("period")
        .order_by("period__days")
        .first()
    )
    if earlier is not None:
        raise EarlierPeriodOpen(
            "%(period)s has a run and is not locked: lock it before %(later)s.",
            period=earlier.period,
            later=period,
        )
    approval = Approval.objects.filter(subject_table=RUN_TABLE, subject_id=run.pk, step=STEP).latest(
        "decided_at"
    )
    if approval.digest != approval_digest(run=run):
        raise ApprovalVoid(
            "What %(decided_by)s approved of %(run)s on %(decided_at)s has changed since: find "
            "out what in the audit entries of the period.",
            decided_by=approval.decided_by,
            run=run,
            decided_at=f"{approval.decided_at:%d %b %Y}",
        )


def _open_next(*, period: Period) -> None:
    following = (
        Period.objects.select_for_update(of=("self",), no_key=True)
        .filter(calendar_id=period.calendar_id, days__startswith__gte=period.days.upper)
        .order_by("days")
        .first()
    )
    if following is not None and following.status == PeriodStatus.FUTURE:
        _move(following, PeriodStatus.OPEN)


def _move(period: Period, status: PeriodStatus) -> None:
    period.status = status
    period.save(update_fields=["status"])
