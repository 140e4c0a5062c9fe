"""
Webhooks: who is told, what happened, and what became of telling it.

An event is written in the transaction of the act it tells of, and one delivery of it for each endpoint that listens;
a message to a worker is only a doorbell. An event names things by their public ids: never a person's name or an
amount. Rules: docs/how-to/use-the-api.md, "Be told"; docs/adr/0019-webhooks-from-an-outbox.md.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from kamcomp.ids import uuid7
from kamcomp.records import Record
from kamcomp.visibility import SeenQuerySet
from kamcomp.webhooks.choices import DeliveryStatus, EndpointStatus, EventType

LONGEST_URL = 500
LONGEST_ANSWER = 500


class WebhookEndpoint(Record):
    """An address that is told of some kinds of events."""

    name = models.CharField(max_length=80, help_text="What it is for.")
    url = models.CharField(max_length=LONGEST_URL)
    events = ArrayField(models.CharField(max_length=24, choices=EventType))
    status = models.CharField(max_length=8, choices=EndpointStatus, default=EndpointStatus.ACTIVE)
    failing_since = models.DateTimeField(null=True, help_text="Since when every delivery has failed.")
    stopped_at = models.DateTimeField(null=True, help_text="When it was disabled or ended.")

    class Meta:
        constraints = [
            models.CheckConstraint(name="webhook_endpoints_hear_something", condition=Q(events__len__gt=0)),
            models.CheckConstraint(
                name="webhook_endpoints_stopped_have_a_moment",
                condition=Q(status=EndpointStatus.ACTIVE, stopped_at=None)
                | (~Q(status=EndpointStatus.ACTIVE) & Q(stopped_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookSecret(Record):
    """
    What a secret of an endpoint is derived from, together with the installation's own key; it is nowhere kept itself.

    One is in use. The one before it signs too, until `until`, so that the other side has time to change over.
    """

    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, related_name="secrets")
    salt = models.CharField(max_length=64, help_text="256 random bits.")
    made_at = models.DateTimeField()
    until = models.DateTimeField(null=True, help_text="Until when it signs; null: in use.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="webhook_secrets_one_in_use", fields=["endpoint"], condition=Q(until=None)
            ),
            models.CheckConstraint(
                name="webhook_secrets_end_after_they_begin",
                condition=Q(until=None) | Q(until__gte=F("made_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint}, {self.made_at:%Y-%m-%d}"


class WebhookEvent(models.Model):
    """Something that happened; `key` makes it one, however often its act is tried."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    type = models.CharField(max_length=24, choices=EventType)
    key = models.CharField(max_length=120)
    at = models.DateTimeField()
    data = models.JSONField(help_text="Public ids and codes; no name of a person, no amount.")

    objects = SeenQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(name="webhook_events_happen_once", fields=["key"])]
        indexes = [models.Index(name="webhook_events_by_moment", fields=["at"])]

    def __str__(self) -> str:
        return f"{self.type} {self.at:%Y-%m-%d %H:%M}"


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(WebhookEvent, models.PROTECT, related_name="deliveries")
    status = models.CharField(max_length=9, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Since it was last asked for.")
    due_at = models.DateTimeField(db_default=Now(), help_text="Not tried before.")
    delivered_at = models.DateTimeField(null=True)

    objects = SeenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="webhook_deliveries_one_each", fields=["endpoint", "event"]),
            models.CheckConstraint(
                name="webhook_deliveries_made_have_a_moment",
                condition=~Q(status=DeliveryStatus.DELIVERED) | Q(delivered_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="webhook_deliveries_due", fields=["due_at"], condition=Q(status="waiting"))
        ]

    def __str__(self) -> str:
        return f"{self.event}: {self.get_status_display()}"


class WebhookAttempt(models.Model):
    """One try of a delivery, and what the other side answered. Only added to."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(WebhookDelivery, models.PROTECT, related_name="attempts")
    at = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True, help_text="null: there was no answer.")
    answer = models.CharField(max_length=LONGEST_ANSWER, blank=True, help_text="How the answer began.")
    error = models.CharField(max_length=300, blank=True, help_text="Why there was no answer.")
    milliseconds = models.PositiveIntegerField()

    objects = SeenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}: {self.status_code or self.error}"
