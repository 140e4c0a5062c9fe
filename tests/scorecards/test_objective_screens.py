"""Ratings of objectives in the browser: by who holds the account, with evidence; owners read theirs."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from kamcomp.identity.services import user_make
from scorecards.models import ObjectiveRating
from scorecards.services import RaterNotEntitled, objective_rate
from teams.choices import ObjectiveStatus
from teams.models import AccountObjective
from tests.payouts.company import AT, START, company

pytestmark = pytest.mark.django_db
PERIOD = "2026-Q3"
LIST = reverse("scorecards:objective-list")


@pytest.fixture
def made():
    made = company()
    AccountObjective.objects.create(
        account=made.account,
        code="O1",
        owner=made.people["PM"],
        statement="Win the <second> plant",
        due_on=date(2026, 12, 31),
        status=ObjectiveStatus.AGREED,
    )
    return made


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def rate(made, name, **data):
    url = reverse("scorecards:objective-rate", args=[AccountObjective.objects.get().pk])
    return browser(made, name).post(f"{url}?period={PERIOD}", data)


class TestObjectiveList:
    def test_offers_the_kam_a_scale_and_the_owner_none(self, made):
        of_kam = browser(made, "ingrid").get(LIST, {"period": PERIOD}).content.decode()
        of_owner = browser(made, "priya").get(LIST, {"period": PERIOD}).content.decode()

        assert "Win the &lt;second&gt; plant" in of_kam
        assert 'name="rating"' in of_kam
        assert "0 of 1 rated" in of_kam
        assert "Not rated yet" in of_owner
        assert 'name="rating"' not in of_owner

    def test_is_empty_with_words_for_strangers(self, made):
        made.users["rolf"] = user_make(username="rolf", roles=["payee"], since=START, by=None)

        assert "No objective to rate" in browser(made, "rolf").get(LIST, {"period": PERIOD}).content.decode()

    def test_costs_few_queries(self, made, django_assert_max_num_queries):
        ingrid = browser(made, "ingrid")

        with django_assert_max_num_queries(12):
            ingrid.get(LIST, {"period": PERIOD})


class TestObjectiveRate:
    def test_keeps_the_rating_with_its_evidence(self, made):
        answer = rate(made, "ingrid", rating="1.25", evidence="Minutes of 3 May")

        rating = ObjectiveRating.objects.current().get()
        assert answer.status_code == 302
        assert (rating.rating, rating.evidence, rating.period.code) == (
            Decimal("1.25"),
            "Minutes of 3 May",
            PERIOD,
        )
        assert "125%" in browser(made, "priya").get(LIST, {"period": PERIOD}).content.decode()

    def test_refuses_a_rating_without_evidence_and_keeps_what_was_chosen(self, made):
        answer = rate(made, "ingrid", rating="1.5", evidence=" ")

        assert answer.status_code == 422
        assert '<option value="1.5" selected>' in answer.content.decode()
        assert not ObjectiveRating.objects.exists()

    def test_refuses_a_step_that_is_not_on_the_scale(self, made):
        answer = rate(made, "ingrid", rating="1.1", evidence="Much")

        assert answer.status_code == 422
        assert "Much</textarea>" in answer.content.decode()

    def test_refuses_the_owner(self, made):
        answer = rate(made, "priya", rating="1.5", evidence="I think so")

        assert answer.status_code == 422
        assert not ObjectiveRating.objects.exists()

    def test_of_another_account_is_not_there(self, made):
        made.users["rolf"] = user_make(username="rolf", roles=["kam", "payee"], since=START, by=None)

        assert rate(made, "rolf", rating="1", evidence="x").status_code == 404

    def test_is_refused_to_who_only_sees_it(self, made):
        with pytest.raises(RaterNotEntitled, match="is rated by the key account manager of Meridian"):
            objective_rate(
                objective=AccountObjective.objects.get(),
                period=made.quarters[PERIOD],
                rating=Decimal(1),
                evidence="x",
                by=made.user("jonas"),
                at=AT,
            )
