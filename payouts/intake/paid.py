"""
What follows from a payroll_return file: what it says was paid leaves the payables, in the open period.

The ledger's account of payroll is brought to what the believed returns say, person by
person, so that a restated return or an undone import posts only the difference. What was
paid gets an event of its own. Rules: docs/reference/formulas.md, "Postings".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from kamcomp.api.public_ids import public_id
from kamcomp.calendar.models import FiscalCalendar
from kamcomp.identity.models import User
from kamcomp.imports.kinds import Context
from kamcomp.imports.models import ImportBatch
from kamcomp.imports.sheets import Sheet
from kamcomp.webhooks.choices import EventType
from kamcomp.webhooks.outbox import event_put
from payouts.choices import LedgerAccount, PayoutEventKind
from payouts.models import LedgerEntry, PayoutEvent, PayrollReturn, Posting, Run
from payouts.selectors.adjustments import open_period
from payouts.selectors.payment_events import subjects_of
from teams.models import Person

ZERO = Decimal(0)
ACT = "payroll_return"


def paid_note(_sheet: Sheet, context: Context, batch: ImportBatch) -> None:
    """
    Post what the batch says was paid, and note it on the payouts, shares and adjustments it paid.

    A row of nothing, or of what was taken back, says of nobody that they were paid.
    """
    returns_post(context, batch)
    rows = PayrollReturn.objects.filter(batch=batch, amount__gt=0).values_list("run_id", "person_id")
    people: dict[UUID, set[UUID]] = defaultdict(set)
    for run_id, person_id in rows:
        people[run_id].add(person_id)
    events = [
        PayoutEvent(
            kind=PayoutEventKind.PAID, at=context.at, by=context.by, reference=batch.filename[:120], **subject
        )
        for run_id, of_run in people.items()
        for subject in subjects_of(run_id=run_id, people=of_run, without=PayoutEventKind.PAID)
    ]
    PayoutEvent.objects.bulk_create(events, batch_size=2_000)
    _paid_told(context, batch, people)


def _paid_told(context: Context, batch: ImportBatch, people: Mapping[UUID, Collection[UUID]]) -> None:
    """Tell programs of other systems which runs were paid, and of how many people."""
    for run in Run.objects.filter(pk__in=people).select_related("period").order_by("pk"):
        event_put(
            kind=EventType.PAYOUT_PAID,
            key=f"{run.pk}:{batch.pk}",
            data={
                "run_id": public_id("run", run.pk),
                "period_id": public_id("prd", run.period_id),
                "period_code": run.period.code,
                "batch_id": public_id("bat", batch.pk),
                "people": len(people[run.pk]),
            },
            at=context.at,
        )


def returns_post(context: Context, batch: ImportBatch) -> None:
    """
    Post in each calendar's open period what the batch's people were paid and the ledger does not say yet.

    :raises NoOpenPeriod: if a calendar has none.
    """
    of_batch = PayrollReturn.objects.filter(batch=batch)
    calendars = FiscalCalendar.objects.filter(
        pk__in=Run.objects.filter(payroll_returns__in=of_batch).values("calendar_id")
    )
    for calendar in calendars.order_by("code"):
        people = set(of_batch.filter(run__calendar=calendar).values_list("person_id", flat=True))
        _post(calendar, people, by=context.by, at=context.at)


def _post(calendar: FiscalCalendar, people: Collection[UUID], *, by: User | None, at: datetime) -> None:
    unsaid = _unsaid(calendar, people)
    if not unsaid:
        return
    period = open_period(calendar=calendar)
    centres = dict(Person.objects.filter(pk__in=people).values_list("pk", "cost_centre"))
    posting = Posting.objects.create(period=period, act=ACT, at=at, created_by=by)
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(
                posting=posting, period=period, account=account, person_id=person_id,
                cost_centre=centres[person_id], amount=sign * amount, currency=currency,
            )
            for (person_id, currency), amount in sorted(unsaid.items(), key=str)
            for account, sign in ((LedgerAccount.PAYABLE, 1), (LedgerAccount.PAYROLL, -1))
        ],
        batch_size=2_000,
    )  # fmt: skip


def _unsaid(calendar: FiscalCalendar, people: Collection[UUID]) -> dict[tuple[UUID, str], Decimal]:
    """Return what people were paid by the believed returns less what the ledger says, by person and currency."""
    apart: dict[tuple[UUID, str], Decimal] = defaultdict(lambda: ZERO)
    returns = PayrollReturn.objects.current().filter(run__calendar=calendar, person_id__in=people)
    for person_id, currency, total in _totals(returns):
        apart[person_id, currency] += total
    entries = LedgerEntry.objects.filter(
        period__calendar=calendar, account=LedgerAccount.PAYROLL, person_id__in=people
    )
    for person_id, currency, total in _totals(entries):
        apart[person_id, currency] += total
    return {key: amount for key, amount in apart.items() if amount}


def _totals(rows: QuerySet[Any]) -> QuerySet[Any, tuple[UUID, str, Decimal]]:
    return rows.order_by().values_list("person_id", "currency").annotate(total=Sum("amount"))
