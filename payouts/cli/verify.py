"""Derive every line of a period again from its kept inputs; exit 1 if a cent differs."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from payouts.selectors.named import period_named, run_named
from payouts.services.verify import run_verify


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--period", required=True, help="the period's code, such as 2026-Q3")
    parser.add_argument("--calendar", help="the calendar's code, where two have such a period")
    parser.add_argument("--run", type=int, help="another run of the period than its current one")


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Verify a run and name everything that differs."""
    period = period_named(code=options["period"], calendar=options["calendar"])
    verification = run_verify(run=run_named(period=period, number=options["run"]), by=None, at=timezone.now())
    run = verification.run
    if verification.equal:
        say.print(
            f"Run {run.number} of {period.code}: {verification.payouts} payouts and {verification.lines} lines "
            f"derived again, all equal. Result {run.result_digest}"
        )
        return 0
    for finding in verification.findings:
        say.print(f"{finding.code}: {finding.sentence}")
    say.print(f"{len(verification.findings)} finding(s) in run {run.number} of {period.code}.")
    return 1
