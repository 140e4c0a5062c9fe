"""
Disputes and questions about what a statement says, with their thread.

A case points at one thing on a statement: a line of a payout, a share of a pool or an
adjustment. Who answers is never the payee, nor who prepared or allocated it; the database
refuses otherwise. States: docs/reference/states.md, "Dispute".
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from kamcomp.calendar.models import Period
from kamcomp.records import Record, currency_field, money_field
from payouts.choices import DisputeKind, DisputeStatus
from payouts.models.ledger import Adjustment
from payouts.models.pools import Allocation
from payouts.models.runs import Payout
from teams.models import Person

UNANSWERED = (DisputeStatus.OPEN, DisputeStatus.IN_REVIEW)
UPHELD = (DisputeStatus.UPHELD, DisputeStatus.PARTLY_UPHELD)


class Dispute(Record):
    """
    A payee's question about, or dispute of, one thing on their statement.

    `due_on` is the day by which an answer is due. `claimed` is what the payee says is
    missing, if they say. An upheld one has the adjustment that corrects it.
    """

    number = models.PositiveIntegerField(unique=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="disputes")
    period = models.ForeignKey(Period, models.PROTECT, related_name="disputes")
    payout = models.ForeignKey(
        Payout, models.PROTECT, null=True, related_name="disputes", db_constraint=False
    )
    line = models.PositiveSmallIntegerField(null=True)
    allocation = models.ForeignKey(Allocation, models.PROTECT, null=True, related_name="disputes")
    about = models.ForeignKey(Adjustment, models.PROTECT, null=True, related_name="disputes")
    kind = models.CharField(max_length=8, choices=DisputeKind)
    claim = models.TextField()
    claimed = money_field(null=True)
    currency = currency_field()
    status = models.CharField(max_length=13, choices=DisputeStatus, default=DisputeStatus.OPEN)
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    due_on = models.DateField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    adjustment = models.OneToOneField(Adjustment, models.PROTECT, null=True, related_name="dispute")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="disputes_have_one_subject",
                condition=Q(payout__isnull=False, line__isnull=False, allocation=None, about=None)
                | Q(payout=None, line=None, allocation__isnull=False, about=None)
                | Q(payout=None, line=None, allocation=None, about__isnull=False),
            ),
            models.CheckConstraint(
                name="disputes_have_a_claim", condition=~Q(claim="") & (Q(claimed=None) | Q(claimed__gt=0))
            ),
            models.CheckConstraint(
                name="disputes_answer_is_whole",
                condition=Q(status__in=UNANSWERED, answered_by=None, answered_at=None, answer="")
                | (
                    ~Q(status__in=UNANSWERED)
                    & Q(answered_by__isnull=False, answered_at__isnull=False)
                    & ~Q(answer="")
                ),
            ),
            models.CheckConstraint(
                name="disputes_upheld_have_an_adjustment",
                condition=Q(status__in=UPHELD, adjustment__isnull=False)
                | Q(status=DisputeStatus.CLOSED)
                | (~Q(status__in=(*UPHELD, DisputeStatus.CLOSED)) & Q(adjustment=None)),
            ),
            models.CheckConstraint(
                name="disputes_questions_are_answered",
                condition=Q(kind=DisputeKind.QUESTION) & ~Q(status__in=(*UPHELD, DisputeStatus.REJECTED))
                | Q(kind=DisputeKind.DISPUTE) & ~Q(status=DisputeStatus.ANSWERED),
            ),
            models.CheckConstraint(
                name="disputes_closed_by_someone",
                condition=Q(status=DisputeStatus.CLOSED, closed_by__isnull=False, closed_at__isnull=False)
                | ~Q(status=DisputeStatus.CLOSED) & Q(closed_by=None, closed_at=None),
            ),
            models.UniqueConstraint(
                name="disputes_one_open_a_line",
                fields=["payout", "line"],
                condition=Q(status__in=UNANSWERED, payout__isnull=False),
            ),
            models.UniqueConstraint(
                name="disputes_one_open_a_share",
                fields=["allocation"],
                condition=Q(status__in=UNANSWERED, allocation__isnull=False),
            ),
            models.UniqueConstraint(
                name="disputes_one_open_an_adjustment",
                fields=["about"],
                condition=Q(status__in=UNANSWERED, about__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class DisputeMessage(Record):
    """One contribution to the thread of a case; only added."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="messages")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(name="dispute_messages_say_something", condition=~Q(text=""))]

    def __str__(self) -> str:
        return self.text
