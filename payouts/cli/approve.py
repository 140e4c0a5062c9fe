"""Give a period's run its second approval, by finance, once its pools are approved."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from payouts.cli.options import add_by, add_period, period_of
from payouts.selectors.named import run_named
from payouts.services.approvals import run_approve


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    add_by(parser, "who approves: finance; not who started, reviewed or allocated")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Approve the current run."""
    run = run_approve(
        run_id=run_named(period=period_of(options)).pk, by=user_named(options["by"]), at=timezone.now()
    )
    say.print(f"{run} is approved. Next: `payouts lock --period {run.period.code}`.")
