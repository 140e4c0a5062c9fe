"""Webhooks as programs and people keep them: made, shown once, changed, rotated, replayed; by compensation admins."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kamcomp.api.models import KeptAnswer
from kamcomp.api.resources import resource_named
from kamcomp.identity.models import User
from kamcomp.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from payouts.choices import DisputeKind
from payouts.models import PayoutLine
from payouts.selectors.disputes import Subject
from payouts.services.disputes import dispute_open

pytestmark = pytest.mark.django_db
URL = "https://93.184.215.14/kamcomp"
ASKED = {"name": "BI", "url": URL, "events": ["run.completed", "dispute.opened"]}


@pytest.fixture
def browser(made, db):
    def signed_in(name):
        client = Client()
        client.force_login(User.objects.get(username=name))
        return client

    return signed_in


@pytest.fixture
def webhook(made, db):
    return WebhookEndpoint.objects.create(name="Old", url=URL, events=["run.completed"])


def delivered(webhook, key="a", status="failed"):
    event = WebhookEvent.objects.create(
        type="run.completed", key=key, at=timezone.now(), data={"run_id": "run_x"}
    )
    delivery = WebhookDelivery.objects.create(endpoint=webhook, event=event, status=status)
    WebhookAttempt.objects.create(
        delivery=delivery, at=timezone.now(), status_code=503, answer="<b>busy</b>", milliseconds=7
    )
    return delivery


class TestResource:
    def test_tells_a_secret_in_the_answer_that_made_it_alone(self, caller):
        maren = caller("maren")
        answer = maren.post("webhooks", ASKED, idempotency_key="hook")
        made = answer.json()
        again = maren.post("webhooks", ASKED, idempotency_key="hook")

        assert (answer.status_code, made["secret"][:6]) == (201, "whsec_")
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json() == made | {"secret": None} == maren.get(f"webhooks/{made['id']}").json()
        assert made["secret"] not in KeptAnswer.objects.get(key="hook").body
        rotated = maren.post(f"webhooks/{made['id']}:rotate", {"hours": 1}).json()
        assert rotated["secret"].startswith("whsec_")
        assert rotated["secret"] != made["secret"]

    def test_is_changed_ended_and_not_brought_back(self, caller):
        maren = caller("maren")
        name = maren.post("webhooks", ASKED).json()["id"]
        seen = maren.get(f"webhooks/{name}").headers["ETag"]

        unseen = maren.ask("put", f"webhooks/{name}", ASKED | {"name": "BI 3"})
        changed = maren.ask("put", f"webhooks/{name}", ASKED | {"name": "BI 2"}, if_match=seen)
        ended = maren.post(f"webhooks/{name}:end")
        resumed = maren.post(f"webhooks/{name}:resume")

        assert unseen.status_code == 428
        assert changed.json()["name"] == "BI 2"
        assert (ended.status_code, ended.json()["status"]) == (200, "ended")
        assert (resumed.status_code, resumed.json()["code"]) == (409, "endpoint_ended")

    @pytest.mark.parametrize(
        ("said", "status", "code"),
        [
            ({"url": "https://169.254.169.254/latest/meta-data"}, 422, "address_inside"),
            ({"url": "http://93.184.215.14/"}, 422, "url_unusable"),
            ({"events": ["everything"]}, 400, "invalid_choice"),
            ({"secret": "mine"}, 400, "field_unknown"),
        ],
    )
    def test_refuses_what_it_cannot_tell(self, caller, said, status, code):
        answer = caller("maren").post("webhooks", ASKED | said)

        assert answer.status_code == status
        assert code in (answer.json()["code"], *(each["code"] for each in answer.json()["errors"]))
        assert not WebhookEndpoint.objects.filter(name="BI").exists()

    def test_is_kept_by_nobody_but_compensation_admins(self, caller, webhook):
        name = resource_named("webhooks").id_of(webhook.pk)

        assert caller("ada").post("webhooks", ASKED).status_code == 403
        assert caller("ada").get(f"webhooks/{name}").status_code == 200
        for stranger in ("jonas", "robot", "sofia"):
            assert caller(stranger).post("webhooks", ASKED).status_code == 403
            assert caller(stranger).post(f"webhooks/{name}:end").status_code == 404

    def test_tells_each_try_and_sends_again(self, caller, webhook):
        maren, delivery = caller("maren"), delivered(webhook)
        name = resource_named("webhook-deliveries").id_of(delivery.pk)

        (attempt,) = maren.get(f"webhook-deliveries/{name}/attempts").json()["attempts"]
        replayed = maren.post(f"webhook-deliveries/{name}:replay")
        again = maren.post(f"webhook-deliveries/{name}:replay")

        assert (attempt["status_code"], attempt["milliseconds"]) == (503, 7)
        assert replayed.json()["status"] == "waiting"
        assert (again.status_code, again.json()["code"]) == (409, "delivery_under_way")

    def test_names_what_happened_by_ids_that_lead_there(self, caller, made, webhook):
        maren = caller("maren")
        maren.post("webhooks", ASKED)
        dispute = dispute_open(
            subject=Subject(
                payout=made.payouts["paul"],
                line=PayoutLine.objects.filter(payout=made.payouts["paul"]).first(),
            ),
            kind=DisputeKind.QUESTION,
            claim="Why so little for Ms Smith?",
            by=made.user("paul"),
            at=timezone.now(),
        )

        (event,) = [
            row
            for row in maren.rows("webhook-events?type=dispute.opened")
            if row["data"]["number"] == dispute.number
        ]
        assert maren.get(f"disputes/{event['data']['dispute_id']}").json()["number"] == dispute.number
        assert "Smith" not in str(event)
        assert maren.rows("webhook-deliveries?status=waiting")[0]["event_id"] == event["id"]


class TestScreens:
    def test_show_the_secret_once(self, browser):
        maren = browser("maren")
        page = maren.post(reverse("webhook-make"), ASKED)
        secret = page.context["secret"]
        endpoint = WebhookEndpoint.objects.get(name="BI")

        assert secret in page.content.decode()
        for name, pk in (("webhook-show", [endpoint.pk]), ("webhook-list", [])):
            shown = maren.get(reverse(name, args=pk)).content.decode()
            assert "BI" in shown
            assert secret not in shown
        rotated = maren.post(reverse("webhook-rotate", args=[endpoint.pk]), {"hours": 0})
        assert rotated.context["secret"] != secret

    def test_refuse_and_keep_what_was_typed(self, browser):
        page = browser("maren").post(reverse("webhook-make"), ASKED | {"url": "https://127.0.0.1/inside"})

        assert page.status_code == 422
        assert "not a public address" in page.content.decode()
        assert "https://127.0.0.1/inside" in page.content.decode()

    def test_change_end_and_send_again(self, browser, webhook):
        maren, delivery = browser("maren"), delivered(webhook)
        there = reverse("webhook-show", args=[webhook.pk])
        page = maren.get(reverse("webhook-delivery-show", args=[delivery.pk])).content.decode()
        assert "&lt;b&gt;busy" in page

        maren.post(reverse("webhook-delivery-show", args=[delivery.pk]))
        delivery.refresh_from_db()
        assert delivery.status == "waiting"
        assert maren.post(reverse("webhook-change", args=[webhook.pk]), ASKED).url == there
        maren.post(there, {"act": "end"})
        webhook.refresh_from_db()
        assert (webhook.name, webhook.status) == ("BI", "ended")
        assert "make another one" in maren.post(there, {"act": "resume"}, follow=True).content.decode()

    def test_are_not_there_for_others(self, browser, webhook):
        delivery = delivered(webhook)
        for client, status in ((browser("ada"), 200), (browser("paul"), 404)):
            assert client.get(reverse("webhook-show", args=[webhook.pk])).status_code == status
            assert client.get(reverse("webhook-delivery-show", args=[delivery.pk])).status_code == status
            for name, args in (("webhook-make", []), ("webhook-change", [webhook.pk])):
                assert client.get(reverse(name, args=args)).status_code == 404

    def test_cost_the_same_at_any_length(self, browser, webhook, django_assert_max_num_queries):
        ada = browser("ada")
        ada.get(reverse("home"))
        for size in range(2):
            for number in range(1 + 20 * size):
                delivered(webhook, key=f"{size} {number}")
            for address in (reverse("webhook-list"), reverse("webhook-show", args=[webhook.pk])):
                with django_assert_max_num_queries(12):
                    ada.get(address)
