"""
What checks look at as a run pays, and as money is taken back.

The picture of the plan version, with the run's figures beside it; exceptions are those of the register. No table holds
credits by component, reviews, legal minimum pay or the clauses people signed: the rules that need them say so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from kamcomp.calendar.models import Period
from payouts.choices import ExceptionStatus
from payouts.models import Allocation, Payout, PayoutLine, PlanException, Run
from payouts.selectors.names import user_name
from plans.checks.facts import (
    AllocationFacts,
    ClawbackFacts,
    ExceptionFacts,
    Facts,
    PayAndGrowth,
    PersonFacts,
    RunFacts,
)
from plans.checks.picture import Picture, picture_of
from plans.models import Assignment, PlanVersion
from plans.selectors.pictures import picture_of_version
from scorecards.choices import Window
from scorecards.models import ObjectiveRating, Result
from teams.choices import EmploymentStatus
from teams.models import Employment, Person

GROWTH = "M02"
ZERO = Decimal(0)


def versions_of_run(*, run: Run) -> list[PlanVersion]:
    """Return the plan versions a run paid by, by plan code and number."""
    ids = Payout.objects.filter(run=run).values_list("plan_version_id", flat=True).distinct()
    return list(
        PlanVersion.objects.filter(pk__in=ids).select_related("plan").order_by("plan__code", "number")
    )


def picture_of_run(*, run: Run, version: PlanVersion) -> Picture:
    """Return the picture of a plan version with what the run paid by it, as of the period's last day."""
    period = run.period
    last = period.span.last or period.days.lower
    picture = picture_of_version(version=version, on=last)
    payouts = list(Payout.objects.filter(run=run, plan_version=version).select_related("person"))
    facts = RunFacts(
        lines=PayoutLine.objects.filter(payout__in=[payout.pk for payout in payouts]).count(),
        paid=sum((payout.amount for payout in payouts), ZERO),
        exceptions=_exceptions(period=period, version=version),
        allocations=_allocations(run=run, version=version),
        ratings=_ratings(period=period, people=[payout.person_id for payout in payouts]),
        outcomes=_outcomes(period=period, payouts=payouts),
        zero_payouts=tuple(str(one.person) for one in payouts if not one.amount and one.target_incentive),
        evidence_kept=True,
        human_approval=True,
        earned_on=last,
        vested_on=last,
        pays_on=period.pay_on,
        ends_on=last,
        on_leave=_on_leave(period=period, people=[payout.person_id for payout in payouts]),
    )
    beside = dataclasses.replace(picture.facts, run=facts, first_month_of_year=_first_month(period))
    return dataclasses.replace(picture, facts=beside)


def picture_of_recovery(*, payout: Payout, amount: Decimal, on: date) -> Picture:
    """Return the picture of the version that paid too much, with what would be taken back of it."""
    picture = picture_of_version(version=payout.plan_version, on=on)
    recovery = ClawbackFacts(person=str(payout.person), amount=amount)
    return dataclasses.replace(
        picture, facts=dataclasses.replace(picture.facts, clawbacks=(recovery,), leavers=())
    )


def picture_of_claim(*, version: PlanVersion, person: Person, amount: Decimal, on: date) -> Picture:
    """Return the picture of a plan with one person, where they work or worked last, and what is claimed back."""
    places = Employment.objects.filter(person=person, valid__startswith__lte=on).order_by("-valid")
    place = places.values_list("jurisdiction", flat=True).first() or ""
    name = str(person)
    facts = Facts(
        on=on,
        people=(PersonFacts(person=name, place=place),),
        clawbacks=(ClawbackFacts(person=name, amount=amount),),
        leavers=(),
    )
    return picture_of(document=version.document, facts=facts)


def _exceptions(*, period: Period, version: PlanVersion) -> tuple[ExceptionFacts, ...]:
    """
    Return the period's exceptions from the plan that were not rejected: decided ones with who approved them.

    Those of another currency than the plan's count among the lines and add nothing to the money.
    """
    rows = PlanException.objects.filter(period=period, plan=version.plan)
    return tuple(
        ExceptionFacts(
            code=str(row.number),
            kind=row.kind,
            reason=row.reason,
            approver="" if row.decided_by is None else user_name(row.decided_by),
            amount=row.amount if row.currency == version.document.get("currency") else ZERO,
            expires_on=row.expires_on,
        )
        for row in rows.exclude(status=ExceptionStatus.REJECTED)
        .select_related("decided_by")
        .order_by("number")
    )


def _allocations(*, run: Run, version: PlanVersion) -> tuple[AllocationFacts, ...]:
    rows = Allocation.objects.filter(
        pool__run=run, pool__plan_version=version, eligible=True, amount__isnull=False
    )
    return tuple(
        AllocationFacts(
            person=str(row.person),
            pool=str(row.pool),
            guideline=row.guideline,
            amount=row.amount or ZERO,
            dedication=row.dedication,
            reason=row.reason,
        )
        for row in rows.select_related("person", "pool__account__node", "pool__period").order_by(
            "person__employee_id"
        )
    )


def _ratings(*, period: Period, people: Iterable[UUID]) -> tuple[Decimal, ...] | None:
    rows = ObjectiveRating.objects.current().filter(period=period, objective__owner__in=list(people))
    return tuple(rows.order_by("objective__code").values_list("rating", flat=True)) or None


def _outcomes(*, period: Period, payouts: Iterable[Payout]) -> tuple[PayAndGrowth, ...] | None:
    """Return what each payee was due of target beside the growth of their account, where it was measured."""
    nodes = dict(
        Assignment.objects.filter(
            plan_version__in={payout.plan_version_id for payout in payouts},
            account__isnull=False,
            valid__overlap=period.days,
        ).values_list("person_id", "account__node_id")
    )
    growth = dict(
        Result.objects.current()
        .filter(
            metric__code=GROWTH, period=period, window=Window.PERIOD, segment=None, value__isnull=False,
            node__in=nodes.values(),
        )
        .values_list("node_id", "value")
    )  # fmt: skip
    found = tuple(
        PayAndGrowth(
            person=str(payout.person),
            payout_ratio=payout.due / payout.target_incentive,
            growth=growth[nodes[payout.person_id]],
        )
        for payout in payouts
        if payout.target_incentive and nodes.get(payout.person_id) in growth
    )
    return found or None


def _on_leave(*, period: Period, people: Iterable[UUID]) -> tuple[str, ...]:
    rows = Employment.objects.filter(
        person__in=list(people), valid__overlap=period.days, status=EmploymentStatus.LEAVE
    )
    return tuple(rows.order_by("person__employee_id").values_list("person__employee_id", flat=True))


def _first_month(period: Period) -> int:
    """Return the month the fiscal year begins in."""
    first = Period.objects.filter(
        calendar_id=period.calendar_id, fiscal_year=period.fiscal_year, number=1
    ).first()
    return first.days.lower.month if first else 1
