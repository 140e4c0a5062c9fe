"""
A backup taken in the middle of a run, restored into an empty cluster of its own: every row, law, trigger and right
is there, the run that was under way ends with the figures it would have had, and the guards are active.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from kamcomp.backups import digests, services, tools
from kamcomp.backups.services import (
    Backup,
    BackupNotWritten,
    RestoreDiffers,
    backup_make,
    backup_restore,
)
from kamcomp.backups.tools import ToolMissing, tool_found
from kamcomp.embedded.places import PROJECT, Place, forget
from kamcomp.embedded.services import Services, services_up
from kamcomp.jobs.models import Job
from kamcomp.pulse.measures import measured
from payouts.models import Payout
from payouts.services.runs import run_request
from tests.faults.conftest import ended, until
from tests.faults.test_disk import small_disk
from tests.payouts.quarters import closed, quarters, sold

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PEOPLE = 1_000


@contextmanager
def another_cluster() -> Iterator[Services]:
    """Start a PostgreSQL and a Valkey of their own, empty, with the two roles."""
    folder = Path(tempfile.mkdtemp(prefix="kamcomp-drill-"))
    folder.chmod(0o711)
    place = Place(kind="drill", folder=folder)
    place.make()
    try:
        with services_up(place=place, environ={}) as services:
            yield services
    finally:
        forget(place=place)
        shutil.rmtree(folder, ignore_errors=True)


def manage(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**os.environ, "KAMCOMP_CHUNK_LEASE_SECONDS": "3", **environ},
        cwd=PROJECT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(url: str, statement: str) -> str:
    """Return what the database says to a statement that it must refuse."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor, pytest.raises(psycopg2.Error) as refusal:
            cursor.execute(statement)
        return str(refusal.value)
    finally:
        connection.close()


@pytest.fixture
def books():
    """A closed quarter, and a second one whose facts are there."""
    made = quarters(people=PEOPLE)
    for code, value in (("2026-Q1", 1_100_000), ("2026-Q2", 1_250_000)):
        for account in (0, 1):
            sold(made, code, value, account=account)
    closed(made, "2026-Q1")
    return made


@pytest.fixture
def empty_database(owner_sql):
    """Return what leads the owner's address to an empty database of the test's server for a block."""
    name = f"restored_{os.getpid()}"
    owner_sql.execute(f"CREATE DATABASE {name}")

    @contextmanager
    def instead() -> Iterator[None]:
        said = connections["owner"].settings_dict
        before, said["NAME"] = said["NAME"], name
        try:
            yield
        finally:
            said["NAME"] = before

    yield instead
    owner_sql.execute(f"DROP DATABASE {name} WITH (FORCE)")


class TestDrill:
    def test_a_backup_during_a_run_is_the_whole_company(
        self, books, settings, worker_environment, request, tmp_path
    ):
        settings.KAMCOMP_CHUNK_PEOPLE = 50
        worker_environment |= {"KAMCOMP_CHUNK_PEOPLE": "50", "KAMCOMP_CHUNK_LEASE_SECONDS": "3"}
        request.getfixturevalue("worker")
        run = run_request(period=books.periods["2026-Q2"], by=books.users["maren"], at=timezone.now())
        until(lambda: run.chunks.filter(status="done").exists(), seconds=90, saying="the first chunk stored")

        call_command("backup", "--to", str(tmp_path / "backups"))

        (folder,) = (tmp_path / "backups").iterdir()
        manifest = json.loads((folder / "manifest.json").read_text())
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (folder, *folder.iterdir())}
        assert modes.pop(folder.name) == "0o700"
        assert modes == dict.fromkeys(("database.dump", "manifest.json", "roles.sql"), "0o600")
        assert Job.objects.get(kind="backup").result["digest"] == manifest["digest"]
        run = ended(run)
        assert (run.status, Payout.objects.filter(run=run).count()) == ("calculated", PEOPLE)

        with another_cluster() as services:
            there = services.environ
            restored = said(manage(there, "restore", str(folder)))
            assert f"{len(manifest['tables'])} tables" in restored
            assert restored.count("all equal") == 1
            assert "No migrations to apply" in said(manage(there, "migrate"))

            # What was closed is as it was, and is still guarded, for the app role and for the owner.
            assert "derived again, all equal" in said(
                manage(there, "payouts", "verify", "--period", "2026-Q1")
            )
            assert "0 finding(s)" in said(manage(there, "ledger_check"))
            change = "UPDATE payouts_allocation SET amount = amount + 0.01"
            for url in (there["DATABASE_URL"], there["DATABASE_OWNER_URL"]):
                assert "is locked" in refused(url, change) or "locked" in refused(url, change)
            assert "must be owner" in refused(
                there["DATABASE_URL"], "ALTER TABLE payouts_pool DISABLE TRIGGER ALL"
            )
            assert "permission denied" in refused(there["DATABASE_URL"], "TRUNCATE payouts_ledgerentry")
            assert "permission denied" in refused(there["DATABASE_URL"], "DELETE FROM audit_auditevent")
            said(manage(there, "audit", "verify"))

            # What was under way goes on, and comes to the same.
            before = manage(there, "payouts", "status", "--period", "2026-Q2")
            assert "calculating" in said(before).lower()
            until(
                lambda: "calculated" in said(manage(there, "payouts", "work"))
                + said(manage(there, "payouts", "status", "--period", "2026-Q2")).lower(),
                seconds=180, every=1, saying="the restored run to end",
            )  # fmt: skip
            verified = said(manage(there, "payouts", "verify", "--period", "2026-Q2"))
            assert verified.strip().endswith(run.result_digest)


class TestBackup:
    def test_tells_operators_how_old_it_is(self, tmp_path):
        assert b"kamcomp_backup_age_seconds" not in measured()

        call_command("backup", "--to", str(tmp_path))

        (age,) = [
            line for line in measured().decode().splitlines() if line.startswith("kamcomp_backup_age_seconds")
        ]
        assert 0 <= float(age.split()[1]) < 60

    def test_needs_the_owners_address(self, settings, tmp_path, monkeypatch):
        monkeypatch.delitem(settings.DATABASES, "owner")

        with pytest.raises(CommandError, match="DATABASE_OWNER_URL is not set"):
            call_command("backup", "--to", str(tmp_path))

    def test_leaves_nothing_where_it_cannot_write(self, tmp_path):
        (tmp_path / "file").write_text("in the way")

        with pytest.raises(CommandError, match="could not be written"):
            call_command("backup", "--to", str(tmp_path / "file" / "below"))

        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    def test_begun_twice_in_one_second_is_one_whole_backup(self, transactional_db, tmp_path):
        at = timezone.now()
        killed, at_work, for_days = (
            tmp_path / f".kamcomp-{name}.part" for name in ("killed", "at-work", "for-days")
        )
        for folder, age, dump_age in ((killed, 2, 2), (at_work, 0, 0), (for_days, 2, 0)):
            folder.mkdir()
            (folder / "database.dump").write_text("begun")
            for path, days in ((folder / "database.dump", dump_age), (folder, age)):
                os.utime(path, times=(at.timestamp() - days * 86_400,) * 2)

        def begun(_machine: int) -> Backup | BackupNotWritten:
            try:
                return backup_make(to=tmp_path, at=at)
            except BackupNotWritten as refusal:
                return refusal
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as machines:
            outcomes = list(machines.map(begun, range(2)))

        (made,) = (each for each in outcomes if isinstance(each, Backup))
        (refusal,) = (each for each in outcomes if isinstance(each, BackupNotWritten))
        assert "is there already" in str(refusal)
        assert {path.name for path in tmp_path.iterdir()} == {made.folder.name, at_work.name, for_days.name}
        dump = (made.folder / "database.dump").read_bytes()
        assert hashlib.sha256(dump).hexdigest() == made.manifest["dump"]["sha256"]
        assert Job.objects.filter(kind="backup").count() == 1

    def test_does_not_fail_where_another_removes_what_was_abandoned(self, tmp_path, monkeypatch):
        killed = tmp_path / ".kamcomp-killed.part"
        killed.mkdir()
        seen = [tmp_path / ".kamcomp-gone.part", killed]
        with monkeypatch.context() as patched:
            patched.setattr(Path, "glob", lambda _folder, _pattern: iter(seen))
            services._abandoned_removed(tmp_path, at=timezone.now() + timedelta(days=2))

        assert not killed.exists()

    def test_of_a_full_disk_leaves_nothing_and_says_so(self, transactional_db, tmp_path):
        with small_disk(tmp_path):
            with pytest.raises(BackupNotWritten, match="nothing of"):
                backup_make(to=tmp_path, at=timezone.now())
            assert list(tmp_path.iterdir()) == []

        assert not Job.objects.filter(kind="backup").exists()


class TestRestore:
    def test_refuses_a_database_that_holds_anything(self, tmp_path):
        call_command("backup", "--to", str(tmp_path))
        (folder,) = tmp_path.iterdir()

        with pytest.raises(
            CommandError, match=r"holds \d+ tables and sequences: a restore goes into an empty one"
        ):
            call_command("restore", str(folder))

    def test_compares_what_is_there_with_what_was_kept(self, owner_sql, empty_database, tmp_path):
        call_command("backup", "--to", str(tmp_path))
        (folder,) = tmp_path.iterdir()
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["tables"]["identity_user"]["rows"] += 1
        manifest["rules"]["triggers"].append("payouts_pool.pools_never_move O")
        (folder / "manifest.json").write_text(json.dumps(manifest))

        with empty_database(), pytest.raises(RestoreDiffers) as differs:
            backup_restore(folder=folder)

        rows = manifest["tables"]["identity_user"]["rows"]
        assert str(differs.value) == (
            f"what was restored is not what was kept: table identity_user: {rows} rows were kept, {rows - 1} are "
            "there; triggers: payouts_pool.pools_never_move O is missing."
        )

    def test_refuses_a_dump_that_is_not_the_one_that_was_made(self, tmp_path):
        call_command("backup", "--to", str(tmp_path))
        (folder,) = tmp_path.iterdir()
        dump = folder / "database.dump"
        dump.write_bytes(dump.read_bytes()[:-1] + b"x")

        with pytest.raises(CommandError, match="take another backup"):
            call_command("restore", str(folder))

    def test_refuses_a_folder_that_is_no_backup(self, tmp_path):
        with pytest.raises(CommandError, match="is not a backup, or not a whole one"):
            call_command("restore", str(tmp_path))


class TestDifferences:
    def test_name_a_row_a_switched_off_trigger_and_a_right(self, owner_sql):
        books = quarters()
        before = {
            "tables": digests.rows_digests(cursor=owner_sql),
            "rules": digests.rules_found(cursor=owner_sql),
        }
        person = books.people[0].pk
        try:
            owner_sql.execute("UPDATE teams_person SET cost_centre = 'CC9' WHERE id = %s", [str(person)])
            owner_sql.execute("ALTER TABLE payouts_pool DISABLE TRIGGER pools_move_on")
            owner_sql.execute("GRANT TRUNCATE ON payouts_pool TO kamcomp_app")

            found = digests.differences(
                kept=before,
                rows=digests.rows_digests(cursor=owner_sql),
                rules=digests.rules_found(cursor=owner_sql),
            )
        finally:
            owner_sql.execute("ALTER TABLE payouts_pool ENABLE TRIGGER pools_move_on")
            owner_sql.execute("REVOKE TRUNCATE ON payouts_pool FROM kamcomp_app")

        assert found == [
            "table audit_auditevent: "
            f"{before['tables']['audit_auditevent']['rows']} rows were kept, "
            f"{before['tables']['audit_auditevent']['rows'] + 1} are there",
            "table teams_person: 4 rows were kept, 4 are there with other values",
            "triggers: payouts_pool.pools_move_on O is missing",
            "triggers: payouts_pool.pools_move_on D was not there",
            "rights: payouts_pool kamcomp_app TRUNCATE was not there",
        ]

    def test_do_not_depend_on_the_order_of_rows(self, owner_sql):
        quarters()
        before = digests.rows_digests(cursor=owner_sql)
        # The same row written anew lies elsewhere in the table.
        owner_sql.execute("UPDATE teams_person SET cost_centre = cost_centre WHERE employee_id = 'E00001'")

        assert digests.rows_digests(cursor=owner_sql)["teams_person"] == before["teams_person"]


class TestTool:
    def test_is_refused_where_it_is_older_than_the_server(self, tmp_path, monkeypatch):
        old = tmp_path / "pg_dump"
        old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.3'\n")
        old.chmod(0o755)
        monkeypatch.setenv("KAMCOMP_PG_BIN", str(tmp_path))
        monkeypatch.setattr(tools, "WHEELS", ())
        monkeypatch.setenv("PATH", str(tmp_path))

        with pytest.raises(
            ToolMissing, match=r"no pg_dump of PostgreSQL 18 or later .*pg_dump is of PostgreSQL 12"
        ):
            tool_found(name="pg_dump", at_least=18)

    def test_is_passed_over_for_one_that_is_new_enough(self, tmp_path, monkeypatch):
        old = tmp_path / "pg_dump"
        old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.3'\n")
        old.chmod(0o755)
        monkeypatch.setenv("KAMCOMP_PG_BIN", str(tmp_path))

        assert tool_found(name="pg_dump", at_least=18).major >= 18
