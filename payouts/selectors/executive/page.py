"""The programme's page put together, as of a run's period."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import QuerySet, Sum

from kamcomp.money import exactly
from payouts.choices import RunStatus
from payouts.models import PayoutLine, Run
from payouts.selectors.executive.compared import costs_compared
from payouts.selectors.executive.costs import costs_placed, exception_rates, page_currency, period_costs
from payouts.selectors.executive.figures import FEWEST, YEAR, AccountTrend, ExecutivePage, PeriodCost, over
from payouts.selectors.executive.health import (
    COST_OF_SALES,
    RETENTION,
    SATISFACTION,
    WALLET,
    cost_of_sales,
    earned,
    health,
    not_moving,
    results,
    value,
)
from payouts.selectors.executive.teams import pool_shares, team_points, team_sizes
from teams.models import StrategicAccount

ZERO = Decimal(0)
REVENUE = "M01"
PERIODS, TRENDS = 8, 4
HORIZONS = (6, YEAR, 24)
COMPUTED = (
    RunStatus.CALCULATED,
    RunStatus.REVIEWED,
    RunStatus.ALLOCATING,
    RunStatus.APPROVED,
    RunStatus.LOCKED,
)


def executive_runs() -> QuerySet[Run]:
    """Return the runs that have a page, newest period first."""
    return (
        Run.objects.filter(is_current=True, status__in=COMPUTED)
        .select_related("period")
        .order_by("-period__days")
    )


@exactly
def executive_page(*, run: Run, among: Sequence[Run]) -> ExecutivePage:
    """
    Return the programme's page as of a run's period, in a number of queries that does not grow with people.

    `among` are the runs that have a page, newest period first; those of the run's calendar up to it are read.
    """
    runs = [
        each
        for each in among
        if each.calendar_id == run.calendar_id and each.period.days.lower <= run.period.days.lower
    ][:PERIODS]
    currency = page_currency(run)
    sums = period_costs(runs=runs, currency=currency)
    costs = costs_placed([sums[each.pk] for each in reversed(runs)])
    of_year = [sums[each.pk] for each in runs if each.period.fiscal_year == run.period.fiscal_year]
    accounts = {
        account.node_id: account
        for account in StrategicAccount.objects.select_related("node").order_by("node__name")
    }
    own = {node: account for node, account in accounts.items() if account.plan_currency == currency}
    ratios = results(runs=runs, nodes=list(own), metrics=(COST_OF_SALES, RETENTION, SATISFACTION, WALLET))
    by_period = cost_of_sales(ratios, runs=runs)
    measured = [each for each in runs if by_period.get(each.period_id) is not None]
    costed, kept = list(reversed(measured[:TRENDS])), list(reversed(runs[:TRENDS]))
    others = [each.period for each in costed if each.pk != run.pk]
    sizes = team_sizes(accounts=[each.pk for each in accounts.values()], periods=[run.period, *others])
    people = sizes[run.period_id]
    names = {account.pk: account.node.name for account in accounts.values()}
    teams, hidden = team_points(run=run, currency=currency, people=people, names=names)
    lines = PayoutLine.objects.filter(payout__run=run, metric=REVENUE, target__gt=0, actual__isnull=False)
    revenue = lines.aggregate(target=Sum("target"), actual=Sum("actual"))
    rate = exception_rates(run=run, currency=currency)
    pnl = earned(run=run, months=max(HORIZONS), nodes=list(own), currency=currency)
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
        shares=pool_shares(run=run, currency=currency),
        exceptions=rate[0],
        exceptions_of_money=rate[1],
        teams=teams,
        teams_hidden=hidden,
        health=[
            health(run=run, months=months, nodes=list(own), pnl=pnl, found=ratios) for months in HORIZONS
        ],
        not_moving=not_moving(run=run, months=HORIZONS, accounts=own, pnl=pnl, found=ratios),
        cost_periods=[each.period.code for each in costed],
        retention_periods=[each.period.code for each in kept],
        trends=[
            AccountTrend(
                name=account.node.name,
                cost_of_sales=[
                    value(ratios, COST_OF_SALES, each.period_id, node)
                    if sizes[each.period_id].get(account.pk, 0) >= FEWEST
                    else None
                    for each in costed
                ],
                retention=[value(ratios, RETENTION, each.period_id, node) for each in kept],
            )
            for node, account in own.items()
            if any(metric in (COST_OF_SALES, RETENTION) and at == node for metric, _period, at in ratios)
        ],
        compared=costs_compared(accounts=list(own.values()), on=run.period.days.upper),
    )
