"""Two workers beside one, without the thread that stores beside: what a second core is worth."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from benchmarks.harness import Asked, Figure, at_least, database_of, database_seconds, paid_empty, spread

TITLE = "Two workers"
ABOUT = (
    "{people} people, chunks stored by the worker that computed them (KAMCOMP_CHUNKS_AT_ONCE=1), PostgreSQL on the "
    "same cores; from the request to the end, processes already started."
)
WORK = """
import sys
from uuid import UUID
from benchmarks.harness import database_of
database_of(people=int(sys.argv[1]))
print("ready", flush=True)
run_id = UUID(sys.stdin.readline().strip())
from payouts.services.run_work import run_look
run_look(run_id=run_id, seconds=36_000)
"""


def measure(asked: Asked) -> list[Figure]:
    """Return the time of one worker and of two, taking turns, and what they cost of the processor."""
    database_of(people=asked.people)
    ones, twos = [], []
    for _turn in range(min(asked.pairs, 3)):
        ones.append(_worked(asked.people, workers=1))
        twos.append(_worked(asked.people, workers=2))
    ratios = [one[0] / two[0] for one, two in zip(ones, twos, strict=True)]
    return [
        Figure(what="one worker", value=_told(ones)),
        Figure(what="two workers", value=_told(twos)),
        at_least("one / two, by the clock", ratios, 1.4),
    ]


def _told(took: list[tuple[float, float]]) -> str:
    walls, cpus = [each[0] for each in took], [each[1] for each in took]
    return f"{spread(walls, digits=1)} s, processor of PostgreSQL {spread(cpus, digits=1)} s"


def _worked(people: int, *, workers: int) -> tuple[float, float]:
    """Return the seconds that so many workers need, and the processor seconds of the database."""
    from benchmarks.company import AT, company_found
    from payouts.services.runs import run_finish, run_prepare, run_request

    company = company_found()
    paid_empty()
    environment = {**os.environ, "KAMCOMP_CHUNKS_AT_ONCE": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORK, str(people)], env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )
        for _worker in range(workers)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    started, database = time.perf_counter(), database_seconds()
    run = run_request(period=company.period, by=company.admin, at=AT, whole=True)
    run_prepare(run_id=run.pk)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{run.pk}\n")
        process.stdin.flush()
    if any(process.wait() for process in processes):
        raise RuntimeError("a worker of the measurement failed")
    run_finish(run_id=run.pk)
    run.refresh_from_db()
    if run.status != "calculated":
        raise RuntimeError(f"The run ended {run.status}: {run.error}")
    return time.perf_counter() - started, database_seconds() - database
