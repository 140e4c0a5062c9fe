"""
What each payee brings into a period, from locked periods: read from payouts and postings, never stored apart.

The closing balances of the last locked payout of the same plan are the opening ones.
`posted` counts within the fiscal year and the plan version, and corrections posted since
are part of it, so that what is due to date is not paid twice. What is still to be taken
back is the approved clawback cases less what locked payouts have taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum

from kamcomp.calendar.models import Period
from kamcomp.columns import as_column
from payouts.choices import AdjustmentKind, AdjustmentStatus, LineKind, RunStatus
from payouts.models import Adjustment, ClawbackCase, Payout, PayoutLine
from plans.engine.inputs import Balances, held_columns
from plans.models import Assignment, PlanVersion

ZERO = Decimal(0)
NAMES = ("posted", "carried", "excess", "bank", "draw", "recoverable")


@dataclass(frozen=True)
class Closing:
    """How the last locked payout of a plan left a person."""

    version_id: UUID
    fiscal_year: int
    first_day: date
    amounts: Mapping[str, Decimal]


def opening_balances(
    *, people: Sequence[tuple[UUID, str]], version: PlanVersion, period: Period
) -> tuple[Balances, dict[str, Decimal]]:
    """
    Return the balances that payees bring, as columns, and what each has been posted so far.

    Shape: `people` are (person id, employee id), in the order of the columns.
    """
    ids = [person_id for person_id, _employee in people]
    last = _last_closings(ids=ids, version=version, period=period)
    corrections = _corrections(ids=ids, version=version, period=period, last=last)
    recoverable = _recoverable(ids=ids, version=version)
    columns: dict[str, list[Decimal]] = {name: [] for name in NAMES}
    held: list[Mapping[str, Decimal]] = []
    for person_id in ids:
        closing = last.get(person_id)
        amounts = dict(closing.amounts) if closing else {}
        same_year = closing is not None and (closing.version_id, closing.fiscal_year) == (
            version.pk,
            period.fiscal_year,
        )
        amounts["posted"] = (amounts.get("posted", ZERO) if same_year else ZERO) + corrections.get(
            person_id, ZERO
        )
        amounts["recoverable"] = recoverable.get(person_id, ZERO)
        for name in NAMES:
            columns[name].append(amounts.get(name, ZERO))
        held.append(amounts)
    posted = {employee: amount for (_id, employee), amount in zip(people, columns["posted"], strict=True)}
    balances = {name: as_column(values) for name, values in columns.items()}
    return Balances(**balances, held=held_columns(held)), posted


def _last_closings(*, ids: Sequence[UUID], version: PlanVersion, period: Period) -> dict[UUID, Closing]:
    """Return the last closing of each person on the plan; of this version, or of one the person has left."""
    still_on = set(
        Assignment.objects.filter(plan_id=version.plan_id, person_id__in=ids, valid__overlap=period.days)
        .exclude(plan_version_id=version.pk)
        .values_list("person_id", "plan_version_id")
    )
    rows = (
        Payout.objects.filter(
            person_id__in=ids,
            plan_version__plan_id=version.plan_id,
            run__status=RunStatus.LOCKED,
            period__days__startswith__lt=period.days.lower,
        )
        .order_by("person_id", "-period__days", "-plan_version__number")
        .values_list(
            "person_id",
            "plan_version_id",
            "period__fiscal_year",
            "period__days__startswith",
            "carried",
            "closing",
        )
    )
    found: dict[UUID, Closing] = {}
    for person_id, version_id, fiscal_year, first_day, carried, closing in rows:
        known = found.get(person_id)
        if (person_id, version_id) in still_on or (known and known.version_id == version.pk):
            continue
        if known is None or version_id == version.pk:
            amounts = {name: Decimal(amount) for name, amount in closing.items()} | {"carried": carried}
            found[person_id] = Closing(version_id, fiscal_year, first_day, amounts)
    return found


def _corrections(
    *, ids: Sequence[UUID], version: PlanVersion, period: Period, last: Mapping[UUID, Closing]
) -> dict[UUID, Decimal]:
    """
    Return corrections of earlier periods of the fiscal year that have been decided for payment since.

    A locked payout that came after a correction has taken it up: what it closes with is
    what was due to date, the correction included.
    """
    rows = Adjustment.objects.filter(
        person_id__in=ids,
        plan_version_id=version.pk,
        kind__in=(AdjustmentKind.CORRECTION, AdjustmentKind.CLAWBACK),
        status__in=(AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED),
        corrects_period__fiscal_year=period.fiscal_year,
        corrects_period__calendar_id=period.calendar_id,
        currency=version.currency,
    )
    since: dict[UUID, Decimal] = defaultdict(lambda: ZERO)
    for person_id, first_day, amount in rows.values_list("person_id", "period__days__startswith", "amount"):
        closing = last.get(person_id)
        if closing is None or first_day > closing.first_day:
            since[person_id] += amount
    return dict(since)


def _recoverable(*, ids: Sequence[UUID], version: PlanVersion) -> dict[UUID, Decimal]:
    cases = ClawbackCase.objects.filter(
        person_id__in=ids, plan_version__plan_id=version.plan_id, currency=version.currency,
        approved_by__isnull=False, closed_at=None,
    )  # fmt: skip
    owed: dict[UUID, Decimal] = defaultdict(lambda: ZERO)
    for person_id, amount in cases.values_list("person_id", "recoverable"):
        owed[person_id] += amount
    if not owed:
        return {}
    taken: Any = PayoutLine.objects.filter(
        kind=LineKind.TERMS, leaf="clawback", payout__person_id__in=list(owed),
        payout__plan_version__plan_id=version.plan_id, payout__run__status=RunStatus.LOCKED,
    )  # fmt: skip
    for row in taken.values("payout__person_id").annotate(total=Sum("amount")):
        owed[row["payout__person_id"]] += row["total"]
    return {person_id: max(amount, ZERO) for person_id, amount in owed.items()}
