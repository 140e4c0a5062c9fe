"""The screens beside their pictures: the figures that stand in both, and who does not get to see them."""

import csv
import io
import re

import pytest
from django.test import Client
from django.urls import reverse

from kamcomp.identity.models import User
from payouts.models import Payout, Pool, Run
from teams.models import Person

pytestmark = pytest.mark.usefixtures("halden")


@pytest.fixture(autouse=True)
def open_database(django_db_blocker):
    with django_db_blocker.unblock():
        yield


def browser(name):
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def person(name):
    return Person.objects.get(details__legal_name=name)


def statement(of, period="2026-Q3"):
    return reverse("payouts:statement-show", args=[person(of).pk, period])


class TestStatement:
    def test_shows_the_figures_of_the_picture(self):
        page = browser("ingrid.solheim").get(statement("Ingrid Solheim")).content.decode()

        for figure in ("€6,457.50", "€6,315.00", "+€142.50", "105.25%", "€19,009.50", "of €24,000.00 target"):
            assert figure in page
        for earned in ("€2,976.00", "€1,275.00", "€1,344.00", "€720.00"):
            assert earned in page
        assert "4,212,000 ÷ 3,900,000" in page
        assert "100.0% + 8.00% × 3" in page

    def test_names_what_is_not_part_of_the_sum(self):
        page = browser("ingrid.solheim").get(statement("Ingrid Solheim")).content.decode()

        assert "€96,000.00 a year" in page
        assert "Reviewed, not yet final" in page

    def test_names_the_gates_of_a_goal_and_of_what_it_is_part_of(self):
        own = browser("ingrid.solheim").get(statement("Ingrid Solheim")).content.decode()
        renewal = Payout.objects.filter(plan_version__plan__code="REN", period__code="2026-Q2").first()
        whole = browser("maren.holt").get(
            reverse("payouts:statement-show", args=[renewal.person_id, "2026-Q2"]),
            headers={"accept-language": "de"},
        )

        assert re.findall(r"Gate: ([^<]*)", own) == ["Profit contribution ≥ 90.0% of target"]
        assert len(re.findall(r"Bedingung: Bruttoumsatzbindung ≥ 90,0\s%", whole.content.decode())) == 4

    def test_opens_a_goal_that_reads_its_result_as_it_is(self):
        renewal = Payout.objects.filter(plan_version__plan__code="REN", period__code="2026-Q2").first()
        page = (
            browser("maren.holt")
            .get(reverse("payouts:statement-show", args=[renewal.person_id, "2026-Q2"]))
            .content.decode()
        )
        renewed = page.split("Contracts renewed")[1].split("</details>")[0]

        assert "as measured, without a target" in renewed
        # 0.9901010101 lies 0.0301010101 above 0.96, where 1.00 is paid and 0.25 more over the next 0.04.
        assert "100.0% + 3.01% × 6.25" in renewed
        assert "= 118.81%" in renewed
        assert "€6,000.00 × 50.00%" in renewed
        assert "€3,564.39" in renewed

    def test_leads_to_the_newest(self):
        answer = browser("ingrid.solheim").get(reverse("payouts:statement-list"))

        assert answer["Location"] == statement("Ingrid Solheim")

    def test_shows_a_share_with_its_reason_giver_and_nobody_elses(self):
        page = browser("priya.nair").get(statement("Priya Nair", "2026-Q2")).content.decode()

        assert "Share of the pool of Meridian Retail Group" in page
        assert "Ingrid Solheim decided" in page
        assert "A team result of 117.88% funded the pool" in page
        assert "Tomasz" not in page
        assert "21,218.82" not in page

    def test_pays_a_billing_specialist_too(self):
        page = browser("mei.tan").get(statement("Mei Tan", "2026-Q2")).content.decode()

        assert "Share of the pool of Meridian Retail Group" in page

    @pytest.mark.parametrize("name", ["paul.reinders", "priya.nair"])
    def test_of_another_is_not_there(self, name):
        client = browser(name)
        payout = Payout.objects.get(
            person=person("Ingrid Solheim"), run__period__code="2026-Q3", run__is_current=True
        )

        assert client.get(statement("Ingrid Solheim")).status_code == 404
        assert client.get(reverse("payouts:payout-proof", args=[payout.pk])).status_code == 404
        assert client.get(reverse("payouts:line-rows", args=[payout.pk, 1])).status_code == 404

    def test_of_a_period_that_is_not_there(self):
        assert browser("ingrid.solheim").get(statement("Ingrid Solheim", "2031-Q1")).status_code == 404

    def test_costs_a_bounded_number_of_queries(self, django_assert_max_num_queries):
        client = browser("ingrid.solheim")
        client.get(statement("Ingrid Solheim"))

        with django_assert_max_num_queries(40):
            client.get(statement("Ingrid Solheim"))

    def test_is_a_file_too(self):
        answer = browser("ingrid.solheim").get(statement("Ingrid Solheim") + "?format=csv")
        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

        assert [row["amount"] for row in rows if row["block"] == "bonus"] == [
            "2976.000000",
            "1275.000000",
            "1344.000000",
            "720.000000",
        ]


class TestProof:
    def test_derives_the_payout_again(self):
        payout = Payout.objects.get(
            person=person("Ingrid Solheim"), run__period__code="2026-Q3", run__is_current=True
        )
        page = (
            browser("ingrid.solheim").get(reverse("payouts:payout-proof", args=[payout.pk])).content.decode()
        )

        assert "equal to the cent" in page
        assert payout.input_digest in page
        assert re.search(r"Assignment: MERIDIAN\s*<", page), "a step shows the number a row is known by"
        assert not re.search(r"\bstint\b|leaf amount|True yes", page), "a step speaks as the code does"

    def test_lists_the_rows_behind_a_result_which_sum_to_it(self):
        payout = Payout.objects.get(
            person=person("Ingrid Solheim"), run__period__code="2026-Q3", run__is_current=True
        )
        page = (
            browser("ingrid.solheim").get(reverse("payouts:line-rows", args=[payout.pk, 1])).content.decode()
        )

        assert "4,212,000.00" in page
        assert "invoices-2026Q3.csv" in page


class TestPool:
    def test_shows_the_figures_of_the_picture(self):
        pool = Pool.objects.get(account__node__code="MERIDIAN", period__code="2026-Q3")
        page = (
            browser("ingrid.solheim").get(reverse("payouts:allocation-save", args=[pool.pk])).content.decode()
        )

        for figure in (
            "€19,747.06",
            "€18,679.06",
            "€1,068.00",
            "12,360.00",
            "6,319.06",
            "109.7059%",
            "+24.5%",
        ):
            assert figure in page
        assert "left on 14 Aug 2026" in page


class TestConsole:
    def test_adds_up_and_says_why(self):
        run = Run.objects.get(period__code="2026-Q3", is_current=True)
        page = browser("maren.holt").get(reverse("payouts:run-show", args=[run.pk])).content.decode()

        assert "€77,519.50" in page
        assert "+€85.50" in page
        assert "result Profit contribution of Kestrel Foods over the period" in page
        assert "14 pools are not approved yet." in page
