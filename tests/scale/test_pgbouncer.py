"""PgBouncer in transaction mode between: nothing of ours needs a connection to remember the last transaction."""

import signal
from functools import partial

import psycopg2
import pytest
from django.db import OperationalError, connections
from django.db.backends.postgresql.base import DatabaseWrapper as Plain
from psycopg2.extensions import parse_dsn

from kamcomp.pooled.base import DatabaseWrapper as Pooled
from tests.faults.blows import strike
from tests.faults.conftest import asked
from tests.faults.story import Story
from tests.scale.conftest import Processes, ended, same_as

pytestmark = pytest.mark.django_db(transaction=True)
LIMITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


@pytest.fixture
def processes(environment, pooler, tmp_path):
    through = {"DATABASE_URL": pooler.url, "KAMCOMP_BEHIND_PGBOUNCER": "1", "KAMCOMP_POLL_SECONDS": "1"}
    made = Processes(environment | through, tmp_path)
    yield made
    made.end()


@pytest.fixture
def connect(pooler):
    """Return a maker of connections through the pooler, with either backend."""
    made = []

    def through(backend):
        parts = parse_dsn(pooler.url)
        entry = connections["default"].settings_dict | {
            "HOST": parts["host"], "PORT": parts["port"], "OPTIONS": {}, "DISABLE_SERVER_SIDE_CURSORS": False
        }  # fmt: skip
        made.append(backend(entry, "default"))
        return made[-1]

    yield through
    for connection in made:
        connection.close()


def reconnected(pooler) -> None:
    """Have the pooler open its connections anew, as an administrator would."""
    console = psycopg2.connect(pooler.url.rpartition("/")[0] + "/pgbouncer")
    console.autocommit = True
    with console.cursor() as cursor:
        cursor.execute("RECONNECT")
    console.close()


class TestCursors:
    def read_by_two(self, connect, backend):
        """Open a long answer on one connection, let others take its server process, and read on with another."""
        mine, others = connect(backend), [connect(backend) for _each in range(3)]
        cursor = mine.chunked_cursor()
        cursor.execute("SELECT * FROM generate_series(1, 5000)")
        first = cursor.fetchmany(10)
        for other in others:
            other.set_autocommit(False)
            with other.cursor() as held:
                held.execute("SELECT 1")
        others[-1].rollback()
        rest = cursor.fetchmany(10_000)
        return len(first) + len(rest)

    def test_of_the_server_are_not_kept_outside_a_transaction(self, connect):
        assert self.read_by_two(connect, Pooled) == 5000

    def test_of_djangos_own_backend_are_lost(self, connect):
        with pytest.raises(OperationalError, match="cursor .* does not exist"):
            self.read_by_two(connect, Plain)

    def test_of_the_server_are_used_inside_one(self, connect):
        connection = connect(Pooled)
        connection.connect()
        connection.in_atomic_block = True
        try:
            assert connection.chunked_cursor().cursor.name is not None
        finally:
            connection.in_atomic_block = False
        assert connection.chunked_cursor().cursor.name is None


class TestLimits:
    @pytest.fixture
    def forgotten(self):
        def forget():
            with connections["default"].cursor() as cursor:
                for name in LIMITS:
                    cursor.execute(f"ALTER ROLE CURRENT_USER RESET {name}")

        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT rolconfig FROM pg_roles WHERE rolname = current_user")
            (before,) = cursor.fetchone()
        forget()
        yield
        forget()
        with connections["default"].cursor() as cursor:
            for said in before or []:
                name, _is, value = said.partition("=")
                cursor.execute(f"ALTER ROLE CURRENT_USER SET {name} = %s", [value])

    def test_are_missed_until_the_role_has_them(self, forgotten, processes, pooler):
        assert "kamcomp.W001" in processes.manage("check", "--database", "default")

        said = processes.manage("database_limits")

        assert "statement_timeout = 120s" in said
        reconnected(pooler)
        assert "kamcomp.W001" not in processes.manage("check", "--database", "default")
        fresh = psycopg2.connect(pooler.database)
        with fresh.cursor() as cursor:
            cursor.execute("SELECT current_setting(name) FROM unnest(%s) AS name", [list(LIMITS)])
            assert [value for (value,) in cursor.fetchall()] == ["10s", "2min", "5min"]
        fresh.close()


@pytest.mark.slow
class TestRun:
    def test_is_the_same_and_outlives_a_killed_worker(self, undisturbed, made, processes, story: Story):
        processes.worker()
        processes.worker()
        struck = strike(partial(asked, made), signal.SIGKILL, story=story, within=0)
        run = ended(struck.run)

        assert run.chunks.get(number=struck.number).epoch >= 2, "nobody took the chunk again"
        same_as(run, undisturbed)
