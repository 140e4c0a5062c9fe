"""
The part of verification that looks at pools: funding and guideline derived again from the stored
inputs, pools of one budget against each other and against what was stated, amounts against what
was approved. Nothing is written.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal

from kamcomp.approvals.choices import Decision
from kamcomp.approvals.models import Approval
from kamcomp.refusal import Refusal
from payouts.choices import PoolStatus
from payouts.engine.pool_case import PoolCase, case_from_document, funded_by_rule, pool_figures
from payouts.models import Pool, Run
from payouts.selectors.pool_budgets import budgets_stated
from payouts.services.pools import POOL_TABLE, allocation_digest
from plans.engine.document import canonical_bytes

ZERO = Decimal(0)
Find = Callable[[str, str], None]


def verify_pools(*, run: Run, find: Find) -> None:
    """Say through `find` (code, sentence) whatever about a run's pools does not follow from their inputs."""
    pools = (
        Pool.objects.filter(run=run).select_related("account__node", "period").order_by("account__node__code")
    )
    for pool in pools:
        for code, sentence in pool_differences(pool):
            find(code, f"The pool of {pool}: {sentence}")
    for pool, sentence in _budget_differences(run=run, pools=list(pools)):
        find("budget_differs", f"The pool of {pool}: {sentence}")


def pool_differences(pool: Pool) -> Iterator[tuple[str, str]]:
    """Yield (code, sentence) for whatever of a pool does not follow from its stored inputs and its approval."""
    digest = hashlib.sha256(canonical_bytes(pool.inputs)).hexdigest()
    if digest != pool.input_digest:
        yield (
            "pool_inputs_differ",
            f"its inputs have the digest {digest[:16]}..., stored is {pool.input_digest[:16]}...",
        )
    try:
        figures = pool_figures(case=case_from_document(pool.inputs))
    except (Refusal, KeyError, ValueError) as error:
        yield "pool_inputs_unreadable", f"its inputs do not give a pool: {error}"
        return
    if pool.funded != figures.funded:
        off = (pool.funded or ZERO) - figures.funded
        yield "pool_differs", f"funded {pool.funded}, derived {figures.funded} ({off:+f} {pool.currency})."
    shares = list(pool.allocations.select_related("person").order_by("person__employee_id"))
    for share in shares:
        derived = figures.guideline.get(share.person.employee_id, ZERO)
        if share.guideline != derived:
            yield "guideline_differs", f"{share.person}: guideline {share.guideline}, derived {derived}."
    if pool.status == PoolStatus.APPROVED:
        given = sum((share.amount or ZERO for share in shares), ZERO) + pool.reserve
        if given != pool.funded:
            yield "pool_not_whole", f"shares and reserve sum to {given}, funded is {pool.funded}."
        approval = (
            Approval.objects.filter(subject_table=POOL_TABLE, subject_id=pool.pk, decision=Decision.APPROVED)
            .order_by("decided_at")
            .last()
        )
        if approval is None or approval.digest != allocation_digest(pool=pool):
            yield "pool_not_as_approved", "its shares are not those that were approved."


def _budget_differences(*, run: Run, pools: Sequence[Pool]) -> Iterator[tuple[Pool, str]]:
    """Yield what a pool kept of its budget that the statement, or the other pools' own inputs, do not say."""
    stated = budgets_stated(period=run.period)
    cases: dict[Pool, PoolCase] = {}
    for pool in pools:
        with suppress(Refusal, KeyError, ValueError):  # such inputs are named by the pool's own differences
            cases[pool] = case_from_document(pool.inputs)
    asked: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for case in cases.values():
        if case.terms.funding.budget and case.budget:
            with suppress(Refusal):
                asked[case.terms.funding.budget][case.budget.pool] = funded_by_rule(case=case)
    for pool, case in cases.items():
        named, kept = case.terms.funding.budget, case.budget
        if named is None or kept is None:
            continue
        holds = stated[named].amount if named in stated else None
        if kept.available != holds:
            yield pool, f"it kept {kept.available} as what the budget {named} holds, stated is {holds}."
        others = {key: amount for key, amount in asked[named].items() if key != kept.pool}
        if dict(kept.others) != others:
            off = sorted(key for key in {*kept.others, *others} if kept.others.get(key) != others.get(key))
            yield pool, f"it kept of {', '.join(off)} in the budget {named} what those pools do not ask."
