"""
All statements of a person: a row a period and currency that they are paid in, with what it came to.

Each part starts from what the viewer may see, so that the list shows no more than the statements do.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import (
    CharField,
    DecimalField,
    Exists,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    UUIDField,
    Value,
)
from django.db.models.functions import Coalesce, Greatest

from kamcomp.calendar.models import Period
from kamcomp.visibility import Viewer, visible
from payouts.choices import PoolStatus, RunStatus
from payouts.models import Adjustment, Allocation, Payout, Run
from payouts.selectors.adjustments import COUNTED, OF_A_RULE
from payouts.selectors.statements import SHOWN, statement_periods

MONEY = DecimalField(max_digits=18, decimal_places=4)


def statement_archive(*, person_id: UUID | None, viewer: Viewer) -> QuerySet[Any]:
    """
    Return the periods somebody has a statement of, each with `paid`, `shared`, `corrected`, `total` and `currency`.

    Amounts are those in the period's own currency of the person; what is paid in further
    currencies stands on the statement. `corrected` is never below zero but for what a rule takes: what is owed
    on balance is not taken from the payment. `final` tells whether the period's run is locked.
    """
    if person_id is None:
        return Period.objects.none().annotate(**_nothing())
    payouts = visible(Payout.objects.filter(person_id=person_id, period=OuterRef("pk")), to=viewer).filter(
        run__is_current=True, run__status__in=SHOWN
    )
    shares = visible(
        Allocation.objects.filter(person_id=person_id, pool__period=OuterRef("pk"), amount__gt=0), to=viewer
    ).filter(pool__status=PoolStatus.APPROVED)
    corrections = visible(
        Adjustment.objects.filter(person_id=person_id, period=OuterRef("pk"), status__in=COUNTED), to=viewer
    )
    in_currency = corrections.filter(currency=OuterRef("currency"))
    locked = Run.objects.filter(period=OuterRef("pk"), is_current=True, status=RunStatus.LOCKED)
    return (
        statement_periods(person_id=person_id, viewer=viewer)
        .annotate(
            person_id=Value(person_id, output_field=UUIDField()),
            currency=Coalesce(
                Subquery(payouts.order_by("plan_version__plan__code").values("currency")[:1]),
                Subquery(shares.order_by("pool__account__node__code").values("pool__currency")[:1]),
                Subquery(corrections.order_by("created_at").values("currency")[:1]),
                output_field=CharField(),
            ),
        )
        .annotate(
            paid=_sum(payouts.filter(currency=OuterRef("currency")), by="period"),
            shared=_sum(shares.filter(pool__currency=OuterRef("currency")), by="pool__period"),
            net=_sum(in_currency.exclude(kind__in=OF_A_RULE), by="period"),
            by_rule=_sum(in_currency.filter(kind__in=OF_A_RULE), by="period"),
            final=Exists(locked),
        )
        .annotate(corrected=Greatest(F("net"), Value(0, output_field=MONEY)) + F("by_rule"))
        .annotate(total=F("paid") + F("shared") + F("corrected"))
    )


def _sum(rows: QuerySet[Any], *, by: str) -> Coalesce:
    total = rows.order_by().values(by).annotate(each=Sum("amount")).values("each")
    return Coalesce(Subquery(total, output_field=MONEY), Value(0, output_field=MONEY), output_field=MONEY)


def _nothing() -> dict[str, Any]:
    zero = Value(0, output_field=MONEY)
    return {
        "currency": Value("", output_field=CharField()),
        "paid": zero,
        "shared": zero,
        "corrected": zero,
        "total": zero,
        "final": Value(value=False),
    }
