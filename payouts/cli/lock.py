"""Lock a period's approved run: post, close the period for good, open the next."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from payouts.choices import LedgerAccount
from payouts.cli.options import add_by, add_period, amounts_table, period_of
from payouts.selectors.ledger import run_balances
from payouts.selectors.named import run_named
from payouts.services.locks import run_lock


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    add_by(parser, "who locks: finance or a compensation admin")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Lock the current run and say what was posted."""
    run = run_lock(
        run_id=run_named(period=period_of(options)).pk, by=user_named(options["by"]), at=timezone.now()
    )
    say.print(f"{run} is locked, and {run.period} with it.")
    table = amounts_table(words=("account", "currency"), amounts=("posted",))
    for account, currency, amount in run_balances(run=run):
        table.add_row(LedgerAccount(account).label, currency, f"{amount:f}")
    say.print(table)
