"""
Pools of locked periods under another plan: the members as they were, the team's result as the plan reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from kamcomp.refusal import Refusal, Sentence
from payouts.engine.pool_case import PoolCase, case_from_document, funded_by_rule, nodes_read, pool_granted
from payouts.models import Pool, Run
from payouts.selectors.rederived import Kept
from payouts.selectors.team_results import TeamResults, kams_of
from plans.engine.plan import Plan
from plans.models import PlanVersion

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class PoolReplayed:
    """An account's pool of a period: funded then (without corrections of other periods), and under the plan."""

    account: str
    name: str
    period: str
    paid: Decimal
    replayed: Decimal


@dataclass(frozen=True, kw_only=True)
class PoolThen:
    """A pool as a run funded it, with the KAMs who stand for its team."""

    pool: Pool
    case: PoolCase
    kams: frozenset[str]


def pools_then(*, run: Run, plans: Sequence[str]) -> list[PoolThen]:
    """Return the pools that a run funded by these plans, by account."""
    rows = Pool.objects.filter(run=run, plan_version__plan__code__in=plans, funded__isnull=False)
    pools = list(rows.select_related("account__node", "period").order_by("account__node__code"))
    kams = kams_of(run=run, accounts=[pool.account_id for pool in pools])
    return [
        PoolThen(pool=pool, case=case_from_document(pool.inputs), kams=kams.get(pool.account_id, frozenset()))
        for pool in pools
    ]


def pools_replayed(
    *, run: Run, version: PlanVersion, plan: Plan, pools: Sequence[PoolThen], kept: Sequence[Kept]
) -> tuple[list[PoolReplayed], list[str]]:
    """
    Return the pools of a run under a plan, and a sentence for each that it cannot fund.

    `kept` are the inputs the plan was replayed on. Shares of budgets are divided as then where the plan names the
    same budget; otherwise a pool gets what its rule asks.
    """
    kams = {then.pool.account_id: then.kams for then in pools}
    results = TeamResults(run=run, kept={version.pk: kept}, kams=kams)
    found: list[PoolReplayed] = []
    problems: list[str] = []
    for then in pools:
        pool = then.pool
        try:
            amount = _funded(then, version=version, plan=plan, results=results)
        except Refusal as refusal:
            problems.append(
                Sentence("%(who)s, %(period)s: %(why)s", who=pool.account, period=run.period, why=refusal)
            )
            continue
        found.append(
            PoolReplayed(
                account=pool.account.node.code,
                name=str(pool.account),
                period=run.period.code,
                paid=(pool.funded or ZERO) - pool.correction,
                replayed=amount,
            )
        )
    return found, problems


def _funded(was: PoolThen, *, version: PlanVersion, plan: Plan, results: TeamResults) -> Decimal:
    if plan.pool is None:
        return ZERO
    then = was.case
    asked: Mapping[str, Decimal] = results.of(
        version=version, account=was.pool.account, nodes=sorted(nodes_read(terms=plan.pool))
    )
    same_budget = plan.pool.funding.budget == then.terms.funding.budget
    case = replace(
        then, terms=plan.pool, results=asked, correction=ZERO, budget=then.budget if same_budget else None
    )
    return pool_granted(case=case) if same_budget else funded_by_rule(case=case)
