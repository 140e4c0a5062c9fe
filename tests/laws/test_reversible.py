"""The laws can be taken back: every migration of ours has a way back, tried on a database of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections

from tests.database import url_of

PROJECT = Path(__file__).resolve().parents[2]
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
    """Return the environment of commands on an empty database, which is dropped afterwards."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCRATCH}")
    urls = {
        variable: f"{url_of(alias).rsplit('/', 1)[0]}/{SCRATCH}"
        for variable, alias in (("DATABASE_URL", "default"), ("DATABASE_OWNER_URL", "owner"))
    }
    yield {**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "kamcomp.settings"}
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"DROP DATABASE {SCRATCH} WITH (FORCE)")


MIGRATE = """
import sys
import django
django.setup()
from django.core.management import call_command
for app in ["", *sys.argv[1:], ""]:
    print("forth" if not app else "back", app, flush=True)
    call_command("migrate", *([app, "zero"] if app else []), database="owner", verbosity=0)
"""


@pytest.mark.slow
def test_every_migration_goes_forth_and_back_and_forth(scratch):
    command = [sys.executable, "-c", MIGRATE, *APPS]
    done = subprocess.run(command, cwd=PROJECT, env=scratch, capture_output=True, text=True, check=False)

    assert done.returncode == 0, f"{done.stdout.splitlines()[-1]}:\n{done.stderr[-2000:]}"
