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
from kamcomp.sentences import Numeral, Sentence, Word
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
            find(code, Sentence("The pool of %(pool)s: %(what)s", pool=pool, what=sentence))
    for pool, sentence in _budget_differences(run=run, pools=list(pools)):
        find("budget_differs", Sentence("The pool of %(pool)s: %(what)s", pool=pool, what=sentence))


def pool_differences(pool: Pool) -> Iterator[tuple[str, str]]:
    """Yield (code, sentence) for whatever of a pool does not follow from its stored inputs and its approval."""
    digest = hashlib.sha256(canonical_bytes(pool.inputs)).hexdigest()
    if digest != pool.input_digest:
        yield (
            "pool_inputs_differ",
            Sentence(
                "its inputs have the digest %(digest)s..., stored is %(stored)s...",
                digest=digest[:16],
                stored=pool.input_digest[:16],
            ),
        )
    try:
        figures = pool_figures(case=case_from_document(pool.inputs))
    except (Refusal, KeyError, ValueError) as error:
        yield "pool_inputs_unreadable", Sentence("its inputs do not give a pool: %(why)s", why=error)
        return
    if pool.funded != figures.funded:
        off = (pool.funded or ZERO) - figures.funded
        sentence = Sentence(
            "funded %(funded)s, derived %(derived)s (%(off)s %(currency)s).",
            funded=_figure(pool.funded),
            derived=_figure(figures.funded),
            off=Numeral.signed(off),
            currency=pool.currency,
        )
        yield "pool_differs", sentence
    shares = list(pool.allocations.select_related("person").order_by("person__employee_id"))
    for share in shares:
        derived = figures.guideline.get(share.person.employee_id, ZERO)
        if share.guideline != derived:
            sentence = Sentence(
                "%(person)s: guideline %(guideline)s, derived %(derived)s.",
                person=share.person,
                guideline=_figure(share.guideline),
                derived=_figure(derived),
            )
            yield "guideline_differs", sentence
    if pool.status == PoolStatus.APPROVED:
        given = sum((share.amount or ZERO for share in shares), ZERO) + pool.reserve
        if given != pool.funded:
            sentence = Sentence(
                "shares and reserve sum to %(given)s, funded is %(funded)s.",
                given=_figure(given),
                funded=_figure(pool.funded),
            )
            yield "pool_not_whole", sentence
        approval = (
            Approval.objects.filter(subject_table=POOL_TABLE, subject_id=pool.pk, decision=Decision.APPROVED)
            .order_by("decided_at")
            .last()
        )
        if approval is None or approval.digest != allocation_digest(pool=pool):
            yield "pool_not_as_approved", Sentence("its shares are not those that were approved.")


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
            sentence = Sentence(
                "it kept %(kept)s as what the budget %(budget)s holds, stated is %(stated)s.",
                kept=_figure(kept.available),
                budget=named,
                stated=_figure(holds),
            )
            yield pool, sentence
        others = {key: amount for key, amount in asked[named].items() if key != kept.pool}
        if dict(kept.others) != others:
            off = sorted(key for key in {*kept.others, *others} if kept.others.get(key) != others.get(key))
            sentence = Sentence(
                "it kept of %(pools)s in the budget %(budget)s what those pools do not ask.",
                pools=", ".join(off),
                budget=named,
            )
            yield pool, sentence


def _figure(amount: Decimal | None) -> str:
    return Word("nothing") if amount is None else Numeral(str(amount), number=amount)
