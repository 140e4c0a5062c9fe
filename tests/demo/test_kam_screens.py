"""A key account manager's own screens on the demo company: figures that add up, steps the engine pays for."""

import csv
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from payouts.models import Payout
from payouts.selectors.estimates import payout_estimate
from teams.models import StrategicAccount
from tests.demo.test_screens import browser, open_database, person  # noqa: F401 - opens the database

pytestmark = pytest.mark.usefixtures("halden")
ESTIMATE = reverse("payouts:estimate-show")


def meridian(**query):
    account = StrategicAccount.objects.get(node__code="MERIDIAN")
    return reverse("payouts:account-review", args=[account.pk])


class TestHome:
    def test_tells_ingrid_what_is_left_of_her_pool(self):
        page = browser("ingrid.solheim").get("/").content.decode()

        assert "Allocate the pool of Meridian Retail Group, 2026-Q3" in page
        assert "€1,068.00 is not allocated" in page

    def test_tells_anders_of_the_draft(self):
        assert (
            "Approve the draft of Global Accounts Growth" in browser("anders.vik").get("/").content.decode()
        )


class TestScorecard:
    def test_says_what_is_left_to_the_next_step(self):
        page = browser("ingrid.solheim").get(meridian()).content.decode()

        assert (
            "<b>78,000</b> more takes you to 110.0% of target, which pays 130.0%: €144.00 more for you"
            in page
        )

    def test_shows_the_card_before_there_is_a_run(self):
        page = browser("maren.holt").get(meridian(), {"period": "2026-Q4"}).content.decode()

        assert "so far; what it pays comes with the run" in page
        assert "by 9 Jan 2027" in page


class TestEstimate:
    def test_without_a_change_is_the_payout(self):
        for payout in Payout.objects.filter(run__is_current=True).select_related(
            "person", "plan_version__plan"
        ):
            estimate = payout_estimate(payout=payout, actuals={})

            assert (estimate.amount, estimate.difference) == (payout.amount, 0)

    def test_of_a_step_is_what_the_step_says(self):
        payout = Payout.objects.get(
            person=person("Ingrid Solheim"), period__code="2026-Q3", run__is_current=True
        )
        for line in payout_estimate(payout=payout, actuals={}).lines:
            then = payout_estimate(payout=payout, actuals={line.code: line.step.actual})

            assert then.difference == line.step.gain > 0

    def test_reads_the_address_and_says_it_is_an_estimate(self):
        page = browser("ingrid.solheim").get(ESTIMATE, {"r-REV": "4.290.000"}).content.decode()

        assert "€6,459.00" in page
        assert "+€144.00" in page
        assert "An estimate, not pay" in page

    def test_closes_the_gate_that_reads_the_same_result(self):
        page = browser("ingrid.solheim").get(ESTIMATE, {"r-MAR": "1000000"}).content.decode()

        assert "€2,400.00" in page

    def test_keeps_what_was_typed_when_it_is_no_number(self):
        answer = browser("ingrid.solheim").get(ESTIMATE, {"r-REV": "<b>lots"})

        assert answer.status_code == 422
        assert 'value="&lt;b&gt;lots"' in answer.content.decode()
        assert "is not an amount" in answer.content.decode()

    def test_answers_the_form_alone_to_a_script(self):
        answer = browser("ingrid.solheim").get(ESTIMATE, headers={"HX-Request": "true"})

        assert answer.content.decode().lstrip().startswith("<form")

    def test_is_only_of_ones_own(self):
        assert "Nothing to estimate from yet" in browser("jonas.berg").get(ESTIMATE).content.decode()
        assert browser("ingrid.solheim").get(ESTIMATE, {"plan": "NO-SUCH"}).status_code == 404

    def test_costs_few_queries(self, django_assert_max_num_queries):
        client = browser("ingrid.solheim")

        with django_assert_max_num_queries(14):
            client.get(ESTIMATE, {"r-REV": "1"})


class TestArchive:
    def test_lists_every_statement_with_what_it_came_to(self):
        page = browser("ingrid.solheim").get(reverse("payouts:statement-archive")).content.decode()

        assert page.count("/statements/") == 5
        assert "6,457.50" in page

    def test_is_a_file_of_what_is_filtered(self):
        answer = browser("priya.nair").get(
            reverse("payouts:statement-archive"), {"format": "csv", "year": "2026"}
        )

        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
        assert [(row["period"], Decimal(row["shared"]), Decimal(row["total"])) for row in rows] == [
            ("2026-Q2", Decimal("3292.58"), Decimal("3292.58")),
            ("2026-Q1", Decimal("2694.53"), Decimal("2694.53")),
        ]

    def test_is_empty_with_words_for_who_has_none(self):
        assert (
            "No statement yet"
            in browser("jonas.berg").get(reverse("payouts:statement-archive")).content.decode()
        )

    def test_costs_few_queries(self, django_assert_max_num_queries):
        client = browser("priya.nair")

        with django_assert_max_num_queries(13):
            client.get(reverse("payouts:statement-archive"))
