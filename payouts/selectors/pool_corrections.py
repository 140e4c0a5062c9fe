"""
What corrections took from the pools they went to, and what is still to be taken from a later one.

A pool never falls below zero: of corrections that come to more than it is funded with, it takes what it
holds. What is left was not posted: late facts propose it for the next pool, where it corrects a pool.
Rule: docs/reference/formulas.md, "Corrections".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from payouts.choices import AdjustmentStatus
from payouts.models import Adjustment, Pool

ZERO = Decimal(0)


def corrections_not_taken(*, accounts: Iterable[UUID]) -> dict[UUID, Decimal]:
    """
    Return by id of a posted correction what its pool could not take of it, above zero; the others are left out.

    Of several corrections of one pool the first are taken first, and those by hand, which nobody proposes
    again, before all. Units: money in the pool's currency.
    """
    keys = list(accounts)
    rows = (
        Adjustment.objects.filter(pool__account__in=keys, status=AdjustmentStatus.POSTED)
        .order_by("created_at", "pk")
        .values_list("period_id", "pool__account_id", "pk", "amount", "corrects_pool_id")
    )
    went: defaultdict[tuple[UUID, UUID], list[tuple[UUID, Decimal, bool]]] = defaultdict(list)
    for period_id, account_id, key, amount, corrects in rows:
        went[period_id, account_id].append((key, amount, corrects is not None))
    pools = Pool.objects.filter(account__in=keys, period__in={period_id for period_id, _account in went})
    left: dict[UUID, Decimal] = {}
    for period_id, account_id, taken in pools.values_list("period_id", "account_id", "correction"):
        corrections = went[period_id, account_id]
        beyond = taken - sum((amount for _key, amount, _carried in corrections), ZERO)
        last_first = corrections[::-1]
        by_hand = [each for each in last_first if not each[2]]
        for key, amount, _carried in [each for each in last_first if each[2]] + by_hand:
            if amount < ZERO < beyond:
                left[key] = min(beyond, -amount)
                beyond -= left[key]
    return left
