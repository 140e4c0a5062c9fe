"""What is measured, what was agreed, what was achieved."""

from datetime import date
from typing import Any

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from kamcomp.calendar.models import Period
from kamcomp.records import Fact, FactQuerySet, Record, currency_field, money_field
from scorecards.choices import (
    Aggregation,
    Direction,
    Level,
    MetricSource,
    MetricStatus,
    ResultStatus,
    TargetStatus,
    Unit,
    Window,
)
from teams.choices import Perspective
from teams.models import AccountNode, Person, Segment

LAST_DAY = Coalesce(F("days__endswith"), Value(date(9999, 12, 31)))
ONE_SUBJECT = Q(node__isnull=False, person=None) | Q(node=None, person__isnull=False)


def quotient_field(**options: Any) -> models.DecimalField:
    """Return a column for a measured value: a quotient keeps all 34 digits it was computed with."""
    return models.DecimalField(max_digits=60, decimal_places=34, **options)


class Metric(Record):
    """A metric of the library; a computed one names a rule of `scorecards.engine`."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    perspective = models.CharField(max_length=10, choices=Perspective)
    unit = models.CharField(max_length=8, choices=Unit)
    direction = models.CharField(max_length=6, choices=Direction, default=Direction.HIGHER)
    level = models.CharField(max_length=8, choices=Level, default=Level.ACCOUNT)
    aggregation = models.CharField(max_length=14, choices=Aggregation, default=Aggregation.SUM)
    source = models.CharField(max_length=8, choices=MetricSource, default=MetricSource.COMPUTED)
    minimum_sample = models.PositiveIntegerField(null=True)
    latency_days = models.PositiveSmallIntegerField(default=5)
    alignment = models.PositiveSmallIntegerField(null=True, help_text="0 to 3")
    controllability = models.PositiveSmallIntegerField(null=True, help_text="0 to 3")
    trackability = models.PositiveSmallIntegerField(null=True, help_text="0 to 3")
    status = models.CharField(max_length=8, choices=MetricStatus, default=MetricStatus.APPROVED)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Target(Record):
    """
    What was agreed for a metric, a subject and a span of days.

    A revised target keeps its history: the old row is superseded, never edited.
    """

    metric = models.ForeignKey(Metric, models.PROTECT, related_name="targets")
    node = models.ForeignKey(AccountNode, models.PROTECT, null=True, related_name="targets", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="targets", db_index=False)
    segment = models.ForeignKey(Segment, models.PROTECT, null=True, related_name="+")
    days = DateRangeField()
    value = money_field()
    currency = currency_field(blank=True)
    status = models.CharField(max_length=8, choices=TargetStatus, default=TargetStatus.ISSUED)
    issued_on = models.DateField(null=True)
    method = models.CharField(max_length=60, blank=True)
    note = models.TextField(blank=True)
    recorded_at = models.DateTimeField(db_default=models.functions.Now(), editable=False)
    superseded_at = models.DateTimeField(null=True, editable=False)
    batch = models.ForeignKey("imports.ImportBatch", models.PROTECT, null=True, related_name="+")

    objects = FactQuerySet.as_manager()  # type: ignore[misc]  # a Record's, and a fact's

    class Meta:
        constraints = [
            models.CheckConstraint(name="targets_have_one_subject", condition=ONE_SUBJECT),
            models.UniqueConstraint(
                name="targets_one_in_force",
                fields=["metric", "node", "person", "segment", "days"],
                condition=Q(superseded_at=None),
                nulls_distinct=False,
            ),
        ]
        # A run reads the targets that end after its windows begin: however many years are kept, those.
        indexes = [
            models.Index("node", LAST_DAY, name="targets_by_node_and_end"),
            models.Index("person", LAST_DAY, name="targets_by_person_and_end"),
        ]

    def __str__(self) -> str:
        return f"{self.metric.code} {self.value}"


WINDOW_WORDS = rf"^({'|'.join(Window.values)}|rolling_[1-9][0-9]?(_or_fewer)?)$"


class Result(Fact):
    """
    What was achieved on a metric by a subject in a window of a period.

    Ratio metrics keep numerator and denominator, so that they add up by sums.
    Missing is a state with a reason, never a zero.
    """

    metric = models.ForeignKey(Metric, models.PROTECT, related_name="results")
    period = models.ForeignKey(Period, models.PROTECT, related_name="results")
    window = models.CharField(
        max_length=20, default=Window.PERIOD, help_text="A Window, or the word of a rolling one: rolling_4."
    )
    node = models.ForeignKey(AccountNode, models.PROTECT, null=True, related_name="results", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="results", db_index=False)
    segment = models.ForeignKey(Segment, models.PROTECT, null=True, related_name="+")
    numerator = quotient_field(null=True)
    denominator = quotient_field(null=True)
    value = quotient_field(null=True)
    currency = currency_field(blank=True)
    sample = models.PositiveIntegerField(null=True)
    status = models.CharField(max_length=12, choices=ResultStatus, default=ResultStatus.PROVISIONAL)
    note = models.TextField(blank=True)
    as_of = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(name="results_by_node_and_period", fields=["node", "period"]),
            models.Index(name="results_by_person_and_period", fields=["person", "period"]),
        ]
        constraints = [
            models.CheckConstraint(name="results_have_one_subject", condition=ONE_SUBJECT),
            models.UniqueConstraint(
                name="results_one_believed",
                fields=["metric", "period", "window", "node", "person", "segment"],
                condition=Q(superseded_at=None),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="results_window_is_known", condition=Q(window__regex=WINDOW_WORDS)),
            models.CheckConstraint(
                name="results_missing_has_no_value",
                condition=Q(status__in=[ResultStatus.MISSING, ResultStatus.INSUFFICIENT], value=None)
                | Q(
                    status__in=[ResultStatus.PROVISIONAL, ResultStatus.FINAL, ResultStatus.RESTATED],
                    value__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.value}"
