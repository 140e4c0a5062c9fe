"""Reads about pools: by period and account as people name them, and how each stands."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict

from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from kamcomp.calendar.models import Period
from kamcomp.refusal import Refusal, Word
from payouts.models import Allocation, Pool
from teams.models import StrategicAccount

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

ZERO = Decimal(0)


class PoolUnknown(Refusal):
    """The account has no pool in the period."""


class AccountUnknown(Refusal):
    """No account of the programme has this code."""


class Allocated(TypedDict):
    """What a pool read by period knows beyond its row: the sum of its shares."""

    allocated: Decimal


@dataclass(frozen=True, kw_only=True)
class PoolShare:
    """One person of a pool, as the allocator sees them: figures, guideline, amount, or why they take no part."""

    employee_id: str
    role: str
    link: str
    dedication: Decimal
    days: int
    guideline: Decimal
    amount: Decimal | None
    reason: str
    ineligible_reason: str


def account_named(*, code: str) -> StrategicAccount:
    """
    Return the programme's account with a code.

    :raises AccountUnknown: naming some that there are.
    """
    accounts = StrategicAccount.objects.select_related("node")
    account = accounts.filter(node__code=code).first()
    if account is None:
        known = ", ".join(accounts.order_by("node__code").values_list("node__code", flat=True)[:8])
        raise AccountUnknown(
            "There is no account %(code)s in the programme; there are: %(known)s.",
            code=f"{code!r}",
            known=known or Word("none yet"),
        )
    return account


def period_pools(*, period: Period) -> QuerySet[WithAnnotations[Pool, Allocated]]:
    """Return a period's pools by account code, with what is allocated so far as `allocated`."""
    return (
        Pool.objects.filter(period=period)
        .select_related("account__node", "period", "allocator__user", "approved_by")
        .annotate(allocated=Sum("allocations__amount", default=ZERO))
        .order_by("account__node__code")
    )


def pools_with_sums() -> QuerySet[WithAnnotations[Pool, Allocated]]:
    """Return all pools, with what is allocated so far as `allocated`, and what a list shows of them joined in."""
    shares = (
        Allocation.objects.filter(pool=OuterRef("pk"))
        .order_by()
        .values("pool")
        .annotate(total=Sum("amount"))
        .values("total")
    )
    return Pool.objects.select_related("account__node", "period", "allocator__details").annotate(
        allocated=Coalesce(Subquery(shares), Value(ZERO), output_field=DecimalField())
    )


def pool_named(*, period: Period, account: str) -> Pool:
    """
    Return the pool of an account, by its code, in a period.

    :raises AccountUnknown: if no account has the code.
    :raises PoolUnknown: if the account has no pool in the period.
    """
    found = account_named(code=account)
    pool = period_pools(period=period).filter(account=found).first()
    if pool is None:
        raise PoolUnknown(
            "%(found)s has no pool in %(period)s: pools are funded when the run is reviewed.",
            found=found,
            period=period,
        )
    return pool


def pool_shares(*, pool: Pool) -> list[PoolShare]:
    """Return the people of a pool, direct ones first, then by employee id."""
    rows: QuerySet[Allocation] = pool.allocations.select_related("person", "role").order_by(
        "link", "person__employee_id"
    )
    return [
        PoolShare(
            employee_id=row.person.employee_id,
            role=row.role.name,
            link=row.link,
            dedication=row.dedication,
            days=row.days_eligible,
            guideline=row.guideline,
            amount=row.amount,
            reason=row.reason,
            ineligible_reason=row.ineligible_reason,
        )
        for row in rows
    ]
