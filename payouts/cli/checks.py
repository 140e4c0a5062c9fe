"""Ask the checks of a run: ratings, allocations, exceptions, pay dates, local law; keep what they find beside it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from payouts.cli.options import add_by, add_period, period_of
from payouts.selectors.named import run_named
from payouts.services.run_checks import run_check
from plans.checks.page import report_lines


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    parser.add_argument("--run-number", type=int, help="the current one if left out")
    add_by(parser, "who asks")


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Print what each plan version's checks find; exit code 1 while something blocks."""
    run = run_named(period=period_of(options), number=options["run_number"])
    reports = run_check(run_id=run.pk, by=user_named(options["by"]), at=timezone.now())
    for version, report in reports.items():
        say.print(f"{version}:", highlight=False)
        for line in report_lines(report):
            say.print(f"  {line}", highlight=False, markup=False)
    if not reports:
        say.print(f"{run} paid nobody.")
    return 1 if any(report.blocks for report in reports.values()) else 0
