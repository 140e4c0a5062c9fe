"""Reads about adjustments: the period they go to, what waits for a decision, what a person's come to."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.identity.models import User
from kamcomp.refusal import Refusal
from payouts.choices import AdjustmentKind, AdjustmentStatus, RunStatus
from payouts.models import Adjustment, ClawbackCase, Run
from teams.models import Person

ZERO = Decimal(0)
UNDER_REVIEW = (RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.APPROVED)
COUNTED = (AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED)
OF_A_RULE = (AdjustmentKind.CEILING,)
"""Adjustments that a rule makes when a run is approved; everybody else's come before."""

NETTED = {
    "net": Coalesce(Sum("amount", filter=~Q(kind__in=OF_A_RULE)), ZERO),
    "by_rule": Coalesce(Sum("amount", filter=Q(kind__in=OF_A_RULE)), ZERO),
}
"""What adjustments come to on balance, and what a rule takes of the payment: see `payment_changed`."""

BY_HAND = (
    AdjustmentKind.CORRECTION,
    AdjustmentKind.TRUE_UP,
    AdjustmentKind.GOODWILL,
    AdjustmentKind.GUARANTEE,
)
"""What a person proposes; everything else is proposed by an act of its own."""


class NoOpenPeriod(Refusal):
    """A calendar has no open period that a correction could be posted in."""


class PersonUnknown(Refusal):
    """Nobody has this employee id."""


class AdjustmentsUndecided(Refusal):
    """Somebody proposed an adjustment of the period, and nobody has decided on it."""


def open_period(*, calendar: FiscalCalendar) -> Period:
    """
    Return the period that corrections go to: the first open or collecting one behind the last locked one.

    A period whose run has been reviewed takes no more: its results and funding are fixed.

    :raises NoOpenPeriod: if there is none.
    """
    periods = Period.objects.filter(calendar=calendar)
    last_locked = periods.filter(status=PeriodStatus.LOCKED).order_by("-days").first()
    takes = periods.filter(status__in=[PeriodStatus.OPEN, PeriodStatus.COLLECTING]).order_by("days")
    if last_locked is not None:
        takes = takes.filter(days__startswith__gte=last_locked.days.upper)
    reviewed = Run.objects.filter(period=OuterRef("pk"), is_current=True, status__in=UNDER_REVIEW)
    period = takes.exclude(Exists(reviewed)).first()
    if period is None:
        raise NoOpenPeriod(
            "%(calendar)s has no open period: open the next one, then corrections have a place.",
            calendar=calendar,
        )
    return period


def adjustments_undecided(*, period: Period) -> QuerySet[Adjustment]:
    """Return the adjustments of a period that nobody has decided, oldest first."""
    return Adjustment.objects.filter(period=period, status=AdjustmentStatus.PROPOSED).order_by(
        "created_at", "pk"
    )


def adjustments_to_decide(*, user: User) -> QuerySet[Adjustment]:
    """Return the adjustments that wait for another than who proposed them, and are not about the user's own pay."""
    waiting = Adjustment.objects.filter(status=AdjustmentStatus.PROPOSED).exclude(proposed_by=user)
    return waiting.exclude(person__in=Person.objects.filter(user=user))


def refuse_undecided(*, period: Period) -> None:
    """
    Refuse while an adjustment of a period waits for a decision.

    :raises AdjustmentsUndecided: saying how many.
    """
    undecided = adjustments_undecided(period=period).count()
    if undecided:
        raise AdjustmentsUndecided(
            "%(undecided)s adjustments of %(period)s wait for a decision: approve or reject them.",
            undecided=undecided,
            period=period,
        )


def adjustments_to_post(*, period: Period) -> QuerySet[Adjustment]:
    """Return the approved adjustments of a period that a lock will post, in a fixed order."""
    return Adjustment.objects.filter(period=period, status=AdjustmentStatus.APPROVED).order_by("pk")


def adjustments_after_run(*, run: Run) -> QuerySet[Adjustment]:
    """
    Return approved adjustments of people that a run should have known, and that were decided after its moment.

    Corrections count to what was posted; any other kind only where the run took something towards a claim of the
    period, which it makes smaller.
    Both moments are the database's. A run waits for every transaction that began before its own
    moment, so what was decided earlier by that clock is what it read.
    """
    claims = ClawbackCase.objects.filter(
        period=run.period,
        person=OuterRef("person"),
        currency=OuterRef("currency"),
        created_at__lte=run.known_at,
    )
    return (
        adjustments_to_post(period=run.period)
        .annotate(known_at=Coalesce("decision_recorded_at", "decided_at"))
        .filter(
            Q(kind__in=[AdjustmentKind.CORRECTION, AdjustmentKind.CLAWBACK]) | Exists(claims),
            person__isnull=False,
            known_at__gt=run.known_at,
        )
    )


def run_under_review(*, period: Period) -> Run | None:
    """Return the period's current run if it is reviewed, allocating or approved."""
    return Run.objects.filter(period=period, is_current=True, status__in=UNDER_REVIEW).first()


def person_nets(*, period: Period) -> dict[tuple[UUID, str], Decimal]:
    """
    Return what each person's decided adjustments of a period come to, by person id and currency.

    Those that a rule makes are left out: they take only from what the period pays.
    """
    rows = _netted(Adjustment.objects.filter(period=period))
    nets = rows.order_by().values_list("person_id", "currency").annotate(total=Sum("amount"))
    return {(person_id, currency): total for person_id, currency, total in nets}


def owed_on_balance(*, adjustments: QuerySet[Adjustment]) -> dict[tuple[UUID, UUID, str], Decimal]:
    """
    Return what people owe of these adjustments, by period id, person id and currency.

    Those who owe nothing are left out.

    Units: money in the currency, above zero. It is not taken from what the period pays: with it added, a person's
    adjustments come to what they change of the payment.
    Source: docs/reference/formulas.md, "What is owed on balance".
    """
    nets = (
        _netted(adjustments)
        .order_by()
        .values_list("period_id", "person_id", "currency")
        .annotate(total=Sum("amount"))
        .filter(total__lt=0)
    )
    return {(period_id, person_id, currency): -total for period_id, person_id, currency, total in nets}


def corrections_paid(*, adjustments: QuerySet[Adjustment]) -> dict[tuple[UUID, str], Decimal]:
    """
    Return by period id and currency what these adjustments of people change of the payment.

    Units: money in the currency. What a person owes on balance takes nothing off; what a rule takes does.
    """
    people = (
        adjustments.filter(person__isnull=False).order_by().values_list("period_id", "currency", "person_id")
    )
    sums: dict[tuple[UUID, str], Decimal] = defaultdict(lambda: ZERO)
    for period_id, currency, _person_id, net, by_rule in people.annotate(**NETTED):
        sums[period_id, currency] += payment_changed(net=net, by_rule=by_rule)
    return dict(sums)


def payment_changed(*, net: Decimal, by_rule: Decimal) -> Decimal:
    """Return what a person's adjustments change of a payment: what they owe on balance takes nothing off it."""
    return max(net, ZERO) + by_rule


def _netted(adjustments: QuerySet[Adjustment]) -> QuerySet[Adjustment]:
    """Return those that are netted by person: decided for payment, and not made by a rule."""
    return adjustments.filter(person__isnull=False, status__in=COUNTED).exclude(kind__in=OF_A_RULE)


def person_named(*, employee_id: str) -> Person:
    """
    Return the person with an employee id.

    :raises PersonUnknown: if there is none.
    """
    person = Person.objects.filter(employee_id=employee_id).first()
    if person is None:
        raise PersonUnknown("Nobody has the employee id %(employee_id)s.", employee_id=f"{employee_id!r}")
    return person


def period_adjustments(*, period: Period) -> QuerySet[Adjustment]:
    """Return a period's adjustments with who or what they are for, oldest first."""
    return (
        Adjustment.objects.filter(period=period)
        .select_related("person", "pool__account__node", "pool__period", "corrects_period")
        .order_by("created_at", "pk")
    )
