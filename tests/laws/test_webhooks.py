"""The laws of webhooks: one secret in use, one event an act, one delivery an endpoint."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from kamcomp.audit.models import AuditEvent
from kamcomp.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSecret,
)
from tests.laws.breaking import refused

pytestmark = pytest.mark.django_db


def endpoint(**said):
    given = {"name": "Payroll", "url": "https://example.com/", "events": ["run.completed"]}
    return WebhookEndpoint.objects.create(**given | said)


def event(key="a"):
    return WebhookEvent.objects.create(type="run.completed", key=key, at=timezone.now(), data={})


class TestEndpoint:
    def test_hears_something(self):
        with refused("webhook_endpoints_hear_something"):
            endpoint(events=[])

    @pytest.mark.parametrize("said", [{"status": "ended"}, {"stopped_at": timezone.now()}])
    def test_says_when_it_was_stopped(self, said):
        with refused("webhook_endpoints_stopped_have_a_moment"):
            endpoint(**said)


class TestSecret:
    def test_is_one_in_use(self):
        mine = endpoint()
        WebhookSecret.objects.create(endpoint=mine, salt="a", made_at=timezone.now())

        with refused("webhook_secrets_one_in_use"):
            WebhookSecret.objects.create(endpoint=mine, salt="b", made_at=timezone.now())

    def test_does_not_end_before_it_begins(self):
        now = timezone.now()

        with refused("webhook_secrets_end_after_they_begin"):
            WebhookSecret.objects.create(
                endpoint=endpoint(), salt="a", made_at=now, until=now - timedelta(seconds=1)
            )

    def test_leaves_no_salt_in_the_trail(self):
        WebhookSecret.objects.create(endpoint=endpoint(), salt="a", made_at=timezone.now())

        (entry,) = AuditEvent.objects.filter(subject_table="webhooks_webhooksecret")
        assert entry.after["salt"] == "withheld"


class TestEvent:
    def test_happens_once(self):
        event()

        with refused("webhook_events_happen_once"):
            event()

    def test_is_only_added_to_and_so_is_a_try(self):
        delivery = WebhookDelivery.objects.create(endpoint=endpoint(), event=event())
        WebhookAttempt.objects.create(delivery=delivery, at=timezone.now(), milliseconds=1)

        for rows in (WebhookEvent.objects, WebhookAttempt.objects):
            for change in (
                lambda rows: rows.update(at=timezone.now()),
                lambda rows: rows.all()._raw_delete("default"),
            ):
                with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                    change(rows)


class TestDelivery:
    def test_is_one_of_each(self):
        mine, happened = endpoint(), event()
        WebhookDelivery.objects.create(endpoint=mine, event=happened)

        with refused("webhook_deliveries_one_each"):
            WebhookDelivery.objects.create(endpoint=mine, event=happened)

    def test_that_was_made_says_when(self):
        with refused("webhook_deliveries_made_have_a_moment"):
            WebhookDelivery.objects.create(endpoint=endpoint(), event=event(), status="delivered")
