"""Reads of acceptances: whom a version pays and has not been asked, and how far each country is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Substr

from kamcomp import money
from kamcomp.visibility import Viewer, visible
from plans.choices import AcceptanceStatus
from plans.models import Acceptance, Assignment, PlanVersion
from teams.choices import PackageStatus
from teams.models import Employment, PayPackage, Person

WAITING = (AcceptanceStatus.SENT, AcceptanceStatus.OPENED)


@dataclass(frozen=True)
class ToAsk:
    """
    Somebody to put a version before: in which language they work, their target a year on it, if known, and the ids of
    the accounts that pay them on it.
    """

    person: Person
    language: str
    target: Decimal | None
    accounts: frozenset[UUID]


def people_to_ask(*, version: PlanVersion) -> Sequence[ToAsk]:
    """Return who is on a version, can sign in and has not been asked, by employee id."""
    asked = Acceptance.objects.filter(version=version).values("person")
    assignments = (
        Assignment.objects.filter(plan_version=version, person__user__is_active=True)
        .exclude(person__in=asked)
        .select_related("person")
        .order_by("person__employee_id", "valid")
    )
    shares = {row.person: row.share for row in assignments}
    accounts: dict[UUID, set[UUID]] = defaultdict(set)
    for row in assignments:
        if row.account_id:
            accounts[row.person_id].add(row.account_id)
    day = version.span.since
    languages = dict(
        Employment.objects.filter(person__in=shares, valid__contains=day).values_list(
            "person_id", "work_language"
        )
    )
    packages = dict(
        PayPackage.objects.filter(
            person__in=shares, valid__contains=day, status=PackageStatus.APPROVED, currency=version.currency
        ).values_list("person_id", "variable_target")
    )
    return [
        ToAsk(
            person,
            languages.get(person.pk, ""),
            _of_target(packages.get(person.pk), share),
            frozenset(accounts[person.pk]),
        )
        for person, share in shares.items()
    ]


def _of_target(target: Decimal | None, share: Decimal) -> Decimal | None:
    return None if target is None else money.CONTEXT.multiply(target, share)


def acceptances_listed(*, viewer: Viewer, on: date) -> QuerySet[Any]:
    """Return the acceptances a reader sees, newest first, each with the country the person works in on a day."""
    there = Employment.objects.filter(person=OuterRef("person"), valid__contains=on)
    country = there.annotate(country=Substr("jurisdiction", 1, 2)).values("country")[:1]
    return (
        visible(Acceptance.objects.all(), to=viewer)
        .select_related("version__plan", "person__details")
        .annotate(country=Coalesce(Subquery(country), Value("")))
    )


def acceptances_by_country(*, rows: QuerySet[Any]) -> list[dict[str, Any]]:
    """Return how many of the rows were sent, wait, are signed and refused, by country."""
    counted = rows.order_by().values("country").annotate(
        sent=Count("pk"),
        waiting=Count("pk", filter=Q(status__in=WAITING)),
        signed=Count("pk", filter=Q(status=AcceptanceStatus.SIGNED)),
        refused=Count("pk", filter=Q(status=AcceptanceStatus.REFUSED)),
    )  # fmt: skip
    return list(counted.order_by("country"))
