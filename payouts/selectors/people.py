"""
What crosses the apps about one person on a day: employments, pay packages, teams, plans, and what waits for somebody.

All starts from what the reader may see: who sees a person without their pay finds no package here, and no payroll
number either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from kamcomp import money
from kamcomp.visibility import Viewer, visible
from plans.models import Assignment
from teams.choices import PackageStatus
from teams.models import Employment, Membership, PayPackage, Person

ZERO = Decimal(0)


def people_on(*, viewer: Viewer, on: date) -> QuerySet[Any]:
    """
    Return the people a reader sees, as they are on a day.

    Adds `name`, `accounts` (names of the accounts they serve), `employer`, `jurisdiction`, `has_employment`,
    `has_package` and `manager_name`; employments and packages only as far as the reader sees them.
    """
    served = visible(Membership.objects.filter(person=OuterRef("pk"), valid__contains=on), to=viewer)
    employed = visible(Employment.objects.filter(person=OuterRef("pk"), valid__contains=on), to=viewer)
    packages = visible(PayPackage.objects.filter(person=OuterRef("pk"), valid__contains=on), to=viewer)
    names = (
        served.order_by()
        .values("person")
        .annotate(all=StringAgg("account__node__name", ", ", order_by="account__node__name"))
    )
    people = visible(Person.objects.all(), to=viewer)
    managers = people.filter(pk=OuterRef("manager_id")).order_by()
    return people.select_related("details", "manager__details").annotate(
        name=Coalesce("details__legal_name", "employee_id", output_field=CharField()),
        accounts=Subquery(names.values("all"), output_field=CharField()),
        employer=Subquery(employed.values("employer")[:1]),
        jurisdiction=Subquery(employed.values("jurisdiction")[:1]),
        has_employment=Exists(employed),
        has_package=Exists(packages.filter(status=PackageStatus.APPROVED)),
        manager_name=Subquery(managers.values("details__legal_name")[:1]),
    )


@dataclass(frozen=True)
class PackageRow:
    """A pay package with its mix: what of target total cash is base, what is variable."""

    package: PayPackage

    @property
    def total(self) -> Decimal:
        """Return target total cash a year: base and variable target; pool and long-term targets stand apart."""
        return self.package.base_salary + self.package.variable_target

    @property
    def base_share(self) -> Decimal | None:
        """Return the share of base in target total cash, none without any."""
        return money.CONTEXT.divide(self.package.base_salary, self.total) if self.total else None

    @property
    def variable_share(self) -> Decimal | None:
        """Return the share of variable target in target total cash, none without any."""
        return money.CONTEXT.divide(self.package.variable_target, self.total) if self.total else None


@dataclass(frozen=True)
class PersonSheet:
    """One person as a reader sees them: everything by date, newest first, and what holds on the day."""

    person: Person
    on: date
    employments: list[Employment]
    packages: list[PackageRow]
    memberships: list[Membership]
    assignments: list[Assignment]

    @property
    def employment(self) -> Employment | None:
        """Return the employment of the day."""
        return next((one for one in self.employments if self.on in one.span), None)

    @property
    def package(self) -> PackageRow | None:
        """Return the approved package of the day."""
        approved = (row for row in self.packages if row.package.status == PackageStatus.APPROVED)
        return next((row for row in approved if self.on in row.package.span), None)

    @property
    def served(self) -> list[Membership]:
        """Return the memberships of the day."""
        return [one for one in self.memberships if self.on in one.span]

    @property
    def dedicated(self) -> Decimal:
        """Return how much of their time account teams have on the day."""
        return sum((one.dedication for one in self.served), ZERO)


def person_sheet(*, person: Person, viewer: Viewer, on: date) -> PersonSheet:
    """Return one person with all that the reader sees about them."""
    mine = {"person": person}
    employments = visible(Employment.objects.filter(**mine), to=viewer).select_related("job_role")
    packages = visible(PayPackage.objects.filter(**mine), to=viewer).select_related(
        "approved_by", "created_by"
    )
    served = visible(Membership.objects.filter(**mine), to=viewer).select_related("account__node", "role")
    assigned = visible(Assignment.objects.filter(**mine), to=viewer)
    return PersonSheet(
        person=person,
        on=on,
        employments=list(employments.order_by("-valid")),
        packages=[PackageRow(one) for one in packages.order_by("-valid")],
        memberships=list(served.order_by("-valid", "account__node__name")),
        assignments=list(
            assigned.select_related("plan_version__plan", "account__node").order_by("-valid", "plan__code")
        ),
    )
