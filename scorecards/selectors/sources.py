"""
Where a result comes from: the rows of the company's systems that were known when it was computed, and their files.

A survey's answers are counted but never listed: who answers does so among others.
Rules: docs/reference/metrics.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet

from kamcomp.calendar.models import Period
from scorecards.models import AccountPnl, SurveyResponse, Transaction
from teams.models import AccountNode

SALES, PNL, SURVEY = "sales", "pnl", "survey"
KINDS = {"M01": SALES, "M02": SALES, "M03": SALES, "M04": PNL, "M05": PNL, "M06": SURVEY, "M18": SALES}


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file that rows came from, with how many; "" where they came by another way."""

    kind: str
    filename: str
    committed_at: datetime | None
    rows: int


def source_kind(*, metric: str) -> str:
    """Return the kind of rows a metric is read from, "" if it is not one that is listed."""
    return KINDS.get(metric.split(".")[0], "")


def nodes_below(*, node_id: UUID) -> list[UUID]:
    """Return a node and everything under it, in one query."""
    children: dict[UUID | None, list[UUID]] = defaultdict(list)
    for pk, parent in AccountNode.objects.values_list("pk", "parent_id"):
        children[parent].append(pk)
    found = [node_id]
    for pk in found:
        found += children[pk]
    return found


def source_sales(*, nodes: Sequence[UUID], period: Period, known_at: datetime) -> QuerySet[Transaction]:
    """Return the invoice lines of nodes in a period, as known at an instant."""
    known = Transaction.objects.known_at(known_at)
    return known.filter(node__in=nodes, date__gte=period.days.lower, date__lt=period.days.upper)


def source_pnl(*, nodes: Sequence[UUID], period: Period, known_at: datetime) -> QuerySet[AccountPnl]:
    """Return the P&L rows of nodes that overlap a period, as known at an instant."""
    return AccountPnl.objects.known_at(known_at).filter(node__in=nodes, days__overlap=period.days)


def source_files(
    *, kinds: Iterable[str], nodes: Sequence[UUID], period: Period, known_at: datetime
) -> dict[str, list[SourceFile]]:
    """Return, by kind, the files that rows of a period came from, one query a kind."""
    answers = SurveyResponse.objects.known_at(known_at).filter(
        node__in=nodes, date__gte=period.days.lower, date__lt=period.days.upper
    )
    rows: dict[str, QuerySet] = {
        SALES: source_sales(nodes=nodes, period=period, known_at=known_at),
        PNL: source_pnl(nodes=nodes, period=period, known_at=known_at),
        SURVEY: answers,
    }
    return {kind: _files(kind, rows[kind]) for kind in dict.fromkeys(kinds) if kind in rows}


def _files(kind: str, rows: QuerySet) -> list[SourceFile]:
    counted = (
        rows.order_by()
        .values("batch__filename", "batch__committed_at")
        .annotate(count=Count("pk"))
        .order_by("batch__committed_at")
    )
    return [
        SourceFile(
            kind=kind,
            filename=row["batch__filename"] or "",
            committed_at=row["batch__committed_at"],
            rows=row["count"],
        )
        for row in counted
    ]
