"""
What crosses the apps about one account: its plans and who is paid by them, its runs with incentives and pools, its P&L.

All starts from what the reader may see; a figure that the reader sees only a part of is left out rather than shown
as if it were the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Sum

from kamcomp.spans import Span
from kamcomp.visibility import Viewer, visible
from payouts.models import PayoutLine, Pool, Run
from plans.models import Assignment, PlanVersion
from scorecards.selectors.pnl import PnlRow, pnl_by_node, tree_sum
from teams.models import AccountNode, AccountObjective, StrategicAccount
from teams.selectors.teams import teams_on

MOST_RUNS, MOST_OBJECTIVES = 12, 5


def accounts_on(*, viewer: Viewer, on: date, year: Span) -> QuerySet[Any]:
    """
    Return the accounts a reader sees with their key account manager on a day and the P&L of a span of days.

    Adds `revenue`, `contribution` (plan currency, whole tree) and what `teams_on` adds.
    """
    rows = teams_on(viewer=viewer, on=on).select_related("node__segment")
    return rows.annotate(
        revenue=tree_sum(column="revenue", within=year),
        contribution=tree_sum(column="contribution", within=year),
    )


@dataclass(frozen=True)
class TreeRow:
    """A node of an account's tree, how deep it lies, its customer numbers on the day, and its own P&L of a year."""

    node: AccountNode
    depth: int
    numbers: list[str]
    pnl: list[PnlRow] = field(default_factory=list)


def account_tree(
    *, account: StrategicAccount, nodes: Sequence[UUID], viewer: Viewer, on: date, within: Span
) -> list[TreeRow]:
    """Return those of the nodes that are an account's, each below the one it belongs to, by name."""
    seen = visible(AccountNode.objects.filter(pk__in=nodes), to=viewer).select_related("segment")
    below: dict[Any, list[AccountNode]] = defaultdict(list)
    for node in seen.prefetch_related("numbers").order_by("name"):
        below[node.parent_id].append(node)
    figures = pnl_by_node(nodes=nodes, within=within, viewer=viewer)
    rows: list[TreeRow] = []

    def walk(node: AccountNode, depth: int) -> None:
        numbers = [f"{one.source} {one.number}" for one in node.numbers.all() if on in one.span]
        rows.append(TreeRow(node, depth, sorted(numbers), figures.get(node.pk, [])))
        for child in below[node.pk]:
            walk(child, depth + 1)

    for root in below[account.node.parent_id]:
        if root.pk == account.node_id:
            walk(root, 0)
    return rows


@dataclass(frozen=True)
class PlanRow:
    """A plan version by which people of an account are paid on a day."""

    version: PlanVersion
    people: list[Any]


def account_plans(*, account: StrategicAccount, viewer: Viewer, on: date) -> list[PlanRow]:
    """Return the plan versions that pay people for the account on a day, with the people a reader sees."""
    rows = visible(Assignment.objects.filter(account=account, valid__contains=on), to=viewer)
    by_version: dict[Any, PlanRow] = {}
    for one in rows.select_related("plan_version__plan", "person__details").order_by("plan__code"):
        by_version.setdefault(one.plan_version_id, PlanRow(one.plan_version, [])).people.append(one.person)
    return list(by_version.values())


@dataclass(frozen=True)
class AccountRun:
    """What the current run of a period paid for an account: incentives on its results, by currency, and its pool."""

    run: Run
    incentives: list[tuple[str, Decimal]]
    pool: Pool | None


def account_runs(*, account: StrategicAccount, viewer: Viewer) -> list[AccountRun]:
    """Return the current runs that concern the account, newest period first, as far as the reader sees them."""
    lines = visible(PayoutLine.objects.filter(account=account, payout__run__is_current=True), to=viewer)
    sums: dict[Any, list[tuple[str, Decimal]]] = defaultdict(list)
    by_run = lines.values("payout__run_id", code=F("payout__currency")).annotate(total=Sum("amount"))
    for row in by_run.order_by("code"):
        sums[row["payout__run_id"]].append((row["code"], row["total"]))
    pools = {
        pool.period_id: pool
        for pool in visible(Pool.objects.filter(account=account), to=viewer).select_related("account__node")
    }
    runs = visible(Run.objects.filter(is_current=True), to=viewer).select_related("period", "calendar")
    concerned = [
        AccountRun(run, sums[run.pk], pools.get(run.period_id))
        for run in runs.order_by("-period__days")[: 3 * MOST_RUNS]
        if run.pk in sums or run.period_id in pools
    ]
    return concerned[:MOST_RUNS]


def account_objectives(*, account: StrategicAccount, viewer: Viewer) -> list[AccountObjective]:
    """Return the objectives of the account plan that are due last, the latest first."""
    rows = visible(AccountObjective.objects.filter(account=account), to=viewer)
    return list(rows.select_related("owner__details").order_by("-due_on", "code")[:MOST_OBJECTIVES])
