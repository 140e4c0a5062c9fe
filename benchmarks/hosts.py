"""
One run on one, two and three hosts, and on three of which one is cut off: seconds, ratios, and the digest.

    python3 -m kamcomp.embedded python benchmarks/hosts.py [PEOPLE]

Each host is a network namespace with its own worker and a tenth of a processor (a control group), because
the measuring machine has too few processors to give each a whole one: what is measured is whether hosts
add up, not how fast one is. To be run as root on a database of its own: set KAMCOMP_STATE to an empty folder.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import django

CHUNK = 500
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamcomp.settings")
os.environ["KAMCOMP_CHUNK_PEOPLE"] = str(CHUNK)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from kamcomp.calendar.models import Period  # noqa: E402
from kamcomp.identity.models import User  # noqa: E402
from payouts.choices import RunStatus  # noqa: E402
from payouts.models import Run, RunChunk  # noqa: E402
from payouts.services.runs import run_request  # noqa: E402
from tests.payouts.crowd import AT, crowd  # noqa: E402
from tests.scale.hosts import Host, absent, hosts  # noqa: E402

TABLES = ("payouts_payout", "payouts_payoutline", "payouts_runchunk")
GROUPS = Path("/sys/fs/cgroup/cpu")
SHARE = 0.10
WORKER = [sys.executable, "-m", "celery", "-A", "kamcomp.celery", "worker", "-c", "1", "-l", "INFO"]
SPAN = """
    SELECT count(*), count(DISTINCT split_part(worker, ':', 1)),
           extract(epoch FROM max(finished_at) - min(started_at))
      FROM payouts_runchunk WHERE run_id = %s
"""


class Group:
    """A control group that gives its processes a share of a processor once it is told to."""

    def __init__(self, name: str) -> None:
        self.path = GROUPS / name
        self.path.mkdir()

    def limit(self, share: float) -> None:
        period = int((self.path / "cpu.cfs_period_us").read_text())
        (self.path / "cpu.cfs_quota_us").write_text(str(int(period * share)))

    def free(self) -> None:
        (self.path / "cpu.cfs_quota_us").write_text("-1")

    def end(self) -> None:
        end = time.monotonic() + 10
        while (self.path / "cgroup.procs").read_text() and time.monotonic() < end:
            time.sleep(0.1)
        self.path.rmdir()


@contextlib.contextmanager
def working(made: list[Host], *, folder: Path) -> Iterator[None]:
    """Have a worker on each host, each in a group of its own that is limited once the worker is ready."""
    groups, workers, logs = [], [], []
    try:
        for host in made:
            groups.append(Group(f"kc{os.getpid()}-{host.number}"))
            addresses = host.environment(database=os.environ["DATABASE_URL"], broker=os.environ["REDIS_URL"])
            log = folder / f"{host.name}.log"
            logs.append(log)
            with log.open("wb") as stream:
                process = subprocess.Popen(
                    [
                        *host.inside(group=str(groups[-1].path)),
                        *WORKER,
                        "--without-gossip",
                        "--without-mingle",
                    ],
                    env={
                        **os.environ,
                        **addresses,
                        "DATABASE_OWNER_URL": "",
                        "KAMCOMP_CHUNK_LEASE_SECONDS": "10",
                    },
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            workers.append(process)
        for process, log in zip(workers, logs, strict=True):
            while " ready." not in log.read_text():
                assert process.poll() is None, log.read_text()
                time.sleep(0.2)
        for group in groups:
            group.limit(SHARE)
        yield
    finally:
        for process in workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for group in groups:
            group.free()
            group.end()


def run_of(*, period: Period, by: User, cut: Host | None = None) -> tuple[Run, float]:
    """Run a period and return the run and the seconds from its first chunk's start to its last one's end."""
    run = run_request(period=period, by=by, at=AT, whole=True)
    while run.status in (RunStatus.QUEUED, RunStatus.CALCULATING):
        time.sleep(0.2)
        run.refresh_from_db()
        if (
            cut is not None
            and RunChunk.objects.filter(run=run, status="done").count() >= run.chunks.count() // 4 > 0
        ):
            cut.cut()
            cut = None
    assert run.status == RunStatus.CALCULATED, run.error
    with connection.cursor() as cursor:
        cursor.execute(SPAN, [run.pk])
        _chunks, _hosts, seconds = cursor.fetchone()
    return run, float(seconds)


def main() -> int:
    """Measure, and print the table."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    if absent():
        print(f"skipped: {absent()}")
        return 1
    call_command("migrate", verbosity=0)
    made = crowd(people)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    by, period = made.users["maren"], made.period
    rows: list[tuple[str, Run, float]] = []
    for count, is_cut in ((1, False), (2, False), (3, False), (3, True), (1, False)):
        with tempfile.TemporaryDirectory() as folder, hosts(count) as several:
            with working(several, folder=Path(folder)):
                run, seconds = run_of(period=period, by=by, cut=several[-1] if is_cut else None)
                print(f"{count} host(s){', one cut off' if is_cut else ''}: {seconds:.1f} s", flush=True)
            rows.append((f"{count}, one cut off after a quarter" if is_cut else str(count), run, seconds))
    base = (rows[0][2] + rows[-1][2]) / 2
    print(
        f"{people} people, chunks of {CHUNK}, {SHARE:.0%} of a processor a host, load {os.getloadavg()[0]:.1f}"
    )
    print("\n| hosts | seconds | times as fast as one | digest |\n|---|---|---|---|")
    for name, run, seconds in rows:
        same = "the same" if run.result_digest == rows[0][1].result_digest else "ANOTHER"
        print(f"| {name} | {seconds:.1f} | {base / seconds:.2f} | {same} |")
    print(
        f"\nA worker's processor seconds for 1,000 payees of three goals: at most {base * SHARE / people * 1000:.2f}."
    )
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute("SELECT pg_total_relation_size(%s)", [table])
            (size,) = cursor.fetchone()
            print(f"{table}: {size / len(rows) / people * 1000 / 1_000_000:.2f} MB for 1,000 payees of a run")
    return 0


if __name__ == "__main__":
    sys.exit(main())
