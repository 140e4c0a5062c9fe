"""
Credited deals of a chunk's people, as flat columns.

A credit belongs to the stint that held on the deal's day: one on the account in whose tree
the deal lies, else one on no account. Revenue and margin come from the invoice line; an
invoice line is booked and invoiced in full; what no fact says (collected cash, contract
value, payment) is missing, and a plan that reads it hears so. Where a commission reads
them, the credits of the people below a manager, as managers are stored, give the manager
credits too, by the same rule as in the calculator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from kamcomp.columns import RowState, as_column
from kamcomp.money import CONTEXT
from payouts.engine.crediting import manager_credits, own_managers
from payouts.selectors.inputs.reach import Reach
from payouts.selectors.inputs.reads import PlanReads
from payouts.selectors.inputs.rows import Conversion, Problems, StintRow
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
    SELECT b.source || '/' || b.source_id || '/' || b.line || '/' || w.employee_id || '/' || b.credit_type,
           w.employee_id, b.credit_type, b.share, b.date,
           ARRAY(SELECT climb.node FROM climb WHERE climb.leaf = b.node_id),
           b.quantity, b.revenue, b.cost, b.currency, coalesce(b.product, ''), coalesce(b.family, '')
      FROM believed b JOIN teams_person w ON w.id = b.person_id
     ORDER BY b.source COLLATE "C", b.source_id COLLATE "C", b.line, w.employee_id COLLATE "C", b.credit_type
"""

BELOW = """
    WITH RECURSIVE below AS (
        SELECT p.id, p.employee_id, p.manager_id FROM teams_person p WHERE p.id = ANY(%(people)s)
        UNION
        SELECT r.id, r.employee_id, r.manager_id FROM below JOIN teams_person r ON r.manager_id = below.id
    )
    SELECT below.id, below.employee_id, manager.employee_id
      FROM below LEFT JOIN teams_person manager ON manager.id = below.manager_id
     ORDER BY below.employee_id COLLATE "C"
"""


@dataclass(frozen=True)
class CreditedLine:
    """
    An invoice line credited to a person, in its own currency.

    `id` names the line, the person and the kind of credit; `nodes` are the line's place in
    the account tree and everything above it.
    """

    id: str
    person: str
    credit_type: str
    share: Decimal
    date: date
    nodes: frozenset[UUID]
    quantity: Decimal | None
    revenue: Decimal
    cost: Decimal | None
    currency: str
    product: str
    family: str


def credited(
    *, stints: Sequence[StintRow], reads: PlanReads, reach: Reach, known_at: datetime, problems: Problems
) -> list[CreditedLine]:
    """
    Return the credited invoice lines of these people in the windows a plan's commissions count.

    One query; two where the plan reads credits of managers. A person who is, over others,
    their own manager has a problem.
    """
    if not reads.credit_windows:
        return []
    people = sorted({stint.person_id for stint in stints})
    if not reads.manager_credits:
        return _lines(people=people, reads=reads, reach=reach, known_at=known_at)
    sellers, managers = _below(people=people)
    wanted = {stint.employee_id for stint in stints}
    circle = own_managers(managers=managers)
    for person in sorted(circle & wanted):
        message = f"{person} is, over others, their own manager: name another manager for one of them."
        problems.note(employee_id=person, code="managers_loop", message=message)
    above = {person: manager for person, manager in managers.items() if person not in circle}
    lines = _lines(people=sellers, reads=reads, reach=reach, known_at=known_at)
    given = manager_credits(credits=lines, managers=above, kinds=reads.manager_credits)
    return [line for line in (*lines, *given) if line.person in wanted]


def _lines(
    *, people: Sequence[UUID], reads: PlanReads, reach: Reach, known_at: datetime
) -> list[CreditedLine]:
    days = [reach.window_days(window, years=reads.years) for window in reads.credit_windows]
    values: dict[str, Any] = {
        "people": list(people),
        "since": min(since for since, _until in days),
        "until": max(until for _since, until in days),
        "known_at": known_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(CREDITED, values)
        rows: list[Any] = cursor.fetchall()
    return [
        CreditedLine(id_, person, kind, share, day, frozenset(nodes), *amounts)
        for id_, person, kind, share, day, nodes, *amounts in rows
    ]


def _below(*, people: Sequence[UUID]) -> tuple[list[UUID], dict[str, str]]:
    """Return these people and everybody below them, and each one's manager by employee id."""
    with connection.cursor() as cursor:
        cursor.execute(BELOW, {"people": list(people)})
        rows = cursor.fetchall()
    return [row[0] for row in rows], {employee: manager for _id, employee, manager in rows if manager}


def credit_columns(*, lines: Sequence[CreditedLine], reach: Reach, conversion: Conversion) -> Credits:
    """Return the credits as columns, in the order of their lines, money in plan currency."""
    by_person: dict[str, list[int]] = defaultdict(list)
    for place, stint in enumerate(conversion.stints):
        by_person[stint.employee_id].append(place)
    kept: list[tuple[int, CreditedLine, Decimal, Decimal | None]] = []
    for line in lines:
        found = _stint_of(line, by_person, conversion.stints)
        if found is None:
            continue
        revenue = conversion.of(line.revenue, source=line.currency, rows=[found])
        cost = None if line.cost is None else conversion.of(line.cost, source=line.currency, rows=[found])
        if revenue is not None:
            kept.append((found, line, revenue, cost))
    return _columns(kept, reach.window_days(Window.PERIOD, years=1))


def _stint_of(
    line: CreditedLine, by_person: Mapping[str, list[int]], stints: Sequence[StintRow]
) -> int | None:
    here = [
        place
        for place in by_person.get(line.person, ())
        if stints[place].since <= line.date < stints[place].until
    ]
    on_account = [place for place in here if stints[place].node_id in line.nodes]
    on_none = [place for place in here if stints[place].node_id is None]
    return next(iter(on_account or on_none), None)


def _columns(
    kept: Sequence[tuple[int, CreditedLine, Decimal, Decimal | None]], days: tuple[date, date]
) -> Credits:
    lines = [line for _place, line, _revenue, _cost in kept]
    size = len(lines)
    revenue = [revenue for _place, _line, revenue, _cost in kept]
    margin = [
        None if cost is None else CONTEXT.subtract(income, cost) for _place, _line, income, cost in kept
    ]
    bases = {str(CreditBase.REVENUE): _stated(revenue), str(CreditBase.MARGIN): _stated(margin)}
    return Credits(
        ids=tuple(line.id for line in lines),
        row=np.array([place for place, *_rest in kept], dtype=np.int64),
        product=tuple(line.product for line in lines),
        category=tuple(line.family for line in lines),
        deal_kind=("",) * size,
        credit_type=tuple(line.credit_type for line in lines),
        in_period=np.array([days[0] <= line.date < days[1] for line in lines], dtype=bool),
        share=as_column([line.share for line in lines]),
        units=as_column([ZERO if line.quantity is None else line.quantity for line in lines]),
        bases=bases,
        earned={str(event): _stated([ONE] * size) for event in INVOICED},
    )


def _stated(values: Sequence[Decimal | None]) -> Stated:
    return Stated(
        value=as_column([ZERO if value is None else value for value in values]),
        state=np.array([MISSING if value is None else FINAL for value in values], dtype=np.int8),
    )
