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
from django.db import connection

from payouts.choices import RunStatus
from payouts.models import Run, RunChunk
from payouts.selectors.runs import run_progress
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from tests.faults.brokers import LISTENING, Post
from tests.faults.story import story  # noqa: F401  (a fixture)
from tests.payouts.crowd import AT, Crowd, crowd

WORKER_SECONDS = 120
PEOPLE = 600
CHUNK = 200
SETTINGS = {
    "KAMCOMP_CHUNK_PEOPLE": str(CHUNK),
    "KAMCOMP_POLL_SECONDS": "1",
    "KAMCOMP_RUN_BELLS": "4",
}
LEASES = (3, 5, 8, 13, 21, 34, 55, 90)
CHUNKS_A_LEASE = 6
SAID_LAST = 6_000


@dataclass
class Pace:
    """
    How fast this machine is just now, and the lease that follows from it.

    A lease is many times what an undisturbed chunk takes alone, because it may have to share two cores with other
    workers, other tests and whatever else the machine does: it runs out for who was struck and for nobody else.
    """

    lease: int = 21

    def measure(self, run: Run) -> None:
        """Take the pace of a run that nothing happened to."""
        wanted = CHUNKS_A_LEASE * usual_seconds(run)
        self.lease = next((lease for lease in LEASES if lease >= wanted), LEASES[-1])


PACE = Pace()


def usual_seconds(undisturbed: Run) -> float:
    """Return how long a chunk of 200 people takes on this machine today, alone."""
    chunk = undisturbed.chunks.order_by("number").defer("inputs").first()
    return (chunk.finished_at - chunk.started_at).total_seconds() * CHUNK / chunk.people


@dataclass
class Worker:
    """A Celery worker with a process group of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    plain: bool
    lease: int
    began: int = 0

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def said(self) -> str:
        """Return what it logged since this test began to use it."""
        return self.log.read_bytes()[self.began :].decode(errors="replace")

    def kill(self) -> None:
        """Kill it with everything it started, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(timeout=10)


@dataclass
class Workers:
    """The workers of one test; those still sound at its end wait for the next test, as starting one takes seconds."""

    environment: dict[str, str]
    folder: Path
    idle: list[Worker]
    post: Post
    running: list[Worker] = field(default_factory=list)

    def start(
        self, *options: str, ready: bool = True, loader: tuple[str, ...] = (), **environment: str
    ) -> Worker:
        """Return a worker at work: one that waits for it, or with options or variables of its own a new one."""
        plain = ready and not (options or environment or loader)
        waiting = [worker for worker in self.idle if PACE.lease <= worker.lease < 2 * PACE.lease]
        if plain and waiting:
            worker = waiting[-1]
            self.idle.remove(worker)
            worker.began = worker.log.stat().st_size
            os.killpg(worker.pid, signal.SIGCONT)
        else:
            worker = self._new(options=options, loader=loader, plain=plain, environment=environment)
        self.running.append(worker)
        if ready:
            self.answers(worker)
        return worker

    def _new(self, *, options, loader, plain, environment) -> Worker:
        number = self.folder.joinpath("started")
        count = int(number.read_text()) + 1 if number.exists() else 1
        number.write_text(str(count))
        log = self.folder / f"worker-{count}.log"
        name = f"fault-{os.getpid()}-{count}@localhost"
        lease = int(environment.get("KAMCOMP_CHUNK_LEASE_SECONDS", PACE.lease))
        command = [*loader, sys.executable, "-m", "celery", "-A", "kamcomp.celery", "worker", "-c", "1"]
        if "REDIS_URL" not in environment:
            command += LISTENING
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [*command, "-l", "INFO", "--without-gossip", "--without-mingle", "-n", name, *options],
                env=self.environment | SETTINGS | {"KAMCOMP_CHUNK_LEASE_SECONDS": str(lease)} | environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Worker(name=name, process=process, log=log, plain=plain, lease=lease)

    def answers(self, worker: Worker) -> None:
        """Wait until a worker answers by the broker."""
        from kamcomp.celery import app

        def answered() -> object:
            assert worker.alive, worker.said()
            return app.control.ping(destination=[worker.name], timeout=1, limit=1)

        until(answered, seconds=WORKER_SECONDS, saying=f"{worker.name} to answer")

    def kill(self, worker: Worker) -> None:
        """Kill a worker with everything it started."""
        worker.kill()

    def logs(self) -> str:
        """Return what the workers of this test said."""
        return "\n".join(worker.said() for worker in self.running)

    def release(self) -> None:
        """Keep what can be used again, and kill the rest; pytest shows what they said last where the test failed."""
        for worker in self.running:
            print(f"{worker.name}, lease {worker.lease} s, said last:\n{worker.said()[-SAID_LAST:]}")
            if worker.plain and worker.alive and "working on them without" not in worker.said():
                try:
                    pause(worker)
                    self.idle.append(worker)
                except pytest.fail.Exception:
                    worker.kill()
            else:
                worker.kill()


def pause(worker: Worker) -> None:
    """Stop a worker between two tests, at a moment when it holds nothing in the database."""
    os.killpg(worker.pid, signal.SIGCONT)

    def stopped() -> bool:
        os.killpg(worker.pid, signal.SIGSTOP)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                "   AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'"
            )
            (busy,) = cursor.fetchone()
        if busy:
            os.killpg(worker.pid, signal.SIGCONT)
        return not busy

    until(stopped, seconds=30, every=0.1, saying=f"{worker.name} to have nothing in hand")


@pytest.fixture(scope="session")
def idle_workers() -> Iterator[list[Worker]]:
    """Return the workers that wait between two tests of this process; they end with it."""
    waiting: list[Worker] = []
    yield waiting
    for worker in waiting:
        worker.kill()


@pytest.fixture(scope="session")
def worker_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workers")


@pytest.fixture
def workers(
    worker_environment: dict[str, str], worker_logs: Path, idle_workers: list[Worker]
) -> Iterator[Workers]:
    from kamcomp.celery import app

    app.control.purge()
    post = Post()
    post.start()
    made = Workers(environment=worker_environment, folder=worker_logs, idle=idle_workers, post=post)
    yield made
    made.release()
    post.end()


@pytest.fixture
def made(transactional_db, settings) -> Crowd:
    """A crowd of 600 people, to be cut into chunks of 200."""
    settings.KAMCOMP_CHUNK_PEOPLE = CHUNK
    return crowd(PEOPLE)


@pytest.fixture
def undisturbed(made, settings) -> Run:
    """A run of the same facts in this process, cut otherwise, that nothing has happened to."""
    settings.KAMCOMP_CHUNK_PEOPLE = 333
    run = asked(made)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.CALCULATED, run.error
    settings.KAMCOMP_CHUNK_PEOPLE = CHUNK
    PACE.measure(run)
    return run


def asked(made: Crowd, *, whole: bool = True) -> Run:
    """Ask for a run that computes everybody, whatever ran before: what is struck has to have work to do."""
    return run_request(period=made.period, by=made.users["maren"], at=AT, whole=whole)


def until(
    condition: Callable[[], object], *, seconds: float = 120, every: float = 0.01, saying: str = ""
) -> object:
    """
    Wait until something is so, and return it; fail, saying what was waited for.

    The limit only ends a test that waits in vain: it is no measure of anything, so it leaves a slow machine room.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(every)
    pytest.fail(f"waited {seconds} s in vain for {saying or condition}")


def ended(run: Run, *, seconds: float = 180) -> Run:
    """Wait until a run has ended, and return it as it is then."""
    until(lambda: run_progress(run_id=run.pk).ended, seconds=seconds, every=0.05, saying=f"{run} to end")
    run.refresh_from_db()
    return run


def in_hand(run: Run) -> RunChunk | None:
    """Return a chunk that a worker has in hand now."""
    return RunChunk.objects.filter(run=run, status="running").defer("inputs").first()


def begun(run: Run) -> RunChunk:
    """Return a chunk that a worker has in hand, as soon as one has."""
    return until(lambda: in_hand(run), every=0.002, saying="a chunk in a worker's hands")
