"""Show the files that were asked for, and what came of each."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from rich.console import Console
from rich.table import Table

from kamcomp.jobs.models import Job
from payouts.cli.options import add_period, period_of
from payouts.models import Run
from payouts.selectors.named import run_named
from payouts.services.export_jobs import EXPORTS


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)


def perform(*, options: dict[str, Any], say: Console) -> int:
    """List the jobs of a period's current run, latest first."""
    run = run_named(period=period_of(options))
    jobs = Job.objects.filter(kind=EXPORTS.name, subject_table=Run._meta.db_table, subject_id=str(run.pk))
    table = Table("asked for", "by", "file", "state", "rows", "what came of it")
    for job in jobs.select_related("created_by").order_by("-created_at"):
        result = job.result or {}
        table.add_row(
            f"{job.created_at:%Y-%m-%d %H:%M:%S}",
            job.created_by.get_username() if job.created_by else "",
            f"{job.request['profile']}.{job.request['format']}",
            job.get_status_display(),
            str(result.get("rows", "")),
            job.error or result.get("filename", ""),
        )
    say.print(table if table.row_count else f"No file of {run} was asked for: `payouts export` makes one.")
    return 0
