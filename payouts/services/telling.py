"""
Whom the acts of the money tell: who waits next, who asked and is answered; and what waits no more.

Called by the acts within their transaction. A notice names a period or a number and leads to
the page; never an amount or a person. Kinds: kamcomp/notices/choices.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import users_holding
from kamcomp.notices.choices import NoticeKind
from kamcomp.notices.services import Matter, notices_done, notices_put, notices_put_of
from payouts.choices import AdjustmentStatus, PoolStatus
from payouts.models import Adjustment, Allocation, Dispute, DisputeMessage, Payout, PlanException, Pool, Run
from payouts.selectors.disputes import answerers, subject_of
from payouts.selectors.reviews import accounts_not_seen
from teams.choices import Seat
from teams.models import Membership

ADJUSTMENTS_PAGE = "?status=proposed"
CASE_DONE = (NoticeKind.DISPUTE_ANSWER, NoticeKind.DISPUTE_MESSAGE)
RUN_KINDS = (NoticeKind.RUN_REVIEW, NoticeKind.RUN_APPROVE, NoticeKind.RUN_LOCK)


def adjustment_told(*, adjustment: Adjustment, deciders: Collection[Role], at: datetime) -> None:
    """Tell those who decide on adjustments, once a period and day however many are proposed."""
    notices_put(
        users=users_holding(roles=deciders, on=at.date()).exclude(pk=adjustment.proposed_by_id),
        kind=NoticeKind.ADJUSTMENT_DECIDE,
        key=f"adjustments:{adjustment.period_id}:{at.date()}",
        path=_adjustments_path(),
        about=adjustment.period.code,
        at=at,
    )


def adjustment_decided_told(*, at: datetime) -> None:
    """Let a decider's notices be over once no adjustment of somebody else waits."""
    waiting = Adjustment.objects.filter(status=AdjustmentStatus.PROPOSED).select_related("proposed_by")
    proposers = {adjustment.proposed_by for adjustment in waiting}
    if len(proposers) <= 1:
        left = proposers.pop() if proposers else None
        notices_done(path=_adjustments_path(), kinds=[NoticeKind.ADJUSTMENT_DECIDE], user=left, at=at)


def _adjustments_path() -> str:
    return reverse("payouts:adjustment-list") + ADJUSTMENTS_PAGE


def dispute_told(*, dispute: Dispute, at: datetime) -> None:
    """Tell who answers a new case: whom it went to, or everybody who may."""
    subject = subject_of(dispute=dispute)
    users = [dispute.assigned_to] if dispute.assigned_to else answerers(subject=subject, on=at.date())
    _case_told(dispute, users=users, kind=NoticeKind.DISPUTE_ANSWER, key="opened", at=at)


def dispute_message_told(*, message: DisputeMessage, at: datetime) -> None:
    """Tell the other side of a case that somebody wrote."""
    dispute = message.dispute
    other = dispute.assigned_to if message.by_id == dispute.person.user_id else dispute.person.user
    _case_told(
        dispute,
        users=[other] if other else [],
        kind=NoticeKind.DISPUTE_MESSAGE,
        key=f"wrote:{message.pk}",
        at=at,
    )


def dispute_answer_told(*, dispute: Dispute, at: datetime) -> None:
    """Tell the payee that their case is answered; nobody is waited for any more."""
    notices_done(path=_case_path(dispute), kinds=CASE_DONE, at=at)
    payee = dispute.person.user
    _case_told(
        dispute,
        users=[payee] if payee else [],
        kind=NoticeKind.DISPUTE_ANSWERED,
        key=f"answered:{at.isoformat()}",
        at=at,
    )


def dispute_closed_told(*, dispute: Dispute, at: datetime) -> None:
    """Let all that was told about a case be over."""
    notices_done(path=_case_path(dispute), kinds=[*CASE_DONE, NoticeKind.DISPUTE_ANSWERED], at=at)


def _case_path(dispute: Dispute) -> str:
    return reverse("payouts:dispute-show", args=[dispute.pk])


def _case_told(dispute: Dispute, *, users: Iterable[User], kind: NoticeKind, key: str, at: datetime) -> None:
    notices_put(
        users=users,
        kind=kind,
        key=f"dispute:{dispute.pk}:{key}",
        path=_case_path(dispute),
        about=str(dispute.number),
        at=at,
    )


def exceptions_requested_told(
    *, exceptions: Iterable[PlanException], users: Iterable[User], at: datetime
) -> None:
    """Tell who reviews exceptions that each of these is requested."""
    matters = [_exception_matter(each) for each in exceptions]
    notices_put_of(users=users, kind=NoticeKind.EXCEPTION_DECIDE, matters=matters, at=at)


def exception_told(
    *, exception: PlanException, users: Iterable[User], kind: NoticeKind, at: datetime
) -> None:
    """Tell who takes the next step on an exception, or who asked for it, once a step; the step before is over."""
    matter = _exception_matter(exception)
    notices_done(path=matter.path, kinds=[NoticeKind.EXCEPTION_DECIDE], at=at)
    notices_put_of(users=users, kind=kind, matters=[matter], at=at)


def _exception_matter(exception: PlanException) -> Matter:
    return Matter(
        key=f"exception:{exception.pk}:{exception.status}",
        path=reverse("payouts:exception-show", args=[exception.pk]),
        about=str(exception.number),
    )


def pools_funded_told(*, pools: Iterable[Pool], at: datetime) -> None:
    """Tell each account's manager that the pool is theirs to hand out."""
    pools = list(pools)
    allocators = User.objects.filter(person__in=[pool.allocator_id for pool in pools if pool.allocator_id])
    by_person = {user.person.pk: user for user in allocators.select_related("person")}
    for pool in pools:
        user = by_person.get(pool.allocator_id) if pool.allocator_id else None
        _pool_told(pool, users=[user] if user else [], kind=NoticeKind.POOL_ALLOCATE, at=at)


def pool_submitted_told(*, pool: Pool, approvers: Collection[Role], at: datetime) -> None:
    """Tell who decides on a pool that was handed in: the allocator's manager, or those whose role it is."""
    notices_done(path=_pool_path(pool), kinds=[NoticeKind.POOL_ALLOCATE, NoticeKind.POOL_RETURNED], at=at)
    manager = pool.allocator.manager if pool.allocator else None
    if manager is not None and manager.user is not None:
        users = [manager.user]
    else:
        members = pool.allocations.filter(person__user__isnull=False).values("person__user")
        may = users_holding(roles=approvers, on=at.date())
        users = [user for user in may.exclude(pk__in=members) if user.pk != pool.submitted_by_id]
    _pool_told(pool, users=users, kind=NoticeKind.POOL_DECIDE, at=at)


def pool_returned_told(*, pool: Pool, at: datetime) -> None:
    """Tell who handed a pool in that it came back."""
    notices_done(path=_pool_path(pool), kinds=[NoticeKind.POOL_DECIDE], at=at)
    users = [pool.submitted_by] if pool.submitted_by else []
    _pool_told(pool, users=users, kind=NoticeKind.POOL_RETURNED, at=at)


def pool_approved_told(*, pool: Pool, at: datetime) -> None:
    """Let the approvers' notices of a pool be over, and tell finance once it was the last one of its run."""
    notices_done(path=_pool_path(pool), kinds=[NoticeKind.POOL_DECIDE], at=at)
    run = pool.run
    if run is not None and not run.pools.exclude(status=PoolStatus.APPROVED).exists():
        run_approvable_told(run=run, at=at)


def _pool_told(pool: Pool, *, users: Iterable[User], kind: NoticeKind, at: datetime) -> None:
    notices_put(
        users=users,
        kind=kind,
        key=f"pool:{pool.pk}:{pool.status}:{pool.version}",
        path=_pool_path(pool),
        about=pool.period.code,
        at=at,
    )


def _pool_path(pool: Pool) -> str:
    return reverse("payouts:allocation-save", args=[pool.pk])


def run_calculated_told(*, run: Run, reviewers: Collection[Role], at: datetime) -> None:
    """Tell the managers of the accounts in a run, and who reviews it, that it is calculated."""
    last_day = run.period.days.upper - timedelta(days=1)
    managed = Membership.objects.filter(
        seat=Seat.KAM, valid__contains=last_day, person__user__isnull=False
    ).order_by()
    # Which accounts a run pays is in its lines, a long read: only where somebody would be told.
    if managed.exists():
        managed = managed.filter(account__in=accounts_not_seen(run=run).values("pk"))
    managers = User.objects.filter(person__memberships__in=managed)
    notices_put(
        users=managers.distinct(),
        kind=NoticeKind.ACCOUNT_REVIEW,
        key=f"run:{run.pk}:accounts",
        path=reverse("payouts:my-account-list"),
        about=run.period.code,
        at=at,
    )
    _run_told(run, kind=NoticeKind.RUN_REVIEW, roles=reviewers, apart=[run.started_by_id], at=at)


def run_reviewed_told(*, run: Run, at: datetime) -> None:
    """Let the account managers' reviews be over, and tell finance where no pool is in between."""
    notices_done(path=reverse("payouts:my-account-list"), kinds=[NoticeKind.ACCOUNT_REVIEW], at=at)
    notices_done(path=_run_path(run), kinds=RUN_KINDS, at=at)
    if not run.pools.exists():
        run_approvable_told(run=run, at=at)


def run_approvable_told(*, run: Run, at: datetime) -> None:
    """Tell finance that a run's last pool is approved."""
    apart = [run.started_by_id, run.reviewed_by_id]
    _run_told(run, kind=NoticeKind.RUN_APPROVE, roles=[Role.FINANCE], apart=apart, at=at)


def run_approved_told(*, run: Run, lockers: Collection[Role], at: datetime) -> None:
    """Tell who locks runs that one is approved."""
    notices_done(path=_run_path(run), kinds=RUN_KINDS, at=at)
    _run_told(run, kind=NoticeKind.RUN_LOCK, roles=lockers, apart=[], at=at)


def run_locked_told(*, run: Run, at: datetime) -> None:
    """Tell everybody with money in a locked period, and a way to sign in, that their statement is final."""
    notices_done(path=_run_path(run), kinds=RUN_KINDS, at=at)
    paid = (
        Q(person__in=Payout.objects.filter(run=run).values("person"))
        | Q(person__in=Allocation.objects.filter(pool__run=run).values("person"))
        | Q(person__in=Adjustment.objects.filter(run=run, person__isnull=False).values("person_id"))
    )
    users = list(User.objects.filter(paid).select_related("person"))
    period = run.period.code
    notices_put(
        users=users,
        kind=NoticeKind.STATEMENT_FINAL,
        key=f"run:{run.pk}:final",
        path={user.pk: statement_path(person_id=user.person.pk, period=period) for user in users},
        about=run.period.code,
        at=at,
    )


def statement_path(*, person_id: UUID, period: str) -> str:
    """Return where a person's statement of a period is."""
    return reverse("payouts:statement-show", args=[person_id, period])


def _run_told(
    run: Run, *, kind: NoticeKind, roles: Collection[Role], apart: Collection[UUID | None], at: datetime
) -> None:
    notices_put(
        users=users_holding(roles=roles, on=at.date()).exclude(pk__in=[each for each in apart if each]),
        kind=kind,
        key=f"run:{run.pk}:{kind}",
        path=_run_path(run),
        about=run.period.code,
        at=at,
    )


def _run_path(run: Run) -> str:
    return reverse("payouts:run-show", args=[run.pk])
