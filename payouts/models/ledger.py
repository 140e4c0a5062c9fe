"""
The ledger: double entry, append-only. Balances are sums of entries, never stored.

Debits are positive, credits negative; the entries of a posting sum to 0 in each
currency. What happens to a payout after the lock is a row of its own.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from kamcomp import money
from kamcomp.calendar.models import Period
from kamcomp.records import Record, currency_field, money_field
from kamcomp.said import SaidField, spoken
from kamcomp.visibility import SeenQuerySet
from payouts.choices import AdjustmentKind, AdjustmentStatus, LedgerAccount, PayoutEventKind
from payouts.models.pools import Allocation, Pool
from payouts.models.runs import Payout, Run
from plans.models import PlanVersion
from teams.models import Person


class ClawbackCase(Record):
    """An amount to take back from later payouts, within the plan's and the law's limits."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="clawbacks")
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, null=True, related_name="+")
    period = models.ForeignKey(
        Period, models.PROTECT, null=True, related_name="+", help_text="Whose corrections it comes from."
    )
    payout = models.ForeignKey(
        Payout, models.PROTECT, null=True, related_name="clawbacks", db_constraint=False
    )
    cause = models.TextField()
    recoverable = money_field()
    currency = currency_field()
    per_payout_at_most = models.DecimalField(max_digits=12, decimal_places=8, default=1)
    look_back_months = models.PositiveSmallIntegerField(default=12)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="clawback_cases_are_positive", condition=Q(recoverable__gt=0)),
            models.CheckConstraint(
                name="clawback_cases_preparer_is_not_approver",
                condition=Q(approved_by=None) | ~Q(approved_by=F("created_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {money.settle(self.recoverable, currency=self.currency)} {self.currency}"


class Adjustment(Record):
    """
    A new amount in the open period that corrects or adds.

    It never changes what it corrects; it points at it: the payout and the line,
    or the pool, of the locked period.
    """

    period = models.ForeignKey(Period, models.PROTECT, related_name="adjustments")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="adjustments")
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, related_name="adjustments")
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=AdjustmentKind)
    amount = money_field()
    currency = currency_field()
    reason = models.TextField()
    said = SaidField(of="reason")
    corrects_period = models.ForeignKey(Period, models.PROTECT, null=True, related_name="corrections")
    corrects_payout = models.ForeignKey(
        Payout, models.PROTECT, null=True, related_name="corrections", db_constraint=False
    )
    corrects_line = models.PositiveSmallIntegerField(null=True)
    corrects_pool = models.ForeignKey(Pool, models.PROTECT, null=True, related_name="corrections")
    reverses = models.ForeignKey("self", models.PROTECT, null=True, related_name="reversals")
    due = money_field(null=True, help_text="What would be due on the facts known now.")
    posted_before = money_field(null=True, help_text="What had been posted when this was proposed.")
    alone = money_field(
        default=0,
        db_default=0,
        help_text="The part of the amount of leaves that count a period alone, where others of the plan accumulate.",
    )
    inputs = models.BinaryField(null=True, help_text="Canonical inputs of the recalculation.")
    input_digest = models.CharField(max_length=64, blank=True)
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="adjustments")
    clawback = models.ForeignKey(ClawbackCase, models.PROTECT, null=True, related_name="recoveries")
    status = models.CharField(max_length=8, choices=AdjustmentStatus, default=AdjustmentStatus.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_recorded_at = models.DateTimeField(
        null=True, editable=False, help_text="By the database's clock, which tells what a run knew."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="adjustments_preparer_is_not_approver",
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="adjustments_posted_is_decided",
                condition=Q(status=AdjustmentStatus.PROPOSED) | Q(decided_by__isnull=False),
            ),
            models.CheckConstraint(name="adjustments_have_a_reason", condition=~Q(reason="")),
            models.UniqueConstraint(
                name="adjustments_are_reversed_once",
                fields=["reverses"],
                condition=~Q(status=AdjustmentStatus.REJECTED) & Q(reverses__isnull=False),
            ),
            models.CheckConstraint(name="adjustments_are_not_zero", condition=~Q(amount=0)),
            models.CheckConstraint(
                name="adjustments_have_one_receiver",
                condition=Q(person__isnull=False, pool=None) | Q(person=None, pool__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_kind_display()} {money.settle(self.amount, currency=self.currency)} {self.currency}"
        )

    @property
    def why(self) -> str:
        """Return the reason with its pieces where it is a sentence of ours, for pages to word."""
        return spoken(self.reason, self.said)


class Posting(Record):
    """A group of entries that belong together and sum to 0."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="postings")
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="postings")
    act = models.CharField(max_length=40, help_text="run_lock, payroll_return, ...")
    at = models.DateTimeField()
    closed = models.BooleanField(
        default=False, editable=False, help_text="Set by the database once it has summed the entries."
    )

    def __str__(self) -> str:
        return f"{self.act} {self.at:%Y-%m-%d}"


class LedgerEntry(models.Model):
    """One entry: debit positive, credit negative."""

    id = models.BigAutoField(primary_key=True)
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="entries")
    period = models.ForeignKey(Period, models.PROTECT, related_name="+")
    account = models.CharField(max_length=11, choices=LedgerAccount)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="entries")
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, related_name="entries")
    payout = models.ForeignKey(Payout, models.PROTECT, null=True, related_name="entries", db_constraint=False)
    allocation = models.ForeignKey(Allocation, models.PROTECT, null=True, related_name="entries")
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, null=True, related_name="entries")
    cost_centre = models.CharField(max_length=40, blank=True)
    amount = money_field()
    currency = currency_field()

    objects = SeenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="ledger_entries_are_not_zero", condition=~Q(amount=0)),
        ]

    def __str__(self) -> str:
        return f"{self.get_account_display()} {money.settle(self.amount, currency=self.currency)} {self.currency}"


class PayoutEvent(models.Model):
    """What happened to a payout, pool share or adjustment after the lock: held, released, exported, paid, disputed."""

    id = models.BigAutoField(primary_key=True)
    payout = models.ForeignKey(Payout, models.PROTECT, null=True, related_name="events", db_constraint=False)
    allocation = models.ForeignKey(Allocation, models.PROTECT, null=True, related_name="events")
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, null=True, related_name="events")
    kind = models.CharField(max_length=8, choices=PayoutEventKind)
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Empty: a file."
    )
    reason = models.TextField(blank=True)
    reference = models.CharField(max_length=120, blank=True)

    objects = SeenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="payout_events_have_one_subject",
                condition=Q(payout__isnull=False, allocation=None, adjustment=None)
                | Q(payout=None, allocation__isnull=False, adjustment=None)
                | Q(payout=None, allocation=None, adjustment__isnull=False),
            ),
            models.CheckConstraint(
                name="payout_events_have_an_actor",
                condition=Q(kind=PayoutEventKind.PAID) | Q(by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
