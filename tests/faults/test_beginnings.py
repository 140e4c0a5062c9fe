"""A run begins while others write or read: it waits for who may still write, however long, and for nobody else."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import InternalError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kamcomp.api import streams
from kamcomp.reading import only_reading
from payouts.choices import RunStatus
from payouts.models import Run
from payouts.selectors.runs import run_progress
from payouts.services import runs
from payouts.services.run_work import run_look
from tests.api.caller import Caller
from tests.faults.conftest import asked, until
from tests.faults.story import Story, same_as
from tests.imports.company import commit
from tests.payouts.crowd import crowd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LATER = (
    "period,account_code,employee_id,metric_code,target,actual,currency,as_of,note\n"
    "2026-Q3,{account},,XSALES,,1100007,EUR,,\n"
)


def looked_at(run: Run) -> Run:
    run_look(run_id=run.pk)
    run.refresh_from_db()
    return run


class TestWriters:
    def test_that_began_before_are_waited_for_however_long_they_take(
        self, app_connection, monkeypatch, story: Story
    ):
        monkeypatch.setattr(runs, "WRITERS_SECONDS", 0.1)
        made = crowd(5)
        writer = app_connection()
        writer.cursor().execute("SELECT 1")
        run = asked(made)
        story.blow("a writer that began before the run")

        rung: list[object] = []
        monkeypatch.setattr(runs, "bell_rung", lambda **asked: rung.append(asked))
        for _look in range(2 * runs.ATTEMPTS):
            looked_at(run)
        assert rung == []
        for _killed in range(2 * runs.ATTEMPTS):
            assert runs._preparation_take(run_id=run.pk)
            Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        looked_at(run)
        client = Client()
        client.force_login(made.users["maren"])
        page = client.get(reverse("payouts:run-show", args=[run.pk])).content.decode()
        writer.commit()

        assert (run.status, run.attempt, run.lease_until) == (RunStatus.QUEUED, 0, None)
        assert "1 writer(s) that began before the run was asked for have not ended" in page
        assert looked_at(run).status == RunStatus.CALCULATED
        assert run.error == ""
        story.recovered()

    def test_are_known_to_all_of_a_run_that_was_asked_for_before_they_ended(self, settings, story: Story):
        settings.KAMCOMP_CHUNK_PEOPLE = 2
        made = crowd(5)
        with ThreadPoolExecutor(1) as worker:
            with transaction.atomic():
                later = LATER.format(account=made.accounts[0].node.code)
                commit("metric_results", later, by=made.users["jonas"], at=timezone.now())
                run = worker.submit(in_own_session, lambda: asked(made)).result()
                look = worker.submit(in_own_session, lambda: run_look(run_id=run.pk))
                until(lambda: waits_or_went_on(run), saying="the look to wait, or to go on without it")
                story.blow("an import that had written, and not ended, when the run was asked for")
            look.result()
        run.refresh_from_db()

        settings.KAMCOMP_CHUNK_PEOPLE = 5
        same_as(run, looked_at(asked(made)))
        story.recovered()


def waits_or_went_on(run: Run) -> bool:
    """Tell whether somebody has looked for writers older than the run, or did all of it without waiting."""
    with connection.cursor() as cursor:
        # Else a transaction goes on seeing the sessions of its beginning.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%xact_start <= %'"
        )
        (waiting,) = cursor.fetchone()
    return waiting > 0 or run_progress(run_id=run.pk).ended


def in_own_session(act):
    try:
        return act()
    finally:
        connections.close_all()


class TestReaders:
    def test_of_a_stream_are_not_waited_for(self, monkeypatch, story: Story):
        monkeypatch.setattr(runs, "WRITERS_SECONDS", 0)
        monkeypatch.setattr(streams, "SENT_AT_ONCE", 1)
        made = crowd(5)
        looked_at(asked(made))
        first, over = threading.Event(), threading.Event()

        def reads() -> int:
            answer = Caller(made.users["maren"]).get("payouts", accept="application/x-ndjson")
            blocks = 0
            for _block in answer.streaming_content:
                blocks += 1
                first.set()
                assert over.wait(timeout=120)
            return blocks

        with ThreadPoolExecutor(1) as client:
            read = client.submit(in_own_session, reads)
            try:
                until(first.is_set, saying="the first row")
                run = asked(made)
                story.blow("a client that has read the first of five rows")
                looked_at(run)
            finally:
                over.set()
            assert read.result() == 6

        assert (run.status, run.error) == (RunStatus.CALCULATED, "")
        story.recovered()

    def test_cannot_write(self, transactional_db):
        with pytest.raises(InternalError, match="read-only transaction"), transaction.atomic():
            only_reading()
            with connection.cursor() as cursor:
                cursor.execute("UPDATE teams_person SET cost_centre = 'CC9'")
