"""A run's register written as CSV: a million lines in the memory of a tenth of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks.harness import Asked, Figure, at_most, database_of, peak_megabytes

TITLE = "Exporting lines"
ABOUT = (
    "The payout register of the company of {people} people as a CSV file, its digest and totals included, each size "
    "in a new process."
)
ONE_FILE = "import benchmarks.exports; benchmarks.exports.one_file()"


def measure(asked: Asked) -> list[Figure]:
    """Return time and memory for a tenth of the lines and for all of them."""
    database_of(people=asked.people)
    from benchmarks.whole_run import run_once
    from payouts.models import PayoutLine

    run = run_once()
    lines = min(PayoutLine.objects.filter(payout__run=run).count(), 1_000_000)
    small, large = (_apart(asked.people, str(run.pk), size) for size in (lines // 10, lines))
    return [
        Figure(what=f"{lines // 10:,} lines", value=f"{small['wall']:.1f} s, {small['peak']:.0f} MB"),
        Figure(what=f"{lines:,} lines", value=f"{large['wall']:.1f} s, {large['peak']:.0f} MB"),
        at_most("memory, large / small", [large["peak"] / small["peak"]], 1.1),
    ]


def one_file() -> None:
    """Write one file and tell time and largest memory: what a child process does."""
    people, run_id, lines = os.environ["BENCH_ASKED"].split(",")
    database_of(people=int(people))
    from payouts.choices import ExportFormat
    from payouts.exports.profiles import register
    from payouts.exports.writers import About, file_write
    from payouts.models import Run

    run = Run.objects.select_related("period").get(pk=run_id)
    table = register(run=run)
    table = replace(table, rows=islice(table.rows, int(lines)))
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        about = About(facts={}, made_at=datetime.now(UTC))
        file_write(table=table, file_format=ExportFormat.CSV, path=Path(folder) / "register.csv", about=about)
    print("TOLD " + json.dumps({"wall": time.perf_counter() - started, "peak": peak_megabytes()}))


def _apart(people: int, run_id: str, lines: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", ONE_FILE], env={**os.environ, "BENCH_ASKED": f"{people},{run_id},{lines}"},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout.rpartition("TOLD ")[2]))
