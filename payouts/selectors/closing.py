"""
What approving and locking a run will do, in figures, before anybody does it.

Amounts by currency with those of the period before, the postings by account as the lock
would write them, what is still open and who has it, and who may give the approval. Nothing
here decides: the services do, whatever this said.
States: docs/reference/states.md, "Run".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from kamcomp import money
from kamcomp.identity.choices import Role
from kamcomp.identity.models import RoleGrant, User
from payouts.choices import AdjustmentStatus, PoolStatus, RunStatus
from payouts.models import Adjustment, Payout, Pool, RegisterRow, Run
from payouts.selectors.adjustments import adjustments_to_post, adjustments_undecided, corrections_paid
from payouts.selectors.ceilings import ceiling_effects

ZERO = Decimal(0)
LARGEST = 10


@dataclass(frozen=True, kw_only=True)
class ClosingSum:
    """What a run comes to in one currency: people's payouts, pools, decided corrections, what ceilings will cut."""

    currency: str
    payouts: Decimal
    pools: Decimal
    corrections: Decimal
    ceilings: Decimal
    target: Decimal
    before: Decimal | None

    @property
    def total(self) -> Decimal:
        """Return the cost of the period."""
        return self.payouts + self.pools + self.corrections + self.ceilings

    @property
    def of_target(self) -> Decimal | None:
        """Return payouts and pools against what they are at target."""
        paid = self.payouts + self.pools
        return money.CONTEXT.divide(paid, self.target) if self.target else None

    @property
    def difference(self) -> Decimal | None:
        """Return the total less that of the period before."""
        return None if self.before is None else self.total - self.before


@dataclass(frozen=True, kw_only=True)
class LargestChange:
    """One person's payouts of this period against the period before, in one currency."""

    person_id: UUID
    name: str
    plan: str
    before: Decimal
    now: Decimal
    currency: str

    @property
    def difference(self) -> Decimal:
        """Return how much more it is."""
        return self.now - self.before


@dataclass(frozen=True, kw_only=True)
class Closing:
    """Everything the page shows of a run that is about to be closed."""

    run: Run
    before: Run | None
    sums: Sequence[ClosingSum]
    people: int
    pools_open: Sequence[Pool]
    undecided: int
    without_number: int
    approvers: Sequence[User]

    @property
    def is_ready(self) -> bool:
        """Tell whether nothing is left to do before the approval."""
        return not self.pools_open and not self.undecided


def run_closing(*, run: Run, on: date) -> Closing:
    """Return what closing a run will do, in a number of queries that does not grow with people."""
    before = (
        Run.objects.filter(
            calendar_id=run.calendar_id, is_current=True, status=RunStatus.LOCKED,
            period__days__startswith__lt=run.period.days.lower,
        )
        .select_related("period")
        .order_by("-period__days")
        .first()
    )  # fmt: skip
    pools = list(
        Pool.objects.filter(run=run)
        .select_related("account__node", "allocator__details")
        .order_by("account__node__name")
    )
    no_number = Q(person__details__payroll_number="") | Q(person__details=None)
    people = RegisterRow.objects.filter(run=run).aggregate(
        all=Count("person_id", distinct=True),
        without_number=Count("person_id", distinct=True, filter=Q(payable__gt=0) & no_number),
    )
    return Closing(
        run=run,
        before=before,
        sums=_sums(run, before=before, pools=pools),
        people=people["all"],
        pools_open=[pool for pool in pools if pool.status != PoolStatus.APPROVED],
        undecided=adjustments_undecided(period=run.period).count(),
        without_number=people["without_number"],
        approvers=run_approvers(run=run, pools=pools, on=on),
    )


def run_approvers(*, run: Run, pools: Sequence[Pool], on: date) -> list[User]:
    """Return who may give a run's second approval on a day: finance, by neither its preparers nor its allocators."""
    apart = {run.started_by_id, run.reviewed_by_id}
    for pool in pools:
        apart |= {pool.submitted_by_id, pool.allocator.user_id if pool.allocator else None}
    granted = RoleGrant.objects.filter(role=Role.FINANCE, valid__contains=on)
    users = User.objects.filter(pk__in=granted.values("user_id"), is_active=True)
    return list(users.exclude(pk__in=[key for key in apart if key]).order_by("last_name", "first_name"))


def largest_changes(*, run: Run, before: Run) -> list[LargestChange]:
    """Return the ten payouts that differ most from the person's of the same plan and currency in another run."""
    same = Payout.objects.filter(
        run=before, person=OuterRef("person"), plan_version__plan=OuterRef("plan_version__plan"),
        currency=OuterRef("currency"),
    ).order_by()  # fmt: skip
    then = Coalesce(
        Subquery(same.values("plan_version__plan").annotate(sum=Sum("amount")).values("sum")), Value(ZERO)
    )
    rows = Payout.objects.filter(run=run).annotate(then=then).exclude(amount=0, then=0)
    found = [
        LargestChange(
            person_id=payout.person_id,
            name=str(getattr(payout.person, "details", payout.person.employee_id)),
            plan=str(payout.plan_version.plan),
            before=payout.then,
            now=payout.amount,
            currency=payout.currency,
        )
        for payout in rows.select_related("person__details", "plan_version__plan")
    ]
    found = [each for each in found if each.difference]
    return sorted(found, key=lambda each: (-abs(each.difference), each.name))[:LARGEST]


def _sums(run: Run, *, before: Run | None, pools: Sequence[Pool]) -> list[ClosingSum]:
    payouts = {
        row["currency"]: (row["amount"], row["target"])
        for row in Payout.objects.filter(run=run)
        .order_by()
        .values("currency")
        .annotate(amount=Sum("amount"), target=Sum("target_incentive"))
    }
    pooled: dict[str, tuple[Decimal, Decimal]] = {}
    for pool in pools:
        funded, target = pooled.get(pool.currency, (ZERO, ZERO))
        pooled[pool.currency] = (funded + (pool.funded or ZERO), target + pool.target_amount)
    corrections = _corrections(run)
    ceilings: dict[str, Decimal] = {}
    if run.status == RunStatus.ALLOCATING:
        for effect in ceiling_effects(run=run):
            ceilings[effect.currency] = ceilings.get(effect.currency, ZERO) + effect.amount
    earlier = {} if before is None else _totals_of(before)
    nothing = (ZERO, ZERO)
    return [
        ClosingSum(
            currency=currency,
            payouts=payouts.get(currency, nothing)[0],
            pools=pooled.get(currency, nothing)[0],
            corrections=corrections.get(currency, ZERO),
            ceilings=ceilings.get(currency, ZERO),
            target=payouts.get(currency, nothing)[1] + pooled.get(currency, nothing)[1],
            before=earlier.get(currency, ZERO) if before else None,
        )
        for currency in sorted({*payouts, *pooled, *corrections})
    ]


def _corrections(run: Run) -> dict[str, Decimal]:
    """Return by currency what decided adjustments change of the payment: what is owed on balance takes nothing off."""
    decided = adjustments_to_post(period=run.period) | Adjustment.objects.filter(
        run=run, status=AdjustmentStatus.POSTED
    )
    sums: dict[str, Decimal] = {}
    for (_period_id, currency), total in corrections_paid(adjustments=decided).items():
        sums[currency] = sums.get(currency, ZERO) + total
    return sums


def _totals_of(run: Run) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = _corrections(run)
    for rows in (
        Payout.objects.filter(run=run).order_by().values_list("currency").annotate(total=Sum("amount")),
        Pool.objects.filter(run=run).order_by().values_list("currency").annotate(total=Sum("funded")),
    ):
        for currency, total in rows:
            sums[currency] = sums.get(currency, ZERO) + (total or ZERO)
    return sums
