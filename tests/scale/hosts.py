"""
Hosts of their own on one machine: network namespaces, each with a name, a link to the servers, and nothing else.

A host reaches PostgreSQL and Valkey through doors at its end of the link, over TCP. Only root may make namespaces;
elsewhere `absent` says why not.
"""

import contextlib
import os
import selectors
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from urllib.parse import quote

from psycopg2.extensions import parse_dsn

PIECE = 1 << 18
PATIENCE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}


def absent() -> str:
    """Return why there can be no hosts here, in a sentence; empty if there can."""
    if os.getuid() != 0:
        return "only root may make network namespaces"
    if not (shutil.which("ip") and shutil.which("unshare")):
        return "this machine has no `ip` or no `unshare`"
    name = f"kct{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"no network namespace can be made here: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return ""


class Door:
    """Carries connections from a TCP port of this machine to a Unix socket, and drops those whose far end is gone."""

    def __init__(self, *, address: str, target: str) -> None:
        self.target = target
        self.listener = socket.create_server((address, 0))
        self.port = self.listener.getsockname()[1]
        self.open = True
        threading.Thread(target=self._take, name="door", daemon=True).start()

    def close(self) -> None:
        self.open = False
        # A thread that waits in accept() does not notice that the socket is closed; a caller wakes it.
        with contextlib.suppress(OSError):
            socket.create_connection(self.listener.getsockname(), timeout=10).close()
        self.listener.close()

    def _take(self) -> None:
        while self.open:
            client, _address = self.listener.accept()
            if not self.open:
                client.close()
                return
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for option, value in PATIENCE.items():
                client.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.target)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        to = {client: server, server: client}
        with client, server, selectors.DefaultSelector() as ready, contextlib.suppress(OSError):
            for each in to:
                ready.register(each, selectors.EVENT_READ)
            while self.open:
                for key, _events in ready.select(timeout=1):
                    piece = key.fileobj.recv(PIECE)
                    if not piece:
                        return
                    to[key.fileobj].sendall(piece)


@dataclass
class Host:
    """A network namespace with one link, and doors to the servers at the other end of it."""

    number: int
    near: str
    far: str
    namespace: str
    link: str
    doors: list[Door] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"host-{self.number}"

    def inside(self, *, group: str = "") -> list[str]:
        """Return what makes a command run on this host, under its name, in a group of processes if one is given."""
        named = f'hostname {self.name}; exec "$@"'
        inside = ["ip", "netns", "exec", self.namespace, "unshare", "--uts", "sh", "-c", named, "sh"]
        if not group:
            return inside
        # Before the namespace is entered: inside, /sys is another one.
        return ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh", *inside]

    def environment(self, *, database: str, broker: str) -> dict[str, str]:
        """Return the addresses of the servers as this host sees them; they listen on Unix sockets here."""
        parts = parse_dsn(database)
        postgresql = Door(address=self.near, target=f"{parts['host']}/.s.PGSQL.{parts.get('port', '5432')}")
        path, _mark, part = broker.removeprefix("unix://").partition("?db=")
        valkey = Door(address=self.near, target=path)
        self.doors += [postgresql, valkey]
        user, password = (quote(parts[name], safe="") for name in ("user", "password"))
        return {
            "DATABASE_URL": f"postgresql://{user}:{password}@{self.near}:{postgresql.port}/{parts['dbname']}",
            "REDIS_URL": f"redis://{self.near}:{valkey.port}/{part or 0}",
        }

    def cut(self) -> None:
        """Pull the cable: nothing arrives any more, and nobody is told."""
        _ip("link", "set", self.link, "down")

    def mend(self) -> None:
        """Put the cable back."""
        _ip("link", "set", self.link, "up")


@contextlib.contextmanager
def hosts(count: int):
    """Have `count` hosts for as long as the block lasts."""
    made = [_host(number) for number in range(1, count + 1)]
    with contextlib.ExitStack() as stack:
        for host in made:
            stack.callback(_remove, host)
            _make(host)
        yield made


def _host(number: int) -> Host:
    own = os.getpid() % 60_000
    subnet = f"10.{190 + own % 60}.{own // 60 % 250}"
    base = 4 * number
    return Host(
        number=number,
        near=f"{subnet}.{base + 1}",
        far=f"{subnet}.{base + 2}",
        namespace=f"kc{own}-{number}",
        link=f"kc{own}h{number}",
    )


def _make(host: Host) -> None:
    _ip("netns", "add", host.namespace)
    _ip("link", "add", host.link, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
    _ip("addr", "add", f"{host.near}/30", "dev", host.link)
    _ip("link", "set", host.link, "up")
    _ip("-n", host.namespace, "addr", "add", f"{host.far}/30", "dev", "eth0")
    for device in ("eth0", "lo"):
        _ip("-n", host.namespace, "link", "set", device, "up")


def _remove(host: Host) -> None:
    for door in host.doors:
        door.close()
    _ip("link", "del", host.link, check=False)
    _ip("netns", "del", host.namespace, check=False)


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=True)
