"""
Cost of sales before and after the plan in force: what pay cost, and the revenue and profit it stood against.

After are the locked periods since the version in force began, before are as many right before it; both are read from
the cost of sales that is measured when a period is locked (M27) and from the account's profit and loss. Accounts of
fewer than five people are left out, also from the sum. Rule: docs/reference/formulas.md, "Controls".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count

from payouts.engine.controls import CostYear, NothingToCompareWith, cost_of_sales
from payouts.selectors.executive.figures import FEWEST, CostCompared, CostsCompared
from payouts.selectors.executive.health import COST_OF_SALES
from plans.models import Assignment, PlanVersion
from scorecards.choices import Window
from scorecards.models import AccountPnl, Result
from teams.models import Membership, StrategicAccount

ZERO = Decimal(0)
MOST = 4
"""How many periods are compared at most, on either side."""


class Measured(NamedTuple):
    """A period's cost of pay, revenue and profit at an account; profit is None where no P&L covers the period."""

    since: date
    until: date
    cost: Decimal
    revenue: Decimal
    profit: Decimal | None


def costs_compared(
    *, accounts: Sequence[StrategicAccount], on: date, sizes: Mapping[UUID, int] | None = None
) -> CostsCompared:
    """
    Return the cost of sales of accounts before and with the plan in force on a day.

    `sizes` is how many people serve each account that day, where the caller has counted them: three queries, else four.
    """
    sizes = _sizes(accounts, on) if sizes is None else sizes
    shown = [each for each in accounts if sizes.get(each.pk, 0) >= FEWEST]
    versions, measured = _versions(shown, on), _measured(shown, on)
    rows = [_compared(each, versions.get(each.pk), measured) for each in shown]
    known = [row for row in rows if row.cost is not None]
    return CostsCompared(
        rows=[row for row in rows if row.plan],
        whole=_whole(known) if len(known) > 1 else None,
        hidden=len(accounts) - len(shown),
    )


def _sizes(accounts: Sequence[StrategicAccount], on: date) -> Mapping[UUID, int]:
    rows = Membership.objects.filter(account__in=accounts, valid__contains=on).order_by()
    return dict(rows.values_list("account_id").annotate(people=Count("person", distinct=True)))


def _versions(accounts: Sequence[StrategicAccount], on: date) -> dict[UUID, PlanVersion]:
    """Return the plan version that pays for each account on a day, the first by code where there are several."""
    rows = Assignment.objects.filter(account__in=accounts, valid__contains=on)
    found: dict[UUID, PlanVersion] = {}
    for one in rows.select_related("plan_version__plan").order_by("plan__code", "pk"):
        if one.account_id is not None:
            found.setdefault(one.account_id, one.plan_version)
    return found


def _measured(accounts: Sequence[StrategicAccount], on: date) -> dict[tuple[UUID, UUID], list[Measured]]:
    """Return what was measured of each account's node by calendar, oldest first."""
    nodes = {each.node_id: each.plan_currency for each in accounts}
    profits = _profits(nodes, on)
    rows = Result.objects.current().filter(  # type: ignore[attr-defined]
        metric__code=COST_OF_SALES, node__in=nodes, window=Window.PERIOD, segment=None, value__isnull=False,
        period__days__endswith__lte=on,
    )  # fmt: skip
    found: dict[tuple[UUID, UUID], list[Measured]] = defaultdict(list)
    for row in rows.select_related("period").order_by("period__days"):
        days = row.period.days
        profit = profits.get(row.node_id, {}).get((days.lower, days.upper))
        found[row.node_id, row.period.calendar_id].append(
            Measured(days.lower, days.upper, row.numerator or ZERO, row.denominator or ZERO, profit)
        )
    return found


def _profits(nodes: Mapping[UUID, str], on: date) -> dict[UUID, dict[tuple[date, date], Decimal]]:
    """Return each node's contribution by days in its plan currency: the whole account's, else that of its segments."""
    rows = AccountPnl.objects.current().filter(node__in=nodes, days__endswith__lte=on)  # type: ignore[attr-defined]
    whole: dict[UUID, dict[tuple[date, date], Decimal]] = defaultdict(dict)
    parts: dict[UUID, dict[tuple[date, date], Decimal]] = defaultdict(dict)
    for node, segment, days, currency, contribution in rows.values_list(
        "node_id", "segment_id", "days", "currency", "contribution"
    ):
        if currency != nodes[node]:
            continue
        into, key = parts[node] if segment else whole[node], (days.lower, days.upper)
        into[key] = into.get(key, ZERO) + contribution
    return {node: parts[node] | whole[node] for node in nodes}


def _compared(
    account: StrategicAccount,
    version: PlanVersion | None,
    measured: Mapping[tuple[UUID, UUID], Sequence[Measured]],
) -> CostCompared:
    if version is None:
        return CostCompared(name=str(account), plan="", since=None, periods=0)
    begins = version.span.since
    known = [
        one for one in measured.get((account.node_id, version.plan.calendar_id), ()) if one.profit is not None
    ]
    after = [one for one in known if one.since >= begins][:MOST]
    before = [one for one in known if one.until <= begins]
    number = min(len(after), len(before))
    row = CostCompared(name=str(account), plan=version.plan.name, since=begins, periods=number)
    return _with_ratios(row, _summed(before[-number:]), _summed(after[:number])) if number else row


def _with_ratios(row: CostCompared, before: CostYear, after: CostYear) -> CostCompared:
    try:
        cost = cost_of_sales(before=before, after=after)
    except NothingToCompareWith:
        return row
    return replace(row, before=before, after=after, cost=cost)


def _summed(rows: Sequence[Measured]) -> CostYear:
    return CostYear(
        base=sum((one.cost for one in rows), ZERO),
        variable=ZERO,
        revenue=sum((one.revenue for one in rows), ZERO),
        profit=sum((one.profit or ZERO for one in rows), ZERO),
    )


def _whole(rows: Sequence[CostCompared]) -> CostCompared:
    """Return the sum of accounts whose facts reach: all of one currency."""

    def added(years: Sequence[CostYear | None]) -> CostYear:
        known = [year for year in years if year is not None]
        return CostYear(
            base=sum((year.base for year in known), ZERO),
            variable=sum((year.variable for year in known), ZERO),
            revenue=sum((year.revenue for year in known), ZERO),
            profit=sum((year.profit for year in known), ZERO),
        )

    nobody = CostCompared(name="", plan="", since=None, periods=0)
    return _with_ratios(nobody, added([row.before for row in rows]), added([row.after for row in rows]))
