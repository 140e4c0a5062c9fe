"""
Stored facts as the engine takes them: one query for each kind, for everyone at once.

Only the kinds that are asked for are read, only from as far back as a metric looks, and
only as they were known at an instant: a fact restated later is still the old one for a
run that began before. Sales are added up by the database, by day and by what tells them
apart for the metrics asked for.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Count, Q, Sum

from kamcomp.policy.models import PolicySetting
from scorecards.engine import facts as engine
from scorecards.engine.windows import Window, months_moved
from scorecards.models import (
    AccountPnl,
    Contract,
    InventoryLevel,
    ObjectiveRating,
    Opportunity,
    Product,
    SurveyResponse,
    Transaction,
    WalletEstimate,
)
from teams.choices import ObjectiveStatus
from teams.models import AccountNode, AccountObjective, Segment

NEVER = Decimal(0)
BENCHMARK = "benchmark."


@dataclass(frozen=True, kw_only=True)
class FactsWanted:
    """
    Which kinds of facts are wanted, the days of each, and by what sales are told apart.

    The kind `credited` is the sales of the people of `person_codes`; `apart` holds product
    and order for the kinds `sales` and `credited`.
    """

    reach: Mapping[str, Window]
    known_at: datetime
    apart: Mapping[str, frozenset[str]] = field(default_factory=dict)
    person_codes: frozenset[str] = field(default_factory=frozenset)

    def tells_apart(self, kind: str, by: str) -> bool:
        """Tell whether sales of a kind have to be told apart by product, or by order."""
        return by in self.apart.get(kind, ())


def facts_known(*, wanted: FactsWanted) -> engine.Facts:
    """Return the wanted facts of all accounts, and the account tree, products and segments they refer to."""
    rows: dict[str, tuple[Any, ...]] = {
        kind: tuple(_READERS[kind](wanted)) for kind in sorted(wanted.reach.keys() & _READERS.keys())
    }
    if "objectives" in wanted.reach:
        rows["ratings"] = tuple(_ratings(wanted))
    return engine.Facts(
        nodes=tuple(_nodes()),
        products=tuple(_products()),
        segment_kinds=dict(Segment.objects.values_list("code", "kind")),
        **rows,
    )


def _nodes() -> list[engine.AccountNode]:
    rows = AccountNode.objects.order_by("code").values_list(
        "code", "parent__code", "node_type", "region", "segment__code", "first_invoice_on"
    )
    return [
        engine.AccountNode(code, parent, kind, region or None, segment, first_invoice_on=first)
        for code, parent, kind, region, segment, first in rows
    ]


def _products() -> list[engine.Product]:
    rows = Product.objects.order_by("code").values_list("code", "family", "segment__code")
    return [engine.Product(code, family, segment) for code, family, segment in rows if family or segment]


def _sales(wanted: FactsWanted) -> list[engine.Sale]:
    days, by_order = wanted.reach["sales"], wanted.tells_apart("sales", "order")
    told_apart = ["date", "node__code", "currency", "segment__code"]
    told_apart += ["product__code"] if wanted.tells_apart("sales", "product") else []
    told_apart += ["source", "source_id"] if by_order else []
    rows = (
        Transaction.objects.known_at(wanted.known_at)
        .filter(date__gte=days.since, date__lt=days.until)
        .order_by(*told_apart)
        .values(*told_apart)
        .annotate(
            total=Sum("revenue"),
            total_cost=Sum("cost"),
            total_quantity=Sum("quantity"),
            uncosted=Count("id", filter=Q(cost=None)),
            uncounted=Count("id", filter=Q(quantity=None)),
        )
    )
    return [
        engine.Sale(
            on=row["date"],
            account=row["node__code"],
            revenue=row["total"],
            currency=row["currency"],
            cost=None if row["uncosted"] else row["total_cost"],
            quantity=None if row["uncounted"] else row["total_quantity"],
            product=row.get("product__code"),
            segment=row["segment__code"],
            order=f"{row['source']}/{row['source_id']}" if by_order else None,
        )
        for row in rows
    ]


CREDITED_SQL = """
    SELECT t.date, n.code, t.currency, s.code, {product}, e.employee_id, c.credit_type,
           {order}, sum(t.revenue * c.share), sum(t.cost * c.share), sum(t.quantity * c.share),
           count(*) FILTER (WHERE t.cost IS NULL), count(*) FILTER (WHERE t.quantity IS NULL)
      FROM scorecards_credit c
      JOIN scorecards_transaction t USING (source, source_id, line)
      JOIN teams_accountnode n ON n.id = t.node_id
      JOIN teams_person e ON e.id = c.person_id
      LEFT JOIN teams_segment s ON s.id = t.segment_id
      LEFT JOIN scorecards_product p ON p.id = t.product_id
     WHERE t.date >= %(since)s AND t.date < %(until)s AND e.employee_id = ANY(%(people)s)
       AND t.recorded_at <= %(at)s AND (t.superseded_at IS NULL OR t.superseded_at > %(at)s)
       AND c.recorded_at <= %(at)s AND (c.superseded_at IS NULL OR c.superseded_at > %(at)s)
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
"""


def _credited(wanted: FactsWanted) -> list[engine.Sale]:
    days = wanted.reach["credited"]
    by_product, by_order = (wanted.tells_apart("credited", by) for by in ("product", "order"))
    product = "p.code" if by_product else "NULL::text"
    order = "t.source || '/' || t.source_id" if by_order else "NULL::text"
    with connection.cursor() as cursor, _no_nested_loops(cursor):
        cursor.execute(
            CREDITED_SQL.format(product=product, order=order),
            {
                "since": days.since,
                "until": days.until,
                "at": wanted.known_at,
                "people": sorted(wanted.person_codes),
            },
        )
        return [_credited_sale(*row) for row in cursor.fetchall()]


@contextmanager
def _no_nested_loops(cursor: CursorWrapper) -> Iterator[None]:
    """
    Have lines and credits joined by hashing.

    Right after an import the planner has no figures of the tables, takes a quarter's lines
    for one, and reads all credits again for each line.
    """
    cursor.execute("SELECT set_config('enable_nestloop', 'off', true)")
    yield
    cursor.execute("SELECT set_config('enable_nestloop', 'on', true)")


def _credited_sale(
    on: date,
    account: str,
    currency: str,
    segment: str | None,
    product: str | None,
    person: str,
    kind: str,
    order: str | None,
    revenue: Decimal,
    cost: Decimal | None,
    quantity: Decimal | None,
    uncosted: int,
    uncounted: int,
) -> engine.Sale:
    return engine.Sale(
        on=on,
        account=account,
        revenue=revenue,
        currency=currency,
        cost=None if uncosted else cost,
        quantity=None if uncounted else quantity,
        product=product,
        segment=segment,
        order=order,
        credits=(engine.Credit(person, kind),),
    )


def _pnl(wanted: FactsWanted) -> list[engine.ProfitLoss]:
    rows = (
        AccountPnl.objects.known_at(wanted.known_at)
        .filter(days__contained_by=_range(wanted.reach["pnl"]))
        .order_by("id")
        .values_list("node__code", "days", "revenue", "cogs", "direct_cost", "currency", "segment__code")
    )
    return [
        engine.ProfitLoss(node, Window(days.lower, days.upper), *amounts) for node, days, *amounts in rows
    ]


def _contracts(wanted: FactsWanted) -> list[engine.Contract]:
    rows = (
        Contract.objects.known_at(wanted.known_at)
        .order_by("id")
        .values_list(
            "contract_id",
            "node__code",
            "start_on",
            "end_on",
            "value",
            "currency",
            "renewed_from",
            "notice_on",
        )
    )
    return [
        engine.Contract(
            code,
            node,
            start_on,
            date.max if end_on is None else date.fromordinal(end_on.toordinal() + 1),
            value,
            currency,
            renewed_from or None,
            notice_on,
        )
        for code, node, start_on, end_on, value, currency, renewed_from, notice_on in rows
    ]


def _answers(wanted: FactsWanted) -> list[engine.SurveyAnswer]:
    days = wanted.reach["answers"]
    rows = (
        SurveyResponse.objects.known_at(wanted.known_at)
        .filter(date__gte=days.since, date__lt=days.until)
        .values("survey", "node__code", "date", "score", "respondent_group", "person__employee_id")
        .annotate(count=Count("id"))
        .order_by("survey", "node__code", "date", "score", "respondent_group", "person__employee_id")
    )
    return [
        engine.SurveyAnswer(
            survey=row["survey"],
            account=row["node__code"],
            on=row["date"],
            score=row["score"],
            group=row["respondent_group"],
            count=row["count"],
            about=row["person__employee_id"],
        )
        for row in rows
    ]


def _wallet(wanted: FactsWanted) -> list[engine.WalletEstimate]:
    days = wanted.reach["wallet"]
    rows = (
        WalletEstimate.objects.known_at(wanted.known_at)
        .filter(as_of__gte=days.since, as_of__lt=days.until)
        .order_by("id")
        .values_list("node__code", "category", "segment__code", "spend", "currency", "source", "as_of")
    )
    return [
        engine.WalletEstimate(node, category or segment or "", spend, currency, source, as_of)
        for node, category, segment, spend, currency, source, as_of in rows
    ]


def _opportunities(wanted: FactsWanted) -> list[engine.Opportunity]:
    rows = (
        Opportunity.objects.known_at(wanted.known_at)
        .order_by("id")
        .values_list(
            "opportunity_id", "node__code", "stage", "stages", "owner__employee_id", "value", "currency",
            "won_on", "new_application", "as_of", "node__currency",
        )
    )  # fmt: skip
    last = wanted.reach["opportunities"].last
    return [
        engine.Opportunity(
            code, node, stage, stages, owner, NEVER if value is None else value, currency or at_node, won_on,
            new_application=new,
        )
        for code, node, stage, stages, owner, value, currency, won_on, new, as_of, at_node in rows
        if as_of is None or as_of <= last
    ]  # fmt: skip


def _objectives(wanted: FactsWanted) -> list[engine.Objective]:
    """Return the objectives that were agreed; one marked met was met by the day it was due."""
    rows = (
        AccountObjective.objects.exclude(status__in=[ObjectiveStatus.DRAFT, ObjectiveStatus.DROPPED])
        .order_by("code")
        .values_list("code", "account__node__code", "owner__employee_id", "weight", "due_on", "status")
    )
    return [
        engine.Objective(code, node, owner, weight, due_on, due_on if status == ObjectiveStatus.MET else None)
        for code, node, owner, weight, due_on, status in rows
    ]


def _ratings(wanted: FactsWanted) -> list[engine.Rating]:
    rows = (
        ObjectiveRating.objects.known_at(wanted.known_at)
        .order_by("id")
        .values_list("objective__code", "period__days", "rating")
    )
    return [engine.Rating(code, Window(days.lower, days.upper), rating) for code, days, rating in rows]


def _benchmarks(wanted: FactsWanted) -> list[engine.Benchmark]:
    """Return the benchmarks a company states by policy: `benchmark.M16` = {"source": ..., "value": ...}."""
    rows = PolicySetting.objects.filter(key__startswith=BENCHMARK).order_by("key", "valid")
    return [
        engine.Benchmark(
            row.key.removeprefix(BENCHMARK), row.value["source"], Decimal(row.value["value"]), row.valid.lower
        )
        for row in rows
    ]


def _inventory(wanted: FactsWanted) -> list[engine.Inventory]:
    rows = (
        InventoryLevel.objects.known_at(wanted.known_at)
        .filter(days__contained_by=_range(wanted.reach["inventory"]))
        .order_by("id")
        .values_list("node__code", "days", "average_inventory", "cogs", "currency")
    )
    return [engine.Inventory(node, Window(days.lower, days.upper), *rest) for node, days, *rest in rows]


def _range(window: Window) -> tuple[date, date]:
    return window.since, window.until


_READERS: Mapping[str, Callable[[FactsWanted], list[Any]]] = {
    "sales": _sales,
    "credited": _credited,
    "pnl": _pnl,
    "contracts": _contracts,
    "answers": _answers,
    "wallet": _wallet,
    "opportunities": _opportunities,
    "objectives": _objectives,
    "inventory": _inventory,
    "benchmarks": _benchmarks,
}


def reached(*, window: Window, months: int) -> Window:
    """Return a window extended to the past by months."""
    return Window(months_moved(day=window.since, months=-months), window.until)
