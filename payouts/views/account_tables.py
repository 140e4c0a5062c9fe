"""The tables of an account's page: its tree with the parts' own figures, what runs paid on it, its two trends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from kamcomp.pages.nav import Words
from kamcomp.pages.parts import part_column, part_sheet
from kamcomp.pages.sheets import Sheet
from kamcomp.pages.tables import Kind
from payouts.selectors.accounts import AccountRun, TreeRow
from payouts.selectors.executive import AccountOverTime
from plans.views.curves import Line, small_line

TREE_COLUMNS = (
    part_column("name", "row__node__name"),
    part_column("depth", "row__depth", kind=Kind.NUMBER),
    part_column("kind", "row__node__node_type"),
    part_column("country", "row__node__country"),
    part_column("state", "row__node__status"),
    part_column("customer_numbers", read=lambda each: ", ".join(each["row"].numbers)),
    part_column("revenue", "pnl__revenue", kind=Kind.MONEY),
    part_column("contribution", "pnl__contribution", kind=Kind.MONEY),
    part_column("currency", "pnl__currency"),
)
RUN_COLUMNS = (
    part_column("period", "row__run__period__code"),
    part_column("state", "row__run__status"),
    part_column("incentives", kind=Kind.MONEY, read=lambda each: each["paid"][1]),
    part_column("currency", read=lambda each: each["paid"][0]),
    part_column("pool", "row__pool__funded", kind=Kind.MONEY),
    part_column("pool_currency", "row__pool__currency"),
    part_column("pool_state", "row__pool__status"),
)
POOL_COLUMNS = tuple(column for column in RUN_COLUMNS if column.name not in ("incentives", "currency"))


def tree_lines(rows: Sequence[TreeRow]) -> list[dict[str, Any]]:
    """Return the parts of the tree, one line a currency of their own figures."""
    return [{"row": row, "pnl": pnl} for row in rows for pnl in row.pnl or (None,)]


def run_lines(rows: Sequence[AccountRun]) -> list[dict[str, Any]]:
    """Return the runs, one line a currency of what they paid in incentives."""
    return [{"row": row, "paid": paid} for row in rows for paid in row.incentives or (("", None),)]


@dataclass(frozen=True)
class TrendRow:
    """A measure of an account by period: its words, its name in the file, its figures and their small line."""

    words: Words
    name: str
    values: Sequence[Decimal | None]
    line: Line | None

    @property
    def newest(self) -> Decimal | None:
        """Return the last figure there is."""
        return next((value for value in reversed(self.values) if value is not None), None)


def trend_rows(over_time: AccountOverTime) -> list[TrendRow]:
    """Return what is known of an account's cost of sales and retention, cost first; nothing of what is not shown."""
    measures = (
        (_("Cost of sales"), "cost_of_sales", over_time.cost_of_sales),
        (_("Net revenue retained"), "net_retention", over_time.retention),
    )
    return [
        TrendRow(words, name, values, _line(over_time.periods, values))
        for words, name, values in measures
        if any(value is not None for value in values)
    ]


def trend_sheet(over_time: AccountOverTime) -> Sheet:
    """Return the trends as a file: a row a measure, a column a period."""
    rows = [
        {"measure": row.name, **dict(zip(over_time.periods, row.values, strict=True))}
        for row in trend_rows(over_time)
    ]
    columns = [part_column(code, kind=Kind.RATIO) for code in over_time.periods]
    return part_sheet(title="trends", columns=[part_column("measure"), *columns], rows=rows)


def _line(periods: Sequence[str], values: Sequence[Decimal | None]) -> Line | None:
    return small_line(
        [(code, value) for code, value in zip(periods, values, strict=True) if value is not None]
    )
