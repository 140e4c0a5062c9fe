"""
Credited deals of a chunk's people, and when they are earned.

Read are the invoice lines of the windows a plan counts credits in, or, where it earns
commission on events (`earned`), those that an event reached in them. Where a commission
reads them, the credits of the people below a manager, as managers are stored, give the
manager credits too, by the same rule as in the calculator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from payouts.engine.crediting import manager_credits, own_managers
from payouts.selectors.inputs.earned import (
    REACHED,
    Deal,
    Earnings,
    dealt_since,
    earnings,
    events_read,
)
from payouts.selectors.inputs.reach import Reach
from payouts.selectors.inputs.reads import PlanReads
from payouts.selectors.inputs.rows import Problems, StintRow, uuid_array
from plans.engine.conventions import CreditBase

CREDITED = """
    WITH RECURSIVE believed AS (
        SELECT c.person_id, c.credit_type, c.share, t.source, t.source_id, t.line, t.date, t.booked_on, t.node_id,
               t.quantity, t.revenue, t.cost, t.currency, p.code AS product, p.family, t.deal_kind, t.contract_id
          FROM scorecards_credit c
          JOIN scorecards_transaction t ON (t.source, t.source_id, t.line) = (c.source, c.source_id, c.line)
          LEFT JOIN scorecards_product p ON p.id = t.product_id
         WHERE c.person_id = ANY((SELECT %(people)s::uuid[])::uuid[]) AND {dealt}
           AND c.recorded_at <= %(known_at)s AND (c.superseded_at IS NULL OR c.superseded_at > %(known_at)s)
           AND t.recorded_at <= %(known_at)s AND (t.superseded_at IS NULL OR t.superseded_at > %(known_at)s)
    ), climb AS (
        SELECT DISTINCT node_id AS leaf, node_id AS node FROM believed
        UNION
        SELECT climb.leaf, n.parent_id FROM climb JOIN teams_accountnode n ON n.id = climb.node
         WHERE n.parent_id IS NOT NULL
    )
    SELECT b.source || '/' || b.source_id || '/' || b.line || '/' || w.employee_id || '/' || b.credit_type,
           w.employee_id, b.credit_type, b.share,
           ARRAY[b.source, b.source_id, b.line::text], b.date, b.booked_on, b.contract_id, b.revenue,
           ARRAY(SELECT climb.node::text FROM climb WHERE climb.leaf = b.node_id),
           b.quantity, b.cost, b.currency, coalesce(b.product, ''), coalesce(b.family, ''), b.deal_kind
      FROM believed b JOIN teams_person w ON w.id = b.person_id
     ORDER BY b.source COLLATE "C", b.source_id COLLATE "C", b.line, w.employee_id COLLATE "C", b.credit_type
"""

IN_WINDOW = "t.date >= %(since)s AND t.date < %(until)s"
REACHED_IN_WINDOW = f"(t.source, t.source_id) IN ({REACHED})"

BELOW = """
    WITH RECURSIVE below AS (
        SELECT p.id, p.employee_id, p.manager_id FROM teams_person p
         WHERE p.id = ANY((SELECT %(people)s::uuid[])::uuid[])
        UNION
        SELECT r.id, r.employee_id, r.manager_id FROM below JOIN teams_person r ON r.manager_id = below.id
    )
    SELECT below.id::text, below.employee_id, manager.employee_id
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
    deal: Deal
    nodes: frozenset[str]
    quantity: Decimal | None
    cost: Decimal | None
    currency: str
    product: str
    family: str
    deal_kind: str


@dataclass(frozen=True)
class CreditedLines:
    """
    The credited lines of a chunk's people, and when they are earned.

    `events` are those that the plan's commissions are earned on; without any `earnings` is
    None, and a line is earned on its day.
    """

    lines: Sequence[CreditedLine] = ()
    bases: frozenset[CreditBase] = frozenset()
    events: tuple[str, ...] = ()
    earnings: Earnings | None = None

    @property
    def currencies(self) -> set[str]:
        """Return the currencies of what the lines count for."""
        found = {line.currency for line in self.lines}
        if self.earnings is not None and CreditBase.CONTRACT_VALUE in self.bases:
            found |= {contract.currency for contract in self.earnings.contracts.values()}
        return found


def credited(
    *, stints: Sequence[StintRow], reads: PlanReads, reach: Reach, known_at: datetime, problems: Problems
) -> CreditedLines:
    """
    Return the credited invoice lines of these people in the windows a plan's commissions count.

    One query; two where the plan reads credits of managers, four more where it earns on
    events. A person who is, over others, their own manager has a problem.
    """
    if not reads.credit_windows:
        return CreditedLines()
    days = [reach.window_days(window, years=reads.years) for window in reads.credit_windows]
    since, until = min(since for since, _until in days), max(until for _since, until in days)
    events = tuple(sorted(events_read(reads=reads)))
    lines = _credited_lines(
        stints=stints, reads=reads, problems=problems, timed=bool(events),
        values={
            "since": since, "until": until, "known_at": known_at,
            "dealt_since": dealt_since(reads=reads, reach=reach, since=since),
        },
    )  # fmt: skip
    known = None
    if events:
        deals = (line.deal for line in lines)
        known = earnings(deals=deals, reach=reach, since=since, until=until, known_at=known_at)
    return CreditedLines(lines=lines, bases=reads.credit_bases, events=events, earnings=known)


def _credited_lines(
    *,
    stints: Sequence[StintRow],
    reads: PlanReads,
    problems: Problems,
    timed: bool,
    values: Mapping[str, Any],
) -> list[CreditedLine]:
    people = sorted({stint.person_id for stint in stints})
    if not reads.manager_credits:
        return _lines(people=people, timed=timed, values=values)
    sellers, managers = _below(people=people)
    wanted = {stint.employee_id for stint in stints}
    circle = own_managers(managers=managers)
    for person in sorted(circle & wanted):
        message = f"{person} is, over others, their own manager: name another manager for one of them."
        problems.note(employee_id=person, code="managers_loop", message=message)
    above = {person: manager for person, manager in managers.items() if person not in circle}
    lines = _lines(people=sellers, timed=timed, values=values)
    given = manager_credits(credits=lines, managers=above, kinds=reads.manager_credits)
    return [line for line in (*lines, *given) if line.person in wanted]


def _lines(*, people: Sequence[str], timed: bool, values: Mapping[str, Any]) -> list[CreditedLine]:
    with connection.cursor() as cursor:
        cursor.execute(
            CREDITED.replace("{dealt}", REACHED_IN_WINDOW if timed else IN_WINDOW),
            {**values, "people": uuid_array(people)},
        )
        rows: list[Any] = cursor.fetchall()
    return [
        CreditedLine(
            id_, person, kind, share,
            Deal((key[0], key[1], int(key[2])), invoiced_on, booked_on, contract_id, revenue),
            frozenset(nodes), *rest,
        )
        for id_, person, kind, share, key, invoiced_on, booked_on, contract_id, revenue, nodes, *rest in rows
    ]  # fmt: skip


def _below(*, people: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return these people and everybody below them, and each one's manager by employee id."""
    with connection.cursor() as cursor:
        cursor.execute(BELOW, {"people": uuid_array(people)})
        rows = cursor.fetchall()
    return [row[0] for row in rows], {employee: manager for _id, employee, manager in rows if manager}
