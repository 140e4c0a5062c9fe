"""
What every test can ask for: the database as the app role, raw SQL as either role, and a real worker.

Tests run as the role of web and workers, which owns nothing; the owner role only makes and empties the
test database. Nothing of ours is replaced by a stand-in.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings
from psycopg2.extensions import connection as RawConnection
from psycopg2.extensions import cursor as RawCursor

from tests.database import Baseline, migrated

PROJECT = Path(__file__).resolve().parent.parent
SHARED_DATA = Path(os.environ.get("KAMCOMP_SHARED_DATA") or PROJECT.parent / "shared" / "data")
WORKER_SECONDS = 120

settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("dev", max_examples=200, deadline=None)
settings.register_profile(
    "ci", max_examples=2_000, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "nightly", max_examples=50_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("KAMCOMP_HYPOTHESIS") or "dev")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of the real data sets, or skip, saying where it was looked for."""
    if not SHARED_DATA.is_dir():
        pytest.skip(
            f"the real data is not here: no {SHARED_DATA.name} folder (KAMCOMP_SHARED_DATA names another)"
        )
    return SHARED_DATA


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Leave no test in the language of a page that another asked for."""
    yield
    translation.deactivate()


# The database ---------------------------------------------------------------------------------------------


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every database test name both aliases: the owner's is where tables are made and flushed."""
    for item in items:
        for marker in item.iter_markers("django_db"):
            marker.kwargs.setdefault("databases", ["default", "owner"])
        if {"transactional_db", "app_sql", "owner_sql", "worker"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(
                pytest.mark.django_db(transaction=True, databases=["default", "owner"]), append=False
            )


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_blocker) -> None:
    """Copy the test database from one that is migrated already, which takes a second."""
    from django.db import connections

    with django_db_blocker.unblock():
        connections["owner"].settings_dict["TEST"]["TEMPLATE"] = migrated()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker, request) -> Iterator[None]:
    """Remember what migrations put into the tables, and have every flush bring it back."""
    from django.db import connections

    from payouts.services.partitions import lines_partition
    from tests.database import partitions_drop

    parted = "partitions" in request.config.getoption("through")

    with django_db_blocker.unblock():
        owner = connections["owner"]
        if parted:
            lines_partition()
        baseline = Baseline.of(owner)

        def restore(_statements: object) -> None:
            baseline.restore(owner)
            if parted:
                partitions_drop(owner)

        owner.ops.execute_sql_flush = restore
    yield
    with django_db_blocker.unblock():
        connections["default"].close()


def _raw(alias: str) -> RawConnection:
    from django.db import connections

    return psycopg2.connect(**connections[alias].get_connection_params() | {"cursor_factory": None})


@pytest.fixture
def app_sql(transactional_db: None) -> Iterator[RawCursor]:
    """Return a cursor of the app role's own connection, each statement its own transaction."""
    connection = _raw("default")
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


@pytest.fixture
def owner_sql(transactional_db: None) -> Iterator[RawCursor]:
    """Return a cursor of the owner role's own connection, each statement its own transaction."""
    connection = _raw("owner")
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


@pytest.fixture
def app_connection(transactional_db: None) -> Iterator[Callable[[], RawConnection]]:
    """Return a maker of further connections as the app role, for tests with several writers."""
    made: list[RawConnection] = []

    def make() -> RawConnection:
        made.append(_raw("default"))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


# A real worker --------------------------------------------------------------------------------------------


@pytest.fixture
def worker_environment(transactional_db: None) -> dict[str, str]:
    """Return the variables with which another process works on this test's database and broker."""
    from tests.database import url_of

    return {**os.environ, "DATABASE_URL": url_of("default"), "DATABASE_OWNER_URL": url_of("owner")}


@pytest.fixture
def worker(worker_environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a real Celery worker on this test's database, and on this test process's own part of Valkey."""
    from kamcomp.celery import app

    app.control.purge()
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "kamcomp.celery", "worker", "-c", "1", "-l", "INFO"]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, "--without-gossip", "--without-mingle", "-n", f"test-{os.getpid()}@localhost"],
            env=worker_environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        for _second in range(WORKER_SECONDS * 2):
            if app.control.ping(timeout=0.5):
                break
            assert process.poll() is None, log.read_text()
        else:
            pytest.fail(f"the worker was asked in vain for {WORKER_SECONDS} s:\n{log.read_text()}")
        yield process
    finally:
        process.terminate()
        process.wait(timeout=120)
