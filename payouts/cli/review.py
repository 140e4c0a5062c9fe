"""Give a period's run its first approval: figures are fixed, pools are funded."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from payouts.cli.options import add_by, add_period, period_of
from payouts.models import Pool
from payouts.selectors.named import run_named
from payouts.services.reviews import run_review


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    add_by(parser, "who reviews: sales operations or an executive, not who started the run")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Review the current run."""
    run = run_review(
        run_id=run_named(period=period_of(options)).pk, by=user_named(options["by"]), at=timezone.now()
    )
    pools = Pool.objects.filter(run=run)
    say.print(f"{run} is reviewed; {pools.count()} pool(s) funded. Next: `payouts pool list`, then approve.")
