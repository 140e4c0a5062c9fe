"""
Starting the demo over, from the browser: the web server asks by a file, and the launcher, which alone may, does it.

When the demo company has been loaded into an empty database, a copy of the database is set aside. Starting over puts
that copy in the place of the one in use, which takes a second or two instead of the minute of a load; where no copy
is (a company loaded by an older version) the database is made empty and filled once more. Worker and clock are
stopped meanwhile; the web server stays, and answers every page with one that says what is going on.
The other side of the file: kamcomp/starting_over.py.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from kamcomp.embedded.places import Place, private_write
from kamcomp.embedded.postgresql import SUPERUSER
from kamcomp.embedded.roles import DATABASE, OWNER
from kamcomp.starting_over import VARIABLE, Step, step_of

SET_ASIDE = "kamcomp_as_loaded"


class StartingOver:
    """The launcher's side: what was asked for, and the database as it was loaded."""

    def __init__(self, *, place: Place, sockets: Path, password: str) -> None:
        self.file = place.folder / "start-over"
        self.sockets, self.password = sockets, password
        # What a launcher that was killed left: its database is brought in order by the start itself.
        self.file.unlink(missing_ok=True)

    @property
    def environ(self) -> dict[str, str]:
        """Return the variable that tells the web server where to ask."""
        return {VARIABLE: str(self.file)}

    def asked(self) -> bool:
        """Tell whether somebody asked for it."""
        return step_of(self.file) == Step.ASKED

    def say(self, step: Step) -> None:
        """Tell the web server how far it is."""
        private_write(path=self.file, text=step.value)

    def ended(self) -> None:
        """Let the pages be the pages again."""
        self.file.unlink(missing_ok=True)

    def set_aside(self) -> None:
        """Keep a copy of the database as it is now. Nobody else may be connected to it."""
        with closing(self._server()) as server:
            _run(server, "DROP DATABASE IF EXISTS {aside}")
            _run(server, "CREATE DATABASE {aside} TEMPLATE {used} OWNER {owner}")

    def put_back(self) -> None:
        """Replace the database by the copy that was set aside, or by an empty one; whoever is connected is cut off."""
        with closing(self._server()) as server:
            _run(server, "DROP DATABASE IF EXISTS {used} WITH (FORCE)")
            copied = "TEMPLATE {aside} " if self._has_copy(server) else ""
            _run(server, f"CREATE DATABASE {{used}} {copied}OWNER {{owner}}")

    def again(self, *, prepare: Callable[[], object]) -> None:
        """Put the database back and prepare it as a start does: with a copy that finds nothing left to do."""
        self.say(Step.LOADING)
        self.put_back()
        prepare()
        self.say(Step.STARTING)

    def _server(self) -> Connection:
        connection = psycopg2.connect(
            host=str(self.sockets), user=SUPERUSER, password=self.password, dbname="postgres"
        )
        connection.autocommit = True
        return connection

    @staticmethod
    def _has_copy(server: Connection) -> bool:
        with server.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [SET_ASIDE])
            return cursor.fetchone() is not None


def _run(server: Connection, statement: str) -> None:
    names = {"used": DATABASE, "aside": SET_ASIDE, "owner": OWNER}
    with server.cursor() as cursor:
        cursor.execute(
            sql.SQL(statement).format(**{name: sql.Identifier(word) for name, word in names.items()})
        )
