"""
A worker's part: take the next delivery that is due, send it, keep what came of it.

That a try begins is committed before anything is sent, with a moment after which it counts as broken off: a worker
that dies is followed by another, so an endpoint may be told twice, and knows by the id. No transaction is open while
the other side is waited for. An endpoint that failed is left alone for a while, so that it keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.utils import timezone

from kamcomp.audit.context import acting
from kamcomp.webhooks.choices import DeliveryStatus, EndpointStatus
from kamcomp.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from kamcomp.webhooks.reach import Outcome, post
from kamcomp.webhooks.selectors import secrets_in_force
from kamcomp.webhooks.signing import body_of, headers_of

SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
)
"""How long after each failed try the next one follows; after the last a delivery is given up."""
DISABLED_AFTER = timedelta(days=5)
BROKEN_OFF_AFTER = timedelta(minutes=5)
PAUSE = timedelta(minutes=1)
"""How long the rest of what waits for an endpoint is left alone after a try failed: a dead one holds up no worker."""
AT_ONCE = 50
GONE = 410
log = structlog.get_logger(__name__)


def deliveries_send(*, clock: Callable[[], datetime] = timezone.now) -> int:
    """Send what is due, each once at most; return how many the other side has taken."""
    _ended_given_up()
    sent, failed = 0, set[UUID]()
    for _turn in range(AT_ONCE):
        delivery = _begun(at=clock(), apart=failed)
        if delivery is None:
            break
        outcome = _tried(delivery, at=clock())
        _ended(delivery, outcome, at=clock())
        if outcome.delivered:
            sent += 1
        else:
            failed.add(delivery.endpoint_id)
    return sent


def _ended_given_up() -> None:
    """Give up what was written for an endpoint in the moment in which somebody ended it."""
    left = WebhookDelivery.objects.filter(
        status=DeliveryStatus.WAITING, endpoint__status=EndpointStatus.ENDED
    )
    if left.exists():
        with acting(action="webhook_deliver"):
            left.update(status=DeliveryStatus.FAILED)


def _begun(*, at: datetime, apart: Collection[UUID]) -> WebhookDelivery | None:
    """Return the delivery that is due longest, begun by this call alone."""
    with acting(action="webhook_deliver"):
        rows = WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        due = rows.select_related("endpoint", "event").filter(
            status=DeliveryStatus.WAITING, due_at__lte=at, endpoint__status=EndpointStatus.ACTIVE
        )
        delivery = due.exclude(endpoint_id__in=apart).order_by("due_at", "pk").first()
        if delivery is not None:
            delivery.tries, delivery.due_at = delivery.tries + 1, at + BROKEN_OFF_AFTER
            delivery.save(update_fields=["tries", "due_at"])
    return delivery


def _tried(delivery: WebhookDelivery, *, at: datetime) -> Outcome:
    body = body_of(event=delivery.event)
    secrets = secrets_in_force(endpoint=delivery.endpoint, at=at)
    headers = headers_of(event=delivery.event, body=body, secrets_in_force=secrets, at=at)
    return post(url=delivery.endpoint.url, headers=headers, body=body)


def _ended(delivery: WebhookDelivery, outcome: Outcome, *, at: datetime) -> None:
    with acting(action="webhook_deliver"):
        _endpoint_judged(
            delivery.endpoint_id, outcome, at=at
        )  # first, as whoever ends an endpoint takes it first
        WebhookAttempt.objects.create(
            delivery=delivery,
            at=at,
            status_code=outcome.status_code,
            answer=outcome.answer,
            error=outcome.error,
            milliseconds=outcome.milliseconds,
        )
        mine = WebhookDelivery.objects.filter(
            pk=delivery.pk, status=DeliveryStatus.WAITING, tries=delivery.tries
        )
        if outcome.delivered:
            mine.update(status=DeliveryStatus.DELIVERED, delivered_at=at)
        elif delivery.tries > len(SCHEDULE):
            mine.update(status=DeliveryStatus.FAILED)
        else:
            mine.update(due_at=at + SCHEDULE[delivery.tries - 1])
        if not outcome.delivered:
            _rest_paused(delivery, at=at)


def _rest_paused(delivery: WebhookDelivery, *, at: datetime) -> None:
    rest = WebhookDelivery.objects.filter(
        endpoint_id=delivery.endpoint_id, status=DeliveryStatus.WAITING, due_at__lt=at + PAUSE
    )
    rest.exclude(pk=delivery.pk).update(due_at=at + PAUSE)


def _endpoint_judged(endpoint_id: UUID, outcome: Outcome, *, at: datetime) -> None:
    """Note since when an endpoint fails, and disable one that is gone or has failed for days."""
    active = WebhookEndpoint.objects.filter(pk=endpoint_id, status=EndpointStatus.ACTIVE)
    if outcome.delivered:
        active.filter(failing_since__isnull=False).update(failing_since=None)
        return
    active.filter(failing_since=None).update(failing_since=at)
    too_long = (
        active if outcome.status_code == GONE else active.filter(failing_since__lte=at - DISABLED_AFTER)
    )
    if too_long.update(status=EndpointStatus.DISABLED, stopped_at=at):
        log.warning("webhook disabled", endpoint=str(endpoint_id), status=outcome.status_code)
