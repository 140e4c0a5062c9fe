"""
The two roles and the database: an owner who migrates and makes test databases, and the role of web and
workers, which owns nothing. The superuser stays the launcher's own.

docker/postgres-roles.sh does the same for a server in a container.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from kamcomp.embedded.postgresql import SUPERUSER

OWNER, APP, DATABASE = "kamcomp_owner", "kamcomp_app", "kamcomp"


@dataclass(frozen=True)
class Addresses:
    """The URLs of the two roles on one database."""

    app: str
    owner: str


def addresses(*, sockets: Path, passwords: dict[str, str]) -> Addresses:
    """Return the URLs of an embedded server, as DATABASE_URL and DATABASE_OWNER_URL are written."""
    host = quote(str(sockets), safe="")

    def url(role: str, password: str) -> str:
        return f"postgresql://{role}:{quote(password, safe='')}@{host}/{DATABASE}"

    return Addresses(app=url(APP, passwords["app"]), owner=url(OWNER, passwords["owner"]))


def roles_make(*, sockets: Path, passwords: dict[str, str], for_tests: bool) -> None:
    """
    Make the roles and the database, or bring their passwords and rights up to date.

    On a test server the owner may switch triggers off for a session, to empty append-only tables between tests.
    """
    connection = psycopg2.connect(
        host=str(sockets), user=SUPERUSER, password=passwords["superuser"], dbname="postgres"
    )
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            _role(cursor, name=OWNER, password=passwords["owner"], rights="CREATEDB")
            _role(cursor, name=APP, password=passwords["app"], rights="NOCREATEDB")
            if for_tests:
                cursor.execute(f"GRANT SET ON PARAMETER session_replication_role TO {OWNER}")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    finally:
        connection.close()


def _role(cursor: Cursor, *, name: str, password: str, rights: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
    verb = "CREATE" if cursor.fetchone() is None else "ALTER"
    statement = sql.SQL("{verb} ROLE {name} LOGIN NOSUPERUSER NOCREATEROLE {rights} PASSWORD {password}")
    cursor.execute(
        statement.format(
            verb=sql.SQL(verb),
            name=sql.Identifier(name),
            rights=sql.SQL(rights),
            password=sql.Literal(password),
        )
    )
