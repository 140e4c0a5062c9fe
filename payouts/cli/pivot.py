"""Sum a run's register by the columns finance asks for: cost centre, plan, account, source."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from rich.console import Console

from payouts.cli.options import add_period, amounts_table, period_of
from payouts.exports.pivots import CURRENCY, register_pivot
from payouts.selectors.named import run_named


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    parser.add_argument(
        "--rows",
        default="cost_centre",
        metavar="COLUMN,...",
        help="what the rows are; cost_centre if left out",
    )
    parser.add_argument(
        "--across", default="source", metavar="COLUMN", help="what the columns are; source if left out"
    )


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Print the pivot, amounts to the cent, totals at the end of each row."""
    pivot = register_pivot(
        run=run_named(period=period_of(options)), by=options["rows"].split(","), across=options["across"]
    )
    words = [*dict.fromkeys([*options["rows"].split(","), CURRENCY])]
    amounts = [name for name in pivot.columns if name not in words]
    table = amounts_table(words=words, amounts=amounts)
    for _, row in pivot.iterrows():
        table.add_row(*(str(row[name] or "") for name in words), *(f"{row[name]:f}" for name in amounts))
    say.print(table)
