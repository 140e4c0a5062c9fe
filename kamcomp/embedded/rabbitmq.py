"""
A private RabbitMQ of the machine's own packages, for tests: one node on a free port of this machine, with its own
folders, cookie and port mapper, so that it meets no other RabbitMQ and leaves nothing behind.

Erlang's port mapper usually stays when the node has gone; here it is a child like any other.
"""

import base64
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from kamcomp.doorbell import BrokerSilent, broker_ask
from kamcomp.embedded.places import CannotStart, Place, private_write
from kamcomp.embedded.processes import Child, clean_environment, last_words, start, wait_until

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
USER = "kamcomp"
HOSTS = 16  # virtual hosts, one for each of many test processes
START_SECONDS = 90.0


@dataclass(frozen=True)
class Node:
    """Where a private RabbitMQ lives and listens."""

    home: Path
    port: int
    password: str
    log: Path

    def url(self, *, number: int) -> str:
        """Return the address of virtual host `number`."""
        return f"amqp://{USER}:{self.password}@127.0.0.1:{self.port}/{number}"


def absent() -> str:
    """Return why there can be no RabbitMQ here, in a sentence; empty if there can."""
    if not (PROGRAMS / "rabbitmq-server").is_file():
        return f"there is no RabbitMQ on this machine ({PROGRAMS / 'rabbitmq-server'})"
    return "" if shutil.which("epmd") or _epmd() else "there is no epmd on this machine"


def node_for(*, place: Place) -> Node:
    """Return a new node's place: its folders made and empty, its users and virtual hosts written down for it."""
    home = place.folder / "rabbitmq"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)
    node = Node(
        home=home,
        port=free_port(),
        password=secrets.token_urlsafe(16).replace("_", "-"),
        log=place.logs / "rabbitmq.log",
    )
    private_write(path=home / "definitions.json", text=json.dumps(_definitions(password=node.password)))
    private_write(
        path=home / "rabbitmq.conf",
        text=f"listeners.tcp.1 = 127.0.0.1:{node.port}\nload_definitions = {home / 'definitions.json'}\n"
        "vm_memory_high_watermark.absolute = 512MB\ndisk_free_limit.absolute = 50MB\n",
    )
    (home / "plugins").write_text("[].\n", encoding="utf-8")
    return node


def launch(*, node: Node) -> tuple[Child, Child]:
    """
    Start the port mapper and the node, and return both when the node takes connections.

    :raises CannotStart: if it does not.
    """
    mapper_port, talk_port = free_port(), free_port()
    environ = clean_environment(
        extra={
            "HOME": str(node.home),
            "ERL_EPMD_PORT": str(mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"kamcomp{os.getpid()}@localhost",
            "RABBITMQ_DIST_PORT": str(talk_port),
            "RABBITMQ_MNESIA_BASE": str(node.home / "data"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(node.home / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(node.home / "plugins"),
            "RABBITMQ_PID_FILE": str(node.home / "pid"),
            # One thread of work: it is a doorbell, and the machine's cores are for the runs.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
        }
    )
    mapper = start(name="epmd", command=[_epmd() or "epmd"], log=node.log, environ=environ, folder=node.home)
    try:
        child = start(
            name="RabbitMQ",
            command=[str(PROGRAMS / "rabbitmq-server")],
            log=node.log,
            environ=environ,
            folder=node.home,
            stop_signal=signal.SIGTERM,
        )
        ready = wait_until(ready=lambda: _answers(node=node), child=child, seconds=START_SECONDS)
    except BaseException:
        mapper.stop()
        raise
    if not ready:
        mapper.stop()
        raise CannotStart(f"RabbitMQ did not start: {last_words(log=node.log, lines=3)}")
    return mapper, child


def free_port() -> int:
    """Return a port of this machine that nobody listens on at this moment."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _epmd() -> str | None:
    found = sorted(Path("/usr/lib/erlang").glob("erts-*/bin/epmd"))
    return str(found[-1]) if found else None


def _definitions(*, password: str) -> dict[str, object]:
    salt = secrets.token_bytes(4)
    hashed = base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
    hosts = [str(number) for number in range(HOSTS)]
    whole = {"configure": ".*", "write": ".*", "read": ".*"}
    return {
        "users": [
            {
                "name": USER,
                "password_hash": hashed,
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": "",
            }
        ],
        "vhosts": [{"name": host} for host in hosts],
        "permissions": [{"user": USER, "vhost": host, **whole} for host in hosts],
    }


def _answers(*, node: Node) -> bool:
    try:
        broker_ask(url=node.url(number=HOSTS - 1), seconds=2)
    except BrokerSilent:
        return False
    return True
