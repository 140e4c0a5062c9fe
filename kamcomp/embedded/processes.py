"""
Starting and stopping child processes so that none outlives its starter, not even a killed one.

Each child gets a session of its own (a Ctrl-C reaches only the starter, which stops them in order), a clean
environment, and on Linux a signal when its starter dies. Children are written down, so that the start after
a `kill -9` can wait for the leftovers of the one before.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kamcomp.embedded.places import CannotStart, Place, private_write

PR_SET_PDEATHSIG = 1
LEFTOVERS_SECONDS = 20.0


@dataclass(frozen=True)
class Account:
    """Another user that a child process runs as."""

    uid: int
    gid: int


@dataclass
class Child:
    """A started process, how it is asked to stop, and where it writes what it has to say."""

    name: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals
    log: Path

    def alive(self) -> bool:
        """Return whether the process still runs."""
        return self.process.poll() is None

    def stop(self, *, patience_seconds: float = 10.0) -> None:
        """Ask the process to stop, wait, and end it if it does not."""
        if self.alive():
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout=patience_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ending(self) -> str:
        """Say in a few words how the process ended, with the last line of its log."""
        code = self.process.returncode
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        words = last_words(log=self.log)
        return f"{how}; {self.log} ends: {words}" if words else how


def last_words(*, log: Path, lines: int = 1) -> str:
    """Return the last lines of a log, in one line."""
    if not log.is_file():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 4096))
        text = stream.read().decode(errors="replace")
    return " | ".join(line.strip() for line in text.strip().splitlines()[-lines:])


def clean_environment(*, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the few variables a service needs, and nothing of the terminal's that could change its ways."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "SSL_CERT_FILE") if name in os.environ
    }
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", **kept, **(extra or {})}


def _dies_with_starter(*, number: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl, starter = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def ask() -> None:
        # This runs in the child after its user changed, which would have cleared the request.
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != starter:
            os._exit(1)

    return ask


def start(
    *,
    name: str,
    command: Sequence[str],
    log: Path,
    environ: Mapping[str, str],
    folder: Path = Path("/"),
    account: Account | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    keeps: Sequence[int] = (),
) -> Child:
    """
    Start a child process that writes to `log`, as `account` if that is given, with the open files it `keeps`.

    To be called from the main thread: the death signal follows the thread that started the child.
    """
    as_user: dict[str, Any] = (
        {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    )
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=dict(environ),
            cwd=folder,
            start_new_session=True,
            pass_fds=keeps,
            preexec_fn=_dies_with_starter(number=stop_signal),  # noqa: PLW1509
            **as_user,
        )
    return Child(name=name, process=process, stop_signal=stop_signal, log=log)


# Leftovers of a killed start ------------------------------------------------------------------------------


def _born(*, pid: int) -> str | None:
    """Return when a process was started, as a word to compare, or None if there is no such process."""
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
        )
        return None if fields[0] == "Z" else fields[19]
    except (OSError, IndexError):
        if Path("/proc/self").exists():
            return None
    said = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or None


def children_note(*, place: Place, children: Sequence[Child]) -> None:
    """Write down which processes were started here."""
    noted = [
        {"name": child.name, "pid": child.process.pid, "born": _born(pid=child.process.pid)}
        for child in children
    ]
    private_write(path=place.children, text=json.dumps(noted))


def leftovers_wait(*, place: Place) -> None:
    """
    Wait for the processes of a start that was killed; end those that do not end by themselves.

    They got a signal when their starter died. Only processes are ended that this place wrote down
    and that were born when it says.
    """
    if not place.children.is_file():
        return
    noted = json.loads(place.children.read_text(encoding="utf-8"))
    deadline = time.monotonic() + LEFTOVERS_SECONDS
    while left := [child for child in noted if child["born"] and _born(pid=child["pid"]) == child["born"]]:
        if time.monotonic() > deadline:
            for child in left:
                os.kill(child["pid"], signal.SIGKILL)
            deadline += LEFTOVERS_SECONDS
        elif time.monotonic() > deadline - LEFTOVERS_SECONDS + 2:
            for child in left:
                number = signal.SIGINT if child["name"] == "PostgreSQL" else signal.SIGTERM
                os.kill(child["pid"], number)
            time.sleep(0.5)
        time.sleep(0.05)
    place.children.unlink()


def wait_until(*, ready: Callable[[], bool], child: Child, seconds: float) -> bool:
    """Return True when `ready` says so, False when the child ended first.

    :raises CannotStart: when neither happened in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not child.alive():
            return False
        if ready():
            return True
        time.sleep(0.03)
    raise CannotStart(f"{child.name} did not answer within {seconds:.0f} s; its log is {child.log}.")
