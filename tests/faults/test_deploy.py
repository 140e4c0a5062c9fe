"""A new release while a run is under way: other meanings, other tables; and clocks that disagree."""

import itertools
import os
import re
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from textwrap import dedent

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client

from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from kamcomp.management.commands import migrate
from payouts.choices import ChunkStatus, RunStatus
from teams.models import Person
from tests.conftest import PROJECT
from tests.faults.blows import DRAWS
from tests.faults.conftest import PACE, Worker, Workers, asked, begun, ended, until
from tests.faults.story import Story, seeds
from tests.imports.company import commit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FAKETIME = next((str(path) for path in sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))), None)
CLOCKS = ("-1d", "+1d", "@2026-12-31 23:59:55", "@2026-10-25 00:59:55", "-3600", "+90s")


def release(folder: Path, *, runs: tuple[int, ...]) -> dict[str, str]:
    """Return what makes a worker one of a newer release: its own format 2, and the formats it can still run."""
    folder.mkdir()
    folder.joinpath("sitecustomize.py").write_text(
        dedent(f"""\
            import sys
            sys.path.insert(0, {str(PROJECT)!r})
            from payouts.engine import formats
            formats.ENGINE_FORMAT, formats.RUNNABLE_FORMATS = 2, {runs!r}
            """)
    )
    return {"PYTHONPATH": str(folder)}


class TestNewEngineVersion:
    def test_a_run_ends_with_the_version_it_began_with(
        self, undisturbed, made, workers: Workers, story: Story, tmp_path
    ):
        for _draw in range(DRAWS):
            old = workers.start()
            run = asked(made)
            chunk = begun(run)
            os.kill(old.pid, signal.SIGTERM)
            old.process.wait(timeout=180)
            done = run.chunks.filter(status=ChunkStatus.DONE).count()
            story.blow(f"SIGTERM with chunk {chunk.number} in hand, {done} of {run.chunks.count()} done")
            if done < run.chunks.count():
                break
        assert done < run.chunks.count()

        incapable = workers.start(**release(tmp_path / "incapable", runs=(2,)))
        time.sleep(2.5)
        run.refresh_from_db()
        assert (run.status, run.chunks.filter(status=ChunkStatus.DONE).count()) == (
            RunStatus.CALCULATING,
            done,
        )
        incapable.kill()
        workers.start(**release(tmp_path / "capable", runs=(1, 2)))
        ended(run)

        assert run.engine_format == 1
        assert len({chunk.worker for chunk in run.chunks.all()}) == 2
        story.ends_as(run, undisturbed)


@pytest.fixture
def tomorrow(transactional_db, settings):
    """Tomorrow's release has a migration that is not applied yet; afterwards it is as if there were none."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.faults.tomorrow"]
    yield
    connection.close()
    call_command("migrate", "tomorrow", "zero", database="owner", verbosity=0)


def widened() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.columns WHERE column_name = 'tomorrow'")
        return {name for (name,) in cursor.fetchall()}


def waiting_for(table: str) -> int:
    """Return how many sessions wait for a table now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted", [table])
        return cursor.fetchone()[0]


def reading() -> Client:
    """Return the browser of a comp admin who reads page after page."""
    client = Client(raise_request_exception=False)
    user = user_make(username="reader", roles=[Role.COMP_ADMIN], since=date(2026, 1, 1), by=None)
    client.force_login(user)
    return client


class TestMigration:
    def test_while_a_run_and_imports_go_on(
        self, undisturbed, made, workers: Workers, story: Story, tomorrow, monkeypatch
    ):
        monkeypatch.setattr(migrate, "LOCK_SECONDS", 1)
        monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.2)
        monkeypatch.setattr(migrate, "TRIES", 300)
        over, imported, failed = threading.Event(), [], []
        answers: Counter[int] = Counter()
        reader = reading()

        def reads() -> None:
            try:
                for page in itertools.cycle(["/", "/runs", "/pools", "/search?q=kes"]):
                    if over.is_set():
                        break
                    answers[reader.get(page).status_code] += 1
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

        def imports() -> None:
            try:
                while not over.is_set():
                    number = len(imported)
                    commit("people", f"employee_id,name\nX{number:03},Person {number}\n")
                    imported.append(number)
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

        workers.start()
        traffic = [threading.Thread(target=imports), threading.Thread(target=reads)]
        for thread in traffic:
            thread.start()
        run = asked(made)
        chunk = begun(run)
        said = StringIO()
        try:
            call_command("migrate", "tomorrow", database="owner", stdout=said, stderr=said)
            story.blow(f"with chunk {chunk.number} in hand and {len(imported)} imports done")
            ended(run)
        finally:
            over.set()
            for thread in traffic:
                thread.join(timeout=180)

        assert failed == []
        assert set(answers) == {200}
        assert len(imported) > 0
        assert Person.objects.filter(employee_id__startswith="X").count() == len(imported)
        assert widened() == {"payouts_payout", "payouts_runchunk", "teams_person"}
        assert "deadlock" not in workers.logs()
        story.ends_as(run, undisturbed)

    def test_never_has_another_ended_who_waits_for_it(
        self, transactional_db, tomorrow, app_connection, monkeypatch, story: Story
    ):
        """A store holds the chunk's row and waits behind the migration for the payouts, which another store has."""
        monkeypatch.setattr(migrate, "LOCK_SECONDS", 60)
        monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.1)
        monkeypatch.setattr(migrate, "TRIES", 300)
        first, second = app_connection(), app_connection()
        first.cursor().execute("LOCK TABLE payouts_payout IN ROW EXCLUSIVE MODE")
        second.cursor().execute("LOCK TABLE payouts_runchunk IN ROW EXCLUSIVE MODE")

        def migrates() -> None:
            try:
                call_command("migrate", "tomorrow", database="owner", verbosity=0, stderr=StringIO())
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as threads:
            migrated = threads.submit(migrates)
            until(lambda: waiting_for("payouts_payout") == 1, saying="the migration to wait for the payouts")
            stored = threads.submit(
                second.cursor().execute, "LOCK TABLE payouts_payout IN ROW EXCLUSIVE MODE"
            )
            until(lambda: waiting_for("payouts_payout") == 2, saying="the store to wait behind it")
            time.sleep(0.3)
            first.commit()
            stored.result(timeout=180)
            story.blow("a store behind the migration, with the row the migration wants next")
            second.commit()
            migrated.result(timeout=180)

        assert len(widened()) == 3
        story.recovered()

    def test_begun_by_two_machines_at_once_is_made_by_one(
        self, transactional_db, tomorrow, app_connection, monkeypatch, story: Story
    ):
        monkeypatch.setattr(migrate, "LOCK_SECONDS", 1)
        monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.05)
        monkeypatch.setattr(migrate, "TRIES", 300)
        writer = app_connection()
        writer.cursor().execute("LOCK TABLE teams_person IN ROW EXCLUSIVE MODE")

        def migrates(said: StringIO) -> None:
            try:
                call_command("migrate", "tomorrow", database="owner", verbosity=0, stderr=said)
            finally:
                connections.close_all()

        first, second = StringIO(), StringIO()
        with ThreadPoolExecutor(2) as machines:
            begun_first = machines.submit(migrates, first)
            until(
                lambda: waiting_for("teams_person") == 1, saying="the first migration to wait for the table"
            )
            begun_second = machines.submit(migrates, second)
            until(
                lambda: second.getvalue() or begun_second.done(), saying="the second to wait, or to be over"
            )
            story.blow("a second migration behind one that waits for a table")
            writer.commit()
            begun_first.result(timeout=180)
            begun_second.result(timeout=180)

        assert "Somebody else migrates this database (PostgreSQL's process " in second.getvalue()
        assert len(widened()) == 3
        story.recovered()

    def test_gives_up_behind_another_that_hangs_and_names_it(
        self, transactional_db, app_connection, monkeypatch
    ):
        monkeypatch.setattr(migrate, "ALONE_SECONDS", 0.1)
        monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.05)
        hangs = app_connection()
        hangs.cursor().execute("SELECT pg_advisory_lock(%s)", [migrate.ALONE])
        said = StringIO()

        with pytest.raises(CommandError, match=f"process {hangs.info.backend_pid}\\), and nothing was done"):
            call_command("migrate", "payouts", database="owner", verbosity=0, stderr=said)

        assert said.getvalue().count("waiting until they have ended") == 1

    def test_goes_after_a_long_import_and_gives_up_by_name(
        self, transactional_db, tomorrow, app_connection, monkeypatch, story: Story
    ):
        monkeypatch.setattr(migrate, "LOCK_SECONDS", 1)
        monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.1)
        monkeypatch.setattr(migrate, "TRIES", 2)
        writer, reader = app_connection(), app_connection()
        writer.cursor().execute("LOCK TABLE teams_person IN ROW EXCLUSIVE MODE")
        reader.autocommit = True
        reader.cursor().execute("SET lock_timeout = '5s'")

        with pytest.raises(CommandError, match="stayed in use through 2 tries of 1 s"):
            call_command("migrate", "tomorrow", database="owner", verbosity=0, stderr=StringIO())
        assert widened() == set()
        reader.cursor().execute("SELECT count(*) FROM teams_person")

        monkeypatch.setattr(migrate, "TRIES", 30)
        threading.Timer(1.5, writer.commit).start()
        call_command("migrate", "tomorrow", database="owner", verbosity=0, stderr=StringIO())
        assert len(widened()) == 3
        story.row.moment = "behind an open import"


def told_another_time(worker: Worker) -> bool:
    """Tell whether a worker is ready, and sees to it that its log is written by another clock than ours."""
    said = worker.said()
    if " ready." not in said:
        return False
    times = re.findall(r'"timestamp": "([^"]+)"', said) or re.findall(
        r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", said
    )
    told = datetime.fromisoformat(times[-1].replace("Z", "+00:00"))
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - told) > timedelta(seconds=45), "the clock was not moved"
    return True


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed here")
class TestClock:
    @seeds(1)
    def test_of_two_workers_apart_changes_nothing(
        self, seed, undisturbed, made, workers: Workers, story: Story
    ):
        first, second = story.random.sample(CLOCKS, 2)
        for moved in (first, second):
            # The clocks are a minute and more apart; a busy machine keeps a chunk of 200 for seconds. And one hand:
            # Python's threads take turns by a timed wait, which a moved clock makes endless or idle.
            workers.start(
                LD_PRELOAD=FAKETIME, FAKETIME=moved, FAKETIME_DONT_FAKE_MONOTONIC="1", ready=False,
                KAMCOMP_CHUNK_LEASE_SECONDS=str(max(20, PACE.lease)), KAMCOMP_CHUNKS_AT_ONCE="1",
            )  # fmt: skip
        for worker in workers.running:
            until(partial(told_another_time, worker), every=0.1, saying="a worker with another clock")
        story.blow(f"clocks at {first} and {second}")

        run = ended(asked(made))

        assert [chunk.epoch for chunk in run.chunks.defer("inputs")] == [1, 1, 1], "a lease was misjudged"
        story.ends_as(run, undisturbed)
