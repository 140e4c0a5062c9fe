"""
Scorecards that are kept: the metrics chosen for a subject in a period, and, once final, their figures.

While a card is open its figures are those believed now; when it is final they stand on its
lines and stay. A card has no weights: those are the plan's.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from kamcomp.calendar.models import Period
from kamcomp.records import Record, currency_field, money_field
from scorecards.choices import ScorecardStatus
from scorecards.models.metrics import ONE_SUBJECT, Metric, quotient_field
from teams.models import AccountNode, Person


class Scorecard(Record):
    """The scorecard of an account, a part of one, or a person in a period."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="scorecards")
    node = models.ForeignKey(AccountNode, models.PROTECT, null=True, related_name="scorecards")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="scorecards")
    status = models.CharField(max_length=5, choices=ScorecardStatus, default=ScorecardStatus.OPEN)
    finalised_at = models.DateTimeField(null=True)
    finalised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="scorecards_have_one_subject", condition=ONE_SUBJECT),
            models.UniqueConstraint(
                name="scorecards_one_a_subject_and_period",
                fields=["period", "node", "person"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="scorecards_final_says_who_and_when",
                condition=Q(
                    status=ScorecardStatus.FINAL, finalised_at__isnull=False, finalised_by__isnull=False
                )
                | Q(status=ScorecardStatus.OPEN, finalised_at=None, finalised_by=None),
            ),
        ]

    @property
    def subject(self) -> Any:
        """Return whose card it is: an account node or a person."""
        return self.node or self.person

    def __str__(self) -> str:
        return f"Scorecard of {self.subject}, {self.period}"


class ScorecardLine(Record):
    """A metric of a card; its figures are written when the card becomes final."""

    scorecard = models.ForeignKey(Scorecard, models.CASCADE, related_name="lines")
    metric = models.ForeignKey(Metric, models.PROTECT, related_name="+")
    target = money_field(null=True)
    actual = quotient_field(null=True)
    attainment = quotient_field(null=True)
    currency = currency_field(blank=True)
    state = models.CharField(max_length=40, blank=True, help_text="of the result, in words")
    because = models.TextField(blank=True, help_text="why there is no figure")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="scorecard_lines_one_a_metric", fields=["scorecard", "metric"])
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} of {self.scorecard_id}"
