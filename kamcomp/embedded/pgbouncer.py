"""
A PgBouncer of the machine's own packages between the tests and their database, in transaction mode: every transaction
of a connection may meet another server process, as behind a shared pool in production.

Only the role of web and workers goes through it; migrations and the owner connect directly, as they should.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2.extensions import parse_dsn

from kamcomp.embedded.places import CannotStart, Place, private_write
from kamcomp.embedded.postgresql import unprivileged
from kamcomp.embedded.processes import Child, clean_environment, last_words, start, wait_until

PORT = 6432  # only names the socket's file
POOL = 10
START_SECONDS = 10.0


@dataclass(frozen=True)
class Pooler:
    """Where a private PgBouncer lives, which database it leads to, and how to reach it."""

    home: Path
    sockets: Path
    log: Path
    database: str
    pool: int

    @property
    def url(self) -> str:
        """Return the database's URL by way of the pooler."""
        parts = parse_dsn(self.database)
        user, password = (quote(parts.get(name, ""), safe="") for name in ("user", "password"))
        return f"postgresql://{user}:{password}@{quote(str(self.sockets), safe='')}:{PORT}/{parts['dbname']}"


def absent() -> str:
    """Return why there can be no PgBouncer here, in a sentence; empty if there can."""
    return "" if shutil.which("pgbouncer") else "there is no PgBouncer on this machine"


def pooler_for(*, place: Place, sockets: Path, database: str, pool: int = POOL) -> Pooler:
    """Return a pooler's place in front of the database a URL names, its settings written."""
    folder = sockets / "b"
    folder.mkdir(mode=0o755, exist_ok=True)
    home = folder / "settings"
    home.mkdir(mode=0o700, exist_ok=True)
    made = Pooler(home=home, sockets=folder, log=place.logs / "pgbouncer.log", database=database, pool=pool)
    parts = parse_dsn(database)
    private_write(path=home / "users.txt", text=f'"{parts["user"]}" "{parts.get("password", "")}"\n')
    private_write(path=home / "pgbouncer.ini", text=_settings(pooler=made))
    account = unprivileged()
    if account:
        for path in (folder, home, *home.iterdir()):
            os.chown(path, account.uid, account.gid)
    return made


def launch(*, pooler: Pooler) -> Child:
    """
    Start the pooler and return it when a connection through it reaches the database.

    :raises CannotStart: if it does not.
    """
    child = start(
        name="PgBouncer",
        command=[shutil.which("pgbouncer") or "pgbouncer", str(pooler.home / "pgbouncer.ini")],
        log=pooler.log,
        environ=clean_environment(),
        account=unprivileged(),
    )
    if not wait_until(ready=lambda: _leads_on(pooler=pooler), child=child, seconds=START_SECONDS):
        raise CannotStart(f"PgBouncer did not start: {last_words(log=pooler.log, lines=3)}")
    return child


def _settings(*, pooler: Pooler) -> str:
    parts = parse_dsn(pooler.database)
    port = f" port={parts['port']}" if parts.get("port") else ""
    return f"""[databases]
* = host={parts.get("host", "")}{port}

[pgbouncer]
listen_addr =
listen_port = {PORT}
unix_socket_dir = {pooler.sockets}
auth_type = scram-sha-256
auth_file = {pooler.home / "users.txt"}
admin_users = {parts["user"]}
pool_mode = transaction
default_pool_size = {pooler.pool}
max_client_conn = 500
server_lifetime = 3600
"""


def _leads_on(*, pooler: Pooler) -> bool:
    try:
        psycopg2.connect(pooler.url, connect_timeout=3).close()
    except psycopg2.OperationalError:
        return False
    return True
