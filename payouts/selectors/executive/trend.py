"""
One account over time: the cost of sales and the net revenue retention of its last periods.

Cost of sales is measured when a period is locked and is left out of periods at whose end fewer than five served the
account, so that nobody's pay can be read off. Rules: docs/reference/metrics.md, M27 and M19.net.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from uuid import UUID

from kamcomp.calendar.models import Period
from payouts.selectors.executive.figures import FEWEST, AccountOverTime
from payouts.selectors.executive.health import COST_OF_SALES, RETENTION
from payouts.selectors.executive.teams import team_sizes
from scorecards.choices import Window
from scorecards.models import Result
from teams.models import StrategicAccount

MOST = 6
"""How many periods are shown at most."""


def account_over_time(*, account: StrategicAccount, on: date) -> AccountOverTime:
    """
    Return an account's two trends up to a day, oldest period first.

    Where several calendars have measured the account, the periods are those of the one that measured its cost most
    often, and its retention where none did.
    """
    rows = Result.objects.current().filter(  # type: ignore[attr-defined]
        metric__code__in=(COST_OF_SALES, RETENTION), node=account.node_id, window=Window.PERIOD, segment=None,
        value__isnull=False, period__days__endswith__lte=on,
    )  # fmt: skip
    calendars: dict[UUID, dict[str, dict[Period, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows.select_related("metric", "period").order_by("period__days"):
        calendars[row.period.calendar_id][row.metric.code][row.period] = row.value
    found = max(
        calendars.values(), key=lambda each: (len(each[COST_OF_SALES]), len(each[RETENTION])), default={}
    )
    cost, kept = found.get(COST_OF_SALES, {}), found.get(RETENTION, {})
    last = sorted({*cost, *kept}, key=lambda each: each.days.lower)[-MOST:]
    sizes = team_sizes(accounts=[account.pk], periods=[each for each in last if each in cost])
    return AccountOverTime(
        periods=[each.code for each in last],
        cost_of_sales=[
            cost[each] if each in cost and sizes[each.pk].get(account.pk, 0) >= FEWEST else None
            for each in last
        ],
        retention=[kept.get(each) for each in last],
    )
