"""Files out as work in the background: one job for one file, begun again when its worker dies, true to the end."""

import os
import signal
import subprocess
import sys
import time
from io import StringIO
from threading import Barrier, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from kamcomp.identity.selectors import RoleMissing
from kamcomp.jobs.models import Job
from kamcomp.jobs.services import ATTEMPTS, job_held, job_take, jobs_waiting
from payouts.choices import ExportFormat, ExportProfile
from payouts.models import Export
from payouts.services.export_jobs import (
    EXPORTS,
    export_request,
    export_work,
    exports_look,
    exports_sweep,
)
from payouts.services.exports import RunNotLocked
from teams.models import PersonDetails
from tests.house.system import PROJECT, eventually
from tests.payouts.books import locked
from tests.payouts.company import calculated_run, company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EXPORT_ROOT = tmp_path / "exports"
    return settings.EXPORT_ROOT


@pytest.fixture
def made():
    return company()


@pytest.fixture
def run(made):
    return locked(made, calculated_run(made))


def asked(made, run, profile=ExportProfile.REGISTER, *, by="jonas", ring=False) -> Job:
    return export_request(
        run=run, profile=profile, file_format=ExportFormat.CSV, by=made.user(by), at=timezone.now(), ring=ring
    )


def died(job: Job, *, seconds: int = 11) -> None:
    """Make a job look as it does when its worker died some seconds ago: running, its row free."""
    Job.objects.filter(pk=job.pk).update(status="running")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE jobs_job SET started_at = clock_timestamp() - make_interval(secs => %s) WHERE id = %s",
            [seconds, job.pk],
        )


class TestExportRequest:
    def test_is_one_job_however_often_it_is_asked(self, made, run):
        barrier, jobs = Barrier(8), []

        def ask() -> None:
            barrier.wait()
            jobs.append(asked(made, run).pk)
            connections["default"].close()

        threads = [Thread(target=ask) for _number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(jobs) == 8
        assert set(jobs) == {Job.objects.get().pk}

    def test_is_another_job_for_another_file_or_after_the_end(self, made, run):
        first = asked(made, run)
        assert asked(made, run, ExportProfile.PAYROLL) != first
        export_work(job_id=first.pk, at=timezone.now())

        again = asked(made, run)
        export_work(job_id=again.pk, at=timezone.now())

        again.refresh_from_db()
        assert again != first
        assert (again.status, again.result["made"]) == ("done", False)

    def test_is_refused_at_once(self, made):
        run = calculated_run(made)

        with pytest.raises(RunNotLocked):
            asked(made, run)
        with pytest.raises(RoleMissing):
            asked(made, run, by="ingrid")
        assert not Job.objects.exists()


class TestExportWork:
    def test_goes_from_queued_to_done_with_what_came_of_it(self, made, run, folder):
        job = asked(made, run)
        assert (job.status, job.request) == ("queued", {"profile": "register", "format": "csv"})

        assert export_work(job_id=job.pk, at=timezone.now())

        job.refresh_from_db()
        export = Export.objects.get()
        assert (job.status, job.attempt, job.error) == ("done", 1, "")
        assert job.result == {
            "export": str(export.pk), "filename": export.filename, "rows": export.rows,
            "sha256": export.sha256, "made": True,
        }  # fmt: skip
        assert job.started_at <= job.finished_at
        assert (folder / str(run.pk) / export.filename).is_file()

    def test_fails_with_what_failed_and_what_is_safe(self, made, run, folder):
        job = asked(made, run)
        folder.parent.mkdir(exist_ok=True)
        folder.write_text("a file where the folder should be")

        assert export_work(job_id=job.pk, at=timezone.now())

        job.refresh_from_db()
        assert job.status == "failed"
        assert "could not be written" in job.error
        assert "nothing of it was kept" in job.error
        assert not Export.objects.exists()

    def test_that_failed_can_be_asked_for_again_after_the_cure(self, made, run):
        PersonDetails.objects.update(payroll_number="")
        job = asked(made, run, ExportProfile.PAYROLL)
        export_work(job_id=job.pk, at=timezone.now())
        job.refresh_from_db()
        assert "no payroll number" in job.error

        for number, details in enumerate(PersonDetails.objects.all()):
            PersonDetails.objects.filter(pk=details.pk).update(payroll_number=f"P{number}")
        again = asked(made, run, ExportProfile.PAYROLL)
        export_work(job_id=again.pk, at=timezone.now())

        again.refresh_from_db()
        assert (again.pk == job.pk, again.status) == (False, "done")

    def test_leaves_alone_what_another_worker_holds(self, made, run):
        job = asked(made, run)
        attempt = job_take(job_id=job.pk, worker="host:1")
        died(job)
        found = []

        def other() -> None:
            found.append((jobs_waiting(kind=EXPORTS.name), export_work(job_id=job.pk, at=timezone.now())))
            connections["default"].close()

        with job_held(job_id=job.pk, attempt=attempt, by=None) as held:
            assert held == job
            thread = Thread(target=other)
            thread.start()
            thread.join()

        assert found == [([], False)]

    def test_is_begun_again_when_the_worker_died_but_not_at_once(self, made, run):
        job = asked(made, run)
        job_take(job_id=job.pk, worker="host:1")
        died(job, seconds=1)
        assert exports_look(at=timezone.now()) == 0
        died(job)

        assert exports_look(at=timezone.now()) == 1

        job.refresh_from_db()
        assert (job.status, job.attempt) == ("done", 2)

    def test_of_a_worker_that_comes_back_late_is_refused(self, made, run):
        job = asked(made, run)
        first = job_take(job_id=job.pk, worker="host:1")
        died(job)
        assert job_take(job_id=job.pk, worker="host:2") == first + 1

        with job_held(job_id=job.pk, attempt=first, by=None) as held:
            assert held is None

    def test_fails_for_good_after_the_third_death(self, made, run):
        job = asked(made, run)
        for _time in range(ATTEMPTS):
            assert job_take(job_id=job.pk, worker="host:1")
            died(job)

        assert exports_look(at=timezone.now()) == 0

        job.refresh_from_db()
        assert job.status == "failed"
        assert "begun three times and never ended" in job.error
        assert exports_sweep() == 0


class TestWorker:
    def test_writes_what_was_asked_for(self, made, run, worker_environment, request, folder):
        worker_environment["KAMCOMP_EXPORTS"] = str(folder)
        request.getfixturevalue("worker")

        job = asked(made, run, ring=True)

        eventually(lambda: Job.objects.get(pk=job.pk).ended, what="the job ended")
        job.refresh_from_db()
        assert (job.status, job.error) == ("done", "")

    def test_finds_it_by_itself_where_no_bell_can_be_rung(self, made, run, worker_environment, folder):
        job = asked(made, run)
        said = subprocess.run(
            [sys.executable, "manage.py", "payouts", "work"],
            env={**worker_environment, "KAMCOMP_EXPORTS": str(folder), "REDIS_URL": "redis://127.0.0.1:1/0"},
            cwd=PROJECT, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

        assert said == "0 chunk(s) stored, 1 export(s) ended.\n"
        job.refresh_from_db()
        assert job.status == "done"

    def test_killed_while_it_writes_leaves_no_part_and_the_next_one_writes_it(
        self, made, run, worker_environment, folder, owner_sql
    ):
        job = asked(made, run)
        # Somebody holds the ledger's people, so that the writer stands in the middle of its work when it is killed.
        owner_sql.execute("BEGIN")
        owner_sql.execute("LOCK TABLE payouts_payoutline IN ACCESS EXCLUSIVE MODE")
        writer = subprocess.Popen(
            [sys.executable, "manage.py", "payouts", "work"],
            env={**worker_environment, "KAMCOMP_EXPORTS": str(folder)}, cwd=PROJECT,
        )  # fmt: skip
        eventually(lambda: any(folder.rglob(".*")), what="a part of the file")
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        owner_sql.execute("ROLLBACK")
        job.refresh_from_db()
        assert job.status == "running"
        died(job)

        eventually(lambda: exports_look(at=timezone.now()) == 1, what="the row let go")

        job.refresh_from_db()
        assert (job.status, job.attempt) == ("done", 2)
        assert [path.name for path in folder.rglob("*") if path.is_file()] == [Export.objects.get().filename]


class TestCommand:
    def said(self, *options) -> str:
        out = StringIO()
        call_command("payouts", *options, "--period=2026-Q3", stdout=out)
        return out.getvalue()

    def test_writes_here_and_tells_of_the_job(self, run, tmp_path):
        said = self.said("export", "--profile=register", f"--to={tmp_path / 'copy.csv'}", "--by=jonas")

        assert "written; " in said
        assert (tmp_path / "copy.csv").is_file()
        assert "register.csv" in self.said("jobs")
        assert "Done" in self.said("jobs")
        assert "given back as first written" in self.said("export", "--profile=register", "--by=jonas")

    def test_waits_for_a_worker_and_then_writes_here(self, run, monkeypatch):
        from payouts.cli import export

        monkeypatch.setattr(export, "PATIENCE_SECONDS", 0.5)
        started = time.monotonic()

        said = self.said("export", "--profile=register", "--wait", "--by=jonas")

        assert "No worker takes it up: writing it here." in said
        assert "written; " in said
        assert time.monotonic() - started >= 0.5

    def test_leaves_it_to_a_worker(self, run):
        said = self.said("export", "--profile=register", "--later", "--by=jonas")

        assert "The export is queued" in said
        assert Job.objects.get().status == "queued"
        with pytest.raises(CommandError, match="--later leaves no file to copy"):
            self.said("export", "--profile=register", "--later", "--to=x.csv", "--by=jonas")

    def test_says_why_a_job_failed(self, run):
        PersonDetails.objects.update(payroll_number="")

        with pytest.raises(CommandError, match="have no payroll number"):
            self.said("export", "--profile=payroll", "--by=jonas")
        assert "have no payroll number" in self.said("jobs")
