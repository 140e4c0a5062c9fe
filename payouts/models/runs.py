"""
Runs and what they compute.

Work lives in chunks: a worker takes one with a lease and an epoch, and writes
payouts, lines, kept inputs and "done" in one transaction; a stale worker's
commit is refused by the epoch. Payouts and lines are only ever inserted.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.ids import uuid7
from kamcomp.records import Record, currency_field, money_field
from kamcomp.said import SaidField, spoken
from kamcomp.visibility import SeenQuerySet
from payouts.choices import ChunkStatus, LineKind, PayElement, ReviewOutcome, RunKind, RunStatus
from plans.models import PlanVersion
from teams.models import Person, StrategicAccount


class Run(Record):
    """One computation of a period's payouts; numbered, kept, and at most one of a period is current."""

    calendar = models.ForeignKey(FiscalCalendar, models.PROTECT, related_name="runs")
    period = models.ForeignKey(Period, models.PROTECT, related_name="runs")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=9, choices=RunKind, default=RunKind.REGULAR)
    status = models.CharField(max_length=11, choices=RunStatus, default=RunStatus.DRAFT)
    is_current = models.BooleanField(default=False)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    engine_format = models.PositiveSmallIntegerField()
    known_at = models.DateTimeField(help_text="Facts recorded up to this instant are read.")
    input_digest = models.CharField(max_length=64, blank=True)
    result_digest = models.CharField(max_length=64, blank=True)
    people = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict, help_text="Amount of this period by currency.")
    based_on = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False,
        help_text="The earlier run whose payouts are taken over where their inputs are the same.",
    )  # fmt: skip
    taken_over = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Payouts taken over unchanged."
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    locked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    locked_at = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often its preparation was begun.")
    lease_until = models.DateTimeField(null=True, help_text="Until when a worker has its preparation.")
    error = models.TextField(blank=True)
    error_said = SaidField(of="error")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="runs_one_number_a_period", fields=["period", "number"]),
            models.UniqueConstraint(
                name="runs_one_current_a_period", fields=["period"], condition=Q(is_current=True)
            ),
            models.CheckConstraint(
                name="runs_starter_neither_reviews_nor_approves",
                condition=(Q(reviewed_by=None) | ~Q(reviewed_by=models.F("started_by")))
                & (Q(approved_by=None) | ~Q(approved_by=models.F("started_by"))),
            ),
            models.CheckConstraint(
                name="runs_approved_by_someone",
                condition=~Q(status__in=[RunStatus.APPROVED, RunStatus.LOCKED])
                | Q(approved_by__isnull=False, reviewed_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period.code} no. {self.number}"

    @property
    def trouble(self) -> str:
        """Return what went wrong with its pieces, for pages to word; empty where nothing did."""
        return spoken(self.error, self.error_said) if self.error else ""


class RunChunk(models.Model):
    """A part of a run: people of one plan version, computed and committed as a whole."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="+")
    assignments = ArrayField(models.UUIDField(), help_text="Assignments of whole payees, in order.")
    status = models.CharField(max_length=7, choices=ChunkStatus, default=ChunkStatus.WAITING)
    lease_until = models.DateTimeField(null=True)
    epoch = models.PositiveIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    people = models.PositiveIntegerField(default=0)
    inputs = models.BinaryField(null=True, help_text="Canonical inputs as used, compressed.")
    input_digest = models.CharField(max_length=64, blank=True)
    result_digest = models.CharField(max_length=64, blank=True)
    input_digests = models.BinaryField(
        null=True, help_text="32 bytes a payee, sorted: the run's digest is made of them."
    )
    result_digests = models.BinaryField(null=True, help_text="32 bytes a payee, sorted.")
    engine_digest = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Of the engine's source that computed it.",
    )
    taken_over = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Payouts taken over unchanged."
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    objects = SeenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="run_chunks_one_number", fields=["run", "number"]),
            models.CheckConstraint(
                name="run_chunks_done_keeps_inputs",
                condition=~Q(status=ChunkStatus.DONE) | Q(inputs__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="run_chunks_to_do",
                fields=["run", "number"],
                condition=Q(status__in=[ChunkStatus.WAITING, ChunkStatus.RUNNING]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.run} chunk {self.number}"


class RunProblem(models.Model):
    """Why one person could not be computed; the others are, and the run cannot be reviewed."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, models.PROTECT, related_name="problems")
    chunk = models.ForeignKey(RunChunk, models.PROTECT, related_name="problems")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=60)
    message = models.TextField()
    said = SaidField(of="message")

    objects = SeenQuerySet.as_manager()

    def __str__(self) -> str:
        return self.message

    @property
    def words(self) -> str:
        """Return the message with its pieces, for pages to word."""
        return spoken(self.message, self.said)


class Payout(models.Model):
    """
    One person, plan and period of a run, settled once.

    `due` is the settled amount to date in plan currency, `posted_before` what has
    been posted so far, `amount` what this period pays (never negative) and
    `carried` the negative rest that a later period takes up.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run = models.ForeignKey(Run, models.PROTECT, related_name="payouts", db_constraint=False, db_index=False)
    chunk = models.ForeignKey(RunChunk, models.PROTECT, related_name="payouts", db_constraint=False)
    period = models.ForeignKey(Period, models.PROTECT, related_name="payouts", db_constraint=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="payouts", db_constraint=False)
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="payouts", db_constraint=False)
    currency = currency_field()
    due = money_field()
    posted_before = money_field(default=0)
    amount = money_field()
    carried = money_field(default=0)
    target_incentive = money_field(default=0)
    input_digest = models.CharField(max_length=64)
    result_digest = models.BinaryField(
        null=True, help_text="32 bytes: of this payout and its lines, without ids."
    )
    closing = models.JSONField(
        default=dict, help_text="Balances for the next period that are not zero, as strings."
    )

    objects = SeenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="payouts_one_a_person_and_plan", fields=["run", "person", "plan_version"]
            ),
            models.CheckConstraint(name="payouts_amount_is_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(name="payouts_carried_is_not_positive", condition=Q(carried__lte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class PayoutLine(models.Model):
    """One line that explains a payout; the lines of a payout sum to its `amount`."""

    pk = models.CompositePrimaryKey("payout_id", "number")
    payout = models.ForeignKey(
        Payout, models.PROTECT, related_name="lines", db_constraint=False, db_index=False
    )
    number = models.PositiveSmallIntegerField()
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=5, choices=LineKind, default=LineKind.LEAF)
    leaf = models.CharField(max_length=60, help_text="Code of the plan's leaf, or of the rule.")
    pay_element = models.CharField(max_length=10, choices=PayElement, default=PayElement.BONUS)
    account = models.ForeignKey(
        StrategicAccount, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    metric = models.CharField(max_length=20, blank=True)
    target = models.DecimalField(max_digits=31, decimal_places=10, null=True)
    actual = models.DecimalField(max_digits=31, decimal_places=10, null=True)
    attainment = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    payout_ratio = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    weight = models.DecimalField(max_digits=12, decimal_places=8, null=True)
    amount = money_field()

    objects = SeenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.leaf}: {self.amount}"


class AccountReview(Record):
    """A KAM's word on the results and payouts of an account in a run."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="account_reviews")
    account = models.ForeignKey(StrategicAccount, models.PROTECT, related_name="reviews")
    kam = models.ForeignKey(Person, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=9, choices=ReviewOutcome)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="account_reviews_one_a_run", fields=["run", "account"]),
            models.CheckConstraint(
                name="account_reviews_objection_has_a_reason",
                condition=Q(outcome=ReviewOutcome.CONFIRMED) | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.get_outcome_display()}"
