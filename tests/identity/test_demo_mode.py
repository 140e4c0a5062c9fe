"""The people of the demo can be entered as in demo mode, and nowhere else."""

from datetime import date

import pytest
from django.urls import reverse

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from kamcomp.starting_over import Step, step_of
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


@pytest.fixture
def launcher(settings, tmp_path):
    """Stand in the launcher's place: the file by which it is asked."""
    settings.START_OVER_FILE = tmp_path / "start-over"
    return settings.START_OVER_FILE


class TestDemoReset:
    def test_asks_the_launcher_once(self, demo, client, launcher):
        page = client.get(reverse("demo-reset")).content.decode()
        first = client.post(reverse("demo-reset"))
        launcher.write_text("loading")
        second = client.post(reverse("demo-reset"))

        assert "cannot be undone" in page
        assert first["Location"] == reverse("demo")
        assert (second.status_code, launcher.read_text()) == (503, "loading")

    def test_keeps_every_page_waiting_until_it_is_done(
        self, demo, client, launcher, django_assert_num_queries
    ):
        client.post(reverse("demo-reset"))

        with django_assert_num_queries(0):
            waiting = [client.get(path) for path in ("/", "/runs", "/sign-in")]
        launcher.unlink()

        assert {(one.status_code, one["Refresh"]) for one in waiting} == {(503, "2; url=/demo")}
        assert "The demo starts over" in waiting[0].content.decode()
        assert client.get(reverse("demo")).status_code == 200

    def test_is_not_there_outside_demo_mode(self, demo, client, launcher, settings):
        settings.DEMO_MODE = False

        assert client.get(reverse("demo-reset")).status_code == 404
        assert client.post(reverse("demo-reset")).status_code == 404
        assert not launcher.exists()
        launcher.write_text("asked")
        assert client.get("/sign-in").status_code == 200

    def test_is_refused_where_no_launcher_listens(self, demo, client):
        answer = client.post(reverse("demo-reset"))

        assert answer.status_code == 422
        assert "make reset" in answer.content.decode()
        assert reverse("demo-reset") not in client.get(reverse("demo")).content.decode()

    def test_takes_no_other_page_of_the_launcher_for_an_answer(self, launcher):
        launcher.write_text("whatever")

        assert step_of(launcher) == Step.ASKED
        launcher.unlink()
        assert step_of(launcher) is None


class TestCards:
    def test_are_people_of_the_company(self):
        known = {persona.username for persona in PERSONAS} | {"ingrid.solheim"}
        known |= {one.name.lower().replace(" ", ".") for one in supporters()}

        assert {card.username for card in CARDS} <= known
        assert len(CARDS) == 7
