"""
Files of segments and of accounts: the tree, and the accounts taken into the programme.

Rules: docs/reference/files.md; DOMAIN's rows on StrategicAccount, AccountNode and Segment.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from kamcomp.ids import uuid7
from kamcomp.imports.kinds import Column, Context, Kind, optional
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import CountryCode, CurrencyCode, Day, Flag, Identifier, OneOf, Text
from teams.choices import NodeType, SegmentKind, Strategy
from teams.intake.references import ids_by, segments
from teams.models import AccountNode, Segment, StrategicAccount

WEIGHTS = {
    Strategy.DEFEND: "defend_weight",
    Strategy.GROW: "grow_weight",
    Strategy.PROFIT: "profit_weight",
}


def prepare_segments(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a segments file loads."""
    rows = sheet.accepted()
    columns = {"code": sheet["segment_code"], "kind": sheet["kind"], "name": sheet["name"]}
    return [
        Load(
            model=Segment,
            key=("code",),
            columns=picked(columns, rows, len(sheet)),
            rows=rows,
            ids=[uuid7() for _ in rows],
        )
    ]


def prepare_accounts(sheet: Sheet, context: Context) -> list[Load]:
    """Return what an accounts file loads: nodes of the tree, and the programme's accounts among them."""
    standing = ids_by(AccountNode, "code", sheet.distinct("account_code", "parent_code"))
    ids = [standing.get(code) or uuid7() for code in sheet["account_code"]]
    known = standing | dict(zip(sheet["account_code"], ids, strict=True))
    parents = sheet.resolve("parent_code", known, "account", "add a row for the parent")
    segment_ids = segments(sheet)
    if sheet.has("parent_code"):
        check_tree(sheet, ids, parents)
    node: dict[str, Iterable[Any]] = {
        "code": sheet["account_code"],
        "name": sheet["name"],
        "currency": sheet["currency"],
    }
    if sheet.has("parent_code"):
        node["parent_id"] = parents
    if sheet.has("segment"):
        node["segment_id"] = segment_ids
    if sheet.has("node_type"):
        node["node_type"] = [
            kind or (NodeType.CHILD.value if parent else NodeType.PARENT.value)
            for kind, parent in zip(sheet["node_type"], parents, strict=True)
        ]
    node |= {
        name: sheet[name]
        for name in ("country", "region", "first_invoice_on", "previously_unsold")
        if sheet.has(name)
    }
    rows = sheet.accepted()
    nodes = Load(
        model=AccountNode,
        key=("code",),
        columns=picked(node, rows, len(sheet)),
        rows=rows,
        ids=[ids[row] for row in rows],
    )
    return [nodes, *programme_loads(sheet, ids, parents, context.at.date())]


def check_tree(sheet: Sheet, ids: list[UUID], parents: list[UUID | None]) -> None:
    """Reject rows that would hang an account under itself or under one of its own parts."""
    above: dict[UUID, UUID | None] = dict(
        AccountNode.objects.exclude(parent=None).values_list("pk", "parent_id")
    )
    above |= dict(zip(ids, parents, strict=True))
    for row, (node, parent) in enumerate(zip(ids, parents, strict=True)):
        seen, place = {node}, parent
        while place is not None and place not in seen:
            seen.add(place)
            place = above.get(place)
        if place is not None:
            sheet.reject(row, "parent_code", "would stand under itself: the accounts form a tree")


def programme_loads(sheet: Sheet, ids: list[UUID], parents: list[UUID | None], today: date) -> list[Load]:
    """Return the load of the accounts that the file takes into the programme: those with a strategy or tier."""
    taken = [row for row in sheet.accepted() if sheet["strategy"][row] or sheet["tier"][row]]
    for row in taken:
        if parents[row] is not None:
            sheet.reject(
                row, "strategy", "only the root of a tree is in the programme: leave it empty for its parts"
            )
    taken = [row for row in taken if row not in sheet.rejected]
    if not taken:
        return []
    strategies = [sheet["strategy"][row] or Strategy.GROW.value for row in taken]
    columns: dict[str, list[Any]] = {
        "node_id": [ids[row] for row in taken],
        "strategy": strategies,
        "tier": [sheet["tier"][row] or "" for row in taken],
        "plan_currency": [sheet["currency"][row] for row in taken],
    }
    for strategy, weight in WEIGHTS.items():
        columns[weight] = [Decimal(1) if chosen == strategy else Decimal(0) for chosen in strategies]
    starts = [sheet["programme_start"][row] or sheet["first_invoice_on"][row] or today for row in taken]
    once = {}
    if sheet.has("programme_start") and all(sheet["programme_start"][row] for row in taken):
        columns["programme_start"] = starts
    else:
        once["programme_start"] = starts
    for name in ("pricing_agreement", "service_level"):
        if sheet.has(name):
            columns[name] = [sheet[name][row] for row in taken]
    return [
        Load(
            model=StrategicAccount,
            key=("node_id",),
            columns=columns,
            once=once,
            rows=taken,
            ids=[uuid7() for _ in taken],
        )
    ]


SEGMENTS = Kind(
    name="segments",
    title="Segments",
    order=10,
    columns=(
        Column("segment_code", Identifier()),
        Column("kind", OneOf(SegmentKind.values)),
        Column("name", Text(120)),
    ),
    key=("segment_code",),
    prepare=prepare_segments,
)

ACCOUNTS = Kind(
    name="accounts",
    title="Accounts and their tree",
    order=15,
    columns=(
        Column("account_code", Identifier()),
        Column("name", Text(200)),
        optional(
            "parent_code", Identifier(), note="an account of this file or known already; empty for a root"
        ),
        optional("node_type", OneOf(NodeType.values), note="parent for a root and child below, if empty"),
        optional("segment", Identifier(), note="a segment_code"),
        optional("country", CountryCode(), default=""),
        optional("region", Text(80), default=""),
        Column("currency", CurrencyCode()),
        optional("strategy", OneOf(Strategy.values), note="takes the account into the programme"),
        optional("tier", Text(40), note="takes the account into the programme"),
        optional("first_invoice_on", Day()),
        optional("programme_start", Day(), note="if empty: first_invoice_on, else the day of the import"),
        optional("previously_unsold", Flag(), default=False),
        optional("pricing_agreement", Text(120), default=""),
        optional("service_level", Text(120), default=""),
    ),
    key=("account_code",),
    prepare=prepare_accounts,
    rules=(
        "Accounts form a tree: none stands under itself or one of its parts.",
        "A root with a strategy or tier is taken into the programme; parts of an account are not.",
        "A strategy weighs fully: defend, grow or profit is 100 %.",
    ),
)
