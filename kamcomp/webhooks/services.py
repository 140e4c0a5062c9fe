"""
Acts on endpoints: make one, change it, give it a new secret, resume it, end it; and send a delivery once more.

Endpoints are the company's, so compensation admins keep them. An endpoint's secret is told once, when it is made.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from kamcomp.audit.context import act, audit_act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal, Word
from kamcomp.webhooks.choices import DeliveryStatus, EndpointStatus, EventType
from kamcomp.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookSecret
from kamcomp.webhooks.outbox import deliveries_ring
from kamcomp.webhooks.reach import target_of
from kamcomp.webhooks.signing import salt_made, secret_of

KEEPERS = [Role.COMP_ADMIN]
OVERLAP_HOURS, MOST_OVERLAP_HOURS = 24, 168


class EndpointHearsNothing(Refusal):
    """An endpoint says what it is for, and at least one kind of event."""


class EndpointEnded(Refusal):
    """An endpoint that was ended stays so."""


class EndpointActive(Refusal):
    """Only an endpoint that is disabled is resumed."""


class OverlapUnsound(Refusal):
    """The secret before signs for at most a week more."""


class DeliveryUnderWay(Refusal):
    """A delivery that still waits is sent by itself."""


@act
def webhook_endpoint_make(
    *, name: str, url: str, events: Collection[str], by: User, at: datetime
) -> tuple[WebhookEndpoint, str]:
    """
    Make an endpoint and return it with its secret, which nobody can be told again.

    :raises RoleMissing: if `by` is no comp admin.
    :raises EndpointHearsNothing: if it has no name or no kind of event.
    :raises UrlUnusable, HostUnknown, AddressInside: if its address must not, or cannot, be told.
    """
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Making a webhook")
    kinds = _sound(name=name, events=events)
    target_of(url)
    endpoint = WebhookEndpoint.objects.create(name=name.strip(), url=url, events=kinds, created_by=by)
    return endpoint, _secret_put(endpoint, by=by, at=at)


@act
def webhook_endpoint_change(
    *, endpoint_id: UUID, name: str, url: str, events: Collection[str], by: User, at: datetime
) -> WebhookEndpoint:
    """
    Change what an endpoint is called, where it is and what it hears.

    :raises EndpointEnded: if it was ended.
    :raises EndpointHearsNothing, UrlUnusable, HostUnknown, AddressInside: as `webhook_endpoint_make`.
    """
    endpoint = _held(endpoint_id, by=by, at=at, act="Changing a webhook")
    kinds = _sound(name=name, events=events)
    target_of(url)
    endpoint.name, endpoint.url, endpoint.events = name.strip(), url, kinds
    endpoint.save(update_fields=["name", "url", "events"])
    return endpoint


@act
def webhook_secret_rotate(
    *, endpoint_id: UUID, hours: int = OVERLAP_HOURS, by: User, at: datetime
) -> tuple[WebhookEndpoint, str]:
    """
    Give an endpoint a new secret and return it; the one before signs too for so many hours.

    A secret that is older still ends now: at most two sign. Units: 0 `hours` ends the old one at once.

    :raises EndpointEnded: if it was ended.
    :raises OverlapUnsound: if `hours` is below 0 or more than a week.
    """
    endpoint = _held(endpoint_id, by=by, at=at, act="Rotating a secret")
    if not 0 <= hours <= MOST_OVERLAP_HOURS:
        raise OverlapUnsound("The secret before signs for 0 to %(most)s hours more.", most=MOST_OVERLAP_HOURS)
    secrets = WebhookSecret.objects.filter(endpoint=endpoint)
    secrets.filter(until__gt=at).update(until=at)
    secrets.filter(until=None).update(until=at + timedelta(hours=hours))
    return endpoint, _secret_put(endpoint, by=by, at=at)


@act
def webhook_endpoint_resume(*, endpoint_id: UUID, by: User, at: datetime) -> WebhookEndpoint:
    """
    Let a disabled endpoint be told again; what waited for it is sent now.

    :raises EndpointEnded: if it was ended.
    :raises EndpointActive: if it is not disabled.
    """
    endpoint = _held(endpoint_id, by=by, at=at, act="Resuming a webhook")
    if endpoint.status == EndpointStatus.ACTIVE:
        raise EndpointActive("%(endpoint)s is active: there is nothing to resume.", endpoint=endpoint)
    endpoint.status, endpoint.stopped_at, endpoint.failing_since = EndpointStatus.ACTIVE, None, None
    endpoint.save(update_fields=["status", "stopped_at", "failing_since"])
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.WAITING)
    waiting.update(due_at=at, tries=0)
    deliveries_ring()
    return endpoint


@act
def webhook_endpoint_end(*, endpoint_id: UUID, by: User, at: datetime) -> WebhookEndpoint:
    """
    End an endpoint for good: nothing is sent to it any more. Its log stays.

    :raises EndpointEnded: if it was ended before.
    """
    endpoint = _held(endpoint_id, by=by, at=at, act="Ending a webhook")
    endpoint.status, endpoint.stopped_at = EndpointStatus.ENDED, at
    endpoint.save(update_fields=["status", "stopped_at"])
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.WAITING)
    waiting.update(status=DeliveryStatus.FAILED)
    return endpoint


@act
def webhook_delivery_replay(*, delivery_id: UUID, by: User, at: datetime) -> WebhookDelivery:
    """
    Send a delivery once more, from the beginning of its schedule; the other side sees the same id.

    :raises RoleMissing: if `by` is no comp admin.
    :raises EndpointEnded: if its endpoint was ended.
    :raises DeliveryUnderWay: if it waits to be sent anyway.
    """
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Sending a delivery again")
    rows = WebhookDelivery.objects.select_for_update(of=("self",), no_key=True).select_related("endpoint")
    delivery = rows.get(pk=delivery_id)
    _refuse_ended(delivery.endpoint)
    if delivery.status == DeliveryStatus.WAITING:
        raise DeliveryUnderWay(
            "This delivery is %(status)s: it is sent by itself.",
            status=Word(delivery.get_status_display().lower()),
        )
    delivery.status, delivery.tries, delivery.due_at = DeliveryStatus.WAITING, 0, at
    delivery.save(update_fields=["status", "tries", "due_at"])
    audit_act(subject_table=WebhookDelivery._meta.db_table, subject_id=delivery.pk)
    deliveries_ring()
    return delivery


def _held(endpoint_id: UUID, *, by: User, at: datetime, act: str) -> WebhookEndpoint:
    role_check(user=by, roles=KEEPERS, on=at.date(), act=act)
    endpoint = WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint_id)
    _refuse_ended(endpoint)
    return endpoint


def _refuse_ended(endpoint: WebhookEndpoint) -> None:
    if endpoint.status == EndpointStatus.ENDED:
        raise EndpointEnded("%(endpoint)s was ended: make another one.", endpoint=endpoint)


def _sound(*, name: str, events: Collection[str]) -> list[str]:
    kinds = [kind for kind in EventType.values if kind in events]
    if not name.strip() or not kinds or len(kinds) != len(set(events)):
        raise EndpointHearsNothing(
            "Say what the webhook is for and choose at least one kind of event: %(kinds)s.",
            kinds=", ".join(EventType.values),
        )
    return kinds


def _secret_put(endpoint: WebhookEndpoint, *, by: User, at: datetime) -> str:
    salt = salt_made()
    WebhookSecret.objects.create(endpoint=endpoint, salt=salt, made_at=at, created_by=by)
    return secret_of(salt=salt)
