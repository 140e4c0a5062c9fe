"""
What rows have in common: who made them, from when to when they hold, and how a
fact is restated.

A `Record` knows its maker; a `Dated` record holds over a span of days; a `Fact`
is never changed: a restatement is a new row, and the old one keeps the moment
until which it was believed.
"""

from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.contrib.postgres.fields import DateRangeField
from django.db import connection, models
from django.db.models.functions import Now

from kamcomp.ids import uuid7
from kamcomp.spans import Span
from kamcomp.visibility import SeenQuerySet

MONEY_DIGITS = 21
"""Fifteen digits before the point and up to six after it, as files may carry."""


def money_field(**options: Any) -> models.DecimalField:
    """Return a column for an amount: measured facts keep six decimals as given."""
    return models.DecimalField(max_digits=MONEY_DIGITS, decimal_places=6, **options)


def share_field(**options: Any) -> models.DecimalField:
    """Return a column for a share or ratio; 1 is 100 %."""
    return models.DecimalField(max_digits=12, decimal_places=8, **options)


def currency_field(**options: Any) -> models.CharField:
    """Return a column for an ISO 4217 code."""
    return models.CharField(max_length=3, **options)


class Record(models.Model):
    """A row with an id of ours, its maker and its moment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = SeenQuerySet.as_manager()

    class Meta:
        abstract = True


class Dated(Record):
    """A record that holds over `valid`, half-open days."""

    valid = DateRangeField()

    class Meta:
        abstract = True

    @property
    def span(self) -> Span:
        """Return `valid` as a span of the domain."""
        return Span(self.valid.lower, self.valid.upper)


def recording_moment() -> datetime:
    """
    Return the instant that facts written from here on carry, by PostgreSQL's clock.

    One clock tells when a fact was recorded, until when another was believed, and what a run knows: with
    a clock of each machine, a fact and its restatement could both be believed for a while, or neither.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    return cast(datetime, moment)


class FactQuerySet(SeenQuerySet):
    """Facts as believed now, or as believed at an instant."""

    def current(self) -> "FactQuerySet":
        """Return the facts that no restatement has replaced."""
        return self.filter(superseded_at=None)

    def known_at(self, instant: object) -> "FactQuerySet":
        """Return the facts that were believed at `instant`."""
        return self.filter(recorded_at__lte=instant).filter(
            models.Q(superseded_at=None) | models.Q(superseded_at__gt=instant)
        )


class Fact(models.Model):
    """A measured fact: written once, restated by a newer row, never edited."""

    id = models.BigAutoField(primary_key=True)
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    superseded_at = models.DateTimeField(null=True, editable=False)
    batch = models.ForeignKey("imports.ImportBatch", models.PROTECT, null=True, related_name="+")

    objects = FactQuerySet.as_manager()

    class Meta:
        abstract = True
