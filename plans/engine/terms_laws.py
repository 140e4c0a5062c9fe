"""
The laws of a plan's pool and payment sections: what their JSON Schema cannot say.

Rule: docs/reference/formulas.md, "Pool funding", "Pool allocation" and "Draws and guarantees".
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Sentence, Word
from plans.engine.codec import DocumentError, pointer
from plans.engine.payment_terms import Payment
from plans.engine.pool_terms import Funding, FundingRule, PoolTerms

Errors = Iterator[DocumentError]
ZERO, ONE = Decimal(0), Decimal(1)

_COMPANIONS = {
    FundingRule.SHARE_OF_CONTRIBUTION: "share",
    FundingRule.FIXED: "amount",
    FundingRule.BUCKETS: "buckets",
}


def pool_errors(pool: PoolTerms, *, nodes: frozenset[str]) -> Errors:
    """Return every broken law of a pool section; `nodes` are the codes of the plan's weighted tree."""
    yield from _funding(pool.funding, nodes=nodes)
    if pool.bounds is not None and not ZERO <= pool.bounds[0] <= ONE <= pool.bounds[1]:
        yield _error(
            "/pool/bounds", "bounds_leave_guideline", "The bounds are [low, high] with 0 <= low <= 1 <= high."
        )
    for name in ("per_person_at_most", "matrix_at_least", "reserve"):
        value = getattr(pool, name)
        if value is not None and not ZERO <= value <= ONE:
            yield _error(
                f"/pool/{name}",
                "not_a_share",
                Sentence("%(value)s is not a share of the pool from 0 to 1.", value=value),
            )
    if pool.reason_beyond is not None and pool.reason_beyond < ZERO:
        yield _error("/pool/reason_beyond", "negative", "A deviation that needs no reason is 0 or more.")
    if pool.role_shares and sum(pool.role_shares.values(), ZERO) != ONE:
        yield _error("/pool/role_shares", "shares_sum", "The shares of the roles sum to exactly 1.")
    if pool.eligibility.least_days < 0 or pool.window_days < 0:
        yield _error("/pool/window_days", "negative", "Days are counted from 0 up.")
    for name in ("target_by", "share_by"):
        words = getattr(pool, name)
        if len(set(words)) != len(words):
            yield _error(f"/pool/{name}", "said_twice", "A factor is said once.")
    if not pool.share_by:
        yield _error("/pool/share_by", "missing", "The guideline is shared by at least one factor.")


def payment_errors(payment: Payment) -> Errors:
    """Return every broken law of a payment section."""
    for name in ("deferral", "holdback"):
        part = getattr(payment, name)
        if part is not None and not ZERO <= part.share <= ONE:
            yield _error(
                f"/payment/{name}/share",
                "not_a_share",
                Sentence("%(share)s is not a share from 0 to 1.", share=part.share),
            )
    if payment.deferral is not None and payment.deferral.pay_one_in < 1:
        yield _error("/payment/deferral/pay_one_in", "not_positive", "The bank pays one part in 1 or more.")
    if payment.holdback is not None and payment.holdback.periods < 1:
        yield _error("/payment/holdback/periods", "not_positive", "A holdback waits at least one period.")
    if payment.holdback is not None and sum(payment.holdback.instalments, ZERO) != ONE:
        yield _error("/payment/holdback/instalments", "shares_sum", "The instalments sum to exactly 1.")
    if payment.holdback is not None and any(part <= ZERO for part in payment.holdback.instalments):
        yield _error("/payment/holdback/instalments", "not_positive", "Each instalment is more than 0.")
    if payment.clawback is not None and not ZERO <= payment.clawback.per_payout_at_most <= ONE:
        yield _error(
            "/payment/clawback/per_payout_at_most",
            "not_a_share",
            "The most of a payout is a share from 0 to 1.",
        )
    if payment.draw is not None:
        if not ZERO < payment.draw.recovery_rate <= ONE:
            yield _error(
                "/payment/draw/recovery_rate", "not_a_share", "The recovery rate is above 0 and at most 1."
            )
        end = payment.draw.recovery_end
        if end is not None and end <= payment.draw.recovery_delay:
            yield _error("/payment/draw/recovery_end", "ends_before_start", "Recovery ends after its delay.")
    if payment.draw is not None and payment.guarantee is not None:
        yield _error("/payment/guarantee", "two_floors", "A plan has a draw or a guarantee, not both.")


def _funding(funding: Funding, *, nodes: frozenset[str]) -> Errors:
    needed = _COMPANIONS.get(funding.rule)
    for name in _COMPANIONS.values():
        given = bool(getattr(funding, name)) if name == "buckets" else getattr(funding, name) is not None
        if given != (name == needed):
            word = Word("needs") if name == needed else Word("does not take")
            yield _error(
                f"/pool/funding/{name}",
                "rule_and_fields",
                Sentence("The rule %(rule)s %(word)s `%(name)s`.", rule=funding.rule, word=word, name=name),
            )
    if funding.budget is not None and (not funding.budget or funding.budget != funding.budget.strip()):
        yield _error("/pool/funding/budget", "budget_unnamed", "A budget is named, without blanks around it.")
    if funding.buckets and sum((bucket.share for bucket in funding.buckets), ZERO) != ONE:
        yield _error("/pool/funding/buckets", "shares_sum", "The shares of the buckets sum to exactly 1.")
    read = [("/pool/funding/node", funding.node)] if funding.node else []
    read += [
        (pointer(("pool", "funding", "buckets", i, "node")), b.node) for i, b in enumerate(funding.buckets)
    ]
    for place, node in read:
        if node not in nodes:
            yield _error(
                place,
                "node_unknown",
                Sentence("%(node)s is not the code of a node of this plan's tree.", node=repr(node)),
            )


def _error(place: str, code: str, detail: str) -> DocumentError:
    return DocumentError(pointer=place, code=code, detail=detail)
