"""The schedule of reviews: who owns which account's, until when, how it stands, and what is overdue."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kamcomp.visibility import viewer_of
from payouts.choices import ReviewState
from payouts.selectors.review_schedule import review_due_on, review_schedule
from payouts.services.reviews import review_confirm, review_object
from tests.laws import rows
from tests.payouts.company import AT, calculated_run, company

pytestmark = pytest.mark.django_db
PAGE = reverse("payouts:review-schedule")


@pytest.fixture
def made(db):
    return company()


@pytest.fixture
def due_on(made):
    return review_due_on(period=made.quarters["2026-Q3"])


def page(made, name, on, query=""):
    with time_machine.travel(datetime(on.year, on.month, on.day, 12, tzinfo=UTC)):
        client = Client()
        client.force_login(made.user(name))
        return client.get(PAGE + query), client.get("/")


def state(made, on):
    viewer = viewer_of(user=made.user("maren"), on=on)
    return review_schedule(period=made.quarters["2026-Q3"], viewer=viewer).get(pk=made.account.pk).state


class TestReviewSchedule:
    def test_says_who_owns_it_until_when_and_how_it_stands(self, made, due_on):
        before = state(made, due_on)
        run = calculated_run(made)
        stands = [before, state(made, due_on), state(made, due_on + timedelta(days=1))]
        word = {"run_id": run.pk, "account_id": made.account.pk, "by": made.user("ingrid"), "at": AT}
        review_object(reason="A margin is wrong", **word)
        stands.append(state(made, due_on))
        review_confirm(**word)
        stands.append(state(made, due_on))

        answer, _home = page(made, "maren", due_on)
        text = answer.content.decode()

        assert stands == [
            ReviewState.PLANNED,
            ReviewState.WAITS,
            ReviewState.OVERDUE,
            ReviewState.OBJECTED,
            ReviewState.CONFIRMED,
        ]
        assert str(made.account) in text
        assert "Confirmed" in text

    def test_alerts_the_desk_and_the_manager_once_the_day_is_over(self, made, due_on):
        calculated_run(made)
        of_day, day_after = due_on, due_on + timedelta(days=1)

        quiet, loud = (page(made, "maren", on)[1].content.decode() for on in (of_day, day_after))
        of_kam = page(made, "ingrid", day_after)[1].content.decode()

        assert "is overdue" not in quiet
        assert "The review of 1 account is overdue, 2026-Q3" in loud
        assert f"Review {made.account}, 2026-Q3" in of_kam

    def test_filters_and_gives_the_same_rows_as_a_file(self, made, due_on):
        calculated_run(made)
        after = due_on + timedelta(days=1)

        waits, _ = page(made, "maren", after, "?period=2026-Q3&state=waits")
        overdue, _ = page(made, "maren", after, "?period=2026-Q3&state=overdue&format=csv")
        (row,) = csv.DictReader(io.StringIO(b"".join(overdue.streaming_content).decode("utf-8-sig")))

        assert str(made.account) not in waits.content.decode()
        assert (row["account"], row["state"]) == (str(made.account), "Overdue")
        assert row["due_on"] == due_on.isoformat()

    def test_is_not_there_for_payees_nor_of_a_period_that_is_not(self, made, due_on):
        assert page(made, "priya", due_on)[0].status_code == 404
        assert page(made, "maren", due_on, "?period=1999-Q1")[0].status_code == 404

    def test_costs_the_same_at_two_sizes(self, made, due_on):
        client = Client()
        client.force_login(made.user("maren"))
        counts = []
        for number in (0, 12):
            for _ in range(number):
                rows.account()
            client.get(PAGE)
            with CaptureQueriesContext(
                connection,
            ) as caught:
                client.get(PAGE)
            counts.append(len(caught))

        assert counts[0] == counts[1] <= 12
