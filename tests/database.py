"""How the test database is made, how it is emptied between tests that commit, and how other processes reach it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from kamcomp.embedded.pytest_plugin import tables_digest

PROJECT = Path(__file__).resolve().parents[1]
MIGRATED = "kamcomp_migrated_"
ONE_AT_A_TIME = 7_306_118
"""Of the advisory lock under which a migrated database is made, so that of several test processes one makes it."""

NOT_EMPTY = """
    SELECT string_agg(format('SELECT %L WHERE EXISTS (SELECT FROM %I)', relname, relname), ' UNION ALL ')
      FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace
       AND relkind IN ('r', 'p')
       AND NOT relispartition
       AND relname <> 'django_migrations'
"""


@dataclass(frozen=True)
class Baseline:
    """The rows that migrations leave in a fresh database, by table, in the server's own binary form."""

    rows: dict[str, bytes]
    not_empty: str

    @classmethod
    def of(cls, connection: BaseDatabaseWrapper) -> "Baseline":
        """Read the baseline from a database that only migrations have touched."""
        with connection.cursor() as cursor:
            cursor.execute(NOT_EMPTY)
            (not_empty,) = cursor.fetchone()
            cursor.execute(not_empty)
            names = [name for (name,) in cursor.fetchall()]
            rows = {}
            for name in names:
                stream = BytesIO()
                cursor.copy_expert(
                    f"COPY {connection.ops.quote_name(name)} TO STDOUT (FORMAT binary)", stream
                )
                rows[name] = stream.getvalue()
        return cls(rows=rows, not_empty=not_empty)

    def restore(self, connection: BaseDatabaseWrapper) -> None:
        """
        Empty the tables that have rows and bring the baseline back.

        Triggers are off meanwhile, because append-only tables refuse to be emptied; only the owner of a
        test server may do that.
        """
        quote_name = connection.ops.quote_name
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            try:
                cursor.execute(self.not_empty)
                full = [quote_name(name) for (name,) in cursor.fetchall()]
                if full:
                    cursor.execute(f"TRUNCATE {', '.join(full)} CASCADE")
                for name, content in self.rows.items():
                    cursor.copy_expert(
                        f"COPY {quote_name(name)} FROM STDIN (FORMAT binary)", BytesIO(content)
                    )
            finally:
                cursor.execute("SET session_replication_role = DEFAULT")


def migrated() -> str:
    """
    Return the name of a database that migrations alone have made, for others to be copied from.

    It is made once for these migrations and kept on the test server; those of other migrations are dropped.
    """
    name = MIGRATED + tables_digest()[:16]
    with _server() as cursor:
        cursor.execute("SET lock_timeout = 0")  # the others wait until it is made
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [MIGRATED])
        there = {row[0] for row in cursor.fetchall()}
        for old in there - {name}:
            cursor.execute(f"DROP DATABASE {old}")
        if name not in there:
            made = f"{name}_in_the_making"
            cursor.execute(f"CREATE DATABASE {made}")
            _migrate(made)
            cursor.execute(f"ALTER DATABASE {made} RENAME TO {name}")
    return name


@contextmanager
def _server() -> Iterator[Any]:
    """Yield a cursor of the owner on the server, in no test's database; what it locks is free afterwards."""
    connection = connections["owner"]
    with connection._nodb_cursor() as cursor:  # how Django itself makes test databases
        yield cursor


def _migrate(name: str) -> None:
    """Migrate a database from nothing, in a process of its own."""
    urls = {
        variable: url_of(alias, name=name)
        for variable, alias in (("DATABASE_URL", "default"), ("DATABASE_OWNER_URL", "owner"))
    }
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    environ = {**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "kamcomp.settings"}
    subprocess.run(command, cwd=PROJECT, env=environ, check=True)


def url_of(alias: str, *, name: str = "") -> str:
    """Return the URL of the test database, or of that of a name, as the role of `alias`."""
    settings = connections[alias].settings_dict
    settings = {**settings, "NAME": name or settings["NAME"]}
    parts = {name: quote(str(settings[name]), safe="") for name in ("USER", "PASSWORD", "HOST", "NAME")}
    port = f":{settings['PORT']}" if settings["PORT"] else ""
    return f"postgresql://{parts['USER']}:{parts['PASSWORD']}@{parts['HOST']}{port}/{parts['NAME']}"


def partitions_drop(connection: BaseDatabaseWrapper) -> None:
    """Drop the partitions of periods that a test made and that are gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'payouts_payoutline'::regclass"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {name}")
