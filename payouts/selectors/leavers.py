"""
People who are on a plan no more and to whom it still owes what it held back or banked.

They have no assignment to be found by: the last locked payout of the plan says that money
waits. Rule: docs/reference/runs.md, "People who left".
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

from kamcomp.calendar.models import Period
from kamcomp.money import settle
from payouts.choices import RunStatus
from payouts.selectors.inputs.rows import uuid_array
from plans.choices import VersionStatus
from plans.engine.document import plan_from_document
from plans.engine.plan import Plan
from plans.models import PlanVersion

ZERO = Decimal(0)

LAST_CLOSINGS = f"""
    SELECT last.person_id, last.plan_version_id, last.closing
      FROM (SELECT DISTINCT ON (o.person_id) o.person_id, o.plan_version_id, o.closing::text AS closing
              FROM payouts_payout o
              JOIN payouts_run r ON r.id = o.run_id AND r.status = '{RunStatus.LOCKED}'
              JOIN calendar_period p ON p.id = r.period_id
              JOIN plans_planversion v ON v.id = o.plan_version_id
             WHERE v.plan_id = %(plan)s AND lower(p.days) < %(before)s
               AND NOT EXISTS (SELECT FROM plans_assignment a JOIN plans_planversion n ON n.id = a.plan_version_id
                                WHERE a.person_id = o.person_id AND a.plan_id = %(plan)s AND a.valid && %(days)s
                                  AND n.status = '{VersionStatus.PUBLISHED}')
             ORDER BY o.person_id, lower(p.days) DESC, v.number DESC) last
      JOIN teams_person t ON t.id = last.person_id
     WHERE last.closing <> '{{}}'
     ORDER BY t.employee_id COLLATE "C"
"""
ASSIGNMENTS = """
    SELECT person_id, id FROM plans_assignment
     WHERE plan_version_id = %(version)s AND person_id = ANY(%(people)s::uuid[])
     ORDER BY person_id, lower(valid), id
"""


@dataclass(frozen=True)
class Leavers:
    """The people who left a plan version and are still owed by it, in order of employee id, with their assignments."""

    version: PlanVersion
    assignments: Mapping[UUID, tuple[UUID, ...]]


def period_leavers(*, period: Period) -> list[Leavers]:
    """
    Return who is on a plan no more in a period and is still to be paid by it, by plan and version.

    Only plans of which some version defers or holds back are asked for.
    """
    found: list[Leavers] = []
    for plan_id in _plans_that_wait(period=period):
        waiting: dict[UUID, list[tuple[UUID, Mapping[str, Decimal]]]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(LAST_CLOSINGS, {"plan": plan_id, "before": period.days.lower, "days": period.days})
            for person, version_id, closing in cursor.fetchall():
                amounts = {name: Decimal(amount) for name, amount in json.loads(closing).items()}
                waiting[version_id].append((person, amounts))
        for version in PlanVersion.objects.filter(pk__in=waiting).select_related("plan").order_by("number"):
            plan = plan_from_document(version.document)
            people = [
                person for person, closing in waiting[version.pk] if still_to_come(plan=plan, closing=closing)
            ]
            if people:
                found.append(Leavers(version, _assignments(version=version, people=people)))
    return found


def still_to_come(*, plan: Plan, closing: Mapping[str, Decimal]) -> bool:
    """
    Tell whether closing balances, by name, hold money that later periods pay without anything being earned.

    That is what is held back, and a bank of which an instalment is still a minor unit or more.
    """
    if any(amount > 0 for name, amount in closing.items() if name.startswith("held_")):
        return True
    bank, terms = closing.get("bank", ZERO), plan.payment.deferral
    return terms is not None and bank > 0 and settle(bank / terms.pay_one_in, currency=plan.currency) > 0


def _plans_that_wait(*, period: Period) -> list[UUID]:
    versions = PlanVersion.objects.filter(plan__calendar_id=period.calendar_id).exclude(
        status=VersionStatus.DRAFT
    )
    terms = versions.order_by("plan__code").values_list("plan_id", "document__payment")
    return list(
        dict.fromkeys(
            plan_id for plan_id, said in terms if said and (said.get("holdback") or said.get("deferral"))
        )
    )


def _assignments(*, version: PlanVersion, people: list[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    found: dict[UUID, list[UUID]] = {person: [] for person in people}
    with connection.cursor() as cursor:
        cursor.execute(ASSIGNMENTS, {"version": version.pk, "people": uuid_array(people)})
        for person, assignment in cursor.fetchall():
            found[person].append(assignment)
    return {person: tuple(each) for person, each in found.items() if each}
