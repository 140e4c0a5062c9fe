"""Settings of the company that rules read: limits, windows, methods. Changed by date, never overwritten."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models

from kamcomp.records import Dated


class PolicySetting(Dated):
    """The value of a named setting over a span of days."""

    key = models.CharField(max_length=80)
    value = models.JSONField()
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="policy_settings_one_value_a_day",
                expressions=[("key", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self) -> str:
        return self.key
