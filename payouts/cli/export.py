"""Write a locked run's register, payroll, GL journal or full trace as CSV, NDJSON or XLSX."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from shutil import SameFileError, copyfile
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from kamcomp.jobs.choices import JobStatus
from kamcomp.jobs.models import Job
from kamcomp.refusal import Refusal
from payouts.choices import ExportFormat, ExportProfile
from payouts.cli.options import OptionUnsound, add_by, add_period, period_of
from payouts.cli.run import BETWEEN_LOOKS, PATIENCE_SECONDS, asked_to_stop
from payouts.selectors.named import run_named
from payouts.services.export_jobs import export_request, export_work
from payouts.services.exports import export_make, payroll_dry_run, payroll_left_out


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    add_by(parser, "who exports: finance, a compensation admin or an auditor")
    parser.add_argument("--profile", required=True, choices=[word.value for word in ExportProfile])
    parser.add_argument(
        "--format", default=ExportFormat.CSV.value, choices=[word.value for word in ExportFormat]
    )
    parser.add_argument(
        "--wait", action="store_true", help="let a worker write it, and wait until it has ended"
    )
    parser.add_argument("--later", action="store_true", help="let a worker write it, and do not wait")
    parser.add_argument("--to", type=Path, help="a folder, or a name for a copy of the file")
    parser.add_argument(
        "--dry-run", action="store_true", help="payroll only: list who has no payroll number, write nothing"
    )


class ExportFailed(Refusal):
    """A job ended without its file."""


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Export, or say who would be left out."""
    run = run_named(period=period_of(options))
    if options["dry_run"]:
        missing = payroll_dry_run(run=run)
        for employee_id in missing:
            say.print(f"{employee_id} has no payroll number.")
        say.print(f"{len(missing)} of the people to be paid have no payroll number.")
        return 1 if missing else 0
    if options["later"] and options["to"]:
        raise OptionUnsound("--later leaves no file to copy: leave out --to, or say --wait.")
    by = user_named(options["by"])
    profile, file_format = ExportProfile(options["profile"]), ExportFormat(options["format"])
    to_workers = options["wait"] or options["later"]
    job = export_request(
        run=run, profile=profile, file_format=file_format, by=by, at=timezone.now(), ring=to_workers
    )
    if options["later"]:
        say.print(
            f"The export is {job.get_status_display().lower()}: ask again for the file, or see `payouts jobs`."
        )
        return 0
    made = _ended(job=job, here=not options["wait"], say=say)
    # The file may have been written elsewhere: it is checked, and where it is not here it is written again.
    done = export_make(run=run, profile=profile, file_format=file_format, by=by, at=timezone.now())
    path = done.path
    if options["to"]:
        path = options["to"] / done.path.name if options["to"].is_dir() else options["to"]
        try:
            copyfile(done.path, path)
        except (OSError, SameFileError) as error:
            raise OptionUnsound(
                f"--to {path} cannot be written: {error}; the export is {done.path}."
            ) from error
    word = "written" if made else "given back as first written"
    totals = ", ".join(f"{total} {currency}" for currency, total in done.export.totals.items())
    say.print(f"{path}: {word}; {done.export.rows} rows, {totals or 'no amounts'}")
    say.print(f"SHA-256 {done.export.sha256}")
    if done.export.profile == ExportProfile.PAYROLL:
        for employee_id, reason in payroll_left_out(run=run):
            say.print(f"{employee_id} is left out: held, {reason}")
    return 0


def _ended(*, job: Job, here: bool, say: Console) -> bool:
    """Wait until a job has ended, writing here if told to or if no worker takes it; return whether it was new."""
    since = time.monotonic()
    with nullcontext(lambda: False) if here else asked_to_stop() as stop:
        while not job.ended:
            if stop():
                raise ExportFailed("Stopped waiting; workers go on with the export.")
            if not here and job.status == JobStatus.QUEUED and time.monotonic() - since > PATIENCE_SECONDS:
                say.print("No worker takes it up: writing it here.")
                here = True
            if not (here and export_work(job_id=job.pk, at=timezone.now())):
                time.sleep(BETWEEN_LOOKS)
            job.refresh_from_db()
    if job.status == JobStatus.FAILED:
        raise ExportFailed(job.error)
    return bool((job.result or {}).get("made"))
