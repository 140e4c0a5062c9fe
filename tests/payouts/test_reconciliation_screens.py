"""Reconciliation in the browser: opening to closing, a payroll return taken in and taken back, who differs."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kamcomp.imports.models import ImportBatch, ImportUpload
from payouts.models import PayrollReturn, RegisterRow
from teams.models import Person, PersonDetails
from tests.payouts.books import locked
from tests.payouts.company import calculated_run, company

pytestmark = pytest.mark.django_db
PAGE = reverse("payouts:reconciliation")
HEAD = "run,payroll_number,amount,currency,paid_on"


@pytest.fixture
def made(db):
    return company()


@pytest.fixture
def run(made):
    return locked(made, calculated_run(made))


def browser(made, name="jonas"):
    client = Client()
    client.force_login(made.user(name))
    return client


def previewed(client, *rows):
    text = "\n".join([HEAD, *rows]) + "\n"
    return client.post(PAGE, {"file": SimpleUploadedFile("paid.csv", text.encode())}, follow=True)


def taken_in(made, *rows, name="jonas"):
    client = browser(made, name)
    previewed(client, *rows)
    upload = ImportUpload.objects.latest("created_at")
    client.post(reverse("imports:upload-act", args=[upload.pk, "commit"]), follow=True)
    return client.get(PAGE)


class TestReconciliation:
    def test_goes_from_opening_to_closing(self, made, run):
        page = browser(made).get(PAGE).content.decode()

        assert page.count("36,617.50") == 3  # earned, closing, owed by the books
        assert "No payroll return of this period is here yet" in page

    def test_takes_a_return_in_and_lists_who_differs(self, made, run):
        page = taken_in(made, "2026-Q3/1,P-KAM,6457.50,EUR,2026-10-30", "2026-Q3/1,P-PM,1.00,EUR,2026-10-30")

        text = page.content.decode()
        assert "paid.csv" in text
        assert "Differs" in text
        answer = browser(made).get(PAGE, {"format": "csv"})
        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
        assert "KAM" not in [row["employee_id"] for row in rows]
        assert next(row for row in rows if row["employee_id"] == "PM")["paid"] == "1.00"

    def test_shows_what_a_return_pays_and_what_cannot_be_taken_before_anything_is_kept(self, made, run):
        jonas = browser(made)
        page = previewed(
            jonas,
            "2026-Q3/1,P-KAM,6457.50,EUR,2026-10-30",
            "2026-Q3/1,P-NOBODY,1.00,EUR,2026-10-30",
        ).content.decode()

        assert "P-NOBODY" in page
        upload = ImportUpload.objects.get()
        jonas.post(reverse("imports:upload-act", args=[upload.pk, "commit"]))
        assert not PayrollReturn.objects.exists()

    def test_refuses_what_is_no_table_and_says_so(self, made, run):
        file = SimpleUploadedFile("paid.csv", b"")
        answer = browser(made).post(PAGE, {"file": file})

        assert answer.status_code == 422
        assert not PayrollReturn.objects.exists()

    def test_takes_a_return_back(self, made, run):
        taken_in(made, "2026-Q3/1,P-KAM,6457.50,EUR,2026-10-30")
        batch = ImportBatch.objects.get(kind="payroll_return")

        page = browser(made).post(reverse("payouts:payroll-return-undo", args=[batch.pk]), follow=True)

        assert "paid.csv is taken back" in page.content.decode()
        assert not PayrollReturn.objects.current().exists()

    def test_ties_to_the_cent_when_payroll_paid_what_is_owed(self, made, run):
        rows = [
            f"2026-Q3/1,P-{row.person.employee_id},{row.payable:.2f},EUR,2026-10-30"
            for row in RegisterRow.objects.filter(payable__gt=0).select_related("person")
        ]

        page = taken_in(made, *rows).content.decode()

        assert "Ties to the cent" in page
        assert "Nobody: payroll paid everybody exactly what is owed." in page

    def test_is_not_there_for_others_and_read_only_for_auditors(self, made, run):
        for name in ("ingrid", "priya", "anders"):
            assert browser(made, name).get(PAGE).status_code == 404
            assert previewed(browser(made, name)).status_code == 404
        other = ImportBatch.objects.create(kind="people", filename="p.csv", file_digest="0" * 64)
        assert browser(made).post(reverse("payouts:payroll-return-undo", args=[other.pk])).status_code == 404

    def test_says_what_comes_when_nothing_is_locked(self, made):
        assert "Nothing to reconcile yet" in browser(made).get(PAGE).content.decode()

    def test_costs_the_same_at_two_sizes(self, made, run):
        client = browser(made)
        taken_in(made, "2026-Q3/1,P-KAM,6457.50,EUR,2026-10-30")
        counts = []
        for size in (20, 40):
            with CaptureQueriesContext(connection) as found:
                client.get(PAGE)
            counts.append(len(found))
            for number in range(size):
                person = Person.objects.create(employee_id=f"X{size}-{number}")
                PersonDetails.objects.create(person=person, legal_name=f"X {number}")
                PayrollReturn.objects.create(
                    run=run, person=person, amount="1.00", currency="EUR", paid_on="2026-10-30"
                )

        assert counts == [11, 11]
