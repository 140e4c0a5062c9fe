"""Keep the lines of payouts in partitions by period; take a locked period's out, or bring it back."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from rich.console import Console

from payouts.selectors.named import period_named
from payouts.selectors.partitions import lines_are_partitioned, partitions
from payouts.services.partitions import lines_attach, lines_detach, lines_partition, lines_whole


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--detach", metavar="PERIOD", help="take a locked period's lines out, as a table to archive"
    )
    what.add_argument("--attach", metavar="PERIOD", help="bring them back")
    what.add_argument("--undo", action="store_true", help="make one table of them again")
    what.add_argument("--status", action="store_true", help="change nothing, show what there is")
    parser.add_argument("--calendar", help="the calendar's code, where two have such a period")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Do it, as the role that owns the tables, and show what there is afterwards."""
    if options["detach"]:
        name = lines_detach(period=period_named(code=options["detach"], calendar=options["calendar"]))
        say.print(f"The lines of {options['detach']} are out, in the table {name}.")
    elif options["attach"]:
        name = lines_attach(period=period_named(code=options["attach"], calendar=options["calendar"]))
        say.print(f"The lines of {options['attach']} are back, from the table {name}.")
    elif options["undo"]:
        lines_whole()
    elif not options["status"]:
        names = lines_partition()
        say.print(f"The lines are in {len(names)} partitions by period.")
    if not lines_are_partitioned():
        say.print("The lines are one table.")
    for each in partitions():
        place = "" if each.attached else ", taken out"
        say.print(
            f"{each.period}: {each.name}, about {max(each.rows, 0)} rows, {each.size / 1_000_000:.1f} MB{place}"
        )
