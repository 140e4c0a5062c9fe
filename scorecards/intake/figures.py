"""
Files of an account's figures by period: profit and loss, inventory, and what it spends in all.

Rules: docs/reference/files.md; DOMAIN's row on AccountPeriodResult, metrics M04, M07 and M25.
"""

from typing import Any

from kamcomp.imports.kinds import Column, Context, Kind, optional
from kamcomp.imports.loads import Load
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import CurrencyCode, Day, Identifier, Text, money, money_not_negative
from scorecards.intake.references import fact_load, fill_currency, periods, spans
from scorecards.models import AccountPnl, InventoryLevel, WalletEstimate
from teams.intake.references import nodes, segments

PERIOD = Column("period", Identifier(20), note="a period's code: 2026-Q3")
CALENDAR = optional("calendar", Identifier(40), note="where a period's code is of several calendars")


def prepare_pnl(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what an account_pnl file loads; the contribution is computed by the database."""
    days = spans(periods(sheet))
    sheet.days = list(days)
    columns: dict[str, Any] = {"node_id": nodes(sheet), "segment_id": segments(sheet), "days": days}
    same = ("revenue", "cogs", "direct_cost", "currency")
    return [fact_load(sheet, AccountPnl, ("node_id", "segment_id", "days"), columns, *same)]


def prepare_inventory(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what an inventory file loads."""
    days = spans(periods(sheet))
    fill_currency(sheet)
    sheet.days = list(days)
    columns: dict[str, Any] = {"node_id": nodes(sheet), "days": days, "currency": sheet["currency"]}
    return [fact_load(sheet, InventoryLevel, ("node_id", "days"), columns, "average_inventory", "cogs")]


def prepare_wallet(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a wallet file loads: an estimate an account, category and day."""
    fill_currency(sheet)
    sheet.days = list(sheet["as_of"])
    columns: dict[str, Any] = {
        "node_id": nodes(sheet),
        "category": [category or "" for category in sheet["category"]],
        "currency": sheet["currency"],
    }
    segment_ids = segments(sheet)
    if sheet.has("segment"):
        columns["segment_id"] = segment_ids
    key = ("node_id", "category", "as_of")
    return [fact_load(sheet, WalletEstimate, key, columns, "as_of", "spend", "source")]


ACCOUNT_PNL = Kind(
    name="account_pnl",
    title="Profit and loss of accounts",
    order=140,
    columns=(
        PERIOD,
        Column("account_code", Identifier()),
        optional("segment", Identifier(), note="a segment_code; empty for all of the account"),
        Column("revenue", money()),
        Column("cogs", money()),
        optional("direct_cost", money(), default=0),
        Column("currency", CurrencyCode()),
        CALENDAR,
    ),
    key=("period", "calendar", "account_code", "segment"),
    prepare=prepare_pnl,
    totals=("revenue", "cogs", "direct_cost"),
    rules=("The contribution is revenue less cogs less direct_cost, computed, never typed.",),
)

WALLET = Kind(
    name="wallet",
    title="What accounts spend in all",
    order=150,
    columns=(
        Column("account_code", Identifier()),
        Column("category", Text(80), filled=False, default="", note="empty for everything"),
        Column("spend", money_not_negative()),
        Column("source", Text(120), note="who says so: an estimate without a source is refused"),
        Column("as_of", Day()),
        optional("segment", Identifier(), note="a segment_code"),
        optional("currency", CurrencyCode(), note="the account's if empty"),
    ),
    key=("account_code", "category", "as_of"),
    prepare=prepare_wallet,
    totals=("spend",),
    rules=("An estimate names its source and its day.",),
)

INVENTORY = Kind(
    name="inventory",
    title="Inventory held for accounts",
    order=160,
    columns=(
        Column("account_code", Identifier()),
        PERIOD,
        Column("average_inventory", money_not_negative()),
        Column("cogs", money()),
        optional("currency", CurrencyCode(), note="the account's if empty"),
        CALENDAR,
    ),
    key=("account_code", "period", "calendar"),
    prepare=prepare_inventory,
    totals=("average_inventory", "cogs"),
)
