"""Real workers on the test's own database and broker, to be killed, stopped and cut off."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from payouts.models import Run, RunChunk
from payouts.selectors.runs import run_progress

WORKER_SECONDS = 60
SETTINGS = {
    "KAMCOMP_CHUNK_PEOPLE": "200",
    "KAMCOMP_CHUNK_LEASE_SECONDS": "3",
    "KAMCOMP_POLL_SECONDS": "1",
    "KAMCOMP_RUN_BELLS": "4",
}


@dataclass
class Workers:
    """The workers of one test, each a process group of its own; nothing outlives the test."""

    environment: dict[str, str]
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *, ready: bool = True, **environment: str) -> subprocess.Popen[bytes]:
        number = len(self.running) + 1
        log = self.folder / f"worker-{number}.log"
        name = f"fault-{os.getpid()}-{number}@localhost"
        command = [sys.executable, "-m", "celery", "-A", "kamcomp.celery", "worker", "-c", "1", "-l", "INFO"]
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [*command, "--without-gossip", "--without-mingle", "-n", name],
                env=self.environment | SETTINGS | environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(process)
        if ready:
            self.answers(name, process, log)
        return process

    def answers(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        from kamcomp.celery import app

        for _try in range(WORKER_SECONDS * 2):
            if app.control.ping(destination=[name], timeout=0.5):
                return
            assert process.poll() is None, log.read_text()
        pytest.fail(f"{name} did not answer:\n{log.read_text()}")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a worker with everything it started, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))


@pytest.fixture
def workers(worker_environment: dict[str, str], tmp_path: Path) -> Iterator[Workers]:
    from kamcomp.celery import app

    app.control.purge()
    made = Workers(environment=worker_environment, folder=tmp_path)
    yield made
    for process in made.running:
        made.kill(process)


def until(
    condition: Callable[[], object], *, seconds: float = 60, every: float = 0.01, saying: str = ""
) -> object:
    """Wait until something is so, and return it; fail, saying what was waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(every)
    pytest.fail(f"waited {seconds} s in vain for {saying or condition}")


def ended(run: Run, *, seconds: float = 90) -> Run:
    """Wait until a run has ended, and return it as it is then."""
    until(lambda: run_progress(run_id=run.pk).ended, seconds=seconds, every=0.1, saying=f"{run} to end")
    run.refresh_from_db()
    return run


def in_hand(run: Run) -> RunChunk | None:
    """Return a chunk that a worker has in hand now."""
    return RunChunk.objects.filter(run=run, status="running").defer("inputs").first()
