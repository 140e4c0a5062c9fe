"""
What happened, written by the act itself: the event and one delivery for each endpoint that listens.

All of it belongs to the transaction of the act: what is rolled back was never told, and what is committed is told,
whatever becomes of the broker or the worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from celery import current_app
from django.db import transaction

from kamcomp.webhooks.choices import EndpointStatus, EventType
from kamcomp.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent

DELIVER_TASK = "webhooks.deliver"
log = structlog.get_logger(__name__)


def event_put(*, kind: EventType, key: str, data: Mapping[str, Any], at: datetime) -> None:
    """
    Write that something happened, in the transaction that is open; a key that was written before is not again.

    `data` has public ids and codes: no name of a person and no amount, for whoever reads the log of another system.
    An endpoint that is disabled has its deliveries wait until it is resumed.
    """
    event, made = WebhookEvent.objects.get_or_create(
        key=f"{kind}:{key}", defaults={"type": kind, "at": at, "data": dict(data)}
    )
    if not made:
        return
    listening = WebhookEndpoint.objects.filter(events__contains=[kind]).exclude(status=EndpointStatus.ENDED)
    rows = [WebhookDelivery(endpoint=endpoint, event=event) for endpoint in listening]
    if rows:
        WebhookDelivery.objects.bulk_create(rows)
        deliveries_ring()


def deliveries_ring() -> None:
    """Ring for a worker once what is written is committed; once a transaction."""
    if not any(waiting[1] is _ring for waiting in transaction.get_connection().run_on_commit):
        transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    """Say that something waits; a broker that is away costs seconds only, as the clock looks too."""
    try:
        current_app.send_task(DELIVER_TASK, expires=60, retry=False, ignore_result=True)
    except Exception as error:  # whatever the broker's library raises: the clock asks within seconds
        log.warning("no bell could be rung for webhooks", error=type(error).__name__)
