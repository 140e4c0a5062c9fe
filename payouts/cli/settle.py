"""Settle a KAM's objection to an account in the current run, with a reason."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from payouts.cli.options import add_account, add_by, add_period, period_of
from payouts.selectors.named import run_named
from payouts.selectors.pools import account_named
from payouts.services.reviews import review_settle


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    add_account(parser)
    add_by(parser, "who settles it; not who objected")
    parser.add_argument("--reason", required=True, help="what was found")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Settle the objection."""
    run, account = run_named(period=period_of(options)), account_named(code=options["account"])
    review_settle(
        run_id=run.pk,
        account_id=account.pk,
        reason=options["reason"],
        by=user_named(options["by"]),
        at=timezone.now(),
    )
    say.print(f"The objection to {account} in {run} is settled.")
