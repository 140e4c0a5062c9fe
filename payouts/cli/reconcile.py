"""Hold what a locked run owes against what payroll says it paid; exit 1 if somebody differs."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from rich.console import Console

from payouts.cli.options import add_period, amounts_table, period_of
from payouts.selectors.named import run_named
from payouts.selectors.reconciliation import paid_differently, run_reconciled

SHOWN = 50


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Print opening to closing by currency, and who was paid another amount."""
    run = run_named(period=period_of(options))
    names = ("opening", "earned", "corrections", "converted", "paid", "closing")
    table = amounts_table(words=("currency",), amounts=names)
    for line in run_reconciled(run=run):
        table.add_row(line.currency, *(f"{getattr(line, name):f}" for name in names))
    say.print(table)
    apart = paid_differently(run=run)
    for person in apart[:SHOWN]:
        say.print(
            f"{person.employee_id}: owed {person.owed} {person.currency}, paid {person.paid} ({person.difference:+f})"
        )
    say.print(f"{len(apart)} people were not paid exactly what {run} owes them.")
    return 1 if apart else 0
