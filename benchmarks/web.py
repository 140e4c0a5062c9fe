"""
The web server as `make run` starts it, for measurements: on loopback, with a key, its processes watched.

Its memory is read from /proc every so often while a block runs, its processor seconds at the ends of it.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LOOK_SECONDS = 0.05
START_SECONDS = 60
WITHOUT_LIMIT = "1000000000"


@dataclass(frozen=True)
class Web:
    """A running server: where it is, a key for it, and the process that leads it."""

    port: int
    key: str
    leader: int

    @property
    def headers(self) -> dict[str, str]:
        """Return what a request with the key says."""
        return {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}

    @property
    def at(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        """Return the address of something below /api/v1/."""
        return f"{self.at}/api/v1/{path}"

    def connection(self) -> http.client.HTTPConnection:
        """Return a new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def workers(self) -> list[int]:
        """Return the processes that answer."""
        listed = Path(f"/proc/{self.leader}/task/{self.leader}/children").read_text()
        return [int(pid) for pid in listed.split()]


@dataclass
class Watched:
    """What the server took during a block: processor seconds, and the resident megabytes of its largest process."""

    processor: float = 0.0
    megabytes: list[float] = field(default_factory=list)

    @property
    def peak(self) -> float:
        """Return the most there were at any look."""
        return max(self.megabytes)

    @property
    def growth(self) -> float:
        """Return the most there were in the last tenth of the looks, for each megabyte in the second tenth."""
        tenth = max(len(self.megabytes) // 10, 1)
        return max(self.megabytes[-tenth:]) / max(self.megabytes[tenth : 2 * tenth] or self.megabytes)


@contextmanager
def web_up(*, key: str = "") -> Iterator[Web]:
    """Have the server on this process's database for as long as the block lasts; `key` is for its requests."""
    from kamcomp.embedded.launcher import door_open, web_arguments

    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    with door_open() as door, tempfile.TemporaryDirectory() as folder:
        leader = subprocess.Popen(
            [sys.executable, "-m", *web_arguments(door=door, folder=Path(folder))],
            env={**environ, "KAMCOMP_API_PER_MINUTE": WITHOUT_LIMIT}, pass_fds=[door.fileno()],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        web = Web(port=door.getsockname()[1], key=key, leader=leader.pid)
        try:
            _wait(web, leader)
            yield web
        finally:
            leader.terminate()
            leader.wait()


def _wait(web: Web, leader: subprocess.Popen[bytes]) -> None:
    """Wait until each of its processes has answered, so that none starts while it is measured."""
    until, calm = time.monotonic() + START_SECONDS, 0
    while calm < 20:
        if leader.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the web server did not start")
        try:
            connection = web.connection()
            connection.request("GET", "/api/v1/me", headers=web.headers)
            calm = calm + 1 if connection.getresponse().status in (200, 401) else 0
            connection.close()
        except OSError:
            time.sleep(0.1)


@contextmanager
def watched(web: Web) -> Iterator[Watched]:
    """Watch the server's processes during a block."""
    found, ended = Watched(), threading.Event()
    pids = web.workers()

    def look() -> None:
        while not ended.wait(LOOK_SECONDS):
            found.megabytes.append(max(map(_megabytes, pids)))

    looking = threading.Thread(target=look)
    before = sum(map(_processor, pids))
    looking.start()
    try:
        yield found
    finally:
        ended.set()
        looking.join()
        found.processor = sum(map(_processor, pids)) - before
        found.megabytes.append(max(map(_megabytes, pids)))


def _megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def key_made() -> str:
    """Return the secret of a new key of the company's admin, for all there is to read."""
    from datetime import UTC, datetime

    from benchmarks.company import company_found
    from kamcomp.api.resources import all_scopes
    from kamcomp.api.services import api_key_make

    admin, scopes = company_found().admin, all_scopes()
    _key, secret = api_key_make(
        name="measured", user=admin, scopes=scopes, known=scopes, days=7, by=admin, at=datetime.now(UTC)
    )
    return secret
