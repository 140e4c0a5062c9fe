"""What the programme costs: by period against target, and how often it departs from its plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Sum

from payouts.choices import AdjustmentStatus, RunStatus
from payouts.engine.controls import NothingToCompareWith, exception_rate
from payouts.models import Adjustment, Allocation, Payout, PayoutLine, PlanException, Pool, Run
from payouts.selectors.adjustments import corrections_paid
from payouts.selectors.exceptions import COUNTED
from payouts.selectors.executive.figures import PeriodCost

ZERO = Decimal(0)
WIDTH, HEIGHT, LEFT, GROUND, TOP = 420, 170, 46, 146, 14


def page_currency(run: Run) -> str:
    """Return the currency in which a run pays most."""
    sums = Payout.objects.filter(run=run).order_by().values("currency").annotate(total=Sum("amount"))
    return str(max(sums, key=lambda row: row["total"])["currency"]) if sums else "EUR"


def period_costs(*, runs: Sequence[Run], currency: str) -> dict[UUID, PeriodCost]:
    """Return by run id what its period costs and would at target: payouts, pools and corrections of one currency."""
    payouts = _by_run(
        Payout.objects.filter(run__in=runs, currency=currency)
        .values_list("run_id")
        .annotate(cost=Sum("amount"), target=Sum("target_incentive"))
    )
    pools = _by_run(
        Pool.objects.filter(run__in=runs, currency=currency)
        .values_list("run_id")
        .annotate(cost=Sum("funded"), target=Sum("target_amount"))
    )
    decided = Adjustment.objects.filter(
        period__in=[run.period_id for run in runs], currency=currency, person__isnull=False,
        status__in=[AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED],
    )  # fmt: skip
    corrected = corrections_paid(adjustments=decided)
    nothing = (ZERO, ZERO)
    return {
        run.pk: PeriodCost(
            code=run.period.code,
            cost=payouts.get(run.pk, nothing)[0]
            + pools.get(run.pk, nothing)[0]
            + corrected.get((run.period_id, currency), ZERO),
            target=payouts.get(run.pk, nothing)[1] + pools.get(run.pk, nothing)[1],
            is_final=run.status == RunStatus.LOCKED,
        )
        for run in runs
    }


def _by_run(
    rows: Iterable[tuple[UUID, Decimal | None, Decimal | None]],
) -> dict[UUID, tuple[Decimal, Decimal]]:
    return {run_id: (cost or ZERO, target or ZERO) for run_id, cost, target in rows}


def costs_placed(costs: Sequence[PeriodCost]) -> list[PeriodCost]:
    """Return the periods with the place of their bar in the chart, the highest figure at the top."""
    most = max((max(each.cost, each.target) for each in costs), default=ZERO) or Decimal(1)
    step = (WIDTH - LEFT) // max(len(costs), 1)
    placed = []
    for number, each in enumerate(costs):
        height = int((GROUND - TOP) * max(each.cost, ZERO) / most)
        placed.append(
            PeriodCost(
                code=each.code,
                cost=each.cost,
                target=each.target,
                is_final=each.is_final,
                x=LEFT + number * step + step // 5,
                y=GROUND - height,
                height=height,
                target_y=GROUND - int((GROUND - TOP) * each.target / most),
            )
        )
    return placed


def exception_rates(*, run: Run, currency: str) -> tuple[Decimal | None, Decimal | None]:
    """Return the share of the lines and of the money that are exceptions of the register, approved for the period."""
    lines = PayoutLine.objects.filter(payout__run=run, payout__currency=currency).aggregate(
        count=Count("number"), paid=Sum("amount")
    )
    shares = Allocation.objects.filter(pool__run=run, pool__currency=currency, eligible=True).aggregate(
        count=Count("pk"), paid=Sum("guideline")
    )
    beside = PlanException.objects.filter(
        period_id=run.period_id, currency=currency, status__in=COUNTED
    ).aggregate(count=Count("pk"), paid=Sum("amount"))
    try:
        rate = exception_rate(
            lines=lines["count"] + shares["count"],
            exception_lines=beside["count"],
            paid=(lines["paid"] or ZERO) + (shares["paid"] or ZERO),
            exception_paid=beside["paid"] or ZERO,
        )
    except NothingToCompareWith:
        return None, None
    return rate.of_lines, rate.of_money
