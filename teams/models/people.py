"""
People and what they are promised.

The ledger knows a person by an id and an employee id only; name, e-mail and
payroll number stand in `PersonDetails`, which can be erased at its retention
date while the books stay whole.
"""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from kamcomp.records import Dated, Record, currency_field, money_field, share_field
from kamcomp.visibility import SeenQuerySet
from teams.choices import EmploymentStatus, Link, OvertimeStatus, PackageStatus, PersonStatus, Seat


class JobRole(Record):
    """A role of the catalogue; direct or matrix is decided by the membership, this is only the usual link."""

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    family = models.CharField(max_length=60, blank=True)
    usual_link = models.CharField(max_length=8, choices=Link, default=Link.DIRECT)
    seat = models.CharField(max_length=8, choices=Seat, default=Seat.MEMBER)
    role_weight = share_field(default=1)
    optional_by_account = models.BooleanField(default=False)
    responsibilities = models.TextField(blank=True)
    retired = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="job_roles_weight_is_positive", condition=Q(role_weight__gt=0))
        ]

    def __str__(self) -> str:
        return self.name


class Person(Record):
    """Someone who may be paid, as the ledger knows them."""

    employee_id = models.CharField(max_length=60, unique=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="person")
    manager = models.ForeignKey("self", models.PROTECT, null=True, related_name="reports")
    cost_centre = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=8, choices=PersonStatus, default=PersonStatus.ACTIVE)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="people_do_not_manage_themselves", condition=Q(manager=None) | ~Q(manager=F("id"))
            )
        ]

    def __str__(self) -> str:
        return self.employee_id


class PersonDetails(models.Model):
    """The personal fields of a person, apart from the ledger's id so that they can be erased."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="details")
    legal_name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    payroll_number = models.CharField(max_length=60, blank=True)
    retain_until = models.DateField(null=True)
    erased_at = models.DateTimeField(null=True)

    objects = SeenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="person_details_one_payroll_number",
                fields=["payroll_number"],
                condition=~Q(payroll_number=""),
            )
        ]

    def __str__(self) -> str:
        return self.legal_name or str(self.person)


class Employment(Dated):
    """Where a person works and under which law, over a span of days. Leave is a span of its own."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="employments")
    employer = models.CharField(max_length=120)
    jurisdiction = models.CharField(max_length=10, help_text="ISO 3166-2, or the country's two letters.")
    work_language = models.CharField(max_length=10, default="en")
    fte = share_field(default=1)
    job_role = models.ForeignKey(JobRole, models.PROTECT, null=True, related_name="+")
    payroll_currency = currency_field()
    overtime_status = models.CharField(max_length=10, choices=OvertimeStatus, default="", blank=True)
    salaried = models.BooleanField(null=True)
    works_council = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=EmploymentStatus, default=EmploymentStatus.ACTIVE)
    end_reason = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="employments_do_not_overlap",
                expressions=[("person", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(name="employments_fte_is_a_share", condition=Q(fte__gt=0, fte__lte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.person} at {self.employer}"


class PayPackage(Dated):
    """
    What a person is promised a year: base salary, variable target, pool target.

    `variable_target` is the target incentive paid by plans; `pool_target` is what
    the person's share adds to the target of account pools. `ceiling` is the most
    the person may be paid a year in variable pay over all scopes; none is no limit.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="packages")
    base_salary = money_field()
    variable_target = money_field(default=0)
    pool_target = money_field(default=0)
    long_term_target = money_field(default=0)
    ceiling = money_field(null=True)
    currency = currency_field()
    status = models.CharField(max_length=8, choices=PackageStatus, default=PackageStatus.APPROVED)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="pay_packages_do_not_overlap",
                expressions=[("person", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(status=PackageStatus.APPROVED),
            ),
            models.CheckConstraint(
                name="pay_packages_are_not_negative",
                condition=Q(
                    base_salary__gte=0, variable_target__gte=0, pool_target__gte=0, long_term_target__gte=0
                )
                & (Q(ceiling=None) | Q(ceiling__gte=0)),
            ),
            models.CheckConstraint(
                name="pay_packages_preparer_is_not_approver",
                condition=Q(approved_by=None) | Q(created_by=None) | ~Q(approved_by=F("created_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.base_salary} + {self.variable_target} {self.currency}"
