"""Whom somebody supports, and the receipt that a statement leaves when the person themselves opens it."""

import pytest
from django.test import Client
from django.urls import reverse

from payouts.models import Allocation, Pool, StatementReading
from payouts.services.allocations import allocation_guideline, allocation_submit
from payouts.services.pools import pool_approve
from payouts.services.readings import StatementOfAnother, statement_read
from tests.payouts.company import AT
from tests.payouts.test_allocations import funded

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    """Return the company with its pool approved, so that Priya has a statement."""
    made = funded()
    pool, ingrid = Pool.objects.get(), made.user("ingrid")
    allocation_guideline(pool_id=pool.pk, version=pool.version, by=ingrid, at=AT)
    pool.refresh_from_db()
    allocation_submit(pool_id=pool.pk, version=pool.version, by=ingrid, at=AT)
    pool_approve(pool_id=pool.pk, by=made.user("anders"), at=AT)
    return made


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def statement(made):
    return reverse("payouts:statement-show", args=[made.people["PM"].pk, "2026-Q3"])


class TestStatementRead:
    def test_is_kept_when_the_person_opens_it_and_only_the_first_time(self, made):
        priya = browser(made, "priya")
        priya.get(statement(made))
        first = StatementReading.objects.get().first_read_at
        page = priya.get(statement(made)).content.decode()

        assert StatementReading.objects.get().first_read_at == first
        assert "You have read it" in page

    def test_is_not_left_by_somebody_else(self, made):
        page = browser(made, "maren").get(statement(made)).content.decode()

        assert not StatementReading.objects.exists()
        assert "has read it" not in page

    def test_is_not_left_by_who_only_looks_as_the_person(self, made):
        maren = browser(made, "maren")
        maren.post(reverse("view-as-begin", args=[made.user("priya").pk]))

        page = maren.get(statement(made))

        assert page.status_code == 200
        assert not StatementReading.objects.exists()

    def test_is_shown_to_who_sees_the_statement(self, made):
        browser(made, "priya").get(statement(made))

        assert "has read it" in browser(made, "maren").get(statement(made)).content.decode()

    def test_refuses_another_reader(self, made):
        with pytest.raises(StatementOfAnother, match="reads somebody else's statement"):
            statement_read(
                person_id=made.people["PM"].pk,
                period_id=made.quarters["2026-Q3"].pk,
                by=made.user("maren"),
                at=AT,
            )


class TestSupportList:
    def test_shows_the_account_its_kam_and_ones_own_share_alone(self, made):
        page = browser(made, "priya").get(reverse("payouts:support-list")).content.decode()

        others = Allocation.objects.exclude(person=made.people["PM"]).filter(amount__gt=0)
        assert "Meridian" in page
        assert "=KAM Doe" in page
        assert f"€{Allocation.objects.get(person=made.people['PM']).amount:,.2f}" in page
        assert "not yet" in page
        assert not [row.amount for row in others if f"{row.amount:,.2f}" in page]

    def test_says_when_it_was_read(self, made):
        priya = browser(made, "priya")
        priya.get(statement(made))

        assert "not yet" not in priya.get(reverse("payouts:support-list")).content.decode()

    def test_is_empty_with_words_for_who_supports_nobody(self, made):
        page = browser(made, "jonas").get(reverse("payouts:support-list")).content.decode()

        assert "You are on no account team" in page

    def test_costs_few_queries(self, made, django_assert_max_num_queries):
        priya = browser(made, "priya")

        with django_assert_max_num_queries(12):
            priya.get(reverse("payouts:support-list"))
