"""Workers and commands as processes of their own, led to the test's database and a broker by whatever way is tried."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kamcomp.embedded import pgbouncer, rabbitmq
from kamcomp.embedded.places import Place
from payouts.choices import RunStatus
from payouts.models import Payout, PayoutLine, Run
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from payouts.services.verify import verify_run
from tests.conftest import PROJECT
from tests.database import url_of
from tests.faults.conftest import PACE, until
from tests.faults.story import story  # noqa: F401  (a fixture)
from tests.payouts.crowd import AT, Crowd, crowd

PEOPLE = 600
SETTINGS = {
    "KAMCOMP_CHUNK_PEOPLE": "200",
    "KAMCOMP_RUN_BELLS": "4",
}
WORKER = [sys.executable, "-m", "celery", "-A", "kamcomp.celery", "worker", "-c", "1", "-l", "INFO"]


@dataclass
class Processes:
    """The processes of one test on one environment; nothing outlives the test."""

    environment: dict[str, str]
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def worker(self, *, before: Sequence[str] = (), **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker, by way of a command that goes `before`, and return it when it takes messages."""
        log = self.folder / f"worker-{len(self.running) + 1}.log"
        name = f"scale-{os.getpid()}-{len(self.running) + 1}@localhost"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [*before, *WORKER, "--without-gossip", "--without-mingle", "-n", name],
                env=self.environment | {"KAMCOMP_CHUNK_LEASE_SECONDS": str(PACE.lease)} | environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=PROJECT,
                start_new_session=True,
            )
        self.running.append(process)
        until(lambda: " ready." in log.read_text() or process.poll() is not None, every=0.1, saying=name)
        assert process.poll() is None, log.read_text()
        return process

    def manage(self, *arguments: str) -> str:
        """Run a command to its end and return what it printed, warnings too."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))

    def end(self) -> None:
        for process in self.running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=60)


@pytest.fixture
def environment(transactional_db: None) -> dict[str, str]:
    """Return the variables of a process on this test's database, with chunks of 200 people."""
    addresses = {"DATABASE_URL": url_of("default"), "DATABASE_OWNER_URL": url_of("owner")}
    return {**os.environ, **addresses, **SETTINGS}


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Return a folder whose path is short enough for sockets, open to servers that are not root."""
    with tempfile.TemporaryDirectory(prefix="kc-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def pooler(transactional_db: None, short_folder: Path) -> Iterator[pgbouncer.Pooler]:
    """Run a PgBouncer of three server connections in front of this test's database, or skip with the reason."""
    if pgbouncer.absent():
        pytest.skip(pgbouncer.absent())
    place = Place(kind="test", folder=short_folder)
    place.make()
    made = pgbouncer.pooler_for(place=place, sockets=short_folder, database=url_of("default"), pool=3)
    child = pgbouncer.launch(pooler=made)
    yield made
    child.stop()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rabbitmq.Node]:
    """Run a RabbitMQ of these tests' own, or skip with the reason."""
    if rabbitmq.absent():
        pytest.skip(rabbitmq.absent())
    place = Place(kind="test", folder=tmp_path_factory.mktemp("rabbitmq"))
    place.make()
    made = rabbitmq.node_for(place=place)
    mapper, child = rabbitmq.launch(node=made)
    yield made
    child.stop()
    mapper.stop()


@pytest.fixture
def made(transactional_db: None) -> Crowd:
    return crowd(PEOPLE)


@pytest.fixture
def undisturbed(made: Crowd, settings) -> Run:
    """A run of the same facts in this process, cut otherwise, which nothing stood between."""
    settings.KAMCOMP_CHUNK_PEOPLE = 333
    run = run_request(period=made.period, by=made.users["maren"], at=AT, whole=True)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.CALCULATED, run.error
    PACE.measure(run)
    return run


def same_as(run: Run, undisturbed: Run) -> None:
    """Nothing lost, nothing doubled, the same digests, and everything follows from the kept inputs."""
    run.refresh_from_db()
    assert run.pk != undisturbed.pk
    assert (run.status, run.error) == (RunStatus.CALCULATED, "")
    assert (run.input_digest, run.result_digest) == (undisturbed.input_digest, undisturbed.result_digest)
    assert run.totals == undisturbed.totals
    assert Payout.objects.filter(run=run).count() == undisturbed.people
    lines = PayoutLine.objects.filter(payout__run=undisturbed).count()
    assert PayoutLine.objects.filter(payout__run=run).count() == lines > 0
    assert [finding.sentence for finding in verify_run(run=run).findings] == []


def ended(run: Run, *, seconds: float = 180) -> Run:
    """Wait until a run has ended and return it."""
    end = time.monotonic() + seconds
    while run.status in (RunStatus.QUEUED, RunStatus.CALCULATING):
        assert time.monotonic() < end, f"waited {seconds} s in vain for {run} to end"
        time.sleep(0.1)
        run.refresh_from_db()
    return run
