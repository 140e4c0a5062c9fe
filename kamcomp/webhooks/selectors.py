"""Reads of webhooks: what signs for an endpoint, and its log."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from kamcomp.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret


def secrets_in_force(*, endpoint: WebhookEndpoint, at: datetime) -> QuerySet[WebhookSecret]:
    """Return the secrets that sign for an endpoint, newest first: one, or two during a rotation."""
    rows = WebhookSecret.objects.filter(Q(until=None) | Q(until__gt=at), endpoint=endpoint)
    return rows.order_by("-made_at", "-pk")


def deliveries_of(*, endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """Return the deliveries to an endpoint, newest first, each with how its last try ended."""
    last = WebhookAttempt.objects.filter(delivery=OuterRef("pk")).order_by("-pk")
    return (
        WebhookDelivery.objects.filter(endpoint=endpoint)
        .select_related("event", "endpoint")
        .annotate(
            last_at=Subquery(last.values("at")[:1]),
            last_code=Subquery(last.values("status_code")[:1]),
            last_error=Subquery(last.values("error")[:1]),
        )
        .order_by("-event__at", "-pk")
    )
