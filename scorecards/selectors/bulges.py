"""
How periods ended at an account: the last month's invoices against the period's mean, and what was taken back after.

Sales that are pushed over a period's end show as a bulge, and as credit notes in the next. Rule:
docs/reference/checks.md, L74.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db import connection

from kamcomp.calendar.models import Period
from kamcomp.money import CONTEXT
from kamcomp.spans import Span

ZERO = Decimal(0)
BULGE_PERIODS = 4
"""How many of the last locked periods are looked at."""

MONTHS = """
    WITH RECURSIVE below AS (
        SELECT id AS root, id FROM teams_accountnode WHERE id = ANY(%s::uuid[])
        UNION
        SELECT below.root, node.id FROM teams_accountnode node JOIN below ON node.parent_id = below.id
    )
    SELECT below.root, t.currency, date_trunc('month', t.date)::date,
           coalesce(sum(t.revenue) FILTER (WHERE t.revenue > 0), 0),
           coalesce(-sum(t.revenue) FILTER (WHERE t.revenue < 0), 0)
      FROM scorecards_transaction t JOIN below ON below.id = t.node_id
     WHERE t.superseded_at IS NULL AND t.date >= %s AND t.date < %s
     GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, kw_only=True)
class Bulge:
    """The last month of a period over its monthly mean, and what part of it was reversed after, as ratios."""

    period: str
    last_over_mean: Decimal
    reversed_next: Decimal


@dataclass(frozen=True, kw_only=True)
class Month:
    """What was invoiced in a month, and what was taken back in it, in one currency; both from zero up."""

    invoiced: Decimal = ZERO
    reversed: Decimal = ZERO


def bulges_of(*, nodes: Sequence[UUID], periods: Sequence[Period]) -> Mapping[UUID, list[Bulge]]:
    """
    Return by account node how its periods of two months and more ended, oldest first, of its whole tree.

    An account with invoices in several currencies is looked at in the one it is invoiced most in. One query.
    """
    ordered = sorted(
        (each for each in periods if len(_months(each.span)) > 1), key=lambda each: each.span.since
    )
    if not ordered or not nodes:
        return {}
    until = max(_after(each.span) for each in ordered)
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, [list(nodes), ordered[0].span.since, until])
        rows = cursor.fetchall()
    by_currency: dict[UUID, dict[str, dict[date, Month]]] = defaultdict(lambda: defaultdict(dict))
    for root, currency, month, invoiced, taken_back in rows:
        by_currency[root][currency][month] = Month(invoiced=invoiced, reversed=taken_back)
    return {
        root: [
            found
            for period in ordered
            if (found := bulge_of(period=period.code, span=period.span, months=most))
        ]
        for root, currencies in by_currency.items()
        for most in [
            max(currencies.values(), key=lambda each: sum((one.invoiced for one in each.values()), ZERO))
        ]
    }


def bulge_of(*, period: str, span: Span, months: Mapping[date, Month]) -> Bulge | None:
    """
    Return how a period ended, by months named by their first day; None where nothing was invoiced in its last month.

    What is reversed counts in as many days after the period as it has months. Pure.
    """
    own = _months(span)
    last = months.get(own[-1], Month()).invoiced
    if last <= 0:
        return None
    whole = sum((months.get(month, Month()).invoiced for month in own), ZERO)
    next_months = _months(Span(own[-1] + relativedelta(months=1), _after(span)))
    taken_back = sum((months.get(month, Month()).reversed for month in next_months), ZERO)
    return Bulge(
        period=period,
        last_over_mean=CONTEXT.divide(CONTEXT.multiply(last, Decimal(len(own))), whole),
        reversed_next=CONTEXT.divide(taken_back, last),
    )


def _months(span: Span) -> list[date]:
    """Return the first days of the months that begin in a span."""
    month, found = span.since.replace(day=1), []
    while span.until is not None and month < span.until:
        found.append(month)
        month += relativedelta(months=1)
    return found


def _after(span: Span) -> date:
    """Return the day up to which reversals of a period count: as many months after it as it has."""
    return _months(span)[-1] + relativedelta(months=1 + len(_months(span)))
