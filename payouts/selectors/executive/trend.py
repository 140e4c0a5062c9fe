"""
One account over time: the cost of sales and the net revenue retention of its last periods.

Cost of sales is measured when a period is locked and is left out of teams of fewer than five, so that nobody's pay
can be read off. Rules: docs/reference/metrics.md, M27 and M19.net.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from payouts.selectors.executive.figures import FEWEST, AccountOverTime
from payouts.selectors.executive.health import COST_OF_SALES, RETENTION
from scorecards.choices import Window
from scorecards.models import Result
from teams.models import StrategicAccount

MOST = 6
"""How many periods are shown at most."""


def account_over_time(*, account: StrategicAccount, people: int, on: date) -> AccountOverTime:
    """
    Return an account's two trends up to a day, oldest period first; `people` is the size of its team.

    Where several calendars have measured the account, the periods are those of the one that did so most often.
    """
    rows = Result.objects.current().filter(  # type: ignore[attr-defined]
        metric__code__in=(COST_OF_SALES, RETENTION), node=account.node_id, window=Window.PERIOD, segment=None,
        value__isnull=False, period__days__endswith__lte=on,
    )  # fmt: skip
    calendars: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    found: dict[tuple[str, UUID], Decimal | None] = {}
    for row in rows.select_related("metric", "period").order_by("period__days"):
        calendars[row.period.calendar_id][row.period_id] = row.period.code
        found[row.metric.code, row.period_id] = row.value
    periods = max(calendars.values(), key=len, default={})
    last = list(periods)[-MOST:]
    return AccountOverTime(
        periods=[periods[each] for each in last],
        cost_of_sales=_values(found, COST_OF_SALES, last) if people >= FEWEST else None,
        retention=_values(found, RETENTION, last),
    )


def _values(
    found: Mapping[tuple[str, UUID], Decimal | None], metric: str, periods: list[UUID]
) -> list[Decimal | None]:
    return [found.get((metric, each)) for each in periods]
