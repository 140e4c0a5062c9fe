"""What each persona tries first: it leads to pages that are there, and ticks from what happened."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from kamcomp.identity.models import User
from payouts.demo.personas import CARDS
from payouts.demo.steps import STEPS, steps_for
from payouts.models import Payout, Pool
from payouts.services.allocations import allocation_save
from teams.models import Person, StrategicAccount

pytestmark = pytest.mark.usefixtures("halden")
TRIED = re.compile(r'<li( class="done")?>')


@pytest.fixture(autouse=True)
def demo(settings, django_db_blocker):
    settings.DEMO_MODE = True
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def browser(name):
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def done(name):
    return [step.done for step in steps_for(User.objects.get(username=name))]


def listed(page):
    return page.content.decode().split('id="try-this"')[1].split("</section>")[0]


class TestSteps:
    @pytest.mark.parametrize("card", CARDS, ids=lambda card: card.username)
    def test_lead_each_persona_to_pages_that_are_there(self, card):
        client = browser(card.username)
        steps = steps_for(User.objects.get(username=card.username))

        assert 2 <= len(steps) <= 4
        assert not any(step.done for step in steps)
        for step in steps:
            assert client.get(step.url, follow=True).status_code == 200, step.url

    def test_leave_out_what_has_no_page(self):
        known = {step.words for step in steps_for(User.objects.get(username="ada.nyberg"))}

        for step in STEPS["ada.nyberg"]:
            assert (step.words in known) == bool(step.url())

    def test_are_nobodys_but_the_personas(self):
        assert steps_for(User.objects.get(username="paul.reinders")) == []


class TestTicks:
    def test_come_from_a_fact(self):
        pool = Pool.objects.get(account__node__code="MERIDIAN", period__code="2026-Q3")
        sofia = Person.objects.get(details__legal_name="Sofia Marques")
        before = done("ingrid.solheim")[0]

        allocation_save(
            pool_id=pool.pk, version=pool.version, amounts={sofia.pk: Decimal("100.00")}, reasons={},
            by=User.objects.get(username="ingrid.solheim"), at=datetime(2026, 10, 15, tzinfo=UTC),
        )  # fmt: skip

        assert (before, done("ingrid.solheim")[0]) == (False, True)

    def test_come_from_a_page_that_was_answered_to_the_persona(self):
        client = browser("ada.nyberg")
        payout = Payout.objects.filter(run__period__code="2026-Q3", run__is_current=True).first()

        for _ in range(2):
            assert client.get(reverse("payouts:payout-proof", args=[payout.pk])).status_code == 200

        assert done("ada.nyberg")[:2] == [False, True]
        assert done("ingrid.solheim")[2] is False

    def test_do_not_come_from_a_page_that_was_refused(self):
        client = browser("priya.nair")
        other = StrategicAccount.objects.exclude(node__code="MERIDIAN").first()

        assert client.get(reverse("payouts:account-review", args=[other.pk])).status_code == 404
        assert not any(done("priya.nair"))

        assert client.get(reverse("payouts:support-list")).status_code == 200
        assert done("priya.nair") == [False, True, False, False]

    def test_do_not_come_from_somebody_who_looks(self):
        client = browser("maren.holt")
        client.post(reverse("view-as-begin", args=[User.objects.get(username="priya.nair").pk]))

        assert client.get(reverse("payouts:statement-list"), follow=True).status_code == 200

        assert not any(done("priya.nair"))
        assert any(done("maren.holt"))


class TestList:
    def test_stands_on_the_home_page_and_is_put_away(self):
        client = browser("ingrid.solheim")
        home = client.get("/")

        assert "0 of " in listed(home)
        assert "Give Sofia Marques her share" in listed(home)
        client.post(reverse("demo-try-this"))
        assert 'id="try-this"' not in client.get("/").content.decode()
        client.post(reverse("demo-try-this"))
        assert 'id="try-this"' in client.get("/").content.decode()

    def test_is_not_there_outside_demo_mode(self, settings):
        settings.DEMO_MODE = False
        client = browser("ingrid.solheim")

        assert 'id="try-this"' not in client.get("/").content.decode()
        assert client.post(reverse("demo-try-this")).status_code == 404
