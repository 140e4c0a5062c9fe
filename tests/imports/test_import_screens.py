"""A file brought in through the browser: columns, preview, mending in place, commit, second person, undo."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kamcomp.identity.choices import Role
from kamcomp.imports import upload_jobs, uploads
from kamcomp.imports.models import ColumnMap, ImportBatch, ImportUpload, UploadContent
from kamcomp.jobs import work
from kamcomp.jobs.models import Job
from teams.models import PayPackage, Person
from tests.imports import company

pytestmark = pytest.mark.django_db
BAD = "employee_id,name\nE1,Ada\n,Nobody\nE2,Ben\nE3,Cy,\n"


@pytest.fixture
def ann():
    return company.user("ann")


@pytest.fixture
def seat(ann):
    return browser(ann)


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def send(seat, kind, text, *, source="", name="file.csv"):
    """Send a file and return the page it leads to."""
    file = SimpleUploadedFile(name, text.encode())
    return seat.post(
        reverse("imports:upload-take"), {"kind": kind, "file": file, "source": source}, follow=True
    )


def step(seat, upload, what, **data):
    return seat.post(reverse("imports:upload-act", args=[upload.pk, what]), data, follow=True)


def shown(answer):
    return answer.content.decode()


class TestUploadTake:
    def test_leads_to_what_a_commit_would_do_and_writes_nothing(self, seat):
        page = shown(send(seat, "people", company.PEOPLE))

        assert "Commit 3 rows" in page
        assert not Person.objects.exists()

    def test_refuses_what_cannot_be_read_and_keeps_what_was_typed(self, seat):
        answer = send(seat, "people", "", source="SAP")

        assert answer.status_code == 422
        assert "a file starts with its header line" in shown(answer)
        assert 'value="SAP"' in shown(answer)
        assert not ImportUpload.objects.exists()

    def test_refuses_a_file_that_is_too_large(self, seat, monkeypatch):
        monkeypatch.setattr(uploads, "MOST_BYTES", 10)

        assert "larger than" in shown(send(seat, "people", company.PEOPLE))

    def test_is_not_there_for_who_brings_no_files_in(self):
        ken = browser(company.user("ken", Role.KAM))
        auditor = browser(company.user("ada", Role.AUDITOR))

        assert ken.get(reverse("imports:batch-list")).status_code == 404
        assert ken.get(reverse("imports:upload-take")).status_code == 404
        assert auditor.get(reverse("imports:batch-list")).status_code == 200
        assert send(auditor, "people", company.PEOPLE).status_code == 404

    def test_shows_an_upload_to_nobody_else(self, seat):
        send(seat, "people", company.PEOPLE)
        upload = ImportUpload.objects.get()
        other = browser(company.user("bob"))

        for name in ("upload-show", "upload-columns", "upload-rejected", "upload-progress"):
            assert other.get(reverse(f"imports:{name}", args=[upload.pk])).status_code == 404
        assert step(other, upload, "commit").status_code == 404


class TestUploadColumns:
    TEXT = "Employee ID,Full name,Shoe size\nE1,Ada,38\n"

    def test_are_asked_for_and_remembered_for_the_source(self, seat):
        asked = send(seat, "people", self.TEXT, source="HR system")
        assert asked.redirect_chain[-1][0].endswith("/columns")
        assert '<option value="employee_id" selected>' in shown(asked)
        upload = ImportUpload.objects.get()
        url = reverse("imports:upload-columns", args=[upload.pk])
        data = {"column-0": "employee_id", "column-1": "name", "column-2": "", "source": "HR system"}

        page = shown(seat.post(url, {**data, "constant-cost_centre": "S9"}, follow=True))
        step(seat, upload, "commit")
        again = send(seat, "people", self.TEXT.replace("38", "39"), source="HR system")

        assert "Commit 1 row" in page
        assert Person.objects.get().employee_id == "E1"
        assert ColumnMap.objects.get(source="HR system").mapping["constants"] == {"cost_centre": "S9"}
        assert "Which column is which" not in shown(again)

    def test_refuses_two_for_one_and_keeps_the_choice(self, seat):
        send(seat, "people", self.TEXT)
        url = reverse("imports:upload-columns", args=[ImportUpload.objects.get().pk])

        answer = seat.post(url, {"column-0": "name", "column-1": "name", "source": "SAP"})

        assert answer.status_code == 422
        assert "are chosen for name" in shown(answer)
        assert 'value="SAP"' in shown(answer)


class TestUploadMend:
    def test_mends_a_cell_leaves_a_row_out_and_commits_the_rest(self, seat):
        page = shown(send(seat, "people", BAD))
        upload = ImportUpload.objects.get()
        assert 'name="cell-3-0"' in page
        assert "has 3 fields where the header has 2" in page

        mended = shown(step(seat, upload, "mend", **{"cell-3-0": "E9", "was-3-0": "", "gone-5": "1"}))
        done = shown(step(seat, upload, "commit"))

        assert "Commit 3 rows" in mended
        assert set(Person.objects.values_list("employee_id", flat=True)) == {"E1", "E2", "E9"}
        batch = ImportBatch.objects.get()
        assert batch.mends == [
            {"line": 3, "column": "employee_id", "before": "", "text": "E9"},
            {"line": 5, "column": "", "before": "", "text": ""},
        ]
        assert "1 cell mended on the page, 1 row left out" in done

    def test_takes_a_row_back_in(self, seat):
        send(seat, "people", BAD)
        upload = ImportUpload.objects.get()
        step(seat, upload, "mend", **{"gone-3": "1", "gone-5": "1"})

        page = shown(step(seat, upload, "mend", back="3"))

        assert 'name="cell-3-0"' in page
        assert 'name="gone-5"' not in page

    def test_writes_nothing_while_a_row_is_rejected(self, seat):
        send(seat, "people", BAD)
        upload = ImportUpload.objects.get()

        assert "Commit 3" not in shown(seat.get(reverse("imports:upload-show", args=[upload.pk])))
        step(seat, upload, "commit")

        assert not Person.objects.exists()
        assert step(seat, upload, "commit", partial="1").status_code == 200
        assert set(Person.objects.values_list("employee_id", flat=True)) == {"E1", "E2"}

    def test_gives_the_rejected_rows_as_a_file_that_can_come_back(self, seat):
        send(seat, "people", "employee_id,name\n,=Nobody\nE2,Ben\n")
        upload = ImportUpload.objects.get()

        answer = seat.get(reverse("imports:upload-rejected", args=[upload.pk]))
        text = b"".join(answer.streaming_content).decode("utf-8-sig")

        assert text.splitlines() == [
            "employee_id,name,error",
            ",'=Nobody,employee_id: is empty: every row needs it",
        ]
        back = shown(send(seat, "people", text.replace("\n,", "\nE7,")))
        assert ">error<" in back

    def test_shows_markup_as_itself(self, seat):
        text = "employee_id,base_salary,variable_target,currency,from,to\n007,<b>x</b>,0,EUR,2026-01-01,\n"

        page = shown(send(seat, "packages", text))

        assert "<b>x</b>" not in page
        assert "&lt;b&gt;x&lt;/b&gt;" in page


class TestUploadCommit:
    def test_says_that_the_same_file_is_there_already(self, seat):
        send(seat, "people", company.PEOPLE)
        step(seat, ImportUpload.objects.get(), "commit")

        page = shown(send(seat, "people", company.PEOPLE))

        assert "the same file changes nothing" in page
        assert "Commit 3 rows" not in page

    def test_waits_for_a_second_person_where_rows_are_about_the_sender(self, ann, seat):
        company.teams()
        Person.objects.filter(employee_id="007").update(user=ann)
        text = "employee_id,base_salary,variable_target,currency,from,to\n007,9.00,0,EUR,2026-01-01,\n"
        assert "Ask a second person" in shown(send(seat, "packages", text))
        upload = ImportUpload.objects.get()

        assert "somebody else who brings files in" in shown(step(seat, upload, "submit"))
        batch = ImportUpload.objects.get().batch
        act = reverse("imports:batch-act", args=[batch.pk, "approve"])
        assert "cannot approve" in shown(seat.post(act))
        bob = browser(company.user("bob"))
        assert "brings in rows about themselves" in shown(
            bob.get(reverse("imports:batch-show", args=[batch.pk]))
        )
        bob.post(act, {"comment": "Seen"})

        assert "it can be committed" in shown(seat.get(reverse("imports:upload-show", args=[upload.pk])))
        step(seat, upload, "commit")
        assert PayPackage.objects.filter(person__employee_id="007").exists()

    def test_drops_an_upload_with_its_file(self, seat):
        send(seat, "people", company.PEOPLE)

        assert "nothing of it was written" in shown(step(seat, ImportUpload.objects.get(), "drop"))
        assert not UploadContent.objects.exists()


class TestUploadJobs:
    def test_large_files_are_looked_at_and_committed_by_a_worker(self, seat, monkeypatch):
        monkeypatch.setattr(upload_jobs, "AT_ONCE_ROWS", 2)
        monkeypatch.setattr(work, "job_ring", lambda *, kind, job_id: True)
        page = shown(send(seat, "people", company.PEOPLE))
        upload = ImportUpload.objects.get()
        progress = reverse("imports:upload-progress", args=[upload.pk])
        assert "3 rows wait for a worker" in page
        assert "HX-Refresh" not in seat.get(progress)

        assert upload_jobs.uploads_look(at=timezone.now()) == 1
        assert seat.get(progress)["HX-Refresh"] == "true"
        assert "Commit 3 rows" in shown(seat.get(reverse("imports:upload-show", args=[upload.pk])))
        step(seat, upload, "commit")
        assert not Person.objects.exists()
        upload_jobs.uploads_look(at=timezone.now())

        assert Person.objects.count() == 3
        assert [job.total for job in Job.objects.all()] == [3, 3]
        answer = seat.get(reverse("imports:upload-show", args=[upload.pk]))
        assert answer["Location"] == reverse("imports:batch-show", args=[ImportBatch.objects.get().pk])

    def test_a_refused_commit_says_so_and_writes_nothing(self, seat, monkeypatch):
        monkeypatch.setattr(upload_jobs, "AT_ONCE_ROWS", 2)
        monkeypatch.setattr(work, "job_ring", lambda *, kind, job_id: True)
        send(seat, "people", BAD)
        upload = ImportUpload.objects.get()
        upload_jobs.uploads_look(at=timezone.now())
        step(seat, upload, "commit")
        upload_jobs.uploads_look(at=timezone.now())

        assert "Nothing was written" in shown(seat.get(reverse("imports:upload-show", args=[upload.pk])))
        assert not Person.objects.exists()

    def test_files_are_let_go_after_thirty_days(self, seat):
        send(seat, "people", BAD)
        upload = ImportUpload.objects.get()

        assert uploads.uploads_clear(at=timezone.now()) == 0
        assert uploads.uploads_clear(at=timezone.now() + timedelta(days=31)) == 1

        assert not UploadContent.objects.exists()
        assert "no longer kept" in shown(step(seat, upload, "look"))


class TestBatchShow:
    def test_says_what_an_undo_takes_back_and_does_it_by_name(self, seat):
        send(seat, "people", company.PEOPLE, name="people.csv")
        step(seat, ImportUpload.objects.get(), "commit")
        batch = ImportBatch.objects.get()
        url = reverse("imports:batch-show", args=[batch.pk])

        asked = shown(seat.get(url + "?undo=1"))
        assert "rows are taken back" in asked
        assert Person.objects.count() == 3
        act = reverse("imports:batch-act", args=[batch.pk, "undo"])
        refused = seat.post(act, {"confirm": "peopl"})
        assert refused.status_code == 422
        assert 'value="peopl"' in shown(refused)
        assert Person.objects.count() == 3

        assert "Taken back: people.csv" in shown(seat.post(act, {"confirm": "people.csv"}, follow=True))
        assert not Person.objects.exists()

    def test_says_why_it_cannot_be_undone(self, seat):
        send(seat, "people", company.PEOPLE)
        step(seat, ImportUpload.objects.get(), "commit")
        company.commit("employments", company.EMPLOYMENTS.replace("007", "E1"))
        url = reverse("imports:batch-show", args=[ImportBatch.objects.get(kind="people").pk])

        page = shown(seat.get(url + "?undo=1"))

        assert "other rows stand on what it made" in page
        assert "Take it back" not in page

    def test_lists_cost_the_same_queries_at_two_sizes(self, seat):
        def many(start, count):
            ImportBatch.objects.bulk_create(
                ImportBatch(
                    kind="people", filename=f"{start + n}", file_digest=f"{start + n}", status="committed"
                )
                for n in range(count)
            )

        counts = []
        for start, count in ((0, 10), (10, 90)):
            many(start, count)
            with CaptureQueriesContext(connection) as asked:
                assert seat.get(reverse("imports:batch-list")).status_code == 200
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 12

    def test_gives_the_list_as_a_file(self, seat):
        send(seat, "people", company.PEOPLE, name="people.csv")
        step(seat, ImportUpload.objects.get(), "commit")

        answer = seat.get(reverse("imports:batch-list") + "?format=csv")

        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        assert "people.csv,People,committed,3,0,0,0" in text
