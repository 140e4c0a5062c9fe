"""
Exceptions: departures from the plan that are paid on purpose, each with type, reason, money, approver and an end.

They are counted by plan and by manager, because a plan with many exceptions is not the plan.
States: docs/reference/states.md, "Exception".
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kamcomp.calendar.models import Period
from kamcomp.records import Record, currency_field, money_field
from payouts.choices import ExceptionKind, ExceptionStatus
from plans.models import Assignment, Plan
from teams.models import Person

BEFORE_REVIEW = (ExceptionStatus.REQUESTED,)
DECIDED = (ExceptionStatus.APPROVED, ExceptionStatus.REJECTED, ExceptionStatus.EXPIRED)


class PlanException(Record):
    """
    A departure from a plan for a person in a period: `amount` is what it costs, `expires_on` its last day.

    One of personal terms says which assignment it departs from and what is asked for in `terms`: the share, the
    personal values by name, and the days. They hold once it is approved.
    """

    number = models.PositiveIntegerField(unique=True)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="exceptions")
    person = models.ForeignKey(Person, models.PROTECT, related_name="exceptions")
    period = models.ForeignKey(Period, models.PROTECT, related_name="exceptions")
    kind = models.CharField(max_length=14, choices=ExceptionKind)
    reason = models.TextField()
    precedent = models.TextField(blank=True, help_text="Where the like was allowed before, if it was.")
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, related_name="exceptions")
    terms = models.JSONField(null=True, help_text="Share, values by name and days, with the usual, as text.")
    amount = money_field()
    currency = currency_field()
    expires_on = models.DateField()
    status = models.CharField(max_length=9, choices=ExceptionStatus, default=ExceptionStatus.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField(blank=True, help_text="The approver's words.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="exceptions_requester_neither_reviews_nor_approves",
                condition=(Q(reviewed_by=None) | ~Q(reviewed_by=F("requested_by")))
                & (Q(decided_by=None) | ~Q(decided_by=F("requested_by"))),
            ),
            models.CheckConstraint(
                name="exceptions_are_whole", condition=Q(amount__gt=0) & ~Q(reason="") & ~Q(currency="")
            ),
            models.CheckConstraint(
                name="exceptions_terms_are_of_an_assignment",
                condition=Q(assignment__isnull=True, terms__isnull=True)
                | Q(assignment__isnull=False, terms__isnull=False),
            ),
            models.CheckConstraint(
                name="exceptions_steps_have_somebody",
                condition=(
                    Q(status__in=BEFORE_REVIEW, reviewed_by=None, decided_by=None)
                    | Q(status=ExceptionStatus.REVIEWED, reviewed_by__isnull=False, decided_by=None)
                    | Q(status__in=DECIDED, reviewed_by__isnull=False, decided_by__isnull=False)
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"Exception {self.number}"
