"""
Reads of accounts' profit and loss: by period for one account's whole tree, and over a year for a list of accounts.

What a whole tree earns is the sum of the rows of its nodes, as the metrics count it. Amounts of different currencies
never add; a ratio is a ratio of sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db.models import DecimalField, Max, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Upper

from kamcomp import money
from kamcomp.spans import Span
from kamcomp.visibility import Viewer, visible
from scorecards.models import AccountPnl

FIGURES = ("revenue", "cogs", "direct_cost", "contribution")
ZERO = Decimal(0)
TREE_SUM = """(
    WITH RECURSIVE below AS (
        SELECT teams_strategicaccount.node_id AS id
        UNION
        SELECT node.id FROM teams_accountnode node JOIN below ON node.parent_id = below.id
    )
    SELECT sum(pnl.{column}) FROM scorecards_accountpnl pnl JOIN below ON pnl.node_id = below.id
     WHERE pnl.superseded_at IS NULL AND pnl.currency = teams_strategicaccount.plan_currency
       AND pnl.days <@ daterange(%s, %s)
)"""


@dataclass(frozen=True, kw_only=True)
class PnlRow:
    """The P&L of a span of days in one currency; `margin` is the contribution's share of revenue, none without any."""

    span: Span | None
    currency: str
    revenue: Decimal
    cogs: Decimal
    direct_cost: Decimal
    contribution: Decimal

    @property
    def margin(self) -> Decimal | None:
        """Return contribution over revenue."""
        return money.CONTEXT.divide(self.contribution, self.revenue) if self.revenue > 0 else None


def pnl_by_period(*, nodes: Sequence[UUID], viewer: Viewer) -> list[PnlRow]:
    """Return the believed P&L of the nodes a reader sees, by span of days and currency, newest first."""
    rows = visible(AccountPnl.objects.current().filter(node__in=nodes), to=viewer)
    summed = rows.values("days", "currency").annotate(**{f"sum_{name}": Sum(name) for name in FIGURES})
    return [
        PnlRow(
            span=Span(row["days"].lower, row["days"].upper),
            currency=row["currency"],
            **{name: row[f"sum_{name}"] for name in FIGURES},
        )
        for row in summed.order_by("-days", "currency")
    ]


def pnl_totals(*, rows: Sequence[PnlRow]) -> list[PnlRow]:
    """Return the sums of the rows, one a currency."""
    return [
        PnlRow(
            span=None,
            currency=currency,
            **{
                name: sum((getattr(row, name) for row in rows if row.currency == currency), ZERO)
                for name in FIGURES
            },
        )
        for currency in dict.fromkeys(row.currency for row in rows)
    ]


def pnl_by_node(*, nodes: Sequence[UUID], within: Span, viewer: Viewer) -> dict[UUID, list[PnlRow]]:
    """Return what each node's own rows sum to within some days, by currency."""
    rows = visible(AccountPnl.objects.current().filter(node__in=nodes), to=viewer)
    inside = rows.filter(days__contained_by=(within.since, within.until))
    summed = inside.values("node_id", "currency").annotate(**{f"sum_{name}": Sum(name) for name in FIGURES})
    found: dict[UUID, list[PnlRow]] = {}
    for row in summed.order_by("node_id", "currency"):
        figures = {name: row[f"sum_{name}"] for name in FIGURES}
        found.setdefault(row["node_id"], []).append(PnlRow(span=within, currency=row["currency"], **figures))
    return found


def pnl_year(*, on: date) -> Span:
    """Return the twelve months up to the last day that any P&L covers, or up to `on` where there is none."""
    last = AccountPnl.objects.current().aggregate(until=Max(Upper("days")))["until"] or on
    return Span(last - relativedelta(years=1), last)


def tree_sum(*, column: str, within: Span) -> Any:
    """
    Return an expression over strategic accounts: a P&L figure of the whole tree within some days, in plan currency.

    Shape: `column` is one of FIGURES.
    """
    if column not in FIGURES:
        raise KeyError(column)
    return RawSQL(  # the column is one of four names of ours
        TREE_SUM.format(column=column),
        [within.since, within.until],
        output_field=DecimalField(max_digits=28, decimal_places=6),
    )
