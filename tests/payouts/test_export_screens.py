"""Files out in the browser: the dry run, a file made by a worker, and the same bytes for whoever may take them."""

import hashlib

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kamcomp.audit.models import AuditEvent
from kamcomp.jobs.models import Job
from payouts.models import Export
from payouts.services.export_jobs import exports_look
from payouts.services.exports import export_path
from payouts.services.holds import payout_hold
from teams.models import PersonDetails
from tests.payouts.books import locked
from tests.payouts.company import calculated_run, company

pytestmark = pytest.mark.django_db
LIST, MAKE, JOBS = (reverse(f"payouts:{name}") for name in ("export-list", "export-make", "export-jobs"))


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EXPORT_ROOT = tmp_path / "exports"


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


def asked(run, profile="register", file_format="csv"):
    return {"run": str(run.pk), "profile": profile, "format": file_format}


def written(made, run, **what):
    browser(made).post(MAKE, asked(run, **what))
    exports_look(at=timezone.now())
    return Export.objects.get()


class TestExportMake:
    def test_lists_who_stops_the_payroll_file_and_who_is_held(self, made, run):
        PersonDetails.objects.filter(person=made.people["SA"]).update(payroll_number="")
        payout_hold(
            run_id=run.pk, person=made.people["PM"], reason="Bank account in doubt", by=made.user("jonas"),
            at=timezone.now(),
        )  # fmt: skip

        page = browser(made).get(MAKE, asked(run, "payroll")).content.decode()

        assert "1 person to be paid has no payroll number" in page
        assert "=SA Doe" in page
        assert "Bank account in doubt" in page
        assert "disabled" in page
        assert not Export.objects.exists()
        assert not Job.objects.exists()

    def test_asks_a_worker_once(self, made, run):
        client = browser(made)

        client.post(MAKE, asked(run))
        page = client.post(MAKE, asked(run), follow=True).content.decode()

        assert Job.objects.count() == 1
        assert "waits for a worker" in page
        assert 'hx-trigger="every 1s"' in page

    def test_keeps_what_was_chosen_when_it_is_refused(self, made, run):
        answer = browser(made).post(MAKE, asked(run) | {"format": "pdf"})

        assert answer.status_code == 422
        assert f'value="{run.pk}" selected' in answer.content.decode()

    def test_is_not_there_for_others(self, made, run):
        for name in ("ingrid", "priya", "anders"):
            assert browser(made, name).get(LIST).status_code == 404
            assert browser(made, name).get(JOBS).status_code == 404
            assert browser(made, name).post(MAKE, asked(run)).status_code == 404
        assert not Job.objects.exists()


class TestExportList:
    def test_shows_count_totals_and_digest(self, made, run):
        export = written(made, run)

        page = browser(made).get(LIST).content.decode()

        assert export.sha256 in page
        assert "€36,617.50" in page
        assert "HX-Refresh" in browser(made).get(JOBS)

    def test_costs_few_queries(self, made, run, django_assert_max_num_queries):
        written(made, run)
        client = browser(made)

        with django_assert_max_num_queries(12):
            client.get(LIST)


class TestExportDownload:
    def test_gives_the_file_byte_for_byte_and_notes_who_took_it(self, made, run):
        export = written(made, run)
        url = reverse("payouts:export-download", args=[export.pk])

        answer = browser(made).get(url)
        data = b"".join(answer.streaming_content)

        assert hashlib.sha256(data).hexdigest() == export.sha256
        assert answer["Cache-Control"] == "no-store"
        noted = AuditEvent.objects.get(action="export_download", subject_id=str(export.pk))
        assert noted.user_id == made.user("jonas").pk

    def test_says_when_it_is_not_the_same_any_more(self, made, run):
        export = written(made, run)
        export_path(run=run, filename=export.filename).write_text("another")
        PersonDetails.objects.filter(person=made.people["KAM"]).update(legal_name="Somebody Else")

        answer = browser(made).get(reverse("payouts:export-download", args=[export.pk]), follow=True)

        assert "was first made with SHA-256" in answer.content.decode()

    def test_is_not_there_for_others(self, made, run):
        export = written(made, run)

        for name in ("ingrid", "priya", "anders"):
            answer = browser(made, name).get(reverse("payouts:export-download", args=[export.pk]))
            assert answer.status_code == 404
