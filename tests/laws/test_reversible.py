"""The laws can be taken back: every migration of ours has a way back, tried on a database of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections
from django.db.migrations import AddField
from django.db.migrations.loader import MigrationLoader

from tests.database import migrated, url_of

PROJECT = Path(__file__).resolve().parents[2]
OURS = {"kamcomp", "teams", "scorecards", "plans", "payouts"}
BEFORE_ANY_RELEASE = {
    ("audit", "auditevent", "session_role"),
    ("audit", "auditseal", "event_ids"),
    ("audit", "auditseal", "event_digests"),
    ("imports", "importbatch", "mends"),
    ("imports", "importbatch", "locked_before"),
    ("jobs", "job", "attempt"),
    ("jobs", "job", "request"),
    ("teams", "objectivemilestone", "objective"),
    ("plans", "replay", "kind"),
    ("payouts", "payout", "closing"),
    ("payouts", "posting", "closed"),
    ("payouts", "run", "attempt"),
}
SCRATCH = f"test_reversible_{os.getpid()}"
APPS = [
    "payouts",
    "plans",
    "scorecards",
    "teams",
    "approvals",
    "jobs",
    "imports",
    "currency",
    "policy",
    "calendar",
]


@pytest.fixture
def scratch(transactional_db):
    """Return the environment of commands on a migrated database, which is dropped afterwards."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCRATCH} TEMPLATE {migrated()}")
    urls = {
        variable: url_of(alias, name=SCRATCH)
        for variable, alias in (("DATABASE_URL", "default"), ("DATABASE_OWNER_URL", "owner"))
    }
    yield {**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "kamcomp.settings"}
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"DROP DATABASE {SCRATCH} WITH (FORCE)")


def test_a_new_column_is_filled_by_the_database_for_code_that_does_not_know_it():
    ours = {
        key: migration
        for key, migration in MigrationLoader(None).disk_migrations.items()
        if type(migration).__module__.split(".")[0] in OURS and not migration.initial
    }
    added = [
        (*key, step.model_name, step.name, step.field)
        for key, migration in ours.items()
        for step in migration.operations
        if isinstance(step, AddField) and not step.field.many_to_many
    ]
    assert ("payouts", "adjustment", "alone") in {(each[0], each[2], each[3]) for each in added}
    without = {
        (each[0], each[2], each[3]) for each in added if not (each[4].null or each[4].has_db_default())
    }
    assert without - BEFORE_ANY_RELEASE == set()


MIGRATE = """
import sys
import django
django.setup()
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
back = [(app, None) for app in sys.argv[1:]]
for way in ("back", "forth"):
    told = lambda action, migration=None, fake=False: print(way, action, migration, flush=True)
    executor = MigrationExecutor(connections["owner"], told)
    executor.migrate(back if way == "back" else executor.loader.graph.leaf_nodes())
"""


@pytest.mark.slow
def test_every_migration_goes_back_and_forth(scratch):
    command = [sys.executable, "-c", MIGRATE, *APPS]
    done = subprocess.run(command, cwd=PROJECT, env=scratch, capture_output=True, text=True, check=False)

    assert done.returncode == 0, f"{done.stdout.splitlines()[-1]}:\n{done.stderr[-2000:]}"
