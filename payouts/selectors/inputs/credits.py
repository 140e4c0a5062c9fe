"""
Credited deals of a chunk's people, as flat columns.

A credit belongs to the stint that held on the deal's day: one on the account in whose tree
the deal lies, else one on no account. Revenue and margin come from the invoice line; an
invoice line is booked and invoiced in full; what no fact says (collected cash, contract
value, payment) is missing, and a plan that reads it hears so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from kamcomp.columns import RowState, as_column
from kamcomp.money import CONTEXT
from payouts.selectors.inputs.reach import Reach
from payouts.selectors.inputs.reads import PlanReads
from payouts.selectors.inputs.rows import Conversion, StintRow
from plans.engine.conventions import CreditBase, EarningEvent, Window
from plans.engine.inputs import Credits, Stated

ZERO, ONE = Decimal(0), Decimal(1)
FINAL, MISSING = int(RowState.FINAL), int(RowState.MISSING)
INVOICED = (EarningEvent.BOOKING, EarningEvent.INVOICE)

CREDITED = """
    WITH RECURSIVE believed AS (
        SELECT c.person_id, c.credit_type, c.share, t.source, t.source_id, t.line, t.date, t.node_id,
               t.quantity, t.revenue, t.cost, t.currency, p.code AS product, p.family
          FROM scorecards_credit c
          JOIN scorecards_transaction t ON (t.source, t.source_id, t.line) = (c.source, c.source_id, c.line)
          LEFT JOIN scorecards_product p ON p.id = t.product_id
         WHERE c.person_id = ANY(%(people)s) AND t.date >= %(since)s AND t.date < %(until)s
           AND c.recorded_at <= %(known_at)s AND (c.superseded_at IS NULL OR c.superseded_at > %(known_at)s)
           AND t.recorded_at <= %(known_at)s AND (t.superseded_at IS NULL OR t.superseded_at > %(known_at)s)
    ), climb AS (
        SELECT DISTINCT node_id AS leaf, node_id AS node FROM believed
        UNION
        SELECT climb.leaf, n.parent_id FROM climb JOIN teams_accountnode n ON n.id = climb.node
         WHERE n.parent_id IS NOT NULL
    )
    SELECT b.source || '/' || b.source_id || '/' || b.line, b.person_id, b.credit_type, b.share, b.date,
           b.quantity, b.revenue, b.cost, b.currency, coalesce(b.product, ''), coalesce(b.family, ''),
           ARRAY(SELECT climb.node FROM climb WHERE climb.leaf = b.node_id), w.employee_id
      FROM believed b JOIN teams_person w ON w.id = b.person_id
     ORDER BY b.source COLLATE "C", b.source_id COLLATE "C", b.line, w.employee_id COLLATE "C", b.credit_type
"""


def credited(
    *, stints: Sequence[StintRow], reads: PlanReads, reach: Reach, known_at: datetime
) -> list[tuple[Any, ...]]:
    """Return the credited invoice lines of these people in the windows a plan's commissions count; one query."""
    if not reads.credit_windows:
        return []
    days = [reach.window_days(window, years=reads.years) for window in reads.credit_windows]
    with connection.cursor() as cursor:
        cursor.execute(
            CREDITED,
            {
                "people": sorted({stint.person_id for stint in stints}),
                "since": min(since for since, _until in days),
                "until": max(until for _since, until in days),
                "known_at": known_at,
            },
        )
        return cursor.fetchall()


def credit_columns(*, rows: Sequence[tuple[Any, ...]], reach: Reach, conversion: Conversion) -> Credits:
    """Return the credits as columns, in the order of their ids, money in plan currency."""
    stints = conversion.stints
    by_person: dict[UUID, list[int]] = defaultdict(list)
    for place, stint in enumerate(stints):
        by_person[stint.person_id].append(place)
    kept: list[tuple[Any, ...]] = []
    for row in rows:
        found = _stint_of(row, by_person, stints)
        if found is None:
            continue
        revenue = conversion.of(row[6], source=row[8], rows=[found])
        cost = None if row[7] is None else conversion.of(row[7], source=row[8], rows=[found])
        if revenue is None:
            continue
        kept.append((found, row, revenue, cost))
    days = reach.window_days(Window.PERIOD, years=1)
    return _columns(kept, days)


def _stint_of(
    row: tuple[Any, ...], by_person: dict[UUID, list[int]], stints: Sequence[StintRow]
) -> int | None:
    day, nodes = row[4], set(row[11])
    here = [place for place in by_person[row[1]] if stints[place].since <= day < stints[place].until]
    on_account = [place for place in here if stints[place].node_id in nodes]
    on_none = [place for place in here if stints[place].node_id is None]
    return next(iter(on_account or on_none), None)


def _columns(kept: Sequence[tuple[Any, ...]], days: tuple[date, date]) -> Credits:
    rows = [row for _place, row, _revenue, _cost in kept]
    size = len(rows)
    revenue = [revenue for _place, _row, revenue, _cost in kept]
    margin = [None if cost is None else CONTEXT.subtract(income, cost) for _place, _row, income, cost in kept]
    bases = {str(CreditBase.REVENUE): _stated(revenue), str(CreditBase.MARGIN): _stated(margin)}
    return Credits(
        ids=tuple(f"{row[0]}/{row[12]}/{row[2]}" for row in rows),
        row=np.array([place for place, *_rest in kept], dtype=np.int64),
        product=tuple(row[9] for row in rows),
        category=tuple(row[10] for row in rows),
        deal_kind=("",) * size,
        credit_type=tuple(row[2] for row in rows),
        in_period=np.array([days[0] <= row[4] < days[1] for row in rows], dtype=bool),
        share=as_column([row[3] for row in rows]),
        units=as_column([ZERO if row[5] is None else row[5] for row in rows]),
        bases=bases,
        earned={str(event): _stated([ONE] * size) for event in INVOICED},
    )


def _stated(values: Sequence[Decimal | None]) -> Stated:
    return Stated(
        value=as_column([ZERO if value is None else value for value in values]),
        state=np.array([MISSING if value is None else FINAL for value in values], dtype=np.int8),
    )
