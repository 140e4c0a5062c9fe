"""
What funds a key account team's pool.

The team's result funds a pool; the KAM then hands it out (`allocation`). A pool is
funded once, when the period's results have been reviewed, and settled to the minor
unit of the plan's currency, so that the shares can sum to it exactly. The rules are
written down in docs/reference/formulas.md, "Pool funding".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kamcomp import money
from kamcomp.refusal import Refusal, Sentence, Word
from kamcomp.sentences import ours
from kamcomp.trace import NO_TRACE, Trace

ZERO = Decimal(0)
WHOLE = Decimal(1)


class BucketSharesNotWhole(Refusal):
    """The shares of a pool's buckets do not sum to exactly 1."""


class NegativePoolTarget(Refusal):
    """A member's pool target is below zero."""


class NegativeBudget(Refusal):
    """The money available for pools is below zero."""


class PoolAmountUnsound(Refusal):
    """What a pool asks of a budget, or the budget itself, is negative or has parts of a minor unit."""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A named part of a pool's target, funded by a result of its own; `share` and `result` are ratios."""

    code: str
    share: Decimal
    result: Decimal


@money.exactly
def targets_times_result(
    *, targets: Mapping[str, Decimal], result: Decimal, currency: str, trace: Trace = NO_TRACE
) -> Decimal:
    """
    Return the pool that the members' targets fund at the team's result.

    A result below zero funds nothing. The sum is settled once: two members' targets
    are never rounded apart.

    Shape: `targets` by member, each the pool target of the period.
    Units: money in `currency`; `result` is a ratio, Decimal("1.04") is 104 %.
    Source: docs/reference/formulas.md, "Pool funding".

    :raises NegativePoolTarget: if a target is below zero.
    """
    target = _target_total(targets=targets, currency=currency, trace=trace)
    trace.step("team result", result, unit="ratio")
    funded = money.settle(target * max(result, ZERO), currency=currency)
    trace.step(
        "pool funded",
        funded,
        unit=currency,
        because="targets x team result",
        inputs=("pool target", "team result"),
    )
    return funded


@money.exactly
def share_of_contribution(
    *, contribution: Decimal, hurdle: Decimal, share: Decimal, currency: str, trace: Trace = NO_TRACE
) -> Decimal:
    """
    Return the pool that a share of the account's contribution above a hurdle funds.

    At or below the hurdle nothing is funded.

    Units: money in `currency`; `share` is a ratio.
    Source: docs/reference/formulas.md, "Pool funding".
    """
    trace.step("contribution", contribution, unit=currency)
    trace.step("hurdle", hurdle, unit=currency)
    above = max(contribution - hurdle, ZERO)
    funded = money.settle(above * share, currency=currency)
    because = (
        Word("share of what is above the hurdle")
        if above
        else Word("the contribution does not pass the hurdle")
    )
    trace.step("pool funded", funded, unit=currency, because=because, inputs=("contribution", "hurdle"))
    return funded


@money.exactly
def fixed_pool(*, amount: Decimal, currency: str, trace: Trace = NO_TRACE) -> Decimal:
    """
    Return a pool of a stated amount, settled.

    Units: money in `currency`. Source: docs/reference/formulas.md, "Pool funding".
    """
    funded = money.settle(amount, currency=currency)
    trace.step("pool funded", funded, unit=currency, because="fixed amount")
    return funded


@money.exactly
def bucketed_pool(
    *, targets: Mapping[str, Decimal], buckets: Sequence[Bucket], currency: str, trace: Trace = NO_TRACE
) -> Decimal:
    """
    Return the pool that several results fund, each through its share of the targets.

    Target total x sum(share x result), each result not below zero, settled once.

    Shape: `targets` by member; any number of buckets.
    Units: money in `currency`; shares and results are ratios.
    Source: docs/reference/formulas.md, "Pool funding".

    :raises BucketSharesNotWhole: if the shares do not sum to exactly 1.
    :raises NegativePoolTarget: if a target is below zero.
    """
    total = sum((bucket.share for bucket in buckets), ZERO)
    if total != WHOLE:
        raise BucketSharesNotWhole(
            "The bucket shares sum to %(total)s, not to 1: change a share.", total=total
        )
    target = _target_total(targets=targets, currency=currency, trace=trace)
    ratio = ZERO
    for bucket in buckets:
        ratio += bucket.share * max(bucket.result, ZERO)
        trace.step(
            f"bucket {bucket.code}",
            bucket.share * max(bucket.result, ZERO),
            unit="ratio",
            because=Sentence("share %(share)s x result %(result)s", share=bucket.share, result=bucket.result),
        )
    funded = money.settle(target * ratio, currency=currency)
    trace.step(
        "pool funded", funded, unit=currency, because="targets x sum of buckets", inputs=("pool target",)
    )
    return funded


@money.exactly
def scaled_pools(
    *, funded: Mapping[str, Decimal], available: Decimal, currency: str, trace: Trace = NO_TRACE
) -> dict[str, Decimal]:
    """
    Return the pools that the available money can pay.

    Pools that fit are returned as they are. Pools that ask for more are scaled down
    together, in proportion, by largest remainder, and then sum to the available money.

    Shape: `funded` by pool; the result has the same keys.
    Units: money in `currency`, whole minor units.
    Source: docs/reference/formulas.md, "Pool funding".

    :raises NegativeBudget: if `available` is below zero.
    :raises PoolAmountUnsound: if an amount is negative or not a whole number of minor units.
    """
    if available < ZERO:
        raise NegativeBudget(
            "The money available for pools is %(available)s %(currency)s: it cannot be below zero.",
            available=available,
            currency=currency,
        )
    _check_settled({Word("The money available for pools"): available}, currency=currency)
    _check_settled(
        {Sentence("What the pool of %(key)s asks", key=key): funded[key] for key in sorted(funded)},
        currency=currency,
    )
    asked = sum(funded.values(), ZERO)
    because = Sentence("%(count)s pools share the money", count=len(funded))
    trace.step("pools asked", asked, unit=currency, because=because)
    trace.step("money available", available, unit=currency)
    if asked <= available:
        return dict(funded)
    keys = sorted(funded)
    shares = money.split(available, [funded[key] for key in keys], currency=currency, keys=keys)
    scaled = dict(zip(keys, shares, strict=True))
    return {key: scaled[key] for key in funded}


def _check_settled(amounts: Mapping[str, Decimal], *, currency: str) -> None:
    for what, amount in amounts.items():
        if amount < ZERO or not money.is_settled(amount, currency=currency):
            raise PoolAmountUnsound(
                "%(what)s is %(amount)s %(currency)s: it is 0 or more, in whole minor units.",
                what=ours(what),
                amount=amount,
                currency=currency,
            )


def _target_total(*, targets: Mapping[str, Decimal], currency: str, trace: Trace) -> Decimal:
    for key in sorted(targets):
        if targets[key] < ZERO:
            raise NegativePoolTarget(
                "The pool target of %(key)s is %(targets)s %(currency)s: it cannot be below zero.",
                key=key,
                targets=targets[key],
                currency=currency,
            )
    total = sum((targets[key] for key in sorted(targets)), ZERO)
    trace.step(
        "pool target",
        total,
        unit=currency,
        because=lambda: Sentence("sum of %(count)s members' targets", count=len(targets)),
    )
    return total
