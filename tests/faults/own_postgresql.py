"""A PostgreSQL of one test, with a copy of the test's database, to be killed as a power cut would."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
from django.db import connections

from kamcomp.embedded import postgresql, roles
from kamcomp.embedded.places import Place, secrets_of, sockets_folder
from tests.database import url_of


class OwnPostgresql:
    """A server that keeps its promises on disk, and that may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(kind="faults", folder=folder)
        self.place.make()
        self.sockets = sockets_folder(place=self.place)
        self.secrets = secrets_of(place=self.place)
        self.server = postgresql.server_for(place=self.place, sockets=self.sockets, durable=True)
        self.child = None
        self.start()
        roles.roles_make(sockets=self.server.sockets, passwords=self.secrets, for_tests=True)
        self.urls = roles.addresses(sockets=self.server.sockets, passwords=self.secrets)

    def start(self) -> None:
        self.child = postgresql.launch(server=self.server, password=self.secrets["superuser"])

    def copy(self) -> None:
        """Copy the test's database here, with roles and rights, laws and rows."""
        programs = postgresql.binaries_found()
        dump = self.place.folder / "copy.dump"
        self._run(programs / "pg_dump", "-Fc", "-d", url_of("owner"), "-f", str(dump))
        as_superuser = ["-h", str(self.server.sockets), "-U", postgresql.SUPERUSER, "-d", roles.DATABASE]
        self._run(programs / "pg_restore", *as_superuser, str(dump))

    def _run(self, *command) -> None:
        environ = {**os.environ, "PGPASSWORD": self.secrets["superuser"]}
        done = subprocess.run([str(part) for part in command], env=environ, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def kill(self) -> None:
        """Kill the server's first process; the others follow when they notice, and a start waits for them."""
        with suppress(ProcessLookupError):
            os.kill(self.child.process.pid, signal.SIGKILL)
        self.child.process.wait(timeout=60)

    def kill_one(self) -> None:
        """Kill one session's process, whereupon the server ends all sessions and recovers by itself."""
        with suppress(psycopg2.Error):
            connection = psycopg2.connect(self.urls.app)
            with suppress(ProcessLookupError):
                os.kill(connection.info.backend_pid, signal.SIGKILL)

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.urls.app, connect_timeout=10).close()
        except psycopg2.OperationalError:
            return False
        return True

    def end(self) -> None:
        self.kill()
        time.sleep(0.2)
        shutil.rmtree(self.sockets, ignore_errors=True)
        shutil.rmtree(self.server.home, ignore_errors=True)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let this process, all its threads, work on this server."""
        kept = {alias: dict(connections[alias].settings_dict) for alias in ("default", "owner")}
        for alias in kept:
            password = self.secrets["app" if alias == "default" else "owner"]
            user = roles.APP if alias == "default" else roles.OWNER
            here = {"HOST": str(self.server.sockets), "PORT": "", "NAME": roles.DATABASE}
            connections[alias].close()
            connections[alias].settings_dict.update(here, USER=user, PASSWORD=password)
        try:
            yield
        finally:
            for alias, settings in kept.items():
                connections[alias].close()
                connections[alias].settings_dict.update(settings)
