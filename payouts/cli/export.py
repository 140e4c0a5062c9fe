"""Write a locked run's register, payroll, GL journal or full trace as CSV, NDJSON or XLSX."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from shutil import SameFileError, copyfile
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from payouts.choices import ExportFormat, ExportProfile
from payouts.cli.options import OptionUnsound, add_by, add_period, period_of
from payouts.selectors.named import run_named
from payouts.services.exports import export_make, payroll_dry_run, payroll_left_out


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    add_by(parser, "who exports: finance, a compensation admin or an auditor")
    parser.add_argument("--profile", required=True, choices=[word.value for word in ExportProfile])
    parser.add_argument(
        "--format", default=ExportFormat.CSV.value, choices=[word.value for word in ExportFormat]
    )
    parser.add_argument("--to", type=Path, help="a folder, or a name for a copy of the file")
    parser.add_argument(
        "--dry-run", action="store_true", help="payroll only: list who has no payroll number, write nothing"
    )


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Export, or say who would be left out."""
    run = run_named(period=period_of(options))
    if options["dry_run"]:
        missing = payroll_dry_run(run=run)
        for employee_id in missing:
            say.print(f"{employee_id} has no payroll number.")
        say.print(f"{len(missing)} of the people to be paid have no payroll number.")
        return 1 if missing else 0
    done = export_make(
        run=run,
        profile=ExportProfile(options["profile"]),
        file_format=ExportFormat(options["format"]),
        by=user_named(options["by"]),
        at=timezone.now(),
    )
    path = done.path
    if options["to"]:
        path = options["to"] / done.path.name if options["to"].is_dir() else options["to"]
        try:
            copyfile(done.path, path)
        except (OSError, SameFileError) as error:
            raise OptionUnsound(
                f"--to {path} cannot be written: {error}; the export is {done.path}."
            ) from error
    word = "written" if done.made else "given back as first written"
    totals = ", ".join(f"{total} {currency}" for currency, total in done.export.totals.items())
    say.print(f"{path}: {word}; {done.export.rows} rows, {totals or 'no amounts'}")
    say.print(f"SHA-256 {done.export.sha256}")
    if done.export.profile == ExportProfile.PAYROLL:
        for employee_id, reason in payroll_left_out(run=run):
            say.print(f"{employee_id} is left out: held, {reason}")
    return 0
