"""The start page, the health page and signing in."""

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import override_settings
from django.urls import get_resolver

PASSWORD = "a password of some length"


@pytest.fixture
def user(db):
    return get_user_model().objects.create_user("maren", password=PASSWORD)


@pytest.mark.django_db
class TestHome:
    def test_shows_no_counts_to_a_stranger(self, client):
        page = client.get("/").content.decode()

        assert "Key accounts" not in page
        assert "Sign in" in page

    def test_says_what_comes_next_to_who_signed_in(self, client, user):
        client.force_login(user)

        page = client.get("/").content.decode()

        assert "Nothing waits for you" in page
        assert "No period has begun" in page
        assert "The calendar has no date to come" in page

    @override_settings(OPEN_START_PAGE=True)
    def test_shows_what_is_there_on_ones_own_machine(self, client):
        page = client.get("/").content.decode()

        assert "<dt>Plans</dt><dd>0</dd>" in page
        assert "/api/v1/calculations" in page

    def test_costs_the_same_queries_with_more_periods(self, client, user, django_assert_max_num_queries):
        from datetime import date

        from kamcomp.calendar.models import FiscalCalendar, Period
        from kamcomp.spans import Span

        calendar = FiscalCalendar.objects.create(code="fy", name="Fiscal year")
        for number in range(1, 31):
            Period.objects.create(
                calendar=calendar,
                code=f"D{number}",
                fiscal_year=2026,
                number=number,
                days=(date(2026, 1, number), date(2026, 1, number + 1)),
                cut_off_on=date(2026, 2, 1),
                status="open",
            )
        client.force_login(user)

        with django_assert_max_num_queries(12):
            page = client.get("/").content.decode()

        assert page.index("D30") < page.index("D29")
        assert '30 Jan 2026</td><td class="wide">30 Jan 2026' in page
        assert ">D1<" not in page
        assert Span(date(2026, 1, 30), date(2026, 1, 31)).last == date(2026, 1, 30)

    def test_carries_a_policy_without_exceptions(self, client):
        policy = client.get("/")["Content-Security-Policy"]

        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.django_db
class TestHealth:
    def test_names_each_part(self, client):
        answer = client.get("/healthz")

        assert answer.status_code == 200
        assert answer.json() == {"postgresql": "up", "valkey": "up"}
        assert "no-store" in answer["Cache-Control"]

    def test_stays_well_without_the_doorbell(self, client, settings):
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

        answer = client.get("/healthz")

        assert answer.status_code == 200
        assert answer.json() == {"postgresql": "up", "valkey": "down"}


@pytest.mark.django_db
class TestSignIn:
    def test_lets_a_user_in(self, client, user):
        answer = client.post("/sign-in", {"login": "maren", "password": PASSWORD}, follow=True)

        assert answer.redirect_chain == [("/", 302)]
        assert "maren" in answer.content.decode()

    def test_says_the_same_for_a_wrong_name_and_a_wrong_password(self, client, user):
        wrong = [
            client.post("/sign-in", {"login": name, "password": "wrong"})
            .content.decode()
            .split('role="alert"')[1][:200]
            for name in ("maren", "nobody")
        ]

        assert wrong[0].split("<form")[0] == wrong[1].split("<form")[0]

    def test_does_not_follow_an_address_elsewhere(self, client, user):
        answer = client.post("/sign-in", {"login": "maren", "password": PASSWORD, "next": "//evil.example/"})

        assert answer["Location"] == "/"


class TestAddresses:
    def test_of_the_interface_are_closed_by_default(self):
        assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == [
            "rest_framework.permissions.IsAuthenticated"
        ]

    def test_have_no_admin_site(self):
        assert "admin" not in {pattern.pattern.describe() for pattern in get_resolver().url_patterns}
        assert "django.contrib.admin" not in settings.INSTALLED_APPS
