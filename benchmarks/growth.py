"""How time and memory grow with people: a twentieth of the company beside the whole of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from benchmarks.harness import Asked, Figure, at_most, database_of, median, paid_empty, peak_megabytes, spread

TITLE = "Growth"
ABOUT = (
    "The same run for {people} people and for a twentieth of them, each time in a new process, whose largest "
    "resident memory is told."
)
SHARE = 20
ONE_RUN = "import benchmarks.growth; benchmarks.growth.one_run()"


def measure(asked: Asked) -> list[Figure]:
    """Return time and memory of a worker at two sizes, and what a thousand people cost."""
    small, large = asked.people // SHARE, asked.people
    took: dict[int, list[dict[str, float]]] = {small: [], large: []}
    for people in (small, large):
        database_ready(people)
    for _turn in range(min(asked.pairs, 3)):
        for people in (small, large):
            took[people].append(_run_apart(people))
    walls = {people: [each["wall"] for each in told] for people, told in took.items()}
    peaks = {people: max(each["peak"] for each in told) for people, told in took.items()}
    ratios = [much / little for much, little in zip(walls[large], walls[small], strict=True)]
    size = took[large][-1]["bytes"] / large
    return [
        Figure(what=f"{small:,} people", value=f"{spread(walls[small], digits=1)} s, {peaks[small]:.0f} MB"),
        Figure(what=f"{large:,} people", value=f"{spread(walls[large], digits=1)} s, {peaks[large]:.0f} MB"),
        at_most(f"T({large:,}) / T({small:,})", ratios, 24),
        at_most("largest memory of the worker", [peaks[large]], 256, unit="MB"),
        at_most("memory, large / small", [peaks[large] / peaks[small]], 1.25),
        Figure(what="a thousand people cost", value=f"{median(walls[large]) / large * 1000:.3f} s"),
        at_most("database growth a payee and period", [size / 1000], 6, unit="kB"),
    ]


def database_ready(people: int) -> None:
    """Make the database of a size, in a process of its own."""
    _python(f"from benchmarks.harness import database_of; database_of(people={people})", people)


def one_run() -> None:
    """Run once and tell time, largest memory and bytes stored: what a child process does."""
    people = int(os.environ["BENCH_PEOPLE"])
    database_of(people=people)
    from django.db import connection

    from benchmarks.harness import spent
    from benchmarks.whole_run import run_once

    paid_empty()
    before = peak_megabytes()
    with spent() as took:
        run = run_once()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size('payouts_payout') + pg_total_relation_size('payouts_payoutline')"
            " + (SELECT sum(octet_length(inputs) + octet_length(input_digests) + octet_length(result_digests))"
            "      FROM payouts_runchunk WHERE run_id = %s)",
            [run.pk],
        )
        (stored,) = cursor.fetchone()
    told = {
        "wall": took.wall,
        "peak": peak_megabytes(),
        "before": before,
        "bytes": int(stored),
        "cpu": took.cpu,
    }
    print("TOLD " + json.dumps(told))


def _run_apart(people: int) -> dict[str, float]:
    return dict(json.loads(_python(ONE_RUN, people).rpartition("TOLD ")[2]))


def _python(code: str, people: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "BENCH_PEOPLE": str(people)}, stdout=subprocess.PIPE,
        text=True, check=True,
    )  # fmt: skip
    return done.stdout
