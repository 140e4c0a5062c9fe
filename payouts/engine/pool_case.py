"""
A pool as a whole: from its terms and what is known to the figures everybody works with.

The same function funds a pool at review, shows how it was funded, checks it when a
period is verified, and computes it again when a late fact arrives. Pure.
The rules are written down in docs/reference/formulas.md, "Pool funding" and "Pool allocation".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kamcomp import money
from kamcomp.refusal import Refusal, Sentence, Word
from kamcomp.trace import NO_TRACE, Trace
from payouts.engine import pool
from payouts.engine.allocation import AllocationRule, Member, allocation_limits, guideline_shares
from payouts.engine.filling import Limits, NobodyToShareWith
from payouts.engine.guardrails import Proposal
from payouts.engine.pool_members import PoolMember
from plans.engine.codec import UNSAID, read, write
from plans.engine.pool_terms import FundingRule, PoolTerms

ZERO = Decimal(0)
WHOLE_PLAN = ""


class FundingResultMissing(Refusal):
    """What the funding rule reads (a node's result, a metric) is not known."""


class BudgetMoneyMissing(Refusal):
    """A pool names a budget, and nobody has said what the budget holds in the period."""


class BudgetNotNamed(Refusal):
    """Money of a budget is given to a pool whose plan names none."""


@dataclass(frozen=True, kw_only=True)
class SharedBudget:
    """
    What a budget holds in a period, and what the pools that share it ask.

    `pool` is this pool's own key among them, `others` what each other one asks, settled.
    """

    available: Decimal
    pool: str
    others: Mapping[str, Decimal]


@dataclass(frozen=True, kw_only=True)
class PoolCase:
    """
    A pool's terms and facts.

    `results` are the team results of plan nodes (ratios, "" the whole plan);
    `contribution` is the metric a share of contribution reads; `correction` is what
    late facts of locked periods add to (or, if the plan says so, take from) this pool;
    `budget` is there where the plan names one.
    """

    terms: PoolTerms
    members: tuple[PoolMember, ...]
    period_days: int
    currency: str
    results: Mapping[str, Decimal] = dataclasses.field(default_factory=dict)
    contribution: Decimal | None = None
    correction: Decimal = ZERO
    budget: SharedBudget | None = dataclasses.field(default=None, metadata=UNSAID)


@dataclass(frozen=True, kw_only=True)
class PoolFigures:
    """
    What a pool comes to.

    `funded` = `guideline` shares + `withheld`, to the minor unit; `withheld` is what no
    member can get (a role nobody holds, nobody eligible). `shared` is what the allocator hands out.
    `corrected` is what corrections of locked periods add to what is granted, or take of it.
    """

    target_amount: Decimal
    result_ratio: Decimal | None
    funded: Decimal
    corrected: Decimal
    withheld: Decimal
    guideline: Mapping[str, Decimal]
    limits: Mapping[str, Limits]

    @property
    def shared(self) -> Decimal:
        """Return the amount that is handed out or stays in reserve."""
        return self.funded - self.withheld


@money.exactly
def pool_figures(*, case: PoolCase, trace: Trace = NO_TRACE) -> PoolFigures:
    """
    Return a pool's funding, guideline and limits.

    Corrections of locked periods are added after funding, outside any budget; the pool never falls below zero,
    and `corrected` is what it takes of them.

    Units: money in the case's currency, settled; ratios.
    Source: docs/reference/formulas.md, "Pool funding" and "Pool allocation".

    :raises FundingResultMissing: if the rule reads something that is not known.
    :raises BudgetMoneyMissing: if the plan names a budget and the case has none.
    :raises BudgetNotNamed: if the case has a budget and the plan names none.
    :raises LimitsCannotHoldPool: if no guideline keeps the plan's limits.
    """
    granted = pool_granted(case=case, trace=trace)
    funded = max(granted + case.correction, ZERO)
    if case.correction:
        trace.step("corrections", case.correction, unit=case.currency, because="late facts of locked periods")
        before = "pool granted" if case.budget else "pool funded"
        trace.step("pool", funded, unit=case.currency, inputs=(before, "corrections"))
    members, rule = case_members(case=case), allocation_rule(terms=case.terms)
    try:
        guideline = guideline_shares(
            total=funded,
            members=members,
            rule=rule,
            period_days=case.period_days,
            currency=case.currency,
            trace=trace,
        )
        shares, withheld = guideline.shares, guideline.withheld
    except NobodyToShareWith:
        shares, withheld = {member.key: ZERO for member in members}, funded
    limits = allocation_limits(
        total=funded, members=members, guideline=shares, rule=rule, currency=case.currency
    )
    return PoolFigures(
        target_amount=target_amount(case=case),
        result_ratio=_ratio(case),
        funded=funded,
        corrected=funded - granted,
        withheld=withheld,
        guideline=shares,
        limits=limits,
    )


@money.exactly
def pool_granted(*, case: PoolCase, trace: Trace = NO_TRACE) -> Decimal:
    """
    Return what a pool gets before corrections: what its rule asks, or its part of a budget that cannot pay all.

    Units: money in the case's currency, settled.
    Source: docs/reference/formulas.md, "Pool funding".

    :raises FundingResultMissing: if the rule reads something that is not known.
    :raises BudgetMoneyMissing: if the plan names a budget and the case has none.
    :raises BudgetNotNamed: if the case has a budget and the plan names none.
    """
    named, budget = case.terms.funding.budget, case.budget
    if named is None and budget is not None:
        raise BudgetNotNamed(
            "The pool's plan names no budget (pool.funding.budget): leave the budget's money out."
        )
    asked = funded_by_rule(case=case, trace=trace)
    if named is None:
        return asked
    if budget is None:
        raise BudgetMoneyMissing(
            "The pool shares the budget %(named)s, and what it holds in the period is not stated.",
            named=named,
        )
    granted = pool.scaled_pools(
        funded={**budget.others, budget.pool: asked},
        available=budget.available,
        currency=case.currency,
        trace=trace,
    )[budget.pool]
    trace.step(
        "pool granted",
        granted,
        unit=case.currency,
        because=Sentence("the budget %(named)s pays all of it", named=named)
        if granted == asked
        else Sentence(
            "scaled down with the other pools of the budget %(named)s, by largest remainder", named=named
        ),
        inputs=("pool funded", "pools asked", "money available"),
    )
    return granted


@money.exactly
def funded_by_rule(*, case: PoolCase, trace: Trace = NO_TRACE) -> Decimal:
    """
    Return what the plan's rule funds, before its budget and corrections of locked periods; never below zero.

    :raises FundingResultMissing: if the rule reads something that is not known.
    """
    funding, currency = case.terms.funding, case.currency
    targets = {member.key: member.target for member in case.members if member.eligible}
    if funding.rule is FundingRule.TARGETS_TIMES_RESULT:
        result = _result(case, funding.node)
        return pool.targets_times_result(targets=targets, result=result, currency=currency, trace=trace)
    if funding.rule is FundingRule.BUCKETS:
        buckets = [
            pool.Bucket(code=bucket.code, share=bucket.share, result=_result(case, bucket.node))
            for bucket in funding.buckets
        ]
        return pool.bucketed_pool(targets=targets, buckets=buckets, currency=currency, trace=trace)
    if funding.rule is FundingRule.FIXED:
        return pool.fixed_pool(amount=funding.amount or ZERO, currency=currency, trace=trace)
    if case.contribution is None:
        raise FundingResultMissing(
            "The pool is funded by %(metric)s, which has no result in this period.", metric=funding.metric
        )
    return pool.share_of_contribution(
        contribution=case.contribution,
        hurdle=funding.hurdle,
        share=funding.share or ZERO,
        currency=currency,
        trace=trace,
    )


def nodes_read(*, terms: PoolTerms) -> frozenset[str]:
    """Return the codes of the plan nodes whose team result the funding rule reads; "" is the whole plan."""
    if terms.funding.rule is FundingRule.TARGETS_TIMES_RESULT:
        return frozenset({terms.funding.node or WHOLE_PLAN})
    return frozenset(bucket.node for bucket in terms.funding.buckets)


@money.exactly
def target_amount(*, case: PoolCase) -> Decimal:
    """Return the sum of the eligible members' targets, settled for showing; funding uses the exact sum."""
    total = sum((member.target for member in case.members if member.eligible), ZERO)
    return money.settle(total, currency=case.currency)


def allocation_rule(*, terms: PoolTerms) -> AllocationRule:
    """Return how the plan lets the pool be shared, as the allocation's own rule."""
    low, high = terms.bounds if terms.bounds is not None else (None, None)
    return AllocationRule(
        share_by=tuple(str(factor) for factor in terms.share_by),
        low=low,
        high=high,
        per_person_at_most=terms.per_person_at_most,
        matrix_at_least=terms.matrix_at_least,
        zero_with_reason=terms.zero_with_reason,
        reason_beyond=terms.reason_beyond,
        reserve_at_most=terms.reserve,
        role_shares=terms.role_shares,
        when_role_empty=str(terms.when_role_empty),
    )


def case_members(*, case: PoolCase) -> list[Member]:
    """Return the eligible members as the allocation knows them, by key."""
    return [
        Member(
            key=member.key,
            role=member.role,
            link=member.link,
            dedication=member.dedication,
            eligible_days=member.eligible_days,
            role_weight=member.role_weight,
            ceiling=member.ceiling,
        )
        for member in sorted(case.members, key=lambda member: member.key)
        if member.eligible
    ]


def proposal(
    *,
    case: PoolCase,
    figures: PoolFigures,
    amounts: Mapping[str, Decimal],
    reasons: Mapping[str, str],
    reserve: Decimal,
    allocator: str,
) -> Proposal:
    """Return an allocation that somebody proposes, with all it is judged by."""
    return Proposal(
        total=figures.shared,
        currency=case.currency,
        members=case_members(case=case),
        rule=allocation_rule(terms=case.terms),
        guideline=figures.guideline,
        limits=figures.limits,
        amounts=amounts,
        reasons=reasons,
        reserve=reserve,
        allocator=allocator,
    )


def case_document(*, case: PoolCase) -> dict[str, Any]:
    """Return a case as JSON-ready values that keep every digit: what a pool row stores as its inputs."""
    document: dict[str, Any] = write(case)
    return document


def case_from_document(document: Mapping[str, Any]) -> PoolCase:
    """Return the case a pool row stored."""
    contribution, budget = document["contribution"], document.get("budget")
    return PoolCase(
        terms=read(PoolTerms, document["terms"]),
        members=tuple(_member_from(member) for member in document["members"]),
        period_days=document["period_days"],
        currency=document["currency"],
        results={node: Decimal(result) for node, result in document["results"].items()},
        contribution=None if contribution is None else Decimal(contribution),
        correction=Decimal(document["correction"]),
        budget=None if budget is None else read(SharedBudget, budget),
    )


def _member_from(document: Mapping[str, Any]) -> PoolMember:
    decimals = ("dedication", "role_weight", "target", "ceiling")
    values = {field.name: document[field.name] for field in dataclasses.fields(PoolMember)}
    read_values = {name: Decimal(values[name]) for name in decimals if values[name] is not None}
    return PoolMember(**{**values, **read_values})


def _ratio(case: PoolCase) -> Decimal | None:
    if case.terms.funding.rule is FundingRule.TARGETS_TIMES_RESULT:
        return _result(case, case.terms.funding.node)
    return None


def _result(case: PoolCase, node: str) -> Decimal:
    try:
        return case.results[node or WHOLE_PLAN]
    except KeyError:
        raise FundingResultMissing(
            "The pool is funded by the team result of %(node)s, which is not known: no payee of the "
            "plan has it in this run.",
            node=node or Word("the whole plan"),
        ) from None
