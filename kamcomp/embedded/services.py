"""
PostgreSQL and Valkey for one place, together: the embedded ones, or those that DATABASE_URL,
DATABASE_OWNER_URL and REDIS_URL or BROKER_URL name, as environment variables for everything that uses them.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from kamcomp.embedded import own_servers, postgresql, processes, roles, valkey
from kamcomp.embedded.places import Place, secrets_of, sockets_folder
from kamcomp.embedded.processes import Child


@dataclass
class Services:
    """What runs for a place, and the variables that lead to it."""

    place: Place
    environ: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)
    database: postgresql.Server | None = None

    def add(self, child: Child) -> Child:
        """Remember a started process, here and on disk."""
        self.children.append(child)
        processes.children_note(place=self.place, children=self.children)
        return child

    def remove(self, child: Child) -> None:
        """Forget a process that has ended."""
        self.children.remove(child)
        processes.children_note(place=self.place, children=self.children)

    def stop(self) -> None:
        """Stop everything, last started first; PostgreSQL was started first of all."""
        for child in reversed(self.children):
            child.stop()
        self.children.clear()
        self.place.children.unlink(missing_ok=True)


@contextmanager
def services_up(*, place: Place, environ: Mapping[str, str] | None = None) -> Iterator[Services]:
    """
    Have a database and a broker for as long as the block lasts.

    :raises CannotStart: if one of them does not start, or a given address is wrong.
    """
    for_tests = place.kind == "test"
    given = own_servers.checked(environ=os.environ if environ is None else environ)
    processes.leftovers_wait(place=place)
    services = Services(place=place)
    sockets = sockets_folder(place=place)
    try:
        secrets = secrets_of(place=place)
        services.environ["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets["secret_key"]
        if "DATABASE_URL" not in given:
            server = postgresql.server_for(place=place, sockets=sockets, durable=not for_tests)
            services.add(postgresql.launch(server=server, password=secrets["superuser"]))
            services.database = server
            roles.roles_make(sockets=server.sockets, passwords=secrets, for_tests=for_tests)
            urls = roles.addresses(sockets=server.sockets, passwords=secrets)
            services.environ |= {"DATABASE_URL": urls.app, "DATABASE_OWNER_URL": urls.owner}
        if not {"REDIS_URL", "BROKER_URL"} & given.keys():
            broker = valkey.server_for(place=place, sockets=sockets)
            services.add(valkey.launch(server=broker))
            services.environ["REDIS_URL"] = f"unix://{broker.socket}?db=0"
        services.environ |= given
        yield services
    finally:
        services.stop()
        shutil.rmtree(sockets, ignore_errors=True)
