"""What the programme brings: measures by period and node, cost of sales, and its health over months."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from kamcomp import money
from kamcomp.spans import Span
from payouts.models import Run
from payouts.selectors.executive.figures import Health, NotMoving, over
from plans.checks.facts import ReviewFacts
from plans.checks.programme import has_not_moved
from scorecards.choices import Window
from scorecards.models import AccountPnl, Result
from teams.models import StrategicAccount

ZERO = Decimal(0)
COST_OF_SALES, RETENTION, SATISFACTION, WALLET = "M27", "M19.net", "M06", "M07"
Key = tuple[str, UUID, UUID]
"""Metric, period, node."""


class Earned(NamedTuple):
    """What a node earned in a span of days."""

    node: UUID
    days: Any
    revenue: Decimal
    contribution: Decimal


def results(*, runs: Sequence[Run], nodes: Sequence[UUID], metrics: Sequence[str]) -> dict[Key, Result]:
    """Return the believed results of whole periods, by metric code, period and node."""
    rows = Result.objects.current().filter(
        metric__code__in=metrics, period__calendar_id=runs[0].calendar_id, node__in=nodes, window=Window.PERIOD,
        segment=None, value__isnull=False,
    )  # fmt: skip
    return {
        (row.metric.code, row.period_id, row.node_id): row
        for row in rows.select_related("metric", "period")
        if row.node_id
    }


def value(found: Mapping[Key, Result], metric: str, period_id: UUID, node: UUID) -> Decimal | None:
    """Return the value of a measure for a node in a period, None where it was not measured."""
    result = found.get((metric, period_id, node))
    return result.value if result else None


def cost_of_sales(found: Mapping[Key, Result], *, runs: Sequence[Run]) -> dict[UUID, Decimal | None]:
    """Return the programme's cost of sales by period: the sum of the teams' cost over the sum of their revenue."""
    sums: dict[UUID, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for (metric, period_id, _node), row in found.items():
        if metric == COST_OF_SALES:
            sums[period_id][0] += row.numerator or ZERO
            sums[period_id][1] += row.denominator or ZERO
    return {run.period_id: over(*sums[run.period_id]) if run.period_id in sums else None for run in runs}


def earned(*, run: Run, months: int, nodes: Sequence[UUID], currency: str) -> list[Earned]:
    """Return the whole accounts' P&L of so many months up to the end of a run's period, and of as many before."""
    until = run.period.days.upper
    rows = AccountPnl.objects.current().filter(
        node__in=nodes, segment=None, currency=currency, days__contained_by=(back(until, 2 * months), until)
    )
    return [Earned(*row) for row in rows.values_list("node_id", "days", "revenue", "contribution")]


def health(
    *, run: Run, months: int, nodes: Sequence[UUID], pnl: Sequence[Earned], found: Mapping[Key, Result]
) -> Health:
    """Return how revenue, contribution, satisfaction and share of wallet moved over so many months."""
    until = run.period.days.upper
    now, before = Span(back(until, months), until), Span(back(until, 2 * months), back(until, months))
    rows = [row for row in pnl if row.days.lower >= before.since]
    whole = [node for node in nodes if _covers(rows, node, now) and _covers(rows, node, before)]
    sums = {
        (name, span): sum(
            (getattr(row, name) for row in rows if row.node in whole and row.days.lower in span), ZERO
        )
        for name in ("revenue", "contribution")
        for span in (now, before)
    }
    return Health(
        months=months,
        revenue=_growth(sums["revenue", before], sums["revenue", now]),
        contribution=_growth(sums["contribution", before], sums["contribution", now]),
        satisfaction=_moved(found, SATISFACTION, run=run, since=now.since),
        wallet=_moved(found, WALLET, run=run, since=now.since),
        accounts=len(whole),
    )


def not_moving(
    *,
    run: Run,
    months: Sequence[int],
    accounts: Mapping[UUID, StrategicAccount],
    pnl: Sequence[Earned],
    found: Mapping[Key, Result],
) -> list[NotMoving]:
    """
    Return the accounts, by node, in which nothing has improved, each with the longest time over which it has not.

    An account counts over the months that it has been in the programme and where revenue, contribution and
    satisfaction are all known of both times: of what is not known nothing is said. Rule: check L73.
    """
    earnings, measured = _by_node(pnl, found)
    still = []
    for node, account in accounts.items():
        for each in sorted(months, reverse=True):
            if account.programme_start > back(run.period.days.upper, each):
                continue
            own = health(run=run, months=each, nodes=[node], pnl=earnings[node], found=measured[node])
            if own.revenue is None or own.contribution is None or own.satisfaction is None:
                continue
            review = ReviewFacts(
                months=each, revenue=own.revenue, profit=own.contribution, satisfaction=own.satisfaction
            )
            if has_not_moved(review=review):
                still.append(NotMoving(name=account.node.name, months=each))
                break
    return still


def _by_node(
    pnl: Sequence[Earned], found: Mapping[Key, Result]
) -> tuple[Mapping[UUID, list[Earned]], Mapping[UUID, dict[Key, Result]]]:
    """Return earnings and results apart for each node, so that each account reads its own alone."""
    earnings: dict[UUID, list[Earned]] = defaultdict(list)
    measured: dict[UUID, dict[Key, Result]] = defaultdict(dict)
    for row in pnl:
        earnings[row.node].append(row)
    for key, result in found.items():
        measured[key[2]][key] = result
    return earnings, measured


def _covers(rows: Sequence[Earned], node: UUID, span: Span) -> bool:
    days = sum(
        (row.days.upper - row.days.lower).days for row in rows if row.node == node and row.days.lower in span
    )
    return days == span.days


def _growth(before: Decimal, now: Decimal) -> Decimal | None:
    return money.CONTEXT.divide(now - before, before) if before > 0 else None


def _moved(found: Mapping[Key, Result], metric: str, *, run: Run, since: date) -> Decimal | None:
    """Return by how much a measure's mean moved since the period that ended on a day, over accounts that have both."""
    now = {
        node: row.value
        for (code, period, node), row in found.items()
        if code == metric and period == run.period_id
    }
    then = {
        node: row.value
        for (code, _period, node), row in found.items()
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
