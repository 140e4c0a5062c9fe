"""Confirm, as its KAM, that the figures of an account in the current run are right."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from payouts.cli.options import add_account, add_by, add_period, period_of
from payouts.selectors.named import run_named
from payouts.selectors.pools import account_named
from payouts.services.reviews import review_confirm


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    add_account(parser)
    add_by(parser, "the account's KAM")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Confirm the account."""
    run, account = run_named(period=period_of(options)), account_named(code=options["account"])
    review_confirm(run_id=run.pk, account_id=account.pk, by=user_named(options["by"]), at=timezone.now())
    say.print(f"{account} is confirmed in {run}.")
