"""
Django's `migrate`, as the owner role unless told otherwise: the app role may not change tables.

It may run while the system works. It waits for a table only shortly, because everybody else would queue up
behind it, and tries again; what it has done by then stands, as each migration is a transaction of its own.
Holding one table it does not wait for another at all: who has that one may be waiting for the first, and
PostgreSQL would end whichever of the two it looks at first, a worker's store or somebody's page among them.
Of several that are begun at once, by two machines of one deployment, each waits until the one before has ended.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import DatabaseError, InterfaceError, OperationalError, connections
from psycopg2.errors import LockNotAvailable

LOCK_SECONDS = 2
HOLDING_MILLISECONDS = 10
"""Far shorter than PostgreSQL's deadlock_timeout of a second: then one of those who wait for each other is ended."""
TAKES_A_TABLE = re.compile(r"\s*(ALTER|CREATE|DROP|LOCK|TRUNCATE|COMMENT)\b", re.IGNORECASE)
TRIES = 30
PAUSE_SECONDS = 1.0
SAY_SECONDS = 60
ALONE_SECONDS = 3_600
ALONE = 20_260_701
"""The number of the advisory lock that says somebody migrates this database; nothing else of ours takes it."""


class Command(migrate.Command):
    """Migrate the database as the role that owns its tables."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take Django's arguments, with another default for the database."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Refuse with one sentence where the owner's address is not given; try again while tables are in use."""
        if options["database"] not in settings.DATABASES:
            raise CommandError(
                "DATABASE_OWNER_URL is not set: migrations run as the role that owns the tables."
            )
        with alone(database=options["database"], say=self.stderr.write):
            return self._migrated(*args, **options)

    def _migrated(self, *args: Any, **options: Any) -> str | None:
        for tried in range(1, TRIES + 1):
            try:
                with short_waits(database=options["database"]):
                    return super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                self.stderr.write(f"A table is in use ({tried} of {TRIES}): the others go first.")
            time.sleep(PAUSE_SECONDS)
        raise CommandError(
            f"A table stayed in use through {TRIES} tries of {LOCK_SECONDS} s. The migrations before this one stand, "
            "nothing of it is kept: look in pg_stat_activity for who holds the table, and migrate again."
        )


@contextmanager
def alone(*, database: str, say: Callable[[str], object]) -> Iterator[None]:
    """
    Wait until nobody else migrates the database, and let nobody else begin; a session that ends lets go by itself.

    Only then is it asked what there is to migrate: two that asked at once would both make the same tables, and one
    of them would break off in the middle of a deployment.

    :raises CommandError: if somebody else still does after an hour; a migrate that was stopped never ends.
    """
    begun = time.monotonic()
    said: float | None = None
    while not _advisory(database, "pg_try_advisory_lock"):
        now, holder = time.monotonic(), _holder(database)
        if now - begun > ALONE_SECONDS:
            raise CommandError(
                f"Somebody else still migrates this database{holder}, and nothing was done here. If theirs hangs, end "
                "it (SELECT pg_terminate_backend(...)): what it has not ended is undone. Then migrate again."
            )
        if said is None or now - said >= SAY_SECONDS:
            say(f"Somebody else migrates this database{holder}: waiting until they have ended.")
            said = now
        time.sleep(PAUSE_SECONDS)
    try:
        yield
    finally:
        # A session that broke has let go by itself, and says why by its own error.
        with suppress(DatabaseError, InterfaceError):
            _advisory(database, "pg_advisory_unlock")


def _holder(database: str) -> str:
    """Return the words that name the session that migrates, or none where it has just ended."""
    with connections[database].cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            " AND classid = 0 AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [ALONE],
        )
        found = cursor.fetchone()
    return f" (PostgreSQL's process {found[0]})" if found else ""


def _advisory(database: str, act: str) -> bool:
    with connections[database].cursor() as cursor:
        cursor.execute(f"SELECT {act}(%s)", [ALONE])
        return bool(cursor.fetchone()[0])


@contextmanager
def short_waits(*, database: str) -> Iterator[None]:
    """Wait for no lock longer than a moment, hardly while holding one; afterwards the connection waits as before."""
    with connections[database].cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_SECONDS}s"])
    try:
        with connections[database].execute_wrapper(_wait_no_more_once_holding):
            yield
    finally:
        with connections[database].cursor() as cursor:
            cursor.execute("RESET lock_timeout")


def _wait_no_more_once_holding(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Perform a statement; if it took a table, the rest of its transaction waits hardly at all for another."""
    answer = execute(sql, params, many, context)
    connection = context["connection"]
    if connection.in_atomic_block and TAKES_A_TABLE.match(str(sql)):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{HOLDING_MILLISECONDS}ms"])
    return answer
