"""How the test database is emptied between tests that commit, and how other processes reach it."""

from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

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


def url_of(alias: str) -> str:
    """Return the URL of the test database as the role of `alias`."""
    settings = connections[alias].settings_dict
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
