"""
What waits for somebody today, read from the facts: pools, reviews, runs, approvals, and the dates that come.

Each function answers for one kind of work; which of them concern a reader is decided by the
roles they hold, in the view that lays the lists together. Nothing is stored: a thing is off
the list when it is done.
States: docs/reference/states.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db.models import (
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.policy.selectors import policy_value
from kamcomp.visibility import Viewer
from payouts.choices import AdjustmentStatus, PoolStatus, RunStatus
from payouts.models import Adjustment, Dispute, Pool, Run
from payouts.selectors.disputes import disputes_to_answer, disputes_to_close
from payouts.selectors.exceptions import exceptions_to_decide
from payouts.selectors.pool_sheet import OPEN, window_over
from payouts.selectors.pools import pools_with_sums
from payouts.selectors.reviews import WINDOW_DAYS, WINDOW_SETTING, accounts_not_seen, objections_open
from plans.choices import VersionStatus
from plans.models import Assignment
from plans.selectors.approvals import versions_waiting
from teams.choices import Seat
from teams.models import Membership

NAMED = 3
"""So many things of one kind are listed one by one; more are counted."""
DATES_SHOWN = 6
COUNT = Func(F("pk"), function="COUNT", output_field=IntegerField())
"""How many rows there are, as one row: beside other counts in one question."""


class TodoKind(StrEnum):
    """The kinds of work that can wait for somebody."""

    POOL_ALLOCATE = "pool_allocate"
    POOL_RETURNED = "pool_returned"
    POOL_DECIDE = "pool_decide"
    POOLS_DECIDE = "pools_decide"
    ACCOUNT_REVIEW = "account_review"
    ACCOUNTS_REVIEW = "accounts_review"
    REVIEWS_OVERDUE = "reviews_overdue"
    RUN_START = "run_start"
    RUN_REPAIR = "run_repair"
    RUN_REVIEW = "run_review"
    RUN_APPROVE = "run_approve"
    RUN_LOCK = "run_lock"
    ADJUSTMENTS_DECIDE = "adjustments_decide"
    VERSIONS_APPROVE = "versions_approve"
    DISPUTES_ANSWER = "disputes_answer"
    DISPUTES_READ = "disputes_read"
    EXCEPTIONS_DECIDE = "exceptions_decide"


@dataclass(frozen=True, kw_only=True)
class Todo:
    """One thing that waits: what kind, until when (None: no day is set), and what is said of it."""

    kind: TodoKind
    due_on: date | None = None
    subject_id: UUID | None = None
    account: str = ""
    period: str = ""
    run: str = ""
    name: str = ""
    reason: str = ""
    amount: Decimal | None = None
    currency: str = ""
    count: int = 0
    others: int = 0


class DateKind(StrEnum):
    """What happens on a day of the calendar."""

    PERIOD_ENDS = "period_ends"
    RESULTS_DUE = "results_due"
    REVIEWS_DUE = "reviews_due"
    PAY_DAY = "pay_day"


@dataclass(frozen=True, kw_only=True)
class NextDate:
    """A day of the calendar that comes, and what it is for."""

    on: date
    kind: DateKind
    period: str


def review_days(viewer: Viewer) -> int:
    """Return for how many days after the cut-off KAMs look at their accounts, as of the viewer's day."""
    return int(policy_value(key=WINDOW_SETTING, on=viewer.on, default=WINDOW_DAYS))


def pools_to_allocate(*, user: User, on: date) -> list[Todo]:
    """Return the pools that somebody can hand out now as the account's KAM or deputy, with what is left of each."""
    deputies = Membership.objects.filter(seat=Seat.DEPUTY, person__user=user, valid__contains=on)
    pools = (
        pools_with_sums()
        .filter(Q(allocator__user=user) | Q(account__in=deputies.values("account")), status__in=OPEN)
        .exclude(allocations__person__user=user)
        .order_by("closes_on", "account__node__name")
    )
    return [
        Todo(
            kind=TodoKind.POOL_RETURNED if _sent_back(pool) else TodoKind.POOL_ALLOCATE,
            due_on=pool.closes_on,
            subject_id=pool.pk,
            account=str(pool.account),
            period=pool.period.code,
            reason=pool.returned_reason,
            amount=(pool.funded or Decimal(0)) - pool.allocated - pool.reserve,
            currency=pool.currency,
        )
        for pool in pools
        if not window_over(pool=pool, on=on)
    ]


def _sent_back(pool: Pool) -> bool:
    return pool.status == PoolStatus.RETURNED and bool(pool.returned_reason)


def pools_to_decide(*, user: User, everybodys: bool) -> list[Todo]:
    """
    Return the pools handed in that somebody may decide on: not theirs, and none that pays them.

    `everybodys`: they approve pools by their role; without it only those of KAMs who report to them.
    """
    pools = (
        Pool.objects.filter(status=PoolStatus.SUBMITTED, run__status=RunStatus.ALLOCATING)
        .exclude(submitted_by=user)
        .exclude(allocator__user=user)
        .exclude(allocations__person__user=user)
        .select_related("account__node", "period", "submitted_by")
        .order_by("submitted_at")
    )
    if not everybodys:
        pools = pools.filter(allocator__manager__user=user)
    found = list(pools)
    if len(found) > NAMED:
        return [Todo(kind=TodoKind.POOLS_DECIDE, period=found[0].period.code, count=len(found))]
    return [
        Todo(
            kind=TodoKind.POOL_DECIDE,
            subject_id=pool.pk,
            account=str(pool.account),
            period=pool.period.code,
            name="" if pool.submitted_by is None else pool.submitted_by.get_full_name(),
            amount=pool.funded,
            currency=pool.currency,
        )
        for pool in found
    ]


def accounts_to_review(*, runs: Iterable[Run], user: User, viewer: Viewer) -> list[Todo]:
    """Return the accounts whose calculated results and payouts wait for somebody's word as their KAM."""
    found = []
    for run in runs:
        if run.status != RunStatus.CALCULATED:
            continue
        last_day = run.period.days.upper - timedelta(days=1)
        mine = Membership.objects.filter(seat=Seat.KAM, person__user=user, valid__contains=last_day)
        due_on = run.period.cut_off_on + timedelta(days=viewer.once(review_days))
        accounts = list(accounts_not_seen(run=run).filter(pk__in=mine.values("account")))
        if len(accounts) > NAMED:
            found.append(
                Todo(
                    kind=TodoKind.ACCOUNTS_REVIEW, due_on=due_on, period=run.period.code, count=len(accounts)
                )
            )
            continue
        found += [
            Todo(
                kind=TodoKind.ACCOUNT_REVIEW,
                due_on=due_on,
                subject_id=account.pk,
                account=str(account),
                period=run.period.code,
            )
            for account in accounts
        ]
    return found


def reviews_overdue(*, runs: Iterable[Run], viewer: Viewer) -> list[Todo]:
    """Return, by calculated run whose review should be over, how many accounts have no word of their KAM."""
    found = []
    for run in runs:
        due_on = run.period.cut_off_on + timedelta(days=viewer.once(review_days))
        if run.status != RunStatus.CALCULATED or due_on >= viewer.on:
            continue
        if count := accounts_not_seen(run=run).count():
            found.append(
                Todo(kind=TodoKind.REVIEWS_OVERDUE, due_on=due_on, period=run.period.code, count=count)
            )
    return found


def current_runs() -> QuerySet[Run]:
    """Return the current runs that are not locked, by period, each with its open `objections` counted."""
    runs = Run.objects.filter(is_current=True).exclude(status__in=[RunStatus.LOCKED, RunStatus.SUPERSEDED])
    objections = objections_open(run=OuterRef("pk")).order_by().annotate(count=COUNT).values("count")
    return runs.annotate(objections=Subquery(objections)).select_related("period").order_by("period__days")


def runs_waiting(
    *,
    runs: Iterable[Run],
    user: User,
    viewer: Viewer,
    starts: bool,
    reviews: bool,
    approves: bool,
    locks: bool,
) -> list[Todo]:
    """Return what current runs need from somebody who may start, review, approve or lock them."""
    found = []
    for run in runs:
        if starts and run.status in (RunStatus.FAILED, RunStatus.WITH_ERRORS):
            found.append(_of_run(run, TodoKind.RUN_REPAIR, due_on=run.period.cut_off_on))
        elif reviews and run.status == RunStatus.CALCULATED and run.started_by_id != user.pk:
            due_on = run.period.cut_off_on + timedelta(days=viewer.once(review_days))
            unseen = accounts_not_seen(run=run).count() if due_on >= viewer.on else 0
            open_ones: int = run.objections  # type: ignore[attr-defined]
            found.append(_of_run(run, TodoKind.RUN_REVIEW, due_on=due_on, count=unseen, others=open_ones))
        elif approves and run.status == RunStatus.ALLOCATING and _approvable(run, user=user):
            found.append(_of_run(run, TodoKind.RUN_APPROVE, due_on=run.period.pay_on))
        elif locks and run.status == RunStatus.APPROVED:
            found.append(_of_run(run, TodoKind.RUN_LOCK, due_on=run.period.pay_on))
    return found


def _of_run(run: Run, kind: TodoKind, *, due_on: date | None, count: int = 0, others: int = 0) -> Todo:
    return Todo(
        kind=kind,
        due_on=due_on,
        subject_id=run.pk,
        run=str(run),
        period=run.period.code,
        count=count,
        others=others,
    )


def _approvable(run: Run, *, user: User) -> bool:
    if user.pk in (run.started_by_id, run.reviewed_by_id):
        return False
    in_the_way = ~Q(status=PoolStatus.APPROVED) | Q(submitted_by=user) | Q(allocator__user=user)
    return not Pool.objects.filter(in_the_way, run=run).exists()


def periods_to_run() -> list[Todo]:
    """Return the periods that pay somebody, whose results are being collected and that no run has computed yet."""
    paid = Assignment.objects.filter(
        plan__calendar=OuterRef("calendar"),
        plan_version__status=VersionStatus.PUBLISHED,
        valid__overlap=OuterRef("days"),
    )
    periods = Period.objects.filter(Exists(paid), status=PeriodStatus.COLLECTING).exclude(
        runs__is_current=True
    )
    return [
        Todo(kind=TodoKind.RUN_START, due_on=period.cut_off_on, subject_id=period.pk, period=period.code)
        for period in periods.order_by("days")
    ]


def decisions_waiting(*, user: User, decides: bool, reviews: bool, approves: bool) -> list[Todo]:
    """
    Return, as one line each, corrections and exceptions that wait for somebody as the second person, in one query.

    `decides`: they decide on corrections, where they neither proposed nor are paid them; `reviews` and `approves`:
    that step of exceptions is theirs.
    """
    corrections = Adjustment.objects.filter(status=AdjustmentStatus.PROPOSED)
    if not decides:
        corrections = corrections.none()
    asked = (
        (TodoKind.ADJUSTMENTS_DECIDE, corrections.exclude(proposed_by=user).exclude(person__user=user)),
        (TodoKind.EXCEPTIONS_DECIDE, exceptions_to_decide(user=user, reviews=reviews, approves=approves)),
    )
    first, second = (
        rows.order_by().annotate(part=Value(kind.value), count=COUNT).values_list("part", "count")
        for kind, rows in asked
    )
    return [Todo(kind=TodoKind(kind), count=count) for kind, count in first.union(second, all=True) if count]


def versions_to_approve(*, user: User, viewer: Viewer) -> list[Todo]:
    """Return that versions wait for the user's approval, with the first day on which one is to be in force."""
    found = versions_waiting(user=user, roles=viewer.roles, on=viewer.on)
    if not found:
        return []
    name = found[0].plan.name if len(found) == 1 else ""
    due_on = min(version.span.since for version in found)
    return [Todo(kind=TodoKind.VERSIONS_APPROVE, due_on=due_on, count=len(found), name=name)]


def next_dates(*, viewer: Viewer, kinds: Collection[DateKind]) -> list[NextDate]:
    """Return the dates of the calendar that come next, of the kinds that concern somebody, soonest first."""
    on = viewer.on
    periods = list(
        Period.objects.filter(Q(pay_on__gte=on) | Q(cut_off_on__gte=on) | Q(days__endswith__gt=on)).order_by(
            "days"
        )[: DATES_SHOWN + 2]
    )
    days = viewer.once(review_days) if DateKind.REVIEWS_DUE in kinds else 0
    found = [each for period in periods for each in _dates_of(period, review_days=days)]
    coming = [each for each in found if each.on >= on and each.kind in kinds]
    return sorted(coming, key=lambda each: (each.on, each.kind))[:DATES_SHOWN]


def _dates_of(period: Period, *, review_days: int) -> list[NextDate]:
    days: Sequence[tuple[date | None, DateKind]] = (
        (period.span.last, DateKind.PERIOD_ENDS),
        (period.cut_off_on, DateKind.RESULTS_DUE),
        (period.cut_off_on + timedelta(days=review_days), DateKind.REVIEWS_DUE),
        (period.pay_on, DateKind.PAY_DAY),
    )
    return [NextDate(on=on, kind=kind, period=period.code) for on, kind in days if on is not None]


def cases_waiting(*, user: User, answers: bool) -> list[Todo]:
    """Return, as one line each, the cases that wait for somebody's answer, and their own that are answered."""
    mine, own = disputes_to_answer(user=user, answers=answers), disputes_to_close(user=user)
    counts = Dispute.objects.aggregate(
        waiting=Count("pk", filter=Q(pk__in=mine.values("pk"))),
        due=Min("due_on", filter=Q(pk__in=mine.values("pk"))),
        answered=Count("pk", filter=Q(pk__in=own.values("pk"))),
    )
    found = []
    if counts["waiting"]:
        found.append(Todo(kind=TodoKind.DISPUTES_ANSWER, count=counts["waiting"], due_on=counts["due"]))
    if counts["answered"]:
        found.append(Todo(kind=TodoKind.DISPUTES_READ, count=counts["answered"]))
    return found
