"""Resources of webhooks: endpoints, what happened, and what became of each delivery."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from rest_framework import serializers

from kamcomp.api import filters as by
from kamcomp.api.acts import Act, Asked, Done, Part
from kamcomp.api.fields import Field, choice, document, moment, moment_text, ref, text, texts, whole
from kamcomp.api.problems import answered_with
from kamcomp.api.resources import Resource, register
from kamcomp.api.sent import StrictSerializer
from kamcomp.webhooks.choices import DeliveryStatus, EndpointStatus, EventType
from kamcomp.webhooks.models import LONGEST_URL, WebhookDelivery, WebhookEndpoint, WebhookEvent
from kamcomp.webhooks.services import (
    MOST_OVERLAP_HOURS,
    OVERLAP_HOURS,
    DeliveryUnderWay,
    EndpointActive,
    EndpointEnded,
    webhook_delivery_replay,
    webhook_endpoint_change,
    webhook_endpoint_end,
    webhook_endpoint_make,
    webhook_endpoint_resume,
    webhook_secret_rotate,
)

answered_with(HTTPStatus.CONFLICT, EndpointEnded, EndpointActive, DeliveryUnderWay)
EXAMPLE = {
    "name": "Payroll",
    "url": "https://payroll.example.com/kamcomp",
    "events": ["run.completed", "payout.approved"],
}


class EndpointSerializer(StrictSerializer):
    """An endpoint to be: what it is for, where it is, what it hears."""

    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=LONGEST_URL, help_text="https://example.com/path")
    events = serializers.ListField(child=serializers.ChoiceField(choices=EventType.choices), min_length=1)


class RotateSerializer(StrictSerializer):
    """How long the secret before signs too."""

    hours = serializers.IntegerField(default=OVERLAP_HOURS, min_value=0, max_value=MOST_OVERLAP_HOURS)


class AttemptSerializer(serializers.Serializer):
    """One try of a delivery."""

    at = serializers.DateTimeField()
    status_code = serializers.IntegerField(allow_null=True, help_text="null: there was no answer.")
    answer = serializers.CharField(allow_blank=True, help_text="How the answer began.")
    error = serializers.CharField(allow_blank=True)
    milliseconds = serializers.IntegerField()


class DeliveryTriesSerializer(serializers.Serializer):
    """Every try of a delivery, the first one first."""

    attempts = AttemptSerializer(many=True)


def _made(asked: Asked) -> Done:
    endpoint, secret = webhook_endpoint_make(**asked.typed, by=asked.user, at=asked.at)
    return Done(pk=endpoint.pk, status=HTTPStatus.CREATED, once={"secret": secret})


def _changed(asked: Asked) -> Done:
    endpoint = webhook_endpoint_change(endpoint_id=asked.row.pk, **asked.typed, by=asked.user, at=asked.at)
    return Done(pk=endpoint.pk)


def _rotated(asked: Asked) -> Done:
    endpoint, secret = webhook_secret_rotate(
        endpoint_id=asked.row.pk, hours=asked.typed["hours"], by=asked.user, at=asked.at
    )
    return Done(pk=endpoint.pk, once={"secret": secret})


def _resumed(asked: Asked) -> Done:
    return Done(pk=webhook_endpoint_resume(endpoint_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _ended(asked: Asked) -> Done:
    return Done(pk=webhook_endpoint_end(endpoint_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _replayed(asked: Asked) -> Done:
    return Done(pk=webhook_delivery_replay(delivery_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _attempts(asked: Asked) -> dict[str, Any]:
    rows = asked.row.attempts.order_by("pk")
    return {
        "attempts": [
            {
                "at": moment_text(each.at),
                "status_code": each.status_code,
                "answer": each.answer,
                "error": each.error,
                "milliseconds": each.milliseconds,
            }
            for each in rows
        ]
    }


SECRET = Field(
    name="secret",
    sources=("pk",),
    shown=lambda _pk: None,
    documented=lambda _null: serializers.CharField(
        allow_null=True, help_text="whsec_...: in the answer that made it, and null in every other."
    ),
)
ENDPOINTS = Resource(
    name="webhooks",
    noun="webhook",
    prefix="whk",
    model=WebhookEndpoint,
    about="Addresses of other systems that are told of what happens.",
    fields=(
        ref("id", "whk", "pk"),
        text("name"),
        text("url"),
        texts("events"),
        choice("status", EndpointStatus),
        moment("failing_since", about="Since when every delivery has failed."),
        moment("stopped_at", about="When it was disabled or ended."),
        moment("created_at"),
        SECRET,
    ),
    filters=(by.by_choice("status", EndpointStatus),),
    orders={"created_at": "created_at"},
    changed="audit",
    acts=(
        Act(
            noun="webhook_endpoint_make",
            about="Make an endpoint. Its secret is in this answer alone.",
            perform=_made,
            body=EndpointSerializer,
            statuses=(201,),
            example=EXAMPLE,
        ),
        Act(
            noun="webhook_endpoint_change",
            about="Change an endpoint: its name, its address, what it hears. All three are sent.",
            perform=_changed,
            on_row=True,
            matched=True,
            method="put",
            body=EndpointSerializer,
            example=EXAMPLE,
        ),
        Act(
            noun="webhook_secret_rotate",
            name="rotate",
            about="Give it a new secret, in this answer alone. The one before signs too for so many hours.",
            perform=_rotated,
            on_row=True,
            body=RotateSerializer,
            example={"hours": 24},
        ),
        Act(
            noun="webhook_endpoint_resume",
            name="resume",
            about="Let an endpoint that was disabled be told again, beginning with what waited.",
            perform=_resumed,
            on_row=True,
        ),
        Act(
            noun="webhook_endpoint_end",
            name="end",
            about="End an endpoint for good. Its log stays.",
            perform=_ended,
            on_row=True,
        ),
    ),
)
EVENTS = Resource(
    name="webhook-events",
    noun="webhook_event",
    prefix="msg",
    scope="webhooks",
    model=WebhookEvent,
    about="What happened, whoever listens: to catch up by asking. Ids and codes; what they stand for is asked there.",
    fields=(
        ref("id", "msg", "pk", about="The webhook-id of its deliveries."),
        choice("type", EventType),
        moment("at"),
        document("data"),
    ),
    filters=(by.by_choice("type", EventType),),
    orders={"at": "at"},
    changed="at",
)
DELIVERIES = Resource(
    name="webhook-deliveries",
    noun="webhook_delivery",
    prefix="wdl",
    scope="webhooks",
    model=WebhookDelivery,
    about="Events on their way to endpoints, and what became of each.",
    fields=(
        ref("id", "wdl", "pk"),
        ref("webhook_id", "whk", "endpoint_id"),
        ref("event_id", "msg"),
        choice("type", EventType, "event__type"),
        choice("status", DeliveryStatus),
        whole("tries", about="Since it was last asked for."),
        moment("due_at", about="While it waits: not tried before."),
        moment("delivered_at"),
    ),
    filters=(
        by.by_id("webhook", "whk", "endpoint_id"),
        by.by_id("event", "msg", "event_id"),
        by.by_choice("status", DeliveryStatus),
    ),
    orders={"due_at": "due_at"},
    acts=(
        Act(
            noun="webhook_delivery_replay",
            name="replay",
            about="Send a delivery once more, with the same id, from the beginning of its schedule.",
            perform=_replayed,
            on_row=True,
        ),
    ),
    parts=(
        Part(
            name="attempts",
            noun="webhook_attempts",
            about="Each try of a delivery, and what was answered.",
            shown=_attempts,
            body=DeliveryTriesSerializer,
        ),
    ),
)

register(ENDPOINTS, EVENTS, DELIVERIES)
