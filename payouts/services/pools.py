"""
A pool's way from funded to approved, except the allocation itself (`allocations`).

Funding happens once, at the run's review, by the plan's rule; the KAM allocates; somebody
who neither allocated nor is paid from the pool approves. After the window the plan's rule
for lateness decides. Every act takes the pool's row first, so that acts queue up.
States: docs/reference/states.md, "Pool".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum

from kamcomp import money
from kamcomp.approvals.choices import Decision, FindingStatus, Severity
from kamcomp.approvals.models import Approval, Finding
from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Listing, Refusal, Sentence, Word
from kamcomp.sentences import Numeral
from payouts.choices import AdjustmentStatus, PoolStatus, RunStatus
from payouts.engine.pool_budget import budgets_shared
from payouts.engine.pool_case import (
    PoolCase,
    PoolFigures,
    case_document,
    case_from_document,
    funded_by_rule,
    nodes_read,
    pool_figures,
)
from payouts.models import Adjustment, Allocation, Pool, Run
from payouts.selectors.pool_budgets import budgets_available
from payouts.selectors.pool_facts import (
    PoolFacts,
    PoolPlan,
    contributions,
    period_pool_plans,
    pool_case,
    pool_facts,
)
from payouts.selectors.pool_sheet import window_over
from payouts.selectors.team_results import TeamResults
from payouts.services.events import allocation_submitted_event
from payouts.services.telling import pool_approved_told, pool_returned_told, pool_submitted_told
from plans.engine.document import canonical_bytes
from plans.engine.pool_terms import IfLate
from teams.models import StrategicAccount

POOL_TABLE = "payouts_pool"
UNTAKEN = "pool_correction_left"
ZERO = Decimal(0)
FUNDABLE = (PoolStatus.PLANNED, PoolStatus.FUNDED, PoolStatus.ALLOCATING, PoolStatus.RETURNED)
OPEN = (PoolStatus.FUNDED, PoolStatus.ALLOCATING, PoolStatus.RETURNED)
APPROVERS = [Role.COMP_ADMIN, Role.EXECUTIVE, Role.FINANCE]
RETURN_DAYS = 2
"""A pool that is sent back stays open for at least so many days after the day it is returned."""


class PoolsCannotBeFunded(Refusal):
    """The pools of some accounts have no figures; each is named with the reason."""


class PoolNotOpen(Refusal):
    """The pool is not in a state in which it can be changed."""


class PoolNotSubmitted(Refusal):
    """Only a submitted pool is returned or approved."""


class PoolReasonMissing(Refusal):
    """Sending a pool back needs a reason the KAM can act on."""


class AllocatorCannotApprove(Refusal):
    """Who allocated a pool does not approve it."""


class PayeeCannotApprove(Refusal):
    """Who is paid from a pool does not approve it."""


class WindowPassed(Refusal):
    """The allocation window is over, and the plan's rule for lateness decides instead of the KAM."""


class WindowOpen(Refusal):
    """The allocation window has not passed, so the rule for lateness does not apply yet."""


def pools_fund(*, run: Run, by: User, at: datetime) -> list[Pool]:
    """
    Fund the pools of every active account of a run under review, with their guideline shares.

    Part of the review's transaction. Pools whose plans name a budget share what it holds in
    the period. A pool that was funded for an earlier run of the period and sent back is
    funded anew; the old and the new amount are kept as a finding.

    :raises PoolsCannotBeFunded: naming every account that has no figures, with the reason.
    :raises BudgetMoneyMissing: if nobody stated what a budget holds in the period.
    :raises BudgetInAnotherCurrency: if a budget is stated in another currency than a plan that names it.
    """
    plans = period_pool_plans(period=run.period)
    facts = pool_facts(plans=plans, period=run.period)
    cases, unfunded = _asking_cases(run=run, plans=plans, facts=facts)
    cases = budgets_shared(cases=cases, available=budgets_available(period=run.period, plans=plans))
    funded = []
    for plan in plans:
        if (case := cases.get(plan.account.node.code)) is None:
            continue
        try:
            funded.append((plan, case, pool_figures(case=case)))
        except Refusal as refusal:
            unfunded.append(_unfunded(plan.account, refusal))
    unfunded += _corrected_without_pool(run=run, plans=plans)
    if unfunded:
        raise PoolsCannotBeFunded("No pool could be funded for %(reasons)s", reasons=Listing(unfunded, "; "))
    return [
        _funded(run=run, plan=plan, facts=facts[plan.account.pk], case=case, figures=figures, by=by, at=at)
        for plan, case, figures in funded
    ]


def _asking_cases(
    *, run: Run, plans: Sequence[PoolPlan], facts: Mapping[UUID, PoolFacts]
) -> tuple[dict[str, PoolCase], list[str]]:
    """Return the case of every pool whose rule can say what it asks, by account code, and why the others cannot."""
    metric = contributions(plans=plans, period=run.period, known_at=run.known_at)
    corrections, results = pool_corrections(run=run), TeamResults(run=run)
    cases: dict[str, PoolCase] = {}
    unfunded: list[str] = []
    for plan in plans:
        account = plan.account
        try:
            case = pool_case(
                plan=plan,
                facts=facts[account.pk],
                period=run.period,
                results=results.of(version=plan.version, account=account, nodes=nodes_read(terms=plan.terms)),
                contribution=metric.get(account.pk),
                correction=corrections.get(account.pk, ZERO),
            )
            funded_by_rule(case=case)
        except Refusal as refusal:
            unfunded.append(_unfunded(account, refusal))
            continue
        cases[account.node.code] = case
    return cases, unfunded


def _unfunded(account: StrategicAccount, refusal: Refusal) -> Sentence:
    return Sentence("%(account)s: %(refusal)s", account=account, refusal=refusal)


def pool_corrections(*, run: Run) -> dict[UUID, Decimal]:
    """Return, by account id, what approved corrections of locked pools add to the pools of the run's period."""
    sums = _approved_for_pools(run=run).values_list("pool__account_id").annotate(total=Sum("amount"))
    return dict(sums)


def _approved_for_pools(*, run: Run) -> QuerySet[Adjustment]:
    return Adjustment.objects.filter(period=run.period, pool__isnull=False, status=AdjustmentStatus.APPROVED)


def _corrected_without_pool(*, run: Run, plans: Sequence[PoolPlan]) -> list[str]:
    """Return the accounts to whose pools approved corrections go, and that no plan funds a pool of in the period."""
    waiting = (
        _approved_for_pools(run=run)
        .exclude(pool__account__in=[plan.account.pk for plan in plans])
        .values_list("pool__account_id", "currency")
        .annotate(total=Sum("amount"))
        .order_by("pool__account__node__code", "currency")
    )
    homeless = [row for row in waiting if row[2]]
    accounts = StrategicAccount.objects.select_related("node").in_bulk([account for account, *_ in homeless])
    return [
        Sentence(
            "%(account)s: corrections of %(amount)s %(currency)s were approved for its pool, and no plan funds it in "
            "%(period)s. Reverse them, or let a plan fund it",
            account=accounts[account_id],
            amount=Numeral.plain(money.settle(total, currency=currency)),
            currency=currency,
            period=run.period,
        )
        for account_id, currency, total in homeless
    ]


@act
def pool_return(*, pool_id: UUID, reason: str, by: User, at: datetime) -> Pool:
    """
    Send a submitted pool back to its allocator with a reason; its window stays open for two more days at least.

    :raises PoolReasonMissing: if there is none.
    :raises PoolNotSubmitted: if the pool is not waiting for approval.
    :raises AllocatorCannotApprove: if `by` allocated it.
    """
    if not reason.strip():
        raise PoolReasonMissing("Say what has to change: a pool is sent back with a reason.")
    pool = _submitted(pool_id=pool_id, by=by, at=at, word=Word("returned"))
    pool.status, pool.returned_reason, pool.version = PoolStatus.RETURNED, reason, pool.version + 1
    pool.by_guideline = False
    if pool.closes_on is not None:
        pool.closes_on = max(pool.closes_on, at.date() + timedelta(days=RETURN_DAYS))
    pool.save(update_fields=["status", "returned_reason", "by_guideline", "closes_on", "version"])
    _decide(pool=pool, by=by, at=at, decision=Decision.REJECTED, comment=reason)
    pool_returned_told(pool=pool, at=at)
    return pool


@act
def pool_approve(*, pool_id: UUID, by: User, at: datetime) -> Pool:
    """
    Approve a submitted allocation; its shares are final.

    :raises PoolNotSubmitted: if the pool is not waiting for approval.
    :raises AllocatorCannotApprove: if `by` allocated it.
    :raises PayeeCannotApprove: if `by` is one of the people of the pool.
    """
    pool = _submitted(pool_id=pool_id, by=by, at=at, word=Word("approved"))
    if pool.allocations.filter(person__user=by).exists():
        raise PayeeCannotApprove(
            "%(by)s is one of the people of the pool of %(pool)s and cannot approve it.", by=by, pool=pool
        )
    pool.status, pool.approved_by, pool.approved_at = PoolStatus.APPROVED, by, at
    pool.version += 1
    pool.save(update_fields=["status", "approved_by", "approved_at", "version"])
    _decide(pool=pool, by=by, at=at, decision=Decision.APPROVED, comment="")
    pool_approved_told(pool=pool, at=at)
    return pool


@act
def pool_close_late(*, pool_id: UUID, by: User | None, at: datetime) -> Pool:
    """
    Apply the plan's rule for lateness to a pool whose window has passed without an allocation.

    Where the plan says `guideline`, the guideline shares are handed to the approver;
    where it says `wait`, a finding names the pool and nothing else happens. `by` is none where
    the clock does it.

    :raises PoolNotOpen: if it has been submitted or approved meanwhile.
    :raises WindowOpen: if the window has not passed.
    """
    pool = (
        Pool.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account__node", "period")
        .get(pk=pool_id)
    )
    refuse_unless_open(pool=pool)
    if pool.closes_on is None or at.date() <= pool.closes_on:
        raise WindowOpen(
            "The pool of %(pool)s can be allocated until %(closes_on)s.", pool=pool, closes_on=pool.closes_on
        )
    case = case_from_document(pool.inputs)
    if case.terms.if_late is IfLate.WAIT:
        message = Sentence(
            "The pool of %(pool)s was not allocated by %(closes_on)s, and the plan waits for its KAM.",
            pool=pool,
            closes_on=pool.closes_on,
        )
        finding_put(pool=pool, rule="pool_late", message=message, severity=Severity.TO_LOOK_AT)
        return pool
    if pool.status == PoolStatus.FUNDED:
        pool.status = PoolStatus.ALLOCATING
        pool.save(update_fields=["status"])
    allocate_guideline(pool=pool, case=case)
    pool.status, pool.submitted_by, pool.submitted_at = PoolStatus.SUBMITTED, by, at
    pool.by_guideline, pool.version = True, pool.version + 1
    pool.save(update_fields=["status", "submitted_by", "submitted_at", "by_guideline", "version", "reserve"])
    pool_submitted_told(pool=pool, approvers=APPROVERS, at=at)
    allocation_submitted_event(pool=pool, at=at)
    return pool


def pools_late(*, at: datetime) -> list[Pool]:
    """Return the pools whose window has passed without an allocation, oldest first."""
    return list(Pool.objects.filter(status__in=OPEN, closes_on__lt=at.date()).order_by("closes_on", "pk"))


def allocate_guideline(*, pool: Pool, case: PoolCase) -> None:
    """Set every share of a locked pool row to its guideline; what nobody can get stays in reserve."""
    figures = pool_figures(case=case)
    allocations = list(pool.allocations.select_related("person"))
    for allocation in allocations:
        allocation.amount = figures.guideline.get(allocation.person.employee_id, ZERO)
        allocation.reason = ""
    Allocation.objects.bulk_update(allocations, ["amount", "reason"])
    pool.reserve = figures.withheld


def refuse_unless_open(*, pool: Pool) -> None:
    """
    Check that a pool takes an allocation.

    :raises PoolNotOpen: naming its state.
    """
    if pool.status not in OPEN:
        raise PoolNotOpen(
            "The pool of %(pool)s is %(status)s: it takes an allocation while it is open.",
            pool=pool,
            status=Word(pool.get_status_display().lower()),
        )


def refuse_after_window(*, pool: Pool, at: datetime) -> None:
    """
    Check that a pool's window is open, or that its plan waits for the KAM however late.

    :raises WindowPassed: naming the window's last day and what happens now.
    """
    if window_over(pool=pool, on=at.date()):
        raise WindowPassed(
            "The window of the pool of %(pool)s closed on %(closes_on)s: by the plan's late rule "
            "the guideline is handed in. Whoever decides on it can send it back, and it is open "
            "again.",
            pool=pool,
            closes_on=pool.closes_on,
        )


def allocation_digest(*, pool: Pool) -> str:
    """Return the SHA-256 of a pool's allocation: what an approver of the pool, and of the run, puts their name to."""
    rows = pool.allocations.order_by("person__employee_id").values_list(
        "person__employee_id", "amount", "reason"
    )
    content = {
        "pool": str(pool.pk),
        "funded": str(pool.funded),
        "reserve": str(pool.reserve),
        "inputs": pool.input_digest,
        "shares": [[key, str(amount), reason] for key, amount, reason in rows],
    }
    return hashlib.sha256(canonical_bytes(content)).hexdigest()


def finding_put(
    *, pool: Pool, rule: str, message: str, severity: Severity, value: str = "", limit: str = ""
) -> Finding:
    """Record a finding about a pool; an open one that says the same is returned as it is."""
    finding, _made = Finding.objects.get_or_create(
        subject_table=POOL_TABLE,
        subject_id=str(pool.pk),
        rule=rule,
        message=message,
        status=FindingStatus.OPEN,
        defaults={"severity": severity, "value": value, "limit": limit},
    )
    return finding


def _funded(
    *,
    run: Run,
    plan: PoolPlan,
    facts: PoolFacts,
    case: PoolCase,
    figures: PoolFigures,
    by: User,
    at: datetime,
) -> Pool:
    pool, _made = Pool.objects.select_for_update(of=("self",), no_key=True).get_or_create(
        account=plan.account,
        period=run.period,
        defaults={"plan_version": plan.version, "currency": plan.plan.currency, "created_by": by},
    )
    if pool.status not in FUNDABLE:
        raise PoolNotOpen(
            "The pool of %(pool)s is %(status)s: return it before a new run.",
            pool=pool,
            status=Word(pool.get_status_display().lower()),
        )
    if pool.status == PoolStatus.ALLOCATING:
        # Funding is fixed while somebody allocates: the draft is sent back, then the pool is funded anew.
        pool.status, pool.returned_reason = (
            PoolStatus.RETURNED,
            Sentence("%(run)s funds the pool anew", run=run),
        )
        pool.save(update_fields=["status", "returned_reason"])
    if pool.funded is not None and pool.funded != figures.funded:
        message = Sentence(
            "%(run)s funds the pool with %(funded)s %(currency)s; it was %(before)s before.",
            run=run,
            funded=figures.funded,
            currency=pool.currency,
            before=pool.funded,
        )
        finding_put(pool=pool, rule="pool_refunded", message=message, severity=Severity.INFORMATION)
    _note_untaken(pool=pool, run=run, correction=case.correction, taken=figures.corrected)
    document = case_document(case=case)
    values: Mapping[str, object] = {
        "plan_version": plan.version,
        "run": run,
        "currency": plan.plan.currency,
        "target_amount": figures.target_amount,
        "result_ratio": figures.result_ratio,
        "funded": figures.funded,
        "correction": figures.corrected,
        "reserve": figures.withheld,
        "terms": document["terms"],
        "inputs": document,
        "input_digest": hashlib.sha256(canonical_bytes(document)).hexdigest(),
        "status": PoolStatus.RETURNED if pool.status == PoolStatus.RETURNED else PoolStatus.FUNDED,
        "allocator": facts.allocator,
        "closes_on": at.date() + timedelta(days=plan.terms.window_days),
        "submitted_by": None,
        "submitted_at": None,
        "by_guideline": False,
        "version": pool.version + 1,
    }
    for name, value in values.items():
        setattr(pool, name, value)
    pool.save(update_fields=list(values))
    pool.allocations.all().delete()
    Allocation.objects.bulk_create(_shares(pool=pool, facts=facts, case=case, figures=figures, by=by))
    return pool


def _note_untaken(*, pool: Pool, run: Run, correction: Decimal, taken: Decimal) -> None:
    """Keep as a finding what a pool cannot take of its corrections, in place of what an earlier run found."""
    if pool.funded is not None:
        of_pool = Finding.objects.filter(subject_table=POOL_TABLE, subject_id=str(pool.pk), rule=UNTAKEN)
        of_pool.filter(status=FindingStatus.OPEN).delete()
    if taken == correction:
        return
    lost = _untaken_by_hand(pool=pool, run=run, left=taken - correction)
    amounts = {
        "correction": money.settle(-correction, currency=pool.currency),
        "currency": pool.currency,
        "pool": pool,
        "taken": money.settle(-taken, currency=pool.currency),
        "left": money.settle(taken - correction, currency=pool.currency),
    }
    message = Sentence(
        "Corrections take %(correction)s %(currency)s from the pool of %(pool)s, which holds %(taken)s. The other "
        "%(left)s are not posted: late facts propose them for the next pool, or the company bears them, as the plan "
        "says.",
        **amounts,
    )
    if lost:
        message = Sentence(
            "Corrections take %(correction)s %(currency)s from the pool of %(pool)s, which holds %(taken)s. The other "
            "%(left)s are not posted. %(lost)s of it were adjusted by hand, and nothing proposes that again: adjust "
            "the next pool if it is due.",
            lost=money.settle(lost, currency=pool.currency),
            **amounts,
        )
    finding_put(pool=pool, rule=UNTAKEN, message=message, severity=Severity.TO_LOOK_AT)


def _untaken_by_hand(*, pool: Pool, run: Run, left: Decimal) -> Decimal:
    """Return how much of what a pool cannot take corrects no pool, so that late facts never find it due again."""
    of_pools = _approved_for_pools(run=run).filter(
        pool__account=pool.account, corrects_pool__isnull=False, amount__lt=0
    )
    carried = -(of_pools.aggregate(total=Sum("amount"))["total"] or ZERO)
    return max(left - carried, ZERO)


def _shares(
    *, pool: Pool, facts: PoolFacts, case: PoolCase, figures: PoolFigures, by: User
) -> list[Allocation]:
    return [
        Allocation(
            pool=pool,
            person=facts.memberships[member.key].person,
            membership=facts.memberships[member.key],
            role=facts.memberships[member.key].role,
            link=member.link,
            dedication=member.dedication,
            days_eligible=member.eligible_days,
            role_weight=member.role_weight,
            eligible=member.eligible,
            ineligible_reason=member.reason,
            guideline=figures.guideline.get(member.key, ZERO),
            created_by=by,
        )
        for member in case.members
    ]


def _submitted(*, pool_id: UUID, by: User, at: datetime, word: str) -> Pool:
    pool = (
        Pool.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account__node", "period", "run__started_by", "allocator__manager")
        .get(pk=pool_id)
    )
    manager = pool.allocator.manager if pool.allocator else None
    if manager is None or manager.user_id != by.pk:
        role_check(user=by, roles=APPROVERS, on=at.date(), act="Deciding on a pool")
    if pool.status != PoolStatus.SUBMITTED or pool.run is None or pool.run.status != RunStatus.ALLOCATING:
        raise PoolNotSubmitted(
            "The pool of %(pool)s is %(status)s: only a submitted one is %(word)s.",
            pool=pool,
            status=Word(pool.get_status_display().lower()),
            word=word,
        )
    if pool.submitted_by_id == by.pk or (pool.allocator and pool.allocator.user_id == by.pk):
        raise AllocatorCannotApprove(
            "%(by)s allocated the pool of %(pool)s: somebody else decides on it.", by=by, pool=pool
        )
    if pool.submitted_by is None and pool.run.started_by_id == by.pk:
        raise AllocatorCannotApprove(
            "%(by)s started %(run)s, whose late rule handed in the pool of %(pool)s: somebody "
            "else decides on it.",
            by=by,
            run=pool.run,
            pool=pool,
        )
    return pool


def _decide(*, pool: Pool, by: User, at: datetime, decision: Decision, comment: str) -> None:
    # What the clock handed in by the plan's late rule was prepared by who started the run that funded it.
    preparer = pool.submitted_by or (pool.run.started_by if pool.run else None)
    if preparer is None:
        raise PoolNotSubmitted(
            "Nobody has submitted the pool of %(pool)s: there is nothing to decide.", pool=pool
        )
    Approval.objects.create(
        subject_table=POOL_TABLE,
        subject_id=pool.pk,
        step="pool_approve",
        digest=allocation_digest(pool=pool),
        prepared_by=preparer,
        decided_by=by,
        decided_at=at,
        decision=decision,
        comment=comment,
        created_by=by,
    )
