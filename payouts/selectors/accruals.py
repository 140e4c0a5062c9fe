"""
Accruals by month and cost centre: what was to be expected, what it came to, what is still open.

A period's amounts are spread over its months by calendar days, whole minor units that sum to
the period's. Expected is pay at target; it came to what the run pays and corrects; a pool that
is not approved yet counts as its guideline. A period without a run is forecast at the target
of the newest run, by days. Amounts stand in the currency of the plan until the lock converts
them into payroll currency. Rule: docs/reference/exports.md, "Accruals".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth

from kamcomp import money
from kamcomp.calendar.models import Period
from kamcomp.spans import Span
from payouts.choices import AdjustmentStatus, PoolStatus, RunStatus
from payouts.models import Adjustment, Allocation, Payout, PayrollReturn, Pool, RegisterRow, Run
from payouts.selectors.adjustments import NETTED, payment_changed

ZERO = Decimal(0)
COMPUTED = (
    RunStatus.CALCULATED,
    RunStatus.REVIEWED,
    RunStatus.ALLOCATING,
    RunStatus.APPROVED,
    RunStatus.LOCKED,
)
Place = tuple[str, str]
"""Cost centre ("" where there is none) and currency."""


class Ground(StrEnum):
    """What a month's figures stand on."""

    FINAL = "final"
    ESTIMATE = "estimate"
    FORECAST = "forecast"


@dataclass
class Sums:
    """What a period comes to at a place: at target, results, corrections, converted by the lock."""

    target: Decimal = ZERO
    results: Decimal = ZERO
    corrections: Decimal = ZERO
    converted: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class Accrual:
    """One month of a cost centre in a currency; `results` and `corrections` are None where nothing is computed yet."""

    month: date
    cost_centre: str
    currency: str
    ground: Ground
    accrued: Decimal
    results: Decimal | None
    corrections: Decimal | None
    paid: Decimal
    balance: Decimal

    @property
    def earned(self) -> Decimal | None:
        """Return what the month came to."""
        return None if self.results is None or self.corrections is None else self.results + self.corrections

    @property
    def variance(self) -> Decimal | None:
        """Return what the month came to less what was accrued."""
        return None if self.earned is None else self.earned - self.accrued


@dataclass(frozen=True, kw_only=True)
class AccrualTotal:
    """The sums of one currency over months; `balance` is what was open at the end of the last month with a run."""

    currency: str
    accrued: Decimal
    results: Decimal
    corrections: Decimal
    compared: Decimal
    paid: Decimal
    balance: Decimal

    @property
    def earned(self) -> Decimal:
        """Return what the computed months came to."""
        return self.results + self.corrections

    @property
    def variance(self) -> Decimal:
        """Return earned less accrued, of the months that are computed."""
        return self.earned - self.compared


@dataclass
class _Year:
    """What is known of all periods, by period and place."""

    sums: dict[UUID, dict[Place, Sums]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Sums))
    )
    paid: dict[date, dict[Place, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )


def accrual_years() -> list[int]:
    """Return the fiscal years that have a run, newest first."""
    years = Period.objects.filter(runs__is_current=True).values_list("fiscal_year", flat=True)
    return sorted(set(years), reverse=True)


def accruals(*, fiscal_year: int) -> list[Accrual]:
    """
    Return the months of a fiscal year by cost centre and currency, in order.

    Balances carry everything from the first run on; the number of queries does not grow with people.
    """
    runs = {
        run.period_id: run
        for run in Run.objects.filter(is_current=True, status__in=COMPUTED).select_related("period")
    }
    known = _known(runs=list(runs.values()))
    periods = list(Period.objects.filter(fiscal_year__lte=fiscal_year).order_by("days__startswith", "pk"))
    begun = min((run.period.days.lower for run in runs.values()), default=None)
    open_at: dict[Place, Decimal] = defaultdict(Decimal)
    rows: list[Accrual] = []
    last: dict[UUID, tuple[Period, Mapping[Place, Sums]]] = {}
    unpaid_months = sorted(known.paid)
    for period in periods:
        if begun is None or period.days.lower < begun:
            continue
        run = runs.get(period.pk)
        if run is not None:
            last[period.calendar_id] = (period, known.sums[period.pk])
        elif period.calendar_id not in last:
            continue
        sums = known.sums[period.pk] if run else _foreseen(period, *last[period.calendar_id])
        ground = (
            Ground.FORECAST
            if run is None
            else Ground.FINAL
            if run.status == RunStatus.LOCKED
            else Ground.ESTIMATE
        )
        months = _months(period.span)
        places = sorted({*sums, *(place for month, _days in months for place in known.paid.get(month, {}))})
        spread = {place: _spread(sums.get(place, Sums()), months, currency=place[1]) for place in places}
        for number, (month, _days) in enumerate(months):
            for place in places:
                part = spread[place][number]
                paid = known.paid[month].pop(place, ZERO) if month in unpaid_months else ZERO
                earned = part.target if run is None else part.results + part.corrections
                open_at[place] += earned + part.converted - paid
                if not any((part.target, part.results, part.corrections, part.converted, paid)):
                    continue
                rows.append(
                    Accrual(
                        month=month,
                        cost_centre=place[0],
                        currency=place[1],
                        ground=ground,
                        accrued=part.target,
                        results=None if run is None else part.results,
                        corrections=None if run is None else part.corrections,
                        paid=paid,
                        balance=open_at[place],
                    )
                )
    of_year = {
        month
        for period in periods
        if period.fiscal_year == fiscal_year
        for month, _days in _months(period.span)
    }
    return sorted(
        (row for row in rows if row.month in of_year),
        key=lambda row: (row.month, row.cost_centre, row.currency),
    )


def accrual_totals(*, rows: Sequence[Accrual]) -> list[AccrualTotal]:
    """Return the sums of the rows by currency."""
    found = []
    for currency in sorted({row.currency for row in rows}):
        own = [row for row in rows if row.currency == currency]
        computed = [row for row in own if row.results is not None]
        newest = {row.cost_centre: row.balance for row in computed}
        found.append(
            AccrualTotal(
                currency=currency,
                accrued=sum((row.accrued for row in own), ZERO),
                results=sum((row.results or ZERO for row in computed), ZERO),
                corrections=sum((row.corrections or ZERO for row in computed), ZERO),
                compared=sum((row.accrued for row in computed), ZERO),
                paid=sum((row.paid for row in own), ZERO),
                balance=sum(newest.values(), ZERO),
            )
        )
    return found


def _known(*, runs: Sequence[Run]) -> _Year:
    known = _Year()
    payouts = (
        Payout.objects.filter(run__in=runs)
        .order_by()
        .values_list("period_id", "person__cost_centre", "currency")
    )
    for period_id, centre, currency, target, amount in payouts.annotate(
        a=Sum("target_incentive"), b=Sum("amount")
    ):
        place = known.sums[period_id][centre, currency]
        place.target, place.results = place.target + target, place.results + amount
    _pools_add(known, runs=runs)
    decided = Adjustment.objects.filter(
        period__in=[run.period_id for run in runs], person__isnull=False,
        status__in=[AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED],
    ).order_by()  # fmt: skip
    for period_id, centre, currency, amount in _corrected(decided):
        known.sums[period_id][centre, currency].corrections += amount
    moved = RegisterRow.objects.exclude(converted=0).order_by()
    for period_id, centre, currency, amount in moved.values_list(
        "run__period_id", "person__cost_centre", "currency"
    ).annotate(a=Sum("converted")):
        known.sums[period_id][centre, currency].converted += amount
    returns = PayrollReturn.objects.current().annotate(month=TruncMonth("paid_on")).order_by()
    for month, centre, currency, amount in returns.values_list(
        "month", "person__cost_centre", "currency"
    ).annotate(a=Sum("amount")):
        known.paid[month][centre, currency] += amount
    return known


def _corrected(decided: QuerySet[Adjustment]) -> Iterator[tuple[UUID, str, str, Decimal]]:
    """Yield what adjustments change of each person's payment: what is owed on balance takes nothing off it."""
    people = decided.values_list("period_id", "person__cost_centre", "currency", "person_id")
    for period_id, centre, currency, _person_id, net, by_rule in people.annotate(**NETTED):
        yield period_id, centre, currency, payment_changed(net=net, by_rule=by_rule)


def _pools_add(known: _Year, *, runs: Sequence[Run]) -> None:
    """Add each pool: its target by the guidelines of its members' cost centres, its shares, and what it keeps."""
    parts: dict[UUID, list[Any]] = defaultdict(list)
    rows = Allocation.objects.filter(pool__run__in=runs).order_by("pool_id", "person__cost_centre")
    for pool_id, *part in rows.values_list("pool_id", "person__cost_centre").annotate(
        a=Sum("guideline"), b=Sum("amount")
    ):
        parts[pool_id].append(part)
    for pool in Pool.objects.filter(run__in=runs):
        centres = [centre for centre, _guideline, _amount in parts[pool.pk]]
        guidelines = [guideline for _centre, guideline, _amount in parts[pool.pk]]
        sums, currency = known.sums[pool.period_id], pool.currency
        target = money.settle(pool.target_amount, currency=currency)
        if sum(guidelines, ZERO) > 0:
            shares = money.split(target, guidelines, currency=currency, keys=centres)
            for centre, share in zip(centres, shares, strict=True):
                sums[centre, currency].target += share
        else:
            sums["", currency].target += target
        given = ZERO
        for centre, guideline, amount in parts[pool.pk]:
            share = (amount or ZERO) if pool.status == PoolStatus.APPROVED else guideline
            sums[centre, currency].results += share
            given += share
        if (pool.funded or ZERO) != given:
            sums["", currency].results += (pool.funded or ZERO) - given


def _foreseen(period: Period, like: Period, sums: Mapping[Place, Sums]) -> dict[Place, Sums]:
    """Return a period without a run as the newest run's target has it, by days."""
    return {
        place: Sums(
            target=money.settle(
                money.CONTEXT.divide(each.target * period.span.days, Decimal(like.span.days)),
                currency=place[1],
            )
        )
        for place, each in sums.items()
        if each.target
    }


def _months(span: Span) -> list[tuple[date, int]]:
    """Return the first day of each month a span touches, with how many of its days it holds."""
    months, since = [], span.since
    until = span.until or span.since
    while since < until:
        following = (since.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = min(following, until)
        months.append((since.replace(day=1), (end - since).days))
        since = end
    return months


def _spread(sums: Sums, months: Sequence[tuple[date, int]], *, currency: str) -> list[Sums]:
    """Return a period's sums by month, by days; what the lock converted belongs to the last month."""
    parts = [
        _by_days(amount, months, currency=currency)
        for amount in (sums.target, sums.results, sums.corrections)
    ]
    last = len(months) - 1
    return [
        Sums(
            target=parts[0][place],
            results=parts[1][place],
            corrections=parts[2][place],
            converted=sums.converted if place == last else ZERO,
        )
        for place in range(len(months))
    ]


def _by_days(amount: Decimal, months: Iterable[tuple[date, int]], *, currency: str) -> list[Decimal]:
    months = list(months)
    settled = money.settle(amount, currency=currency)
    return money.split(
        settled, [days for _month, days in months], currency=currency, keys=[month for month, _days in months]
    )
