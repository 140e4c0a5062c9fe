"""The payout register in the browser: totals that follow the filter, files of what is shown, hold and release."""

import csv
import io
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from payouts.choices import ExportFormat, ExportProfile, RegisterState
from payouts.models import Adjustment, Allocation, LedgerEntry, PayrollReturn, RegisterRow
from payouts.services.exports import export_make
from teams.models import Person
from tests.payouts.books import approved, locked
from tests.payouts.company import calculated_run, company

pytestmark = pytest.mark.django_db
REGISTER = "payouts:payout-register"


@pytest.fixture
def made(db):
    return company()


@pytest.fixture
def run(made):
    return locked(made, calculated_run(made))


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def register(made, name="jonas", **asked):
    return browser(made, name).get(reverse(REGISTER), asked)


def rows_of(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def act(made, run, what, *, by="jonas", reason="Bank account in doubt", who="PM"):
    url = reverse(f"payouts:payout-{what}", args=[run.pk, made.people[who].pk])
    return browser(made, by).post(url, {"reason": reason}, follow=True)


class TestRegisterRow:
    def test_comes_to_what_the_ledger_owes(self, made, run):
        owed = {
            (entry["person_id"], entry["currency"]): -entry["total"]
            for entry in LedgerEntry.objects.filter(account="payable")
            .values("person_id", "currency")
            .annotate(total=Sum("amount"))
        }

        assert owed
        assert {(row.person_id, row.currency): row.payable for row in RegisterRow.objects.all()} == owed

    def test_shows_no_share_before_its_pool_is_approved(self, made):
        run = calculated_run(made)
        assert set(RegisterRow.objects.values_list("person__employee_id", flat=True)) == {"KAM"}

        approved(made, run)

        shares = Allocation.objects.filter(amount__gt=0).count()
        assert RegisterRow.objects.filter(share__gt=0).count() == shares > 0

    def test_says_where_it_stands(self, made, run):
        row = RegisterRow.objects.filter(person=made.people["KAM"])
        assert row.get().state == RegisterState.PAYABLE

        export_make(
            run=run, profile=ExportProfile.PAYROLL, file_format=ExportFormat.CSV, by=made.user("jonas"),
            at=timezone.now(),
        )  # fmt: skip
        assert row.get().state == RegisterState.EXPORTED

        PayrollReturn.objects.create(
            run=run, person=made.people["KAM"], amount="6457.50", currency="EUR", paid_on="2026-10-30"
        )
        assert (row.get().state, row.get().paid) == (RegisterState.PAID, Decimal("6457.50"))


class TestPayoutRegister:
    def test_totals_follow_the_filter(self, made, run):
        page = register(made).content.decode()
        assert "36,617.50" in page  # 6,457.50 + 30,160.00

        page = register(made, q="kam").content.decode()
        assert "6,457.50" in page
        assert "36,617.50" not in page
        assert "1 of" in page

    def test_gives_the_rows_shown_as_a_file(self, made, run):
        rows = rows_of(register(made, q="kam", format="csv"))

        assert [(row["employee_id"], row["payable"], row["state"]) for row in rows] == [
            ("KAM", "6457.500000", "payable")
        ]
        assert "act" not in rows[0]
        assert rows[0]["name"] == "'=KAM Doe"

    def test_shows_an_approved_correction_before_the_lock(self, made):
        run = calculated_run(made)
        Adjustment.objects.create(
            period=run.period, person=made.people["KAM"], kind="goodwill", amount="100.00", currency="EUR",
            reason="Agreed", status="approved", proposed_by=made.user("maren"), decided_by=made.user("jonas"),
            decided_at=timezone.now(),
        )  # fmt: skip

        row = rows_of(register(made, format="csv"))[0]

        assert (row["corrections"], row["payable"]) == ("100.000000", "6557.500000")

    def test_is_not_there_for_others(self, made, run):
        for name in ("ingrid", "priya", "anders"):
            assert register(made, name).status_code == 404

    def test_knows_no_other_period(self, made, run):
        assert register(made, period="2020-Q1").status_code == 404
        assert register(made, period="all").status_code == 200

    def test_costs_the_same_at_two_sizes(self, made, run, django_assert_num_queries):
        client = browser(made, "jonas")
        with django_assert_num_queries(9):
            client.get(reverse(REGISTER))
        for number in range(30):
            person = Person.objects.create(employee_id=f"X{number}", cost_centre=f"C{number}")
            PayrollReturn.objects.create(
                run=run, person=person, amount="1.00", currency="EUR", paid_on="2026-10-30"
            )

        with django_assert_num_queries(9):
            assert "X29" in client.get(reverse(REGISTER)).content.decode()


class TestPayoutHold:
    def test_holds_and_releases_from_the_row(self, made, run):
        assert (
            reverse("payouts:payout-hold", args=[run.pk, made.people["PM"].pk])
            in register(made).content.decode()
        )

        assert "stay out of the payroll file" in act(made, run, "hold").content.decode()
        assert RegisterRow.objects.get(person=made.people["PM"]).state == RegisterState.HELD
        assert (
            reverse("payouts:payout-release", args=[run.pk, made.people["PM"].pk])
            in register(made, state="held").content.decode()
        )
        assert "come with the next payroll file" in act(made, run, "release").content.decode()
        assert RegisterRow.objects.get(person=made.people["PM"]).state == RegisterState.PAYABLE

    def test_keeps_what_was_typed_when_it_is_refused(self, made, run):
        act(made, run, "hold")

        answer = act(made, run, "hold", reason="Once more")

        assert answer.status_code == 422
        assert "is held already" in answer.content.decode()
        assert "Once more" in answer.content.decode()
        assert act(made, run, "release", reason=" ").status_code == 422

    def test_is_refused_in_german_to_who_reads_it(self, made, run):
        act(made, run, "hold")
        url = reverse("payouts:payout-hold", args=[run.pk, made.people["PM"].pk])

        answer = browser(made, "jonas").post(url, {"reason": "Noch einmal"}, HTTP_ACCEPT_LANGUAGE="de")

        assert answer.status_code == 422
        assert "ist schon zurückgehalten" in answer.content.decode()
        assert "is held already" not in answer.content.decode()

    def test_is_not_there_for_others_nor_for_strangers_to_the_run(self, made, run):
        assert act(made, run, "hold", by="priya").status_code == 404
        assert act(made, run, "hold", by="anders").status_code == 404
        stranger = Person.objects.create(employee_id="NOBODY")
        url = reverse("payouts:payout-hold", args=[run.pk, stranger.pk])
        assert browser(made, "jonas").get(url).status_code == 404
