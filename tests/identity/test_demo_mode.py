"""The people of the demo can be entered as in demo mode, and nowhere else."""

from datetime import date

import pytest
from django.urls import reverse

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from payouts.demo.company import PERSONAS, supporters
from payouts.demo.personas import CARDS

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings):
    settings.DEMO_MODE = True
    for username, domain in (("maren.holt", "halden.example"), ("eve", "real.company")):
        user_make(
            username=username,
            email=f"{username}@{domain}",
            roles=[Role.COMP_ADMIN],
            since=date(2026, 1, 1),
            by=None,
        )


def user_of(client):
    return User.objects.filter(pk=client.session.get("_auth_user_id")).first()


class TestDemo:
    def test_is_the_first_page_and_enters_as_a_persona(self, demo, client):
        page = client.get("/", follow=True)

        assert page.redirect_chain == [(reverse("demo"), 302)]
        assert "Enter as Maren Holt" in page.content.decode()
        client.post(reverse("demo-enter"), {"user": "maren.holt"})
        assert user_of(client).username == "maren.holt"
        assert "Demo company" in client.get("/").content.decode()

    def test_enters_as_somebody_else_in_a_new_session(self, demo, client):
        User.objects.filter(username="eve").update(username="jonas.berg", email="jonas.berg@halden.example")
        client.post(reverse("demo-enter"), {"user": "maren.holt"})
        before = client.session.session_key

        client.post(reverse("demo-enter"), {"user": "jonas.berg"})

        assert user_of(client).username == "jonas.berg"
        assert client.session.session_key != before

    def test_never_enters_as_a_user_of_a_real_company(self, demo, client):
        answer = client.post(reverse("demo-enter"), {"user": "eve"})

        assert answer.status_code == 404
        assert user_of(client) is None

    def test_is_not_there_outside_demo_mode(self, demo, client, settings):
        settings.DEMO_MODE = False

        assert client.get(reverse("demo")).status_code == 404
        assert client.post(reverse("demo-enter"), {"user": "maren.holt"}).status_code == 404
        assert user_of(client) is None
        assert "Demo company" not in client.get("/").content.decode()

    def test_says_how_to_load_the_company(self, client, settings):
        settings.DEMO_MODE = True

        assert "manage.py demo load" in client.get(reverse("demo")).content.decode()

    def test_leads_nowhere_else(self, demo, client):
        answer = client.post(reverse("demo-enter"), {"user": "maren.holt", "next": "//evil.example"})

        assert answer["Location"] == "/"


class TestCards:
    def test_are_people_of_the_company(self):
        known = {persona.username for persona in PERSONAS} | {"ingrid.solheim"}
        known |= {one.name.lower().replace(" ", ".") for one in supporters()}

        assert {card.username for card in CARDS} <= known
        assert len(CARDS) == 6
