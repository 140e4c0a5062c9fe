"""
How a metric went lately: the company's result of each of the last periods, for a line beside its name.

A sum is the sum over the accounts, a ratio is made from their sums, so that no average of averages is drawn; money
counts in the currency most accounts have. Whole accounts only: segments and people are parts of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Sum

from kamcomp import money
from kamcomp.visibility import Viewer, visible
from scorecards.choices import Aggregation, Window
from scorecards.models import Metric, Result

LAST = 8


@dataclass(frozen=True, kw_only=True)
class PeriodResult:
    """What the accounts a viewer sees reached together in one period."""

    period: str
    value: Decimal
    currency: str
    accounts: int


def metric_history(*, viewer: Viewer, metrics: Sequence[Metric]) -> dict[UUID, list[PeriodResult]]:
    """Return the last eight results of some metrics, oldest first, in one query."""
    rows = visible(Result.objects.current(), to=viewer).filter(
        window=Window.PERIOD,
        segment=None,
        node__programme__isnull=False,
        value__isnull=False,
        metric__in=metrics,
    )
    sums = (
        rows.order_by()
        .values("metric_id", "metric__aggregation", "period__code", "period__days", "currency")
        .annotate(
            value=Sum("value"),
            numerator=Sum("numerator"),
            denominator=Sum("denominator"),
            accounts=Count("pk"),
        )
        .order_by("metric_id", "period__days", "accounts")
    )
    found: dict[UUID, dict[str, PeriodResult]] = defaultdict(dict)
    for row in sums:
        one = PeriodResult(
            period=row["period__code"],
            value=_together(row),
            currency=row["currency"],
            accounts=row["accounts"],
        )
        # Rows of one period come by how many accounts they hold: the currency of most of them stays.
        found[row["metric_id"]][one.period] = one
    return {metric_id: list(by_period.values())[-LAST:] for metric_id, by_period in found.items()}


@money.exactly
def _together(row: dict[str, object]) -> Decimal:
    value, count = Decimal(str(row["value"])), Decimal(str(row["accounts"]))
    if row["metric__aggregation"] == Aggregation.SUM:
        return value
    if row["numerator"] is not None and row["denominator"]:
        return Decimal(str(row["numerator"])) / Decimal(str(row["denominator"]))
    return value / count


def latest(results: Sequence[PeriodResult]) -> PeriodResult | None:
    """Return the newest of some results."""
    return results[-1] if results else None
