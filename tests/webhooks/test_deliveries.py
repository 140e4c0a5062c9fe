"""What happened reaches who listens: signed, again until it is taken, and in the end right."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from kamcomp.audit.models import AuditEvent
from kamcomp.webhooks.choices import DeliveryStatus, EndpointStatus, EventType
from kamcomp.webhooks.deliveries import SCHEDULE, deliveries_send
from kamcomp.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from kamcomp.webhooks.outbox import event_put
from kamcomp.webhooks.services import (
    DeliveryUnderWay,
    EndpointActive,
    EndpointEnded,
    EndpointHearsNothing,
    OverlapUnsound,
    webhook_delivery_replay,
    webhook_endpoint_change,
    webhook_endpoint_end,
    webhook_endpoint_make,
    webhook_endpoint_resume,
    webhook_secret_rotate,
)

pytestmark = pytest.mark.django_db


def happen(version=1, pool="pool_a"):
    event_put(
        kind=EventType.ALLOCATION_SUBMITTED,
        key=f"{pool}:{version}",
        data={"pool_id": pool, "version": version},
        at=timezone.now(),
    )


def send(at: datetime | None = None) -> int:
    return deliveries_send(clock=lambda: at or timezone.now())


def send_later(after: timedelta) -> datetime:
    at = timezone.now() + after
    send(at)
    return at


class TestEvent:
    def test_is_there_only_if_its_act_is(self, made):
        class Broken(Exception):
            pass

        with pytest.raises(Broken), transaction.atomic():
            happen()
            raise Broken

        assert not WebhookEvent.objects.exists()
        assert not WebhookDelivery.objects.exists()

    def test_is_told_once_however_often_its_act_is_tried(self, made, server):
        happen()
        happen()

        assert send() == 1
        assert send() == 0
        assert len(server.got) == 1

    def test_goes_to_those_who_listen(self, made, server, maren):
        webhook_endpoint_make(
            name="Runs", url=server.url, events=["run.completed"], by=maren, at=timezone.now()
        )
        happen()

        assert [each.endpoint for each in WebhookDelivery.objects.all()] == [made[0]]


class TestDelivery:
    def test_written_while_its_endpoint_was_ended_is_given_up(self, made, server, maren):
        happen()
        webhook_endpoint_end(endpoint_id=made[0].pk, by=maren, at=timezone.now())
        late = WebhookEvent.objects.create(key="late", type="run.completed", data={}, at=timezone.now())
        WebhookDelivery.objects.create(endpoint=made[0], event=late)

        assert send() == 0
        assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {DeliveryStatus.FAILED}

    def test_is_signed_as_standard_webhooks_says(self, made, server):
        happen()

        send()

        ((headers, body),) = server.got
        said = Webhook(made[1]).verify(body, headers)
        assert said["type"] == "allocation.submitted"
        assert said["data"] == {"pool_id": "pool_a", "version": 1}
        assert headers["webhook-id"].startswith("msg_")
        with pytest.raises(WebhookVerificationError):
            Webhook(made[1]).verify(body.replace(b"pool_a", b"pool_b"), headers)

    def test_is_tried_again_on_the_schedule_and_then_given_up(self, made, server):
        server.status = 500
        happen()
        at = timezone.now()

        send(at)
        for wait in SCHEDULE:
            send(at + wait - timedelta(milliseconds=1))
            at += wait
            send(at)

        assert [each.seconds + 86400 * each.days for each in SCHEDULE] == [
            5,
            300,
            1800,
            7200,
            18000,
            36000,
            36000,
        ]
        assert len(server.got) == WebhookAttempt.objects.count() == 8
        assert len({headers["webhook-id"] for headers, _body in server.got}) == 1
        assert WebhookDelivery.objects.get().status == DeliveryStatus.FAILED
        assert send(at + timedelta(days=30)) == 0

    def test_is_followed_up_when_its_worker_died(self, made, server, monkeypatch):
        happen()

        class Died(BaseException):
            pass

        def die(**_said):
            raise Died

        with monkeypatch.context() as broken:
            broken.setattr("kamcomp.webhooks.deliveries.post", die)
            with pytest.raises(Died):
                send()
        assert send() == 0
        send_later(timedelta(minutes=6))

        assert len(server.got) == 1
        assert WebhookDelivery.objects.get().status == DeliveryStatus.DELIVERED

    def test_keeps_nobody_waiting_for_one_that_fails(self, made, server, maren):
        gone = f"http://127.0.0.1:{_free_port()}/"
        webhook_endpoint_change(
            endpoint_id=made[0].pk, name="a", url=gone, events=made[0].events, by=maren, at=timezone.now()
        )
        webhook_endpoint_make(name="b", url=server.url, events=made[0].events, by=maren, at=timezone.now())
        for version in range(3):
            happen(version)

        assert send() == 3
        assert WebhookAttempt.objects.filter(delivery__endpoint=made[0]).count() == 1
        assert "ConnectionRefusedError" in WebhookAttempt.objects.get(delivery__endpoint=made[0]).error

    def test_is_left_alone_for_a_minute_where_another_one_failed(self, made, server):
        server.status = 500
        for version in range(3):
            happen(version)
        at = send_later(timedelta(seconds=1))

        for seconds, tried in ((59, 1), (118, 1), (120, 2)):
            send(at + timedelta(seconds=seconds))
            assert WebhookAttempt.objects.values("delivery").distinct().count() == tried

    def test_is_sent_once_more_with_the_same_id(self, made, server, maren):
        happen()
        delivery = WebhookDelivery.objects.get()
        with pytest.raises(DeliveryUnderWay, match="waiting"):
            webhook_delivery_replay(delivery_id=delivery.pk, by=maren, at=timezone.now())
        send()

        webhook_delivery_replay(delivery_id=delivery.pk, by=maren, at=timezone.now())
        send()

        first, second = (headers["webhook-id"] for headers, _body in server.got)
        assert first == second
        assert AuditEvent.objects.filter(action="webhook_delivery_replay", user_id=maren.pk).exists()


class TestEndpoint:
    def test_is_disabled_after_five_days_of_failure_and_resumed_with_what_waited(self, made, server, maren):
        server.status = 500
        happen()
        send()
        happen(2)
        send_later(timedelta(days=4, hours=23))
        assert WebhookEndpoint.objects.get().status == EndpointStatus.ACTIVE

        at = send_later(timedelta(days=5, minutes=1))
        disabled, tries = WebhookEndpoint.objects.get(), len(server.got)
        happen(3)
        send(at + timedelta(days=1))
        assert (disabled.status, len(server.got)) == (EndpointStatus.DISABLED, tries)

        server.status = 204
        webhook_endpoint_resume(endpoint_id=disabled.pk, by=maren, at=timezone.now())
        assert send() == 3
        assert WebhookEndpoint.objects.get().failing_since is None
        with pytest.raises(EndpointActive, match="nothing to resume"):
            webhook_endpoint_resume(endpoint_id=disabled.pk, by=maren, at=timezone.now())

    def test_is_well_again_with_the_first_delivery_taken(self, made, server):
        server.status = 500
        happen()
        send()
        server.status = 200
        send_later(timedelta(days=4))
        server.status = 500
        happen(2)
        send_later(timedelta(days=6))

        assert WebhookEndpoint.objects.get().status == EndpointStatus.ACTIVE

    def test_that_says_it_is_gone_is_disabled_at_once(self, made, server):
        server.status = 410
        happen()

        send()

        assert WebhookEndpoint.objects.get().status == EndpointStatus.DISABLED

    def test_is_ended_for_good(self, made, server, maren):
        happen()
        webhook_endpoint_end(endpoint_id=made[0].pk, by=maren, at=timezone.now())
        happen(2)

        assert send() == 0
        assert server.got == []
        for act in (webhook_endpoint_end, webhook_endpoint_resume, webhook_secret_rotate):
            with pytest.raises(EndpointEnded, match="make another one"):
                act(endpoint_id=made[0].pk, by=maren, at=timezone.now())
        with pytest.raises(EndpointEnded):
            webhook_delivery_replay(delivery_id=WebhookDelivery.objects.get().pk, by=maren, at=timezone.now())

    @pytest.mark.parametrize("said", [{"name": " "}, {"events": []}, {"events": ["run.completed", "a"]}])
    def test_hears_something_there_is(self, server, maren, said):
        given = {"name": "a", "url": server.url, "events": ["run.completed"]} | said

        with pytest.raises(EndpointHearsNothing, match=r"run\.completed"):
            webhook_endpoint_make(**given, by=maren, at=timezone.now())


class TestSecret:
    def test_signs_beside_the_new_one_until_its_end(self, made, server, maren):
        endpoint, old = made
        _endpoint, new = webhook_secret_rotate(
            endpoint_id=endpoint.pk, hours=24, by=maren, at=timezone.now() - timedelta(hours=23)
        )
        happen()
        send()
        ((headers, body),) = server.got
        assert len(headers["webhook-signature"].split()) == 2
        for secret in (old, new):
            Webhook(secret).verify(body, headers)

        _endpoint, newest = webhook_secret_rotate(
            endpoint_id=endpoint.pk, hours=0, by=maren, at=timezone.now()
        )
        happen(2)
        send()
        headers, body = server.got[1]
        Webhook(newest).verify(body, headers)
        for secret in (old, new):
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body, headers)

    def test_does_not_sign_beside_it_for_more_than_a_week(self, made, maren):
        for hours in (-1, 169):
            with pytest.raises(OverlapUnsound, match="168"):
                webhook_secret_rotate(endpoint_id=made[0].pk, hours=hours, by=maren, at=timezone.now())

    def test_stands_in_no_table(self, made):
        from django.core.serializers import serialize

        from kamcomp.webhooks.models import WebhookSecret

        kept = serialize("json", [*WebhookSecret.objects.all(), *WebhookEndpoint.objects.all()])
        assert made[1].removeprefix("whsec_") not in kept


class TestSubscriber:
    """A process that loses, delays and repeats, while the secret changes under it."""

    @pytest.fixture
    def process(self, tmp_path):
        secret = tmp_path / "secret"
        command = [sys.executable, str(Path(__file__).with_name("subscriber.py")), str(secret), "7"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            port = running.stdout.readline().strip()
            yield f"http://127.0.0.1:{port}/", secret
            running.kill()

    def test_ends_with_the_right_state(self, process, settings, maren):
        settings.WEBHOOKS_INTERNAL = ["127.0.0.1/32"]
        url, kept = process
        endpoint, secret = webhook_endpoint_make(
            name="Badly behaved", url=url, events=["allocation.submitted"], by=maren, at=timezone.now()
        )
        kept.write_text(secret, encoding="utf-8")
        truth = {}
        for pool in ("pool_a", "pool_b", "pool_c", "pool_d"):
            for version in range(1, 8):
                happen(version, pool)
                truth[pool] = version

        for turn in range(200):
            if turn == 4:
                _endpoint, secret = webhook_secret_rotate(
                    endpoint_id=endpoint.pk, by=maren, at=timezone.now()
                )
            if turn == 8:
                kept.write_text(secret, encoding="utf-8")
            waiting = WebhookDelivery.objects.filter(status=DeliveryStatus.WAITING)
            if not waiting.update(due_at=timezone.now(), tries=0):
                break
            send()
        with urlopen(url, timeout=10) as answer:
            said = json.loads(answer.read())

        assert said["known"] == truth
        assert said["seen"] == 28
        assert all(said["counts"][way] for way in ("lose", "hang up", "late", "repeated"))
        assert "unverified" not in said["counts"]
        assert turn > 8, "the secret changed while messages were on their way"


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
