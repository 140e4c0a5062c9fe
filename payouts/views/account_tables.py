"""The tables of an account's page as files: its tree with the parts' own figures, and what runs paid on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kamcomp.pages.parts import part_column
from kamcomp.pages.tables import Kind
from payouts.selectors.accounts import AccountRun, TreeRow

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
