"""
Reads of an account's strategic programme: objectives with their milestones, and its year beside the last.

All start from what the reader may see. Long is over twelve months, worked out from the horizon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from dateutil.relativedelta import relativedelta

from kamcomp import money
from kamcomp.spans import Span
from kamcomp.visibility import Viewer, visible
from scorecards.models import AccountPnl, Metric
from scorecards.selectors.pnl import PnlRow, pnl_by_node, pnl_totals, pnl_year
from teams.models import AccountObjective, ObjectiveMilestone, StrategicAccount

LONG_OVER_MONTHS = 12


@dataclass(frozen=True)
class ObjectiveRow:
    """An objective with its milestones, the name of what measures it, and how that is written."""

    objective: AccountObjective
    milestones: list[ObjectiveMilestone]
    metric: Metric | None

    @property
    def unit(self) -> str:
        """Return the unit its figures are in: the metric's, else what was typed."""
        return self.metric.unit if self.metric else ""

    @property
    def is_long(self) -> bool:
        """Tell whether it looks further than a year."""
        return self.objective.horizon_months > LONG_OVER_MONTHS

    @property
    def begins_on(self) -> date:
        """Return the day its horizon begins: so many months before it is due."""
        return self.objective.due_on - relativedelta(months=self.objective.horizon_months)


def programme_objectives(*, account: StrategicAccount, viewer: Viewer) -> list[ObjectiveRow]:
    """Return the objectives of an account plan that a reader sees, the first due first."""
    rows = visible(AccountObjective.objects.filter(account=account), to=viewer)
    objectives = list(rows.select_related("owner__details").order_by("due_on", "code"))
    steps = visible(ObjectiveMilestone.objects.filter(objective__account=account), to=viewer)
    reached: dict[UUID, list[ObjectiveMilestone]] = {}
    for step in steps.order_by("due_on", "name"):
        reached.setdefault(step.objective_id, []).append(step)
    codes = {one.metric_code for one in objectives if one.metric_code}
    metrics = {one.code: one for one in Metric.objects.filter(code__in=codes)} if codes else {}
    return [
        ObjectiveRow(one, reached.get(one.pk, []), metrics.get(one.metric_code or "")) for one in objectives
    ]


@dataclass(frozen=True)
class YearBeside:
    """The P&L of the last twelve months and of those before, in the account's currency; none where there is none."""

    year: Span
    now: PnlRow | None
    before: PnlRow | None

    @property
    def growth(self) -> Decimal | None:
        """Return how much revenue grew, as a ratio; none where there was none before."""
        if self.now is None or self.before is None or self.before.revenue <= 0:
            return None
        return money.CONTEXT.divide(self.now.revenue - self.before.revenue, self.before.revenue)


def year_beside(*, nodes: Sequence[UUID], currency: str, viewer: Viewer, on: date) -> YearBeside:
    """Return an account's last twelve months beside those before, of the whole tree; a part of a year is none."""
    year = pnl_year(on=on)
    earlier = Span(year.since - relativedelta(years=1), year.since)
    rows = visible(AccountPnl.objects.current().filter(node__in=nodes, currency=currency), to=viewer)
    is_whole = rows.filter(days__contains=earlier.since).exists()

    def whole(within: Span) -> PnlRow | None:
        rows = [row for own in pnl_by_node(nodes=nodes, within=within, viewer=viewer).values() for row in own]
        return next((row for row in pnl_totals(rows=rows) if row.currency == currency), None)

    return YearBeside(year, whole(year), whole(earlier) if is_whole else None)
