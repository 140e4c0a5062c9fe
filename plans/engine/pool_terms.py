"""
The pool section of a plan document, as frozen records.

It says what funds the pool, who may share in it, how the guideline is made, what the
key account manager may do with it and what happens when nobody does. The rules the
words stand for are in payouts/engine/pool.py and payouts/engine/allocation.py.
Rule: docs/reference/formulas.md, "Pool funding" and "Pool allocation".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from plans.engine.codec import UNSAID

ZERO = Decimal(0)


class FundingRule(StrEnum):
    """What funds a pool."""

    TARGETS_TIMES_RESULT = "targets_times_result"
    SHARE_OF_CONTRIBUTION = "share_of_contribution"
    BUCKETS = "buckets"
    FIXED = "fixed"


class TargetBy(StrEnum):
    """
    What a member's yearly pool target is scaled by before it counts for one account.

    `share_of_dedication` is the account's part of the dedication the person gives to all
    accounts with a pool, so that a person's target is promised once; `dedication` is the
    dedication itself; `days` are the eligible days of the period.
    """

    SHARE_OF_DEDICATION = "share_of_dedication"
    DEDICATION = "dedication"
    DAYS = "days"


class ShareBy(StrEnum):
    """A factor of a member's weight in the guideline."""

    DEDICATION = "dedication"
    DAYS = "days"
    ROLE_WEIGHT = "role_weight"


class RoleEmpty(StrEnum):
    """What becomes of the share of a role that nobody holds."""

    SPREAD = "spread"
    WITHHOLD = "withhold"


class IfLate(StrEnum):
    """What happens when the window has passed and nothing was submitted."""

    GUIDELINE = "guideline"
    WAIT = "wait"


class Allocator(StrEnum):
    """Who hands the pool out."""

    KAM = "kam"


class Less(StrEnum):
    """Who bears it when a late fact would have funded a locked pool with less."""

    COMPANY = "company"
    NEXT_POOL = "next_pool"


@dataclass(frozen=True, kw_only=True)
class FundingBucket:
    """A part of the pool's target that a result of its own funds."""

    code: str
    share: Decimal
    node: str


@dataclass(frozen=True, kw_only=True)
class Funding:
    """
    The rule that funds a pool, with what that rule reads.

    `targets_times_result` and each bucket read a team node of the plan (none: the whole
    plan); `share_of_contribution` reads a metric of the account above a hurdle; `fixed`
    is an amount a period. `budget` names money stated by period that this pool shares with
    every other pool of the same budget: where they ask for more together, all are scaled down.
    """

    rule: FundingRule = FundingRule.TARGETS_TIMES_RESULT
    node: str = ""
    metric: str = "M04"
    hurdle: Decimal = ZERO
    share: Decimal | None = None
    amount: Decimal | None = None
    buckets: tuple[FundingBucket, ...] = ()
    budget: str | None = field(default=None, metadata=UNSAID)


@dataclass(frozen=True, kw_only=True)
class Eligibility:
    """Who of the account's members may share: still employed at the end, and present for so many days."""

    employed_on_last_day: bool = True
    least_days: int = 1


@dataclass(frozen=True, kw_only=True)
class PoolTerms:
    """The whole pool section: funding, eligibility, guideline, limits, allocator and lateness."""

    funding: Funding = Funding()
    target_by: tuple[TargetBy, ...] = (TargetBy.SHARE_OF_DEDICATION, TargetBy.DAYS)
    eligibility: Eligibility = Eligibility()
    share_by: tuple[ShareBy, ...] = (ShareBy.DEDICATION, ShareBy.DAYS, ShareBy.ROLE_WEIGHT)
    role_shares: Mapping[str, Decimal] = field(default_factory=dict, hash=False)
    when_role_empty: RoleEmpty = RoleEmpty.SPREAD
    bounds: tuple[Decimal, Decimal] | None = None
    zero_with_reason: bool = False
    reason_beyond: Decimal | None = None
    per_person_at_most: Decimal | None = None
    matrix_at_least: Decimal = ZERO
    reserve: Decimal = ZERO
    allocator: Allocator = Allocator.KAM
    window_days: int = 10
    if_late: IfLate = IfLate.WAIT
    less: Less = Less.COMPANY
