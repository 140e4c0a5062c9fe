"""
The programme on one page: what it costs, what it brings, how pay follows performance.

Six numbers, two charts, the health of the programme over 6, 12 and 24 months, and each account's
cost of sales and net revenue retention over the last periods. Everything is of the currency most
is paid in; accounts of another currency are counted and left out. Groups of fewer than five
people are not shown, so that nobody's pay can be read off.
Rules: docs/reference/metrics.md for the measures, docs/reference/exports.md, "Accruals", for cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from kamcomp import money
from kamcomp.money import exactly
from kamcomp.spans import Span
from payouts.choices import AdjustmentKind, AdjustmentStatus, LineKind, PoolStatus, RunStatus
from payouts.engine.controls import NothingToCompareWith, exception_rate
from payouts.models import Adjustment, Allocation, Payout, PayoutLine, Pool, Run
from scorecards.choices import Window
from scorecards.models import AccountPnl, Result
from teams.choices import Link
from teams.models import Membership, StrategicAccount

ZERO, HUNDRED = Decimal(0), Decimal(100)
FEWEST = 5
"""A group of fewer people is not shown."""
PERIODS = 8
TRENDS = 4
HORIZONS, YEAR = (6, 12, 24), 12
COST_OF_SALES, RETENTION, SATISFACTION, WALLET, REVENUE = "M27", "M19.net", "M06", "M07", "M01"
COMPUTED = (
    RunStatus.CALCULATED,
    RunStatus.REVIEWED,
    RunStatus.ALLOCATING,
    RunStatus.APPROVED,
    RunStatus.LOCKED,
)
EXCEPTIONAL = (AdjustmentKind.GOODWILL, AdjustmentKind.GUARANTEE)
WIDTH, HEIGHT, LEFT, GROUND, TOP = 420, 170, 46, 146, 14


@dataclass(frozen=True, kw_only=True)
class PeriodCost:
    """What a period costs and would at target; `x`, `y`, `height` and `target_y` place its bar."""

    code: str
    cost: Decimal
    target: Decimal
    is_final: bool
    x: int = 0
    y: int = 0
    height: int = 0
    target_y: int = 0

    @property
    def ratio(self) -> Decimal | None:
        """Return cost over target."""
        return over(self.cost, self.target)


@dataclass(frozen=True, kw_only=True)
class TeamPoint:
    """A team of five people or more: how it performed and what it is paid, against target; `x` and `y` place it."""

    name: str
    people: int
    attainment: Decimal
    paid: Decimal
    x: int = 0
    y: int = 0


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the programme moved over so many months against as many before; None where facts do not reach."""

    months: int
    revenue: Decimal | None
    contribution: Decimal | None
    satisfaction: Decimal | None
    wallet: Decimal | None
    accounts: int


@dataclass(frozen=True, kw_only=True)
class AccountTrend:
    """One account: its cost of sales and net retention by period, oldest first; None where there is none."""

    name: str
    cost_of_sales: Sequence[Decimal | None]
    retention: Sequence[Decimal | None]


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How a period's pools went to direct and matrix members; None where a group is too small to show."""

    direct: Decimal | None
    matrix: Decimal | None
    people: int


@dataclass(frozen=True, kw_only=True)
class ExecutivePage:
    """Everything the page shows."""

    run: Run
    currency: str
    left_out: int
    costs: Sequence[PeriodCost]
    year: PeriodCost
    cost_of_sales: Decimal | None
    cost_of_sales_before: Decimal | None
    cost_of_sales_period: str
    paid: Decimal | None
    attained: Decimal | None
    shares: Shares
    exceptions: Decimal | None
    exceptions_of_money: Decimal | None
    teams: Sequence[TeamPoint]
    teams_hidden: int
    health: Sequence[Health]
    cost_periods: Sequence[str]
    retention_periods: Sequence[str]
    trends: Sequence[AccountTrend]

    @property
    def reach(self) -> Health:
        """Return the health over a year, or over the longest time there are facts for."""
        known = [each for each in self.health if each.revenue is not None]
        year = [each for each in known if each.months == YEAR]
        return (year or known[-1:] or list(self.health))[0]

    @property
    def points(self) -> Decimal | None:
        """Return by how many points the cost of sales moved since the period before, as a ratio."""
        if self.cost_of_sales is None or self.cost_of_sales_before is None:
            return None
        return self.cost_of_sales - self.cost_of_sales_before


def executive_runs() -> QuerySet[Run]:
    """Return the runs that have a page, newest period first."""
    return (
        Run.objects.filter(is_current=True, status__in=COMPUTED)
        .select_related("period")
        .order_by("-period__days")
    )


@exactly
def executive_page(*, run: Run) -> ExecutivePage:
    """Return the programme's page as of a run's period, in a number of queries that does not grow with people."""
    runs = [
        each
        for each in executive_runs().filter(calendar_id=run.calendar_id)
        if each.period.days.lower <= run.period.days.lower
    ][:PERIODS]
    currency = _currency(run)
    sums = _costs(runs=runs, currency=currency)
    costs = _placed([sums[each.pk] for each in reversed(runs)])
    of_year = [sums[each.pk] for each in runs if each.period.fiscal_year == run.period.fiscal_year]
    accounts = {
        account.node_id: account
        for account in StrategicAccount.objects.select_related("node").order_by("node__name")
    }
    own = {node: account for node, account in accounts.items() if account.plan_currency == currency}
    ratios = _results(runs=runs, nodes=list(own), metrics=(COST_OF_SALES, RETENTION, SATISFACTION, WALLET))
    by_period = _cost_of_sales(ratios, runs=runs)
    measured = [each for each in runs if by_period.get(each.period_id) is not None]
    people = _people(run)
    teams, hidden = _teams(run=run, currency=currency, people=people)
    lines = PayoutLine.objects.filter(payout__run=run, metric=REVENUE, target__gt=0, actual__isnull=False)
    revenue = lines.aggregate(target=Sum("target"), actual=Sum("actual"))
    rate = _exceptions(run=run, currency=currency)
    costed, kept = list(reversed(measured[:TRENDS])), list(reversed(runs[:TRENDS]))
    return ExecutivePage(
        run=run,
        currency=currency,
        left_out=len(accounts) - len(own),
        costs=costs,
        year=PeriodCost(
            code=str(run.period.fiscal_year),
            cost=sum((each.cost for each in of_year), ZERO),
            target=sum((each.target for each in of_year), ZERO),
            is_final=all(each.is_final for each in of_year),
        ),
        cost_of_sales=by_period[measured[0].period_id] if measured else None,
        cost_of_sales_before=by_period[measured[1].period_id] if len(measured) > 1 else None,
        cost_of_sales_period=measured[0].period.code if measured else "",
        paid=sums[run.pk].ratio,
        attained=over(revenue["actual"] or ZERO, revenue["target"] or ZERO),
        shares=_shares(run=run, currency=currency),
        exceptions=rate[0],
        exceptions_of_money=rate[1],
        teams=teams,
        teams_hidden=hidden,
        health=[
            _health(run=run, months=months, nodes=list(own), currency=currency, results=ratios)
            for months in HORIZONS
        ],
        cost_periods=[each.period.code for each in costed],
        retention_periods=[each.period.code for each in kept],
        trends=[
            AccountTrend(
                name=account.node.name,
                cost_of_sales=[
                    _value(ratios, COST_OF_SALES, each.period_id, node)
                    if people.get(account.pk, 0) >= FEWEST
                    else None
                    for each in costed
                ],
                retention=[_value(ratios, RETENTION, each.period_id, node) for each in kept],
            )
            for node, account in own.items()
            if any(metric in (COST_OF_SALES, RETENTION) and at == node for metric, _period, at in ratios)
        ],
    )


def over(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return a part of a whole, None of nothing."""
    return money.CONTEXT.divide(part, whole) if whole > 0 else None


# What it costs ----------------------------------------------------------------------------------------------


def _currency(run: Run) -> str:
    sums = Payout.objects.filter(run=run).order_by().values("currency").annotate(total=Sum("amount"))
    return str(max(sums, key=lambda row: row["total"])["currency"]) if sums else "EUR"


def _costs(*, runs: Sequence[Run], currency: str) -> dict[UUID, PeriodCost]:
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
    corrected = dict(
        Adjustment.objects.filter(
            period__in=[run.period_id for run in runs], currency=currency, person__isnull=False,
            status__in=[AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED],
        ).order_by().values_list("period_id").annotate(total=Sum("amount"))
    )  # fmt: skip
    nothing = (ZERO, ZERO)
    return {
        run.pk: PeriodCost(
            code=run.period.code,
            cost=payouts.get(run.pk, nothing)[0]
            + pools.get(run.pk, nothing)[0]
            + corrected.get(run.period_id, ZERO),
            target=payouts.get(run.pk, nothing)[1] + pools.get(run.pk, nothing)[1],
            is_final=run.status == RunStatus.LOCKED,
        )
        for run in runs
    }


def _by_run(
    rows: Iterable[tuple[UUID, Decimal | None, Decimal | None]],
) -> dict[UUID, tuple[Decimal, Decimal]]:
    return {run_id: (cost or ZERO, target or ZERO) for run_id, cost, target in rows}


def _placed(costs: Sequence[PeriodCost]) -> list[PeriodCost]:
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


def _exceptions(*, run: Run, currency: str) -> tuple[Decimal | None, Decimal | None]:
    """Return what people decided beside the plan, of lines and of money."""
    lines = PayoutLine.objects.filter(payout__run=run, payout__currency=currency).aggregate(
        count=Count("number"), paid=Sum("amount")
    )
    shares = Allocation.objects.filter(pool__run=run, pool__currency=currency, eligible=True).aggregate(
        count=Count("pk"), paid=Sum("guideline")
    )
    beside = Adjustment.objects.filter(
        period_id=run.period_id, currency=currency, kind__in=EXCEPTIONAL, person__isnull=False,
        status__in=[AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED],
    ).aggregate(count=Count("pk"), paid=Sum("amount"))  # fmt: skip
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


# Who gets it ------------------------------------------------------------------------------------------------


def _shares(*, run: Run, currency: str) -> Shares:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    people: dict[str, int] = defaultdict(int)
    rows = Allocation.objects.filter(pool__run=run, pool__currency=currency, eligible=True).order_by()
    for link, status, count, guideline, amount in rows.values_list("link", "pool__status").annotate(
        a=Count("person", distinct=True), b=Sum("guideline"), c=Sum("amount")
    ):
        people[link] += count
        sums[link] += (amount or ZERO) if status == PoolStatus.APPROVED else guideline
    whole = sum(sums.values(), ZERO)
    small = any(0 < count < FEWEST for count in people.values())
    return Shares(
        direct=None if small else over(sums[Link.DIRECT], whole),
        matrix=None if small else over(sums[Link.MATRIX], whole),
        people=sum(people.values()),
    )


def _people(run: Run) -> dict[UUID, int]:
    """Return how many people are on each account's team on the period's last day."""
    rows = (
        Membership.objects.filter(valid__contains=run.period.span.last).order_by().values_list("account_id")
    )
    return dict(rows.annotate(count=Count("person", distinct=True)))


def _teams(*, run: Run, currency: str, people: Mapping[UUID, int]) -> tuple[list[TeamPoint], int]:
    """Return each team's performance and pay against target, and how many teams are too small to show."""
    goals = PayoutLine.objects.filter(
        payout__run=run, payout__currency=currency, kind=LineKind.LEAF, account__isnull=False,
        attainment__isnull=False, weight__gt=0,
    )  # fmt: skip
    weighed: dict[UUID, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for account_id, weight, attainment in goals.values_list("account_id", "weight", "attainment"):
        if account_id is None or weight is None or attainment is None:
            continue
        both = weighed[account_id]
        both[0], both[1] = both[0] + weight * attainment, both[1] + weight
    paid = _team_pay(run=run, currency=currency)
    names = dict(StrategicAccount.objects.filter(pk__in=list(weighed)).values_list("pk", "node__name"))
    points, hidden = [], 0
    for account_id, (sum_weighed, weight) in weighed.items():
        ratio = over(*paid.get(account_id, (ZERO, ZERO)))
        if ratio is None:
            continue
        if people.get(account_id, 0) < FEWEST:
            hidden += 1
            continue
        points.append(
            TeamPoint(
                name=names[account_id],
                people=people[account_id],
                attainment=money.CONTEXT.divide(sum_weighed, weight),
                paid=ratio,
            )
        )
    return _points_placed(sorted(points, key=lambda point: point.name)), hidden


def _team_pay(*, run: Run, currency: str) -> dict[UUID, tuple[Decimal, Decimal]]:
    """Return what each account's payees and pool are paid, and what they would be at target."""
    paid: dict[UUID, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    lines = PayoutLine.objects.filter(payout__run=run, payout__currency=currency, account__isnull=False)
    for account_id, amount in lines.order_by().values_list("account_id").annotate(total=Sum("amount")):
        paid[account_id][0] += amount
    targets: dict[UUID, dict[UUID, Decimal]] = defaultdict(dict)
    for account_id, payout_id, target in (
        lines.order_by().values_list("account_id", "payout_id", "payout__target_incentive").distinct()
    ):
        targets[payout_id][account_id] = target
    for of_payout in targets.values():
        # A payout for several accounts is at target the same part of each.
        for account_id, target in of_payout.items():
            paid[account_id][1] += money.CONTEXT.divide(target, Decimal(len(of_payout)))
    pools = Pool.objects.filter(run=run, currency=currency).values_list(
        "account_id", "funded", "target_amount"
    )
    for account_id, funded, target in pools:
        paid[account_id][0] += funded or ZERO
        paid[account_id][1] += target
    return {account_id: (both[0], both[1]) for account_id, both in paid.items()}


def _points_placed(points: Sequence[TeamPoint]) -> list[TeamPoint]:
    """Return the teams with their place in the chart, which goes from 50 % to 150 % both ways."""
    return [
        TeamPoint(
            name=point.name,
            people=point.people,
            attainment=point.attainment,
            paid=point.paid,
            x=LEFT + _along(point.attainment, WIDTH - LEFT - 10),
            y=GROUND - _along(point.paid, GROUND - TOP),
        )
        for point in points
    ]


def _along(ratio: Decimal, length: int) -> int:
    return int(min(max(ratio - Decimal("0.5"), ZERO), Decimal(1)) * length)


# What it brings ---------------------------------------------------------------------------------------------

Key = tuple[str, UUID, UUID]
"""Metric, period, node."""


def _results(*, runs: Sequence[Run], nodes: Sequence[UUID], metrics: Sequence[str]) -> dict[Key, Result]:
    rows = Result.objects.current().filter(
        metric__code__in=metrics, period__calendar_id=runs[0].calendar_id, node__in=nodes, window=Window.PERIOD,
        segment=None, value__isnull=False,
    )  # fmt: skip
    return {
        (row.metric.code, row.period_id, row.node_id): row
        for row in rows.select_related("metric", "period")
        if row.node_id
    }


def _value(results: Mapping[Key, Result], metric: str, period_id: UUID, node: UUID) -> Decimal | None:
    found = results.get((metric, period_id, node))
    return found.value if found else None


def _cost_of_sales(results: Mapping[Key, Result], *, runs: Sequence[Run]) -> dict[UUID, Decimal | None]:
    """Return the programme's cost of sales by period: the sum of the teams' cost over the sum of their revenue."""
    sums: dict[UUID, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for (metric, period_id, _node), row in results.items():
        if metric == COST_OF_SALES:
            sums[period_id][0] += row.numerator or ZERO
            sums[period_id][1] += row.denominator or ZERO
    return {run.period_id: over(*sums[run.period_id]) if run.period_id in sums else None for run in runs}


def _health(
    *, run: Run, months: int, nodes: Sequence[UUID], currency: str, results: Mapping[Key, Result]
) -> Health:
    until = run.period.days.upper
    now, before = Span(back(until, months), until), Span(back(until, 2 * months), back(until, months))
    rows = list(
        AccountPnl.objects.current()
        .filter(node__in=nodes, segment=None, currency=currency)
        .filter(Q(days__contained_by=(before.since, until)))
        .values_list("node_id", "days", "revenue", "contribution")
    )
    whole = [node for node in nodes if _covers(rows, node, now) and _covers(rows, node, before)]
    sums = {
        (column, span): sum((row[column] for row in rows if row[0] in whole and row[1].lower in span), ZERO)
        for column in (2, 3)
        for span in (now, before)
    }
    return Health(
        months=months,
        revenue=_growth(sums[2, before], sums[2, now]),
        contribution=_growth(sums[3, before], sums[3, now]),
        satisfaction=_moved(results, SATISFACTION, run=run, since=now.since),
        wallet=_moved(results, WALLET, run=run, since=now.since),
        accounts=len(whole),
    )


def _covers(rows: Sequence[tuple[UUID, object, Decimal, Decimal]], node: UUID, span: Span) -> bool:
    days = sum((row[1].upper - row[1].lower).days for row in rows if row[0] == node and row[1].lower in span)  # type: ignore[attr-defined]
    return days == span.days


def _growth(before: Decimal, now: Decimal) -> Decimal | None:
    return money.CONTEXT.divide(now - before, before) if before > 0 else None


def _moved(results: Mapping[Key, Result], metric: str, *, run: Run, since: date) -> Decimal | None:
    """Return by how much a measure's mean moved since the period that ended on a day, over accounts that have both."""
    now = {
        node: row.value
        for (code, period, node), row in results.items()
        if code == metric and period == run.period_id
    }
    then = {
        node: row.value
        for (code, _period, node), row in results.items()
        if code == metric and row.period.days.upper == since
    }
    both = [node for node in now if node in then]
    if not both:
        return None
    gained = sum(((now[node] or ZERO) - (then[node] or ZERO) for node in both), ZERO)
    return money.CONTEXT.divide(gained, Decimal(len(both)))


def back(day: date, months: int) -> date:
    """Return the same day so many months earlier; a period ends where a month does."""
    month = day.year * 12 + day.month - 1 - months
    return date(month // 12, month % 12 + 1, min(day.day, 28))
