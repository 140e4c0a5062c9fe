"""
What each payee brings into a period, from locked periods: read from payouts and postings, never stored apart.

The closing balances of the last locked payout of the same plan are the opening ones.
`posted` counts within the fiscal year and the plan version, and corrections posted since
are part of it, so that what is due to date is not paid twice. What is still to be taken
back is the approved clawback cases less what locked payouts have taken.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from kamcomp.calendar.models import Period
from kamcomp.columns import as_column
from payouts.choices import AdjustmentKind, AdjustmentStatus, LineKind, RunStatus
from payouts.models import Adjustment, ClawbackCase
from payouts.selectors.inputs.rows import uuid_array
from plans.engine.inputs import Balances, held_columns
from plans.models import PlanVersion

ZERO = Decimal(0)
NAMES = ("posted", "carried", "excess", "bank", "draw", "recoverable")
NONE: Mapping[str, Decimal] = {}

LOCKED_RUNS = f"""
    SELECT DISTINCT r.id, c.plan_version_id, p.fiscal_year, lower(p.days) AS first_day, v.number
      FROM payouts_run r
      JOIN calendar_period p ON p.id = r.period_id
      JOIN payouts_runchunk c ON c.run_id = r.id
      JOIN plans_planversion v ON v.id = c.plan_version_id
     WHERE r.status = '{RunStatus.LOCKED}' AND v.plan_id = %(plan)s AND lower(p.days) < %(before)s
     ORDER BY first_day DESC, v.number DESC
"""
CLOSINGS = """
    SELECT person_id::text, carried, nullif(closing, '{}')::text FROM payouts_payout
     WHERE run_id = %(run)s AND plan_version_id = %(version)s AND person_id = ANY((SELECT %(people)s::uuid[])::uuid[])
"""
STILL_ON = """
    SELECT DISTINCT person_id::text FROM plans_assignment
     WHERE plan_version_id = %(version)s AND person_id = ANY((SELECT %(people)s::uuid[])::uuid[]) AND valid && %(days)s
"""
CORRECTIONS = """
    SELECT a.person_id::text, lower(p.days), a.amount - a.alone
      FROM payouts_adjustment a
      JOIN calendar_period p ON p.id = a.period_id
      JOIN calendar_period c ON c.id = a.corrects_period_id
     WHERE a.plan_version_id = %(version)s AND a.currency = %(currency)s AND a.kind = ANY(%(kinds)s)
       AND a.status = ANY(%(decided)s) AND c.fiscal_year = %(year)s AND c.calendar_id = %(calendar)s
       AND a.corrects_pool_id IS NULL
       AND a.person_id = ANY((SELECT %(people)s::uuid[])::uuid[])
"""
RECOVERABLE = """
    SELECT c.person_id::text, sum(c.recoverable)
      FROM payouts_clawbackcase c JOIN plans_planversion v ON v.id = c.plan_version_id
     WHERE v.plan_id = %(plan)s AND c.currency = %(currency)s AND c.approved_by_id IS NOT NULL
       AND c.closed_at IS NULL AND c.per_payout_at_most > 0
       AND c.person_id = ANY((SELECT %(people)s::uuid[])::uuid[])
     GROUP BY c.person_id
"""
TAKEN_BACK = f"""
    SELECT o.person_id::text, sum(l.amount)
      FROM payouts_payout o
      JOIN payouts_run r ON r.id = o.run_id AND r.status = '{RunStatus.LOCKED}'
      JOIN plans_planversion v ON v.id = o.plan_version_id AND v.plan_id = %(plan)s
      JOIN payouts_payoutline l ON l.payout_id = o.id AND l.kind = '{LineKind.TERMS}' AND l.leaf = 'clawback'
     WHERE o.currency = %(currency)s AND o.person_id = ANY((SELECT %(people)s::uuid[])::uuid[])
     GROUP BY o.person_id
"""


@dataclass(frozen=True)
class Closing:
    """How the last locked payout of a plan left a person."""

    version_id: UUID
    fiscal_year: int
    first_day: date
    amounts: Mapping[str, Decimal]


@dataclass(frozen=True)
class LockedRun:
    """A locked run that paid a version of a plan."""

    run_id: UUID
    version_id: UUID
    fiscal_year: int
    first_day: date
    number: int


def opening_balances(*, people: Sequence[str], version: PlanVersion, period: Period) -> Balances:
    """
    Return the balances that payees bring, as columns.

    Shape: `people` are person ids as text, in the order of the columns.
    """
    last = _last_closings(people=people, version=version, period=period)
    corrections = _corrections(people=people, version=version, period=period, last=last)
    recoverable = _recoverable(people=people, version=version)
    if not last and not corrections and not recoverable:
        return Balances(**{name: as_column([ZERO] * len(people)) for name in NAMES})
    columns: dict[str, list[Decimal]] = {name: [] for name in NAMES}
    held: list[Mapping[str, Decimal]] = []
    now = (version.pk, period.fiscal_year)
    for person in people:
        closing = last.get(person)
        amounts = NONE if closing is None else closing.amounts
        same_year = closing is not None and (closing.version_id, closing.fiscal_year) == now
        posted = amounts.get("posted", ZERO) if same_year else ZERO
        columns["posted"].append(posted + corrections[person] if person in corrections else posted)
        columns["recoverable"].append(recoverable.get(person, ZERO))
        for name in NAMES[1:-1]:
            columns[name].append(amounts.get(name, ZERO))
        held.append(amounts)
    balances = {name: as_column(values) for name, values in columns.items()}
    return Balances(**balances, held=held_columns(held))


def _last_closings(*, people: Sequence[str], version: PlanVersion, period: Period) -> dict[str, Closing]:
    """
    Return the last closing of each person on the plan; of this version, or of one the person has left.

    The latest locked run is asked for everybody, the one before only for those it did not
    pay: nearly always one query, however many periods are kept.
    """
    runs = [
        LockedRun(*row) for row in _rows(LOCKED_RUNS, {"plan": version.plan_id, "before": period.days.lower})
    ]
    found: dict[str, Closing] = {}
    wanted = set(people)
    for run in (run for run in runs if run.version_id == version.pk):
        _close(found, run, wanted)
    others = [run for run in runs if run.version_id != version.pk]
    still_on = {
        version_id: _still_on(version_id, wanted, period) for version_id in {run.version_id for run in others}
    }
    for run in others:
        _close(found, run, wanted, apart=still_on[run.version_id])
    return found


def _close(
    found: dict[str, Closing], run: LockedRun, wanted: set[str], *, apart: frozenset[str] = frozenset()
) -> None:
    """Note how a run left those still wanted, and want them no more; those `apart` are not asked for."""
    asked = wanted - apart
    if not asked:
        return
    said = {"run": run.run_id, "version": run.version_id, "people": uuid_array(asked)}
    for person, carried, closing in _rows(CLOSINGS, said):
        amounts = {name: Decimal(amount) for name, amount in json.loads(closing).items()} if closing else {}
        amounts["carried"] = carried
        found[person] = Closing(run.version_id, run.fiscal_year, run.first_day, amounts)
        wanted.discard(person)


def _still_on(version_id: UUID, people: set[str], period: Period) -> frozenset[str]:
    if not people:
        return frozenset()
    said = {"version": version_id, "people": uuid_array(people), "days": period.days}
    return frozenset(person for (person,) in _rows(STILL_ON, said))


def _corrections(
    *, people: Sequence[str], version: PlanVersion, period: Period, last: Mapping[str, Closing]
) -> dict[str, Decimal]:
    """
    Return corrections of earlier periods of the fiscal year that have been decided for payment since.

    A locked payout that came after a correction has taken it up: what it closes with is
    what was due to date, the correction included. What a correction adds of leaves that count a
    period alone was never posted to date, nor was what one pays of a pool.
    """
    said = {
        "version": version.pk,
        "currency": version.currency,
        "kinds": [str(kind) for kind in (AdjustmentKind.CORRECTION, AdjustmentKind.CLAWBACK)],
        "decided": [str(status) for status in (AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED)],
        "year": period.fiscal_year,
        "calendar": period.calendar_id,
        "people": uuid_array(people),
    }
    since: dict[str, Decimal] = defaultdict(lambda: ZERO)
    if not Adjustment.objects.filter(plan_version=version).exists():
        return {}
    for person, first_day, amount in _rows(CORRECTIONS, said):
        closing = last.get(person)
        if closing is None or first_day > closing.first_day:
            since[person] += amount
    return dict(since)


def _recoverable(*, people: Sequence[str], version: PlanVersion) -> dict[str, Decimal]:
    if not ClawbackCase.objects.filter(plan_version__plan_id=version.plan_id, closed_at=None).exists():
        return {}
    said = {"plan": version.plan_id, "currency": version.currency, "people": uuid_array(people)}
    owed = dict(_rows(RECOVERABLE, said))
    if not owed:
        return {}
    for person, total in _rows(TAKEN_BACK, said | {"people": uuid_array(owed)}):
        owed[person] += total
    return {person: max(amount, ZERO) for person, amount in owed.items()}


def _rows(query: str, said: Mapping[str, Any]) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, said)
        yield from cursor.fetchall()
