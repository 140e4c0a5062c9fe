"""
The pools of a locked run funded again: one that should have been larger adds to the account's open pool.

One that should have been smaller is borne by the company, unless its plan says otherwise.
Rule: docs/reference/formulas.md, "Corrections".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from kamcomp import money
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.refusal import Refusal, Sentence
from payouts.choices import AdjustmentKind, AdjustmentStatus
from payouts.engine.pool_budget import budgets_shared
from payouts.engine.pool_case import (
    PoolCase,
    case_from_document,
    funded_by_rule,
    nodes_read,
    pool_granted,
)
from payouts.models import Adjustment, Pool, Run
from payouts.selectors.pool_corrections import corrections_not_taken
from payouts.selectors.pool_facts import PoolPlan, contributions, period_pool_plans, pool_case, pool_facts
from payouts.selectors.rederived import Kept
from payouts.selectors.team_results import TeamResults
from payouts.services.adjustments import Corrects, adjustment_propose
from payouts.services.late_facts.found import CORRECTING, LateFacts, Noted
from payouts.services.pools import POOL_TABLE
from plans.engine.document import plan_from_document
from plans.engine.pool_terms import Less

ZERO = Decimal(0)


def pools_corrected(
    found: LateFacts,
    *,
    run: Run,
    kept: Mapping[UUID, Sequence[Kept]],
    known_at: datetime,
    by: User,
    at: datetime,
) -> None:
    """Propose what the pools of a locked run are short of, and what the next one bears; the rest is noted."""
    pools = list(
        Pool.objects.filter(run=run)
        .select_related("account__node", "plan_version__plan", "period")
        .order_by("account__node__code")
    )
    cases = _pool_cases_again(found, run=run, pools=pools, kept=kept, known_at=known_at)
    decided, waiting = _pools_corrected_before(pools=pools)
    noted, again = Noted(table=POOL_TABLE, rule="pool_late_facts"), list[UUID]()
    for pool in pools:
        if (case := cases.get(pool.account.node.code)) is None:
            continue
        again.append(pool.pk)
        before = case_from_document(pool.inputs)
        due, less = pool_granted(case=case), before.terms.less
        posted = pool_granted(case=before) + money.settle(decided[pool.pk], currency=pool.currency)
        open_amount = money.settle(waiting[pool.pk], currency=pool.currency)
        if due == posted + open_amount:
            continue
        if open_amount:
            _outdated_noted(found, noted, pool=pool, due=due, posted=posted, waiting=open_amount)
        else:
            _pool_corrected(found, noted, pool=pool, less=less, due=due, posted=posted, by=by, at=at)
    noted.settle_others(among=again, by=by, at=at)


def _pool_cases_again(
    found: LateFacts,
    *,
    run: Run,
    pools: Sequence[Pool],
    kept: Mapping[UUID, Sequence[Kept]],
    known_at: datetime,
) -> dict[str, PoolCase]:
    """
    Return the cases of a run's pools on the facts known now, by account code; noted is which have none, and why.

    A budget holds what it held at the review. While one of its pools cannot be computed, nobody knows what
    the others get of it: they wait, and are noted too.
    """
    plans = {pool.account.node.code: _pool_plan(pool) for pool in pools}
    funding = contributions(plans=list(plans.values()), period=run.period, known_at=known_at)
    teams = TeamResults(run=run, kept=kept)
    cases: dict[str, PoolCase] = {}
    unknown: dict[str, Pool] = {}
    for pool in pools:
        key, plan = pool.account.node.code, plans[pool.account.node.code]
        try:
            case = pool_case(
                plan=plan,
                facts=pool_facts(plans=[plan], period=run.period)[pool.account_id],
                period=run.period,
                results=teams.of(
                    version=plan.version, account=plan.account, nodes=nodes_read(terms=plan.terms)
                ),
                contribution=funding.get(pool.account_id),
                correction=ZERO,
            )
            funded_by_rule(case=case)
        except Refusal as refusal:
            found.notes.append(
                Sentence(
                    "The pool of %(pool)s could not be computed again: %(refusal)s",
                    pool=pool,
                    refusal=refusal,
                )
            )
            if plan.terms.funding.budget:
                unknown[plan.terms.funding.budget] = pool
            continue
        cases[key] = case
    for key in sorted(cases):
        budget = cases[key].terms.funding.budget
        if budget in unknown:
            found.notes.append(
                Sentence(
                    "The pool of %(key)s shares the budget %(budget)s with that of %(unknown)s, and waits for it.",
                    key=key,
                    budget=budget,
                    unknown=unknown[budget],
                )
            )
            del cases[key]
    return budgets_shared(cases=cases, available=_budgets_kept(pools))


def _budgets_kept(pools: Sequence[Pool]) -> dict[str, Decimal]:
    """Return what each budget held when it funded a run's pools, by code, as the pools keep it."""
    available = {}
    for pool in pools:
        case = case_from_document(pool.inputs)
        if case.budget is not None and case.terms.funding.budget is not None:
            available[case.terms.funding.budget] = case.budget.available
    return available


def _pools_corrected_before(
    *, pools: Sequence[Pool]
) -> tuple[defaultdict[UUID, Decimal], defaultdict[UUID, Decimal]]:
    """
    Return what corrections of each pool come to: those approved or posted, and those nobody has decided.

    What a locked pool could not take of a correction was not posted, and is due from the next. What an upheld
    dispute of a share pays stands on its own, unless it was upheld because the facts follow.
    """
    decided: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
    waiting: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
    prior = Adjustment.objects.filter(corrects_pool__in=pools, kind__in=CORRECTING).exclude(
        status=AdjustmentStatus.REJECTED
    )
    left = corrections_not_taken(accounts=[pool.account_id for pool in pools])
    for key, pool_id, status, amount in prior.values_list("pk", "corrects_pool_id", "status", "amount"):
        counted = waiting if status == AdjustmentStatus.PROPOSED else decided
        counted[pool_id] += amount + left.get(key, ZERO)
    return decided, waiting


def _outdated_noted(
    found: LateFacts, noted: Noted, *, pool: Pool, due: Decimal, posted: Decimal, waiting: Decimal
) -> None:
    words = Sentence(
        "A correction of %(waiting)s %(currency)s for the pool of %(pool)s waits for a decision, "
        "but %(due)s is due on the facts known now: reject it, then ask for late facts again.",
        waiting=waiting,
        currency=pool.currency,
        pool=pool,
        due=due - posted,
    )
    noted.put(subject_id=pool.pk, message=words)
    found.notes.append(words)


def _pool_corrected(
    found: LateFacts,
    noted: Noted,
    *,
    pool: Pool,
    less: Less,
    due: Decimal,
    posted: Decimal,
    by: User,
    at: datetime,
) -> None:
    amount = due - posted
    if amount < ZERO and less is Less.COMPANY:
        words = Sentence(
            "The pool of %(pool)s would be %(due)s %(currency)s on the facts known now; %(posted)s was "
            "funded. The company bears %(borne)s.",
            pool=pool,
            due=due,
            currency=pool.currency,
            posted=posted,
            borne=-amount,
        )
        noted.put(subject_id=pool.pk, message=words)
        found.notes.append(words)
        return
    receiver = _open_pool(pool=pool, period=found.period, by=by)
    if receiver is None:
        words = Sentence(
            "%(amount)s %(currency)s of the pool of %(pool)s find no pool in %(period)s: decide by hand.",
            amount=amount,
            currency=pool.currency,
            pool=pool,
            period=found.period,
        )
        noted.put(subject_id=pool.pk, message=words)
        found.notes.append(words)
        return
    found.proposed.append(
        adjustment_propose(
            period=found.period,
            kind=AdjustmentKind.CORRECTION,
            amount=amount,
            currency=pool.currency,
            reason=Sentence(
                "Late facts of %(period)s: the pool would be %(due)s, %(posted)s was funded",
                period=pool.period,
                due=due,
                posted=posted,
            ),
            pool=receiver,
            plan_version=pool.plan_version,
            corrects=Corrects(period=pool.period, pool=pool, due=due, posted_before=posted),
            by=by,
            at=at,
        )
    )


def _open_pool(*, pool: Pool, period: Period, by: User) -> Pool | None:
    """Return the account's pool of the open period, planned if it is not there yet; None where no plan funds one."""
    plans = {plan.account.pk: plan for plan in period_pool_plans(period=period)}
    plan = plans.get(pool.account_id)
    if plan is None or plan.plan.currency != pool.currency:
        return None
    receiver, _made = Pool.objects.get_or_create(
        account=pool.account,
        period=period,
        defaults={"plan_version": plan.version, "currency": pool.currency, "created_by": by},
    )
    return receiver


def _pool_plan(pool: Pool) -> PoolPlan:
    plan = plan_from_document(pool.plan_version.document)
    case = case_from_document(pool.inputs)
    return PoolPlan(account=pool.account, version=pool.plan_version, plan=plan, terms=case.terms)
